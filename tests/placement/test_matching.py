"""Matching of sites and jobs: what holds whatever the situation."""

import numpy as np
import pytest
from hypothesis import given, settings

from dawndusk.placement.matching import match

from .situations import matchings

thorough = settings(max_examples=300)


def arguments(placed, score, jobs):
    """`jobs` as (nodes, gang, preemptible, deadline), all of them active."""
    table = np.array(jobs, dtype=float)
    return (
        np.array(placed, np.int32),
        np.array(score, float),
        np.ones(len(jobs), bool),
        table[:, 0].astype(np.int32),
        table[:, 1] > 0.0,
        table[:, 2] > 0.0,
        np.ascontiguousarray(table[:, 3]),
    )


def members(placed, jobs):
    return np.bincount(placed[placed >= 0], minlength=jobs)


INF = np.inf


@thorough
@given(matchings())
def test_only_what_may_not_be_moved_stays_on_a_useless_site(situation) -> None:
    before, score, active, _, _, preemptible, _ = situation
    after = match(*situation)
    for site, job in enumerate(after):
        if job >= 0:
            assert active[job]
            if score[site] <= 0.0:
                assert not preemptible[job]
                assert before[site] == job


@thorough
@given(matchings())
def test_no_job_has_more_sites_than_it_wants_and_gangs_run_whole_or_not(situation) -> None:
    _, _, active, nodes, gang, _, _ = situation
    count = members(match(*situation), len(nodes))
    assert (count <= nodes).all()
    assert ((count == 0) | (count == nodes))[gang].all()
    assert not count[~active].any()


@thorough
@given(matchings())
def test_a_job_that_may_not_be_moved_keeps_all_its_sites(situation) -> None:
    before, _, active, _, _, preemptible, _ = situation
    after = match(*situation)
    kept = (before >= 0) & (active & ~preemptible)[before] if len(active) else before >= 0
    assert (after[kept] == before[kept]).all()


@thorough
@given(matchings())
def test_a_job_that_runs_well_is_not_moved(situation) -> None:
    """Only a gang that lost a site may move, and batch jobs may give theirs up to mend it."""
    before, score, active, nodes, gang, preemptible, _ = situation
    after = match(*situation)
    lost = preemptible[before] & (score <= 0.0) if len(nodes) else np.zeros(len(score), bool)
    broken = members(before[lost], len(nodes)) > 0
    mending = (gang & broken & active).any()
    for site, job in enumerate(before):
        if job < 0 or not active[job] or score[site] <= 0.0 or (gang[job] and broken[job]):
            continue
        taken = mending and preemptible[job] and not gang[job] and after[site] != job
        assert after[site] == job or (taken and gang[after[site]] and broken[after[site]])


@thorough
@given(matchings(complete=True))
def test_nothing_moves_when_nothing_has_changed(situation) -> None:
    first = match(*situation)
    assert (match(first, *situation[1:]) == first).all()


@thorough
@given(matchings())
def test_arguments_are_only_read(situation) -> None:
    copies = [values.copy() for values in situation]
    match(*situation)
    for values, copied in zip(situation, copies, strict=True):
        assert values.tobytes() == copied.tobytes()


@thorough
@given(matchings())
def test_no_good_site_idles_while_a_job_could_use_it(situation) -> None:
    _, score, active, nodes, gang, _, _ = situation
    after = match(*situation)
    free = int(((after < 0) & (score > 0.0)).sum())
    missing = np.where(active, nodes - members(after, len(nodes)), 0)
    assert not free or not missing[~gang].any()
    assert not (gang & (missing > 0) & (missing <= free)).any()


@thorough
@given(matchings(complete=True))
def test_an_earlier_deadline_is_served_first(situation) -> None:
    """No ordinary job gains a site while one with an earlier deadline lacks some."""
    before, _, active, nodes, gang, _, deadline = situation
    after = match(*situation)
    count = members(after, len(nodes))
    gained = members(np.where(after != before, after, -1), len(nodes)) > 0
    for job in np.flatnonzero(gained):
        earlier = active & ~gang & (deadline < deadline[job])
        assert (count[earlier] == nodes[earlier]).all()


@thorough
@given(matchings(complete=True))
def test_no_free_site_suits_better_than_one_just_taken(situation) -> None:
    before, score, _, _, _, _, _ = situation
    after = match(*situation)
    taken, free = (before < 0) & (after >= 0), after < 0
    if taken.any() and free.any():
        assert score[free].max() <= score[taken].min()


def test_earliest_deadline_takes_the_best_site_then_submission_decides() -> None:
    jobs = [(1, False, True, INF), (1, False, True, 500.0), (1, False, True, INF)]
    assert match(*arguments([-1] * 4, [0.2, 0.9, 0.5, 0.1], jobs)).tolist() == [2, 1, 0, -1]


def test_the_best_site_goes_first_even_when_sites_are_scarce() -> None:
    jobs = [(1, False, True, INF), (1, False, True, 500.0)]
    assert match(*arguments([-1] * 2, [0.2, 0.9], jobs)).tolist() == [0, 1]


def test_a_gang_that_does_not_fit_lets_others_pass() -> None:
    jobs = [(4, True, True, 100.0), (1, False, True, INF)]
    assert match(*arguments([-1] * 3, [0.2, 0.5, 0.9], jobs)).tolist() == [-1, -1, 1]


def test_a_gang_that_lost_a_site_takes_another_or_leaves_whole() -> None:
    gang = [(3, True, True, INF)]
    assert match(*arguments([0, 0, 0, -1], [1, 1, 0, 1], gang)).tolist() == [0, 0, -1, 0]
    assert match(*arguments([0, 0, 0, -1], [1, 1, 0, 0], gang)).tolist() == [-1] * 4


def test_a_running_gang_is_mended_before_anything_else() -> None:
    """Its other sites would stand still: batch jobs give way, the latest deadline first."""
    jobs = [(3, True, True, INF), (1, False, True, 500.0), (1, False, True, 900.0)]
    waiting = [*jobs, (1, False, True, 100.0)]
    assert match(*arguments([0, 0, 0, 1, 2], [1, 1, 0, 1, 1], jobs)).tolist() == [0, 0, -1, 1, 0]
    free = match(*arguments([0, 0, 0, 1, -1], [1, 1, 0, 1, 1], waiting))
    assert free.tolist() == [0, 0, -1, 1, 0]


def test_what_may_not_be_moved_mends_no_gang() -> None:
    jobs = [(3, True, True, INF), (1, False, False, 900.0)]
    assert match(*arguments([0, 0, 0, 1], [1, 1, 0, 1], jobs)).tolist() == [-1, -1, -1, 1]


def test_a_gang_that_cannot_be_mended_costs_nobody_a_site() -> None:
    jobs = [(4, True, True, INF), (1, False, True, 900.0)]
    assert match(*arguments([0, 0, 0, 0, 1], [1, 1, 0, 0, 1], jobs)).tolist() == [-1] * 4 + [1]


def test_sites_that_a_broken_gang_leaves_are_used_at_once() -> None:
    """The gang cannot go on and the batch job is waiting: it should not wait an interval more."""
    jobs = [(3, True, True, INF), (1, False, True, INF)]
    after = match(*arguments([0, 0, 0], [1, 1, 0], jobs))
    assert sorted(after[:2].tolist()) == [-1, 1]
    assert after[2] == -1


def test_without_jobs_or_sites_nothing_is_placed() -> None:
    none = np.zeros((0, 4))
    assert match(*arguments([-1, -1], [1.0, 1.0], none)).tolist() == [-1, -1]
    assert match(*arguments([], [], [(1, False, True, INF)])).tolist() == []


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 1, 0, 2]])
def test_equal_scores_are_taken_in_order_of_sites(order) -> None:
    score = np.array([0.5, 0.9, 0.5, 0.9])[order]
    after = match(*arguments([-1] * 4, score, [(3, False, True, INF)]))
    assert (after < 0).tolist() == (np.arange(4) == np.flatnonzero(score == 0.5)[1]).tolist()
