"""Verdict: the atmosphere over the limb can be neglected: 0.7 % (of an orbit's sunlight).

The number is what air and ozone take from a dawn–dusk orbit at 650 km at the June solstice,
where they lengthen an eclipse by 32 s; 0.4 % and 14 s in a 53 deg shell at 550 km, nothing without
eclipses. A panel's heat capacity, neglected too, gives back more than that just then
(array_heat_capacity.py). Refraction by itself only moves light: what the bent rays take from one
side of the shadow's edge they bring to the other. So what counts is the light stopped, summed
over heights: as much as a limb 17 km higher would stop.

Taken: air of scale height 8 km and vertical optical depth 0.0973 at 0.55 µm (Bucholtz 1995); 300
Dobson units of ozone at 22 ± 5 km with the Chappuis band (0.041); nothing below clouds at 6 km;
cells that count photons from 0.4 to 1.1 µm of a black body at 5,772 K.
"""

from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from dawndusk.constants import EARTH_MEAN_RADIUS, EARTH_RADIUS
from dawndusk.elements import Elements
from dawndusk.environment import shadow
from dawndusk.forecast import forecast
from dawndusk.orbit import constellation

Array = NDArray[np.float64]

START = datetime(2027, 6, 21, tzinfo=UTC)
STEP = 1.0
CLOUD_TOP = 6e3
SUN_TEMPERATURE = 5772.0


def dimming() -> float:
    """Height of a limb that would stop as much of the light as the atmosphere does [m]."""
    height = np.arange(0.0, 80e3, 250.0)
    wave = np.linspace(0.40, 1.10, 71)
    photons = wave**-4 / np.expm1(14_387.77 / (wave * SUN_TEMPERATURE))
    reach = np.linspace(0.0, 1200e3, 1201)
    along = np.sqrt((EARTH_MEAN_RADIUS + height[:, None]) ** 2 + reach**2) - EARTH_MEAN_RADIUS
    air = 2.0 * np.trapezoid(np.exp(-along / 8.0e3), reach) / 8.0e3
    layer = np.exp(-0.5 * ((along - 22e3) / 5e3) ** 2) / (5e3 * np.sqrt(2.0 * np.pi))
    ozone = 2.0 * np.trapezoid(layer, reach)
    rayleigh = 0.0973 * (0.55 / wave) ** 4.05
    chappuis = 0.041 * np.exp(-0.5 * ((wave - 0.602) / 0.05) ** 2)
    passed = np.exp(-air[:, None] * rayleigh - ozone[:, None] * chappuis)
    passed[height < CLOUD_TOP] = 0.0
    stopped = 1.0 - np.trapezoid(passed * photons, wave) / np.trapezoid(photons, wave)
    return float(np.trapezoid(stopped, height))


def lit(elements: Elements, limb: float) -> float:
    """Share of two orbits in sunlight over an Earth that is higher by `limb` [m]."""
    ahead = forecast(elements, START, 60.0)
    times = np.arange(0.0, 4.0 * np.pi / elements.mean_motion[0], STEP)
    places, suns = ahead.track(times, np.zeros(1, dtype=np.int64))
    places *= EARTH_RADIUS / (EARTH_RADIUS + limb)
    return float(
        np.mean(
            [
                shadow.visible_fraction(shadow.clearance(*place, *shadow.sun_frame(*towards))[0])
                for place, towards in zip(places[:, 0], suns, strict=True)
            ]
        )
    )


def measure() -> float:
    """Sunlight of a dawn–dusk orbit that the atmosphere takes [%]."""
    elements = constellation.sun_synchronous(650e3, "18:00", START, 1)
    return 100.0 * (1.0 - lit(elements, dimming()) / lit(elements, 0.0))


if __name__ == "__main__":
    print(f"{measure():.2f} %")
