"""The table of elements cannot be changed and knows its length."""

import dataclasses

import numpy as np
import pytest

from dawndusk.elements import Elements


def table(n: int) -> Elements:
    angles = [np.linspace(0.0, 1.0, n) + k for k in range(4)]
    names = tuple(f"sat-{k}" for k in range(n))
    return Elements(names, np.arange(n), np.zeros(n), np.full(n, 1e-3), np.zeros(n), *angles)


@pytest.mark.parametrize("n", [0, 1, 7])
def test_length_is_the_number_of_satellites(n: int) -> None:
    elements = table(n)
    assert len(elements) == n
    for field in dataclasses.fields(elements):
        assert len(getattr(elements, field.name)) == n


def test_columns_cannot_be_exchanged() -> None:
    elements = table(3)
    for field in dataclasses.fields(elements):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(elements, field.name, None)
