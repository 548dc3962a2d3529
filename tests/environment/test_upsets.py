"""Upset rates against what the beam test says of a year in orbit."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawndusk.constants import JULIAN_YEAR
from dawndusk.environment import dose, upsets
from dawndusk.environment.radiation import MEV

YEARLY_DOSE = 1.50 / JULIAN_YEAR

TPU_V6E = upsets.Chip(
    upsets.cross_section(0.17), upsets.cross_section(0.44), upsets.cross_section(50.0), 2.5e-15
)
"""One silent corruption in 14.4 to 20 rad, an uncorrectable error in 44, an interrupt in 5,000
(Suncatcher 2025); a latch-up as often as could have stayed unseen."""


def test_a_year_of_a_tpu_at_150_rad() -> None:
    # derived from Suncatcher 2025; a published table for 2 chip-years says 18, 7, 0.06 and 0.67
    rates = upsets.rates_of_dose(YEARLY_DOSE, TPU_V6E)
    yearly = [JULIAN_YEAR * float(each) for each in rates[:3]]
    assert yearly == pytest.approx([8.8, 3.4, 0.03], rel=0.01)
    assert [2.0 * each for each in yearly] == pytest.approx([18.0, 7.0, 0.06], rel=0.03)
    host = upsets.rates_of_dose(YEARLY_DOSE, upsets.HOST).interrupt
    assert JULIAN_YEAR * float(host) == pytest.approx(0.33, rel=0.02)


def test_published_cross_sections() -> None:
    # Suncatcher 2025: 6e-9 to 9e-9 cm² for silent corruptions, 3e-9 for uncorrectable errors,
    # 2e-11 (2.5e-11 by the formula) for interrupts
    assert 6e-13 < TPU_V6E.silent_corruption < 9e-13
    assert 1e13 * TPU_V6E.uncorrectable_error == pytest.approx(2.9, rel=0.02)
    assert 1e15 * TPU_V6E.interrupt == pytest.approx(2.5, rel=0.02)


def test_a_rad_is_7_9_million_protons_a_square_centimetre() -> None:
    assert 1e11 * upsets.cross_section(0.01) == pytest.approx(1.27, rel=0.005)


@given(st.floats(0.0, 1e9), st.floats(0.0, 1e3))
def test_rates_are_linear(flux: float, factor: float) -> None:
    one = upsets.rates_of_flux(flux, TPU_V6E)
    more = upsets.rates_of_flux(np.array([factor * flux]), TPU_V6E)
    for single, many in zip(one, more, strict=True):
        assert many == pytest.approx([factor * float(single)], rel=1e-12, abs=1e-300)


def test_arrival_energy() -> None:
    assert upsets.arrival_energy(0.018) / MEV == pytest.approx(67.0)
    assert upsets.arrival_energy(0.0) == 0.0


def test_protons_get_through_where_shieldose_says_so() -> None:
    # the first band of SHIELDOSE-2 that leaves any dose behind a wall
    tables = dose.kernel_tables()
    seen = 0
    for row, thickness in enumerate(tables.thickness):
        if 1e-3 <= thickness <= 25e-3:
            first = int(np.argmax(tables.proton[0, row] > 0.0))
            middle = math.sqrt(tables.proton_edges[first] * tables.proton_edges[first + 1])
            assert upsets.arrival_energy(float(thickness)) / middle == pytest.approx(1.0, rel=0.02)
            seen += 1
    assert seen > 20


@pytest.mark.parametrize("wrong", [-1.0, math.nan])
def test_wrong_input(wrong: float) -> None:
    with pytest.raises(ValueError, match="allowed: above 0"):
        upsets.cross_section(wrong)
    with pytest.raises(ValueError, match="allowed: at least 0"):
        upsets.rates_of_flux(wrong, TPU_V6E)
    with pytest.raises(ValueError, match="allowed: at least 0"):
        upsets.arrival_energy(wrong)
