"""Assembler of wrong numbers in real jobs: bits that particles flip, what comes of them, guards.

A strike waits for its verdict until the numbers it hit have shown what they do: a loss that is
no number, a loss that jumps, or nothing seen by the time other replicas take the numbers over.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain

import numpy as np

from dawndusk.execution import flips, guards
from dawndusk.execution.protocol import Tensors

OUTCOMES = ("masked", "corrected", "detected", "non_finite", "loss_spike", "silent")
"""What becomes of a strike: without effect, corrected or found by ECC or a guard, seen as a
loss that is no number or that jumps, or taken over unseen."""

STRUCK = ("weights", "optimiser", "activations", "cache")
"""Kinds of memory that are struck, in this order; what cannot be written is out of reach."""

UNLIKE = 0.1
"""Least median deviation of contributions' norms, as a share of them: chosen [-]."""

KEPT = ("weights", "optimiser")
"""Kinds of memory that do not change between steps: those under checksums."""


@dataclass
class Suspect:
    """What is known of one replica's numbers."""

    loss: guards.Memory = field(default_factory=guards.fresh)
    norm: guards.Memory = field(default_factory=guards.fresh)
    waiting: int = 0
    """Strikes without a verdict."""
    broken: bool = False
    """Checksums of its memory differ."""
    struck: bool = False
    """Its numbers were struck, or are a copy of such, since replicas last agreed."""


@dataclass
class Damage:
    """Strikes on one job and what its guards saw of them."""

    ecc: bool
    guards: tuple[str, ...]
    replicas: int
    outcomes: dict[str, int] = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))
    caught: dict[str, int] = field(default_factory=dict)
    """Replicas given up, by guard."""
    false_alarms: int = 0
    """Of them those whose numbers had not been struck since replicas last agreed."""
    suspects: list[Suspect] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.caught = dict.fromkeys(self.guards, 0)
        self.suspects = [Suspect() for _ in range(self.replicas)]

    def strike(self, rank: int, tensors: Tensors, stored: bool, random: np.random.Generator) -> str:
        """Flip bits of a replica's memory, stored ones or a result; returns what was hit.

        A vote of three executions mends a wrong result, not the memory that all three read.
        """
        if not stored and "vote" in self.guards:
            self.outcomes["corrected"] += 1
            return "corrected: outvoted by two other executions of the step"
        places = [
            (kind, name)
            for kind in STRUCK
            if kind in tensors
            for name, each in tensors[kind].items()
            if each.flags.writeable and each.size
        ]
        if not places:
            self.masked()
            return "masked: no memory within reach"
        arrays = [tensors[kind][name] for kind, name in places]
        drawn = flips.draw(arrays, [self.ecc] * len(arrays), int(stored), int(not stored), random)
        outcome = flips.OUTCOMES[int(drawn.outcome[0])]
        hit = ".".join(places[int(drawn.array[0])])
        if outcome != "silent":
            self.outcomes[outcome] += 1
            return f"{outcome} in {hit}"
        suspect = self.suspects[rank]
        before = self._checksums(tensors)
        flips.flip(arrays, drawn)
        suspect.broken |= before != self._checksums(tensors)
        suspect.waiting += 1
        suspect.struck = True
        wide = int(np.bitwise_count(drawn.mask[0]))
        return f"{wide} {'bit' if wide == 1 else 'bits'} of {hit}"

    def masked(self) -> None:
        """A strike met nothing of the job."""
        self.outcomes["masked"] += 1

    def before(self, rank: int) -> str:
        """The guard that gives a replica up before its next step, none as a rule."""
        return self._catch(rank, "checksums", self.suspects[rank].broken)

    def after(self, rank: int, measured: Mapping[str, float], tensors: Tensors) -> str:
        """Take a step's measurements in; the guard that gives its replica up, none as a rule."""
        suspect = self.suspects[rank]
        loss, norm = measured.get("loss"), measured.get("gradient_norm_max")
        jumped = steep = False
        if loss is not None:
            jumped, suspect.loss = guards.watch(suspect.loss, loss, guards.LOSS)
            if jumped:
                self._judge(rank, "loss_spike" if math.isfinite(loss) else "non_finite")
        if norm is not None:
            steep, suspect.norm = guards.watch(suspect.norm, norm, guards.GRADIENT_NORM)
        return (
            self._catch(rank, "loss", jumped)
            or self._catch(rank, "gradient_norm", steep)
            or self._catch(rank, "finite", "finite" in self.guards and _nonfinite(tensors))
        )

    def contributions(self, values: Mapping[int, np.ndarray]) -> tuple[int, str] | None:
        """A replica whose contribution must not reach the others, and the guard that says so.

        Norms are compared with each other, where there are three or more.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            norms = {rank: float(np.linalg.norm(each)) for rank, each in values.items()}
        for rank, each in values.items():
            guard = self._catch(rank, "finite", bool(guards.nonfinite(each)))
            if guard:
                return rank, guard
        usual = [math.log(norm) for norm in norms.values() if 0.0 < norm < math.inf]
        if "gradient_norm" not in self.guards or len(norms) < 3 or not usual:
            return None
        middle = float(np.median(usual))
        spread = max(float(np.median(np.abs(np.array(usual) - middle))), UNLIKE)
        for rank, norm in norms.items():
            ordinary = norm == 0.0 or (
                norm < math.inf
                and math.log(norm) <= middle + guards.GRADIENT_NORM.threshold * spread
            )
            guard = self._catch(rank, "gradient_norm", not ordinary)
            if guard:
                return rank, guard
        return None

    def taken_over(self, rank: int, merged: bool) -> None:
        """Others have taken a replica's numbers: what was not seen by now stays unseen.

        After an outer step the gradients are others', and their usual norm is learnt anew.
        """
        self._judge(rank, "silent")
        if merged:
            self.suspects[rank].norm, self.suspects[rank].struck = guards.fresh(), False

    def lost(self, rank: int) -> None:
        """A replica's memory is gone, and what was wrong in it."""
        self._judge(rank, "masked")
        self.suspects[rank] = Suspect()

    def copied(self, rank: int, donor: int) -> None:
        """A replica now has another's numbers, and knows as little of them."""
        known = self.suspects[donor]
        self.suspects[rank] = Suspect(broken=known.broken, struck=known.struck)

    def _catch(self, rank: int, guard: str, seen: bool) -> str:
        if not seen or guard not in self.guards:
            return ""
        self.caught[guard] += 1
        self.false_alarms += not self.suspects[rank].struck
        self._judge(rank, "detected")
        return guard

    def _judge(self, rank: int, outcome: str) -> None:
        suspect = self.suspects[rank]
        self.outcomes[outcome] += suspect.waiting
        suspect.waiting = 0

    def _checksums(self, tensors: Tensors) -> list[bytes]:
        """Of all memory that does not change between steps, none where nobody looks."""
        if "checksums" not in self.guards:
            return []
        arrays = chain.from_iterable(tensors.get(kind, {}).values() for kind in KEPT)
        return [guards.checksums(array).tobytes() for array in arrays]


def _nonfinite(tensors: Tensors) -> bool:
    weights = tensors.get("weights", {}).values()
    return any(guards.nonfinite(each) for each in weights if each.dtype.kind == "f")
