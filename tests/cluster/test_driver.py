"""The process that speaks with Ray: bounded commands, and an end with all that it started."""

import os
import pickle
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from dawndusk.cluster import actor, processes
from dawndusk.cluster import driver as drivers
from dawndusk.cluster.adapter import MissingError
from dawndusk.cluster.driver import Answer, Dead, Driver, GoneError
from dawndusk.cluster.link import Link
from tests.cluster.ray_case import needs_ray
from tests.training_case import worker

KEY = 0, 0
CALLS = [("advance", (3,)), (actor.CAPTURE, ())]


class Stand:
    """In place of a cluster."""

    address = None

    def __init__(self, fault: Exception | None = None, head: bool = True) -> None:
        self.fault, self.head = fault, head

    def headless(self) -> bool:
        return not self.head

    def dead(self) -> list[str]:
        return ["sat-1"]

    def drain(self, name: str, reason: str) -> None:
        if self.fault:
            raise self.fault


def obeyed(**given: Any) -> Answer:
    driver = Driver(None, 1.0)  # type: ignore[arg-type]
    driver.cluster = Stand(**given)  # type: ignore[assignment]
    return driver.obey("drain", ("sat-0", "dark"))


def test_faults_are_of_what_is_asked_or_of_the_host() -> None:
    assert obeyed() == Answer(None, "", False, ("sat-1",))
    assert obeyed(fault=ValueError("never")) == Answer(None, "never", True)
    assert obeyed(fault=MissingError("no ray")).wrong
    told = obeyed(fault=OSError("now"))
    assert (told.wrong, told.fault) == (False, "OSError: now")
    for fault in (None, OSError("now")):
        with pytest.raises(GoneError, match="head"):
            obeyed(fault=fault, head=False)


def test_a_replica_that_is_not_there_is_dead() -> None:
    driver = Driver(None, 1.0)  # type: ignore[arg-type]
    pytest.importorskip("ray")
    assert driver.call({KEY: b""}) == {KEY: Dead("its process is not there")}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("gone", ["head", "run"])
def test_where_the_head_or_the_run_has_ended_so_does_the_driver(
    gone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also while it waits within Ray."""
    left: list[str] = []

    def leave(folder: str) -> None:
        left.append(folder)
        sys.exit()

    monkeypatch.setattr(drivers, "leave", leave)
    driver = Driver(None, 1.0)  # type: ignore[arg-type]
    driver.cluster = Stand(head=gone != "head")  # type: ignore[assignment]
    watch = drivers.Watch(driver, "folder")
    if gone == "run":
        watch.run_of = -1
    watch.start()
    watch.join(10.0)
    assert left == ["folder"]


def made() -> bytes:
    make = partial(worker, replicas=1, seed=1, options={})
    return pickle.dumps((0, make, None))


@needs_ray
@pytest.mark.full
def test_commands_on_a_cluster_and_an_end_without_a_word() -> None:
    """A node, a replica, a call; then this end of the pipe is simply gone."""
    one = Link(20.0)
    assert one.ask("open", None).startswith("2.")
    one.ask("node", "sat-0#0", {"sat": "sat-0", "role": "satellite"}, {"hbm_GB": 2.0})
    pid = one.ask("actor", KEY, "sat-0#0", 1e9, made())
    assert pid in processes.session(one.pid)
    kept = pickle.loads(one.ask("call", {KEY: pickle.dumps(CALLS)})[KEY])
    alone = worker(0, 1, 1, {})
    alone.advance(3)
    assert kept["saved"][0] == alone.save()
    seen = {each.labels.get("name"): each for each in one.ask("nodes")}
    assert seen["sat-0#0"].alive
    assert not seen["sat-0#0"].draining
    one.ask("drain", "sat-0#0", "dark")
    assert {e.labels.get("name"): e for e in one.ask("nodes")}["sat-0#0"].draining
    assert pickle.loads(one.ask("call", {KEY: pickle.dumps(CALLS)})[KEY])["saved"]
    late = one.ask("actor", (0, 1), "sat-0#0", 1e12, made())
    assert isinstance(late, Dead)
    os.kill(pid, signal.SIGKILL)
    assert isinstance(one.ask("call", {KEY: pickle.dumps(CALLS)})[KEY], Dead)
    one.ask("kill", "sat-0#0")
    assert "raylet" in {each.name for each in processes.table() if each.session == one.pid}
    one._pipe.close()
    until = time.monotonic() + 20.0
    while (processes.session(one.pid) or Path(one.folder).exists()) and time.monotonic() < until:
        time.sleep(0.1)
    assert processes.session(one.pid) == set()
    assert not Path(one.folder).exists()
    one.process.wait()


@needs_ray
@pytest.mark.full
def test_a_program_that_is_killed_takes_its_cluster_along(tmp_path: Path) -> None:
    program = (
        "from dawndusk.cluster.link import Link\n"
        "one = Link(20.0); print(one.pid, one.folder, flush=True)\n"
        "one.ask('open', None); print('open', flush=True)\n"
        "import time; time.sleep(600)"
    )
    run = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None
    leader, folder = run.stdout.readline().split()
    assert run.stdout.readline() == "open\n"
    run.kill()
    run.wait()
    run.stdout.close()
    until = time.monotonic() + 20.0
    while processes.session(int(leader)) and time.monotonic() < until:
        time.sleep(0.1)
    assert processes.session(int(leader)) == set()
    assert not Path(folder).exists()
