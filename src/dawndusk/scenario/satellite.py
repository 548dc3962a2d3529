"""The satellite's tables; values come from a design of the catalogue unless given."""

from typing import Annotated, Literal

from pydantic import model_validator

from dawndusk.scenario import fields as f
from dawndusk.scenario.errors import Fault
from dawndusk.scenario.fields import CatalogueName, Table, declared, faults, section, supplied
from dawndusk.scenario.quantities import text


class Array(Table):
    """Solar array."""

    area: f.Area | None = declared(None, "panel area; auto: sized")
    efficiency: f.PositiveFraction = supplied("of the cells at the reference temperature, new")
    reference_temperature: f.Temperature = supplied("cell temperature of that efficiency")
    temperature_coefficient: f.TemperatureCoefficient = supplied(
        "relative change of efficiency per kelvin, negative"
    )
    packing: f.PositiveFraction = supplied("share of the panel covered by cells")
    pointing_loss: f.ProperFraction = supplied("share lost by imperfect pointing")
    conversion_efficiency: f.PositiveFraction = supplied("from array to bus")
    absorptivity: f.Fraction = supplied("solar absorptivity of the front")
    emissivity_front: f.PositiveFraction = supplied("infrared emissivity of the front")
    emissivity_back: f.PositiveFraction = supplied("infrared emissivity of the back")
    degradation_per_year: f.ProperFraction = supplied("relative power lost a year")
    tracking: Literal["two_axis", "one_axis"] = supplied(
        "one_axis turns about the orbit normal and loses the cosine of β"
    )
    areal_mass: f.ArealMass = supplied("mass of panel and structure per area")


class Battery(Table):
    """Battery."""

    capacity: f.Energy | None = declared(None, "energy when full and new; auto: sized")
    charge_efficiency: f.PositiveFraction = supplied("stored per energy taken from the bus")
    discharge_efficiency: f.PositiveFraction = supplied("given to the bus per energy drawn")
    depth_of_discharge: f.PositiveFraction = supplied("largest share of the capacity used")
    bus_reserve: f.ProperFraction = supplied(
        "share of the capacity above that floor kept for the bus, never given to compute"
    )
    charge_rate: f.PositiveRate = supplied("largest charging power over capacity")
    discharge_rate: f.PositiveRate = supplied("largest discharging power over capacity")
    initial_charge: f.Fraction = supplied("stored energy over capacity at the start")
    specific_energy: f.SpecificEnergy = supplied("energy over mass of the pack")
    cycle_fade: f.ProperFraction = supplied("relative capacity lost per full equivalent cycle")
    calendar_fade: f.Rate = supplied("relative capacity lost per time")

    @model_validator(mode="after")
    def _reserve_is_usable(self) -> "Battery":
        if self.bus_reserve >= self.depth_of_discharge:
            raise faults(
                [
                    Fault(
                        "bus_reserve",
                        text(self.bus_reserve, ""),
                        "nothing is left for compute; allowed: less than depth_of_discharge, "
                        f"{text(self.depth_of_discharge, '')}",
                    )
                ]
            )
        return self


class Thermal(Table):
    """Heat path: die → loop → radiator → space."""

    radiator_area: f.Area | None = declared(None, "panel area; auto: sized")
    faces: Literal[1, 2] = supplied("faces of the panel that radiate")
    emissivity: f.PositiveFraction = supplied("infrared emissivity of the coating")
    absorptivity: f.Fraction = supplied("solar absorptivity of the coating, new")
    sun_angle: f.RightAngle = supplied("between panel normal and Sun; 90 deg is edge on")
    earth_angle: f.RightAngle = supplied("between panel normal and nadir; 90 deg is edge on")
    absorptivity_ageing: f.Rate = supplied("rise of the absorptivity per time")
    areal_mass: f.ArealMass = supplied("mass of panel, loop and fluid per area")
    die_capacity: f.HeatCapacity | None = declared(None, "heat capacity; auto: from the masses")
    loop_capacity: f.HeatCapacity | None = declared(None, "heat capacity; auto: from the masses")
    radiator_capacity: f.HeatCapacity | None = declared(
        None, "heat capacity; auto: from the masses"
    )
    die_conductance: f.Conductance | None = declared(None, "die to loop; auto: sized")
    loop_conductance: f.Conductance | None = declared(None, "loop to radiator; auto: sized")
    throttle_temperature: f.Temperature = supplied("die temperature where clocks begin to fall")
    limit_temperature: f.Temperature = supplied("die temperature where compute stops")
    design_radiator_temperature: f.Temperature = supplied("mean temperature it is sized for")

    @model_validator(mode="after")
    def _temperatures_rise(self) -> "Thermal":
        found = [
            Fault(
                low,
                f'"{text(getattr(self, low), "K")}"',
                f'allowed: below {high}, "{text(getattr(self, high), "K")}"',
            )
            for low, high in (
                ("throttle_temperature", "limit_temperature"),
                ("design_radiator_temperature", "limit_temperature"),
            )
            if getattr(self, low) >= getattr(self, high)
        ]
        if found:
            raise faults(found)
        return self


class Compute(Table):
    """Accelerators and their host."""

    accelerator: Annotated[str, CatalogueName("accelerator")] = supplied("catalogue name")
    count: f.Count = supplied("accelerators of the satellite")
    tensor_parallel: f.Count | None = declared(
        None, "accelerators that serve one model copy; auto: the smallest power of two that fits"
    )
    host_power: f.Load = supplied("of processors, memory and network of the satellite while on")
    minimum_frequency: f.PositiveFraction = supplied("lowest clock over the highest")


class Bus(Table):
    """Everything that keeps the satellite alive."""

    load: f.Load = supplied("constant power of attitude, radio, heaters and computer")
    structure_fraction: f.Fraction = supplied("structure over all other dry mass")
    other_mass: f.OptionalMass = supplied("of attitude, propulsion, radio and terminals")


class Sizing(Table):
    """How areas and energies left open are chosen."""

    compute_power: f.Power | None = declared(
        None, "power of accelerators and host wanted; auto: all at full power"
    )
    margin: f.Number = declared(
        0.1, "added to areas and energies", "engineering margin, chosen", "2026-11"
    )
    eclipse_operation: f.Fraction = declared(
        1.0,
        "share of the compute power carried through eclipse by the battery",
        "chosen",
        "2026-11",
    )
    hold_up_time: f.Delay = declared(
        "1 h", "for which a full battery carries the bus without Sun", "safe-mode practice", "2026"
    )
    die_rise: f.TemperatureRise = declared(
        "10 K", "die over coolant at full power", "cold plates of liquid-cooled servers", "2024"
    )
    loop_rise: f.TemperatureRise = declared(
        "5 K", "coolant over radiator at full power", "pumped ammonia loops", "2024"
    )
    host_specific_mass: f.SpecificMass = declared(
        "5 kg/kW",
        "hosts, converters and racks per power of accelerators and host",
        "orbital studies, 2.5–8 kg per kW of computing",
        "2026",
    )
    coolant_specific_mass: f.SpecificMass = declared(
        "0.5 kg/kW", "coolant and manifolds per heat", "pumped single-phase loops", "2024"
    )
    die_mass_share: f.PositiveFraction = declared(
        0.3, "share of the accelerators' mass at die temperature", "lids and cold plates", "2024"
    )


class Satellite(Table):
    """One satellite; all of the fleet are alike."""

    design: Annotated[str, CatalogueName("design")] = declared(
        "generic", "catalogue design that supplies what is not given here"
    )
    age: f.Delay = declared("0 s", "at the start: ageing so far", "a new satellite", "2026-11")
    life: f.Duration = supplied("from launch to replacement")
    dry_mass: f.Mass | None = declared(None, "without propellant; auto: sum of the mass budget")
    array: Array
    battery: Battery
    thermal: Thermal
    compute: Compute
    bus: Bus
    sizing: Sizing = section(Sizing, "how open areas and energies are chosen")
