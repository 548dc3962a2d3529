"""Frames: TEME to Earth-fixed, geodetic coordinates, the local horizon."""

from datetime import UTC, datetime

import erfa
import numpy as np
from numpy.typing import ArrayLike, NDArray

from dawndusk.constants import DAY, EARTH_FLATTENING, EARTH_RADIUS

Array = NDArray[np.float64]

J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)
"""Julian date 2451545.0."""


def sidereal_angle(start: datetime, time: ArrayLike) -> Array:
    """Greenwich mean sidereal angle, by which the Earth has turned in TEME.

    Args:
        start: the scenario's start, with time zone [object]
        time: since the start, any shape [s]
    Returns:
        angle in [0, 2π), shape of `time` [rad]
    Raises:
        ValueError: when `start` has no time zone
    Neglects:
        UT1 − UTC, kept below 0.9 s by leap seconds: 0.004°, 0.4 km on the equator
    Source:
        Aoki et al., Astronomy & Astrophysics 105, 359 (1982), eq. 14 (IAU 1982 GMST)
    """
    if start.tzinfo is None:
        raise ValueError(f"start {start.isoformat()} has no time zone; give UTC")
    days = (start - J2000).total_seconds() / DAY
    return np.asarray(erfa.gmst82(2451545.0 + days, np.asarray(time, dtype=np.float64) / DAY))


def earth_fixed(position: Array, sidereal_angle: ArrayLike) -> Array:
    """Position in the rotating Earth from a position in TEME (a turn about the pole).

    Args:
        position: in TEME, shape (..., 3) [m]
        sidereal_angle: Greenwich mean sidereal angle, broadcast over the leading shape [rad]
    Returns:
        Earth-fixed position, x through Greenwich, z through the pole, shape (..., 3) [m]
    Neglects:
        polar motion, at most 0.6″: 19 m on the ground
    Source:
        Vallado et al., AIAA 2006-6753, appendix C: r(PEF) = ROT3(GMST 1982)·r(TEME)
    """
    cosine, sine = np.cos(sidereal_angle), np.sin(sidereal_angle)
    x, y, z = position[..., 0], position[..., 1], position[..., 2]
    return np.stack(np.broadcast_arrays(cosine * x + sine * y, cosine * y - sine * x, z), axis=-1)


def geodetic(position: Array) -> tuple[Array, Array, Array]:
    """Geodetic latitude, longitude and height over the WGS-84 ellipsoid.

    Args:
        position: Earth-fixed, not within 100 km of the Earth's centre, shape (..., 3) [m]
    Returns:
        latitude [rad], longitude in (−π, π] [rad] and height [m]
    Neglects:
        what two rounds of Bowring's iteration leave: 1e-15 rad and 0.1 µm up to 40,000 km
    Source:
        Bowring, Survey Review 23, 323 (1976)
    """
    x, y, z = position[..., 0], position[..., 1], position[..., 2]
    a, b = EARTH_RADIUS, EARTH_RADIUS * (1.0 - EARTH_FLATTENING)
    squared_eccentricity = EARTH_FLATTENING * (2.0 - EARTH_FLATTENING)
    equatorial = np.hypot(x, y)
    reduced = np.arctan2(a * z, b * equatorial)
    for _ in range(2):
        latitude = np.arctan2(
            z + b * squared_eccentricity / (1.0 - EARTH_FLATTENING) ** 2 * np.sin(reduced) ** 3,
            equatorial - a * squared_eccentricity * np.cos(reduced) ** 3,
        )
        reduced = np.arctan2((1.0 - EARTH_FLATTENING) * np.sin(latitude), np.cos(latitude))
    sine = np.sin(latitude)
    surface = a * np.sqrt(1.0 - squared_eccentricity * sine**2)
    return (
        latitude,
        np.arctan2(y, x),
        equatorial * np.cos(latitude) + z * sine - surface,
    )


def site_position(latitude: ArrayLike, longitude: ArrayLike, height: ArrayLike = 0.0) -> Array:
    """Earth-fixed position of geodetic coordinates on the WGS-84 ellipsoid.

    Args:
        latitude: geodetic [rad]
        longitude: east positive [rad]
        height: over the ellipsoid [m]
    Returns:
        Earth-fixed position, shape (..., 3) [m]
    Neglects:
        the geoid: height over the sea differs by −106 to +85 m
    Source:
        Vallado, Fundamentals of Astrodynamics and Applications (4th ed.), eq. 3-7
    """
    height = np.asarray(height, dtype=np.float64)
    cosine, sine = np.cos(latitude), np.sin(latitude)
    flat = (1.0 - EARTH_FLATTENING) ** 2
    normal = EARTH_RADIUS / np.sqrt(cosine**2 + flat * sine**2)
    return np.stack(
        np.broadcast_arrays(
            (normal + height) * cosine * np.cos(longitude),
            (normal + height) * cosine * np.sin(longitude),
            (flat * normal + height) * sine,
        ),
        axis=-1,
    )


def horizon(
    position: Array, site: Array, latitude: ArrayLike, longitude: ArrayLike
) -> tuple[Array, Array, Array]:
    """Where a site on the ground sees a position.

    Args:
        position: Earth-fixed, shape (..., 3) [m]
        site: Earth-fixed position of the site, broadcast against `position` [m]
        latitude: geodetic latitude of the site [rad]
        longitude: longitude of the site, east positive [rad]
    Returns:
        azimuth from north through east in [0, 2π) [rad], elevation [rad] and range [m]
    Neglects:
        refraction (0.5° on the horizon, 0.1° at 10° elevation) and light time
    Source:
        Vallado, Fundamentals of Astrodynamics and Applications (4th ed.), algorithm 27
    """
    away = position - site
    x, y, z = away[..., 0], away[..., 1], away[..., 2]
    sine, cosine = np.sin(latitude), np.cos(latitude)
    meridian = np.cos(longitude) * x + np.sin(longitude) * y
    east = np.cos(longitude) * y - np.sin(longitude) * x
    north = cosine * z - sine * meridian
    up = cosine * meridian + sine * z
    return (
        np.arctan2(east, north) % (2.0 * np.pi),
        np.arctan2(up, np.hypot(east, north)),
        np.sqrt(x**2 + y**2 + z**2),
    )
