"""What the chips take in orbit, against Suncatcher's paper and the models alone."""

import math

import numpy as np
import pytest

from dawndusk.constants import DAY, JULIAN_YEAR, MEV
from dawndusk.environment import cosmic, displacement, dose, radiation, upsets
from dawndusk.exposure import (
    ACTIVE,
    IRREGULAR,
    activity,
    dose_map,
    exposure,
    exposure_warnings,
    life_activity,
    stream,
)
from dawndusk.fleet_plan import plan_fleet
from dawndusk.scenario import Scenario, load
from tests.system.two_lines import tle


def found(name: str, *overrides: str) -> tuple[Scenario, dict[str, float | None]]:
    plan = plan_fleet(load(name, overrides))
    return plan.scenario, exposure(plan.scenario, plan)


def test_suncatcher_takes_what_its_paper_says() -> None:
    """About 150 rad a year and 750 rad in five behind 10 mm of aluminium (arXiv 2511.19468), and
    at that dose 8.8 silent corruptions and 3.4 uncorrectable errors a chip and year."""
    scenario, taken = found("suncatcher", "radiation.activity=0.5")
    assert taken["dose_rad_per_year"] == pytest.approx(150.0, rel=0.10)
    assert taken["dose_life_rad"] == pytest.approx(5.0 * taken["dose_rad_per_year"], rel=1e-3)
    per_rad = taken["silent_corruption_per_accelerator_year"] / taken["dose_rad_per_year"]
    assert per_rad * 150.0 == pytest.approx(8.8, rel=0.10)
    per_rad = taken["uncorrectable_error_per_accelerator_year"] / taken["dose_rad_per_year"]
    assert per_rad * 150.0 == pytest.approx(3.4, rel=0.10)
    per_rad = taken["interrupt_per_accelerator_year"] / taken["dose_rad_per_year"]
    assert per_rad * 150.0 == pytest.approx(0.03, rel=0.10)
    hosts = math.ceil(scenario.satellite.compute.count / scenario.radiation.accelerators_per_host)
    per_host = taken["host_interrupt_per_accelerator_year"] * scenario.satellite.compute.count
    per_rad = per_host / hosts / taken["dose_rad_per_year"]
    # 0.33 by the processor, one in 450 rad, and 0.375 by its memory, one in 400
    assert per_rad * 150.0 == pytest.approx(0.333 + 0.375, rel=0.10)
    assert exposure_warnings(scenario, taken) == []


def test_it_is_the_models_own_number() -> None:
    """One circular orbit: the assembler adds nothing to the models."""
    plan = plan_fleet(load("suncatcher", ["radiation.activity=0", "radiation.shielding=4 mm"]))
    taken = exposure(plan.scenario, plan)
    radius = 6378.135e3 + 650e3
    total = 0.0
    for particle in ("proton", "electron"):
        mean = radiation.orbit_mean(radius, plan.inclination_rad, particle, 0.0)
        flux = radiation.above(mean, dose.edges(particle), particle)
        total += float(dose.behind_aluminium(flux, 4e-3, particle))
    expected = total / dose.RAD * JULIAN_YEAR
    assert taken["dose_rad_per_year"] == pytest.approx(expected, rel=2e-3)


def test_more_shield_or_a_lower_orbit_is_less_dose() -> None:
    doses = [
        found("suncatcher", f"radiation.shielding={wall} mm")[1]["dose_rad_per_year"]
        for wall in (1, 3, 10, 20)
    ]
    assert doses == sorted(doses, reverse=True)
    low = found("starcloud-1")[1]["dose_rad_per_year"]
    assert 0.0 < low < 0.2 * doses[2]


def test_a_thin_shield_is_warned_of() -> None:
    scenario, taken = found("suncatcher", "radiation.shielding=1 mm")
    assert taken["dose_life_rad"] * dose.RAD > IRREGULAR
    (said,) = exposure_warnings(scenario, taken)
    assert "thicken radiation.shielding" in said


def test_what_is_not_known_is_not_made_up() -> None:
    scenario, taken = found("suncatcher", "radiation.enabled=false")
    assert set(taken.values()) == {None}
    assert exposure_warnings(scenario, taken) == []
    scenario, taken = found("suncatcher", "constellation.altitude=2500 km")
    assert set(taken.values()) == {None}
    assert "251 to 2100 km" in exposure_warnings(scenario, taken)[0]


def test_a_mixed_fleet_takes_the_mean_of_its_orbits(tmp_path) -> None:
    (tmp_path / "some.tle").write_text(tle(12))
    few = ["workload.jobs.0.nodes=4", "workload.jobs.1.count=4"]
    _, taken = found("starlink-imported", f"constellation.file={tmp_path / 'some.tle'}", *few)
    assert 0.0 < taken["dose_rad_per_year"] < 300.0


@pytest.mark.parametrize(
    ("date", "expected"),
    [("2019-12-15", 0.0), ("2024-04-01", 1.0), ("2030-12-14", 0.0), ("2017-07-01", 0.296)],
)
def test_the_sun_follows_its_cycle(date: str, expected: float) -> None:
    """Minimum in December 2019, maximum 4.3 years later; 2.46 years before a minimum the fall of
    6.71 years stands at (1 - cos(2.46 / 6.71 · 180°)) / 2."""
    scenario = load("suncatcher", [f"time.start={date}T00:00:00Z"])
    assert activity(scenario) == pytest.approx(expected, abs=0.003)
    fixed = load("suncatcher", [f"time.start={date}T00:00:00Z", "radiation.activity=0.3"])
    assert activity(fixed) == life_activity(fixed) == 0.3


def test_a_flat_sun_has_no_hole() -> None:
    level = load("suncatcher", ["sun.quiet_flux=120", "sun.peak_flux=120"])
    assert activity(level) == activity(load("suncatcher"))


def test_the_dose_is_the_lifes_and_the_upsets_are_the_days() -> None:
    """A whole cycle takes the mean of both activities' doses; upsets follow the start."""
    doses, upset = {}, {}
    for level in (0.0, 1.0):
        _, taken = found("suncatcher", f"radiation.activity={level}")
        doses[level] = taken["dose_rad_per_year"]
        upset[level] = taken["silent_corruption_per_accelerator_year"]
    _, taken = found("suncatcher", "time.start=2019-12-15T00:00:00Z", "satellite.life=11 yr")
    assert taken["dose_rad_per_year"] == pytest.approx(0.5 * (doses[0.0] + doses[1.0]), rel=5e-3)
    assert taken["silent_corruption_per_accelerator_year"] == pytest.approx(upset[0.0], rel=1e-9)


def test_the_suns_rule_of_seven_active_years() -> None:
    """King counted 7 active years of 11: those above the activity taken as active."""
    years = np.linspace(0.0, 11.0, 2201)[:-1]
    levels = []
    for year in years[::20]:
        moment = np.datetime64("2019-12-15") + np.timedelta64(int(year * 365.25 * 86400), "s")
        levels.append(activity(load("suncatcher", [f"time.start={moment}Z"])))
    assert (np.array(levels) >= ACTIVE).mean() == pytest.approx(7.0 / 11.0, abs=0.01)


def test_solar_events_are_a_line_of_their_own() -> None:
    """At activity 1 all five years count, and the dose goes with the number of events alone; in
    quiet years none come."""
    scenario, taken = found("suncatcher", "radiation.activity=1")
    assert taken["solar_events"] == cosmic.events(scenario.satellite.life, 0.9)
    _, half = found("suncatcher", "radiation.activity=1", "radiation.confidence=0.5")
    assert half["solar_events"] < taken["solar_events"]
    ratio = half["solar_events"] / taken["solar_events"]
    assert half["dose_solar_rad"] == pytest.approx(ratio * taken["dose_solar_rad"], rel=1e-9)
    assert half["dose_life_rad"] == taken["dose_life_rad"]
    _, quiet = found("suncatcher", "radiation.activity=0", "radiation.confidence=0")
    assert quiet["solar_events"] == quiet["dose_solar_rad"] == 0.0


def test_the_field_keeps_solar_protons_from_low_inclinations() -> None:
    """Polar caps let them in a third of the time; Starcloud-1 at 45° never gets so far."""
    _, polar = found("spacex-ai1", "radiation.activity=1")
    _, low = found("starcloud-1", "radiation.activity=1")
    assert low["dose_solar_rad"] < 1e-3 * polar["dose_solar_rad"]
    number = polar["solar_events"]
    fluence = cosmic.solar_fluence(dose.edges("proton"), number)
    free = float(dose.behind_aluminium(fluence, 10e-3, "proton")) / dose.RAD
    assert 0.2 < polar["dose_solar_rad"] / free < 0.5


def test_the_mean_of_the_stream_is_the_summarys() -> None:
    """The map of `stream`, averaged over the ground track of 97.8°, gives the stated upsets."""
    plan = plan_fleet(load("suncatcher"))
    taken = exposure(plan.scenario, plan)
    radius = 6378.135e3 + 650e3
    argument = (np.arange(180) + 0.5) * (2.0 * np.pi / 180)
    node = (np.arange(90) + 0.5) * (2.0 * np.pi / 90)
    along, turn = (each.ravel() for each in np.meshgrid(argument, node))
    sine = np.sin(along) * np.sin(plan.inclination_rad)
    east = turn + np.arctan2(np.sin(along) * np.cos(plan.inclination_rad), np.cos(along))
    level = np.sqrt(1.0 - sine**2)
    places = radius * np.stack([level * np.cos(east), level * np.sin(east), sine], axis=1)
    mean = stream(places, plan.scenario.radiation.shielding, activity(plan.scenario)).mean()
    assert taken["proton_stream_per_m2_s"] == pytest.approx(mean, rel=0.01)
    chip = plan.scenario.accelerator
    assert taken["silent_corruption_per_accelerator_year"] == pytest.approx(
        mean * chip.silent_corruption * JULIAN_YEAR, rel=0.01
    )
    assert taken["silent_corruptions_per_satellite_day"] == pytest.approx(
        taken["silent_corruption_per_accelerator_year"]
        * plan.scenario.satellite.compute.count
        * DAY
        / JULIAN_YEAR
    )


def test_cosmic_protons_are_counted_where_the_belts_are_not() -> None:
    """Over the pole there is nothing trapped, and the cosmic protons come in unhindered: those
    above the energy that the shield lets through."""
    pole = np.array([[0.0, 0.0, 7.0e6]])
    expected = cosmic.cosmic_flux(upsets.arrival_energy(10e-3), 0.0)
    assert stream(pole, 10e-3, 0.0) == pytest.approx([float(expected)], rel=1e-6)
    assert stream(pole, 0.1e-3, 0.0) == pytest.approx(
        [float(cosmic.cosmic_flux(10.0 * MEV, 0.0))], rel=1e-6
    )


def test_upsets_are_the_accelerators_own() -> None:
    """A chip with ten times as many silent corruptions, and one that latches up."""
    _, v6e = found("suncatcher")
    _, mine = found(
        "suncatcher",
        'catalogue.accelerator.tpu-v6e.silent_corruption="7.45e-8 cm²"',
        'catalogue.accelerator.tpu-v6e.latch_up="1e-10 cm²"',
    )
    silent = "silent_corruption_per_accelerator_year"
    assert mine[silent] == pytest.approx(10.0 * v6e[silent], rel=1e-9)
    assert v6e["latch_up_per_accelerator_year"] == 0.0
    assert mine["latch_up_per_accelerator_year"] == pytest.approx(
        v6e["interrupt_per_accelerator_year"] * 1e-10 / 2.53e-11, rel=1e-9
    )


@pytest.mark.parametrize(
    ("name", "event"),
    [("jetson-orin-nx", "uncorrectable_error"), ("jetson-xavier-nx", "interrupt")],
)
def test_a_small_satellite_with_jetsons(name: str, event: str) -> None:
    """Of a TPU's stream, each takes its own share by the cross section that was measured."""
    few = [f"satellite.compute.accelerator={name}", "satellite.compute.count=4"]
    scenario, taken = found("starcloud-1", *few)
    section = getattr(scenario.accelerator, event)
    per_year = taken["proton_stream_per_m2_s"] * section * JULIAN_YEAR
    assert taken[f"{event}_per_accelerator_year"] == pytest.approx(per_year, rel=1e-9)
    assert taken["silent_corruptions_per_satellite_day"] == 0.0
    # one host for four
    host = upsets.HOST.interrupt + upsets.HOST_MEMORY.interrupt
    assert taken["host_interrupt_per_accelerator_year"] == pytest.approx(
        taken["proton_stream_per_m2_s"] * host * JULIAN_YEAR / 4.0, rel=1e-9
    )


@pytest.mark.parametrize(("count", "hosts"), [(1, 1), (4, 1), (5, 2), (8, 2)])
def test_a_host_serves_four_and_the_last_one_what_is_left(count: int, hosts: int) -> None:
    small = ["satellite.compute.accelerator=jetson-orin-nx", "workload.jobs.1.memory=4 GB"]
    _, taken = found("starcloud-1", *small, f"satellite.compute.count={count}")
    host = upsets.HOST.interrupt + upsets.HOST_MEMORY.interrupt
    per_satellite = count * taken["host_interrupt_per_accelerator_year"]
    assert per_satellite == pytest.approx(
        hosts * host * taken["proton_stream_per_m2_s"] * JULIAN_YEAR, rel=1e-9
    )


def test_the_map_shows_the_anomaly() -> None:
    plan = plan_fleet(load("suncatcher"))
    columns = dose_map(plan.scenario, plan)
    assert columns is not None
    peak = int(columns["dose_rad_per_year"].argmax())
    assert -40.0 < columns["latitude_deg"][peak] < -20.0
    assert -60.0 < columns["longitude_deg"][peak] < -20.0
    weight = np.cos(np.radians(columns["latitude_deg"]))
    # a satellite over the poles is over each parallel alike long, not by area: the mean of the
    # map over latitude alone comes near the orbit's own
    mean = columns["dose_rad_per_year"].mean()
    assert mean == pytest.approx(exposure(plan.scenario, plan)["dose_rad_per_year"], rel=0.1)
    assert (weight * columns["upsets_per_accelerator_year"]).sum() > 0.0
    off = load("suncatcher", ["radiation.enabled=false"])
    assert dose_map(off, plan) is None


def test_the_arrays_loss_is_the_models_own() -> None:
    """No solar event and one activity: belts times life through the cover glass."""
    quiet = ["radiation.activity=0", "radiation.cover_glass=0.2 mm"]
    plan = plan_fleet(load("suncatcher", quiet))
    taken = exposure(plan.scenario, plan)
    total = 0.0
    for particle in ("proton", "electron"):
        mean = radiation.orbit_mean(6378.135e3 + 650e3, plan.inclination_rad, particle, 0.0)
        flux = radiation.above(mean, displacement.edges(particle), particle)
        total += float(displacement.behind_glass(flux, 0.2e-3, particle))
    total *= plan.scenario.satellite.life
    expected = float(displacement.equivalent_electrons(total))
    assert 1e4 * taken["array_equivalent_electrons_per_cm2"] == pytest.approx(expected, rel=2e-3)
    assert taken["array_power_left_by_radiation"] == pytest.approx(
        float(displacement.power_left(expected)), rel=1e-5
    )


def test_the_array_loses_more_under_thin_glass_in_the_belt_and_in_active_years() -> None:
    key = "array_equivalent_electrons_per_cm2"
    usual = found("suncatcher", "radiation.activity=0")[1][key]
    assert found("suncatcher", "radiation.activity=0", "radiation.cover_glass=1 mm")[1][key] < usual
    high = found("suncatcher", "radiation.activity=0", "constellation.altitude=1400 km")[1]
    assert high[key] > 5.0 * usual
    # trapped protons are fewer in active years, but solar events add more
    assert found("suncatcher", "radiation.activity=1")[1][key] > usual


def test_an_array_that_hardly_ages_is_doubted() -> None:
    scenario, taken = found("suncatcher", "satellite.array.degradation_per_year=0.0001")
    assert taken["array_power_left_declared"] == pytest.approx(0.9995, abs=1e-5)
    (said,) = exposure_warnings(scenario, taken)
    assert "triple-junction" in said
    assert "satellite.array.degradation_per_year" in said
