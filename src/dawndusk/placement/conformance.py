"""Does a policy keep its promises? A check that anyone can run on their own."""

import importlib
from collections.abc import Callable

import numpy as np

from dawndusk.placement.outlook import Decision, Outlook, View

Policy = Callable[[Outlook, View], Decision]

SHIPPED = ("greedy", "follow_the_sun", "ground_only")
"""Names a scenario may use without a module."""


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
    sites = len(view.charge)
    if not isinstance(decision, Decision):
        raise ValueError(f"policy returned {type(decision).__name__}; return a Decision")
    for name in ("weights", "job_of_site"):
        given = getattr(decision, name)
        if not isinstance(given, np.ndarray):
            raise ValueError(f"policy {name} are a {type(given).__name__}; return a NumPy array")
    if decision.weights.shape != (sites,):
        raise ValueError(f"policy weights have shape {decision.weights.shape}; want ({sites},)")
    total = float(decision.weights.sum())
    if not np.isfinite(total) or (sites and decision.weights.min() < 0.0):
        raise ValueError("policy weights must be finite and not negative")
    if decision.job_of_site.shape != (sites,):
        raise ValueError(f"policy jobs have shape {decision.job_of_site.shape}; want ({sites},)")
    if sites:
        lowest, highest = int(decision.job_of_site.min()), int(decision.job_of_site.max())
        if lowest < -1 or highest >= len(view.job_active):
            raise ValueError(
                f"policy placed job {lowest if lowest < -1 else highest}; "
                f"allowed: -1 to {len(view.job_active) - 1}"
            )


def _situation(seed: int) -> tuple[Outlook, View]:
    """A random, valid present with satellites, ground nodes and jobs."""
    random = np.random.default_rng(seed)
    ground = int(random.integers(0, 4))
    satellites = int(random.integers(0 if ground else 1, 12))
    sites = satellites + ground
    jobs = int(random.integers(0, 6))
    outlook = Outlook(
        interval=300.0,
        step=60.0,
        illumination=random.random((10, satellites)),
        power_price=np.where(np.arange(sites) < satellites, 0.0, 2e-8),
        carbon_intensity=np.where(np.arange(sites) < satellites, 0.0, 1e-7),
    )
    view = View(
        time=float(random.integers(0, 1000)) * 60.0,
        satellites=satellites,
        available=random.random(sites) > 0.1,
        charge=random.random(sites),
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
        for name in ("illumination", "power_price", "carbon_intensity"):
            if not np.array_equal(getattr(outlook, name), getattr(pristine_outlook, name)):
                raise ValueError(f"policy changed outlook.{name}; it may only read")
        again = policy(pristine_outlook, pristine)
        if not (
            np.array_equal(first.weights, again.weights)
            and np.array_equal(first.job_of_site, again.job_of_site)
        ):
            raise ValueError(
                "policy answers the same situation differently; seed any randomness from view.time"
            )
