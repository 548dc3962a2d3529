"""Annuities against textbook tables, a cash-flow simulation and their own identities."""

import doctest
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import brentq

from dawndusk.economics import annuity

rates = st.floats(-0.3, 1.0)
lives = st.integers(1, 60)


def test_examples_in_docstrings():
    assert doctest.testmod(annuity).failed == 0


def test_free_money_is_repaid_in_equal_parts():
    assert annuity.capital_recovery(0.0, 8) == 0.125


def test_one_period_repays_capital_and_interest():
    assert annuity.capital_recovery(0.15, 1) == pytest.approx(1.15, rel=1e-15)


def test_endless_life_pays_interest_only():
    assert annuity.capital_recovery(0.08, 5000) == pytest.approx(0.08, rel=1e-14)


def test_rate_towards_zero_is_continuous():
    assert annuity.capital_recovery(1e-13, 5) == pytest.approx(0.2, rel=1e-12)


@pytest.mark.parametrize(
    ("rate", "periods", "factor"),
    [
        (0.05, 10, 0.129505),
        (0.08, 5, 0.250456),
        (0.10, 20, 0.117460),
        (0.12, 15, 0.146824),
        (0.15, 5, 0.298316),
    ],
)
def test_compound_interest_table(rate, periods, factor):
    """Capital recovery factors as printed in every engineering-economics text's interest tables."""
    assert annuity.capital_recovery(rate, periods) == pytest.approx(factor, abs=5e-7)


@given(rate=rates, periods=lives)
def test_loan_account_ends_at_zero(rate, periods):
    """Reference without a formula: an account that bears interest and pays the annuity."""
    payment = annuity.annuity(1000.0, rate, periods)
    balance = 1000.0
    for _ in range(periods):
        balance = balance * (1.0 + rate) - payment
    assert abs(balance) <= 1e-10 * 1000.0 * max(1.0, (1.0 + rate) ** periods)


@given(rate=rates, periods=lives)
def test_present_value_inverts_annuity(rate, periods):
    assert annuity.present_value(
        annuity.annuity(7.0, rate, periods), rate, periods
    ) == pytest.approx(7.0, rel=1e-12)


@given(rate=rates, periods=lives)
def test_present_value_is_the_sum_of_discounted_payments(rate, periods):
    flows = [0.0] + [3.0] * periods
    assert annuity.net_present_value(flows, rate) == pytest.approx(
        annuity.present_value(3.0, rate, periods), rel=1e-11
    )


@given(rate=rates, more=st.floats(0.001, 0.5), periods=lives)
def test_dearer_money_costs_more(rate, more, periods):
    assert annuity.capital_recovery(rate + more, periods) > annuity.capital_recovery(rate, periods)


@given(rate=st.floats(-0.3, 0.3), periods=lives)
def test_longer_life_costs_less(rate, periods):
    assert annuity.capital_recovery(rate, periods + 1) < annuity.capital_recovery(rate, periods)


@given(rate=rates, periods=lives, hazard=st.floats(1e-6, 1.0), more=st.floats(1e-3, 1.0))
def test_what_fails_more_often_costs_more(rate, periods, hazard, more):
    low = annuity.capital_recovery(rate, periods, hazard)
    assert annuity.capital_recovery(rate, periods) < low
    assert low < annuity.capital_recovery(rate, periods, hazard + more)


def test_hazard_at_no_interest_is_renewal_at_the_mean_life():
    """Closed form: purchases a year = 1 / E[min(T, n)] = λ / (1 − e^(−λn))."""
    assert annuity.capital_recovery(0.0, 5, 0.0908) == pytest.approx(
        0.0908 / (1.0 - math.exp(-0.0908 * 5)), rel=1e-14
    )


def test_hazard_against_one_cohort_followed_year_by_year():
    """Reference that shares no formula: root search for the payment that breaks even."""
    rate, years, hazard = 0.12, 5, 0.2

    def worth(payment):
        total = -1.0
        for year in range(years):
            alive, _ = quad(lambda t: math.exp(-hazard * t), year, year + 1)
            total += payment * alive / (1.0 + rate) ** (year + 1)
        return total

    assert annuity.capital_recovery(rate, years, hazard) == pytest.approx(
        brentq(worth, 0.1, 2.0, xtol=1e-14), rel=1e-12
    )


def test_hazard_against_a_simulated_fleet():
    """Reference by counting: what 4,000 slots buy over 800 years, each renewed when it fails
    or is five years old, with a seeded generator."""
    generator = np.random.default_rng(7)
    lives = np.minimum(generator.exponential(1.0 / 0.3, (4000, 400)), 5.0)
    ends = np.cumsum(lives, axis=1)
    bought = (ends < 800.0).sum() / 4000 / 800.0
    assert annuity.capital_recovery(0.0, 5, 0.3) == pytest.approx(bought, rel=2e-3)


def test_levelised_cost_is_the_price_that_breaks_even():
    costs, outputs, rate = [1000.0, 50.0, 60.0, 70.0], [0.0, 90.0, 80.0, 70.0], 0.07
    price = annuity.levelised_cost(costs, outputs, rate)
    flows = [price * out - cost for cost, out in zip(costs, outputs, strict=True)]
    assert annuity.net_present_value(flows, rate) == pytest.approx(0.0, abs=1e-10)


@given(rate=rates, periods=lives, output=st.floats(0.1, 1e6))
def test_levelised_cost_of_steady_output_is_the_annuity(rate, periods, output):
    costs, outputs = [500.0] + [0.0] * periods, [0.0] + [output] * periods
    assert annuity.levelised_cost(costs, outputs, rate) == pytest.approx(
        annuity.annuity(500.0, rate, periods) / output, rel=1e-11
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-1.0, 5), r"rate = -1.0: must be above -1"),
        ((0.1, 0), r"periods = 0: must be positive"),
        ((0.1, 5, -0.1), r"hazard = -0.1: must not be negative"),
    ],
)
def test_wrong_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        annuity.capital_recovery(*arguments)


def test_other_wrong_input_is_named():
    with pytest.raises(ValueError, match="2 costs and 1 outputs"):
        annuity.levelised_cost([1.0, 2.0], [1.0], 0.1)
    with pytest.raises(ValueError, match="nothing is delivered"):
        annuity.levelised_cost([1.0], [0.0], 0.1)
    with pytest.raises(ValueError, match="must be above -1"):
        annuity.net_present_value([1.0], -2.0)


@given(rate=rates, periods=lives)
def test_a_stream_is_worth_its_yearly_payments(rate, periods):
    assert annuity.worth(rate, periods) == pytest.approx(
        annuity.present_value(1.0, rate, periods), rel=1e-12
    )


def test_a_stream_of_months_is_worth_what_a_savings_account_makes_of_them():
    """Reference without a formula: twelve deposits that make 1 at the year's end, each paid off."""
    monthly = 1.1 ** (1 / 12) - 1.0
    deposit = 1.0 / sum((1.0 + monthly) ** month for month in range(12))
    for months in (1, 7, 12, 31):
        paid = sum(deposit / (1.0 + monthly) ** (month + 1) for month in range(months))
        assert annuity.worth(0.1, months / 12) == pytest.approx(paid, rel=1e-12)


def test_worth_needs_a_rate_above_minus_one():
    with pytest.raises(ValueError, match="rate = -1"):
        annuity.worth(-1.0, 3.0)


@given(rate=rates, life=lives, times=st.integers(1, 6))
def test_buying_anew_at_the_end_of_each_life_costs_one_annuity_for_ever(rate, life, times):
    starts = life * np.arange(times)
    shares = annuity.levelised_share(starts, rate, life, times * life)
    assert shares.sum() == pytest.approx(annuity.capital_recovery(rate, life), rel=1e-9)


@given(rate=rates, life=lives, horizon=lives, start=st.floats(0.0, 1.0))
def test_a_purchase_within_the_horizon_never_costs_more_than_its_own_annuity(
    rate, life, horizon, start
):
    share = annuity.levelised_share(start * horizon, rate, life, horizon)
    whole = annuity.capital_recovery(rate, life)
    assert -1e-12 <= share <= whole * (1.0 + 1e-12)
    if start * horizon + life >= horizon and start == 0.0:
        assert share == pytest.approx(whole, rel=1e-12)


def test_levelled_share_by_hand():
    """At 10 %: bought after a year for two years, 0.57619 a year; of a horizon of two years only
    the second counts, worth 0.57619 / 1.1² = 0.476190 of 1 / 1.1 + 1 / 1.21 = 1.735537."""
    share = annuity.levelised_share(1.0, 0.1, 2.0, 2.0)
    assert share == pytest.approx(0.5761904762 / 1.21 / 1.7355371901, rel=1e-9)


def test_renewals_over_a_long_time_cost_what_the_hazard_formula_says():
    """Independent: failures drawn one by one, each bought anew, 20,000 slots over 80 years."""
    rng = np.random.default_rng(5)
    rate, life, hazard, horizon = 0.15, 5.0, 0.1, 80.0
    paid, now = np.zeros(20_000), np.zeros(20_000)
    while np.any(now < horizon):
        shares = annuity.levelised_share(np.minimum(now, horizon), rate, life, horizon)
        paid += np.where(now < horizon, shares, 0.0)
        now += np.minimum(rng.exponential(1.0 / hazard, now.size), life)
    error = 3.0 * paid.std() / math.sqrt(paid.size) / paid.mean()
    # years paid at their end against failures within them: 0.1 % beside the draw's own error
    expected = annuity.capital_recovery(rate, life, hazard)
    assert paid.mean() == pytest.approx(expected, rel=error + 0.0015)
