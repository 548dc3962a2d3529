"""What runs in a replica's process: calls in order, memory written, state told and taken."""

import pickle
from functools import partial
from typing import Any

import numpy as np
import pytest

from dawndusk.cluster.actor import CAPTURE, WRITE, home, perform
from tests.training_case import WIDTH, LeastSquares, worker


def make(rank: int) -> LeastSquares:
    return worker(rank, 2, 1, {})


def test_the_last_of_several_calls_answers() -> None:
    replicas, alone = home(1, make, None), make(1)
    found = perform(replicas, 1, [("advance", (3,)), ("advance", (2,)), ("shared", ())])
    alone.advance(5)
    assert np.array_equal(found, alone.shared())


@pytest.mark.parametrize("halfway", [False, True])
def test_a_captured_state_goes_on_to_the_digit(halfway: bool) -> None:
    replicas = home(0, make, None)
    calls: list[Any] = [("advance", (3,)), *([("gradient", ())] if halfway else [])]
    perform(replicas, 0, calls)
    kept = pickle.loads(pickle.dumps(perform(replicas, 0, [(CAPTURE, ())])))
    assert "make" not in kept
    again = home(0, make, kept)
    step: list[Any] = [("apply", (np.ones(WIDTH, np.float32),))]
    assert repr(perform(again, 0, step)) == repr(perform(replicas, 0, step))
    step = [("advance", (2,)), ("save", ())]
    assert perform(again, 0, step) == perform(replicas, 0, step)


def test_memory_is_fetched_by_kind_and_written_back() -> None:
    replicas = home(0, make, None)
    assert perform(replicas, 0, [("tensors", ())]) == ["weights", "optimiser"]
    fetched = perform(replicas, 0, [("tensors", ("weights",))])["all"].copy()
    fetched[3] = 7.0
    perform(replicas, 0, [(WRITE, (("weights", "all", fetched),))])
    assert perform(replicas, 0, [("shared", ())])[3] == 7.0


def test_a_replica_can_be_made_from_what_is_pickled() -> None:
    rank, maker, kept = pickle.loads(pickle.dumps((1, partial(worker, replicas=2, seed=1), None)))
    assert (rank, kept) == (1, None)
    assert callable(maker)


def test_memory_that_is_only_claimed_is_not_sent() -> None:
    replicas = home(0, claiming, None)
    assert perform(replicas, 0, [("tensors", ())]) == ["weights", "cache"]
    assert perform(replicas, 0, [("tensors", ("cache",))]) == {}
    assert list(perform(replicas, 0, [("tensors", ("weights",))])) == ["all"]


class Claiming(LeastSquares):
    """Claims ten gigabytes that are not there."""

    def tensors(self):  # type: ignore[no-untyped-def]
        claimed = np.broadcast_to(np.zeros(1, np.uint8), (10**10,))
        return {"weights": {"all": self.weights}, "cache": {"claimed": claimed}}


def claiming(rank: int) -> Claiming:
    return Claiming(rank, 1, 1, {})
