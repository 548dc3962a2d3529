"""View factors and earthshine against closed forms and numerical integration."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawndusk.constants import EARTH_ALBEDO, EARTH_INFRARED, EARTH_MEAN_RADIUS
from dawndusk.environment import earthshine

ALTITUDES = [200e3, 650e3, 2000e3, 5900e3]


def disc(altitude: float, rings: int = 400, spokes: int = 720) -> tuple[np.ndarray, np.ndarray]:
    """Directions (nadir is +z) that cover the Earth's disc and their solid angles."""
    h = 1 + altitude / EARTH_MEAN_RADIUS
    edge = math.sqrt(1 - 1 / h**2)
    # nodes crowd towards the limb, where reflection changes fastest
    s = (np.arange(rings) + 0.5) / rings
    cosine = edge + (1 - edge) * s**2
    weight = (1 - edge) * 2 * s / rings * 2 * math.pi / spokes
    angle = (np.arange(spokes) + 0.5) * 2 * math.pi / spokes
    sine = np.sqrt(1 - cosine**2)
    directions = np.stack(
        [
            np.outer(sine, np.cos(angle)),
            np.outer(sine, np.sin(angle)),
            np.outer(cosine, np.ones(spokes)),
        ]
    )
    return directions.reshape(3, -1), np.repeat(weight, spokes)


def integrated_view_factor(angle: float, altitude: float) -> float:
    directions, weights = disc(altitude)
    normal = np.array([math.sin(angle), 0.0, math.cos(angle)])
    return float(np.sum(np.maximum(normal @ directions, 0) * weights) / math.pi)


def integrated_albedo(sun_cosine: float, angle: float, altitude: float) -> float:
    """Reflected share of sunlight on both faces, the Sun averaged over its azimuths."""
    directions, weights = disc(altitude, 120, 240)
    h = 1 + altitude / EARTH_MEAN_RADIUS
    b = h * directions[2]
    length = b - np.sqrt(np.maximum(b * b - h * h + 1, 0))
    ground = directions * length
    ground[2] -= h
    normal = np.array([math.sin(angle), 0.0, math.cos(angle)])
    seen = np.abs(normal @ directions) * weights / math.pi
    sine = math.sqrt(1 - sun_cosine**2)
    total = 0.0
    for azimuth in np.arange(12) * math.pi / 6:
        sun = np.array([sine * math.cos(azimuth), sine * math.sin(azimuth), -sun_cosine])
        total += float(np.sum(seen * np.maximum(sun @ ground, 0))) / 12
    return EARTH_ALBEDO * total


@pytest.mark.parametrize("altitude", ALTITUDES)
def test_facing_the_earth_is_one_over_h_squared(altitude: float) -> None:
    h = 1 + altitude / EARTH_MEAN_RADIUS
    assert earthshine.view_factor(0.0, altitude) == pytest.approx(1 / h**2, rel=1e-12)
    assert earthshine.view_factor(math.pi, altitude) == 0.0


@pytest.mark.parametrize("altitude", ALTITUDES)
def test_edge_on_has_its_closed_form(altitude: float) -> None:
    # Howell, Catalog of configuration factors, B-38: (atan(1/√(H²-1)) - √(H²-1)/H²)/π
    h = 1 + altitude / EARTH_MEAN_RADIUS
    rest = math.sqrt(h**2 - 1)
    published = (math.atan(1 / rest) - rest / h**2) / math.pi
    assert earthshine.view_factor(math.pi / 2, altitude) == pytest.approx(published, rel=1e-12)


@pytest.mark.parametrize("degrees", [0.0, 20.0, 60.0, 75.0, 90.0, 105.0, 130.0, 160.0])
@pytest.mark.parametrize("altitude", ALTITUDES)
def test_view_factor_is_the_integral_over_the_disc(degrees: float, altitude: float) -> None:
    angle = math.radians(degrees)
    truth = integrated_view_factor(angle, altitude)
    assert earthshine.view_factor(angle, altitude) == pytest.approx(truth, abs=2e-5)


def test_on_the_ground_a_plate_sees_its_half_of_the_world() -> None:
    for angle in np.linspace(0, math.pi, 7):
        half = (1 + math.cos(angle)) / 2
        assert earthshine.view_factor(angle, 0.0) == pytest.approx(half, abs=1e-7)


@pytest.mark.parametrize("degrees", [0.0, 45.0, 90.0])
@pytest.mark.parametrize(
    ("altitude", "tolerance"), [(300e3, 0.009), (650e3, 0.009), (1200e3, 0.016)]
)
def test_albedo_is_the_integral_over_the_lit_ground(
    degrees: float, altitude: float, tolerance: float
) -> None:
    angle = math.radians(degrees)
    spread = earthshine.terminator_spread(altitude)
    faces = earthshine.view_factor(angle, altitude) + earthshine.view_factor(
        math.pi - angle, altitude
    )
    for cosine in (-0.6, -0.2, -0.1, 0.0, 0.1, 0.2, 0.5, 1.0):
        truth = integrated_albedo(cosine, angle, altitude)
        found = earthshine.albedo_irradiance(1.0, cosine, faces, spread)
        assert found == pytest.approx(truth, abs=tolerance * EARTH_ALBEDO * faces)


def test_infrared_of_a_plate_that_sees_only_earth() -> None:
    assert earthshine.infrared_irradiance(1.0) == EARTH_INFRARED


@given(st.floats(0.0, math.pi), st.floats(0.0, 6e6))
def test_two_faces_share_one_earth(angle: float, altitude: float) -> None:
    front = earthshine.view_factor(angle, altitude)
    back = earthshine.view_factor(math.pi - angle, altitude)
    assert 0.0 <= front <= 1.0
    assert 0.0 <= back <= 1.0
    assert front + back <= 1.0 + 1e-12
    # the vector flux of a sphere: the difference is cos γ / H², whatever the horizon cuts
    h = 1 + altitude / EARTH_MEAN_RADIUS
    assert front - back == pytest.approx(math.cos(angle) / h**2, abs=1e-7)


@given(st.floats(-1.0, 1.0), st.floats(-1.0, 1.0), st.floats(100e3, 6e6))
def test_daylight_grows_with_the_sun(one: float, other: float, altitude: float) -> None:
    spread = earthshine.terminator_spread(altitude)
    low, high = sorted((one, other))
    assert 0.0 <= earthshine.daylight(low, spread) <= earthshine.daylight(high, spread) <= 1.0
