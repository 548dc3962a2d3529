"""Verdict: that clouds hold more or less water can be neglected: 0.41 % (of a year's radio data).

The number is what a 20 GHz link from 650 km, 30 deg high, carries more over Singapore in a year
when the water of each cloud varies as it does than when every cloud holds the mean: 0.12 % over
New York, 0.06 % over London. So a sky is cloudy or clear to radio as it is to light, with one
column of water. That column itself counts: without it the link would carry 2.8 % too much over
London, 3.6 % over New York, 13.1 % over Singapore. Where a station's own mean is not known,
0.6 kg/m² leaves errors of -2.0 %, +0.2 % and +4.5 %.

Taken: log-normal columns of liquid water and how often there is any, read from the maps of
ITU-R P.840-8; 1 kW, 400 MHz, 15.9 dB/K, 240 K and 2 dB to Shannon's limit.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from dawndusk.network import radio

Array = NDArray[np.float64]

FREQUENCY = 20e9
ELEVATION = np.radians(30.0)
DISTANCE = 1.156e6
COLUMNS = {
    "London": (-1.3134, 0.7036, 0.5006),
    "New York": (-0.6405, 0.6586, 0.3479),
    "Singapore": (-0.1854, 0.5652, 0.8185),
}
LINK = radio.Radio(
    max_rate=np.inf,
    max_range=np.inf,
    frequency=FREQUENCY,
    bandwidth=400e6,
    power=1e3,
    sensitivity=10**1.59,
    noise=240.0,
    gap=10**0.2,
)


def carried(water: Array) -> float:
    """Mean rate through columns of cloud water [bit/s]."""
    dimmed = radio.cloud_attenuation(FREQUENCY, np.full(water.size, ELEVATION), water)
    place = np.full(water.size, DISTANCE)
    return float(np.mean(radio.rate(place, LINK, radio.decibels_left(dimmed))))


def year(site: str) -> Array:
    """Columns of cloud water through a year [kg/m²]."""
    mean, spread, cloudy = COLUMNS[site]
    share = (np.arange(20_000) + 0.5) / 20_000
    return np.exp(mean - spread * ndtri(np.minimum(share / cloudy, 1.0)))


def gained(site: str, column: float | None = None) -> float:
    """By how much one column for all clouds misses the year's data [%]."""
    water = year(site)
    alike = float(np.mean(water[water > 0.0])) if column is None else column
    return 100.0 * (carried(np.where(water > 0.0, alike, 0.0)) / carried(water) - 1.0)


def measure() -> float:
    """Largest loss from taking every cloud to be the mean one [%]."""
    return -min(gained(site) for site in COLUMNS)


if __name__ == "__main__":
    for name in COLUMNS:
        print(f"{name}: {gained(name):+.2f} % with its own mean", end=", ")
        print(f"{gained(name, radio.CLOUD_WATER):+.2f} % with 0.6 kg/m²", end=", ")
        print(f"{gained(name, 0.0):+.2f} % without clouds")
