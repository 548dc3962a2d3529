"""A scenario's day lived at the pace of a clock: the loop in a thread, held at each decision.

Assembler. The loop itself is unchanged: the policy it asks waits here until virtual time has
come to the decision, asks the scenario's own policy and keeps what it saw and answered.
Virtual time never runs ahead of the loop: it stands still while an interval is computed.
"""

import bisect
import threading
import time as clock
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from dawndusk.constants import JULIAN_YEAR
from dawndusk.costs import ground_costs, space_costs
from dawndusk.demand import Demand, serving
from dawndusk.fleet_plan import FleetPlan, plan_fleet
from dawndusk.loop import node_of
from dawndusk.placement.conformance import Policy, resolve, validate
from dawndusk.placement.outlook import Decision, Outlook, View
from dawndusk.record import Record
from dawndusk.requests import Service, decode_estimate, prompt_estimate
from dawndusk.scenario import Scenario
from dawndusk.setting import setting
from dawndusk.step_tables import Node

Array = NDArray[np.float64]

GLANCE = 0.5
"""Longest wait between two looks at the clock [s]."""


@dataclass(frozen=True)
class Moment:
    """What the loop knew and decided for one interval; sites are numbered as in `Outlook`."""

    time: float
    """Of the decision [s]."""
    end: float
    """Of its interval [s]."""
    weights: Array
    """Of requests, shape (origins, sites), zero where a job leaves no memory for serving."""
    latency: Array
    """One way from origins to sites, inf without a path, shape (origins, sites) [s]."""
    available: NDArray[np.bool_]
    speed: Array
    """Clock granted in the last step over the full clock [-]."""
    charge: Array
    backlog: Array
    """Modelled requests waiting or running [-]."""
    sunlight: Array
    """Mean visible share of the Sun's disc, shape (satellites,) [-]."""


@dataclass(frozen=True)
class Served:
    """What a request costs on one engine, and what an engine is."""

    service: Service
    replicas: int
    """Engines on a node."""
    node: Node
    mean_work: float
    """Engine time of a mean request among full batches [s]."""
    mean_output: float
    """Tokens of a mean answer [-]."""
    orbit_price: float
    """Of an accelerator in orbit, at full use [USD/s]."""
    ground_price: float
    """Of an accelerator on the ground, without its energy [USD/s]."""
    energy_price: float
    """On the ground, with the site's overhead [USD/J]."""

    @property
    def batch(self) -> int:
        """Most requests that decode together."""
        return self.service.iteration.size - 1


class DayOverError(Exception):
    """The scenario's time has come to its end, or the loop was stopped."""


class Live:
    """The constellation of a scenario, now."""

    def __init__(
        self,
        scenario: Scenario,
        speed: float = 1.0,
        threads: int | None = None,
        wall: Callable[[], float] = clock.monotonic,
    ) -> None:
        if not 0.0 < speed <= 1e6:
            raise ValueError(f"--speed: {speed:g}; allowed: above 0, at most 1e6")
        self.plan = plan_fleet(scenario)
        self.scenario = scenario = self.plan.scenario
        self.day = setting(scenario, self.plan, threads)
        self.inner: Policy = resolve(scenario.placement.policy)
        self.ahead = float(getattr(self.inner, "ahead", 0.0))
        self.speed, self.wall = speed, wall
        self.satellites = self.plan.satellites
        self.sites = self.satellites + self.day.hybrid
        names = tuple(self.plan.elements.names)
        ground = tuple(f"ground-{k}" for k in range(self.day.hybrid))
        self.names = (*names, *ground)
        self.cities = tuple(city.name for city in scenario.cities)
        self.share = self.day.asked.origin_share
        self.record: Record | None = None
        self.fault: Exception | None = None
        self.over = False
        self._moments: list[Moment] = []
        self._condition = threading.Condition()
        self._stopped = threading.Event()
        self._anchor = 0.0
        self._pins: dict[int, float] = {}
        self._thread = threading.Thread(target=self._run, name="constellation", daemon=True)
        order = np.lexsort((self.day.asked.interruptions.time, self.day.asked.interruptions.site))
        found = self.day.asked.interruptions
        self._outages = (found.site[order], found.time[order], found.until[order])

    def start(self) -> None:
        """Begin the day; returns once the first decision is taken.

        Raises:
            ValueError: when the policy's answer cannot be carried out
        """
        self._thread.start()
        with self._condition:
            self._condition.wait_for(lambda: self._moments or self.over)
        if self.fault is not None:
            raise self.fault

    def stop(self) -> None:
        """End the day at the next decision, and wait a little for that."""
        self._stopped.set()
        with self._condition:
            self._condition.notify_all()
        if self._thread.is_alive():
            self._thread.join(10.0)

    def now(self) -> float:
        """Virtual time since the scenario's start [s]."""
        with self._condition:
            return self._now()

    def _now(self) -> float:
        if not self._moments:
            return 0.0
        last = self._moments[-1]
        return min(last.time + (self.wall() - self._anchor) * self.speed, last.end)

    def utc(self, time: float) -> str:
        """A virtual time as a date."""
        start = self.scenario.time.start
        start = start if start.tzinfo else start.replace(tzinfo=UTC)
        at: datetime = start + timedelta(seconds=time)
        return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def moment(self, time: float | None = None) -> Moment | None:
        """The interval in which a time lies, the present one by default; None if yet to come.

        Raises:
            DayOverError: when that interval will not come
        """
        with self._condition:
            last = self._moments[-1]
            if time is None or last.time <= time < last.end:
                return last
            if time < last.end:
                starts = [each.time for each in self._moments]
                return self._moments[max(bisect.bisect_right(starts, time) - 1, 0)]
            if self.over:
                raise DayOverError
            return None

    def pause(self, time: float) -> float:
        """How long to wait by the wall before virtual time may have come to `time` [s].

        Raises:
            DayOverError: when it will not come
        """
        with self._condition:
            missing = time - self._now()
            if missing <= 0.0:
                return 0.0
            if self.over:
                raise DayOverError
            return min(max(missing / self.speed, 1e-3), GLANCE)

    def pin(self, number: int, time: float) -> None:
        """Keep the intervals from a time on for a request under way."""
        with self._condition:
            self._pins[number] = time

    def unpin(self, number: int) -> float:
        """The request needs them no more; returns from when on others do [s]."""
        with self._condition:
            self._pins.pop(number, None)
            return min(self._pins.values(), default=self._now())

    def outage(self, site: int, begin: float, end: float) -> float | None:
        """First time from `begin` to before `end` at which a fault has a site down [s]."""
        of_site, start, until = self._outages
        low, high = np.searchsorted(of_site, [site, site + 1])
        struck = (start[low:high] < end) & (until[low:high] > begin)
        if not struck.any():
            return None
        return float(max(start[low:high][struck].min(), begin))

    def down(self, time: float) -> NDArray[np.int32]:
        """Sites that a fault has down at a time."""
        of_site, start, until = self._outages
        found: NDArray[np.int32] = of_site[(start <= time) & (until > time)]
        return found

    def served(self, model: str | None = None) -> Served:
        """How engines serve the scenario's model, or another of the catalogue.

        Raises:
            ValueError: when the model does not fit a node
        """
        return served(self.scenario, self.plan, self.day.asked, model)

    def _run(self) -> None:
        try:
            self.record = self.day.simulate(self._decide, stop=self._stopped.is_set)
            self._await(self._moments[-1].end)
        except Exception as fault:
            self.fault = fault
        with self._condition:
            self.over = True
            self._condition.notify_all()

    @property
    def _decide(self) -> Policy:
        """The policy that the loop is given; it looks as far ahead as the scenario's own."""

        def decide(outlook: Outlook, view: View) -> Decision:
            self._await(view.time)
            decision = self.inner(outlook, view)
            validate(decision, view)
            kept = _kept(outlook, view, decision, self.day.asked)
            with self._condition:
                oldest = min(self._pins.values(), default=view.time)
                self._moments = [*(m for m in self._moments if m.end > oldest), kept]
                self._anchor = self.wall()
                self._condition.notify_all()
            return decision

        decide.ahead = self.ahead  # type: ignore[attr-defined]
        return decide

    def _await(self, time: float) -> None:
        """Hold the loop until virtual time has come so far."""
        with self._condition:
            while self._moments and self._now() < time - 1e-9 and not self._stopped.is_set():
                missing = (time - self._now()) / self.speed
                self._condition.wait(min(max(missing, 1e-4), GLANCE))


def served(scenario: Scenario, plan: FleetPlan, asked: Demand, model: str | None = None) -> Served:
    """How engines of a scenario's nodes serve its model, or another of the catalogue.

    Args:
        scenario: all sizes filled in [object]
        plan: its satellites [object]
        asked: its demand, which tells the mean lengths [object]
        model: catalogue name, None for the scenario's [object]
    Returns:
        times, power and prices of an engine [object]
    Raises:
        ValueError: when the model does not fit a node
    """
    if model is not None and model != scenario.workload.model:
        scenario = scenario.replaced({"workload.model": model})
    service, replicas = serving(scenario)
    node, place = node_of(scenario, asked), scenario.ground
    lengths, sent = scenario.workload.lengths, asked.requests
    prompt = float(sent.prompt.mean()) if len(sent) else lengths.prompt_mean
    output = float(sent.output.mean()) if len(sent) else lengths.output_mean
    space = space_costs(scenario, plan, {}, 1.0)
    alone = space.per_year - space.annual.get("hybrid_ground", 0.0)
    count = scenario.satellite.compute.count
    return Served(
        service=service,
        replicas=replicas,
        node=node._replace(replicas=replicas),
        mean_work=prompt_estimate(prompt, service) + decode_estimate(prompt, output, service),
        mean_output=output,
        orbit_price=alone / (plan.satellites * count * JULIAN_YEAR),
        ground_price=ground_costs(scenario, 1, 0.0).per_year / (count * JULIAN_YEAR),
        energy_price=place.pue * place.power_price,
    )


def _kept(outlook: Outlook, view: View, decision: Decision, asked: Demand) -> Moment:
    """What of a decision the requests of its interval need."""
    sites, origins = len(view.charge), len(asked.origin_share)
    weights = decision.weights
    if decision.weights_by_origin is not None:
        weights = decision.weights_by_origin
    placed = decision.job_of_site
    if asked.crowding:
        crowded = (placed >= 0) & asked.exclusive[np.maximum(placed, 0)]
        weights = np.where(crowded, 0.0, weights)
    latency = outlook.latency if outlook.latency.size else np.zeros((origins, sites))
    return Moment(
        time=view.time,
        end=view.time + outlook.interval,
        weights=np.broadcast_to(weights, (origins, sites)).astype(np.float64),
        latency=np.array(latency),
        available=view.available.copy(),
        speed=view.speed.copy(),
        charge=view.charge.copy(),
        backlog=view.backlog.copy(),
        sunlight=outlook.next_interval() if view.satellites else np.zeros(0),
    )
