"""A solar event: King's formula, every proton comes once, cut-offs that give way."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from dawndusk.environment import cosmic, solar_event

MEV = 1.602176634e-13
HOUR = 3600.0
KING = (7.9e13, 30.0 * MEV, 26.5 * MEV)


def flux(time: float, rise: float, decay: float) -> float:
    """Straight up to the peak, then exponential, both over the area below."""
    peak = 1.0 / (0.5 * rise + decay)
    return peak * (time / rise if time < rise else math.exp(-(time - rise) / decay))


def test_kings_event() -> None:
    """7.9e9·exp((30 − E)/26.5) /cm² above E MeV (King 1974), as counted over a mission."""
    energy = np.array([10.0, 30.0, 48.0, 100.0, 200.0]) * MEV
    found = solar_event.fluence(energy, *KING)
    printed = [7.9e9 * math.exp((30.0 - e) / 26.5) for e in (10.0, 30.0, 48.0, 100.0, 200.0)]
    assert found / 1e4 == pytest.approx(printed, rel=1e-12)
    assert found == pytest.approx(cosmic.solar_fluence(energy, 1), rel=1e-12)


@pytest.mark.parametrize(("rise", "decay"), [(3.0, 3.8), (1.0, 24.0), (12.0, 2.0), (1e-3, 5.0)])
def test_every_proton_comes_once(rise: float, decay: float) -> None:
    """The share by a time is the integral of the flux to it, and all of it is 1."""
    for hours in (0.3, 0.9 * rise, rise, rise + 0.1, 30.0):
        parts = (min(hours, rise), hours)
        whole = quad(flux, 0.0, parts[0], (rise, decay))[0]
        whole += quad(flux, *parts, (rise, decay))[0]
        found = solar_event.arrived(hours * HOUR, rise * HOUR, decay * HOUR)
        assert float(found) == pytest.approx(whole, rel=1e-9)
    end = solar_event.arrived([-1.0, 0.0, 1e9], rise * HOUR, decay * HOUR)
    assert end == pytest.approx([0.0, 0.0, 1.0], abs=1e-15)


def test_a_sudden_event_only_decays() -> None:
    assert float(solar_event.arrived(2.0, 0.0, 1.0)) == pytest.approx(1.0 - math.exp(-2.0))
    assert float(solar_event.arrival(1.0 - math.exp(-2.0), 0.0, 1.0)) == pytest.approx(2.0)


@given(st.floats(0.0, 1.0, exclude_max=True), st.floats(0.0, 1e5), st.floats(1.0, 1e6))
def test_when_a_share_has_come(share: float, rise: float, decay: float) -> None:
    time = float(solar_event.arrival(share, rise, decay))
    assert math.isfinite(time)
    assert float(solar_event.arrived(time, rise, decay)) == pytest.approx(share, abs=1e-9)


def test_cutoffs_move_by_an_angle() -> None:
    """65° are L = 1/cos²65° = 5.60; with 5° more protons get in as at 70°, L = 8.55."""
    shell = 1.0 / np.cos(np.radians([0.0, 65.0, 86.0])) ** 2
    found = solar_event.moved(shell, np.radians(5.0))
    assert found[:2] == pytest.approx(1.0 / np.cos(np.radians([5.0, 70.0])) ** 2, rel=1e-9)
    assert np.isinf(found[2])
    assert np.isinf(solar_event.moved(np.inf, 0.1))
    assert np.array_equal(solar_event.moved(shell, 0.0), shell)


def test_wrong_input() -> None:
    with pytest.raises(ValueError, match=r"storm\.fluence: -1; allowed: above 0"):
        solar_event.fluence(MEV, -1.0, MEV, MEV)
    with pytest.raises(ValueError, match=r"storm\.folding: 0"):
        solar_event.fluence(MEV, 1.0, MEV, 0.0)
    with pytest.raises(ValueError, match=r"storm\.rise: -1 s; allowed: at least 0"):
        solar_event.arrived(0.0, -1.0, 1.0)
    with pytest.raises(ValueError, match=r"storm\.decay: 0"):
        solar_event.arrived(0.0, 1.0, 0.0)
    with pytest.raises(ValueError, match=r"storm\.share: 1; allowed: 0 to below 1"):
        solar_event.arrival(1.0, 1.0, 1.0)
    with pytest.raises(ValueError, match=r"storm\.cutoff_shift: -0\.1 rad"):
        solar_event.moved(2.0, -0.1)
