"""The published cluster and its generalisation, flown with the sgp4 package without drag."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial import cKDTree
from sgp4.api import SatrecArray

from dawndusk.constants import DAY, SGP4_RADIUS
from dawndusk.elements import Elements
from dawndusk.orbit import constellation, formation

from .test_constellation import satrec

START = datetime(2026, 3, 20, 14, 46, tzinfo=UTC)
A = SGP4_RADIUS + 650e3
PHASES = 241


def fly(
    radius: float, spacing: float, orbits: float = 0.0, latitude: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Positions [m] (n, phases, 3) over one orbit, begun after `orbits`; velocities; seconds."""
    mean = formation.mean_elements(*formation.lattice(radius, spacing), A, latitude)
    return flown(constellation.cluster(650e3, "18:00", START, *mean), orbits)


def flown(elements: Elements, orbits: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same of any satellites."""
    sats = [satrec(elements, k) for k in range(len(elements))]
    period = 2.0 * np.pi / (sats[0].mdot / 60.0)
    seconds = (orbits + np.linspace(0.0, 1.0, PHASES)) * period
    whole = np.full(PHASES, sats[0].jdsatepoch)
    errors, r, v = SatrecArray(sats).sgp4(whole, sats[0].jdsatepochF + seconds / DAY)
    assert not errors.any()
    return r * 1e3, v * 1e3, seconds


@pytest.fixture(scope="module")
def cluster() -> np.ndarray:
    return fly(1000.0, 200.0)[0]


def neighbours(squared: int) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of the 81 whose squared lattice distance is 1 (direct) or 2 (diagonal)."""
    along, radial = formation.lattice(1000.0, 200.0)
    i, j = np.rint(along / 200.0), np.rint(radial / 100.0)
    lattice = (i[:, None] - i) ** 2 + (j[:, None] - j) ** 2
    return np.nonzero(np.triu(lattice == squared))


def relative(positions: np.ndarray, velocities: np.ndarray) -> np.ndarray:
    centre = len(positions) // 2
    return formation.curvilinear(positions, positions[centre], velocities[centre])


def test_the_lattice_holds_81_satellites() -> None:
    along, radial = formation.lattice(1000.0, 200.0)
    assert len(along) == 81
    assert np.abs(along).max() == 1000.0
    assert np.abs(radial).max() == 500.0
    assert (along[40], radial[40]) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("ratio", "count"), [(1, 5), (2, 13), (3, 29), (4, 49), (5, 81), (10, 317), (20, 1257)]
)
def test_lattice_counts_are_gauss_circle_numbers(ratio: int, count: int) -> None:
    """Number of integer points in a circle of radius r: OEIS A000328."""
    assert len(formation.lattice(ratio * 0.1, 0.1)[0]) == count


@pytest.mark.parametrize("ratio", [1, 2, 3, 5, 8, 20])
def test_hexagonal_counts_are_those_of_the_a2_lattice(ratio: int) -> None:
    """1 + 6 Σ (⌊N/(3k+1)⌋ − ⌊N/(3k+2)⌋) points within √N: Hirschhorn 1999, OEIS A038589."""
    steps = range(ratio**2 // 3 + 1)
    count = 1 + 6 * sum(ratio**2 // (3 * k + 1) - ratio**2 // (3 * k + 2) for k in steps)
    assert len(formation.lattice(ratio * 0.1, 0.1, "hexagonal")[0]) == count


@given(
    st.floats(1.0, 30.0),
    st.sampled_from(formation.PATTERNS),
    st.floats(0.5, 8.0),
    st.floats(1, 1e3),
)
def test_a_lattice_fits_its_disc_and_keeps_its_spacing(
    turns: float, pattern: str, ratio: float, spacing: float
) -> None:
    along, radial = formation.lattice(turns * spacing, spacing, pattern, ratio)
    assert np.hypot(along, ratio * radial).max() <= turns * spacing * (1.0 + 1e-9)
    nearest = cKDTree(np.column_stack((along, ratio * radial))).query([0.0, 0.0], k=2)[0]
    np.testing.assert_allclose(nearest, [0.0, spacing], rtol=1e-9)
    mirrored = {(round(-y, 6), round(-x, 6)) for y, x in zip(along, radial, strict=True)}
    assert mirrored == {(round(y, 6), round(x, 6)) for y, x in zip(along, radial, strict=True)}


def test_a_hexagonal_cluster_is_denser_and_keeps_the_same_distance() -> None:
    """Hales 2001: no packing of the plane beats π/√12, 2/√3 = 1.155 times the square one."""
    dense, loose = (
        len(formation.lattice(20e3, 200.0, each)[0]) for each in ("hexagonal", "square")
    )
    assert dense / loose == pytest.approx(2.0 / np.sqrt(3.0), rel=0.002)


def test_a_hexagonal_cluster_flies_with_100_to_200_metres_between_neighbours() -> None:
    lattice = formation.lattice(1000.0, 200.0, "hexagonal")
    mean = formation.mean_elements(*lattice, A)
    elements = constellation.cluster(650e3, "18:00", START, *mean)
    positions, _, _ = flown(elements)
    pairs = formation.neighbours(*lattice, 200.0)
    assert len(pairs) == 240
    distance = np.linalg.norm(positions[pairs[:, 0]] - positions[pairs[:, 1]], axis=-1)
    np.testing.assert_allclose(distance.min(axis=1), 100.0, rtol=0.02)
    np.testing.assert_allclose(distance.max(axis=1), 200.0, rtol=0.02)


@given(st.integers(0, 10_000), st.floats(10.0, 800.0))
def test_neighbours_are_the_pairs_close_in_the_scaled_plane(seed: int, within: float) -> None:
    along, radial = np.random.default_rng(seed).normal(size=(2, 40)) * 300.0
    apart = np.hypot(along[:, None] - along, 2.0 * (radial[:, None] - radial))
    expected = np.argwhere(np.triu(apart <= within, 1))
    np.testing.assert_array_equal(formation.neighbours(along, radial, within), expected)


def test_scaled_distance_bounds_the_distance_in_space() -> None:
    """Half of it and all of it, each twice an orbit, for any pair of drift-free satellites."""
    positions, _, _ = fly(1000.0, 200.0)
    along, radial = formation.lattice(1000.0, 200.0)
    distance = np.linalg.norm(positions[3] - positions, axis=-1)
    scaled = np.hypot(along - along[3], 2.0 * (radial - radial[3]))
    np.testing.assert_allclose(distance.min(axis=1), scaled / 2.0, rtol=0.003)
    np.testing.assert_allclose(distance.max(axis=1), scaled, rtol=0.003)


def test_nobody_is_his_own_neighbour() -> None:
    assert formation.neighbours([0.0], [0.0], 1e3).shape == (0, 2)


@pytest.mark.parametrize(("radius", "spacing"), [(1e3, 0.0), (1e3, 1001.0), (-1.0, -2.0)])
def test_lattice_refuses_a_spacing_that_does_not_fit(radius: float, spacing: float) -> None:
    with pytest.raises(ValueError, match=r"spacing = .* must be positive and not larger"):
        formation.lattice(radius, spacing)


@pytest.mark.parametrize(
    ("pattern", "ratio", "said"),
    [
        ("cubic", 2.0, 'pattern = "cubic": must be one of square, hexagonal'),
        ("square", 0.0, "ratio = 0: must be positive"),
        ("square", np.nan, "ratio = nan: must be positive"),
    ],
)
def test_lattice_refuses_an_unknown_pattern_or_ratio(pattern: str, ratio: float, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        formation.lattice(1e3, 200.0, pattern, ratio)


def test_direct_neighbours_move_between_100_and_200_metres(cluster: np.ndarray) -> None:
    """Suncatcher, arXiv 2511.19468: next-nearest neighbours oscillate ~100–200 m."""
    first, second = neighbours(1)
    distance = np.linalg.norm(cluster[first] - cluster[second], axis=-1)
    np.testing.assert_allclose(distance.min(axis=1), 100.0, rtol=0.02)
    np.testing.assert_allclose(distance.max(axis=1), 200.0, rtol=0.02)


def test_diagonal_neighbours_move_between_141_and_283_metres(cluster: np.ndarray) -> None:
    first, second = neighbours(2)
    distance = np.linalg.norm(cluster[first] - cluster[second], axis=-1)
    np.testing.assert_allclose(distance.min(axis=1), 141.4, rtol=0.02)
    np.testing.assert_allclose(distance.max(axis=1), 282.8, rtol=0.02)


def test_no_pair_comes_closer_than_100_metres(cluster: np.ndarray) -> None:
    apart = np.linalg.norm(cluster[:, None] - cluster, axis=-1)
    apart[np.arange(81), np.arange(81)] = np.inf
    assert apart.min() == pytest.approx(100.0, rel=0.02)


def test_the_shape_repeats_twice_an_orbit(cluster: np.ndarray) -> None:
    first, second = neighbours(1)
    distance = np.linalg.norm(cluster[first] - cluster[second], axis=-1)[:, :-1]
    spectrum = np.abs(np.fft.rfft(distance - distance.mean(axis=1, keepdims=True), axis=1))
    assert np.all(np.argmax(spectrum, axis=1) == 2)


def test_the_farthest_satellite_moves_as_the_published_s1() -> None:
    """S1: apoapsis a + R/2 at t = 3T/12, periapsis at 9T/12; ±R along the track."""
    positions, velocities, _ = fly(1000.0, 200.0)
    along, radial = formation.lattice(1000.0, 200.0)
    s1 = int(np.argmax(along))
    assert (along[s1], radial[s1]) == (1000.0, 0.0)
    offset = relative(positions, velocities)[s1]
    assert np.argmax(offset[:, 0]) / (PHASES - 1) == pytest.approx(3.0 / 12.0, abs=0.01)
    assert np.argmin(offset[:, 0]) / (PHASES - 1) == pytest.approx(9.0 / 12.0, abs=0.01)
    assert offset[:, 0].max() == pytest.approx(500.0, rel=0.005)
    assert np.abs(offset[:, 1]).max() == pytest.approx(1000.0, rel=0.005)


@pytest.mark.parametrize("latitude", [0.0, 1.0, 3.0])
def test_every_satellite_follows_the_hill_ellipse(latitude: float) -> None:
    """Clohessy & Wiltshire 1960: x = x0 cos nt + y0/2 sin nt, y = y0 cos nt − 2 x0 sin nt.

    What differs is J2's short-period motion, 0.13 % of the offset.
    """
    positions, velocities, seconds = fly(1000.0, 200.0, latitude=latitude)
    along, radial = (each[:, None] for each in formation.lattice(1000.0, 200.0))
    turn = 2.0 * np.pi * seconds / seconds[-1]
    expected_radial = radial * np.cos(turn) + along / 2.0 * np.sin(turn)
    expected_along = along * np.cos(turn) - 2.0 * radial * np.sin(turn)
    offset = relative(positions, velocities)
    np.testing.assert_allclose(offset[..., 0], expected_radial, rtol=0.0, atol=2.0)
    np.testing.assert_allclose(offset[..., 1], expected_along, rtol=0.0, atol=2.0)
    np.testing.assert_allclose(offset[..., 2], 0.0, atol=0.5)


def test_the_cluster_does_not_drift_apart() -> None:
    """Mean elements matched: under 5 mm an orbit, against 13 m an orbit for raw HCW states."""
    orbits = 150.0
    begin = relative(*fly(1000.0, 200.0)[:2])
    end = relative(*fly(1000.0, 200.0, orbits)[:2])
    drift = np.abs(end[:, :-1].mean(axis=1) - begin[:, :-1].mean(axis=1)).max() / orbits
    assert drift < 0.005
    assert np.abs(end - begin).max() < 3.0


def test_a_wide_formation_drifts_by_the_square_of_its_size() -> None:
    """J2's secular rates depend on e²: 1.3 m an orbit for satellites 50 km out."""
    begin = relative(*fly(50e3, 25e3)[:2])
    end = relative(*fly(50e3, 25e3, 15.0)[:2])
    drift = np.abs(end[:, :-1].mean(axis=1) - begin[:, :-1].mean(axis=1)).max() / 15.0
    assert drift == pytest.approx(1.26, rel=0.05)


@given(st.floats(-2e3, 2e3), st.floats(-1e3, 1e3), st.floats(0.0, 6.28), st.floats(-5e3, 5e3))
def test_offsets_return_what_mean_elements_stand_for(
    along: float, radial: float, latitude: float, centre: float
) -> None:
    mean = formation.mean_elements(along, radial, A, latitude, centre)
    found = formation.offsets(*mean, A, latitude)
    assert found[0] == pytest.approx(along, abs=1e-6)
    assert found[1] == pytest.approx(radial, abs=1e-6)


def test_the_centre_sits_on_the_smallest_eccentricity_that_sgp4_keeps() -> None:
    eccentricity, _, _ = formation.mean_elements(0.0, 0.0, A)
    assert eccentricity == formation.REFERENCE_ECCENTRICITY == 1e-6


def test_a_train_keeps_its_centres_along_the_track() -> None:
    """No ellipse, only places along the arc: same speed, so the gap stays."""
    places = np.array([0.0, 10e3, 25e3])
    mean = formation.mean_elements(places, 0.0, A, centre=places)
    np.testing.assert_allclose(mean[0], 1e-6)
    np.testing.assert_allclose(np.diff((mean[1] + mean[2]) * A), np.diff(places), rtol=1e-6)


@given(st.floats(-2e5, 2e5), st.floats(-2e5, 2e5), st.floats(-2e5, 2e5), st.integers(0, 10_000))
def test_curvilinear_against_its_own_definition(
    up: float, ahead: float, across: float, seed: int
) -> None:
    """A point placed by rotating the reference along its arc and across is found again."""
    random = np.random.default_rng(seed)
    frame = np.linalg.qr(random.normal(size=(3, 3)))[0]
    frame[:, 2] = np.cross(frame[:, 0], frame[:, 1])
    yaw, pitch = ahead / A, across / A
    local = (A + up) * np.array(
        [np.cos(yaw) * np.cos(pitch), np.sin(yaw) * np.cos(pitch), np.sin(pitch)]
    )
    found = formation.curvilinear(
        frame @ local, A * frame[:, 0], 7.5e3 * frame[:, 1] + 12.0 * frame[:, 0]
    )
    np.testing.assert_allclose(found, [up, ahead, across], rtol=0.0, atol=1e-6)
