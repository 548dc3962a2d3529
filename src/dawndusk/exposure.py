"""Assembler of radiation: dose behind the shield, and what protons do to the chips.

Doses are means over a satellite's life. Upsets are those of the day that is simulated.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from threadpoolctl import threadpool_limits

from dawndusk.catalogue.entries import Storm
from dawndusk.constants import DAY, EARTH_MEAN_RADIUS, JULIAN_YEAR, MEV
from dawndusk.environment import (
    atmosphere,
    cosmic,
    displacement,
    dose,
    radiation,
    solar_event,
    upsets,
)
from dawndusk.fleet_plan import FleetPlan
from dawndusk.orbit import secular
from dawndusk.satellite import ageing
from dawndusk.scenario import Scenario

Array = NDArray[np.float64]

MOMENTS = 240
"""Moments of a life at which the Sun is looked at [-]."""

SHELLS = 16
"""Most kinds of orbits that are looked at [-]."""

ALTITUDE_CLASS, INCLINATION_CLASS = 25e3, np.radians(2.0)
"""Orbits that differ by less are taken together [m, rad]."""

ALTITUDES = (251e3, 2_100e3)
"""Reach of the tables over the mean sphere [m]."""

IRREGULAR = 20.0
"""Dose from which the memory of a TPU v6e showed irregularities [J/kg]: Suncatcher, 2 krad."""

ACTIVE = 0.2923
"""Activity of the Sun from which on large events come [-]: 7 of 11 years lie above, King 1974."""

ARRAY_DOUBT = 2.0
"""Radiation's loss over the declared one from which on a reader is told [-]: the model's error."""

MAP_STEP = 3.0
"""Between the places of a map of the dose [deg]."""

WHOLE_STORM, OVER = 0.95, 0.999
"""Share of a solar event within the simulated time below which a reader is told, and share
that has come before from which on it is over [-]."""

STORM = ("storm_protons_per_m2", "storm_dose_rad", "storm_share_simulated")
"""What is told of a solar event, where one was asked for."""

TRACK = (72, 36)
"""Arguments of latitude and longitudes by which an orbit is sampled for protons from outside."""


def activity(scenario: Scenario) -> float:
    """Activity of the Sun on the day that the scenario starts.

    Args:
        scenario: what is run [object]
    Returns:
        0 in the Sun's minimum, 1 in its maximum [-]
    """
    given = scenario.radiation.activity
    return float(_cycle(scenario, 0.0)) if given is None else given


def life_activity(scenario: Scenario) -> float:
    """Activity of the Sun, mean over a satellite's life from the scenario's start on.

    Args:
        scenario: what is run [object]
    Returns:
        0 in the Sun's minimum, 1 in its maximum [-]
    """
    given = scenario.radiation.activity
    life = (np.arange(MOMENTS) + 0.5) / MOMENTS * scenario.satellite.life
    return float(_cycle(scenario, life).mean()) if given is None else given


def _cycle(scenario: Scenario, later: ArrayLike) -> NDArray[np.float64]:
    """Place between the Sun's minimum and its maximum, some time after the start."""
    start = (scenario.time.start - scenario.sun.minimum).total_seconds()
    return atmosphere.solar_flux(start + np.asarray(later), quiet=0.0, peak=1.0)


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
    names = (
        *("dose_rad_per_year", "dose_life_rad", "dose_proton_share", "dose_solar_rad"),
        *("solar_events", "solar_activity", "solar_activity_life"),
        *("protons_per_m2_s", "electrons_per_m2_s", "proton_stream_per_m2_s"),
        *(f"{event}_per_accelerator_year" for event in upsets.Rates._fields),
        *("host_interrupt_per_accelerator_year", "silent_corruptions_per_satellite_day"),
        *("array_equivalent_electrons_per_cm2", "array_power_left_by_radiation"),
        "array_power_left_declared",
    )
    shells = _shells(plan)
    if not given.enabled or shells is None:
        return dict.fromkeys((*names, *(STORM if scenario.storm else ())))
    number = _solar_events(scenario)
    mean = np.zeros(7)
    for radius, inclination, weight in zip(*shells, strict=True):
        mean += weight * _orbit(scenario, radius, inclination, number)
    from_protons, from_electrons, solar, protons, electrons, through, knocked = mean
    rate = from_protons + from_electrons
    events = upsets.rates_of_flux(through, _chip(scenario))
    host = upsets.HOST.interrupt + upsets.HOST_MEMORY.interrupt
    count = scenario.satellite.compute.count
    hosts = math.ceil(count / given.accelerators_per_host)
    alike = float(displacement.equivalent_electrons(knocked))
    life = scenario.satellite.life
    values = (
        rate / dose.RAD * JULIAN_YEAR,
        rate / dose.RAD * life,
        from_protons / rate if rate > 0.0 else 0.0,
        solar / dose.RAD,
        number,
        activity(scenario),
        life_activity(scenario),
        protons,
        electrons,
        through,
        *(float(event) * JULIAN_YEAR for event in events),
        hosts / count * host * through * JULIAN_YEAR,
        count * float(events.silent_corruption) * DAY,
        1e-4 * alike,
        float(displacement.power_left(alike)),
        ageing.array_factor(life, scenario.satellite.array.degradation_per_year),
    )
    found = {name: float(value) for name, value in zip(names, values, strict=True)}
    return found | _storm(scenario, shells)


def stream(position: NDArray[np.float64], shielding: float, activity: float) -> NDArray[np.float64]:
    """Protons that reach the chips and count for their upsets.

    Trapped ones are counted by the dose that they leave, as in the beam test; those from outside
    the magnetosphere by their number.

    Args:
        position: Earth-fixed, shape (n, 3) [m]
        shielding: of aluminium [m]
        activity: of the Sun, 0 to 1 [-]
    Returns:
        stream at each place, shape (n,) [1/m²/s]
    """
    found = radiation.spectrum(position, "proton", activity)
    shell, _ = radiation.shell(position)
    trapped = np.zeros(len(found))
    met = found.any(axis=1)
    trapped[met] = upsets.FLUENCE_PER_DOSE * _dose_rate(found[met], shielding, "proton")
    return trapped + _from_outside(shell, shielding, activity)


def storm_fluence(position: NDArray[np.float64], shielding: float, event: Storm) -> Array:
    """Protons of a whole solar event that reach the chips, by number as those of cosmic rays.

    Args:
        position: Earth-fixed, shape (n, 3) [m]
        shielding: of aluminium [m]
        event: which one [object]
    Returns:
        fluence at each place, shape (n,) [1/m²]
    """
    return _let_in(_storm_shell(position, event), shielding, event)


def _storm_shell(position: NDArray[np.float64], event: Storm) -> Array:
    """McIlwain's L by which a solar event's protons get to each place [-]."""
    shell, _ = radiation.shell(position)
    return solar_event.moved(shell, event.cutoff_shift)


def _let_in(shell: Array, shielding: float, event: Storm) -> Array:
    """Protons of a solar event [1/m²] that the field lets in and the shield lets through."""
    return _of_event(np.maximum(cosmic.cutoff_energy(shell), _least(shielding)), event)


def storm_shares(scenario: Scenario, event: Storm) -> tuple[float, float]:
    """Shares of a solar event's protons that have come when the scenario begins and ends."""
    begun = scenario.radiation.storm.start
    assert begun is not None
    since = (scenario.time.start - begun).total_seconds()
    first, last = solar_event.arrived(
        [since, since + scenario.time.duration], event.rise, event.decay
    )
    return float(first), float(last)


def _storm(scenario: Scenario, shells: tuple[Array, Array, Array]) -> dict[str, float | None]:
    """What a solar event does behind the shield, mean over the fleet's orbits, all of it."""
    event = scenario.storm
    if event is None:
        return {}
    shielding, edges = scenario.radiation.shielding, dose.edges("proton")
    through = taken = 0.0
    for radius, inclination, weight in zip(*shells, strict=True):
        shell = _storm_shell(_track(radius, inclination), event)
        through += weight * _let_in(shell, shielding, event).mean()
        spectrum = cosmic.attenuated(_of_event(edges, event), edges, shell)
        taken += weight * dose.behind_aluminium(spectrum, shielding, "proton")
    first, last = storm_shares(scenario, event)
    return dict(zip(STORM, (float(through), float(taken) / dose.RAD, last - first), strict=True))


def dose_map(scenario: Scenario, plan: FleetPlan) -> dict[str, NDArray[np.float64]] | None:
    """Where on the globe the chips take their dose and their upsets, for the report.

    Args:
        scenario: what is run, all sizes filled in [object]
        plan: the satellites [object]
    Returns:
        columns of the map at the fleet's mean radius: what an accelerator would take that
        stayed over a place, None where radiation is not modelled [object]
    """
    shells = _shells(plan)
    if not scenario.radiation.enabled or shells is None:
        return None
    radius = float(shells[0] @ shells[2])
    places = (
        np.arange(MAP_STEP / 2.0 - 90.0, 90.0, MAP_STEP),
        np.arange(MAP_STEP / 2.0 - 180.0, 180.0, MAP_STEP),
    )
    latitude, longitude = (each.ravel() for each in np.meshgrid(*places, indexing="ij"))
    north, east = np.radians(latitude), np.radians(longitude)
    level = np.cos(north)
    position = radius * np.stack([level * np.cos(east), level * np.sin(east), np.sin(north)], 1)
    shielding = scenario.radiation.shielding
    taken = np.zeros(len(position))
    particles: tuple[radiation.Particle, ...] = ("proton", "electron")
    for particle in particles:
        spectrum = radiation.spectrum(position, particle, life_activity(scenario))
        taken += _dose_rate(spectrum, shielding, particle)
    through = stream(position, shielding, activity(scenario))
    return {
        "latitude_deg": latitude,
        "longitude_deg": longitude,
        "dose_rad_per_year": taken / dose.RAD * JULIAN_YEAR,
        "upsets_per_accelerator_year": sum(_chip(scenario)) * through * JULIAN_YEAR,
    }


def _orbit(
    scenario: Scenario, radius: float, inclination: float, number: int
) -> NDArray[np.float64]:
    """Means of one kind of orbit.

    Dose rates by protons and electrons [J/kg/s], the dose by solar events [J/kg], protons and
    electrons outside [1/m²/s], protons behind the shield today [1/m²/s], displacement dose of
    the cells over the life [J/kg].
    """
    shielding, glass = scenario.radiation.shielding, scenario.radiation.cover_glass
    life = scenario.satellite.life
    today, ever = activity(scenario), life_activity(scenario)
    proton = radiation.orbit_mean(radius, inclination, "proton", ever)
    electron = radiation.orbit_mean(radius, inclination, "electron", ever)
    now = radiation.orbit_mean(radius, inclination, "proton", today)
    shell, _ = radiation.shell(_track(radius, inclination))
    edges = dose.edges("proton")
    fluence = cosmic.attenuated(cosmic.solar_fluence(edges, number), edges, shell)
    trapped = upsets.FLUENCE_PER_DOSE * _dose_rate(now, shielding, "proton")
    bands = displacement.edges("proton")
    cells = radiation.above(proton, bands, "proton") * life
    cells = cells + cosmic.attenuated(cosmic.solar_fluence(bands, number), bands, shell)
    knocked = displacement.behind_glass(cells, glass, "proton")
    bands = displacement.edges("electron")
    cells = radiation.above(electron, bands, "electron") * life
    knocked = knocked + displacement.behind_glass(cells, glass, "electron")
    return np.array(
        [
            _dose_rate(proton, shielding, "proton"),
            _dose_rate(electron, shielding, "electron"),
            dose.behind_aluminium(fluence, shielding, "proton"),
            radiation.above(proton, radiation.ANOMALY_ENERGY, "proton"),
            radiation.above(electron, MEV, "electron"),
            trapped + _from_outside(shell, shielding, today).mean(),
            knocked,
        ]
    )


def _chip(scenario: Scenario) -> upsets.Chip:
    """Cross sections of the scenario's accelerator."""
    found = scenario.accelerator
    return upsets.Chip(
        found.silent_corruption, found.uncorrectable_error, found.interrupt, found.latch_up
    )


@threadpool_limits.wrap(limits=1, user_api="blas")
def _dose_rate(
    spectrum: NDArray[np.float64], shielding: float, particle: radiation.Particle
) -> NDArray[np.float64]:
    """Dose rate behind the shield [J/kg/s] of spectra of trapped particles.

    One thread: for a product this small others only spin, as long again after it as in it.
    """
    flux = radiation.above(spectrum, dose.edges(particle), particle)
    return dose.behind_aluminium(flux, shielding, particle)


def _from_outside(
    shell: NDArray[np.float64], shielding: float, activity: float
) -> NDArray[np.float64]:
    """Cosmic protons [1/m²/s] that the field lets in and the shield lets through."""
    return cosmic.cosmic_flux(np.maximum(cosmic.cutoff_energy(shell), _least(shielding)), activity)


def _least(shielding: float) -> float:
    """Least energy at which protons from outside are counted [J]: they get through the shield."""
    return max(upsets.arrival_energy(shielding), 10.0 * MEV)


def _of_event(energy: Array, event: Storm) -> Array:
    """Protons of a solar event above each energy, between the planets [1/m²]."""
    return solar_event.fluence(energy, event.fluence, event.threshold, event.folding)


def _solar_events(scenario: Scenario) -> int:
    """Large solar events in the active years of a life, at the confidence asked for."""
    given = scenario.radiation.activity
    life = scenario.satellite.life
    later = (np.arange(MOMENTS) + 0.5) / MOMENTS * life
    level = _cycle(scenario, later) if given is None else np.full(MOMENTS, given)
    return cosmic.events(float((level >= ACTIVE).mean()) * life, scenario.radiation.confidence)


def _track(radius: float, inclination: float) -> NDArray[np.float64]:
    """Earth-fixed places, evenly spread over an orbit that passes over every longitude."""
    argument, longitude = ((np.arange(n) + 0.5) * (2.0 * math.pi / n) for n in TRACK)
    across = np.hypot(np.cos(argument), math.cos(inclination) * np.sin(argument))
    place = np.empty((*TRACK, 3))
    place[..., 0] = across[:, None] * np.cos(longitude)
    place[..., 1] = across[:, None] * np.sin(longitude)
    place[..., 2] = (math.sin(inclination) * np.sin(argument))[:, None]
    return radius * place.reshape(-1, 3)


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
    warnings = []
    solar = found["dose_solar_rad"]
    kept, declared = found["array_power_left_by_radiation"], found["array_power_left_declared"]
    assert solar is not None
    assert kept is not None
    assert declared is not None
    if (total + solar) * dose.RAD > IRREGULAR:
        warnings.append(
            f"the chips take {total:.0f} rad from the belts in their life and {solar:.0f} rad from "
            f"solar events (confidence {scenario.radiation.confidence:g}), and memory of a TPU "
            f"v6e became irregular from {IRREGULAR / dose.RAD:.0f} rad on; thicken "
            "radiation.shielding"
        )
    if 1.0 - kept > ARRAY_DOUBT * (1.0 - declared):
        warnings.append(
            f"radiation alone takes {100.0 * (1.0 - kept):.1f} % of a triple-junction array in a "
            f"life, satellite.array.degradation_per_year says {100.0 * (1.0 - declared):.1f} %; "
            "raise it"
        )
    return warnings


def storm_warnings(scenario: Scenario) -> list[str]:
    """What a reader must know of a solar event: whose figures these are, what of it is missed."""
    event = scenario.storm
    if event is None:
        return []
    if not scenario.faults.enabled:
        return ["radiation.storm upsets nothing: faults.enabled is false"]
    first, last = storm_shares(scenario, event)
    if last == 0.0:
        found = ["radiation.storm.start lies after the simulated time: no proton of it comes"]
    elif first > OVER:
        found = ["radiation.storm was over before the simulated time; move radiation.storm.start"]
    else:
        name = scenario.radiation.storm.event
        found = [f"solar event {name} strikes in the simulated time: its work is that of such days"]
        if last - first < WHOLE_STORM:
            found.append(
                f"only {last - first:.1%} of the solar event's protons come within the simulated "
                "time: move radiation.storm.start, or lengthen time.duration"
            )
    if scenario.fleet.enabled and scenario.fleet.moments:
        found.append(
            "unit costs are those of the years' quiet days; of tokens and busy hours, whose mix "
            "only the day of the storm knows, none is stated: see fleet.moments"
        )
    return found


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
