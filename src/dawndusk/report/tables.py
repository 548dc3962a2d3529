"""What the terminal prints after a run: orbit beside ground."""

from collections.abc import Mapping
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from dawndusk.report import numbers
from dawndusk.report.key_figures import KEY_FIGURES


def summary_table(summary: Mapping[str, Any]) -> Table:
    """Key figures of one run, grouped, the ground and the ratio to it beside the orbit.

    Args:
        summary: content of summary.json [object]
    Returns:
        a table to print with rich [object]
    """
    title = str(summary.get("name") or "Summary")
    table = Table(title=Text(title), box=box.SIMPLE_HEAD, title_style="bold", pad_edge=False)
    table.add_column("")
    table.add_column("in orbit", justify="right", style="bold")
    table.add_column("on the ground", justify="right")
    table.add_column("ratio", justify="right")
    last = ""
    for figure in KEY_FIGURES:
        orbit, ground = figure.of(summary), figure.of(summary, "ground")
        if not numbers.is_number(orbit) and not numbers.is_number(ground):
            continue
        if last and figure.group != last:
            table.add_section()
        last = figure.group
        both = numbers.is_number(orbit) and numbers.is_number(ground) and ground
        table.add_row(
            figure.label,
            figure.format(orbit),
            figure.format(ground) if figure.ground else "",
            numbers.ratio(orbit / ground) if both else "",
        )
    return table
