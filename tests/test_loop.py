"""The loop: limit cases, closed forms, an independent battery, and what a decision may do."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dawndusk import loop, strikes
from dawndusk import record as record_module
from dawndusk.connections import Connections
from dawndusk.demand import Demand
from dawndusk.execution import faults, modelled
from dawndusk.execution.faults import Interruptions
from dawndusk.placement.conformance import resolve
from dawndusk.placement.outlook import Decision, Outlook, View
from dawndusk.record import Record
from dawndusk.scenario import load
from tests.system.whole_run import Prepared, prepare

SUNNY = (
    "time.start=2027-12-21T00:00:00Z",
    'constellation={kind="sun_synchronous", altitude="1500 km", satellites=4}',
    "time.duration=3 h",
    "workload.rate=0 Hz",
    "workload.jobs=[]",
    "faults.enabled=false",
    "satellite.thermal.radiator_area=60 m²",
    "economics.launcher=starship",
)
"""Four satellites above the shadow, with power and cold enough for full speed at all times."""

DARK = (
    "time.duration=6 h",
    "workload.rate=0 Hz",
    "workload.jobs=[]",
    "faults.enabled=false",
)
"""Starcloud-1 with nothing to do, in and out of the shadow."""


def sunny(*overrides: str) -> Prepared:
    return prepare(load("suncatcher", [*SUNNY, *overrides]))


def job(kind: str = "batch", work: str = "1 YFLOP", more: str = "") -> str:
    return f'workload.jobs=[{{name="work", kind="{kind}", work="{work}", utilisation=0.5{more}}}]'


def struck(asked: Demand, site: int, time: float, until: float) -> Interruptions:
    return Interruptions(np.array([time]), np.array([site], np.int32), np.array([until]))


# limits and closed forms


def test_with_nothing_to_do_all_work_is_idle() -> None:
    totals = sunny().orbit().totals
    assert totals["loss_idle_FLOP"] == totals["peak_FLOP"] > 0.0
    assert totals["delivered_FLOP"] == totals["busy_accelerator_s"] == totals["offered"] == 0.0


def test_an_endless_batch_job_gets_its_share_of_the_peak() -> None:
    """At full clock: nodes × accelerators × rate × utilisation × time, here on 3 of 4 sites."""
    ready = sunny(job(more=", nodes=3, checkpoint_time='0 s'").replace("'", '"'))
    totals = ready.orbit().totals
    chip, compute = ready.scenario.accelerator, ready.scenario.satellite.compute
    expected = 3 * compute.count * chip.peak_flops * 0.5 * 3 * 3600.0
    assert totals["delivered_FLOP"] == pytest.approx(expected, rel=1e-12)
    assert totals["loss_power_FLOP"] == totals["loss_thermal_FLOP"] == 0.0


def test_a_fault_costs_its_downtime() -> None:
    """Within a step, across steps and across decisions: peak × time down."""
    ready = sunny()
    for begins, until in ((1010.0, 1025.0), (1010.0, 1500.0), (1100.0, 4321.0)):
        hit = ready.changed(interruptions=struck(ready.asked, 2, begins, until))
        totals = hit.orbit().totals
        node = loop.node_of(ready.scenario, ready.asked)
        assert totals["loss_faults_FLOP"] == pytest.approx(node.peak * (until - begins), rel=1e-9)
        assert totals["interruptions"] == 1


def test_a_gang_without_all_its_nodes_stands_still() -> None:
    ready = sunny(job("training", more=", nodes=4"))
    hit = ready.changed(interruptions=struck(ready.asked, 1, 0.0, 1e9)).orbit()
    assert hit.totals["delivered_FLOP"] == 0.0
    (executed,), (stalled,) = hit.jobs["executed"], hit.jobs["stalled"]
    assert executed == stalled > 0.0
    ready.settled(hit).check()
    assert ready.orbit().totals["delivered_FLOP"] > 0.0


def test_a_finished_job_gives_its_sites_back() -> None:
    ready = sunny(job(work="1 EFLOP"))
    record = ready.orbit()
    assert record.totals["jobs_finished"] == 1
    assert record.totals["delivered_FLOP"] == pytest.approx(1e18, rel=1e-12)
    kinds = [kind for kind in record.events.kind if kind.startswith("job")]
    assert kinds == ["job_submitted", "job_started", "job_finished"]
    times = record.events.columns()["time_s"]
    rate = 56 * ready.scenario.accelerator.peak_flops * 0.5
    assert times[-1] == pytest.approx(1e18 / rate, rel=1e-9)


def test_generation_does_not_depend_on_decisions() -> None:
    """What time alone decides is read in the right rows, whatever the rhythm of decisions."""
    found = [
        prepare(load("starcloud-1", [*DARK, f"placement.interval={interval} s"]))
        .orbit()
        .totals["generated_J"]
        for interval in (30, 90, 300, 510, 1740, 1800, 2370, 20_000)
    ]
    assert found == pytest.approx([found[0]] * len(found), rel=1e-13)


def test_records_come_at_their_interval() -> None:
    for step, interval in ((60, 300), (45, 315), (40, 320)):
        ready = prepare(load("starcloud-1", [*DARK, f"time.step={step} s"]))
        times = ready.orbit().series.time
        assert times[:-1] == [interval * (k + 1) for k in range(len(times) - 1)]
        assert times[-1] == 21_600.0


# an independent battery


def test_an_idle_satellite_charges_as_a_simple_battery_does() -> None:
    """Charge, recorded each step, against five lines that share no code with the loop.

    Steps that cross the edge of the shadow are left out: there the order of light and dark
    within the step decides.
    """
    each = ("placement.interval=30 s", "record.interval=30 s", "satellite.battery.cycle_fade=0")
    overrides = [*DARK, *each, "satellite.battery.calendar_fade=0 1/yr"]
    ready = prepare(load("starcloud-1", overrides))
    series = ready.orbit().series.arrays()
    battery, scenario = ready.scenario.satellite.battery, ready.scenario
    assert battery.capacity is not None
    load_w = scenario.satellite.bus.load + scenario.satellite.compute.host_power
    load_w += scenario.accelerator.idle_power
    surplus = (series["generated_W"] - load_w) * 30.0 / battery.capacity
    charge = series["sat_charge_fraction"][:, 0]
    before = np.concatenate([[battery.initial_charge], charge[:-1]])
    charged = np.minimum(before + surplus * battery.charge_efficiency, 1.0)
    discharged = before + surplus / battery.discharge_efficiency
    expected = np.where(surplus > 0.0, charged, discharged)
    lit = ready.ahead.window(0, 720).illumination[:, 0]
    whole = (lit == 0.0) | (lit == 1.0)
    assert whole.mean() > 0.95
    assert charge.min() < 0.9
    assert charge[whole] == pytest.approx(expected[whole], abs=1e-13)


# particles


def kept(ready: Prepared, *hits: tuple[float, int, int]) -> Prepared:
    """Strikes of a time, a site and a kind each, and the interruptions they cause."""
    time, site, kind = (np.array(column) for column in zip(*hits, strict=True))
    where = np.zeros(len(hits))
    found = faults.Strikes(
        time, site.astype(np.int32), kind.astype(np.int8), where, where, np.ones(len(hits), bool)
    )
    return replace(ready, asked=strikes.struck(ready.asked, ready.scenario, 4, found))


QUIET = (
    "faults.enabled=true",
    "radiation.enabled=false",
    "faults.interruption_rate=0 1/yr",
    "faults.safe_mode_rate=0 1/yr",
    "faults.restart_time=2 min",
    "radiation.reboot_time=30 min",
)


def on_first(outlook: Outlook, view: View) -> Decision:
    """The job on the first site, requests on the second."""
    return Decision(np.array([0.0, 1.0, 0.0, 0.0]), np.array([0, -1, -1, -1], np.int32))


def test_an_uncorrectable_error_rolls_a_job_back_and_a_silent_corruption_does_not() -> None:
    ready = sunny(job(more=', checkpoint_interval="10 h"'), *QUIET)
    clean = ready.orbit(on_first)
    silent = kept(ready, *((600.0 * k + 1.0, 0, faults.SILENT) for k in range(2, 10)))
    same = silent.orbit(on_first)
    assert totals_of(same) == totals_of(clean)
    assert same.faults["silent_corruptions"] == {
        "total": 8,
        "on_jobs": 8,
        "serving": 0,
        "idle": 0,
    }
    assert same.events.counts["silent_corruption"] == 8
    hit = kept(ready, (5_000.0, 0, faults.UNCORRECTABLE)).orbit(on_first)
    rate = 56 * ready.scenario.accelerator.peak_flops * 0.5
    cost = hit.faults["by_cause"]["uncorrectable"]
    assert hit.jobs["rolled_back"][0] == pytest.approx(4_800.0 * rate, rel=1e-9)
    down = 2.0 * rate * 120.0
    assert cost["lost_FLOP"] == pytest.approx(hit.jobs["rolled_back"][0] + down, rel=1e-9)
    assert cost["down_s"] == pytest.approx(120.0)
    assert hit.totals["delivered_FLOP"] < clean.totals["delivered_FLOP"] - 4_800.0 * rate
    assert hit.events.detail[hit.events.kind.index("fault")] == "uncorrectable, until 5120 s"


def test_an_interrupt_costs_a_reboot() -> None:
    """Each kind its own time down: 2 min to restart the work, 30 min to boot."""
    ready = sunny(*QUIET)
    node = loop.node_of(ready.scenario, ready.asked)
    for kind, seconds in (
        (faults.UNCORRECTABLE, 120.0),
        (faults.INTERRUPT, 1800.0),
        (faults.HOST, 1800.0),
        (faults.LATCH_UP, 1800.0),
    ):
        record = kept(ready, (1_000.0, 2, kind)).orbit()
        assert record.totals["loss_faults_FLOP"] == pytest.approx(node.peak * seconds, rel=1e-9)
        assert record.faults["by_cause"][faults.CAUSES[kind]]["down_s"] == seconds
        assert record.upsets["kind"] == [faults.KINDS[kind]]
        assert record.upsets["site"] == [ready.plan.elements.names[2]]


def test_faults_of_one_interval_cost_their_times_together() -> None:
    """An interval of 300 s from 3,000 s on: the end of one fault, a short one, and a third."""
    ready = sunny(*QUIET)
    time, until = np.array([2_000.0, 3_100.0, 3_200.0]), np.array([3_050.0, 3_130.0, 3_500.0])
    down = Interruptions(time, np.full(3, 2, np.int32), until)
    record = ready.changed(interruptions=down).orbit()
    node = loop.node_of(ready.scenario, ready.asked)
    expected = node.peak * (until - time).sum()
    assert record.totals["loss_faults_FLOP"] == pytest.approx(expected, rel=1e-9)
    assert record.faults["by_cause"]["hardware"]["down_s"] == pytest.approx(1_380.0)


@given(st.lists(st.integers(-1, 5), min_size=1, max_size=60))
@settings(max_examples=40)
def test_sites_of_a_job_are_counted_alike_one_by_one_and_all_at_once(placed: list[int]) -> None:
    sites, none, room = np.array(placed, np.int32), np.zeros(0, np.int64), np.zeros(6, np.int64)
    for job in set(placed) - {-1}:
        assert loop._members(job, sites, none) == placed.count(job)
        assert loop._members(job, sites, room) == placed.count(job)


def test_what_is_lost_by_cause_adds_up_and_requests_fail_with_their_cause() -> None:
    ready = sunny("workload.rate=2 Hz", job(more=', checkpoint_interval="20 min"'), *QUIET)
    hits = [
        (1_000.0, 0, faults.UNCORRECTABLE),
        (2_000.0, 1, faults.HOST),
        (2_030.0, 1, faults.INTERRUPT),
        (4_000.0, 0, faults.SILENT),
        (6_000.0, 1, faults.SILENT),
        (6_100.0, 3, faults.SILENT),
        (9_000.0, 1, faults.UNCORRECTABLE),
    ]
    record = kept(ready, *hits).orbit(on_first)
    cost, totals = record.faults["by_cause"], record.totals
    assert [cost[name]["interruptions"] for name in faults.CAUSES] == [0, 2, 0, 1, 0, 0, 0, 0]
    assert totals["interruptions"] == 3, "a site that is down is not struck again"
    lost = sum(row["lost_FLOP"] for row in cost.values()) + record.faults["checkpoint_FLOP"]
    assert lost == pytest.approx(totals["loss_faults_FLOP"], rel=1e-12)
    failed = {name: row["requests_failed"] for name, row in cost.items() if row["requests_failed"]}
    assert set(failed) == {"uncorrectable", "host"}
    assert sum(failed.values()) == totals["failed"]
    assert record.faults["silent_corruptions"] == {
        "total": 3,
        "on_jobs": 1,
        "serving": 1,
        "idle": 1,
    }
    assert len(record.upsets["time_s"]) == len(hits)
    stopped = kept(ready, *hits).orbit(on_first, stop=iter([False] * 10 + [True] * 2).__next__)
    assert stopped.upsets["time_s"].tolist() == [1_000.0, 2_000.0, 2_030.0]
    assert stopped.faults["by_cause"]["host"]["interruptions"] == 1


def test_when_the_list_of_events_is_full_faults_still_strike_and_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ready = sunny(*QUIET)
    hits = [(500.0 * k + 1.0, k % 4, kind) for k in range(1, 20) for kind in (1, 0)]
    whole = kept(ready, *hits).orbit()
    monkeypatch.setattr(record_module, "EVENTS", 5)
    short = kept(ready, *hits).orbit()
    assert totals_of(short) == totals_of(whole)
    assert short.events.counts == whole.events.counts
    assert len(short.events.time) == 5
    assert short.faults == whole.faults


# decisions


def test_requests_wait_where_no_weight_takes_them() -> None:
    ready = sunny("workload.rate=1 Hz", "workload.patience=10 min")

    def late(outlook: Outlook, view: View) -> Decision:
        weights = np.full(4, float(view.time >= 7_200.0))
        return Decision(weights, view.job_of_site)

    record = ready.orbit(late)
    rows = record.requests
    early = rows["arrival_s"] + 600.0 < 7_200.0
    assert (rows["status"][early] == modelled.DROPPED).all()
    assert (rows["site"][early] == -1).all()
    waited = (rows["arrival_s"] > 6_700.0) & (rows["arrival_s"] < 7_200.0)
    assert (rows["status"][waited] == modelled.SERVED).all()
    assert (rows["first_token_s"][waited] > 7_200.0).all()
    assert max(record.series.arrays()["waiting_requests"]) > 100.0


def test_weights_are_shares_of_the_requests() -> None:
    ready = sunny("workload.rate=2 Hz")
    shares = np.array([0.0, 1.0, 2.0, 5.0])
    record = ready.orbit(lambda outlook, view: Decision(shares, view.job_of_site))
    counts = np.bincount(record.requests["site"], minlength=4)
    assert counts / counts.sum() == pytest.approx(shares / 8.0, abs=3.0 / len(record.requests))


def test_a_job_that_is_moved_pays_for_it() -> None:
    ready = sunny(job(more=', restart_time="5 min", checkpoint_interval="10 h"'))

    def steady(outlook: Outlook, view: View) -> Decision:
        return Decision(np.zeros(4), np.array([0, -1, -1, -1], np.int32))

    def restless(outlook: Outlook, view: View) -> Decision:
        placed = np.full(4, -1, np.int32)
        placed[int(view.time // 1800.0) % 4] = 0
        return Decision(np.zeros(4), placed)

    stays, moves = ready.orbit(steady), ready.orbit(restless)
    assert moves.events.counts["job_moved"] == 5
    rate = 56 * ready.scenario.accelerator.peak_flops * 0.5
    paid = 5 * (300.0 + ready.scenario.workload.jobs[0].checkpoint_time) * rate
    lost = stays.totals["delivered_FLOP"] - moves.totals["delivered_FLOP"]
    assert lost == pytest.approx(paid, rel=1e-9)


def test_a_job_that_fills_the_memory_leaves_no_room_for_requests() -> None:
    ready = sunny("workload.rate=1 Hz", job(more=', memory="1.7 TB", nodes=3'))

    def all_over(outlook: Outlook, view: View) -> Decision:
        return Decision(np.ones(4), np.array([0, 0, 0, -1], np.int32))

    assert set(ready.orbit(all_over).requests["site"]) == {3}


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda sites: Decision(np.ones(sites - 1), np.full(sites, -1, np.int32)), "shape"),
        (lambda sites: Decision(-np.ones(sites), np.full(sites, -1, np.int32)), "negative"),
        (lambda sites: Decision(np.full(sites, np.nan), np.full(sites, -1, np.int32)), "finite"),
        (lambda sites: Decision(np.ones(sites), np.full(sites, 0, np.int32)), "job 0"),
        (lambda sites: None, "Decision"),
        (lambda sites: 1 / 0, "ZeroDivisionError at 0 s"),
    ],
)
def test_a_policy_that_breaks_the_contract_is_refused(answer, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=message):
        sunny().orbit(lambda outlook, view: answer(len(view.charge)))


# stopping, threads, progress


def test_progress_rises_to_one_and_a_stop_is_not_complete() -> None:
    ready = sunny()
    shares: list[float] = []
    assert ready.orbit(progress=shares.append).complete
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    stopped = ready.orbit(stop=lambda: True)
    assert not stopped.complete
    assert stopped.duration == 0.0


def test_work_is_shared_without_gap_or_overlap() -> None:
    for blocks in range(1, 40):
        for workers in range(1, 9):
            shares = loop._shares(blocks, workers)
            covered = [block for low, high in shares for block in range(low, high)]
            assert covered == list(range(blocks))
            sizes = [high - low for low, high in shares]
            assert max(sizes) - min(sizes) <= 1
            assert len(shares) == min(blocks, workers)


def totals_of(record: Record) -> dict[str, float]:
    return {name: value for name, value in record.totals.items() if name != "cpu_s"}


@pytest.fixture(scope="module")
def mixed() -> Prepared:
    overrides = [
        'constellation={kind="walker_delta", altitude="550 km", inclination="53 deg", '
        "satellites=12, planes=4, phasing=1}",
        "time.duration=1 h",
        "workload.rate=5 Hz",
        "faults.interruption_rate=0.2 1/day",
        job("training", more=', nodes=4, checkpoint_interval="5 min"'),
    ]
    return prepare(load("suncatcher", overrides))


@given(order=st.permutations(range(12)))
@settings(max_examples=10)
def test_totals_do_not_depend_on_the_order_of_the_satellites(
    mixed: Prepared, order: list[int]
) -> None:
    """The same satellites, weights and faults in another order do the same in all."""
    turn = np.array(order)

    def even(outlook: Outlook, view: View) -> Decision:
        return Decision(np.zeros(len(view.charge)), np.zeros(12, np.int32))

    plan, found = mixed.plan, mixed.asked.interruptions
    names = [name for name in type(plan.elements).__dataclass_fields__ if name != "names"]
    elements = replace(
        plan.elements, **{name: getattr(plan.elements, name)[turn] for name in names}
    )
    place: NDArray[np.int32] = np.argsort(turn).astype(np.int32)
    moved = prepare_with(mixed, replace(plan, elements=elements))
    moved = moved.changed(interruptions=replace(found, site=place[found.site]))
    ours, theirs = totals_of(mixed.orbit(even)), totals_of(moved.orbit(even))
    for name, value in ours.items():
        assert theirs[name] == pytest.approx(value, rel=1e-9, abs=1e-6), name


def prepare_with(ready: Prepared, plan) -> Prepared:  # type: ignore[no-untyped-def]
    """The same run with other orbits."""
    from dawndusk.forecast import forecast

    time = ready.scenario.time
    tracking = ready.scenario.satellite.array.tracking
    return replace(
        ready, plan=plan, ahead=forecast(plan.elements, time.start, time.step, tracking, 1)
    )


def test_ground_nodes_alone_need_no_forecast() -> None:
    ready = sunny("workload.rate=1 Hz")
    record = loop.simulate(
        ready.scenario,
        ready.plan,
        None,
        resolve("ground_only"),
        ready.asked,
        ground_nodes=4,
    )
    assert record.totals["served"] > 0.99 * record.totals["offered"]
    assert "generated_J" not in record.totals
    assert record.satellites == ()


# the network


def test_without_a_network_nothing_is_said_of_it() -> None:
    """Data of jobs do not move, so output is delivered at once and input is there."""
    ready = sunny(
        "network.enabled=false", job(work="1 EFLOP", more=', input="1 TB", output="1 TB"')
    )
    record = ready.orbit()
    assert record.network is None
    assert record.jobs["start"][0] == 0.0
    assert record.jobs["delivered"][0] == record.jobs["finish"][0]
    assert record.totals["loss_network_FLOP"] == 0.0


def test_a_run_that_is_stopped_at_once_has_seen_no_network() -> None:
    ready = sunny()
    wires = Connections(ready.scenario, ready.plan, ready.ahead, 0, 1)
    assert ready.orbit(network=wires, stop=lambda: True).network is None
    asked = iter([False, True])
    assert ready.orbit(network=wires, stop=lambda: next(asked)).network is not None


def test_a_policy_is_shown_the_delays_of_the_moment() -> None:
    """The same table that `Connections` gives, which cannot be written to."""
    ready = sunny("time.duration=30 min")
    wires = Connections(ready.scenario, ready.plan, ready.ahead, 0, 1)
    seen: list[NDArray[np.float64]] = []

    def curious(outlook: Outlook, view: View) -> Decision:
        seen.append(outlook.latency)
        assert not outlook.latency.flags.writeable
        return Decision(np.ones(4), view.job_of_site)

    ready.orbit(curious, network=wires)
    sky = wires.begin()
    for step, shown in enumerate(seen):
        sky = wires.weather_at(sky, 300.0 * step)
        assert np.array_equal(wires.look(300.0 * step, sky).delay, shown)
    assert len(seen) == 6
