"""Designs side by side."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from dawndusk.report import compare, numbers
from dawndusk.report.folder import read
from dawndusk.report.key_figures import by_label


def test_table_numbers_and_the_best(full: Path, starved: Path) -> None:
    console = Console(file=io.StringIO(), width=120)
    console.print(compare.table([full, starved]))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    (line,) = [line for line in text.splitlines() if "Cost per PFLOP-day" in line]
    summaries = [json.loads((f / "summary.json").read_text()) for f in (full, starved)]
    for summary in summaries:
        assert numbers.money(summary["cost"]["usd_per_PFLOP_day"]) in line
    assert line.count("★") == 1
    assert line.index("★") < line.rindex("$")


def test_html_holds_both_names_overlays_and_differences(
    full: Path, starved: Path, tmp_path: Path
) -> None:
    path = compare.html([full, starved], tmp_path / "compare.html")
    text = path.read_text(encoding="utf8")
    assert "small array" in text
    assert "satellite.array.area" in text
    assert "60 m^2" in text
    assert "25 m^2" in text
    assert '"title":"Battery charge"' in text


def test_only_what_differs_is_listed(full: Path, starved: Path) -> None:
    rows = dict(compare.differences([read(full), read(starved)]))
    assert set(rows) == {"satellite.array.area"}


def test_missing_parts_still_compare(full: Path, bare: Path, tmp_path: Path) -> None:
    compare.html([full, bare], tmp_path / "compare.html")
    compare.table([bare, full])


def test_same_names_are_told_apart(full: Path, tmp_path: Path) -> None:
    twin = tmp_path / "twin"
    twin.mkdir()
    for file in full.iterdir():
        (twin / file.name).write_bytes(file.read_bytes())
    text = compare.html([full, twin], tmp_path / "c.html").read_text(encoding="utf8")
    assert "shell (full)" in text
    assert "shell (twin)" in text
    assert "The scenarios are the same" in text


def test_one_folder_is_not_a_comparison(full: Path) -> None:
    with pytest.raises(ValueError, match="at least two"):
        compare.table([full])


def test_best_follows_the_direction_and_ignores_gaps() -> None:
    cost, compute = by_label("Lifetime cost"), by_label("Delivered compute")
    assert compare.best(cost, [3.0, None, 2.0]) == {2}
    assert compare.best(compute, [3.0, None, 2.0]) == {0}
    assert compare.best(cost, [2.0, 2.0]) == set()
    assert compare.best(by_label("Satellites"), [1, 2]) == set()
    assert compare.best(cost, [2.0001e6, 2.0002e6, 3e6]) == {0, 1}


def test_totals_of_runs_of_different_length_have_no_winner(full: Path, bare: Path) -> None:
    assert not compare.same_length([read(full), read(bare)])
    compute, price = by_label("Delivered compute"), by_label("Cost per PFLOP-day")
    assert compare.best(compute, [3.0, 2.0], alike=False) == set()
    assert compare.best(price, [3.0, 2.0], alike=False) == {1}
