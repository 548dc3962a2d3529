"""Requests made up from statistics: when, from which city, how long."""

import numpy as np
from numpy.typing import NDArray

from dawndusk.constants import DAY
from dawndusk.requests import Requests

PROMPT_MEAN, PROMPT_MEDIAN = 1155.0, 1020.0
"""Tokens of a prompt [-], Azure conversation trace, 2023."""

OUTPUT_MEAN, OUTPUT_MEDIAN = 211.0, 129.0
"""Tokens of an answer [-], Azure conversation trace, 2023."""

PEAK_TO_VALLEY = 3.3
"""Busiest over quietest hour [-], Azure conversation service; from memory, medium trust:
Stojkovic et al., DynamoLLM, HPCA 2025, §III."""

PEAK_TIME = 15.0 * 3600.0
"""Local time of the busiest hour [s], assumed (working day; range 11–20 h)."""


def diurnal(
    local_time: NDArray[np.float64],
    peak_to_valley: float = PEAK_TO_VALLEY,
    peak_time: float = PEAK_TIME,
) -> NDArray[np.float64]:
    """Load over its daily mean: one harmonic of the day.

    Args:
        local_time: since local midnight, any day [s]
        peak_to_valley: busiest over quietest [-]
        peak_time: local time of the busiest [s]
    Returns:
        load relative to its mean over a day [-]
    Neglects:
        weekends (load falls by about half), lunch and evening peaks, bursts
    Source:
        a harmonic with the published ratio; its shape is assumed
    """
    amplitude = (peak_to_valley - 1.0) / (peak_to_valley + 1.0)
    return 1.0 + amplitude * np.cos(2.0 * np.pi * (local_time - peak_time) / DAY)


def lognormal(mean: float, median: float) -> tuple[float, float]:
    """Parameters of the lognormal distribution of a mean and a median.

    Args:
        mean: of the quantity [-]
        median: of the quantity [-]
    Returns:
        mean and standard deviation of its logarithm [-]
    Raises:
        ValueError: when the mean is below the median or the median is not positive
    Neglects:
        nothing
    Source:
        Johnson, Kotz & Balakrishnan, Continuous Univariate Distributions 1, ch. 14
    """
    if not 0.0 < median <= mean:
        raise ValueError(
            f"workload.lengths: mean {mean:g}, median {median:g} tokens; allowed: "
            "0 < median <= mean (a lognormal leans to the right); give such a pair"
        )
    return float(np.log(median)), float(np.sqrt(2.0 * np.log(mean / median)))


def synthetic(
    rate: float,
    duration: float,
    start_of_day: float,
    population: NDArray[np.float64],
    utc_offset: NDArray[np.float64],
    rng: np.random.Generator,
    *,
    prompt: tuple[float, float] = (PROMPT_MEAN, PROMPT_MEDIAN),
    output: tuple[float, float] = (OUTPUT_MEAN, OUTPUT_MEDIAN),
    peak_to_valley: float = PEAK_TO_VALLEY,
    peak_time: float = PEAK_TIME,
) -> Requests:
    """Poisson arrivals that follow the day of each city, by thinning.

    Args:
        rate: mean over a day, all cities together [1/s]
        duration: to fill [s]
        start_of_day: UTC time of day at the start [s]
        population: weight of each city, shape (cities,) [-]
        utc_offset: local time minus UTC, shape (cities,) [s]
        rng: source of all randomness [object]
        prompt: mean and median of the prompt [-]
        output: mean and median of the answer [-]
        peak_to_valley: busiest over quietest hour of a city [-]
        peak_time: local time of the busiest [s]
    Returns:
        requests in order [object]
    Raises:
        ValueError: when the rate, a population, the ratio or a length cannot be
    Neglects:
        correlation of prompt and answer, conversations of several turns, bursts; the
        lengths' tails (Azure: 99th percentile of prompts 4,142, of answers 601 tokens,
        here 3,253 and 1,297)
    Source:
        Lewis & Shedler, Simulation of nonhomogeneous Poisson processes by thinning,
        Naval Research Logistics 26, 1979
    """
    weight = np.asarray(population, float)
    if not (np.isfinite(rate) and rate >= 0.0 and peak_to_valley >= 1.0):
        raise ValueError(
            f"workload: rate {rate:g} 1/s, peak to valley {peak_to_valley:g}; allowed: a rate of "
            "at least 0 and a ratio of at least 1; correct them"
        )
    if not (weight.size and np.all(weight >= 0.0) and weight.sum() > 0.0):
        raise ValueError(
            f"workload.cities: populations {weight.tolist()}; allowed: at least one city, none "
            "negative, not all zero; correct the set of cities"
        )
    highest = diurnal(np.array(peak_time), peak_to_valley, peak_time)
    arrival = np.sort(rng.uniform(0.0, duration, rng.poisson(rate * highest * duration)))
    share = np.cumsum(weight) / weight.sum()
    origin = np.searchsorted(share, rng.random(arrival.size), side="right")
    local = start_of_day + arrival + np.asarray(utc_offset, float)[origin]
    kept = rng.random(arrival.size) * highest < diurnal(local, peak_to_valley, peak_time)
    arrival = arrival[kept]
    return Requests(
        arrival=arrival,
        prompt=_lengths(prompt, arrival.size, rng),
        output=_lengths(output, arrival.size, rng),
        origin=origin[kept].astype(np.int16),
    )


def _lengths(
    mean_median: tuple[float, float], count: int, rng: np.random.Generator
) -> NDArray[np.int32]:
    """Whole tokens, at least one."""
    tokens = np.rint(rng.lognormal(*lognormal(*mean_median), count))
    return np.clip(tokens, 1, 2**31 - 1).astype(np.int32)
