"""The pipe to the driver: every wait ends, with its reason, and nothing is left."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from dawndusk.cluster import link as links
from dawndusk.cluster import processes
from dawndusk.cluster.link import Link, LostError, RetryError

STUB = """
import os, pickle, subprocess, sys, time
from multiprocessing.connection import Connection
from dawndusk.cluster.driver import Answer
pipe = Connection(int(sys.argv[1]))
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], process_group=0)
while True:
    name, given = pickle.loads(pipe.recv_bytes())
    if name == "close":
        child.kill()
        break
    if name == "hang":
        time.sleep(600)
    if name == "die":
        print("SomeError: out of luck", file=sys.stderr, flush=True)
        os._exit(1)
    pipe.send_bytes(pickle.dumps(Answer(*given)))
"""
"""A driver that answers as it is told."""


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(links, "START", STUB)
    monkeypatch.setattr(links, "TOLD", 0.1)
    made: list[Link] = []

    def start(**given: Any) -> Link:
        made.append(Link(5.0, **given))
        return made[-1]

    yield start
    for each in made:
        each.close()
        assert not processes.session(each.pid)
        assert not Path(each.folder).exists()


def test_answers_faults_and_dead_nodes_are_told_apart(stub: Any) -> None:
    one = stub()
    assert one.ask("echo", 7, "", False, ("node-1",)) == 7
    assert one.dead == ["node-1"]
    with pytest.raises(ValueError, match="wrong"):
        one.ask("echo", None, "wrong", True)
    with pytest.raises(RetryError, match="busy"):
        one.ask("echo", None, "busy")
    assert one.ask("echo", 8) == 8


def test_a_driver_that_ends_is_lost_and_its_last_words_are_told(stub: Any) -> None:
    one = stub()
    assert one.ask("echo", 1) == 1
    with pytest.raises(LostError, match=r"has ended.*out of luck"):
        one.ask("die")
    with pytest.raises(LostError):
        one.ask("echo", 1)


def test_a_driver_that_hangs_is_lost_in_bounded_time(
    stub: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(links.LIMITS, "hang", 0.5)
    waits: list[str] = []
    one = stub(waiting=lambda what, since: waits.append(what))
    begun = time.monotonic()
    with pytest.raises(LostError, match=r"has not answered to 'hang' for 0.5 s"):
        one.ask("hang")
    assert time.monotonic() - begun < 10.0
    assert "hang" in waits


def test_a_driver_that_is_killed_leaves_nothing(stub: Any) -> None:
    one = stub()
    assert one.ask("echo", 1) == 1
    assert len(processes.session(one.pid)) == 2
    os.kill(one.pid, signal.SIGKILL)
    with pytest.raises(LostError, match="has ended"):
        one.ask("echo", 1)
    assert processes.session(one.pid) == set()


def test_a_head_that_has_ended_loses_the_cluster(stub: Any) -> None:
    one = stub()
    with pytest.raises(LostError, match="the head of the cluster"):
        one.ask("echo", None, "the head of the cluster has ended")


def test_it_can_be_closed_twice(stub: Any) -> None:
    with stub() as one:
        assert one.ask("echo", 3) == 3
    one.close()
