"""Closest approaches against all pairs, a k-d tree and the published cluster."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from dawndusk.orbit import formation, formation_distances

from .test_formation import fly


def closest_of_all_pairs(positions: np.ndarray) -> np.ndarray:
    """Distance from each satellite's chord to every other's: an end, or the height over it."""
    apart = positions[:, None, :, :] - positions[:, :, None, :]
    begin, end = (apart[:1], apart[:1]) if len(positions) == 1 else (apart[:-1], apart[1:])
    along = end - begin
    distance = np.minimum(np.linalg.norm(begin, axis=-1), np.linalg.norm(end, axis=-1))
    foot = (np.sum(begin * along, axis=-1) < 0.0) & (np.sum(end * along, axis=-1) > 0.0)
    height = np.linalg.norm(np.cross(begin, end), axis=-1)
    length = np.linalg.norm(along, axis=-1)
    distance = np.where(foot, height / np.where(foot, length, 1.0), distance)
    n = positions.shape[1]
    distance[:, np.arange(n), np.arange(n)] = np.inf
    return np.asarray(distance.min(axis=(0, 2)))


@pytest.fixture(scope="module")
def cluster() -> np.ndarray:
    return np.swapaxes(fly(1000.0, 200.0)[0], 0, 1)


def test_a_satellite_alone_meets_nobody() -> None:
    found = formation_distances.minimum_distances(np.zeros((3, 1, 3)))
    assert found.distance[0] == np.inf
    assert found.partner[0] == -1
    assert len(formation_distances.too_close(found, 1e9)[0]) == 0


def test_a_pass_between_two_moments_is_seen() -> None:
    """Two satellites meet head-on at 15 km/s, 7 m apart, midway between moments 2 and 3."""
    seconds = np.arange(6.0)[:, None]
    way = 7.5e3 * (seconds - 2.5)
    near = np.concatenate((way, 0.0 * way, 0.0 * way), axis=1)
    far = np.concatenate((-way, 0.0 * way + 7.0, 0.0 * way), axis=1)
    still = np.concatenate((0.0 * way, 0.0 * way + 5e3, 0.0 * way), axis=1)
    found = formation_distances.minimum_distances(np.stack((near, still, far), axis=1))
    np.testing.assert_allclose(found.distance[[0, 2]], 7.0, rtol=1e-12)
    assert found.distance[1] == pytest.approx(4993.0, rel=1e-12)
    assert found.partner.tolist() == [2, 2, 0]
    assert found.interval.tolist() == [2, 2, 2]


@settings(max_examples=60)
@given(
    st.integers(2, 70),
    st.integers(1, 3),
    st.sampled_from(["ball", "plane", "line", "clumps"]),
    st.floats(0.0, 3.0),
    st.integers(0, 10_000),
)
def test_the_grid_finds_what_all_pairs_hold(
    n: int, moments: int, shape: str, speed: float, seed: int
) -> None:
    random = np.random.default_rng(seed)
    places = random.normal(size=(n, 3)) * 100.0
    if shape == "plane":
        places[:, 2] = 0.3 * places[:, 0]
    elif shape == "line":
        places[:, 1:] = 0.0
    elif shape == "clumps":
        places = 1e4 * np.round(places / 100.0) + random.normal(size=(n, 3))
    steps = random.normal(size=(moments, n, 3)) * speed * 10.0 + 7.5e5
    positions = places + np.cumsum(steps, axis=0)
    found = formation_distances.minimum_distances(positions)
    expected = closest_of_all_pairs(positions)
    np.testing.assert_allclose(found.distance, expected, rtol=1e-9, atol=1e-7)
    partner = positions[:, np.arange(n)] - positions[:, found.partner]
    assert np.all(np.linalg.norm(partner, axis=-1).min(axis=0) >= found.distance - 1e-7)


def test_five_thousand_at_rest_against_a_k_d_tree() -> None:
    random = np.random.default_rng(3)
    places = random.normal(size=(5000, 3))
    places *= 7e6 / np.linalg.norm(places, axis=1, keepdims=True)
    expected = cKDTree(places).query(places, k=2)[0][:, 1]
    found = formation_distances.minimum_distances(places[None])
    np.testing.assert_allclose(found.distance, expected, rtol=1e-9)


def test_many_satellites_at_one_place() -> None:
    found = formation_distances.minimum_distances(np.full((2, 200, 3), 7e6))
    assert not found.distance.any()


def test_the_cluster_keeps_100_metres(cluster: np.ndarray) -> None:
    """Suncatcher, arXiv 2511.19468: direct neighbours move between about 100 and 200 m."""
    found = formation_distances.minimum_distances(cluster)
    np.testing.assert_allclose(found.distance, 100.0, rtol=0.02)
    np.testing.assert_allclose(found.distance, closest_of_all_pairs(cluster), rtol=1e-9)
    assert len(formation_distances.too_close(found, 98.0)[0]) == 0
    pairs, distance = formation_distances.too_close(found, 102.0)
    assert np.all(np.diff(distance) >= 0.0)
    assert set(pairs.ravel()) == set(range(81))


@pytest.mark.parametrize(
    ("within", "shortest", "longest", "count"),
    [(200.0, 100.0, 200.0, 140), (200.0 * 2.0**0.5, 141.4, 282.8, 272)],
)
def test_neighbours_move_between_the_published_distances(
    cluster: np.ndarray, within: float, shortest: float, longest: float, count: int
) -> None:
    along, radial = formation.lattice(1000.0, 200.0)
    pairs = formation.neighbours(along, radial, within)
    assert len(pairs) == count
    scaled = np.hypot(np.diff(along[pairs])[:, 0], 2.0 * np.diff(radial[pairs])[:, 0])
    low, high = formation_distances.pair_distances(cluster, pairs[scaled > within - 1.0])
    np.testing.assert_allclose(low, shortest, rtol=0.02)
    np.testing.assert_allclose(high, longest, rtol=0.02)


@given(st.integers(2, 12), st.integers(2, 5), st.integers(0, 10_000))
def test_pair_distances_of_every_pair_hold_the_closest_approach(
    n: int, moments: int, seed: int
) -> None:
    """Shortest on chords, as all pairs; longest at a moment, where a chord has its ends."""
    positions = np.random.default_rng(seed).normal(size=(moments, n, 3)) * 100.0
    pairs = np.column_stack(np.triu_indices(n, 1))
    shortest, longest = formation_distances.pair_distances(positions, pairs)
    for i, expected in enumerate(closest_of_all_pairs(positions)):
        own = np.any(pairs == i, axis=1)
        assert shortest[own].min() == pytest.approx(expected, rel=1e-9)
    apart = np.linalg.norm(positions[:, pairs[:, 0]] - positions[:, pairs[:, 1]], axis=-1)
    np.testing.assert_allclose(longest, apart.max(axis=0), rtol=1e-12)


def test_a_minute_between_moments_costs_a_thousandth(cluster: np.ndarray) -> None:
    """Relative acceleration stays below 2n² × distance, so the sag below (n·Δt)²/4."""
    apart = 3
    fine = formation_distances.minimum_distances(cluster).distance
    coarse = formation_distances.minimum_distances(cluster[::apart]).distance
    sag = (2.0 * np.pi * apart / (len(cluster) - 1)) ** 2 / 4.0
    np.testing.assert_allclose(coarse, fine, rtol=sag)


@given(st.integers(2, 40), st.floats(1.0, 200.0), st.integers(0, 10_000))
def test_too_close_is_empty_exactly_when_nobody_enters(n: int, keep_out: float, seed: int) -> None:
    positions = np.random.default_rng(seed).normal(size=(2, n, 3)) * 200.0
    found = formation_distances.minimum_distances(positions)
    pairs, distance = formation_distances.too_close(found, keep_out)
    assert set(pairs.ravel()) >= set(np.flatnonzero(found.distance < keep_out))
    assert np.all(distance < keep_out)
    assert np.all(pairs[:, 0] < pairs[:, 1])
    assert len(np.unique(pairs, axis=0)) == len(pairs)


@pytest.mark.parametrize(
    ("positions", "said"),
    [
        (np.zeros((4, 3)), r"positions of shape \(4, 3\): must be \(moments, n, 3\)"),
        (np.zeros((0, 4, 3)), r"must be \(moments, n, 3\)"),
        (np.full((1, 2, 3), np.nan), "every coordinate must be a finite number"),
    ],
)
def test_positions_that_are_none(positions: np.ndarray, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        formation_distances.minimum_distances(positions)
