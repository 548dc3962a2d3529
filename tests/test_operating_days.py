"""Days on the fleet as it will be: fewer and older satellites, other seasons."""

from datetime import UTC, datetime

import numpy as np
import pytest

from dawndusk.deployment import deploy
from dawndusk.fleet_plan import plan_fleet
from dawndusk.operating_days import SEASONS, _next, operating_days, refuse
from dawndusk.placement.greedy import greedy
from dawndusk.scenario import load
from dawndusk.setting import setting

FAST = ["time.step=300 s", "placement.interval=10 min", "network.enabled=false", "fleet.runs=20"]


def days(*overrides: str):  # type: ignore[no-untyped-def]
    plan = plan_fleet(load("suncatcher", [*FAST, *overrides]))
    life = deploy(plan.scenario, plan, 150.0)
    return operating_days(plan.scenario, plan, life), life, plan


@pytest.fixture(scope="module")
def abandoned():  # type: ignore[no-untyped-def]
    return days("fleet.policy=never", "fleet.horizon=4 yr")


def test_no_moments_no_days() -> None:
    assert days("fleet.moments=0")[0] is None


def test_a_single_moment_is_the_middle() -> None:
    found, _, _ = days("fleet.moments=1", "fleet.horizon=4 yr")
    assert found.columns["moment_yr"] == [2.0] * len(SEASONS)


def test_each_moment_has_its_seasons(abandoned) -> None:  # type: ignore[no-untyped-def]
    found, life, _ = abandoned
    assert len(found.columns["season"]) == 3 * len(SEASONS)
    assert found.columns["moment_yr"][:: len(SEASONS)] == [0.0, 2.0, pytest.approx(47 / 12)]
    assert found.efficiency.shape == (life.months,)


def test_the_fleet_is_as_it_is_then(abandoned) -> None:  # type: ignore[no-untyped-def]
    found, life, _ = abandoned
    count = found.columns["satellites"]
    month = np.round(12 * np.array(found.columns["moment_yr"])).astype(int)
    np.testing.assert_array_equal(count, np.median(life.history.working, axis=0)[month].astype(int))
    assert count[-1] < count[0]
    assert found.columns["age_yr"][-1] == pytest.approx(4.0, abs=0.1)


def test_an_older_satellite_delivers_less_where_power_binds() -> None:
    found, _, _ = days(
        "fleet.policy=never",
        "fleet.horizon=5 yr",
        "fleet.moments=2",
        "satellite.array.degradation_per_year=0.15",
        "economics.satellite_failure_rate=0 1/yr",
        "workload.rate=0.001 1/s",
    )
    assert found.efficiency[-1] < 0.9 * found.efficiency[0]


def test_seasons_follow_the_moment() -> None:
    start = datetime(2027, 6, 21, tzinfo=UTC)
    assert _next(start, 0, 6, 21) == start
    assert _next(start, 1, 6, 21) == datetime(2028, 6, 21, tzinfo=UTC)
    assert _next(start, 12, 12, 21) == datetime(2028, 12, 21, tzinfo=UTC)


@pytest.mark.parametrize("policy", ["greedy", "tests.test_operating_days:remembering"])
def test_days_side_by_side_are_those_one_after_the_other(policy: str) -> None:
    plan = plan_fleet(load("suncatcher", [*FAST, f"placement.policy={policy}"]))
    life = deploy(plan.scenario, plan, 150.0)
    shares: list[float] = []
    SEEN.clear()
    alone, beside = (
        operating_days(plan.scenario, plan, life, threads=threads, progress=shares.append)
        for threads in (1, 3)
    )
    assert alone is not None
    assert beside is not None
    assert alone.columns == beside.columns
    assert np.array_equal(alone.efficiency, beside.efficiency)
    assert shares == [*np.arange(1, 10) / 9, *np.arange(1, 10) / 9]
    assert sorted(SEEN[: len(SEEN) // 2]) * 2 == SEEN


SEEN: list[tuple[int, float]] = []
"""Days counted from 0 to 8, and times of the decisions in them."""


def remembering(outlook, view):  # type: ignore[no-untyped-def]
    """A policy that only works where its days come one after the other."""
    day = (SEEN[-1][0] if SEEN else -1) + (view.time == 0.0)
    SEEN.append((day % 9, view.time))
    return greedy(outlook, view)


def test_giving_up_leaves_nothing(abandoned) -> None:  # type: ignore[no-untyped-def]
    _, life, plan = abandoned
    assert operating_days(plan.scenario, plan, life, stop=lambda: True) is None


def test_days_beyond_the_last_year_are_refused_by_their_own_name() -> None:
    late = ["time.start=2098-03-20T00:00:00Z", "fleet.horizon=3 yr"]
    with pytest.raises(ValueError, match=r"fleet\.moments: 3, whose days come until 2101; allowed"):
        refuse(load("suncatcher", late))
    refuse(load("suncatcher", [*late, "fleet.moments=0"]))
    refuse(load("suncatcher", [late[0], "fleet.horizon=2 yr"]))


def test_a_storm_strikes_only_the_simulated_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first sampled day is that of the start: the June solstice of the same year."""
    begun = []

    def noted(scenario, *further):  # type: ignore[no-untyped-def]
        begun.append((scenario.time.start, scenario.storm))
        return setting(scenario, *further)

    monkeypatch.setattr("dawndusk.operating_days.setting", noted)
    found, _, plan = days("fleet.moments=2", "radiation.storm.start=2027-06-21T06:00:00Z")
    assert found is not None
    assert plan.scenario.storm is not None
    assert plan.scenario.time.start in [start for start, _ in begun]
    assert [storm for _, storm in begun] == [None] * 6
