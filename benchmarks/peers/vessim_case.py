"""Vessim: one microgrid a satellite, array power as a trace, constant load, battery, grid."""

import json
import time

import numpy as np
import pandas as pd
import vessim

SATELLITES, STEPS, STEP = 100, 1440, 60

seconds = np.arange(0, STEPS * STEP, STEP)
sunlit = seconds % 5880 > 2100
array_power = vessim.Trace(pd.Series(np.where(sunlit, 1600.0, 0.0), index=seconds))

started = time.process_time()
environment = vessim.Environment(sim_start="2026-03-20", step_size=STEP)
for number in range(SATELLITES):
    environment.add_microgrid(
        actors=[
            vessim.Producer(f"array {number}", array_power),
            vessim.Consumer(f"load {number}", 700.0),
        ],
        dispatchables=[
            vessim.SimpleBattery(f"battery {number}", capacity=1000.0, initial_soc=0.8),
            vessim.GridConnection(f"shunt {number}"),
        ],
        name=f"satellite {number}",
    )
environment.run(until=STEPS * STEP)
print(json.dumps({"satellite_steps": SATELLITES * STEPS, "cpu_s": time.process_time() - started}))
