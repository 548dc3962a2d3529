"""What the terminal prints after a run: orbit beside ground."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from dawndusk.report import numbers
from dawndusk.report.key_figures import KEY_FIGURES
from dawndusk.report.where import OPTIONS, per, readable, reason


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


def placement_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Where each workload should run: the price of every option, the best one marked.

    Args:
        rows: content of placement.json, one mapping a workload and option [object]
    Returns:
        a table to print with rich [object]
    """
    table = Table(title="Where work should run", box=box.SIMPLE_HEAD, title_style="bold")
    options = [name for name in OPTIONS if any(row["option"] == name for row in rows)]
    for title in ("", "price per", *(OPTIONS[name] for name in options)):
        table.add_column(title, overflow="fold")
    table.add_column("why")
    for workload in dict.fromkeys(row["workload"] for row in rows):
        mine = {row["option"]: row for row in rows if row["workload"] == workload}
        factor, unit = per(list(mine.values()))
        cells = [_offer(mine.get(name), factor) for name in options]
        table.add_row(readable(workload), unit, *cells, Text(reason(mine.values())))
    return table


def _offer(row: Mapping[str, Any] | None, factor: float) -> Text:
    if row is None or row["binding"] == "origin":
        return Text(numbers.MISSING)
    if row["feasible"] is False:
        return Text(f"✗ {row['binding']}", style="red")
    price = row["price_usd"]
    text = numbers.money(price * factor) if numbers.is_number(price) else "not modelled"
    if row["verdict"] == "best":
        return Text(f"{text} ★", style="bold green")
    return Text(text if row["feasible"] else f"{text} ?")
