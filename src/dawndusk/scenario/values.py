"""The values of a validated table, each with its text, meaning and provenance."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic.fields import FieldInfo

from dawndusk.scenario import trees
from dawndusk.scenario.errors import Fault, shown
from dawndusk.scenario.fields import AUTO, Table, quantity_of
from dawndusk.scenario.provenance import Given, Provenance, Value
from dawndusk.scenario.quantities import QuantityError, text


def values_of(
    table: Table, given: trees.Tree, prefix: str, faults: list[Fault]
) -> dict[str, Value]:
    """Every value by dotted path; bounds that cannot be read are added to `faults`.

    Args:
        table: validated [object]
        given: the tree that it was validated from [object]
        prefix: of the paths in faults [object]
        faults: receives what is wrong with the bounds [object]
    Returns:
        values in the order of the schema [object]
    """
    found = {}
    for path, owner, key, value in fields(table):
        field = owner.model_fields[key]
        leaf = trees.find(given, path)
        if isinstance(leaf, Given):
            low, high = _bounds(leaf, field, prefix + path, faults)
            provenance = replace(leaf.provenance, low=low, high=high)
        else:
            provenance = Provenance("default", *_noted(field))
        quantity = quantity_of(field)
        unit = quantity.si if quantity else ""
        found[path] = Value(value, written(value, unit), unit, field.description or "", provenance)
    return found


def written(value: Any, unit: str) -> str:
    """A value as text: a quantity with its unit, "auto" for one left open."""
    if value is None:
        return AUTO
    if isinstance(value, float):
        return text(value, unit)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if value != () else "none"


def _noted(field: FieldInfo) -> tuple[str, str, str]:
    extra = field.json_schema_extra
    if not isinstance(extra, dict):
        return "", "", ""
    return tuple(str(extra.get(key, "")) for key in ("source", "date", "confidence"))  # type: ignore[return-value]


def _bounds(
    given: Given, field: FieldInfo, dotted: str, faults: list[Fault]
) -> tuple[float | None, float | None]:
    """The SI bounds noted beside a value."""
    quantity = quantity_of(field)
    read: list[float | None] = []
    for side, bound in (("low", given.low), ("high", given.high)):
        if bound is None or quantity is None:
            if bound is not None and isinstance(bound, int | float):
                read.append(float(bound))
            else:
                read.append(None)
            continue
        try:
            read.append(quantity.read(bound))
        except QuantityError as error:
            faults.append(Fault(f"{dotted}.{side}", shown(bound), error.allowed, error.fix))
            read.append(None)
    return read[0], read[1]


def fields(table: Table, prefix: str = "") -> Iterator[tuple[str, type[Table], str, Any]]:
    """Every value of a validated table: dotted path, table it stands in, key, value."""
    for key in type(table).model_fields:
        value, path = getattr(table, key), f"{prefix}{key}"
        yield from _within(value, path, type(table), key)


def _within(
    value: Any, path: str, owner: type[Table], key: str
) -> Iterator[tuple[str, type[Table], str, Any]]:
    if isinstance(value, Table):
        yield from fields(value, f"{path}.")
    elif isinstance(value, tuple) and value and all(isinstance(each, Table) for each in value):
        for place, each in enumerate(value):
            yield from fields(each, f"{path}.{place}.")
    elif isinstance(value, dict):
        for name, each in value.items():
            yield f"{path}.{name}", owner, key, each
    else:
        yield path, owner, key, value
