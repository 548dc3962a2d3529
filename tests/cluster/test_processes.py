"""Processes found and ended by session and by descent."""

import os
import subprocess
import sys
import time

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
