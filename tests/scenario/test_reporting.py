"""Pydantic's complaints become faults with clean paths."""

import pytest
from pydantic import ValidationError

from dawndusk.scenario.reporting import faults_of
from dawndusk.scenario.schema import Tables


def faults(table: object) -> dict[str, str]:
    with pytest.raises(ValidationError) as caught:
        Tables.model_validate(table, context={"border": True})
    return {fault.path: str(fault) for fault in faults_of(caught.value, Tables)}


def test_union_tags_do_not_show_in_paths() -> None:
    found = faults({"constellation": {"kind": "cluster", "altitude": "1 kg", "planes": 3}})
    assert found["constellation.altitude"].startswith('constellation.altitude = "1 kg"')
    assert "unknown key; allowed: kind, altitude" in found["constellation.planes"]


def test_the_kind_is_asked_for() -> None:
    found = faults({"constellation": {"altitude": "650 km"}})
    assert found["constellation.kind"].startswith("constellation.kind: missing; allowed: one of")


def test_missing_values_name_their_kind() -> None:
    found = faults({"ground": {}})
    expected = "ground.power_price: missing; allowed: a price of energy in USD/kWh"
    assert found["ground.power_price"].startswith(expected)
    assert found["name"].startswith("name: missing; short name")


def test_places_in_lists_stand_in_the_path() -> None:
    found = faults({"workload": {"jobs": [{"name": "a", "kind": "batch", "wrok": 1}]}})
    assert 'did you mean "workload.jobs.0.work"?' in found["workload.jobs.0.wrok"]


def test_a_prefix_stands_before_every_path() -> None:
    with pytest.raises(ValidationError) as caught:
        Tables.model_validate({"nmae": "x"}, context={"border": True})
    for fault in faults_of(caught.value, Tables, "catalogue.x."):
        assert fault.path.startswith("catalogue.x.")
