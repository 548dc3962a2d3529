"""Replicas in this process: started fresh, called in order, gone when stopped."""

import numpy as np
import pytest

from dawndusk.execution import command
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


class Failing(LeastSquares):
    """Ends in the middle of its work."""

    def advance(self, units):
        if self.unit < 0:
            raise ValueError("of its own")
        return 1 / 0

    def save(self):
        raise RuntimeError("the disc\nis full")


def test_what_goes_wrong_in_a_worker_is_told_as_the_jobs_fault():
    replicas = InProcess(lambda rank: Failing(rank, 3, 1, {}))
    replicas.start(2)
    with pytest.raises(
        ValueError, match=r"replica 2: its advance\(\).*ZeroDivisionError at test_h"
    ):
        replicas.call("advance", {2: (1,)})
    with pytest.raises(ValueError, match=r"its save\(\) fails, RuntimeError.*: the disc; correct"):
        replicas.__getstate__()
    replicas._workers[2].unit = -1
    with pytest.raises(ValueError, match=r"ValueError at test_hosts\.py:.*of its own"):
        replicas.call("advance", {2: (1,)})


def test_refusals_of_the_package_are_told_as_they_are():
    replicas = InProcess(lambda rank: command.worker(rank, 1, 1, {"command": ["false"]}))
    replicas.start(0)
    with pytest.raises(ValueError, match=r"^command false: ended with status 1$"):
        replicas.call("advance", {0: (1,)})


@pytest.mark.parametrize("wrong", [None, 3.0, {"loss": None}, {"loss": "low"}])
def test_measurements_are_plain_numbers(wrong):
    replicas = InProcess(lambda rank: LeastSquares(rank, 3, 1, {}))
    replicas.start(0)
    replicas._workers[0].evaluate = lambda: {"loss": np.float32(0.5), "right": True}
    assert replicas.call("evaluate", {0: ()}) == {0: {"loss": 0.5, "right": 1.0}}
    assert type(replicas.call("evaluate", {0: ()})[0]["loss"]) is float
    replicas._workers[0].evaluate = lambda: wrong
    with pytest.raises(ValueError, match="a dictionary of numbers"):
        replicas.call("evaluate", {0: ()})
