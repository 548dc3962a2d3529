"""Thinning must keep every bucket's extremes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dawndusk.report.downsample import thin

LINES = hnp.arrays(
    np.float64,
    st.tuples(st.integers(1, 400), st.integers(1, 3)),
    elements=st.floats(-1e6, 1e6) | st.just(np.nan),
)


@given(LINES, st.integers(2, 60))
def test_extremes_and_length(lines: np.ndarray, limit: int) -> None:
    time = np.arange(len(lines), dtype=float)
    times, values = thin(time, lines, limit)
    assert len(times) == len(values) <= max(limit, 2)
    assert np.all(np.diff(times) >= 0)
    assert times[0] == time[0]
    assert times[-1] == time[-1]
    for line, short in zip(lines.T, values.T, strict=True):
        known, kept = line[np.isfinite(line)], short[np.isfinite(short)]
        assert bool(known.size) == bool(kept.size)
        if known.size:
            assert kept.max() == known.max()
            assert kept.min() == known.min()
            assert np.isin(kept, known).all()


def test_each_bucket_keeps_its_own_extremes_in_order() -> None:
    line = np.array([0.0, 5.0, -5.0, 0.0, 1.0, -7.0, 8.0, 1.0])[:, None]
    times, values = thin(np.arange(8.0), line, 4)
    assert values[:, 0].tolist() == [5.0, -5.0, -7.0, 8.0]
    assert times.tolist() == [0.0, 3.0, 4.0, 7.0]


def test_short_series_pass_untouched() -> None:
    time, lines = np.arange(5.0), np.arange(10.0).reshape(5, 2)
    times, values = thin(time, lines, 5)
    assert times is time
    assert values is lines


def test_a_single_spike_in_a_long_run_survives() -> None:
    lines = np.zeros((1_000_000, 1))
    lines[123_456] = 1.0
    _, values = thin(np.arange(1e6), lines)
    assert values.max() == pytest.approx(1.0)
    assert values.sum() == 1.0
