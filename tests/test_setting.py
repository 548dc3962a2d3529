"""One set-up serves runs, contests and operating days: empty places do nothing."""

import numpy as np
import pytest

from dawndusk.fleet_plan import plan_fleet
from dawndusk.placement.conformance import resolve
from dawndusk.scenario import load
from dawndusk.setting import Setting, setting

HOURS = [
    *("time.duration=3 h", "time.step=120 s"),
    *("faults.interruption_rate=5 1/yr", "radiation.storm.start=2027-06-20T22:00:00Z"),
]


@pytest.fixture(scope="module")
def plan():  # type: ignore[no-untyped-def]
    return plan_fleet(load("suncatcher", HOURS))


@pytest.fixture(scope="module")
def whole(plan) -> Setting:  # type: ignore[no-untyped-def]
    return setting(plan.scenario, plan)


@pytest.fixture(scope="module")
def half(plan) -> Setting:  # type: ignore[no-untyped-def]
    return setting(plan.scenario, plan, absent=np.arange(0, 81, 2))


def test_nothing_happens_in_empty_places(whole: Setting, half: Setting) -> None:
    gone = np.arange(0, 81, 2)
    assert np.isin(whole.asked.interruptions.site, gone).any()
    assert not np.isin(half.asked.interruptions.site, gone).any()
    struck, left = whole.asked.strikes, half.asked.strikes
    assert np.isin(struck.site, gone).sum() > 1000
    assert not np.isin(left.site, gone).any()
    there = ~np.isin(struck.site, gone)
    np.testing.assert_array_equal(left.time, struck.time[there])
    assert struck.solar is not None
    assert left.solar is not None
    np.testing.assert_array_equal(left.solar, struck.solar[there])


def test_empty_places_serve_and_compute_nothing(half: Setting) -> None:
    record = half.simulate(resolve("greedy"))
    site = record.requests["site"]
    assert not np.isin(site[site >= 0], np.arange(0, 81, 2)).any()
    busy = record.totals["busy_accelerator_s"] / record.totals["accelerator_s"]
    assert 0.0 < busy <= 40.0 / 81.0


def test_links_of_empty_places_are_down(half: Setting) -> None:
    record = half.simulate(resolve("greedy"))
    assert record.network is not None
    links = record.network.tables["links"]
    names = set(half.plan.elements.names[::2])
    used = np.asarray(links["mean_utilisation"])
    ends = [a in names or b in names for a, b in zip(links["tail"], links["head"], strict=True)]
    assert not used[np.array(ends)].any()
