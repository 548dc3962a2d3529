"""The endpoint on the loopback: an OpenAI client unchanged, true figures, faults, accounts."""

import asyncio
import http.client
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.gateway.sky_case import SERVED, SERVICE, Sky, journey, moment, outages
from tests.gateway.upstream_case import ANSWERS, WORDS, Stub, served

openai = pytest.importorskip("openai", reason="the OpenAI client is not installed")
httpx = pytest.importorskip("httpx", reason="the extra 'serve' is not installed")

from dawndusk.gateway.app import Gateway  # noqa: E402
from dawndusk.gateway.backends import Upstream  # noqa: E402

ASKED = [{"role": "user", "content": "What do satellites do?"}]
ONLY_A = (1.0, 0.0)


class Letters:
    """An embedding that counts letters."""

    model, dimensions = "letters", 3

    def count(self, text: str) -> int:
        return len(text.split())

    async def embed(self, texts: list[str]) -> list[list[float]]:
        return [[float(text.count(letter)) for letter in "abc"] for text in texts]


class Broken(Letters):
    """An embedding with a fault."""

    async def embed(self, texts: list[str]) -> list[list[float]]:
        raise ZeroDivisionError("no letters")


@contextmanager
def gateway(
    sky: Sky | None = None, stub: Stub | None = None, **options: Any
) -> Iterator[tuple[Gateway, Any]]:
    """A gateway with an upstream, and a client of it."""
    stub = stub or Stub()
    with served(stub.app()) as upstream:
        options.setdefault("chat", Upstream(upstream, "stub"))
        options.setdefault("embeddings", Letters())
        found = Gateway(sky or Sky([moment(weights=ONLY_A)]), **options)
        with served(found.app()) as address:
            client = openai.OpenAI(base_url=address, api_key="any", max_retries=0, timeout=20.0)
            yield found, client
            client.close()


def figures(response: Any) -> dict[str, str]:
    start = "x-dawndusk-"
    return {k.removeprefix(start): v for k, v in response.headers.items() if k.startswith(start)}


def post(client: Any, content: bytes, path: str = "/chat/completions", **headers: str) -> Any:
    address = str(client.base_url).rstrip("/") + path
    return httpx.post(address, content=content, headers=headers, timeout=20.0)


def body(**given: Any) -> bytes:
    return json.dumps({"model": "stub", "messages": ASKED, **given}).encode()


def settled(found: Gateway, count: int) -> dict[str, Any]:
    """The accounts once so many requests have been offered and none waits."""
    until = time.monotonic() + 10.0
    while time.monotonic() < until:
        total = found.accounts.totals()
        if total["offered"] == count and not total["waiting"] and not found.under_way:
            break
        time.sleep(0.02)
    total = found.accounts.totals()
    outcomes = ("answered", "refused", "failed", "waiting")
    assert total["offered"] == count == sum(total[name] for name in outcomes)
    return total


# The OpenAI client, unchanged


def test_models_are_listed() -> None:
    with gateway() as (_, client):
        assert [model.id for model in client.models.list()] == ["stub", "letters"]


def test_a_model_is_told_by_its_name() -> None:
    with gateway() as (_, client):
        assert client.models.retrieve("letters").id == "letters"
        with pytest.raises(openai.NotFoundError, match="'gpt' is not served here"):
            client.models.retrieve("gpt")


def test_a_stream_ends_with_its_usage_where_that_is_wanted() -> None:
    """The backend tells none; the last part has no choices, as clients expect."""
    with gateway() as (found, client):
        for wanted in (True, False):
            options = {"include_usage": wanted}
            parts = list(
                client.chat.completions.create(
                    model="stub", messages=ASKED, stream=True, stream_options=options
                )
            )
            told = [part.usage for part in parts if part.usage]
            assert len(told) == wanted
            assert parts[-1].model_extra["dawndusk"]["site"] == "A"
            if wanted:
                read = found.accounts.entries[0].prompt_tokens
                usage = told[0].prompt_tokens, told[0].completion_tokens, told[0].total_tokens
                assert usage == (read, 4, read + 4)
                assert parts[-1].choices == []
        assert post(client, body(stream=True, stream_options=[1])).status_code == 400


def test_a_chat_is_answered_with_the_truth_and_the_figures_of_its_way() -> None:
    with gateway() as (found, client):
        raw = client.chat.completions.with_raw_response.create(
            model="stub", messages=ASKED, extra_headers={"X-Dawndusk-City": "lima"}
        )
        answer, told = raw.parse(), figures(raw)
        assert answer.choices[0].message.content == "".join(WORDS)
        assert answer.usage.completion_tokens == 4
        assert settled(found, 1)["answered"] == 1
    prompt = found.chat.count(ASKED)  # type: ignore[union-attr]
    way = journey(Sky([moment(weights=ONLY_A)]), prompt=prompt)
    asyncio.run(way.reach(4))
    assert told["site"] == "A"
    assert told["city"] == "Lima"
    assert told["retries"] == "0"
    assert float(told["energy-j"]) == pytest.approx(way.energy, rel=1e-6)
    assert float(told["price-usd"]) == pytest.approx(way.price, rel=1e-6)
    assert float(told["virtual-latency-s"]) == pytest.approx(way.time + 0.01, rel=1e-6)
    assert float(told["virtual-path-s"]) == pytest.approx(0.02, rel=1e-6)
    assert float(told["virtual-queue-s"]) == 0.0
    assert told["time"].startswith("2025-12-")
    entry = found.accounts.entries[0]
    assert (entry.prompt_tokens, entry.output_tokens) == (prompt, 4)
    assert min(entry.bytes_up, entry.bytes_down) > 1000


def test_a_stream_brings_the_words_and_ends_with_the_figures() -> None:
    with gateway() as (found, client):
        raw = client.chat.completions.with_raw_response.create(
            model="stub", messages=ASKED, stream=True
        )
        assert figures(raw)["site"] == "A"
        parts = list(raw.parse())
        assert settled(found, 1)["answered"] == 1
    assert "".join(part.choices[0].delta.content or "" for part in parts) == "".join(WORDS)
    told = parts[-1].model_extra["dawndusk"]
    way = journey(Sky([moment(weights=ONLY_A)]), prompt=found.accounts.entries[0].prompt_tokens)
    asyncio.run(way.reach(4))
    assert told["energy_j"] == pytest.approx(way.energy, rel=1e-6)
    assert told["virtual_latency_s"] == pytest.approx(way.time + 0.01, rel=1e-6)
    first = float(figures(raw)["virtual-latency-s"])
    assert first < told["virtual_latency_s"]


def test_tokens_of_a_stream_come_at_the_virtual_rate() -> None:
    """As slow as makes one iteration last a fifth of a second."""
    each = float(SERVICE.iteration[1])
    with gateway(Sky([moment(weights=ONLY_A)], speed=each / 0.2)) as (_, client):
        began = time.monotonic()
        parts = client.chat.completions.create(model="stub", messages=ASKED, stream=True)
        when = [time.monotonic() - began for part in parts if part.choices[0].delta.content]
    assert len(when) == len(WORDS)
    due = 0.02 / each * 0.2 + 0.2 * np.arange(1, len(WORDS) + 1)
    assert np.all(np.array(when) > 0.99 * due)


def test_embeddings_as_numbers_and_packed() -> None:
    with gateway() as (found, client):
        for form in ("float", "base64"):
            raw = client.embeddings.with_raw_response.create(
                model="letters", input=["abca", "b c"], encoding_format=form
            )
            rows = [row.embedding for row in raw.parse().data]
            assert figures(raw)["site"] == "A"
            if form == "float":
                assert rows == [[2.0, 1.0, 1.0], [0.0, 1.0, 1.0]]
        plain = client.embeddings.create(model="letters", input="abca")
        assert plain.data[0].embedding == [2.0, 1.0, 1.0]
        assert plain.usage.prompt_tokens == 1
        assert settled(found, 3)["output_tokens"] == 0


def test_sites_and_health_tell_the_present() -> None:
    sky = Sky([moment(backlog=(3.0, 0.0))], satellites=1, down=outages((1, 0.0, 1e7)))
    with gateway(sky) as (_, client):
        address = str(client.base_url).rstrip("/")
        sites = httpx.get(f"{address}/sites").json()["data"]
        health = httpx.get(address.removesuffix("/v1") + "/health")
    assert [site["site"] for site in sites] == ["A", "B"]
    assert [site["kind"] for site in sites] == ["satellite", "ground"]
    assert [site["available"] for site in sites] == [True, False]
    assert sites[0]["modelled_requests"] == 3
    assert sites[0]["nearest_city_s"] == 0.01
    assert health.status_code == 200
    assert health.json()["status"] == "ok"


# Speed


def test_the_figures_do_not_depend_on_the_speed() -> None:
    told = []
    for speed in (1.0, 100.0):
        with gateway(Sky([moment(weights=ONLY_A)], speed=speed)) as (_, client):
            began = time.monotonic()
            raw = client.chat.completions.with_raw_response.create(model="stub", messages=ASKED)
            wall = time.monotonic() - began
            told.append(figures(raw))
            assert wall >= 0.99 * float(told[-1]["virtual-latency-s"]) / speed
    for name in ("energy-j", "price-usd", "virtual-latency-s", "virtual-queue-s"):
        assert float(told[0][name]) == pytest.approx(float(told[1][name]), rel=1e-6)


def test_a_slow_backend_changes_no_figure() -> None:
    told = []
    for slow in (0.0, 0.7):
        with gateway(stub=Stub(slow)) as (_, client):
            raw = client.chat.completions.with_raw_response.create(model="stub", messages=ASKED)
            told.append(figures(raw))
    for name in ("energy-j", "price-usd", "virtual-latency-s"):
        assert float(told[0][name]) == pytest.approx(float(told[1][name]), rel=1e-6)


# Bad input


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"{", 400),
        (b"[1]", 400),
        (b"\xff", 400),
        (b"[" * 100_000, 400),
        (body(messages=[]), 400),
        (body(messages=[{"role": "user", "content": 7}]), 400),
        (body(max_tokens="many"), 400),
        (body(messages=[{"role": "user", "content": "a" * 10_000_000}]), 413),
        (body(model="gpt-9"), 404),
    ],
)
def test_bad_input_is_refused_and_the_service_stays(content: bytes, status: int) -> None:
    with gateway() as (found, client):
        refused = post(client, content)
        assert refused.status_code == status
        assert set(refused.json()["error"]) == {"message", "type", "param", "code"}
        assert client.chat.completions.create(model="stub", messages=ASKED).choices
        total = settled(found, 2)
        assert (total["refused"], total["answered"]) == (1, 1)


def test_the_client_library_understands_the_refusals() -> None:
    with gateway() as (_, client):
        with pytest.raises(openai.NotFoundError):
            client.chat.completions.create(model="gpt-9", messages=ASKED)
        with pytest.raises(openai.BadRequestError) as refused:
            client.chat.completions.create(model="stub", messages=ASKED, max_tokens=10**9)
        assert refused.value.code == "context_length_exceeded"


def test_a_prompt_beyond_the_context_is_refused() -> None:
    backend = Upstream("http://127.0.0.1:1", "stub")
    backend.context = 100
    with gateway(chat=backend) as (_, client):
        refused = post(client, body(messages=[{"role": "user", "content": "word " * 200}]))
    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == "context_length_exceeded"


def test_an_unknown_city_path_and_method_are_refused() -> None:
    with gateway() as (_, client):
        refused = post(client, body(), **{"X-Dawndusk-City": "Limma"})
        assert refused.status_code == 400
        assert "did you mean 'Lima'" in refused.json()["error"]["message"]
        assert post(client, b"{}", "/fine-tunes").status_code == 404
        wrong = httpx.get(str(client.base_url).rstrip("/") + "/chat/completions")
        assert wrong.status_code == 405
        assert wrong.json()["error"]["type"] == "invalid_request_error"


def test_without_a_backend_the_refusal_tells_the_fix() -> None:
    with gateway(chat=None, embeddings=None) as (found, client):
        with pytest.raises(openai.InternalServerError, match="--gguf"):
            client.chat.completions.create(model="stub", messages=ASKED)
        with pytest.raises(openai.InternalServerError, match=r"dawndusk\[serve\]"):
            client.embeddings.create(model="letters", input="a")
        assert list(client.models.list()) == []
        assert settled(found, 2)["refused"] == 2


# Faults


@pytest.mark.parametrize("mode", ["broken", "garbage", *ANSWERS])
def test_a_failing_upstream_is_a_bad_gateway_and_the_service_stays(mode: str) -> None:
    stub = Stub()
    with gateway(stub=stub) as (found, client):
        stub.mode = mode
        refused = post(client, body())
        assert (refused.status_code, refused.json()["error"]["code"]) == (502, "backend_failed")
        stub.mode = "good"
        assert post(client, body()).status_code == 200
        total = settled(found, 2)
        assert (total["failed"], total["answered"]) == (1, 1)


def test_a_dead_upstream_is_a_bad_gateway() -> None:
    with gateway(chat=Upstream("http://127.0.0.1:9", "stub")) as (found, client):
        for stream in (False, True):
            assert post(client, body(stream=stream)).status_code == 502
        assert client.embeddings.create(model="letters", input="a").data
        assert settled(found, 3)["failed"] == 2


def test_a_stream_that_breaks_off_upstream_ends_with_an_error() -> None:
    stub = Stub()
    stub.mode = "cut"
    with gateway(stub=stub) as (found, client):
        with pytest.raises(openai.APIError, match="broke off"):
            list(client.chat.completions.create(model="stub", messages=ASKED, stream=True))
        assert settled(found, 1)["failed"] == 1


def test_a_fault_of_our_own_is_told_and_the_service_stays() -> None:
    with gateway(embeddings=Broken()) as (found, client):
        refused = post(client, b'{"model": "letters", "input": "a"}', "/embeddings")
        assert (refused.status_code, refused.json()["error"]["code"]) == (500, "internal_error")
        assert post(client, body()).status_code == 200
        assert settled(found, 2)["failed"] == 1


def test_a_killed_site_hands_its_requests_to_another() -> None:
    sky = Sky([moment(weights=(1.0, 1e-9))], speed=1.0, down=outages((0, 0.25, 1e5)))
    stub = Stub()
    stub.mode = "good"
    with gateway(sky, stub) as (found, client):
        raw = client.chat.completions.with_raw_response.create(
            model="stub",
            messages=[{"role": "user", "content": "word " * 20000}],
        )
        told = figures(raw)
        assert settled(found, 1)["retries"] == 1
    assert (told["site"], told["retries"]) == ("B", "1")
    assert raw.parse().choices[0].message.content == "".join(WORDS)


def test_no_site_within_patience_is_refused() -> None:
    impatient = replace(SERVED, service=SERVICE._replace(patience=1.0))
    sky = Sky([moment(end=500.0, weights=(0.0, 0.0))], served=impatient)
    later = [moment(k * 500.0, k * 500.0 + 500.0, weights=(0.0, 0.0)) for k in (1, 2)]
    with gateway(sky) as (found, client):
        threading.Timer(0.2, sky._moments.extend, [later]).start()
        refused = post(client, body())
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "no_site")
        assert settled(found, 1)["refused"] == 1


def test_after_the_end_of_the_day_requests_are_refused() -> None:
    sky = Sky([moment(end=0.001)])
    sky.over = True
    with gateway(sky) as (found, client):
        refused = post(client, body())
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "day_over")
        address = str(client.base_url).rstrip("/").removesuffix("/v1")
        assert httpx.get(f"{address}/health").json()["status"] == "over"
        assert settled(found, 1)["refused"] == 1


# Accounts


def _leave(found: Gateway, client: Any, content: bytes) -> None:
    """Ask, and go away without waiting for the answer."""
    host = client.base_url.host, client.base_url.port
    link = http.client.HTTPConnection(*host, timeout=10.0)
    link.request("POST", "/v1/chat/completions", content, {"content-type": "application/json"})
    until = time.monotonic() + 10.0
    while not found.under_way and time.monotonic() < until:
        time.sleep(0.02)
    link.close()


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_goes_away_is_a_failure_of_its_own(stream: bool) -> None:
    stub = Stub(slow=0.0 if stream else 5.0)
    stub.mode = "hang" if stream else "good"
    with gateway(stub=stub) as (found, client):
        _leave(found, client, body(stream=stream))
        assert settled(found, 1)["failed"] == 1
    assert found.accounts.entries[0].reason == "the client went away"
    assert found.presence.at(0, 0.0, -1) == 0


def test_many_at_a_time_are_all_accounted_for() -> None:
    contents = [body(), body(stream=True), b"{", body(model="no"), body(max_tokens=3)] * 8
    statuses: list[int] = []
    with gateway() as (found, client):
        threads = [
            threading.Thread(target=lambda c=content: statuses.append(post(client, c).status_code))
            for content in contents
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30.0)
        total = settled(found, 40)
    assert sorted(statuses) == [200] * 24 + [400] * 8 + [404] * 8
    assert (total["answered"], total["refused"], total["failed"]) == (24, 16, 0)
    assert len({entry.number for entry in found.accounts.entries}) == 40


def test_stays_that_are_over_are_forgotten() -> None:
    with gateway() as (found, client):
        for _ in range(3):
            post(client, body(max_tokens=1))
            time.sleep(0.05)
        settled(found, 3)
    assert sum(len(stays) for stays in found.presence.stays.values()) <= 1


def _ask_in_vain(client: Any) -> None:
    with suppress(httpx.HTTPError):
        post(client, body())


def test_who_waits_when_the_gateway_stops_is_told_so(caplog: pytest.LogCaptureFixture) -> None:
    stopping: list[bool] = []
    stub = Stub()
    told: dict[bool, Any] = {}
    with gateway(stub=stub, stopping=lambda: bool(stopping)) as (found, client):
        stub.mode = "hang"
        stream = threading.Thread(
            target=lambda: told.update({True: post(client, body(stream=True))})
        )
        stream.start()
        while not (found.accounts.entries and found.accounts.entries[0].site):
            time.sleep(0.01)
        stub.slow = 30.0
        whole = threading.Thread(target=lambda: told.update({False: post(client, body())}))
        whole.start()
        while found.under_way < 2:
            time.sleep(0.01)
        stopping.append(True)
        whole.join(5.0)
        stream.join(5.0)
        assert (told[False].status_code, told[False].json()["error"]["code"]) == (503, "stopping")
        assert '"code": "stopping"' in told[True].text
        assert "[DONE]" not in told[True].text
        total = found.accounts.totals()
        assert (total["offered"], total["waiting"], found.under_way) == (2, 2, 0)
    assert not caplog.records


def test_a_request_under_way_when_the_gateway_stops_still_waits() -> None:
    stopping: list[bool] = []
    with served(Stub(slow=5.0).app(), timeout_graceful_shutdown=1) as upstream:
        found = Gateway(
            Sky([moment()]), Upstream(upstream, "stub"), stopping=lambda: bool(stopping)
        )
        with served(found.app(), timeout_graceful_shutdown=1) as address:
            client = openai.OpenAI(base_url=address, api_key="any", max_retries=0)
            thread = threading.Thread(target=_ask_in_vain, args=(client,))
            thread.start()
            while not found.under_way:
                time.sleep(0.01)
            stopping.append(True)
        thread.join(10.0)
    total = found.accounts.totals()
    assert (total["offered"], total["waiting"]) == (1, 1)
