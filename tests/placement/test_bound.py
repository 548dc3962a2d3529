"""The bound: closed forms, and no policy's work exceeds it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dawndusk.placement.bound import Asked, _tangents, bound
from dawndusk.placement.outlook import Plant

PLANT = Plant(10e3, 1e3, 1e3, 8e3, 18e6, 0.9, 0.8, 5e3, 20e3, 1.0, 1e15, 1.0)
HOUR = 3600.0


def asked(*rows) -> Asked:
    """Jobs as (submit in h, deadline in h, node-hours, nodes)."""
    submit, deadline, work, nodes = np.array(rows, float).T
    rate = np.full(len(rows), 1e15)
    zero = np.zeros(len(rows))
    return Asked(submit * HOUR, deadline * HOUR, work * HOUR * 1e15, nodes, rate, zero)


def best(light, jobs, up=None, plant=PLANT, **changes):
    """Node-hours delivered at most, and the share in time."""
    light = np.array(light, float)
    found = bound(light, HOUR, np.ones(light.shape) if up is None else up, jobs, plant, **changes)
    return found.delivered / (HOUR * 1e15), found.on_time


def test_in_the_light_every_node_works_while_there_is_work() -> None:
    light = np.ones((4, 3))
    assert best(light, asked((0, np.inf, 99, 9)))[0] == pytest.approx(12.0, rel=1e-6)
    assert best(light, asked((0, np.inf, 99, 2)))[0] == pytest.approx(8.0, rel=1e-6)
    assert best(light, asked((0, np.inf, 5, 2)))[0] == pytest.approx(5.0, rel=1e-6)
    assert best(light, asked((3, np.inf, 99, 9)))[0] == pytest.approx(3.0, rel=1e-6)


def test_in_the_dark_the_battery_alone_is_there() -> None:
    expected = 0.5 * 18e6 * 0.8 / (9e3 * HOUR)
    got = best(np.zeros((4, 1)), asked((0, np.inf, 99, 9)), charge=0.5)[0]
    assert got == pytest.approx(expected, rel=1e-6)


def test_failures_are_known_in_advance() -> None:
    up = np.ones((4, 3))
    up[1:, 0] = 0.0
    got = best(np.ones((4, 3)), asked((0, np.inf, 99, 9)), up)[0]
    assert got == pytest.approx(9.0, rel=1e-6)


def test_what_can_be_in_time() -> None:
    """Two nodes, four node-hours due at one hour; later deadlines do not count."""
    jobs = asked((0, 1, 4, 4), (0, 9, 99, 9))
    delivered, in_time = best(np.ones((4, 2)), jobs)
    assert delivered == pytest.approx(8.0, rel=1e-6)
    assert in_time == pytest.approx(0.5, rel=1e-6)


def test_contacts_bind() -> None:
    """A gigabyte a node-hour through one gigabyte an hour."""
    jobs = asked((0, np.inf, 99, 9))._replace(traffic=np.array([99e9]))
    got = best(np.ones((4, 3)), jobs, contact=np.full((4, 3), 8e9 / HOUR / 3))[0]
    assert got == pytest.approx(4.0, rel=1e-6)


def test_ground_nodes_need_no_light() -> None:
    got = best(np.zeros((4, 0)), asked((0, np.inf, 99, 9)), np.ones((4, 2)), None)[0]
    assert got == pytest.approx(8.0, rel=1e-6)


@given(st.floats(1.0, 3.0), st.floats(0.0, 1.0))
def test_tangents_lie_below_the_power_of_every_clock(exponent: float, f: float) -> None:
    floor = 0.5 * (3.0 - exponent)
    power = f * (floor + (1.0 - floor) * f) ** 2
    assert max(slope * f + offset for slope, offset in _tangents(exponent)) <= power + 1e-12


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_no_schedule_exceeds_it(seed: int) -> None:
    """Random schedules that obey every limit, followed step by step on their own batteries."""
    random = np.random.default_rng(seed)
    satellites, slots = int(random.integers(1, 5)), int(random.integers(2, 7))
    light = random.random((slots, satellites))
    jobs = asked((0, np.inf, 99, 99), (1, np.inf, 2, 1))
    energy = np.full(satellites, 18e6)
    done = np.zeros(2)
    parts = 20
    for k in range(slots * parts):
        sun = light[k // parts]
        for i in range(satellites):
            works = random.random() < 0.7
            job = int(random.integers(0, 2)) if i == 0 and k >= parts and done[1] < 2 else 0
            load = PLANT.housekeeping + (PLANT.full if works else PLANT.idle)
            surplus = PLANT.generation * sun[i] - load
            dt = HOUR / parts
            if surplus >= 0.0:
                energy[i] = min(energy[i] + min(surplus, 5e3) * 0.9 * dt, 18e6)
            elif -surplus <= 20e3 and energy[i] * 0.8 >= -surplus * dt:
                energy[i] += surplus * dt / 0.8
            else:
                continue
            done[job] += works * dt / HOUR
    assert done.sum() <= best(light, jobs)[0] * (1.0 + 1e-6)
