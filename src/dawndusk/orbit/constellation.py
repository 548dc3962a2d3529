"""Constellations from a declaration: Walker patterns, sun-synchronous planes, clusters, a list.

Every generator returns SGP4 mean elements at the scenario's start. Altitude means the
mean (Brouwer) semi-major axis less SGP4's Earth radius, 6378.135 km. Generated orbits have
zero mean eccentricity, which SGP4's long-period J3 term turns into the frozen orbit: the
perigee rests over one hemisphere and the distance from Earth's centre swings by about
±8 km over a revolution.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

import erfa
import numpy as np
from numpy.typing import ArrayLike, NDArray

from dawndusk.constants import DAY, SGP4_J2, SGP4_MU, SGP4_RADIUS
from dawndusk.elements import Elements

Array = NDArray[np.float64]

TROPICAL_YEAR = 365.242190 * DAY
"""Mean tropical year at 2000 [s], Explanatory Supplement to the Astronomical Almanac (1992)."""

J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)
"""Julian date 2451545.0."""

DEEP_SPACE_PERIOD = 225.0 * 60.0
"""Period from which SGP4 needs its deep-space theory [s], Spacetrack Report No. 3."""

LOWEST_PERIGEE = 100e3
"""Lowest perigee altitude accepted [m]; lower, no satellite completes a revolution."""


def kozai_mean_motion(
    semi_major_axis: ArrayLike, eccentricity: ArrayLike, inclination: ArrayLike
) -> Array:
    """Kozai mean motion, as a TLE prints it, that belongs to a Brouwer mean semi-major axis.

    SGP4 takes a J2 correction out of the printed mean motion before using it; this is the
    inverse of that step, by fixed-point iteration (contraction about 1e-6, six rounds).

    Args:
        semi_major_axis: Brouwer mean semi-major axis [m]
        eccentricity: mean eccentricity [-]
        inclination: mean inclination [rad]
    Returns:
        Kozai mean motion [rad/s]
    Neglects:
        nothing against SGP4: its semi-major axis comes back to 1e-15
    Source:
        Hoots & Roehrich, Spacetrack Report No. 3 (1980), section 6, a1 to a0'';
        Vallado et al., AIAA 2006-6753, initl
    """
    a = np.asarray(semi_major_axis, dtype=np.float64) / SGP4_RADIUS
    e = np.asarray(eccentricity, dtype=np.float64)
    cos_i = np.cos(np.asarray(inclination, dtype=np.float64))
    unit = np.sqrt(SGP4_MU / SGP4_RADIUS**3)
    brouwer = unit / a**1.5
    d1 = 0.75 * SGP4_J2 * (3.0 * cos_i**2 - 1.0) / (1.0 - e**2) ** 1.5
    kozai = brouwer * (1.0 + d1 / a**2)
    for _ in range(6):
        a1 = (unit / kozai) ** (2.0 / 3.0)
        d = d1 / a1**2
        a0 = a1 * (1.0 - d * (1.0 / 3.0 + d * (1.0 + d * 134.0 / 81.0)))
        kozai = brouwer * (1.0 + d1 / a0**2)
    return np.asarray(kozai)


def sun_synchronous_inclination(altitude: float) -> float:
    """Inclination at which J2 turns the node of a circular orbit with the mean Sun.

    Args:
        altitude: mean semi-major axis less 6378.135 km [m]
    Returns:
        mean inclination, between 90° and 180° [rad]
    Raises:
        ValueError: when no inclination turns the node fast enough (above about 5,970 km)
    Neglects:
        J2² and J4: with them SGP4 turns the node 1.16°/yr (500 km) to 0.66°/yr (2,000 km)
        slower than the Sun goes, 5 to 3 min of local time a year, and would keep pace at
        an inclination 0.024–0.028° larger. Sun and Moon shift the inclination of a dawn–dusk
        orbit by a few 0.01° a year. Station keeping removes both in flight
    Source:
        Vallado, Fundamentals of Astrodynamics and Applications (4th ed.), section 11.4.1:
        secular node rate −1.5·n·J2·(R/a)²·cos i set to one turn a tropical year
    """
    semi_major_axis = altitude + SGP4_RADIUS
    mean_motion = (SGP4_MU / semi_major_axis**3) ** 0.5
    fastest = 1.5 * mean_motion * SGP4_J2 * (SGP4_RADIUS / semi_major_axis) ** 2
    cos_i = -2.0 * np.pi / TROPICAL_YEAR / fastest
    if cos_i < -1.0:
        raise ValueError(
            f"altitude {altitude / 1e3:g} km: no orbit is sun-synchronous so high;"
            " choose at most 5,800 km"
        )
    return float(np.arccos(cos_i))


def mean_sun_right_ascension(start: datetime) -> float:
    """Right ascension of the fictitious mean Sun, from which mean solar time is counted.

    Args:
        start: date and time, with time zone [object]
    Returns:
        right ascension in [0, 2π) [rad]
    Raises:
        ValueError: when `start` has no time zone
    Neglects:
        UT1 − UTC (at most 0.9 s of time, 0.004°). The true Sun runs up to 16.4 min ahead of
        the mean Sun (early November) and 14.2 min behind it (mid-February), the equation of
        time: an orbit of mean local time 18:00 then stands 3.6–4.1° off the apparent 18:00
    Source:
        Aoki et al., Astronomy & Astrophysics 105, 359 (1982), eq. 13: GMST = α(mean Sun)
        + UT1 − 12 h
    """
    days = _days_since_j2000(start)
    return float((erfa.gmst82(2451545.0, days) - 2.0 * np.pi * (days % 1.0)) % (2.0 * np.pi))


def node_at_local_time(local_time: str, start: datetime) -> float:
    """Right ascension of an ascending node that is crossed at a mean local solar time.

    Args:
        local_time: mean local solar time of the ascending node, "HH:MM" or "HH:MM:SS" [-]
        start: date and time, with time zone [object]
    Returns:
        right ascension of the ascending node in [0, 2π) [rad]
    Raises:
        ValueError: when `local_time` is not a time of day or `start` has no time zone
    Neglects:
        what `mean_sun_right_ascension` neglects
    Source:
        Boain, A-B-Cs of Sun-Synchronous Orbit Mission Design, AAS 04-108 (2004)
    """
    match = re.fullmatch(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", local_time)
    hour, minute, second = (int(part or 0) for part in match.groups()) if match else (24, 0, 0)
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError(
            f'local_time "{local_time}" is not a time of day; write "HH:MM" between'
            ' "00:00" and "23:59", "18:00" for dawn–dusk'
        )
    angle = 2.0 * np.pi * ((hour - 12) / 24.0 + minute / 1440.0 + second / DAY)
    return float((mean_sun_right_ascension(start) + angle) % (2.0 * np.pi))


def walker_delta(
    altitude: float,
    inclination: float,
    satellites: int,
    planes: int,
    phasing: int,
    first_node: float = 0.0,
) -> Elements:
    """Walker delta pattern i: t/p/f, circular planes spread evenly over 360° of node.

    Args:
        altitude: mean semi-major axis less 6378.135 km [m]
        inclination: mean inclination of every plane [rad]
        satellites: total number t, a multiple of `planes` [-]
        planes: number of planes p [-]
        phasing: f from 0 to p − 1; plane k+1 runs f·360°/t ahead of plane k [-]
        first_node: right ascension of the first plane's ascending node [rad]
    Returns:
        mean elements at the scenario's start, plane by plane [object]
    Raises:
        ValueError: when t is not a multiple of p, f is out of range, or the orbit is too
            low or has a period of 225 min or more
    Neglects:
        launch dispersion and station keeping: every slot is exact at the start, after which
        all planes turn together
    Source:
        Walker, Journal of the British Interplanetary Society 37, 559 (1984)
    """
    return _walker(altitude, inclination, satellites, planes, phasing, first_node, 2.0 * np.pi)


def walker_star(
    altitude: float,
    inclination: float,
    satellites: int,
    planes: int,
    phasing: int,
    first_node: float = 0.0,
) -> Elements:
    """Walker star pattern i: t/p/f, near-polar planes spread evenly over 180° of node.

    Args:
        altitude: mean semi-major axis less 6378.135 km [m]
        inclination: mean inclination of every plane [rad]
        satellites: total number t, a multiple of `planes` [-]
        planes: number of planes p [-]
        phasing: f from 0 to p − 1; plane k+1 runs f·360°/t ahead of plane k [-]
        first_node: right ascension of the first plane's ascending node [rad]
    Returns:
        mean elements at the scenario's start, plane by plane [object]
    Raises:
        ValueError: when t is not a multiple of p, f is out of range, or the orbit is too
            low or has a period of 225 min or more
    Neglects:
        launch dispersion and station keeping: every slot is exact at the start, after which
        all planes turn together
    Source:
        Walker, Journal of the British Interplanetary Society 37, 559 (1984)
    """
    return _walker(altitude, inclination, satellites, planes, phasing, first_node, np.pi)


def sun_synchronous(
    altitude: float,
    local_time: str,
    start: datetime,
    satellites: int,
    planes: int = 1,
    plane_spacing: float = 0.0,
    first_anomaly: float = 0.0,
    plane_rise: float = 0.0,
) -> Elements:
    """Circular sun-synchronous planes with satellites spread evenly along each.

    Args:
        altitude: mean semi-major axis less 6378.135 km, of the first plane [m]
        local_time: mean local solar time of the first plane's ascending node, "HH:MM" [-]
        start: the scenario's start, with time zone [object]
        satellites: total number, a multiple of `planes` [-]
        planes: number of planes [-]
        plane_spacing: node of each plane ahead of the plane before it [rad]
        first_anomaly: mean argument of latitude of the first satellite of each plane [rad]
        plane_rise: altitude of each plane above the plane before it [m]
    Returns:
        mean elements at the scenario's start, plane by plane [object]
    Raises:
        ValueError: when the satellites do not divide into the planes, the altitude allows
            no such orbit, or the local time or start is malformed
    Neglects:
        what `sun_synchronous_inclination` and `mean_sun_right_ascension` neglect
    Source:
        `sun_synchronous_inclination`, `node_at_local_time`
    """
    per_plane = _per_plane(satellites, planes)
    plane, slot = np.divmod(np.arange(satellites), per_plane)
    height = altitude + plane_rise * np.arange(planes)
    inclination = np.array([sun_synchronous_inclination(each) for each in height])
    return _at_start(
        names=tuple(f"P{p + 1:02d}-S{s + 1:04d}" for p, s in zip(plane, slot, strict=True)),
        semi_major_axis=height[plane] + SGP4_RADIUS,
        eccentricity=0.0,
        inclination=inclination[plane],
        node=node_at_local_time(local_time, start) + plane_spacing * plane,
        argument_of_perigee=0.0,
        mean_anomaly=first_anomaly + 2.0 * np.pi * slot / per_plane,
    )


def cluster(
    altitude: float,
    local_time: str,
    start: datetime,
    eccentricity: ArrayLike,
    argument_of_perigee: ArrayLike,
    mean_anomaly: ArrayLike,
) -> Elements:
    """Satellites that share one sun-synchronous plane and one mean semi-major axis.

    They differ only in the eccentricity vector and mean anomaly, as
    `formation.mean_elements` gives them, so they stay together.

    Args:
        altitude: mean semi-major axis less 6378.135 km [m]
        local_time: mean local solar time of the ascending node, "HH:MM" [-]
        start: the scenario's start, with time zone [object]
        eccentricity: mean eccentricity, shape (n,) [-]
        argument_of_perigee: mean argument of perigee, shape (n,) [rad]
        mean_anomaly: mean anomaly, shape (n,) [rad]
    Returns:
        mean elements at the scenario's start, in the order given [object]
    Raises:
        ValueError: when the altitude allows no such orbit or the local time is malformed
    Neglects:
        what `sun_synchronous_inclination` and `mean_sun_right_ascension` neglect
    Source:
        Suncatcher, arXiv 2511.19468, section on the cluster
    """
    return _at_start(
        names=tuple(f"C{k + 1:03d}" for k in range(np.size(eccentricity))),
        semi_major_axis=altitude + SGP4_RADIUS,
        eccentricity=eccentricity,
        inclination=sun_synchronous_inclination(altitude),
        node=node_at_local_time(local_time, start),
        argument_of_perigee=argument_of_perigee,
        mean_anomaly=mean_anomaly,
    )


def explicit(
    names: Sequence[str],
    semi_major_axis: ArrayLike,
    eccentricity: ArrayLike,
    inclination: ArrayLike,
    node: ArrayLike,
    argument_of_perigee: ArrayLike,
    mean_anomaly: ArrayLike,
) -> Elements:
    """Satellites listed one by one.

    Args:
        names: one name a satellite, all different [object]
        semi_major_axis: Brouwer mean semi-major axis, altitude plus 6378.135 km [m]
        eccentricity: mean eccentricity [-]
        inclination: mean inclination [rad]
        node: right ascension of the ascending node [rad]
        argument_of_perigee: mean argument of perigee [rad]
        mean_anomaly: mean anomaly [rad]
    Returns:
        mean elements at the scenario's start [object]
    Raises:
        ValueError: when a name is repeated, an orbit falls below 100 km, has a period of
            225 min or more, or an inclination outside 0–180°
    Neglects:
        drag; osculating elements put in place of mean ones are off by up to 10 km (J2)
    Source:
        `kozai_mean_motion`
    """
    return _at_start(
        tuple(names),
        semi_major_axis,
        eccentricity,
        inclination,
        node,
        argument_of_perigee,
        mean_anomaly,
    )


def _walker(
    altitude: float,
    inclination: float,
    satellites: int,
    planes: int,
    phasing: int,
    first_node: float,
    spread: float,
) -> Elements:
    per_plane = _per_plane(satellites, planes)
    if not 0 <= phasing < planes:
        raise ValueError(
            f"phasing = {phasing}: must be a whole number from 0 to {planes - 1} (planes − 1)"
        )
    plane, slot = np.divmod(np.arange(satellites), per_plane)
    return _at_start(
        names=tuple(f"P{p + 1:02d}-S{s + 1:04d}" for p, s in zip(plane, slot, strict=True)),
        semi_major_axis=altitude + SGP4_RADIUS,
        eccentricity=0.0,
        inclination=inclination,
        node=first_node + spread * plane / planes,
        argument_of_perigee=0.0,
        mean_anomaly=2.0 * np.pi * (slot / per_plane + phasing * plane / satellites),
    )


def _per_plane(satellites: int, planes: int) -> int:
    if planes < 1 or satellites < 1 or satellites % planes:
        nearest = max(1, round(satellites / max(planes, 1))) * max(planes, 1)
        raise ValueError(
            f"satellites = {satellites} does not divide into planes = {planes};"
            f" both must be at least 1, and satellites a multiple of planes, such as {nearest}"
        )
    return satellites // planes


def _at_start(
    names: tuple[str, ...],
    semi_major_axis: ArrayLike,
    eccentricity: ArrayLike,
    inclination: ArrayLike,
    node: ArrayLike,
    argument_of_perigee: ArrayLike,
    mean_anomaly: ArrayLike,
) -> Elements:
    n = len(names)
    if len(set(names)) != n:
        repeated = next(name for k, name in enumerate(names) if name in names[:k])
        raise ValueError(f'name "{repeated}" is given twice; every satellite needs its own name')

    def column(values: ArrayLike) -> Array:
        return np.broadcast_to(np.asarray(values, dtype=np.float64), (n,)).copy()

    a, e, i = column(semi_major_axis), column(eccentricity), column(inclination)
    _check_orbits(names, a, e, i)
    turn = 2.0 * np.pi
    return Elements(
        names=names,
        catalogue_numbers=np.zeros(n, dtype=np.int64),
        epoch=np.zeros(n),
        mean_motion=kozai_mean_motion(a, e, i),
        eccentricity=e,
        inclination=i,
        node=column(node) % turn,
        argument_of_perigee=column(argument_of_perigee) % turn,
        mean_anomaly=column(mean_anomaly) % turn,
    )


def _check_orbits(names: tuple[str, ...], a: Array, e: Array, i: Array) -> None:
    """Refuse, naming the first offender, what SGP4's near-Earth theory cannot hold."""
    longest = float((SGP4_MU * (DEEP_SPACE_PERIOD / (2.0 * np.pi)) ** 2) ** (1.0 / 3.0))
    for bad, quantity, values, allowed in (
        (~((e >= 0.0) & (e < 1.0)), "eccentricity", e, "at least 0 and less than 1"),
        (~((i >= 0.0) & (i <= np.pi)), "inclination [deg]", np.degrees(i), "between 0 and 180"),
        (
            ~(a * (1.0 - e) >= SGP4_RADIUS + LOWEST_PERIGEE),
            "perigee altitude [km]",
            (a * (1.0 - e) - SGP4_RADIUS) / 1e3,
            f"at least {LOWEST_PERIGEE / 1e3:g}",
        ),
        (
            ~(a < longest),
            "semi-major axis [km]",
            a / 1e3,
            f"less than {longest / 1e3:.0f} (period under 225 min, SGP4's near-Earth theory)",
        ),
    ):
        if bad.any():
            k = int(np.argmax(bad))
            raise ValueError(f"satellite {names[k]}: {quantity} = {values[k]:g}, must be {allowed}")


def _days_since_j2000(start: datetime) -> float:
    if start.tzinfo is None:
        raise ValueError(f"start {start.isoformat()} has no time zone; give UTC, as in 2026-01-01Z")
    return (start - J2000).total_seconds() / DAY
