"""The tables of transfers."""

import math
import re
from typing import Any

import pyarrow as pa

from dawndusk.report.transfers import SHOWN, transfer_tables

ROW: dict[str, Any] = {
    "kind": "checkpoint",
    "job": "train",
    "from": "C001",
    "to": "Ashburn",
    "bytes": 3_000_000_000,
    "submit_s": 100.0,
    "start_s": 160.0,
    "finish_s": 400.0,
    "status": "DONE",
}


def _html(*rows: dict[str, Any]) -> str:
    return transfer_tables(pa.Table.from_pylist([ROW | row for row in rows]))


def test_shares_of_the_bytes() -> None:
    later = {"bytes": 1_000_000_000, "finish_s": math.nan}
    text = _html({}, {"status": "failed", "start_s": math.nan} | later)
    assert re.findall(r'class="(\w+)" style="flex-grow:([\d.]+)"', text) == [
        ("orbit", "0.7500"),
        ("hot", "0.2500"),
    ]
    assert "4.00\u202fGB" in text
    assert "75.0\u202f%" in text
    assert "1.00\u202fmin" in text
    assert "4.00\u202fmin" in text


def test_failed_then_unfinished_then_slow() -> None:
    text = _html(
        {"job": "quick"},
        {"job": "slow", "finish_s": 9000.0},
        {"job": "stuck", "finish_s": math.nan, "status": "moving"},
        {"job": "lost", "finish_s": math.nan, "start_s": math.nan, "status": "failed"},
    )
    order = [text.index(f"checkpoint of {name}") for name in ("lost", "stuck", "slow", "quick")]
    assert order == sorted(order)
    assert text.count('class="open"') == 1


def test_kinds_by_size_and_few_rows() -> None:
    text = _html(*[{"kind": "prompt_files", "job": "", "bytes": 1}] * 20, {})
    assert text.index("checkpoint<") < text.index("prompt files<")
    assert text.count(" → ") == SHOWN


def test_nothing_moved_and_empty_transfers() -> None:
    assert transfer_tables(None) == ""
    assert transfer_tables(pa.table({"kind": ["x"]})) == ""
    assert transfer_tables(pa.Table.from_pylist([ROW]).slice(0, 0)) == ""
    assert "100\u202f%" in _html({"bytes": 0})


def test_names_are_escaped() -> None:
    text = _html({"kind": "<b>", "job": "<i>", "from": "<u>", "status": "done"})
    assert not re.search("<[biu]>", text)
