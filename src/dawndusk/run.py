"""The whole loop: plan → forecast → simulate, in orbit and on the ground → settle → results."""

import hashlib
import platform
import shlex
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dawndusk import deployment, fleet_inputs, life_costs, results, upkeep
from dawndusk.cluster.table import Table
from dawndusk.cluster_flight import cluster_flight
from dawndusk.connections import Connections
from dawndusk.costs import ground_nodes
from dawndusk.demand import demand
from dawndusk.deployment import Deployment, deploy
from dawndusk.execution import modelled
from dawndusk.execution.training.hosts import Engine
from dawndusk.exposure import dose_map, exposure, exposure_warnings, storm_warnings
from dawndusk.fleet_plan import FleetPlan, plan_fleet
from dawndusk.gateway import answering
from dawndusk.ledger import Ledger, settle
from dawndusk.loop import simulate
from dawndusk.operating_days import OperatingDays, operating_days
from dawndusk.operating_days import refuse as refuse_days
from dawndusk.placement.conformance import resolve
from dawndusk.real import record as real_record
from dawndusk.real import work as real_work
from dawndusk.real.jobs import real_jobs, sources
from dawndusk.record import QUANTILES, Record
from dawndusk.results import Results
from dawndusk.scenario import Scenario
from dawndusk.setting import Setting, setting
from dawndusk.strikes import strike_warnings
from dawndusk.traffic_record import LEVELS
from dawndusk.where import matrix

Progress = Callable[[float, str], None]

ORBIT_SHARE, GROUND_SHARE = 0.4, 0.5
"""Of the progress bar, when the orbital side and the ground twin have run [-]."""

PACKAGES = ("numpy", "numba", "scipy", "sgp4", "pyerfa", "pydantic", "xarray")
"""Packages whose versions a result depends on."""


def run(
    scenario: Scenario,
    out: Path | None = None,
    *,
    fresh: bool = False,
    report: bool = True,
    threads: int | None = None,
    progress: Progress = lambda share, stage: None,
    engine: Engine | None = None,
) -> Results:
    """Take a design through orbit, shadow, power, heat, compute, placement and cost.

    Args:
        scenario: what is run [object]
        out: results folder, `results/<name>` unless given [object]
        fresh: start over although an unfinished run of the same scenario is there [-]
        report: write the HTML report [-]
        threads: threads for the satellites, None for all processors [-]
        progress: called with the share done and what is being done [object]
        engine: that houses what really runs, None for this process [object]
    Returns:
        the results; `complete` tells whether the end was reached [object]
    Raises:
        ValueError: when the design, its files or its policy cannot work
        KeyboardInterrupt: after an interruption, when the partial folder is in order
    """
    began = time.perf_counter()
    answers = answering.backend(scenario)
    folder = out or Path("results") / scenario.name
    partial = results.partial_folder(folder)
    real_jobs(scenario)
    fingerprint = _fingerprint(scenario)
    progress(0.0, "planning the fleet")
    policy = resolve(scenario.placement.policy)
    plan = plan_fleet(scenario)
    scenario = plan.scenario
    fleet_inputs.refuse(scenario, plan)
    refuse_days(scenario)
    day = setting(scenario, plan, threads)
    kept = None if fresh else results.load_checkpoint(partial, fingerprint)
    if kept is None:
        shutil.rmtree(partial, ignore_errors=True)
        real = real_work.begin(scenario, plan.satellites, engine, plan.elements.names)
    else:
        real = None
        if engine is None:
            Table(partial).remove()  # of a run on a cluster that was killed
        if engine is not None and kept.real is not None:
            kept.real.house(engine, scenario, plan.elements.names)
    with _interruptible() as interrupted:
        orbit = day.simulate(
            policy,
            progress=lambda share: progress(ORBIT_SHARE * share, "running the constellation"),
            stop=interrupted,
            resume=kept,
            save=lambda state: results.save_checkpoint(partial, fingerprint, state),
            real=real,
        )
        if not orbit.duration:
            raise KeyboardInterrupt
        ground = ground_twin(
            scenario, plan, orbit.duration, progress, really=orbit.complete, engine=engine
        )
        if engine is not None:
            engine.close()
        life = _life(scenario, plan, threads, progress, interrupted)
        if orbit.complete and interrupted():
            raise KeyboardInterrupt
    progress(1.0, "settling")
    ledger = settle(
        scenario,
        plan,
        orbit,
        ground,
        formation=cluster_flight(scenario, plan, day.ahead),
        environment=life.exposure,
        deployment=life.years,
        upkeep=upkeep.summary(plan.upkeep),
        efficiency=life.days.efficiency if life.days else None,
    )
    if orbit.complete:
        ledger.check()
        if answers is not None:
            progress(1.0, "answering")
            told = answering.answered(scenario, plan, day.asked, orbit, ground, answers)
            ledger.summary["answers"] = told.summary
            partial.mkdir(parents=True, exist_ok=True)
            results.write_table(partial / "answers.parquet", told.columns)
    if orbit.real is not None:
        ledger.summary["real_work"] = real_record.summary(orbit, ground, ledger.summary)
    facts = engine.facts if engine is not None else {"name": "process"}
    described = _write(partial, scenario, plan, day, orbit, ground, ledger, life, began, facts)
    if report:
        progress(1.0, "writing the report")
        from dawndusk import report as reports

        reports.html(partial)
    if not orbit.complete:
        raise KeyboardInterrupt
    results.publish(partial, folder)
    return Results(folder, ledger.summary, described)


class Life(NamedTuple):
    """What the years do to a fleet."""

    exposure: dict[str, float | None]
    years: Deployment | None
    days: OperatingDays | None


def _life(
    scenario: Scenario,
    plan: FleetPlan,
    threads: int | None,
    progress: Progress,
    interrupted: Callable[[], bool],
) -> Life:
    """Dose, the fleet's history, and days run on the fleet as it then is."""
    taken = exposure(scenario, plan)
    if not scenario.fleet.enabled:
        return Life(taken, None, None)
    progress(GROUND_SHARE, "following the fleet over the years")
    years = deploy(scenario, plan, taken["dose_rad_per_year"])
    days = operating_days(
        scenario,
        plan,
        years,
        threads=threads,
        stop=interrupted,
        progress=lambda share: progress(
            GROUND_SHARE + (1.0 - GROUND_SHARE) * share, "running days of later years"
        ),
    )
    return Life(taken, years, days)


def ground_twin(
    scenario: Scenario,
    plan: FleetPlan,
    duration: float,
    progress: Progress,
    *,
    really: bool = False,
    engine: Engine | None = None,
) -> Record:
    """The same requests and jobs on ground nodes alone, for the time the orbital side ran.

    Args:
        scenario: what is run, all sizes filled in [object]
        plan: the fleet, which only lends its node to the twin [object]
        duration: time to simulate [s]
        progress: called with the share done and what is being done [object]
        really: real jobs run, else they are modelled [-]
        engine: that houses what really runs, None for this process [object]
    Returns:
        the ground side [object]
    """
    nodes = ground_nodes(scenario, plan)
    return simulate(
        scenario.replaced({"time.duration": duration}, origin="override"),
        plan,
        None,
        resolve("ground_only"),
        demand(scenario, nodes, stream=1),
        ground_nodes=nodes,
        network=Connections(scenario, plan, None, nodes) if scenario.network.enabled else None,
        real=real_work.begin(scenario, 0, engine) if really else None,
        progress=lambda share: progress(
            ORBIT_SHARE + (GROUND_SHARE - ORBIT_SHARE) * share, "running the ground twin"
        ),
    )


def _fingerprint(scenario: Scenario) -> str:
    """What a checkpoint must agree with: scenario, files it names, version of the program."""
    found = hashlib.sha256(f"{metadata.version('dawndusk')}\n{scenario.to_toml()}".encode())
    files = (
        scenario.workload.trace,
        getattr(scenario.constellation, "file", None),
        scenario.network.edges if scenario.network.enabled else None,
        *sources(scenario),
    )
    for path in files:
        if path is not None:
            with Path(path).open("rb") as file:
                found.update(hashlib.file_digest(file, "sha256").digest())
    return found.hexdigest()


@contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C into a request to stop at the next decision."""
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    asked = threading.Event()
    before = signal.getsignal(signal.SIGINT)

    def stop(number: int, frame: Any) -> None:
        asked.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, stop)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)


def _write(
    folder: Path,
    scenario: Scenario,
    plan: FleetPlan,
    day: Setting,
    orbit: Record,
    ground: Record,
    ledger: Ledger,
    life: Life,
    began: float,
    engine: dict[str, Any],
) -> dict[str, Any]:
    """Write everything but the report; returns what run.json holds."""
    folder.mkdir(parents=True, exist_ok=True)
    results.write_text(folder / "scenario.toml", scenario.to_toml())
    results.write_json(folder / "summary.json", ledger.summary)
    arrays = orbit.series.arrays() | orbit.places
    twin = ground.series.arrays()
    rows = len(orbit.series.time)
    for ours, theirs in (
        ("ground_consumed_W", "consumed_W"),
        ("ground_delivered_FLOPS", "delivered_FLOPS"),
        ("ground_waiting_requests", "waiting_requests"),
    ):
        if theirs in twin:
            arrays[ours] = twin[theirs][:rows]
    coordinates = {
        "time": np.array(orbit.series.time),
        "quantile": QUANTILES,
        "satellite": list(orbit.satellites),
    }
    if orbit.network is not None and orbit.network.regions:
        arrays["region_latency_s"] = orbit.network.region_latency
        coordinates |= {"region": orbit.network.regions, "level": LEVELS}
    results.write_timeseries(folder / "timeseries.nc", arrays, coordinates)
    if orbit.network is not None:
        for name, columns in orbit.network.tables.items():
            results.write_table(folder / f"{name}.parquet", columns)
    results.write_json(folder / "placement.json", matrix(scenario, plan, ledger.summary))
    for name, columns in _tables(scenario, plan, orbit, ground, life).items():
        results.write_table(folder / f"{name}.parquet", columns)
    results.write_table(folder / "events.parquet", orbit.events.columns())
    results.write_table(folder / "jobs.parquet", orbit.jobs)
    if scenario.record.requests:
        columns = dict(orbit.requests)
        columns["status"] = [modelled.STATUS[status] for status in columns["status"]]
        results.write_table(folder / "requests.parquet", columns)
    described = {
        "name": scenario.name,
        "complete": orbit.complete,
        "version": metadata.version("dawndusk"),
        "python": platform.python_version(),
        "packages": {name: metadata.version(name) for name in PACKAGES},
        "seed": scenario.time.seed,
        "engine": engine,
        "command": shlex.join(["dawndusk", *sys.argv[1:]]),
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "durations": {
            "wall_s": round(time.perf_counter() - began, 3),
            "cpu_s": orbit.totals["cpu_s"],
        },
        "warnings": [
            *_warnings(scenario, plan, orbit),
            *exposure_warnings(scenario, ledger.summary["environment"]),
            *storm_warnings(scenario),
            *strike_warnings(scenario, day.ahead),
            *upkeep.upkeep_warnings(scenario, plan),
            *(deployment.deployment_warnings(scenario, life.years) if life.years else ()),
            *ledger.warnings,
            *real_record.warnings(orbit, ground),
        ],
        "assumptions": [asdict(assumption) for assumption in ledger.assumptions],
    }
    results.write_json(folder / "run.json", described)
    return described


def _tables(
    scenario: Scenario, plan: FleetPlan, orbit: Record, ground: Record, life: Life
) -> dict[str, dict[str, Any]]:
    """Tables of real jobs, of radiation and of the years, those that there are."""
    found: dict[str, dict[str, Any]] = {}
    if life.years:
        found = deployment.tables(life.years)
        found["fleet"] |= life_costs.spending(scenario, plan, life.years)
    others = {
        "training": real_record.rows(orbit, ground),
        "upsets": orbit.upsets if scenario.radiation.enabled else None,
        "dose_map": dose_map(scenario, plan),
        "days": life.days.columns if life.days else None,
    }
    return found | {name: columns for name, columns in others.items() if columns}


def _warnings(scenario: Scenario, plan: FleetPlan, orbit: Record) -> list[str]:
    """What a reader must know before trusting the figures."""
    found = []
    if not orbit.complete:
        share = orbit.duration / scenario.time.duration
        found.append(f"interrupted: {share:.0%} of the scenario's time was simulated")
    if plan.bad_lines:
        first = plan.bad_lines[0]
        found.append(
            f"{len(plan.bad_lines)} entries of the imported file were left out; the "
            f"first at line {first.line}: {first.reason}"
        )
    if orbit.totals["unserved_J"] > 1e-9 * orbit.totals["consumed_J"]:
        count = orbit.events.counts.get("brownout", 0)
        found.append(
            f"{count} satellites could not carry their bus at some time: "
            f"{orbit.totals['unserved_J'] / 3.6e6:.4g} kWh unserved"
        )
    if orbit.totals["throttled_fraction"] > 0.01:
        found.append(
            f"dies were throttled by heat for {orbit.totals['throttled_fraction']:.1%} of the time"
        )
    found.extend(_terminals(scenario))
    if orbit.network is None:
        found.append("network.enabled is false: times exclude the way, links carry anything")
    else:
        found.extend(orbit.network.warnings)
    return found


def _terminals(scenario: Scenario) -> list[str]:
    """Power and mass of the link terminals, which the bus must have in its own."""
    network = scenario.network
    if not network.enabled:
        return []
    bus = scenario.satellite.bus
    lasers = network.terminals if network.topology != "none" else 0
    down = network.ground_links
    ends = ((lasers, scenario.isl_terminal), (down, scenario.ground_terminal))
    said = []
    for name, unit, need, have, path in (
        ("draw", "W", sum(n * end.power for n, end in ends), bus.load, "load"),
        ("weigh", "kg", sum(n * end.mass for n, end in ends), bus.other_mass, "other_mass"),
    ):
        if need > have:
            said.append(
                f"the satellite's {lasers} + {down} link terminals alone {name} {need:.0f} {unit} "
                f"of satellite.bus.{path} = {have:.0f} {unit}: raise it"
            )
    return said
