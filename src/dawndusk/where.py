"""Where each class of work should run: in orbit, on the ground or aboard, and what binds it.

An assembler: it puts the costs, energies and carbon of the ledger, the power and heat that a
satellite sustains, and the network of the run beside what a class of the catalogue asks for.
A price is that of a node given to the class alone: its cost over time by the units it finishes.

Neglected: energy of links, prices of links beside those of ground antennas, carbon of making
hardware, failures of the ground site and its fibre, and that a ground operator would have more
than one site.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from dawndusk import catalogue, places
from dawndusk.catalogue.entries import WorkloadClass
from dawndusk.constants import JULIAN_YEAR
from dawndusk.fleet_plan import FleetPlan
from dawndusk.places import BITS, Place
from dawndusk.scenario import Scenario
from dawndusk.scenario.quantities import text
from dawndusk.workload import classes

RAREST = 1.0 / JULIAN_YEAR
"""Fewer units than this count as none [1/s]: one a year of a node."""

ABSENT = ("memory", "links")
"""What leaves nothing to price."""

ALONE = "no data arise on a vehicle or a satellite"


def matrix(
    scenario: Scenario,
    plan: FleetPlan,
    summary: Mapping[str, Any],
    workloads: Iterable[WorkloadClass] | None = None,
) -> list[dict[str, Any]]:
    """The answer for every class of work and option, three rows a class.

    Args:
        scenario: what was run, all sizes filled in [object]
        plan: its fleet [object]
        summary: of the run [object]
        workloads: classes to judge, None for those of the catalogue [object]
    Returns:
        rows with the keys workload, title, unit, option, feasible (None where the network was
        not modelled), binding, price_usd, latency_p50_s, latency_p99_s, energy_J, carbon_kg
        (all of a unit), units_per_node_s, verdict and why [object]
    """
    if workloads is None:
        workloads = shipped()
    rows: list[dict[str, Any]] = []
    for entry in workloads:
        if entry.origin == "satellite" and scenario.network.sensor > 0.0:
            entry = entry.model_copy(update={"rate": scenario.network.sensor / entry.input})
        offers = {
            "orbit": places.orbit(scenario, plan, summary, entry),
            "ground": places.ground(scenario, plan, summary, entry),
            "aboard": places.aboard(scenario, plan, summary, entry),
        }
        rows += _compared(
            entry, {option: _judged(entry, place) for option, place in offers.items()}
        )
    return rows


def shipped() -> list[WorkloadClass]:
    """The classes of the shipped catalogue."""
    found = [catalogue.entry(f"workload.{name}").resolved for name in catalogue.names("workload")]
    return [entry for entry in found if isinstance(entry, WorkloadClass)]


def _judged(entry: WorkloadClass, place: Place | None) -> dict[str, Any]:
    """One option on its own: whether it can, what binds, and its figures."""
    row: dict[str, Any] = dict.fromkeys(
        ("price_usd", "latency_p50_s", "latency_p99_s", "energy_J", "carbon_kg", "units_per_node_s")
    )
    if place is None:
        return row | {"feasible": False, "binding": "origin", "why": ALONE}
    needed = math.ceil(entry.memory / place.memory)
    full = classes.compute_rate(entry.work, entry.utilisation, place.peak)
    paces = {
        place.usable_limit: full * place.usable,
        place.incoming_link: classes.carried_rate(entry.input, place.incoming),
        "downlink": classes.carried_rate(entry.output, place.outgoing),
    }
    if needed > 1:
        kept = classes.exchange_share(entry.exchange, place.between) if place.between else 0.0
        paces["exchange"] = full * place.usable * kept
    binding = min(paces, key=paces.__getitem__)
    pace = paces[binding]
    fault, why = _fault(entry, place, needed, paces)
    if pace >= RAREST and fault not in ABSENT:
        alone = entry.rate if place.option == "aboard" and entry.origin == "vehicle" else None
        energy = (
            classes.unit_energy(place.working, place.idle, full, pace, place.effectiveness)
            if alone is None
            else place.working / alone
        )
        row |= {
            "units_per_node_s": pace,
            "price_usd": place.price / (alone or pace)
            + entry.input * place.price_in
            + entry.output * place.price_out,
            "energy_J": energy,
            "carbon_kg": energy * place.carbon_energy + place.carbon_time / pace,
        }
    if not place.unknown:
        for name, quantile, trip in (("p50", 0.5, 0), ("p99", 0.99, 1)):
            found = _latency(entry, place, quantile, place.trip[trip])
            row[f"latency_{name}_s"] = found if math.isfinite(found) else None
    if fault == "network":
        return row | {"feasible": None, "binding": "network", "why": why}
    if fault:
        return row | {"feasible": False, "binding": fault, "why": why}
    why = f"{binding} sets its rate"
    if entry.input * place.price_in + entry.output * place.price_out > 0.5 * row["price_usd"]:
        why += ", ground antennas most of its price"
    return row | {"feasible": True, "binding": binding, "why": why}


def _fault(
    entry: WorkloadClass, place: Place, needed: int, paces: Mapping[str, float]
) -> tuple[str, str]:
    """What makes an option impossible, and why; empty when nothing does."""
    limit, rate = place.usable_limit, entry.rate
    if needed > place.nodes:
        have = text(_rounded(place.nodes * place.memory), "B")
        return "memory", f"it needs {text(entry.memory, 'B')} of memory, there are {have}"
    if paces[limit] < RAREST:
        return limit, f"{limit} leaves no time for work"
    if not entry.interruptible and entry.response > place.stretch:
        return limit, f"it may not pause, and {limit} makes a satellite pause every orbit"
    if place.option == "aboard" and rate is not None and paces[limit] < rate:
        have = f"{limit} lets the computer aboard finish {paces[limit]:.3g}"
        return limit, f"{rate:.3g} a second arise, {have}"
    if rate is not None and rate * entry.input > place.source:
        carried = f"its {place.source_link} carries {_bits(place.source)}"
        return place.source_link, f"its source makes {_bits(rate * entry.input)}, {carried}"
    if entry.latency is not None and place.access < entry.availability:
        works = f"the source's own link works {place.access:.4g} of the time"
        return "access", f"{works}, {entry.availability:.6g} are asked for"
    late = _late(entry, place)
    if place.unknown and not late[0]:
        return "network", place.unknown
    if needed > 1 and place.between <= 0.0:
        return "links", f"it needs {needed} nodes together, and no link joins them"
    for link, pace in paces.items():
        if pace < RAREST:
            return link, f"{link} carries less than one unit a year"
    return late


def _late(entry: WorkloadClass, place: Place) -> tuple[str, str]:
    """Whether the answers asked for come in time."""
    if place.share <= 0.0:
        return "contact", "there is never a path to the ground"
    if entry.latency is None:
        return "", ""
    limit = _time(entry.latency)
    quick = _latency(entry, place, 0.0, place.trip[1])
    if quick > entry.latency:
        return "latency", f"its answer takes {_time(quick)} {place.route}, {limit} are allowed"
    if _latency(entry, place, entry.availability, place.trip[1]) > entry.latency:
        path = f"a path exists {place.share:.4g} of the time"
        return "contact", f"{path}, so fewer than {entry.availability:.6g} come within {limit}"
    return "", ""


def _latency(entry: WorkloadClass, place: Place, quantile: float, trip: float) -> float:
    """From data to answer [s]."""
    response = entry.response
    if place.option == "aboard" and entry.origin == "vehicle":
        response = entry.work / (entry.utilisation * place.peak)
    moved = sum(
        size / rate
        for size, rate in ((entry.input, place.link_in), (entry.output, place.link_out))
        if size > 0.0 and rate > 0.0
    )
    return response + moved + trip + classes.waiting(place.share, place.contact, quantile)


def _compared(
    entry: WorkloadClass, judged: Mapping[str, dict[str, Any]]
) -> Iterable[dict[str, Any]]:
    """The rows of one class, the cheapest that can marked; equal prices go to the quicker."""
    able = {option: row for option, row in judged.items() if row["feasible"]}
    ranked = sorted(able, key=lambda option: (able[option]["price_usd"], _quickness(able[option])))
    open_prices = [row["price_usd"] for row in judged.values() if row["feasible"] is None]
    certain = ranked and all(
        price is None or able[ranked[0]]["price_usd"] <= price for price in open_prices
    )
    for option, row in judged.items():
        verdict, why = _verdict(entry, option, row, judged, ranked, bool(certain))
        yield {
            "workload": entry.name,
            "title": entry.title,
            "unit": entry.unit,
            "option": option,
            **row,
            "verdict": verdict,
            "why": why,
        }


def _verdict(
    entry: WorkloadClass,
    option: str,
    row: Mapping[str, Any],
    judged: Mapping[str, Mapping[str, Any]],
    ranked: list[str],
    certain: bool,
) -> tuple[str, str]:
    if row["feasible"] is None:
        return "not modelled", f"not modelled: {row['why']}"
    if not row["feasible"]:
        return "impossible", f"impossible, bound by {row['binding']}: {row['why']}"
    if option != ranked[0]:
        times = row["price_usd"] / judged[ranked[0]]["price_usd"]
        there = _there(ranked[0])
        compared = f"{times:.3g} times that {there}" if times > 1.0 else f"that {there}, but later"
        return "possible", f"possible: its price is {compared}; {row['why']}"
    if not certain:
        return "possible", f"possible: {row['why']}; other places are not modelled"
    others = {o: each for o, each in judged.items() if o != option and each["binding"] != "origin"}
    if len(ranked) > 1:
        second = judged[ranked[1]]
        reason = (
            f"{_there(ranked[1])} the price is {second['price_usd'] / row['price_usd']:.3g} times"
        )
        if second["price_usd"] == row["price_usd"]:
            reason = f"{_there(ranked[1])} it costs the same and takes longer"
    elif others:
        reason = "; ".join(
            f"{_there(other)} {each['binding']} forbids it"
            if each["feasible"] is False
            else f"{_there(other)} it is dearer even with free links"
            for other, each in others.items()
        )
    else:
        reason = "no other place is there"
    return "best", f"best, bound by {row['binding']}: {reason}"


def _there(option: str) -> str:
    return {"orbit": "in orbit", "ground": "on the ground", "aboard": "aboard"}[option]


def _quickness(row: Mapping[str, Any]) -> float:
    return math.inf if row["latency_p99_s"] is None else float(row["latency_p99_s"])


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")


def _time(seconds: float) -> str:
    return text(_rounded(seconds), "s")


def _bits(rate: float) -> str:
    return text(_rounded(BITS * rate), "bit/s")
