"""The engine: nodes follow the simulated world, replicas their nodes, and host faults are mended.

A satellite in the dark is drained and keeps its memory; one that fails is killed, raylet and all;
one that comes back is a new node. What ends unasked is started again, and told.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from dawndusk.cluster import table
from dawndusk.cluster.adapter import Seen
from dawndusk.cluster.driver import Dead, Key
from dawndusk.cluster.host import Life, RayHost, again
from dawndusk.cluster.link import Link, LostError, RetryError
from dawndusk.execution.training.hosts import DARK, IDLE, SAFE, WORKING, InProcess, Place
from dawndusk.execution.training.hosts import LOST as FAILED

NODES = 12
"""Most emulated nodes on one machine; 25 took 29 s to start and 9.6 s to mend."""

PATIENCE = 600.0
"""Longest time in which a replica must answer [s]."""

ATTEMPTS = 6
"""Failures one after another, with nothing done between them, after which the run is given up."""

WORTH_TELLING = 5.0
"""Waits from this length on stand in the table of nodes [s]."""


class RayEngine:
    """Replicas as actors, one on the node of each site."""

    def __init__(
        self,
        address: str | None = None,
        folder: Path | None = None,
        patience: float = PATIENCE,
        say: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.address, self.patience, self._say = address, patience, say
        self.table = table.Table(folder)
        self.mended: list[str] = []
        """What failed on the host and was brought back."""
        self.version = ""
        """Of Ray."""
        self._link: Link | None = None
        self._places: Callable[[int], Place] = lambda site: Place(f"site-{site}", "site", -1, 0.0)
        self._hosts: list[RayHost] = []
        self._failures = 0
        self._generation: dict[int, int] = {}
        self._names: dict[int, str] = {}
        """Of the nodes that there are, by site."""

    def __enter__(self) -> "RayEngine":
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    # what the simulation says

    def open(self, places: Callable[[int], Place], replicas: int) -> None:
        """Begin with a side; nodes of the side before end.

        Raises:
            ValueError: when there are too many replicas for one machine, or no Ray
        """
        if self.address is None and replicas > NODES:
            raise ValueError(
                f"--engine ray: {replicas} replicas want {replicas} emulated nodes; allowed: at "
                f"most {NODES} on one machine; use --engine process, which gives the same "
                "numbers, or --address of a cluster"
            )
        self._hosts.clear()
        for site in list(self._names):
            self._end(site)
        self.table.rows.clear()
        self._places = places
        self._persist("starting", lambda link: None)
        self.table.write()

    def house(self, replicas: InProcess, memory: float) -> RayHost:
        """Take over the replicas of a job."""
        host = RayHost(self, len(self._hosts), replicas, replicas.maker, memory)
        self._hosts.append(host)
        return host

    def tell(self, time: float) -> None:
        """How far the simulation has come."""
        self.table.time = time
        self.table.write(at_once=False)

    def need(self, site: int, replica: str) -> None:
        """A replica is at a site, whose node is there from now on."""
        row = self._row(site)
        row.replica = replica
        if row.state == table.DRAINED:
            self._end(site)
        row.state, row.why = table.UP, ""
        self._up(site)

    def leave(self, site: int) -> None:
        """A replica has left a site; a node without one ends, unless its fate is to be shown."""
        row = self.table.rows.get(site)
        if row is None or any(life.site == site for life in self._lives()):
            return
        row.replica, row.pid = "", 0
        if row.state != table.LOST and row.why != SAFE:
            self._end(site)
            row.state, row.why = table.OVER, "no replica there"
        self.table.write()

    def stand(self, site: int, standing: str) -> None:
        """Drain, kill or bring back a site's node as the simulated world says."""
        row = self.table.rows.get(site)
        if row is None:
            return
        if standing == WORKING and row.state == table.DRAINED:
            self._revive(site)
        elif standing in (DARK, IDLE, SAFE):
            drained = row.state == table.DRAINED
            row.state, row.why = table.DRAINED, standing
            if not drained:
                self._persist(f"draining {row.name}", partial(self._drain, site))
        elif standing == FAILED and row.state != table.LOST:
            row.state, row.why = table.LOST, "failed"
            self._end(site)
        else:
            return
        self.table.write()

    def count(self, site: int, units: int) -> None:
        """Units were done at a site."""
        self._row(site).units += units
        self.table.write(at_once=False)

    @property
    def facts(self) -> dict[str, Any]:
        """For run.json: what it is, and what failed on the host and was mended."""
        found = {"name": "ray", "version": self.version, "mended": list(self.mended)}
        return found | ({"address": self.address} if self.address else {})

    def close(self) -> None:
        """End the cluster and all its processes."""
        if self._link is not None:
            self._link.close()
            self._link = None
        self._names.clear()
        self.table.remove()

    # what replicas need

    def bring(self, host: RayHost, lives: Sequence[Life]) -> None:
        """See that replicas' processes are there, with all that they had done."""
        while any(not life.there for life in lives):
            life = next(life for life in lives if not life.there)
            what = f"starting a replica on {self._row(life.site).name}"
            self._persist(what, partial(self._begin, host, life))

    def _begin(self, host: RayHost, life: Life, link: Link) -> None:
        row = self._row(life.site)
        if life.site not in self._names:
            self._node(link, life.site)
        found = link.ask("actor", life.key, self._names[life.site], host.memory, host.make(life))
        if isinstance(found, Dead):
            self._notice(link)
            raise RetryError(found.why)
        calls = again(life)
        if calls is not None:
            done = link.ask("call", {life.key: calls})[life.key]
            if isinstance(done, Dead):
                self._notice(link)
                raise RetryError(done.why)
        row.pid, life.there = found, True
        if row.state == table.DRAINED:
            link.ask("drain", self._names[life.site], row.why)
        self.table.write()

    def call(self, asked: Mapping[Key, bytes]) -> dict[Key, bytes | Dead]:
        """The same time calls on replicas; `Dead` for those whose process has ended."""
        try:
            found: dict[Key, bytes | Dead] = self._open().ask("call", asked)
        except LostError as fault:
            self._reset(str(fault))
            return dict.fromkeys(asked, Dead(str(fault)))
        except RetryError as fault:
            self._fault(str(fault))
            return dict.fromkeys(asked, Dead(str(fault)))
        if any(not isinstance(answer, Dead) for answer in found.values()):
            self._failures = 0
        if self.table.waiting:
            self.table.waiting = ""
            self.table.write()
        return found

    def fell(self, life: Life, why: str) -> None:
        """A replica's process has ended unasked; it is brought back when it is next called."""
        if not life.there:  # the cluster was lost with it, which has been told
            return
        life.there = False
        row = self._row(life.site)
        self._fault(
            f"replica {life.key[1]} on {row.name}: {why}; {len(life.calls)} calls done again"
        )
        if self._link is not None:
            self._notice(self._link)

    def dismiss(self, key: Key) -> None:
        """End a replica's process, if it is there."""
        if self._link is None:
            return
        try:
            self._link.ask("dismiss", key)
        except (LostError, RetryError) as fault:
            self._reset(str(fault)) if isinstance(fault, LostError) else self._fault(str(fault))

    # what Ray shows

    def seen(self) -> list[Seen]:
        """Nodes as Ray shows them."""
        return list(self._persist("looking", lambda link: link.ask("nodes")))

    def disagreements(self) -> list[str]:
        """Where Ray shows another state of a node than the simulated world has."""
        shown = {each.id: each for each in self.seen()}
        found = []
        for row in self.table.rows.values():
            node = shown.get(row.id)
            alive = node is not None and node.alive
            draining = node is not None and alive and node.draining
            wanted = {
                table.UP: (True, False),
                table.DRAINED: (True, True),
                table.LOST: (False, False),
                table.OVER: (False, False),
            }.get(row.state, (alive, draining))
            if (alive, draining) != wanted:
                found.append(f"{row.name}: {row.state}, but alive {alive}, draining {draining}")
        return found

    # nodes

    def _row(self, site: int) -> table.Row:
        if site not in self.table.rows:
            place = self._places(site)
            self.table.rows[site] = table.Row(place.name, place.role, place.plane, table.OVER)
        return self.table.rows[site]

    def _up(self, site: int) -> None:
        if site not in self._names:
            self._persist(f"starting {self._row(site).name}", lambda link: self._node(link, site))

    def _node(self, link: Link, site: int) -> None:
        """A new node for a site."""
        if site in self._names:
            return
        place, row = self._places(site), self._row(site)
        labels = {"sat": place.name, "plane": str(place.plane), "role": place.role}
        name = f"{place.name}#{self._generation.get(site, 0)}"
        self._generation[site] = self._generation.get(site, 0) + 1
        row.id = link.ask("node", name, labels, {"hbm_GB": place.memory / 1e9})
        self._names[site] = name
        if row.state != table.DRAINED:
            row.state, row.why = table.UP, ""
        self.table.write()

    def _drain(self, site: int, link: Link) -> None:
        if site in self._names:
            link.ask("drain", self._names[site], self._row(site).why)

    def _revive(self, site: int) -> None:
        """A drained node cannot take work again: its replicas tell their state to a new one."""
        for host in self._hosts:
            for life in host.lives.values():
                if life.site == site and life.there:
                    host.tell(life)
                    life.there = False
        self._end(site)
        self._row(site).state = table.UP
        self._up(site)

    def _end(self, site: int) -> None:
        """A site's node is gone with every process on it."""
        name = self._names.pop(site, None)
        for life in self._lives():
            if life.site == site:
                life.there = False
        if name is not None:
            self._persist(f"ending {name}", lambda link: link.ask("kill", name))

    def _lives(self) -> list[Life]:
        return [life for host in self._hosts for life in host.lives.values()]

    # faults of the host

    def _open(self) -> Link:
        """The driver, started when there is none."""
        if self._link is None:
            link = Link(self.patience, self._wait)
            self._link = link
            try:
                self.version = link.ask("open", self.address)
            except RetryError as fault:
                raise LostError(f"it did not start: {fault}") from fault
        return self._link

    def _persist(self, what: str, action: Callable[[Link], Any]) -> Any:
        """Do something with the cluster, again where the host fails meanwhile."""
        while True:
            try:
                found = action(self._open())
                self._notice(self._link)
                return found
            except LostError as fault:
                self._reset(f"{what}: {fault}")
            except RetryError as fault:
                self._fault(f"{what}: {fault}")
                time.sleep(0.1)

    def _notice(self, link: Link | None) -> None:
        """Nodes that have ended unasked are started again, their replicas when next called."""
        if link is None:
            return
        ended, link.dead = set(link.dead), []
        for site, name in list(self._names.items()):
            if name in ended:
                row = self._row(site)
                self._end(site)
                if row.state == table.UP:
                    row.state, row.why = table.RESTARTING, "its node ended unasked"
                    self._fault(f"node {name} has ended unasked")

    def _reset(self, why: str) -> None:
        """The driver has gone, and with it every node and process."""
        if self._link is not None:
            self._link.close(gently=False)
            self._link = None
        self._names.clear()
        for life in self._lives():
            life.there = False
        for row in self.table.rows.values():
            if row.state == table.UP:
                row.state, row.why = table.RESTARTING, why
        self._fault(f"cluster lost: {why}")

    def _fault(self, why: str) -> None:
        self.mended.append(why)
        self._say(f"engine: {why}; started again")
        self._failures += 1
        if self._failures > ATTEMPTS:
            raise ValueError(
                f"--engine ray: {self._failures} failures one after another, the last: {why}; "
                "the same command goes on from the last checkpoint, --engine process needs no Ray"
            )
        self.table.write()

    def _wait(self, what: str, waited: float) -> None:
        """A wait is on show."""
        if waited >= WORTH_TELLING:
            self.table.waiting = f"'{what}' for {waited:.0f} s"
        self.table.write(at_once=False)


def look(address: str, patience: float = 30.0) -> list[tuple[Seen, bytes | None]]:
    """Nodes of someone's cluster, each with what its agent tells of its power.

    Raises:
        ValueError: when the cluster does not answer
    """
    with Link(patience) as link:
        try:
            link.ask("open", address)
            nodes = link.ask("nodes")
            names = [each.labels.get("name", "") for each in nodes]
            told = [link.ask("told", f"power:{name}") if name else None for name in names]
        except (LostError, RetryError) as fault:
            raise ValueError(f"{address}: {fault}") from fault
    return list(zip(nodes, told, strict=True))
