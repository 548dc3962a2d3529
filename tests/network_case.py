"""A summary whose network has the keys that a run writes, for what judges links."""

from typing import Any

NETWORK: dict[str, Any] = {
    "modelled": True,
    "topology": "mesh",
    "links_isl": 288,
    "links_ground_mean": 20.0,
    "blocked_links": 0.0,
    "isl_rate_bit_s": 9.6e12,
    "ground_rate_bit_s": 10e9,
    "reachable_fraction": 0.9995,
    "contact_fraction": 0.97,
    "latency_p50_s": 0.012,
    "latency_p99_s": 0.035,
    "hops_mean": 2.1,
    "request_bytes": 1e9,
    "transfers": {
        "offered_bytes": 0.0,
        "delivered_bytes": 0.0,
        "waiting_bytes": 0.0,
        "failed_bytes": 0.0,
    },
    "sensor": {
        "produced_bytes": 0.0,
        "processed_bytes": 0.0,
        "downlinked_bytes": 0.0,
        "stored_bytes": 0.0,
        "lost_bytes": 0.0,
    },
    "utilisation_max": 0.1,
    "binding_link": "",
    "residual_bytes": 0,
}


PRICE = 2e6
"""Of a satellite at work [USD/yr]."""

CARBON = 12e3
"""Of the launches that keep a satellite at work [kg/yr]."""


def summary(**network: Any) -> dict[str, Any]:
    """What `where` reads of summary.json."""
    losses = {"losses": {"faults": 0.002}}
    return {
        "network": NETWORK | network,
        "cost": {"usd_per_satellite_year": PRICE},
        "carbon": {"kg_per_satellite_year": CARBON},
        "compute": losses,
        "ground": {"compute": losses},
    }


NOT_MODELLED: dict[str, Any] = {
    "cost": {"usd_per_satellite_year": PRICE},
    "carbon": {"kg_per_satellite_year": CARBON},
    "network": {"modelled": False, "loss_FLOP": 0.0},
    "compute": {"losses": {"faults": 0.002}},
    "ground": {"compute": {"losses": {"faults": None}}},
}
