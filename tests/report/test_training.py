"""The section of training that really ran."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa

from dawndusk.report.tables import training_table
from dawndusk.report.training import (
    comparison,
    lead,
    lost_figure,
    marks,
    series,
    training_charts,
    training_section,
)

NAN = float("nan")

ROWS = [
    ("orbit", "gpt", "validation", 0.0, NAN, 4.2),
    ("orbit", "gpt", "unit", 50.0, 3.5, NAN),
    ("orbit", "gpt", "kill", 60.0, NAN, NAN),
    ("orbit", "gpt", "flip", 70.0, NAN, NAN),
    ("orbit", "gpt", "rejoin", 80.0, NAN, NAN),
    ("orbit", "gpt", "validation", 100.0, NAN, 2.2),
    ("ground", "gpt", "validation", 0.0, NAN, 4.2),
    ("ground", "gpt", "kill", 65.0, NAN, NAN),
    ("ground", "gpt", "validation", 90.0, NAN, 2.1),
]

NAMES = ("side", "job", "kind", "time_s", "loss", "validation_loss")

TABLE = pa.table({name: [row[k] for row in ROWS] for k, name in enumerate(NAMES)})

SIDE: dict[str, Any] = {
    "validation_loss_first": 4.2,
    "validation_loss_last": 2.2,
    "virtual_s": 7200.0,
    "energy_J": 3.6e9,
    "usd": 12.5,
    "executed": 1600,
    "lost": 0,
    "lost_by_cause": {"scripted": 0, "guard": 0},
    "waiting_s": 60.0,
    "bytes": {"delivered": 10**12},
    "flips": {"silent": 0},
    "kills": 0,
    "rejoins": 0,
    "restores": 0,
}

JOBS = {
    "gpt<1>": {
        "replicas": 8,
        "parameters": 1_024_560,
        "method": "diloco",
        "interval": 50,
        "unit_s": 97.0,
        "flip_scale": 3.0,
        "orbit": {
            **SIDE,
            "validation_loss_last": None,
            "lost": 30,
            "lost_by_cause": {"scripted": 20, "guard": 10},
            "flips": {"silent": 2, "detected": 1, "waiting": 0},
            "kills": 2,
            "rejoins": 2,
        },
        "ground": SIDE,
    }
}


def test_both_losses_lie_on_one_axis() -> None:
    found = series(TABLE)
    assert found["time"].values.tolist() == [0.0, 50.0, 90.0, 100.0]
    assert found["orbit"].values[-1] == 2.2
    assert found["ground"].values[2] == 2.1
    assert np.isnan(found["ground"].values[-1])


def test_one_chart_a_job_with_its_marks() -> None:
    (chart,) = training_charts(TABLE)
    assert chart["axis"] == "time"
    assert [line["label"] for line in chart["lines"]] == [
        "training, in orbit",
        "in orbit",
        "on the ground",
    ]
    assert [mark["label"] for mark in marks(TABLE)] == ["lost: 1", "struck: 1", "back: 1"]
    assert [mark["t"] for mark in chart["marks"]] == [[60], [70], [80]]
    two = pa.concat_tables([TABLE, TABLE.set_column(1, "job", pa.array(["other"] * len(ROWS)))])
    assert len(training_charts(two)) == 2
    assert training_charts(None) == []
    assert training_charts(TABLE.slice(0, 0)) == []
    assert training_charts(TABLE.drop_columns(["loss"])) == []


def test_figures_stand_side_by_side() -> None:
    text = comparison("gpt<1>", JOBS["gpt<1>"])
    assert "gpt&lt;1&gt;" in text
    for said in (
        "4.200 → no number",
        "4.200 → 2.200",
        "1 600, 30 of them lost".replace(" ", "\u202f", 1),
        "3: 1 found, 2 unseen",
        "2 lost, 2 rejoined",
    ):
        assert said in text, said


def test_steps_lost_are_drawn_by_cause() -> None:
    text = lost_figure(JOBS["gpt<1>"])
    assert text.index("Declared loss of power") < text.index("Given up by a guard")
    assert "width:50.00%" in text
    assert lost_figure({"orbit": SIDE}) == ""


def test_the_sentence_tells_what_ran_and_what_was_scaled() -> None:
    text = lead("gpt<1>", JOBS["gpt<1>"])
    for said in ("8 replicas", "1.02", "DiLoCo, exchanging every 50 steps", "3 times as often"):
        assert said in text, said
    assert "times as often" not in lead("gpt", {**JOBS["gpt<1>"], "flip_scale": 1.0})


def test_nothing_where_nothing_ran() -> None:
    assert training_section(SimpleNamespace(summary={}), "") == ""  # type: ignore[arg-type]
    page = training_section(SimpleNamespace(summary={"real_work": JOBS}), "<frames>")  # type: ignore[arg-type]
    assert page.index("really ran") < page.index("<frames>") < page.index("<table")


def test_the_terminal_prints_the_same_figures() -> None:
    table = training_table(JOBS)
    assert table.row_count == 9
    ground = list(table.columns[3].cells)
    assert str(ground[0]) == "4.200 → 2.200"
