"""What orbit and ground cost a year, item by item, and what launch price would make them even.

An assembler of the economics models: it reads the scenario and the fleet plan. Money is counted
per year as annuities, each side at its own discount rate.
"""

import csv
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dawndusk.constants import DAY, JULIAN_YEAR
from dawndusk.economics import annuity, finance, ground_cost, space_cost
from dawndusk.fleet_plan import FleetPlan
from dawndusk.scenario import Scenario

Array = NDArray[np.float64]

HOUR = 3600.0
PFLOP_DAY = 1e15 * 86_400.0

BUS = ("bus", "structure", "shield", "unlisted")
"""Masses priced as the bus."""

KILOWATT_HOUR = 3.6e6
SHOWN = {
    "yr": JULIAN_YEAR,
    "day": DAY,
    "1/yr": 1.0 / JULIAN_YEAR,
    "USD/Wh": 1.0 / HOUR,
    "USD/min": 1.0 / 60.0,
    "USD/kWh": 1.0 / KILOWATT_HOUR,
    "kg/kWh": 1.0 / KILOWATT_HOUR,
    "L/kWh": 1e-3 / KILOWATT_HOUR,
}
"""Units of assumptions.csv that are not SI, in SI."""


@dataclass(frozen=True)
class Assumption:
    """A value that the costs rest on, in the unit it is shown in, and where it comes from."""

    name: str
    value: float
    unit: str
    path: str
    origin: str
    source: str
    date: str
    confidence: str
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Costs:
    """Money of one side: what is paid once, and every year for everything."""

    capital: Mapping[str, float]
    """[USD] by item"""
    annual: Mapping[str, float]
    """[USD/yr] by item, capital as annuities"""
    runs: Array | None = None
    """[USD/yr] all items in each run of the fleet's history, None without one"""

    @property
    def per_year(self) -> float:
        """All items together [USD/yr]."""
        return math.fsum(self.annual.values())


def space_costs(
    scenario: Scenario,
    fleet: FleetPlan,
    totals: Mapping[str, float],
    duration: float,
    launch_price: float | None = None,
) -> Costs:
    """Capital and yearly cost of the fleet; hybrid ground nodes are part of it."""
    prices = scenario.economics
    parts = hardware(scenario, fleet)
    bought = math.fsum(parts.values())
    deployment = space_cost.deployment(
        hardware_price=bought,
        mass=fleet.satellites * fleet.masses["total"],
        launch_price=prices.launch_price if launch_price is None else launch_price,
        insurance_fraction=prices.insurance_fraction,
        infant_mortality=prices.infant_mortality,
        nre=prices.nre,
    )
    capital = parts | deployment
    years = scenario.satellite.life / JULIAN_YEAR
    rate = prices.discount_rate_space
    recovery = annuity.capital_recovery(rate, years)
    annual = {item: price * recovery for item, price in capital.items()}
    annual["operations"] = space_cost.recurring(bought, prices.operations_fraction) * JULIAN_YEAR
    placed = math.fsum(capital.values()) - prices.nre
    annual |= _replacement(
        placed,
        rate,
        years,
        {
            "accelerator_replacement": prices.accelerator_failure_rate,
            "satellite_replacement": prices.satellite_failure_rate,
        },
    )
    annual["carbon"] = launched_carbon(scenario, fleet) * prices.carbon_price
    return with_hybrid(scenario, Costs(capital, annual), totals, duration)


def hardware(scenario: Scenario, fleet: FleetPlan) -> dict[str, float]:
    """Purchase price of the planned fleet's satellites, by item [USD]."""
    prices, count = scenario.economics, fleet.satellites
    return space_cost.hardware(
        accelerators=count * scenario.satellite.compute.count,
        accelerator_price=prices.accelerator_price,
        host_price_factor=prices.host_price_factor,
        array_power=count * fleet.array_peak_W,
        array_price=prices.array_price,
        battery_capacity=count * fleet.battery_capacity_J,
        battery_price=prices.battery_price,
        radiator_area=count * fleet.radiator_area_m2,
        radiator_price=prices.radiator_price,
        bus_mass=count * math.fsum(fleet.masses.get(part, 0.0) for part in BUS),
        bus_price=prices.bus_price,
        integration_fraction=prices.integration_fraction,
    )


def with_hybrid(
    scenario: Scenario, costs: Costs, totals: Mapping[str, float], duration: float
) -> Costs:
    """The same costs, and those of the ground nodes that the orbital side may use."""
    nodes = hybrid_nodes(scenario)
    if not nodes:
        return costs
    used = per_year(totals.get("hybrid_consumed_J", 0.0), duration)
    paid = ground_costs(scenario, nodes, used)
    return replace(
        costs,
        capital={**costs.capital, "hybrid_ground": math.fsum(paid.capital.values())},
        annual={**costs.annual, "hybrid_ground": paid.per_year},
        runs=None if costs.runs is None else costs.runs + paid.per_year,
    )


def ground_costs(scenario: Scenario, nodes: float, consumed: float) -> Costs:
    """Capital and yearly cost of ground nodes like the satellites' that use `consumed` J/yr."""
    prices, compute, site = scenario.economics, scenario.satellite.compute, scenario.ground
    accelerators = nodes * compute.count
    capital = ground_cost.servers(accelerators, prices.accelerator_price, prices.host_price_factor)
    power = accelerators * scenario.accelerator.tdp + nodes * compute.host_power
    capital["construction"] = ground_cost.construction(power, prices.ground_construction)
    rate = prices.discount_rate_ground
    server_years = prices.server_life / JULIAN_YEAR
    life = {"construction": prices.ground_life / JULIAN_YEAR}
    annual = {
        item: annuity.annuity(price, rate, life.get(item, server_years))
        for item, price in capital.items()
    }
    annual["energy"] = ground_cost.energy(consumed, site.pue, site.power_price)
    annual["water"] = ground_cost.water(consumed, prices.water_use, prices.water_price)
    annual["operations"] = (
        space_cost.recurring(capital["construction"], prices.ground_operations_fraction)
        * JULIAN_YEAR
    )
    annual |= _replacement(
        capital["accelerators"],
        rate,
        server_years,
        {"accelerator_replacement": prices.ground_accelerator_failure_rate},
    )
    annual["carbon"] = consumed * site.pue * site.carbon_intensity * prices.carbon_price
    return Costs(capital, annual)


def launched_carbon(scenario: Scenario, fleet: FleetPlan) -> float:
    """Carbon dioxide of all launches that keep the fleet at strength [kg/yr]."""
    prices = scenario.economics
    hazard = (prices.accelerator_failure_rate + prices.satellite_failure_rate) * JULIAN_YEAR
    yearly = annuity.capital_recovery(0.0, scenario.satellite.life / JULIAN_YEAR, hazard)
    mass = fleet.satellites * fleet.masses["total"] / (1.0 - prices.infant_mortality)
    return mass * yearly * prices.launch_carbon


def breakeven_launch_price(priced: Callable[[float], Costs], target: float) -> float | None:
    """Launch price at which all costs of the orbital side meet a target of so much a year [USD/kg].

    `priced` gives the costs at a launch price; they rise in proportion to it. None when nothing
    is launched.
    """
    free = priced(0.0).per_year
    slope = priced(1.0).per_year - free
    return finance.breakeven_price(target, free, slope) if slope > 0.0 else None


def hybrid_nodes(scenario: Scenario) -> int:
    """Ground nodes that the orbital side may use too."""
    return scenario.ground.hybrid_nodes if scenario.ground.hybrid else 0


def ground_nodes(scenario: Scenario, fleet: FleetPlan) -> int:
    """Nodes of the ground twin: as many as satellites unless the scenario says otherwise."""
    nodes = scenario.ground.nodes
    return int(fleet.satellites if nodes is None else nodes)


def assumptions(scenario: Scenario) -> tuple[Assumption, ...]:
    """The values that the costs rest on, with where they come from."""
    with (Path(__file__).parent / "assumptions.csv").open(encoding="utf-8", newline="") as table:
        listed = [(row["path"], row["name"], row["unit"]) for row in csv.DictReader(table)]
    rows = []
    for path, name, unit in listed:
        if not _counts(scenario, path):
            continue
        value: Any = scenario
        for key in path.split("."):
            value = getattr(value, key)
        given = scenario.provenance[path]
        scale = SHOWN.get(unit, 1)
        low, high = (None if bound is None else bound / scale for bound in (given.low, given.high))
        rows.append(
            Assumption(
                name,
                value / scale,
                unit,
                path,
                given.origin,
                given.source,
                given.date,
                given.confidence,
                low,
                high,
            )
        )
    return tuple(rows)


def per_year(amount: float, duration: float) -> float:
    """What an amount in a duration is in a year."""
    return amount * JULIAN_YEAR / duration


def _counts(scenario: Scenario, path: str) -> bool:
    """Whether a value of the fleet's years is used at all."""
    years = scenario.fleet
    if path.startswith("fleet.servicing."):
        return years.enabled and years.servicing.enabled
    return years.enabled or not path.startswith("fleet.")


def _replacement(
    value: float, rate: float, years: float, hazards: Mapping[str, float]
) -> dict[str, float]:
    """Yearly cost of keeping capital that fails at strength, shared among the causes [USD/yr]."""
    total = math.fsum(hazards.values())
    loaded = annuity.capital_recovery(rate, years, total * JULIAN_YEAR)
    loading = value * (loaded - annuity.capital_recovery(rate, years))
    return {item: loading * (hazard / total if total else 0.0) for item, hazard in hazards.items()}
