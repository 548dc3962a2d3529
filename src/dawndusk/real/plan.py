"""Assembler of what a real job will do in the coming interval, as far as can be foreseen.

Sites are only asked for the time in which their job can work, so that they do not spend energy
while replicas wait for bytes or for each other. Nothing is executed here.
"""

import math
from collections.abc import Mapping, Sequence

from dawndusk.constants import BITS
from dawndusk.execution.training.coordinator import Training
from dawndusk.execution.training.transfers import ring
from dawndusk.real.jobs import RealJob
from dawndusk.real.links import Carrier, Lines, Place
from dawndusk.real.seats import Seat

SLACK = 1e-3
"""Asked of a site beyond what was foreseen, for rounding [s]."""

SLOWEST = 1e-9
"""Least speed that is reckoned with, over full clock [-]."""


def foreseen(
    job: RealJob,
    training: Training,
    seats: Sequence[Seat],
    placed: Sequence[bool],
    carrier: Carrier,
    moving: Mapping[int, int],
    place: Place,
    lines: Lines,
    now: float,
    later: float,
) -> list[float]:
    """Share of an interval in which each replica's site will work.

    Replicas work until they must exchange, wait for the slowest and for the bytes at the rates of
    now, and work again; each at the speed it had last. What is not foreseen is faults and
    checkpoints.

    Args:
        job: what it is [object]
        training: its coordinator [object]
        seats: of its replicas [object]
        placed: a decision has given each replica a site [-]
        carrier: bytes under way, their rates known [object]
        moving: number of the movement of each replica that changes its site, by rank [-]
        place: vertices of ranks [object]
        lines: links in the interval [object]
        now: beginning of the interval [s]
        later: its end [s]
    Returns:
        shares by rank; whole for one that is not there and may come back at any time [-]
    """
    free, steps, unit, left = {}, {}, {}, {}
    cycle = max(1, job.method.interval // job.method.fragments)
    for rank, seat in enumerate(seats):
        unit[rank] = job.unit_time / max(seat.speed, SLOWEST)
        coming = _coming(carrier, rank, now)
        if rank in training.present:
            left[rank] = job.units - training.done(rank)
            steps[rank] = min(training.room(rank), left[rank]) - float(seat.carry)
            free[rank] = max(now, seat.busy)
            if rank in moving:
                free[rank] = max(free[rank], carrier.expected(moving[rank], now))
            if not placed[rank]:
                free[rank] = math.inf
        elif coming is not None:
            left[rank], steps[rank], free[rank] = job.units, float(cycle), coming
    shares = [1.0] * job.replicas
    if not free:
        return shares
    worked = {rank: max(0.0, min(seats[rank].busy, later) - now) for rank in free}
    spent = _exchange(job, sorted(free), place, lines)
    arrivals = [
        carrier.expected(number, now)
        for number, bulk in carrier.under_way.items()
        if bulk.kind == "exchange"
    ]
    due = max(arrivals, default=None)
    while min(free.values()) < later:
        ends = {rank: free[rank] + max(steps[rank], 0.0) * unit[rank] for rank in free}
        for rank, end in ends.items():
            worked[rank] += max(0.0, min(end, later) - min(free[rank], later))
            left[rank] -= math.ceil(steps[rank])
        if job.method.name == "single" or all(still <= 0 for still in left.values()):
            break
        met = max(ends[rank] - job.method.overlap * unit[rank] for rank in free)
        result, due = met + spent if due is None else due, None
        free = {rank: max(end, result) for rank, end in ends.items()}
        steps = {rank: float(min(cycle, max(left[rank], 0))) for rank in free}
    for rank, time in worked.items():
        shares[rank] = min(1.0, (time + SLACK) / (later - now)) if time > 0.0 else 0.0
    return shares


def _coming(carrier: Carrier, rank: int, now: float) -> float | None:
    """When a lost replica's numbers will be there, None where they are not under way [s]."""
    for number, bulk in carrier.under_way.items():
        if bulk.kind in ("rejoin", "restore") and any(leg.target == rank for leg in bulk.legs):
            return carrier.expected(number, now)
    return None


def _exchange(job: RealJob, ranks: Sequence[int], place: Place, lines: Lines) -> float:
    """Time that an exchange among replicas takes at the rates of now [s]."""
    legs = ring(job.size.parameters // job.method.fragments, ranks)
    if not legs or job.method.name == "single":
        return 0.0
    ways = lines.rates([(place(each.source), place(each.target)) for each in legs])
    hops = 2 * (len(legs) - 1)
    return max(
        BITS * each.size * job.data_scale / rate + hops * latency if rate > 0.0 else math.inf
        for each, (rate, latency) in zip(legs, ways, strict=True)
    )
