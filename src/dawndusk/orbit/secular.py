"""SGP4's near-Earth theory without drag: position from mean elements, in loops that vectorise."""

import math

import numpy as np
from numpy.typing import NDArray

from dawndusk.compiled import kernel, scalar
from dawndusk.constants import SGP4_J2, SGP4_J3, SGP4_J4, SGP4_MU, SGP4_RADIUS
from dawndusk.elements import Elements

Array = NDArray[np.float64]

DEEP_SPACE_PERIOD = 225.0 * 60.0
"""Period from which SGP4 adds lunar and solar terms [s], Hoots & Roehrich 1980."""

(
    EPOCH,
    LATITUDE,
    LATITUDE_RATE,
    PERIGEE,
    PERIGEE_RATE,
    NODE,
    NODE_RATE,
    ECCENTRICITY,
    LONG_PERIOD_LATITUDE,
    LONG_PERIOD_ECCENTRICITY,
    SEMI_MAJOR_AXIS,
    COS_INCLINATION,
    SIN_INCLINATION,
) = range(13)
"""Rows of the table of constants; LATITUDE is the mean argument of latitude."""

BLOCK = 256
"""Satellites in one inner loop: their constants and scratch stay in the first cache levels."""

_SMALLEST_ECCENTRICITY = 1e-6
_TWO_OVER_PI = 2.0 / math.pi
_ROUND = 6755399441055744.0
_QUARTER_1 = 1.57079632673412561417
_QUARTER_2 = 6.07710050630396597660e-11
_QUARTER_3 = 2.02226624879595063154e-21


def _first_fault(elements: Elements, fault: NDArray[np.bool_], what: str) -> None:
    """Refuse the fleet, naming the first satellites at fault."""
    index = np.flatnonzero(fault)
    if len(index):
        shown = ", ".join(elements.names[i] for i in index[:5])
        more = f" and {len(index) - 5} more" if len(index) > 5 else ""
        raise ValueError(f"{what}: {shown}{more}")


def initialise(elements: Elements) -> Array:
    """Constants of the secular and periodic motion, one column a satellite.

    Args:
        elements: SGP4 mean elements of n satellites [object]
    Returns:
        table with the rows named in this module, shape (13, n) [object]
    Raises:
        ValueError: when a period is 225 min or longer (deep space), when an orbit dips
            below the Earth's surface or when an eccentricity lies outside 0 to 1
    Neglects:
        drag (B* = 0): without thrust it moves shadow crossings by 2 s in a day at 650 km and
        by 44 s at 325 km (`design/drag_at_650_km.py`, `drag_at_325_km.py`); lunar
        and solar gravity; tesseral harmonics
    Source:
        Hoots & Roehrich 1980, Spacetrack Report 3, section 6; Vallado, Crawford,
        Hujsak & Kelso 2006, AIAA 2006-6753, functions initl and sgp4init
    """
    e0 = elements.eccentricity.astype(np.longdouble)
    _first_fault(elements, ~((e0 >= 0.0) & (e0 < 1.0)), "eccentricity must lie in [0, 1)")
    _first_fault(elements, ~(elements.mean_motion > 0.0), "mean motion must be positive")
    gravity = np.sqrt(np.longdouble(SGP4_MU) / SGP4_RADIUS**3)
    two_thirds = np.longdouble(2.0) / 3.0
    inclination = elements.inclination.astype(np.longdouble)
    cos_i, sin_i = np.cos(inclination), np.sin(inclination)
    cos2, cos4 = cos_i**2, cos_i**4
    beta2 = 1.0 - e0**2
    beta = np.sqrt(beta2)
    a1 = (gravity / elements.mean_motion) ** two_thirds
    d1 = 0.75 * SGP4_J2 * (3.0 * cos2 - 1.0) / (beta * beta2)
    d = d1 / a1**2
    a0 = a1 * (1.0 - d**2 - d * ((1.0 + 134.0 * d**2 / 27.0) / 3.0))
    n0 = elements.mean_motion / (1.0 + d1 / a0**2)
    _first_fault(
        elements,
        2.0 * math.pi / n0 >= DEEP_SPACE_PERIOD,
        "period of 225 min or longer (deep space) is not covered, remove these satellites",
    )
    a = (gravity / n0) ** two_thirds
    _first_fault(
        elements, a * (1.0 - e0) <= 1.0, "perigee lies below the Earth's surface, raise the orbit"
    )
    p2 = 1.0 / (a * beta2) ** 2
    k1 = 1.5 * SGP4_J2 * p2 * n0
    k2 = 0.5 * k1 * SGP4_J2 * p2
    k3 = -0.46875 * SGP4_J4 * p2**2 * n0
    anomaly_rate = (
        n0
        + 0.5 * k1 * beta * (3.0 * cos2 - 1.0)
        + 0.0625 * k2 * beta * (13.0 - 78.0 * cos2 + 137.0 * cos4)
    )
    perigee_rate = (
        -0.5 * k1 * (1.0 - 5.0 * cos2)
        + 0.0625 * k2 * (7.0 - 114.0 * cos2 + 395.0 * cos4)
        + k3 * (3.0 - 36.0 * cos2 + 49.0 * cos4)
    )
    node_rate = cos_i * (-k1 + 0.5 * k2 * (4.0 - 19.0 * cos2) + 2.0 * k3 * (3.0 - 7.0 * cos2))
    e = np.maximum(e0, _SMALLEST_ECCENTRICITY)
    long_period = -0.5 * SGP4_J3 / SGP4_J2 * sin_i / (a * (1.0 - e**2))
    polar = np.where(np.abs(cos_i + 1.0) > 1.5e-12, cos_i + 1.0, 1.5e-12)

    table = np.empty((13, len(elements)))
    table[EPOCH] = elements.epoch
    table[LATITUDE] = elements.mean_anomaly + elements.argument_of_perigee
    table[LATITUDE_RATE] = anomaly_rate + perigee_rate
    table[PERIGEE] = elements.argument_of_perigee
    table[PERIGEE_RATE] = perigee_rate
    table[NODE] = elements.node
    table[NODE_RATE] = node_rate
    table[ECCENTRICITY] = e
    table[LONG_PERIOD_LATITUDE] = 0.5 * long_period * (3.0 + 5.0 * cos_i) / polar * e
    table[LONG_PERIOD_ECCENTRICITY] = long_period
    table[SEMI_MAJOR_AXIS] = a * SGP4_RADIUS
    table[COS_INCLINATION] = cos_i
    table[SIN_INCLINATION] = sin_i
    return table


def kepler_iterations(table: Array) -> int:
    """Fixed number of Kepler corrections that leaves every satellite below 1e-15 rad.

    The starting value errs by e³ and one correction of fourth order leaves e·err⁴/24.

    Args:
        table: constants from `initialise` [object]
    Returns:
        corrections that every satellite of the fleet receives [-]
    Neglects:
        corrections that a rounder orbit of a mixed fleet would not need
    Source:
        Danby 1988, Fundamentals of Celestial Mechanics, section 6.6
    """
    e = float(np.max(table[ECCENTRICITY] + np.abs(table[LONG_PERIOD_ECCENTRICITY]), initial=0.0))
    error, count = 1.5 * e**3, 0
    while error > 1e-15:
        error, count = e * error**4 / (24.0 * (1.0 - e)), count + 1
    return count


@scalar
def small_sine_cosine(x):  # type: ignore[no-untyped-def]
    """Sine and cosine without range reduction, to 1 unit in the last place.

    Args:
        x: angle, |x| ≤ π/4 [rad]
    Returns:
        sine and cosine [-]
    Neglects:
        nothing beyond rounding
    Source:
        Sun Microsystems 1993, fdlibm, k_sin.c and k_cos.c (minimax coefficients)
    """
    z = x * x
    s = 1.58969099521155010221e-10 * z - 2.50507602534068634195e-08
    s = s * z + 2.75573137070700676789e-06
    s = s * z - 1.98412698298579493134e-04
    s = s * z + 8.33333333332248946124e-03
    s = s * z - 1.66666666666666324348e-01
    c = 2.08757232129817482790e-09 - 1.13596475577881948265e-11 * z
    c = c * z - 2.75573143513906633035e-07
    c = c * z + 2.48015872894767294178e-05
    c = c * z - 1.38888888888741095749e-03
    c = c * z + 4.16666666666666019037e-02
    return x + x * z * s, 1.0 - (0.5 * z - z * z * c)


@scalar
def sine_cosine(x):  # type: ignore[no-untyped-def]
    """Sine and cosine without branches or library calls, so that loops of it vectorise.

    Args:
        x: angle, |x| < 10⁶ [rad]
    Returns:
        sine and cosine, absolute error below 2.3e-16 [-]
    Neglects:
        larger angles: the reduction has three parts of π/2 (29 years in low orbit)
    Source:
        Cody & Waite 1980, Software Manual for the Elementary Functions; fdlibm e_rem_pio2.c
    """
    q = (x * _TWO_OVER_PI + _ROUND) - _ROUND
    r = ((x - q * _QUARTER_1) - q * _QUARTER_2) - q * _QUARTER_3
    s, c = small_sine_cosine(r)
    quarter = q * 0.25 - math.floor(q * 0.25)
    swapped = (quarter == 0.25) | (quarter == 0.75)
    sine = c if swapped else s
    cosine = s if swapped else c
    return (
        -sine if quarter >= 0.5 else sine,
        -cosine if (quarter == 0.25) | (quarter == 0.5) else cosine,
    )


@scalar
def mean_state(time, epoch, latitude, latitude_rate, perigee, perigee_rate, e, shift, lift):  # type: ignore[no-untyped-def]
    """Secular and long-period motion, and a first solution of Kepler's equation.

    Args:
        time: time from the scenario's start [s]
        epoch: time of the elements [s]
        latitude: mean argument of latitude at the epoch [rad]
        latitude_rate: its rate [rad/s]
        perigee: argument of perigee at the epoch [rad]
        perigee_rate: its rate [rad/s]
        e: eccentricity [-]
        shift: long-period amplitude of the argument of latitude [rad]
        lift: long-period term of the eccentricity vector across the node line [-]
    Returns:
        eccentricity vector along and across the node line, sine and cosine of the mean
        argument of latitude, eccentric minus mean argument of latitude to third order
        of the eccentricity [-, -, -, -, rad]
    Neglects:
        drag; lunar and solar gravity
    Source:
        Hoots & Roehrich 1980, Spacetrack Report 3, section 6; Vallado et al. 2006
    """
    elapsed = time - epoch
    sin_w, cos_w = sine_cosine(perigee + perigee_rate * elapsed)
    sin_u, cos_u = sine_cosine(latitude + latitude_rate * elapsed + shift * cos_w)
    along = e * cos_w
    across = e * sin_w + lift
    s = along * sin_u - across * cos_u
    c = along * cos_u + across * sin_u
    return along, across, sin_u, cos_u, s * (1.0 + c)


@scalar
def kepler_correction(difference, along, across, sin_u, cos_u):  # type: ignore[no-untyped-def]
    """One fourth-order correction of Kepler's equation in the argument of latitude.

    Args:
        difference: eccentric minus mean argument of latitude, |difference| ≤ π/4 [rad]
        along: eccentricity vector along the node line [-]
        across: eccentricity vector across the node line [-]
        sin_u: sine of the mean argument of latitude [-]
        cos_u: its cosine [-]
    Returns:
        corrected difference [rad]
    Neglects:
        the fifth order of the remaining error
    Source:
        Danby 1988, Fundamentals of Celestial Mechanics, equation 6.6.7
    """
    sin_d, cos_d = small_sine_cosine(difference)
    sin_e = sin_u * cos_d + cos_u * sin_d
    cos_e = cos_u * cos_d - sin_u * sin_d
    s = along * sin_e - across * cos_e
    c = along * cos_e + across * sin_e
    f = difference - s
    slope = 1.0 - c
    step = -f / slope
    step = -f / (slope + 0.5 * step * s)
    step = -f / (slope + step * (0.5 * s + step * c * (1.0 / 6.0)))
    return difference + step


@scalar
def radius_vector(difference, along, across, sin_u, cos_u, node, a, cos_i, sin_i):  # type: ignore[no-untyped-def]
    """Position from the solved Kepler equation, short-period terms of J2 included.

    Args:
        difference: eccentric minus mean argument of latitude [rad]
        along: eccentricity vector along the node line [-]
        across: eccentricity vector across the node line [-]
        sin_u: sine of the mean argument of latitude [-]
        cos_u: its cosine [-]
        node: right ascension of the ascending node now [rad]
        a: mean semi-major axis [m]
        cos_i: cosine of the inclination [-]
        sin_i: its sine [-]
    Returns:
        x, y, z in TEME of date [m]
    Neglects:
        terms that SGP4 neglects: J2 squared and tesseral harmonics, about 1 km
    Source:
        Hoots & Roehrich 1980, Spacetrack Report 3, section 6; Vallado et al. 2006
    """
    sin_d, cos_d = small_sine_cosine(difference)
    sin_e = sin_u * cos_d + cos_u * sin_d
    cos_e = cos_u * cos_d - sin_u * sin_d
    e_cos = along * cos_e + across * sin_e
    e_sin = along * sin_e - across * cos_e
    shape = 1.0 - (along * along + across * across)
    beta = math.sqrt(shape)
    r = 1.0 - e_cos
    h = e_sin / (1.0 + beta)
    sin_l = (sin_e - across - along * h) / r
    cos_l = (cos_e - along + across * h) / r
    sin_2l = 2.0 * sin_l * cos_l
    cos_2l = 1.0 - 2.0 * sin_l * sin_l
    radius_ratio = SGP4_RADIUS / (a * shape)
    j = 0.5 * SGP4_J2 * radius_ratio * radius_ratio
    cos2 = cos_i * cos_i
    r = a * r * (1.0 - 1.5 * j * beta * (3.0 * cos2 - 1.0)) + (
        0.5 * j * a * shape * (1.0 - cos2) * cos_2l
    )
    sin_l, cos_l = _turned(sin_l, cos_l, -0.25 * j * (7.0 * cos2 - 1.0) * sin_2l)
    sin_i, cos_i_now = _turned(sin_i, cos_i, 1.5 * j * cos_i * sin_i * cos_2l)
    sin_n, cos_n = sine_cosine(node + 1.5 * j * cos_i * sin_2l)
    across_node = cos_i_now * sin_l
    x = r * (cos_n * cos_l - sin_n * across_node)
    y = r * (sin_n * cos_l + cos_n * across_node)
    return x, y, r * sin_i * sin_l


@scalar
def _turned(sine, cosine, angle):  # type: ignore[no-untyped-def]
    """Sine and cosine after adding a small angle (below 2e-3 rad: exact to 1e-17)."""
    z = angle * angle
    s = angle * (1.0 - z * (1.0 / 6.0) * (1.0 - z * 0.05))
    c = 1.0 - z * (0.5 - z * (1.0 / 24.0))
    return sine * c + cosine * s, cosine * c - sine * s


@kernel
def propagate(table, lo, hi, time, iterations, work, x, y, z):  # type: ignore[no-untyped-def]
    """Positions of a block of satellites at one time, three loops that vectorise.

    Args:
        table: constants from `initialise` [object]
        lo: first satellite [-]
        hi: one past the last satellite, at most BLOCK more [-]
        time: time from the scenario's start [s]
        iterations: from `kepler_iterations` [-]
        work: scratch, shape (5, BLOCK) [-]
        x: receives x in TEME of date, shape (BLOCK,) [m]
        y: receives y [m]
        z: receives z [m]
    Returns:
        nothing, the positions are in x, y, z [-]
    Neglects:
        what `initialise` neglects
    Source:
        Hoots & Roehrich 1980, Spacetrack Report 3, section 6; Vallado et al. 2006
    """
    epoch = table[EPOCH, lo:hi]
    latitude = table[LATITUDE, lo:hi]
    latitude_rate = table[LATITUDE_RATE, lo:hi]
    perigee = table[PERIGEE, lo:hi]
    perigee_rate = table[PERIGEE_RATE, lo:hi]
    node = table[NODE, lo:hi]
    node_rate = table[NODE_RATE, lo:hi]
    e = table[ECCENTRICITY, lo:hi]
    shift = table[LONG_PERIOD_LATITUDE, lo:hi]
    lift = table[LONG_PERIOD_ECCENTRICITY, lo:hi]
    a = table[SEMI_MAJOR_AXIS, lo:hi]
    cos_i = table[COS_INCLINATION, lo:hi]
    sin_i = table[SIN_INCLINATION, lo:hi]
    along, across, sin_u, cos_u, difference = work[0], work[1], work[2], work[3], work[4]
    for j in range(hi - lo):
        along[j], across[j], sin_u[j], cos_u[j], difference[j] = mean_state(
            time,
            epoch[j],
            latitude[j],
            latitude_rate[j],
            perigee[j],
            perigee_rate[j],
            e[j],
            shift[j],
            lift[j],
        )
    for _ in range(iterations):
        for j in range(hi - lo):
            difference[j] = kepler_correction(
                difference[j], along[j], across[j], sin_u[j], cos_u[j]
            )
    for j in range(hi - lo):
        x[j], y[j], z[j] = radius_vector(
            difference[j],
            along[j],
            across[j],
            sin_u[j],
            cos_u[j],
            node[j] + node_rate[j] * (time - epoch[j]),
            a[j],
            cos_i[j],
            sin_i[j],
        )


@scalar
def position(table, i, time, iterations):  # type: ignore[no-untyped-def]
    """Position of one satellite at one time, the same to the bit as `propagate`.

    Args:
        table: constants from `initialise` [object]
        i: satellite [-]
        time: time from the scenario's start [s]
        iterations: from `kepler_iterations` [-]
    Returns:
        x, y, z in TEME of date [m]
    Neglects:
        what `initialise` neglects
    Source:
        Hoots & Roehrich 1980, Spacetrack Report 3, section 6; Vallado et al. 2006
    """
    along, across, sin_u, cos_u, difference = mean_state(
        time,
        table[EPOCH, i],
        table[LATITUDE, i],
        table[LATITUDE_RATE, i],
        table[PERIGEE, i],
        table[PERIGEE_RATE, i],
        table[ECCENTRICITY, i],
        table[LONG_PERIOD_LATITUDE, i],
        table[LONG_PERIOD_ECCENTRICITY, i],
    )
    for _ in range(iterations):
        difference = kepler_correction(difference, along, across, sin_u, cos_u)
    return radius_vector(
        difference,
        along,
        across,
        sin_u,
        cos_u,
        table[NODE, i] + table[NODE_RATE, i] * (time - table[EPOCH, i]),
        table[SEMI_MAJOR_AXIS, i],
        table[COS_INCLINATION, i],
        table[SIN_INCLINATION, i],
    )


def fastest_rate(table: Array) -> float:
    """Fastest motion around the Earth in the fleet, at the lowest perigee.

    Args:
        table: constants from `initialise` [object]
    Returns:
        largest angular rate [rad/s]
    Neglects:
        periodic terms of J2, 0.2 %
    Source:
        conservation of angular momentum, n (1 + e)² / (1 − e²)^1.5
    """
    e = table[ECCENTRICITY]
    rate = table[LATITUDE_RATE] * (1.0 + e) ** 2 / (1.0 - e * e) ** 1.5
    return float(np.max(rate, initial=0.0))
