"""Networks that cannot be: links without terminals, without ends or of the wrong kind."""

from collections.abc import Iterator

from dawndusk import catalogue
from dawndusk.catalogue.entries import Stations, Terminal
from dawndusk.scenario.constellation import SunSynchronous, WalkerDelta, WalkerStar
from dawndusk.scenario.errors import Fault, listed, shown
from dawndusk.scenario.network import Topology
from dawndusk.scenario.quantities import text
from dawndusk.scenario.schema import Tables

PLANES = (WalkerDelta, WalkerStar, SunSynchronous)


def satellites(tables: Tables) -> int | None:
    """How many satellites there are, None when a file says so."""
    constellation = tables.constellation
    given = getattr(constellation, "satellites", None)
    return len(given) if isinstance(given, tuple) else given


def topology(tables: Tables) -> Topology:
    """The topology that fits the constellation."""
    if tables.network.edges is not None:
        return "edges"
    if satellites(tables) == 1:
        return "none"
    if isinstance(tables.constellation, PLANES):
        return "plus_grid"
    return "mesh" if tables.constellation.kind == "cluster" else "nearest"


def faults(tables: Tables, chosen: Topology, own: catalogue.Own) -> Iterator[Fault]:
    """What is wrong with the network as a whole.

    Args:
        tables: validated scenario [object]
        chosen: its topology [object]
        own: the scenario's own catalogue entries [object]
    Returns:
        faults with dotted paths [object]
    """
    network = tables.network
    if not network.enabled:
        return
    if chosen == "plus_grid" and not isinstance(tables.constellation, PLANES):
        kind = tables.constellation.kind
        yield Fault(
            "network.topology",
            shown(chosen),
            f'impossible: a constellation of kind "{kind}" has no planes; '
            "allowed: nearest, mesh, edges, none",
        )
    needed = _terminals_needed(tables, chosen)
    if network.terminals < needed:
        others = "1 other" if needed == 1 else f"{needed} others"
        yield Fault(
            "network.terminals",
            str(network.terminals),
            f'impossible: topology "{chosen}" joins each satellite to {others}; '
            f"allowed: at least {needed}",
            'or network.topology = "none"',
        )
    links = [("terminal", "isl", chosen != "none")]
    links += [("ground_terminal", "ground", network.ground_links > 0)]
    links += [("user_terminal", "ground", network.users == "direct")]
    for key, use, wanted in links:
        name = getattr(network, key)
        if wanted and _terminal(name, own).use not in (use, "both"):
            fit = [
                each
                for each in catalogue.names("terminal", own)
                if _terminal(each, own).use in (use, "both")
            ]
            end = "another satellite" if use == "isl" else "the ground"
            allowed = f"it does not reach {end}; allowed: {listed(fit)}"
            yield Fault(f"network.{key}", shown(name), allowed)
    yield from _too_high(
        tables, [key for key, use, wanted in links if wanted and use != "isl"], own
    )
    stations = catalogue.entry(f"stations.{network.stations}", own).resolved
    assert isinstance(stations, Stations)
    if network.ground_links and not stations.stations:
        yield Fault(
            "network.stations",
            shown(network.stations),
            f"it has no stations for network.ground_links = {network.ground_links}; "
            "allowed: a set with stations",
            'or network.ground_links = 0 and network.users = "direct"',
        )
    yield from _unreachable_jobs(tables, chosen)


def _terminals_needed(tables: Tables, chosen: Topology) -> int:
    """Links that each satellite needs for the topology to hold together."""
    count = satellites(tables)
    if chosen == "none" or count == 1:
        return 0
    if chosen == "plus_grid" and isinstance(tables.constellation, PLANES):
        planes = tables.constellation.planes
        row = tables.constellation.satellites // planes
        return min(2, row - 1) + min(2, planes - 1)
    return 2 if chosen == "mesh" and count != 2 else 1


def _too_high(tables: Tables, keys: list[str], own: catalogue.Own) -> Iterator[Fault]:
    """Terminals whose range ends below the satellites, by the constellation's altitude."""
    altitude = getattr(tables.constellation, "altitude", None)
    for key in keys:
        name = getattr(tables.network, key)
        reach = _terminal(name, own).max_range
        if altitude is not None and reach < altitude:
            yield Fault(
                f"network.{key}",
                shown(name),
                f'impossible: its max_range is "{text(reach, "m")}", the satellites fly at '
                f'"{text(altitude, "m")}"; allowed: a terminal that reaches them',
                "or a lower constellation.altitude",
            )


def _terminal(name: str, own: catalogue.Own) -> Terminal:
    found = catalogue.entry(f"terminal.{name}", own).resolved
    assert isinstance(found, Terminal)
    return found


def _unreachable_jobs(tables: Tables, chosen: Topology) -> Iterator[Fault]:
    """Jobs whose data no link can ever carry."""
    for place, job in enumerate(tables.workload.jobs):
        path = f"workload.jobs.{place}"
        moved = {"input": job.input, "output": job.output}
        if job.checkpoint_to == "ground":
            moved["checkpoint_size"] = job.checkpoint_size
        for key, size in moved.items():
            if size > 0.0 and tables.network.ground_links == 0:
                yield Fault(
                    f"{path}.{key}",
                    shown(text(size, "B")),
                    "impossible: network.ground_links = 0 links no satellite to a station; "
                    'allowed: "0 B"',
                    "or network.ground_links of at least 1",
                )
        if job.exchange > 0.0 and job.nodes > 1 and chosen == "none":
            yield Fault(
                f"{path}.exchange",
                shown(text(job.exchange, "B")),
                'impossible: network.topology "none" links no satellites; allowed: "0 B"',
                "or another topology",
            )
