"""The description of the results folder is complete, and says nothing that is not so."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dawndusk import cli

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
BY_ITEM = {"breakdown", "capital", "parts", "ratio_to_ground", "balances"}
NESTED = {
    "compute": ("losses",),
    "network": ("requests", "transfers", "sensor"),
    "upkeep": ("debris_hits_per_year",),
    "faults": ("by_cause", "silent_corruptions"),
    "cost": ("strength", "bands"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results") / "tiny"
    small = [
        *("constellation.satellites=4", "time.duration=1 h", "record.requests=true"),
        "radiation.storm.start=2027-06-21T00:00:00Z",
    ]
    options = [word for each in small for word in ("--set", each)]
    starter = folder.parent / "tiny.toml"
    runner = CliRunner()
    assert runner.invoke(cli.app, ["new", str(starter)]).exit_code == 0
    result = runner.invoke(cli.app, ["run", str(starter), *options, "--out", str(folder)])
    assert result.exit_code == 0, result.output
    return folder


def test_every_file_is_described(folder: Path) -> None:
    described = set(re.findall(r"^\| `([\w.]+\.\w+)` \|", TEXT, re.MULTILINE))
    assert described == {path.name for path in folder.iterdir()}


def test_every_key_of_the_summary_is_described(folder: Path) -> None:
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    described = {
        group: (set(re.findall(r"`(\w+)`", keys)), bool(star))
        for group, star, keys in re.findall(r"^\| `(\w+)`(\*?) \| (.*) \|$", TEXT, re.MULTILINE)
    }
    groups = set(summary) - {"name", "ground"}
    assert groups == set(described)
    for group in groups - BY_ITEM:
        keys = set(summary[group])
        for part in NESTED.get(group, ()):
            inner = summary[group][part]
            keys |= set(inner).union(*(each for each in inner.values() if isinstance(each, dict)))
        assert keys == described[group][0], group
    assert set(summary["ground"]) == {group for group, (_, star) in described.items() if star}


def test_the_scenario_in_the_folder_runs_again(folder: Path) -> None:
    result = CliRunner().invoke(cli.app, ["check", str(folder / "scenario.toml")])
    assert result.exit_code == 0, result.output
