"""What a run adds up to: balances, unit costs and the ground comparison.

A pure reduction: it reads the scenario, the fleet and the totals of a record, and changes
nothing. `costs` has the money.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dawndusk import balance, life_costs
from dawndusk import deployment as years
from dawndusk.balance import Balance
from dawndusk.constants import JULIAN_YEAR
from dawndusk.costs import (
    HOUR,
    PFLOP_DAY,
    Assumption,
    Costs,
    assumptions,
    breakeven_launch_price,
    ground_costs,
    ground_nodes,
    launched_carbon,
    per_year,
    space_costs,
)
from dawndusk.deployment import QUANTILES, Deployment
from dawndusk.economics import annuity
from dawndusk.execution import modelled
from dawndusk.fleet_plan import FleetPlan
from dawndusk.life_costs import Strength
from dawndusk.record import Record
from dawndusk.scenario import Scenario

LOSSES = ("power", "thermal", "network", "faults", "idle", "roofline")
JOB_STATES = ("finished", "running", "waiting", "failed")
FULL = Strength(np.ones(1), np.ones(1))
"""Of a side that is kept as it is planned."""

OF_THE_DAY = ("usd_per_busy_accelerator_hour", "usd_per_million_tokens")
"""Unit costs that carry the simulated day's mix of work to the years: not that of a storm."""

COMPARED = (
    "lifetime_usd",
    "usd_per_year",
    "usd_per_accelerator_hour",
    "usd_per_busy_accelerator_hour",
    "usd_per_PFLOP_day",
    "usd_per_million_tokens",
)


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
    deployment: Deployment | None = None,
    upkeep: Mapping[str, Any] | None = None,
    efficiency: ArrayLike | None = None,
) -> Ledger:
    """Reduce a run and its ground twin to balances, costs, unit costs and their comparison.

    What is known of a cluster's flight, `formation`, of radiation, `environment`, and of the
    orbit's `upkeep` goes into the summary. With a `deployment` money and delivered work follow
    the fleet over its years; `efficiency` is what a unit of its capacity delivers in each month
    [FLOP/s], the day's throughout if None.
    """
    orbit, ground = record.totals, twin.totals
    duration = record.duration
    earth = ground_costs(
        scenario, ground_nodes(scenario, fleet), per_year(ground["consumed_J"], duration)
    )

    kept = orbit_strength(scenario, fleet, record, deployment, efficiency)
    launched = (
        launched_carbon(scenario, fleet)
        if deployment is None
        else life_costs.launched_carbon(scenario, deployment)
    )
    launch_carbon = launched * duration / JULIAN_YEAR
    grid_carbon = ground["facility_J"] * scenario.ground.carbon_intensity

    found = (
        *balances("", orbit),
        *byte_balances(record),
        *(years.balances(deployment) if deployment else ()),
        *balances("ground ", ground),
    )
    summary: dict[str, Any] = {
        "name": scenario.name,
        "fleet": {
            "satellites": int(fleet.satellites),
            "mass_kg": fleet.satellites * fleet.masses["total"],
            "launches": int(fleet.launches),
            "power_W": fleet.satellites * fleet.array_peak_W,
        }
        | (years.summary(deployment) if deployment else {}),
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
    if deployment is not None:
        each = efficiency
        if each is None:
            each = life_costs.share_at_work(scenario) * delivered_by_satellite(fleet, record)
        at_work = deployment.history.capacity.mean(axis=0)
        summary["fleet"]["delivered_FLOP_per_year"] = float((at_work * each).mean()) * JULIAN_YEAR
    if upkeep is not None:
        summary["upkeep"] = dict(upkeep)
    paid = orbit_costs(scenario, fleet, record, deployment)
    rate = scenario.economics.discount_rate_space
    summary |= _side(scenario, record, paid, rate, kept)
    if efficiency is not None and scenario.storm is not None:
        summary["cost"] |= dict.fromkeys(OF_THE_DAY)
    summary["carbon"] = _carbon(launch_carbon, orbit, kept)
    at_work = fleet.satellites * float(kept.capacity.mean())
    alone = paid.per_year - paid.annual.get("hybrid_ground", 0.0)
    summary["cost"]["usd_per_satellite_year"] = _ratio(alone, at_work)
    summary["carbon"]["kg_per_satellite_year"] = _ratio(launched, at_work)
    work = _ratio(orbit["delivered_FLOP"] * float(kept.work.mean()), ground["delivered_FLOP"])
    summary["cost"]["breakeven_launch_usd_per_kg"] = (
        breakeven_launch_price(
            lambda price: orbit_costs(scenario, fleet, record, deployment, price),
            earth.per_year * work,
        )
        if work
        else None
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


def orbit_costs(
    scenario: Scenario,
    fleet: FleetPlan,
    record: Record,
    deployment: Deployment | None,
    launch_price: float | None = None,
) -> Costs:
    """Costs of the orbital side: of the fleet over its years, in closed form without them."""
    totals, duration = record.totals, record.duration
    if deployment is None:
        return space_costs(scenario, fleet, totals, duration, launch_price)
    return life_costs.space_costs(scenario, fleet, deployment, totals, duration, launch_price)


def orbit_strength(
    scenario: Scenario,
    fleet: FleetPlan,
    record: Record,
    deployment: Deployment | None,
    efficiency: ArrayLike | None = None,
) -> Strength:
    """What the fleet over its years is worth beside the planned one; full without years."""
    if deployment is None:
        return FULL
    delivered = delivered_by_satellite(fleet, record)
    return life_costs.strength(scenario, fleet, deployment, delivered, efficiency)


def delivered_by_satellite(fleet: FleetPlan, record: Record) -> float:
    """What each satellite delivered on the simulated day [FLOP/s]."""
    return record.totals["delivered_FLOP"] / record.duration / fleet.satellites


def price_of_work(costs: Costs, kept: Strength, record: Record) -> float | None:
    """Cost of a PFLOP-day delivered [USD], None where nothing is."""
    delivered = float(kept.work.mean()) * record.totals["delivered_FLOP"]
    return _ratio(costs.per_year * record.duration / JULIAN_YEAR, delivered / PFLOP_DAY)


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


def _side(
    scenario: Scenario, record: Record, costs: Costs, rate: float, kept: Strength = FULL
) -> dict[str, Any]:
    """The part of the summary that orbit and ground have in common."""
    totals, requests = record.totals, record.requests
    duration = record.duration
    delivered, peak = totals["delivered_FLOP"], totals["peak_FLOP"]
    energy = next(b for b in balances("", totals) if b.name == "energy")
    busy = totals["busy_accelerator_s"]
    share = 1.0 - (_ratio(totals.get("job_accelerator_s", 0.0), busy) or 0.0)
    tokens = totals["tokens_in"] + totals["tokens_out"]
    paid = costs.per_year * duration / JULIAN_YEAR
    capacity, work = float(kept.capacity.mean()), float(kept.work.mean())
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
        }
        | record.faults,
        "cost": {
            "lifetime_usd": costs.per_year * worth,
            "usd_per_year": costs.per_year,
            "usd_per_accelerator_hour": _ratio(paid, capacity * totals["accelerator_s"] / HOUR),
            "usd_per_busy_accelerator_hour": _ratio(paid, work * busy / HOUR),
            "usd_per_PFLOP_day": price_of_work(costs, kept, record),
            "usd_per_million_tokens": _ratio(paid * share, work * tokens / 1e6),
            "breakdown": {f"{item}_usd": cost * worth for item, cost in costs.annual.items()},
            "capital": {f"{item}_usd": price for item, price in costs.capital.items()},
        }
        | _bands(costs, kept, totals, duration),
    }


def _bands(
    costs: Costs, kept: Strength, totals: Mapping[str, float], duration: float
) -> dict[str, Any]:
    """Unit costs by quantile of the runs of the fleet's history, and the strength it keeps."""
    if costs.runs is None:
        return {}
    paid = costs.runs * duration / JULIAN_YEAR
    units = {
        "usd_per_accelerator_hour": kept.capacity * totals["accelerator_s"] / HOUR,
        "usd_per_PFLOP_day": kept.work * totals["delivered_FLOP"] / PFLOP_DAY,
    }
    return {
        "strength": {"capacity": kept.capacity.mean(), "work": kept.work.mean()},
        "bands": {
            quantile: {
                name: np.quantile(paid / unit, level) if np.all(unit > 0.0) else None
                for name, unit in units.items()
            }
            for quantile, level in QUANTILES.items()
        },
    }


def _carbon(
    emitted: float, totals: Mapping[str, float], kept: Strength = FULL
) -> dict[str, float | None]:
    delivered = float(kept.work.mean()) * totals["delivered_FLOP"]
    return {
        "emitted_kg": emitted,
        "kg_per_PFLOP_day": _ratio(emitted, delivered / PFLOP_DAY),
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
