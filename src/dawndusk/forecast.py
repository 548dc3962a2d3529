"""Assembler of what time alone decides: orbit, Sun and shadow, streamed in windows."""

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from dawndusk.compiled import kernel
from dawndusk.constants import ASTRONOMICAL_UNIT, SUN_RADIUS
from dawndusk.elements import Elements
from dawndusk.environment import shadow, sun
from dawndusk.orbit import secular

Array = NDArray[np.float64]

_LARGEST_PART = 0.1
_FIRST_SUN = -4
_INLINE_WORK = 50_000
_SUN_CHUNK = 16


@dataclass(frozen=True)
class Window:
    """Sunlight on n satellites over K steps, arrays of shape (K, n) unless stated.

    `array_cosine` is the cosine of the array's incidence angle: ones of shape (n,) when
    it tracks on two axes, cos β of shape (K, n) when it turns about the orbit normal.
    """

    k0: int
    """First step."""
    step_s: float
    illumination: Array
    """Mean visible share of the Sun's disc over the step [-]."""
    sun_cosine: Array
    """Cosine of the Sun's zenith angle at the satellite in mid-step [-]."""
    array_cosine: Array
    """[-]"""
    irradiance: Array
    """Sunlight at the Sun's distance in mid-step, shape (K,) [W/m²]."""


@kernel
def _advance(  # type: ignore[no-untyped-def]
    table,
    lo,
    hi,
    k0,
    step,
    parts,
    iterations,
    margin,
    sun_table,
    sun_first,
    one_axis,
    illumination,
    sun_cosine,
    array_cosine,
):
    """Fill the window's columns lo to hi, block by block through all its steps."""
    steps = illumination.shape[0]
    part = step / parts
    width = secular.BLOCK
    work = np.empty((5, width))
    x, y, z, share = np.empty(width), np.empty(width), np.empty(width), np.empty(width)
    depth, cosine = np.empty((4, width)), np.empty((4, width))
    for start in range(lo, hi, width):
        stop = min(start + width, hi)
        for edge in range(-1, steps * parts + 2):
            time = (k0 * parts + edge) * part
            secular.propagate(table, start, stop, time, iterations, work, x, y, z)
            sx, sy, sz = sun.interpolated(sun_table, sun_first, time)
            frame = shadow.sun_frame(sx, sy, sz)
            new_depth, new_cosine = depth[edge & 3], cosine[edge & 3]
            for j in range(stop - start):
                new_depth[j], new_cosine[j] = shadow.clearance(x[j], y[j], z[j], *frame)
            i = edge - 2
            if i < 0:
                continue
            k, p = i // parts, i % parts
            before, left, right = depth[(i - 1) & 3], depth[i & 3], depth[(i + 1) & 3]
            for j in range(stop - start):
                low, high = min(left[j], right[j]), max(left[j], right[j])
                share[j] = 1.0 if low > margin else (0.0 if high < -margin else -1.0)
            for j in range(stop - start):
                if share[j] < 0.0:
                    share[j] = shadow.mean_fraction(before[j], left[j], right[j], new_depth[j])
            out = illumination[k, start:stop]
            for j in range(stop - start):
                out[j] = share[j] if p == 0 else out[j] + share[j]
            if p == parts - 1 and parts > 1:
                for j in range(stop - start):
                    out[j] /= parts
            if 2 * p == parts:
                out = sun_cosine[k, start:stop]
                for j in range(stop - start):
                    out[j] = cosine[i & 3, j]
            elif 2 * p + 1 == parts:
                out = sun_cosine[k, start:stop]
                c0, c1, c2 = cosine[(i - 1) & 3], cosine[i & 3], cosine[(i + 1) & 3]
                for j in range(stop - start):
                    out[j] = 0.5625 * (c1[j] + c2[j]) - 0.0625 * (c0[j] + new_cosine[j])
            if one_axis and p == 0:
                time = (k0 + k + 0.5) * step
                sx, sy, sz = sun.interpolated(sun_table, sun_first, time)
                ux, uy, uz = shadow.sun_frame(sx, sy, sz)[:3]
                out = array_cosine[k, start:stop]
                epoch = table[secular.EPOCH, start:stop]
                node = table[secular.NODE, start:stop]
                node_rate = table[secular.NODE_RATE, start:stop]
                cos_i = table[secular.COS_INCLINATION, start:stop]
                sin_i = table[secular.SIN_INCLINATION, start:stop]
                for j in range(stop - start):
                    sin_n, cos_n = secular.sine_cosine(node[j] + node_rate[j] * (time - epoch[j]))
                    sine = sun.beta_sine(sin_n, cos_n, cos_i[j], sin_i[j], ux, uy, uz)
                    out[j] = math.sqrt(max(1.0 - sine * sine, 0.0))


@kernel
def _sample(table, index, times, iterations, sun_table, sun_first, place, depth):  # type: ignore[no-untyped-def]
    """Position and clearance of satellite index[m] at times[m]."""
    for m in range(len(index)):
        x, y, z = secular.position(table, index[m], times[m], iterations)
        sx, sy, sz = sun.interpolated(sun_table, sun_first, times[m])
        place[m, 0], place[m, 1], place[m, 2] = x, y, z
        depth[m] = shadow.clearance(x, y, z, *shadow.sun_frame(sx, sy, sz))[0]


class Forecast:
    """Position, illumination and Sun angles of a fleet as a function of time alone."""

    def __init__(
        self,
        elements: Elements,
        start: datetime,
        step_s: float,
        tracking: str = "two_axis",
        threads: int | None = None,
    ) -> None:
        if tracking not in ("two_axis", "one_axis"):
            raise ValueError(f"tracking {tracking!r} is unknown, use two_axis or one_axis")
        if not step_s > 0.0:
            raise ValueError(f"step {step_s} s must be positive")
        self.elements, self.start, self.step_s = elements, start, float(step_s)
        self.tracking = tracking
        self.threads = threads or _processors()
        self.table = secular.initialise(elements)
        self.iterations = secular.kepler_iterations(self.table)
        rate = secular.fastest_rate(self.table)
        self.parts = max(1, math.ceil(rate * self.step_s / _LARGEST_PART))
        self.margin = 1.0 + shadow.transition_margin(
            rate, self.step_s / self.parts, SUN_RADIUS / ASTRONOMICAL_UNIT
        )
        self._sun = np.empty((3, 0))
        self._irradiance = np.empty(0)
        self._ones = np.ones(len(elements))
        self._pool: ThreadPoolExecutor | None = None

    def window(self, k0: int, k1: int) -> Window:
        """Sunlight over steps k0 to k1 − 1; the same to the bit however steps are grouped."""
        steps, n = k1 - k0, len(self.elements)
        illumination, sun_cosine = np.empty((steps, n)), np.empty((steps, n))
        one_axis = self.tracking == "one_axis"
        array_cosine = np.empty((steps, n)) if one_axis else self._ones
        by_axis = array_cosine if one_axis else sun_cosine[:0]
        sun_table = self._sun_until(k0 * self.step_s, (k1 + 1) * self.step_s)

        def advance(lo: int, hi: int) -> None:
            _advance(
                self.table,
                lo,
                hi,
                k0,
                self.step_s,
                self.parts,
                self.iterations,
                self.margin,
                sun_table,
                _FIRST_SUN * sun.TABLE_SPACING,
                one_axis,
                illumination,
                sun_cosine,
                by_axis,
            )

        blocks = -(-n // secular.BLOCK)
        workers = min(self.threads, blocks)
        if workers < 2 or steps * self.parts * n < _INLINE_WORK:
            advance(0, n)
        else:
            self._pool = self._pool or ThreadPoolExecutor(self.threads)
            cuts = [min(n, blocks * w // workers * secular.BLOCK) for w in range(workers)]
            list(self._pool.map(advance, cuts, [*cuts[1:], n]))
        middle = (np.arange(k0, k1) + 0.5) * (self.step_s / sun.TABLE_SPACING) - _FIRST_SUN
        irradiance = np.interp(middle, np.arange(len(self._irradiance)), self._irradiance)
        return Window(k0, self.step_s, illumination, sun_cosine, array_cosine, irradiance)

    def positions(self, time_s: float, index: NDArray[np.int64]) -> Array:
        """Positions of the indexed satellites, shape (len(index), 3), in TEME of date [m]."""
        chosen = np.asarray(index, dtype=np.int64)
        return self._samples(chosen, np.full(len(chosen), float(time_s)))[0]

    def track(self, times_s: Array, index: NDArray[np.int64]) -> tuple[Array, Array]:
        """Positions over time, of satellites (times, len(index), 3) and Sun (times, 3) [m]."""
        times = np.asarray(times_s, dtype=np.float64)
        chosen = np.tile(np.asarray(index, dtype=np.int64), len(times))
        places = self._samples(chosen, np.repeat(times, len(index)))[0]
        table = self._sun_until(float(times.min()), float(times.max()))
        first = _FIRST_SUN * sun.TABLE_SPACING
        towards = np.array([sun.interpolated(table, first, time) for time in times])
        return places.reshape(len(times), len(index), 3), towards

    def shadow_events(
        self, index: int, t0_s: float, t1_s: float, kind: str = "umbra"
    ) -> tuple[Array, Array]:
        """Times at which one satellite enters and leaves the umbra or penumbra [s].

        A shadow in progress at either end of the interval has no entry or exit there.
        """
        if kind not in ("umbra", "penumbra"):
            raise ValueError(f"kind {kind!r} is unknown, use umbra or penumbra")
        level = -1.0 if kind == "umbra" else 1.0

        def height(times: Array) -> Array:
            return self._samples(np.full(len(times), index, dtype=np.int64), times)[1] - level

        spacing = _LARGEST_PART / secular.fastest_rate(self.table[:, index : index + 1])
        times = np.linspace(t0_s, t1_s, 2 + math.ceil((t1_s - t0_s) / spacing))
        heights = height(times)
        times, heights = _with_extrema(times, heights, height)
        dark = heights < 0.0
        entry = np.flatnonzero(~dark[:-1] & dark[1:])
        leave = np.flatnonzero(dark[:-1] & ~dark[1:])
        found = np.concatenate([entry, leave])
        crossing = _crossings(times[found], times[found + 1], heights[found], height)
        return crossing[: len(entry)], crossing[len(entry) :]

    def _samples(self, index: NDArray[np.int64], times: Array) -> tuple[Array, Array]:
        """Positions and clearances of satellite index[m] at times[m]."""
        place, depth = np.empty((len(times), 3)), np.empty(len(times))
        sun_table = self._sun_until(float(times.min(initial=0.0)), float(times.max(initial=0.0)))
        first = _FIRST_SUN * sun.TABLE_SPACING
        _sample(self.table, index, times, self.iterations, sun_table, first, place, depth)
        return place, depth

    def _sun_until(self, t0: float, t1: float) -> Array:
        """Table of the Sun's positions that covers t0 to t1, grown when needed."""
        if t0 < (_FIRST_SUN + 2) * sun.TABLE_SPACING:
            raise ValueError(f"time {t0} s lies more than half a day before the start")
        needed = math.ceil(t1 / sun.TABLE_SPACING) + 3 - _FIRST_SUN
        have = self._sun.shape[1]
        if needed > have:
            size = -(-needed // _SUN_CHUNK) * _SUN_CHUNK
            nodes = np.arange(have + _FIRST_SUN, size + _FIRST_SUN, dtype=np.float64)
            grown = sun.positions(self.start, nodes * sun.TABLE_SPACING)
            self._sun = np.ascontiguousarray(np.hstack([self._sun, grown]))
            self._irradiance = sun.irradiance(np.sqrt(np.sum(self._sun**2, axis=0)))
        return self._sun


def forecast(
    elements: Elements,
    start: datetime,
    step_s: float,
    tracking: str = "two_axis",
    threads: int | None = None,
) -> Forecast:
    """What time alone decides for these satellites, counted from `start` (UTC)."""
    return Forecast(elements, start, step_s, tracking, threads)


def _processors() -> int:
    """Processors that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _with_extrema(
    times: Array, heights: Array, height: Callable[[Array], Array]
) -> tuple[Array, Array]:
    """Insert the lowest points of dips that stay above zero at every sample."""
    middle = np.flatnonzero(
        (heights[1:-1] <= heights[:-2]) & (heights[1:-1] < heights[2:]) & (heights[1:-1] > 0.0)
    )
    middle = middle[heights[middle + 1] < 3.0] + 1
    centre, reach = times[middle], times[1] - times[0]
    for _ in range(6):
        low, mid, high = height(centre - reach), height(centre), height(centre + reach)
        bend = low - 2.0 * mid + high
        move = np.where(bend > 0.0, 0.5 * reach * (low - high) / np.where(bend > 0.0, bend, 1.0), 0)
        centre = centre + np.clip(move, -reach, reach)
        reach = 0.25 * reach
    all_times = np.concatenate([times, centre])
    all_heights = np.concatenate([heights, height(centre)])
    order = np.argsort(all_times, kind="stable")
    return all_times[order], all_heights[order]


def _crossings(
    low: Array, high: Array, low_height: Array, height: Callable[[Array], Array]
) -> Array:
    """Zero crossings inside brackets, bisected to 1 µs."""
    for _ in range(26):
        middle = 0.5 * (low + high)
        value = height(middle)
        same = (value < 0.0) == (low_height < 0.0)
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return 0.5 * (low + high)
