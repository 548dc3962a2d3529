"""A small constellation with requests, jobs and faults that drives the compiled step directly."""

from dataclasses import dataclass, field

import numpy as np
from hypothesis import strategies as st

from dawndusk.constants import COSMIC_BACKGROUND, STEFAN_BOLTZMANN
from dawndusk.execution import modelled
from dawndusk.requests import Requests
from dawndusk.step import BLOCK, advance_ground, advance_satellites, arrive
from dawndusk.step_tables import DIE_MAX, FLOWS, Craft, Fleet, Node, Sites, Surroundings
from dawndusk.workload import inference

STEP = 60.0

CRAFT = Craft(
    area=60.0,
    packing=0.9,
    efficiency=0.3,
    reference_temperature=301.15,
    temperature_coefficient=-0.002,
    array_losses=0.9,
    array_absorptivity=0.9,
    emissivity_front=0.85,
    emissivity_back=0.85,
    floor=0.2,
    compute_floor=0.3,
    charge_efficiency=0.96,
    discharge_efficiency=0.95,
    charge_limit=10e3,
    discharge_limit=20e3,
    radiator_area=25.0,
    radiator_absorptivity=0.1,
    radiator_emissivity=0.9,
    sun_incidence=0.0,
    emission=2.0 * 0.9 * STEFAN_BOLTZMANN * 25.0,
    sink=COSMIC_BACKGROUND,
    die_capacity=4e3,
    loop_capacity=40e3,
    radiator_capacity=80e3,
    die_conductance=1e3,
    loop_conductance=3e3,
    throttle_temperature=356.15,
    limit_temperature=366.15,
    bus_load=400.0,
)
NODE = Node(
    accelerators=8.0,
    idle_power=80.0,
    full_power=700.0,
    host_power=600.0,
    exponent=2.1,
    minimum_frequency=0.3,
    compute_activity=1.0,
    memory_activity=0.45,
    peak=8 * 989e12,
    replicas=2,
)
SERVICE = inference.service(
    parameters=8e9,
    active_parameters=8e9,
    layers=32,
    hidden=4096,
    kv_heads=8,
    head_dim=128,
    weight_bytes=2.0,
    kv_bytes=2.0,
    peak_flops=989e12,
    bandwidth=3.35e12,
    memory=80e9,
    tensor_parallel=1,
    max_batch=16,
    patience=90.0,
)


@dataclass
class Case:
    """Everything an interval reads and changes; satellites first, ground nodes after them."""

    craft: Craft
    node: Node
    around: Surroundings = field(repr=False)
    fleet: Fleet = field(repr=False)
    sites: Sites = field(repr=False)
    load: np.ndarray = field(repr=False)
    engines: np.ndarray = field(repr=False)
    slots: np.ndarray = field(repr=False)
    ground: int
    first: int = 0

    @property
    def served(self):
        return self.load, self.engines, self.slots, SERVICE

    @property
    def satellites(self):
        return len(self.fleet.energy)

    def blocks(self):
        return -(-self.satellites // BLOCK)

    def stored(self):
        return self.fleet.energy.sum()

    def heat(self):
        craft, fleet = self.craft, self.fleet
        return (
            craft.die_capacity * fleet.die.sum()
            + craft.loop_capacity * fleet.loop.sum()
            + craft.radiator_capacity * fleet.radiator.sum()
        )

    def route(self, begin, steps, weights=None):
        """Hand the requests of steps begin … begin + steps − 1 to the sites."""
        weights = np.ones(len(self.sites.speed)) if weights is None else weights
        last = int(np.searchsorted(self.slots["arrival"], (begin + steps) * STEP))
        self.first = arrive(
            self.first,
            last,
            begin * STEP,
            weights,
            self.node.replicas,
            self.sites.backlog,
            *self.served,
        )

    def orbit(self, begin, steps, shares=None):
        """Satellites through the steps; flows by block."""
        flows = np.full((self.blocks(), len(FLOWS)), np.nan)
        for low, high in shares or [(0, self.blocks())]:
            advance_satellites(
                low,
                high,
                begin,
                steps,
                begin * STEP,
                STEP,
                self.craft,
                self.node,
                self.around,
                self.fleet,
                self.sites,
                *self.served,
                flows,
            )
        return flows

    def earth(self, begin, steps):
        """Ground nodes through the steps; their flows."""
        flows = np.full(len(FLOWS), np.nan)
        advance_ground(
            self.satellites,
            steps,
            begin * STEP,
            STEP,
            self.node,
            self.sites,
            *self.served,
            flows,
        )
        return flows

    def run(self, steps, interval=5, weights=None):
        """Interval by interval; flows of the satellites and of the ground nodes."""
        orbit, earth = np.zeros(len(FLOWS)), np.zeros(len(FLOWS))
        for begin in range(0, steps, interval):
            count = min(interval, steps - begin)
            self.route(begin, count, weights)
            for sums, flows in (
                (orbit, self.orbit(begin, count)),
                (earth, self.earth(begin, count)[None]),
            ):
                sums[:DIE_MAX] += flows[:, :DIE_MAX].sum(axis=0)
                sums[DIE_MAX:] = np.maximum(sums[DIE_MAX:], flows[:, DIE_MAX:].max(axis=0))
        return orbit, earth

    def state(self):
        """All that changes, as bytes, field by field: records are padded."""
        plain = (*self.fleet, *self.sites, self.load)
        records = (
            table[name] for table in (self.engines, self.slots) for name in table.dtype.names
        )
        return [values.tobytes() for values in (*plain, *records)]


def no_requests():
    return Requests(
        np.zeros(0), np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.int16)
    )


def steady(satellites=1, ground=0, steps=1, *, craft=CRAFT, node=NODE, sun=1.0, charge=0.8, **more):
    """Satellites that are all alike, at 300 K, without faults, jobs or requests.

    Further arguments: `capacity` [J], `temperature` of die, loop and radiator [K],
    `utilisation` of a job on every site [-], `requests`.
    """
    sites = satellites + ground
    full = np.full(satellites, more.pop("capacity", 20e6))
    die, loop, radiator = np.broadcast_to(more.pop("temperature", 300.0), 3)
    utilisation = more.pop("utilisation", 0.0)
    requests = more.pop("requests", no_requests())
    assert not more
    return Case(
        craft,
        node,
        Surroundings(
            irradiance=np.full(steps, 1361.0),
            illumination=np.full((steps, satellites), float(sun)),
            sun_cosine=np.zeros((steps, satellites)),
            array_cosine=np.ones((1, satellites)),
            radiator_view=np.full(satellites, 0.3),
            array_view=np.full(satellites, 0.2),
            terminator_spread=np.full(satellites, 0.3),
        ),
        Fleet(
            full * charge,
            full,
            np.zeros(satellites),
            np.full(satellites, die),
            np.full(satellites, loop),
            np.full(satellites, radiator),
        ),
        Sites(
            down_from=np.full(sites, np.inf),
            down_until=np.full(sites, -np.inf),
            utilisation=np.full(sites, float(utilisation)),
            duty=np.ones(sites),
            link=np.ones(sites),
            job_flop=np.zeros(sites),
            speed=np.ones(sites),
            busy=np.zeros(sites),
            unserved=np.zeros(sites),
            backlog=np.zeros(sites),
            running=np.zeros(sites),
        ),
        *modelled.queue(requests, sites * node.replicas),
        ground,
    )


def _crafts(draw):
    def between(low, high):
        return draw(st.floats(low, high))

    def none_or(low, high):
        return draw(st.just(0.0) | st.floats(low, high))

    area, floor, throttle = between(5.0, 200.0), between(0.0, 0.5), between(330.0, 365.0)
    emissivity = between(0.8, 0.95)
    return Craft(
        area=between(5.0, 300.0),
        packing=between(0.7, 0.95),
        efficiency=between(0.15, 0.35),
        reference_temperature=301.15,
        temperature_coefficient=between(-0.004, -0.0005),
        array_losses=between(0.5, 1.0),
        array_absorptivity=between(0.8, 0.95),
        emissivity_front=between(0.7, 0.9),
        emissivity_back=between(0.7, 0.9),
        floor=floor,
        compute_floor=floor + between(0.0, 0.3),
        charge_efficiency=between(0.85, 1.0),
        discharge_efficiency=between(0.85, 1.0),
        charge_limit=none_or(1e3, 50e3),
        discharge_limit=none_or(1e3, 50e3),
        radiator_area=area,
        radiator_absorptivity=between(0.05, 0.3),
        radiator_emissivity=emissivity,
        sun_incidence=between(0.0, 1.0),
        emission=draw(st.sampled_from([1.0, 2.0])) * emissivity * STEFAN_BOLTZMANN * area,
        sink=COSMIC_BACKGROUND,
        die_capacity=between(1e3, 1e5),
        loop_capacity=between(1e4, 1e6),
        radiator_capacity=between(1e4, 1e6),
        die_conductance=between(500.0, 2e4),
        loop_conductance=between(500.0, 2e4),
        throttle_temperature=throttle,
        limit_temperature=throttle + between(2.0, 20.0),
        bus_load=none_or(10.0, 2e3),
    )


def _nodes(draw):
    def between(low, high):
        return draw(st.floats(low, high))

    accelerators = draw(st.integers(1, 64))
    idle = between(20.0, 150.0)
    return Node(
        accelerators=float(accelerators),
        idle_power=idle,
        full_power=idle + between(100.0, 1000.0),
        host_power=draw(st.just(0.0) | st.floats(10.0, 2e3)),
        exponent=between(1.0, 3.0),
        minimum_frequency=between(0.1, 0.6),
        compute_activity=between(0.5, 1.0),
        memory_activity=between(0.2, 0.5),
        peak=accelerators * 989e12,
        replicas=draw(st.integers(1, min(3, accelerators))),
    )


@st.composite
def cases(draw, steps=20):
    """Valid satellites in any state, mostly a few, sometimes more than a block of them."""
    craft, node = _crafts(draw), _nodes(draw)
    satellites = draw(st.sampled_from([1, 2, 3, 7, BLOCK - 1, BLOCK + 3]))
    ground = draw(st.integers(0, 3))
    busy = draw(st.sampled_from([0.0, 0.5, 3.0]))
    failing = draw(st.sampled_from([0.0, 0.3, 1.0]))
    employed = draw(st.sampled_from([0.0, 0.5, 1.0]))
    turning = draw(st.booleans())
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    sites = satellites + ground
    n = int(random.poisson(min(busy * sites * steps, 2000.0)))
    requests = Requests(
        np.sort(random.uniform(0.0, steps * STEP, n)),
        random.integers(0, 8000, n).astype(np.int32),
        random.integers(1, 2000, n).astype(np.int32),
        np.full(n, -1, np.int16),
    )
    dark = random.random((steps, satellites)) < random.random()
    light = np.where(random.random((steps, satellites)) < 0.2, random.random(), 1.0)
    capacity = random.uniform(0.0, 50e6, satellites) * (random.random(satellites) < 0.9)
    charge = craft.floor + (1.0 - craft.floor) * random.choice([0.0, 0.02, 0.5, 1.0], satellites)
    struck = random.random(sites) < failing
    begins = random.uniform(-100.0, steps * STEP, sites)
    return Case(
        craft,
        node,
        Surroundings(
            irradiance=random.uniform(1315.0, 1409.0, steps),
            illumination=np.where(dark, 0.0, light),
            sun_cosine=random.uniform(-1.0, 1.0, (steps, satellites)),
            array_cosine=random.uniform(0.0, 1.0, (steps if turning else 1, satellites)),
            radiator_view=random.uniform(0.0, 1.0, satellites),
            array_view=random.uniform(0.0, 0.9, satellites),
            terminator_spread=random.uniform(0.2, 0.6, satellites),
        ),
        Fleet(
            charge * capacity,
            capacity,
            np.zeros(satellites),
            random.uniform(260.0, 375.0, satellites),
            random.uniform(260.0, 350.0, satellites),
            random.uniform(240.0, 340.0, satellites),
        ),
        Sites(
            down_from=np.where(struck, begins, np.inf),
            down_until=np.where(struck, begins + random.exponential(300.0, sites), -np.inf),
            utilisation=random.uniform(0.1, 0.9, sites) * (random.random(sites) < employed),
            duty=np.ones(sites),
            link=np.ones(sites),
            job_flop=np.zeros(sites),
            speed=np.ones(sites),
            busy=np.zeros(sites),
            unserved=np.zeros(sites),
            backlog=np.zeros(sites),
            running=np.zeros(sites),
        ),
        *modelled.queue(requests, sites * node.replicas),
        ground,
    )
