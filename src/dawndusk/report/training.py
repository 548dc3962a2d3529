"""Training that really ran: what was learnt, in orbit and on the ground, and what was lost."""

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import xarray as xr

from dawndusk.report import numbers
from dawndusk.report.charts import Chart, Line, charts, compact
from dawndusk.report.facts import pair
from dawndusk.report.faults import CAUSES
from dawndusk.report.key_figures import amount, dig
from dawndusk.report.training_figures import FIGURES, SIDES

if TYPE_CHECKING:
    from dawndusk.report.folder import Folder

MARKED = {"kill": ("lost", "hot"), "flip": ("struck", "sun"), "rejoin": ("back", "cool")}
"""Kinds of events on the chart: what they are called, and their colour."""

METHODS = {
    "single": "alone",
    "synchronous": "synchronous data parallel",
    "diloco": "DiLoCo",
    "streaming": "streaming DiLoCo",
}


def usable(table: pa.Table | None) -> bool:
    """True where a run left events of real training."""
    needed = {"side", "job", "kind", "time_s", "validation_loss", "loss"}
    return table is not None and table.num_rows > 0 and needed <= set(table.column_names)


def training_charts(table: pa.Table | None) -> list[dict[str, Any]]:
    """Payload of one chart a job: what it had learnt by when, orbit and ground together."""
    if table is None or not usable(table):
        return []
    jobs = table["job"].to_pylist()
    found = []
    for job in dict.fromkeys(jobs):
        mine = table.filter(pa.array([each == job for each in jobs]))
        chart = Chart(
            f"Validation loss of {job}",
            "loss",
            "On what is held back, over virtual time; training loss in orbit beside it.",
            lines=(
                Line("training", "training, in orbit", "quiet"),
                Line("orbit", "in orbit", "orbit"),
                Line("ground", "on the ground", "ground", dash=True),
            ),
        )
        drawn = charts(series(mine), chosen=(chart,))
        found += [payload | {"marks": marks(mine)} for payload in drawn]
    return found


def series(table: pa.Table) -> xr.Dataset:
    """Losses of one job at all times at which one of them is known."""
    side, kind = (np.array(table[name].to_pylist()) for name in ("side", "kind"))
    time = table["time_s"].to_numpy()
    curves: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for name in SIDES:
        here = (side == name) & (kind == "validation")
        curves[name] = time[here], table["validation_loss"].to_numpy()[here]
    here = (side == "orbit") & (kind == "unit")
    curves["training"] = _means(time[here], table["loss"].to_numpy()[here], 100)
    grid = np.unique(np.concatenate([moments for moments, _ in curves.values()]))
    values = {
        name: ("time", np.interp(grid, moments, loss, np.nan, np.nan))
        for name, (moments, loss) in curves.items()
        if moments.size
    }
    return xr.Dataset(values, coords={"time": grid})


def _means(time: np.ndarray, value: np.ndarray, parts: int) -> tuple[np.ndarray, np.ndarray]:
    """Means over that many parts of a series, in order of time."""
    order = np.argsort(time, kind="stable")
    if not order.size:
        return time, value
    cut = np.array_split(order, min(parts, order.size))
    return np.array([time[k].mean() for k in cut]), np.array([value[k].mean() for k in cut])


def marks(table: pa.Table) -> list[dict[str, Any]]:
    """Times in orbit at which replicas were lost, struck and brought back."""
    side, kind = (np.array(table[name].to_pylist()) for name in ("side", "kind"))
    time = table["time_s"].to_numpy()
    found = []
    for name, (label, colour) in MARKED.items():
        when = time[(side == "orbit") & (kind == name)]
        if when.size:
            text = f"{label}: {when.size}"
            found.append({"label": text, "colour": colour, "t": compact(when, 8)})
    return found


def training_section(folder: "Folder", frames: str) -> str:
    """HTML of the section without its frame, empty where nothing really ran.

    Args:
        folder: the run [object]
        frames: empty frames of the charts of `training_charts` [object]
    Returns:
        HTML [object]
    """
    jobs = dig(folder.summary, "real_work", {})
    if not jobs:
        return ""
    parts = [lead(name, told) for name, told in jobs.items()]
    parts.append(frames)
    parts += [pair(comparison(name, told), lost_figure(told)) for name, told in jobs.items()]
    return "".join(parts)


def lead(name: str, told: Mapping[str, Any]) -> str:
    """What really ran, in a sentence or two."""
    method = METHODS.get(str(told.get("method")), str(told.get("method")))
    rounds = told.get("interval", 1)
    parameters, replicas = told.get("parameters"), told.get("replicas")
    size = "one parameter" if parameters == 1 else f"{amount(parameters)} parameters"
    step = numbers.duration(told.get("unit_s"))
    every = f", exchanging every {rounds} steps" if rounds and rounds > 1 else ""
    scale = told.get("flip_scale")
    struck = f" Its numbers are struck {scale:g} times as often as radiation would."
    return (
        f'<p class="lead"><b>{escape(name)}</b> really ran: {numbers.count(replicas)} '
        f"replica{'' if replicas == 1 else 's'} of {size}, {method}{every}. "
        "Losses, crashes and bit flips are those of the program; time, joules and money are those "
        f"of the design's chips and links, where a step takes {step}"
        f".{struck if numbers.is_number(scale) and scale not in (0, 1) else ''}</p>"
    )


def comparison(name: str, told: Mapping[str, Any]) -> str:
    """Orbit beside ground, a row a figure."""
    sides = [side for side in SIDES if side in told]
    head = "".join(
        f'<th class="num">{"In orbit" if s == "orbit" else "On the ground"}</th>' for s in sides
    )
    body = "".join(
        f'<tr><th scope="row">{title}</th>'
        + "".join(f'<td class="num">{escape(show(told[side]))}</td>' for side in sides)
        + "</tr>"
        for title, show in FIGURES
    )
    return (
        f"<figure><figcaption>{escape(name)}<small>from the first step to the last</small>"
        f'</figcaption><div class="scroll"><table class="plain"><thead><tr><th></th>{head}</tr>'
        f"</thead><tbody>{body}</tbody></table></div></figure>"
    )


def lost_figure(told: Mapping[str, Any]) -> str:
    """Bars of steps that were lost in orbit and on the ground, by cause."""
    rows = [
        (cause, side, count)
        for side in SIDES
        for cause, count in dig(told, f"{side}.lost_by_cause", {}).items()
        if count
    ]
    if not rows:
        return ""
    most = max(count for *_, count in rows)
    body = "".join(
        f'<tr><th scope="row">{escape(CAUSES.get(cause, cause))}</th><td class="track">'
        f'<div class="bar {side}" style="width:{100 * count / most:.2f}%"></div></td>'
        f'<td class="num">{numbers.count(count)}</td></tr>'
        for cause, side, count in sorted(rows, key=lambda row: -row[2])
    )
    return (
        "<figure><figcaption>Steps lost, by cause<small>those that are no part of what was "
        f'learnt</small></figcaption><table class="bars"><tbody>{body}</tbody></table></figure>'
    )
