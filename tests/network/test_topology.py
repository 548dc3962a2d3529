"""Links chosen by geometry against closed counts, sorting of all pairs and scipy's trees."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree
from scipy.spatial.distance import pdist, squareform

from dawndusk.network import topology

RESOLUTION = 1e-3


def degrees(edges, n):
    return np.bincount(edges.ravel(), minlength=n)


def pieces(edges, n):
    graph = coo_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(n, n))
    return connected_components(graph, directed=False)[0]


def proper(edges, n):
    """Pairs of existing satellites, lower number first, each once, in order."""
    rows = [tuple(edge) for edge in edges.tolist()]
    return rows == sorted(set(rows)) and all(0 <= i < j < n for i, j in rows)


def greedy(position, terminals, max_range):
    """All pairs by distance to the millimetre, then by number."""
    n = len(position)
    free = [terminals] * n
    pairs = []
    for i, j in itertools.combinations(range(n), 2):
        apart = round(float(np.linalg.norm(position[i] - position[j])) / RESOLUTION)
        if apart * RESOLUTION <= max_range:
            pairs.append((apart, i, j))
    chosen = []
    for _, i, j in sorted(pairs):
        if free[i] and free[j]:
            free[i] -= 1
            free[j] -= 1
            chosen.append((i, j))
    return sorted(chosen)


def walker(planes, per_plane, phasing, node_span=2.0 * np.pi):
    """Places on a unit sphere at 53°, plane by plane."""
    plane, slot = np.divmod(np.arange(planes * per_plane), per_plane)
    u = 2.0 * np.pi * (slot / per_plane + phasing * plane / len(plane))
    node, tilt = node_span * plane / planes, np.radians(53.0)
    x, y, z = np.cos(u), np.sin(u) * np.cos(tilt), np.sin(u) * np.sin(tilt)
    c, s = np.cos(node), np.sin(node)
    return np.stack([c * x - s * y, s * x + c * y, z], axis=1), u


@pytest.mark.parametrize(("planes", "per_plane"), [(72, 22), (34, 34), (3, 3), (5, 4)])
def test_every_satellite_of_a_plus_grid_has_four_links(planes, per_plane):
    n = planes * per_plane
    edges = topology.plus_grid(planes, per_plane, 1)
    assert proper(edges, n)
    assert len(edges) == 2 * n
    assert np.all(degrees(edges, n) == 4)
    assert pieces(edges, n) == 1


def test_a_star_keeps_its_seam_open():
    edges = topology.plus_grid(6, 11, 2, star=True)
    assert len(edges) == 6 * 11 + 5 * 11
    assert not any({i // 11, j // 11} == {0, 5} for i, j in edges)
    assert pieces(edges, 66) == 1


@pytest.mark.parametrize(
    ("planes", "per_plane", "pairs"),
    [
        (1, 1, []),
        (1, 2, [(0, 1)]),
        (1, 4, [(0, 1), (0, 3), (1, 2), (2, 3)]),
        (2, 1, [(0, 1)]),
        (2, 2, [(0, 1), (0, 2), (1, 3), (2, 3)]),
        (3, 1, [(0, 1), (0, 2), (1, 2)]),
    ],
)
def test_small_grids_have_no_link_twice_or_to_itself(planes, per_plane, pairs):
    assert topology.plus_grid(planes, per_plane).tolist() == [list(pair) for pair in pairs]


@settings(max_examples=100)
@given(st.integers(3, 20), st.integers(3, 20), st.data())
def test_the_partner_in_the_next_plane_is_the_nearest_in_phase(planes, per_plane, data):
    phasing = data.draw(st.integers(0, planes - 1))
    _, u = walker(planes, per_plane, phasing)
    slot = 2.0 * np.pi / per_plane
    for i, j in topology.plus_grid(planes, per_plane, phasing):
        if i // per_plane != j // per_plane:
            ahead = (u[j] - u[i] + np.pi) % (2.0 * np.pi) - np.pi
            # over the seam the last plane's partner stands in plane 0, seen as plane p
            assert abs(ahead) <= slot / 2.0 + 1e-9


def test_no_jump_at_the_seam_of_starlinks_shell():
    """1,584 satellites, 72 planes, f = 39: links across the seam are as long as the others."""
    place, _ = walker(72, 22, 39)
    edges = topology.plus_grid(72, 22, 39)
    plane = edges // 22
    length = np.linalg.norm(place[edges[:, 0]] - place[edges[:, 1]], axis=1)
    seam = (plane == [0, 71]).all(axis=1)
    beside = (plane[:, 1] - plane[:, 0]) == 1
    assert seam.sum() == 22
    assert length[seam].max() <= length[beside].max() * (1.0 + 1e-9)


@pytest.mark.parametrize("wrong", [(0, 4, 0), (4, 0, 0), (4, 4, 4), (4, 4, -1)])
def test_a_grid_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match="phasing from 0 to planes − 1"):
        topology.plus_grid(*wrong)


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.integers(0, 5))
def test_nearest_is_what_sorting_all_pairs_gives(seed, n, terminals):
    random = np.random.default_rng(seed)
    # clumps of very different density, so that nearest lists run out unevenly
    position = random.normal(size=(n, 3)) * 10.0 ** random.uniform(0.0, 5.0, size=(n, 1))
    max_range = 10.0 ** random.uniform(1.0, 6.0)
    edges = topology.nearest(position, terminals, max_range)
    assert [tuple(edge) for edge in edges.tolist()] == greedy(position, terminals, max_range)


def test_nearest_of_many_is_what_sorting_all_pairs_gives():
    random = np.random.default_rng(5)
    away = random.normal(size=(500, 3))
    position = 7e6 * away / np.linalg.norm(away, axis=1)[:, None]
    edges = topology.nearest(position, 3, 3e6)
    assert [tuple(edge) for edge in edges.tolist()] == greedy(position, 3, 3e6)
    assert proper(edges, 500)
    assert degrees(edges, 500).max() == 3


def test_nearest_reaches_past_a_crowd():
    """Forty satellites fill each other's terminals; the two far ones then find each other."""
    line = np.arange(40.0)
    crowd = np.stack([line, 0.0 * line, 0.0 * line], axis=1)
    far = np.array([[1000.0, 0.0, 0.0], [-3000.0, 0.0, 0.0]])
    edges = topology.nearest(np.concatenate([crowd, far]), 1, 1e5)
    assert [40, 41] in edges.tolist()
    assert len(edges) == 21


def test_over_several_moments_those_are_joined_that_stay_together():
    """Satellite 1 flies along with 0; satellite 2 passes close by at the first moment."""
    first = np.array([[0.0, 0.0, 0.0], [300e3, 0.0, 0.0], [0.0, 100e3, 0.0]])
    later = np.array([[0.0, 0.0, 0.0], [300e3, 0.0, 0.0], [0.0, 900e3, 0.0]])
    assert topology.nearest(first, 1, 1e6).tolist() == [[0, 2]]
    both = np.concatenate([first, later], axis=1) / np.sqrt(2.0)
    assert topology.nearest(both, 1, 1e6).tolist() == [[0, 1]]


def test_equal_distances_go_by_number():
    square = np.array([[0.0, 0.0], [100.0, 0.0], [100.0, 100.0], [0.0, 100.0]])
    assert topology.nearest(square, 1, 1e3).tolist() == [[0, 1], [2, 3]]
    assert topology.nearest(square, 2, 1e3).tolist() == [[0, 1], [0, 3], [1, 2], [2, 3]]
    assert topology.nearest(square, 2, 99.0).tolist() == []
    assert topology.nearest(square, 0, 1e3).tolist() == []
    with pytest.raises(ValueError, match="terminals = -1"):
        topology.nearest(square, -1, 1e3)


def lattice():
    """The published cluster's 81 places in the scaled plane, 200 m apart."""
    line = np.arange(-5.0, 6.0)
    grid = np.stack(np.meshgrid(line, line, indexing="ij"), axis=-1).reshape(-1, 2)
    return 200.0 * grid[(grid**2).sum(axis=1) <= 25.0]


def test_the_mesh_of_the_cluster_is_its_lattice():
    """81 satellites, four terminals: all 140 lattice links; only the rim adds diagonals."""
    place = lattice()
    edges = topology.mesh(place, 4)
    apart = np.linalg.norm(place[edges[:, 0]] - place[edges[:, 1]], axis=1)
    truth = np.argwhere(np.triu(np.abs(squareform(pdist(place)) - 200.0) < 1.0))
    assert len(truth) == 140
    assert {tuple(edge) for edge in truth.tolist()} <= {tuple(edge) for edge in edges.tolist()}
    longer = edges[apart > 201.0]
    neighbours = degrees(truth, 81)
    assert len(longer) > 0
    assert np.all(neighbours[longer] < 4)


def test_a_mesh_with_spare_terminals_holds_the_shortest_tree():
    """Degree does not bind: the mesh contains scipy's minimum spanning tree."""
    random = np.random.default_rng(8)
    place = random.uniform(size=(200, 3)) * 1e3
    mesh = {tuple(edge) for edge in topology.mesh(place, 8).tolist()}
    tree = minimum_spanning_tree(squareform(pdist(place))).nonzero()
    assert {(min(i, j), max(i, j)) for i, j in zip(*tree, strict=True)} <= mesh


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(1, 120), st.integers(2, 6))
def test_a_mesh_is_of_one_piece_and_keeps_the_limit(seed, n, terminals):
    random = np.random.default_rng(seed)
    clump = random.integers(0, 4, size=(n, 1)) * 1e5
    place = random.normal(size=(n, 3)) * 100.0 + clump
    edges = topology.mesh(place, terminals)
    assert proper(edges, n)
    assert degrees(edges, n).max(initial=0) <= terminals
    assert pieces(edges, n) == 1
    assert np.array_equal(edges, topology.mesh(place.copy(), terminals))


def test_a_mesh_of_two_needs_one_terminal_and_of_three_two():
    place = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
    assert topology.mesh(place[:1], 0).tolist() == []
    assert topology.mesh(place[:2], 1).tolist() == [[0, 1]]
    assert topology.mesh(place, 2).tolist() == [[0, 1], [0, 2], [1, 2]]
    for n, terminals in ((2, 0), (3, 1), (3, 0)):
        with pytest.raises(ValueError, match=f"mesh of {n} satellites needs at least {n - 1} each"):
            topology.mesh(place[:n], terminals)


NAMES = ("P01-S0001", "P01-S0002", "P02-S0001")


def listed(tmp_path, text, terminals=None):
    path = tmp_path / "edges.csv"
    path.write_text(text, encoding="utf-8")
    return topology.given(path, NAMES, terminals)


def test_a_list_of_links(tmp_path):
    text = "# from, to\nP02-S0001, P01-S0001\n\nP01-S0001,P01-S0002\n"
    assert listed(tmp_path, text).tolist() == [[0, 1], [0, 2]]
    assert listed(tmp_path, text, 2).tolist() == [[0, 1], [0, 2]]
    assert listed(tmp_path, "").shape == (0, 2)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("P01-S0001,P01-S0003\n", r'edges\.csv:1: no satellite is called "P01-S0003"; did you'),
        ("\nP01-S0001\n", r'edges\.csv:2: "P01-S0001" is not two names with a comma'),
        ("P01-S0001,P01-S0002,5\n", r"edges\.csv:1: .* is not two names"),
        ("P01-S0001,P01-S0001\n", r'edges\.csv:1: joins "P01-S0001" to itself'),
        (
            "P01-S0001,P01-S0002\nP01-S0002,P01-S0001\n",
            r"edges\.csv:2: the same link as on line 1",
        ),
        (
            "P01-S0001,P01-S0002\nP02-S0001,P01-S0001\n",
            r'edges\.csv:2: link 2 of "P01-S0001", which has 1 terminals',
        ),
    ],
)
def test_a_wrong_list_names_file_and_line(tmp_path, text, fault):
    with pytest.raises(ValueError, match=fault):
        listed(tmp_path, text, 1 if "which has" in fault else None)


def test_joined_neighbours_are_of_one_piece_where_reach_allows():
    """Close pairs in a row, 50 km apart: the nearest link each pair, then nothing is left."""
    place = np.array([[100e3 * (k // 2) + 1e3 * (k % 2), 0.0, 0.0] for k in range(20)])
    assert pieces(topology.nearest(place, 1, 1e6), 20) == 10
    alone = topology.nearest(place, 2, 1e6)
    together = topology.nearest(place, 2, 1e6, joined=True)
    assert pieces(together, 20) == 1 <= pieces(alone, 20)
    assert np.bincount(together.ravel()).max() <= 2
    far = place + np.where(np.arange(20) < 10, 0.0, 1e8)[:, None] * [0.0, 1.0, 0.0]
    apart = topology.nearest(far, 3, 1e6, joined=True)
    assert pieces(apart, 20) == 2, "parts out of reach stay apart"
    assert len(apart) > 18, "terminals left over are used all the same"
