"""What the chips take in orbit, against Suncatcher's paper and the models alone."""

import pytest

from dawndusk.constants import JULIAN_YEAR
from dawndusk.environment import dose, radiation
from dawndusk.exposure import IRREGULAR, exposure, exposure_warnings
from dawndusk.fleet_plan import plan_fleet
from dawndusk.scenario import Scenario, load
from tests.system.two_lines import tle


def found(name: str, *overrides: str) -> tuple[Scenario, dict[str, float | None]]:
    plan = plan_fleet(load(name, overrides))
    return plan.scenario, exposure(plan.scenario, plan)


def test_suncatcher_takes_what_its_paper_says() -> None:
    """About 150 rad a year and 750 rad in five behind 10 mm of aluminium (arXiv 2511.19468), and
    at that dose 8.8 silent corruptions and 3.4 uncorrectable errors a chip and year."""
    scenario, taken = found("suncatcher")
    assert taken["dose_rad_per_year"] == pytest.approx(150.0, rel=0.10)
    assert taken["dose_life_rad"] == pytest.approx(5.0 * taken["dose_rad_per_year"], rel=1e-3)
    per_rad = taken["silent_corruption_per_accelerator_year"] / taken["dose_rad_per_year"]
    assert per_rad * 150.0 == pytest.approx(8.8, rel=0.10)
    per_rad = taken["uncorrectable_error_per_accelerator_year"] / taken["dose_rad_per_year"]
    assert per_rad * 150.0 == pytest.approx(3.4, rel=0.10)
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
    assert "250 to 2100 km" in exposure_warnings(scenario, taken)[0]


def test_a_mixed_fleet_takes_the_mean_of_its_orbits(tmp_path) -> None:
    (tmp_path / "some.tle").write_text(tle(12))
    few = ["workload.jobs.0.nodes=4", "workload.jobs.1.count=4"]
    _, taken = found("starlink-imported", f"constellation.file={tmp_path / 'some.tle'}", *few)
    assert 0.0 < taken["dose_rad_per_year"] < 300.0
