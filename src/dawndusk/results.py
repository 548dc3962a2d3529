"""The results folder: the only door to report, dashboard and other tools.

A run works in `<folder>.partial`, which also keeps its checkpoint, and is renamed into
place when it is complete; an interrupted run leaves a readable partial folder behind.
"""

import csv
import hashlib
import json
import os
import pickle
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

CHECKPOINT = "checkpoint.pickle"


@dataclass(frozen=True)
class Variable:
    """One row of the nomenclature."""

    name: str
    dimensions: tuple[str, ...]
    unit: str
    stage: str
    description: str


@cache
def nomenclature() -> dict[str, Variable]:
    """The table of names that results may carry, by name."""
    table = (Path(__file__).parent / "variables.csv").open(encoding="utf-8", newline="")
    with table:
        return {
            row["name"]: Variable(
                row["name"],
                tuple(row["dimensions"].split()),
                row["unit"],
                row["stage"],
                row["description"],
            )
            for row in csv.DictReader(table)
        }


@dataclass(frozen=True)
class Results:
    """A finished or interrupted run on disk."""

    folder: Path
    summary: dict[str, Any]
    run: dict[str, Any]

    @property
    def report(self) -> Path:
        """Path of the HTML report (absent when it was not asked for)."""
        return self.folder / "report.html"

    @property
    def complete(self) -> bool:
        """Whether the run reached its end."""
        return bool(self.run["complete"])


def partial_folder(folder: Path) -> Path:
    """Where a run that will end in `folder` works."""
    return folder.with_name(folder.name + ".partial")


def _replace(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    beside = path.with_name(path.name + ".new")
    beside.write_bytes(content)
    os.replace(beside, path)


def save_checkpoint(folder: Path, fingerprint: str, state: Any) -> None:
    """Keep what a killed run needs to go on; `fingerprint` says for which scenario."""
    folder.mkdir(parents=True, exist_ok=True)
    content = pickle.dumps(state, protocol=5)
    _replace(folder / CHECKPOINT, _mark(fingerprint, content) + content)


def load_checkpoint(folder: Path, fingerprint: str) -> Any | None:
    """State of an earlier, unfinished run of the same scenario and version, or None."""
    try:
        stored = (folder / CHECKPOINT).read_bytes()
    except OSError:
        return None
    mark, content = stored[:32], stored[32:]
    if _mark(fingerprint, content) != mark:
        return None
    try:
        return pickle.loads(content)
    except Exception:  # a class of the user's own job may be gone
        return None


def _mark(fingerprint: str, content: bytes) -> bytes:
    """Tells a whole state of this scenario and version from any other, before it is unpacked."""
    return hashlib.sha256(fingerprint.encode() + content).digest()


def write_timeseries(
    path: Path, arrays: Mapping[str, np.ndarray], coordinates: Mapping[str, Any]
) -> None:
    """Write labelled arrays as NetCDF; every name must stand in the nomenclature.

    Raises:
        KeyError: when a name is not in variables.csv
        ValueError: when an array does not have the dimensions the nomenclature gives it
    """
    import xarray

    table = nomenclature()
    variables = {}
    for name, values in arrays.items():
        row = table[name]
        if values.ndim != len(row.dimensions):
            raise ValueError(
                f"{name}: {values.ndim} dimensions, variables.csv has {row.dimensions}"
            )
        attributes = {"units": row.unit, "long_name": row.description, "stage": row.stage}
        variables[name] = (row.dimensions, values, attributes)
    dataset = xarray.Dataset(
        variables,
        coords={
            name: (name, values, {"units": table[name].unit, "long_name": table[name].description})
            for name, values in coordinates.items()
        },
    )
    compression = {
        name: {"zlib": True, "complevel": 1, "shuffle": True}
        for name, variable in dataset.data_vars.items()
        if variable.dtype.kind == "f" and variable.size > 1000
    }
    beside = path.with_name(path.name + ".new")
    dataset.to_netcdf(beside, engine="h5netcdf", encoding=compression)
    os.replace(beside, path)


def write_table(path: Path, columns: Mapping[str, Any]) -> None:
    """Write an event or request table as Parquet."""
    import pyarrow
    import pyarrow.parquet

    beside = path.with_name(path.name + ".new")
    pyarrow.parquet.write_table(pyarrow.table(dict(columns)), beside, compression="zstd")
    os.replace(beside, path)


def write_json(path: Path, content: Mapping[str, Any] | Sequence[Any]) -> None:
    """Write a summary or run description, keys in the given order."""
    text = json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False)
    _replace(path, (text + "\n").encode())


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all."""
    _replace(path, text.encode())


def publish(partial: Path, folder: Path) -> None:
    """Rename a completed partial folder into place, replacing an earlier result."""
    (partial / CHECKPOINT).unlink(missing_ok=True)
    for torn in partial.glob("*.new"):  # written when an earlier run was killed
        torn.unlink()
    old = folder.with_name(folder.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        os.replace(folder, old)
    os.replace(partial, folder)
    shutil.rmtree(old, ignore_errors=True)


def read(folder: Path) -> Results:
    """Open a results folder.

    Raises:
        FileNotFoundError: when the folder or its summary is missing
    """
    if not (folder / "summary.json").is_file():
        raise FileNotFoundError(
            f"{folder}: no summary.json there; give a results folder written by `dawndusk run`"
        )
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    described = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    return Results(folder, summary, described)
