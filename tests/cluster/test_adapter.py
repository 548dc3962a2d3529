"""The one file that knows Ray: what it tells where Ray is not, and what it sets."""

import os
import sys
import threading
from types import SimpleNamespace

import pytest

from dawndusk.cluster import adapter
from dawndusk.cluster.adapter import Cluster, Seen
from tests.cluster.ray_case import needs_ray


def test_without_ray_one_line_tells_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ValueError, match=r"pip install 'dawndusk\[cluster\]'") as fault:
        adapter.ray()
    assert "\n" not in str(fault.value)


def test_a_cluster_of_ours_inherits_paths_and_as_many_threads_as_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    found = adapter.environment("folder", ["", "a"])
    assert found["PYTHONPATH"] == os.pathsep.join([os.getcwd(), "a"])
    assert found["OMP_NUM_THREADS"] == str(len(os.sched_getaffinity(0)))
    assert (found["RAY_AUTH_MODE"], found["RAY_TMPDIR"]) == ("disabled", "folder")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert adapter.environment("folder", [])["OMP_NUM_THREADS"] == "1"


def test_each_emulated_node_has_an_address_of_its_own() -> None:
    bare = SimpleNamespace(_last=1)
    found = [Cluster._where(bare) for _ in range(600)]  # type: ignore[arg-type]
    assert len(set(found)) == 600
    assert "127.0.0.1" not in found
    for each in found:
        assert all(0 <= int(part) < 256 for part in each.split("."))
        assert 1 < int(each.split(".")[-1]) < 255


def borrowing(*nodes: Seen) -> Cluster:
    one = Cluster.__new__(Cluster)
    one.address, one._ids, one._nodes = "head:6379", {}, {}
    one.nodes = lambda: list(nodes)  # type: ignore[method-assign]
    return one


def node(name: str, **given: object) -> Seen:
    plain = Seen(f"id-{name}", "", True, False, {"name": name}, {"CPU": 2.0})
    return plain._replace(**given)  # type: ignore[arg-type]


def test_sites_spread_over_the_nodes_of_someones_cluster() -> None:
    one = borrowing(
        node("head", resources={}),
        node("b"),
        node("a"),
        node("gone", alive=False),
        node("full", draining=True),
    )
    assert [one.start(f"sat-{k}", {}, {}) for k in range(4)] == ["id-a", "id-b", "id-a", "id-b"]
    one.kill("sat-0")
    one.drain("sat-1", "dark")
    assert one.start("sat-9", {}, {}) == "id-a"
    assert one.dead() == []


def test_a_cluster_without_a_node_to_lend_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no node of head:6379.*dawndusk agent"):
        borrowing(node("head", resources={})).start("sat-0", {}, {})


def test_a_start_that_fails_is_told_and_one_given_up_is_taken_back() -> None:
    def fails() -> None:
        raise OSError("no room")

    start = adapter.Start(fails, None)
    assert start.over.wait(10.0)
    assert start.fault == "OSError: no room"
    removed: list[str] = []
    emulated = SimpleNamespace(remove_node=lambda made, allow_graceful: removed.append(made))
    slowly = threading.Event()
    start = adapter.Start(lambda: slowly.wait(10.0) and "node", emulated)
    start.given_up = True
    slowly.set()
    assert start.over.wait(10.0)
    assert removed == ["node"]


@pytest.mark.parametrize("why", ["ended", "late"])
def test_a_node_that_ends_while_it_starts_is_not_waited_for(
    why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ray itself would look for it for half a minute."""
    shown = iter([set(), {5}, *[set() if why == "ended" else {5}] * 1000])
    monkeypatch.setattr(adapter.processes, "started", lambda name: next(shown))
    monkeypatch.setattr(adapter, "STARTING", 0.5)
    slowly, removed = threading.Event(), threading.Event()
    one = Cluster.__new__(Cluster)
    one.address, one._last, one._nodes, one._ids = None, 1, {}, {}
    one._emulated = SimpleNamespace(
        add_node=lambda **given: slowly.wait(10.0),
        remove_node=lambda made, allow_graceful: removed.set(),
    )
    with pytest.raises(RuntimeError, match="has ended while" if why == "ended" else "not started"):
        one.start("sat-0#0", {}, {})
    slowly.set()
    assert removed.wait(10.0)
    assert one._nodes == {}


@needs_ray
def test_ray_has_what_is_called_here_privately() -> None:
    """A new version of Ray that lacks one of these is to be seen here first."""
    from ray._private import state
    from ray._raylet import GcsClient  # type: ignore[attr-defined]
    from ray.cluster_utils import Cluster as Emulated
    from ray.core.generated import autoscaler_pb2
    from ray.experimental import internal_kv

    assert callable(GcsClient)
    assert callable(state.GlobalState.get_draining_nodes)
    assert callable(Emulated.add_node)
    assert callable(Emulated.remove_node)
    assert callable(internal_kv._internal_kv_get)
    assert autoscaler_pb2.DRAIN_NODE_REASON_PREEMPTION
    assert adapter.installed()
