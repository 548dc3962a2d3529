"""The catalogue: designs, chips, models, launchers, sites, cities, terminals, storms, prices.

Each value carries its source, date and confidence. `kinds()`, `names(kind)` and
`entry("accelerator.h100")` give plain data; nothing is printed.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from pydantic import ValidationError

from dawndusk.catalogue.entries import (
    Accelerator,
    Cities,
    Launcher,
    Model,
    Site,
    Stations,
    Storm,
    Terminal,
    WorkloadClass,
)
from dawndusk.scenario import trees
from dawndusk.scenario.economics import Economics
from dawndusk.scenario.errors import Fault, ScenarioError, unknown_name
from dawndusk.scenario.fields import Table, quantity_of
from dawndusk.scenario.provenance import Given, Provenance, Value
from dawndusk.scenario.reporting import faults_of
from dawndusk.scenario.satellite import Satellite
from dawndusk.scenario.values import values_of

WHOLE: Final[dict[str, type[Table]]] = {
    "accelerator": Accelerator,
    "model": Model,
    "site": Site,
    "launcher": Launcher,
    "cities": Cities,
    "terminal": Terminal,
    "stations": Stations,
    "workload": WorkloadClass,
    "storm": Storm,
}
"""Kinds whose entries stand by themselves."""

PARTIAL: Final[dict[str, tuple[type[Table], str]]] = {
    "design": (Satellite, "generic"),
    "prices": (Economics, "default"),
}
"""Kinds whose entries supply values of a scenario's table, laid over a complete base entry."""

SUPPLIED: Final = {"prices": ("launch_price", "accelerator_price", "ground_construction")}
"""Values of a partial kind that come from the entries of other kinds."""

FILES: Final = {
    "accelerator": "accelerators.toml",
    "design": "designs.toml",
    "model": "models.toml",
    "launcher": "launchers.toml",
    "site": "sites.toml",
    "cities": "cities.toml",
    "terminal": "terminals.toml",
    "stations": "stations.toml",
    "workload": "workloads.toml",
    "storm": "storms.toml",
    "prices": "prices.toml",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its values by dotted path and, for whole kinds, the object with SI attributes."""

    kind: str
    name: str
    title: str
    values: Mapping[str, Value]
    resolved: Table | None


Own = Mapping[str, Mapping[str, trees.Tree]]
"""A scenario's own entries, by kind and name, laid over the shipped ones."""


def kinds() -> tuple[str, ...]:
    """All kinds of entries."""
    return tuple(FILES)


def names(kind: str, own: Own | None = None) -> tuple[str, ...]:
    """All names of a kind.

    Raises:
        ScenarioError: when there is no such kind
    """
    return tuple(dict.fromkeys([*_shipped(_known(kind)), *(own or {}).get(kind, {})]))


def title(kind: str, name: str) -> str:
    """The full name of a shipped entry, read without checking the entry."""
    return str(trees.plain(_shipped(_known(kind))[name].get("title", name)))


def entry(reference: str, own: Own | None = None) -> Entry:
    """One entry, checked.

    Args:
        reference: kind and name, such as "accelerator.h100" [object]
        own: a scenario's own entries [object]
    Returns:
        its values with provenance [object]
    Raises:
        ScenarioError: when there is no such entry or a value of it is wrong
    """
    kind, _, name = reference.partition(".")
    _known(kind)
    if name not in names(kind, own):
        raise ScenarioError([unknown_name("catalogue", reference, _references(own), "entry")])
    if own is None or name not in own.get(kind, {}):
        return _shipped_entry(kind, name)
    return _checked(kind, name, tree(kind, name, own))


def tree(kind: str, name: str, own: Own | None = None) -> trees.Tree:
    """The given values of one entry, unchecked."""
    shipped: trees.Tree = _shipped(kind).get(name, {})
    merged: trees.Tree = trees.overlay(shipped, (own or {}).get(kind, {}).get(name, {}))
    return merged


@cache
def _shipped(kind: str) -> Mapping[str, trees.Tree]:
    content = tomllib.loads(files(__name__).joinpath(FILES[kind]).read_text("utf-8"))
    faults: list[Fault] = []
    found = {
        name: trees.read(table, "catalogue", faults, f"{kind}.{name}.", {})
        for name, table in content.items()
    }
    if faults:
        raise ScenarioError(faults, FILES[kind])
    return found


@cache
def _shipped_entry(kind: str, name: str) -> Entry:
    return _checked(kind, name, _shipped(kind)[name])


def _checked(kind: str, name: str, given: trees.Tree) -> Entry:
    prefix = f"catalogue.{kind}.{name}."
    given = dict(given)
    heading = str(trees.plain(given.get("title", Given(name, Provenance("catalogue")))))
    if kind in WHOLE:
        given["name"] = Given(name, Provenance("catalogue"))
        given.setdefault("title", Given(heading, Provenance("catalogue")))
        table = _validated(WHOLE[kind], given, prefix)
        return Entry(kind, name, heading, _values(table, given, prefix, True), table)
    given.pop("title", None)
    root, base = PARTIAL[kind]
    complete = trees.overlay(_shipped(kind)[base], given)
    complete.pop("title", None)
    for path in SUPPLIED.get(kind, ()):
        quantity = quantity_of(root.model_fields[path])
        zero = f"0 {quantity.si}" if quantity else "0"
        complete.setdefault(path, Given(zero, Provenance("default")))
    table = _validated(root, complete, prefix)
    return Entry(kind, name, heading, _values(table, given, prefix, False), None)


def _validated(root: type[Table], given: trees.Tree, prefix: str) -> Table:
    try:
        return root.model_validate(trees.plain(given), context={"border": True})
    except ValidationError as error:
        raise ScenarioError(faults_of(error, root, prefix)) from None


def _values(table: Table, given: trees.Tree, prefix: str, whole: bool) -> dict[str, Value]:
    faults: list[Fault] = []
    found = values_of(table, given, prefix, faults)
    if faults:
        raise ScenarioError(faults)
    return {
        path: value
        for path, value in found.items()
        if path not in ("name", "title")
        and (value.provenance.origin != "default" or (whole and value.value is not None))
    }


def _known(kind: str) -> str:
    if kind not in FILES:
        raise ScenarioError([unknown_name("catalogue", kind, FILES, "kind")])
    return kind


def _references(own: Own | None) -> Sequence[str]:
    return [f"{kind}.{name}" for kind in FILES for name in names(kind, own)]


__all__ = ("Entry", "Value", "entry", "kinds", "names", "title", "tree")
