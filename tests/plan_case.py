"""Plans of small fleets, and the Earth as a plate beside it sees it."""

import math
from functools import cache

from dawndusk.fleet_plan import FleetPlan, plan_fleet
from dawndusk.scenario import load

NO_JOBS = "workload.jobs=[]"
ORBIT = 'constellation={kind="sun_synchronous",altitude="650 km",satellites=4}'
WANTED = ("satellite.design=generic", 'satellite.sizing.compute_power="120 kW"')


@cache
def planned(*overrides: str) -> FleetPlan:
    return plan_fleet(load("suncatcher", [NO_JOBS, *overrides]))


def edge_on(altitude: float) -> float:
    """View factor of a plate that stands upright over a sphere to that sphere (Howell, B-43)."""
    h = 1.0 + altitude / 6_371_008.8
    return (math.asin(1.0 / h) - math.sqrt(h * h - 1.0) / h**2) / math.pi
