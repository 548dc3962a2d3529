"""Time one snapshot of the network, beside satgenpy and networkx in the same run.

A snapshot is everything that changes with the time: places of the satellites, which links
are clear and how much they carry, which satellites a hundred cities see, and the shortest
ways from each of these cities to every satellite and city, with their links. networkx is
given the finished graph of the same snapshot and only finds the ways; satgenpy does the
whole of the same shell in its own manner. Peers run from .venv-peers in processes of their
own; CPU time of one thread each, the best of several.

Usage: python benchmarks/bench_network.py [satellites ...]
"""

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from bench_peers import HERE, Peer, environment_of, figures_of

from dawndusk.network import optical, routing, topology, visibility
from dawndusk.orbit import constellation, frames, secular

SHELLS = {1_584: (72, 22), 10_000: (100, 100)}
"""Planes and satellites a plane: Starlink's first shell, and a large one."""
ALTITUDE, INCLINATION, MASK = 550e3, np.radians(53.0), np.radians(25.0)
GRAZING = 80e3
CITIES = 100
LIGHT = 299_792_458.0
START = datetime(2026, 1, 1, tzinfo=UTC)
LASER = optical.Terminal(max_rate=100e9, max_range=5_400e3)
CASES = HERE / "peers"

REPEATS = 9
NETWORK_PEER = Peer(
    "satgenpy", ("satgenpy==0.4.0", "networkx==3.6.1"), "MIT", "Hypatia's routes, with networkx"
)


def cities() -> tuple[Any, Any]:
    """Latitude and longitude of a hundred places, evenly spread between 50° south and north."""
    k = np.arange(CITIES) + 0.5
    latitude = np.arcsin(np.sin(np.radians(50.0)) * (2.0 * k / CITIES - 1.0))
    return latitude, (k * np.pi * (3.0 - np.sqrt(5.0)) + np.pi) % (2.0 * np.pi) - np.pi


class Shell:
    """What stays the same from snapshot to snapshot."""

    def __init__(self, planes: int, per_plane: int) -> None:
        self.satellites = planes * per_plane
        elements = constellation.walker_delta(ALTITUDE, INCLINATION, self.satellites, planes, 1)
        self.table = secular.initialise(elements)
        self.iterations = secular.kepler_iterations(self.table)
        self.across = topology.plus_grid(planes, per_plane, 1)
        latitude, longitude = cities()
        self.site = frames.site_position(latitude, longitude)
        self.up = visibility.zenith(latitude, longitude)
        self.sources = self.satellites + np.arange(CITIES)

    def positions(self, moment: float) -> Any:
        """Earth-fixed places of all satellites."""
        place = np.empty((self.satellites, 3))
        work, (x, y, z) = np.empty((5, secular.BLOCK)), np.empty((3, secular.BLOCK))
        for lo in range(0, self.satellites, secular.BLOCK):
            hi = min(lo + secular.BLOCK, self.satellites)
            secular.propagate(self.table, lo, hi, moment, self.iterations, work, x, y, z)
            place[lo:hi] = np.stack([x, y, z], axis=1)[: hi - lo]
        return frames.earth_fixed(place, frames.sidereal_angle(START, moment))

    def geometry(self, moment: float) -> tuple[Any, Any, Any]:
        """Links of the moment, their latency and rate."""
        place = self.positions(moment)
        length, clear = visibility.line_of_sight(place, self.across, GRAZING)
        city, satellite, distance, _ = visibility.elevation_range(self.site, self.up, place, MASK)
        edges = np.concatenate([self.across, np.stack([self.sources[city], satellite], axis=1)])
        lengths = np.concatenate([length, distance])
        rate = optical.rate(lengths, LASER)
        rate[: len(clear)][~clear] = 0.0
        return edges, np.where(rate > 0.0, lengths / LIGHT, np.inf), rate

    def routes(self, edges: Any, seconds: Any) -> Any:
        """Latency from every city to every vertex, and the links of all those ways to cities."""
        vertices = self.satellites + CITIES
        pattern = routing.pattern(self.satellites, vertices, edges)
        latency, arrival = routing.shortest(pattern, seconds, self.sources)
        row, target = np.divmod(np.arange(CITIES * CITIES), CITIES)
        routing.links_of_paths(pattern, arrival, row, self.satellites + target)
        return latency


def best(work: Callable[[], Any]) -> tuple[float, Any]:
    """Least CPU time of several calls, after one that compiles, and what the call gives."""
    given, least = work(), np.inf
    for _ in range(REPEATS):
        started = time.process_time()
        given = work()
        least = min(least, time.process_time() - started)
    return least, given


def measure(satellites: int, python: Path | str) -> None:
    """Print one size."""
    planes, per_plane = SHELLS[satellites]
    shell = Shell(planes, per_plane)
    geometry, (edges, seconds, _) = best(lambda: shell.geometry(600.0))
    routes, latency = best(lambda: shell.routes(edges, seconds))
    ours = geometry + routes
    print(f"{satellites:,} satellites, {len(edges):,} links, {CITIES} cities to all")
    print(
        f"  dawndusk        {ours * 1e3:10.1f} ms: places, sight and rates {geometry * 1e3:.1f},"
        f" shortest ways {routes * 1e3:.1f}"
    )
    with tempfile.TemporaryDirectory() as folder:
        graph = Path(folder) / "graph.npz"
        np.savez(graph, satellites=satellites, cities=CITIES, edges=edges, seconds=seconds)
        found = figures_of(python, CASES / "networkx_case.py", str(graph))
    if isinstance(found, str):
        print(f"  networkx 3.6.1  {found}")
    else:
        same = np.allclose(found["to_cities_s"], latency[:, satellites:], rtol=1e-12, atol=0.0)
        print(
            f"  networkx 3.6.1  {found['cpu_s'] * 1e3:10.1f} ms, shortest ways alone:"
            f" {found['cpu_s'] / routes:,.0f} times ours;"
            f" {'the same latencies' if same else 'OTHER LATENCIES'}",
            flush=True,
        )
    if satellites > 2_000:
        print("  satgenpy 0.4.0  not measured: its ways between all pairs grow with the cube")
        return
    found = figures_of(python, CASES / "satgenpy_case.py", str(planes), str(per_plane), str(CITIES))
    if isinstance(found, str):
        print(f"  satgenpy 0.4.0  {found}")
    else:
        print(
            f"  satgenpy 0.4.0  {found['cpu_s'] * 1e3:10.1f} ms, the whole snapshot:"
            f" {found['cpu_s'] / ours:,.0f} times ours",
            flush=True,
        )


def main(sizes: list[int]) -> None:
    """Print all sizes."""
    print("A snapshot of the network, CPU time of one thread")
    python = environment_of(NETWORK_PEER)
    for size in sizes:
        measure(size, python)


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or list(SHELLS))
