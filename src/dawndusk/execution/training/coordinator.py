"""Training by several replicas, driven from outside in virtual time.

The caller grants units and says when bytes have arrived; here they are executed and counted.
Nothing here knows a clock, so what is learnt does not depend on the host's speed.
"""

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dawndusk.execution.training.checkpoints import Checkpoint
from dawndusk.execution.training.hosts import Host
from dawndusk.execution.training.method import Method
from dawndusk.execution.training.state import Event, Joining, Replica, together
from dawndusk.execution.training.transfers import GROUND, VALUE_BYTES, Movement, Transfer, ring

UNLIMITED = 1 << 62
"""Units that a replica may do when it waits for nobody [-]."""

Vector = NDArray[np.float32]


class Training:
    """One job of several replicas."""

    def __init__(self, host: Host, chosen: Method, replicas: int) -> None:
        if replicas < 1 or (chosen.name == "single" and replicas != 1):
            allowed = "1" if chosen.name == "single" else "1 or more"
            raise ValueError(f"replicas: {replicas}; allowed for {chosen.name}: {allowed}")
        self._host, self._method, self._size = host, chosen, replicas
        for rank in range(replicas):
            host.start(rank)
        start = host.call("shared", {0: ()})[0] if self._keeps_outer else np.zeros(0, np.float32)
        self._outer: Vector = np.stack([start, np.zeros_like(start)])
        edges = np.linspace(0, start.size, chosen.fragments + 1).astype(int).tolist()
        self._parts = [slice(a, b) for a, b in pairwise(edges)]
        self._replicas = {rank: Replica(0) for rank in range(replicas)}
        self._lost_own = dict.fromkeys(range(replicas), 0)
        self._joining: dict[int, Joining] = {}
        self._events: list[Event] = []
        self._moving: dict[int, Movement] = {}
        self._payload: dict[int, Any] = {}
        self._next = 1
        self.safe: Checkpoint | None = None
        self.executed = dict.fromkeys(range(replicas), 0)
        kinds = ("exchange", "rejoin", "checkpoint", "restore")
        self.bytes = {k: dict.fromkeys(("offered", "delivered", "cancelled"), 0) for k in kinds}
        self.sent = dict.fromkeys([GROUND, *range(replicas)], 0)
        self.received = dict.fromkeys([GROUND, *range(replicas)], 0)

    @property
    def _keeps_outer(self) -> bool:
        return self._method.name in ("diloco", "streaming")

    @property
    def present(self) -> list[int]:
        """Ranks of replicas that can work [-]."""
        return sorted(self._replicas)

    @property
    def due(self) -> list[Movement]:
        """Movements whose bytes have not arrived, oldest first [object]."""
        return list(self._moving.values())

    @property
    def settled(self) -> bool:
        """No exchange has begun and nobody is joining: a checkpoint is allowed [-]."""
        return not self._events and not self._joining and bool(self._replicas)

    @property
    def useful(self) -> dict[int, int]:
        """Units by rank that are part of what the job has learnt; the others are lost [-]."""
        own = {rank: each.own + each.done - each.first for rank, each in self._replicas.items()}
        return {**self._lost_own, **own}

    @property
    def outer(self) -> Vector:
        """Memory itself, no copy: parameters that all agree on and the outer momentum [-]."""
        return self._outer

    def done(self, rank: int) -> int:
        """Units that a replica's state has seen.

        Args:
            rank: present [-]
        Returns:
            units since the job's start, those before it came among them [-]
        Neglects:
            nothing
        Source:
            none: count
        """
        return self._here(rank).done

    def room(self, rank: int) -> int:
        """Units that a replica may do before it must wait for bytes.

        Args:
            rank: present [-]
        Returns:
            units, 0 while it waits, `UNLIMITED` when it never does [-]
        Neglects:
            nothing
        Source:
            Douillard et al., arXiv 2501.18512, algorithm 2: a merge follows its start by τ
        """
        done = self._here(rank).done
        if self._method.name == "single":
            return UNLIMITED
        stops = [
            each.unit for each in self._events if each.result is None and self._awaits(rank, each)
        ]
        return min([*stops, *self._starts(done)]) + self._method.overlap - done

    def grant(self, units: Mapping[int, int]) -> dict[int, dict[str, float]]:
        """Execute exactly so many units on each replica.

        Args:
            units: by rank, each at most `room` [-]
        Returns:
            measurements by rank; those of synchronous steps come from `arrived` [object]
        Raises:
            ValueError: when a replica is not there or has no room for its units
        Neglects:
            how long it takes: the caller knows the target chip
        Source:
            none: bookkeeping
        """
        for rank, count in units.items():
            if not 0 <= count <= self.room(rank):
                raise ValueError(
                    f"units of replica {rank}: {count}; allowed: 0 to {self.room(rank)} "
                    "until bytes have arrived"
                )
        left = {rank: count for rank, count in units.items() if count}
        parts: dict[int, list[tuple[int, dict[str, float]]]] = {rank: [] for rank in left}
        while left:
            chunk = {rank: min(count, self._ahead(rank)) for rank, count in left.items()}
            if self._method.name == "synchronous":
                found = self._host.call("gradient", dict.fromkeys(chunk, ()))
            else:
                found = self._host.call("advance", {rank: (n,) for rank, n in chunk.items()})
                for rank, n in chunk.items():
                    parts[rank].append((n, found[rank]))
            for rank, n in chunk.items():
                self._replicas[rank].done += n
                self.executed[rank] += n
                left[rank] -= n
                self._reach(rank, found[rank])
            left = {rank: count for rank, count in left.items() if count}
        measured = self._plan()
        return measured | {rank: together(each) for rank, each in parts.items() if each}

    def arrived(self, number: int) -> dict[int, dict[str, float]]:
        """Say that all bytes of a movement have arrived.

        Args:
            number: of a movement in `due` [-]
        Returns:
            measurements of synchronous steps that it completed, by rank [object]
        Raises:
            ValueError: when no such movement is under way
        Neglects:
            nothing
        Source:
            none: bookkeeping
        """
        if number not in self._moving:
            raise ValueError(f"movement: {number}; allowed: {', '.join(map(str, self._moving))}")
        movement, payload = self._moving.pop(number), self._payload.pop(number)
        for transfer in movement.transfers:
            self.bytes[movement.kind]["delivered"] += transfer.size
            self.sent[transfer.source] += transfer.size
            self.received[transfer.target] += transfer.size
        measured: dict[int, dict[str, float]] = {}
        if movement.kind == "exchange":
            measured = self._resolve(payload)
        elif movement.kind == "rejoin":
            measured = self._join(payload)
        elif movement.kind == "checkpoint":
            self.safe = payload
        else:
            self._begin(*payload)
        return measured | self._plan()

    def kill(self, rank: int) -> dict[int, dict[str, float]]:
        """Lose a replica now, with all its memory and all that it was sending or receiving.

        Exchanges that it took part in begin anew without it.

        Args:
            rank: present, or on its way back [-]
        Returns:
            measurements of synchronous steps that others need not wait for any more [object]
        Raises:
            ValueError: when it is neither
        Neglects:
            pieces of an exchange that survivors hold already
        Source:
            none: bookkeeping
        """
        if rank in self._replicas:
            self._lost_own[rank] = self._replicas.pop(rank).kept
            self._host.stop(rank)
        elif not any(rank == t.target for m in self.due for t in m.transfers):
            self._here(rank)
        for event in self._events:
            event.spare.pop(rank, None)
            if event.result is None and event.contributions.pop(rank, None) is not None:
                self._cancel(event.number)
        for movement in self.due:
            if any(rank in (t.source, t.target) for t in movement.transfers):
                self._cancel(movement.number)
        return self._plan()

    def rejoin(self, rank: int, donor: int) -> Movement:
        """Bring a lost replica back as a copy of another; exchanges to come wait for it.

        Args:
            rank: not present [-]
            donor: replica whose state is sent, as it is now [-]
        Returns:
            movement of the donor's state, the outer state, its part in exchanges that it has
            begun and the results of those under way [object]
        Raises:
            ValueError: when the replica is there or coming, or the donor is not there
        Neglects:
            that the donor's own work slows down meanwhile
        Source:
            live recovery as in torchft 0.2: a healing replica takes a peer's state
        """
        if not 0 <= rank < self._size or rank in self._replicas or rank in self._joining:
            absent = sorted(set(range(self._size)) - set(self._replicas) - set(self._joining))
            raise ValueError(f"replica: {rank}; allowed: those lost, {absent}")
        source = self._here(donor)
        state = self._host.call("save", {donor: ()})[donor]
        waiting = [each for each in self._events if self._awaits(donor, each)]
        size = len(state) + self._outer.nbytes
        for event in waiting:
            size += VALUE_BYTES * event.length * (1 if event.number is None else 2)
        for event in self._events:
            if donor in event.merged:
                event.merged.add(rank)
        for event in waiting:
            held = event.contributions.get(donor, event.spare.get(donor))
            if held is not None:
                event.spare[rank] = held
        self._joining[rank] = Joining(state, source.done)
        return self._move("rejoin", (Transfer(donor, rank, size),), rank)

    def checkpoint(self) -> tuple[Checkpoint, Movement]:
        """Take the job's state and send it to the ground; `safe` once it has arrived.

        Returns:
            checkpoint and its movement; each replica sends its state, the lowest rank also the
            outer state; of synchronous training one replica's state is all [object]
        Raises:
            ValueError: while an exchange is under way, see `settled`
        Neglects:
            compression
        Source:
            none: bookkeeping
        """
        if not self.settled:
            raise ValueError("checkpoint: an exchange is under way; allowed: between exchanges")
        ranks = self.present[:1] if self._method.name == "synchronous" else self.present
        states = self._host.call("save", dict.fromkeys(ranks, ()))
        useful = self.useful
        seen = {rank: each.done for rank, each in self._replicas.items()}
        units = {r: (seen.get(r, seen[self.present[0]]), useful[r]) for r in range(self._size)}
        taken = Checkpoint(self._outer.copy(), units, states)
        transfers = [
            Transfer(rank, GROUND, len(states[rank]) + self._outer.nbytes * (rank == ranks[0]))
            for rank in ranks
        ]
        return taken, self._move("checkpoint", tuple(transfers), taken)

    def restore(
        self, taken: Checkpoint, ranks: Collection[int], aboard: Collection[int] = ()
    ) -> Movement:
        """Go back to a checkpoint with these replicas; all work since then is lost.

        Args:
            taken: checkpoint [object]
            ranks: replicas that work from then on [-]
            aboard: those of them that hold the checkpoint themselves [-]
        Returns:
            movement from the ground to the others, without transfers when there are none [object]
        Raises:
            ValueError: when a rank is not of the job, or none is named
        Neglects:
            sharing one copy among neighbours
        Source:
            none: bookkeeping
        """
        if not ranks or not set(ranks) <= set(range(self._size)):
            raise ValueError(f"ranks: {sorted(ranks)}; allowed: some of 0 to {self._size - 1}")
        for rank in self.present:
            self._host.stop(rank)
        self._replicas.clear()
        self._events.clear()
        for movement in self.due:
            self._cancel(movement.number)
        self._lost_own = {rank: own for rank, (_, own) in taken.units.items()}
        transfers = [
            Transfer(GROUND, rank, len(taken.state(rank)) + taken.outer.nbytes)
            for rank in sorted(ranks)
            if rank not in aboard
        ]
        return self._move("restore", tuple(transfers), (taken, sorted(ranks)))

    def evaluate(self) -> dict[str, float]:
        """What the job has learnt: one worker's measurements with the agreed parameters [-]."""
        rank = self.present[0]
        if not self._keeps_outer:
            return self._host.call("evaluate", {rank: ()})[rank]  # type: ignore[no-any-return]
        own = self._host.call("shared", {rank: ()})[rank]
        self._host.call("set_shared", {rank: (self._outer[0],)})
        measured = self._host.call("evaluate", {rank: ()})[rank]
        self._host.call("set_shared", {rank: (own,)})
        return measured  # type: ignore[no-any-return]

    def contributions(self, number: int) -> dict[int, Vector]:
        """What each replica brings to an exchange: its gradient, or how far it went.

        A guard looks here, and kills a replica that it does not trust, before `arrived`.

        Args:
            number: of an exchange in `due` [-]
        Returns:
            vectors by rank [-]
        Raises:
            ValueError: when no such exchange is under way
        Neglects:
            nothing
        Source:
            none: difference
        """
        event = next((each for each in self._events if each.number == number), None)
        if event is None:
            raise ValueError(f"exchange: {number}; allowed: one in `due`")
        if not self._keeps_outer:
            return dict(event.contributions)
        start = self._outer[0, self._parts[event.fragment]]
        return {rank: start - each for rank, each in event.contributions.items()}

    def tensors(self, rank: int) -> dict[str, dict[str, NDArray[Any]]]:
        """Memory of a replica itself, no copies.

        Args:
            rank: present [-]
        Returns:
            by kind of storage and name [object]
        Neglects:
            nothing
        Source:
            none: `dawndusk.execution.protocol.Worker.tensors`
        """
        return self._host.call("tensors", {rank: ()})[rank]  # type: ignore[no-any-return]

    def state_size(self, rank: int) -> int:
        """What must be sent to move a replica: its state and the outer state.

        Args:
            rank: present [-]
        Returns:
            size [bytes]
        Neglects:
            contributions that it keeps until an exchange ends
        Source:
            none: sum
        """
        return len(self._host.call("save", {rank: ()})[rank]) + self._outer.nbytes

    def rehouse(self, host: Host) -> None:
        """Replicas live elsewhere from now on.

        Args:
            host: that has taken them over as they were [object]
        Neglects:
            nothing
        Source:
            none: definition
        """
        self._host = host

    def _here(self, rank: int) -> Replica:
        if rank not in self._replicas:
            raise ValueError(f"replica: {rank}; allowed: those present, {self.present}")
        return self._replicas[rank]

    def _starts(self, done: int) -> list[int]:
        """Unit of each fragment's next exchange."""
        h, p = self._method.interval, self._method.fragments
        return [done + 1 + (n * h // p - done - 1) % h for n in range(p)]

    def _awaits(self, rank: int, event: Event) -> bool:
        """A replica has passed an exchange's start and not yet taken its result."""
        return event.unit <= self._replicas[rank].done and rank not in event.merged

    def _ahead(self, rank: int) -> int:
        """Units until something happens to a replica besides its own work."""
        done = self._replicas[rank].done
        if self._method.name == "single":
            return UNLIMITED
        merges = [e.unit + self._method.overlap for e in self._events if self._awaits(rank, e)]
        return min([*self._starts(done), *(unit for unit in merges if unit > done)]) - done

    def _reach(self, rank: int, found: Any) -> None:
        """What a replica does at the unit it has come to: contribute, merge."""
        if self._method.name == "single":
            return
        done = self._replicas[rank].done
        begun = [n for n, unit in enumerate(self._starts(done - 1)) if unit == done]
        values = found
        if begun and self._keeps_outer:
            values = self._host.call("shared", {rank: ()})[rank]
        for n in begun:
            event = next((e for e in self._events if (e.unit, e.fragment) == (done, n)), None)
            if event is None:
                event = Event(done, n)
                self._events.append(event)
            part = self._parts[n] if self._keeps_outer else slice(None)
            event.contributions[rank] = values[part].copy()
        for event in self._events:
            self._merge([rank], event)

    def _plan(self) -> dict[int, dict[str, float]]:
        """Begin the exchanges that all have contributed to; those of one replica need no bytes."""
        measured: dict[int, dict[str, float]] = {}
        first = {rank: each.first for rank, each in self._replicas.items()}
        first |= {rank: each.done for rank, each in self._joining.items()}
        for event in list(self._events):
            if event.result is not None and first.keys() <= event.merged:
                self._events.remove(event)
            needed = {rank for rank, unit in first.items() if unit < event.unit}
            if event.result is not None or event.number is not None:
                continue
            if not event.contributions:
                held = sorted(event.spare.keys() & self._replicas.keys())
                if not held:
                    self._events.remove(event)
                    continue
                event.contributions[held[0]] = event.spare.pop(held[0])
            if needed <= event.contributions.keys():
                givers = sorted(event.contributions)
                takers = sorted(first.keys() - event.merged - event.contributions.keys())
                size = VALUE_BYTES * event.length
                transfers = ring(event.length, givers)
                transfers += tuple(Transfer(givers[0], rank, size) for rank in takers)
                if transfers:
                    event.number = self._move("exchange", transfers, event).number
                else:
                    measured |= self._resolve(event)
        return measured

    def _resolve(self, event: Event) -> dict[int, dict[str, float]]:
        """Mean of the contributions, the outer step, and merges of those who wait for it."""
        ranks = sorted(event.contributions)
        mean = np.zeros(event.length)
        for rank in ranks:
            mean += event.contributions[rank]
            replica = self._replicas[rank]
            replica.kept = max(replica.kept, replica.own + event.unit - replica.first)
        mean /= len(ranks)
        part = self._parts[event.fragment]
        if self._keeps_outer:
            m = self._method
            old = self._outer[0, part].astype(np.float64)
            step = old - mean
            momentum = m.outer_momentum * self._outer[1, part] + step
            self._outer[1, part] = momentum
            self._outer[0, part] = old - m.outer_rate * (step + m.outer_momentum * momentum)
        event.result = self._outer[0, part].copy() if self._keeps_outer else mean.astype(np.float32)
        event.contributions, event.spare, event.number = {}, {}, None
        measured = self._merge(self.present, event)
        if self._replicas.keys() | self._joining.keys() <= event.merged:
            self._events.remove(event)
        return measured

    def _merge(self, ranks: Sequence[int], event: Event) -> dict[int, dict[str, float]]:
        """Give a result to those of the replicas that are at the unit where they take it."""
        unit = event.unit + self._method.overlap
        ready = [r for r in ranks if self._replicas[r].done == unit and self._awaits(r, event)]
        if event.result is None or not ready:
            return {}
        event.merged.update(ready)
        if not self._keeps_outer:
            return self._host.call("apply", dict.fromkeys(ready, (event.result,)))
        part, keep = self._parts[event.fragment], np.float32(self._method.merge)
        values = self._host.call("shared", dict.fromkeys(ready, ()))
        for each in values.values():
            each[part] = keep * each[part] + (1 - keep) * event.result if keep else event.result
        self._host.call("set_shared", {rank: (each,) for rank, each in values.items()})
        return {}

    def _join(self, rank: int) -> dict[int, dict[str, float]]:
        joining, own = self._joining.pop(rank), self._lost_own[rank]
        self._host.start(rank)
        self._host.call("load", {rank: (joining.state,)})
        self._replicas[rank] = Replica(joining.done, joining.done, own, own)
        measured: dict[int, dict[str, float]] = {}
        for event in self._events:
            measured |= self._merge([rank], event)
        return measured

    def _begin(self, taken: Checkpoint, ranks: Sequence[int]) -> None:
        self._outer = taken.outer.copy()
        for rank in ranks:
            done, own = taken.units[rank]
            self._host.start(rank)
            self._host.call("load", {rank: (taken.state(rank),)})
            self._replicas[rank] = Replica(done, done, own, own)

    def _move(self, kind: str, transfers: tuple[Transfer, ...], payload: Any) -> Movement:
        movement = Movement(self._next, kind, transfers)
        self._next += 1
        self._moving[movement.number] = movement
        self._payload[movement.number] = payload
        self.bytes[kind]["offered"] += sum(each.size for each in transfers)
        return movement

    def _cancel(self, number: int | None) -> None:
        """Forget a movement; its bytes, whatever part of them has gone, are of no use."""
        movement = self._moving.pop(number, None) if number is not None else None
        if movement is None:
            return
        payload = self._payload.pop(movement.number)
        self.bytes[movement.kind]["cancelled"] += sum(each.size for each in movement.transfers)
        if movement.kind == "exchange":
            payload.number = None
        elif movement.kind == "rejoin":
            del self._joining[payload]
            for event in self._events:
                event.spare.pop(payload, None)
                event.merged.discard(payload)
