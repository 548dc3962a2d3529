"""Interruptions of sites by failing accelerators, hosts, software and links on the ground."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dawndusk.constants import DAY

INTERRUPTION_RATE = 419.0 / (16_384.0 * 54.0 * DAY)
"""Unexpected interruptions of one accelerator [1/s]: 419 of 16,384 in 54 days, Grattafiori
et al., The Llama 3 Herd of Models, 2024, §3.3.4 and table 5."""


@dataclass(frozen=True)
class Interruptions:
    """In order of time; all arrays have shape (n,)."""

    time: NDArray[np.float64]
    """[s] from the scenario's start."""
    site: NDArray[np.int32]
    """Site that goes down, as an index [-]."""
    until: NDArray[np.float64]
    """The site works again [s]."""

    def __len__(self) -> int:
        return len(self.time)


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
    for name, value in (
        ("interruption_rate", rate),
        ("restart_time", restart_time),
        ("accelerators", float(count.min(initial=0.0))),
    ):
        if not value >= 0.0:
            raise ValueError(f"faults.{name}: {value:g}; allowed: at least 0; correct it")
    total = float(count.sum())
    time = np.sort(rng.uniform(0.0, duration, rng.poisson(rate * total * duration)))
    site = np.searchsorted(np.cumsum(count), rng.uniform(0.0, total, time.size), side="right")
    kept = np.ones(time.size, bool)
    down: dict[int, float] = {}
    for k, (when, where) in enumerate(zip(time.tolist(), site.tolist(), strict=True)):
        kept[k] = when >= down.get(where, 0.0)
        if kept[k]:
            down[where] = when + restart_time
    return Interruptions(time[kept], site[kept].astype(np.int32), time[kept] + restart_time)
