"""Upright bars a year."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawndusk.report.columns import Stack, amount, by_year, columns, label


def _heights(text: str) -> list[float]:
    return [float(value) for value in re.findall(r"height:([\d.]+)%", text)]


def test_a_year_is_twelve_months_and_the_last_may_be_shorter() -> None:
    assert by_year(np.arange(25.0)).tolist() == [66.0, 210.0, 24.0]
    assert by_year(np.ones(12)).tolist() == [12.0]
    assert by_year(np.zeros(0)).size == 0


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=400))
def test_nothing_is_lost_between_months_and_years(values: list[float]) -> None:
    months = np.array(values)
    assert by_year(months).sum() == pytest.approx(months.sum())


def test_bars_stack_to_their_sum_on_one_scale() -> None:
    first = Stack("kept", "orbit", np.array([3.0, 0.0, 1.0]))
    second = Stack("lost", "hot", np.array([1.0, 0.0, 4.0]))
    text = columns("Launches", "means", (first, second))
    assert text.count('class="column"') == 3
    assert _heights(text) == [20.0, 60.0, 80.0, 20.0]
    assert 'title="year 1: kept 3.0, lost 1.0"' in text
    assert 'title="year 2: none"' in text
    assert "kept: 4.0" in text


def test_empty_stacks_and_figures_are_left_out() -> None:
    nothing = Stack("<b>", "hot", np.zeros(3))
    assert columns("x", "", (nothing,)) == ""
    assert columns("x", "", ()) == ""
    some = Stack("a & b", "orbit", np.ones(3))
    text = columns("<i>", "", (nothing, some))
    assert "&lt;i&gt;" in text
    assert "a &amp; b" in text
    assert "<b>:" not in text


def test_many_years_name_few_of_them() -> None:
    text = columns("x", "", (Stack("a", "orbit", np.ones(30)),))
    assert re.findall(r"<b>(\d*)</b>", text).count("") == 20


def test_numbers_on_the_scale_and_beside_it() -> None:
    assert [label(value) for value in (0.0, 0.2, 8.0, 5000.0)] == ["0", "0.2", "8", "5000"]
    assert label(1.5e6) == "1.5\u202fM"
    assert [amount(value) for value in (0.0, 0.0123, 9.96, 12.4, 1e6)] == [
        "0",
        "0.012",
        "10",
        "12",
        "1\u202f000\u202f000",
    ]
