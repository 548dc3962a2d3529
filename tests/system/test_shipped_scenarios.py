"""Every shipped scenario runs, closes its balances and leaves a report."""

import re
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest
import xarray

from dawndusk import results
from dawndusk.run import run
from dawndusk.scenario import load, names
from tests.system.two_lines import tle
from tests.system.whole_run import DATA

CATALOGUE = DATA / "celestrak" / "starlink_2026-05-30.tle.gz"
CONVERSATIONS = DATA / "azure_llm_2023" / "AzureLLMInferenceTrace_conv.csv"


def check_folder(folder: Path, satellites: int | None = None) -> results.Results:
    """What every finished run leaves."""
    finished = results.read(folder)
    assert finished.complete
    assert {path.name for path in folder.iterdir()} >= {
        "scenario.toml",
        "summary.json",
        "timeseries.nc",
        "events.parquet",
        "report.html",
        "run.json",
    }
    summary = finished.summary
    assert len(summary["balances"]) == 14
    network = summary["network"]
    assert network["modelled"]
    assert network["residual_bytes"] == 0
    for row in summary["balances"]:
        assert abs(row["residual_relative"]) <= 1e-9, row["name"]
    for side in (summary, summary["ground"]):
        assert side["compute"]["delivered_FLOP"] > 0.0
        assert side["service"]["served"] > 0.5 * side["service"]["offered"] > 0
    links = pyarrow.parquet.read_table(folder / "links.parquet").to_pydict()
    through_the_earth = np.array(links["occluded"], bool)
    assert (np.array(links["rate_bit_s"])[through_the_earth] == 0.0).all()
    assert (np.array(links["max_utilisation"])[through_the_earth] == 0.0).all()
    assert 0.0 < summary["ratio_to_ground"]["usd_per_PFLOP_day"] < 1e3
    assert load(folder / "scenario.toml").name == summary["name"]
    page = finished.report.read_text(encoding="utf-8")
    assert summary["name"] in page
    assert re.search(r"(src|href)=.https?://", page) is None
    with xarray.open_dataset(folder / "timeseries.nc", engine="h5netcdf") as series:
        assert float(series["time"][-1]) == load(folder / "scenario.toml").time.duration
    if satellites is not None:
        assert summary["fleet"]["satellites"] == satellites
    return finished


ELSEWHERE = ("starlink-imported", "train-in-orbit")
"""Run smaller, or where PyTorch is."""

JOBS = ("workload.jobs.0.count=1", "workload.jobs.0.nodes=2", "workload.jobs.1.count=4")
"""For a few satellites."""

SMALLER = {
    "ascend": ("fleet.moments=0",),
    "spacex-ai1": ("time.duration=2 h",),
    "blue-sunrise": (
        *("constellation.satellites=96", "constellation.planes=4"),
        *("constellation.plane_rise=433 km", "fleet.moments=0", *JOBS),
    ),
    "beijing-dawn-dusk": (
        *("constellation.satellites=64", "constellation.planes=4", "fleet.moments=0", *JOBS),
    ),
    "starcloud-5gw": (
        *("constellation.satellites=5", "constellation.planes=5", "fleet.moments=0", *JOBS),
    ),
}
"""What makes a large one quick."""


@pytest.mark.parametrize("name", [name for name in names() if name not in ELSEWHERE])
def test_it_runs(name: str, tmp_path: Path) -> None:
    run(load(name, ["time.duration=3 h", *SMALLER.get(name, ())]), tmp_path / name)
    check_folder(tmp_path / name)


def test_imported_satellites_run(tmp_path: Path) -> None:
    """The shipped jobs want 512 nodes, its users thousands of satellites overhead."""
    (tmp_path / "small.tle").write_text(tle(40))
    overrides = [
        f"constellation.file={tmp_path / 'small.tle'}",
        "time.duration=3 h",
        "workload.jobs.0.nodes=20",
        "workload.jobs.1.count=30",
        "network.users=fibre",
    ]
    run(load("starlink-imported", overrides), tmp_path / "small")
    check_folder(tmp_path / "small", satellites=40)


@pytest.mark.skipif(
    not (CATALOGUE.is_file() and CONVERSATIONS.is_file()),
    reason="the real catalogue and trace are not beside this repository",
)
def test_the_real_catalogue_runs_on_the_real_trace(tmp_path: Path) -> None:
    overrides = [
        f"constellation.file={CATALOGUE}",
        f"workload.trace={CONVERSATIONS}",
        "time.duration=30 min",
        "fleet.moments=0",
    ]
    scenario = load("starlink-imported", overrides)
    assert scenario.time.start == datetime(2026, 5, 30, 12, tzinfo=UTC)
    run(scenario, tmp_path / "real")
    finished = check_folder(tmp_path / "real", satellites=10_395)
    offered = finished.summary["service"]["offered"]
    assert offered > 1_000
    assert finished.summary["ground"]["service"]["offered"] == offered
