"""Print what each policy delivers on shipped scenarios, beside the bound that knows the future.

Same scenario, same seed, policy by policy: work delivered, deadlines missed, requests served,
cost of work, and the time of a decision. The share of the bound compares the work on jobs with
the linear program over the whole time, which sees every failure and loses nothing to restarts,
checkpoints, serving or links' delays.

Usage: python benchmarks/bench_placement.py [POLICY ...]
"""

import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pyarrow.parquet as pq

from dawndusk import loop, run
from dawndusk.demand import Demand, demand
from dawndusk.fleet_plan import FleetPlan, plan_fleet
from dawndusk.forecast import forecast
from dawndusk.placement.bound import Asked, Bound, bound
from dawndusk.placement.conformance import resolve
from dawndusk.prospect import plant
from dawndusk.scenario import Scenario, load

POLICIES = ("lookahead", "greedy", "follow_the_sun")

CASES = {
    "suncatcher": ("suncatcher",),
    "suncatcher, embeddings due in 14 h": ("suncatcher", "workload.jobs.1.deadline=14 h"),
    "spacex-ai1, pretraining for the whole day": (
        "spacex-ai1",
        "workload.jobs.0.tokens=3e12",
    ),
    "starcloud-1, three times the images, due in 1 h": (
        "starcloud-1",
        "workload.jobs.1.work=0.6 EFLOP",
        "workload.jobs.1.deadline=1 h",
    ),
}

STARLINK = Path(__file__).parents[2] / "shared/data/celestrak/starlink_2026-05-30.tle.gz"

SLOT = 1800.0
"""Of the bound [s]."""


def ceiling(scenario: Scenario, plan: FleetPlan, asked: Demand) -> Bound:
    """The bound on the jobs of a planned scenario without ground nodes."""
    slots = round(scenario.time.duration / SLOT)
    tracking = scenario.satellite.array.tracking
    sun = forecast(plan.elements, scenario.time.start, SLOT, tracking).window(0, slots)
    up = np.ones((slots, plan.satellites))
    faults = asked.interruptions
    begins = np.arange(slots) * SLOT
    for site, start, until in zip(faults.site, faults.time, faults.until, strict=True):
        down = np.minimum(until, begins + SLOT) - np.maximum(start, begins)
        up[:, site] -= np.maximum(down, 0.0) / SLOT
    table = asked.jobs.table
    table = table[table["submit"] < scenario.time.duration]
    node = loop.node_of(scenario, asked)
    nodes = table["nodes"].astype(float)
    every, pause = table["checkpoint_interval"], table["checkpoint_time"]
    full = table["utilisation"] * node.peak * asked.job_rate
    best = bound(
        sun.illumination,
        SLOT,
        up,
        Asked(
            table["submit"],
            table["deadline"],
            table["work"],
            nodes,
            full * _working(scenario, table) / (1.0 + pause / every),
            np.zeros(len(table)),
        ),
        plant(scenario, plan, node, float(sun.irradiance.max())),
        plan.initial_charge,
    )
    # the first stretch of work is without a checkpoint
    return best._replace(delivered=best.delivered + float((full * pause * nodes).sum()))


def _working(scenario: Scenario, table: Any) -> Any:
    """Share of its time that a gang works when its exchanges have the fastest link alone."""
    if not scenario.network.enabled or scenario.isl_terminal is None:
        return 1.0
    spent = 8.0 * table["exchange"] / scenario.isl_terminal.max_rate
    return table["exchange_interval"] / (table["exchange_interval"] + spent)


def measured(
    source: str, overrides: tuple[str, ...], name: str
) -> tuple[dict[str, Any], float, float]:
    """Summary of a run, work done on jobs [FLOP] and median time of a decision [s]."""
    policy = resolve(name)
    spent: list[float] = []

    def timed(outlook: Any, view: Any) -> Any:
        began = time.perf_counter()
        decision = policy(outlook, view)
        spent.append(time.perf_counter() - began)
        return decision

    if hasattr(policy, "ahead"):
        timed.ahead = policy.ahead  # type: ignore[attr-defined]
    scenario = load(source, [*overrides, f"placement.policy={name}"])
    with tempfile.TemporaryDirectory() as folder:
        with patch.object(run, "resolve", lambda text: timed if text == name else resolve(text)):
            found = run.run(scenario, Path(folder) / "run", report=False)
        done = float(pq.read_table(Path(folder) / "run" / "jobs.parquet")["done"].to_numpy().sum())
    return found.summary, done, float(np.median(spent))


def main() -> None:
    cases = dict(CASES)
    if STARLINK.exists():
        cases["starlink-imported"] = ("starlink-imported", f"constellation.file={STARLINK}")
    for title, (source, *overrides) in cases.items():
        plan = plan_fleet(load(source, overrides))
        asked = demand(plan.scenario, plan.satellites, stream=0)
        best = ceiling(plan.scenario, plan, asked)
        print(f"\n{title}: at most {best.delivered:.4g} FLOP of jobs")
        for name in sys.argv[1:] or POLICIES:
            summary, done, spent = measured(source, tuple(overrides), name)
            compute, jobs = summary["compute"], summary["jobs"]
            share = done / best.delivered
            print(
                f"  {name:15s} {compute['delivered_FLOP']:.4e} FLOP  {share:6.1%} of the bound  "
                f"{jobs['finished']}/{jobs['submitted']} jobs, {jobs['deadline_missed']} late  "
                f"{summary['service']['served']} requests  "
                f"{summary['cost']['usd_per_PFLOP_day']:.2f} USD/PFLOP-day  {spent * 1e3:.2f} ms"
            )


if __name__ == "__main__":
    main()
