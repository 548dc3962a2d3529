"""Scenarios to test with."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck

from dawndusk.scenario import Scenario, load
from dawndusk.scenario.errors import ScenarioError

SHARED = [HealthCheck.function_scoped_fixture]
"""Examples of a property share the folder; each writes its file afresh."""

SMALL = """
name = "small"
[constellation]
kind = "sun_synchronous"
altitude = "650 km"
satellites = 4
"""


def loaded(folder: Path, content: str = SMALL, overrides: Sequence[str] = ()) -> Scenario:
    """A scenario from text."""
    path = folder / "case.toml"
    path.write_text(content, "utf-8")
    return load(path, overrides)


def complaints(folder: Path, content: str = SMALL, overrides: Sequence[str] = ()) -> list[str]:
    """The lines of the faults that loading it reports."""
    with pytest.raises(ScenarioError) as caught:
        loaded(folder, content, overrides)
    lines = [str(fault) for fault in caught.value.faults]
    assert all("\n" not in line for line in lines)
    return lines
