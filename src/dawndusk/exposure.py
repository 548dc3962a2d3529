"""Assembler of radiation: dose behind the shield, and what protons do to the chips.

What upsets do to the work is not in the loop yet; the summary states how many there are.
"""

import numpy as np
from numpy.typing import NDArray

from dawndusk.constants import EARTH_MEAN_RADIUS, JULIAN_YEAR, MEV
from dawndusk.environment import dose, radiation, upsets
from dawndusk.fleet_plan import FleetPlan
from dawndusk.orbit import secular
from dawndusk.scenario import Scenario

SHELLS = 16
"""Most kinds of orbits that are looked at [-]."""

ALTITUDE_CLASS, INCLINATION_CLASS = 25e3, np.radians(2.0)
"""Orbits that differ by less are taken together [m, rad]."""

ALTITUDES = (250e3, 2_100e3)
"""Reach of the tables over the mean sphere [m]."""

IRREGULAR = 20.0
"""Dose from which the memory of a TPU v6e showed irregularities [J/kg]: Suncatcher, 2 krad."""

CHIPS = {"tpu-v6e": upsets.TPU_V6E}
"""Accelerators that were irradiated; others are taken like them, within a factor of ten."""


def exposure(scenario: Scenario, plan: FleetPlan) -> dict[str, float | None]:
    """What a mean satellite of the fleet takes in a year, and over its life.

    Args:
        scenario: what is run, all sizes filled in [object]
        plan: the satellites [object]
    Returns:
        figures for the summary, None where radiation is not modelled or the orbits lie
        outside the tables [object]
    """
    given = scenario.radiation
    activity = 0.5 if given.activity is None else given.activity
    names = (
        *("dose_rad_per_year", "dose_life_rad", "protons_per_m2_s", "electrons_per_m2_s"),
        *(f"{event}_per_accelerator_year" for event in upsets.Rates._fields),
    )
    shells = _shells(plan)
    if not given.enabled or shells is None:
        return dict.fromkeys(names)
    radius, inclination, weight = shells
    rate = protons = electrons = 0.0
    from_protons = 0.0
    for k in range(len(weight)):
        for particle in ("proton", "electron"):
            mean = radiation.orbit_mean(radius[k], inclination[k], particle, activity)
            flux = radiation.above(mean, dose.edges(particle), particle)
            taken = weight[k] * float(dose.behind_aluminium(flux, given.shielding, particle))
            rate += taken
            if particle == "proton":
                from_protons += taken
                ten = radiation.above(mean, radiation.ANOMALY_ENERGY, particle)
                protons += weight[k] * float(ten)
            else:
                electrons += weight[k] * float(radiation.above(mean, MEV, particle))
    chip = CHIPS.get(scenario.satellite.compute.accelerator, upsets.ACCELERATOR)
    events = upsets.rates_of_dose(from_protons, chip)
    life = scenario.satellite.life
    values = (
        rate / dose.RAD * JULIAN_YEAR,
        rate / dose.RAD * life,
        protons,
        electrons,
        *(float(event) * JULIAN_YEAR for event in events),
    )
    return {name: float(value) for name, value in zip(names, values, strict=True)}


def exposure_warnings(scenario: Scenario, found: dict[str, float | None]) -> list[str]:
    """What a reader must know of the dose before trusting the chips."""
    total = found["dose_life_rad"]
    if total is None:
        if not scenario.radiation.enabled:
            return []
        low, high = (edge / 1e3 for edge in ALTITUDES)
        return [
            f"radiation is known from {low:.0f} to {high:.0f} km: none is stated for this orbit"
        ]
    if total * dose.RAD > IRREGULAR:
        return [
            f"the chips take {total:.0f} rad in their life, and memory of a TPU v6e became "
            f"irregular from {IRREGULAR / dose.RAD:.0f} rad on; thicken radiation.shielding"
        ]
    return []


def _shells(
    plan: FleetPlan,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]] | None:
    """Radius, inclination and share of the fleet of its kinds of orbits, the largest ones."""
    radius = secular.initialise(plan.elements)[secular.SEMI_MAJOR_AXIS]
    altitude = radius - EARTH_MEAN_RADIUS
    if not ((altitude >= ALTITUDES[0]) & (altitude <= ALTITUDES[1])).all():
        return None
    kinds = np.stack(
        [altitude // ALTITUDE_CLASS, plan.elements.inclination // INCLINATION_CLASS], axis=1
    )
    _, place, count = np.unique(kinds, axis=0, return_inverse=True, return_counts=True)
    place = place.ravel()
    largest = np.argsort(-count, kind="stable")[:SHELLS]
    mean_radius = np.bincount(place, radius) / count
    mean_inclination = np.bincount(place, plan.elements.inclination) / count
    return mean_radius[largest], mean_inclination[largest], count[largest] / count[largest].sum()
