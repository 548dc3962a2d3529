"""What moves over the network in an interval: requests, inputs, outputs, checkpoints, exchanges
between nodes that train together, and sensor data.

Assembler of `network.messages`, `network.transfer`, `network.sensor` and `network.sharing` over
the links that `connections` shows. Messages go first, then what training nodes exchange, then
bulk data, then the sensors'. Every amount is in whole bytes and none is lost from the count.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dawndusk.connections import FIBRE, ISL, UP, Connections, Snapshot
from dawndusk.constants import BITS
from dawndusk.demand import Demand
from dawndusk.execution import dispatch
from dawndusk.execution.faults import SAFE_MODE, SCRIPTED
from dawndusk.network import messages, routing, sensor, sharing, transfer
from dawndusk.network.weather import Weather
from dawndusk.scenario import Scenario
from dawndusk.step_tables import Node
from dawndusk.workload import jobs

if TYPE_CHECKING:
    from dawndusk.state import State

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

RING = 64
"""Most neighbours of a ring whose ways are followed; of larger ones evenly chosen [-]."""

SENSOR_UTILISATION = 0.4
"""Share of the peak rate that processing sensor data reaches [-]; as trained models do."""

SUMS = (
    "links_isl",
    "links_ground",
    "blocked_links",
    "isl_rate_bit_s",
    "ground_rate_bit_s",
    "reachable_fraction",
    "contact_fraction",
    "hops",
)
"""What is summed up at every look."""


@dataclass
class Flowing:
    """What changes in the network, and so what a checkpoint must hold of it."""

    sky: Weather | None
    looked: float = -1.0
    """When the network was looked at last [s]."""
    held: Indices = field(default_factory=lambda: np.empty(0, np.int64))
    """Requests whose origin has no way to a site that would take them."""
    transfers: NDArray = field(default_factory=lambda: np.zeros(0, transfer.TRANSFER))
    waiting: NDArray = field(default_factory=lambda: np.zeros(0, messages.MESSAGE))
    """Pairs of vertices with messages under way."""
    carried: NDArray[np.int64] = field(default_factory=lambda: np.zeros(2, np.int64))
    """Bytes of messages offered and delivered."""
    exchanged: int = 0
    """Bytes that training nodes have sent each other."""
    sensors: NDArray = field(default_factory=lambda: np.zeros(0, sensor.SENSOR))
    staged: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    """Job whose input each site holds, −1 for none."""
    outgoing: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, np.bool_))
    """Jobs whose output has been handed to the network."""
    saved: Array = field(default_factory=lambda: np.empty(0))
    """Work in the last checkpoint that was handed to the network, by job [FLOP]."""
    shares: Array = field(default_factory=lambda: np.empty(0))
    """Share of its time that each gang worked, not exchanged, when last placed [-]."""
    apart: Array = field(default_factory=lambda: np.empty(0))
    """Time in which a job's nodes had no way to each other, by job [s]."""
    pending: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Inputs on their way by site: job and row of the transfer."""
    link_use: Array = field(default_factory=lambda: np.zeros((3, 0)))
    """By link between satellites as they are now: sum and maximum of its use, times seen."""
    link_ends: Indices = field(default_factory=lambda: np.empty((0, 2), np.int64))
    looks: int = 0
    sums: Array = field(default_factory=lambda: np.zeros(len(SUMS)))
    """Sums over the looks, by `SUMS`."""
    busiest: tuple[float, str] = (0.0, "")
    """Highest use of a link so far, and which."""
    sensor_work: float = 0.0
    """Done on sensor data [FLOP]."""
    delays: list[Array] = field(default_factory=list)
    """One-way delays of the requests routed since the last record [s]."""
    recent: Array = field(default_factory=lambda: np.zeros(3))
    """Bytes offered and delivered since the last record, and the time [s]."""
    use: Array = field(default_factory=lambda: np.zeros(0))
    """Of every link in the last interval [-]."""


class Traffic:
    """The traffic of one run; everything that changes is in `Flowing`."""

    def __init__(
        self, scenario: Scenario, demand: Demand, node: Node, network: Connections, sites: int
    ) -> None:
        self.given, self.demand, self.node, self.network = scenario.network, demand, node, network
        self.sites = sites
        self.snapshot: Snapshot | None = None
        self.use = self.capacity = self.load = self.worked = self.flop = np.empty(0)
        table = demand.jobs.table
        self.inputs = bool((table["input"] > 0.0).any())
        self.outputs = bool((table["output"] > 0.0).any())
        self.sensing = self.given.sensor > 0.0 and network.satellites > 0
        origin = demand.requests.origin
        self.origin = np.where(origin >= 0, origin, 0).astype(np.int16)

    def begin(self, jobs_count: int) -> Flowing:
        """Nothing has moved yet."""
        n = self.network.satellites
        return Flowing(
            self.network.begin(),
            sensors=np.zeros(n if self.sensing else 0, sensor.SENSOR),
            staged=np.full(self.sites, -1, np.int32),
            outgoing=np.zeros(jobs_count, np.bool_),
            saved=np.zeros(jobs_count),
            apart=np.zeros(jobs_count),
            shares=np.ones(jobs_count),
        )

    def look(self, flowing: Flowing, now: float) -> Snapshot:
        """The network at a decision, looked at anew once its interval has passed."""
        every = self.network.interval
        due = flowing.looked < 0.0 or now - flowing.looked >= every * (1.0 - 1e-9)
        still = not self.network.satellites and flowing.looked >= 0.0
        if due and not still:
            flowing.looked = now
            flowing.sky = self.network.weather_at(flowing.sky, now)
            self.snapshot = None
        fresh = self.snapshot is None
        if self.snapshot is None:
            silent = self._silent(flowing.looked)
            self.snapshot = self.network.look(flowing.looked, flowing.sky, silent)
        if fresh and due:
            self._count(flowing, self.snapshot)
        return self.snapshot

    def _silent(self, now: float) -> NDArray[np.int64]:
        """Satellites without links: empty places, those without power, those in safe mode."""
        faults = self.demand.interruptions
        safe = np.isin(faults.cause, (SAFE_MODE, SCRIPTED))
        safe &= (faults.time <= now) & (faults.until > now)
        return np.concatenate([self.demand.absent, faults.site[safe].astype(np.int64)])

    def _count(self, flowing: Flowing, view: Snapshot) -> None:
        """Add a look to the sums."""
        up, isl = view.kinds == UP, view.kinds == ISL
        working = view.rate > 0.0
        reach = np.isfinite(view.delay[:, : self.network.satellites]).any(axis=1)
        hops = routing.hops(view.pattern, view.arrival[-1:])[0, : self.network.satellites]
        there = view.contact
        flowing.looks += 1
        flowing.sums += np.array(
            [
                np.count_nonzero(isl & working),
                np.count_nonzero(up & working),
                np.count_nonzero(view.blocked),
                _all_at_median(view.rate[isl & working]),
                _all_at_median(view.rate[up & working]),
                self.network.share[reach].sum(),
                there.mean() if there.size else 0.0,
                hops[there].sum() / max(there.size, 1),
            ]
        )

    def route(
        self, state: "State", flowing: Flowing, weights: Array, last: int, now: float, dt: float
    ) -> None:
        """Send requests to sites over the network; put their bytes on the links."""
        view = self.snapshot
        assert view is not None
        candidates = np.concatenate([flowing.held, np.arange(state.first, last)])
        state.first = last
        if not candidates.size:
            self._carry(flowing, view, candidates, candidates, state, dt)
            return
        rows = np.broadcast_to(weights, view.delay.shape)
        sums = np.cumsum(np.where(np.isfinite(view.delay), rows, 0.0), axis=1)
        slots, replicas = state.slots, self.node.replicas
        site = np.empty(candidates.size, np.int64)
        service = self.demand.service
        chosen, kept = dispatch.choose(
            candidates, now, self.origin, sums, view.delay, slots, service, site
        )
        flowing.held = candidates[chosen : chosen + kept].copy()
        routed, site = candidates[:chosen], site[:chosen]
        np.add.at(state.sites.backlog, site, 1.0)
        flowing.delays.append(slots["delay"][routed])
        self._carry(flowing, view, routed, site, state, dt)
        order = np.argsort(slots["arrival"][routed] + slots["lag"][routed], kind="stable")
        dispatch.enqueue(
            routed[order], site[order], replicas, state.load, state.engines, slots, service
        )

    def _carry(
        self,
        flowing: Flowing,
        view: Snapshot,
        routed: Indices,
        site: Indices,
        state: "State",
        dt: float,
    ) -> None:
        """Prompts out and answers back on the shortest ways; full links make requests wait."""
        given, network, slots = self.given, self.network, state.slots
        self.capacity = np.repeat(view.rate, 2)
        self.load = np.zeros(self.capacity.size)
        if not routed.size and not flowing.waiting.size:
            return
        origin = self.origin[routed].astype(np.int64)
        city = network.satellites + network.ground.origins[origin]
        vertex = network.vertex_of_site(site)
        out = slots["prompt"][routed] * given.prompt_bytes + given.envelope
        back = slots["output"][routed] * given.answer_bytes + given.envelope
        source, target = np.concatenate([city, vertex]), np.concatenate([vertex, city])
        size = np.ceil(np.concatenate([out, back])).astype(np.int64)
        old = flowing.waiting
        key = np.concatenate([old["source"], source]).astype(np.int64) * network.vertices
        key += np.concatenate([old["target"], target])
        pairs, place = np.unique(key, return_inverse=True)
        table = messages.traffic(pairs // network.vertices, pairs % network.vertices)
        before, new = place[: old.size], place[old.size :]
        table["waiting"][before] = table["offered"][before] = old["waiting"]
        table["part"][before] = old["part"]
        arriving = np.zeros(pairs.size, np.int64)
        np.add.at(arriving, new, size)
        start, links, there = self._paths(view, table["source"], table["target"])
        want = np.where(there, messages.demand(table, arriving, dt), 0.0)
        rate, _ = sharing.equal_share(self.capacity, start, links, want)
        wait = messages.carry(table, arriving, rate, dt)
        self.occupy(start, links, rate)
        flowing.carried += (arriving.sum(), table["delivered"].sum())
        flowing.recent[:2] += (arriving.sum(), table["delivered"].sum())
        flowing.waiting = table[table["waiting"] > 0]
        if (wait[new] > 0.0).any():
            slots["lag"][routed] += wait[new[: routed.size]]
            slots["delay"][routed] += wait[new[routed.size :]]

    def _paths(
        self, view: Snapshot, source: NDArray, target: NDArray
    ) -> tuple[Indices, Indices, NDArray[np.bool_]]:
        """Links on the way between pairs of which one is a city or the data centre.

        Between two places on the ground data run through fibre, which has room for all.
        """
        network = self.network
        row_of = np.full(network.vertices, -1, np.int64)
        roots = network.satellites + np.append(network.ground.origins, network.ground.centre)
        row_of[roots] = np.arange(roots.size)
        forth = row_of[source] >= 0
        root = np.where(forth, source, target)
        end = np.where(forth, target, source)
        end = np.where(end >= network.satellites, root, end)
        start, links = routing.links_of_paths(view.pattern, view.arrival, row_of[root], end)
        length = np.diff(start)
        ordered = np.where(np.repeat(forth, length), links, links ^ 1).astype(np.int64)
        return start, ordered, (length > 0) | (root == end)

    def occupy(self, start: Indices, links: Indices, rate: Array) -> None:
        """Take what flows carry off the capacity that is left."""
        load = sharing.load(self.capacity.size, start, links, rate)
        self.load += load
        self.capacity = np.maximum(self.capacity - load, 0.0)

    def bind(self, state: "State", flowing: Flowing, now: float, dt: float) -> None:
        """What the network lets each site do in the interval: `Sites.link` and `Sites.duty`."""
        sites, table = state.sites, state.jobs
        sites.link[:] = 1.0
        sites.duty[:] = 1.0
        placed = state.job_of_site
        view = self.snapshot
        assert view is not None
        if self.inputs:
            self._stage(state, flowing, now)
            has = placed >= 0
            wants = has & (table["input"][np.where(has, placed, 0)] > 0.0)
            waits = wants & (flowing.staged != placed)
            sites.link[waits] = 0.0
            for job in np.unique(placed[waits]):
                if table["kind"][job] == jobs.TRAINING:
                    sites.link[placed == job] = 0.0
        for job in np.flatnonzero((table["exchange"] > 0.0) & (table["status"] < jobs.FINISHED)):
            members = np.flatnonzero(placed == job)
            if members.size > 1:
                share = self._exchange(view, table[job], members)
                sites.link[members] *= share
                flowing.apart[job] += dt * (share == 0.0)
                flowing.shares[job] = share or 1.0
        if self.sensing and self.given.sensor_mode == "aboard":
            self._sense(state, flowing, dt)

    def _stage(self, state: "State", flowing: Flowing, now: float) -> None:
        """Enter inputs that have arrived; ask for those that sites need now.

        Inputs come from the data centre, so ground nodes have theirs.
        """
        table, placed = state.jobs, state.job_of_site
        for site, (job, row) in list(flowing.pending.items()):
            if placed[site] != job:
                transfer.fail(flowing.transfers, np.array([row]))
                del flowing.pending[site]
            elif flowing.transfers[row]["finish"] <= now:
                flowing.staged[site] = job
                del flowing.pending[site]
        flowing.staged[self.network.satellites :] = placed[self.network.satellites :]
        wants = (placed >= 0) & (flowing.staged != placed)
        sites = [
            site
            for site in np.flatnonzero(wants).tolist()
            if table["input"][placed[site]] > 0.0 and site not in flowing.pending
        ]
        if not sites:
            return
        wanted = placed[sites]
        first = len(flowing.transfers)
        flowing.transfers = transfer.submit(
            flowing.transfers,
            transfer.INPUT,
            wanted,
            self.network.centre,
            self.network.vertex_of_site(np.array(sites)),
            table["input"][wanted] / table["nodes"][wanted],
            now,
        )
        for k, site in enumerate(sites):
            flowing.pending[site] = int(wanted[k]), first + k

    def _exchange(self, view: Snapshot, job: NDArray, members: Indices) -> float:
        """Share of its time that a gang works, the rest waiting for a ring exchange."""
        ring = self.network.vertex_of_site(members)
        chosen = np.unique(np.linspace(0, ring.size - 1, min(ring.size, RING)).round().astype(int))
        source, target = ring[chosen], np.roll(ring, -1)[chosen]
        apart = source != target
        if not apart.any():
            return 1.0
        source, target = source[apart], target[apart]
        latency, arrival = self.network.ways(view, source, target)
        rows = np.arange(source.size)
        start, links = routing.links_of_paths(view.pattern, arrival, rows, target)
        if not (np.diff(start) > 0).all():
            return 0.0
        flows = np.full(source.size, np.inf)
        rate, _ = sharing.max_min(self.capacity, start, links, flows)
        slowest = float(rate.min())
        if not slowest > 0.0:
            return 0.0
        hops = 2 * (ring.size - 1)
        spent = BITS * float(job["exchange"]) / slowest
        spent += hops * float(latency[rows, target].max())
        cycle = float(job["exchange_interval"]) + spent
        mean = BITS * float(job["exchange"]) / cycle
        self.occupy(start, links.astype(np.int64), np.full(source.size, mean))
        return float(job["exchange_interval"]) / cycle

    def _sense(self, state: "State", flowing: Flowing, dt: float) -> None:
        """Satellites without a job process their sensor's data, as long as there are any."""
        given, sites = self.given, state.sites
        n = self.network.satellites
        free = np.flatnonzero(state.job_of_site[:n] < 0)
        work = (flowing.sensors["raw"][free] + given.sensor * dt) * given.sensor_work
        reached = SENSOR_UTILISATION * self.demand.job_rate
        sites.utilisation[free] = np.where(work > 0.0, reached, 0.0)
        sites.duty[free] = np.minimum(work / (self.node.peak * reached * dt), 1.0)

    def worked_out(self, state: "State", flowing: Flowing) -> None:
        """Keep what sites computed in the interval, for jobs and for their sensors."""
        n = self.network.satellites
        self.flop = state.sites.job_flop.copy()
        self.worked = np.where(state.job_of_site[:n] < 0, self.flop[:n], 0.0)
        flowing.sensor_work += float(self.worked.sum())

    def settle(self, state: "State", flowing: Flowing, now: float, later: float) -> None:
        """Move data through the interval, after its work is done."""
        view, dt = self.snapshot, later - now
        assert view is not None
        self._account_exchange(state, flowing)
        self._hand_over(state, flowing, later)
        rows = transfer.under_way(flowing.transfers, later)
        if rows.size:
            self._bulk(flowing, view, rows, now, dt)
        if self.outputs:
            self._deliver(state, flowing)
        if self.sensing:
            self._downlink(flowing, view, dt)
        self._observe(flowing, view, dt)

    def _account_exchange(self, state: "State", flowing: Flowing) -> None:
        """Bytes that gangs exchanged for the work they did."""
        table, placed = state.jobs, state.job_of_site
        for job in np.flatnonzero((table["exchange"] > 0.0) & (table["status"] != jobs.PENDING)):
            row, members = table[job], placed == job
            if np.count_nonzero(members) < 2:
                continue
            speed = self.node.peak * self.demand.job_rate * float(row["utilisation"])
            worked = float(self.flop[members].sum()) / speed
            sent = round(worked / float(row["exchange_interval"]) * float(row["exchange"]))
            flowing.exchanged += sent
            flowing.recent[:2] += sent

    def _hand_over(self, state: "State", flowing: Flowing, later: float) -> None:
        """Outputs of jobs that ended; checkpoints for the ground, from the interval's end on."""
        table, placed = state.jobs, state.job_of_site
        ended = (table["status"] == jobs.FINISHED) & (table["output"] > 0.0) & ~flowing.outgoing
        fresh = table["to_ground"] & (table["checkpoint_size"] > 0.0)
        fresh &= (table["saved"] > flowing.saved) & (table["status"] < jobs.FINISHED)
        moves = flowing.transfers
        busy = moves["job"][
            (moves["kind"] == transfer.CHECKPOINT) & (moves["status"] < transfer.DONE)
        ]
        fresh[busy] = False
        for kind, struck, size in (
            (transfer.OUTPUT, ended, "output"),
            (transfer.CHECKPOINT, fresh, "checkpoint_size"),
        ):
            if not struck.any():
                continue
            site = np.flatnonzero((placed >= 0) & struck[np.maximum(placed, 0)])
            job = placed[site]
            members = np.bincount(job, minlength=table.size)
            time = np.full(table.size, later)
            if kind == transfer.OUTPUT:
                flowing.outgoing |= struck
                time = table["finish"]
            else:
                flowing.saved[job] = table["saved"][job]
            flowing.transfers = transfer.submit(
                flowing.transfers,
                kind,
                job,
                self.network.vertex_of_site(site),
                self.network.centre,
                table[size][job] / members[job],
                time[job],
            )

    def _bulk(self, flowing: Flowing, view: Snapshot, rows: Indices, now: float, dt: float) -> None:
        """Inputs, outputs and checkpoints at max-min fair rates."""
        moves = flowing.transfers
        source, target = moves["source"][rows], moves["target"][rows]
        start, links, there = self._paths(view, source, target)
        done = sharing.drain(
            self.capacity,
            start,
            links,
            np.where(there, np.inf, 0.0),
            transfer.remaining(moves, rows),
            np.maximum(moves["submit"][rows] - now, 0.0),
            dt,
        )
        far = np.where(source == self.network.centre, target, source)
        flowing.recent[1] += transfer.advance(moves, rows, now, *done, view.from_centre[far])
        flowing.recent[0] += moves["size"][rows][moves["submit"][rows] >= now].sum()
        self.occupy(start, links, BITS * done.sent / dt)

    def _deliver(self, state: "State", flowing: Flowing) -> None:
        """A job is delivered when the last byte of its output is on the ground."""
        table, moves = state.jobs, flowing.transfers
        waits = np.flatnonzero(flowing.outgoing & np.isnan(table["delivered"]))
        if not waits.size:
            return
        out = moves[(moves["kind"] == transfer.OUTPUT) & np.isin(moves["job"], waits)]
        for job in waits.tolist():
            mine = out[out["job"] == job]
            if (mine["status"] == transfer.DONE).all():
                table["delivered"][job] = mine["finish"].max()

    def _downlink(self, flowing: Flowing, view: Snapshot, dt: float) -> None:
        """Sensor data are made, processed, and sent down with the capacity that is left."""
        given, n = self.given, self.network.satellites
        aboard = given.sensor_mode == "aboard"
        table = flowing.sensors
        made = np.full(n, given.sensor)
        with np.errstate(divide="ignore", invalid="ignore"):
            processing = np.where(self.worked > 0.0, self.worked / (dt * given.sensor_work), 0.0)
        if not given.sensor_work:
            processing = np.full(n, np.inf)
        fresh = table["raw"] + given.sensor * dt
        if aboard:
            fresh = given.sensor_reduction * np.minimum(fresh, processing * dt)
        target = np.full(n, self.network.centre)
        start, links, there = self._paths(view, np.arange(n), target)
        want = np.where(there, BITS * (table["ready"] + fresh) / dt, 0.0)
        rate, _ = sharing.max_min(self.capacity, start, links, want)
        before = int(table["downlinked"].sum())
        sensor.advance(
            table,
            made,
            processing,
            rate / BITS,
            given.sensor_store,
            given.sensor_reduction,
            aboard,
            dt,
        )
        self.occupy(start, links, rate)
        flowing.recent[1] += int(table["downlinked"].sum()) - before

    def _observe(self, flowing: Flowing, view: Snapshot, dt: float) -> None:
        """How much of each link was used in the interval."""
        whole = np.repeat(view.rate, 2)
        with np.errstate(divide="ignore", invalid="ignore"):
            use = np.where(whole > 0.0, self.load / whole, 0.0).reshape(-1, 2).max(axis=1)
        flowing.use = use[(view.kinds != FIBRE) & (view.rate > 0.0)]
        flowing.recent[2] += dt
        if not flowing.use.size:
            return
        top = int(np.argmax(np.where(view.kinds == FIBRE, 0.0, use)))
        if use[top] > flowing.busiest[0]:
            ends = view.edges[top]
            name = f"{self.network.name(int(ends[0]))} – {self.network.name(int(ends[1]))}"
            flowing.busiest = float(use[top]), name
        self.use = use
        count = int((view.kinds == ISL).sum())
        if not np.array_equal(flowing.link_ends, view.edges[:count]):
            flowing.link_ends = view.edges[:count]
            flowing.link_use = np.zeros((3, count))
        flowing.link_use[0] += use[:count]
        np.maximum(flowing.link_use[1], use[:count], out=flowing.link_use[1])
        flowing.link_use[2] += 1.0


def _all_at_median(rate: Array) -> float:
    """Rate of all links if each had the median's [bit/s]."""
    return float(np.median(rate) * rate.size) if rate.size else 0.0
