"""Bytes that a training job's replicas send to each other and to the ground."""

from collections.abc import Sequence
from typing import NamedTuple

GROUND = -1
"""Source or target of bytes that is no replica."""
VALUE_BYTES = 4
"""Of a number exchanged, float32 [bytes]."""


class Transfer(NamedTuple):
    """Bytes that one replica sends to another, or to or from the ground."""

    source: int
    """Rank or `GROUND` [-]."""
    target: int
    """Rank or `GROUND` [-]."""
    size: int
    """[bytes]"""


class Movement(NamedTuple):
    """Transfers that belong together: done when all of them have arrived."""

    number: int
    """Never used twice [-]."""
    kind: str
    """exchange, rejoin, checkpoint or restore [-]."""
    transfers: tuple[Transfer, ...]
    """All may move at once [object]."""


def ring(length: int, ranks: Sequence[int]) -> tuple[Transfer, ...]:
    """What each replica sends so that all hold the mean of a vector.

    Args:
        length: of the vector [-]
        ranks: of the replicas, in the order of the ring [-]
    Returns:
        one transfer a replica, to the next; none for fewer than two [object]
    Neglects:
        headers; that a piece waits for the one before
    Source:
        Patarasuk & Yuan, Bandwidth optimal all-reduce algorithms for clusters of workstations,
        JPDC 69, 2009: each sends 2 (k − 1)/k of the vector
    """
    k = len(ranks)
    if k < 2:
        return ()
    piece = [length // k + (j < length % k) for j in range(k)]
    return tuple(
        Transfer(
            rank,
            ranks[(i + 1) % k],
            VALUE_BYTES * (2 * length - piece[(i + 1) % k] - piece[(i + 2) % k]),
        )
        for i, rank in enumerate(ranks)
    )
