"""Atoms that protons and electrons knock out of solar cells, and the power that is left."""

import functools
import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dawndusk.constants import MEV

Array = NDArray[np.float64]
Particle = Literal["proton", "electron"]

THRESHOLD = 21e-6 * MEV
"""Energy that knocks an atom out for good [J]: with 21 eV protons and electrons of every energy
lie on one curve for triple-junction cells (Baur et al. 2014, arXiv 1312.0402)."""

RECOIL = 0.9 * MEV
"""Most energy of the nucleus that a nuclear reaction leaves behind [J]: full momentum transfer
up to 66 MeV, assumed constant above."""

MEASURED = ((5e18, 0.89), (1e19, 0.84))
"""Electrons of 1 MeV [1/m²] and the power left [-]: data sheet of the XTJ triple junction."""

_MASS = {"proton": 938.272 * MEV, "electron": 0.510999 * MEV}
_ATOMS = ((31, 69.723), (33, 74.922))
_DALTON = 931.494 * MEV
_KILOGRAM = 1.66053907e-27
_ELECTRON_RADIUS = 2.8179403e-15
_FINE_STRUCTURE = 1.0 / 137.035999
_GLASS = 2_700.0


def edges(particle: Particle) -> Array:
    """Energies above which a spectrum of fluence must be given.

    Args:
        particle: proton or electron [object]
    Returns:
        rising edges of the bands [J]
    Neglects:
        protons below 2 MeV, which 0.05 mm of glass stop; electrons below 0.4 MeV, which knock
        no atom out
    Source:
        reach of AP8 and AE8 and `THRESHOLD`
    """
    low, high = (2.0, 400.0) if particle == "proton" else (0.4, 7.0)
    return MEV * np.geomspace(low, high, 161)


def energy_loss(energy: ArrayLike, particle: Particle) -> Array:
    """Energy per path and density that goes into knocking atoms of gallium arsenide out.

    Args:
        energy: kinetic, any shape [J]
        particle: proton or electron [object]
    Returns:
        non-ionising energy loss, in the shape of the energies [J·m²/kg]
    Raises:
        ValueError: when an energy is not positive
    Neglects:
        screening of the nucleus (protons of 0.1 MeV count a tenth too much); terms of the
        electron's scattering beyond McKinley & Feshbach (a fifth too little); nuclear scattering
        of protons that leaves the nucleus whole; protons within 10 % of published curves for a
        threshold of 10 eV
    Source:
        McKinley & Feshbach 1948, Phys. Rev. 74, 1759; Robinson 1970 (energy that a recoil leaves
        in collisions); Letaw et al. 1983, ApJS 51, 271 (reactions); Jun et al. 2003, IEEE Trans.
        Nucl. Sci. 50, 1924 (the sum)
    """
    kinetic = np.asarray(energy, float)
    if not np.all(kinetic > 0.0):
        raise ValueError(
            f"displacement.energy: {kinetic.min() / MEV:g} MeV; allowed: above 0; correct it"
        )
    total = np.zeros(kinetic.shape)
    weight = sum(mass for _, mass in _ATOMS)
    for charge, mass in _ATOMS:
        loss = _scattered(kinetic, particle, charge, mass)
        if particle == "proton":
            recoil = np.minimum(kinetic / (mass + 1.0), RECOIL)
            loss = loss + _reaction(kinetic, mass) * _damage(recoil, charge, mass)
        total += loss / (weight * _KILOGRAM)
    return total


def behind_glass(fluence: Array, thickness: float, particle: Particle) -> Array:
    """Displacement dose in a cell under its cover glass, particles from all sides above it.

    Linear in the fluence: a flux gives a dose rate.

    Args:
        fluence: omnidirectional integral fluence above each of `edges`, (..., edges) [1/m²]
        thickness: of the glass [m]
        particle: proton or electron [object]
    Returns:
        dose, shape (...) [J/kg]
    Raises:
        ValueError: when the thickness is below 0.05 mm or above 5 mm, a fluence is negative or
            the spectrum has not one number per edge
    Neglects:
        what comes through the back (a thin flexible array without a backing takes up to twice
        as much), scattering in the glass, the depth of the junctions; glass counts as aluminium
        of 2,700 kg/m³
    Source:
        slowing down along straight paths; ranges of protons by Bragg and Kleeman (67 MeV go
        through 18 mm, exponent 1.77), of electrons by Katz & Penfold 1952, Rev. Mod. Phys. 24, 28
    """
    if not 5e-5 <= thickness <= 5e-3:
        raise ValueError(
            f"radiation.cover_glass: {1e3 * thickness:g} mm; allowed: 0.05 to 5 mm; correct it"
        )
    above = np.asarray(fluence, float)
    count = edges(particle).size
    if above.shape[-1] != count or not np.all(above >= 0.0):
        raise ValueError(
            f"displacement.fluence: shape {above.shape}, least {above.min():g}; allowed: "
            f"{count} numbers of at least 0; evaluate the spectrum at `edges`"
        )
    return np.asarray(-np.diff(above, axis=-1) @ _response(thickness, particle))


def equivalent_electrons(dose: ArrayLike) -> Array:
    """Electrons of 1 MeV, straight onto the bare cell, that do the same damage.

    Args:
        dose: displacement dose, any shape [J/kg]
    Returns:
        fluence, in the dose's shape [1/m²]
    Neglects:
        that the junctions of a cell age differently: the dose in gallium arsenide stands for all;
        the handbook of single-junction cells (JPL 96-9) counts 1.5 to 2 times as many in low orbit
    Source:
        Baur et al. 2014, arXiv 1312.0402: loss of power follows the displacement dose alone
    """
    return np.asarray(dose, float) / float(energy_loss(MEV, "electron"))


def power_left(fluence: ArrayLike) -> Array:
    """Share of its power that a triple-junction cell keeps.

    Args:
        fluence: equivalent electrons of 1 MeV, any shape [1/m²]
    Returns:
        share, in the fluence's shape, at least 0 [-]
    Raises:
        ValueError: when a fluence is negative
    Neglects:
        annealing in orbit; differences between makes (a few hundredths at 1e15 /cm²)
    Source:
        1 - C·log10(1 + Φ/Φx) through the two points of the XTJ's data sheet
    """
    taken = np.asarray(fluence, float)
    if not np.all(taken >= 0.0):
        raise ValueError(
            f"displacement.fluence: {taken.min():g} /m²; allowed: at least 0; correct it"
        )
    scale, knee = _curve()
    return np.maximum(1.0 - scale * np.log10(1.0 + taken / knee), 0.0)


@functools.cache
def _curve() -> tuple[float, float]:
    """Loss per decade and knee [1/m²] of the curve through both measured points."""
    (few, high), (many, low) = MEASURED
    left, right = 1e-3 * few, 1e3 * few
    for _ in range(200):
        knee = math.sqrt(left * right)
        ratio = math.log1p(many / knee) / math.log1p(few / knee)
        left, right = (left, knee) if ratio > (1.0 - low) / (1.0 - high) else (knee, right)
    return (1.0 - high) / math.log10(1.0 + few / knee), knee


@functools.cache
def _response(thickness: float, particle: Particle) -> Array:
    """Dose per fluence of each band of `edges` [J·m²/kg].

    The steps in the cosine crowd where particles stop: their loss grows without end there.
    """
    parts, steps = 8, 100
    grid = edges(particle)
    share = (np.arange(parts) + 0.5) / parts
    band = (grid[:-1, None] * (grid[1:] / grid[:-1])[:, None] ** share).ravel()
    reach = _range(band, particle)[:, None]
    least = np.minimum(thickness / reach, 1.0)
    step = (np.arange(steps) + 0.5) / steps
    cosine = least + (1.0 - least) * step**3
    width = (1.0 - least) * 3.0 * step**2 / steps
    energy = _energy(np.maximum(reach - thickness / cosine, 0.0), particle)
    level = np.geomspace(1e-4, 400.0, 2_000) * MEV
    loss = np.interp(energy, level, energy_loss(level, particle))
    return 0.5 * (loss * width).sum(axis=1).reshape(-1, parts).mean(axis=1)


def _range(energy: Array, particle: Particle) -> Array:
    """Path in aluminium that stops a particle [m]."""
    if particle == "proton":
        return np.asarray(18e-3 * (energy / (67.0 * MEV)) ** 1.77)
    mega = energy / MEV
    low = 0.412 * mega ** (1.265 - 0.0954 * np.log(mega))
    return np.asarray(10.0 / _GLASS * np.where(mega < 2.5, low, 0.530 * mega - 0.106))


def _energy(path: Array, particle: Particle) -> Array:
    """Energy that a path in aluminium stops: the range turned round."""
    if particle == "proton":
        return np.asarray(67.0 * MEV * (path / 18e-3) ** (1.0 / 1.77))
    level = np.geomspace(1e-3, 10.0, 2_000) * MEV
    return np.interp(path, _range(level, particle), level)


def _scattered(energy: Array, particle: Particle, charge: int, mass: float) -> Array:
    """Damage energy times cross section of Coulomb scattering on one kind of atoms [J·m²]."""
    rest, heavy = _MASS[particle], mass * _DALTON
    gamma = 1.0 + energy / rest
    square = 1.0 - 1.0 / gamma**2
    most = 2.0 * energy * (energy + 2.0 * rest) * heavy
    most = most / ((rest + heavy) ** 2 + 2.0 * heavy * energy)
    share = np.linspace(0.0, 1.0, 400)
    span = np.log(np.maximum(most / THRESHOLD, 1.0))
    recoil = THRESHOLD * np.exp(span[..., None] * share)
    part = recoil / np.maximum(most, THRESHOLD)[..., None]
    beta = np.sqrt(square)[..., None]
    shape = 1.0 - beta**2 * part
    if particle == "electron":
        shape = shape + math.pi * _FINE_STRUCTURE * charge * beta * (np.sqrt(part) - part)
    per_log = _damage(recoil, charge, mass) / recoil * shape
    sum_ = (0.5 * (per_log[..., 1:] + per_log[..., :-1])).mean(axis=-1) * span
    strength = 2.0 * math.pi * (charge * _ELECTRON_RADIUS * _MASS["electron"]) ** 2
    return np.asarray(strength / (heavy * square) * sum_)


def _reaction(energy: Array, mass: float) -> Array:
    """Cross section of nuclear reactions of protons [m²], none below their Coulomb barrier."""
    mega = np.maximum(energy / MEV, 5.0)
    high = 45e-31 * mass**0.7 * (1.0 + 0.016 * math.sin(5.3 - 2.63 * math.log(mass)))
    fall = 1.0 - 0.62 * np.exp(-mega / 200.0) * np.sin(10.9 * mega**-0.28)
    return np.where(energy > 5.0 * MEV, high * fall, 0.0)


def _damage(recoil: Array, charge: int, mass: float) -> Array:
    """Part of a recoil's energy that goes into collisions, not into electrons [J]."""
    unit = 30.724e-6 * MEV * charge**2 * math.sqrt(2.0 * charge ** (2.0 / 3.0)) * 2.0
    loss = 0.0793 * charge ** (2.0 / 3.0) * math.sqrt(charge) * (2.0 * mass) ** 1.5
    loss /= (2.0 * charge ** (2.0 / 3.0)) ** 0.75 * mass**2
    level = recoil / unit
    drag = 3.4008 * level ** (1.0 / 6.0) + 0.40244 * level**0.75 + level
    return np.asarray(recoil / (1.0 + loss * drag))
