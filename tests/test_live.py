"""The loop at the pace of a clock: unchanged in what it decides, held back in when."""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawndusk.constants import JULIAN_YEAR, SPEED_OF_LIGHT
from dawndusk.costs import space_costs
from dawndusk.live import DayOverError, Live, _kept
from dawndusk.placement.conformance import _situation, resolve
from dawndusk.placement.outlook import Decision
from dawndusk.scenario import Scenario, load
from tests.gateway.sky_case import Sky, moment, outages
from tests.test_cli import TINY

MORE = """\
workload.model = "gemma-3-270m"
faults.interruption_rate = "0.5 1/h"
ground.hybrid = true
ground.hybrid_nodes = 1
"""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    path: Path = tmp_path_factory.mktemp("live") / "tiny.toml"
    path.write_text(TINY + MORE, encoding="utf-8")
    return load(str(path), ["workload.rate=0.05 Hz"])


@pytest.fixture(scope="module")
def lived(tiny: Scenario) -> Live:
    """A day lived to its end, as fast as it goes, all its intervals kept."""
    live = Live(tiny, speed=1e5)
    live.pin(0, 0.0)
    live.start()
    until = time.monotonic() + 60.0
    while not live.over and time.monotonic() < until:
        time.sleep(0.01)
    assert live.over
    assert live.fault is None
    return live


# What happens


def test_the_day_is_the_same_as_without_a_clock(lived: Live) -> None:
    plain = lived.day.simulate(resolve(lived.scenario.placement.policy))
    assert lived.record is not None
    for name, value in plain.totals.items():
        if not name.startswith("cpu"):
            np.testing.assert_equal(lived.record.totals[name], value, err_msg=name)


def test_every_interval_is_kept_for_a_request_under_way(lived: Live) -> None:
    moments = [lived.moment(time) for time in np.arange(0.0, 3600.0, 300.0)]
    assert [found.time for found in moments if found] == list(np.arange(0.0, 3600.0, 300.0))
    for found in moments:
        assert found is not None
        assert found.weights.shape == found.latency.shape == (len(lived.cities), 3)
        assert found.end == found.time + 300.0


def test_no_way_is_shorter_than_light_allows(lived: Live) -> None:
    for begin in np.arange(0.0, 3600.0, 300.0):
        found = lived.moment(begin)
        assert found is not None
        up = found.latency[:, :2]
        assert (up >= 0.99 * 650e3 / SPEED_OF_LIGHT).all()
        assert np.isfinite(up).any()


def test_after_the_day_nothing_more_comes(lived: Live) -> None:
    assert lived.now() == 3600.0
    with pytest.raises(DayOverError):
        lived.moment(3600.0)
    with pytest.raises(DayOverError):
        lived.pause(3600.1)
    assert lived.pause(3599.0) == 0.0


def test_names_and_dates(lived: Live) -> None:
    assert len(lived.names) == 3
    assert lived.names[2] == "ground-0"
    assert lived.utc(90.5) == "2027-03-20T00:01:30.500Z"


def test_the_loop_looks_as_far_ahead_as_the_scenarios_own_policy(tiny: Scenario) -> None:
    live = Live(tiny.replaced({"placement.policy": "lookahead"}))
    assert getattr(live._decide, "ahead") == resolve("lookahead").ahead > 0.0  # noqa: B009


def test_a_site_whose_job_leaves_no_memory_gets_no_requests(lived: Live) -> None:
    outlook, view = _situation(1)
    sites, jobs = len(view.charge), len(view.job_active)
    placed = np.arange(sites, dtype=np.int32) % (jobs + 1) - 1
    exclusive = np.zeros(jobs, bool)
    exclusive[0] = True
    share = np.ones(len(outlook.latency)) / max(len(outlook.latency), 1)
    asked = replace(lived.day.asked, exclusive=exclusive, crowding=True, origin_share=share)
    kept = _kept(outlook, view, Decision(np.ones(sites), placed), asked)
    assert ((kept.weights == 0.0) == (placed == 0)).all()
    assert (placed == 0).any()


# The clock


def test_virtual_time_follows_the_clock_and_never_passes_the_loop(tiny: Scenario) -> None:
    wall = [100.0]
    live = Live(tiny, speed=10.0, wall=lambda: wall[0])
    live.start()
    assert live.now() == 0.0
    wall[0] = 101.0
    assert live.now() == 10.0
    assert live.moment(299.0) is live.moment()
    assert live.moment(300.0) is None
    assert live.pause(10.0) == 0.0
    assert 0.0 < live.pause(14.0) <= 0.4 + 1e-9
    time.sleep(0.1)
    assert live.moment(300.0) is None
    wall[0] = 1000.0
    assert live.now() <= 600.0
    until = time.monotonic() + 10.0
    while live.moment(300.0) is None and time.monotonic() < until:
        time.sleep(0.01)
    second = live.moment()
    assert second is not None
    assert (second.time, live.now()) == (300.0, 300.0)
    live.stop()
    assert live.over


def test_stopping_does_not_wait_for_the_clock(tiny: Scenario) -> None:
    live = Live(tiny, speed=1e-3)
    live.start()
    began = time.monotonic()
    live.stop()
    assert live.over
    assert time.monotonic() - began < 5.0


@pytest.mark.parametrize("speed", [0.0, -1.0, np.nan, np.inf])
def test_a_speed_that_cannot_be(tiny: Scenario, speed: float) -> None:
    with pytest.raises(ValueError, match="--speed"):
        Live(tiny, speed)


def faulty(outlook: object, view: object) -> None:
    """A policy that fails."""
    raise RuntimeError("no idea")


def test_a_policy_that_fails_is_told_at_the_start(tiny: Scenario) -> None:
    own = tiny.replaced({"placement.policy": "tests.test_live:faulty"})
    with pytest.raises(ValueError, match="no idea"):
        Live(own).start()


def test_intervals_of_no_request_are_let_go(tiny: Scenario) -> None:
    live = Live(tiny, speed=1e5)
    live.start()
    until = time.monotonic() + 60.0
    while not live.over and time.monotonic() < until:
        time.sleep(0.01)
    first, last = live.moment(0.0), live.moment()
    assert first is not None
    assert last is not None
    assert first.time >= last.time - 300.0
    assert live.unpin(0) == 3600.0


# Faults


@given(
    st.lists(st.tuples(st.integers(0, 1), st.floats(0.0, 100.0), st.floats(0.1, 50.0)), max_size=6),
    st.integers(0, 1),
    st.floats(0.0, 150.0),
    st.floats(0.1, 50.0),
)
def test_the_first_time_down_is_that_of_all_outages(
    faults: list[tuple[int, float, float]], site: int, begin: float, length: float
) -> None:
    struck = [(place, start, start + long) for place, start, long in faults]
    sky = Sky([moment()], down=outages(*struck))
    end = begin + length
    times = [
        max(start, begin)
        for at, start, until in struck
        if at == site and start < end < np.inf and until > begin
    ]
    assert sky.outage(site, begin, end) == (min(times) if times else None)
    down = {at for at, start, until in struck if start <= begin < until}
    assert set(sky.down(begin).tolist()) == down


# What it costs


def test_an_accelerator_second_costs_its_share_of_the_year(lived: Live) -> None:
    served = lived.served()
    space = space_costs(lived.scenario, lived.plan, {}, 1.0)
    own = space.per_year - space.annual["hybrid_ground"]
    assert served.orbit_price == pytest.approx(own / (2 * JULIAN_YEAR), rel=1e-12)
    assert 0.0 < served.ground_price < served.orbit_price
    assert served.batch == lived.scenario.workload.max_batch


def test_another_model_is_served_at_its_own_pace(lived: Live) -> None:
    small, large = lived.served("multilingual-e5-small"), lived.served("llama-3-8b")
    assert small.service.prefill_time < large.service.prefill_time
    assert small.service.prefill_floor < lived.served().service.prefill_floor
