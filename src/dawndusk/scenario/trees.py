"""Nested tables of given values: read from TOML, laid over each other, walked by dotted path."""

from collections.abc import Iterator, Mapping
from typing import Any

from dawndusk.scenario.errors import Fault, listed, shown
from dawndusk.scenario.provenance import CONFIDENCES, ORIGINS, Given, Provenance

Tree = dict[str, Any]
"""Tables as dicts, lists of tables as lists, every other value a `Given`."""

NOTES = ("origin", "source", "date", "confidence", "low", "high")
"""Keys that may stand beside `value`."""


def read(
    table: Mapping[str, Any],
    origin: str,
    faults: list[Fault],
    prefix: str = "",
    inherited: Mapping[str, Any] | None = None,
) -> Tree:
    """Turn parsed TOML into a tree; `{value = …, source = …}` becomes one value with its notes.

    With `inherited`, as in the catalogue, a table's `source`, `date` and `confidence` hold for
    all values below that give none of their own.
    """
    if inherited is not None:
        own = {key: table[key] for key in ("source", "date", "confidence") if key in table}
        table = {key: value for key, value in table.items() if key not in own}
        inherited = {**inherited, **own}
    return {
        key: _branch(value, origin, faults, f"{prefix}{key}", inherited)
        for key, value in table.items()
    }


def _branch(
    value: Any, origin: str, faults: list[Fault], path: str, inherited: Mapping[str, Any] | None
) -> Any:
    if isinstance(value, Mapping):
        if "value" in value:
            return _noted(value, origin, faults, path, inherited or {})
        return read(value, origin, faults, f"{path}.", inherited)
    if isinstance(value, list) and value and all(isinstance(each, Mapping) for each in value):
        return [
            _branch(each, origin, faults, f"{path}.{place}", inherited)
            for place, each in enumerate(value)
        ]
    return Given(value, _provenance(origin, inherited or {}))


def _noted(
    table: Mapping[str, Any],
    origin: str,
    faults: list[Fault],
    path: str,
    inherited: Mapping[str, Any],
) -> Given:
    notes = {**inherited, **{key: value for key, value in table.items() if key != "value"}}
    faults.extend(
        Fault(
            f"{path}.{key}", shown(notes[key]), f"unknown key; allowed: value, {', '.join(NOTES)}"
        )
        for key in notes
        if key not in NOTES
    )
    for key, valid in (("origin", ORIGINS), ("confidence", CONFIDENCES)):
        if key in notes and notes[key] not in valid:
            faults.append(Fault(f"{path}.{key}", shown(notes[key]), f"allowed: {listed(valid)}"))
    return Given(table["value"], _provenance(origin, notes), notes.get("low"), notes.get("high"))


def _provenance(origin: str, notes: Mapping[str, Any]) -> Provenance:
    source, date, confidence = (str(notes.get(key, "")) for key in NOTES[1:4])
    return Provenance(str(notes.get("origin", origin)), source, date, confidence)


def overlay(lower: Any, upper: Any) -> Any:
    """`upper` laid over `lower`: tables merge, everything else is replaced."""
    if not (isinstance(lower, dict) and isinstance(upper, dict)):
        return upper
    merged = dict(lower)
    for key, value in upper.items():
        merged[key] = overlay(lower[key], value) if key in lower else value
    return merged


def plain(tree: Any) -> Any:
    """The values alone."""
    if isinstance(tree, dict):
        return {key: plain(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [plain(value) for value in tree]
    return tree.value if isinstance(tree, Given) else tree


def leaves(tree: Any, prefix: str = "") -> Iterator[tuple[str, Given]]:
    """Every value with its dotted path; places in lists count from 0."""
    if isinstance(tree, Given):
        yield prefix, tree
        return
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, value in pairs:
        yield from leaves(value, f"{prefix}.{key}" if prefix else str(key))


def find(tree: Any, path: str) -> Any:
    """The branch or value at a dotted path, None where there is none."""
    for key in path.split("."):
        if isinstance(tree, dict):
            tree = tree.get(key)
        elif isinstance(tree, list) and key.isdigit() and int(key) < len(tree):
            tree = tree[int(key)]
        else:
            return None
    return tree


def put(tree: Tree, path: str, value: Any) -> Tree:
    """A tree with one branch or value replaced or added.

    Raises:
        KeyError: when the path leads through a value or beside a list
    """
    key, _, rest = path.partition(".")
    branch: Any = tree
    if isinstance(branch, list):
        place = int(key) if key.isdigit() else -1
        if not 0 <= place <= len(branch):
            raise KeyError(key)
        below = branch[place] if place < len(branch) else {}
        changed: Any = [*branch[:place], put(below, rest, value) if rest else value]
        return changed + branch[place + 1 :]
    if not isinstance(branch, dict):
        raise KeyError(key)
    below = branch.get(key, [] if rest.partition(".")[0].isdigit() else {})
    return {**branch, key: put(below, rest, value) if rest else value}
