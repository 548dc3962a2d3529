"""Links shared among flows: max-min fair rates, and what they carry in an interval.

Each flow follows one path. Rates rise together until a link on a flow's path is full, then
that flow stands and the others go on rising. A link that cannot fill whatever happens is
left out from the start, so only the links that may bind cost time.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dawndusk.compiled import kernel
from dawndusk.constants import BITS

REFRESH = 1e-2
"""Share of a weight left at which its sum is taken anew, to shed cancelled digits [-]."""

NEAR = 1e-9
"""Rates this close to a level count as at the level [-]."""


class Drained(NamedTuple):
    """What flows carried in an interval."""

    sent: NDArray[np.float64]
    """By each flow, shape (flows,) [bytes]."""
    begin: NDArray[np.float64]
    """First byte, from the start of the interval, inf for none, shape (flows,) [s]."""
    end: NDArray[np.float64]
    """Last byte, from the start of the interval, inf when some are left, shape (flows,) [s]."""
    binding: NDArray[np.int64]
    """Link that held each flow back last, -1 for its own demand, shape (flows,) [-]."""


def max_min(
    capacity: NDArray[np.float64],
    path_start: NDArray[np.integer],
    path_edge: NDArray[np.integer],
    demand: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Max-min fair rates: none can rise without another, no larger one, falling.

    A flow without a path is given a demand of 0; a flow with an empty path meets no link and
    gets its demand.

    Args:
        capacity: of each link in its direction, inf for no limit, shape (links,) [bit/s]
        path_start: where each flow's links begin in path_edge, shape (flows + 1,) [-]
        path_edge: links of the paths one after another [-]
        demand: highest rate of each flow, inf for no limit, shape (flows,) [bit/s]
    Returns:
        rate [bit/s], and the link that binds or -1 where demand does [-], each of shape (flows,)
    Raises:
        ValueError: when a capacity, a path or a demand is out of range
    Neglects:
        the way transport protocols approach fairness, and splitting a flow over several paths
    Source:
        progressive filling, Bertsekas & Gallager, Data Networks, 2nd ed. 1992, §6.5.2
    """
    capacity, path_start, path_edge, demand = _checked(capacity, path_start, path_edge, demand)
    return _share(capacity, path_start, path_edge, demand, np.ones(demand.size))


def equal_share(
    capacity: NDArray[np.float64],
    path_start: NDArray[np.integer],
    path_edge: NDArray[np.integer],
    demand: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Rates in proportion to demand: on a full link every flow waits with the same share.

    This is how flows that stand for many requests share a link: the share of the requests
    that get through is made max-min fair, not the rate.

    Args:
        capacity: of each link in its direction, inf for no limit, shape (links,) [bit/s]
        path_start: where each flow's links begin in path_edge, shape (flows + 1,) [-]
        path_edge: links of the paths one after another [-]
        demand: offered by each flow, 0 without a path, shape (flows,) [bit/s]
    Returns:
        rate [bit/s], and the link that binds or -1 where demand does [-], each of shape (flows,)
    Raises:
        ValueError: when a capacity, a path or a demand is out of range, or demand has no end
    Neglects:
        the size of single requests
    Source:
        weighted progressive filling, Bertsekas & Gallager, Data Networks, 2nd ed. 1992, §6.5.2,
        with weights equal to demands
    """
    capacity, path_start, path_edge, demand = _checked(capacity, path_start, path_edge, demand)
    if np.isinf(demand).any():
        raise ValueError("network.demand: inf; allowed: finite rates to share by; give a rate")
    return _share(capacity, path_start, path_edge, demand, demand)


def load(
    links: int,
    path_start: NDArray[np.integer],
    path_edge: NDArray[np.integer],
    rate: NDArray[np.float64],
) -> NDArray[np.float64]:
    """What all flows together put on each link.

    Args:
        links: number of links [-]
        path_start: where each flow's links begin in path_edge, shape (flows + 1,) [-]
        path_edge: links of the paths one after another [-]
        rate: of each flow, shape (flows,) [bit/s]
    Returns:
        load of each link, shape (links,) [bit/s]
    Neglects:
        nothing
    Source:
        none: a sum
    """
    return np.bincount(path_edge, np.repeat(rate, np.diff(path_start)), links).astype(float)


def drain(
    capacity: NDArray[np.float64],
    path_start: NDArray[np.integer],
    path_edge: NDArray[np.integer],
    demand: NDArray[np.float64],
    left: NDArray[np.float64],
    release: NDArray[np.float64],
    dt: float,
) -> Drained:
    """Move what is left of every flow through an interval at max-min fair rates.

    When a flow begins or ends inside the interval the rates are shared anew at that moment,
    so every end is exact. Only flows that share links with it, directly or through others,
    are looked at again. At most two such moments a flow.

    Args:
        capacity: of each link in its direction, inf for no limit, shape (links,) [bit/s]
        path_start: where each flow's links begin in path_edge, shape (flows + 1,) [-]
        path_edge: links of the paths one after another [-]
        demand: highest rate, inf for no limit, 0 without a path, shape (flows,) [bit/s]
        left: to carry, shape (flows,) [bytes]
        release: when a flow may begin, from the start of the interval, shape (flows,) [s]
        dt: length of the interval [s]
    Returns:
        what each flow carried, when it began and ended, and its binding link [object]
    Raises:
        ValueError: when an array is out of range
    Neglects:
        changes of capacity and path inside the interval
    Source:
        max-min fair fluid flows, Massoulié & Roberts 2002 (doi 10.1023/A:1013837718914)
    """
    capacity, path_start, path_edge, demand = _checked(capacity, path_start, path_edge, demand)
    left = np.ascontiguousarray(left, np.float64)
    release = np.ascontiguousarray(release, np.float64)
    for name, values in (("left", left), ("release", release)):
        if values.shape != demand.shape:
            raise ValueError(
                f"network.{name}: shape {values.shape}; allowed: {demand.shape}; one a flow"
            )
        if not ((values >= 0.0) & (values < np.inf)).all():
            raise ValueError(
                f"network.{name}: {values.min():g} to {values.max():g}; "
                "allowed: finite, at least 0; correct it"
            )
    if not 0.0 <= dt < np.inf:
        raise ValueError(f"network.dt: {dt:g}; allowed: finite, at least 0; correct it")
    order = np.argsort(release, kind="stable")
    moved = _drain(capacity, path_start, path_edge, demand, left, release, order, float(dt))
    return Drained(*moved)


def _checked(  # type: ignore[no-untyped-def]
    capacity, path_start, path_edge, demand
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """The same arrays as the kernels want them, once they are in range."""
    capacity = np.ascontiguousarray(capacity, np.float64)
    demand = np.ascontiguousarray(demand, np.float64)
    path_start = np.ascontiguousarray(path_start, np.int64)
    path_edge = np.ascontiguousarray(path_edge, np.int64)
    for name, values in (("capacity", capacity), ("demand", demand)):
        if not (values >= 0.0).all():
            raise ValueError(
                f"network.{name}: {values[~(values >= 0.0)][0]:g}; allowed: at least 0; correct it"
            )
    whole = path_start.size == demand.size + 1 and path_start[0] == 0
    if not (whole and path_start[-1] == path_edge.size and (np.diff(path_start) >= 0).all()):
        raise ValueError(
            f"network.path_start: {path_start.size} offsets for {demand.size} flows and "
            f"{path_edge.size} links; allowed: 0 first, rising, one more than flows; correct it"
        )
    if path_edge.size and not (path_edge.min() >= 0 and path_edge.max() < capacity.size):
        raise ValueError(
            f"network.path_edge: {path_edge.min()} to {path_edge.max()}; "
            f"allowed: 0 to {capacity.size - 1}; correct it"
        )
    return capacity, path_start, path_edge, demand


@kernel
def _couple(capacity, path_start, path_edge, demand):  # type: ignore[no-untyped-def]
    """Ceiling of each flow alone, the link that sets it, and who meets on links that may fill.

    Flows with the same tightest link bring no more than it carries to any other link.
    """
    flows, links = demand.size, capacity.size
    ceiling, tight = demand.copy(), np.full(flows, -1, np.int64)
    first, after = np.full(links + 1, -1, np.int64), np.empty(flows, np.int64)
    for f in range(flows):
        for k in range(path_start[f], path_start[f + 1]):
            if capacity[path_edge[k]] < ceiling[f]:
                ceiling[f], tight[f] = capacity[path_edge[k]], path_edge[k]
        after[f] = first[tight[f]]
        first[tight[f]] = f
    highest = np.zeros(links)
    last, group = np.full(links, -1, np.int64), np.full(links, -1, np.int64)
    for e in range(-1, links):
        f = first[e]
        while f >= 0:
            for k in range(path_start[f], path_start[f + 1]):
                other = path_edge[k]
                if last[other] == f or group[other] != e or other == e or e < 0:
                    highest[other] += ceiling[f]
                last[other], group[other] = f, e
            f = after[f]
    number = np.full(links, -1, np.int64)
    kept = 0
    for e in range(links):
        if highest[e] > capacity[e]:
            number[e] = kept
            kept += 1
    name = np.empty(kept, np.int64)
    limit = np.empty(kept)
    edge_start = np.zeros(kept + 1, np.int64)
    for e in range(links):
        if number[e] >= 0:
            name[number[e]], limit[number[e]] = e, capacity[e]
    flow_start = np.zeros(flows + 1, np.int64)
    flow_edge = np.empty(path_edge.size, np.int64)
    size = 0
    for f in range(flows):
        if ceiling[f] > 0.0:
            for k in range(path_start[f], path_start[f + 1]):
                e = number[path_edge[k]]
                if e >= 0:
                    flow_edge[size] = e
                    edge_start[e + 1] += 1
                    size += 1
        flow_start[f + 1] = size
    edge_start = np.cumsum(edge_start)
    edge_flow = np.empty(size, np.int64)
    place = edge_start[:-1].copy()
    for f in range(flows):
        for k in range(flow_start[f], flow_start[f + 1]):
            e = flow_edge[k]
            edge_flow[place[e]] = f
            place[e] += 1
    return ceiling, tight, name, limit, flow_start, flow_edge, edge_start, edge_flow


@kernel
def _sift(key, item, at, size):  # type: ignore[no-untyped-def]
    """Let the entry at a place of the heap sink to where it belongs."""
    value, what = key[at], item[at]
    while True:
        child = 2 * at + 1
        if child >= size:
            break
        if child + 1 < size and key[child + 1] < key[child]:
            child += 1
        if key[child] >= value:
            break
        key[at], item[at] = key[child], item[child]
        at = child
    key[at], item[at] = value, what


@kernel
def _fill(members, weight, coupled, rate, binding, rising, spare, pull, full):  # type: ignore[no-untyped-def]
    """Progressive filling of the members, which share no link with other flows under way.

    A heap holds the level at which each link fills and each flow meets its ceiling. A link's
    level only rises as flows stop, so it is looked at again when it comes to the top.
    """
    ceiling, tight, name, limit, flow_start, flow_edge, edge_start, edge_flow = coupled
    links = limit.size
    entries = members.size
    for f in members:
        rising[f] = ceiling[f] > 0.0 and weight[f] > 0.0
        rate[f] = np.inf if rising[f] else 0.0
        binding[f] = tight[f]
        for k in range(flow_start[f], flow_start[f + 1]):
            pull[flow_edge[k]] = 0.0
            entries += 1
    key, item = np.empty(entries), np.empty(entries, np.int64)
    size = 0
    for f in members:
        if not rising[f]:
            continue
        if ceiling[f] < np.inf:
            key[size], item[size] = ceiling[f] / weight[f], links + f
            size += 1
        for k in range(flow_start[f], flow_start[f + 1]):
            e = flow_edge[k]
            if pull[e] == 0.0:
                item[size] = e
                size += 1
            pull[e] += weight[f]
    for k in range(size):
        if item[k] < links:
            e = item[k]
            full[e] = pull[e]
            key[k] = spare[e] / pull[e]
    for at in range(size // 2 - 1, -1, -1):
        _sift(key, item, at, size)

    while size > 0:
        level, what = key[0], item[0]
        first, last = what - links, what - links + 1
        if what < links:
            first, last = edge_start[what], edge_start[what + 1]
            if pull[what] < REFRESH * full[what]:
                pull[what] = 0.0
                for k in range(first, last):
                    if rising[edge_flow[k]]:
                        pull[what] += weight[edge_flow[k]]
                full[what] = pull[what]
            now = spare[what] / pull[what] if pull[what] > 0.0 else np.inf
            if level < now < np.inf:
                key[0] = now
                _sift(key, item, 0, size)
                continue
            last = first if now == np.inf else last
        size -= 1
        key[0], item[0] = key[size], item[size]
        _sift(key, item, 0, size)
        for k in range(first, last):
            f = edge_flow[k] if what < links else k
            if not rising[f]:
                continue
            rising[f] = False
            rate[f] = min(level * weight[f], ceiling[f])
            if what < links:
                binding[f] = name[what]
            for each in range(flow_start[f], flow_start[f + 1]):
                e = flow_edge[each]
                spare[e] = max(spare[e] - rate[f], 0.0)
                pull[e] -= weight[f]


@kernel
def _share(capacity, path_start, path_edge, demand, weight):  # type: ignore[no-untyped-def]
    """Rates and binding links of all flows at once."""
    flows = demand.size
    coupled = _couple(capacity, path_start, path_edge, demand)
    rate, binding = np.zeros(flows), np.empty(flows, np.int64)
    links = coupled[2].size
    spare, pull, full = coupled[3].copy(), np.empty(links), np.empty(links)
    rising = np.zeros(flows, np.bool_)
    _fill(np.arange(flows), weight, coupled, rate, binding, rising, spare, pull, full)
    return rate, binding


@kernel
def _reach(seeds, level, coupled, rate, moving, members, spare, seen_flow, seen_edge, mark):  # type: ignore[no-untyped-def]
    """Flows under way whose rate may change with the seeds'; how many.

    They share links with the seeds, directly or through others, at the level or above it:
    what stopped below the level at which a flow stood does not notice that the flow is gone.
    """
    limit, flow_start, flow_edge, edge_start, edge_flow = coupled[3:]
    count = 0
    for f in seeds:
        members[count] = f
        seen_flow[f] = mark
        count += 1
    look = 0
    while look < count:
        f = members[look]
        look += 1
        for k in range(flow_start[f], flow_start[f + 1]):
            e = flow_edge[k]
            if seen_edge[e] == mark:
                continue
            seen_edge[e] = mark
            spare[e] = limit[e]
            for j in range(edge_start[e], edge_start[e + 1]):
                other = edge_flow[j]
                if not moving[other]:
                    continue
                if rate[other] < level:
                    spare[e] = max(spare[e] - rate[other], 0.0)
                elif seen_flow[other] != mark:
                    seen_flow[other] = mark
                    members[count] = other
                    count += 1
    return count


@kernel
def _drain(capacity, path_start, path_edge, demand, left, release, order, dt):  # type: ignore[no-untyped-def]
    """The interval from one beginning or end of a flow to the next."""
    flows = demand.size
    coupled = _couple(capacity, path_start, path_edge, demand)
    links = coupled[2].size
    rate, binding = np.zeros(flows), coupled[1].copy()
    spare, pull, full = np.empty(links), np.empty(links), np.empty(links)
    weight, rising = np.ones(flows), np.zeros(flows, np.bool_)
    moving, before = np.zeros(flows, np.bool_), np.zeros(flows)
    since, bits = release.copy(), BITS * left
    begin, end = np.full(flows, np.inf), np.full(flows, np.inf)
    until = np.full(flows, np.inf)
    members, seeds = np.empty(flows, np.int64), np.empty(flows, np.int64)
    under_way = np.empty(flows, np.int64)
    seen_flow, seen_edge = np.full(flows, -1, np.int64), np.full(links, -1, np.int64)
    next_one, busy, mark = 0, 0, 0
    while True:
        now = np.inf
        for k in range(busy):
            now = min(now, until[under_way[k]])
        if next_one < flows and release[order[next_one]] < dt:
            now = min(now, release[order[next_one]])
        if now > dt:
            break
        count, kept, level = 0, 0, np.inf
        for k in range(busy):
            f = under_way[k]
            if until[f] <= now:
                level = min(level, rate[f] * (1.0 - NEAR))
                moving[f], end[f], bits[f] = False, now, 0.0
                seeds[count] = f
                count += 1
            else:
                under_way[kept] = f
                kept += 1
        busy = kept
        while next_one < flows and release[order[next_one]] <= min(now, dt):
            f = order[next_one]
            next_one += 1
            if bits[f] == 0.0:
                begin[f] = end[f] = release[f]
            else:
                moving[f], level = True, 0.0
                under_way[busy], seeds[count] = f, f
                busy, count = busy + 1, count + 1
        reached = _reach(
            seeds[:count], level, coupled, rate, moving, members, spare, seen_flow, seen_edge, mark
        )
        mark += 1
        count = 0
        for k in range(reached):
            f = members[k]
            if moving[f]:
                members[count], before[f] = f, rate[f]
                count += 1
        _fill(members[:count], weight, coupled, rate, binding, rising, spare, pull, full)
        for f in members[:count]:
            if rate[f] != before[f]:
                bits[f] = max(bits[f] - before[f] * (now - since[f]), 0.0)
                since[f] = now
                until[f] = now + bits[f] / rate[f] if rate[f] > 0.0 else np.inf
                begin[f] = min(begin[f], now) if rate[f] > 0.0 else begin[f]
    sent = left.copy()
    for k in range(busy):
        f = under_way[k]
        rest = bits[f] - rate[f] * (dt - since[f])
        sent[f] = max(left[f] - max(rest, 0.0) / BITS, 0.0)
    for k in range(next_one, flows):
        sent[order[k]] = 0.0
    return sent, begin, end, binding
