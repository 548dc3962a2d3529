"""Single days run on the fleet as it is then, from the beginning of the horizon to its end."""

from collections.abc import Callable
from html import escape
from typing import Any

import pyarrow as pa

from dawndusk.report import numbers
from dawndusk.report.columns import amount

NEEDED = {"moment_yr", "season", "satellites", "delivered_FLOPS"}

MORE: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("Of the peak", "delivered_fraction", numbers.percent),
    ("Throttled", "throttled_fraction", numbers.percent),
    ("Not supplied", "unserved_J", numbers.energy),
    ("Lowest charge", "charge_min", numbers.percent),
    ("Hottest die", "die_max_K", numbers.temperature),
    ("Jobs finished", "jobs_finished", numbers.count),
)
"""Headings, columns of days.parquet and formats; a column that is absent is left out."""


def day_table(days: pa.Table | None) -> str:
    """One row a sampled day, its work as a bar against the best day.

    Args:
        days: content of days.parquet [object]
    Returns:
        an HTML table; empty where no day was sampled [object]
    """
    if days is None or days.num_rows == 0 or not set(days.column_names) >= NEEDED:
        return ""
    more = [row for row in MORE if row[1] in days.column_names and any(days[row[1]].to_pylist())]
    rows = sorted(days.to_pylist(), key=lambda row: row["moment_yr"])
    most = max(row["delivered_FLOPS"] or 0.0 for row in rows) or 1.0
    served = {"requests_served", "requests_offered"} <= set(days.column_names) and any(
        row["requests_offered"] for row in rows
    )
    head = "".join(f'<th class="num">{title}</th>' for title, *_ in more)
    if served:
        head += '<th class="num">Requests served</th>'
    body = "".join(_row(row, before, most, more, served) for before, row in _paired(rows))
    return (
        '<figure class="apart"><figcaption>Days over the years<small>the loop run again on the '
        "fleet as it is then: its number, its age, that season's Sun</small></figcaption>"
        '<div class="scroll"><table class="plain"><thead><tr><th>After</th><th>Day</th>'
        '<th class="num">Satellites</th><th class="num">Mean age</th><th colspan="2">Delivered</th>'
        f"{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></div></figure>"
    )


def _paired(rows: list[dict[str, Any]]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    return list(zip([{}, *rows[:-1]], rows, strict=True))


def _row(
    row: dict[str, Any],
    before: dict[str, Any],
    most: float,
    more: list[tuple[str, str, Callable[[Any], str]]],
    served: bool,
) -> str:
    first = row["moment_yr"] != before.get("moment_yr")
    after = f"{row['moment_yr']:.1f}{numbers.SPACE}yr" if first else ""
    age = row.get("age_yr")
    told = f"{age:.1f}{numbers.SPACE}yr" if numbers.is_number(age) else numbers.MISSING
    day = escape(str(row["season"]).replace("_", " "))
    if row.get("date"):
        day += f" <small>{escape(str(row['date']))}</small>"
    cells = "".join(f'<td class="num">{show(row[name])}</td>' for _, name, show in more)
    if served:
        offered = row["requests_offered"]
        share = numbers.percent(row["requests_served"] / offered) if offered else numbers.MISSING
        cells += f'<td class="num">{share}</td>'
    return (
        f'<tr><th scope="row">{after}</th>'
        f'<td class="day">{day}</td><td class="num">{amount(row["satellites"])}</td>'
        f'<td class="num">{told}</td><td class="work"><div class="track"><div class="bar orbit" '
        f'style="width:{100 * (row["delivered_FLOPS"] or 0.0) / most:.2f}%"></div></div></td>'
        f'<td class="num">{numbers.si(row["delivered_FLOPS"], "FLOP/s")}</td>{cells}</tr>'
    )
