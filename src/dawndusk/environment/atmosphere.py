"""The upper atmosphere: density by solar activity, drag, decay and disposal of satellites."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import RectBivariateSpline

from dawndusk.constants import JULIAN_YEAR, SGP4_MU, SGP4_RADIUS

Array = NDArray[np.float64]

LOWEST, HIGHEST = 100e3, 1500e3
QUIETEST, LIVELIEST = 65.0, 250.0
REENTRY = 120e3
STANDARD_GRAVITY = 9.80665
RULE = 5.0 * JULIAN_YEAR

_RISE = 0.39
_STEPS_PER_CYCLE = 48


class Disposal(NamedTuple):
    """How a satellite leaves orbit at the end of its life."""

    passive: Array
    """Time until it re-enters without thrust, infinite beyond the horizon [s]."""
    within_rule: NDArray[np.bool_]
    """Whether it does so within the allowed time [-]."""
    delta_v: Array
    """Velocity change of a direct re-entry, one burn down to the given perigee [m/s]."""


@cache
def _table() -> RectBivariateSpline:
    """Cubic spline of log10 density over altitude [km] and solar flux."""
    path = Path(__file__).with_name("atmosphere.csv")
    rows = np.genfromtxt(path, delimiter=",", comments="#")
    return RectBivariateSpline(rows[1:, 0], rows[0, 1:], rows[1:, 1:], kx=3, ky=3, s=0)


def density(altitude: ArrayLike, solar_flux: ArrayLike) -> Array:
    """Density of the air, mean over a circular polar orbit, its planes and seasons.

    Args:
        altitude: above the equatorial radius, 100e3 to 1,500e3 [m]
        solar_flux: at 10.7 cm in units of 1e-22 W/m²/Hz, 65 to 250 [-]
    Returns:
        density [kg/m³]
    Raises:
        ValueError: outside the table
    Neglects:
        the plane's local time (a dawn-dusk orbit meets 1 to 5 % less), orbits of low
        inclination, storms (Ap 10 throughout; a great one doubles it for a day), and the
        model's own error of 15 to 30 %
    Source:
        NRLMSIS 2.1, Emmert et al. 2022 (doi 10.1029/2022JA030896), by `tools/build_atmosphere.py`
    """
    altitude = np.asarray(altitude, dtype=np.float64)
    solar_flux = np.asarray(solar_flux, dtype=np.float64)
    if not np.all((altitude >= LOWEST) & (altitude <= HIGHEST)):
        worst = float(altitude.flat[np.argmax(~((altitude >= LOWEST) & (altitude <= HIGHEST)))])
        raise ValueError(
            f"altitude is {worst / 1e3:g} km; the density table covers 100 to 1,500 km"
        )
    if not np.all((solar_flux >= QUIETEST) & (solar_flux <= LIVELIEST)):
        raise ValueError(
            f"solar flux spans {solar_flux.min():g} to {solar_flux.max():g}; the density table"
            " covers 65 to 250"
        )
    return np.asarray(10.0 ** _table().ev(altitude / 1e3, solar_flux))


def solar_flux(
    time: ArrayLike, quiet: float = 70.0, peak: float = 150.0, period: float = 11.0 * JULIAN_YEAR
) -> Array:
    """Solar radio flux over solar cycles: a rise in 39 % of the cycle, then a slower fall.

    Args:
        time: since a solar minimum; that before cycle 25 was in December 2019 [s]
        quiet: flux at minimum, in units of 1e-22 W/m²/Hz [-]
        peak: flux at maximum: 150 for a middling cycle, 200 for a strong one [-]
        period: of the cycle [s]
    Returns:
        flux at 10.7 cm in units of 1e-22 W/m²/Hz [-]
    Raises:
        ValueError: quiet above peak, or a period that is not above 0
    Neglects:
        the 27-day rotation, double peaks and how cycles differ (140 to 230 at maximum)
    Source:
        Hathaway 2015, Living Reviews in Solar Physics 12, 4 (doi 10.1007/lrsp-2015-4):
        11 years, 4.3 of them rising; half cosines are ours
    """
    if not (period > 0.0 and quiet <= peak):
        raise ValueError(f"quiet {quiet:g}, peak {peak:g}, period {period:g} s: need quiet ≤ peak")
    phase = np.mod(np.asarray(time, dtype=np.float64) / period, 1.0)
    angle = np.where(phase < _RISE, phase / _RISE, 1.0 + (phase - _RISE) / (1.0 - _RISE))
    return np.asarray(quiet + (peak - quiet) * 0.5 * (1.0 - np.cos(np.pi * angle)))


def mean_density(
    altitude: ArrayLike, start: float, duration: float, quiet: float = 70.0, peak: float = 150.0
) -> Array:
    """Density of the air, mean over a span of solar cycles.

    Args:
        altitude: above the equatorial radius, 100e3 to 1,500e3 [m]
        start: of the span, since a solar minimum [s]
        duration: of the span [s]
        quiet: solar flux at minimum, in units of 1e-22 W/m²/Hz [-]
        peak: solar flux at maximum [-]
    Returns:
        mean density, in the shape of the altitudes [kg/m³]
    Raises:
        ValueError: outside the table, or a negative duration
    Neglects:
        as `density` and `solar_flux`
    Source:
        midpoints of 200 parts of the span
    """
    if duration < 0.0:
        raise ValueError(f"duration is {duration:g} s; allowed: 0 and above")
    altitude = np.asarray(altitude, dtype=np.float64)
    times = start + (np.arange(200) + 0.5) / 200.0 * duration
    return density(altitude[..., None], solar_flux(times, quiet, peak)).mean(axis=-1)


def drag_acceleration(altitude: ArrayLike, density: ArrayLike, drag_area: ArrayLike) -> Array:
    """Deceleration by drag on a circular orbit; times a year, the velocity change of upkeep.

    Args:
        altitude: above the equatorial radius [m]
        density: of the air [kg/m³]
        drag_area: drag coefficient × area ÷ mass; 2.2 is usual for the coefficient [m²/kg]
    Returns:
        acceleration against the motion [m/s²]
    Raises:
        ValueError: a negative density or drag area
    Neglects:
        winds and the air's rotation, up to 5 % in speed at low inclination
    Source:
        Vallado 2013, equation 8-28; 42 m/s a year at 1.6e-13 kg/m³, 650 km, 2.2 × 0.1333 m²/kg
    """
    density, drag_area = np.asarray(density, float), np.asarray(drag_area, float)
    if np.any(density < 0.0) or np.any(drag_area < 0.0):
        raise ValueError("density and drag area must be at least 0")
    axis = SGP4_RADIUS + np.asarray(altitude, dtype=np.float64)
    return np.asarray(0.5 * density * drag_area * SGP4_MU / axis)


def decay_time(
    altitude: ArrayLike,
    drag_area: ArrayLike,
    start: ArrayLike = 0.0,
    quiet: float = 70.0,
    peak: float = 150.0,
    horizon: float = 200.0 * JULIAN_YEAR,
) -> Array:
    """Time in which drag alone brings a satellite on a circular orbit down to 120 km.

    Args:
        altitude: at the start, 120e3 to 1,500e3 [m]
        drag_area: drag coefficient × area ÷ mass, tumbling mean if it tumbles [m²/kg]
        start: time since a solar minimum [s]
        quiet: solar flux at minimum, in units of 1e-22 W/m²/Hz [-]
        peak: solar flux at maximum [-]
        horizon: beyond which the answer is infinity [s]
    Returns:
        time to re-entry, broadcast over the first three [s]
    Raises:
        ValueError: an altitude outside the range, or a drag area that is not above 0
    Neglects:
        eccentricity, sunlight pressure, and that cycles differ: the spread of published
        lifetimes is a factor of two
    Source:
        da/dt = −2·a·drag/v, integrated by the fourth-order Runge-Kutta rule
    """
    height, area, begin = np.broadcast_arrays(
        np.asarray(altitude, float), np.asarray(drag_area, float), np.asarray(start, float)
    )
    if not np.all((height >= REENTRY) & (height <= HIGHEST)):
        raise ValueError(
            f"altitude spans {height.min() / 1e3:g} to {height.max() / 1e3:g} km; decay is modelled"
            " from 120 to 1,500 km"
        )
    if not np.all(area > 0.0):
        raise ValueError(f"drag area is {area.min():g} m²/kg; allowed: above 0")
    shape = height.shape
    height, area, begin = (each.ravel().astype(np.float64) for each in (height, area, begin))
    elapsed, down = np.zeros_like(height), np.full_like(height, np.inf)
    longest = 11.0 * JULIAN_YEAR / _STEPS_PER_CYCLE

    def rate(h: Array, t: Array, b: Array) -> Array:
        h = np.maximum(h, LOWEST)
        air = density(h, solar_flux(t, quiet, peak))
        axis = SGP4_RADIUS + h
        return 2.0 * axis * drag_acceleration(h, air, b) * np.sqrt(axis / SGP4_MU)

    alive = np.flatnonzero(height > REENTRY)
    down[height <= REENTRY] = 0.0
    while alive.size:
        h, t, b = height[alive], begin[alive] + elapsed[alive], area[alive]
        first = rate(h, t, b)
        # a step falls by a small part of the scale height, which grows from 10 to 100 km
        fall = np.minimum(2.0e3 + 0.01 * (h - REENTRY), h - REENTRY)
        step = np.minimum(np.maximum(fall, 50.0) / first, longest)
        second = rate(h - 0.5 * step * first, t + 0.5 * step, b)
        third = rate(h - 0.5 * step * second, t + 0.5 * step, b)
        fourth = rate(h - step * third, t + step, b)
        drop = step * (first + 2.0 * second + 2.0 * third + fourth) / 6.0
        landed = h - drop <= REENTRY
        share = np.where(landed, (h - REENTRY) / drop, 1.0)
        elapsed[alive] += share * step
        height[alive] = h - drop
        down[alive[landed]] = elapsed[alive[landed]]
        alive = alive[~landed & (elapsed[alive] < horizon)]
    return np.where(down <= horizon, down, np.inf).reshape(shape)


def lowering_delta_v(altitude: ArrayLike, perigee: ArrayLike) -> Array:
    """Velocity change of one burn that brings a circular orbit's perigee down.

    Args:
        altitude: of the circular orbit [m]
        perigee: altitude of the perigee after the burn, at most that [m]
    Returns:
        velocity change [m/s]
    Raises:
        ValueError: a perigee above the orbit
    Neglects:
        low thrust, which spirals and takes up to twice as much
    Source:
        vis-viva; a disposal takes 120 to 150 m/s from 500 to 600 km (Jones' thesis)
    """
    outer = SGP4_RADIUS + np.asarray(altitude, dtype=np.float64)
    inner = SGP4_RADIUS + np.asarray(perigee, dtype=np.float64)
    if np.any(inner > outer):
        raise ValueError("perigee is above the orbit; allowed: at most the altitude")
    return np.asarray(np.sqrt(SGP4_MU / outer) * (1.0 - np.sqrt(2.0 * inner / (inner + outer))))


def propellant(dry_mass: ArrayLike, delta_v: ArrayLike, specific_impulse: ArrayLike) -> Array:
    """Propellant that a velocity change burns.

    Args:
        dry_mass: of the satellite at the end [kg]
        delta_v: velocity change [m/s]
        specific_impulse: over standard gravity: 220 hydrazine, 1,500 to 2,500 Hall [s]
    Returns:
        mass of propellant [kg]
    Raises:
        ValueError: a negative mass or velocity change, or an impulse that is not above 0
    Neglects:
        residuals, leaks and pointing losses, some 5 %
    Source:
        Tsiolkovsky's equation
    """
    mass, change, impulse = (
        np.asarray(each, float) for each in (dry_mass, delta_v, specific_impulse)
    )
    if np.any(mass < 0.0) or np.any(change < 0.0) or not np.all(impulse > 0.0):
        raise ValueError("mass and velocity change must be at least 0, specific impulse above 0")
    return np.asarray(mass * np.expm1(change / (STANDARD_GRAVITY * impulse)))


def disposal(
    altitude: ArrayLike,
    drag_area: ArrayLike,
    start: ArrayLike = 0.0,
    allowed: float = RULE,
    perigee: float = 50e3,
    quiet: float = 70.0,
    peak: float = 150.0,
) -> Disposal:
    """Passive decay against the rule for disposal, and what a direct re-entry takes instead.

    Args:
        altitude: at the end of life, 120e3 to 1,500e3 [m]
        drag_area: drag coefficient × area ÷ mass of the dead satellite [m²/kg]
        start: end of life, since a solar minimum [s]
        allowed: time in orbit after the end of life, 5 years by the FCC's rule [s]
        perigee: that a direct re-entry aims at [m]
        quiet: solar flux at minimum, in units of 1e-22 W/m²/Hz [-]
        peak: solar flux at maximum [-]
    Returns:
        passive decay time, whether it keeps the rule, velocity change [s, -, m/s]
    Raises:
        ValueError: what `decay_time` and `lowering_delta_v` refuse
    Neglects:
        as `decay_time`; which satellites fail before they can burn
    Source:
        FCC-22-74, in force since 29 September 2024
    """
    passive = decay_time(altitude, drag_area, start, quiet, peak)
    shape = passive.shape
    burn = np.broadcast_to(lowering_delta_v(altitude, perigee), shape)
    return Disposal(passive, passive <= allowed, burn)


def highest_passive_orbit(
    drag_area: float,
    start: float = 0.0,
    allowed: float = RULE,
    quiet: float = 70.0,
    peak: float = 150.0,
) -> float:
    """Highest orbit from which drag alone keeps the rule for disposal.

    Args:
        drag_area: drag coefficient × area ÷ mass of the dead satellite [m²/kg]
        start: end of life, since a solar minimum [s]
        allowed: time in orbit after the end of life [s]
        quiet: solar flux at minimum, in units of 1e-22 W/m²/Hz [-]
        peak: solar flux at maximum [-]
    Returns:
        altitude, to 100 m; 1,500e3 where the table ends first [m]
    Raises:
        ValueError: a drag area that is not above 0
    Neglects:
        as `decay_time`
    Source:
        the highest of altitudes 10 km apart, then 100 m apart, as `decay_time` grows with them
    """
    low, high = REENTRY, HIGHEST
    for apart in (10e3, 100.0):
        heights = np.arange(low, high + 0.5 * apart, apart)
        times = decay_time(heights, drag_area, start, quiet, peak, horizon=2.0 * allowed)
        low = float(heights[np.flatnonzero(times <= allowed)[-1]])
        high = min(low + apart, HIGHEST)
    return low
