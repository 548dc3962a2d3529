"""Networks of scenarios for tests, and their geometry by ERFA, which shares no code with them."""

import math
from dataclasses import fields
from datetime import datetime
from functools import cache

import erfa
import numpy as np

from dawndusk.connections import CITY, ISL, UP, Connections, Snapshot
from dawndusk.fleet_plan import plan_fleet
from dawndusk.forecast import forecast
from dawndusk.scenario import load

LIGHT = 299_792_458.0
MEAN_RADIUS = 6_371_008.8
DAY = 86_400.0

NO_JOBS = "workload.jobs=[]"
EVERY_HOUR = "network.link_uptime=1.0"
CLEAR_SKY = "network.weather=false"
WALKER = (
    NO_JOBS,
    'constellation={kind="walker_delta",altitude="1200 km",inclination="53 deg",'
    "satellites=36,planes=4,phasing=1}",
    "network.terminal=starlink-laser",
)


@cache
def network(name: str, *overrides: str, threads: int = 1) -> Connections:
    """The network of a scenario, kept: what it shows must not depend on earlier looks."""
    return built(name, *overrides, threads=threads)


def built(name: str, *overrides: str, threads: int = 1) -> Connections:
    plan = plan_fleet(load(name, overrides))
    scenario = plan.scenario
    ahead = forecast(plan.elements, scenario.time.start, scenario.time.step, threads=1)
    return Connections(scenario, plan, ahead, 2, threads)


def view(net: Connections, time: float, **given) -> Snapshot:
    return net.look(time, net.weather_at(net.begin(), time), **given)


def same(one: Snapshot, other: Snapshot) -> bool:
    """Whether two snapshots agree to the byte."""
    pairs = [(getattr(one, part.name), getattr(other, part.name)) for part in fields(Snapshot)]
    flat = [(np.asarray(a), np.asarray(b)) for a, b in pairs if not isinstance(a, tuple)]
    flat += [
        (np.asarray(a), np.asarray(b)) for a, b in zip(one.pattern, other.pattern, strict=True)
    ]
    return all(a.shape == b.shape and a.tobytes() == b.tobytes() for a, b in flat)


def sidereal(start: datetime, time: float) -> float:
    days = (start - datetime(2000, 1, 1, 12, tzinfo=start.tzinfo)).total_seconds() / DAY
    return float(erfa.gmst82(2_451_545.0, days + time / DAY))


def places(net: Connections, time: float) -> np.ndarray:
    """Every vertex in coordinates that turn with the Earth [m]."""
    x, y, z = net.forecast.positions(time, net.all).T
    angle = sidereal(net.start, time)
    turned = np.stack(
        [
            math.cos(angle) * x + math.sin(angle) * y,
            math.cos(angle) * y - math.sin(angle) * x,
            z,
        ],
        axis=1,
    )
    ground = net.ground
    return np.concatenate([turned, erfa.gd2gc(1, ground.longitude, ground.latitude, 0.0)])


def lowest(one: np.ndarray, other: np.ndarray, first: float = 0.0) -> np.ndarray:
    """Least height over WGS-84 along straight lines, by ERFA at 601 points of each [m]."""
    share = np.linspace(first, 1.0, 601)[:, None, None]
    return erfa.gc2gd(1, one + share * (other - one))[2].min(axis=0)


def elevation(net: Connections, place: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Of the satellite over the horizon of the place on the ground [rad]."""
    latitude = net.ground.latitude[pairs[:, 1] - net.satellites]
    longitude = net.ground.longitude[pairs[:, 1] - net.satellites]
    up = erfa.gd2gc(1, longitude, latitude, 1.0) - erfa.gd2gc(1, longitude, latitude, 0.0)
    way = place[pairs[:, 0]] - place[pairs[:, 1]]
    return np.arcsin((up * way).sum(axis=1) / np.linalg.norm(way, axis=1))


def check_geometry(net: Connections, seen: Snapshot) -> int:
    """No working link through the Earth, no blocked link that is clear; links that were judged."""
    place = places(net, seen.time + 0.5 * net.interval)
    isl, up = seen.kinds == ISL, seen.kinds == UP
    grazing, reach = net.given.grazing_height, net.isl.max_range
    for low in range(0, np.count_nonzero(isl), 2_000):
        part = np.flatnonzero(isl)[low : low + 2_000]
        one, other = place[seen.edges[part, 0]], place[seen.edges[part, 1]]
        length = np.linalg.norm(other - one, axis=1)
        np.testing.assert_allclose(seen.length[part], length, rtol=1e-9)
        height = lowest(one, other)
        # sagging between samples 9 km apart hides 2 m, the raised ellipsoid 0.1 m
        working, blocked = seen.rate[part] > 0.0, seen.blocked[part]
        assert (height[working] >= grazing - 0.2).all()
        assert (length[working] <= reach).all()
        assert ((height[blocked] < grazing + 2.2) | (length[blocked] > reach)).all()
        assert not (working & blocked).any()
    place = places(net, seen.time + 0.5 * net.interval)
    one, other = place[seen.edges[up, 1]], place[seen.edges[up, 0]]
    if up.any():
        assert lowest(one, other, 1e-6).min() >= 0.0
        city = net.ground.kinds[seen.edges[up, 1] - net.satellites] == CITY
        mask = np.where(city, net.to_user.elevation_mask, net.given.elevation_mask)
        assert (elevation(net, place, seen.edges[up]) >= mask - 1e-5).all()
        np.testing.assert_allclose(seen.length[up], np.linalg.norm(other - one, axis=1), rtol=1e-6)
    assert not seen.blocked[~isl].any()
    return int(np.count_nonzero(isl | up))


def haversine(net: Connections, a: int, b: int) -> float:
    """Great circle between two places on the ground [m]."""
    lat, lon = net.ground.latitude, net.ground.longitude
    a, b = a - net.satellites, b - net.satellites
    half = math.sin(0.5 * (lat[a] - lat[b])) ** 2
    half += math.cos(lat[a]) * math.cos(lat[b]) * math.sin(0.5 * (lon[a] - lon[b])) ** 2
    return 2.0 * MEAN_RADIUS * math.asin(math.sqrt(half))
