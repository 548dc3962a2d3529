"""Values with text, unit, meaning and provenance."""

from pathlib import Path

import pytest

from dawndusk.scenario.values import fields, written
from tests.scenario import SMALL, complaints, loaded

JOB = '[[workload.jobs]]\nname = "a"\nkind = "batch"\nwork = "1 EFLOP"\n'


def test_paths_follow_the_schema(tmp_path: Path) -> None:
    scenario = loaded(tmp_path, SMALL + JOB)
    paths = [path for path, *_ in fields(scenario)]
    assert paths == list(scenario.values)
    assert paths[:4] == ["name", "description", "time.start", "time.duration"]
    assert "workload.jobs.0.work" in paths


def test_a_value_says_all_about_itself(tmp_path: Path) -> None:
    value = loaded(tmp_path).values["satellite.battery.specific_energy"]
    assert (value.value, value.text, value.unit) == (540e3, "150 Wh/kg", "J/kg")
    assert value.meaning == "energy over mass of the pack"
    assert value.provenance.confidence == "public"
    assert (value.provenance.low, value.provenance.high) == (360e3, 900e3)


def test_unreadable_bounds_are_faults(tmp_path: Path) -> None:
    area = 'satellite.array.area={ value = "20 m²", low = "10 kg", high = "30 m²" }'
    (line,) = complaints(tmp_path, SMALL, [area])
    assert line.startswith('satellite.array.area.low = "10 kg": this is a mass')


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [(None, "m", "auto"), (True, "", "true"), (3, "", "3"), (60.0, "s", "1 min"), ((), "", "none")],
)
def test_texts(value: object, unit: str, expected: str) -> None:
    assert written(value, unit) == expected
