"""Verdict: the cone of the Earth's shadow can be neglected for energy: 0.004 % (of a day's).

The number is the sunlight that a cylinder behind the same oblate Earth adds to a dawn–dusk orbit
at 650 km at the June solstice, where crossings are oblique; it is 0.002 % in a 53 deg shell at
550 km and 0.08 % in one of its planes that grazes the shadow. What the cone loses as penumbra it
gains as a narrower umbra. Times of events are another matter: a penumbra lasts up to 26 s in the
first orbit and 10 s in the second. The cone costs dawndusk no more than a cylinder would.
"""

from datetime import UTC, datetime

import numpy as np

from dawndusk.constants import DAY, EARTH_FLATTENING, EARTH_RADIUS
from dawndusk.elements import Elements
from dawndusk.forecast import forecast
from dawndusk.orbit import constellation

START = datetime(2027, 6, 21, tzinfo=UTC)
STEP = 60.0
FINE = 0.05


def excess(elements: Elements) -> float:
    """Sunlight of a day behind a cylinder over that behind the cone, less one [-]."""
    ahead = forecast(elements, START, STEP)
    times = np.arange(0.5 * FINE, DAY, FINE)
    places, suns = ahead.track(times, np.zeros(1, dtype=np.int64))
    stretch = np.array([1.0, 1.0, 1.0 / (1.0 - EARTH_FLATTENING)])
    place, towards = places[:, 0] * stretch, suns * stretch
    towards /= np.linalg.norm(towards, axis=1)[:, None]
    along = np.sum(place * towards, axis=1)
    across = np.linalg.norm(place - along[:, None] * towards, axis=1)
    lit = 1.0 - float(((along < 0.0) & (across < EARTH_RADIUS)).mean())
    return lit / float(ahead.window(0, round(DAY / STEP)).illumination.mean()) - 1.0


def measure() -> float:
    """Sunlight of a day that a cylinder adds to a dawn–dusk orbit [%]."""
    return 100.0 * excess(constellation.sun_synchronous(650e3, "18:00", START, 1))


if __name__ == "__main__":
    print(f"{measure():.4f} %")
