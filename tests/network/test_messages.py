"""Requests in bulk: what gets through, how long it waits, and the balance to the byte."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dawndusk.network import messages, sharing


def pairs(count):
    return messages.traffic(np.arange(count), np.arange(count) + count)


def offer(table, arriving, capacity, dt):
    """All pairs over one link."""
    count = len(table)
    arriving = np.array(arriving, np.int64)
    wanted = messages.demand(table, arriving, dt)
    rate, binding = sharing.equal_share(
        np.array([capacity]), np.arange(count + 1), np.zeros(count, np.int64), wanted
    )
    return messages.carry(table, arriving, rate, dt), binding


def test_a_link_with_room_makes_nobody_wait():
    table = pairs(3)
    wait, binding = offer(table, [10, 0, 1000], 8e6, 10.0)
    assert wait.tolist() == [0.0, 0.0, 0.0]
    assert table["delivered"].tolist() == [10, 0, 1000]
    assert binding.tolist() == [-1, -1, -1]


def test_a_full_link_lets_the_same_share_of_everyone_through():
    table = pairs(2)
    _, binding = offer(table, [100, 300], 8.0 * 200.0 / 10.0, 10.0)
    assert table["delivered"].tolist() == [50, 150]
    assert table["waiting"].tolist() == [50, 150]
    assert binding.tolist() == [0, 0]
    offer(table, [0, 0], 8e9, 10.0)
    assert table["delivered"].tolist() == [100, 300]


def test_no_path_keeps_everything_waiting():
    table = pairs(2)
    wait = messages.carry(table, np.array([5, 0]), np.zeros(2), 10.0)
    assert wait.tolist() == [np.inf, 0.0]
    assert table["waiting"].tolist() == [5, 0]
    assert messages.carry(table, np.array([0, 0]), np.array([4.0, 0.0]), 10.0)[0] > 0.0
    assert table["waiting"].tolist() == [0, 0]


def test_twice_what_a_link_carries_waits_half_the_interval():
    """Arriving at 2 r, leaving at r: the queue grows to r·dt, its mean wait is dt / 2."""
    table = pairs(1)
    wait, _ = offer(table, [2000], 8.0 * 1000.0 / 60.0, 60.0)
    assert wait[0] == pytest.approx(30.0, rel=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_mean_wait_is_that_of_a_queue_followed_byte_by_byte(seed):
    """An independent reference: when each byte of a first-in, first-out queue is its turn."""
    rng = np.random.default_rng(seed)
    table, dt = pairs(1), 10.0
    queued, arriving = (int(each) for each in rng.integers(1, 4000, 2))
    served = float(rng.uniform(0.1, 1.0)) * (queued + arriving) / dt
    messages.carry(table, np.array([queued]), np.zeros(1), dt)
    wait = messages.carry(table, np.array([arriving]), np.array([8.0 * served]), dt)[0]
    clock, waits = queued / served, []
    for k in range(arriving):
        arrived = dt * (k + 0.5) / arriving
        clock = max(clock, arrived)
        waits.append(clock - arrived)
        clock += 1.0 / served
    assert wait == pytest.approx(np.mean(waits), abs=1.0 / served)
    assert table["waiting"][0] == np.ceil(queued + arriving - served * dt)


def test_messages_given_up_have_failed():
    table = pairs(2)
    messages.carry(table, np.array([50, 20]), np.zeros(2), 1.0)
    messages.drop(table, np.array([0, 1]), np.array([30, 99]))
    assert table["waiting"].tolist() == [20, 0]
    assert messages.ledger(table) == {
        "offered_bytes": 70,
        "delivered_bytes": 0,
        "waiting_bytes": 20,
        "failed_bytes": 50,
    }


def test_half_a_byte_goes_with_its_message():
    table = pairs(1)
    messages.carry(table, np.array([50]), np.array([4.0]), 1.0)
    messages.drop(table, np.array([0]), np.array([50]))
    assert messages.demand(table, np.array([0]), 1.0)[0] == 0.0
    assert messages.demand(table, np.array([7]), 1.0)[0] == 56.0


@settings(max_examples=60)
@given(st.integers(0, 2**32))
def test_no_byte_vanishes(seed):
    rng = np.random.default_rng(seed)
    table, total = pairs(6), 0
    for _ in range(20):
        arriving = rng.integers(0, int(rng.choice([3, 10**5, 10**12])), 6)
        total += int(arriving.sum())
        before = table["waiting"] - table["part"]
        capacity = float(rng.choice([0.0, 1.0, 1e5, 1e11]) * rng.uniform(0.5, 1.0))
        wait, binding = offer(table, arriving, capacity, 10.0)
        assert not table["waiting"][binding < 0].any()
        if rng.random() < 0.2:
            messages.drop(table, np.array([2, 4]), rng.integers(0, 10**4, 2))
        sums = messages.ledger(table)
        assert sums["offered_bytes"] == total
        assert total == sums["delivered_bytes"] + sums["waiting_bytes"] + sums["failed_bytes"]
        assert np.all((table["waiting"] >= 0) & (table["part"] >= 0.0) & (table["part"] < 1.0))
        assert np.all(wait >= 0.0)
        assert np.all(wait[before + arriving == 0.0] == 0.0)


def test_parts_of_bytes_are_not_lost():
    table = pairs(1)
    messages.carry(table, np.array([100]), np.zeros(1), 1.0)
    for _ in range(299):
        messages.carry(table, np.array([0]), np.array([8.0 / 3.0]), 1.0)
    assert table["delivered"][0] == 99
    messages.carry(table, np.array([0]), messages.demand(table, np.array([0]), 1.0), 1.0)
    assert table["delivered"][0] == 100
