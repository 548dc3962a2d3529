"""Latency by region."""

import math
import re

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from dawndusk.report.regions import LEVELS, axis, percentiles, region_figure


def _series(rows: dict[str, list[float]], levels: tuple[float, ...] | None = None) -> xr.Dataset:
    coordinates = {"region": list(rows)} | ({"level": list(levels)} if levels else {})
    values = np.array(list(rows.values()))
    return xr.Dataset({"region_latency_s": (("region", "level"), values)}, coords=coordinates)


def test_quickest_first_and_no_path_last() -> None:
    rows = {
        "far": [0.1, 0.2, 0.3, 0.4],
        "cut off": [math.inf] * 4,
        "near": [0.01, 0.02, 0.03, math.inf],
    }
    assert [name for name, _ in percentiles(_series(rows))] == ["near", "far", "cut off"]
    text = region_figure(_series(rows))
    assert text.count("no path") == 3
    assert 'style="left:25.00%;width:50.00%"' in text
    assert len(re.findall('class="last"', text)) == 1


def test_levels_are_found_by_their_coordinate() -> None:
    levels = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
    series = _series({"x": [k / 10 for k in range(7)]}, levels)
    assert percentiles(series) == [("x", [0.1, 0.3, 0.5, 0.6])]
    assert percentiles(series.transpose("level", "region")) == percentiles(series)
    assert percentiles(_series({"x": [1.0, 2.0, 3.0, 4.0]})) == [("x", [1.0, 2.0, 3.0, 4.0])]
    assert len(LEVELS) == 4


@given(st.floats(1e-6, 1e4))
def test_ticks_are_few_and_hold_the_largest(largest: float) -> None:
    top, ticks = axis(largest)
    assert ticks[0] == 0
    assert ticks[-1] == pytest.approx(top)
    assert top >= largest * (1 - 1e-9)
    assert 3 <= len(ticks) <= 6
    assert largest / top > 0.65


def test_nothing_recorded_and_odd_shapes() -> None:
    assert region_figure(xr.Dataset()) == ""
    assert region_figure(_series({"x": [1.0, 2.0]})) == ""
    assert "&lt;b&gt;" in region_figure(_series({"<b>": [0.0, 0.0, 0.0, 0.0]}))
