"""Close approaches: probability of collision, how often to dodge, and what risk then remains."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

Array = NDArray[np.float64]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)
_SPREADS = np.array([-32.0, -16.0, -8.0, -4.0, -2.0, -1.0, 0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0])
_FLOOR = 1e-4


def encounter_plane(
    position: ArrayLike, velocity: ArrayLike, covariance: ArrayLike
) -> tuple[Array, Array]:
    """Miss and spread in the plane across the relative velocity, along the ellipse's axes.

    Args:
        position: of one object from the other near closest approach, shape (n, 3) [m]
        velocity: of that object from the other, shape (n, 3) [m/s]
        covariance: sum of both objects' covariances of position, shape (n, 3, 3) [m²]
    Returns:
        miss along both axes, shape (n, 2), and variances there, ascending, shape (n, 2) [m, m²]
    Raises:
        ValueError: a relative speed of zero, or a covariance with a negative variance
    Neglects:
        acceleration during the encounter: fails below about 10 m/s of relative speed
    Source:
        Foster & Estes 1992, NASA JSC-25898; a state that is not quite at closest approach is
        projected onto the plane, as NASA's CARA tools do by moving both objects to it
    """
    position = np.atleast_2d(np.asarray(position, dtype=np.float64))
    velocity = np.atleast_2d(np.asarray(velocity, dtype=np.float64))
    covariance = np.asarray(covariance, dtype=np.float64).reshape(-1, 3, 3)
    speed = np.linalg.norm(velocity, axis=1, keepdims=True)
    if not np.all(speed > 0.0):
        raise ValueError("relative speed is zero; two-dimensional probability needs it above 0")
    along = velocity / speed
    helper = np.eye(3)[np.argmin(np.abs(along), axis=1)]
    first = np.cross(along, helper)
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    basis = np.stack((first, np.cross(along, first)), axis=1)
    plane = basis @ covariance @ np.swapaxes(basis, 1, 2)
    variance, axes = np.linalg.eigh(0.5 * (plane + np.swapaxes(plane, 1, 2)))
    if np.any(variance[:, 0] < -1e-9 * variance[:, 1]) or not np.all(np.isfinite(variance)):
        raise ValueError(
            f"covariance has variance {variance.min():g} m² across the relative velocity;"
            " allowed: none below 0"
        )
    miss = np.einsum("nji,njk,nk->ni", axes, basis, position)
    return miss, variance


def collision_probability(
    position: ArrayLike, velocity: ArrayLike, covariance: ArrayLike, radius: ArrayLike
) -> Array:
    """Probability that two objects on straight tracks meet (two-dimensional).

    The density over a circle of the combined radius: the narrow axis in closed form, the wide
    one by Gauss-Legendre on panels that end where the density changes.

    Args:
        position: of one object from the other near closest approach, shape (n, 3) [m]
        velocity: of that object from the other, shape (n, 3) [m/s]
        covariance: sum of both objects' covariances of position, shape (n, 3, 3) [m²]
        radius: sum of both objects' radii, one or n [m]
    Returns:
        probability of one encounter, shape (n,) [-]
    Raises:
        ValueError: a radius that is not above 0, or what `encounter_plane` refuses
    Neglects:
        curved tracks and uncertain velocity (NASA marks 29 of its 53 cases for them);
        a spread below 1e-4 of the radius is taken as that
    Source:
        Foster & Estes 1992, NASA JSC-25898; Elrod 2019, doctoral thesis, University of
        Colorado
    """
    miss, variance = encounter_plane(position, velocity, covariance)
    reach = np.broadcast_to(np.asarray(radius, dtype=np.float64), miss.shape[:1])
    if not np.all((reach > 0.0) & np.isfinite(reach)):
        raise ValueError(f"combined radius is {reach.min():g} m; allowed: above 0")
    spread = np.maximum(np.sqrt(np.maximum(variance, 0.0)), _FLOOR * reach[:, None])
    narrow, wide = (axis[:, None] for axis in (spread / reach[:, None]).T)
    middle, centre = (axis[:, None] for axis in (miss / reach[:, None]).T)

    # panels in the angle whose sine is the wide coordinate, so that the circle's ends are smooth
    inner = centre + wide * _SPREADS
    slope = wide**2 / np.maximum(np.abs(centre), wide)
    edges = np.concatenate(
        (-1.0 + slope * 4.0 ** np.arange(6), 1.0 - slope * 4.0 ** np.arange(6)), 1
    )
    tangents = np.concatenate((middle + narrow * _SPREADS, -middle - narrow * _SPREADS), axis=1)
    sides = np.sqrt(np.maximum(1.0 - tangents**2, 0.0))
    cuts = np.concatenate((inner, edges, sides, -sides), axis=1)
    even = np.broadcast_to(np.linspace(-0.5, 0.5, 9) * np.pi, (miss.shape[0], 9))
    cuts = np.sort(np.concatenate((even, np.arcsin(np.clip(cuts, -1.0, 1.0))), axis=1), axis=1)
    half = 0.5 * np.diff(cuts, axis=1)[:, :, None]
    angle = 0.5 * (cuts[:, 1:] + cuts[:, :-1])[:, :, None] + half * _NODES
    height = np.cos(angle)
    z = (np.sin(angle) - centre[:, :, None]) / wide[:, :, None]
    # on the side where the normal integral keeps its digits
    offset = np.abs(middle)[:, :, None]
    inside = ndtr((height - offset) / narrow[:, :, None]) - ndtr(
        (-height - offset) / narrow[:, :, None]
    )
    density = np.exp(-0.5 * z * z) / (np.sqrt(2.0 * np.pi) * wide[:, :, None])
    return np.sum(half * _WEIGHTS * density * inside * height, axis=(1, 2))


def peak_probability(radius: ArrayLike, wide: ArrayLike, narrow: ArrayLike) -> Array:
    """Probability of collision of an encounter predicted to hit in the middle.

    Args:
        radius: sum of both objects' radii [m]
        wide: standard deviation along the long axis of the encounter plane [m]
        narrow: standard deviation along the short axis [m]
    Returns:
        probability, to be compared with a threshold [-]
    Raises:
        ValueError: a length that is not above 0, or a radius above a third of the short axis
    Neglects:
        the density's change over the circle, below 3 % at a third of the short axis
    Source:
        Foster & Estes 1992 with a small circle: π·r²/(2π·σ₁·σ₂)
    """
    radius, wide, narrow = (np.asarray(each, dtype=np.float64) for each in (radius, wide, narrow))
    if not all(np.all(each > 0.0) for each in (radius, wide, narrow)):
        raise ValueError("radius and both standard deviations must be above 0 m")
    if np.any(radius > np.minimum(wide, narrow) / 3.0):
        raise ValueError(
            f"radius {radius.max():g} m against a spread of {narrow.min():g} m; allowed:"
            " up to a third of the spread"
        )
    return np.asarray(radius * radius / (2.0 * wide * narrow))


def avoidance_rate(
    flux: ArrayLike, radius: ArrayLike, wide: ArrayLike, narrow: ArrayLike, threshold: ArrayLike
) -> Array:
    """Encounters whose probability of collision exceeds a threshold: manoeuvres to fly.

    Predicted misses spread evenly over the encounter plane; those inside the ellipse where
    the probability exceeds the threshold call for one.

    Args:
        flux: of tracked objects through a plane across their velocity [1/m²/s]
        radius: sum of both objects' radii [m]
        wide: standard deviation of the predicted miss, long axis, at the decision [m]
        narrow: standard deviation, short axis [m]
        threshold: probability above which the satellite moves, 0 to 1 [-]
    Returns:
        manoeuvres of a satellite, 0 where no encounter reaches the threshold [1/s]
    Raises:
        ValueError: a negative flux, a threshold outside 0 to 1, or a radius or spread that
            `peak_probability` refuses
    Neglects:
        encounters inside one fleet that the operator phases apart; spreads that differ from
        encounter to encounter; repeated messages on one encounter. Long-axis spreads are
        rarely published: fit σ₁·σ₂ with `spread_of_rate` to a known fleet
    Source:
        area of the ellipse, 2π·σ₁·σ₂·ln(peak/threshold); 207,152 manoeuvres of about 10,400
        Starlink satellites in half a year at 3e-7 are 40 a satellite and year
    """
    peak = peak_probability(radius, wide, narrow)
    flux, threshold = _flux(flux), _threshold(threshold)
    area = 2.0 * np.pi * np.asarray(wide) * np.asarray(narrow)
    return np.asarray(flux * area * np.log(np.maximum(peak / threshold, 1.0)))


def spread_of_rate(flux: float, radius: float, threshold: float, rate: float) -> float:
    """Product of both standard deviations that a known rate of manoeuvres tells.

    Args:
        flux: of tracked objects through a plane across their velocity [1/m²/s]
        radius: sum of both objects' radii [m]
        threshold: probability above which the satellite moved, 0 to 1 [-]
        rate: manoeuvres of a satellite [1/s]
    Returns:
        σ₁·σ₂, the smaller of two solutions: good orbit determination [m²]
    Raises:
        ValueError: a rate above what this flux and threshold allow, or numbers outside their range
    Neglects:
        as `avoidance_rate`
    Source:
        inverse of `avoidance_rate`; x·ln(a/x) rises from 0 to its top at x = a/e
    """
    if not (radius > 0.0 and rate > 0.0 and flux > 0.0):
        raise ValueError("flux, radius and rate must be above 0")
    flux, threshold = float(_flux(flux)), float(_threshold(threshold))
    ceiling = 0.5 * radius**2 / threshold
    top = 2.0 * np.pi * flux * ceiling / np.e
    if rate > top:
        raise ValueError(
            f"rate {rate:g} /s is above {top:g} /s, the most that this flux, radius and"
            " threshold allow"
        )
    low, high = 0.0, ceiling / np.e
    for _ in range(200):
        middle = 0.5 * (low + high)
        if 2.0 * np.pi * flux * middle * np.log(ceiling / middle) < rate:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def residual_collision_rate(
    flux: ArrayLike, radius: ArrayLike, wide: ArrayLike, narrow: ArrayLike, threshold: ArrayLike
) -> Array:
    """Collisions with tracked objects that a satellite leaves to chance below its threshold.

    Args:
        flux: of tracked objects through a plane across their velocity [1/m²/s]
        radius: sum of both objects' radii [m]
        wide: standard deviation of the predicted miss, long axis [m]
        narrow: standard deviation, short axis [m]
        threshold: probability above which the satellite moves, 1 for never [-]
    Returns:
        collisions of a satellite [1/s]
    Raises:
        ValueError: as `avoidance_rate`
    Neglects:
        manoeuvres that fail or meet another object; objects that nobody tracks
    Source:
        integral of the probability outside the ellipse of `avoidance_rate`:
        flux·2π·σ₁·σ₂·threshold, at most flux·π·r²
    """
    peak = peak_probability(radius, wide, narrow)
    flux, threshold = _flux(flux), _threshold(threshold)
    area = 2.0 * np.pi * np.asarray(wide) * np.asarray(narrow)
    return np.asarray(flux * area * np.minimum(threshold, peak))


def avoidance_delta_v(rate: ArrayLike, displacement: ArrayLike, lead: ArrayLike) -> Array:
    """Velocity change a second that avoidance takes: along the track, early.

    Args:
        rate: manoeuvres [1/s]
        displacement: by which each moves the satellite along its track [m]
        lead: time from manoeuvre to encounter, an orbit or more [s]
    Returns:
        velocity change a second of operation, the return included [m/s²]
    Raises:
        ValueError: a negative rate or displacement, or a lead that is not above 0
    Neglects:
        the periodic part of the shift, up to 4/(3·n·lead) of it; drag during the lead
    Source:
        Clohessy–Wiltshire: drift of 3·Δv·lead along the track; 0.01 to 0.05 m/s a year
        (Jones' thesis)
    """
    rate, displacement, lead = (np.asarray(each, float) for each in (rate, displacement, lead))
    if np.any(rate < 0.0) or np.any(displacement < 0.0) or not np.all(lead > 0.0):
        raise ValueError("rate and displacement must be at least 0 and lead above 0 s")
    return np.asarray(2.0 * rate * displacement / (3.0 * lead))


def _flux(flux: ArrayLike) -> Array:
    flux = np.asarray(flux, dtype=np.float64)
    if not np.all((flux >= 0.0) & np.isfinite(flux)):
        raise ValueError(f"flux is {np.min(flux):g} /m²/s; allowed: 0 and above")
    return flux


def _threshold(threshold: ArrayLike) -> Array:
    threshold = np.asarray(threshold, dtype=np.float64)
    if not np.all((threshold > 0.0) & (threshold <= 1.0)):
        raise ValueError(
            f"threshold is {threshold.max():g}; allowed: above 0 and up to 1 (3e-7 to 1e-4 in use)"
        )
    return threshold
