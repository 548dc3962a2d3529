"""A site agent: refuses what cannot be, joins a cluster on loopback, tells its power, leaves."""

import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dawndusk import cli_cluster
from dawndusk.cluster import adapter, agent, processes
from dawndusk.cluster.engine import RayEngine, look
from tests.cluster.ray_case import housed, needs_ray
from tests.real_case import curve, ready

SITE = "bench"
HEAD, HERE = "127.0.0.210", "127.0.0.211"


@pytest.mark.parametrize("address", ["nowhere", "host:", ":6379", "host:port"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="HOST:PORT"):
        agent.reachable(address)


def test_nobody_there_is_told_at_once() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(ValueError, match=r"nobody answers there.*ray start --head"):
        agent.reachable(address)


@pytest.fixture
def head(tmp_path: Path) -> Iterator[str]:
    """Someone else's cluster: a head with no processor to lend."""
    folder = tempfile.mkdtemp(prefix="dd-")
    program = (
        "import sys; from ray.cluster_utils import Cluster\n"
        f"one = Cluster(); one.add_node(num_cpus=0, node_ip_address={HEAD!r},"
        " object_store_memory=80 * 2**20, include_dashboard=False)\n"
        "print(one.address, flush=True); sys.stdin.read()"
    )
    cluster = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env=adapter.environment(folder, sys.path),
        text=True,
    )
    assert cluster.stdout is not None
    assert cluster.stdin is not None
    yield cluster.stdout.readline().strip()
    processes.end_session(cluster.pid)
    cluster.kill()
    cluster.wait()
    cluster.stdin.close()
    cluster.stdout.close()
    shutil.rmtree(folder)


@needs_ray
@pytest.mark.full
def test_an_agent_joins_works_and_leaves(head: str, tmp_path: Path) -> None:
    """One extra process on loopback: `dawndusk agent`, a run on it, `dawndusk nodes`."""
    with pytest.raises(ValueError, match=r"no node of .* has a processor to lend"):
        housed(ready(nodes=1, units=50, method="single"), RayEngine(head))
    words = ["agent", "--address", head, "--name", SITE, "--ip", HERE, "--processors", "1"]
    program = "from dawndusk.cli import main; main()"
    said = tmp_path / "said"
    with said.open("wb") as file:
        one = subprocess.Popen([sys.executable, "-c", program, *words], stdout=file)
    try:
        until = time.monotonic() + 60.0
        while "has joined" not in said.read_text(encoding="utf-8"):
            assert one.poll() is None
            assert time.monotonic() < until
            time.sleep(0.2)
        mine = processes.descendants(one.pid)
        assert len(mine) > 2
        shown = {node.labels.get("name"): (node, told) for node, told in look(head)}
        node, told = shown[SITE]
        assert node.alive
        assert node.address == HERE
        assert node.labels["role"] == "agent"
        assert told is not None
        measured = "no power can be measured" not in said.read_text(encoding="utf-8")
        assert node.labels["power"] == ("measured" if measured else "none")
        table = cli_cluster._of_cluster(head)
        assert table.row_count == 2
        case = ready(nodes=2, units=50)
        plain = curve(housed(case, None))
        with RayEngine(head) as engine:
            assert curve(housed(case, engine)) == plain
            assert {row.id for row in engine.table.rows.values()} == {node.id}
    finally:
        one.send_signal(signal.SIGTERM)
        one.wait(30.0)
    assert one.returncode == 0
    assert "has left" in said.read_text(encoding="utf-8")
    assert not any(processes.alive(pid) for pid in mine)
