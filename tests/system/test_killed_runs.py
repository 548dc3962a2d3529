"""Whole runs on a Ray cluster: the same files as in one process, also when the run is killed."""

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from dawndusk.cluster import processes, table
from tests.cluster.ray_case import needs_ray

PROGRAM = (
    "import dawndusk.loop as loop; loop.CHECKPOINT = 0.5\nfrom dawndusk.cli import main; main()"
)
"""Keeps a checkpoint each half second, so that a killed run has one to go on from."""

JOB = (
    'workload.jobs=[{name="toy", kind="training", nodes=3, restart_time="1 min", '
    'checkpoint_interval="30 min", real={execute="tests.real_case:sleepy", units=300, '
    "interval=50, work_scale=8e15, flip_scale=5.0}}]"
)
SETTINGS = (
    JOB,
    "time.duration=3 h",
    'faults.failures=[{satellite=1, at="30 min", until="50 min"}]',
    "radiation.shielding=10 mm",
)

pytestmark = [needs_ray, pytest.mark.full]


def command(out: Path, *more: str) -> list[str]:
    words = [sys.executable, "-c", PROGRAM, "run", "train-in-orbit", "--out", str(out)]
    for setting in SETTINGS:
        words += ["--set", setting]
    return [*words, "--no-report", "--threads", "1", *more]


def whole(out: Path, *more: str, limit: float = 400.0) -> Path:
    found = subprocess.run(command(out, *more), capture_output=True, text=True, timeout=limit)
    assert found.returncode == 0, found.stderr
    return out


def events(out: Path) -> bytes:
    """All that happened, to the last digit."""
    return (out / "training.parquet").read_bytes()


def summary(out: Path) -> dict[str, Any]:
    found = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    del found["performance"]
    return dict(found)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return whole(tmp_path_factory.mktemp("plain") / "out")


def test_both_engines_write_the_same_files(plain: Path, tmp_path: Path) -> None:
    """While the run is on its nodes are on show."""
    run = subprocess.Popen(command(tmp_path / "out", "--engine", "ray"), stdout=subprocess.DEVNULL)
    shown: set[str] = set()
    until = time.monotonic() + 400.0
    while run.poll() is None and time.monotonic() < until:
        path = table.newest(tmp_path / "out")
        if path is not None:
            shown |= {row["state"] for row in table.read(path)["nodes"]}
        time.sleep(0.1)
    assert run.returncode == 0
    assert {table.UP, table.LOST} <= shown
    assert events(tmp_path / "out") == events(plain)
    kinds = set(pyarrow.parquet.read_table(plain / "training.parquet")["kind"].to_pylist())
    assert {"unit", "exchange", "kill", "rejoin", "flip", "validation", "finish"} <= kinds
    assert summary(tmp_path / "out") == summary(plain)
    assert not (tmp_path / "out" / table.FILE).exists()
    told = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))["engine"]
    assert (told["name"], told["mended"]) == ("ray", [])


@pytest.mark.parametrize("seed", [1, 2])
def test_a_killed_program_goes_on_by_the_same_command(
    seed: int, plain: Path, tmp_path: Path
) -> None:
    out, draw = tmp_path / "out", random.Random(seed)
    kept = 0
    for _ in range(3):
        run = subprocess.Popen(
            command(out, "--engine", "ray"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            run.wait(draw.uniform(5.0, 30.0))
        except subprocess.TimeoutExpired:
            mine = processes.descendants(run.pid) - {run.pid}
            run.kill()
            run.wait()
            until = time.monotonic() + 20.0
            while any(processes.alive(pid) for pid in mine) and time.monotonic() < until:
                time.sleep(0.1)
            assert not any(processes.alive(pid) for pid in mine)
            kept += (out.with_name("out.partial") / "checkpoint.pickle").is_file()
    if not out.is_dir():
        whole(out, "--engine", "ray")
    assert kept
    assert events(out) == events(plain)
    assert summary(out) == summary(plain)
    jobs = pyarrow.parquet.read_table(out / "jobs.parquet").to_pylist()
    assert [row["status"] for row in jobs] == ["finished"] * 3
    for row in jobs:
        parts = ("done", "rolled_back", "checkpointed", "restarted", "stalled")
        assert sum(row[name] for name in parts) == pytest.approx(row["executed"], rel=1e-12)
    assert os.listdir(tmp_path) == ["out"]
