"""Positions for the globe and the map."""

import base64
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from dawndusk.report.folder import read
from dawndusk.report.maps import POSITIONS, SATELLITES, epoch, maps


def test_angles_survive_to_a_hundredth_of_a_degree(full: Path) -> None:
    series = read(full).series
    payload = maps(series, "2027-03-20T00:00:00Z")
    assert payload is not None
    shape = (len(payload["t"]), len(payload["names"]))
    for key, scale in (("latitude", 100), ("longitude", 100)):
        raw = np.frombuffer(base64.b64decode(payload[key]), "<i2").reshape(shape)
        truth = series[f"sat_{key}_deg"].values[: shape[0]]
        assert np.abs(raw / scale - truth).max() <= 0.00501
    height = np.frombuffer(base64.b64decode(payload["altitude"]), "<u2")
    assert (height == 550).all()


def test_large_fleets_are_sampled() -> None:
    k, n = 2000, 1000
    flat = np.zeros((k, n))
    names = ("sat_latitude_deg", "sat_longitude_deg", "sat_altitude_m")
    series = xr.Dataset(
        dict.fromkeys(names, (("time", "satellite"), flat)),
        coords={"time": np.arange(k) * 300.0, "satellite": [f"s{i}" for i in range(n)]},
    )
    payload = maps(series, None)
    assert payload is not None
    assert len(payload["names"]) == SATELLITES
    assert payload["names"][0] == "s0"
    assert payload["names"][-1] == "s999"
    assert len(payload["names"]) * len(payload["t"]) <= POSITIONS
    assert payload["total"] == n


def test_no_positions() -> None:
    assert maps(xr.Dataset(), None) is None


def test_epoch() -> None:
    moment = datetime(2027, 3, 20, tzinfo=UTC)
    assert epoch(moment) == moment.timestamp()
    assert epoch("2027-03-20T00:00:00Z") == moment.timestamp()
    assert epoch(datetime(2027, 3, 20)) == pytest.approx(moment.timestamp())
    assert epoch("soon") is None
    assert epoch(None) is None
