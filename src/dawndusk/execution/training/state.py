"""What the coordinator of a training job remembers of replicas and exchanges."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass
class Replica:
    """Counts of a replica that is present; its memory is at its host."""

    done: int
    """Units that its state has seen [-]."""
    first: int = 0
    """`done` when it came, as a copy of another or from a checkpoint [-]."""
    own: int = 0
    """Units that it had done itself when it came and that are part of the job [-]."""
    kept: int = 0
    """Units of its own that others know too [-]."""


@dataclass
class Joining:
    """A replica on its way back."""

    state: bytes
    """What its donor saved [object]."""
    done: int
    """Units that the state has seen [-]."""


@dataclass
class Event:
    """An exchange of one fragment, from the first contribution to the last merge."""

    unit: int
    """At which replicas contribute [-]."""
    fragment: int
    """[-]"""
    contributions: dict[int, NDArray[np.float32]] = field(default_factory=dict)
    """By rank [-]."""
    spare: dict[int, NDArray[np.float32]] = field(default_factory=dict)
    """Copies that came with a replica's state, used when the originals are lost; by rank [-]."""
    number: int | None = None
    """Of the movement under way [-]."""
    result: NDArray[np.float32] | None = None
    """What replicas take at the merge [-]."""
    merged: set[int] = field(default_factory=set)
    """Ranks that have taken the result, or need not [-]."""

    @property
    def length(self) -> int:
        """Numbers in one contribution or in the result [-]."""
        held = [*self.contributions.values(), *self.spare.values()]
        return held[0].size if self.result is None else self.result.size


def together(parts: list[tuple[int, dict[str, float]]]) -> dict[str, float]:
    """Measurements over several stretches of units as if they were one.

    Args:
        parts: units and measurements of each stretch [-]
    Returns:
        means over the units, largest value under a name ending in _max [-]
    Neglects:
        nothing
    Source:
        none: weighted mean
    """
    units = sum(count for count, _ in parts)
    joined = {}
    for name in parts[0][1]:
        values = [measured[name] for _, measured in parts]
        if name.endswith("_max"):
            joined[name] = float(np.max(values))
        else:
            weighted = (n * v for (n, _), v in zip(parts, values, strict=True))
            joined[name] = sum(weighted) / units
    return joined
