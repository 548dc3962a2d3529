"""What a fleet costs over its years, as its history buys, launches, mends and runs it.

An assembler beside `costs`, whose closed-form replacement it takes the place of: every satellite
built is an annuity over its life from the month in which it is built, whether it works or not.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dawndusk.constants import JULIAN_YEAR
from dawndusk.costs import Costs, hardware, with_hybrid
from dawndusk.deployment import Deployment
from dawndusk.economics import annuity, space_cost
from dawndusk.fleet import replacement
from dawndusk.fleet.replacement import History
from dawndusk.fleet_plan import FleetPlan
from dawndusk.scenario import Scenario

Array = NDArray[np.float64]

MONTHS = 12.0
"""In a year [-]."""


class Weights(NamedTuple):
    """What an event of each month adds to the yearly cost over the horizon, shape (months,)."""

    bought: Array
    """Of a dollar of capital [1/yr]."""
    running: Array
    """Of the month itself; they add up to one [-]."""
    spread: Array
    """Of something spread evenly over a satellite's life, without interest [1/yr]."""


class Strength(NamedTuple):
    """What a fleet over its years is worth beside the planned one, in each run, shape (runs,)."""

    capacity: Array
    """Discounted capacity over that of the planned fleet, all at work throughout [-]."""
    work: Array
    """Discounted delivered work over what the simulated day, repeated, would deliver [-]."""


def space_costs(
    scenario: Scenario,
    fleet: FleetPlan,
    deployment: Deployment,
    totals: Mapping[str, float],
    duration: float,
    launch_price: float | None = None,
) -> Costs:
    """Capital of the planned fleet and its yearly cost over the horizon, mean over the runs.

    The items are those of the fleet that is planned, without failures; "spares", "replacement"
    (what failures and lost launches make one buy beyond it) and "servicing" come on top.
    A `launch_price` given holds in all years.
    """
    prices, made, history = scenario.economics, deployment.made, deployment.history
    count = fleet.satellites
    years = scenario.satellite.life / JULIAN_YEAR
    rate = prices.discount_rate_space
    months = deployment.months
    weights = weigh(rate, years, months)
    insured = 1.0 + prices.insurance_fraction
    parts = {item: price / count for item, price in hardware(scenario, fleet).items()}
    satellite = sum(parts.values())
    mass = deployment.satellite_mass
    per_kg = (
        prices.launch_price * np.asarray(deployment.price_factor)
        if launch_price is None
        else np.full(months, launch_price)
    )

    def of_satellites(seen: History) -> tuple[Array, Array]:
        """Yearly cost of buying and of launching satellites, without insurance, by run."""
        bought = seen.built @ (satellite * weights.bought)
        return bought, (seen.placed + seen.lost) @ (mass * per_kg * weights.bought)

    planned, spared = undisturbed(made)
    first, with_spares, every = (of_satellites(seen) for seen in (planned, spared, history))
    ordered, launched = planned.built @ weights.bought, first[1]
    items: dict[str, Array] = {item: price * ordered for item, price in parts.items()}
    items |= {
        "launch": launched,
        "insurance": prices.insurance_fraction * (satellite * ordered + launched),
        "nre": np.array([annuity.annuity(prices.nre, rate, deployment.months / MONTHS)]),
        "operations": history.alive
        @ (space_cost.recurring(satellite, prices.operations_fraction) * weights.running)
        * JULIAN_YEAR,
        "spares": insured * (with_spares[0] - first[0] + with_spares[1] - first[1]),
        "replacement": insured * (every[0] - with_spares[0] + every[1] - with_spares[1]),
        "servicing": _servicing(scenario, deployment, satellite, per_kg, weights),
        "carbon": prices.carbon_price
        * prices.launch_carbon
        * (deployment.mass_launched @ weights.spread),
    }
    runs = np.sum(np.broadcast_arrays(*items.values()), axis=0)

    started = count * mass * float(per_kg[0])
    placed = insured * (count * satellite + started)
    capital = {item: count * price for item, price in parts.items()} | {
        "launch": started,
        "insurance": placed - count * satellite - started,
        "nre": prices.nre,
        "spares": placed * int((made.goal - made.wanted).max()) / count,
    }
    annual = {item: float(cost.mean()) for item, cost in items.items()}
    return with_hybrid(scenario, Costs(capital, annual, runs), totals, duration)


def spending(scenario: Scenario, fleet: FleetPlan, deployment: Deployment) -> dict[str, Array]:
    """Money as it is spent in each month, undiscounted and not spread over lives [USD].

    Mean over the runs, columns beside those of `deployment.tables`' "fleet"; design is paid in
    the first month.
    """
    prices, history = scenario.economics, deployment.history
    satellite = sum(hardware(scenario, fleet).values()) / fleet.satellites
    made = history.built.mean(axis=0) * satellite
    per_kg = prices.launch_price * np.asarray(deployment.price_factor)
    launched = deployment.mass_launched.mean(axis=0) * per_kg
    kits = history.kits_launched.mean(axis=0) * _kit(scenario, deployment, satellite)
    visits = history.swaps.mean(axis=0) * scenario.fleet.servicing.visit_price
    running = space_cost.recurring(satellite, prices.operations_fraction) * JULIAN_YEAR / MONTHS
    design = np.zeros(deployment.months)
    design[0] = prices.nre
    return {
        "spent_satellites_usd": made,
        "spent_launch_usd": launched,
        "spent_insurance_usd": prices.insurance_fraction * (made + kits + launched),
        "spent_servicing_usd": kits + visits,
        "spent_operations_usd": history.alive.mean(axis=0) * running,
        "spent_design_usd": design,
    }


def weigh(rate: float, life: float, months: int) -> Weights:
    """Weights of the months of a horizon, for a discount rate and a satellite life in years."""
    edges = np.arange(months + 1) / MONTHS
    start, horizon = edges[:-1], months / MONTHS
    whole = annuity.worth(rate, horizon)
    ends = np.minimum(start + life, horizon)
    return Weights(
        bought=annuity.levelised_share(start, rate, life, horizon),
        running=np.diff(annuity.worth(rate, edges)) / whole,
        spread=(annuity.worth(rate, ends) - annuity.worth(rate, start)) / (whole * life),
    )


def undisturbed(made: replacement.Plan) -> tuple[History, History]:
    """The plan if nothing ever failed: without spares, and with them; one run each."""
    sure = made._replace(
        failure=np.zeros_like(made.failure),
        hazard=np.zeros_like(made.hazard),
        success=np.ones_like(made.success),
    )
    return (
        replacement.simulate(sure._replace(goal=made.wanted), seed=0, runs=1),
        replacement.simulate(sure, seed=0, runs=1),
    )


def launched_carbon(scenario: Scenario, deployment: Deployment) -> float:
    """Carbon dioxide of the launches, each spread over the life of what it launched [kg/yr]."""
    life = scenario.satellite.life / JULIAN_YEAR
    mass = deployment.mass_launched.mean(axis=0)
    return float(mass @ weigh(0.0, life, len(mass)).spread) * scenario.economics.launch_carbon


def strength(
    scenario: Scenario,
    fleet: FleetPlan,
    deployment: Deployment,
    delivered: float,
    efficiency: ArrayLike | None = None,
) -> Strength:
    """Capacity and work over the years beside the simulated day of the planned fleet.

    `delivered` is what a planned satellite delivers on that day, all its accelerators at work,
    `efficiency` what the capacity of a new one delivers in each month [FLOP/s]; None is the
    day's throughout, less the accelerators that stand by as spares.
    """
    at_work = share_at_work(scenario)
    rate = scenario.economics.discount_rate_space
    life = scenario.satellite.life / JULIAN_YEAR
    running = weigh(rate, life, deployment.months).running / fleet.satellites
    seen = deployment.history.capacity
    capacity = at_work * (seen @ running)
    if efficiency is None or delivered <= 0.0:
        return Strength(capacity, capacity)
    return Strength(capacity, seen @ (running * np.asarray(efficiency, float) / delivered))


def share_at_work(scenario: Scenario) -> float:
    """Accelerators of a new satellite that work over those it carries."""
    count = scenario.satellite.compute.count
    return float((count - scenario.fleet.accelerator_spares) / count)


def _servicing(
    scenario: Scenario, deployment: Deployment, satellite: float, per_kg: Array, weights: Weights
) -> Array:
    """Yearly cost of modules with their servicers, and of visits, by run [USD/yr]."""
    history, visit = deployment.history, scenario.fleet.servicing.visit_price
    kit = _kit(scenario, deployment, satellite)
    insured = 1.0 + scenario.economics.insurance_fraction
    bought = insured * (kit + deployment.kit_mass * per_kg) * weights.bought
    return np.asarray(
        history.kits_launched @ bought + history.swaps @ (visit * MONTHS * weights.running)
    )


def _kit(scenario: Scenario, deployment: Deployment, satellite: float) -> float:
    """Price of a module with its share of a servicer, 0 without servicing [USD]."""
    given, visits = scenario.fleet.servicing, deployment.service.visits
    if not visits:
        return 0.0
    return given.module_price_share * satellite + given.servicer_price / visits
