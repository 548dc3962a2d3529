"""The shipped training job: really, where PyTorch is; one clear line where it is not."""

import importlib.util
import json
import sys
from pathlib import Path

import pyarrow.parquet
import pytest
from typer.testing import CliRunner

from dawndusk import cli, results
from dawndusk.real import jobs as real_jobs
from dawndusk.scenario import load

TORCH = importlib.util.find_spec("torch") is not None

SMALL = (
    "time.duration=6 h",
    "workload.jobs.0.real.options.width=32",
    "workload.jobs.0.real.options.layers=1",
    "workload.jobs.0.real.options.heads=2",
    "workload.jobs.0.real.options.learning_rate=0.01",
    "workload.jobs.0.real.options.validation=32",
    "workload.jobs.0.real.work_scale=8e10",
    "workload.jobs.0.real.data_scale=3e5",
    "workload.jobs.0.real.units=150",
)
"""A smaller model of the same kind, so that it takes seconds."""


@pytest.mark.skipif(not TORCH, reason="PyTorch is not installed: pip install 'dawndusk[train]'")
@pytest.mark.parametrize(
    ("overrides", "below"),
    [(SMALL, 2.6), pytest.param((), 2.4, marks=pytest.mark.full)],
    ids=["small", "as shipped"],
)
def test_it_trains_really_survives_and_stands_beside_the_ground(
    tmp_path: Path, overrides: tuple[str, ...], below: float
) -> None:
    options = [word for each in overrides for word in ("--set", each)]
    folder = tmp_path / "trained"
    done = CliRunner().invoke(cli.app, ["run", "train-in-orbit", *options, "--out", str(folder)])
    assert done.exit_code == 0, done.output
    assert "Training that really ran" in done.output
    finished = results.read(folder)
    assert finished.complete
    for row in finished.summary["balances"]:
        assert abs(row["residual_relative"]) <= 1e-9, row["name"]
    assert finished.summary["network"]["residual_bytes"] == 0
    told = finished.summary["real_work"]["character-gpt"]
    for side in ("orbit", "ground"):
        assert told[side]["finished"]
        assert told[side]["validation_loss_first"] > 4.0
        assert told[side]["validation_loss_last"] < below
        assert told[side]["virtual_s"] > 3600.0
        assert told[side]["energy_J"] > 0.0
        assert told[side]["usd"] > 0.0
    assert told["orbit"]["kills"] >= 1
    assert told["orbit"]["rejoins"] >= 1
    assert told["orbit"]["lost_by_cause"]["scripted"] > 0
    if not overrides:
        assert sum(told["orbit"]["flips"].values()) > 0
        assert told["orbit"]["validation_loss_last"] == pytest.approx(2.18, abs=0.05)
        assert told["ground"]["validation_loss_last"] == pytest.approx(2.17, abs=0.05)
        assert told["orbit"]["virtual_s"] == pytest.approx(5.5 * 3600.0, rel=0.05)
    events = pyarrow.parquet.read_table(folder / "training.parquet")
    assert set(events["side"].to_pylist()) == {"orbit", "ground"}
    page = finished.report.read_text(encoding="utf-8")
    assert "Training that really ran" in page
    assert "Validation loss of character-gpt" in page
    assert json.loads((folder / "run.json").read_text(encoding="utf-8"))["complete"]


def test_without_pytorch_one_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_jobs._asked.cache_clear()
    monkeypatch.setitem(sys.modules, "torch", None)
    done = CliRunner().invoke(cli.app, ["run", "train-in-orbit", "--out", str(tmp_path / "none")])
    assert done.exit_code == 2
    (line,) = [line for line in done.output.splitlines() if line]
    assert "pip install 'dawndusk[train]'" in line
    assert not (tmp_path / "none").exists()


def test_it_is_loaded_without_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    real = load("train-in-orbit").workload.jobs[0].real
    assert real is not None
    assert real.method == "diloco"
    assert CliRunner().invoke(cli.app, ["check", "train-in-orbit"]).exit_code == 0
