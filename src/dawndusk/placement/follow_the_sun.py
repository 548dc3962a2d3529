"""Placement `follow_the_sun`: work only where the Sun shines until the next decision."""

import numpy as np

from dawndusk.placement.matching import match
from dawndusk.placement.outlook import Decision, Outlook, View

SUNLIT = 0.99
"""Mean illumination from which an interval counts as sunlit [-]."""


def follow_the_sun(outlook: Outlook, view: View) -> Decision:
    """Serve and compute on satellites in full sunlight; spread requests evenly over them.

    Where no satellite is sunlit, requests go to the best-charged ones and jobs wait.

    Args:
        outlook: what time alone decides [object]
        view: the present [object]
    Returns:
        request weights and the job of every site [object]
    Neglects:
        queues, temperature and ground sites, which get nothing
    Source:
        Zhang et al. 2011, GreenWare (doi 10.1007/978-3-642-25821-3_8): follow renewable supply
    """
    satellites = view.satellites
    weights = np.zeros(len(view.charge))
    weights[:satellites] = outlook.next_interval() >= SUNLIT
    weights *= view.available
    jobs = match(
        view.job_of_site,
        weights,
        view.job_active,
        view.job_nodes,
        view.job_gang,
        view.job_preemptible,
        view.job_deadline,
    )
    if not weights.any():
        weights[:satellites] = view.charge[:satellites] * view.available[:satellites]
    return Decision(weights, jobs)
