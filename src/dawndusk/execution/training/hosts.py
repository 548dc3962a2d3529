"""Where the replicas of a training job live; so far in this process."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol


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
    """Replicas in this process, one after the other."""

    def __init__(self, make: Callable[[int], Any]) -> None:
        self._make = make
        self._workers: dict[int, Any] = {}

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
        return {
            rank: getattr(self._workers[rank], method)(*arguments[rank])
            for rank in sorted(arguments)
        }
