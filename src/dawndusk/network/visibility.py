"""Who sees whom: lines between satellites over an oblate Earth, satellites over a horizon."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dawndusk.compiled import kernel
from dawndusk.constants import EARTH_FLATTENING, EARTH_RADIUS

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]

_CELLS = 24
"""Cells an axis of the grid of directions: a cap of 10° to 20° spans three to seven of them."""

_PAIRS = 64
"""Satellites in view of a site for which there is room at first."""


def clear_range(radius: float, height: float) -> float:
    """Longest line that clears the Earth wherever its two ends stand.

    Args:
        radius: distance of the lower satellite from the Earth's centre [m]
        height: grazing height over the ellipsoid that a line must keep [m]
    Returns:
        length up to which no line is blocked, 0 when the satellite itself is too low [m]
    Neglects:
        flattening, which only lowers the limb: over the poles longer lines are clear too
    Source:
        two tangents to a sphere of the raised equatorial radius
    """
    return 2.0 * math.sqrt(max(radius**2 - (EARTH_RADIUS + height) ** 2, 0.0))


@kernel
def _line_of_sight(position, edges, across, pole, length, clear):  # type: ignore[no-untyped-def]
    """Length and clearance of each edge, in the space where the raised Earth is a sphere."""
    stretch = across / pole
    limit = across * across
    for k in range(edges.shape[0]):
        i, j = edges[k, 0], edges[k, 1]
        x, y, z = position[i, 0], position[i, 1], position[i, 2]
        dx, dy, dz = position[j, 0] - x, position[j, 1] - y, position[j, 2] - z
        length[k] = math.sqrt(dx * dx + dy * dy + dz * dz)
        z, dz = z * stretch, dz * stretch
        along = dx * dx + dy * dy + dz * dz
        share = -(x * dx + y * dy + z * dz) / along if along > 0.0 else 0.0
        share = min(max(share, 0.0), 1.0)
        x, y, z = x + share * dx, y + share * dy, z + share * dz
        clear[k] = x * x + y * y + z * z >= limit


def line_of_sight(position: Array, edges: Indices, height: float) -> tuple[Array, Flags]:
    """Length of straight lines between satellites, and whether each clears the Earth.

    Args:
        position: of the satellites, TEME or Earth-fixed (z through the pole), shape (n, 3) [m]
        edges: pairs of satellites, shape (E, 2) [-]
        height: grazing height over the ellipsoid that a line must keep [m]
    Returns:
        lengths [m] and whether the whole line stays above the grazing height [-], shape (E,)
    Neglects:
        refraction (a line that grazes at 80 km bends by less than 1 µrad); the surface at
        a height is taken for the ellipsoid with both half-axes longer by it, which lies at
        most 0.1 m lower at 80 km; terrain, far below any useful grazing height
    Source:
        nearest point of a segment to a sphere after the affine map z·(a + h)/(b + h)
    """
    across = EARTH_RADIUS + height
    pole = EARTH_RADIUS * (1.0 - EARTH_FLATTENING) + height
    length = np.empty(len(edges))
    clear = np.empty(len(edges), dtype=np.bool_)
    _line_of_sight(position, edges, across, pole, length, clear)
    return length, clear


def zenith(latitude: ArrayLike, longitude: ArrayLike) -> Array:
    """Direction straight up, normal to the ellipsoid.

    Args:
        latitude: geodetic [rad]
        longitude: east positive [rad]
    Returns:
        Earth-fixed unit vectors, shape (..., 3) [-]
    Neglects:
        deflection of the vertical by mountains, at most 0.3 mrad
    Source:
        Vallado, Fundamentals of Astrodynamics and Applications (4th ed.), section 3.2
    """
    cosine = np.cos(latitude)
    return np.stack(
        np.broadcast_arrays(
            cosine * np.cos(longitude), cosine * np.sin(longitude), np.sin(latitude)
        ),
        axis=-1,
    )


@kernel
def _cells(satellite, first, member):  # type: ignore[no-untyped-def]
    """Sort satellites into a grid of directions; give the largest distance from the centre."""
    n = satellite.shape[0]
    cell = np.empty(n, dtype=np.int64)
    farthest = 0.0
    first[:] = 0
    for j in range(n):
        x, y, z = satellite[j, 0], satellite[j, 1], satellite[j, 2]
        r = math.sqrt(x * x + y * y + z * z)
        farthest = max(farthest, r)
        half = 0.5 * _CELLS / r
        a = min(int(x * half + 0.5 * _CELLS), _CELLS - 1)
        b = min(int(y * half + 0.5 * _CELLS), _CELLS - 1)
        c = min(int(z * half + 0.5 * _CELLS), _CELLS - 1)
        cell[j] = (a * _CELLS + b) * _CELLS + c
        first[cell[j] + 1] += 1
    for k in range(first.size - 1):
        first[k + 1] += first[k]
    place = first[:-1].copy()
    for j in range(n):
        member[place[cell[j]]] = j
        place[cell[j]] += 1
    return farthest


@kernel
def _in_view(site, up, satellite, mask, max_range, first, member, farthest, pairs, values):  # type: ignore[no-untyped-def]
    """Count the pairs above the mask and write down those for which there is room.

    Site by site, over the cells that the cap touches in which the site sees the farthest
    satellite at its mask.
    """
    half = 0.5 * _CELLS
    found = 0
    for i in range(site.shape[0]):
        x, y, z = site[i, 0], site[i, 1], site[i, 2]
        radius = math.sqrt(x * x + y * y + z * z)
        # geocentric and geodetic zenith differ by less than the flattening
        low = mask[i] - EARTH_FLATTENING
        cap = math.acos(min(radius * math.cos(low) / farthest, 1.0)) - low
        chord = 2.0 * math.sin(0.5 * min(max(cap, 0.0), math.pi)) + 1e-9
        x0 = max(int((x / radius - chord) * half + half), 0)
        x1 = min(int((x / radius + chord) * half + half), _CELLS - 1)
        y0 = max(int((y / radius - chord) * half + half), 0)
        y1 = min(int((y / radius + chord) * half + half), _CELLS - 1)
        z0 = max(int((z / radius - chord) * half + half), 0)
        z1 = min(int((z / radius + chord) * half + half), _CELLS - 1)
        sine = math.sin(mask[i])
        for column in range((x1 - x0 + 1) * (y1 - y0 + 1)):
            a, b = x0 + column // (y1 - y0 + 1), y0 + column % (y1 - y0 + 1)
            row = (a * _CELLS + b) * _CELLS
            for k in range(first[row + z0], first[row + z1 + 1]):
                j = member[k]
                dx, dy, dz = satellite[j, 0] - x, satellite[j, 1] - y, satellite[j, 2] - z
                d = math.sqrt(dx * dx + dy * dy + dz * dz)
                over = up[i, 0] * dx + up[i, 1] * dy + up[i, 2] * dz
                if over < sine * d or d > max_range[i]:
                    continue
                if found < pairs.shape[1]:
                    pairs[0, found], pairs[1, found] = i, j
                    values[0, found], values[1, found] = d, math.asin(min(over / d, 1.0))
                found += 1
    return found


def elevation_range(
    site: Array, up: Array, satellite: Array, mask: ArrayLike, max_range: ArrayLike = np.inf
) -> tuple[Indices, Indices, Array, Array]:
    """Satellites that stand above the mask of each site on the ground, within its range.

    Args:
        site: Earth-fixed positions of G sites, shape (G, 3) [m]
        up: their directions straight up, from `zenith`, shape (G, 3) [-]
        satellite: Earth-fixed positions of n satellites, shape (n, 3) [m]
        mask: lowest elevation, one for all or shape (G,) [rad]
        max_range: longest line of sight, one for all or shape (G,) [m]
    Returns:
        site [-], satellite [-], range [m] and elevation [rad] of every pair in view, ordered
        by site and then by satellite
    Raises:
        ValueError: when a mask lies outside −30° to 90°
    Neglects:
        refraction (0.5° on the horizon, 0.1° at 10° elevation) and the skyline
    Source:
        Vallado, Fundamentals of Astrodynamics and Applications (4th ed.), algorithm 27; a
        site visits only cells of direction that its cap touches, so its cost goes with
        the satellites near it
    """
    sites = len(site)
    masks = np.broadcast_to(np.asarray(mask, dtype=np.float64), (sites,))
    wrong = ~((masks >= -math.pi / 6.0) & (masks <= math.pi / 2.0))
    if wrong.any():
        k = int(np.argmax(wrong))
        raise ValueError(
            f"elevation mask of site {k} = {math.degrees(masks[k]):g}°: must lie between −30°"
            " and 90°"
        )
    if not len(satellite):
        none = np.empty(0, dtype=np.int64)
        return none, none.copy(), np.empty(0), np.empty(0)
    ranges = np.broadcast_to(np.asarray(max_range, dtype=np.float64), (sites,))
    first = np.empty(_CELLS**3 + 1, dtype=np.int64)
    member = np.empty(len(satellite), dtype=np.int64)
    farthest = _cells(satellite, first, member)
    found, room = _PAIRS * sites + len(satellite), 0
    while found > room:
        room = found
        pairs, values = np.empty((2, room), dtype=np.int64), np.empty((2, room))
        found = _in_view(site, up, satellite, masks, ranges, first, member, farthest, pairs, values)
    order = np.argsort(pairs[0, :found] * len(satellite) + pairs[1, :found], kind="stable")
    return pairs[0, order], pairs[1, order], values[0, order], values[1, order]
