"""Links and sample paths at one moment: where they ran and how full they were."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import pyarrow as pa
import xarray as xr

from dawndusk.report import numbers
from dawndusk.report.maps import pack

COLUMNS = (
    "tail",
    "head",
    "kind",
    "tail_lat_deg",
    "tail_lon_deg",
    "head_lat_deg",
    "head_lon_deg",
    "length_m",
    "rate_bit_s",
    "mean_utilisation",
    "max_utilisation",
    "occluded",
)
LIMIT = 6000
"""Most links embedded; the busiest of each kind stay."""
KINDS = ("isl", "up", "fibre")
TITLES = {"isl": "between satellites", "up": "to the ground", "fibre": "fibre"}
ENDS = ("satellite", "station", "data_centre", "city")
"""What a link may end at."""
DECADES = 5
"""Most powers of ten that the colours span."""
FAINTEST = -9
"""No scale of colours ends below this power of ten."""
SHOWN = 10
"""Rows of the table of busiest links."""


@dataclass(frozen=True)
class Vertex:
    """An end of a link at the sampled moment."""

    name: str
    kind: str
    latitude: float
    longitude: float


def usable(links: pa.Table | None) -> bool:
    """True where there is at least one link to draw."""
    return links is not None and links.num_rows > 0 and set(COLUMNS) <= set(links.column_names)


def network(
    links: pa.Table | None, paths: pa.Table | None, series: xr.Dataset
) -> dict[str, Any] | None:
    """Payload of the network map, None where the run recorded no links.

    Angles travel as int16 hundredths of a degree, heights as uint16 kilometres, ends as
    uint16 indices and utilisations as uint8 on the logarithmic scale, each base64.
    """
    if links is None or not usable(links):
        return None
    rows = kept(links).to_pylist()
    vertices = ends(rows, {str(name) for name in series.get("satellite", xr.DataArray([])).values})
    index = {vertex.name: place for place, vertex in enumerate(vertices)}
    low, high = scale([row[key] for row in rows for key in ("mean_utilisation", "max_utilisation")])
    heights = _heights(series)
    above = [heights.get(v.name, heights.get("")) if v.kind == "satellite" else 0 for v in vertices]
    return {
        "time": _moment(rows),
        "names": [vertex.name for vertex in vertices],
        "kinds": pack(np.array([ENDS.index(vertex.kind) for vertex in vertices]), "u1"),
        "latitude": pack(np.array([vertex.latitude for vertex in vertices]) * 100, "<i2"),
        "longitude": pack(np.array([vertex.longitude for vertex in vertices]) * 100, "<i2"),
        "height": pack(np.array(above) / 1e3, "<u2"),
        "ends": pack(np.array([[index[row["tail"]], index[row["head"]]] for row in rows]), "<u2"),
        "link": pack(np.array([KINDS.index(row["kind"]) for row in rows]), "u1"),
        "blocked": pack(np.array([bool(row["occluded"]) for row in rows]), "u1"),
        "mean": pack(shade([row["mean_utilisation"] for row in rows], low, high), "u1"),
        "max": pack(shade([row["max_utilisation"] for row in rows], low, high), "u1"),
        "scale": [short_percent(low), short_percent(high)],
        "total": links.num_rows,
        "paths": [
            {
                "label": f"{path['from']} → {path['to']}",
                "points": [
                    [
                        round(hop["lat_deg"], 2),
                        round(hop["lon_deg"], 2),
                        round((heights.get(hop["name"], heights.get("")) or 0) / 1e3)
                        if _flies(hop["name"], vertices, index)
                        else 0,
                    ]
                    for hop in path["hops"]
                ],
            }
            for path in routes(paths)
        ],
    }


def kept(links: pa.Table) -> pa.Table:
    """All links, or where there are too many the busiest of each kind, in their order."""
    if links.num_rows <= LIMIT:
        return links
    kind = links["kind"].cast(pa.string()).to_numpy(zero_copy_only=False)
    use = np.nan_to_num(links["mean_utilisation"].to_numpy().astype(np.float64))
    order = np.lexsort((np.arange(use.size), -use))
    share = {name: int((kind == name).sum()) * LIMIT // kind.size for name in KINDS}
    chosen = np.concatenate([order[kind[order] == name][: share[name]] for name in KINDS])
    return links.take(np.sort(chosen))


def ends(rows: Sequence[Mapping[str, Any]], satellites: set[str]) -> list[Vertex]:
    """Each end once, in the order met, with what it is.

    Columns `tail_kind` and `head_kind` say so where they are present; without them the
    satellites of the series and both ends of an inter-satellite link fly, and anything else
    stands on the ground.
    """
    flying = satellites | {row[end] for row in rows if row["kind"] == "isl" for end in TAIL_HEAD}
    found: dict[str, Vertex] = {}
    for row in rows:
        for end in TAIL_HEAD:
            name = row[end]
            if name in found:
                continue
            kind = row.get(f"{end}_kind") or ("satellite" if name in flying else "station")
            found[name] = Vertex(
                name,
                kind,
                float(row[f"{end}_lat_deg"]),
                (float(row[f"{end}_lon_deg"]) + 180.0) % 360.0 - 180.0,
            )
    return list(found.values())


TAIL_HEAD = ("tail", "head")


def scale(utilisation: Sequence[float]) -> tuple[float, float]:
    """Whole powers of ten that span the links in use, at most DECADES of them."""
    used = [value for value in utilisation if numbers.is_number(value) and value > 0]
    if not used:
        return 0.1, 1.0
    high = min(0, max(FAINTEST, math.ceil(math.log10(max(used)) - 1e-9)))
    least = float(np.quantile(used, 0.02, method="lower"))
    low = max(math.floor(math.log10(least)), high - DECADES)
    return 10.0 ** min(low, high - 1), 10.0**high


def shade(utilisation: Sequence[float], low: float, high: float) -> np.ndarray:
    """0 for an idle link, else 1 … 255 by the logarithm of its utilisation."""
    value = np.nan_to_num(np.array([float(v or 0.0) for v in utilisation]))
    with np.errstate(divide="ignore"):
        share = np.log10(value / low) / math.log10(high / low)
    return np.where(value > 0, 1 + 254 * np.clip(share, 0, 1), 0)


def short_percent(share: float) -> str:
    """A power of ten as per cent without needless zeros: "0.01 %", "100 %"."""
    return f"{100 * share:.10f}".rstrip("0").rstrip(".") + f"{numbers.SPACE}%"


def _moment(rows: Sequence[Mapping[str, Any]]) -> float | None:
    time = rows[0].get("time_s")
    return float(time) if numbers.is_number(time) else None


def _heights(series: xr.Dataset) -> dict[str, float]:
    """Mean height of each recorded satellite [m]; "" stands for one that was not recorded."""
    if "sat_altitude_m" not in series:
        return {"": 550e3}
    mean = series["sat_altitude_m"].mean("time")
    known = {str(n): float(v) for n, v in zip(mean["satellite"].values, mean.values, strict=True)}
    return known | {"": float(mean.mean())}


def _flies(name: str, vertices: Sequence[Vertex], index: Mapping[str, int]) -> bool:
    return name in index and vertices[index[name]].kind == "satellite"


def routes(paths: pa.Table | None) -> list[dict[str, Any]]:
    """Each sample path with its ends, its whole latency [s] and its hops in order."""
    wanted = {"path", "from", "to", "hop", "name", "lat_deg", "lon_deg", "latency_s"}
    if paths is None or not wanted <= set(paths.column_names):
        return []
    found: dict[Any, dict[str, Any]] = {}
    for row in sorted(paths.to_pylist(), key=lambda row: (row["path"], row["hop"])):
        path = found.setdefault(row["path"], {"from": row["from"], "to": row["to"], "hops": []})
        path["hops"].append(row)
    return [path | {"latency": path["hops"][-1]["latency_s"]} for path in found.values()]


def busiest(links: pa.Table | None) -> str:
    """The links that carried the largest share of what they could."""
    if links is None or not usable(links):
        return ""
    rows = [row for row in links.to_pylist() if (row["max_utilisation"] or 0) > 0]
    rows.sort(key=lambda row: (-row["mean_utilisation"], row["tail"], row["head"]))
    if not rows:
        return '<p class="none">No link carried anything.</p>'
    body = "".join(
        f'<tr><th scope="row">{escape(row["tail"])} – {escape(row["head"])}</th>'
        f"<td>{TITLES.get(row['kind'], escape(row['kind']))}</td>"
        f'<td class="num">{numbers.si(row["length_m"], "m")}</td>'
        f'<td class="num">{numbers.si(row["rate_bit_s"], "bit/s")}</td>'
        f'<td class="num">{escape(utilisation(row["mean_utilisation"]))}</td>'
        f'<td class="num{" open" if row["max_utilisation"] >= 1 else ""}">'
        f"{escape(utilisation(row['max_utilisation']))}</td></tr>"
        for row in rows[:SHOWN]
    )
    return (
        '<div class="scroll apart"><table class="plain"><thead><tr><th>Busiest links</th>'
        '<th>Kind</th><th class="num">Length</th><th class="num">Rate</th>'
        '<th class="num">Mean use</th><th class="num">Largest use</th></tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def utilisation(value: object) -> str:
    """A used share as per cent; tiny ones as "< 0.001 %"."""
    if numbers.is_number(value) and 0 < value < 1e-5:
        return f"<{numbers.SPACE}0.001{numbers.SPACE}%"
    return numbers.percent(value, 2)
