"""Greedy: sites that have power and little to do come first."""

import dataclasses

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dawndusk.placement.conformance import check
from dawndusk.placement.greedy import greedy

from .situations import BATCH, present

shares = st.floats(0.0, 1.0)
sites = st.tuples(shares, shares, shares, st.integers(0, 500))


def weight(illumination: float, charge: float, speed: float, backlog: int) -> float:
    outlook, view = present(
        1, 0, illumination=illumination, charge=[charge], speed=[speed], backlog=[float(backlog)]
    )
    return float(greedy(outlook, view).weights[0])


def test_conforms() -> None:
    check(greedy)


@given(sites, shares, st.integers(1, 100))
def test_more_power_never_costs_weight_and_more_load_always_does(site, more, load) -> None:
    illumination, charge, speed, backlog = site
    before = weight(*site)
    assert weight(illumination + (1.0 - illumination) * more, charge, speed, backlog) >= before
    assert weight(illumination, charge + (1.0 - charge) * more, speed, backlog) >= before
    assert weight(illumination, charge, speed + (1.0 - speed) * more, backlog) >= before
    heavier = weight(illumination, charge, speed, backlog + load)
    assert heavier < before or before < 1e-300


def test_idle_charged_sunlit_sites_win() -> None:
    """Ideal, loaded, throttled, dark with half a charge, dark and nearly empty, down."""
    light = np.array([1.0, 1.0, 1.0, 0.0, 0.0, 1.0])
    outlook, view = present(
        6,
        0,
        [(1, False, True, np.inf)],
        illumination=light,
        charge=[1.0, 1.0, 1.0, 0.25, 0.04, 1.0],
        speed=[1.0, 1.0, 0.5, 1.0, 1.0, 1.0],
        backlog=[0.0, 64.0, 0.0, 0.0, 0.0, 0.0],
        available=[True] * 5 + [False],
    )
    decision = greedy(outlook, view)
    assert decision.weights.tolist() == [1.0, 0.5, 0.5, 0.5, 0.08, 0.0]
    assert decision.job_of_site.tolist() == [0, -1, -1, -1, -1, -1]


def test_dark_empty_sites_lose_their_jobs_and_get_none() -> None:
    outlook, view = present(
        3,
        0,
        [BATCH],
        illumination=0.0,
        charge=[0.0, 0.01, 0.5],
        job_of_site=np.array([0, -1, -1], np.int32),
    )
    decision = greedy(outlook, view)
    assert decision.job_of_site.tolist() == [-1, -1, 0]
    assert decision.weights[0] == 0.0


def test_ground_sites_always_have_power() -> None:
    outlook, view = present(1, 1, illumination=0.0, charge=[0.1, 0.0])
    assert greedy(outlook, view).weights[1] == 1.0


def test_only_light_of_the_interval_counts() -> None:
    """A satellite that darkens after the next decision weighs as much as one that does not."""
    light = np.ones((10, 2))
    light[5:, 0] = 0.0
    outlook, view = present(2, 0, illumination=light, charge=[0.0, 0.0])
    weights = greedy(outlook, view).weights
    assert weights[0] == weights[1] == 1.0
    longer = dataclasses.replace(outlook, interval=600.0)
    assert greedy(longer, view).weights.tolist() == [0.5, 1.0]
