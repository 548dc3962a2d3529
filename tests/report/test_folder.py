"""Reading a results folder, whole or not."""

from pathlib import Path

import pytest

from dawndusk.report.folder import REQUEST_COLUMNS, read


def test_reads_everything(full: Path) -> None:
    folder = read(full)
    assert folder.name == "shell"
    assert folder.scenario["time"]["duration"] == "12 h"
    assert folder.get("fleet.satellites") == 12
    assert folder.series["charge_fraction"].dims == ("time", "quantile")
    assert folder.series["time"].dtype.kind == "f"
    assert folder.events is not None
    assert folder.requests is not None
    assert set(folder.requests.column_names) == set(REQUEST_COLUMNS)
    assert folder.missing == ()


def test_missing_files_become_empty(bare: Path) -> None:
    folder = read(bare)
    assert folder.missing == ("timeseries.nc", "events.parquet")
    assert not folder.series.data_vars
    assert folder.events is None
    assert folder.requests is None


def test_no_folder_and_no_summary_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"nowhere.*does not exist"):
        read(tmp_path / "nowhere")
    with pytest.raises(ValueError, match=r"has no summary\.json; give a folder"):
        read(tmp_path)
