"""A resolved scenario as TOML: every value with its provenance, loadable again."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from dawndusk.scenario import trees
from dawndusk.scenario.provenance import Given, Provenance, Value
from dawndusk.scenario.quantities import text
from dawndusk.scenario.resolved import Scenario
from dawndusk.scenario.values import written

WHOLE = ("accelerator", "model", "site", "launcher", "terminal", "storm")
"""Kinds of entries written in full; others of the scenario's own as they were given."""


def to_toml(scenario: Scenario, own: trees.Tree) -> str:
    """The resolved scenario.

    Args:
        scenario: to write [object]
        own: its own catalogue entries [object]
    Returns:
        TOML text [object]
    """
    lines = [f"# {scenario.name}: all values, resolved by dawndusk, with their provenance", ""]
    lines.extend(_tables(scenario.values, ""))
    for reference, entry in scenario.entries().items():
        kind, _, name = reference.partition(".")
        if kind in WHOLE:
            title = Value(entry.title, entry.title, "", "", Provenance("catalogue"))
            lines.extend(
                _tables({"title": title, **entry.values}, f"catalogue.{kind}.{_key(name)}")
            )
    for kind in sorted(set(own) - set(WHOLE)):
        for name, entry_tree in own[kind].items():
            lines.append(f"[catalogue.{kind}.{_key(name)}]")
            lines.extend(f"{key} = {_raw(value)}" for key, value in entry_tree.items())
            lines.append("")
    return "\n".join(lines)


def _tables(values: Mapping[str, Value], prefix: str) -> Iterator[str]:
    """Values by the table they stand in; a path that ends in a number is a list's entry."""
    tables: dict[str, list[str]] = {}
    for path, value in values.items():
        table, _, key = path.rpartition(".")
        tables.setdefault(table, []).append(f"{key} = {_line(value)}")
    for table, lines in tables.items():
        keys = table.split(".") if table else []
        named = [key for key in keys if not key.isdigit()]
        heading = ".".join([prefix, *named] if prefix else named)
        if heading:
            yield f"[[{heading}]]" if keys and keys[-1].isdigit() else f"[{heading}]"
        yield from lines
        yield ""


def _line(value: Value) -> str:
    notes = value.provenance.given()
    for side in ("low", "high"):
        if side in notes and value.unit:
            notes[side] = text(notes[side], value.unit)
    parts = {"value": _literal(value), **{key: _plain(note) for key, note in notes.items()}}
    return "{ " + ", ".join(f"{key} = {part}" for key, part in parts.items()) + " }"


def _literal(value: Value) -> str:
    if value.value is None or (isinstance(value.value, float) and value.unit):
        return _plain(written(value.value, value.unit))
    return _plain(value.value)


def _plain(value: Any) -> str:
    """A value as a TOML literal."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, datetime):
        return written(value, "")
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_raw(each) for each in value) + "]"
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def _raw(value: Any) -> str:
    """A given tree as an inline TOML value."""
    if isinstance(value, Given):
        notes = {key: _plain(note) for key, note in value.provenance.given().items()}
        for side, bound in (("low", value.low), ("high", value.high)):
            if bound is not None:
                notes[side] = _plain(bound)
        parts = {"value": _plain(value.value), **notes}
    elif isinstance(value, dict):
        parts = {key: _raw(each) for key, each in value.items()}
    else:
        return _plain(value)
    return "{ " + ", ".join(f"{_key(key)} = {part}" for key, part in parts.items()) + " }"


def _key(name: str) -> str:
    bare = name.replace("-", "").replace("_", "").isalnum() and name.isascii()
    return name if bare else json.dumps(name, ensure_ascii=False)
