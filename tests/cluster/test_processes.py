"""Processes found and ended by session and by descent."""

import os
import subprocess
import sys
import time
from pathlib import Path

from dawndusk.cluster import processes

FAMILY = (
    "import subprocess, sys, time\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'],"
    " process_group=0)\n"
    "print(child.pid, flush=True); time.sleep(600)"
)
"""A process and its child, in a process group of its own as Ray's workers are."""


def family() -> tuple[subprocess.Popen[bytes], int]:
    words = [sys.executable, "-c", FAMILY]
    parent = subprocess.Popen(words, stdout=subprocess.PIPE, start_new_session=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.stdout.close()
    return parent, child


def test_a_session_is_its_leader_and_all_below() -> None:
    parent, child = family()
    assert processes.session(parent.pid) == {parent.pid, child}
    assert processes.descendants(parent.pid) == {parent.pid, child}
    assert processes.alive(child)
    assert processes.end_session(parent.pid) == set()
    assert not processes.alive(child)
    parent.wait()


def test_an_orphan_is_still_of_its_session() -> None:
    parent, child = family()
    parent.kill()
    parent.wait()
    assert processes.descendants(parent.pid) == {parent.pid}
    assert processes.session(parent.pid) == {child}
    assert processes.end_session(parent.pid) == set()
    assert not processes.alive(child)


def test_a_copy_of_a_process_is_not_one_that_was_started(tmp_path: Path) -> None:
    """A node of Ray forks for each worker; the copy ends being called a node within 13 ms."""
    node = tmp_path / "a-node"
    node.write_text("#!/bin/sh\n(sleep 600; :) & echo $!\nwait\n", encoding="utf-8")
    node.chmod(0o755)
    parent = subprocess.Popen([node], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    copy = int(parent.stdout.readline())
    below = processes.descendants(parent.pid)
    named = {each.pid for each in processes.table() if each.name == "a-node"}
    found = processes.started("a-node")
    assert processes.end(below) == set()
    parent.communicate()
    assert named & below == {parent.pid, copy}
    assert found == {parent.pid}


def test_a_dead_process_that_nobody_asked_for_is_gone() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    until = time.monotonic() + 10.0
    while processes.alive(child.pid) and time.monotonic() < until:
        time.sleep(0.01)
    assert not processes.alive(child.pid)
    assert child.pid not in {each.pid for each in processes.table()}
    child.wait()


def test_this_process_is_spared() -> None:
    assert processes.end({os.getpid()}) == set()
    assert processes.end({2**22 + 1}) == set()
    assert {os.getpid(): os.getppid()}.items() <= {
        each.pid: each.parent for each in processes.table()
    }.items()
