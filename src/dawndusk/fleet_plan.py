"""Which satellites exist and what each is: orbits, ageing, sizing, masses, launches."""

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dawndusk.constants import (
    COSMIC_BACKGROUND,
    EARTH_ALBEDO,
    EARTH_INFRARED,
    SGP4_MU,
    SGP4_RADIUS,
    SOLAR_CONSTANT,
    STEFAN_BOLTZMANN,
)
from dawndusk.elements import Elements
from dawndusk.environment import earthshine, sun
from dawndusk.forecast import Forecast, forecast
from dawndusk.orbit import constellation, formation, imported
from dawndusk.orbit.imported import BadLine
from dawndusk.satellite import ageing, sizing, solar_array, thermal
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

Array = NDArray[np.float64]

PERIHELION_FACTOR = 1.0167**2
"""Sunlight at perihelion over that at 1 au [-], orbit eccentricity 0.0167; inverse at aphelion."""

DARKENED = 0.36
"""Absorptivity at which a white radiator stops darkening [-], Z-93 at end of life (NASA)."""

SURVEYED = 200
"""Satellites by which eclipses are surveyed [-]."""

DATES = 122
"""Dates in the year on which they are [-]: every third day, as eclipse seasons begin abruptly."""


class Sizes(NamedTuple):
    """What a scenario may leave open, in SI units; see the fields of the same names."""

    array_area: float
    battery_capacity: float
    radiator_area: float
    die_capacity: float
    loop_capacity: float
    radiator_capacity: float
    die_conductance: float
    loop_conductance: float


SIZED = (
    "satellite.array.area",
    "satellite.battery.capacity",
    "satellite.thermal.radiator_area",
    "satellite.thermal.die_capacity",
    "satellite.thermal.loop_capacity",
    "satellite.thermal.radiator_capacity",
    "satellite.thermal.die_conductance",
    "satellite.thermal.loop_conductance",
)
"""Paths of `Sizes` in the scenario, in their order."""


ORBIT = ("eccentricity", "inclination", "node", "argument_of_perigee", "mean_anomaly")
"""What gives an orbit explicitly beside its size, in the order of `constellation.explicit`."""


@dataclass(frozen=True)
class Survey:
    """What a year does to the orbits."""

    sunlit_fraction: float
    """Mean over the year and the surveyed satellites [-]."""
    eclipse_max_s: float
    """Longest eclipse of the year [s]."""
    array_cosine_min: float
    """Least mean cosine on the array in any surveyed orbit [-]."""
    array_cosine_mean: float
    """Mean cosine over the surveyed orbits [-]."""
    beta_start_rad: float
    """Mean angle between orbit plane and Sun at the scenario's start [rad]."""


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
    launches: int
    masses: dict[str, float]
    """Of one satellite by subsystem, and their total [kg]."""
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
    scenario, masses = _size(scenario, found, period, float(view.mean()), float(back.mean()))
    craft = craft_of(scenario, scenario.satellite.age)
    mass = masses["total"]
    per_launch = math.floor(scenario.launcher.payload / mass)
    if per_launch < 1:
        raise ValueError(
            f"satellite: {mass:.5g} kg, {scenario.launcher.name} lifts "
            f"{scenario.launcher.payload:.5g} kg; allowed: at most that; choose another "
            "economics.launcher or a smaller satellite"
        )
    battery, sizes = scenario.satellite.battery, sizes_of(scenario)
    age = scenario.satellite.age
    load = _full_load(scenario) * (1.0 - found.sunlit_fraction) / battery.discharge_efficiency
    cycles = min(load / sizes.battery_capacity, battery.depth_of_discharge / period) * age
    new = craft_of(scenario, 0.0)
    return FleetPlan(
        scenario=scenario,
        elements=elements,
        bad_lines=tuple(bad),
        survey=found,
        satellites=len(elements),
        launches=math.ceil(len(elements) / per_launch),
        masses=masses,
        craft=craft,
        array_area_m2=sizes.array_area,
        array_peak_W=array_flux(new, SOLAR_CONSTANT, 1.0, float(back.mean())) * sizes.array_area,
        battery_capacity_J=sizes.battery_capacity,
        battery_factor=ageing.battery_factor(
            age, cycles, battery.calendar_fade, battery.cycle_fade
        ),
        cycles=cycles,
        initial_charge=battery.initial_charge,
        radiator_area_m2=sizes.radiator_area,
        radiator_view=view,
        array_view=back,
        terminator_spread=np.array([earthshine.terminator_spread(h) for h in altitude]),
        period_s=period,
        inclination_rad=float(elements.inclination.mean()),
    )


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


def _full_load(scenario: Scenario) -> float:
    """Power of bus, host and all accelerators at full clock [W]."""
    compute = scenario.satellite.compute
    return (
        scenario.satellite.bus.load + compute.host_power + compute.count * scenario.accelerator.tdp
    )


def sizes_of(scenario: Scenario) -> Sizes:
    """The sizes of a scenario in which none is open any more."""
    return Sizes(*(float(_value(scenario, path)) for path in SIZED))


def craft_of(scenario: Scenario, age: float) -> Craft:
    """The satellite at an age, as the compiled step needs it; all sizes must be filled in."""
    array, battery = scenario.satellite.array, scenario.satellite.battery
    heat, bus = scenario.satellite.thermal, scenario.satellite.bus
    sizes = sizes_of(scenario)
    floor = 1.0 - battery.depth_of_discharge
    in_eclipse = scenario.satellite.sizing.eclipse_operation > 0.0
    darkness = max(DARKENED, heat.absorptivity)
    aged = ageing.array_factor(age, array.degradation_per_year)
    return Craft(
        area=sizes.array_area,
        packing=array.packing,
        efficiency=array.efficiency,
        reference_temperature=array.reference_temperature,
        temperature_coefficient=array.temperature_coefficient,
        array_losses=(1.0 - array.pointing_loss) * array.conversion_efficiency * aged,
        array_absorptivity=array.absorptivity,
        emissivity_front=array.emissivity_front,
        emissivity_back=array.emissivity_back,
        floor=floor,
        compute_floor=floor + battery.bus_reserve if in_eclipse else 1.0,
        charge_efficiency=battery.charge_efficiency,
        discharge_efficiency=battery.discharge_efficiency,
        charge_limit=battery.charge_rate * sizes.battery_capacity,
        discharge_limit=battery.discharge_rate * sizes.battery_capacity,
        radiator_area=sizes.radiator_area,
        radiator_absorptivity=ageing.radiator_absorptivity(
            age, heat.absorptivity, heat.absorptivity_ageing, darkness
        ),
        radiator_emissivity=heat.emissivity,
        sun_incidence=abs(math.cos(heat.sun_angle)),
        emission=heat.faces * heat.emissivity * STEFAN_BOLTZMANN * sizes.radiator_area,
        sink=COSMIC_BACKGROUND,
        die_capacity=sizes.die_capacity,
        loop_capacity=sizes.loop_capacity,
        radiator_capacity=sizes.radiator_capacity,
        die_conductance=sizes.die_conductance,
        loop_conductance=sizes.loop_conductance,
        throttle_temperature=heat.throttle_temperature,
        limit_temperature=heat.limit_temperature,
        bus_load=bus.load,
    )


def array_flux(craft: Craft, irradiance: float, cosine: float, back: float) -> float:
    """Array output at the bus per panel area [W/m²]."""
    sunlight = irradiance * cosine
    panel = solar_array.temperature(
        sunlight,
        craft.array_absorptivity,
        craft.efficiency * craft.packing,
        craft.emissivity_front,
        craft.emissivity_back,
        EARTH_INFRARED * back,
        craft.reference_temperature,
        craft.temperature_coefficient,
    )
    return float(
        solar_array.power(
            sunlight,
            1.0,
            craft.packing,
            craft.efficiency,
            panel,
            craft.reference_temperature,
            craft.temperature_coefficient,
            craft.array_losses,
        )
    )


def _size(
    scenario: Scenario, found: Survey, period: float, view: float, back: float
) -> tuple[Scenario, dict[str, float]]:
    """Fill in what the scenario leaves open; refuse what cannot work."""
    satellite, chip = scenario.satellite, scenario.accelerator
    array, battery, heat = satellite.array, satellite.battery, satellite.thermal
    compute, bus, wish = satellite.compute, satellite.bus, satellite.sizing
    count = compute.count
    if wish.compute_power is not None:
        each = compute.host_power / compute.count
        count = sizing.accelerator_count(wish.compute_power, chip.tdp + each, 0.0)
        scenario = scenario.replaced(
            {"satellite.compute.count": count, "satellite.compute.host_power": each * count},
            origin="sized",
        )
        compute = scenario.satellite.compute
    left_open = {path for path in SIZED if _value(scenario, path) is None}
    unit = scenario.replaced(dict.fromkeys(left_open, 1.0), origin="sized")
    old = craft_of(unit, satellite.life)
    worst = array_flux(old, SOLAR_CONSTANT / PERIHELION_FACTOR, found.array_cosine_min, back)
    hot = thermal.absorbed(
        SOLAR_CONSTANT * PERIHELION_FACTOR,
        1.0,
        1.0,
        1.0,
        old.radiator_absorptivity,
        old.radiator_emissivity,
        old.sun_incidence,
        view,
        EARTH_ALBEDO,
        EARTH_INFRARED,
    )
    accelerators = count * chip.tdp
    full = sizing.size(
        accelerator_power=accelerators,
        host_power=compute.host_power,
        bus_power=bus.load,
        eclipse_operation=wish.eclipse_operation,
        margin=wish.margin,
        period=period,
        eclipse_max=found.eclipse_max_s,
        sunlit_fraction=found.sunlit_fraction,
        life=satellite.life,
        array_flux=worst,
        array_areal_mass=array.areal_mass,
        charge_efficiency=battery.charge_efficiency,
        discharge_efficiency=battery.discharge_efficiency,
        depth_of_discharge=battery.depth_of_discharge,
        bus_reserve=battery.bus_reserve,
        charge_rate=battery.charge_rate,
        discharge_rate=battery.discharge_rate,
        calendar_fade=battery.calendar_fade,
        cycle_fade=battery.cycle_fade,
        specific_energy=battery.specific_energy,
        hold_up_time=wish.hold_up_time,
        radiator_temperature=heat.design_radiator_temperature,
        radiator_faces=heat.faces,
        radiator_emissivity=heat.emissivity,
        radiator_absorbed=hot,
        radiator_areal_mass=heat.areal_mass,
        sink=COSMIC_BACKGROUND,
        throttle_temperature=heat.throttle_temperature,
        die_rise=wish.die_rise,
        loop_rise=wish.loop_rise,
        accelerator_mass=count * chip.mass,
        host_specific_mass=wish.host_specific_mass,
        coolant_specific_mass=wish.coolant_specific_mass,
        die_mass_share=wish.die_mass_share,
        other_mass=bus.other_mass,
        structure_fraction=bus.structure_fraction,
    )
    found_sizes = Sizes(*(getattr(full, name) for name in Sizes._fields))
    if heat.radiator_area is not None:
        scale = heat.radiator_area / full.radiator_area
        found_sizes = found_sizes._replace(radiator_capacity=full.radiator_capacity * scale)
    proposed = dict(zip(SIZED, found_sizes, strict=True))
    scenario = scenario.replaced({path: proposed[path] for path in left_open}, origin="sized")
    final = sizes_of(scenario)
    aphelion = SOLAR_CONSTANT / PERIHELION_FACTOR
    sizing.verify(
        array_flux(old, aphelion, found.array_cosine_mean, back),
        final.array_area,
        bus.load,
        period,
        found.eclipse_max_s,
        battery.charge_efficiency,
        battery.discharge_efficiency,
        count * chip.idle_power + compute.host_power + bus.load,
        count * chip.idle_power,
        hot * final.radiator_area,
        craft_of(scenario, satellite.life).emission,
        COSMIC_BACKGROUND,
        final.die_conductance,
        final.loop_conductance,
        heat.limit_temperature,
    )
    masses = sizing.mass_budget(
        count * chip.mass,
        full.masses["host"],
        final.array_area,
        array.areal_mass,
        final.battery_capacity,
        battery.specific_energy,
        final.radiator_area,
        heat.areal_mass,
        wish.coolant_specific_mass * full.radiator_heat,
        bus.other_mass,
        bus.structure_fraction,
    )
    if satellite.dry_mass is not None:
        masses["unlisted"] = satellite.dry_mass - masses["total"]
        masses["total"] = satellite.dry_mass
    return scenario, masses


def _value(scenario: Scenario, path: str) -> Any:
    """The value at a dotted path."""
    found: Any = scenario
    for key in path.split("."):
        found = getattr(found, key)
    return found
