"""Days sampled over the years."""

import re

import pyarrow as pa

from dawndusk.report.days import day_table

ROW = {
    "moment_yr": 0.0,
    "season": "June solstice",
    "satellites": 81,
    "age_yr": 0.0,
    "delivered_FLOPS": 2e15,
    "delivered_fraction": 0.31,
}


def _table(*changes: dict[str, object]) -> pa.Table:
    return pa.Table.from_pylist([ROW | change for change in changes])


def test_bars_are_measured_against_the_best_day() -> None:
    text = day_table(_table({}, {"season": "equinox", "delivered_FLOPS": 8e15}))
    assert re.findall(r"width:([\d.]+)%", text) == ["25.00", "100.00"]
    assert "8.00\u202fPFLOP/s" in text


def test_rows_are_in_order_of_time_and_a_moment_is_named_once() -> None:
    text = day_table(
        _table({"moment_yr": 5.0, "age_yr": 2.6}, {}, {"season": "equinox"}, {"season": "x"})
    )
    assert text.index("0.0\u202fyr</th>") < text.index("5.0\u202fyr</th>")
    assert text.count("0.0\u202fyr</th>") == 1
    assert "2.6\u202fyr" in text


def test_columns_that_are_absent_or_nowhere_above_zero_are_left_out() -> None:
    text = day_table(_table({}))
    assert "Throttled" not in text
    assert "Requests served" not in text
    text = day_table(_table({"throttled_fraction": 0.0, "die_max_K": 350.0}))
    assert "Throttled" not in text
    assert "350.0" in text
    text = day_table(_table({"requests_served": 3, "requests_offered": 4}))
    assert "75.0\u202f%" in text


def test_nothing_sampled_and_strange_names() -> None:
    assert day_table(None) == ""
    assert day_table(pa.table({"moment_yr": [1.0]})) == ""
    assert day_table(_table({}).slice(0, 0)) == ""
    assert "&lt;b&gt;" in day_table(_table({"season": "<b>"}))
