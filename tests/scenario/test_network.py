"""The network as declared: what holds when nothing is said, and what cannot be."""

import math
from pathlib import Path

import pytest

from dawndusk.scenario import load, names, shipped_text
from dawndusk.scenario.fields import Table
from dawndusk.scenario.network import Network
from tests.scenario import SMALL, complaints, loaded


def test_nothing_stays_open(tmp_path: Path) -> None:
    """After loading every value but the file of edges is known."""
    network = loaded(tmp_path).network
    left = [key for key in Network.model_fields if getattr(network, key) is None]
    assert left == ["edges"]
    assert isinstance(network, Table)
    assert network.interval == 300.0
    assert network.elevation_mask == math.radians(5.0)


def test_intervals_and_masks_follow_what_they_come_from(tmp_path: Path) -> None:
    overrides = ["placement.interval=10 min", "network.ground_terminal=optical-ground"]
    scenario = loaded(tmp_path, SMALL, overrides)
    assert scenario.network.interval == 600.0
    assert scenario.network.elevation_mask == pytest.approx(math.radians(20.0))
    assert scenario.provenance["network.interval"].origin == "derived"
    slower = scenario.replaced({"placement.interval": 1200.0})
    assert slower.network.interval == 1200.0
    own = loaded(tmp_path, SMALL, ["network.interval=2 min", "network.elevation_mask=30 deg"])
    assert own.network.interval == 120.0
    assert own.network.elevation_mask == pytest.approx(math.radians(30.0))


@pytest.mark.parametrize(
    ("overrides", "complaint"),
    [
        (["network.topology=edges"], "network.edges: missing; allowed: the path of a file"),
        (["network.edges=nope.txt"], "no such file; allowed: the path of an existing file"),
        (["network.topology=grid"], "allowed: 'plus_grid', 'nearest', 'mesh', 'edges', 'none'"),
        (["network.ground_links=0"], "no prompt can reach a satellite"),
        (["network.stations=global"], 'did you mean "global-12"?'),
        (["network.terminal=scot-80"], 'did you mean "scot80"?'),
        (["network.terminals=-1"], "network.terminals = -1: out of range; allowed: at least 0"),
        (["network.station_links=0"], "network.station_links = 0: out of range"),
        (["network.elevation_mask=91 deg"], 'the nearest is "90 deg"'),
        (["network.grazing_height=-1 km"], 'the nearest is "0 m"'),
        (["network.fibre_stretch=0.9"], 'the nearest is "1.0"'),
        (["network.fibre_index=0.5"], 'the nearest is "1.0"'),
        (["network.interval=30 s"], 'network.interval = "30 s": allowed: at least time.step'),
        (["network.users=radio"], "allowed: 'direct', 'fibre'"),
        (["network.sensor_mode=both"], "allowed: 'aboard', 'downlink'"),
        (["network.sensor=1 MB"], "this is a data; allowed: a data rate"),
        (
            ["network.sensor=1 GB/s", "network.sensor_store=1 MB"],
            'network.sensor_store = "1 MB": allowed: at least a second of data, "1 GB"',
        ),
        (["network.sensors=1 MB/s"], 'did you mean "network.sensor"?'),
    ],
)
def test_wrong_ones_are_told(tmp_path: Path, overrides: list[str], complaint: str) -> None:
    (line,) = complaints(tmp_path, SMALL, overrides)
    assert complaint in line


def test_a_file_of_edges_is_found_beside_the_scenario(tmp_path: Path) -> None:
    (tmp_path / "pairs.txt").write_text("0 1\n")
    network = loaded(tmp_path, SMALL + '[network]\nedges = "pairs.txt"\n').network
    assert network.edges == tmp_path / "pairs.txt"
    assert network.topology == "edges"
    content = SMALL + '[network]\nedges = "pairs.txt"\ntopology = "mesh"\n'
    (line,) = complaints(tmp_path, content)
    assert line.startswith('network.topology = "mesh": a file of edges is given')


@pytest.mark.parametrize("name", names())
def test_shipped_scenarios_say_where_their_links_come_from(name: str, tmp_path: Path) -> None:
    """Each gives its own network; what it chose without a source is marked as assumed."""
    assert "\n[network]\n" in shipped_text(name)
    (tmp_path / "one.tle").write_text("x")
    imported = "imported" in shipped_text(name)
    scenario = load(name, [f"constellation.file={tmp_path / 'one.tle'}"] if imported else [])
    assert scenario.network.enabled
    assert scenario.stations
    assert scenario.ground_terminal.max_range > 1e6


def test_suncatchers_cluster_carries_ten_terabits() -> None:
    """Suncatcher, arXiv 2511.19468 v2: about 10 Tbit/s a link, 24 × 400G = 9.6 Tbit/s."""
    scenario = load("suncatcher")
    assert scenario.network.topology == "mesh"
    assert scenario.isl_terminal.max_rate == 9.6e12
    assert load("starcloud-1").network.topology == "none"
    assert load("spacex-ai1").network.topology == "plus_grid"
    assert load("spacex-ai1").isl_terminal.max_rate == 1e12
