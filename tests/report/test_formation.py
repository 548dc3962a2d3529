"""The formation view."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from dawndusk.report.formation import EXTENT, cartesian, formation, nearest, relative

RADIUS = 6_378_137.0 + 650e3
SPEED = np.sqrt(3.986004418e14 / RADIUS**3)
SIDEREAL = 2 * np.pi / 86_164.0905


def _equatorial(offsets: np.ndarray) -> xr.Dataset:
    """Satellites held at (along, outward) metres from a point on an equatorial orbit."""
    time = np.arange(20) * 300.0
    longitude = np.rad2deg(
        ((SPEED - SIDEREAL) * time)[:, None] + offsets[None, :, 0] / (RADIUS + offsets[None, :, 1])
    )
    shape = longitude.shape
    return xr.Dataset(
        {
            "sat_latitude_deg": (("time", "satellite"), np.zeros(shape)),
            "sat_longitude_deg": (("time", "satellite"), longitude),
            "sat_altitude_m": (("time", "satellite"), np.tile(650e3 + offsets[:, 1], (20, 1))),
        },
        coords={"time": time, "satellite": [f"s{i}" for i in range(len(offsets))]},
    )


def test_offsets_come_back_in_the_orbit_frame() -> None:
    offsets = np.array([[100.0, 0.0], [-100.0, 0.0], [0.0, 50.0], [0.0, -50.0]])
    series = _equatorial(offsets)
    local = relative(cartesian(series), series["time"].values)
    assert np.allclose(local[..., :2], offsets, atol=0.01)
    assert np.allclose(local[..., 2], 0.0, atol=1e-6)


def test_poles_and_equator_have_the_axes_of_wgs84() -> None:
    series = xr.Dataset(
        {
            "sat_latitude_deg": (("time", "satellite"), [[0.0, 90.0]]),
            "sat_longitude_deg": (("time", "satellite"), [[0.0, 0.0]]),
            "sat_altitude_m": (("time", "satellite"), [[0.0, 0.0]]),
        }
    )
    axes = np.linalg.norm(cartesian(series)[0], axis=1)
    assert axes == pytest.approx([6_378_137.0, 6_356_752.314245])


def test_neighbours() -> None:
    offsets = np.array([[0.0, 0.0], [100.0, 0.0], [400.0, 0.0]])
    near = nearest(cartesian(_equatorial(offsets)))
    assert near[0] == pytest.approx([100.0, 100.0, 300.0], abs=0.01)


def test_payload_of_a_cluster() -> None:
    payload = formation(_equatorial(np.array([[0.0, 0.0], [200.0, 0.0], [-200.0, 0.0]])))
    assert payload is not None
    assert payload["reach"] == pytest.approx(200.0, abs=0.1)
    (chart,) = payload["charts"]
    assert chart["unit"] == "m"


@given(st.floats(2.01 * EXTENT, 1e6))
def test_a_shell_is_no_formation(gap: float) -> None:
    assert formation(_equatorial(np.array([[0.0, 0.0], [gap, 0.0], [2 * gap, 0.0]]))) is None


def test_nothing_recorded() -> None:
    assert formation(xr.Dataset()) is None
    assert formation(_equatorial(np.array([[0.0, 0.0], [1.0, 0.0]]))) is None
