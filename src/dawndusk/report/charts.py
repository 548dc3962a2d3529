"""Time series as the browser's plotting code wants them: thinned, scaled, with colours by role."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import xarray as xr

from dawndusk.report.downsample import thin
from dawndusk.report.numbers import PREFIXES, exponent

LIMIT = 2000
"""Most points a line."""


@dataclass(frozen=True)
class Line:
    """One variable of timeseries.nc on a chart."""

    variable: str
    label: str
    colour: str
    """Name of a CSS colour variable."""
    dash: bool = False


@dataclass(frozen=True)
class Band:
    """A variable with quantiles: median line, 5–95 % and extreme bands."""

    variable: str
    label: str
    colour: str


@dataclass(frozen=True)
class Chart:
    """One panel: lines and bands in one unit."""

    title: str
    unit: str
    """Empty for fractions, which are shown as per cent."""
    about: str
    lines: Sequence[Line] = ()
    bands: Sequence[Band] = ()
    offset: float = 0.0
    """Subtracted from every value."""
    limits: tuple[float | None, float | None] = field(default=(None, None))
    axis: str = "time"
    """"time" [s], or years: "year" of the calendar, "age"; charts of one axis move together."""


CHARTS = (
    Chart(
        "Battery charge",
        "",
        "Share of capacity over the fleet: median, 5–95 % and extremes.",
        bands=(Band("charge_fraction", "charge", "orbit"),),
        limits=(0.0, 1.0),
    ),
    Chart(
        "Temperature",
        "°C",
        "Dies and radiators over the fleet: median, 5–95 % and extremes.",
        bands=(
            Band("die_temperature_K", "die", "hot"),
            Band("radiator_temperature_K", "radiator", "cool"),
        ),
        offset=273.15,
    ),
    Chart(
        "Illumination and use",
        "",
        "Visible share of the Sun's disc and busy share of the accelerators, fleet means.",
        lines=(
            Line("illumination", "sunlight", "sun"),
            Line("utilisation", "accelerators busy", "orbit"),
            Line("throttled_fraction", "throttled", "hot", dash=True),
        ),
        limits=(0.0, 1.0),
    ),
    Chart(
        "Electrical power",
        "W",
        "At the satellites' buses, and at the ground twin's servers.",
        lines=(
            Line("generated_W", "generated", "sun"),
            Line("consumed_W", "consumed", "orbit"),
            Line("curtailed_W", "curtailed", "quiet", dash=True),
            Line("ground_consumed_W", "ground consumed", "ground"),
        ),
        limits=(0.0, None),
    ),
    Chart(
        "Compute",
        "FLOP/s",
        "Peak of the fleet, what power, heat and faults left of it, and what was delivered.",
        lines=(
            Line("peak_FLOPS", "peak", "quiet", dash=True),
            Line("available_FLOPS", "available", "sun"),
            Line("delivered_FLOPS", "delivered", "orbit"),
            Line("ground_delivered_FLOPS", "ground delivered", "ground"),
        ),
        limits=(0.0, None),
    ),
    Chart(
        "Requests in the system",
        "requests",
        "Waiting for their first token, and running.",
        lines=(
            Line("waiting_requests", "waiting", "hot"),
            Line("running_requests", "running", "orbit"),
            Line("ground_waiting_requests", "waiting on the ground", "ground"),
        ),
        limits=(0.0, None),
    ),
    Chart(
        "Network latency",
        "s",
        "One way from users to the site that answers, by requests.",
        lines=(
            Line("latency_p50_s", "median", "orbit"),
            Line("latency_p99_s", "99 %", "hot"),
        ),
        limits=(0.0, None),
    ),
    Chart(
        "Traffic",
        "bit/s",
        "Bytes that wanted to move and bytes that did, all links together.",
        lines=(
            Line("offered_bit_s", "offered", "sun"),
            Line("delivered_bit_s", "delivered", "orbit"),
        ),
        limits=(0.0, None),
    ),
    Chart(
        "Link use",
        "",
        "Share of each link's rate in use: median, 5–95 % and extremes.",
        bands=(Band("link_utilisation", "links", "cool"),),
        limits=(0.0, None),
    ),
)

COUNTED = ("requests", "satellites", "launches", "loss")
"""Units that are numbers of things, or none, and take no prefix."""

MARKS = {"fault": "hot", "brownout": "sun"}
"""Events drawn as ticks on the compute chart, with their colours."""
MARK_LIMIT = 1000

QUANTILE_ROLES = {0.0: "min", 0.05: "5 %", 0.5: "median", 0.95: "95 %", 1.0: "max"}


def charts(
    series: xr.Dataset, events: pa.Table | None = None, chosen: Sequence[Chart] = CHARTS
) -> list[dict[str, Any]]:
    """Payload of each chart that has at least one variable with a finite value."""
    payloads = [payload for payload in (_chart(series, chart) for chart in chosen) if payload]
    return [
        payload | {"marks": marks(events) if payload["title"] == "Compute" else []}
        for payload in payloads
    ]


def marks(events: pa.Table | None) -> list[dict[str, Any]]:
    """Times of the events that cost compute, thinned where there are very many."""
    if events is None or not {"kind", "time_s"} <= set(events.column_names):
        return []
    kinds = events["kind"].cast(pa.string()).to_numpy()
    times = events["time_s"].to_numpy()
    found = []
    for kind, colour in MARKS.items():
        when = times[kinds == kind]
        if when.size:
            stride = -(-when.size // MARK_LIMIT)
            found.append(
                {
                    "label": f"{kind}s: {when.size}",
                    "colour": colour,
                    "t": compact(when[::stride], 8),
                }
            )
    return found


def _chart(series: xr.Dataset, chart: Chart) -> dict[str, Any] | None:
    columns: list[np.ndarray] = []
    lines: list[dict[str, Any]] = []
    bands: list[dict[str, Any]] = []
    for band in chart.bands:
        if band.variable not in series or "quantile" not in series[band.variable].dims:
            continue
        where = {}
        levels = np.asarray(series["quantile"])
        for level, role in QUANTILE_ROLES.items():
            index = np.flatnonzero(np.isclose(levels, level))
            if index.size:
                where[role] = len(lines)
                values = series[band.variable].transpose("time", "quantile").values
                columns.append(values[:, index[0]])
                width = 1.6 if role == "median" else 0
                lines.append({"label": f"{band.label} {role}", "colour": band.colour, "w": width})
        for low, high, strength in (("min", "max", 0.13), ("5 %", "95 %", 0.22)):
            if low in where and high in where:
                bands.append(
                    {"of": [where[high], where[low]], "colour": band.colour, "a": strength}
                )
    for line in chart.lines:
        if line.variable in series:
            columns.append(series[line.variable].values)
            lines.append({"label": line.label, "colour": line.colour, "w": 1.6, "dash": line.dash})
    if not columns or series["time"].size == 0:
        return None
    values = np.column_stack(columns).astype(np.float64)
    if not np.isfinite(values).any():
        return None
    time, values = thin(np.asarray(series["time"], dtype=np.float64), values, LIMIT)
    values = values - chart.offset
    unit, size, limits = chart.unit, 0, chart.limits
    if unit == "":
        unit, values = "%", 100.0 * values
        limits = tuple(100.0 * v if v is not None else None for v in limits)  # type: ignore[assignment]
    elif chart.offset == 0.0 and unit not in COUNTED:
        size = exponent(float(np.nanmax(np.abs(values))))
        unit, values = PREFIXES[size] + unit, values / 10.0**size
    return {
        "title": chart.title,
        "about": chart.about,
        "unit": unit,
        "counted": unit in COUNTED,
        "axis": chart.axis,
        "limits": list(limits),
        "x": compact(time, 8),
        "lines": [line | {"y": compact(values[:, i])} for i, line in enumerate(lines)],
        "bands": bands,
    }


def compact(values: np.ndarray, digits: int = 5) -> list[float | int | None]:
    """Floats with few digits for embedding; None where not finite."""
    out: list[float | int | None] = []
    for value in values.tolist():
        if value != value or value in (float("inf"), float("-inf")):
            out.append(None)
            continue
        short = float(f"{value:.{digits}g}")
        out.append(int(short) if short.is_integer() else short)
    return out
