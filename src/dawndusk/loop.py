"""The loop: decide → reveal → execute → power → heat → wear → record, interval by interval.

Decisions are taken once an interval; between them every site follows its own power, heat
and queue in `step`, minute by minute. Feedback exists only through the state into the next
interval, and what the interval will bring is revealed only after its decision.
"""

import os
import time as clock
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dawndusk import record, state
from dawndusk.demand import Demand
from dawndusk.fleet_plan import FleetPlan
from dawndusk.forecast import Forecast, Window
from dawndusk.placement.conformance import Policy, validate
from dawndusk.placement.outlook import Decision, Outlook, View
from dawndusk.record import Record
from dawndusk.scenario import Scenario
from dawndusk.state import State
from dawndusk.step import BLOCK, advance_ground, advance_satellites, arrive
from dawndusk.step_tables import DIE_MAX, FLOWS, Node, Surroundings
from dawndusk.workload import jobs

WINDOW = 60
"""Most steps forecast at a time [-]."""

CACHED = 1_200_000
"""Satellite-steps that a forecast may hold, so that it is still in the cache when used [-]."""

THREADED = 2048
"""Satellites from which an interval is shared among threads [-]."""

CHECKPOINT = 20.0
"""Least time between two checkpoints, by the host's clock [s]."""


def simulate(
    scenario: Scenario,
    plan: FleetPlan,
    forecast: Forecast | None,
    policy: Policy,
    demand: Demand,
    *,
    ground_nodes: int = 0,
    threads: int | None = None,
    progress: Callable[[float], None] = lambda share: None,
    stop: Callable[[], bool] = lambda: False,
    resume: State | None = None,
    save: Callable[[State], None] = lambda kept: None,
) -> Record:
    """Carry a scenario's demand through its satellites and ground nodes.

    Args:
        scenario: what is simulated [object]
        plan: the satellites as they are at the start [object]
        forecast: what time alone decides, None for ground nodes alone [object]
        policy: where work goes [object]
        demand: requests, jobs and interruptions [object]
        ground_nodes: nodes on the ground beside the satellites [-]
        threads: threads for the satellites, None for all processors [-]
        progress: called with the share of the time done [object]
        stop: asked at every decision; True ends the run there, in good order [object]
        resume: a state that `save` was given, to go on from [object]
        save: called with the state now and then [object]
    Returns:
        totals, series, events, requests and jobs [object]
    Raises:
        ValueError: when the policy's answer cannot be carried out
    """
    dt = scenario.time.step
    steps = round(scenario.time.duration / dt)
    interval = max(1, round(scenario.placement.interval / dt))
    every = max(1, round(scenario.record.interval / (interval * dt))) * interval
    satellites = plan.satellites if forecast else 0
    node = node_of(scenario, demand)
    now_on = resume or state.begin(plan, node, demand, satellites, ground_nodes)
    observer = record.Observer(scenario, plan, forecast, demand, node, satellites, ground_nodes)
    price, carbon = _grid(scenario, satellites, ground_nodes)
    horizon = interval * max(1, min(WINDOW, CACHED // max(1, satellites)) // interval)
    flows = np.zeros((-(-satellites // BLOCK), len(FLOWS)))
    ground = np.zeros(len(FLOWS))
    workers = threads or os.cpu_count() or 1
    shares = _shares(len(flows), workers if satellites >= THREADED else 1)
    arrival = demand.requests.arrival
    served = (now_on.load, now_on.engines, now_on.slots, tuple(demand.service))
    window: Window | None = None
    around: tuple[NDArray[np.float64], ...] | None = None
    saved = clock.monotonic()
    began = clock.process_time() - now_on.cpu

    with ThreadPoolExecutor(workers) as pool:
        while now_on.step < steps and not stop():
            row = now_on.step % horizon
            state.wear(scenario, plan, now_on)
            if row == 0 and clock.monotonic() - saved > CHECKPOINT:
                now_on.cpu = clock.process_time() - began
                save(now_on)
                saved = clock.monotonic()
            if forecast and (row == 0 or window is None):
                low = now_on.step - row
                window = forecast.window(low, min(low + horizon, steps))
                around = tuple(_surroundings(plan, window))
            count = min(interval, steps - now_on.step)
            now = now_on.step * dt
            later = now + count * dt

            view = state.view(plan, node, demand, now_on, satellites, now)
            ahead = window.illumination[row:] if window else np.empty((count, 0))
            ahead.flags.writeable = False
            decision = _ask(policy, Outlook(count * dt, dt, ahead, price, carbon), view)
            weights = _place_jobs(now_on, demand, decision.job_of_site, decision.weights, observer)
            _reveal(now_on, demand, later, observer)
            now_on.first = arrive(
                now_on.first,
                int(arrival.searchsorted(later)),
                now,
                weights,
                node.replicas,
                now_on.sites.backlog,
                *served,
            )

            if around is not None:
                arguments = (
                    row,
                    count,
                    now,
                    dt,
                    tuple(plan.craft),
                    tuple(node),
                    around,
                    tuple(now_on.fleet),
                    tuple(now_on.sites),
                    *served,
                    flows,
                )
                _advance(shares, arguments, pool)
                _add(now_on.satellites, flows)
            if ground_nodes:
                advance_ground(
                    satellites, count, now, dt, tuple(node), tuple(now_on.sites), *served, ground
                )
                _add(now_on.ground, ground[None])
            _settle_jobs(now_on, now, later, observer)
            now_on.step += count
            if now_on.step % every == 0 or now_on.step >= steps:
                observer.observe(now_on, window, row + count - 1, later)
            progress(now_on.step / steps)
    now_on.cpu = clock.process_time() - began
    if now_on.step < steps:
        save(now_on)
    return observer.finish(now_on, state.stored(plan, now_on), now_on.step >= steps)


def _ask(policy: Policy, outlook: Outlook, view: View) -> Decision:
    """A policy's valid answer; whatever goes wrong in it is told as wrong input."""
    try:
        decision = policy(outlook, view)
    except Exception as fault:
        raise ValueError(
            f"placement.policy: raised {type(fault).__name__} at {view.time:.0f} s: {fault}; "
            "correct it, `dawndusk check policy` shows it random situations"
        ) from fault
    validate(decision, view)
    return decision


def _advance(
    shares: list[tuple[int, int]], arguments: tuple[Any, ...], pool: ThreadPoolExecutor
) -> None:
    """Take all blocks through an interval; several shares at once on threads."""
    if len(shares) == 1:
        advance_satellites(*shares[0], *arguments)
    else:
        list(pool.map(lambda share: advance_satellites(*share, *arguments), shares))


def node_of(scenario: Scenario, demand: Demand) -> Node:
    """The compute node that satellites and ground sites share."""
    chip, compute = scenario.accelerator, scenario.satellite.compute
    return Node(
        accelerators=float(compute.count),
        idle_power=chip.idle_power,
        full_power=chip.tdp,
        host_power=compute.host_power,
        exponent=chip.power_exponent,
        minimum_frequency=compute.minimum_frequency,
        compute_activity=chip.compute_activity,
        memory_activity=chip.memory_activity,
        peak=compute.count * demand.peak,
        replicas=demand.replicas,
    )


def _grid(
    scenario: Scenario, satellites: int, ground: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Price and carbon of power by site, with the site's overhead [USD/J, kg/J]."""
    place = scenario.ground
    of_ground = np.concatenate([np.zeros(satellites), np.full(ground, place.pue)])
    price, carbon = of_ground * place.power_price, of_ground * place.carbon_intensity
    price.flags.writeable = carbon.flags.writeable = False
    return price, carbon


def _shares(blocks: int, workers: int) -> list[tuple[int, int]]:
    """Contiguous shares of the blocks, one a worker."""
    edges = np.linspace(0, blocks, min(workers, blocks) + 1).round().astype(int)
    return [(int(low), int(high)) for low, high in pairwise(edges)]


def _surroundings(plan: FleetPlan, window: Window) -> Surroundings:
    """The forecast as the compiled step reads it."""
    return Surroundings(
        window.irradiance,
        window.illumination,
        window.sun_cosine,
        np.atleast_2d(window.array_cosine),
        plan.radiator_view,
        plan.array_view,
        plan.terminator_spread,
    )


def _add(sums: NDArray[np.float64], flows: NDArray[np.float64]) -> None:
    """Add what blocks have summed up, in their order."""
    sums[:DIE_MAX] += flows[:, :DIE_MAX].sum(axis=0)
    np.maximum(sums[DIE_MAX:], flows[:, DIE_MAX:].max(axis=0), out=sums[DIE_MAX:])


def _place_jobs(
    now_on: State,
    demand: Demand,
    placed: NDArray[np.int32],
    weights: NDArray[np.float64],
    observer: "record.Observer",
) -> NDArray[np.float64]:
    """Carry a decision on jobs out; jobs that lose a site are saved and pay for it.

    Returns the weights, zero where a site's job leaves no memory for serving.
    """
    before = now_on.job_of_site
    table = now_on.jobs
    if demand.crowding:
        crowded = (placed >= 0) & demand.exclusive[np.maximum(placed, 0)]
        weights = np.where(crowded, 0.0, weights)
    if np.array_equal(placed, before):
        return weights
    lost = np.flatnonzero((before >= 0) & (placed != before))
    if lost.size:
        taken = np.bincount(before[lost], minlength=len(table))
        now = now_on.step * observer.step
        for job in np.flatnonzero((taken > 0) & (table["status"] < jobs.FINISHED)).tolist():
            members = int(taken[job])
            jobs.pause(job, members, table)
            observer.job_event(now_on, "job_moved", job, f"from {members} sites", now)
    now_on.job_of_site = placed.astype(np.int32)
    has = placed >= 0
    reached = table["utilisation"][np.where(has, placed, 0)] if len(table) else 0.0
    now_on.sites.utilisation[:] = np.where(has, reached, 0.0) * demand.job_rate
    return weights


def _reveal(now_on: State, demand: Demand, later: float, observer: "record.Observer") -> None:
    """Interruptions that begin before `later` strike their sites and jobs.

    Of several at one site in one interval (once in years at the published rate) the last counts.
    """
    faults = demand.interruptions
    last = int(np.searchsorted(faults.time, later))
    for k in range(now_on.fault, last):
        site, begins, until = int(faults.site[k]), float(faults.time[k]), float(faults.until[k])
        now_on.sites.down_from[site] = begins
        now_on.sites.down_until[site] = until
        job = int(now_on.job_of_site[site])
        if job >= 0:
            members = int(np.count_nonzero(now_on.job_of_site == job))
            jobs.roll_back(job, members, now_on.jobs)
        observer.site_event(now_on, "fault", site, begins, job, f"until {until:.0f} s")
        observer.site_event(now_on, "restart", site, until, job)
    now_on.fault = last


def _settle_jobs(now_on: State, now: float, later: float, observer: "record.Observer") -> None:
    """Credit the interval's work to the jobs and note what began and ended."""
    table = now_on.jobs
    if not len(table):
        return
    before, start = table["status"].copy(), table["start"].copy()
    jobs.settle(now, later - now, now_on.job_of_site, now_on.sites.job_flop, table)
    now_on.sites.job_flop[:] = 0.0
    status, due = table["status"], table["deadline"]
    passed = np.searchsorted(observer.demand.deadlines, (now, later), side="right")
    if passed[0] == passed[1] and np.array_equal(status, before):
        return
    late = (due > now) & (due <= later) & (status < jobs.FINISHED)
    for kind, struck, moment in (
        ("job_submitted", (before == jobs.PENDING) & (status != jobs.PENDING), "submit"),
        ("job_started", np.isnan(start) & ~np.isnan(table["start"]), "start"),
        ("deadline_missed", late, "deadline"),
        ("job_finished", (before != jobs.FINISHED) & (status == jobs.FINISHED), "finish"),
    ):
        for job in np.flatnonzero(struck):
            observer.job_event(now_on, kind, int(job), "", table[moment][job])
