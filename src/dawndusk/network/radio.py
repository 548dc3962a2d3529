"""Radio links: signal over noise, rate of adaptive coding, attenuation by rain."""

import math
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import constants

from dawndusk.compiled import kernel, scalar

Array = NDArray[np.float64]

RAIN_TEMPERATURE = 275.0
"""Of rain and cloud as a receiver sees it [K], ITU-R P.618-13 section 3."""

CLOUD_WATER = 0.6
"""Mean column of a cloudy sky [kg/m²]: 0.34 at London, 0.65 at New York, 0.98 at Singapore,
means of the log-normal distributions in the maps of ITU-R P.840-8."""

RAREST, COMMONEST = 1e-5, 0.05
"""Shares of a year between which ITU-R P.618-13 states attenuation [-]."""

_EARTH = 8.5e6
_K_HORIZONTAL = (
    (-5.33980, -0.35351, -0.23789, -0.94158),
    (-0.10008, 1.26970, 0.86036, 0.64552),
    (1.13098, 0.45400, 0.15354, 0.16817),
)
_K_VERTICAL = (
    (-3.80595, -3.44965, -0.39902, 0.50167),
    (0.56934, -0.22911, 0.73042, 1.07319),
    (0.81061, 0.51059, 0.11899, 0.27195),
)
_POWER_HORIZONTAL = (
    (-0.14318, 0.29591, 0.32177, -5.37610, 16.1721),
    (1.82442, 0.77564, 0.63773, -0.96230, -3.29980),
    (-0.55187, 0.19822, 0.13164, 1.47828, 3.43990),
)
_POWER_VERTICAL = (
    (-0.07771, 0.56727, -0.20238, -48.2991, 48.5833),
    (2.33840, 0.95545, 1.14520, 0.791669, 0.791459),
    (-0.76284, 0.54039, 0.26809, 0.116226, 0.116479),
)


class Radio(NamedTuple):
    """One direction of a radio link: what one end sends and how the other one hears it.

    Without physics (NaN) the rate is `max_rate` up to `max_range`.
    """

    max_rate: float
    """Most that the modems carry [bit/s]."""
    max_range: float
    """Beyond it the link is not held [m]."""
    frequency: float = math.nan
    """Of the carrier [Hz]."""
    bandwidth: float = math.nan
    """Of one stream, noise and symbols alike [Hz]."""
    power: float = math.nan
    """Sent in one stream, as if the antenna sent it every way alike (EIRP) [W]."""
    sensitivity: float = math.nan
    """Receiving antenna's gain over its system's noise temperature under a clear sky [1/K]."""
    noise: float = math.inf
    """That noise temperature, which rain adds to; inf for a receiver that looks down [K]."""
    transmission: float = 1.0
    """Share that all other losses leave: pointing, polarisation, scintillation [-]."""
    gap: float = 1.0
    """Signal over noise that the modem needs, over Shannon's [-]."""
    least: float = 0.0
    """Lowest spectral efficiency of the modem; below it the link is lost [-]."""
    most: float = math.inf
    """Highest spectral efficiency of the modem [-]."""
    streams: int = 1
    """Polarisations and carriers used at once [-]."""


PHYSICS = ("frequency", "bandwidth", "power", "sensitivity")
"""Fields of a radio that are all known or all NaN."""


def free_space_loss(distance: float | Array, frequency: float) -> float | Array:
    """Loss between two isotropic antennas.

    Args:
        distance: between the antennas [m]
        frequency: of the carrier [Hz]
    Returns:
        sent power over received power [-]
    Neglects:
        the near field, within a few hundred metres of a large dish
    Source:
        Friis 1946, Proceedings of the IRE 34, 254; ITU-R P.525-4, equation 3
    """
    return (4.0 * math.pi * distance * frequency / constants.c) ** 2


def signal_over_noise(
    distance: float | Array, radio: Radio, transmission: float | Array = 1.0
) -> float | Array:
    """Signal over noise in one stream, within its bandwidth.

    Args:
        distance: between the antennas [m]
        radio: direction of the link, with its physics [object]
        transmission: share of the signal that air and rain leave [-]
    Returns:
        ratio of powers [-]
    Raises:
        ValueError: when the radio has no physics or wrong values
    Neglects:
        interference of other links and the amplifier's distortion
    Source:
        Friis 1946; noise of an absorber: ITU-R P.618-13, section 3
    """
    if not _known(radio):
        raise ValueError("radio.frequency: nan; allowed: above 0; give the radio its physics")
    noise = constants.k * radio.bandwidth
    noise = noise * (1.0 + (1.0 - transmission) * RAIN_TEMPERATURE / radio.noise)
    received = radio.power * radio.transmission * transmission * radio.sensitivity
    return received / (free_space_loss(distance, radio.frequency) * noise)


def rate(distance: Array, radio: Radio, transmission: float | Array = 1.0) -> Array:
    """What a direction of a link carries, with coding that follows its signal over noise.

    Args:
        distance: between the antennas, any shape [m]
        radio: direction of the link [object]
        transmission: share of the signal that air and rain leave [-]
    Returns:
        rate, 0 when the link is lost; the shape of `distance` and `transmission` [bit/s]
    Raises:
        ValueError: when a value of the radio is out of range
    Neglects:
        the steps between a modem's codes, which `gap` stands for; for a radio without
        physics, rain
    Source:
        Shannon 1948, Bell System Technical Journal 27, 623, with a gap
    """
    shape = np.broadcast_shapes(np.shape(distance), np.shape(transmission))
    held = (distance <= radio.max_range) & (np.asarray(transmission) > 0.0)
    if not _known(radio):
        return np.where(np.broadcast_to(held, shape), radio.max_rate, 0.0)
    ratio = signal_over_noise(np.maximum(distance, 1.0), radio, transmission) / radio.gap
    efficiency = np.minimum(np.log2(1.0 + ratio), radio.most)
    carried = np.where(held & (efficiency >= radio.least), efficiency, 0.0)
    return np.minimum(carried * radio.bandwidth * radio.streams, radio.max_rate)


def rain_height(latitude: Array) -> Array:
    """Height up to which precipitation is rain, as a zonal mean.

    Args:
        latitude: of the sites, north positive [rad]
    Returns:
        mean height of the zero-degree isotherm above the sea [m]
    Neglects:
        differences along a parallel: ITU-R P.839-4's map lies within ±0.7 km at seven of
        its eight validation sites, 1.6 km lower at the eighth, a dry one
    Source:
        ITU-R P.839-2 (1999), equation 1
    """
    degrees = np.degrees(latitude)
    north = 5e3 - 75.0 * np.maximum(degrees - 23.0, 0.0)
    south = 5e3 + 100.0 * np.minimum(degrees + 21.0, 0.0)
    return np.maximum(np.minimum(north, south), 0.0)


def rain_attenuation(
    frequency: float,
    elevation: Array,
    rain_rate: Array,
    latitude: Array,
    site_height: Array,
    top: Array,
    exceeded: Array,
    tilt: float = math.pi / 4.0,
) -> Array:
    """Attenuation on a slant path that is exceeded for a share of the year.

    Args:
        frequency: of the carrier, 1 to 55 GHz [Hz]
        elevation: of the path [rad]
        rain_rate: exceeded for 0.01 % of the year at the site [m/s]
        latitude: of the site, north positive [rad]
        site_height: above the sea [m]
        top: of the rain above the sea, from `rain_height` [m]
        exceeded: share of the year in which it attenuates more; the share of the year with
            heavier rain than now gives the attenuation now [-]
        tilt: of the polarisation, π/4 for circular [rad]
    Returns:
        attenuation in decibels, nothing at shares above 5 %, at shares below 0.001 % as at
        that share; the shape of the arrays together [-]
    Raises:
        ValueError: when the frequency is outside the model
    Neglects:
        scintillation, wet antennas, seasons; that a low path meets other rain than a high
        one at the same moment
    Source:
        ITU-R P.618-13, section 2.2.1.1; ITU-R P.838-3, equations 2 to 5 and tables 1 to 4
    """
    if not 1e9 <= frequency <= 55e9:
        raise ValueError(f"radio.frequency: {frequency:g}; allowed: 1e9 to 55e9; choose a band")
    arrays = (elevation, rain_rate, latitude, site_height, top, exceeded)
    paths = np.broadcast_arrays(*(np.asarray(each, dtype=np.float64) for each in arrays))
    flat = [np.ascontiguousarray(each).ravel() for each in paths]
    found = _attenuations(frequency, math.cos(2.0 * tilt), specific(frequency), *flat)
    return found.reshape(paths[0].shape)


def cloud_attenuation(frequency: float, elevation: Array, water: float | Array) -> Array:
    """Attenuation on a slant path through clouds.

    Args:
        frequency: of the carrier, up to 200 GHz [Hz]
        elevation: of the path, 5° or more [rad]
        water: liquid in the column above the site, as if at 0 °C [kg/m²]
    Returns:
        attenuation in decibels; the shape of `elevation` and `water` together [-]
    Raises:
        ValueError: when the frequency is outside the model
    Neglects:
        drops larger than a tenth of a millimetre, which are rain; that some clouds hold
        more water than others (0.41 % of a year's data, `design/link_cloud_water.py`)
    Source:
        ITU-R P.840-8 (2019), equations 2 to 12: Rayleigh scattering, double-Debye water
    """
    if not 1e9 <= frequency <= 200e9:
        raise ValueError(f"radio.frequency: {frequency:g}; allowed: 1e9 to 200e9; choose a band")
    f, cold = frequency / 1e9, 300.0 / 273.15 - 1.0
    still = 77.66 + 103.3 * cold
    middle, fast = 0.0671 * still, 3.52
    principal = 20.20 - 146.0 * cold + 316.0 * cold * cold
    secondary = 39.8 * principal
    slow, quick = 1.0 + (f / principal) ** 2, 1.0 + (f / secondary) ** 2
    real = (still - middle) / slow + (middle - fast) / quick + fast
    loss = f * (still - middle) / (principal * slow) + f * (middle - fast) / (secondary * quick)
    each = 0.819 * f / (loss * (1.0 + ((2.0 + real) / loss) ** 2))
    return np.asarray(each * water / np.sin(elevation))


def decibels_left(attenuation: float | Array) -> float | Array:
    """Share of a signal that an attenuation in decibels leaves.

    Args:
        attenuation: in decibels [-]
    Returns:
        share [-]
    Neglects:
        nothing
    Source:
        definition of the decibel
    """
    return 10.0 ** (-0.1 * attenuation)


@cache
def specific(frequency: float) -> tuple[float, float, float, float]:
    """How rain attenuates a kilometre: k·R^α decibels with the rain rate R in mm/h.

    Args:
        frequency: of the carrier [Hz]
    Returns:
        k and α of horizontal polarisation, k and α of vertical polarisation [-, -, -, -]
    Neglects:
        temperature and shape of the drops, for which the fit takes a mean
    Source:
        ITU-R P.838-3 (2005), equations 2 and 3, tables 1 to 4
    """
    f = math.log10(frequency / 1e9)

    def fit(bells: tuple[tuple[float, ...], ...], slope: float, shift: float) -> float:
        bumps = (a * math.exp(-(((f - b) / c) ** 2)) for a, b, c in zip(*bells, strict=True))
        return sum(bumps) + slope * f + shift

    return (
        10.0 ** fit(_K_HORIZONTAL, -0.18961, 0.71147),
        fit(_POWER_HORIZONTAL, 0.67849, -1.95537),
        10.0 ** fit(_K_VERTICAL, -0.16398, 0.63297),
        fit(_POWER_VERTICAL, -0.053739, 0.83433),
    )


@scalar
def _attenuation(frequency, gamma, elevation, latitude, depth, exceeded):  # type: ignore[no-untyped-def]
    """P.618-13 steps 2 to 10: GHz, dB/km, rad, degrees, km of rain above the site, share."""
    sine, cosine = math.sin(elevation), math.cos(elevation)
    if elevation >= math.radians(5.0):
        slant = depth / sine
    else:
        slant = 2.0 * depth / (math.sqrt(sine * sine + 2.0 * depth / (_EARTH / 1e3)) + sine)
    ground = slant * cosine
    horizontal = 1.0 / (
        1.0 + 0.78 * math.sqrt(ground * gamma / frequency) - 0.38 * (1.0 - math.exp(-2.0 * ground))
    )
    if math.atan2(depth, ground * horizontal) > elevation:
        inside = ground * horizontal / cosine
    else:
        inside = depth / sine
    spread = 1.0 + max(36.0 - abs(latitude), 0.0)
    bend = 31.0 * (1.0 - math.exp(-math.degrees(elevation) / spread))
    bend *= math.sqrt(inside * gamma) / frequency**2
    vertical = 1.0 / (1.0 + math.sqrt(sine) * (bend - 0.45))
    rare = gamma * inside * vertical
    p = 100.0 * exceeded
    tilt = 0.0
    if p < 1.0 and abs(latitude) < 36.0:
        tilt = -0.005 * (abs(latitude) - 36.0)
        if elevation < math.radians(25.0):
            tilt += 1.8 - 4.25 * sine
    exponent = 0.655 + 0.033 * math.log(p) - 0.045 * math.log(rare) - tilt * (1.0 - p) * sine
    return rare * (p / 0.01) ** -exponent


@kernel
def _attenuations(  # type: ignore[no-untyped-def]
    frequency, turn, coefficients, elevation, rain_rate, latitude, site_height, top, exceeded
):
    """`_attenuation` of each path; `turn` is the cosine of twice the polarisation's tilt."""
    k_h, power_h, k_v, power_v = coefficients
    found = np.zeros(elevation.size)
    for i in range(elevation.size):
        depth = (top[i] - site_height[i]) / 1e3
        if not (exceeded[i] <= COMMONEST and depth > 0.0 and rain_rate[i] > 0.0):
            continue
        across = math.cos(elevation[i]) ** 2 * turn
        k = 0.5 * (k_h + k_v + (k_h - k_v) * across)
        power = k_h * power_h + k_v * power_v + (k_h * power_h - k_v * power_v) * across
        gamma = k * (3.6e6 * rain_rate[i]) ** (0.5 * power / k)
        found[i] = _attenuation(
            frequency / 1e9,
            gamma,
            elevation[i],
            math.degrees(latitude[i]),
            depth,
            max(exceeded[i], RAREST),
        )
    return found


def _known(radio: Radio) -> bool:
    """Whether the radio has physics, after checking its values."""
    physics = [getattr(radio, name) for name in PHYSICS]
    known = not all(math.isnan(value) for value in physics)
    names = ("max_rate", "max_range", "transmission", "gap", "noise", "streams")
    for name in names + PHYSICS if known else names:
        value = getattr(radio, name)
        if not value > 0.0:
            raise ValueError(f"radio.{name}: {value:g}; allowed: above 0; correct it")
    if radio.transmission > 1.0:
        raise ValueError(
            f"radio.transmission: {radio.transmission:g}; allowed: at most 1; correct it"
        )
    if radio.gap < 1.0:
        raise ValueError(f"radio.gap: {radio.gap:g}; allowed: at least 1; correct it")
    if not 0.0 <= radio.least <= radio.most:
        raise ValueError(
            f"radio.least: {radio.least:g}; allowed: 0 to radio.most = {radio.most:g}; correct it"
        )
    return known
