"""Verdict: the spread of altitudes can be neglected in a fleet's mean: 0.04 % (of its sunlight).

The number is the change of a day's sunlight, mean over the 10,395 real satellites of a Starlink
file, when all are given the same mean motion (481 km, against 325 to 575 km) in their own planes.
It is not so for single satellites: their share of sunlight moves by 1.3 points in the mean square
and by 23 at most, where the Sun grazes an orbit. So dawndusk flies each on its own orbit and only
sizes all alike.
"""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dawndusk.elements import Elements
from dawndusk.forecast import forecast
from dawndusk.orbit import imported

FILE = Path(__file__).parents[2] / "shared" / "data" / "celestrak" / "starlink_2026-05-30.tle.gz"
START = datetime(2026, 5, 30, 12, tzinfo=UTC)
STEP = 60.0


def sunlit(fleet: Elements) -> NDArray[np.float64]:
    """Share of a day that each satellite spends in sunlight [-]."""
    ahead = forecast(fleet, START, STEP)
    total = sum(ahead.window(k, k + 60).illumination.sum(axis=0) for k in range(0, 1440, 60))
    return total / 1440


def measure() -> float:
    """Change of a fleet's sunlight when all its satellites fly equally high [%]."""
    fleet = imported.read(FILE, START)[0]
    mean_motion = np.full(len(fleet), fleet.mean_motion.mean())
    alike = replace(fleet, mean_motion=mean_motion, eccentricity=np.zeros(len(fleet)))
    return 100.0 * abs(sunlit(alike).mean() / sunlit(fleet).mean() - 1.0)


if __name__ == "__main__":
    print(f"{measure():.3f} %")
