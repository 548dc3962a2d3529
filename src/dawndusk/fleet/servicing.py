"""Robotic module swap: velocity needed for a visit, visits of a servicer, price of a swap."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dawndusk.constants import SGP4_MU


class Tour(NamedTuple):
    """What one servicer does with its first load of propellant and modules."""

    visits: int
    """Satellites it reaches [-]."""
    propellant: float
    """Propellant used [kg]."""
    binding: str
    """What ends the tour: "propellant" or "modules" [-]."""


def phasing(radius: float, angle: float, duration: float) -> float:
    """Change of velocity for a servicer to reach another satellite of its plane and stop there.

    Args:
        radius: of the circular orbit [m]
        angle: along the orbit to the satellite, ahead or behind [rad]
        duration: allowed for the drift [s]
    Returns:
        of both burns together [m/s]
    Raises:
        ValueError: when the radius or the duration is not positive
    Neglects:
        whole revolutions (a true phasing orbit takes a whole number), drag, and the last
        metres of rendezvous; second order in the change of radius: relative error about
        |angle| / (mean motion × duration)
    Source:
        a circular orbit lower by Δa gains 3/2 n Δa / a; each of the transfers there and back
        costs n Δa / 2: 2/3 a |θ| / t in all
    """
    if not (radius > 0.0 and duration > 0.0):
        raise ValueError(
            f"radius: {radius:g} m, duration: {duration:g} s; allowed: above 0; correct them"
        )
    return 2.0 / 3.0 * radius * abs(angle) / duration


def plane_change(radius: float, angle: float) -> float:
    """Change of velocity to turn a circular orbit's plane by an impulse.

    Args:
        radius: of the orbit [m]
        angle: between the planes [rad]
    Returns:
        change of velocity [m/s]
    Neglects:
        waiting for the oblate Earth to turn the plane, which costs time in place of propellant
    Source:
        2 v sin(θ / 2), Wertz & Larson, SMAD, 3rd ed., eq. 6-38
    """
    return 2.0 * math.sqrt(SGP4_MU / radius) * abs(math.sin(0.5 * angle))


def tour(
    dry_mass: float,
    propellant: float,
    modules: int,
    module_mass: float,
    visit: float,
    exhaust_velocity: float,
) -> Tour:
    """How many satellites a servicer reaches before its propellant or its modules run out.

    It takes one module from its store at each visit and lets the old one go with the
    satellite's waste: it is lighter by one module after each.

    Args:
        dry_mass: of the servicer without modules and propellant [kg]
        propellant: aboard at the start [kg]
        modules: aboard at the start [-]
        module_mass: of one [kg]
        visit: change of velocity of one visit, with rendezvous [m/s]
        exhaust_velocity: specific impulse × 9.80665 m/s² [m/s]
    Returns:
        visits, propellant used and what binds [object]
    Raises:
        ValueError: when a mass, number or velocity is out of range
    Neglects:
        the way home (the servicer is not refilled), propellant kept for its disposal: give
        less propellant
    Source:
        Tsiolkovsky's equation, visit by visit
    """
    for name, value in (
        ("dry_mass", dry_mass),
        ("module_mass", module_mass),
        ("exhaust_velocity", exhaust_velocity),
    ):
        if not value > 0.0:
            raise ValueError(f"{name}: {value:g}; allowed: above 0; correct it")
    for name, value in (("propellant", propellant), ("modules", modules), ("visit", visit)):
        if not value >= 0.0:
            raise ValueError(f"{name}: {value:g}; allowed: at least 0; correct it")
    used = 0.0
    for done in range(modules):
        mass = dry_mass + propellant - used + (modules - done) * module_mass
        burn = mass * -math.expm1(-visit / exhaust_velocity)
        if used + burn > propellant:
            return Tour(done, used, "propellant")
        used += burn
    return Tour(modules, used, "modules")


def swap_price(
    module_price: float,
    module_mass: float,
    servicer_price: float,
    servicer_mass: float,
    visits: int,
    operations: float,
    launch_price: float,
    success: float,
) -> float:
    """What one module swap that works costs, the failed attempts paid by the others.

    Args:
        module_price: of a new module [USD]
        module_mass: of a new module [kg]
        servicer_price: of a servicer, spread over its visits [USD]
        servicer_mass: with its propellant, without modules [kg]
        visits: a servicer makes [-]
        operations: on the ground and in orbit, of each visit [USD]
        launch_price: to the orbit [USD/kg]
        success: share of swaps that work [-]
    Returns:
        price of one working swap [USD]
    Raises:
        ValueError: when the servicer reaches nobody or no swap works
    Neglects:
        the satellite lost time while it waits (`replacement.simulate` counts it) and satellites
        that a failed attempt damages
    Source:
        expected number of attempts 1 / success
    """
    if visits < 1:
        raise ValueError(f"visits: {visits}; allowed: at least 1; give the servicer propellant")
    if not 0.0 < success <= 1.0:
        raise ValueError(f"success: {success:g}; allowed: above 0 to 1; give 90 % as 0.9")
    share = (servicer_price + servicer_mass * launch_price) / visits
    return (module_price + module_mass * launch_price + share + operations) / success


def kit_mass(module_mass: float, servicer_mass: float, visits: int) -> float:
    """Mass launched for each attempt: a module and its share of the servicer.

    Args:
        module_mass: of a new module [kg]
        servicer_mass: with its propellant, without modules [kg]
        visits: a servicer makes [-]
    Returns:
        mass of a kit [kg]
    Raises:
        ValueError: when the servicer reaches nobody
    Neglects:
        servicers lost before the end of their tour
    Source:
        none: bookkeeping
    """
    if visits < 1:
        raise ValueError(f"visits: {visits}; allowed: at least 1; give the servicer propellant")
    return module_mass + servicer_mass / visits


def worth(
    swap: float, satellite: float, remaining: NDArray[np.float64], design_life: float
) -> NDArray[np.bool_]:
    """Whether a swap is cheaper than a new satellite for the life each one gives.

    Args:
        swap: price of a working swap [USD]
        satellite: price of a new satellite in its orbit [USD]
        remaining: life that the bus still has [s]
        design_life: of a new satellite [s]
    Returns:
        swap where true, of the shape of `remaining` [-]
    Neglects:
        that newer hardware computes more, and the interest on the difference
    Source:
        price per time of life
    """
    return np.asarray(swap * design_life < satellite * np.asarray(remaining, float))
