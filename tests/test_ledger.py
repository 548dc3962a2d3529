"""The ledger: balances of random runs, unit costs by hand, and the summary's keys."""

import json
import math
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawndusk import ledger
from dawndusk.balance import BalanceError
from dawndusk.constants import DAY, JULIAN_YEAR
from dawndusk.execution import modelled
from dawndusk.record import Events, Record, Series

PER_YEAR = 1.0 / JULIAN_YEAR
KWH = 3.6e6

PRICES = {
    "discount_rate_space": 0.15,
    "discount_rate_ground": 0.10,
    "launch_price": 500.0,
    "accelerator_price": 30e3,
    "host_price_factor": 0.3,
    "array_price": 10.0,
    "battery_price": 0.6 / 3600.0,
    "radiator_price": 5e3,
    "bus_price": 1e3,
    "integration_fraction": 0.1,
    "nre": 1e6,
    "insurance_fraction": 0.05,
    "operations_fraction": 0.01 * PER_YEAR,
    "accelerator_failure_rate": 0.09 * PER_YEAR,
    "infant_mortality": 0.02,
    "satellite_failure_rate": 0.01 * PER_YEAR,
    "ground_construction": 11.7,
    "ground_life": 15.0 * JULIAN_YEAR,
    "server_life": 5.0 * JULIAN_YEAR,
    "ground_operations_fraction": 0.03 * PER_YEAR,
    "ground_accelerator_failure_rate": 0.09 * PER_YEAR,
    "water_use": 0.3e-3 / KWH,
    "water_price": 3.0,
    "antenna_price": 22.0 / 60.0,
    "carbon_price": 0.0,
    "launch_carbon": 26.0,
    "price_year": 2026,
}


class Origins(dict):
    def __missing__(self, path):
        return SimpleNamespace(
            origin="default", source=path, date="2026", confidence="public", low=0.5, high=None
        )


def scenario(**prices):
    return SimpleNamespace(
        name="test",
        economics=SimpleNamespace(**PRICES | prices),
        satellite=SimpleNamespace(
            life=5.0 * JULIAN_YEAR, compute=SimpleNamespace(count=8, host_power=1000.0)
        ),
        ground=SimpleNamespace(
            nodes=None,
            power_price=0.08 / KWH,
            pue=1.2,
            carbon_intensity=0.4 / KWH,
            hybrid=False,
            hybrid_nodes=0,
        ),
        accelerator=SimpleNamespace(tdp=700.0),
        site=SimpleNamespace(name="Iowa"),
        network=SimpleNamespace(enabled=False),
        provenance=Origins(),
    )


def fleet(satellites=10):
    return SimpleNamespace(
        satellites=satellites,
        masses={"bus": 100.0, "structure": 50.0, "total": 600.0},
        launches=1,
        array_peak_W=20e3,
        battery_capacity_J=5e6,
        radiator_area_m2=12.0,
        period_s=5863.7,
        inclination_rad=math.radians(97.986),
        sunlit_fraction=0.961,
        eclipse_max_s=1000.0,
        beta_start_rad=math.radians(80.0),
    )


def totals(**changes):
    """A consistent day of ten satellites of eight accelerators."""
    accelerators = 80.0
    peak = accelerators * 1e15 * DAY
    consumed = 60e3 * DAY
    return {
        "generated_J": 100e3 * DAY,
        "curtailed_J": 38e3 * DAY,
        "consumed_J": consumed,
        "unserved_J": 0.0,
        "battery_loss_J": 1e3 * DAY,
        "stored_start_J": 1e7,
        "stored_end_J": 1e7 + 1e3 * DAY,
        "heat_in_J": 7e9,
        "radiated_J": 6.9e9,
        "heat_stored_change_J": 0.1e9,
        "facility_J": consumed,
        "peak_FLOP": peak,
        "loss_power_FLOP": 0.1 * peak,
        "loss_thermal_FLOP": 0.05 * peak,
        "loss_network_FLOP": 0.0,
        "loss_faults_FLOP": 0.02 * peak,
        "loss_idle_FLOP": 0.4 * peak,
        "loss_roofline_FLOP": 0.23 * peak,
        "delivered_FLOP": 0.2 * peak,
        "accelerator_s": accelerators * DAY,
        "busy_accelerator_s": 0.5 * accelerators * DAY,
        "die_max_K": 350.0,
        "radiator_max_K": 330.0,
        "throttled_fraction": 0.01,
        "offered": 1000,
        "served": 900,
        "dropped": 50,
        "failed": 10,
        "waiting": 40,
        "tokens_in": 900_000,
        "tokens_out": 200_000,
        "jobs_submitted": 5,
        "jobs_finished": 2,
        "jobs_running": 1,
        "jobs_waiting": 1,
        "jobs_failed": 1,
        "jobs_deadline_missed": 1,
        "satellite_steps": 14_400,
        "cpu_s": 0.5,
    } | changes


def ground_totals(**changes):
    day = totals()
    consumed = 70e3 * DAY
    only = {"consumed_J": consumed, "facility_J": 1.2 * consumed, "generated_J": consumed}
    none = dict.fromkeys(
        ("curtailed_J", "battery_loss_J", "stored_start_J", "stored_end_J", "loss_power_FLOP"), 0.0
    )
    more = {"delivered_FLOP": day["delivered_FLOP"] + day["loss_power_FLOP"]}
    return day | none | only | more | changes


def record(sums, served=900):
    statuses = np.full(len(TTFT), modelled.DROPPED)
    statuses[:served] = modelled.SERVED
    requests = {
        "arrival_s": ARRIVAL,
        "first_token_s": ARRIVAL + TTFT,
        "finish_s": ARRIVAL + 3.0 * TTFT,
        "status": statuses,
    }
    return Record(sums, Series(), Events(), requests, {}, (), {}, DAY, True)


ARRIVAL = np.linspace(0.0, 1000.0, 1000)
TTFT = np.random.default_rng(1).exponential(0.5, 1000)


def settled(orbit=None, ground=None, **prices):
    return ledger.settle(
        scenario(**prices), fleet(), record(orbit or totals()), record(ground or ground_totals())
    )


def test_summary_has_the_contracts_keys_and_is_plain_json():
    summary = settled().summary
    text = json.dumps(summary, allow_nan=False)
    assert json.loads(text) == summary
    wanted = {
        "fleet": "satellites mass_kg launches power_W",
        "orbit": "period_s inclination_deg sunlit_fraction eclipse_max_s beta_start_deg",
        "environment": "dose_rad_per_year",
        "energy": "generated_J consumed_J curtailed_J stored_change_J residual_relative",
        "thermal": "die_max_K radiator_max_K throttled_fraction",
        "compute": "peak_FLOPS delivered_FLOP delivered_fraction losses",
        "network": "modelled",
        "service": "offered served dropped failed ttft_p50_s ttft_p99_s latency_p99_s tokens",
        "jobs": "submitted finished running failed",
        "faults": "interruptions",
        "cost": "lifetime_usd usd_per_accelerator_hour usd_per_PFLOP_day usd_per_million_tokens"
        " breakdown",
        "ratio_to_ground": "usd_per_accelerator_hour usd_per_PFLOP_day usd_per_million_tokens",
        "performance": "satellite_steps cpu_s satellite_steps_per_cpu_s",
    }
    for section, keys in wanted.items():
        assert set(keys.split()) <= set(summary[section]), section
    assert set(ledger.LOSSES) == set(summary["compute"]["losses"])
    for section in ("energy", "thermal", "compute", "network", "service", "jobs", "cost"):
        assert set(summary["ground"][section]) <= set(summary[section])


def test_a_consistent_day_closes():
    settled().check()


def test_summary_by_hand():
    summary = settled().summary
    assert summary["fleet"]["mass_kg"] == 6000.0
    assert summary["fleet"]["power_W"] == 200e3
    assert summary["orbit"]["inclination_deg"] == pytest.approx(97.986)
    assert summary["compute"]["peak_FLOPS"] == pytest.approx(80e15)
    assert summary["compute"]["delivered_fraction"] == pytest.approx(0.2)
    assert sum(summary["compute"]["losses"].values()) == pytest.approx(0.8)
    assert summary["service"]["tokens"] == 1_100_000
    assert summary["energy"]["J_per_token"] == pytest.approx(60e3 * DAY / 1.1e6)
    assert summary["ground"]["energy"]["J_per_token"] == pytest.approx(1.2 * 70e3 * DAY / 1.1e6)
    assert summary["performance"]["satellite_steps_per_cpu_s"] == 28_800.0


def test_percentiles_against_sorting():
    """Independent: the value below which 50 and 99 % of the 900 served requests lie."""
    ordered = sorted(TTFT[:900])
    service = settled().summary["service"]
    assert service["ttft_p50_s"] == pytest.approx((ordered[449] + ordered[450]) / 2.0)
    assert ordered[889] < service["ttft_p99_s"] < ordered[891]
    assert service["latency_p99_s"] == pytest.approx(3.0 * service["ttft_p99_s"])


def test_nothing_served_is_none_not_nan():
    idle = {"delivered_FLOP": 0.0, "tokens_in": 0, "tokens_out": 0, "busy_accelerator_s": 0.0}
    found = ledger.settle(
        scenario(), fleet(), record(totals(**idle), 0), record(ground_totals(**idle), 0)
    ).summary
    json.dumps(found, allow_nan=False)
    assert found["service"]["ttft_p50_s"] is None
    assert found["cost"]["usd_per_million_tokens"] is None
    assert found["cost"]["usd_per_PFLOP_day"] is None
    assert found["cost"]["usd_per_accelerator_hour"] > 0.0
    assert found["ratio_to_ground"]["usd_per_PFLOP_day"] is None
    assert found["cost"]["breakeven_launch_usd_per_kg"] is None


def test_space_capital_by_hand():
    """Spreadsheet arithmetic: ten satellites of eight 30 k$ accelerators, 20 kW, 600 kg."""
    chips = 80 * 30e3
    hardware = (chips * 1.3 + 200e3 * 10 + 5e7 / 3.6e6 * 600 + 120 * 5e3 + 1500 * 1e3) * 1.1
    launch = 6000 * 500.0
    insured = (hardware + launch) * 1.05
    costs = ledger.space_costs(scenario(), fleet(), totals(), DAY)
    assert math.fsum(costs.capital.values()) == pytest.approx(insured / 0.98 + 1e6, rel=1e-12)
    per_year = 0.15 / (1.0 - 1.15**-5)
    assert costs.annual["launch"] == pytest.approx(launch * per_year, rel=1e-12)
    assert costs.annual["operations"] == pytest.approx(0.01 * hardware, rel=1e-12)
    replacement = costs.annual["accelerator_replacement"] + costs.annual["satellite_replacement"]
    growth, hazard = math.log(1.15), 0.1
    renewed = math.exp(growth) * hazard / -math.expm1(-hazard)
    renewed *= math.expm1(-growth - hazard) / math.expm1(-5.0 * (growth + hazard))
    assert replacement == pytest.approx(insured / 0.98 * (renewed - per_year), rel=1e-12)
    assert costs.annual["accelerator_replacement"] == pytest.approx(
        9.0 * costs.annual["satellite_replacement"], rel=1e-12
    )


def test_mass_that_no_subsystem_explains_is_priced_as_bus():
    heavy = fleet()
    heavy.masses["unlisted"] = 150.0
    light = ledger.space_costs(scenario(), fleet(), totals(), DAY).capital["bus"]
    assert ledger.space_costs(scenario(), heavy, totals(), DAY).capital["bus"] == 2.0 * light


def test_subsystems_heavier_than_the_satellite_are_warned_of():
    light = fleet()
    light.masses["unlisted"] = -25.0
    found = ledger.settle(scenario(), light, record(totals()), record(ground_totals()))
    assert any("25 kg more than satellite.dry_mass" in said for said in found.warnings)
    assert not any("dry_mass" in said for said in settled().warnings)


def test_ground_cost_by_hand():
    """Ten nodes of 8 × 700 W + 1 kW: 66 kW at 11.7 $/W over 15 years, servers over 5."""
    consumed = 70e3 * JULIAN_YEAR
    costs = ledger.ground_costs(scenario(), 10, consumed)
    assert costs.capital["construction"] == pytest.approx(66e3 * 11.7)
    assert costs.annual["construction"] == pytest.approx(
        66e3 * 11.7 * 0.1 / (1.0 - 1.1**-15), rel=1e-12
    )
    assert costs.annual["energy"] == pytest.approx(70.0 * 8766 * 1.2 * 0.08, rel=1e-12)
    assert costs.annual["water"] == pytest.approx(70.0 * 8766 * 0.3e-3 * 3.0, rel=1e-12)
    assert costs.annual["operations"] == pytest.approx(0.03 * 66e3 * 11.7, rel=1e-12)


def test_unit_costs_by_hand():
    summary = settled().summary
    cost = summary["cost"]
    day = cost["usd_per_year"] / 365.25
    assert cost["usd_per_accelerator_hour"] == pytest.approx(day / (80 * 24))
    assert cost["usd_per_busy_accelerator_hour"] == pytest.approx(day / (40 * 24))
    assert cost["usd_per_PFLOP_day"] == pytest.approx(day / (0.2 * 80))
    assert cost["usd_per_million_tokens"] == pytest.approx(day / 1.1)
    assert sum(cost["breakdown"].values()) == pytest.approx(cost["lifetime_usd"], rel=1e-12)
    ratio = cost["usd_per_PFLOP_day"] / summary["ground"]["cost"]["usd_per_PFLOP_day"]
    assert summary["ratio_to_ground"]["usd_per_PFLOP_day"] == pytest.approx(ratio)


def test_lifetime_without_interest_or_failures_is_the_plain_sum():
    free = settled(
        discount_rate_space=0.0, accelerator_failure_rate=0.0, satellite_failure_rate=0.0
    )
    cost = free.summary["cost"]
    operations = cost["breakdown"]["operations_usd"]
    assert cost["lifetime_usd"] == pytest.approx(sum(cost["capital"].values()) + operations)


def test_replacement_without_interest_is_what_renewal_buys_beyond_the_first_fleet():
    """At no interest a fleet is bought 1 / E[min(T, 5 yr)] times a year, not 1 / 5."""
    costs = ledger.space_costs(scenario(discount_rate_space=0.0), fleet(), totals(), DAY)
    placed = math.fsum(costs.capital.values()) - 1e6
    renewals = 0.1 / (1.0 - math.exp(-0.5))
    replacement = costs.annual["accelerator_replacement"] + costs.annual["satellite_replacement"]
    assert replacement == pytest.approx(placed * (renewals - 0.2), rel=1e-9)


def test_tokens_pay_only_for_the_time_they_keep_busy():
    alone = settled().summary
    shared = settled(totals(job_accelerator_s=0.75 * 40.0 * DAY)).summary
    for section, name in (("cost", "usd_per_million_tokens"), ("energy", "J_per_token")):
        assert shared[section][name] == pytest.approx(0.25 * alone[section][name])
    assert shared["cost"]["usd_per_PFLOP_day"] == alone["cost"]["usd_per_PFLOP_day"]


def test_launch_price_found_makes_delivered_work_cost_the_same():
    even = settled().summary["cost"]["breakeven_launch_usd_per_kg"]
    space = ledger.space_costs(scenario(), fleet(), totals(), DAY, launch_price=even).per_year
    ground = settled().summary["ground"]["cost"]["usd_per_year"]
    assert space / 0.2 == pytest.approx(ground / 0.3, rel=1e-9)


def test_impossible_breakeven_and_free_design_are_warned_of():
    said = " ".join(settled(nre=0.0).warnings)
    assert "no launch price makes this fleet break even with Iowa" in said
    assert "economics.nre is 0" in said


def test_hybrid_ground_nodes_are_paid_for():
    plain = scenario()
    hybrid = scenario()
    hybrid.ground.hybrid, hybrid.ground.hybrid_nodes = True, 3
    sums = totals(hybrid_consumed_J=21e3 * DAY)
    more = ledger.space_costs(hybrid, fleet(), sums, DAY).per_year
    less = ledger.space_costs(plain, fleet(), sums, DAY).per_year
    expected = ledger.ground_costs(plain, 3, 21e3 * JULIAN_YEAR).per_year
    assert more - less == pytest.approx(expected, rel=1e-9)


def test_carbon_by_hand():
    """26 kg/kg on 6,000 kg, renewed at 1 / E[min(T, 5 yr)] with 10 % failures a year."""
    summary = settled().summary
    renewals = 0.1 / (1.0 - math.exp(-0.5))
    launched = 6000.0 / 0.98 * renewals * 26.0 / 365.25
    assert summary["carbon"]["emitted_kg"] == pytest.approx(launched, rel=1e-9)
    assert summary["ground"]["carbon"]["emitted_kg"] == pytest.approx(70.0 * 24 * 1.2 * 0.4)


def test_assumptions_are_shown_in_their_units_with_provenance():
    rows = {row.path: row for row in settled().assumptions}
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
    cheap = ledger.space_costs(scenario(), fleet(), totals(), DAY).per_year
    dear = scenario(**{price: PRICES[price] * rise})
    assert ledger.space_costs(dear, fleet(), totals(), DAY).per_year > cheap


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
    cheap = ledger.ground_costs(scenario(), 10, 1e12).per_year
    dear = scenario(**{price: PRICES[price] * rise})
    assert ledger.ground_costs(dear, 10, 1e12).per_year > cheap


amounts = st.floats(0.0, 1e18)


@st.composite
def consistent(draw):
    """Random totals that close: each offered amount is the sum of where it went."""
    sums = totals()
    groups = {
        "generated_J": ("consumed_J", "curtailed_J", "battery_loss_J"),
        "peak_FLOP": ("delivered_FLOP", *(f"loss_{loss}_FLOP" for loss in ledger.LOSSES)),
        "heat_in_J": ("radiated_J",),
    }
    for whole, parts in groups.items():
        for part in parts:
            sums[part] = draw(amounts)
        sums[whole] = sum(sums[part] for part in parts)
    sums["delivered_FLOP"] += 1.0
    sums["peak_FLOP"] += 1.0
    stored = float(draw(st.integers(-(10**17), 10**17)))
    sums["stored_end_J"] = sums["stored_start_J"] + stored
    sums["generated_J"] += stored
    sums["heat_in_J"] += sums["heat_stored_change_J"]
    states = ("served", "dropped", "failed", "waiting")
    for state in states:
        sums[state] = draw(st.integers(0, 10**9))
    sums["offered"] = sum(sums[state] for state in states)
    return sums


@given(sums=consistent())
def test_random_consistent_runs_close(sums):
    found = settled(sums)
    found.check(1e-9)
    json.dumps(found.summary, allow_nan=False)


@given(
    sums=consistent(),
    leak=st.sampled_from(
        [
            ("energy", "generated_J"),
            ("work", "peak_FLOP"),
            ("heat", "heat_in_J"),
            ("requests", "offered"),
            ("jobs", "jobs_submitted"),
        ]
    ),
)
def test_a_planted_leak_is_named(sums, leak):
    name, total = leak
    leaking = settled(sums | {total: sums[total] * (1.0 + 1e-6) + 1.0 + 1e-6 * 1e18})
    with pytest.raises(BalanceError) as caught:
        leaking.check(1e-9)
    assert [row.name for row in caught.value.balances] == [name]
    assert any(said.startswith(f"balance of {name}:") for said in leaking.warnings)


def test_a_leak_on_the_ground_is_named():
    lost = ground_totals(delivered_FLOP=0.2 * totals()["peak_FLOP"])
    with pytest.raises(BalanceError, match="balance of ground work"):
        settled(ground=lost).check()
