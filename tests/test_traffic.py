"""Traffic over a hand-made network, in the real loop: what each way and rate must lead to."""

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from dawndusk import loop
from dawndusk.placement.conformance import Policy
from dawndusk.placement.outlook import Decision, Outlook, View
from dawndusk.record import Record
from dawndusk.requests import DROPPED, SERVED, Requests
from tests.system.whole_run import Prepared
from tests.traffic_case import GLASS, Wires, asked, carried, job, sunny

UP_DELAY = 5e-3
WAY = GLASS + UP_DELAY
"""One way between a city or the data centre and a satellite with a link of its own [s]."""

SINGLE = 2.0**-24
"""The queue keeps a request's lag in single precision: relative error."""

FAST = 1e12
HOUR = 3600.0
INTERVAL = 300.0


def linked(satellites: int = 2, rate: float = FAST, **given: Any) -> Wires:
    """Every satellite with a link to the station."""
    up = [(k, satellites, rate, UP_DELAY) for k in range(satellites)]
    return Wires(satellites, up, **given)


def placing(plan: Callable[[float], Mapping[int, int]], sites: int = 2) -> Policy:
    """A policy that keeps to a plan: job by site; requests to all sites alike."""

    def policy(outlook: Outlook, view: View) -> Decision:
        placed = np.full(sites, -1, np.int32)
        for site, number in plan(view.time).items():
            if view.job_active[number]:
                placed[site] = number
        return Decision(np.ones(sites), placed)

    return policy


def always(plan: Mapping[int, int], sites: int = 2) -> Policy:
    return placing(lambda time: plan, sites)


def peak(ready: Prepared) -> float:
    """Of one site [FLOP/s]."""
    return loop.node_of(ready.scenario, ready.asked).peak


def with_requests(ready: Prepared, requests: Requests) -> Prepared:
    return ready.changed(requests=requests)


def known(record: Record) -> dict[str, Any]:
    """The network's figures, once the bytes are seen to balance."""
    assert record.network is not None
    summary = record.network.summary
    assert summary["residual_bytes"] == 0
    moved, sensed = summary["transfers"], summary["sensor"]
    parts = ("delivered_bytes", "waiting_bytes", "failed_bytes")
    assert moved["offered_bytes"] == sum(moved[part] for part in parts)
    assert summary["request_bytes"] == sum(summary["requests"].values())
    parts = ("removed_bytes", "downlinked_bytes", "stored_bytes", "lost_bytes")
    assert sensed["produced_bytes"] == sum(sensed[part] for part in parts)
    return summary


def moves(record: Record, kind: str) -> list[dict[str, Any]]:
    """Rows of the transfers of one kind."""
    assert record.network is not None
    table = record.network.tables["transfers"]
    rows = [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]
    return [row for row in rows if row["kind"] == kind]


# requests


def test_the_first_token_is_later_by_the_way_there_and_back() -> None:
    ready = with_requests(sunny(), asked(np.arange(10.0, 7000.0, 31.0)))
    near, far = ready.orbit(), carried(ready, linked())
    later = far.requests["first_token_s"] - near.requests["first_token_s"]
    assert later == pytest.approx(np.full(len(later), 2.0 * WAY), abs=2.0 * SINGLE * WAY)
    later = far.requests["finish_s"] - near.requests["finish_s"]
    assert later == pytest.approx(np.full(len(later), 2.0 * WAY), abs=2.0 * SINGLE * WAY)
    assert far.totals["served"] == near.totals["served"] == len(later)


def test_bytes_of_requests_are_those_of_their_tokens() -> None:
    """Prompt and answer, 4 B a token and an envelope of 1 kB each."""
    rng = np.random.default_rng(1)
    prompt, output = rng.integers(1, 4000, 60), rng.integers(1, 900, 60)
    ready = with_requests(sunny(), asked(np.linspace(5.0, 5000.0, 60), prompt, output))
    expected = int((4 * prompt + 4 * output).sum() + 2 * 60 * 1000)
    assert known(carried(ready, linked()))["request_bytes"] == expected


def test_each_city_goes_to_the_sites_that_it_reaches() -> None:
    """One satellite hangs on the other: further by the link between them."""
    wires = Wires(2, [(0, 1, FAST, 0.1), (0, 2, FAST, UP_DELAY)])
    ready = with_requests(sunny(), asked(np.arange(10.0, 7000.0, 31.0)))
    near, far = ready.orbit(), carried(ready, wires)
    later = far.requests["first_token_s"] - near.requests["first_token_s"]
    site = far.requests["site"]
    assert set(site.tolist()) == {0, 1}
    expected = np.where(site == 1, 2.0 * (WAY + 0.1), 2.0 * WAY)
    assert later == pytest.approx(expected, rel=SINGLE)
    cut = carried(ready, Wires(2, [(0, 1, 0.0, np.inf), (0, 2, FAST, UP_DELAY)]))
    assert set(cut.requests["site"].tolist()) == {0}


@pytest.mark.parametrize("patience", ["45 s", "70 s"])
def test_patience_counts_from_when_it_was_asked(patience: str) -> None:
    """The prompt alone is 60 s on its way."""
    wires = Wires(2, [(k, 2, FAST, 60.0 - GLASS) for k in range(2)])
    ready = with_requests(sunny(f"workload.patience={patience}"), asked([100.0, 1290.0]))
    record = carried(ready, wires)
    rows = record.requests
    if patience == "45 s":
        assert (rows["status"] == DROPPED).all()
        assert np.isnan(rows["first_token_s"]).all()
        assert record.totals["dropped"] == 2
    else:
        assert (rows["status"] == SERVED).all()
        assert (rows["first_token_s"] > rows["arrival_s"] + 120.0).all()


def test_who_gives_up_does_so_where_he_is() -> None:
    wires = Wires(2, [(k, 2, FAST, 60.0 - GLASS) for k in range(2)])
    ready = with_requests(sunny("workload.patience=45 s"), asked([100.0, 1290.0]))
    rows = carried(ready, wires).requests
    assert rows["finish_s"] == pytest.approx(rows["arrival_s"] + 45.0)


def test_a_request_without_a_way_waits_for_contact() -> None:
    """No link before 1,800 s: held, counted as waiting, then served."""
    ready = with_requests(sunny("workload.patience=40 min"), asked([100.0, 1000.0, 3000.0]))
    record = carried(ready, linked(working=lambda time: time >= 1800.0))
    direct = ready.orbit()
    service = (direct.requests["first_token_s"] - direct.requests["arrival_s"])[2]
    first = record.requests["first_token_s"]
    assert first[0] == pytest.approx(1800.0 + 2.0 * WAY + service, abs=1700.0 * SINGLE)
    assert first[1] == pytest.approx(first[0], abs=1800.0 * SINGLE)
    assert first[2] == pytest.approx(3000.0 + 2.0 * WAY + service, abs=2.0 * SINGLE * WAY)
    assert (record.requests["status"] == SERVED).all()
    assert record.requests["delay_s"] == pytest.approx(np.full(3, WAY))
    waiting = record.series.arrays()["waiting_requests"]
    time = np.array(record.series.time)
    assert waiting[time <= 1800.0].max() == 2.0
    assert waiting[time > 1800.0].max() == 0.0


def test_a_request_without_a_way_is_dropped_when_patience_ends() -> None:
    ready = with_requests(sunny("workload.patience=10 min"), asked([100.0, 1000.0, 1300.0]))
    record = carried(ready, linked(working=lambda time: time >= 1800.0))
    assert record.requests["status"].tolist() == [DROPPED, DROPPED, SERVED]
    assert record.requests["finish_s"][:2] == pytest.approx([700.0, 1600.0])
    assert record.requests["site"].tolist()[:2] == [-1, -1]
    assert known(record)["request_bytes"] == 2 * 1000 + 4 * 110


def test_who_is_never_reached_still_waits_in_the_books() -> None:
    ready = with_requests(sunny("workload.patience=5 h"), asked([100.0, 1000.0]))
    record = carried(ready, linked(working=lambda time: False))
    assert (record.totals["waiting"], record.totals["offered"]) == (2, 2)
    found = known(record)
    assert found["request_bytes"] == 0
    assert (found["reachable_fraction"], found["contact_fraction"]) == (0.0, 0.0)
    ready.settled(record).check()


def test_a_full_link_makes_requests_wait_for_it() -> None:
    """Two fifths of what comes in an interval find room: the queue's mean over the rate.

    In the second interval the prompts of the first go on; more join them.
    """
    one = 4 * 10_000 + 1000
    arrival = np.sort(np.concatenate([1.0 + 2.9 * np.arange(100), 301.0 + 29.0 * np.arange(10)]))
    ready = with_requests(sunny("workload.patience=1 h"), asked(arrival, 10_000, 1))
    rate = 0.4 * 100 * one * 8.0 / INTERVAL
    wires = Wires(1, [(0, 1, rate, UP_DELAY)])
    alone = with_requests(sunny("workload.patience=1 h", satellites=1), ready.asked.requests)
    free = carried(alone, Wires(1, [(0, 1, FAST, UP_DELAY)]), policy=always({}, 1))
    full = carried(alone, wires, policy=always({}, 1))
    room = 0.4 * 100 * one
    first = 0.5 * (100 * one - room) / room * INTERVAL
    left = 100 * one - room
    second = (left + 0.5 * (10 * one - room)) / room * INTERVAL
    waits = full.requests["first_token_s"] - free.requests["first_token_s"]
    assert waits[:100] == pytest.approx(np.full(100, first), rel=1e-6)
    assert waits[100:] == pytest.approx(np.full(10, second), rel=1e-6)
    assert (full.requests["status"] == SERVED).all()
    found = known(full)
    assert found["requests"]["waiting_bytes"] == 0
    assert found["utilisation_max"] == pytest.approx(1.0)
    assert found["binding_link"] == "sat-0 – station"
    series = full.series.arrays()
    assert series["delivered_bit_s"][0] < series["offered_bit_s"][0]
    assert series["delivered_bit_s"].sum() == pytest.approx(series["offered_bit_s"].sum())


def test_a_hopelessly_full_link_drops_by_patience_and_loses_no_byte() -> None:
    ready = with_requests(sunny(satellites=1), asked(np.linspace(1.0, 3500.0, 300), 10_000, 10))
    record = carried(ready, Wires(1, [(0, 1, 2000.0, UP_DELAY)]))
    assert record.totals["dropped"] > 250
    assert known(record)["requests"]["waiting_bytes"] > 0
    ready.settled(record).check()


def test_up_and_down_do_not_share_a_link() -> None:
    """Prompts fill the way up; the answers' way down is free."""
    ready = with_requests(
        sunny("workload.patience=1 h", satellites=1), asked(1.0 + 2.9 * np.arange(100), 10_000, 1)
    )
    rate = 0.4 * 100 * 41_000 * 8.0 / INTERVAL
    record = carried(ready, Wires(1, [(0, 1, rate, UP_DELAY)]))
    assert record.requests["delay_s"] == pytest.approx(np.full(100, WAY), abs=1e-9)


def test_the_full_link_of_one_city_holds_nobody_else_up() -> None:
    """Cities 0 and 1 have links of their own to the one satellite; only that of 1 is full."""
    links = [(0, 3, FAST, 0.01), (0, 4, 2000.0, 0.01)]
    wires = Wires(1, links, cities=2)
    wires.fibre = [(*link[:3], 10.0) for link in wires.fibre]
    origin = np.arange(700) % 2
    requests = asked(np.linspace(1.0, 7000.0, 700), np.where(origin, 10_000, 100), 10, origin)
    one = ("satellite.compute.count=8", "satellite.compute.tensor_parallel=8")
    rows = carried(with_requests(sunny(*one, satellites=1), requests), wires).requests
    near = rows["origin"] == 0
    assert (rows["status"][near] == SERVED).all()
    assert (rows["first_token_s"] - rows["arrival_s"])[near].max() < 1.0


def test_the_network_is_looked_at_once_an_interval_of_its_own() -> None:
    ready = sunny("placement.interval=5 min", "time.duration=1 h")
    wires = linked(interval=900.0)
    carried(ready, wires)
    assert wires.looks == [0.0, 900.0, 1800.0, 2700.0]


# inputs


@pytest.mark.parametrize(("gigabytes", "start"), [(2.5, 300.0), (5.0, 600.0), (3.74, 300.0)])
def test_a_job_starts_once_its_input_is_there(gigabytes: float, start: float) -> None:
    """At 100 Mbit/s; what it waits for is lost to the network, not to idleness."""
    ready = sunny(job(input=f"{gigabytes} GB"))
    record = carried(ready, linked(rate=1e8), policy=always({0: 0}))
    (row,) = moves(record, "input")
    assert row["bytes"] == gigabytes * 1e9
    assert row["finish_s"] == pytest.approx(gigabytes * 80.0 + WAY, abs=1e-6)
    assert record.jobs["start"][0] == start >= row["finish_s"]
    node = peak(ready)
    assert record.totals["loss_network_FLOP"] == pytest.approx(node * start, rel=1e-9)
    idle = 2 * HOUR * node
    assert record.totals["loss_idle_FLOP"] == pytest.approx(idle, rel=1e-9)
    assert record.jobs["executed"][0] == pytest.approx(
        0.5 * node * (2 * HOUR - start) * ready.asked.job_rate, rel=1e-9
    )
    known(record)


def test_an_input_that_cannot_come_is_waited_for() -> None:
    ready = sunny(job(input="1 GB", deadline="1 h"))
    record = carried(ready, linked(working=lambda time: False), policy=always({0: 0}))
    assert record.totals["delivered_FLOP"] == 0.0
    assert np.isnan(record.jobs["start"][0])
    assert record.totals["jobs_deadline_missed"] == 1
    assert record.totals["loss_network_FLOP"] == pytest.approx(2 * HOUR * peak(ready))
    assert known(record)["transfers"]["waiting_bytes"] == 10**9


def test_nodes_of_a_batch_start_each_with_its_share() -> None:
    wires = Wires(2, [(0, 2, 1e8, UP_DELAY), (1, 2, 2.5e7, UP_DELAY)])
    ready = sunny(job(nodes=2, input="5 GB"))
    record = carried(ready, wires, policy=always({0: 0, 1: 0}))
    assert [row["bytes"] for row in moves(record, "input")] == [2.5e9, 2.5e9]
    expected = peak(ready) * (300.0 + 900.0)
    assert record.totals["loss_network_FLOP"] == pytest.approx(expected, rel=1e-9)
    assert record.jobs["stalled"][0] == 0.0


def test_a_gang_waits_until_all_its_nodes_have_theirs() -> None:
    """Who has its share waits for the other: nothing is executed in vain."""
    wires = Wires(2, [(0, 2, 1e8, UP_DELAY), (1, 2, 2.5e7, UP_DELAY)])
    ready = sunny(job("training", nodes=2, input="5 GB"))
    record = carried(ready, wires, policy=always({0: 0, 1: 0}))
    assert record.jobs["start"][0] == 900.0
    assert record.jobs["stalled"][0] == 0.0
    expected = 2 * peak(ready) * 900.0
    assert record.totals["loss_network_FLOP"] == pytest.approx(expected, rel=1e-9)


def test_a_job_that_moves_asks_for_its_input_again() -> None:
    ready = sunny(job(input="2.5 GB"))
    policy = placing(lambda time: {0: 0} if time < HOUR else {1: 0})
    record = carried(ready, linked(rate=1e8), policy=policy)
    rows = moves(record, "input")
    assert [row["to"] for row in rows] == ["sat-0", "sat-1"]
    assert [row["status"] for row in rows] == ["done", "done"]
    assert rows[1]["submit_s"] == HOUR
    assert record.totals["loss_network_FLOP"] == pytest.approx(600.0 * peak(ready), rel=1e-9)


def test_an_input_whose_job_leaves_is_given_up() -> None:
    """What had come is delivered, the rest has failed."""
    ready = sunny(job(input="10 GB"))
    policy = placing(lambda time: {0: 0} if time < 600.0 else {1: 0})
    record = carried(ready, linked(rate=1e8), policy=policy)
    first, second = moves(record, "input")
    assert (first["status"], second["status"]) == ("failed", "done")
    found = known(record)["transfers"]
    assert found["failed_bytes"] == pytest.approx(10e9 - 7.5e9, abs=1.0)
    assert found["delivered_bytes"] == pytest.approx(17.5e9, abs=1.0)
    assert second["finish_s"] == pytest.approx(600.0 + 800.0 + WAY, abs=1e-6)
    restart = ready.scenario.workload.jobs[0].restart_time
    assert record.jobs["start"][0] == 1500.0 + restart


def test_inputs_share_a_link_fairly() -> None:
    """Both over the one way up: half the rate each, then all of it."""
    wires = Wires(2, [(0, 1, FAST, 1e-3), (0, 2, 1e8, UP_DELAY)])
    two = (
        'workload.jobs=[{name="a", kind="batch", work="1 YFLOP", input="1 GB"}, '
        '{name="b", kind="batch", work="1 YFLOP", input="3 GB"}]'
    )
    record = carried(sunny(two), wires, policy=always({0: 0, 1: 1}))
    small, large = moves(record, "input")
    assert small["finish_s"] == pytest.approx(2 * 80.0 + WAY, abs=1e-6)
    assert large["finish_s"] == pytest.approx(4 * 80.0 + WAY + 1e-3, abs=1e-6)


# outputs and checkpoints


def finishing(ready: Prepared, after: float) -> str:
    """Work of a job that lasts so long on one node at half use."""
    return f"{0.5 * peak(ready) * ready.asked.job_rate * after / 1e18} EFLOP"


@pytest.mark.parametrize(("deadline", "missed"), [("1099 s", 1), ("1101 s", 0), ("900 s", 1)])
def test_an_output_is_delivered_when_its_last_byte_is_down(deadline: str, missed: int) -> None:
    """Work ends at 1,000 s, its 1.25 GB are down 100 s later: this decides on the deadline."""
    work = finishing(sunny(), 1000.0)
    ready = sunny(job(work=work, output="1.25 GB", deadline=deadline))
    record = carried(ready, linked(rate=1e8), policy=always({0: 0}))
    assert record.jobs["finish"][0] == pytest.approx(1000.0)
    assert record.jobs["delivered"][0] == pytest.approx(1100.0 + WAY, abs=1e-6)
    assert record.totals["jobs_deadline_missed"] == missed
    assert record.events.counts.get("deadline_missed", 0) == missed
    assert record.totals["jobs_finished"] == 1


def test_a_job_without_output_is_delivered_when_it_ends() -> None:
    ready = sunny(job(work=finishing(sunny(), 1000.0)))
    record = carried(ready, linked(), policy=always({0: 0}))
    assert record.jobs["delivered"][0] == record.jobs["finish"][0]


def test_an_output_waits_for_contact() -> None:
    """From 1,000 s to 1,200 s and again from 3,000 s on there is a link."""
    ready = sunny(job(work=finishing(sunny(), 1000.0), output="5 GB", deadline="20 min"))
    wires = linked(rate=1e8, working=lambda time: not 1200.0 <= time < 3000.0)
    record = carried(ready, wires, policy=always({0: 0}))
    assert record.jobs["delivered"][0] == pytest.approx(3000.0 + 200.0 + WAY, abs=1e-6)
    (row,) = moves(record, "output")
    assert (row["from"], row["to"]) == ("sat-0", "centre")
    assert row["submit_s"] == row["start_s"] == pytest.approx(1000.0)
    assert record.totals["jobs_deadline_missed"] == 1


def test_an_output_that_never_gets_down_is_never_delivered() -> None:
    ready = sunny(job(work=finishing(sunny(), 1000.0), output="5 GB", deadline="20 min"))
    record = carried(ready, linked(working=lambda time: time < 900.0), policy=always({0: 0}))
    assert record.totals["jobs_finished"] == 1
    assert np.isnan(record.jobs["delivered"][0])
    assert record.totals["jobs_deadline_missed"] == 1
    assert known(record)["transfers"]["waiting_bytes"] == 5 * 10**9


def test_nodes_send_their_shares_of_an_output() -> None:
    wires = Wires(2, [(0, 2, 1e8, UP_DELAY), (1, 2, 5e7, UP_DELAY)])
    ready = sunny(job(work=finishing(sunny(), 2000.0), nodes=2, output="2.5 GB"))
    record = carried(ready, wires, policy=always({0: 0, 1: 0}))
    assert [row["bytes"] for row in moves(record, "output")] == [1.25e9, 1.25e9]
    assert record.jobs["delivered"][0] == pytest.approx(1000.0 + 200.0 + WAY, abs=1e-6)


@pytest.mark.parametrize("gigabytes", [1.0, 20.0])
def test_checkpoints_go_down_one_at_a_time(gigabytes: float) -> None:
    """One every ten minutes; 20 GB need 1,600 s and so some are passed over."""
    ready = sunny(
        job(
            checkpoint_interval="10 min",
            checkpoint_size=f"{gigabytes} GB",
            checkpoint_to="ground",
        )
    )
    record = carried(ready, linked(rate=1e8), policy=always({0: 0}))
    rows = moves(record, "checkpoint")
    submitted = [600.0 * k for k in range(1, 13)] if gigabytes == 1.0 else [600, 2700, 4800, 6900]
    assert [row["submit_s"] for row in rows] == submitted
    for before, after in pairwise(rows):
        assert before["finish_s"] - WAY <= after["submit_s"] + 1e-6
        assert before["start_s"] == before["submit_s"]
    assert {row["bytes"] for row in rows} == {gigabytes * 1e9}
    assert known(record)["transfers"]["offered_bytes"] == len(rows) * gigabytes * 1e9
    aboard = sunny(job(checkpoint_interval="10 min", checkpoint_size="1 GB"))
    assert not moves(carried(aboard, linked(), policy=always({0: 0})), "checkpoint")


# the ground


def test_in_the_data_centre_data_are_where_they_are_needed() -> None:
    """Ground nodes wait for nothing and move nothing."""
    ready = sunny(
        job(work="1 EFLOP", input="5 GB", output="5 GB"),
        "ground.hybrid=true",
        "ground.hybrid_nodes=1",
    )
    record = carried(ready, linked(ground_nodes=1), policy=always({2: 0}, 3))
    assert record.jobs["start"][0] == 0.0
    assert record.jobs["delivered"][0] == record.jobs["finish"][0]
    assert record.totals["loss_network_FLOP"] == 0.0
    known(record)


# the limit of an ideal network


def test_without_a_network_is_as_with_an_ideal_one() -> None:
    """No delay and no limit: requests, jobs, energy and work agree to the last bit."""
    times = np.sort(np.random.default_rng(3).uniform(0.0, 7000.0, 400))
    work = job("training", nodes=2, work="2 EFLOP", exchange="1 GB", output="1 GB")
    ready = with_requests(sunny(work, "faults.enabled=true"), asked(times, 900, 200))
    free = sunny(work, "faults.enabled=true", "network.enabled=false")
    free = with_requests(free, ready.asked.requests)
    mesh = Wires(2, [(0, 1, np.inf, 0.0), *[(k, 2, np.inf, 0.0) for k in range(2)]])
    mesh.fibre = [(*link[:3], 0.0) for link in mesh.fibre]
    ours, theirs = carried(ready, mesh), free.orbit()
    for name, value in theirs.totals.items():
        if name != "cpu_s":
            assert ours.totals[name] == value, name
    for name, column in theirs.requests.items():
        assert np.array_equal(ours.requests[name], column, equal_nan=True), name
    for name in ("start", "finish", "done", "stalled", "executed", "delivered"):
        assert ours.jobs[name] == pytest.approx(theirs.jobs[name], nan_ok=True, rel=1e-12), name
