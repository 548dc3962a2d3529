"""The list of key figures."""

import json
from pathlib import Path

import pytest

from dawndusk.report import numbers
from dawndusk.report.key_figures import (
    KEY_FIGURES,
    amount,
    availability,
    by_label,
    dig,
    loss,
    peak_flop,
)


def test_labels_are_unique() -> None:
    labels = [figure.label for figure in KEY_FIGURES]
    assert len(set(labels)) == len(labels)


def test_every_figure_reads_the_summary(full: Path) -> None:
    summary = json.loads((full / "summary.json").read_text())
    unread = {f.label for f in KEY_FIGURES if not numbers.is_number(f.of(summary))}
    assert unread == {
        "Cost per busy accelerator-hour",
        "Break-even launch price",
        "Carbon per PFLOP-day",
        "Energy per token",
        "PFLOP-day in the luckiest 5 %",
        "PFLOP-day in the unluckiest 5 %",
    }
    summary["cost"]["bands"] = {"p5": {"usd_per_PFLOP_day": 2.0}, "p95": {"usd_per_PFLOP_day": 3.5}}
    assert by_label("PFLOP-day in the unluckiest 5 %").of(summary) == 3.5
    assert by_label("PFLOP-day in the luckiest 5 %").of(summary) == 2.0


def test_every_figure_survives_an_empty_summary() -> None:
    for figure in KEY_FIGURES:
        for where in ("orbit", "ground"):
            assert figure.format(figure.of({}, where)) == numbers.MISSING


def test_availability_counts_power_heat_network_and_faults_only() -> None:
    losses = {"power": 0.1, "thermal": 0.05, "network": 0.0, "faults": 0.01, "idle": 0.5}
    assert availability({"compute": {"losses": losses}}) == pytest.approx(0.84)
    assert availability({"compute": {"losses": {"power": 0.1}}}) is None
    assert loss({"compute": {"losses": losses}}, "roofline") is None


def test_peak_follows_from_what_was_delivered() -> None:
    assert peak_flop({"compute": {"delivered_FLOP": 3.0, "delivered_fraction": 0.25}}) == 12.0
    assert peak_flop({"compute": {"delivered_FLOP": 0.0, "delivered_fraction": 0.0}}) is None


def test_unknown_label() -> None:
    with pytest.raises(StopIteration):
        by_label("no such figure")


def test_dig_takes_null_as_missing() -> None:
    assert dig({"a": {"b": None}}, "a.b", 3) == 3
    assert dig({"a": {"b": 0}}, "a.b", 3) == 0
    assert dig({"a": 1}, "a.b", 3) == 3


def test_a_break_even_price_below_zero_is_none() -> None:
    figure = by_label("Break-even launch price")
    assert figure.format(-901.0) == "none"
    assert figure.format(20.0) == "$20.0/kg"


def test_amounts_below_a_thousand_take_no_prefix() -> None:
    given = (0.0, 0.4263, 30.12, 4500.0, None)
    assert [amount(value) for value in given] == ["0", "0.426", "30.1", "4.50\u202fk", "–"]
