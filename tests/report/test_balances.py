"""Balances from the summary."""

import json
from pathlib import Path

import pytest

from dawndusk.report.balances import balances


def test_all_close_in_a_good_run(full: Path) -> None:
    summary = json.loads((full / "summary.json").read_text())
    found = balances(summary)
    assert [balance.title.split()[0] for balance in found] == [
        "Energy",
        "Compute",
        "Requests",
        "Jobs",
    ]
    assert all(balance.closed for balance in found)


def test_a_lost_request_opens_the_balance() -> None:
    service = {"offered": 1000, "served": 990, "dropped": 5, "failed": 2, "waiting": 2}
    (balance,) = balances({"service": service})
    assert balance.residual == pytest.approx(1e-3)
    assert not balance.closed


def test_nothing_offered_is_no_balance() -> None:
    assert balances({}) == []
    assert balances({"jobs": {"submitted": 0, "finished": 0}}) == []
