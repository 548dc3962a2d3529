"""Replicas in this process: started fresh, called in order, gone when stopped."""

import pytest

from dawndusk.execution.training.hosts import LOST, InProcess
from tests.training_case import LeastSquares


def host():
    return InProcess(lambda rank: LeastSquares(rank, 3, 1, {}))


def test_calls_return_by_rank():
    replicas = host()
    for rank in (2, 0):
        replicas.start(rank)
    found = replicas.call("advance", {2: (3,), 0: (1,)})
    assert list(found) == [0, 2]
    assert found[2] == LeastSquares(2, 3, 1, {}).advance(3)


def test_a_stopped_replica_has_lost_everything():
    replicas = host()
    replicas.start(1)
    replicas.call("advance", {1: (5,)})
    replicas.stop(1)
    replicas.stop(1)
    with pytest.raises(KeyError):
        replicas.call("shared", {1: ()})
    replicas.start(1)
    assert not replicas.call("shared", {1: ()})[1].any()


def test_a_replica_can_be_taken_out_as_it_is():
    """In the middle of a step, with the loss of its first half."""
    replicas = host()
    for rank in (0, 1):
        replicas.start(rank)
    values = replicas.call("gradient", {0: (), 1: ()})
    alone = replicas.take(1)
    assert (replicas.ranks, alone.ranks) == ([0], [1])
    again = InProcess.__new__(InProcess)
    again.__setstate__(alone.__getstate__())
    expected = alone.call("apply", {1: (values[1],)})
    assert again.call("apply", {1: (values[1],)}) == expected
    assert "loss" in expected[1]
    assert alone.maker is replicas.maker


def test_places_and_standings_are_of_no_account_here():
    replicas = host()
    replicas.start(0)
    replicas.seat(0, 7)
    replicas.stand(7, LOST)
    assert replicas.ranks == [0]
