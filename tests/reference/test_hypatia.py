"""Round trips and routes over Kuiper-630 against the published series of Hypatia (ETH, MIT).

Kassing et al., IMC 2020 (doi 10.1145/3419394.3423635), `satgenpy` with networkx: 34 planes of
34 satellites at 51.9°, 14.80 revolutions a day, every second plane half a slot ahead, epoch
2000-01-01, four links a satellite to the same slots, cities linked to every satellite within
1,260 km (630 km / sin 30°), a route every 0.1 s for 200 s. Manila is 1173, Saint Petersburg
1229, Dalian 1241. Orbit, frames, sight and routes here are ours.

Their distances come from PyEphem, whose Earth is older than WGS-84: over nine latitudes by
twelve longitudes its ranges fit a satellite 27 to 46 m higher and 12 to 39 m further east, with
7 m of scatter. So a satellite that enters the 1,260 km within some 30 m of a snapshot is there
one snapshot earlier or later. Two of the 2,000 are such: 3.2 s (11 m) and 165.1 s (23 m).
"""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from dawndusk.elements import Elements
from dawndusk.network import routing, topology, visibility
from dawndusk.orbit import frames, secular

DATA = Path(__file__).parents[2] / "../shared/data/hypatia"
CITIES = DATA / "ground_stations_cities_sorted_by_estimated_2025_pop_top_100.basic.txt"
PLANES = PER_PLANE = 34
SATELLITES = PLANES * PER_PLANE
MANILA, PETERSBURG, DALIAN = 1173, 1229, 1241
REACH = 630e3 / np.sin(np.radians(30.0))
LIGHT = 299_792_458.0
START = datetime(2000, 1, 1, tzinfo=UTC)

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="the published Kuiper-630 series lie beside the repository, not here"
)


def kuiper():
    """The constellation as its two-line elements print it, angles to four decimals."""
    plane, slot = np.divmod(np.arange(SATELLITES), PER_PLANE)

    def printed(turns):
        return np.radians(np.round(turns * 360.0, 4))

    def same(value):
        return np.full(SATELLITES, value)

    return Elements(
        names=tuple(f"Kuiper-630 {number}" for number in range(SATELLITES)),
        catalogue_numbers=np.arange(1, SATELLITES + 1),
        epoch=same(0.0),
        mean_motion=same(14.80 * 2.0 * np.pi / 86_400.0),
        eccentricity=same(1e-7),
        inclination=same(np.radians(51.9)),
        node=printed(plane / PLANES),
        argument_of_perigee=same(0.0),
        mean_anomaly=printed((slot + plane % 2 / 2.0) / PER_PLANE),
    )


def positions(table, time):
    """Earth-fixed places of all satellites."""
    place = np.empty((SATELLITES, 3))
    work, (x, y, z) = np.empty((5, secular.BLOCK)), np.empty((3, secular.BLOCK))
    for lo in range(0, SATELLITES, secular.BLOCK):
        hi = min(lo + secular.BLOCK, SATELLITES)
        secular.propagate(table, lo, hi, time, secular.kepler_iterations(table), work, x, y, z)
        place[lo:hi] = np.stack([x, y, z], axis=1)[: hi - lo]
    return frames.earth_fixed(place, frames.sidereal_angle(START, time))


def series(reach):
    """Round trips [ns] and routes of the two pairs of cities at every published time."""
    table = secular.initialise(kuiper())
    cities = np.loadtxt(CITIES, delimiter=",", usecols=(2, 3), encoding="utf-8")
    vertices = SATELLITES + len(cities)
    ends = np.array([MANILA, PETERSBURG, DALIAN])
    latitude, longitude = np.radians(cities[ends - SATELLITES]).T
    site, up = frames.site_position(latitude, longitude), visibility.zenith(latitude, longitude)
    across = topology.plus_grid(PLANES, PER_PLANE)
    trips, routes = np.empty((2, 2000)), ([], [])
    for k in range(2000):
        place = positions(table, k / 10.0)
        length, clear = visibility.line_of_sight(place, across, 80e3)
        assert clear.all()
        city, satellite, distance, _ = visibility.elevation_range(site, up, place, 0.0, reach)
        edges = np.concatenate([across, np.stack([ends[city], satellite], axis=1)])
        pattern = routing.pattern(SATELLITES, vertices, edges)
        seconds = np.concatenate([length, distance]) / LIGHT
        latency, arrival = routing.shortest(pattern, seconds, [MANILA, PETERSBURG])
        for pair, target in enumerate((PETERSBURG, DALIAN)):
            trips[pair, k] = 2e9 * latency[pair, target]
            way = routing.path(pattern, arrival, pair, target)
            reached = np.isfinite(trips[pair, k])
            routes[pair].append("-".join(map(str, way)) if reached else "Unreachable")
    return trips, routes


def published(first, last):
    """Their round trips, inf where unreachable, and their route at every time."""
    name = f"{first}_to_{last}.txt"
    rows = np.loadtxt(DATA / f"kuiper630_networkx_rtt_{name}", delimiter=",")
    assert np.array_equal(rows[:, 0], np.arange(2000) * 100_000_000)
    trips = np.where(rows[:, 1] > 0.0, rows[:, 1], np.inf)
    routes: list[str] = []
    lines = (DATA / f"kuiper630_networkx_path_{name}").read_text().split()
    changes = [(int(line.split(",")[0]) // 100_000_000, line.split(",")[1]) for line in lines]
    for (begin, route), (end, _) in zip(changes, [*changes[1:], (2000, "")], strict=True):
        routes += [route] * (end - begin)
    return trips, routes


@pytest.fixture(scope="module")
def theirs():
    return [published(MANILA, PETERSBURG), published(PETERSBURG, DALIAN)]


def agree(ours, theirs):
    """Relative difference of round trips, 0 where both are out of reach, inf where one is."""
    both = np.isinf(ours) & np.isinf(theirs)
    one = np.isinf(ours) != np.isinf(theirs)
    with np.errstate(invalid="ignore"):
        apart = np.abs(ours / theirs - 1.0)
    return np.where(both, 0.0, np.where(one, np.inf, apart))


def test_first_round_trip(theirs):
    assert theirs[0][0][0] == pytest.approx(76.846e6, rel=1e-5)
    assert theirs[0][1][0] == "1173-184-183-182-181-180-179-178-144-1229"


def test_every_published_round_trip_and_route(theirs):
    """With the reach shorter by the 30 m of PyEphem's Earth, nothing differs but 30 m of way."""
    trips, routes = series(REACH - 30.0)
    for pair in range(2):
        assert routes[pair] == theirs[pair][1]
        assert np.max(agree(trips[pair], theirs[pair][0])) < 1e-5


def test_the_reach_to_the_metre_moves_two_changes_of_route_by_one_snapshot(theirs):
    trips, routes = series(REACH)
    for pair in range(2):
        other = [k for k in range(2000) if routes[pair][k] != theirs[pair][1][k]]
        assert other == [32, 1651]
        apart = agree(trips[pair], theirs[pair][0])
        assert np.flatnonzero(apart > 1e-5).tolist() == other
