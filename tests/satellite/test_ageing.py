"""Ageing laws against published end-of-life figures."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawndusk.compiled import kernel
from dawndusk.constants import JULIAN_YEAR
from dawndusk.satellite import ageing


def test_nothing_ages_at_once() -> None:
    assert ageing.array_factor(0.0, 0.025) == 1.0
    assert ageing.battery_factor(0.0, 0.0, 1e-9, 1e-5) == 1.0
    assert ageing.radiator_absorptivity(0.0, 0.15, 1e-9, 0.36) == 0.15


def test_mean_of_five_years_at_2_5_percent() -> None:
    """McCalip: mean capacity factor of five years 0.95123445."""
    years = [ageing.array_factor(k * JULIAN_YEAR, 0.025) for k in range(5)]
    assert sum(years) / 5 == pytest.approx(0.95123445, rel=1e-8)


def test_battery_fades_to_66_percent_in_three_years_of_low_orbit() -> None:
    """Fade to 66 % in three years of LEO cycling (orbital-compute): 15.2 orbits a
    day at 40 % depth are 6,660 full cycles; 4.5e-5 a cycle and 1.3 % a year give it."""
    cycles = 3 * 365.25 * 15.2 * 0.40
    factor = ageing.battery_factor(3 * JULIAN_YEAR, cycles, 0.0133 / JULIAN_YEAR, 4.5e-5)
    assert factor == pytest.approx(0.66, abs=0.005)


def test_white_paint_darkens_to_its_end_of_life_value_and_no_further() -> None:
    """Z-93: α 0.15 to 0.36."""
    rate = 0.042 / JULIAN_YEAR
    assert ageing.radiator_absorptivity(5 * JULIAN_YEAR, 0.15, rate, 0.36) == pytest.approx(0.36)
    assert ageing.radiator_absorptivity(9 * JULIAN_YEAR, 0.15, rate, 0.36) == 0.36


@given(st.floats(0, 20), st.floats(0.001, 5), st.floats(0, 1e5), st.floats(0, 0.2))
def test_ageing_never_heals(years: float, more: float, cycles: float, rate: float) -> None:
    young, old = years * JULIAN_YEAR, (years + more) * JULIAN_YEAR
    assert 0.0 < ageing.array_factor(old, rate) <= ageing.array_factor(young, rate) <= 1.0
    fade = rate / JULIAN_YEAR
    young_battery = ageing.battery_factor(young, cycles, fade, 1e-5)
    assert 0.0 <= ageing.battery_factor(old, cycles * 1.1, fade, 1e-5) <= young_battery <= 1.0
    dark = ageing.radiator_absorptivity(old, 0.1, fade, 0.5)
    assert ageing.radiator_absorptivity(young, 0.1, fade, 0.5) <= dark <= 0.5


@given(st.floats(0, 10), st.floats(0, 0.3))
def test_array_loss_compounds_like_repeated_years(years: float, rate: float) -> None:
    """Independent form: exp(t · ln(1 − d)) by NumPy."""
    expected = np.exp(years * np.log1p(-rate))
    assert ageing.array_factor(years * JULIAN_YEAR, rate) == pytest.approx(expected, rel=1e-12)


@kernel
def _loop(age: np.ndarray, factor: np.ndarray) -> None:
    for i in range(age.size):
        factor[i] = ageing.array_factor(age[i], 0.02) * ageing.battery_factor(
            age[i], 5000.0, 1e-9, 1e-5
        )


def test_the_compiled_loop_gives_what_single_calls_give() -> None:
    age = np.linspace(0, 10 * JULIAN_YEAR, 101)
    factor = np.empty(101)
    _loop(age, factor)
    for t, value in zip(age, factor, strict=True):
        single = ageing.array_factor(t, 0.02) * ageing.battery_factor(t, 5000.0, 1e-9, 1e-5)
        assert value == pytest.approx(single, rel=1e-13)
