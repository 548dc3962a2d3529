"""A balance closes when nothing is missing, and names what is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawndusk.balance import Balance, BalanceError, check

parts = st.lists(st.floats(0.0, 1e20), min_size=1, max_size=8)


def balance(offered, amounts, name="energy"):
    return Balance(name, "J", offered, {f"part {k}": amount for k, amount in enumerate(amounts)})


@given(amounts=parts)
def test_what_is_all_accounted_for_closes(amounts):
    assert balance(sum(amounts), amounts).closes()


@given(amounts=parts, leak=st.floats(1e-8, 1.0))
def test_a_leak_is_found(amounts, leak):
    offered = sum(amounts) + 1.0
    whole = balance(offered, [*amounts, 1.0])
    leaking = balance(offered * (1.0 + leak), [*amounts, 1.0])
    assert whole.closes()
    assert not leaking.closes()
    assert leaking.residual == pytest.approx(leak * offered, rel=1e-6)
    with pytest.raises(BalanceError):
        check([whole, leaking])


def test_nothing_offered_and_nothing_found_closes():
    assert balance(0.0, [0.0, 0.0]).closes()


def test_something_found_that_was_never_offered_does_not_close():
    assert balance(0.0, [1.0]).relative == -1.0


def test_not_a_number_does_not_close():
    assert not balance(float("nan"), [1.0]).closes()


def test_error_names_only_the_violated_balance():
    with pytest.raises(BalanceError, match="balance of work: offered 3 J") as caught:
        check([balance(2.0, [2.0]), balance(3.0, [2.0], "work")])
    assert [row.name for row in caught.value.balances] == ["work"]
    assert "balance of energy" not in str(caught.value)


def test_tolerance_is_relative_to_the_largest_term():
    nearly = balance(1e15, [1e15 - 1e3])
    assert nearly.closes(1e-11)
    assert not nearly.closes(1e-13)
