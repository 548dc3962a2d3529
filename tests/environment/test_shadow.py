"""The shadow against rays traced to the ellipsoid, closed forms and numerical integration."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from dawndusk.constants import (
    ASTRONOMICAL_UNIT,
    EARTH_FLATTENING,
    EARTH_RADIUS,
    SUN_RADIUS,
)
from dawndusk.environment import shadow

POLAR_RADIUS = EARTH_RADIUS * (1 - EARTH_FLATTENING)


def clearance(place: np.ndarray, sun: np.ndarray) -> float:
    return float(shadow.clearance(*place, *shadow.sun_frame(*sun))[0])


def traced_fraction(place: np.ndarray, sun: np.ndarray, points: int = 100_000) -> float:
    """Share of points of the Sun's disc whose straight ray misses the ellipsoid."""
    towards = sun - place
    distance = np.linalg.norm(towards)
    axis = towards / distance
    one = np.cross(axis, [0.3, -0.5, 0.8])
    one /= np.linalg.norm(one)
    two = np.cross(axis, one)
    # a sunflower covers the disc evenly: no ring or spoke can line up with the limb
    k = np.arange(points) + 0.5
    r = np.sqrt(k / points) * math.tan(math.asin(SUN_RADIUS / distance))
    a = k * math.pi * (3 - math.sqrt(5))
    rays = axis[:, None] + one[:, None] * (r * np.cos(a)) + two[:, None] * (r * np.sin(a))
    axes = np.array([EARTH_RADIUS, EARTH_RADIUS, POLAR_RADIUS])
    p, d = (place / axes)[:, None], rays / axes[:, None]
    b, c = np.sum(p * d, axis=0), np.sum(p * p) - 1
    hit = (b < 0) & (b * b - np.sum(d * d, axis=0) * c > 0)
    return float(1 - np.mean(hit))


def near_limb(random: np.random.Generator, altitude: float) -> tuple[np.ndarray, np.ndarray]:
    """A satellite whose line to the Sun's centre grazes the ellipsoid, then shifted a little."""
    sun = random.normal(size=3)
    sun[2] *= 0.3
    sun *= ASTRONOMICAL_UNIT / np.linalg.norm(sun)
    side = np.cross(sun, random.normal(size=3))
    side /= np.linalg.norm(side)
    s = sun / np.linalg.norm(sun)
    r = EARTH_RADIUS + altitude
    angle = math.pi - math.asin(EARTH_RADIUS / r) + random.uniform(-0.012, 0.006)
    return r * (math.cos(angle) * s + math.sin(angle) * side), sun


@pytest.mark.parametrize(
    ("altitude", "tolerance"), [(400e3, 3.5e-4), (650e3, 3.5e-4), (5800e3, 1e-3)]
)
def test_visible_share_is_what_rays_to_the_ellipsoid_see(altitude: float, tolerance: float) -> None:
    random = np.random.default_rng(11)
    inside = 0
    for _ in range(150):
        place, sun = near_limb(random, altitude)
        found = shadow.visible_fraction(clearance(place, sun))
        inside += 0.0 < found < 1.0
        assert found == pytest.approx(traced_fraction(place, sun), abs=tolerance)
    assert inside > 30


def test_tangent_at_the_equator_and_over_the_pole() -> None:
    sun = np.array([ASTRONOMICAL_UNIT, 0.0, 0.0])
    for behind in (1000e3, 2500e3, 6000e3):
        # from (-behind, R') the tangent to the ellipse touches where the Sun's centre sets
        for edge, axis in ((EARTH_RADIUS, 1), (POLAR_RADIUS, 2)):
            place = np.array([-behind, 0.0, 0.0])
            # ray (D + behind, -height) tangent to x²/a² + y²/b² = 1 in the plane
            place[axis] = _grazing_height(behind, EARTH_RADIUS, edge)
            assert clearance(place, sun) == pytest.approx(0.0, abs=2e-5)


def _grazing_height(behind: float, a: float, b: float) -> float:
    """Height over the axis at which the line to the Sun's centre touches the ellipse."""
    # the line from (D, 0) with slope m touches where m² (D² - a²) = b²
    slope = b / math.sqrt(ASTRONOMICAL_UNIT**2 - a**2)
    return slope * (ASTRONOMICAL_UNIT + behind)


def test_noon_is_lit_and_midnight_is_dark() -> None:
    sun = np.array([0.0, ASTRONOMICAL_UNIT, 0.0])
    assert clearance(np.array([0.0, 7e6, 0.0]), sun) > 1.0
    assert clearance(np.array([0.0, -7e6, 0.0]), sun) < -1.0
    assert clearance(np.array([7e6, 0.0, 0.0]), sun) > 1.0
    assert np.isfinite(clearance(np.array([1e-9, -7e6, 0.0]), sun))


def test_zenith_cosine() -> None:
    frame = shadow.sun_frame(0.0, ASTRONOMICAL_UNIT, 0.0)
    for angle in (0.0, 1.0, 2.0, 3.0):
        found = shadow.clearance(7e6 * math.sin(angle), 7e6 * math.cos(angle), 0.0, *frame)[1]
        assert found == pytest.approx(math.cos(angle), abs=1e-12)


def test_half_a_disc_is_half_the_light() -> None:
    assert shadow.visible_fraction(0.0) == 0.5
    # circular segment of height r/2: 0.19550 of the disc (Weisstein, Circular Segment)
    assert shadow.visible_fraction(-0.5) == pytest.approx(0.195501, abs=1e-6)
    assert shadow.visible_fraction(-1.0) == 0.0
    assert shadow.visible_fraction(1.0) == 1.0


@pytest.mark.parametrize("edges", [(2.0, 1.0), (1.5, -1.5), (-0.3, 0.4), (0.2, 0.2), (9.0, -15.0)])
def test_mean_along_a_straight_path_is_the_integral(edges: tuple[float, float]) -> None:
    left, right = edges
    rise = right - left
    found = shadow.mean_fraction(left - rise, left, right, right + rise)
    kinks = [p for p in ((1 - left) / rise, (-1 - left) / rise) if 0 < p < 1] if rise else None
    truth = quad(lambda p: shadow.visible_fraction(left + p * rise), 0, 1, points=kinks)[0]
    assert found == pytest.approx(truth, abs=1e-9)


def test_an_eclipse_between_two_lit_edges_is_found() -> None:
    def path(p: float) -> float:
        return 1.1 + 3.0 * (p + 0.2) * (p - 1.2) + 0.3 * p**3

    edges = [path(p) for p in (-1.0, 0.0, 1.0, 2.0)]
    found = shadow.mean_fraction(*edges)
    truth = quad(lambda p: shadow.visible_fraction(path(p)), 0, 1, limit=200)[0]
    assert truth < 0.95
    assert found == pytest.approx(truth, abs=2e-3)


@pytest.mark.parametrize("period", [5400.0, 13500.0])
def test_the_margin_covers_the_bulge_of_a_step(period: float) -> None:
    # depth of the dip below a chord, along circular orbits grazing the shadow anywhere
    rate, duration = 2 * math.pi / period, 0.1 * period / (2 * math.pi)
    r = (398600.8e9 / rate**2) ** (1 / 3)
    sun_radius = SUN_RADIUS / ASTRONOMICAL_UNIT
    margin = shadow.transition_margin(rate, duration, sun_radius)
    frame = shadow.sun_frame(ASTRONOMICAL_UNIT, 0.0, 0.0)
    limit = math.asin(EARTH_RADIUS / r)
    for beta in np.linspace(0.0, limit, 12):
        u = np.linspace(0, 2 * math.pi, 7200)
        x, y = np.cos(u) * math.cos(beta) * r, np.sin(u) * r
        z = np.cos(u) * math.sin(beta) * r
        depth = np.array([shadow.clearance(*p, *frame)[0] for p in zip(x, y, z, strict=True)])
        half = round(0.05 / (2 * math.pi / 7199))
        bulge = 0.5 * (depth[: -2 * half] + depth[2 * half :]) - depth[half:-half]
        near = np.abs(depth[half:-half]) < 1 + margin
        assert np.max(bulge[near], initial=0.0) < margin


@given(st.floats(-3.0, 3.0), st.floats(-3.0, 3.0))
def test_visible_share_is_bounded_monotone_and_symmetric(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 0.0 <= shadow.visible_fraction(low) <= shadow.visible_fraction(high) <= 1.0
    both = shadow.visible_fraction(one) + shadow.visible_fraction(-one)
    assert both == pytest.approx(1.0, abs=1e-14)


@given(*[st.floats(-20.0, 20.0)] * 4)
def test_mean_share_is_bounded(before: float, left: float, right: float, after: float) -> None:
    assert 0.0 <= shadow.mean_fraction(before, left, right, after) <= 1.0
