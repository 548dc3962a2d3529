"""Halving the step changes no value of the summary by more than 0.5 %."""

import math
from typing import Any

import pytest

from dawndusk.scenario import load
from tests.system.whole_run import leaves, prepare

TOLERANCE = 5e-3

OWN_WORK = "performance."
"""Counts of the program's own work: twice the steps, and whatever time they took."""

ROUNDING = "residual_relative"
"""What rounding leaves of a balance; `test_balances` bounds it."""

CHANCES = ("dropped", "failed")
"""Few of many requests, those in hand when a fault strikes or at the end of their patience:
which ones is chance, so these counts are held to its scatter."""


MILLIONTH = 1e-6
"""Of a balance, below which a part of it is nothing."""


def summary(name: str, *overrides: str) -> dict[str, Any]:
    ready = prepare(load(name, overrides))
    orbit = ready.orbit()
    return leaves(ready.settled(orbit).summary)


def changes(name: str, step: float, *overrides: str) -> dict[str, tuple[float, float]]:
    """Values that differ by more than the tolerance, with the step and with half of it."""
    full, half = (
        summary(name, f"time.step={seconds} s", *overrides) for seconds in (step, step / 2.0)
    )
    assert full.keys() == half.keys()
    found = {}
    for path, value in full.items():
        other = half[path]
        if path.startswith(OWN_WORK) or path.endswith(ROUNDING):
            continue
        if isinstance(value, str | bool | None):
            assert value == other, path
        elif path.endswith(CHANCES) and abs(value - other) <= 4.0 * math.sqrt(max(value, other)):
            continue
        elif abs(value - other) > MILLIONTH * whole(full, path) and not math.isclose(
            value, other, rel_tol=TOLERANCE
        ):
            found[path] = (value, other)
    return found


def whole(values: dict[str, Any], path: str) -> float:
    """What a value is a part of, zero where it stands for itself.

    What a battery holds more after a day than before is the small difference of large
    flows, and a loss of some FLOP is none: parts count against their balance.
    """
    if ".parts." in path:
        return float(values[path.partition(".parts.")[0] + ".offered"])
    if ".losses." in path:
        return 1.0
    for field, of in (
        (".loss_FLOP", "compute.delivered_FLOP"),
        ("stored_change_J", "energy.generated_J"),
    ):
        if path.endswith(field):
            side = "ground." if path.startswith("ground.") else ""
            return float(values[side + of])
    return 0.0


@pytest.mark.parametrize(("name", "step"), [("suncatcher", 60.0), ("starcloud-1", 30.0)])
def test_half_the_step(name: str, step: float) -> None:
    assert changes(name, step, "time.duration=1 day") == {}
