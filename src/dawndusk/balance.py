"""Nothing offered may disappear: what was offered against where it went."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

ROUNDING = 1e-9
"""Residual that rounding may leave, over a balance's largest term [-]."""


@dataclass(frozen=True)
class Balance:
    """What was offered and where it went, in one unit."""

    name: str
    unit: str
    offered: float
    parts: Mapping[str, float]

    @property
    def residual(self) -> float:
        """Offered less the sum of the parts."""
        return self.offered - math.fsum(self.parts.values())

    @property
    def relative(self) -> float:
        """Residual over the largest term."""
        largest = max(abs(self.offered), *(abs(part) for part in self.parts.values()))
        return self.residual / largest if self.residual != 0.0 else 0.0

    def __str__(self) -> str:
        parts = " + ".join(f"{name} {part:.12g}" for name, part in self.parts.items())
        return (
            f"balance of {self.name}: offered {self.offered:.12g} {self.unit}, found {parts}, "
            f"{self.residual:.3g} {self.unit} missing ({self.relative:.1e} of the largest term)"
        )

    def closes(self, tolerance: float = ROUNDING) -> bool:
        """Whether no more than `tolerance` of the largest term is missing."""
        return abs(self.relative) <= tolerance


class BalanceError(ValueError):
    """Something that was offered has disappeared; `balances` are those that do not close."""

    def __init__(self, balances: tuple[Balance, ...]) -> None:
        self.balances = balances
        super().__init__("; ".join(str(balance) for balance in balances))


def check(balances: Iterable[Balance], tolerance: float = ROUNDING) -> None:
    """Raise BalanceError naming every balance that does not close."""
    violated = tuple(balance for balance in balances if not balance.closes(tolerance))
    if violated:
        raise BalanceError(violated)
