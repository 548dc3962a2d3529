"""When each training and batch job waited, ran and ended, and what faults took from it."""

import math
from html import escape
from typing import Any

import pyarrow as pa

from dawndusk.report import numbers

ROWS = 100
"""Jobs shown; the table in the results folder has all of them."""

COLUMNS = (
    "name",
    "kind",
    "status",
    "nodes",
    "submit",
    "start",
    "finish",
    "deadline",
    "work",
    "done",
)


def job_table(jobs: pa.Table | None, end: float) -> str:
    """One line a job: its bar runs from first progress to its end, a tick marks the deadline.

    Args:
        jobs: content of jobs.parquet, times in seconds since the start, work in FLOP [object]
        end: time simulated [s]
    Returns:
        an HTML table; empty where the run had no jobs [object]
    """
    if jobs is None or jobs.num_rows == 0 or not set(COLUMNS) <= set(jobs.column_names):
        return ""
    body = "".join(_row(job, max(end, 1.0)) for job in jobs.slice(0, ROWS).to_pylist())
    more = jobs.num_rows - ROWS
    note = f'<p class="lead">… and {numbers.count(more)} more jobs.</p>' if more > 0 else ""
    return (
        '<h3>Jobs</h3><div class="scroll tall"><table class="plain jobs"><thead><tr><th>Job</th>'
        '<th>Kind</th><th>Status</th><th class="num">Nodes</th><th>Over time</th>'
        '<th class="num">Done</th><th class="num">Lost to faults</th></tr></thead>'
        f"<tbody>{body}</tbody></table></div>{note}"
    )


def _row(job: dict[str, Any], end: float) -> str:
    done = job["done"] / job["work"] if job["work"] else 1.0
    lost = job.get("rolled_back") or 0.0
    deadline = job["deadline"]
    finish = _known(job["finish"], end)
    late = math.isfinite(deadline) and finish > deadline
    status = escape(str(job["status"])) + (", late" if late else "")
    return (
        f'<tr><th scope="row">{escape(str(job["name"]))}</th><td>{escape(str(job["kind"]))}</td>'
        f'<td class="{"open" if late or job["status"] == "failed" else ""}">{status}</td>'
        f'<td class="num">{numbers.count(job["nodes"])}</td>'
        f'<td class="gantt"><div class="track">{_bars(job, end, finish)}</div></td>'
        f'<td class="num">{numbers.percent(done)}</td>'
        f'<td class="num">{numbers.si(lost, "FLOP") if lost else "0"}</td></tr>'
    )


def _bars(job: dict[str, Any], end: float, finish: float) -> str:
    submit, start = min(job["submit"], end), _known(job["start"], end)

    def bar(kind: str, begin: float, stop: float) -> str:
        left, width = 100 * begin / end, 100 * max(0.0, min(stop, end) - begin) / end
        return f'<div class="bar {kind}" style="left:{left:.2f}%;width:{width:.2f}%"></div>'

    bars = bar("loss", submit, start) + (bar("orbit", start, finish) if start < end else "")
    if job["deadline"] <= end:
        bars += f'<i class="deadline" style="left:{100 * job["deadline"] / end:.2f}%"></i>'
    return bars


def _known(time: float | None, end: float) -> float:
    """`time`, or the end of the run where it has not come."""
    return end if time is None or math.isnan(time) else float(time)
