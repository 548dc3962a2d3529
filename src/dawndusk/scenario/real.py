"""Jobs that really run: which program, how its replicas learn, what it stands for."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, model_validator

from dawndusk.scenario import fields as f
from dawndusk.scenario.errors import Fault, listed, nearest, shown
from dawndusk.scenario.fields import Plain, Table, declared, fault, faults, supplied

GUARDS = ("loss", "gradient_norm", "finite", "checksums", "vote")
"""Defences against wrong numbers; see `execution.guards`."""

Scalar = int | float | str | bool

CHOSEN = "chosen"
NOW = "2026-11"


def _program(given: str) -> str:
    if re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", given):
        return given
    raise fault('allowed: "package.module:function" that makes a worker')


def _options(given: Any) -> dict[str, Any]:
    """A flat table of numbers, texts, flags and lists of them."""
    if not isinstance(given, dict):
        raise fault("allowed: a table such as { batch = 6 }")
    for name, value in given.items():
        if not name.isidentifier() or not _flat(value):
            raise fault(f"allowed: names with numbers, texts, flags or lists; not {name}")
    return dict(given)


def _flat(value: Any) -> bool:
    """No table, no date, not even in a list."""
    return all(map(_flat, value)) if isinstance(value, list) else isinstance(value, Scalar)


def _guards(given: tuple[str, ...]) -> tuple[str, ...]:
    for name in given:
        if name not in GUARDS:
            close = nearest(name, GUARDS)
            raise fault(
                f"no such guard; allowed: {listed(GUARDS)}",
                f'did you mean "{close}"?' if close else "",
            )
    return given


class Real(Table):
    """Makes a training job run really, within what the constellation grants it."""

    execute: Annotated[f.Text, AfterValidator(_program)] = supplied(
        '"package.module:function" that makes a worker'
    )
    options: Annotated[dict[str, Any], Plain(_options)] = declared({}, "of that function")
    units: f.Count = supplied("steps of each replica")
    method: Literal["single", "synchronous", "diloco", "streaming"] = declared(
        "diloco", "how replicas, one a node, learn from each other"
    )
    interval: f.Count = declared(
        50,
        "steps between two exchanges of the same numbers",
        "within DiLoCo's range, arXiv 2311.08105",
        "2023-11",
        "public",
    )
    fragments: f.Count = declared(4, "parts exchanged one after another, by streaming", CHOSEN, NOW)
    overlap: f.Whole = declared(5, "steps during an exchange, by streaming", CHOSEN, NOW)
    work_scale: f.PositiveNumber = declared(1.0, "work on the accelerator over work executed")
    data_scale: f.PositiveNumber = declared(1.0, "bytes on the links over bytes of the worker")
    ecc: f.Flag = declared(True, "memory behind error correction")
    guards: Annotated[tuple[f.Text, ...], AfterValidator(_guards)] = declared(
        (), f"defences against wrong numbers: {', '.join(GUARDS)}"
    )
    flip_scale: f.Number = declared(1.0, "upsets of its numbers over those of the radiation model")

    @model_validator(mode="after")
    def _rounds_are_whole(self) -> "Real":
        found = []
        rounds = self.method in ("diloco", "streaming")
        if rounds and self.units % self.interval:
            up = -(-self.units // self.interval) * self.interval
            found.append(
                Fault(
                    "units",
                    str(self.units),
                    f"allowed: a multiple of interval, {self.interval}",
                    f"the nearest above is {up}",
                )
            )
        if self.method == "streaming" and not self.fragments <= self.interval:
            found.append(
                Fault("fragments", str(self.fragments), f"allowed: at most {self.interval}")
            )
        if self.method == "streaming" and not self.overlap < self.interval:
            allowed = f"allowed: below interval, {self.interval}"
            found.append(Fault("overlap", str(self.overlap), allowed))
        if len(set(self.guards)) < len(self.guards):
            found.append(Fault("guards", shown(list(self.guards)), "allowed: each once"))
        if found:
            raise faults(found)
        return self
