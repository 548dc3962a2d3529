"""Solar array against published panels and an independent root of its heat balance."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import brentq

from dawndusk.compiled import kernel
from dawndusk.constants import STEFAN_BOLTZMANN
from dawndusk.satellite import solar_array

CELL = {"reference_temperature": 301.15, "coefficient": -0.0025}


def test_starlink_v2_mini_gives_28_kw() -> None:
    """105 m² × 22 % × 1,361 W/m² × 90 % = 28.30 kW (arXiv 2511.19468, table 1)."""
    power = solar_array.power(1361.0, 105.0, 0.90, 0.22, 301.15, 301.15, -0.0025, 1.0)
    assert power == pytest.approx(28_300.0, rel=1e-3)


def test_starcloud_16_square_kilometres_give_4_31_gw_not_5() -> None:
    """Starcloud white paper: 4 km × 4 km, 22 %, fill 90 % (the 5 GW do not close)."""
    power = solar_array.power(1361.0, 16e6, 0.90, 0.22, 298.15, 298.15, 0.0, 1.0)
    assert power == pytest.approx(4.31e9, rel=2e-3)


def test_ai1_claim_of_250_w_per_square_metre_is_within_reach_of_silicon() -> None:
    """AI1: 600 m² at 250 W/m² (claim): a 22 % cell in its own heat, 90 % filled."""
    temperature = solar_array.temperature(1361.0, 0.92, 0.198, 0.85, 0.85, 0.0, **CELL)
    power = solar_array.power(1361.0, 600.0, 0.90, 0.22, temperature, 301.15, -0.0025, 0.97)
    assert power == pytest.approx(150e3, rel=0.01)


def test_mccalip_equilibrium_temperature() -> None:
    """McCalip's 1 GW calculator: α 0.92, ε 0.85 + 0.90, η 0.22: 335.75 K with 5.81126 GW of
    heat on 4.608796 km²; his heat per area handed over as infrared on the back."""
    heat = 5.81126e9 / 4.608796e6
    sunlight = (0.92 - 0.22) * 1361.0
    temperature = solar_array.temperature(
        1361.0, 0.92, 0.22, 0.85, 0.90, (heat - sunlight) / 0.90, 301.15, 0.0
    )
    assert temperature == pytest.approx(335.7495, rel=1e-4)


def test_in_the_dark_the_panel_is_cold_and_gives_nothing() -> None:
    temperature = solar_array.temperature(0.0, 0.92, 0.2, 0.85, 0.85, 0.0, **CELL)
    assert temperature == pytest.approx(2.725, rel=1e-6)
    assert solar_array.power(0.0, 105.0, 0.9, 0.22, temperature, 301.15, -0.0025, 1.0) == 0.0


@given(
    irradiance=st.floats(1.0, 1420.0),
    absorptivity=st.floats(0.7, 0.95),
    efficiency=st.floats(0.05, 0.33),
    front=st.floats(0.7, 0.92),
    back=st.floats(0.3, 0.92),
    infrared=st.floats(0.0, 200.0),
    coefficient=st.floats(-0.005, 0.0),
)
def test_temperature_is_the_root_of_the_heat_balance(
    irradiance: float,
    absorptivity: float,
    efficiency: float,
    front: float,
    back: float,
    infrared: float,
    coefficient: float,
) -> None:
    assume(absorptivity > efficiency * (1 - 301.15 * coefficient))

    def residual(temperature: float) -> float:
        electric = efficiency * (1 + coefficient * (temperature - 301.15))
        emitted = STEFAN_BOLTZMANN * (front + back) * (temperature**4 - 2.725**4)
        return (absorptivity - electric) * irradiance + back * infrared - emitted

    expected = brentq(residual, 2.0, 600.0, xtol=1e-9)
    found = solar_array.temperature(
        irradiance, absorptivity, efficiency, front, back, infrared, 301.15, coefficient
    )
    tolerance = 0.01 if irradiance > 900.0 else 2.0
    assert found == pytest.approx(expected, abs=tolerance)


def test_hotter_cells_give_less_and_never_less_than_nothing() -> None:
    powers = [
        solar_array.power(1361.0, 1.0, 0.9, 0.3, t, 301.15, -0.0025, 1.0)
        for t in (250.0, 300.0, 350.0, 900.0)
    ]
    assert powers == sorted(powers, reverse=True)
    assert powers[-1] == 0.0


@kernel
def _loop(irradiance: np.ndarray, power: np.ndarray) -> None:
    for i in range(irradiance.size):
        temperature = solar_array.temperature(
            irradiance[i], 0.92, 0.2, 0.85, 0.85, 60.0, 301.15, -0.0025
        )
        power[i] = solar_array.power(
            irradiance[i], 105.0, 0.9, 0.22, temperature, 301.15, -0.0025, 0.95
        )


def test_the_compiled_loop_gives_what_single_calls_give() -> None:
    irradiance = np.linspace(0.0, 1420.0, 203)
    power = np.empty_like(irradiance)
    _loop(irradiance, power)
    for flux, value in zip(irradiance, power, strict=True):
        temperature = solar_array.temperature(flux, 0.92, 0.2, 0.85, 0.85, 60.0, 301.15, -0.0025)
        single = solar_array.power(flux, 105.0, 0.9, 0.22, temperature, 301.15, -0.0025, 0.95)
        assert value == pytest.approx(single, rel=1e-13)
