"""Lookahead: it sees eclipses and deadlines coming, and nothing else of the future."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dawndusk.placement import lookahead as module
from dawndusk.placement.conformance import _situation, check
from dawndusk.placement.lookahead import _drain, lookahead
from dawndusk.placement.outlook import Plant

from .situations import present

PLANT = Plant(
    generation=10e3,
    housekeeping=1e3,
    idle=1e3,
    full=8e3,
    usable=9e6,
    charge_efficiency=0.95,
    discharge_efficiency=0.95,
    charge_limit=5e3,
    discharge_limit=20e3,
    sustained=1.0,
    peak=1e15,
    exponent=2.1,
)
ROWS, SLOT = 36, 300.0


def ahead(light, jobs=(), work=1e18, charge=1.0, **changes):
    """A present with light (rows, satellites) to come and jobs of 1e15 FLOP/s a node."""
    light = np.array(light, float)
    satellites = light.shape[1]
    ground = changes.pop("ground", 0)
    outlook, view = present(satellites, ground, jobs, illumination=light[0], **changes)
    count = len(view.job_active)
    orbital = np.arange(satellites + ground) < satellites
    outlook = dataclasses.replace(outlook, slot=SLOT, sunlight=light, plant=PLANT)
    full = np.broadcast_to(np.asarray(charge, float), satellites + ground)
    return outlook, dataclasses.replace(
        view,
        charge=np.where(orbital, full, 1.0),
        energy=np.where(orbital, full * PLANT.usable, 0.0),
        job_remaining=np.broadcast_to(np.asarray(work, float), count).copy(),
        job_rate=np.full(count, 1e15),
        job_restart=np.full(count, 180.0),
    )


def orbits(phases, dark=0.35, rows=ROWS):
    """Light of satellites that enter a shadow of that share of 18 rows at their phases."""
    row = (np.arange(rows)[:, None] - np.array(phases)[None, :]) % 18
    return (row >= dark * 18).astype(float)


def test_conforms() -> None:
    check(lookahead, situations=200)


def test_it_says_how_far_it_looks() -> None:
    assert lookahead.ahead == module.AHEAD >= 2 * 5400.0


def test_a_gang_takes_satellites_that_stand_still_together() -> None:
    """Six satellites dark now, six dark later, in turn: a gang of six takes one kind."""
    phases = [0, 9] * 6
    jobs = [(6, True, True, np.inf)]
    decision = lookahead(*ahead(orbits(phases), jobs, charge=0.0, work=1e21))
    chosen = np.flatnonzero(decision.job_of_site == 0)
    assert len(chosen) == 6
    assert len({phases[site] for site in chosen}) == 1


def test_a_gang_takes_satellites_that_stay_in_the_light() -> None:
    light = orbits([0, 3, 6, 9, 12, 15, 0, 3])
    light[:, [2, 5, 6]] = 1.0
    decision = lookahead(*ahead(light, [(3, True, True, np.inf)], charge=0.2, work=1e21))
    assert np.flatnonzero(decision.job_of_site == 0).tolist() == [2, 5, 6]


def test_running_jobs_stay_where_nothing_is_gained() -> None:
    light = np.ones((ROWS, 8))
    jobs = [(3, True, True, np.inf), (2, False, True, np.inf)]
    now = np.array([-1, 0, -1, 0, 1, 0, 1, -1], np.int32)
    decision = lookahead(*ahead(light, jobs, work=1e21, job_of_site=now))
    assert decision.job_of_site.tolist() == now.tolist()


def test_a_gang_that_lost_a_site_gets_another_and_keeps_the_rest() -> None:
    jobs = [(3, True, True, np.inf)]
    now = np.array([0, 0, 0, -1, -1], np.int32)
    up = np.array([True, False, True, True, True])
    situation = ahead(np.ones((ROWS, 5)), jobs, work=1e21, job_of_site=now, available=up)
    placed = lookahead(*situation).job_of_site
    assert placed[[0, 2]].tolist() == [0, 0]
    assert placed[1] == -1
    assert (placed == 0).sum() == 3


def test_a_gang_leaves_satellites_that_are_about_to_fail_it() -> None:
    """Members soon dark without charge, others in light for hours."""
    light = np.ones((ROWS, 8))
    light[1:, :3] = 0.0
    now = np.array([0, 0, 0, -1, -1, -1, -1, -1], np.int32)
    jobs = [(3, True, True, np.inf)]
    placed = lookahead(*ahead(light, jobs, charge=0.0, work=1e21, job_of_site=now)).job_of_site
    assert not (placed[:3] == 0).any()
    assert (placed[3:] == 0).sum() == 3


@pytest.mark.parametrize("free", [2, 3])
def test_a_waiting_gang_is_not_locked_out_by_batches_without_haste(free: int) -> None:
    """Greedy leaves batches where they run, and the gang of six never finds six free sites.

    With two free sites the program would run a third of the gang, so whole or not is compared.
    """
    jobs = [(6, True, True, np.inf)] + [(1, False, True, 86400.0)] * 6
    now = np.array([1, 2, 3, 4, 5, 6] + [-1] * free, np.int32)
    work = [1e21] + [4e18] * 6
    situation = ahead(np.ones((ROWS, 6 + free)), jobs, work=work, job_of_site=now)
    assert (lookahead(*situation).job_of_site == 0).sum() == 6


def test_a_deadline_near_stops_a_job_that_has_none() -> None:
    jobs = [(2, False, True, np.inf), (2, False, True, 3600.0)]
    now = np.array([0, 0], np.int32)
    work = [1e21, 2 * 3000.0 * 1e15]
    situation = ahead(np.ones((ROWS, 2)), jobs, work=work, job_of_site=now)
    assert lookahead(*situation).job_of_site.tolist() == [1, 1]


def test_overload_stops_the_latest_deadline_and_not_all_in_turn() -> None:
    """Three jobs of equal haste on two nodes: those that run with the nearer deadlines stay."""
    jobs = [(1, False, True, 40_000.0), (1, False, True, 41_000.0), (1, False, True, 42_000.0)]
    now = np.array([0, 1], np.int32)
    situation = ahead(np.ones((ROWS, 2)), jobs, work=3.9e19, job_of_site=now)
    assert lookahead(*situation).job_of_site.tolist() == [0, 1]


def test_what_cannot_be_in_time_stops_nothing() -> None:
    jobs = [(2, False, True, np.inf), (2, False, True, 3600.0)]
    now = np.array([0, 0], np.int32)
    situation = ahead(np.ones((ROWS, 2)), jobs, work=[1e21, 1e21], job_of_site=now)
    assert lookahead(*situation).job_of_site.tolist() == [0, 0]


def test_batches_move_from_empty_satellites_to_charged_ones() -> None:
    light = np.full((ROWS, 4), 0.3)
    now = np.array([0, 0, -1, -1], np.int32)
    situation = ahead(
        light, [(2, False, True, np.inf)], charge=[0.0, 0.0, 1.0, 1.0], work=1e21, job_of_site=now
    )
    assert (lookahead(*situation).job_of_site[2:] == 0).any()


def test_requests_gather_outside_the_gang() -> None:
    jobs = [(4, True, True, np.inf)]
    outlook, view = ahead(np.ones((ROWS, 8)), jobs, work=1e21)
    decision = lookahead(outlook, dataclasses.replace(view, request_load=0.5))
    serving = decision.weights > 0.0
    assert 0 < serving.sum() <= 3
    assert not (serving & (decision.job_of_site == 0)).any()


def test_sites_that_serve_take_no_job_that_leaves_no_memory() -> None:
    jobs = [(1, False, True, np.inf)] * 8
    outlook, view = ahead(np.ones((ROWS, 4)), jobs, work=1e21)
    alone = dataclasses.replace(view, job_exclusive=np.ones(8, bool), request_load=0.3)
    decision = lookahead(outlook, alone)
    assert (decision.weights > 0.0).any()
    assert (decision.job_of_site[decision.weights > 0.0] == -1).all()


def test_dark_empty_satellites_serve_nobody_when_others_can() -> None:
    light = np.ones((ROWS, 4))
    light[0, :2] = 0.0
    decision = lookahead(*ahead(light, charge=[0.0, 0.0, 1.0, 1.0]))
    assert not decision.weights[:2].any()


def test_an_origin_out_of_reach_of_servers_gets_a_site_that_it_reaches() -> None:
    outlook, view = ahead(np.ones((ROWS, 4)))
    latency = np.array([[0.01, 0.01, 0.01, np.inf], [np.inf, np.inf, np.inf, 0.01]])
    decision = lookahead(
        dataclasses.replace(outlook, latency=latency),
        dataclasses.replace(view, request_origin_share=np.array([0.9, 0.1])),
    )
    assert decision.weights_by_origin[1].tolist()[:3] == [0.0, 0.0, 0.0]
    assert (decision.weights_by_origin.max(axis=1) > 0.0).all()


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_jobs_to_come_change_nothing(seed: int) -> None:
    """Blank rows, which stand for jobs not yet submitted, leave the decision as it is."""
    outlook, view = _situation(seed)
    more = np.random.default_rng(seed).integers(1, 9)
    blank = {
        name: np.concatenate([getattr(view, name), np.zeros(more, getattr(view, name).dtype)])
        for name in view.__slots__
        if name.startswith("job_") and name != "job_of_site"
    }
    blank["job_deadline"][len(view.job_deadline) :] = np.inf
    longer = dataclasses.replace(view, **blank)
    one, other = lookahead(outlook, view), lookahead(outlook, longer)
    assert np.array_equal(one.weights, other.weights)
    assert np.array_equal(one.job_of_site, other.job_of_site)


def test_what_came_before_does_not_change_an_answer() -> None:
    """The basis kept from other situations speeds the next up but does not turn it."""
    situations = [_situation(seed) for seed in range(40)]
    first = [lookahead(*situation).job_of_site for situation in situations]
    again = [lookahead(*situation).job_of_site for situation in situations[::-1]][::-1]
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))


def drained(light, energy, steps=1):
    """The shortfall by `_drain`."""
    light = np.repeat(np.array(light, float)[:, None], steps, axis=0)
    short = np.zeros((len(light), 1))
    _drain(
        light,
        np.array([energy]),
        SLOT / steps,
        PLANT.generation,
        PLANT.housekeeping,
        PLANT.idle,
        PLANT.full,
        PLANT.usable,
        (PLANT.charge_efficiency, PLANT.discharge_efficiency),
        (PLANT.charge_limit, PLANT.discharge_limit),
        0.5 * (3.0 - PLANT.exponent),
        short,
    )
    return short[:, 0]


def test_a_battery_lasts_as_long_as_its_energy_over_the_load() -> None:
    """9 MJ × 0.95 over 9 kW is 950 s: three rows, and a sixth of the fourth."""
    short = drained(np.zeros(6), PLANT.usable)
    assert short[:3].tolist() == [0.0, 0.0, 0.0]
    assert 0.0 < short[3] <= 1.0
    assert short[4:].tolist() == [1.0, 1.0]


def test_the_clock_falls_with_the_cube_of_its_power() -> None:
    """Half light: 5 kW less 2 kW idle of 7 kW dynamic, by bisection of f·V²."""
    low, high, floor = 0.0, 1.0, 0.45
    for _ in range(60):
        middle = 0.5 * (low + high)
        power = middle * (floor + (1.0 - floor) * middle) ** 2
        low, high = (middle, high) if power < 3.0 / 7.0 else (low, middle)
    assert 1.0 - drained([0.5], 0.0)[0] == pytest.approx(low, rel=1e-12)


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=12), st.floats(0.0, 9e6))
def test_more_energy_never_means_less_clock(light, energy) -> None:
    more = drained(light, min(energy + 1e5, PLANT.usable))
    assert (more.sum() <= drained(light, energy).sum() + 1e-9).all()
