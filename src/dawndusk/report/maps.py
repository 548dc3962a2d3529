"""Positions and states of sampled satellites for the globe and the ground-track map."""

import base64
from datetime import UTC, datetime
from typing import Any

import numpy as np
import xarray as xr

SATELLITES = 200
POSITIONS = 30_000
"""Most satellite positions embedded: satellites × times."""
STATES = {
    "sat_illumination": "sunlight",
    "sat_charge_fraction": "charge",
    "sat_utilisation": "accelerators busy",
}


NAMES = ("sat_latitude_deg", "sat_longitude_deg", "sat_altitude_m")


def sampled(series: xr.Dataset) -> xr.Dataset | None:
    """At most SATELLITES satellites, and the first times, so that POSITIONS are not passed."""
    if any(name not in series for name in NAMES) or series["time"].size == 0:
        return None
    total = series.sizes["satellite"]
    chosen = np.unique(np.linspace(0, total - 1, min(total, SATELLITES)).astype(int))
    times = min(series.sizes["time"], max(2, POSITIONS // max(1, chosen.size)))
    part = series.isel(satellite=chosen, time=slice(0, times))
    return part if np.isfinite(part[NAMES[0]].values).any() else None


def maps(series: xr.Dataset, start: object) -> dict[str, Any] | None:
    """Payload of the maps, None where the run recorded no positions.

    Angles travel as int16 hundredths of a degree, altitudes as uint16 kilometres and
    states as uint8 per cent, each base64 in time-major order.
    """
    part = sampled(series)
    if part is None:
        return None
    latitude, longitude, altitude = (
        part[name].transpose("time", "satellite").values.astype(np.float64) for name in NAMES
    )
    longitude = (longitude + 180.0) % 360.0 - 180.0
    return {
        "start": epoch(start),
        "t": [round(float(t), 3) for t in part["time"].values],
        "names": [str(name) for name in part["satellite"].values],
        "total": series.sizes["satellite"],
        "latitude": pack(latitude * 100, "<i2"),
        "longitude": pack(longitude * 100, "<i2"),
        "altitude": pack(altitude / 1e3, "<u2"),
        "sun": _sun(part),
        "states": [
            {
                "label": label,
                "values": pack(part[name].transpose("time", "satellite").values * 100, "u1"),
            }
            for name, label in STATES.items()
            if name in part
        ],
    }


def _sun(part: xr.Dataset) -> list[list[float]] | None:
    """Latitude and longitude below the Sun at each time [degree], None where not recorded."""
    names = ("sun_latitude_deg", "sun_longitude_deg")
    if any(name not in part for name in names):
        return None
    return [[round(float(v), 3) for v in part[name].values] for name in names]


def epoch(start: object) -> float | None:
    """Unix time of the scenario's start [s], None where it is not a date."""
    if isinstance(start, str):
        try:
            start = datetime.fromisoformat(start)
        except ValueError:
            return None
    if not isinstance(start, datetime):
        return None
    return (start if start.tzinfo else start.replace(tzinfo=UTC)).timestamp()


def pack(values: np.ndarray, kind: str) -> str:
    """Values rounded to whole numbers of one kind, base64."""
    information = np.iinfo(np.dtype(kind))
    whole = np.clip(np.rint(np.nan_to_num(values)), information.min, information.max)
    return base64.b64encode(whole.astype(kind).tobytes()).decode("ascii")
