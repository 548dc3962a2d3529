"""The queue's formulas of one request, and the records it keeps."""

import numpy as np
import pytest

from dawndusk import requests

SERVICE = requests.Service(
    iteration=np.array([0.0, 0.02, 0.03]),
    context_time=1e-5,
    prefill_overhead=0.01,
    prefill_floor=0.05,
    prefill_time=1e-3,
    prefill_link=1e-4,
    prefill_square=1e-7,
    prefill_tokens=100,
    token_flop=2e9,
    context_flop=3e6,
    capacity=1000,
    patience=10.0,
)


def test_short_prompts_are_bound_by_the_weights_and_long_ones_by_compute():
    assert requests.prefill_seconds(0, 0, SERVICE) == pytest.approx(0.06)
    assert requests.prefill_seconds(10, 100, SERVICE) == pytest.approx(0.06 + 1e-3 + 1e-5)
    assert requests.prefill_seconds(1000, 1e6, SERVICE) == pytest.approx(0.01 + 1.0 + 0.1 + 0.1)


def test_work_is_the_sum_over_tokens():
    """Token k of n attends to itself and what is before; the prompt's triangle is p²/2."""
    prompt, output = 40, 7
    expected = 2e9 * prompt + 3e6 * prompt**2 / 2
    assert requests.prefill_flop(prompt, prompt**2, SERVICE) == pytest.approx(expected)
    decode = sum(2e9 + 3e6 * (prompt + made) for made in range(1, output))
    assert requests.decode_flop(prompt, output, SERVICE) == pytest.approx(decode)
    assert requests.decode_flop(prompt, 1, SERVICE) == 0.0
    assert requests.decode_flop(prompt, 0, SERVICE) == 0.0


def test_estimate_is_the_share_of_a_full_batch():
    iterations = [0.03 / 2 + 1e-5 * (40 + made) for made in range(1, 7)]
    assert requests.decode_estimate(40, 7, SERVICE) == pytest.approx(sum(iterations), rel=1e-12)


def test_an_engine_is_one_cache_line_and_a_request_less():
    assert requests.ENGINE.itemsize == 64
    assert requests.REQUEST.itemsize <= 64
    assert len(requests.STATUS) == requests.FAILED + 1
