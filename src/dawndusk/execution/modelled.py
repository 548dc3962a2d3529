"""Requests served by engines: continuous batching, from event to event in closed form.

An engine is one replica of the model; engine `site * replicas + k` stands at `site`.
Its state is one record, a request's is one record, and the lists between them
(waiting in order of arrival, running as a pairing heap by the iteration that ends
each) live in the requests' own links: memory is fixed, whatever the load.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dawndusk.compiled import kernel, scalar
from dawndusk.requests import (
    BOUNDARY,
    DECODE,
    DROPPED,
    ENGINE,
    FAILED,
    NONE,
    PREFILL,
    REQUEST,
    RUNNING,
    SERVED,
    Requests,
    Service,
    decode_estimate,
    decode_flop,
    merge,
    pop,
    prefill_flop,
    prefill_seconds,
    prompt_estimate,
)
from dawndusk.requests import PENDING as PENDING
from dawndusk.requests import STATUS as STATUS
from dawndusk.requests import WAITING as WAITING


def queue(requests: Requests, engines: int) -> tuple[NDArray, NDArray, NDArray]:
    """Empty engines and pending requests.

    Args:
        requests: what will be asked, in order of arrival [object]
        engines: number of engines [-]
    Returns:
        requests on each engine int32 (engines,), engine records (engines,), request
        records (n,) [object]
    Raises:
        ValueError: when the arrivals are not in order
    Neglects:
        nothing
    Source:
        none: bookkeeping
    """
    late = np.flatnonzero(np.diff(requests.arrival) < 0.0)
    if late.size:
        row = int(late[0]) + 1
        raise ValueError(
            f"requests[{row}]: arrival {requests.arrival[row]} s is before the previous "
            f"{requests.arrival[row - 1]} s; arrivals must not decrease: sort the requests"
        )
    state = np.zeros(engines, ENGINE)
    for name in ("head", "tail", "root", "current"):
        state[name] = NONE
    slots = np.zeros(len(requests), REQUEST)
    for name in ("arrival", "prompt", "output"):
        slots[name] = getattr(requests, name)
    for name in ("link", "child", "engine"):
        slots[name] = NONE
    slots["first_token"] = slots["finish"] = np.nan
    return np.zeros(engines, np.int32), state, slots


@scalar
def _duration(n: float, batch: int, context: float, service: Service) -> float:
    """Engine seconds of the next n decode iterations; the context grows by batch in each [s]."""
    tokens = n * context + 0.5 * batch * n * (n - 1.0)
    return n * service.iteration[batch] + service.context_time * tokens


@scalar
def _iterations(seconds: float, batch: int, context: float, service: Service) -> float:
    """Fewest decode iterations that last at least `seconds`."""
    square = 0.5 * batch * service.context_time
    linear = service.iteration[batch] + service.context_time * context - square
    root = math.sqrt(linear * linear + 4.0 * square * seconds)
    n = float(math.ceil(2.0 * seconds / (linear + root)))
    while n > 0.0 and _duration(n - 1.0, batch, context, service) >= seconds:
        n -= 1.0
    while _duration(n, batch, context, service) < seconds:
        n += 1.0
    return n


@scalar
def _give_up(
    e: int,
    before: float,
    load: NDArray[np.int32],
    engine: Any,
    slots: NDArray,
    service: Service,
) -> None:
    """Drop the first waiting requests whose patience ended earlier than `before`, or ends
    before they are there."""
    head = engine.head
    while head != NONE and (
        slots[head].arrival + service.patience < before or slots[head].lag > service.patience
    ):
        slot = slots[head]
        slot.status = DROPPED
        slot.finish = slot.arrival + service.patience
        engine.work -= prompt_estimate(slot.prompt, service)
        engine.work -= decode_estimate(slot.prompt, slot.output, service)
        load[e] -= 1
        head = slot.link
    engine.head = head
    if head == NONE:
        engine.tail = NONE


@scalar
def _admit(
    now: float, start: float, most: int, engine: Any, slots: NDArray, service: Service
) -> bool:
    """Take in hand the prompts that have arrived and find room, in order of arrival."""
    tokens = 0.0
    last, following = NONE, engine.head
    while following != NONE and engine.batch + engine.prompts < most:
        slot = slots[following]
        promised = engine.reserved + slot.prompt + slot.output
        crowded = last != NONE and tokens + slot.prompt > service.prefill_tokens
        there = slot.arrival + slot.lag - start <= now
        patient = slot.arrival + service.patience - start >= now and slot.lag <= service.patience
        if not (there and patient) or promised > service.capacity or crowded:
            break
        slot.status = RUNNING
        engine.reserved = promised
        engine.prompts += 1
        tokens += slot.prompt
        last = following
        following = slot.link
    if last == NONE:
        return False
    engine.current = engine.head
    engine.head = following
    slots[last].link = NONE
    if following == NONE:
        engine.tail = NONE
    engine.phase = PREFILL
    tokens, squares = _in_hand(engine, slots)
    engine.left = prefill_seconds(tokens, squares, service)
    return True


@scalar
def _in_hand(engine: Any, slots: NDArray) -> tuple[float, float]:
    """Tokens of the prompts in hand, and the squares of their lengths."""
    tokens, squares = 0.0, 0.0
    request = engine.current
    for _ in range(engine.prompts):
        length = float(slots[request].prompt)
        tokens += length
        squares += length * length
        request = slots[request].link
    return tokens, squares


@scalar
def _join(time: float, engine: Any, slots: NDArray, service: Service) -> int:
    """The requests in hand have their first tokens and join the batch."""
    written = 0
    request = engine.current
    for _ in range(engine.prompts):
        slot = slots[request]
        following = slot.link
        made = min(slot.output, 1)
        written += made
        slot.first_token = time
        slot.last = engine.iterations + max(slot.output - 1, 0)
        slot.child = slot.link = NONE
        engine.context += slot.prompt + made
        engine.work -= prompt_estimate(slot.prompt, service)
        engine.root = request if engine.root == NONE else merge(engine.root, request, slots)
        request = following
    engine.batch += engine.prompts
    engine.prompts = 0
    return written


@scalar
def _leave(
    e: int,
    time: float,
    load: NDArray[np.int32],
    engine: Any,
    slots: NDArray,
    service: Service,
) -> int:
    """Requests whose last token the engine has just made are served."""
    served = 0
    while engine.root != NONE and slots[engine.root].last == engine.iterations:
        slot = slots[engine.root]
        engine.root = pop(engine.root, slots)
        slot.status = SERVED
        slot.finish = time
        engine.batch -= 1
        engine.context -= slot.prompt + slot.output
        engine.reserved -= slot.prompt + slot.output
        engine.work -= decode_estimate(slot.prompt, slot.output, service)
        load[e] -= 1
        served += 1
    return served


@kernel
def advance_engine(
    e: int,
    start: float,
    dt: float,
    speed: float,
    load: NDArray[np.int32],
    engines: NDArray,
    slots: NDArray,
    service: Service,
) -> tuple[float, float, float, int, int, int]:
    """One engine through one step: prefill first, first come first served.

    At each end of an operation the waiting requests that have arrived are started, as far
    as the batch has room, the cache can hold their whole prompts and outputs, and their
    prompts fit one prefill; if there is none, all running requests decode one token. Runs
    of iterations between two such events are taken at once: the context grows linearly, so
    their time is an exact quadratic in their number. Operations cut by the end of the step
    go on in the next. Skip the call where `load[e]` is 0.

    Args:
        e: engine [-]
        start: beginning of the step [s]
        dt: length of the step [s]
        speed: engine seconds in a second of time; 0 stands still [-]
        load: requests waiting or running on each engine, changed, shape (engines,) [-]
        engines: engine records, changed, shape (engines,) [object]
        slots: request records, changed, shape (n,) [object]
        service: how an engine serves [object]
    Returns:
        time in prefill [s], time in decode [s], useful work [FLOP], prompt tokens
        prefilled [-], tokens generated [-], requests served [-]
    Neglects:
        chunked prefill (it trades time to first token for even decoding), reuse of cached
        prefixes; memory is promised for the whole output at the start, where a real server
        finds out and preempts
    Source:
        Yu et al., Orca, OSDI 2022, §4 (iteration-level scheduling); Kwon et al., vLLM,
        SOSP 2023, §4.5 (first come, first served; prefill first)
    """
    engine = engines[e]
    most = service.iteration.size - 1
    now, prefill, decode, flop = 0.0, 0.0, 0.0, 0.0
    read, written, served = 0, 0, 0
    while speed > 0.0 and now < dt:
        if engine.phase != BOUNDARY:
            reading = engine.phase == PREFILL
            if reading:
                tokens, squares = _in_hand(engine, slots)
                whole = prefill_seconds(tokens, squares, service)
                work = prefill_flop(tokens, squares, service)
            else:
                whole = _duration(1.0, engine.batch, engine.context, service)
                work = service.token_flop * engine.batch + service.context_flop * engine.context
            spent = min(engine.left, (dt - now) * speed)
            flop += work * (spent / whole)
            if reading:
                prefill += spent / speed
            else:
                decode += spent / speed
            if now + engine.left / speed > dt:
                engine.left -= spent
                break
            now += spent / speed
            engine.phase = BOUNDARY
            if reading:
                read += int(tokens)
                written += _join(start + now, engine, slots, service)
            else:
                engine.iterations += 1
                engine.context += engine.batch
                written += engine.batch
            served += _leave(e, start + now, load, engine, slots, service)
            continue

        _give_up(e, start + now, load, engine, slots, service)
        if _admit(now, start, most, engine, slots, service):
            continue
        head = engine.head
        horizon = np.inf
        if head != NONE and engine.batch < most:
            horizon = slots[head].arrival + slots[head].lag - start
            if horizon <= now:
                horizon = slots[head].arrival + service.patience - start
        batch = engine.batch
        if batch == 0:
            if head == NONE:
                break
            now = horizon
            continue

        context = float(engine.context)
        n = float(slots[engine.root].last - engine.iterations)
        total = _duration(n, batch, context, service)
        until = (horizon - now) * speed
        if total > until:
            n = min(n, max(_iterations(until, batch, context, service), 1.0))
            total = _duration(n, batch, context, service)
        cut = now + total / speed > dt
        if cut:
            until = (dt - now) * speed
            n = min(n, _iterations(until, batch, context, service)) - 1.0
            total = _duration(n, batch, context, service)
        tokens = n * context + 0.5 * batch * n * (n - 1.0)
        flop += service.token_flop * batch * n + service.context_flop * tokens
        decode += total / speed
        now += total / speed
        engine.iterations += int(n)
        engine.context += batch * int(n)
        written += batch * int(n)
        if cut:
            engine.phase = DECODE
            engine.left = _duration(1.0, batch, engine.context, service)
        else:
            served += _leave(e, start + now, load, engine, slots, service)

    _give_up(e, start + dt, load, engine, slots, service)
    if load[e] == 0:
        engine.work = 0.0
    return prefill, decode, flop, read, written, served


@kernel
def fail_engine(
    e: int, time: float, load: NDArray[np.int32], engines: NDArray, slots: NDArray, service: Service
) -> tuple[int, float]:
    """A fault: what the engine has started is lost, what waits there stays.

    Args:
        e: engine [-]
        time: of the fault, the end of the last step [s]
        load: requests waiting or running on each engine, changed, shape (engines,) [-]
        engines: engine records, changed, shape (engines,) [object]
        slots: request records, changed, shape (n,) [object]
        service: how an engine serves [object]
    Returns:
        requests failed [-], useful work done for them in vain [FLOP]
    Neglects:
        repeating failed requests: whoever asked must ask again
    Source:
        none: bookkeeping
    """
    engine = engines[e]
    failed, wasted, part = 0, 0.0, 0.0
    if engine.phase == PREFILL:
        tokens, squares = _in_hand(engine, slots)
        done = 1.0 - engine.left / prefill_seconds(tokens, squares, service)
        wasted += prefill_flop(tokens, squares, service) * done
        request = engine.current
        for _ in range(engine.prompts):
            slot = slots[request]
            engine.work -= prompt_estimate(slot.prompt, service)
            engine.work -= decode_estimate(slot.prompt, slot.output, service)
            slot.status = FAILED
            slot.finish = time
            failed += 1
            request = slot.link
    elif engine.phase == DECODE:
        part = 1.0 - engine.left / _duration(1.0, engine.batch, engine.context, service)
    while engine.root != NONE:
        slot = slots[engine.root]
        engine.root = pop(engine.root, slots)
        generated = slot.output - (slot.last - engine.iterations)
        wasted += prefill_flop(slot.prompt, float(slot.prompt) * slot.prompt, service)
        wasted += decode_flop(slot.prompt, generated, service)
        wasted += part * (service.token_flop + service.context_flop * (slot.prompt + generated))
        engine.work -= decode_estimate(slot.prompt, slot.output, service)
        slot.status = FAILED
        slot.finish = time
        failed += 1
    load[e] -= failed
    engine.batch = 0
    engine.prompts = 0
    engine.context = 0
    engine.reserved = 0
    engine.phase = BOUNDARY
    if load[e] == 0:
        engine.work = 0.0
    return failed, wasted


@kernel
def advance(
    low: int,
    high: int,
    start: float,
    dt: float,
    speed: NDArray[np.float64],
    load: NDArray[np.int32],
    engines: NDArray,
    slots: NDArray,
    service: Service,
    done: NDArray[np.float64],
) -> None:
    """Engines low … high − 1 through one step.

    Args:
        low: first engine [-]
        high: one past the last engine [-]
        start: beginning of the step [s]
        dt: length of the step [s]
        speed: engine seconds in a second of time, shape (engines,) [-]
        load: requests waiting or running on each engine, changed, shape (engines,) [-]
        engines: engine records, changed, shape (engines,) [object]
        slots: request records, changed, shape (n,) [object]
        service: how an engine serves [object]
        done: filled by engine with what `advance_engine` returns, shape (engines, 6) [object]
    Returns:
        nothing [-]
    Neglects:
        as `advance_engine`
    Source:
        none: a loop
    """
    for e in range(low, high):
        if load[e] == 0:
            for k in range(6):
                done[e, k] = 0.0
        else:
            prefill, decode, flop, read, written, served = advance_engine(
                e, start, dt, speed[e], load, engines, slots, service
            )
            done[e, 0] = prefill
            done[e, 1] = decode
            done[e, 2] = flop
            done[e, 3] = read
            done[e, 4] = written
            done[e, 5] = served


def outstanding(engines: NDArray, replicas: int) -> NDArray[np.float64]:
    """Estimated work queued at each site, in seconds of all its engines together.

    Args:
        engines: engine records, shape (sites · replicas,) [object]
        replicas: engines at each site [-]
    Returns:
        outstanding engine time by site, shape (sites,) [s]
    Neglects:
        progress inside a running request; decode is taken at its share of a full batch
    Source:
        none: a sum
    """
    return engines["work"].reshape(-1, replicas).sum(axis=1)
