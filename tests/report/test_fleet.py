"""The fleet over the years."""

from pathlib import Path

import pyarrow as pa
import pytest

from dawndusk.report.fleet import facts, fleet_charts, fleet_section, lead, series, year_table
from dawndusk.report.folder import read

TABLE = pa.table(
    {
        "year": [2027.0 + k / 12 for k in range(18)],
        "wanted": [10] * 18,
        "working_p5": [8.0] * 18,
        "working_p50": [9.0] * 18,
        "working_p95": [10.0] * 18,
        "capacity_p5": [7.0] * 18,
        "capacity_p50": [8.0] * 18,
        "capacity_p95": [9.0] * 18,
        "launches": [0.5] * 18,
        "launches_p5": [0.0] * 18,
        "launches_p95": [2.0] * 18,
        "built": [1.0] * 18,
        "swaps": [0.0] * 18,
        "mass_launched_kg": [1000.0] * 18,
    }
)


def test_bands_lie_along_a_dimension_of_their_own() -> None:
    found = series(TABLE)
    assert found["working"].values[3].tolist() == [8.0, 9.0, 10.0]
    assert found["time"].values[0] == 2027.0


def test_charts_move_by_the_calendar_and_show_numbers_of_satellites() -> None:
    charts = fleet_charts(TABLE, None)
    assert [chart["title"] for chart in charts] == [
        "Satellites at work",
        "Capacity",
        "Launches a month",
    ]
    assert {chart["axis"] for chart in charts} == {"year"}
    assert all(chart["counted"] for chart in charts)
    launches = charts[2]
    assert {line["label"] for line in launches["lines"]} >= {"launches", "launches 5 %"}
    assert fleet_charts(None, None) == []
    assert fleet_charts(TABLE.slice(0, 1), None) == []


def test_a_large_fleet_keeps_its_unit() -> None:
    index = TABLE.column_names.index("wanted")
    table = TABLE.set_column(index, "wanted", pa.array([1_000_000] * 18))
    chart = fleet_charts(table, None)[0]
    assert chart["unit"] == "satellites"
    assert max(chart["lines"][-1]["y"]) == 1_000_000


def test_years_end_with_their_last_month_and_sum_what_flows() -> None:
    text = year_table(TABLE)
    assert text.count("<tr><th scope") == 2
    assert "1, to 2027.9" in text
    assert "2, to 2028.4" in text
    assert "9.0 <small>(8.0 – 10)</small>" in text
    assert "12.0\u202ft" in text
    assert "6.00\u202ft" in text
    assert "Swaps" not in text


def test_facts_with_their_bands() -> None:
    fleet = {
        "horizon_yr": 10.0,
        "runs": 100,
        "launches_life": 14.2,
        "launches_per_year": 1.42,
        "launch_failures": 0.3,
        "capacity_mean_fraction": 0.9,
        "bands": {"p5": {"launches_life": 13}, "p95": {"launches_life": 16}},
        "swaps": 0.0,
    }
    rows = dict(facts({"fleet": fleet}))
    assert rows["Launches"] == "14 in all (13 – 16), 1.4 a year, 0.30 failed"
    assert rows["Capacity, mean"] == "90.0\u202f% of what is wanted"
    assert "Modules exchanged" not in rows
    assert "10 years month by month, 100 times" in lead({"fleet": fleet})
    assert "1 year month" in lead({"fleet": fleet | {"horizon_yr": 1.0}})
    assert lead({}) == ""
    assert facts({"fleet": {"satellites": 4, "launches": 1}}) == []


def test_the_section_of_a_run(full: Path, starved: Path) -> None:
    text = fleet_section(read(full), "<frames>")
    for told in ("<frames>", "Launches by year", "Re-entries by year", "Causes of loss"):
        assert told in text
    for told in ("Days over the years", "One satellite", "Year by year"):
        assert told in text
    assert fleet_section(read(starved), "") == ""


@pytest.mark.parametrize("name", ["year", "wanted", "working_p50"])
def test_a_table_without_what_is_needed_is_not_drawn(name: str) -> None:
    assert fleet_charts(TABLE.drop_columns([name]), None) == []
