"""Where the replicas of a training job live: in this process, or where an engine houses them."""

import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

WORKING, DARK, IDLE, SAFE, LOST = "working", "no power", "not chosen", "safe mode", "lost"
"""How a site stands: it works; has no power to work, its memory kept; the policy lets its job rest,
as in shadow, its memory kept; switched off with all but the bus; failed with everything on it."""

NOWHERE = -1
"""In place of a site."""

MEASURED = ("advance", "apply", "evaluate")
"""Methods of a worker that return measurements."""

PACKAGE = Path(__file__).parents[2]
"""Whose own refusals are told as they are."""


class Place(NamedTuple):
    """What a site is called and has."""

    name: str
    """[-]"""
    role: str
    """satellite or ground [-]."""
    plane: int
    """Of its orbit, −1 on the ground [-]."""
    memory: float
    """Of its accelerators [bytes]."""


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

    def seat(self, rank: int, site: int) -> None:
        """Say at which site a replica lives from now on, with its memory if it has any.

        Args:
            rank: of the replica [-]
            site: number in the loop, `NOWHERE` for none [-]
        Neglects:
            nothing
        Source:
            none: definition
        """

    def stand(self, site: int, standing: str) -> None:
        """Say how a site stands from now on.

        Args:
            site: number in the loop [-]
            standing: one of those above [-]
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


class Engine(Protocol):
    """Gives replicas a home of their own, one a site."""

    def open(self, places: Callable[[int], Place], replicas: int) -> None:
        """Begin with a side of the simulation; sites of the side before are over.

        Args:
            places: of a site's number [object]
            replicas: of all jobs together [-]
        Raises:
            ValueError: when there is no room for them
        Neglects:
            nothing
        Source:
            none: definition
        """

    def house(self, replicas: "InProcess", memory: float) -> Host:
        """Take over replicas, now in this process, as they are.

        Args:
            replicas: of one job [object]
            memory: that each occupies on a site's accelerators [bytes]
        Returns:
            where they live from now on [object]
        Neglects:
            nothing
        Source:
            none: definition
        """

    def tell(self, time: float) -> None:
        """Say how far the simulation has come.

        Args:
            time: [s]
        Neglects:
            nothing
        Source:
            none: definition
        """

    @property
    def facts(self) -> dict[str, Any]:
        """What it is and what failed on the host and was mended, for run.json [object]."""

    def close(self) -> None:
        """Replicas are needed no longer, all that was started for them ends [-]."""


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
        saved = {rank: self._ask(rank, "save", ()) for rank in self._workers}
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

    def seat(self, rank: int, site: int) -> None:
        """Nothing: here replicas have no place.

        Args:
            rank: of the replica [-]
            site: number in the loop [-]
        Neglects:
            nothing
        Source:
            none: definition
        """

    def stand(self, site: int, standing: str) -> None:
        """Nothing: whoever calls a replica knows whether its site works.

        Args:
            site: number in the loop [-]
            standing: one of the above [-]
        Neglects:
            nothing
        Source:
            none: definition
        """

    @property
    def ranks(self) -> list[int]:
        """Of the replicas that are here [-]."""
        return sorted(self._workers)

    def take(self, rank: int) -> "InProcess":
        """Take a replica out as it is.

        Args:
            rank: of a replica that is here [-]
        Returns:
            a host of it alone [object]
        Neglects:
            nothing
        Source:
            none: definition
        """
        alone = InProcess(self._make)
        alone._workers[rank] = self._workers.pop(rank)
        if rank in self._halfway:
            self._halfway.discard(rank)
            alone._halfway.add(rank)
        return alone

    @property
    def maker(self) -> Callable[[int], Any]:
        """That makes a worker of a rank [object]."""
        return self._make

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
        return {rank: self._ask(rank, method, arguments[rank]) for rank in sorted(arguments)}

    def _ask(self, rank: int, method: str, arguments: tuple[Any, ...]) -> Any:
        """Call a worker; what goes wrong in it is the job's fault, told in one line."""
        worker = self._workers[rank]
        try:
            found = getattr(worker, method)(*arguments)
            return _numbers(found) if method in MEASURED else found
        except Exception as error:
            at = traceback.extract_tb(error.__traceback__)[-1]
            if isinstance(error, ValueError) and Path(at.filename).is_relative_to(PACKAGE):
                raise
            said = (str(error).strip().splitlines() or [""])[0]
            raise ValueError(
                f"replica {rank}: its {method}() fails, {type(error).__name__} at "
                f"{Path(at.filename).name}:{at.lineno}: {said}; correct the job; the same command "
                "with --debug shows the whole traceback"
            ) from error


def _numbers(measured: Any) -> dict[str, float]:
    """Measurements as plain numbers, whatever library counted them."""
    try:
        return {str(name): float(value) for name, value in measured.items()}
    except (AttributeError, TypeError, ValueError):
        said = repr(measured)[:80]
        raise TypeError(f"it returned {said}; allowed: a dictionary of numbers") from None
