"""Collision probability on NASA's real conjunctions; manoeuvre rates against closed forms."""

import csv
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import dblquad, quad
from scipy.stats import ncx2

from dawndusk.constants import JULIAN_YEAR
from dawndusk.fleet import conjunction

CARA = Path(__file__).parents[2] / "../shared/data/cara"
ALONG = [0.0, 0.0, 7500.0]
FLUX = 16e-6 / JULIAN_YEAR


def plane_case(miss: tuple[float, float], spread: tuple[float, float], radius: float) -> float:
    covariance = np.diag([spread[0] ** 2, spread[1] ** 2, 1e6])
    return float(conjunction.collision_probability([*miss, 0.0], ALONG, covariance, radius)[0])


def read_message(path: Path) -> list[dict[str, str]]:
    objects: list[dict[str, str]] = []
    for line in path.read_text().splitlines():
        key, separator, value = (part.strip() for part in line.partition("="))
        if not separator:
            continue
        if key == "OBJECT":
            objects.append({})
        if objects:
            objects[-1][key] = re.sub(r" *\[.*", "", value)
    return objects


def state(entry: dict[str, str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Position, velocity and covariance of position in the message's inertial frame."""
    assert entry["REF_FRAME"] == "EME2000"
    place = 1e3 * np.array([float(entry[axis]) for axis in "XYZ"])
    speed = 1e3 * np.array([float(entry[f"{axis}_DOT"]) for axis in "XYZ"])
    radial = place / np.linalg.norm(place)
    normal = np.cross(place, speed) / np.linalg.norm(np.cross(place, speed))
    axes = np.stack((radial, np.cross(normal, radial), normal), axis=1)
    local = np.empty((3, 3))
    for i, j in ((0, 0), (1, 0), (1, 1), (2, 0), (2, 1), (2, 2)):
        local[i, j] = local[j, i] = float(entry[f"C{'RTN'[i]}_{'RTN'[j]}"])
    return place, speed, axes @ local @ axes.T


@pytest.mark.skipif(not CARA.exists(), reason="NASA's conjunction messages are not here")
def test_every_real_conjunction_has_its_published_probability() -> None:
    with (CARA / "cara_pc_table.csv").open() as table:
        rows = list(csv.DictReader(table))
    assert len(rows) == 53
    first, second = [], []
    for row in rows:
        one, other = read_message(CARA / "cdm" / f"{row['Conjunction_ID']}.cdm")
        first.append(state(one))
        second.append(state(other))
    place, speed = (
        np.array([b[k] - a[k] for a, b in zip(first, second, strict=True)]) for k in (0, 1)
    )
    covariance = np.array([a[2] + b[2] for a, b in zip(first, second, strict=True)])
    radius = [float(row["HBR_m"]) for row in rows]
    published = np.array([float(row["Pc2D"]) for row in rows])
    found = conjunction.collision_probability(place, speed, covariance, radius)
    # measured: 1.2e-8 at most, also for the three below 1e-20
    assert np.max(np.abs(found / published - 1.0)) < 5e-8
    assert np.sum(published > 1e-20) == 49


@pytest.mark.parametrize("spread", [0.001, 0.03, 1.0, 7.0, 500.0])
@pytest.mark.parametrize("miss", [0.0, 3.0, 9.9, 10.1, 40.0])
def test_a_round_spread_is_the_noncentral_chi_square(spread: float, miss: float) -> None:
    truth = ncx2.cdf((10.0 / spread) ** 2, 2, (miss / spread) ** 2)
    found = plane_case((0.6 * miss, 0.8 * miss), (spread, spread), 10.0)
    # the reference itself keeps about 1e-10 of its size
    assert found == pytest.approx(truth, rel=2e-6, abs=1e-13)


@pytest.mark.parametrize(
    ("miss", "spread"),
    [((200.0, 30.0), (1000.0, 12.0)), ((4.0, -6.0), (3.0, 25.0)), ((0.0, 15.0), (40.0, 2.0))],
)
def test_probability_is_the_integral_over_the_disc(
    miss: tuple[float, float], spread: tuple[float, float]
) -> None:
    def density(angle: float, r: float) -> float:
        x = (r * np.cos(angle) - miss[0]) / spread[0]
        y = (r * np.sin(angle) - miss[1]) / spread[1]
        return float(r * np.exp(-0.5 * (x * x + y * y)) / (2.0 * np.pi * spread[0] * spread[1]))

    truth = dblquad(density, 0.0, 10.0, 0.0, 2.0 * np.pi, epsabs=0.0, epsrel=1e-9)[0]
    assert plane_case(miss, spread, 10.0) == pytest.approx(truth, rel=1e-8)


def test_a_certain_miss_and_a_certain_hit() -> None:
    assert plane_case((1000.0, 0.0), (1.0, 1.0), 10.0) == 0.0
    assert plane_case((0.0, 0.0), (0.0, 0.0), 10.0) == pytest.approx(1.0, abs=1e-12)


def test_motion_along_the_track_does_not_matter() -> None:
    covariance = np.array([[400.0, 90.0, 10.0], [90.0, 2500.0, -40.0], [10.0, -40.0, 900.0]])
    speed = np.array([3000.0, -5000.0, 2000.0])
    here = conjunction.collision_probability([30.0, 20.0, 5.0], speed, covariance, 8.0)
    later = conjunction.collision_probability(
        np.array([30.0, 20.0, 5.0]) + 0.7 * speed, speed, covariance, 8.0
    )
    assert later == pytest.approx(here, rel=1e-9)


@given(
    st.floats(-100.0, 100.0),
    st.floats(-100.0, 100.0),
    st.floats(0.5, 300.0),
    st.floats(0.5, 300.0),
    st.floats(0.5, 30.0),
)
def test_probability_is_bounded_and_grows_with_the_radius(
    x: float, y: float, first: float, second: float, radius: float
) -> None:
    small = plane_case((x, y), (first, second), radius)
    large = plane_case((x, y), (first, second), 1.5 * radius)
    assert 0.0 <= small <= large * (1.0 + 1e-9) + 1e-300
    assert large <= 1.0 + 1e-12
    assert plane_case((-x, y), (first, second), radius) == pytest.approx(small, rel=1e-9)


def test_rate_counts_the_encounters_above_the_threshold() -> None:
    """Encounters laid evenly over the plane, each by the full integral."""
    wide, narrow, radius, threshold = 700.0, 70.0, 10.0, 1e-5
    x, y = np.meshgrid(np.linspace(-5000.0, 5000.0, 201), np.linspace(-500.0, 500.0, 201))
    place = np.stack((x.ravel(), y.ravel(), 0.0 * x.ravel()), axis=1)
    speed = np.broadcast_to(ALONG, place.shape)
    spread = np.broadcast_to(np.diag([wide**2, narrow**2, 1.0]), (len(place), 3, 3))
    found = np.concatenate(
        [
            conjunction.collision_probability(place[k], speed[k], spread[k], radius)
            for k in np.array_split(np.arange(len(place)), 100)
        ]
    )
    cell = 50.0 * 5.0
    rate = conjunction.avoidance_rate(1.0, radius, wide, narrow, threshold)
    assert np.sum(found > threshold) * cell == pytest.approx(float(rate), rel=0.005)
    left = conjunction.residual_collision_rate(1.0, radius, wide, narrow, threshold)
    peak = conjunction.residual_collision_rate(1.0, radius, wide, narrow, 1.0)
    dodged = np.sum(found[found > threshold]) * cell
    assert dodged == pytest.approx(float(peak - left), rel=0.005)
    assert peak == pytest.approx(np.pi * radius**2, rel=1e-12)


def test_residual_is_the_integral_outside_the_ellipse() -> None:
    """With elliptic shells of area: ∫ peak·exp(−u) 2π·σ₁·σ₂ du from ln(peak/threshold) on."""
    peak = float(conjunction.peak_probability(10.0, 900.0, 60.0))
    start = np.log(peak / 1e-6)
    truth = quad(lambda u: peak * np.exp(-u) * 2.0 * np.pi * 900.0 * 60.0, start, np.inf)[0]
    found = conjunction.residual_collision_rate(1.0, 10.0, 900.0, 60.0, 1e-6)
    assert found == pytest.approx(truth, rel=1e-9)


def test_starlink_manoeuvres_fix_the_spread() -> None:
    """207,152 manoeuvres of 10,400 satellites in half a year at 3e-7: 40 a satellite and year."""
    rate = 207_152 / (10_400 * 0.5)
    assert rate == pytest.approx(40.0, rel=0.005)
    product = conjunction.spread_of_rate(FLUX, 10.0, 3e-7, rate / JULIAN_YEAR)
    wide, narrow = np.sqrt(product * 10.0), np.sqrt(product / 10.0)
    again = conjunction.avoidance_rate(FLUX, 10.0, wide, narrow, 3e-7) * JULIAN_YEAR
    assert again == pytest.approx(rate, rel=1e-9)
    # the industry's 1e-4 asks for fewer, in the proportion of the logarithms
    industry = conjunction.avoidance_rate(FLUX, 10.0, wide, narrow, 1e-4) * JULIAN_YEAR
    peak = conjunction.peak_probability(10.0, wide, narrow)
    assert industry / again == pytest.approx(np.log(peak / 1e-4) / np.log(peak / 3e-7), rel=1e-9)
    # an hour and a half ahead by 2 km: published 0.01 to 0.05 m/s a year for ordinary rates
    ordinary = conjunction.avoidance_delta_v(0.1, 2000.0, 43_200.0)
    assert 0.001 < ordinary < 0.05


@given(st.floats(1e-9, 1.0), st.floats(1e-9, 1.0))
def test_a_stricter_threshold_moves_more_and_leaves_less(one: float, other: float) -> None:
    low, high = sorted((one, other))
    case = (FLUX, 10.0, 1000.0, 50.0)
    assert conjunction.avoidance_rate(*case, low) >= conjunction.avoidance_rate(*case, high)
    assert conjunction.residual_collision_rate(*case, low) <= (
        conjunction.residual_collision_rate(*case, high)
    )


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="relative speed is zero"):
        conjunction.collision_probability([1.0, 0, 0], [0.0, 0, 0], np.eye(3), 1.0)
    with pytest.raises(ValueError, match="none below 0"):
        conjunction.collision_probability([1.0, 0, 0], ALONG, np.diag([-1.0, 1, 1]), 1.0)
    with pytest.raises(ValueError, match="radius is -1 m; allowed: above 0"):
        conjunction.collision_probability([1.0, 0, 0], ALONG, np.eye(3), -1.0)
    with pytest.raises(ValueError, match="threshold is 2; allowed: above 0 and up to 1"):
        conjunction.avoidance_rate(FLUX, 10.0, 1000.0, 50.0, 2.0)
    with pytest.raises(ValueError, match="flux is -1"):
        conjunction.avoidance_rate(-1.0, 10.0, 1000.0, 50.0, 0.1)
    with pytest.raises(ValueError, match="up to a third of the spread"):
        conjunction.peak_probability(10.0, 1000.0, 5.0)
    with pytest.raises(ValueError, match="the most that this flux"):
        conjunction.spread_of_rate(FLUX, 10.0, 3e-7, 1.0)
    with pytest.raises(ValueError, match="must be above 0"):
        conjunction.spread_of_rate(FLUX, 0.0, 3e-7, 1e-6)
    with pytest.raises(ValueError, match="lead above 0"):
        conjunction.avoidance_delta_v(1.0, 1.0, 0.0)
    with pytest.raises(ValueError, match="standard deviations must be above 0"):
        conjunction.peak_probability(10.0, 0.0, 5.0)
