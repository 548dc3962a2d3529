"""Processes of ours on this machine: which there are, and their end. Linux: read from /proc."""

import os
import signal
import time
from collections.abc import Collection, Iterator
from typing import NamedTuple

PROC = "/proc"


class Process(NamedTuple):
    """One line of the table of processes."""

    pid: int
    name: str
    state: str
    parent: int
    session: int


def table() -> Iterator[Process]:
    """All processes that have not ended; dead ones that nobody has asked for are left out."""
    for entry in os.listdir(PROC):
        if not entry.isdigit():
            continue
        try:
            with open(f"{PROC}/{entry}/stat", encoding="utf-8", errors="replace") as file:
                text = file.read()
        except OSError:
            continue
        name, _, rest = text.partition("(")[2].rpartition(")")
        state, parent, _, session = rest.split()[:4]
        if state not in ("Z", "X"):
            yield Process(int(entry), name, state, int(parent), int(session))


def session(leader: int) -> set[int]:
    """Processes of a session, its leader among them."""
    return {each.pid for each in table() if each.session == leader}


def started(name: str) -> set[int]:
    """Processes of a name that this one started itself.

    What they start in turn has their name too, until it becomes another program.
    """
    mine = os.getpid()
    return {each.pid for each in table() if (each.name, each.parent) == (name, mine)}


def descendants(root: int) -> set[int]:
    """A process and all that came from it and are still under it."""
    children: dict[int, list[int]] = {}
    for each in table():
        children.setdefault(each.parent, []).append(each.pid)
    found, ahead = set(), [root]
    while ahead:
        pid = ahead.pop()
        found.add(pid)
        ahead += children.get(pid, [])
    return found


def alive(pid: int) -> bool:
    """A process has not ended."""
    try:
        with open(f"{PROC}/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False


def end(pids: Collection[int], patience: float = 10.0) -> set[int]:
    """Kill processes and see that they are gone.

    Args:
        pids: of the processes
        patience: how long to wait for their end [s]
    Returns:
        those that are still there
    """
    left = {pid for pid in pids if pid != os.getpid()}
    for pid in left:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    until = time.monotonic() + patience
    while left := {pid for pid in left if alive(pid)}:
        if time.monotonic() > until:
            break
        time.sleep(0.01)
    return left


def end_session(leader: int, patience: float = 10.0) -> set[int]:
    """Kill all processes of a session, those that appear meanwhile too; returns what is left."""
    until = time.monotonic() + patience
    left = session(leader) - {os.getpid()}
    while left and time.monotonic() < until:
        end(left, 1.0)
        left = session(leader) - {os.getpid()}
    return left
