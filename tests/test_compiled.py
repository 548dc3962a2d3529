"""Compiled code: where it is cached, and what the two decorators promise."""

import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from dawndusk import compiled
from dawndusk.compiled import kernel, scalar


@scalar
def _ratio(a, b):
    return a / b


@kernel
def _ratios(a, b, out):
    for i in range(out.size):
        out[i] = _ratio(a[i], b[i])


@kernel
def _wait(flag, seen, most):
    """Turns until the flag is set; what it writes may be the flag, so it looks each time."""
    turns = 0
    while flag[0] == 0 and turns < most:
        seen[turns % seen.size] = turns
        turns += 1
    return turns


@pytest.fixture
def package(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "dawndusk"
    (folder / "satellite").mkdir(parents=True)
    for name in ("compiled.py", "step.py", "satellite/battery.py"):
        (folder / name).write_text("x = 1\n")
    monkeypatch.setattr(compiled, "__file__", str(folder / "compiled.py"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


def test_machine_code_is_cached_for_one_state_of_the_sources(package: Path) -> None:
    before = compiled._cache_folder()
    assert before.parent == package.parent / "cache" / "dawndusk"
    assert compiled._cache_folder() == before
    (package / "satellite" / "battery.py").write_text("x = 2.5\n")
    after = compiled._cache_folder()
    assert after != before
    (package / "satellite" / "new.py").write_text("")
    assert compiled._cache_folder() not in (before, after)


def test_machine_code_that_no_run_uses_is_removed_after_a_month(package: Path) -> None:
    now = compiled._used(compiled._cache_folder())
    month_old, recent, foreign = (now.with_name(n) for n in ("kernels-0", "kernels-1", "model"))
    for folder in (month_old, recent, foreign, now):
        folder.mkdir(exist_ok=True)
        age = 86400.0 * (29 if folder is recent else 31)
        os.utime(folder, (time.time() - age,) * 2)
    compiled._used(now)
    assert time.time() - now.stat().st_mtime < 60.0
    assert month_old.exists()
    compiled._used(now.with_name("kernels-2"))
    left = {folder.name for folder in now.parent.iterdir()}
    assert left == {now.name, "kernels-1", "kernels-2", "model"}


def test_a_folder_that_cannot_be_written_is_let_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert compiled._used(tmp_path / "file" / "kernels-0").name == "kernels-0"


def test_an_edit_of_the_same_length_counts(package: Path) -> None:
    before = compiled._cache_folder()
    (package / "step.py").write_text("x = 2\n")
    assert compiled._cache_folder() != before


def test_other_installations_have_other_folders(package: Path, monkeypatch) -> None:
    before = compiled._cache_folder()
    elsewhere = package.with_name("elsewhere")
    package.rename(elsewhere)
    monkeypatch.setattr(compiled, "__file__", str(elsewhere / "compiled.py"))
    assert compiled._cache_folder() != before


def test_without_a_cache_home_the_users_own_is_taken(package: Path, monkeypatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(package.parent))
    assert compiled._cache_folder().parent == package.parent / ".cache" / "dawndusk"


def test_division_by_zero_gives_what_numpy_gives() -> None:
    out = np.empty(3)
    _ratios(np.array([1.0, -1.0, 0.0]), np.zeros(3), out)
    assert out[:2].tolist() == [np.inf, -np.inf]
    assert np.isnan(out[2])


def test_a_kernel_lets_other_threads_run() -> None:
    """It spins until another Python thread ends it: with the lock held nobody could."""
    flag, seen, most = np.zeros(1, np.int64), np.zeros(1000, np.int64), 3_000_000_000
    _wait(np.ones(1, np.int64), seen, most)
    setter = threading.Timer(0.05, flag.__setitem__, (0, 1))
    setter.start()
    turns = _wait(flag, seen, most)
    setter.join()
    assert 0 < turns < most
