"""Requests, jobs and faults as declared."""

from pathlib import Path

import pytest

from tests.scenario import SMALL, complaints, loaded

JOB = '[[workload.jobs]]\nname = "a"\nkind = "batch"\nwork = "1 EFLOP"\n'


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (JOB + JOB, 'workload.jobs.1.name = "a": given twice'),
        (JOB.replace("batch", "batsch"), "allowed: 'training', 'batch'"),
        (JOB.replace('work = "1 EFLOP"', ""), "workload.jobs.0.work: missing"),
        (JOB + "tokens = 1e9\n", "workload.jobs.0.model: missing"),
        (JOB.replace("1 EFLOP", "1 kWh"), "this is an energy; allowed: a work in YFLOP"),
        ("[workload.lengths]\nprompt_median = 2000.0\n", "allowed: at most prompt_mean"),
        ('[workload]\npatience = "0 s"\n', "out of range"),
        ('[faults]\ninterruption_rate = "-1 1/yr"\n', "out of range"),
    ],
)
def test_wrong_ones_are_told(tmp_path: Path, content: str, complaint: str) -> None:
    (line,) = complaints(tmp_path, SMALL + content)
    assert complaint in line


def test_published_interruptions_are_the_default(tmp_path: Path) -> None:
    """Llama 3: 419 unexpected interruptions of 16,384 GPUs in 54 days."""
    rate = loaded(tmp_path).faults.interruption_rate
    assert rate == pytest.approx(419 / (16_384 * 54 * 86_400), rel=2e-3)


def test_published_lengths_are_the_default(tmp_path: Path) -> None:
    """Azure 2023 conversation trace: context 1,155/1,020, output 211/129."""
    lengths = loaded(tmp_path).workload.lengths
    assert (lengths.prompt_mean, lengths.prompt_median) == (1155.0, 1020.0)
    assert (lengths.output_mean, lengths.output_median) == (211.0, 129.0)
