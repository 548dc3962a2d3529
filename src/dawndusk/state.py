"""What changes in the loop, and what a policy is shown of it."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dawndusk.compiled import kernel
from dawndusk.demand import Demand
from dawndusk.execution import modelled
from dawndusk.fleet_plan import FleetPlan
from dawndusk.placement.outlook import View
from dawndusk.record import Events, Series
from dawndusk.satellite import ageing, thermal
from dawndusk.scenario import Scenario
from dawndusk.step_tables import BATTERY_LOSS, FLOWS, Fleet, Node, Sites
from dawndusk.workload import jobs


@dataclass
class State:
    """Everything that changes, and so all that a checkpoint must hold."""

    step: int
    first: int
    """First request not yet routed."""
    fault: int
    """First interruption not yet revealed."""
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
    series: Series = field(default_factory=Series)
    events: Events = field(default_factory=Events)
    recorded: dict[str, float] = field(default_factory=dict)
    """Running totals at the last record."""
    conditions: dict[str, NDArray[np.bool_]] = field(default_factory=dict)
    """Which satellites were in brown-out or throttled at the last record."""
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
        fleet=fleet,
        sites=Sites(
            down_from=np.full(sites, np.inf),
            down_until=np.full(sites, -np.inf),
            utilisation=np.zeros(sites),
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
    )
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
def _usable_charge(floor, energy, capacity, charge):  # type: ignore[no-untyped-def]
    """Battery energy above the compute floor over what is usable; 0 without a usable battery."""
    for i in range(energy.size):
        usable = (1.0 - floor) * capacity[i]
        share = (energy[i] - floor * capacity[i]) / usable if usable > 0.0 else 0.0
        share = share if share < 1.0 else 1.0
        charge[i] = share if share > 0.0 else 0.0


def view(
    plan: FleetPlan, node: Node, demand: Demand, state: State, satellites: int, now: float
) -> View:
    """The present as a policy may see it: nothing that has not happened yet."""
    sites, fleet, table = state.sites, state.fleet, state.jobs
    charge = np.ones(len(sites.speed))
    _usable_charge(plan.craft.compute_floor, fleet.energy, fleet.capacity, charge)
    known = table["submit"] <= now
    if known.all():
        table = table.copy()
    else:
        table = np.where(known, table, np.zeros((), table.dtype))
        table["deadline"][~known] = np.inf
    return View(
        time=now,
        satellites=satellites,
        available=(now < sites.down_from) | (now >= sites.down_until),
        charge=charge,
        speed=sites.speed.copy(),
        backlog=sites.backlog.copy(),
        slots=float(node.replicas * (demand.service.iteration.size - 1)),
        job_of_site=state.job_of_site.copy(),
        job_active=known & (table["status"] < jobs.FINISHED),
        job_nodes=table["nodes"],
        job_gang=table["kind"] == jobs.TRAINING,
        job_preemptible=table["preemptible"],
        job_deadline=table["deadline"],
        job_remaining=table["work"] - table["done"],
    )
