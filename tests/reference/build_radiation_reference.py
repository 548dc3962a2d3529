"""Builds trapped_650km.csv and shieldose2.csv: AP8, AE8 and SHIELDOSE-2 as IRBEM has them.

Needs `aep8` 1.1.0 and `spacepy` 0.7.0 in an environment of their own; from the root:

    python -m tests.reference.build_radiation_reference

The first table follows one day of a circular orbit, radius 7,028.137 km, 97.99°, in steps of
60 s: Earth-fixed position, L, B/B0, fluxes of protons above 10 MeV and electrons above 1 MeV.
The second has the dose of three spectra with a closed form. No line of dawndusk takes part.
"""

import csv
import math
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
RADIUS_KM = 7_028.137
ASCENDING_DEG = 305.0
PHASE_DEG = 250.0


def track() -> np.ndarray:
    """Earth-fixed positions [km] over one day."""
    t = np.arange(0.0, 86_400.0, 60.0)
    inclination = math.radians(97.99)
    u = math.sqrt(398_600.4418 / RADIUS_KM**3) * t + math.radians(PHASE_DEG)
    latitude = np.arcsin(math.sin(inclination) * np.sin(u))
    longitude = np.arctan2(math.cos(inclination) * np.sin(u), np.cos(u))
    longitude += math.radians(ASCENDING_DEG) - (7.292115e-5 - 1.991e-7) * t
    across = np.cos(latitude)
    return RADIUS_KM * np.stack(
        [across * np.cos(longitude), across * np.sin(longitude), np.sin(latitude)], axis=1
    )


def trapped() -> None:
    """Write trapped_650km.csv."""
    from aep8._core import flux1, flux2, flux3, flux4, geomag3, geomag4

    position = track()
    ratio, shell = geomag3(0, *(position.T / 6_378.1))
    later, later_shell = geomag4(0, *(position.T / 6_378.1))
    with (HERE / "trapped_650km.csv").open("w", newline="") as file:
        write = csv.writer(file, lineterminator="\n").writerow
        write(["x_km", "y_km", "z_km", "shell", "ratio", "p_min", "p_max", "e_min", "e_max"])
        for k, place in enumerate(position):
            closed = shell[k] > 0.0
            fluxes = [
                flux(energy, length, field) if length > 0.0 else 0.0
                for flux, energy, length, field in (
                    (flux3, 10.0, shell[k], ratio[k]),
                    (flux4, 10.0, later_shell[k], later[k]),
                    (flux1, 1.0, shell[k], ratio[k]),
                    (flux2, 1.0, shell[k], ratio[k]),
                )
            ]
            numbers = [*place, *((shell[k], ratio[k]) if closed else (-1.0, -1.0))]
            write([f"{each:.7g}" for each in [*numbers, *np.nan_to_num(fluxes)]])


def doses() -> None:
    """Write shieldose2.csv: dose [rad] behind aluminium [mm] in SHIELDOSE-2's geometries."""
    import spacepy.irbempy as irbem

    depth = np.geomspace(0.5, 25.0, 27)
    with (HERE / "shieldose2.csv").open("w", newline="") as file:
        write = csv.writer(file, lineterminator="\n").writerow
        write(["spectrum", "depth_mm", "semi_infinite", "slab", "half_sphere"])
        for name, top, folding in (
            ("p50", 500.0, 50.0),
            ("p26.5", 500.0, 26.5),
            ("e0.5", 7.0, 0.5),
        ):
            model = irbem.Shieldose2()
            model.set_shielding(depth, "mm")
            energy = np.geomspace(0.1 if name[0] == "e" else 2.0, top, 301)
            flux = 1e10 / folding * np.exp(-energy / folding)
            idle, nothing = np.linspace(1.0, 2.0, 301), np.full(301, 1e-30)
            protons = (nothing, idle) if name[0] == "e" else (flux, energy)
            model.set_flux(*protons, "p_un")
            model.set_flux(*protons, "p_tr")
            model.set_flux(*((flux, energy) if name[0] == "e" else (nothing, idle)), "e")
            model.get_dose()
            if name[0] == "e":
                found = np.asarray(model.results["dose_electron"])
                found = found + np.asarray(model.results["dose_bremsstrahlung"])
            else:
                found = np.asarray(model.results["dose_proton_trapped"])
            for k, each in enumerate(depth):
                write([name, f"{each:.9g}", *(f"{value:.7g}" for value in found[k])])


if __name__ == "__main__":
    trapped()
    doses()
