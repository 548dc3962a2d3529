"""What the years are given: dates, ramp-up, spare accelerators, servicers, prices, refusals."""

import dataclasses
import math
import re
from datetime import UTC, datetime
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, expon, weibull_min

from dawndusk import fleet_inputs
from dawndusk.constants import DAY, JULIAN_YEAR
from dawndusk.deployment import deploy
from dawndusk.fleet import reliability
from dawndusk.fleet_inputs import MONTH
from dawndusk.fleet_plan import FleetPlan, plan_fleet
from dawndusk.scenario import load

YEAR = JULIAN_YEAR


@cache
def planned(*overrides: str) -> FleetPlan:
    return plan_fleet(load("suncatcher", ["workload.jobs=[]", *overrides]))


# dates and ramp-up


def test_a_date_is_a_share_of_its_year() -> None:
    assert fleet_inputs.year(datetime(2027, 1, 1, tzinfo=UTC)) == 2027.0
    assert fleet_inputs.year(datetime(2027, 7, 2, 12, tzinfo=UTC)) == 2027.5
    assert fleet_inputs.year(datetime(2028, 2, 29, tzinfo=UTC)) == 2028.0 + 59 / 366


@given(st.datetimes(datetime(1980, 1, 1), datetime(2099, 12, 30)))
def test_dates_keep_their_order(moment: datetime) -> None:
    first = moment.replace(tzinfo=UTC)
    later = datetime.fromtimestamp(first.timestamp() + 3600.0, UTC)
    step = fleet_inputs.year(later) - fleet_inputs.year(first)
    assert step * 365.5 * 24.0 == pytest.approx(1.0, rel=2e-3)


def test_all_at_the_start_unless_milestones_say_otherwise() -> None:
    plan = planned()
    assert fleet_inputs.wanted(plan.scenario, plan, 2027.0, 24).tolist() == [81] * 24
    marks = "fleet.milestones=[{date=2028-01-01,satellites=2},{date=2030-01-01,satellites=50}]"
    ramped = planned(marks)
    found = fleet_inputs.wanted(ramped.scenario, ramped, 2027.0, 60)
    assert found[:11].tolist() == [0] * 11
    assert found[11:35].tolist() == [2 + 2 * n for n in range(24)]
    assert found[35:].tolist() == [50] * 25


def test_milestones_beyond_the_constellation_are_refused() -> None:
    plan = planned("fleet.milestones=[{date=2028-01-01,satellites=100}]")
    with pytest.raises(ValueError, match=r"fleet.milestones: 100 satellites; allowed: 0 to 81"):
        fleet_inputs.wanted(plan.scenario, plan, 2027.0, 24)


# lifetimes and capacity


def test_a_lifetime_as_declared() -> None:
    plan = planned()
    fleet, prices, life = plan.scenario.fleet, plan.scenario.economics, plan.scenario.satellite.life
    age = np.linspace(0.0, life, 7)
    scale = life / (-math.log(1.0 - 0.05)) ** (1.0 / 3.0)
    truth = (
        (1.0 - prices.infant_mortality * expon.cdf(age, scale=fleet.infant_time))
        * expon.sf(age, scale=1.0 / prices.satellite_failure_rate)
        * weibull_min.sf(age, 3.0, scale=scale)
    )
    found = reliability.survival(age, fleet_inputs.lifetime(plan.scenario))
    assert found == pytest.approx(truth, rel=1e-12)
    without = plan.scenario.replaced({"fleet.worn_at_life": 0.0})
    assert fleet_inputs.lifetime(without).wear_scale == math.inf


def test_spare_accelerators_hold_capacity_up() -> None:
    scenario = planned().scenario
    carried = scenario.satellite.compute.count
    rate = scenario.economics.accelerator_failure_rate
    bare = fleet_inputs.capacity(scenario, 120)
    spared = fleet_inputs.capacity(scenario.replaced({"fleet.accelerator_spares": 16}), 120)
    for month in (0, 11, 59):
        alive = math.exp(-rate * MONTH * (month + 1))
        numbers = np.arange(carried + 1)
        chances = binom.pmf(numbers, carried, alive)
        truth = (np.minimum(numbers, carried - 16) * chances).sum() / (carried - 16)
        assert spared[month] == pytest.approx(truth, rel=1e-9)
        assert bare[month] == pytest.approx(alive, rel=1e-9)
        assert spared[month] > bare[month]


@pytest.mark.parametrize(
    ("left", "months"), [(None, 0), (math.inf, 0), (1.0, 1), (2 * YEAR, 24), (2.01 * YEAR, 25)]
)
def test_months_of_decay(left: float | None, months: int) -> None:
    plan = planned()
    plan = dataclasses.replace(plan, upkeep=dataclasses.replace(plan.upkeep, passive_decay_s=left))
    assert fleet_inputs.decay(plan) == months


# prices


def test_prices_by_year() -> None:
    quotes = '[{year=2027.0,price="1000 USD/kg"},{year=2031.0,price="62.5 USD/kg"}]'
    plan = planned(f"fleet.launch_prices={quotes}", "economics.launch_price=500 USD/kg")
    when = np.array([2020.0, 2027.0, 2028.0, 2029.5, 2031.0, 2040.0])
    found = fleet_inputs.price_factor(plan.scenario, when)
    assert found == pytest.approx(np.array([2.0, 2.0, 1.0, 0.5**1.5, 0.125, 0.125]), rel=1e-12)
    assert fleet_inputs.price_factor(planned().scenario, when).tolist() == [1.0] * 6


@pytest.mark.parametrize(
    "overrides",
    [
        ('fleet.launch_prices=[{year=2027.0,price="0 USD/kg"}]',),
        ('fleet.launch_prices=[{year=2027.0,price="9 USD/kg"}]', "economics.launch_price=0 USD/kg"),
    ],
)
def test_prices_of_nothing_have_no_ratio(overrides: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=r"fleet.launch_prices: a price of 0 USD/kg"):
        fleet_inputs.price_factor(planned(*overrides).scenario, np.array([2027.0]))


# servicers


def serviced(satellites: int = 81, **changes: object) -> fleet_inputs.Service:
    plan = planned()
    paths = {f"fleet.servicing.{key}": value for key, value in changes.items()}
    scenario = plan.scenario.replaced({"fleet.servicing.enabled": True, **paths})
    plan = dataclasses.replace(plan, satellites=satellites)
    return fleet_inputs.service(scenario, plan, fleet_inputs.lifetime(scenario))


def test_no_servicing_no_servicers() -> None:
    plan = planned()
    life = fleet_inputs.lifetime(plan.scenario)
    assert fleet_inputs.service(plan.scenario, plan, life) == fleet_inputs.NO_SERVICE


def test_a_servicer_by_hand() -> None:
    found = serviced()
    # two thirds of a·θ/t, a quarter turn on average, in 30 days
    radius = 6_378.135e3 + 650e3
    by_hand = 2 / 3 * radius * (math.pi / 2) / (30 * DAY)
    assert found.visit_delta_v == pytest.approx(by_hand, rel=2e-3)
    assert found.visits == 10
    dry = planned().dry_mass_kg
    assert found.module_mass == pytest.approx(0.3 * dry)
    assert found.kit_mass == pytest.approx(0.3 * dry + (500 + 300) / 10)
    assert found.servicers == 1
    assert found.per_launch == 10


def test_little_propellant_carries_few_modules() -> None:
    found = serviced(servicer_propellant=5.0, modules=100)
    each = -math.expm1(-found.visit_delta_v / (1600.0 * 9.80665))
    mass, used = 500.0 + 5.0 + found.visits * found.module_mass, 0.0
    for _ in range(found.visits):
        used += each * (mass - used)
        mass -= found.module_mass
    assert used <= 5.0
    mass, used = 500.0 + 5.0 + (found.visits + 1) * found.module_mass, 0.0
    for _ in range(found.visits + 1):
        used += each * (mass - used)
        mass -= found.module_mass
    assert used > 5.0


def test_servicers_for_half_a_year_of_failures() -> None:
    scenario = planned().scenario
    left = reliability.survival(np.array(0.5 * YEAR), fleet_inputs.lifetime(scenario))
    need = 100_000 * (1.0 - left) * scenario.fleet.servicing.mendable / 10
    assert serviced(100_000).servicers == math.ceil(need)
    assert serviced(100_000, servicers=7).servicers == 7
    assert serviced(100_000, servicers=7).per_launch <= 40


# refusals

FEW = {"date": "2028-01-01T00:00:00Z", "satellites": 3}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"accelerator_spares": 56}, "fleet.accelerator_spares: 56; allowed: 0 to 55"),
        ({"least_per_launch": 5_000}, "fleet.least_per_launch: 5000; allowed: 1 to "),
        (
            {"least_per_launch": 5, "spares": 1, "milestones": [FEW]},
            "fleet.least_per_launch: 5; allowed: 1 to 4, all that are ever wanted",
        ),
        ({"lead_time": 6 * YEAR}, "fleet.lead_time: 72 months; allowed: 0 to 59 months"),
        (
            {"servicing.enabled": True, "servicing.servicer_propellant": 0.0},
            "fleet.servicing.servicer_propellant: 0 kg reaches no satellite",
        ),
        (
            {"servicing.enabled": True, "servicing.modules": 100},
            "fleet.servicing.modules: a servicer with 100 modules weighs ",
        ),
    ],
)
def test_contradictions_are_one_line_with_the_path(changes: dict[str, object], told: str) -> None:
    plan = planned()
    scenario = plan.scenario.replaced({f"fleet.{path}": each for path, each in changes.items()})
    with pytest.raises(ValueError, match=re.escape(told)) as caught:
        deploy(scenario, plan)
    assert "\n" not in str(caught.value)


def test_a_life_shorter_than_the_years_own_step_is_refused() -> None:
    plan = planned()
    short = plan.scenario.replaced({"satellite.life": 20 * DAY, "fleet.lead_time": 0.0})
    told = "satellite.life: 20 days; allowed: at least a month, 30.44 days"
    with pytest.raises(ValueError, match=told):
        fleet_inputs.refuse(short, plan)
    fleet_inputs.refuse(short.replaced({"fleet.enabled": False}), plan)
    fleet_inputs.refuse(short.replaced({"satellite.life": MONTH}), plan)


def test_as_many_as_are_wanted_may_be_the_least_of_a_launch() -> None:
    plan = planned()
    fleet_inputs.refuse(
        plan.scenario.replaced(
            {"fleet.least_per_launch": 4, "fleet.spares": 1, "fleet.milestones": [FEW]}
        ),
        plan,
    )
