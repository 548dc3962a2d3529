"""Work lost by cause."""

import re

import pytest

from dawndusk.report.faults import corruption_line, fault_figure, lost_by_cause
from tests.report.life_fixture import faults

SUMMARY = {
    "faults": faults(1e21),
    "compute": {"delivered_FLOP": 1e21, "delivered_fraction": 0.5},
}


def test_the_dearest_first_and_the_rows_add_up_to_the_loss() -> None:
    rows = lost_by_cause(SUMMARY)
    lost = [row["lost_FLOP"] for row in rows]
    assert lost == sorted(lost, reverse=True)
    assert sum(lost) == pytest.approx(SUMMARY["faults"]["loss_FLOP"], rel=1e-12)
    assert [row["title"] for row in rows][:2] == [
        "Failing hardware and software",
        "Uncorrectable memory error",
    ]
    assert not any("Latch-up" in row["title"] for row in rows)


def test_bars_and_shares_of_the_peak() -> None:
    text = fault_figure(SUMMARY)
    assert re.findall(r"width:([\d.]+)%", text)[0] == "100.00"
    assert "0.0275\u202f%" in text
    assert text.count("Requests failed") == 1
    assert "Writing and loading checkpoints" in text


def test_without_failed_requests_there_is_no_such_column() -> None:
    causes = {"host": {"interruptions": 1, "down_s": 60.0, "lost_FLOP": 0.0, "requests_failed": 0}}
    text = fault_figure({"faults": {"by_cause": causes}})
    assert "Requests failed" not in text
    assert "1.00\u202fmin" in text
    assert fault_figure({"faults": {"interruptions": 3}}) == ""
    assert fault_figure({}) == ""


def test_silent_corruptions_in_a_sentence() -> None:
    def line(**found: int) -> str:
        return corruption_line({"faults": {"silent_corruptions": found}})

    assert "17 silent corruptions" in line(total=17, on_jobs=9, serving=6, idle=2)
    assert "9 in jobs, 6 while serving, 2 in idle accelerators" in line(
        total=17, on_jobs=9, serving=6, idle=2
    )
    assert "1 silent corruption of" in line(total=1, on_jobs=1, serving=0, idle=0)
    assert "No silent corruption" in line(total=0)
    assert corruption_line({}) == ""


def test_a_new_cause_is_called_by_its_own_name() -> None:
    causes = {"solar_flare": {"interruptions": 2, "down_s": 1.0, "lost_FLOP": 5.0}}
    assert lost_by_cause({"faults": {"by_cause": causes}})[0]["title"] == "Solar flare"
