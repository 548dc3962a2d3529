"""What docs/training.md shows runs: a job of one's own, in the loop, and the scenario around it."""

import importlib
import re
from pathlib import Path

import pytest

from dawndusk.execution import protocol
from dawndusk.scenario import load
from tests.real_case import RATE, STEP, linked, ready, trained

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")


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
    case = ready(execute=own, units=200, interval=20, work_scale=STEP * RATE / flop)
    run, _ = trained(case, linked(2))
    assert run.finished
    assert run.losses[-1] < 0.1 * run.losses[0]


@pytest.mark.parametrize("block", range(len(blocks("toml"))))
def test_the_jobs_shown_are_valid(block: int, own: str, tmp_path: Path) -> None:
    """Each in the place of the job and the failures of the shipped scenario."""
    shipped = (ROOT / "src/dawndusk/scenarios/train-in-orbit.toml").read_text(encoding="utf-8")
    before, job = shipped.split("[[workload.jobs]]")
    after = job[job.index("[economics]") :]
    path = tmp_path / "my.toml"
    path.write_text(before + blocks("toml")[block] + after, encoding="utf-8")
    assert load(str(path)).workload.jobs[0].real is not None


def test_every_file_named_exists() -> None:
    named = re.findall(r"\b((?:benchmarks|tests|workload|execution)/[\w./-]+\.py)", TEXT)
    assert len(named) >= 4
    for name in named:
        assert (ROOT / name).exists() or (ROOT / "src/dawndusk" / name).exists(), name
