"""Heat that reaches a satellite's plates from the Earth: reflected sunlight and infrared."""

import math

from dawndusk.compiled import scalar
from dawndusk.constants import EARTH_ALBEDO, EARTH_INFRARED, EARTH_MEAN_RADIUS


@scalar
def view_factor(earth_angle, altitude):  # type: ignore[no-untyped-def]
    """View factor from one face of a plate to the Earth, however the horizon cuts it.

    Args:
        earth_angle: angle between the face's normal and nadir, 0 to π [rad]
        altitude: altitude above the mean sphere [m]
    Returns:
        view factor of the face to the Earth, 0 to 1 [-]
    Neglects:
        flattening of the Earth (0.3 %) and the infrared of the upper atmosphere, which
        adds about 30 km to the radius (1 % at 650 km)
    Source:
        Howell, Catalog of Radiation Heat Transfer Configuration Factors, B-43; Naraghi &
        Chung 1982, doi 10.1115/1.3245179 (differential plate to sphere)
    """
    h = 1.0 + altitude / EARTH_MEAN_RADIUS
    cos_g, sin_g = math.cos(earth_angle), math.sin(earth_angle)
    rest = math.sqrt(max(h * h - 1.0, 0.0))
    edge = rest * cos_g
    if edge >= sin_g:
        return cos_g / (h * h)
    if edge <= -sin_g:
        return 0.0
    y = -edge / sin_g
    chord = sin_g * math.sqrt(1.0 - y * y)
    seen = cos_g * math.acos(y) - rest * chord
    return (seen / (h * h) + math.atan2(chord, rest)) / math.pi


@scalar
def terminator_spread(altitude):  # type: ignore[no-untyped-def]
    """How softly the ground below turns from day to night as a satellite sees it.

    Args:
        altitude: altitude above the mean sphere [m]
    Returns:
        spread in the cosine of the Sun's zenith angle, for `daylight` [-]
    Neglects:
        tilt of the plate: 0.39 of the squared sine of the Earth's horizon cap fits a
        plate that faces the Earth, 0.47 to 0.61 one seen edge on; 0.45 serves both
    Source:
        fit to the integral of a Lambertian Earth, which the tests repeat
    """
    h = 1.0 + altitude / EARTH_MEAN_RADIUS
    return 0.45 * (1.0 - 1.0 / (h * h))


@scalar
def daylight(sun_cosine, spread):  # type: ignore[no-untyped-def]
    """Mean cosine of the Sun's zenith angle over the lit ground that a satellite sees.

    It replaces max(0, cosine), which gives nothing over the terminator, where a
    dawn-dusk satellite always is: there it still receives 3 to 5 % of the noon albedo.

    Args:
        sun_cosine: cosine of the Sun's zenith angle at the satellite, may be negative [-]
        spread: from `terminator_spread` [-]
    Returns:
        factor of the albedo irradiance, 0 to 1 [-]
    Neglects:
        shape of the terminator beyond this hyperbola: below 0.009 up to 650 km, 0.016 at
        1,200 km, 0.05 at 5,900 km
    Source:
        fit to the integral of a Lambertian Earth, which the tests repeat
    """
    noon = 1.0 - 1.09 * spread * spread
    return noon * 0.5 * (sun_cosine + math.sqrt(sun_cosine * sun_cosine + spread * spread))


@scalar
def albedo_irradiance(irradiance, sun_cosine, view_factor, spread):  # type: ignore[no-untyped-def]
    """Sunlight that the Earth reflects onto a face.

    Args:
        irradiance: sunlight at the Earth's distance [W/m²]
        sun_cosine: cosine of the Sun's zenith angle at the satellite [-]
        view_factor: view factor of the face to the Earth [-]
        spread: from `terminator_spread` [-]
    Returns:
        irradiance of the face [W/m²]
    Neglects:
        clouds, land, sea and season: the local albedo lies between 0.1 and 0.7
    Source:
        Gilmore 2002, Spacecraft Thermal Control Handbook, section 2.3
    """
    return EARTH_ALBEDO * irradiance * view_factor * daylight(sun_cosine, spread)


@scalar
def infrared_irradiance(view_factor):  # type: ignore[no-untyped-def]
    """Infrared that the Earth sends onto a face.

    Args:
        view_factor: view factor of the face to the Earth [-]
    Returns:
        irradiance of the face [W/m²]
    Neglects:
        day, night, latitude and clouds: 150 to 350 W/m² locally
    Source:
        global mean of CERES EBAF 4; Gilmore 2002, section 2.3
    """
    return EARTH_INFRARED * view_factor
