"""Fewer points a line without losing a peak or a dip."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def thin(time: Array, lines: Array, limit: int = 2000) -> tuple[Array, Array]:
    """At most `limit` points a line, each bucket's minimum and maximum kept.

    All lines share the returned times: every bucket of neighbouring samples becomes two
    points at its first and last time, holding that line's extremes in the order in which
    they occurred. NaN is ignored unless a bucket holds nothing else.

    Args:
        time: sample times, rising [s], shape (k,)
        lines: values [-], shape (k, n)
        limit: most points returned [-]
    Returns:
        times and values, shapes (m,) and (m, n), m ≤ max(limit, 2) [object]
    """
    k, n = lines.shape
    if k <= limit:
        return time, lines
    buckets = max(1, limit // 2)
    edges = np.linspace(0, k, buckets + 1).astype(np.int64)
    first, last = edges[:-1], edges[1:] - 1
    low = np.where(np.isnan(lines), np.inf, lines)
    high = np.where(np.isnan(lines), -np.inf, lines)
    minimum = np.minimum.reduceat(low, first)
    maximum = np.maximum.reduceat(high, first)
    bucket = np.repeat(np.arange(buckets), np.diff(edges))
    index = np.arange(k)[:, None]
    low_at = np.minimum.reduceat(np.where(low == minimum[bucket], index, k), first)
    high_at = np.minimum.reduceat(np.where(high == maximum[bucket], index, k), first)
    falling = high_at < low_at
    values = np.empty((2 * buckets, n))
    values[0::2] = np.where(falling, maximum, minimum)
    values[1::2] = np.where(falling, minimum, maximum)
    values[~np.isfinite(values)] = np.nan
    times = np.empty(2 * buckets)
    times[0::2] = time[first]
    times[1::2] = time[last]
    return times, values
