"""The queue against a plain iteration-by-iteration reference, theory and conservation."""

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dawndusk.execution import dispatch, modelled
from dawndusk.requests import Requests, Service

from .iteration_by_iteration import serve

STEP = 7.0


def make_service(max_batch=4, capacity=3000, patience=40.0, **changes):
    batch = np.arange(max_batch + 1)
    iteration = np.maximum(0.02 * batch, 0.05) + 0.01
    iteration[0] = 0.0
    service = Service(
        iteration=iteration,
        context_time=3e-5,
        prefill_overhead=0.01,
        prefill_floor=0.05,
        prefill_time=2e-3,
        prefill_link=1e-4,
        prefill_square=1e-7,
        prefill_tokens=900,
        token_flop=140e9,
        context_flop=2.6e6,
        capacity=capacity,
        patience=patience,
    )
    return service._replace(**changes)


def make_requests(rng, n, rate, prompt=600, output=60):
    return Requests(
        arrival=np.cumsum(rng.exponential(1.0 / rate, n)),
        prompt=rng.integers(0, prompt, n).astype(np.int32),
        output=rng.integers(1, output, n).astype(np.int32),
        origin=np.zeros(n, np.int16),
    )


def simulate(requests, service, pieces, faults=(), engines=1):
    """The product over steps given as (until, speed); faults fall on the edges of steps."""
    load, state, slots = modelled.queue(requests, engines)
    done = np.zeros((engines, 6))
    total = np.zeros((engines, 6))
    even = np.arange(1.0, engines + 1.0)
    first, now, wasted, failed = 0, 0.0, 0.0, 0
    for until, speed in pieces:
        last = int(np.searchsorted(requests.arrival, until))
        first = dispatch.route(first, last, now, even, 1, load, state, slots, service)
        pace = np.full(engines, float(speed))
        modelled.advance(0, engines, now, until - now, pace, load, state, slots, service, done)
        total += done
        now = until
        if now in faults:
            for e in range(engines):
                lost = modelled.fail_engine(e, now, load, state, slots, service)
                failed += lost[0]
                wasted += lost[1]
    return load, state, slots, total, wasted


def steps(end, speeds, step=STEP):
    edges = step * np.arange(1, int(np.ceil(end / step)) + 1)
    return [(float(t), float(speeds[k % len(speeds)])) for k, t in enumerate(edges)]


def test_one_request_alone_takes_prefill_and_a_sum_of_iterations():
    service = make_service()
    requests = Requests(
        np.array([1.25]), np.array([100], np.int32), np.array([11], np.int32), np.zeros(1, "i2")
    )
    *_, slots, total, _ = simulate(requests, service, steps(20.0, [1.0]))
    prefill = 0.01 + 0.2 + 100 * 1e-4 + 1e-7 * 100**2
    decode = sum(0.06 + 3e-5 * (101 + k) for k in range(10))
    assert slots["first_token"][0] == pytest.approx(1.25 + prefill, abs=1e-12)
    assert slots["finish"][0] == pytest.approx(1.25 + prefill + decode, abs=1e-12)
    flop = 140e9 * 110 + 2.6e6 * (100**2 / 2 + sum(range(101, 111)))
    assert total[0].tolist() == pytest.approx([prefill, decode, flop, 100, 11, 1], rel=1e-12)


def test_a_full_batch_makes_one_token_each_iteration():
    """Closed form: b equal requests decode together in Σ (a_b + c·b·(p + k))."""
    service = make_service(max_batch=3)
    requests = Requests(
        np.zeros(3), np.full(3, 50, np.int32), np.full(3, 400, np.int32), np.zeros(3, "i2")
    )
    *_, slots, total, _ = simulate(requests, service, [(500.0, 1.0)])
    prefill = 0.01 + 3 * (0.1 + 50 * 1e-4 + 1e-7 * 2500)
    decode = sum(0.07 + 3e-5 * 3 * (51 + k) for k in range(399))
    np.testing.assert_allclose(slots["finish"], prefill + decode, rtol=1e-12)
    assert total[0, 1] == pytest.approx(decode, rel=1e-12)


@pytest.mark.parametrize("seed", range(60))
def test_agrees_with_every_iteration_done_one_by_one(seed):
    rng = np.random.default_rng(seed)
    service = make_service(
        max_batch=int(rng.integers(1, 7)),
        capacity=int(rng.integers(700, 3000)),
        prefill_tokens=int(rng.choice([1, 500, 2000])),
        patience=float(rng.choice([3.0, 15.0, 1e9])),
    )
    requests = make_requests(rng, 40, rng.choice([0.2, 0.6, 2.0]))
    speeds = rng.choice([1.0, 0.37, 0.8, 0.0], 9) if seed % 3 else [1.0]
    pieces = steps(requests.arrival[-1] + 60.0, speeds)
    faults = [pieces[k][0] for k in rng.integers(0, len(pieces) - 1, 2)] if seed % 2 else []
    load, _, slots, total, wasted = simulate(requests, service, pieces, faults)
    truth = serve(
        requests.arrival.tolist(),
        requests.prompt.tolist(),
        requests.output.tolist(),
        service,
        pieces,
        faults,
    )
    assert [modelled.STATUS[k] for k in slots["status"]] == truth.status
    np.testing.assert_allclose(slots["first_token"], truth.first, rtol=0, atol=1e-9)
    np.testing.assert_allclose(slots["finish"], truth.finish, rtol=0, atol=1e-9)
    assert total[0, 0] == pytest.approx(truth.spent["prefill"], abs=1e-9)
    assert total[0, 1] == pytest.approx(truth.spent["decode"], abs=1e-9)
    assert total[0, 2] == pytest.approx(truth.work, rel=1e-9)
    assert wasted == pytest.approx(truth.wasted, rel=1e-9, abs=1.0)
    assert load[0] == sum(s in ("waiting", "running") for s in truth.status)


def test_how_time_is_cut_into_steps_does_not_matter():
    rng = np.random.default_rng(4)
    service = make_service(max_batch=6, capacity=2500, patience=25.0)
    requests = make_requests(rng, 300, 0.9)
    end = requests.arrival[-1] + 100.0
    whole = simulate(requests, service, [(end, 1.0)])
    for pieces in (
        steps(end - 60.0, [1.0], 60.0),
        steps(end - 0.5, [1.0], 0.31),
        [(float(t), 1.0) for t in np.sort(rng.uniform(0, end, 50))],
    ):
        cut = simulate(requests, service, [*pieces, (end, 1.0)])
        np.testing.assert_array_equal(cut[2]["status"], whole[2]["status"])
        for name in ("first_token", "finish"):
            np.testing.assert_allclose(cut[2][name], whole[2][name], rtol=0, atol=1e-9)
        np.testing.assert_allclose(cut[3], whole[3], rtol=1e-9)


def test_half_speed_takes_twice_the_time():
    rng = np.random.default_rng(5)
    service = make_service(patience=np.inf)
    requests = make_requests(rng, 100, 0.5)
    end = 2000.0
    full = simulate(requests, service, steps(end, [1.0]))
    slow = Requests(requests.arrival * 2.0, requests.prompt, requests.output, requests.origin)
    half = simulate(slow, service, steps(2 * end, [0.5]))
    np.testing.assert_allclose(half[2]["finish"], 2.0 * full[2]["finish"], rtol=1e-12)
    np.testing.assert_allclose(half[3][0, :2], 2.0 * full[3][0, :2], rtol=1e-10)


@pytest.mark.parametrize("load", [0.3, 0.7, 0.9])
def test_one_at_a_time_waits_as_m_d_1(load):
    """Mean wait ρ D / 2(1 − ρ): Pollaczek–Khinchine (Kleinrock, Queueing Systems 1, §5.6)."""
    service = make_service(max_batch=1, patience=np.inf)
    n = 400_000
    rng = np.random.default_rng(int(load * 10))
    demand = 0.01 + 0.2 + 100 * 1e-4 + 1e-7 * 100**2
    requests = Requests(
        np.cumsum(rng.exponential(demand / load, n)),
        np.full(n, 100, np.int32),
        np.ones(n, np.int32),
        np.zeros(n, np.int16),
    )
    end = requests.arrival[-1] + 1000.0
    *_, slots, total, _ = simulate(requests, service, steps(end, [1.0], 60.0))
    wait = slots["first_token"] - slots["arrival"] - demand
    expected = load * demand / (2.0 * (1.0 - load))
    batches = wait.reshape(100, -1).mean(axis=1)
    sigma = batches.std(ddof=1) / 10.0
    assert wait.min() > -1e-9
    assert abs(wait.mean() - expected) < 4.0 * sigma
    assert sigma < 0.03 * expected
    assert total[0, 0] == pytest.approx(n * demand, rel=1e-9)


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**31),
    rate=st.floats(0.05, 20.0),
    patience=st.sampled_from([0.0, 2.0, 30.0, np.inf]),
    max_batch=st.integers(1, 12),
    capacity=st.integers(50, 4000),
    engines=st.integers(1, 4),
    speeds=st.lists(st.sampled_from([0.0, 0.05, 0.5, 1.0, 1.7]), min_size=1, max_size=6),
    faults=st.lists(st.integers(1, 20), max_size=3),
)
def test_nothing_vanishes(seed, rate, patience, max_batch, capacity, engines, speeds, faults):
    rng = np.random.default_rng(seed)
    service = make_service(max_batch, capacity, patience)
    requests = make_requests(rng, 80, rate)
    pieces = steps(150.0, speeds)
    load, state, slots, total, wasted = simulate(
        requests, service, pieces, [STEP * k for k in faults], engines
    )
    end = pieces[-1][0]
    status = slots["status"]
    arrived = requests.arrival < end
    assert np.all(status[~arrived] == modelled.PENDING)
    assert np.all(status[arrived] != modelled.PENDING)
    counts = np.bincount(status, minlength=6)
    assert counts.sum() == len(requests)
    assert counts[modelled.WAITING] + counts[modelled.RUNNING] == load.sum()
    assert counts[modelled.SERVED] == total[:, 5].sum()
    running = state["batch"] + state["prompts"]
    assert running.sum() == counts[modelled.RUNNING]
    assert np.all(running <= max_batch)
    assert np.all(state["reserved"] <= capacity)
    assert np.all(state["context"] <= state["reserved"])
    assert np.all(total[:, :2].sum(axis=1) <= end * (1 + 1e-12))
    started = status >= modelled.RUNNING
    assert np.all(np.isnan(slots["first_token"]) | started)
    early = slots["first_token"] - slots["arrival"]
    assert np.all(early[~np.isnan(early)] > 0.0)
    served = slots[status == modelled.SERVED]
    assert np.all(served["finish"] >= served["first_token"])
    assert np.all(np.isfinite(slots["finish"]) == (status >= modelled.SERVED))
    p, o = served["prompt"].astype(float), served["output"].astype(float)
    useful = service.token_flop * (p + o - 1)
    useful = useful + service.context_flop * (p * p / 2 + (o - 1) * p + (o - 1) * o / 2)
    in_hand = 0.0
    for e in range(engines):
        load_copy, state_copy, slots_copy = load.copy(), state.copy(), slots.copy()
        in_hand += modelled.fail_engine(e, end, load_copy, state_copy, slots_copy, service)[1]
    assert total[:, 2].sum() == pytest.approx(useful.sum() + wasted + in_hand, rel=1e-9, abs=1.0)
    for e in range(engines):
        if load[e] == 0:
            assert state["work"][e] == 0.0
        else:
            assert state["work"][e] > 0.0


def test_patience_counts_while_the_engine_stands_still():
    service = make_service(patience=10.0)
    requests = make_requests(np.random.default_rng(6), 20, 5.0)
    load, _, slots, total, _ = simulate(requests, service, steps(70.0, [0.0]))
    assert np.all(slots["status"] == modelled.DROPPED)
    np.testing.assert_allclose(slots["finish"], requests.arrival + 10.0)
    assert load[0] == 0
    assert not total.any()


def test_a_fault_kills_what_runs_and_leaves_what_waits():
    service = make_service(max_batch=2, patience=np.inf)
    requests = Requests(
        np.zeros(5), np.full(5, 100, np.int32), np.full(5, 500, np.int32), np.zeros(5, "i2")
    )
    load, _, slots, _, wasted = simulate(requests, service, [(5.0, 1.0)], [5.0])
    assert slots["status"].tolist() == [modelled.FAILED] * 2 + [modelled.WAITING] * 3
    assert load[0] == 3
    assert wasted > 2 * 140e9 * 100


def test_what_no_cache_can_hold_is_dropped_and_blocks_nobody():
    service = make_service(capacity=500)
    requests = Requests(
        np.array([0.0, 1.0]),
        np.array([600, 100], np.int32),
        np.array([10, 10], np.int32),
        np.zeros(2, "i2"),
    )
    *_, slots, _, _ = simulate(requests, service, [(50.0, 1.0)])
    assert slots["status"].tolist() == [modelled.DROPPED, modelled.SERVED]


def test_a_compiled_loop_can_call_one_engine():
    @numba.njit
    def loop(load, state, slots, service):
        total = 0.0
        for e in range(load.size):
            if load[e] != 0:
                total += modelled_advance(e, 0.0, 60.0, 1.0, load, state, slots, service)[2]
        return total

    modelled_advance = modelled.advance_engine
    requests = make_requests(np.random.default_rng(8), 30, 1.0)
    service = make_service(patience=np.inf)
    load, state, slots = modelled.queue(requests, 3)
    dispatch.route(0, 30, 0.0, np.arange(1.0, 4.0), 1, load, state, slots, service)
    assert loop(load, state, slots, service) > 0.0


def test_requests_out_of_order_are_refused():
    requests = Requests(
        np.array([0.0, 5.0, 4.0]), np.ones(3, "i4"), np.ones(3, "i4"), np.zeros(3, "i2")
    )
    with pytest.raises(ValueError, match=r"requests\[2\]: arrival 4.0 s is before .* 5.0 s"):
        modelled.queue(requests, 1)
