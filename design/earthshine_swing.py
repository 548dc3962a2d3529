"""Verdict: the swing of albedo and infrared over an orbit can be neglected: 2.2 K (hottest die).

dawndusk takes global means. The number is what the hottest die gains at full load when albedo and
infrared both swing by 30 % in step with the orbit, high over noon: generic satellite in a 53 deg
shell at 550 km. It is 2.1 K for SpaceX's AI1 there and 1.3 K for Suncatcher at dawn and dusk,
against 12 to 27 K between those dies and their throttling. In truth the two swing against
each other: deserts shine in infrared and clouds in albedo.
"""

import math
from pathlib import Path

from dawndusk.constants import EARTH_ALBEDO, EARTH_INFRARED
from dawndusk.environment import earthshine
from dawndusk.fleet_plan import FleetPlan, plan_fleet
from dawndusk.forecast import forecast
from dawndusk.satellite import thermal
from dawndusk.scenario import load

SHELL = Path(__file__).with_name("shell.toml")
SWING = 0.3
STEP = 60.0


def hottest(plan: FleetPlan, swing: float) -> float:
    """Hottest die of the first satellite at full load in the last two of six orbits [K]."""
    scenario, craft = plan.scenario, plan.craft
    compute = scenario.satellite.compute
    die_heat = compute.count * scenario.accelerator.tdp
    loop_heat = compute.host_power + craft.bus_load
    path = (craft.die_conductance, craft.loop_conductance, craft.emission, craft.sink)
    window = forecast(plan.elements, scenario.time.start, STEP).window(0, 600)
    die, loop, radiator = thermal.steady(die_heat, loop_heat, 0.0, *path)
    highest = 0.0
    orbit = plan.period_s / STEP
    for k in range(round(6 * orbit)):
        turn = 1.0 + swing * math.cos(2.0 * math.pi * k / orbit)
        absorbed = thermal.absorbed(
            window.irradiance[k],
            window.illumination[k, 0],
            earthshine.daylight(window.sun_cosine[k, 0], plan.terminator_spread[0]),
            craft.radiator_area,
            craft.radiator_absorptivity,
            craft.radiator_emissivity,
            craft.sun_incidence,
            plan.radiator_view[0],
            EARTH_ALBEDO * turn,
            EARTH_INFRARED * turn,
        )
        die, loop, radiator, _ = thermal.step(
            die,
            loop,
            radiator,
            die_heat,
            loop_heat,
            absorbed,
            STEP,
            craft.die_capacity,
            craft.loop_capacity,
            craft.radiator_capacity,
            *path,
        )
        highest = max(highest, die) if k > 4 * orbit else highest
    return highest


def measure() -> float:
    """Change of the hottest die by the swing [K]."""
    plan = plan_fleet(load(SHELL, ["satellite.design=generic"]))
    return hottest(plan, SWING) - hottest(plan, 0.0)


if __name__ == "__main__":
    print(f"{measure():.2f} K")
