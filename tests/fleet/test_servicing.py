"""Servicing against Kepler's law, energies of orbits and the rocket equation turned round."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawndusk.constants import SGP4_MU
from dawndusk.fleet import servicing

RADIUS = 7_028e3
"""650 km up [m]."""


def test_phasing_by_an_ellipse_of_a_whole_number_of_turns() -> None:
    # an ellipse that comes back to the same point k times while the target gains 10°
    angle, turns = math.radians(10.0), 400
    motion = math.sqrt(SGP4_MU / RADIUS**3)
    duration = (2 * math.pi * turns - angle) / motion
    axis = (SGP4_MU * (duration / (2 * math.pi * turns)) ** 2) ** (1 / 3)
    speed = math.sqrt(SGP4_MU / RADIUS)
    truth = 2 * abs(math.sqrt(SGP4_MU * (2 / RADIUS - 1 / axis)) - speed)
    found = servicing.phasing(RADIUS, angle, duration)
    assert found == pytest.approx(truth, rel=angle / (motion * duration))
    assert servicing.phasing(RADIUS, -angle, duration) == found
    assert servicing.phasing(RADIUS, 0.0, duration) == 0.0


def test_plane_change() -> None:
    speed = math.sqrt(SGP4_MU / RADIUS)
    assert servicing.plane_change(RADIUS, math.pi / 3) == pytest.approx(speed, rel=1e-12)
    assert servicing.plane_change(RADIUS, math.pi) == pytest.approx(2 * speed, rel=1e-12)


def test_without_modules_to_lose_a_tour_is_one_rocket_equation() -> None:
    # modules of nearly no mass: ln(full / dry) · v / Δv visits
    found = servicing.tour(500.0, 300.0, 10_000, 1e-9, 25.0, 2_200.0)
    truth = math.log(800.0 / 500.0) * 2_200.0 / 25.0
    assert (found.visits, found.binding) == (math.floor(truth), "propellant")


def test_a_tour_run_backwards() -> None:
    # from the dry mass at the end: take the module back in, then the propellant of the burn
    visits, left = 8, 400.0
    for _ in range(visits):
        left = (left + 60.0) * math.exp(30.0 / 2_200.0)
    propellant = left - 400.0 - visits * 60.0
    found = servicing.tour(400.0, propellant * (1 + 1e-12), visits, 60.0, 30.0, 2_200.0)
    assert (found.visits, found.binding) == (visits, "modules")
    assert found.propellant == pytest.approx(propellant, rel=1e-9)
    less = servicing.tour(400.0, propellant * (1 - 1e-6), visits, 60.0, 30.0, 2_200.0)
    assert (less.visits, less.binding) == (visits - 1, "propellant")


@given(st.floats(0.0, 500.0), st.integers(0, 40), st.floats(0.0, 200.0))
def test_a_tour_never_uses_what_it_lacks(propellant: float, modules: int, visit: float) -> None:
    found = servicing.tour(400.0, propellant, modules, 50.0, visit, 2_200.0)
    assert 0.0 <= found.propellant <= propellant
    assert 0 <= found.visits <= modules
    more = servicing.tour(400.0, propellant + 100.0, modules, 50.0, visit, 2_200.0)
    # more propellant weighs on every burn, and still reaches at least as far
    assert more.visits >= found.visits


def test_price_of_a_swap() -> None:
    # (50,000 + 40 · 500 + (2e6 + 800 · 500) / 12 + 10,000) / 0.9
    found = servicing.swap_price(50e3, 40.0, 2e6, 800.0, 12, 10e3, 500.0, 0.9)
    assert found == pytest.approx((50e3 + 20e3 + 200e3 + 10e3) / 0.9, rel=1e-12)
    sure = servicing.swap_price(50e3, 40.0, 0.0, 0.0, 1, 0.0, 0.0, 1.0)
    assert sure == 50e3
    assert servicing.kit_mass(40.0, 800.0, 16) == pytest.approx(90.0)


def test_worth_it_while_the_bus_still_has_life() -> None:
    year = 31_557_600.0
    found = servicing.worth(1e6, 4e6, np.array([0.5, 1.2, 1.3, 5.0]) * year, 5 * year)
    assert found.tolist() == [False, False, True, True]


def test_impossible_numbers() -> None:
    with pytest.raises(ValueError, match=r"duration: 0 s; allowed: above 0"):
        servicing.phasing(RADIUS, 1.0, 0.0)
    with pytest.raises(ValueError, match="propellant: -1; allowed: at least 0"):
        servicing.tour(1.0, -1.0, 1, 1.0, 1.0, 1.0)
    with pytest.raises(ValueError, match="dry_mass: 0; allowed: above 0"):
        servicing.tour(0.0, 1.0, 1, 1.0, 1.0, 1.0)
    with pytest.raises(ValueError, match=r"success: 1\.5; allowed: above 0 to 1"):
        servicing.swap_price(1.0, 1.0, 1.0, 1.0, 1, 1.0, 1.0, 1.5)
    with pytest.raises(ValueError, match="visits: 0; allowed: at least 1"):
        servicing.kit_mass(1.0, 1.0, 0)
    with pytest.raises(ValueError, match="visits: 0; allowed: at least 1"):
        servicing.swap_price(1.0, 1.0, 1.0, 1.0, 0, 1.0, 1.0, 1.0)
