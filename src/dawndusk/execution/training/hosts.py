"""Where the replicas of a training job live; so far in this process."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np


class Host(Protocol):
    """Where replicas live: in this process, or one an actor."""

    def start(self, rank: int) -> None:
        """Make a fresh worker.

        Args:
            rank: of the replica [-]
        Neglects:
            nothing
        Source:
            none: definition
        """

    def stop(self, rank: int) -> None:
        """Lose a worker with all its memory.

        Args:
            rank: of the replica [-]
        Neglects:
            nothing
        Source:
            none: definition
        """

    def call(self, method: str, arguments: Mapping[int, tuple[Any, ...]]) -> dict[int, Any]:
        """Call one method of several workers, at the same time where they live apart.

        Args:
            method: of `dawndusk.execution.protocol.Worker` [-]
            arguments: by rank [object]
        Returns:
            what each returned, by rank [object]
        Neglects:
            nothing
        Source:
            none: definition
        """


class InProcess:
    """Replicas in this process, one after the other.

    It can be pickled where the function that makes workers can: with what each worker saves,
    the bits about to be flipped in its activations, and whether its step is half done.
    """

    def __init__(self, make: Callable[[int], Any]) -> None:
        self._make = make
        self._workers: dict[int, Any] = {}
        self._halfway: set[int] = set()

    def __getstate__(self) -> dict[str, Any]:
        struck = {
            rank: {
                name: each.copy()
                for name, each in worker.tensors().get("activations", {}).items()
                if each.view(np.uint8).any()
            }
            for rank, worker in self._workers.items()
        }
        saved = {rank: worker.save() for rank, worker in self._workers.items()}
        return {"make": self._make, "saved": saved, "struck": struck, "halfway": self._halfway}

    def __setstate__(self, kept: dict[str, Any]) -> None:
        self.__init__(kept["make"])  # type: ignore[misc]
        for rank, state in kept["saved"].items():
            self.start(rank)
            self.call("load", {rank: (state,)})
            if rank in kept["halfway"]:
                self.call("gradient", {rank: ()})
            for name, mask in kept["struck"][rank].items():
                self._workers[rank].tensors()["activations"][name][...] = mask

    def start(self, rank: int) -> None:
        """Make a fresh worker.

        Args:
            rank: of the replica [-]
        Neglects:
            nothing
        Source:
            none: definition
        """
        self._workers[rank] = self._make(rank)

    def stop(self, rank: int) -> None:
        """Lose a worker with all its memory.

        Args:
            rank: of the replica [-]
        Neglects:
            nothing
        Source:
            none: definition
        """
        self._workers.pop(rank, None)
        self._halfway.discard(rank)

    def call(self, method: str, arguments: Mapping[int, tuple[Any, ...]]) -> dict[int, Any]:
        """Call one method of several workers in order of rank.

        Args:
            method: of `dawndusk.execution.protocol.Worker` [-]
            arguments: by rank [object]
        Returns:
            what each returned, by rank [object]
        Neglects:
            nothing
        Source:
            none: definition
        """
        if method == "gradient":
            self._halfway |= set(arguments)
        elif method in ("apply", "load", "advance"):
            self._halfway -= set(arguments)
        return {
            rank: getattr(self._workers[rank], method)(*arguments[rank])
            for rank in sorted(arguments)
        }
