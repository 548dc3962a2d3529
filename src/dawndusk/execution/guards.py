"""Defences against wrong numbers in executing work, what each catches and what it costs.

Pure functions: running statistics are handed in and out, memory is only read. Prices are in
bytes read and operations, so that they can be billed on the accelerator of the design.
"""

import zlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

BLOCK = 8192
"""Under one checksum [bytes]: below 91,607 bits CRC-32 finds every three wrong bits."""

_SIGMA = 1.482602218505602
"""Standard deviation over median absolute deviation of a normal distribution."""


class Watch(NamedTuple):
    """What a guard on a running number takes as usual."""

    window: int = 64
    """Past values kept [-]."""
    least: int = 16
    """Values before anything but a non-finite one is flagged [-]."""
    threshold: float = 6.0
    """Robust standard deviations above the median that are too many [-]."""
    floor: float = 0.01
    """Least standard deviation, as a share of the value for norms [-]."""
    patience: int = 8
    """Finite flags in a row after which the new level is taken as usual [-]."""
    relative: bool = True
    """Compare logarithms, as for norms, or values, as for losses [-]."""


class Memory(NamedTuple):
    """What a guard remembers between values."""

    past: NDArray[np.float64]
    """Accepted values, or their logarithms, the oldest first [-]."""
    refused: tuple[float, ...]
    """Finite values flagged since the last accepted one [-]."""


class Vote(NamedTuple):
    """What three executions agree on."""

    result: NDArray
    """What at least two say; the first where all differ [object]."""
    outvoted: tuple[int, int, int]
    """Elements in which each stands alone against two [-]."""
    undecided: int
    """Elements in which all differ [-]."""


class Price(NamedTuple):
    """What one use of a defence costs."""

    read: float
    """Memory read [bytes]."""
    operations: float
    """Arithmetic, integer or floating [FLOP]."""
    repeats: float
    """Times that the work itself is done again [-]."""
    kept: float
    """Memory taken all the time [bytes]."""


GRADIENT_NORM = Watch()
"""For the norm of gradients."""

LOSS = Watch(relative=False)
"""For losses of the order of 1."""


def fresh() -> Memory:
    """A guard that has seen nothing.

    Returns:
        memory [object]
    Neglects:
        nothing
    Source:
        none: bookkeeping
    """
    return Memory(np.zeros(0), ())


def watch(memory: Memory, value: float, usual: Watch) -> tuple[bool, Memory]:
    """Whether a running number is too high to be true.

    Flagged values do not enter the statistics, so that a spike does not hide the next one;
    after `patience` of them in a row they do, so that a guard never blocks for ever.

    Args:
        memory: of this guard [object]
        value: new norm or loss [-]
        usual: what is usual [object]
    Returns:
        flagged or not, and the memory after it [object]
    Raises:
        ValueError: when the settings contradict each other
    Neglects:
        numbers that become too small, drifts slower than the window
    Source:
        median and median absolute deviation: Huber, Robust Statistics, 1981, §5.1; a normal
        number is flagged with the probability of `false_alarms`
    """
    if not 2 <= usual.least <= usual.window or not usual.threshold > 0.0 or usual.patience < 1:
        raise ValueError(
            f"guards: least {usual.least}, window {usual.window}, threshold "
            f"{usual.threshold:g}, patience {usual.patience}; allowed: 2 to the window, above 0, "
            "at least 1; correct them"
        )
    if not np.isfinite(value) or (usual.relative and value < 0.0):
        return True, memory
    with np.errstate(divide="ignore"):
        number = float(np.log(value)) if usual.relative else float(value)
    if memory.past.size >= usual.least:
        middle = float(np.median(memory.past))
        spread = _SIGMA * float(np.median(np.abs(memory.past - middle)))
        if number > middle + usual.threshold * max(spread, usual.floor):
            refused = (*memory.refused, number)
            if len(refused) >= usual.patience:
                return True, Memory(np.array(refused), ())
            return True, Memory(memory.past, refused)
    if number == -np.inf:
        return False, memory
    return False, Memory(np.append(memory.past, number)[-usual.window :], ())


def nonfinite(array: NDArray, exponent: int = 0) -> int:
    """Numbers that are infinite or not a number.

    Args:
        array: floating numbers, or bit patterns as unsigned integers [object]
        exponent: bits that are all 1 in them, for bit patterns: 0x7F80 in bfloat16, 0x7C in
            e5m2, 0x7F in e4m3 [-]
    Returns:
        how many [-]
    Raises:
        ValueError: when bit patterns come without those bits
    Neglects:
        finite numbers, however wrong
    Source:
        IEEE 754-2019, §3.4
    """
    if array.dtype.kind == "f":
        return int(array.size - np.count_nonzero(np.isfinite(array)))
    if array.dtype.kind != "u" or exponent <= 0:
        raise ValueError(
            f"guards: {array.dtype} with exponent {exponent:#x}; allowed: floats, or unsigned "
            "patterns with the bits of their exponent; give them"
        )
    bits = array.dtype.type(exponent)
    return int(np.count_nonzero((array & bits) == bits))


def checksums(array: NDArray, block: int = BLOCK) -> NDArray[np.uint32]:
    """Checksums of memory, block by block.

    Args:
        array: memory, contiguous [object]
        block: under one checksum [bytes]
    Returns:
        CRC-32 of each block, shape (blocks,) [-]
    Raises:
        ValueError: when the block is not positive or the array not contiguous
    Neglects:
        wrong numbers that were wrong when the checksums were made; strikes on the checksums
        themselves look like strikes on their blocks
    Source:
        Koopman, 32-bit cyclic redundancy codes for internet applications, DSN 2002: all one and
        two wrong bits, three up to 91,607 bits, all within 32 neighbours; others pass one
        time in 2³²
    """
    if block < 1 or not array.flags.c_contiguous:
        raise ValueError(
            f"guards: blocks of {block} bytes, contiguous {array.flags.c_contiguous}; allowed: at "
            "least 1 byte, contiguous; correct them"
        )
    stored = array.reshape(-1).view(np.uint8)
    return np.array(
        [zlib.crc32(stored[k : k + block].data) for k in range(0, array.nbytes, block)], np.uint32
    )


def changed(before: NDArray[np.uint32], after: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Blocks whose checksums differ.

    Args:
        before: checksums when the memory was right, shape (blocks,) [-]
        after: checksums now, shape (blocks,) [-]
    Returns:
        blocks as indices [-]
    Raises:
        ValueError: when the numbers of blocks differ
    Neglects:
        as `checksums`
    Source:
        none: a comparison
    """
    if before.shape != after.shape:
        raise ValueError(f"guards: {before.size} and {after.size} checksums; allowed: as many")
    return np.flatnonzero(before != after)


def vote(first: NDArray, second: NDArray, third: NDArray) -> Vote:
    """Majority of three results, bit pattern by bit pattern.

    Args:
        first: result of one execution [object]
        second: of another, same shape and type [object]
        third: of the last [object]
    Returns:
        majority and who was outvoted [object]
    Raises:
        ValueError: when shapes or types differ
    Neglects:
        executions that are right but not the same to the bit (order of sums); the same
        fault in two of them
    Source:
        von Neumann 1956, triple modular redundancy
    """
    shapes = [(each.shape, each.dtype) for each in (first, second, third)]
    if len(set(shapes)) != 1:
        raise ValueError(f"guards.vote: {shapes}; allowed: three alike; correct them")
    rows = (first.size, first.itemsize)
    a, b, c = (
        np.ascontiguousarray(each).reshape(-1).view(np.uint8).reshape(rows)
        for each in (first, second, third)
    )
    ab, ac, bc = (np.all(x == y, axis=1) for x, y in ((a, b), (a, c), (b, c)))
    result = np.where((bc & ~ab)[:, None], b, a)
    alone = tuple(int(np.count_nonzero(each)) for each in (bc & ~ab, ac & ~ab, ab & ~ac))
    undecided = int(np.count_nonzero(~(ab | ac | bc)))
    chosen = np.ascontiguousarray(result).reshape(-1).view(first.dtype).reshape(first.shape)
    return Vote(chosen, (alone[0], alone[1], alone[2]), undecided)


def false_alarms(threshold: float, window: int, rng: np.random.Generator, draws: int) -> float:
    """Share of usual values that a guard with a full window flags.

    Args:
        threshold: robust standard deviations above the median [-]
        window: past values kept [-]
        rng: source of all randomness [object]
        draws: windows tried, each exactly integrated over the next value [-]
    Returns:
        flags per value for independent normal numbers [-]
    Neglects:
        values that depend on each other, tails heavier than normal
    Source:
        mean of 1 − Φ(median + threshold · spread) over windows; 1 − Φ(threshold) for long ones
    """
    past = rng.normal(size=(draws, window))
    middle = np.median(past, axis=1, keepdims=True)
    spread = _SIGMA * np.median(np.abs(past - middle), axis=1)
    return float(np.mean(ndtr(-(middle[:, 0] + threshold * spread))))


def price_of_norm(elements: float, width: float) -> Price:
    """Norm of gradients, where it is not computed anyway to clip them.

    Args:
        elements: of the gradient [-]
        width: of one [bytes]
    Returns:
        price of one use [object]
    Neglects:
        the median of the window, a thousand operations
    Source:
        a square and a sum each
    """
    return Price(elements * width, 2.0 * elements, 0.0, 0.0)


def price_of_finite(elements: float, width: float) -> Price:
    """A look at every number.

    Args:
        elements: looked at [-]
        width: of one [bytes]
    Returns:
        price of one use [object]
    Neglects:
        that it can ride along with another reading
    Source:
        one comparison each
    """
    return Price(elements * width, elements, 0.0, 0.0)


def price_of_checksums(size: float, block: int = BLOCK) -> Price:
    """Checksums of memory, made or compared once.

    Args:
        size: of the memory [bytes]
        block: under one checksum [bytes]
    Returns:
        price of one use [object]
    Neglects:
        instructions that do a checksum of 8 bytes at once
    Source:
        table-driven CRC: two exclusive ors, a shift and a look-up a byte (Sarwate, CACM 31, 1988)
    """
    return Price(size, 4.0 * size, 0.0, 4.0 * float(np.ceil(size / block)))


def price_of_vote(elements: float, width: float) -> Price:
    """Triple execution and the comparison of its results.

    Args:
        elements: of one result [-]
        width: of one [bytes]
    Returns:
        price of one use; the work is done twice more [object]
    Neglects:
        memory for three at once: they may run one after another
    Source:
        three comparisons each
    """
    return Price(3.0 * elements * width, 3.0 * elements, 2.0, 2.0 * elements * width)


def seconds(price: Price, bandwidth: float, speed: float, work: float) -> float:
    """Time that one use of a defence takes on an accelerator.

    Args:
        price: of one use [object]
        bandwidth: of its memory [bytes/s]
        speed: of its arithmetic [FLOP/s]
        work: time of the work that is defended [s]
    Returns:
        time [s]
    Neglects:
        overlap with the work
    Source:
        roofline, Williams et al., CACM 52(4), 2009
    """
    return max(price.read / bandwidth, price.operations / speed) + price.repeats * work
