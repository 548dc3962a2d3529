"""Drag, avoidance, disposal and debris against published figures, by hand and at their limits."""

import json
import math
from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dawndusk import upkeep
from dawndusk.constants import JULIAN_YEAR
from dawndusk.environment import debris
from dawndusk.fleet_plan import FleetPlan
from dawndusk.orbit import constellation
from tests.plan_case import ORBIT, planned

LETTER = ("satellite.design=spacex-sxodc", "economics.launcher=starship")
"""3,000 kg with 800 m² of array and radiator, of the letter to the FCC."""

STEADY = ("sun.quiet_flux=178", "sun.peak_flux=178")
"""A Sun that gives the letter's 1.6e-13 kg/m³ at 650 km."""


def at(altitude: float, *overrides: str) -> FleetPlan:
    return planned(ORBIT.replace("650", f"{altitude / 1e3:g}"), *overrides)


@cache
def figures(altitudes: tuple[float, ...], *overrides: str) -> upkeep.Upkeep:
    """Of satellites at these altitudes, sized at 650 km."""
    plan = planned(ORBIT, *overrides)
    axes = [6_378_135.0 + each for each in altitudes]
    names = [str(k) for k in range(len(axes))]
    elements = constellation.explicit(names, axes, 0.0, 1.7, 0.0, 0.0, 0.0)
    return upkeep.figures(plan.scenario, elements, plan.dry_mass_kg, 1.0)


# Drag and propellant


def test_the_letters_satellite_needs_42_m_s_a_year() -> None:
    """½·ρ·v²·C_d·A/m with 1.6e-13 kg/m³ and A/m 0.1333 at 650 km (FCC letter, NRLMSIS 2.1)."""
    plan = at(650e3, *LETTER, *STEADY)
    found = plan.upkeep
    assert found.drag_area_m2 / plan.dry_mass_kg == pytest.approx(0.1333, rel=3e-4)
    assert found.air_density_kg_m3 == pytest.approx(1.6e-13, rel=0.02, abs=0.0)
    assert found.drag_delta_v_m_s_per_year == pytest.approx(42.0, rel=0.02)


def test_propellant_by_hand() -> None:
    plan = at(650e3, *LETTER, *STEADY, "debris.tracked_flux=0 1/m²/yr")
    found = plan.upkeep
    assert found.avoidance_manoeuvres_per_year == found.avoidance_delta_v_m_s_per_year == 0.0
    speed = math.sqrt(398_600.8e9 / 7_028_135.0)
    leaving = speed * (1.0 - math.sqrt(2.0 * 6_428_135.0 / (6_428_135.0 + 7_028_135.0)))
    assert found.disposal_delta_v_m_s == pytest.approx(leaving, rel=1e-4)
    assert found.delta_v_life_m_s == pytest.approx(5.0 * 42.0 + leaving, rel=0.02)
    share = math.expm1(found.delta_v_life_m_s / (1600.0 * 9.80665))
    assert plan.masses["propellant"] == pytest.approx(3_000.0 * share, rel=1e-12)


def test_the_velocity_changes_add_up() -> None:
    plan = planned("constellation.radius=1 km")
    found = plan.upkeep
    assert found.formation is not None
    assert found.formation_delta_v_m_s_per_year == pytest.approx(float(found.formation.total))
    parts = (
        found.drag_delta_v_m_s_per_year,
        found.formation_delta_v_m_s_per_year,
        found.avoidance_delta_v_m_s_per_year,
    )
    assert all(part is not None and part > 0.0 for part in parts)
    life = plan.scenario.satellite.life / JULIAN_YEAR
    total = life * sum(part for part in parts if part) + found.disposal_delta_v_m_s
    assert found.delta_v_life_m_s == pytest.approx(total, rel=1e-12)


def test_only_a_cluster_keeps_a_formation() -> None:
    found = at(650e3).upkeep
    assert found.formation is None
    assert found.formation_delta_v_m_s_per_year == 0.0


def test_the_stronger_the_sun_the_more_propellant() -> None:
    quiet, middling, strong = (
        figures((550e3,), f"sun.quiet_flux={low}", f"sun.peak_flux={high}")
        for low, high in ((65, 100), (70, 150), (90, 220))
    )
    for weak, more in ((quiet, middling), (middling, strong)):
        assert more.air_density_kg_m3 > weak.air_density_kg_m3
        assert more.propellant_kg > weak.propellant_kg
        assert more.passive_decay_s < weak.passive_decay_s
        assert more.highest_passive_orbit_m > weak.highest_passive_orbit_m


def test_the_life_begins_in_the_cycle_where_the_date_says() -> None:
    """Air at the start of 2024, in the maximum, against 2030; eleven years later it is the same."""
    short = "satellite.life=1 yr"
    dates = {
        year: figures((650e3,), short, f"time.start={year}-01-01T00:00:00Z").air_density_kg_m3
        for year in (2024, 2030, 2035)
    }
    assert dates[2024] > 3.0 * dates[2030]
    assert dates[2035] == pytest.approx(dates[2024], rel=2e-3, abs=0.0)


def test_orbits_count_by_how_many_fly_there() -> None:
    low, high = figures((500e3,)), figures((700e3,))
    mixed = figures((500e3, 500e3, 500e3, 700e3))
    for name in ("drag_delta_v_m_s_per_year", "disposal_delta_v_m_s", "disabled_per_year"):
        mean = 0.75 * getattr(low, name) + 0.25 * getattr(high, name)
        assert getattr(mixed, name) == pytest.approx(mean, rel=1e-9)
    assert mixed.passive_decay_s == pytest.approx(low.passive_decay_s)


def test_satellites_on_their_way_up_or_down_do_not_count() -> None:
    kept, strays = figures((550e3,) * 9), figures((550e3,) * 9 + (200e3,))
    assert strays.drag_delta_v_m_s_per_year == pytest.approx(kept.drag_delta_v_m_s_per_year)
    alone = figures((200e3,))
    assert alone.drag_delta_v_m_s_per_year > 1e3 * kept.drag_delta_v_m_s_per_year


@settings(max_examples=15)
@given(st.floats(320e3, 1450e3), st.floats(1.05, 3.0))
def test_more_drag_takes_more_and_decays_sooner(altitude: float, times: float) -> None:
    plan = planned(ORBIT)
    elements = constellation.explicit(["one"], 6_378_135.0 + altitude, 0.0, 1.7, 0.0, 0.0, 0.0)
    wider = plan.scenario.replaced({"upkeep.drag_coefficient": 2.2 * times}, origin="override")
    less, more = (
        upkeep.figures(each, elements, plan.dry_mass_kg, 1.0) for each in (plan.scenario, wider)
    )
    ratio = more.drag_delta_v_m_s_per_year / less.drag_delta_v_m_s_per_year
    assert ratio == pytest.approx(times, rel=1e-9)
    assert more.propellant_kg > less.propellant_kg
    assert more.highest_passive_orbit_m >= less.highest_passive_orbit_m
    assert (more.passive_decay_s or math.inf) <= (less.passive_decay_s or math.inf) * 1.0001


# Disposal


def test_the_letters_satellite_decays_as_it_says() -> None:
    """1.2 to 1.9 years from 550 to 585 km; the cycle spreads either over a factor of seven."""
    spans = [
        at(altitude, *LETTER, f"sun.minimum={2016 + year}-01-01T00:00:00Z").upkeep.passive_decay_s
        for altitude in (550e3, 585e3)
        for year in range(0, 11, 2)
    ]
    low, high = np.array(spans).reshape(2, -1).mean(axis=1) / JULIAN_YEAR
    assert low == pytest.approx(1.2, rel=0.15)
    assert high == pytest.approx(1.9, rel=0.15)


def test_drag_alone_misses_the_rule_where_an_engine_keeps_it() -> None:
    passive = at(900e3, "upkeep.disposal=passive")
    assert passive.upkeep.disposal_delta_v_m_s == 0.0
    assert passive.upkeep.within_disposal_rule is False
    (told,) = upkeep.upkeep_warnings(passive.scenario, passive)
    top = passive.upkeep.highest_passive_orbit_m
    assert "the rule allows 5" in told
    assert f"below {top / 1e3:.0f} km" in told
    direct = at(900e3)
    assert direct.upkeep.within_disposal_rule is True
    assert direct.upkeep.disposal_delta_v_m_s > 200.0
    assert upkeep.upkeep_warnings(direct.scenario, direct) == []
    assert at(top - 5e3, "upkeep.disposal=passive").upkeep.within_disposal_rule is True
    assert at(top + 5e3, "upkeep.disposal=passive").upkeep.within_disposal_rule is False
    longer = at(900e3, "upkeep.disposal=passive", "upkeep.disposal_rule=150 yr").upkeep
    assert longer.within_disposal_rule is True


def test_a_low_orbit_does_not_last_its_life() -> None:
    """Starcloud-1, 325 km: hundreds of m/s a year, and weeks to months without an engine."""
    plan = at(325e3, "satellite.design=starcloud-1")
    found = plan.upkeep
    assert 60.0 < found.drag_delta_v_m_s_per_year < 1000.0
    assert found.unkept_decay_s < plan.scenario.satellite.life
    told = upkeep.upkeep_warnings(plan.scenario, plan)
    assert any("without upkeep drag brings a satellite down" in each for each in told)


def test_a_very_low_orbit_is_refused_for_its_propellant() -> None:
    with pytest.raises(ValueError, match=r"propellant for .* m/s: fly higher") as raised:
        at(210e3, "upkeep.specific_impulse=220 s")
    assert "\n" not in str(raised.value)


# Debris and avoidance


def test_hits_are_those_of_the_published_band() -> None:
    """800 m² in 1e-5 to 1e-4 /m²/yr larger than 1 cm: 0.008 to 0.08 a year, 600 to 900 km."""
    band = tuple(np.arange(600.5e3, 900e3, 1e3))
    found = figures(band, *LETTER).debris_hits_per_year
    assert found is not None
    assert found["low"] == pytest.approx(0.008, rel=0.02)
    assert found["high"] == pytest.approx(0.08, rel=0.02)
    assert found["middle"] == pytest.approx(math.sqrt(found["low"] * found["high"]), rel=1e-9)


def test_what_disables_is_what_goes_through_the_wall() -> None:
    plan = at(700e3)
    found = plan.upkeep
    exposed = 56 * 0.02 + 0.1 * plan.radiator_area_m2
    assert found.exposed_area_m2 == pytest.approx(exposed, rel=1e-12)
    assert found.disabled_per_year == found.penetrations_per_year["middle"]
    thick = at(700e3, "debris.wall=2 cm").upkeep
    wide = at(700e3, "debris.exposed_area=30 m²").upkeep
    high = at(700e3, "debris.spread=high").upkeep
    assert thick.disabled_per_year < 0.2 * found.disabled_per_year
    assert wide.disabled_per_year == pytest.approx(found.disabled_per_year * 30.0 / exposed)
    assert high.disabled_per_year == found.penetrations_per_year["high"]


def test_a_starlink_moves_forty_times_a_year() -> None:
    """207,152 manoeuvres of 10,400 satellites in half a year, at 3e-7 (reports to the FCC)."""
    radius = f"debris.body_radius={math.sqrt(116.0 / math.pi)} m"
    found = at(550e3, radius).upkeep
    assert found.avoidance_manoeuvres_per_year == pytest.approx(39.84, rel=1e-3)
    assert found.avoidance_delta_v_m_s_per_year < 1.0


def test_a_higher_threshold_moves_less_and_collides_more() -> None:
    """1e-4 is the industry's, 1e-5 was Starlink's: 2 a satellite-year then (FACTS: 2021)."""
    steps = [at(550e3, f"debris.avoidance_threshold={p}").upkeep for p in (3e-7, 1e-6, 1e-5, 1e-4)]
    for strict, loose in pairwise(steps):
        assert loose.avoidance_manoeuvres_per_year < strict.avoidance_manoeuvres_per_year
        assert loose.avoidance_delta_v_m_s_per_year < strict.avoidance_delta_v_m_s_per_year
        assert loose.collisions_per_year > strict.collisions_per_year
        assert loose.propellant_kg < strict.propellant_kg
    assert steps[1].collisions_per_year / steps[0].collisions_per_year == pytest.approx(10.0 / 3.0)
    never = at(550e3, "debris.avoidance_threshold=1").upkeep
    assert never.avoidance_manoeuvres_per_year == 0.0
    # undodged, everything through the body's circle
    area = math.pi * never.body_radius_m**2
    assert never.collisions_per_year == pytest.approx(1.6e-5 * area, rel=1e-9)


# Outside the tables


@pytest.mark.parametrize(
    ("altitude", "missing", "told"),
    [
        (1600e3, ("air_density_kg_m3", "passive_decay_s"), "drag and decay"),
        (280e3, ("debris_hits_per_year", "disabled_per_year"), "debris (300 to 2000 km)"),
    ],
)
def test_orbits_outside_a_table_are_told_once(
    altitude: float, missing: tuple[str, ...], told: str
) -> None:
    plan = at(altitude, "satellite.life=0.5 yr")
    assert all(getattr(plan.upkeep, name) is None for name in missing)
    warnings = upkeep.upkeep_warnings(plan.scenario, plan)
    assert sum(told in each for each in warnings) == 1
    assert plan.upkeep.propellant_kg > 0.0
    hazards = upkeep.monthly_hazards(plan.scenario, plan, 3)
    growth = upkeep.debris_growth(plan.scenario, plan, 1.0, 100.0, 10.0, 3)
    if altitude < 300e3:
        assert hazards["debris"].tolist() == [0.0, 0.0, 0.0]
        assert growth.tolist() == [1.0, 1.0, 1.0]
    else:
        assert np.all(hazards["debris"] > 0.0)
        assert growth[2] > growth[1] > 1.0


@pytest.mark.parametrize("altitude", [300e3, 1500e3, 2000e3])
def test_the_edge_of_a_table_is_inside(altitude: float) -> None:
    plan = at(altitude, "satellite.life=0.5 yr")
    assert plan.upkeep.disabled_per_year is not None
    assert (plan.upkeep.drag_delta_v_m_s_per_year is None) == (altitude > 1500e3)
    told = " ".join(upkeep.upkeep_warnings(plan.scenario, plan))
    assert "debris (" not in told
    assert ("drag and decay" in told) == (altitude > 1500e3)


def test_an_eccentric_orbit_is_told() -> None:
    plan = planned(
        'constellation={kind="elements",satellites=[{name="long",altitude="900 km",'
        'inclination="98 deg",eccentricity=0.02}]}'
    )
    told = upkeep.upkeep_warnings(plan.scenario, plan)
    assert sum("perigees lie up to 146 km below" in each for each in told) == 1


def test_nobody_can_tell_the_rule_far_above_the_table() -> None:
    assert at(1600e3, "upkeep.disposal=passive").upkeep.within_disposal_rule is None


def test_a_giant_is_not_pressed_into_the_model_of_misses() -> None:
    plan = at(650e3, "debris.body_radius=200 m")
    assert plan.upkeep.avoidance_manoeuvres_per_year is None
    assert plan.upkeep.collisions_per_year is None
    (told,) = upkeep.upkeep_warnings(plan.scenario, plan)
    assert "not modelled for a body of 200 m" in told
    assert not upkeep.monthly_hazards(plan.scenario, plan, 2)["collision"].any()


# Hazards and growth


def test_hazards_of_twelve_months_are_those_of_a_year() -> None:
    plan = at(800e3)
    hazards = upkeep.monthly_hazards(plan.scenario, plan, 12)
    for cause, rate in (
        ("debris", plan.upkeep.disabled_per_year),
        ("collision", plan.upkeep.collisions_per_year),
    ):
        lost = -np.log1p(-hazards[cause]).sum()
        assert lost / rate == pytest.approx(1.0, rel=1e-9)
    doubled = upkeep.monthly_hazards(plan.scenario, plan, 12, np.linspace(1.0, 2.0, 12))
    assert doubled["debris"][-1] / hazards["debris"][-1] == pytest.approx(2.0, rel=1e-3)
    assert np.array_equal(doubled["collision"], hazards["collision"])


def test_an_empty_fleet_leaves_debris_as_it_is() -> None:
    plan = at(800e3)
    assert upkeep.debris_growth(plan.scenario, plan, 0.0, 0.0, 0.0, 24) == pytest.approx(
        np.ones(24), rel=1e-12
    )


def test_derelicts_shatter_as_often_as_they_are_met() -> None:
    """By hand at 1,400 km, where nothing decays: flux × area × derelicts × fragments × time, and
    derelicts among each other: of N, N²/2 pairs, twice the radius, twice the mass."""
    plan = at(1400e3)
    months, derelicts = 13, 50.0
    found = upkeep.debris_growth(plan.scenario, plan, 0.0, 0.0, derelicts, months)
    shattered = 1.6e-5 * plan.upkeep.exposed_area_m2 * derelicts
    fragments = 0.1 * plan.masses["total"] ** 0.75 * (0.01**-1.71 - 0.1**-1.71)
    volume = 4.0 / 3.0 * math.pi * ((7_828_135.0) ** 3 - (7_728_135.0) ** 3)
    flux = debris.flux(1400e3, 0.01) - debris.flux(1400e3, 0.1)
    today = float(flux) * volume / 10e3
    assert found[0] == 1.0
    tracked = 1.6e-5 / JULIAN_YEAR * volume / 10e3
    pairs = 0.5 * derelicts * 4.0 / tracked * 2.0**0.75
    made = shattered * fragments * (1.0 + pairs)
    assert found[12] - 1.0 == pytest.approx(made / today, rel=5e-3)


def test_a_larger_fleet_of_wrecks_makes_more_debris() -> None:
    plan = at(800e3)
    some, more = (
        upkeep.debris_growth(plan.scenario, plan, 2.0, 100.0, np.linspace(0.0, dead, 60), 60)
        for dead in (20.0, 200.0)
    )
    assert np.all(np.diff(some) > 0.0)
    assert more[-1] - 1.0 > 8.0 * (some[-1] - 1.0)


def test_the_summary_is_plain_and_whole() -> None:
    found = planned().upkeep
    written = upkeep.summary(found)
    assert json.loads(json.dumps(written)) == written
    names = set(found.__dataclass_fields__) - {"formation"}
    assert set(written) == names
    assert upkeep.summary(replace(found, air_density_kg_m3=None))["air_density_kg_m3"] is None
