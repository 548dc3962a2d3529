"""The coordinator with the real character GPT: what is learnt, and what a killed replica costs."""

import numpy as np
import pytest

from dawndusk.execution import protocol
from dawndusk.execution.training.coordinator import Training
from dawndusk.execution.training.hosts import InProcess
from dawndusk.execution.training.method import method
from tests.training_case import drive

pytest.importorskip("torch", reason="the character GPT needs the extra [train]")

TINY = {"width": 32, "layers": 2, "heads": 2, "context": 16, "batch": 4, "validation": 32}
SMALL = {"width": 64, "layers": 2, "learning_rate": 3e-3}


def gpt(name, replicas, options, seed=1, **chosen):
    path = "dawndusk.execution.gpt:worker"
    gradients = name == "synchronous"
    host = InProcess(
        lambda rank: protocol.make(path, rank, replicas, seed, options, gradients=gradients)
    )
    return Training(host, method(name, **chosen), replicas), host


def curve(training, units, every):
    """Validation loss after each so many units."""
    losses = []
    for unit in range(every, units + 1, every):
        drive(training, unit)
        losses.append(training.evaluate()["loss"])
    return losses


def with_a_kill():
    """DiLoCo of three; one dies between exchanges and comes back from a peer."""
    training, _ = gpt("diloco", 3, TINY, interval=10)
    losses = curve(training, 20, 10)
    training.grant({0: 7, 1: 10, 2: 3})
    training.kill(1)
    movement = training.rejoin(1, donor=2)
    training.arrived(movement.number)
    drive(training, 30)
    return [*losses, training.evaluate()["loss"]], training


@pytest.mark.parametrize("name", ["synchronous", "diloco", "streaming"])
def test_the_same_seed_gives_the_same_curve_twice_to_the_last_digit(name):
    chosen = {} if name == "synchronous" else {"interval": 8}
    first, second = (curve(gpt(name, 2, TINY, **chosen)[0], 24, 8) for _ in range(2))
    assert first == second
    assert first[-1] < first[0] < 4.2


def test_synchronous_replicas_are_one_on_the_concatenated_batch():
    training, host = gpt("synchronous", 4, TINY)
    drive(training, 8)
    together = protocol.make(
        "dawndusk.execution.gpt:worker", 0, 1, 1, {**TINY, "streams": 4}, gradients=True
    )
    together.advance(8)
    own = host.call("shared", {2: ()})[2]
    # A gradient near zero may change its sign in float32; AdamW then steps the other way.
    assert np.quantile(np.abs(own - together.shared()), 0.999) < 2e-5
    assert training.evaluate()["loss"] == pytest.approx(together.evaluate()["loss"], abs=1e-4)


def test_diloco_of_one_unit_is_parameter_averaging_bit_for_bit():
    training, host = gpt("diloco", 2, TINY, interval=1, outer_rate=1.0, outer_momentum=0.0)
    drive(training, 6)
    workers = [
        protocol.make("dawndusk.execution.gpt:worker", rank, 2, 1, TINY) for rank in range(2)
    ]
    for _ in range(6):
        for worker in workers:
            worker.advance(1)
        mean = np.mean([worker.shared().astype(float) for worker in workers], axis=0)
        for worker in workers:
            worker.set_shared(mean.astype(np.float32))
    assert host.call("shared", {0: ()})[0].tobytes() == mean.astype(np.float32).tobytes()


def test_a_replica_killed_between_exchanges_comes_back_and_learning_goes_on():
    losses, training = with_a_kill()
    assert losses[0] > losses[1] > losses[2]
    assert training.executed == {0: 30, 1: 37, 2: 30}
    assert training.useful == {0: 30, 1: 27, 2: 30}


def test_a_run_with_a_kill_repeats_too():
    assert with_a_kill()[0] == with_a_kill()[0]


def test_a_rejoin_moves_weights_moments_and_the_outer_state():
    """4 bytes each: weights, two moments; outer parameters and momentum; a few step counts."""
    training, host = gpt("diloco", 3, TINY, interval=10)
    drive(training, 10)
    count = host.call("shared", {0: ()})[0].size
    training.kill(1)
    (transfer,) = training.rejoin(1, donor=0).transfers
    assert 0 <= transfer.size - 5 * 4 * count < 200


@pytest.mark.full
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_diloco_learns_more_than_single_training_and_less_than_synchronous(seed):
    """400 steps each; single sees a quarter of the text that the other two see.

    A small model, so that it takes a minute; the default's losses are in the documentation.
    """
    single, _ = gpt("single", 1, SMALL, seed)
    diloco, _ = gpt("diloco", 4, SMALL, seed, interval=50)
    synchronous, _ = gpt("synchronous", 4, SMALL, seed)
    losses = [curve(each, 400, 400)[-1] for each in (synchronous, diloco, single)]
    assert losses == sorted(losses)
    assert losses[-1] < 2.4
    sent = [each.bytes["exchange"]["delivered"] for each in (synchronous, diloco)]
    assert sent[0] == 50 * sent[1]
