"""What went in, what came out, and what is left unexplained."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dawndusk.report import numbers

TOLERANCE = 1e-9
GROUND = "ground "
OFFERED = {
    "energy": "generated",
    "ground energy": "drawn",
    "heat": "taken in",
    "work": "at peak rate",
    "jobs": "submitted",
    "sensor": "produced",
    "satellites": "built, all runs",
    "modules": "launched, all runs",
}
PARTS = {"thermal": "heat", "stock": "on the ground"}
TITLES = {"work": "compute", "bytes": "transfers", "sensor": "sensor data"}
FLEET = ("satellites", "modules")
"""Balances of the years, which lie in no place."""


@dataclass(frozen=True)
class Balance:
    """One conserved quantity: what was offered = sum of the parts."""

    title: str
    offered: tuple[str, float]
    parts: tuple[tuple[str, float], ...]
    residual: float
    """Relative to the largest term."""
    show: Callable[[object], str]

    @property
    def closed(self) -> bool:
        """True where the residual is round-off."""
        return abs(self.residual) <= TOLERANCE


def balances(summary: Mapping[str, Any]) -> list[Balance]:
    """The balances of summary.json in which anything was offered, titled for people."""
    return [_balance(entry) for entry in summary.get("balances") or () if entry["offered"]]


def _balance(entry: Mapping[str, Any]) -> Balance:
    name = str(entry["name"])
    kind = name.removeprefix(GROUND)
    where = "on the ground" if name.startswith(GROUND) else "in orbit"
    title = TITLES.get(kind, kind)
    title = f"{title} over the years" if kind in FLEET else f"{title} {where}"
    return Balance(
        title=f"{title[:1].upper()}{title[1:]}",
        offered=(OFFERED.get(name, OFFERED.get(kind, "offered")), float(entry["offered"])),
        parts=tuple((PARTS.get(part, part), float(v)) for part, v in entry["parts"].items()),
        residual=float(entry["residual_relative"]),
        show=_shown(str(entry["unit"])),
    )


def _shown(unit: str) -> Callable[[object], str]:
    if unit == "J":
        return numbers.energy
    if unit == "FLOP":
        return lambda value: numbers.si(value, unit)
    if unit in ("B", "bytes"):
        return lambda value: numbers.si(value, "B")
    return numbers.count
