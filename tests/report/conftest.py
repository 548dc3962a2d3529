"""Results folders that every report test reads and none changes."""

from pathlib import Path

import pytest

from tests.report import life_fixture
from tests.report.folder_fixture import write
from tests.report.network_fixture import add


@pytest.fixture(scope="session")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A complete run of a small shell with a network and a life."""
    folder = write(tmp_path_factory.mktemp("results") / "full", satellites=12, hours=12)
    return life_fixture.add(add(folder))


@pytest.fixture(scope="session")
def starved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same shell with a small array and another name."""
    folder = tmp_path_factory.mktemp("results") / "starved"
    return write(folder, name="small array", satellites=12, hours=12, area=25)


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interrupted run without requests, jobs, series or events."""
    folder = write(
        tmp_path_factory.mktemp("results") / "bare",
        requests=False,
        jobs=False,
        complete=False,
        satellites=4,
        hours=1,
    )
    (folder / "timeseries.nc").unlink()
    (folder / "events.parquet").unlink()
    return folder
