"""Checkpoint arithmetic against simulation, published rules and limits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize

from dawndusk.workload import training


def test_work_of_llama_3_405b():
    """Llama 3, 2024: 405e9 parameters, 15.6e12 tokens, 3.8e25 FLOP."""
    assert training.work(405e9, 15.6e12) == pytest.approx(3.8e25, rel=0.01)


def test_memory_of_gpt_2():
    """ZeRO §3.1: 1.5e9 parameters need at least 24 GB."""
    assert training.state(1.5e9) == 24e9


def test_without_failures_only_the_writing_costs():
    assert training.useful_fraction(600.0, 60.0, 300.0, 0.0) == pytest.approx(10 / 11)
    assert training.useful_fraction(600.0, 60.0, 300.0, 1e-12) == pytest.approx(10 / 11)
    assert training.optimal_interval(60.0, 0.0) == np.inf


def test_rare_failures_agree_with_the_published_first_order():
    """Meta RSC-1 (Kokolis et al., HPCA 2025): (1 − λ (u + Δt/2)) / (1 + w/Δt)."""
    interval, cost, restart, rate = 3600.0, 30.0, 300.0, 1e-6
    first = (1 - rate * (restart + interval / 2)) / (1 + cost / interval)
    ours = training.useful_fraction(interval, cost, restart, rate)
    assert ours == pytest.approx(first, rel=3e-5)


@pytest.mark.parametrize(
    ("interval", "cost", "restart", "mean"), [(600.0, 60.0, 120.0, 4000.0), (50.0, 20.0, 0.0, 90.0)]
)
def test_useful_fraction_agrees_with_a_simulation(interval, cost, restart, mean):
    """Cycle by cycle with failures in work, writing and restart alike (Daly's assumption)."""
    rng = np.random.default_rng(1)
    clock = kept = 0.0
    until = rng.exponential(mean)
    for _ in range(100_000):
        need, pause = interval + cost, 0.0
        while until < pause + need:
            clock += until
            until = rng.exponential(mean)
            pause = restart
        clock += pause + need
        until -= pause + need
        kept += interval
    expected = training.useful_fraction(interval, cost, restart, 1.0 / mean)
    cycle_spread = 1.5 * mean / (interval / expected)
    assert kept / clock == pytest.approx(expected, rel=4 * cycle_spread / np.sqrt(100_000) + 1e-3)


@pytest.mark.parametrize(("cost", "mean"), [(1.0, 1e4), (60.0, 1e4), (300.0, 6e3), (600.0, 3e3)])
def test_optimal_interval_agrees_with_a_numerical_search(cost, mean):
    """Daly, 2006: within a small error of the best share for cost < mean/2."""
    rate = 1.0 / mean
    best = optimize.minimize_scalar(
        lambda t: -training.useful_fraction(t, cost, 0.0, rate), bounds=(1.0, 10 * mean)
    )
    at = training.useful_fraction(training.optimal_interval(cost, rate), cost, 0.0, rate)
    assert at == pytest.approx(-best.fun, rel=1e-3)
    assert training.optimal_interval(cost, rate) == pytest.approx(best.x, rel=0.05)


def test_optimal_interval_tends_to_youngs():
    """Young, 1974: √(2 C M) for cheap checkpoints."""
    assert training.optimal_interval(0.01, 1e-6) == pytest.approx(np.sqrt(2e4), rel=1e-3)
    assert training.optimal_interval(100.0, 1.0) == 1.0


def test_expected_loss_agrees_with_drawn_failures():
    rng = np.random.default_rng(2)
    time = rng.exponential(5000.0, 2_000_000)
    assert training.expected_loss(900.0, 100.0, 1 / 5000.0) == pytest.approx(
        np.mod(time, 1000.0).mean(), rel=2e-3
    )
    assert training.expected_loss(900.0, 100.0, 0.0) == 500.0
    below, above = (training.expected_loss(900.0, 100.0, rate) for rate in (0.999999e-7, 1e-7))
    assert below == pytest.approx(above, abs=1e-6)


@given(st.floats(1.0, 1e5), st.floats(0.0, 1e4), st.floats(0.0, 1e4), st.floats(1e-9, 1e-4))
def test_shares_are_shares_and_failures_only_hurt(interval, cost, restart, rate):
    useful = training.useful_fraction(interval, cost, restart, rate)
    assert 0.0 < useful <= interval / (interval + cost) * (1 + 1e-9)
    assert training.useful_fraction(interval, cost, restart, 2 * rate) <= useful * (1 + 1e-9)
    assert 0.0 < training.expected_loss(interval, cost, rate) <= (interval + cost) / 2 * (1 + 1e-6)


def test_an_interval_must_be_positive():
    with pytest.raises(ValueError, match=r"checkpoint_interval: 0 s; allowed: above 0"):
        training.useful_fraction(0.0, 1.0, 1.0, 1e-6)
