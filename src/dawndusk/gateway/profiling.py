"""Tokens per second of a backend on this machine, as an accelerator that a scenario can name.

Time to the first token at several lengths of prompt gives the rate of prefill, the time of the
further tokens that of decode. The accelerator written has the compute rate and the memory
bandwidth at which the roofline of `workload.inference` runs the catalogue's model as fast.
"""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Any, NamedTuple

from dawndusk import catalogue
from dawndusk.catalogue.entries import Accelerator, Model
from dawndusk.gateway.backends import Answers, BackendError
from dawndusk.gateway.wire import Chat
from dawndusk.requests import prefill_seconds
from dawndusk.scenario.quantities import text
from dawndusk.workload import inference

PROMPTS = (32, 128, 512, 1536)
"""Lengths of prompts that are asked for [words]."""

ANSWER = 64
"""Tokens of an answer whose decode is timed [-]."""

LEAST_DECODED = 8
"""Tokens after the first that a timing of decode needs [-]."""

WORDS = (
    *("orbit", "radiator", "battery", "sunlight", "eclipse", "laser", "station", "ring"),
    *("panel", "shadow", "model", "answer", "heat", "launch", "dust", "signal"),
)


class Point(NamedTuple):
    """Repeated measurements of one thing [tokens/s]."""

    tokens: int
    """Of the prompt [-]."""
    median: float
    low: float
    high: float
    seconds: float
    """Median time to the first token, or of one token in decode [s]."""


@dataclass(frozen=True)
class Profile:
    """What was measured, and the catalogue file that follows from it."""

    prefill: tuple[Point, ...]
    decode: Point
    peak: float
    """At which the roofline's prefill is as fast [FLOP/s]."""
    bandwidth: float
    """At which its decode is as fast [B/s]."""
    toml: str
    lines: tuple[str, ...]


def profiled(
    answers: Answers,
    model: str,
    like: str,
    name: str,
    repeats: int,
    say: Callable[[str], Any] = print,
    clock: Callable[[], float] = time.perf_counter,
) -> Profile:
    """Measure a backend.

    Args:
        answers: what is measured [object]
        model: catalogue model that it stands for [object]
        like: catalogue accelerator whose other values are taken [object]
        name: of the accelerator written [object]
        repeats: of each measurement [-]
        say: is given lines for a person [object]
        clock: of the host [object]
    Returns:
        the measurements and a catalogue file [object]
    Raises:
        ValueError: when a name is unknown or the backend does not answer
    """
    shape = catalogue.entry(f"model.{model}").resolved
    chip = catalogue.entry(f"accelerator.{like}").resolved
    assert isinstance(shape, Model)
    assert isinstance(chip, Accelerator)
    if not name.replace("-", "").replace("_", "").isalnum():
        raise ValueError(f"--name: {name!r}; allowed: letters, digits, - and _")
    say(f"measuring {answers.model}: {len(PROMPTS)} lengths of prompt, {repeats} times each")
    try:
        prefill, decode = asyncio.run(_measured(answers, repeats, clock))
    except BackendError as fault:
        raise ValueError(f"profile: {answers.model} does not answer: {fault}") from None
    peak, bandwidth = _fitted(shape, prefill, decode)
    lines = _lines(shape, prefill, decode, peak, bandwidth)
    toml = _toml(answers.model, model, like, name, repeats, peak, bandwidth, lines)
    return Profile(prefill, decode, peak, bandwidth, toml, lines)


async def _measured(
    answers: Answers, repeats: int, clock: Callable[[], float]
) -> tuple[tuple[Point, ...], Point]:
    """Prefill by length of prompt, and decode."""
    draw = random.Random(1)
    try:
        await _asked(answers, _prompt(draw, PROMPTS[0]), 2, clock)  # loads what is loaded once
        prefill = []
        for words in PROMPTS:
            found = [await _asked(answers, _prompt(draw, words), 1, clock) for _ in range(repeats)]
            prefill.append(_point([(tokens, seconds) for tokens, _, seconds in found]))
        timed: list[tuple[int, float]] = []
        for _ in range(4 * repeats):
            if len(timed) == repeats:
                break
            read, made, seconds = await _asked(answers, _prompt(draw, PROMPTS[0]), ANSWER, clock)
            after = seconds - prefill[0].seconds * read / prefill[0].tokens
            if made > LEAST_DECODED and after > 0.0:
                timed.append((made - 1, after))
    finally:
        await answers.close()
    if not timed:
        raise BackendError(f"its answers have fewer than {LEAST_DECODED} tokens")
    decode = _point(timed)
    each = median(seconds / count for count, seconds in timed)
    return tuple(prefill), decode._replace(tokens=prefill[0].tokens, seconds=each)


async def _asked(
    answers: Answers, prompt: str, most: int, clock: Callable[[], float]
) -> tuple[int, int, float]:
    """Tokens read and written, and the time they took."""
    messages = [{"role": "user", "content": prompt}]
    body = {"model": answers.model, "messages": messages, "max_tokens": most, "temperature": 0.0}
    began = clock()
    found = await answers.complete(Chat(body, answers.model, messages, False, most))
    seconds = clock() - began
    usage = found.get("usage") or {}
    read = usage.get("prompt_tokens") or answers.count(messages)
    return int(read), int(usage.get("completion_tokens") or most), seconds


def _prompt(draw: random.Random, words: int) -> str:
    """Words that no cache has seen, from the first on."""
    chosen = [f"{draw.randrange(10**6)}", *draw.choices(WORDS, k=max(words - 12, 1))]
    return f"{' '.join(chosen)}. Tell a long story with all of these words in it."


def _point(found: list[tuple[int, float]]) -> Point:
    rates = sorted(tokens / seconds for tokens, seconds in found)
    return Point(
        round(median(tokens for tokens, _ in found)),
        median(rates),
        rates[0],
        rates[-1],
        median(seconds for _, seconds in found),
    )


def _fitted(shape: Model, prefill: tuple[Point, ...], decode: Point) -> tuple[float, float]:
    """Compute rate and bandwidth at which the roofline is as fast."""
    first, last = prefill[0], prefill[-1]
    grown = last.seconds - first.seconds
    slope = (last.tokens - first.tokens) / grown if grown > 0.0 else last.median
    wide = shape.weight_bytes > 1.0
    efficiency = inference.COMPUTE_EFFICIENCY if wide else inference.COMPUTE_EFFICIENCY_FP8
    peak = 2.0 * shape.active_parameters * slope / efficiency
    size = inference.weights(shape.active_parameters, shape.weight_bytes)
    reading = max(decode.seconds - shape.layers * inference.LAYER_OVERHEAD, 0.1 * decode.seconds)
    return peak, size / (inference.MEMORY_EFFICIENCY * reading)


def _lines(
    shape: Model, prefill: tuple[Point, ...], decode: Point, peak: float, bandwidth: float
) -> tuple[str, ...]:
    """The measurements for a person, beside what the roofline then says."""
    service = inference.service(
        parameters=shape.parameters,
        active_parameters=shape.active_parameters,
        layers=shape.layers,
        hidden=shape.hidden,
        kv_heads=shape.kv_heads,
        head_dim=shape.head_dim,
        weight_bytes=shape.weight_bytes,
        kv_bytes=shape.kv_bytes,
        peak_flops=peak,
        bandwidth=bandwidth,
        memory=4.0 * inference.weights(shape.parameters, shape.weight_bytes),
        tensor_parallel=1,
        max_batch=1,
        patience=1.0,
    )
    rows = [
        (f"prefill {point.tokens:5d}", point, point.tokens / _prefill(point, service))
        for point in prefill
    ]
    iteration = float(service.iteration[1]) + service.context_time * decode.tokens
    rows.append((f"decode  {decode.tokens:5d}", decode, 1.0 / iteration))
    return (
        "what and prompt   tokens/s   lowest  highest | roofline",
        *(
            f"{what:15s} {point.median:10.1f} {point.low:8.1f} {point.high:8.1f} | {modelled:8.1f}"
            for what, point, modelled in rows
        ),
    )


def _prefill(point: Point, service: Any) -> float:
    return float(prefill_seconds(float(point.tokens), float(point.tokens) ** 2, service))


def _toml(
    measured: str,
    model: str,
    like: str,
    name: str,
    repeats: int,
    peak: float,
    bandwidth: float,
    lines: tuple[str, ...],
) -> str:
    """A catalogue entry to be appended to a scenario."""
    now = datetime.now(UTC).strftime("%Y-%m")
    source = f"dawndusk profile: {measured} as {model}, {repeats} repeats, one request at a time"
    fitted = {
        "peak_flops": text(float(f"{peak:.4g}"), "FLOP/s"),
        "peak_flops_fp8": text(float(f"{peak:.4g}"), "FLOP/s"),
        "bandwidth": text(float(f"{bandwidth:.4g}"), "B/s"),
    }
    rows = []
    for path, value in catalogue.entry(f"accelerator.{like}").values.items():
        given = fitted.get(path)
        written = value.text if value.unit == "" else f'"{given or value.text}"'
        said = source if given else f"as {like}, not measured: {value.provenance.source}"
        trust = "derived" if given else value.provenance.confidence or "assumed"
        said = said.replace("\\", "").replace('"', "'")
        rows.append(
            f'{path} = {{ value = {written}, source = "{said}", date = "{now}", '
            f'confidence = "{trust}" }}'
        )
    return "\n".join(
        [
            "# Measured by `dawndusk profile`. Append this to a scenario and name it there:",
            f'#   satellite.compute.accelerator = "{name}"',
            f"# It runs {model} one request at a time as fast as this machine ran {measured}.",
            "# Larger batches, other models, power and price are not measured: they follow from",
            f"# the roofline and from {like}.",
            "#",
            *(f"# {line}" for line in lines),
            "",
            f"[catalogue.accelerator.{name}]",
            f'title = "Measured with {measured}"',
            *rows,
            "",
        ]
    )
