"""The table of jobs."""

import math
import re
from typing import Any

import pyarrow as pa

from dawndusk.report.jobs import ROWS, job_table

JOB: dict[str, Any] = {
    "name": "train",
    "kind": "training",
    "status": "finished",
    "nodes": 8,
    "submit": 100.0,
    "start": 200.0,
    "finish": 600.0,
    "deadline": math.inf,
    "work": 1e20,
    "done": 1e20,
    "rolled_back": 2e18,
}


def _html(**changes: Any) -> str:
    return job_table(pa.Table.from_pylist([JOB | changes]), 1000.0)


def test_bars_stand_at_the_times() -> None:
    spans = re.findall(r'bar (\w+)" style="left:([\d.]+)%;width:([\d.]+)%', _html())
    assert spans == [("loss", "10.00", "10.00"), ("orbit", "20.00", "40.00")]
    assert "2.00\u202fEFLOP" in _html()
    assert "deadline" not in _html()


def test_a_job_that_never_started_only_waits() -> None:
    text = _html(start=math.nan, finish=math.nan, status="waiting", done=0.0)
    assert re.findall(r'bar (\w+)"', text) == ["loss"]
    assert "width:90.00%" in text


def test_late_and_failed_jobs_stand_out() -> None:
    assert "finished, late" in _html(deadline=500.0)
    assert 'class="deadline" style="left:50.00%' in _html(deadline=500.0)
    assert 'class="open"' in _html(status="failed")
    assert 'class="open"' not in _html(deadline=700.0)


def test_only_so_many_rows() -> None:
    text = job_table(pa.Table.from_pylist([JOB] * (ROWS + 5)), 1000.0)
    assert text.count("<tr><th scope") == ROWS
    assert "5 more jobs" in text


def test_names_are_escaped_and_nothing_is_nothing() -> None:
    assert "<b>" not in _html(name="<b>")
    assert job_table(None, 1.0) == ""
    assert job_table(pa.table({"name": ["x"]}), 1.0) == ""
