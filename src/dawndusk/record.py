"""What a run writes down while it goes: totals, series over time, and events."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dawndusk.compiled import kernel
from dawndusk.constants import BITS
from dawndusk.demand import Demand
from dawndusk.execution import faults, modelled
from dawndusk.fleet_plan import FleetPlan
from dawndusk.forecast import Forecast, Window
from dawndusk.orbit import frames
from dawndusk.real.work import RealWork
from dawndusk.scenario import Scenario
from dawndusk.step_tables import (
    AVAILABLE,
    BUSY,
    CONSUMED,
    CURTAILED,
    FLOWS,
    GENERATED,
    ILLUMINATION,
    INFERENCE,
    PEAK,
    SERVED,
    THROTTLED,
    Node,
)
from dawndusk.workload import jobs

if TYPE_CHECKING:
    from dawndusk.state import State
    from dawndusk.traffic import Flowing

QUANTILES = np.array([0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0])
"""Shares of the fleet for which percentile series are kept [-]."""

FLEET = (
    "generated_W",
    "consumed_W",
    "curtailed_W",
    "peak_FLOPS",
    "available_FLOPS",
    "delivered_FLOPS",
    "utilisation",
    "waiting_requests",
    "running_requests",
    "served_rate_Hz",
    "illumination",
    "throttled_fraction",
)
"""Series of the whole fleet; the last `ORBITAL` only of satellites."""

ORBITAL = 2

NETWORK = ("latency_p50_s", "latency_p99_s", "offered_bit_s", "delivered_bit_s")
"""Series of the network, delays one way of the requests that were sent off."""

SPREAD = ("charge_fraction", "die_temperature_K", "radiator_temperature_K")
"""Series of percentiles over the satellites."""

OWN = (
    "sat_charge_fraction",
    "sat_die_temperature_K",
    "sat_radiator_temperature_K",
    "sat_illumination",
    "sat_utilisation",
)
"""Series of each satellite that keeps its own."""

CONDITIONS = ("brownout", "throttle")
"""States of a satellite whose beginning and end are events."""

SERIES = len(OWN) + 3
"""Series of each satellite that keeps its own, its place included [-]."""

BINS = 1024
"""Parts into which percentiles divide the range of the values [-]."""

CORRUPTED = ("on_jobs", "serving", "idle")
"""What a site did that a silent corruption struck: a job, requests (it had some), nothing."""

ON_JOB, SERVING, IDLE = range(len(CORRUPTED))

EVENTS = 100_000
"""Events kept; more are counted, not kept [-]."""


@kernel
def quantiles(values: NDArray[np.float64], shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values below which the given shares of the values lie.

    The ends are exact; between them a value is known to one part in `BINS` of the range,
    at one pass over the values instead of sorting them.

    Args:
        values: any order, at least one, shape (n,) [-]
        shares: from 0 to 1, rising, shape (m,) [-]
    Returns:
        quantiles, shape (m,) [-]
    """
    low, high = values[0], values[0]
    for value in values:
        low = value if value < low else low
        high = value if value > high else high
    found = np.full(shares.size, low)
    scale = BINS / (high - low)
    if not 0.0 < scale < np.inf:
        return found
    counts = np.zeros(BINS + 1, np.int64)
    for value in values:
        counts[int((value - low) * scale)] += 1
    below, place = 0, 0
    for k in range(shares.size):
        rank = shares[k] * (values.size - 1)
        while below + counts[place] <= rank:
            below += counts[place]
            place += 1
        inside = (rank - below + 0.5) / counts[place]
        found[k] = min(low + (place + min(inside, 1.0)) / scale, high)
    found[0] = low if shares[0] == 0.0 else found[0]
    found[-1] = high if shares[-1] == 1.0 else found[-1]
    return found


@kernel
def _fleet_row(satellites, ground, node_peak, orbiting, jobs, sensed, sites, before, elapsed, row):  # type: ignore[no-untyped-def]
    """Fill a row of `FLEET` with the means of an interval; `before` becomes the totals now."""
    done = sensed
    for j in range(jobs.size):
        done += jobs[j].done + jobs[j].rolled_back
    rate = np.empty(before.size)
    for k in range(satellites.size):
        now = satellites[k] + ground[k]
        rate[k] = (now - before[k]) / elapsed
        before[k] = now
    used = satellites[CONSUMED] if orbiting else ground[CONSUMED]
    for k, now in ((-2, used), (-1, done)):
        rate[k] = (now - before[k]) / elapsed
        before[k] = now
    running, backlog = 0.0, 0.0
    for i in range(sites[0].size):
        running += sites[0][i]
        backlog += sites[1][i]
    row[0] = rate[GENERATED]
    row[1] = rate[-2]
    row[2] = rate[CURTAILED]
    row[3] = rate[PEAK]
    row[4] = node_peak * rate[AVAILABLE]
    row[5] = rate[INFERENCE] + rate[-1]
    row[6] = rate[BUSY] / rate[AVAILABLE] if rate[AVAILABLE] > 0.0 else 0.0
    row[7] += backlog - running
    row[8] = running
    row[9] = rate[SERVED]
    if orbiting:
        row[10] = rate[ILLUMINATION] / orbiting
        row[11] = rate[THROTTLED] / orbiting


@kernel
def _satellite_rows(fleet, sites, illumination, sampled, throttle, conditions, spread, own):  # type: ignore[no-untyped-def]
    """Percentiles over the fleet, values of the sampled satellites, and what began or ended.

    Returns how many satellites entered or left one of the `CONDITIONS`, 0 if none did.
    """
    energy, capacity, die, radiator = fleet
    unserved, busy = sites
    charge = np.zeros(energy.size)
    changed = 0
    for i in range(energy.size):
        if capacity[i] > 0.0:
            charge[i] = energy[i] / capacity[i]
        changed += (unserved[i] > 0.0) != conditions[0, i]
        changed += (die[i] >= throttle) != conditions[1, i]
    for place, values in enumerate((charge, die, radiator)):
        found = quantiles(values, QUANTILES)
        for k in range(found.size):
            spread[place, k] = found[k]
    for k in range(sampled.size):
        i = sampled[k]
        own[0, k] = charge[i]
        own[1, k] = die[i]
        own[2, k] = radiator[i]
        own[3, k] = illumination[i]
        own[4, k] = busy[i]
    return changed


@dataclass
class Series:
    """Values collected once a record interval, one row of each array a record."""

    time: list[float] = field(default_factory=list)
    fleet: list[NDArray[np.float64]] = field(default_factory=list)
    """By `FLEET`, which ends with `ORBITAL` where there are satellites."""
    spread: list[NDArray[np.float64]] = field(default_factory=list)
    """Percentiles over the satellites, by `SPREAD`."""
    satellites: list[NDArray[np.float64]] = field(default_factory=list)
    """Of the satellites whose own series are kept, by `OWN`."""
    network: list[NDArray[np.float64]] = field(default_factory=list)
    """By `NETWORK`."""
    links: list[NDArray[np.float64]] = field(default_factory=list)
    """Percentiles of the links' use."""

    def arrays(self) -> dict[str, NDArray[np.float64]]:
        """All series by name, time first."""
        gathered: dict[str, NDArray[np.float64]] = {}
        for names, rows in (
            (FLEET, self.fleet),
            (SPREAD, self.spread),
            (OWN, self.satellites),
            (NETWORK, self.network),
        ):
            if rows and rows[0].shape[-1]:
                stacked = np.array(rows)
                gathered |= {names[k]: stacked[:, k].copy() for k in range(stacked.shape[1])}
        if self.links:
            gathered["link_utilisation"] = np.array(self.links)
        return gathered


@dataclass
class Events:
    """Things that happened, in order; beyond `EVENTS` they are only counted."""

    time: list[float] = field(default_factory=list)
    kind: list[str] = field(default_factory=list)
    site: list[str] = field(default_factory=list)
    job: list[str] = field(default_factory=list)
    detail: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, time: float, kind: str, site: str = "", job: str = "", detail: str = "") -> None:
        """One event."""
        self.count(kind, 1)
        if not self.full:
            self.time.append(time)
            self.kind.append(kind)
            self.site.append(site)
            self.job.append(job)
            self.detail.append(detail)

    def count(self, kind: str, number: int) -> None:
        """Events that are not kept."""
        self.counts[kind] = self.counts.get(kind, 0) + number

    @property
    def full(self) -> bool:
        """No more are kept."""
        return len(self.time) >= EVENTS

    def columns(self) -> dict[str, Any]:
        """The table as it is written to events.parquet."""
        return {
            "time_s": np.array(self.time, np.float64),
            "kind": self.kind,
            "site": self.site,
            "job": self.job,
            "detail": self.detail,
        }


@dataclass(frozen=True)
class NetworkRecord:
    """What a run's network was and did; see `traffic_record`."""

    summary: dict[str, Any]
    tables: dict[str, dict[str, Any]]
    regions: list[str]
    region_latency: NDArray[np.float64]
    """One-way delays of the requests of each region, shape (regions, levels) [s]."""
    warnings: list[str]


@dataclass(frozen=True)
class Record:
    """A simulated run, orbital or ground twin."""

    totals: dict[str, float]
    """Sums over the run, named with their unit; see `loop.simulate`."""
    series: Series
    events: Events
    requests: dict[str, Any]
    """Columns of the requests table, in order of arrival."""
    jobs: dict[str, Any]
    """Columns of the jobs table."""
    satellites: tuple[str, ...]
    """Names of the satellites whose own series are kept."""
    places: dict[str, NDArray[np.float64]]
    """Where they and the Sun stood, as series."""
    duration: float
    """Time simulated [s]."""
    complete: bool
    """The end of the scenario was reached."""
    network: NetworkRecord | None = None
    """None where the network is not modelled."""
    faults: dict[str, Any] = field(default_factory=dict)
    """What interruptions cost by cause, and silent corruptions; see `Observer.finish`."""
    upsets: dict[str, Any] = field(default_factory=dict)
    """Columns of the table of what particles did; empty where nothing strikes."""
    real: RealWork | None = None
    """Jobs that really ran, None without any."""


class Observer:
    """Writes down what happens to a run's state; reads it, never changes what the loop uses."""

    def __init__(
        self,
        scenario: Scenario,
        plan: FleetPlan,
        forecast: Forecast | None,
        demand: Demand,
        node: Node,
        satellites: int,
        ground: int,
    ) -> None:
        self.step = scenario.time.step
        self.start = scenario.time.start
        self.plan, self.forecast, self.demand, self.node = plan, forecast, demand, node
        self.satellites, self.ground = satellites, ground
        self.throttle_temperature = scenario.satellite.thermal.throttle_temperature
        self.pue = scenario.ground.pue
        self.sampled = _sample(scenario, satellites)

    def site(self, number: int) -> str:
        """Name of a site."""
        if number < self.satellites:
            return self.plan.elements.names[number]
        return f"ground-{number - self.satellites}"

    def site_event(
        self, state: "State", kind: str, site: int, time: float, job: int = -1, detail: str = ""
    ) -> None:
        """Something happened to a site."""
        name = self.demand.jobs.names[job] if job >= 0 else ""
        state.events.add(time, kind, self.site(site), name, detail)

    def job_event(self, state: "State", kind: str, job: int, detail: str, time: float) -> None:
        """Something happened to a job."""
        state.events.add(float(time), kind, "", self.demand.jobs.names[job], detail)

    def observe(self, state: "State", window: Window | None, row: int, time: float) -> None:
        """Record the interval that ends now."""
        series, sites, fleet = state.series, state.sites, state.fleet
        elapsed = time - (series.time[-1] if series.time else 0.0)
        whole = np.zeros(len(FLEET) if window else len(FLEET) - ORBITAL)
        arrived = int(self.demand.requests.arrival.searchsorted(time))
        held = state.flowing.held.size if state.flowing else 0
        whole[7] = max(0, arrived - state.first) + held
        _fleet_row(
            state.satellites,
            state.ground,
            self.node.peak,
            self.satellites,
            state.jobs,
            state.flowing.sensor_work if state.flowing else 0.0,
            (sites.running, sites.backlog),
            state.recorded,
            elapsed,
            whole,
        )
        series.time.append(time)
        series.fleet.append(whole)
        if state.flowing is not None:
            self._observe_network(series, state.flowing)
        if window is None:
            return
        spread, own = (
            np.empty((len(SPREAD), len(QUANTILES))),
            np.empty((len(OWN), self.sampled.size)),
        )
        changed = _satellite_rows(
            (fleet.energy, fleet.capacity, fleet.die, fleet.radiator),
            (sites.unserved, sites.busy),
            window.illumination[row],
            self.sampled,
            self.throttle_temperature,
            state.conditions,
            spread,
            own,
        )
        series.spread.append(spread)
        series.satellites.append(own)
        if changed:
            self._transitions(state, time)

    def _observe_network(self, series: Series, flowing: "Flowing") -> None:
        """Delays of what was sent off, bytes, and how much of the links was used."""
        delays = np.concatenate(flowing.delays) if flowing.delays else np.empty(0)
        offered, delivered, elapsed = flowing.recent
        late = np.percentile(delays, (50.0, 99.0)) if delays.size else (np.nan, np.nan)
        bits = BITS / elapsed if elapsed else 0.0
        series.network.append(np.array([*late, bits * offered, bits * delivered]))
        use = flowing.use
        series.links.append(quantiles(use, QUANTILES) if use.size else np.zeros(QUANTILES.size))
        flowing.delays = []
        flowing.recent[:] = 0.0

    def _transitions(self, state: "State", time: float) -> None:
        """Satellites that entered or left brown-out or throttling since the last record."""
        struck = (
            state.sites.unserved[: self.satellites] > 0.0,
            state.fleet.die >= self.throttle_temperature,
        )
        for kind, before, present in zip(CONDITIONS, state.conditions, struck, strict=True):
            for site in np.flatnonzero(present != before):
                self.site_event(state, kind if present[site] else f"{kind}_end", int(site), time)
            before[:] = present

    def finish(
        self,
        state: "State",
        stored: tuple[float, float],
        complete: bool,
        network: NetworkRecord | None = None,
    ) -> Record:
        """Reduce the state at the end to a record."""
        duration = state.step * self.step
        flows = dict(zip(FLOWS, (state.satellites + state.ground).tolist(), strict=True))
        space, ground = state.satellites, state.ground
        table, slots = state.jobs, state.slots
        sensed = state.flowing.sensor_work if state.flowing else 0.0
        arrived = self.demand.requests.arrival < duration
        status = slots["status"][arrived]
        counts = np.bincount(status, minlength=len(modelled.STATUS))
        served = arrived & (slots["status"] == modelled.SERVED)
        sites = self.satellites + self.ground
        overhead = float((table["checkpointed"] + table["restarted"] + table["rolled_back"]).sum())
        totals = flows | {
            "consumed_J": float(space[CONSUMED]) if self.satellites else float(ground[CONSUMED]),
            "facility_J": float(space[CONSUMED] + self.pue * ground[CONSUMED]),
            "hybrid_consumed_J": float(ground[CONSUMED]) if self.satellites else 0.0,
            "delivered_FLOP": flows["inference_FLOP"] + float(table["done"].sum()) + sensed,
            "loss_faults_FLOP": flows["loss_faults_FLOP"] + overhead,
            "loss_idle_FLOP": flows["loss_idle_FLOP"] + float(table["stalled"].sum()),
            "accelerator_s": self.node.accelerators * sites * duration,
            "busy_accelerator_s": self.node.accelerators * flows["busy_s"],
            "job_accelerator_s": self.node.accelerators * flows["job_busy_s"],
            "throttled_fraction": flows["throttled_s"] / max(1.0, self.satellites * duration),
            "offered": int(arrived.sum()),
            "served": int(counts[modelled.SERVED]),
            "dropped": int(counts[modelled.DROPPED]),
            "failed": int(counts[modelled.FAILED]),
            "waiting": int(counts[: modelled.SERVED].sum()),
            "tokens_in": int(slots["prompt"][served].sum(dtype=np.int64)),
            "tokens_out": int(slots["output"][served].sum(dtype=np.int64)),
            "interruptions": state.events.counts.get("fault", 0),
            "satellite_steps": self.satellites * state.step,
            "cpu_s": state.cpu,
        }
        totals |= {f"jobs_{name}": count for name, count in jobs.summary(table, duration).items()}
        if self.satellites:
            totals |= {
                "stored_start_J": state.stored_start[0],
                "stored_end_J": stored[0],
                "heat_stored_change_J": stored[1] - state.stored_start[1],
            }
        else:
            for name in ("generated_J", "heat_in_J", "radiated_J", "die_max_K", "radiator_max_K"):
                del totals[name]
            totals["throttled_fraction"] = 0.0
        return Record(
            totals=totals,
            series=state.series,
            events=state.events,
            requests=self._request_columns(slots, arrived),
            jobs=self._job_columns(table),
            satellites=tuple(self.plan.elements.names[k] for k in self.sampled),
            places=self._places(state.series.time),
            duration=duration,
            complete=complete,
            network=network,
            faults=self._faults(state, flows["loss_faults_FLOP"], duration),
            upsets=self.demand.strikes.columns(self.plan.elements.names, duration),
            real=state.real,
        )

    def _faults(self, state: "State", elsewhere: float, duration: float) -> dict[str, Any]:
        """Interruptions by cause and silent corruptions.

        The work lost by cause and `checkpoint_FLOP` add up to all that faults cost.
        """
        begun, table = self.demand.interruptions.first(state.fault), state.jobs
        rows = state.slots[state.slots["status"] == modelled.FAILED]
        failed = faults.failed_by_cause(begun, rows["engine"] // self.node.replicas, rows["finish"])
        silent = dict(zip(CORRUPTED, state.corrupted.tolist(), strict=True))
        return {
            "by_cause": faults.by_cause(begun, duration, state.rolled_back, elsewhere, failed),
            "checkpoint_FLOP": float((table["checkpointed"] + table["restarted"]).sum()),
            "silent_corruptions": {"total": sum(silent.values())} | silent,
            **self.demand.strikes.of_storm(duration),
        }

    def _request_columns(
        self, slots: NDArray[Any], arrived: NDArray[np.bool_]
    ) -> dict[str, NDArray[Any]]:
        rows = slots[arrived]
        engine = rows["engine"]
        return {
            "arrival_s": rows["arrival"],
            "origin": self.demand.requests.origin[arrived],
            "prompt": rows["prompt"],
            "output": rows["output"],
            "site": np.where(engine >= 0, engine // self.node.replicas, -1).astype(np.int32),
            "first_token_s": rows["first_token"] + rows["delay"],
            "finish_s": rows["finish"]
            + np.where(rows["status"] == modelled.DROPPED, 0.0, rows["delay"]),
            "delay_s": rows["delay"],
            "status": rows["status"],
        }

    def _job_columns(self, table: NDArray[Any]) -> dict[str, Any]:
        numbers = {
            name: table[name] for name in table.dtype.names or () if name not in ("kind", "status")
        }
        return {
            "name": list(self.demand.jobs.names),
            "kind": [jobs.KINDS[kind] for kind in table["kind"]],
            "status": [jobs.STATUS[status] for status in table["status"]],
            **numbers,
        }

    def _places(self, times: list[float]) -> dict[str, NDArray[np.float64]]:
        """Where the sampled satellites and the Sun stood at the recorded times."""
        if self.forecast is None or not times:
            return {}
        turned = frames.sidereal_angle(self.start, np.array(times))
        track, towards = self.forecast.track(np.array(times), self.sampled)
        latitude, longitude, altitude = frames.geodetic(frames.earth_fixed(track, turned[:, None]))
        below = frames.geodetic(frames.earth_fixed(towards, turned))
        return {
            "sat_latitude_deg": np.degrees(latitude),
            "sat_longitude_deg": np.degrees(longitude),
            "sat_altitude_m": altitude,
            "sun_latitude_deg": np.degrees(below[0]),
            "sun_longitude_deg": np.degrees(below[1]),
        }


def _sample(scenario: Scenario, satellites: int) -> NDArray[np.int64]:
    """Satellites whose own series are kept: evenly spread, within the stated size."""
    intervals = scenario.time.duration / scenario.record.interval + 1.0
    room = int(scenario.record.limit / (8.0 * SERIES * intervals))
    count = max(0, min(scenario.record.satellites, satellites, room))
    return np.unique(np.linspace(0, satellites - 1, count).round().astype(np.int64))
