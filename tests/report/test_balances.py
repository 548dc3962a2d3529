"""Balances from the summary."""

import json
from pathlib import Path

from dawndusk.report.balances import balances


def test_titles_and_terms(full: Path) -> None:
    summary = json.loads((full / "summary.json").read_text())
    found = {balance.title: balance for balance in balances(summary)}
    assert list(found) == [
        "Energy in orbit",
        "Compute in orbit",
        "Requests in orbit",
        "Jobs in orbit",
        "Energy on the ground",
    ]
    assert all(balance.closed for balance in found.values())
    energy = found["Energy in orbit"]
    assert energy.offered == ("generated", summary["energy"]["generated_J"])
    assert energy.show(3.6e9) == "1.00\u202fMWh"
    assert found["Requests in orbit"].offered[0] == "offered"
    assert "heat" in dict(found["Compute in orbit"].parts)


def test_an_open_balance() -> None:
    entry = {"name": "requests", "unit": "requests", "offered": 1000, "parts": {"served": 999}}
    (balance,) = balances({"balances": [entry | {"residual_relative": 1e-3}]})
    assert not balance.closed
    (balance,) = balances({"balances": [entry | {"residual_relative": -1e-10}]})
    assert balance.closed


def test_nothing_offered_is_no_balance() -> None:
    assert balances({}) == []
    entry = {"name": "jobs", "unit": "jobs", "offered": 0, "parts": {}, "residual_relative": 0.0}
    assert balances({"balances": [entry]}) == []


def test_the_years_lie_in_no_place() -> None:
    entry = {"name": "satellites", "unit": "satellites", "offered": 900, "residual_relative": 0.0}
    (balance,) = balances({"balances": [entry | {"parts": {"alive": 800, "stock": 100}}]})
    assert balance.title == "Satellites over the years"
    assert balance.offered[0] == "built, all runs"
    assert dict(balance.parts) == {"alive": 800, "on the ground": 100}
