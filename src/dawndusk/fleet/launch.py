"""Launch vehicles over the years: how many satellites fit, price, cadence, success, ramp-up."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Load(NamedTuple):
    """What one launch carries."""

    satellites: int
    """Satellites in a full vehicle [-]."""
    mass: float
    """Payload used, dispenser and all [kg]."""
    volume: float
    """Volume of the stowed satellites [m³]."""
    binding: str
    """What limits the number: "mass" or "volume" [-]."""


def load(
    payload: float,
    bay: float,
    mass: float,
    volume: float,
    dispenser: float = 0.0,
    packing: float = 1.0,
) -> Load:
    """How many satellites one launch carries, by mass and by volume.

    Args:
        payload: mass to the orbit [kg]
        bay: volume under the fairing; infinite if it does not matter [m³]
        mass: of a satellite at launch [kg]
        volume: of a stowed satellite; 0 if it does not matter [m³]
        dispenser: mass of dispenser and adapter over that of the satellites [-]
        packing: share of the bay that can be filled, above 0 to 1 [-]
    Returns:
        number, mass, volume and what binds [object]
    Raises:
        ValueError: when not even one satellite fits or a number is out of range
    Neglects:
        the loss of payload with altitude and inclination (give the payload to the orbit); the
        shape of satellite and bay beyond the packing share; loads and the centre of mass
    Source:
        Starship V3: 100 t, a bay 9 m × 22 m; 54 to 60 Starlink V3 of 1.9 to 2.2 t, 47 AI1 of
        2.1 t (SpaceX, 2026)
    """
    for name, value, least in (
        ("payload", payload, 0.0),
        ("bay", bay, 0.0),
        ("mass", mass, 0.0),
        ("packing", packing, 0.0),
    ):
        if not value > least:
            raise ValueError(f"{name}: {value:g}; allowed: above 0; correct it")
    if not (volume >= 0.0 and dispenser >= 0.0 and packing <= 1.0):
        raise ValueError(
            f"volume: {volume:g} m³, dispenser: {dispenser:g}, packing: {packing:g}; allowed: "
            "at least 0, at least 0, at most 1; correct it"
        )
    heavy = payload / (mass * (1.0 + dispenser))
    bulky = bay * packing / volume if volume > 0.0 else math.inf
    binding = "mass" if heavy <= bulky else "volume"
    # a whole number lost to the last bit of a division still fits
    count = math.floor(min(heavy, bulky) * (1.0 + 1e-12))
    if count < 1:
        need = (
            f"{mass * (1.0 + dispenser):.5g} kg with its dispenser, the payload is {payload:.5g} kg"
            if binding == "mass"
            else f"{volume:.5g} m³, the bay holds {bay * packing:.5g} m³"
        )
        raise ValueError(
            f"satellite: {need}; allowed: at most that, bound by {binding}; choose a larger "
            "launch vehicle or a smaller satellite"
        )
    return Load(count, count * mass * (1.0 + dispenser), count * volume, binding)


def price(years: Array, prices: Array, when: Array) -> Array:
    """Price of a launch over time, between quoted years at a constant yearly rate.

    Args:
        years: of the quotes, increasing, e.g. 2026.0 [-]
        prices: quoted, above 0 [USD]
        when: years asked for [-]
    Returns:
        prices, of the shape of `when`; the first before the first year, the last after the
        last [USD]
    Raises:
        ValueError: when the years do not increase or a price is not positive
    Neglects:
        learning by one's own flights (`economics.learning` tells the price by mass launched)
    Source:
        geometric interpolation; e.g. Deutsche Bank, 14 January 2026: 100 MUSD in 2026 to
        10 MUSD in 2032
    """
    years, prices = _schedule("prices", years, prices)
    if not np.all(prices > 0.0):
        raise ValueError(f"prices: {prices.min():g} USD; allowed: above 0; correct it")
    return np.asarray(np.exp(np.interp(when, years, np.log(prices))))


def cadence(years: Array, rates: Array, start: float, months: int) -> NDArray[np.int64]:
    """Whole launches available in each month, from yearly rates.

    Args:
        years: of the quotes, increasing [-]
        rates: launches a year at those times, at least 0 [-]
        start: year at which the first month begins [-]
        months: wanted [-]
    Returns:
        launches, shape (months,); their running sum is the integral of the rate, rounded
        down [-]
    Raises:
        ValueError: when the years do not increase, a rate is negative or not finite
    Neglects:
        stand-downs after a failure, seasons, and launches sold to others
    Source:
        linear interpolation, constant outside the quotes, integrated exactly; Starship: at
        most 145 a year (FAA, 2026)
    """
    years, rates = _schedule("rates", years, rates)
    if not np.all((rates >= 0.0) & np.isfinite(rates)):
        raise ValueError(f"rates: {rates.min():g}; allowed: at least 0 and finite; correct it")
    edge = start + np.arange(months + 1) / 12.0
    inside = years[(years > edge[0]) & (years < edge[-1])]
    knots = np.union1d(edge, inside)
    rate = np.interp(knots, years, rates)
    flown = np.cumsum(0.5 * (rate[1:] + rate[:-1]) * np.diff(knots))
    # round-off must not lose a whole launch
    total = np.floor(np.interp(edge[1:], knots[1:], flown) + 1e-9)
    return np.diff(total, prepend=0.0).astype(np.int64)


def success(flights: Array, first: float, mature: float, halving: float) -> Array:
    """Share of launches that succeed as a vehicle matures.

    Args:
        flights: flown before [-]
        first: share at the first flight [-]
        mature: share it grows towards [-]
        halving: flights that halve what is missing [-]
    Returns:
        share, of the shape of `flights` [-]
    Raises:
        ValueError: when a share is not from 0 to 1 or `halving` is not positive
    Neglects:
        setbacks by new versions
    Source:
        exponential approach; the parameters are assumed: no heavy reusable vehicle has a
        commercial record yet
    """
    for name, value in (("first", first), ("mature", mature)):
        if not 0.0 <= value <= 1.0:
            raise ValueError(f"{name}: {value:g}; allowed: 0 to 1; give 95 % as 0.95")
    if not halving > 0.0:
        raise ValueError(f"halving: {halving:g}; allowed: above 0; give flights")
    return np.asarray(mature - (mature - first) * 0.5 ** (np.asarray(flights, float) / halving))


def ramp_up(years: Array, satellites: Array, start: float, months: int) -> NDArray[np.int64]:
    """Satellites wanted in orbit in each month, from milestones.

    Args:
        years: of the milestones, increasing [-]
        satellites: wanted by then, at least 0 [-]
        start: year at which the first month begins [-]
        months: wanted [-]
    Returns:
        satellites wanted at the end of each month, shape (months,); none before the first
        milestone, the last number after the last [-]
    Raises:
        ValueError: when the years do not increase or a number is negative
    Neglects:
        whether factories and launches can keep up: `replacement.simulate` finds out
    Source:
        linear interpolation, rounded down; e.g. two test satellites in 2027 and clusters in
        the 2030s (Suncatcher, arXiv 2511.19468)
    """
    years, satellites = _schedule("satellites", years, satellites)
    if not np.all((satellites >= 0.0) & np.isfinite(satellites)):
        raise ValueError(f"satellites: {satellites.min():g}; allowed: at least 0; correct it")
    ends = start + np.arange(1, months + 1) / 12.0
    return np.floor(np.interp(ends, years, satellites, left=0.0) + 1e-9).astype(np.int64)


def _schedule(name: str, years: Array, values: Array) -> tuple[Array, Array]:
    years, values = np.asarray(years, float), np.asarray(values, float)
    if years.size == 0 or years.shape != values.shape or not np.all(np.diff(years) > 0.0):
        raise ValueError(
            f"{name}: {values.size} values for the years {years.tolist()}; allowed: as many as "
            "years, and years that increase; correct the schedule"
        )
    return years, values
