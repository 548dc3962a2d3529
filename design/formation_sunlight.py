"""Verdict: sunlight cannot be neglected in station-keeping: 12 %, and so it is counted.

The number is the velocity change against a difference in the push of sunlight over that against
the same difference in drag, for the dawn–dusk cluster at 650 km over a year: 1.6e-13 kg/m³
(NRLMSIS 2.1, moderate Sun), drag coefficient 2.2, pressure coefficient 1.3 (assumed), the same
area over mass to both. With a quiet Sun the air is ten times thinner and the order turns round.
"""

from datetime import UTC, datetime

import numpy as np

from dawndusk.constants import DAY, JULIAN_YEAR
from dawndusk.environment import atmosphere
from dawndusk.forecast import forecast
from dawndusk.orbit import constellation, formation_keeping

ALTITUDE = 650e3
START = datetime(2027, 1, 1, tzinfo=UTC)


def sun_in_plane() -> float:
    """Cosine of the angle between Sun and orbital plane, mean over a year [-]."""
    ahead = forecast(constellation.sun_synchronous(ALTITUDE, "18:00", START, 1), START, 60.0)
    days = np.arange(0.0, 365.0, 5.0) * DAY
    quarter = 1466.0
    (now, sun), (later, _) = (
        ahead.track(days + wait, np.zeros(1, dtype=np.int64)) for wait in (0.0, quarter)
    )
    normal = np.cross(now[:, 0], later[:, 0])
    sine = np.sum(normal * sun, axis=1)
    sine /= np.linalg.norm(normal, axis=1) * np.linalg.norm(sun, axis=1)
    return float(np.sqrt(1.0 - sine**2).mean())


def measure() -> float:
    """Velocity change against sunlight over that against drag [%]."""
    drag = atmosphere.drag_acceleration(ALTITUDE, 1.6e-13, 2.2 * 0.1333) * JULIAN_YEAR
    return float(100.0 * formation_keeping.sunlight_delta_v(0.1333, 1.3, sun_in_plane()) / drag)


if __name__ == "__main__":
    print(f"{measure():.1f} %, Sun in plane {sun_in_plane():.2f}")
