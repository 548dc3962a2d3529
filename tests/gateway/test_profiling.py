"""A machine of known speed is measured, and the entry written runs as fast."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from dawndusk.demand import serving
from dawndusk.gateway.backends import BackendError
from dawndusk.gateway.profiling import profiled
from dawndusk.gateway.wire import Chat
from dawndusk.requests import prefill_seconds
from dawndusk.scenario import load
from tests.test_cli import TINY

PREFILL, DECODE = 700.0, 80.0


class Machine:
    """Answers whose time is known: so many tokens a second, after a fixed pause."""

    model, context = "known", None

    def __init__(self, output: int | None = None) -> None:
        self.now, self.output = 0.0, output
        self.prompts: list[str] = []

    def clock(self) -> float:
        return self.now

    def count(self, messages: list[dict[str, Any]]) -> int:
        return len(messages[0]["content"].split())

    async def complete(self, request: Chat) -> dict[str, Any]:
        await asyncio.sleep(0.0)
        self.prompts.append(request.messages[0]["content"])
        read = self.count(request.messages)
        made = min(request.most or 1, self.output or 10**6)
        self.now += read / PREFILL + (made - 1) / DECODE
        return {"usage": {"prompt_tokens": read, "completion_tokens": made}}

    async def close(self) -> None:
        pass


def measured(machine: Machine, repeats: int = 3) -> Any:
    said: list[str] = []
    return profiled(
        machine, "gemma-3-270m", "h100", "mine", repeats, said.append, clock=machine.clock
    )


def test_the_rates_of_a_known_machine_are_found() -> None:
    found = measured(Machine())
    for point in found.prefill:
        assert point.median == pytest.approx(PREFILL, rel=1e-9)
        assert point.low == pytest.approx(point.high)
    assert found.decode.median == pytest.approx(DECODE, rel=1e-9)


def test_the_entry_runs_as_fast_in_a_scenario(tmp_path: Path) -> None:
    """Prefill within the roofline's overhead, decode within the reading of the cache."""
    path = tmp_path / "own.toml"
    extra = 'satellite.compute.accelerator = "mine"\nworkload.model = "gemma-3-270m"\n'
    path.write_text(TINY + extra + measured(Machine()).toml, encoding="utf-8")
    scenario = load(str(path))
    assert scenario.accelerator.title == "Measured with known"
    assert scenario.accelerator.tdp == 700.0
    service, _ = serving(scenario)
    read = 1500.0
    assert read / prefill_seconds(read, read * read, service) == pytest.approx(PREFILL, rel=0.1)
    each = float(service.iteration[1]) + 50 * service.context_time
    assert 1.0 / each == pytest.approx(DECODE, rel=0.01)
    given = scenario.entries()["accelerator.mine"].values
    assert "dawndusk profile" in given["bandwidth"].provenance.source
    assert given["tdp"].provenance.source.startswith("as h100, not measured")


def test_no_two_prompts_begin_alike() -> None:
    machine = Machine()
    measured(machine)
    assert len({prompt.split()[0] for prompt in machine.prompts}) == len(machine.prompts)


def test_answers_too_short_to_time_are_told() -> None:
    with pytest.raises(ValueError, match="fewer than 8 tokens"):
        measured(Machine(output=3))


def test_a_backend_that_fails_and_a_wrong_name_are_told() -> None:
    class Dead(Machine):
        async def complete(self, request: Chat) -> dict[str, Any]:
            raise BackendError("nobody there")

    with pytest.raises(ValueError, match="nobody there"):
        measured(Dead())
    with pytest.raises(ValueError, match="--name"):
        profiled(Machine(), "gemma-3-270m", "h100", "a b", 1, print)
