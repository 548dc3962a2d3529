"""Training and batch jobs: one table, settled at each decision, rolled back at each fault.

A training job is a gang: it advances by its number of nodes times the slowest of them. A
batch job advances by the sum. Every FLOP that sites execute for a job is accounted once:
executed = done + rolled back + checkpoints + restarts + stalled.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dawndusk.compiled import kernel

TRAINING, BATCH = range(2)
KINDS = ("training", "batch")

PENDING, WAITING, RUNNING, FINISHED, FAILED = range(5)
"""Status of a job: not submitted, no progress in the last interval, progress, done, given up."""

STATUS = ("pending", "waiting", "running", "finished", "failed")

JOB = np.dtype(
    [
        ("kind", np.int32),
        ("nodes", np.int32),
        ("work", np.float64),  # [FLOP]
        ("memory", np.float64),  # on each node [bytes]
        ("submit", np.float64),  # [s]
        ("deadline", np.float64),  # inf for none [s]
        ("preemptible", np.bool_),
        ("checkpoint_interval", np.float64),  # inf for none [s]
        ("checkpoint_time", np.float64),  # [s]
        ("restart_time", np.float64),  # [s]
        ("utilisation", np.float64),  # share of peak [-]
        ("input", np.float64),  # to its sites together before it starts [bytes]
        ("output", np.float64),  # to the ground after it ends [bytes]
        ("checkpoint_size", np.float64),  # [bytes]
        ("to_ground", np.bool_),  # checkpoints are sent to the ground
        ("exchange", np.float64),  # sent by each node per exchange_interval of work [bytes]
        ("exchange_interval", np.float64),  # [s]
        ("real", np.bool_),  # it really runs: whoever runs it enters what was done
        ("delivered", np.float64),  # output on the ground, NaN until [s]
        ("status", np.int32),
        ("faults", np.int32),
        ("start", np.float64),  # first progress, NaN until [s]
        ("finish", np.float64),  # NaN until [s]
        ("done", np.float64),  # [FLOP]
        ("saved", np.float64),  # in the last checkpoint [FLOP]
        ("phase", np.float64),  # time in the cycle of work and checkpoint [s]
        ("restart_left", np.float64),  # node seconds to go before work [s]
        ("executed", np.float64),  # [FLOP], this and the next four
        ("stalled", np.float64),
        ("checkpointed", np.float64),
        ("restarted", np.float64),
        ("rolled_back", np.float64),
    ],
    align=True,
)


class Declaration(Protocol):
    """What a kind of job is, as the scenario declares it."""

    name: str
    """Of the kind [object]."""
    kind: str
    """One of `KINDS` [object]."""
    count: int
    """Jobs of this kind [-]."""
    nodes: int
    """Sites it works on together [-]."""
    memory: float
    """On each node [bytes]."""
    submit: float
    """Of the first [s]."""
    every: float | None
    """Between one and the next [s]."""
    deadline: float | None
    """From submission [s]."""
    preemptible: bool
    """May be paused or moved [-]."""
    checkpoint_interval: float | None
    """Work between checkpoints [s]."""
    checkpoint_time: float
    """To write one [s]."""
    restart_time: float
    """To read one and go on [s]."""
    utilisation: float
    """Share of the peak rate it reaches [-]."""
    input: float
    """To its sites together before it starts [bytes]."""
    output: float
    """To the ground after it ends [bytes]."""
    checkpoint_size: float
    """Of all nodes together [bytes]."""
    checkpoint_to: str
    """Where checkpoints are kept, "aboard" or "ground" [object]."""
    exchange: float
    """Sent by each node per `exchange_interval` of work [bytes]."""
    exchange_interval: float
    """Work between two exchanges [s]."""


@dataclass(frozen=True)
class Jobs:
    """The jobs of a scenario."""

    names: tuple[str, ...]
    """Shape (jobs,) [object]."""
    table: NDArray
    """JOB records, shape (jobs,) [object]."""

    def __len__(self) -> int:
        return len(self.names)


def table(declarations: Iterable[tuple[Declaration, float]], duration: float) -> Jobs:
    """Jobs from their declarations, each paired with the work of one job.

    `count` jobs are submitted together at `submit`, and again at `submit + every`, … while
    the duration lasts; the deadline counts from each submission.

    Args:
        declarations: declaration and work in FLOP of each kind of job [object]
        duration: no job is submitted from then on, but for those of the first time [s]
    Returns:
        the jobs, nothing done yet [object]
    Raises:
        ValueError: when a kind is unknown or a quantity is out of range
    Neglects:
        nothing
    Source:
        none: bookkeeping
    """
    names: list[str] = []
    rows: list[dict[str, object]] = []
    for declared, work in declarations:
        _check(declared, work)
        times = 1
        if declared.every is not None:
            times = max(1, math.ceil((duration - declared.submit) / declared.every))
        copies = times * declared.count
        for copy in range(copies):
            submit = declared.submit + copy // declared.count * (declared.every or 0.0)
            names.append(f"{declared.name}-{copy + 1}" if copies > 1 else declared.name)
            rows.append(
                {
                    "kind": KINDS.index(declared.kind),
                    "nodes": declared.nodes,
                    "work": work,
                    "memory": declared.memory,
                    "submit": submit,
                    "deadline": np.inf if declared.deadline is None else submit + declared.deadline,
                    "preemptible": declared.preemptible,
                    "checkpoint_interval": declared.checkpoint_interval or np.inf,
                    "checkpoint_time": declared.checkpoint_time,
                    "restart_time": declared.restart_time,
                    "utilisation": declared.utilisation,
                    "input": declared.input,
                    "output": declared.output,
                    "checkpoint_size": declared.checkpoint_size,
                    "to_ground": declared.checkpoint_to == "ground",
                    "exchange": declared.exchange,
                    "exchange_interval": declared.exchange_interval,
                }
            )
    records = np.zeros(len(rows), JOB)
    for k, row in enumerate(rows):
        for field, value in row.items():
            records[field][k] = value
    records["start"] = records["finish"] = records["delivered"] = np.nan
    return Jobs(tuple(names), records)


def _check(declared: Declaration, work: float) -> None:
    path = f"workload.jobs[{declared.name}]"
    if declared.kind not in KINDS:
        raise ValueError(f"{path}.kind: {declared.kind!r}; allowed: {', '.join(KINDS)}; choose one")
    for field, value, lowest in (
        ("work", work, 0.0),
        ("count", declared.count, 1),
        ("nodes", declared.nodes, 1),
        ("memory", declared.memory, 0.0),
        ("submit", declared.submit, 0.0),
        ("checkpoint_time", declared.checkpoint_time, 0.0),
        ("restart_time", declared.restart_time, 0.0),
    ):
        if not (np.isfinite(value) and value >= lowest):
            raise ValueError(f"{path}.{field}: {value:g}; allowed: at least {lowest:g}; correct it")
    if not 0.0 < declared.utilisation <= 1.0:
        raise ValueError(
            f"{path}.utilisation: {declared.utilisation:g}; allowed: above 0, at most 1; correct it"
        )


@kernel
def settle(
    start: float,
    dt: float,
    job_of_site: NDArray[np.int32],
    executed: NDArray[np.float64],
    jobs: NDArray,
) -> NDArray[np.float64]:
    """What a decision interval's execution was worth to each job.

    A gang with fewer than its nodes stands still, and so does one with a node that did
    nothing. Restarts come first, then work and checkpoints in turn: a checkpoint counts
    when it is complete. What is executed after the end of a job is stalled.

    A job without output is delivered when it ends. What a real job has done is entered by
    whoever runs it.

    Args:
        start: beginning of the interval [s]
        dt: length of the interval [s]
        job_of_site: job each site works on, −1 for none, shape (sites,) [-]
        executed: by each site for its job, its utilisation counted in, shape (sites,) [FLOP]
        jobs: JOB records, changed, shape (jobs,) [object]
    Returns:
        progress made for each job, shape (jobs,) [FLOP]
    Neglects:
        unevenness inside the interval: a site's work is spread evenly over it, so a gang waits
        for its slowest node once an interval and not once a step (some 2 % more waiting at
        solstice, `design/gang_waiting.py`)
    Source:
        none: accounting
    """
    members = np.zeros(jobs.size, np.int64)
    total = np.zeros(jobs.size)
    slowest = np.full(jobs.size, np.inf)
    for site in range(job_of_site.size):
        j = job_of_site[site]
        if j >= 0:
            members[j] += 1
            total[j] += executed[site]
            slowest[j] = min(slowest[j], executed[site])
    progress = np.zeros(jobs.size)
    for j in range(jobs.size):
        job = jobs[j]
        if job.status == PENDING and job.submit < start + dt:
            job.status = WAITING
        if job.real:
            continue
        job.executed += total[j]
        gross = total[j]
        if job.kind == TRAINING:
            gross = job.nodes * slowest[j] if members[j] >= job.nodes else 0.0
        if job.status != WAITING and job.status != RUNNING:
            gross = 0.0
        if not gross > 0.0:
            job.stalled += total[j]
            if job.status == RUNNING:
                job.status = WAITING
            continue
        job.stalled += total[j] - gross
        job.status = RUNNING
        rate = gross / dt
        restart = min(dt, job.restart_left / members[j])
        job.restart_left = max(job.restart_left - restart * members[j], 0.0)
        job.restarted += rate * restart
        left = dt - restart
        if left > 0.0 and np.isnan(job.start):
            job.start = start + restart

        every, cost = job.checkpoint_interval, job.checkpoint_time
        worked = min(job.phase, every)
        cycles = 0.0
        useful = left
        if every < np.inf:
            cycles = np.floor((job.phase + left) / (every + cost))
            tail = job.phase + left - cycles * (every + cost)
            useful = max(cycles * every + min(tail, every) - worked, 0.0)
        need = (job.work - job.done) / rate
        if useful >= need:
            pauses = 0.0
            if every < np.inf:
                segments = np.ceil((worked + need) / every) - 1.0
                pauses = max(segments * cost + worked - job.phase, 0.0)
            elapsed = need + pauses
            progress[j] = job.work - job.done
            job.done = job.work
            job.checkpointed += rate * pauses
            job.stalled += rate * (left - elapsed)
            job.finish = start + restart + elapsed
            if not job.output > 0.0:
                job.delivered = job.finish
            job.status = FINISHED
            continue
        progress[j] = rate * useful
        job.checkpointed += rate * (left - useful)
        if cycles > 0.0:
            job.saved = job.done + rate * (cycles * every - worked)
            job.phase = tail
        else:
            job.phase += left
        job.done += progress[j]
    return progress


@kernel
def roll_back(j: int, members: int, jobs: NDArray) -> float:
    """A fault at one of a job's sites: work since the last checkpoint is lost.

    A gang loses all of it and restarts every member; a batch loses that site's share and
    restarts that site; what a real job loses is found where it runs.

    Args:
        j: job [-]
        members: sites that work on it, the failed one included [-]
        jobs: JOB records, changed, shape (jobs,) [object]
    Returns:
        work lost [FLOP]
    Neglects:
        differences in speed between the members of a batch
    Source:
        none: accounting
    """
    job = jobs[j]
    if job.status != WAITING and job.status != RUNNING:
        return 0.0
    if job.real:
        job.faults += 1
        return 0.0
    lost = job.done - job.saved
    if job.kind == TRAINING:
        job.phase = 0.0
        job.restart_left = job.restart_time * job.nodes
    else:
        lost /= max(members, 1)
        job.restart_left += job.restart_time
    job.done -= lost
    job.rolled_back += lost
    job.faults += 1
    return lost


@kernel
def pause(j: int, members: int, jobs: NDArray) -> None:
    """A decision takes sites away from a job: it is saved first, and restarts later.

    Writing that checkpoint and reading it again are paid when the job goes on.

    Args:
        j: job [-]
        members: sites that stop working on it [-]
        jobs: JOB records, changed, shape (jobs,) [object]
    Returns:
        nothing [-]
    Neglects:
        moving the checkpoint to other sites
    Source:
        none: accounting
    """
    job = jobs[j]
    if job.real or (job.status != WAITING and job.status != RUNNING):
        return
    again = job.restart_time + job.checkpoint_time
    if job.kind == TRAINING:
        job.saved = job.done
        job.phase = 0.0
        job.restart_left = again * job.nodes
    else:
        job.restart_left += again * members
    job.status = WAITING


def summary(jobs: NDArray, time: float) -> dict[str, int]:
    """How the jobs stand.

    Args:
        jobs: JOB records, shape (jobs,) [object]
        time: now [s]
    Returns:
        numbers of jobs submitted, finished, running, waiting, failed and late; submitted =
        finished + running + waiting + failed [-]
    Neglects:
        nothing
    Source:
        none: counting
    """
    count = np.bincount(jobs["status"], minlength=len(STATUS))
    end = np.where(np.isnan(jobs["delivered"]), time, jobs["delivered"])
    late = (jobs["status"] != PENDING) & (end > jobs["deadline"])
    named = {STATUS[k]: int(count[k]) for k in (FINISHED, RUNNING, WAITING, FAILED)}
    return {"submitted": sum(named.values()), **named, "deadline_missed": int(late.sum())}
