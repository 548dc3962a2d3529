"""What the terminal prints."""

import io
import json
from pathlib import Path

from rich.console import Console

from dawndusk.report.tables import summary_table


def _printed(summary: dict) -> str:
    console = Console(file=io.StringIO(), width=100)
    console.print(summary_table(summary))
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
