"""The summary, the table and the warnings of real jobs."""

import json
from dataclasses import replace

import pytest

from dawndusk.constants import JULIAN_YEAR
from dawndusk.real import record as real_record
from dawndusk.real import work as real_work
from dawndusk.run import ground_twin
from tests.real_case import linked, ready, trained

COSTS = {"cost": {"usd_per_satellite_year": 2e6}, "ground": {"cost": {"usd_per_year": 6e5}}}


@pytest.fixture(scope="module")
def sides():  # type: ignore[no-untyped-def]
    case = ready(nodes=2, units=100, data_scale=1e7)
    _, orbit = trained(case, linked(2))
    ground = ground_twin(case.scenario, case.plan, orbit.duration, lambda *_: None, really=True)
    return orbit, ground


def test_orbit_and_ground_stand_side_by_side(sides) -> None:  # type: ignore[no-untyped-def]
    told = real_record.summary(*sides, COSTS)["toy"]
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert (told["replicas"], told["method"], told["units"]) == (2, "diloco", 100)
    for side in ("orbit", "ground"):
        found = told[side]
        assert found["finished"]
        assert found["executed"] == found["useful"] == 200
        assert found["lost"] == sum(found["lost_by_cause"].values()) == 0
        assert found["validation_loss_first"] > found["validation_loss_last"]
        assert found["virtual_s"] == found["finish_s"] - found["start_s"]
        moved = found["bytes"]
        assert moved["offered"] == moved["delivered"] + moved["cancelled"]
        assert moved["offered"] == sum(k["offered"] for k in found["bytes_by_kind"].values())
    assert told["orbit"]["validation_loss_last"] == told["ground"]["validation_loss_last"]


def test_money_is_that_of_the_sites_time(sides) -> None:  # type: ignore[no-untyped-def]
    told = real_record.summary(*sides, COSTS)["toy"]
    for side, yearly in (("orbit", 2e6), ("ground", 3e5)):
        expected = 2 * told[side]["virtual_s"] * yearly / JULIAN_YEAR
        assert told[side]["usd"] == pytest.approx(expected, rel=1e-9)
    free = {**COSTS, "cost": {"usd_per_satellite_year": None}}
    assert real_record.summary(*sides, free)["toy"]["orbit"]["usd"] is None


def test_cooling_on_the_ground_is_counted(sides) -> None:  # type: ignore[no-untyped-def]
    """A node at full clock for as long as it had its replica, times the PUE."""
    orbit, ground = sides
    spent, given = ground.real.spent[0], ready(nodes=2, units=100, data_scale=1e7).scenario
    chip, compute = given.accelerator, given.satellite.compute
    each = chip.idle_power + chip.compute_activity * (chip.tdp - chip.idle_power)
    node = compute.host_power + compute.count * each
    assert spent.energy == pytest.approx(given.ground.pue * node * spent.site_time, rel=0.02)
    assert orbit.real.sites == ground.real.sites == 2


def test_rows_say_their_side(sides) -> None:  # type: ignore[no-untyped-def]
    rows = real_record.rows(*sides)
    assert len({len(column) for column in rows.values()}) == 1
    assert rows["side"].count("orbit") == rows["side"].count("ground")
    none = [replace(side, real=None) for side in sides]
    assert real_record.rows(*none) == {}
    assert real_record.summary(*none, COSTS) == {}
    assert real_record.warnings(*none) == []


def test_a_job_that_waits_for_a_way_says_so() -> None:
    case = ready(nodes=2, units=100)
    wires = replace(linked(2), links=[(0, 2, 1e10, 2e-3)])
    run, orbit = trained(case, wires)
    begun = next(iter(run.carrier.under_way.values())).begun
    (said,) = real_record.warnings(orbit, replace(orbit, real=None))
    assert said.endswith(
        "50 of 100 steps within time.duration (orbit); no way leads at the end for the exchange "
        f"begun at {begun:.0f} s"
    )


def test_a_job_that_is_not_finished_or_ruined_is_told(sides) -> None:  # type: ignore[no-untyped-def]
    _, ground = sides
    case = ready(nodes=2, units=1000, flip_scale=7.0)
    run, orbit = trained(case)
    run.losses.append(float("nan"))
    said = real_record.warnings(orbit, ground)
    assert len(said) == 3
    assert "of 1000 steps within time.duration (orbit)" in said[0]
    assert "ruined" in said[1]
    assert "7 times as often" in said[2]
    told = real_record.summary(orbit, ground, COSTS)["toy"]["orbit"]
    assert told["validation_loss_last"] is None
    run.losses[:] = [float("nan")] * 3
    assert "no loss is known" in real_record.warnings(orbit, ground)[1]
    assert told["virtual_s"] is None
    assert real_work.begin(case.scenario, 2) is not None
