"""Keeping a formation: the trim that J2 asks for, and the velocity change of a year."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dawndusk.constants import (
    JULIAN_YEAR,
    SGP4_J2,
    SGP4_J3,
    SGP4_MU,
    SGP4_RADIUS,
    SOLAR_CONSTANT,
    SPEED_OF_LIGHT,
)

Array = NDArray[np.float64]


class StationKeeping(NamedTuple):
    """Velocity change that holds satellites in a formation for a year (365.25 days)."""

    j2: Array
    """Against the differential drift that J2 leaves after the match of mean elements [m/s]."""
    differential_drag: Array
    """Against drag that differs from the reference satellite's [m/s]."""
    differential_sunlight: Array
    """Against pressure of sunlight that differs from the reference satellite's [m/s]."""
    total: Array
    """Sum of the three [m/s]."""


def mean_semi_major_axis(position: Array, velocity: Array) -> Array:
    """Semi-major axis without J2's periodic terms: what decides the time of a revolution.

    It comes from the energy, J2's potential included, which J2 keeps constant; the mean of
    that potential over a revolution is then taken out.

    Args:
        position: inertial positions, z along the Earth's axis, shape (..., 3) [m]
        velocity: inertial velocities, shape (..., 3) [m/s]
    Returns:
        mean semi-major axis, shape (...,) [m]
    Neglects:
        the second order in J2, 0.5 m of swing a revolution at 650 km; the present
        eccentricity stands for the mean one, up to 0.01 m an orbit for each kilometre apart
    Source:
        Brouwer, Astronomical Journal 64, 378 (1959): mean of the disturbing function,
        μ·J2·R²/(2a³)·(1 − e²)^−1.5·(1.5·sin²i − 1)
    """
    r = np.linalg.norm(position, axis=-1)
    momentum = np.cross(position, velocity)
    momentum2 = np.sum(momentum**2, axis=-1)
    strength = 0.5 * SGP4_MU * SGP4_J2 * SGP4_RADIUS**2
    bound = 2.0 * SGP4_MU / r - np.sum(velocity**2, axis=-1)
    energy = -0.5 * bound + strength / r**3 * (3.0 * (position[..., 2] / r) ** 2 - 1.0)
    beta2 = momentum2 * bound / SGP4_MU**2
    mean = strength / beta2**1.5 * (0.5 - 1.5 * momentum[..., 2] ** 2 / momentum2)
    a = -0.5 * SGP4_MU / energy
    for _ in range(3):
        a = -0.5 * SGP4_MU / (energy - mean / a**3)
    return np.asarray(a)


def trim(
    position: Array, velocity: Array, reference_position: Array, reference_velocity: Array
) -> Array:
    """Change of speed that matches each satellite's mean semi-major axis to the reference's.

    States laid out by the Hill equations drift apart by 13–26 m an orbit for each kilometre
    at 650 km, for J2's potential differs over the formation. This change, up to 1.5 mm/s a
    kilometre, leaves less than 0.02 m: no ratio of axes needs to be tuned, and none would do
    for every place on the orbit.

    Args:
        position: inertial positions, z along the Earth's axis, shape (n, 3) [m]
        velocity: inertial velocities, shape (n, 3) [m/s]
        reference_position: that of the reference satellite, shape (3,) [m]
        reference_velocity: that of the reference satellite, shape (3,) [m/s]
    Returns:
        speed to add along each velocity, shape (n,) [m/s]
    Neglects:
        what `mean_semi_major_axis` neglects; inclinations are left as they are
    Source:
        Schaub & Alfriend, Celestial Mechanics 79, 77 (2001): relative orbits that J2 does
        not pull apart; Newton's method on the vis-viva equation
    """
    goal = mean_semi_major_axis(reference_position, reference_velocity)
    speed = np.linalg.norm(velocity, axis=-1)
    added = np.zeros_like(speed)
    for _ in range(4):
        faster = velocity * (1.0 + added / speed)[..., None]
        a = mean_semi_major_axis(position, faster)
        added += (goal - a) * SGP4_MU / (2.0 * a**2 * speed)
    return added


def j2_drift(semi_major_axis: float, inclination: float, difference: ArrayLike) -> Array:
    """Drift along the track of a satellite whose mean elements match but for eccentricity.

    Args:
        semi_major_axis: mean one that both share [m]
        inclination: mean one that both share [rad]
        difference: mean e² of the satellite less that of the reference [-]
    Returns:
        speed relative to the reference, forward positive, of the shape of `difference` [m/s]
    Neglects:
        J2² and J4, up to 1 % of the drift of an equatorial orbit; the fourth order in e
    Source:
        secular rates of mean anomaly, perigee and node, Brouwer, Astronomical Journal 64, 378
        (1959), first order in J2, differentiated by e²
    """
    cos2 = math.cos(inclination) ** 2
    motion = math.sqrt(SGP4_MU / semi_major_axis**3)
    factor = 0.75 * SGP4_J2 * (SGP4_RADIUS / semi_major_axis) ** 2 * motion * semi_major_axis
    latitude = 1.5 * (3.0 * cos2 - 1.0) + 2.0 * (5.0 * cos2 - 1.0)
    return factor * (latitude - 4.0 * cos2) * np.asarray(difference, dtype=np.float64)


def sunlight_delta_v(
    area_to_mass: float, pressure_coefficient: float, sun_in_plane: float
) -> float:
    """Velocity change that undoes what sunlight does to the eccentricity over a year.

    A steady push f in the orbital plane turns the eccentricity vector by 1.5·f/v a second;
    burns along the track undo it at half of the speed for each unit: 0.75·f a second.

    Args:
        area_to_mass: area across the sunlight over mass [m²/kg]
        pressure_coefficient: 1 for a black plate, 2 for a mirror [-]
        sun_in_plane: cosine of the angle between Sun and orbital plane, mean over the year [-]
    Returns:
        velocity change a year [m/s]
    Neglects:
        eclipses, in which nothing pushes; the turn of the perigees (110 days at 650 km), which
        bounds what is not undone; the push across the plane, which only shifts it
    Source:
        Vallado, Fundamentals of Astrodynamics and Applications (4th ed.), section 8.6.4;
        Gauss's equations averaged over a circular orbit
    """
    push = SOLAR_CONSTANT / SPEED_OF_LIGHT * pressure_coefficient * area_to_mass * sun_in_plane
    return 0.75 * push * JULIAN_YEAR


def station_keeping(
    semi_major_axis: float,
    inclination: float,
    reach: ArrayLike,
    drag: float,
    sunlight: float,
    unlikeness: float,
) -> StationKeeping:
    """Velocity change a year that holds satellites in a formation of matched mean elements.

    J2: the rates depend on the square of the eccentricity. A relative ellipse changes it, most
    along the eccentricity of the frozen reference orbit, and the satellite drifts along the
    track; one burn a revolution, a third of the drift, takes that away. Drag and sunlight: a
    satellite with another area over mass than the reference burns the difference. What all
    burn alike to hold the altitude is not counted here.

    Args:
        semi_major_axis: mean one that all satellites share [m]
        inclination: mean inclination [rad]
        reach: largest along-track offset from the reference satellite, shape (n,) [m]
        drag: velocity change that makes up for the reference satellite's over a year [m/s]
        sunlight: the same against sunlight, `sunlight_delta_v` [m/s]
        unlikeness: largest relative difference of area over mass, 0.01 for 1 % [-]
    Returns:
        parts and total a year, each of the shape of `reach` [object]
    Raises:
        ValueError: when drag, sunlight or unlikeness is negative
    Neglects:
        noise of navigation and of thrusters, which in flight costs more than J2; a lasting
        change of semi-major axis that would save the burns against J2; air that is thinner
        higher up, which averages out; collision avoidance (0.01–0.05 m/s a year). The matched
        pattern turns with the perigees; to hold it against the node instead would cost
        5.5 m/s a year for each kilometre at 650 km
    Source:
        `j2_drift`; frozen eccentricity: SGP4's long-period term, Hoots & Roehrich, Spacetrack
        Report No. 3 (1980), section 6; burns: Gauss's equations. Suncatcher, arXiv 2511.19468,
        states under 3 m/s a year for each kilometre with a tuned ratio of axes
    """
    for name, value in (("drag", drag), ("sunlight", sunlight), ("unlikeness", unlikeness)):
        if not value >= 0.0:
            raise ValueError(f"{name} = {value:g}: must be 0 or more")
    e = np.asarray(reach, dtype=np.float64) / (2.0 * semi_major_axis)
    frozen = -0.5 * SGP4_J3 / SGP4_J2 * SGP4_RADIUS / semi_major_axis * math.sin(inclination)
    drift = np.abs(j2_drift(semi_major_axis, inclination, e * (e + 2.0 * frozen)))
    period = 2.0 * math.pi * math.sqrt(semi_major_axis**3 / SGP4_MU)
    j2 = drift / 3.0 * JULIAN_YEAR / period
    differential_drag = np.full_like(j2, drag * unlikeness)
    differential_sunlight = np.full_like(j2, sunlight * unlikeness)
    total = j2 + differential_drag + differential_sunlight
    return StationKeeping(j2, differential_drag, differential_sunlight, total)
