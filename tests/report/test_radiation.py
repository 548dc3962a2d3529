"""Dose and upsets on the globe."""

import base64
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawndusk.report.folder import read
from dawndusk.report.radiation import dose, facts, marks, radiation_section, scale, shade


def _unpack(text: str, kind: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), kind)


def _grid(values: list[list[float]], west: float = -180.0) -> pa.Table:
    rows, columns = np.shape(values)
    latitude, longitude = np.meshgrid(
        np.linspace(-60, 60, rows), west + 360 / columns * np.arange(columns), indexing="ij"
    )
    return pa.table(
        {
            "latitude_deg": latitude.ravel(),
            "longitude_deg": longitude.ravel(),
            "dose_rad_per_year": np.ravel(values),
        }
    )


def _upsets(number: int, kind: str = "silent", latitude: float = -28.0) -> pa.Table:
    return pa.table(
        {
            "kind": [kind] * number,
            "latitude_deg": [latitude] * number,
            "longitude_deg": [-48.0] * number,
            "in_anomaly": [True] * number,
        }
    )


def test_values_lie_on_the_grid_from_the_south_and_the_date_line() -> None:
    values = [[0.0, 1.0, 10.0, 100.0], [1000.0, 0.0, 0.0, 0.0]]
    told = dose(_grid(values), None)
    assert told is not None
    assert (told["rows"], told["columns"], told["south"], told["west"]) == (2, 4, -60, -180)
    assert told["pitch"] == [120, 90]
    layer = told["layers"][0]
    assert layer["scale"] == [1.0, 1000.0]
    assert _unpack(layer["values"], "u1").tolist() == [0, 1, 86, 170, 255, 0, 0, 0]
    assert told["upsets"] is None


def test_eastern_longitudes_and_another_order_give_the_same_map() -> None:
    values = [[0.0, 1.0, 10.0, 100.0], [1000.0, 2.0, 3.0, 4.0]]
    turned = [[row[(k + 2) % 4] for k in range(4)] for row in values]
    eastern = _grid(turned, west=0.0)
    shuffled = eastern.take([5, 2, 7, 0, 1, 3, 6, 4])
    assert dose(shuffled, None) == dose(_grid(values), None)


@given(st.lists(st.floats(1e-12, 1e12), min_size=1, max_size=20))
def test_scale_holds_the_largest_within_four_decades(values: list[float]) -> None:
    grid = np.array(values)
    low, high = scale(grid)
    assert low * 9.99 < high <= low * 1.0001e4
    assert high >= grid.max() * (1 - 1e-9)
    shades = shade(grid, low, high)
    assert shades.max() > 0
    assert shades.max() <= 255
    order = np.argsort(grid)
    assert (np.diff(shades[order]) >= 0).all()


def test_an_empty_map() -> None:
    assert scale(np.zeros((2, 2))) == (0.1, 1.0)
    assert dose(None, None) is None
    assert dose(pa.table({"latitude_deg": [1.0] * 9}), None) is None


@pytest.mark.parametrize(("inclination", "reach"), [(53.0, 53.0), (97.6, 82.4), (None, None)])
def test_how_far_the_orbits_reach(inclination: float | None, reach: float | None) -> None:
    told = dose(_grid([[1.0, 2.0], [3.0, 4.0]]), None, inclination)
    assert told is not None
    assert told["reach"] == reach


def test_few_upsets_are_drawn_one_by_one() -> None:
    told = marks(pa.concat_tables([_upsets(3), _upsets(2, "uncorrectable")]))
    assert told is not None
    assert told["cell"] == 0
    assert told["kinds"] == ["silent corruptions", "uncorrectable errors"]
    assert _unpack(told["kind"], "u1").tolist() == [0, 0, 0, 1, 1]
    assert _unpack(told["latitude"], "<i2").tolist() == [-2800] * 5
    assert _unpack(told["number"], "<u4").tolist() == [1] * 5


def test_many_are_counted_in_cells_and_none_is_lost() -> None:
    parts = [_upsets(2500), _upsets(40, "host"), _upsets(7, latitude=90.0)]
    told = marks(pa.concat_tables(parts))
    assert told is not None
    assert told["cell"] == 5
    assert told["total"] == 2547
    assert sorted(_unpack(told["number"], "<u4").tolist()) == [7, 40, 2500]
    place = _unpack(told["number"], "<u4") == 2500
    assert _unpack(told["latitude"], "<i2")[place].tolist() == [-2750]
    assert _unpack(told["longitude"], "<i2")[place].tolist() == [-4750]


def test_no_upsets() -> None:
    assert marks(None) is None
    assert marks(_upsets(0)) is None
    assert marks(pa.table({"kind": ["silent"]})) is None


def test_facts_in_words() -> None:
    environment = {
        "dose_rad_per_year": 171.0,
        "dose_life_rad": 1856.0,
        "dose_solar_rad": 236.0,
        "solar_events": 1,
        "silent_corruption_per_accelerator_year": 9.2,
        "latch_up_per_accelerator_year": 0.0,
        "interrupt_per_accelerator_year": None,
    }
    rows = dict(facts({"environment": environment}, _upsets(1)))
    assert rows["Dose"].startswith("171 rad a year")
    assert "1.86\u202fkrad over the life" in rows["Dose"]
    assert rows["Solar events"] == "236 rad in 1 large event over the life, on top"
    assert rows["Each accelerator"] == "9.2 silent corruptions a year"
    assert rows["In this run"] == "1 upset, 100\u202f% of them in the South Atlantic Anomaly"
    assert facts({"environment": {"dose_rad_per_year": None}}) == []


def test_a_storm_in_words() -> None:
    environment = {
        "storm_protons_per_m2": 9.73e12,
        "storm_dose_rad": 236.2,
        "storm_share_simulated": 0.986,
    }
    told = {"environment": environment, "faults": {"storm_upsets": 3}}
    rows = dict(facts(told, _upsets(4)))
    assert rows["Storm of this run"] == (
        "9.7·10⁸ solar protons a cm² reach the chips, mean over the orbits, with 236 rad; "
        "99\u202f% of them in the time simulated"
    )
    assert rows["In this run"].endswith(
        "South Atlantic Anomaly, 75.0\u202f% by protons of the storm"
    )


def test_the_section_of_a_run(full: Path, starved: Path) -> None:
    text = radiation_section(read(full))
    for told in ("dosemap", "Work lost to faults", "South Atlantic Anomaly", "Solar array"):
        assert told in text
    assert radiation_section(read(starved)) == ""
