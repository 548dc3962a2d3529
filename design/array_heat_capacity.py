"""Verdict: the array's heat capacity cannot be neglected: 3.0 %, and so dawndusk errs low.

The number is the energy that a panel gains per orbit because it leaves the eclipse cold, in a
53 deg shell at 550 km, against the panel that dawndusk takes as always in equilibrium; 2.0 % in
a dawn–dusk orbit at 650 km at the June solstice, nothing without eclipses. It holds for the
catalogue's 1.7 kg/m², of 900 J/kg/K; with 3 kg/m² it is 4.6 and 2.9 %. It is more than a year of
degradation, so arrays are sized too large rather than too small. What a battery at its charging
limit cannot take of the burst after an eclipse is lost again.
"""

from datetime import UTC, datetime

import numpy as np

from dawndusk.constants import EARTH_INFRARED, STEFAN_BOLTZMANN
from dawndusk.elements import Elements
from dawndusk.forecast import forecast
from dawndusk.orbit import constellation
from dawndusk.satellite import solar_array

START = datetime(2027, 6, 21, tzinfo=UTC)
STEP = 1.0
HEAT_CAPACITY = 1.7 * 900.0
"""Of the panel [J/m²/K]: aluminium, glass and plastics; the catalogue's mass per area."""
EFFICIENCY, REFERENCE, COEFFICIENT = 0.22 * 0.90, 301.15, -0.0035
ABSORPTIVITY, FRONT, BACK = 0.92, 0.85, 0.90


def gain(elements: Elements, view: float, heat_capacity: float = HEAT_CAPACITY) -> float:
    """Energy with a panel that warms and cools over that in equilibrium, less one [-]."""
    ahead = forecast(elements, START, STEP)
    steps = round(2.0 * np.pi / elements.mean_motion[0] / STEP)
    window = ahead.window(0, 2 * steps)
    sunlight = window.illumination[:, 0] * window.irradiance
    infrared = EARTH_INFRARED * view
    still, lagging, warm = 0.0, 0.0, 300.0
    for k, light in enumerate(sunlight):
        flat = solar_array.temperature(
            light, ABSORPTIVITY, EFFICIENCY, FRONT, BACK, infrared, REFERENCE, COEFFICIENT
        )
        made = EFFICIENCY * light * (1.0 + COEFFICIENT * (warm - REFERENCE))
        if k >= steps:
            still += EFFICIENCY * light * (1.0 + COEFFICIENT * (flat - REFERENCE))
            lagging += made
        emitted = STEFAN_BOLTZMANN * (FRONT + BACK) * warm**4
        warm += STEP * (ABSORPTIVITY * light - made + BACK * infrared - emitted) / heat_capacity
    return lagging / still - 1.0


def measure() -> float:
    """Energy per orbit gained by the panel's lag in a 53 deg shell at 550 km [%]."""
    return 100.0 * gain(constellation.walker_delta(550e3, np.radians(53.0), 1, 1, 0), 0.305)


if __name__ == "__main__":
    print(f"{measure():.2f} %")
