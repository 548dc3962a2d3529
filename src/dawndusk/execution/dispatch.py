"""Requests handed to sites and queued there, first come first served where they are served."""

import numpy as np
from numpy.typing import NDArray

from dawndusk.compiled import kernel, scalar
from dawndusk.requests import (
    DROPPED,
    NONE,
    WAITING,
    Service,
    decode_estimate,
    prompt_estimate,
)

GOLDEN = np.uint64(11400714819323198485)
"""2⁶⁴ / golden ratio, the multiplier of the Weyl sequence (Knuth, TAOCP 3, §6.4)."""


@kernel
def route(
    first: int,
    last: int,
    now: float,
    cumulative: NDArray[np.float64],
    replicas: int,
    load: NDArray[np.int32],
    engines: NDArray,
    slots: NDArray,
    service: Service,
) -> int:
    """Hand requests first … last − 1 to sites in proportion to their weights.

    Request i takes the site in which the i-th point of the golden-ratio sequence falls
    on the running sum of the weights, so that each site's share is right within a few
    requests in any stretch of them and no random number is drawn; at the site the
    engine with the least outstanding work. Without any weight they stay pending: call
    again from the index returned.

    Args:
        first: first request not yet routed [-]
        last: one past the last request to route [-]
        now: time of routing, the beginning of the step [s]
        cumulative: running sum of the sites' weights, shape (sites,) [-]
        replicas: engines at each site [-]
        load: requests waiting or running on each engine, changed, shape (engines,) [-]
        engines: engine records, changed, shape (engines,) [object]
        slots: request records, changed, shape (n,) [object]
        service: how an engine serves [object]
    Returns:
        first request not yet routed after this [-]
    Neglects:
        transmission time to the site; a request that no cache can hold is dropped here
    Source:
        Knuth, TAOCP 3, §6.4 (three-distance theorem of the golden ratio)
    """
    total = cumulative[-1]
    for i in range(first, last):
        if _hopeless(i, now, slots, service):
            continue
        if not total > 0.0:
            return i
        _queue_up(i, _drawn(i, cumulative), replicas, load, engines, slots, service)
    return max(first, last)


@scalar
def _hopeless(i: int, now: float, slots: NDArray, service: Service) -> bool:
    """Drop a request whose patience has ended or that no cache can hold."""
    slot = slots[i]
    late = slot.arrival + service.patience < now
    if late or slot.prompt + slot.output > service.capacity:
        slot.status = DROPPED
        slot.finish = slot.arrival + (service.patience if late else 0.0)
        return True
    return False


@scalar
def _drawn(i: int, cumulative: NDArray[np.float64]) -> int:
    """Site in which the i-th point of the golden-ratio sequence falls."""
    point = float((np.uint64(i + 1) * GOLDEN) >> np.uint64(16)) * 2.0**-48 * cumulative[-1]
    return int(np.searchsorted(cumulative, point, side="right"))


@scalar
def _queue_up(
    i: int,
    site: int,
    replicas: int,
    load: NDArray[np.int32],
    engines: NDArray,
    slots: NDArray,
    service: Service,
) -> None:
    """Put a request into the least loaded queue of a site, after those that are there before it."""
    slot = slots[i]
    e = site * replicas
    for k in range(site * replicas + 1, (site + 1) * replicas):
        if engines[k].work < engines[e].work:
            e = k
    engine = engines[e]
    there = slot.arrival + slot.lag
    before, after = engine.tail, NONE
    if before != NONE and slots[before].arrival + slots[before].lag > there:
        before, after = NONE, engine.head
        while slots[after].arrival + slots[after].lag <= there:
            before, after = after, slots[after].link
    if before == NONE:
        engine.head = i
    else:
        slots[before].link = i
    if after == NONE:
        engine.tail = i
    engine.work += prompt_estimate(slot.prompt, service)
    engine.work += decode_estimate(slot.prompt, slot.output, service)
    slot.status = WAITING
    slot.engine = e
    slot.link = after
    load[e] += 1


@kernel
def choose(
    asked: NDArray[np.int64],
    now: float,
    origin: NDArray[np.int16],
    cumulative: NDArray[np.float64],
    delay: NDArray[np.float64],
    slots: NDArray,
    service: Service,
    site: NDArray[np.int64],
) -> tuple[int, int]:
    """Sites for requests by the weights of where they come from, over the network.

    As `route`, but each origin has weights of its own and a request is at its site only when
    it has travelled there. Those with a site come first in `asked` afterwards, with their
    sites in `site`; those whose origin has no weight come last.

    Args:
        asked: requests, in order, changed [-]
        now: time of routing, the beginning of the step [s]
        origin: row of each request in the next two, shape (requests,) [-]
        cumulative: running sums of the sites' weights, shape (origins, sites) [-]
        delay: one way from origins to sites, shape (origins, sites) [s]
        slots: request records, changed, shape (n,) [object]
        service: how an engine serves [object]
        site: filled with the sites of those that have one, shape of `asked` [-]
    Returns:
        how many have a site, and how many have none [-]
    Neglects:
        waiting on full links, which comes on top before `enqueue`
    Source:
        as `route`
    """
    chosen, held = 0, np.empty(asked.size, np.int64)
    kept = 0
    for k in range(asked.size):
        i = asked[k]
        if _hopeless(i, now, slots, service):
            continue
        row = cumulative[origin[i]]
        if not row[-1] > 0.0:
            held[kept] = i
            kept += 1
            continue
        site[chosen] = _drawn(i, row)
        slots[i].delay = delay[origin[i], site[chosen]]
        slots[i].lag = max(now - slots[i].arrival, 0.0) + slots[i].delay
        asked[chosen] = i
        chosen += 1
    for k in range(kept):
        asked[chosen + k] = held[k]
    return chosen, kept


@kernel
def enqueue(
    chosen: NDArray[np.int64],
    site: NDArray[np.int64],
    replicas: int,
    load: NDArray[np.int32],
    engines: NDArray,
    slots: NDArray,
    service: Service,
) -> None:
    """Put requests into the queues of their sites, first come first served where they are served.

    Args:
        chosen: requests, best in the order in which they are at their sites [-]
        site: of each, shape (chosen,) [-]
        replicas: engines at each site [-]
        load: requests waiting or running on each engine, changed, shape (engines,) [-]
        engines: engine records, changed, shape (engines,) [object]
        slots: request records, changed, shape (n,) [object]
        service: how an engine serves [object]
    Returns:
        nothing [-]
    Neglects:
        choosing between a site's engines again when the request arrives
    Source:
        join the shortest queue, Winston 1977
    """
    for k in range(chosen.size):
        _queue_up(chosen[k], site[k], replicas, load, engines, slots, service)
