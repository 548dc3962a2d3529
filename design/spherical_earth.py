"""Verdict: the Earth's flattening cannot be neglected: 5.3 %, and so dawndusk's Earth is oblate.

The number is the time in umbra over 100 days that a spherical Earth of equatorial radius adds to
a dawn–dusk orbit at 650 km, whose eclipses lie near the pole; it also invents 41 of 1,286. Both
Earths are computed here by the angles between limb and Sun, a way that shares nothing with
dawndusk's shadow but the affine map; the oblate one agrees with it within 0.01 %.
"""

from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from dawndusk.constants import DAY, EARTH_FLATTENING, EARTH_RADIUS, SUN_RADIUS
from dawndusk.forecast import Forecast, forecast
from dawndusk.orbit import constellation

Array = NDArray[np.float64]

START = datetime(2026, 5, 1, tzinfo=UTC)
DAYS = 100.0
STEP = 10.0


def depth(place: Array, towards: Array, flattening: float) -> Array:
    """Angle by which the whole disc of the Sun lies behind the limb, negative without [rad]."""
    stretch = np.array([1.0, 1.0, 1.0 / (1.0 - flattening)])
    place, to_sun = place * stretch, (towards - place) * stretch
    width = np.linalg.norm(to_sun, axis=1)
    height = np.linalg.norm(place, axis=1)
    cosine = -np.sum(place * to_sun, axis=1) / (width * height)
    apart = np.arccos(np.clip(cosine, -1.0, 1.0))
    return np.arcsin(EARTH_RADIUS / height) - np.arcsin(SUN_RADIUS / width) - apart


def umbra(ahead: Forecast, flattening: float) -> tuple[float, int]:
    """Time in umbra [s] and number of eclipses, crossings interpolated between samples."""
    total, count = 0.0, 0
    for day in range(round(DAYS)):
        times = day * DAY + np.arange(0.0, DAY + 1.0, STEP)
        places, towards = ahead.track(times, np.zeros(1, dtype=np.int64))
        inside = depth(places[:, 0], towards, flattening)
        low, high = np.minimum(inside[:-1], inside[1:]), np.maximum(inside[:-1], inside[1:])
        rise = np.where(high > low, high - low, 1.0)
        total += STEP * float(np.clip(high / rise, 0.0, 1.0)[high > 0.0].sum())
        count += int(((inside[:-1] <= 0.0) & (inside[1:] > 0.0)).sum())
    return total, count


def orbit() -> Forecast:
    """The dawn–dusk satellite."""
    return forecast(constellation.sun_synchronous(650e3, "18:00", START, 1), START, 60.0)


def measure() -> float:
    """Time in umbra that a spherical Earth adds [%]."""
    ahead = orbit()
    return 100.0 * (umbra(ahead, 0.0)[0] / umbra(ahead, EARTH_FLATTENING)[0] - 1.0)


if __name__ == "__main__":
    print(f"{measure():.2f} %")
