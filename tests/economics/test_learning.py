"""Wright's law against the launch-price projection it was fitted to."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawndusk.economics import learning

NOW = (1800.0, 400e3)
"""Falcon Heavy: about 1,800 USD/kg at about 400 t launched, arXiv 2511.19468."""

quantities = st.floats(1.0, 1e12)
learning_rates = st.floats(0.01, 0.6)


def test_examples_in_docstrings():
    assert doctest.testmod(learning).failed == 0


@pytest.mark.parametrize(("price", "tonnes"), [(200.0, 368_000.0), (300.0, 104_500.0)])
def test_launch_price_projection(price, tonnes):
    """arXiv 2511.19468: ~370,000 t for 200 USD/kg, 104,000 t for 300 USD/kg; 2 %."""
    assert learning.cumulative_for_price(price, *NOW, 0.2) == pytest.approx(tonnes * 1e3, rel=0.02)
    assert learning.price(tonnes * 1e3, *NOW, 0.2) == pytest.approx(price, rel=0.02)


def test_projection_exactly():
    """Independent arithmetic: 400 t · 9^(1/b) and 400 t · 6^(1/b) with b = −log₂ 0.8."""
    assert learning.cumulative_for_price(200.0, *NOW, 0.2) == pytest.approx(368_305e3, rel=1e-5)
    assert learning.cumulative_for_price(300.0, *NOW, 0.2) == pytest.approx(104_525e3, rel=1e-5)


def test_flights_that_the_projection_asks_for():
    """arXiv 2511.19468: about 1,800 Starship flights of 200 t, about 180 a year by 2035."""
    flights = (learning.cumulative_for_price(200.0, *NOW, 0.2) - 400e3) / 200e3
    assert flights == pytest.approx(1800.0, rel=0.03)


def test_nothing_learnt_changes_nothing():
    assert learning.price(1e9, *NOW, 0.0) == 1800.0


@given(quantity=quantities, rate=learning_rates)
def test_each_doubling_takes_its_share(quantity, rate):
    once = learning.price(quantity, *NOW, rate)
    assert learning.price(2.0 * quantity, *NOW, rate) == pytest.approx(
        (1.0 - rate) * once, rel=1e-12
    )


@given(price=st.floats(10.0, 1e5), rate=st.floats(0.05, 0.6))
def test_the_two_directions_agree(price, rate):
    quantity = learning.cumulative_for_price(price, *NOW, rate)
    assert learning.price(quantity, *NOW, rate) == pytest.approx(price, rel=1e-9)


def test_wrong_input_is_named():
    with pytest.raises(ValueError, match="rate = 20: must be from 0 to below 1"):
        learning.price(1.0, 1.0, 1.0, 20)
    with pytest.raises(ValueError, match="the price never changes"):
        learning.cumulative_for_price(1.0, 2.0, 1.0, 0.0)
    with pytest.raises(ValueError, match="wanted_price = 0"):
        learning.cumulative_for_price(0.0, 2.0, 1.0, 0.2)
    with pytest.raises(ValueError, match="cumulative = 0"):
        learning.price(0.0, 2.0, 1.0, 0.2)
    with pytest.raises(ValueError, match="both must be positive"):
        learning.price(1.0, 2.0, 0.0, 0.2)
