"""The compiled step of satellites: balances over random states, limit cases, closed forms."""

import copy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from dawndusk.balance import Balance
from dawndusk.constants import EARTH_ALBEDO, EARTH_INFRARED, STEFAN_BOLTZMANN
from dawndusk.requests import DROPPED, FAILED, PENDING, RUNNING, SERVED, WAITING, Requests
from dawndusk.step import BLOCK
from dawndusk.step_tables import FLOWS

from .step_case import CRAFT, NODE, SERVICE, STEP, Case, cases, steady

STEPS = 20
SUN = 1361.0

thorough = settings(max_examples=40)


def named(flows):
    return dict(zip(FLOWS, np.atleast_2d(flows).sum(axis=0).tolist(), strict=True))


def closes(name, unit, offered, **parts):
    balance = Balance(name, unit, offered, parts)
    assert balance.closes(1e-9), str(balance)


def asked(n, arrival=0.0, prompt=1000, output=200):
    return Requests(
        np.full(n, float(arrival)),
        np.full(n, prompt, np.int32),
        np.full(n, output, np.int32),
        np.full(n, -1, np.int16),
    )


def conserves_requests(case: Case, served: float) -> None:
    status = case.slots["status"]
    present = np.isin(status, (WAITING, RUNNING))
    sites = case.slots["engine"][present] // case.node.replicas
    assert case.load.sum() == present.sum()
    assert (
        case.sites.backlog.tolist() == np.bincount(sites, minlength=len(case.sites.speed)).tolist()
    )
    assert case.sites.running.sum() == (status == RUNNING).sum()
    assert served == (status == SERVED).sum()
    ended = np.isin(status, (SERVED, DROPPED, FAILED))
    assert (np.isfinite(case.slots["finish"]) == ended).all()
    assert (status == PENDING).sum() == len(status) - case.first


@thorough
@given(cases(STEPS))
def test_no_joule_flop_or_request_disappears(case: Case) -> None:
    stored, heat = case.stored(), case.heat()
    orbit, earth = (named(flows) for flows in case.run(STEPS))
    closes(
        "energy",
        "J",
        orbit["generated_J"],
        consumed=orbit["consumed_J"],
        curtailed=orbit["curtailed_J"],
        lost=orbit["battery_loss_J"],
        stored=case.stored() - stored,
    )
    warmed = case.heat() - heat
    closes("heat", "J", orbit["heat_in_J"], radiated=orbit["radiated_J"], warmed=warmed)
    for flows in (orbit, earth):
        losses = {name: flows[name] for name in FLOWS if name.startswith("loss_")}
        done = {"inference": flows["inference_FLOP"], "job": flows["job_FLOP"]}
        closes("work", "FLOP", flows["peak_FLOP"], **losses, **done)
        assert min(*losses.values(), *done.values()) >= -1e-9 * flows["peak_FLOP"]
    assert orbit["peak_FLOP"] == pytest.approx(case.satellites * case.node.peak * STEPS * STEP)
    assert case.sites.job_flop.sum() == pytest.approx(orbit["job_FLOP"] + earth["job_FLOP"])
    conserves_requests(case, orbit["served"] + earth["served"])


@thorough
@given(cases(STEPS))
def test_states_stay_within_their_bounds(case: Case) -> None:
    fleet, craft, sites = case.fleet, case.craft, case.sites
    drained = np.zeros(case.satellites)
    for k in range(STEPS):
        before = fleet.energy.copy()
        case.route(k, 1)
        flows = named(case.orbit(k, 1))
        assert (fleet.energy >= craft.floor * fleet.capacity).all()
        assert (fleet.energy <= fleet.capacity).all()
        drained += np.maximum(before - fleet.energy, 0.0)
        for share in (sites.speed, sites.busy):
            assert (share >= 0.0).all()
            assert (share <= 1.0 + 1e-9).all()
        assert (np.minimum(fleet.die, fleet.radiator) > 0.0).all()
        assert flows["die_max_K"] >= fleet.die.max()
        assert flows["radiator_max_K"] >= fleet.radiator.max()
        for name in ("generated_J", "consumed_J", "curtailed_J", "unserved_J", "battery_loss_J"):
            assert flows[name] >= -1e-9
        assert (sites.unserved[: case.satellites] <= craft.bus_load * (1.0 + 1e-9)).all()
    assert (fleet.discharged >= drained - 1e-6).all()


@thorough
@given(cases(STEPS), st.floats(0.0, 1.0))
def test_an_empty_battery_in_the_dark_computes_and_serves_nothing(case: Case, left: float) -> None:
    """Empty for compute: anything from the floor up to the compute floor is the bus's alone."""
    craft, fleet = case.craft, case.fleet
    case.around.illumination[:] = 0.0
    usable = craft.floor + left * (craft.compute_floor - craft.floor)
    fleet.energy[:] = usable * fleet.capacity
    space = np.concatenate([np.ones(case.satellites), np.zeros(case.ground)])
    case.sites.down_from[:] = np.inf
    case.sites.down_until[:] = -np.inf
    orbit, _ = case.run(STEPS, weights=space)
    flows = named(orbit)
    assert not case.sites.speed[: case.satellites].any()
    assert not case.sites.busy[: case.satellites].any()
    for name in ("inference_FLOP", "job_FLOP", "busy_s", "available_s", "served", "generated_J"):
        assert flows[name] == 0.0
    assert flows["loss_power_FLOP"] == pytest.approx(flows["peak_FLOP"])
    assert set(case.slots["status"]) <= {WAITING, DROPPED}
    wanted = craft.bus_load * case.satellites * STEPS * STEP
    assert flows["consumed_J"] + flows["unserved_J"] == pytest.approx(wanted)


def test_a_battery_at_its_floor_leaves_the_bus_unserved() -> None:
    case = steady(3, sun=0.0, charge=CRAFT.floor, steps=4)
    flows = named(case.orbit(0, 4))
    assert flows["unserved_J"] == pytest.approx(3 * 4 * STEP * CRAFT.bus_load, rel=1e-12)
    assert flows["consumed_J"] == 0.0
    assert case.sites.unserved == pytest.approx(CRAFT.bus_load)
    assert case.fleet.energy.tolist() == [CRAFT.floor * 20e6] * 3


def test_the_bus_reserve_is_kept_from_compute_and_given_to_the_bus() -> None:
    """From 35 % the node runs down to 30 %, then only the bus draws, down to 20 %."""
    case = steady(1, sun=0.0, charge=0.35, utilisation=0.4, steps=200)
    levels, speeds = [], []
    for k in range(200):
        case.orbit(k, 1)
        levels.append(case.fleet.energy[0])
        speeds.append(case.sites.speed[0])
    stop = speeds.index(0.0)
    assert not any(speeds[stop:])
    minute = STEP / CRAFT.discharge_efficiency
    idle = CRAFT.bus_load + NODE.host_power + NODE.accelerators * NODE.idle_power
    assert 6e6 <= levels[stop - 1] < 6e6 + idle * minute
    bus = CRAFT.bus_load * minute
    drained = [max(4e6, levels[stop] - bus * k) for k in range(200 - stop)]
    assert levels[stop:] == pytest.approx(drained, rel=1e-12)
    assert levels[-1] == 4e6


def test_a_sunlit_satellite_at_rest_against_its_closed_form() -> None:
    """Written down again: panel equilibrium, bus, host, eight chips, and the radiator's T⁴."""
    case = steady(2, steps=400, charge=1.0, utilisation=0.4)
    case.orbit(0, 399)
    flows = named(case.orbit(399, 1))

    def imbalance(panel: float) -> float:
        relative = 1.0 - 0.002 * (panel - 301.15)
        emitted = STEFAN_BOLTZMANN * 1.7 * (panel**4 - 2.725**4)
        return (0.9 - 0.27 * relative) * SUN + 0.85 * 0.2 * EARTH_INFRARED - emitted

    panel = brentq(imbalance, 100.0, 500.0, xtol=1e-12)
    generated = SUN * 60.0 * 0.9 * 0.3 * 0.9 * (1.0 - 0.002 * (panel - 301.15))
    consumed = 400.0 + 600.0 + 8 * 700.0
    assert flows["generated_J"] == pytest.approx(2 * STEP * generated, rel=2e-5)
    assert flows["consumed_J"] == pytest.approx(2 * STEP * consumed, rel=1e-12)
    assert flows["curtailed_J"] == pytest.approx(flows["generated_J"] - flows["consumed_J"])

    day = (1.0 - 1.09 * 0.3**2) * 0.5 * 0.3
    albedo = 0.1 * SUN * EARTH_ALBEDO * day * 0.3
    absorbed = 25.0 * (albedo + 0.9 * EARTH_INFRARED * 0.3)
    radiator = ((consumed + absorbed) / CRAFT.emission + 2.725**4) ** 0.25
    loop = radiator + consumed / CRAFT.loop_conductance
    die = loop + 5600.0 / CRAFT.die_conductance
    assert case.fleet.radiator == pytest.approx(radiator, abs=1e-6)
    assert case.fleet.loop == pytest.approx(loop, abs=1e-6)
    assert case.fleet.die == pytest.approx(die, abs=1e-6)

    assert flows["peak_FLOP"] == 2 * STEP * NODE.peak
    assert flows["job_FLOP"] == pytest.approx(0.4 * flows["peak_FLOP"], rel=1e-12)
    assert flows["loss_roofline_FLOP"] == pytest.approx(0.6 * flows["peak_FLOP"], rel=1e-12)
    assert flows["throttled_s"] == 0.0
    assert case.sites.speed.tolist() == [1.0, 1.0]


@thorough
@given(cases(STEPS))
def test_all_power_used_and_lost_becomes_heat_of_the_craft(case: Case) -> None:
    """Radiators that see neither Sun nor Earth take in nothing but the craft's own heat."""
    case.craft = case.craft._replace(sun_incidence=0.0)
    case.around.radiator_view[:] = 0.0
    flows = named(case.run(STEPS)[0])
    made = flows["consumed_J"] + flows["battery_loss_J"]
    assert flows["heat_in_J"] == pytest.approx(made, rel=1e-12)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("charge", [CRAFT.floor, CRAFT.compute_floor, 1.0])
def test_a_step_across_the_edge_of_the_shadow_gives_compute_only_power_that_is_there(
    share: float, charge: float
) -> None:
    """What the chips draw is never missing from the bus, nor taken from the bus's reserve."""
    for craft in (CRAFT, CRAFT._replace(discharge_limit=2e3), CRAFT._replace(charge_limit=1e3)):
        for capacity in (20e6, 50e3, 0.0):
            case = steady(
                1, craft=craft, capacity=capacity, charge=charge, sun=share, utilisation=0.4
            )
            reserve = min(charge, craft.compute_floor) * capacity
            bus = craft.bus_load * (1.0 - share) * STEP
            flows = named(case.orbit(0, 1))
            assert flows["unserved_J"] <= bus * (1.0 + 1e-9)
            assert case.fleet.energy[0] >= max(
                craft.floor * capacity, reserve - bus / craft.discharge_efficiency * (1.0 + 1e-9)
            )


def test_a_turning_array_follows_its_rows() -> None:
    case = steady(2, steps=3)
    turned = np.array([[1.0, 0.5], [0.0, 1.0], [0.25, 0.25]])
    case.around = case.around._replace(array_cosine=turned)
    made = [named(case.orbit(k, 1))["generated_J"] for k in range(3)]
    full = steady(1).orbit(0, 1)[0, 0]
    assert made[1] == pytest.approx(full)
    assert made[0] > 1.5 * full > made[2] > 0.5 * full > 0.0
    assert named(case.orbit(0, 3))["generated_J"] == pytest.approx(sum(made))


def test_below_its_lowest_clock_a_node_pauses_for_the_power_it_lacks() -> None:
    """No battery, hardly any array: duty cycling draws what there is and leaves the bus alone."""
    craft = CRAFT._replace(area=6.5)
    case = steady(1, craft=craft, capacity=0.0, utilisation=0.4)
    flows = named(case.orbit(0, 1))
    spare = (flows["generated_J"] / STEP - 1000.0) / 8.0 - 80.0
    assert 0.0 < spare < 620.0 * 0.3 * (0.45 + 0.55 * 0.3) ** 2
    assert 0.0 < case.sites.speed[0] < 0.3
    assert flows["unserved_J"] == 0.0
    assert flows["consumed_J"] == pytest.approx(flows["generated_J"], rel=1e-8)
    duty = spare / (620.0 * 0.3 * (0.45 + 0.55 * 0.3) ** 2)
    assert case.sites.speed[0] == pytest.approx(0.3 * duty, rel=1e-8)


def test_a_node_slows_to_the_power_that_it_is_given() -> None:
    """No battery, a small array: the chips draw exactly what bus and host leave."""
    craft = CRAFT._replace(area=15.0)
    case = steady(1, craft=craft, capacity=0.0, utilisation=0.4)
    flows = named(case.orbit(0, 1))
    share = (flows["generated_J"] / STEP - 1000.0) / 8.0
    assert 80.0 < share < 700.0

    def excess(f: float) -> float:
        return 80.0 + 620.0 * f * (0.45 + 0.55 * f) ** 2 - share

    frequency = brentq(excess, 0.0, 1.0, xtol=1e-14)
    assert case.sites.speed[0] == pytest.approx(frequency, rel=1e-8)
    assert flows["consumed_J"] == pytest.approx(flows["generated_J"], rel=1e-8)
    assert flows["loss_power_FLOP"] == pytest.approx((1.0 - frequency) * flows["peak_FLOP"])


@thorough
@given(cases(1), st.floats(0.01, 30.0))
def test_a_die_over_its_limit_stands_still(case: Case, excess: float) -> None:
    case.fleet.die[:] = case.craft.limit_temperature + excess
    case.route(0, 1)
    flows = named(case.orbit(0, 1))
    assert not case.sites.speed[: case.satellites].any()
    assert flows["inference_FLOP"] == flows["job_FLOP"] == flows["available_s"] == 0.0
    halted = flows["loss_power_FLOP"] + flows["loss_thermal_FLOP"]
    assert halted == pytest.approx(flows["peak_FLOP"])


@given(
    st.floats(0.02, 0.4),
    st.floats(0.0, 1.0),
    st.sampled_from([0.1, 0.4, 0.9]),
)
@settings(max_examples=30)
def test_hotter_is_never_faster(radiator: float, spread: float, utilisation: float) -> None:
    """A row of satellites that differ only in temperature."""
    craft = CRAFT._replace(emission=radiator * CRAFT.emission)
    case = steady(BLOCK + 10, craft=craft, utilisation=utilisation)
    warmth = np.linspace(300.0, 370.0, BLOCK + 10)
    case.fleet.die[:] = warmth
    case.fleet.loop[:] = 300.0 + spread * (warmth - 300.0)
    case.fleet.radiator[:] = 295.0 + spread * (warmth - 300.0)
    case.orbit(0, 1)
    assert (np.diff(case.sites.speed) <= 1e-9).all()
    assert case.sites.speed[-1] == 0.0


@pytest.mark.parametrize("radiator", [0.10, 0.12, 0.14, 0.15])
def test_a_small_radiator_settles_on_the_throttle_curve(radiator: float) -> None:
    """At rest clock and temperature satisfy the fold-back line and the heat path together;
    on the way there the die exceeds its limit by less than 0.1 K."""
    craft = CRAFT._replace(emission=radiator * CRAFT.emission)
    case = steady(1, craft=craft, utilisation=0.4, charge=1.0, steps=3000)
    case.orbit(0, 2999)
    flows = named(case.orbit(2999, 1))
    hottest = named(steady(1, craft=craft, utilisation=0.4, steps=3000).orbit(0, 3000))["die_max_K"]
    absorbed = flows["heat_in_J"] / STEP - flows["consumed_J"] / STEP

    def die_at(f: float) -> float:
        chips = 8.0 * (80.0 + 620.0 * f * (0.45 + 0.55 * f) ** 2)
        used = chips + 1000.0
        space = ((used + absorbed) / craft.emission + 2.725**4) ** 0.25
        return space + used / craft.loop_conductance + chips / craft.die_conductance

    start, limit, least = craft.throttle_temperature, craft.limit_temperature, 0.3

    def excess(f: float) -> float:
        return die_at(f) - (start + (1.0 - f) / (1.0 - least) * (limit - start))

    assert hottest < limit + 0.1
    if excess(least) < 0.0:
        frequency = brentq(excess, least, 1.0, xtol=1e-13)
        assert case.sites.speed[0] == pytest.approx(frequency, rel=1e-6)
        assert case.fleet.die[0] == pytest.approx(die_at(frequency), abs=1e-5)
        assert start < case.fleet.die[0] < limit
    else:
        assert 0.0 < case.sites.speed[0] < least
        assert case.fleet.die[0] == pytest.approx(limit, abs=1e-5)
    assert flows["throttled_s"] == STEP
    lost = (1.0 - case.sites.speed[0]) * flows["peak_FLOP"]
    assert flows["loss_thermal_FLOP"] == pytest.approx(lost)


@thorough
@given(cases(STEPS), st.integers(0, 2**32 - 1))
def test_more_light_never_yields_less_energy(case: Case, seed: int) -> None:
    random = np.random.default_rng(seed)
    light = case.around.illumination
    dimmer = named(case.orbit(0, STEPS))["generated_J"]
    light += (1.0 - light) * random.random(light.shape)
    assert named(case.orbit(0, STEPS))["generated_J"] >= dimmer


@thorough
@given(cases(STEPS))
def test_a_site_that_is_down_does_no_work(case: Case) -> None:
    case.sites.down_from[:] = -1.0
    case.sites.down_until[:] = np.inf
    for flows in map(named, case.run(STEPS)):
        for name in ("inference_FLOP", "job_FLOP", "busy_s", "available_s", "served"):
            assert flows[name] == 0.0
        lost = flows["loss_power_FLOP"] + flows["loss_thermal_FLOP"] + flows["loss_faults_FLOP"]
        assert lost == pytest.approx(flows["peak_FLOP"])
    assert set(case.slots["status"]) <= {WAITING, DROPPED}


def test_a_fault_inside_steps_costs_the_time_it_lasts_and_what_was_running() -> None:
    """Down from 90 s to 150 s: half of two steps; started requests fail, later ones are served."""
    case = steady(1, steps=5, utilisation=0.4, requests=asked(3, arrival=30.0, output=30000))
    case.sites.down_from[0], case.sites.down_until[0] = 90.0, 150.0
    case.route(0, 5)
    flows = named(case.orbit(0, 5))
    assert case.slots["status"].tolist() == [FAILED] * 3
    assert case.slots["finish"].tolist() == [120.0] * 3
    assert flows["available_s"] == pytest.approx(4 * STEP)
    assert flows["inference_FLOP"] == pytest.approx(0.0, abs=1e-12 * flows["peak_FLOP"])
    assert flows["loss_faults_FLOP"] > STEP * NODE.peak
    assert flows["job_FLOP"] < 0.4 * 4 * STEP * NODE.peak


@thorough
@given(cases(STEPS))
def test_serving_takes_precedence_over_the_job(case: Case) -> None:
    """A job gets what the engines leave: shares of one step never exceed it."""
    case.sites.utilisation[:] = 0.5
    orbit, earth = (named(flows) for flows in case.run(STEPS))
    for flows in (orbit, earth):
        assert flows["busy_s"] == pytest.approx(flows["available_s"])
        assert flows["job_busy_s"] <= flows["busy_s"] * (1.0 + 1e-12)
        assert flows["job_FLOP"] == pytest.approx(0.5 * case.node.peak * flows["job_busy_s"])


@thorough
@given(cases(STEPS), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_what_waits_for_data_is_lost_to_the_network(case: Case, link: float, duty: float) -> None:
    """Of the time that a job wants, `link` is worked; the rest is neither idle nor done."""
    case.sites.link[:], case.sites.duty[:], case.sites.utilisation[:] = link, duty, 0.5
    for flows in map(named, case.run(STEPS)):
        done, lost = flows["job_FLOP"] / 0.5, flows["loss_network_FLOP"]
        tiny = 1e-12 * flows["peak_FLOP"]
        assert done * (1.0 - link) == pytest.approx(lost * link, rel=1e-9, abs=tiny)
        assert done + lost <= duty * case.node.peak * flows["available_s"] * (1.0 + 1e-12)
        assert flows["loss_idle_FLOP"] >= -tiny
        parts = {name: value for name, value in flows.items() if name.startswith("loss_")}
        parts |= {name: flows[name] for name in ("inference_FLOP", "job_FLOP")}
        closes("work", "FLOP", flows["peak_FLOP"], **parts)


@pytest.mark.parametrize(("duty", "link"), [(1.0, 1.0), (0.25, 1.0), (1.0, 0.25), (0.5, 0.0)])
def test_shares_of_a_job_in_closed_form(duty: float, link: float) -> None:
    """In the sun at full clock, in orbit and on the ground alike."""
    case = steady(1, 1, steps=5, utilisation=0.4)
    case.sites.duty[:], case.sites.link[:] = duty, link
    for flows in map(named, case.run(5)):
        peak = flows["peak_FLOP"]
        assert flows["job_FLOP"] == pytest.approx(0.4 * duty * link * peak)
        assert flows["loss_network_FLOP"] == pytest.approx(duty * (1.0 - link) * peak)
        assert flows["loss_idle_FLOP"] == pytest.approx((1.0 - duty) * peak)
        assert flows["loss_roofline_FLOP"] == pytest.approx(0.6 * duty * link * peak)
        assert flows["job_busy_s"] == pytest.approx(duty * link * 5 * STEP)
    assert case.sites.job_flop == pytest.approx(np.full(2, 0.4 * duty * link * peak))


def test_waiting_for_data_draws_no_power_for_work() -> None:
    """A job that waits and no job at all use the same energy."""
    waits, idle = steady(1, 1, steps=5, utilisation=0.4), steady(1, 1, steps=5)
    waits.sites.link[:] = 0.0
    for ours, theirs in zip(waits.run(5), idle.run(5), strict=True):
        assert named(ours)["consumed_J"] == named(theirs)["consumed_J"]


@thorough
@given(st.data())
def test_splitting_an_interval_changes_no_byte_of_the_state(data: st.DataObject) -> None:
    whole = data.draw(cases(10))
    parts = copy.deepcopy(whole)
    for case in (whole, parts):
        case.route(0, 10)
    one = named(whole.orbit(0, 10))
    ten = [named(parts.orbit(k, 1)) for k in range(10)]
    assert whole.state() == parts.state()
    for name, value in one.items():
        values = [flows[name] for flows in ten]
        if not name.endswith("max_K"):
            assert value == pytest.approx(sum(values), rel=1e-12, abs=1e-9)


@thorough
@given(cases(10))
def test_shares_of_blocks_change_no_byte(case: Case) -> None:
    other = copy.deepcopy(case)
    shares = [(block, block + 1) for block in reversed(range(case.blocks()))]
    for each in (case, other):
        each.route(0, 10)
    assert case.orbit(0, 10).tobytes() == other.orbit(0, 10, shares).tobytes()
    assert case.state() == other.state()


def test_satellites_do_not_feel_their_neighbours() -> None:
    """One satellite alone and the last of a block and a half: the same bytes."""
    alone, crowd = steady(1, steps=10), steady(BLOCK + 40, steps=10)
    crowd.around.illumination[:, :-1] = 0.0
    for case in (alone, crowd):
        case.orbit(0, 10)
    for mine, theirs in zip(
        (*alone.fleet, *alone.sites), (*crowd.fleet, *crowd.sites), strict=True
    ):
        assert mine[0] == theirs[-1]
    assert crowd.fleet.energy[0] < alone.fleet.energy[0]


def test_window_row_and_time_are_independent() -> None:
    """Row 7 of a window is used for step 7 of it, whatever the time."""
    case = steady(1, steps=9, sun=0.0)
    case.around.illumination[7] = 1.0
    made = [named(case.orbit(k, 1))["generated_J"] for k in range(9)]
    assert [value > 0.0 for value in made] == [k == 7 for k in range(9)]


def test_requests_of_an_engine_fit_its_service() -> None:
    """The service the cases use cannot beat the peak of the node they use."""
    peak = 989e12
    for batch in range(1, len(SERVICE.iteration)):
        assert SERVICE.token_flop * batch / SERVICE.iteration[batch] < peak
