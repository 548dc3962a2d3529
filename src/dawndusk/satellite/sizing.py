"""Sizing: from the computing power wanted to areas, capacities, conductances and masses.

Everything is sized for the end of life and the worst orbit of the year; the assembler hands in
what other models know (array output, heat absorbed by the radiator, eclipses).
"""

from dataclasses import dataclass

from dawndusk.constants import STEFAN_BOLTZMANN

ALUMINIUM_HEAT = 900.0
"""Specific heat of aluminium [J/kg/K], CRC Handbook of Chemistry and Physics."""

COPPER_HEAT = 385.0
"""Specific heat of copper [J/kg/K], CRC Handbook of Chemistry and Physics."""

COOLANT_HEAT = 4_700.0
"""Specific heat of liquid ammonia at 20 °C [J/kg/K], NIST Chemistry WebBook."""


@dataclass(frozen=True)
class Sizing:
    """What `size` returns: SI values, masses by subsystem in kg."""

    array_power: float
    """array output at the bus that closes the worst orbit, mean over its sunlit arc [W]"""
    array_area: float
    """array panel area [m²]"""
    battery_capacity: float
    """battery capacity when new [J]"""
    radiator_heat: float
    """heat that the radiator rejects at full power, margin included [W]"""
    radiator_area: float
    """radiator panel area, one face [m²]"""
    die_capacity: float
    """heat capacity of dies and cold plates [J/K]"""
    loop_capacity: float
    """heat capacity of coolant, hosts and converters [J/K]"""
    radiator_capacity: float
    """heat capacity of the radiator [J/K]"""
    die_conductance: float
    """conductance dies to loop [W/K]"""
    loop_conductance: float
    """conductance loop to radiator [W/K]"""
    masses: dict[str, float]
    """dry mass by subsystem and `total` [kg]"""


def accelerator_count(compute_power: float, tdp: float, host_power: float) -> int:
    """Largest number of accelerators whose power, with the host's, stays within the budget.

    Args:
        compute_power: power for accelerators and host [W]
        tdp: full power of one accelerator [W]
        host_power: power of the host computer [W]
    Returns:
        number of accelerators [-]
    Raises:
        ValueError: when not one accelerator fits
    Neglects:
        packaging in boards of 4 or 8
    Source:
        arithmetic
    """
    count = int((compute_power - host_power) / tdp * (1.0 + 1e-12))
    if count < 1:
        raise ValueError(
            f"compute power {compute_power:.6g} W does not carry one accelerator of {tdp:.6g} W "
            f"beside a host of {host_power:.6g} W; raise it to {tdp + host_power:.6g} W or more"
        )
    return count


def array_power(
    sunlit_load: float,
    eclipse_load: float,
    period: float,
    eclipse: float,
    charge_efficiency: float,
    discharge_efficiency: float,
) -> float:
    """Power that the array must give in sunlight to close the energy balance of an orbit.

    Args:
        sunlit_load: load of the bus in sunlight [W]
        eclipse_load: load of the bus in eclipse [W]
        period: orbit period [s]
        eclipse: longest eclipse [s]
        charge_efficiency: stored energy per bus energy taken [-]
        discharge_efficiency: bus energy given per stored energy [-]
    Returns:
        power at the bus, mean over the sunlit arc [W]
    Raises:
        ValueError: when the eclipse leaves no sunlight in the orbit
    Neglects:
        penumbra; the taper of charging
    Source:
        Wertz & Larson, Space Mission Analysis and Design, 3rd ed., eq. 11-5
    """
    sunlit = period - eclipse
    if not sunlit > 0.0:
        raise ValueError(
            f"eclipse {eclipse:.6g} s is not shorter than the orbit of {period:.6g} s: "
            "no sunlight to charge from; check altitude and local time"
        )
    recharge = eclipse_load * eclipse / (charge_efficiency * discharge_efficiency * sunlit)
    return sunlit_load + recharge


def battery_capacity(
    eclipse_load: float,
    period: float,
    eclipse: float,
    hold_up: float,
    charge_efficiency: float,
    discharge_efficiency: float,
    usable: float,
    charge_rate: float,
    discharge_rate: float,
    life: float,
    eclipse_share: float,
    calendar_fade: float,
    cycle_fade: float,
) -> float:
    """Begin-of-life capacity that still carries the longest eclipse at the end of life.

    The largest of four needs (eclipse energy, energy to hold up, discharge rate, recharge rate)
    is enlarged by the fade that the battery's own throughput and age cause.

    Args:
        eclipse_load: load of the bus in eclipse [W]
        period: orbit period [s]
        eclipse: longest eclipse [s]
        hold_up: energy to be held for emergencies, at the bus [J]
        charge_efficiency: stored energy per bus energy taken [-]
        discharge_efficiency: bus energy given per stored energy [-]
        usable: share of the capacity that may be used in an eclipse [-]
        charge_rate: most bus power taken per capacity [1/s]
        discharge_rate: most bus power given per capacity [1/s]
        life: design life [s]
        eclipse_share: share of the life spent in eclipse [-]
        calendar_fade: relative capacity lost per time [1/s]
        cycle_fade: relative capacity lost per full equivalent cycle [-]
    Returns:
        capacity when new [J]
    Raises:
        ValueError: when nothing is usable or age alone uses up the battery
    Neglects:
        what `battery.step` and `ageing.battery_factor` neglect
    Source:
        Wertz & Larson, Space Mission Analysis and Design, 3rd ed., eq. 11-11, with fade
    """
    if not usable > 0.0:
        raise ValueError(
            f"usable share of the battery {usable:.6g} is not above 0: the depth of discharge "
            "must exceed the reserve kept for the bus; raise depth_of_discharge or lower "
            "bus_reserve"
        )
    left = 1.0 - calendar_fade * life
    if not left > 0.0:
        raise ValueError(
            f"battery capacity left after a life of {life:.6g} s is {left:.6g} of new, not above "
            "0: lower calendar_fade or the life"
        )
    stored = max(eclipse_load * eclipse, hold_up) / (discharge_efficiency * usable)
    recharge = eclipse_load * eclipse / (charge_efficiency * discharge_efficiency)
    drawn = eclipse_load if eclipse > 0.0 else 0.0
    needed = max(
        stored,
        drawn / discharge_rate,
        recharge / ((period - eclipse) * charge_rate),
    )
    throughput = eclipse_load / discharge_efficiency * eclipse_share * life
    return (needed + cycle_fade * throughput) / left


def radiator_area(
    heat: float,
    temperature: float,
    faces: int,
    emissivity: float,
    sink: float,
    absorbed: float,
) -> float:
    """Panel area that rejects a heat at a radiator temperature.

    Args:
        heat: heat to reject [W]
        temperature: radiator temperature [K]
        faces: radiating faces of the panel, 1 or 2 [-]
        emissivity: infrared emissivity times fin efficiency [-]
        sink: temperature of the space that the radiator faces [K]
        absorbed: heat from Sun and Earth per panel area, hot case, end of life [W/m²]
    Returns:
        panel area, one face [m²]
    Raises:
        ValueError: when the panel absorbs as much as it emits
    Neglects:
        gradients along the panel; view to array and body
    Source:
        Stefan–Boltzmann law; Starcloud white paper (2024): 633.08 W/m² at 20 °C
    """
    emitted = faces * emissivity * STEFAN_BOLTZMANN * (temperature**4 - sink**4)
    if not emitted > absorbed:
        raise ValueError(
            f"radiator at {temperature:.5g} K absorbs {absorbed:.5g} W/m², not less than the "
            f"{emitted:.5g} W/m² it emits; raise design_radiator_temperature, turn it edge-on to "
            "the Sun or lower its absorptivity"
        )
    return heat / (emitted - absorbed)


def mass_budget(
    accelerators: float,
    host: float,
    array_area: float,
    array_areal_mass: float,
    battery_capacity: float,
    specific_energy: float,
    radiator_area: float,
    radiator_areal_mass: float,
    coolant: float,
    other: float,
    structure_fraction: float,
    shield: float = 0.0,
) -> dict[str, float]:
    """Dry mass by subsystem.

    Args:
        accelerators: mass of all accelerators with cold plates [kg]
        host: mass of host computers, power converters and racks [kg]
        array_area: panel area [m²]
        array_areal_mass: mass per panel area, deployment included [kg/m²]
        battery_capacity: capacity when new [J]
        specific_energy: capacity per battery mass, pack level [J/kg]
        radiator_area: panel area, one face [m²]
        radiator_areal_mass: mass per panel area, deployment and pumps included [kg/m²]
        coolant: mass of coolant and manifolds in the loop [kg]
        other: bus: avionics, propulsion, attitude control, links, harness [kg]
        structure_fraction: structure relative to all the other dry mass [-]
        shield: mass around the chips against radiation [kg]
    Returns:
        mass of accelerators, host, array, battery, radiator (with coolant), bus, shield,
        structure and their total [kg]
    Neglects:
        propellant and pressurant; launch adapter; growth allowance (see `margin` of `size`)
    Source:
        additive budget as in published studies: research-viewer, 12.5/24.6/51.4 kg/kW
    """
    masses = {
        "accelerators": accelerators,
        "host": host,
        "array": array_area * array_areal_mass,
        "battery": battery_capacity / specific_energy,
        "radiator": radiator_area * radiator_areal_mass + coolant,
        "bus": other,
        "shield": shield,
    }
    masses["structure"] = structure_fraction * sum(masses.values())
    masses["total"] = sum(masses.values())
    return masses


def verify(
    array_flux: float,
    array_area: float,
    bus_power: float,
    period: float,
    eclipse: float,
    charge_efficiency: float,
    discharge_efficiency: float,
    idle_heat: float,
    idle_die_heat: float,
    absorbed: float,
    emission: float,
    sink: float,
    die_conductance: float,
    loop_conductance: float,
    limit_temperature: float,
) -> None:
    """Refuse a satellite, sized or declared, that cannot even idle.

    Args:
        array_flux: array output at the bus per panel area, end of life, worst season [W/m²]
        array_area: panel area [m²]
        bus_power: load of the bus without any computing [W]
        period: orbit period [s]
        eclipse: longest eclipse [s]
        charge_efficiency: stored energy per bus energy taken [-]
        discharge_efficiency: bus energy given per stored energy [-]
        idle_heat: heat in die and loop with all accelerators clocked but idle [W]
        idle_die_heat: the dies' part of it [W]
        absorbed: heat that the whole radiator takes from Sun and Earth, hot case [W]
        emission: radiating faces × emissivity × Stefan–Boltzmann constant × panel area [W/K⁴]
        sink: temperature of the space that the radiator faces [K]
        die_conductance: conductance die to loop [W/K]
        loop_conductance: conductance loop to radiator [W/K]
        limit_temperature: die temperature above which the accelerators stop [K]
    Returns:
        nothing: the satellite can idle [-]
    Raises:
        ValueError: when the array cannot carry the bus or the radiator cannot hold the idle die
    Neglects:
        whether it can compute: a satellite that only throttles is reported by the run
    Source:
        balances of `array_power` and `thermal.steady`
    """
    needed = array_power(
        bus_power, bus_power, period, eclipse, charge_efficiency, discharge_efficiency
    )
    available = array_flux * array_area
    if not available >= needed:
        raise ValueError(
            f"array of {array_area:.5g} m² gives {available:.5g} W at the end of life, but the bus "
            f"alone needs {needed:.5g} W through an orbit with {eclipse:.5g} s of eclipse; raise "
            f"the area to {needed / array_flux:.5g} m² or lower the bus load"
            if array_flux > 0.0
            else f"array output {array_flux:.5g} W/m² at the end of life is not above 0, so it "
            f"cannot carry the bus of {bus_power:.5g} W; check degradation, pointing and life"
        )
    radiator = ((idle_heat + absorbed) / emission + sink**4) ** 0.25
    die = radiator + idle_heat / loop_conductance + idle_die_heat / die_conductance
    if not die <= limit_temperature:
        raise ValueError(
            f"radiator cannot hold the die: idle at {idle_heat:.5g} W the die settles at "
            f"{die:.5g} K, above its limit of {limit_temperature:.5g} K (radiator "
            f"{radiator:.5g} K); enlarge the radiator or turn it away from the Sun"
        )


def size(
    *,
    accelerator_power: float,
    host_power: float,
    bus_power: float,
    eclipse_operation: float,
    margin: float,
    period: float,
    eclipse_max: float,
    sunlit_fraction: float,
    life: float,
    array_flux: float,
    array_areal_mass: float,
    charge_efficiency: float,
    discharge_efficiency: float,
    depth_of_discharge: float,
    bus_reserve: float,
    charge_rate: float,
    discharge_rate: float,
    calendar_fade: float,
    cycle_fade: float,
    specific_energy: float,
    hold_up_time: float,
    radiator_temperature: float,
    radiator_faces: int,
    radiator_emissivity: float,
    radiator_absorbed: float,
    radiator_areal_mass: float,
    sink: float,
    throttle_temperature: float,
    die_rise: float,
    loop_rise: float,
    accelerator_mass: float,
    host_specific_mass: float,
    coolant_specific_mass: float,
    die_mass_share: float,
    other_mass: float,
    structure_fraction: float,
) -> Sizing:
    """Size array, battery, radiator and heat path for a computing power, to the end of life.

    Args:
        accelerator_power: full power of all accelerators [W]
        host_power: power of the host computers [W]
        bus_power: load of the bus, always on [W]
        eclipse_operation: share of accelerators and host carried through eclipse [-]
        margin: enlargement of array, battery and radiator over the bare need [-]
        period: orbit period [s]
        eclipse_max: longest eclipse of the year [s]
        sunlit_fraction: share of the year in sunlight [-]
        life: design life [s]
        array_flux: array output at the bus per panel area, end of life, worst season [W/m²]
        array_areal_mass: mass per panel area, deployment included [kg/m²]
        charge_efficiency: stored energy per bus energy taken [-]
        discharge_efficiency: bus energy given per stored energy [-]
        depth_of_discharge: share of the capacity that may be used at all [-]
        bus_reserve: share of the capacity never given to computing [-]
        charge_rate: most bus power taken per capacity [1/s]
        discharge_rate: most bus power given per capacity [1/s]
        calendar_fade: relative capacity lost per time [1/s]
        cycle_fade: relative capacity lost per full equivalent cycle [-]
        specific_energy: capacity per battery mass, pack level [J/kg]
        hold_up_time: time for which the full battery carries the bus in an emergency [s]
        radiator_temperature: radiator temperature at full power [K]
        radiator_faces: radiating faces of the panel, 1 or 2 [-]
        radiator_emissivity: infrared emissivity times fin efficiency [-]
        radiator_absorbed: heat from Sun and Earth per panel area, hot case, end of life [W/m²]
        radiator_areal_mass: mass per panel area, deployment and pumps included [kg/m²]
        sink: temperature of the space that the radiator faces [K]
        throttle_temperature: die temperature at which throttling starts [K]
        die_rise: temperature difference die to loop at full power [K]
        loop_rise: temperature difference loop to radiator at full power [K]
        accelerator_mass: mass of all accelerators with cold plates [kg]
        host_specific_mass: mass of hosts and converters per power of accelerators and host [kg/W]
        coolant_specific_mass: mass of coolant and manifolds per heat [kg/W]
        die_mass_share: share of the accelerator mass that follows the die temperature [-]
        other_mass: bus: avionics, propulsion, attitude control, links, harness [kg]
        structure_fraction: structure relative to all the other dry mass [-]
    Returns:
        areas, capacities, conductances and masses [object]
    Raises:
        ValueError: when the die would throttle at the radiator temperature, the radiator
            absorbs as much as it emits, the array gives nothing or the battery wears out
    Neglects:
        transients shorter than an orbit (the loop shows whether the design holds); transfer to
        orbit; iteration of the bus mass with the size
    Source:
        Wertz & Larson, Space Mission Analysis and Design, 3rd ed., §11.4–11.5
    """
    die = radiator_temperature + loop_rise + die_rise
    if not die <= throttle_temperature:
        raise ValueError(
            f"radiator at {radiator_temperature:.5g} K puts the die at {die:.5g} K, above its "
            f"throttle temperature of {throttle_temperature:.5g} K; lower "
            f"design_radiator_temperature to {throttle_temperature - loop_rise - die_rise:.5g} K "
            "or less, or the temperature rises along the heat path"
        )
    if not array_flux > 0.0:
        raise ValueError(
            f"array output {array_flux:.5g} W/m² at the end of life is not above 0: it cannot "
            f"carry the bus of {bus_power:.5g} W; check degradation, pointing and life"
        )
    compute = accelerator_power + host_power
    sunlit_load = (bus_power + compute) * (1.0 + margin)
    eclipse_load = (bus_power + eclipse_operation * compute) * (1.0 + margin)
    wanted = array_power(
        sunlit_load, eclipse_load, period, eclipse_max, charge_efficiency, discharge_efficiency
    )
    reserve = bus_reserve if eclipse_operation > 0.0 else 0.0
    capacity = battery_capacity(
        eclipse_load,
        period,
        eclipse_max,
        bus_power * hold_up_time,
        charge_efficiency,
        discharge_efficiency,
        depth_of_discharge - reserve,
        charge_rate,
        discharge_rate,
        life,
        1.0 - sunlit_fraction,
        calendar_fade,
        cycle_fade,
    )
    charging_loss = (1.0 - charge_efficiency) * (wanted - sunlit_load)
    heat = max(sunlit_load + charging_loss, eclipse_load / discharge_efficiency)
    panel = radiator_area(
        heat,
        radiator_temperature,
        radiator_faces,
        radiator_emissivity,
        sink,
        radiator_absorbed,
    )
    host_mass = host_specific_mass * compute
    coolant = coolant_specific_mass * heat
    return Sizing(
        array_power=wanted,
        array_area=wanted / array_flux,
        battery_capacity=capacity,
        radiator_heat=heat,
        radiator_area=panel,
        die_capacity=die_mass_share * accelerator_mass * COPPER_HEAT,
        loop_capacity=coolant * COOLANT_HEAT + host_mass * ALUMINIUM_HEAT,
        radiator_capacity=panel * radiator_areal_mass * ALUMINIUM_HEAT,
        die_conductance=accelerator_power / die_rise,
        loop_conductance=heat / loop_rise,
        masses=mass_budget(
            accelerator_mass,
            host_mass,
            wanted / array_flux,
            array_areal_mass,
            capacity,
            specific_energy,
            panel,
            radiator_areal_mass,
            coolant,
            other_mass,
            structure_fraction,
        ),
    )
