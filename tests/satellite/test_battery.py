"""Battery: bounds, exact balance, and a reference in exact fractions."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawndusk.compiled import kernel
from dawndusk.satellite import battery

KWH = 3.6e6


def _reference(p: dict[str, float]) -> tuple[Fraction, Fraction, Fraction]:
    """Same battery in exact arithmetic, moving energy instead of power, with branches."""
    x = {name: Fraction(value) for name, value in p.items()}
    dt, energy, into, out = x["dt"], x["energy"], x["charge_efficiency"], x["discharge_efficiency"]
    if x["surplus"] > 0:
        offered = min(x["surplus"], x["charge_limit"]) * dt
        stored = max(Fraction(0), min(offered * into, x["capacity"] - energy))
        return energy + stored, stored / into / dt, Fraction(0)
    wanted = min(-x["surplus"], x["discharge_limit"]) * dt
    drawn = max(Fraction(0), min(wanted / out, energy - x["floor"]))
    return energy - drawn, Fraction(0), drawn * out / dt


states = st.fixed_dictionaries(
    {
        "energy": st.floats(0.0, 100.0),
        "surplus": st.floats(-200.0, 200.0),
        "dt": st.floats(0.1, 600.0),
        "floor": st.floats(0.0, 80.0),
        "capacity": st.floats(80.0, 100.0),
        "charge_efficiency": st.floats(0.5, 1.0),
        "discharge_efficiency": st.floats(0.5, 1.0),
        "charge_limit": st.floats(0.0, 150.0),
        "discharge_limit": st.floats(0.0, 150.0),
    }
)


@given(states)
def test_energy_stays_in_bounds_and_every_joule_is_accounted_for(p: dict[str, float]) -> None:
    after, charging, discharging = battery.step(**p)
    assert min(p["floor"], p["energy"]) <= after <= max(p["capacity"], p["energy"])
    assert 0.0 <= charging <= min(max(p["surplus"], 0.0), p["charge_limit"])
    assert 0.0 <= discharging <= min(max(-p["surplus"], 0.0), p["discharge_limit"])
    lost = battery.losses(charging, discharging, p["charge_efficiency"], p["discharge_efficiency"])
    residual = (charging - discharging - lost) * p["dt"] - (after - p["energy"])
    scale = p["energy"] + p["capacity"] + (charging + discharging) * p["dt"]
    assert abs(residual) <= 1e-14 * scale


@given(states)
def test_it_does_what_exact_arithmetic_says(p: dict[str, float]) -> None:
    found = battery.step(**p)
    expected = _reference(p)
    scale = p["capacity"] + p["energy"]
    assert found[0] == pytest.approx(float(expected[0]), abs=1e-13 * scale)
    for power, exact in zip(found[1:], expected[1:], strict=True):
        assert power == pytest.approx(float(exact), rel=1e-12, abs=1e-12 * scale / p["dt"])


@given(states)
def test_what_is_deliverable_is_delivered(p: dict[str, float]) -> None:
    promised = battery.deliverable(
        p["energy"], p["floor"], p["dt"], p["discharge_efficiency"], p["discharge_limit"]
    )
    _, _, given_power = battery.step(**{**p, "surplus": -1e9})
    assert given_power == pytest.approx(promised, rel=1e-12, abs=1e-12)


def test_an_empty_battery_serves_nothing() -> None:
    for energy in (3.0 * KWH, 2.0 * KWH, 0.0):
        after, charging, discharging = battery.step(
            energy, -5e3, 60.0, 3.0 * KWH, 10 * KWH, 0.95, 0.95, 5e3, 5e3
        )
        assert (after, charging, discharging) == (energy, 0.0, 0.0)
        assert battery.deliverable(energy, 3.0 * KWH, 60.0, 0.95, 5e3) == 0.0


def test_a_battery_above_its_aged_capacity_takes_nothing_and_keeps_what_it_has() -> None:
    after, charging, _ = battery.step(10 * KWH, 5e3, 60.0, 0.0, 9 * KWH, 0.95, 0.95, 5e3, 5e3)
    assert (after, charging) == (10 * KWH, 0.0)


def test_round_trip_of_one_orbit_returns_the_published_share() -> None:
    """Round trip 0.90: what an hour puts in, the load gets 90 % of."""
    energy, into, out = 0.0, 0.0, 0.0
    side = 0.90**0.5
    for _ in range(60):
        energy, charging, _ = battery.step(energy, 1e3, 60.0, 0, 9 * KWH, side, side, 5e3, 5e3)
        into += charging * 60.0
    for _ in range(200):
        energy, _, given_power = battery.step(energy, -1e3, 60, 0, 9 * KWH, side, side, 5e3, 5e3)
        out += given_power * 60.0
    assert energy == 0.0
    assert out / into == pytest.approx(0.90, rel=1e-12)


@kernel
def _loop(energy: np.ndarray, surplus: np.ndarray, taken: np.ndarray, put: np.ndarray) -> None:
    for i in range(energy.size):
        energy[i], taken[i], put[i] = battery.step(
            energy[i], surplus[i], 60.0, 1e6, 1e7, 0.95, 0.93, 4e3, 5e3
        )


def test_the_compiled_loop_gives_what_single_calls_give() -> None:
    rng = np.random.default_rng(5)
    energy, surplus = rng.uniform(0, 1.2e7, 257), rng.uniform(-1e4, 1e4, 257)
    after, taken, put = energy.copy(), np.empty(257), np.empty(257)
    _loop(after, surplus, taken, put)
    for i in range(257):
        single = battery.step(energy[i], surplus[i], 60.0, 1e6, 1e7, 0.95, 0.93, 4e3, 5e3)
        assert (after[i], taken[i], put[i]) == pytest.approx(single, rel=1e-14)
