"""Placement `latency_first`: every request to the nearest site that has room."""

import numpy as np

from dawndusk.compiled import kernel
from dawndusk.placement.matching import match
from dawndusk.placement.outlook import LEAST_POWER, Decision, Outlook, View, power_of_sites

ROOM = 0.8
"""Share of a node that requests may keep busy before the next site is asked [-]."""


def latency_first(outlook: Outlook, view: View) -> Decision:
    """Send each origin's requests to its nearest sites, as many as these have room for.

    The shortest delay between an origin with requests left and a site with room is served
    first, then the next shortest. A site's room falls with its light or charge, its clock
    and the requests that queue beyond its slots. What finds no room goes to the nearest
    site all the same; an origin that reaches no site keeps its requests. Jobs go to the
    sites that requests use least. Without a network all sites are equally near.

    Args:
        outlook: what time alone decides [object]
        view: the present [object]
    Returns:
        request weights by origin, their sum, and the job of every site [object]
    Neglects:
        changes of delay within the interval, energy beyond it, prices
    Source:
        the greedy transportation heuristic of least cost first, Dantzig 1963, Linear
        Programming and Extensions, ch. 14
    """
    known = outlook.latency.size > 0
    weights, placed = _place(
        outlook.latency if known else np.zeros((1, len(view.charge))),
        view.request_origin_share if known else np.ones(1),
        view.request_load,
        outlook.illumination,
        outlook.rows(),
        view.satellites,
        view.available,
        view.charge,
        view.speed,
        view.backlog,
        view.slots,
        view.job_of_site,
        view.job_active,
        view.job_nodes,
        view.job_gang,
        view.job_preemptible,
        view.job_deadline,
    )
    if not known:
        return Decision(weights[0], placed)
    return Decision(view.request_origin_share @ weights, placed, weights)


@kernel
def _nearest(latency, room):  # type: ignore[no-untyped-def]
    """The nearest site with room, −1 when none can be reached."""
    best, delay = -1, np.inf
    for site in range(room.size):
        if latency[site] < delay and room[site] > 0.0:
            best, delay = site, latency[site]
    return best


@kernel
def _share_out(latency, wanted, room):  # type: ignore[no-untyped-def]
    """Requests of each origin at each site, shortest delays first; uses `room` up."""
    origins = wanted.size
    taken = np.zeros(latency.shape)
    left = wanted.copy()
    usual = np.empty(origins, np.int64)
    next_site = np.empty(origins, np.int64)
    for origin in range(origins):
        usual[origin] = next_site[origin] = _nearest(latency[origin], room)
    while True:
        chosen, delay = -1, np.inf
        for origin in range(origins):
            if left[origin] <= 0.0 or next_site[origin] < 0:
                continue
            if room[next_site[origin]] <= 0.0:
                next_site[origin] = _nearest(latency[origin], room)
                if next_site[origin] < 0:
                    continue
            if latency[origin, next_site[origin]] < delay:
                chosen, delay = origin, latency[origin, next_site[origin]]
        if chosen < 0:
            break
        site = next_site[chosen]
        amount = min(left[chosen], room[site])
        taken[chosen, site] += amount
        left[chosen] -= amount
        room[site] -= amount
    for origin in range(origins):
        if usual[origin] >= 0 and (left[origin] > 0.0 or wanted[origin] <= 0.0):
            taken[origin, usual[origin]] += left[origin] if wanted[origin] > 0.0 else 1.0
    return taken


@kernel
def _place(  # type: ignore[no-untyped-def]
    latency,
    share,
    load,
    illumination,
    rows,
    satellites,
    available,
    charge,
    speed,
    backlog,
    slots,
    job_of_site,
    active,
    nodes,
    gang,
    preemptible,
    deadline,
):
    """Weights by origin, and jobs on the sites with power that requests use least."""
    power = power_of_sites(illumination, rows, satellites, available, charge, speed)
    room = np.empty(charge.size)
    for site in range(charge.size):
        power[site] = power[site] if power[site] > LEAST_POWER else 0.0
        room[site] = ROOM * power[site] / max(backlog[site] / slots, 1.0)
    weights = _share_out(latency, load * share, room)
    suited = power.copy()
    for origin in range(len(weights)):
        for site in range(charge.size):
            suited[site] -= power[site] * min(weights[origin, site], ROOM)
    for site in range(charge.size):
        suited[site] = max(suited[site], 1e-6 * power[site])
    placed = match(job_of_site, suited, active, nodes, gang, preemptible, deadline)
    return weights, placed
