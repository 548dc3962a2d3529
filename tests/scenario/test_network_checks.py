"""Networks that cannot be are told with what binds."""

from pathlib import Path

import pytest

from dawndusk.scenario import load
from tests.scenario import complaints, loaded

WALKER = """
name = "walker"
[constellation]
kind = "walker_delta"
altitude = "550 km"
inclination = "53 deg"
satellites = 12
planes = 3
"""
CLUSTER = WALKER.split("[", 1)[0] + '[constellation]\nkind = "cluster"\naltitude = "650 km"\n'
LISTED = """[[constellation.satellites]]
altitude = "700 km"
inclination = "50 deg"
"""
ELEMENTS = CLUSTER.split("[", 1)[0] + '[constellation]\nkind = "elements"\n'
ELEMENTS += "".join(f'{LISTED}name = "{name}"\n' for name in "abc")
JOB = '[[workload.jobs]]\nname = "a"\nkind = "batch"\nwork = "1 EFLOP"\nnodes = 2\n'
CUT = ["network.ground_links=0", "network.users=direct"]


@pytest.mark.parametrize(
    ("content", "overrides", "topology"),
    [
        (WALKER, [], "plus_grid"),
        (WALKER, ["constellation.kind=walker_star"], "plus_grid"),
        (WALKER, ["network.topology=nearest"], "nearest"),
        (WALKER, ["constellation.satellites=1", "constellation.planes=1"], "none"),
        (CLUSTER, [], "mesh"),
        (ELEMENTS, [], "nearest"),
    ],
)
def test_the_topology_fits_the_constellation(
    tmp_path: Path, content: str, overrides: list[str], topology: str
) -> None:
    assert loaded(tmp_path, content, overrides).network.topology == topology


@pytest.mark.parametrize(
    ("content", "overrides", "complaint"),
    [
        (
            WALKER,
            ["network.terminals=0"],
            'network.terminals = 0: impossible: topology "plus_grid" joins each satellite to 4 '
            'others; allowed: at least 4; or network.topology = "none"',
        ),
        (WALKER, ["network.terminals=3"], "allowed: at least 4"),
        (CLUSTER, ["network.terminals=1"], 'topology "mesh" joins each satellite to 2 others'),
        (ELEMENTS, ["network.terminals=0"], "joins each satellite to 1 other; allowed: at least 1"),
        (
            CLUSTER,
            ["network.topology=plus_grid"],
            'a constellation of kind "cluster" has no planes; allowed: nearest, mesh, edges, none',
        ),
        (
            WALKER,
            ["network.stations=none"],
            'network.stations = "none": it has no stations for network.ground_links = 1',
        ),
        (
            WALKER,
            ["network.terminal=tbird"],
            'network.terminal = "tbird": it does not reach another satellite; allowed: one of',
        ),
        (
            WALKER,
            ["network.ground_terminal=scot80"],
            'network.ground_terminal = "scot80": it does not reach the ground; allowed: one of',
        ),
        (
            WALKER,
            ["network.users=direct", "network.user_terminal=condor-mk3"],
            'network.user_terminal = "condor-mk3": it does not reach the ground',
        ),
        (
            WALKER,
            ["network.ground_terminal=cubelct", "constellation.altitude=1600 km"],
            'network.ground_terminal = "cubelct": impossible: its max_range is "1500 km", the '
            'satellites fly at "1600 km"',
        ),
        (
            WALKER + JOB + 'output = "3 GB"\n',
            CUT,
            'workload.jobs.0.output = "3 GB": impossible: network.ground_links = 0 links no',
        ),
        (
            WALKER + JOB + 'checkpoint_size = "3 GB"\ncheckpoint_to = "ground"\n',
            CUT,
            "workload.jobs.0.checkpoint_size",
        ),
        (
            WALKER + JOB + 'exchange = "3 GB"\n',
            ["network.topology=none"],
            'workload.jobs.0.exchange = "3 GB": impossible: network.topology "none" links no',
        ),
        (
            WALKER + JOB + 'checkpoint_to = "ground"\n',
            [],
            "workload.jobs.0.checkpoint_size: missing; allowed: the bytes of a checkpoint",
        ),
    ],
)
def test_impossible_ones_are_told(
    tmp_path: Path, content: str, overrides: list[str], complaint: str
) -> None:
    (line,) = complaints(tmp_path, content, overrides)
    assert complaint in line


@pytest.mark.parametrize(
    ("content", "overrides"),
    [
        (WALKER, ["network.terminals=0", "network.topology=none"]),
        (WALKER, ["constellation.planes=1", "network.terminals=2"]),
        (WALKER, ["constellation.planes=6", "network.terminals=3"]),
        (WALKER, ["network.terminals=0", "network.enabled=false"]),
        (WALKER, ["network.stations=none", "network.enabled=false"]),
        (WALKER, [*CUT, "network.stations=none"]),
        (WALKER, [*CUT, "network.ground_terminal=scot80"]),
        (WALKER, ["network.user_terminal=scot80"]),
        (WALKER, ["constellation.altitude=2200 km"]),
        (WALKER + JOB, CUT),
        (WALKER + JOB + 'checkpoint_size = "3 GB"\n', CUT),
    ],
)
def test_possible_ones_are_let_through(tmp_path: Path, content: str, overrides: list[str]) -> None:
    assert loaded(tmp_path, content, overrides)


def test_faults_of_the_network_come_at_once(tmp_path: Path) -> None:
    overrides = ["network.terminals=0", "network.stations=none", "network.terminal=tbird"]
    paths = {line.split(" ")[0] for line in complaints(tmp_path, WALKER, overrides)}
    assert paths == {"network.terminals", "network.stations", "network.terminal"}


def test_a_single_satellite_needs_no_terminal() -> None:
    scenario = load("starcloud-1")
    assert (scenario.network.terminals, scenario.network.topology) == (0, "none")
