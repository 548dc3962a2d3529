"""The resolved scenario as one row a value, with where each value comes from."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dawndusk.report.numbers import plain

WEAK = ("assumed", "memory")
"""Confidences that a reader should question first."""


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


def assumptions(text: str) -> tuple[Assumption, ...]:
    """Every value of a resolved scenario.toml, in the file's order."""
    return tuple(_rows(tomllib.loads(text), ""))


def _rows(node: Mapping[str, Any], prefix: str) -> Iterator[Assumption]:
    for key, value in node.items():
        path = f"{prefix}{key}"
        if isinstance(value, Mapping) and "value" in value:
            extra = {
                name: plain(value[name])
                for name in ("origin", "source", "date", "confidence", "low", "high")
                if value.get(name) is not None
            }
            yield Assumption(path, plain(value["value"]), **extra)
        elif isinstance(value, Mapping):
            yield from _rows(value, f"{path}.")
        elif isinstance(value, list) and value and all(isinstance(v, Mapping) for v in value):
            for index, item in enumerate(value):
                yield from _rows(item, f"{path}.{index}.")
        else:
            yield Assumption(path, plain(value))
