"""Books of the coordinator: lengths of exchanges, measurements over stretches of units."""

import math

import numpy as np
import pytest

from dawndusk.execution.training.state import Event, together


def test_measurements_are_means_over_units_and_largest_values():
    found = together([(1, {"loss": 4.0, "norm_max": 1.0}), (3, {"loss": 2.0, "norm_max": 0.5})])
    assert found == {"loss": pytest.approx(2.5), "norm_max": 1.0}


@pytest.mark.parametrize("order", [1, -1])
def test_what_is_no_number_is_not_hidden(order):
    parts = [(1, {"loss": math.nan, "norm_max": math.nan}), (9, {"loss": 1.0, "norm_max": 2.0})]
    found = together(parts[::order])
    assert math.isnan(found["loss"])
    assert math.isnan(found["norm_max"])


def test_the_length_is_known_at_every_stage():
    five = np.zeros(5, np.float32)
    assert Event(3, 0, {1: five}).length == 5
    assert Event(3, 0, {}, {1: five}).length == 5
    assert Event(3, 0, result=five).length == 5
