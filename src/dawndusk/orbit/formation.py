"""Formation flight in one orbital plane: relative ellipses and the mean elements that keep them.

All satellites share the mean semi-major axis, inclination and node of a reference orbit and
differ in the eccentricity vector. Each then runs, once a revolution, round an ellipse about
its own centre that is twice as long along the track as it is high, and none drifts away.
In the *scaled plane* (along-track, 2 × radial) these ellipses are circles and the whole
formation turns like a rigid disc: a lattice keeps its shape.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

Array = NDArray[np.float64]

PATTERNS = ("square", "hexagonal")
"""Lattices of the scaled plane."""

REFERENCE_ECCENTRICITY = 1e-6
"""Mean eccentricity of the reference orbit [-]: the smallest that SGP4 propagates."""


def lattice(
    radius: float, spacing: float, pattern: str = "square", ratio: float = 2.0
) -> tuple[Array, Array]:
    """Regular lattice in the scaled plane, cut to a disc, at the moment of reference.

    With the defaults of the published cluster (1 km, 200 m, square) it holds 81 satellites.
    A square lattice holds about π·(radius/spacing)² satellites, a hexagonal one 15 % more
    that come no closer: half of the spacing, twice a revolution.

    Args:
        radius: largest scaled distance, which is the largest along-track offset [m]
        spacing: lattice constant in the scaled plane; direct neighbours move between half
            of it and all of it [m]
        pattern: "square" or "hexagonal" [-]
        ratio: along-track extent over radial extent at that moment; at 2, the ratio of every
            drift-free ellipse, the pattern keeps its shape, at any other it is sheared [-]
    Returns:
        along-track and radial offsets, each of shape (n,), the centre included [m]
    Raises:
        ValueError: when radius, spacing or ratio is not positive, the spacing exceeds the
            radius or the pattern is unknown
    Neglects:
        out-of-plane offsets: the formation is flat, in the orbital plane. With a ratio below
        2 satellites move farther along the track than `radius`, up to 2/ratio times it
    Source:
        Suncatcher, arXiv 2511.19468, illustrative cluster of 81 satellites; the lattice
        (i·d, j·d), i² + j² ≤ (R/d)², is the one that reproduces its stated distances.
        Hexagonal: Conway & Sloane, Sphere Packings, Lattices and Groups (1999), lattice A2
    """
    if not 0.0 < spacing <= radius:
        raise ValueError(
            f"spacing = {spacing:g} m, radius = {radius:g} m: the spacing must be positive and"
            " not larger than the radius"
        )
    if pattern not in PATTERNS:
        raise ValueError(f'pattern = "{pattern}": must be one of {", ".join(PATTERNS)}')
    if not 0.0 < ratio < np.inf:
        raise ValueError(f"ratio = {ratio:g}: must be positive, 2 for a drift-free ellipse")
    reach = radius / spacing * (1.0 + 1e-12)
    steps = int(1.2 * reach) + 1
    line = np.arange(-steps, steps + 1, dtype=np.float64)
    i, j = (grid.ravel() for grid in np.meshgrid(line, line, indexing="ij"))
    if pattern == "hexagonal":
        i, j = i + 0.5 * (j % 2.0), j * np.sqrt(0.75)
    inside = i**2 + j**2 <= reach**2
    return i[inside] * spacing, j[inside] * spacing / ratio


def neighbours(along_track: ArrayLike, radial: ArrayLike, within: float) -> NDArray[np.int64]:
    """Pairs that stay together: those close to each other in the scaled plane.

    Scaled distance does not change over a revolution; the distance in space moves between
    half of it and all of it. `within` = spacing gives the direct neighbours of a square
    lattice, √2 × spacing adds the diagonal ones, both to a millionth.

    Args:
        along_track: offset along the reference orbit's arc, shape (n,) [m]
        radial: offset outward, shape (n,) [m]
        within: largest scaled distance [m]
    Returns:
        first and second satellite of each pair, first < second, ascending, shape (m, 2) [-]
    Neglects:
        out-of-plane offsets, as `lattice`
    Source:
        Clohessy & Wiltshire, J. Aerospace Sciences 27, 653 (1960), drift-free solution
    """
    scaled = np.column_stack((np.ravel(along_track), 2.0 * np.ravel(radial)))
    pairs = cKDTree(scaled).query_pairs(within * (1.0 + 1e-6), output_type="ndarray")
    pairs = np.sort(pairs.astype(np.int64), axis=1)
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]


def mean_elements(
    along_track: ArrayLike,
    radial: ArrayLike,
    semi_major_axis: float,
    argument_of_latitude: float = 0.0,
    centre: ArrayLike = 0.0,
) -> tuple[Array, Array, Array]:
    """Mean elements of drift-free satellites that stand at given offsets at one moment.

    The reference orbit has mean eccentricity 1e-6 with the perigee at the ascending node:
    SGP4 replaces anything rounder by that, which would push a satellite with zero
    eccentricity 7 m off its place in the formation.

    Args:
        along_track: offset along the reference orbit's arc, forward positive [m]
        radial: offset outward [m]
        semi_major_axis: mean semi-major axis shared with the reference orbit [m]
        argument_of_latitude: mean one of the reference orbit at that moment [rad]
        centre: along-track place of the centre of each satellite's ellipse [m]
    Returns:
        eccentricity [-], argument of perigee [rad] and mean anomaly [rad]
    Neglects:
        the second order in the offset δ: δ²/a, 0.14 m at 1 km and 14 m at 10 km, and the
        drift of e² in J2's rates (0.5 mm an orbit at 1 km, 1.3 m at 50 km). A satellite
        that happens to lie within 7 m of zero eccentricity (lattices finer than 28 m) is
        held at 1e-6 by SGP4
    Source:
        Clohessy & Wiltshire, J. Aerospace Sciences 27, 653 (1960), drift-free solution;
        D'Amico & Montenbruck, J. Guidance 29, 587 (2006): relative eccentricity vector
    """
    along = np.asarray(along_track, dtype=np.float64) - np.asarray(centre, dtype=np.float64)
    outward = np.asarray(radial, dtype=np.float64)
    latitude = argument_of_latitude + np.asarray(centre, dtype=np.float64) / semi_major_axis
    cosine, sine = np.cos(latitude), np.sin(latitude)
    e_cosine = REFERENCE_ECCENTRICITY + (sine * along / 2.0 - cosine * outward) / semi_major_axis
    e_sine = -(cosine * along / 2.0 + sine * outward) / semi_major_axis
    perigee = np.arctan2(e_sine, e_cosine)
    turn = 2.0 * np.pi
    eccentricity = np.asarray(np.hypot(e_cosine, e_sine), dtype=np.float64)
    return eccentricity, perigee % turn, (latitude - perigee) % turn


def offsets(
    eccentricity: ArrayLike,
    argument_of_perigee: ArrayLike,
    mean_anomaly: ArrayLike,
    semi_major_axis: float,
    argument_of_latitude: float = 0.0,
) -> tuple[Array, Array]:
    """Offsets from the reference orbit that mean elements stand for (inverse of the above).

    Args:
        eccentricity: mean eccentricity [-]
        argument_of_perigee: mean argument of perigee [rad]
        mean_anomaly: mean anomaly [rad]
        semi_major_axis: mean semi-major axis shared with the reference orbit [m]
        argument_of_latitude: mean one of the reference orbit at that moment [rad]
    Returns:
        along-track and radial offsets [m]
    Neglects:
        the second order in eccentricity, e²·a (0.04 m for a 1 km cluster)
    Source:
        as `mean_elements`
    """
    e = np.asarray(eccentricity, dtype=np.float64)
    perigee = np.asarray(argument_of_perigee, dtype=np.float64)
    latitude = perigee + np.asarray(mean_anomaly, dtype=np.float64)
    e_cosine = e * np.cos(perigee) - REFERENCE_ECCENTRICITY
    e_sine = e * np.sin(perigee)
    ahead = np.remainder(latitude - argument_of_latitude + np.pi, 2.0 * np.pi) - np.pi
    cosine, sine = np.cos(latitude), np.sin(latitude)
    return (
        semi_major_axis * (ahead + 2.0 * (e_cosine * sine - e_sine * cosine)),
        -semi_major_axis * (e_cosine * cosine + e_sine * sine),
    )


def curvilinear(position: Array, reference_position: Array, reference_velocity: Array) -> Array:
    """Place relative to a reference satellite in curved orbital coordinates.

    Curved coordinates follow the arc, so the y²/2a sag of straight ones (0.07 m at 1 km)
    does not pass for a radial offset.

    Args:
        position: inertial positions, shape (..., 3) [m]
        reference_position: inertial position of the reference, shape (..., 3) [m]
        reference_velocity: inertial velocity of the reference, shape (..., 3) [m/s]
    Returns:
        radial, along-track and cross-track offsets, shape (..., 3) [m]
    Neglects:
        nothing: an exact change of coordinates
    Source:
        Alfriend et al., Spacecraft Formation Flying (2010), section 5.1: curvilinear frame
    """
    distance = np.linalg.norm(reference_position, axis=-1, keepdims=True)
    outward = reference_position / distance
    normal = np.cross(reference_position, reference_velocity)
    normal = normal / np.linalg.norm(normal, axis=-1, keepdims=True)
    forward = np.cross(normal, outward)
    x, y, z = (np.sum(position * axis, axis=-1) for axis in (outward, forward, normal))
    r = distance[..., 0]
    return np.stack(
        (
            np.sqrt(x**2 + y**2 + z**2) - r,
            r * np.arctan2(y, x),
            r * np.arctan2(z, np.hypot(x, y)),
        ),
        axis=-1,
    )
