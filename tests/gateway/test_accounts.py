"""Every request is in the accounts, under exactly one outcome."""

from contextlib import suppress
from pathlib import Path

import pyarrow.parquet as parquet
import pytest

from dawndusk.gateway.accounts import ANSWERED, FAILED, JOURNAL, OUTCOMES, REFUSED, Accounts


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


def test_accounts_of_a_killed_service_go_on(tmp_path: Path) -> None:
    with Accounts.of(tmp_path) as accounts:
        done = accounts.offered("chat", 1.0)
        done.status, done.energy_J = ANSWERED, 3.0
        accounts.keep(done)
        accounts.offered("chat", 2.0)
        left = (tmp_path / JOURNAL).read_bytes()
    tmp_path.mkdir(exist_ok=True)
    (tmp_path / JOURNAL).write_bytes(left + b'{"number": 1, "sta')  # torn by the kill
    with Accounts.of(tmp_path) as accounts:
        first, second = accounts.entries
        assert (first.status, first.energy_J) == (ANSWERED, 3.0)
        assert (second.status, second.reason) == (FAILED, "the service was killed")
        assert accounts.offered("embedding", 0.0).number == 2
        assert accounts.totals()["offered"] == 3
        path = accounts.write(tmp_path)
    assert parquet.read_table(path)["number"].to_pylist() == [0, 1, 2]
    assert not (tmp_path / JOURNAL).exists()


def test_a_block_that_fails_keeps_its_requests(tmp_path: Path) -> None:
    with suppress(RuntimeError), Accounts.of(tmp_path) as accounts:
        accounts.offered("chat", 1.0)
        raise RuntimeError
    with Accounts.of(tmp_path) as accounts:
        assert [entry.status for entry in accounts.entries] == [FAILED]


def test_a_start_that_fails_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    with pytest.raises(RuntimeError), Accounts.of(folder):
        raise RuntimeError
    assert not folder.exists()


def test_two_services_do_not_share_a_folder(tmp_path: Path) -> None:
    pytest.importorskip("fcntl", reason="needs a POSIX system")
    refused = pytest.raises(ValueError, match="--out: another service writes to")
    with Accounts.of(tmp_path), refused, Accounts.of(tmp_path):
        pass
