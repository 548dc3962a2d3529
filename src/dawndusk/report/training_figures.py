"""What is told of training that really ran, in words and numbers: page and terminal."""

from collections.abc import Callable, Mapping
from typing import Any

from dawndusk.report import numbers
from dawndusk.report.key_figures import dig

SIDES = ("orbit", "ground")

OUTCOMES = {
    "masked": "without effect",
    "corrected": "corrected",
    "detected": "found",
    "non_finite": "no number",
    "loss_spike": "loss jumped",
    "silent": "unseen",
}


def loss_text(told: Mapping[str, Any]) -> str:
    """Validation loss at the start and at the end."""
    first, last = told.get("validation_loss_first"), told.get("validation_loss_last")
    if not numbers.is_number(first):
        return numbers.MISSING
    return f"{_loss(first)} → {_loss(last) if numbers.is_number(last) else 'no number'}"


def _loss(value: float) -> str:
    """Three decimals, or powers of ten where they would show nothing or no end."""
    plain = 0.01 <= abs(value) < 1e6 or value == 0.0
    return f"{value:.3f}" if plain else numbers.powers(value, 3)


def steps_text(told: Mapping[str, Any]) -> str:
    """Steps that were executed, and how many of them were lost."""
    lost = told.get("lost")
    text = numbers.count(told.get("executed"))
    return f"{text}, {numbers.count(lost)} of them lost" if lost else text


def flips_text(told: Mapping[str, Any]) -> str:
    """How many strikes there were, by what came of them."""
    found = {word: dig(told, f"flips.{key}", 0) for key, word in OUTCOMES.items()}
    total = sum(found.values())
    parts = ", ".join(f"{count} {word}" for word, count in found.items() if count)
    return f"{total}: {parts}" if total else "0"


def back_text(told: Mapping[str, Any]) -> str:
    """Replicas lost and brought back, from peers or from a checkpoint."""
    parts = (("kills", "lost"), ("rejoins", "rejoined"), ("restores", "restored"))
    return ", ".join(f"{told.get(key, 0)} {word}" for key, word in parts if told.get(key)) or "0"


FIGURES: tuple[tuple[str, Callable[[Mapping[str, Any]], str]], ...] = (
    ("Validation loss", loss_text),
    ("Virtual time", lambda told: numbers.duration(told.get("virtual_s"))),
    ("Energy", lambda told: numbers.energy(told.get("energy_J"))),
    ("Cost", lambda told: numbers.money(told.get("usd"))),
    ("Steps", steps_text),
    ("Waiting, all replicas", lambda told: numbers.duration(told.get("waiting_s"))),
    ("Bytes delivered", lambda told: numbers.si(dig(told, "bytes.delivered"), "B")),
    ("Replicas", back_text),
    ("Strikes on its numbers", flips_text),
)
"""Rows of the comparison."""
