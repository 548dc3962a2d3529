"""space-ml-sim: its constellation step with eclipse, power, heat and radiation."""

import json
import time

from space_ml_sim.core.constellation import Constellation
from space_ml_sim.models.chip_profiles import JETSON_AGX_ORIN

PLANES, PER_PLANE, STEPS, STEP = 10, 10, 1440, 60.0

constellation = Constellation.walker_delta(PLANES, PER_PLANE, 550.0, 53.0, JETSON_AGX_ORIN)
started = time.process_time()
for _ in range(STEPS):
    constellation.step(STEP)
cpu = time.process_time() - started
print(json.dumps({"satellite_steps": PLANES * PER_PLANE * STEPS, "cpu_s": cpu}))
