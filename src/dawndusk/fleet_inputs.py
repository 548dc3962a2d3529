"""What the fleet over years is given: ramp-up, lifetimes, servicers, prices, from the scenario."""

import bisect
import math
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dawndusk.constants import DAY, JULIAN_YEAR, SGP4_MU
from dawndusk.environment import atmosphere
from dawndusk.fleet import launch, reliability, servicing
from dawndusk.fleet_plan import FleetPlan
from dawndusk.scenario import Scenario

Array = NDArray[np.float64]
Counts = NDArray[np.int64]

MONTH = JULIAN_YEAR / 12.0
"""A twelfth of a Julian year [s]."""

MEAN_ANGLE = 0.5 * math.pi
"""Along the orbit from a servicer to the satellite that failed [rad], mean of 0 to π."""

STOCKED = 0.5 * JULIAN_YEAR
"""Failures of this time are what servicers kept in orbit should mend [s]."""


class Service(NamedTuple):
    """Robotic exchange of modules; a kit is a module with its share of a servicer."""

    visits: int
    """Satellites a servicer reaches, 0 without servicing [-]."""
    servicers: int
    """Kept in orbit [-]."""
    visit_delta_v: float
    """Of one visit [m/s]."""
    module_mass: float
    """Of a new module [kg]."""
    kit_mass: float
    """Of a module with its share of a servicer [kg]."""
    per_launch: int
    """Kits launched together [-]."""


NO_SERVICE = Service(0, 0, 0.0, 0.0, 0.0, 1)


def wanted(scenario: Scenario, plan: FleetPlan, start: float, months: int) -> Counts:
    """Satellites wanted at work in each month."""
    milestones = scenario.fleet.milestones
    if not milestones:
        return np.full(months, plan.satellites)
    most = max(milestone.satellites for milestone in milestones)
    if most > plan.satellites:
        raise ValueError(
            f"fleet.milestones: {most} satellites; allowed: 0 to {plan.satellites}, the "
            "constellation's; lower the milestone or raise the constellation"
        )
    return launch.ramp_up(
        np.array([year(milestone.date) for milestone in milestones]),
        np.array([milestone.satellites for milestone in milestones], float),
        start,
        months,
    )


def horizon(scenario: Scenario) -> int:
    """Months that are followed."""
    return round(scenario.fleet.horizon / MONTH)


def retirement(scenario: Scenario) -> int:
    """Months in orbit after which a satellite is retired."""
    return round(scenario.satellite.life / MONTH)


def lead(scenario: Scenario) -> int:
    """Months from an order until the satellite stands ready for launch."""
    return math.ceil(scenario.fleet.lead_time / MONTH - 1e-9)


def refuse(scenario: Scenario, plan: FleetPlan) -> None:
    """Refuse what only scenario and plan together show to be wrong, before anything runs.

    Args:
        scenario: what is run, all sizes filled in [object]
        plan: the satellites [object]
    Raises:
        ValueError: naming the scenario's value, what is allowed and the way out
    """
    if not scenario.fleet.enabled:
        return
    fleet, count = scenario.fleet, scenario.satellite.compute.count
    if scenario.satellite.life < MONTH:
        raise ValueError(
            f"satellite.life: {scenario.satellite.life / DAY:.3g} days; allowed: at least a month, "
            f"{MONTH / DAY:.4g} days, the step of the years; lengthen it or set fleet.enabled = "
            "false"
        )
    if fleet.accelerator_spares >= count:
        raise ValueError(
            f"fleet.accelerator_spares: {fleet.accelerator_spares}; allowed: 0 to {count - 1}, "
            f"as satellite.compute.count is {count}; lower it"
        )
    if fleet.least_per_launch > plan.per_launch:
        raise ValueError(
            f"fleet.least_per_launch: {fleet.least_per_launch}; allowed: 1 to {plan.per_launch}, "
            f"which fill a {scenario.launcher.name}; lower it"
        )
    most = int(wanted(scenario, plan, year(scenario.time.start), horizon(scenario)).max())
    if 0 < most < fleet.least_per_launch - fleet.spares:
        raise ValueError(
            f"fleet.least_per_launch: {fleet.least_per_launch}; allowed: 1 to "
            f"{most + fleet.spares}, all that are ever wanted, spares among them: none would be "
            "launched; lower it"
        )
    if fleet.policy != "never" and lead(scenario) >= retirement(scenario):
        raise ValueError(
            f"fleet.lead_time: {lead(scenario)} months; allowed: 0 to {retirement(scenario) - 1} "
            "months, less than satellite.life; shorten it or choose fleet.policy = never"
        )
    service(scenario, plan, lifetime(scenario))
    price_factor(scenario, np.zeros(0))


def lifetime(scenario: Scenario) -> reliability.Lifetime:
    """Defects, chance and wear as the scenario declares them."""
    fleet, prices = scenario.fleet, scenario.economics
    scale = math.inf
    if fleet.worn_at_life > 0.0:
        scale = reliability.wear_scale(
            scenario.satellite.life, fleet.worn_at_life, fleet.wear_shape
        )
    return reliability.lifetime(
        prices.infant_mortality,
        fleet.infant_time,
        prices.satellite_failure_rate,
        scale,
        fleet.wear_shape,
    )


def capacity(scenario: Scenario, months: int) -> Array:
    """Accelerators at work at the end of each month of age over those that work when new."""
    carried = scenario.satellite.compute.count
    needed = carried - scenario.fleet.accelerator_spares
    ages = MONTH * np.arange(1, months + 1)
    alive = np.exp(-scenario.economics.accelerator_failure_rate * ages)
    return reliability.mean_working(carried, needed, alive) / needed


def decay(plan: FleetPlan) -> int:
    """Months until a derelict has come down; 0 is never."""
    left = plan.upkeep.passive_decay_s
    return 0 if left is None or not math.isfinite(left) else max(1, math.ceil(left / MONTH))


def service(scenario: Scenario, plan: FleetPlan, life: reliability.Lifetime) -> Service:
    """What servicers do and weigh."""
    given, vehicle = scenario.fleet.servicing, scenario.launcher
    if not given.enabled:
        return NO_SERVICE
    module = given.module_mass_share * plan.dry_mass_kg
    radius = float(np.cbrt(SGP4_MU / plan.elements.mean_motion**2).mean())
    visit = servicing.phasing(radius, MEAN_ANGLE, given.visit_time)

    def too_many(modules: int) -> bool:
        """Whether the propellant ends before so many modules are used."""
        found = servicing.tour(
            given.servicer_mass,
            given.servicer_propellant,
            modules,
            module,
            visit,
            given.specific_impulse * atmosphere.STANDARD_GRAVITY,
        )
        return found.visits < modules

    visits = bisect.bisect_left(range(1, given.modules + 1), True, key=too_many)
    if visits < 1:
        raise ValueError(
            f"fleet.servicing.servicer_propellant: {given.servicer_propellant:g} kg reaches no "
            f"satellite {visit:.3g} m/s away; allowed: more; raise it, or visit_time"
        )
    loaded = given.servicer_mass + given.servicer_propellant
    kit = servicing.kit_mass(module, loaded, visits)
    fit = math.floor(vehicle.payload / (kit * visits))
    if fit < 1:
        raise ValueError(
            f"fleet.servicing.modules: a servicer with {visits} modules weighs "
            f"{kit * visits:.5g} kg; allowed: at most the {vehicle.payload:.5g} kg of "
            f"{vehicle.name}; lower it or module_mass_share"
        )
    servicers = given.servicers
    if servicers is None:
        failing = plan.satellites * (1.0 - reliability.survival(np.array([STOCKED]), life)[0])
        servicers = max(1, math.ceil(given.mendable * failing / visits))
    together = min(fit, math.ceil(servicers / 2))
    return Service(visits, servicers, visit, module, kit, together * visits)


def price_factor(scenario: Scenario, when: Array) -> Array:
    """Price of a launch over economics.launch_price."""
    quotes, today = scenario.fleet.launch_prices, scenario.economics.launch_price
    if not quotes:
        return np.ones(len(when))
    prices = np.array([quote.price for quote in quotes])
    if not (today > 0.0 and np.all(prices > 0.0)):
        raise ValueError(
            "fleet.launch_prices: a price of 0 USD/kg, here or in economics.launch_price; "
            "allowed: above 0 where prices change by year; correct it"
        )
    return launch.price(np.array([quote.year for quote in quotes]), prices, when) / today


def year(moment: datetime) -> float:
    """A moment as 2027.47."""
    first = datetime(moment.year, 1, 1, tzinfo=UTC)
    length = datetime(moment.year + 1, 1, 1, tzinfo=UTC) - first
    return float(moment.year + (moment - first) / length)
