"""Grants lose no fraction of a unit; bills come from whole numbers, never from a clock."""

import ast
import math
import time
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dawndusk.execution import budget
from dawndusk.execution.budget import COMPUTE, LINK, Account, Unit, Window

windows = st.builds(
    Window,
    st.floats(0.0, 1e4),
    st.floats(0.0, 1.0),
    st.floats(0.0, 1.0),
    st.floats(0.0, 1e10),
)
units = st.builds(Unit, st.floats(1e-3, 1e4), st.floats(0.0, 1e6), st.floats(0.0, 1e9))


@settings(max_examples=200)
@given(st.lists(windows, max_size=30), units)
def test_granted_units_are_the_whole_part_of_the_total_capacity(given_windows, unit):
    carry, granted, capacity = Fraction(0), 0, Fraction(0)
    for window in given_windows:
        found = budget.grant(carry, window, unit)
        assert found.units >= 0
        assert 0 <= found.carry < 1
        carry = found.carry
        granted += found.units
        capacity += found.capacity
    assert granted == math.floor(capacity)
    assert granted + carry == capacity


def test_a_thousand_windows_of_a_third_of_a_unit():
    """Added as floating numbers with the fraction carried, a thousand tenths give 99."""
    unit = Unit(10.0, 0.0, 0.0)
    carry, granted, sloppy = Fraction(0), 0, 0
    part = 0.0
    for _ in range(1000):
        found = budget.grant(carry, Window(1.0, 1.0, 1.0, 0.0), unit)
        carry, granted = found.carry, granted + found.units
        part += 1.0 / 10.0
        sloppy += int(part)
        part -= int(part)
    assert granted == 100
    assert carry == 0
    assert sloppy == 99


@settings(max_examples=100)
@given(windows, units, st.floats(1.0, 3.0))
def test_more_of_anything_never_grants_less(window, unit, factor):
    base = budget.grant(Fraction(0), window, unit).capacity
    assert base >= budget.grant(Fraction(0), window._replace(speed=0.0), unit).capacity == 0
    for name in ("duration", "speed", "rate"):
        more = window._replace(**{name: getattr(window, name) * factor})
        assert budget.grant(Fraction(0), more, unit).capacity >= base
    slower = unit._replace(duration=unit.duration * factor)
    assert budget.grant(Fraction(0), window, slower).capacity <= base


def test_hand_computed_windows():
    """600 s at 60 % clock, up 90 % of it, units of 2 s: 162; 1 Mbit/s and 1 MB a unit: 67.5."""
    window = Window(600.0, 0.6, 0.9, 1e6)
    found = budget.grant(Fraction(0), window, Unit(2.0, 0.0, 0.0))
    assert float(found.capacity) == pytest.approx(162.0, rel=1e-15)
    assert found.bound == COMPUTE
    found = budget.grant(Fraction(1, 2), window, Unit(2.0, 0.0, 1e6))
    assert (found.units, found.bound) == (68, LINK)
    assert float(found.capacity) == pytest.approx(67.5, rel=1e-15)
    dark = budget.grant(Fraction(1, 2), window._replace(rate=0.0), Unit(2.0, 0.0, 1.0))
    assert (dark.units, dark.carry, dark.bound) == (0, Fraction(1, 2), LINK)


@settings(max_examples=100)
@given(st.lists(st.integers(0, 1000), max_size=20), units, st.randoms())
def test_bill_is_the_same_to_the_last_digit_however_the_work_is_cut(done, unit, random):
    whole = budget.settle(Account(), sum(done), sum(done))
    parts = Account()
    random.shuffle(done)
    for executed in done:
        parts = budget.settle(parts, executed, executed)
    assert budget.bill(parts, unit) == budget.bill(whole, unit)
    assert budget.bill(whole, unit).duration == sum(done) * unit.duration


def test_what_is_not_executed_is_seen():
    account = budget.settle(budget.settle(Account(), 10, 7), 5, 5)
    assert budget.bill(account, Unit(2.0, 3.0, 4.0)) == (24.0, 36.0, 48.0, 3)


def test_no_clock_is_read(monkeypatch):
    """Neither imported nor called: the module knows fractions and named tuples only."""
    tree = ast.parse(Path(budget.__file__).read_text(encoding="utf-8"))
    imported = {
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module] if isinstance(node, ast.ImportFrom) else [n.name for n in node.names]
        )
    }
    assert imported == {"fractions", "typing"}

    def refuse(*_):
        raise AssertionError("a clock was read")

    for name in ("time", "monotonic", "perf_counter", "process_time", "time_ns"):
        monkeypatch.setattr(time, name, refuse)
    found = budget.grant(Fraction(0), Window(60.0, 1.0, 1.0, 0.0), Unit(1.5, 2.0, 0.0))
    bill = budget.bill(budget.settle(Account(), found.units, found.units), Unit(1.5, 2.0, 0.0))
    assert bill == (60.0, 80.0, 0.0, 0)


@pytest.mark.parametrize(
    ("carry", "window", "unit", "fault"),
    [
        (Fraction(1), Window(1, 1, 1, 1), Unit(1, 1, 0), "carry: 1; allowed"),
        (Fraction(0), Window(-1, 1, 1, 1), Unit(1, 1, 0), "duration: -1"),
        (Fraction(0), Window(1, float("nan"), 1, 1), Unit(1, 1, 0), "speed: nan"),
        (Fraction(0), Window(1, 1, 1.5, 1), Unit(1, 1, 0), "available: 1.5; allowed: 0 to 1"),
        (Fraction(0), Window(1, 1, 1, float("inf")), Unit(1, 1, 0), "rate: inf"),
        (Fraction(0), Window(1, 1, 1, 1), Unit(0, 1, 0), "a unit of 0 s"),
        (Fraction(0), Window(1, 1, 1, 1), Unit(1, 1, -1), "-1 bytes"),
    ],
)
def test_impossible_windows_are_refused(carry, window, unit, fault):
    with pytest.raises(ValueError, match=fault):
        budget.grant(carry, window, unit)


@pytest.mark.parametrize("executed", [-1, 11])
def test_an_executor_cannot_run_ahead(executed):
    with pytest.raises(ValueError, match="0 to the 10 granted"):
        budget.settle(Account(), 10, executed)
