"""The roofline against an independent tool's figures, published results and limits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawndusk.execution import dispatch, modelled
from dawndusk.requests import Requests, prefill_seconds
from dawndusk.workload import inference

LLAMA_70B = {
    "parameters": 68.977e9,
    "active_parameters": 68.977e9,
    "layers": 80,
    "hidden": 8192,
    "kv_heads": 8,
    "head_dim": 128,
}
H100 = {"peak_flops": 989e12, "bandwidth": 3.35e12, "memory": 80e9}
BF16 = {"weight_bytes": 2.0, "kv_bytes": 2.0}
FP8 = {"weight_bytes": 1.0, "kv_bytes": 1.0}
IDEAL = {"compute_efficiency": 1.0, "memory_efficiency": 1.0, "layer_overhead": 0.0}


def llama(**changes):
    base = LLAMA_70B | H100 | BF16 | {"tensor_parallel": 8, "max_batch": 64, "patience": 60.0}
    return inference.service(**(base | changes))


def decode_seconds(service, batch, context):
    return service.iteration[batch] + service.context_time * batch * context


# genz-llm 0.0.17 decode_moddeling("llama2_70b", batch_size=64, "H100_GPU", system_eff=1,
# bf16, tensor_parallel=8): (context, latency, of which collectives) in ms. Its H100 reads
# 3,400 × 2³⁰ B/s.
GENZ = [
    (256, 8.586104, 3.667056),
    (1024, 9.144085, 3.667056),
    (2048, 9.888060, 3.667056),
    (4096, 11.376009, 3.667056),
]


@pytest.mark.parametrize(("context", "latency", "collectives"), GENZ)
def test_ideal_decode_agrees_with_genz(context, latency, collectives):
    service = llama(**IDEAL, bandwidth=3400 * 2.0**30, link_bandwidth=np.inf)
    ours = decode_seconds(service, 64, context)
    assert ours == pytest.approx((latency - collectives) * 1e-3, rel=0.02)


def test_genz_reference_of_10_1_ms_is_context_2304():
    """Ideal Llama-2-70B, 8 × H100, batch 64: 10.1 ms a token (2,048 + 256 tokens of context)."""
    service = llama(**IDEAL, bandwidth=3400 * 2.0**30, link_bandwidth=np.inf)
    collectives = 3.667e-3
    assert decode_seconds(service, 64, 2304) + collectives == pytest.approx(10.1e-3, rel=0.02)


def test_the_link_between_accelerators_costs_what_a_ring_moves():
    """64 × 8,192 × 2 B, twice a layer, 7/4 of it over 450 GB/s: 0.652 ms."""
    with_link, without = llama(link_bandwidth=450e9), llama(link_bandwidth=np.inf)
    moved = 2 * 80 * 1.75 * 64 * 8192 * 2 / 450e9
    assert with_link.iteration[64] - without.iteration[64] == pytest.approx(moved, rel=1e-12)
    assert moved == pytest.approx(0.652e-3, rel=1e-3)
    assert llama(tensor_parallel=1, memory=1e12).prefill_link == 0.0


LLAMA_8B = {
    "parameters": 8.03e9,
    "active_parameters": 8.03e9,
    "layers": 32,
    "hidden": 4096,
    "kv_heads": 8,
    "head_dim": 128,
}
LLAMA_3_70B = LLAMA_70B | {"parameters": 70.6e9, "active_parameters": 70.6e9}
LLAMA_405B = {
    "parameters": 405.9e9,
    "active_parameters": 405.9e9,
    "layers": 126,
    "hidden": 16384,
    "kv_heads": 8,
    "head_dim": 128,
}
H200 = H100 | {"bandwidth": 4.8e12, "memory": 141e9}

# NVIDIA, TensorRT-LLM 1.0, docs/source/performance/perf-overview.md: total output tokens/s
# at unlimited demand, FP8 weights and cache. (prompt, answer, requests) of each column.
SHAPES = [
    (128, 128, 30_000),
    (128, 2048, 3000),
    (128, 4096, 1500),
    (500, 2000, 3000),
    (1000, 1000, 3000),
    (1000, 2000, 1500),
    (2048, 128, 3000),
    (2048, 2048, 1500),
    (5000, 500, 1500),
    (20_000, 2000, 1000),
]
PUBLISHED = {
    "8B, 1 H100": (
        LLAMA_8B,
        H100,
        1,
        [28312, 22714, 14325, 17660, 15220, 13899, 3450, 9305, 3459, 1351],
    ),
    "8B, 1 H200": (
        LLAMA_8B,
        H200,
        1,
        [27911, 26221, 18027, 20770, 17744, 16828, 3538, 12194, 3902, 1804],
    ),
    "70B, 1 H200": (
        LLAMA_3_70B,
        H200,
        1,
        [3803, 4336, 2872, 3666, 2909, 2994, 442, 2003, 566, 283],
    ),
    "70B, 2 H100": (
        LLAMA_3_70B,
        H100,
        2,
        [6378, 6651, 4199, 5222, 4205, 4146, 762, 3082, 898, 437],
    ),
    "405B, 8 H100": (
        LLAMA_405B,
        H100,
        8,
        [3627, 4340, 3116, 3994, 2919, 2895, 453, 2296, 610, 345],
    ),
}


@pytest.mark.parametrize(
    ("case", "mean", "worst"),
    [
        ("8B, 1 H100", 0.05, 0.08),
        ("8B, 1 H200", 0.08, 0.15),
        ("70B, 1 H200", 0.08, 0.15),
        ("70B, 2 H100", 0.12, 0.30),
        ("405B, 8 H100", 0.20, 0.50),
    ],
)
def test_throughput_of_whole_queues_is_near_the_published_one(case, mean, worst):
    """Even shapes of the first and third rows were used to fit the FP8 efficiency, the two
    rows with several accelerators to fit the link; all else is held out."""
    model, chip, parallel, published = PUBLISHED[case]
    service = inference.service(
        **model,
        **(chip | {"peak_flops": 1979e12}),
        **FP8,
        tensor_parallel=parallel,
        max_batch=2048,
        patience=np.inf,
    )
    errors = []
    for (prompt, output, n), rate in zip(SHAPES, published, strict=True):
        requests = Requests(
            np.zeros(n),
            np.full(n, prompt, np.int32),
            np.full(n, output, np.int32),
            np.zeros(n, np.int16),
        )
        load, engines, slots = modelled.queue(requests, 1)
        dispatch.route(0, n, 0.0, np.ones(1), 1, load, engines, slots, service)
        done = np.zeros((1, 6))
        modelled.advance(0, 1, 0.0, 1e6, np.ones(1), load, engines, slots, service, done)
        errors.append(n * output / slots["finish"].max() / rate - 1.0)
    assert np.abs(errors).mean() < mean
    assert np.abs(errors).max() < worst


def test_single_stream_is_bound_by_reading_the_weights():
    """Limit: at batch 1 the weights pass once; 2 FLOP a parameter take 0.3 % of that."""
    service = llama(**IDEAL, link_bandwidth=np.inf)
    assert service.iteration[1] == pytest.approx(2 * 68.977e9 / (8 * 3.35e12), rel=1e-12)


def test_large_batches_are_bound_by_compute():
    service = llama(**IDEAL, max_batch=1024, link_bandwidth=np.inf)
    assert service.iteration[1024] == pytest.approx(1024 * 2 * 68.977e9 / (8 * 989e12), rel=1e-12)
    ridge = int(np.ceil(989e12 / 3.35e12))
    assert service.iteration[ridge - 1] == service.iteration[1]
    assert service.iteration[ridge + 1] > service.iteration[1]


def test_prefill_reaches_the_stated_share_of_peak():
    service = llama(link_bandwidth=np.inf, layer_overhead=0.0)
    tokens = 2048
    linear = 2 * 68.977e9 * tokens
    attention = 2 * 80 * 8192 * tokens**2
    assert prefill_seconds(tokens, tokens**2, service) == pytest.approx(
        (linear + attention) / (0.7 * 8 * 989e12), rel=1e-12
    )


def test_cache_of_llama_70b():
    """Grouped queries: 2 · 80 · 8 · 128 · 2 B = 320 KiB a token (Ainslie et al., GQA, 2023)."""
    assert inference.cache_bytes(80, 8, 128, 2.0) == 320 * 1024
    service = llama()
    assert service.capacity == int((0.9 * 640e9 - 2 * 68.977e9) // 327_680)


def test_experts_not_touched_are_not_read():
    """DeepSeek-V3: 671e9 parameters, 37e9 active (its report, 2024)."""
    mixture = {"parameters": 671e9, "active_parameters": 37e9, **FP8, "memory": 192e9}
    service = llama(**mixture, **IDEAL, link_bandwidth=np.inf)
    assert service.iteration[1] == pytest.approx(37e9 / (8 * 3.35e12), rel=1e-12)
    assert service.iteration[64] == pytest.approx(671e9 / (8 * 3.35e12), rel=0.03)
    assert service.token_flop == 74e9


@pytest.mark.parametrize(
    ("parameters", "bytes_each", "memory", "expected"),
    [(8e9, 2.0, 80e9, 1), (70e9, 2.0, 80e9, 4), (70e9, 1.0, 80e9, 2), (405e9, 1.0, 80e9, 8)],
)
def test_fewest_accelerators_that_hold_the_model(parameters, bytes_each, memory, expected):
    assert inference.tensor_parallel(parameters, bytes_each, memory, 8) == expected


def test_a_model_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"workload.model: .* need 16 .*count is 8"):
        inference.tensor_parallel(405e9, 2.0, 80e9, 8)
    with pytest.raises(ValueError, match=r"tensor_parallel: 1 accelerators .* more than 1.92"):
        llama(tensor_parallel=1)
    with pytest.raises(ValueError, match=r"workload.max_batch: 0; allowed: at least 1"):
        llama(max_batch=0)


@given(
    st.floats(1e9, 1e12),
    st.floats(0.03, 1.0),
    st.floats(1e14, 1e16),
    st.floats(1e12, 2e13),
    st.sampled_from([1, 2, 4, 8]),
)
def test_more_requests_take_longer_but_less_each(parameters, active, peak, bandwidth, parallel):
    service = llama(
        parameters=parameters,
        active_parameters=active * parameters,
        peak_flops=peak,
        bandwidth=bandwidth,
        memory=4e12,
        tensor_parallel=parallel,
    )
    batch = np.arange(1, 65)
    assert np.all(np.diff(service.iteration) >= -1e-15)
    assert np.all(np.diff(service.iteration[1:] / batch) <= 1e-12)
    times = [prefill_seconds(p, p * p, service) for p in (0, 1, 100, 10_000)]
    assert times == sorted(times)
