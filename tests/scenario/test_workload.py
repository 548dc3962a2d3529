"""Requests, jobs and faults as declared."""

from pathlib import Path

import pytest

from dawndusk.scenario import load
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
        (JOB + 'input = "-1 B"\n', 'workload.jobs.0.input = "-1 B": out of range'),
        (JOB + 'exchange = "1 Gbit/s"\n', "this is a data rate; allowed: a data in TB, GB"),
        (JOB + 'exchange_interval = "0 s"\n', "workload.jobs.0.exchange_interval"),
        (JOB + 'checkpoint_to = "moon"\n', "allowed: 'aboard', 'ground'"),
        (JOB + 'checkpoint_to = "ground"\n', "workload.jobs.0.checkpoint_size: missing; allowed"),
        ("[workload.lengths]\nprompt_median = 2000.0\n", "allowed: at most prompt_mean"),
        ('[workload]\npatience = "0 s"\n', "out of range"),
        ('[faults]\ninterruption_rate = "-1 1/yr"\n', "out of range"),
        ('[faults]\nsafe_mode_rate = "-1 1/yr"\n', "faults.safe_mode_rate"),
        ('[faults]\nrecovery_time = "-1 h"\n', "faults.recovery_time"),
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


def test_jobs_move_no_data_unless_told(tmp_path: Path) -> None:
    (job,) = loaded(tmp_path, SMALL + JOB).workload.jobs
    assert (job.input, job.output, job.checkpoint_size, job.exchange) == (0.0, 0.0, 0.0, 0.0)
    assert job.checkpoint_to == "aboard"


@pytest.mark.parametrize(
    ("name", "parameters", "nodes"), [("suncatcher", 8.03e9, 32), ("spacex-ai1", 405.85e9, 800)]
)
def test_a_ring_of_nodes_sends_its_gradients_nearly_twice(
    name: str, parameters: float, nodes: int
) -> None:
    """Ring all-reduce sends 2 (n − 1)/n of the data per node; Patarasuk and Yuan 2009.

    Gradients or weights are of 2 B a parameter; bfloat16 weights, their single-precision
    copy and two moments make 14 B.
    """
    job = load(name).workload.jobs[0]
    assert job.nodes == nodes
    assert job.exchange == pytest.approx(2.0 * (nodes - 1) / nodes * 2.0 * parameters, rel=0.02)
    assert job.output == pytest.approx(2.0 * parameters, rel=0.01)
    if job.checkpoint_size:
        assert job.checkpoint_size == pytest.approx(14.0 * parameters, rel=0.01)
