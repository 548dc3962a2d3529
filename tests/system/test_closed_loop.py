"""The loops of minutes and of faults close: change one end and see the other move."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from dawndusk.execution import modelled
from dawndusk.placement.follow_the_sun import SUNLIT
from dawndusk.placement.outlook import Decision, Outlook, View
from dawndusk.record import Record
from dawndusk.scenario import load
from tests.system.whole_run import Prepared, prepare

POWERED = ("satellite.array.area=6 m²", "satellite.battery.capacity=4 kWh")
"""Power enough that only heat can hold the work back."""

OVERSHOOT = 2.0
"""How far a die may come above its limit: what one step's change of sunlight adds [K]."""

LONE = (
    "time.duration=6 h",
    "time.start=2027-03-20T00:00:00Z",
    "workload.jobs=[]",
    "workload.rate=0.5 Hz",
    "workload.patience=60 s",
    "faults.enabled=false",
)
"""One satellite at 325 km that meets an eclipse of 36 minutes in each orbit."""


def lone(*overrides: str) -> Prepared:
    return prepare(load("starcloud-1", [*LONE, *overrides]))


def busy(*overrides: str) -> Prepared:
    """The same satellite with more work than it can ever do."""
    endless = 'workload.jobs=[{name="endless", kind="batch", work="1 YFLOP", utilisation=1.0}]'
    return lone("workload.rate=0 Hz", endless, *overrides)


def illumination(ready: Prepared) -> NDArray[np.float64]:
    """Mean visible share of the Sun's disc by step and satellite."""
    time = ready.scenario.time
    return ready.ahead.window(0, round(time.duration / time.step)).illumination


def in_eclipse(ready: Prepared, times: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which times lie in a step that the lone satellite spends in the dark; never if NaN."""
    dark = illumination(ready)[:, 0] == 0.0
    rows = np.nan_to_num(times // ready.scenario.time.step, nan=0.0).astype(int)
    return np.asarray(dark[np.minimum(rows, len(dark) - 1)] & ~np.isnan(times))


def served(record: Record) -> NDArray[np.bool_]:
    return np.asarray(record.requests["status"] == modelled.SERVED)


# charge → work


def test_a_smaller_battery_serves_less_in_eclipse() -> None:
    """And an empty one serves nothing: what it had started waits for the Sun."""
    answered = []
    for capacity in (1000.0, 300.0, 250.0, 200.0, 1.0):
        ready = lone(f"satellite.battery.capacity={capacity} Wh")
        record = ready.orbit()
        dark = in_eclipse(ready, record.requests["finish_s"]) & served(record)
        assert in_eclipse(ready, record.requests["arrival_s"]).sum() > 2000
        assert served(record).sum() - dark.sum() > 3000
        answered.append(int(dark.sum()))
    assert answered == sorted(answered, reverse=True)
    assert answered[0] > 3000
    assert answered[1] < 0.9 * answered[0]
    assert answered[2] < 0.9 * answered[1]
    assert answered[-1] == 0


def test_without_an_array_nothing_is_served_and_all_patience_ends() -> None:
    ready = lone("time.duration=2 h")
    craft = ready.plan.craft._replace(area=0.0)
    ready = replace(ready, plan=replace(ready.plan, craft=craft, initial_charge=0.0))
    record = ready.orbit()
    totals, patience = record.totals, ready.scenario.workload.patience
    assert totals["generated_J"] == 0.0
    assert totals["delivered_FLOP"] == 0.0
    assert totals["served"] == totals["failed"] == 0
    assert totals["loss_power_FLOP"] == pytest.approx(totals["peak_FLOP"], rel=1e-12)
    rows = record.requests
    due = rows["arrival_s"] + patience < record.duration
    assert due.sum() > 1000
    assert (rows["status"][due] == modelled.DROPPED).all()
    assert rows["finish_s"][due] == pytest.approx(rows["arrival_s"][due] + patience, rel=1e-15)
    assert totals["waiting"] == (~due).sum()


# work → charge and temperature → work


def test_work_drains_and_heats_the_satellite_that_does_it() -> None:
    ready = prepare(
        load(
            "suncatcher",
            [
                "time.duration=1 h",
                "workload.jobs=[]",
                "workload.rate=40 Hz",
                "faults.enabled=false",
                "satellite.array.area=45 m²",
            ],
        )
    )
    worker = 7

    def one_works(outlook: Outlook, view: View) -> Decision:
        return Decision((np.arange(81) == worker).astype(float), np.full(81, -1, np.int32))

    record = ready.orbit(one_works)
    series = record.series.arrays()
    others = np.arange(len(record.satellites)) != worker
    die, charge = series["sat_die_temperature_K"][-1], series["sat_charge_fraction"][-1]
    assert die[worker] > die[others].max() + 5.0
    assert charge[worker] < charge[others].min() - 0.01
    assert (series["sat_utilisation"][-1][others] == 0.0).all()


SHELL = (
    'constellation={kind="walker_delta", altitude="550 km", inclination="53 deg", '
    "satellites=60, planes=12, phasing=1}",
    "time.duration=3 h",
    "workload.jobs=[]",
    "faults.enabled=false",
)
"""Planes of all β: at any time about a third of the satellites are in the dark."""


def routed_in_the_dark(ready: Prepared, record: Record) -> float:
    """Share of the requests that went to satellites without Sun until the next decision."""
    site = record.requests["site"]
    lit = by_decision(ready)[decision_of(ready, record), np.maximum(site, 0)]
    return float(np.mean(lit[site >= 0] == 0.0))


def by_decision(ready: Prepared) -> NDArray[np.float64]:
    """Mean illumination from one decision to the next, by decision and satellite."""
    rows = round(ready.scenario.placement.interval / ready.scenario.time.step)
    lit = illumination(ready)
    return lit.reshape(-1, rows, lit.shape[1]).mean(axis=1)


def decision_of(ready: Prepared, record: Record) -> NDArray[np.int64]:
    """Decision by which each request was routed."""
    return (record.requests["arrival_s"] // ready.scenario.placement.interval).astype(np.int64)


def test_greedy_leaves_dark_satellites_that_ran_out_of_power() -> None:
    shares = []
    for capacity in (40.0, 4.0, 0.01):
        ready = prepare(load("suncatcher", [*SHELL, f"satellite.battery.capacity={capacity} kWh"]))
        shares.append(routed_in_the_dark(ready, ready.orbit()))
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 0.2
    assert shares[-1] < 0.1 * shares[0]


def test_a_smaller_radiator_throttles_more_and_delivers_less() -> None:
    throttled, delivered = [], []
    for area in (1.5, 0.8, 0.6, 0.45):
        ready = busy(f"satellite.thermal.radiator_area={area} m²", *POWERED)
        record = ready.orbit()
        limit = ready.scenario.satellite.thermal.limit_temperature
        assert record.totals["die_max_K"] < limit + OVERSHOOT
        throttled.append(record.totals["throttled_fraction"])
        delivered.append(record.totals["delivered_FLOP"])
    assert throttled == sorted(throttled)
    assert delivered == sorted(delivered, reverse=True)
    assert throttled[0] == 0.0
    assert throttled[-1] > 0.3
    assert delivered[-1] < 0.9 * delivered[0]


# faults → work


def faulty(rate: float, checkpoint: str = "30 min", *overrides: str) -> Record:
    job = (
        'workload.jobs=[{name="training", kind="training", nodes=16, work="1 YFLOP", '
        f'checkpoint_interval="{checkpoint}", checkpoint_time="10 s"}}]'
    )
    scenario = load(
        "suncatcher",
        [
            *("time.duration=6 h", f"faults.interruption_rate={rate} 1/day", job),
            *("radiation.enabled=false", "faults.safe_mode_rate=0 1/yr"),
            *overrides,
        ],
    )
    return prepare(scenario).orbit()


def test_twice_the_interruptions_lose_more_work() -> None:
    """Gangs on all satellites: what one gang loses is a matter of luck, and ends at all it has."""
    rates = (0.0, 0.01, 0.02, 0.04)
    records = [faulty(rate, "30 min", "workload.jobs.0.count=5") for rate in rates]
    lost = [record.totals["loss_faults_FLOP"] for record in records]
    done = [record.totals["delivered_FLOP"] for record in records]
    struck = [record.totals["interruptions"] for record in records]
    for column in (lost, struck, done[::-1]):
        assert column == sorted(column)
        assert len(set(column)) == len(rates)
    failed = [record.totals["failed"] for record in records]
    assert failed[0] == 0
    assert failed[3] > 2 * failed[1] > 0
    for rate, count in zip(rates[1:], struck[1:], strict=True):
        expected = rate * 0.25 * 81 * 64
        assert abs(count - expected) < 5.0 * expected**0.5


def test_without_faults_nothing_is_lost_to_them() -> None:
    record = faulty(0.1, "60 min", "faults.enabled=false", "workload.jobs.0.checkpoint_time=0 s")
    totals = record.totals
    assert totals["interruptions"] == totals["failed"] == 0
    assert record.jobs["rolled_back"].sum() == 0.0
    assert totals["loss_faults_FLOP"] == 0.0


def test_checkpoints_save_work_from_faults() -> None:
    rolled_back = [
        faulty(0.02, interval).jobs["rolled_back"].sum() for interval in ("3 min", "30 min", "5 h")
    ]
    assert rolled_back == sorted(rolled_back)
    assert rolled_back[2] > 3.0 * rolled_back[0] > 0.0


# placement follows the Sun and the night


def test_follow_the_sun_works_only_on_sunlit_satellites() -> None:
    """A shell of all β: what is routed goes to satellites in full Sun until the next decision."""
    ready = prepare(load("suncatcher", [*SHELL, 'placement.policy="follow_the_sun"']))
    record = ready.orbit()
    assert 0.2 < (illumination(ready) == 0.0).mean() < 0.5
    site = record.requests["site"]
    routed = site >= 0
    assert routed.sum() > 10_000
    lit = by_decision(ready)[decision_of(ready, record)[routed], site[routed]]
    assert lit.min() >= SUNLIT - 1e-12
    assert len(np.unique(site[routed])) > 50


def test_hybrid_ground_nodes_take_the_load_at_night() -> None:
    small = "satellite.battery.capacity=1 Wh"
    alone = lone(small)
    without = alone.orbit()
    dark = in_eclipse(alone, without.requests["arrival_s"])
    hybrid = lone(small, "ground.hybrid=true", "ground.hybrid_nodes=1")
    record = hybrid.orbit()
    at_ground = record.requests["site"] == 1
    assert at_ground[dark].mean() > at_ground[~dark].mean() + 0.2
    assert (served(record) & dark).sum() > 0.7 * dark.sum()
    assert (served(record) & dark).sum() > 10 * (served(without) & dark).sum()
    assert record.totals["hybrid_consumed_J"] > 0.0
    assert without.totals["hybrid_consumed_J"] == 0.0


# wear → work


def test_age_takes_generation_and_delivered_work() -> None:
    records = [
        busy(f"satellite.age={age} day", "satellite.array.area=1 m²").orbit()
        for age in (0, 300, 1500)
    ]
    for name in ("generated_J", "delivered_FLOP"):
        values = [record.totals[name] for record in records]
        assert values == sorted(values, reverse=True)
        assert values[2] < 0.95 * values[0]


def test_cycling_wears_the_battery_within_a_run() -> None:
    """Compared late in the run: at first a shrinking reserve sets stored energy free."""
    late = []
    for fade in (0.0, 0.02, 0.1):
        record = busy(
            "time.duration=18 h",
            "satellite.battery.capacity=300 Wh",
            "satellite.array.area=3 m²",
            f"satellite.battery.cycle_fade={fade}",
        ).orbit()
        late.append(np.mean(record.series.arrays()["delivered_FLOPS"][-72:]))
    assert late == sorted(late, reverse=True)
    assert late[2] < 0.98 * late[0]
