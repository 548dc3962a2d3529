"""Laser links: received power, channels that it feeds, beams side by side, acquisition.

A terminal whose physics is not public is its stated rate up to its stated range.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import constants

Array = NDArray[np.float64]


class Terminal(NamedTuple):
    """One end of a laser link; the other end is alike.

    Without physics (NaN) the rate is `max_rate` up to `max_range`.
    """

    max_rate: float
    """Most that the electronics carry one way [bit/s]."""
    max_range: float
    """Beyond it the link is not held, however bright [m]."""
    transmit_power: float = math.nan
    """Light sent, all channels together [W]."""
    aperture: float = math.nan
    """Diameter [m]."""
    efficiency: float = math.nan
    """Gain as a share of an ideal, evenly lit aperture's [-]."""
    wavelength: float = math.nan
    """[m]"""
    transmission: float = 1.0
    """Share that all other losses of the link leave, both ends together [-]."""
    jitter: float = 0.0
    """Pointing error of either end, standard deviation on each of two axes [rad]."""
    channels: int = 1
    """Wavelengths side by side [-]."""
    channel_rate: float = math.nan
    """Of each wavelength [bit/s]."""
    sensitivity: float = math.nan
    """Light that each wavelength needs at the receiver [W]."""
    multiplex: int = 1
    """Most beams side by side along each of two axes of the aperture [-]."""


PHYSICS = (
    *("transmit_power", "aperture", "efficiency", "wavelength"),
    *("channel_rate", "sensitivity"),
)
"""Fields of a terminal that are all known or all NaN."""


def gain(aperture: float, efficiency: float, wavelength: float) -> float:
    """Gain of an aperture over an isotropic emitter.

    Args:
        aperture: diameter [m]
        efficiency: share of an ideal, evenly lit aperture's gain [-]
        wavelength: of the light [m]
    Returns:
        gain on the axis [-]
    Neglects:
        the detail of how the light is spread over the aperture and cut at its edge, which
        `efficiency` stands for: 0.81 for the best Gaussian
    Source:
        (πD/λ)²; Klein & Degnan 1974, Applied Optics 13, 2134 (doi 10.1364/AO.13.002134)
    """
    return (math.pi * aperture / wavelength) ** 2 * efficiency


def divergence(aperture: float, wavelength: float) -> float:
    """Half-angle of the beam far away, to the first dark ring.

    Args:
        aperture: diameter [m]
        wavelength: of the light [m]
    Returns:
        half-angle [rad]
    Neglects:
        imperfect optics, which widen it
    Source:
        1.2197 λ/D, first zero of the Airy pattern; Born & Wolf, section 8.5.2
    """
    return 1.2196698912665045 * wavelength / aperture


def coupling(
    distance: float | Array, aperture: float, efficiency: float, wavelength: float
) -> float | Array:
    """Share of the sent light that enters an equal aperture, both on the axis.

    Far away it is Friis's G²(λ/4πd)²; near by it tends to 1. In between it is that of two
    Gaussian modes that have this gain.

    Args:
        distance: between the apertures [m]
        aperture: diameter of either [m]
        efficiency: of the gain of either [-]
        wavelength: of the light [m]
    Returns:
        share, 0 to 1 [-]
    Neglects:
        focus on the other end: at the confocal limit the best beam brings 0.63, this one
        0.39 at an efficiency of 0.8; far away efficiency² of the best
    Source:
        Friis 1946, Proceedings of the IRE 34, 254; Gaussian modes: Kogelnik & Li 1966,
        Applied Optics 5, 1550 (doi 10.1364/AO.5.001550); best beam: Slepian 1964, Bell
        System Technical Journal 43, 3009
    """
    far = gain(aperture, efficiency, wavelength) * wavelength / (4.0 * math.pi)
    return 1.0 / (1.0 + (distance / far) ** 2)


def pointing_share(gain: float, jitter: float) -> float:
    """Mean share of the light that a jittering end still brings onto the target.

    Args:
        gain: of the end that jitters [-]
        jitter: standard deviation on each of two axes [rad]
    Returns:
        mean over the jitter, 0 to 1 [-]
    Neglects:
        a lasting offset; fades while the jitter is at its worst; side lobes
    Source:
        a lossless Gaussian beam falls by exp(−Gθ²/4); its mean over a Rayleigh-distributed
        error; Toyoshima et al. 2002, JOSA A 19, 567 (doi 10.1364/JOSAA.19.000567)
    """
    return 1.0 / (1.0 + 0.5 * gain * jitter * jitter)


def received_power(distance: float | Array, terminal: Terminal) -> float | Array:
    """Light that arrives over the whole aperture, all channels together.

    Args:
        distance: between the terminals [m]
        terminal: either end, with its physics [object]
    Returns:
        mean power at the receiver [W]
    Raises:
        ValueError: when the terminal has no physics or wrong values
    Neglects:
        what `coupling` and `pointing_share` neglect; background light
    Source:
        Friis 1946, Proceedings of the IRE 34, 254
    """
    if not _known(terminal):
        raise ValueError(
            "terminal.transmit_power: nan; allowed: above 0; give the terminal its physics"
        )
    return _power(distance, terminal, 1)


def confocal_limit(aperture: float, wavelength: float) -> float:
    """Longest distance over which a beam stays as narrow as its aperture.

    Up to there, beams of apertures side by side do not mix.

    Args:
        aperture: diameter of one beam's aperture [m]
        wavelength: of the light [m]
    Returns:
        distance πa²/λ with the radius a [m]
    Neglects:
        leakage between neighbouring beams, which a receiver with many beams must separate
    Source:
        arXiv 2511.19468 v2, section on inter-satellite links; Kogelnik & Li 1966
    """
    return math.pi * (0.5 * aperture) ** 2 / wavelength


def photons_per_bit(power: float, rate: float, wavelength: float) -> float:
    """Photons that a receiver needs for a bit.

    Args:
        power: light that the receiver needs at that rate [W]
        rate: of one channel [bit/s]
        wavelength: of the light [m]
    Returns:
        photons per bit [-]
    Neglects:
        nothing
    Source:
        energy of a photon hc/λ
    """
    return power * wavelength / (rate * constants.h * constants.c)


def reach(terminal: Terminal, channels: int) -> float:
    """Longest distance that feeds a number of channels with one beam.

    Args:
        terminal: either end, with its physics [object]
        channels: wavelengths that must all be received [-]
    Returns:
        distance, at most the terminal's `max_range`; 0 when no distance is near enough [m]
    Raises:
        ValueError: when the terminal has no physics or wrong values
    Neglects:
        what `received_power` neglects
    Source:
        `received_power` solved for the distance
    """
    nearest = float(received_power(0.0, terminal))
    spare = nearest / (channels * terminal.sensitivity) - 1.0
    far = gain(terminal.aperture, terminal.efficiency, terminal.wavelength)
    far *= terminal.wavelength / (4.0 * math.pi)
    return min(far * math.sqrt(max(spare, 0.0)), terminal.max_range)


def rate(distance: Array, terminal: Terminal, transmission: float | Array = 1.0) -> Array:
    """What a link carries each way, by its length.

    The amplifier's power is shared by the channels in use: far away fewer are used, each
    with what it needs. Within the confocal limit of an aperture divided k by k, k² beams
    each carry all channels with their share of the power.

    Args:
        distance: between the terminals, any shape [m]
        terminal: either end [object]
        transmission: share of the light that the air leaves, 0 for clouds [-]
    Returns:
        rate one way, 0 out of reach; the shape of `distance` and `transmission` [bit/s]
    Raises:
        ValueError: when a value of the terminal is out of range
    Neglects:
        lower orders of modulation, which would carry less than one channel still further;
        for a terminal without physics, how the air dims it (any light is enough)
    Source:
        arXiv 2511.19468 v2, section on inter-satellite links (channels, multiplexing)
    """
    shape = np.broadcast_shapes(np.shape(distance), np.shape(transmission))
    held = (distance <= terminal.max_range) & (np.asarray(transmission) > 0.0)
    if not _known(terminal):
        return np.where(np.broadcast_to(held, shape), terminal.max_rate, 0.0)
    best = np.zeros(shape)
    for k in range(1, terminal.multiplex + 1):
        fed = np.floor(_power(distance, terminal, k) * transmission / terminal.sensitivity)
        carried = k * k * np.minimum(fed, terminal.channels) * terminal.channel_rate
        if k > 1:
            limit = confocal_limit(terminal.aperture / k, terminal.wavelength)
            carried = np.where(distance <= limit, carried, 0.0)
        best = np.maximum(best, carried)
    return np.where(held, np.minimum(best, terminal.max_rate), 0.0)


def scan_time(uncertainty: float, spacing: float, dwell: float) -> float:
    """Longest search of a spiral over the cone in which the other end must be.

    Args:
        uncertainty: radius of the cone [rad]
        spacing: between turns and between looks, below the width of the beam [rad]
        dwell: duration of a look [s]
    Returns:
        until the last look at the rim [s]
    Neglects:
        the motion of the other end during the search, and a search in vain
    Source:
        area of the cone over that of a look
    """
    return math.pi * (uncertainty / spacing) ** 2 * dwell


def tracked_share(start: float, dt: float, seen_since: Array, acquisition: float) -> Array:
    """Share of an interval in which a link works, after it was acquired.

    Args:
        start: of the interval [s]
        dt: its duration [s]
        seen_since: when each pair came in sight, to be in sight until the interval ends [s]
        acquisition: from sight to the first bit [s]
    Returns:
        share of the interval, 0 to 1, shape of `seen_since` [-]
    Neglects:
        losses of lock
    Source:
        none: bookkeeping
    """
    return np.clip((start + dt - (seen_since + acquisition)) / dt, 0.0, 1.0)


def _power(distance: float | Array, terminal: Terminal, k: int) -> float | Array:
    """Light received from one of k by k beams [W]."""
    aperture = terminal.aperture / k
    beam = gain(aperture, terminal.efficiency, terminal.wavelength)
    kept = terminal.transmission * pointing_share(beam, terminal.jitter) ** 2
    arrived = coupling(distance, aperture, terminal.efficiency, terminal.wavelength)
    return terminal.transmit_power / (k * k) * kept * arrived


def _known(terminal: Terminal) -> bool:
    """Whether the terminal has physics, after checking its values."""
    physics = [getattr(terminal, name) for name in PHYSICS]
    unknown = [math.isnan(value) for value in physics]
    known = not all(unknown)
    above = {"max_rate": terminal.max_rate, "max_range": terminal.max_range}
    if known:
        above |= dict(zip(PHYSICS, physics, strict=True))
    for name, value in above.items():
        if not value > 0.0:
            raise ValueError(f"terminal.{name}: {value:g}; allowed: above 0; correct it")
    for name in ("efficiency", "transmission") if known else ():
        if not 0.0 < getattr(terminal, name) <= 1.0:
            value = getattr(terminal, name)
            raise ValueError(f"terminal.{name}: {value:g}; allowed: above 0, at most 1; correct it")
    for name in ("channels", "multiplex"):
        if getattr(terminal, name) < 1:
            value = getattr(terminal, name)
            raise ValueError(f"terminal.{name}: {value}; allowed: at least 1; correct it")
    if not terminal.jitter >= 0.0:
        raise ValueError(f"terminal.jitter: {terminal.jitter:g}; allowed: at least 0; correct it")
    return known
