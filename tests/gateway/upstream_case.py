"""Servers on the loopback for the gateway's tests: one in a thread, and a stub of an upstream."""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

starlette = pytest.importorskip("starlette", reason="the extra 'serve' is not installed")
uvicorn = pytest.importorskip("uvicorn", reason="the extra 'serve' is not installed")

from starlette.applications import Starlette  # noqa: E402
from starlette.requests import Request  # noqa: E402
from starlette.responses import JSONResponse, Response, StreamingResponse  # noqa: E402
from starlette.routing import Route  # noqa: E402

ANSWERS: dict[str, Any] = {
    "silent": {"choices": None},
    "nothing": {"choices": [{"message": None}]},
    "text": {"choices": [{"message": "hello"}]},
    "no number": {"choices": [{"message": {"content": "a"}}], "score": float("nan")},
}
"""Of upstreams that answer otherwise than they should, by mode."""

WORDS = ["Orbits", " are", " ellipses", "\u2028."]


@contextmanager
def served(app: Any, **options: Any) -> Iterator[str]:
    """An application on a free port of the loopback; gives its address."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, log_level="error", lifespan="off", **options
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 20.0
    while not (server.started and server.servers):
        assert time.monotonic() < until
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.should_exit = True
        thread.join(20.0)


class Stub:
    """An upstream that says the same to everybody and notes what it was asked."""

    def __init__(self, slow: float = 0.0) -> None:
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.mode, self.slow = "good", slow

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/v1/chat/completions", self.chat, methods=["POST"])])

    async def chat(self, request: Request) -> Response:
        body = await request.json()
        self.asked.append(body)
        self.keys.append(request.headers.get("authorization", ""))
        await asyncio.sleep(self.slow)
        if self.mode == "broken":
            return Response("oops", 500)
        if self.mode == "garbage":
            return Response("<html>", 200)
        if self.mode in ANSWERS:
            return Response(json.dumps(ANSWERS[self.mode]), 200)
        if self.mode == "limit":
            return JSONResponse({"error": {"message": "slow down"}}, 429)
        if body["stream"]:
            return StreamingResponse(self.parts(), media_type="text/event-stream")
        message = {"role": "assistant", "content": "".join(WORDS)}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        usage = {"prompt_tokens": 5, "completion_tokens": 4, "total_tokens": 9}
        return JSONResponse(self.form("chat.completion", choice) | {"usage": usage})

    async def parts(self) -> AsyncIterator[bytes]:
        for place, word in enumerate(WORDS):
            if self.mode == "cut" and place == 2:
                return
            if self.mode == "hang" and place == 2:
                await asyncio.sleep(30.0)
            delta = {"index": 0, "delta": {"content": word}, "finish_reason": None}
            yield self.line(delta)
        yield self.line({"index": 0, "delta": {}, "finish_reason": "stop"})
        yield b"data: [DONE]\n\n"

    def line(self, choice: dict[str, Any]) -> bytes:
        told = json.dumps(self.form("chat.completion.chunk", choice), ensure_ascii=False)
        return f"data: {told}\r\n\r\n".encode()

    def form(self, kind: str, choice: dict[str, Any]) -> dict[str, Any]:
        return {"id": "x", "object": kind, "created": 1, "model": "stub", "choices": [choice]}
