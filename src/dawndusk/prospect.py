"""Assembler of what a policy may know ahead: sunlight, contact with the ground, the plant.

All of it follows from time and design; clouds to come count with their long-run share.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from dawndusk.connections import ISL, Connections, Snapshot
from dawndusk.constants import EARTH_ALBEDO, EARTH_INFRARED, SOLAR_CONSTANT
from dawndusk.design_sizes import array_flux
from dawndusk.fleet_plan import FleetPlan
from dawndusk.forecast import Forecast
from dawndusk.placement.outlook import Plant
from dawndusk.satellite import thermal
from dawndusk.scenario import Scenario
from dawndusk.step_tables import Node

Array = NDArray[np.float64]

SLOTS = 12
"""Slots forecast together [-]."""


class Prospect:
    """Slots ahead of a decision, kept while they are ahead."""

    def __init__(
        self,
        scenario: Scenario,
        plan: FleetPlan,
        forecast: Forecast,
        network: Connections | None,
        slot: float,
        ahead: float,
    ) -> None:
        self.slot, self.rows = slot, max(1, math.ceil(ahead / slot))
        self.network = network
        self.sun = Forecast(
            forecast.elements, scenario.time.start, slot, forecast.tracking, forecast.threads
        )
        self.first = 0
        self.light = self.reach = np.empty((0, len(forecast.elements)))

    def ahead(self, now: float, view: Snapshot | None) -> tuple[Array, Array]:
        """Mean illumination [-] and rate to the ground [bit/s], shapes (rows, satellites).

        Args:
            now: time of the decision [s]
            view: the network now, None where it is not modelled [object]
        Returns:
            sunlight, and contact or an empty table [-, bit/s]
        """
        first = round(now / self.slot)
        start = first - self.first
        if not 0 <= start <= len(self.light):
            self.first, start = first, 0
            self.light, self.reach = self.light[:0], self.reach[:0]
        while len(self.light) < start + self.rows:
            self.light, self.reach = self.light[start:], self.reach[start:]
            self.first, start = first, 0
            low = self.first + len(self.light)
            count = max(SLOTS, self.rows - len(self.light))
            fresh = self.sun.window(low, low + count).illumination
            self.light = np.concatenate([self.light, fresh])
            if self.network is not None:
                rates = [self._own_links(self.network, low + k) for k in range(count)]
                self.reach = np.concatenate([self.reach, rates])
        rows = slice(start, start + self.rows)
        if view is None or self.network is None:
            return self.light[rows], np.empty((0, 0))
        working = view.rate[(view.kinds == ISL) & (view.rate > 0.0)]
        return self.light[rows], _shared(self.reach[rows], working)

    def _own_links(self, network: Connections, slot: int) -> Array:
        """What the links of each satellite to stations carry in a slot."""
        edges, _, _, rate, _ = network.downlinks((slot + 0.5) * self.slot, None)
        expected = rate * network.clear_share(edges)
        return np.bincount(edges[:, 0], expected, network.satellites).astype(np.float64)


def _shared(own: Array, between: Array) -> Array:
    """What each satellite may send down when others lend it what they have above the mean.

    Nobody is lent more than fills it up to the median of the links between satellites that work
    now; the sum stays what stations take in.
    """
    if not between.size:
        return own
    fair = own.mean(axis=1, keepdims=True)
    spare = np.maximum(own - fair, 0.0)
    lacking = np.maximum(np.minimum(fair, np.median(between)) - own, 0.0)
    whole = np.maximum(spare.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    return own + lacking - spare * (lacking.sum(axis=1, keepdims=True) / whole)


def plant(scenario: Scenario, plan: FleetPlan, node: Node, irradiance: float) -> Plant:
    """What one satellite can do at its present age and distance from the Sun."""
    craft = plan.craft
    flux = array_flux(craft, irradiance, 1.0, float(plan.array_view.mean()))
    idle = node.accelerators * node.idle_power
    full = idle + node.accelerators * node.compute_activity * (node.full_power - node.idle_power)
    housekeeping = craft.bus_load + node.host_power
    return Plant(
        generation=craft.area * flux,
        housekeeping=housekeeping,
        idle=idle,
        full=full,
        usable=(1.0 - craft.compute_floor) * plan.battery_capacity_J * plan.battery_factor,
        charge_efficiency=craft.charge_efficiency,
        discharge_efficiency=craft.discharge_efficiency,
        charge_limit=craft.charge_limit,
        discharge_limit=craft.discharge_limit,
        sustained=_sustained(plan, node, idle, full, housekeeping),
        peak=node.peak,
        exponent=node.exponent,
    )


def _sustained(plan: FleetPlan, node: Node, idle: float, full: float, housekeeping: float) -> float:
    """Clock at which the die rests at its throttling temperature in full sunlight, at most 1."""
    craft = plan.craft
    absorbed = thermal.absorbed(
        SOLAR_CONSTANT,
        1.0,
        0.5,
        craft.radiator_area,
        craft.radiator_absorptivity,
        craft.radiator_emissivity,
        craft.sun_incidence,
        float(plan.radiator_view.mean()),
        EARTH_ALBEDO,
        EARTH_INFRARED,
    )

    def die(clock: float) -> float:
        heat = idle + (full - idle) * clock**node.exponent
        return thermal.steady(
            heat,
            housekeeping,
            absorbed,
            craft.die_conductance,
            craft.loop_conductance,
            craft.emission,
            craft.sink,
        )[0]

    over = craft.throttle_temperature
    if die(1.0) <= over or die(0.0) >= over:
        return float(die(1.0) <= over)
    return float(brentq(lambda clock: die(clock) - over, 0.0, 1.0, xtol=1e-6))
