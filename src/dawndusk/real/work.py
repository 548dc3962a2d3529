"""Assembler of real work in the loop: what sites did in an interval is what real jobs may do.

Before an interval `plan` asks sites only for the time in which a job can work; after it `settle`
has every real job do exactly the units that its sites' work amounts to, and enters into the table
of jobs what they were worth. Energy is the loop's own, shared by sites.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from dawndusk.demand import Demand
from dawndusk.execution import faults
from dawndusk.execution.training.hosts import NOWHERE, Engine, InProcess, Place
from dawndusk.real.jobs import RealJob, real_jobs
from dawndusk.real.links import Lines
from dawndusk.real.run import RealRun
from dawndusk.real.seats import Hit, Outage
from dawndusk.scenario import Scenario
from dawndusk.step_tables import CONSUMED
from dawndusk.strikes import flip_scale
from dawndusk.workload import jobs

if TYPE_CHECKING:
    from dawndusk.state import State
    from dawndusk.traffic import Traffic

CHOICE = 59
"""Number of the random stream that chooses which strikes a job of a lower scale suffers."""


@dataclass
class Spent:
    """What the loop spent on one job from its first unit to its end."""

    energy: float = 0.0
    """Of its sites, cooling on the ground included [J]."""
    site_time: float = 0.0
    """Sites times time [s]."""


@dataclass
class RealWork:
    """All real jobs of one side; pickled with the loop's state."""

    runs: list[RealRun]
    seed: int
    scale: float
    """Of the strikes drawn: the largest `flip_scale`."""
    pue: float
    satellites: int
    sites: int
    spent: list[Spent] = field(default_factory=list)
    known: tuple[float, float] = (0.0, 0.0)
    """Energy that satellites and ground nodes had used at the last settlement [J]."""
    engine: Engine | None = None
    """That houses the replicas, None where they live in this process."""
    _lines: Any = None

    def __post_init__(self) -> None:
        self.spent = self.spent or [Spent() for _ in self.runs]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_lines": None, "engine": None}

    def house(self, engine: Engine, scenario: Scenario, names: Sequence[str]) -> None:
        """Have an engine take the replicas over, which are in this process after unpickling."""
        self.engine = engine
        _house(self.runs, engine, scenario, names)

    def begin(self, now_on: "State") -> None:
        """Take the jobs' rows over from the rules for modelled ones."""
        self.sites = now_on.sites.speed.size
        for run in self.runs:
            now_on.jobs["real"][_rows(run.job)] = True

    def plan(
        self, now_on: "State", demand: Demand, traffic: "Traffic | None", now: float, later: float
    ) -> None:
        """Ask sites for the time in which their job can work."""
        self._lines = Lines(traffic)
        for run in self.runs:
            targets = self._targets(now_on, run.job)
            outages = _outages(demand, {*targets, *run.sites}, now, later)
            shares = run.plan(now, later, targets, outages, self._lines, _vertices(traffic))
            for site, share in zip(targets, shares, strict=True):
                if site >= 0:
                    before = now_on.sites.link[site] if traffic else 1.0
                    now_on.sites.link[site] = before * share

    def settle(
        self, now_on: "State", demand: Demand, traffic: "Traffic | None", now: float, later: float
    ) -> None:
        """Do what the interval's work amounts to and enter it into the table of jobs."""
        if self.engine is not None:
            self.engine.tell(now)
        used = float(now_on.satellites[CONSUMED]), float(now_on.ground[CONSUMED])
        for number, run in enumerate(self.runs):
            targets = self._targets(now_on, run.job)
            placed = [site for site in targets if site >= 0]
            if run.finished or not (placed or any(seat.site >= 0 for seat in run.seats)):
                self._stall(now_on, run, targets)
                continue
            work = [float(now_on.sites.job_flop[site]) if site >= 0 else 0.0 for site in targets]
            before = run.lost_by.copy()
            executed = sum(run.training.executed.values())
            run.run(now, later, work, self._hits(demand, run.job, now, later))
            if now_on.flowing is not None:
                run.carrier.account(now_on.flowing)
            self._spend(number, now_on, placed, used, now, later)
            moved = sum(run.training.executed.values()) > executed
            _enter(now_on, run, moved)
            now_on.rolled_back += (run.lost_by - before) * run.job.unit_work
        self._lines.close(later - now)
        self.known = used

    def _stall(self, now_on: "State", run: RealRun, targets: list[int]) -> None:
        """Work of sites whose job has nothing to do."""
        for seat, site in zip(run.seats, targets, strict=True):
            if site >= 0:
                seat.executed += float(now_on.sites.job_flop[site])
        _enter(now_on, run, False)

    def _spend(
        self,
        number: int,
        now_on: "State",
        placed: list[int],
        used: tuple[float, float],
        now: float,
        later: float,
    ) -> None:
        """Share of the sites' energy and time, from the first unit's interval to the end."""
        run, spent = self.runs[number], self.spent[number]
        if not run.begun < later:
            return
        end = run.finish if run.finished else later
        part = (end - max(now, run.begun)) / (later - now)
        above = sum(site < self.satellites for site in placed)
        nodes = self.sites - self.satellites
        each = (used[0] - self.known[0]) / max(self.satellites, 1)
        below = self.pue * (used[1] - self.known[1]) / max(nodes, 1)
        spent.energy += part * (above * each + (len(placed) - above) * below)
        spent.site_time += part * (later - now) * len(placed)

    def _hits(self, demand: Demand, job: RealJob, now: float, later: float) -> list[Hit]:
        """Particles of an interval that may strike numbers of a job."""
        found = []
        for kind, (table, scale) in enumerate(((demand.strikes, 1.0), (demand.flips, self.scale))):
            low, high = np.searchsorted(table.time, (now, later))
            for k in range(int(low), int(high)):
                logic = table.kind[k] == faults.SILENT
                if kind == 0 and not logic:
                    continue
                if kind == 0:
                    chance = min(job.flip_scale, 1.0)
                elif logic:
                    chance = max(job.flip_scale - 1.0, 0.0) / max(scale - 1.0, 1e-300)
                else:
                    chance = job.flip_scale / scale if not job.ecc else 0.0
                number = 2 * k + kind
                draw = np.random.default_rng([self.seed, CHOICE, job.first, number]).random()
                if draw < chance:
                    site = int(table.site[k])
                    found.append(Hit(float(table.time[k]), site, not logic, number))
        return sorted(found)

    def _targets(self, now_on: "State", job: RealJob) -> list[int]:
        """Site of each replica by the last decision, −1 for none."""
        found = [-1] * job.replicas
        row = now_on.job_of_site - job.first
        for site in np.flatnonzero((row >= 0) & (row < job.replicas)).tolist():
            found[int(row[site])] = site
        return found


def begin(
    scenario: Scenario,
    satellites: int,
    engine: Engine | None = None,
    names: Sequence[str] = (),
) -> RealWork | None:
    """Real work of one side at its start, None without real jobs.

    Args:
        scenario: what is run [object]
        satellites: of that side, 0 for the ground [-]
        engine: that houses the replicas, None for this process [object]
        names: of the satellites [-]
    Returns:
        workers with their first numbers, at no site yet [object]
    Raises:
        ValueError: when a worker cannot be made, does not fit a node's memory, or the engine
            has no room
    """
    found = real_jobs(scenario)
    if not found:
        return None
    runs = [RealRun(job) for job in found]
    if engine is not None:
        _house(runs, engine, scenario, names)
    return RealWork(
        runs,
        scenario.time.seed,
        flip_scale(scenario),
        scenario.ground.pue,
        satellites,
        0,
        engine=engine,
    )


def places(scenario: Scenario, names: Sequence[str]) -> Callable[[int], Place]:
    """What each site is called and has, by its number; those past the satellites are on the ground.

    Args:
        scenario: what is run [object]
        names: of the satellites, in the order of planes [-]
    """
    memory = scenario.satellite.compute.count * scenario.accelerator.memory
    row = max(1, len(names) // int(getattr(scenario.constellation, "planes", 1)))

    def place(site: int) -> Place:
        if site < len(names):
            return Place(names[site], "satellite", site // row, memory)
        return Place(f"ground-{site - len(names)}", "ground", NOWHERE, memory)

    return place


def _house(
    runs: Sequence[RealRun], engine: Engine, scenario: Scenario, names: Sequence[str]
) -> None:
    """Give replicas, now in this process, over to an engine, and say where each is."""
    engine.open(places(scenario, names), sum(run.job.replicas for run in runs))
    for run in runs:
        assert isinstance(run.host, InProcess)
        run.host = engine.house(run.host, run.job.memory)
        run.training.rehouse(run.host)
        for rank, seat in enumerate(run.seats):
            run.host.seat(rank, seat.site)


def _rows(job: RealJob) -> slice:
    return slice(job.first, job.first + job.replicas)


def _vertices(traffic: "Traffic | None") -> Any:
    """Vertex of a site, of the ground for −1; sites themselves where no network is modelled."""
    if traffic is None:
        return lambda site: max(site, 0)
    network = traffic.network
    return lambda site: int(network.vertex_of_site(site)) if site >= 0 else network.centre


def _outages(demand: Demand, sites: set[int], now: float, later: float) -> list[Outage]:
    """Interruptions of some sites that last into an interval."""
    known = demand.interruptions
    last = int(known.time.searchsorted(later))
    end = np.maximum(known.until[:last], np.nextafter(known.time[:last], np.inf))
    there = np.flatnonzero((end > now) & np.isin(known.site[:last], list(sites)))
    return [
        Outage(int(known.site[k]), float(known.time[k]), float(end[k]), int(known.cause[k]))
        for k in there
    ]


def _enter(now_on: "State", run: RealRun, moved: bool) -> None:
    """What a job's replicas have done so far, into its rows.

    executed = done + rolled back + checkpoints, guards + restarts + stalled.
    """
    job, table = run.job, now_on.jobs[_rows(run.job)]
    executed, useful = run.training.executed, run.training.useful
    for rank, seat in enumerate(run.seats):
        row = table[rank]
        row["executed"] = seat.executed
        row["done"] = useful[rank] * job.unit_work
        row["rolled_back"] = (executed[rank] - useful[rank]) * job.unit_work
        row["restarted"], row["checkpointed"] = seat.restarted, seat.checkpointed
        row["stalled"] = seat.executed - (
            row["done"] + row["rolled_back"] + seat.restarted + seat.checkpointed
        )
        if row["status"] == jobs.PENDING:
            continue
        if np.isnan(row["start"]) and run.begun == run.begun:
            row["start"] = run.begun
        if run.finished and row["status"] != jobs.FINISHED:
            row["finish"] = run.finish
            if not row["output"] > 0.0:
                row["delivered"] = run.finish
            row["status"] = jobs.FINISHED
        elif not run.finished:
            row["status"] = jobs.RUNNING if moved else jobs.WAITING
