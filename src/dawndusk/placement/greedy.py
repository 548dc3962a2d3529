"""Placement `greedy`: send work where most of it can be done now."""

import numpy as np

from dawndusk.compiled import kernel
from dawndusk.placement.matching import match
from dawndusk.placement.outlook import LEAST_POWER, Decision, Outlook, View, power_of_sites


def greedy(outlook: Outlook, view: View) -> Decision:
    """Weigh sites by the power they have and the queue they carry.

    A site counts with the larger of its illumination over the interval and its usable
    charge (full weight from half charge up), times the clock it was granted last, divided
    by one plus its load; ground sites always have power.

    Args:
        outlook: what time alone decides [object]
        view: the present [object]
    Returns:
        request weights and the job of every site [object]
    Neglects:
        anything beyond the interval: eclipses to come, deadlines, prices
    Source:
        weighted least-connection scheduling, Zhang 2000 (Linux Virtual Server)
    """
    weights, jobs = _place(
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
    return Decision(weights, jobs)


@kernel
def _place(  # type: ignore[no-untyped-def]
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
    """Weights of the sites, and jobs on those that have the power for them."""
    power = power_of_sites(illumination, rows, satellites, available, charge, speed)
    weights = np.empty(charge.size)
    suited = np.empty(charge.size)
    for site in range(charge.size):
        weights[site] = power[site] / (1.0 + backlog[site] / slots)
        suited[site] = weights[site] if power[site] > LEAST_POWER else 0.0
    placed = match(job_of_site, suited, active, nodes, gang, preemptible, deadline)
    return weights, placed
