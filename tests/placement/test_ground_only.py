"""Ground only: satellites stay idle, cheap and idle nodes come first."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dawndusk.placement.conformance import check
from dawndusk.placement.ground_only import ground_only

from .situations import BATCH, GANG, present


def test_conforms() -> None:
    check(ground_only)


@given(st.integers(0, 8), st.integers(0, 5), st.integers(0, 2**32 - 1))
def test_satellites_get_nothing_and_ground_nodes_all(satellites, ground, seed) -> None:
    random = np.random.default_rng(seed)
    sites = satellites + ground
    outlook, view = present(
        satellites,
        ground,
        [BATCH, GANG, BATCH],
        price=random.uniform(1e-8, 5e-8, ground),
        backlog=random.integers(0, 99, sites).astype(float),
        charge=random.random(sites),
    )
    decision = ground_only(outlook, view)
    assert not decision.weights[:satellites].any()
    assert (decision.job_of_site[:satellites] == -1).all()
    assert (decision.weights[satellites:] > 0.0).all()
    assert int((decision.job_of_site >= 0).sum()) >= min(ground, 2)


def test_cheaper_and_idler_nodes_weigh_more() -> None:
    outlook, view = present(1, 3, price=[2e-8, 4e-8, 2e-8], backlog=[0.0, 0.0, 0.0, 64.0])
    assert ground_only(outlook, view).weights.tolist() == [0.0, 1.0, 0.5, 0.5]


def test_nodes_that_are_down_get_nothing() -> None:
    outlook, view = present(1, 2, [BATCH], available=[True, False, True])
    decision = ground_only(outlook, view)
    assert decision.weights.tolist() == [0.0, 0.0, 1.0]
    assert decision.job_of_site.tolist() == [-1, -1, 0]


def test_free_power_is_no_division_by_zero() -> None:
    outlook, view = present(0, 2, price=[0.0, 1e-8])
    weights = ground_only(outlook, view).weights
    assert np.isfinite(weights).all()
    assert weights[0] >= weights[1]
