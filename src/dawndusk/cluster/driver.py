"""The process that speaks with Ray, so that whatever befalls Ray does not befall the run.

It is started by `link.Link`, obeys one command after another over a pipe, and ends with all of
its cluster when the pipe does.
"""

import os
import pickle
import shutil
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any, NamedTuple, NoReturn

from dawndusk.cluster import processes
from dawndusk.cluster.actor import Replica
from dawndusk.cluster.adapter import Cluster, MissingError, Seen, ray, told

TICK = 0.2
"""Between two looks at whether nodes still live while an answer is awaited [s]."""

PLACING = 60.0
"""Longest time in which an actor must have started [s]."""

Key = tuple[int, int]
"""Number of a host of replicas, and rank."""


class Answer(NamedTuple):
    """What came of a command."""

    value: Any = None
    fault: str = ""
    """Why it could not be obeyed."""
    wrong: bool = False
    """The fault is in what was asked, trying again is of no use."""
    dead: tuple[str, ...] = ()
    """Nodes that have ended unasked."""


class Dead(NamedTuple):
    """In place of a replica's answer: it, or its node, has ended."""

    why: str


class Watch(threading.Thread):
    """Looks at processes while the driver waits within Ray, whose own waits are long.

    Where the head of the cluster or the run has ended, so do the driver and all of its session.
    """

    def __init__(self, driver: "Driver", folder: str) -> None:
        super().__init__(daemon=True)
        self.driver, self.folder, self.run_of = driver, folder, os.getppid()

    def run(self) -> None:
        """Look now and then."""
        seen: set[int] = set()
        while True:
            time.sleep(TICK)
            heads = processes.started("gcs_server")
            cluster = self.driver.cluster
            if seen - heads or (cluster is not None and cluster.headless()):
                print("driver: the head of the cluster has ended", file=sys.stderr, flush=True)
                leave(self.folder)
            if os.getppid() != self.run_of:
                leave(self.folder)
            seen = heads


def leave(folder: str) -> NoReturn:
    """End all of this session, this process last, and leave no file."""
    processes.end_session(os.getpid())
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


class GoneError(Exception):
    """The head of the cluster or the run itself has ended."""


class Driver:
    """Commands are methods; each returns in bounded time."""

    def __init__(self, pipe: Connection, patience: float) -> None:
        self.pipe, self.patience = pipe, patience
        self.cluster: Cluster | None = None
        self.actors: dict[Key, tuple[Any, str, int]] = {}

    def open(self, address: str | None) -> str:
        """Start or join a cluster; returns Ray's version."""
        self.cluster = Cluster(address)
        return str(ray().__version__)

    def node(self, name: str, labels: dict[str, str], resources: dict[str, float]) -> str:
        """A node for a site; returns Ray's number of it."""
        assert self.cluster is not None
        return self.cluster.start(name, labels, resources)

    def drain(self, name: str, reason: str) -> None:
        """No new work for a node."""
        assert self.cluster is not None
        self.cluster.drain(name, reason)

    def kill(self, name: str) -> None:
        """End a node, its raylet and all that came from it."""
        assert self.cluster is not None
        for key in [key for key, (_, where, _) in self.actors.items() if where == name]:
            self.dismiss(key)
        self.cluster.kill(name)

    def nodes(self) -> list[Seen]:
        """As Ray shows them."""
        assert self.cluster is not None
        return self.cluster.nodes()

    def told(self, key: str) -> bytes | None:
        """What an agent has told the cluster."""
        return told(key)

    def actor(self, key: Key, name: str, memory: float, made: bytes) -> int | Dead:
        """A replica's process on a node; returns its number."""
        assert self.cluster is not None
        self.dismiss(key)
        size = memory / 1e9
        resources = {"hbm_GB": float(int(size)) if size >= 1.0 else max(size, 1e-3)}
        one = self.cluster.actor(Replica, name, resources, made)
        found = self._await({key: (one.pid.remote(), name)}, PLACING, "has not started")[key]
        if isinstance(found, Dead):
            ray().kill(one)
            return found
        self.actors[key] = one, name, found
        return int(found)

    def dismiss(self, key: Key) -> None:
        """End a replica's process."""
        known = self.actors.pop(key, None)
        if known is None:
            return
        try:
            ray().kill(known[0])
        except Exception as error:  # its node may be gone already
            print(f"dismiss {key}: {error}", file=sys.stderr)
        if self.cluster is not None and self.cluster.address is None:
            processes.end({known[2]})

    def call(self, asked: Mapping[Key, bytes]) -> dict[Key, bytes | Dead]:
        """The same time calls on several replicas."""
        waiting: dict[Key, tuple[Any, str]] = {}
        found: dict[Key, bytes | Dead] = {}
        for key, content in asked.items():
            if key not in self.actors:
                found[key] = Dead("its process is not there")
                continue
            one, name, _ = self.actors[key]
            waiting[key] = one.call.remote(content), name
        found |= self._await(waiting, self.patience, "gives no answer")
        for key, answer in found.items():
            if isinstance(answer, Dead):
                self.dismiss(key)
        return found

    def _await(
        self, waiting: Mapping[Key, tuple[Any, str]], patience: float, lack: str
    ) -> dict[Key, Any]:
        """Answers, or why there is none; never longer than `patience`."""
        module, left, found = ray(), dict(waiting), {}
        until = time.monotonic() + patience
        while left:
            references = [reference for reference, _ in left.values()]
            ready, _ = module.wait(references, num_returns=1, timeout=TICK)
            for key, (reference, _) in list(left.items()):
                if reference in ready:
                    found[key] = self._answer(reference)
                    del left[key]
            if ready:
                continue
            self._look()
            assert self.cluster is not None
            dead = set(self.cluster.dead())
            late = time.monotonic() > until
            for key, (_, name) in list(left.items()):
                if name in dead or late:
                    why = f"node {name} has ended" if name in dead else self._late(patience, lack)
                    found[key] = Dead(why)
                    del left[key]
        return found

    def _late(self, patience: float, lack: str) -> str:
        return f"its process {lack} within {patience:g} s"

    def _answer(self, reference: Any) -> Any:
        try:
            return ray().get(reference, timeout=self.patience)
        except Exception as error:
            said = str(error).strip().splitlines() or [""]
            return Dead(f"{type(error).__name__}: {said[0]}")

    def _look(self) -> None:
        """See that the cluster's head and the run are there."""
        if self.cluster is not None and self.cluster.headless():
            raise GoneError("the head of the cluster has ended")
        if self.pipe.poll(0):  # nothing is asked while a command is obeyed: this is the end
            raise GoneError("the run has ended")

    def obey(self, name: str, arguments: tuple[Any, ...]) -> Answer:
        """One command."""
        try:
            value = getattr(self, name)(*arguments)
        except GoneError:
            raise
        except (MissingError, ValueError) as error:
            return Answer(fault=str(error), wrong=True)
        except Exception as error:
            if self.cluster is not None and self.cluster.headless():
                raise GoneError("the head of the cluster has ended") from error
            return Answer(fault=f"{type(error).__name__}: {error}")
        dead = tuple(self.cluster.dead()) if self.cluster is not None else ()
        if self.cluster is not None and self.cluster.headless():
            raise GoneError("the head of the cluster has ended")
        return Answer(value, dead=dead)


def main(handle: str, patience: str, folder: str) -> None:
    """Obey until the pipe ends, then leave nothing behind."""
    pipe = Connection(int(handle))
    driver = Driver(pipe, float(patience))
    Watch(driver, folder).start()
    try:
        while True:
            name, arguments = pickle.loads(pipe.recv_bytes())
            if name == "close":
                if driver.cluster is not None and driver.cluster.address is not None:
                    for key in list(driver.actors):
                        driver.dismiss(key)
                    driver.cluster.close()
                break
            pipe.send_bytes(pickle.dumps(driver.obey(name, arguments), protocol=5))
    except (EOFError, OSError, GoneError) as end:
        print(f"driver: {type(end).__name__} {end}", file=sys.stderr, flush=True)
        if isinstance(end, GoneError):
            with suppress(OSError):
                pipe.send_bytes(pickle.dumps(Answer(fault=str(end)), protocol=5))
    finally:
        leave(folder)
