"""The results folder: whole files or none, names from one table, folders in place or partial."""

import json
import os
import pickle

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
import xarray
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dawndusk import results
from dawndusk.results import CHECKPOINT, nomenclature

TIME = np.arange(300.0, 1500.0, 300.0)


def coordinates(time=TIME):
    return {"time": time, "quantile": np.array([0.0, 0.5, 1.0]), "satellite": ["a", "b"]}


def arrays(rows=4):
    random = np.random.default_rng(1)
    return {
        "generated_W": random.random(rows),
        "charge_fraction": random.random((rows, 3)),
        "sat_latitude_deg": random.random((rows, 2)),
    }


def files(folder):
    return sorted(path.name for path in folder.iterdir())


class CrashError(Exception):
    pass


# The table of names


def test_every_name_has_unit_and_description() -> None:
    for name, row in nomenclature().items():
        assert row.name == name
        assert row.unit or name in ("satellite", "region"), name
        assert len(row.description) > 15, name
        assert row.description[0].isupper(), name
        assert not row.description.endswith("."), name
        assert row.stage, name
        assert row.dimensions, name
        assert set(row.dimensions) <= {"time", "quantile", "satellite", "region", "level"}
        assert row.dimensions[0] in ("time", "region") or row.dimensions == (name,)


def test_a_unit_in_a_name_is_the_unit_of_its_row() -> None:
    suffixes = {
        "W": "W",
        "K": "K",
        "J": "J",
        "m": "m",
        "Hz": "Hz",
        "FLOPS": "FLOP/s",
        "deg": "degree",
        "s": "s",
    }
    for name, row in nomenclature().items():
        if name not in ("time", "satellite", "region") and not name.endswith("bit_s"):
            assert row.unit == suffixes.get(name.rpartition("_")[2], "1"), name


def test_names_are_unique() -> None:
    lines = (results.Path(results.__file__).parent / "variables.csv").read_text().splitlines()
    names = [line.split(",")[0] for line in lines[1:]]
    assert sorted(names) == sorted(nomenclature())


# Series


@pytest.mark.parametrize("rows", [1, 4, 700])
def test_series_come_back_as_they_were_written(rows: int, tmp_path) -> None:
    """700 rows are compressed."""
    written, time = arrays(rows), 300.0 * np.arange(rows)
    results.write_timeseries(tmp_path / "t.nc", written, coordinates(time))
    assert files(tmp_path) == ["t.nc"]
    with xarray.open_dataset(tmp_path / "t.nc", engine="h5netcdf", decode_timedelta=False) as read:
        assert set(read.data_vars) == set(written)
        for name, values in written.items():
            row = nomenclature()[name]
            assert read[name].dims == row.dimensions
            assert read[name].values.tobytes() == values.tobytes()
            assert read[name].attrs["units"] == row.unit
            assert read[name].attrs["long_name"] == row.description
        assert (read["time"].values == time).all()
        assert read["satellite"].values.tolist() == ["a", "b"]
        assert read["time"].attrs["units"] == "s"


def test_nothing_sampled_is_written_too(tmp_path) -> None:
    none = {"time": TIME, "quantile": np.array([0.0, 0.5, 1.0]), "satellite": []}
    values = {"sat_latitude_deg": np.zeros((4, 0)), "generated_W": np.zeros(4)}
    results.write_timeseries(tmp_path / "t.nc", values, none)
    with xarray.open_dataset(tmp_path / "t.nc", engine="h5netcdf", decode_timedelta=False) as read:
        assert read["sat_latitude_deg"].shape == (4, 0)


def test_a_name_outside_the_table_is_refused(tmp_path) -> None:
    with pytest.raises(KeyError, match="generated_kW"):
        results.write_timeseries(tmp_path / "t.nc", {"generated_kW": TIME}, coordinates())
    with pytest.raises(KeyError, match="city"):
        results.write_timeseries(tmp_path / "t.nc", arrays(), coordinates() | {"city": ["x"]})
    assert files(tmp_path) == []


@pytest.mark.parametrize("shape", [(), (4, 1), (4, 3, 1)])
def test_wrong_dimensions_are_refused(shape, tmp_path) -> None:
    with pytest.raises(ValueError, match=r"generated_W: . dimensions, variables.csv has"):
        results.write_timeseries(tmp_path / "t.nc", {"generated_W": np.zeros(shape)}, coordinates())
    assert files(tmp_path) == []


@pytest.mark.parametrize("shape", [(3,), (5,)])
def test_a_series_of_another_length_than_the_time_is_refused(shape, tmp_path) -> None:
    with pytest.raises(ValueError, match="time"):
        results.write_timeseries(tmp_path / "t.nc", {"generated_W": np.zeros(shape)}, coordinates())
    assert files(tmp_path) == []


# Tables and texts


def test_tables_come_back_as_they_were_written(tmp_path) -> None:
    columns = {"time_s": np.array([1.5, 2.5]), "kind": ["fault", "restart"], "job": ["", "train-1"]}
    results.write_table(tmp_path / "events.parquet", columns)
    read = pyarrow.parquet.read_table(tmp_path / "events.parquet").to_pydict()
    assert read == {"time_s": [1.5, 2.5], "kind": ["fault", "restart"], "job": ["", "train-1"]}
    results.write_table(tmp_path / "none.parquet", {"time_s": np.zeros(0), "kind": []})
    assert pyarrow.parquet.read_table(tmp_path / "none.parquet").num_rows == 0
    assert files(tmp_path) == ["events.parquet", "none.parquet"]


def test_json_keeps_order_and_refuses_what_json_cannot_say(tmp_path) -> None:
    path = tmp_path / "summary.json"
    results.write_json(path, {"zeta": 1.0, "alpha": {"unit": "W/m²"}})
    assert list(json.loads(path.read_text(encoding="utf-8"))) == ["zeta", "alpha"]
    assert "W/m²" in path.read_text(encoding="utf-8")
    before = path.read_bytes()
    with pytest.raises(ValueError, match="not JSON compliant"):
        results.write_json(path, {"share": float("nan")})
    assert path.read_bytes() == before
    assert files(tmp_path) == ["summary.json"]


# Whole or not at all


def write_series(path):
    results.write_timeseries(path, arrays(), coordinates())


def write_events(path):
    results.write_table(path, {"time_s": TIME})


def write_summary(path):
    results.write_json(path, {"a": 1.0})


def write_scenario(path):
    results.write_text(path, 'name = "a"\n')


def keep_state(path):
    results.save_checkpoint(path.parent, "f", TIME)


@pytest.mark.parametrize(
    ("write", "name"),
    [
        (write_series, "timeseries.nc"),
        (write_events, "events.parquet"),
        (write_summary, "summary.json"),
        (write_scenario, "scenario.toml"),
        (keep_state, CHECKPOINT),
    ],
)
def test_a_writer_that_dies_half_way_leaves_the_old_file(
    write, name, tmp_path, monkeypatch
) -> None:
    """Whatever writes the bytes, it first writes some of them, then the power goes."""
    path = tmp_path / name
    path.write_bytes(b"old")

    def dies(target, *rest, **options):
        with open(target, "wb") as half:
            half.write(b"half")
        raise CrashError

    with monkeypatch.context() as patched:
        patched.setattr(results.Path, "write_bytes", dies)
        patched.setattr(xarray.Dataset, "to_netcdf", lambda self, where, **o: dies(where))
        patched.setattr(pyarrow.parquet, "write_table", lambda table, where, **o: dies(where))
        with pytest.raises(CrashError):
            write(path)
    assert path.read_bytes() == b"old"
    write(path)
    assert path.read_bytes() not in (b"old", b"half")
    assert files(tmp_path) == [name]


# Checkpoints


class Loud:
    """Tells when it is unpacked."""

    unpacked = 0

    def __setstate__(self, state) -> None:
        Loud.unpacked += 1


def test_a_checkpoint_of_another_scenario_is_not_even_unpacked(tmp_path) -> None:
    """A real job's workers start as its state is unpacked."""
    loud = Loud()
    loud.kept = 1
    results.save_checkpoint(tmp_path, "f", loud)
    assert results.load_checkpoint(tmp_path, "other") is None
    assert Loud.unpacked == 0
    assert results.load_checkpoint(tmp_path, "f") is not None
    assert Loud.unpacked == 1


def test_a_checkpoint_comes_back_for_the_same_scenario_only(tmp_path) -> None:
    folder = tmp_path / "deep" / "run.partial"
    assert results.load_checkpoint(folder, "f") is None
    results.save_checkpoint(folder, "f", {"step": 7, "energy": TIME})
    kept = results.load_checkpoint(folder, "f")
    assert kept["step"] == 7
    assert (kept["energy"] == TIME).all()
    assert results.load_checkpoint(folder, "other") is None
    results.save_checkpoint(folder, "f", {"step": 8})
    assert results.load_checkpoint(folder, "f") == {"step": 8}
    assert files(folder) == [CHECKPOINT]


def test_a_damaged_checkpoint_is_ignored(tmp_path) -> None:
    """Cut short anywhere, or with any one byte wrong, be it in the energy of a battery."""
    results.save_checkpoint(tmp_path, "f", {"step": 7, "energy": TIME})
    whole = (tmp_path / CHECKPOINT).read_bytes()
    for place in range(len(whole)):
        wrong = bytearray(whole)
        wrong[place] ^= 1
        for content in (whole[:place], wrong):
            (tmp_path / CHECKPOINT).write_bytes(content)
            assert results.load_checkpoint(tmp_path, "f") is None


@pytest.mark.parametrize("content", [None, 3, ("f",), ("f", 1, 2)])
def test_a_pickle_that_is_no_checkpoint_is_ignored(content, tmp_path) -> None:
    (tmp_path / CHECKPOINT).write_bytes(pickle.dumps(content))
    assert results.load_checkpoint(tmp_path, "f") is None


@settings(max_examples=50)
@given(st.binary(max_size=200))
@example(b"\x8d\x00\x00\x00\x00\x00\x00\x00\x80")
def test_a_file_of_any_other_content_is_ignored(tmp_path_factory, content: bytes) -> None:
    folder = tmp_path_factory.getbasetemp()
    (folder / CHECKPOINT).write_bytes(content)
    assert results.load_checkpoint(folder, "f") is None


# Folders


def finished(folder, content="new"):
    folder.mkdir(parents=True)
    results.write_json(folder / "summary.json", {"content": content})
    results.write_json(folder / "run.json", {"complete": True})
    results.save_checkpoint(folder, "f", 1)
    return folder


def test_publish_puts_a_finished_run_in_place(tmp_path) -> None:
    folder = tmp_path / "suncatcher"
    partial = finished(results.partial_folder(folder))
    assert partial.name == "suncatcher.partial"
    results.publish(partial, folder)
    assert files(tmp_path) == ["suncatcher"]
    assert files(folder) == ["run.json", "summary.json"]


def test_publish_replaces_an_earlier_result_whole(tmp_path) -> None:
    folder = tmp_path / "suncatcher"
    finished(folder, "old")
    (folder / "stale.txt").write_text("from the earlier run")
    results.publish(finished(results.partial_folder(folder)), folder)
    assert files(tmp_path) == ["suncatcher"]
    assert files(folder) == ["run.json", "summary.json"]
    assert results.read(folder).summary == {"content": "new"}


def test_publish_clears_what_a_crash_has_left(tmp_path) -> None:
    """Killed between two renames, then run again by a version that put its result in place."""
    folder = tmp_path / "suncatcher"
    for name in ("suncatcher.old", "suncatcher"):
        finished(tmp_path / name, "old")
    results.publish(finished(results.partial_folder(folder)), folder)
    assert files(tmp_path) == ["suncatcher"]
    assert results.read(folder).summary == {"content": "new"}


def test_an_earlier_result_survives_a_publication_that_fails(tmp_path, monkeypatch) -> None:
    folder = tmp_path / "suncatcher"
    finished(folder, "old")
    partial = finished(results.partial_folder(folder))
    replace = os.replace

    def dies(source, target):
        if source == partial:
            raise CrashError
        replace(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", dies)
        with pytest.raises(CrashError):
            results.publish(partial, folder)
    kept = folder if folder.exists() else tmp_path / "suncatcher.old"
    assert results.read(kept).summary == {"content": "old"}
    results.publish(partial, folder)
    assert results.read(folder).summary == {"content": "new"}
    assert files(tmp_path) == ["suncatcher"]


def test_read_opens_finished_and_interrupted_runs(tmp_path) -> None:
    found = results.read(finished(tmp_path / "a"))
    assert found.complete
    assert found.summary == {"content": "new"}
    assert found.report == tmp_path / "a" / "report.html"
    results.write_json(tmp_path / "a" / "run.json", {"complete": False})
    assert not results.read(tmp_path / "a").complete


def test_read_says_what_is_missing(tmp_path) -> None:
    for folder in (tmp_path / "absent", tmp_path):
        with pytest.raises(FileNotFoundError) as fault:
            results.read(folder)
        assert str(fault.value) == (
            f"{folder}: no summary.json there; give a results folder written by `dawndusk run`"
        )
