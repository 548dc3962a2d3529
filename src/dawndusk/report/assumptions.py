"""The resolved scenario as one row a value, with where each value comes from."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dawndusk.report.numbers import plain

WEAK = ("assumed", "memory")
"""Confidences that a reader should question first."""

LONG = re.compile(r"(?<![\w.])-?\d+\.\d{5,}(?:e[-+]?\d+)?(?![\w.])")

LABELS = ("name", "description")
"""Paths that say what a scenario is called and assume nothing."""

LEFT_OPEN = "auto"
"""What a scenario says of a value that the run is to find."""


@dataclass(frozen=True)
class Assumption:
    """One value of the scenario and its provenance, all as text."""

    path: str
    value: str
    origin: str = ""
    source: str = ""
    date: str = ""
    confidence: str = ""
    low: str = ""
    high: str = ""

    @property
    def weak(self) -> bool:
        """True where nobody published the value."""
        return self.confidence in WEAK


def assumptions(text: str, filled: Iterable[Mapping[str, Any]] = ()) -> tuple[Assumption, ...]:
    """Every value of a resolved scenario.toml in the file's order, then what only the run knows.

    Args:
        text: the scenario.toml [object]
        filled: `assumptions` of run.json; they stand in for values left to be found [object]
    Returns:
        one row a value [object]
    """
    found = {
        str(entry["path"]): Assumption(
            path=str(entry["path"]),
            value=f"{plain(entry['value'])} {entry.get('unit', '')}".removesuffix(" -").strip(),
            **_notes(entry),
        )
        for entry in filled
    }
    rows = [
        found.get(row.path, row) if row.value == LEFT_OPEN else row
        for row in _rows(tomllib.loads(text), "")
        if row.path not in LABELS
    ]
    known = {row.path for row in rows}
    return (*rows, *(row for path, row in found.items() if path not in known))


def short(text: str) -> str:
    """The same text with long decimal numbers cut to six significant digits."""
    return LONG.sub(lambda found: f"{float(found[0]):.6g}", text)


def _notes(entry: Mapping[str, Any]) -> dict[str, str]:
    names = ("origin", "source", "date", "confidence", "low", "high")
    texts = {name: plain(entry[name]) for name in names if entry.get(name) is not None}
    return texts | {name: short(texts[name]) for name in ("low", "high") if name in texts}


def _rows(node: Mapping[str, Any], prefix: str) -> Iterator[Assumption]:
    for key, value in node.items():
        path = f"{prefix}{key}"
        if isinstance(value, Mapping) and "value" in value:
            yield Assumption(path, short(plain(value["value"])), **_notes(value))
        elif isinstance(value, Mapping):
            yield from _rows(value, f"{path}.")
        elif isinstance(value, list) and value and all(isinstance(v, Mapping) for v in value):
            for index, item in enumerate(value):
                yield from _rows(item, f"{path}.{index}.")
        else:
            yield Assumption(path, short(plain(value)))
