"""orbital-compute: its own simulation of satellites with charge, heat and greedy jobs.

Its search for ground contacts, which no job uses, is part of its set-up and timed apart.
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
    started = time.process_time()
    simulation.setup()
    ready = time.process_time()
    simulation.run()
    finished = time.process_time()
print(
    json.dumps(
        {
            "satellite_steps": len(simulation.nodes) * STEPS,
            "setup_cpu_s": ready - started,
            "cpu_s": finished - ready,
        }
    )
)
