"""What became of every request: offered = answered + refused + failed + waiting.

A service keeps a journal beside its table, a line for every request that comes and every one
that is over, so that a service killed at any instant leaves no request out of account.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, TextIO

from dawndusk import results

TABLE, JOURNAL = "requests_live.parquet", "requests_live.jsonl"

WAITING, ANSWERED, REFUSED, FAILED = OUTCOMES = ("waiting", "answered", "refused", "failed")


@dataclass
class Entry:
    """One request; times are virtual."""

    number: int
    kind: str
    arrival_s: float
    status: str = WAITING
    http_status: int = 0
    reason: str = ""
    origin: str = ""
    site: str = ""
    retries: int = 0
    prompt_tokens: int = 0
    output_tokens: int = 0
    bytes_up: int = 0
    bytes_down: int = 0
    path_s: float = 0.0
    queue_s: float = 0.0
    first_token_s: float = float("nan")
    latency_s: float = float("nan")
    energy_J: float = 0.0
    price_usd: float = 0.0


@dataclass
class Accounts:
    """All requests since the start."""

    entries: list[Entry] = field(default_factory=list)
    journal: TextIO | None = None

    @classmethod
    @contextmanager
    def of(cls, folder: Path) -> Iterator["Accounts"]:
        """Accounts with a journal in a folder, where a killed service's go on.

        The journal stays when the block fails, unless nothing was asked.

        Raises:
            ValueError: when another service has its journal there
        """
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / JOURNAL).open("a+", encoding="utf-8") as journal:
            if not _locked(journal):
                raise ValueError(f"--out: another service writes to {folder}; choose another")
            accounts = cls(_read(journal), journal)
            needed = True
            try:
                yield accounts
                needed = False
            finally:
                accounts.journal = None
                if not (needed and accounts.entries):
                    (folder / JOURNAL).unlink()
                    with suppress(OSError):
                        folder.rmdir()  # where nothing was written

    def offered(self, kind: str, time: float) -> Entry:
        """A request has come."""
        entry = Entry(len(self.entries), kind, time)
        self.entries.append(entry)
        self.keep(entry)
        return entry

    def keep(self, entry: Entry) -> None:
        """Write a request as it stands into the journal."""
        if self.journal is not None:
            self.journal.write(f"\n{json.dumps(asdict(entry))}\n")
            self.journal.flush()

    def totals(self) -> dict[str, Any]:
        """Counts by outcome and sums, of what was answered, failed or broken off."""
        count = {name: sum(e.status == name for e in self.entries) for name in OUTCOMES}
        return {
            "offered": len(self.entries),
            **count,
            "retries": sum(entry.retries for entry in self.entries),
            "prompt_tokens": sum(entry.prompt_tokens for entry in self.entries),
            "output_tokens": sum(entry.output_tokens for entry in self.entries),
            "bytes_up": sum(entry.bytes_up for entry in self.entries),
            "bytes_down": sum(entry.bytes_down for entry in self.entries),
            "energy_J": sum(entry.energy_J for entry in self.entries),
            "price_usd": sum(entry.price_usd for entry in self.entries),
        }

    def lines(self) -> list[str]:
        """The same for a person."""
        total = self.totals()
        counts = " + ".join(f"{total[name]} {name}" for name in (*OUTCOMES[1:], WAITING))
        answered = sorted(e.latency_s for e in self.entries if e.status == ANSWERED)
        found = [f"requests: {total['offered']} offered = {counts}; placed anew {total['retries']}"]
        if answered:
            found.append(
                f"virtual latency: median {answered[len(answered) // 2]:.3f} s, "
                f"highest {answered[-1]:.3f} s"
            )
        found.append(
            f"tokens: {total['prompt_tokens']:,} in, {total['output_tokens']:,} out; "
            f"energy {total['energy_J']:.4g} J; {total['price_usd']:.4g} USD at full use"
        )
        return found

    def columns(self) -> dict[str, list[Any]]:
        """One row a request."""
        rows = [asdict(entry) for entry in self.entries]
        return {each.name: [row[each.name] for row in rows] for each in fields(Entry)}

    def write(self, folder: Path) -> Path:
        """Write requests_live.parquet into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / TABLE
        results.write_table(path, self.columns())
        return path


def _read(journal: TextIO) -> list[Entry]:
    """Requests of a service that was killed; those under way then have failed."""
    found: dict[int, Entry] = {}
    journal.seek(0)
    for line in journal:
        with suppress(ValueError):  # the last line may be torn
            entry = Entry(**json.loads(line))
            found[entry.number] = entry
    for entry in found.values():
        if entry.status == WAITING:
            entry.status, entry.reason = FAILED, "the service was killed"
    return [found[number] for number in sorted(found)]


def _locked(file: TextIO) -> bool:
    """Whether a file is now ours alone, as long as this process lives."""
    try:
        import fcntl
    except ImportError:  # not a POSIX system: two services in one folder are not noticed
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
