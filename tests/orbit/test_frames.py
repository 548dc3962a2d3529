"""Frames against Vallado's published examples and ERFA."""

from datetime import UTC, datetime, timedelta

import erfa
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawndusk.constants import EARTH_FLATTENING, EARTH_RADIUS
from dawndusk.orbit import frames

POLAR_RADIUS = EARTH_RADIUS * (1.0 - EARTH_FLATTENING)


def test_sidereal_angle_of_vallado_example_3_5() -> None:
    """20 August 1992, 12:14:00 UT1: GMST = 152.578 788°, local at −104° 48.578 788°."""
    angle = frames.sidereal_angle(datetime(1992, 8, 20, 12, 14, tzinfo=UTC), 0.0)
    assert np.degrees(angle) == pytest.approx(152.578788, abs=1e-6)


def test_teme_to_earth_fixed_of_vallado_2006() -> None:
    """AIAA 2006-6753, appendix C, 6 April 2004 07:51:28.386009 UTC, UT1 − UTC = −0.4399619 s.

    The paper's PEF position is met with UT1 in place; taking UTC for it and leaving out
    polar motion stays within the errors that the docstrings state.
    """
    start = datetime(2004, 4, 6, tzinfo=UTC)
    second = 7 * 3600 + 51 * 60 + 28.386009
    teme = np.array([5094.18016210e3, 6127.64465950e3, 6380.34453270e3])
    pef = np.array([-1033.47503130e3, 7901.30558560e3, 6380.34453270e3])
    itrf = np.array([-1033.4793830e3, 7901.2952754e3, 6380.3565958e3])
    fixed = frames.earth_fixed(teme, frames.sidereal_angle(start, second - 0.4399619))
    np.testing.assert_allclose(fixed, pef, rtol=0.0, atol=0.1)
    assert np.linalg.norm(fixed - itrf) < 19.0 * np.linalg.norm(itrf) / EARTH_RADIUS
    plain = frames.earth_fixed(teme, frames.sidereal_angle(start, second))
    assert 200.0 < np.linalg.norm(plain - itrf) < 400.0 * np.hypot(*itrf[:2]) / EARTH_RADIUS


def test_geodetic_of_vallado_example_3_3() -> None:
    """r = (6524.834, 6862.875, 6448.296) km: 34.352 496°, 46.446 4°, 5085.22 km.

    The book's ellipsoid has a = 6378.1363 km, 0.7 m less than WGS-84.
    """
    latitude, longitude, height = frames.geodetic(np.array([6524.834e3, 6862.875e3, 6448.296e3]))
    assert np.degrees(latitude) == pytest.approx(34.352496, abs=1e-6)
    assert np.degrees(longitude) == pytest.approx(46.4464, abs=1e-4)
    assert height == pytest.approx(5085.22e3 - 0.7, abs=5.0)


def test_sidereal_angle_gains_a_turn_a_year_on_the_sun() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    day = 86_400.0
    gained = frames.sidereal_angle(start, np.arange(3) * day)
    np.testing.assert_allclose(np.degrees(np.diff(gained)), 360.98564737 - 360.0, atol=1e-7)
    later = frames.sidereal_angle(start + timedelta(days=2), 0.0)
    assert later == pytest.approx(gained[2], abs=1e-9)


def test_sidereal_angle_follows_the_modern_one() -> None:
    """IAU 2006 GMST (another theory: Earth rotation angle plus precession) within 0.2″."""
    start = datetime(2026, 5, 30, tzinfo=UTC)
    time = np.linspace(0.0, 86_400.0 * 365, 1000)
    julian = 2451545.0 + (start - frames.J2000).total_seconds() / 86_400.0
    modern = erfa.gmst06(julian, time / 86_400.0, julian, time / 86_400.0 + 69.2 / 86_400.0)
    difference = (frames.sidereal_angle(start, time) - modern + np.pi) % (2.0 * np.pi) - np.pi
    assert np.max(np.abs(difference)) < np.radians(0.2 / 3600.0)


def test_a_start_without_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        frames.sidereal_angle(datetime(2026, 1, 1), 0.0)


@pytest.mark.parametrize("height", [-1e4, 0.0, 650e3, 4e7])
def test_geodetic_limits(height: float) -> None:
    points = np.array(
        [
            [EARTH_RADIUS + height, 0.0, 0.0],
            [0.0, -EARTH_RADIUS - height, 0.0],
            [0.0, 0.0, POLAR_RADIUS + height],
            [0.0, 0.0, -POLAR_RADIUS - height],
        ]
    )
    latitude, longitude, found = frames.geodetic(points)
    np.testing.assert_allclose(np.degrees(latitude), [0.0, 0.0, 90.0, -90.0], atol=1e-12)
    np.testing.assert_allclose(np.degrees(longitude[:2]), [0.0, -90.0], atol=1e-12)
    np.testing.assert_allclose(found, height, rtol=0.0, atol=1e-7)


@given(
    st.floats(-np.pi / 2.0, np.pi / 2.0),
    st.floats(-np.pi, np.pi),
    st.floats(-1e4, 4e7),
)
def test_geodetic_returns_what_went_in_and_agrees_with_erfa(
    latitude: float, longitude: float, height: float
) -> None:
    fixed = frames.site_position(latitude, longitude, height)
    np.testing.assert_allclose(fixed, erfa.gd2gc(1, longitude, latitude, height), atol=1e-7)
    back = frames.geodetic(fixed)
    assert back[0] == pytest.approx(latitude, abs=1e-14)
    if abs(latitude) < 1.57:
        assert np.cos(back[1] - longitude) == pytest.approx(1.0, abs=1e-14)
    assert back[2] == pytest.approx(height, abs=1e-7)
    reference = erfa.gc2gd(1, fixed)
    assert back[0] == pytest.approx(reference[1], abs=1e-10)
    assert back[2] == pytest.approx(reference[2], abs=1e-7)


@given(st.floats(-1e3, 1e3), st.integers(0, 1_000_000))
def test_earth_fixed_keeps_length_and_pole(angle: float, seed: int) -> None:
    position = np.random.default_rng(seed).normal(size=(5, 3)) * 7e6
    fixed = frames.earth_fixed(position, angle)
    np.testing.assert_allclose(
        np.linalg.norm(fixed, axis=1), np.linalg.norm(position, axis=1), rtol=1e-14
    )
    np.testing.assert_array_equal(fixed[:, 2], position[:, 2])
    np.testing.assert_allclose(frames.earth_fixed(fixed, -angle), position, rtol=0.0, atol=1e-7)


def test_earth_fixed_broadcasts_one_angle_a_time() -> None:
    position = np.random.default_rng(1).normal(size=(4, 6, 3))
    angle = np.linspace(0.0, 3.0, 4)
    together = frames.earth_fixed(position, angle[:, None])
    apart = np.stack([frames.earth_fixed(position[k], angle[k]) for k in range(4)])
    np.testing.assert_array_equal(together, apart)


def test_horizon_limits() -> None:
    latitude, longitude = np.radians(48.1), np.radians(11.6)
    site = frames.site_position(latitude, longitude, 500.0)
    overhead = frames.site_position(latitude, longitude, 650_500.0)
    _, elevation, distance = frames.horizon(overhead, site, latitude, longitude)
    assert np.degrees(elevation) == pytest.approx(90.0, abs=1e-6)
    assert distance == pytest.approx(650e3, abs=1e-6)
    for bearing, step in ((0.0, (1e-4, 0.0)), (90.0, (0.0, 1e-4)), (180.0, (-1e-4, 0.0))):
        near = frames.site_position(latitude + step[0], longitude + step[1], 500.0)
        azimuth, elevation, _ = frames.horizon(near, site, latitude, longitude)
        assert np.degrees(azimuth) % 360.0 == pytest.approx(bearing, abs=0.01)
        assert np.degrees(elevation) == pytest.approx(0.0, abs=0.01)


@given(st.integers(0, 1_000_000))
def test_horizon_agrees_with_erfa_hour_angle_and_declination(seed: int) -> None:
    random = np.random.default_rng(seed)
    latitude, longitude = random.uniform(-1.5, 1.5), random.uniform(-3.1, 3.1)
    site = frames.site_position(latitude, longitude, random.uniform(0.0, 4e3))
    target = random.normal(size=3) * 8e6
    away = target - site
    declination = np.arctan2(away[2], np.hypot(away[0], away[1]))
    hour_angle = longitude - np.arctan2(away[1], away[0])
    expected = erfa.hd2ae(hour_angle, declination, latitude)
    azimuth, elevation, distance = frames.horizon(target, site, latitude, longitude)
    assert np.cos(azimuth - expected[0]) == pytest.approx(1.0, abs=1e-12)
    assert elevation == pytest.approx(expected[1], abs=1e-9)
    assert distance == pytest.approx(np.linalg.norm(away), rel=1e-15)
