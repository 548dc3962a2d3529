"""Payload of the plots."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import xarray as xr

from dawndusk.report.charts import CHARTS, LIMIT, MARK_LIMIT, charts, compact, marks
from dawndusk.report.folder import read


def test_every_chart_is_there_in_readable_units(full: Path) -> None:
    series = read(full).series
    found = {chart["title"]: chart for chart in charts(series)}
    assert list(found) == [chart.title for chart in CHARTS]
    power = found["Electrical power"]
    assert power["unit"] == "kW"
    generated = next(line for line in power["lines"] if line["label"] == "generated")
    assert np.allclose(generated["y"], series["generated_W"] / 1e3, rtol=5e-5)
    die = next(line for line in found["Temperature"]["lines"] if line["label"] == "die median")
    truth = series["die_temperature_K"].sel(quantile=0.5) - 273.15
    assert np.allclose(die["y"], truth, rtol=1e-4)


def test_bands_name_their_upper_and_lower_line(full: Path) -> None:
    (charge,) = [c for c in charts(read(full).series) if c["title"] == "Battery charge"]
    for band in charge["bands"]:
        high, low = (np.array(charge["lines"][i]["y"]) for i in band["of"])
        assert np.all(high >= low)


def test_long_series_are_thinned() -> None:
    time = np.arange(50_000) * 60.0
    series = xr.Dataset({"consumed_W": ("time", np.sin(time))}, coords={"time": time})
    (chart,) = charts(series)
    assert len(chart["x"]) <= LIMIT
    assert all(len(line["y"]) == len(chart["x"]) for line in chart["lines"])


def test_nothing_recorded() -> None:
    assert charts(xr.Dataset()) == []
    empty = xr.Dataset({"consumed_W": ("time", [])}, coords={"time": []})
    assert charts(empty) == []
    unknown = xr.Dataset({"consumed_W": ("time", [np.nan])}, coords={"time": [0.0]})
    assert charts(unknown) == []


def test_compact() -> None:
    assert compact(np.array([1.234567, 3.0, np.nan, np.inf])) == [1.2346, 3, None, None]
    assert compact(np.array([123456.7]), 8) == [pytest.approx(123456.7)]


def test_faults_are_marked_and_thinned() -> None:
    table = pa.table({"kind": ["fault"] * 5000 + ["restart"], "time_s": np.arange(5001.0)})
    (mark,) = marks(table)
    assert mark["label"] == "faults: 5000"
    assert len(mark["t"]) <= MARK_LIMIT
    assert marks(None) == []
