"""What a solar event leaves behind the shield, against the mission's events and closed forms."""

import math

import numpy as np
import pytest

from dawndusk.constants import MEV
from dawndusk.environment import cosmic, radiation
from dawndusk.exposure import exposure, storm_fluence, storm_warnings, stream
from dawndusk.fleet_plan import plan_fleet
from dawndusk.scenario import load

START = "radiation.storm.start=2027-06-21T06:00:00Z"
STRIKES = "solar event 1972-08 strikes in the simulated time"
KEYS = ("storm_protons_per_m2", "storm_dose_rad", "storm_share_simulated")


def found(*overrides: str) -> dict[str, float | None]:
    plan = plan_fleet(load("suncatcher", overrides))
    return exposure(plan.scenario, plan)


@pytest.fixture(scope="module")
def storm() -> dict[str, float | None]:
    return found(START)


def test_no_storm_no_word_of_it(storm: dict[str, float | None]) -> None:
    quiet = found()
    assert not any(name in quiet for name in KEYS)
    assert {name: storm[name] for name in quiet} == quiet


def test_its_dose_is_that_of_one_event_of_the_mission(storm: dict[str, float | None]) -> None:
    assert storm["solar_events"] == 1.0
    assert storm["storm_dose_rad"] == pytest.approx(storm["dose_solar_rad"], rel=1e-12)


def test_the_caps_get_kings_protons_above_the_shield() -> None:
    """67 MeV go through 18 mm, so 48.1 MeV through 10: 7.9e9·exp((30 − 48.1)/26.5) /cm²."""
    event = load("suncatcher", [START]).storm
    assert event is not None
    pole = np.array([[0.0, 0.0, 7.02e6]])
    energy = 67.0 * (10.0 / 18.0) ** (1.0 / 1.77)
    assert float(storm_fluence(pole, 0.01, event)[0]) == pytest.approx(
        7.9e13 * math.exp((30.0 - energy) / 26.5), rel=1e-9
    )
    equator = np.array([[7.02e6, 0.0, 0.0]])
    assert float(storm_fluence(equator, 0.01, event)[0]) < 1.0
    thin = float(storm_fluence(pole, 1e-4, event)[0])
    assert thin == pytest.approx(7.9e13 * math.exp(20.0 / 26.5)), "counted from 10 MeV on"


def test_solar_protons_are_counted_as_cosmic_ones_are() -> None:
    """Where there are no belts the stream is cosmic: above the same energy as a storm's."""
    event = load("suncatcher", [START]).storm
    assert event is not None
    north = np.radians(np.linspace(0.0, 85.0, 40))
    place = 7.02e6 * np.stack([np.cos(north), 0.0 * north, np.sin(north)], 1)
    clear = ~radiation.spectrum(place, "proton", 0.5).any(axis=1)
    assert clear.sum() > 5
    # the energy that each stream implies
    fluence = storm_fluence(place[clear], 0.01, event)
    energy = 30.0 * MEV - cosmic.EVENT_ENERGY * np.log(fluence / cosmic.EVENT_FLUENCE)
    expected = cosmic.cosmic_flux(energy, 0.5)
    assert stream(place[clear], 0.01, 0.5) == pytest.approx(expected, rel=1e-6)


def test_a_cutoff_that_moves_lets_more_in(storm: dict[str, float | None]) -> None:
    moved = found(START, "catalogue.storm.1972-08.cutoff_shift=5 deg")
    for name in KEYS[:2]:
        assert storm[name] is not None
        assert 1.15 < moved[name] / storm[name] < 1.4  # type: ignore[operator]


def test_outside_the_tables_nothing_is_known() -> None:
    far = found(
        START,
        'constellation={kind="walker_delta", altitude="5000 km", inclination="98 deg", '
        "satellites=6, planes=1, phasing=0}",
        "workload.jobs=[]",
    )
    assert all(far[name] is None for name in KEYS)


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        ((), []),
        ((START,), [STRIKES]),
        (
            ("radiation.storm.start=2027-06-21T20:00:00Z",),
            [STRIKES, "only 44.9% of the solar event's protons come within the simulated time"],
        ),
        (
            ("radiation.storm.start=2027-06-18T00:00:00Z",),
            ["radiation.storm was over before the simulated time"],
        ),
        (("radiation.storm.start=2027-06-23T00:00:00Z",), ["radiation.storm.start lies after the"]),
        ((START, "faults.enabled=false"), ["radiation.storm upsets nothing: faults.enabled"]),
        ((START, "time.duration=9 h"), [STRIKES, "only 28.3% of the solar event's protons"]),
    ],
)
def test_a_storm_is_told_and_what_of_it_is_missed(
    overrides: tuple[str, ...], told: list[str]
) -> None:
    lines = storm_warnings(load("suncatcher", ["fleet.moments=0", *overrides]))
    assert len(lines) == len(told)
    for line, start in zip(lines, told, strict=True):
        assert line.startswith(start)


def test_costs_of_quiet_years_are_told() -> None:
    struck, line = storm_warnings(load("suncatcher", [START]))
    assert struck.startswith(STRIKES)
    assert line.startswith("unit costs are those of the years' quiet days")
