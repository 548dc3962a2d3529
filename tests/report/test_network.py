"""The network section as a whole."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dawndusk.report.folder import Folder, read
from dawndusk.report.network import facts, network_section, path_pictures, warnings


def _changed(folder: Folder, **values: Any) -> Folder:
    summary = json.loads(json.dumps(folder.summary))
    summary["network"] |= values
    return replace(folder, summary=summary)


def test_all_parts_are_there(full: Path) -> None:
    text = network_section(read(full))
    for part in ('id="netmap"', "Sample paths", "latency by region", "Busiest links", "Transfers"):
        assert part in text


def test_absent_without_a_network(starved: Path) -> None:
    folder = read(starved)
    assert network_section(folder) == ""
    assert warnings(folder) == []
    assert facts({"network": {"modelled": False, "links_isl": 3}}) == []


def test_each_missing_file_leaves_only_its_part_out(full: Path) -> None:
    folder = read(full)
    parts = {"links": 'id="netmap"', "paths": "Sample paths", "transfers": "<h3>Transfers"}
    for missing, part in parts.items():
        text = network_section(replace(folder, **{missing: None}))
        assert part not in text
        for other in set(parts.values()) - {part}:
            assert other in text


def test_facts_in_words(full: Path) -> None:
    told = dict(facts(read(full).summary))
    assert told["One-way latency"] == "46.2\u202fms median, 138\u202fms at 99\u202f%"
    assert told["Between satellites"].endswith("9.60\u202fTbit/s each")
    assert told["Transfers"].startswith("8.00\u202fTB offered, 7.40\u202fTB delivered")
    assert "lost" not in told["Sensor data"]
    none = dict(facts({"network": {"modelled": True, "blocked_links": 0, "latency_p50_s": None}}))
    assert none == {"Blocked or too far": "none"}


@pytest.mark.parametrize(
    ("values", "level", "text"),
    [
        ({"residual_bytes": 7}, "fault", "do not balance: 7 are left"),
        ({"utilisation_max": 1.0, "binding_link": "A – B"}, "warning", "A – B is the tightest"),
        ({"sensor": {"lost_bytes": 5e9}}, "warning", "5.00\u202fGB of sensor data"),
        ({"transfers": {"failed_bytes": 2e9}}, "warning", "2.00\u202fGB of transfers"),
        ({"reachable_fraction": 0.75}, "note", "25.0\u202f% of user time"),
    ],
)
def test_warnings(full: Path, values: dict[str, Any], level: str, text: str) -> None:
    found = [entry for entry in warnings(_changed(read(full), **values)) if text in entry[1]]
    assert [entry[0] for entry in found] == [level]


def test_a_quiet_network_warns_of_nothing(full: Path) -> None:
    quiet = {"transfers": {}, "reachable_fraction": 1.0, "utilisation_max": 0.4}
    assert warnings(_changed(read(full), **quiet)) == []


def test_traffic_through_the_earth_is_a_fault(full: Path) -> None:
    folder = read(full)
    assert folder.links is not None
    rows = folder.links.to_pylist()
    blocked = next(row for row in rows if row["kind"] == "isl")
    blocked |= {"occluded": True, "mean_utilisation": 0.1}
    found = warnings(replace(folder, links=pa.Table.from_pylist(rows)))
    assert ("fault", "1 link that passes through the Earth carried data.") in found


def test_hops_stand_where_the_light_is() -> None:
    hop = {"path": 1, "from": "<Oslo>", "to": "C3", "lat_deg": 0.0, "lon_deg": 0.0}
    hops = [
        hop | {"hop": k, "name": f"v{k}", "latency_s": time}
        for k, time in enumerate((0.0, 0.01, 0.04))
    ]
    text = path_pictures(pa.Table.from_pylist(hops[::-1]))
    assert [f"left:{place}%" in text for place in ("0.00", "25.00", "100.00")] == [True] * 3
    assert "&lt;Oslo&gt; → C3" in text
    assert "v0 › v1 › v2" in text
    assert "40.0\u202fms" in text
