"""The OpenAI form of requests, answers and errors: what is read and what is refused."""

import json
import unicodedata
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from dawndusk.scenario.errors import nearest

MOST_BYTES = 4_000_000
"""Of a request's body [bytes]."""

ROLES = ("system", "developer", "user", "assistant", "tool", "function")

NUMBERS = {
    "temperature": (0.0, 2.0),
    "top_p": (0.0, 1.0),
    "presence_penalty": (-2.0, 2.0),
    "frequency_penalty": (-2.0, 2.0),
}
"""Settings that are numbers, and their bounds."""


class RefusedError(Exception):
    """A request that is not answered, and why, as an OpenAI client understands it."""

    def __init__(self, status: int, message: str, param: str | None = None, code: str = "") -> None:
        super().__init__(message)
        self.status, self.message, self.param, self.code = status, message, param, code

    def body(self) -> dict[str, Any]:
        """The error as JSON."""
        kind = "invalid_request_error" if self.status < 500 else "server_error"
        return {
            "error": {
                "message": self.message,
                "type": kind,
                "param": self.param,
                "code": self.code or None,
            }
        }


@dataclass(frozen=True)
class Chat:
    """A chat request that may be answered."""

    body: dict[str, Any]
    model: str
    messages: list[dict[str, Any]]
    stream: bool
    most: int | None
    """Tokens that the client allows."""
    usage: bool = False
    """The client wants a stream to end with the tokens read and written."""


@dataclass(frozen=True)
class Embed:
    """Texts to be embedded."""

    model: str
    texts: list[str]
    base64: bool


def parsed(content: bytes) -> dict[str, Any]:
    """The body of a request as JSON.

    Raises:
        RefusedError: when it is none
    """
    try:
        found = json.loads(content.decode("utf-8"))
        json.dumps(found, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except RecursionError:
        raise RefusedError(400, "the body is nested too deeply", code="invalid_json") from None
    except ValueError as error:
        raise RefusedError(400, f"the body is not JSON: {error}", code="invalid_json") from None
    if not isinstance(found, dict):
        raise RefusedError(400, "the body must be a JSON object", code="invalid_json")
    return found


def chat(body: dict[str, Any], models: Sequence[str]) -> Chat:
    """A chat request, checked.

    Raises:
        RefusedError: with the first thing that is wrong
    """
    model = _model(body, models)
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise RefusedError(400, "messages: must be a list with at least one message", "messages")
    for place, message in enumerate(messages):
        _check_message(f"messages.{place}", message)
    stream = _flag(body, "stream")
    count = _whole(body, "n", 1)
    if count is not None and count != 1:
        raise RefusedError(400, f"n: {count}; one answer at a time is given", "n")
    most = _whole(body, "max_completion_tokens", 1)
    most = _whole(body, "max_tokens", 1) if most is None else most
    for name, (low, high) in NUMBERS.items():
        _number(body, name, low, high)
    _whole(body, "seed", -(2**63))
    stop = body.get("stop")
    texts = stop if isinstance(stop, list) else [stop]
    if stop is not None and not all(isinstance(text, str) for text in texts):
        raise RefusedError(400, "stop: must be text or a list of texts", "stop")
    options = body.get("stream_options") or {}
    if not isinstance(options, dict):
        raise RefusedError(400, "stream_options: must be an object", "stream_options")
    return Chat(body, model, messages, stream, most, stream and _flag(options, "include_usage"))


def embed(body: dict[str, Any], models: Sequence[str], dimensions: int) -> Embed:
    """A request for embeddings, checked.

    Raises:
        RefusedError: with the first thing that is wrong
    """
    model = _model(body, models)
    given = body.get("input")
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not texts or not all(isinstance(t, str) for t in texts):
        raise RefusedError(400, "input: must be text or a list of texts, not tokens", "input")
    if not all(texts):
        raise RefusedError(400, "input: an empty text cannot be embedded", "input")
    form = body.get("encoding_format") or "float"
    if form not in ("float", "base64"):
        raise RefusedError(400, "encoding_format: must be float or base64", "encoding_format")
    if body.get("dimensions") not in (None, dimensions):
        said = f"dimensions: {model} has {dimensions} and cannot be shortened; leave it out"
        raise RefusedError(400, said, "dimensions")
    return Embed(model, texts, form == "base64")


def city(name: str, cities: Sequence[str]) -> int:
    """Index of a city by its name, with its accents or without, as headers must be.

    Raises:
        RefusedError: when the scenario has no such city
    """
    with suppress(UnicodeError):  # headers are bytes, read as Latin-1
        name = name.encode("latin-1").decode("utf-8")
    for place, known in enumerate(cities):
        if spelt(known).casefold() == spelt(name).strip().casefold():
            return place
    close = nearest(name, cities)
    raise RefusedError(
        400,
        f"X-Dawndusk-City: the scenario has no city {name!r}; "
        + (f"did you mean {close!r}?" if close else f"it has {', '.join(cities[:20])}"),
        "X-Dawndusk-City",
        "unknown_city",
    )


def text_of(message: Mapping[str, Any]) -> str:
    """The words of a message."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(str(part.get("text", "")) for part in parts if isinstance(part, dict))


def spelt(name: str) -> str:
    """A name in ASCII: letters without their accents, a question mark for what has no letter."""
    parts = unicodedata.normalize("NFKD", name)
    kept = "".join(part for part in parts if not unicodedata.combining(part))
    return kept.encode("ascii", "replace").decode()


def packed(content: Any) -> bytes:
    """JSON in ASCII: some clients take other separators of lines, as U+2028, for ends of lines."""
    return json.dumps(content).encode()


def event(content: Any) -> bytes:
    """One event of a stream."""
    text = content.encode() if isinstance(content, str) else packed(content)
    return b"data: " + text + b"\n\n"


def unknown_model(name: str, models: Sequence[str]) -> RefusedError:
    """What a client is told that asks for another model."""
    said = f"model: {name!r} is not served here; allowed: {', '.join(models)}"
    return RefusedError(404, said, "model", "model_not_found")


def _model(body: Mapping[str, Any], models: Sequence[str]) -> str:
    model = body.get("model")
    if not isinstance(model, str):
        raise RefusedError(400, "model: must be the name of a model", "model")
    if model not in models:
        raise unknown_model(model, models)
    return model


def _check_message(path: str, message: Any) -> None:
    if not isinstance(message, dict):
        raise RefusedError(400, f"{path}: must be an object with role and content", path)
    if message.get("role") not in ROLES:
        raise RefusedError(400, f"{path}.role: must be one of {', '.join(ROLES)}", f"{path}.role")
    content = message.get("content")
    if content is None and message["role"] != "assistant":
        raise RefusedError(400, f"{path}.content: missing", f"{path}.content")
    parts = content if isinstance(content, list) else []
    if content is not None and not isinstance(content, str | list):
        raise RefusedError(400, f"{path}.content: must be text", f"{path}.content")
    for part in parts:
        if not isinstance(part, dict) or not isinstance(part.get("text", ""), str):
            raise RefusedError(400, f"{path}.content: its parts must be objects", f"{path}.content")


def _flag(body: Mapping[str, Any], name: str) -> bool:
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise RefusedError(400, f"{name}: must be true or false", name)
    return bool(value)


def _whole(body: Mapping[str, Any], name: str, least: int) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise RefusedError(400, f"{name}: must be a whole number of at least {least}", name)
    if value >= 2**63:
        raise RefusedError(400, f"{name}: too large", name)
    return value


def _number(body: Mapping[str, Any], name: str, low: float, high: float) -> None:
    value = body.get(name)
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise RefusedError(400, f"{name}: must be a number from {low:g} to {high:g}", name)
