"""Protons from outside the magnetosphere: solar events, cosmic rays, the geomagnetic cut-off."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc

from dawndusk.constants import JULIAN_YEAR, MEV

Array = NDArray[np.float64]

EVENT_FLUENCE = 7.9e13
"""Protons above 30 MeV of the event of August 1972 [1/m²]: 7.9e9 /cm², King 1974."""

EVENT_ENERGY = 26.5 * MEV
"""Energy by which that event's integral spectrum falls to 1/e [J], King 1974."""

EVENTS_OBSERVED = 1
"""Such events in the years observed [-]: August 1972 in solar cycle 20, King 1974."""

YEARS_OBSERVED = 7.0 * JULIAN_YEAR
"""Active years observed, 1966 to 1972 [s], King 1974."""

VERTICAL_CUTOFF = 14.5
"""Vertical cut-off rigidity times L² [GV], Smart & Shea 2005, Adv. Space Res. 36, 2012."""

LARGEST_SUNSPOT_NUMBER = 120.0
"""W at the maximum of an ordinary cycle [-]: smoothed Wolf number of cycle 23, 120.8 (SIDC)."""

_REST = 938.272 * MEV


def confidence_of(duration: float, number: int) -> float:
    """Probability that a mission meets no more than a number of large solar events.

    Args:
        duration: active years of the mission [s]
        number: of events [-]
    Returns:
        probability [-]
    Raises:
        ValueError: when the duration is negative
    Neglects:
        as `events`
    Source:
        Burrell 1972, summed: a regularised incomplete beta function
    """
    if not 0.0 <= duration < math.inf:
        raise ValueError(f"radiation.duration: {duration:g} s; allowed: at least 0; correct it")
    share = YEARS_OBSERVED / (YEARS_OBSERVED + duration)
    return float(betainc(EVENTS_OBSERVED + 1.0, number + 1.0, share))


def events(duration: float, confidence: float) -> int:
    """Largest number of anomalously large solar events that a mission meets.

    Args:
        duration: active years of the mission (7 of the Sun's 11) [s]
        confidence: probability that no more come, below 1 [-]
    Returns:
        number of events [-]
    Raises:
        ValueError: when the confidence is not within 0 to 1 or the duration is negative
    Neglects:
        ordinary events, each below a tenth of the large one; differences between cycles
    Source:
        Burrell 1972 (Poisson with the rate itself uncertain); King 1974, J. Spacecraft
        Rockets 11, 401; Stassinopoulos 1975, SOLPRO, NSSDC 75-11
    """
    if not 0.0 <= confidence < 1.0:
        raise ValueError(f"radiation.confidence: {confidence:g}; allowed: 0 to below 1; correct it")
    number = 0
    while confidence_of(duration, number) < confidence:
        number += 1
    return number


def solar_fluence(energy: ArrayLike, number: float) -> Array:
    """Fluence of solar protons between the planets at 1 au.

    Args:
        energy: threshold, any shape [J]
        number: of anomalously large events, from `events` [-]
    Returns:
        omnidirectional fluence above the energy [1/m²]
    Raises:
        ValueError: when the number of events is negative
    Neglects:
        ordinary events; heavier ions; below 10 and above 200 MeV, where King's exponential was
        not fitted
    Source:
        King 1974, J. Spacecraft Rockets 11, 401: 7.9e9·exp((30 − E)/26.5) /cm² above E MeV
    """
    if not number >= 0.0:
        raise ValueError(f"radiation.events: {number:g}; allowed: at least 0; correct it")
    return number * EVENT_FLUENCE * np.exp((30.0 * MEV - np.asarray(energy)) / EVENT_ENERGY)


def cutoff_energy(shell: ArrayLike) -> Array:
    """Kinetic energy below which no proton arrives from straight above.

    Args:
        shell: McIlwain's L, infinite on open lines, any shape [-]
    Returns:
        cut-off energy [J]
    Raises:
        ValueError: when a shell is not positive
    Neglects:
        other directions (from the west the cut-off is lower, from the east higher), storms,
        which lower it, and the Earth's own shadow (30 % of the sky at 650 km)
    Source:
        Størmer's vertical cut-off, 14.5 GV/L² in Smart & Shea 2005, Adv. Space Res. 36, 2012
    """
    length = np.asarray(shell, float)
    if not np.all(length > 0.0):
        raise ValueError(f"radiation.shell: {length.min():g}; allowed: above 0; correct it")
    momentum = VERTICAL_CUTOFF / length**2 * 1e3 * MEV
    return np.sqrt(momentum**2 + _REST**2) - _REST


def exposure(energy: ArrayLike, shell: ArrayLike) -> Array:
    """Share of an orbit that protons of an energy reach.

    Args:
        energy: shape (m,) [J]
        shell: McIlwain's L at moments evenly spread over the orbit, shape (n,) [-]
    Returns:
        share of the time, shape (m,) [-]
    Raises:
        ValueError: when a shell is not positive
    Neglects:
        what `cutoff_energy` neglects
    Source:
        Stassinopoulos & King 1974, IEEE Trans. Aerosp. Electron. Syst. 10, 442
    """
    limits = np.sort(cutoff_energy(shell), axis=None)
    reached = np.searchsorted(limits, np.asarray(energy, float), side="right")
    return np.asarray(reached / limits.size)


def attenuated(fluence: Array, energy: Array, shell: ArrayLike) -> Array:
    """Integral spectrum at the orbit of protons that come from outside.

    Args:
        fluence: integral fluence between the planets, shape (m,) [1/m²]
        energy: rising thresholds, shape (m,) [J]
        shell: McIlwain's L over the orbit, shape (n,) [-]
    Returns:
        integral fluence averaged over the orbit, shape (m,) [1/m²]
    Raises:
        ValueError: when a shell is not positive
    Neglects:
        the cut-off's slope inside a band of energies: its middle stands for all
    Source:
        the fluence of each band times `exposure` at its middle, summed from above
    """
    middle = np.sqrt(energy[1:] * energy[:-1])
    bands = -np.diff(fluence) * exposure(middle, shell)
    tail = fluence[-1] * float(exposure(energy[-1:], shell)[0])
    return np.concatenate([tail + np.cumsum(bands[::-1])[::-1], [tail]])


def cosmic_flux(energy: ArrayLike, activity: float) -> Array:
    """Integral flux of galactic cosmic-ray protons between the planets at 1 au.

    Args:
        energy: threshold, at least 10 MeV, any shape [J]
        activity: of the Sun, 0 in its minimum, 1 in its maximum [-]
    Returns:
        omnidirectional flux above the energy [1/m²/s]
    Raises:
        ValueError: when the activity is not within 0 to 1 or an energy is below 10 MeV
    Neglects:
        helium (a tenth by number) and heavier ions (a hundredth, but the more upsets each);
        flux above 1 TeV
    Source:
        Matthiä et al. 2013, Adv. Space Res. 51, 329: protons C = 18,500, γ = 2.74, α = 2.85;
        R0 = 0.37 + 3e-4·W^1.45 GV, Δ = 0.02·W + 4.7, with W from 0 to 120
    """
    threshold = np.asarray(energy, float)
    if not 0.0 <= activity <= 1.0:
        raise ValueError(f"radiation.activity: {activity:g}; allowed: 0 to 1; correct it")
    if not np.all(threshold >= 10.0 * MEV):
        raise ValueError(
            f"radiation.energy: {threshold.min() / MEV:g} MeV; allowed: at least 10 MeV; raise it"
        )
    number = LARGEST_SUNSPOT_NUMBER * activity
    grid = np.geomspace(10.0 * MEV, 1e6 * MEV, 2_001)
    total = grid + _REST
    momentum = np.sqrt(total**2 - _REST**2)
    rigidity = momentum / MEV / 1e3
    modulation = (rigidity / (rigidity + 0.37 + 3e-4 * number**1.45)) ** (0.02 * number + 4.7)
    beta = momentum / total
    spectrum = 1.85e4 * beta**2.85 / rigidity**2.74 * modulation
    per_energy = 4.0 * math.pi * spectrum / beta / (1e3 * MEV)
    slices = 0.5 * (per_energy[1:] + per_energy[:-1]) * np.diff(grid)
    rest = np.concatenate([np.cumsum(slices[::-1])[::-1], [0.0]])
    return np.interp(threshold, grid, rest)
