"""Roofline of a transformer on accelerators: what prefill, decode and the cache cost."""

import numpy as np

from dawndusk.requests import Service

COMPUTE_EFFICIENCY = 0.70
"""Share of the peak rate that matrix products reach in bfloat16 [-], fit on one H100 (9 % mean
error)."""

COMPUTE_EFFICIENCY_FP8 = 0.55
"""The same with weights of one byte or less [-], fit on half the shapes published for TensorRT-LLM
1.0 (tests/workload/test_inference.py); the other half and other chips: 5 % mean error."""

MEMORY_EFFICIENCY = 0.90
"""Share of the peak bandwidth that reads reach [-], both fits agree."""

LAYER_OVERHEAD = 40e-6
"""Launch and synchronisation per layer and pass [s], both fits agree."""

MEMORY_SHARE = 0.90
"""Share of the memory given to weights and cache [-], vLLM `gpu_memory_utilization`."""

PREFILL_TOKENS = 8192
"""Tokens of prompts prefilled together [-], vLLM `max_num_batched_tokens`."""

LINK_BANDWIDTH = 300e9
"""Rate reached between the accelerators of an engine [B/s], two thirds of NVLink 4 (450 GB/s each
way), fit on the published shapes for two and eight H100."""

ACTIVATION_BYTES = 2.0
"""Size of an element exchanged between accelerators [bytes], bfloat16."""


def weights(parameters: float, weight_bytes: float) -> float:
    """Size of the weights.

    Args:
        parameters: of the whole model, inactive experts too [-]
        weight_bytes: size of a parameter [bytes]
    Returns:
        memory for the weights [bytes]
    Neglects:
        scales of quantised weights, up to a few per cent
    Source:
        none: a product
    """
    return parameters * weight_bytes


def cache_bytes(layers: int, kv_heads: int, head_dim: int, kv_bytes: float) -> float:
    """Size of the key–value cache of one token.

    Args:
        layers: of the model [-]
        kv_heads: key–value heads of a layer [-]
        head_dim: width of a head [-]
        kv_bytes: size of an element [bytes]
    Returns:
        memory for a token [bytes]
    Neglects:
        sliding windows and compressed caches (give their own sizes as kv_heads · head_dim)
    Source:
        Pope et al., Efficiently Scaling Transformer Inference, MLSys 2023, §3.3
    """
    return 2.0 * layers * kv_heads * head_dim * kv_bytes


def tensor_parallel(
    parameters: float, weight_bytes: float, memory: float, count: int, share: float = MEMORY_SHARE
) -> int:
    """Fewest accelerators, a power of two, that hold the model with room for its cache.

    Args:
        parameters: of the whole model [-]
        weight_bytes: size of a parameter [bytes]
        memory: of one accelerator [bytes]
        count: accelerators in the node [-]
        share: of the memory given to weights and cache [-]
    Returns:
        accelerators of one engine [-]
    Raises:
        ValueError: when the node cannot hold the model
    Neglects:
        pipelines over several nodes
    Source:
        none: arithmetic; a fifth of the memory is asked for the cache
    """
    size = weights(parameters, weight_bytes)
    parallel = 1
    while 0.8 * parallel * memory * share < size:
        parallel *= 2
    if parallel > count:
        raise ValueError(
            f"workload.model: {size:.4g} bytes of weights need {parallel} accelerators of "
            f"{memory:.4g} bytes, satellite.compute.count is {count}; allowed: at least "
            f"{parallel}; choose a smaller model, fewer bytes a parameter or more accelerators"
        )
    return parallel


def service(
    *,
    parameters: float,
    active_parameters: float,
    layers: int,
    hidden: int,
    kv_heads: int,
    head_dim: int,
    weight_bytes: float,
    kv_bytes: float,
    peak_flops: float,
    bandwidth: float,
    memory: float,
    tensor_parallel: int,
    max_batch: int,
    patience: float,
    compute_efficiency: float | None = None,
    memory_efficiency: float = MEMORY_EFFICIENCY,
    layer_overhead: float = LAYER_OVERHEAD,
    memory_share: float = MEMORY_SHARE,
    link_bandwidth: float = LINK_BANDWIDTH,
    prefill_tokens: int = PREFILL_TOKENS,
) -> Service:
    """How an engine of `tensor_parallel` accelerators serves the model.

    Each pass takes max(compute, read the weights) for the linear layers plus an overhead
    for each layer; attention adds compute in prefill and reading the cache in decode,
    where it is bound by the memory on every accelerator of today (2 · heads / kv_heads
    FLOP a byte). Two all-reduces a layer pass 2 (t − 1)/t of the activations over the
    links of t accelerators. These are separate kernels, so their times add. Experts that a
    batch does not touch are not read: the share read is 1 − (1 − active/total)^batch.

    Args:
        parameters: of the whole model [-]
        active_parameters: used by one token [-]
        layers: of the model [-]
        hidden: heads × width of a head [-]
        kv_heads: key–value heads of a layer [-]
        head_dim: width of a head [-]
        weight_bytes: size of a parameter [bytes]
        kv_bytes: size of an element of the cache [bytes]
        peak_flops: dense rate of one accelerator at this precision [FLOP/s]
        bandwidth: of the memory of one accelerator [B/s]
        memory: of one accelerator [bytes]
        tensor_parallel: accelerators of the engine [-]
        max_batch: requests that decode together [-]
        patience: a request not started by then is dropped [s]
        compute_efficiency: share of the peak rate reached, by default as fit for bfloat16
            or one-byte weights [-]
        memory_efficiency: share of the bandwidth reached [-]
        layer_overhead: of one layer in one pass [s]
        memory_share: of the memory given to weights and cache [-]
        link_bandwidth: of one accelerator to the others of its engine [B/s]
        prefill_tokens: most tokens of prompts prefilled together [-]
    Returns:
        coefficients of the queue [object]
    Raises:
        ValueError: when the engine cannot hold the weights and one token of cache
    Neglects:
        latency of the all-reduces beyond the layer's overhead (GenZ: 3.7 of 10.1 ms, batch
        64 on 8 H100; for 405B on 8 H100 the modelled throughput is 13 % above the published
        one in the mean, up to 45 %), the output layer's saving in prefill, experts' imbalance
    Source:
        Williams et al., Roofline, CACM 52(4), 2009; FLOP: Chowdhery et al., PaLM, app. B
    """
    size = weights(parameters, weight_bytes)
    token = cache_bytes(layers, kv_heads, head_dim, kv_bytes)
    room = memory * tensor_parallel * memory_share - size
    if room < token:
        raise ValueError(
            f"satellite.compute.tensor_parallel: {tensor_parallel} accelerators of {memory:.4g} "
            f"bytes cannot hold {size:.4g} bytes of weights; allowed: more than "
            f"{size / (memory * memory_share):.3g}; raise it or choose a smaller model"
        )
    if max_batch < 1:
        raise ValueError(f"workload.max_batch: {max_batch}; allowed: at least 1; raise it")
    if compute_efficiency is None:
        wide = weight_bytes > 1.0
        compute_efficiency = COMPUTE_EFFICIENCY if wide else COMPUTE_EFFICIENCY_FP8
    rate = compute_efficiency * peak_flops * tensor_parallel
    reading = memory_efficiency * bandwidth * tensor_parallel
    batch = np.arange(max_batch + 1, dtype=np.float64)
    read = size * (1.0 - (1.0 - active_parameters / parameters) ** batch)
    overhead = layers * layer_overhead
    ring = 2.0 * (tensor_parallel - 1) / tensor_parallel
    link = 2.0 * layers * ring * hidden * ACTIVATION_BYTES / link_bandwidth
    linear = np.maximum(2.0 * active_parameters * batch / rate, read / reading)
    iteration = overhead + linear + link * batch
    iteration[0] = 0.0
    attention = 4.0 * layers * hidden
    return Service(
        iteration=iteration,
        context_time=token / reading,
        prefill_overhead=overhead,
        prefill_floor=size / reading,
        prefill_time=2.0 * active_parameters / rate,
        prefill_link=link,
        prefill_square=0.5 * attention / rate,
        prefill_tokens=int(prefill_tokens),
        token_flop=2.0 * active_parameters,
        context_flop=attention,
        capacity=int(min(room // token, 2**31 - 1)),
        patience=float(patience),
    )
