"""The whole run: what it leaves on disk, when it resumes, and what it refuses."""

import json
import threading
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
import xarray

from dawndusk import loop, results
from dawndusk.run import run
from dawndusk.scenario import Scenario, load

SETTINGS = (
    "time.duration=2 h",
    "workload.rate=0.3 Hz",
    'workload.jobs=[{name="training", kind="training", work="5 EFLOP"}]',
)


def small(*overrides: str) -> Scenario:
    return load("starcloud-1", [*SETTINGS, *overrides])


def half(folder: Path, scenario: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a scenario until an error that nobody foresees, after some checkpoints."""

    class UnforeseenError(Exception):
        pass

    def crash(share: float, stage: str) -> None:
        if share > 0.5:
            raise UnforeseenError

    with monkeypatch.context() as patch:
        patch.setattr(loop, "CHECKPOINT", 0.0)
        with pytest.raises(UnforeseenError):
            run(scenario, folder, report=False, progress=crash)
    assert (results.partial_folder(folder) / results.CHECKPOINT).is_file()


def first_share(folder: Path, scenario: Scenario, **given: Any) -> float:
    """Run to the end; how far the first decision's progress was."""
    shares: list[float] = []
    done = run(
        scenario,
        folder,
        report=False,
        progress=lambda share, stage: shares.append(share),
        **given,
    )
    assert done.complete
    return next(share for share in shares if share > 0.0)


def test_it_leaves_a_whole_folder(tmp_path: Path) -> None:
    folder = tmp_path / "results" / "mine"
    done = run(small("record.requests=true"), folder)
    assert done.complete
    assert {path.name for path in folder.iterdir()} == {
        "scenario.toml",
        "summary.json",
        "timeseries.nc",
        "events.parquet",
        "jobs.parquet",
        "requests.parquet",
        "links.parquet",
        "paths.parquet",
        "transfers.parquet",
        "fleet.parquet",
        "survival.parquet",
        "days.parquet",
        "dose_map.parquet",
        "upsets.parquet",
        "placement.json",
        "report.html",
        "run.json",
    }
    assert [path.name for path in folder.parent.iterdir()] == ["mine"]
    assert results.read(folder).summary == done.summary
    assert json.loads((folder / "summary.json").read_text())["name"] == "starcloud-1"


def test_summary_tables_and_series_tell_the_same(tmp_path: Path) -> None:
    summary = run(small("record.requests=true"), tmp_path / "mine", report=False).summary
    requests = pyarrow.parquet.read_table(tmp_path / "mine" / "requests.parquet").to_pydict()
    service = summary["service"]
    assert len(requests["status"]) == service["offered"]
    for status in ("served", "dropped", "failed"):
        assert requests["status"].count(status) == service[status]
    jobs = pyarrow.parquet.read_table(tmp_path / "mine" / "jobs.parquet").to_pydict()
    assert jobs["status"].count("finished") == summary["jobs"]["finished"]
    with xarray.open_dataset(tmp_path / "mine" / "timeseries.nc", engine="h5netcdf") as series:
        lengths = series["time"].diff("time", label="upper").values
        assert lengths == pytest.approx(300.0)
        for name, path in (("generated_W", "generated_J"), ("consumed_W", "consumed_J")):
            integral = 300.0 * float(series[name].sum())
            assert integral == pytest.approx(summary["energy"][path], rel=1e-12)
        integral = 300.0 * float(series["ground_consumed_W"].sum())
        assert integral == pytest.approx(summary["ground"]["energy"]["consumed_J"], rel=1e-12)


def test_the_ground_twin_is_asked_the_same(tmp_path: Path) -> None:
    summary = run(small(), tmp_path / "mine", report=False).summary
    for path in (("service", "offered"), ("jobs", "submitted")):
        ground = summary["ground"][path[0]][path[1]]
        assert summary[path[0]][path[1]] == ground > 0
    assert summary["compute"]["peak_FLOPS"] == summary["ground"]["compute"]["peak_FLOPS"]


def test_run_json_names_versions_and_warnings(tmp_path: Path) -> None:
    described = run(small("time.seed=7"), tmp_path / "mine", report=False).run
    assert described["complete"] is True
    assert described["seed"] == 7
    assert described["packages"].keys() >= {"numpy", "numba", "sgp4"}
    assert described["durations"]["wall_s"] > 0.0
    assert described["command"].startswith("dawndusk")
    assert any("way to a satellite" in warning for warning in described["warnings"])
    assert not any("interrupted" in warning for warning in described["warnings"])


def test_the_resolved_scenario_runs_to_the_same_summary(tmp_path: Path) -> None:
    """Every default is written out: the file alone repeats the run."""
    first = run(small(), tmp_path / "one", report=False).summary
    again = run(load(tmp_path / "one" / "scenario.toml"), tmp_path / "two", report=False).summary
    for summary in (first, again):
        del summary["performance"]
    assert json.dumps(first) == json.dumps(again)


def test_a_new_result_replaces_the_old_one(tmp_path: Path) -> None:
    old = run(small(), tmp_path / "mine", report=False)
    (tmp_path / "mine" / "left-over.txt").write_text("old")
    new = run(small("workload.rate=0.1 Hz"), tmp_path / "mine", report=False)
    assert new.summary["service"]["offered"] < old.summary["service"]["offered"]
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    assert not (tmp_path / "mine" / "left-over.txt").exists()


# going on


def test_a_crashed_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    half(tmp_path / "mine", small(), monkeypatch)
    assert first_share(tmp_path / "mine", small()) > 0.3
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_run_killed_on_a_cluster_leaves_no_nodes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    half(tmp_path / "mine", small(), monkeypatch)
    partial = results.partial_folder(tmp_path / "mine")
    for name in ("nodes.json", "nodes.json.new"):
        (partial / name).write_text("{}", encoding="utf-8")
    assert first_share(tmp_path / "mine", small()) > 0.3
    assert not list((tmp_path / "mine").glob("nodes*"))


def test_fresh_starts_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    half(tmp_path / "mine", small(), monkeypatch)
    assert first_share(tmp_path / "mine", small(), fresh=True) < 0.1


def test_another_scenario_does_not_go_on_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    half(tmp_path / "mine", small(), monkeypatch)
    assert first_share(tmp_path / "mine", small("time.seed=2")) < 0.1


def test_another_input_file_does_not_go_on_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = tmp_path / "trace.csv"
    head = "TIMESTAMP,ContextTokens,GeneratedTokens\n"
    rows = [f"2023-11-16 18:{minute:02d}:00,100,100\n" for minute in range(50)]
    trace.write_text(head + "".join(rows))
    scenario = small(f"workload.trace={trace}")
    half(tmp_path / "mine", scenario, monkeypatch)
    trace.write_text(head + "".join(rows[::2]))
    assert first_share(tmp_path / "mine", scenario) < 0.1


@pytest.mark.parametrize("length", [0, 1, 100, 5000, -1])
def test_a_damaged_checkpoint_starts_over(
    length: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    half(tmp_path / "mine", small(), monkeypatch)
    path = results.partial_folder(tmp_path / "mine") / results.CHECKPOINT
    path.write_bytes(path.read_bytes()[:length])
    assert first_share(tmp_path / "mine", small()) < 0.1


def test_a_checkpoint_of_another_version_starts_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    half(tmp_path / "mine", small(), monkeypatch)
    monkeypatch.setattr("dawndusk.run.metadata.version", lambda name: "0.0.1")
    assert first_share(tmp_path / "mine", small()) < 0.1


# refusing


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("satellite.array.area=0.001 m²", "array"),
        ("satellite.thermal.radiator_area=0.001 m²", "radiator"),
        ("satellite.dry_mass=900 t", "launcher"),
        ("placement.policy=nowhere:policy", "placement.policy"),
        ("fleet.lead_time=6 yr", "fleet.lead_time"),
        ("time.start=2095-06-01T00:00:00Z", "fleet.moments"),
    ],
)
def test_what_cannot_work_leaves_nothing(override: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message) as refused:
        run(small(override), tmp_path / "mine")
    assert "\n" not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_it_runs_outside_the_main_thread(tmp_path: Path) -> None:
    """Where no signal can be caught, as in a server."""
    done: list[results.Results] = []
    thread = threading.Thread(
        target=lambda: done.append(run(small(), tmp_path / "mine", report=False))
    )
    thread.start()
    thread.join()
    assert done[0].complete


def test_terminals_that_the_bus_cannot_feed_are_told(tmp_path: Path) -> None:
    """One radio of 30 W and 2 kg on Starcloud-1's bus, which has more unless told otherwise."""
    fed = run(small(), tmp_path / "fed", report=False).run["warnings"]
    assert not any("terminals alone" in warning for warning in fed)
    starved = small("satellite.bus.load=20 W", "satellite.bus.other_mass=1 kg")
    told = run(starved, tmp_path / "not", report=False).run["warnings"]
    assert sum("terminals alone" in line for line in told) == 2
    assert any("draw 30 W of satellite.bus.load = 20 W" in line for line in told)


def test_a_storm_is_in_folder_summary_and_warnings(tmp_path: Path) -> None:
    """Eight hours of the event over a satellite that crosses the polar caps."""
    scenario = load(
        "suncatcher",
        [
            *SETTINGS,
            "workload.model=llama-3-8b",
            "time.duration=8 h",
            "fleet.enabled=false",
            "network.enabled=false",
            "satellite.compute.count=4",
            'constellation={kind="sun_synchronous", altitude="650 km", local_time="18:00", '
            "satellites=2}",
            "radiation.storm.start=2027-06-21T00:00:00Z",
        ],
    )
    run(scenario, tmp_path / "run", report=False)
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    rows = pyarrow.parquet.read_table(tmp_path / "run" / "upsets.parquet")
    told = summary["faults"]["storm_upsets"]
    assert told == sum(rows["solar"].to_pylist()) > 30
    assert summary["environment"]["storm_dose_rad"] == pytest.approx(236.0, rel=0.05)
    assert summary["environment"]["storm_share_simulated"] == pytest.approx(0.808, abs=0.001)
    assert "storm_upsets" not in summary["ground"]["faults"]
    warnings = json.loads((tmp_path / "run" / "run.json").read_text())["warnings"]
    assert any(line.startswith("only 80.8% of the solar event's") for line in warnings)
