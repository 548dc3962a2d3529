"""Money of a fleet over its years: closed form, arithmetic by hand, and what losses do to it."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dawndusk import costs, ledger, life_costs
from dawndusk.constants import DAY, JULIAN_YEAR
from dawndusk.deployment import deploy
from dawndusk.economics import annuity
from dawndusk.fleet import replacement
from dawndusk.fleet_inputs import Service
from dawndusk.fleet_plan import plan_fleet
from dawndusk.scenario import load
from tests.ledger_case import fleet, ground_totals, record, scenario, totals, years

SURE = {"infant_mortality": 0.0, "accelerator_failure_rate": 0.0, "satellite_failure_rate": 0.0}
HARDWARE = ("accelerators", "host", "array", "battery", "radiator", "bus", "integration")


def paid(life, launch_price=None, **prices):
    return life_costs.space_costs(scenario(**prices), fleet(), life, {}, DAY, launch_price)


def hardware(**prices):
    """Of one of the ten satellites [USD]."""
    return math.fsum(costs.hardware(scenario(**prices), fleet()).values()) / 10.0


def settled(life, **prices):
    return ledger.settle(
        scenario(**prices), fleet(), record(totals()), record(ground_totals()), deployment=life
    )


def test_without_failures_a_life_long_horizon_costs_what_the_closed_form_says():
    prices = SURE | {"carbon_price": 0.2}
    closed = costs.space_costs(scenario(**prices), fleet(), {}, DAY)
    found = paid(years(), **prices)
    assert found.per_year == pytest.approx(closed.per_year, rel=1e-12)
    assert found.annual["carbon"] > 0.0
    assert {item for item, cost in found.annual.items() if cost == 0.0} == {
        "spares",
        "replacement",
        "servicing",
    }
    for item in (*HARDWARE, "launch", "insurance", "nre", "operations", "carbon"):
        assert found.annual[item] == pytest.approx(closed.annual[item], rel=1e-12), item
    assert life_costs.launched_carbon(scenario(**prices), years()) == pytest.approx(
        costs.launched_carbon(scenario(**prices), fleet()), rel=1e-12
    )


def test_fleet_renewed_at_the_end_of_its_life_costs_the_same_a_year():
    prices = SURE | {"nre": 0.0}
    once, thrice = paid(years(), **prices), paid(years(months=180, lead=6), **prices)
    assert thrice.per_year == pytest.approx(once.per_year, rel=1e-12)


def test_never_replaced_fleet_is_paid_for_its_life_alone():
    """At no interest half of a horizon of two lives is paid, and NRE over all of it."""
    free = SURE | {"discount_rate_space": 0.0}
    found = paid(years(months=120, policy="never"), **free)
    placed = 10.0 * 1.05 * (hardware() + 600.0 * 500.0)
    operations = 0.01 * 10.0 * hardware() / 2.0
    assert found.per_year == pytest.approx(placed / 10.0 + 1e6 / 10.0 + operations, rel=1e-12)


@pytest.mark.parametrize("rate", [0.0, 0.15])
def test_failures_that_are_replaced_cost_in_the_long_run_what_renewal_theory_says(rate):
    """Exponential failures of 10 % a year over 40 years: the closed form of endless renewal.

    Within 0.3 % per satellite at work: 0.15 % at no interest is what the annuities of the last
    years owe after the horizon (1.0 % in 10 years), 0.23 % more at 15 % is that months are shorter
    than the closed form's years. A failed satellite is missing for the month until its
    successor flies, so 0.8 % fewer are paid for and at work.
    """
    rates = {"satellite_failure_rate": 0.1 / JULIAN_YEAR, "discount_rate_space": rate}
    prices = SURE | rates | {"nre": 0.0}
    chance = -math.expm1(-0.1 / 12.0)
    life = years(satellites=10_000, months=480, failure=chance, runs=3)
    big = fleet(10_000)
    found = life_costs.space_costs(scenario(**prices), big, life, {}, DAY)
    kept = life_costs.strength(scenario(**prices), big, life, 1.0).capacity.mean()
    closed = costs.space_costs(scenario(**prices), big, {}, DAY).per_year
    assert found.per_year / kept == pytest.approx(closed, rel=0.003)
    assert kept == pytest.approx(1.0 - chance, abs=3e-4)
    assert found.annual["replacement"] > 0.2 * found.annual["launch"]


def test_satellites_dead_on_arrival_cost_about_what_their_closed_form_loads():
    """0.2 % less: what is bought for the defective ones a month later outlasts the horizon."""
    chance = np.zeros(60)
    chance[0] = 0.1
    prices = SURE | {"infant_mortality": 0.1, "nre": 0.0, "operations_fraction": 0.0}
    life = years(satellites=10_000, failure=chance, runs=20)
    big = fleet(10_000)
    found = life_costs.space_costs(scenario(**prices), big, life, {}, DAY).per_year
    closed = costs.space_costs(scenario(**prices), big, {}, DAY).per_year
    assert found == pytest.approx(closed, rel=0.005)


failing = st.fixed_dictionaries(
    {
        "failure": st.floats(0.0, 0.2),
        "success": st.floats(0.5, 1.0),
        "spares": st.integers(0, 5),
        "lead": st.integers(0, 8),
        "months": st.integers(12, 150),
        "policy": st.sampled_from(["never", "on_failure", "on_schedule"]),
        "price_factor": st.floats(0.1, 3.0),
        "launches": st.integers(1, 5),
    }
)
SERVICE = Service(
    visits=4, servicers=2, visit_delta_v=10.0, module_mass=150.0, kit_mass=400.0, per_launch=8
)
SERVED = {"mendable": 0.6, "swap_success": 0.9, "swaps": 3, "kits": 8, "kits_per_launch": 8}


def serviced(**prices):
    given = scenario(**prices)
    given.fleet.servicing.enabled = True
    return given


@settings(max_examples=40)
@given(plan=failing, mended=st.booleans(), rate=st.floats(0.0, 0.3))
def test_items_add_up_in_the_mean_and_in_every_run(plan, mended, rate):
    served = {"service": SERVICE, **SERVED} if mended else {}
    given_ = serviced if mended else scenario
    life = years(runs=4, **plan, **served)
    found = life_costs.space_costs(
        given_(discount_rate_space=rate, carbon_price=0.1), fleet(), life, {}, DAY
    )
    assert found.runs.shape == (4,)
    assert found.per_year == pytest.approx(found.runs.mean(), rel=1e-12)
    assert math.fsum(found.annual.values()) == found.per_year
    # launches held up by kits in front of the queue may be paid a little later than planned
    small = 1e-9 if plan["launches"] > 4 and not mended else 0.05
    for item, cost in found.annual.items():
        assert cost >= -small * found.per_year, item
    # independent: every run's annuities month by month
    prices, horizon = scenario().economics, plan["months"] / 12.0
    placed = life.history.placed + life.history.lost
    due = np.zeros(4)
    for month in range(plan["months"]):
        share = annuity.levelised_share(month / 12.0, rate, 5.0, horizon)
        launch = placed[:, month] * 600.0 * 500.0 * plan["price_factor"]
        due += 1.05 * share * (life.history.built[:, month] * hardware() + launch)
    rest = ("nre", "operations", "servicing", "carbon")
    bought = sum(cost for item, cost in found.annual.items() if item not in rest)
    assert bought == pytest.approx(due.mean(), rel=1e-9)
    assert prices.insurance_fraction == 0.05


def test_spares_and_lost_launches_are_named():
    """One spare on ten: a tenth more of everything bought; a fifth of the launches lost."""
    found = paid(years(spares=1), **SURE)
    bought = math.fsum(found.annual[item] for item in (*HARDWARE, "launch", "insurance"))
    assert found.annual["spares"] == pytest.approx(0.1 * bought, rel=1e-12)
    assert found.annual["replacement"] == pytest.approx(0.0, abs=1e-6)
    assert found.capital["spares"] == pytest.approx(
        0.1 * math.fsum(found.capital[item] for item in (*HARDWARE, "launch", "insurance"))
    )
    lossy = paid(years(satellites=10_000, success=0.8, runs=30), **SURE)
    sure = paid(years(satellites=10_000), **SURE)
    bought = math.fsum(sure.annual[item] for item in (*HARDWARE, "launch", "insurance"))
    assert lossy.annual["launch"] == sure.annual["launch"]
    # a fifth is sent again a month later, of that a fifth another month later, and so on
    later = np.arange(30)
    shares = annuity.levelised_share(later / 12.0, 0.15, 5.0, 5.0)
    again = (0.2**later * shares)[1:].sum() / shares[0]
    assert lossy.annual["replacement"] == pytest.approx(again * bought, rel=0.03)


def test_servicing_by_hand():
    """No interest: eight modules are launched at the start; each swap is a visit."""
    life = years(failure=0.02, runs=20, service=SERVICE, **SERVED | {"kits_per_launch": 4}, seed=3)
    given_ = serviced(discount_rate_space=0.0)
    found = life_costs.space_costs(given_, fleet(), life, {}, DAY)
    swaps = life.history.swaps.sum() / 20
    assert swaps > 5.0
    kit = 0.5 * hardware() + 20e6 / 4.0
    kits = 1.05 * (kit + 400.0 * 500.0) * life.history.kits_launched
    left = np.minimum(60.0, 60.0 - np.arange(60)) / 60.0
    expected = (kits * left).sum() / 20 / 5.0 + 0.2e6 * swaps / 5.0
    assert found.annual["servicing"] == pytest.approx(expected, rel=1e-12)
    spent = life_costs.spending(given_, fleet(), life)
    assert spent["spent_servicing_usd"].sum() == pytest.approx(
        kit * life.history.kits_launched.sum() / 20 + 0.2e6 * swaps, rel=1e-12
    )
    satellites = spent["spent_satellites_usd"].sum() + spent["spent_launch_usd"].sum()
    assert spent["spent_insurance_usd"].sum() == pytest.approx(
        0.05 * (satellites + kit * life.history.kits_launched.sum() / 20), rel=1e-12
    )
    assert paid(years(failure=0.02)).annual["servicing"] == 0.0


def test_what_is_spent_within_one_life_is_worth_what_it_costs_a_year():
    """Reference by cash flows: in one life a purchase and its annuity are worth the same, so the
    plan's cash at the start and operations of each month make the yearly cost."""
    life = years(months=60)
    spent = life_costs.spending(scenario(**SURE), fleet(), life)
    start = sum(column[0] for item, column in spent.items() if "operations" not in item)
    assert all(np.all(column[1:] == 0.0) for item, column in spent.items() if "oper" not in item)
    running = spent["spent_operations_usd"]
    assert np.all(running == running[0])
    worth = (1.0 - 1.15**-5) / 0.15
    yearly = start / worth + 12.0 * running[0]
    assert paid(life, **SURE).per_year == pytest.approx(yearly, rel=1e-12)
    lossy = years(months=60, success=0.8, failure=0.01, runs=4, price_factor=0.5)
    spent = life_costs.spending(scenario(), fleet(), lossy)
    built = lossy.history.built.sum() / 4
    launched = (lossy.history.placed + lossy.history.lost).sum() / 4 * 600.0 * 250.0
    assert spent["spent_satellites_usd"].sum() == pytest.approx(built * hardware(), rel=1e-12)
    assert spent["spent_launch_usd"].sum() == pytest.approx(launched, rel=1e-12)
    assert spent["spent_insurance_usd"].sum() == pytest.approx(
        0.05 * (built * hardware() + launched), rel=1e-12
    )


def test_launch_price_by_year_multiplies_what_is_launched_then():
    flat, half = paid(years(), **SURE), paid(years(price_factor=0.5), **SURE)
    assert half.annual["launch"] == pytest.approx(0.5 * flat.annual["launch"], rel=1e-12)
    falling = replace(years(months=120), price_factor=np.where(np.arange(120) < 60, 1.0, 0.25))
    found = paid(falling, discount_rate_space=0.0, **SURE)
    mean = 0.5 * (1.0 + 0.25)
    assert found.annual["launch"] == pytest.approx(mean * 10 * 600.0 * 500.0 / 5.0, rel=1e-12)


def test_what_is_bought_later_costs_less_today():
    """Half of the fleet after five years, at 15 %: 1 + 1.15⁻⁵ of ten years' annuities for the
    first half, the second half's alone in the second five years."""
    wanted = np.where(np.arange(120) < 60, 5, 10)
    late = years(months=120)
    made = late.made._replace(wanted=wanted, goal=wanted)
    late = replace(late, made=made, history=replacement.simulate(made, 1, 1))
    at_once, found = paid(years(months=120), **SURE), paid(late, **SURE)
    whole = (1.0 - 1.15**-10) / 0.15
    later = 1.15**-5 * (1.0 - 1.15**-5) / 0.15
    share = 0.5 + 0.5 * later / whole
    assert found.annual["launch"] == pytest.approx(share * at_once.annual["launch"], rel=1e-12)
    kept = life_costs.strength(scenario(**SURE), fleet(), late, 1.0).capacity[0]
    assert kept == pytest.approx(share, rel=1e-12)


def test_strength_follows_capacity_and_what_the_days_deliver():
    given_ = scenario(discount_rate_space=0.0)
    life = years(capacity=np.linspace(1.0, 0.0, 61)[1:])
    half = life_costs.strength(given_, fleet(), life, 7.0)
    assert half.capacity[0] == pytest.approx(0.5 - 0.5 / 60, rel=1e-12)
    assert half.work is half.capacity
    full = years()
    days = np.where(np.arange(60) < 30, 7.0, 3.5)
    tired = life_costs.strength(given_, fleet(), full, 7.0, days)
    assert tired.capacity[0] == pytest.approx(1.0, rel=1e-12)
    assert tired.work[0] == pytest.approx(0.75, rel=1e-12)
    given_.fleet.accelerator_spares = 2
    spared = life_costs.strength(given_, fleet(), full, 7.0)
    assert spared.capacity[0] == pytest.approx(0.75, rel=1e-12)
    assert spared.work[0] == pytest.approx(0.75, rel=1e-12)


def test_accelerators_that_stand_by_deliver_nothing_in_a_year_either():
    spared = scenario()
    spared.fleet.accelerator_spares = 2
    told = [
        ledger.settle(
            each, fleet(), record(totals()), record(ground_totals()), deployment=years()
        ).summary["fleet"]["delivered_FLOP_per_year"]
        for each in (scenario(), spared)
    ]
    # 10 satellites of 8 accelerators deliver 0.2 × 80 PFLOP/s on the day
    assert told[0] == pytest.approx(0.2 * 80e15 * JULIAN_YEAR)
    assert told[1] == pytest.approx(6 / 8 * told[0], rel=1e-12)


def test_discounting_weighs_early_months_more():
    life = years(capacity=np.linspace(1.0, 0.0, 61)[1:])
    patient = life_costs.strength(scenario(discount_rate_space=0.0), fleet(), life, 1.0)
    eager = life_costs.strength(scenario(discount_rate_space=0.3), fleet(), life, 1.0)
    assert eager.capacity[0] > patient.capacity[0]


def test_launch_price_found_makes_work_cost_the_same_over_the_years():
    life = years(failure=0.01, success=0.9, runs=5, price_factor=0.3, months=120)
    found = settled(life).summary
    even = found["cost"]["breakeven_launch_usd_per_kg"]
    work = 0.2 * found["cost"]["strength"]["work"]
    ground = found["ground"]["cost"]["usd_per_year"]
    assert paid(life, launch_price=even).per_year / work == pytest.approx(ground / 0.3, rel=1e-9)


def test_settled_years_by_hand():
    life = years(failure=0.01, success=0.9, runs=8, months=96, spares=1)
    found = settled(life)
    found.check()
    summary = found.summary
    cost, kept = summary["cost"], summary["cost"]["strength"]
    day = cost["usd_per_year"] / 365.25
    assert 0.5 < kept["capacity"] < 1.0
    assert cost["usd_per_accelerator_hour"] == pytest.approx(day / (80 * 24) / kept["capacity"])
    assert cost["usd_per_PFLOP_day"] == pytest.approx(day / (0.2 * 80) / kept["work"])
    assert cost["usd_per_busy_accelerator_hour"] == pytest.approx(day / (40 * 24) / kept["work"])
    assert cost["usd_per_million_tokens"] == pytest.approx(day / 1.1 / kept["work"])
    assert math.fsum(cost["breakdown"].values()) == pytest.approx(cost["lifetime_usd"], rel=1e-12)
    assert not {"infant_mortality_usd", "satellite_replacement_usd"} & set(cost["breakdown"])
    assert cost["usd_per_satellite_year"] == pytest.approx(
        cost["usd_per_year"] / 10 / kept["capacity"]
    )
    for unit in ("usd_per_PFLOP_day", "usd_per_accelerator_hour"):
        low, middle, high = (cost["bands"][name][unit] for name in ("p5", "p50", "p95"))
        assert low < middle < high
        assert low < cost[unit] < high
    assert summary["fleet"]["built"] > 11.0
    assert summary["fleet"]["residual_satellites"] == 0
    assert {"satellites", "modules"} <= {row["name"] for row in summary["balances"]}
    assert summary["carbon"]["kg_per_PFLOP_day"] == pytest.approx(
        summary["carbon"]["emitted_kg"] / (0.2 * 80) / kept["work"]
    )
    rated = 365.25 * summary["carbon"]["emitted_kg"] / (10 * kept["capacity"])
    assert summary["carbon"]["kg_per_satellite_year"] == pytest.approx(rated)


def test_hybrid_ground_nodes_are_paid_for_in_every_run():
    hybrid = scenario()
    hybrid.ground.hybrid, hybrid.ground.hybrid_nodes = True, 3
    life, sums = years(failure=0.01, runs=3), totals(hybrid_consumed_J=21e3 * DAY)
    more = life_costs.space_costs(hybrid, fleet(), life, sums, DAY)
    less = life_costs.space_costs(scenario(), fleet(), life, sums, DAY)
    expected = costs.ground_costs(scenario(), 3, 21e3 * JULIAN_YEAR).per_year
    assert more.per_year - less.per_year == pytest.approx(expected, rel=1e-9)
    assert more.runs - less.runs == pytest.approx(expected, rel=1e-9)


def test_ground_twin_pays_the_same_whatever_happens_in_orbit():
    calm, harsh = settled(years()).summary, settled(years(failure=0.05, runs=3)).summary
    assert calm["ground"] == harsh["ground"]


def test_fleet_that_is_never_launched_has_no_unit_costs():
    found = settled(years(launches=0), nre=1e6).summary
    assert found["cost"]["usd_per_PFLOP_day"] is None
    assert found["cost"]["usd_per_satellite_year"] is None
    assert found["cost"]["bands"]["p50"]["usd_per_PFLOP_day"] is None
    assert found["cost"]["breakeven_launch_usd_per_kg"] is None


def unit_cost(life, **prices):
    return settled(life, **prices).summary["cost"]["usd_per_PFLOP_day"]


def infant(share):
    chance = np.zeros(120)
    chance[:3] = share / 3.0
    return years(satellites=10, months=120, failure=chance, runs=200, lead=6)


def test_twice_the_infant_mortality_costs_more_per_delivered_work():
    assert unit_cost(infant(0.2)) > 1.02 * unit_cost(infant(0.1)) > 1.02 * unit_cost(infant(0.0))


def test_what_else_makes_work_dearer_or_cheaper():
    plain = unit_cost(years(months=120))
    assert unit_cost(years(months=120, spares=2)) > 1.15 * plain
    assert unit_cost(years(months=120, price_factor=0.5)) < plain
    assert unit_cost(years(months=120, success=0.7, runs=20)) > plain
    gain = 1.1 ** (np.arange(120) / 12.0)
    assert unit_cost(years(months=120, generation=gain)) < 0.9 * plain


def test_replacement_pays_where_failures_cost_more_than_a_new_satellite_early():
    """Never replaced, a fleet is cheaper a year and does less."""
    never = settled(years(months=60, failure=0.02, policy="never", runs=50)).summary["cost"]
    kept = settled(years(months=60, failure=0.02, lead=3, runs=50)).summary["cost"]
    assert never["usd_per_year"] < kept["usd_per_year"]
    assert never["strength"]["work"] < kept["strength"]["work"]


@pytest.fixture(scope="module")
def suncatcher():
    return plan_fleet(load("suncatcher"))


def at_strength(plan, *overrides):
    """Yearly cost of the shipped fleet over the capacity that it keeps [USD]."""
    given_ = load("suncatcher", ["fleet.runs=40", *overrides])
    life = deploy(given_, plan, 100.0)
    found = life_costs.space_costs(given_, plan, life, {}, DAY)
    return found.per_year / life_costs.strength(given_, plan, life, 1.0).capacity.mean()


def test_shipped_design_in_its_years(suncatcher):
    """Within 5 % of the closed form, whose failed accelerators are replaced, not borne."""
    plain = at_strength(suncatcher)
    closed = costs.space_costs(suncatcher.scenario, suncatcher, {}, DAY).per_year
    assert plain == pytest.approx(closed, rel=0.05)
    assert at_strength(suncatcher, "economics.infant_mortality=0.1") > 1.02 * plain
    assert at_strength(suncatcher, "fleet.spares=8") > 1.05 * plain
    assert at_strength(suncatcher, "fleet.refresh=0.1") < 0.9 * plain
    quotes = '{year=2027.0, price="3770 USD/kg"}, {year=2037.0, price="200 USD/kg"}'
    assert at_strength(suncatcher, f"fleet.launch_prices=[{quotes}]") < 0.9 * plain


def test_a_storms_mix_of_work_is_not_carried_to_the_years(monkeypatch: pytest.MonkeyPatch):
    """Quiet days say what the years deliver, but not how many tokens come with it."""
    given = scenario()
    days = np.full(years().months, 1e13)

    def cost(efficiency):
        sides = record(totals()), record(ground_totals())
        found = ledger.settle(given, fleet(), *sides, deployment=years(), efficiency=efficiency)
        return found.summary["cost"]

    quiet = cost(days)
    assert quiet["usd_per_million_tokens"] > 0.0
    monkeypatch.setattr(given, "storm", object(), raising=False)
    stormy = cost(days)
    missing = {name for name in quiet if stormy[name] != quiet[name]}
    assert missing == {"usd_per_busy_accelerator_hour", "usd_per_million_tokens"}
    assert all(stormy[name] is None for name in missing)
    assert cost(None)["usd_per_million_tokens"] > 0.0
