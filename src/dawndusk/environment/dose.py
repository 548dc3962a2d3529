"""Ionising dose in silicon behind aluminium, from a kernel made with SHIELDOSE-2."""

import functools
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicSpline

from dawndusk.constants import MEV

Array = NDArray[np.float64]
Particle = Literal["proton", "electron"]
Geometry = Literal["sphere", "slab", "semi-infinite"]

RAD = 0.01
"""Absorbed dose of one rad [J/kg] (exact)."""

ALUMINIUM_DENSITY = 2_700.0
"""Density of aluminium [kg/m³], the one SHIELDOSE-2 counts with."""

_ROW = {"semi-infinite": 0, "slab": 1, "sphere": 0}


class Kernel(NamedTuple):
    """Dose of particles by band of energy and thickness of aluminium."""

    thickness: Array
    """Rising, evenly spaced in its logarithm [m]."""
    proton_edges: Array
    """Edges of the protons' bands [J]."""
    electron_edges: Array
    """Edges of the electrons' bands [J]."""
    proton: Array
    """Dose per particle and area, semi-infinite and slab, shape (2, thickness, band) [J·m²/kg]."""
    electron: Array
    """The same for electrons, with the X-rays they make [J·m²/kg]."""


@functools.cache
def kernel_tables() -> Kernel:
    """The committed kernel, read once.

    Returns:
        doses by band, thickness and geometry [object]
    Neglects:
        the shape of a spectrum inside a band 2 to 4 % wide
    Source:
        tools/build_radiation.py with spacepy 0.7.0: Seltzer 1994, NISTIR 5477 (SHIELDOSE-2)
    """
    with np.load(Path(__file__).with_name("dose_kernel.npz")) as file:
        per_area = RAD * 1e-4
        return Kernel(
            1e-3 * file["depth_mm"],
            MEV * file["proton_mev"],
            MEV * file["electron_mev"],
            per_area * file["proton"].astype(np.float64),
            per_area * file["electron"].astype(np.float64),
        )


def edges(particle: Particle) -> Array:
    """Energies above which the spectrum of fluence must be given.

    Args:
        particle: proton or electron [object]
    Returns:
        rising edges of the bands [J]
    Neglects:
        protons below 2 MeV and electrons below 0.1 MeV, which 0.05 mm of aluminium stops
    Source:
        range tables inside SHIELDOSE-2
    """
    return kernel_tables().proton_edges if particle == "proton" else kernel_tables().electron_edges


def behind_aluminium(
    fluence: Array, thickness: ArrayLike, particle: Particle, geometry: Geometry = "sphere"
) -> Array:
    """Dose, or dose rate, in a small piece of silicon behind aluminium.

    Linear in the fluence: a flux gives a dose rate.

    Args:
        fluence: omnidirectional integral fluence above each of `edges`, (..., edges) [1/m²]
        thickness: of aluminium, one number or shape (m,) [m]
        particle: proton or electron [object]
        geometry: sphere (centre of a full sphere, shielded alike on all sides), slab (one
            side of a wall, nothing from behind) or semi-infinite (inside a thick body) [object]
    Returns:
        dose, shape (..., m) or (...) [J/kg]
    Raises:
        ValueError: when a thickness lies outside the kernel, a fluence is negative or the
            spectrum has not one number per edge
    Neglects:
        nuclear reactions of protons in the shield (below 4 % from 1 to 20 mm), other materials,
        the satellite's other parts; SHIELDOSE-2 gives half the dose of a full sphere, doubled here
    Source:
        Seltzer 1994, NISTIR 5477, nuclear option 1; a spline through 65 thicknesses, from whose
        slope a sphere's dose follows, 2·D·(1 − dlnD/dlnz), as in SHIELDOSE-2
    """
    tables = kernel_tables()
    matrix = (tables.proton if particle == "proton" else tables.electron)[_ROW[geometry]]
    wall = np.asarray(thickness, float)
    low, high = tables.thickness[0], tables.thickness[-1]
    if not np.all((wall >= low) & (wall <= high)):
        worst = wall.flat[int(np.argmax(np.abs(np.where(wall > 0.0, wall, -1.0) - high)))]
        raise ValueError(
            f"radiation.shielding: {1e3 * worst:g} mm; allowed: {1e3 * low:g} to "
            f"{1e3 * high:g} mm of aluminium; change the thickness"
        )
    above = np.asarray(fluence, float)
    if above.shape[-1] != matrix.shape[1] + 1 or not np.all(above >= 0.0):
        raise ValueError(
            f"dose.fluence: shape {above.shape}, least {above.min():g}; allowed: "
            f"{matrix.shape[1] + 1} numbers of at least 0; evaluate the spectrum at `edges`"
        )
    dose = -np.diff(above, axis=-1) @ matrix.T
    most = dose.max(axis=-1, keepdims=True)
    levels = np.log(np.maximum(dose, np.where(most > 0.0, 1e-12 * most, 1.0)))
    curve = CubicSpline(np.log(tables.thickness), levels, axis=-1)
    found = np.where(most > 0.0, np.exp(curve(np.log(wall.reshape(-1)))), 0.0)
    if geometry == "sphere":
        found = found * np.maximum(2.0 - 2.0 * curve(np.log(wall.reshape(-1)), 1), 0.0)
    return found.reshape(found.shape[:-1] + wall.shape)


def shield_mass(area: float, thickness: float) -> float:
    """Mass of a shield of aluminium.

    Args:
        area: shielded surface [m²]
        thickness: of aluminium [m]
    Returns:
        mass [kg]
    Raises:
        ValueError: when the area or the thickness is negative
    Neglects:
        frames and joints; corners, where a box needs more than its inner surface
    Source:
        definition of density
    """
    if not (area >= 0.0 and thickness >= 0.0):
        raise ValueError(
            f"radiation.shielding: {area:g} m² of {1e3 * thickness:g} mm; "
            "allowed: at least 0 of both; correct it"
        )
    return area * thickness * ALUMINIUM_DENSITY
