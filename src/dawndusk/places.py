"""What orbit, ground and the place of the data offer a class of work: price, power, links.

An assembler beside `where`, which compares these offers. The price of a node is its cost over
time, that of a satellite at work the fleet's over its years; it works for the share of the time
that power, heat and faults leave it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dawndusk import costs
from dawndusk.catalogue.entries import WorkloadClass
from dawndusk.connections import great_circle
from dawndusk.constants import (
    BITS,
    EARTH_ALBEDO,
    EARTH_INFRARED,
    JULIAN_YEAR,
    SGP4_MU,
    SGP4_RADIUS,
    SOLAR_CONSTANT,
    SPEED_OF_LIGHT,
)
from dawndusk.fleet_plan import FleetPlan
from dawndusk.network import visibility
from dawndusk.satellite import accelerator, ageing, thermal
from dawndusk.scenario import Scenario
from dawndusk.workload import classes
from dawndusk.workload.inference import MEMORY_SHARE


@dataclass(frozen=True)
class Place:
    """What one option offers a class, in SI units."""

    option: str
    price: float
    """Of a node [USD/s]."""
    peak: float
    """Dense rate of a node [FLOP/s]."""
    memory: float
    """Of a node [bytes]."""
    working: float
    """Power of a node at work [W]."""
    idle: float
    """Power of a node without work [W]."""
    nodes: float = math.inf
    usable: float = 1.0
    """Share of the time that power, heat and faults leave for work [-]."""
    usable_limit: str = "compute"
    stretch: float = math.inf
    """Time for which a node works without a pause [s]."""
    effectiveness: float = 1.0
    """Facility over node energy [-]."""
    carbon_energy: float = 0.0
    """[kg/J] at the meter"""
    carbon_time: float = 0.0
    """Of a node [kg/s]."""
    between: float = math.inf
    """Rate between two nodes [bit/s]."""
    source: float = math.inf
    """What one source of data can send [B/s]."""
    source_link: str = "link"
    incoming: float = math.inf
    """What a node can take in over time [B/s]."""
    incoming_link: str = "uplink"
    outgoing: float = math.inf
    """What a node can send out over time [B/s]."""
    link_in: float = math.inf
    """Rate at which the data of one unit travel [B/s]."""
    link_out: float = math.inf
    """Rate at which the answer of one unit travels [B/s]."""
    price_in: float = 0.0
    """Of bringing data in through a ground station [USD/byte]."""
    price_out: float = 0.0
    """Of bringing answers out through a ground station [USD/byte]."""
    trip: tuple[float, float] = (0.0, 0.0)
    """Propagation and queues of data and answer, median and 99 % [s]."""
    route: str = "beside the data"
    share: float = 1.0
    """Of the time with a path [-]."""
    contact: float = 0.0
    """Mean duration of a contact [s]."""
    access: float = 1.0
    """Share of the time that the source's own link works [-]."""
    unknown: str = ""
    """Why the links cannot be judged, empty when they can."""


def orbit(
    scenario: Scenario, plan: FleetPlan, summary: Mapping[str, Any], entry: WorkloadClass
) -> Place:
    """A satellite of the fleet, other than the one where a satellite's data arise."""
    place = replace(_satellite(scenario, plan, summary, entry), route="by satellite")
    network = summary["network"]
    if place.unknown:
        return place if entry.origin == "satellite" else _reached(entry, place, (0.0, 0.0))
    rate = network["ground_rate_bit_s"] / BITS
    capacity = network["links_ground_mean"] * rate / plan.satellites
    one_way = (network["latency_p50_s"], network["latency_p99_s"])
    station = scenario.economics.antenna_price / rate if rate else 0.0
    if entry.origin == "satellite":
        isl = network["isl_rate_bit_s"] / BITS if network["links_isl"] else 0.0
        return replace(
            place,
            source=isl,
            source_link="inter-satellite link",
            incoming=isl,
            incoming_link="inter-satellite link",
            outgoing=capacity,
            link_in=isl,
            link_out=rate,
            price_out=station,
            trip=one_way,
            route="from another satellite",
            share=network["contact_fraction"],
        )
    if entry.origin != "data_centre" and scenario.network.users == "direct":
        rate = capacity = scenario.user_terminal.max_rate / BITS
        station = 0.0
    place = replace(
        place,
        incoming=capacity,
        outgoing=capacity,
        link_in=rate,
        link_out=rate,
        price_in=station,
        price_out=station,
        share=network["reachable_fraction"],
    )
    return _reached(entry, place, one_way)


def ground(
    scenario: Scenario, plan: FleetPlan, summary: Mapping[str, Any], entry: WorkloadClass
) -> Place:
    """The scenario's ground site, working at full load."""
    compute, site = scenario.satellite.compute, scenario.ground
    working, idle = _node_power(scenario, entry)
    faults = summary["ground"]["compute"]["losses"]["faults"] or 0.0
    yearly = costs.ground_costs(scenario, 1, working * JULIAN_YEAR).per_year
    place = Place(
        "ground",
        price=yearly / JULIAN_YEAR,
        peak=compute.count * scenario.accelerator.peak_flops,
        memory=MEMORY_SHARE * compute.count * scenario.accelerator.memory,
        working=working,
        idle=idle,
        usable=1.0 - faults,
        effectiveness=site.pue,
        carbon_energy=site.carbon_intensity,
    )
    if entry.origin == "data_centre":
        return place
    if entry.origin != "satellite":
        place = replace(place, route=f"over fibre to {scenario.site.name}")
        return _reached(entry, place, fibre_delay(scenario))
    unknown, network = _unknown(summary), summary["network"]
    if unknown:
        return replace(place, unknown=unknown)
    rate = network["ground_rate_bit_s"] / BITS
    return replace(
        place,
        source=network["links_ground_mean"] * rate / plan.satellites,
        source_link="downlink",
        link_in=rate,
        price_in=scenario.economics.antenna_price / rate if rate else 0.0,
        trip=(network["latency_p50_s"], network["latency_p99_s"]),
        route="by the downlink",
        share=network["contact_fraction"],
        contact=_contact(scenario, plan),
    )


def aboard(
    scenario: Scenario, plan: FleetPlan, summary: Mapping[str, Any], entry: WorkloadClass
) -> Place | None:
    """The computer where the data arise: the satellite's own or the vehicle's."""
    if entry.origin == "satellite":
        place = replace(_satellite(scenario, plan, summary, entry), option="aboard", nodes=1.0)
        network = summary["network"]
        if place.unknown:
            return place
        rate = network["ground_rate_bit_s"] / BITS
        return replace(
            place,
            outgoing=network["links_ground_mean"] * rate / plan.satellites,
            link_out=rate,
            price_out=scenario.economics.antenna_price / rate if rate else 0.0,
            trip=(network["latency_p50_s"], network["latency_p99_s"]),
            route="from the satellite",
            share=network["contact_fraction"],
        )
    if entry.origin != "vehicle":
        return None
    assert entry.computer_price is not None
    assert entry.computer_life is not None
    assert entry.computer_rate is not None
    assert entry.computer_memory is not None
    assert entry.computer_power is not None
    return Place(
        "aboard",
        price=entry.computer_price / entry.computer_life,
        peak=entry.computer_rate,
        memory=entry.computer_memory,
        working=entry.computer_power,
        idle=entry.computer_power,
        nodes=1.0,
        carbon_energy=scenario.ground.carbon_intensity,
    )


def _satellite(
    scenario: Scenario, plan: FleetPlan, summary: Mapping[str, Any], entry: WorkloadClass
) -> Place:
    """What a satellite offers before its links are looked at."""
    compute = scenario.satellite.compute
    working, idle = _node_power(scenario, entry)
    yearly = summary["cost"]["usd_per_satellite_year"]
    launched = summary["carbon"]["kg_per_satellite_year"]
    shares = {
        "compute": 1.0,
        "power": _power_share(scenario, plan, working, idle),
        "heat": _heat_share(scenario, plan, working, idle),
    }
    if yearly is None:
        shares["the loss of satellites"] = 0.0
    limit = min(shares, key=shares.__getitem__)
    network, unknown = summary["network"], _unknown(summary)
    joined = math.inf if unknown else network["isl_rate_bit_s"] if network["links_isl"] else 0.0
    return Place(
        "orbit",
        price=(yearly or 0.0) / JULIAN_YEAR,
        peak=compute.count * scenario.accelerator.peak_flops,
        memory=MEMORY_SHARE * compute.count * scenario.accelerator.memory,
        working=working,
        idle=idle,
        nodes=plan.satellites,
        usable=shares[limit] * (1.0 - (summary["compute"]["losses"]["faults"] or 0.0)),
        usable_limit=limit,
        stretch=math.inf if shares[limit] == 1.0 else shares[limit] * plan.period_s,
        carbon_time=(launched or 0.0) / JULIAN_YEAR,
        between=joined,
        contact=_contact(scenario, plan),
        unknown=unknown,
    )


def _reached(entry: WorkloadClass, place: Place, one_way: tuple[float, float]) -> Place:
    """A place that the source reaches over its own link, there and back."""
    own = math.inf if entry.access_rate is None else entry.access_rate / BITS
    median, most = (2.0 * delay + entry.access_latency for delay in one_way)
    return replace(
        place,
        trip=(median, most),
        source=own,
        source_link="own link",
        link_in=min(own, place.link_in),
        link_out=min(own, place.link_out),
        access=entry.access_availability,
    )


def fibre_delay(scenario: Scenario) -> tuple[float, float]:
    """One-way delay over fibre from people to the ground site, median and 99 % [s]."""
    site, cities = scenario.site, scenario.cities
    latitude, longitude, people = (
        np.array([getattr(city, name) for city in cities])
        for name in ("latitude", "longitude", "population")
    )
    up = visibility.zenith(latitude, longitude)
    length = great_circle(up, visibility.zenith(site.latitude, site.longitude))
    slowness = scenario.network.fibre_stretch * scenario.network.fibre_index / SPEED_OF_LIGHT
    return _quantile(length * slowness, people, 0.5), _quantile(length * slowness, people, 0.99)


def _quantile(values: NDArray[np.float64], weights: NDArray[np.float64], quantile: float) -> float:
    """Least value that a share of the weights does not exceed."""
    order = np.argsort(values)
    below = np.cumsum(weights[order]) / weights.sum()
    place = min(int(np.searchsorted(below, quantile)), len(values) - 1)
    return float(values[order][place])


def _node_power(scenario: Scenario, entry: WorkloadClass) -> tuple[float, float]:
    """Power of accelerators and host at work and idle [W]."""
    chip, compute = scenario.accelerator, scenario.satellite.compute
    activity = chip.compute_activity if entry.bound == "compute" else chip.memory_activity
    working = accelerator.power(activity, 1.0, chip.idle_power, chip.tdp, chip.power_exponent)
    host = compute.host_power
    return compute.count * working + host, compute.count * chip.idle_power + host


def _power_share(scenario: Scenario, plan: FleetPlan, working: float, idle: float) -> float:
    """Share of the time that array and battery let a satellite work."""
    array, battery = scenario.satellite.array, scenario.satellite.battery
    aged = ageing.array_factor(scenario.satellite.age, array.degradation_per_year)
    load = classes.sunlit_load(
        plan.array_peak_W * aged * plan.survey.array_cosine_mean,
        plan.sunlit_fraction,
        battery.charge_efficiency * battery.discharge_efficiency,
    )
    return classes.working_share(load - scenario.satellite.bus.load, working, idle)


def _heat_share(scenario: Scenario, plan: FleetPlan, working: float, idle: float) -> float:
    """Share of the time that the radiator lets a satellite work with dies below throttling."""
    craft, bus = plan.craft, scenario.satellite.bus.load
    host = scenario.satellite.compute.host_power
    absorbed = thermal.absorbed(
        SOLAR_CONSTANT,
        plan.sunlit_fraction,
        max(0.0, math.cos(plan.beta_start_rad)) / math.pi,
        craft.radiator_area,
        craft.radiator_absorptivity,
        craft.radiator_emissivity,
        craft.sun_incidence,
        float(np.mean(plan.radiator_view)),
        EARTH_ALBEDO,
        EARTH_INFRARED,
    )
    hottest = craft.throttle_temperature - (working - host) / craft.die_conductance

    def cool(share: float) -> bool:
        heat = idle + share * (working - idle)
        loop = thermal.steady(
            heat - host,
            host + bus,
            absorbed,
            craft.die_conductance,
            craft.loop_conductance,
            craft.emission,
            craft.sink,
        )[1]
        return bool(loop <= hottest)

    if cool(1.0):
        return 1.0
    if not cool(0.0):
        return 0.0
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if cool(middle) else (low, middle)
    return low


def _contact(scenario: Scenario, plan: FleetPlan) -> float:
    """Mean duration of a pass over a station [s]."""
    radius = float(np.mean(np.cbrt(SGP4_MU / plan.elements.mean_motion**2)))
    mask = scenario.network.elevation_mask
    assert mask is not None
    return classes.pass_duration(plan.period_s, radius - SGP4_RADIUS, mask)


def _unknown(summary: Mapping[str, Any]) -> str:
    """Why links cannot be judged, empty when they can."""
    if not summary["network"]["modelled"]:
        return "the run had no network; set network.enabled = true"
    if summary["network"]["latency_p50_s"] is None:
        return "no request travelled over the network, so its delays are not known"
    return ""
