"""A hand-made network in the place of `connections.Connections`, to know every way and rate."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dawndusk.connections import CITY, DATA_CENTRE, FIBRE, ISL, STATION, UP, Ground, Snapshot
from dawndusk.network import routing, visibility
from dawndusk.network.weather import Weather
from dawndusk.orbit import frames
from dawndusk.record import Record
from dawndusk.requests import Requests
from dawndusk.scenario import load
from tests.system.whole_run import Prepared, prepare

SUNNY = (
    "time.start=2027-12-21T00:00:00Z",
    "time.duration=2 h",
    "workload.rate=0 Hz",
    "workload.jobs=[]",
    "faults.enabled=false",
    "satellite.thermal.radiator_area=60 m²",
    "economics.launcher=starship",
)
"""Satellites above the shadow, with power and cold enough for full speed at all times."""

GLASS = 2e-3
"""From the data centre and from each city to the station [s]."""

Link = tuple[int, int, float, float]
"""Two vertices, rate [bit/s], one-way delay [s]."""


@dataclass
class Wires:
    """Satellites, one station, the data centre and cities, linked as told.

    Vertices: satellites 0 … n − 1, station n, data centre n + 1, cities from n + 2 on.
    """

    satellites: int
    links: Sequence[Link]
    ground_nodes: int = 0
    cities: int = 1
    interval: float = 300.0
    working: Callable[[float], Any] = lambda time: True
    """Which of the links work in the interval from a time on, one or all."""
    looks: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        count, n = self.cities + 2, self.satellites
        reach = SimpleNamespace(name="wire", max_range=2e6, elevation_mask=0.1)
        self.to_ground = self.to_user = reach
        latitude, longitude = np.linspace(0.1, 0.9, count), np.linspace(-1.5, 1.5, count)
        self.ground = Ground(
            ("station", "centre", *(f"city-{k}" for k in range(self.cities))),
            np.array([STATION, DATA_CENTRE, *[CITY] * self.cities], np.int8),
            latitude,
            longitude,
            frames.site_position(latitude, longitude),
            visibility.zenith(latitude, longitude),
            np.zeros(count),
            np.arange(2, count),
            1,
            1,
        )
        self.share = np.full(self.cities, 1.0 / self.cities)
        self.all = np.arange(n)
        self.fibre = [(n + end, n, np.inf, GLASS) for end in range(1, count)]
        self.edges = np.array([link[:2] for link in (*self.links, *self.fibre)], np.int64)
        ends = self.edges.max(axis=1) >= n, self.edges.min(axis=1) >= n
        self.kinds = np.select([ends[1], ends[0]], [FIBRE, UP], ISL)
        assert (np.diff(self.kinds) >= 0).all(), "links between satellites first, then up"

    vertices = property(lambda self: self.satellites + len(self.ground.names))
    centre = property(lambda self: self.satellites + 1)

    def name(self, vertex: int) -> str:
        n = self.satellites
        return f"sat-{vertex}" if vertex < n else self.ground.names[vertex - n]

    def kind(self, vertex: int) -> str:
        return "satellite" if vertex < self.satellites else "ground"

    def vertex_of_site(self, site: Any) -> Any:
        return np.where(np.asarray(site) < self.satellites, site, self.centre)

    def begin(self) -> Weather | None:
        return None

    def weather_at(self, now: Weather | None, time: float) -> Weather | None:
        return None

    def earth_fixed(self, time: float, which: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.stack([7e6 + which, 1e5 * which, 1e5 + which], axis=1).astype(float)

    def look(self, time: float, sky: Weather | None, failed: Sequence[int] = ()) -> Snapshot:
        self.looks.append(time)
        n, given = self.satellites, np.array([*self.links, *self.fibre])
        works = np.ones(len(given), np.bool_)
        works[: len(self.links)] = self.working(time)
        rate, seconds = np.where(works, given[:, 2], 0.0), np.where(works, given[:, 3], np.inf)
        pattern = routing.pattern(n, self.vertices, self.edges)
        roots = n + np.append(self.ground.origins, self.ground.centre)
        latency, arrival = routing.shortest(pattern, seconds, roots)
        to_centre = np.full((self.cities, self.ground_nodes), 2.0 * GLASS)
        return Snapshot(
            time=time,
            edges=self.edges,
            kinds=self.kinds.astype(np.int8),
            length=given[:, 3] * 3e8,
            rate=rate,
            blocked=~works,
            seconds=seconds,
            pattern=pattern,
            delay=np.concatenate([latency[:-1, :n], to_centre], axis=1),
            arrival=arrival,
            from_centre=latency[-1],
            contact=np.isfinite(latency[-1, :n]),
            linked=works[: len(self.links)].any() & np.ones(n, np.bool_),
        )

    def ways(self, view: Snapshot, sources: Any, ends: Any = None) -> tuple[Any, Any]:
        return routing.shortest(view.pattern, view.seconds, np.asarray(sources, np.int64), ends)


@cache
def sunny(*overrides: str, satellites: int = 2) -> Prepared:
    """A bright fleet, whose network is given to `carried`."""
    shape = f'constellation={{kind="sun_synchronous", altitude="1500 km", satellites={satellites}}}'
    return prepare(load("suncatcher", [*SUNNY, shape, *overrides]))


def job(kind: str = "batch", work: str = "1 YFLOP", **more: Any) -> str:
    """Override that declares one job; text is quoted."""
    extra = "".join(
        f', {name}="{value}"' if isinstance(value, str) else f", {name}={value}"
        for name, value in more.items()
    )
    return (
        f'workload.jobs=[{{name="work", kind="{kind}", work="{work}", utilisation=0.5, '
        f'checkpoint_time="0 s"{extra}}}]'
    )


def asked(arrival: Any, prompt: Any = 100, output: Any = 10, origin: Any = 0) -> Requests:
    """Requests, alike where one value is given."""
    time = np.asarray(arrival, float)
    columns = (
        np.full(len(time), value, kind) if np.ndim(value) == 0 else np.asarray(value, kind)
        for value, kind in ((prompt, np.int32), (output, np.int32), (origin, np.int16))
    )
    return Requests(time, *columns)


def carried(ready: Prepared, wires: Any, **given: Any) -> Record:
    """The orbital side over hand-made wires."""
    share = np.full(wires.cities, 1.0 / wires.cities)
    return ready.changed(origin_share=share).orbit(network=wires, **given)
