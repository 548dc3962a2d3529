"""Costs of both sides by hand, and what the prices do to them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawndusk import costs
from dawndusk.constants import DAY, JULIAN_YEAR
from tests.ledger_case import PRICES, fleet, scenario, totals


def test_space_capital_by_hand():
    """Spreadsheet arithmetic: ten satellites of eight 30 k$ accelerators, 20 kW, 600 kg."""
    chips = 80 * 30e3
    hardware = (chips * 1.3 + 200e3 * 10 + 5e7 / 3.6e6 * 600 + 120 * 5e3 + 1500 * 1e3) * 1.1
    launch = 6000 * 500.0
    insured = (hardware + launch) * 1.05
    found = costs.space_costs(scenario(), fleet(), totals(), DAY)
    assert math.fsum(found.capital.values()) == pytest.approx(insured / 0.98 + 1e6, rel=1e-12)
    per_year = 0.15 / (1.0 - 1.15**-5)
    assert found.annual["launch"] == pytest.approx(launch * per_year, rel=1e-12)
    assert found.annual["operations"] == pytest.approx(0.01 * hardware, rel=1e-12)
    replacement = found.annual["accelerator_replacement"] + found.annual["satellite_replacement"]
    growth, hazard = math.log(1.15), 0.1
    renewed = math.exp(growth) * hazard / -math.expm1(-hazard)
    renewed *= math.expm1(-growth - hazard) / math.expm1(-5.0 * (growth + hazard))
    assert replacement == pytest.approx(insured / 0.98 * (renewed - per_year), rel=1e-12)
    assert found.annual["accelerator_replacement"] == pytest.approx(
        9.0 * found.annual["satellite_replacement"], rel=1e-12
    )


def test_mass_that_no_subsystem_explains_is_priced_as_bus():
    heavy = fleet()
    heavy.masses["unlisted"] = 150.0
    light = costs.space_costs(scenario(), fleet(), totals(), DAY).capital["bus"]
    assert costs.space_costs(scenario(), heavy, totals(), DAY).capital["bus"] == 2.0 * light


def test_ground_cost_by_hand():
    """Ten nodes of 8 × 700 W + 1 kW: 66 kW at 11.7 $/W over 15 years, servers over 5."""
    consumed = 70e3 * JULIAN_YEAR
    found = costs.ground_costs(scenario(), 10, consumed)
    assert found.capital["construction"] == pytest.approx(66e3 * 11.7)
    assert found.annual["construction"] == pytest.approx(
        66e3 * 11.7 * 0.1 / (1.0 - 1.1**-15), rel=1e-12
    )
    assert found.annual["energy"] == pytest.approx(70.0 * 8766 * 1.2 * 0.08, rel=1e-12)
    assert found.annual["water"] == pytest.approx(70.0 * 8766 * 0.3e-3 * 3.0, rel=1e-12)
    assert found.annual["operations"] == pytest.approx(0.03 * 66e3 * 11.7, rel=1e-12)


def test_replacement_without_interest_is_what_renewal_buys_beyond_the_first_fleet():
    """At no interest a fleet is bought 1 / E[min(T, 5 yr)] times a year, not 1 / 5."""
    found = costs.space_costs(scenario(discount_rate_space=0.0), fleet(), totals(), DAY)
    placed = math.fsum(found.capital.values()) - 1e6
    renewals = 0.1 / (1.0 - math.exp(-0.5))
    replacement = found.annual["accelerator_replacement"] + found.annual["satellite_replacement"]
    assert replacement == pytest.approx(placed * (renewals - 0.2), rel=1e-9)


def test_hybrid_ground_nodes_are_paid_for():
    plain = scenario()
    hybrid = scenario()
    hybrid.ground.hybrid, hybrid.ground.hybrid_nodes = True, 3
    sums = totals(hybrid_consumed_J=21e3 * DAY)
    more = costs.space_costs(hybrid, fleet(), sums, DAY).per_year
    less = costs.space_costs(plain, fleet(), sums, DAY).per_year
    expected = costs.ground_costs(plain, 3, 21e3 * JULIAN_YEAR).per_year
    assert more - less == pytest.approx(expected, rel=1e-9)


def test_assumptions_are_shown_in_their_units_with_provenance():
    rows = {row.path: row for row in costs.assumptions(scenario())}
    assert rows["satellite.life"].value == 5.0
    assert rows["economics.battery_price"].value == pytest.approx(0.6)
    assert rows["economics.accelerator_failure_rate"].value == pytest.approx(0.09)
    assert rows["economics.accelerator_failure_rate"].low == pytest.approx(0.5 * JULIAN_YEAR)
    assert rows["economics.water_use"].value == pytest.approx(0.3)
    assert rows["ground.power_price"].value == pytest.approx(0.08)
    assert rows["economics.price_year"].value == 2026
    assert rows["economics.nre"].source == "economics.nre"
    listed = {path.removeprefix("economics.") for path in rows if path.startswith("economics.")}
    assert listed == set(PRICES)


@given(
    price=st.sampled_from(
        [
            "launch_price",
            "array_price",
            "battery_price",
            "radiator_price",
            "bus_price",
            "nre",
            "accelerator_price",
            "insurance_fraction",
            "accelerator_failure_rate",
            "satellite_failure_rate",
            "operations_fraction",
            "discount_rate_space",
            "integration_fraction",
            "host_price_factor",
            "infant_mortality",
        ]
    ),
    rise=st.floats(1.01, 3.0),
)
def test_dearer_inputs_make_a_dearer_fleet(price, rise):
    cheap = costs.space_costs(scenario(), fleet(), totals(), DAY).per_year
    dear = scenario(**{price: PRICES[price] * rise})
    assert costs.space_costs(dear, fleet(), totals(), DAY).per_year > cheap


@given(
    price=st.sampled_from(
        [
            "ground_construction",
            "accelerator_price",
            "ground_accelerator_failure_rate",
            "ground_operations_fraction",
            "water_use",
            "water_price",
            "discount_rate_ground",
        ]
    ),
    rise=st.floats(1.01, 3.0),
)
def test_dearer_inputs_make_a_dearer_ground(price, rise):
    cheap = costs.ground_costs(scenario(), 10, 1e12).per_year
    dear = scenario(**{price: PRICES[price] * rise})
    assert costs.ground_costs(dear, 10, 1e12).per_year > cheap


def test_values_of_the_years_are_listed_where_they_count():
    def listed(given):
        paths = {row.path for row in costs.assumptions(given)}
        return {path for path in paths if path.startswith("fleet.")}

    given = scenario()
    assert "fleet.worn_at_life" in listed(given)
    assert not any("servicing" in path for path in listed(given))
    given.fleet.servicing.enabled = True
    assert "fleet.servicing.visit_price" in listed(given)
    given.fleet.enabled = False
    assert listed(given) == set()


def test_shield_is_priced_as_bus_and_propellant_is_not():
    shielded = fleet()
    shielded.masses |= {"shield": 150.0, "propellant": 40.0}
    light = costs.space_costs(scenario(), fleet(), totals(), DAY).capital["bus"]
    assert costs.space_costs(scenario(), shielded, totals(), DAY).capital["bus"] == 2.0 * light


def test_no_launch_price_helps_who_launches_nothing():
    assert costs.breakeven_launch_price(lambda price: costs.Costs({}, {"bus": 1.0}), 2.0) is None
