"""The designs of the other racers say what was published, and what of it does not close."""

import math

import numpy as np
import pytest

from dawndusk.deployment import deploy, summary
from dawndusk.fleet_plan import orbits, plan_fleet
from dawndusk.scenario import Scenario, load

SUN = 1361.0
RACERS = ("three-body", "blue-sunrise", "beijing-dawn-dusk", "ascend", "starcloud-5gw")


def array_power(scenario: Scenario) -> float:
    """Of a satellite's cells in the Sun's normal light, new and cool [W]."""
    array = scenario.satellite.array
    assert array.area is not None
    return array.area * array.efficiency * array.packing * SUN


def compute_power(scenario: Scenario) -> float:
    """Of a satellite's accelerators and hosts [W]."""
    compute = scenario.satellite.compute
    return compute.count * scenario.accelerator.tdp + compute.host_power


CHOICES = ("constellation.planes", "constellation.plane_spacing")
"""How modules stand side by side: not a guess of somebody's number."""


@pytest.mark.parametrize("name", RACERS)
def test_what_is_not_public_is_a_range_with_a_reason(name: str) -> None:
    scenario = load(name)
    own = {path: told for path, told in scenario.provenance.items() if told.origin == "scenario"}
    assert {"assumed", "public" if name != "starcloud-5gw" else "claim"} <= {
        told.confidence for told in own.values()
    }
    for path, told in own.items():
        if path.startswith("constellation.") and not path.endswith(".kind"):
            assert told.source, path
        number = isinstance(scenario.values[path].value, int | float)
        if told.confidence == "assumed" and number and path not in CHOICES:
            assert told.low is not None, path
            assert told.high is not None, path
            assert told.low <= scenario.values[path].value <= told.high, path


def test_three_body_is_as_published() -> None:
    """12 satellites, 744 TOPS each, 5 POPS and 30 TB together, lasers of 100 Gbit/s, 8 billion."""
    scenario = load("three-body")
    chip, count = scenario.accelerator, scenario.satellite.compute.count
    assert scenario.constellation.satellites == 12
    assert count * chip.peak_flops_fp8 == 744e12
    assert scenario.isl_terminal.max_rate == 100e9
    assert 12 * scenario.network.sensor_store == pytest.approx(30e12)
    assert scenario.model.parameters == pytest.approx(8e9, rel=0.01)
    assert chip.peak_flops == 744e12 / 2  # operations of eight bits are not BF16


def test_three_bodys_5_pops_are_not_12_of_its_satellites() -> None:
    """12 × 744 TOPS are 8.9 POPS; the least the figures allow is 5 POPS of sparse operations."""
    scenario = load("three-body")
    together = 12 * scenario.accelerator.peak_flops_fp8
    assert together == pytest.approx(1.786 * 5e15, rel=1e-3)
    low = scenario.entries()["accelerator.three-body-computer"].values["peak_flops_fp8"].provenance
    assert low.low == pytest.approx(5e15 / 12 / 2, rel=0.01)
    assert low.high == 744e12


def test_three_body_flies_in_the_plane_it_was_launched_into() -> None:
    """Liftoff 04:12 UTC on 14 May 2025 from Jiuquan, 41.0° N 100.3° E, to the south."""
    scenario = load("three-body")
    tilt = orbits(scenario)[0].inclination[0]
    ahead = math.asin(math.tan(math.radians(41.0)) / math.tan(math.pi - tilt))
    descending = 4.2 + 100.3 / 15.0 - math.degrees(ahead) / 15.0
    hour, minute = map(int, scenario.constellation.local_time.split(":"))
    assert hour + minute / 60.0 - 12.0 == pytest.approx(descending, abs=0.1)


def test_sunrise_is_as_filed() -> None:
    """51,600 satellites, 500–1,800 km, 97–104°, 300 to 1,000 a plane, planes 5–10 km apart."""
    scenario = load("blue-sunrise")
    flown, declared = orbits(scenario)[0], scenario.constellation
    assert len(flown) == declared.satellites == 51_600
    assert 300 <= declared.satellites / declared.planes <= 1_000
    assert 5e3 <= declared.plane_rise <= 10e3
    top = declared.altitude + declared.plane_rise * (declared.planes - 1)
    assert (declared.altitude, top) == pytest.approx((500e3, 1_800e3), rel=1e-3)
    tilts = np.degrees(flown.inclination)
    assert (tilts.min(), tilts.max()) == pytest.approx((97.40, 103.66), abs=0.01)


def test_beijings_centres_are_as_published() -> None:
    """16 centres above 1 GW each at 700–800 km, dawn–dusk, docked from modules."""
    scenario = load("beijing-dawn-dusk")
    declared = scenario.constellation
    modules = declared.planes
    assert declared.satellites / modules == 16
    assert 700e3 <= declared.altitude <= 800e3
    assert declared.local_time == "18:00"
    assert modules * array_power(scenario) == pytest.approx(1e9, rel=1e-3)
    flown = orbits(scenario)[0]
    along = (flown.mean_anomaly + flown.argument_of_perigee).reshape(modules, 16)
    assert np.ptp(along, axis=0).max() < 1e-12  # modules of a centre keep side by side
    assert np.degrees(np.diff(along[0])) == pytest.approx(22.5)
    gap = math.radians(0.001) * (declared.altitude + 6_378_135.0)
    assert gap == pytest.approx(124.0, abs=1.0)


def test_a_gigawatt_does_not_carry_millions_of_cards() -> None:
    """What the array carries at the end of its life is half of its power: 0.59 million H100."""
    scenario = load("beijing-dawn-dusk")
    plan = plan_fleet(scenario.replaced({"satellite.array.area": None}, origin="test"))
    given = scenario.satellite.array.area
    assert given is not None
    assert plan.array_area_m2 == pytest.approx(given, rel=0.03)
    assert 256 * scenario.satellite.compute.count == 588_800
    assert 256 * compute_power(scenario) == pytest.approx(0.471e9, rel=1e-3)


def test_dead_modules_of_many_square_metres_end_beijings_fleet() -> None:
    """Wreckage of 98 t strikes the next: 3 m² a module that must not be hit are too many."""
    left = {}
    for area in (1, 3):
        changes = ["fleet.runs=5", f"debris.exposed_area={area} m²"]
        plan = plan_fleet(load("beijing-dawn-dusk", changes))
        left[area] = summary(deploy(plan.scenario, plan))["capacity_end_fraction"]
    assert left[1] > 0.5
    assert left[3] < 0.15


def test_ascends_blocks_are_as_published() -> None:
    """13 blocks with 10 MW at 1,400 km, 6,300 m² each: all array and radiator needed fits them."""
    scenario = load("ascend")
    plan = plan_fleet(scenario)
    assert plan.satellites == scenario.constellation.satellites == 13
    assert scenario.constellation.altitude == 1_400e3
    assert 13 * compute_power(scenario) == pytest.approx(10e6, rel=1e-3)
    assert plan.eclipse_max_s == 0.0
    assert 0.8 * 6_300.0 < plan.array_area_m2 + plan.radiator_area_m2 < 6_300.0


def test_starclouds_five_gigawatts_do_not_close() -> None:
    """16 km² give 4.31 GW, racks alone weigh four times the 100 t of a module, and 125 > 100."""
    scenario = load("starcloud-5gw")
    thermal, modules = scenario.satellite.thermal, scenario.constellation.satellites
    assert modules * 40e6 == 5e9
    assert modules * scenario.satellite.array.area == pytest.approx(16e6)
    assert modules * array_power(scenario) == pytest.approx(4.31e9, rel=1e-3)
    assert thermal.radiator_area * 633.08 == pytest.approx(40e6, rel=1e-3)
    assert thermal.radiator_area < scenario.satellite.array.area / 2
    assert compute_power(scenario) == pytest.approx(300 * 120e3)
    assert scenario.satellite.compute.count / 72 * 1_360.0 == pytest.approx(408e3)
    assert scenario.satellite.dry_mass == 100e3
    assert plan_fleet(scenario).masses["unlisted"] < -1e6
