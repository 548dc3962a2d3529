"""Requests find their sites in the right shares, over the network too, and none vanishes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dawndusk.execution import dispatch, modelled
from dawndusk.requests import Requests

from .test_modelled import make_requests, make_service, simulate, steps


def test_weights_share_requests_evenly_in_every_stretch():
    """Golden-ratio points: any interval holds its share within O(log n) of n points."""
    n, weights = 100_000, np.array([0.0, 1.0, 3.0, 0.0, 0.5, 2.5, 0.0])
    requests = Requests(
        np.arange(float(n)), np.ones(n, np.int32), np.ones(n, np.int32), np.zeros(n, "i2")
    )
    service = make_service(patience=np.inf)
    load, state, slots = modelled.queue(requests, 14)
    assert dispatch.route(0, n, 0.0, np.cumsum(weights), 2, load, state, slots, service) == n
    site = slots["engine"] // 2
    for low, high in ((0, n), (0, 1000), (54_321, 54_721)):
        seen = np.bincount(site[low:high], minlength=7)
        expected = (high - low) * weights / weights.sum()
        assert np.abs(seen - expected).max() < 2.0 * np.log(high - low)
        assert seen[weights == 0.0].sum() == 0
    assert np.abs(load[0::2] - load[1::2]).max() <= 1
    np.testing.assert_allclose(
        modelled.outstanding(state, 2), state["work"][0::2] + state["work"][1::2]
    )


def test_without_a_site_requests_stay_pending_until_they_give_up():
    service = make_service(patience=10.0)
    requests = make_requests(np.random.default_rng(7), 10, 100.0)
    load, state, slots = modelled.queue(requests, 1)
    none, one = np.zeros(1), np.ones(1)
    assert dispatch.route(0, 10, 0.0, none, 1, load, state, slots, service) == 0
    assert np.all(slots["status"] == modelled.PENDING)
    late = float(requests.arrival[4]) + 10.0 + 1e-9
    assert dispatch.route(0, 10, late, none, 1, load, state, slots, service) == 5
    assert np.all(slots["status"][:5] == modelled.DROPPED)
    assert dispatch.route(5, 10, late, one, 1, load, state, slots, service) == 10
    done = np.zeros((1, 6))
    modelled.advance(0, 1, late, 60.0, one, load, state, slots, service, done)
    assert np.all(slots["status"][5:] >= modelled.SERVED)
    assert np.nanmin(slots["first_token"]) > late


def test_work_is_routed_to_the_engine_with_least_of_it():
    service = make_service(patience=np.inf)
    requests = Requests(
        np.zeros(4),
        np.array([2900, 10, 10, 10], np.int32),
        np.array([90, 2, 2, 2], np.int32),
        np.zeros(4, "i2"),
    )
    load, state, slots = modelled.queue(requests, 2)
    dispatch.route(0, 4, 0.0, np.ones(1), 2, load, state, slots, service)
    assert slots["engine"].tolist() == [0, 1, 1, 1]


def send(held, now, origin, sums, delay, replicas, load, state, slots, service):
    """Choose sites and queue there in the order of arrival; how many are held, moved in front."""
    site = np.empty(held.size, np.int64)
    chosen, kept = dispatch.choose(held, now, origin, sums, delay, slots, service, site)
    sent = held[:chosen].copy()
    order = np.argsort(slots["arrival"][sent] + slots["lag"][sent], kind="stable")
    dispatch.enqueue(sent[order], site[:chosen][order], replicas, load, state, slots, service)
    held[:kept] = held[chosen : chosen + kept].copy()
    return kept


# over a network


def over_network(requests, service, delay, weights, pieces):
    """As `simulate`, every request sent to a site by the weights of its origin, held if none."""
    load, state, slots = modelled.queue(requests, delay.shape[1])
    done = np.zeros((delay.shape[1], 6))
    held, first, now = np.empty(0, np.int64), 0, 0.0
    sums = np.cumsum(np.where(np.isfinite(delay), weights, 0.0), axis=1)
    for until, speed in pieces:
        last = int(np.searchsorted(requests.arrival, until))
        held = np.concatenate([held, np.arange(first, last)])
        first = last
        kept = send(held, now, requests.origin, sums, delay, 1, load, state, slots, service)
        held = held[:kept]
        pace = np.full(len(load), float(speed))
        modelled.advance(0, len(load), now, until - now, pace, load, state, slots, service, done)
        now = until
    return slots, held, load


@pytest.mark.parametrize("seed", range(5))
def test_without_delay_the_network_changes_nothing(seed):
    requests, service = make_requests(np.random.default_rng(seed), 200, 2.0), make_service()
    pieces = steps(150.0, [1.0, 0.0, 0.7])
    _, _, slots, _, _ = simulate(requests, service, pieces, engines=3)
    even = np.arange(1.0, 4.0)
    ours, held, _ = over_network(
        requests, service, np.zeros((1, 3)), np.diff(even, prepend=0.0)[None], pieces
    )
    assert held.size == 0
    for name in slots.dtype.names:
        assert np.array_equal(ours[name], slots[name], equal_nan=slots[name].dtype.kind == "f"), (
            name
        )


@settings(max_examples=60)
@given(seed=st.integers(0, 10_000), delay=st.sampled_from([0.25, 2.0, 16.0]))
def test_a_prompt_on_its_way_is_one_that_comes_later(seed, delay):
    """The engine does all of it as much later; the delay is a power of two, so exactly."""
    rng = np.random.default_rng(seed)
    requests, service = make_requests(rng, 40, 1.0), make_service(patience=1e9)
    requests.arrival[:] = np.round(requests.arrival * 1024.0) / 1024.0
    later = Requests(requests.arrival + delay, requests.prompt, requests.output, requests.origin)
    pieces = [(400.0, 1.0)]
    ones, none = np.ones((1, 1)), np.zeros((1, 1))
    ours, _, _ = over_network(requests, service, none + delay, ones, pieces)
    theirs, _, _ = over_network(later, service, none, ones, pieces)
    assert (ours["status"] == modelled.SERVED).all()
    assert ours["first_token"] == pytest.approx(theirs["first_token"], abs=1e-9)
    assert ours["finish"] == pytest.approx(theirs["finish"], abs=1e-9)
    assert (ours["delay"] == delay).all()


def test_patience_runs_while_a_prompt_travels():
    requests = Requests(
        np.array([0.0, 1.0]),
        np.full(2, 10, np.int32),
        np.full(2, 5, np.int32),
        np.arange(2, dtype=np.int16),
    )
    service = make_service(patience=40.0)
    slots, _, _ = over_network(
        requests, service, np.array([[39.0], [41.0]]), np.ones((2, 1)), [(120.0, 1.0)]
    )
    assert slots["status"].tolist() == [modelled.SERVED, modelled.DROPPED]
    assert slots["first_token"][0] >= 39.0
    assert slots["finish"][1] == 41.0


def test_who_has_no_way_is_held_and_then_sent_or_dropped():
    """The second origin has no site for 60 s, and 40 s of patience."""
    requests = Requests(
        np.array([1.0, 2.0, 3.0, 30.0]),
        np.full(4, 10, np.int32),
        np.full(4, 5, np.int32),
        np.array([1, 0, 1, 1], np.int16),
    )
    service = make_service(patience=40.0)
    load, state, slots = modelled.queue(requests, 1)
    delay = np.array([[0.5], [np.inf]])
    held = np.arange(4)
    kept = send(
        held, 0.0, requests.origin, np.array([[1.0], [0.0]]), delay, 1, load, state, slots, service
    )
    assert held[:kept].tolist() == [0, 2, 3]
    assert slots["engine"].tolist() == [-1, 0, -1, -1]
    held, delay = held[:kept].copy(), np.full((2, 1), 0.5)
    kept = send(held, 60.0, requests.origin, np.ones((2, 1)), delay, 1, load, state, slots, service)
    assert kept == 0
    dropped, sent = [0, 2], 3
    assert (slots["status"][dropped] == modelled.DROPPED).all()
    assert slots["finish"][dropped].tolist() == [41.0, 43.0]
    assert slots["lag"][sent] == 30.5
    assert slots["delay"][sent] == 0.5


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10_000),
    patience=st.sampled_from([3.0, 40.0, 1e6]),
    far=st.sampled_from([0.0, 0.1, 30.0, np.inf]),
)
def test_nothing_vanishes_on_the_way(seed, patience, far):
    """Every request is held, at an engine, or has ended once; and none before it could."""
    rng = np.random.default_rng(seed)
    found = make_requests(rng, 150, rng.choice([0.3, 3.0]))
    origins = rng.integers(0, 3, 150).astype(np.int16)
    requests = Requests(found.arrival, found.prompt, found.output, origins)
    service = make_service(patience=patience)
    delay = rng.uniform(0.0, 1.0, (3, 2))
    delay[1, 0] = delay[2] = far
    pieces = steps(200.0, [1.0, 0.4, 0.0])
    slots, held, load = over_network(requests, service, delay, rng.random((3, 2)) + 0.1, pieces)
    status = slots["status"]
    known = requests.arrival < pieces[-1][0]
    present = np.isin(status, (modelled.WAITING, modelled.RUNNING))
    assert load.sum() == present.sum()
    assert np.array_equal(np.flatnonzero((status == modelled.PENDING) & known), held)
    ended = np.isin(status, (modelled.SERVED, modelled.DROPPED))
    assert (known.sum()) == ended.sum() + present.sum() + held.size
    served = status == modelled.SERVED
    ready = requests.arrival + delay[origins, np.maximum(slots["engine"], 0)]
    assert (slots["first_token"][served] > ready[served] - 1e-5).all()
    if far == np.inf:
        assert (slots["engine"][origins == 2] == -1).all()
