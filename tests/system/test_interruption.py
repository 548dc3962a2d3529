"""Ctrl-C: what is done is kept, readable and resumed by the same command."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet
import pytest
import xarray

from dawndusk import results

SCRIPT = Path(sys.executable).with_name("dawndusk")

POLICY = '''\
"""greedy, that waits once for a signal, half way."""

import time
from pathlib import Path

from dawndusk.placement.greedy import greedy


def patient(outlook, view):
    with Path("decisions.txt").open("a") as file:
        file.write(f"{view.time:.0f}\\n")
    if view.time >= 5400.0 and not Path("reached").exists():
        Path("reached").touch()
        print("half way", flush=True)
        while not Path("signalled").exists():
            time.sleep(0.05)
    return greedy(outlook, view)
'''

SETTINGS = (
    "time.duration=3 h",
    "placement.policy=waiting:patient",
    "workload.rate=3 Hz",
    "faults.interruption_rate=0.02 1/day",
    "fleet.moments=0",
)


def command(*words: str) -> list[str]:
    sets = [word for setting in SETTINGS for word in ("--set", setting)]
    return [str(SCRIPT), "run", "suncatcher", *sets, *words]


def comparable(folder: Path) -> str:
    summary = json.loads((folder / "summary.json").read_bytes())
    del summary["performance"]
    return json.dumps(summary)


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int, str]:
    """A folder in which a run was interrupted half way, its exit status and message."""
    folder = tmp_path_factory.mktemp("interrupted")
    (folder / "waiting.py").write_text(POLICY, encoding="utf-8")
    process = subprocess.Popen(
        command(), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "half way\n"
    process.send_signal(signal.SIGINT)
    (folder / "signalled").touch()
    _, told = process.communicate(timeout=120.0)
    return folder, process.returncode, told


def test_it_says_so_and_how_to_go_on(interrupted: tuple[Path, int, str]) -> None:
    _, status, told = interrupted
    assert status == 130
    (line,) = told.splitlines()
    assert line.startswith("interrupted: ")
    assert str(Path("results") / "suncatcher.partial") in line
    assert "the same command goes on" in line


def test_the_partial_folder_is_readable(interrupted: tuple[Path, int, str]) -> None:
    folder = interrupted[0] / "results" / "suncatcher.partial"
    partial = results.read(folder)
    assert not partial.complete
    assert partial.run["warnings"][0].startswith("interrupted: ")
    assert all(row["residual_relative"] < 1e-9 for row in partial.summary["balances"])
    with xarray.open_dataset(folder / "timeseries.nc", engine="h5netcdf") as series:
        assert 5_400.0 <= float(series["time"][-1]) < 10_800.0
    assert pyarrow.parquet.read_table(folder / "events.parquet").num_rows > 0
    assert partial.report.is_file()
    assert not (interrupted[0] / "results" / "suncatcher").exists()


def test_the_same_command_goes_on_and_ends_the_same(interrupted: tuple[Path, int, str]) -> None:
    folder = interrupted[0]
    done = (folder / "decisions.txt").read_text().split()
    (folder / "decisions.txt").unlink()
    subprocess.run(command("--no-report"), cwd=folder, check=True, capture_output=True)
    resumed = (folder / "decisions.txt").read_text().split()
    assert [*done, *resumed] == [str(300 * k) for k in range(36)]
    subprocess.run(
        command("--no-report", "--out", "whole"), cwd=folder, check=True, capture_output=True
    )
    assert comparable(folder / "results" / "suncatcher") == comparable(folder / "whole")
    assert not (folder / "results" / "suncatcher.partial").exists()
