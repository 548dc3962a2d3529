"""The toy of `training_case` on a Ray cluster, and hands that kill parts of it."""

import os
import random
import signal
import threading
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from dawndusk.cluster import processes, table
from dawndusk.cluster.engine import RayEngine
from dawndusk.execution.training.hosts import Engine
from dawndusk.real import work as real_work
from dawndusk.real.run import RealRun
from tests.real_case import linked
from tests.system.whole_run import Prepared
from tests.traffic_case import carried

needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="ray is not installed")


def housed(case: Prepared, engine: Engine | None, **given: Any) -> RealRun:
    """The orbital side with its one real job in an engine."""
    satellites = case.plan.satellites
    work = real_work.begin(case.scenario, satellites, engine, case.plan.elements.names)
    record = carried(case, linked(satellites), real=work, **given)
    assert record.real is not None
    return record.real.runs[0]


class Watched(RayEngine):
    """Compares Ray's view with the simulated world's whenever a node changes."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.seen_states: list[str] = []
        self.differences: list[str] = []

    def compare(self) -> None:
        self.seen_states += [row.state for row in self.table.rows.values()]
        until = time.monotonic() + 10.0
        while (found := self.disagreements()) and time.monotonic() < until:
            time.sleep(0.2)
        self.differences += found

    def need(self, site: int, replica: str) -> None:
        super().need(site, replica)
        self.compare()

    def stand(self, site: int, standing: str) -> None:
        before = {k: row.state for k, row in self.table.rows.items()}
        super().stand(site, standing)
        if before != {k: row.state for k, row in self.table.rows.items()}:
            self.compare()


class Killer(threading.Thread):
    """Kills a part of an engine's cluster at random instants."""

    def __init__(self, engine: RayEngine, part: str, seed: int, times: int) -> None:
        super().__init__(daemon=True)
        self.engine, self.part, self.times = engine, part, times
        self.random = random.Random(f"{part} {seed}")
        self.killed: list[float] = []
        self.over = threading.Event()

    def run(self) -> None:
        while not any(row.pid for row in self.engine.table.rows.values()):
            if self.over.wait(0.02):
                return
        begun = time.monotonic()
        while len(self.killed) < self.times and not self.over.wait(self.random.uniform(0.0, 3.0)):
            if self.strike():
                self.killed.append(time.monotonic() - begun)

    def strike(self) -> bool:
        link = self.engine._link
        if link is None:
            return False
        if self.part == "driver":
            return kill(link.pid)
        if self.part == "worker":
            rows = [row for row in self.engine.table.rows.values() if row.pid]
            return bool(rows) and kill(self.random.choice(rows).pid)
        mine = [each for each in processes.table() if each.session == link.pid]
        if self.part == "head":
            mine = [each for each in mine if each.name == "gcs_server"]
            return [kill(each.pid) for each in mine] == [True]
        raylets = sorted(each.pid for each in mine if each.name == "raylet")[1:]
        if not raylets:
            return False
        struck = [kill(pid) for pid in processes.descendants(self.random.choice(raylets))]
        return any(struck)

    def __enter__(self) -> "Killer":
        self.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.over.set()
        self.join(10.0)


def kill(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def nothing_left(leader: int, folder: str) -> bool:
    """No process of a cluster and no file of it is there."""
    return not processes.session(leader) and not Path(folder).exists()


__all__ = ["Killer", "Watched", "housed", "needs_ray", "nothing_left", "table"]
