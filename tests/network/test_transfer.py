"""Transfers: times in closed form, contention through the links, the balance to the byte."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dawndusk.network import sharing, transfer
from dawndusk.network.transfer import DONE, FAILED, INPUT, MOVING, OUTPUT, WAITING

EMPTY = np.zeros(0, transfer.TRANSFER)


def submit(size, time=0.0, kind=INPUT, job=0, source=0, target=1):
    return transfer.submit(EMPTY, kind, job, source, target, size, time)


def interval(table, start, dt, capacity, paths, latency=0.0):
    """One interval on the links as an assembler does it; paths by row, None for no path."""
    rows = transfer.under_way(table, start + dt)
    mine = [paths[row] for row in rows]
    path_start = np.cumsum([0, *(len(path or []) for path in mine)])
    path_edge = np.array([edge for path in mine for edge in path or []], np.int64)
    demand = np.array([0.0 if path is None else np.inf for path in mine])
    release = np.maximum(table["submit"][rows] - start, 0.0)
    left = transfer.remaining(table, rows)
    moved = sharing.drain(capacity, path_start, path_edge, demand, left, release, dt)
    return transfer.advance(table, rows, start, *moved, np.full(rows.size, latency))


def assert_balanced(table):
    sums = transfer.ledger(table)
    assert sums["offered_bytes"] == table["size"].sum()
    assert sums["offered_bytes"] == (
        sums["delivered_bytes"] + sums["waiting_bytes"] + sums["failed_bytes"]
    )
    assert np.all((table["left"] >= 0) & (table["left"] <= table["size"]))
    assert np.all((table["part"] >= 0.0) & (table["part"] < 1.0))
    assert np.all((table["left"] == 0) == ((table["status"] == DONE) | (table["size"] == 0)))


def test_a_transfer_takes_its_bits_over_the_rate_and_one_latency():
    """1 GB at 10 Gbit/s are 0.8 s; the last byte arrives 5 ms later."""
    table = submit(10**9, time=100.25)
    assert interval(table, 100.0, 60.0, np.array([10e9]), [[0]], latency=0.005) == 10**9
    assert table["start"][0] == 100.25
    assert table["finish"][0] == pytest.approx(101.055, abs=1e-12)
    assert table["status"][0] == DONE
    assert transfer.under_way(table, 1e9).size == 0


def test_contacts_come_and_go():
    """8 bit/s in the first and third of three intervals: 25 bytes end 15 s into the third."""
    table = submit(25)
    for k, (path, status) in enumerate([([0], MOVING), (None, WAITING), ([0], DONE)]):
        interval(table, 10.0 * k, 10.0 + 5.0 * (k == 2), np.array([8.0]), [path])
        assert table["status"][0] == status
        assert_balanced(table)
    assert table["finish"][0] == pytest.approx(35.0, abs=1e-12)
    assert table["start"][0] == 0.0


def test_what_one_leaves_another_takes_inside_the_interval():
    """Two share 16 bit/s: 10 bytes end at 10 s, then 30 bytes go at twice the rate: 20 s."""
    table = submit([10, 30])
    interval(table, 0.0, 60.0, np.array([16.0]), [[0], [0]])
    assert table["finish"].tolist() == [10.0, 20.0]
    assert table["binding"].tolist() == [0, 0]


def test_a_transfer_nothing_can_carry_waits_and_names_its_link():
    table = submit([100, 100])
    interval(table, 0.0, 60.0, np.array([5.0, 0.0]), [[0, 1], None])
    assert table["status"].tolist() == [WAITING, WAITING]
    assert table["binding"].tolist() == [1, -1]
    assert np.isnan(table["start"]).all()
    assert transfer.ledger(table)["waiting_bytes"] == 200


def test_no_bytes_take_no_time():
    table = submit(0, time=3.0)
    interval(table, 0.0, 60.0, np.array([0.0]), [None])
    assert table["finish"][0] == 3.0
    assert table["status"][0] == DONE
    assert_balanced(table)


def test_what_waits_for_a_job_is_told():
    table = submit([100, 7, 50, 9], job=[1, 1, 2, -1], time=[0.0, 5.0, 0.0, 0.0])
    table = transfer.submit(table, OUTPUT, 1, 4, 5, 1000, 0.0)
    assert transfer.awaited(table, INPUT, 4, 1.0).tolist() == [0, 100, 50, 0]
    assert transfer.awaited(table, INPUT, 4, 5.0).tolist() == [0, 107, 50, 0]
    interval(table, 0.0, 10.0, np.array([np.inf]), [[0]] * 5, latency=2.0)
    assert transfer.awaited(table, INPUT, 4, 1.0).tolist() == [0, 1, 1, 0]
    assert transfer.awaited(table, INPUT, 4, 2.0).tolist() == [0, 0, 0, 0]
    assert transfer.awaited(table, OUTPUT, 4, 1.5).tolist() == [0, 1, 0, 0]


def test_giving_up_keeps_what_arrived():
    table = submit([100, 40])
    interval(table, 0.0, 10.0, np.array([80.0]), [[0], [0]])
    assert table["left"].tolist() == [40, 0]
    assert transfer.fail(table, np.array([0, 1])) == 40
    assert table["status"].tolist() == [FAILED, DONE]
    assert transfer.ledger(table) == {
        "offered_bytes": 140,
        "delivered_bytes": 100,
        "waiting_bytes": 0,
        "failed_bytes": 40,
    }
    assert transfer.under_way(table, 1e9).size == 0
    assert transfer.fail(table, np.array([0])) == 0


def test_parts_of_bytes_are_not_lost():
    """A third of a byte an interval: 100 bytes take 300 intervals."""
    table = submit(100)
    for k in range(299):
        interval(table, float(k), 1.0, np.array([8.0 / 3.0]), [[0]])
    assert table["status"][0] == MOVING
    interval(table, 299.0, 1.5, np.array([8.0 / 3.0]), [[0]])
    assert table["finish"][0] == pytest.approx(300.0, rel=1e-11)


def test_rounding_ends_no_transfer_early():
    """Sent to the last digit but without an end: one byte stays until the links say so."""
    table = submit(10)
    never = np.array([np.inf])
    moved = transfer.advance(
        table, np.array([0]), 0.0, np.array([10.0]), np.zeros(1), never, np.array([0]), np.zeros(1)
    )
    assert (moved, table["left"][0], table["status"][0]) == (9, 1, MOVING)
    assert_balanced(table)


def test_how_time_is_cut_does_not_matter():
    rng = np.random.default_rng(8)
    capacity = rng.uniform(1e8, 1e9, 6)
    paths = [rng.choice(6, 2, replace=False).tolist() for _ in range(30)]
    size, time = rng.integers(1, 10**10, 30), rng.uniform(0.0, 900.0, 30)
    whole, cut = submit(size, time), submit(size, time)
    interval(whole, 0.0, 1000.0, capacity, paths)
    edges = np.sort(np.r_[0.0, 1000.0, rng.uniform(0.0, 1000.0, 50)])
    for low, high in pairwise(edges):
        interval(cut, low, high - low, capacity, paths)
    assert 0 < np.isfinite(whole["finish"]).sum() < 30
    np.testing.assert_allclose(cut["finish"], whole["finish"], rtol=1e-12)
    np.testing.assert_allclose(cut["left"], whole["left"], atol=1.01)


@settings(max_examples=60)
@given(st.integers(0, 2**32))
def test_no_byte_vanishes(seed):
    """Links and paths come and go, transfers are added and given up; every interval balances."""
    rng = np.random.default_rng(seed)
    table, paths, delivered, failed = EMPTY, [], 0, 0
    for k in range(15):
        new = int(rng.integers(0, 4))
        size = rng.integers(0, int(rng.choice([5, 10**4, 2**52])), new)
        time = 10.0 * k + rng.uniform(-5.0, 15.0, new)
        table = transfer.submit(table, int(rng.integers(5)), 0, 1, 2, size, time)
        paths += [None] * new
        for row in range(len(paths)):
            if rng.random() < 0.4:
                paths[row] = rng.choice(5, int(rng.integers(0, 4)), replace=False).tolist()
            elif rng.random() < 0.2:
                paths[row] = None
        capacity = rng.choice([0.0, 1.0, 1e4, 1e15, np.inf], 5) * rng.uniform(0.5, 1.0, 5)
        capacity[np.isnan(capacity)] = 0.0
        before = table["left"].copy()
        moved = interval(table, 10.0 * k, 10.0, capacity, paths, latency=0.1)
        assert moved == (before - table["left"]).sum() >= 0
        delivered += moved
        if rng.random() < 0.2 and len(table):
            failed += transfer.fail(table, rng.integers(0, len(table), 2))
        assert_balanced(table)
        sums = transfer.ledger(table)
        assert sums["delivered_bytes"] == delivered
        assert sums["failed_bytes"] == failed
        done = table["status"] == DONE
        assert np.all(table["start"][done] <= table["finish"][done])
        assert np.all(table["submit"][done] <= table["start"][done] + 1e-9)


@pytest.mark.parametrize(
    ("size", "source", "message"),
    [
        (-1.0, 0, r"network.input: -1 bytes; allowed: 0 to 2\^63"),
        (np.nan, 0, r"network.input: nan bytes"),
        (1.0, -1, r"network.input: vertex -1; allowed: at least 0"),
    ],
)
def test_wrong_transfers_are_named(size, source, message):
    with pytest.raises(ValueError, match=message):
        submit(size, source=source)
