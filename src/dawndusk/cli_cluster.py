"""Commands of the command line that concern clusters: where real work runs, and its nodes."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from dawndusk.execution.training.hosts import Engine

ENGINES = ("process", "ray")

COLUMNS = ("name", "role", "plane", "state", "replica", "units", "why")
SEEN = ("name", "role", "state", "power/W", "address", "labels")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(nodes)
    app.command()(agent)


@contextmanager
def chosen(name: str, address: str | None, folder: Path) -> "Iterator[Engine | None]":
    """The engine that the user asks for, None for this process.

    Raises:
        ValueError: when there is no such engine, or it is not installed
    """
    if name not in ENGINES:
        raise ValueError(f"--engine {name!r}; allowed: {' or '.join(ENGINES)}")
    if name == "process":
        if address is not None:
            raise ValueError("--address goes with --engine ray; leave one out or add the other")
        yield None
        return
    from dawndusk.cluster import adapter, agent
    from dawndusk.cluster.engine import RayEngine
    from dawndusk.results import partial_folder

    if not adapter.installed():
        raise adapter.MissingError(adapter.LACK)
    if address is not None:
        agent.reachable(address)
    with RayEngine(address, partial_folder(folder), say=_say) as engine:
        yield engine


def nodes(
    folder: Annotated[
        Path, typer.Argument(metavar="[RESULTS]", help="A results folder, or where such are.")
    ] = Path("results"),
    address: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Of a Ray cluster to look at instead.")
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show the whole traceback.")] = False,
) -> None:
    """Show the nodes of a run while it is on, or those of a Ray cluster."""
    from dawndusk import cli

    with cli._one_line_errors(debug):
        cli._console().print(_of_cluster(address) if address else _of_run(folder))


def agent(
    address: Annotated[str, typer.Option(metavar="HOST:PORT", help="Of the cluster's head.")],
    name: Annotated[str, typer.Option(help="Of this machine in the cluster.")],
    ip: Annotated[str | None, typer.Option(help="Of this machine, as the others see it.")] = None,
    processors: Annotated[int | None, typer.Option(min=1, help="To lend (default: all).")] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show the whole traceback.")] = False,
) -> None:
    """Join a Ray cluster with this machine, and tell what power it really draws."""
    from dawndusk import cli

    with cli._one_line_errors(debug):
        import signal
        import threading

        from dawndusk.cluster import adapter, agent

        if not adapter.installed():
            raise adapter.MissingError(adapter.LACK)
        asked = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda number, frame: asked.set())
        agent.serve(address, name, typer.echo, ip=ip, processors=processors, stop=asked.is_set)


def _of_run(folder: Path) -> Any:
    """Table of the run that wrote last."""
    from dawndusk.cluster import processes, table

    path = table.newest(folder)
    if path is None:
        raise ValueError(
            f"{folder}: no run with nodes of its own is on there; start one with: "
            "dawndusk run SCENARIO --engine ray"
        )
    told = table.read(path)
    title = f"{path.parent.name.removesuffix('.partial')}, {told['time_s'] / 3600.0:.2f} h"
    if not processes.alive(told["pid"]):
        title += "; the run has ended before its end: the same command goes on from there"
    elif told["waiting"]:
        title += f"; waits: {told['waiting']}"
    return table.printed(title, told["nodes"], COLUMNS)


def _of_cluster(address: str) -> Any:
    """Table of a cluster's nodes as Ray shows them, with the power that agents tell."""
    from dawndusk.cluster import agent, table
    from dawndusk.cluster.engine import look

    agent.reachable(address)
    rows = []
    for node, told in look(address):
        power = json.loads(told) if told else None
        fresh = power is not None and time.time() - power["time"] < 10 * agent.PERIOD
        watts = power["power_W"] if power is not None and fresh else None
        rows.append(
            {
                "name": node.labels.get("name", node.id[:8]),
                "role": node.labels.get("role", ""),
                "state": "drained" if node.draining else "up" if node.alive else "lost",
                "power/W": "" if power is None else "none" if watts is None else f"{watts:.1f}",
                "address": node.address,
                "labels": ", ".join(
                    f"{key}={value}"
                    for key, value in sorted(node.labels.items())
                    if key not in ("name", "role") and not key.startswith("ray.io/")
                ),
            }
        )
    return table.printed(f"{address}: {len(rows)} nodes", rows, SEEN)


def _say(text: str) -> None:
    typer.secho(text, fg=typer.colors.YELLOW, err=True)
