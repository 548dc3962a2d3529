"""Assembler of sizing: from what is declared to areas, capacities, the aged craft and masses."""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

from dawndusk.constants import (
    COSMIC_BACKGROUND,
    EARTH_ALBEDO,
    EARTH_INFRARED,
    SOLAR_CONSTANT,
    STEFAN_BOLTZMANN,
)
from dawndusk.environment import dose
from dawndusk.satellite import ageing, sizing, solar_array, thermal
from dawndusk.scenario import Scenario
from dawndusk.step_tables import Craft

PERIHELION_FACTOR = 1.0167**2
"""Sunlight at perihelion over that at 1 au [-], orbit eccentricity 0.0167; inverse at aphelion."""

DARKENED = 0.36
"""Absorptivity at which a white radiator stops darkening [-], Z-93 at end of life (NASA)."""


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


def battery_age(scenario: Scenario, sunlit_fraction: float, period: float) -> tuple[float, float]:
    """Capacity left at the satellites' age over new [-], and full equivalent cycles so far [-]."""
    battery, compute = scenario.satellite.battery, scenario.satellite.compute
    age, capacity = scenario.satellite.age, sizes_of(scenario).battery_capacity
    full = (
        scenario.satellite.bus.load + compute.host_power + compute.count * scenario.accelerator.tdp
    )
    load = full * (1.0 - sunlit_fraction) / battery.discharge_efficiency
    cycles = min(load / capacity, battery.depth_of_discharge / period) * age
    left = ageing.battery_factor(age, cycles, battery.calendar_fade, battery.cycle_fade)
    return left, cycles


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


def size(
    scenario: Scenario, found: Survey, period: float, view: float, back: float
) -> tuple[Scenario, dict[str, float]]:
    """Fill in what the scenario leaves open; refuse what cannot work.

    Args:
        scenario: what is planned [object]
        found: what a year does to its orbits [object]
        period: of the orbits [s]
        view: mean view factor of all radiating faces to the Earth [-]
        back: mean view factor of the array's back to the Earth [-]
    Returns:
        the scenario with all sizes, and dry masses by subsystem with their total [object, kg]
    Raises:
        ValueError: when the satellite is physically impossible
    """
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
        _shield(scenario),
    )
    if satellite.dry_mass is not None:
        masses["unlisted"] = satellite.dry_mass - masses["total"]
        masses["total"] = satellite.dry_mass
    return scenario, masses


def _shield(scenario: Scenario) -> float:
    """Mass of what stands between the chips and radiation [kg]."""
    given = scenario.radiation
    area = given.shielded_area * scenario.satellite.compute.count
    return dose.shield_mass(area, given.shielding) if given.enabled else 0.0


def _value(scenario: Scenario, path: str) -> Any:
    """The value at a dotted path."""
    found: Any = scenario
    for key in path.split("."):
        found = getattr(found, key)
    return found
