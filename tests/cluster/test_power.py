"""Power by counters of the machine: known files, a counter that wraps, nothing to measure."""

import time
from pathlib import Path

import pytest

from dawndusk.cluster.power import Meter

RANGE = 262_143_328_850


def counters(folder: Path, **energy: int) -> Path:
    """RAPL's files: packages, and a part of one that must not count twice."""
    for name, value in energy.items():
        place = folder / name.replace("_", ":")
        place.mkdir(exist_ok=True)
        (place / "energy_uj").write_text(f"{value}\n", encoding="ascii")
        (place / "max_energy_range_uj").write_text(f"{RANGE}\n", encoding="ascii")
    return folder


def meter(folder: Path) -> Meter:
    return Meter(folder, "no-such-library.so")


def test_power_is_energy_over_time_of_all_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    names = {"intel-rapl_0": 5_000_000, "intel-rapl_1": 1_000, "intel-rapl_0_0": 0}
    one = meter(counters(tmp_path, **names))
    assert one.sources == ["RAPL of 2 processor packages"]
    now[0] += 2.0
    counters(tmp_path, **{"intel-rapl_0": 105_000_000, "intel-rapl_1": 20_001_000})
    assert one.measure() == pytest.approx((100.0 + 20.0) / 2.0)
    now[0] += 4.0
    assert one.measure() == 0.0


def test_a_counter_that_starts_over_has_gone_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    one = meter(counters(tmp_path, **{"intel-rapl_0": RANGE - 3_000_000}))
    now[0] = 1.0
    counters(tmp_path, **{"intel-rapl_0": 4_000_000})
    assert one.measure() == pytest.approx(7.0)


def test_a_counter_that_may_not_be_read_any_more_is_left_out(tmp_path: Path) -> None:
    one = meter(counters(tmp_path, **{"intel-rapl_0": 1}))
    (tmp_path / "intel-rapl:0" / "energy_uj").unlink()
    assert one.measure() is None
    assert one.sources == []


def test_where_nothing_measures_there_is_no_power(tmp_path: Path) -> None:
    assert meter(tmp_path).measure() is None
    assert meter(tmp_path / "absent").sources == []
