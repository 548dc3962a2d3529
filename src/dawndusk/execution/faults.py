"""Interruptions of sites: failing hardware and software, particles, safe modes; what they cost."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dawndusk.compiled import kernel
from dawndusk.constants import DAY

INTERRUPTION_RATE = 419.0 / (16_384.0 * 54.0 * DAY)
"""Unexpected interruptions of one accelerator [1/s]: 419 of 16,384 in 54 days, Grattafiori
et al., The Llama 3 Herd of Models, 2024, §3.3.4 and table 5."""

CAUSES = (
    "hardware",
    "uncorrectable",
    "interrupt",
    "host",
    "latch_up",
    "safe_mode",
    "scripted",
    "guard",
)
"""Why a site goes down; a guard, which found wrong numbers, stops only the work."""

HARDWARE, UNCORRECTABLE, INTERRUPT, HOST, LATCH_UP, SAFE_MODE, SCRIPTED, GUARD = range(len(CAUSES))

KINDS = ("silent", *CAUSES[UNCORRECTABLE : LATCH_UP + 1])
"""What a particle does to the electronics; all but silent corruptions are causes, by the same
number."""

SILENT = 0


@dataclass(frozen=True)
class Interruptions:
    """In order of time; all arrays have shape (n,)."""

    time: NDArray[np.float64]
    """[s] from the scenario's start."""
    site: NDArray[np.int32]
    """Site that goes down, as an index [-]."""
    until: NDArray[np.float64]
    """The site works again [s]."""
    cause: NDArray[np.int8] = field(default_factory=lambda: np.zeros(0, np.int8))
    """As an index into `CAUSES`; left out, it is hardware for all [-]."""

    def __post_init__(self) -> None:
        if not len(self.cause):
            object.__setattr__(self, "cause", np.full(len(self.time), HARDWARE, np.int8))

    def __len__(self) -> int:
        return len(self.time)

    def first(self, number: int) -> "Interruptions":
        """The first of them.

        Args:
            number: how many [-]
        Returns:
            interruptions [object]
        Neglects:
            nothing
        Source:
            none: bookkeeping
        """
        return Interruptions(
            self.time[:number], self.site[:number], self.until[:number], self.cause[:number]
        )


@dataclass(frozen=True)
class Strikes:
    """Particles that did something to the electronics, in order of time; shape (n,)."""

    time: NDArray[np.float64]
    """[s] from the scenario's start."""
    site: NDArray[np.int32]
    """Satellite, as an index [-]."""
    kind: NDArray[np.int8]
    """As an index into `KINDS` [-]."""
    latitude: NDArray[np.float64]
    """Geodetic [rad]."""
    longitude: NDArray[np.float64]
    """East positive [rad]."""
    in_anomaly: NDArray[np.bool_]
    """In the South Atlantic Anomaly [-]."""
    solar: NDArray[np.bool_] | None = None
    """By a proton of a solar event [-]; None where no event comes."""

    @cached_property
    def silent(self) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
        """Times and sites of the silent corruptions [s, -]."""
        there = self.kind == SILENT
        return self.time[there], self.site[there]

    def __len__(self) -> int:
        return len(self.time)

    def chosen(self, rows: NDArray[Any]) -> "Strikes":
        """Some of them.

        Args:
            rows: which, as indices in order of time or one flag a strike [-]
        Returns:
            strikes in order of time [object]
        Neglects:
            nothing
        Source:
            none: bookkeeping
        """
        columns = (getattr(self, each.name) for each in fields(self))
        found: list[Any] = [None if column is None else column[rows] for column in columns]
        return Strikes(*found)

    def of_storm(self, duration: float) -> dict[str, int]:
        """How many a solar event brought.

        Args:
            duration: that was simulated [s]
        Returns:
            storm_upsets, where an event comes at all [object]
        Neglects:
            nothing
        Source:
            none: bookkeeping
        """
        if self.solar is None:
            return {}
        return {"storm_upsets": int(self.solar[: self.time.searchsorted(duration)].sum())}

    def columns(self, names: Sequence[str], duration: float) -> dict[str, Any]:
        """Those of a run as a table.

        Args:
            names: of the satellites [object]
            duration: that was simulated [s]
        Returns:
            columns by name [object]
        Neglects:
            nothing
        Source:
            none: bookkeeping
        """
        number = int(self.time.searchsorted(duration))
        of_storm = {} if self.solar is None else {"solar": self.solar[:number]}
        return {
            "time_s": self.time[:number],
            "site": np.array(names)[self.site[:number]],
            "kind": np.array(KINDS)[self.kind[:number]],
            "latitude_deg": np.degrees(self.latitude[:number]),
            "longitude_deg": np.degrees(self.longitude[:number]),
            "in_anomaly": self.in_anomaly[:number],
        } | of_storm


def no_strikes() -> Strikes:
    """What happens on the ground.

    Returns:
        strikes without any [object]
    Neglects:
        neutrons of cosmic rays at ground level
    Source:
        none: bookkeeping
    """
    none = np.zeros(0)
    return Strikes(
        none, np.zeros(0, np.int32), np.zeros(0, np.int8), none, none, np.zeros(0, np.bool_)
    )


@kernel
def _kept(time, site, until, sites):  # type: ignore[no-untyped-def]
    """Which interruptions, in order of time, find their site up."""
    kept = np.empty(time.size, np.bool_)
    back = np.full(sites, -np.inf)
    for k in range(time.size):
        kept[k] = time[k] >= back[site[k]]
        if kept[k]:
            back[site[k]] = until[k]
    return kept


def interruptions(
    accelerators: NDArray[np.float64],
    duration: float,
    restart_time: float,
    rng: np.random.Generator,
    rate: float = INTERRUPTION_RATE,
) -> Interruptions:
    """Poisson interruptions of every site in proportion to its accelerators.

    A site that is down is not interrupted again.

    Args:
        accelerators: at each site, shape (sites,) [-]
        duration: to fill [s]
        restart_time: from the interruption until the site works again [s]
        rng: source of all randomness [object]
        rate: of one accelerator at work [1/s]
    Returns:
        interruptions in order of time [object]
    Raises:
        ValueError: when a rate, a number or a time is negative
    Neglects:
        clusters (measured small jobs fail 3.6 times as often as this scaling says, Meta
        RSC-1), dependence on load and temperature, radiation
    Source:
        Llama 3, 2024: 3.093 h between interruptions of 16,384 accelerators
    """
    count = np.asarray(accelerators, float)
    _refuse_negative(
        interruption_rate=rate,
        restart_time=restart_time,
        accelerators=float(count.min(initial=0.0)),
    )
    total = float(count.sum())
    time = np.sort(rng.uniform(0.0, duration, rng.poisson(rate * total * duration)))
    site = np.searchsorted(np.cumsum(count), rng.uniform(0.0, total, time.size), side="right")
    kept = _kept(time, site, time + restart_time, count.size)
    return Interruptions(time[kept], site[kept].astype(np.int32), time[kept] + restart_time)


def safe_modes(
    satellites: int,
    duration: float,
    rate: float,
    recovery_time: float,
    rng: np.random.Generator,
) -> Interruptions:
    """Satellites that give up their work and wait for the ground to bring them back.

    Args:
        satellites: number of them [-]
        duration: to fill [s]
        rate: of one satellite [1/s]
        recovery_time: mean of an exponential: a contact, people, commands [s]
        rng: source of all randomness [object]
    Returns:
        interruptions in order of time, some of which may strike a satellite that is down [object]
    Raises:
        ValueError: when a rate or a time is negative
    Neglects:
        causes that strike many satellites at once: a faulty upload, a solar storm
    Source:
        none: a Poisson process
    """
    _refuse_negative(safe_mode_rate=rate, recovery_time=recovery_time)
    time = np.sort(rng.uniform(0.0, duration, rng.poisson(rate * satellites * duration)))
    site = rng.integers(0, max(satellites, 1), time.size).astype(np.int32)
    until = time + rng.exponential(recovery_time, time.size)
    return Interruptions(time, site, until, np.full(time.size, SAFE_MODE, np.int8))


def merged(parts: Sequence[Interruptions]) -> Interruptions:
    """Interruptions of several causes in order of time.

    A site that is down is not interrupted again, whatever the cause.

    Args:
        parts: each of one cause or more [object]
    Returns:
        those that find their site up [object]
    Neglects:
        that a safe mode would outlast the restart during which it strikes
    Source:
        none: bookkeeping
    """
    time = np.concatenate([part.time for part in parts])
    order = np.argsort(time, kind="stable")
    time = time[order]
    site = np.concatenate([part.site for part in parts])[order]
    until = np.concatenate([part.until for part in parts])[order]
    cause = np.concatenate([part.cause for part in parts])[order]
    kept = _kept(time, site, until, int(site.max(initial=-1)) + 1)
    return Interruptions(time[kept], site[kept], until[kept], cause[kept])


def by_cause(
    found: Interruptions,
    duration: float,
    rolled_back: NDArray[np.float64],
    elsewhere: float,
    failed: NDArray[np.int64],
) -> dict[str, dict[str, float]]:
    """What the interruptions of each cause cost.

    Args:
        found: interruptions, all of them begun [object]
        duration: that was simulated [s]
        rolled_back: work of jobs that was lost, by cause [FLOP]
        elsewhere: all other work that faults cost: down time, requests in hand [FLOP]
        failed: requests that failed, by cause [-]
    Returns:
        by cause: interruptions, down_s, lost_FLOP, requests_failed; lost_FLOP adds up to all
        that is given [object]
    Neglects:
        when a site was down: what is lost elsewhere is shared by seconds (by number where no
        time is lost), although a dark or throttled site loses less in a second
    Source:
        none: bookkeeping
    """
    number = np.bincount(found.cause, minlength=len(CAUSES))
    down = np.bincount(
        found.cause, np.minimum(found.until, duration) - found.time, minlength=len(CAUSES)
    )
    weight = down if down.any() else number.astype(np.float64)
    share = weight / weight.sum() if weight.any() else weight
    return {
        name: {
            "interruptions": int(number[k]),
            "down_s": float(down[k]),
            "lost_FLOP": float(rolled_back[k] + share[k] * elsewhere),
            "requests_failed": int(failed[k]),
        }
        for k, name in enumerate(CAUSES)
    }


def failed_by_cause(
    found: Interruptions, site: NDArray[np.int32], moment: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Which causes requests failed by: the last interruption of their site.

    Args:
        found: interruptions [object]
        site: where each request failed, shape (m,) [-]
        moment: end of the step in which each failed, shape (m,) [s]
    Returns:
        requests by cause, shape (causes,) [-]
    Neglects:
        the first of two interruptions of a site in one step
    Source:
        none: bookkeeping
    """
    if not len(found):
        return np.zeros(len(CAUSES), np.int64)
    span = 1.0 + max(float(found.time[-1]), float(moment.max(initial=0.0)))
    place = found.site * span + found.time
    order = np.argsort(place, kind="stable")
    last = np.searchsorted(place[order], site * span + moment) - 1
    return np.bincount(found.cause[order[last]], minlength=len(CAUSES))


def _refuse_negative(**given: float) -> None:
    for name, value in given.items():
        if not value >= 0.0:
            raise ValueError(f"faults.{name}: {value:g}; allowed: at least 0; correct it")
