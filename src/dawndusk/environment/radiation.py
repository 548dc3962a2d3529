"""Trapped protons and electrons: AP8 and AE8 by position, the South Atlantic Anomaly."""

import functools
import math
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dawndusk.compiled import kernel, scalar
from dawndusk.constants import MEV

Array = NDArray[np.float64]
Particle = Literal["proton", "electron"]

ANOMALY_ENERGY = 10.0 * MEV
"""Energy of the protons by which the anomaly is drawn [J]."""

ANOMALY_FLUX = 1.0e6
"""Integral flux of those protons at the anomaly's edge [1/m²/s]: 100 /cm²/s, by which 9 of the
15 orbits of a day at 650 km cross it."""

_PER_DECADE = 2000.0


class Tables(NamedTuple):
    """The field and the maps as `tools/build_radiation.py` wrote them."""

    latitude: Array
    """Geocentric, evenly spaced from pole to pole [rad]."""
    longitude: Array
    """Evenly spaced around the Earth [rad]."""
    radius: Array
    """From the Earth's centre [m]."""
    inverse_shell: NDArray[np.float32]
    """1/L in the fields of 1960 and 1970, shape (2, latitude, longitude, radius) [-]."""
    strength: NDArray[np.float32]
    """ln((B/B0)/L³), same shape [-]."""
    shell: Array
    """McIlwain's L of the maps [-]."""
    start: Array
    """Least ln(B/B0) of the maps on each shell [-]."""
    end: Array
    """ln(B/B0) where each shell's flux ends [-]."""
    proton_energy: Array
    """Of the maps of protons [J]."""
    electron_energy: Array
    """Of the maps of electrons [J]."""
    proton: NDArray[np.int16]
    """AP8MIN and AP8MAX, 2000·log10(1 + flux·cm²·s), (2, energy, shell, share) [-]."""
    electron: NDArray[np.int16]
    """AE8MIN and AE8MAX, the same [-]."""


@functools.cache
def tables() -> Tables:
    """The committed tables, read once.

    Returns:
        field and maps [object]
    Neglects:
        nothing beyond the tables' own steps: day means within 0.1 % of IRBEM's AP8 and AE8
    Source:
        tools/build_radiation.py with aep8 1.1.0 (BSD-3-Clause): Sawyer & Vette 1976,
        NSSDC 76-06 (AP8); Vette 1991, NSSDC 91-24 (AE8)
    """
    here = Path(__file__)
    with (
        np.load(here.with_name("radiation_field.npz")) as field,
        np.load(here.with_name("radiation_maps.npz")) as maps,
    ):
        return Tables(
            np.radians(field["latitude_deg"]),
            np.radians(field["longitude_deg"]),
            1e3 * field["radius_km"],
            field["inverse_shell"],
            field["strength"],
            maps["shell"],
            maps["start"],
            maps["end"],
            MEV * maps["proton_mev"],
            MEV * maps["electron_mev"],
            maps["proton"],
            maps["electron"],
        )


@scalar
def _even_weight(place, node):  # type: ignore[no-untyped-def]
    """Lagrange weight of one of the four nodes 0 to 3 at a place among them."""
    if node == 0:
        return -(place - 1.0) * (place - 2.0) * (place - 3.0) / 6.0
    if node == 1:
        return place * (place - 2.0) * (place - 3.0) / 2.0
    if node == 2:
        return -place * (place - 1.0) * (place - 3.0) / 2.0
    return place * (place - 1.0) * (place - 2.0) / 6.0


@scalar
def _weight(value, nodes, first, node):  # type: ignore[no-untyped-def]
    """Lagrange weight of `nodes[first + node]` of the four nodes from `first` on."""
    weight = 1.0
    for other in range(4):
        if other != node:
            weight *= (value - nodes[first + other]) / (nodes[first + node] - nodes[first + other])
    return weight


@kernel
def _coordinates(position, table, field, shell, ratio):  # type: ignore[no-untyped-def]
    """McIlwain's L (infinite on open lines) and ln(B/B0) at each position."""
    rows, columns = table.latitude.size, table.longitude.size
    row_step = table.latitude[1] - table.latitude[0]
    column_step = table.longitude[1] - table.longitude[0]
    across = np.empty(4)
    along = np.empty(4)
    up = np.empty(4)
    for k in range(position.shape[0]):
        x, y, z = position[k, 0], position[k, 1], position[k, 2]
        flat = math.sqrt(x * x + y * y)
        radius = math.sqrt(flat * flat + z * z)
        row = (math.atan2(z, flat) - table.latitude[0]) / row_step
        column = (math.atan2(y, x) - table.longitude[0]) / column_step
        i = min(max(math.floor(row) - 1, 0), rows - 4)
        j = math.floor(column) - 1
        level = np.searchsorted(table.radius, radius) - 2
        m = min(max(level, 0), table.radius.size - 4)
        for node in range(4):
            across[node] = _even_weight(row - i, node)
            along[node] = _even_weight(column - j, node)
            up[node] = _weight(radius, table.radius, m, node)
        inverse, strength = 0.0, 0.0
        for a in range(4):
            for b in range(4):
                turn = (j + b) % columns
                for c in range(4):
                    weight = across[a] * along[b] * up[c]
                    inverse += weight * table.inverse_shell[field, i + a, turn, m + c]
                    strength += weight * table.strength[field, i + a, turn, m + c]
        shell[k] = 1.0 / inverse if inverse > 1e-3 else math.inf
        ratio[k] = strength - 3.0 * math.log(inverse) if inverse > 1e-3 else math.inf


@kernel
def _fluxes(shell, ratio, table, maps, flux):  # type: ignore[no-untyped-def]
    """Integral flux at every energy of the maps [1/m²/s], shape (position, energy)."""
    last = table.shell.size - 1
    steps = maps.shape[2] - 1
    for k in range(shell.size):
        if not shell[k] < table.shell[last]:
            flux[k] = 0.0
            continue
        low = min(max(np.searchsorted(table.shell, shell[k]) - 1, 0), last - 1)
        span = table.shell[low + 1] - table.shell[low]
        part = min(max((shell[k] - table.shell[low]) / span, 0.0), 1.0)
        end = (1.0 - part) * table.end[low] + part * table.end[low + 1]
        start = (1.0 - part) * table.start[low] + part * table.start[low + 1]
        share = max(ratio[k] - start, 0.0) / (end - start) * steps
        if not share < steps:
            flux[k] = 0.0
            continue
        place = int(share)
        rest = share - place
        for energy in range(maps.shape[0]):
            near = (1.0 - rest) * maps[energy, low, place] + rest * maps[energy, low, place + 1]
            far = (1.0 - rest) * maps[energy, low + 1, place]
            far += rest * maps[energy, low + 1, place + 1]
            level = ((1.0 - part) * near + part * far) / _PER_DECADE
            flux[k, energy] = 1e4 * (10.0**level - 1.0)


def shell(position: ArrayLike, field: Literal["1960", "1970"] = "1960") -> tuple[Array, Array]:
    """Magnetic shell of each position: McIlwain's L and B over its least value on the line.

    Args:
        position: Earth-fixed, shape (n, 3) [m]
        field: Jensen & Cain 1960 or GSFC 12/66 at 1970, of the year meant [object]
    Returns:
        L (infinite where no line closes within 20 Earth radii) and B/B0, shape (n,) [-, -]
    Raises:
        ValueError: when a position lies outside the tables
    Neglects:
        the field outside the Earth and its change since: the anomaly has drifted west
        by about 0.3° a year, and the fluxes belong to the field they were mapped in
    Source:
        McIlwain 1961, J. Geophys. Res. 66, 3681; IRBEM; AP8 and AE8 need this field
        (Heynderickx et al. 1996): with today's, protons at 650 km come out 2.3 times too many
    """
    table = tables()
    places = _checked(position, table)
    length, ratio = np.empty(len(places)), np.empty(len(places))
    _coordinates(places, table, 0 if field == "1960" else 1, length, ratio)
    return length, np.exp(ratio)


def spectrum(position: ArrayLike, particle: Particle, activity: float = 0.0) -> Array:
    """Omnidirectional integral flux at each position, above every energy of the maps.

    Args:
        position: Earth-fixed, shape (n, 3) [m]
        particle: proton or electron [object]
        activity: of the Sun, 0 in its minimum (AP8MIN, AE8MIN), 1 in its maximum [-]
    Returns:
        flux above each of `energies(particle)`, shape (n, energies) [1/m²/s]
    Raises:
        ValueError: when a position lies outside the tables or the activity outside 0 to 1
    Neglects:
        storms, the west's excess over the east in the anomaly (factor 2 to 4 by direction), the
        belts' change since the 1960s and 70s: the models' own uncertainty is a factor of 2;
        between minimum and maximum a straight line
    Source:
        Sawyer & Vette 1976, NSSDC 76-06 (AP8); Vette 1991, NSSDC 91-24 (AE8)
    """
    if not 0.0 <= activity <= 1.0:
        raise ValueError(f"radiation.activity: {activity:g}; allowed: 0 to 1; correct it")
    table = tables()
    places = _checked(position, table)
    maps = table.proton if particle == "proton" else table.electron
    length, ratio = np.empty(len(places)), np.empty(len(places))
    total = np.zeros((len(places), maps.shape[1]))
    each = np.empty_like(total)
    for phase, weight in ((0, 1.0 - activity), (1, activity)):
        if weight > 0.0:
            _coordinates(places, table, phase if particle == "proton" else 0, length, ratio)
            _fluxes(length, ratio, table, maps[phase], each)
            total += weight * each
    return total


def energies(particle: Particle) -> Array:
    """Energies of a spectrum: those at which the maps were drawn.

    Args:
        particle: proton or electron [object]
    Returns:
        rising energies [J]
    Neglects:
        protons below 2 MeV and electrons below 0.1 MeV, which no satellite's wall lets in
    Source:
        headers of AP8 and AE8; the ends stop just inside, where the models still give numbers
    """
    return tables().proton_energy if particle == "proton" else tables().electron_energy


def above(flux: Array, energy: ArrayLike, particle: Particle) -> Array:
    """Flux of a spectrum above any energy, exponential between the energies of the maps.

    Args:
        flux: integral flux above each of `energies(particle)`, shape (..., energies) [1/m²/s]
        energy: shape (m,) or one number [J]
        particle: proton or electron [object]
    Returns:
        flux above each energy, shape (..., m) or (...) [1/m²/s]
    Raises:
        ValueError: when an energy is below the lowest of the maps
    Neglects:
        that the maps end at 300 MeV and 5.5 MeV: the last exponential goes on beyond (4 % of
        the protons above 10 MeV at 650 km are above 300 MeV)
    Source:
        IRBEM and NSSDC interpolate AP8 and AE8 in the same way
    """
    known = energies(particle)
    wanted = np.asarray(energy, float)
    if not np.all(wanted >= known[0]):
        raise ValueError(
            f"radiation.energy: {wanted.min() / MEV:g} MeV; allowed: at least "
            f"{known[0] / MEV:g} MeV for a {particle}; raise it"
        )
    low = np.clip(np.searchsorted(known, wanted, side="right") - 1, 0, known.size - 2)
    part = (wanted - known[low]) / (known[low + 1] - known[low])
    left, right = flux[..., low], flux[..., low + 1]
    positive = (left > 0.0) & (right > 0.0)
    ratio = np.where(positive, right, 1.0) / np.where(positive, left, 1.0)
    return np.where(positive, left * ratio**part, left * np.maximum(1.0 - part, 0.0))


def orbit_mean(
    radius: float, inclination: float, particle: Particle, activity: float = 0.0
) -> Array:
    """Mean spectrum over a circular orbit that passes over every longitude alike.

    Args:
        radius: of the orbit [m]
        inclination: of the orbit [rad]
        particle: proton or electron [object]
        activity: of the Sun, 0 to 1 [-]
    Returns:
        mean flux above each of `energies(particle)`, shape (energies,) [1/m²/s]
    Raises:
        ValueError: when the orbit lies outside the tables or the activity outside 0 to 1
    Neglects:
        tracks that repeat over the same longitudes: single days of protons lie from 21 % lower
        to 9 % higher
    Source:
        average of `spectrum` on even arguments of latitude and longitudes
    """
    argument = (np.arange(360) + 0.5) * (2.0 * math.pi / 360.0)
    longitude = (np.arange(120) + 0.5) * (2.0 * math.pi / 120.0)
    across = np.hypot(np.cos(argument), math.cos(inclination) * np.sin(argument))
    position = np.empty((360, 120, 3))
    position[..., 0] = across[:, None] * np.cos(longitude)
    position[..., 1] = across[:, None] * np.sin(longitude)
    position[..., 2] = (math.sin(inclination) * np.sin(argument))[:, None]
    return spectrum(radius * position.reshape(-1, 3), particle, activity).mean(axis=0)


def in_anomaly(position: ArrayLike, activity: float = 0.0) -> NDArray[np.bool_]:
    """Whether each position lies in the South Atlantic Anomaly.

    Args:
        position: Earth-fixed, shape (n, 3) [m]
        activity: of the Sun, 0 to 1 [-]
    Returns:
        true where protons above 10 MeV exceed 100 /cm²/s, shape (n,) [-]
    Raises:
        ValueError: when a position lies outside the tables or the activity outside 0 to 1
    Neglects:
        above 2,000 km that line circles the Earth: the anomaly becomes the inner belt
    Source:
        9 of 15 daily orbits cross it and it carries 80 to 97 % of upsets (published
        flight counts)
    """
    return above(spectrum(position, "proton", activity), ANOMALY_ENERGY, "proton") >= ANOMALY_FLUX


def _checked(position: ArrayLike, table: Tables) -> Array:
    """Positions as a contiguous (n, 3) array inside the tables."""
    places = np.ascontiguousarray(position, dtype=np.float64)
    if places.ndim != 2 or places.shape[1] != 3:
        raise ValueError(f"radiation.position: shape {places.shape}; allowed: (n, 3); reshape it")
    radius = np.sqrt(np.einsum("ij,ij->i", places, places))
    low, high = table.radius[1], table.radius[-2]
    outside = ~((radius >= low) & (radius <= high))
    if outside.any():
        mean = 6_371.2
        raise ValueError(
            f"radiation.position: {radius[outside][0] / 1e3 - mean:.4g} km above the mean sphere; "
            f"allowed: {low / 1e3 - mean:.0f} to {high / 1e3 - mean:.0f} km, which the tables of "
            "trapped radiation cover; change the altitude or switch radiation off"
        )
    return places
