"""Request traffic in bulk: prompts and answers of many requests between pairs of vertices.

Every amount is a whole number of bytes, so the balance is exact: what was offered has been
delivered, waits, or has failed. The rate that each pair is granted is found elsewhere, from
the links; here it is entered.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dawndusk.constants import BITS

MESSAGE = np.dtype(
    [
        ("source", np.int32),  # vertex
        ("target", np.int32),  # vertex
        ("offered", np.int64),  # [bytes], this and the next three
        ("delivered", np.int64),
        ("waiting", np.int64),
        ("failed", np.int64),
        ("part", np.float64),  # sent of the next byte [bytes]
    ],
    align=True,
)


def traffic(source: ArrayLike, target: ArrayLike) -> NDArray:
    """Message records for pairs of vertices, nothing offered yet.

    Args:
        source: vertices that send [-]
        target: vertices that receive, one for each source [-]
    Returns:
        MESSAGE records, shape (pairs,) [object]
    Neglects:
        nothing
    Source:
        none: bookkeeping
    """
    source, target = np.asarray(source), np.asarray(target)
    table = np.zeros(source.size, MESSAGE)
    table["source"], table["target"] = source, target
    return table


def demand(table: NDArray, arriving: NDArray[np.int64], dt: float) -> NDArray[np.float64]:
    """Rate at which each pair would have everything sent by the end of the interval.

    Args:
        table: MESSAGE records [object]
        arriving: in the interval, number of messages times size, shape (pairs,) [bytes]
        dt: length of the interval [s]
    Returns:
        rate, shape (pairs,) [bit/s]
    Neglects:
        bursts inside the interval
    Source:
        none: bookkeeping
    """
    return BITS * (table["waiting"] - table["part"] + arriving) / dt


def carry(
    table: NDArray, arriving: NDArray[np.int64], rate: NDArray[np.float64], dt: float
) -> NDArray[np.float64]:
    """Enter what an interval carried of each pair's messages; the rest waits.

    The queue of a pair grows or shrinks evenly over the interval, first in, first out: its
    mean over the rate is the mean wait of a message.

    Args:
        table: MESSAGE records, changed [object]
        arriving: in the interval, number of messages times size, shape (pairs,) [bytes]
        rate: that the links grant, at most `demand`, shape (pairs,) [bit/s]
        dt: length of the interval [s]
    Returns:
        mean wait for the link, inf where nothing moves, shape (pairs,) [s]
    Neglects:
        bursts inside the interval: a link that is not full makes nobody wait
    Source:
        Little 1961 (doi 10.1287/opre.9.3.383)
    """
    wanted = demand(table, arriving, dt)
    waiting = table["waiting"] + arriving
    whole = np.floor(table["part"] + rate * (dt / BITS))
    sent = np.minimum(whole.astype(np.int64), waiting)
    part = np.clip(table["part"] + rate * (dt / BITS) - sent, 0.0, 1.0 - 1e-12)
    sent = np.where(rate >= wanted, waiting, sent)
    left = waiting - sent
    queue = np.maximum(table["waiting"] - table["part"] + 0.5 * (arriving - rate * (dt / BITS)), 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        wait = np.where(queue > 0.0, BITS * queue / rate, 0.0)
    table["part"] = np.where(left > 0, part, 0.0)
    table["offered"] += arriving
    table["delivered"] += sent
    table["waiting"] = left
    return wait


def drop(table: NDArray, rows: NDArray[np.integer], size: ArrayLike) -> None:
    """Messages that wait are given up.

    Args:
        table: MESSAGE records, changed [object]
        rows: rows of the table, each once [-]
        size: given up of each, at most what waits [bytes]
    Returns:
        nothing [-]
    Neglects:
        nothing
    Source:
        none: accounting
    """
    size = np.minimum(size, table["waiting"][rows])
    table["waiting"][rows] -= size
    table["failed"][rows] += size
    table["part"][rows] = np.where(table["waiting"][rows] > 0, table["part"][rows], 0.0)


def ledger(table: NDArray) -> dict[str, int]:
    """How the bytes of all messages stand: offered = delivered + waiting + failed.

    Args:
        table: MESSAGE records [object]
    Returns:
        offered, delivered, waiting and failed [bytes]
    Neglects:
        nothing
    Source:
        none: accounting
    """
    names = ("offered", "delivered", "waiting", "failed")
    return {f"{name}_bytes": int(table[name].sum()) for name in names}
