"""The tables that the compiled step reads and writes: node, craft, surroundings, fleet, sites."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

FLOWS = (
    "generated_J",
    "curtailed_J",
    "consumed_J",
    "unserved_J",
    "battery_loss_J",
    "heat_in_J",
    "radiated_J",
    "peak_FLOP",
    "loss_power_FLOP",
    "loss_thermal_FLOP",
    "loss_network_FLOP",
    "loss_faults_FLOP",
    "loss_idle_FLOP",
    "loss_roofline_FLOP",
    "inference_FLOP",
    "job_FLOP",
    "busy_s",
    "job_busy_s",
    "available_s",
    "throttled_s",
    "illumination_s",
    "served",
    "die_max_K",
    "radiator_max_K",
)
"""What an interval adds up (the last two: the highest seen), in this order."""

(
    GENERATED,
    CURTAILED,
    CONSUMED,
    UNSERVED,
    BATTERY_LOSS,
    HEAT_IN,
    RADIATED,
    PEAK,
    LOSS_POWER,
    LOSS_THERMAL,
    LOSS_NETWORK,
    LOSS_FAULTS,
    LOSS_IDLE,
    LOSS_ROOFLINE,
    INFERENCE,
    JOB,
    BUSY,
    JOB_BUSY,
    AVAILABLE,
    THROTTLED,
    ILLUMINATION,
    SERVED,
    DIE_MAX,
    RADIATOR_MAX,
) = range(len(FLOWS))


class Node(NamedTuple):
    """Accelerators and host of one site."""

    accelerators: float
    idle_power: float
    """Of one accelerator [W]."""
    full_power: float
    """Of one accelerator [W]."""
    host_power: float
    """[W]"""
    exponent: float
    minimum_frequency: float
    compute_activity: float
    memory_activity: float
    peak: float
    """[FLOP/s]"""
    replicas: int
    """Engines on the node [-]."""


class Craft(NamedTuple):
    """A satellite at its present age, in SI units."""

    area: float
    packing: float
    efficiency: float
    reference_temperature: float
    temperature_coefficient: float
    array_losses: float
    array_absorptivity: float
    emissivity_front: float
    emissivity_back: float
    floor: float
    """Share of the battery's capacity that is never used [-]."""
    compute_floor: float
    """Share of it that is never given to compute [-]."""
    charge_efficiency: float
    discharge_efficiency: float
    charge_limit: float
    """[W]"""
    discharge_limit: float
    """[W]"""
    radiator_area: float
    radiator_absorptivity: float
    radiator_emissivity: float
    sun_incidence: float
    emission: float
    """Faces × emissivity × σ × panel area [W/K⁴]."""
    sink: float
    die_capacity: float
    loop_capacity: float
    radiator_capacity: float
    die_conductance: float
    loop_conductance: float
    throttle_temperature: float
    limit_temperature: float
    bus_load: float
    """[W]"""


class Surroundings(NamedTuple):
    """Outputs of the forecast window and what stays constant for a satellite."""

    irradiance: Array
    """(steps,)"""
    illumination: Array
    """(steps, satellites)"""
    sun_cosine: Array
    """(steps, satellites)"""
    array_cosine: Array
    """(1 or steps, satellites)"""
    radiator_view: Array
    """(satellites,)"""
    array_view: Array
    """(satellites,)"""
    terminator_spread: Array
    """(satellites,)"""


class Fleet(NamedTuple):
    """State of the satellites, changed in place; all arrays have shape (satellites,)."""

    energy: Array
    """[J]"""
    capacity: Array
    """At the present wear [J]."""
    discharged: Array
    """Stored energy ever given [J]."""
    die: Array
    """[K]"""
    loop: Array
    """[K]"""
    radiator: Array
    """[K]"""


class Sites(NamedTuple):
    """What satellites and ground nodes have in common; arrays have shape (sites,)."""

    down_from: Array
    """[s]"""
    down_until: Array
    """[s]"""
    utilisation: Array
    """Share of peak that the site's job reaches, 0 without a job [-]."""
    duty: Array
    """Share of the time in which the site's job wants to work [-]."""
    link: Array
    """Share of that time in which it need not wait for data [-]."""
    job_flop: Array
    """Work done for the site's job in this interval [FLOP]."""
    speed: Array
    """Share of the full clock granted in the last step [-]."""
    busy: Array
    """Busy share of the last step [-]."""
    unserved: Array
    """Bus power missing in the last step [W]."""
    backlog: Array
    """Requests waiting or running [-]."""
    running: Array
    """Requests being answered [-]."""
