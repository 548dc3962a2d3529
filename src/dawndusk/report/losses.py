"""What satellites are lost to: by year, in all, and by age of one cohort without replacement."""

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np
import pyarrow as pa
import xarray as xr

from dawndusk.report import numbers
from dawndusk.report.charts import Chart, Line, charts
from dawndusk.report.columns import Stack, amount, by_year, columns
from dawndusk.report.facts import pair

FAILURES = "failures_"
LOST = "lost_"
CAUSES = {
    "launch": ("lost at launch", "quiet"),
    "defect": ("born with a defect", "sun"),
    "chance": ("chance", "ground"),
    "wear": ("worn out", "cool"),
    "dose": ("radiation dose", "hot"),
    "debris": ("debris", "orbit"),
    "collision": ("collision", "good"),
}
"""What people call a cause, and its colour."""


def named(cause: str) -> tuple[str, str]:
    """Words and colour of a cause, its own name where it is a new one."""
    return CAUSES.get(cause, (cause.replace("_", " "), "loss"))


def yearly_losses(table: pa.Table) -> list[Stack]:
    """Satellites lost by cause and year, those lost at launch first."""
    found = [
        (name.removeprefix(FAILURES), name)
        for name in table.column_names
        if name.startswith(FAILURES)
    ]
    if "lost" in table.column_names:
        found.insert(0, ("launch", "lost"))
    return [
        Stack(*named(cause), by_year(table[name].to_numpy().astype(np.float64)))
        for cause, name in found
    ]


def loss_figure(table: pa.Table) -> str:
    """Stacked bars a year beside the totals by cause."""
    stacks = yearly_losses(table)
    bars = columns(
        "Losses by year",
        "satellites, means of the runs; failures that a swap mended are among them",
        stacks,
    )
    return pair(bars, loss_table(stacks)) if bars else ""


def loss_table(stacks: Sequence[Stack]) -> str:
    """How many satellites each cause took over all years."""
    totals = {stack: float(stack.values.sum()) for stack in stacks}
    whole = sum(totals.values())
    ordered = sorted((s for s in stacks if totals[s] > 0), key=lambda s: -totals[s])
    rows = "".join(
        f'<tr><th scope="row">{escape(stack.label[:1].upper() + stack.label[1:])}</th>'
        f'<td class="track"><div class="bar {stack.role}" '
        f'style="width:{100 * totals[stack] / totals[ordered[0]]:.3f}%"></div></td>'
        f'<td class="num">{amount(totals[stack])}</td>'
        f'<td class="num soft">{numbers.percent(totals[stack] / whole)}</td></tr>'
        for stack in ordered
    )
    return (
        "<figure><figcaption>Causes of loss<small>satellites over all years, and share of all "
        f'losses</small></figcaption><table class="bars"><tbody>{rows}</tbody></table></figure>'
    )


def survival_charts(table: pa.Table | None) -> list[dict[str, Any]]:
    """Payload of two charts: how many of one cohort still work by age, and what took the others."""
    if table is None or table.num_rows < 2 or "age_yr" not in table.column_names:
        return []
    series = xr.Dataset(
        {
            name: ("time", table[name].to_numpy().astype(np.float64))
            for name in table.column_names
            if name != "age_yr"
        },
        coords={"time": table["age_yr"].to_numpy().astype(np.float64)},
    )
    lost = [name for name in table.column_names if name.startswith(LOST)]
    chosen = (
        Chart(
            "Survival without replacement",
            "",
            "Share of one cohort that still works, by age.",
            lines=(
                Line("simulated", "simulated", "orbit"),
                Line("survival", "closed form", "ground", dash=True),
            ),
            limits=(0.0, 1.0),
            axis="age",
        ),
        Chart(
            "Lost by age",
            "",
            "Share of the cohort that each cause has taken.",
            lines=tuple(Line(name, *named(name.removeprefix(LOST))) for name in lost),
            limits=(0.0, None),
            axis="age",
        ),
    )
    return charts(series, chosen=chosen)
