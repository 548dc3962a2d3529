"""The resolved scenario: derived values, impossibilities, replacement, equality."""

import pickle
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dawndusk.scenario import Scenario, load
from dawndusk.scenario.errors import ScenarioError
from dawndusk.workload import inference
from tests.scenario import SHARED, SMALL, complaints, loaded


def test_every_value_has_a_provenance(tmp_path: Path) -> None:
    scenario = loaded(tmp_path)
    assert set(scenario.provenance) == set(scenario.values)
    assert {each.origin for each in scenario.provenance.values()} == {
        "user",
        "catalogue",
        "default",
        "derived",
    }
    for path, provenance in scenario.provenance.items():
        if provenance.origin == "catalogue":
            assert provenance.source, path
            assert provenance.date, path
            assert provenance.confidence, path


def test_values_come_from_the_entries_they_name(tmp_path: Path) -> None:
    scenario = loaded(tmp_path)
    assert scenario.economics.launch_price == scenario.launcher.price_per_kg
    assert scenario.economics.accelerator_price == scenario.accelerator.price
    assert scenario.economics.ground_construction == scenario.site.construction_price
    assert scenario.ground.power_price == scenario.site.power_price
    overrides = ["ground.site=tokyo", "economics.launcher=falcon-9", "ground.pue=1.5"]
    other = loaded(tmp_path, SMALL, overrides)
    assert other.ground.power_price == pytest.approx(0.16 / 3.6e6)
    assert other.ground.pue == 1.5
    assert other.economics.launch_price == 3770.0
    assert other.provenance["economics.launch_price"].confidence == "derived"
    assert len(scenario.cities) > 60
    assert scenario.model.name == "llama-3-8b"


def test_replaced_takes_lists_as_a_file_does(tmp_path: Path) -> None:
    prices = [{"year": 2027, "price": "1500 USD/kg"}, {"year": 2035, "price": "200 USD/kg"}]
    changed = loaded(tmp_path).replaced({"fleet.launch_prices": prices})
    assert [each.price for each in changed.fleet.launch_prices] == [1500.0, 200.0]
    again = changed.replaced({"fleet.launch_prices": prices[1:]})
    assert [each.year for each in again.fleet.launch_prices] == [2035.0]
    assert changed.replaced({"fleet.launch_prices": []}).fleet.launch_prices == ()
    with pytest.raises(ScenarioError, match=r"launch_prices\.0\.price"):
        changed.replaced({"fleet.launch_prices": [{"year": 2027, "price": "1500 kg"}]})
    with pytest.raises(ScenarioError, match="launch_price"):
        changed.replaced({"fleet.launch_price": prices})


@pytest.mark.parametrize(
    "model", ["llama-3-8b", "llama-3-70b", "llama-3-405b", "gpt-oss-120b", "gemma-3-27b"]
)
@pytest.mark.parametrize("accelerator", ["h100", "tpu-v6e", "rubin"])
def test_tensor_parallelism_is_the_workload_models(
    tmp_path: Path, model: str, accelerator: str
) -> None:
    """The rule stands twice, as models cannot be imported here: both must agree."""
    overrides = [
        f"workload.model={model}",
        f"satellite.compute.accelerator={accelerator}",
        "satellite.compute.count=72",
    ]
    scenario = loaded(tmp_path, SMALL, overrides)
    expected = inference.tensor_parallel(
        scenario.model.parameters, scenario.model.weight_bytes, scenario.accelerator.memory, 72
    )
    assert scenario.satellite.compute.tensor_parallel == expected


def test_llama_405b_needs_sixteen_h100(tmp_path: Path) -> None:
    """812 GB of BF16 weights and a fifth of 90 % of 80 GB: 14.1, so 16."""
    overrides = ["workload.model=llama-3-405b", "satellite.compute.count=16"]
    assert loaded(tmp_path, SMALL, overrides).satellite.compute.tensor_parallel == 16


@pytest.mark.parametrize(
    ("overrides", "complaint"),
    [
        (
            ["workload.model=llama-3-405b"],
            'workload.model = "llama-3-405b": impossible: its weights of 811.8 GB and their cache '
            "need 16 h100 of 80 GB, there are 8",
        ),
        (["satellite.compute.tensor_parallel=16"], "allowed: at most satellite.compute.count, 8"),
        (
            ["workload.model=llama-3-70b", "satellite.compute.tensor_parallel=1"],
            "impossible: its weights of 141.2 GB and their cache need 4 h100 of 80 GB, there is 1",
        ),
        (
            [
                "workload.jobs.0.name=a",
                "workload.jobs.0.kind=batch",
                "workload.jobs.0.work=1 EFLOP",
                "workload.jobs.0.nodes=5",
            ],
            "workload.jobs.0.nodes = 5: impossible: the constellation has 4 satellites",
        ),
        (
            [
                "workload.jobs.0.name=a",
                "workload.jobs.0.kind=batch",
                "workload.jobs.0.work=1 EFLOP",
                "workload.jobs.0.memory=1 TB",
            ],
            "impossible: a satellite's accelerators hold 640 GB together",
        ),
        (
            [
                "workload.jobs.0.name=a",
                "workload.jobs.0.kind=training",
                "workload.jobs.0.work=1 EFLOP",
                "workload.jobs.0.model=llama-3-8b",
                "workload.jobs.0.tokens=1e9",
            ],
            "given beside model and tokens",
        ),
    ],
)
def test_impossibilities_are_told(tmp_path: Path, overrides: list[str], complaint: str) -> None:
    (line,) = complaints(tmp_path, SMALL, overrides)
    assert complaint in line


def test_work_of_training_is_six_parameters_tokens(tmp_path: Path) -> None:
    """Kaplan et al. 2020, arXiv 2001.08361: C ≈ 6·N·D."""
    job = '[[workload.jobs]]\nname = "a"\nkind = "training"\nmodel = "llama-3-8b"\ntokens = 1e12\n'
    scenario = loaded(tmp_path, SMALL + job)
    assert scenario.workload.jobs[0].work == pytest.approx(6 * 8.03e9 * 1e12)
    assert scenario.provenance["workload.jobs.0.work"].origin == "derived"
    doubled = scenario.replaced({"workload.jobs.0.tokens": 2e12})
    assert doubled.workload.jobs[0].work == pytest.approx(12 * 8.03e9 * 1e12)


def test_the_source_follows_the_trace(tmp_path: Path) -> None:
    assert loaded(tmp_path).workload.source == "synthetic"
    trace = tmp_path / "t.csv"
    trace.write_text("x")
    assert loaded(tmp_path, SMALL, [f"workload.trace={trace}"]).workload.source == "trace"
    (line,) = complaints(tmp_path, SMALL, ["workload.source=trace"])
    assert line.startswith("workload.trace: missing")


def test_replaced_checks_again_and_notes_its_origin(tmp_path: Path) -> None:
    scenario = loaded(tmp_path)
    sized = scenario.replaced({"satellite.array.area": 37.125, "time.seed": 9}, "sized")
    assert sized.satellite.array.area == 37.125
    assert sized.provenance["satellite.array.area"].origin == "sized"
    assert sized.time.seed == 9
    assert scenario.satellite.array.area is None
    assert sized.replaced({"satellite.array.area": None}).satellite.array.area is None
    assert sized != scenario
    with pytest.raises(ScenarioError, match="out of range"):
        scenario.replaced({"satellite.array.area": -1.0})
    with pytest.raises(ScenarioError, match=r'did you mean "satellite.array.area"'):
        scenario.replaced({"satellite.array.aera": 1.0})


@settings(max_examples=50, suppress_health_check=SHARED)
@given(value=st.floats(1e-3, 1e9))
def test_replaced_keeps_the_float(tmp_path: Path, value: float) -> None:
    changed = loaded(tmp_path).replaced({"satellite.battery.capacity": value})
    assert changed.satellite.battery.capacity == value


def test_it_is_frozen_and_travels_between_processes(tmp_path: Path) -> None:
    scenario = loaded(tmp_path)
    with pytest.raises(ValueError, match="frozen"):
        scenario.time.step = 3.0  # type: ignore[misc]
    copy = pickle.loads(pickle.dumps(scenario))
    assert isinstance(copy, Scenario)
    assert copy == scenario
    assert copy.replaced({"time.seed": 2}).time.seed == 2


def test_an_own_accelerator_needs_no_code(tmp_path: Path) -> None:
    own = """
[satellite.compute]
accelerator = "my-chip"
[catalogue.accelerator.my-chip]
title = "Mine"
source = "measured here"
date = "2026"
confidence = "assumed"
peak_flops = "500 TFLOP/s"
peak_flops_fp8 = "1000 TFLOP/s"
memory = "64 GB"
bandwidth = "2 TB/s"
link_bandwidth = "100 GB/s"
tdp = { value = "300 W", low = "250 W", high = "400 W" }
idle_power = "40 W"
power_exponent = 2.5
compute_activity = 1.0
memory_activity = 0.5
mass = "2 kg"
price = "9000 USD"
"""
    scenario = loaded(tmp_path, SMALL + own)
    assert scenario.accelerator.peak_flops == 5e14
    assert scenario.economics.accelerator_price == 9000.0
    entry = scenario.entries()["accelerator.my-chip"]
    assert entry.values["tdp"].provenance.source == "measured here"
    assert entry.values["tdp"].provenance.high == 400.0
    faults = complaints(tmp_path, SMALL + own.replace('mass = "2 kg"', 'mass = "-2 kg"'))
    assert faults[0].startswith('catalogue.accelerator.my-chip.mass = "-2 kg": out of range')


def test_published_power_of_suncatchers_yardstick() -> None:
    """Suncatcher, arXiv 2511.19468 v2: 105 m² × 22 % × 1.361 kW/m² × 90 % is 28.3 kW."""
    array = load("suncatcher").satellite.array
    assert array.area is not None
    power = array.area * array.efficiency * array.packing * 1361.0
    assert power == pytest.approx(28.3e3, rel=2e-3)
