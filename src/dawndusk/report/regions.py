"""How long the way to an answer is from each region: a range bar a region, on one scale."""

import math
from html import escape

import numpy as np
import xarray as xr

from dawndusk.report import numbers

LEVELS = (0.05, 0.5, 0.95, 0.99)
"""Quantiles of `region_latency_s` where the file does not name them."""


def region_figure(series: xr.Dataset) -> str:
    """Percentiles of the one-way network latency by region, quickest first.

    Args:
        series: content of timeseries.nc; `region_latency_s` is regions × quantiles [object]
    Returns:
        an HTML figure; empty where nothing was recorded [object]
    """
    rows = percentiles(series)
    if not rows:
        return ""
    finite = [value for _, values in rows for value in values if math.isfinite(value)]
    top, ticks = axis(max(finite, default=0.0))
    marks = "".join(
        f'<span style="left:{100 * tick / top:.2f}%">{_axis_label(tick, tick == ticks[-1])}</span>'
        for tick in ticks
    )
    body = "".join(_row(name, values, top) for name, values in rows)
    return (
        '<figure class="regions"><figcaption>Network latency by region<small>one way, users to the '
        "site that answers: 5–95 % of requests, median and 99 %</small></figcaption>"
        '<div class="scroll tall"><table class="plain"><thead><tr><th>Region</th>'
        f'<th class="range"><div class="axis">{marks}</div></th><th class="num">Median</th>'
        f'<th class="num">99{numbers.SPACE}%</th></tr></thead><tbody>{body}</tbody></table></div>'
        "</figure>"
    )


def percentiles(series: xr.Dataset) -> list[tuple[str, list[float]]]:
    """Each region's latency at LEVELS [s], quickest median first, those without a path last."""
    if "region_latency_s" not in series or "region" not in series["region_latency_s"].dims:
        return []
    table = series["region_latency_s"]
    (other,) = [name for name in table.dims if name != "region"]
    table = table.transpose("region", other)
    levels = np.asarray(table[other] if other in table.coords else LEVELS, dtype=float)
    if levels.size != table.sizes[other]:
        return []
    columns = [int(np.argmin(np.abs(levels - level))) for level in LEVELS]
    values = table.values.astype(np.float64)[:, columns]
    names = [str(name) for name in series["region"].values]
    rows = [(name, list(row)) for name, row in zip(names, values.tolist(), strict=True)]
    return sorted(rows, key=lambda row: (not math.isfinite(row[1][1]), row[1][1], row[0]))


def axis(largest: float) -> tuple[float, list[float]]:
    """End of the scale and its ticks, at round values of which there are three to six."""
    if largest <= 0:
        return 1.0, [0.0, 1.0]
    size = 10.0 ** math.floor(math.log10(largest))
    pitch = next(p * size for p in (0.2, 0.5, 1.0, 2.0) if largest / (p * size) <= 5)
    count = math.ceil(largest / pitch - 1e-9)
    return count * pitch, [k * pitch for k in range(count + 1)]


def _axis_label(value: float, last: bool) -> str:
    """Milliseconds; only the last label names the unit."""
    return f"{1e3 * value:.10g}" + (f"{numbers.SPACE}ms" if last else "")


def _row(name: str, values: list[float], top: float) -> str:
    low, median, high, last = values
    bars = ""
    if math.isfinite(median):
        right = high if math.isfinite(high) else top
        bars = (
            f'<div class="bar orbit" style="left:{100 * low / top:.2f}%;'
            f'width:{100 * (right - low) / top:.2f}%"></div>'
            f'<i class="middle" style="left:{100 * median / top:.2f}%"></i>'
        )
        if math.isfinite(last):
            bars += f'<i class="last" style="left:{100 * last / top:.2f}%"></i>'
    return (
        f'<tr><th scope="row">{escape(name)}</th>'
        f'<td class="range"><div class="track">{bars}</div></td>'
        f'<td class="num">{_said(median)}</td><td class="num">{_said(last)}</td></tr>'
    )


def _said(value: float) -> str:
    return numbers.duration(value) if math.isfinite(value) else '<span class="open">no path</span>'
