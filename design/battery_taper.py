"""Verdict: charge taper and self-discharge can be neglected: 1.3 % (of the energy compute gets).

The number is a bound: a generic satellite in a 53 deg shell at 550 km, sized without margin and
five years old, under full load, whose charging limit falls to nothing over the last 10 % of
charge and which loses 2 % of its charge a month. With the usual margin of 10 % nothing is lost,
nor by Suncatcher; nor if only 0.3 of the capacity is charged an hour, for which the sizing makes
the battery larger. Self-discharge alone costs 0.003 % or less.
"""

from pathlib import Path

from dawndusk.constants import DAY, EARTH_INFRARED
from dawndusk.fleet_plan import FleetPlan, plan_fleet
from dawndusk.forecast import forecast
from dawndusk.satellite import battery, solar_array
from dawndusk.scenario import load

SHELL = Path(__file__).with_name("shell.toml")
STEP = 10.0
TAPER = 0.1
"""Share of the capacity, at the top, in which the charging limit falls to nothing."""
LEAK = 0.02 / (30.0 * DAY)
"""Self-discharge [1/s]: 2 % a month."""


def delivered(plan: FleetPlan, taper: float, leak: float) -> float:
    """Energy of a day over that wanted by accelerators and host, first satellite [-]."""
    craft, compute = plan.craft, plan.scenario.satellite.compute
    wanted = compute.count * plan.scenario.accelerator.tdp + compute.host_power
    window = forecast(plan.elements, plan.scenario.time.start, STEP).window(0, round(DAY / STEP))
    capacity = plan.battery_capacity_J * plan.battery_factor
    energy, total = capacity, 0.0
    for light in window.irradiance * window.illumination[:, 0]:
        panel = solar_array.temperature(
            light,
            craft.array_absorptivity,
            craft.efficiency * craft.packing,
            craft.emissivity_front,
            craft.emissivity_back,
            EARTH_INFRARED * plan.array_view[0],
            craft.reference_temperature,
            craft.temperature_coefficient,
        )
        made = solar_array.power(
            light,
            craft.area,
            craft.packing,
            craft.efficiency,
            panel,
            craft.reference_temperature,
            craft.temperature_coefficient,
            craft.array_losses,
        )
        floor = craft.compute_floor * capacity
        give = battery.deliverable(
            energy, floor, STEP, craft.discharge_efficiency, craft.discharge_limit
        )
        used = min(wanted, max(made - craft.bus_load + give, 0.0))
        room = 1.0 - energy / capacity
        energy = battery.step(
            energy,
            made - craft.bus_load - used,
            STEP,
            craft.floor * capacity,
            capacity,
            craft.charge_efficiency,
            craft.discharge_efficiency,
            craft.charge_limit * (min(room / taper, 1.0) if taper else 1.0),
            craft.discharge_limit,
        )[0]
        energy -= leak * energy * STEP
        total += used * STEP
    return total / (wanted * DAY)


def measure() -> float:
    """Energy that compute loses to taper and self-discharge [%]."""
    tight = ["satellite.design=generic", "satellite.age=5 yr", "satellite.sizing.margin=0"]
    plan = plan_fleet(load(SHELL, tight))
    return 100.0 * (1.0 - delivered(plan, TAPER, LEAK) / delivered(plan, 0.0, 0.0))


if __name__ == "__main__":
    print(f"{measure():.2f} %")
