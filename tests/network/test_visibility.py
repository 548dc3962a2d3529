"""Sight lines against marched rays, quadratic equations and every pair tried in turn."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dawndusk.constants import EARTH_FLATTENING, EARTH_RADIUS
from dawndusk.network import visibility
from dawndusk.orbit import frames

POLAR_RADIUS = EARTH_RADIUS * (1.0 - EARTH_FLATTENING)


def seen(one, other, height=80e3):
    length, clear = visibility.line_of_sight(np.array([one, other]), np.array([[0, 1]]), height)
    return float(length[0]), bool(clear[0])


def directions(random, n):
    away = random.normal(size=(n, 3))
    return away / np.linalg.norm(away, axis=1)[:, None]


def lowest_height(one, other, steps=4001):
    """Lowest geodetic height along a segment, from points on it and a parabola through three."""
    share = np.linspace(0.0, 1.0, steps)[:, None]
    height = frames.geodetic(one + share * (other - one))[2]
    k = min(max(int(np.argmin(height)), 1), steps - 2)
    before, here, after = height[k - 1 : k + 2]
    bend = before - 2.0 * here + after
    inside = 0 < np.argmin(height) < steps - 1
    return here - (before - after) ** 2 / (8.0 * bend) if inside else height.min()


def test_line_over_the_equator_touches_at_the_closed_form():
    """Two satellites of one height see each other up to 2·√(r² − (a + h)²)."""
    r, h = EARTH_RADIUS + 550e3, 80e3
    longest = visibility.clear_range(r, h)
    assert longest == pytest.approx(2.0 * math.sqrt(r**2 - (EARTH_RADIUS + h) ** 2), rel=1e-15)
    for share, clear in ((1.0 - 1e-9, True), (1.0 + 1e-9, False)):
        half = math.asin(share * longest / 2.0 / r)
        ends = [(r * math.cos(a), r * math.sin(a), 0.0) for a in (-half, half)]
        length, found = seen(*ends, h)
        assert found is clear
        assert length == pytest.approx(share * longest, rel=1e-12)


def test_line_over_the_pole_passes_where_one_over_the_equator_does_not():
    h, r = 80e3, EARTH_RADIUS + 550e3
    height = POLAR_RADIUS + h
    reach = math.sqrt(r**2 - height**2)
    above, below = height + 0.1, height - 0.1
    assert seen((reach, 0.0, above), (-reach, 0.0, above))[1]
    assert not seen((reach, 0.0, below), (-reach, 0.0, below))[1]
    assert not seen((reach, above, 0.0), (-reach, above, 0.0))[1]


def test_published_longest_link():
    """Chaudhry & Yanikomeroglu, IEEE Vehicular Technology Magazine 16(2), 2021: 5,016 km between
    Starlink satellites at 550 km that keep 80 km over the ground."""
    assert visibility.clear_range(EARTH_RADIUS + 550e3, 80e3) == pytest.approx(5016e3, abs=1e3)


def test_against_heights_along_the_line():
    """Geodetic heights of points on the line say the same, to the 0.1 m in 80 km stated."""
    random = np.random.default_rng(3)
    near = 0
    for _ in range(300):
        r = EARTH_RADIUS + random.uniform(400e3, 2000e3)
        one, beside = directions(random, 2)
        beside -= one * (one @ beside)
        beside /= np.linalg.norm(beside)
        angle = 2.0 * math.acos((EARTH_RADIUS + random.uniform(-20e3, 250e3)) / r)
        ends = r * one, r * (math.cos(angle) * one + math.sin(angle) * beside)
        lowest = lowest_height(*ends)
        for margin in (-1e4, -1.0, -0.01, 0.11 * abs(lowest) / 80e3 + 0.01, 1.0, 1e4):
            near += 0.0 < lowest - margin < 300e3
            if lowest - margin > 0.0:
                assert seen(*ends, lowest + margin)[1] == (margin < 0.0), (lowest, margin)
    assert near > 1000


def test_a_cluster_is_clear_and_a_buried_end_is_not():
    place = np.array([7e6, 0.0, 0.0])
    assert seen(place, np.array([7e6, 100.0, 0.0]))[1]
    assert seen(place, place)[1]
    # one above the other: the line meets the Earth only beyond its lower end
    assert seen(place, 1.2 * place)[1]
    assert seen(1.2 * place, place)[1]
    low = np.array([EARTH_RADIUS + 79e3, 0.0, 0.0])
    assert not seen(low, place)[1]
    assert visibility.clear_range(EARTH_RADIUS, 80e3) == 0.0


@settings(max_examples=200)
@given(st.integers(0, 2**32 - 1), st.floats(0.0, 300e3), st.floats(0.0, 300e3))
def test_sight_is_mutual_and_lost_by_raising_the_limit(seed, one, other):
    random = np.random.default_rng(seed)
    a, b = (EARTH_RADIUS + random.uniform(350e3, 1500e3)) * directions(random, 2)
    low, high = sorted((one, other))
    assert seen(a, b, low)[1] == seen(b, a, low)[1]
    assert seen(a, b, high)[1] <= seen(a, b, low)[1]
    turn = random.uniform(0.0, 2.0 * math.pi)
    c, s = math.cos(turn), math.sin(turn)
    about_pole = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
    if abs(lowest_height(a, b) - low) > 1.0:
        assert seen(about_pole @ a, about_pole @ b, low)[1] == seen(a, b, low)[1]


@settings(max_examples=100)
@given(st.integers(0, 2**32 - 1), st.floats(0.0, 1.0))
def test_no_line_within_the_clear_range_meets_the_earth(seed, share):
    random = np.random.default_rng(seed)
    r = EARTH_RADIUS + random.uniform(300e3, 1500e3)
    one, beside = directions(random, 2)
    beside -= one * (one @ beside)
    beside /= np.linalg.norm(beside)
    angle = 2.0 * math.asin(share * visibility.clear_range(r, 80e3) / 2.0 / r * (1.0 - 1e-9))
    assert seen(r * one, r * (math.cos(angle) * one + math.sin(angle) * beside))[1]


def every_pair(site, latitude, longitude, satellite, mask, max_range):
    """All sites against all satellites through `frames.horizon`, which shares no code."""
    _, elevation, distance = frames.horizon(
        satellite[None, :], site[:, None], latitude[:, None], longitude[:, None]
    )
    inside = (elevation >= mask[:, None]) & (distance <= max_range[:, None])
    i, j = np.nonzero(inside)
    return i, j, distance[inside], elevation[inside]


@pytest.mark.parametrize("satellites", [1, 7, 400, 3000])
def test_every_pair_is_found_and_no_other(satellites):
    random = np.random.default_rng(satellites)
    sites = 60
    latitude = np.arcsin(random.uniform(-1.0, 1.0, sites))
    latitude[:2] = math.pi / 2.0, -math.pi / 2.0
    longitude = random.uniform(-math.pi, math.pi, sites)
    height = random.uniform(-400.0, 5000.0, sites)
    site = frames.site_position(latitude, longitude, height)
    mask = random.uniform(math.radians(-5.0), math.radians(60.0), sites)
    max_range = np.where(random.random(sites) < 0.3, 1500e3, np.inf)
    for top in (600e3, 36_000e3):
        radius = EARTH_RADIUS + random.uniform(350e3, top, satellites)
        satellite = directions(random, satellites) * radius[:, None]
        up = visibility.zenith(latitude, longitude)
        found = visibility.elevation_range(site, up, satellite, mask, max_range)
        truth = every_pair(site, latitude, longitude, satellite, mask, max_range)
        for ours, theirs, tolerance in zip(found, truth, (0, 0, 1e-6, 1e-9), strict=True):
            assert len(ours) == len(theirs)
            assert np.max(np.abs(ours - theirs), initial=0) <= tolerance


def test_no_satellite_on_the_rim_is_missed():
    """All of one height, many just above the mask, where the cap leaves its cells."""
    random = np.random.default_rng(7)
    latitude = np.arcsin(random.uniform(-1.0, 1.0, 1000))
    longitude = random.uniform(-math.pi, math.pi, 1000)
    site = frames.site_position(latitude, longitude)
    satellite = directions(random, 5000) * 7.1e6
    mask = np.full(1000, math.radians(25.0))
    found = visibility.elevation_range(
        site, visibility.zenith(latitude, longitude), satellite, mask
    )
    away = satellite[None, :] - site[:, None]
    over = np.einsum("ijk,ik->ij", away, visibility.zenith(latitude, longitude))
    truth = np.nonzero(over >= math.sin(mask[0]) * np.linalg.norm(away, axis=2))
    assert np.array_equal(found[0], truth[0])
    assert np.array_equal(found[1], truth[1])


def test_straight_up_and_on_the_horizon():
    site = frames.site_position(np.array([0.7]), np.array([-1.0]))
    up = visibility.zenith(np.array([0.7]), np.array([-1.0]))
    _, _, distance, elevation = visibility.elevation_range(site, up, site + 500e3 * up, 0.0)
    assert distance[0] == pytest.approx(500e3, rel=1e-12)
    assert elevation[0] == pytest.approx(math.pi / 2.0, abs=1e-6)
    level = np.cross(up, [[0.0, 0.0, 1.0]])
    level /= np.linalg.norm(level)
    for lift, count in ((1.0, 1), (-1.0, 0)):
        place = site + 2e6 * level + lift * up
        assert len(visibility.elevation_range(site, up, place, 0.0)[0]) == count


def test_growing_beyond_the_first_room():
    """A thousand satellites over one site: more pairs than room was made for."""
    up = visibility.zenith(np.zeros(3), np.zeros(3))
    site = frames.site_position(np.zeros(3), np.zeros(3))
    random = np.random.default_rng(0)
    satellite = site[0] + [600e3, 0.0, 0.0] + random.normal(size=(1000, 3)) * 1e3
    found = visibility.elevation_range(site, up, satellite, 1.0)
    assert np.array_equal(found[0], np.repeat([0, 1, 2], 1000))
    assert np.array_equal(found[1], np.tile(np.arange(1000), 3))


def test_nothing_to_see():
    site, up = frames.site_position(np.zeros(2), np.zeros(2)), visibility.zenith([0, 0], [0, 0])
    for found in (
        visibility.elevation_range(site, up, np.empty((0, 3)), 0.1),
        visibility.elevation_range(site[:0], up[:0], site * 1.1, 0.1),
    ):
        assert [len(part) for part in found] == [0, 0, 0, 0]


def test_a_mask_in_degrees_is_refused():
    site, up = frames.site_position(np.zeros(2), np.zeros(2)), visibility.zenith([0, 0], [0, 0])
    with pytest.raises(ValueError, match=r"mask of site 1 = 1432\.39°: must lie between −30° and"):
        visibility.elevation_range(site, up, site * 1.1, [0.1, 25.0])


@settings(max_examples=50)
@given(st.integers(0, 2**32 - 1))
def test_a_higher_mask_sees_a_part_of_what_a_lower_one_sees(seed):
    random = np.random.default_rng(seed)
    satellite = directions(random, 300) * 7e6
    latitude = random.uniform(-1.5, 1.5, 5)
    site = frames.site_position(latitude, latitude)
    up = visibility.zenith(latitude, latitude)
    low, high = np.sort(random.uniform(0.0, 1.5, 2))
    wide = set(zip(*visibility.elevation_range(site, up, satellite, low)[:2], strict=True))
    narrow = visibility.elevation_range(site, up, satellite, high)
    assert set(zip(*narrow[:2], strict=True)) <= wide
    assert np.all(narrow[3] >= high - 1e-12)
