"""Assembler of the fleet over years: how many launches, failures and replacements, many times over.

Months are counted from the scenario's start; a run of them is one draw of what may happen.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dawndusk import fleet_inputs, upkeep
from dawndusk.balance import Balance
from dawndusk.constants import JULIAN_YEAR
from dawndusk.environment import dose
from dawndusk.fleet import launch, reliability, replacement
from dawndusk.fleet.replacement import History, Plan
from dawndusk.fleet_inputs import MONTH, Service
from dawndusk.fleet_plan import FleetPlan
from dawndusk.scenario import Scenario

Array = NDArray[np.float64]
Counts = NDArray[np.int64]

STREAM = 4
"""Child of the scenario's seed that belongs to the years; `demand` has the first ones [-]."""

DRAFTS = 100
"""Most runs by which launches and wreckage are foreseen before the plan is made [-]."""

COHORT = 100_000
"""Satellites of the cohort whose survival is simulated beside the closed form [-]."""

DRAFTED = (2, 12)
"""Least and most drafts [-]."""

SETTLED = 0.01
"""Change of debris and of launches' failures from draft to draft that is let be [-]."""

QUANTILES = {"p5": 0.05, "p50": 0.5, "p95": 0.95}
"""Of the runs [-]."""

SHORT = 0.05
"""Share of months short of launches from which a reader is told [-]."""


@dataclass(frozen=True)
class Deployment:
    """The fleet month by month; arrays over months have the shape (months,)."""

    months: int
    years: Array
    """Date at the end of each month, as 2027.47 [-]."""
    wanted: Counts
    """Satellites wanted at work, spares not among them [-]."""
    made: Plan
    """What the simulation was given; `made.capacity` is by age [object]."""
    history: History
    """What happened, by run and month [object]."""
    causes: tuple[str, ...]
    """Of failures, in the order of `history.failures` [-]."""
    ages: Array
    """Ends of the months of a satellite's life, from 0 [s]."""
    survival: Array
    """Share alive at those ages by the closed form, all causes, nothing replaced [-]."""
    lost: Array
    """Share lost to each cause by those ages, shape (causes, ages) [-]."""
    simulated: Array
    """Share alive of one cohort that was simulated [-]."""
    satellites: int
    """In the constellation [-]."""
    satellite_mass: float
    """At launch [kg]."""
    per_launch: int
    """Satellites in a full vehicle [-]."""
    cadence: float
    """Launches that can be bought [1/yr]."""
    service: Service
    price_factor: Array
    """Launch price of the month over economics.launch_price [-]."""
    debris_growth: Array
    """Lethal debris over that of the first month [-]."""

    @property
    def kit_mass(self) -> float:
        """Of a module with its share of a servicer, 0 without servicing [kg]."""
        return self.service.kit_mass

    @property
    def mass_launched(self) -> Array:
        """By run and month [kg]."""
        return replacement.mass_launched(self.history, self.satellite_mass, self.kit_mass)


def deploy(
    scenario: Scenario,
    plan: FleetPlan,
    dose_rad_per_year: float | None = None,
    hazards: dict[str, Array] | None = None,
) -> Deployment:
    """Follow the fleet over `fleet.horizon`, `fleet.runs` times.

    The launcher's success grows with the expected number of launches, and debris with the
    fleet's own expected wreckage: both are found by drafts before the runs that count, until
    one agrees with the next.

    Args:
        scenario: what is run, all sizes filled in [object]
        plan: the satellites [object]
        dose_rad_per_year: that the electronics of a mean satellite take; None: no dose counts
        hazards: chance to be lost in each month by outer cause, shape (months,) each; None:
            debris and collisions by `upkeep` [object]
    Returns:
        the fleet over the years [object]
    Raises:
        ValueError: when the plan contradicts itself, naming the scenario's value
    """
    fleet_inputs.refuse(scenario, plan)
    fleet = scenario.fleet
    months, retire = fleet_inputs.horizon(scenario), fleet_inputs.retirement(scenario)
    start = fleet_inputs.year(scenario.time.start)
    wanted = fleet_inputs.wanted(scenario, plan, start, months)
    life = fleet_inputs.lifetime(scenario)
    ages = np.arange(max(months, retire) + 1, dtype=float) * MONTH
    counts = scenario.radiation.enabled and dose_rad_per_year is not None
    taken = (dose_rad_per_year or 0.0) * dose.RAD / JULIAN_YEAR if counts else 0.0
    endured = reliability.tolerance(
        taken * ages, scenario.radiation.tolerated_dose, scenario.radiation.dose_spread
    )
    failure = reliability.failure_table(life, MONTH, len(ages) - 1, endured[None, :])
    service = fleet_inputs.service(scenario, plan, life)
    swaps = launch.cadence(
        np.array([start]),
        np.array([service.servicers * JULIAN_YEAR / fleet.servicing.visit_time]),
        start,
        months,
    )
    vehicle = scenario.launcher
    yearly = vehicle.cadence * JULIAN_YEAR
    launches = launch.cadence(np.array([start]), np.array([yearly]), start, months)
    seed = int(np.random.SeedSequence(scenario.time.seed, spawn_key=(STREAM,)).generate_state(1)[0])

    def planned(success: Array, outer: dict[str, Array]) -> Plan:
        return replacement.plan(
            wanted,
            failure[:, :months],
            plan.per_launch,
            launches,
            success,
            policy=fleet.policy,
            spares=fleet.spares,
            retire_age=retire,
            lead=fleet_inputs.lead(scenario),
            least=fleet.least_per_launch,
            hazard=np.array([*outer.values()]).reshape(len(outer), months),
            capacity=fleet_inputs.capacity(scenario, months),
            generation=(1.0 + fleet.refresh) ** (np.arange(months) / 12.0),
            disposal=(
                scenario.upkeep.disposal_success if scenario.upkeep.disposal == "direct" else 0.0
            ),
            decay=fleet_inputs.decay(plan),
            mendable=fleet.servicing.mendable if service.visits else 0.0,
            swap_success=fleet.servicing.success,
            swaps=swaps,
            kits=np.where(wanted > 0, service.servicers * service.visits, 0),
            kits_per_launch=service.per_launch,
        )

    growth = np.ones(months)
    success = np.full(months, vehicle.first_success)
    outer = hazards
    for drafted in range(1, DRAFTED[1] + 1):
        before = growth, 1.0 - success
        if hazards is None:
            outer = upkeep.monthly_hazards(scenario, plan, months, growth)
        assert outer is not None
        draft = replacement.simulate(planned(success, outer), seed, min(fleet.runs, DRAFTS))
        flown = draft.launches.mean(axis=0)
        # flights before the one in the middle of each month's
        earlier = np.cumsum(flown) - np.minimum(flown, 0.5 * (flown + 1.0))
        success = launch.success(
            earlier, vehicle.first_success, vehicle.success_rate, vehicle.halving
        )
        if hazards is None:
            growth = upkeep.debris_growth(
                scenario,
                plan,
                draft.placed.mean(axis=0),
                _before(draft.alive.mean(axis=0)),
                _before(draft.derelicts.mean(axis=0)),
                months,
            )
        if drafted >= DRAFTED[0] and _settled(before, (growth, 1.0 - success)):
            break
    if hazards is None:
        outer = upkeep.monthly_hazards(scenario, plan, months, growth)
    assert outer is not None
    made = planned(success, outer)
    old = ages[: retire + 1]
    survival, lost = _closed(life, endured[: retire + 1], failure[:, :retire], old, made.hazard)
    return Deployment(
        months=months,
        years=start + np.arange(1, months + 1) / 12.0,
        wanted=wanted,
        made=made,
        history=replacement.simulate(made, seed, fleet.runs),
        causes=(*reliability.CAUSES, "dose", *outer),
        ages=old,
        survival=survival,
        lost=lost,
        simulated=_cohort(failure[:, :retire], made.hazard, retire, seed),
        satellites=plan.satellites,
        satellite_mass=plan.masses["total"],
        per_launch=plan.per_launch,
        cadence=yearly,
        service=service,
        price_factor=fleet_inputs.price_factor(
            scenario, start + (np.arange(months, dtype=float) + 0.5) / 12.0
        ),
        debris_growth=growth,
    )


def _settled(before: tuple[Array, ...], after: tuple[Array, ...]) -> bool:
    """Whether a draft hardly moved what the one before it foresaw."""
    return all(
        bool(np.all(np.abs(new - old) <= SETTLED * np.abs(new)))
        for old, new in zip(before, after, strict=True)
    )


def _before(ends: Array) -> Array:
    """What there was at the start of each month, from what there was at its end."""
    return np.concatenate([[0.0], ends[:-1]])


def _closed(
    life: reliability.Lifetime, endured: Array, failure: Array, ages: Array, hazard: Array
) -> tuple[Array, Array]:
    """Share alive of satellites launched in the first month, and lost to each cause, by age."""
    steps = len(ages) - 1
    outer = _stretched(hazard, steps)
    spared = np.concatenate([[1.0], np.cumprod(np.prod(1.0 - outer, axis=0))])
    alive = reliability.survival(ages, life) * np.exp(-endured) * spared
    chances = np.concatenate([failure, outer])
    total = chances.sum(axis=0)
    share = np.divide(chances, total, out=np.zeros_like(chances), where=total > 0.0)
    lost = np.cumsum(share * -np.diff(alive), axis=1)
    return alive, np.concatenate([np.zeros((len(lost), 1)), lost], axis=1)


def _cohort(failure: Array, hazard: Array, steps: int, seed: int) -> Array:
    """Share alive of one cohort of which nothing is replaced, simulated."""
    made = replacement.plan(
        np.full(steps, COHORT),
        failure,
        COHORT,
        1,
        1.0,
        policy="never",
        hazard=_stretched(hazard, steps),
    )
    # a run's number that the fleet's own runs never have
    alive = replacement.simulate(made, seed, 1, first=2**32).alive[0]
    return np.concatenate([[1.0], alive / COHORT])


def _stretched(hazard: Array, steps: int) -> Array:
    """Chances by date for so many months; the last month's go on."""
    known = hazard.shape[1]
    return hazard[:, np.minimum(np.arange(steps), known - 1)]


def summary(found: Deployment) -> dict[str, Any]:
    """Figures of the years for summary.json: means over the runs, totals over the horizon."""
    h, years = found.history, found.months / 12.0
    wanted = max(int(found.wanted.sum()), 1)
    last = max(int(found.wanted[-1]), 1)
    each = {
        "launches_life": h.launches.sum(axis=1),
        "working_mean_fraction": h.working.sum(axis=1) / wanted,
        "capacity_mean_fraction": h.capacity.sum(axis=1) / wanted,
        "capacity_end_fraction": h.capacity[:, -1] / last,
    }
    causes = h.failures.sum(axis=2).mean(axis=0)
    return {
        "horizon_yr": years,
        "runs": len(h.alive),
        "launches_per_year": _total(h.launches) / years,
        **{name: float(values.mean()) for name, values in each.items()},
        "launch_failures": _total(h.launch_failures),
        "built": _total(h.built),
        "lost_at_launch": _total(h.lost),
        "failed": _total(h.failed),
        "retired": _total(h.retired),
        "swaps": _total(h.swaps),
        "swaps_failed": _total(h.swaps_failed),
        "mass_launched_kg": float(found.mass_launched.sum(axis=1).mean()),
        "reentries_per_year": _total(h.reentered) / years,
        "derelicts_end": float(h.derelicts[:, -1].mean()),
        "debris_growth": float(found.debris_growth[-1]),
        "survival_end_of_life": float(found.survival[-1]),
        "losses": {
            **{name: float(count) for name, count in zip(found.causes, causes, strict=True)},
            "launch": _total(h.lost),
        },
        "residual_satellites": replacement.missing(h),
        "bands": {
            name: {key: float(np.quantile(values, level)) for key, values in each.items()}
            for name, level in QUANTILES.items()
        },
    }


def _total(counts: Counts) -> float:
    return float(counts.sum(axis=1).mean())


def balances(found: Deployment) -> tuple[Balance, ...]:
    """Satellites and modules of all runs: what was made against where it is."""
    h = found.history
    return (
        Balance(
            "satellites",
            "satellites",
            float(h.built.sum()),
            {
                "alive": float(h.alive[:, -1].sum()),
                "waiting": float(h.waiting[:, -1].sum()),
                "failed": float(h.failed.sum()),
                "retired": float(h.retired.sum()),
                "lost at launch": float(h.lost.sum()),
                "stock": float(h.stock[:, -1].sum()),
            },
        ),
        Balance(
            "modules",
            "modules",
            float(h.kits_launched.sum()),
            {
                "in orbit": float(h.kits[:, -1].sum()),
                "used": float(h.swaps.sum()),
                "lost at launch": float(h.kits_lost.sum()),
            },
        ),
    )


def tables(found: Deployment) -> dict[str, dict[str, Any]]:
    """Columns of the files "fleet", one row a month, and "survival", one row a month of age."""
    h = found.history
    bands = {
        f"{name}_{quantile}": np.quantile(values, level, axis=0)
        for name, values in (
            ("working", h.working),
            ("capacity", h.capacity),
            ("launches", h.launches),
        )
        for quantile, level in QUANTILES.items()
        if (name, quantile) != ("launches", "p50")
    }
    counted = ("alive", "built", "placed", "lost", "failed", "retired", "reentered", "derelicts")
    flown = ("launches", "launch_failures", "kits_launched", "swaps")
    fleet = {
        "month": np.arange(1, found.months + 1),
        "year": found.years,
        "wanted": found.wanted,
        **bands,
        **{name: getattr(h, name).mean(axis=0) for name in (*counted, *flown)},
        "age_yr": h.age.mean(axis=0) / 12.0,
        "mass_launched_kg": found.mass_launched.mean(axis=0),
        "launch_price_factor": found.price_factor,
        **{
            f"failures_{cause}": h.failures[:, k].mean(axis=0)
            for k, cause in enumerate(found.causes)
        },
    }
    survival = {
        "age_yr": found.ages / JULIAN_YEAR,
        "survival": found.survival,
        "simulated": found.simulated,
        **{f"lost_{cause}": found.lost[k] for k, cause in enumerate(found.causes)},
    }
    return {"fleet": fleet, "survival": survival}


def yearly(found: Deployment) -> list[dict[str, float]]:
    """One row a year: numbers at its end, sums over it."""
    table = tables(found)["fleet"]
    stand = ("wanted", "working_p5", "working_p50", "working_p95", "capacity_p50", "derelicts")
    flow = ("built", "launches", "launch_failures", "lost", "retired", "reentered", "swaps")
    rows = []
    for year in range(math.ceil(found.months / 12)):
        part = slice(12 * year, min(12 * (year + 1), found.months))
        row = {"year": float(found.years[part][-1])}
        row |= {name: float(table[name][part][-1]) for name in stand}
        row |= {name: float(table[name][part].sum()) for name in flow}
        row["mass_launched_kg"] = float(table["mass_launched_kg"][part].sum())
        row |= {
            f"failures_{cause}": float(table[f"failures_{cause}"][part].sum())
            for cause in found.causes
        }
        rows.append(row)
    return rows


def deployment_warnings(scenario: Scenario, found: Deployment) -> list[str]:
    """What a reader must know of the years before trusting their figures."""
    h, said = found.history, []
    waiting = h.stock.mean(axis=0)
    bound = (waiting >= found.per_launch) & (h.launches.mean(axis=0) > found.made.launches - 0.5)
    if bound.mean() > SHORT:
        said.append(
            f"{found.cadence:.4g} flights of {scenario.launcher.name} a year are too few for this "
            f"fleet in {bound.mean():.0%} of the months: up to {waiting[bound].max():.0f} "
            f"satellites wait on the ground, and at the end {h.working[:, -1].mean():.0f} of "
            f"{found.wanted[-1]} are at work"
        )
    lacking = h.working.mean(axis=0) < found.wanted - 0.5
    held = (waiting > 0.5) & lacking & ~bound & (found.made.launches > 0)
    if found.made.least > 1 and held.mean() > SHORT:
        said.append(
            f"up to {waiting[held].max():.0f} satellites wait on the ground until "
            f"fleet.least_per_launch = {found.made.least} fly together, while too few work, in "
            f"{held.mean():.0%} of the months"
        )
    if not found.wanted.any():
        said.append("no satellite is wanted within fleet.horizon: see fleet.milestones")
    drift = round(float(h.derelicts[:, -1].mean()))
    if not 0 < found.made.decay <= found.months and drift > 0:
        who = "1 dead satellite drifts" if drift == 1 else f"{drift} dead satellites drift"
        said.append(
            f"{who} at the end and will not come down by {'itself' if drift == 1 else 'themselves'}"
            " within the plan"
        )
    return said
