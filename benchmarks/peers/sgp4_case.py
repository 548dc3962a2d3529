"""sgp4: propagation alone, its vectorised array of satellites."""

import json
import time

import numpy as np
from sgp4.api import WGS72, Satrec, SatrecArray

SATELLITES, STEPS, STEP = 1000, 1440, 60.0

satellites = []
for number in range(SATELLITES):
    satellite = Satrec()
    satellite.sgp4init(
        WGS72,
        "i",
        number,
        27834.0,  # epoch: 2026-03-16, days since 1949-12-31
        0.0,
        0.0,
        0.0,
        0.0001,
        0.0,
        np.radians(97.4),
        2.0 * np.pi * number / SATELLITES,
        0.0660,  # mean motion [rad/min], about 500 km
        0.0,
    )
    satellites.append(satellite)
fleet = SatrecArray(satellites)
day = np.full(STEPS, 2461115.5)
fraction = np.arange(STEPS) * STEP / 86_400.0
started = time.process_time()
errors, positions, velocities = fleet.sgp4(day, fraction)
cpu = time.process_time() - started
assert not errors.any()
print(json.dumps({"satellite_steps": SATELLITES * STEPS, "cpu_s": cpu}))
