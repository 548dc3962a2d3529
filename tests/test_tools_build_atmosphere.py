"""The committed table is what its builder makes; pymsis is needed for that alone."""

import runpy
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
BUILDER = runpy.run_path(str(ROOT / "tools" / "build_atmosphere.py"))
TABLE = ROOT / "src" / "dawndusk" / "environment" / "atmosphere.csv"


def test_the_committed_table_has_the_builders_heading_and_grid() -> None:
    assert TABLE.read_text(encoding="utf-8").startswith(BUILDER["HEADING"])
    rows = np.genfromtxt(TABLE, delimiter=",", comments="#")
    assert np.array_equal(rows[1:, 0], BUILDER["ALTITUDES"])
    assert np.array_equal(rows[0, 1:], BUILDER["ACTIVITIES"])


def test_latitudes_are_even_in_time_on_a_polar_orbit() -> None:
    share = np.mean(np.abs(BUILDER["LATITUDES"]) < 45.0)
    assert share == pytest.approx(0.5, abs=0.03)


def test_the_committed_table_is_built_again_byte_for_byte() -> None:
    pytest.importorskip("pymsis", reason="pymsis, which builds the table, is not installed")
    assert BUILDER["table"]() == TABLE.read_text(encoding="utf-8")
