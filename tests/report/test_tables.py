"""What the terminal prints."""

import io
import json
from pathlib import Path

from rich.console import Console
from rich.table import Table

from dawndusk.report.tables import placement_table, summary_table
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
