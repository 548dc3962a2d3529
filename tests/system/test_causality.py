"""The future cannot be known: change it, and every decision before it stays the same."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from dawndusk.placement.conformance import Policy, resolve
from dawndusk.placement.outlook import Decision, Outlook, View
from dawndusk.record import Record
from dawndusk.scenario import load
from tests.system.other_futures import with_other_arrivals, with_other_faults
from tests.system.whole_run import Prepared, prepare

MOMENT = 5_430.0
"""Before it both histories are alike; in the middle of a step and of an interval [s]."""

STEP_OF_MOMENT = 5_400.0
"""Beginning of the step in which it lies [s]."""

Log = list[tuple[float, NDArray[np.float64], NDArray[np.int32]]]


def nosy(outlook: Outlook, view: View) -> Decision:
    """A policy that lets everything it is shown move its answer."""
    clue = 1.0
    for shown in (view, outlook):
        for name in shown.__slots__:
            value = np.nan_to_num(np.asarray(getattr(shown, name), float), posinf=12_345.0)
            clue += float(np.abs(np.sin(value + 1.0)).sum())
    sites = np.arange(len(view.charge))
    placed = np.full(len(sites), -1, np.int32)
    started = np.flatnonzero(view.job_active)
    placed[: len(started)] = started[: len(sites)]
    return Decision(1.0 + np.sin(sites * clue) ** 2, placed)


POLICIES = {"nosy": nosy, "greedy": resolve("greedy"), "follow_the_sun": resolve("follow_the_sun")}


@pytest.fixture(scope="module")
def ready() -> Prepared:
    jobs = (
        'workload.jobs=[{name="training", kind="training", work="1 ZFLOP", nodes=8, '
        'checkpoint_interval="10 min"}, '
        '{name="batch", kind="batch", work="30 EFLOP", nodes=3, count=2, every="20 min", '
        'deadline="50 min"}]'
    )
    overrides = [
        "time.duration=3 h",
        'constellation={kind="walker_delta", altitude="550 km", inclination="53 deg", '
        "satellites=24, planes=6, phasing=1}",
        "workload.rate=12 Hz",
        "faults.interruption_rate=0.05 1/day",
        "ground.hybrid=true",
        "ground.hybrid_nodes=2",
        jobs,
    ]
    return prepare(load("suncatcher", overrides))


def other_arrivals(ready: Prepared) -> Prepared:
    """Twice as many requests from the moment on, longer ones."""
    return with_other_arrivals(ready, MOMENT)


def other_faults(ready: Prepared) -> Prepared:
    """From the moment on, other sites fail, and more often."""
    return with_other_faults(ready, MOMENT, sites=26)


def other_jobs(ready: Prepared) -> Prepared:
    """Every job submitted after the moment is another one."""
    table = ready.asked.jobs.table.copy()
    late = table["submit"] > MOMENT
    assert late.any()
    table["nodes"][late] += 2
    table["work"][late] *= 3.0
    table["deadline"][late] -= 500.0
    table["preemptible"][late] = False
    table["submit"][late] += 400.0
    return ready.changed(jobs=replace(ready.asked.jobs, table=table))


CHANGES = {"arrivals": other_arrivals, "faults": other_faults, "jobs": other_jobs}


def logged(ready: Prepared, policy: Policy) -> tuple[Log, Record]:
    """A run and its decisions."""
    log: Log = []

    def watched(outlook: Outlook, view: View) -> Decision:
        decision = policy(outlook, view)
        log.append((view.time, decision.weights.copy(), decision.job_of_site.copy()))
        return decision

    return log, ready.orbit(watched)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_future_leaves_earlier_decisions_alone(
    ready: Prepared, change: str, policy: str
) -> None:
    ours, record = logged(ready, POLICIES[policy])
    theirs, other = logged(CHANGES[change](ready), POLICIES[policy])
    before = sum(time <= MOMENT for time, _, _ in ours)
    assert before == 19
    for (time, weights, jobs), (_, weights_then, jobs_then) in zip(
        ours[:before], theirs[:before], strict=True
    ):
        assert np.array_equal(weights, weights_then), time
        assert np.array_equal(jobs, jobs_then), time
    assert any(
        not (np.array_equal(a[1], b[1]) and np.array_equal(a[2], b[2]))
        for a, b in zip(ours[before:], theirs[before:], strict=True)
    )
    check_past(record, other)


def check_past(record: Record, other: Record) -> None:
    """Requests of before went the same way and, if ended before, ended the same.

    A fault slows the whole of the step it falls in, so what ended in that step may differ.
    """
    rows, then = record.requests, other.requests
    old = np.flatnonzero(rows["arrival_s"] < MOMENT)
    assert len(old) > 10_000
    assert np.array_equal(rows["site"][old], then["site"][old])
    early = old[rows["finish_s"][old] < STEP_OF_MOMENT]
    assert len(early) > 10_000
    for name in ("status", "first_token_s", "finish_s"):
        assert np.array_equal(rows[name][early], then[name][early], equal_nan=True), name


def test_the_change_is_seen_afterwards(ready: Prepared) -> None:
    """What the parametrised tests change is not something nobody looks at."""
    totals = [ready.orbit().totals, *(change(ready).orbit().totals for change in CHANGES.values())]
    assert len({total["offered"] for total in totals}) == 2
    assert len({total["interruptions"] for total in totals}) == 2
    assert len({total["delivered_FLOP"] for total in totals}) == 4


def test_a_policy_is_not_shown_what_lies_ahead(ready: Prepared) -> None:
    """Two futures, one present: every field of the view is the same at the moment."""

    def views(prepared: Prepared) -> list[View]:
        shown: list[View] = []
        greedy = POLICIES["greedy"]

        def watched(outlook: Outlook, view: View) -> Decision:
            frozen = {name: np.copy(getattr(view, name)) for name in View.__slots__}
            shown.append(replace(view, **frozen))
            return greedy(outlook, view)

        prepared.orbit(watched, stop=lambda: len(shown) > 18)
        return shown

    ours = views(ready)
    theirs = views(other_jobs(other_faults(other_arrivals(ready))))
    for mine, other in zip(ours, theirs, strict=True):
        for name in View.__slots__:
            assert np.array_equal(getattr(mine, name), getattr(other, name)), (mine.time, name)
