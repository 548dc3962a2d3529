"""Loading: every fault at once, precedence of what is given, paths, shipped scenarios."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dawndusk.scenario import description, load, names, shipped_text
from dawndusk.scenario.errors import ScenarioError
from tests.scenario import SHARED, SMALL, complaints, loaded

ONE_SATELLITE = """ISS (ZARYA)
1 25544U 98067A   08264.51782528 -.00002182  00000-0 -11606-4 0  2927
2 25544  51.6416 247.4627 0006703 130.5360 325.0288 15.72125391563537
"""

FAULTY = """
name = "faulty"
[time]
duration = "10 s"
step = "-3 s"
[constellation]
kind = "clustr"
[satellite]
desing = "suncatcher"
dry_mass = "-4 kg"
battery.capacity = "4 kg"
array.area = 12
compute.accelerator = "h10"
thermal.throttle_temperature = "99 °C"
[workload]
trace = "nope.csv"
model = "gemma3-27b"
[[workload.jobs]]
name = "a"
kind = "training"
[placement]
policy = "gredy"
"""


def test_all_faults_come_at_once(tmp_path: Path) -> None:
    lines = complaints(tmp_path, FAULTY, ["time.seed=1.5", "oops"])
    expected = [
        'override = "oops": not path=value',
        'time.step = "-3 s": out of range; allowed: a time in yr, day, h, min, s, ms, > 0',
        "time.seed = 1.5: allowed: a whole number",
        'constellation.kind = "clustr": no such kind; allowed: one of walker_delta',
        'satellite.dry_mass = "-4 kg": out of range; allowed: a mass in t, kg, g, > 0',
        'satellite.battery.capacity = "4 kg": this is a mass; allowed: an energy in kWh, Wh, J',
        "satellite.array.area = 12: a bare number; allowed: an area in m², > 0",
        'satellite.compute.accelerator = "h10": no such accelerator in the catalogue',
        'satellite.thermal.throttle_temperature = "99 °C": allowed: below limit_temperature',
        'satellite.desing = "suncatcher": unknown key; allowed: design, age, life',
        f'workload.trace = "{tmp_path}/nope.csv": no such file',
        'workload.model = "gemma3-27b": no such model in the catalogue',
        "workload.jobs.0.work: missing; allowed: work in FLOP, or model and tokens",
        'placement.policy = "gredy": no such policy; allowed: one of greedy',
    ]
    for start in expected:
        assert any(line.startswith(start) for line in lines), (start, lines)
    assert len(lines) == len(expected)


@pytest.mark.parametrize(
    ("override", "fix"),
    [
        ("satellite.batery.capacity=4 kWh", 'did you mean "satellite.battery"?'),
        ("satellite.battery.capcity=4 kWh", 'did you mean "satellite.battery.capacity"?'),
        ("satellite.capacity=4 kWh", 'did you mean "satellite.battery.capacity"?'),
        ("workload.jobs=3", "allowed: a list"),
        ("constellation.kind=walker", 'did you mean "walker_star"?'),
        ("constellation.inclination=98 deg", "unknown key; allowed: altitude, satellites, planes"),
        ("satellite.compute.accelerator=TPU v6e", 'did you mean "tpu-v6e"?'),
        ("satellite.array.tracking=two-axis", "allowed: 'two_axis', 'one_axis'"),
        ("ground.site=virginie", 'did you mean "virginia"?'),
        ("satellite.battery=4 kWh", "allowed: a table"),
        ("time.step=20 min", 'the nearest is "10 min"'),
        ("time.start=yesterday", 'write it as "2027-06-21T00:00:00Z"'),
        ("constellation.local_time=6pm", 'write "18:00" for dusk'),
        ("name=../elsewhere", "as it names a folder"),
        ("placement.policy=my.module.name", 'or "package.module:name"'),
        ("time.seed.x=1", "allowed: a whole number"),
        ("catalogue.accelerators.x.tdp=3 W", 'did you mean "accelerator"?'),
        ("catalogue.accelerator.h100.tpd=3 W", 'did you mean "catalogue.accelerator.h100.tdp"?'),
        ("catalogue=3", "allowed: tables such as [catalogue.accelerator.my-chip]"),
    ],
)
def test_one_fault_one_line_with_its_fix(tmp_path: Path, override: str, fix: str) -> None:
    lines = complaints(tmp_path, SMALL, [override])
    assert len(lines) == 1, lines
    assert fix in lines[0]


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match='did you mean "suncatcher"'):
        load("suncacher")
    with pytest.raises(ScenarioError, match="no such file or shipped scenario"):
        load(tmp_path / "none.toml")
    with pytest.raises(ScenarioError, match="this is a folder"):
        load(tmp_path)
    (tmp_path / "starlink.tle").write_text(ONE_SATELLITE)
    imported = 'name = "x"\n[constellation]\nkind = "imported"\nfile = "starlnk.tle"\n'
    (line,) = complaints(tmp_path, imported)
    assert line.startswith(f'constellation.file = "{tmp_path}/starlnk.tle": no such file')
    assert line.endswith(f'did you mean "{tmp_path}/starlink.tle"?')
    (line,) = complaints(tmp_path, imported.replace('file = "starlnk.tle"', ""))
    assert "give it in the scenario or by --set constellation.file=PATH" in line


@pytest.mark.parametrize("content", ["name = ", "a = 650 km", "[time]\n[time]"])
def test_text_that_is_no_toml(tmp_path: Path, content: str) -> None:
    (line,) = complaints(tmp_path, content)
    assert line.startswith("TOML: not readable")
    assert "(at " in line


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "case.toml"
    path.write_bytes(b"name = \xff\xfe")
    with pytest.raises(ScenarioError, match="allowed: UTF-8 text"):
        load(path)


def test_later_wins(tmp_path: Path) -> None:
    """Default < catalogue < scenario < override."""
    path = "satellite.battery.depth_of_discharge"
    generic = loaded(tmp_path)
    assert (generic.satellite.battery.depth_of_discharge, generic.provenance[path].origin) == (
        0.4,
        "catalogue",
    )
    designed = loaded(tmp_path, SMALL + '[satellite]\ndesign = "spacex-ai1"\n')
    assert designed.satellite.battery.depth_of_discharge == 0.6
    content = SMALL + '[satellite]\ndesign = "spacex-ai1"\nbattery.depth_of_discharge = 0.3\n'
    given = loaded(tmp_path, content)
    assert (given.satellite.battery.depth_of_discharge, given.provenance[path].origin) == (
        0.3,
        "user",
    )
    overridden = loaded(tmp_path, content, [f"{path}=0.2", f"{path} = 25 %"])
    assert overridden.satellite.battery.depth_of_discharge == 0.25
    assert overridden.provenance[path].origin == "override"
    assert generic.provenance["time.step"].origin == "default"


def test_overrides_read_as_toml_where_they_can(tmp_path: Path) -> None:
    overrides = [
        "satellite.battery.capacity=4 kWh",
        'satellite.array.area={ value = "20 m²", source = "me", low = "10 m²" }',
        "faults.enabled=false",
        "time.seed=7",
        "time.start=2026-05-30",
        "constellation.local_time=06:00",
        "workload.jobs.0.name=mine",
        "workload.jobs.0.kind=batch",
        "workload.jobs.0.work=1 EFLOP",
        "catalogue.accelerator.h100.tdp=600 W",
        "satellite.dry_mass=auto",
    ]
    scenario = loaded(tmp_path, SMALL, overrides)
    assert scenario.satellite.battery.capacity == 14.4e6
    assert scenario.provenance["satellite.array.area"].source == "me"
    assert scenario.provenance["satellite.array.area"].low == 10.0
    assert not scenario.faults.enabled
    assert scenario.time.seed == 7
    assert scenario.time.start.isoformat() == "2026-05-30T00:00:00+00:00"
    assert scenario.constellation.local_time == "06:00"
    assert scenario.workload.jobs[0].work == 1e18
    assert scenario.accelerator.tdp == 600.0
    assert scenario.satellite.dry_mass is None


def test_paths_are_relative_to_where_they_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside, here = tmp_path / "beside", tmp_path / "here"
    for folder in (beside, here):
        folder.mkdir()
        (folder / "trace.csv").write_text("TIMESTAMP,ContextTokens,GeneratedTokens\n")
    monkeypatch.chdir(here)
    content = SMALL + '[workload]\ntrace = "trace.csv"\n'
    assert loaded(beside, content).workload.trace == beside / "trace.csv"
    overridden = loaded(beside, content, ["workload.trace=trace.csv"])
    assert overridden.workload.trace == here / "trace.csv"


@pytest.mark.parametrize("name", names())
def test_every_shipped_scenario_loads(tmp_path: Path, name: str) -> None:
    file = tmp_path / "one.tle"
    file.write_text(ONE_SATELLITE)
    imported = "imported" in shipped_text(name)
    scenario = load(name, [f"constellation.file={file}"] if imported else [])
    assert scenario.name == name
    assert scenario.description == description(name) != ""
    kinds = {job.kind for job in scenario.workload.jobs}
    only = {"gemma-in-orbit": set(), "train-in-orbit": {"training"}, "three-body": {"batch"}}
    assert kinds == only.get(name, {"training", "batch"})
    day = scenario.workload.rate * 86400.0
    assert 1e4 < day < 1e6


def test_shipped_names() -> None:
    shipped = (
        *("ascend", "beijing-dawn-dusk", "blue-sunrise", "gemma-in-orbit", "spacex-ai1"),
        *("starcloud-1", "starcloud-5gw", "starlink-imported", "suncatcher", "three-body"),
        "train-in-orbit",
    )
    assert names() == shipped
    with pytest.raises(ScenarioError, match="no such file or shipped scenario"):
        shipped_text("nothing")


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.floats(),
    st.sampled_from(["", "auto", "650 km", "4 kg", "h100", "-1 s", "18:00", "cluster"]),
)
VALUES = st.one_of(SCALARS, st.lists(SCALARS, max_size=2), st.just({}), st.just([{}]))


@settings(max_examples=150, suppress_health_check=SHARED)
@given(st.data())
def test_no_input_crashes(tmp_path: Path, data: st.DataObject) -> None:
    """Whatever stands where a value is expected, it loads or every fault is told."""
    paths = list(loaded(tmp_path).values)
    tables = sorted({path.rpartition(".")[0] for path in paths} - {""})
    path = data.draw(st.sampled_from([*paths, *tables, "workload.jobs.0", "catalogue.model.x"]))
    literal = _literal(data.draw(VALUES))
    try:
        loaded(tmp_path, SMALL, [f"{path}={literal}"])
    except ScenarioError as error:
        told = [bool(fault.path and fault.allowed) for fault in error.faults]
    else:
        told = [True]
    assert told
    assert all(told)


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(map(_literal, value)) + "]"
    if isinstance(value, str):
        return f'"{value}"'
    return "{}" if isinstance(value, dict) else str(value)


def test_literals_of_this_test_are_toml() -> None:
    assert tomllib.loads(f"x = {_literal([True, 'a', 1.5, {}])}") == {"x": [True, "a", 1.5, {}]}
