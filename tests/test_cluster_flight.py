"""How near the cluster's satellites come to each other, against all pairs at dense moments."""

from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from dawndusk.cluster_flight import cluster_flight
from dawndusk.scenario import load
from tests.system.whole_run import Prepared, prepare

BRIEF = ("time.duration=1 h", "workload.jobs=[]")


@cache
def ready(*overrides: str) -> Prepared:
    return prepare(load("suncatcher", [*BRIEF, *overrides]))


def flight(*overrides: str) -> dict[str, Any]:
    at = ready(*overrides)
    found = cluster_flight(at.scenario, at.plan, at.ahead)
    assert found is not None
    return found


def test_neighbours_of_the_published_cluster_oscillate_between_100_and_200_m() -> None:
    """Suncatcher, arXiv 2511.19468 v2, figure 3; the perturbed orbits add a per cent."""
    found = flight()
    assert found["neighbour_min_m"] == pytest.approx(100.0, rel=0.01)
    assert found["neighbour_max_m"] == pytest.approx(200.0, rel=0.01)
    assert found["min_distance_m"] == found["neighbour_min_m"]
    assert found["too_close"] == 0


@pytest.mark.parametrize("pattern", ["square", "hexagonal"])
def test_the_least_distance_is_that_of_all_pairs(pattern: str) -> None:
    overrides = (f'constellation.pattern="{pattern}"', "constellation.spacing=300 m")
    at, found = ready(*overrides), flight(*overrides)
    nearest = min(
        pdist(at.ahead.positions(time, np.arange(at.plan.satellites))).min()
        for time in np.linspace(0.0, at.plan.period_s, 400)
    )
    assert found["min_distance_m"] == pytest.approx(nearest, rel=2e-3)
    assert found["min_distance_m"] == pytest.approx(150.0, rel=0.01)
    assert found["neighbour_max_m"] == pytest.approx(300.0, rel=0.01)


def test_pairs_within_the_keep_out_distance_are_counted() -> None:
    """81 satellites and 140 pairs of neighbours: all come within 101 m, none within 99 m."""
    assert flight("constellation.keep_out=95 m")["too_close"] == 0
    wide = flight("constellation.keep_out=150 m")
    assert 41 <= wide["too_close"] <= 140
    assert wide["min_distance_m"] == flight()["min_distance_m"]


def test_the_velocity_change_of_a_year() -> None:
    """Below 3 m/s a kilometre for J2 (Suncatcher, section 2); drag in proportion to its causes."""
    found = flight()
    parts = found["station_keeping"]
    assert found["station_keeping_mps_per_year"] == pytest.approx(sum(parts.values()))
    assert 0.0 < parts["j2_mps_per_year"] < 3.0
    denser = flight("upkeep.drag_coefficient=4.4")["station_keeping"]
    alike = flight("constellation.unlikeness=0")["station_keeping"]
    drag, light = "differential_drag_mps_per_year", "differential_sunlight_mps_per_year"
    assert denser[drag] == pytest.approx(2.0 * parts[drag])
    assert denser[light] == pytest.approx(parts[light])
    assert alike[drag] == alike[light] == 0.0
    assert alike["j2_mps_per_year"] == parts["j2_mps_per_year"]


def test_drag_of_the_cluster_by_hand() -> None:
    """½·ρ·v²·C_d·A/m for a hundredth of half of array and radiator, over a Julian year; with a
    steady flux of 178 the air has the 1.6e-13 kg/m³ of the FCC letter."""
    sun = ("sun.quiet_flux=178", "sun.peak_flux=178")
    at, found = ready(*sun), flight(*sun)
    speed2 = 398_600.8e9 / (6_378_135.0 + 650e3)
    area = 0.5 * (at.plan.array_area_m2 + at.plan.radiator_area_m2)
    drag = 0.5 * 1.6e-13 * speed2 * 2.2 * area / at.plan.dry_mass_kg
    wanted = 0.01 * drag * 365.25 * 86_400.0
    part = found["station_keeping"]["differential_drag_mps_per_year"]
    assert part == pytest.approx(wanted, rel=0.02)


@pytest.mark.parametrize(
    "constellation",
    [
        '{kind="sun_synchronous", altitude="650 km", satellites=4}',
        '{kind="walker_delta", altitude="650 km", inclination="53 deg", satellites=4, planes=2}',
    ],
)
def test_other_constellations_are_no_clusters(constellation: str) -> None:
    at = ready(f"constellation={constellation}")
    assert cluster_flight(at.scenario, at.plan, at.ahead) is None
