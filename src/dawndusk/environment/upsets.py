"""What protons do to chips: silent corruptions, uncorrectable errors, interrupts, latch-ups."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dawndusk.constants import MEV

Array = NDArray[np.float64]

FLUENCE_PER_DOSE = 7.9e12
"""Protons of 67 MeV per dose in silicon [kg/J/m²]: 1 rad is 7.9e6 /cm², Suncatcher 2025, §1.3."""


class Chip(NamedTuple):
    """Cross sections of one device for protons; 0 where none was ever seen."""

    silent_corruption: float
    """Wrong results that nothing reports [m²]."""
    uncorrectable_error: float
    """Memory errors that stop the job [m²]."""
    interrupt: float
    """Functional interrupts that need a restart of the device [m²]."""
    latch_up: float
    """Latch-ups cleared by switching the device off and on [m²]."""


def cross_section(dose: float) -> float:
    """Cross section of a device that shows one event per dose in a proton beam.

    Args:
        dose: in silicon per event [J/kg]
    Returns:
        cross section [m²]
    Raises:
        ValueError: when the dose is not positive
    Neglects:
        the beam's energy: from 67 to 400 MeV cross sections of silicon are flat within a factor 2
    Source:
        Suncatcher 2025: σ ≈ 1.27e-7 cm² over the dose per event in rad
    """
    if not dose > 0.0:
        raise ValueError(f"upsets.dose: {dose:g} J/kg per event; allowed: above 0; correct it")
    return 1.0 / (dose * FLUENCE_PER_DOSE)


HOST = Chip(0.0, 0.0, cross_section(4.5), 0.0)
"""AMD host: one interrupt of the processor in 450 rad (Suncatcher 2025)."""

HOST_MEMORY = Chip(0.0, 0.0, cross_section(4.0), 0.0)
"""The host's memory: one interrupt in 400 rad (Suncatcher 2025)."""


class Rates(NamedTuple):
    """Events of one device per time; each of the shape of the dose rate or flux given."""

    silent_corruption: Array
    """Wrong results that nothing reports [1/s]."""
    uncorrectable_error: Array
    """Memory errors that stop the job [1/s]."""
    interrupt: Array
    """Functional interrupts [1/s]."""
    latch_up: Array
    """Latch-ups [1/s]."""


def rates_of_flux(flux: ArrayLike, chip: Chip) -> Rates:
    """Events of a device from the protons that reach it.

    Args:
        flux: protons that get through the shield, any shape [1/m²/s]
        chip: its cross sections [object]
    Returns:
        events per time, in the flux's shape [1/s]
    Raises:
        ValueError: when a flux is negative
    Neglects:
        ions heavier than protons, neutrons made in the shield, the cross section's fall below
        20 MeV: protons that the shield has slowed count like fast ones
    Source:
        definition of a cross section
    """
    stream = np.asarray(flux, float)
    if not np.all(stream >= 0.0):
        raise ValueError(f"upsets.flux: {stream.min():g} /m²/s; allowed: at least 0; correct it")
    return Rates(
        chip.silent_corruption * stream,
        chip.uncorrectable_error * stream,
        chip.interrupt * stream,
        chip.latch_up * stream,
    )


def rates_of_dose(dose_rate: ArrayLike, chip: Chip) -> Rates:
    """Events of a device from the dose it takes, all of it by protons.

    Args:
        dose_rate: in silicon, any shape [J/kg/s]
        chip: its cross sections [object]
    Returns:
        events per time, in the dose rate's shape [1/s]
    Raises:
        ValueError: when a dose rate is negative
    Neglects:
        that protons slower than the beam's 67 MeV leave more dose each, and electrons dose
        without upsets: an upper bound behind thin shields
    Source:
        Suncatcher 2025: at 150 rad a year 8.8 silent corruptions, 3.4 uncorrectable errors,
        0.03 interrupts and 0.33 interrupts of the host a year
    """
    return rates_of_flux(FLUENCE_PER_DOSE * np.asarray(dose_rate, float), chip)


def arrival_energy(thickness: float) -> float:
    """Least energy at which a proton gets through aluminium.

    Args:
        thickness: of aluminium [m]
    Returns:
        energy [J]
    Raises:
        ValueError: when the thickness is negative
    Neglects:
        slanted paths, longer than straight ones
    Source:
        67 MeV go through 18 mm (Suncatcher 2025); Bragg–Kleeman rule with the exponent 1.77
        (Bortfeld 1997, Med. Phys. 24, 2024)
    """
    if not thickness >= 0.0:
        raise ValueError(
            f"radiation.shielding: {1e3 * thickness:g} mm; allowed: at least 0; correct it"
        )
    return 67.0 * MEV * float((thickness / 18e-3) ** (1.0 / 1.77))
