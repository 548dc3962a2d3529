"""Assembler of a contest: policies on the same scenario and seed, beside the offline bound."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from dawndusk import report, results, run
from dawndusk.costs import hybrid_nodes
from dawndusk.demand import Demand
from dawndusk.deployment import Deployment, deploy
from dawndusk.exposure import exposure
from dawndusk.fleet_plan import FleetPlan, plan_fleet
from dawndusk.forecast import Forecast
from dawndusk.ledger import orbit_costs, orbit_strength, price_of_work
from dawndusk.loop import node_of
from dawndusk.placement.bound import Asked, Bound, bound
from dawndusk.placement.conformance import resolve
from dawndusk.prospect import plant
from dawndusk.real import work as real_work
from dawndusk.record import Record
from dawndusk.scenario import Scenario
from dawndusk.setting import setting

POLICIES = ("lookahead", "greedy", "follow_the_sun", "latency_first")
"""Contestants unless others are named."""

SLOT = 1800.0
"""Slots of the bound's program, longest [s]."""

Progress = Callable[[float, str], None]
Row = dict[str, Any]


def contest(
    scenario: Scenario,
    policies: Sequence[str] = POLICIES,
    out: Path | None = None,
    *,
    threads: int | None = None,
    progress: Progress = lambda share, stage: None,
) -> list[Row]:
    """Run one scenario and seed under each policy and hold all against the offline bound.

    `lookahead`, or the first policy without it, leaves a results folder with its ground twin;
    the rows go into its policies.json and its report. The others leave their row alone. No
    days of later years are run: each policy's day stands for all of its fleet's.

    Args:
        scenario: what is run, its own placement.policy aside [object]
        policies: names of shipped policies or "package.module:function" [object]
        out: results folder, `results/<name>` unless given [object]
        threads: threads for the satellites, None for all processors [-]
        progress: called with the share done and what is being done [object]
    Returns:
        a row for each policy, in the order given, as in policies.json [object]
    Raises:
        ValueError: when no policy is named, or the design, its files or a policy cannot work
        KeyboardInterrupt: after an interruption
    """
    names = list(dict.fromkeys(policies))
    if not names:
        raise ValueError("policies: none is named; name at least one, as in --policy greedy")
    contestants = {name: resolve(name) for name in names}
    shown = "lookahead" if "lookahead" in names else names[0]
    folder = out or Path("results") / scenario.name
    plan = plan_fleet(scenario)
    scenario = plan.scenario.replaced({"fleet.moments": 0}, origin="override")
    years = None
    if scenario.fleet.enabled:
        years = deploy(scenario, plan, exposure(scenario, plan)["dose_rad_per_year"])
    day = setting(scenario, plan, threads)
    rows: dict[str, Row] = {}
    for done, name in enumerate(names):

        def told(part: float, stage: str = "", name: str = name, done: int = done) -> None:
            progress((done + part) / (len(names) + 1), name)

        mine = scenario.replaced({"placement.policy": name}, origin="override")
        if name == shown:
            finished = run.run(
                mine,
                folder,
                report=False,
                threads=threads,
                progress=told,
            )
            rows[name] = _of_results(name, finished)
            continue
        record = replace(day, scenario=mine).simulate(
            contestants[name], progress=told, real=real_work.begin(mine, plan.satellites)
        )
        rows[name] = _of_record(name, mine, plan, record, years)
    progress(len(names) / (len(names) + 1), "solving the bound")
    best = offline_bound(scenario, plan, day.ahead, day.asked)
    ordered = [_beside(rows[name], scenario.name, best) for name in names]
    results.write_json(folder / "policies.json", ordered)
    progress(1.0, "writing the report")
    report.html(folder)
    return ordered


def offline_bound(
    scenario: Scenario, plan: FleetPlan, ahead: Forecast, asked: Demand
) -> Bound | None:
    """What no policy can exceed on the jobs of a run, all its future being known.

    Sunlight, failures and submissions are those of the run itself. Requests count as served
    aside and the way of data as free: both are in favour of the bound.

    Args:
        scenario: what is run [object]
        plan: its fleet [object]
        ahead: sunlight [object]
        asked: jobs and interruptions of the run [object]
    Returns:
        the bound, None without jobs [object]
    """
    duration = scenario.time.duration
    table = asked.jobs.table
    table = table[table["submit"] < duration]
    if not len(table):
        return None
    slots = int(np.ceil(duration / SLOT))
    slot = duration / slots
    sites = plan.satellites + hybrid_nodes(scenario)
    sky = Forecast(ahead.elements, scenario.time.start, slot, ahead.tracking, ahead.threads)
    window = sky.window(0, slots)
    brightest = float(window.irradiance.max())
    light = window.illumination * window.array_cosine * (window.irradiance[:, None] / brightest)
    node = node_of(scenario, asked)
    return bound(
        light,
        slot,
        _up(asked, slots, slot, sites),
        Asked(
            submit=table["submit"],
            deadline=table["deadline"],
            work=table["work"],
            nodes=table["nodes"].astype(float),
            rate=table["utilisation"] * node.peak * asked.job_rate,
            traffic=np.zeros(len(table)),
        ),
        # heat that waits in the dark may let a satellite run above what it can sustain
        replace(plant(scenario, plan, node, brightest), sustained=1.0),
        plan.initial_charge,
    )


def _up(asked: Demand, slots: int, slot: float, sites: int) -> np.ndarray:
    """Share of each slot in which a site is not down, shape (slots, sites)."""
    up = np.ones((slots, sites))
    edges = slot * np.arange(slots + 1)
    faults = asked.interruptions
    for site, begins, until in zip(faults.site, faults.time, faults.until, strict=True):
        up[:, site] -= np.diff(np.clip(edges, begins, until)) / slot
    return np.clip(up, 0.0, 1.0)


def _of_results(name: str, finished: results.Results) -> Row:
    import pyarrow.parquet

    found = finished.summary
    done = pyarrow.parquet.read_table(finished.folder / "jobs.parquet", columns=["done"])
    return {
        "policy": name,
        "delivered_FLOP": found["compute"]["delivered_FLOP"],
        "jobs_FLOP": float(np.asarray(done["done"]).sum()),
        "deadline_missed": found["jobs"]["deadline_missed"],
        "jobs_finished": found["jobs"]["finished"],
        "requests_served": found["service"]["served"],
        "usd_per_PFLOP_day": found["cost"]["usd_per_PFLOP_day"],
    }


def _of_record(
    name: str, scenario: Scenario, plan: FleetPlan, record: Record, years: Deployment | None
) -> Row:
    totals = record.totals
    return {
        "policy": name,
        "delivered_FLOP": totals["delivered_FLOP"],
        "jobs_FLOP": float(record.jobs["done"].sum()),
        "deadline_missed": totals["jobs_deadline_missed"],
        "jobs_finished": totals["jobs_finished"],
        "requests_served": totals["served"],
        "usd_per_PFLOP_day": price_of_work(
            orbit_costs(scenario, plan, record, years),
            orbit_strength(scenario, plan, record, years),
            record,
        ),
    }


def _beside(row: Row, scenario: str, best: Bound | None) -> Row:
    share = row["jobs_FLOP"] / best.delivered if best and best.delivered else None
    return {"scenario": scenario, **row, "bound_fraction": share}
