"""Warnings, cards and tables."""

import json
from dataclasses import replace
from pathlib import Path

from dawndusk.report import sections
from dawndusk.report.folder import read


def test_a_partial_run_is_the_first_warning(bare: Path) -> None:
    found = sections.warnings(read(bare))
    assert found[0][0] == "fault"
    assert "not complete" in found[0][1]
    assert any("timeseries.nc is missing" in text for _, text in found)


def test_an_open_balance_is_a_fault(full: Path) -> None:
    folder = read(full)
    summary = json.loads(json.dumps(folder.summary))
    summary["balances"][2]["residual_relative"] = 1e-5
    levels = {text: level for level, text in sections.warnings(replace(folder, summary=summary))}
    (text,) = [text for text in levels if "does not balance" in text]
    assert text.startswith("Requests in orbit")
    assert levels[text] == "fault"


def test_warnings_of_the_run_come_before_notes(full: Path) -> None:
    folder = replace(read(full), run={"complete": True, "warnings": ["mind <this>"]})
    levels = [level for level, _ in sections.warnings(folder)]
    assert levels == sorted(levels, key=["fault", "warning", "note"].index)
    assert "Mind &lt;this&gt;" in sections.warning_list(folder)


def test_cards_show_orbit_ground_and_ratio(full: Path) -> None:
    summary = read(full).summary
    html = sections.cards(summary)
    ratio = summary["ratio_to_ground"]["usd_per_PFLOP_day"]
    assert f"{ratio:.2f}×" in html
    assert "Jobs finished" in html


def test_absent_figures_have_no_card(bare: Path) -> None:
    html = sections.cards(read(bare).summary)
    assert "million tokens" not in html
    assert "Jobs finished" not in html


def test_headline_without_costs() -> None:
    folder = read_summary({"compute": {"delivered_FLOP": 1e18, "delivered_fraction": 0.5}})
    assert "PFLOP-day" not in sections.headline(folder)
    assert sections.headline(read_summary({})) == ""


def read_summary(summary: dict) -> sections.Folder:
    """A folder that holds a summary and nothing else."""
    import xarray as xr

    return sections.Folder(Path(), "x", summary, {}, {}, "", (), xr.Dataset(), None, None, None, ())


def test_tables_of_nothing() -> None:
    folder = read_summary({})
    assert "No balances" in sections.balance_table({})
    assert "Nothing happened" in sections.event_table(None)
    assert "No scenario.toml" in sections.assumption_table(folder)
    assert "dawndusk run" in sections.reproduce(folder)


def test_events_are_counted(full: Path) -> None:
    html = sections.event_table(read(full).events)
    assert "job finished" in html
    assert ">9<" in html


def test_clock() -> None:
    assert sections.clock(0) == "T+00:00"
    assert sections.clock(93_659.0).replace(sections.SPACE, " ") == "T+1 d 02:00"


def test_assumed_values_are_flagged(full: Path) -> None:
    html = sections.assumption_table(read(full))
    assert '<mark class="assumed">assumed</mark>' in html
    assert "1e-05 … 5e-05" in html
