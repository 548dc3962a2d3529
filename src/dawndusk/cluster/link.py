"""The run's end of the pipe to the driver; no wait is without an end and a reason."""

import pickle
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from dawndusk.cluster import adapter, processes

LIMITS = {
    "open": 120.0,
    "node": 90.0,
    "drain": 30.0,
    "kill": 40.0,
    "nodes": 30.0,
    "told": 30.0,
    "actor": 100.0,
    "dismiss": 30.0,
}
"""Longest wait for what the driver does by itself [s]."""

TOLD = 2.0
"""After which a wait is told, and how often [s]."""

START = "import sys; from dawndusk.cluster.driver import main; main(*sys.argv[1:])"
"""The driver's program; as a module its classes would have another name."""

LINES = 3
"""Of the driver's log in an error."""


class LostError(Exception):
    """The driver, and its cluster with it, has ended or does not answer."""


class RetryError(Exception):
    """The driver could not do something that may succeed another time."""


class Link:
    """A driver in a session of its own; when this process ends, so does it."""

    def __init__(
        self,
        patience: float,
        waiting: Callable[[str, float], None] = lambda what, since: None,
    ) -> None:
        self.patience, self._waiting = patience, waiting
        self.folder = tempfile.mkdtemp(prefix="dd-")
        self.log = Path(self.folder) / "driver.log"
        ours, theirs = socket.socketpair()
        with theirs, self.log.open("wb") as log:
            command = [sys.executable, "-c", START]
            self.process = subprocess.Popen(
                [*command, str(theirs.fileno()), str(patience), self.folder],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                env=adapter.environment(self.folder, sys.path),
            )
        self._pipe = Connection(ours.detach())
        self.dead: list[str] = []
        """Nodes that were found ended unasked, since last looked at."""

    def ask(self, name: str, *arguments: Any) -> Any:
        """Give a command and await what comes of it.

        Raises:
            LostError: when the driver ends or does not answer in time; it is gone then
            RetryError: when it could not be done this time
            ValueError: when it can never be done
        """
        limit = LIMITS.get(name, self.patience + 30.0)
        try:
            self._pipe.send_bytes(pickle.dumps((name, arguments), protocol=5))
            answer = self._await(name, limit)
        except (EOFError, OSError) as error:
            raise self._lost("its driver has ended") from error
        self.dead += answer.dead
        if answer.wrong:
            raise ValueError(answer.fault)
        if answer.fault.startswith("the head"):
            raise self._lost(answer.fault)
        if answer.fault:
            raise RetryError(answer.fault)
        return answer.value

    def _await(self, name: str, limit: float) -> Any:
        since = time.monotonic()
        while not self._pipe.poll(TOLD):
            waited = time.monotonic() - since
            if self.process.poll() is not None and not self._pipe.poll(0):
                raise EOFError
            if waited > limit:
                raise self._lost(f"its driver has not answered to '{name}' for {limit:g} s")
            self._waiting(name, waited)
        return pickle.loads(self._pipe.recv_bytes())

    def _lost(self, why: str) -> LostError:
        said = self._said()
        self.close(gently=False)
        return LostError(f"{why}{said}")

    def _said(self) -> str:
        try:
            lines = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        except OSError:
            return ""
        told = [line for line in lines if "rror" in line or line.startswith("driver:")][-LINES:]
        return f" ({' / '.join(told)})" if told else ""

    def close(self, gently: bool = True) -> None:
        """End the driver and all of its session; nothing of it stays."""
        if self._pipe.closed:
            return
        if gently:
            try:
                self._pipe.send_bytes(pickle.dumps(("close", ()), protocol=5))
                self.process.wait(20.0)
            except (OSError, subprocess.TimeoutExpired):
                pass
        self._pipe.close()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        processes.end_session(self.process.pid)
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def pid(self) -> int:
        """Of the driver, the leader of its session."""
        return self.process.pid

    def __enter__(self) -> "Link":
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()
