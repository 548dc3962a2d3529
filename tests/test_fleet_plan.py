"""The fleet plan: orbits and their eclipses, masses at launch, launches, other dates and ages."""

import math
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from sgp4.api import WGS72, Satrec

from dawndusk import catalogue
from dawndusk.fleet_plan import older, orbits
from dawndusk.scenario import load
from tests.plan_case import NO_JOBS, ORBIT, edge_on, planned

SHARED = Path(__file__).parents[1] / "../shared/data/celestrak"


def sun_by_almanac(days):
    """Unit vectors to the Sun and its distance [m]; Astronomical Almanac, page C5, 0.01°."""
    days = np.asarray(days, float)
    anomaly = np.radians(357.528 + 0.9856003 * days)
    longitude = np.radians(280.460 + 0.9856474 * days)
    longitude = longitude + np.radians(1.915 * np.sin(anomaly) + 0.020 * np.sin(2.0 * anomaly))
    tilt = np.radians(23.439 - 4e-7 * days)
    x, y = np.cos(longitude), np.sin(longitude)
    distance = 1.00014 - 0.01671 * np.cos(anomaly) - 0.00014 * np.cos(2.0 * anomaly)
    return np.stack([x, np.cos(tilt) * y, np.sin(tilt) * y], -1), distance * 1.495978707e11


def days_since_2000(start: datetime) -> float:
    return (start - datetime(2000, 1, 1, 12, tzinfo=UTC)).total_seconds() / 86_400.0


def darkness(elements, start: datetime, times):
    """Hidden share of the Sun's disc, by rays from each place of the first satellite (propagated
    by the `sgp4` package) to 61 points of the disc, each cut with the WGS-84 ellipsoid."""
    epoch = (start - datetime(1949, 12, 31, tzinfo=UTC)).total_seconds() / 86_400.0
    satellite = Satrec()
    angles = [
        getattr(elements, name)[0]
        for name in ("eccentricity", "argument_of_perigee", "inclination", "mean_anomaly")
    ]
    motion, node = elements.mean_motion[0] * 60.0, elements.node[0]
    satellite.sgp4init(WGS72, "i", 1, epoch, 0.0, 0.0, 0.0, *angles, motion, node)
    days = times / 86_400.0
    place = 1e3 * satellite.sgp4_array(np.full(len(days), 2433281.5 + epoch), days)[1]
    towards, distance = sun_by_almanac(days_since_2000(start) + days)
    across = np.cross(towards, [0.0, 0.0, 1.0])
    across /= np.linalg.norm(across, axis=1)[:, None]
    spread = 6.957e8 * np.sqrt((np.arange(61) + 0.5) / 61)
    turn = np.arange(61) * np.pi * (3.0 - math.sqrt(5.0))
    disc = (towards * distance[:, None])[:, None]
    disc = disc + (spread * np.cos(turn))[:, None] * across[:, None]
    disc = disc + (spread * np.sin(turn))[:, None] * np.cross(towards, across)[:, None]
    squeezed = np.array([1.0, 1.0, 1.0 / (1.0 - 1.0 / 298.257223563)]) / 6_378_137.0
    origin = (place * squeezed)[:, None]
    ray = (disc - place[:, None]) * squeezed
    ray /= np.linalg.norm(ray, axis=2)[:, :, None]
    along = (origin * ray).sum(axis=2)
    hidden = (along < 0.0) & (along**2 > (origin**2).sum(axis=2) - 1.0)
    return hidden.mean(axis=1)


# Orbits and eclipses


def test_suncatcher_is_81_satellites_at_dawn_and_dusk():
    plan = planned()
    assert plan.satellites == len(plan.elements) == 81
    assert math.degrees(plan.inclination_rad) == pytest.approx(97.986, abs=0.005)
    assert plan.period_s == pytest.approx(
        2.0 * math.pi * math.sqrt(7_028_135.0**3 / 398_600.8e9), rel=2e-3
    )
    assert plan.sunlit_fraction == pytest.approx(0.961, abs=0.003)
    assert not plan.bad_lines


@pytest.mark.parametrize(
    ("date", "least", "most"),
    [("03-20", 80.0, 90.0), ("06-21", 58.0, 59.0), ("09-23", 80.0, 90.0), ("12-22", 74.0, 76.0)],
)
def test_the_orbit_faces_the_sun(date, least, most):
    """sin β = n · s for a circle of 97.986° whose node is 90° east of the mean Sun."""
    start = datetime.fromisoformat(f"2027-{date}T00:00:00+00:00")
    days = days_since_2000(start)
    node = math.radians(280.460 + 0.9856474 * days) + 0.5 * math.pi
    tilt = math.radians(97.986)
    normal = [math.sin(tilt) * math.sin(node), -math.sin(tilt) * math.cos(node), math.cos(tilt)]
    expected = math.degrees(abs(math.asin(sun_by_almanac(days)[0] @ normal)))
    found = planned(ORBIT, f"time.start=2027-{date}T00:00:00Z").survey.beta_start_rad
    assert math.degrees(found) == pytest.approx(expected, abs=0.03)
    assert least < expected < most


def test_noon_orbits_are_edge_on_to_the_sun():
    noon = ORBIT.replace("satellites", 'local_time="12:00",satellites')
    survey = planned(noon, "time.start=2027-03-20T00:00:00Z").survey
    assert math.degrees(survey.beta_start_rad) < 3.0
    assert survey.sunlit_fraction == pytest.approx(0.64, abs=0.02)


def test_sunlit_share_and_longest_eclipse_against_rays():
    scenario = load("suncatcher", [NO_JOBS, ORBIT])
    elements, _ = orbits(scenario)
    period = 2.0 * math.pi / elements.mean_motion[0]
    day = np.linspace(0.0, 365.25, 73, endpoint=False)
    shares = [
        darkness(elements, scenario.time.start, first + np.arange(0.0, period, 4.0)).mean()
        for first in day * 86_400.0
    ]
    survey = planned(ORBIT).survey
    assert survey.sunlit_fraction == pytest.approx(1.0 - np.mean(shares), abs=5e-4)
    assert survey.eclipse_max_s == pytest.approx(max(shares) * period, abs=2.0)


def test_longest_eclipse_is_the_circles():
    """T/π · acos(√(r² − R²)/(r cos β)) at β = 180° − 97.986° − 23.439°.

    J2 and J3 put the satellite, hidden south of the Earth, 10 km above its semi-major axis and
    near the apogee of a frozen orbit of e = 0.001, 0.2 % slower; R is the half axis of the Earth's
    outline seen from the Sun, an ellipse, in the direction in which the satellite passes it.
    """
    plan = planned(ORBIT)
    declination = math.radians(23.439)
    beta = math.radians(180.0 - 97.986) - declination
    radius, equator, pole = 7_028_135.0 + 10e3, 6_378_137.0, 6_356_752.0
    low = math.hypot(equator * math.sin(declination), pole * math.cos(declination))
    limb = pole
    for _ in range(5):
        half = math.acos(math.sqrt(radius**2 - limb**2) / (radius * math.cos(beta)))
        sideways = radius * math.sin(half) / limb
        limb = math.hypot(math.sqrt(1.0 - sideways**2) / low, sideways / equator) ** -1
    assert plan.eclipse_max_s == pytest.approx(1.002 * plan.period_s * half / math.pi, abs=4.0)


@pytest.mark.parametrize("start", ["2027-01-01", "2027-09-23", "2030-06-05"])
def test_the_longest_eclipse_does_not_depend_on_the_start(start):
    survey = planned(ORBIT, f"time.start={start}T00:00:00Z").survey
    assert survey.eclipse_max_s == pytest.approx(planned(ORBIT).eclipse_max_s, abs=3.0)
    assert survey.sunlit_fraction == pytest.approx(planned(ORBIT).sunlit_fraction, abs=5e-4)


def test_an_orbit_without_eclipse_needs_no_battery_but_for_emergencies():
    """Eclipse-free from 1,391 km (Boley et al., arXiv 2608.02757) [10 km]."""
    plan = planned(ORBIT.replace("650", "1401"))
    assert (plan.eclipse_max_s, plan.sunlit_fraction, plan.cycles) == (0.0, 1.0, 0.0)
    hold_up = 2300.0 * 3600.0 / (0.95 * (0.40 - 0.05)) / (1.0 - 0.02 * 5.0)
    assert plan.battery_capacity_J == pytest.approx(hold_up, rel=1e-6)


# Kinds of constellation


@pytest.mark.parametrize(
    ("kind", "satellites", "inclination"),
    [
        ('"walker_delta",altitude="550 km",inclination="53 deg",satellites=12,planes=3', 12, 53.0),
        ('"walker_star",altitude="1200 km",inclination="87.9 deg",satellites=8,planes=4', 8, 87.9),
        ('"sun_synchronous",altitude="1000 km",satellites=6,planes=2', 6, 99.479),
        ('"cluster",altitude="500 km",radius="300 m"', 9, 97.402),
        (
            '"elements",satellites=[{name="a",altitude="650 km",inclination="98 deg"},'
            '{name="b",semi_major_axis="7200 km",eccentricity=0.01,inclination="100 deg"}]',
            2,
            99.0,
        ),
    ],
)
def test_every_kind_is_planned(kind, satellites, inclination):
    plan = planned(f"constellation={{kind={kind}}}")
    assert plan.satellites == satellites
    assert math.degrees(plan.inclination_rad) == pytest.approx(inclination, abs=0.005)
    assert 0.6 < plan.sunlit_fraction < 1.0
    assert plan.launches == 1
    for view in (plan.radiator_view, plan.array_view, plan.terminator_spread):
        assert view.shape == (satellites,)
        assert (view > 0.0).all()


def test_views_of_the_earth_follow_each_satellites_height():
    plan = planned(
        'constellation={kind="elements",satellites=[{name="low",altitude="400 km",'
        'inclination="98 deg"},{name="high",altitude="2000 km",inclination="98 deg"}]}'
    )
    # J2 lifts the mean radius over the semi-major axis by 0.75 J2 R²/a (1 − 3 cos² i).
    lifted = [h + 4_880.0 * 6_378e3 / (6_378e3 + h) for h in (400e3, 2000e3)]
    expected = [2.0 * edge_on(height) for height in lifted]
    assert plan.radiator_view == pytest.approx(expected, rel=1.5e-3), "within 2 km of height"
    assert plan.array_view[0] > plan.array_view[1]


def test_a_one_faced_radiator_sees_the_earth_with_one_face():
    one = planned(ORBIT, "satellite.thermal.faces=1")
    assert one.radiator_view == pytest.approx(edge_on(650e3), rel=2e-3)
    assert one.radiator_area_m2 == pytest.approx(2.0 * planned(ORBIT).radiator_area_m2, rel=1e-9)


@pytest.mark.skipif(not SHARED.exists(), reason="the shared data set is not beside the repository")
def test_a_real_file_of_10395_satellites():
    file = SHARED / "starlink_2026-05-30.tle.gz"
    plan = planned(
        f'constellation={{kind="imported",file="{file}"}}', "time.start=2026-05-30T12:00:00Z"
    )
    assert plan.satellites == len(plan.elements) == 10_395
    assert not plan.bad_lines
    assert plan.launches == math.ceil(10_395 / math.floor(18_500.0 / plan.masses["total"]))
    assert 0.6 < plan.sunlit_fraction < 0.75
    assert 2_000.0 < plan.eclipse_max_s < 2_250.0


ISS = """ISS (ZARYA)
1 25544U 98067A   08264.51782528 -.00002182  00000-0 -11606-4 0  2927
2 25544  51.6416 247.4627 0006703 130.5360 325.0288 15.72125391563537
"""


def test_bad_lines_of_a_file_are_counted_or_refused(tmp_path):
    file = tmp_path / "two.tle"
    file.write_text(ISS + ISS.replace("ISS (ZARYA)", "WRONG").replace("2927", "2920"))
    declared = f'{{kind="imported",file="{file}",on_bad_line="WHAT"}}'
    kept = planned(
        "constellation=" + declared.replace("WHAT", "report"), "time.start=2008-09-21T00:00:00Z"
    )
    assert kept.satellites == 1
    assert [bad.line for bad in kept.bad_lines] == [5]
    assert math.degrees(kept.inclination_rad) == pytest.approx(51.6416, abs=1e-9)
    with pytest.raises(ValueError, match=r"line 5.*checksum"):
        planned(
            "constellation=" + declared.replace("WHAT", "error"), "time.start=2008-09-21T00:00:00Z"
        )


HEAVY = {
    "beijing-module": ("starship", 4),
    "ascend-block": ("starship", 2),
    "starcloud-5gw": ("starship-2032", 4),
}
"""Designs that no small launcher lifts: theirs, and launches for four."""


@pytest.mark.parametrize("name", catalogue.names("design"))
def test_every_design_of_the_catalogue_can_be_planned(name):
    launcher, launches = HEAVY.get(name, ("falcon-9", 1))
    lifted = f"economics.launcher={launcher}"
    plan = planned(ORBIT, f"satellite.design={name}", "workload.model=llama-3-8b", lifted)
    assert plan.launches == launches
    assert all(math.isfinite(value) for value in plan.craft)


# Launches


@pytest.mark.parametrize("launcher", ["falcon-9", "falcon-9-internal", "falcon-heavy", "starship"])
@pytest.mark.parametrize("satellites", [1, 21, 43, 200])
def test_launches_are_whole_and_carry_whole_satellites(launcher, satellites):
    plan = planned(ORBIT.replace("=4", f"={satellites}"), f"economics.launcher={launcher}")
    payload = {"falcon-9": 18.5, "falcon-9-internal": 16.85, "falcon-heavy": 63.8, "starship": 100}
    bay = {"starship": 1000.0}.get(launcher, 145.0)
    heavy = payload[launcher] * 1e3 / plan.masses["total"]
    bulky = bay * 150.0 / plan.dry_mass_kg
    assert plan.per_launch == math.floor(min(heavy, bulky))
    assert plan.launches == math.ceil(satellites / plan.per_launch)


def test_the_bay_bounds_what_a_falcon_heavy_carries():
    loose = planned(ORBIT, "economics.launcher=falcon-heavy", "fleet.stowed_density=75 kg/m³")
    dense = planned(ORBIT, "economics.launcher=falcon-heavy", "fleet.stowed_density=1 t/m³")
    assert loose.per_launch == math.floor(145.0 / (loose.dry_mass_kg / 75.0)) == 11
    # propellant is dense: it weighs, and takes no room
    wet = planned(
        *(ORBIT, "economics.launcher=falcon-heavy", "fleet.stowed_density=75 kg/m³"),
        "upkeep.specific_impulse=220 s",
    )
    assert wet.masses["total"] > 1.07 * loose.masses["total"]
    assert wet.per_launch == 11
    assert dense.per_launch == math.floor(63_800.0 / dense.masses["total"]) == 67


# Masses at launch


def parts(plan):
    return {name: mass for name, mass in plan.masses.items() if name != "total"}


@pytest.mark.parametrize("dry", ["", "satellite.dry_mass=900 kg"])
def test_masses_sum_up_to_the_mass_at_launch(dry):
    plan = planned(ORBIT, *([dry] if dry else []))
    assert sum(parts(plan).values()) == pytest.approx(plan.masses["total"], rel=1e-12)
    assert plan.masses["total"] - plan.masses["propellant"] == pytest.approx(plan.dry_mass_kg)
    assert plan.masses["propellant"] == plan.upkeep.propellant_kg > 0.0


def test_a_declared_dry_mass_holds_the_shield_but_not_the_propellant():
    thin, thick = (
        planned(ORBIT, "satellite.dry_mass=900 kg", f"radiation.shielding={wall} mm")
        for wall in (5, 20)
    )
    for plan in (thin, thick):
        assert plan.dry_mass_kg == 900.0
        assert plan.masses["total"] == 900.0 + plan.masses["propellant"]
    # 56 chips of 0.02 m², 2,700 kg/m³, and structure of a quarter beside it
    more = 56 * 0.02 * 0.015 * 2_700.0
    assert thick.masses["shield"] - thin.masses["shield"] == pytest.approx(more, rel=2e-3)
    assert thick.masses["unlisted"] - thin.masses["unlisted"] == pytest.approx(
        -1.25 * (thick.masses["shield"] - thin.masses["shield"])
    )


def test_a_shield_weighs_and_takes_launches():
    forty = ORBIT.replace("=4", "=200")
    none, thin, thick = (
        planned(forty, *each)
        for each in (
            ["radiation.enabled=false"],
            ["radiation.shielding=2 mm"],
            ["radiation.shielding=30 mm"],
        )
    )
    assert none.masses["shield"] == 0.0
    assert none.masses["total"] < thin.masses["total"] < thick.masses["total"]
    assert none.launches < thick.launches
    # as heavy a satellite is braked less, so that propellant grows a little less than the mass
    grown = thick.masses["propellant"] / none.masses["propellant"]
    assert 1.0 < grown < thick.dry_mass_kg / none.dry_mass_kg


def test_propellant_weighs_and_takes_launches():
    forty = ORBIT.replace("=4", "=200")
    hall, chemical = (
        planned(forty, f"upkeep.specific_impulse={impulse} s") for impulse in (1600, 220)
    )
    assert hall.dry_mass_kg == chemical.dry_mass_kg
    assert chemical.masses["propellant"] > 7.0 * hall.masses["propellant"]
    assert chemical.launches > hall.launches


# Other dates and ages


def test_an_older_fleet_is_the_same_fleet_aged():
    new = planned(ORBIT)
    wanted = {"time.start": "2029-12-21T00:00:00Z", "satellite.age": 2.5 * 31_557_600.0}
    then = older(new, new.scenario.replaced(wanted, origin="override"))
    direct = planned(ORBIT, "time.start=2029-12-21T00:00:00Z", "satellite.age=2.5 yr")
    # the year's eclipses are surveyed from each start, and the battery follows the longest one
    assert then.craft == pytest.approx(direct.craft, rel=5e-4)
    assert then.battery_factor == pytest.approx(direct.battery_factor, rel=1e-4)
    assert then.battery_factor < new.battery_factor
    assert np.array_equal(then.elements.node, direct.elements.node)
    assert then.masses == new.masses
    assert then.launches == new.launches
