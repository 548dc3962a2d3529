"""What orbit, ground and vehicle offer: prices, power, heat and links by hand."""

import math

import numpy as np
import pytest
from scipy.constants import c as speed_of_light

from dawndusk import costs, places, where
from dawndusk.constants import JULIAN_YEAR, STEFAN_BOLTZMANN
from dawndusk.fleet_plan import FleetPlan, plan_fleet
from dawndusk.scenario import load
from tests.network_case import CARBON, NOT_MODELLED, PRICE, summary

CLASSES = {entry.name: entry for entry in where.shipped()}


@pytest.fixture(scope="module")
def plan() -> FleetPlan:
    return plan_fleet(load("suncatcher"))


@pytest.fixture(scope="module")
def starcloud() -> FleetPlan:
    return plan_fleet(load("starcloud-1"))


def test_a_satellite_costs_what_the_run_says(plan: FleetPlan) -> None:
    found = places.orbit(plan.scenario, plan, summary(), CLASSES["pretraining"])
    assert found.price * JULIAN_YEAR == pytest.approx(PRICE, rel=1e-12)
    assert found.peak == 56 * 918e12
    assert found.memory == pytest.approx(0.9 * 56 * 32e9)
    assert found.carbon_time * JULIAN_YEAR == pytest.approx(CARBON, rel=1e-12)


def test_a_fleet_that_never_works_offers_nothing(plan: FleetPlan) -> None:
    lost = summary() | {
        "cost": {"usd_per_satellite_year": None},
        "carbon": {"kg_per_satellite_year": None},
    }
    found = places.orbit(plan.scenario, plan, lost, CLASSES["pretraining"])
    assert (found.usable, found.usable_limit) == (0.0, "the loss of satellites")


def test_a_ground_node_pays_for_full_power_all_year(plan: FleetPlan) -> None:
    """64 · 225 W + 3.2 kW at full load; the annuities as the ledger's test has them by hand."""
    found = places.ground(plan.scenario, plan, summary(), CLASSES["pretraining"])
    power = 56 * 225.0 + 2800.0
    paid = costs.ground_costs(plan.scenario, 1, power * JULIAN_YEAR)
    kilowatt_hours = power * 8.766
    assert paid.annual["energy"] == pytest.approx(kilowatt_hours * 1.35 * 0.087, rel=1e-9)
    assert found.working == pytest.approx(power)
    assert found.price * JULIAN_YEAR == pytest.approx(paid.per_year, rel=1e-12)
    assert found.effectiveness == 1.35


def test_memory_bound_work_draws_less(plan: FleetPlan) -> None:
    chat = places.ground(plan.scenario, plan, summary(), CLASSES["chat-inference"])
    assert chat.working == pytest.approx(56 * (60.0 + 0.36 * 165.0) + 2800.0)
    assert chat.idle == pytest.approx(56 * 60.0 + 2800.0)


def test_the_ground_links_are_shared_by_all_satellites(plan: FleetPlan) -> None:
    found = places.orbit(plan.scenario, plan, summary(), CLASSES["batch-inference"])
    assert found.incoming == pytest.approx(20 * 10e9 / 8 / 81)
    assert found.link_in == pytest.approx(10e9 / 8)
    assert found.share == 0.9995
    assert found.trip == (0.024, 0.070)
    assert found.between == 9.6e12


def test_direct_users_need_no_station(plan: FleetPlan) -> None:
    direct = plan.scenario.replaced({"network.users": "direct"})
    chat = places.orbit(direct, plan, summary(links_ground_mean=0.0), CLASSES["chat-inference"])
    assert chat.incoming == pytest.approx(direct.user_terminal.max_rate / 8)
    assert chat.price_in == 0.0
    batch = places.orbit(direct, plan, summary(links_ground_mean=0.0), CLASSES["batch-inference"])
    assert batch.incoming == 0.0


def test_raw_data_pass_the_downlink_and_answers_the_antenna(plan: FleetPlan) -> None:
    entry = CLASSES["earth-observation"]
    ground = places.ground(plan.scenario, plan, summary(), entry)
    assert ground.source == pytest.approx(20 * 10e9 / 8 / 81)
    assert ground.price_in == pytest.approx(22 / 60 / (10e9 / 8))
    aboard = places.aboard(plan.scenario, plan, summary(), entry)
    assert aboard is not None
    assert aboard.incoming == math.inf
    assert aboard.price_in == 0.0
    assert aboard.price_out == ground.price_in
    other = places.orbit(plan.scenario, plan, summary(links_isl=0), entry)
    assert other.source == 0.0


def test_a_vehicle_has_its_own_computer_and_others_have_none(plan: FleetPlan) -> None:
    robot = places.aboard(plan.scenario, plan, NOT_MODELLED, CLASSES["robot-fleet-vision"])
    assert robot is not None
    assert robot.price == pytest.approx(700 / (13000 * 3600))
    assert places.aboard(plan.scenario, plan, summary(), CLASSES["chat-inference"]) is None


def test_what_is_not_known_bounds_nothing(plan: FleetPlan) -> None:
    found = places.orbit(plan.scenario, plan, NOT_MODELLED, CLASSES["pretraining"])
    assert found.unknown
    assert (found.incoming, found.between) == (math.inf, math.inf)
    unheard = summary(latency_p50_s=None, latency_p99_s=None)
    assert places.orbit(plan.scenario, plan, unheard, CLASSES["chat-inference"]).unknown


def test_suncatcher_works_all_the_time(plan: FleetPlan) -> None:
    for entry in CLASSES.values():
        found = places.orbit(plan.scenario, plan, summary(), entry)
        assert (found.usable_limit, found.usable) == ("compute", 0.998)
        assert found.stretch == math.inf


def test_starcloud_lacks_power_for_its_chip(starcloud: FleetPlan) -> None:
    """By hand: 62.9 % in sunlight, battery 90 %, bus 50 W, 150 W idle and 780 W at work."""
    found = places.orbit(starcloud.scenario, starcloud, summary(), CLASSES["risk-monte-carlo"])
    sunlit, generated = starcloud.sunlit_fraction, starcloud.array_peak_W
    mean = generated * sunlit / (sunlit + (1.0 - sunlit) / 0.9025)
    mean *= starcloud.survey.array_cosine_mean
    assert found.usable_limit == "power"
    assert found.usable == pytest.approx((mean - 50.0 - 150.0) / (780.0 - 150.0) * 0.998, rel=1e-9)
    assert found.stretch == pytest.approx(found.usable / 0.998 * starcloud.period_s)


def test_heat_binds_where_the_array_is_large(starcloud: FleetPlan) -> None:
    """By hand: the loop may be at 358.15 K less the die's rise; the panel below it radiates."""
    scenario = starcloud.scenario.replaced(
        {"satellite.array.area": 20.0, "satellite.thermal.radiator_area": 0.8}
    )
    roomy = plan_fleet(scenario)
    found = places.orbit(roomy.scenario, roomy, summary(), CLASSES["risk-monte-carlo"])
    assert found.usable_limit == "heat"
    share, craft = found.usable / 0.998, roomy.craft
    heat = 50.0 + 150.0 + share * 630.0
    loop = 358.15 - 700.0 / craft.die_conductance
    radiator = loop - heat / craft.loop_conductance
    view = float(np.mean(roomy.radiator_view))
    day = math.cos(roomy.beta_start_rad) / math.pi
    albedo = 0.30 * 1361.0 * view * day
    absorbed = 0.8 * (craft.radiator_absorptivity * albedo + 0.92 * 239.0 * view)
    emitted = 0.8 * 0.92 * STEFAN_BOLTZMANN * (radiator**4 - 2.725**4)
    assert heat + absorbed == pytest.approx(emitted, rel=1e-6)


def test_fibre_delay_of_one_city_is_its_great_circle(plan: FleetPlan) -> None:
    """London to Ashburn by the angle between two vectors, × 1.5 × 1.468 / c."""
    single = plan.scenario.replaced({"workload.cities": "single"})
    city = single.cities[0]
    site = single.site

    def vector(place: object) -> np.ndarray:
        north, east = place.latitude, place.longitude  # type: ignore[attr-defined]
        return np.array([np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)])

    angle = math.acos(vector(city) @ vector(site))
    expected = 6371008.8 * angle * 1.5 * 1.468 / speed_of_light
    assert places.fibre_delay(single) == pytest.approx((expected, expected), rel=1e-9)


def test_fibre_quantiles_count_people(plan: FleetPlan) -> None:
    median, most = places.fibre_delay(plan.scenario)
    reach = [0.5 * delay * speed_of_light / (1.5 * 1.468) for delay in (median, most)]
    assert 0.0 < median < most < math.pi * 6371008.8 * 1.5 * 1.468 / speed_of_light
    people = near = 0.0
    site = plan.scenario.site
    for city in plan.scenario.cities:
        cosine = math.sin(city.latitude) * math.sin(site.latitude) + math.cos(
            city.latitude
        ) * math.cos(site.latitude) * math.cos(city.longitude - site.longitude)
        people += city.population
        if 6371008.8 * math.acos(cosine) <= 2.0 * reach[0] * (1.0 + 1e-9):
            near += city.population
    assert near / people >= 0.5
    assert near / people < 0.6


def test_contacts_are_passes_over_the_mask(plan: FleetPlan) -> None:
    found = places.orbit(plan.scenario, plan, summary(), CLASSES["batch-inference"])
    mask = plan.scenario.network.elevation_mask
    assert mask is not None
    radius = (3.986008e14 * (plan.period_s / (2.0 * math.pi)) ** 2) ** (1.0 / 3.0)
    reach = math.acos(6378.137e3 / (radius - 6378.135e3 + 6378.137e3) * math.cos(mask)) - mask
    assert found.contact == pytest.approx(plan.period_s * reach / 4.0, rel=1e-9)
