"""Placement `greedy`: send work where most of it can be done now."""

import numpy as np

from dawndusk.placement.matching import match
from dawndusk.placement.outlook import Decision, Outlook, View

FULL_CHARGE = 0.5
"""Usable charge above which a battery no longer holds a site back [-]."""


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
    power = np.ones(len(view.charge))
    satellites = view.satellites
    if satellites:
        charge = np.minimum(view.charge[:satellites] / FULL_CHARGE, 1.0)
        np.maximum(outlook.next_interval(), charge, out=power[:satellites])
    power *= view.available
    power *= np.maximum(view.speed, 0.05)
    weights = power / (1.0 + view.backlog / view.slots)
    jobs = match(
        view.job_of_site,
        np.where(power > 0.05, weights, 0.0),
        view.job_active,
        view.job_nodes,
        view.job_gang,
        view.job_preemptible,
        view.job_deadline,
    )
    return Decision(weights, jobs)
