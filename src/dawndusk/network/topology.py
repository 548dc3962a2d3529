"""Which satellites are joined by links: grids of planes, nearest neighbours, meshes, a list."""

import csv
import difflib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from dawndusk.compiled import kernel

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

_FIRST_NEIGHBOURS = 16
"""Neighbours looked at in the first round, more where these leave terminals free."""

_RESOLUTION = 1e-3
"""Distances nearer than that count as equal [m]."""


def _unique(edges: Indices) -> Indices:
    """Each pair once, lower number first, in ascending order."""
    low, high = edges.min(axis=1), edges.max(axis=1)
    base = int(high.max(initial=0)) + 1
    keys = np.sort(low * base + high)
    return np.stack(np.divmod(keys[np.diff(keys, prepend=-1) > 0], base), axis=1)


def plus_grid(planes: int, per_plane: int, phasing: int = 0, star: bool = False) -> Indices:
    """Links to the satellites ahead and behind and to one in each plane beside.

    In the plane beside, the partner is the satellite nearest in phase: with Walker's phasing
    f, plane k+1 runs f/p of a slot ahead, so the slot of the same number up to half a slot
    and the slot before it beyond. Around the seam of a delta pattern f slots add up. A star
    pattern's first and last planes run against each other: its seam stays open, as does that
    of planes that do not go all round.

    Args:
        planes: number of planes p, numbered one after the other [-]
        per_plane: satellites in each plane, numbered along it [-]
        phasing: Walker's f from 0 to p − 1 [-]
        star: whether the seam between last and first plane stays open [-]
    Returns:
        pairs of satellites, lower number first, in ascending order, shape (E, 2) [-]
    Raises:
        ValueError: when a count is below 1 or the phasing out of range
    Neglects:
        crossing planes near the poles, where a link's partner swings round by 180°
    Source:
        Walker 1984 for the pattern; Handley, HotNets 2018 (doi 10.1145/3286062.3286075) for
        four links a satellite
    """
    if planes < 1 or per_plane < 1 or not 0 <= phasing < planes:
        raise ValueError(
            f"planes = {planes}, per_plane = {per_plane}, phasing = {phasing}: planes and"
            " per_plane must be at least 1 and the phasing from 0 to planes − 1"
        )
    plane, slot = np.divmod(np.arange(planes * per_plane), per_plane)
    ahead = plane * per_plane + (slot + 1) % per_plane
    back = int(2 * phasing > planes)
    last = plane == planes - 1
    partner = (slot - back + np.where(last, phasing, 0)) % per_plane
    beside = (plane + 1) % planes * per_plane + partner
    along = np.stack([np.arange(len(plane)), ahead], axis=1)
    across = np.stack([np.arange(len(plane)), beside], axis=1)
    if star:
        across = across[~last]
    edges = np.concatenate([along, across])
    return _unique(edges[edges[:, 0] != edges[:, 1]])


@kernel
def _root(parent, v):  # type: ignore[no-untyped-def]
    """Representative of the satellites joined so far, with the way to it halved."""
    while parent[v] != v:
        parent[v] = parent[parent[v]]
        v = parent[v]
    return v


@kernel
def _accept(pairs, apart, complete, terminals, used, linked, parent, joining, kept):  # type: ignore[no-untyped-def]
    """Take candidates, shortest first; returns how many.

    When `joining`, only pairs that join two parts are taken. Otherwise no pair is taken while
    a shorter one of its ends can be missing: `complete` is the distance up to which all of a
    satellite's candidates are listed, and a pair beyond it waits for the next round, and with
    it all longer pairs of both its ends.
    """
    waits = np.zeros(used.size, dtype=np.bool_)
    taken = 0
    for k in range(pairs.shape[0]):
        i, j = pairs[k, 0], pairs[k, 1]
        if used[i] == terminals or used[j] == terminals:
            continue
        if joining:
            a, b = _root(parent, i), _root(parent, j)
            if a == b:
                continue
            parent[b] = a
        elif (linked[i] == j).any():
            continue
        elif waits[i] or waits[j] or apart[k] > min(complete[i], complete[j]):
            waits[i] = waits[j] = True
            continue
        linked[i, used[i]], linked[j, used[j]] = j, i
        used[i] += 1
        used[j] += 1
        kept[taken, 0], kept[taken, 1] = i, j
        taken += 1
    return taken


def _candidates(position: Array, among: Indices, neighbours: int) -> tuple[Indices, Array, Array]:
    """Pairs of nearest satellites by distance, then number; how far each one's list reaches."""
    count = min(neighbours + 1, len(among))
    distance, other = KDTree(position[among]).query(position[among], k=count)
    complete = np.full(len(position), np.inf)
    if count < len(among):
        complete[among] = distance[:, -1] - 2.0 * _RESOLUTION
    pairs = np.stack([np.repeat(among, count), among[other.ravel()]], axis=1)
    pairs = _unique(pairs[pairs[:, 0] != pairs[:, 1]])
    apart = np.linalg.norm(position[pairs[:, 0]] - position[pairs[:, 1]], axis=1)
    apart = np.round(apart / _RESOLUTION) * _RESOLUTION
    order = np.argsort(apart, kind="stable")
    return pairs[order], apart[order], complete


def _shortest_first(position: Array, terminals: int, max_range: float, joined: bool) -> Indices:
    """Pairs, shortest first, while both ends have a terminal left; if `joined`, of one piece."""
    n = len(position)
    if terminals < 0:
        raise ValueError(f"terminals = {terminals}: must be 0 or more")
    used = np.zeros(n, dtype=np.int64)
    linked = np.full((n, terminals), -1, dtype=np.int64)
    parent = np.arange(n)
    edges = [np.empty((0, 2), dtype=np.int64)]
    parts = n if joined else 1
    neighbours = first_look = max(_FIRST_NEIGHBOURS, 2 * terminals)
    while (among := np.flatnonzero(used < terminals)).size > 1:
        joining = parts > 1
        pairs, apart, complete = _candidates(position, among, neighbours)
        near = apart <= max_range
        kept = np.empty((int(near.sum()), 2), dtype=np.int64)
        taken = _accept(
            pairs[near], apart[near], complete, terminals, used, linked, parent, joining, kept
        )
        edges.append(kept[:taken])
        parts -= taken if joining else 0
        if not taken:
            if neighbours < len(among) - 1 and complete[among].min() <= max_range:
                neighbours *= 2
            elif joining:
                parts, neighbours = 1, first_look
            else:
                break
    return _unique(np.concatenate(edges))


def nearest(position: Array, terminals: int, max_range: float, joined: bool = False) -> Indices:
    """Links between nearest satellites, shortest first, while both ends have a terminal left.

    Partners in crossing planes drift apart within minutes. Places at k moments, side by side
    and divided by √k, join those that are nearest over that time.

    Args:
        position: of the satellites, at one moment or several, shape (n, 3) or (n, 3k) [m]
        terminals: most links that a satellite can hold [-]
        max_range: longest link, its root mean square over several moments [m]
        joined: links that join parts come first, so that as few parts are left as reach and
            terminals allow [-]
    Returns:
        pairs of satellites, lower number first, in ascending order, shape (E, 2) [-]
    Raises:
        ValueError: when the terminals are negative
    Neglects:
        the Earth in between, which no link up to `visibility.clear_range` meets. Distances
        are compared to the millimetre, equal ones by the satellites' numbers
    Source:
        greedy matching on a k-d tree, the same pairs as sorting all n² of them
    """
    return _shortest_first(position, terminals, max_range, joined)


def mesh(position: Array, terminals: int) -> Indices:
    """Links of a cluster: one piece first, then nearest neighbours on the terminals left.

    The shortest links that join parts come first (a spanning tree under the terminal limit),
    then what `nearest` would add. Offsets in the scaled plane of a formation in place of
    positions join the neighbours of its lattice for good; they turn like a rigid disc.

    Args:
        position: of the satellites, or their offsets in a formation, shape (n, 2 or 3) [m]
        terminals: most links that a satellite can hold, at least 2 from three satellites [-]
    Returns:
        pairs of satellites, lower number first, in ascending order, shape (E, 2) [-]
    Raises:
        ValueError: when so few terminals cannot join all satellites
    Neglects:
        the terminals' reach and the Earth in between: a cluster is small against both
    Source:
        Kruskal, Proc. American Mathematical Society 7, 48 (1956), with a limit of degree:
        from two links on, every part keeps an end that is free
    """
    n = len(position)
    if terminals < min(n - 1, 2):
        raise ValueError(
            f"terminals = {terminals}: a mesh of {n} satellites needs at least {min(n - 1, 2)} each"
        )
    return _shortest_first(position, terminals, np.inf, joined=True)


def given(path: str | Path, names: Sequence[str], terminals: int | None = None) -> Indices:
    """Links listed in a file: two names of satellites a line, with a comma between.

    Empty lines and those that begin with # are passed over.

    Args:
        path: the file, UTF-8 [object]
        names: names of the satellites, in their order [object]
        terminals: most links that a satellite can hold, None for any number [-]
    Returns:
        pairs of satellites, lower number first, in ascending order, shape (E, 2) [-]
    Raises:
        ValueError: naming file and line, when a line is not two names, a satellite does not
            exist or is joined to itself, a pair is listed twice, or a satellite has more
            links than terminals
    Neglects:
        whether the whole is of one piece
    Source:
        the user
    """
    numbers = {name: number for number, name in enumerate(names)}
    used = [0] * len(names)
    lines: dict[tuple[int, int], int] = {}
    with Path(path).open(encoding="utf-8", newline="") as file:
        for line, fields in enumerate(csv.reader(file), start=1):
            pair = [field.strip() for field in fields]
            if not any(pair) or pair[0].startswith("#"):
                continue
            where = f"{path}:{line}"
            if len(pair) != 2:
                raise ValueError(f'{where}: "{",".join(pair)}" is not two names with a comma')
            for name in pair:
                if name not in numbers:
                    raise ValueError(
                        f'{where}: no satellite is called "{name}"{_like(name, names)}'
                    )
            low, high = sorted(numbers[name] for name in pair)
            if low == high:
                raise ValueError(f'{where}: joins "{pair[0]}" to itself; name two satellites')
            if (low, high) in lines:
                first = lines[low, high]
                raise ValueError(f"{where}: the same link as on line {first}; list it once")
            lines[low, high] = line
            for number in (low, high):
                used[number] += 1
                if terminals is not None and used[number] > terminals:
                    raise ValueError(
                        f'{where}: link {used[number]} of "{names[number]}", which has'
                        f" {terminals} terminals; remove a link or add terminals"
                    )
    return np.array(sorted(lines), dtype=np.int64).reshape(-1, 2)


def _like(name: str, names: Sequence[str]) -> str:
    """The nearest name, if one is near."""
    near = difflib.get_close_matches(name, names, 1)
    return f'; did you mean "{near[0]}"?' if near else ""
