"""The table of nodes: written whole, found again, printed."""

import json
import os
from io import StringIO
from pathlib import Path

import pytest

from dawndusk.cluster import table
from dawndusk.cluster.table import Row, Table


def filled(folder: Path) -> Table:
    one = Table(folder)
    one.rows[3] = Row("sat-3", "satellite", 0, table.UP, "0/1", 12)
    one.rows[1] = Row("sat-1", "satellite", 0, table.LOST, why="failed")
    one.time = 3600.0
    return one


def test_what_is_written_is_read(tmp_path: Path) -> None:
    one = filled(tmp_path / "run.partial")
    one.write()
    path = table.newest(tmp_path / "run")
    assert path == tmp_path / "run.partial" / "nodes.json"
    told = table.read(path)
    assert [row["name"] for row in told["nodes"]] == ["sat-1", "sat-3"]
    assert (told["time_s"], told["pid"]) == (3600.0, os.getpid())
    one.remove()
    assert table.newest(tmp_path / "run") is None
    one.remove()


def test_progress_alone_is_not_written_each_time(tmp_path: Path) -> None:
    one = filled(tmp_path)
    one.write()
    one.rows[3].units = 99
    one.write(at_once=False)
    assert table.read(tmp_path / "nodes.json")["nodes"][1]["units"] == 12
    one.write()
    assert table.read(tmp_path / "nodes.json")["nodes"][1]["units"] == 99


def test_the_newest_of_several_runs_is_found(tmp_path: Path) -> None:
    for number, name in enumerate(("a.partial", "b.partial")):
        filled(tmp_path / name).write()
        os.utime(tmp_path / name / "nodes.json", (number, number))
    assert table.newest(tmp_path) == tmp_path / "b.partial" / "nodes.json"


def test_without_a_folder_nothing_is_written(tmp_path: Path) -> None:
    Table(None).write()
    Table(None).remove()


@pytest.mark.parametrize("text", ["", "{}", '{"nodes": [{"colour": 1}]}', "[]"])
def test_a_damaged_table_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "nodes.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="no table of nodes"):
        table.read(path)


def test_it_prints_what_it_is_asked_for(tmp_path: Path) -> None:
    from rich.console import Console

    one = filled(tmp_path)
    one.write()
    rows = json.loads((tmp_path / "nodes.json").read_text(encoding="utf-8"))["nodes"]
    console = Console(width=100, record=True, file=StringIO())
    console.print(table.printed("run, 1.00 h", rows, ("name", "state", "units")))
    text = console.export_text()
    assert "sat-3" in text
    assert "lost" in text
    assert "12" in text
