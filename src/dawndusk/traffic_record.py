"""What a run writes down about its network: figures, links, ways, transfers, delays by region."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dawndusk.connections import FIBRE, ISL, KINDS, Snapshot
from dawndusk.network import routing, sensor, transfer
from dawndusk.orbit import frames
from dawndusk.record import NetworkRecord
from dawndusk.traffic import SUMS, Flowing, Traffic

if TYPE_CHECKING:
    from dawndusk.state import State

Array = NDArray[np.float64]

LEVELS = np.array([0.05, 0.5, 0.95, 0.99])
"""Shares of requests for which delays by region are kept [-]."""

PATHS = 12
"""Ways that are written down [-]."""

REGIONS = (
    "North America",
    "South America",
    "Europe",
    "Africa",
    "Middle East",
    "Asia",
    "Oceania",
)


def network_record(traffic: Traffic, state: "State") -> NetworkRecord:
    """Everything about the network that outlives the run.

    Args:
        traffic: of the run [object]
        state: at its end [object]
    Returns:
        figures and tables [object]
    """
    flowing, view = state.flowing, traffic.snapshot
    assert flowing is not None
    assert view is not None
    names, region = regions(traffic, state)
    return NetworkRecord(
        summary=_summary(traffic, flowing, state),
        tables={
            "links": _links(traffic, flowing, view),
            "paths": _paths(traffic, view),
            "transfers": _transfers(traffic, flowing),
        },
        regions=names,
        region_latency=region,
        warnings=_warnings(traffic, flowing, view),
    )


def _summary(traffic: Traffic, flowing: Flowing, state: "State") -> dict[str, Any]:
    routed = state.slots["delay"][state.slots["engine"] >= 0]
    mean = dict(zip(SUMS, (flowing.sums / max(flowing.looks, 1)).tolist(), strict=True))
    moved = transfer.ledger(flowing.transfers)
    moved["offered_bytes"] += flowing.exchanged
    moved["delivered_bytes"] += flowing.exchanged
    offered, delivered = (int(amount) for amount in flowing.carried)
    waiting = int(flowing.waiting["waiting"].sum())
    found = sensor.ledger(flowing.sensors)
    left = offered - delivered - waiting
    left += moved["offered_bytes"] - sum(
        moved[f"{part}_bytes"] for part in ("delivered", "waiting", "failed")
    )
    left += found["produced_bytes"] - sum(
        found[f"{part}_bytes"] for part in ("removed", "downlinked", "stored", "lost")
    )
    return {
        "modelled": True,
        "topology": traffic.given.topology if traffic.network.satellites else "none",
        "links_isl": mean["links_isl"],
        "links_ground_mean": mean["links_ground"],
        "blocked_links": mean["blocked_links"],
        "isl_rate_bit_s": _each(mean["isl_rate_bit_s"], mean["links_isl"]),
        "ground_rate_bit_s": _each(mean["ground_rate_bit_s"], mean["links_ground"]),
        "reachable_fraction": mean["reachable_fraction"],
        "contact_fraction": mean["contact_fraction"],
        "latency_p50_s": float(np.percentile(routed, 50.0)) if routed.size else None,
        "latency_p99_s": float(np.percentile(routed, 99.0)) if routed.size else None,
        "hops_mean": _each(mean["hops"], mean["contact_fraction"]),
        "request_bytes": offered,
        "requests": {"delivered_bytes": delivered, "waiting_bytes": waiting},
        "transfers": moved,
        "exchange_bytes": flowing.exchanged,
        "sensor": found,
        "utilisation_max": flowing.busiest[0],
        "binding_link": flowing.busiest[1],
        "residual_bytes": left,
    }


def _each(together: float, links: float) -> float:
    """What one link has of what all have, 0 where there are none."""
    return together / links if links else 0.0


def _places(traffic: Traffic, time: float) -> tuple[Array, Array]:
    """Latitude and longitude of all vertices at a time [degree]."""
    network = traffic.network
    ground = np.degrees(network.ground.latitude), np.degrees(network.ground.longitude)
    if not network.satellites:
        return ground
    latitude, longitude, _ = frames.geodetic(network.earth_fixed(time, network.all))
    return (
        np.concatenate([np.degrees(latitude), ground[0]]),
        np.concatenate([np.degrees(longitude), ground[1]]),
    )


def _links(traffic: Traffic, flowing: Flowing, view: Snapshot) -> dict[str, Any]:
    """One row a link as it was looked at last; the use of others than ISL in that interval."""
    network = traffic.network
    time = view.time + 0.5 * network.interval
    latitude, longitude = _places(traffic, time)
    tail, head = view.edges.T
    use = traffic.use if traffic.use.size == len(view.edges) else np.zeros(len(view.edges))
    mean, most = use.copy(), use.copy()
    count = flowing.link_use.shape[1]
    if count and count == int((view.kinds == ISL).sum()):
        mean[:count] = flowing.link_use[0] / np.maximum(flowing.link_use[2], 1.0)
        most[:count] = flowing.link_use[1]
    kept = np.flatnonzero((view.kinds != FIBRE) | (use > 0.0))
    occluded = view.blocked[kept]
    return {
        "tail": [network.name(int(v)) for v in tail[kept]],
        "head": [network.name(int(v)) for v in head[kept]],
        "tail_kind": [network.kind(int(v)) for v in tail[kept]],
        "head_kind": [network.kind(int(v)) for v in head[kept]],
        "kind": [KINDS[kind] for kind in view.kinds[kept]],
        "tail_lat_deg": latitude[tail[kept]],
        "tail_lon_deg": longitude[tail[kept]],
        "head_lat_deg": latitude[head[kept]],
        "head_lon_deg": longitude[head[kept]],
        "length_m": view.length[kept],
        "rate_bit_s": view.rate[kept],
        "mean_utilisation": np.where(occluded, 0.0, mean[kept]),
        "max_utilisation": np.where(occluded, 0.0, most[kept]),
        "occluded": occluded,
        "time_s": np.full(len(kept), time),
    }


def _paths(traffic: Traffic, view: Snapshot) -> dict[str, Any]:
    """The shortest way from each of the largest cities to the site that is nearest to it."""
    network = traffic.network
    latitude, longitude = _places(traffic, view.time + 0.5 * network.interval)
    columns: dict[str, list[Any]] = {
        name: []
        for name in ("path", "from", "to", "hop", "name", "lat_deg", "lon_deg", "latency_s")
    }
    if not network.satellites:
        return columns
    seconds = {
        (int(a), int(b)): float(cost) for (a, b), cost in zip(view.edges, view.seconds, strict=True)
    }
    number = 0
    for city in np.argsort(-network.share, kind="stable").tolist():
        delay = view.delay[city, : network.satellites]
        site = int(np.argmin(delay))
        if not math.isfinite(delay[site]) or number == PATHS:
            continue
        way = routing.path(view.pattern, view.arrival, city, site)
        spent = 0.0
        for hop, vertex in enumerate(way):
            if hop:
                pair = (way[hop - 1], vertex)
                spent += seconds[pair] if pair in seconds else seconds[pair[::-1]]
            row = (
                number,
                network.name(way[0]),
                network.name(site),
                hop,
                network.name(vertex),
                float(latitude[vertex]),
                float(longitude[vertex]),
                spent,
            )
            for name, value in zip(columns, row, strict=True):
                columns[name].append(value)
        number += 1
    return columns


def _transfers(traffic: Traffic, flowing: Flowing) -> dict[str, Any]:
    network, moves, named = traffic.network, flowing.transfers, traffic.demand.jobs.names
    return {
        "kind": [transfer.KINDS[kind] for kind in moves["kind"]],
        "job": [named[job] if job >= 0 else "" for job in moves["job"]],
        "from": [network.name(int(v)) for v in moves["source"]],
        "to": [network.name(int(v)) for v in moves["target"]],
        "bytes": moves["size"].copy(),
        "submit_s": moves["submit"].copy(),
        "start_s": moves["start"].copy(),
        "finish_s": moves["finish"].copy(),
        "status": [transfer.STATUS[status] for status in moves["status"]],
    }


def region_of(latitude: float, longitude: float) -> int:
    """Region of a place, by boxes of latitude and longitude in degrees: good for large cities."""
    if longitude < -140.0 or (longitude > 110.0 and latitude < -10.0):
        return 6
    if longitude < -30.0:
        return 0 if latitude > 13.0 else 1
    if longitude < 60.0 and latitude > 36.0 and not (longitude > 44.0 and latitude < 40.0):
        return 2
    if longitude < 60.0:
        return 4 if longitude > 34.0 and latitude > 12.0 else 3
    return 5


def regions(traffic: Traffic, state: "State") -> tuple[list[str], Array]:
    """Names of the regions that asked, and one-way delays by `LEVELS` [s]."""
    ground = traffic.network.ground
    box = np.array(
        [
            region_of(math.degrees(ground.latitude[city]), math.degrees(ground.longitude[city]))
            for city in ground.origins
        ]
    )
    routed = state.slots["engine"] >= 0
    delay, where = state.slots["delay"][routed], box[traffic.origin[routed]]
    present = np.unique(box)
    found = [
        np.quantile(delay[where == region], LEVELS)
        if (where == region).any()
        else np.full(LEVELS.size, np.inf)
        for region in present
    ]
    return [REGIONS[region] for region in present], np.array(found)


def _warnings(traffic: Traffic, flowing: Flowing, view: Snapshot) -> list[str]:
    """Demands that the network could not carry, with the link that binds."""
    network, moves, said = traffic.network, flowing.transfers, []
    mean = dict(zip(SUMS, (flowing.sums / max(flowing.looks, 1)).tolist(), strict=True))
    late = np.flatnonzero(moves["status"] < transfer.DONE)
    for kind in np.unique(moves["kind"][late]):
        rows = late[moves["kind"][late] == kind]
        worst = moves[rows[np.argmax(moves["left"][rows])]]
        link = int(worst["binding"]) // 2
        if worst["binding"] >= 0 and link < len(view.edges):
            ends = " – ".join(network.name(int(v)) for v in view.edges[link])
            reason = f"held back by the link {ends} of {view.rate[link] / 1e9:.3g} Gbit/s"
        elif np.isnan(worst["start"]):
            reason = "no way between them so far"
        else:
            each = _each(mean["ground_rate_bit_s"], mean["links_ground"]) / 1e9
            reason = (
                f"links to the ground, of {each:.3g} Gbit/s, are open to a satellite for "
                f"{mean['contact_fraction']:.1%} of the time"
            )
        said.append(
            f"{rows.size} transfers of kind {transfer.KINDS[kind]} have not arrived; the largest, "
            f"{worst['left'] / 1e9:.4g} GB left from {network.name(int(worst['source']))} to "
            f"{network.name(int(worst['target']))}: {reason}"
        )
    said.extend(
        f"job {traffic.demand.jobs.names[job]} stood still for {flowing.apart[job]:.4g} s: "
        "no way between its nodes over which to exchange"
        for job in np.flatnonzero(flowing.apart)
    )
    kept = int(flowing.waiting["waiting"].sum())
    if kept:
        use, name = flowing.busiest
        said.append(
            f"{kept / 1e9:.4g} GB of prompts and answers wait for room; the fullest link was "
            f"{name} with {use:.0%} of its rate in use"
        )
    reach = mean["reachable_fraction"]
    if network.satellites and reach == 0.0:
        direct = traffic.given.users == "direct"
        end = network.to_user if direct else network.to_ground
        far, low = end.max_range / 1e3, math.degrees(end.elevation_mask)
        said.append(
            f"users never have a way to a satellite: none comes within the {far:.0f} km of "
            f"terminal.{end.name}, above {low:.0f} deg, of a {'city' if direct else 'station'}"
        )
    elif network.satellites and reach < 0.999:
        said.append(
            f"users have a way to a satellite for {reach:.1%} of the time: requests in between "
            "wait, and are dropped when their patience ends"
        )
    lost = int(flowing.sensors["lost"].sum()) if flowing.sensors.size else 0
    if lost:
        said.append(f"sensor stores overflowed: {lost / 1e9:.4g} GB were lost")
    return said
