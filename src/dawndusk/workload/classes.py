"""Rates, waits and energies of a class of work at one place."""

import math

from dawndusk.constants import EARTH_RADIUS


def compute_rate(work: float, utilisation: float, peak: float) -> float:
    """Units that accelerators finish in a time.

    Args:
        work: useful work of a unit [FLOP]
        utilisation: useful over peak rate while the work runs [-]
        peak: dense rate of all accelerators together [FLOP/s]
    Returns:
        units finished [1/s]
    Neglects:
        how the utilisation changes from one chip to another
    Source:
        definition of model FLOP utilisation: Chowdhery et al., PaLM, 2022, app. B
    """
    return peak * utilisation / work


def carried_rate(size: float, capacity: float) -> float:
    """Units whose data a link carries.

    Args:
        size: data of a unit [bytes]
        capacity: mean rate of the link [B/s]
    Returns:
        units carried, infinite without data [1/s]
    Neglects:
        headers and lost packets
    Source:
        none: a quotient
    """
    return capacity / size if size > 0.0 else math.inf


def exchange_share(needed: float, capacity: float) -> float:
    """Share of the full rate that nodes keep when a link between them is slow.

    Args:
        needed: rate each way at which the work is not held up [B/s]
        capacity: rate of the link [B/s]
    Returns:
        share of the full rate [-]
    Neglects:
        exchanges that overlap the work: with `needed` the rate for 90 % utilisation this gives
        47 % where data parallel keeps 50 % (arXiv 2501.18512, models of 1, 10 and 100 billion)
        and 13–43 % where DiLoCo keeps it
    Source:
        the time of a step is that of its exchange once the link is the slower part
    """
    return 1.0 if needed <= capacity else capacity / needed


def pass_duration(period: float, altitude: float, mask: float) -> float:
    """Mean time for which a circular orbit stays above a ground site's elevation mask.

    A pass through the zenith lasts T λ / π with λ the Earth-central angle at the mask; over
    passes spread evenly from the zenith to the rim the mean chord is π/4 of it.

    Args:
        period: of the orbit [s]
        altitude: of the orbit [m]
        mask: lowest elevation in use [rad]
    Returns:
        mean duration of a pass [s]
    Neglects:
        the Earth's rotation (up to 7 % in low orbits), its flattening, the curvature of the
        sphere over the circle of visibility
    Source:
        Wertz & Larson, Space Mission Analysis and Design, 3rd ed., eqs. 5-26 and 5-29
    """
    ratio = EARTH_RADIUS / (EARTH_RADIUS + altitude)
    reach = math.acos(ratio * math.cos(mask)) - mask
    return 0.25 * period * reach


def waiting(share: float, contact: float, quantile: float) -> float:
    """Wait for a path that comes and goes, not exceeded in a share of the cases.

    Contacts and gaps alternate; the gaps are exponential with the mean that the share of time
    in contact leaves, so a wait beyond t has the probability (1 − share) exp(−t / gap).

    Args:
        share: of the time with a path [-]
        contact: mean duration of a contact [s]
        quantile: share of the cases in which the wait is not longer [-]
    Returns:
        wait, infinite without any path [s]
    Neglects:
        that passes over one site come in groups once or twice a day: there the far quantiles
        are longer
    Source:
        alternating renewal process: Cox, Renewal Theory, 1962, ch. 7
    """
    if share >= quantile:
        return 0.0
    if share <= 0.0 or quantile >= 1.0:
        return math.inf
    gap = contact * (1.0 - share) / share
    return gap * math.log((1.0 - share) / (1.0 - quantile))


def sunlit_load(generated: float, sunlit: float, efficiency: float) -> float:
    """Constant load that an array and a battery carry through the orbit.

    Args:
        generated: power in sunlight at the bus [W]
        sunlit: share of the orbit in sunlight [-]
        efficiency: of the battery, out over in [-]
    Returns:
        load [W]
    Neglects:
        the battery's size and limits
    Source:
        Wertz & Larson, Space Mission Analysis and Design, 3rd ed., eq. 11-5, solved for the load
    """
    return generated * sunlit / (sunlit + (1.0 - sunlit) / efficiency)


def working_share(allowed: float, working: float, idle: float) -> float:
    """Share of the time that work may run within a mean power.

    Args:
        allowed: mean power [W]
        working: power while the work runs [W]
        idle: power without work [W]
    Returns:
        share from 0 to 1 [-]
    Neglects:
        slower clocks, which give more work from the same energy
    Source:
        none: energy balance of working and idle time
    """
    if working <= allowed:
        return 1.0
    return max(0.0, (allowed - idle) / (working - idle))


def unit_energy(
    working: float, idle: float, full_rate: float, rate: float, effectiveness: float
) -> float:
    """Energy of a unit at a node that works for a part of the time and waits for the rest.

    Args:
        working: power while the work runs [W]
        idle: power while it waits [W]
        full_rate: units finished while the work runs [1/s]
        rate: units finished over all time, at most the full rate [1/s]
        effectiveness: facility over node energy, 1 in orbit [-]
    Returns:
        energy of a unit [J]
    Neglects:
        energy of links and of the bus
    Source:
        E = PUE · P / rate, as Google's and ML.ENERGY's per-prompt accounts (2025)
    """
    return effectiveness * (working / full_rate + idle * (1.0 / rate - 1.0 / full_rate))
