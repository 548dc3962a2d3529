"""The coordinator against arithmetic done apart, and its books when replicas die."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dawndusk.execution.training.checkpoints import unpack
from dawndusk.execution.training.coordinator import UNLIMITED
from dawndusk.execution.training.transfers import GROUND
from tests.training_case import WIDTH, LeastSquares, drive, job, weights


def alone(units, streams, seed=1):
    """One worker by itself, on these shares of the data."""
    worker = LeastSquares(0, 1, seed, {"streams": streams})
    worker.advance(units)
    return worker


def test_single_training_is_the_worker_by_itself():
    training, host = job("single", replicas=1)
    assert training.room(0) == UNLIMITED
    for units in (3, 1, 16):
        training.grant({0: units})
    assert np.array_equal(weights(host, [0])[0], alone(20, [0]).weights)
    assert not training.due
    assert sum(each["offered"] for each in training.bytes.values()) == 0


def test_synchronous_training_is_one_worker_on_all_batches_together():
    training, host = job("synchronous")
    drive(training, 30)
    together = alone(30, [0, 1, 2, 3])
    for own in weights(host, range(4)).values():
        np.testing.assert_allclose(own, together.weights, rtol=2e-6, atol=1e-7)


def test_diloco_of_one_unit_without_outer_momentum_is_the_mean_of_the_parameters():
    """H = 1, outer rate 1, momentum 0: each round is one unit and a mean, bit for bit."""
    training, host = job("diloco", interval=1, outer_rate=1.0, outer_momentum=0.0)
    drive(training, 25)
    workers = [LeastSquares(rank, 4, 1, {}) for rank in range(4)]
    for _ in range(25):
        for worker in workers:
            worker.advance(1)
        mean = np.mean([worker.weights.astype(np.float64) for worker in workers], axis=0)
        for worker in workers:
            worker.set_shared(mean.astype(np.float32))
    for rank, own in weights(host, range(4)).items():
        assert own.tobytes() == workers[rank].weights.tobytes()


def outer_by_hand(rounds, interval, rate, momentum):
    """DiLoCo's algorithm 1 in float64 with Nesterov as Sutskever et al., ICML 2013, write it."""
    workers = [LeastSquares(rank, 4, 1, {}) for rank in range(4)]
    position, velocity = np.zeros(WIDTH), np.zeros(WIDTH)
    for _ in range(rounds):
        for worker in workers:
            worker.advance(interval)
        ahead = np.mean([worker.weights.astype(np.float64) for worker in workers], axis=0)
        gradient = position - ahead
        velocity = momentum * velocity - rate * gradient
        position = position + momentum * velocity - rate * gradient
        for worker in workers:
            worker.set_shared(position.astype(np.float32))
    return position


def test_the_outer_step_is_nesterov():
    training, host = job("diloco", interval=7)
    drive(training, 42)
    expected = outer_by_hand(6, 7, 0.7, 0.9)
    np.testing.assert_allclose(weights(host, [2])[2], expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(training.outer[0], expected, rtol=1e-5, atol=1e-6)
    learnt = LeastSquares(0, 1, 1, {})
    learnt.set_shared(expected.astype(np.float32))
    assert training.evaluate()["loss"] == pytest.approx(learnt.evaluate()["loss"], rel=1e-4)


def test_fewer_exchanges_send_fewer_bytes_by_exactly_the_interval():
    """H = 50: 50 times fewer bytes than synchronous, replica by replica."""
    synchronous, _ = job("synchronous")
    diloco, _ = job("diloco", interval=50)
    streaming, _ = job("streaming", interval=50, fragments=4, overlap=5)
    drive(synchronous, 100)
    drive(diloco, 100)
    drive(streaming, 100)
    every = synchronous.bytes["exchange"]["delivered"]
    assert every == 100 * 2 * 3 * 4 * WIDTH
    assert every == 50 * diloco.bytes["exchange"]["delivered"]
    assert streaming.bytes["exchange"]["delivered"] == diloco.bytes["exchange"]["delivered"]
    assert all(synchronous.sent[rank] == 50 * diloco.sent[rank] for rank in range(4))
    assert sum(synchronous.received.values()) == every
    assert synchronous.sent[GROUND] == 0


def test_an_exchange_is_due_when_all_have_done_their_units_and_not_before():
    training, _ = job("diloco", replicas=3, interval=10)
    assert [training.room(rank) for rank in range(3)] == [10, 10, 10]
    training.grant({0: 10, 1: 4})
    assert training.room(0) == 0
    assert training.room(1) == 6
    training.grant({1: 6, 2: 9})
    assert not training.due
    training.grant({2: 1})
    (movement,) = training.due
    assert [(t.source, t.target) for t in movement.transfers] == [(0, 1), (1, 2), (2, 0)]
    assert [training.room(rank) for rank in range(3)] == [0, 0, 0]
    with pytest.raises(ValueError, match="units of replica 1: 1; allowed: 0 to 0"):
        training.grant({1: 1})
    training.arrived(movement.number)
    assert [training.room(rank) for rank in range(3)] == [10, 10, 10]
    with pytest.raises(ValueError, match="movement: 1; allowed"):
        training.arrived(movement.number)


@pytest.mark.parametrize("name", ["synchronous", "diloco", "streaming"])
def test_how_units_are_grouped_and_when_bytes_come_changes_nothing(name):
    """Only the order of units and exchanges counts: virtual time bills, it does not teach."""
    chosen = {} if name == "synchronous" else {"interval": 12}
    plain, host = job(name, **chosen)
    drive(plain, 36)
    rng = np.random.default_rng(5)
    other, there = job(name, **chosen)
    while other.due or any(other.done(rank) < 36 for rank in range(4)):
        rank = int(rng.integers(4))
        room = min(other.room(rank), 36 - other.done(rank))
        if room:
            other.grant({rank: int(rng.integers(1, room + 1))})
        elif other.due and rng.random() < 0.5:
            other.arrived(other.due[int(rng.integers(len(other.due)))].number)
    mine, theirs = weights(host, range(4)), weights(there, range(4))
    assert all(np.array_equal(mine[rank], theirs[rank]) for rank in range(4))


def test_streaming_goes_on_for_the_overlap_and_then_waits():
    training, host = job("streaming", replicas=2, interval=10, fragments=1, overlap=3)
    training.grant({0: 10, 1: 10})
    assert [training.room(rank) for rank in (0, 1)] == [3, 3]
    (movement,) = training.due
    training.grant({0: 2, 1: 3})
    assert [training.room(rank) for rank in (0, 1)] == [1, 0]
    before = weights(host, [0, 1])
    training.arrived(movement.number)
    after = weights(host, [0, 1])
    assert np.array_equal(after[0], before[0])
    assert not np.array_equal(after[1], before[1])
    assert training.room(1) == 10
    training.grant({0: 1})
    assert training.settled


def test_streaming_merges_as_algorithm_2_says():
    """Two fragments, H = 6, τ = 2, α = 1/4, two rounds, arithmetic done apart."""
    training, host = job(
        "streaming", interval=6, fragments=2, overlap=2, merge=0.25, outer_momentum=0.5
    )
    drive(training, 14)
    workers = [LeastSquares(rank, 4, 1, {}) for rank in range(4)]
    parts = [slice(0, WIDTH // 2), slice(WIDTH // 2, WIDTH)]
    outer, speed = np.zeros(WIDTH), np.zeros(WIDTH)
    sent = {}
    for unit in range(1, 15):
        for worker in workers:
            worker.advance(1)
        for n, part in enumerate(parts):
            if unit % 6 == 3 * n:
                sent[n] = np.mean([w.weights[part].astype(float) for w in workers], axis=0)
            if unit % 6 == (3 * n + 2) % 6 and n in sent:
                delta = outer[part] - sent.pop(n)
                speed[part] = 0.5 * speed[part] + delta
                outer[part] -= 0.7 * (delta + 0.5 * speed[part])
                for w in workers:
                    w.weights[part] = 0.25 * w.weights[part] + 0.75 * outer[part]
    for rank, own in weights(host, range(4)).items():
        np.testing.assert_allclose(own, workers[rank].weights, rtol=1e-5, atol=1e-6)


def test_a_killed_replica_is_missed_by_nobody_and_its_bytes_are_cancelled():
    training, host = job("diloco", interval=5)
    training.grant(dict.fromkeys(range(4), 5))
    (movement,) = training.due
    offered = sum(t.size for t in movement.transfers)
    alive = weights(host, [0, 1, 3])
    training.kill(2)
    assert training.bytes["exchange"]["cancelled"] == offered
    (again,) = training.due
    assert [(t.source, t.target) for t in again.transfers] == [(0, 1), (1, 3), (3, 0)]
    training.arrived(again.number)
    mean = np.mean([each.astype(float) for each in alive.values()], axis=0)
    expected = 0.7 * 1.9 * mean
    np.testing.assert_allclose(weights(host, [0])[0], expected, rtol=1e-6)
    assert training.executed[2] == 5
    assert training.useful == {0: 5, 1: 5, 2: 0, 3: 5}


def test_a_replica_that_rejoins_is_its_donor_with_its_own_data_from_then_on():
    training, host = job("diloco", interval=10)
    drive(training, 10)
    training.kill(1)
    training.grant({0: 4, 2: 10, 3: 10})
    movement = training.rejoin(1, donor=0)
    state = host.call("save", {0: ()})[0]
    assert movement.transfers == ((0, 1, len(state) + 2 * 4 * WIDTH),)
    training.grant({0: 6})
    assert [each.kind for each in training.due] == ["rejoin"], "the exchange waits for it"
    training.arrived(movement.number)
    assert training.done(1) == 14
    assert host.call("save", {1: ()})[1] == state
    training.grant({1: 6})
    assert [len(each.transfers) for each in training.due] == [4]
    drive(training, 30)
    assert training.useful == {0: 30, 1: 26, 2: 30, 3: 30}
    assert training.executed[1] == 26
    assert all(np.array_equal(w, weights(host, [0])[0]) for w in weights(host, range(4)).values())


@pytest.mark.parametrize("name", ["synchronous", "diloco", "streaming"])
def test_who_rejoins_in_the_middle_of_an_exchange_takes_its_result_too(name):
    chosen = {} if name == "synchronous" else {"interval": 6, "fragments": 1, "overlap": 2}
    training, host = job(name, **chosen)
    drive(training, 12 if name != "streaming" else 14)
    training.kill(3)
    while not training.due:
        training.grant({rank: min(1, training.room(rank)) for rank in training.present})
    (exchange,) = training.due
    join = training.rejoin(3, donor=1)
    result = 2 * 4 * max(len(c) for c in training.contributions(exchange.number).values())
    outer = 0 if name == "synchronous" else 8 * WIDTH
    assert join.transfers[0].size == len(host.call("save", {1: ()})[1]) + outer + result
    training.arrived(exchange.number)
    training.arrived(join.number)
    drive(training, 30)
    own = weights(host, range(4))
    if name != "streaming":
        assert all(np.array_equal(own[0], each) for each in own.values())
    assert training.done(3) == 30


def test_a_donor_that_dies_leaves_the_other_waiting_for_a_new_one():
    training, _ = job("diloco", interval=5)
    drive(training, 5)
    training.kill(0)
    training.rejoin(0, donor=1)
    training.kill(1)
    assert not training.due
    assert training.bytes["rejoin"]["cancelled"] == training.bytes["rejoin"]["offered"] > 0
    training.arrived(training.rejoin(0, donor=2).number)
    drive(training, 20)
    assert training.present == [0, 2, 3]


def test_giving_up_a_rejoin_frees_the_others():
    training, _ = job("diloco", interval=5)
    drive(training, 5)
    training.kill(0)
    training.rejoin(0, donor=1)
    training.grant({1: 5, 2: 5, 3: 5})
    assert [each.kind for each in training.due] == ["rejoin"]
    training.kill(0)
    assert [each.kind for each in training.due] == ["exchange"]


def test_the_copy_contributes_for_the_only_one_that_could():
    """The donor dies between contributing and the exchange; its copy holds what it sent."""
    training, host = job("diloco", replicas=3, interval=4)
    training.kill(2)
    training.grant({0: 4, 1: 3})
    training.arrived(training.rejoin(2, donor=0).number)
    training.grant({1: 1})
    sent = weights(host, [0])[0]
    assert [tuple(t)[:2] for t in training.due[0].transfers] == [(0, 1), (1, 0), (0, 2)]
    training.kill(0)
    assert [tuple(t) for t in training.due[0].transfers] == [(1, 2, 4 * WIDTH)]
    training.kill(1)
    assert training.room(2) == 4
    np.testing.assert_allclose(weights(host, [2])[2], 0.7 * 1.9 * sent, rtol=1e-6)


def test_a_checkpoint_brings_back_the_same_run():
    """Interrupted and restored equals never interrupted; the file's content makes the round."""
    plain, host = job("diloco", interval=5)
    drive(plain, 25)
    training, there = job("diloco", interval=5)
    drive(training, 13)
    taken, movement = training.checkpoint()
    assert [t.target for t in movement.transfers] == [GROUND] * 4
    sizes = {t.source: t.size for t in movement.transfers}
    saved = there.call("save", dict.fromkeys(range(4), ()))
    assert sizes == {rank: len(saved[rank]) + 8 * WIDTH * (rank == 0) for rank in range(4)}
    assert training.safe is None
    training.arrived(movement.number)
    assert training.safe is taken
    drive(training, 18)
    again = training.restore(unpack(taken.pack()), range(4), aboard=[2])
    assert [(t.source, t.target) for t in again.transfers] == [(GROUND, r) for r in (0, 1, 3)]
    assert not training.present
    training.arrived(again.number)
    assert training.useful == dict.fromkeys(range(4), 13)
    drive(training, 25)
    assert weights(there, [3])[3].tobytes() == weights(host, [3])[3].tobytes()
    assert training.executed == dict.fromkeys(range(4), 18 + 12)


def test_a_synchronous_checkpoint_is_one_replica():
    training, host = job("synchronous")
    drive(training, 6)
    taken, movement = training.checkpoint()
    assert len(movement.transfers) == 1
    drive(training, 9)
    training.arrived(training.restore(taken, [1, 2]).number)
    drive(training, 12)
    plain, there = job("synchronous")
    drive(plain, 6)
    for rank in (0, 3):
        plain.kill(rank)
    drive(plain, 12)
    assert weights(host, [1])[1].tobytes() == weights(there, [1])[1].tobytes()


def test_no_checkpoint_while_an_exchange_is_under_way():
    training, _ = job("diloco", interval=3)
    training.grant(dict.fromkeys(range(4), 3))
    assert not training.settled
    with pytest.raises(ValueError, match="an exchange is under way"):
        training.checkpoint()


def test_a_guard_sees_what_a_replica_brings_before_it_counts():
    training, host = job("diloco", interval=5)
    training.grant(dict.fromkeys(range(4), 4))
    host.call("tensors", {1: ()})[1]["weights"]["all"][3] = np.nan
    training.grant(dict.fromkeys(range(4), 1))
    brought = training.contributions(training.due[0].number)
    np.testing.assert_array_equal(brought[0], -weights(host, [0])[0])
    assert [rank for rank in range(4) if not np.isfinite(brought[rank]).all()] == [1]
    training.kill(1)
    training.arrived(training.due[0].number)
    training.arrived(training.rejoin(1, donor=3).number)
    drive(training, 20)
    assert np.isfinite(training.evaluate()["loss"])
    assert training.useful[1] == 15


@settings(max_examples=60)
@given(
    st.sampled_from(["synchronous", "diloco", "streaming"]),
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(1, 9)), max_size=60),
)
def test_the_books_close_whatever_happens(name, acts):
    """Random grants, kills, rejoins, arrivals, checkpoints, restores; then it still finishes."""
    chosen = {} if name == "synchronous" else {"interval": 6}
    training, host = job(name, **chosen)
    granted = 0
    for act, rank, count in acts:
        if act <= 1 and rank in training.present:
            units = min(count, training.room(rank))
            training.grant({rank: units})
            granted += units
        elif act == 2 and training.due:
            training.arrived(training.due[rank % len(training.due)].number)
        elif act == 3 and rank in training.present and len(training.present) > 1:
            training.kill(rank)
        elif act == 4 and rank not in training.present and training.present:
            if all(rank != t.target for m in training.due for t in m.transfers):
                training.rejoin(rank, training.present[count % len(training.present)])
        elif act == 5 and training.settled:
            taken, _ = training.checkpoint()
            if count < 4:
                training.arrived(training.restore(taken, training.present).number)
        flows = training.bytes.values()
        moving = sum(t.size for m in training.due for t in m.transfers)
        assert sum(f["offered"] - f["delivered"] - f["cancelled"] for f in flows) == moving
        assert sum(training.executed.values()) == granted
        assert all(0 <= training.useful[r] <= training.executed[r] for r in range(4))
    target = max((training.done(rank) for rank in training.present), default=0) + 20
    if training.present:
        drive(training, target)
        assert {training.done(rank) for rank in training.present} == {target}
        assert sum(training.sent.values()) == sum(f["delivered"] for f in training.bytes.values())
        if name == "synchronous":
            own = weights(host, training.present)
            assert all(np.array_equal(own[training.present[0]], w) for w in own.values())


def test_wrong_uses_are_refused_in_one_line():
    with pytest.raises(ValueError, match="replicas: 2; allowed for single: 1"):
        job("single", replicas=2)
    training, _ = job("diloco")
    with pytest.raises(ValueError, match=r"replica: 2; allowed: those lost, \[\]"):
        training.rejoin(2, 0)
    with pytest.raises(ValueError, match=r"replica: 7; allowed: those present"):
        training.kill(7)
    with pytest.raises(ValueError, match="ranks: "):
        training.restore(training.checkpoint()[0], [4])
    with pytest.raises(ValueError, match="exchange: 9"):
        training.contributions(9)
