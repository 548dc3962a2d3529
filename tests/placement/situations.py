"""Presents that a policy may be shown, built by hand or drawn at random."""

import numpy as np
from hypothesis import strategies as st

from dawndusk.placement.outlook import Outlook, View


def present(satellites=4, ground=2, jobs=(), *, illumination=1.0, price=2e-8, **changes):
    """Idle, charged, sunlit sites at full clock; `jobs` as (nodes, gang, preemptible, deadline)."""
    sites = satellites + ground
    table = np.array(jobs, dtype=float).reshape(-1, 4)
    light = np.empty((10, satellites))
    light[:] = illumination
    grid = np.concatenate([np.zeros(satellites), np.broadcast_to(price, ground)])
    view = {
        "time": 0.0,
        "satellites": satellites,
        "available": np.ones(sites, bool),
        "charge": np.ones(sites),
        "speed": np.ones(sites),
        "backlog": np.zeros(sites),
        "slots": 64.0,
        "job_of_site": np.full(sites, -1, np.int32),
        "job_active": np.ones(len(table), bool),
        "job_nodes": table[:, 0].astype(np.int32),
        "job_gang": table[:, 1] > 0.0,
        "job_preemptible": table[:, 2] > 0.0,
        "job_deadline": np.ascontiguousarray(table[:, 3]),
        "job_remaining": np.full(len(table), 1e20),
    }
    view |= {name: np.asarray(value) for name, value in changes.items()}
    return Outlook(300.0, 60.0, light, grid, 5.0 * grid), View(**view)


BATCH, GANG = (2, False, True, np.inf), (3, True, True, np.inf)


@st.composite
def matchings(draw, complete=False):
    """Arguments of `match`: a placement that an earlier match could have left.

    Gangs are whole or absent, no job has more sites than it wants; unless `complete`, sites
    may since have become useless and jobs may have ended.
    """
    sites, jobs = draw(st.integers(0, 12)), draw(st.integers(0, 5))
    seed = draw(st.integers(0, 2**32 - 1))
    random = np.random.default_rng(seed)
    nodes = random.integers(1, 5, jobs).astype(np.int32)
    gang = random.random(jobs) < 0.5
    placed = np.full(sites, -1, np.int32)
    free = list(random.permutation(sites))
    for job in range(jobs):
        members = nodes[job] if gang[job] else random.integers(0, nodes[job] + 1)
        if members <= len(free) and random.random() < 0.7:
            for _ in range(members):
                placed[free.pop()] = job
    score = random.choice([0.25, 0.5, 0.75, 1.0], sites) + 0.2 * random.random(sites)
    active = np.ones(jobs, bool)
    if not complete:
        score[random.random(sites) < 0.3] = draw(st.sampled_from([0.0, -1.0]))
        active = random.random(jobs) < 0.8
    deadline = np.where(random.random(jobs) < 0.5, np.inf, random.integers(1, 4, jobs) * 1e3)
    return placed, score, active, nodes, gang, random.random(jobs) < 0.6, deadline
