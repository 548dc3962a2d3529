"""Verdict: drag at 325 km cannot be neglected: 44 s, and so dawndusk takes orbits as held.

The number is the shift of shadow crossings after one day without thrust, during which the
satellite falls 5 km. Nothing flies there for months like that: Starcloud-1 was announced for
eleven, so it must make up for drag, and an orbit that is held has no such shift. Sunlight hardly
changes either way: the last eclipse is 2 s longer in 45 deg, 8 s in a dawn–dusk orbit, 0.06 and
0.2 % of the energy of an orbit. What dawndusk leaves out is the thrust: some 1,000 m/s a year.

Taken: 1.517e-11 kg/m³ and a scale height of 53.6 km (Vallado 2013, table 8-4), drag coefficient
2.2, 2 m² on 60 kg (assumed: the area of Starcloud-1 is not public).
"""

import numpy as np
from drag_at_650_km import effect

from dawndusk.orbit import constellation

BALLISTIC = 1.517e-11 * 2.2 * 2.0 / 60.0


def measure() -> float:
    """Shift of shadow crossings after one day without thrust [s]."""
    held = constellation.walker_delta(325e3, np.radians(45.0), 1, 1, 0)
    return effect(held, 325e3, BALLISTIC, 53.6e3)[0]


if __name__ == "__main__":
    print(f"{measure():.1f} s")
