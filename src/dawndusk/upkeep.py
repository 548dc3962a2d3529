"""Assembler of upkeep: drag, avoidance, formation, disposal, propellant; debris over the life."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dawndusk.constants import DAY, JULIAN_YEAR, SGP4_MU, SGP4_RADIUS
from dawndusk.elements import Elements
from dawndusk.environment import atmosphere, debris
from dawndusk.fleet import conjunction
from dawndusk.orbit import formation, formation_keeping, secular
from dawndusk.orbit.formation_keeping import StationKeeping
from dawndusk.scenario import Scenario
from dawndusk.scenario.constellation import Cluster

if TYPE_CHECKING:
    from dawndusk.fleet_plan import FleetPlan

Array = NDArray[np.float64]

MONTH = JULIAN_YEAR / 12.0
"""A twelfth of a Julian year [s]."""

ALTITUDE_CLASS = 10e3
"""Orbits within this are taken together [m]."""

SUNLIGHT = 1.3
"""Pressure coefficient of sunlight, 1 for a black plate and 2 for a mirror [-], assumed."""

ROUNDING = 1e-3
"""By which an altitude comes back from a mean motion higher or lower [m]."""

TRANSIT = 30.0 * DAY
"""Orbits that last less without thrust are on their way up or down: not counted [s], chosen."""

EXPOSED_RADIATOR = 0.1
"""Share of the radiator behind which a hit disables: pumps and manifolds [-], assumed."""

AIR = (atmosphere.REENTRY, atmosphere.HIGHEST)
"""Altitudes at which drag and decay are known [m]."""

DEBRIS = (debris.LOWEST, debris.HIGHEST)
"""Altitudes at which debris is known [m]."""

LETHAL = 0.01
"""Debris that is too small to be tracked and kills: larger than this [m]."""

IMPACT_SPEED = 10e3
"""Mean speed of impacts in low orbit [m/s], as in `debris.perforating_size`."""

FRAGMENT_AREA = 0.3
"""Area over mass of fragments of 1 to 10 cm [m²/kg]: NASA's standard breakup model, from memory."""

THINNEST = 100e3
"""Least thickness of the shell in which debris mixes [m]; see `debris.evolve`."""

STARLINK_FLUX = 1.6e-5 / JULIAN_YEAR
"""Tracked objects through a plane about Starlink's shells [1/m²/s], assumed."""

STARLINK_RADIUS = math.sqrt(116.0 / math.pi)
"""Of 116 m², a Starlink v2 mini [m]: filing figures."""

STARLINK_RATE = 207_152 / (10_400 * 0.5) / JULIAN_YEAR
"""Manoeuvres of a Starlink satellite, December 2025 to May 2026 [1/s]: reports to the FCC."""

STARLINK_THRESHOLD = 3e-7
"""Probability of collision from which they were flown [-]: SpaceX, 2026."""

DIP = 50e3
"""Depth of a perigee below the mean altitude that doubles drag or more [m]."""

SENSIBLE = 500.0
"""Velocity change over the life beyond which a design deserves a second look [m/s]."""


@dataclass(frozen=True)
class Upkeep:
    """What keeps one satellite in orbit and what hits it: means over the orbits that are kept.

    None where no orbit lies inside a table, or where a model does not reach.
    """

    air_density_kg_m3: float | None
    """Of the air, mean over the life [kg/m³]."""
    drag_area_m2: float
    """In the flow, mean over attitudes [m²]."""
    drag_delta_v_m_s_per_year: float | None
    formation_delta_v_m_s_per_year: float
    """0 where there is no cluster [m/s]."""
    avoidance_manoeuvres_per_year: float | None
    avoidance_delta_v_m_s_per_year: float | None
    disposal_delta_v_m_s: float
    """0 where drag alone does it [m/s]."""
    delta_v_life_m_s: float
    propellant_kg: float
    unkept_decay_s: float | None
    """In which drag brings a new satellite down that is not kept up; None beyond 200 years [s]."""
    passive_decay_s: float | None
    """The same for a satellite that is dead at the end of its life [s]."""
    within_disposal_rule: bool | None
    """Whether disposal as declared keeps the rule in every orbit [-]."""
    highest_passive_orbit_m: float
    """Altitude from which drag alone keeps it [m]."""
    body_radius_m: float
    """Of satellite and object together [m]."""
    exposed_area_m2: float
    """Behind which a hit disables [m²]."""
    debris_hits_per_year: dict[str, float] | None
    """On array and radiator by debris larger than 1 cm; low, middle, high [1/yr]."""
    penetrations_per_year: dict[str, float] | None
    """Of the wall before what must not be hit; low, middle, high [1/yr]."""
    disabled_per_year: float | None
    """Penetrations by the spread that the scenario chose [1/yr]."""
    collisions_per_year: float | None
    """With tracked objects, below the threshold of avoidance [1/yr]."""
    formation: StationKeeping | None
    """Parts of the formation's keeping, None where there is no cluster [object]."""


def figures(scenario: Scenario, elements: Elements, dry_mass: float, beta: float) -> Upkeep:
    """Upkeep of a mean satellite of the fleet over its life.

    The velocity change is that of the dry mass, which overestimates drag's by half of the
    propellant's share.

    Args:
        scenario: what is planned, all sizes filled in [object]
        elements: orbits of the fleet [object]
        dry_mass: of a satellite [kg]
        beta: mean angle between orbit plane and Sun [rad]
    Returns:
        the figures [object]
    Raises:
        ValueError: when a number is outside what a model takes
    """
    given, life = scenario.upkeep, scenario.satellite.life
    deployed = _deployed(scenario)
    drag_area = given.drag_area or 0.5 * deployed
    ballistic = given.drag_coefficient * drag_area / dry_mass
    sun = (scenario.sun.quiet_flux, scenario.sun.peak_flux)
    begin = (scenario.time.start - scenario.sun.minimum).total_seconds()
    orbits = _kept(_orbits(elements), scenario, ballistic)
    low = orbits.select(*AIR)
    air = atmosphere.mean_density(low.altitude, begin, life, *sun)
    drag = atmosphere.drag_acceleration(low.altitude, air, ballistic) * JULIAN_YEAR
    starts = np.array([begin, begin + life])[:, None]
    unkept, passive = atmosphere.decay_time(low.altitude, ballistic, starts, *sun)
    formation = _formation(scenario, elements, low.mean(drag) or 0.0, deployed / dry_mass, beta)
    held = 0.0 if formation is None else float(formation.total)
    radius = scenario.debris.body_radius or math.sqrt(deployed / math.pi)
    rate, dodging, met = _avoidance(scenario, radius)
    leaving = 0.0
    if given.disposal == "direct":
        perigee = np.minimum(given.disposal_perigee, orbits.altitude)
        leaving = orbits.mean(atmosphere.lowering_delta_v(orbits.altitude, perigee)) or 0.0
    yearly = (low.mean(drag) or 0.0) + held + (dodging or 0.0)
    delta_v = yearly * life / JULIAN_YEAR + leaving
    exposed = scenario.debris.exposed_area
    if exposed is None:
        exposed = scenario.radiation.shielded_area * scenario.satellite.compute.count
        exposed += EXPOSED_RADIATOR * (scenario.satellite.thermal.radiator_area or 0.0)
    hits, through = _impacts(orbits.select(*DEBRIS), deployed, exposed, scenario.debris.wall)
    return Upkeep(
        air_density_kg_m3=low.mean(air),
        drag_area_m2=drag_area,
        drag_delta_v_m_s_per_year=low.mean(drag),
        formation_delta_v_m_s_per_year=held,
        avoidance_manoeuvres_per_year=rate,
        avoidance_delta_v_m_s_per_year=dodging,
        disposal_delta_v_m_s=leaving,
        delta_v_life_m_s=delta_v,
        propellant_kg=float(atmosphere.propellant(dry_mass, delta_v, given.specific_impulse)),
        unkept_decay_s=low.median(unkept),
        passive_decay_s=low.median(passive),
        within_disposal_rule=_within(scenario, orbits, passive),
        highest_passive_orbit_m=atmosphere.highest_passive_orbit(
            ballistic, begin + life, given.disposal_rule, *sun
        ),
        body_radius_m=radius,
        exposed_area_m2=exposed,
        debris_hits_per_year=hits,
        penetrations_per_year=through,
        disabled_per_year=None if through is None else through[scenario.debris.spread],
        collisions_per_year=met,
        formation=formation,
    )


class _Orbits(NamedTuple):
    """Kinds of orbits: altitude of each [m] and its share of the fleet [-]."""

    altitude: Array
    share: Array

    def select(self, lowest: float, highest: float) -> _Orbits:
        """Those within a range of altitudes."""
        inside = (self.altitude >= lowest - ROUNDING) & (self.altitude <= highest + ROUNDING)
        return _Orbits(np.clip(self.altitude[inside], lowest, highest), self.share[inside])

    def mean(self, values: Array) -> float | None:
        """Mean over the satellites; None where there are none."""
        return float(np.average(values, weights=self.share)) if self.share.size else None

    def median(self, values: Array) -> float | None:
        """Value of the satellite in the middle; None where there is none or it is infinite."""
        if not self.share.size:
            return None
        order = np.argsort(values, kind="stable")
        half = np.searchsorted(np.cumsum(self.share[order]), 0.5 * self.share.sum())
        found = float(values[order][half])
        return found if math.isfinite(found) else None


def _orbits(elements: Elements) -> _Orbits:
    """Altitudes of the fleet by classes: mean altitude of each and its share."""
    altitude = secular.initialise(elements)[secular.SEMI_MAJOR_AXIS] - SGP4_RADIUS
    kinds = np.unique(altitude // ALTITUDE_CLASS, return_inverse=True)[1].ravel()
    count = np.bincount(kinds)
    return _Orbits(np.bincount(kinds, altitude) / count, count / count.sum())


def _kept(orbits: _Orbits, scenario: Scenario, ballistic: float) -> _Orbits:
    """Orbits without those on their way up or down, unless all are."""
    begin = (scenario.time.start - scenario.sun.minimum).total_seconds()
    sun = (scenario.sun.quiet_flux, scenario.sun.peak_flux)
    heights = np.clip(orbits.altitude, *AIR)
    lasting = np.isinf(atmosphere.decay_time(heights, ballistic, begin, *sun, horizon=TRANSIT))
    return _Orbits(orbits.altitude[lasting], orbits.share[lasting]) if lasting.any() else orbits


def _deployed(scenario: Scenario) -> float:
    """Area of array and radiator [m²]; both must be filled in."""
    satellite = scenario.satellite
    return (satellite.array.area or 0.0) + (satellite.thermal.radiator_area or 0.0)


def _formation(
    scenario: Scenario, elements: Elements, drag: float, area_to_mass: float, beta: float
) -> StationKeeping | None:
    """Velocity change a year that keeps a cluster together."""
    cluster = scenario.constellation
    if not isinstance(cluster, Cluster) or len(elements) < 2:
        return None
    along, radial = formation.lattice(cluster.radius, cluster.spacing, cluster.pattern)
    in_plane = abs(math.cos(beta))
    return formation_keeping.station_keeping(
        SGP4_RADIUS + cluster.altitude,
        float(elements.inclination.mean()),
        np.hypot(along, 2.0 * radial).max(),
        drag,
        formation_keeping.sunlight_delta_v(area_to_mass, SUNLIGHT, in_plane),
        cluster.unlikeness,
    )


@cache
def _spread() -> float:
    """Standard deviation of predicted misses that Starlink's manoeuvres tell [m]."""
    return math.sqrt(
        conjunction.spread_of_rate(
            STARLINK_FLUX, STARLINK_RADIUS, STARLINK_THRESHOLD, STARLINK_RATE
        )
    )


def _avoidance(
    scenario: Scenario, radius: float
) -> tuple[float | None, float | None, float | None]:
    """Manoeuvres [1/yr], their velocity change [m/s/yr] and what collides all the same [1/yr].

    Each manoeuvre takes a satellite that is about to be hit out of the ellipse in which the
    probability is above the threshold.
    """
    given, spread = scenario.debris, _spread()
    if radius > spread / 3.0:
        return None, None, None
    case = (given.tracked_flux, radius, spread, spread, given.avoidance_threshold)
    rate = float(conjunction.avoidance_rate(*case))
    peak = float(conjunction.peak_probability(radius, spread, spread))
    aside = spread * math.sqrt(2.0 * math.log(max(peak / given.avoidance_threshold, 1.0)))
    burnt = float(conjunction.avoidance_delta_v(rate, aside, given.avoidance_lead))
    met = float(conjunction.residual_collision_rate(*case))
    return rate * JULIAN_YEAR, burnt * JULIAN_YEAR, met * JULIAN_YEAR


def _impacts(
    orbits: _Orbits, deployed: float, exposed: float, wall: float
) -> tuple[dict[str, float] | None, dict[str, float] | None]:
    """Hits by debris larger than 1 cm, and holes in the wall, by spread of the models [1/yr]."""
    if not orbits.share.size:
        return None, None
    hits, through = {}, {}
    for spread in debris.SPREAD:
        flux = debris.flux(orbits.altitude, LETHAL, spread)
        holes = debris.penetrations(orbits.altitude, exposed, wall, spread)
        hits[spread] = float(np.average(flux, weights=orbits.share)) * deployed * JULIAN_YEAR
        through[spread] = float(np.average(holes, weights=orbits.share)) * JULIAN_YEAR
    return hits, through


def _within(scenario: Scenario, orbits: _Orbits, passive: Array) -> bool | None:
    """Whether disposal keeps the rule in every orbit; None where nobody can tell."""
    if scenario.upkeep.disposal == "direct":
        return True
    if not np.all(passive <= scenario.upkeep.disposal_rule):
        return False
    return True if passive.size == orbits.share.size else None


def monthly_hazards(
    scenario: Scenario, plan: FleetPlan, months: int, growth: ArrayLike = 1.0
) -> dict[str, Array]:
    """Chance of a satellite to be lost to debris and to collisions in each month.

    Args:
        scenario: what is run, all sizes filled in [object]
        plan: the satellites [object]
        months: wanted [-]
        growth: lethal debris over that of the first month, one or (months,) [-]
    Returns:
        chances by cause, "debris" and "collision", shape (months,) each; 0 where the orbits
        lie outside the tables, see `upkeep_warnings` [object]
    Neglects:
        growth of what is tracked: collisions stay as they are
    """
    hits = np.broadcast_to(np.asarray(growth, float), (months,))
    met = np.full(months, plan.upkeep.collisions_per_year or 0.0)
    return {
        "debris": -np.expm1(-hits * (plan.upkeep.disabled_per_year or 0.0) / 12.0),
        "collision": -np.expm1(-met / 12.0),
    }


def debris_growth(
    scenario: Scenario,
    plan: FleetPlan,
    launched_per_month: ArrayLike,
    active: ArrayLike,
    derelicts: ArrayLike,
    months: int,
) -> Array:
    """Lethal debris in the fleet's shell over that of the first month: its own wreckage.

    Satellites and derelicts are given month by month; fragments of their collisions add to
    what is there today, which itself is held steady. A satellite breaks up when what must not
    be hit is hit; through array and radiator things fly and leave a hole.

    Args:
        scenario: what is run, all sizes filled in [object]
        plan: the satellites [object]
        launched_per_month: satellites that arrive, one or (months,) [-]
        active: satellites at work at the start of each month, one or (months,) [-]
        derelicts: dead satellites of the fleet in orbit, one or (months,) [-]
        months: wanted [-]
    Returns:
        ratio at the start of each month, shape (months,); 1 where the orbits lie outside the
        tables [-]
    Neglects:
        what `debris.evolve` neglects; other operators' growth; derelicts of today (they count
        as debris); the shell is as thick as the fleet's altitudes, at least 100 km
    """
    orbits = _orbits(plan.elements).select(*DEBRIS)
    height = orbits.mean(orbits.altitude)
    if height is None:
        return np.ones(months)
    thickness = max(THINNEST, float(np.ptp(orbits.altitude)))
    lower = max(height - 0.5 * thickness, 0.0)
    volume = float(debris.shell_volume(lower, lower + thickness))
    ballistic = plan.upkeep.drag_area_m2 * scenario.upkeep.drag_coefficient / plan.dry_mass_kg
    body = math.pi * plan.upkeep.body_radius_m**2
    undodged = scenario.debris.tracked_flux * body * JULIAN_YEAR
    met = plan.upkeep.collisions_per_year
    missed = met / undodged if met is not None and undodged > 0.0 else 1.0
    number = {
        name: np.broadcast_to(np.asarray(each, float), (months,))
        for name, each in (
            ("launched", launched_per_month),
            ("active", active),
            ("derelicts", derelicts),
        )
    }
    one = np.ones(1)
    shell = debris.Shells(
        volume=volume * one,
        launched=0.0 * one,
        life=math.inf * one,
        disposed=one,
        decay=_residence(scenario, height, thickness, ballistic) * one,
        fragment_decay=one
        * _residence(scenario, height, thickness, scenario.upkeep.drag_coefficient * FRAGMENT_AREA),
        avoidance=(1.0 - min(missed, 1.0)) * one,
        vulnerable=one,
        radius=math.sqrt(plan.upkeep.exposed_area_m2 / math.pi) * one,
        mass=plan.masses["total"] * one,
        speed=IMPACT_SPEED,
    )
    spread = scenario.debris.spread
    small = debris.flux(height, LETHAL, spread) - debris.flux(height, debris.LARGEST, spread)
    today = np.array([scenario.debris.tracked_flux, float(small)]) * volume / IMPACT_SPEED
    alone = _later(shell, 0.0, 0.0, today)
    added, found = np.zeros(2), np.empty(months)
    for month in range(months):
        found[month] = 1.0 + added[1] / today[1]
        flying = shell._replace(launched=number["launched"][month] / MONTH * one)
        added = (
            _later(flying, number["active"][month], number["derelicts"][month], today + added)
            - alone
        )
    return found


def _later(shells: debris.Shells, active: float, derelicts: float, there: Array) -> Array:
    """Debris larger than 10 cm and of 1 to 10 cm in a shell after a month [-]."""
    satellites, dead = np.array([active]), np.array([derelicts])
    found = debris.evolve(shells, satellites, dead, there[:1], there[1:], MONTH)
    return np.array([found.fragments[-1, 0], found.lethal[-1, 0]])


def _residence(scenario: Scenario, altitude: float, thickness: float, ballistic: float) -> float:
    """Mean time that drag takes through a shell, over a solar cycle [s]."""
    if not AIR[0] <= altitude <= AIR[1]:
        return math.inf
    sun = (scenario.sun.quiet_flux, scenario.sun.peak_flux)
    air = atmosphere.mean_density(altitude, 0.0, 11.0 * JULIAN_YEAR, *sun)
    axis = SGP4_RADIUS + altitude
    braking = float(atmosphere.drag_acceleration(altitude, air, ballistic))
    return thickness / (2.0 * axis * braking * math.sqrt(axis / SGP4_MU))


def summary(found: Upkeep) -> dict[str, Any]:
    """Figures for the summary: as in `Upkeep`, but for the formation's parts."""
    return {key: value for key, value in asdict(found).items() if key != "formation"}


def upkeep_warnings(scenario: Scenario, plan: FleetPlan) -> list[str]:
    """What a reader must know of the orbits before trusting their upkeep."""
    found, told = plan.upkeep, []
    orbits = _orbits(plan.elements)
    ballistic = scenario.upkeep.drag_coefficient * found.drag_area_m2 / plan.dry_mass_kg
    kept = _kept(orbits, scenario, ballistic)
    unknown = [
        f"{what} ({low / 1e3:.0f} to {high / 1e3:.0f} km) of {1.0 - share:.0%}"
        for what, (low, high) in (("drag and decay", AIR), ("debris", DEBRIS))
        if (share := kept.select(low, high).share.sum() / kept.share.sum()) < 1.0 - 1e-9
    ]
    if unknown:
        told.append("not known at these altitudes: " + ", ".join(unknown) + " of the orbits")
    dip = plan.elements.eccentricity * (SGP4_RADIUS + orbits.altitude.max())
    if (dip > DIP).any():
        told.append(
            f"perigees lie up to {dip.max() / 1e3:.0f} km below the mean altitudes, at which drag "
            "and debris are taken: both are underestimated"
        )
    if found.collisions_per_year is None:
        told.append(
            f"avoidance and collisions are not modelled for a body of {found.body_radius_m:.0f} m, "
            f"only up to {_spread() / 3.0:.0f} m"
        )
    rule = scenario.upkeep.disposal_rule / JULIAN_YEAR
    if found.within_disposal_rule is False:
        lasts = found.passive_decay_s
        span = "for centuries" if lasts is None else f"for {lasts / JULIAN_YEAR:.1f} years"
        told.append(
            f"a dead satellite stays in orbit {span}, the rule allows {rule:g}; set "
            'upkeep.disposal="direct" or fly below '
            f"{found.highest_passive_orbit_m / 1e3:.0f} km"
        )
    if found.delta_v_life_m_s > SENSIBLE:
        told.append(
            f"keeping and leaving the orbit takes {found.delta_v_life_m_s:.0f} m/s over the life, "
            f"more than {SENSIBLE:.0f} m/s"
        )
    if found.unkept_decay_s is not None and found.unkept_decay_s < scenario.satellite.life:
        told.append(
            f"without upkeep drag brings a satellite down in {found.unkept_decay_s / DAY:.0f} "
            f"days, before its life of {scenario.satellite.life / DAY:.0f} days ends"
        )
    return told
