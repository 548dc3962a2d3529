"""The shipped catalogue: complete, sourced, and equal to what was published."""

import csv
import math
import re
import tomllib
import unicodedata
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from dawndusk import catalogue
from dawndusk.scenario import load
from dawndusk.scenario.errors import ScenarioError
from dawndusk.scenario.provenance import CONFIDENCES

DATA = Path(__file__).parents[2] / "../shared/data"
REFERENCES = [f"{kind}.{name}" for kind in catalogue.kinds() for name in catalogue.names(kind)]

needs_data = pytest.mark.skipif(
    not DATA.is_dir(), reason="reference data is not beside the project"
)


def value(reference: str, path: str) -> Any:
    return catalogue.entry(reference).values[path].value


@pytest.mark.parametrize("reference", REFERENCES)
def test_every_value_is_sourced_dated_and_graded(reference: str) -> None:
    entry = catalogue.entry(reference)
    assert entry.values
    for path, each in entry.values.items():
        provenance = each.provenance
        assert provenance.source, path
        assert re.fullmatch(r"(19|20)\d\d(-\d\d(-\d\d)?)?", provenance.date), path
        assert provenance.confidence in CONFIDENCES, path
        assert each.meaning, path


def assumed() -> Iterator[tuple[str, str]]:
    for reference in REFERENCES:
        for path, each in catalogue.entry(reference).values.items():
            number = isinstance(each.value, int | float) and not isinstance(each.value, bool)
            if number and each.provenance.confidence == "assumed":
                yield reference, path


UNRANGED = {
    # a choice, not a guess
    "design.generic": {"battery.initial_charge", "thermal.faces", "thermal.sun_angle"}
    | {"thermal.earth_angle", "compute.count"},
    "design.suncatcher-mvp": {"thermal.faces"},
    "design.starcloud-1": {"thermal.faces"},
}


def test_assumed_numbers_carry_a_range() -> None:
    for reference, path in assumed():
        if path in UNRANGED.get(reference, set()) or path in ("kv_bytes", "weight_bytes"):
            continue
        if reference.startswith("stations.") and path.endswith(".elevation_mask"):
            continue  # an open sky, where no skyline is given
        if reference in ("prices.default", "cities.single"):
            continue
        provenance = catalogue.entry(reference).values[path].provenance
        assert provenance.low is not None, (reference, path)
        assert provenance.high is not None, (reference, path)


def test_prices_carry_a_range_and_their_year() -> None:
    values = catalogue.entry("prices.default").values
    assert value("prices.default", "price_year") == 2026
    for path, each in values.items():
        if path != "price_year":
            assert each.provenance.low is not None, path


@pytest.mark.parametrize("reference", REFERENCES)
def test_values_lie_within_their_ranges(reference: str) -> None:
    for path, each in catalogue.entry(reference).values.items():
        low, high = each.provenance.low, each.provenance.high
        assert low is None or low <= each.value, path
        assert high is None or each.value <= high, path


@pytest.mark.parametrize("name", catalogue.names("design"))
def test_every_design_flies(name: str) -> None:
    scenario = load("starcloud-1", [f"satellite.design={name}"])
    assert scenario.satellite.design == name


def test_unknown_references_name_the_nearest() -> None:
    with pytest.raises(ScenarioError, match=r'did you mean "accelerator.h100"'):
        catalogue.entry("accelerator.h1000")
    with pytest.raises(ScenarioError, match='did you mean "accelerator"'):
        catalogue.names("accelerators")


def test_titles_are_read_without_checking() -> None:
    assert catalogue.title("accelerator", "h100") == "NVIDIA H100 SXM"


def test_files_hold_each_entry_once() -> None:
    for kind, file in catalogue.FILES.items():
        content = tomllib.loads(files("dawndusk.catalogue").joinpath(file).read_text("utf-8"))
        assert tuple(content) == catalogue.names(kind)


@pytest.mark.parametrize(
    ("name", "bf16", "fp8", "memory", "bandwidth", "tdp"),
    [
        ("h100", 989e12, 1979e12, 80e9, 3.35e12, 700.0),
        ("h200", 989e12, 1979e12, 141e9, 4.8e12, 700.0),
        ("b200", 2250e12, 4500e12, 180e9, 8e12, 1000.0),
        ("gb200", 2500e12, 5000e12, 192e9, 8e12, 1200.0),
        ("tpu-v6e", 918e12, 1836e12, 32e9, 1.638e12, 225.0),
        ("tpu-v7", 2307e12, 4614e12, 192 * 2**30, 7.37e12, 850.0),
        ("jetson-orin-nx", 15e12, 30e12, 16e9, 102.4e9, 25.0),
        ("jetson-xavier-nx", 6.8e12, 12.3e12, 8e9, 59.7e9, 15.0),
    ],
)
def test_published_accelerators(
    name: str, bf16: float, fp8: float, memory: float, bandwidth: float, tdp: float
) -> None:
    """Data sheets, dense; TDPs of TPUs are middles of estimates."""
    chip = catalogue.entry(f"accelerator.{name}").resolved
    assert isinstance(chip, catalogue.Accelerator)
    found = (chip.peak_flops, chip.peak_flops_fp8, chip.memory, chip.bandwidth, chip.tdp)
    assert found == pytest.approx((bf16, fp8, memory, bandwidth, tdp), rel=1e-12)


@pytest.mark.parametrize(
    ("name", "event", "square_centimetres"),
    [
        # 1.27e-7 cm² over the dose in rad: 17 (14.4 to 20), 44 and 5,000 (Suncatcher 2025)
        ("tpu-v6e", "silent_corruption", 1.266e-7 / 17.0),
        ("tpu-v6e", "uncorrectable_error", 1.266e-7 / 44.0),
        ("tpu-v6e", "interrupt", 1.266e-7 / 5000.0),
        # published beam tests with protons of 480 MeV
        ("jetson-orin-nx", "uncorrectable_error", 3.9e-9),
        ("jetson-xavier-nx", "interrupt", (3.97e-9 + 6.71e-9) / 2),
        ("h100", "silent_corruption", 1.266e-7 / 17.0),
    ],
)
def test_published_cross_sections(name: str, event: str, square_centimetres: float) -> None:
    found = 1e4 * value(f"accelerator.{name}", event)
    assert found / square_centimetres == pytest.approx(1.0, rel=0.01)


@pytest.mark.parametrize("name", catalogue.names("accelerator"))
def test_what_no_beam_test_showed_is_marked_assumed(name: str) -> None:
    measured = {"tpu-v6e": 3, "jetson-orin-nx": 1, "jetson-xavier-nx": 1}
    values = catalogue.entry(f"accelerator.{name}").values
    events = ("silent_corruption", "uncorrectable_error", "interrupt", "latch_up")
    marks = [values[event].provenance.confidence for event in events]
    assert marks.count("public") == measured.get(name, 0)
    assert marks.count("assumed") == 4 - measured.get(name, 0)


@pytest.mark.parametrize("name", catalogue.names("accelerator"))
def test_no_sparse_rate_slipped_in(name: str) -> None:
    """Dense BF16 per watt has stayed below 4 TFLOP/s; sparse figures would show as twice that."""
    chip = catalogue.entry(f"accelerator.{name}").resolved
    assert isinstance(chip, catalogue.Accelerator)
    assert 1.0 <= chip.peak_flops_fp8 / chip.peak_flops <= 2.2
    assert chip.peak_flops / chip.tdp < 4.2e12
    assert chip.idle_power < 0.5 * chip.tdp


def test_the_tdp_of_the_tpu_v6e_is_a_range() -> None:
    provenance = catalogue.entry("accelerator.tpu-v6e").values["tdp"].provenance
    assert (provenance.low, provenance.high, provenance.confidence) == (150.0, 300.0, "assumed")


@pytest.mark.parametrize(
    ("name", "feed_forward", "vocabulary", "embeddings"),
    [
        ("llama-3-8b", 14336, 128256, 2),
        ("llama-3-70b", 28672, 128256, 2),
        ("llama-3-405b", 53248, 128256, 2),
        ("gemma-3-27b", 21504, 262208, 1),
        ("gemma-3-270m", 2048, 262144, 1),
        ("nanogpt-shakespeare", None, 65, 1),
    ],
)
def test_parameters_follow_from_the_shape(
    name: str, feed_forward: int | None, vocabulary: int, embeddings: int
) -> None:
    """Closed form: attention and gated feed-forward of every layer, and the embeddings.

    Feed-forward widths and vocabularies from the published configurations; NanoGPT's
    feed-forward is two matrices of four times the width.
    """
    model = catalogue.entry(f"model.{name}").resolved
    assert isinstance(model, catalogue.Model)
    width = model.heads * model.head_dim
    attention = model.hidden * (2 * width + 2 * model.kv_heads * model.head_dim)
    forward = 8 * model.hidden**2 if feed_forward is None else 3 * model.hidden * feed_forward
    total = model.layers * (attention + forward) + embeddings * vocabulary * model.hidden
    assert total == pytest.approx(model.parameters, rel=0.01)


@pytest.mark.parametrize(("name", "experts", "used", "width"), [("mixtral-8x7b", 8, 2, 14336)])
def test_parameters_of_experts(name: str, experts: int, used: int, width: int) -> None:
    """Mixtral of Experts, arXiv 2401.04088: two of eight experts a token."""
    model = catalogue.entry(f"model.{name}").resolved
    assert isinstance(model, catalogue.Model)
    one = model.layers * 3 * model.hidden * width
    inactive = (experts - used) * one
    assert model.parameters - model.active_parameters == pytest.approx(inactive, rel=0.01)


@pytest.mark.parametrize("name", catalogue.names("launcher"))
def test_a_launch_costs_its_payload(name: str) -> None:
    launcher = catalogue.entry(f"launcher.{name}").resolved
    assert isinstance(launcher, catalogue.Launcher)
    sold = 50.0 if name == "falcon-9-rideshare" else launcher.payload
    assert launcher.price / sold == pytest.approx(launcher.price_per_kg, rel=0.02)


@pytest.mark.parametrize(
    ("name", "power"), [("starlink-v2-mini", 28.3e3), ("suncatcher", 28.3e3), ("mccalip", 31.3e3)]
)
def test_published_array_power(name: str, power: float) -> None:
    """Suncatcher table 1: 28 kW; McCalip's 116 m² at 22 % (his 27 kW are end of life)."""
    array = load("starcloud-1", [f"satellite.design={name}"]).satellite.array
    assert array.area is not None
    assert array.area * array.efficiency * array.packing * 1361.0 == pytest.approx(power, rel=0.01)


def test_ai1_gives_what_is_claimed() -> None:
    """600 m² × 250 W/m² = 150 kW with hot cells; 110 m² two-sided at 340 K reject 150 kW."""
    satellite = load("spacex-ai1").satellite
    array, thermal = satellite.array, satellite.thermal
    assert array.area == 600.0
    hot = 1.0 + array.temperature_coefficient * (335.0 - array.reference_temperature)
    assert array.efficiency * array.packing * hot * 1361.0 == pytest.approx(250.0, rel=0.04)
    assert thermal.radiator_area == 110.0
    rejected = 2 * thermal.radiator_area * thermal.emissivity * 5.670374419e-8
    rejected *= thermal.design_radiator_temperature**4
    assert rejected == pytest.approx(150e3, rel=0.01)
    power = satellite.compute.count * 1400.0 + satellite.compute.host_power + satellite.bus.load
    assert power == pytest.approx(120e3, rel=0.02)


@needs_data
def test_carbon_intensities_are_the_published_ones() -> None:
    """GreenAlgorithms, CI_aggregated.csv, CC-BY-4.0 [g/kWh]."""
    with (DATA / "greenalg/CI_aggregated.csv").open(encoding="utf-8") as file:
        rows = {row[0]: row[4] for row in csv.reader(file) if len(row) > 4}
    checked = 0
    for name in catalogue.names("site"):
        each = catalogue.entry(f"site.{name}").values["carbon_intensity"]
        region = each.provenance.source.removeprefix("GreenAlgorithms, ")
        assert each.value * 3.6e9 == pytest.approx(float(rows[region]), rel=1e-9), name
        checked += 1
    assert checked >= 10


def plain(name: str) -> str:
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z]+", " ", ascii_only.lower()).strip()


@needs_data
def test_cities_lie_where_they_are() -> None:
    """Hypatia's 1,000 cities by estimated population in 2025 (MIT), within half a degree of arc."""
    path = DATA / "hypatia/ground_stations_cities_sorted_by_estimated_2025_pop_top_1000.basic.txt"
    known = []
    for line in path.read_text("utf-8").splitlines():
        _, name, latitude, longitude, _ = line.rsplit(",", 4)[-5:]
        known.append((plain(name), float(latitude), float(longitude)))
    cities = catalogue.entry("cities.world").resolved
    assert isinstance(cities, catalogue.Cities)
    matched = 0
    for city in cities.cities:
        words = plain(city.name)
        near = [place for name, *place in known if re.search(rf"\b{words}\b", name)]
        if not near:
            continue
        matched += 1
        here = (math.degrees(city.latitude), math.degrees(city.longitude))
        east = math.cos(city.latitude)
        arc = min(math.hypot(here[0] - lat, east * (here[1] - lon)) for lat, lon in near)
        assert arc < 0.5, city.name
    assert matched >= 60


def test_cities_keep_roughly_the_suns_time() -> None:
    """Standard time follows longitude within two hours, in China and Spain too."""
    cities = catalogue.entry("cities.world").resolved
    assert isinstance(cities, catalogue.Cities)
    assert len(cities.cities) >= 60
    assert len({city.name for city in cities.cities}) == len(cities.cities)
    for city in cities.cities:
        solar = math.degrees(city.longitude) / 15.0
        assert abs(city.utc_offset / 3600.0 - solar) < 2.1, city.name
        assert 5e5 < city.population < 4.5e7
