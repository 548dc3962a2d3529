"""A training job's replicas as actors: moved with their memory, brought back when the host fails.

Faults of the host are none of the simulated world: a replica whose process ends unasked is made
anew from the last state it told and does the calls since then again, to the same digits.
"""

import pickle
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from dawndusk.cluster import actor
from dawndusk.cluster.actor import CAPTURE, WRITE, Raised
from dawndusk.cluster.driver import Dead, Key
from dawndusk.execution.training.hosts import NOWHERE, InProcess

if TYPE_CHECKING:
    from dawndusk.cluster.engine import RayEngine

CHANGING = ("advance", "gradient", "apply", "load", "set_shared", WRITE)
"""Calls that change a replica, done again after a fault of the host."""

CALLS, BYTES = 24, 64_000_000
"""Of such calls after which a replica is asked for its state, so that few are done again."""

Call = tuple[str, tuple[Any, ...]]


@dataclass
class Life:
    """One replica in a process of its own, and all that brings it back."""

    key: Key
    site: int
    kept: dict[str, Any] | None = None
    """State that it told last, None for a fresh worker."""
    calls: list[Call] = field(default_factory=list)
    """That changed it since."""
    there: bool = False
    """Its process lives, as far as is known."""

    @property
    def weight(self) -> int:
        """Bytes of the calls that would be done again."""
        return sum(
            len(a) if isinstance(a, bytes) else getattr(a, "nbytes", 0)
            for _, given in self.calls
            for a in given
        )


class Lent(Mapping[str, dict[str, NDArray[Any]]]):
    """A replica's memory by kind of storage; what is changed in it is written back."""

    def __init__(self, kinds: list[str], fetch: Callable[[str], dict[str, NDArray[Any]]]) -> None:
        self._kinds, self._fetch = kinds, fetch
        self._held: dict[str, dict[str, NDArray[Any]]] = {}
        self._before: dict[str, dict[str, NDArray[Any]]] = {}

    def __getitem__(self, kind: str) -> dict[str, NDArray[Any]]:
        if kind not in self._kinds:
            raise KeyError(kind)
        if kind not in self._held:
            self._held[kind] = self._fetch(kind)
            self._before[kind] = {name: each.copy() for name, each in self._held[kind].items()}
        return self._held[kind]

    def __iter__(self) -> Iterator[str]:
        return iter(self._kinds)

    def __len__(self) -> int:
        return len(self._kinds)

    def changed(self) -> tuple[tuple[str, str, NDArray[Any]], ...]:
        """Kind, name and values of what is no longer as it was fetched, bit by bit."""
        return tuple(
            (kind, name, each)
            for kind, arrays in self._held.items()
            for name, each in arrays.items()
            if each.tobytes() != self._before[kind][name].tobytes()
        )


class RayHost:
    """Replicas of one job; those without a site live in this process."""

    def __init__(
        self, engine: "RayEngine", number: int, replicas: InProcess, make: Any, memory: float
    ) -> None:
        self._engine, self._number, self._make, self._memory = engine, number, make, memory
        self._here = replicas
        self._seats: dict[int, int] = {}
        self.lives: dict[int, Life] = {}
        self._lent: dict[int, Lent] = {}

    def __reduce__(self) -> Any:
        """Pickled as replicas in a process, so that any engine can go on from it."""
        kept = actor.captured(self._here)
        for each in self._all(CAPTURE).values():
            for name in ("saved", "struck"):
                kept[name] |= each[name]
            kept["halfway"] = kept["halfway"] | each["halfway"]
        return InProcess.__new__, (InProcess,), {**kept, "make": self._make}

    def seat(self, rank: int, site: int) -> None:
        """A replica lives at a site from now on."""
        before = self._seats.get(rank, NOWHERE)
        self._seats[rank] = site
        if site == before:
            return
        life = self.lives.get(rank)
        if site != NOWHERE:
            self._engine.need(site, f"{self._number}/{rank}")
            if life is not None:
                self.tell(life)
                self._engine.dismiss(life.key)
                life.site, life.there = site, False
            elif rank in self._here.ranks:
                self._settle(rank, actor.captured(self._here.take(rank)))
        if before != NOWHERE:
            self._engine.leave(before)

    def stand(self, site: int, standing: str) -> None:
        """A site stands so from now on."""
        self._engine.stand(site, standing)

    def start(self, rank: int) -> None:
        """Make a fresh worker, where its replica is."""
        self.stop(rank)
        if self._seats.get(rank, NOWHERE) == NOWHERE:
            self._here.start(rank)
        else:
            self._settle(rank, None)

    def stop(self, rank: int) -> None:
        """Lose a worker with all its memory."""
        self._here.stop(rank)
        self._lent.pop(rank, None)
        life = self.lives.pop(rank, None)
        if life is not None:
            self._engine.dismiss(life.key)

    def _settle(self, rank: int, kept: dict[str, Any] | None) -> None:
        life = Life((self._number, rank), self._seats[rank], kept)
        self.lives[rank] = life
        self._engine.bring(self, [life])

    def call(self, method: str, arguments: Mapping[int, tuple[Any, ...]]) -> dict[int, Any]:
        """Call one method of several workers."""
        here = {rank: given for rank, given in arguments.items() if rank not in self.lives}
        there = {rank: given for rank, given in arguments.items() if rank in self.lives}
        found = self._here.call(method, here)
        self._return(there)
        if method == "tensors":
            for rank in there:
                found[rank] = self._lend(rank)
            return found
        found |= self._ask({rank: [(method, given)] for rank, given in there.items()})
        if method == "advance":
            for rank, (units, *_) in there.items():
                self._engine.count(self.lives[rank].site, units)
        elif method == "apply":
            for rank in there:
                self._engine.count(self.lives[rank].site, 1)
        for rank in there:
            life = self.lives[rank]
            if len(life.calls) >= CALLS or life.weight >= BYTES:
                self.tell(life)
        return {rank: found[rank] for rank in sorted(found)}

    def tell(self, life: Life) -> None:
        """Have a replica tell its state, so that nothing before is ever done again."""
        self._return({life.key[1]: ()})
        life.kept = self._ask({life.key[1]: [(CAPTURE, ())]})[life.key[1]]
        life.calls = []

    def make(self, life: Life) -> bytes:
        """What a process needs to become a replica again."""
        return pickle.dumps((life.key[1], self._make, life.kept), protocol=5)

    @property
    def memory(self) -> float:
        """That a replica occupies on its site's accelerators [bytes]."""
        return self._memory

    def _lend(self, rank: int) -> Lent:
        kinds = self._ask({rank: [("tensors", ())]})[rank]
        fetch = lambda kind: self._ask({rank: [("tensors", (kind,))]})[rank]  # noqa: E731
        self._lent[rank] = Lent(kinds, fetch)
        return self._lent[rank]

    def _return(self, ranks: Mapping[int, Any]) -> None:
        """Write lent memory back where it was changed."""
        changed = {rank: self._lent.pop(rank).changed() for rank in ranks if rank in self._lent}
        asked = {rank: [(WRITE, each)] for rank, each in changed.items() if each}
        if asked:
            self._ask(asked)

    def _all(self, method: str) -> dict[int, Any]:
        self._return(self.lives)
        return self._ask({rank: [(method, ())] for rank in self.lives})

    def _ask(self, asked: Mapping[int, list[Call]]) -> dict[int, Any]:
        """Have calls done, by replicas brought back as often as it takes."""
        left, found = dict(asked), {}
        while left:
            lives = [self.lives[rank] for rank in left]
            self._engine.bring(self, lives)
            answers = self._engine.call(
                {life.key: pickle.dumps(left[life.key[1]], protocol=5) for life in lives}
            )
            for life in lives:
                answer, rank = answers[life.key], life.key[1]
                if isinstance(answer, Dead):
                    self._engine.fell(life, answer.why)
                    continue
                value = pickle.loads(answer)
                if isinstance(value, Raised):
                    value.error.add_note(f"in the replica's own process:\n{value.told}")
                    raise value.error
                life.calls += [call for call in left.pop(rank) if call[0] in CHANGING]
                found[rank] = value
        return found


def again(life: Life) -> bytes | None:
    """The calls that a replica does again after it was brought back, none as a rule."""
    return pickle.dumps(life.calls, protocol=5) if life.calls else None
