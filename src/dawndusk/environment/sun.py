"""Where the Sun is seen from the Earth's centre, in the frame of SGP4."""

import warnings
from datetime import UTC, datetime

import erfa
import numpy as np
from numpy.typing import NDArray

from dawndusk.compiled import scalar
from dawndusk.constants import ASTRONOMICAL_UNIT, DAY, SOLAR_CONSTANT

Array = NDArray[np.float64]

TABLE_SPACING = DAY / 4.0
"""Spacing of tabulated positions [s]: four-point interpolation errs by 2e-11 rad."""

_LIGHT_DAY = erfa.CMPS * DAY / ASTRONOMICAL_UNIT


def positions(start: datetime, times: Array, apparent: bool = True) -> Array:
    """Geocentric positions of the Sun, in TEME of date.

    Sunlight reaches the Earth from the apparent position. The geometric one, 20.5 arcsec
    ahead, is what tools show that treat light as instantaneous (Orekit's eclipses): it
    moves shadow crossings of a low orbit by about 0.2 s.

    Args:
        start: instant from which the times count, UTC [object]
        times: elapsed time, shape (n,) [s]
        apparent: with light time and the Earth's aberration [-]
    Returns:
        positions, shape (3, n) [m]
    Raises:
        ValueError: when `start` has no time zone
    Neglects:
        nutation terms below 1 mas; the difference of TDB and TT, 0.07 mas; leap
        seconds inserted after `start` or not announced yet (0.04 arcsec each)
    Source:
        ERFA epv00 (VSOP2000, 11 km), pnm00b, ee00b; Urban & Seidelmann 2013,
        Explanatory Supplement, section 7.2; Vallado et al. 2006, appendix C (TEME)
    """
    if start.tzinfo is None:
        raise ValueError(f"start {start.isoformat()} needs a time zone, write it in UTC")
    t = start.astimezone(UTC)
    seconds = t.second + t.microsecond * 1e-6
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", erfa.ErfaWarning)
        utc = erfa.dtf2d("UTC", t.year, t.month, t.day, t.hour, t.minute, seconds)
        tt1, tt2 = erfa.taitt(*erfa.utctai(*utc))
    tt2 = tt2 + np.asarray(times, dtype=np.float64) / DAY

    heliocentric, barycentric = erfa.epv00(tt1, tt2)
    vector = -heliocentric["p"]
    distance = np.linalg.norm(vector, axis=-1, keepdims=True)
    if apparent:
        sun_velocity = barycentric["v"] - heliocentric["v"]
        emitted = vector - sun_velocity * distance / _LIGHT_DAY
        direction = emitted / np.linalg.norm(emitted, axis=-1, keepdims=True)
        velocity = barycentric["v"] / _LIGHT_DAY
        slowness = np.sqrt(1.0 - np.sum(velocity**2, axis=-1))
        direction = erfa.ab(direction, velocity, distance[..., 0], slowness)
        vector = direction * distance
    true_of_date = erfa.rxp(erfa.pnm00b(tt1, tt2), vector * ASTRONOMICAL_UNIT)
    mean_equinox = erfa.rz(erfa.ee00b(tt1, tt2), np.eye(3))
    return np.ascontiguousarray(erfa.rxp(mean_equinox, true_of_date).T)


@scalar
def interpolated(table, first, time):  # type: ignore[no-untyped-def]
    """Position between tabulated ones, by the cubic through the four nearest.

    Args:
        table: positions spaced by TABLE_SPACING, shape (3, m) [m]
        first: time of the first column [s]
        time: time at least one spacing inside both ends of the table [s]
    Returns:
        x, y, z [m]
    Neglects:
        the fourth difference, 2e-11 rad
    Source:
        Abramowitz & Stegun 1964, equation 25.2.13
    """
    place = (time - first) / TABLE_SPACING
    i = int(place)
    p = place - i
    before = -p * (p - 1.0) * (p - 2.0) / 6.0
    left = (p + 1.0) * (p - 1.0) * (p - 2.0) / 2.0
    right = -(p + 1.0) * p * (p - 2.0) / 2.0
    after = (p + 1.0) * p * (p - 1.0) / 6.0
    x = before * table[0, i - 1] + left * table[0, i]
    y = before * table[1, i - 1] + left * table[1, i]
    z = before * table[2, i - 1] + left * table[2, i]
    x = x + right * table[0, i + 1] + after * table[0, i + 2]
    y = y + right * table[1, i + 1] + after * table[1, i + 2]
    z = z + right * table[2, i + 1] + after * table[2, i + 2]
    return x, y, z


def irradiance(distance: Array) -> Array:
    """Sunlight on a plane facing the Sun, outside the atmosphere.

    Args:
        distance: distance of the Sun [m]
    Returns:
        irradiance [W/m²]
    Neglects:
        the solar cycle (±0.5 W/m²) and sunspots (−3 W/m² for days)
    Source:
        Kopp & Lean 2011, doi 10.1029/2010GL045777; inverse square law
    """
    return SOLAR_CONSTANT * (ASTRONOMICAL_UNIT / distance) ** 2


@scalar
def beta_sine(sin_node, cos_node, cos_i, sin_i, ux, uy, uz):  # type: ignore[no-untyped-def]
    """Sine of the Sun's elevation over the orbit plane (the angle β).

    Args:
        sin_node: sine of the right ascension of the ascending node [-]
        cos_node: its cosine [-]
        cos_i: cosine of the inclination [-]
        sin_i: its sine [-]
        ux: direction of the Sun in the frame of the orbit [-]
        uy: second component [-]
        uz: third component [-]
    Returns:
        sine of β, positive on the side of the angular momentum [-]
    Neglects:
        parallax of the Sun, 9 arcsec
    Source:
        Montenbruck & Gill 2000, Satellite Orbits, section 2.3.1 (orbit normal)
    """
    return (ux * sin_node - uy * cos_node) * sin_i + uz * cos_i
