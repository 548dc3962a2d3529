"""Ground cost items against published electricity prices and their own limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawndusk.economics import ground_cost

KWH = 3.6e6
BTU = 1055.05585262


def test_servers_by_hand():
    assert ground_cost.servers(8, 25e3, 0.5) == {"accelerators": 200e3, "host": 100e3}


def test_construction_of_a_megawatt():
    """Cushman & Wakefield 2025: 11.7 M$/MW on average."""
    assert ground_cost.construction(1e6, 11.7) == pytest.approx(11.7e6)


@pytest.mark.parametrize(("cents", "pue", "published"), [(6.0, 1.09, 573.0), (25.0, 1.4, 3066.0)])
def test_terrestrial_power_price(cents, pue, published):
    """arXiv 2511.19468, table 1: 570–3,000 USD/kW/yr = 0.06–0.25 USD/kWh × PUE × 8,760 h."""
    found = ground_cost.energy(1e3 * 8760 * 3600.0, pue, cents / 100.0 / KWH)
    assert found == pytest.approx(published, rel=1e-3)


def test_electricity_from_gas_by_hand():
    """6,200 Btu/kWh at 4.30 USD/MMBtu is 2.666 cents a kilowatt-hour."""
    price = ground_cost.gas_electricity_price(6200 * BTU / KWH, 4.30 / (1e6 * BTU))
    assert price * KWH == pytest.approx(6200 * 4.30 / 1e6, rel=1e-12)


def test_perfect_turbine_sells_gas_at_its_own_price():
    assert ground_cost.gas_electricity_price(1.0, 4e-9) == 4e-9


def test_water_of_a_year():
    """1 MW for 8,760 h at 0.30 L/kWh is 2,628 m³."""
    assert ground_cost.water(1e6 * 8760 * 3600.0, 0.30e-3 / KWH, 1.0) == pytest.approx(2628.0)


@given(consumed=st.floats(0.0, 1e18), pue=st.floats(1.0, 3.0), price=st.floats(0.0, 1e-6))
def test_better_cooling_never_costs_more_energy(consumed, pue, price):
    assert ground_cost.energy(consumed, 1.0, price) <= ground_cost.energy(consumed, pue, price)


def test_wrong_input_is_named():
    with pytest.raises(ValueError, match=r"pue = 0\.9: must be at least 1"):
        ground_cost.energy(1.0, 0.9, 1.0)
