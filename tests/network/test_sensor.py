"""Sensor stores: closed forms, a plain clock, and the balance to the byte."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dawndusk.network import sensor

INF = np.inf


def one(production, processing, downlink, store, reduction=1.0, aboard=True, dt=100.0, table=None):
    table = np.zeros(1, sensor.SENSOR) if table is None else table
    rates = (np.array([float(each)]) for each in (production, processing, downlink))
    sensor.advance(table, *rates, store, reduction, aboard, dt)
    return table


def amounts(table):
    return {name: int(table[name][0]) for name in sensor.AMOUNTS if table[name][0]}


def assert_balanced(table, store=INF):
    sums = sensor.ledger(table)
    assert sums["produced_bytes"] == (
        sums["lost_bytes"] + sums["removed_bytes"] + sums["downlinked_bytes"] + sums["stored_bytes"]
    )
    for name in sensor.AMOUNTS:
        assert np.all(table[name] >= 0)
    assert np.all(table["raw"] + table["ready"] <= store)
    ready = table["processed"] - table["removed"]
    assert np.all(table["downlinked"] + table["ready"] <= np.where(ready > 0, ready, INF))


def test_limits():
    """Nothing produced; nothing leaves; everything leaves; no store at all."""
    assert amounts(one(0, 9, 9, 1e6)) == {}
    assert amounts(one(10, 0, 0, 1e6)) == {"produced": 1000, "raw": 1000}
    assert amounts(one(10, INF, INF, INF, 0.1)) == {
        "produced": 1000,
        "processed": 1000,
        "removed": 900,
        "downlinked": 100,
    }
    assert amounts(one(10, 0, 0, 0.0)) == {"produced": 1000, "lost": 1000}
    assert amounts(one(10, 4, 9, 0.0)) == {
        "produced": 1000,
        "lost": 600,
        "processed": 400,
        "downlinked": 400,
    }


def test_raw_data_go_down_as_they_are():
    found = amounts(one(10, 5, 4, 1e6, 0.1, aboard=False))
    assert found == {"produced": 1000, "downlinked": 400, "ready": 600}


def test_a_full_store_loses_what_comes_in_beyond_what_goes_out():
    """10 in, 4 out, room for 120: full after 20 s, then 6 a second are lost for 80 s."""
    found = amounts(one(10, INF, 4, 120.0, aboard=False))
    assert found == {"produced": 1000, "lost": 480, "downlinked": 400, "ready": 120}


def test_processing_makes_room():
    """10 in, 8 processed to a quarter, 1 sent: grows by 10 − 6 − 1 = 3 a second, full at 50 s."""
    found = amounts(one(10, 8, 1, 150.0, 0.25))
    assert found == {
        "produced": 1000,
        "lost": 150,
        "processed": 800,
        "removed": 600,
        "downlinked": 100,
        "raw": 50 * 2 - 50,
        "ready": 100,
    }


def test_an_unlimited_contact_empties_the_store():
    table = one(10, 4, 0, 1e6, 0.5)
    one(0, 0, INF, 1e6, 0.5, dt=1.0, table=table)
    assert amounts(table) == {
        "produced": 1000,
        "processed": 400,
        "removed": 200,
        "downlinked": 200,
        "raw": 600,
    }


def test_only_what_leaves_makes_room_when_the_store_is_full_of_products():
    """Halved at once and 1 sent: grows by 4 a second, full at 30 s, then 2 of 10 find room."""
    found = amounts(one(10, INF, 1, 120.0, 0.5))
    assert found == {
        "produced": 1000,
        "lost": 560,
        "processed": 440,
        "removed": 220,
        "downlinked": 100,
        "ready": 120,
    }


def test_raw_data_take_the_room_that_products_leave():
    """Full of products; 4 a second halved and 3 sent leave room for 5 of 10."""
    table = np.zeros(1, sensor.SENSOR)
    for name, value in (("produced", 200), ("processed", 200), ("removed", 100), ("ready", 100)):
        table[name] = value
    found = amounts(one(10, 4, 3, 100.0, 0.5, dt=50.0, table=table))
    assert found == {
        "produced": 700,
        "lost": 250,
        "processed": 400,
        "removed": 200,
        "downlinked": 150,
        "raw": 50,
        "ready": 50,
    }
    assert_balanced(table, 100.0)


def test_a_store_runs_empty_and_then_passes_through():
    table = one(10, 0, 0, 1e6)
    one(2, 12, 100, 1e6, 0.5, dt=200.0, table=table)
    assert amounts(table) == {
        "produced": 1400,
        "processed": 1400,
        "removed": 700,
        "downlinked": 700,
    }


def clock(production, processing, downlink, store, share, levels, dt, ticks):
    """Plain reference: tick by tick; work and contacts make room for what comes in."""
    raw, ready = levels
    lost = sent = done = 0.0
    tick = dt / ticks
    for _ in range(ticks):
        work = min(raw, processing * tick)
        down = min(ready, downlink * tick)
        raw, ready = raw - work, ready + share * work - down
        taken = min(production * tick, store - raw - ready)
        raw, lost = raw + taken, lost + production * tick - taken
        done, sent = done + work, sent + down
    return lost, done, sent, raw, ready


@pytest.mark.parametrize("seed", range(60))
def test_levels_follow_a_plain_clock(seed):
    rng = np.random.default_rng(seed)
    table = np.zeros(1, sensor.SENSOR)
    store, share = float(rng.uniform(1e5, 4e6)), float(rng.choice([0.0, 0.1, 0.5, 1.0]))
    behind = 3.0 * 1e4 * 500.0 / 20_000  # a byte waits a tick to be worked on, another to be sent
    for _ in range(4):
        production, processing, downlink = rng.uniform(0.0, 1e4, 3) * (rng.random(3) < 0.8)
        before = table.copy()
        levels = float(table["raw"][0]), float(table["ready"][0])
        lost, done, sent, raw, ready = clock(
            production, processing, downlink, store, share, levels, 500.0, 20_000
        )
        one(production, processing, downlink, store, share, True, 500.0, table)
        for name, value in (("lost", lost), ("processed", done), ("downlinked", sent)):
            change = float(table[name][0] - before[name][0])
            assert change == pytest.approx(value, abs=behind), name
        assert table["raw"][0] == pytest.approx(raw, abs=behind)
        assert table["ready"][0] == pytest.approx(ready, abs=behind)
        assert_balanced(table, store)


def test_how_time_is_cut_does_not_matter():
    whole = one(1234.5, 800.25, 90.125, 2e5, 0.3, dt=1000.0)
    cut = np.zeros(1, sensor.SENSOR)
    for _ in range(40):
        one(1234.5, 800.25, 90.125, 2e5, 0.3, dt=25.0, table=cut)
    for name in sensor.AMOUNTS:
        assert float(cut[name][0]) == pytest.approx(float(whole[name][0]), abs=41.0), name


@settings(max_examples=100)
@given(st.integers(0, 2**32))
def test_no_byte_vanishes(seed):
    rng = np.random.default_rng(seed)
    table = np.zeros(8, sensor.SENSOR)
    store = float(rng.choice([0.0, 7.5, 1e4, 1e9, INF]))
    aboard, share = bool(rng.random() < 0.7), float(rng.choice([0.0, 0.03, 0.5, 1.0]))
    for _ in range(12):
        production = rng.choice([0.0, 0.3, 77.0, 1e7], 8) * rng.uniform(0.5, 1.0, 8)
        processing = rng.choice([0.0, 0.2, 80.0, 1e8, INF], 8)
        downlink = rng.choice([0.0, 0.1, 40.0, 1e8, INF], 8)
        before = table["produced"].copy()
        sensor.advance(table, production, processing, downlink, store, share, aboard, 60.0)
        assert_balanced(table, store)
        made = table["produced"] - before
        assert np.all(np.abs(made - 60.0 * production) < 1.0 + 1e-6)
        if store == INF:
            assert not table["lost"].any()
        if not aboard:
            assert not table["processed"].any()
            assert not table["raw"].any()


def test_parts_of_bytes_are_not_lost():
    table = np.zeros(1, sensor.SENSOR)
    for _ in range(3000):
        one(0.1, INF, 0, 1e6, 0.25, dt=1.0, table=table)
    assert table["produced"][0] == pytest.approx(300, abs=1)
    assert table["ready"][0] == pytest.approx(75, abs=1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"production": -1}, r"network.sensor_rate: -1; allowed: finite and at least 0"),
        ({"production": INF}, r"network.sensor_rate: inf"),
        ({"reduction": 1.5}, r"network.sensor_reduction: 1.5; allowed: 0 to 1"),
        ({"downlink": np.nan}, r"network.downlink: nan"),
        ({"store": -2.0}, r"network.store: -2"),
    ],
)
def test_wrong_input_is_named(changes, message):
    inputs = {"production": 1, "processing": 1, "downlink": 1, "store": 1.0}
    with pytest.raises(ValueError, match=message):
        one(**(inputs | changes))
