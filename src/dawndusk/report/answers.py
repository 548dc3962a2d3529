"""Requests of the run that a real model answered, in orbit beside the ground."""

from html import escape
from typing import Any

import pyarrow as pa

from dawndusk.report import numbers

ROWS = 50
"""Answers shown; the table in the results folder has all of them."""


def answer_table(answers: pa.Table | None, summary: dict[str, Any] | None) -> str:
    """One line a request: when it was asked, how long each side took, and the true answer.

    Args:
        answers: content of answers.parquet, times in seconds since the start [object]
        summary: the group `answers` of summary.json [object]
    Returns:
        an HTML section; empty where nothing was really answered [object]
    """
    if answers is None or not summary or answers.num_rows == 0:
        return ""
    body = "".join(_row(row) for row in answers.slice(0, ROWS).to_pylist())
    more = answers.num_rows - ROWS
    note = f'<p class="lead">… and {numbers.count(more)} more.</p>' if more > 0 else ""
    return (
        f'<p class="lead">{escape(str(summary["model"]))} really answered '
        f"{numbers.count(summary['orbit']['answered'])} of {numbers.count(summary['asked'])} "
        "chosen requests aboard. Times and sites are those of the run’s requests, "
        "energy and price those of the tokens really read and written.</p>"
        f"{_sides(summary)}"
        '<div class="scroll tall"><table class="plain"><thead><tr><th class="num">Asked</th>'
        '<th class="num">In orbit</th><th class="num">On the ground</th><th>Question</th>'
        f"<th>Answer</th></tr></thead><tbody>{body}</tbody></table></div>{note}"
    )


def _sides(summary: dict[str, Any]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{name}</th>'
        f'<td class="num">{numbers.count(told["answered"])}</td>'
        f'<td class="num">{_seconds(told["latency_p50_s"])}</td>'
        f'<td class="num">{_seconds(told["latency_max_s"])}</td>'
        f'<td class="num">{numbers.si(told["energy_J"], "J")}</td>'
        f'<td class="num">{told["usd"]:.3g} USD</td></tr>'
        for name, told in (("In orbit", summary["orbit"]), ("On the ground", summary["ground"]))
    )
    return (
        '<table class="plain"><thead><tr><th></th><th class="num">Answered</th>'
        '<th class="num">Median time</th><th class="num">Longest</th>'
        '<th class="num">Energy</th><th class="num">Price</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _row(row: dict[str, Any]) -> str:
    times = "".join(
        f'<td class="num">{_seconds(row[f"{side}_latency_s"]) or row[f"{side}_status"]}</td>'
        for side in ("orbit", "ground")
    )
    return (
        f'<tr><td class="num">{row["arrival_s"] / 3600.0:.2f} h</td>{times}'
        f"<td>{escape(row['prompt'])}</td><td>{escape(row['answer'] or '—')}</td></tr>"
    )


def _seconds(value: float | None) -> str:
    return "" if value is None else numbers.duration(value)
