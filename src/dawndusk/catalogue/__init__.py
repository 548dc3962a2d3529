"""The catalogue: designs, accelerators, models, launchers, sites, cities and prices.

Each value carries its source, date and confidence. `kinds()`, `names(kind)` and
`entry("accelerator.h100")` give plain data; nothing is printed.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from dawndusk.catalogue.entries import Accelerator, Cities, Launcher, Model, Site
from dawndusk.scenario import trees
from dawndusk.scenario.economics import Economics
from dawndusk.scenario.errors import Fault, ScenarioError, unknown_name
from dawndusk.scenario.fields import Table, quantity_of
from dawndusk.scenario.provenance import Given, Provenance
from dawndusk.scenario.quantities import text
from dawndusk.scenario.reporting import bounds, faults_of, fields
from dawndusk.scenario.satellite import Satellite

WHOLE: Final[dict[str, type[Table]]] = {
    "accelerator": Accelerator,
    "model": Model,
    "site": Site,
    "launcher": Launcher,
    "cities": Cities,
}
"""Kinds whose entries stand by themselves."""

PARTIAL: Final[dict[str, tuple[type[Table], str]]] = {
    "design": (Satellite, "generic"),
    "prices": (Economics, "default"),
}
"""Kinds whose entries supply values of a scenario's table, laid over a complete base entry."""

FILES: Final = {
    "accelerator": "accelerators.toml",
    "design": "designs.toml",
    "model": "models.toml",
    "launcher": "launchers.toml",
    "site": "sites.toml",
    "cities": "cities.toml",
    "prices": "prices.toml",
}


@dataclass(frozen=True, slots=True)
class Value:
    """One value of an entry: SI value, as text with its unit, meaning and provenance."""

    value: Any
    text: str
    unit: str
    meaning: str
    provenance: Provenance


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
        return Entry(kind, name, heading, _values(table, given, prefix), table)
    given.pop("title", None)
    root, base = PARTIAL[kind]
    complete = trees.overlay(_shipped(kind)[base], given)
    complete.pop("title", None)
    if kind == "prices":
        stand_in = Given(0.0, Provenance("derived"))
        for path in ("launch_price", "accelerator_price", "ground_construction"):
            complete.setdefault(path, replace(stand_in, value=_zero(root, path)))
    table = _validated(root, complete, prefix)
    return Entry(kind, name, heading, _values(table, given, prefix), None)


def _zero(root: type[BaseModel], key: str) -> str:
    quantity = quantity_of(root.model_fields[key])
    return f"0 {quantity.si}" if quantity is not None else "0"


def _validated(root: type[Table], given: trees.Tree, prefix: str) -> Table:
    try:
        return root.model_validate(trees.plain(given), context={"border": True})
    except ValidationError as error:
        raise ScenarioError(faults_of(error, root, prefix)) from None


def _values(table: Table, given: trees.Tree, prefix: str) -> dict[str, Value]:
    faults: list[Fault] = []
    values = {}
    for path, owner, key, value in fields(table):
        leaf = trees.find(given, path)
        if path in ("name", "title"):
            continue
        field = owner.model_fields[key]
        if isinstance(leaf, Given):
            low, high = bounds(leaf, owner, key, prefix + path, faults)
            provenance = replace(leaf.provenance, low=low, high=high)
        elif isinstance(field.json_schema_extra, dict) and field.json_schema_extra:
            provenance = Provenance("default", **_defaults(field.json_schema_extra))
        else:
            continue
        quantity = quantity_of(field)
        shown = text(value, quantity.si) if quantity and value is not None else str(value)
        unit = quantity.si if quantity else ""
        values[path] = Value(value, shown, unit, field.description or "", provenance)
    if faults:
        raise ScenarioError(faults)
    return values


def _defaults(extra: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(extra[key]) for key in ("source", "date", "confidence")}


def _known(kind: str) -> str:
    if kind not in FILES:
        raise ScenarioError([unknown_name("catalogue", kind, FILES, "kind")])
    return kind


def _references(own: Own | None) -> Sequence[str]:
    return [f"{kind}.{name}" for kind in FILES for name in names(kind, own)]


__all__: Iterable[str] = ("Entry", "Value", "entry", "kinds", "names", "title", "tree")
