"""The years of a fleet: closed-form survival, books, feedback of every lever, and refusals."""

import dataclasses
import json
import math
import time
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import expon, lognorm, weibull_min

from dawndusk import deployment
from dawndusk.constants import DAY, JULIAN_YEAR
from dawndusk.deployment import Deployment, deploy
from dawndusk.fleet import replacement
from dawndusk.fleet_plan import FleetPlan, plan_fleet
from dawndusk.scenario import Scenario, load

YEAR, MONTH = JULIAN_YEAR, JULIAN_YEAR / 12.0

SURE = {
    "catalogue.launcher.falcon-9.success_rate": "1.0",
    "catalogue.launcher.falcon-9.first_success": "1.0",
    "catalogue.launcher.falcon-9.cadence": "1e7 1/yr",
}
"""A launcher that never fails and never keeps anybody waiting."""

NOTHING_FAILS = {
    "economics.infant_mortality": 0.0,
    "economics.satellite_failure_rate": 0.0,
    "economics.accelerator_failure_rate": 0.0,
    "fleet.worn_at_life": 0.0,
}

NO_DEBRIS: dict[str, np.ndarray] = {}


@cache
def planned(*overrides: str) -> FleetPlan:
    return plan_fleet(load("suncatcher", ["workload.jobs=[]", *overrides]))


def told(changes: dict[str, object]) -> tuple[str, ...]:
    return tuple(f"{path}={value}" for path, value in changes.items())


def years(
    satellites: int = 81,
    dose: float | None = None,
    hazards: dict[str, np.ndarray] | None = NO_DEBRIS,
    launcher: dict[str, str] = SURE,
    **changes: object,
) -> tuple[Scenario, Deployment]:
    """The years of so many satellites like Suncatcher's; names have __ for the dot."""
    plan = planned(*told(launcher))
    paths = {path.replace("__", "."): value for path, value in changes.items()}
    scenario = plan.scenario.replaced({"fleet.runs": 20, **paths})
    plan = dataclasses.replace(plan, satellites=satellites)
    return scenario, deploy(scenario, plan, dose, hazards)


def mean(counts: np.ndarray) -> float:
    """Sum over the months, mean over the runs."""
    return float(counts.sum(axis=1).mean())


# survival


def stand(scenario: Scenario, age: np.ndarray, rad_per_year: float) -> np.ndarray:
    """Share alive of satellites that nothing from outside strikes, by scipy's distributions."""
    prices, fleet, life = scenario.economics, scenario.fleet, scenario.satellite.life
    defect = prices.infant_mortality * expon.cdf(age, scale=fleet.infant_time)
    scale = life / (-math.log(1.0 - fleet.worn_at_life)) ** (1.0 / fleet.wear_shape)
    return (
        (1.0 - defect)
        * expon.sf(age, scale=1.0 / prices.satellite_failure_rate)
        * weibull_min.sf(age, fleet.wear_shape, scale=scale)
        * lognorm.sf(
            rad_per_year * age / YEAR / 100.0,
            math.log(scenario.radiation.dose_spread),
            scale=scenario.radiation.tolerated_dose,
        )
    )


def test_without_replacement_capacity_decays_to_the_closed_form() -> None:
    """Every cause at once: a million satellites against survival × accelerators alive."""
    size, months = 1_000_000, 60
    struck = {"debris": np.full(months, 3e-4), "collision": np.linspace(0.0, 1e-4, months)}
    scenario, found = years(
        size,
        dose=2_000.0,
        hazards=struck,
        fleet__policy="never",
        fleet__horizon=5 * YEAR,
        economics__infant_mortality=0.1,
    )
    age = MONTH * np.arange(1, months + 1)
    outer = np.cumprod((1.0 - struck["debris"]) * (1.0 - struck["collision"]))
    truth = stand(scenario, age, 2_000.0) * outer
    assert found.survival[1:] == pytest.approx(truth, rel=1e-9)
    sigma = np.sqrt(truth * (1.0 - truth) / size)
    # retired after the last month of its life, which the horizon ends with
    assert np.abs((found.history.alive / size - truth) / sigma).max() < 5.0
    able = np.exp(-scenario.economics.accelerator_failure_rate * age)
    share = found.history.capacity / size / able
    assert np.abs((share - truth) / sigma).max() < 5.0
    spread = np.sqrt(truth * (1.0 - truth) / deployment.COHORT)
    assert np.abs((found.simulated[1:] - truth) / spread).max() < 4.5
    assert found.causes == ("defect", "chance", "wear", "dose", "debris", "collision")


def test_losses_by_cause_are_all_that_is_lost() -> None:
    months = 60
    struck = {"debris": np.full(months, 3e-4)}
    scenario, found = years(
        200_000, dose=2_000.0, hazards=struck, fleet__policy="never", fleet__horizon=5 * YEAR
    )
    assert found.lost.sum(axis=0) == pytest.approx(1.0 - found.survival, abs=1e-12)
    shares = found.history.failures.cumsum(axis=2).mean(axis=0) / 200_000
    sigma = np.sqrt(np.maximum(found.lost[:, 1:], 1e-6) / 200_000 / 20)
    assert np.abs((shares - found.lost[:, 1:]) / sigma).max() < 5.0
    # rare causes alone: what each would take by itself, integrated finely
    fine = np.linspace(0.0, 5 * YEAR, 200_001)
    alive = stand(scenario, fine, 2_000.0) * (1.0 - 3e-4) ** (fine / MONTH)
    middle = 0.5 * (alive[1:] + alive[:-1])
    by_chance = (middle * scenario.economics.satellite_failure_rate * np.diff(fine)).sum()
    assert found.lost[1, -1] == pytest.approx(by_chance, rel=2e-3)


def test_a_curve_longer_than_the_horizon_keeps_the_last_hazard() -> None:
    scenario, found = years(
        10, hazards={"debris": np.full(24, 1e-3)}, fleet__horizon=2 * YEAR, fleet__policy="never"
    )
    assert len(found.ages) == 61
    truth = stand(scenario, found.ages, 0.0) * (1.0 - 1e-3) ** np.arange(61)
    assert found.survival == pytest.approx(truth, rel=1e-9)


# levers


def test_nothing_fails_nothing_is_replaced() -> None:
    _, found = years(81, **{k.replace(".", "__"): v for k, v in NOTHING_FAILS.items()})
    assert np.all(found.history.alive == 81)
    assert np.all(found.history.capacity == 81.0)
    # the second generation stands ready when the first retires
    assert found.history.built.sum(axis=1).tolist() == [162] * 20
    figures = deployment.summary(found)
    assert figures["capacity_mean_fraction"] == 1.0
    assert figures["launches_life"] == 2 * math.ceil(81 / found.per_launch)
    assert figures["failed"] == figures["losses"]["launch"] == 0.0


def test_double_infant_mortality_costs_launches_and_capacity() -> None:
    few, many = (
        years(2_000, economics__infant_mortality=share, fleet__runs=50)[1] for share in (0.1, 0.2)
    )
    assert mean(many.history.launches) > mean(few.history.launches)
    assert mean(many.history.built) > 1.05 * mean(few.history.built)
    assert mean(many.history.capacity) < 0.995 * mean(few.history.capacity)
    lost = [deployment.summary(found)["losses"]["defect"] for found in (few, many)]
    assert lost[1] / lost[0] == pytest.approx(2.0 * 1.1, rel=0.06)  # replacements fail as well


def test_replacement_restores_what_never_lets_decay() -> None:
    kept = {
        policy: years(2_000, fleet__policy=policy, economics__infant_mortality=0.1)[1]
        for policy in ("never", "on_schedule", "on_failure")
    }
    end = {policy: found.history.working[:, -1].mean() for policy, found in kept.items()}
    assert end["never"] == 0.0
    assert 1_600 < end["on_schedule"] < 1_900 < end["on_failure"]
    assert mean(kept["never"].history.built) == 2_000
    assert mean(kept["on_schedule"].history.built) == 4_000


def test_spares_weigh_and_keep_more_at_work() -> None:
    bare, spared = (years(1_000, fleet__spares=n)[1] for n in (0, 50))
    heavier = deployment.summary(spared)["mass_launched_kg"]
    lighter = deployment.summary(bare)["mass_launched_kg"]
    assert heavier > lighter + 50 * bare.satellite_mass
    assert mean(spared.history.working) > mean(bare.history.working)
    assert spared.history.working[:, -1].mean() == pytest.approx(1_000, abs=1.0)
    assert spared.wanted[-1] == 1_000


def test_a_thin_shield_kills_by_dose() -> None:
    scenario, thick = years(2_000, dose=150.0)
    _, thin = years(2_000, dose=4_000.0)
    assert deployment.summary(thick)["losses"]["dose"] == 0.0
    assert deployment.summary(thin)["losses"]["dose"] > 100.0
    assert (
        deployment.summary(thin)["capacity_mean_fraction"]
        < 0.99 * (deployment.summary(thick)["capacity_mean_fraction"])
    )
    # half of those that nothing else killed are dead of dose where it reaches the tolerated one
    half = scenario.radiation.tolerated_dose * 100.0 / 4_000.0 * YEAR
    assert half < scenario.satellite.life
    with_dose, without = (
        np.interp(half, found.ages, found.survival) for found in (thin, years(2_000, dose=None)[1])
    )
    assert with_dose / without == pytest.approx(0.5, abs=0.005)
    plan = dataclasses.replace(planned(*told(SURE)), satellites=2_000)
    off = plan.scenario.replaced({"radiation.enabled": False, "fleet.runs": 5})
    dead = deployment.summary(deploy(off, plan, 4_000.0, NO_DEBRIS))["losses"]["dose"]
    assert dead == 0.0


def test_refresh_gains_by_month_of_launch() -> None:
    scenario, found = years(
        10,
        fleet__refresh=0.2,
        satellite__life=4.5 * YEAR,
        **{k.replace(".", "__"): v for k, v in NOTHING_FAILS.items()},
    )
    retire = round(scenario.satellite.life / MONTH)
    born = retire * (np.arange(120) // retire)
    assert found.history.capacity == pytest.approx(np.tile(10.0 * 1.2 ** (born / 12.0), (20, 1)))


def test_milestones_are_followed() -> None:
    plan = planned(
        *told(SURE),
        "fleet.milestones=[{date=2028-06-21,satellites=2},{date=2030-06-21,satellites=81}]",
    )
    found = deploy(plan.scenario.replaced(NOTHING_FAILS), plan, None, NO_DEBRIS)
    # from 21 June 2027; the first month that ends at or after the first milestone is the 12th
    assert found.wanted[:11].tolist() == [0] * 11
    assert found.wanted[12] in (5, 6)
    assert found.wanted[24] == pytest.approx(2 + 79 * 13 / 24, abs=1.0)
    assert np.all(found.wanted[36:] == 81)
    assert found.years[0] == pytest.approx(2027 + (31 + 28 + 31 + 30 + 31 + 20) / 365 + 1 / 12)
    assert np.all(found.history.alive == found.wanted)
    assert np.all(found.history.kits == 0)


def test_cadence_binds() -> None:
    slow = SURE | {"catalogue.launcher.falcon-9.cadence": "12 1/yr"}
    scenario, found = years(1_000, launcher=slow)
    assert found.history.launches.max() == 1
    reached = found.per_launch * np.arange(1, 13)
    assert found.history.placed[:, :12].cumsum(axis=1) == pytest.approx(np.tile(reached, (20, 1)))
    warned = " ".join(deployment.deployment_warnings(scenario, found))
    assert "12 flights of falcon-9 a year are too few" in warned
    scenario, found = years(81)
    assert "too few" not in " ".join(deployment.deployment_warnings(scenario, found))


def test_satellites_that_wait_for_company_are_told() -> None:
    few = [{"date": "2030-01-01T00:00:00Z", "satellites": 30}]
    calm = {path.replace(".", "__"): share for path, share in NOTHING_FAILS.items()}
    slow = calm | {"fleet__least_per_launch": 18, "fleet__milestones": few}
    scenario, found = years(81, **slow)
    warned = " ".join(deployment.deployment_warnings(scenario, found))
    stuck = 30 - found.per_launch
    assert 0 < stuck < 18
    assert (
        f"up to {stuck} satellites wait on the ground until fleet.least_per_launch = 18" in warned
    )
    scenario, found = years(81, **slow | {"fleet__least_per_launch": 1})
    assert "wait on the ground" not in " ".join(deployment.deployment_warnings(scenario, found))


def test_a_plan_that_wants_nobody_is_told() -> None:
    late = [{"date": "2090-01-01T00:00:00Z", "satellites": 3}]
    scenario, found = years(81, fleet__milestones=late)
    assert deployment.deployment_warnings(scenario, found) == [
        "no satellite is wanted within fleet.horizon: see fleet.milestones"
    ]


def test_a_young_launcher_loses_more_and_matures_by_flights() -> None:
    # every satellite alone on its vehicle: flight n succeeds with 1 − 0.4 × 2^(−n/100)
    young = {
        **SURE,
        "catalogue.launcher.falcon-9.first_success": "0.6",
        "catalogue.launcher.falcon-9.halving": "100",
        "catalogue.launcher.falcon-9.cadence": "240 1/yr",
    }
    plan = dataclasses.replace(planned(*told(young)), satellites=1_000, per_launch=1)
    scenario = plan.scenario.replaced({"fleet.runs": 200, "fleet.policy": "never"})
    found = deploy(scenario, plan, None, NO_DEBRIS)
    flights = np.arange(1_000)
    truth = (0.4 * 0.5 ** (flights / 100.0)).sum()
    failures = found.history.launch_failures.sum(axis=1)
    assert failures.mean() == pytest.approx(truth, abs=4 * math.sqrt(truth / 200) + 0.002 * truth)
    assert found.made.success[0] == pytest.approx(1.0 - 0.4 * 0.5 ** (9.5 / 100.0), rel=1e-3)
    assert np.all(np.diff(found.made.success) >= 0.0)


def test_module_swaps_save_satellites() -> None:
    changes = {"economics__infant_mortality": 0.2, "economics__satellite_failure_rate": 0.05 / YEAR}
    _, bare = years(1_000, **changes)
    scenario, served = years(1_000, fleet__servicing__enabled=True, **changes)
    service = served.service
    assert mean(served.history.built) < 0.9 * mean(bare.history.built)
    assert mean(served.history.swaps) > 50.0
    assert service.visits == scenario.fleet.servicing.modules
    assert service.servicers * service.visits == served.made.kits[0]
    # a kit: the module and its share of the servicer with its propellant
    dry = planned(*told(SURE)).dry_mass_kg
    assert served.kit_mass == pytest.approx(0.3 * dry + (500 + 300) / service.visits)
    # two thirds of a·θ/t, a quarter turn on average, in 30 days
    radius = 6_378.135e3 + 650e3
    assert service.visit_delta_v == pytest.approx(
        2 / 3 * radius * (math.pi / 2) / (30 * DAY), rel=2e-3
    )
    assert served.made.swaps.sum() == math.floor(service.servicers * 10 * YEAR / (30 * DAY))
    mass = deployment.summary(served)["mass_launched_kg"]
    h = served.history
    weighed = mean(h.placed + h.lost) * served.satellite_mass + mean(h.kits_launched) * (
        served.kit_mass
    )
    assert mass == pytest.approx(weighed)
    # with little propellant a servicer takes no more modules than it can bring to satellites
    _, short = years(
        1_000,
        fleet__servicing__enabled=True,
        fleet__servicing__servicer_propellant=5.0,
        fleet__servicing__modules=100,
    )
    start = [500.0 + 5.0 + n * served.service.module_mass for n in range(short.service.visits + 2)]
    each = -math.expm1(-service.visit_delta_v / (1600.0 * 9.80665))
    need = [sum(start[1 : n + 1]) * each for n in range(short.service.visits + 2)]
    assert need[short.service.visits] < 5.1
    assert need[short.service.visits + 1] > 4.9
    modules = deployment.balances(served)[1]
    assert modules.offered > 0
    assert modules.closes(0.0)


def fallen(left: float | None, disposal: str) -> tuple[Scenario, Deployment]:
    """A thousand satellites whose wrecks come down in such a time."""
    plan = planned(*told(SURE))
    plan = dataclasses.replace(
        plan, satellites=1_000, upkeep=dataclasses.replace(plan.upkeep, passive_decay_s=left)
    )
    scenario = plan.scenario.replaced({"fleet.runs": 20, "upkeep.disposal": disposal})
    return scenario, deploy(scenario, plan, None, NO_DEBRIS)


@pytest.mark.parametrize("left", [None, 100 * YEAR])
def test_what_drag_does_not_bring_down_stays(left: float | None) -> None:
    scenario, found = fallen(left, "direct")
    h = found.history
    gone = h.retired.sum(axis=1).mean() * scenario.upkeep.disposal_success
    assert mean(h.reentered) == pytest.approx(gone, rel=0.005)
    (warning,) = deployment.deployment_warnings(scenario, found)
    assert "will not come down by themselves within the plan" in warning
    # nothing ever leaves by itself, nothing is steered down
    stuck = fallen(left, "passive")[1].history
    assert mean(stuck.reentered) == 0.0
    assert np.array_equal(
        stuck.derelicts[:, -1], stuck.failed.sum(axis=1) + stuck.retired.sum(axis=1)
    )


def test_wrecks_come_down_after_their_decay() -> None:
    scenario, found = fallen(2 * YEAR, "passive")
    h = found.history
    ended = h.failed + h.retired
    assert np.array_equal(h.reentered[:, 24:], ended[:, :-24])
    assert np.all(h.reentered[:, :24] == 0)
    assert deployment.deployment_warnings(scenario, found) == []
    _, steered = fallen(2 * YEAR, "direct")
    assert steered.history.derelicts[:, -1].mean() < h.derelicts[:, -1].mean()


# debris of its own


def test_upkeep_gives_debris_and_collisions() -> None:
    _, found = years(2_000, hazards=None)
    assert found.causes[-2:] == ("debris", "collision")
    assert found.made.hazard.shape == (2, 120)
    assert np.all(found.made.hazard >= 0.0)
    assert found.debris_growth[0] == pytest.approx(1.0)


def test_its_own_wreckage_raises_its_hazard(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = {}

    def grown(scenario, plan, launched, active, derelicts, months):
        seen.update(launched=launched, active=active, derelicts=derelicts)
        return 1.0 + np.asarray(derelicts) / 100.0

    monkeypatch.setattr(deployment.upkeep, "debris_growth", grown)
    _, found = years(2_000, hazards=None)
    rate = -np.log1p(-found.made.hazard[0])
    assert rate / rate[0] == pytest.approx(found.debris_growth / found.debris_growth[0], rel=1e-6)
    assert found.debris_growth[-1] > found.debris_growth[12] > 1.0
    h = found.history
    # foreseen by a draft: close to what then happened
    assert seen["active"][-1] == pytest.approx(h.alive[:, -2].mean(), rel=0.02)
    assert seen["derelicts"][-1] == pytest.approx(h.derelicts[:, -2].mean(), rel=0.02)
    assert seen["active"][0] == seen["derelicts"][0] == 0.0
    assert seen["launched"].shape == (120,)


def test_drafts_go_on_until_debris_agrees_with_the_wrecks_that_made_it() -> None:
    scenario, found = years(20_000, hazards=None, debris__spread="high")
    h, plan = found.history, dataclasses.replace(planned(*told(SURE)), satellites=20_000)
    ends = (h.alive.mean(axis=0), h.derelicts.mean(axis=0))
    starts = [np.concatenate([[0.0], each[:-1]]) for each in ends]
    made = deployment.upkeep.debris_growth(scenario, plan, h.placed.mean(axis=0), *starts, 120)
    assert made[-1] > 5.0
    assert found.debris_growth == pytest.approx(made, rel=0.02)


# books, files and bytes


@settings(max_examples=25)
@given(
    satellites=st.integers(1, 300),
    infant=st.floats(0.0, 0.9),
    spares=st.integers(0, 20),
    policy=st.sampled_from(sorted(replacement.POLICIES)),
    serviced=st.booleans(),
    dose=st.floats(0.0, 1e5),
)
def test_the_books_close(
    satellites: int, infant: float, spares: int, policy: str, serviced: bool, dose: float
) -> None:
    _, found = years(
        satellites,
        dose,
        hazards=None,
        launcher={},
        fleet__runs=3,
        fleet__policy=policy,
        fleet__spares=spares,
        fleet__servicing__enabled=serviced,
        economics__infant_mortality=infant,
    )
    figures = deployment.summary(found)
    assert figures["residual_satellites"] == 0
    for balance in deployment.balances(found):
        assert balance.closes(0.0), balance
    h = found.history
    assert np.all(h.working <= found.wanted)
    assert np.all(h.capacity <= h.working * (1.0 + 1e-12))
    ended = sum(count for cause, count in figures["losses"].items() if cause != "launch")
    mended = mean(h.swaps) - mean(h.swaps_failed)
    waiting = h.waiting[:, -1].mean()
    assert ended >= figures["failed"] - 1e-9
    if not serviced:
        assert ended == pytest.approx(figures["failed"], abs=1e-9)
        assert mended == waiting == 0.0
    assert np.all((found.survival >= 0.0) & (found.survival <= 1.0))
    assert np.all(np.diff(found.survival) <= 0.0)
    bands = figures["bands"]
    for key in bands["p50"]:
        assert bands["p5"][key] <= bands["p50"][key] <= bands["p95"][key]


def test_mean_age_is_that_of_the_satellites() -> None:
    _, found = years(10, **{k.replace(".", "__"): v for k, v in NOTHING_FAILS.items()})
    expected = np.tile(np.arange(1, 61), 2)
    assert found.history.age == pytest.approx(np.tile(expected, (20, 1)))


def test_tables_and_years_tell_the_same() -> None:
    _, found = years(500, hazards=None, launcher={})
    files = deployment.tables(found)
    fleet, survival = files["fleet"], files["survival"]
    assert {len(column) for column in fleet.values()} == {120}
    assert {len(column) for column in survival.values()} == {61}
    for cause in found.causes:
        assert f"failures_{cause}" in fleet
        assert f"lost_{cause}" in survival
    figures = deployment.summary(found)
    rows = deployment.yearly(found)
    assert len(rows) == 10
    for name, key in (
        ("built", "built"),
        ("launches", "launches_life"),
        ("lost", "lost_at_launch"),
    ):
        assert sum(row[name] for row in rows) == pytest.approx(figures[key])
        assert fleet[name].sum() == pytest.approx(figures[key])
    assert figures["launches_per_year"] == pytest.approx(figures["launches_life"] / 10.0)
    assert np.all(fleet["working_p5"] <= fleet["working_p50"])
    assert np.all(fleet["working_p50"] <= fleet["working_p95"])
    assert fleet["month"].tolist() == list(range(1, 121))
    assert survival["survival"][0] == survival["simulated"][0] == 1.0
    json.dumps([figures, rows], allow_nan=False)


def test_same_seed_same_bytes() -> None:
    one, two = (deployment.tables(years(300, hazards=None, launcher={})[1]) for _ in range(2))
    for name in one:
        for column in one[name]:
            assert (
                np.asarray(one[name][column]).tobytes() == np.asarray(two[name][column]).tobytes()
            )
    other = deployment.tables(years(300, hazards=None, launcher={}, time__seed=2)[1])
    assert np.any(other["fleet"]["failed"] != one["fleet"]["failed"])


def test_a_million_satellites_ten_years_a_hundred_times() -> None:
    years(10, hazards=None, fleet__runs=1)
    start = time.process_time()
    _, found = years(1_000_000, dose=150.0, hazards=None, fleet__runs=100, fleet__spares=10_000)
    deployment.tables(found)
    assert time.process_time() - start < 20.0  # 60 s are allowed; about 1 s is needed
    assert deployment.summary(found)["residual_satellites"] == 0


def test_more_runs_do_not_change_the_first_ones() -> None:
    few, many = (years(300, launcher=SURE, fleet__runs=n)[1].history for n in (5, 20))
    assert np.array_equal(few.alive, many.alive[:5])
