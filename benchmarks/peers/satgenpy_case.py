"""satgenpy: one snapshot of its dynamic state, free cities over links between satellites.

Its numerical libraries are held to one thread, so that CPU time is that of one.
"""

import contextlib
import io
import json
import math
import os
import sys
import tempfile
import time

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))

from satgen.dynamic_state.generate_dynamic_state import generate_dynamic_state_at
from satgen.isls import generate_plus_grid_isls
from satgen.tles import generate_tles_from_scratch_with_sgp, read_tles

planes, per_plane, cities = (int(word) for word in sys.argv[1:])
ALTITUDE, REVOLUTIONS_A_DAY, INCLINATION, MASK = 550e3, 15.19, 53.0, 25.0

ground = []
for number in range(cities):
    k = number + 0.5
    latitude = math.asin(math.sin(math.radians(50.0)) * (2.0 * k / cities - 1.0))
    longitude = (k * 180.0 * (3.0 - math.sqrt(5.0)) + 180.0) % 360.0 - 180.0
    ground.append(
        {
            "gid": number,
            "name": str(number),
            "latitude_degrees_str": str(math.degrees(latitude)),
            "longitude_degrees_str": str(longitude),
            "elevation_m_float": 0.0,
        }
    )

with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
    generate_tles_from_scratch_with_sgp(
        f"{folder}/tles.txt",
        "S",
        planes,
        per_plane,
        True,
        INCLINATION,
        1e-7,
        0.0,
        REVOLUTIONS_A_DAY,
    )
    links = generate_plus_grid_isls(f"{folder}/isls.txt", planes, per_plane, 0)
    shell = read_tles(f"{folder}/tles.txt")
    interfaces = [
        {"number_of_interfaces": 1, "aggregate_max_bandwidth": 1.0}
        for _ in range(planes * per_plane + cities)
    ]
    reach = ALTITUDE / math.sin(math.radians(MASK))
    started = time.process_time()
    generate_dynamic_state_at(
        folder,
        shell["epoch"],
        600_000_000_000,
        shell["satellites"],
        ground,
        links,
        interfaces,
        reach,
        1e9,
        "algorithm_free_one_only_over_isls",
        None,
        False,
    )
    cpu = time.process_time() - started
print(json.dumps({"cpu_s": cpu}))
