"""What a placement policy sees and what it answers.

A policy is one function `policy(outlook, view) -> Decision`. `Outlook` holds what time
alone decides (known in advance); `View` the state at this instant, with work that has
already arrived. Neither holds a future arrival or failure.
Sites are numbered satellites first, ground nodes after them.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dawndusk.compiled import kernel

Array = NDArray[np.float64]
Integers = NDArray[np.int32]
Flags = NDArray[np.bool_]

_NO_ROW = np.zeros(0)
_NO_TABLE = np.zeros((0, 0))
_NO_FLAGS = np.zeros(0, np.bool_)
_NO_FLAGS.flags.writeable = _NO_ROW.flags.writeable = _NO_TABLE.flags.writeable = False

FULL_CHARGE = 0.5
"""Usable charge above which a battery no longer holds a site back [-]."""

LEAST_SPEED = 0.05
"""Clock that a site counts with at least, so that a stopped one may start again [-]."""

LEAST_POWER = 0.05
"""Power from which a site may work on a job [-]."""


@dataclass(frozen=True, slots=True)
class Plant:
    """What one satellite can do, the same for all of a fleet."""

    generation: float
    """Array power in full sunlight at the Sun's present distance [W]."""
    housekeeping: float
    """Power of bus and hosts that is always drawn [W]."""
    idle: float
    """Power of the idle accelerators [W]."""
    full: float
    """Power of the accelerators at full clock [W]."""
    usable: float
    """Battery energy between the compute floor and full [J]."""
    charge_efficiency: float
    """Energy stored over energy put in [-]."""
    discharge_efficiency: float
    """Energy delivered over energy drawn from the cells [-]."""
    charge_limit: float
    """Highest power into the battery [W]."""
    discharge_limit: float
    """Highest power out of the battery [W]."""
    sustained: float
    """Clock that heat allows for hours over the full clock [-]."""
    peak: float
    """Highest rate of a node on jobs [FLOP/s]."""
    exponent: float = 1.0
    """Slope of the dynamic power with the clock at full clock, 1 to 3 [-]."""


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
    latency: Array = field(default_factory=lambda: _NO_TABLE)
    """One-way delay from origins of requests, inf without a path [s], shape (origins, sites)
    or (0, 0) without a network."""
    slot: float = 0.0
    """Time between rows of `sunlight` and of `contact` [s]."""
    sunlight: Array = field(default_factory=lambda: _NO_TABLE)
    """Mean visible share of the Sun's disc [-], shape (slots ahead, satellites), for as long as
    the policy's attribute `ahead` says [s]; (0, 0) without that attribute."""
    contact: Array = field(default_factory=lambda: _NO_TABLE)
    """Mean rate to the ground, expected over weather [bit/s], shape like `sunlight` or (0, 0)
    without a network."""
    plant: Plant | None = None
    """What a satellite is, None without satellites [object]."""

    def rows(self) -> int:
        """Rows of `illumination` until the next decision [-]."""
        return max(1, min(len(self.illumination), round(self.interval / self.step)))

    def next_interval(self) -> Array:
        """Mean illumination until the next decision [-], shape (satellites,)."""
        mean: Array = mean_of_rows(self.illumination, self.rows())
        return mean


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
    energy: Array = field(default_factory=lambda: _NO_ROW)
    """Battery energy above the compute floor, ground 0 [J], shape (sites,)."""
    job_rate: Array = field(default_factory=lambda: _NO_ROW)
    """Rate that a node at full clock gives the job [FLOP/s], shape (jobs,)."""
    job_restart: Array = field(default_factory=lambda: _NO_ROW)
    """Time lost when the job moves or starts anew [s], shape (jobs,)."""
    job_input: Array = field(default_factory=lambda: _NO_ROW)
    """Bytes that its sites together need before they start, each time they change [-],
    shape (jobs,)."""
    job_input_left: Array = field(default_factory=lambda: _NO_ROW)
    """Bytes that must still arrive before the job can start [-], shape (jobs,)."""
    job_output: Array = field(default_factory=lambda: _NO_ROW)
    """Bytes to bring to the ground once the job ends [-], shape (jobs,)."""
    job_exclusive: Flags = field(default_factory=lambda: _NO_FLAGS)
    """Leaves no memory for serving requests on its sites [-], shape (jobs,)."""
    request_load: float = 0.0
    """Nodes that the requests of late keep busy, exponential mean of the past [-]."""
    request_origin_share: Array = field(default_factory=lambda: _NO_ROW)
    """Share of the requests that each origin sends [-], shape (origins,)."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a policy answers for the coming interval."""

    weights: Array
    """Share of new requests sent to each site, any non-negative scale [-], shape (sites,)."""
    job_of_site: Integers
    """Job each site works on, -1 for none, shape (sites,) [-]."""
    weights_by_origin: Array | None = None
    """Like `weights`, origin by origin, and in their place when given [-],
    shape (origins, sites)."""


@kernel
def mean_of_rows(values: Array, rows: int) -> Array:
    """Mean of the first rows of a table.

    Args:
        values: a table [-], shape (at least rows, columns)
        rows: how many of its rows count [-]
    Returns:
        the mean of each column [-], shape (columns,)
    Neglects:
        rows further down
    Source:
        definition
    """
    mean = values[0].copy()
    for row in range(1, rows):
        for column in range(mean.size):
            mean[column] += values[row, column]
    for column in range(mean.size):
        mean[column] /= rows
    return mean


@kernel
def power_of_sites(
    illumination: Array,
    rows: int,
    satellites: int,
    available: Flags,
    charge: Array,
    speed: Array,
) -> Array:
    """How much of its work a site has the power and the cooling for now.

    Args:
        illumination: visible share of the Sun's disc [-], shape (steps ahead, satellites)
        rows: steps until the next decision [-]
        satellites: how many of the sites are satellites [-]
        available: not down with a fault, shape (sites,) [-]
        charge: usable charge [-], shape (sites,)
        speed: clock granted last over the full clock [-], shape (sites,)
    Returns:
        the larger of mean illumination and charge (full from half charge up) times the clock,
        0 for a site that is down [-], shape (sites,)
    Neglects:
        anything beyond the interval
    Source:
        none: a rule of thumb
    """
    sunlit = mean_of_rows(illumination, rows)
    power = np.ones(charge.size)
    for site in range(charge.size):
        if site < satellites:
            charged = min(charge[site] / FULL_CHARGE, 1.0)
            power[site] = sunlit[site] if sunlit[site] > charged else charged
        power[site] *= available[site]
        power[site] *= max(speed[site], LEAST_SPEED)
    return power
