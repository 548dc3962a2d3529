"""Reads a results folder; whatever is missing becomes empty, never an exception."""

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dawndusk.report.assumptions import Assumption, assumptions
from dawndusk.report.key_figures import dig

if TYPE_CHECKING:
    import pyarrow as pa
    import xarray as xr


REQUEST_COLUMNS = ("arrival_s", "first_token_s", "finish_s", "status")
"""All that the report needs of what may be many millions of rows."""
UPSET_COLUMNS = ("kind", "latitude_deg", "longitude_deg", "in_anomaly")


@dataclass(frozen=True)
class Folder:
    """One run as its results folder tells it."""

    path: Path
    name: str
    summary: Mapping[str, Any]
    run: Mapping[str, Any]
    scenario: Mapping[str, Any]
    """Values of scenario.toml without their provenance."""
    scenario_text: str
    assumptions: tuple[Assumption, ...]
    series: "xr.Dataset"
    """Empty where the run left no series."""
    events: "pa.Table | None"
    requests: "pa.Table | None"
    jobs: "pa.Table | None"
    missing: tuple[str, ...]
    """Files that a complete folder would have."""
    links: "pa.Table | None" = None
    """Links at one sampled moment, with their use over the run."""
    paths: "pa.Table | None" = None
    transfers: "pa.Table | None" = None
    placement: Sequence[Mapping[str, Any]] = ()
    """Workloads × options: where each should run."""
    policies: Sequence[Mapping[str, Any]] = ()
    """Policies on the same scenario and seed."""
    fleet: "pa.Table | None" = None
    """The fleet month by month."""
    survival: "pa.Table | None" = None
    """One cohort without replacement, by age."""
    days: "pa.Table | None" = None
    """Days run on the fleet as it is over the years."""
    dose_map: "pa.Table | None" = None
    """Dose and upsets by place at the fleet's height."""
    upsets: "pa.Table | None" = None
    """What particles did to the electronics, and where."""
    training: "pa.Table | None" = None
    """What happened in training that really ran."""
    answers: "pa.Table | None" = None
    """Requests that a real model answered."""

    @property
    def end(self) -> float:
        """Last recorded time since the scenario's start [s], 0 without series."""
        return float(self.series["time"][-1]) if self.series.sizes.get("time") else 0.0

    def get(self, dotted: str, default: Any = None) -> Any:
        """A value of summary.json by dotted path."""
        return dig(self.summary, dotted, default)


def read(path: str | Path) -> Folder:
    """Read a results folder.

    Args:
        path: the folder that a run wrote [object]
    Returns:
        its content, empty parts where a file is absent [object]
    Raises:
        ValueError: when the folder does not exist or has no summary.json
    """
    folder = Path(path)
    if not (folder / "summary.json").is_file():
        what = "has no summary.json" if folder.is_dir() else "does not exist"
        raise ValueError(
            f"results folder {str(path)!r} {what}; give a folder that `dawndusk run` wrote"
        )
    expected = ("run.json", "scenario.toml", "timeseries.nc", "events.parquet")
    text = _text(folder / "scenario.toml")
    scenario = unwrapped(tomllib.loads(text))
    summary = json.loads(_text(folder / "summary.json"))
    run = json.loads(_text(folder / "run.json") or "{}")
    name = scenario.get("name") or summary.get("name") or folder.resolve().name
    return Folder(
        path=folder,
        name=str(name),
        summary=summary,
        run=run,
        scenario=scenario,
        scenario_text=text,
        assumptions=assumptions(text, run.get("assumptions") or ()),
        series=_series(folder / "timeseries.nc"),
        events=_table(folder / "events.parquet"),
        requests=_table(folder / "requests.parquet", REQUEST_COLUMNS),
        jobs=_table(folder / "jobs.parquet"),
        missing=tuple(name for name in expected if not (folder / name).is_file()),
        links=_table(folder / "links.parquet"),
        paths=_table(folder / "paths.parquet"),
        transfers=_table(folder / "transfers.parquet"),
        placement=json.loads(_text(folder / "placement.json") or "[]"),
        policies=json.loads(_text(folder / "policies.json") or "[]"),
        fleet=_table(folder / "fleet.parquet"),
        survival=_table(folder / "survival.parquet"),
        days=_table(folder / "days.parquet"),
        dose_map=_table(folder / "dose_map.parquet"),
        upsets=_table(folder / "upsets.parquet", UPSET_COLUMNS),
        training=_table(folder / "training.parquet"),
        answers=_table(folder / "answers.parquet"),
    )


def unwrapped(node: Any) -> Any:
    """The same tables with every `{value = …, source = …}` replaced by its value."""
    if isinstance(node, Mapping):
        if "value" in node:
            return node["value"]
        return {key: unwrapped(item) for key, item in node.items()}
    return [unwrapped(item) for item in node] if isinstance(node, list) else node


def _text(path: Path) -> str:
    return path.read_text(encoding="utf8") if path.is_file() else ""


def _table(path: Path, columns: Sequence[str] | None = None) -> "pa.Table | None":
    import pyarrow.parquet as pq

    if not path.is_file():
        return None
    there = pq.read_schema(path).names
    return pq.read_table(path, columns=[name for name in there if name in (columns or there)])


def _series(path: Path) -> "xr.Dataset":
    import xarray as xr

    if not path.is_file():
        return xr.Dataset()
    with xr.open_dataset(path, engine="h5netcdf", decode_times=False) as dataset:
        return dataset.load()
