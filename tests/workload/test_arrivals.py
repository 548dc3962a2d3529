"""Synthetic requests: counts, the day, the cities and the lengths."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from dawndusk.workload import arrivals

DAY = 86_400.0
ONE = (np.ones(1), np.zeros(1))


def rng(seed=1):
    return np.random.default_rng(seed)


def test_day_has_mean_one_and_the_stated_ratio():
    mean = integrate.quad(lambda t: arrivals.diurnal(np.array(t)), 0.0, DAY)[0] / DAY
    assert mean == pytest.approx(1.0, rel=1e-12)
    time = np.arange(0.0, DAY, 60.0)
    load = arrivals.diurnal(time, 3.3, 15 * 3600.0)
    assert load.max() / load.min() == pytest.approx(3.3, rel=1e-12)
    assert time[load.argmax()] == 15 * 3600.0


def test_without_a_day_it_is_a_poisson_process():
    """Counts and gaps of a homogeneous process (Kolmogorov–Smirnov at 0.1 %)."""
    requests = arrivals.synthetic(2.0, 5e4, 0.0, *ONE, rng(), peak_to_valley=1.0)
    assert abs(len(requests) - 1e5) < 4 * np.sqrt(1e5)
    gaps = np.diff(requests.arrival)
    assert stats.kstest(gaps, "expon", args=(0.0, 0.5)).pvalue > 1e-3
    counts = np.bincount((requests.arrival // 10.0).astype(int), minlength=5000)
    assert counts.var() / counts.mean() == pytest.approx(1.0, abs=0.1)


def test_arrivals_follow_the_day_of_their_city():
    """Hourly counts against the integral of the rate, chi-squared at 0.1 %."""
    offset = np.array([0.0, 8 * 3600.0])
    population = np.array([1.0, 3.0])
    start = 6 * 3600.0
    requests = arrivals.synthetic(2.0, 3 * DAY, start, population, offset, rng(2))
    edges = np.arange(0.0, 3 * DAY + 1.0, 3600.0)
    for city in (0, 1):
        seen = np.histogram(requests.arrival[requests.origin == city], edges)[0]
        local = (start + offset[city] + np.linspace(0.0, 3 * DAY, 72 * 200 + 1)) % DAY
        hours = (local[:-1] + 9.0) / 3600.0 - 15.0
        wave = 1.0 + 2.3 / 4.3 * np.cos(np.pi * hours / 12.0)
        middle = wave.reshape(72, 200).mean(axis=1)
        expected = 2.0 * population[city] / 4.0 * 3600.0 * middle
        chi = ((seen - expected) ** 2 / expected).sum()
        assert stats.chi2.sf(chi, len(seen)) > 1e-3


def test_rate_is_the_mean_over_whole_days():
    requests = arrivals.synthetic(1.5, 4 * DAY, 12345.0, *ONE, rng(3))
    assert abs(len(requests) - 6 * DAY) < 4 * np.sqrt(6 * DAY)


def test_lengths_have_the_published_mean_and_median():
    """Azure conversation trace: 1,155/1,020 and 211/129 tokens."""
    requests = arrivals.synthetic(10.0, 40_000.0, 0.0, *ONE, rng(4))
    n = len(requests)
    for tokens, mean, median in (
        (requests.prompt, 1155.0, 1020.0),
        (requests.output, 211.0, 129.0),
    ):
        mu, sigma = arrivals.lognormal(mean, median)
        spread = mean * np.sqrt(np.expm1(sigma**2))
        assert abs(tokens.mean() - mean) < 4 * spread / np.sqrt(n)
        middle = 4 * 1.2533 * sigma * median / np.sqrt(n) + 0.5
        assert abs(np.median(tokens) - median) < middle
        assert stats.kstest(np.log(tokens[:2000]), "norm", args=(mu, sigma)).pvalue > 1e-3


def test_lognormal_parameters_give_back_mean_and_median():
    mu, sigma = arrivals.lognormal(1155.0, 1020.0)
    law = stats.lognorm(s=sigma, scale=np.exp(mu))
    assert law.mean() == pytest.approx(1155.0, rel=1e-12)
    assert law.median() == pytest.approx(1020.0, rel=1e-12)
    assert arrivals.lognormal(7.0, 7.0)[1] == 0.0


def test_same_seed_same_requests():
    one, two = (arrivals.synthetic(1.0, 1e4, 0.0, *ONE, rng(7)) for _ in range(2))
    other = arrivals.synthetic(1.0, 1e4, 0.0, *ONE, rng(8))
    np.testing.assert_array_equal(one.arrival, two.arrival)
    np.testing.assert_array_equal(one.output, two.output)
    assert len(one) != len(other) or np.any(one.arrival != other.arrival)


@settings(max_examples=40)
@given(
    rate=st.floats(0.0, 2.0),
    duration=st.floats(1.0, 5000.0),
    ratio=st.floats(1.0, 50.0),
    weights=st.lists(st.floats(0.0, 1e7), min_size=1, max_size=5).filter(lambda w: sum(w) > 0),
    seed=st.integers(0, 2**31),
)
def test_requests_are_in_order_and_in_bounds(rate, duration, ratio, weights, seed):
    weight = np.array(weights)
    requests = arrivals.synthetic(
        rate, duration, 0.0, weight, np.zeros(weight.size), rng(seed), peak_to_valley=ratio
    )
    assert np.all(np.diff(requests.arrival) >= 0.0)
    assert np.all((requests.arrival >= 0.0) & (requests.arrival < duration))
    assert np.all(requests.prompt >= 1)
    assert np.all(requests.output >= 1)
    assert np.all(weight[requests.origin] > 0.0)


def test_wrong_inputs_are_named():
    with pytest.raises(ValueError, match=r"mean 100, median 120 tokens; allowed: 0 < median"):
        arrivals.lognormal(100.0, 120.0)
    with pytest.raises(ValueError, match=r"rate -1 1/s"):
        arrivals.synthetic(-1.0, 10.0, 0.0, *ONE, rng())
    with pytest.raises(ValueError, match=r"populations \[0.0\]"):
        arrivals.synthetic(1.0, 10.0, 0.0, np.zeros(1), np.zeros(1), rng())
