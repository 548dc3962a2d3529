"""What changes in the loop, and what a policy is shown of it."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dawndusk.compiled import kernel
from dawndusk.demand import Demand
from dawndusk.execution import faults, modelled
from dawndusk.fleet_plan import FleetPlan
from dawndusk.network import transfer
from dawndusk.placement.outlook import View
from dawndusk.real.work import RealWork
from dawndusk.record import CONDITIONS, CORRUPTED, Events, Series
from dawndusk.satellite import ageing, thermal
from dawndusk.scenario import Scenario
from dawndusk.step_tables import BATTERY_LOSS, BUSY, FLOWS, JOB_BUSY, Fleet, Node, Sites
from dawndusk.traffic import Flowing
from dawndusk.workload import jobs

LOAD_MEMORY = 1800.0
"""Time over which the load of requests is averaged [s]."""


@dataclass
class State:
    """Everything that changes, and so all that a checkpoint must hold."""

    step: int
    first: int
    """First request not yet routed."""
    fault: int
    """First interruption not yet revealed."""
    strike: int
    """First silent corruption not yet revealed."""
    fleet: Fleet
    sites: Sites
    job_of_site: NDArray[np.int32]
    load: NDArray[np.int32]
    engines: NDArray[Any]
    slots: NDArray[Any]
    jobs: NDArray[Any]
    satellites: NDArray[np.float64]
    """Flows of the satellites so far, the highest seen for the last two."""
    ground: NDArray[np.float64]
    """Flows of the ground nodes so far."""
    stored_start: tuple[float, float]
    """Energy in batteries and heat in the heat path at the start [J]."""
    recorded: NDArray[np.float64]
    """Flows at the last record, then energy used and work of jobs done."""
    conditions: NDArray[np.bool_]
    """Which satellites were in which of `record.CONDITIONS` at the last record."""
    rolled_back: NDArray[np.float64]
    """Work of jobs that interruptions undid, by cause [FLOP]."""
    corrupted: NDArray[np.int64]
    """Silent corruptions so far, by what they struck, see `record.CORRUPTED` [-]."""
    flowing: Flowing | None = None
    """What moves over the network, None where it is not modelled."""
    request_load: float = 0.0
    """Nodes that requests kept busy, exponential mean of the past [-]."""
    request_busy: float = 0.0
    """Node time spent on requests so far [s]."""
    real: RealWork | None = None
    """Jobs that really run, None without any."""
    series: Series = field(default_factory=Series)
    events: Events = field(default_factory=Events)
    cpu: float = 0.0
    """Processor time so far [s]."""


def begin(plan: FleetPlan, node: Node, demand: Demand, satellites: int, ground: int) -> State:
    """The state at the start: batteries at their initial charge, heat path at rest when idle."""
    sites = satellites + ground
    load, engines, slots = modelled.queue(demand.requests, sites * node.replicas)
    craft = plan.craft
    idle = node.accelerators * node.idle_power
    housekeeping = node.host_power + craft.bus_load
    rest = thermal.steady(
        idle,
        housekeeping,
        0.0,
        craft.die_conductance,
        craft.loop_conductance,
        craft.emission,
        craft.sink,
    )
    fleet = Fleet(
        np.full(satellites, plan.battery_capacity_J * plan.battery_factor * plan.initial_charge),
        np.full(satellites, plan.battery_capacity_J * plan.battery_factor),
        np.zeros(satellites),
        *(np.full(satellites, temperature) for temperature in rest),
    )
    state = State(
        step=0,
        first=0,
        fault=0,
        strike=0,
        fleet=fleet,
        sites=Sites(
            down_from=np.full(sites, np.inf),
            down_until=np.full(sites, -np.inf),
            utilisation=np.zeros(sites),
            duty=np.ones(sites),
            link=np.ones(sites),
            job_flop=np.zeros(sites),
            speed=np.ones(sites),
            busy=np.zeros(sites),
            unserved=np.zeros(sites),
            backlog=np.zeros(sites),
            running=np.zeros(sites),
        ),
        job_of_site=np.full(sites, -1, np.int32),
        load=load,
        engines=engines,
        slots=slots,
        jobs=demand.jobs.table.copy(),
        satellites=np.zeros(len(FLOWS)),
        ground=np.zeros(len(FLOWS)),
        stored_start=(0.0, 0.0),
        recorded=np.zeros(len(FLOWS) + 2),
        conditions=np.zeros((len(CONDITIONS), satellites), np.bool_),
        rolled_back=np.zeros(len(faults.CAUSES)),
        corrupted=np.zeros(len(CORRUPTED), np.int64),
    )
    state.sites.down_from[demand.absent] = -np.inf
    state.sites.down_until[demand.absent] = np.inf
    state.stored_start = stored(plan, state)
    return state


def stored(plan: FleetPlan, state: State) -> tuple[float, float]:
    """Energy in batteries and heat in the heat path now [J]."""
    craft, fleet = plan.craft, state.fleet
    heat = (
        craft.die_capacity * fleet.die.sum()
        + craft.loop_capacity * fleet.loop.sum()
        + craft.radiator_capacity * fleet.radiator.sum()
    )
    return float(fleet.energy.sum()), float(heat)


@kernel
def _wear(begun, fade, discharged, capacity, energy):  # type: ignore[no-untyped-def]
    """Capacities by their throughput; returns the energy that batteries can hold no more [J]."""
    lost = 0.0
    for i in range(energy.size):
        capacity[i] = max(begun - fade * discharged[i], 0.0)
        lost += max(energy[i] - capacity[i], 0.0)
        energy[i] = min(energy[i], capacity[i])
    return lost


def wear(scenario: Scenario, plan: FleetPlan, state: State) -> None:
    """Batteries lose capacity, and what they cannot hold any more, by cycles and time."""
    battery = scenario.satellite.battery
    age = scenario.satellite.age + state.step * scenario.time.step
    full = plan.battery_capacity_J
    if not full:
        return
    begun = ageing.battery_factor(age, plan.cycles, battery.calendar_fade, battery.cycle_fade)
    fleet = state.fleet
    state.satellites[BATTERY_LOSS] += _wear(
        full * begun, battery.cycle_fade, fleet.discharged, fleet.capacity, fleet.energy
    )


@kernel
def _see_sites(now, floor, fleet, sites, available, seen):  # type: ignore[no-untyped-def]
    """Rows of `seen`: usable charge as a share and as energy [J], clock granted, backlog."""
    energy, capacity = fleet
    down_from, down_until, speed, backlog = sites
    for i in range(speed.size):
        available[i] = now < down_from[i] or now >= down_until[i]
        seen[0, i] = 1.0
        seen[1, i] = 0.0
        seen[2, i] = speed[i]
        seen[3, i] = backlog[i]
    for i in range(energy.size):
        usable = (1.0 - floor) * capacity[i]
        above = max(energy[i] - floor * capacity[i], 0.0)
        seen[0, i] = min(above / usable, 1.0) if usable > 0.0 else 0.0
        seen[1, i] = above


@kernel
def _see_jobs(now, rate, exclusive, table, flags, nodes, seen):  # type: ignore[no-untyped-def]
    """Known jobs: whether active, a gang, preemptible; nodes; deadline, work left, rate, restart.

    Jobs to come stay blank.
    """
    for j in range(table.size):
        job = table[j]
        known = job.submit <= now
        flags[0, j] = known and job.status < jobs.FINISHED
        flags[1, j] = known and job.kind == jobs.TRAINING
        flags[2, j] = known and job.preemptible
        flags[3, j] = known and exclusive[j]
        nodes[j] = job.nodes if known else 0
        seen[0, j] = job.deadline if known else np.inf
        seen[1, j] = job.work - job.done if known else 0.0
        seen[2, j] = rate * job.utilisation if known else 0.0
        seen[3, j] = job.restart_time if known else 0.0


def view(
    plan: FleetPlan, node: Node, demand: Demand, state: State, satellites: int, now: float
) -> View:
    """The present as a policy may see it: nothing that has not happened yet."""
    sites, fleet, table = state.sites, state.fleet, state.jobs
    available, seen = np.empty(sites.speed.size, np.bool_), np.empty((4, sites.speed.size))
    _see_sites(
        now,
        plan.craft.compute_floor,
        (fleet.energy, fleet.capacity),
        (sites.down_from, sites.down_until, sites.speed, sites.backlog),
        available,
        seen,
    )
    flags, nodes = np.empty((4, table.size), np.bool_), np.empty(table.size, np.int32)
    of_jobs = np.empty((4, table.size))
    _see_jobs(now, node.peak * demand.job_rate, demand.exclusive, table, flags, nodes, of_jobs)
    return View(
        time=now,
        satellites=satellites,
        available=available,
        charge=seen[0],
        energy=seen[1],
        speed=seen[2],
        backlog=seen[3],
        slots=float(node.replicas * (demand.service.iteration.size - 1)),
        job_of_site=state.job_of_site.copy(),
        job_active=flags[0],
        job_gang=flags[1],
        job_preemptible=flags[2],
        job_nodes=nodes,
        job_deadline=of_jobs[0],
        job_remaining=of_jobs[1],
        job_restart=of_jobs[3],
        job_exclusive=flags[3],
        request_load=state.request_load,
        **_of_network(demand, state, now, of_jobs[2]),
    )


def _of_network(
    demand: Demand, state: State, now: float, rate: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """What a policy is shown of data on their way and of where requests come from."""
    if state.flowing is None:
        return {"job_rate": rate}
    table = state.jobs
    waiting = transfer.awaited(state.flowing.transfers, transfer.INPUT, table.size, np.inf)
    return {
        "job_input_left": waiting.astype(np.float64),
        "job_rate": rate * state.flowing.shares,
        "job_input": np.where(table["submit"] <= now, table["input"], 0.0),
        "job_output": np.where(table["submit"] <= now, table["output"], 0.0),
        "request_origin_share": demand.origin_share,
    }


def keep_load(state: State, dt: float) -> None:
    """Enter an interval into the mean of the nodes that requests keep busy."""
    busy = 0.0
    for flows in (state.satellites, state.ground):
        busy += float(flows[BUSY] - flows[JOB_BUSY])
    fresh = 1.0 - math.exp(-dt / LOAD_MEMORY)
    state.request_load += fresh * ((busy - state.request_busy) / dt - state.request_load)
    state.request_busy = busy
