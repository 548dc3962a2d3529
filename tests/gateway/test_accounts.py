"""Every request is in the accounts, under exactly one outcome."""

from pathlib import Path

import pyarrow.parquet as parquet

from dawndusk.gateway.accounts import ANSWERED, FAILED, OUTCOMES, REFUSED, Accounts


def some() -> Accounts:
    accounts = Accounts()
    for place, status in enumerate((ANSWERED, ANSWERED, REFUSED, FAILED, None)):
        entry = accounts.offered("chat", float(place))
        entry.status = status or entry.status
        entry.energy_J, entry.latency_s = 2.0, 0.1 * place
    return accounts


def test_offered_is_the_sum_of_what_became_of_all() -> None:
    total = some().totals()
    assert total["offered"] == sum(total[name] for name in OUTCOMES) == 5
    assert [total[name] for name in OUTCOMES] == [1, 2, 1, 1]
    assert total["energy_J"] == 10.0


def test_the_table_has_a_row_a_request(tmp_path: Path) -> None:
    path = some().write(tmp_path / "new")
    table = parquet.read_table(path)
    assert path.name == "requests_live.parquet"
    assert table.num_rows == 5
    assert table["status"].to_pylist() == ["answered", "answered", "refused", "failed", "waiting"]
    assert table["number"].to_pylist() == list(range(5))


def test_an_empty_table_can_be_written_and_told(tmp_path: Path) -> None:
    accounts = Accounts()
    assert parquet.read_table(accounts.write(tmp_path)).num_rows == 0
    assert "0 offered" in accounts.lines()[0]


def test_lines_tell_the_balance() -> None:
    said = "\n".join(some().lines())
    assert "5 offered = 2 answered + 1 refused + 1 failed + 1 waiting" in said
    assert "energy 10 J" in said
