"""The Earth's shadow: cone of the Sun's disc behind an oblate Earth."""

import math

from dawndusk.compiled import scalar
from dawndusk.constants import EARTH_FLATTENING, EARTH_RADIUS, SUN_RADIUS

_STRETCH = 1.0 / (1.0 - EARTH_FLATTENING) ** 2
_SEGMENTS = 8


@scalar
def sun_frame(x, y, z):  # type: ignore[no-untyped-def]
    """What every satellite shares at one instant, from the position of the Sun.

    Args:
        x: apparent position of the Sun in TEME of date [m]
        y: second component [m]
        z: third component [m]
    Returns:
        Sun's direction (x, y, z), its third component in the space where the Earth is a
        sphere, inverse of the length of the direction there, distance there, Sun's
        angular radius there [-, -, -, -, -, m, rad]
    Neglects:
        the cube of the Sun's angular radius, 4e-6 of it
    Source:
        an affine map keeps tangents: the ellipsoid is a sphere once z is divided by 1 − f
    """
    distance = math.sqrt(x * x + y * y + z * z)
    ux, uy, uz = x / distance, y / distance, z / distance
    length2 = ux * ux + uy * uy + _STRETCH * uz * uz
    length = math.sqrt(length2)
    radius = SUN_RADIUS / distance / length2
    return ux, uy, uz, _STRETCH * uz, 1.0 / length, distance * length, radius


@scalar
def clearance(x, y, z, ux, uy, uz, stretched_uz, inverse_length, distance, sun_radius):  # type: ignore[no-untyped-def]
    """Height of the Sun's centre over the Earth's limb, in radii of the Sun's disc.

    Smooth along an orbit: above +1 in full sunlight, below −1 in the umbra, 0 when the
    limb halves the disc. The limb is the ellipsoid's, exactly, in the plane of Earth's
    centre, satellite and Sun; the parallax of the Sun from the satellite is included.

    Args:
        x: position of the satellite in TEME of date [m]
        y: second component [m]
        z: third component [m]
        ux: direction of the Sun, from `sun_frame` [-]
        uy: second component [-]
        uz: third component [-]
        stretched_uz: third component where the Earth is a sphere [-]
        inverse_length: inverse length of the direction there [-]
        distance: distance of the Sun there [m]
        sun_radius: angular radius of the Sun there [rad]
    Returns:
        clearance and cosine of the Sun's zenith angle [-, -]
    Neglects:
        refraction and absorption by the atmosphere, which darken the last 20 to 30 km
        above the limb (0.4 to 0.7 % of an orbit's light, `design/atmosphere.py`); polar
        motion of the ellipsoid's axis
    Source:
        Montenbruck & Gill 2000, Satellite Orbits, section 3.4.2, after the affine map
    """
    r2 = x * x + y * y + z * z
    u = x * ux + y * uy + z * uz
    r2_round = r2 + (_STRETCH - 1.0) * z * z
    u_round = (x * ux + y * uy + z * stretched_uz) * inverse_length
    u_round = u_round - (r2_round - u_round * u_round) / distance
    across2 = r2 - u * u + 1.0
    normal = ux * y - uy * x
    aside = math.sqrt(max(r2_round - u_round * u_round, 0.0))
    horizon = math.sqrt(max(r2_round - EARTH_RADIUS * EARTH_RADIUS, 0.0))
    sine = aside * horizon + u_round * EARTH_RADIUS
    flat = 0.5 * (_STRETCH - 1.0)
    scale = sun_radius * ((1.0 + flat) * across2 - flat * normal * normal)
    return sine * across2 / (r2_round * scale), u / math.sqrt(r2)


@scalar
def visible_fraction(clearance):  # type: ignore[no-untyped-def]
    """Visible share of the Sun's disc behind a straight limb.

    Args:
        clearance: height of the Sun's centre over the limb in its radii [-]
    Returns:
        share of the disc's area that is visible, 0 to 1 [-]
    Neglects:
        curvature of the limb (2e-4 of the disc at 650 km, 8e-4 at 5,900 km) and limb
        darkening of the Sun (up to 0.06 of the flux), both only inside the penumbra
    Source:
        area of a circular segment; Montenbruck & Gill 2000, equations 3.92 to 3.94
    """
    h = min(max(clearance, -1.0), 1.0)
    return 0.5 + (h * math.sqrt(1.0 - h * h) + math.asin(h)) / math.pi


@scalar
def _integral(clearance):  # type: ignore[no-untyped-def]
    """Integral of the visible share over the clearance, from far below the limb."""
    if clearance <= -1.0:
        return 0.0
    if clearance >= 1.0:
        return clearance
    h2 = 1.0 - clearance * clearance
    arc = clearance * math.asin(clearance) + math.sqrt(h2) * (1.0 - h2 / 3.0)
    return 0.5 * clearance + arc / math.pi


@scalar
def transition_margin(angular_rate, duration, sun_radius):  # type: ignore[no-untyped-def]
    """How far beyond the penumbra a step can end and still touch it in between.

    Args:
        angular_rate: fastest motion of the satellite around the Earth [rad/s]
        duration: duration of the step [s]
        sun_radius: angular radius of the Sun [rad]
    Returns:
        margin to add to clearance ±1 [-]
    Neglects:
        the slack of that bound, which only costs time
    Source:
        largest bulge of a curve over its chord, h²/8 times its second derivative, which
        is below twice the squared rate for the heights of near-Earth orbits
    """
    return 2.0 * (angular_rate * duration) ** 2 / 8.0 / sun_radius


@scalar
def mean_fraction(before, left, right, after):  # type: ignore[no-untyped-def]
    """Mean visible share of the Sun over a step that touches the penumbra.

    The clearance follows the cubic through four step edges; on each of eight segments
    of the step the visible share is integrated in closed form along a straight path, the
    chord lowered by the mean bulge of the curve under it.

    Args:
        before: clearance one step before the left edge [-]
        left: clearance at the left edge [-]
        right: clearance at the right edge [-]
        after: clearance one step after the right edge [-]
    Returns:
        mean share of the Sun's disc that is visible over the step, 0 to 1 [-]
    Neglects:
        bending of the path inside a segment beyond its mean: below 1 ms of a crossing
    Source:
        Lagrange interpolation; antiderivative of the circular segment
    """
    third = (after - 3.0 * right + 3.0 * left - before) / 6.0
    second = 0.5 * (before + right) - left
    first = right - left - second - third
    bulge = (2.0 * second + 3.0 * third) / (12.0 * _SEGMENTS * _SEGMENTS)
    total = 0.0
    low = left - bulge
    low_integral = _integral(low)
    for i in range(1, _SEGMENTS + 1):
        p = i / _SEGMENTS
        high = left - bulge + p * (first + p * (second + p * third))
        high_integral = _integral(high)
        rise = high - low
        if abs(rise) > 1e-4:
            total += (high_integral - low_integral) / rise
        else:
            total += visible_fraction(0.5 * (low + high))
        low, low_integral = high, high_integral
    return min(max(total / _SEGMENTS, 0.0), 1.0)
