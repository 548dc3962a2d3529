"""A close cluster seen from its own centre: who flies where, and how close neighbours come."""

from typing import Any

import numpy as np
import xarray as xr

from dawndusk.constants import EARTH_FLATTENING, EARTH_RADIUS
from dawndusk.report.charts import Chart, Line, charts
from dawndusk.report.maps import NAMES, pack, sampled

SIDEREAL_RATE = 7.292115e-5
"""Rotation of the Earth [rad/s], IERS Conventions 2010."""

EXTENT = 30_000.0
"""A cluster reaches no further than this from its centre [m]."""


def formation(series: xr.Dataset) -> dict[str, Any] | None:
    """Payload of the formation view, None unless several satellites stay close together.

    Positions along the track, outward and across it travel as int16 metres, time-major.
    """
    part = sampled(series)
    if part is None or part.sizes["satellite"] < 3 or part.sizes["time"] < 3:
        return None
    position = cartesian(part)
    if not np.isfinite(position).all():
        return None
    local = relative(position, np.asarray(part["time"], dtype=np.float64))
    reach = np.sqrt((local**2).sum(axis=2)).max()
    if reach > EXTENT:
        return None
    near = nearest(position)
    spacing = xr.Dataset(
        {
            "closest": ("time", near.min(axis=1)),
            "median": ("time", np.median(near, axis=1)),
            "loneliest": ("time", near.max(axis=1)),
        },
        coords={"time": part["time"].values},
    )
    chart = Chart(
        "Distance to the nearest neighbour",
        "m",
        "Over the satellites of the formation.",
        lines=(
            Line("closest", "smallest", "hot"),
            Line("median", "median", "orbit"),
            Line("loneliest", "largest", "quiet"),
        ),
        limits=(0.0, None),
    )
    return {
        "reach": round(float(reach), 1),
        "local": pack(local, "<i2"),
        "charts": charts(spacing, chosen=[chart]),
    }


def cartesian(part: xr.Dataset) -> np.ndarray:
    """Earth-fixed positions from geodetic coordinates [m], shape (time, satellite, 3)."""
    latitude, longitude, altitude = (
        part[name].transpose("time", "satellite").values.astype(np.float64) for name in NAMES
    )
    phi, lam = np.deg2rad(latitude), np.deg2rad(longitude)
    flat = EARTH_FLATTENING * (2.0 - EARTH_FLATTENING)
    normal = EARTH_RADIUS / np.sqrt(1.0 - flat * np.sin(phi) ** 2)
    return np.stack(
        [
            (normal + altitude) * np.cos(phi) * np.cos(lam),
            (normal + altitude) * np.cos(phi) * np.sin(lam),
            (normal * (1.0 - flat) + altitude) * np.sin(phi),
        ],
        axis=-1,
    )


def relative(position: np.ndarray, time: np.ndarray) -> np.ndarray:
    """Offsets from the centre along the track, outward and across [m], shape (k, n, 3)."""
    turn = SIDEREAL_RATE * (time - time[0])
    cos, sin = np.cos(turn)[:, None], np.sin(turn)[:, None]
    x, y = position[..., 0], position[..., 1]
    inertial = np.stack([cos * x - sin * y, sin * x + cos * y, position[..., 2]], axis=-1)
    centre = inertial.mean(axis=1)
    outward = centre / np.linalg.norm(centre, axis=1, keepdims=True)
    ahead = np.vstack([outward[1:], outward[-1:]])
    behind = np.vstack([outward[:1], outward[:-1]])
    across = np.cross(behind, ahead)
    across -= (across * outward).sum(axis=1, keepdims=True) * outward
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    along = np.cross(across, outward)
    frame = np.stack([along, outward, across], axis=1)
    return np.einsum("kij,knj->kni", frame, inertial - centre[:, None, :])


def nearest(position: np.ndarray) -> np.ndarray:
    """Distance of each satellite to its nearest neighbour [m], shape (time, satellite)."""
    found = np.empty(position.shape[:2])
    for k, points in enumerate(position):
        gap = np.linalg.norm(points[:, None, :] - points[None, :, :], axis=2)
        np.fill_diagonal(gap, np.inf)
        found[k] = gap.min(axis=1)
    return found
