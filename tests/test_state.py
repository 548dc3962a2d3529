"""The state of the loop: how it begins, how batteries wear, and what a policy may see of it."""

import math
from dataclasses import fields, replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawndusk import state
from dawndusk.constants import JULIAN_YEAR
from dawndusk.demand import Demand, demand
from dawndusk.execution.faults import Interruptions
from dawndusk.fleet_plan import FleetPlan, plan_fleet
from dawndusk.loop import node_of
from dawndusk.placement.outlook import View
from dawndusk.requests import Requests
from dawndusk.scenario import load
from dawndusk.state import State
from dawndusk.step_tables import FLOWS, Node
from dawndusk.workload.jobs import FAILED, FINISHED, PENDING, RUNNING, WAITING

SATELLITES, GROUND = 4, 2

JOBS = """workload.jobs=[
    {name="early",kind="training",work="3 ZFLOP",nodes=2},
    {name="late",kind="batch",count=3,work="1 ZFLOP",submit="3 h",deadline="5 h"}]"""


@cache
def case(*overrides: str) -> tuple[FleetPlan, Node, Demand]:
    orbit = f'{{kind="sun_synchronous",altitude="650 km",satellites={SATELLITES}}}'
    given = ["time.duration=6 h", f"constellation={orbit}", JOBS.replace("\n", "")]
    plan = plan_fleet(load("suncatcher", [*given, *overrides]))
    asked = demand(plan.scenario, SATELLITES + GROUND, stream=0)
    return plan, node_of(plan.scenario, asked), asked


def begun(*overrides: str) -> tuple[FleetPlan, Node, Demand, State]:
    plan, node, asked = case(*overrides)
    return plan, node, asked, state.begin(plan, node, asked, SATELLITES, GROUND)


def seen(plan, node, asked, now_on, now) -> View:
    return state.view(plan, node, asked, now_on, SATELLITES, now)


# The beginning


@pytest.mark.parametrize("charge", [0.0, 0.4, 1.0])
def test_batteries_begin_at_their_charge_and_age(charge):
    plan, _, _, now_on = begun(f"satellite.battery.initial_charge={charge}", "satellite.age=3 yr")
    full = plan.battery_capacity_J * plan.battery_factor
    assert plan.battery_factor < 0.95
    assert now_on.fleet.capacity == pytest.approx(full)
    assert now_on.fleet.energy == pytest.approx(charge * full)
    assert (now_on.fleet.discharged == 0.0).all()
    assert now_on.stored_start[0] == pytest.approx(SATELLITES * charge * full)


def test_the_heat_path_begins_at_rest():
    """56 idle TPU, host and bus; two faces of emissivity 0.92 give it off to space."""
    plan, node, _, now_on = begun()
    die, loop, radiator = now_on.fleet.die, now_on.fleet.loop, now_on.fleet.radiator
    assert die.shape == (SATELLITES,)
    idle = 56 * plan.scenario.accelerator.idle_power
    heat = idle + 2800.0 + 2300.0
    given_off = 2.0 * 0.92 * 5.670374419e-8 * plan.radiator_area_m2 * (radiator**4 - 2.725**4)
    assert given_off == pytest.approx(heat, rel=1e-9)
    assert plan.craft.loop_conductance * (loop - radiator) == pytest.approx(heat, rel=1e-9)
    assert plan.craft.die_conductance * (die - loop) == pytest.approx(idle, rel=1e-9)
    assert node.accelerators * node.idle_power == idle


def test_what_is_stored_is_the_sum_over_the_satellites():
    plan, _, _, now_on = begun()
    assert state.stored(plan, now_on) == now_on.stored_start
    now_on.fleet.energy[2] += 5.0e6
    now_on.fleet.die[0] += 2.0
    now_on.fleet.loop[1] -= 3.0
    now_on.fleet.radiator[3] += 4.0
    energy, heat = state.stored(plan, now_on)
    craft = plan.craft
    added = 2.0 * craft.die_capacity - 3.0 * craft.loop_capacity + 4.0 * craft.radiator_capacity
    assert energy - now_on.stored_start[0] == pytest.approx(5.0e6, rel=1e-8)
    assert heat - now_on.stored_start[1] == pytest.approx(added, rel=1e-6)


def test_nothing_has_happened_yet():
    _, node, asked, now_on = begun()
    sites = SATELLITES + GROUND
    assert (now_on.step, now_on.first, now_on.fault) == (0, 0, 0)
    assert len(now_on.slots) == len(asked.requests)
    assert len(now_on.engines) == len(now_on.load) == sites * node.replicas
    assert not now_on.load.any()
    assert (now_on.slots["status"] == 0).all()
    assert (now_on.job_of_site == -1).all()
    assert all(len(each) == sites for each in now_on.sites)
    assert not now_on.satellites.any()
    assert not now_on.ground.any()


def test_a_run_does_not_change_what_was_asked():
    _, _, asked, now_on = begun()
    before = asked.jobs.table.copy()
    now_on.jobs["done"] += 1e18
    now_on.jobs["status"] = FINISHED
    now_on.slots["status"] = 3
    for name in ("done", "status"):
        assert np.array_equal(asked.jobs.table[name], before[name])
    assert not state.begin(*case(), SATELLITES, GROUND).slots["status"].any()


# Wear


def test_capacity_falls_with_time_and_discharge():
    """2 % a year, and 1.7e-5 for each full equivalent cycle, of the new capacity."""
    plan, _, _, now_on = begun()
    new = plan.battery_capacity_J
    now_on.step = 365 * 1440
    now_on.fleet.discharged[:] = [0.0, 1000.0 * new, 2000.0 * new, 0.0]
    stored = now_on.fleet.capacity * [1.0, 1.0, 0.5, 0.0]
    now_on.fleet.energy[:] = stored
    state.wear(plan.scenario, plan, now_on)
    year = 0.02 * 365.0 * 86_400.0 / JULIAN_YEAR
    expected = new * (1.0 - year - 1.7e-5 * np.array([0.0, 1000.0, 2000.0, 0.0]))
    assert now_on.fleet.capacity == pytest.approx(expected, rel=1e-12)
    # What a full battery cannot hold any more is a loss, in the books; the rest is untouched.
    kept = np.minimum(stored, expected)
    assert now_on.fleet.energy == pytest.approx(kept, rel=1e-12)
    lost = now_on.satellites[FLOWS.index("battery_loss_J")]
    assert lost == pytest.approx((stored - kept).sum(), rel=1e-9)
    assert now_on.satellites.sum() == lost > 0.0


def test_wear_goes_on_from_the_satellites_age():
    plan, _, _, now_on = begun("satellite.age=4 yr")
    before = now_on.fleet.capacity.copy()
    state.wear(plan.scenario, plan, now_on)
    assert now_on.fleet.capacity == pytest.approx(before, rel=1e-12), "nothing has happened yet"
    now_on.step = 1440
    state.wear(plan.scenario, plan, now_on)
    lost = 0.02 * 86_400.0 / JULIAN_YEAR * plan.battery_capacity_J
    assert before - now_on.fleet.capacity == pytest.approx(lost, rel=1e-6)


@given(
    st.tuples(st.integers(0, 10_000_000), st.integers(0, 10_000_000)),
    st.tuples(st.floats(0.0, 1e6), st.floats(0.0, 1e6)),
)
def test_the_more_is_behind_a_battery_the_less_it_holds(steps, cycles):
    plan, _, _, now_on = begun()
    capacities = []
    for step, cycle in zip(sorted(steps), sorted(cycles), strict=True):
        now_on.step = step
        now_on.fleet.discharged[:] = cycle * plan.battery_capacity_J
        state.wear(plan.scenario, plan, now_on)
        capacities.append(now_on.fleet.capacity[0])
    assert plan.battery_capacity_J >= capacities[0] >= capacities[1] >= 0.0


def test_a_satellite_without_a_battery_does_not_wear():
    plan, node, asked = case()
    bare = replace(plan, battery_capacity_J=0.0)
    now_on = state.begin(bare, node, asked, SATELLITES, GROUND)
    now_on.step = 100
    state.wear(plan.scenario, bare, now_on)
    assert (now_on.fleet.capacity == 0.0).all()
    assert now_on.stored_start[0] == 0.0
    charge = seen(bare, node, asked, now_on, 0.0).charge
    assert charge.tolist() == [0.0] * SATELLITES + [1.0] * GROUND, "it has nothing to give"


def test_a_worn_out_battery_has_no_charge():
    plan, node, asked, now_on = begun("satellite.age=60 yr")
    assert (now_on.fleet.capacity == 0.0).all()
    charge = seen(plan, node, asked, now_on, 0.0).charge
    assert charge.tolist() == [0.0] * SATELLITES + [1.0] * GROUND


# What a policy may see


def test_charge_counts_from_the_compute_floor():
    """Depth of discharge 40 % and a reserve of 5 %: compute may use what is above 65 %."""
    plan, node, asked, now_on = begun()
    shares = [0.0, 0.65, 0.825, 1.0]
    now_on.fleet.energy[:] = now_on.fleet.capacity * shares
    charge = seen(plan, node, asked, now_on, 0.0).charge
    assert charge[:SATELLITES] == pytest.approx([0.0, 0.0, 0.5, 1.0], abs=1e-12)
    assert (charge[SATELLITES:] == 1.0).all()
    now_on.fleet.capacity[:] *= 0.9
    assert seen(plan, node, asked, now_on, 0.0).charge[3] == 1.0, "never above full"


def test_a_site_is_not_available_while_it_is_down():
    plan, node, asked, now_on = begun()
    now_on.sites.down_from[1], now_on.sites.down_until[1] = 100.0, 700.0
    now_on.sites.down_from[5], now_on.sites.down_until[5] = 100.0, 700.0
    down = [
        np.flatnonzero(~seen(plan, node, asked, now_on, now).available).tolist()
        for now in (99.0, 100.0, 699.0, 700.0)
    ]
    assert down == [[], [1, 5], [1, 5], []]


def test_jobs_are_active_from_submission_until_they_end():
    plan, node, asked, now_on = begun()
    assert asked.jobs.names == ("early", "late-1", "late-2", "late-3")

    def active(now):
        return seen(plan, node, asked, now_on, now).job_active.tolist()

    assert active(0.0) == [True, False, False, False]
    assert active(3.0 * 3600.0 - 1.0) == [True, False, False, False]
    assert active(3.0 * 3600.0) == [True, True, True, True]
    now_on.jobs["status"] = [WAITING, RUNNING, FINISHED, FAILED]
    assert active(4.0 * 3600.0) == [True, True, False, False]


def test_the_present_is_shown_as_it_is():
    plan, node, asked, now_on = begun()
    now_on.sites.speed[:] = np.linspace(0.0, 1.0, SATELLITES + GROUND)
    now_on.sites.backlog[:] = np.arange(SATELLITES + GROUND)
    now_on.job_of_site[:] = [0, 0, -1, 1, -1, -1]
    now_on.jobs["done"][0] = 1e21
    view = seen(plan, node, asked, now_on, 4.0 * 3600.0)
    assert (view.time, view.satellites) == (14_400.0, SATELLITES)
    assert view.slots == node.replicas * plan.scenario.workload.max_batch
    assert view.speed.tolist() == now_on.sites.speed.tolist()
    assert view.backlog.tolist() == now_on.sites.backlog.tolist()
    assert view.job_of_site.tolist() == [0, 0, -1, 1, -1, -1]
    assert view.job_nodes.tolist() == [2, 1, 1, 1]
    assert view.job_gang.tolist() == [True, False, False, False]
    assert view.job_preemptible.all()
    assert view.job_deadline.tolist() == [math.inf, *[8.0 * 3600.0] * 3]
    assert view.job_remaining.tolist() == [2e21, 1e21, 1e21, 1e21]
    assert {each.name for each in fields(View)} == {
        *("time", "satellites", "available", "charge", "speed", "backlog", "slots"),
        *("job_of_site", "job_active", "job_nodes", "job_gang", "job_preemptible"),
        *("job_deadline", "job_remaining", "energy", "job_rate", "job_restart"),
        *("job_input", "job_input_left", "job_output", "job_exclusive"),
        *("request_load", "request_origin_share"),
    }, "whatever is added must be shown to hold no future"


def assert_same(first: View, second: View) -> None:
    for each in fields(View):
        one, other = getattr(first, each.name), getattr(second, each.name)
        assert np.array_equal(one, other), each.name


def test_requests_and_faults_to_come_are_not_seen():
    plan, node, asked, now_on = begun("faults.interruption_rate=0.5 1/h")
    now = 2.0 * 3600.0
    past = asked.requests.arrival < now
    assert 0 < past.sum() < len(past)
    rng = np.random.default_rng(3)
    other_requests = Requests(
        np.where(past, asked.requests.arrival, asked.requests.arrival + 900.0),
        *(
            np.where(past, table, rng.permutation(table)).astype(table.dtype)
            for table in (asked.requests.prompt, asked.requests.output, asked.requests.origin)
        ),
    )
    strikes = asked.interruptions
    known = strikes.time < now
    assert 0 < known.sum() < len(known)
    other_strikes = Interruptions(
        np.where(known, strikes.time, strikes.time + 50.0),
        np.where(known, strikes.site, (strikes.site + 1) % (SATELLITES + GROUND)).astype(np.int32),
        np.where(known, strikes.until, strikes.until + 500.0),
    )
    other = replace(asked, requests=other_requests, interruptions=other_strikes)
    changed = state.begin(plan, node, other, SATELLITES, GROUND)
    assert_same(seen(plan, node, asked, now_on, now), seen(plan, node, other, changed, now))


def test_jobs_to_come_are_not_seen():
    """Nodes, kind, work and deadline of a job are news until it is submitted."""
    plan, node, asked, now_on = begun()
    now = 2.0 * 3600.0
    table = asked.jobs.table.copy()
    future = table["submit"] > now
    assert future.tolist() == [False, True, True, True]
    assert (table["status"][future] == PENDING).all()
    table["nodes"][future] = 4
    table["kind"][future] = 0
    table["work"][future] *= 7.0
    table["deadline"][future] -= 600.0
    table["preemptible"][future] = False
    other = replace(asked, jobs=replace(asked.jobs, table=table))
    changed = state.begin(plan, node, other, SATELLITES, GROUND)
    assert_same(seen(plan, node, asked, now_on, now), seen(plan, node, other, changed, now))


def test_a_policy_cannot_change_the_state_through_its_view():
    plan, node, asked, now_on = begun()
    view = seen(plan, node, asked, now_on, 4.0 * 3600.0)
    kept = [each.copy() for each in tables(now_on)]
    for each in fields(View):
        shown = getattr(view, each.name)
        if isinstance(shown, np.ndarray) and shown.flags.writeable:
            shown[...] = ~shown if shown.dtype == bool else shown + 1
    for before, after in zip(kept, tables(now_on), strict=True):
        assert np.array_equal(before, after)


def tables(now_on: State) -> list[np.ndarray]:
    named = ("nodes", "kind", "preemptible", "deadline", "work", "done", "status")
    jobs = [now_on.jobs[name] for name in named]
    return [*jobs, now_on.job_of_site, *now_on.sites, *now_on.fleet]
