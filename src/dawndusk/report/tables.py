"""What the terminal prints after a run: orbit beside ground."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from dawndusk.report import numbers
from dawndusk.report.key_figures import KEY_FIGURES
from dawndusk.report.training_figures import FIGURES, SIDES
from dawndusk.report.where import OPTIONS, per, readable, reason

POLICIES: tuple[tuple[str, str, Callable[[float], str], Callable[[list[float]], float]], ...] = (
    ("delivered", "delivered_FLOP", lambda v: numbers.si(v, "FLOP"), max),
    ("of it on jobs", "jobs_FLOP", lambda v: numbers.si(v, "FLOP"), max),
    ("share of the bound", "bound_fraction", lambda v: f"{v:.1%}", max),
    ("deadlines missed", "deadline_missed", numbers.count, min),
    ("jobs finished", "jobs_finished", numbers.count, max),
    ("requests served", "requests_served", numbers.count, max),
    ("per PFLOP-day", "usd_per_PFLOP_day", numbers.money, min),
)
"""Headings, keys, formats and what is best."""


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


def training_table(jobs: Mapping[str, Mapping[str, Any]]) -> Table:
    """Training that really ran, the ground beside the orbit.

    Args:
        jobs: the group real_work of summary.json, by job [object]
    Returns:
        a table to print with rich [object]
    """
    table = Table(title="Training that really ran", box=box.SIMPLE_HEAD, title_style="bold")
    for title in ("job", "", "in orbit", "on the ground"):
        table.add_column(title, justify="right" if title[:2] in ("in", "on") else "left")
    for name, told in jobs.items():
        for place, (title, show) in enumerate(FIGURES):
            cells = [show(told[side]) if side in told else "" for side in SIDES]
            table.add_row(Text("" if place else name), title, *(Text(cell) for cell in cells))
        table.add_section()
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


def policies_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Policies on the same scenario, seed and arrivals, the best of each column marked.

    Args:
        rows: content of policies.json, one mapping a policy [object]
    Returns:
        a table to print with rich [object]
    """
    title = f"{rows[0]['scenario']}: policies compared" if rows else "Policies compared"
    table = Table(title=Text(title), box=box.SIMPLE_HEAD, title_style="bold", pad_edge=False)
    table.add_column("")
    for heading, *_ in POLICIES:
        table.add_column(heading, justify="right")
    for row in rows:
        cells = []
        for _, key, show, best in POLICIES:
            known = [other[key] for other in rows if numbers.is_number(other[key])]
            text = show(row[key]) if numbers.is_number(row[key]) else numbers.MISSING
            wins = len(set(known)) > 1 and row[key] == best(known)
            cells.append(Text(f"{text} ★" if wins else text, style="bold green" if wins else ""))
        table.add_row(Text(readable(row["policy"])), *cells)
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
