"""Recorded inference requests: the two public forms, read, checked and repeated."""

import gzip
import json
import os
import zlib
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dawndusk.requests import Requests

AZURE = ("TIMESTAMP", "ContextTokens", "GeneratedTokens")
"""Columns of the Azure LLM inference traces (CSV, UTC times)."""

MOONCAKE = ("timestamp", "input_length", "output_length")
"""Keys of the Mooncake traces (JSON lines, times in ms)."""

MOST = 2**31 - 1


def read(path: str | os.PathLike[str]) -> Requests:
    """Requests of an Azure CSV or a Mooncake JSON-lines file, plain or gzip.

    The form is recognised from the content. Times count from the first request.

    Args:
        path: of the file [object]
    Returns:
        requests in order, origin unknown (−1) [object]
    Raises:
        ValueError: when a time, a column, a number of tokens or a line is not as it should
            be; the message names the file, the line, the value and the fix
        OSError: when the file cannot be opened
    Neglects:
        prefix-cache block ids of Mooncake: every prompt is prefilled in full
    Source:
        Patel et al., Splitwise, ISCA 2024; Qin et al., Mooncake, FAST 2025 (their traces)
    """
    name = os.fspath(path)
    lines = _text(name).splitlines()
    if not any(lines):
        raise ValueError(f"{name}: empty; allowed: a trace of at least one request")
    form = _mooncake if lines[0].lstrip().startswith("{") else _azure
    seconds, prompt, output, numbers = form(name, lines)
    late = np.flatnonzero(np.diff(seconds) < 0.0)
    if late.size:
        row = int(late[0]) + 1
        raise ValueError(
            f"{name}, line {numbers[row]}: time runs backwards by "
            f"{seconds[row - 1] - seconds[row]:.6g} s against line {numbers[row - 1]}; "
            "allowed: times that do not decrease; sort the file by its time column"
        )
    return Requests(
        arrival=seconds - seconds[0],
        prompt=prompt,
        output=output,
        origin=np.full(len(seconds), -1, np.int16),
    )


def repeat(requests: Requests, duration: float) -> Requests:
    """The trace end to end until the duration is filled, or its beginning if it is longer.

    The period is the span from first to last arrival plus one mean gap between arrivals:
    the seam looks like any other gap and the mean rate stays what it was. Correlation
    across the seam is lost, and a daily rhythm that the trace is too short to hold is not
    made up.

    Args:
        requests: trace, arrivals from zero [object]
        duration: time to fill [s]
    Returns:
        requests that arrive before the duration ends [object]
    Raises:
        ValueError: when one instant of arrivals would have to be repeated
    Neglects:
        changes of the load from one repetition to the next
    Source:
        none: arithmetic
    """
    count = len(requests)
    span = float(requests.arrival[-1] - requests.arrival[0]) if count else 0.0
    if span >= duration:
        copies, period = 1, span
    elif span > 0.0:
        period = span * count / (count - 1)
        copies = int(np.ceil(duration / period))
    else:
        raise ValueError(
            f"workload.trace: {count} requests within {span:g} s cannot fill {duration:g} s; "
            "allowed: arrivals that differ in time; set workload.repeat = false"
        )
    arrival = (requests.arrival + period * np.arange(copies)[:, None]).ravel()
    arrival = arrival[: np.searchsorted(arrival, duration)]
    rows = np.arange(len(arrival)) % count
    return Requests(arrival, requests.prompt[rows], requests.output[rows], requests.origin[rows])


def _text(name: str) -> str:
    raw = Path(name).read_bytes()
    try:
        if raw[:2] == b"\x1f\x8b":
            raw = gzip.decompress(raw)
        return raw.decode("utf-8-sig")
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(
            f"{name}: damaged gzip file ({error}); allowed: a complete file; fetch it again"
        ) from None
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{name}: byte {error.start} is not UTF-8 text; allowed: CSV or JSON lines, plain "
            "or gzip; check that this is a trace"
        ) from None


Columns = tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.int32], Sequence[int]]


def _azure(name: str, lines: list[str]) -> Columns:
    header = [word.strip() for word in lines[0].split(",")]
    where = _columns(name, 1, AZURE, header)
    numbers = [number for number, line in enumerate(lines[1:], 2) if line.strip()]
    rows = [line.split(",") for line in lines[1:] if line.strip()]
    for number, row in zip(numbers, rows, strict=True):
        if len(row) != len(header):
            raise ValueError(
                f"{name}, line {number}: {len(row)} fields in {','.join(row)!r}; allowed: "
                f"{len(header)} ({','.join(header)}); the line is cut off or has extra commas"
            )
    if not rows:
        raise ValueError(f"{name}: a header and no rows; allowed: at least one request")
    prompt, output = (
        _tokens(name, AZURE[k], [row[where[k]] for row in rows], numbers) for k in (1, 2)
    )
    return _times(name, [row[where[0]].strip() for row in rows], numbers), prompt, output, numbers


def _mooncake(name: str, lines: list[str]) -> Columns:
    numbers = [number for number, line in enumerate(lines, 1) if line.strip()]
    rows = []
    for number in numbers:
        try:
            row = json.loads(lines[number - 1])
        except json.JSONDecodeError as error:
            raise ValueError(
                f"{name}, line {number}: {lines[number - 1][:60]!r} is not JSON ({error.msg}); "
                "allowed: one object a line; the line is cut off or damaged"
            ) from None
        try:
            rows.append([row[key] for key in MOONCAKE])
        except (KeyError, TypeError):
            _columns(name, number, MOONCAKE, list(row) if isinstance(row, dict) else [])
    for number, row in zip(numbers, rows, strict=True):
        if type(row[0]) not in (int, float) or not np.isfinite(row[0]):
            raise ValueError(
                f"{name}, line {number}: timestamp {row[0]!r}; allowed: a number of ms; correct it"
            )
    prompt, output = (_tokens(name, MOONCAKE[k], [row[k] for row in rows], numbers) for k in (1, 2))
    return np.array([row[0] for row in rows], float) * 1e-3, prompt, output, numbers


def _columns(name: str, line: int, wanted: Sequence[str], found: list[str]) -> list[int]:
    for column in wanted:
        if column not in found:
            near = get_close_matches(column, found, 1, 0.5)
            raise ValueError(
                f"{name}, line {line}: no {column!r} among {', '.join(found) or 'nothing'}; "
                f"allowed: {', '.join(wanted)}; "
                + (f"rename {near[0]!r}" if near else "add it, or give a trace of a known form")
            )
    return [found.index(column) for column in wanted]


def _times(name: str, words: list[str], numbers: Sequence[int]) -> NDArray[np.float64]:
    try:
        stamps = np.array(words, dtype="datetime64[ns]")
        wrong: Iterator[int] = iter(np.flatnonzero(np.isnat(stamps)))
    except ValueError:
        wrong = (row for row, word in enumerate(words) if not _is_time(word))
    for row in wrong:
        raise ValueError(
            f"{name}, line {numbers[row]}: TIMESTAMP {words[row]!r}; allowed: a UTC time such as "
            "2023-11-16 18:15:46.680590; correct or remove the line"
        )
    return (stamps - stamps[0]).astype(np.int64) * 1e-9


def _is_time(word: str) -> bool:
    try:
        return not np.isnat(np.datetime64(word, "ns"))
    except ValueError:
        return False


def _tokens(
    name: str, column: str, words: Sequence[object], numbers: Sequence[int]
) -> NDArray[np.int32]:
    """Whole numbers of tokens, 0 … 2³¹ − 1; checked together, searched one by one on a fault."""
    try:
        if all(type(word) in (str, int) for word in words):
            values = np.array([int(word) for word in words], np.int64)  # type: ignore[call-overload]
            if values.min() >= 0 and values.max() <= MOST:
                return values.astype(np.int32)
    except (ValueError, OverflowError):
        pass
    for number, word in zip(numbers, words, strict=True):
        try:
            good = type(word) in (str, int) and 0 <= int(word) <= MOST  # type: ignore[call-overload]
        except ValueError:
            good = False
        if not good:
            raise ValueError(
                f"{name}, line {number}: {column} {word!r}; allowed: a whole number of tokens, "
                f"0 … {MOST}; correct or remove the line"
            )
    raise AssertionError(f"{name}: {column} is at fault in no line")
