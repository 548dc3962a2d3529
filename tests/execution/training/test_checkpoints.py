"""Checkpoints as files: what goes in comes out, to the bit; damage is seen."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dawndusk.execution.training.checkpoints import Checkpoint, unpack


def example():
    outer = np.array([[1.0, np.nan], [-0.0, np.inf]], np.float32)
    return Checkpoint(outer, {0: (7, 7), 3: (7, 2)}, {0: b"\x00state", 3: b""})


@settings(max_examples=40)
@given(
    st.dictionaries(st.integers(0, 99), st.binary(max_size=50), max_size=5),
    st.dictionaries(st.integers(0, 99), st.tuples(st.integers(0, 2**40), st.integers(0, 9))),
    st.integers(0, 30),
)
def test_what_goes_in_comes_out(states, units, length):
    outer = np.random.default_rng(length).normal(size=(2, length)).astype(np.float32)
    found = unpack(Checkpoint(outer, units, states).pack())
    assert found.outer.tobytes() == outer.tobytes()
    assert found.outer.shape == outer.shape
    assert (found.units, found.states) == (units, states)


def test_the_same_state_gives_the_same_bytes():
    assert example().pack() == example().pack()


def test_a_replica_without_a_state_takes_the_first():
    assert example().state(3) == b""
    assert example().state(2) == b"\x00state"


def test_every_damaged_byte_is_seen():
    packed = example().pack()
    for position in range(0, len(packed), 7):
        damaged = bytearray(packed)
        damaged[position] ^= 1
        with pytest.raises(ValueError, match="checkpoint: damaged"):
            unpack(bytes(damaged))
    for cut in (0, 10, 40, len(packed) - 1):
        with pytest.raises(ValueError, match="checkpoint: damaged"):
            unpack(packed[:cut])
