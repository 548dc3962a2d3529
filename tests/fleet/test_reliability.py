"""Lifetimes against published counts, numerical integration and hazards by finite differences."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import lognorm, weibull_min

from dawndusk.constants import DAY, JULIAN_YEAR
from dawndusk.fleet import reliability
from dawndusk.fleet.reliability import lifetime

YEAR = JULIAN_YEAR
MONTH = JULIAN_YEAR / 12.0

LIVES = st.builds(
    lifetime,
    defective=st.floats(0.0, 1.0),
    defect_time=st.floats(DAY, YEAR),
    rate=st.floats(0.0, 1.0 / YEAR),
    wear_scale=st.floats(YEAR, 30.0 * YEAR),
    wear_shape=st.floats(0.4, 8.0),
)


# ground clusters


def test_llama_3_counts() -> None:
    # Grattafiori et al. 2024, table 5: 419 in 54 days, 3.093 h between them, 9.08 % a year
    assert sum(reliability.INTERRUPTIONS.values()) == 419
    each = 419 / (16_384 * 54 * DAY)
    assert reliability.interval(each, 16_384) == pytest.approx(3.093 * 3600.0, rel=2e-4)
    failed = sum(reliability.INTERRUPTIONS[name] for name in ("faulty GPU", "GPU HBM3 memory"))
    assert failed / 54 * 365 / 16_384 == pytest.approx(0.0908, abs=5e-5)
    assert reliability.yearly(reliability.ACCELERATOR_FAILURE_RATE) == pytest.approx(
        0.0908, rel=1e-3
    )


def test_rsc_1_scaling() -> None:
    # Kokolis et al., HPCA 2025: 1.80 h at 16,384 and 0.23 h (0.225) at 131,072 accelerators
    assert reliability.cluster_interval(16_384) / 3600.0 == pytest.approx(1.80, rel=0.01)
    assert reliability.cluster_interval(131_072) / 3600.0 == pytest.approx(0.225, rel=0.01)
    assert reliability.cluster_interval(1_024) / 3600.0 == pytest.approx(28.8, rel=0.01)
    assert reliability.interval(0.0, 10) == math.inf


# lifetimes


def test_no_cause_no_failure() -> None:
    life = lifetime(0.0, DAY, 0.0)
    age = np.linspace(0.0, 30.0 * YEAR, 7)
    np.testing.assert_array_equal(reliability.survival(age, life), np.ones(7))
    np.testing.assert_array_equal(reliability.failure_table(life, MONTH, 12), np.zeros((3, 12)))


def test_each_cause_alone_is_its_closed_form() -> None:
    age = np.array([0.0, 0.1, 1.0, 5.0, 12.0]) * YEAR
    early = reliability.survival(age, lifetime(0.1, 30 * DAY, 0.0))
    np.testing.assert_allclose(early, 0.9 + 0.1 * np.exp(-age / (30 * DAY)), rtol=1e-12)
    chance = reliability.survival(age, lifetime(0.0, DAY, 0.02 / YEAR))
    np.testing.assert_allclose(chance, np.exp(-0.02 * age / YEAR), rtol=1e-12)
    worn = reliability.survival(age, lifetime(0.0, DAY, 0.0, 7 * YEAR, 3.5))
    np.testing.assert_allclose(worn, weibull_min.sf(age, 3.5, scale=7 * YEAR), rtol=1e-12)


def test_satellites_launched_from_1990_to_2008() -> None:
    # Castet & Saleh, J. Spacecraft Rockets 46 (2009): Weibull of shape 0.4521 and scale 2,607
    # years for 1,584 satellites; about 96 % work after 2 years and 94 % after 6
    life = lifetime(0.0, DAY, 0.0, 2_607 * YEAR, 0.4521)
    found = reliability.survival(np.array([2.0, 6.0]) * YEAR, life)
    np.testing.assert_allclose(found, [0.96, 0.94], atol=0.005)


def test_scale_wears_out_the_share_asked_for() -> None:
    scale = reliability.wear_scale(5 * YEAR, 0.05, 4.0)
    life = lifetime(0.0, DAY, 0.0, scale, 4.0)
    assert reliability.survival(np.array(5 * YEAR), life) == pytest.approx(0.95, rel=1e-12)


def test_survival_is_the_integral_of_the_hazard() -> None:
    life = lifetime(0.08, 60 * DAY, 0.015 / YEAR, 8 * YEAR, 3.0)
    for years in (0.2, 1.0, 6.0):
        total, _ = quad(
            lambda t: reliability.hazard(np.array(t), life).sum(),
            0.0,
            years * YEAR,
            epsrel=1e-11,
            limit=200,
        )
        found = reliability.survival(np.array(years * YEAR), life)
        assert found == pytest.approx(math.exp(-total), rel=1e-9)


def test_causes_of_a_month_are_the_integrals_of_their_hazards() -> None:
    # ∫ hazard_k · S dt over the month, over S at its start
    life = lifetime(0.08, 60 * DAY, 0.015 / YEAR, 8 * YEAR, 3.0)
    table = reliability.failure_table(life, MONTH, 80)
    for month in (0, 3, 70):
        start = month * MONTH
        before = reliability.survival(np.array(start), life)
        whole = 1 - reliability.survival(np.array(start + MONTH), life) / before
        for cause in range(3):
            part, _ = quad(
                lambda t, k=cause: float(
                    reliability.hazard(np.array(t), life)[k]
                    * reliability.survival(np.array(t), life)
                ),
                start,
                start + MONTH,
                epsrel=1e-11,
            )
            assert table[cause, month] == pytest.approx(part / before, abs=1e-4 * whole)
        assert table[:, month].sum() == pytest.approx(whole, rel=1e-9)


def test_nothing_outlives_certain_death() -> None:
    table = reliability.failure_table(lifetime(1.0, DAY, 0.0, YEAR, 400.0), YEAR, 40)
    assert np.all(np.isfinite(table))
    assert table[:, 0].sum() == pytest.approx(1.0, rel=1e-12)


@given(LIVES)
def test_the_table_multiplies_up_to_the_survival(life: reliability.Lifetime) -> None:
    table = reliability.failure_table(life, MONTH, 24)
    assert np.all(table >= 0.0)
    assert np.all(table.sum(axis=0) <= 1.0 + 1e-12)
    left = np.cumprod(1.0 - table.sum(axis=0))
    truth = reliability.survival(MONTH * np.arange(1, 25), life)
    np.testing.assert_allclose(left, truth, rtol=1e-9, atol=1e-12)
    assert np.all(np.diff(truth) <= 0.0)


# dose


def test_dose_kills_as_a_lognormal_does() -> None:
    taken = np.array([0.0, 1.0, 50.0, 100.0, 150.0, 225.0, 1e4])
    left = np.exp(-reliability.tolerance(taken, 150.0, 1.5))
    np.testing.assert_allclose(left, lognorm.sf(taken, math.log(1.5), scale=150.0), rtol=1e-12)
    assert left[0] == 1.0
    assert left[4] == pytest.approx(0.5, rel=1e-12)
    assert left[5] == pytest.approx(0.158655253931457, rel=1e-12)  # one σ above
    # deep in the tail, where the share itself is below 1e-300
    assert np.isfinite(reliability.tolerance(1e10, 150.0, 1.5))


@pytest.mark.parametrize(("taken", "tolerated", "spread"), [(-1, 1, 2), (1, 0, 2), (1, 1, 1)])
def test_impossible_doses_are_refused(taken: float, tolerated: float, spread: float) -> None:
    with pytest.raises(ValueError, match=r"taken: .* allowed: at least 0, above 0, above 1"):
        reliability.tolerance(taken, tolerated, spread)


def test_a_further_cause_joins_the_table() -> None:
    life = lifetime(0.08, 60 * DAY, 0.015 / YEAR, 8 * YEAR, 3.0)
    edges = MONTH * np.arange(61)
    dose = reliability.tolerance(30.0 * edges / YEAR, 100.0, 1.5)
    table = reliability.failure_table(life, MONTH, 60, dose[None, :])
    assert table.shape == (4, 60)
    left = np.cumprod(1.0 - table.sum(axis=0))
    truth = reliability.survival(edges, life) * np.exp(-dose)
    np.testing.assert_allclose(left, truth[1:], rtol=1e-10)
    # a mean hazard that another cause gives is told apart from it by name only
    same = reliability.failure_table(life, MONTH, 60, (0.015 / YEAR * edges)[None, :])
    np.testing.assert_allclose(same[3], same[1], rtol=1e-9)
    without = reliability.failure_table(life, MONTH, 60, np.zeros((1, 61)))
    np.testing.assert_array_equal(without[:3], reliability.failure_table(life, MONTH, 60))


# redundancy


def test_mean_working_by_enumeration() -> None:
    p, carried, needed = 0.83, 6, 4
    truth = sum(
        min(k, needed) * math.comb(carried, k) * p**k * (1 - p) ** (carried - k)
        for k in range(carried + 1)
    )
    assert reliability.mean_working(carried, needed, np.array(p)) == pytest.approx(truth, rel=1e-12)
    assert reliability.mean_working(4, 4, np.array(p)) == pytest.approx(4 * p, rel=1e-12)
    np.testing.assert_allclose(reliability.mean_working(6, 4, np.array([0.0, 1.0])), [0.0, 4.0])


def test_two_of_three() -> None:
    p = np.array([0.5, 0.9, 0.99])
    np.testing.assert_allclose(reliability.at_least(2, 3, p), 3 * p**2 - 2 * p**3, rtol=1e-12)
    np.testing.assert_allclose(reliability.at_least(0, 3, p), np.ones(3))


@given(st.integers(0, 20), st.integers(0, 5), st.floats(0.0, 1.0))
def test_spares_never_hurt(needed: int, spares: int, alive: float) -> None:
    few = reliability.mean_working(needed + spares, needed, np.array(alive))
    more = reliability.mean_working(needed + spares + 1, needed, np.array(alive))
    assert -1e-12 <= few <= more + 1e-12 <= needed + 2e-12


# stops


def test_availability_of_an_alternating_process() -> None:
    # two kinds of stops, drawn one after the other: share of time up within four deviations
    rates, outages = np.array([6.0, 1.0]) / YEAR, np.array([0.1, 3.0]) * DAY
    rng = np.random.default_rng(5)
    cycles = 40_000
    up = rng.exponential(1.0 / rates.sum(), cycles)
    kind = rng.random(cycles) < rates[1] / rates.sum()
    down = np.where(kind, rng.exponential(outages[1], cycles), outages[0])
    truth = up.sum() / (up.sum() + down.sum())
    found = reliability.availability(rates, outages)
    sigma = np.std(down) / up.mean() / math.sqrt(cycles)
    assert found == pytest.approx(truth, abs=4 * sigma)
    assert reliability.availability(np.zeros(0), np.zeros(0)) == 1.0


def test_wait_for_a_contact() -> None:
    assert reliability.contact_wait(np.full(5, 600.0)) == pytest.approx(300.0)
    gaps = np.array([600.0, 600.0, 30_000.0])
    edges = np.concatenate([[0.0], np.cumsum(gaps)])
    moment = (np.arange(312_000) + 0.5) / 312_000 * edges[-1]
    wait = edges[np.searchsorted(edges, moment)] - moment
    assert reliability.contact_wait(gaps) == pytest.approx(wait.mean(), rel=1e-6)


# errors


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ((1.2, DAY, 0.0), "defective: 1.2; allowed: 0 to 1"),
        ((math.nan, DAY, 0.0), "defective: nan"),
        ((0.1, 0.0, 0.0), "defect_time: 0; allowed: above 0"),
        ((0.1, DAY, -1e-9), "rate: -1e-09 /s; allowed: at least 0"),
        ((0.1, DAY, 0.0, -1.0), "wear_scale: -1; allowed: above 0"),
        ((0.1, DAY, 0.0, YEAR, 0.0), "wear_shape: 0; allowed: above 0"),
    ],
)
def test_impossible_lifetimes(numbers: tuple[float, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        lifetime(*numbers)


def test_other_impossible_numbers() -> None:
    with pytest.raises(ValueError, match="worn: 1; allowed: above 0 and below 1"):
        reliability.wear_scale(YEAR, 1.0, 2.0)
    with pytest.raises(ValueError, match="carried: 3, needed: 4"):
        reliability.mean_working(3, 4, np.array(0.5))
    with pytest.raises(ValueError, match="outages: -1; allowed: at least 0"):
        reliability.availability(np.array([1.0]), np.array([-1.0]))
    with pytest.raises(ValueError, match="gaps: allowed: one or more"):
        reliability.contact_wait(np.zeros(0))
