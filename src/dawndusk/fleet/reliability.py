"""How long satellites and what they carry last: defects, chance, wear-out and redundancy."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_ndtr
from scipy.stats import binom

from dawndusk.constants import DAY, JULIAN_YEAR

Array = NDArray[np.float64]

INTERRUPTIONS = {
    "faulty GPU": 148,
    "GPU HBM3 memory": 72,
    "software bug": 54,
    "network switch or cable": 35,
    "host maintenance": 32,
    "GPU SRAM memory": 19,
    "GPU system processor": 17,
    "NIC": 7,
    "NCCL watchdog timeouts": 7,
    "silent data corruption": 6,
    "GPU thermal interface and sensor": 6,
    "SSD": 3,
    "power supply": 3,
    "server chassis": 2,
    "IO expansion board": 2,
    "dependency": 2,
    "CPU": 2,
    "system memory": 2,
}
"""Unexpected interruptions by cause [-]: 419 of 16,384 H100 in 54 days, Grattafiori et al., The
Llama 3 Herd of Models, 2024, table 5."""

ACCELERATOR_FAILURE_RATE = (148 + 72) / (16_384 * 54 * DAY)
"""Faulty GPU or its HBM, of one accelerator on the ground [1/s], 9.08 % a year: table 5."""

NODE_FAILURE_RATE = 6.5 / (1_000 * DAY)
"""Of one node of 8 accelerators on the ground [1/s]: Meta's RSC-1, Kokolis et al., HPCA 2025."""

CERTAIN = 1e12
"""Cumulative hazard past which nothing is alive and nothing is counted any more [-]."""

CAUSES = ("defect", "chance", "wear")
"""What ends a satellite's life, in the order of `failure_table` [-]."""


class Lifetime(NamedTuple):
    """How one satellite fails; the three causes act at once and independently."""

    defective: float
    """Share built with a defect that shows itself early [-]."""
    defect_time: float
    """Mean time until a defect shows itself [s]."""
    rate: float
    """Failures by chance at any age [1/s]."""
    wear_scale: float
    """Age by which all but 1/e have worn out; infinite if none do [s]."""
    wear_shape: float
    """How suddenly they wear out; 1 is chance, 3 or more a narrow end [-]."""


def lifetime(
    defective: float,
    defect_time: float,
    rate: float,
    wear_scale: float = math.inf,
    wear_shape: float = 1.0,
) -> Lifetime:
    """How one satellite fails, with its numbers checked.

    Args:
        defective: share built with a defect that shows itself early, 0 to 1 [-]
        defect_time: mean time until a defect shows itself [s]
        rate: failures by chance at any age [1/s]
        wear_scale: age by which all but 1/e have worn out [s]
        wear_shape: of the Weibull curve [-]
    Returns:
        the checked numbers [object]
    Raises:
        ValueError: when a share is not from 0 to 1, a time or shape not positive, a rate negative
    Neglects:
        what satellites of one batch have in common: a design fault strikes them all
    Source:
        none: bookkeeping
    """
    _share("defective", defective)
    if not (math.isfinite(rate) and rate >= 0.0):
        raise ValueError(f"rate: {rate:g} /s; allowed: at least 0 and finite; give failures per s")
    for name, value in (
        ("defect_time", defect_time),
        ("wear_scale", wear_scale),
        ("wear_shape", wear_shape),
    ):
        if not value > 0.0:
            raise ValueError(f"{name}: {value:g}; allowed: above 0; correct it")
    return Lifetime(defective, defect_time, rate, wear_scale, wear_shape)


def wear_scale(age: float, worn: float, shape: float) -> float:
    """Scale of the wear-out curve that has worn out a given share by a given age.

    Args:
        age: at which the share is known, e.g. the design life [s]
        worn: share worn out by then, above 0 and below 1 [-]
        shape: of the Weibull curve [-]
    Returns:
        age by which all but 1/e have worn out [s]
    Raises:
        ValueError: when the share is not between 0 and 1
    Neglects:
        nothing
    Source:
        Weibull, J. Appl. Mech. 18 (1951), 293, solved for the scale
    """
    if not 0.0 < worn < 1.0:
        raise ValueError(f"worn: {worn:g}; allowed: above 0 and below 1; give 5 % as 0.05")
    return float(age / (-math.log1p(-worn)) ** (1.0 / shape))


def survival(age: Array, life: Lifetime) -> Array:
    """Share of the satellites still alive at an age.

    Args:
        age: time in orbit, at least 0 [s]
        life: how one satellite fails [object]
    Returns:
        share, 1 at age 0, of the shape of `age` [-]
    Neglects:
        repair, debris and dose (they come as further hazards in `replacement.simulate`)
    Source:
        competing risks: product of a mixture (defects), an exponential and a Weibull curve,
        Rausand & Høyland, System Reliability Theory, 2nd ed., §2.9 to 2.11; orders of magnitude:
        10 % lost early (ITK cash-flow note, 17 July 2026), about 1 % in orbit (Starlink)
    """
    age = np.asarray(age, float)
    return np.asarray(np.exp(-_cumulative(age, life).sum(axis=0)))


def hazard(age: Array, life: Lifetime) -> Array:
    """Failures per time of those still alive, by cause.

    Args:
        age: time in orbit, above 0 where wear_shape is below 1 [s]
        life: how one satellite fails [object]
    Returns:
        shape (3, *age): defect, chance, wear [1/s]
    Neglects:
        as `survival`
    Source:
        minus the derivative of the logarithm of each factor of `survival`
    """
    age = np.asarray(age, float)
    fresh = life.defective * np.exp(-age / life.defect_time)
    early = fresh / life.defect_time / (1.0 - life.defective + fresh)
    wear = life.wear_shape / life.wear_scale * (age / life.wear_scale) ** (life.wear_shape - 1.0)
    return np.stack([early, np.full(age.shape, life.rate), wear])


def tolerance(taken: ArrayLike, tolerated: float, spread: float) -> Array:
    """Cumulative hazard of dose: minus the logarithm of the share that still stands it.

    Args:
        taken: dose so far, at least 0 [J/kg]
        tolerated: dose at which half have failed for good [J/kg]
        spread: factor of dose either way within which two thirds fail, above 1 [-]
    Returns:
        cumulative hazard, of the shape of `taken` [-]
    Raises:
        ValueError: when a dose is negative, `tolerated` not positive or `spread` not above 1
    Neglects:
        annealing, the dose rate, and what chips of one lot have in common
    Source:
        lognormal failure dose, MIL-HDBK-814 (1994), as parts of a lot are judged by it
    """
    taken = np.asarray(taken, float)
    if not (np.all(taken >= 0.0) and tolerated > 0.0 and spread > 1.0):
        raise ValueError(
            f"taken: {taken.min(initial=0.0):g}, tolerated: {tolerated:g} J/kg, spread: "
            f"{spread:g}; allowed: at least 0, above 0, above 1; correct it"
        )
    with np.errstate(divide="ignore"):
        return np.asarray(-log_ndtr(-np.log(taken / tolerated) / math.log(spread)))


def failure_table(life: Lifetime, step: float, steps: int, further: Array | None = None) -> Array:
    """Chance that a satellite alive at the start of a step fails in it, by age and cause.

    Within a step the causes share the failures in proportion to their cumulative hazards;
    the sum over causes is exact.

    Args:
        life: how one satellite fails [object]
        step: length of a step, e.g. a month [s]
        steps: ages wanted [-]
        further: cumulative hazards of other causes that act by age, as `tolerance` gives, at
            the edges of the steps, shape (others, steps + 1) [-]
    Returns:
        shape (3 + others, steps): defect, chance, wear and the others [-]
    Neglects:
        how the hazards change against each other within one step: below 1e-4 of the sum for
        months and a lifetime of years
    Source:
        1 − S(t + Δt) / S(t)
    """
    edges = np.linspace(0.0, step * steps, steps + 1)
    grown = _cumulative(edges, life)
    if further is not None:
        grown = np.concatenate([grown, further])
    growth = np.diff(np.minimum(grown, CERTAIN), axis=1)
    total = growth.sum(axis=0)
    share = np.divide(growth, total, out=np.zeros_like(growth), where=total > 0.0)
    return np.asarray(share * -np.expm1(-total))


def mean_working(carried: int, needed: int, alive: Array) -> Array:
    """Mean number of units at work where more are carried than can be used.

    Args:
        carried: units aboard, spares among them [-]
        needed: most that work at once [-]
        alive: chance that a unit is alive [-]
    Returns:
        mean number, of the shape of `alive` [-]
    Raises:
        ValueError: when fewer are carried than needed
    Neglects:
        failures in common (one power supply, one pump), the time to switch over, and that a
        cold spare ages more slowly
    Source:
        mean of min(needed, X), X binomial: Σ P(X ≥ j) for j = 1 … needed
    """
    if not carried >= needed >= 0:
        raise ValueError(
            f"carried: {carried}, needed: {needed}; allowed: at least as many carried as needed; "
            "raise the spares"
        )
    alive = np.asarray(alive, float)
    count = np.arange(needed).reshape(-1, *(1,) * alive.ndim)
    return np.asarray(binom.sf(count, carried, alive).sum(axis=0))


def at_least(needed: int, carried: int, alive: Array) -> Array:
    """Chance that at least so many of the units carried are alive: k-out-of-n redundancy.

    Args:
        needed: units without which the whole fails [-]
        carried: units aboard [-]
        alive: chance that a unit is alive [-]
    Returns:
        probability, of the shape of `alive` [-]
    Neglects:
        failures in common
    Source:
        Rausand & Høyland, System Reliability Theory, 2nd ed., eq. 4.9
    """
    return np.asarray(binom.sf(needed - 1, carried, np.asarray(alive, float)))


def interval(rate: float, units: float) -> float:
    """Mean time between failures of any of many units.

    Args:
        rate: of one unit [1/s]
        units: that must all work [-]
    Returns:
        mean time, infinite if nothing fails [s]
    Neglects:
        clusters of failures: 1,024 accelerators ran 7.9 h between failures where this scaling
        gives 28.8 h (Kokolis et al., HPCA 2025)
    Source:
        superposition of Poisson processes
    """
    total = rate * units
    return 1.0 / total if total > 0.0 else math.inf


def cluster_interval(accelerators: float, per_node: float = 8.0) -> float:
    """Mean time between failures of a ground cluster at RSC-1's rate.

    Args:
        accelerators: of the job [-]
        per_node: accelerators in a node [-]
    Returns:
        mean time [s]
    Neglects:
        as `interval`
    Source:
        Kokolis et al., Revisiting reliability in large-scale machine learning research
        clusters, HPCA 2025 (arXiv 2410.21680): 1.80 h at 16,384
    """
    return interval(NODE_FAILURE_RATE, accelerators / per_node)


def yearly(rate: float) -> float:
    """Failures of one unit in a year at a constant rate.

    Args:
        rate: of one unit [1/s]
    Returns:
        mean number [-]
    Neglects:
        that the failed are fewer if they are not replaced: 9.08 failures a hundred, 8.68 % lost
    Source:
        Julian year
    """
    return rate * JULIAN_YEAR


def availability(rates: Array, outages: Array) -> float:
    """Share of time in operation of what stops now and then and is brought back.

    Kinds of stops are, for instance, a reboot of minutes and a safe mode that waits for a
    contact and for people.

    Args:
        rates: stops of each kind per time in operation [1/s]
        outages: mean time out of operation of each kind [s]
    Returns:
        share of time, the safe modes and reboots taken off [-]
    Raises:
        ValueError: when a rate or an outage is negative
    Neglects:
        stops while already stopped; the spread of outages does not matter to the mean
    Source:
        alternating renewal process: 1 / (1 + Σ λ T), Barlow & Proschan, Mathematical Theory of
        Reliability (1965), chapter 3
    """
    rates, outages = np.asarray(rates, float), np.asarray(outages, float)
    for name, values in (("rates", rates), ("outages", outages)):
        if not np.all(values >= 0.0):
            raise ValueError(f"{name}: {values.min():g}; allowed: at least 0; correct it")
    return float(1.0 / (1.0 + np.sum(rates * outages)))


def contact_wait(gaps: Array) -> float:
    """Mean time from a random moment until the next contact with the ground.

    Args:
        gaps: from the end of each contact to the start of the next, over the time that the
            contacts themselves leave free [s]
    Returns:
        mean wait of a satellite that falls silent between contacts [s]
    Raises:
        ValueError: when there is no gap or a negative one
    Neglects:
        contacts missed, and people who do not work at night
    Source:
        inspection paradox: mean of the squares over twice the mean
    """
    gaps = np.asarray(gaps, float)
    if gaps.size == 0 or not np.all(gaps >= 0.0) or not gaps.sum() > 0.0:
        raise ValueError("gaps: allowed: one or more, at least 0 s and not all 0; give the gaps")
    return float(np.mean(gaps**2) / (2.0 * np.mean(gaps)))


def _cumulative(age: Array, life: Lifetime) -> Array:
    """Cumulative hazards of the causes, shape (3, *age) [-]."""
    early = age / life.defect_time
    if life.defective < 1.0:
        early = -np.log1p(life.defective * np.expm1(-early))
    with np.errstate(over="ignore"):
        worn = (age / life.wear_scale) ** life.wear_shape
    return np.stack([early, life.rate * age, worn])


def _share(name: str, value: float) -> None:
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"{name}: {value:g}; allowed: 0 to 1; give 5 % as 0.05")
