"""Temperature of McCalip's bifacial panel (MIT licence, 2025), which is both array and radiator.

The calculator's Earth view factor, (R / (R + h))² · cos γ with a floor of 5 % where cos γ ≤ 0,
is not that of a plate and a sphere, so it is kept here as outside truth and not in the product;
with it our panel temperature must be the calculator's. The last test says what the exact view
factor changes.
"""

import math

import pytest

from dawndusk.constants import STEFAN_BOLTZMANN
from dawndusk.satellite import solar_array

PANEL = 4.608796e6
"""[m²]"""
SUNLIGHT, ALBEDO, INFRARED = 1361.0, 0.30, 237.0
ABSORPTIVITY, FRONT, BACK = 0.92, 0.85, 0.90
SIGMA = 5.67e-8
RADIATOR = 273.15 + 85.0 - 10.0
"""Die at 85 °C less 10 °C on the way to the panel [K]."""


def calculators_view_factor(beta, altitude):
    """Mean over 72 points of the orbit, seen from one side."""
    nadir = (6371.0 / (6371.0 + altitude)) ** 2
    cosines = [math.cos(math.radians(beta)) * math.cos(2.0 * math.pi * k / 72) for k in range(72)]
    return nadir * sum(cosine if cosine > 0.0 else 0.05 for cosine in cosines) / 72


def edge_on_view_factor(altitude):
    """Closed form of a plate whose plane contains the nadir (Howell's catalogue, sphere)."""
    h = (6371.0 + altitude) / 6371.0
    return (math.asin(1.0 / h) - math.sqrt(h * h - 1.0) / (h * h)) / math.pi


def from_earth(beta, view_factor):
    """Infrared on both sides and albedo on the cells, absorbed [W/m²]."""
    albedo = ABSORPTIVITY * SUNLIGHT * ALBEDO * math.cos(math.radians(beta))
    return (INFRARED * (FRONT + BACK) + albedo) * view_factor


def panel_temperature(beta, view_factor):
    """Our array with all electricity turned to heat in the same panel."""
    warmth = from_earth(beta, view_factor) / BACK
    return solar_array.temperature(SUNLIGHT, ABSORPTIVITY, 0.0, FRONT, BACK, warmth, 300.0, 0.0)


def area_needed(beta, view_factor):
    """Panel that keeps the radiator at its temperature under the same heat [m²]."""
    heat = PANEL * (ABSORPTIVITY * SUNLIGHT + from_earth(beta, view_factor))
    return heat / (SIGMA * (FRONT + BACK) * (RADIATOR**4 - 3.0**4))


def test_view_factor_and_heat_as_the_calculator_prints_them():
    view_factor = calculators_view_factor(90.0, 550.0)
    assert view_factor == pytest.approx(0.0211845, rel=2e-6)
    heat = PANEL * (ABSORPTIVITY * SUNLIGHT + from_earth(90.0, view_factor))
    assert heat == pytest.approx(5.81126e9, rel=1e-6)


@pytest.mark.parametrize(
    ("beta", "altitude", "celsius"),
    [(90.0, 550.0, 62.5995), (75.0, 550.0, 65.087), (90.0, 1200.0, 62.503)],
)
def test_panel_temperature(beta, altitude, celsius):
    """1e-4 of the kelvin value; the calculator's σ = 5.67e-8 and 3 K sky are accounted for."""
    view_factor = calculators_view_factor(beta, altitude)
    ours = panel_temperature(beta, view_factor) * (STEFAN_BOLTZMANN / SIGMA) ** 0.25
    assert ours == pytest.approx(celsius + 273.15, abs=1e-3)


@pytest.mark.parametrize(("beta", "square_kilometres"), [(90.0, 3.986425), (75.0, 4.1059)])
def test_panel_area_needed(beta, square_kilometres):
    found = area_needed(beta, calculators_view_factor(beta, 550.0))
    assert found == pytest.approx(square_kilometres * 1e6, rel=1e-4)


def test_exact_view_factor_makes_the_panel_hotter():
    """Edge on at 550 km a plate sees 12 times the Earth the calculator gives it: the panel is
    6.3 K hotter and needs 7.7 % more area, still less than it has."""
    exact, printed = edge_on_view_factor(550.0), calculators_view_factor(90.0, 550.0)
    assert exact / printed == pytest.approx(12.2, abs=0.1)
    hotter = panel_temperature(90.0, exact) - panel_temperature(90.0, printed)
    assert hotter == pytest.approx(6.3, abs=0.1)
    assert area_needed(90.0, exact) / area_needed(90.0, printed) == pytest.approx(1.078, abs=2e-3)
    assert area_needed(90.0, exact) < PANEL
