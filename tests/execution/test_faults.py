"""Interruptions: the published rate, a Poisson process, no interruption while down."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from dawndusk.execution import faults

HOUR = 3600.0


def rng(seed=1):
    return np.random.default_rng(seed)


def test_published_mean_time_between_interruptions():
    """Llama 3, 2024: 419 of 16,384 GPUs in 54 days, 3.093 h between them."""
    hours = 1.0 / (faults.INTERRUPTION_RATE * 16_384) / HOUR
    assert hours == pytest.approx(3.093, rel=1e-3)


def test_simulated_fleet_has_the_published_mean():
    """2,048 nodes of 8 for 20 years: mean gap within 1 %, gaps exponential."""
    accelerators = np.full(2048, 8.0)
    events = faults.interruptions(accelerators, 20 * 365.25 * 24 * HOUR, 0.0, rng())
    gaps = np.diff(events.time)
    assert gaps.mean() / HOUR == pytest.approx(3.093, rel=0.01)
    assert stats.kstest(gaps, "expon", args=(0.0, gaps.mean())).pvalue > 1e-3
    counts = np.bincount(events.site, minlength=2048)
    chi = ((counts - counts.mean()) ** 2 / counts.mean()).sum()
    assert stats.chi2.sf(chi, 2047) > 1e-3


def test_sites_fail_in_proportion_to_their_accelerators():
    events = faults.interruptions(np.array([1.0, 0.0, 3.0]), 1e6, 0.0, rng(2), rate=0.01)
    counts = np.bincount(events.site, minlength=3)
    assert counts[1] == 0
    assert abs(counts[2] / counts.sum() - 0.75) < 4 * np.sqrt(0.75 * 0.25 / counts.sum())


def test_availability_is_that_of_an_alternating_renewal_process():
    """Up 1/λ, down r in turn: share down r λ / (1 + r λ) (Barlow & Proschan 1965, ch. 3)."""
    rate, restart, duration = 1e-3, 700.0, 4e5
    events = faults.interruptions(np.ones(200), duration, restart, rng(3), rate=rate)
    down = (np.minimum(events.until, duration) - events.time).sum() / (200 * duration)
    assert down == pytest.approx(rate * restart / (1 + rate * restart), rel=0.01)


@settings(max_examples=40)
@given(
    st.lists(st.integers(0, 16), min_size=1, max_size=6),
    st.floats(0.0, 1e4),
    st.floats(0.0, 1e-3),
    st.integers(0, 2**31),
)
def test_no_site_fails_while_it_is_down(accelerators, restart, rate, seed):
    count = np.array(accelerators, float)
    events = faults.interruptions(count, 1e5, restart, rng(seed), rate=rate)
    assert np.all(np.diff(events.time) >= 0.0)
    assert np.all((events.time >= 0.0) & (events.time < 1e5))
    np.testing.assert_array_equal(events.until, events.time + restart)
    for site in set(events.site.tolist()):
        assert count[site] > 0
        mine = events.site == site
        assert np.all(events.time[mine][1:] >= events.until[mine][:-1])


# several causes


def test_a_safe_mode_lasts_as_long_as_the_ground_needs():
    """Up 1/λ, down r in the mean: share down r λ / (1 + r λ) (Barlow & Proschan 1965, ch. 3)."""
    rate, recovery, duration = 1e-5, 4e4, 4e7
    found = faults.merged([faults.safe_modes(40, duration, rate, recovery, rng(7))])
    assert set(found.cause) == {faults.SAFE_MODE}
    assert (found.until - found.time).mean() == pytest.approx(recovery, rel=0.05)
    down = (np.minimum(found.until, duration) - found.time).sum() / (40 * duration)
    assert down == pytest.approx(rate * recovery / (1 + rate * recovery), rel=0.05)


def test_a_cause_left_out_is_hardware():
    found = faults.Interruptions(np.arange(3.0), np.zeros(3, np.int32), np.arange(3.0) + 0.5)
    assert found.cause.tolist() == [faults.HARDWARE] * 3
    assert found.first(2).time.tolist() == [0.0, 1.0]
    assert len(faults.no_strikes()) == 0
    assert len(faults.no_strikes().columns(["a"], 9.0)["kind"]) == 0
    assert faults.CAUSES[1:5] == faults.KINDS[1:]


parts = st.lists(
    st.tuples(st.floats(0.0, 100.0), st.integers(0, 3), st.floats(0.0, 40.0), st.integers(0, 5)),
    max_size=40,
)


@settings(max_examples=60)
@given(parts, parts)
def test_merging_keeps_what_finds_its_site_up(first, second):
    """Against one list and a dictionary."""
    given_ = []
    for rows in (first, second):
        rows.sort()
        time, site, down, cause = zip(*rows, strict=True) if rows else ((), (), (), ())
        time = np.array(time, float)
        kept = (time, np.array(site, np.int32), time + np.array(down, float))
        given_.append(faults.Interruptions(*kept, np.array(cause, np.int8)))
    expected, back = [], {}
    for time, site, down, cause in sorted(first + second, key=lambda row: row[0]):
        if time >= back.get(site, 0.0):
            back[site] = time + down
            expected.append((time, site, time + down, cause))
    found = faults.merged(given_)
    rows = zip(found.time, found.site, found.until, found.cause, strict=True)
    assert [tuple(row) for row in rows] == expected


def test_what_faults_cost_is_shared_by_cause_without_rest():
    """By hand: 300 s of hardware, 100 s of a host cut at the end, 600 s of a safe mode."""
    found = faults.Interruptions(
        np.array([0.0, 900.0, 100.0]),
        np.array([0, 1, 2], np.int32),
        np.array([300.0, 5000.0, 700.0]),
        np.array([faults.HARDWARE, faults.HOST, faults.SAFE_MODE], np.int8),
    )
    rolled = np.array([5.0, 0.0, 0.0, 7.0, 0.0, 0.0, 0.0, 0.0])
    cost = faults.by_cause(found, 1000.0, rolled, 1000.0, np.arange(8))
    assert list(cost) == list(faults.CAUSES)
    assert {name: row["down_s"] for name, row in cost.items() if row["down_s"]} == {
        "hardware": 300.0,
        "host": 100.0,
        "safe_mode": 600.0,
    }
    assert cost["hardware"]["lost_FLOP"] == pytest.approx(305.0)
    assert cost["host"]["lost_FLOP"] == pytest.approx(107.0)
    assert sum(row["lost_FLOP"] for row in cost.values()) == pytest.approx(1012.0, rel=1e-14)
    assert cost["safe_mode"] == {
        "interruptions": 1,
        "down_s": 600.0,
        "lost_FLOP": pytest.approx(600.0),
        "requests_failed": 5,
    }
    none = faults.by_cause(found.first(0), 1000.0, 0.0 * rolled, 0.0, np.zeros(8, int))
    assert {value for row in none.values() for value in row.values()} == {0}
    at_once = faults.by_cause(
        faults.Interruptions(found.time, found.site, found.time, found.cause),
        1000.0,
        0.0 * rolled,
        9.0,
        np.zeros(8, int),
    )
    assert at_once["host"]["lost_FLOP"] == pytest.approx(3.0), "requests in hand are lost even so"


def test_requests_fail_by_the_last_interruption_of_their_site():
    found = faults.Interruptions(
        np.array([10.0, 20.0, 70.0, 80.0]),
        np.array([0, 1, 0, 1], np.int32),
        np.array([15.0, 25.0, 75.0, 85.0]),
        np.array([0, 1, 2, 3], np.int8),
    )
    site, moment = np.array([0, 0, 1, 1, 1], np.int32), np.array([60.0, 120.0, 60.0, 120.0, 120.0])
    assert faults.failed_by_cause(found, site, moment).tolist() == [1, 1, 1, 2, 0, 0, 0, 0]
    assert faults.failed_by_cause(found.first(0), site[:0], moment[:0]).tolist() == [0] * 8


def test_same_seed_same_faults():
    one, two = (faults.interruptions(np.ones(9), 1e7, 60.0, rng(5), 1e-5) for _ in range(2))
    np.testing.assert_array_equal(one.time, two.time)
    np.testing.assert_array_equal(one.site, two.site)
    assert len(one) > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.ones(1), 1.0, -1.0), r"faults.restart_time: -1; allowed: at least 0"),
        ((-np.ones(1), 1.0, 1.0), r"faults.accelerators: -1"),
    ],
)
def test_wrong_inputs_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        faults.interruptions(*arguments, rng())
    with pytest.raises(ValueError, match=r"faults.interruption_rate: nan"):
        faults.interruptions(np.ones(1), 1.0, 1.0, rng(), rate=float("nan"))


def test_wrong_safe_modes_are_named():
    with pytest.raises(ValueError, match=r"faults.safe_mode_rate: -1; allowed: at least 0"):
        faults.safe_modes(3, 1.0, -1.0, 1.0, rng())
    with pytest.raises(ValueError, match=r"faults.recovery_time: nan"):
        faults.safe_modes(3, 1.0, 1.0, float("nan"), rng())


def strikes(solar):
    time = np.array([10.0, 20.0, 30.0])
    return faults.Strikes(
        time,
        np.array([0, 1, 0], np.int32),
        np.array([0, 1, 3], np.int8),
        np.radians([70.0, -20.0, -75.0]),
        np.zeros(3),
        np.array([False, True, False]),
        solar,
    )


def test_strikes_of_a_storm_are_counted_and_written():
    found = strikes(np.array([True, False, True]))
    assert found.of_storm(100.0) == {"storm_upsets": 2}
    assert found.of_storm(30.0) == {"storm_upsets": 1}
    assert found.columns(["a", "b"], 25.0)["solar"].tolist() == [True, False]
    assert found.chosen(found.solar).latitude == pytest.approx(np.radians([70.0, -75.0]))
    assert found.chosen(np.array([2])).solar.tolist() == [True]


def test_without_a_storm_nothing_is_said_of_one():
    found = strikes(None)
    assert found.of_storm(100.0) == {}
    assert "solar" not in found.columns(["a", "b"], 25.0)
    assert found.chosen(np.array([True, False, False])).solar is None
    assert len(found.chosen(np.array([True, False, False]))) == 1
