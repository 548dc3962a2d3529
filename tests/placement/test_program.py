"""The linear program: closed forms, monotony, and GLOP on the same program."""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dawndusk.placement.outlook import Plant
from dawndusk.placement.program import Aims, Supply, Work, build, solve

GLOP = os.environ.get("GLOP_PYTHON", sys.executable)
"""A Python that has ortools, which cannot share a process with HiGHS."""

HOUR = 3600.0
PLANT = Plant(
    generation=10e3,
    housekeeping=1e3,
    idle=1e3,
    full=8e3,
    usable=18e6,
    charge_efficiency=0.9,
    discharge_efficiency=0.8,
    charge_limit=5e3,
    discharge_limit=20e3,
    sustained=1.0,
    peak=1e15,
)
PLAIN = Aims(late=20.0, unserved=100.0, price=0.0, haste=0.0)


def supply(slots=4, groups=1, **changes) -> Supply:
    given = {
        "length": np.full(slots, HOUR),
        "sites": np.full((slots, groups), 10.0),
        "light": np.ones((slots, groups)),
        "energy": np.full(groups, 10 * 18e6),
        "orbital": np.ones(groups, bool),
        "price": np.zeros(groups),
        "contact": np.full((slots, groups), np.inf),
    } | changes
    return Supply(**({"whole": given["sites"].max(axis=0)} | given))


def work(*rows) -> Work:
    """Classes as (hours left, nodes, worth, begin, due in hours, bytes a second)."""
    left, nodes, worth, begin, due, traffic = np.array(rows, float).T
    none = np.zeros(len(left))
    begin = begin.astype(np.int64)
    return Work(left * HOUR, nodes, worth, begin, due * HOUR, traffic, none, none)


def hours(given: Supply, asked: Work, serving=0.0, plant=PLANT, aims=PLAIN):
    """Node-hours on each class in each slot."""
    slots, groups = given.sites.shape
    program = build(given, asked, np.full(slots, serving), plant, aims)
    best, _, _ = solve(program)
    on_jobs = best[: len(asked.left) * slots * groups].reshape(-1, slots, groups)
    return on_jobs.sum(axis=2) * given.length / HOUR


def test_sunlit_sites_are_bound_by_their_number_then_the_job() -> None:
    assert hours(supply(), work((1e3, 99, 1, 0, np.inf, 0))).sum() == pytest.approx(40.0)
    assert hours(supply(), work((1e3, 7, 1, 0, np.inf, 0))).sum() == pytest.approx(28.0)
    assert hours(supply(), work((13, 7, 1, 0, np.inf, 0))).sum() == pytest.approx(13.0)


def test_in_the_dark_the_battery_is_all_there_is() -> None:
    """Energy × discharge efficiency over the power of a working node; the others are off."""
    dark = supply(light=np.zeros((4, 1)))
    expected = 10 * 18e6 * 0.8 / (9e3 * HOUR)
    assert hours(dark, work((1e3, 99, 1, 0, np.inf, 0))).sum() == pytest.approx(expected)


def test_light_now_is_work_later_at_the_battery_s_efficiencies() -> None:
    """A job that begins in the dark gets what one sunlit hour stored before."""
    given = supply(2, light=np.array([[1.0], [0.0]]), energy=np.zeros(1), sites=np.ones((2, 1)))
    stored = min(5e3 * 0.9 * HOUR, 18e6)
    expected = stored * 0.8 / (9e3 * HOUR)
    assert hours(given, work((9, 9, 1, 1, np.inf, 0))).sum() == pytest.approx(expected)


def test_the_discharge_limit_binds() -> None:
    weak = dataclasses.replace(PLANT, discharge_limit=3e3)
    dark = supply(1, light=np.zeros((1, 1)))
    got = hours(dark, work((99, 99, 1, 0, np.inf, 0)), plant=weak).sum()
    assert got == pytest.approx(10 * 3e3 / 9e3)


def test_what_is_due_comes_first_and_the_rest_is_not_lost() -> None:
    got = hours(supply(), work((20, 99, 1, 0, np.inf, 0), (20, 99, 1, 0, 2.0, 0)))
    assert got[1, :2].sum() == pytest.approx(20.0)
    assert got.sum() == pytest.approx(40.0)


def test_a_deadline_inside_a_slot_counts_the_part_before_it() -> None:
    got = hours(supply(1), work((9, 99, 1, 0, np.inf, 0), (4, 99, 1, 0, 0.5, 0)))
    assert got[1, 0] == pytest.approx(4.0)


def test_requests_come_before_jobs() -> None:
    assert hours(supply(), work((99, 99, 1, 0, np.inf, 0)), 4.0).sum() == pytest.approx(24.0)


def test_a_job_waits_for_its_first_slot() -> None:
    got = hours(supply(), work((99, 99, 1, 2, np.inf, 0)))
    assert got[0, :2].sum() == 0.0
    assert got.sum() == pytest.approx(20.0)


def test_running_work_stops_only_for_more_than_its_restart() -> None:
    """One node for one slot: 2 restarts of 180 s against the difference in worth."""
    for worth, first in ((1.05, 1.0), (1.5, 0.0)):
        asked = work((1, 1, 1, 0, np.inf, 0), (1, 1, worth, 0, np.inf, 0))
        held = asked._replace(held=np.array([1.0, 0.0]), restart=np.full(2, 180.0))
        got = hours(supply(1, sites=np.ones((1, 1))), held)
        assert got[0, 0] == pytest.approx(first, abs=1e-9)


def test_contacts_bind() -> None:
    """1 GB/s of results each node against 1 TB a slot."""
    given = supply(contact=np.full((4, 1), 1e12))
    got = hours(given, work((99, 99, 1, 0, np.inf, 1e9)))
    assert got.sum() == pytest.approx(4e12 / 1e9 / HOUR)


def test_orbit_comes_before_ground_that_costs() -> None:
    given = supply(
        groups=2,
        orbital=np.array([True, False]),
        price=np.array([0.0, 1.0]),
        light=np.array([[1.0, 0.0]] * 4),
    )
    slots, groups = given.sites.shape
    aims = Aims(haste=0.0)
    program = build(given, work((50, 99, 1, 0, np.inf, 0)), np.zeros(slots), PLANT, aims)
    best, _, _ = solve(program)
    by_group = best[: slots * groups].reshape(slots, groups).sum(axis=0)
    assert by_group == pytest.approx([40.0, 10.0])


def drawn(seed: int):
    """A random program of a few groups, slots and classes."""
    random = np.random.default_rng(seed)
    slots, groups, classes = random.integers(1, 6), random.integers(1, 4), random.integers(1, 5)
    orbital = random.random(groups) > 0.2
    given = Supply(
        length=random.choice([300.0, 900.0, 3600.0], slots),
        sites=np.tile(random.integers(1, 50, groups).astype(float), (slots, 1)),
        light=random.random((slots, groups)),
        energy=random.random(groups) * 18e6,
        orbital=orbital,
        price=np.where(orbital, 0.0, 1.0),
        contact=np.full((slots, groups), random.choice([np.inf, 1e12])),
        whole=np.full(groups, 50.0),
    )
    asked = Work(
        left=random.random(classes) * 1e5,
        nodes=random.integers(1, 60, classes).astype(float),
        worth=0.5 + 0.5 * random.random(classes),
        begin=random.integers(0, slots, classes),
        due=random.choice([600.0, 4e3, np.inf], classes),
        traffic=random.random(classes) * 1e8,
        held=random.integers(0, 30, classes).astype(float),
        restart=random.random(classes) * 600.0,
    )
    return given, asked, random.random(slots) * 5.0


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_more_of_anything_never_costs(seed: int) -> None:
    """But for what a further site loses while it is off, a thousandth of its idle power."""
    given, asked, serving = drawn(seed)
    before = solve(build(given, asked, serving, PLANT))[1]
    spare = 1e-3 * 2.0 / 8.0 * given.length.sum() / HOUR * len(given.energy)
    for more, off in (
        (given._replace(sites=given.sites + 1.0), spare),
        (given._replace(energy=given.energy + 1e6), 0.0),
        (given._replace(light=np.minimum(given.light + 0.1, 1.0)), 0.0),
    ):
        after = solve(build(more, asked, serving, PLANT))[1]
        assert after <= before + off + 1e-6 * max(1.0, abs(before))


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_where_the_solver_begins_does_not_matter(seed: int) -> None:
    """From the basis of a program with other light and charge, simplex or interior point."""
    given, asked, serving = drawn(seed)
    other = given._replace(light=given.light[::-1].copy(), energy=0.5 * given.energy)
    _, _, basis = solve(build(other, asked, serving, PLANT))
    program = build(given, asked, serving, PLANT)
    cold = solve(program)[1]
    assert solve(program, basis)[1] == pytest.approx(cold, rel=1e-7, abs=1e-7)
    assert solve(program, method="ipm")[1] == pytest.approx(cold, rel=1e-6, abs=1e-6)


def test_an_impossible_program_is_refused() -> None:
    program = build(supply(), work((1, 1, 1, 0, np.inf, 0)), np.zeros(4), PLANT)
    with pytest.raises(ValueError, match="program of placement ended Infeasible"):
        solve(program._replace(least=program.most + 1.0))


@pytest.mark.full
def test_the_cost_equals_glop_s(tmp_path: Path) -> None:
    """OR-Tools GLOP (Google), another simplex, in a process of its own."""
    if subprocess.run([GLOP, "-c", "import ortools"], capture_output=True, check=False).returncode:
        pytest.skip("ortools is not installed; GLOP_PYTHON may name a Python that has it")
    paths, ours = [], []
    for seed in range(25):
        program = build(*drawn(seed), PLANT)
        entries = program.matrix.tocoo()
        paths.append(tmp_path / f"{seed}.npz")
        np.savez(
            paths[-1],
            row=entries.row,
            column=entries.col,
            value=entries.data,
            **{k: v for k, v in program._asdict().items() if k != "matrix"},
        )
        ours.append(solve(program)[1])
    here = Path(__file__).parent / "glop.py"
    told = subprocess.run([GLOP, here, *paths], capture_output=True, check=True, text=True)
    np.testing.assert_allclose(ours, [float(line) for line in told.stdout.split()], rtol=1e-7)
