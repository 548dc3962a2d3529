"""Time ten years of a million satellites, a hundred times over, as `dawndusk fleet` does it.

Satellites like Suncatcher's fail by every cause, are replaced, kept with spares and mended by
servicers; a launcher is given that flies often enough. A first call compiles; CPU seconds of
all threads. Then the same with as many launches as exist today.

Usage: python benchmarks/bench_fleet.py
"""

import dataclasses
import os
import time

import numpy as np

from dawndusk import deployment
from dawndusk.deployment import Deployment, deploy
from dawndusk.fleet_plan import FleetPlan, plan_fleet
from dawndusk.scenario import Scenario, load

SATELLITES, RUNS, TARGET = 1_000_000, 100, 60.0
DOSE = 150.0
"""Taken by the electronics in a year [rad]."""


def case(cadence: str) -> tuple[Scenario, FleetPlan]:
    """The scenario, and its satellites as many as wanted."""
    plan = plan_fleet(
        load(
            "suncatcher",
            [
                "workload.jobs=[]",
                "fleet.spares=10000",
                "fleet.servicing.enabled=true",
                f"fleet.runs={RUNS}",
                "economics.launcher=starship",
                f"catalogue.launcher.starship.cadence={cadence}",
            ],
        )
    )
    return plan.scenario, dataclasses.replace(plan, satellites=SATELLITES)


def timed(scenario: Scenario, plan: FleetPlan) -> tuple[Deployment, float, float]:
    """The years, wall and CPU time with their tables."""
    wall, cpu = time.perf_counter(), time.process_time()
    found = deploy(scenario, plan, DOSE)
    deployment.tables(found)
    deployment.summary(found)
    return found, time.perf_counter() - wall, time.process_time() - cpu


def main() -> None:
    """Print how long the years take and what they come to."""
    print(f"{SATELLITES:,} satellites, 10 years, {RUNS} runs, {os.cpu_count()} processors:")
    for cadence in ("20000 1/yr", "145 1/yr"):
        scenario, plan = case(cadence)
        timed(scenario, dataclasses.replace(plan, satellites=10))
        found, wall, cpu = timed(scenario, plan)
        figures = deployment.summary(found)
        assert figures["residual_satellites"] == 0
        again = deploy(scenario, plan, DOSE)
        assert np.array_equal(again.history.capacity, found.history.capacity)
        print(
            f"  {cadence:<10} {wall:5.2f} s wall {cpu:5.2f} s CPU, target {TARGET:.0f} s: "
            f"{figures['launches_life']:,.0f} launches, {figures['built']:,.0f} built, "
            f"{figures['working_mean_fraction']:.1%} at work on average",
            flush=True,
        )


if __name__ == "__main__":
    main()
