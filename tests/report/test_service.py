"""Response-time curves."""

import re

import numpy as np
import pyarrow as pa

from dawndusk.report.service import latency_figure


def _requests(status: list[str], first: list[float], finish: list[float]) -> pa.Table:
    return pa.table(
        {
            "arrival_s": np.zeros(len(status)),
            "first_token_s": np.array(first, dtype=float),
            "finish_s": np.array(finish, dtype=float),
            "status": pa.array(status).dictionary_encode(),
        }
    )


def test_only_served_requests_count() -> None:
    table = _requests(["served", "served", "dropped"], [1.0, 3.0, 900.0], [4.0, 6.0, 999.0])
    text = latency_figure(table)
    assert "median 2.00" in text
    assert "median 5.00" in text
    assert text.count("<polyline") == 2


def test_curves_rise_and_stay_inside() -> None:
    random = np.random.default_rng(1)
    wait = random.lognormal(0, 1, 500)
    text = latency_figure(_requests(["served"] * 500, wait.tolist(), (3 * wait).tolist()))
    for points in re.findall(r'points="([^"]+)"', text):
        xy = np.array([[float(v) for v in pair.split(",")] for pair in points.split()])
        assert np.all(np.diff(xy[:, 0]) >= 0)
        assert np.all(np.diff(xy[:, 1]) <= 0)
        assert xy[:, 0].min() >= 44
        assert xy[:, 0].max() <= 560


def test_nothing_served() -> None:
    assert "No single requests" in latency_figure(None)
    assert "No single requests" in latency_figure(_requests(["dropped"], [np.nan], [np.nan]))
    assert "No single requests" in latency_figure(pa.table({"status": ["served"]}))
