"""The grids of the committed radiation tables, and that the tables are the tool's."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np

ROOT = Path(__file__).parents[1]
TABLES = ROOT / "src" / "dawndusk" / "environment"


def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "build_radiation", ROOT / "tools" / "build_radiation.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_committed_tables_stand_on_the_tools_grids() -> None:
    build = tool()
    with np.load(TABLES / "radiation_field.npz") as field:
        assert np.array_equal(field["latitude_deg"], build.LATITUDE)
        assert np.array_equal(field["longitude_deg"], build.LONGITUDE)
        assert np.array_equal(field["radius_km"], build.RADIUS)
    with np.load(TABLES / "radiation_maps.npz") as maps:
        assert np.array_equal(maps["shell"], build.SHELL)
        assert np.array_equal(maps["proton_mev"], build.PROTON_MEV)
        assert np.array_equal(maps["electron_mev"], build.ELECTRON_MEV)
        assert np.array_equal(maps["start"], np.minimum(build.starts(), maps["end"] - 0.05))
        shape = (2, build.PROTON_MEV.size, build.SHELL.size, build.SHARE.size)
        assert maps["proton"].shape == shape
    with np.load(TABLES / "dose_kernel.npz") as dose:
        assert np.array_equal(dose["depth_mm"], build.DEPTH)
        assert np.array_equal(dose["proton_mev"], build.PROTON_BAND)
        assert dose["proton"].shape == (2, build.DEPTH.size, build.PROTON_BAND.size - 1)
        assert dose["electron"].shape == (2, build.DEPTH.size, build.ELECTRON_BAND.size - 1)


def test_committed_tables_are_small() -> None:
    sizes = [path.stat().st_size for path in TABLES.glob("*.npz")]
    assert len(sizes) == 3
    assert max(sizes) < 2_000_000


def test_maps_keep_logarithms_in_whole_steps() -> None:
    build = tool()
    build.SHELL = np.array([1.5, 2.0])
    found = build.maps(
        lambda energy, shell, ratio: 99.0 / energy + 0.0 * shell * ratio,
        np.array([1.0, 11.0]),
        np.zeros(2),
        np.ones(2),
    )
    assert found.shape == (2, 2, build.SHARE.size)
    assert np.all(found[0] == 4000)
    assert np.all(found[1] == 2000)


def test_open_lines_are_filled() -> None:
    ratio = np.array([[2.0, -1e90]]).reshape(1, 2, 1)
    shell = np.array([[2.0, -1e31]]).reshape(1, 2, 1)
    inverse, strength = tool().closed(ratio, shell)
    assert inverse.ravel().tolist() == [0.5, 0.0]
    assert strength.ravel().tolist() == [np.log(0.25)] * 2
