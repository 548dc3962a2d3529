"""What became of every request: offered = answered + refused + failed + waiting."""

from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from dawndusk import results

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

    def offered(self, kind: str, time: float) -> Entry:
        """A request has come."""
        entry = Entry(len(self.entries), kind, time)
        self.entries.append(entry)
        return entry

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
        path = folder / "requests_live.parquet"
        results.write_table(path, self.columns())
        return path
