"""One line a fault; a heading when there are several."""

import pickle
from datetime import UTC, datetime

import pytest

from dawndusk.scenario.errors import Fault, ScenarioError, nearest, shown, unknown_name

FAULT = Fault("satellite.dry_mass", '"-4 kg"', "out of range; allowed: > 0", "give a positive one")


def test_a_single_fault_is_one_line() -> None:
    expected = 'satellite.dry_mass = "-4 kg": out of range; allowed: > 0; give a positive one'
    assert str(ScenarioError([FAULT])) == expected
    assert str(ScenarioError([FAULT], "my.toml")) == f"my.toml: {expected}"


def test_several_faults_are_all_there() -> None:
    missing = Fault("name", "", "missing")
    lines = str(ScenarioError([FAULT, missing], "my.toml")).splitlines()
    assert lines == ["my.toml: 2 faults", f"  {FAULT}", "  name: missing"]


def test_it_survives_processes() -> None:
    copy = pickle.loads(pickle.dumps(ScenarioError([FAULT], "my.toml")))
    assert copy.faults == (FAULT,)
    assert str(copy).startswith("my.toml: ")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, "true"),
        ("650 km", '"650 km"'),
        ({"a": 1, "b": 2}, "{a, b}"),
        ([1, 2], "a list of 2"),
        (3.5, "3.5"),
        (datetime(2027, 6, 21, tzinfo=UTC), "2027-06-21T00:00:00+00:00"),
    ],
)
def test_values_are_shown_as_written(value: object, expected: str) -> None:
    assert shown(value) == expected


def test_long_values_stay_on_a_line() -> None:
    assert len(shown("x\n" * 500)) == 200
    assert "\n" not in shown("x\n" * 500)


def test_the_nearest_name_is_offered_only_when_near() -> None:
    assert nearest("H-100", ["h100", "tpu-v6e"]) == "h100"
    assert nearest("abacus", ["h100", "tpu-v6e"]) is None
    assert "did you mean" not in str(unknown_name("x", "abacus", ["h100"], "accelerator"))
