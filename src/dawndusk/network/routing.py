"""Shortest ways by latency over satellites, ground links and fibre, from many sources at once.

Vertices are numbered satellites first, then the ground. Data may run through fibre, go up
once, cross satellites, come down once and run through fibre again: a ground vertex never
relays between satellites. So each ground vertex stands twice in the graph, as the place where
data arrive, under its own number, and as the place from which they start, G numbers higher.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dawndusk.compiled import kernel

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
Numbers = NDArray[np.int32]

_BUCKETS = 128
"""Power of two: buckets in the ring, which is as long as the longest link."""


class Pattern(NamedTuple):
    """Which arcs leave each vertex; what they cost comes with each snapshot.

    An arc is one direction of a link.
    """

    satellites: int
    """Number of satellites [-]."""
    vertices: int
    """Number of satellites and ground vertices [-]."""
    first: Numbers
    """First arc of each vertex, starts on the ground included, shape (n + 2G + 1,) [-]."""
    tail: Numbers
    """Vertex that each arc leaves [-]."""
    head: Numbers
    """Vertex that each arc reaches [-]."""
    directed: Numbers
    """Twice the number of an arc's link, plus one when it runs from the link's second vertex to
    its first; −1 where what starts on the ground already is where it shall arrive [-]."""


@kernel
def _sorted_arcs(satellites, vertices, edges, first, tail, head, directed):  # type: ignore[no-untyped-def]
    """Counting sort of the arcs by their tails; returns how many there are."""
    ground = vertices - satellites
    for filling in (False, True):
        if not filling:
            first[:] = 0
        for v in range(satellites, vertices):
            start = v + ground
            if filling:
                at = first[start]
                tail[at], head[at], directed[at] = start, v, -1
            first[start + (not filling)] += 1
        for k in range(edges.shape[0]):
            for way in range(2):
                a, b = edges[k, way], edges[k, 1 - way]
                on_ground = a >= satellites
                copies = 2 if on_ground and b >= satellites else 1
                for copy in range(copies):
                    start = a + ground if on_ground and copy == 0 else a
                    end = b + ground if copies == 2 and copy == 0 else b
                    if filling:
                        at = first[start]
                        tail[at], head[at], directed[at] = start, end, 2 * k + way
                    first[start + (not filling)] += 1
        if not filling:
            for v in range(first.size - 1):
                first[v + 1] += first[v]
    for v in range(first.size - 1, 0, -1):
        first[v] = first[v - 1]
    first[0] = 0
    return first[first.size - 1]


def pattern(satellites: int, vertices: int, edges: Indices) -> Pattern:
    """Order the links by where they start, once for all snapshots with the same links.

    A link between satellites works both ways; one between a satellite and the ground is the
    way up for what starts on the ground and the way down for what ends there; one between
    ground vertices is fibre, open before the way up and after the way down.

    Args:
        satellites: how many of the vertices are satellites, the first ones [-]
        vertices: how many vertices there are, satellites and ground [-]
        edges: pairs of vertices, one row a link, shape (E, 2) [-]
    Returns:
        the pattern that the other functions of this module take [object]
    Raises:
        ValueError: when a link names a vertex that does not exist or joins one to itself
    Neglects:
        nothing
    Source:
        compressed sparse rows by counting sort
    """
    edges = np.ascontiguousarray(edges, dtype=np.int64).reshape(-1, 2)
    wrong = (edges < 0).any(axis=1) | (edges >= vertices).any(axis=1) | (edges[:, 0] == edges[:, 1])
    if wrong.any():
        k = int(np.argmax(wrong))
        raise ValueError(
            f"link {k} joins vertices {edges[k, 0]} and {edges[k, 1]}: must be two different"
            f" numbers from 0 to {vertices - 1}"
        )
    ground = vertices - satellites
    first = np.empty(vertices + ground + 1, dtype=np.int32)
    tail, head, directed = (np.empty(4 * len(edges) + ground, dtype=np.int32) for _ in range(3))
    arcs = _sorted_arcs(satellites, vertices, edges, first, tail, head, directed)
    return Pattern(satellites, vertices, first, tail[:arcs], head[:arcs], directed[:arcs])


@kernel
def _is_final(latency, end, front, behind):  # type: ignore[no-untyped-def]
    """Whether nothing that waits is nearer than the end, so that nothing leads there sooner."""
    for bucket in range(front.size):
        v = front[bucket]
        while v >= 0:
            if latency[v] < latency[end]:
                return False
            v = behind[v]
    return True


@kernel
def _spread(  # type: ignore[no-untyped-def]
    first, head, cost, source, end, per_second, latency, arrival, waits, behind, front, back
):
    """Fill one row: vertices wait in a ring of buckets by latency, first come first served.

    A vertex whose latency falls is handled again, so the result does not depend on the
    buckets' width, only the work does. An end below zero is none.
    """
    last = front.size - 1
    latency[:] = np.inf
    arrival[:] = -1
    waits[:] = False
    front[:] = -1
    latency[source] = 0.0
    waits[source], behind[source] = True, -1
    front[0], back[0] = source, source
    waiting, bucket = 1, 0
    while waiting:
        if front[bucket] < 0:
            while front[bucket] < 0:
                bucket = (bucket + 1) & last
            if end >= 0 and _is_final(latency, end, front, behind):
                break
        u = front[bucket]
        front[bucket] = behind[u]
        waits[u] = False
        waiting -= 1
        at = latency[u]
        for arc in range(first[u], first[u + 1]):
            v = head[arc]
            reached = at + cost[arc]
            if reached < latency[v]:
                latency[v], arrival[v] = reached, arc
                if not waits[v]:
                    waits[v], behind[v] = True, -1
                    waiting += 1
                    into = int(reached * per_second) & last
                    if front[into] < 0:
                        front[into] = v
                    else:
                        behind[back[into]] = v
                    back[into] = v


@kernel
def _from_each(first, head, cost, starts, ends, per_second, latency, arrival):  # type: ignore[no-untyped-def]
    """One row a source."""
    inner = first.size - 1
    waits, behind = np.empty(inner, dtype=np.bool_), np.empty(inner, dtype=np.int32)
    front, back = np.empty(_BUCKETS, dtype=np.int32), np.empty(_BUCKETS, dtype=np.int32)
    for k in range(starts.size):
        start, end, row, arcs = starts[k], ends[k], latency[k], arrival[k]
        _spread(first, head, cost, start, end, per_second, row, arcs, waits, behind, front, back)


def shortest(
    pattern: Pattern, seconds: Array, sources: ArrayLike, ends: ArrayLike | None = None
) -> tuple[Array, Numbers]:
    """Least latency from each source to every vertex, and the arc by which each is reached.

    Rows do not depend on each other: several threads can each take some of the sources.

    Args:
        pattern: from `pattern` [object]
        seconds: time that data need over each link, inf where it is blocked or failed,
            shape (E,) [s]
        sources: vertices from which to go, shape (m,) [-]
        ends: vertex of each source at which to stop, shape (m,): its row then holds for what is
            no farther away; None for every vertex [-]
    Returns:
        latency, inf where no way leads, shape (m, V) [s], and number of the arc that ends the
        way to each vertex, −1 where none does, shape (m, n + 2G) [-]
    Raises:
        ValueError: when a time is negative or not a number, or a source or end does not exist
    Neglects:
        waiting in queues, and the links' own motion while data are on their way (0.1 s at
        7.6 km/s: 0.8 km, 3 µs a link)
    Source:
        Dial, Communications of the ACM 12, 632 (1969), with buckets wider than the shortest
        link as by Meyer & Sanders, J. Algorithms 49, 114 (2003): the same latencies to the
        bit as Dijkstra's method
    """
    if not (seconds >= 0.0).all():
        k = int(np.argmin(seconds >= 0.0))
        raise ValueError(f"link {k} takes {seconds[k]} s: must be 0 or more, inf where it is down")
    starts = _vertices("source", sources, pattern)
    stops = np.full(starts.shape, -1) if ends is None else _vertices("end", ends, pattern)
    starts = np.where(
        starts < pattern.satellites, starts, starts + pattern.vertices - pattern.satellites
    )
    # directed // 2 is −1 for the arcs that cost nothing: they take the last place
    cost = np.append(seconds, 0.0)[pattern.directed // 2]
    shape = (len(starts), len(pattern.first) - 1)
    latency, arrival = np.empty(shape), np.empty(shape, dtype=np.int32)
    longest = np.max(cost, initial=0.0, where=np.isfinite(cost))
    per_second = (_BUCKETS - 2) / longest if longest > 0.0 else 1.0
    _from_each(pattern.first, pattern.head, cost, starts, stops, per_second, latency, arrival)
    return latency[:, : pattern.vertices], arrival


def _vertices(what: str, given: ArrayLike, pattern: Pattern) -> Indices:
    found = np.atleast_1d(np.asarray(given, dtype=np.int64))
    wrong = (found < 0) | (found >= pattern.vertices)
    if wrong.any():
        raise ValueError(
            f"{what} {found[np.argmax(wrong)]}: must be a vertex from 0 to {pattern.vertices - 1}"
        )
    return found


@kernel
def _hops(tail, directed, arrival, vertices, hops):  # type: ignore[no-untyped-def]
    """Links on the way to each vertex: walk back to a vertex that is known, then forth."""
    known = np.empty(arrival.shape[1], dtype=np.int32)
    trail = np.empty(arrival.shape[1], dtype=np.int32)
    for row in range(arrival.shape[0]):
        known[:] = -1
        for target in range(vertices):
            steps, v = 0, target
            while known[v] < 0 and arrival[row, v] >= 0:
                trail[steps] = v
                steps += 1
                v = tail[arrival[row, v]]
            count = max(known[v], 0)
            known[v] = count
            for k in range(steps - 1, -1, -1):
                count += directed[arrival[row, trail[k]]] >= 0
                known[trail[k]] = count
            hops[row, target] = count


def hops(pattern: Pattern, arrival: Numbers) -> Numbers:
    """Number of links on the shortest way to every vertex.

    Args:
        pattern: from `pattern` [object]
        arrival: from `shortest`, shape (m, n + 2G) [-]
    Returns:
        links on the way, 0 for the source itself and where no way leads, shape (m, V) [-]
    Neglects:
        nothing
    Source:
        none, a count
    """
    found = np.empty((len(arrival), pattern.vertices), dtype=np.int32)
    _hops(pattern.tail, pattern.directed, arrival, pattern.vertices, found)
    return found


@kernel
def _links(tail, directed, arrival, row, target, start, links):  # type: ignore[no-untyped-def]
    """Fill each path's links from its end; with no room for links, only count them."""
    counting = links.size == 0
    if counting:
        start[0] = 0
    for p in range(row.size):
        at = start[p + 1] if not counting else start[p]
        v = target[p]
        while arrival[row[p], v] >= 0:
            arc = arrival[row[p], v]
            if directed[arc] >= 0:
                if counting:
                    at += 1
                else:
                    at -= 1
                    links[at] = directed[arc]
            v = tail[arc]
        if counting:
            start[p + 1] = at


def links_of_paths(
    pattern: Pattern, arrival: Numbers, row: ArrayLike, target: ArrayLike
) -> tuple[Indices, Numbers]:
    """Links that each of many paths uses, in the order in which data run over them.

    Args:
        pattern: from `pattern` [object]
        arrival: from `shortest`, shape (m, n + 2G) [-]
        row: which source each path starts from, row of `arrival`, shape (P,) [-]
        target: vertex where each path ends, shape (P,) [-]
    Returns:
        place where each path's links begin, shape (P + 1,), and twice the number of each
        link, plus one where data run against its direction; none where no way leads [-]
    Neglects:
        nothing
    Source:
        none, the tree of `shortest` read backwards
    """
    rows = np.atleast_1d(np.asarray(row, dtype=np.int64))
    targets = np.atleast_1d(np.asarray(target, dtype=np.int64))
    start = np.empty(len(rows) + 1, dtype=np.int64)
    none = np.empty(0, dtype=np.int32)
    _links(pattern.tail, pattern.directed, arrival, rows, targets, start, none)
    links = np.empty(start[-1], dtype=np.int32)
    if links.size:
        _links(pattern.tail, pattern.directed, arrival, rows, targets, start, links)
    return start, links


def path(pattern: Pattern, arrival: Numbers, row: int, target: int) -> list[int]:
    """Vertices on the shortest way, the source first.

    Args:
        pattern: from `pattern` [object]
        arrival: from `shortest`, shape (m, n + 2G) [-]
        row: which source it starts from, row of `arrival` [-]
        target: vertex where it ends [-]
    Returns:
        vertices from source to target; the target alone when it is the source or no way
        leads there [-]
    Neglects:
        nothing
    Source:
        none, the tree of `shortest` read backwards
    """
    ground = pattern.vertices - pattern.satellites
    way, v = [target], target
    while arrival[row, v] >= 0:
        arc = arrival[row, v]
        v = int(pattern.tail[arc])
        if pattern.directed[arc] >= 0:
            way.append(v if v < pattern.vertices else v - ground)
    return way[::-1]
