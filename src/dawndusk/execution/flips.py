"""Bit flips in the memory of executing work: where particles strike, what ECC lets through.

Memory is seen as bits in words of 64, the unit of the error-correcting code, over all arrays
given; each bit is as likely to be struck as any other, so an array is struck in proportion to
its size. Logic faults corrupt a result before it is stored: no code sees them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, ndtr

WORD = 64
"""Bits under one error-correcting code [bit], with 8 check bits beside them."""

OUTCOMES = ("masked", "corrected", "detected", "silent")
"""What becomes of a strike: undone by another, corrected by ECC, reported by ECC as beyond
correction, or in the data unseen."""

MASKED, CORRECTED, DETECTED, SILENT = range(len(OUTCOMES))

WIDTHS = (0.75, 0.125, 0.0625, 0.0625)
"""Shares of strikes that flip 1, 2, 3, 4 neighbouring bits of a word [-]. Assumed: no figure by
width at hand; beams show that a minor, growing share of strikes on HBM2 flips several bits
(Sullivan et al., Characterizing and Mitigating Soft Errors in GPU DRAM, MICRO 2021)."""

LOGIC_SINGLE = 0.4
"""Share of logic faults that flip one bit of the result [-]: less than 40 % of silent
corruptions in fault injection on GPUs, arXiv 2605.04213; the rest flips any of its bits."""


class Format(NamedTuple):
    """How a number is written: sign, exponent, fraction; no exponent is two's complement."""

    bits: int
    """Of one number [bit]."""
    exponent: int
    """Bits of the exponent [bit]."""
    infinite: bool
    """The highest exponent means infinite or not a number; else only all ones does [-]."""

    @property
    def fraction(self) -> int:
        """Bits of the fraction [bit]."""
        return self.bits - 1 - self.exponent

    @property
    def bias(self) -> int:
        """What is taken from the exponent as written [-]."""
        return 2 ** (self.exponent - 1) - 1


FORMATS = {
    "float32": Format(32, 8, True),
    "float16": Format(16, 5, True),
    "bfloat16": Format(16, 8, True),
    "float8_e4m3": Format(8, 4, False),
    "float8_e5m2": Format(8, 5, True),
    "int8": Format(8, 0, False),
}
"""IEEE 754; bfloat16 is the upper half of float32, stored as uint16; OCP 8-bit Floating Point
Specification 1.0, 2023, stored as uint8."""


@dataclass(frozen=True)
class Flips:
    """Strikes; all arrays have shape (n,)."""

    array: NDArray[np.int64]
    """Array struck, as an index [-]."""
    word: NDArray[np.int64]
    """Word of 64 bits in it [-]."""
    mask: NDArray[np.uint64]
    """Bits of the word that flip; bit 0 is the lowest of the word's first element [-]."""
    logic: NDArray[np.bool_]
    """A logic fault, which ECC never sees [-]."""
    outcome: NDArray[np.int8]
    """As an index into `OUTCOMES` [-]."""

    def __len__(self) -> int:
        return len(self.array)


class Places(NamedTuple):
    """Bits that flip, one by one; all arrays have shape (bits,)."""

    strike: NDArray[np.int64]
    """Strike that flips it, as an index [-]."""
    array: NDArray[np.int64]
    """Array it is in, as an index [-]."""
    element: NDArray[np.int64]
    """Element of the flattened array [-]."""
    bit: NDArray[np.int64]
    """Bit of the element, 0 the lowest [-]."""


class Shares(NamedTuple):
    """What becomes of strikes on memory."""

    corrected: float
    """Share corrected [-]."""
    detected: float
    """Share reported as beyond correction [-]."""
    silent: float
    """Share in the data unseen [-]."""


class Damage(NamedTuple):
    """What a flip of one bit does to a number."""

    field: str
    """Sign, exponent, fraction or integer [-]."""
    when_clear: float
    """Mean relative change where the bit was 0; of the full scale for an integer [-]."""
    when_set: float
    """Mean relative change where the bit was 1; of the full scale for an integer [-]."""
    nonfinite: float
    """Share of flips that end as infinite or not a number [-]."""


def number(bits: int, rate: float, duration: float, rng: np.random.Generator) -> int:
    """Strikes on memory in a time.

    Args:
        bits: exposed [bit]
        rate: strikes per bit and time [1/s]
        duration: of exposure [s]
        rng: source of all randomness [object]
    Returns:
        strikes, a Poisson number [-]
    Raises:
        ValueError: when the rate or the duration is negative or not finite
    Neglects:
        strikes that come in showers
    Source:
        independent particles; 4.04e-7 per bit and day measured on Alsat-1
    """
    mean = bits * rate * duration
    if not (rate >= 0.0 and duration >= 0.0 and np.isfinite(mean)):
        raise ValueError(
            f"flips: rate {rate:g} per bit and s over {duration:g} s; allowed: at least 0 and "
            "finite; correct them"
        )
    return int(rng.poisson(mean))


def draw(
    arrays: Sequence[NDArray],
    ecc: Sequence[bool],
    memory: int,
    logic: int,
    rng: np.random.Generator,
    widths: Sequence[float] = WIDTHS,
) -> Flips:
    """Where strikes fall and what becomes of them; the arrays stay as they are.

    Strikes on one word between two readings add up: one wrong bit is corrected, two are
    reported, more pass unseen.

    Args:
        arrays: memory of the work, numbers in little-endian order [object]
        ecc: whether each array is behind ECC, shape (arrays,) [-]
        memory: strikes on stored bits [-]
        logic: faults in results, each in one element [-]
        rng: source of all randomness [object]
        widths: shares of strikes that flip 1, 2, … neighbouring bits [-]
    Returns:
        strikes, those on memory first [object]
    Raises:
        ValueError: when an array, the shares or a number is impossible
    Neglects:
        the check bits (an eighth more strikes, nearly all corrected); three wrong bits that the
        code takes for one and makes four, four that it reports; bits at the word's two ends
        count as neighbours
    Source:
        Hsiao, IBM J. Res. Dev. 14, 1970: SECDED corrects one and reports two wrong bits
    """
    size = _bits(arrays)
    share = np.asarray(widths, float)
    if len(ecc) != len(arrays) or memory < 0 or logic < 0:
        raise ValueError(
            f"flips: {len(arrays)} arrays, {len(ecc)} ECC settings, {memory} and {logic} "
            "strikes; allowed: one setting an array, strikes at least 0; correct them"
        )
    if not (np.all(share >= 0.0) and abs(share.sum() - 1.0) < 1e-9 and share.size <= WORD):
        raise ValueError(f"flips.widths: {list(widths)}; allowed: shares that add up to 1")
    if memory + logic > 0 and size.sum() == 0:
        raise ValueError("flips: strikes on no bits at all; allowed: arrays that are not empty")
    last = np.cumsum(size)
    point = rng.integers(0, max(int(size.sum()), 1), memory + logic)
    array = np.searchsorted(last, point, side="right")
    place = point - (last - size)[array]
    word = place // WORD
    width = 1 + rng.choice(share.size, memory, p=share)
    mask = np.zeros(memory + logic, np.uint64)
    room = np.minimum(size[array] - word * WORD, WORD)
    for k in range(share.size):
        wide = np.flatnonzero(width > k)
        bit = ((place[wide] % WORD) + k) % room[wide]
        mask[wide] |= np.uint64(1) << bit.astype(np.uint64)
    mask[memory:] = _logic_masks(arrays, array[memory:], place[memory:], rng)
    seen = np.arange(memory + logic) >= memory
    outcome = _outcomes(array, word, mask, seen, np.asarray(ecc, bool))
    return Flips(array, word, mask, seen, outcome)


def flip(arrays: Sequence[NDArray], flips: Flips) -> None:
    """Flip the bits that are not corrected; a second time restores them.

    Args:
        arrays: memory of the work, changed [object]
        flips: strikes drawn for these arrays [object]
    Returns:
        nothing [-]
    Raises:
        ValueError: when an array is impossible
    Neglects:
        that a reported error stops the work: that is for the caller
    Source:
        none: exclusive or
    """
    _bits(arrays)
    wrong = flips.outcome != CORRECTED
    for k, array in enumerate(arrays):
        mine = wrong & (flips.array == k)
        stored = array.reshape(-1).view(np.uint8)
        place = (flips.word[mine] * 8)[:, None] + np.arange(8)
        pattern = flips.mask[mine].astype("<u8").view(np.uint8).reshape(-1, 8)
        inside = pattern != 0
        np.bitwise_xor.at(stored, place[inside], pattern[inside])


def places(arrays: Sequence[NDArray], flips: Flips) -> Places:
    """Each bit of each strike, by array, element and bit.

    Args:
        arrays: memory of the work [object]
        flips: strikes drawn for these arrays [object]
    Returns:
        bits in the order of the strikes [object]
    Neglects:
        nothing
    Source:
        none: bookkeeping
    """
    on = (flips.mask[:, None] >> np.arange(WORD, dtype=np.uint64)) & np.uint64(1)
    strike, bit = np.nonzero(on)
    array = flips.array[strike]
    width = np.array([8 * each.itemsize for each in arrays], np.int64)[array]
    place = flips.word[strike] * WORD + bit
    return Places(strike, array, place // width, place % width)


def shares(ecc: bool, widths: Sequence[float] = WIDTHS) -> Shares:
    """What becomes of strikes that are alone in their words.

    Args:
        ecc: whether the memory is behind ECC [-]
        widths: shares of strikes that flip 1, 2, … neighbouring bits [-]
    Returns:
        shares of strikes; a rate of reported errors divided by theirs is the rate of
        strikes [object]
    Neglects:
        strikes that meet in one word
    Source:
        as `draw`
    """
    if not ecc:
        return Shares(0.0, 0.0, float(sum(widths)))
    one, two, *more = (*widths, 0.0)
    return Shares(float(one), float(two), float(sum(more)))


def meeting(strikes: float, words: float) -> float:
    """Share of strikes that another one meets in the same word before it is read.

    Args:
        strikes: on all the memory between two readings [-]
        words: of 64 bits in it [-]
    Returns:
        share, about strikes / words [-]
    Neglects:
        strikes that undo each other
    Source:
        Poisson: 1 − exp(−mean of the others)
    """
    return float(-np.expm1(-strikes / words))


def decode(stored: NDArray, form: Format) -> NDArray[np.float64]:
    """Values of numbers as they are stored.

    Args:
        stored: bit patterns as unsigned integers, any shape [-]
        form: how they are written [object]
    Returns:
        values; an integer as a share of 127, the full scale [-]
    Neglects:
        the scale that stands beside blocks of 8-bit numbers
    Source:
        IEEE 754-2019, §3.4; OCP 8-bit Floating Point Specification 1.0, 2023, §5
    """
    word = np.asarray(stored).astype(np.int64)
    if form.exponent == 0:
        return np.where(word > 127, word - 256, word) / 127.0
    top = 2**form.exponent - 1
    fraction = word & (2**form.fraction - 1)
    exponent = (word >> form.fraction) & top
    sign = np.where(word >> (form.bits - 1), -1.0, 1.0)
    tail = fraction / 2.0**form.fraction
    value = np.where(
        exponent == 0,
        np.ldexp(tail, 1 - form.bias),
        np.ldexp(1.0 + tail, exponent - form.bias),
    )
    if form.infinite:
        value = np.where(exponent == top, np.where(fraction == 0, np.inf, np.nan), value)
    else:
        value = np.where(
            word & (2 ** (form.bits - 1) - 1) == 2 ** (form.bits - 1) - 1, np.nan, value
        )
    return sign * value


def damage(form: Format, spread: float) -> list[Damage]:
    """What a flip of each bit does to normally distributed weights.

    Args:
        form: how they are written [object]
        spread: standard deviation of the weights [-]
    Returns:
        one entry a bit, the lowest first [object]
    Neglects:
        subnormal numbers; the slope of the distribution inside one power of 2, for the fraction
    Source:
        closed form: a fraction i of m bits changes by 2^(k − m) / (1 + i/2^m), the mean over
        i is a difference of digamma functions; bit j of the exponent multiplies or divides
        by 2^(2^j); normal distribution for the numbers one flip from the highest exponent
    """
    if form.exponent == 0:
        return [
            Damage("integer", 2.0**bit / 127.0, 2.0**bit / 127.0, 0.0) for bit in range(form.bits)
        ]
    found = []
    count = 2**form.fraction
    for bit in range(form.bits):
        nonfinite = _nonfinite(form, bit, spread)
        if bit == form.bits - 1:
            found.append(Damage("sign", 2.0, 2.0, nonfinite))
        elif bit >= form.fraction:
            factor = 2.0 ** (bit - form.fraction)
            found.append(
                Damage("exponent", float(np.exp2(factor) - 1.0), 1.0 - 2.0**-factor, nonfinite)
            )
        else:
            found.append(Damage("fraction", *_fraction_change(bit, count), nonfinite))
    return found


def _fraction_change(bit: int, count: int) -> tuple[float, float]:
    """Mean of 2^bit / (count + i) over the fractions i whose bit is 0, and whose bit is 1."""
    block = 2**bit
    starts = np.arange(count, 2 * count, 2 * block, dtype=np.float64)
    stride = max(starts.size // 4096, 1)
    many = starts.reshape(-1, stride).mean(axis=1)
    clear = digamma(many + block) - digamma(many)
    after = digamma(many + 2 * block) - digamma(many + block)
    return float(clear.mean()), float(after.mean())


def _nonfinite(form: Format, bit: int, spread: float) -> float:
    """Share of normal weights that a flip of one bit makes infinite or not a number."""
    top = 2**form.exponent - 1
    if bit == form.bits - 1:
        return 0.0
    if not form.infinite:
        pattern = (2 ** (form.bits - 1) - 1) ^ (1 << bit)
        low, value, high = decode(np.array([pattern - 1, pattern, pattern + 1]), form)
        high = 2.0 * value - low if np.isnan(high) else high
        return _between(0.5 * (low + value), 0.5 * (value + high), spread)
    if bit < form.fraction:
        return 0.0
    exponent = top - 2 ** (bit - form.fraction)
    if exponent == 0:
        return 0.0
    low = 2.0 ** (exponent - form.bias)
    ulp = low / 2**form.fraction
    return _between(low - 0.25 * ulp, 2.0 * low - 0.5 * ulp, spread)


def _between(low: float, high: float, spread: float) -> float:
    """Share of normal numbers whose size is between two sizes."""
    return float(2.0 * (ndtr(-low / spread) - ndtr(-high / spread)))


def _bits(arrays: Sequence[NDArray]) -> NDArray[np.int64]:
    """Bits of each array; refuses arrays whose bytes are not their numbers one after another."""
    for k, array in enumerate(arrays):
        plain = array.dtype.kind in "fiu" and array.dtype.itemsize <= 8
        native = plain and array.dtype.newbyteorder("<") == array.dtype
        if not (native and array.flags.c_contiguous):
            raise ValueError(
                f"flips.arrays[{k}]: {array.dtype}; allowed: contiguous little-endian numbers "
                "of at most 64 bits; copy it"
            )
    return np.array([8 * array.nbytes for array in arrays], np.int64)


def _logic_masks(
    arrays: Sequence[NDArray],
    array: NDArray[np.int64],
    place: NDArray[np.int64],
    rng: np.random.Generator,
) -> NDArray[np.uint64]:
    """One bit of an element, or any pattern of its bits but none."""
    masks = np.zeros(array.size, np.uint64)
    single = rng.random(array.size) < LOGIC_SINGLE
    for k in range(array.size):
        width = 8 * arrays[array[k]].itemsize
        within = int(place[k] % width)
        pattern = int.from_bytes(rng.bytes(8), "little") % (2**width - 1) + 1
        chosen = 1 << within if single[k] else pattern
        masks[k] = np.uint64(chosen << int(place[k] % WORD - within))
    return masks


def _outcomes(
    array: NDArray[np.int64],
    word: NDArray[np.int64],
    mask: NDArray[np.uint64],
    logic: NDArray[np.bool_],
    ecc: NDArray[np.bool_],
) -> NDArray[np.int8]:
    """What becomes of each strike by the bits of its word that are wrong in the end."""
    outcome = np.full(array.size, SILENT, np.int8)
    stored = np.flatnonzero(~logic)
    if not stored.size:
        return outcome
    order = stored[np.lexsort((word[stored], array[stored]))]
    new = np.ones(order.size, bool)
    new[1:] = (np.diff(array[order]) != 0) | (np.diff(word[order]) != 0)
    wrong = np.bitwise_count(np.bitwise_xor.reduceat(mask[order], np.flatnonzero(new)))
    total = wrong[np.cumsum(new) - 1]
    seen = ecc[array[order]]
    outcome[order] = np.select(
        [total == 0, seen & (total == 1), seen & (total == 2)],
        [MASKED, CORRECTED, DETECTED],
        SILENT,
    )
    return outcome
