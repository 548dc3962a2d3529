"""What workload and execution share: requests, how an engine serves, and the queue's records."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dawndusk.compiled import kernel, scalar


@dataclass(frozen=True)
class Requests:
    """Inference requests in the order of their arrival; all arrays have shape (n,)."""

    arrival: NDArray[np.float64]
    """[s] from the scenario's start, not decreasing."""
    prompt: NDArray[np.int32]
    """Tokens of the prompt [-]."""
    output: NDArray[np.int32]
    """Tokens to be generated [-]."""
    origin: NDArray[np.int16]
    """City that asked, as an index; −1 where it is not known [-]."""

    def __len__(self) -> int:
        return len(self.arrival)


class Service(NamedTuple):
    """How one engine (one replica of the model) serves, as the queue needs it.

    A decode iteration of `b` requests holding `S` tokens between them lasts
    `iteration[b] + context_time * S`; prompts take `prefill_seconds`.
    """

    iteration: NDArray[np.float64]
    """Decode iteration without the key–value cache, by batch 0 … max_batch [s]."""
    context_time: float
    """Decode: reading the key–value cache of one token [s]."""
    prefill_overhead: float
    """[s]"""
    prefill_floor: float
    """Shortest pass of the weights through the chip [s]."""
    prefill_time: float
    """Linear layers [s per token]."""
    prefill_link: float
    """All-reduce between the accelerators of the engine [s per token]."""
    prefill_square: float
    """Causal attention [s per token²]."""
    prefill_tokens: int
    """Most tokens of prompts prefilled together; one longer prompt goes alone [-]."""
    token_flop: float
    """Useful work of the linear layers [FLOP per token]."""
    context_flop: float
    """Useful work of attention over one token of context [FLOP]."""
    capacity: int
    """Tokens that the key–value cache holds [-]."""
    patience: float
    """A request not started by then after its arrival is dropped [s]."""


@scalar
def prefill_seconds(tokens: float, squares: float, service: Service) -> float:
    """Engine time of prompts together: their tokens and the squares of their lengths [s]."""
    linear = max(service.prefill_floor, service.prefill_time * tokens)
    spread = service.prefill_link * tokens + service.prefill_square * squares
    return service.prefill_overhead + linear + spread


@scalar
def prefill_flop(tokens: float, squares: float, service: Service) -> float:
    """Useful work of prompts, attention causal [FLOP]."""
    return service.token_flop * tokens + 0.5 * service.context_flop * squares


@scalar
def decode_flop(prompt: float, generated: float, service: Service) -> float:
    """Work of the iterations after the first token, up to `generated` tokens [FLOP]."""
    iterations = max(generated - 1.0, 0.0)
    contexts = iterations * prompt + 0.5 * iterations * (iterations + 1.0)
    return service.token_flop * iterations + service.context_flop * contexts


@scalar
def prompt_estimate(prompt: float, service: Service) -> float:
    """Engine seconds of a prompt prefilled alone [s]."""
    return prefill_seconds(prompt, float(prompt) * prompt, service)


@scalar
def decode_estimate(prompt: float, output: float, service: Service) -> float:
    """Engine time of a request's share in full batches [s]."""
    full = service.iteration.size - 1
    share = service.iteration[full] / full + service.context_time * (prompt + 0.5 * output)
    return max(output - 1, 0) * share


PENDING, WAITING, RUNNING, SERVED, DROPPED, FAILED = range(6)
"""Status of a request: not routed, queued, started, finished, given up, killed."""

STATUS = ("pending", "waiting", "running", "served", "dropped", "failed")

BOUNDARY, PREFILL, DECODE = range(3)
"""Phase of an engine: between operations, or with one of the two in hand."""

NONE = -1

ENGINE = np.dtype(
    [
        ("head", np.int32),  # first waiting request
        ("tail", np.int32),  # last waiting request
        ("root", np.int32),  # running request that ends next
        ("batch", np.int32),  # requests that decode together
        ("phase", np.int32),
        ("current", np.int32),  # first of the requests whose prompts are in hand
        ("prompts", np.int32),  # how many of them
        ("context", np.int32),  # tokens of the batch in the cache
        ("reserved", np.int32),  # tokens of the cache promised to started requests
        ("iterations", np.int64),  # decode iterations ever completed
        ("left", np.float64),  # engine seconds left of the operation in hand [s]
        ("work", np.float64),  # estimated engine seconds outstanding [s]
    ],
    align=True,
)

REQUEST = np.dtype(
    [
        ("arrival", np.float64),
        ("first_token", np.float64),  # at the site, as is the finish
        ("finish", np.float64),
        ("last", np.int64),  # decode iteration of the engine that ends it
        ("prompt", np.int32),
        ("output", np.int32),
        ("link", np.int32),  # next waiting or in hand, or next sibling in the heap
        ("child", np.int32),
        ("engine", np.int32),
        ("status", np.int32),
        ("lag", np.float32),  # from arrival until it is at its site [s]
        ("delay", np.float32),  # on the way back to its origin [s]
    ],
    align=True,
)


@scalar
def merge(first: int, second: int, slots: NDArray) -> int:
    """Root of two pairing heaps joined, the request that ends first on top.

    Fredman et al., The pairing heap, Algorithmica 1, 1986.
    """
    if slots[second].last < slots[first].last:
        first, second = second, first
    slots[second].link = slots[first].child
    slots[first].child = second
    return first


@kernel
def pop(root: int, slots: NDArray) -> int:
    """New root after the old one is taken out: siblings are paired, then joined backwards."""
    rest = slots[root].child
    pairs = NONE
    while rest != NONE:
        first = rest
        second = slots[first].link
        if second == NONE:
            slots[first].link = pairs
            pairs = first
            break
        rest = slots[second].link
        joined = merge(first, second, slots)
        slots[joined].link = pairs
        pairs = joined
    top = pairs
    if top != NONE:
        pairs = slots[top].link
        while pairs != NONE:
            following = slots[pairs].link
            top = merge(top, pairs, slots)
            pairs = following
        slots[top].link = NONE
    return top
