"""What a run writes down while it goes: totals, series over time, and events."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dawndusk.compiled import kernel
from dawndusk.demand import Demand
from dawndusk.execution import modelled
from dawndusk.fleet_plan import FleetPlan
from dawndusk.forecast import Forecast, Window
from dawndusk.orbit import frames
from dawndusk.scenario import Scenario
from dawndusk.step_tables import FLOWS, Node
from dawndusk.workload import jobs

if TYPE_CHECKING:
    from dawndusk.state import State

QUANTILES = np.array([0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0])
"""Shares of the fleet for which percentile series are kept [-]."""

SERIES = 8
"""Series of each satellite that keeps its own [-]."""

BINS = 4096
"""Parts into which percentiles divide the range of the values [-]."""

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


@dataclass
class Series:
    """Values collected once a record interval."""

    time: list[float] = field(default_factory=list)
    fleet: dict[str, list[float]] = field(default_factory=dict)
    quantiles: dict[str, list[NDArray[np.float64]]] = field(default_factory=dict)
    satellites: dict[str, list[NDArray[np.float64]]] = field(default_factory=dict)

    def add(self, name: str, value: float) -> None:
        """One value for the whole fleet."""
        self.fleet.setdefault(name, []).append(value)

    def add_quantiles(self, name: str, values: NDArray[np.float64]) -> None:
        """Percentiles over the satellites."""
        self.quantiles.setdefault(name, []).append(quantiles(values, QUANTILES))

    def add_satellites(self, name: str, values: NDArray[np.float64]) -> None:
        """Values of the satellites whose own series are kept."""
        self.satellites.setdefault(name, []).append(values)

    def arrays(self) -> dict[str, NDArray[np.float64]]:
        """All series as arrays, time first."""
        gathered: dict[str, NDArray[np.float64]] = {
            name: np.array(values) for name, values in self.fleet.items()
        }
        for group in (self.quantiles, self.satellites):
            gathered |= {name: np.array(values) for name, values in group.items()}
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
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if len(self.time) < EVENTS:
            self.time.append(time)
            self.kind.append(kind)
            self.site.append(site)
            self.job.append(job)
            self.detail.append(detail)

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
        series = state.series
        flows = dict(zip(FLOWS, (state.satellites + state.ground).tolist(), strict=True))
        flows["space_consumed_J"] = float(state.satellites[FLOWS.index("consumed_J")])
        done = state.jobs["done"] + state.jobs["rolled_back"]
        flows["done_FLOP"] = flows["inference_FLOP"] + float(done.sum())
        before, elapsed = state.recorded, time - state.recorded.get("time", 0.0)
        rate = {name: (value - before.get(name, 0.0)) / elapsed for name, value in flows.items()}
        state.recorded = flows | {"time": time}
        available = rate["available_s"]
        series.time.append(time)
        series.add("generated_W", rate["generated_J"])
        used = "space_consumed_J" if self.satellites else "consumed_J"
        series.add("consumed_W", rate[used])
        series.add("curtailed_W", rate["curtailed_J"])
        series.add("peak_FLOPS", rate["peak_FLOP"])
        series.add("available_FLOPS", self.node.peak * available)
        series.add("delivered_FLOPS", rate["done_FLOP"])
        series.add("utilisation", rate["busy_s"] / available if available else 0.0)
        running = float(state.sites.running.sum())
        arrived = int(np.searchsorted(self.demand.requests.arrival, time))
        unrouted = max(0, arrived - state.first)
        series.add("waiting_requests", float(state.sites.backlog.sum()) - running + unrouted)
        series.add("running_requests", running)
        series.add("served_rate_Hz", rate["served"])
        if window is None:
            return
        fleet, sites = state.fleet, state.sites
        series.add("illumination", rate["illumination_s"] / self.satellites)
        series.add("throttled_fraction", rate["throttled_s"] / self.satellites)
        charge = np.divide(
            fleet.energy, fleet.capacity, out=np.zeros_like(fleet.energy), where=fleet.capacity > 0
        )
        series.add_quantiles("charge_fraction", charge)
        series.add_quantiles("die_temperature_K", fleet.die)
        series.add_quantiles("radiator_temperature_K", fleet.radiator)
        self._transitions(state, time)
        some = self.sampled
        if len(some):
            series.add_satellites("sat_charge_fraction", charge[some])
            series.add_satellites("sat_die_temperature_K", fleet.die[some])
            series.add_satellites("sat_radiator_temperature_K", fleet.radiator[some])
            series.add_satellites("sat_illumination", window.illumination[row, some])
            series.add_satellites("sat_utilisation", sites.busy[some])

    def _transitions(self, state: "State", time: float) -> None:
        """Satellites that entered or left brown-out or throttling since the last record."""
        conditions = {
            "brownout": state.sites.unserved[: self.satellites] > 0.0,
            "throttle": state.fleet.die >= self.throttle_temperature,
        }
        for kind, present in conditions.items():
            before = state.conditions.get(kind)
            changed = present if before is None else present != before
            for site in np.flatnonzero(changed):
                self.site_event(state, kind if present[site] else f"{kind}_end", int(site), time)
            state.conditions[kind] = present.copy()

    def finish(self, state: "State", stored: tuple[float, float], complete: bool) -> Record:
        """Reduce the state at the end to a record."""
        duration = state.step * self.step
        flows = dict(zip(FLOWS, (state.satellites + state.ground).tolist(), strict=True))
        space, ground = state.satellites, state.ground
        consumed = FLOWS.index("consumed_J")
        table, slots = state.jobs, state.slots
        arrived = self.demand.requests.arrival < duration
        status = slots["status"][arrived]
        counts = np.bincount(status, minlength=len(modelled.STATUS))
        served = arrived & (slots["status"] == modelled.SERVED)
        sites = self.satellites + self.ground
        overhead = float((table["checkpointed"] + table["restarted"] + table["rolled_back"]).sum())
        totals = flows | {
            "consumed_J": float(space[consumed]) if self.satellites else float(ground[consumed]),
            "facility_J": float(space[consumed] + self.pue * ground[consumed]),
            "hybrid_consumed_J": float(ground[consumed]) if self.satellites else 0.0,
            "delivered_FLOP": flows["inference_FLOP"] + float(table["done"].sum()),
            "loss_faults_FLOP": flows["loss_faults_FLOP"] + overhead,
            "loss_idle_FLOP": flows["loss_idle_FLOP"] + float(table["stalled"].sum()),
            "loss_network_FLOP": 0.0,
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
        )

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
            "first_token_s": rows["first_token"],
            "finish_s": rows["finish"],
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
