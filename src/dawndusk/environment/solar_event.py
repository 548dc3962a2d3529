"""A solar proton event: its spectrum, how it comes and goes, a cut-off that gives way."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def fluence(energy: ArrayLike, total: float, threshold: float, folding: float) -> Array:
    """Protons of a whole event between the planets.

    Args:
        energy: above which they are counted, any shape [J]
        total: fluence above the threshold [1/m²]
        threshold: energy for which it is known [J]
        folding: energy by which it falls to 1/e [J]
    Returns:
        omnidirectional fluence above the energy [1/m²]
    Raises:
        ValueError: when the total, the threshold or the folding energy is not positive
    Neglects:
        heavier ions; a power law's harder tail above some 200 MeV, beyond the fits
    Source:
        King 1974, J. Spacecraft Rockets 11, 401: exponential in energy from 10 to 200 MeV
    """
    _refuse(fluence=total, threshold=threshold, folding=folding)
    return np.asarray(total * np.exp((threshold - np.asarray(energy, float)) / folding))


def arrived(time: ArrayLike, rise: float, decay: float) -> Array:
    """Share of an event's protons that have come by a time: nothing is lost, all come in the end.

    Args:
        time: since the first of them, any shape [s]
        rise: until the peak, 0 for a sudden one [s]
        decay: in which the flux falls to 1/e after it [s]
    Returns:
        share, 0 before the first and 1 in the limit [-]
    Raises:
        ValueError: when the rise is negative or the decay not positive
    Neglects:
        that fast protons come before slow ones; the spike of slow ones that the shock brings;
        a decay by a power of time, frequent above 50 MeV; that protons come along the field at
        first: from all sides alike throughout
    Source:
        a straight rise, assumed; exponential decay, as where the solar wind carries the protons
        away (Int. J. Geomagn. Aeron. 7, 2006GI000154, §1)
    """
    width = _width(rise, decay)
    since = np.maximum(np.asarray(time, float), 0.0)
    rising = 0.5 * np.minimum(since, rise) ** 2 / max(rise, 1e-300)
    falling = -decay * np.expm1(-np.maximum(since - rise, 0.0) / decay)
    return np.asarray((rising + falling) / width)


def arrival(share: ArrayLike, rise: float, decay: float) -> Array:
    """When a share of an event's protons has come: `arrived` turned round.

    Args:
        share: at least 0 and below 1, any shape [-]
        rise: until the peak [s]
        decay: in which the flux falls to 1/e after it [s]
    Returns:
        time since the first of them [s]
    Raises:
        ValueError: when the share is outside 0 to 1, the rise negative or the decay not positive
    Neglects:
        as `arrived`
    Source:
        algebra
    """
    part = np.asarray(share, float)
    if not np.all((part >= 0.0) & (part < 1.0)):
        raise ValueError(f"storm.share: {part.max():g}; allowed: 0 to below 1; correct it")
    came = part * _width(rise, decay)
    left = np.minimum(came - 0.5 * rise, np.nextafter(decay, 0.0)) / decay
    late = rise - decay * np.log1p(-np.maximum(left, 0.0))
    return np.where(left > 0.0, late, np.sqrt(2.0 * rise * came))


def moved(shell: ArrayLike, shift: float) -> Array:
    """Shells by which protons get in where all cut-offs have moved towards the equator.

    Args:
        shell: McIlwain's L, infinite on open lines, any shape [-]
        shift: of the cut-offs in invariant latitude [rad]
    Returns:
        L of the place so much nearer to the pole, in the shells' shape [-]
    Raises:
        ValueError: when a shell is not positive or the shift is negative
    Neglects:
        day and night, which move apart; its course over the storm: the same throughout
    Source:
        invariant latitude, cos² Λ = 1/L; such shifts in Leske et al. 2001, J. Geophys. Res. 106
    """
    length = np.asarray(shell, float)
    if not (np.all(length > 0.0) and shift >= 0.0):
        raise ValueError(
            f"storm.cutoff_shift: {shift:g} rad at a shell of {length.min():g}; "
            "allowed: at least 0, above 0; correct it"
        )
    latitude = np.arccos(np.minimum(np.sqrt(1.0 / length), 1.0)) + shift
    polar = latitude >= 0.5 * math.pi
    return np.where(
        shift > 0.0,
        np.where(polar, np.inf, 1.0 / np.cos(np.where(polar, 0.0, latitude)) ** 2),
        length,
    )


def _width(rise: float, decay: float) -> float:
    """How long the peak would have to last for all protons [s]."""
    _refuse(decay=decay)
    if not rise >= 0.0:
        raise ValueError(f"storm.rise: {rise:g} s; allowed: at least 0; correct it")
    return 0.5 * rise + decay


def _refuse(**given: float) -> None:
    for name, value in given.items():
        if not 0.0 < value < math.inf:
            raise ValueError(f"storm.{name}: {value:g}; allowed: above 0; correct it")
