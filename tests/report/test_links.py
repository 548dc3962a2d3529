"""Links and paths as the map wants them."""

import base64
import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from dawndusk.report import links
from dawndusk.report.folder import read

ROW: dict[str, Any] = {
    "tail": "A",
    "head": "B",
    "kind": "isl",
    "tail_lat_deg": 10.0,
    "tail_lon_deg": 20.0,
    "head_lat_deg": 30.0,
    "head_lon_deg": 190.0,
    "length_m": 1e6,
    "rate_bit_s": 1e11,
    "mean_utilisation": 0.01,
    "max_utilisation": 0.1,
    "occluded": False,
}


def _table(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist([ROW | row for row in rows])


def _raw(text: str, kind: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), kind)


def test_every_link_comes_back_between_its_ends(full: Path) -> None:
    folder = read(full)
    payload = links.network(folder.links, folder.paths, folder.series)
    assert payload is not None
    assert folder.links is not None
    ends = _raw(payload["ends"], "<u2").reshape(-1, 2)
    rows = folder.links.to_pylist()
    assert len(ends) == len(rows) == payload["total"]
    latitude, longitude = (_raw(payload[key], "<i2") / 100 for key in ("latitude", "longitude"))
    for (tail, head), row in zip(ends, rows, strict=True):
        assert payload["names"][tail] == row["tail"]
        assert payload["names"][head] == row["head"]
        assert latitude[head] == pytest.approx(row["head_lat_deg"], abs=0.00501)
        away = (longitude[tail] - row["tail_lon_deg"] + 180) % 360 - 180
        assert away == pytest.approx(0, abs=0.00501)
    kinds, height = _raw(payload["kinds"], "u1"), _raw(payload["height"], "<u2")
    assert set(height[kinds == 0]) == {550}
    assert set(height[kinds > 0]) == {0}


def test_what_flies_and_what_stands_without_kinds() -> None:
    rows = _table({}, {"tail": "Perth", "head": "C", "kind": "up"}).to_pylist()
    found = {vertex.name: vertex.kind for vertex in links.ends(rows, {"C"})}
    assert found == {"A": "satellite", "B": "satellite", "Perth": "station", "C": "satellite"}
    named = rows[1] | {"tail_kind": "city", "head_kind": "satellite"}
    assert [vertex.kind for vertex in links.ends([named], set())] == ["city", "satellite"]
    assert links.ends(rows, set())[1].longitude == -170.0


def test_colours_span_whole_powers_of_ten() -> None:
    assert links.scale([0.0, 0.02, 0.3]) == pytest.approx((0.01, 1.0))
    assert links.scale([1.0]) == pytest.approx((0.1, 1.0))
    assert links.scale([]) == pytest.approx((0.1, 1.0))
    low, high = links.scale([1e-12, 0.9, 0.9])
    assert high / low == pytest.approx(10.0**links.DECADES)
    assert list(links.shade([0.0, 0.01, 0.1, 1.0], 0.01, 1.0)) == [0, 1, 128, 255]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_a_fuller_link_never_looks_emptier(use: list[float]) -> None:
    low, high = links.scale(use)
    assert 0 < low < high <= 1
    shades = links.shade(sorted(use), low, high)
    assert (np.diff(shades) >= 0).all()
    assert ((shades == 0) == (np.array(sorted(use)) == 0)).all()
    assert shades.max() <= 255


def test_the_busiest_of_each_kind_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "LIMIT", 10)
    rows = [{"tail": f"s{i}", "mean_utilisation": i / 100} for i in range(30)]
    rows += [{"tail": f"g{i}", "kind": "up", "mean_utilisation": i / 1000} for i in range(10)]
    left = links.kept(_table(*rows)).to_pylist()
    assert {row["tail"] for row in left if row["kind"] == "isl"} == {f"s{i}" for i in range(23, 30)}
    assert {row["tail"] for row in left if row["kind"] == "up"} == {"g8", "g9"}
    payload = links.network(_table(*rows), None, xr.Dataset())
    assert payload is not None
    assert payload["total"] == 40


def test_a_path_ends_with_its_whole_latency(full: Path) -> None:
    folder = read(full)
    for path in links.routes(folder.paths):
        hops = path["hops"]
        assert [hop["hop"] for hop in hops] == list(range(len(hops)))
        assert path["latency"] == max(hop["latency_s"] for hop in hops)
        assert hops[0]["name"] == path["from"]


def test_busiest_table_escapes_and_marks_full_links() -> None:
    text = links.busiest(_table({"tail": "<b>"}, {"mean_utilisation": 0.5, "max_utilisation": 1.0}))
    assert "&lt;b&gt;" in text
    assert text.count('class="num open"') == 1
    assert text.index("50\u202f%") < text.index("&lt;b&gt;")
    assert "No link carried" in links.busiest(_table({"mean_utilisation": 0, "max_utilisation": 0}))
    fibre = _table({"kind": "fibre", "rate_bit_s": math.inf})
    assert "–</td>" in links.busiest(fibre)


def test_small_shares() -> None:
    assert links.utilisation(1e-9) == "<\u202f0.001\u202f%"
    assert links.utilisation(0.0) == "0\u202f%"
    assert links.short_percent(1e-4) == "0.01\u202f%"
    assert links.short_percent(1.0) == "100\u202f%"


def test_nothing_recorded() -> None:
    assert links.network(None, None, xr.Dataset()) is None
    assert links.network(pa.table({"tail": ["A"]}), None, xr.Dataset()) is None
    assert links.routes(None) == []
    assert links.busiest(None) == ""
