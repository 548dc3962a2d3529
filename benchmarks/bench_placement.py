"""Time a day of Starlink's first shell with network and lookahead, on a real trace.

1,584 satellites in 72 planes, lasers to their neighbours, users on the ground under their own
antennas, requests of the conversation trace of Azure repeated for a day, training, and hourly
batches with deadlines. A short run compiles first; then wall and CPU time of all threads for
the whole of `dawndusk run` but its report, with `lookahead` and with `greedy` beside it.
--profile prints where it goes.

Usage: python benchmarks/bench_placement.py [--profile]
"""

import cProfile
import os
import pstats
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from dawndusk.results import Results
from dawndusk.run import run
from dawndusk.scenario import Scenario, load

HERE = Path(__file__).resolve()
TRACE = HERE.parents[2] / "shared/data/azure_llm_2023/AzureLLMInferenceTrace_conv.csv"
SHELL = {
    "constellation.satellites": 1_584,
    "constellation.planes": 72,
    "constellation.altitude": '"550 km"',
    "constellation.inclination": '"53 deg"',
    "network.enabled": "true",
    "network.users": '"direct"',
    "network.terminal": '"starlink-laser"',
    "network.ground_terminal": '"ka-gateway"',
    "network.stations": '"starlink-gateways"',
    "network.user_terminal": '"ku-user"',
    "workload.repeat": "true",
    "workload.jobs.0.count": 30,
    "workload.jobs.0.work": '"250 EFLOP"',
    "workload.jobs.0.every": '"1 h"',
    "workload.jobs.0.deadline": '"6 h"',
    "workload.jobs.1.count": 4,
    "workload.jobs.1.nodes": 64,
}
TARGET = 180.0
"""Wall time of the day on two cores [s]."""


def scenario_of(policy: str, duration: str) -> Scenario:
    """The shell under a policy."""
    sizes = SHELL | {
        "placement.policy": f'"{policy}"',
        "time.duration": f'"{duration}"',
        "workload.trace": f'"{TRACE}"',
    }
    return load(HERE.parent / "shell.toml", [f"{key}={value}" for key, value in sizes.items()])


def measured(scenario: Scenario) -> tuple[Results, float, float]:
    """A run with its files, without its report: results, wall and CPU time."""
    with tempfile.TemporaryDirectory() as folder:
        wall, cpu = time.perf_counter(), time.process_time()
        found = run(scenario, Path(folder) / "day", report=False)
        return found, time.perf_counter() - wall, time.process_time() - cpu


def line(policy: str, found: Results, wall: float, cpu: float) -> str:
    """What a day took and came to."""
    summary: dict[str, Any] = found.summary
    return (
        f"{policy:<10} {wall:>6.1f} s wall {cpu:>6.1f} s CPU, "
        f"loop {summary['performance']['cpu_s']:>6.1f} s CPU: "
        f"{summary['service']['served']:,} of {summary['service']['offered']:,} requests served, "
        f"{summary['compute']['delivered_FLOP']:.4g} FLOP delivered, "
        f"{summary['jobs']['finished']} of {summary['jobs']['submitted']} jobs finished, "
        f"{summary['jobs']['deadline_missed']} late"
    )


def main(profile: bool) -> None:
    """Print the day's times, and its profile where asked."""
    if not TRACE.exists():
        print("a day of 1,584 satellites: not measured, the trace does not lie beside the sources")
        return
    measured(scenario_of("lookahead", "1 h"))
    print(f"A day of 1,584 satellites with network and trace, {os.cpu_count()} processors:")
    for policy in ("lookahead", "greedy"):
        found, wall, cpu = measured(scenario_of(policy, "1 day"))
        target = f"; target {TARGET:.0f} s" if policy == "lookahead" else ""
        print(line(policy, found, wall, cpu) + target, flush=True)
    if profile:
        watched = cProfile.Profile()
        watched.runcall(measured, scenario_of("lookahead", "1 day"))
        pstats.Stats(watched).sort_stats("tottime").print_stats(30)


if __name__ == "__main__":
    main("--profile" in sys.argv[1:])
