"""Verdict: the aberration of sunlight can be neglected: 0.18 s (shift of shadow crossings).

The apparent Sun stands 20.5 arcsec behind the geometric one. The number is the mean shift of
umbra entries and exits over 20 days of a dawn–dusk orbit at 650 km, against steps of 60 s; both
ends of an eclipse move together or apart by its season. Computing it costs nothing, so dawndusk
does; tools that treat light as instantaneous (Orekit's eclipses) differ by it.
"""

from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from dawndusk.environment import shadow, sun
from dawndusk.forecast import forecast
from dawndusk.orbit import constellation

START = datetime(2027, 6, 21, tzinfo=UTC)
DAYS = 20.0


def clearance(places: NDArray[np.float64], suns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Clearance over the limb for positions (n, 3) and Suns (3, n) [-]."""
    return np.array(
        [
            shadow.clearance(*place, *shadow.sun_frame(*towards))[0]
            for place, towards in zip(places, suns.T, strict=True)
        ]
    )


def measure() -> float:
    """Mean shift of umbra crossings by light time and aberration [s]."""
    ahead = forecast(constellation.sun_synchronous(650e3, "18:00", START, 1), START, 60.0)
    times = np.concatenate(ahead.shadow_events(0, 0.0, DAYS * 86_400.0))
    one = np.zeros(1, dtype=np.int64)
    here, soon = (ahead.track(times + wait, one)[0][:, 0] for wait in (0.0, 0.1))
    apparent = sun.positions(START, times)
    geometric = sun.positions(START, times, apparent=False)
    rate = (clearance(soon, apparent) - clearance(here, apparent)) / 0.1
    shift = (clearance(here, apparent) - clearance(here, geometric)) / rate
    return float(np.abs(shift).mean())


if __name__ == "__main__":
    print(f"{measure():.3f} s")
