"""Which satellites exist and what each is: orbits, ageing, sizing, masses, launches."""

import math
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from dawndusk import design_sizes, upkeep
from dawndusk.constants import SGP4_MU, SGP4_RADIUS, SOLAR_CONSTANT
from dawndusk.design_sizes import Survey, array_flux, battery_age, craft_of, sizes_of
from dawndusk.elements import Elements
from dawndusk.environment import earthshine, sun
from dawndusk.fleet import launch
from dawndusk.forecast import Forecast, forecast
from dawndusk.orbit import constellation, formation, imported
from dawndusk.orbit.imported import BadLine
from dawndusk.scenario import Scenario
from dawndusk.scenario.constellation import (
    Cluster,
    ExplicitElements,
    Imported,
    SunSynchronous,
    WalkerDelta,
    WalkerStar,
)
from dawndusk.step_tables import Craft
from dawndusk.upkeep import Upkeep

Array = NDArray[np.float64]

SURVEYED = 200
"""Satellites by which eclipses are surveyed [-]."""

DATES = 122
"""Dates in the year on which they are [-]: every third day, as eclipse seasons begin abruptly."""

HEAVY = 0.1
"""Share of propellant in the launch mass that is worth telling [-]."""

ORBIT = ("eccentricity", "inclination", "node", "argument_of_perigee", "mean_anomaly")
"""What gives an orbit explicitly beside its size, in the order of `constellation.explicit`."""


@dataclass(frozen=True)
class FleetPlan:
    """The satellites as they are at the scenario's start; all are alike but for their orbits."""

    scenario: Scenario
    """The scenario with every open size filled in."""
    elements: Elements
    bad_lines: tuple[BadLine, ...]
    """Entries of an imported file that could not be used."""
    survey: Survey
    satellites: int
    per_launch: int
    """Satellites that one vehicle carries, by mass and by volume."""
    launches: int
    masses: dict[str, float]
    """Of one satellite by subsystem, and their total at launch [kg]."""
    dry_mass_kg: float
    """Of one satellite without propellant [kg]."""
    upkeep: Upkeep
    """What holds one satellite in orbit and what hits it."""
    craft: Craft
    array_area_m2: float
    array_peak_W: float
    """Of one satellite, new, at 1 au, at the bus [W]."""
    battery_capacity_J: float
    """New [J]."""
    battery_factor: float
    """Capacity left at the start over new [-]."""
    cycles: float
    """Full equivalent cycles before the start [-]."""
    initial_charge: float
    radiator_area_m2: float
    radiator_view: Array
    """View factor of all radiating faces to the Earth, shape (satellites,) [-]."""
    array_view: Array
    """View factor of the array's back to the Earth, shape (satellites,) [-]."""
    terminator_spread: Array
    """How softly day turns to night on the ground a satellite sees, shape (satellites,) [-]."""
    period_s: float
    inclination_rad: float

    @property
    def eclipse_max_s(self) -> float:
        """Longest eclipse of the year [s]."""
        return self.survey.eclipse_max_s

    @property
    def beta_start_rad(self) -> float:
        """Mean angle between orbit plane and Sun at the start [rad]."""
        return self.survey.beta_start_rad

    @property
    def sunlit_fraction(self) -> float:
        """Share of the year in sunlight [-]."""
        return self.survey.sunlit_fraction


def plan_fleet(scenario: Scenario) -> FleetPlan:
    """Place the satellites, size what the scenario leaves open, and count masses and launches.

    Args:
        scenario: what is planned [object]
    Returns:
        the fleet at the scenario's start [object]
    Raises:
        ValueError: when a file cannot be read or the satellite is physically impossible
    """
    elements, bad = orbits(scenario)
    found = survey(scenario, elements)
    radius = np.cbrt(SGP4_MU / elements.mean_motion**2)
    altitude = radius - SGP4_RADIUS
    view = _radiator_view(scenario, altitude)
    back = 0.5 * (1.0 - np.sqrt(1.0 - (SGP4_RADIUS / radius) ** 2))
    period = float(2.0 * np.pi / elements.mean_motion.mean())
    scenario, masses = design_sizes.size(
        scenario, found, period, float(view.mean()), float(back.mean())
    )
    dry_mass = masses.pop("total")
    kept = upkeep.figures(scenario, elements, dry_mass, found.beta_start_rad)
    masses |= {"propellant": kept.propellant_kg, "total": dry_mass + kept.propellant_kg}
    per_launch = _per_launch(scenario, dry_mass, kept)
    sizes = sizes_of(scenario)
    left, cycles = battery_age(scenario, found.sunlit_fraction, period)
    new = craft_of(scenario, 0.0)
    return FleetPlan(
        scenario=scenario,
        elements=elements,
        bad_lines=tuple(bad),
        survey=found,
        satellites=len(elements),
        per_launch=per_launch,
        launches=math.ceil(len(elements) / per_launch),
        masses=masses,
        dry_mass_kg=dry_mass,
        upkeep=kept,
        craft=craft_of(scenario, scenario.satellite.age),
        array_area_m2=sizes.array_area,
        array_peak_W=array_flux(new, SOLAR_CONSTANT, 1.0, float(back.mean())) * sizes.array_area,
        battery_capacity_J=sizes.battery_capacity,
        battery_factor=left,
        cycles=cycles,
        initial_charge=scenario.satellite.battery.initial_charge,
        radiator_area_m2=sizes.radiator_area,
        radiator_view=view,
        array_view=back,
        terminator_spread=np.array([earthshine.terminator_spread(h) for h in altitude]),
        period_s=period,
        inclination_rad=float(elements.inclination.mean()),
    )


def older(plan: FleetPlan, scenario: Scenario) -> FleetPlan:
    """The same satellites, built and sized the same, at another time and age.

    Args:
        plan: as they are at the first scenario's start [object]
        scenario: the plan's own with another start and age [object]
    Returns:
        the fleet at that scenario's start [object]
    Raises:
        ValueError: when a file of orbits cannot be read any more
    """
    elements, bad = orbits(scenario)
    left, cycles = battery_age(scenario, plan.sunlit_fraction, plan.period_s)
    return replace(
        plan,
        scenario=scenario,
        elements=elements,
        bad_lines=tuple(bad),
        craft=craft_of(scenario, scenario.satellite.age),
        battery_factor=left,
        cycles=cycles,
    )


def _per_launch(scenario: Scenario, dry_mass: float, kept: Upkeep) -> int:
    """Satellites that one vehicle of the scenario carries."""
    chosen, mass = scenario.launcher, dry_mass + kept.propellant_kg
    try:
        return launch.load(
            chosen.payload, chosen.bay, mass, dry_mass / scenario.fleet.stowed_density
        ).satellites
    except ValueError as error:
        told = f"economics.launcher {chosen.name}: {error}"
        if kept.propellant_kg > HEAVY * mass:
            told += (
                f"; {kept.propellant_kg:.5g} kg of it are propellant for "
                f"{kept.delta_v_life_m_s:.5g} m/s: fly higher, raise upkeep.specific_impulse"
            )
        raise ValueError(told) from None


def orbits(scenario: Scenario) -> tuple[Elements, list[BadLine]]:
    """Mean elements of the scenario's constellation, and entries of its file left out."""
    declared, start = scenario.constellation, scenario.time.start
    if isinstance(declared, Imported) and declared.file is not None:
        return imported.read(
            declared.file,
            start,
            format=declared.format,
            on_bad_line=declared.on_bad_line,
            limit=declared.limit,
        )
    if isinstance(declared, WalkerDelta | WalkerStar):
        generate = getattr(constellation, declared.kind)
        made = generate(
            declared.altitude,
            declared.inclination,
            declared.satellites,
            declared.planes,
            declared.phasing,
            declared.first_node,
        )
    elif isinstance(declared, SunSynchronous):
        made = constellation.sun_synchronous(
            declared.altitude,
            declared.local_time,
            start,
            declared.satellites,
            declared.planes,
            declared.plane_spacing,
            declared.first_anomaly,
            declared.plane_rise,
        )
    elif isinstance(declared, Cluster):
        shape = formation.mean_elements(
            *formation.lattice(declared.radius, declared.spacing, declared.pattern),
            declared.altitude + SGP4_RADIUS,
        )
        made = constellation.cluster(declared.altitude, declared.local_time, start, *shape)
    elif isinstance(declared, ExplicitElements):
        made = constellation.explicit(
            [each.name for each in declared.satellites],
            [
                each.semi_major_axis or SGP4_RADIUS + (each.altitude or 0.0)
                for each in declared.satellites
            ],
            *([getattr(each, name) for each in declared.satellites] for name in ORBIT),
        )
    return made, []


def survey(scenario: Scenario, elements: Elements) -> Survey:
    """Eclipses and Sun angles of some satellites over a year from the start.

    Each surveyed orbit is followed at 30 s steps on dates spread over a year; eclipse
    lengths are exact to the forecast's interpolation, their maximum to the dates.
    """
    some = np.unique(np.linspace(0, len(elements) - 1, SURVEYED).round().astype(int))
    chosen = Elements(
        tuple(elements.names[k] for k in some),
        *(getattr(elements, name)[some] for name in list(Elements.__dataclass_fields__)[1:]),
    )
    step = 30.0
    ahead = forecast(chosen, scenario.time.start, step, scenario.satellite.array.tracking)
    rows = math.ceil(2.0 * np.pi / chosen.mean_motion.min() / step)
    sunlit, cosines, longest = [], [], 0.0
    for day in np.linspace(0.0, 365.25, DATES, endpoint=False):
        first = round(day * 86_400.0 / step)
        window = ahead.window(first, first + 2 * rows)
        dark = 1.0 - window.illumination
        longest = max(longest, _longest(dark) * step)
        sunlit.append(1.0 - dark[:rows].mean())
        cosines.append(np.atleast_2d(window.array_cosine).mean(axis=0))
    return Survey(
        sunlit_fraction=float(np.mean(sunlit)),
        eclipse_max_s=longest,
        array_cosine_min=float(np.min(cosines)),
        array_cosine_mean=float(np.mean(cosines)),
        beta_start_rad=_beta(ahead, scenario.time.start, len(some)),
    )


def _longest(dark: Array) -> float:
    """Largest sum of darkness over rows without a fully lit one, any column [rows]."""
    longest = np.zeros(dark.shape[1])
    run = np.zeros(dark.shape[1])
    for row in dark:
        run = np.where(row > 0.0, run + row, 0.0)
        np.maximum(longest, run, out=longest)
    return float(longest.max())


def _beta(ahead: Forecast, start: datetime, count: int) -> float:
    """Mean absolute angle between orbit plane and Sun at the start [rad]."""
    index = np.arange(count)
    normal = np.cross(ahead.positions(0.0, index), ahead.positions(60.0, index))
    normal /= np.linalg.norm(normal, axis=1)[:, None]
    towards = sun.positions(start, np.zeros(1))[:, 0]
    towards /= np.linalg.norm(towards)
    return float(np.abs(np.arcsin(normal @ towards)).mean())


def _radiator_view(scenario: Scenario, altitude: Array) -> Array:
    """View factor of all radiating faces to the Earth, by satellite [-]."""
    heat = scenario.satellite.thermal
    angles = (heat.earth_angle, np.pi - heat.earth_angle)[: heat.faces]
    return np.array([sum(earthshine.view_factor(angle, h) for angle in angles) for h in altitude])
