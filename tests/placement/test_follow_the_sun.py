"""Follow the Sun: the dark side rests."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawndusk.placement.conformance import check
from dawndusk.placement.follow_the_sun import SUNLIT, follow_the_sun

from .situations import BATCH, GANG, present


def test_conforms() -> None:
    check(follow_the_sun)


@given(st.lists(st.sampled_from([0.0, 0.5, 0.98, 1.0]), min_size=1, max_size=9), st.integers(0, 3))
def test_dark_satellites_get_nothing_while_some_are_lit(light, ground) -> None:
    outlook, view = present(len(light), ground, [BATCH, GANG], illumination=np.array(light))
    decision = follow_the_sun(outlook, view)
    lit = np.array(light) >= SUNLIT
    expected = lit.astype(float) if lit.any() else np.ones(len(light))
    assert decision.weights.tolist() == [*expected, *[0.0] * ground]
    assert (decision.job_of_site[: len(light)][~lit] == -1).all()
    assert (decision.job_of_site[len(light) :] == -1).all()


def test_in_full_eclipse_the_best_charged_serve_and_jobs_wait() -> None:
    outlook, view = present(
        3,
        0,
        [BATCH],
        illumination=0.0,
        charge=[0.2, 0.9, 0.6],
        available=[True, True, False],
        job_of_site=np.array([0, -1, -1], np.int32),
    )
    decision = follow_the_sun(outlook, view)
    assert decision.weights.tolist() == [0.2, 0.9, 0.0]
    assert decision.job_of_site.tolist() == [-1, -1, -1]


def test_a_satellite_that_enters_the_shadow_within_the_interval_is_dark() -> None:
    light = np.ones((10, 2))
    light[4, 0] = 0.9
    outlook, view = present(2, 0, illumination=light)
    assert follow_the_sun(outlook, view).weights.tolist() == [0.0, 1.0]


def test_a_lit_satellite_that_is_down_gets_nothing() -> None:
    outlook, view = present(2, 0, [BATCH], available=[False, True])
    decision = follow_the_sun(outlook, view)
    assert decision.weights.tolist() == [0.0, 1.0]
    assert decision.job_of_site.tolist() == [-1, 0]


@pytest.mark.parametrize("preemptible", [True, False])
def test_jobs_leave_the_dark_if_they_may(preemptible: bool) -> None:
    outlook, view = present(
        2,
        0,
        [(1, False, preemptible, np.inf)],
        illumination=np.array([0.0, 1.0]),
        job_of_site=np.array([0, -1], np.int32),
    )
    placed = follow_the_sun(outlook, view).job_of_site.tolist()
    assert placed == ([-1, 0] if preemptible else [0, -1])
