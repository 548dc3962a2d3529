"""What runs in a replica's own process on its satellite's node."""

import ctypes
import os
import pickle
import signal
import traceback
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from numpy.typing import NDArray

from dawndusk.execution.training.hosts import InProcess

WRITE, CAPTURE = "write", "capture"
"""Calls besides those of `execution.protocol.Worker`: change memory, tell the whole state."""

DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG of Linux' prctl."""


class Raised(NamedTuple):
    """A worker's own exception."""

    error: BaseException
    told: str


class Replica:
    """One replica; all that goes in and out is pickled by us."""

    def __init__(self, made: bytes) -> None:
        """See that this process ends with its node, and make the worker.

        Args:
            made: pickled rank, function that makes a worker, and state, None for a fresh one
        """
        ctypes.CDLL(None).prctl(DEATH_SIGNAL, signal.SIGKILL)
        rank, make, kept = pickle.loads(made)
        self.home = home(rank, make, kept)
        self.rank: int = rank

    def pid(self) -> int:
        """Number of this process."""
        return os.getpid()

    def call(self, asked: bytes) -> bytes:
        """Calls one after another; what the last one returned, or raised."""
        try:
            return pickle.dumps(perform(self.home, self.rank, pickle.loads(asked)), protocol=5)
        except Exception as error:
            told = traceback.format_exc()
            try:
                return pickle.dumps(Raised(error, told), protocol=5)
            except Exception:
                return pickle.dumps(Raised(RuntimeError(str(error)), told), protocol=5)


def home(rank: int, make: Callable[[int], Any], kept: Mapping[str, Any] | None) -> InProcess:
    """A host of one replica in this process, fresh or as `CAPTURE` told."""
    found = InProcess(make)
    if kept is None:
        found.start(rank)
    else:
        found.__setstate__({**kept, "make": make})
    return found


def captured(replicas: InProcess) -> dict[str, Any]:
    """Whole state of the replicas in this process, without the function that makes them."""
    kept = replicas.__getstate__()
    del kept["make"]
    return kept


def _within_reach(arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Memory that can be written; the rest may be only claimed, and is not worth a copy."""
    return {name: each for name, each in arrays.items() if each.flags.writeable}


def perform(replicas: InProcess, rank: int, calls: list[tuple[str, tuple[Any, ...]]]) -> Any:
    """Calls one after another on a replica in this process; what the last one returned."""
    found: Any = None
    for method, arguments in calls:
        if method == CAPTURE:
            found = captured(replicas)
        elif method == WRITE:
            memory = replicas.call("tensors", {rank: ()})[rank]
            for kind, name, values in arguments:
                memory[kind][name][...] = values
        elif method == "tensors":
            kinds = replicas.call("tensors", {rank: ()})[rank]
            found = _within_reach(kinds[arguments[0]]) if arguments else list(kinds)
        else:
            found = replicas.call(method, {rank: arguments})[rank]
    return found
