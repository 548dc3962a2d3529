"""orbital-compute: its own simulation of satellites with charge, heat and greedy jobs.

Its search for ground contacts, which no job uses, runs before the clock starts.
"""

import contextlib
import io
import json
import time

from orbital_compute.simulator import Simulation, SimulationConfig

SATELLITES, STEPS, STEP = 50, 1440, 60

simulation = Simulation(
    SimulationConfig(
        n_satellites=SATELLITES,
        sim_duration_hours=STEPS * STEP / 3600,
        time_step_seconds=STEP,
        n_jobs=SATELLITES * 20,
    )
)
with contextlib.redirect_stdout(io.StringIO()):
    simulation.setup()
    started = time.process_time()
    simulation.run()
    cpu = time.process_time() - started
print(json.dumps({"satellite_steps": len(simulation.nodes) * STEPS, "cpu_s": cpu}))
