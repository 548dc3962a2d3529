"""What real jobs remember of their replicas, and what happens to them.

Plain records of the assembler `real.run`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from dawndusk.execution import budget, faults
from dawndusk.execution.training import hosts

COLUMNS = ("job", "kind", "rank", "time_s", "unit", "loss", "validation_loss", "bytes", "detail")
"""Of training.parquet, after the side."""

ALL = -1
"""In place of a rank: the job as a whole."""


class Outage(NamedTuple):
    """A site is down for a while."""

    site: int
    begin: float
    end: float
    cause: int

    @property
    def standing(self) -> str:
        """How the site stands meanwhile."""
        return hosts.SAFE if self.cause == faults.SAFE_MODE else hosts.LOST


def outage(known: Sequence[Outage], site: int, now: float) -> Outage | None:
    """What keeps a site down now, None where it is up."""
    return next((o for o in known if o.site == site and o.begin <= now < o.end), None)


def time_down(known: Sequence[Outage], site: int, now: float, later: float) -> float:
    """Time in an interval in which a site is down [s]."""
    return sum(max(0.0, min(o.end, later) - max(o.begin, now)) for o in known if o.site == site)


class Hit(NamedTuple):
    """A particle that strikes a site."""

    time: float
    site: int
    stored: bool
    """It hits memory, not a result on its way there."""
    number: int
    """Its own, for its random numbers."""


@dataclass
class Seat:
    """Where a replica is and what it may still do there."""

    site: int = -1
    """That holds its memory, −1 for none."""
    carry: Fraction = Fraction(0)
    account: budget.Account = field(default_factory=budget.Account)
    speed: float = 1.0
    """Of its site when it last worked, over full clock [-]."""
    restarting: bool = False
    """Its program is being started, and does not have its numbers yet."""
    busy: float = -math.inf
    """Until then it restarts or writes a checkpoint [s]."""
    left: float = 0.0
    """Time that its site works for it in the rest of the interval [s]."""
    share: float = 1.0
    """Of the interval that its site was asked to work [-]."""
    executed: float = 0.0
    """By its site, whether of use or not [FLOP]."""
    restarted: float = 0.0
    """Of that while the program started [FLOP]."""
    checkpointed: float = 0.0
    """Of that while checkpoints were written, and for guards [FLOP]."""
    waited: float = 0.0
    """Time in which it had to wait for others' bytes [s]."""

    def standing(self, target: int, work: float) -> str:
        """How its site stood in an interval, by where it should be and what was done there."""
        if target < 0:
            return hosts.IDLE
        return hosts.DARK if self.share > 0.0 and not work > 0.0 else hosts.WORKING


@dataclass
class Log:
    """What happened, as columns of training.parquet."""

    columns: dict[str, list[object]] = field(default_factory=lambda: {name: [] for name in COLUMNS})

    def add(
        self,
        job: str,
        kind: str,
        time: float,
        rank: int = ALL,
        unit: int = 0,
        loss: float = math.nan,
        validation: float = math.nan,
        size: int = 0,
        detail: str = "",
    ) -> None:
        """One row."""
        row = (job, kind, rank, time, unit, loss, validation, size, detail)
        for name, value in zip(COLUMNS, row, strict=True):
            self.columns[name].append(value)
