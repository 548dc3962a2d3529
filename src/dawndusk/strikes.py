"""Assembler of particles that strike the fleet: where and when, and whom they take down.

Events are drawn before the loop starts, from the protons on each satellite's own track; the
loop reveals them as time passes.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dawndusk.catalogue.entries import Storm
from dawndusk.compiled import kernel, scalar
from dawndusk.constants import DAY, SGP4_J2, SGP4_RADIUS
from dawndusk.demand import Demand
from dawndusk.environment import radiation, solar_event, upsets
from dawndusk.execution import faults
from dawndusk.execution import flips as bits
from dawndusk.execution.faults import Interruptions, Strikes
from dawndusk.exposure import activity, storm_fluence, storm_shares, stream
from dawndusk.fleet_plan import FleetPlan
from dawndusk.forecast import Forecast
from dawndusk.orbit import frames, secular
from dawndusk.scenario import Scenario

Array = NDArray[np.float64]

LATITUDES, LONGITUDES = 121, 240
"""Nodes of the map from pole to pole, and around the Earth [-]."""

LEVEL = 20e3
"""Largest distance between levels of the map [m]."""

BANDS = 256
"""Of latitude, by which tries are given up early [-]."""

PERIODIC = 0.005
"""More than periodic terms of J2 move a satellite along its orbit and out of its plane [rad]."""

CHUNK = 2_000_000
"""Strikes that are tried at a time [-]."""

MOST = 100_000_000
"""Strikes that a machine's memory is asked to hold [-]: some 6 GB."""

STREAM, SAFE, FLIPS, STORM = 1_000, 1_001, 1_002, 1_003
"""Numbers of the random streams, beside those of `demand`."""


@dataclass(frozen=True)
class RateMap:
    """Protons that reach the chips, at the nodes of a map of latitude, longitude and radius."""

    root: Array
    """Square root of the stream in 1/m²/s, shape (latitudes, longitudes, levels) [-]."""
    lowest: float
    """Radius of the first level [m]."""
    spacing: float
    """Between levels [m]."""

    def at(self, position: Array) -> Array:
        """Stream at Earth-fixed positions of shape (n, 3), between the nodes [1/m²/s]."""
        found = np.empty(len(position))
        _read(np.ascontiguousarray(position), self.root, self.lowest, self.spacing, found)
        return found

    def most(self, low: Array, high: Array) -> Array:
        """What the stream does not exceed between two radii, elementwise [1/m²/s]."""
        level = self.root.max(axis=(0, 1))
        first = np.clip((low - self.lowest) // self.spacing, 0, level.size - 1)
        last = np.clip(-((self.lowest - high) // self.spacing), 0, level.size - 1)
        found = np.zeros(low.shape)
        for k, height in enumerate(level):
            found[(first <= k) & (k <= last)] = np.maximum(
                found[(first <= k) & (k <= last)], height
            )
        return found**2

    def cap(self, error: float) -> Array:
        """What the stream does not exceed by sine of latitude, known within an error [1/m²/s]."""
        edge = np.linspace(-1.0, 1.0, BANDS + 1)
        row = np.sin(np.linspace(-0.5 * math.pi, 0.5 * math.pi, LATITUDES))
        first = np.searchsorted(row, edge[:-1] - error, side="right") - 1
        last = np.searchsorted(row, edge[1:] + error) + 1
        most = self.root.max(axis=(1, 2)) ** 2
        return np.array(
            [most[max(low, 0) : high].max() for low, high in zip(first, last, strict=True)]
        )


@scalar
def _root(x, y, z, root, lowest, spacing):  # type: ignore[no-untyped-def]
    """Square root of the stream between the eight nodes around an Earth-fixed position."""
    rows, columns, levels = root.shape
    flat = x * x + y * y
    radius = math.sqrt(flat + z * z)
    row = (math.atan2(z, math.sqrt(flat)) / math.pi + 0.5) * (rows - 1)
    column = (math.atan2(y, x) / (2.0 * math.pi) + 0.5) * columns
    level = min(max((radius - lowest) / spacing, 0.0), levels - 1.0)
    i, j, m = min(int(row), rows - 2), int(column), min(int(level), levels - 2)
    p, q, r = row - i, column - j, level - m
    j = j % columns
    k = (j + 1) % columns
    near = (1.0 - q) * root[i, j, m] + q * root[i, k, m]
    far = (1.0 - q) * root[i + 1, j, m] + q * root[i + 1, k, m]
    low = (1.0 - p) * near + p * far
    near = (1.0 - q) * root[i, j, m + 1] + q * root[i, k, m + 1]
    far = (1.0 - q) * root[i + 1, j, m + 1] + q * root[i + 1, k, m + 1]
    return (1.0 - r) * low + r * ((1.0 - p) * near + p * far)


@kernel
def _read(position, root, lowest, spacing, found):  # type: ignore[no-untyped-def]
    """Streams at positions."""
    for n in range(position.shape[0]):
        x, y, z = position[n, 0], position[n, 1], position[n, 2]
        found[n] = _root(x, y, z, root, lowest, spacing) ** 2


@kernel
def _thin(first, tries, most, time, chance, fleet, sky, fluxes, cap, who, where):  # type: ignore[no-untyped-def]
    """Keep each try with the probability stream / `most`; returns how many are kept.

    Times, satellites and Earth-fixed places of the kept ones come first in `time`, `who`,
    `where`. `cap` is what the stream does not exceed where the sine of the latitude comes from
    the mean argument of latitude: most tries need no position.
    """
    table, iterations = fleet
    angle, turning = sky
    kept, n = 0, 0
    for k in range(tries.size):
        satellite = first + k
        for _ in range(tries[k]):
            now, asked = time[n], chance[n] * most[k]
            n += 1
            elapsed = now - table[secular.EPOCH, satellite]
            sine, _ = secular.sine_cosine(
                table[secular.LATITUDE, satellite]
                + table[secular.LATITUDE_RATE, satellite] * elapsed
            )
            north = table[secular.SIN_INCLINATION, satellite] * sine
            if asked >= cap[min(int((0.5 * north + 0.5) * cap.size), cap.size - 1)]:
                continue
            x, y, z = secular.position(table, satellite, now, iterations)
            sine, cosine = secular.sine_cosine(angle + turning * now)
            x, y = cosine * x + sine * y, cosine * y - sine * x
            found = _root(x, y, z, *fluxes)
            if asked < found * found:
                time[kept] = now
                who[kept] = satellite
                where[kept, 0], where[kept, 1], where[kept, 2] = x, y, z
                kept += 1
    return kept


def rate_map(scenario: Scenario, radius_low: float, radius_high: float) -> RateMap:
    """Protons that reach the chips, as `exposure.stream` has them, over a range of radii.

    Args:
        scenario: shield, and the Sun on the day of its start [object]
        radius_low: of the lowest place asked for [m]
        radius_high: of the highest [m]
    Returns:
        the map; between its nodes the square root is linear [object]
    Raises:
        ValueError: when a radius lies outside the tables of radiation
    """
    shielding, sun = scenario.radiation.shielding, activity(scenario)
    return _mapped(lambda place: stream(place, shielding, sun), radius_low, radius_high)


def storm_map(scenario: Scenario, event: Storm, radius_low: float, radius_high: float) -> RateMap:
    """Protons of a whole solar event, as `exposure.storm_fluence` has them [1/m²].

    Args:
        scenario: shield [object]
        event: which one [object]
        radius_low: of the lowest place asked for [m]
        radius_high: of the highest [m]
    Returns:
        the map, of fluences instead of streams [object]
    Raises:
        ValueError: when a radius lies outside the tables of radiation
    """
    shielding = scenario.radiation.shielding
    return _mapped(lambda place: storm_fluence(place, shielding, event), radius_low, radius_high)


def _mapped(known: Callable[[Array], Array], radius_low: float, radius_high: float) -> RateMap:
    """What is known by place, at the nodes of a map over a range of radii."""
    levels = max(2, math.ceil((radius_high - radius_low) / LEVEL) + 1)
    radius = np.linspace(radius_low, radius_high, levels)
    latitude = np.linspace(-0.5 * math.pi, 0.5 * math.pi, LATITUDES)
    longitude = (np.arange(LONGITUDES) / LONGITUDES - 0.5) * (2.0 * math.pi)
    flat = np.cos(latitude)[:, None]
    globe = np.empty((LATITUDES, LONGITUDES, 3))
    globe[..., 0], globe[..., 1] = flat * np.cos(longitude), flat * np.sin(longitude)
    globe[..., 2] = np.sin(latitude)[:, None]
    place = globe.reshape(-1, 3)
    place /= np.linalg.norm(place, axis=1)[:, None]
    root = np.empty((LATITUDES, LONGITUDES, levels))
    for k in range(levels):
        root[..., k] = np.sqrt(known(radius[k] * place)).reshape(LATITUDES, LONGITUDES)
    return RateMap(root, float(radius[0]), max(float(radius[1] - radius[0]), 1.0))


def strike(
    scenario: Scenario,
    plan: FleetPlan,
    ahead: Forecast,
    section: Array | None = None,
    stream: int = STREAM,
) -> Strikes:
    """What protons do to the fleet's chips and hosts over the scenario's duration.

    A Poisson process whose rate follows each satellite's track, by thinning: exact with respect
    to the map. Protons of a solar event are a process of their own beside it: as many are tried
    as the simulated share of the event would bring over the pole, at times spread as they come.

    Args:
        scenario: chips, shield and seed [object]
        plan: the satellites [object]
        ahead: their tracks [object]
        section: cross sections of a satellite by `faults.KINDS`, its own unless given [m²]
        stream: number of the random stream [-]
    Returns:
        strikes in order of time; none where radiation or faults are switched off, and none on
        satellites whose orbit leaves the tables of radiation [object]
    Raises:
        ValueError: when there are more strikes than memory holds
    """
    if not (scenario.radiation.enabled and scenario.faults.enabled):
        return faults.no_strikes()
    low, high, inside = _reach(ahead)
    section = _cross_sections(scenario) if section is None else section
    if not (inside.any() and section.any()):
        return faults.no_strikes()
    edges = float(low[inside].min()), float(high[inside].max())
    duration, seed = scenario.time.duration, scenario.time.seed
    random = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(stream,)))
    parts = _drawn(
        scenario,
        ahead,
        rate_map(scenario, *edges),
        section,
        duration,
        lambda size: random.uniform(0.0, duration, size),
        random,
    )
    event = scenario.storm
    if event is None:
        return _in_order(parts)
    first, last = storm_shares(scenario, event)
    begun = scenario.radiation.storm.start
    assert begun is not None
    ahead_of_us = (begun - scenario.time.start).total_seconds()
    dice = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(stream, STORM)))

    def of_storm(size: int) -> Array:
        share = np.minimum(dice.uniform(first, last, size), np.nextafter(1.0, 0.0))
        time = ahead_of_us + solar_event.arrival(share, event.rise, event.decay)
        return np.clip(time, 0.0, duration)

    known = storm_map(scenario, event, *edges)
    solar = _drawn(scenario, ahead, known, section, last - first, of_storm, dice)
    marked = [
        (*part, np.full(part[0].size, by_storm))
        for found, by_storm in ((parts, False), (solar, True))
        for part in found
    ]
    del parts, solar
    return _in_order(marked)


def _drawn(
    scenario: Scenario,
    ahead: Forecast,
    found: RateMap,
    section: Array,
    amount: float,
    when: Callable[[int], Array],
    random: np.random.Generator,
) -> list[tuple[NDArray[Any], ...]]:
    """Columns of strikes by parts: `amount` of what the map holds, at times by `when`, thinned."""
    low, high, inside = _reach(ahead)
    most = np.where(inside, found.most(low, high), 0.0)
    expected = most * (section.sum() * amount)
    angle = frames.sidereal_angle(scenario.time.start, np.array([0.0, DAY]))
    turned = float((angle[1] - angle[0]) % (2.0 * math.pi)) + 2.0 * math.pi
    sky = (float(angle[0]), turned / DAY)
    cap = found.cap(3.0 * float(_eccentricity(ahead)[inside].max()) + PERIODIC)
    parts: list[tuple[NDArray[Any], ...]] = []
    held = 0
    for first, last in _chunks(expected):
        tries = random.poisson(expected[first:last])
        time = when(tries.sum())
        chance = random.random(time.size)
        who, where = np.empty(time.size, np.int32), np.empty((time.size, 3))
        kept = _thin(
            first,
            tries,
            most[first:last],
            time,
            chance,
            (ahead.table, ahead.iterations),
            sky,
            (found.root, found.lowest, found.spacing),
            cap,
            who,
            where,
        )
        held += kept
        if held > MOST:
            raise ValueError(
                f"radiation: {held / last * most.size:.2g} strikes in this time; allowed: "
                f"{MOST:.0e}, which memory holds; take fewer satellites or accelerators, a thicker "
                "radiation.shielding or no radiation.storm"
            )
        kind = np.searchsorted(
            np.cumsum(section / section.sum())[:-1], random.random(kept), "right"
        )
        latitude, longitude, _ = frames.geodetic(where[:kept])
        parts.append(
            (
                time[:kept].copy(),
                who[:kept].copy(),
                kind.astype(np.int8),
                latitude,
                longitude,
                radiation.in_anomaly(where[:kept], activity(scenario)),
            )
        )
    return parts


def _in_order(parts: list[tuple[NDArray[Any], ...]]) -> Strikes:
    """Strikes in order of time, one column after the other to spare memory."""
    columns = [list(column) for column in zip(*parts, strict=True)]
    parts.clear()
    order = np.argsort(np.concatenate(columns[0]), kind="stable")
    found = []
    while columns:
        found.append(np.concatenate(columns.pop(0))[order])
    return Strikes(*found)


def struck(asked: Demand, scenario: Scenario, satellites: int, found: Strikes) -> Demand:
    """A demand whose satellites suffer strikes and safe modes beside failing hardware.

    Args:
        asked: requests, jobs and failing hardware of satellites and ground nodes [object]
        scenario: how long each cause takes a satellite down [object]
        satellites: number of them; they come first among the sites [-]
        found: what `strike` gave [object]
    Returns:
        the demand with all interruptions in order of time [object]
    """
    given = scenario.faults
    scripted = _scripted(scenario, satellites)
    if not given.enabled:
        if not len(scripted):
            return asked
        everything = faults.merged([_cut(asked.interruptions, scripted), scripted])
        return replace(asked, interruptions=everything)
    hard = found.kind != faults.SILENT
    if unprotected(scenario):
        hard &= found.kind != faults.UNCORRECTABLE
    time, kind = found.time[hard], found.kind[hard]
    restart = kind == faults.UNCORRECTABLE
    down = np.where(restart, given.restart_time, scenario.radiation.reboot_time)
    safe = faults.safe_modes(
        satellites,
        scenario.time.duration,
        given.safe_mode_rate,
        given.recovery_time,
        np.random.default_rng(np.random.SeedSequence(scenario.time.seed, spawn_key=(SAFE,))),
    )
    by_particles = Interruptions(time, found.site[hard], time + down, kind)
    others = (asked.interruptions, by_particles, safe)
    everything = faults.merged([*(_cut(each, scripted) for each in others), scripted])
    return replace(asked, interruptions=everything, strikes=found)


def _scripted(scenario: Scenario, satellites: int) -> Interruptions:
    """Losses of power at declared times."""
    for place, each in enumerate(scenario.faults.failures):
        if each.satellite >= satellites:
            raise ValueError(
                f"faults.failures.{place}.satellite: {each.satellite}; allowed: 0 to "
                f"{satellites - 1}, the constellation has {satellites}; correct it"
            )
    rows = sorted((each.at, each.satellite, each.until) for each in scenario.faults.failures)
    time, site, until = np.array(rows, np.float64).reshape(-1, 3).T
    cause = np.full(len(rows), faults.SCRIPTED, np.int8)
    return Interruptions(time.copy(), site.astype(np.int32), until.copy(), cause)


def _cut(found: Interruptions, scripted: Interruptions) -> Interruptions:
    """Interruptions that end at the latest when their site is lost at a declared time."""
    until = found.until.copy()
    for time, site in zip(scripted.time, scripted.site, strict=True):
        late = (found.site == site) & (found.time < time) & (until > time)
        until[late] = time
    return replace(found, until=until)


def unprotected(scenario: Scenario) -> bool:
    """Whether a real job has the memory's error correction switched off: nothing is reported."""
    return any(job.real is not None and not job.real.ecc for job in scenario.workload.jobs)


def flips(scenario: Scenario, plan: FleetPlan, ahead: Forecast) -> Strikes:
    """What strikes the numbers of real jobs beside the silent corruptions of `strike`.

    Silent corruptions as often as the largest `flip_scale` asks for beyond those that there are
    anyway; and where error correction is off every upset of the memory, as uncorrectable ones.

    Args:
        scenario: chips, shield, jobs and seed [object]
        plan: the satellites [object]
        ahead: their tracks [object]
    Returns:
        strikes in order of time [object]
    """
    scale = flip_scale(scenario)
    section = np.zeros(len(faults.KINDS))
    whole = _cross_sections(scenario)
    section[faults.SILENT] = max(scale - 1.0, 0.0) * whole[faults.SILENT]
    if unprotected(scenario):
        seen = bits.shares(True).detected
        section[faults.UNCORRECTABLE] = scale * whole[faults.UNCORRECTABLE] / seen
    if not section.any():
        return faults.no_strikes()
    return strike(scenario, plan, ahead, section, FLIPS)


def flip_scale(scenario: Scenario) -> float:
    """The largest `flip_scale` of the real jobs, 0 without any."""
    return max((job.real.flip_scale for job in scenario.workload.jobs if job.real), default=0.0)


def strike_warnings(scenario: Scenario, ahead: Forecast) -> list[str]:
    """What a reader must know of satellites that nothing strikes."""
    _, _, inside = _reach(ahead)
    if not scenario.radiation.enabled or inside.all() or not inside.any():
        return []
    low, high = (edge / 1e3 for edge in (radiation.tables().radius[[1, -2]] - SGP4_RADIUS))
    return [
        f"{np.count_nonzero(~inside)} of {inside.size} satellites leave {low:.0f} to {high:.0f} "
        "km, where radiation is known: no particle strikes them"
    ]


def _cross_sections(scenario: Scenario) -> Array:
    """Of all chips and hosts of a satellite together, by `faults.KINDS` [m²]."""
    chip, compute = scenario.accelerator, scenario.satellite.compute
    hosts = math.ceil(compute.count / scenario.radiation.accelerators_per_host)
    return np.array(
        [
            compute.count * chip.silent_corruption,
            compute.count * chip.uncorrectable_error,
            compute.count * chip.interrupt,
            hosts * (upsets.HOST.interrupt + upsets.HOST_MEMORY.interrupt),
            compute.count * chip.latch_up,
        ]
    )


def _reach(ahead: Forecast) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Least and greatest radius of each satellite, and whether the tables hold both [m, m, -]."""
    table = ahead.table
    axis, cosine = table[secular.SEMI_MAJOR_AXIS], table[secular.COS_INCLINATION]
    shape = _eccentricity(ahead)
    part = axis * (1.0 - shape**2)
    bulge = 0.5 * SGP4_J2 * (SGP4_RADIUS / part) ** 2 * axis
    swing = bulge * (1.5 * np.abs(3.0 * cosine**2 - 1.0) + 0.5 * (1.0 - cosine**2))
    low = axis * (1.0 - shape) - 1.1 * swing
    high = axis * (1.0 + shape) + 1.1 * swing
    reach = radiation.tables().radius[[1, -2]]
    return low, high, (low > reach[0]) & (high < reach[1])


def _eccentricity(ahead: Forecast) -> Array:
    """Largest eccentricity of each satellite, long-period terms included [-]."""
    table = ahead.table
    return table[secular.ECCENTRICITY] + np.abs(table[secular.LONG_PERIOD_ECCENTRICITY])


def _chunks(expected: Array) -> Iterator[tuple[int, int]]:
    """Runs of satellites that are tried together, `CHUNK` times or a single satellite."""
    edge = np.cumsum(expected) // CHUNK
    cuts = [0, *(np.flatnonzero(np.diff(edge)) + 1).tolist(), expected.size]
    yield from pairwise(cuts)
