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


@settings(deadline=None, max_examples=40)
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
