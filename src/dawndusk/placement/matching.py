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
    only with all its nodes and is released whole when it cannot be completed.

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
    sites = len(job_of_site)
    jobs = len(active)
    placed = job_of_site.copy()
    members = np.zeros(jobs, np.int32)
    free = 0
    for site in range(sites):
        job = placed[site]
        if job >= 0 and (not active[job] or (score[site] <= 0.0 and preemptible[job])):
            placed[site] = -1
            job = -1
        if job >= 0:
            members[job] += 1
        elif score[site] > 0.0:
            free += 1
    wanted = 0
    incomplete = False
    for job in range(jobs):
        if active[job]:
            wanted += max(0, nodes[job] - members[job])
            incomplete = incomplete or (gang[job] and 0 < members[job] < nodes[job])
    if wanted == 0 or (free == 0 and not incomplete):
        return placed

    candidates = np.empty(free, np.int64)
    scores = np.empty(free, np.float64)
    found = 0
    for site in range(sites):
        if placed[site] < 0 and score[site] > 0.0:
            candidates[found] = site
            scores[found] = -score[site]
            found += 1
    if wanted < free:
        candidates = candidates[np.argsort(scores, kind="mergesort")]

    order = np.argsort(np.where(active, deadline, np.inf), kind="mergesort")
    taken = 0
    for job in order:
        if not active[job]:
            continue
        missing = nodes[job] - members[job]
        if missing <= 0:
            continue
        if gang[job] and missing > free - taken:
            continue
        for _ in range(min(missing, free - taken)):
            placed[candidates[taken]] = job
            members[job] += 1
            taken += 1
    for site in range(sites):
        job = placed[site]
        if job >= 0 and gang[job] and members[job] < nodes[job] and preemptible[job]:
            placed[site] = -1
    return placed
