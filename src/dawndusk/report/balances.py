"""What went in, what came out, and what is left unexplained."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dawndusk.report import numbers
from dawndusk.report.key_figures import LOSSES, dig, loss

TOLERANCE = 1e-9
NAMES = {"thermal": "heat"}


@dataclass(frozen=True)
class Balance:
    """One conserved quantity: input = sum of outputs."""

    title: str
    offered: tuple[str, float]
    parts: tuple[tuple[str, float], ...]
    residual: float
    """Relative to the larger side."""
    show: Callable[[object], str]

    @property
    def closed(self) -> bool:
        """True where the residual is round-off."""
        return abs(self.residual) <= TOLERANCE


def balances(summary: Mapping[str, Any], where: str = "in orbit") -> list[Balance]:
    """Every balance for which the summary holds the terms."""
    found = [
        _balance(
            f"Energy {where}",
            ("generated", dig(summary, "energy.generated_J")),
            _named(
                summary,
                "energy",
                {
                    "consumed_J": "consumed",
                    "curtailed_J": "curtailed",
                    "battery_loss_J": "lost in batteries",
                    "stored_change_J": "added to batteries",
                },
            ),
            numbers.energy,
            dig(summary, "energy.residual_relative"),
        ),
        _work(summary, where),
        _balance(
            f"Requests {where}",
            ("offered", dig(summary, "service.offered")),
            _named(
                summary,
                "service",
                {name: name for name in ("served", "dropped", "failed", "waiting", "running")},
            ),
            numbers.count,
        ),
        _balance(
            f"Jobs {where}",
            ("submitted", dig(summary, "jobs.submitted")),
            _named(
                summary,
                "jobs",
                {name: name for name in ("finished", "running", "waiting", "failed")},
            ),
            numbers.count,
        ),
    ]
    return [balance for balance in found if balance and balance.offered[1]]


def _named(
    summary: Mapping[str, Any], section: str, names: Mapping[str, str]
) -> list[tuple[str, Any]]:
    return [(label, dig(summary, f"{section}.{key}")) for key, label in names.items()]


def _work(summary: Mapping[str, Any], where: str) -> Balance | None:
    parts = [("delivered", dig(summary, "compute.delivered_fraction"))]
    parts += [(NAMES.get(name, name), loss(summary, name)) for name in LOSSES]
    if parts[0][1] is None:
        return None
    return _balance(f"Compute {where}", ("at peak rate", 1.0), parts, numbers.percent)


def _balance(
    title: str,
    offered: tuple[str, Any],
    parts: Sequence[tuple[str, Any]],
    show: Callable[[object], str],
    residual: Any = None,
) -> Balance | None:
    known = tuple((label, float(value)) for label, value in parts if numbers.is_number(value))
    if not numbers.is_number(offered[1]) or not known:
        return None
    total = float(offered[1])
    if not numbers.is_number(residual):
        scale = max(abs(total), *(abs(value) for _, value in known), 1e-300)
        residual = (total - sum(value for _, value in known)) / scale
    return Balance(title, (offered[0], total), known, float(residual), show)
