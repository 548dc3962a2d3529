"""Bytes on their way from one vertex to another, transfer by transfer.

Every amount is a whole number of bytes, so the balance is exact: what was offered has been
delivered, waits, or has failed. What an interval carries is found elsewhere, from the links;
here it is entered.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dawndusk.compiled import kernel

INPUT, OUTPUT, CHECKPOINT, EXCHANGE, WEIGHTS = range(5)
KINDS = ("input", "output", "checkpoint", "exchange", "weights")

WAITING, MOVING, DONE, FAILED = range(4)
"""Status of a transfer: nothing sent in the last interval, something sent, all sent, given up."""

STATUS = ("waiting", "moving", "done", "failed")

TRANSFER = np.dtype(
    [
        ("kind", np.int32),
        ("job", np.int32),
        ("source", np.int32),  # vertex
        ("target", np.int32),  # vertex
        ("status", np.int32),
        ("binding", np.int64),  # link that held it back last, -1 for none
        ("size", np.int64),  # [bytes]
        ("left", np.int64),  # whole bytes not sent [bytes]
        ("part", np.float64),  # sent of the next byte [bytes]
        ("submit", np.float64),  # [s]
        ("start", np.float64),  # first byte sent, NaN until [s]
        ("finish", np.float64),  # last byte arrived, NaN until [s]
    ],
    align=True,
)


def submit(
    table: NDArray,
    kind: int,
    job: ArrayLike,
    source: ArrayLike,
    target: ArrayLike,
    size: ArrayLike,
    time: ArrayLike,
) -> NDArray:
    """The table with new transfers at its end; arrays are taken together, one row each.

    Args:
        table: TRANSFER records [object]
        kind: index in KINDS [-]
        job: that the bytes belong to, -1 for none [-]
        source: vertex that has the bytes [-]
        target: vertex that wants them [-]
        size: whole numbers of bytes [bytes]
        time: when they may begin to move [s]
    Returns:
        TRANSFER records, the new ones last [object]
    Raises:
        ValueError: when a size is negative or not finite, or a vertex is below 0
    Neglects:
        nothing: sizes are rounded up to whole bytes
    Source:
        none: bookkeeping
    """
    job, source, target, size, time = np.broadcast_arrays(
        *(np.atleast_1d(np.asarray(each)) for each in (job, source, target, size, time))
    )
    bad = ~((size >= 0) & (size < 2.0**63))
    if bad.any():
        raise ValueError(
            f"network.{KINDS[kind]}: {size[bad][0]:g} bytes; allowed: 0 to 2^63; correct it"
        )
    if source.size and min(source.min(), target.min()) < 0:
        raise ValueError(
            f"network.{KINDS[kind]}: vertex {min(source.min(), target.min())}; "
            "allowed: at least 0; name both ends"
        )
    new = np.zeros(len(size), TRANSFER)
    new["kind"], new["job"], new["source"], new["target"] = kind, job, source, target
    new["size"] = new["left"] = np.ceil(size).astype(np.int64)
    new["submit"], new["start"], new["finish"], new["binding"] = time, np.nan, np.nan, -1
    return np.concatenate([table, new])


def under_way(table: NDArray, before: float) -> NDArray[np.int64]:
    """Rows that have bytes to move and were submitted before a time.

    Args:
        table: TRANSFER records [object]
        before: end of the interval [s]
    Returns:
        rows, in order of submission to the table [-]
    Neglects:
        nothing
    Source:
        none: bookkeeping
    """
    return np.flatnonzero((table["status"] < DONE) & (table["submit"] < before))


def remaining(table: NDArray, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """What rows have still to send.

    Args:
        table: TRANSFER records [object]
        rows: rows of the table [-]
    Returns:
        bytes left, the part of a byte already sent taken off, shape (rows,) [bytes]
    Neglects:
        nothing
    Source:
        none: bookkeeping
    """
    return table["left"][rows] - table["part"][rows]


@kernel
def advance(
    table: NDArray,
    rows: NDArray[np.int64],
    start: float,
    sent: NDArray[np.float64],
    begin: NDArray[np.float64],
    end: NDArray[np.float64],
    binding: NDArray[np.int64],
    latency: NDArray[np.float64],
) -> int:
    """Enter what an interval carried.

    A transfer is done when its last byte has left; that byte arrives one latency later.

    Args:
        table: TRANSFER records, changed [object]
        rows: rows of the table that were under way [-]
        start: beginning of the interval [s]
        sent: by each row, shape (rows,) [bytes]
        begin: first byte, from the start of the interval, inf for none, shape (rows,) [s]
        end: last byte, from the start of the interval, inf when some are left, shape (rows,) [s]
        binding: link that held each row back, -1 for none, shape (rows,) [-]
        latency: one way along each row's path, shape (rows,) [s]
    Returns:
        bytes delivered in the interval [bytes]
    Neglects:
        bytes in flight, which count as delivered when they leave
    Source:
        none: accounting
    """
    delivered = 0
    for k in range(rows.size):
        row = table[rows[k]]
        row.binding = binding[k]
        if np.isnan(row.start) and begin[k] < np.inf:
            row.start = start + begin[k]
        if end[k] < np.inf:
            delivered += row.left
            row.left, row.part = 0, 0.0
            row.status, row.finish = DONE, start + end[k] + latency[k]
            continue
        row.status = MOVING if sent[k] > 0.0 else WAITING
        whole = max(min(np.int64(np.floor(row.part + sent[k])), row.left - 1), 0)
        row.part = min(row.part + sent[k] - whole, 1.0 - 1e-12)
        row.left -= whole
        delivered += whole
    return delivered


def fail(table: NDArray, rows: NDArray[np.integer]) -> int:
    """Give transfers up; what they had delivered stays delivered.

    Args:
        table: TRANSFER records, changed [object]
        rows: rows of the table; those that are done or failed stay as they are [-]
    Returns:
        bytes that will not arrive [bytes]
    Neglects:
        nothing
    Source:
        none: accounting
    """
    rows = np.unique(rows[table["status"][rows] < DONE])
    table["status"][rows] = FAILED
    return int(table["left"][rows].sum())


def awaited(table: NDArray, kind: int, jobs: int, now: float) -> NDArray[np.int64]:
    """What each job has still to receive or send of one kind.

    A transfer whose last byte is in flight counts as one byte. A failed one counts no more:
    whoever gave it up submits another.

    Args:
        table: TRANSFER records [object]
        kind: index in KINDS [-]
        jobs: number of jobs [-]
        now: the present [s]
    Returns:
        bytes that have not arrived, shape (jobs,) [bytes]
    Neglects:
        how many bytes are in flight
    Source:
        none: bookkeeping
    """
    mine = (table["kind"] == kind) & (table["job"] >= 0) & (table["submit"] <= now)
    mine &= (table["status"] < DONE) | ((table["status"] == DONE) & (table["finish"] > now))
    total = np.zeros(jobs, np.int64)
    np.add.at(total, table["job"][mine], np.maximum(table["left"][mine], 1))
    return total


def ledger(table: NDArray) -> dict[str, int]:
    """How the bytes of all transfers stand: offered = delivered + waiting + failed.

    Args:
        table: TRANSFER records [object]
    Returns:
        offered, delivered, waiting and failed [bytes]
    Neglects:
        nothing
    Source:
        none: accounting
    """
    failed = table["status"] == FAILED
    left = int(table["left"].sum())
    lost = int(table["left"][failed].sum())
    offered = int(table["size"].sum())
    return {
        "offered_bytes": offered,
        "delivered_bytes": int((table["size"] - table["left"]).sum()),
        "waiting_bytes": left - lost,
        "failed_bytes": lost,
    }
