"""The fleet over years: at work, launched, lost and replaced, month by month."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import xarray as xr

from dawndusk.report import numbers
from dawndusk.report.charts import Band, Chart, Line, charts
from dawndusk.report.columns import Stack, amount, by_year, columns
from dawndusk.report.days import day_table
from dawndusk.report.facts import listed, pair
from dawndusk.report.key_figures import dig
from dawndusk.report.losses import loss_figure, survival_charts
from dawndusk.report.upkeep import upkeep_facts

if TYPE_CHECKING:
    from dawndusk.report.folder import Folder

FLEET_CHARTS = (
    Chart(
        "Satellites at work",
        "satellites",
        "Median of the runs with 5–95 %, against what is wanted.",
        lines=(Line("wanted", "wanted", "quiet", dash=True),),
        bands=(Band("working", "at work", "orbit"),),
        limits=(0.0, None),
        axis="year",
    ),
    Chart(
        "Capacity",
        "satellites",
        "In new satellites: accelerators that failed aboard are left out.",
        lines=(Line("wanted", "wanted", "quiet", dash=True),),
        bands=(Band("capacity", "capacity", "cool"),),
        limits=(0.0, None),
        axis="year",
    ),
    Chart(
        "Launches a month",
        "launches",
        "Mean of the runs with 5–95 %; launches of modules among them.",
        lines=(
            Line("launches", "launches", "orbit"),
            Line("launch_failures", "failed", "hot"),
        ),
        bands=(Band("launches_spread", "launches", "orbit"),),
        limits=(0.0, None),
        axis="year",
    ),
    Chart(
        "Satellites adrift",
        "satellites",
        "Dead ones in orbit, mean of the runs.",
        lines=(Line("derelicts", "adrift", "hot"),),
        limits=(0.0, None),
        axis="year",
    ),
)
LEVELS = (0.05, 0.5, 0.95)


def usable(table: pa.Table | None) -> bool:
    """True where the fleet was followed for at least two months."""
    needed = {"year", "wanted", "working_p50", "capacity_p50"}
    return table is not None and table.num_rows > 1 and needed <= set(table.column_names)


def fleet_charts(table: pa.Table | None, survival: pa.Table | None) -> list[dict[str, Any]]:
    """Payload of the charts of the section, in the order of their frames."""
    found = []
    if table is not None and usable(table):
        found = charts(series(table), chosen=FLEET_CHARTS)
    return found + survival_charts(survival)


def series(table: pa.Table) -> xr.Dataset:
    """The monthly table as the charts want it: percentiles along a dimension of their own."""
    columns = {name: table[name].to_numpy().astype(np.float64) for name in table.column_names}
    values: dict[str, Any] = {name: ("time", column) for name, column in columns.items()}
    empty = np.full(table.num_rows, np.nan)
    for name in ("working", "capacity"):
        spread = [columns.get(f"{name}_p{level}", empty) for level in (5, 50, 95)]
        values[name] = (("time", "quantile"), np.column_stack(spread))
    if {"launches_p5", "launches_p95"} <= set(columns):
        spread = [columns["launches_p5"], empty, columns["launches_p95"]]
        values["launches_spread"] = (("time", "quantile"), np.column_stack(spread))
    values = {k: v for k, v in values.items() if k != "year"}
    return xr.Dataset(values, coords={"time": columns["year"], "quantile": list(LEVELS)})


def fleet_section(folder: "Folder", frames: str) -> str:
    """HTML of the section without its frame, empty where nothing was followed over years.

    Args:
        folder: the run [object]
        frames: empty frames of the charts of `fleet_charts` [object]
    Returns:
        HTML [object]
    """
    parts = [
        lead(folder.summary),
        pair(
            listed(facts(folder.summary), "The fleet"),
            listed(upkeep_facts(folder.summary), "One satellite"),
        ),
        frames,
    ]
    if folder.fleet is not None and usable(folder.fleet):
        parts += [pair(*launch_figures(folder.fleet)), loss_figure(folder.fleet)]
        parts.append(year_table(folder.fleet))
    parts.append(day_table(folder.days))
    return "".join(parts)


def lead(summary: Mapping[str, Any]) -> str:
    """How long the fleet was followed, how often."""
    years, runs = (dig(summary, f"fleet.{key}") for key in ("horizon_yr", "runs"))
    if not (numbers.is_number(years) and numbers.is_number(runs)):
        return ""
    return (
        f'<p class="lead">{years:g} year{"" if years == 1 else "s"} month by month, '
        f"{numbers.count(runs)} times with other luck; means of the runs, 5 to 95 % of them in "
        "brackets and bands.</p>"
    )


def facts(summary: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What became of the fleet over the years, in words and numbers."""

    def get(key: str) -> Any:
        return dig(summary, f"fleet.{key}")

    def counted(key: str, text: str) -> str:
        return f"{amount(get(key))} {text}" if numbers.is_number(get(key)) else ""

    def joined(*texts: str) -> str:
        return ", ".join(text for text in texts if text)

    def spread(key: str, show: Callable[[float], str]) -> str:
        low, high = (get(f"bands.{name}.{key}") for name in ("p5", "p95"))
        if not (numbers.is_number(low) and numbers.is_number(high)):
            return ""
        return f" ({show(low)} – {show(high)})"

    def share(key: str, when: str) -> str:
        if not numbers.is_number(get(key)):
            return ""
        return f"{numbers.percent(get(key))} of what is wanted{spread(key, numbers.percent)}{when}"

    rows = [
        (
            "Launches",
            joined(
                counted("launches_life", "in all" + spread("launches_life", amount)),
                counted("launches_per_year", "a year"),
                counted("launch_failures", "failed"),
            ),
        ),
        ("Mass launched", numbers.mass(get("mass_launched_kg")) if get("mass_launched_kg") else ""),
        (
            "Satellites built",
            joined(counted("built", "in all"), counted("lost_at_launch", "lost at launch")),
        ),
        ("Of them", joined(counted("failed", "failed"), counted("retired", "retired"))),
        ("Modules exchanged", counted("swaps", "") if get("swaps") else ""),
        ("At work, mean", share("working_mean_fraction", "")),
        ("Capacity, mean", share("capacity_mean_fraction", "")),
        ("Capacity, at the end", share("capacity_end_fraction", "")),
        ("Re-entries", counted("reentries_per_year", "a year")),
        ("Adrift at the end", counted("derelicts_end", "")),
        ("Lethal debris at the end", _growth(get("debris_growth"))),
    ]
    return [(title, text.strip()) for title, text in rows if text]


def _growth(value: Any) -> str:
    return f"{numbers.ratio(value)} that of the first month" if numbers.is_number(value) else ""


def launch_figures(table: pa.Table) -> tuple[str, str]:
    """Launches and re-entries by year."""

    def yearly(name: str) -> np.ndarray:
        if name not in table.column_names:
            return np.zeros(0)
        return by_year(table[name].to_numpy().astype(np.float64))

    flown, failed = yearly("launches"), yearly("launch_failures")
    good = flown - failed if failed.size == flown.size else flown
    return (
        columns(
            "Launches by year",
            "means of the runs, year by year from the start",
            (Stack("succeeded", "orbit", good), Stack("failed", "hot", failed)),
        ),
        columns(
            "Re-entries by year",
            "satellites that came down: retired ones, and derelicts by drag",
            (Stack("re-entered", "cool", yearly("reentered")),),
        ),
    )


YEARLY = (
    ("Wanted", "wanted", "last"),
    ("At work", "working", "last"),
    ("Capacity", "capacity", "last"),
    ("Launches", "launches", "sum"),
    ("Built", "built", "sum"),
    ("Lost at launch", "lost", "sum"),
    ("Failed", "failed", "sum"),
    ("Retired", "retired", "sum"),
    ("Re-entered", "reentered", "sum"),
    ("Adrift", "derelicts", "last"),
    ("Swaps", "swaps", "sum"),
    ("Mass launched", "mass_launched_kg", "sum"),
)


def year_table(table: pa.Table) -> str:
    """The same in numbers, one row a year, closed until asked for."""
    shown = [row for row in YEARLY if _present(table, row[1])]
    last = [min(k + 11, table.num_rows - 1) for k in range(0, table.num_rows, 12)]
    cells = [_cells(table, name, how, last) for _, name, how in shown]
    year = table["year"].to_numpy()
    body = "".join(
        f'<tr><th scope="row">{k + 1}, to {year[last[k]]:.1f}</th>'
        + "".join(f'<td class="num">{column[k]}</td>' for column in cells)
        + "</tr>"
        for k in range(len(last))
    )
    head = "".join(f'<th class="num">{title}</th>' for title, *_ in shown)
    return (
        '<details class="apart"><summary>Year by year</summary><div class="scroll tall">'
        f'<table class="plain"><thead><tr><th>Year</th>{head}</tr></thead><tbody>{body}</tbody>'
        "</table></div></details>"
    )


def _present(table: pa.Table, name: str) -> bool:
    name = name if name in table.column_names else f"{name}_p50"
    return name in table.column_names and (name != "swaps" or bool(table[name].to_numpy().any()))


def _cells(table: pa.Table, name: str, how: str, last: list[int]) -> list[str]:
    if name not in table.column_names:
        low, middle, high = (table[f"{name}_p{level}"].to_numpy()[last] for level in (5, 50, 95))
        return [
            f"{amount(m)} <small>({amount(a)} – {amount(b)})</small>"
            for a, m, b in zip(low, middle, high, strict=True)
        ]
    values = table[name].to_numpy().astype(np.float64)
    values = values[last] if how == "last" else by_year(values)
    show = numbers.mass if name.endswith("_kg") else amount
    return [show(float(value)) for value in values]
