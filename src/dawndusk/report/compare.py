"""Designs side by side: key figures, overlaid series, where the assumptions differ."""

from collections.abc import Sequence
from dataclasses import replace
from html import escape
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
from rich import box
from rich.table import Table
from rich.text import Text

from dawndusk.report import numbers
from dawndusk.report.folder import Folder, read
from dawndusk.report.key_figures import KEY_FIGURES, KeyFigure

COLOURS = ("orbit", "ground", "cool", "hot", "sun", "quiet")


def table(folders: Sequence[str | Path]) -> Table:
    """Key figures of several runs, the best of each row marked with a star.

    Args:
        folders: results folders, two or more [object]
    Returns:
        a table to print with rich [object]
    Raises:
        ValueError: when fewer than two folders are given or one is not a results folder
    """
    designs = _read(folders)
    out = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    out.add_column("in orbit")
    for design in designs:
        out.add_column(Text(design.name), justify="right", overflow="fold")
    alike = same_length(designs)
    last = ""
    for figure, values in key_figures(designs):
        if last and figure.group != last:
            out.add_section()
        last = figure.group
        winners = best(figure, values, alike)
        cells = [
            Text(figure.format(value) + (" ★" if i in winners else "  "))
            for i, value in enumerate(values)
        ]
        for i in winners:
            cells[i].stylize("bold green")
        out.add_row(figure.label, *cells)
    return out


def html(folders: Sequence[str | Path], out: str | Path) -> Path:
    """Write one offline page that sets several runs side by side.

    Args:
        folders: results folders, two or more [object]
        out: file to write [object]
    Returns:
        path of the written file [object]
    Raises:
        ValueError: when fewer than two folders are given or one is not a results folder
    """
    from dawndusk.report import page
    from dawndusk.report.figures import waterfall

    designs = _read(folders)
    series = overlays(designs)
    payload = {"start": None, "charts": series, "maps": None, "period": None}
    body = Template(page.asset("compare.html")).substitute(
        names=escape(" · ".join(design.name for design in designs)),
        warnings=_warnings(designs),
        figures=_figure_table(designs),
        waterfalls="".join(
            waterfall(design.summary, COLOURS[i % len(COLOURS)], design.name)
            for i, design in enumerate(designs)
        ),
        charts=page.chart_places(series),
        costs=_costs(designs),
        differences=_difference_table(designs),
    )
    text = page.document("Comparison · dawndusk", body, payload)
    return page.write(Path(out), text)


def key_figures(designs: Sequence[Folder]) -> list[tuple[KeyFigure, list[Any]]]:
    """Each key figure that at least one design has, with every design's value."""
    rows = ((figure, [figure.of(design.summary) for design in designs]) for figure in KEY_FIGURES)
    return [row for row in rows if any(numbers.is_number(value) for value in row[1])]


def best(figure: KeyFigure, values: Sequence[Any], alike: bool = True) -> set[int]:
    """Which designs win a row; none where they tie as printed or neither direction is better.

    Totals have no winner unless the runs are `alike`, that is, cover the same length of time.
    """
    known = [value for value in values if numbers.is_number(value)]
    if not figure.better or len(known) < 2 or (figure.grows and not alike):
        return set()
    top = figure.format(max(known) if figure.better == "higher" else min(known))
    winners = {
        i
        for i, value in enumerate(values)
        if numbers.is_number(value) and figure.format(value) == top
    }
    return winners if len(winners) < len(known) else set()


def same_length(designs: Sequence[Folder]) -> bool:
    """True where all runs cover the same span of simulated time."""
    spans = {
        (str(design.scenario.get("time", {}).get("duration")), design.run.get("complete"))
        for design in designs
    }
    return len(spans) == 1


def differences(designs: Sequence[Folder]) -> list[tuple[str, list[str]]]:
    """Scenario paths whose values are not the same in every design."""
    tables = [{row.path: row.value for row in design.assumptions} for design in designs]
    paths = dict.fromkeys(path for values in tables for path in values)
    rows = [(path, [values.get(path, "") for values in tables]) for path in paths]
    return [(path, values) for path, values in rows if len(set(values)) > 1]


def overlays(designs: Sequence[Folder]) -> list[dict[str, Any]]:
    """One chart a quantity with one line a design, on the union of their times."""
    from dawndusk.report.charts import Chart, Line, charts

    quantities: tuple[tuple[str, str, str, str, tuple[float | None, float | None]], ...] = (
        ("charge_fraction", "Battery charge", "", "fleet median", (0.0, 1.0)),
        ("die_temperature_K", "Die temperature", "°C", "fleet median", (None, None)),
        ("utilisation", "Accelerators busy", "", "fleet mean", (0.0, 1.0)),
        ("delivered_FLOPS", "Delivered compute", "FLOP/s", "whole fleet", (0.0, None)),
        ("consumed_W", "Power consumed", "W", "whole fleet", (0.0, None)),
        ("waiting_requests", "Requests waiting", "requests", "whole fleet", (0.0, None)),
        ("latency_p50_s", "Network latency", "s", "median, one way", (0.0, None)),
        ("delivered_bit_s", "Traffic delivered", "bit/s", "all links", (0.0, None)),
    )
    out: list[dict[str, Any]] = []
    for variable, title, unit, about, limits in quantities:
        series = _joined(designs, variable)
        lines = [
            Line(f"design{i}", design.name, COLOURS[i % len(COLOURS)], dash=i >= len(COLOURS))
            for i, design in enumerate(designs)
        ]
        offset = numbers.ZERO_CELSIUS if unit == "°C" else 0.0
        out += charts(
            series, chosen=[Chart(title, unit, about, lines=lines, limits=limits, offset=offset)]
        )
    return out


def _joined(designs: Sequence[Folder], variable: str) -> Any:
    """A dataset with `design0`, `design1` … of one variable, interpolated to common times."""
    import xarray as xr

    found: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for i, design in enumerate(designs):
        if variable not in design.series or design.series["time"].size == 0:
            continue
        values = design.series[variable]
        if "quantile" in values.dims:
            values = values.sel(quantile=0.5, method="nearest")
        found[f"design{i}"] = (design.series["time"].values.astype(float), values.values)
    if not found:
        return xr.Dataset(coords={"time": []})
    times = np.unique(np.concatenate([time for time, _ in found.values()]))
    columns = {
        name: ("time", np.interp(times, time, values, left=np.nan, right=np.nan))
        for name, (time, values) in found.items()
    }
    return xr.Dataset(columns, coords={"time": times})


def _read(folders: Sequence[str | Path]) -> list[Folder]:
    if len(folders) < 2:
        raise ValueError(f"compare needs at least two results folders, got {len(folders)}")
    designs = [read(folder) for folder in folders]
    names = [design.name for design in designs]
    return [
        design
        if names.count(design.name) == 1
        else replace(design, name=f"{design.name} ({design.path.resolve().name})")
        for design in designs
    ]


def _warnings(designs: Sequence[Folder]) -> str:
    from dawndusk.report.sections import warnings

    items = [
        f'<li class="{level}"><b>{escape(design.name)}</b><span>{escape(text)}</span></li>'
        for design in designs
        for level, text in warnings(design)
        if level != "note"
    ]
    if not same_length(designs):
        text = "The runs cover different lengths of time, so their totals have no winner."
        items.insert(0, f'<li class="warning"><b>all</b><span>{text}</span></li>')
    return f'<ul class="warnings named">{"".join(items)}</ul>' if items else ""


def _figure_table(designs: Sequence[Folder]) -> str:
    rows = []
    alike = same_length(designs)
    last = ""
    for figure, values in key_figures(designs):
        if figure.group != last:
            last = figure.group
            span = f'colspan="{len(designs) + 1}" scope="rowgroup"'
            rows.append(f'<tr class="group"><th {span}>{last}</th></tr>')
        winners = best(figure, values, alike)
        cells = "".join(
            f'<td class="num{" best" if i in winners else ""}">{figure.format(value)}</td>'
            for i, value in enumerate(values)
        )
        rows.append(f'<tr><th scope="row">{escape(figure.label)}</th>{cells}</tr>')
    return _scrolled("Key figure", designs, rows, "num")


def _scrolled(first: str, designs: Sequence[Folder], rows: Sequence[str], kind: str) -> str:
    head = "".join(
        f'<th class="{kind}"><i class="dot {COLOURS[i % len(COLOURS)]}"></i> {escape(d.name)}</th>'
        for i, d in enumerate(designs)
    )
    return (
        f'<div class="scroll"><table class="plain"><thead><tr><th>{first}</th>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _costs(designs: Sequence[Folder]) -> str:
    from dawndusk.report.figures import paired_bars

    items = [(design.name, design.get("cost.breakdown", {})) for design in designs]
    return paired_bars(items, [COLOURS[i % len(COLOURS)] for i in range(len(designs))])


def _difference_table(designs: Sequence[Folder]) -> str:
    rows = [
        f'<tr><th scope="row"><code>{escape(path)}</code></th>'
        + "".join(f"<td>{escape(value) or numbers.MISSING}</td>" for value in values)
        + "</tr>"
        for path, values in differences(designs)
    ]
    if not rows:
        return '<p class="none">The scenarios are the same.</p>'
    return _scrolled("Path", designs, rows, "value")
