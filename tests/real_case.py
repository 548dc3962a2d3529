"""Real jobs over hand-made links: the NumPy toy of `training_case` in the real loop."""

import time
from typing import Any

from dawndusk.real import work as real_work
from dawndusk.real.run import RealRun
from dawndusk.record import Record
from dawndusk.scenario import load
from tests.system.whole_run import Prepared, prepare
from tests.traffic_case import Wires, carried, sunny
from tests.training_case import LeastSquares

TOY = "tests.training_case:worker"

STEP = 20.0
"""Of a toy's unit on a satellite of `sunny` at full clock [s]."""

RATE = 56 * 918e12 * 0.5
"""Of such a satellite for a job of `utilisation` 0.5 [FLOP/s]."""

SCALE = STEP * RATE / LeastSquares.unit_flop


def sleepy(rank: int, replicas: int, seed: int, options: Any) -> LeastSquares:
    """A worker on a host that is busy with other things."""

    class Sleepy(LeastSquares):
        def apply(self, gradient: Any) -> dict[str, float]:
            time.sleep(0.002 * (1 + self.unit % 3))
            return super().apply(gradient)

    return Sleepy(rank, replicas, seed, options)


class Huge(LeastSquares):
    """Claims more memory than a satellite has."""

    def tensors(self) -> Any:
        class Claim:
            nbytes = 10**14

        return {"weights": {"all": Claim()}}


def huge(rank: int, replicas: int, seed: int, options: Any) -> Huge:
    return Huge(rank, replicas, seed, options)


def real(nodes: int = 2, units: int = 100, execute: str = TOY, **more: Any) -> str:
    """Override that declares one real job; `job_…` go to the job, the rest to its table `real`."""
    given = {"work_scale": SCALE, "units": units, "execute": execute, **more}
    job = {key[4:]: given.pop(key) for key in list(given) if key.startswith("job_")}
    job = {"utilisation": 0.5, "checkpoint_time": "0 s", "restart_time": "0 s", **job}
    return (
        f'workload.jobs=[{{name="toy", kind="training", nodes={nodes}, {_table(job)}, '
        f"real={{{_table(given)}}}}}]"
    )


def _table(values: dict[str, Any]) -> str:
    return ", ".join(f"{key}={_value(value)}" for key, value in values.items())


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + _table(value) + "}"
    return f'"{value}"' if isinstance(value, str) else repr(value)


def linked(nodes: int, rate: float = 1e12, delay: float = 1e-3) -> Wires:
    """Satellites linked each with each."""
    pairs = [(a, b) for a in range(nodes) for b in range(a + 1, nodes)]
    up = [(a, nodes, 1e10, 2e-3) for a in range(nodes)]
    return Wires(nodes, [*((a, b, rate, delay) for a, b in pairs), *up])


def ready(*overrides: str, nodes: int = 2, **job: Any) -> Prepared:
    """As many bright satellites as the job has replicas."""
    return sunny(real(nodes, **job), *overrides, satellites=nodes)


def trained(case: Prepared, wires: Wires | None = None, **given: Any) -> tuple[RealRun, Record]:
    """The orbital side with its one real job, over links each with each unless told."""
    work = real_work.begin(case.scenario, case.plan.satellites)
    record = carried(case, wires or linked(case.plan.satellites), real=work, **given)
    assert record.real is not None
    return record.real.runs[0], record


def shadowed() -> Prepared:
    """Starcloud-1 without a battery for compute works only in sunlight."""
    overrides = (
        "time.duration=3 h",
        "workload.rate=0 Hz",
        "faults.enabled=false",
        "radiation.enabled=false",
        "network.enabled=false",
        "satellite.battery.initial_charge=0.2",
        real(1, units=100_000, method="single", work_scale=1e14),
    )
    return prepare(load("starcloud-1", list(overrides)))


def curve(run: RealRun) -> list[tuple[Any, ...]]:
    """All that the log says, comparable to the digit."""
    return [tuple(map(repr, row)) for row in zip(*run.log.columns.values(), strict=True)]
