"""Assembler of the network: who is linked to whom at an instant, how fast, and the shortest ways.

Vertices are numbered satellites first, then stations, the data centre, cities. What a look at
the network shows depends on time, on the weather drawn so far and on the seed alone.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dawndusk.catalogue.entries import Terminal
from dawndusk.compiled import kernel
from dawndusk.constants import EARTH_MEAN_RADIUS, SPEED_OF_LIGHT
from dawndusk.demand import origin_share
from dawndusk.fleet_plan import FleetPlan
from dawndusk.forecast import Forecast
from dawndusk.network import optical, radio, routing, topology, visibility, weather
from dawndusk.network.weather import Weather
from dawndusk.orbit import formation, frames
from dawndusk.scenario import Scenario
from dawndusk.scenario.constellation import Cluster, SunSynchronous, WalkerDelta, WalkerStar

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

ISL, UP, FIBRE = range(3)
"""Kinds of links."""

KINDS = ("isl", "up", "fibre")

SATELLITE, STATION, DATA_CENTRE, CITY = range(4)
"""Kinds of vertices."""

PLACES = ("satellite", "station", "data_centre", "city")

HOUR = 3600.0
"""For so long nearest neighbours stay linked, and a link that is out stays out [s]."""

MOMENTS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Parts of the hour at which neighbours must be near in the mean [-]."""


@dataclass(frozen=True)
class Ground:
    """Stations, the data centre and cities; all arrays have shape (G,)."""

    names: tuple[str, ...]
    kinds: NDArray[np.int8]
    latitude: Array
    longitude: Array
    position: Array
    """Earth-fixed, shape (G, 3) [m]."""
    up: Array
    mask: Array
    """Least elevation of a satellite, π/2 where none is linked [rad]."""
    origins: Indices
    """Vertices of the cities, in the order of the scenario, less the satellites."""
    stations: int
    centre: int
    """The data centre."""


@dataclass(frozen=True)
class Snapshot:
    """The network for a while: E links, ways from the cities and the data centre."""

    time: float
    edges: Indices
    """Pairs of vertices, shape (E, 2)."""
    kinds: NDArray[np.int8]
    length: Array
    """[m]"""
    rate: Array
    """Each way, 0 where it is blocked or out [bit/s]."""
    blocked: NDArray[np.bool_]
    """Links of the topology that the Earth or their length does not allow now."""
    seconds: Array
    """Time that data need over each link, inf where its rate is 0."""
    pattern: routing.Pattern
    delay: Array
    """From each origin to each site, shape (origins, sites) [s]."""
    arrival: NDArray[np.int32]
    """Trees of shortest ways: a row for each origin, the data centre last."""
    from_centre: Array
    """Latency between the data centre and every vertex [s]."""
    contact: NDArray[np.bool_]
    """Satellites with a way to the ground, shape (n,)."""
    linked: NDArray[np.bool_]
    """Satellites that a station serves itself, shape (n,)."""


@kernel
def _assign(station, satellite, of_station, of_satellite):  # type: ignore[no-untyped-def]
    """Which pairs are linked when they are taken in order while both ends have a link left."""
    kept = np.zeros(station.size, np.bool_)
    for k in range(station.size):
        i, j = station[k], satellite[k]
        if of_station[i] > 0 and of_satellite[j] > 0:
            of_station[i] -= 1
            of_satellite[j] -= 1
            kept[k] = True
    return kept


class Connections:
    """The network of one run; `look` gives it at an instant."""

    def __init__(
        self,
        scenario: Scenario,
        plan: FleetPlan,
        forecast: Forecast | None,
        ground_nodes: int,
        threads: int | None = None,
    ) -> None:
        given = scenario.network
        self.given, self.forecast, self.ground_nodes = given, forecast, ground_nodes
        self.start, self.interval = scenario.time.start, given.interval or 300.0
        self.satellites = plan.satellites if forecast else 0
        self.names = tuple(plan.elements.names) if forecast else ()
        self.threads, self.seed = threads or os.cpu_count() or 1, scenario.time.seed
        self.isl, self.to_ground = scenario.isl_terminal, scenario.ground_terminal
        self.to_user = scenario.user_terminal
        to_ground, to_user, isl = map(_rate_of, (self.to_ground, self.to_user, self.isl))
        self.rates = {UP: to_ground, CITY: to_user, ISL: isl}
        self.ground = _ground(scenario, bool(self.satellites))
        self.share = origin_share(scenario)
        self.fibre = self._fibre()
        cities = np.stack(np.broadcast_arrays(self.ground.origins, self.ground.centre), axis=1)
        self.to_centre = self._glass(cities)[1]
        self.climate = self._climate(scenario)
        self.fixed = self._fixed(scenario, plan)
        self.all = np.arange(self.satellites)
        self._epoch: tuple[int, Indices] = (-1, np.empty((0, 2), np.int64))

    @property
    def vertices(self) -> int:
        """Satellites and places on the ground."""
        return self.satellites + len(self.ground.names)

    @property
    def centre(self) -> int:
        """Vertex of the data centre."""
        return self.satellites + self.ground.centre

    def name(self, vertex: int) -> str:
        """Name of a vertex."""
        n = self.satellites
        return self.names[vertex] if vertex < n else self.ground.names[vertex - n]

    def kind(self, vertex: int) -> str:
        """What a vertex is."""
        n = self.satellites
        return PLACES[SATELLITE if vertex < n else self.ground.kinds[vertex - n]]

    def vertex_of_site(self, site: Any) -> Any:
        """Vertices of sites: satellites are their own, ground nodes stand in the data centre."""
        return np.where(np.asarray(site) < self.satellites, site, self.centre)

    def begin(self) -> Weather | None:
        """The weather at the start, None where it is left out."""
        return weather.begin(self.climate) if self.climate else None

    def weather_at(self, now: Weather | None, time: float) -> Weather | None:
        """The weather at a time, from an earlier one."""
        if self.climate is None or now is None:
            return None
        return weather.advance(self.climate, now, round(time / self.interval) - now.step)

    def look(
        self, time: float, sky: Weather | None, failed: Sequence[int] | Indices = ()
    ) -> Snapshot:
        """The network from a time on, for one interval; geometry is that of its middle.

        Args:
            time: beginning of the interval [s]
            sky: the weather then [object]
            failed: satellites whose links are down [-]
        Returns:
            links, their rates, and the shortest ways from origins and data centre [object]
        """
        middle = time + 0.5 * self.interval
        parts: list[tuple[Indices, int, Array, Array, NDArray[np.bool_]]] = []
        if self.satellites:
            parts.append(self._between(middle))
            parts.append(self.downlinks(middle, sky, failed))
            if self.given.users == "direct":
                parts.append(self._to_users(middle))
        lit = np.zeros(self.vertices, np.bool_)
        if self.satellites:
            up, _, _, open_rate, _ = parts[1]
            lit[up[open_rate > 0.0, 1]] = True
        fibre, fibre_length, fibre_seconds = self.fibre
        used = lit[fibre].any(axis=1)  # fibre to a station that sees no satellite leads nowhere
        fibre, fibre_length, fibre_seconds = fibre[used], fibre_length[used], fibre_seconds[used]
        none = np.zeros(len(fibre), np.bool_)
        parts.append((fibre, FIBRE, fibre_length, np.full(len(fibre), np.inf), none))
        edges = np.concatenate([part[0] for part in parts])
        kinds = np.repeat([part[1] for part in parts], [len(part[0]) for part in parts])
        length = np.concatenate([part[2] for part in parts])
        rate = np.concatenate([part[3] for part in parts])
        blocked = np.concatenate([part[4] for part in parts])
        if len(failed):
            rate[np.isin(edges, failed).any(axis=1)] = 0.0
        with np.errstate(divide="ignore"):
            seconds = np.where(rate > 0.0, length / SPEED_OF_LIGHT, np.inf)
        seconds[len(edges) - len(fibre) :] = fibre_seconds
        pattern = routing.pattern(self.satellites, self.vertices, edges)
        sources = self.satellites + np.append(self.ground.origins, self.ground.centre)
        latency, arrival = self._ways(pattern, seconds, sources)
        n = self.satellites
        columns = [latency[:-1, :n], np.repeat(self.to_centre[:, None], self.ground_nodes, 1)]
        stations = (kinds == UP) & (rate > 0.0) & (edges[:, 1] < n + self.ground.stations)
        linked = np.zeros(n, np.bool_)
        linked[edges[stations, 0]] = True
        return Snapshot(
            time=time,
            edges=edges,
            kinds=kinds.astype(np.int8),
            length=length,
            rate=rate,
            blocked=blocked,
            seconds=seconds,
            pattern=pattern,
            delay=np.concatenate(columns, axis=1),
            arrival=arrival,
            from_centre=latency[-1],
            contact=np.isfinite(latency[-1, :n]),
            linked=linked,
        )

    def ways(
        self, view: Snapshot, sources: Any, ends: Indices | None = None
    ) -> tuple[Array, NDArray[np.int32]]:
        """Latency from other vertices to all, and the trees of their shortest ways.

        With an end for each source, as far as that.
        """
        return self._ways(view.pattern, view.seconds, np.asarray(sources, np.int64), ends)

    def _ways(
        self,
        pattern: routing.Pattern,
        seconds: Array,
        sources: Indices,
        ends: Indices | None = None,
    ) -> tuple[Array, NDArray[np.int32]]:
        """Rows of `routing.shortest`, several at once on threads."""
        workers = min(self.threads, len(sources))
        if workers < 2 or self.satellites < 200:
            return routing.shortest(pattern, seconds, sources, ends)

        def part(cut: tuple[int, int]) -> tuple[Array, NDArray[np.int32]]:
            some = slice(*cut)
            stops = None if ends is None else ends[some]
            return routing.shortest(pattern, seconds, sources[some], stops)

        cuts = np.linspace(0, len(sources), workers + 1).round().astype(int)
        with ThreadPoolExecutor(workers) as pool:
            found = list(pool.map(part, pairwise(cuts.tolist())))
        return np.concatenate([f[0] for f in found]), np.concatenate([f[1] for f in found])

    def _between(self, time: float) -> tuple[Indices, int, Array, Array, NDArray[np.bool_]]:
        """Links between satellites: in sight now, and already when they began to point."""
        assert self.forecast is not None
        edges = self._edges(time)
        before = time - self.isl.acquisition_time
        place = self.forecast.positions(time, self.all)
        length, clear = visibility.line_of_sight(place, edges, self.given.grazing_height)
        clear &= length <= self.isl.max_range
        tracked = clear
        if before < time and len(edges):
            place = self.forecast.positions(before, self.all)
            then, seen = visibility.line_of_sight(place, edges, self.given.grazing_height)
            tracked = clear & seen & (then <= self.isl.max_range)
            if self.fixed is None and int(before // HOUR) != int(time // HOUR):
                tracked &= _among(edges, self._edges(before), self.satellites)
        rate = np.where(tracked, self.rates[ISL](length), 0.0)
        if self.given.link_uptime < 1.0:
            hour = int(max(time, 0.0) // HOUR)
            draw = np.random.default_rng([self.seed, 31, hour]).random(len(edges))
            rate[draw >= self.given.link_uptime] = 0.0
        return edges, ISL, length, rate, ~clear

    def _edges(self, time: float) -> Indices:
        """The topology's links, those of the hour where nearest neighbours are joined."""
        if self.fixed is not None:
            return self.fixed
        assert self.forecast is not None
        hour = int(np.floor(time / HOUR))
        if self._epoch[0] != hour:
            moments = [self.forecast.positions((hour + at) * HOUR, self.all) for at in MOMENTS]
            lowest = min(float(np.sqrt((place**2).sum(axis=1).min())) for place in moments)
            reach = min(
                self.isl.max_range, visibility.clear_range(lowest, self.given.grazing_height)
            )
            over_time = np.concatenate(moments, axis=1) / np.sqrt(len(moments))
            self._epoch = (
                hour,
                topology.nearest(over_time, self.given.terminals, reach, joined=True),
            )
        return self._epoch[1]

    def _seen(
        self, time: float, which: Indices, terminal: Terminal
    ) -> tuple[Indices, Indices, Array, Array]:
        """Pairs of places on the ground and satellites in sight, acquired by then."""
        assert self.forecast is not None
        mask, site = self.ground.mask[which], self.ground.position[which]
        up = self.ground.up[which]
        place = self.earth_fixed(time, self.all)
        found = visibility.elevation_range(site, up, place, mask, terminal.max_range)
        if terminal.acquisition_time > 0.0 and len(found[0]):
            seen, of = np.unique(found[1], return_inverse=True)
            way = self.earth_fixed(time - terminal.acquisition_time, seen)[of] - site[found[0]]
            then = np.sqrt((way**2).sum(axis=1))
            sine = (way * up[found[0]]).sum(axis=1) / then
            held = (sine >= np.sin(mask[found[0]])) & (then <= terminal.max_range)
            found = found[0][held], found[1][held], found[2][held], found[3][held]
        return found

    def earth_fixed(self, time: float, which: Indices) -> Array:
        """Earth-fixed positions of satellites [m]."""
        assert self.forecast is not None
        angle = frames.sidereal_angle(self.start, np.array([time]))
        return frames.earth_fixed(self.forecast.positions(time, which), angle)

    def downlinks(
        self, time: float, sky: Weather | None, failed: Sequence[int] | Indices = ()
    ) -> tuple[Indices, int, Array, Array, NDArray[np.bool_]]:
        """Links of stations, the nearest satellites first, while both ends have one left."""
        count = self.ground.stations if self.given.ground_links else 0
        stations = np.arange(count)
        site, satellite, distance, elevation = self._seen(time, stations, self.to_ground)
        rate = self.rates[UP](distance, self._air(sky, site, elevation))
        useful = (rate > 0.0) & ~np.isin(satellite, failed)
        site, satellite, distance, rate = (
            each[useful] for each in (site, satellite, distance, rate)
        )
        order = np.argsort(distance, kind="stable")
        kept = _assign(
            site[order],
            satellite[order],
            np.full(count, self.given.station_links),
            np.full(self.satellites, self.given.ground_links),
        )
        order = np.sort(order[kept])
        edges = np.stack([satellite[order], self.satellites + site[order]], axis=1)
        return edges, UP, distance[order], rate[order], np.zeros(len(order), np.bool_)

    def clear_share(self, edges: Indices) -> Array:
        """Share of time in which clouds leave the links of stations open."""
        if self.climate is None or self.to_ground.medium != "optical":
            return np.ones(len(edges))
        return np.asarray(self.climate.clear)[edges[:, 1] - self.satellites]

    def _to_users(self, time: float) -> tuple[Indices, int, Array, Array, NDArray[np.bool_]]:
        """Links of cities: a beam of every satellite that they see."""
        cities = self.ground.origins
        site, satellite, distance, _ = self._seen(time, cities, self.to_user)
        edges = np.stack([satellite, self.satellites + cities[site]], axis=1)
        rate = self.rates[CITY](distance)
        return edges, UP, distance, rate, np.zeros(len(edges), np.bool_)

    def _air(self, sky: Weather | None, site: Indices, elevation: Array) -> Array | float:
        """Share of the signal that clouds and rain leave on each path."""
        if sky is None:
            return 1.0
        if self.to_ground.medium == "optical":
            return (~sky.cloudy[site]).astype(np.float64)
        if self.to_ground.frequency is None:
            return 1.0
        frequency, latitude = self.to_ground.frequency, self.ground.latitude[site]
        rain = radio.rain_attenuation(
            frequency,
            elevation,
            self.rain[site],
            latitude,
            np.zeros(len(site)),
            radio.rain_height(latitude),
            weather.rain_exceeded(sky)[site],
        )
        water = np.where(sky.cloudy[site], radio.CLOUD_WATER, 0.0)
        return radio.decibels_left(rain + radio.cloud_attenuation(frequency, elevation, water))

    def _fibre(self) -> tuple[Indices, Array, Array]:
        """Fibre: data centre to stations, and cities to stations unless users are direct."""
        ground, n = self.ground, self.satellites
        stations = np.arange(ground.stations)
        pairs = [np.stack(np.broadcast_arrays(stations, ground.centre), axis=1)]
        if self.given.users == "fibre":
            pairs += [np.stack(np.meshgrid(ground.origins, stations), axis=-1).reshape(-1, 2)]
        edges = np.concatenate(pairs)
        return edges + n, *self._glass(edges)

    def _glass(self, edges: Indices) -> tuple[Array, Array]:
        """Length of fibre between places on the ground [m], and light's time through it [s]."""
        up = self.ground.up
        length = self.given.fibre_stretch * great_circle(up[edges[:, 0]], up[edges[:, 1]])
        return length, length * (self.given.fibre_index / SPEED_OF_LIGHT)

    def _climate(self, scenario: Scenario) -> weather.Climate | None:
        """Clouds and rain over the stations."""
        stations = scenario.stations
        self.rain = np.array([station.rain_rate for station in stations])
        if not (self.given.weather and self.satellites and stations):
            return None
        return weather.climate(
            np.array([station.cloud_free for station in stations]),
            self.ground.latitude[: len(stations)],
            self.ground.longitude[: len(stations)],
            self.interval,
            self.seed,
        )

    def _fixed(self, scenario: Scenario, plan: FleetPlan) -> Indices | None:
        """Links that stay as they are, None where neighbours change."""
        kind, orbits = self.given.topology, scenario.constellation
        limit = self.given.terminals
        if not self.satellites or kind == "none" or self.satellites == 1:
            return np.empty((0, 2), np.int64)
        if self.given.edges is not None:
            try:
                return topology.given(self.given.edges, self.names, limit)
            except UnicodeDecodeError:
                raise ValueError(
                    f"{self.given.edges}: not text in UTF-8; save it as that"
                ) from None
        if kind == "plus_grid" and isinstance(orbits, WalkerDelta | WalkerStar | SunSynchronous):
            row, around = self.satellites // orbits.planes, isinstance(orbits, WalkerDelta)
            phasing = 0 if isinstance(orbits, SunSynchronous) else orbits.phasing
            return topology.plus_grid(orbits.planes, row, phasing, not around)
        if kind == "mesh":
            if isinstance(orbits, Cluster):
                along, radial = formation.lattice(orbits.radius, orbits.spacing, orbits.pattern)
                place = np.stack([along, 2.0 * radial], axis=1)
            else:
                assert self.forecast is not None
                place = self.forecast.positions(0.0, np.arange(self.satellites))
            return topology.mesh(place, limit)
        return None


def _among(edges: Indices, others: Indices, n: int) -> NDArray[np.bool_]:
    """Which pairs are also among others."""
    found: NDArray[np.bool_] = np.isin(
        edges[:, 0] * n + edges[:, 1], others[:, 0] * n + others[:, 1]
    )
    return found


def great_circle(one: Array, other: Array) -> Array:
    """Distance between places by their zeniths, on a sphere of the Earth's mean radius [m]."""
    sine = 0.5 * np.sqrt(((one - other) ** 2).sum(axis=1))
    return 2.0 * EARTH_MEAN_RADIUS * np.arcsin(np.minimum(sine, 1.0))


def _ground(scenario: Scenario, orbital: bool) -> Ground:
    """Places on the ground: stations only where there are satellites."""
    given = scenario.network
    stations = scenario.stations if orbital else ()
    places: list[Any] = [*stations, scenario.site, *scenario.cities]
    kinds = [STATION] * len(stations) + [DATA_CENTRE] + [CITY] * len(scenario.cities)
    latitude = np.array([place.latitude for place in places])
    longitude = np.array([place.longitude for place in places])
    mask = np.full(len(places), np.pi / 2.0)
    for k, station in enumerate(stations):
        mask[k] = max(station.elevation_mask, given.elevation_mask or 0.0)
    mask[len(stations) + 1 :] = scenario.user_terminal.elevation_mask
    names = [f"{place.name}" for place in places]
    taken = set(names[: len(stations)])
    names = [
        f"{name} ({PLACES[kind].replace('_', ' ')})" if kind != STATION and name in taken else name
        for name, kind in zip(names, kinds, strict=True)
    ]
    return Ground(
        tuple(names),
        np.array(kinds, np.int8),
        latitude,
        longitude,
        frames.site_position(latitude, longitude),
        visibility.zenith(latitude, longitude),
        mask,
        np.arange(len(stations) + 1, len(places)),
        len(stations),
        len(stations),
    )


def _rate_of(terminal: Terminal) -> Any:
    """Rate of one link by distance and share of the signal that the air leaves."""
    if terminal.medium == "optical":
        physics = {
            name: value
            for name in optical.Terminal._fields
            if (value := getattr(terminal, name)) is not None
        }
        known = optical.Terminal(**physics)
        return lambda distance, air=1.0: optical.rate(distance, known, air)
    waves = radio.Radio(
        terminal.max_rate,
        terminal.max_range,
        frequency=terminal.frequency or np.nan,
        bandwidth=terminal.bandwidth or np.nan,
        power=terminal.eirp or np.nan,
        sensitivity=terminal.g_over_t or np.nan,
        noise=terminal.noise_temperature or np.inf,
        gap=terminal.implementation_loss or 1.0,
        least=terminal.min_spectral_efficiency or 0.0,
        most=terminal.max_spectral_efficiency or np.inf,
        streams=terminal.channels or 1,
    )
    return lambda distance, air=1.0: radio.rate(distance, waves, air)
