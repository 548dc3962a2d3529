"""The loop: decide → reveal → execute → power → heat → wear → record, interval by interval.

Decisions are taken once an interval; between them every site follows its own power, heat
and queue in `step`, minute by minute. Feedback exists only through the state into the next
interval, and what the interval will bring is revealed only after its decision.
"""

import os
import time as clock
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dawndusk import record, state
from dawndusk.compiled import kernel
from dawndusk.connections import Connections, Snapshot
from dawndusk.demand import Demand
from dawndusk.execution import faults
from dawndusk.fleet_plan import FleetPlan
from dawndusk.forecast import Forecast, Window
from dawndusk.placement.conformance import Policy, validate
from dawndusk.placement.outlook import Decision, Outlook, View
from dawndusk.prospect import Prospect, plant
from dawndusk.real.work import RealWork
from dawndusk.record import Record
from dawndusk.scenario import Scenario
from dawndusk.state import State
from dawndusk.step import BLOCK, advance_ground, advance_satellites, arrive
from dawndusk.step_tables import DIE_MAX, FLOWS, Node, Surroundings
from dawndusk.traffic import Traffic
from dawndusk.traffic_record import network_record
from dawndusk.workload import jobs

WINDOW = 240
"""Most steps forecast at a time [-]."""

CACHED = 1_200_000
"""Satellite-steps that a forecast may hold, so that it is still in the cache when used [-]."""

THREADED = 2048
"""Satellites from which an interval is shared among threads [-]."""

FEW = 32
"""Interruptions in an interval up to which their jobs' sites are counted job by job [-]."""

CHECKPOINT = 20.0
"""Least time between two checkpoints, by the host's clock [s]."""

WORTH = 1.0
"""Least time that a loop has taken if its end is kept for what comes after it [s]."""


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
    network: Connections | None = None,
    real: RealWork | None = None,
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
        save: called with the state now and then, and before the last interval of a loop that
            takes long [object]
        network: links and users, None where everything reaches everything at once [object]
        real: jobs that really run, all are modelled unless given; not used to resume [object]
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
    traffic = Traffic(scenario, demand, node, network, len(now_on.job_of_site)) if network else None
    flowing = now_on.flowing
    if traffic and flowing is None:
        now_on.flowing = flowing = traffic.begin(len(now_on.jobs))
    if resume is None and real is not None:
        now_on.real = real
        real.begin(now_on)
    foresight = float(getattr(policy, "ahead", 0.0))
    prospect = (
        Prospect(scenario, plan, forecast, network, interval * dt, foresight)
        if forecast and foresight > 0.0
        else None
    )
    observer = record.Observer(scenario, plan, forecast, demand, node, satellites, ground_nodes)
    price, carbon = _grid(scenario, satellites, ground_nodes)
    horizon = interval * max(1, min(WINDOW, CACHED // max(1, satellites)) // interval)
    flows = np.zeros((-(-satellites // BLOCK), len(FLOWS)))
    ground = np.zeros(len(FLOWS))
    workers = threads or os.cpu_count() or 1
    shares = _shares(len(flows), workers if satellites >= THREADED else 1)
    arrival = demand.requests.arrival
    served = (now_on.load, now_on.engines, now_on.slots, tuple(demand.service))
    of_craft, of_node = tuple(plan.craft), tuple(node)
    of_fleet, of_sites = tuple(now_on.fleet), tuple(now_on.sites)
    window: Window | None = None
    around: tuple[NDArray[np.float64], ...] | None = None
    saved = started = clock.monotonic()
    began = clock.process_time() - now_on.cpu

    with ThreadPoolExecutor(workers) as pool:
        while now_on.step < steps and not stop():
            row = now_on.step % horizon
            state.wear(scenario, plan, now_on)
            by_now = clock.monotonic()
            last_one = steps - now_on.step <= interval and by_now - started > WORTH
            if by_now - saved > CHECKPOINT or last_one:
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

            seen = traffic.look(flowing, now) if traffic and flowing else None
            view = state.view(plan, node, demand, now_on, satellites, now)
            ahead = window.illumination[row:] if window else np.empty((count, 0))
            ahead.flags.writeable = False
            outlook = Outlook(count * dt, dt, ahead, price, carbon)
            if seen is not None or prospect is not None:
                outlook = _further(outlook, seen, prospect, scenario, plan, node, window, row, now)
            decision = _ask(policy, outlook, view)
            weights = _place_jobs(now_on, demand, decision, observer)
            _interrupt(now_on, demand, later, observer)
            _corrupt(now_on, demand, later, observer)
            last = int(arrival.searchsorted(later))
            if traffic and flowing:
                traffic.route(now_on, flowing, weights, last, now, count * dt)
                traffic.bind(now_on, flowing, now, count * dt)
            else:
                now_on.first = arrive(
                    now_on.first,
                    last,
                    now,
                    weights,
                    node.replicas,
                    now_on.sites.backlog,
                    *served,
                )
            if now_on.real is not None:
                now_on.real.plan(now_on, demand, traffic, now, later)

            if around is not None:
                arguments = (
                    row,
                    count,
                    now,
                    dt,
                    of_craft,
                    of_node,
                    around,
                    of_fleet,
                    of_sites,
                    *served,
                    flows,
                )
                _advance(shares, arguments, pool)
                _add(now_on.satellites, flows)
            if ground_nodes:
                advance_ground(satellites, count, now, dt, of_node, of_sites, *served, ground)
                _add(now_on.ground, ground[None])
            if traffic and flowing:
                traffic.worked_out(now_on, flowing)
            _settle_jobs(now_on, now, later, observer, traffic)
            state.keep_load(now_on, count * dt)
            now_on.step += count
            if now_on.step % every == 0 or now_on.step >= steps:
                observer.observe(now_on, window, row + count - 1, later)
            progress(now_on.step / steps)
    now_on.cpu = clock.process_time() - began
    if now_on.step < steps:
        save(now_on)
    return observer.finish(
        now_on,
        state.stored(plan, now_on),
        now_on.step >= steps,
        network_record(traffic, now_on) if traffic and traffic.snapshot else None,
    )


def _further(
    outlook: Outlook,
    seen: Snapshot | None,
    prospect: Prospect | None,
    scenario: Scenario,
    plan: FleetPlan,
    node: Node,
    window: Window | None,
    row: int,
    now: float,
) -> Outlook:
    """The outlook with the network as it is, and with slots ahead where the policy asks."""
    found: dict[str, Any] = {}
    if seen is not None:
        seen.delay.flags.writeable = False
        found["latency"] = seen.delay
    if prospect is not None and window is not None:
        sunlight, contact = prospect.ahead(now, seen)
        sunlight.flags.writeable = contact.flags.writeable = False
        irradiance = float(window.irradiance[row])
        found |= {
            "slot": prospect.slot,
            "sunlight": sunlight,
            "contact": contact,
            "plant": plant(scenario, plan, node, irradiance),
        }
    return replace(outlook, **found)


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


@kernel
def _add(sums, flows):  # type: ignore[no-untyped-def]
    """Add what blocks have summed up, in their order; of the last two keep the highest."""
    for block in range(flows.shape[0]):
        for k in range(DIE_MAX):
            sums[k] += flows[block, k]
        for k in range(DIE_MAX, flows.shape[1]):
            sums[k] = max(sums[k], flows[block, k])


def _move(now_on: State, now: float, later: float, traffic: Traffic | None) -> None:
    """Data move over the network; what sites did for their jobs has been credited."""
    if traffic and now_on.flowing:
        traffic.settle(now_on, now_on.flowing, now, later)
    now_on.sites.job_flop[:] = 0.0


@kernel
def _same(one, other):  # type: ignore[no-untyped-def]
    """Whether two rows agree."""
    different = 0
    for i in range(one.size):
        different += one[i] != other[i]
    return different == 0


@kernel
def _due(deadlines, now, later):  # type: ignore[no-untyped-def]
    """Whether one of the deadlines, in order, falls after `now` and not after `later`."""
    next_one = np.searchsorted(deadlines, now, side="right")
    return next_one < deadlines.size and deadlines[next_one] <= later


def _place_jobs(
    now_on: State,
    demand: Demand,
    decision: Decision,
    observer: "record.Observer",
) -> NDArray[np.float64]:
    """Carry a decision on jobs out; jobs that lose a site are saved and pay for it.

    Returns the weights, by origin where the policy gave such, zero where a site's job leaves
    no memory for serving.
    """
    placed = decision.job_of_site
    weights = decision.weights
    if decision.weights_by_origin is not None:
        weights = decision.weights_by_origin
    before = now_on.job_of_site
    table = now_on.jobs
    if demand.crowding:
        crowded = (placed >= 0) & demand.exclusive[np.maximum(placed, 0)]
        weights = np.where(crowded, 0.0, weights)
    if _same(placed, before):
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


@kernel
def _members(job, job_of_site, known):  # type: ignore[no-untyped-def]
    """Sites that work on a job; all jobs are counted at once where `known` has room for them."""
    if known.size == 0:
        found = 0
        for placed in job_of_site:
            found += placed == job
        return found
    if known[job] == 0:
        for placed in job_of_site:
            if placed >= 0:
                known[placed] += 1
    return known[job]


@kernel
def _take_down(now, struck, sites, job_of_site, table, rolled_back, of_job):  # type: ignore[no-untyped-def]
    """Sites go down and their jobs are rolled back; `of_job` receives the jobs' numbers."""
    time, site, until, cause = struck
    down_from, down_until = sites
    members = np.zeros(table.size if time.size > FEW else 0, np.int64)
    for k in range(time.size):
        place = site[k]
        left = min(down_until[place], time[k]) - max(down_from[place], now)
        down_from[place] = time[k]
        down_until[place] = until[k] + max(left, 0.0)
        job = job_of_site[place]
        of_job[k] = job
        if job < 0:
            continue
        rolled_back[cause[k]] += jobs.roll_back(job, _members(job, job_of_site, members), table)


def _interrupt(now_on: State, demand: Demand, later: float, observer: "record.Observer") -> None:
    """Interruptions that begin before `later` strike their sites and jobs.

    A site knows one time down: what an earlier one still had to go in this interval is added
    to the last.
    """
    found, first = demand.interruptions, now_on.fault
    if first == found.time.size or found.time[first] >= later:
        return
    now_on.fault = last = int(found.time.searchsorted(later))
    of_job = np.empty(last - first, np.int64)
    _take_down(
        now_on.step * observer.step,
        (
            found.time[first:last],
            found.site[first:last],
            found.until[first:last],
            found.cause[first:last],
        ),
        (now_on.sites.down_from, now_on.sites.down_until),
        now_on.job_of_site,
        now_on.jobs,
        now_on.rolled_back,
        of_job,
    )
    for k, job in zip(range(first, last), of_job.tolist(), strict=True):
        if now_on.events.full:
            now_on.events.count("fault", last - k)
            now_on.events.count("restart", last - k)
            break
        site, until = int(found.site[k]), float(found.until[k])
        told = f"{faults.CAUSES[found.cause[k]]}, until {until:.0f} s"
        observer.site_event(now_on, "fault", site, float(found.time[k]), job, told)
        observer.site_event(now_on, "restart", site, until, job)


@kernel
def _look_at(time, site, sites, job_of_site, table, corrupted, seen):  # type: ignore[no-untyped-def]
    """What silent corruptions strike, counted in `corrupted` and kept by strike in `seen`."""
    down_from, down_until, backlog = sites
    for k in range(time.size):
        place = site[k]
        job = job_of_site[place]
        found = record.IDLE
        if not down_from[place] <= time[k] < down_until[place]:
            if job >= 0 and table[job].status == jobs.RUNNING:
                found = record.ON_JOB
            elif backlog[place] > 0.0:
                found = record.SERVING
        corrupted[found] += 1
        seen[k] = found


def _corrupt(now_on: State, demand: Demand, later: float, observer: "record.Observer") -> None:
    """Silent corruptions before `later` are noted; nothing that computes takes notice of them.

    What a site does as the interval begins is what they strike.
    """
    (time, site), first = demand.strikes.silent, now_on.strike
    if first == time.size or time[first] >= later:
        return
    now_on.strike = last = int(time.searchsorted(later))
    seen = np.empty(last - first, np.int64)
    _look_at(
        time[first:last],
        site[first:last],
        (now_on.sites.down_from, now_on.sites.down_until, now_on.sites.backlog),
        now_on.job_of_site,
        now_on.jobs,
        now_on.corrupted,
        seen,
    )
    for k, what in zip(range(first, last), seen.tolist(), strict=True):
        if now_on.events.full:
            now_on.events.count("silent_corruption", last - k)
            break
        place = int(site[k])
        job = int(now_on.job_of_site[place]) if what == record.ON_JOB else -1
        told = record.CORRUPTED[what]
        observer.site_event(now_on, "silent_corruption", place, float(time[k]), job, told)


def _settle_jobs(
    now_on: State, now: float, later: float, observer: "record.Observer", traffic: Traffic | None
) -> None:
    """Credit the interval's work to the jobs, move their data, note what began and ended."""
    table = now_on.jobs
    if not len(table):
        _move(now_on, now, later, traffic)
        return
    status, due, deadlines = table["status"], table["deadline"], observer.demand.deadlines
    before, start = status.copy(), table["start"].copy()
    jobs.settle(now, later - now, now_on.job_of_site, now_on.sites.job_flop, table)
    if now_on.real is not None:
        now_on.real.settle(now_on, observer.demand, traffic, now, later)
    _move(now_on, now, later, traffic)
    if _same(status, before) and not _due(deadlines, now, later):
        return
    late = (due > now) & (due <= later) & ~(table["delivered"] <= due)
    for kind, struck, moment in (
        ("job_submitted", (before == jobs.PENDING) & (status != jobs.PENDING), "submit"),
        ("job_started", np.isnan(start) & ~np.isnan(table["start"]), "start"),
        ("deadline_missed", late, "deadline"),
        ("job_finished", (before != jobs.FINISHED) & (status == jobs.FINISHED), "finish"),
    ):
        for job in np.flatnonzero(struck):
            observer.job_event(now_on, kind, int(job), "", table[moment][job])
