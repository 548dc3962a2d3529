"""Does a policy keep its promises? A check that anyone can run on their own."""

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dawndusk.compiled import kernel
from dawndusk.placement.outlook import Decision, Outlook, Plant, View

Policy = Callable[[Outlook, View], Decision]

SHIPPED = ("greedy", "follow_the_sun", "ground_only", "latency_first", "lookahead")
"""Names a scenario may use without a module."""

ARRAYS = ("illumination", "power_price", "carbon_intensity", "latency", "sunlight", "contact")
"""What of the outlook a policy could write into."""


def resolve(name: str) -> Policy:
    """The function behind a policy's name.

    Args:
        name: a shipped policy or "package.module:function" [object]
    Returns:
        the policy [object]
    Raises:
        ValueError: when the module or the function does not exist
    Neglects:
        whether it behaves, which `check` answers
    Source:
        entry-point object references, PyPA
    """
    module, _, function = name.partition(":")
    if not function:
        if name not in SHIPPED:
            raise ValueError(
                f"placement.policy: {name!r} is not a shipped policy; allowed: "
                f"{', '.join(SHIPPED)}, or your own as 'package.module:function'"
            )
        module, function = f"dawndusk.placement.{name}", name
    try:
        found = getattr(importlib.import_module(module), function)
    except Exception as fault:  # a user's module may fail in any way
        raise ValueError(
            f"placement.policy: {name!r} cannot be imported ({fault}); "
            "give 'package.module:function' with the package on PYTHONPATH"
        ) from fault
    if not callable(found):
        raise ValueError(f"placement.policy: {name!r} is not a function")
    policy: Policy = found
    return policy


def validate(decision: Decision, view: View) -> None:
    """Refuse a decision that the loop could not carry out.

    Args:
        decision: a policy's answer [object]
        view: what it was shown [object]
    Returns:
        nothing [-]
    Raises:
        ValueError: when shapes, signs or job numbers are wrong
    Neglects:
        whether the decision is wise
    Source:
        the contract in `placement.outlook`
    """
    if type(decision) is not Decision:
        raise ValueError(f"policy returned {type(decision).__name__}; return a Decision")
    weights, placed, by_origin = decision.weights, decision.job_of_site, decision.weights_by_origin
    for name, given in (("weights", weights), ("job_of_site", placed)):
        if type(given) is not np.ndarray:
            raise ValueError(f"policy {name} are a {type(given).__name__}; return a NumPy array")
    shape = view.charge.shape
    if weights.shape != shape:
        raise ValueError(f"policy weights have shape {weights.shape}; want {shape}")
    if placed.shape != shape:
        raise ValueError(f"policy jobs have shape {placed.shape}; want {shape}")
    if weights.dtype != np.float64:
        weights = _numbers(weights, "weights", "biuf", np.float64)
    if placed.dtype != np.int32:
        placed = _numbers(placed, "jobs", "iu", np.int64)
    jobs = len(view.job_active)
    fine, wrong = _sound(weights, placed, jobs)
    if by_origin is not None:
        wanted = (len(view.request_origin_share), *shape)
        if type(by_origin) is not np.ndarray or by_origin.shape != wanted:
            raise ValueError(
                f"policy weights by origin are {np.shape(by_origin)}; want an array {wanted}"
            )
        fine &= _sound_weights(_numbers(by_origin, "weights", "biuf", np.float64).ravel())
    if not fine:
        raise ValueError("policy weights must be finite and not negative")
    if wrong >= 0:
        raise ValueError(f"policy placed job {placed[wrong]}; allowed: -1 to {jobs - 1}")


def _numbers(given: NDArray[Any], name: str, kinds: str, wanted: type) -> NDArray[Any]:
    """The same numbers in the type that the check is compiled for."""
    if given.dtype.kind not in kinds:
        raise ValueError(f"policy {name} are of type {given.dtype}; return {wanted.__name__}")
    return given.astype(wanted)


@kernel
def _sound_weights(weights):  # type: ignore[no-untyped-def]
    """None is negative or not a number, and their sum is finite."""
    total = 0.0
    for weight in weights:
        if not weight >= 0.0:
            return False
        total += weight
    return total < np.inf


@kernel
def _sound(weights, placed, jobs):  # type: ignore[no-untyped-def]
    """Whether weights are sound, and the first site with a job that does not exist or -1."""
    for site in range(placed.size):
        if placed[site] < -1 or placed[site] >= jobs:
            return _sound_weights(weights), site
    return _sound_weights(weights), -1


def _situation(seed: int) -> tuple[Outlook, View]:
    """A random, valid present with satellites, ground nodes and jobs."""
    random = np.random.default_rng(seed)
    ground = int(random.integers(0, 4))
    satellites = int(random.integers(0 if ground else 1, 12))
    sites = satellites + ground
    jobs = int(random.integers(0, 6))
    orbital = np.arange(sites) < satellites
    origins = int(random.integers(0, 4))
    slots = 12 * int(random.integers(0, 2))
    latency = random.random((origins, sites)) * 0.1
    latency[random.random(latency.shape) < 0.2] = np.inf
    outlook = Outlook(
        interval=300.0,
        step=60.0,
        illumination=random.random((10, satellites)),
        power_price=np.where(orbital, 0.0, 2e-8),
        carbon_intensity=np.where(orbital, 0.0, 1e-7),
        latency=latency,
        slot=300.0,
        sunlight=random.random((slots, satellites)),
        contact=random.random((slots, satellites)) * 1e9,
        plant=Plant(1e4, 1e3, 1e3, 8e3, 6e6, 0.95, 0.95, 5e3, 9e3, 0.9, 8e15)
        if satellites
        else None,
    )
    charge = np.where(orbital, random.random(sites), 1.0)
    view = View(
        time=float(random.integers(0, 1000)) * 60.0,
        satellites=satellites,
        available=random.random(sites) > 0.1,
        charge=charge,
        speed=random.random(sites),
        backlog=random.integers(0, 50, sites).astype(float),
        slots=64.0,
        job_of_site=random.integers(-1, jobs, sites).astype(np.int32)
        if jobs
        else np.full(sites, -1, np.int32),
        job_active=random.random(jobs) > 0.2,
        job_nodes=random.integers(1, 5, jobs).astype(np.int32),
        job_gang=random.random(jobs) > 0.5,
        job_preemptible=random.random(jobs) > 0.3,
        job_deadline=np.where(random.random(jobs) > 0.5, 1e5, np.inf),
        job_remaining=random.random(jobs) * 1e20,
        energy=np.where(orbital, 6e6 * charge, 0.0),
        job_rate=random.random(jobs) * 4e15,
        job_restart=random.random(jobs) * 600.0,
        job_input=random.random(jobs) * 1e10,
        job_input_left=np.where(random.random(jobs) > 0.7, 1e9, 0.0),
        job_output=random.random(jobs) * 1e9,
        job_exclusive=random.random(jobs) > 0.7,
        request_load=float(random.random() * sites),
        request_origin_share=random.dirichlet(np.ones(origins)) if origins else np.zeros(0),
    )
    return outlook, view


def check(policy: Policy, situations: int = 50) -> None:
    """Show a policy random situations and refuse it when it breaks the contract.

    Args:
        policy: the function under test [object]
        situations: how many it is shown [-]
    Returns:
        nothing: silence is consent [-]
    Raises:
        ValueError: when an answer is invalid, differs on the same input, or the input was changed
    Neglects:
        quality of the decisions
    Source:
        the idea of scikit-learn's `check_estimator`
    """
    for seed in range(situations):
        outlook, view = _situation(seed)
        first = policy(outlook, view)
        validate(first, view)
        pristine_outlook, pristine = _situation(seed)
        for name in View.__slots__:
            if not np.array_equal(getattr(view, name), getattr(pristine, name)):
                raise ValueError(f"policy changed view.{name}; it may only read")
        for name in ARRAYS:
            if not np.array_equal(getattr(outlook, name), getattr(pristine_outlook, name)):
                raise ValueError(f"policy changed outlook.{name}; it may only read")
        again = policy(pristine_outlook, pristine)
        if not all(
            np.array_equal(getattr(first, name), getattr(again, name))
            for name in Decision.__slots__
        ):
            raise ValueError(
                "policy answers the same situation differently; seed any randomness from view.time"
            )
