"""Weather over ground stations: clouds that come and go, rain, and how much air dims.

Draws depend on the seed, the step and the site alone: more steps never change earlier
ones, and a site added at the end leaves the others as they were.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from dawndusk.constants import EARTH_MEAN_RADIUS

Array = NDArray[np.float64]

RAIN_MEMORY = 5_000.0
"""Time over which rain forgets [s]: β = 2e-4 1/s, ITU-R P.1853-2, section 2.2."""

_NUGGET = 1e-10


class Climate(NamedTuple):
    """How the weather over the sites behaves; made by `climate`."""

    clear: Array
    """Share of time without clouds of each site [-]."""
    cloud_duration: float
    """Mean duration of a cloudy spell [s]."""
    mixing: Array
    """Lower triangle that turns independent draws into those of the sites [-]."""
    interval: float
    """Between steps [s]."""
    seed: int
    """Of all draws [-]."""


class Weather(NamedTuple):
    """The weather over the sites at one step."""

    step: int
    """Intervals since the start [-]."""
    cloudy: NDArray[np.bool_]
    """Whether clouds stop light, shape (sites,) [-]."""
    wetness: Array
    """Normal deviate of the rain, the higher the heavier, shape (sites,) [-]."""


def climate(
    clear: Array,
    latitude: Array,
    longitude: Array,
    interval: float,
    seed: int,
    cloud_duration: float = 21_600.0,
    correlation_distance: float = 1e6,
) -> Climate:
    """The climate of sites: what `begin` and `advance` draw from.

    Args:
        clear: share of time without clouds of each site [-]
        latitude: of each site, north positive [rad]
        longitude: of each site, east positive [rad]
        interval: between steps [s]
        seed: of all draws [-]
        cloud_duration: mean duration of a cloudy spell, assumed 6 h [s]
        correlation_distance: from it on, straight through the Earth, sites do not know of
            each other [m]
    Returns:
        the climate [object]
    Raises:
        ValueError: when a share is outside 0 to 1 or a duration not above 0
    Neglects:
        time of day and season; thin clouds that only dim; that fronts travel
    Source:
        correlation with distance: spherical model, Matheron 1963, Economic Geology 58, 1246
        (doi 10.2113/gsecongeo.58.8.1246), a valid one in three dimensions
    """
    for k, share in enumerate(clear):
        if not 0.0 <= share <= 1.0:
            raise ValueError(f"stations[{k}].clear: {share:g}; allowed: 0 to 1; correct it")
    for name, value in (
        ("interval", interval),
        ("cloud_duration", cloud_duration),
        ("correlation_distance", correlation_distance),
    ):
        if not value > 0.0:
            raise ValueError(f"weather.{name}: {value:g}; allowed: above 0; correct it")
    cosine = np.cos(latitude)
    places = EARTH_MEAN_RADIUS * np.stack(
        [cosine * np.cos(longitude), cosine * np.sin(longitude), np.sin(latitude)]
    )
    apart = np.linalg.norm(places[:, :, None] - places[:, None, :], axis=0)
    h = np.minimum(apart / correlation_distance, 1.0)
    alike = (1.0 - _NUGGET) * (1.0 - 1.5 * h + 0.5 * h**3) + _NUGGET * np.eye(len(clear))
    return Climate(
        np.asarray(clear, dtype=np.float64),
        cloud_duration,
        np.linalg.cholesky(alike),
        interval,
        seed,
    )


def begin(climate: Climate) -> Weather:
    """The weather at the start, drawn from the long run.

    Args:
        climate: of the sites [object]
    Returns:
        weather at step 0 [object]
    Neglects:
        what `advance` neglects
    Source:
        stationary distribution of the two processes
    """
    change, wetness = _draws(climate, 0)
    return Weather(0, change > climate.clear, wetness)


def advance(climate: Climate, weather: Weather, steps: int = 1) -> Weather:
    """The weather some intervals later.

    A site's sky is a Markov chain of two states, sampled from continuous time: cloudy
    spells have a mean duration, clear ones the duration that keeps the site's share of
    clear time. Rain is a Gaussian process with exponential memory.

    Args:
        climate: of the sites [object]
        weather: now [object]
        steps: intervals ahead, at least 0 [-]
    Returns:
        weather then; the same in one call or in several [object]
    Neglects:
        spells that come and go within one interval; that it rains only from clouds (no
        link here suffers from both)
    Source:
        clouds: Markov chain in continuous time; rain: Maseng & Bakken 1981, IEEE
        Transactions on Communications 29, 660 (doi 10.1109/TCOM.1981.1095030), ITU-R P.1853-2
    """
    step, cloudy, wetness = weather
    kept = math.exp(-climate.interval / RAIN_MEMORY)
    fresh = math.sqrt(1.0 - kept * kept)
    remembered = _memory(climate, climate.interval)
    for _ in range(steps):
        step += 1
        change, shock = _draws(climate, step)
        clear_next = climate.clear + (np.where(cloudy, 0.0, 1.0) - climate.clear) * remembered
        cloudy = change > clear_next
        wetness = kept * wetness + fresh * shock
    return Weather(step, cloudy, wetness)


def clear_ahead(climate: Climate, weather: Weather, ahead: Array) -> Array:
    """Chance of a clear sky some time from now, from what is seen now.

    Args:
        climate: of the sites [object]
        weather: now [object]
        ahead: times from now, shape (n,) [s]
    Returns:
        probability, shape (n, sites) [-]
    Neglects:
        what neighbours' skies tell
    Source:
        transition matrix of a Markov chain with two states
    """
    now = np.where(weather.cloudy, 0.0, 1.0)
    remembered = np.stack([_memory(climate, float(time)) for time in ahead])
    return climate.clear + (now - climate.clear) * remembered


def rain_exceeded(weather: Weather) -> Array:
    """Share of the year in which it rains harder than now.

    Args:
        weather: now [object]
    Returns:
        share of each site, evenly spread over 0 to 1 in the long run [-]
    Neglects:
        nothing
    Source:
        upper tail of the normal distribution
    """
    return np.asarray(ndtr(-weather.wetness))


def diversity(clear: Array) -> float:
    """Share of time in which at least one of several independent sites is clear.

    Args:
        clear: share of time without clouds of each site [-]
    Returns:
        share of time [-]
    Neglects:
        correlation of sites near each other
    Source:
        product of the complements
    """
    return float(1.0 - np.prod(1.0 - np.asarray(clear)))


def air_transmission(zenith: float, elevation: Array) -> Array:
    """Share of light or radio that a clear slant path leaves.

    Args:
        zenith: share that the path straight up leaves [-]
        elevation: of the path, above 0 [rad]
    Returns:
        share [-]
    Neglects:
        the curvature of the Earth: 3 % too many decibels at 10°, 0.7 % at 20°, 11 % at 5°
    Source:
        cosecant law, ITU-R P.676-12, section 2.2, for elevations from 5° to 90°
    """
    return zenith ** (1.0 / np.sin(elevation))


def _memory(climate: Climate, time: float) -> Array:
    """How much of a sky's departure from its mean lasts that long; nothing if never clear."""
    scale = np.maximum(climate.clear, 1e-300) * climate.cloud_duration
    return np.asarray(np.exp(-time / scale))


def _draws(climate: Climate, step: int) -> tuple[Array, Array]:
    """Draws of a step: evenly spread ones for the skies, normal ones for the rain."""
    generator = np.random.Generator(np.random.Philox(key=climate.seed, counter=[0, step, 0, 0]))
    sites = len(climate.clear)
    normal = generator.standard_normal((sites, 2))
    mixed = np.einsum("ij,jk->ik", climate.mixing, normal)
    return np.asarray(ndtr(mixed[:, 0])), mixed[:, 1]
