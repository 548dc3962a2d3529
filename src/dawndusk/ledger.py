"""What a run adds up to: balances, unit costs and the ground comparison.

A pure reduction: it reads the scenario, the fleet and the totals of a record, and changes
nothing. Money is counted per year as annuities, each side at its own discount rate.
"""

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dawndusk import balance
from dawndusk.balance import Balance
from dawndusk.constants import JULIAN_YEAR
from dawndusk.economics import annuity, finance, ground_cost, space_cost
from dawndusk.execution import modelled
from dawndusk.fleet_plan import FleetPlan
from dawndusk.record import Record
from dawndusk.scenario import Scenario

HOUR = 3600.0
PFLOP_DAY = 1e15 * 86_400.0

LOSSES = ("power", "thermal", "network", "faults", "idle", "roofline")
JOB_STATES = ("finished", "running", "waiting", "failed")
BUS = ("bus", "structure", "unlisted")
COMPARED = (
    "lifetime_usd",
    "usd_per_year",
    "usd_per_accelerator_hour",
    "usd_per_busy_accelerator_hour",
    "usd_per_PFLOP_day",
    "usd_per_million_tokens",
)

KILOWATT_HOUR = 3.6e6
SHOWN = {
    "yr": JULIAN_YEAR,
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

    @property
    def per_year(self) -> float:
        """All items together [USD/yr]."""
        return math.fsum(self.annual.values())


@dataclass(frozen=True)
class Ledger:
    """The reduced run: `summary` is what summary.json holds."""

    summary: dict[str, Any]
    balances: tuple[Balance, ...]
    assumptions: tuple[Assumption, ...]
    warnings: tuple[str, ...]

    def check(self, tolerance: float = balance.ROUNDING) -> None:
        """Raise BalanceError when a balance leaves more than `tolerance` of its largest term."""
        balance.check(self.balances, tolerance)


def settle(
    scenario: Scenario,
    fleet: FleetPlan,
    record: Record,
    twin: Record,
    formation: dict[str, Any] | None = None,
    environment: dict[str, float | None] | None = None,
) -> Ledger:
    """Reduce a run and its ground twin to balances, costs, unit costs and their comparison.

    What is known of a cluster's flight, `formation`, and of radiation, `environment`, goes into
    the summary.
    """
    orbit, ground = record.totals, twin.totals
    duration = record.duration
    space = space_costs(scenario, fleet, orbit, duration)
    earth = ground_costs(
        scenario, ground_nodes(scenario, fleet), _per_year(ground["consumed_J"], duration)
    )
    launch_carbon = launched_carbon(scenario, fleet) * duration / JULIAN_YEAR
    grid_carbon = ground["facility_J"] * scenario.ground.carbon_intensity

    found = (*balances("", orbit), *byte_balances(record), *balances("ground ", ground))
    summary: dict[str, Any] = {
        "name": scenario.name,
        "fleet": {
            "satellites": int(fleet.satellites),
            "mass_kg": fleet.satellites * fleet.masses["total"],
            "launches": int(fleet.launches),
            "power_W": fleet.satellites * fleet.array_peak_W,
        },
        "orbit": {
            "period_s": fleet.period_s,
            "inclination_deg": math.degrees(fleet.inclination_rad),
            "sunlit_fraction": fleet.sunlit_fraction,
            "eclipse_max_s": fleet.eclipse_max_s,
            "beta_start_deg": math.degrees(fleet.beta_start_rad),
        }
        | ({"formation": formation} if formation else {}),
        "environment": environment or {"dose_rad_per_year": None},
    }
    rate = scenario.economics.discount_rate_space
    summary |= _side(scenario, record, space, rate)
    summary["carbon"] = _carbon(launch_carbon, orbit)
    summary["cost"]["breakeven_launch_usd_per_kg"] = breakeven_launch_price(
        scenario, fleet, orbit, ground, earth, duration
    )
    rate = scenario.economics.discount_rate_ground
    summary["ground"] = _side(scenario, twin, earth, rate)
    summary["ground"]["carbon"] = _carbon(grid_carbon, ground)
    summary["ratio_to_ground"] = {
        name: _ratio(summary["cost"][name], summary["ground"]["cost"][name]) for name in COMPARED
    }
    summary["performance"] = {
        "satellite_steps": int(orbit["satellite_steps"]),
        "cpu_s": orbit["cpu_s"],
        "satellite_steps_per_cpu_s": _ratio(orbit["satellite_steps"], orbit["cpu_s"]),
    }
    summary["balances"] = [
        {"name": row.name, "unit": row.unit, "offered": row.offered, "parts": dict(row.parts)}
        | {"residual_relative": row.relative}
        for row in found
    ]
    return Ledger(
        _plain(summary), found, assumptions(scenario), _warnings(scenario, fleet, summary, found)
    )


def balances(prefix: str, totals: Mapping[str, float]) -> tuple[Balance, ...]:
    """What one side was offered against where it went: energy, heat, work, requests, jobs."""
    stored = totals.get("stored_end_J", 0.0) - totals.get("stored_start_J", 0.0)
    drawn = totals.get("generated_J", totals["consumed_J"])
    found = [
        Balance(
            f"{prefix}energy",
            "J",
            drawn,
            {
                "consumed": totals["consumed_J"],
                "curtailed": totals.get("curtailed_J", 0.0),
                "battery loss": totals.get("battery_loss_J", 0.0),
                "stored": stored,
            },
        ),
        Balance(
            f"{prefix}work",
            "FLOP",
            totals["peak_FLOP"],
            {"delivered": totals["delivered_FLOP"]}
            | {loss: totals.get(f"loss_{loss}_FLOP", 0.0) for loss in LOSSES},
        ),
        Balance(
            f"{prefix}requests",
            "requests",
            totals["offered"],
            {part: totals[part] for part in ("served", "dropped", "failed", "waiting")},
        ),
        Balance(
            f"{prefix}jobs",
            "jobs",
            totals["jobs_submitted"],
            {part: totals[f"jobs_{part}"] for part in JOB_STATES},
        ),
    ]
    if "heat_in_J" in totals:
        parts = {"radiated": totals["radiated_J"], "stored": totals["heat_stored_change_J"]}
        found.append(Balance(f"{prefix}heat", "J", totals["heat_in_J"], parts))
    return tuple(found)


def byte_balances(record: Record) -> tuple[Balance, ...]:
    """What the network was offered against where it went: messages, transfers, sensor data."""
    if record.network is None:
        return ()
    known = record.network.summary
    moved, made = known["transfers"], known["sensor"]
    return (
        Balance(
            "messages",
            "bytes",
            known["request_bytes"],
            {part: known["requests"][f"{part}_bytes"] for part in ("delivered", "waiting")},
        ),
        Balance(
            "bytes",
            "bytes",
            moved["offered_bytes"],
            {part: moved[f"{part}_bytes"] for part in ("delivered", "waiting", "failed")},
        ),
        Balance(
            "sensor",
            "bytes",
            made["produced_bytes"],
            {part: made[f"{part}_bytes"] for part in ("removed", "downlinked", "stored", "lost")},
        ),
    )


def space_costs(
    scenario: Scenario,
    fleet: FleetPlan,
    totals: Mapping[str, float],
    duration: float,
    launch_price: float | None = None,
) -> Costs:
    """Capital and yearly cost of the fleet; hybrid ground nodes are part of it."""
    prices, count = scenario.economics, fleet.satellites
    per_kg = prices.launch_price if launch_price is None else launch_price
    hardware = space_cost.hardware(
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
    bought = math.fsum(hardware.values())
    deployment = space_cost.deployment(
        hardware_price=bought,
        mass=count * fleet.masses["total"],
        launch_price=per_kg,
        insurance_fraction=prices.insurance_fraction,
        infant_mortality=prices.infant_mortality,
        nre=prices.nre,
    )
    capital = hardware | deployment
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
    nodes = hybrid_nodes(scenario)
    if nodes:
        used = _per_year(totals.get("hybrid_consumed_J", 0.0), duration)
        hybrid = ground_costs(scenario, nodes, used)
        annual["hybrid_ground"] = hybrid.per_year
        capital["hybrid_ground"] = math.fsum(hybrid.capital.values())
    return Costs(capital, annual)


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


def breakeven_launch_price(
    scenario: Scenario,
    fleet: FleetPlan,
    orbit: Mapping[str, float],
    ground: Mapping[str, float],
    earth: Costs,
    duration: float,
) -> float | None:
    """Launch price at which delivered work costs as much in orbit as on the ground [USD/kg].

    All costs of the orbital side count. None when one side delivers nothing.
    """
    if orbit["delivered_FLOP"] <= 0.0 or ground["delivered_FLOP"] <= 0.0:
        return None
    free = space_costs(scenario, fleet, orbit, duration, launch_price=0.0).per_year
    slope = space_costs(scenario, fleet, orbit, duration, launch_price=1.0).per_year - free
    target = earth.per_year * orbit["delivered_FLOP"] / ground["delivered_FLOP"]
    return finance.breakeven_price(target, free, slope)


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
        section, key = path.split(".")
        value = getattr(getattr(scenario, section), key)
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


def _side(scenario: Scenario, record: Record, costs: Costs, rate: float) -> dict[str, Any]:
    """The part of the summary that orbit and ground have in common."""
    totals, requests = record.totals, record.requests
    duration = record.duration
    delivered, peak = totals["delivered_FLOP"], totals["peak_FLOP"]
    energy = next(b for b in balances("", totals) if b.name == "energy")
    busy = totals["busy_accelerator_s"]
    share = 1.0 - (_ratio(totals.get("job_accelerator_s", 0.0), busy) or 0.0)
    tokens = totals["tokens_in"] + totals["tokens_out"]
    paid = costs.per_year * duration / JULIAN_YEAR
    facility = totals.get("facility_J", totals["consumed_J"])
    served = np.asarray(requests["status"]) == modelled.SERVED
    arrival = np.asarray(requests["arrival_s"])[served]
    ttft = np.asarray(requests["first_token_s"])[served] - arrival
    latency = np.asarray(requests["finish_s"])[served] - arrival
    worth = annuity.present_value(1.0, rate, scenario.satellite.life / JULIAN_YEAR)
    return {
        "energy": {
            "generated_J": energy.offered,
            "consumed_J": totals["consumed_J"],
            "facility_J": facility,
            "curtailed_J": energy.parts["curtailed"],
            "battery_loss_J": energy.parts["battery loss"],
            "unserved_J": totals.get("unserved_J", 0.0),
            "stored_change_J": energy.parts["stored"],
            "residual_relative": energy.relative,
            "J_per_token": _ratio(facility * share, tokens),
        },
        "thermal": {
            name: totals.get(name) for name in ("die_max_K", "radiator_max_K", "throttled_fraction")
        },
        "compute": {
            "peak_FLOPS": peak / duration,
            "delivered_FLOP": delivered,
            "delivered_fraction": _ratio(delivered, peak),
            "losses": {loss: _ratio(totals.get(f"loss_{loss}_FLOP", 0.0), peak) for loss in LOSSES},
            "accelerator_hours": totals["accelerator_s"] / HOUR,
            "busy_fraction": _ratio(busy, totals["accelerator_s"]),
        },
        "network": (record.network.summary if record.network else {"modelled": False})
        | {"loss_FLOP": totals.get("loss_network_FLOP", 0.0)},
        "service": {
            "offered": totals["offered"],
            "served": totals["served"],
            "dropped": totals["dropped"],
            "failed": totals["failed"],
            "waiting": totals["waiting"],
            "ttft_p50_s": _percentile(ttft, 50.0),
            "ttft_p99_s": _percentile(ttft, 99.0),
            "latency_p99_s": _percentile(latency, 99.0),
            "tokens": tokens,
            "tokens_in": totals["tokens_in"],
            "tokens_out": totals["tokens_out"],
        },
        "jobs": {
            name: totals[f"jobs_{name}"] for name in ("submitted", *JOB_STATES, "deadline_missed")
        },
        "faults": {
            "interruptions": totals.get("interruptions", 0.0),
            "loss_FLOP": totals.get("loss_faults_FLOP", 0.0),
        },
        "cost": {
            "lifetime_usd": costs.per_year * worth,
            "usd_per_year": costs.per_year,
            "usd_per_accelerator_hour": _ratio(paid, totals["accelerator_s"] / HOUR),
            "usd_per_busy_accelerator_hour": _ratio(paid, busy / HOUR),
            "usd_per_PFLOP_day": _ratio(paid, delivered / PFLOP_DAY),
            "usd_per_million_tokens": _ratio(paid * share, tokens / 1e6),
            "breakdown": {f"{item}_usd": cost * worth for item, cost in costs.annual.items()},
            "capital": {f"{item}_usd": price for item, price in costs.capital.items()},
        },
    }


def _replacement(
    value: float, rate: float, years: float, hazards: Mapping[str, float]
) -> dict[str, float]:
    """Yearly cost of keeping capital that fails at strength, shared among the causes [USD/yr]."""
    total = math.fsum(hazards.values())
    loaded = annuity.capital_recovery(rate, years, total * JULIAN_YEAR)
    loading = value * (loaded - annuity.capital_recovery(rate, years))
    return {item: loading * (_ratio(hazard, total) or 0.0) for item, hazard in hazards.items()}


def _carbon(emitted: float, totals: Mapping[str, float]) -> dict[str, float | None]:
    return {
        "emitted_kg": emitted,
        "kg_per_PFLOP_day": _ratio(emitted, totals["delivered_FLOP"] / PFLOP_DAY),
    }


def _warnings(
    scenario: Scenario, fleet: FleetPlan, summary: Mapping[str, Any], found: tuple[Balance, ...]
) -> tuple[str, ...]:
    """What a reader of the figures should know first."""
    said = [str(row) for row in found if not row.closes()]
    excess = -fleet.masses.get("unlisted", 0.0)
    if excess > 0.0:
        said.append(
            f"the subsystems weigh {excess:.0f} kg more than satellite.dry_mass: launch and bus "
            "are priced too low; leave dry_mass out or give lighter subsystems"
        )
    close = summary["orbit"].get("formation", {}).get("too_close", 0)
    if close:
        said.append(f"{close} pairs of satellites come nearer than constellation.keep_out")
    breakeven = summary["cost"]["breakeven_launch_usd_per_kg"]
    if breakeven is not None and breakeven < 0.0:
        said.append(
            f"no launch price makes this fleet break even with {scenario.site.name}: without any "
            f"launch cost it is still dearer (break-even {breakeven:.0f} USD/kg)"
        )
    if scenario.economics.nre == 0.0:
        said.append("the fleet's design and qualification are not paid for: economics.nre is 0")
    return tuple(said)


def _per_year(amount: float, duration: float) -> float:
    return amount * JULIAN_YEAR / duration


def _ratio(numerator: float | None, denominator: float | None) -> float | None:
    """Quotient, or None where it has no meaning."""
    if numerator is None or denominator is None or denominator == 0.0:
        return None
    return numerator / denominator


def _percentile(values: NDArray[np.float64], percent: float) -> float | None:
    """Percentile, or None when nothing was served."""
    return float(np.percentile(values, percent)) if values.size else None


def _plain(value: Any) -> Any:
    """The same structure of plain numbers; what is not finite becomes None."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int | np.integer):
        return int(value)
    number = float(value)
    return number if math.isfinite(number) else None
