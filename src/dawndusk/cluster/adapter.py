"""The only file that knows how Ray starts nodes, labels, places, drains and kills.

Labels are beta in Ray 2.60 and draining is a private call: what a new version changes is here.
"""

import os
import threading
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import Any, NamedTuple

from dawndusk.cluster import processes

SETTINGS = {
    "RAY_AUTH_MODE": "disabled",
    "RAY_DISABLE_DOCKER_CPU_WARNING": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_enable_metrics_collection": "0",
    "RAY_gcs_rpc_server_reconnect_timeout_s": "5",
    "RAY_health_check_failure_threshold": "5",
    "RAY_health_check_initial_delay_ms": "1000",
    "RAY_health_check_period_ms": "500",
    "RAY_health_check_timeout_ms": "2000",
    "RAY_memory_monitor_refresh_ms": "0",
}
"""For a cluster on loopback: nobody else is there, a dead node is seen within seconds."""

MINE = "ray.io/node-id"
"""Label that Ray itself gives each node."""

STARTING = 45.0
"""Longest time in which a node must have started [s]."""

STORE = 80 * 2**20
"""Of a node's object store, the least that Ray allows being 75 MiB [bytes]."""

NAMESPACE = b"dawndusk"


LACK = (
    "module ray is missing: pip install 'dawndusk[cluster]'; --engine process gives the same "
    "numbers without it"
)


class Seen(NamedTuple):
    """A node as Ray shows it."""

    id: str
    address: str
    alive: bool
    draining: bool
    labels: dict[str, str]
    resources: dict[str, float]


class MissingError(ValueError):
    """Ray is not installed."""


def ray() -> Any:
    """The module.

    Raises:
        MissingError: when it is not installed
    """
    try:
        import ray as module
    except ModuleNotFoundError as error:
        raise MissingError(LACK) from error
    return module


def installed() -> bool:
    """Ray is there; it is not imported, which would take a while."""
    return find_spec("ray") is not None


class Start(threading.Thread):
    """Starts one node. Ray waits long for one that has ended meanwhile; nobody waits for Ray.

    The kernel ends a node with the thread that started it, so this one stays.
    """

    def __init__(self, add: Callable[[], Any], emulated: Any) -> None:
        super().__init__(daemon=True)
        self.over = threading.Event()
        self.given_up = False
        self.node: Any = None
        self.fault = ""
        self._add, self._emulated = add, emulated
        self.start()

    def run(self) -> None:
        """Start it, and stay."""
        try:
            self.node = self._add()
            if self.given_up:
                self._emulated.remove_node(self.node, allow_graceful=False)
        except Exception as error:
            self.fault = f"{type(error).__name__}: {error}"
        self.over.set()
        threading.Event().wait()


class Cluster:
    """A cluster of ours on loopback, or one that is there already."""

    def __init__(self, address: str | None) -> None:
        self.address = address
        self._nodes: dict[str, Any] = {}
        self._ids: dict[str, str] = {}
        self._last = 1
        self._head: Any = None
        module = ray()
        if address is not None:
            module.init(address=address, log_to_driver=False, logging_level="ERROR")
            return
        from ray.cluster_utils import Cluster as Emulated

        self._emulated = Emulated(shutdown_at_exit=False)
        where = self._where()
        self._head = self._emulated.add_node(
            num_cpus=0,
            node_ip_address=where,
            object_store_memory=STORE,
            include_dashboard=False,
            include_log_monitor=False,
            labels={"role": "head"},
        )
        module.init(
            address=self._emulated.address,
            _node_ip_address=where,
            log_to_driver=False,
            logging_level="ERROR",
        )

    def _where(self) -> str:
        """An address of its own for each emulated node: 127.0.0.1 hangs."""
        self._last += 1
        return f"127.0.{self._last // 250}.{self._last % 250 + 2}"

    def start(self, name: str, labels: dict[str, str], resources: dict[str, float]) -> str:
        """A node for a site; returns Ray's number of it.

        Raises:
            RuntimeError: when it ends while it starts, or takes too long
        """
        if self.address is not None:
            return self._borrow(name)
        before, seen = processes.started("raylet"), set[int]()
        start = Start(
            partial(
                self._emulated.add_node,
                num_cpus=1,
                node_ip_address=self._where(),
                object_store_memory=STORE,
                include_log_monitor=False,
                labels={**labels, "name": name},
                resources=resources,
            ),
            self._emulated,
        )
        until = time.monotonic() + STARTING
        while not start.over.wait(0.05):
            there = processes.started("raylet") - before
            if seen - there or time.monotonic() > until:
                start.given_up = True
                why = "has ended while it started" if seen - there else "has not started"
                raise RuntimeError(f"node {name} {why}")
            seen = there
        if start.node is None:
            raise RuntimeError(f"node {name}: {start.fault}")
        self._nodes[name] = start.node
        self._ids[name] = start.node.node_id
        return str(start.node.node_id)

    def _borrow(self, name: str) -> str:
        """A node of the cluster that is there: the one with the fewest sites on it."""
        able = [each for each in self.nodes() if each.alive and not each.draining]
        able = [each for each in able if each.resources.get("CPU", 0.0) > 0.0]
        if not able:
            raise ValueError(
                f"engine ray: no node of {self.address} is alive and has a processor to lend; "
                "start one with: dawndusk agent --address HOST:PORT --name NAME"
            )
        used = list(self._ids.values())
        chosen = min(able, key=lambda each: (used.count(each.id), each.labels.get("name", each.id)))
        self._ids[name] = chosen.id
        return chosen.id

    def drain(self, name: str, reason: str) -> None:
        """No new work for a node; what runs there keeps its memory. Others' nodes stay as is."""
        if self.address is not None:
            return
        from ray.core.generated.autoscaler_pb2 import (  # type: ignore[attr-defined]
            DRAIN_NODE_REASON_PREEMPTION,
        )

        client = ray()._private.worker.global_worker.gcs_client
        accepted, why = client.drain_node(
            self._ids[name],
            DRAIN_NODE_REASON_PREEMPTION,
            reason,
            int(time.time() * 1000) + 10**10,
            timeout=10,
        )
        if not accepted:
            raise RuntimeError(f"node {name} refuses to be drained: {why}")

    def kill(self, name: str) -> None:
        """A node is gone, its raylet and every process that came from it."""
        node = self._nodes.pop(name, None)
        self._ids.pop(name, None)
        if node is None:
            return
        there = set()
        for process in self._processes(node):
            there |= processes.descendants(process.pid)
        self._emulated.remove_node(node, allow_graceful=False)
        left = processes.end(there)
        if left:
            raise RuntimeError(f"node {name}: processes {sorted(left)} do not end")

    def _processes(self, node: Any) -> list[Any]:
        return [each.process for kind in node.all_processes.values() for each in kind]

    def dead(self) -> list[str]:
        """Nodes whose raylet has ended unasked; those of others as Ray sees them."""
        if self.address is not None:
            alive = {each.id for each in self.nodes() if each.alive}
            return [name for name, number in self._ids.items() if number not in alive]
        return [name for name, node in self._nodes.items() if self._fell(node)]

    def headless(self) -> bool:
        """The head of our own cluster has ended."""
        return self._head is not None and self._fell(self._head, ("gcs_server", "raylet"))

    def _fell(self, node: Any, kinds: tuple[str, ...] = ("raylet",)) -> bool:
        return any(
            each.process.poll() is not None
            for kind in kinds
            for each in node.all_processes.get(kind, [])
        )

    def nodes(self) -> list[Seen]:
        """All nodes as Ray shows them, dead ones too."""
        module = ray()
        draining = module._private.state.state.get_draining_nodes()
        return [
            Seen(
                each["NodeID"],
                each["NodeManagerAddress"],
                bool(each["Alive"]),
                each["NodeID"] in draining,
                dict(each.get("Labels", {})),
                dict(each.get("Resources", {})),
            )
            for each in module.nodes()
        ]

    def actor(self, kind: type, name: str, resources: dict[str, float], *given: Any) -> Any:
        """A long-lived process on a site's node and on no other."""
        processors = 1 if self.address is None else 0
        resources = resources if self.address is None else {}
        return (
            ray()
            .remote(kind)
            .options(
                num_cpus=processors,
                resources=resources,
                max_restarts=0,
                max_task_retries=0,
                label_selector={MINE: self._ids[name]},
            )
            .remote(*given)
        )

    def close(self) -> None:
        """Leave the cluster; our own ends."""
        ray().shutdown()


def told(key: str) -> bytes | None:
    """What an agent has told the cluster under a name."""
    from ray.experimental.internal_kv import _internal_kv_get

    found = _internal_kv_get(key.encode(), namespace=NAMESPACE)
    return None if found is None else bytes(found)


def tell(address: str, key: str, content: bytes) -> None:
    """Put something under a name where all of a cluster can read it."""
    from ray._raylet import GcsClient  # type: ignore[attr-defined]

    GcsClient(address=address).internal_kv_put(key.encode(), content, True, NAMESPACE, timeout=10)


def environment(folder: str, path: list[str]) -> dict[str, str]:
    """Of every process of a cluster of ours.

    Threads of numerical libraries are as many as here, so that sums come out the same.
    """
    threads = str(len(os.sched_getaffinity(0)))
    return {
        "OMP_NUM_THREADS": threads,
        **os.environ,
        **SETTINGS,
        "RAY_TMPDIR": folder,
        "PYTHONPATH": os.pathsep.join(each or os.getcwd() for each in path),
    }


def joining() -> dict[str, str]:
    """Environment of a node that joins someone's cluster: as this process has it."""
    return {**os.environ, "RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": authentication()}


def authentication() -> str:
    """As the user says, none unless they do."""
    return os.environ.get("RAY_AUTH_MODE", "disabled")


def joined(address: str, name: str) -> bool:
    """A living node of a cluster has this name."""
    from ray._raylet import GcsClient  # type: ignore[attr-defined]

    known = GcsClient(address=address).get_all_node_info(timeout=10).values()
    return any(each.labels.get("name") == name and each.state == 0 for each in known)
