"""What is read of a request, and what is refused with which status."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawndusk.gateway import wire
from dawndusk.gateway.wire import RefusedError

USER = {"role": "user", "content": "Hello"}
GOOD = {"model": "m", "messages": [USER]}


def status(body: dict[str, Any]) -> int:
    with pytest.raises(RefusedError) as refused:
        wire.chat(body, ["m"])
    return refused.value.status


def test_a_chat_is_read() -> None:
    asked = wire.chat({**GOOD, "stream": True, "max_tokens": 7}, ["m"])
    assert (asked.model, asked.stream, asked.most) == ("m", True, 7)


def test_the_newer_name_of_the_limit_wins() -> None:
    assert wire.chat({**GOOD, "max_tokens": 7, "max_completion_tokens": 9}, ["m"]).most == 9


@pytest.mark.parametrize(
    "wrong",
    [
        {"model": 3},
        {"messages": []},
        {"messages": "Hello"},
        {"messages": ["Hello"]},
        {"messages": [{"role": "robot", "content": "x"}]},
        {"messages": [{"role": "user"}]},
        {"messages": [{"role": "user", "content": 5}]},
        {"messages": [{"role": "user", "content": [5]}]},
        {"messages": [{"role": ["user"], "content": "x"}]},
        {"stream": "yes"},
        {"max_tokens": 0},
        {"max_tokens": 1.5},
        {"max_tokens": True},
        {"max_tokens": 10**30},
        {"temperature": "hot"},
        {"temperature": 3},
        {"top_p": -0.1},
        {"n": 2},
        {"seed": "x"},
        {"stop": [1]},
    ],
)
def test_wrong_types_and_values_are_refused(wrong: dict[str, Any]) -> None:
    assert status({**GOOD, **wrong}) == 400


def test_an_unknown_model_is_not_found() -> None:
    assert status({**GOOD, "model": "other"}) == 404


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"[]", b"3", b"\xff\xfe", b"[" * 100_000, b'{"a": NaN}'),
        *(b'"\\ud800"', b'{"a": "\\ud800"}', b'{"a": ' + b"9" * 5000 + b"}"),
    ],
)
def test_what_is_no_json_object_is_refused(content: bytes) -> None:
    with pytest.raises(RefusedError) as refused:
        wire.parsed(content)
    assert refused.value.status == 400


@given(st.binary(max_size=200))
def test_no_bytes_do_more_than_be_refused(content: bytes) -> None:
    try:
        found = wire.parsed(content)
    except RefusedError:
        return
    assert isinstance(found, dict)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(), each, max_size=3),
        max_leaves=10,
    )
)
def test_no_message_does_more_than_be_refused(given: Any) -> None:
    body = {"model": "m", "messages": given, "stop": given, "temperature": given, "seed": given}
    text = {"model": "m", "input": given, "dimensions": given, "encoding_format": given}
    with suppress(RefusedError):
        wire.chat(body, ["m"])
    with suppress(RefusedError):
        wire.embed(text, ["m"], 3)


def test_texts_to_embed() -> None:
    assert wire.embed({"model": "m", "input": "a"}, ["m"], 3).texts == ["a"]
    assert wire.embed({"model": "m", "input": ["a", "b"]}, ["m"], 3).texts == ["a", "b"]
    for wrong in ([], [1, 2], "", ["a", ""], None):
        with pytest.raises(RefusedError):
            wire.embed({"model": "m", "input": wrong}, ["m"], 3)
    with pytest.raises(RefusedError, match="encoding_format"):
        wire.embed({"model": "m", "input": "a", "encoding_format": "hex"}, ["m"], 3)
    plain = {"model": "m", "input": "a", "encoding_format": None, "dimensions": 3}
    assert not wire.embed(plain, ["m"], 3).base64
    with pytest.raises(RefusedError, match="m has 3 and cannot be shortened"):
        wire.embed({"model": "m", "input": "a", "dimensions": 2}, ["m"], 3)


def test_cities_by_name_whatever_their_case() -> None:
    assert wire.city("lima ", ["Lagos", "Lima"]) == 1
    with pytest.raises(RefusedError, match="did you mean 'Lagos'"):
        wire.city("Lagoss", ["Lagos", "Lima"])


@pytest.mark.parametrize("name", ["São Paulo", "sao paulo", "SÃ£o Paulo"])
def test_cities_with_and_without_accents_and_as_a_header_brings_them(name: str) -> None:
    assert wire.city(name, ["Lima", "São Paulo"]) == 1


def test_names_go_back_in_ascii() -> None:
    assert wire.spelt("São Paulo") == "Sao Paulo"
    assert wire.spelt("東京") == "??"


def test_separators_of_lines_are_escaped() -> None:
    assert wire.event({"a": "\u2028é\ud800"}) == b'data: {"a": "\\u2028\\u00e9\\ud800"}\n\n'


def test_words_of_a_message_in_parts() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert wire.text_of({"content": parts}) == "a\nb"


def test_errors_and_events_have_the_openai_form() -> None:
    error = RefusedError(404, "no", "model", "model_not_found").body()["error"]
    assert error["type"] == "invalid_request_error"
    assert set(error) == {"message", "type", "param", "code"}
    assert wire.event("[DONE]") == b"data: [DONE]\n\n"
    assert json.loads(wire.event({"a": "é"})[6:]) == {"a": "é"}
