"""The satellite's tables: ranges and what contradicts itself."""

from pathlib import Path

import pytest

from tests.scenario import SMALL, complaints, loaded


@pytest.mark.parametrize(
    ("override", "complaint"),
    [
        ("satellite.battery.bus_reserve=0.4", "nothing is left for compute"),
        ("satellite.thermal.limit_temperature=84 °C", "allowed: below limit_temperature"),
        ("satellite.thermal.design_radiator_temperature=96 °C", "below limit_temperature"),
        ("satellite.thermal.faces=3", "allowed: 1, 2"),
        ("satellite.array.efficiency=22", '≤ 1.0; the nearest is "1.0"'),
        ("satellite.array.area=0 m²", "out of range; allowed: an area in m², > 0"),
        ("satellite.bus.other_mass=-1 kg", 'the nearest is "0 kg"'),
        ("satellite.compute.count=0", "out of range; allowed: at least 1"),
        ("satellite.thermal.sun_angle=91 deg", 'the nearest is "90 deg"'),
        ("satellite.life=0 yr", "allowed: a time"),
    ],
)
def test_ranges(tmp_path: Path, override: str, complaint: str) -> None:
    (line,) = complaints(tmp_path, SMALL, [override])
    assert line.startswith("satellite.")
    assert complaint in line


def test_open_values_may_be_written_auto(tmp_path: Path) -> None:
    overrides = ["satellite.design=spacex-ai1", "satellite.array.area=auto"]
    assert loaded(tmp_path, SMALL, overrides).satellite.array.area is None
    (line,) = complaints(tmp_path, SMALL, ["satellite.array.efficiency=auto"])
    assert "not a quantity" in line
