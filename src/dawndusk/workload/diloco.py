"""Training on far-apart workers: what they exchange and how much of their time it leaves.

Each worker takes inner steps of its own and sends, every `interval` steps, its weights'
change; synchronous data parallel is the case of one step. Streaming sends the model in
fragments at different steps, overlap lets the steps go on while a fragment travels.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

FORWARD = 1.0 / 3.0
"""Share of a step before the backward pass [-]: 2 N of 6 N FLOP per token, Kaplan et al. 2020."""

FITTED_BITS = 13.3
"""Sent for one parameter in the published table 4 of arXiv 2501.18512 [bit], fitted to it: from
12.6 to 13.3 every cell is within one grid step. Its table 1 shows the 16 of bfloat16."""

_FIRST, _ROUNDS = 20, 60
"""Rounds left out until they repeat, and rounds of which the mean is taken, where a fragment may
start before the one before it is in: rounds then repeat in groups."""

RING, ALL = "ring", "all"
"""How an exchange is made: a ring all-reduce, or each worker sends to every other."""


class Model(NamedTuple):
    """What is trained, as one worker sees it."""

    parameters: float
    """Of the whole model [-]."""
    layers: int
    """Alike, one exchanged after the other [-]."""
    step: float
    """One inner step of one worker, without any exchange [s]."""


class Method(NamedTuple):
    """How often and in what the workers exchange."""

    interval: int
    """Inner steps between two exchanges of the same parameter; 1 is synchronous [-]."""
    fragments: int
    """Parts of the model that are exchanged at different steps; 1 is plain DiLoCo [-]."""
    overlap: int
    """Inner steps that go on while a fragment travels, fewer than `interval` [-]."""
    bits: float
    """Sent for one parameter [bit]."""


class Network(NamedTuple):
    """The links among the workers."""

    workers: int
    """That train together [-]."""
    rate: ArrayLike
    """What each worker can send, and receive, at once [bit/s]."""
    latency: float
    """One way between two workers [s]."""
    pattern: str
    """`RING` or `ALL` [-]."""


def synchronous(bits: float = 16.0) -> Method:
    """Gradients exchanged in every step.

    Args:
        bits: sent for one parameter [bit]
    Returns:
        method [object]
    Neglects:
        nothing
    Source:
        bfloat16 gradients
    """
    return Method(1, 1, 0, bits)


def sent(parameters: float, bits: float, workers: int, pattern: str = RING) -> float:
    """What one worker sends to exchange parameters once.

    Args:
        parameters: exchanged [-]
        bits: sent for one parameter [bit]
        workers: that exchange [-]
        pattern: `RING` or `ALL` [-]
    Returns:
        sent by each worker, and received by each [bytes]
    Raises:
        ValueError: when there is no worker or the pattern is unknown
    Neglects:
        headers, sent again after errors, scales of low-bit blocks; a ring sums as it goes, so
        in 4 bits it must round again at each worker, where `ALL` rounds once
    Source:
        Patarasuk & Yuan, J. Parallel Distrib. Comput. 69, 2009: 2 (M − 1)/M of the data
    """
    if workers < 1:
        raise ValueError(f"diloco.workers: {workers}; allowed: at least 1; correct it")
    if pattern == RING:
        copies = 2.0 * (workers - 1) / workers
    elif pattern == ALL:
        copies = float(workers - 1)
    else:
        raise ValueError(f"diloco.pattern: {pattern!r}; allowed: {RING!r}, {ALL!r}; choose one")
    return copies * parameters * bits / 8.0


def fragment(model: Model, method: Method, step: int) -> tuple[int, ...]:
    """Fragments whose exchange starts in the backward pass of an inner step.

    Args:
        model: what is trained [object]
        method: how it is exchanged [object]
        step: inner step, counted from 0 [-]
    Returns:
        fragments; fragment p holds the layers p, p + fragments, … [-]
    Raises:
        ValueError: when the method is impossible
    Neglects:
        nothing
    Source:
        Douillard et al., Streaming DiLoCo, arXiv 2501.18512, §2.2: strided, evenly spread
    """
    _refuse(model, method)
    phase = (step + 1) % method.interval
    return tuple(
        p
        for p in range(method.fragments)
        if (p + 1) * method.interval // method.fragments % method.interval == phase
    )


def traffic(model: Model, method: Method, network: Network, steps: int) -> float:
    """What one worker sends over a number of inner steps.

    Args:
        model: what is trained [object]
        method: how it is exchanged [object]
        network: links among the workers [object]
        steps: inner steps taken [-]
    Returns:
        sent by each worker [bytes]
    Raises:
        ValueError: when the method or the network is impossible
    Neglects:
        as `sent`
    Source:
        DiLoCo, arXiv 2311.08105, table 2: N/H of synchronous training
    """
    layers = 0
    for step in range(method.interval):
        started = (steps - 1 - step) // method.interval + 1 if steps > step else 0
        layers += started * sum(
            len(range(p, model.layers, method.fragments)) for p in fragment(model, method, step)
        )
    whole = sent(model.parameters, method.bits, network.workers, network.pattern)
    return whole * layers / model.layers


def peak(model: Model, method: Method, network: Network) -> float:
    """Most that one worker sends from one inner step.

    Args:
        model: what is trained [object]
        method: how it is exchanged [object]
        network: links among the workers [object]
    Returns:
        sent by each worker [bytes]
    Raises:
        ValueError: when the method or the network is impossible
    Neglects:
        as `sent`
    Source:
        arXiv 2501.18512, table 1: 24 layers in fragments of 3 have an 8 times lower peak
    """
    most = max(
        sum(len(range(p, model.layers, method.fragments)) for p in fragment(model, method, step))
        for step in range(method.interval)
    )
    whole = sent(model.parameters, method.bits, network.workers, network.pattern)
    return whole * most / model.layers


def round_time(
    model: Model, method: Method, network: Network, forward: float = FORWARD
) -> NDArray[np.float64]:
    """Time of one round, in which every parameter is exchanged once.

    Layers are ready one after the other through the backward pass, from the last to the first,
    and travel in this order over one link; a step ends when the fragments have arrived that
    were sent `overlap` steps before.

    Args:
        model: what is trained [object]
        method: how it is exchanged [object]
        network: links among the workers; with many rates many answers [object]
        forward: share of a step before the backward pass [-]
    Returns:
        mean round of `interval` steps once rounds repeat, in the rates' shape [s]
    Raises:
        ValueError: when the method or the network is impossible
    Neglects:
        workers of different speed, links that come and go, the outer optimiser's arithmetic
        (3 operations per parameter), other traffic; where fragments overtake each other rounds
        repeat in groups and the mean is within 1/60
    Source:
        arXiv 2501.18512, §3.1 and table 4: all 75 cells within one grid step, 66 exact
    """
    _refuse(model, method)
    rate = np.asarray(network.rate, float)
    if not (np.all(rate > 0.0) and network.latency >= 0.0):
        raise ValueError(
            f"diloco: rate {rate.min():g} bit/s, latency {network.latency:g} s; allowed: rate "
            "above 0, latency at least 0; correct them"
        )
    layer = sent(model.parameters / model.layers, method.bits, network.workers, network.pattern)
    travel = 8.0 * layer / rate
    starting = [fragment(model, method, step) for step in range(method.interval)]
    alone = method.overlap < max(method.interval // method.fragments, 1)
    first, rounds = (1, 1) if alone else (_FIRST, _ROUNDS)
    ends = [np.zeros(rate.shape)]
    free = np.zeros(rate.shape)
    arrival: dict[int, NDArray[np.float64]] = {}
    for step in range((first + rounds) * method.interval):
        start = ends[-1]
        for p in starting[step % method.interval]:
            for index in reversed(range(p, model.layers, method.fragments)):
                back = (model.layers - index) / model.layers
                ready = start + model.step * (forward + (1.0 - forward) * back)
                free = np.maximum(free, ready) + travel
            arrival[step + method.overlap] = free + _hops(network) * network.latency
        end = start + model.step
        ends.append(np.maximum(end, arrival.pop(step)) if step in arrival else end)
    mean = (ends[-1] - ends[-1 - rounds * method.interval]) / rounds
    return np.maximum(mean, model.layers * travel)


def utilisation(
    model: Model, method: Method, network: Network, forward: float = FORWARD
) -> NDArray[np.float64]:
    """Share of the time that goes into inner steps.

    Args:
        model: what is trained [object]
        method: how it is exchanged [object]
        network: links among the workers; with many rates many answers [object]
        forward: share of a step before the backward pass [-]
    Returns:
        compute utilisation, in the rates' shape [-]
    Raises:
        ValueError: when the method or the network is impossible
    Neglects:
        as `round_time`
    Source:
        arXiv 2501.18512, §3.1
    """
    return method.interval * model.step / round_time(model, method, network, forward)


def required_rate(
    share: float, model: Model, method: Method, network: Network, forward: float = FORWARD
) -> float:
    """Least rate of the links that leaves a share of the time for inner steps.

    Args:
        share: compute utilisation wanted, above 0 and below 1 [-]
        model: what is trained [object]
        method: how it is exchanged [object]
        network: links among the workers; its rate is not read [object]
        forward: share of a step before the backward pass [-]
    Returns:
        rate from 1 bit/s on, infinite where latency alone takes too much [bit/s]
    Raises:
        ValueError: when the share, the method or the network is impossible
    Neglects:
        as `round_time`
    Source:
        bisection: utilisation never falls with the rate
    """
    if not 0.0 < share < 1.0:
        raise ValueError(f"diloco.share: {share:g}; allowed: above 0 and below 1; correct it")

    def reached(exponent: float) -> bool:
        given = network._replace(rate=math.exp(exponent))
        return bool(utilisation(model, method, given, forward) >= share)

    low, high = 0.0, math.log(1e30)
    if not reached(high):
        return math.inf
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if reached(middle) else (middle, high)
    return math.exp(high)


def training_time(
    steps: float, model: Model, method: Method, network: Network, forward: float = FORWARD
) -> NDArray[np.float64]:
    """Time of a training run with its exchanges.

    Args:
        steps: inner steps of each worker [-]
        model: what is trained [object]
        method: how it is exchanged [object]
        network: links among the workers; with many rates many answers [object]
        forward: share of a step before the backward pass [-]
    Returns:
        time, in the rates' shape [s]
    Raises:
        ValueError: when the method or the network is impossible
    Neglects:
        failures and checkpoints; the share of a round at the end is taken as an average one
    Source:
        arXiv 2501.18512, table 1: 109 h at 1 Gbit/s for 25 billion tokens of a 1B model
    """
    return steps / method.interval * round_time(model, method, network, forward)


def _hops(network: Network) -> int:
    """Latencies of one exchange: a ring passes each part on 2 (M − 1) times."""
    if network.workers < 2:
        return 0
    return 2 * (network.workers - 1) if network.pattern == RING else 1


def _refuse(model: Model, method: Method) -> None:
    if not 1 <= method.fragments <= model.layers:
        raise ValueError(
            f"diloco.fragments: {method.fragments}; allowed: 1 to {model.layers} layers; correct it"
        )
    if not 0 <= method.overlap < method.interval or not method.bits > 0.0:
        raise ValueError(
            f"diloco: interval {method.interval}, overlap {method.overlap}, bits {method.bits:g}; "
            "allowed: overlap from 0 to interval − 1, bits above 0; correct them"
        )
    if not (model.parameters > 0.0 and model.step > 0.0):
        raise ValueError(
            f"diloco: {model.parameters:g} parameters, {model.step:g} s a step; "
            "allowed: above 0; correct them"
        )
