"""What a placement policy sees and what it answers.

A policy is one function `policy(outlook, view) -> Decision`. `Outlook` holds what time
alone decides (known in advance); `View` the state at this instant, with work that has
already arrived. Neither holds a future arrival or failure.
Sites are numbered satellites first, ground nodes after them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.int32]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Outlook:
    """What time alone decides, from now to the end of the forecast window."""

    interval: float
    """Time until the next decision [s]."""
    step: float
    """Time between rows of `illumination` [s]."""
    illumination: Array
    """Visible share of the Sun's disc [-], shape (steps ahead, satellites)."""
    power_price: Array
    """Price of grid power, zero in orbit [USD/J], shape (sites,)."""
    carbon_intensity: Array
    """Carbon of grid power, zero in orbit [kg/J], shape (sites,)."""

    def next_interval(self) -> Array:
        """Mean illumination until the next decision [-], shape (satellites,)."""
        rows = max(1, min(len(self.illumination), round(self.interval / self.step)))
        first: Array = self.illumination[0].copy()
        for row in range(1, rows):
            first += self.illumination[row]
        first /= rows
        return first


@dataclass(frozen=True, slots=True)
class View:
    """The present: sites, and jobs, of which those to come are blank but for their number."""

    time: float
    """[s] since the scenario's start."""
    satellites: int
    """How many of the sites are satellites [-]."""
    available: Flags
    """Not down with a fault, shape (sites,) [-]."""
    charge: Array
    """Battery energy above the compute floor over what is usable [-], ground 1, shape (sites,)."""
    speed: Array
    """Clock granted in the last step over the full clock [-], shape (sites,)."""
    backlog: Array
    """Requests waiting or running [-], shape (sites,)."""
    slots: float
    """Requests a site can run at once [-]."""
    job_of_site: Integers
    """Job a site works on, -1 for none, shape (sites,) [-]."""
    job_active: Flags
    """Submitted and neither finished nor failed, shape (jobs,) [-]."""
    job_nodes: Integers
    """Sites the job wants [-], shape (jobs,)."""
    job_gang: Flags
    """All its sites must run together (training), shape (jobs,) [-]."""
    job_preemptible: Flags
    """May be moved or paused, shape (jobs,) [-]."""
    job_deadline: Array
    """[s] since the scenario's start, inf for none, shape (jobs,)."""
    job_remaining: Array
    """Work left [FLOP], shape (jobs,)."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a policy answers for the coming interval."""

    weights: Array
    """Share of new requests sent to each site, any non-negative scale [-], shape (sites,)."""
    job_of_site: Integers
    """Job each site works on, -1 for none, shape (sites,) [-]."""
