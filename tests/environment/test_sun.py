"""The Sun against the almanac, against Skyfield, and its geometry with an orbit."""

import math
from datetime import UTC, datetime, timedelta

import erfa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from dawndusk.constants import ASTRONOMICAL_UNIT, DAY
from dawndusk.environment import sun

ARCSECOND = math.pi / 648000


def equation_of_equinoxes(when: datetime) -> float:
    jd = erfa.dtf2d("UTC", when.year, when.month, when.day, when.hour, when.minute, when.second)
    return float(erfa.ee00b(*erfa.taitt(*erfa.utctai(*jd))))


def of_date(when: datetime) -> tuple[float, float, float, float]:
    """Apparent right ascension, declination and longitude [rad] and distance [au]."""
    x, y, z = sun.positions(when, np.zeros(1))[:, 0] / ASTRONOMICAL_UNIT
    right_ascension = math.atan2(y, x) + equation_of_equinoxes(when)
    r = math.hypot(x, y, z)
    declination = math.asin(z / r)
    year = (when - datetime(2000, 1, 1, 12, tzinfo=UTC)) / timedelta(days=36525)
    mean = (84381.448 - 46.815 * year) * ARCSECOND
    moon_node = math.radians(125.04452 - 1934.136261 * year)
    obliquity = mean + 9.2 * ARCSECOND * math.cos(moon_node)
    longitude = math.atan2(
        math.sin(right_ascension) * math.cos(obliquity)
        + math.tan(declination) * math.sin(obliquity),
        math.cos(right_ascension),
    )
    return right_ascension, declination, longitude, r


def test_meeus_example_25b() -> None:
    # Meeus 1998, Astronomical Algorithms, example 25.b, 1992 October 13.0 TD (TD - UTC = 59.184 s)
    when = datetime(1992, 10, 12, 23, 59, 0, 816000, tzinfo=UTC)
    right_ascension, declination, longitude, r = of_date(when)
    hours = (13 + 13 / 60 + 30.749 / 3600) * math.pi / 12
    assert right_ascension % (2 * math.pi) == pytest.approx(hours, abs=0.1 * ARCSECOND)
    degrees = -math.radians(7 + 47 / 60 + 1.74 / 3600)
    assert declination == pytest.approx(degrees, abs=0.1 * ARCSECOND)
    degrees = math.radians(199 + 54 / 60 + 21.818 / 3600)
    assert longitude % (2 * math.pi) == pytest.approx(degrees, abs=0.5 * ARCSECOND)
    assert r == pytest.approx(0.99760853, abs=2e-7)


@pytest.mark.parametrize(
    ("published", "longitude"),
    [
        (datetime(2026, 3, 20, 14, 46, tzinfo=UTC), 0.0),
        (datetime(2026, 6, 21, 8, 25, tzinfo=UTC), 90.0),
        (datetime(2026, 9, 23, 0, 5, tzinfo=UTC), 180.0),
        (datetime(2026, 12, 21, 20, 50, tzinfo=UTC), 270.0),
    ],
)
def test_equinoxes_and_solstices_of_2026(published: datetime, longitude: float) -> None:
    # U.S. Naval Observatory, Earth's Seasons (instants rounded to the minute)
    def ahead(seconds: float) -> float:
        angle = of_date(published + timedelta(seconds=seconds))[2] - math.radians(longitude)
        return (angle + math.pi) % (2 * math.pi) - math.pi

    assert abs(brentq(ahead, -7200.0, 7200.0)) < 60.0


def test_perihelion_and_aphelion_of_2026() -> None:
    # U.S. Naval Observatory, Earth's Seasons: 3 January 0.98330 au, 6 July 1.01664 au
    days = np.arange(0.0, 365.0, 0.25) * DAY
    r = np.linalg.norm(sun.positions(datetime(2026, 1, 1, tzinfo=UTC), days), axis=0)
    r = r / ASTRONOMICAL_UNIT
    assert (r.min(), r.max()) == pytest.approx((0.98330, 1.01664), abs=2e-5)
    assert (days[r.argmin()] / DAY, days[r.argmax()] / DAY) == pytest.approx((2.7, 186.7), abs=0.3)
    # FACTS 5.1 gives 1,320 to 1,428 W/m² for other solar constants; 1,361 W/m² means these
    light = sun.irradiance(r * ASTRONOMICAL_UNIT)
    assert (light.min(), light.max()) == pytest.approx((1316.8, 1407.6), abs=0.1)


def test_aberration_is_20_arcseconds() -> None:
    when, times = datetime(2026, 1, 1, tzinfo=UTC), np.arange(0.0, 365.0, 5.0) * DAY
    seen = sun.positions(when, times)
    true = sun.positions(when, times, apparent=False)
    cross = np.linalg.norm(np.cross(seen, true, axis=0), axis=0)
    angle = cross / np.sum(seen * true, axis=0) / ARCSECOND
    # constant of aberration 20.496 arcsec, ± the eccentricity of the Earth's orbit
    assert angle == pytest.approx(20.496, rel=0.018)
    ahead = np.arctan2(true[1], true[0]) - np.arctan2(seen[1], seen[0])
    assert np.all((ahead + math.pi) % (2 * math.pi) > math.pi)


@pytest.mark.full
def test_skyfield_sees_the_same_sun() -> None:
    api = pytest.importorskip("skyfield.api", reason="install the [truth] extra")
    data = pytest.importorskip("skyfield_data", reason="install the [truth] extra")
    from skyfield.sgp4lib import TEME

    loader = api.Loader(data.get_skyfield_data_path())
    kernel = loader("de421.bsp")
    scale = loader.timescale(builtin=True)
    times = np.arange(0.0, 1500.0, 10.0) * DAY
    moments = scale.utc(2024, 1, 1, 0, 0, times)
    truth = kernel["earth"].at(moments).observe(kernel["sun"]).apparent().frame_xyz(TEME).m
    found = sun.positions(datetime(2024, 1, 1, tzinfo=UTC), times)
    cross = np.linalg.norm(np.cross(found, truth, axis=0), axis=0)
    assert np.max(cross / np.sum(found * truth, axis=0)) < 0.1 * ARCSECOND
    distances = np.linalg.norm(found, axis=0) - np.linalg.norm(truth, axis=0)
    assert np.max(np.abs(distances)) < 12e3


def test_interpolation_loses_nothing() -> None:
    when, first = datetime(2026, 1, 1, tzinfo=UTC), -2 * sun.TABLE_SPACING
    table = sun.positions(when, first + np.arange(1500) * sun.TABLE_SPACING)
    times = np.random.default_rng(3).uniform(0, 360 * DAY, 3000)
    found = np.array([sun.interpolated(table, first, t) for t in times]).T
    truth = sun.positions(when, times)
    error = np.linalg.norm(found - truth, axis=0) / np.linalg.norm(truth, axis=0)
    assert np.max(error) < 5e-11


def test_start_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        sun.positions(datetime(2026, 1, 1), np.zeros(1))


@pytest.mark.parametrize(
    ("node", "inclination", "direction", "beta"),
    [
        (90.0, 90.0, (1.0, 0.0, 0.0), 90.0),
        (0.0, 90.0, (1.0, 0.0, 0.0), 0.0),
        (0.0, 0.0, (0.0, 0.0, 1.0), 90.0),
        (270.0, 60.0, (1.0, 0.0, 0.0), -60.0),
    ],
)
def test_beta_of_orbits_facing_the_sun(
    node: float, inclination: float, direction: tuple[float, float, float], beta: float
) -> None:
    n, i = math.radians(node), math.radians(inclination)
    sine = sun.beta_sine(math.sin(n), math.cos(n), math.cos(i), math.sin(i), *direction)
    assert sine == pytest.approx(math.sin(math.radians(beta)), abs=1e-12)


@settings(max_examples=40)
@given(st.datetimes(datetime(1975, 1, 1), datetime(2060, 1, 1)))
def test_the_sun_stays_on_its_path(when: datetime) -> None:
    x, y, z = sun.positions(when.replace(tzinfo=UTC), np.zeros(1))[:, 0] / ASTRONOMICAL_UNIT
    r = math.hypot(x, y, z)
    assert 0.9831 < r < 1.0169
    assert abs(math.asin(z / r)) < math.radians(23.45)
