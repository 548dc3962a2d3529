"""Training runs: their work, their memory and what checkpoints cost and save."""

import numpy as np

STATE_BYTES = 16.0
"""Weights, gradients and Adam's state in mixed precision [bytes per parameter],
Rajbhandari et al., ZeRO, SC 2020, §3.1."""


def work(active_parameters: float, tokens: float) -> float:
    """Work of training a transformer, forward and backward.

    Args:
        active_parameters: used by one token [-]
        tokens: trained on [-]
    Returns:
        model work [FLOP]
    Neglects:
        attention over the context: 12 · layers · hidden · context / (6 N), 2 % for a 70B model
        at 4,096 tokens; recomputed activations are no useful work
    Source:
        Kaplan et al., Scaling Laws for Neural Language Models, 2020, eq. 2.2: C = 6 N D
    """
    return 6.0 * active_parameters * tokens


def state(parameters: float) -> float:
    """Memory of a training run, over all its nodes together.

    Args:
        parameters: of the whole model [-]
    Returns:
        weights, gradients and optimiser state [bytes]
    Neglects:
        activations and buffers
    Source:
        Rajbhandari et al., ZeRO, SC 2020, §3.1
    """
    return STATE_BYTES * parameters


def useful_fraction(interval: float, cost: float, restart: float, failure_rate: float) -> float:
    """Share of the time that ends as kept work, under Poisson failures.

    Without failures this is interval / (interval + cost).

    Args:
        interval: work between two checkpoints [s]
        cost: time to write one [s]
        restart: time from a failure until work goes on [s]
        failure_rate: of the whole job [1/s]
    Returns:
        useful share [-]
    Raises:
        ValueError: when the interval is not positive
    Neglects:
        failures that come in clusters; damage of the checkpoint itself
    Source:
        Daly, A higher order estimate of the optimum checkpoint interval, FGCS 22, 2006, eq. 20
    """
    if not interval > 0.0:
        raise ValueError(f"checkpoint_interval: {interval:g} s; allowed: above 0; give a time")
    if failure_rate == 0.0:
        return interval / (interval + cost)
    repeats = np.expm1(failure_rate * (interval + cost)) * np.exp(failure_rate * restart)
    return float(failure_rate * interval / repeats)


def expected_loss(interval: float, cost: float, failure_rate: float) -> float:
    """Mean time since the last checkpoint at a failure.

    Args:
        interval: work between two checkpoints [s]
        cost: time to write one [s]
        failure_rate: of the whole job [1/s]
    Returns:
        time lost by a failure, half a cycle for rare ones [s]
    Neglects:
        restart
    Source:
        mean of an exponential time cut at one cycle: 1/λ − T/(exp(λT) − 1)
    """
    cycle = interval + cost
    if failure_rate * cycle < 1e-4:
        return cycle * (0.5 - failure_rate * cycle / 12.0)
    return float(1.0 / failure_rate - cycle / np.expm1(failure_rate * cycle))


def optimal_interval(cost: float, failure_rate: float) -> float:
    """Work between checkpoints that keeps most of it.

    Args:
        cost: time to write a checkpoint [s]
        failure_rate: of the whole job [1/s]
    Returns:
        best interval, infinite without failures [s]
    Neglects:
        as `useful_fraction`; the series is within 0.1 % of its best share for cost < 1/(2 rate)
    Source:
        Young, CACM 17(9), 1974: √(2 C M); Daly, FGCS 22, 2006, eq. 37: its next two terms
    """
    if failure_rate == 0.0:
        return float("inf")
    mean = 1.0 / failure_rate
    if cost >= 2.0 * mean:
        return mean
    ratio = np.sqrt(cost / (2.0 * mean))
    return float(np.sqrt(2.0 * cost * mean) * (1.0 + ratio / 3.0 + ratio * ratio / 9.0) - cost)
