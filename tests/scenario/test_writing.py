"""Resolved TOML: every value written, loadable again, equal."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dawndusk.scenario import load, names, shipped_text
from dawndusk.scenario.writing import to_toml
from tests.scenario import SHARED, SMALL, loaded
from tests.scenario.test_loading import ONE_SATELLITE


@pytest.mark.parametrize("name", names())
def test_resolved_toml_loads_to_an_equal_scenario(tmp_path: Path, name: str) -> None:
    file = tmp_path / "one.tle"
    file.write_text(ONE_SATELLITE)
    imported = "imported" in shipped_text(name)
    scenario = load(name, [f"constellation.file={file}"] if imported else [])
    content = scenario.to_toml()
    again = loaded(tmp_path, content)
    assert again == scenario
    assert again.provenance == scenario.provenance
    assert again.to_toml() == content == to_toml(again, {})


def test_every_value_is_written_with_its_origin(tmp_path: Path) -> None:
    scenario = loaded(tmp_path)
    content = tomllib.loads(scenario.to_toml())
    for path, value in scenario.values.items():
        table = content
        for key in path.split("."):
            table = table[key]
        assert table["origin"] == value.provenance.origin, path


def test_it_needs_no_catalogue_again(tmp_path: Path) -> None:
    """A resolved scenario keeps its own chip when the catalogue's changes."""
    content = (
        loaded(tmp_path).to_toml().replace('tdp = { value = "700 W"', 'tdp = { value = "650 W"')
    )
    assert loaded(tmp_path, content).accelerator.tdp == 650.0


def test_own_designs_prices_and_cities_travel_along(tmp_path: Path) -> None:
    own = """
[satellite]
design = "mine"
[economics]
prices = "cheap"
[workload]
cities = "two"
[catalogue.design.mine]
source = "me"
array.area = { value = "33 m²", high = "40 m²" }
[catalogue.prices.cheap]
launch_carbon = 3.0
[[catalogue.cities.two.cities]]
name = "A \\"b\\""
latitude = "1 deg"
longitude = "2 deg"
population = 1e6
utc_offset = "1 h"
[[catalogue.cities.two.cities]]
name = "Ü"
latitude = "-1 deg"
longitude = "-2 deg"
population = 2e6
utc_offset = "0 h"
"""
    scenario = loaded(tmp_path, SMALL + own)
    assert scenario.satellite.array.area == 33.0
    assert scenario.economics.launch_carbon == 3.0
    assert [city.name for city in scenario.cities] == ['A "b"', "Ü"]
    assert loaded(tmp_path, scenario.to_toml()) == scenario


def test_explicit_elements_travel(tmp_path: Path) -> None:
    content = """
name = "molniya-like"
[constellation]
kind = "elements"
[[constellation.satellites]]
name = "a"
altitude = "700 km"
inclination = "63.4 deg"
[[constellation.satellites]]
name = "b"
semi_major_axis = "7000 km"
inclination = "98 deg"
eccentricity = 0.01
"""
    scenario = loaded(tmp_path, content)
    assert loaded(tmp_path, scenario.to_toml()) == scenario


@settings(max_examples=40, suppress_health_check=SHARED)
@given(
    description=st.text(max_size=30),
    altitude=st.floats(150e3, 5_800e3),
    price=st.floats(0.0, 1e-3),
    margin=st.floats(0.0, 10.0),
    seed=st.integers(0, 2**63 - 1),
)
def test_any_value_survives(
    tmp_path: Path, description: str, altitude: float, price: float, margin: float, seed: int
) -> None:
    changes = {
        "description": description,
        "constellation.altitude": altitude,
        "ground.power_price": price,
        "satellite.sizing.margin": margin,
        "time.seed": seed,
    }
    scenario = loaded(tmp_path).replaced(changes)
    assert scenario.constellation.altitude == altitude
    assert loaded(tmp_path, scenario.to_toml()) == scenario
