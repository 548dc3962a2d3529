"""Which sites work on which jobs, given a score for every site."""

import numpy as np
from numpy.typing import NDArray

from dawndusk.compiled import kernel


@kernel
def match(
    job_of_site: NDArray[np.int32],
    score: NDArray[np.float64],
    active: NDArray[np.bool_],
    nodes: NDArray[np.int32],
    gang: NDArray[np.bool_],
    preemptible: NDArray[np.bool_],
    deadline: NDArray[np.float64],
) -> NDArray[np.int32]:
    """Keep jobs where they run well, move them where they do not, start those that wait.

    Sites with a score of zero or less take no new job and give up a preemptible one.
    Jobs are served earliest deadline first, then in order of submission; a gang starts
    only with all its nodes. One that lost nodes while it ran is mended first, by free sites
    and then by those of preemptible batch jobs, latest deadline first: all its other sites
    stand still meanwhile. If that is not enough it is placed anew.

    Args:
        job_of_site: job of each site now, -1 for none [-], shape (sites,)
        score: how well a site suits work, best first [-], shape (sites,)
        active: job is submitted and unfinished [-], shape (jobs,)
        nodes: sites a job wants [-], shape (jobs,)
        gang: all sites of the job must run together [-], shape (jobs,)
        preemptible: job may be moved [-], shape (jobs,)
        deadline: end the job is wanted by, inf for none [s], shape (jobs,)
    Returns:
        job of each site for the coming interval [-], shape (sites,)
    Neglects:
        the cost of moving, which the loop charges as restart time
    Source:
        earliest-deadline-first, Liu & Layland 1973 (doi 10.1145/321738.321743), with backfilling
        as in Lifka 1995 (doi 10.1007/3-540-60153-8_35)
    """
    placed = job_of_site.copy()
    members = np.zeros(len(active), np.int32)
    for site in range(len(placed)):
        job = placed[site]
        if job >= 0 and (not active[job] or (score[site] <= 0.0 and preemptible[job])):
            placed[site] = -1
        elif job >= 0:
            members[job] += 1
    broken = gang & preemptible & active & (members < nodes)
    if (members[broken] > 0).any():
        for job in np.flatnonzero(broken):
            if members[job] > 0:
                _mend(job, nodes[job], placed, score, members, gang | ~preemptible, deadline)
        broken = broken & (members < nodes)
        for site in range(len(placed)):
            if placed[site] >= 0 and broken[placed[site]]:
                placed[site] = -1
        members[broken] = 0
    waiting = np.flatnonzero(active & (members < nodes))
    if not len(waiting):
        return placed

    candidates = np.flatnonzero((placed < 0) & (score > 0.0))
    candidates = candidates[np.argsort(-score[candidates], kind="mergesort")]
    taken = 0
    for job in waiting[np.argsort(deadline[waiting], kind="mergesort")]:
        missing, free = nodes[job] - members[job], len(candidates) - taken
        if gang[job] and missing > free:
            continue
        for _ in range(min(missing, free)):
            placed[candidates[taken]] = job
            taken += 1
    return placed


@kernel
def _mend(job, wanted, placed, score, members, kept, deadline):  # type: ignore[no-untyped-def]
    """Give a gang the sites it misses, free ones first, if there are enough; else nothing."""
    rank = np.full(len(placed), np.inf)
    for site in range(len(placed)):
        holder = placed[site]
        if score[site] > 0.0 and holder < 0:
            rank[site] = -score[site]
        elif score[site] > 0.0 and not kept[holder]:
            rank[site] = 1.0 / max(deadline[holder], 1e-300)
    missing = wanted - members[job]
    order = np.argsort(rank, kind="mergesort")[:missing]
    if len(order) < missing or rank[order[-1]] == np.inf:
        return
    for site in order:
        if placed[site] >= 0:
            members[placed[site]] -= 1
        placed[site] = job
    members[job] = wanted
