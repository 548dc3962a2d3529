"""Data of a satellite's own sensor: produced, processed aboard, stored, sent down or lost.

Every amount is a whole number of bytes, so the balance is exact: what was produced was lost
for want of room, left out by processing, sent down, or is still stored.
"""

import numpy as np
from numpy.typing import NDArray

from dawndusk.compiled import kernel

AMOUNTS = ("produced", "lost", "processed", "removed", "downlinked", "raw", "ready")
"""Fields of SENSOR that are whole numbers of bytes."""

SENSOR = np.dtype(
    [
        ("produced", np.int64),  # [bytes], this and the next six
        ("lost", np.int64),  # no room in the store
        ("processed", np.int64),  # aboard
        ("removed", np.int64),  # left out by processing
        ("downlinked", np.int64),
        ("raw", np.int64),  # stored, to be processed
        ("ready", np.int64),  # stored, to be sent down
        ("produced_part", np.float64),  # of the next byte [bytes]
        ("ready_part", np.float64),  # of the next byte [bytes]
    ],
    align=True,
)


def advance(
    table: NDArray,
    production: NDArray[np.float64],
    processing: NDArray[np.float64],
    downlink: NDArray[np.float64],
    store: float,
    reduction: float,
    aboard: bool,
    dt: float,
) -> None:
    """Sensor data through an interval, everything at the same time and at constant rates.

    Raw data and data ready to be sent share the store; new data that find it full are lost
    and counted. Without processing aboard, raw data are ready at once.

    Args:
        table: SENSOR records, changed, shape (satellites,) [object]
        production: of raw data, shape (satellites,) [bytes/s]
        processing: of raw data, at most, inf for no limit, shape (satellites,) [bytes/s]
        downlink: of ready data, at most, inf for no limit, shape (satellites,) [bytes/s]
        store: room for raw and ready data together, inf for no limit [bytes]
        reduction: bytes of product for a byte of raw data, 0 to 1 [-]
        aboard: raw data are processed before they go down [-]
        dt: length of the interval, above 0 [s]
    Returns:
        nothing [-]
    Raises:
        ValueError: when a quantity is out of range
    Neglects:
        fractions of a byte: each flow is rounded to whole bytes an interval
    Source:
        none: a store with constant flows in and out
    """
    for name, values, most in (
        ("sensor_rate", production, np.finfo(float).max),
        ("processing", processing, np.inf),
        ("downlink", downlink, np.inf),
        ("store", np.array([store]), np.inf),
        ("sensor_reduction", np.array([reduction]), 1.0),
    ):
        bad = ~((values >= 0.0) & (values <= most))
        if bad.any():
            limit = f"0 to {most:g}" if most <= 1.0 else "finite and at least 0"
            raise ValueError(f"network.{name}: {values[bad][0]:g}; allowed: {limit}; correct it")
    _advance(table, production, processing, downlink, store, reduction, aboard, dt)


@kernel
def _advance(table, production, processing, downlink, store, reduction, aboard, dt):  # type: ignore[no-untyped-def]
    """Whole bytes of each satellite from the levels and flows of the interval."""
    share = reduction if aboard else 1.0
    for i in range(table.size):
        row = table[i]
        exact = row.produced_part + production[i] * dt
        made = np.int64(np.floor(exact))
        row.produced_part = exact - made
        fastest = processing[i] if aboard else np.inf
        processed, sent = _fluid(
            float(row.raw), float(row.ready), made / dt, fastest, downlink[i], store, share, dt
        )
        row.produced += made
        row.raw += made
        moved = min(np.int64(np.rint(processed)), row.raw)
        if aboard:
            exact = row.ready_part + share * moved
            product = np.int64(np.floor(exact))
            row.ready_part = exact - product
            row.processed += moved
            row.removed += moved - product
        else:
            product = moved
        row.raw -= moved
        row.ready += product
        down = min(np.int64(np.rint(sent)), row.ready)
        row.ready -= down
        row.downlinked += down
        if row.raw + row.ready > store:
            over = row.raw + row.ready - np.int64(np.floor(store))
            spilt = min(over, row.raw)
            row.raw -= spilt
            row.ready -= over - spilt
            row.lost += over


@kernel
def _fluid(raw, ready, made, fastest, downlink, store, share, dt):  # type: ignore[no-untyped-def]
    """Bytes processed and sent while two levels move at constant rates, event by event.

    A store that is full stays full to the end: what leaves it can only slow down. So what was
    lost is what exceeds the store in the end.
    """
    processed = sent = 0.0
    if fastest == np.inf:
        processed, ready, raw = raw, ready + share * raw, 0.0
    if downlink == np.inf:
        sent, ready = ready, 0.0
    full = raw + ready >= store
    left = dt
    while left > 0.0:
        entering = made
        working = fastest if raw > 0.0 else min(fastest, entering)
        sending = downlink if ready > 0.0 else min(downlink, share * working)
        growth = entering - (1.0 - share) * working - sending
        if full and growth > 0.0:
            through = downlink / share if share > 0.0 else np.inf
            if raw > 0.0:
                entering = (1.0 - share) * working + sending
            else:
                entering = min(entering, fastest, through)
            working = fastest if raw > 0.0 else min(fastest, entering)
            growth = 0.0
        raw_growth = entering - working
        ready_growth = share * working - sending
        step, event = left, 0
        if raw_growth < 0.0 and raw > 0.0 and -raw / raw_growth <= step:
            step, event = -raw / raw_growth, 1
        if ready_growth < 0.0 and ready > 0.0 and -ready / ready_growth <= step:
            step, event = -ready / ready_growth, 2
        if growth > 0.0 and (store - raw - ready) / growth <= step:
            step, event = max((store - raw - ready) / growth, 0.0), 3
        processed += working * step
        sent += sending * step
        raw = 0.0 if event == 1 else max(raw + raw_growth * step, 0.0)
        ready = 0.0 if event == 2 else max(ready + ready_growth * step, 0.0)
        full = event == 3 or (full and growth == 0.0)
        left = left - step if event else 0.0
    return processed, sent


def ledger(table: NDArray) -> dict[str, int]:
    """How the sensor data stand: produced = lost + removed + downlinked + stored.

    Args:
        table: SENSOR records [object]
    Returns:
        produced, processed, removed, downlinked, stored and lost [bytes]
    Neglects:
        nothing
    Source:
        none: accounting
    """
    totals = {name: int(table[name].sum()) for name in AMOUNTS}
    return {
        "produced_bytes": totals["produced"],
        "processed_bytes": totals["processed"],
        "removed_bytes": totals["removed"],
        "downlinked_bytes": totals["downlinked"],
        "stored_bytes": totals["raw"] + totals["ready"],
        "lost_bytes": totals["lost"],
    }
