"""Accelerator power curve, its inverse and the two ways of throttling."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

from dawndusk.compiled import kernel
from dawndusk.constants import STEFAN_BOLTZMANN
from dawndusk.satellite import accelerator, thermal

IDLE, TDP = 75.0, 700.0
exponents = st.floats(1.0, 3.0)
minimums = st.floats(0.1, 0.6)


def test_rated_idle_and_full_power() -> None:
    assert accelerator.power(0.0, 1.0, IDLE, TDP, 2.1) == IDLE
    assert accelerator.power(1.0, 1.0, IDLE, TDP, 2.1) == TDP
    assert accelerator.frequency_for_power(TDP, IDLE, TDP, 2.1, 0.3) == (1.0, 1.0)


def test_two_ratings_of_one_die() -> None:
    """B200: 2,500 TF/s at 1,200 W, 2,250 TF/s at 1,000 W, dense BF16."""
    assert accelerator.power(1.0, 0.9, 140.0, 1200.0, 2.1) == pytest.approx(1000.0, rel=0.01)
    frequency, duty = accelerator.frequency_for_power(1000.0, 140.0, 1200.0, 2.1, 0.3)
    assert (2500.0 * frequency, duty) == pytest.approx((2250.0, 1.0), rel=0.01)


@pytest.mark.parametrize(("exponent", "halved"), [(1.0, 0.5), (2.0, 0.28125), (3.0, 0.125)])
def test_closed_forms_at_half_frequency(exponent: float, halved: float) -> None:
    """f, f·((1 + f)/2)² and f³ at f = 1/2."""
    assert accelerator.power(1.0, 0.5, 0.0, 1.0, exponent) == pytest.approx(halved, rel=1e-14)


@given(exponents)
def test_the_exponent_is_the_slope_at_full_frequency(exponent: float) -> None:
    up, down = (accelerator.power(1.0, 1.0 + d, 0.0, 1.0, exponent) for d in (1e-6, -1e-6))
    assert np.log(up / down) / 2e-6 == pytest.approx(exponent, abs=1e-8)


@given(st.floats(0.0, 800.0), exponents, minimums, st.floats(0.05, 1.0))
def test_a_power_grant_is_met_exactly(
    grant: float, exponent: float, minimum: float, activity: float
) -> None:
    full = accelerator.power(activity, 1.0, IDLE, TDP, exponent)
    frequency, duty = accelerator.frequency_for_power(grant, IDLE, full, exponent, minimum)
    assert minimum * (1 - 1e-9) <= frequency <= 1.0 + 1e-9
    assert 0.0 <= duty <= 1.0
    drawn = IDLE + duty * (accelerator.power(activity, frequency, IDLE, TDP, exponent) - IDLE)
    assert drawn == pytest.approx(min(max(grant, IDLE), full), rel=1e-9)


@given(st.floats(0.3, 1.0), exponents)
def test_the_inverse_agrees_with_a_bracketing_root_finder(f: float, exponent: float) -> None:
    grant = accelerator.power(1.0, f, IDLE, TDP, exponent)
    expected = brentq(
        lambda x: accelerator.power(1.0, x, IDLE, TDP, exponent) - grant, 0.01, 1.1, xtol=1e-14
    )
    frequency, _ = accelerator.frequency_for_power(grant, IDLE, TDP, exponent, 0.3)
    assert frequency == pytest.approx(expected, rel=1e-10)


@given(st.floats(0, 800), st.floats(0, 800), exponents, minimums)
def test_more_power_is_never_slower(one: float, two: float, exponent: float, least: float) -> None:
    speeds = []
    for grant in sorted((one, two)):
        frequency, duty = accelerator.frequency_for_power(grant, IDLE, TDP, exponent, least)
        speeds.append(frequency * duty)
    assert speeds[0] <= speeds[1] + 1e-10


def test_throttle_line() -> None:
    curve = [accelerator.throttle(t, 360.0, 370.0, 0.3) for t in (300, 360, 365, 370, 370.001)]
    assert curve == pytest.approx([1.0, 1.0, 0.65, 0.3, 0.0])


@given(st.floats(250, 450), st.floats(250, 450), minimums)
def test_a_hotter_die_never_runs_faster(one: float, two: float, minimum: float) -> None:
    cool, hot = sorted((one, two))
    assert accelerator.throttle(hot, 360.0, 370.0, minimum) <= accelerator.throttle(
        cool, 360.0, 370.0, minimum
    )


heat_cases = st.fixed_dictionaries(
    {
        "offset": st.floats(250.0, 400.0),
        "slope": st.floats(1e-3, 0.5),
        "start": st.floats(340.0, 360.0),
        "limit": st.floats(361.0, 390.0),
        "minimum": minimums,
        "activity": st.floats(0.0, 1.0),
        "idle": st.just(IDLE),
        "tdp": st.just(TDP),
        "exponent": exponents,
    }
)


@given(heat_cases)
def test_frequency_for_heat_lands_on_the_throttle_line(p: dict[str, float]) -> None:
    frequency, duty = accelerator.frequency_for_heat(**p)
    curve = (p["idle"], p["tdp"], p["exponent"])
    dynamic = accelerator.power(p["activity"], frequency, *curve) - IDLE
    die = p["offset"] + p["slope"] * (IDLE + duty * dynamic)
    if duty == 1.0:
        allowed = 1.0 - (1.0 - p["minimum"]) * (die - p["start"]) / (p["limit"] - p["start"])
        assert frequency == pytest.approx(min(1.0, allowed), abs=1e-8)
    else:
        assert frequency == pytest.approx(p["minimum"], rel=1e-9)
        at_limit = pytest.approx(p["limit"], abs=1e-6)
        assert die == at_limit if duty > 0.0 else die >= p["limit"] - 1e-6


@given(heat_cases, st.floats(0.0, 50.0))
def test_a_hotter_loop_never_allows_more(p: dict[str, float], hotter: float) -> None:
    cool_frequency, cool_duty = accelerator.frequency_for_heat(**p)
    frequency, duty = accelerator.frequency_for_heat(**{**p, "offset": p["offset"] + hotter})
    assert frequency * duty <= cool_frequency * cool_duty + 1e-9


def _governed(dt: float, predictive: bool) -> np.ndarray:
    """Speeds over an hour of 200 accelerators on a radiator too small for them."""
    count, emission = 200, 2 * 0.9 * STEFAN_BOLTZMANN * 75.0
    path = (20e3, 400e3, 340e3, 6e3, 15e3, emission, 2.725)
    state: tuple[float, ...] = thermal.steady(100e3, 10e3, 5e3, 6e3, 15e3, emission, 2.725)
    speeds = []
    for _ in range(round(7200 / dt)):
        if predictive:
            offset, slope = thermal.die_response(*state, 10e3, 5e3, dt, *path)
            frequency, duty = accelerator.frequency_for_heat(
                offset, slope * count, 363.0, 373.0, 0.3, 1.0, IDLE, TDP, 2.1
            )
            speed = frequency * duty
        else:
            speed = frequency = accelerator.throttle(state[0], 363.0, 373.0, 0.3)
        heat = count * accelerator.power(1.0, frequency, IDLE, TDP, 2.1)
        *state, _ = thermal.step(*state, heat, 10e3, 5e3, dt, *path)
        speeds.append(speed)
    return np.array(speeds)


def test_the_governor_settles_where_the_reacting_one_hunts() -> None:
    """Rest at which curve, line and radiator agree, found by bracketing; any step reaches it."""
    emission = 2 * 0.9 * STEFAN_BOLTZMANN * 75.0

    def mismatch(frequency: float) -> float:
        heat = 200 * accelerator.power(1.0, frequency, IDLE, TDP, 2.1)
        die, _, _ = thermal.steady(heat, 10e3, 5e3, 6e3, 15e3, emission, 2.725)
        return frequency - (1.0 - 0.7 * (die - 363.0) / 10.0)

    rest = brentq(mismatch, 0.3, 1.0)
    for dt in (15.0, 60.0, 300.0):
        assert _governed(dt, predictive=True)[-1] == pytest.approx(rest, abs=1e-4)
    coarse, fine = (_governed(dt, predictive=True).mean() for dt in (60.0, 30.0))
    assert coarse == pytest.approx(fine, rel=0.005)
    assert np.ptp(_governed(60.0, predictive=False)[-20:]) > 0.5


@kernel
def _loop(grant: np.ndarray, offset: np.ndarray, out: np.ndarray) -> None:
    for i in range(grant.size):
        out[0, i], out[1, i] = accelerator.frequency_for_power(grant[i], 75.0, 700.0, 2.1, 0.3)
        out[2, i], out[3, i] = accelerator.frequency_for_heat(
            offset[i], 0.05, 363.0, 373.0, 0.3, 0.8, 75.0, 700.0, 2.1
        )
        out[4, i] = accelerator.throttle(offset[i], 363.0, 373.0, 0.3)


def test_the_compiled_loop_gives_what_single_calls_give() -> None:
    grant, offset = np.linspace(0, 800, 261), np.linspace(320, 390, 261)
    out = np.empty((5, 261))
    _loop(grant, offset, out)
    for i in range(261):
        single = (
            *accelerator.frequency_for_power(grant[i], 75.0, 700.0, 2.1, 0.3),
            *accelerator.frequency_for_heat(
                offset[i], 0.05, 363.0, 373.0, 0.3, 0.8, 75.0, 700.0, 2.1
            ),
            accelerator.throttle(offset[i], 363.0, 373.0, 0.3),
        )
        assert tuple(out[:, i]) == pytest.approx(single, rel=1e-12)
