"""Where each class should run: published prices, cases by hand, and what must always hold."""

import json
import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dawndusk import where
from dawndusk.constants import JULIAN_YEAR
from dawndusk.fleet_plan import FleetPlan, plan_fleet
from dawndusk.places import Place
from dawndusk.scenario import load
from tests.network_case import CARBON, NOT_MODELLED, PRICE, summary

CLASSES = {entry.name: entry for entry in where.shipped()}
FIGURES = ("price_usd", "latency_p50_s", "latency_p99_s", "energy_J", "carbon_kg")
Rows = dict[tuple[str, str], dict[str, Any]]


@pytest.fixture(scope="module")
def plan() -> FleetPlan:
    return plan_fleet(load("suncatcher"))


@pytest.fixture(scope="module")
def starcloud() -> FleetPlan:
    return plan_fleet(load("starcloud-1"))


def rows(plan: FleetPlan, found: dict[str, Any], *names: str) -> Rows:
    chosen = [CLASSES[name] for name in names] or None
    listed = where.matrix(plan.scenario, plan, found, chosen)
    return {(row["workload"], row["option"]): row for row in listed}


def test_published_token_prices_of_orbit_and_ground() -> None:
    """SemiAnalysis, 3 Jun 2026: $8.64 and $2.37 a GPU-hour, spares 20 and 5 %, make $10.91 and
    $2.49 of computing and $590 and $135 a billion tokens. One rate of tokens gives both: from
    the ground's $135 follows orbit's $590 within 1.5 %, the spares' rounding ($10.80)."""
    entry = CLASSES["batch-inference"].model_copy(update={"output": 0.0})
    ground = Place("ground", 2.37 / 3600, 2.5e15, 1e12, 1e3, 1e2, usable=0.95)
    orbit = replace(ground, option="orbit", price=8.64 / 3600, usable=0.80)
    prices = {place.option: where._judged(entry, place)["price_usd"] for place in (orbit, ground)}
    assert prices["orbit"] / prices["ground"] == pytest.approx(590 / 135, rel=0.015)
    assert pytest.approx(10.91, rel=0.015) == 8.64 / 0.80
    assert pytest.approx(2.49, rel=0.005) == 2.37 / 0.95


def test_chat_by_hand(plan: FleetPlan) -> None:
    """56 TPU v6e at 27 % of 918 TFLOP/s on 914 GFLOP a token; twice the network's delay."""
    found = rows(plan, summary(), "chat-inference")
    tokens = 56 * 918e12 * 0.27 / 914e9 * 0.998
    orbit = found["chat-inference", "orbit"]
    antenna = (27 + 9) * 8 / 10e9 * 22 / 60
    assert orbit["units_per_node_s"] == pytest.approx(tokens, rel=1e-9)
    assert orbit["price_usd"] == pytest.approx(PRICE / JULIAN_YEAR / tokens + antenna)
    assert orbit["latency_p50_s"] == pytest.approx(0.2 + 0.02 + 2 * 0.012, abs=1e-6)
    assert orbit["latency_p99_s"] == pytest.approx(0.2 + 0.02 + 2 * 0.035, abs=1e-6)
    power, idle = 56 * (60 + 0.36 * 165) + 2800, 56 * 60 + 2800
    energy = (power * 0.998 + idle * 0.002) / tokens
    assert orbit["energy_J"] == pytest.approx(energy, rel=1e-9)
    launched = CARBON / JULIAN_YEAR / tokens
    assert orbit["carbon_kg"] == pytest.approx(launched, rel=1e-9)
    ground = found["chat-inference", "ground"]
    assert ground["energy_J"] == pytest.approx(1.35 * energy, rel=1e-9)
    assert ground["carbon_kg"] == pytest.approx(1.35 * energy * 0.308 / 3.6e6, rel=1e-9)
    assert ground["verdict"] == "best"
    assert orbit["verdict"] == "possible"
    assert "times that on the ground" in orbit["why"]


def test_payments_wait_for_no_satellite(plan: FleetPlan) -> None:
    found = rows(plan, summary(), "fraud-scoring")
    assert found["fraud-scoring", "ground"]["verdict"] == "best"
    orbit = found["fraud-scoring", "orbit"]
    assert (orbit["feasible"], orbit["binding"]) == (False, "latency")
    assert "takes 75 ms by satellite, 50 ms are allowed" in orbit["why"]
    near = rows(plan, summary(latency_p99_s=0.020, reachable_fraction=1.0), "fraud-scoring")
    assert near["fraud-scoring", "orbit"]["feasible"]
    seldom = rows(plan, summary(latency_p99_s=0.020), "fraud-scoring")
    assert seldom["fraud-scoring", "orbit"]["binding"] == "contact"


def test_a_launcher_judges_its_engines_itself(plan: FleetPlan) -> None:
    for network in (summary(), NOT_MODELLED):
        found = rows(plan, network, "vehicle-health")
        assert found["vehicle-health", "aboard"]["verdict"] == "best"
        for option in ("orbit", "ground"):
            assert found["vehicle-health", option]["binding"] == "own link"
        assert "16 Mbit/s" in found["vehicle-health", "orbit"]["why"]


def test_a_seldom_link_forbids_what_must_come(plan: FleetPlan) -> None:
    cut = CLASSES["vehicle-health"].model_copy(update={"access_rate": 1e9, "latency": 2.0})
    listed = where.matrix(plan.scenario, plan, summary(), [cut])
    by_option = {row["option"]: row for row in listed}
    assert by_option["ground"]["binding"] == "access"
    assert "0.98 of the time, 0.9999 are asked for" in by_option["ground"]["why"]


def test_a_sensor_that_floods_its_downlink_is_processed_aboard(plan: FleetPlan) -> None:
    narrow = summary(ground_rate_bit_s=1e9, links_ground_mean=8.1)
    found = rows(plan, narrow, "earth-observation")
    ground = found["earth-observation", "ground"]
    assert (ground["verdict"], ground["binding"]) == ("impossible", "downlink")
    assert "its source makes 480 Mbit/s, its downlink carries 100 Mbit/s" in ground["why"]
    assert found["earth-observation", "aboard"]["verdict"] == "best"


def test_the_scenarios_sensor_takes_the_place_of_the_classs(plan: FleetPlan) -> None:
    slow = plan.scenario.replaced({"network.sensor": 1e6})
    narrow = summary(ground_rate_bit_s=1e9, links_ground_mean=8.1)
    listed = where.matrix(slow, plan, narrow, [CLASSES["earth-observation"]])
    assert next(row for row in listed if row["option"] == "ground")["feasible"]


def test_antennas_make_raw_data_dear(plan: FleetPlan) -> None:
    """300 MB at 10 Gbit/s hold an antenna of $22 a minute for 0.24 s: 8.8 cents."""
    found = rows(plan, summary(), "earth-observation")
    ground = found["earth-observation", "ground"]
    assert ground["price_usd"] == pytest.approx(0.24 * 22 / 60, rel=0.01)
    assert "ground antennas most of its price" in ground["why"]
    assert found["earth-observation", "aboard"]["verdict"] == "best"


def test_training_over_several_nodes_needs_their_links(plan: FleetPlan) -> None:
    full = rows(plan, summary(), "pretraining")["pretraining", "orbit"]
    assert full["binding"] == "compute"
    slow = rows(plan, summary(isl_rate_bit_s=39.07e9), "pretraining")["pretraining", "orbit"]
    assert slow["binding"] == "exchange"
    assert slow["units_per_node_s"] == pytest.approx(0.1 * full["units_per_node_s"])
    cut = rows(plan, summary(links_isl=0), "pretraining")["pretraining", "orbit"]
    assert (cut["verdict"], cut["binding"]) == ("impossible", "links")
    assert cut["price_usd"] is None


def test_a_small_satellite_holds_no_large_model(starcloud: FleetPlan) -> None:
    orbit = rows(starcloud, summary(), "chat-inference")["chat-inference", "orbit"]
    assert (orbit["verdict"], orbit["binding"]) == ("impossible", "memory")
    assert "it needs 180 GB of memory, there are 72 GB" in orbit["why"]


def test_short_power_sets_the_rate_and_forbids_what_may_not_pause(starcloud: FleetPlan) -> None:
    found = rows(starcloud, summary(), "risk-monte-carlo")["risk-monte-carlo", "orbit"]
    assert (found["feasible"], found["binding"]) == (True, "power")
    rigid = CLASSES["risk-monte-carlo"].model_copy(update={"interruptible": False})
    listed = where.matrix(starcloud.scenario, starcloud, summary(), [rigid])
    assert listed[0]["binding"] == "power"
    assert "it may not pause" in listed[0]["why"]


def test_a_satellite_out_of_reach_is_never_asked(plan: FleetPlan) -> None:
    gone = summary(reachable_fraction=0.0, contact_fraction=0.0, links_ground_mean=0.0)
    for row in rows(plan, gone).values():
        moved = row["option"] == "orbit" or row["workload"] == "earth-observation"
        assert row["verdict"] == "impossible" or not moved
        json.dumps(row, allow_nan=False)


def test_work_without_a_limit_still_needs_a_path(plan: FleetPlan) -> None:
    """Links that never lead to the satellites: what may take for ever still never comes."""
    found = rows(plan, summary(reachable_fraction=0.0), "pretraining")["pretraining", "orbit"]
    assert (found["feasible"], found["binding"]) == (False, "contact")


def test_rare_contacts_leave_work_that_can_wait(plan: FleetPlan) -> None:
    """5 % of the time: gaps of 2.8 h, so 99 % wait up to 13 h; 8 h are too few, 24 h not."""
    rare = summary(reachable_fraction=0.05, contact_fraction=0.05)
    found = rows(plan, rare, "batch-inference", "risk-monte-carlo", "chat-inference")
    assert found["batch-inference", "orbit"]["feasible"]
    assert found["risk-monte-carlo", "orbit"]["binding"] == "contact"
    assert found["chat-inference", "orbit"]["binding"] == "contact"


def test_a_slow_uplink_sets_the_rate(plan: FleetPlan) -> None:
    found = rows(plan, summary(links_ground_mean=1e-4), "support-triage")["support-triage", "orbit"]
    assert found["binding"] == "uplink"
    assert found["units_per_node_s"] == pytest.approx(1e-4 * 10e9 / 8 / 81 / 4.2e3)


@pytest.mark.parametrize(
    ("network", "name", "binding"),
    [
        ({"links_ground_mean": 1e-300}, "video-generation", "uplink"),
        ({"isl_rate_bit_s": 1e-300}, "pretraining", "exchange"),
        ({"ground_rate_bit_s": 0.0}, "support-triage", "uplink"),
    ],
)
def test_a_link_too_slow_for_a_unit_a_year_carries_nothing(
    plan: FleetPlan, network: dict[str, float], name: str, binding: str
) -> None:
    orbit = rows(plan, summary(**network), name)[name, "orbit"]
    assert (orbit["verdict"], orbit["binding"]) == ("impossible", binding)
    assert orbit["price_usd"] is None
    json.dumps(orbit, allow_nan=False)


def test_without_a_network_the_answer_says_so(plan: FleetPlan) -> None:
    found = rows(plan, NOT_MODELLED)
    chat = found["chat-inference", "orbit"]
    assert (chat["feasible"], chat["verdict"], chat["binding"]) == (
        None,
        "not modelled",
        "network",
    )
    assert "set network.enabled = true" in chat["why"]
    assert chat["latency_p50_s"] is None
    assert chat["price_usd"] > 0.0
    assert found["chat-inference", "ground"]["verdict"] == "best"
    for option in ("orbit", "ground", "aboard"):
        assert found["earth-observation", option]["verdict"] == "not modelled"
    assert found["robot-fleet-vision", "aboard"]["verdict"] == "possible"
    assert "other places are not modelled" in found["robot-fleet-vision", "aboard"]["why"]


def test_every_class_has_three_answers_in_the_catalogues_order(plan: FleetPlan) -> None:
    listed = where.matrix(plan.scenario, plan, summary())
    options = ("orbit", "ground", "aboard")
    expected = [(name, option) for name in CLASSES for option in options]
    assert [(row["workload"], row["option"]) for row in listed] == expected


@settings(max_examples=60)
@given(
    links=st.integers(0, 400),
    ground_links=st.floats(0.0, 81.0),
    rate=st.floats(1e6, 1e11),
    isl=st.floats(1e6, 1e13),
    reach=st.floats(0.0, 1.0),
    contact=st.floats(0.0, 1.0),
    median=st.floats(0.001, 1.0),
    tail=st.floats(1.0, 10.0),
)
def test_whatever_the_network(
    plan: FleetPlan,
    links: int,
    ground_links: float,
    rate: float,
    isl: float,
    reach: float,
    contact: float,
    median: float,
    tail: float,
) -> None:
    """One best at most, the cheapest that can; a reason for each; numbers finite and positive;
    a better network never forbids or raises the price of anything."""
    poor = {
        "links_isl": links,
        "links_ground_mean": ground_links,
        "ground_rate_bit_s": rate,
        "isl_rate_bit_s": isl,
        "reachable_fraction": reach,
        "contact_fraction": contact,
        "latency_p50_s": median,
        "latency_p99_s": median * tail,
    }
    found = rows(plan, summary(**poor))
    for name in CLASSES:
        three = [found[name, option] for option in ("orbit", "ground", "aboard")]
        best = [row for row in three if row["verdict"] == "best"]
        able = [row for row in three if row["feasible"]]
        assert len(best) == bool(able)
        for row in three:
            json.dumps(row, allow_nan=False)
            assert row["binding"]
            assert row["why"].startswith(row["verdict"])
            if not row["feasible"]:
                assert f"bound by {row['binding']}: " in row["why"]
            for figure in FIGURES:
                assert row[figure] is None or row[figure] >= 0.0
        assert all(best[0]["price_usd"] <= row["price_usd"] for row in able)
    better = poor | {
        "links_isl": links + 1,
        "links_ground_mean": ground_links * 1.5,
        "isl_rate_bit_s": isl * 2.0,
        "ground_rate_bit_s": rate * 1.5,
        "reachable_fraction": math.sqrt(reach),
        "contact_fraction": math.sqrt(contact),
        "latency_p50_s": 0.5 * median,
        "latency_p99_s": 0.5 * median * tail,
    }
    for key, row in rows(plan, summary(**better)).items():
        if found[key]["feasible"]:
            assert row["feasible"]
            assert row["price_usd"] <= found[key]["price_usd"] * (1.0 + 1e-12)
