"""Assembler of jobs that really run: their workers, what a unit is on the accelerator, their rows.

Each replica is a job of one node in the table of jobs, so that a satellite lost does not stop
the others. Workers are made to be asked; nothing is learnt here.
"""

import importlib.util
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from os.path import isfile
from pathlib import Path
from typing import Any, NamedTuple

from dawndusk.execution import guards, protocol
from dawndusk.execution.training.hosts import InProcess
from dawndusk.execution.training.method import Method, method
from dawndusk.scenario import Scenario
from dawndusk.scenario.workload import Job

WORD = 4.0
"""Of a number, float32 [bytes]."""


class Size(NamedTuple):
    """What a worker says of itself."""

    unit_flop: float
    parameters: int
    memory: int
    """Of its state [bytes]."""


@dataclass(frozen=True)
class RealJob:
    """One job that really runs, with all that its execution needs to know."""

    name: str
    first: int
    """Row of its first replica in the table of jobs."""
    replicas: int
    units: int
    """Steps of each replica."""
    method: Method
    every: int
    """Steps between two looks at what was learnt."""
    execute: str
    options: tuple[tuple[str, Any], ...]
    seed: int
    size: Size
    work_scale: float
    data_scale: float
    rate: float
    """Of a node at full clock [FLOP/s]."""
    overhead: float
    """Work of the guards over the work of a step [-]."""
    ecc: bool
    guards: tuple[str, ...]
    flip_scale: float
    memory: float
    """That a replica occupies on a node [bytes]."""
    exposed: float
    """Share of a node's memory that holds the job [-]."""
    checkpoint_interval: float
    checkpoint_time: float
    checkpoint_to_ground: bool
    restart_time: float

    @property
    def unit_work(self) -> float:
        """One step on the accelerator, guards left out [FLOP]."""
        return self.size.unit_flop * self.work_scale

    @property
    def unit_time(self) -> float:
        """One step with its guards at full clock [s]."""
        return self.unit_work * (1.0 + self.overhead) / self.rate

    def host(self) -> InProcess:
        """Where its workers will live."""
        return InProcess(
            partial(
                make,
                self.execute,
                self.replicas,
                self.seed,
                self.options,
                self.method.name == "synchronous",
            )
        )


def make(
    execute: str,
    replicas: int,
    seed: int,
    options: tuple[tuple[str, Any], ...],
    gradients: bool,
    rank: int,
) -> protocol.Worker:
    """One worker; see `protocol.make`."""
    given = {name: _thawed(value) for name, value in options}
    return protocol.make(execute, rank, replicas, seed, given, gradients)


def _frozen(value: Any) -> Any:
    """An option that can be compared and hashed."""
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _thawed(value: Any) -> Any:
    return list(map(_thawed, value)) if isinstance(value, tuple) else value


def real_jobs(scenario: Scenario) -> tuple[RealJob, ...]:
    """The scenario's jobs that really run, in its order.

    Raises:
        ValueError: when a worker cannot be made or does not fit a node's memory
    """
    found, row = [], 0
    for place, job in enumerate(scenario.workload.jobs):
        if job.real is None:
            copies = job.count
            if job.every is not None:
                copies *= max(1, -int((job.submit - scenario.time.duration) // job.every))
            row += copies
            continue
        found.append(_real(scenario, place, job, row))
        row += job.nodes
    return tuple(found)


def find(scenario: Scenario) -> None:
    """See that the code of every job that really runs is there; none is run.

    Raises:
        ValueError: when a module or function is missing
    """
    for place, job in enumerate(scenario.workload.jobs):
        if job.real is not None:
            with _told(place):
                protocol.resolve(job.real.execute)


def sources(scenario: Scenario) -> list[Path]:
    """Files that real jobs depend on: their modules, and options that are files."""
    found = []
    for job in scenario.workload.jobs:
        if job.real is None:
            continue
        module = importlib.util.find_spec(job.real.execute.partition(":")[0])
        if module is not None and isfile(module.origin or ""):
            found.append(Path(str(module.origin)))
        found += [Path(text) for text in _texts(job.real.options.values()) if isfile(text)]
    return found


def _texts(values: Iterable[Any]) -> Iterator[str]:
    """Texts among options, those in lists too: a command's words."""
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            yield from _texts(value)


def declarations(scenario: Scenario, job: Job, place: int) -> list[tuple[Job, float]]:
    """A real job's replicas as declarations of jobs of one node, each with its work [FLOP]."""
    assert job.real is not None
    work = job.real.units * job.real.work_scale * _size(scenario, place, job).unit_flop
    share = 1.0 / job.nodes
    return [
        (
            job.model_copy(
                update={
                    "name": f"{job.name}/{rank}",
                    "nodes": 1,
                    "input": job.input * share,
                    "output": 0.0 if rank else job.output,
                    "checkpoint_size": job.checkpoint_size * share,
                }
            ),
            work,
        )
        for rank in range(job.nodes)
    ]


def _real(scenario: Scenario, place: int, job: Job, row: int) -> RealJob:
    given = job.real
    assert given is not None
    chip, compute = scenario.accelerator, scenario.satellite.compute
    size = _size(scenario, place, job)
    memory = compute.count * chip.memory
    if max(size.memory, job.memory) > memory:
        raise ValueError(
            f"workload.jobs.{place}.real.execute: the state of {given.execute} is "
            f"{size.memory / 1e9:.3g} GB; allowed: at most the {memory / 1e9:.3g} GB of a "
            "satellite's accelerators; choose a smaller one"
        )
    chosen = method(given.method, given.interval, fragments=given.fragments, overlap=given.overlap)
    rate = compute.count * chip.peak_flops * job.utilisation
    step = size.unit_flop * given.work_scale / rate
    bandwidth = compute.count * chip.bandwidth
    cost = sum(
        _price(guard, size, given.data_scale, bandwidth, rate, step) for guard in given.guards
    )
    return RealJob(
        name=job.name,
        first=row,
        replicas=job.nodes,
        units=given.units,
        method=chosen,
        every=given.interval,
        execute=given.execute,
        options=_options(job),
        seed=scenario.time.seed,
        size=size,
        work_scale=given.work_scale,
        data_scale=given.data_scale,
        rate=rate,
        overhead=cost / step,
        ecc=given.ecc,
        guards=given.guards,
        flip_scale=given.flip_scale,
        memory=max(job.memory, float(size.memory)),
        exposed=max(job.memory, float(size.memory)) / memory,
        checkpoint_interval=job.checkpoint_interval or float("inf"),
        checkpoint_time=job.checkpoint_time,
        checkpoint_to_ground=job.checkpoint_to == "ground",
        restart_time=job.restart_time,
    )


def _price(
    guard: str, size: Size, scale: float, bandwidth: float, rate: float, step: float
) -> float:
    """Time that a guard takes at every step of that time [s]; a loss is there anyway."""
    elements = size.parameters * scale
    prices = {
        "gradient_norm": guards.price_of_norm(elements, WORD),
        "finite": guards.price_of_finite(elements, WORD),
        "checksums": guards.price_of_checksums(2.0 * size.memory * scale),
        "vote": guards.price_of_vote(elements, WORD),
    }
    return guards.seconds(prices[guard], bandwidth, rate, step) if guard in prices else 0.0


def _options(job: Job) -> tuple[tuple[str, Any], ...]:
    assert job.real is not None
    return tuple((name, _frozen(value)) for name, value in sorted(job.real.options.items()))


def _size(scenario: Scenario, place: int, job: Job) -> Size:
    """What a worker of the job says of itself; one is made for each kind of job."""
    assert job.real is not None
    given = job.real
    with _told(place):
        return _asked(
            given.execute,
            job.nodes,
            scenario.time.seed,
            _options(job),
            given.method == "synchronous",
        )


@contextmanager
def _told(place: int) -> Iterator[None]:
    """Errors of a job's code, with the path of what names it."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"workload.jobs.{place}.real.execute: {error}") from error


@lru_cache(maxsize=32)
def _asked(
    execute: str,
    replicas: int,
    seed: int,
    options: tuple[tuple[str, Any], ...],
    gradients: bool,
) -> Size:
    worker = make(execute, replicas, seed, options, gradients, 0)
    faults = protocol.unfit(worker)
    if faults:
        raise ValueError(f"{execute}: {'; '.join(faults)}")
    return Size(float(worker.unit_flop), int(worker.parameters), protocol.memory(worker))
