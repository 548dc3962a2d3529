"""Routes against networkx and scipy, which share no code, and ways written out by hand."""

import itertools
import math

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from dawndusk.network import routing


def layered(satellites, vertices, edges, seconds):
    """The rule in networkx: ground vertices before the flight and after it are not the same."""
    graph = nx.DiGraph()
    graph.add_nodes_from(("air", v) for v in range(satellites))
    for v in range(satellites, vertices):
        graph.add_edge(("before", v), ("after", v), weight=0.0)
    for (i, j), time in zip(edges, seconds, strict=True):
        if not math.isfinite(time):
            continue
        for a, b in ((int(i), int(j)), (int(j), int(i))):
            if a < satellites and b < satellites:
                ways = [(("air", a), ("air", b))]
            elif a < satellites:
                ways = [(("air", a), ("after", b))]
            elif b < satellites:
                ways = [(("before", a), ("air", b))]
            else:
                ways = [((side, a), (side, b)) for side in ("before", "after")]
            for start, end in ways:
                graph.add_edge(start, end, weight=float(time))
    return graph


def by_networkx(satellites, vertices, edges, seconds, source):
    """Latency to every vertex and the vertices of every way."""
    graph = layered(satellites, vertices, edges, seconds)
    start = ("air", source) if source < satellites else ("before", source)
    distance, ways = nx.single_source_dijkstra(graph, start)
    latency, routes = np.full(vertices, np.inf), {}
    for (side, v), time in distance.items():
        if side != "before":
            latency[v] = time
            way = [u for _, u in ways[side, v]]
            routes[v] = [u for k, u in enumerate(way) if k == 0 or u != way[k - 1]]
    return latency, routes


def network(random, satellites, ground, isl=3.0, up=0.4, fibre=0.3, failed=0.1):
    """A random network whose links do not repeat, some of them failed."""
    vertices = satellites + ground
    pairs = np.array([(i, j) for j in range(vertices) for i in range(j)]).reshape(-1, 2)
    low, high = pairs.min(axis=1), pairs.max(axis=1)
    share = np.where(
        high < satellites, isl / max(satellites, 1), np.where(low < satellites, up, fibre)
    )
    edges = pairs[random.random(len(pairs)) < share]
    edges = np.where(random.random((len(edges), 1)) < 0.5, edges, edges[:, ::-1])
    edges = random.permutation(edges)
    seconds = random.uniform(1e-4, 2e-2, len(edges))
    seconds[random.random(len(edges)) < failed] = np.inf
    return satellites, vertices, edges, seconds


@settings(max_examples=80)
@given(st.integers(0, 2**32 - 1), st.integers(0, 30), st.integers(0, 8))
def test_latencies_and_routes_equal_networkx(seed, satellites, ground):
    if satellites + ground == 0:
        return
    satellites, vertices, edges, seconds = network(np.random.default_rng(seed), satellites, ground)
    pattern = routing.pattern(satellites, vertices, edges)
    latency, arrival = routing.shortest(pattern, seconds, np.arange(vertices))
    hops = routing.hops(pattern, arrival)
    for source in range(vertices):
        truth, routes = by_networkx(satellites, vertices, edges, seconds, source)
        assert np.array_equal(latency[source], truth)
        for target in range(vertices):
            way = routes.get(target, [target])
            assert routing.path(pattern, arrival, source, target) == way
            assert hops[source, target] == len(way) - 1


def grid(planes, per_plane, sites, seed):
    """A grid with uneven latencies, some failed links and sites that see three satellites."""
    random = np.random.default_rng(seed)
    n = planes * per_plane
    number = np.arange(n).reshape(planes, per_plane)
    along = np.stack([number, np.roll(number, -1, axis=1)], axis=-1).reshape(-1, 2)
    across = np.stack([number, np.roll(number, -1, axis=0)], axis=-1).reshape(-1, 2)
    up = np.stack([n + np.repeat(np.arange(sites), 3), random.integers(0, n, 3 * sites)], axis=1)
    edges = np.concatenate([along, across, np.unique(up, axis=0)])
    seconds = random.uniform(2e-3, 8e-3, len(edges))
    seconds[random.random(len(edges)) < 0.02] = np.inf
    return n, n + sites, edges, seconds


def test_a_starlink_shell_equals_networkx():
    n, vertices, edges, seconds = grid(72, 22, 20, 1)
    pattern = routing.pattern(n, vertices, edges)
    sources = [n, n + 7, 5, 800]
    latency, arrival = routing.shortest(pattern, seconds, sources)
    for row, source in enumerate(sources):
        truth, routes = by_networkx(n, vertices, edges, seconds, source)
        assert np.array_equal(latency[row], truth)
        for target, way in routes.items():
            assert routing.path(pattern, arrival, row, target) == way


def test_ten_thousand_satellites_equal_scipy():
    n, vertices, edges, seconds = grid(100, 100, 50, 2)
    sources = n + np.arange(50)
    pattern = routing.pattern(n, vertices, edges)
    latency, arrival = routing.shortest(pattern, seconds, sources)
    ground = vertices - n
    rows, columns, costs = [], [], []
    for (i, j), time in zip(edges, seconds, strict=True):
        for a, b in ((i, j), (j, i)):
            rows.append(a if a < n else a + ground)
            columns.append(b)
            costs.append(time)
    graph = csr_array((costs, (rows, columns)), shape=(n + 2 * ground,) * 2)
    truth = dijkstra(graph, indices=sources + ground)[:, :vertices]
    truth[np.arange(50), sources] = 0.0
    assert np.array_equal(latency, truth)
    start, links = routing.links_of_paths(pattern, arrival, np.arange(50), np.arange(50))
    sums = [math.fsum(seconds[links[a:b] // 2]) for a, b in itertools.pairwise(start)]
    assert np.allclose(sums, latency[np.arange(50), np.arange(50)], rtol=1e-14, atol=0.0)


@settings(max_examples=80)
@given(st.integers(0, 2**32 - 1), st.integers(1, 30), st.integers(0, 8))
def test_the_way_to_an_end_is_the_same_when_nothing_farther_is_sought(seed, satellites, ground):
    random = np.random.default_rng(seed)
    satellites, vertices, edges, seconds = network(random, satellites, ground)
    pattern = routing.pattern(satellites, vertices, edges)
    sources, ends = (random.integers(0, vertices, 20) for _ in range(2))
    whole, tree = routing.shortest(pattern, seconds, sources)
    found, arrival = routing.shortest(pattern, seconds, sources, ends)
    rows = np.arange(20)
    assert np.array_equal(found[rows, ends], whole[rows, ends])
    for row, end in zip(rows, ends, strict=True):
        expected = routing.path(pattern, tree, row, end)
        assert routing.path(pattern, arrival, row, end) == expected


def test_what_lies_far_behind_an_end_is_not_looked_at():
    n, vertices, edges, seconds = grid(100, 100, 0, 3)
    pattern = routing.pattern(n, vertices, edges)
    sources = np.arange(0, n, 101)
    ends = sources + np.where(sources % 100 < 99, 1, -99)
    latency, _ = routing.shortest(pattern, seconds, sources, ends)
    whole, _ = routing.shortest(pattern, seconds, sources)
    reached = np.isfinite(latency).mean(axis=1)
    assert np.median(reached) < 0.01
    for row, end in enumerate(ends):
        near = whole[row] <= whole[row, end]
        assert np.array_equal(latency[row, near], whole[row, near])


def test_the_ground_never_relays():
    """Two satellites, a station between them that both see: the way over it does not exist."""
    edges = np.array([[2, 0], [2, 1], [3, 0], [4, 1]])
    pattern = routing.pattern(2, 5, edges)
    latency, arrival = routing.shortest(pattern, np.array([1e-3, 1e-3, 2e-3, 2e-3]), [3, 0, 2])
    assert np.allclose(latency[0], [2e-3, np.inf, 3e-3, 0.0, np.inf], atol=1e-18)
    assert np.allclose(latency[1], [0.0, np.inf, 1e-3, 2e-3, np.inf], atol=1e-18)
    assert np.allclose(latency[2], [1e-3, 1e-3, 0.0, 3e-3, 3e-3], atol=1e-18)
    assert routing.path(pattern, arrival, 0, 2) == [3, 0, 2]


def test_fibre_before_the_way_up_and_after_the_way_down():
    """City 4 reaches station 2 by fibre; satellite 1 is seen by station 3 alone."""
    edges = np.array([[4, 2], [2, 0], [0, 1], [1, 3], [3, 5]])
    pattern = routing.pattern(2, 6, edges)
    seconds = np.array([5e-3, 1e-3, 4e-3, 2e-3, 7e-3])
    latency, arrival = routing.shortest(pattern, seconds, [4])
    assert routing.path(pattern, arrival, 0, 5) == [4, 2, 0, 1, 3, 5]
    assert latency[0, 5] == pytest.approx(19e-3, rel=1e-12)
    start, links = routing.links_of_paths(pattern, arrival, [0, 0, 0], [5, 4, 1])
    assert start.tolist() == [0, 5, 5, 8]
    assert links.tolist() == [0, 2, 4, 6, 8, 0, 2, 4]
    back_latency, back = routing.shortest(pattern, seconds, [5])
    assert back_latency[0, 4] == pytest.approx(19e-3, rel=1e-12)
    assert routing.links_of_paths(pattern, back, 0, 4)[1].tolist() == [9, 7, 5, 3, 1]


def test_a_station_reached_from_the_sky_still_lifts_what_came_by_fibre():
    """No links between satellites: satellite 1 is reached by fibre to station 3, though the
    shorter way to station 3 itself leads over satellite 0."""
    edges = np.array([[2, 0], [0, 3], [2, 3], [3, 1]])
    pattern = routing.pattern(2, 4, edges)
    latency, arrival = routing.shortest(pattern, np.array([1e-3, 1e-3, 9e-3, 1e-3]), [2])
    assert np.allclose(latency[0], [1e-3, 10e-3, 0.0, 2e-3], atol=1e-18)
    assert routing.path(pattern, arrival, 0, 3) == [2, 0, 3]
    assert routing.path(pattern, arrival, 0, 1) == [2, 3, 1]


def test_a_failed_link_is_gone_round_and_an_unreachable_vertex_is_told():
    edges = np.array([[0, 1], [1, 2], [0, 3], [3, 2]])
    pattern = routing.pattern(5, 5, edges)
    seconds = np.array([1e-3, 1e-3, 5e-3, 5e-3])
    latency, arrival = routing.shortest(pattern, seconds, 0)
    assert routing.path(pattern, arrival, 0, 2) == [0, 1, 2]
    seconds[1] = np.inf
    latency, arrival = routing.shortest(pattern, seconds, 0)
    assert routing.path(pattern, arrival, 0, 2) == [0, 3, 2]
    assert latency[0, 4] == np.inf
    assert arrival[0, 4] == -1
    assert routing.hops(pattern, arrival).tolist() == [[0, 1, 2, 1, 0]]
    start, links = routing.links_of_paths(pattern, arrival, [0, 0], [4, 2])
    assert start.tolist() == [0, 0, 2]
    assert links.tolist() == [4, 6]
    assert routing.links_of_paths(pattern, arrival, [], [])[0].tolist() == [0]


def test_no_links_at_all():
    pattern = routing.pattern(2, 3, np.empty((0, 2)))
    latency, _ = routing.shortest(pattern, np.empty(0), [0, 2])
    assert latency.tolist() == [[0.0, np.inf, np.inf], [np.inf, np.inf, 0.0]]


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1))
def test_a_path_adds_up_both_ways_and_a_failure_never_shortens_it(seed):
    random = np.random.default_rng(seed)
    satellites, vertices, edges, seconds = network(random, 20, 5)
    pattern = routing.pattern(satellites, vertices, edges)
    everything = np.arange(vertices)
    latency, arrival = routing.shortest(pattern, seconds, everything)
    assert np.allclose(latency, latency.T, rtol=1e-13, atol=0.0)
    row, target = np.nonzero(np.isfinite(latency))
    start, links = routing.links_of_paths(pattern, arrival, row, target)
    sums = np.add.reduceat(np.append(seconds[links // 2], 0.0), start[:-1])
    sums[np.diff(start) == 0] = 0.0
    assert np.allclose(sums, latency[row, target], rtol=1e-13, atol=0.0)
    assert np.array_equal(np.diff(start), routing.hops(pattern, arrival)[row, target])
    worse = seconds.copy()
    worse[random.random(len(worse)) < 0.2] = np.inf
    assert np.all(routing.shortest(pattern, worse, everything)[0] >= latency)


def test_wrong_input_is_named():
    with pytest.raises(ValueError, match="link 1 joins vertices 2 and 2: must be two different"):
        routing.pattern(2, 3, np.array([[0, 1], [2, 2]]))
    with pytest.raises(ValueError, match=r"link 0 joins vertices 0 and 3: .* from 0 to 2"):
        routing.pattern(2, 3, np.array([[0, 3]]))
    pattern = routing.pattern(2, 3, np.array([[0, 1], [1, 2]]))
    for bad in (-1.0, math.nan):
        with pytest.raises(ValueError, match=r"link 1 takes .* s: must be 0 or more"):
            routing.shortest(pattern, np.array([1.0, bad]), [0])
    with pytest.raises(ValueError, match="source 3: must be a vertex from 0 to 2"):
        routing.shortest(pattern, np.array([1.0, 1.0]), [0, 3])
    with pytest.raises(ValueError, match="end 3: must be a vertex from 0 to 2"):
        routing.shortest(pattern, np.array([1.0, 1.0]), [0, 1], [3, 0])
