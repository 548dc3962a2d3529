"""Print every performance figure we quote about the loop and the command line.

Fully coupled means what `dawndusk run` does: orbit, shadow, power, heat, faults, placement,
requests and jobs, a day at 60 s steps, on the shell of shell.toml. Each size runs in a process
of its own, once small to compile, then measured, the best of five where it is short: CPU time
of all threads, for the orbital loop alone and for the whole run (planning, ground twin, the
fleet's years, ledger and files included, but no days of later years).

Usage: python benchmarks/bench_loop.py [satellites ...]
"""

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

SIZES = (100, 1_000, 10_000, 100_000)
SMALLEST = 20
REQUESTS_PER_SATELLITE_DAY = 24
NODES_PER_JOB = 10
LINEAR_FROM = 1_000
SHORT, SHORT_REPEATS = 10_000, 5
"""Up to how many satellites a run is so short that the best of several is taken."""
HERE = Path(__file__).resolve()
DATA = HERE.parents[2] / "shared" / "data"


def scenario_of(satellites: int) -> Any:
    """The shell with that many satellites, its demand in proportion."""
    from dawndusk.scenario import load

    rate = satellites * REQUESTS_PER_SATELLITE_DAY / 86_400.0
    sizes = {
        "constellation.satellites": satellites,
        "workload.rate": f"{rate} Hz",
        "workload.jobs.0.count": satellites // NODES_PER_JOB // 2,
        "fleet.moments": 0,
    }
    return load(HERE.parent / "shell.toml", [f"{key}={value}" for key, value in sizes.items()])


def case(satellites: int) -> None:
    """Measure one size in this process and print its figures as JSON."""
    from dawndusk.run import run

    with tempfile.TemporaryDirectory() as folder:
        run(scenario_of(SMALLEST), Path(folder) / "compile", report=False)
        scenario = scenario_of(satellites)
        repeats = [
            _timed(lambda: run(scenario, Path(folder) / "measured", report=False))
            for _ in range(SHORT_REPEATS if satellites <= SHORT else 1)
        ]
    finished, wall, cpu = min(repeats, key=lambda each: each[0].summary["performance"]["cpu_s"])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = {
        "satellites": satellites,
        "steps": finished.summary["performance"]["satellite_steps"],
        "loop_cpu_s": finished.summary["performance"]["cpu_s"],
        "cpu_s": cpu,
        "wall_s": wall,
        "peak_bytes": peak * (1 if sys.platform == "darwin" else 1024),
        "requests": finished.summary["service"]["offered"],
    }
    print(json.dumps(found))


def _timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """What the work gives, and the wall and CPU time it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    given = work()
    return given, time.perf_counter() - wall, time.process_time() - cpu


def measured(satellites: int) -> dict[str, float]:
    """The figures of one size, from a process of its own."""
    command = [sys.executable, str(HERE), "--case", str(satellites)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    figures: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return figures


def loop_table(sizes: list[int]) -> None:
    """Rates, memory and linearity over the number of satellites."""
    print("Fully coupled, a day at 60 s steps: satellite-steps per CPU-second")
    print("satellites   requests         loop    whole run      wall      peak")
    cost = {}
    for size in sizes:
        found = measured(size)
        cost[size] = found["loop_cpu_s"] / found["steps"]
        print(
            f"{size:>10,} {found['requests']:>10,.0f} {1.0 / cost[size]:>12,.0f} "
            f"{found['steps'] / found['cpu_s']:>12,.0f} {found['wall_s']:>7.1f} s "
            f"{found['peak_bytes'] / 1e9:>6.2f} GB",
            flush=True,
        )
    larger = [size for size in sizes if size > LINEAR_FROM and LINEAR_FROM in cost]
    if larger:
        shares = ", ".join(f"{cost[size] / cost[LINEAR_FROM]:.2f} at {size:,}" for size in larger)
        print(f"a satellite-step costs, 1 at {LINEAR_FROM:,} satellites: {shares}")


def real_input() -> None:
    """Real satellites for a day on a real trace, where the data lie beside the repository."""
    satellites = DATA / "celestrak" / "starlink_2026-05-30.tle.gz"
    requests = DATA / "azure_llm_2023" / "AzureLLMInferenceTrace_conv.csv"
    if not satellites.exists() or not requests.exists():
        print("starlink-imported: not measured, its data do not lie beside the repository")
        return
    with tempfile.TemporaryDirectory() as folder:
        sets = [f"constellation.file={satellites}", f"workload.trace={requests}"]
        options = [word for each in sets for word in ("--set", each)]
        command = ["run", "starlink-imported", *options]
        _wall([*command, "--set", "time.duration=1 h", "--out", f"{folder}/compile"], {})
        wall = _wall([*command, "--out", f"{folder}/real"], {})
        summary = json.loads(Path(folder, "real", "summary.json").read_text(encoding="utf-8"))
    found = summary["performance"]
    print(
        f"dawndusk run starlink-imported: {summary['fleet']['satellites']:,} satellites, "
        f"{summary['service']['offered']:,} requests of the conversation trace, a day: "
        f"{found['satellite_steps'] / found['cpu_s']:,.0f} a CPU-second in the loop, "
        f"{wall:.1f} s in all with its report"
    )


def start_up() -> None:
    """Wall time of --help, and of suncatcher with and without compiled kernels on disk."""
    help_wall = min(_wall(["--help"], {}) for _ in range(5))
    print(f"dawndusk --help: {help_wall:.2f} s (best of 5)")
    with tempfile.TemporaryDirectory() as folder:
        command = ["run", "suncatcher", "--out", f"{folder}/suncatcher"]
        cache = {"XDG_CACHE_HOME": f"{folder}/cache", "NUMBA_CACHE_DIR": ""}
        cold = _wall(command, cache)
        warm = _wall([*command, "--fresh"], cache)
    print(
        f"dawndusk run suncatcher: {cold:.1f} s the first time, compiling; {warm:.1f} s after that"
    )


def _wall(words: list[str], environment: dict[str, str]) -> float:
    """Wall time of a dawndusk command in a process of its own."""
    script = Path(sys.executable).with_name("dawndusk")
    started = time.perf_counter()
    subprocess.run([script, *words], check=True, capture_output=True, env=os.environ | environment)
    return time.perf_counter() - started


def main(sizes: list[int]) -> None:
    """Print the machine, the start-up times and the loop's table."""
    cores = os.cpu_count()
    print(f"Python {platform.python_version()}, {platform.machine()}, {cores} processors")
    start_up()
    loop_table(sizes)
    real_input()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--case"]:
        case(int(sys.argv[2]))
    else:
        main([int(word) for word in sys.argv[1:]] or list(SIZES))
