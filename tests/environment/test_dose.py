"""Dose behind aluminium against SHIELDOSE-2 itself, and what must hold of any dose."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dawndusk.constants import JULIAN_YEAR
from dawndusk.environment import dose, radiation
from dawndusk.environment.dose import RAD
from dawndusk.environment.radiation import MEV

SPECTRA = {"p50": ("proton", 50.0), "p26.5": ("proton", 26.5), "e0.5": ("electron", 0.5)}
COLUMNS = {
    "semi-infinite": ("semi_infinite", 1.0),
    "slab": ("slab", 1.0),
    "sphere": ("half_sphere", 2),
}
INCLINATION = math.radians(97.99)


def falling(particle, folding: float, amount: float = 1e14) -> np.ndarray:
    return amount * np.exp(-dose.edges(particle) / (folding * MEV))


@pytest.mark.parametrize("geometry", COLUMNS)
@pytest.mark.parametrize("name", SPECTRA)
def test_shieldose(name: str, geometry) -> None:
    file = Path(__file__).parents[1] / "reference" / "shieldose2.csv"
    table = np.genfromtxt(file, delimiter=",", names=True, dtype=None, encoding="utf-8")
    particle, folding = SPECTRA[name]
    column, sides = COLUMNS[geometry]
    rows = table[(table["spectrum"] == name) & (table["depth_mm"] >= 1.0)]
    rows = rows[rows["depth_mm"] <= 20.0]
    assert len(rows) > 15
    found = dose.behind_aluminium(
        falling(particle, folding), 1e-3 * rows["depth_mm"], particle, geometry
    )
    # a sphere's dose hangs on the slope of the reference's own coarse integral over energies
    tolerance = 0.015 if geometry == "sphere" else 0.005
    assert found / RAD == pytest.approx(sides * rows[column], rel=tolerance)


def test_a_year_behind_10_mm_at_650_km() -> None:
    # Suncatcher 2025: about 150 rad a year; AP8 and AE8 for the Sun's minimum and maximum
    # stand on either side, without solar protons
    total = []
    for activity in (0.0, 1.0):
        year = 0.0
        for particle in ("proton", "electron"):
            mean = radiation.orbit_mean(7_028_137.0, INCLINATION, particle, activity)
            fluence = JULIAN_YEAR * radiation.above(mean, dose.edges(particle), particle)
            year += float(dose.behind_aluminium(fluence, 0.010, particle)) / RAD
        total.append(year)
    assert total[1] < 150.0 < total[0]
    assert total == pytest.approx([150.0, 150.0], rel=0.25)


@settings(max_examples=40)
@given(st.floats(0.1e-3, 25e-3), st.floats(1.05, 2.0), st.floats(20.0, 80.0), st.floats(1e-3, 1e6))
def test_thicker_is_less_and_dose_is_linear(thickness, factor, folding, scale) -> None:
    wall = [thickness, min(thickness * factor, 30e-3)]
    spectrum = falling("proton", folding)
    thin, thick = dose.behind_aluminium(spectrum, wall, "proton")
    assert thin > thick > 0.0
    assert dose.behind_aluminium(scale * spectrum, wall, "proton") == pytest.approx(
        [scale * thin, scale * thick], rel=1e-9
    )


def test_sphere_takes_what_two_slabs_do_and_slanted_paths_less() -> None:
    spectrum = falling("proton", 50.0)
    sphere = dose.behind_aluminium(spectrum, 0.01, "proton", "sphere")
    slab = dose.behind_aluminium(spectrum, 0.01, "proton", "slab")
    assert 2.0 * slab < sphere


def test_nothing_in_nothing_out() -> None:
    nothing = np.zeros(dose.edges("electron").size)
    assert dose.behind_aluminium(nothing, [1e-3, 2e-3], "electron").tolist() == [0.0, 0.0]
    stack = np.stack([nothing, falling("electron", 0.5)])
    found = dose.behind_aluminium(stack, 1e-3, "electron")
    assert found.shape == (2,)
    assert found[0] == 0.0 < found[1]


def test_mass_of_a_shield() -> None:
    assert dose.shield_mass(2.0, 0.010) == pytest.approx(54.0)
    with pytest.raises(ValueError, match="allowed: at least 0"):
        dose.shield_mass(1.0, -0.001)


@pytest.mark.parametrize("thickness", [-0.001, 0.0, 0.031, math.nan])
def test_a_wall_outside_the_kernel(thickness: float) -> None:
    with pytest.raises(ValueError, match=r"shielding: .* mm; allowed: 0\.05 to 30 mm"):
        dose.behind_aluminium(falling("proton", 30.0), thickness, "proton")


def test_a_spectrum_of_the_wrong_length_or_sign() -> None:
    with pytest.raises(ValueError, match="evaluate the spectrum at `edges`"):
        dose.behind_aluminium(np.ones(7), 0.01, "proton")
    with pytest.raises(ValueError, match="at least 0"):
        dose.behind_aluminium(-falling("proton", 30.0), 0.01, "proton")
