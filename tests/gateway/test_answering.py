"""Requests of a run that are really answered: which, when, where, and what they cost."""

import asyncio
from typing import Any

import pytest

from dawndusk.fleet_plan import plan_fleet
from dawndusk.gateway import answering
from dawndusk.gateway.answering import MOST, PROMPTS, answered, backend
from dawndusk.gateway.backends import GEMMA, BackendError
from dawndusk.gateway.wire import Chat
from dawndusk.live import served
from dawndusk.placement.conformance import resolve
from dawndusk.run import ground_twin
from dawndusk.scenario import load
from dawndusk.setting import setting
from tests.gateway.sky_case import SERVED, Sky, journey, moment

HOUR = ["time.duration=1 h", "fleet.enabled=false"]


class Echo:
    """Answers with the question."""

    model, context = "echo", None

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.closed = False

    async def complete(self, request: Chat) -> dict[str, Any]:
        await asyncio.sleep(0.0)
        assert request.most == MOST
        text = request.messages[0]["content"]
        self.asked.append(text)
        usage = {"prompt_tokens": len(text.split()), "completion_tokens": 7}
        return {"choices": [{"message": {"content": text.upper()}}], "usage": usage}

    async def close(self) -> None:
        self.closed = True


@pytest.fixture(scope="module")
def sides() -> Any:
    plan = plan_fleet(load("gemma-in-orbit", [*HOUR, "workload.answers=30"]))
    day = setting(plan.scenario, plan)
    orbit = day.simulate(resolve("greedy"))
    ground = ground_twin(plan.scenario, plan, orbit.duration, lambda share, stage: None)
    return plan, day.asked, orbit, ground


def test_chosen_requests_are_answered_at_the_times_of_the_run(sides: Any) -> None:
    plan, asked, orbit, ground = sides
    model: Any = Echo()
    told = answered(plan.scenario, plan, asked, orbit, ground, model)
    rows = [
        dict(zip(told.columns, row, strict=True))
        for row in zip(*told.columns.values(), strict=True)
    ]
    assert len(rows) == 30 == told.summary["asked"]
    assert model.closed
    assert sorted(model.asked) == sorted(PROMPTS)
    assert [row["request"] for row in rows] == sorted({row["request"] for row in rows})
    for row in rows:
        for side, record in (("orbit", orbit), ("ground", ground)):
            assert row["arrival_s"] == record.requests["arrival_s"][row["request"]]
            if row[f"{side}_status"] == "served":
                finish = record.requests["finish_s"][row["request"]]
                assert row[f"{side}_latency_s"] == finish - row["arrival_s"] > 0.0
                assert row[f"{side}_energy_J"] > 0.0
                assert row["answer"] == row["prompt"].upper()
            else:
                assert row[f"{side}_latency_s"] is None
    both = [row for row in rows if row["orbit_status"] == row["ground_status"] == "served"]
    assert both
    for side in ("orbit", "ground"):
        there = [row for row in rows if row[f"{side}_status"] == "served"]
        assert told.summary[side]["answered"] == len(there)
        assert told.summary[side]["usd"] == pytest.approx(sum(r[f"{side}_usd"] for r in there))
    assert max(row["orbit_latency_s"] for row in both) > 600.0  # it waited for the Sun
    assert max(row["ground_latency_s"] for row in both) < 1.0


def test_energy_and_price_are_those_of_a_journey_alone() -> None:
    way = journey(Sky([moment(weights=(1.0, 0.0))]), prompt=100)
    asyncio.run(way.reach(50))
    energy, price = answering._cost(SERVED, 100, 50, True)
    assert energy == pytest.approx(way.energy, rel=1e-12)
    assert price == pytest.approx(way.price, rel=1e-12)


def test_a_model_that_fails_is_told(sides: Any) -> None:
    class Dead(Echo):
        async def complete(self, request: Chat) -> dict[str, Any]:
            raise BackendError("no memory")

    plan, asked, orbit, ground = sides
    model: Any = Dead()
    with pytest.raises(ValueError, match=r"workload\.answers: echo failed: no memory"):
        answered(plan.scenario, plan, asked, orbit, ground, model)
    assert model.closed


def test_nothing_is_asked_for_by_default() -> None:
    assert backend(load("gemma-in-orbit")) is None


def test_a_missing_package_is_told_before_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, GEMMA, None)
    with pytest.raises(ValueError, match=r"workload\.answers: 3; .*pip install"):
        backend(load("gemma-in-orbit", ["workload.answers=3"]))


def test_the_engine_is_the_scenarios(sides: Any) -> None:
    plan, asked, _, _ = sides
    engine = served(plan.scenario, plan, asked)
    assert engine.replicas == 1
    assert engine.orbit_price > engine.ground_price > 0.0
