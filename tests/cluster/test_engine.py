"""Replicas on a Ray cluster that follows the simulated world: same digits, whatever dies."""

import os
import pickle
import signal
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dawndusk.cluster import engine as engines
from dawndusk.cluster import table
from dawndusk.cluster.driver import Dead
from dawndusk.cluster.engine import RayEngine
from dawndusk.cluster.link import Link, LostError, RetryError
from dawndusk.execution import faults
from dawndusk.execution.training.hosts import DARK, LOST, SAFE, WORKING, InProcess, Place
from dawndusk.placement.outlook import Decision, Outlook, View
from dawndusk.real import work as real_work
from dawndusk.real.run import RealRun
from tests.cluster.ray_case import Killer, Watched, housed, needs_ray, nothing_left
from tests.real.test_work import hits, struck
from tests.real_case import curve, linked, ready, real, shadowed
from tests.system.whole_run import Prepared
from tests.traffic_case import carried, sunny
from tests.training_case import worker

SLOW = "tests.real_case:sleepy"


class Pretended:
    """A driver that starts nothing; what it is asked is noted."""

    def __init__(self, patience: float, waiting: Any) -> None:
        self.dead: list[str] = []
        self.asked: list[tuple[Any, ...]] = []
        self.faults: list[Exception] = list(Pretended.planned)
        self.pid = 0

    planned: tuple[Exception, ...] = ()

    def ask(self, name: str, *arguments: Any) -> Any:
        self.asked.append((name, *arguments[:1]))
        if self.faults and name == "node":
            raise self.faults.pop(0)
        if name == "call":
            return dict.fromkeys(arguments[0], pickle.dumps({"saved": {}}))
        return {"open": "2.x", "actor": 77}.get(name, "id")

    def close(self, gently: bool = True) -> None:
        self.asked.append(("close",))


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch) -> RayEngine:
    Pretended.planned = ()
    monkeypatch.setattr(engines, "Link", Pretended)
    one = RayEngine()
    one.open(lambda site: Place(f"sat-{site}", "satellite", 0, 1e12), 2)
    return one


def asked(engine: RayEngine) -> list[tuple[Any, ...]]:
    assert isinstance(engine._link, Pretended)
    return engine._link.asked


def seated(engine: RayEngine, site: int = 3) -> Any:
    replicas = InProcess(partial(worker, replicas=1, seed=1, options={}))
    replicas.start(0)
    host = engine.house(replicas, 1e9)
    host.seat(0, site)
    return host


# what is asked of the cluster


def test_nodes_follow_the_simulated_world(pretended: RayEngine) -> None:
    host = seated(pretended)
    row = pretended.table.rows[3]
    assert (row.state, row.replica, row.pid) == (table.UP, "0/0", 77)
    host.stand(3, WORKING)
    assert row.state == table.UP
    host.stand(3, DARK)
    host.stand(3, SAFE)
    assert (row.state, row.why) == (table.DRAINED, "safe mode")
    assert asked(pretended).count(("drain", "sat-3#0")) == 1
    host.stand(3, WORKING)
    assert row.state == table.UP
    kinds = [each[0] for each in asked(pretended)]
    assert kinds[-3:] == ["call", "kill", "node"]
    assert asked(pretended)[-1] == ("node", "sat-3#1")
    host.stand(3, LOST)
    assert row.state == table.LOST
    assert asked(pretended)[-1] == ("kill", "sat-3#1")
    host.stop(0)
    host.seat(0, -1)
    assert row.state == table.LOST
    host.seat(0, 3)
    assert (row.state, asked(pretended)[-1]) == (table.UP, ("node", "sat-3#2"))


def test_a_node_that_nobody_is_on_ends(pretended: RayEngine) -> None:
    host = seated(pretended)
    host.seat(0, 4)
    assert pretended.table.rows[3].state == table.OVER
    assert ("kill", "sat-3#0") in asked(pretended)
    host.stand(9, DARK)
    assert 9 not in pretended.table.rows


def test_too_many_nodes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"13 replicas.*at most 12.*--engine process"):
        RayEngine().open(lambda site: Place("", "", 0, 0.0), 13)


def test_a_host_that_keeps_failing_ends_the_run_with_its_reason(pretended: RayEngine) -> None:
    pretended._link.faults = [RetryError(f"fault {k}") for k in range(20)]  # type: ignore[union-attr]
    with pytest.raises(ValueError, match=r"7 failures.*fault 6.*--engine process"):
        seated(pretended)


def test_a_lost_cluster_is_started_again(pretended: RayEngine) -> None:
    first = pretended._link
    first.faults = [LostError("gone")]  # type: ignore[union-attr]
    seated(pretended)
    assert pretended._link is not first
    assert pretended.table.rows[3].state == table.UP
    assert pretended.facts["mended"] == ["cluster lost: starting sat-3: gone"]


def test_what_was_drained_is_drained_again_after_the_cluster_was_lost(
    pretended: RayEngine,
) -> None:
    host = seated(pretended)
    host.stand(3, DARK)
    pretended._reset("killed")
    pretended.bring(host, list(host.lives.values()))
    assert pretended.table.rows[3].state == table.DRAINED
    assert [each[0] for each in asked(pretended)] == ["open", "node", "actor", "drain"]


def test_a_replica_that_fell_is_told_once(pretended: RayEngine) -> None:
    host = seated(pretended)
    life = host.lives[0]
    pretended.fell(life, "killed")
    pretended.fell(life, "killed")
    assert pretended.mended == ["replica 0 on sat-3: killed; 0 calls done again"]
    assert isinstance(Dead("x"), tuple)


# on Ray itself


@needs_ray
def test_the_same_digits_as_in_this_process() -> None:
    case = struck(ready(nodes=2, units=100), (1, 1010.0, 1500.0))
    plain = curve(housed(case, None))
    with Watched() as engine:
        found = housed(case, engine)
        link = engine._link
        assert link is not None
    assert curve(found) == plain
    assert found.kills == found.rejoins == 1
    assert engine.differences == []
    assert table.LOST in engine.seen_states
    assert engine.mended == []
    assert nothing_left(link.pid, link.folder)


def moving(outlook: Outlook, view: View) -> Decision:
    """Rank 0 from satellite 0 to satellite 2 after half an hour."""
    placed = np.full(3, -1, np.int32)
    if view.job_active[0]:
        placed[0 if view.time < 1800.0 else 2], placed[1] = 0, 1
    return Decision(np.ones(3), placed)


def hard(method: str) -> Prepared:
    """Strikes on numbers, guards, a safe mode and a loss."""
    guards = ["loss", "gradient_norm", "finite", "checksums"]
    case = ready(nodes=3, units=100, method=method, guards=guards)
    case = case.changed(
        strikes=hits(*((1000.0 + 137.0 * k, k % 3, faults.SILENT) for k in range(12)))
    )
    return struck(case, (2, 400.0, 900.0))


@needs_ray
@pytest.mark.full
@pytest.mark.parametrize("method", ["synchronous", "diloco", "streaming"])
def test_strikes_guards_and_losses_come_out_the_same(method: str) -> None:
    plain = housed(hard(method), None)
    with Watched() as engine:
        found = housed(hard(method), engine)
    assert curve(found) == curve(plain)
    assert found.damage.outcomes == plain.damage.outcomes
    assert "flip" in found.log.columns["kind"]
    assert engine.differences == []


@needs_ray
@pytest.mark.full
def test_a_safe_mode_drains_and_a_move_takes_the_memory_along() -> None:
    case = sunny(real(2, units=150, data_scale=1e8), satellites=3)
    case = struck(case, (1, 400.0, 900.0), cause=faults.SAFE_MODE)
    plain = housed(case, None, policy=moving)
    with Watched() as engine:
        found = housed(case, engine, policy=moving)
        states = {row.name[-1]: row.state for row in engine.table.rows.values()}
    assert curve(found) == curve(plain)
    assert (found.moves, found.kills) == (1, 1)
    assert states == {"1": table.OVER, "2": table.UP, "3": table.UP}
    assert table.DRAINED in engine.seen_states
    assert engine.differences == []


@needs_ray
@pytest.mark.full
def test_in_the_dark_a_node_is_drained_and_its_memory_kept() -> None:
    runs: list[RealRun] = []
    with Watched() as engine:
        for home in (None, engine):
            case = shadowed()
            names = case.plan.elements.names
            work = real_work.begin(case.scenario, 1, home, names)
            case.orbit(real=work)
            assert work is not None
            runs += work.runs
    assert curve(runs[0]) == curve(runs[1])
    assert runs[1].kills == 0
    changes = [
        a for a, b in zip(engine.seen_states, engine.seen_states[1:], strict=False) if a != b
    ]
    assert changes.count(table.DRAINED) >= 1
    assert engine.differences == []


@needs_ray
@pytest.mark.full
def test_a_loaded_machine_changes_no_digit() -> None:
    case = ready(nodes=2, units=100, execute=SLOW)
    plain = housed(case, None)
    burn = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(3)]
    try:
        with RayEngine() as engine:
            found = housed(case, engine)
    finally:
        for each in burn:
            each.kill()
            each.wait()
    assert curve(found) == curve(plain)
    assert [seat.executed for seat in found.seats] == [seat.executed for seat in plain.seats]
    assert (found.begun, found.finish) == (plain.begun, plain.finish)


@needs_ray
@pytest.mark.full
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("part", ["worker", "node", "head", "driver"])
def test_whatever_is_killed_the_run_goes_on_to_the_same_curve(part: str, seed: int) -> None:
    case = struck(ready(nodes=3, units=300, execute=SLOW), (1, 1010.0, 1500.0))
    plain = housed(struck(ready(nodes=3, units=300), (1, 1010.0, 1500.0)), None)
    before = threading.active_count()
    with RayEngine() as engine, Killer(engine, part, seed, times=3) as killer:
        found = housed(case, engine)
        link = engine._link
        assert link is not None
    assert curve(found) == curve(plain)
    assert killer.killed
    assert engine.mended
    assert sum(found.training.executed.values()) == sum(plain.training.executed.values())
    assert found.finished
    assert nothing_left(link.pid, link.folder)
    assert threading.active_count() <= before


@needs_ray
@pytest.mark.full
def test_a_replica_that_never_answers_is_ended_and_told() -> None:
    """Its process is stopped, not dead: Ray alone would wait for ever."""
    case = ready(nodes=1, units=50, method="single")
    plain = housed(case, None)
    with RayEngine(patience=4.0) as engine:
        timer: list[threading.Timer] = []

        def stop() -> None:
            rows = [row for row in engine.table.rows.values() if row.pid]
            if rows:
                os.kill(rows[0].pid, signal.SIGSTOP)

        usual = engine.call

        def call(given: Any) -> Any:
            if not timer:
                timer.append(threading.Timer(0.0, stop))
                timer[0].start()
                timer[0].join()
            return usual(given)

        engine.call = call  # type: ignore[method-assign]
        found = housed(case, engine)
    assert curve(found) == curve(plain)
    assert "gives no answer within 4 s" in engine.mended[0]


@needs_ray
@pytest.mark.full
@pytest.mark.parametrize(("first", "then"), [("ray", "process"), ("process", "ray")])
def test_a_run_goes_on_under_the_other_engine(first: str, then: str) -> None:
    case = struck(ready(nodes=2, units=150), (1, 1250.0, 2000.0))
    plain = curve(housed(case, None))
    kept: list[bytes] = []
    steps = iter([False] * 5 + [True] * 100)
    with RayEngine() as engine:
        housed(
            case,
            engine if first == "ray" else None,
            stop=lambda: next(steps),
            save=lambda state: kept.append(pickle.dumps(state)),
        )
        state = pickle.loads(kept[-1])
        assert state.step > 0
        if then == "ray":
            state.real.house(engine, case.scenario, case.plan.elements.names)
        record = carried(case, linked(2), resume=state)
    assert record.real is not None
    assert curve(record.real.runs[0]) == plain


@needs_ray
@pytest.mark.full
def test_nodes_are_told_in_a_file_while_the_run_is_on(tmp_path: Path) -> None:
    with RayEngine(folder=tmp_path) as engine:
        housed(ready(nodes=2, units=100), engine)
        engine.table.write()
        told = table.read(tmp_path / table.FILE)
        assert [row["units"] for row in told["nodes"]] == [100, 100]
        assert [row["role"] for row in told["nodes"]] == ["satellite"] * 2
        assert isinstance(engine._link, Link)
    assert not (tmp_path / table.FILE).exists()
