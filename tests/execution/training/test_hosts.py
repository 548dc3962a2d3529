"""Replicas in this process: started fresh, called in order, gone when stopped."""

import pytest

from dawndusk.execution.training.hosts import InProcess
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
