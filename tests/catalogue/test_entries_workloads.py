"""Classes of work: complete, and equal to the arithmetic that their sources name."""

from pathlib import Path

import pytest

from dawndusk import catalogue
from dawndusk.catalogue.entries import VEHICLE, Model, WorkloadClass
from dawndusk.scenario import trees
from dawndusk.scenario.errors import ScenarioError
from dawndusk.workload import inference, trace, training

DATA = Path(__file__).parents[2] / "../shared/data"
H100 = catalogue.entry("accelerator.h100").values


def work_class(name: str) -> WorkloadClass:
    found = catalogue.entry(f"workload.{name}").resolved
    assert isinstance(found, WorkloadClass)
    return found


def model(name: str) -> Model:
    found = catalogue.entry(f"model.{name}").resolved
    assert isinstance(found, Model)
    return found


def test_the_classes_asked_for_are_there() -> None:
    assert catalogue.names("workload") == (
        "chat-inference",
        "batch-inference",
        "pretraining",
        "fine-tuning",
        "video-generation",
        "earth-observation",
        "fraud-scoring",
        "risk-monte-carlo",
        "support-triage",
        "vehicle-health",
        "robot-fleet-vision",
    )


def test_chat_is_the_published_conversation_on_llama_3_70b() -> None:
    tokens = (1155 + 211) / 211
    expected = 2 * model("llama-3-70b").active_parameters * tokens
    for name in ("chat-inference", "batch-inference"):
        assert work_class(name).work == pytest.approx(expected, rel=1e-3)
    chat = work_class("chat-inference")
    assert chat.input == pytest.approx((4 * 1155 + 1000) / 211, rel=0.02)
    assert chat.output == pytest.approx(4 + 1000 / 211, rel=0.05)


@pytest.mark.skipif(not DATA.is_dir(), reason="reference data is not beside the project")
def test_the_conversation_has_the_lengths_named() -> None:
    found = trace.read(DATA / "azure_llm_2023" / "AzureLLMInferenceTrace_conv.csv")
    assert found.prompt.mean() == pytest.approx(1155, abs=1)
    assert found.output.mean() == pytest.approx(211, abs=1)


@pytest.mark.parametrize(("name", "batch"), [("chat-inference", 32), ("batch-inference", 128)])
def test_utilisation_of_inference_is_the_rooflines(name: str, batch: int) -> None:
    """Prefill of 1,155 tokens and 211 passes at a context of 1,260, on four H100."""
    served = model("llama-3-70b")
    engine = inference.service(
        parameters=served.parameters,
        active_parameters=served.active_parameters,
        layers=served.layers,
        hidden=served.heads * served.head_dim,
        kv_heads=served.kv_heads,
        head_dim=served.head_dim,
        weight_bytes=served.weight_bytes,
        kv_bytes=served.kv_bytes,
        peak_flops=H100["peak_flops"].value,
        bandwidth=H100["bandwidth"].value,
        memory=H100["memory"].value,
        tensor_parallel=4,
        max_batch=batch,
        patience=60.0,
    )
    decode = engine.iteration[batch] / batch + 1260 * engine.context_time
    per_token = engine.prefill_time + engine.prefill_link + 1155 * engine.prefill_square
    time = decode + 1155 * per_token / 211
    reached = work_class(name).work / (4 * H100["peak_flops"].value * time)
    assert work_class(name).utilisation == pytest.approx(reached, rel=0.02)


def test_memory_of_inference_holds_weights_and_cache() -> None:
    served = model("llama-3-70b")
    token = inference.cache_bytes(served.layers, served.kv_heads, served.head_dim, served.kv_bytes)
    weights = inference.weights(served.parameters, served.weight_bytes)
    for name, batch in (("chat-inference", 32), ("batch-inference", 128)):
        needed = weights + batch * 1366 * token
        assert needed <= work_class(name).memory <= 1.3 * needed


def test_training_is_six_flop_a_parameter_and_sixteen_bytes() -> None:
    for name, trained in (("pretraining", "llama-3-405b"), ("fine-tuning", "llama-3-8b")):
        parameters = model(trained).parameters
        assert work_class(name).work == pytest.approx(training.work(parameters, 1.0), rel=2e-3)
        assert work_class(name).memory == pytest.approx(training.state(parameters), rel=5e-3)


def test_pretraining_exchanges_at_the_published_rate() -> None:
    """Streaming DiLoCo, arXiv 2501.18512: data parallel, 100 billion, 90 %: 390.7 Gbit/s."""
    values = catalogue.entry("workload.pretraining").values["exchange"]
    assert values.value == pytest.approx(390.7e9)
    assert values.provenance.low == pytest.approx(1.1e9)


def test_video_is_half_an_hour_of_one_h100() -> None:
    video = work_class("video-generation")
    seconds = video.work / (video.utilisation * H100["peak_flops"].value)
    assert seconds == pytest.approx(1800.0, rel=0.03)
    assert video.response == pytest.approx(seconds / 8, rel=0.1)
    assert video.output == pytest.approx(5 * 5e6 / 8, rel=0.05)


def test_the_sensor_makes_sentinel_2s_data_rate() -> None:
    sensor = work_class("earth-observation")
    assert sensor.rate is not None
    assert 8 * sensor.rate * sensor.input == pytest.approx(490e6, rel=0.03)
    swath, speed = 290e3, 6.7e3
    assert 1.0 / sensor.rate == pytest.approx(1e10 / (swath * speed), rel=0.05)


def test_risk_runs_at_half_of_fp32() -> None:
    share = 0.5 * 67e12 / H100["peak_flops"].value
    assert work_class("risk-monte-carlo").utilisation == pytest.approx(share, rel=0.01)


def test_vehicles_finish_on_their_own_what_arises() -> None:
    for name in ("vehicle-health", "robot-fleet-vision"):
        entry = work_class(name)
        assert entry.computer_rate is not None
        assert entry.rate is not None
        assert entry.computer_rate * entry.utilisation / entry.work > entry.rate


def own(name: str, **values: object) -> catalogue.Own:
    faults: list[object] = []
    return {"workload": {name: trees.read(values, "user", faults)}}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "values", "complaint"),
    [
        ("chat-inference", {"latency": "2 W"}, "workload.chat-inference.latency = "),
        ("chat-inference", {"origin": "moon"}, "workload.chat-inference.origin = "),
        ("chat-inference", {"utilisation": 1.5}, "utilisation = 1.5: out of range"),
        ("chat-inference", {"computer_power": "5 W"}, 'only where origin is "vehicle"'),
        ("chat-inference", {"origin": "satellite"}, "chat-inference.rate: missing"),
        ("robot-fleet-vision", {"rate": "auto"}, "robot-fleet-vision.rate: missing"),
        ("robot-fleet-vision", {"origin": "users"}, "robot-fleet-vision.access_rate = "),
        ("support-triage", {"availability": 1.0}, "availability = 1.0: out of range"),
    ],
)
def test_wrong_classes(name: str, values: dict[str, object], complaint: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        catalogue.entry(f"workload.{name}", own(name, **values))
    assert complaint in str(caught.value)


def test_a_vehicle_says_all_of_its_computer_and_link() -> None:
    for name in catalogue.names("workload"):
        entry = work_class(name)
        given = [key for key in VEHICLE if getattr(entry, key) is not None]
        assert len(given) == (len(VEHICLE) if entry.origin == "vehicle" else 0)
