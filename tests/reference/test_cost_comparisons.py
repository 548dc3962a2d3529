"""Published comparisons of orbit and ground, each one configuration of our cost items.

None of them is fitted: the inputs are the publications' own, and where a publication does
not close with its own inputs the test says so.
"""

import math
from types import SimpleNamespace

import pytest

from dawndusk.economics import annuity, finance, ground_cost, space_cost

YEAR = 8760 * 3600.0
KWH = 3.6e6
BTU = 1055.05585262
NO_PARTS = dict.fromkeys(
    (
        "accelerators",
        "accelerator_price",
        "host_price_factor",
        "array_power",
        "array_price",
        "battery_capacity",
        "battery_price",
        "radiator_area",
        "radiator_price",
        "bus_mass",
        "bus_price",
        "integration_fraction",
    ),
    0.0,
)


def gigawatt(
    years=5,
    launch_price=500.0,
    satellite_price=22.0,
    specific_power=36.5,
    satellite_power=27e3,
    sunlit=0.98,
    failures=0.09,
    pue=1.2,
    gas_price=4.30,
):
    """McCalip's 1 GW calculator (MIT licence, 2025): satellites by the watt, a gas plant, no chips.

    The whole satellite is bought at one price a watt, so it stands as the array; failed
    accelerators are bought anew at the satellite's price; nothing is discounted.
    """
    power = 1e9
    energy = power * YEAR * years
    needed = space_cost.initial_power(power, sunlit, 0.025, years)
    satellites = math.ceil(needed / satellite_power)
    bought = satellites * satellite_power
    mass = bought / specific_power
    parts = NO_PARTS | {"array_power": bought, "array_price": satellite_price}
    hardware = sum(space_cost.hardware(**parts).values())
    deployment = space_cost.deployment(hardware, mass, launch_price, 0.0, 0.0, 1e9)
    operations = annuity.present_value(
        space_cost.recurring(hardware, 0.01 / YEAR) * YEAR, 0.0, years
    )
    accelerators = annuity.present_value(
        space_cost.recurring(hardware, failures / YEAR) * YEAR, 0.0, years
    )
    total = hardware + sum(deployment.values()) + operations + accelerators

    plant = ground_cost.construction(power, 1.8 * pue + 5.25 + 3.0 + 2.5 + 1.75)
    fuel_price = ground_cost.gas_electricity_price(6200 * BTU / KWH, gas_price / (1e6 * BTU))
    used = 0.85 * energy
    fuel = ground_cost.energy(used, pue, fuel_price)
    ground = plant + fuel
    return SimpleNamespace(
        orbit=total / 1e9,
        hardware=hardware / 1e9,
        launch=deployment["launch"] / 1e9,
        accelerators=accelerators / 1e9,
        operations=operations / 1e9,
        orbit_per_MWh=annuity.levelised_cost([total, 0.0], [0.0, energy / KWH / 1e3], 0.0),
        satellites=satellites,
        tonnes=mass / 1e3,
        launches=math.ceil(mass / 100e3),
        square_kilometres=satellites * 116.0 / 1e6,
        margin=bought / power - 1.0,
        ground=ground / 1e9,
        ground_per_MWh=annuity.levelised_cost([ground, 0.0], [0.0, used / KWH / 1e3], 0.0),
        gas_BCF=used * pue / KWH * 6200 / 1e12,
        breakeven_printed=finance.breakeven_price(
            ground, satellite_price * needed, needed / specific_power
        ),
        breakeven=finance.breakeven_price(ground, total - deployment["launch"], mass),
    )


def test_gigawatt_default_case():
    found = gigawatt()
    assert found.orbit == pytest.approx(51.095348, rel=1e-8)
    assert found.hardware == pytest.approx(23.600214, rel=1e-7)
    assert found.launch == pytest.approx(14.695027, rel=1e-7)
    assert found.accelerators == pytest.approx(10.620096, rel=1e-7)
    assert found.operations == pytest.approx(1.180011, rel=1e-6)
    assert found.orbit_per_MWh == pytest.approx(1166.5605, rel=1e-7)
    assert (found.satellites, found.launches) == (39_731, 294)
    assert found.tonnes == pytest.approx(29_390.05, rel=1e-6)
    assert found.square_kilometres == pytest.approx(4.608796, rel=1e-7)
    assert found.margin == pytest.approx(0.072737, abs=5e-7)
    assert found.ground == pytest.approx(15.851062, rel=1e-7)
    assert found.ground_per_MWh == pytest.approx(425.7605, rel=1e-7)
    assert found.gas_BCF == pytest.approx(276.99, rel=1e-5)
    assert found.breakeven_printed == pytest.approx(-263.7, abs=0.05)


SENSITIVITIES = [
    ({"launch_price": 20}, {"orbit": 36.9881, "orbit_per_MWh": 844.48}),
    ({"launch_price": 100}, {"orbit": 39.3393, "orbit_per_MWh": 898.16}),
    ({"launch_price": 200}, {"orbit": 42.2783, "orbit_per_MWh": 965.26}),
    ({"launch_price": 1000}, {"orbit": 65.7904, "orbit_per_MWh": 1502.06}),
    ({"specific_power": 10}, {"orbit": 90.0372, "orbit_per_MWh": 2055.64, "tonnes": 107_274}),
    ({"specific_power": 22}, {"orbit": 60.7807, "orbit_per_MWh": 1387.69, "tonnes": 48_761}),
    ({"specific_power": 100}, {"orbit": 41.7640, "orbit_per_MWh": 953.52, "tonnes": 10_727}),
    ({"satellite_price": 5}, {"orbit": 23.7406, "orbit_per_MWh": 542.02}),
    ({"satellite_price": 10}, {"orbit": 31.7861, "orbit_per_MWh": 725.71}),
    ({"satellite_price": 32}, {"orbit": 67.1864, "orbit_per_MWh": 1533.94}),
    ({"sunlit": 0.60}, {"orbit": 82.8212, "orbit_per_MWh": 1890.89, "satellites": 64_893}),
    ({"sunlit": 0.80}, {"orbit": 62.3662, "orbit_per_MWh": 1423.89, "satellites": 48_670}),
    ({"failures": 0.0}, {"orbit": 40.4753, "orbit_per_MWh": 924.09}),
    (
        {"years": 10},
        {
            "orbit": 66.8072,
            "orbit_per_MWh": 762.64,
            "satellites": 42_242,
            "ground": 17.0421,
            "ground_per_MWh": 228.88,
        },
    ),
    ({"pue": 1.5}, {"ground": 16.6888, "ground_per_MWh": 448.26}),
    ({"gas_price": 15.0}, {"ground": 18.8149, "ground_per_MWh": 505.37}),
    (
        {"specific_power": 24.7, "satellite_price": 32.0, "satellite_power": 7e3},
        {"orbit": 74.2057, "orbit_per_MWh": 1694.19, "satellites": 153_246},
    ),
]


@pytest.mark.parametrize(("change", "printed"), SENSITIVITIES)
def test_gigawatt_sensitivities(change, printed):
    found = vars(gigawatt(**change))
    assert {name: found[name] for name in printed} == pytest.approx(printed, rel=1e-4)


@pytest.mark.parametrize(
    ("change", "printed"),
    [
        ({"specific_power": 10}, -72.2),
        ({"specific_power": 22}, -158.9),
        ({"specific_power": 100}, -722.3),
        ({"satellite_price": 5}, 356.8),
        ({"satellite_price": 10}, 174.3),
        ({"satellite_price": 15}, -8.2),
        ({"satellite_price": 32}, -628.7),
    ],
)
def test_gigawatt_breakeven_as_the_calculator_prints_it(change, printed):
    """It leaves out operations, failed accelerators and design: see the next test."""
    assert gigawatt(**change).breakeven_printed == pytest.approx(printed, abs=0.06)


@pytest.mark.parametrize(("price", "full"), [(5, 231.6), (10, -42.2), (15, -315.9), (22, -699.2)])
def test_gigawatt_breakeven_with_every_cost(price, full):
    """The launch price that really makes the calculator's two totals equal (derived)."""
    found = gigawatt(satellite_price=price)
    assert found.breakeven == pytest.approx(full, abs=0.06)
    if found.breakeven > 0.0:
        there = gigawatt(satellite_price=price, launch_price=found.breakeven)
        assert there.orbit == pytest.approx(there.ground, rel=1e-12)


def test_gigawatt_published_breakeven_does_not_break_even():
    """At the 356.8 USD/kg it prints for 5 USD/W, orbit is still 3.7 B$ (23 %) dearer."""
    claimed = gigawatt(satellite_price=5, launch_price=356.8)
    assert claimed.orbit - claimed.ground == pytest.approx(3.68, abs=0.01)


def test_deutsche_bank_ratio_of_a_gigawatt_and_what_it_rests_on():
    """Deutsche Bank, 14 January 2026: 114 against 16 B$ (7.1, also quoted 7.2), 18 B$ in 2032.

    Launch falls from 1,600 to 67 USD/kg. If launch alone brought the 96 B$, the satellites
    would weigh 63 t/MW; published mass budgets are 9–51: most of the fall is not launch.
    """
    now, then, ground = 114e9, 18e9, 16e9
    assert round(now / ground, 1) == 7.1
    assert then / ground == 1.125
    tonnes_per_megawatt = finance.breakeven_price(now, then, 1600.0 - 67.0) / 1e3 / 1e3
    assert tonnes_per_megawatt == pytest.approx(62.6, abs=0.1)
    assert tonnes_per_megawatt > 51.4


def test_starcloud_white_paper_table():
    """167 against 8.2 M$ for 40 MW and 10 years: an energy-and-facility comparison only.

    It leaves out chips, hosts, bus, radiators, batteries, integration, insurance, operations,
    replacement and the cost of money on both sides, and building on the ground.
    """
    power, years = 40e6, 10
    electricity = ground_cost.energy(power * YEAR * years, 1.0, 0.04 / KWH)
    cooling = ground_cost.energy(power * YEAR * years, 1.05, 0.04 / KWH) - electricity
    backup = ground_cost.construction(power, 0.5)
    assert electricity == pytest.approx(140e6, rel=2e-3)
    assert cooling == pytest.approx(7e6, rel=2e-3)
    assert electricity + cooling + backup == pytest.approx(167e6, rel=2e-3)

    shielding = space_cost.deployment(0.0, power / 1e3, 30.0, 0.0, 0.0, 0.0)["launch"]
    launch = space_cost.deployment(0.0, 100e3, 50.0, 0.0, 0.0, 0.0)["launch"]
    assert shielding == pytest.approx(1.2e6)
    assert 2e6 + launch + shielding == pytest.approx(8.2e6)
    assert 8.2e6 / (power * YEAR * years / KWH) == pytest.approx(0.00234, abs=5e-6)


def test_starcloud_array_and_launch_do_not_close_with_the_papers_own_prices():
    """0.03 USD/W buys 40 MW for 1.2, not 2 M$; 5 M$ for 100 t is 50, not 30 USD/kg."""
    array = space_cost.hardware(**NO_PARTS | {"array_power": 40e6, "array_price": 0.03})["array"]
    assert array == pytest.approx(1.2e6)
    assert 5e6 / 100e3 == 50.0


def node_of_16(rate_space, rate_ground, periods_per_year):
    """SemiAnalysis' node of 16 B300 (3 June 2026) in USD per installed accelerator-hour.

    Published: capital 4.1 M$ of which 3.1 facility in orbit, 1.4 M$ on the ground; lives 5 and
    15 years; operations 4,167 USD a month; 30.5 kW, PUE 1.35, 0.087 USD/kWh. Derived: servers
    4.1 − 3.1 = 1.0 M$, so the ground facility is 1.4 − 1.0 = 0.4 M$.
    """

    def yearly(capital, rate, years):
        periods = years * periods_per_year
        return annuity.annuity(capital, rate / periods_per_year, periods) * periods_per_year

    hours = 16 * 8760
    power = ground_cost.energy(30.5e3 * YEAR, 1.35, 0.087 / KWH)
    operations = 12 * 4167.0
    assert operations / hours == pytest.approx(0.36, abs=0.004)
    orbit = yearly(4.1e6, rate_space, 5) + operations
    ground = yearly(1.0e6, rate_ground, 5) + yearly(0.4e6, rate_ground, 15) + power
    return orbit / hours, ground / hours


def test_accelerator_hour_against_semianalysis():
    """8.64 against 2.37 USD/GPU-h. Not fitted: monthly payments at 15 and 10.3 % a year give
    8.71 (+0.8 %) and 2.43 (+2.5 %), inside what the rounding of 4.1 and 1.4 M$ allows."""
    orbit, ground = node_of_16(0.15, 0.103, 12)
    assert orbit == pytest.approx(8.64, rel=0.0125)
    assert ground == pytest.approx(2.37, rel=0.035)


def test_accelerator_hour_with_payments_at_the_end_of_the_year():
    """Our ledger's convention, yearly payments, is 5.1 and 5.6 % dearer on the same inputs."""
    orbit, ground = node_of_16(0.15, 0.103, 1)
    assert orbit / 8.64 - 1.0 == pytest.approx(0.051, abs=0.001)
    assert ground / 2.37 - 1.0 == pytest.approx(0.056, abs=0.001)
