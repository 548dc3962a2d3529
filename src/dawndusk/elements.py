"""The table of mean orbital elements that generators and importers hand to the forecast."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Elements:
    """SGP4 (WGS-72) mean elements in the TEME frame, one entry a satellite.

    All arrays have shape (n,). `epoch` counts seconds from the scenario's start and
    may be negative; `mean_motion` is Kozai's, as printed in a TLE.
    """

    names: tuple[str, ...]
    catalogue_numbers: NDArray[np.int64]
    epoch: Array
    """[s] from the scenario's start."""
    mean_motion: Array
    """[rad/s]"""
    eccentricity: Array
    """[-]"""
    inclination: Array
    """[rad]"""
    node: Array
    """Right ascension of the ascending node [rad]."""
    argument_of_perigee: Array
    """[rad]"""
    mean_anomaly: Array
    """[rad]"""

    def __len__(self) -> int:
        return len(self.names)
