"""Checkpoints of a training job, and the content of their files."""

import hashlib
import io
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

DIGEST = 32
"""Of SHA-256, at the start of a file [bytes]."""


class Checkpoint(NamedTuple):
    """State of the whole job between exchanges."""

    outer: NDArray[np.float32]
    """Parameters that all agree on and the outer momentum, shape (2, parameters) [-]."""
    units: dict[int, tuple[int, int]]
    """By rank: units that its state has seen, and useful ones that it did itself [-]."""
    states: dict[int, bytes]
    """What workers saved, by rank; one for all where all are equal [object]."""

    def state(self, rank: int) -> bytes:
        """State that a replica continues from.

        Args:
            rank: of the replica [-]
        Returns:
            its own, or the lowest rank's where it has none [object]
        Neglects:
            nothing
        Source:
            none: definition
        """
        return self.states.get(rank, self.states[min(self.states)])

    def pack(self) -> bytes:
        """Content of a file, a checksum first; the same bytes for the same state [object]."""
        table = np.array([(r, *each) for r, each in sorted(self.units.items())], np.int64)
        arrays: dict[str, Any] = {"outer": self.outer, "units": table} | {
            f"state{r}": np.frombuffer(each, np.uint8) for r, each in sorted(self.states.items())
        }
        body = io.BytesIO()
        np.savez(body, **arrays)
        return hashlib.sha256(body.getvalue()).digest() + body.getvalue()


def unpack(data: bytes) -> Checkpoint:
    """Read what `Checkpoint.pack` wrote.

    Args:
        data: content of the file [object]
    Returns:
        checkpoint [object]
    Raises:
        ValueError: when it is cut or changed
    Neglects:
        whether it is of this job: its workers see to that
    Source:
        none: copy
    """
    if hashlib.sha256(data[DIGEST:]).digest() != data[:DIGEST]:
        raise ValueError("checkpoint: damaged, its checksum differs; take an earlier one")
    with np.load(io.BytesIO(data[DIGEST:])) as found:
        units = {int(rank): (int(done), int(own)) for rank, done, own in found["units"]}
        names = [name for name in found.files if name.startswith("state")]
        states = {int(name.removeprefix("state")): found[name].tobytes() for name in names}
        return Checkpoint(found["outer"], units, states)
