"""Assembler of the bytes that real jobs send: over the links as they are, in virtual time.

Transfers that are under way together share the links max-min fairly; when one begins or ends
the rates are shared anew, so several exchanges fit into one interval of the loop.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dawndusk.constants import BITS
from dawndusk.network import routing, sharing

if TYPE_CHECKING:
    from dawndusk.traffic import Flowing, Traffic

KINDS = ("exchange", "rejoin", "checkpoint", "restore", "move")
"""What real jobs send: `training` has the first four; a replica moves when a policy says so."""

FATES = ("offered", "delivered", "cancelled")

Place = Callable[[int], int]
"""Vertex of a rank, or of the ground where the rank is below 0; −1 for nowhere."""


@dataclass
class Leg:
    """Bytes from one rank to another."""

    source: int
    target: int
    size: int
    """On the links [bytes]."""
    left: float
    hops: int
    """Latencies that pass before they are of use [-]."""
    arrive: float = math.inf
    """When the last byte is there, once it has been sent [s]."""
    rate: float = 0.0
    """[bit/s]"""
    latency: float = 0.0
    """[s]"""


@dataclass
class Bulk:
    """Legs that belong together."""

    kind: str
    legs: list[Leg]
    begun: float
    """[s]"""

    @property
    def arrival(self) -> float:
        """When all are there, inf while one is being sent [s]."""
        return max((leg.arrive for leg in self.legs), default=self.begun)

    @property
    def size(self) -> int:
        """[bytes]"""
        return sum(leg.size for leg in self.legs)


@dataclass
class Carrier:
    """What one real job has under way; everything that changes is here."""

    scale: float
    """Bytes on the links for each byte of a worker [-]."""
    under_way: dict[int, Bulk] = field(default_factory=dict)
    """By number of the movement."""
    bytes: dict[str, dict[str, int]] = field(
        default_factory=lambda: {kind: dict.fromkeys(FATES, 0) for kind in KINDS}
    )
    sent: float = 0.0
    """By all replicas, cancelled ones and those at one place included [bytes]."""
    counted: int = 0
    """Of them those that the network's totals know [bytes]."""

    def add(self, number: int, kind: str, legs: list[tuple[int, int, int]], now: float) -> None:
        """Begin to send; legs are source, target and bytes of the worker."""
        hops = 2 * (len(legs) - 1) if kind == "exchange" and len(legs) > 1 else 1
        made = []
        for source, target, size in legs:
            scaled = round(size * self.scale)
            made.append(Leg(source, target, scaled, float(scaled), hops))
        self.under_way[number] = Bulk(kind, made, now)
        self.bytes[kind]["offered"] += sum(leg.size for leg in made)

    def drop(self, number: int) -> None:
        """Give up; nothing that was sent is of use."""
        bulk = self.under_way.pop(number)
        self.bytes[bulk.kind]["cancelled"] += bulk.size

    def take(self, now: float) -> list[int]:
        """Numbers of the movements that have arrived by now, the first ones first."""
        there = [(each.arrival, n) for n, each in self.under_way.items() if each.arrival <= now]
        return [number for _, number in sorted(there)]

    def deliver(self, number: int) -> Bulk:
        """Enter that a movement has arrived."""
        bulk = self.under_way.pop(number)
        self.bytes[bulk.kind]["delivered"] += bulk.size
        return bulk

    def share(self, lines: "Lines", place: Place, now: float) -> None:
        """Rates of all legs from now on; legs that need no link are there at once."""
        legs = self._moving()
        ends = [(place(leg.source), place(leg.target)) for leg in legs]
        found = lines.rates(ends)
        for leg, (rate, latency) in zip(legs, found, strict=True):
            leg.rate, leg.latency = rate, latency
            if rate == math.inf or (leg.left <= 0.0 and rate > 0.0):
                self.sent += leg.left
                leg.left, leg.arrive = 0.0, now + leg.hops * latency

    def next(self, now: float) -> float:
        """The next time at which a leg has been sent or a movement is there [s]."""
        found = math.inf
        for bulk in self.under_way.values():
            for leg in bulk.legs:
                if leg.arrive == math.inf and leg.rate > 0.0:
                    found = min(found, now + BITS * leg.left / leg.rate)
            found = min(found, max(now, bulk.arrival))
        return found

    def advance(self, now: float, until: float, lines: "Lines", place: Place) -> None:
        """Send until a time, up to which no leg ends before."""
        for leg in self._moving():
            if not leg.rate > 0.0:
                continue
            sent = min(leg.left, leg.rate * (until - now) / BITS)
            if now + BITS * leg.left / leg.rate <= until:
                sent = leg.left
                leg.arrive = until + leg.hops * leg.latency
            leg.left -= sent
            self.sent += sent
            lines.load(place(leg.source), place(leg.target), sent)

    def expected(self, number: int, now: float) -> float:
        """When a movement will have arrived at the rates of now, inf where a way is missing [s]."""
        ends = [
            leg.arrive
            if leg.arrive < math.inf
            else now + BITS * leg.left / leg.rate + leg.hops * leg.latency
            if leg.rate > 0.0
            else math.inf
            for leg in self.under_way[number].legs
        ]
        return max(ends, default=now)

    def account(self, flowing: "Flowing") -> None:
        """Enter what was sent into the network's totals, in whole bytes."""
        fresh = int(self.sent) - self.counted
        self.counted += fresh
        flowing.exchanged += fresh
        flowing.recent[:2] += fresh

    def _moving(self) -> list[Leg]:
        return [leg for b in self.under_way.values() for leg in b.legs if leg.arrive == math.inf]


class Lines:
    """The links in one interval, from what traffic has left of them."""

    def __init__(self, traffic: "Traffic | None") -> None:
        self.traffic = traffic
        self._trees: dict[int, tuple[NDArray[np.float64], NDArray[np.int32]]] = {}
        self._loads: dict[tuple[int, int], float] = {}

    def rates(self, ends: list[tuple[int, int]]) -> list[tuple[float, float]]:
        """Rate [bit/s] and latency [s] of flows at the same time between pairs of vertices.

        Infinite and none at one place or where no network is modelled; 0 where no way leads.
        """
        found = [(math.inf, 0.0)] * len(ends)
        if self.traffic is None:
            return [
                (0.0, 0.0) if -1 in pair else each for pair, each in zip(ends, found, strict=True)
            ]
        flows = []
        for k, (source, target) in enumerate(ends):
            if source < 0 or target < 0:
                found[k] = (0.0, 0.0)
            elif source != target:
                links, latency = self._way(source, target)
                found[k] = (0.0, latency)
                if links.size:
                    flows.append((k, links))
        if flows:
            start = np.cumsum([0, *(links.size for _, links in flows)])
            path = np.concatenate([links for _, links in flows])
            free = np.full(len(flows), np.inf)
            rate, _ = sharing.max_min(self.traffic.capacity, start, path, free)
            for (k, _), each in zip(flows, rate.tolist(), strict=True):
                found[k] = (each, found[k][1])
        return found

    def load(self, source: int, target: int, sent: float) -> None:
        """Note bytes that ran between two vertices."""
        if source != target:
            pair = source, target
            self._loads[pair] = self._loads.get(pair, 0.0) + sent

    def close(self, dt: float) -> None:
        """Take what ran off the capacity of the interval."""
        if self.traffic is None or not self._loads:
            return
        paths = [self._way(*pair)[0] for pair in self._loads]
        start = np.cumsum([0, *(path.size for path in paths)])
        rate = np.array([BITS * sent / dt for sent in self._loads.values()])
        self.traffic.occupy(start, np.concatenate(paths), rate)
        self._loads.clear()

    def _way(self, source: int, target: int) -> tuple[NDArray[np.int64], float]:
        """Links on the shortest way [-] and its latency [s]."""
        assert self.traffic is not None
        view = self.traffic.snapshot
        assert view is not None
        if source not in self._trees:
            self._trees[source] = self.traffic.network.ways(view, [source])
        latency, arrival = self._trees[source]
        _, links = routing.links_of_paths(view.pattern, arrival, [0], [target])
        return links.astype(np.int64), float(latency[0, target])
