"""Jobs: gangs and batches, checkpoints against a plain clock, faults, conservation."""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dawndusk.workload import jobs, training


@dataclass(frozen=True)
class Declared:
    name: str = "train"
    kind: str = "training"
    count: int = 1
    nodes: int = 2
    memory: float = 1e9
    submit: float = 0.0
    every: float | None = None
    deadline: float | None = None
    preemptible: bool = True
    checkpoint_interval: float | None = None
    checkpoint_time: float = 0.0
    restart_time: float = 0.0
    utilisation: float = 0.4
    input: float = 0.0
    output: float = 0.0
    checkpoint_size: float = 0.0
    checkpoint_to: str = "aboard"
    exchange: float = 0.0
    exchange_interval: float = 60.0


def one(work=1e6, **changes):
    return jobs.table([(replace(Declared(), **changes), work)], 1e9).table


def settle(table, start, dt, executed, of=None):
    sites = np.zeros(len(executed), np.int32) if of is None else np.array(of, np.int32)
    return jobs.settle(start, dt, sites, np.array(executed, float), table)


def parts(table):
    names = ("done", "rolled_back", "checkpointed", "restarted", "stalled")
    return sum(table[name] for name in names)


def test_a_gang_goes_at_its_slowest_member():
    table = one()
    assert settle(table, 0.0, 10.0, [100.0, 60.0])[0] == 120.0
    assert table["stalled"][0] == 40.0
    assert table["status"][0] == jobs.RUNNING


def test_a_gang_stands_still_without_all_its_nodes():
    table = one(nodes=3)
    assert settle(table, 0.0, 10.0, [100.0, 60.0])[0] == 0.0
    assert settle(table, 10.0, 10.0, [100.0, 60.0, 0.0])[0] == 0.0
    assert table["stalled"][0] == 320.0
    assert table["status"][0] == jobs.WAITING
    assert np.isnan(table["start"][0])


def test_a_batch_goes_at_the_sum():
    table = one(kind="batch", nodes=8)
    assert settle(table, 0.0, 10.0, [100.0, 60.0, 0.0])[0] == 160.0
    assert table["stalled"][0] == 0.0


def test_finish_is_exact_and_the_rest_is_stalled():
    """Rate 20/s, 10 s work and 2 s writing in turn; 500 FLOP are 25 s of work: 29 s."""
    table = one(500.0, checkpoint_interval=10.0, checkpoint_time=2.0)
    settle(table, 100.0, 60.0, [600.0, 600.0])
    assert table["finish"][0] == pytest.approx(129.0, abs=1e-12)
    assert table["checkpointed"][0] == pytest.approx(80.0)
    assert table["stalled"][0] == pytest.approx(31.0 * 20.0)
    assert table["status"][0] == jobs.FINISHED
    settle(table, 160.0, 60.0, [600.0, 600.0])
    assert table["done"][0] == 500.0
    assert parts(table)[0] == pytest.approx(table["executed"][0])


def test_the_end_waits_for_no_checkpoint():
    """400 FLOP at 20/s are exactly two segments of 10 s with one writing between: 22 s."""
    table = one(400.0, checkpoint_interval=10.0, checkpoint_time=2.0)
    settle(table, 0.0, 60.0, [600.0, 600.0])
    assert table["finish"][0] == pytest.approx(22.0, abs=1e-12)
    assert table["checkpointed"][0] == pytest.approx(40.0)


def clock(executed_rate, work, every, cost, intervals, dt, tick):
    """Plain reference: a clock in small ticks."""
    done = saved = phase = 0.0
    for k in range(round(intervals * dt / tick)):
        if phase < every - 1e-9:
            done += executed_rate * tick
            if done >= work - 1e-9:
                return done, saved, (k + 1) * tick
        phase += tick
        if phase >= every + cost - 1e-9:
            saved, phase = done, 0.0
    return done, saved, None


@pytest.mark.parametrize("seed", range(30))
def test_cycles_agree_with_a_plain_clock(seed):
    rng = np.random.default_rng(seed)
    every, cost = float(rng.integers(1, 40)), float(rng.integers(0, 6))
    dt, rate = float(rng.integers(1, 60)), 8.0
    work = rate * float(rng.integers(20, 400))
    table = one(work, checkpoint_interval=every, checkpoint_time=cost)
    for k in range(9):
        settle(table, k * dt, dt, [rate / 2 * dt] * 2)
    done, saved, finish = clock(rate, work, every, cost, 9, dt, 0.5)
    assert table["done"][0] == pytest.approx(done, rel=1e-9)
    if finish is None:
        assert table["saved"][0] == pytest.approx(saved, rel=1e-9)
        assert np.isnan(table["finish"][0])
    else:
        assert table["finish"][0] == pytest.approx(finish, rel=1e-9)
    assert parts(table)[0] == pytest.approx(table["executed"][0], rel=1e-12)


def test_how_time_is_cut_does_not_matter():
    whole, cut = (one(1e5, checkpoint_interval=70.0, checkpoint_time=9.0) for _ in range(2))
    settle(whole, 0.0, 1000.0, [10_000.0] * 2)
    edges = np.sort(np.append(np.random.default_rng(3).uniform(0, 1000.0, 40), [0.0, 1000.0]))
    for low, high in pairwise(edges):
        settle(cut, low, high - low, [10.0 * (high - low)] * 2)
    for name in ("done", "saved", "phase", "checkpointed"):
        assert cut[name][0] == pytest.approx(whole[name][0], rel=1e-9)


def test_a_fault_costs_a_gang_its_work_since_the_checkpoint_and_a_restart():
    table = one(checkpoint_interval=10.0, checkpoint_time=2.0, restart_time=5.0)
    settle(table, 0.0, 20.0, [200.0, 200.0])
    assert (table["done"][0], table["saved"][0]) == pytest.approx((360.0, 200.0))
    assert jobs.roll_back(0, 2, table) == pytest.approx(160.0)
    assert table["done"][0] == pytest.approx(200.0)
    assert settle(table, 20.0, 10.0, [100.0, 100.0])[0] == pytest.approx(100.0)
    assert table["restarted"][0] == pytest.approx(100.0)
    assert table["faults"][0] == 1
    assert parts(table)[0] == pytest.approx(table["executed"][0])


def test_a_fault_costs_a_batch_one_share():
    table = one(kind="batch", nodes=4, restart_time=8.0)
    settle(table, 0.0, 10.0, [100.0] * 4)
    assert jobs.roll_back(0, 4, table) == pytest.approx(100.0)
    assert table["done"][0] == pytest.approx(300.0)
    settle(table, 10.0, 10.0, [100.0] * 4)
    assert table["restarted"][0] == pytest.approx(80.0)


def test_a_pause_loses_nothing_but_time():
    table = one(checkpoint_interval=100.0, checkpoint_time=2.0, restart_time=3.0)
    settle(table, 0.0, 10.0, [100.0, 100.0])
    jobs.pause(0, 2, table)
    assert table["saved"][0] == table["done"][0] == 200.0
    assert settle(table, 50.0, 10.0, [100.0, 100.0])[0] == pytest.approx(100.0)


def test_useful_share_under_random_faults_is_dalys():
    """Interval by interval with Poisson faults, against Daly's closed form."""
    rng = np.random.default_rng(5)
    every, cost, restart, mean = 90.0, 10.0, 20.0, 500.0
    table = one(1e30, checkpoint_interval=every, checkpoint_time=cost, restart_time=restart)
    clock = 0.0
    for _ in range(40_000):
        gap = rng.exponential(mean)
        settle(table, clock, gap, [gap, gap])
        jobs.roll_back(0, 2, table)
        clock += gap
    share = table["done"][0] / table["executed"][0]
    assert share == pytest.approx(
        training.useful_fraction(every, cost, restart, 1 / mean), rel=0.01
    )


@settings(max_examples=60)
@given(st.integers(0, 2**31))
def test_no_work_vanishes(seed):
    rng = np.random.default_rng(seed)
    declared = [
        (
            Declared(
                name=f"job{k}",
                kind=str(rng.choice(jobs.KINDS)),
                nodes=int(rng.integers(1, 4)),
                submit=float(rng.uniform(0, 200)),
                checkpoint_interval=float(rng.uniform(1, 90)) if rng.random() < 0.7 else None,
                checkpoint_time=float(rng.uniform(0, 20)),
                restart_time=float(rng.uniform(0, 30)),
                deadline=float(rng.uniform(10, 500)),
            ),
            float(rng.uniform(10, 3000)),
        )
        for k in range(4)
    ]
    table = jobs.table(declared, 1e9).table
    before = table["done"].copy()
    for k in range(30):
        of = rng.integers(-1, 4, 8).astype(np.int32)
        executed = rng.uniform(0, 30, 8) * (rng.random(8) < 0.9)
        progress = jobs.settle(20.0 * k, 20.0, of, executed, table)
        np.testing.assert_allclose(table["done"] - before, progress, atol=1e-9)
        if rng.random() < 0.3:
            jobs.roll_back(int(rng.integers(4)), 2, table)
        if rng.random() < 0.2:
            jobs.pause(int(rng.integers(4)), 2, table)
        before = table["done"].copy()
        np.testing.assert_allclose(parts(table), table["executed"], rtol=1e-9, atol=1e-9)
        assert np.all(table["saved"] <= table["done"] + 1e-9)
        assert np.all(table["done"] <= table["work"])
        assert np.all((table["done"] >= 0.0) & (table["stalled"] >= -1e-9))
        assert np.all((table["status"] == jobs.FINISHED) == (table["done"] == table["work"]))
    counts = jobs.summary(table, 600.0)
    assert counts["submitted"] == 4
    assert counts["submitted"] == sum(
        counts[name] for name in ("finished", "running", "waiting", "failed")
    )


def test_copies_are_submitted_together_and_again_while_the_duration_lasts():
    made = jobs.table(
        [
            (Declared("daily", count=2, submit=10.0, every=100.0, deadline=50.0), 1.0),
            (Declared(), 2.0),
        ],
        duration=110.0,
    )
    assert made.names == ("daily-1", "daily-2", "train")
    longer = jobs.table(
        [(Declared("daily", count=2, submit=10.0, every=100.0, deadline=50.0), 1.0)],
        duration=111.0,
    )
    assert longer.names == ("daily-1", "daily-2", "daily-3", "daily-4")
    assert longer.table["submit"].tolist() == [10.0, 10.0, 110.0, 110.0]
    assert longer.table["deadline"].tolist() == [60.0, 60.0, 160.0, 160.0]
    assert made.table["work"].tolist() == [1.0, 1.0, 2.0]
    assert jobs.summary(made.table, 500.0)["submitted"] == 0


def test_a_late_job_is_counted_late():
    table = one(100.0, deadline=30.0)
    settle(table, 0.0, 10.0, [20.0, 20.0])
    assert jobs.summary(table, 20.0)["deadline_missed"] == 0
    assert jobs.summary(table, 31.0)["deadline_missed"] == 1
    settle(table, 31.0, 10.0, [50.0, 50.0])
    assert jobs.summary(table, 41.0)["deadline_missed"] == 1


def test_without_output_a_job_is_delivered_when_it_ends():
    table = one(100.0)
    settle(table, 0.0, 10.0, [40.0, 40.0])
    assert np.isnan(table["delivered"][0])
    settle(table, 10.0, 10.0, [40.0, 40.0])
    assert table["delivered"][0] == table["finish"][0] == 12.5


def test_a_job_with_output_is_late_until_it_is_delivered():
    """Work ends at 12.5 s, before the deadline; what counts is when the output is down."""
    table = one(100.0, deadline=30.0, output=1.0)
    settle(table, 0.0, 20.0, [160.0, 160.0])
    assert table["status"][0] == jobs.FINISHED
    assert np.isnan(table["delivered"][0])
    assert jobs.summary(table, 29.0)["deadline_missed"] == 0
    assert jobs.summary(table, 31.0)["deadline_missed"] == 1
    table["delivered"] = 29.0
    assert jobs.summary(table, 1e6)["deadline_missed"] == 0
    table["delivered"] = 30.5
    assert jobs.summary(table, 1e6)["deadline_missed"] == 1
    assert jobs.summary(table, 1e6)["finished"] == 1


def test_what_a_job_moves_is_in_its_record():
    table = one(
        1.0,
        input=2.0,
        output=3.0,
        checkpoint_size=4.0,
        checkpoint_to="ground",
        exchange=5.0,
        exchange_interval=6.0,
    )
    names = ("input", "output", "checkpoint_size", "to_ground", "exchange", "exchange_interval")
    assert [table[name][0] for name in names] == [2.0, 3.0, 4.0, True, 5.0, 6.0]
    assert not one()["to_ground"][0]


@pytest.mark.parametrize(
    ("changes", "work", "message"),
    [
        ({"kind": "trainin"}, 1.0, r"jobs\[train\].kind: 'trainin'; allowed: training, batch"),
        ({"nodes": 0}, 1.0, r"jobs\[train\].nodes: 0; allowed: at least 1"),
        ({}, float("nan"), r"jobs\[train\].work: nan"),
        ({"utilisation": 1.2}, 1.0, r"utilisation: 1.2; allowed: above 0, at most 1"),
    ],
)
def test_wrong_declarations_are_named(changes, work, message):
    with pytest.raises(ValueError, match=message):
        jobs.table([(replace(Declared(), **changes), work)], 1e9)
