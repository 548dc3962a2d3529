"""Latency first: the nearest site with room, by origin."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from dawndusk.placement.conformance import check
from dawndusk.placement.latency_first import ROOM, _share_out, latency_first

from .situations import BATCH, GANG, present


def near(latency, load=0.1, share=None, satellites=None, **changes):
    """A present with delays from origins to sites."""
    latency = np.array(latency, float)
    origins, sites = latency.shape
    share = np.full(origins, 1.0 / origins) if share is None else np.array(share)
    outlook, view = present(
        sites if satellites is None else satellites,
        0 if satellites is None else sites - satellites,
        changes.pop("jobs", ()),
        **changes,
    )
    return (
        dataclasses.replace(outlook, latency=latency),
        dataclasses.replace(view, request_load=load, request_origin_share=share),
    )


def test_conforms() -> None:
    check(latency_first)


def test_each_origin_goes_to_its_nearest_site() -> None:
    decision = latency_first(*near([[0.01, 0.02, 0.03], [0.05, 0.02, 0.01]]))
    assert np.argmax(decision.weights_by_origin, axis=1).tolist() == [0, 2]
    assert (decision.weights_by_origin > 0.0).sum() == 2
    assert decision.weights.tolist() == [0.025, 0.0, 0.025]


def test_what_a_site_has_no_room_for_goes_to_the_next() -> None:
    decision = latency_first(*near([[0.01, 0.02, 0.03]], load=2.0 * ROOM + 0.1))
    assert decision.weights_by_origin[0] == pytest.approx([ROOM, ROOM, 0.1])


def test_what_fits_nowhere_waits_at_the_nearest() -> None:
    decision = latency_first(*near([[0.03, 0.02]], load=5.0))
    assert decision.weights_by_origin[0] == pytest.approx([ROOM, 5.0 - ROOM])


@pytest.mark.parametrize("load", [0.0, 0.5])
def test_an_origin_that_reaches_nothing_keeps_its_requests(load: float) -> None:
    decision = latency_first(*near([[np.inf, np.inf], [np.inf, 0.02]], load=load))
    assert not decision.weights_by_origin[0].any()
    assert decision.weights_by_origin[1, 1] > 0.0


def test_sites_that_are_down_dark_or_full_are_passed_by() -> None:
    decision = latency_first(
        *near(
            [[0.01, 0.02, 0.03, 0.04]],
            available=[False, True, True, True],
            illumination=np.array([1.0, 0.0, 1.0, 1.0]),
            charge=[1.0, 0.0, 1.0, 1.0],
            backlog=[0.0, 0.0, 64e9, 0.0],
        )
    )
    assert decision.weights_by_origin[0].argmax() == 3


def test_jobs_take_the_sites_that_requests_leave() -> None:
    decision = latency_first(*near([[0.01, 0.02, 0.03, 0.04]], load=0.5, jobs=[GANG, BATCH]))
    assert decision.job_of_site.tolist() == [1, 0, 0, 0]


def test_without_a_network_sites_are_equally_near() -> None:
    outlook, view = present(3, 1, [BATCH])
    decision = latency_first(outlook, dataclasses.replace(view, request_load=0.4))
    assert decision.weights_by_origin is None
    assert decision.weights.tolist() == [0.4, 0.0, 0.0, 0.0]


cases = st.integers(0, 2**32 - 1)


def drawn(seed: int):
    random = np.random.default_rng(seed)
    origins, sites = random.integers(1, 5), random.integers(1, 6)
    latency = random.random((origins, sites))
    return latency, random.random(origins), random.random(sites)


@given(cases)
def test_no_request_is_lost_and_none_passes_a_nearer_site_with_room(seed: int) -> None:
    latency, wanted, room = drawn(seed)
    left = room.copy()
    taken = _share_out(latency, wanted, left)
    np.testing.assert_allclose(taken.sum(axis=1), wanted, rtol=1e-12)
    assert (left >= 0.0).all()
    for origin, site in zip(*np.nonzero(taken), strict=True):
        nearer = latency[origin] < latency[origin, site]
        assert not (left[nearer] > 1e-12).any()


@settings(max_examples=30)
@given(cases)
def test_a_single_origin_has_the_least_mean_delay_of_all(seed: int) -> None:
    """The transport problem, solved by another method (scipy's linear program)."""
    latency, _, room = drawn(seed)
    wanted = np.array([0.9 * room.sum()])
    taken = _share_out(latency[:1], wanted, room.copy())
    best = linprog(
        latency[0], A_eq=np.ones((1, room.size)), b_eq=wanted, bounds=[(0.0, r) for r in room]
    )
    assert (taken * latency[:1]).sum() == pytest.approx(best.fun, rel=1e-9)
