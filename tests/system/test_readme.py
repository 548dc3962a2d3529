"""What the README shows is what the program does."""

import re
import runpy
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dawndusk import cli
from dawndusk.placement import conformance

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    """The first fenced block of a language."""
    found = re.search(rf"```{language}\n(.*?)```", README, re.DOTALL)
    assert found
    return found[1]


def test_the_first_scenario_is_valid_and_ten_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("my.toml").write_text(block("toml"), encoding="utf-8")
    assert len(block("toml").splitlines()) <= 10
    result = CliRunner().invoke(cli.app, ["check", "my.toml"])
    assert result.exit_code == 0, result.output


def test_the_policy_keeps_the_contract(tmp_path: Path) -> None:
    path = tmp_path / "my_policies.py"
    path.write_text(block("python"), encoding="utf-8")
    conformance.check(runpy.run_path(str(path))["best_charged"])


def test_every_dawndusk_command_shown_exists() -> None:
    commands = {
        command.name or command.callback.__name__ for command in cli.app.registered_commands
    }
    shown = set(re.findall(r"^dawndusk ([a-z]+) ", README, re.MULTILINE))
    assert shown
    assert shown <= commands


def test_every_make_target_shown_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    shown = set(re.findall(r"`?make ([a-z-]+)", README)) - {"and"}
    assert {"run", "test"} <= shown <= targets


def test_every_path_in_the_layout_exists() -> None:
    layout = README.split("src/dawndusk/\n")[1].split("```")[0]
    named = [
        word
        for line in layout.splitlines()
        for word in line[:40].split()
        if word.endswith(("/", ".py", ".csv"))
    ]
    assert len(named) > 15
    assert [name for name in named if not (ROOT / "src" / "dawndusk" / name).exists()] == []


def test_pictures_and_files_linked_exist() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert [link for link in links if not (ROOT / link).exists()] == []
