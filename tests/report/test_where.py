"""The placement matrix and the comparison of policies."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawndusk.report.where import per, placement_matrix, plural, policy_table, reason

ROW: dict[str, Any] = {
    "workload": "chat-inference",
    "title": "Chat",
    "unit": "token of the answer",
    "option": "orbit",
    "feasible": True,
    "binding": "compute",
    "price_usd": 3.2e-6,
    "latency_p50_s": 0.4,
    "latency_p99_s": 0.9,
    "energy_J": 3.6,
    "carbon_kg": 2e-6,
    "verdict": "possible",
    "why": "possible, bound by price: dearer",
}
GROUND = ROW | {
    "option": "ground",
    "price_usd": 4e-7,
    "verdict": "best",
    "why": "best, bound by compute: in orbit it is dearer",
}
ABOARD = ROW | {"option": "aboard", "feasible": False, "binding": "origin", "price_usd": None}
ABOARD |= {"verdict": "impossible", "why": "impossible, bound by origin: nothing arises there"}


def test_one_row_a_workload_with_the_best_marked() -> None:
    text = placement_matrix([ROW, GROUND, ABOARD])
    assert re.findall(r'<td class="(\w+)" data-option="([\w ]+)"', text) == [
        ("able", "In orbit"),
        ("best", "On the ground"),
        ("soft", "Aboard"),
    ]
    assert "price per million tokens of the answer" in text
    assert "$3.20" in text
    assert "$0.400" in text
    assert "400\u202fms … 900\u202fms" in text
    assert "1.00\u202fkWh" in text
    assert "2.00\u202fkg CO₂" in text
    assert "Bound by compute: in orbit it is dearer" in text


def test_what_binds_and_what_is_not_modelled() -> None:
    barred = ROW | {"feasible": False, "binding": "latency", "verdict": "impossible"}
    barred["why"] = "impossible, bound by latency: 58 ms <up>, 50 ms are allowed"
    text = placement_matrix([barred])
    assert "<b>latency</b><small>58 ms &lt;up&gt;, 50 ms are allowed</small>" in text
    open_ = ROW | {"feasible": None, "binding": "network", "verdict": "not modelled"}
    text = placement_matrix([open_ | {"why": "not modelled: no network"}])
    assert "<b>$3.20</b><small>no network</small>" in text
    assert reason([barred, open_ | {"why": "not modelled: no network"}]) == "No network"


def test_prices_are_quoted_for_what_can_be_done() -> None:
    assert per([ROW, GROUND]) == (1e6, "million tokens of the answer")
    barred = ROW | {"feasible": False, "price_usd": 1e-12}
    assert per([ROW, barred])[0] == 1e6
    assert per([barred])[0] == 1e12
    assert per([ROW | {"price_usd": None}]) == (1.0, "token of the answer")


@given(st.floats(1e-14, 1e6))
def test_a_price_is_at_least_a_cent_and_never_needlessly_large(price: float) -> None:
    factor, _ = per([ROW | {"price_usd": price}])
    assert price * factor >= 0.01 * (1 - 1e-12)
    assert factor == 1.0 or price * factor / 1e3 < 0.01


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("image", "images"),
        ("query", "queries"),
        ("ray", "rays"),
        ("clip of 5 s", "clips of 5 s"),
        ("token trained on", "tokens trained on"),
        ("scored transaction", "scored transactions"),
    ],
)
def test_plurals(one: str, many: str) -> None:
    assert plural(one) == many


def test_the_best_policy_of_each_column_has_a_star() -> None:
    rows = [
        {"policy": "greedy", "delivered_FLOP": 1e20, "deadline_missed": 3, "bound_fraction": 0.9},
        {
            "policy": "lookahead",
            "delivered_FLOP": 2e20,
            "deadline_missed": 0,
            "bound_fraction": 0.9,
        },
    ]
    text = policy_table(rows)
    assert re.findall(r'class="num best">([^<]+)', text) == ["200\u202fEFLOP", "0"]
    assert "USD per PFLOP-day" not in text
    assert "group" not in text
    grouped = policy_table([row | {"scenario": "<s>"} for row in rows])
    assert "&lt;s&gt;" in grouped


def test_nothing_compared() -> None:
    assert placement_matrix([]) == ""
    assert policy_table([]) == ""
    assert policy_table([{"policy": "greedy"}]) == ""
