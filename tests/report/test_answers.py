"""The table of true answers."""

from typing import Any

import pyarrow as pa

from dawndusk.report.answers import ROWS, answer_table

ROW: dict[str, Any] = {
    "request": 3,
    "prompt": "Is 1 < 2?",
    "answer": "<b>Yes</b>",
    "arrival_s": 3600.0,
    "orbit_status": "served",
    "ground_status": "served",
    "orbit_latency_s": 120.0,
    "ground_latency_s": 0.25,
}
SIDE = {"answered": 1, "latency_p50_s": 120.0, "latency_max_s": 120.0, "energy_J": 5.0, "usd": 0.01}
SUMMARY: dict[str, Any] = {"model": "gemma", "asked": 1, "orbit": SIDE, "ground": SIDE}


def table(rows: list[dict[str, Any]]) -> str:
    return answer_table(pa.Table.from_pylist(rows), SUMMARY)


def test_question_answer_and_both_times_are_shown_safely() -> None:
    text = table([ROW])
    assert "Is 1 &lt; 2?" in text
    assert "&lt;b&gt;Yes&lt;/b&gt;" in text
    assert "<b>" not in text
    assert "1.00 h" in text
    assert "2.00\u202fmin" in text
    assert "250\u202fms" in text


def test_what_was_not_served_shows_its_status() -> None:
    lost = ROW | {"orbit_status": "dropped", "orbit_latency_s": None, "answer": None}
    assert "dropped" in table([lost, ROW])
    assert "—" in table([lost, ROW])


def test_many_rows_are_cut() -> None:
    assert "… and 5 more" in table([ROW] * (ROWS + 5))


def test_nothing_answered_shows_nothing() -> None:
    assert answer_table(None, None) == ""
    assert answer_table(None, SUMMARY) == ""
    assert table([ROW]) != ""
