"""What docs/training.md shows runs: a job of one's own, in the loop, and the scenario around it."""

import importlib
import re
from pathlib import Path

import pytest

from dawndusk.execution import protocol
from dawndusk.scenario import load
from tests.real_case import RATE, STEP, linked, ready, trained

TEXT = (Path(__file__).parents[2] / "docs" / "training.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The job shown, importable."""
    (tmp_path / "my_job.py").write_text(blocks("python")[0], encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    return "my_job:Worker"


def test_a_job_of_ones_own_takes_25_lines_and_keeps_the_protocol(own: str) -> None:
    assert len(blocks("python")[0].splitlines()) <= 25
    assert protocol.conformance(protocol.resolve(own), {}) == []


def test_it_learns_in_the_loop(own: str) -> None:
    flop = protocol.make(own, 0, 2, 1, {}).unit_flop
    run, _ = trained(ready(execute=own, units=100, work_scale=STEP * RATE / flop), linked(2))
    assert run.finished
    assert run.losses[-1] < 0.1 * run.losses[0]


def test_the_scenarios_shown_are_valid(own: str, tmp_path: Path) -> None:
    first, *parts = blocks("toml")
    path = tmp_path / "my.toml"
    for part in ("", *parts):
        job = part or first[first.index("[[workload.jobs]]") :]
        path.write_text(first[: first.index("[[workload.jobs]]")] + job, encoding="utf-8")
        scenario = load(str(path))
        assert scenario.workload.jobs[0].real is not None


def test_every_module_and_command_named_exists() -> None:
    root = Path(__file__).parents[2]
    for name in re.findall(r"`((?:benchmarks|tests|src|docs)/[\w./-]+)`", TEXT):
        assert (root / name).exists(), name
