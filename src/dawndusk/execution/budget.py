"""Work units that a node may execute in a window, and what they cost in virtual time.

The design's accelerator, not the machine that runs the simulation, says how long a unit takes:
no function here reads a clock. Capacity is added exactly, so that no fraction of a unit is lost
or made by rounding, however a run is cut into windows.
"""

from fractions import Fraction
from typing import NamedTuple

COMPUTE, LINK = "compute", "link"
"""What a window is bound by."""


class Unit(NamedTuple):
    """One unit of work on the design's accelerators, from a roofline."""

    duration: float
    """At full clock [s]."""
    energy: float
    """Above idling, at full clock [J]."""
    exchange: float
    """Sent over the links for it [bytes]."""


class Window(NamedTuple):
    """What the orbit leaves a node in one window."""

    duration: float
    """Of the window [s]."""
    speed: float
    """Share of the full clock that power and heat allow [-]."""
    available: float
    """Share of the window in which the node is up [-]."""
    rate: float
    """Mean rate of its links to the other workers [bit/s]."""


class Grant(NamedTuple):
    """Units that may be executed."""

    units: int
    """Whole units in this window [-]."""
    carry: Fraction
    """Part of a unit that is kept for the next window, 0 to below 1 [-]."""
    capacity: Fraction
    """Units of this window, before the carry [-]."""
    bound: str
    """`COMPUTE` or `LINK` [-]."""


class Account(NamedTuple):
    """Units of a node so far."""

    granted: int = 0
    """That it was allowed [-]."""
    executed: int = 0
    """That it did [-]."""


class Bill(NamedTuple):
    """What an account comes to."""

    duration: float
    """Of the work at full clock [s]."""
    energy: float
    """Of the work above idling [J]."""
    exchange: float
    """Sent over the links [bytes]."""
    unused: int
    """Units granted and not executed [-]."""


def grant(carry: Fraction, window: Window, unit: Unit) -> Grant:
    """Whole units of a window; the rest is carried over.

    A window has capacity duration · available · speed / unit's duration, or what its links
    carry if that is less.

    Args:
        carry: part of a unit left over by the windows before, 0 at the start [-]
        window: what the orbit leaves [object]
        unit: what one unit takes [object]
    Returns:
        grant; over all windows the units are the whole part of the sum of capacities [object]
    Raises:
        ValueError: when the window, the unit or the carry is impossible
    Neglects:
        a unit begun in one window may be counted in the next, at most one a node; bytes that
        links could have carried in a window bound by compute do not wait
    Source:
        error-free accumulation: binary floating numbers are fractions
    """
    _refuse(carry, window, unit)
    seconds = Fraction(window.duration) * Fraction(window.available)
    capacity, bound = seconds * Fraction(window.speed) / Fraction(unit.duration), COMPUTE
    if unit.exchange > 0.0:
        carried = seconds * Fraction(window.rate) / (8 * Fraction(unit.exchange))
        if carried < capacity:
            capacity, bound = carried, LINK
    total = carry + capacity
    units = total.numerator // total.denominator
    return Grant(units, total - units, capacity, bound)


def settle(account: Account, granted: int, executed: int) -> Account:
    """Enter what was allowed and what was done in a window.

    Args:
        account: before the window [object]
        granted: units allowed [-]
        executed: units done [-]
    Returns:
        account after it [object]
    Raises:
        ValueError: when more is done than was allowed, or less than nothing
    Neglects:
        nothing
    Source:
        none: bookkeeping in whole numbers
    """
    if not 0 <= executed <= granted:
        raise ValueError(
            f"budget.executed: {executed} units; allowed: 0 to the {granted} granted; an executor "
            "must not run ahead of virtual time"
        )
    return Account(account.granted + granted, account.executed + executed)


def bill(account: Account, unit: Unit) -> Bill:
    """Virtual time, energy and bytes of executed units.

    From whole numbers alone: the same units give the same bill to the last digit, however they
    were spread over windows and however long the host took.

    Args:
        account: units so far [object]
        unit: what one unit takes [object]
    Returns:
        bill [object]
    Neglects:
        idling and host power, billed by the window; a clock below full takes longer and less
        energy: the unit is billed at full clock
    Source:
        none: units times what one takes
    """
    return Bill(
        account.executed * unit.duration,
        account.executed * unit.energy,
        account.executed * unit.exchange,
        account.granted - account.executed,
    )


def _refuse(carry: Fraction, window: Window, unit: Unit) -> None:
    if not 0 <= carry < 1:
        raise ValueError(f"budget.carry: {carry}; allowed: 0 to below 1; give the last grant's")
    if not (0.0 < unit.duration < float("inf") and 0.0 <= unit.exchange < float("inf")):
        raise ValueError(
            f"budget: a unit of {unit.duration:g} s and {unit.exchange:g} bytes; allowed: above 0 "
            "and at least 0, finite; correct them"
        )
    for name in ("duration", "speed", "available", "rate"):
        value = getattr(window, name)
        if not 0.0 <= value < float("inf"):
            raise ValueError(f"budget.{name}: {value:g}; allowed: at least 0, finite; correct it")
    if window.available > 1.0:
        raise ValueError(f"budget.available: {window.available:g}; allowed: 0 to 1; correct it")
