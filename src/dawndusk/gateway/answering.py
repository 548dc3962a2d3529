"""Requests of a run that are really answered: a question for each, by a real model.

When and where a request was served is the run's; what is answered is the model's. Both sides
ask the same questions of the same model, so they differ in time, energy and price alone.
"""

import asyncio
from typing import Any, NamedTuple

import numpy as np

from dawndusk.demand import Demand
from dawndusk.execution import modelled
from dawndusk.fleet_plan import FleetPlan
from dawndusk.gateway.backends import Answers, BackendError, chat_backend
from dawndusk.gateway.journey import cost, decode_seconds
from dawndusk.gateway.wire import Chat
from dawndusk.live import Served, served
from dawndusk.record import Record
from dawndusk.requests import prefill_seconds
from dawndusk.scenario import Scenario

MOST = 96
"""Tokens of an answer [-]."""

PROMPTS = (
    "What is the capital of France?",
    "Why is the sky blue?",
    "Name three planets of the solar system.",
    "What does a solar panel do?",
    "How does a satellite stay in orbit?",
    "What is an eclipse?",
    "Why does the Moon have phases?",
    "What is the speed of light?",
    "Who first walked on the Moon?",
    "What is a battery?",
    "Why do stars twinkle?",
    "What is the largest ocean?",
    "How far is the Sun from the Earth?",
    "What is gravity?",
    "What is the Milky Way?",
    "Name two gases in the air.",
    "What does a telescope do?",
    "Why are there seasons?",
    "What is a computer made of?",
    "What is heat?",
    "How do radios work?",
    "What is a comet?",
    "Which planet has rings?",
    "What is a data centre?",
)
"""Questions in turn, made for this program."""


class Answered(NamedTuple):
    """What was asked and answered, a row a request, and what it adds up to."""

    columns: dict[str, list[Any]]
    summary: dict[str, Any]


def backend(scenario: Scenario) -> Answers | None:
    """The model that answers a run's requests; None where none are to be answered.

    Raises:
        ValueError: when its packages are missing
    """
    if not scenario.workload.answers:
        return None
    try:
        return chat_backend(None, None, None, "gemma")
    except ValueError as fault:
        raise ValueError(f"workload.answers: {scenario.workload.answers}; {fault}") from None


def answered(
    scenario: Scenario,
    plan: FleetPlan,
    asked: Demand,
    orbit: Record,
    ground: Record,
    answers: Answers,
) -> Answered:
    """Answer the requests that were chosen and served in orbit or on the ground.

    Args:
        scenario: what was run, all sizes filled in [object]
        plan: its satellites [object]
        asked: its demand [object]
        orbit: the orbital side [object]
        ground: the ground twin, asked the same [object]
        answers: the model [object]
    Returns:
        one row a request and the sums of both sides [object]
    Raises:
        ValueError: when the model fails
    """
    count = min(len(orbit.requests["arrival_s"]), len(ground.requests["arrival_s"]))
    chosen = np.unique(np.linspace(0, count - 1, min(scenario.workload.answers, count)).astype(int))
    try:
        found = asyncio.run(_ask(answers, len(chosen)))
    except BackendError as fault:
        raise ValueError(f"workload.answers: {answers.model} failed: {fault}") from None
    engine = served(scenario, plan, asked)
    rows = [
        _row(int(request), place, found[place], engine, orbit, ground)
        for place, request in enumerate(chosen)
    ]
    columns = {name: [row[name] for row in rows] for name in rows[0]} if rows else {}
    summary: dict[str, Any] = {"model": answers.model, "asked": len(rows)}
    summary["output_tokens"] = sum(row["answer_tokens"] for row in rows)
    for side in ("orbit", "ground"):
        there = [row for row in rows if row[f"{side}_status"] == "served"]
        times = [row[f"{side}_latency_s"] for row in there]
        summary[side] = {
            "answered": len(there),
            "latency_p50_s": float(np.median(times)) if times else None,
            "latency_max_s": max(times) if times else None,
            "energy_J": sum(row[f"{side}_energy_J"] for row in there),
            "usd": sum(row[f"{side}_usd"] for row in there),
        }
    return Answered(columns, summary)


async def _ask(answers: Answers, count: int) -> list[tuple[str, int, int]]:
    """Answers to so many questions in turn, each with its tokens read and written."""
    known: dict[str, tuple[str, int, int]] = {}
    try:
        for prompt in dict.fromkeys(PROMPTS[:count]):
            messages = [{"role": "user", "content": prompt}]
            body = {"model": answers.model, "messages": messages, "temperature": 0.0}
            found = await answers.complete(Chat(body, answers.model, messages, False, MOST))
            text = str(found["choices"][0]["message"]["content"])
            usage = found["usage"]
            known[prompt] = (text, int(usage["prompt_tokens"]), int(usage["completion_tokens"]))
    finally:
        await answers.close()
    return [known[PROMPTS[place % len(PROMPTS)]] for place in range(count)]


def _row(
    request: int,
    place: int,
    found: tuple[str, int, int],
    engine: Served,
    orbit: Record,
    ground: Record,
) -> dict[str, Any]:
    text, read, written = found
    row: dict[str, Any] = {
        "request": request,
        "prompt": PROMPTS[place % len(PROMPTS)],
        "answer": None,
        "prompt_tokens": read,
        "answer_tokens": written,
        "arrival_s": float(orbit.requests["arrival_s"][request]),
    }
    for side, record in (("orbit", orbit), ("ground", ground)):
        columns = {name: values[request] for name, values in record.requests.items()}
        done = int(columns["status"]) == modelled.SERVED
        energy, price = _cost(engine, read, written, side == "orbit")
        row |= {
            f"{side}_status": modelled.STATUS[int(columns["status"])],
            f"{side}_site": int(columns["site"]),
            f"{side}_first_token_s": float(columns["first_token_s"]) if done else None,
            f"{side}_finish_s": float(columns["finish_s"]) if done else None,
            f"{side}_latency_s": float(columns["finish_s"]) - row["arrival_s"] if done else None,
            f"{side}_energy_J": energy if done else 0.0,
            f"{side}_usd": price if done else 0.0,
        }
        if done:
            row["answer"] = text
    return row


def _cost(engine: Served, read: int, written: int, orbital: bool) -> tuple[float, float]:
    """Energy and price of a request alone on an engine at full clock."""
    reading = float(prefill_seconds(float(read), float(read) ** 2, engine.service))
    writing = decode_seconds(read, 0, max(written - 1, 0), 1, engine.service)
    first = cost(engine, reading, 1.0, engine.node.compute_activity, orbital)
    rest = cost(engine, writing, 1.0, engine.node.memory_activity, orbital)
    return first[0] + rest[0], first[1] + rest[1]
