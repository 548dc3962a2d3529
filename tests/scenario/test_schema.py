"""The tables as a whole: policies, intervals, times."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dawndusk.placement import conformance
from dawndusk.scenario.schema import POLICIES, Tables
from tests.scenario import SMALL, complaints, loaded


def test_defaults_of_the_contract(tmp_path: Path) -> None:
    scenario = loaded(tmp_path)
    assert (scenario.time.duration, scenario.time.step, scenario.time.seed) == (86400.0, 60.0, 1)
    assert scenario.placement.interval == 300.0
    assert (scenario.record.interval, scenario.record.satellites) == (300.0, 200)
    assert scenario.record.limit == 256e6
    assert scenario.satellite.life == 5 * 31_557_600.0
    assert scenario.placement.policy == "greedy"


def test_every_field_says_what_it_means() -> None:
    pending = [Tables]
    while pending:
        table = pending.pop()
        for key, field in table.model_fields.items():
            below = field.annotation
            if isinstance(below, type) and hasattr(below, "model_fields"):
                pending.append(below)
            elif key != "constellation":
                assert field.description, (table.__name__, key)


@pytest.mark.parametrize(
    ("overrides", "complaint"),
    [
        (["time.duration=30 s"], 'time.duration = "30 s": allowed: at least one step, "1 min"'),
        (["placement.interval=30 s"], 'placement.interval = "30 s": allowed: at least time.step'),
        (["record.interval=1 s"], 'record.interval = "1 s": allowed: at least time.step'),
        (["time.start=1900-01-01"], "allowed: years 1980 to 2100"),
        (["time.seed=-1"], "time.seed = -1: out of range; allowed: at least 0"),
        (["ground.pue=0.9"], 'the nearest is "1.0"'),
    ],
)
def test_wrong_times(tmp_path: Path, overrides: list[str], complaint: str) -> None:
    (line,) = complaints(tmp_path, SMALL, overrides)
    assert complaint in line


def test_moments_are_utc(tmp_path: Path) -> None:
    expected = datetime(2027, 6, 21, 12, tzinfo=UTC)
    for written in ("2027-06-21T12:00:00", "2027-06-21T14:00:00+02:00", "2027-06-21T12:00:00Z"):
        assert loaded(tmp_path, SMALL, [f"time.start={written}"]).time.start == expected


@pytest.mark.parametrize("name", POLICIES)
def test_short_names_of_policies_resolve(name: str) -> None:
    assert callable(conformance.resolve(name))


def test_a_policy_of_ones_own_is_named_by_module(tmp_path: Path) -> None:
    scenario = loaded(tmp_path, SMALL, ["placement.policy=my.package:decide"])
    assert scenario.placement.policy == "my.package:decide"
