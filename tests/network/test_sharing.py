"""Max-min fair rates: hand cases, linear programs, exact fractions, and the definition itself."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from dawndusk.network import sharing

INF = np.inf


def csr(paths):
    start = np.cumsum([0, *(len(path) for path in paths)])
    return start, np.array([edge for path in paths for edge in path], np.int64)


def rates(capacity, paths, demand=None, share=sharing.max_min):
    demand = np.full(len(paths), INF) if demand is None else np.array(demand, float)
    return share(np.array(capacity, float), *csr(paths), demand)


def drain(capacity, paths, left, dt, release=None, demand=None):
    flows = len(paths)
    return sharing.drain(
        np.array(capacity, float),
        *csr(paths),
        np.full(flows, INF) if demand is None else np.array(demand, float),
        np.array(left, float),
        np.zeros(flows) if release is None else np.array(release, float),
        dt,
    )


def test_one_link_is_shared_evenly_and_what_one_leaves_the_others_take():
    rate, binding = rates([12.0], [[0]] * 3)
    assert rate.tolist() == [4.0, 4.0, 4.0]
    assert binding.tolist() == [0, 0, 0]
    rate, binding = rates([12.0], [[0]] * 3, [1.0, INF, 5.0])
    assert rate.tolist() == [1.0, 6.0, 5.0]
    assert binding.tolist() == [-1, 0, -1]


def test_limits():
    """No flows; no path; no links on the path; links without capacity; links without limit."""
    assert rates([1.0], [])[0].size == 0
    rate, binding = rates([0.0, INF, 3.0], [[], [0, 2], [1], [2], [1, 2]], [7.0, INF, INF, 0.0, 9])
    assert rate.tolist() == [7.0, 0.0, INF, 0.0, 3.0]
    assert binding.tolist() == [-1, 0, -1, -1, 2]


def test_three_sessions_on_the_first_link_leave_two_thirds_of_the_next():
    """The worked case of Bertsekas & Gallager 1992, §6.5.2: rates 2/3, 1/3, 1/3, 1, 1/3."""
    first, second, third = range(3)
    paths = [[second], [first], [first, second], [third], [first]]
    rate, binding = rates([1.0, 1.0, 1.0], paths)
    np.testing.assert_allclose(rate, [2 / 3, 1 / 3, 1 / 3, 1.0, 1 / 3], rtol=1e-15)
    assert binding.tolist() == [second, first, first, third, first]


def test_a_long_flow_across_crowded_links():
    """Parking lot: it gets the least even share, the others what it leaves."""
    crowd, capacity = [3, 1, 7, 2], np.array([9.0, 20.0, 10.0, 6.0])
    paths = [[0, 1, 2, 3]] + [[link] for link, count in enumerate(crowd) for _ in range(count)]
    rate, binding = rates(capacity, paths)
    assert rate[0] == pytest.approx(10.0 / 8.0, rel=1e-15)
    assert binding[0] == 2
    others = np.repeat((capacity - rate[0]) / crowd, crowd)
    np.testing.assert_allclose(rate[1:], others, rtol=1e-14)


def test_a_link_used_twice_counts_twice():
    rate, _ = rates([9.0], [[0, 0], [0]])
    assert rate.tolist() == [3.0, 3.0]
    rate, binding = rates([3.0, 4.0], [[0, 1, 1]])
    assert (rate[0], binding[0]) == (2.0, 1)


def case(rng, flows=None, links=None):
    """Random capacities, paths and demands, some of them none or without limit."""
    flows = flows or int(rng.integers(1, 9))
    links = links or int(rng.integers(1, 7))
    capacity = rng.choice([0.0, 1.0, 3.0, INF, *rng.uniform(0.1, 20.0, 6)], links)
    paths = [
        rng.choice(links, int(rng.integers(1, min(links, 5) + 1)), replace=False).tolist()
        for _ in range(flows)
    ]
    demand = rng.choice([0.0, 1.0, INF, INF, *rng.uniform(0.1, 9.0, 3)], flows)
    return np.minimum(capacity, 1e6), paths, np.minimum(demand, 1e6)


def lexicographic(capacity, paths, demand):
    """Max-min fair rates from linear programs: raise all, fix those that cannot rise, again."""
    flows = len(paths)
    use = np.zeros((len(capacity), flows))
    for flow, path in enumerate(paths):
        np.add.at(use[:, flow], path, 1.0)
    fixed = np.full(flows, np.nan)
    while np.isnan(fixed).any():
        free = np.isnan(fixed)

        def most(objective, floor, free=free):
            low = np.where(free, floor, fixed)
            high = np.where(free, demand, fixed)
            answer = linprog(
                -objective, use, capacity, bounds=np.stack([low, np.maximum(high, low)], 1)
            )
            return answer.x

        raised = linprog(
            np.r_[np.zeros(flows), -1.0],
            np.r_[
                np.c_[use, np.zeros(len(capacity))],
                np.c_[-np.eye(flows)[free], np.ones(free.sum())],
            ],
            np.r_[capacity, np.zeros(free.sum())],
            bounds=[(0.0, demand[f]) if free[f] else (fixed[f], fixed[f]) for f in range(flows)]
            + [(0.0, None)],
        )
        level = max(raised.x[-1], 0.0)
        before = int(free.sum())
        for flow in np.flatnonzero(free):
            alone = np.zeros(flows)
            alone[flow] = 1.0
            if most(alone, level * (1.0 - 1e-9))[flow] <= level * (1.0 + 1e-6) + 1e-9:
                fixed[flow] = level
        assert np.isnan(fixed).sum() < before
    return fixed


@pytest.mark.parametrize("seed", range(40))
def test_rates_are_those_of_linear_programs(seed):
    """An independent reference: HiGHS, level by level."""
    capacity, paths, demand = case(np.random.default_rng(seed))
    rate, _ = rates(capacity, paths, demand)
    np.testing.assert_allclose(rate, lexicographic(capacity, paths, demand), rtol=1e-6, atol=1e-8)


def assert_fair(capacity, paths, demand, rate, binding, weight):
    """The definition: demand met, or a full link on which no other has a higher level."""
    start, edge = csr(paths)
    load = sharing.load(len(capacity), start, edge, rate)
    assert np.all(load <= capacity * (1.0 + 1e-12))
    assert np.all((rate >= 0.0) & (rate <= demand))
    level = np.divide(rate, weight, out=np.zeros_like(rate), where=weight > 0.0)
    highest = np.zeros(len(capacity))
    np.maximum.at(highest, edge, np.repeat(level, np.diff(start)))
    for flow, path in enumerate(paths):
        if binding[flow] < 0:
            assert rate[flow] == demand[flow]
            continue
        assert binding[flow] in path
        assert load[binding[flow]] == pytest.approx(capacity[binding[flow]], rel=1e-11)
        assert level[flow] >= highest[binding[flow]] * (1.0 - 1e-11)


@settings(max_examples=150)
@given(st.integers(0, 2**32), st.sampled_from([(None, None), (40, 12), (300, 150)]))
def test_every_flow_has_its_demand_or_a_full_link_where_none_has_more(seed, size):
    rng = np.random.default_rng(seed)
    capacity, paths, demand = case(rng, *size)
    rate, binding = rates(capacity, paths, demand)
    assert_fair(capacity, paths, demand, rate, binding, np.ones(len(paths)))
    rate, binding = rates(capacity, paths, demand, sharing.equal_share)
    assert_fair(capacity, paths, demand, rate, binding, demand)


def test_order_of_flows_does_not_matter():
    rng = np.random.default_rng(11)
    capacity, paths, demand = case(rng, 200, 60)
    rate, _ = rates(capacity, paths, demand)
    order = rng.permutation(200)
    again, _ = rates(capacity, [paths[k] for k in order], demand[order])
    np.testing.assert_allclose(again, rate[order], rtol=1e-12)


def test_equal_share_makes_everyone_wait_alike():
    rate, binding = rates(
        [30.0, 100.0], [[0], [0, 1], [1]], [10.0, 50.0, 40.0], sharing.equal_share
    )
    np.testing.assert_allclose(rate, [5.0, 25.0, 40.0], rtol=1e-15)
    assert binding.tolist() == [0, 0, -1]


def test_equal_share_between_a_trickle_and_a_flood():
    """Demands nine decades apart, the larger ones stopped elsewhere first."""
    flood, trickle = np.geomspace(1e9, 1e5, 50), np.array([1.0, 2.0])
    demand = np.concatenate([flood, trickle])
    capacity = np.array([1.5 + 1e-4 * flood.sum(), *(flood * 1e-4)])
    paths = [[0, k + 1] for k in range(50)] + [[0], [0]]
    rate, _ = rates(capacity, paths, demand, sharing.equal_share)
    np.testing.assert_allclose(rate[:50], flood * 1e-4, rtol=1e-12)
    np.testing.assert_allclose(rate[50:], [0.5, 1.0], rtol=1e-9)


def test_load_adds_up():
    start, edge = csr([[0, 2], [2], []])
    assert sharing.load(4, start, edge, np.array([1.0, 2.0, 9.0])).tolist() == [1.0, 0.0, 3.0, 0.0]


def exact_rates(capacity, paths, demand):
    """Progressive filling in fractions, all flows in small print."""
    rate = dict.fromkeys(range(len(paths)), Fraction(0))
    spare = list(capacity)
    free = {f for f in rate if demand[f] > 0}
    while free:
        steps = [demand[f] - rate[f] for f in free if demand[f] != INF]
        for link, left in enumerate(spare):
            users = sum(paths[f].count(link) for f in free)
            if users and left != INF:
                steps.append(left / users)
        step = min(steps)
        for f in free:
            rate[f] += step
            for link in paths[f]:
                spare[link] -= step if spare[link] != INF else 0
        free = {
            f for f in free if rate[f] < demand[f] and all(spare[link] > 0 for link in paths[f])
        }
    return rate


def exact_drain(capacity, paths, left, release, demand, dt):
    """The same interval in exact fractions, every rate found anew at every event."""
    bits = [8 * each for each in left]
    end, begin, now = [None] * len(paths), [None] * len(paths), Fraction(0)
    while now < dt:
        here = [f for f in range(len(paths)) if end[f] is None and release[f] <= now]
        rate = exact_rates(
            capacity,
            paths,
            [demand[f] if f in here and bits[f] > 0 else 0 for f in range(len(paths))],
        )
        moments = [now + bits[f] / rate[f] for f in here if rate[f] > 0]
        moments += [release[f] for f in range(len(paths)) if now < release[f]]
        later = min([*moments, dt])
        for f in here:
            if rate[f] > 0 and begin[f] is None:
                begin[f] = now
            bits[f] -= rate[f] * (later - now)
            if bits[f] == 0 and rate[f] > 0:
                end[f] = later
        now = later
    return [each / 8 for each in bits], begin, end


@pytest.mark.parametrize("seed", range(40))
def test_ends_inside_an_interval_are_those_of_exact_fractions(seed):
    """An independent reference without rounding: `fractions`, plain filling at every event."""
    rng = np.random.default_rng(seed)
    links, flows = int(rng.integers(1, 6)), int(rng.integers(1, 10))
    capacity = [Fraction(int(each), 4) for each in rng.integers(0, 60, links)]
    paths = [
        rng.choice(links, int(rng.integers(1, links + 1)), replace=False).tolist()
        for _ in range(flows)
    ]
    left = [Fraction(int(each)) for each in rng.integers(1, 60, flows)]
    release = [Fraction(int(each), 8) for each in rng.integers(0, 200, flows)]
    release = [each if rng.random() < 0.6 else Fraction(0) for each in release]
    demand = [INF if rng.random() < 0.7 else Fraction(int(rng.integers(1, 12))) for _ in paths]
    dt = Fraction(int(rng.integers(10, 200)))
    rest, begin, end = exact_drain(capacity, paths, left, release, demand, dt)
    found = drain(capacity, paths, left, float(dt), release, demand)
    np.testing.assert_allclose(
        found.end, [INF if each is None else float(each) for each in end], rtol=1e-12
    )
    np.testing.assert_allclose(
        found.begin, [INF if each is None else float(each) for each in begin], rtol=1e-12
    )
    sent = [float(whole - over) for whole, over in zip(left, rest, strict=True)]
    np.testing.assert_allclose(found.sent, sent, rtol=1e-12, atol=1e-12)


def test_equal_shares_of_one_link_end_by_size():
    """Processor sharing: the k-th of n ends at (sum of smaller + (n − k + 1) own) / rate."""
    left = np.array([40.0, 10.0, 25.0, 90.0])
    found = drain([80.0], [[0]] * 4, left, 100.0)
    ordered = np.sort(left)
    before = np.concatenate([[0.0], np.cumsum(ordered)[:-1]])
    ends = 8.0 * (before + (4 - np.arange(4)) * ordered) / 80.0
    np.testing.assert_allclose(found.end[np.argsort(left)], ends, rtol=1e-14)
    assert found.sent.tolist() == left.tolist()
    assert found.begin.tolist() == [0.0] * 4


def test_how_time_is_cut_does_not_matter():
    rng = np.random.default_rng(4)
    capacity, paths, demand = case(rng, 60, 25)
    left, release = rng.uniform(1.0, 300.0, 60), rng.uniform(0.0, 200.0, 60)
    whole = drain(capacity, paths, left, 300.0, release, demand)
    edges = np.sort(np.r_[0.0, 300.0, rng.uniform(0.0, 300.0, 20)])
    rest, end = left.copy(), np.full(60, INF)
    for low, high in pairwise(edges):
        here = (rest > 0.0) & (release < high)
        part = drain(
            capacity,
            [path for path, on in zip(paths, here, strict=True) if on],
            rest[here],
            high - low,
            np.maximum(release[here] - low, 0.0),
            demand[here],
        )
        rest[here] = np.where(part.end < INF, 0.0, rest[here] - part.sent)
        end[here] = low + part.end
    np.testing.assert_allclose(end, whole.end, rtol=1e-11)
    np.testing.assert_allclose(left - rest, whole.sent, rtol=1e-11, atol=1e-9)


def test_nothing_moves_without_capacity_path_or_time():
    found = drain([0.0, 5.0], [[0], [1], [1], []], [1.0, 1.0, 1.0, 0.0], 10.0, [0, 0, 10.0, 3.0],
                  [INF, 0.0, INF, 0.0])  # fmt: skip
    assert found.sent.tolist() == [0.0] * 4
    assert found.end.tolist() == [INF, INF, INF, 3.0]
    assert found.begin.tolist() == [INF, INF, INF, 3.0]
    assert found.binding[0] == 0
    assert drain([5.0], [[0]], [3.0], 0.0).sent.tolist() == [0.0]


def test_an_unlimited_flow_ends_at_once():
    found = drain([INF], [[0], []], [3.0, 4.0], 10.0, [2.0, 0.0])
    assert found.end.tolist() == [2.0, 0.0]
    assert found.sent.tolist() == [3.0, 4.0]


@settings(max_examples=60)
@given(st.integers(0, 2**32))
def test_no_link_carries_more_than_it_can(seed):
    rng = np.random.default_rng(seed)
    capacity, paths, demand = case(rng, 30, 12)
    left = rng.uniform(0.0, 200.0, 30)
    release = rng.uniform(0.0, 60.0, 30) * (rng.random(30) < 0.5)
    found = drain(capacity, paths, left, 50.0, release, demand)
    mean = sharing.load(len(capacity), *csr(paths), 8.0 * found.sent / 50.0)
    assert np.all(mean <= capacity * (1.0 + 1e-12))
    assert np.all((found.sent >= 0.0) & (found.sent <= left))
    ended = found.end < INF
    assert np.all(found.sent[ended] == left[ended])
    assert np.all(found.begin[ended] <= found.end[ended])
    assert np.all((release <= found.begin) & ((found.begin < INF) | (found.sent == 0.0)))
    assert np.all(8.0 * found.sent <= demand * np.maximum(50.0 - release, 0.0) * (1 + 1e-12))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"capacity": [1.0, -2.0]}, r"network.capacity: -2; allowed: at least 0"),
        ({"capacity": [np.nan, 1.0]}, r"network.capacity: nan"),
        ({"paths": [[0], [5]]}, r"network.path_edge: 0 to 5; allowed: 0 to 1"),
        ({"paths": [[0]]}, r"network.path_start: 2 offsets for 2 flows and 1 links"),
        ({"left": [1.0]}, r"network.left: shape \(1,\); allowed: \(2,\)"),
        ({"left": [1.0, INF]}, r"network.left: 1 to inf; allowed: finite"),
        ({"release": [0.0, -1.0]}, r"network.release: -1 to 0; allowed: finite, at least 0"),
        ({"dt": -1.0}, r"network.dt: -1; allowed: finite, at least 0"),
    ],
)
def test_wrong_input_is_named(changes, message):
    inputs = {
        "capacity": [1.0, 2.0],
        "paths": [[0], [1]],
        "left": [1.0, 1.0],
        "dt": 1.0,
        "release": [0.0, 0.0],
        "demand": [INF, INF],
    }
    with pytest.raises(ValueError, match=message):
        drain(**(inputs | changes))


def test_shares_of_no_end_are_refused():
    with pytest.raises(ValueError, match=r"network.demand: inf; allowed: finite"):
        rates([1.0], [[0]], share=sharing.equal_share)
