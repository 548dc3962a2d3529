"""Assembler of close formation: how near satellites of a cluster come, what holds them there."""

from typing import Any

import numpy as np

from dawndusk.fleet_plan import FleetPlan
from dawndusk.forecast import Forecast
from dawndusk.orbit import formation, formation_distances
from dawndusk.scenario import Scenario
from dawndusk.scenario.constellation import Cluster

MOMENTS = 100
"""Moments of one revolution at which distances are taken, with chords between them [-]."""


def cluster_flight(
    scenario: Scenario, plan: FleetPlan, forecast: Forecast
) -> dict[str, Any] | None:
    """Distances in a cluster over a revolution, and the velocity change that keeps it.

    Args:
        scenario: what is run, all sizes filled in [object]
        plan: the satellites [object]
        forecast: of their orbits [object]
    Returns:
        figures for the summary, None for other constellations than clusters [object]
    """
    orbits = scenario.constellation
    keeping = plan.upkeep.formation
    if not isinstance(orbits, Cluster) or keeping is None:
        return None
    along, radial = formation.lattice(orbits.radius, orbits.spacing, orbits.pattern)
    times = np.linspace(0.0, plan.period_s, MOMENTS)
    places = forecast.track(times, np.arange(plan.satellites))[0]
    apart = formation_distances.minimum_distances(places)
    pairs = formation.neighbours(along, radial, orbits.spacing)
    shortest, longest = formation_distances.pair_distances(places, pairs)
    close = formation_distances.too_close(apart, orbits.keep_out)[0]
    return {
        "min_distance_m": float(apart.distance.min()),
        "neighbour_min_m": float(shortest.min()),
        "neighbour_max_m": float(longest.max()),
        "too_close": len(close),
        "station_keeping_mps_per_year": float(keeping.total),
        "station_keeping": {
            "j2_mps_per_year": float(keeping.j2),
            "differential_drag_mps_per_year": float(keeping.differential_drag),
            "differential_sunlight_mps_per_year": float(keeping.differential_sunlight),
        },
    }
