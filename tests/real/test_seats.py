"""Records of real jobs."""

import math
from fractions import Fraction

from dawndusk.real.seats import ALL, COLUMNS, Log, Seat


def test_rows_of_a_log_have_all_columns() -> None:
    log = Log()
    log.add("gpt", "unit", 3.0, rank=2, unit=7, loss=1.5)
    log.add("gpt", "finish", 9.0)
    assert set(log.columns) == set(COLUMNS)
    assert {len(column) for column in log.columns.values()} == {2}
    assert log.columns["rank"] == [2, ALL]
    assert math.isnan(log.columns["loss"][1])  # type: ignore[arg-type]


def test_a_seat_begins_empty() -> None:
    one, other = Seat(), Seat()
    assert one == other
    assert one.site == -1
    assert one.carry == Fraction(0)
    assert one.account.granted == 0
