"""How wrong input is reported: every fault at once, one line each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Any


@dataclass(frozen=True, slots=True)
class Fault:
    """One wrong value: where it stands, what was given, what is allowed, how to put it right."""

    path: str
    given: str
    allowed: str
    fix: str = ""

    def __str__(self) -> str:
        subject = f"{self.path} = {self.given}" if self.given else self.path
        line = f"{subject}: {self.allowed}"
        return f"{line}; {self.fix}" if self.fix else line


class ScenarioError(ValueError):
    """A scenario or catalogue that cannot be used, with all its faults."""

    def __init__(self, faults: Iterable[Fault], origin: str = "") -> None:
        self.faults = tuple(faults)
        self.origin = origin
        super().__init__(str(self))

    def __str__(self) -> str:
        lines = [str(fault) for fault in self.faults]
        if len(lines) == 1:
            return f"{self.origin}: {lines[0]}" if self.origin else lines[0]
        heading = f"{len(lines)} faults"
        return "\n  ".join([f"{self.origin}: {heading}" if self.origin else heading, *lines])

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.faults, self.origin)


def shown(value: Any) -> str:
    """A value as it would stand in TOML, cut to a line."""
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, str):
        text = f'"{value}"'
    elif isinstance(value, date):
        text = value.isoformat()
    elif isinstance(value, Mapping):
        text = "{" + ", ".join(map(str, value)) + "}"
    elif isinstance(value, list | tuple):
        text = f"a list of {len(value)}"
    else:
        text = repr(value)
    text = " ".join(text.split())
    return text if len(text) <= 200 else text[:197] + "..."


def nearest(name: str, valid: Iterable[str]) -> str | None:
    """The valid name most like the one given, if any is like it."""
    names = list(valid)
    lowered = {each.lower(): each for each in names}
    found = get_close_matches(name.lower(), lowered, n=1, cutoff=0.55)
    return lowered[found[0]] if found else None


def listed(names: Iterable[str]) -> str:
    """The allowed set on one line."""
    return "one of " + ", ".join(names)


def unknown_name(path: str, given: str, valid: Iterable[str], what: str) -> Fault:
    """The fault of a name that is not in the catalogue or in a set."""
    names = list(valid)
    close = nearest(given, names)
    fix = f'did you mean "{close}"?' if close else ""
    return Fault(path, shown(given), f"no such {what}; allowed: {listed(names)}", fix)
