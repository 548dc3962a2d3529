"""Build the table of air density that `dawndusk.environment.atmosphere` reads.

NRLMSIS 2.1 by way of pymsis (MIT), which is needed only here: install it beside the project.
Each number is the mean over circular polar orbits: latitudes evenly in time, four seasons,
every local time.
The planetary index Ap is held at 10, its mean over solar cycles.

Usage: python tools/build_atmosphere.py [table]
"""

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ALTITUDES = np.concatenate([np.arange(100.0, 200.0, 10.0), np.arange(200.0, 1501.0, 25.0)])
"""[km]: NRLMSIS reaches into the exosphere, but nobody measures drag far above 1,500."""
ACTIVITIES = np.array([65.0, 70.0, 80.0, 100.0, 125.0, 150.0, 175.0, 200.0, 225.0, 250.0])
"""Solar radio flux at 10.7 cm, of the day and of 81 days [1e-22 W/m²/Hz]."""
TIMES = np.arange(24.0)
"""Local solar times [h]."""
LATITUDES = np.degrees(np.arcsin(np.sin(np.radians(np.arange(-87.5, 90.0, 5.0)))))
DATES = np.array(["2027-03-20", "2027-06-21", "2027-09-23", "2027-12-22"], "datetime64[m]")
AP = 10.0

HEADING = """\
# Mean density of the air [kg/m3] on circular polar orbits, log10.
# Source: NRLMSIS 2.1 (Emmert et al. 2022, doi 10.1029/2022JA030896) by pymsis 0.13.0, MIT.
# Made by tools/build_atmosphere.py for the equinoxes and solstices of 2027, Ap 10.
"""


def mean_density(
    altitudes: NDArray[np.float64], activity: float, times: NDArray[np.float64] = TIMES
) -> NDArray[np.float64]:
    """Mean over latitudes, seasons and local solar times, one value an altitude."""
    import pymsis

    longitudes = (15.0 * times + 180.0) % 360.0 - 180.0
    found = pymsis.calculate(
        DATES,
        longitudes,
        LATITUDES,
        altitudes,
        np.full(DATES.size, activity),
        np.full(DATES.size, activity),
        np.full((DATES.size, 7), AP),
    )
    return np.asarray(found[..., 0].mean(axis=(0, 1, 2)))


def table() -> str:
    """The whole file: one line an altitude, one column an activity."""
    lines = [HEADING, "altitude_km," + ",".join(f"{each:g}" for each in ACTIVITIES) + "\n"]
    columns = [mean_density(ALTITUDES, activity) for activity in ACTIVITIES]
    for altitude, row in zip(ALTITUDES, np.log10(np.transpose(columns)), strict=True):
        lines.append(f"{altitude:g}," + ",".join(f"{each:.5f}" for each in row) + "\n")
    return "".join(lines)


if __name__ == "__main__":
    home = Path(__file__).parents[1] / "src" / "dawndusk" / "environment" / "atmosphere.csv"
    Path(sys.argv[1] if len(sys.argv) > 1 else home).write_text(table(), encoding="utf-8")
