"""What the terminal prints."""

import io
import json
from pathlib import Path

from rich.console import Console
from rich.table import Table

from dawndusk.report.tables import placement_table, policies_table, summary_table
from tests.report.test_where import ABOARD, GROUND, ROW


def _printed(summary: dict) -> str:
    return _on_paper(summary_table(summary))


def _on_paper(table: Table) -> str:
    console = Console(file=io.StringIO(), width=130)
    console.print(table)
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_orbit_beside_ground(full: Path) -> None:
    text = _printed(json.loads((full / "summary.json").read_text()))
    (line,) = [line for line in text.splitlines() if "Cost per PFLOP-day" in line]
    summary = json.loads((full / "summary.json").read_text())
    orbit = summary["cost"]["usd_per_PFLOP_day"]
    ground = summary["ground"]["cost"]["usd_per_PFLOP_day"]
    assert f"${orbit:.0f}" in line
    assert f"${ground:.0f}" in line
    assert f"{orbit / ground:.2f}×" in line


def test_absent_figures_take_no_line(bare: Path) -> None:
    text = _printed(json.loads((bare / "summary.json").read_text()))
    assert "million tokens" not in text


def test_names_are_not_markup() -> None:
    assert "[red]x[/red]" in _printed({"name": "[red]x[/red]"})


def test_placement_names_the_best_and_what_binds() -> None:
    (line,) = [
        x for x in _on_paper(placement_table([ROW, GROUND, ABOARD])).splitlines() if "$" in x
    ]
    assert [word in line for word in ("Chat inference", "$3.20 ", "$0.400 ★", "–")] == [True] * 4
    barred = ROW | {"feasible": False, "binding": "latency [s]", "verdict": "impossible"}
    assert "✗ latency [s]" in _on_paper(placement_table([barred]))
    open_ = ROW | {"feasible": None, "price_usd": None, "verdict": "not modelled"}
    assert "not modelled" in _on_paper(placement_table([open_ | {"why": "not modelled: x"}]))


def test_policies_mark_the_best_of_each_column() -> None:
    keys = ("delivered_FLOP", "jobs_FLOP", "bound_fraction", "deadline_missed")
    more = ("jobs_finished", "requests_served", "usd_per_PFLOP_day")
    one = dict.fromkeys((*keys, *more), 2.0) | {"scenario": "s", "policy": "greedy"}
    other = one | {"policy": "my:own[red]", "deadline_missed": 1, "usd_per_PFLOP_day": 3.0}
    text = _on_paper(policies_table([one, other | {"bound_fraction": None}]))
    (greedy,) = [line for line in text.splitlines() if "Greedy" in line]
    (own,) = [line for line in text.splitlines() if "My:own[red]" in line]
    assert "s: policies compared" in text
    assert "$2.00 ★" in greedy
    assert greedy.count("★") == 1
    assert "1 ★" in own
    assert own.count("★") == 1
    assert "–" in own
    assert "Policies compared" in _on_paper(policies_table([]))
