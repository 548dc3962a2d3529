"""The most work that any policy could have done, knowing the whole future."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dawndusk.constants import BITS
from dawndusk.placement.outlook import Plant
from dawndusk.placement.program import HOUR, Aims, Supply, Work, build, solve

Array = NDArray[np.float64]

GROUPS = 12
"""Groups of satellites that share their energy [-]."""

CLOCKS = (0.25, 0.5, 0.75, 1.0)
"""Clocks at which lines touch the curve of power [-]."""


class Bound(NamedTuple):
    """What no policy can exceed."""

    delivered: float
    """Work on jobs [FLOP]."""
    on_time: float
    """Share of the work due within the time that can be done by its deadline [-]."""


class Asked(NamedTuple):
    """All jobs of a run, known in advance; arrays have shape (jobs,)."""

    submit: Array
    """[s] from the start."""
    deadline: Array
    """[s] from the start, inf for none."""
    work: Array
    """[FLOP]"""
    nodes: Array
    """Sites a job wants [-]."""
    rate: Array
    """Of a node at full clock [FLOP/s]."""
    traffic: Array
    """Bytes to and from the ground [-]."""


def bound(
    sunlight: Array,
    slot: float,
    up: Array,
    asked: Asked,
    plant: Plant | None,
    charge: float = 1.0,
    contact: Array | None = None,
) -> Bound:
    """Upper bound on the work on jobs, from the relaxed program of the whole time at once.

    Every neglect is in favour of the bound: satellites of a group share light and charge, a
    slot is averaged, a job starts with the slot of its submission, nothing is lost by
    restarts, checkpoints and serving, nodes and gangs are divisible, and clocks lie where
    they are most efficient.

    Args:
        sunlight: mean visible share of the Sun's disc [-], shape (slots, satellites)
        slot: length of a slot [s]
        up: share of the slot in which a site is not down [-], shape (slots, sites)
        asked: the jobs [object]
        plant: what a satellite is, None without satellites [object]
        charge: usable charge at the start [-]
        contact: rate to the ground, None for no limit [bit/s], shape (slots, satellites)
    Returns:
        the work that could be done and the share of it in time [object]
    Neglects:
        inference, which comes on top with what was offered
    Source:
        linear relaxation: Bertsimas & Tsitsiklis, Introduction to Linear Optimization, 1997,
        ch. 10 and 11
    """
    slots, satellites = sunlight.shape
    dark = sunlight < 0.5
    begins = np.where(dark.any(axis=0), dark.argmax(axis=0), slots)
    order = np.lexsort((np.arange(satellites), dark.sum(axis=0), begins))
    groups = [part for part in np.array_split(order, GROUPS) if len(part)] if satellites else []
    ground = up.shape[1] - satellites
    parts = groups + ([np.arange(satellites, satellites + ground)] if ground else [])
    sites = np.array([up[:, part].sum(axis=1) for part in parts]).T
    light = np.array([sunlight[:, part].mean(axis=1) for part in groups] or [])
    light = np.vstack([light.reshape(-1, slots), np.zeros((len(parts) - len(groups), slots))]).T
    whole = np.array([float(len(part)) for part in parts])
    orbital = np.arange(len(parts)) < len(groups)
    carried = np.full((slots, len(parts)), np.inf)
    if contact is not None:
        carried[:] = 1e30
        for k, part in enumerate(groups):
            carried[:, k] = contact[:, part].sum(axis=1) * slot / BITS
    usable = plant.usable if plant else 0.0
    supply = Supply(
        length=np.full(slots, slot),
        sites=sites,
        light=light,
        energy=np.where(orbital, whole * usable * charge, 0.0),
        orbital=orbital,
        price=np.zeros(len(parts)),
        contact=carried,
        whole=whole,
    )
    work = _work(asked, slot, slots)
    clock = _tangents(plant.exponent) if plant else ((1.0, 0.0),)
    best = []
    for late in (0.0, 1e3):
        aims = Aims(late=late, unserved=0.0, price=0.0, haste=0.0)
        program = build(supply, work, np.zeros(slots), plant, aims, clock)
        found, _, _ = solve(program, method="ipm")
        best.append(found)
    cells = sites.size
    done = best[0][: len(work.left) * cells].reshape(len(work.left), slots, -1).sum(axis=2)
    rate = asked.rate.max(initial=0.0)
    due = np.isfinite(work.due)
    missing = best[1][-2 * len(work.left) : -len(work.left)][due].sum() * HOUR
    return Bound(
        delivered=float((done.sum(axis=1) * slot * work.worth).sum() * rate),
        on_time=float(1.0 - missing / max(work.left[due].sum(), 1e-30)),
    )


def _work(asked: Asked, slot: float, slots: int) -> Work:
    """Jobs of the same submission, deadline and rate as one class."""
    keys = np.stack([asked.submit, asked.deadline, asked.rate], axis=1)
    alike, kind = np.unique(keys, axis=0, return_inverse=True)
    kind = kind.ravel()
    left = np.bincount(kind, asked.work / asked.rate, len(alike)).astype(float)
    moved = np.bincount(kind, asked.traffic, len(alike)).astype(float)
    begin = (alike[:, 0] // slot).astype(np.int64)
    # work counts as in time until the end of the slot in which it is due
    due = np.where(alike[:, 1] <= slots * slot, np.ceil(alike[:, 1] / slot) * slot, np.inf)
    return Work(
        left,
        np.bincount(kind, asked.nodes, len(alike)).astype(float),
        alike[:, 2] / max(alike[:, 2].max(initial=0.0), 1e-30),
        begin,
        due,
        moved / np.maximum(left, 1e-30),
        np.zeros(len(alike)),
        np.zeros(len(alike)),
    )


def _tangents(exponent: float) -> tuple[tuple[float, float], ...]:
    """Lines below f·(v + (1 − v)·f)², the power of a clock f over that of the full clock."""
    floor = 0.5 * (3.0 - exponent)
    lines = []
    for f in CLOCKS:
        voltage = floor + (1.0 - floor) * f
        slope = voltage * (voltage + 2.0 * (1.0 - floor) * f)
        lines.append((slope, f * voltage * voltage - slope * f))
    return tuple(lines)
