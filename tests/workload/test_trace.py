"""Recorded traces: the real files, both forms, every fault named, and repetition."""

import csv
import gzip
import json
import time
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawndusk.requests import Requests
from dawndusk.workload import trace

DATA = Path(__file__).parents[3] / "shared" / "data"
AZURE = DATA / "azure_llm_2023"
MOONCAKE = DATA / "mooncake" / "conversation_trace.jsonl.gz"
real = pytest.mark.skipif(not DATA.is_dir(), reason=f"no real traces at {DATA}")

GOOD = """TIMESTAMP,ContextTokens,GeneratedTokens
2023-11-16 18:15:46.6805900,374,44
2023-11-16 18:15:50.9951690,396,109
2023-11-16 18:15:51.2224670,879,55
"""
LINES = """{"timestamp": 27, "input_length": 6758, "output_length": 500, "hash_ids": [0, 1]}
{"timestamp": 27, "input_length": 7322, "output_length": 490, "hash_ids": [0]}
{"timestamp": 3027, "input_length": 10, "output_length": 4, "hash_ids": []}
"""


def write(folder, text, name="trace.csv"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@real
@pytest.mark.parametrize(
    ("name", "count", "span", "prompt", "output"),
    [
        ("conv", 19_366, 3501.721937, (1155, 1020), (211, 129)),
        ("code", 8_819, 3435.948056, (2048, 1469), (28, 13)),
    ],
)
def test_azure_files_have_the_published_statistics(name, count, span, prompt, output):
    """Patel et al., Splitwise, ISCA 2024, and the data's own description."""
    path = AZURE / f"AzureLLMInferenceTrace_{name}.csv"
    requests = trace.read(path)
    assert len(requests) == count
    assert requests.arrival[-1] == pytest.approx(span, abs=1e-6)
    for tokens, (mean, median) in ((requests.prompt, prompt), (requests.output, output)):
        assert round(tokens.mean()) == mean
        assert np.median(tokens) == median
    assert np.all(requests.origin == -1)


@real
def test_azure_agrees_with_the_csv_module_and_datetime():
    path = AZURE / "AzureLLMInferenceTrace_conv.csv"
    requests = trace.read(path)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    stamps = [datetime.fromisoformat(row["TIMESTAMP"][:26]) for row in rows]
    seconds = [(stamp - stamps[0]).total_seconds() for stamp in stamps]
    np.testing.assert_allclose(requests.arrival, seconds, atol=1.1e-6)
    np.testing.assert_array_equal(requests.prompt, [int(r["ContextTokens"]) for r in rows])
    np.testing.assert_array_equal(requests.output, [int(r["GeneratedTokens"]) for r in rows])


@real
def test_mooncake_has_the_published_statistics():
    requests = trace.read(MOONCAKE)
    with gzip.open(MOONCAKE, "rt") as file:
        rows = [json.loads(line) for line in file]
    assert len(requests) == len(rows) == 12_031
    np.testing.assert_allclose(requests.arrival, [r["timestamp"] / 1e3 for r in rows])
    np.testing.assert_array_equal(requests.output, [r["output_length"] for r in rows])
    assert round(requests.prompt.mean()) == 12_035
    assert round(requests.output.mean()) == 343


@real
def test_reading_a_trace_takes_well_below_a_second():
    spent = []
    for _ in range(3):
        begin = time.process_time()
        trace.read(AZURE / "AzureLLMInferenceTrace_conv.csv")
        spent.append(time.process_time() - begin)
    assert min(spent) < 0.5


@pytest.mark.parametrize("text", [GOOD, GOOD.rstrip(), GOOD.replace("\n", "\r\n"), "\ufeff" + GOOD])
@pytest.mark.parametrize("packed", [False, True])
def test_azure_form_plain_or_packed(tmp_path, text, packed):
    raw = text.encode()
    path = write(tmp_path, gzip.compress(raw) if packed else raw, "any.name")
    requests = trace.read(path)
    np.testing.assert_allclose(requests.arrival, [0.0, 4.314579, 4.541877], atol=1e-9)
    assert requests.prompt.tolist() == [374, 396, 879]
    assert requests.output.tolist() == [44, 109, 55]


def test_azure_columns_are_found_by_name(tmp_path):
    text = "GeneratedTokens,Model,TIMESTAMP,ContextTokens\n44,gpt,2023-11-16 18:15:46.68,374\n"
    requests = trace.read(write(tmp_path, text))
    assert (requests.prompt[0], requests.output[0], requests.arrival[0]) == (374, 44, 0.0)


def test_mooncake_form(tmp_path):
    requests = trace.read(write(tmp_path, LINES))
    assert requests.arrival.tolist() == [0.0, 0.0, 3.0]
    assert requests.prompt.tolist() == [6758, 7322, 10]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD.replace("18:15:51", "18:15:49"), r"line 4: time runs backwards by 1.772\d+ s .* 3;"),
        (GOOD.replace("GeneratedTokens", "Generatedtokens"), r"line 1: no 'GeneratedTokens' among"),
        (GOOD.replace("GeneratedTokens", "Generatedtokens"), r"rename 'Generatedtokens'"),
        (GOOD.replace("396", "-396"), r"line 3: ContextTokens '-396'; allowed: a whole number"),
        (GOOD.replace("109", "1e2"), r"line 3: GeneratedTokens '1e2'"),
        (GOOD.replace("109", "4294967296"), r"line 3: GeneratedTokens '4294967296'.*2147483647"),
        (GOOD.replace("396", ""), r"line 3: ContextTokens ''"),
        (GOOD[: GOOD.rindex(",")], r"line 4: 2 fields in '2023-11-16 18:15:51.2224670,879'"),
        (
            GOOD.replace("2023-11-16 18:15:50.9951690", "yesterday"),
            r"line 3: TIMESTAMP 'yesterday'",
        ),
        (GOOD.replace("2023-11-16 18:15:50.9951690", ""), r"line 3: TIMESTAMP ''; allowed: a UTC"),
        (GOOD.splitlines()[0] + "\n", r"a header and no rows"),
        ("", r"empty; allowed"),
        (b"\xff\xfe\x00\x01", r"byte 0 is not UTF-8"),
        (gzip.compress(GOOD.encode())[:-9], r"damaged gzip file"),
        (LINES[: LINES.rindex("output")], r"line 3: .* is not JSON .* cut off"),
        (LINES.replace('"input_length": 10,', ""), r"line 3: no 'input_length' among timestamp"),
        (LINES.replace("7322", "-7322"), r"line 2: input_length -7322"),
        (LINES.replace("490", "490.5"), r"line 2: output_length 490.5"),
        (LINES.replace("490", "true"), r"line 2: output_length True"),
        (LINES.replace("3027", '"noon"'), r"line 3: timestamp 'noon'; allowed: a number of ms"),
        (LINES.replace("3027", "NaN"), r"line 3: timestamp nan"),
        (LINES.replace("3027", "26"), r"line 3: time runs backwards by 0.001 s against line 2"),
        (LINES + "[]\n", r"line 4: no 'timestamp' among nothing"),
    ],
)
def test_faults_are_named_with_file_line_value_and_fix(tmp_path, text, message):
    path = write(tmp_path, text)
    with pytest.raises(ValueError, match=message) as fault:
        trace.read(path)
    assert str(fault.value).startswith(str(path))
    assert "\n" not in str(fault.value)


def test_a_missing_file_is_the_systems_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        trace.read(tmp_path / "none.csv")


def as_requests(times):
    n = len(times)
    return Requests(
        np.array(times, float),
        np.arange(n, dtype=np.int32),
        np.arange(n, dtype=np.int32) + 1,
        np.full(n, -1, np.int16),
    )


def test_the_seam_is_one_mean_gap():
    """Gaps 1 and 3 s, mean 2: the second round starts 2 s after the last arrival."""
    long = trace.repeat(as_requests([0.0, 1.0, 4.0]), 13.0)
    assert long.arrival.tolist() == [0.0, 1.0, 4.0, 6.0, 7.0, 10.0, 12.0]
    assert long.prompt.tolist() == [0, 1, 2, 0, 1, 2, 0]


def test_a_longer_trace_is_cut():
    short = trace.repeat(as_requests([0.0, 1.0, 4.0]), 4.0)
    assert short.arrival.tolist() == [0.0, 1.0]


@pytest.mark.parametrize("times", [[0.0], [0.0, 0.0]])
def test_one_instant_cannot_be_repeated(times):
    with pytest.raises(ValueError, match=r"cannot fill 10 s; .* workload.repeat = false"):
        trace.repeat(as_requests(times), 10.0)


@given(
    st.lists(st.floats(0.01, 100.0), min_size=1, max_size=30),
    st.floats(1.0, 5000.0),
)
def test_repetition_keeps_order_and_rate(gaps, duration):
    times = [0.0, *np.cumsum(gaps).tolist()]
    requests = trace.repeat(as_requests(times), duration)
    assert np.all(np.diff(requests.arrival) >= 0.0)
    assert requests.arrival[-1] < duration
    if duration > 2.0 * times[-1]:
        rate = len(gaps) / times[-1]
        assert abs(len(requests) - duration * rate) <= len(times) + 1
    np.testing.assert_array_equal(requests.prompt, np.arange(len(requests)) % len(times))
