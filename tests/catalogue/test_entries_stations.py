"""Sets of ground stations: real places, plausible weather, and the sky they cover."""

import itertools
import math

import numpy as np
import pytest

from dawndusk import catalogue
from dawndusk.catalogue.entries import Cities, Station, Stations
from dawndusk.scenario import trees
from dawndusk.scenario.errors import Fault, ScenarioError

EARTH = 6_371.0
SIZES = {"none": 0, "polar-4": 4, "global-12": 12, "starlink-gateways": 40, "worldwide-48": 48}
ALL_SETS = catalogue.names("stations")


def stations(name: str) -> tuple[Station, ...]:
    found = catalogue.entry(f"stations.{name}").resolved
    assert isinstance(found, Stations)
    return found.stations


def apart(a: Station, b: Station) -> float:
    """Great circle [km], haversine."""
    chord = math.sin(0.5 * (a.latitude - b.latitude)) ** 2 + math.cos(a.latitude) * math.cos(
        b.latitude
    ) * (math.sin(0.5 * (a.longitude - b.longitude)) ** 2)
    return 2.0 * EARTH * math.asin(math.sqrt(chord))


def in_sight(
    name: str, altitude: float, inclination: float, mask: float, precession: float
) -> tuple[float, float]:
    """Share of five days that a station sees a satellite, and the longest gap [min].

    A circular orbit about a round, turning Earth: a cap of the sphere about each station.
    """
    radius = EARTH + altitude
    at = np.arange(0.0, 5 * 86_400.0, 20.0)
    along = math.sqrt(398_600.4418 / radius**3) * at
    turned = (precession - 7.292115e-5) * at
    tilt = math.radians(inclination)
    x, y = np.cos(along), np.sin(along) * math.cos(tilt)
    here = np.stack(
        [
            x * np.cos(turned) - y * np.sin(turned),
            x * np.sin(turned) + y * np.cos(turned),
            np.sin(along) * math.sin(tilt),
        ]
    )
    cap = math.acos(EARTH * math.cos(math.radians(mask)) / radius) - math.radians(mask)
    seen = np.zeros(at.size, dtype=bool)
    for each in stations(name):
        level = math.cos(each.latitude)
        up = (
            level * math.cos(each.longitude),
            level * math.sin(each.longitude),
            math.sin(each.latitude),
        )
        seen |= np.asarray(up) @ here > math.cos(cap)
    gap = max((len(list(run)) for dark, run in itertools.groupby(~seen) if dark), default=0)
    return float(seen.mean()), gap * 20.0 / 60.0


def test_sizes() -> None:
    assert {name: len(stations(name)) for name in ALL_SETS} == SIZES


@pytest.mark.parametrize("name", ALL_SETS)
def test_stations_are_places_of_their_own(name: str) -> None:
    found = stations(name)
    assert len({each.name for each in found}) == len(found)
    for a, b in itertools.combinations(found, 2):
        assert apart(a, b) > 300.0, (a.name, b.name)


def test_a_station_is_the_same_in_every_set() -> None:
    known: dict[str, Station] = {}
    for name in ALL_SETS:
        for each in stations(name):
            assert known.setdefault(each.name, each) == each


@pytest.mark.parametrize("name", ALL_SETS)
def test_weather_is_plausible(name: str) -> None:
    """Rain of 0.01 % of the year: none dry, up to 120 mm/h in the tropics (ITU-R P.837)."""
    for each in stations(name):
        assert 0.05 <= each.cloud_free <= 0.9, each.name
        rain = each.rain_rate * 3.6e6
        assert 1.0 <= rain <= 120.0, each.name
        assert abs(each.latitude) < math.radians(60.0) or rain <= 25.0, each.name
        assert each.elevation_mask == 0.0


def test_stations_lie_by_the_cities_they_are_named_after() -> None:
    """Places that the catalogue also holds as cities: within 60 km of those."""
    cities = catalogue.entry("cities.world").resolved
    assert isinstance(cities, Cities)
    known = {city.name: city for city in cities.cities}
    matched = 0
    for each in {each.name: each for name in ALL_SETS for each in stations(name)}.values():
        city = known.get(each.name)
        if city is not None:
            matched += 1
            assert apart(each, city) < 60.0, each.name  # type: ignore[arg-type]
    assert matched >= 5


@pytest.mark.parametrize(
    ("name", "altitude", "inclination", "precession", "share", "gap"),
    [
        ("worldwide-48", 650.0, 97.99, 1.991e-7, 0.93, 12.0),
        ("worldwide-48", 700.0, 98.19, 1.991e-7, 0.94, 12.0),
        ("worldwide-48", 325.0, 45.0, 0.0, 0.60, 30.0),
        ("starlink-gateways", 550.0, 53.0, 0.0, 0.60, 40.0),
        ("global-12", 650.0, 97.99, 1.991e-7, 0.40, 80.0),
        ("polar-4", 650.0, 97.99, 1.991e-7, 0.20, 101.0),
    ],
)
def test_how_long_a_satellite_is_in_sight(
    name: str, altitude: float, inclination: float, precession: float, share: float, gap: float
) -> None:
    """What the sets' sources and the shipped scenarios say: above 5 deg."""
    seen, longest = in_sight(name, altitude, inclination, 5.0, precession)
    assert share <= seen <= share + 0.05
    assert longest <= gap


def test_wrong_stations() -> None:
    faults: list[Fault] = []
    one = {"name": "a", "latitude": "1 deg", "longitude": "2 deg", "cloud_free": 1.2}
    own = {"stations": {"mine": trees.read({"title": "Mine", "stations": [one]}, "user", faults)}}
    with pytest.raises(ScenarioError) as caught:
        catalogue.entry("stations.mine", own)
    lines = str(caught.value)
    assert "catalogue.stations.mine.stations.0.cloud_free = 1.2: out of range" in lines
    assert "catalogue.stations.mine.stations.0.rain_rate: missing; allowed: a speed in" in lines
