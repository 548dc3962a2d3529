"""One request's way through the simulated constellation: placed, there, queued, served, back.

All times are virtual and follow from the arrival, the tokens and what the loop decided; the
host's clock never enters them. The way is followed interval by interval, since a site's clock
and the paths of an interval are known only once the loop has come to it.
"""

import asyncio
from dataclasses import dataclass, field

import numpy as np

from dawndusk.live import Live, Moment, Served
from dawndusk.requests import Service, prefill_seconds
from dawndusk.satellite import accelerator

MOST_RETRIES = 100
"""Sites that may fail under one request [-]."""


class DroppedError(Exception):
    """A request found no site within its patience, or lost too many."""


class SiteLostError(Exception):
    """The site of a request went down or stands still while others work."""


@dataclass
class Presence:
    """Live requests at their sites, each from its arrival there to its planned end."""

    stays: dict[int, list[tuple[int, float, float]]] = field(default_factory=dict)

    def enter(self, site: int, number: int, begin: float, end: float) -> None:
        """A request is expected at a site for a while."""
        self.stays.setdefault(site, []).append((number, begin, end))

    def leave(self, site: int, number: int) -> None:
        """It is not, after all."""
        self.stays[site] = [stay for stay in self.stays.get(site, []) if stay[0] != number]

    def at(self, site: int, time: float, number: int) -> int:
        """Requests at a site at a time, without one of them."""
        return sum(
            begin <= time < end and other != number
            for other, begin, end in self.stays.get(site, [])
        )

    def forget(self, before: float) -> None:
        """Drop stays that ended before a time."""
        for site, stays in self.stays.items():
            self.stays[site] = [stay for stay in stays if stay[2] > before]


@dataclass
class Journey:
    """A request under way; `time` is where it has come to."""

    live: Live
    served: Served
    presence: Presence
    number: int
    origin: int
    """City that asks."""
    arrival: float
    """[s]"""
    prompt: int
    planned: int
    """Tokens of the answer that its place in the batch is kept for."""
    time: float = field(init=False)
    site: int = -1
    batch: int = 1
    """Requests that decode together at its site, itself among them."""
    generated: int = 0
    path: float = 0.0
    """Under way between places [s]."""
    queue: float = 0.0
    """Waited for a site, a free place there, and for power [s]."""
    energy: float = 0.0
    """[J]"""
    price: float = 0.0
    """[USD]"""
    retries: int = 0
    worked: float = 0.0
    """Engine time spent on it [s]."""

    def __post_init__(self) -> None:
        self.time = self.arrival

    async def reach(self, tokens: int) -> None:
        """Until so many tokens of the answer stand at a site; 0: until the prompt is read.

        Raises:
            DroppedError: when no site begins within the patience
            DayOverError: when the scenario's time ends before
        """
        while True:
            try:
                if self.site < 0:
                    await self._serve()
                await self._decode(tokens)
                return
            except SiteLostError:
                await self._lost()

    async def home(self) -> float:
        """When what stands at the site is back in the city, without moving on [s]."""
        time = self.time
        while True:
            moment = await self.moment(time)
            back = float(moment.latency[self.origin, self.site])
            if np.isfinite(back):
                return time + back
            time = moment.end

    async def moment(self, time: float) -> Moment:
        """The interval in which a time lies, waited for if need be."""
        while (found := self.live.moment(time)) is None:
            await asyncio.sleep(max(self.live.pause(time), 1e-3))
        return found

    async def _serve(self) -> None:
        """Place, send, queue and read the prompt with what has been written before."""
        await self._place()
        await self._queue()
        length = float(self.prompt + self.generated)
        seconds = prefill_seconds(length, length * length, self.served.service)
        await self._work(seconds, self.served.node.compute_activity, 1)
        if self.planned:
            self.generated += 1

    async def _place(self) -> None:
        """Go to a site by the weights of the latest decision, once one can be reached."""
        while True:
            moment = await self.moment(self.time)
            reach = np.isfinite(moment.latency[self.origin]) & moment.available
            weights = np.where(reach, moment.weights[self.origin], 0.0)
            weights[self.live.down(self.time)] = 0.0
            sums = np.cumsum(weights)
            if sums[-1] > 0.0:
                seed = [self.live.scenario.time.seed, self.number, self.retries]
                point = np.random.default_rng(seed).random() * sums[-1]
                self.site = int(np.searchsorted(sums, point, side="right"))
                out = float(moment.latency[self.origin, self.site])
                self.path += out
                self.time += out
                return
            self.queue += moment.end - self.time
            self.time = moment.end
            self._be_patient()

    async def _queue(self) -> None:
        """Wait for a place in a batch behind those that are there."""
        moment = await self.moment(self.time)
        before = self.presence.at(self.site, self.time, self.number)
        before += int(moment.backlog[self.site])
        replicas, most = self.served.replicas, self.served.batch
        excess = max(before - replicas * most + 1, 0)
        self.batch = min(most, -(-(before + 1) // replicas))
        arrived = self.time
        wait = excess * self.served.mean_work / replicas
        stay = wait + self._expected()
        pace = max(float(moment.speed[self.site]), 1e-3)
        self.presence.enter(self.site, self.number, self.time, self.time + stay / pace)
        await self._work(wait, 0.0, 0)
        self.queue += self.time - arrived
        self._be_patient()

    def _expected(self) -> float:
        """Engine time of the prompt and of the planned answer [s]."""
        service, length = self.served.service, float(self.prompt)
        more = max(self.planned - 1, 0)
        return prefill_seconds(length, length * length, service) + self._iterations(0, more)

    def _iterations(self, done: int, more: int) -> float:
        """Engine time of iterations after the first `done` [s]."""
        return decode_seconds(self.prompt, done, more, self.batch, self.served.service)

    async def _decode(self, tokens: int) -> None:
        """Iterations, one a token; those that are complete stay when the site is lost."""
        more = tokens - self.generated
        if more <= 0:
            return
        done, before = max(self.generated - 1, 0), self.worked
        try:
            seconds = self._iterations(done, more)
            await self._work(seconds, self.served.node.memory_activity, self.batch)
        except SiteLostError:
            spent = self.worked - before
            while more > 0 and self._iterations(done, more) > spent:
                more -= 1
            raise
        finally:
            self.generated += more

    async def _work(self, seconds: float, activity: float, batch: int) -> None:
        """Engine time at the clock that the site is granted; none is charged to a batch of 0."""
        left = seconds
        while True:
            moment = await self.moment(self.time)
            outage = self.live.outage(self.site, self.time, moment.end)
            if outage is not None and outage <= self.time:
                raise SiteLostError
            if left <= 0.0:
                return
            speed = float(moment.speed[self.site])
            until = moment.end if outage is None else outage
            if speed > 0.0 and self.time + left / speed <= until:
                until, outage, span, left = self.time + left / speed, None, left, 0.0
            elif speed <= 0.0 and self._others_work(moment):
                raise SiteLostError
            else:
                span = (until - self.time) * speed
                left -= span
            if batch and speed > 0.0:
                self._charge(until - self.time, speed, activity, batch)
                self.worked += span
            elif batch:
                self.queue += until - self.time
            self.time = until
            if outage is not None:
                raise SiteLostError
            if not self.worked:
                self._be_patient()

    def _others_work(self, moment: Moment) -> bool:
        """The policy sends nothing to the site any more, and there are others."""
        weights = moment.weights[self.origin]
        reach = np.isfinite(moment.latency[self.origin]) & moment.available & (moment.speed > 0.0)
        return not weights[self.site] > 0.0 and bool((weights[reach] > 0.0).any())

    def _charge(self, seconds: float, speed: float, activity: float, batch: int) -> None:
        """Energy and price of a share of an engine that works at a clock."""
        energy, price = cost(
            self.served, seconds / batch, speed, activity, self.site < self.live.satellites
        )
        self.energy += energy
        self.price += price

    async def _lost(self) -> None:
        """The city learns of it as soon as word can travel, and asks for another site."""
        self.presence.leave(self.site, self.number)
        self.retries += 1
        if self.retries > MOST_RETRIES:
            raise DroppedError(f"{self.retries} sites in turn were lost under the request")
        moment = await self.moment(self.time)
        back = float(moment.latency[self.origin, self.site])
        self.site = -1
        if np.isfinite(back):
            self.path += back
            self.time += back

    def _be_patient(self) -> None:
        patience = self.served.service.patience
        if not self.worked and self.time > self.arrival + patience:
            raise DroppedError(f"no site began within workload.patience, {patience:g} s")


def decode_seconds(prompt: int, done: int, more: int, batch: int, service: Service) -> float:
    """Engine time of iterations of a request, one a token; all of its batch are as long.

    Args:
        prompt: its tokens [-]
        done: iterations before [-]
        more: iterations [-]
        batch: requests that decode together [-]
        service: times of the engine [object]
    Returns:
        engine time [s]
    """
    contexts = more * (prompt + 1 + done) + 0.5 * more * (more - 1)
    return float(more * service.iteration[batch]) + service.context_time * batch * contexts


def cost(
    served: Served, seconds: float, speed: float, activity: float, orbital: bool
) -> tuple[float, float]:
    """Energy and price of one engine for a time, at a clock and a kind of work.

    Accelerators draw what `satellite.accelerator.power` gives, idle power included; the host's
    power is shared by the node's engines. An accelerator costs its share of what its side costs
    a year, as if it were always in use; on the ground energy is paid besides.

    Args:
        served: the engine [object]
        seconds: of time, not of engine time [s]
        speed: clock granted, with pauses below the lowest clock [-]
        activity: share of the dynamic power [-]
        orbital: on a satellite [-]
    Returns:
        energy at the node [J], price [USD]
    """
    node = served.node
    clock = min(max(speed, node.minimum_frequency), 1.0)
    full = accelerator.power(activity, clock, node.idle_power, node.full_power, node.exponent)
    power = node.idle_power + min(speed / clock, 1.0) * (full - node.idle_power)
    share = seconds / served.replicas
    energy = share * (node.accelerators * power + node.host_power)
    if orbital:
        return energy, share * node.accelerators * served.orbit_price
    return energy, share * node.accelerators * served.ground_price + energy * served.energy_price
