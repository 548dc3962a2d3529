"""How close satellites come to each other over a time: all of them, or given pairs."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dawndusk.compiled import kernel, scalar

Array = NDArray[np.float64]
Index = NDArray[np.int64]


class Approaches(NamedTuple):
    """Closest approach of each satellite to any other over a time."""

    distance: Array
    """Shape (n,), infinite for a satellite alone [m]."""
    partner: Index
    """The other satellite, -1 for a satellite alone, shape (n,) [-]."""
    interval: Index
    """Interval between two moments in which it happens, shape (n,) [-]."""


def minimum_distances(positions: Array) -> Approaches:
    """Closest approach of each satellite over a time, found through a grid of cells.

    Between two moments each satellite moves on the chord of its path, so that a pass between
    two moments is seen. The grid visits cells outwards until no farther satellite could come
    closer: the result is that of all pairs, its cost grows with n.

    Args:
        positions: inertial positions at successive moments, shape (moments, n, 3) [m]
    Returns:
        distance, partner and interval of the closest approach [object]
    Raises:
        ValueError: when `positions` has another shape or holds what is not a number
    Neglects:
        the sag of the relative path from its chord, (n·Δt)²/4 of the distance for mean motion
        n: 0.1 % at 60 s in low orbit, for satellites of one formation
        (`design/formation_chord.py`)
    Source:
        Bentley, Stanat & Williams, Information Processing Letters 6, 209 (1977): fixed-radius
        near neighbours by cells; closest point of a chord: elementary
    """
    places = np.ascontiguousarray(positions, dtype=np.float64)
    if places.ndim != 3 or places.shape[2] != 3 or not len(places):
        raise ValueError(f"positions of shape {places.shape}: must be (moments, n, 3)")
    if not np.isfinite(places).all():
        raise ValueError("positions: every coordinate must be a finite number")
    n = places.shape[1]
    found = Approaches(np.full(n, np.inf), np.full(n, -1), np.zeros(n, dtype=np.int64))
    if n > 1:
        _closest(places, *found)
    return found


def too_close(approaches: Approaches, keep_out: float) -> tuple[Index, Array]:
    """Pairs that enter each other's keep-out distance; none when the flight is collision-free.

    Args:
        approaches: from `minimum_distances` [object]
        keep_out: distance that no pair may fall below [m]
    Returns:
        pairs, first < second, shape (m, 2) [-], and their distances, nearest first [m]
    Neglects:
        a pair of which both satellites come closer to a third: it is not listed, but all
        three are
    Source:
        definition
    """
    inside = np.flatnonzero(approaches.distance < keep_out)
    pairs = np.sort(np.column_stack((inside, approaches.partner[inside])), axis=1)
    pairs, first = np.unique(pairs, axis=0, return_index=True)
    distance = approaches.distance[inside][first]
    order = np.argsort(distance, kind="stable")
    return pairs[order], distance[order]


def pair_distances(positions: Array, pairs: Index) -> tuple[Array, Array]:
    """Shortest and longest distance of given pairs over a time, on chords between moments.

    Args:
        positions: inertial positions at successive moments, shape (moments, n, 3) [m]
        pairs: two satellites a row, as `formation.neighbours` lists them, shape (m, 2) [-]
    Returns:
        shortest and longest distance, each of shape (m,) [m]
    Neglects:
        what `minimum_distances` neglects; the longest is that at a moment
    Source:
        closest point of a chord: elementary
    """
    shortest, longest = np.empty(len(pairs)), np.empty(len(pairs))
    places = np.ascontiguousarray(positions, dtype=np.float64)
    _extremes(places, np.asarray(pairs, dtype=np.int64), shortest, longest)
    return shortest, longest


@scalar
def _chord_distance(here, there, i, j):  # type: ignore[no-untyped-def]
    """Smallest distance of two satellites that move evenly from `here` to `there` [m]."""
    x, y, z = here[j, 0] - here[i, 0], here[j, 1] - here[i, 1], here[j, 2] - here[i, 2]
    u = there[j, 0] - there[i, 0] - x
    v = there[j, 1] - there[i, 1] - y
    w = there[j, 2] - there[i, 2] - z
    way = u * u + v * v + w * w
    part = -(x * u + y * v + z * w) / way if way > 0.0 else 0.0
    part = min(max(part, 0.0), 1.0)
    x, y, z = x + part * u, y + part * v, z + part * w
    return math.sqrt(x * x + y * y + z * z)


@scalar
def _bucket(i, j, k, mask):  # type: ignore[no-untyped-def]
    """Bucket of a cell; cells that share one only lengthen the search."""
    return (i * 73856093 ^ j * 19349663 ^ k * 83492791) & mask


@kernel
def _closest(positions, distance, partner, interval):  # type: ignore[no-untyped-def]
    """Fill distance, partner and interval of each satellite's closest approach."""
    moments, n, _ = positions.shape
    mask = 1
    while mask < 2 * n:
        mask *= 2
    head = np.empty(mask, dtype=np.int64)
    mask -= 1
    chain = np.empty(n, dtype=np.int64)
    cells = np.empty((n, 3), dtype=np.int64)
    stray = np.empty(n)
    width = 0.0
    for k in range(max(moments - 1, 1)):
        here, there = positions[k], positions[min(k + 1, moments - 1)]
        low, high, way = np.full(3, np.inf), np.full(3, -np.inf), np.zeros(3)
        for i in range(n):
            for axis in range(3):
                low[axis] = min(low[axis], here[i, axis])
                high[axis] = max(high[axis], here[i, axis])
                way[axis] += (there[i, axis] - here[i, axis]) / n
        farthest = 0.0
        for i in range(n):
            x = there[i, 0] - here[i, 0] - way[0]
            y = there[i, 1] - here[i, 1] - way[1]
            z = there[i, 2] - here[i, 2] - way[2]
            stray[i] = math.sqrt(x * x + y * y + z * z)
            farthest = max(farthest, stray[i])
        extent = max(high[0] - low[0], high[1] - low[1], high[2] - low[2])
        if k == 0:
            width = extent / math.sqrt(n)
        width = max(width, 1e-6 * extent, 1e-6)
        head[:] = -1
        for i in range(n):
            for axis in range(3):
                cells[i, axis] = int((here[i, axis] - low[axis]) / width)
            bucket = _bucket(cells[i, 0], cells[i, 1], cells[i, 2], mask)
            chain[i], head[bucket] = head[bucket], i
        near = 0.0
        for i in range(n):
            best, other = _nearest(here, there, i, head, chain, cells, mask, width, stray, farthest)
            near += best / n
            if best < distance[i]:
                distance[i], partner[i], interval[i] = best, other, k
        width = near + 2.0 * farthest


@kernel
def _nearest(here, there, i, head, chain, cells, mask, width, stray, farthest):  # type: ignore[no-untyped-def]
    """Smallest chord distance from satellite i to any other, and that other."""
    n = len(chain)
    best, other = np.inf, -1
    ring = 0
    while (2 * ring + 1) ** 3 <= n:
        for a in range(-ring, ring + 1):
            for b in range(-ring, ring + 1):
                edge = abs(a) == ring or abs(b) == ring
                for c in range(-ring, ring + 1, 1 if edge or ring == 0 else 2 * ring):
                    j = head[_bucket(cells[i, 0] + a, cells[i, 1] + b, cells[i, 2] + c, mask)]
                    while j >= 0:
                        if j != i:
                            apart = _chord_distance(here, there, i, j)
                            if apart < best:
                                best, other = apart, j
                        j = chain[j]
        if best <= ring * width - stray[i] - farthest:
            return best, other
        ring += 1
    for j in range(n):
        if j != i:
            apart = _chord_distance(here, there, i, j)
            if apart < best:
                best, other = apart, j
    return best, other


@kernel
def _extremes(positions, pairs, shortest, longest):  # type: ignore[no-untyped-def]
    """Fill the smallest chord distance and the largest distance at a moment of each pair."""
    shortest[:], longest[:] = np.inf, 0.0
    last = len(positions) - 1
    for k in range(last + 1):
        here, there = positions[k], positions[min(k + 1, last)]
        for p in range(len(pairs)):
            i, j = pairs[p, 0], pairs[p, 1]
            shortest[p] = min(shortest[p], _chord_distance(here, there, i, j))
            x, y, z = here[j, 0] - here[i, 0], here[j, 1] - here[i, 1], here[j, 2] - here[i, 2]
            longest[p] = max(longest[p], math.sqrt(x * x + y * y + z * z))
