"""A site agent: this machine joins a cluster as a node, and tells what power it really draws."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from dawndusk.cluster import adapter, processes
from dawndusk.cluster.power import Meter

PERIOD = 5.0
"""Between two measurements [s]."""

JOINING = 60.0
"""Longest time in which the node must have joined [s]."""

START = "from ray.scripts.scripts import main; main()"


def reachable(address: str, patience: float = 5.0) -> None:
    """See that something listens at an address.

    Raises:
        ValueError: when it is no HOST:PORT, or nothing does
    """
    host, colon, port = address.rpartition(":")
    if not (colon and host and port.isdigit()):
        raise ValueError(f"--address {address!r}; allowed: HOST:PORT of a Ray cluster's head")
    try:
        socket.create_connection((host, int(port)), patience).close()
    except OSError as error:
        raise ValueError(
            f"--address {address}: nobody answers there ({error}); start a cluster with: "
            "ray start --head"
        ) from error


def serve(
    address: str,
    name: str,
    say: Callable[[str], None],
    *,
    ip: str | None = None,
    processors: int | None = None,
    period: float = PERIOD,
    meter: Meter | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> None:
    """Run a node until it ends or is told to stop; nothing of it stays.

    Args:
        address: of the cluster's head
        name: of this machine, by which runs and `dawndusk nodes` call it
        say: where to tell what happens
        ip: address of this machine in the cluster, Ray's own choice unless given
        processors: that it lends, all unless given
        period: between two measurements [s]
        meter: of its power
        stop: asked now and then
    Raises:
        ValueError: when it cannot join
    """
    adapter.ray()
    reachable(address)
    meter = meter or Meter()
    sources = ", ".join(meter.sources)
    say(f"{name}: power by {sources}" if sources else f"{name}: no power can be measured here")
    command = [sys.executable, "-c", START, "start", f"--address={address}", "--block"]
    command += [f"--labels=name={name},role=agent,power={'measured' if sources else 'none'}"]
    command += [f"--node-ip-address={ip}"] if ip else []
    command += [f"--num-cpus={processors}"] if processors is not None else []
    node = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env=adapter.joining(),
    )
    try:
        _follow(node, address, name, say, period, meter, stop)
    finally:
        node.terminate()
        try:
            node.wait(10.0)
        except subprocess.TimeoutExpired:
            node.kill()
        processes.end_session(node.pid)
        say(f"{name}: has left")


def _follow(
    node: subprocess.Popen[bytes],
    address: str,
    name: str,
    say: Callable[[str], None],
    period: float,
    meter: Meter,
    stop: Callable[[], bool],
) -> None:
    begun, joined = time.monotonic(), False
    while not stop():
        if node.poll() is not None:
            raise ValueError(f"{name}: its node ended with status {node.returncode} ({address})")
        if not joined and adapter.joined(address, name):
            joined = True
            say(f"{name}: has joined {address}")
        if not joined and time.monotonic() > begun + JOINING:
            raise ValueError(f"{name}: has not joined {address} within {JOINING:g} s")
        _tell(address, name, meter)
        time.sleep(min(period, 0.5) if not joined else period)


def _tell(address: str, name: str, meter: Meter) -> None:
    told: dict[str, Any] = {"power_W": meter.measure(), "sources": meter.sources}
    adapter.tell(address, f"power:{name}", json.dumps(told | {"time": time.time()}).encode())
