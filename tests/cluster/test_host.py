"""Replicas as actors, without Ray: an engine that loses processes now and then changes no digit."""

import pickle
import random
from typing import Any

import numpy as np
import pytest

from dawndusk.cluster import actor
from dawndusk.cluster.actor import Raised
from dawndusk.cluster.driver import Dead
from dawndusk.cluster.host import CALLS, RayHost, again
from dawndusk.execution.training.coordinator import Training
from dawndusk.execution.training.hosts import InProcess
from dawndusk.execution.training.method import method
from tests.training_case import LeastSquares, drive, weights, worker


def make(rank: int) -> LeastSquares:
    return worker(rank, 3, 1, {})


class Losing:
    """An engine whose processes are objects here, lost with some chance at every call."""

    def __init__(self, chance: float = 0.0, seed: int = 0) -> None:
        self.chance, self.random = chance, random.Random(seed)
        self.there: dict[Any, tuple[int, InProcess]] = {}
        self.lost = self.redone = 0
        self.told: list[str] = []
        self.units: dict[int, int] = {}

    def need(self, site: int, replica: str) -> None:
        self.told.append(f"need {site}")

    def leave(self, site: int) -> None:
        self.told.append(f"leave {site}")

    def stand(self, site: int, standing: str) -> None:
        self.told.append(f"{site} {standing}")

    def count(self, site: int, units: int) -> None:
        self.units[site] = self.units.get(site, 0) + units

    def bring(self, host: RayHost, lives: Any) -> None:
        for life in lives:
            if not life.there:
                rank, maker, kept = pickle.loads(host.make(life))
                replicas = actor.home(rank, maker, kept)
                calls = again(life)
                if calls is not None:
                    actor.perform(replicas, rank, pickle.loads(calls))
                    self.redone += len(life.calls)
                self.there[life.key] = rank, replicas
                life.there = True

    def call(self, asked: Any) -> dict[Any, bytes | Dead]:
        found: dict[Any, bytes | Dead] = {}
        for key, content in asked.items():
            if key in self.there and self.random.random() >= self.chance:
                rank, replicas = self.there[key]
                try:
                    value = actor.perform(replicas, rank, pickle.loads(content))
                except Exception as error:
                    value = Raised(error, "trace")
                if self.random.random() >= self.chance:  # else lost when it had done it
                    found[key] = pickle.dumps(value)
                    continue
            self.there.pop(key, None)
            found[key] = Dead("lost")
        return found

    def fell(self, life: Any, why: str) -> None:
        self.lost += 1
        life.there = False

    def dismiss(self, key: Any) -> None:
        self.there.pop(key, None)


def job(
    name: str, engine: Losing | None = None, **chosen: Any
) -> tuple[Training, InProcess | RayHost]:
    """A training here, or housed by an engine at sites 10, 11, 12."""
    replicas = InProcess(make)
    training = Training(replicas, method(name, **chosen), 3)
    if engine is None:
        return training, replicas
    host = RayHost(engine, 0, replicas, replicas.maker, 1e9)  # type: ignore[arg-type]
    training.rehouse(host)
    for rank in range(3):
        host.seat(rank, 10 + rank)
    return training, host


@pytest.mark.parametrize("name", ["synchronous", "diloco", "streaming"])
@pytest.mark.parametrize("chance", [0.0, 0.15])
def test_losses_on_the_host_change_no_digit(name: str, chance: float) -> None:
    engine = Losing(chance, seed=4)
    chosen = {} if name == "synchronous" else {"interval": 10, "overlap": 2}
    plain, here = job(name, **chosen)
    housed, there = job(name, engine, **chosen)
    assert repr(drive(housed, 60)) == repr(drive(plain, 60))
    for rank, values in weights(here, range(3)).items():
        assert np.array_equal(weights(there, range(3))[rank], values)
    assert engine.units == {10: 60, 11: 60, 12: 60}
    assert (engine.lost > 10) == (chance > 0.0)
    assert (engine.redone > 10) == (chance > 0.0)


def test_a_replica_killed_in_the_simulated_world_is_lost_and_rejoins() -> None:
    found = []
    for engine in (None, Losing(0.1, seed=2)):
        training, host = job("diloco", engine, interval=10)
        drive(training, 20)
        training.kill(1)
        host.seat(1, -1)
        assert 1 not in getattr(host, "lives", {})
        host.seat(1, 15)
        training.arrived(training.rejoin(1, 0).number)
        log = drive(training, 40)
        found.append((repr(log), {r: v.tolist() for r, v in weights(host, range(3)).items()}))
    assert found[0] == found[1]


def test_memory_moves_with_a_replica() -> None:
    engine = Losing()
    plain, here = job("diloco", interval=10)
    housed, there = job("diloco", engine, interval=10)
    for training in (plain, housed):
        drive(training, 10)
    there.seat(0, 20)
    there.seat(0, 20)
    assert engine.told[-2:] == ["need 20", "leave 10"]
    assert repr(drive(housed, 20)) == repr(drive(plain, 20))
    assert engine.units == {10: 10, 11: 20, 12: 20, 20: 10}
    assert engine.redone == 0
    assert np.array_equal(weights(there, [0])[0], weights(here, [0])[0])


@pytest.mark.parametrize("chance", [0.0, 0.2])
def test_bits_flipped_in_lent_memory_are_flipped_in_the_replica(chance: float) -> None:
    found = []
    for engine in (None, Losing(chance, seed=8)):
        training, host = job("diloco", engine, interval=10)
        drive(training, 10)
        memory = training.tensors(1)
        assert "weights" in memory
        assert "cache" not in memory
        memory["weights"]["all"].view(np.uint32)[5] ^= 1 << 22
        memory["optimiser"]["speed"][2] = np.nan
        memory["optimiser"]["speed"][4] = 0.0
        found.append((repr(drive(training, 30)), weights(host, [1])[1].tobytes()))
    assert found[0] == found[1]


def test_a_flipped_sign_of_zero_is_a_change() -> None:
    training, host = job("diloco", Losing(), interval=10)
    training.tensors(0)["weights"]["all"].view(np.uint32)[0] ^= 1 << 31
    assert np.signbit(weights(host, [0])[0][0])


def test_memory_only_looked_at_is_not_written() -> None:
    engine = Losing()
    training, host = job("diloco", engine, interval=10)
    assert isinstance(host, RayHost)
    assert training.tensors(0)["weights"]["all"].any() == np.False_
    drive(training, 10)
    assert not any(call[0] == actor.WRITE for call in host.lives[0].calls)


def test_few_calls_are_ever_done_again() -> None:
    training, host = job("diloco", Losing(), interval=50)
    assert isinstance(host, RayHost)
    for _ in range(3 * CALLS):
        training.grant({0: 1}) if training.room(0) else None
        assert len(host.lives[0].calls) <= CALLS


def test_pickled_it_is_replicas_in_a_process() -> None:
    """In the middle of a synchronous step, with bits about to be flipped."""
    training, host = job("synchronous", Losing(0.1, seed=3))
    drive(training, 5)
    training.grant(dict.fromkeys(range(3), 1))
    copied, twin = pickle.loads(pickle.dumps((training, host)))
    assert isinstance(twin, InProcess)
    assert copied._host is twin
    assert repr(drive(copied, 12)) == repr(drive(training, 12))
    assert np.array_equal(weights(twin, [2])[2], weights(host, [2])[2])


def test_without_a_site_a_replica_lives_here() -> None:
    engine = Losing()
    replicas = InProcess(make)
    host = RayHost(engine, 0, replicas, replicas.maker, 1e9)  # type: ignore[arg-type]
    host.start(0)
    assert host.call("advance", {0: (2,)})[0] == make(0).advance(2)
    assert engine.there == {}
    host.seat(0, 4)
    assert list(engine.there) == [(0, 0)]
    assert replicas.ranks == []
    host.stop(0)
    assert engine.there == {}
    host.stand(4, "dark")
    assert engine.told[-1] == "4 dark"


def test_a_workers_own_fault_is_raised_here() -> None:
    training, host = job("diloco", Losing(), interval=10)
    with pytest.raises(ValueError, match="its advance") as fault:
        host.call("advance", {0: ("ten",)})
    assert "in the replica's own process" in fault.value.__notes__[0]
    drive(training, 10)
