"""Causes of loss and survival."""

import re

import pyarrow as pa
import pytest

from dawndusk.report.losses import loss_figure, survival_charts, yearly_losses

TABLE = pa.table(
    {
        "lost": [1.0] * 24,
        "failures_defect": [2.0] + [0.0] * 23,
        "failures_meteor": [0.5] * 24,
        "failures_dose": [0.0] * 24,
    }
)


def test_years_by_cause_with_launches_first() -> None:
    stacks = yearly_losses(TABLE)
    assert [stack.label for stack in stacks] == [
        "lost at launch",
        "born with a defect",
        "meteor",
        "radiation dose",
    ]
    assert [stack.values.tolist() for stack in stacks] == [[12, 12], [2, 0], [6, 6], [0, 0]]


def test_the_table_shares_all_losses_and_names_no_cause_that_took_none() -> None:
    text = loss_figure(TABLE)
    shares = [float(v) for v in re.findall(r'soft">([\d.]+)\u202f%', text)]
    assert shares == pytest.approx([63.2, 31.6, 5.26])
    assert sum(shares) == pytest.approx(100, abs=0.1)
    assert "Radiation dose" not in text


def test_a_fleet_that_loses_nothing_has_no_such_figure() -> None:
    assert loss_figure(pa.table({"failures_dose": [0.0] * 12})) == ""
    assert loss_figure(pa.table({"month": [1, 2]})) == ""


def test_survival_and_what_took_the_others() -> None:
    table = pa.table(
        {
            "age_yr": [0.0, 0.5, 1.0],
            "survival": [1.0, 0.9, 0.8],
            "simulated": [1.0, 0.91, 0.8],
            "lost_wear": [0.0, 0.1, 0.2],
        }
    )
    alive, lost = survival_charts(table)
    assert alive["axis"] == lost["axis"] == "age"
    assert {line["label"]: line["y"] for line in alive["lines"]} == {
        "simulated": [100, 91, 80],
        "closed form": [100, 90, 80],
    }
    assert lost["lines"][0]["label"] == "worn out"
    assert lost["lines"][0]["y"] == [0, 10, 20]
    assert survival_charts(None) == []
    assert survival_charts(table.slice(0, 1)) == []
