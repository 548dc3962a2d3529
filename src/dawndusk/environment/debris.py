"""Debris: flux of what cannot be dodged, what it goes through, and shells over decades."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dawndusk.compiled import kernel
from dawndusk.constants import JULIAN_YEAR, SGP4_RADIUS

Array = NDArray[np.float64]

LOWEST, HIGHEST = 300e3, 2000e3
SMALLEST, LARGEST = 1e-3, 0.1
SPREAD = ("low", "middle", "high")

_PER_YEAR = 1.0 / JULIAN_YEAR
_ANCHORS = {
    # larger than: 1 mm, 1 cm, 10 cm; mean over 600–900 km, low to high [1/m²/yr]
    # ORDEM 3.1 and MASTER-8 for 1 mm and 1 cm; 10 cm from the populations of ESA's
    # statistics, 54,000 larger than 10 cm among 1,254,000 larger than 1 cm
    "low": np.array([1e-3, 1e-5, 1e-5 * 54.0 / 1254.0]),
    "high": np.array([1e-2, 1e-4, 1e-4 * 54.0 / 1254.0]),
}
_SIZES = np.log(np.array([1e-3, 1e-2, 1e-1]))
# shape with altitude: assumed, from memory of the profiles that ESA and NASA print (peaks
# near 850 and 1,450 km), within a factor of two of either outside 600–900 km
_ALTITUDES = 1e3 * np.array(
    [300, 400, 500, 600, 700, 800, 850, 900, 1000, 1100, 1200, 1300, 1400, 1500, 1600, 1800, 2000]
)
_SHAPE = np.array(
    # 300 to 900 km, then 1,000 to 2,000 km
    [
        *(0.03, 0.08, 0.25, 0.55, 0.95, 1.35, 1.4, 1.2),
        *(0.9, 0.55, 0.4, 0.35, 0.5, 0.55, 0.3, 0.15, 0.1),
    ]
)
_BAND = np.linspace(600e3, 900e3, 301)


def flux(altitude: ArrayLike, size: ArrayLike, spread: str = "middle") -> Array:
    """Flux of debris larger than a size onto a tumbling face.

    Between the anchor sizes the flux is a power of the size (about −2 from 1 mm to 1 cm).

    Args:
        altitude: of a circular orbit, 300e3 to 2,000e3 [m]
        size: smallest diameter counted, 0.001 to 0.1 [m]
        spread: "low", "middle" (geometric mean) or "high" of the published models [-]
    Returns:
        flux [1/m²/s]
    Raises:
        ValueError: outside these ranges, or an unknown spread
    Neglects:
        direction and inclination (a forward face meets up to four times the mean), meteoroids,
        and growth: `evolve` scales it. The shape with altitude is assumed, the level known to
        one order of magnitude
    Source:
        600 to 900 km: 1e-3 to 1e-2 /m²/yr larger than 1 mm, 1e-5 to 1e-4 larger than 1 cm
        (ORDEM 3.1, MASTER-8); ESA's counts 54,000, 1.2 million and 130 million
    """
    altitude, size = np.asarray(altitude, float), np.asarray(size, float)
    if not np.all((altitude >= LOWEST) & (altitude <= HIGHEST)):
        raise ValueError(
            f"altitude spans {altitude.min() / 1e3:g} to {altitude.max() / 1e3:g} km; debris flux"
            " is known from 300 to 2,000 km"
        )
    if not np.all((size >= SMALLEST) & (size <= LARGEST)):
        raise ValueError(
            f"size spans {size.min():g} to {size.max():g} m; debris flux is known from 0.001 to"
            " 0.1 m"
        )
    if spread not in SPREAD:
        raise ValueError(f"spread is {spread!r}; allowed: {', '.join(SPREAD)}")
    low, high = np.log(_ANCHORS["low"]), np.log(_ANCHORS["high"])
    anchors = {"low": low, "middle": 0.5 * (low + high), "high": high}[spread]
    shape = np.interp(altitude, _ALTITUDES, _SHAPE)
    shape /= np.interp(_BAND, _ALTITUDES, _SHAPE).mean()
    return np.asarray(shape * np.exp(np.interp(np.log(size), _SIZES, anchors)) * _PER_YEAR)


def perforating_size(
    wall: ArrayLike,
    speed: ArrayLike = 10e3,
    density: ArrayLike = 2800.0,
    wall_density: ArrayLike = 2713.0,
    hardness: ArrayLike = 95.0,
    sound: ArrayLike = 5100.0,
) -> Array:
    """Diameter of the smallest debris that goes through a single metal wall, head-on.

    Args:
        wall: thickness [m]
        speed: of the impact; 10e3 is the mean in low orbit [m/s]
        density: of the debris, 2,800 for aluminium [kg/m³]
        wall_density: of the wall, 2,713 for aluminium 6061 [kg/m³]
        hardness: Brinell hardness of the wall, 95 for 6061-T6 [-]
        sound: speed of sound in the wall [m/s]
    Returns:
        diameter of a sphere [m]
    Raises:
        ValueError: a thickness, speed, density, hardness or speed of sound not above 0
    Neglects:
        slant impacts, shape, and what spalls behind a wall that holds (from 2.2 in place of
        1.8 depths); a bumper in front of the wall stops two to four times that size
    Source:
        Cour-Palais: depth 5.24·d^(19/18)·hardness^(−1/4)·√(density ratio)·(speed/sound)^(2/3)
        in centimetres, wall 1.8 depths; Christiansen et al. 2009, NASA TM-2009-214785
    """
    given = [wall, speed, density, wall_density, hardness, sound]
    wall, speed, density, wall_density, hardness, sound = (
        np.asarray(each, dtype=np.float64) for each in given
    )
    if not all(np.all(np.asarray(each) > 0.0) for each in given):
        raise ValueError("wall, speed, densities, hardness and speed of sound must be above 0")
    depth = 100.0 * wall / 1.8
    diameter = depth * hardness**0.25 * np.sqrt(wall_density / density)
    diameter *= (sound / speed) ** (2.0 / 3.0) / 5.24
    return np.asarray(0.01 * diameter ** (18.0 / 19.0))


def penetrations(
    altitude: ArrayLike, area: ArrayLike, wall: ArrayLike, spread: str = "middle"
) -> Array:
    """Rate at which debris goes through an exposed wall; at most what would be tracked.

    Args:
        altitude: of a circular orbit, 300e3 to 2,000e3 [m]
        area: mean cross-section of what must not be hit, tumbling mean [m²]
        wall: thickness of aluminium in front of it [m]
        spread: "low", "middle" or "high" of the published models [-]
    Returns:
        penetrations of a satellite; exp(−rate·time) of them stay whole [1/s]
    Raises:
        ValueError: a negative area, a wall that debris below 1 mm goes through (4.2 mm) or
            that stops 10 cm, or what `flux` refuses
    Neglects:
        speeds other than the mean, slant impacts
    Source:
        `flux` above `perforating_size`, less what is larger than 10 cm and can be dodged
    """
    area = np.asarray(area, dtype=np.float64)
    if np.any(area < 0.0):
        raise ValueError(f"area is {area.min():g} m²; allowed: 0 and above")
    size = perforating_size(wall)
    if not np.all((size >= SMALLEST) & (size <= LARGEST)):
        thickest, thinnest = np.max(wall), np.min(wall)
        raise ValueError(
            f"wall spans {thinnest:g} to {thickest:g} m; debris flux is known for walls of"
            " 0.0043 to 0.54 m, which debris of 0.001 to 0.1 m goes through"
        )
    lost = flux(altitude, size, spread) - flux(altitude, LARGEST, spread)
    return np.asarray(area * lost)


class Shells(NamedTuple):
    """What a population of shells is made of; one value a shell unless said otherwise."""

    volume: Array
    """Volume of each shell, the lowest first [m³]."""
    launched: Array
    """Satellites that arrive [1/s]."""
    life: Array
    """Mean active life of a satellite [s]."""
    disposed: Array
    """Share of satellites that leave at once at the end of their life [-]."""
    decay: Array
    """Mean time in which drag takes a derelict to the shell below; infinite for never [s]."""
    fragment_decay: Array
    """The same for fragments and lethal non-trackable debris [s]."""
    avoidance: Array
    """Share of encounters of satellites with tracked objects that are dodged [-]."""
    vulnerable: Array
    """Share of hits by non-trackable debris that disable a satellite (bus, not array) [-]."""
    radius: Array
    """Radius of a satellite or derelict; a fragment is taken as a point [m]."""
    mass: Array
    """Mass of a satellite or derelict [kg]."""
    speed: float
    """Mean relative speed of two objects [m/s]."""


class Population(NamedTuple):
    """Objects by time and shell, and where they went; shape (times, shells) or (times,)."""

    active: Array
    """Satellites at work [-]."""
    derelict: Array
    """Dead satellites and rocket bodies [-]."""
    fragments: Array
    """Debris larger than 10 cm [-]."""
    lethal: Array
    """Debris of 1 to 10 cm, which kills and is not tracked [-]."""
    launched: Array
    """Satellites launched so far [-]."""
    disposed: Array
    """Satellites taken down at the end of their life so far [-]."""
    reentered: Array
    """Derelicts that drag has brought down so far [-]."""
    destroyed: Array
    """Satellites and derelicts broken up by collisions so far [-]."""
    disabled: Array
    """Satellites that non-trackable debris made derelict so far [-]."""


def shell_volume(lower: ArrayLike, upper: ArrayLike) -> Array:
    """Volume between two altitudes.

    Args:
        lower: altitude of the lower boundary [m]
        upper: altitude of the upper boundary [m]
    Returns:
        volume [m³]
    Raises:
        ValueError: an upper boundary that is not above the lower one
    Neglects:
        latitudes that no orbit reaches
    Source:
        4π/3·(r₂³ − r₁³)
    """
    inner = SGP4_RADIUS + np.asarray(lower, dtype=np.float64)
    outer = SGP4_RADIUS + np.asarray(upper, dtype=np.float64)
    if np.any(outer <= inner):
        raise ValueError("upper altitude must be above the lower one")
    return np.asarray(4.0 / 3.0 * np.pi * (outer**3 - inner**3))


def fragments_of_collision(mass: ArrayLike, size: ArrayLike) -> Array:
    """Fragments larger than a size from a catastrophic collision.

    Args:
        mass: of both objects together [kg]
        size: smallest length counted [m]
    Returns:
        number of fragments [-]
    Raises:
        ValueError: a negative mass or a size that is not above 0
    Neglects:
        the limit of mass itself for the smallest sizes
    Source:
        NASA's standard breakup model, Johnson et al. 2001: 0.1·mass^0.75·size^−1.71
    """
    mass, size = np.asarray(mass, dtype=np.float64), np.asarray(size, dtype=np.float64)
    if np.any(mass < 0.0) or not np.all(size > 0.0):
        raise ValueError("mass must be at least 0 kg and size above 0 m")
    return np.asarray(0.1 * mass**0.75 * size**-1.71)


def evolve(
    shells: Shells,
    active: ArrayLike,
    derelict: ArrayLike,
    fragments: ArrayLike,
    lethal: ArrayLike,
    duration: float,
    step: float = JULIAN_YEAR / 48.0,
) -> Population:
    """Expected population of shells over decades: launches, losses, drag and collisions.

    In each step: collisions at the densities of its start, in a shell at most what is there;
    ends of life; launches; then drag, exact for each shell.

    Args:
        shells: what the shells are made of [object]
        active: satellites at work at the start, one a shell [-]
        derelict: dead satellites and rocket bodies at the start [-]
        fragments: debris larger than 10 cm at the start [-]
        lethal: debris of 1 to 10 cm at the start [-]
        duration: whole steps of it are taken [s]
        step: of time; halving the default changes populations by below 1 %, by 5 % in a
            runaway; in a shell that kills within a step, only that step's launches live [s]
    Returns:
        population at the start and after each step [-]
    Raises:
        ValueError: negative numbers, or shares above 1
    Neglects:
        explosions, debris below 1 cm, fragments thrown to other shells (a collision fills one
        shell only, which makes runaway too easy in thin shells), eccentric
        orbits, and luck: these are means, and a collision is rare
    Source:
        rates of a well-mixed gas, Kessler & Cour-Palais 1978 (doi 10.1029/JA083iA06p02637);
        species as in MIT's MOCAT-SSEM, D'Ambrosio et al. 2022
    """
    _check(shells)
    start = [np.array(each, dtype=np.float64) for each in (active, derelict, fragments, lethal)]
    if any(each.shape != shells.volume.shape or np.any(each < 0.0) for each in start):
        raise ValueError("populations need one number a shell, none below 0")
    if not (duration >= 0.0 and step > 0.0):
        raise ValueError("duration must be at least 0 s and step above 0 s")
    pair = (
        fragments_of_collision(2.0 * shells.mass, 0.1),
        fragments_of_collision(2.0 * shells.mass, 0.01),
    )
    single = fragments_of_collision(shells.mass, 0.1), fragments_of_collision(shells.mass, 0.01)
    breakup = np.stack((pair[0], pair[1] - pair[0], single[0], single[1] - single[0]))
    states, totals = _march(
        np.stack(start),
        round(duration / step),
        step,
        np.stack([np.asarray(each, dtype=np.float64) for each in shells[:9]]),
        shells.speed,
        breakup,
    )
    return Population(*np.moveaxis(states, 1, 0), *totals.T)


def _check(shells: Shells) -> None:
    for name in ("disposed", "avoidance", "vulnerable"):
        share = np.asarray(getattr(shells, name))
        if not np.all((share >= 0.0) & (share <= 1.0)):
            raise ValueError(f"{name} spans {share.min():g} to {share.max():g}; allowed: 0 to 1")
    for name in ("volume", "life", "decay", "fragment_decay"):
        if not np.all(np.asarray(getattr(shells, name)) > 0.0):
            raise ValueError(f"{name} must be above 0 in every shell")
    for name in ("launched", "radius", "mass", "speed"):
        if not np.all(np.asarray(getattr(shells, name)) >= 0.0):
            raise ValueError(f"{name} must be at least 0 in every shell")


@kernel
def _march(state, steps, dt, shells, speed, breakup):  # type: ignore[no-untyped-def]
    """Populations (steps + 1, 4, shells) and totals (steps + 1, 5)."""
    n = state.shape[1]
    states = np.empty((steps + 1, 4, n))
    totals = np.zeros((steps + 1, 5))
    volume, launched, life, disposed, decay, fragment_decay, avoidance, vulnerable, radius = shells
    for i in range(n):
        for kind in range(4):
            states[0, kind, i] = state[kind, i]
    for k in range(steps):
        for kind in range(5):
            totals[k + 1, kind] = totals[k, kind]
        s, d, f, l = states[k + 1]
        for i in range(n):
            s[i], d[i], f[i], l[i] = states[k, :, i]
            swept = np.pi * radius[i] * radius[i] * speed * dt / volume[i]
            meet = 4.0 * swept  # of two bodies the radii add up
            seen = 1.0 - avoidance[i]
            # of each pair of satellites either can dodge
            ss = 0.5 * meet * s[i] * s[i] * seen * seen
            sd = meet * s[i] * d[i] * seen
            dd = 0.5 * meet * d[i] * d[i]
            sf = swept * s[i] * f[i] * seen
            df = swept * d[i] * f[i]
            hit = swept * s[i] * l[i] * vulnerable[i]
            end = s[i] * (1.0 - np.exp(-dt / life[i]))
            # no more can go than there are: one factor for all, so that nothing is created
            share = 1.0
            gone = 2.0 * ss + sd + sf + hit + end
            if gone > s[i] and gone > 0.0:
                share = s[i] / gone
            gone = sd + 2.0 * dd + df
            if gone > d[i] and gone > 0.0:
                share = min(share, d[i] / gone)
            gone = sf + df
            if gone > f[i] and gone > 0.0:
                share = min(share, f[i] / gone)
            if hit > l[i] and hit > 0.0:
                share = min(share, l[i] / hit)
            ss, sd, dd, sf, df, hit = (
                share * ss,
                share * sd,
                share * dd,
                share * sf,
                share * df,
                share * hit,
            )
            end *= share
            pairs, singles = ss + sd + dd, sf + df
            s[i] += launched[i] * dt - 2.0 * ss - sd - sf - hit - end
            d[i] += (1.0 - disposed[i]) * end + hit - sd - 2.0 * dd - df
            f[i] += breakup[0, i] * pairs + breakup[2, i] * singles - singles
            l[i] += breakup[1, i] * pairs + breakup[3, i] * singles - hit
            totals[k + 1, 0] += launched[i] * dt
            totals[k + 1, 1] += disposed[i] * end
            totals[k + 1, 3] += 2.0 * pairs + singles
            totals[k + 1, 4] += hit
        for i in range(n):
            fall = 1.0 - np.exp(-dt / decay[i])
            drift = 1.0 - np.exp(-dt / fragment_decay[i])
            derelicts, debris, small = d[i] * fall, f[i] * drift, l[i] * drift
            d[i] -= derelicts
            f[i] -= debris
            l[i] -= small
            if i > 0:
                d[i - 1] += derelicts
                f[i - 1] += debris
                l[i - 1] += small
            else:
                totals[k + 1, 2] += derelicts
    return states, totals
