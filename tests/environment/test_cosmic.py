"""Solar events by confidence, cosmic rays, and the cut-off that keeps both from low latitudes."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from dawndusk.constants import JULIAN_YEAR
from dawndusk.environment import cosmic

MEV = 1.602176634e-13
YEAR = JULIAN_YEAR


def burrell(years: float, number: int) -> float:
    """Burrell's sum as printed, one event in seven years."""
    ratio = years / 7.0
    return sum(
        math.factorial(k + 1) / math.factorial(k) * ratio**k / (1.0 + ratio) ** (k + 2)
        for k in range(number + 1)
    )


@pytest.mark.parametrize("years", [0.5, 1.0, 2.0, 3.0, 5.0, 7.0])
@pytest.mark.parametrize("number", [0, 1, 2, 5])
def test_burrells_probabilities(years: float, number: int) -> None:
    found = cosmic.confidence_of(years * YEAR, number)
    assert found == pytest.approx(burrell(years, number), rel=1e-12)


def test_probability_that_no_event_comes_in_one_year() -> None:
    assert cosmic.confidence_of(YEAR, 0) == pytest.approx((7.0 / 8.0) ** 2)


@given(st.floats(0.0, 20.0), st.floats(0.0, 0.999))
def test_number_of_events_is_the_least_that_is_enough(years: float, confidence: float) -> None:
    number = cosmic.events(years * YEAR, confidence)
    assert cosmic.confidence_of(years * YEAR, number) >= confidence
    if number:
        assert cosmic.confidence_of(years * YEAR, number - 1) < confidence


def test_no_mission_no_event() -> None:
    assert cosmic.events(0.0, 0.99) == 0
    assert cosmic.events(7.0 * YEAR, 0.0) == 0


def test_the_event_of_august_1972() -> None:
    # King 1974: 7.9e9 /cm² above 30 MeV, falling by e every 26.5 MeV
    found = cosmic.solar_fluence(np.array([30.0, 56.5, 83.0]) * MEV, 1)
    assert found == pytest.approx(7.9e13 * np.exp([0.0, -1.0, -2.0]), rel=1e-12)
    assert cosmic.solar_fluence(30.0 * MEV, 3) == pytest.approx(3 * 7.9e13)


@pytest.mark.parametrize(("shell", "rigidity"), [(1.0, 14.5), (2.0, 3.625), (5.0, 0.58)])
def test_cutoff(shell: float, rigidity: float) -> None:
    energy = float(cosmic.cutoff_energy(shell)) / MEV
    momentum = math.sqrt(energy**2 + 2.0 * energy * 938.272)
    assert momentum == pytest.approx(1e3 * rigidity, rel=1e-9)


def test_open_lines_let_everything_in() -> None:
    assert cosmic.cutoff_energy(math.inf) == 0.0
    assert cosmic.exposure(np.array([1.0 * MEV]), [math.inf, math.inf, 1.0]) == pytest.approx(2 / 3)


def test_spectrum_at_the_orbit() -> None:
    energy = np.geomspace(10.0, 1e5, 60) * MEV
    outside = cosmic.cosmic_flux(energy, 0.0)
    assert cosmic.attenuated(outside, energy, [math.inf]) == pytest.approx(outside)
    assert np.all(cosmic.attenuated(outside, energy, [1.0, math.inf]) <= outside * (1.0 + 1e-12))
    sharp = cosmic.attenuated(outside, energy, [2.0])
    limit = float(cosmic.cutoff_energy(2.0))
    assert sharp[0] == pytest.approx(float(cosmic.cosmic_flux(limit, 0.0)), rel=0.05)


@given(st.lists(st.floats(1.0, 20.0), min_size=1, max_size=20))
def test_exposure_rises_with_energy(shells: list[float]) -> None:
    share = cosmic.exposure(np.geomspace(1.0, 1e5, 30) * MEV, shells)
    assert np.all(np.diff(share) >= 0.0)
    assert share[-1] == 1.0


def matthia(energy: float, number: float) -> float:
    """Protons [1/m²/s/MeV] from all directions, typed from the paper's table."""
    momentum = math.sqrt(energy * (energy + 2.0 * 938.272))
    beta, rigidity = momentum / (energy + 938.272), momentum / 1e3
    bend = (rigidity / (rigidity + 0.37 + 3e-4 * number**1.45)) ** (0.02 * number + 4.7)
    return 4.0 * math.pi * 18.5 * beta**1.85 / rigidity**2.74 * bend


@pytest.mark.parametrize(("activity", "number"), [(0.0, 0.0), (0.5, 60.0), (1.0, 120.0)])
@pytest.mark.parametrize("threshold", [10.0, 100.0, 1_000.0, 10_000.0])
def test_integral_of_the_published_spectrum(activity, number, threshold) -> None:
    pieces = np.geomspace(threshold, 1e6, 30)
    whole = sum(
        quad(matthia, low, high, args=(number,))[0] for low, high in itertools.pairwise(pieces)
    )
    found = float(cosmic.cosmic_flux(threshold * MEV, activity))
    assert found == pytest.approx(whole, rel=1e-4)


@given(st.floats(0.0, 0.99), st.floats(0.0, 4.0))
def test_a_busier_sun_keeps_more_away(activity: float, decades: float) -> None:
    energy = 10.0**decades * 10.0 * MEV
    quiet = float(cosmic.cosmic_flux(energy, activity))
    assert 0.0 <= float(cosmic.cosmic_flux(energy, activity + 0.01)) <= quiet < 5.1e4


def test_wrong_input() -> None:
    with pytest.raises(ValueError, match=r"confidence: 1\.2; allowed: 0 to below 1"):
        cosmic.events(YEAR, 1.2)
    with pytest.raises(ValueError, match=r"duration: -1 s"):
        cosmic.confidence_of(-1.0, 1)
    with pytest.raises(ValueError, match="activity: 2"):
        cosmic.cosmic_flux(1e3 * MEV, 2.0)
    with pytest.raises(ValueError, match="at least 10 MeV"):
        cosmic.cosmic_flux(1.0 * MEV, 0.0)
    with pytest.raises(ValueError, match="shell: 0"):
        cosmic.cutoff_energy([0.0])
    with pytest.raises(ValueError, match="events: -1"):
        cosmic.solar_fluence(30.0 * MEV, -1)
