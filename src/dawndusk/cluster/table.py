"""The table of nodes of a run while it is on: a file beside its results, and how it is printed."""

import json
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

FILE = "nodes.json"

UP, DRAINED, LOST, RESTARTING, OVER = "up", "drained", "lost", "restarting", "over"
"""States of a node: it works; takes no work and keeps its memory; has failed in the simulated
world; has ended unasked and is being brought back; no replica is there any more."""

PAUSE = 0.5
"""Least time between two writings for progress alone [s]."""


@dataclass
class Row:
    """One node."""

    name: str
    role: str
    plane: int
    state: str
    replica: str = ""
    """Job's number and rank of who lives there."""
    units: int = 0
    """Done there so far."""
    why: str = ""
    """Of its state."""
    id: str = ""
    """Ray's number."""
    pid: int = 0
    """Of the replica's process."""


class Table:
    """Rows by site, kept in a file where a folder is given."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.rows: dict[int, Row] = {}
        self.time = 0.0
        """Of the simulation [s]."""
        self.waiting = ""
        """What the run waits for, and since when."""
        self._written = -PAUSE

    def write(self, at_once: bool = True) -> None:
        """Bring the file up to date."""
        now = time.monotonic()
        if self.folder is None or (not at_once and now < self._written + PAUSE):
            return
        self._written = now
        told = {
            "pid": os.getpid(),
            "time_s": self.time,
            "waiting": self.waiting,
            "nodes": [asdict(row) for _, row in sorted(self.rows.items())],
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        beside = self.folder / f"{FILE}.new"
        beside.write_text(json.dumps(told, indent=1), encoding="utf-8")
        os.replace(beside, self.folder / FILE)

    def remove(self) -> None:
        """The run is over."""
        if self.folder is not None:
            (self.folder / FILE).unlink(missing_ok=True)


def newest(folder: Path) -> Path | None:
    """The table written last in a folder of results, or in those next to it."""
    if (folder / FILE).is_file():
        return folder / FILE
    found = [*folder.glob(f"*/{FILE}"), *folder.with_name(folder.name + ".partial").glob(FILE)]
    return max(found, key=lambda path: path.stat().st_mtime, default=None)


def read(path: Path) -> dict[str, Any]:
    """What a run has written of its nodes.

    Raises:
        ValueError: when it is no such table
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        [Row(**row) for row in found["nodes"]]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path}: no table of nodes; delete it") from error
    return dict(found)


def printed(title: str, rows: Iterable[Mapping[str, Any]], columns: Iterable[str]) -> Any:
    """Rows as a table for the terminal."""
    from rich import box
    from rich.table import Table as Printed

    shown = Printed(title=title, box=box.SIMPLE_HEAD, pad_edge=False, title_justify="left")
    names = list(columns)
    for name in names:
        shown.add_column(name, justify="right" if name in ("plane", "units", "power/W") else "left")
    for row in rows:
        shown.add_row(*(str(row.get(name, "")) for name in names))
    return shown
