"""What policies know ahead: sunlight, contact and the plant, by hand for the shipped cluster."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import brentq

from dawndusk.connections import ISL, Connections
from dawndusk.forecast import Forecast
from dawndusk.loop import node_of
from dawndusk.placement.outlook import Plant
from dawndusk.prospect import Prospect, _shared, plant
from dawndusk.scenario import load
from tests.links_case import CLEAR_SKY, EVERY_HOUR, NO_JOBS, WALKER, view
from tests.system.whole_run import Prepared, prepare

SLOT = 300.0
BOLTZMANN = 5.670374419e-8
BACKGROUND = 2.725


def prepared(*overrides: str) -> tuple[Prepared, Connections]:
    ready = prepare(load("suncatcher", ["time.duration=3 h", NO_JOBS, *overrides]))
    return ready, Connections(ready.scenario, ready.plan, ready.ahead, 0, 1)


def prospect(ready: Prepared, net: Connections | None, ahead: float = 3_600.0) -> Prospect:
    return Prospect(ready.scenario, ready.plan, ready.ahead, net, SLOT, ahead)


def test_sunlight_is_the_mean_over_each_slot() -> None:
    """Five steps of a minute to a slot; penumbra is passed in ten seconds of each eclipse."""
    ready, _ = prepared(*WALKER)
    sunlight, contact = prospect(ready, None, 2.5 * 3_600.0).ahead(1_500.0, None)
    start = ready.scenario.time.start
    window = Forecast(ready.plan.elements, start, 60.0, threads=1).window(25, 25 + 150)
    assert sunlight.shape == (30, 36)
    assert contact.shape == (0, 0)
    np.testing.assert_allclose(
        sunlight, window.illumination.reshape(30, 5, 36).mean(axis=1), atol=2e-3
    )
    assert 0.0 < np.count_nonzero((sunlight > 0.02) & (sunlight < 0.98)) < 0.3 * sunlight.size


@pytest.mark.parametrize("orbit", [WALKER, ()], ids=["walker", "cluster"])
def test_it_rolls_without_a_trace_of_earlier_decisions(orbit: tuple[str, ...]) -> None:
    """Many decisions, missed ones, a jump far ahead and one back: always what is ahead of now."""
    ready, net = prepared(*orbit, "network.link_uptime=0.5", "network.terminal=starlink-mini-laser")
    rolling = prospect(ready, net)
    times = [*np.arange(0.0, 40 * SLOT, SLOT), 45 * SLOT, 49 * SLOT, 200 * SLOT, 3 * SLOT, 4 * SLOT]
    for time in times:
        seen = view(net, time)
        fresh = prospect(ready, net).ahead(time, seen)
        for known, anew in zip(rolling.ahead(time, seen), fresh, strict=True):
            assert known.shape == anew.shape == (12, net.satellites)
            assert known.tobytes() == anew.tobytes(), time


def test_a_run_that_goes_on_later_expects_the_same_contact() -> None:
    """Links between satellites as they are now count, not as they were when slots were added."""
    ready, net = prepared(*WALKER)
    seen = view(net, 0.0)
    cut = replace(seen, rate=np.where(seen.kinds == ISL, 0.0, seen.rate))
    rolling = prospect(ready, net)
    whole = rolling.ahead(0.0, seen)[1].copy()
    resumed = prospect(ready, net).ahead(SLOT, cut)[1]
    assert rolling.ahead(SLOT, cut)[1].tobytes() == resumed.tobytes()
    assert (resumed[:-1] != whole[1:]).any()


@pytest.mark.parametrize("topology", ["none", "plus_grid"])
def test_contact_adds_up_to_what_stations_take_in(topology: str) -> None:
    """In each slot, whoever sends it: the links of stations as a look in mid-slot shows them."""
    ready, net = prepared(*WALKER, f"network.topology={topology}", CLEAR_SKY, EVERY_HOUR)
    contact = prospect(ready, net).ahead(0.0, view(net, 0.0))[1]
    assert contact.shape == (12, 36)
    for slot, row in enumerate(contact):
        seen = view(net, slot * SLOT)
        up = seen.edges[:, 1] < net.satellites + net.ground.stations
        up &= (seen.edges[:, 1] >= net.satellites) & (seen.edges[:, 0] < net.satellites)
        own = np.bincount(seen.edges[up, 0], seen.rate[up], 36)
        assert own.sum() > 0.0
        assert row.sum() == pytest.approx(own.sum(), rel=1e-12)
        if topology == "none":
            np.testing.assert_allclose(row, own, rtol=1e-12)
        else:
            np.testing.assert_allclose(row, own.mean(), rtol=1e-9)


@given(
    arrays(float, (3, 5), elements=st.floats(0.0, 1e11)),
    arrays(float, st.integers(1, 6), elements=st.floats(0.0, 1e11)),
)
def test_satellites_lend_each_other_what_they_have_above_the_mean(own, between) -> None:
    shared = _shared(own, between)
    fair = own.mean(axis=1, keepdims=True)
    bit = 1e-6 * fair + 1e-9
    np.testing.assert_allclose(shared.sum(axis=1), own.sum(axis=1), rtol=1e-9, atol=1e-6)
    assert (shared >= np.minimum(own, fair) - bit).all()
    lent = shared > own + bit
    assert (shared <= np.maximum(own, np.minimum(fair, np.median(between))) + bit).all()
    assert not (lent & (own > fair)).any()
    np.testing.assert_array_equal(_shared(own, between[:0]), own)


def test_contact_knows_clouds_only_by_their_long_run_share() -> None:
    """Whatever the seed draws; light counts with each station's clear share, radio in full."""
    told = []
    for seed in (1, 2):
        ready, net = prepared(
            *WALKER,
            "network.topology=none",
            "network.ground_terminal=optical-ground",
            f"time.seed={seed}",
        )
        sky = net.weather_at(net.begin(), 1_800.0)
        told.append(prospect(ready, net).ahead(1_800.0, net.look(1_800.0, sky))[1])
    assert told[0].tobytes() == told[1].tobytes()
    edges, _, _, rate, _ = net.downlinks(1_950.0, None)
    share = {
        net.satellites + place: station.cloud_free
        for place, station in enumerate(ready.scenario.stations)
    }
    wanted = np.zeros(36)
    for (satellite, station), bits in zip(edges.tolist(), rate.tolist(), strict=True):
        wanted[satellite] += bits * share[station]
    np.testing.assert_allclose(told[0][0], wanted, rtol=1e-12)
    assert 0.0 < wanted.sum() < rate.sum()


def of(*overrides: str, irradiance: float = 1361.0) -> tuple[Plant, Prepared]:
    ready = prepare(load("suncatcher", [NO_JOBS, "time.duration=1 h", *overrides]))
    node = node_of(ready.scenario, ready.asked)
    return plant(ready.scenario, ready.plan, node, irradiance), ready


def test_the_plant_of_suncatcher() -> None:
    """Sizes and prices of the design, 56 TPU v6e of 60 to 225 W, and heat balances solved anew."""
    found, ready = of(irradiance=1320.0)
    assert found.housekeeping == pytest.approx(2_300.0 + 2_800.0)
    assert found.idle == pytest.approx(56 * 60.0)
    assert found.full == pytest.approx(56 * 225.0)
    assert found.peak == pytest.approx(56 * 918e12)
    assert found.exponent == 2.1
    capacity = ready.scenario.satellite.battery.capacity
    assert found.usable == pytest.approx((0.4 - 0.05) * capacity)
    assert found.charge_efficiency == found.discharge_efficiency == 0.95
    assert found.charge_limit == pytest.approx(capacity / 7_200.0)
    assert found.discharge_limit == pytest.approx(capacity / 3_600.0)
    earth = 239.0 * ready.plan.array_view.mean()

    def efficiency(kelvin: float) -> float:
        return 0.22 * (1.0 - 0.0035 * (kelvin - 301.15))

    def surplus(kelvin: float) -> float:
        taken = (0.92 - 0.9 * efficiency(kelvin)) * 1320.0 + 0.9 * earth
        return taken - (0.85 + 0.9) * BOLTZMANN * (kelvin**4 - BACKGROUND**4)

    panel = brentq(surplus, 200.0, 500.0)
    wanted = 1320.0 * 104.96 * 0.9 * efficiency(panel) * 0.99 * 0.95
    assert found.generation == pytest.approx(wanted, rel=1e-5)


def die(ready: Prepared, found: Plant, clock: float) -> float:
    """Temperature at rest in full sunlight, Sun 60° off the zenith, by hand [K]."""
    heat = found.idle + (found.full - found.idle) * clock**found.exponent
    thermal, view_of_earth = ready.scenario.satellite.thermal, ready.plan.radiator_view.mean()
    area = ready.plan.radiator_area_m2
    sun = 1361.0 * (abs(np.cos(thermal.sun_angle)) + 0.3 * 0.5 * view_of_earth)
    taken = area * (thermal.absorptivity * sun + thermal.emissivity * 239.0 * view_of_earth)
    emitted = 2.0 * area * thermal.emissivity * BOLTZMANN
    flow = heat + found.housekeeping
    radiator = ((flow + taken) / emitted + BACKGROUND**4) ** 0.25
    loop = radiator + flow / thermal.loop_conductance
    return float(loop + heat / thermal.die_conductance)


def test_heat_bounds_the_clock_for_hours() -> None:
    enough, ready = of()
    assert die(ready, enough, 1.0) < ready.scenario.satellite.thermal.throttle_temperature
    assert enough.sustained == 1.0
    sizes = {}
    for area in ("12 m²", "10 m²"):
        found, ready = of(f"satellite.thermal.radiator_area={area}")
        throttle = ready.scenario.satellite.thermal.throttle_temperature
        assert die(ready, found, found.sustained) == pytest.approx(throttle, abs=1e-3)
        sizes[area] = found.sustained
    assert 0.0 < sizes["10 m²"] < sizes["12 m²"] < 1.0


def test_it_ages_with_the_satellite() -> None:
    new, _ = of()
    old, ready = of("satellite.age=3 yr")
    assert old.generation < 0.97 * new.generation
    assert old.usable == pytest.approx(
        0.35 * ready.plan.battery_capacity_J * ready.plan.battery_factor
    )
    assert ready.plan.battery_factor < 0.99
