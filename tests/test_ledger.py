"""The ledger: balances of random runs, unit costs by hand, and the summary's keys."""

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawndusk import costs, ledger
from dawndusk.balance import BalanceError
from dawndusk.constants import DAY
from tests.ledger_case import TTFT, fleet, ground_totals, record, scenario, totals


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


def test_subsystems_heavier_than_the_satellite_are_warned_of():
    light = fleet()
    light.masses["unlisted"] = -25.0
    found = ledger.settle(scenario(), light, record(totals()), record(ground_totals()))
    assert any("25 kg more than satellite.dry_mass" in said for said in found.warnings)
    assert not any("dry_mass" in said for said in settled().warnings)


def test_what_the_record_knows_of_faults_upkeep_and_flight_is_told():
    day = replace(record(totals()), faults={"by_cause": {"host": {"interruptions": 3}}})
    found = ledger.settle(
        scenario(),
        fleet(),
        day,
        record(ground_totals()),
        formation={"too_close": 2},
        upkeep={"propellant_kg": 12.5},
    )
    assert found.summary["faults"]["by_cause"]["host"]["interruptions"] == 3
    assert found.summary["upkeep"] == {"propellant_kg": 12.5}
    assert any("2 pairs" in said for said in found.warnings)


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


def test_tokens_pay_only_for_the_time_they_keep_busy():
    alone = settled().summary
    shared = settled(totals(job_accelerator_s=0.75 * 40.0 * DAY)).summary
    for section, name in (("cost", "usd_per_million_tokens"), ("energy", "J_per_token")):
        assert shared[section][name] == pytest.approx(0.25 * alone[section][name])
    assert shared["cost"]["usd_per_PFLOP_day"] == alone["cost"]["usd_per_PFLOP_day"]


def test_launch_price_found_makes_delivered_work_cost_the_same():
    even = settled().summary["cost"]["breakeven_launch_usd_per_kg"]
    space = costs.space_costs(scenario(), fleet(), totals(), DAY, launch_price=even).per_year
    ground = settled().summary["ground"]["cost"]["usd_per_year"]
    assert space / 0.2 == pytest.approx(ground / 0.3, rel=1e-9)


def test_impossible_breakeven_and_free_design_are_warned_of():
    said = " ".join(settled(nre=0.0).warnings)
    assert "no launch price makes this fleet break even with Iowa" in said
    assert "economics.nre is 0" in said


def test_carbon_by_hand():
    """26 kg/kg on 6,000 kg, renewed at 1 / E[min(T, 5 yr)] with 10 % failures a year."""
    summary = settled().summary
    renewals = 0.1 / (1.0 - math.exp(-0.5))
    launched = 6000.0 / 0.98 * renewals * 26.0 / 365.25
    assert summary["carbon"]["emitted_kg"] == pytest.approx(launched, rel=1e-9)
    assert summary["ground"]["carbon"]["emitted_kg"] == pytest.approx(70.0 * 24 * 1.2 * 0.4)


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
