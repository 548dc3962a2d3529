"""What is asked of a design: requests, jobs and the interruptions that get in their way.

Everything here is fixed by the scenario and its seed before the loop starts; the loop
reveals it as time passes.
"""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from dawndusk.execution import faults
from dawndusk.execution.faults import Interruptions, Strikes
from dawndusk.real.jobs import declarations
from dawndusk.requests import Requests, Service
from dawndusk.scenario import Scenario
from dawndusk.workload import arrivals, inference, jobs, trace
from dawndusk.workload.jobs import Jobs

MOST_REQUESTS = 50_000_000
"""Requests that a run may follow [-]: 10 GB."""


@dataclass(frozen=True)
class Demand:
    """Requests, how an engine serves them, jobs, and interruptions by site."""

    requests: Requests
    service: Service
    replicas: int
    """Engines on a node."""
    jobs: Jobs
    exclusive: np.ndarray
    """The job leaves no memory for the served model, shape (jobs,)."""
    crowding: bool
    """Some job is exclusive."""
    deadlines: np.ndarray
    """Of all jobs, in order, finite ones only [s]."""
    interruptions: Interruptions
    peak: float
    """Dense rate of one accelerator, yardstick of all work [FLOP/s]."""
    origin_share: np.ndarray
    """Share of the requests that each city sends, shape (cities,)."""
    job_rate: float
    """BF16 rate, to which the utilisation of jobs refers, over that yardstick."""
    strikes: Strikes = field(default_factory=faults.no_strikes)
    """What particles do to the satellites; see `strikes.struck`."""
    flips: Strikes = field(default_factory=faults.no_strikes)
    """What strikes the numbers of real jobs beside those strikes; see `strikes.flips`."""
    absent: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    """Sites that stay out of service from beginning to end."""


def demand(scenario: Scenario, sites: int, *, stream: int) -> Demand:
    """Everything that a run of `sites` sites will be asked and will suffer.

    Args:
        scenario: what is simulated [object]
        sites: satellites and ground nodes [-]
        stream: number of the random stream for the interruptions, so that the orbital run
            and its ground twin are struck independently; requests are the same for both [-]
    Returns:
        the demand [object]
    Raises:
        ValueError: when a model, job or trace does not fit the nodes or cannot be read
    """
    seeds = np.random.SeedSequence(scenario.time.seed).spawn(2 + stream)
    service, replicas = serving(scenario)
    table = job_table(scenario)
    memory = scenario.accelerator.memory * scenario.satellite.compute.count
    weights = inference.weights(scenario.model.parameters, scenario.model.weight_bytes) * replicas
    rate = scenario.faults.interruption_rate if scenario.faults.enabled else 0.0
    exclusive = table.table["memory"] + weights > inference.MEMORY_SHARE * memory
    due = np.sort(table.table["deadline"])
    return Demand(
        requests=_placed(requests(scenario, np.random.default_rng(seeds[0])), scenario),
        service=service,
        replicas=replicas,
        jobs=table,
        exclusive=exclusive,
        crowding=bool(exclusive.any()),
        deadlines=due[np.isfinite(due)],
        interruptions=faults.interruptions(
            np.full(sites, float(scenario.satellite.compute.count)),
            scenario.time.duration,
            scenario.faults.restart_time,
            np.random.default_rng(seeds[1 + stream]),
            rate,
        ),
        peak=peak_rate(scenario),
        origin_share=origin_share(scenario),
        job_rate=scenario.accelerator.peak_flops / peak_rate(scenario),
    )


def origin_share(scenario: Scenario) -> np.ndarray:
    """Population of each city over that of all."""
    people = np.array([city.population for city in scenario.cities])
    share: np.ndarray = people / people.sum()
    share.flags.writeable = False
    return share


def _placed(found: Requests, scenario: Scenario) -> Requests:
    """Requests of unknown origin drawn among the cities by population."""
    unknown = found.origin < 0
    if not (scenario.network.enabled and unknown.any()):
        return found
    random = np.random.default_rng([scenario.time.seed, 17])
    drawn = random.choice(len(scenario.cities), int(unknown.sum()), p=origin_share(scenario))
    origin = found.origin.copy()
    origin[unknown] = drawn
    return replace(found, origin=origin)


def serving(scenario: Scenario) -> tuple[Service, int]:
    """Coefficients of an engine of the scenario's model, and engines on a node."""
    model, chip, compute = scenario.model, scenario.accelerator, scenario.satellite.compute
    parallel = compute.tensor_parallel or compute.count
    service = inference.service(
        parameters=model.parameters,
        active_parameters=model.active_parameters,
        layers=model.layers,
        hidden=model.hidden,
        kv_heads=model.kv_heads,
        head_dim=model.head_dim,
        weight_bytes=model.weight_bytes,
        kv_bytes=model.kv_bytes,
        peak_flops=peak_rate(scenario),
        bandwidth=chip.bandwidth,
        memory=chip.memory,
        tensor_parallel=parallel,
        max_batch=scenario.workload.max_batch,
        patience=scenario.workload.patience,
        link_bandwidth=chip.link_bandwidth,
    )
    return service, compute.count // parallel


def peak_rate(scenario: Scenario) -> float:
    """Dense rate of one accelerator at the served model's precision, yardstick of all work.

    Models of one byte a parameter run at the FP8 rate where the accelerator has one, all
    others at the BF16 rate [FLOP/s].
    """
    chip = scenario.accelerator
    eight_bit = scenario.model.weight_bytes <= 1.0 and chip.peak_flops_fp8
    return float(chip.peak_flops_fp8 if eight_bit else chip.peak_flops)


def requests(scenario: Scenario, random: np.random.Generator) -> Requests:
    """The requests of the scenario's duration, replayed or made up."""
    workload, duration = scenario.workload, scenario.time.duration
    if workload.trace is not None:
        read = trace.read(workload.trace)
        if workload.repeat:
            span = max(float(read.arrival[-1]), 1.0)
            _refuse_too_many(len(read) * duration / span, "workload.trace")
            return trace.repeat(read, duration)
        kept = read.arrival < duration
        return Requests(read.arrival[kept], read.prompt[kept], read.output[kept], read.origin[kept])
    _refuse_too_many(workload.rate * duration, "workload.rate")
    start = scenario.time.start
    lengths = workload.lengths
    return arrivals.synthetic(
        workload.rate,
        duration,
        start.hour * 3600.0 + start.minute * 60.0 + start.second,
        np.array([city.population for city in scenario.cities]),
        np.array([city.utc_offset for city in scenario.cities]),
        random,
        prompt=(lengths.prompt_mean, lengths.prompt_median),
        output=(lengths.output_mean, lengths.output_median),
    )


def _refuse_too_many(count: float, path: str) -> None:
    """Requests are followed one by one and held in memory, about 200 bytes each."""
    if count > MOST_REQUESTS:
        raise ValueError(
            f"{path}: {count:.3g} requests in all need some {count * 200.0 / 1e9:.3g} GB; allowed: "
            f"at most {MOST_REQUESTS:.3g}; shorten time.duration or lower the rate"
        )


def job_table(scenario: Scenario) -> Jobs:
    """The scenario's training and batch jobs; of a real one each replica is a job."""
    declared: list[tuple[Any, float]] = []
    for place, job in enumerate(scenario.workload.jobs):
        if job.real is None:
            declared.append((job, job.work or 0.0))
        else:
            declared += declarations(scenario, job, place)
    made = jobs.table(declared, scenario.time.duration)
    if not scenario.network.enabled:
        for name in ("input", "output", "checkpoint_size", "exchange"):
            made.table[name] = 0.0
    return made
