"""A hand-made sky for the gateway's tests: moments as given, the rest as in `Live`."""

import threading
import time
from collections.abc import Callable, Sequence

import numpy as np

from dawndusk.gateway.journey import Journey, Presence
from dawndusk.live import Live, Moment, Served
from dawndusk.requests import decode_estimate, prompt_estimate
from dawndusk.scenario import Scenario, load
from dawndusk.step_tables import Node
from dawndusk.workload import inference

NODE = Node(
    accelerators=2.0,
    idle_power=70.0,
    full_power=700.0,
    host_power=300.0,
    exponent=2.1,
    minimum_frequency=0.2,
    compute_activity=1.0,
    memory_activity=0.36,
    peak=2e15,
    replicas=1,
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
    peak_flops=1e15,
    bandwidth=3e12,
    memory=80e9,
    tensor_parallel=2,
    max_batch=4,
    patience=1000.0,
)
SERVED = Served(
    service=SERVICE,
    replicas=1,
    node=NODE,
    mean_work=prompt_estimate(100.0, SERVICE) + decode_estimate(100.0, 50.0, SERVICE),
    mean_output=50.0,
    orbit_price=1e-3,
    ground_price=5e-4,
    energy_price=2e-8,
)
NEVER = (np.empty(0, np.int32), np.empty(0), np.empty(0))


def moment(
    begin: float = 0.0,
    end: float = 1e6,
    weights: Sequence[float] = (1.0, 1.0),
    latency: Sequence[float] = (0.01, 0.02),
    speed: Sequence[float] = (1.0, 1.0),
    backlog: Sequence[float] = (0.0, 0.0),
    available: Sequence[bool] = (True, True),
) -> Moment:
    """An interval as two cities see two sites."""
    return Moment(
        time=begin,
        end=end,
        weights=np.tile(np.asarray(weights, float), (2, 1)),
        latency=np.tile(np.asarray(latency, float), (2, 1)),
        available=np.asarray(available),
        speed=np.asarray(speed, float),
        charge=np.ones(2),
        backlog=np.asarray(backlog, float),
        sunlight=np.ones(2),
    )


def outages(*found: tuple[int, float, float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Site, begin and end of each, in order of site and begin."""
    table = np.array(sorted(found), float).reshape(-1, 3)
    return table[:, 0].astype(np.int32), table[:, 1], table[:, 2]


class Sky(Live):
    """A satellite (site 0) and a ground node or second satellite (site 1)."""

    def __init__(
        self,
        moments: Sequence[Moment],
        *,
        down: tuple[np.ndarray, np.ndarray, np.ndarray] = NEVER,
        satellites: int = 2,
        speed: float = 1e5,
        wall: Callable[[], float] = time.monotonic,
        scenario: Scenario | None = None,
        served: Served = SERVED,
    ) -> None:
        self.scenario = scenario or load("starcloud-1")
        self.speed, self.wall = speed, wall
        self.satellites, self.sites = satellites, 2
        self.names = ("A", "B")
        self.cities = ("Lagos", "Lima")
        self.share = np.array([0.5, 0.5])
        self.over, self.fault = False, None
        self._served = served
        self._moments = list(moments)
        self._condition = threading.Condition()
        self._pins: dict[int, float] = {}
        self._anchor = wall() - (moments[-1].time / speed)
        self._outages = down

    def served(self, model: str | None = None) -> Served:
        return self._served


def journey(
    sky: Sky, number: int = 0, arrival: float = 0.0, prompt: int = 100, planned: int = 50
) -> Journey:
    """A request of the first city."""
    return Journey(sky, sky.served(), Presence(), number, 0, arrival, prompt, planned)
