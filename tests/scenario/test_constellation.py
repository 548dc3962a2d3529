"""Each kind of constellation and what it refuses."""

from pathlib import Path

import pytest

from dawndusk.scenario.constellation import KINDS
from tests.scenario import complaints, loaded

VALID = {
    "walker_delta": 'altitude = "550 km"\ninclination = "53 deg"\nsatellites = 72\nplanes = 6',
    "walker_star": 'altitude = "780 km"\ninclination = "86.4 deg"\nsatellites = 66\nplanes = 6',
    "sun_synchronous": 'altitude = "650 km"\nsatellites = 4',
    "cluster": 'altitude = "650 km"',
    "elements": 'satellites = [{ name = "a", altitude = "650 km", inclination = "98 deg" }]',
}


def case(kind: str, body: str) -> str:
    return f'name = "x"\n[constellation]\nkind = "{kind}"\n{body}\n'


def test_all_kinds_but_the_imported_are_tried() -> None:
    assert {*VALID, "imported"} == set(KINDS)


@pytest.mark.parametrize("kind", VALID)
def test_valid_kinds_load(tmp_path: Path, kind: str) -> None:
    assert loaded(tmp_path, case(kind, VALID[kind])).constellation.kind == kind


@pytest.mark.parametrize(
    ("kind", "changed", "to", "complaint"),
    [
        ("walker_delta", "satellites = 72", "satellites = 70", "a multiple of planes, 6"),
        ("walker_delta", "planes = 6", "planes = 6\nphasing = 6", "allowed: 0 to 5"),
        ("walker_star", "86.4 deg", "190 deg", 'the nearest is "180 deg"'),
        ("cluster", '"650 km"', '"650 km"\nspacing = "3 km"', "at most the radius"),
        ("cluster", "650 km", "6500 km", 'the nearest is "5800 km"'),
        ("elements", 'altitude = "650 km",', "", "the size of the orbit is missing"),
        (
            "elements",
            'name = "a"',
            'name = "a", semi_major_axis = "7000 km"',
            "the size of the orbit is given twice",
        ),
        (
            "elements",
            '{ name = "a", altitude = "650 km", inclination = "98 deg" }',
            "",
            "at least one",
        ),
        ("sun_synchronous", "satellites = 4", "", "constellation.satellites: missing"),
        (
            "sun_synchronous",
            "satellites = 4",
            'satellites = 4\nplanes = 4\nplane_rise = "2000 km"',
            'constellation.plane_rise = "2000 km": the last plane lies at "6650 km"; '
            'allowed: at most "5800 km"',
        ),
    ],
)
def test_wrong_ones_are_told(
    tmp_path: Path, kind: str, changed: str, to: str, complaint: str
) -> None:
    body = VALID[kind].replace(changed, to)
    assert body != VALID[kind]
    (line,) = complaints(tmp_path, case(kind, body))
    assert line.startswith("constellation.")
    assert complaint in line


def test_suncatchers_cluster_is_the_default(tmp_path: Path) -> None:
    cluster = loaded(tmp_path, case("cluster", VALID["cluster"])).constellation
    assert (cluster.radius, cluster.spacing, cluster.local_time) == (1000.0, 200.0, "18:00")
