"""Launch vehicles against published loads, prices and integrals of their cadence."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from dawndusk.fleet import launch

BAY = math.pi / 4 * 9.0**2 * 22.0
"""Starship's bay [m³], 9 m × 22 m."""


# load


def test_starship_carries_47_ai_satellites_by_mass() -> None:
    # SpaceX, 2026: AI1 of 150 kW at 70 kW/t, 47 to 48 a launch; 54 to 60 Starlink V3
    found = launch.load(100e3, BAY, 2.1e3, 0.0)
    assert (found.satellites, found.binding) == (47, "mass")
    assert found.mass == pytest.approx(47 * 2.1e3)
    v3 = [launch.load(payload, BAY, 2.0e3, 0.0).satellites for payload in (108e3, 120e3)]
    assert v3 == [54, 60]


def test_volume_binds_when_it_is_scarcer() -> None:
    found = launch.load(100e3, BAY, 2.1e3, 50.0, packing=0.5)
    assert (found.satellites, found.binding) == (13, "volume")
    assert found.volume == pytest.approx(650.0)


def test_a_dispenser_weighs() -> None:
    assert launch.load(1_000.0, math.inf, 100.0, 0.0, dispenser=0.25).satellites == 8
    assert launch.load(1_000.0, math.inf, 100.0, 0.0, dispenser=0.25).mass == pytest.approx(1e3)


def test_a_whole_number_is_not_lost_to_rounding() -> None:
    assert launch.load(0.3, math.inf, 0.1, 0.0).satellites == 3


@given(st.floats(1.0, 1e6), st.floats(1.0, 1e4), st.floats(0.1, 1e3), st.floats(0.1, 1e2))
def test_one_more_would_not_fit(payload: float, bay: float, mass: float, volume: float) -> None:
    try:
        found = launch.load(payload, bay, mass, volume)
    except ValueError:
        assert mass > payload or volume > bay
        return
    assert found.mass <= payload * (1 + 1e-9)
    assert found.volume <= bay * (1 + 1e-9)
    more = found.satellites + 1
    assert more * mass > payload or more * volume > bay


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ((1e3, 100.0, 2e3, 1.0), "2000 kg with its dispenser, the payload is 1000 kg"),
        ((1e5, 100.0, 2e3, 101.0), "101 m³, the bay holds 100 m³; .* bound by volume"),
        ((0.0, 100.0, 2e3, 1.0), "payload: 0; allowed: above 0"),
        ((1e5, 100.0, 2e3, -1.0), "volume: -1 m³"),
    ],
)
def test_what_does_not_fit_is_said(numbers: tuple[float, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        launch.load(*numbers)


# price


def test_price_falls_by_the_same_share_every_year() -> None:
    # Deutsche Bank, January 2026: 100 MUSD in 2026, 10 MUSD in 2032
    when = np.array([2020.0, 2026.0, 2029.0, 2032.0, 2040.0])
    found = launch.price(np.array([2026.0, 2032.0]), np.array([100e6, 10e6]), when)
    np.testing.assert_allclose(found, [100e6, 100e6, 10e6 * math.sqrt(10), 10e6, 10e6], rtol=1e-12)


@given(st.floats(2026.0, 2032.0))
def test_price_stays_between_its_quotes(when: float) -> None:
    found = launch.price(np.array([2026.0, 2028.0, 2032.0]), np.array([9.0, 4.0, 2.0]), when)
    assert 2.0 - 1e-12 <= found <= 9.0 + 1e-12


# cadence


def test_launches_are_the_integral_of_the_rate() -> None:
    years, rates = np.array([2027.0, 2029.55, 2033.0]), np.array([1.0, 40.0, 145.0])
    found = launch.cadence(years, rates, 2026.3, 120)
    for months in (1, 13, 39, 40, 120):
        truth, _ = quad(
            lambda t: np.interp(t, years, rates),
            2026.3,
            2026.3 + months / 12,
            points=[2027.0, 2029.55, 2033.0],
            epsabs=1e-10,
            limit=200,
        )
        assert found[:months].sum() == math.floor(truth + 1e-6)


def test_faa_ceiling() -> None:
    found = launch.cadence(np.array([2026.0]), np.array([145.0]), 2026.0, 120)
    assert found.sum() == 1_450
    assert set(found) == {12, 13}
    assert launch.cadence(np.array([2026.0]), np.array([12.0]), 2026.0, 24).tolist() == [1] * 24


def test_a_quote_inside_a_month_counts() -> None:
    # from 0 to 240 a year within 0.04 years: 4.8 launches, then 10.4 until the month ends
    found = launch.cadence(np.array([2026.0, 2026.04]), np.array([0.0, 240.0]), 2026.0, 1)
    assert found.tolist() == [15]


@given(st.floats(0.0, 300.0), st.floats(0.0, 300.0), st.floats(2020.0, 2040.0))
def test_cadence_is_never_negative_nor_off_by_one(a: float, b: float, start: float) -> None:
    found = launch.cadence(np.array([2026.0, 2031.0]), np.array([a, b]), start, 60)
    assert np.all(found >= 0)
    assert np.all(found <= math.ceil(max(a, b) / 12) + 1)


# success


def test_success_matures() -> None:
    found = launch.success(np.array([0.0, 20.0, 40.0, 1e4]), 0.7, 0.99, 20.0)
    np.testing.assert_allclose(found, [0.7, 0.845, 0.9175, 0.99], rtol=1e-12)


# ramp-up


def test_two_in_2027_and_81_by_2031() -> None:
    years, wanted = np.array([2027.0, 2030.0, 2031.0]), np.array([2.0, 2.0, 81.0])
    found = launch.ramp_up(years, wanted, 2026.0, 96)
    assert found[:11].tolist() == [0] * 11
    assert found[11:48].tolist() == [2] * 37
    assert found[59:].tolist() == [81] * 37
    assert found[53] == math.floor(2 + 0.5 * 79)
    assert np.all(np.diff(found) >= 0)


# errors


def test_schedules_that_cannot_be() -> None:
    years = np.array([2026.0, 2026.0])
    with pytest.raises(ValueError, match="years that increase"):
        launch.price(years, np.ones(2), np.array([2026.0]))
    with pytest.raises(ValueError, match="prices: 0 USD; allowed: above 0"):
        launch.price(np.array([2026.0]), np.zeros(1), np.array([2026.0]))
    with pytest.raises(ValueError, match="rates: -1; allowed: at least 0"):
        launch.cadence(np.array([2026.0]), np.array([-1.0]), 2026.0, 12)
    with pytest.raises(ValueError, match="satellites: -1; allowed: at least 0"):
        launch.ramp_up(np.array([2026.0]), np.array([-1.0]), 2026.0, 12)
    with pytest.raises(ValueError, match=r"mature: 1\.1; allowed: 0 to 1"):
        launch.success(np.zeros(1), 0.5, 1.1, 10.0)
    with pytest.raises(ValueError, match="halving: 0; allowed: above 0"):
        launch.success(np.zeros(1), 0.5, 0.9, 0.0)
