"""Placement `ground_only`: everything runs on the ground nodes."""

import numpy as np

from dawndusk.placement.matching import match
from dawndusk.placement.outlook import Decision, Outlook, View


def ground_only(outlook: Outlook, view: View) -> Decision:
    """Send requests to the least loaded ground nodes, cheapest power first, and jobs likewise.

    Args:
        outlook: what time alone decides [object]
        view: the present [object]
    Returns:
        request weights and the job of every site [object]
    Neglects:
        the satellites, which stay idle
    Source:
        Qureshi et al. 2009, Cutting the electric bill (doi 10.1145/1592568.1592584)
    """
    weights = np.zeros(len(view.charge))
    ground = slice(view.satellites, None)
    price = outlook.power_price[ground]
    cheapness = price.min() / price if len(price) and price.min() > 0 else 1.0
    weights[ground] = view.available[ground] / (1.0 + view.backlog[ground] / view.slots)
    weights[ground] *= cheapness
    jobs = match(
        view.job_of_site,
        weights,
        view.job_active,
        view.job_nodes,
        view.job_gang,
        view.job_preemptible,
        view.job_deadline,
    )
    return Decision(weights, jobs)
