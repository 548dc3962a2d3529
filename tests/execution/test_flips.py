"""Bit flips: uniform over all bits, Poisson, reversible; ECC against a real SECDED code."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from dawndusk.execution import flips
from dawndusk.execution.flips import CORRECTED, DETECTED, FORMATS, MASKED, SILENT

DTYPES = (np.float32, np.float16, np.uint16, np.int8, np.uint8, np.float64, np.int32)


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def memory(seed: int = 1) -> list[np.ndarray]:
    """Arrays of all storage kinds, some of which end inside a word."""
    random = rng(seed)
    return [
        random.normal(size=(10, 7)).astype(np.float32),
        random.normal(size=37).astype(np.float16),
        random.integers(0, 2**16, 21).astype(np.uint16),
        random.integers(-128, 128, 13).astype(np.int8),
        random.integers(0, 256, (3, 3)).astype(np.uint8),
        np.zeros(0, np.float32),
        random.normal(size=4),
    ]


def image(arrays: list[np.ndarray]) -> bytes:
    return b"".join(array.tobytes() for array in arrays)


def counts(arrays: list[np.ndarray], found: flips.Flips) -> np.ndarray:
    """How often each bit of all arrays is flipped."""
    offset = np.concatenate([[0], np.cumsum([8 * a.nbytes for a in arrays])])
    width = np.array([8 * a.itemsize for a in arrays])
    at = flips.places(arrays, found)
    place = offset[at.array] + at.element * width[at.array] + at.bit
    return np.bincount(place, minlength=offset[-1])


@pytest.mark.parametrize(
    ("widths", "spread"), [((1.0,), 1.0), (flips.WIDTHS, 2.0), ((0, 0, 0, 1.0), 4.0)]
)
def test_uniform_over_every_bit_of_every_array(widths, spread):
    """χ² over all bits, over arrays and over the bits of elements; w bits of one strike move
    together and spread a count's variance up to w times."""
    arrays = memory()
    found = flips.draw(arrays, [False] * 7, 400_000, 0, rng(2), widths)
    each = counts(arrays, found)
    bits = each.size
    assert bits == 8 * sum(a.nbytes for a in arrays)
    chi = ((each - each.mean()) ** 2 / each.mean()).sum() / spread
    assert stats.chi2.sf(chi, bits - 1) > 1e-4
    struck = np.bincount(found.array, minlength=7)
    expected = 400_000 * np.array([8 * a.nbytes for a in arrays]) / bits
    full = expected > 0
    assert struck[~full].sum() == 0
    assert stats.chisquare(struck[full], expected[full]).pvalue > 1e-3
    at = flips.places(arrays, found)
    of_float = np.bincount(at.bit[at.array == 0], minlength=32)
    chi = ((of_float - of_float.mean()) ** 2 / of_float.mean()).sum() / spread
    assert stats.chi2.sf(chi, 31) > 1e-4


def test_widths_come_in_their_shares_and_stay_in_one_word():
    arrays = memory()
    found = flips.draw(arrays, [False] * 7, 100_000, 0, rng(3))
    width = np.bitwise_count(found.mask)
    seen = np.bincount(width, minlength=5)[1:]
    assert stats.chisquare(seen, 100_000 * np.array(flips.WIDTHS)).pvalue > 1e-3
    for mask in found.mask[width == 3][:200]:
        turned = [(int(mask) >> k | int(mask) << (64 - k)) & (2**64 - 1) for k in range(64)]
        tail = any(int(mask) == 0b11 | 1 << k or int(mask) == 0b1 | 0b11 << k for k in range(64))
        assert 0b111 in turned or tail


def test_numbers_are_poisson():
    bits, rate, duration = 8_000_000, 4.04e-7 / 86400.0, 86400.0 * 10
    random = rng(4)
    drawn = np.array([flips.number(bits, rate, duration, random) for _ in range(4000)])
    mean = 8e6 * 4.04e-7 * 10
    assert abs(drawn.mean() - mean) < 4 * np.sqrt(mean / drawn.size)
    dispersion = ((drawn - drawn.mean()) ** 2).sum() / drawn.mean()
    assert 1e-3 < stats.chi2.cdf(dispersion, drawn.size - 1) < 1 - 1e-3
    assert flips.number(bits, 0.0, duration, random) == 0


@pytest.mark.parametrize(("rate", "duration"), [(-1.0, 1.0), (1.0, -1.0), (np.inf, 1.0)])
def test_impossible_rates_are_refused(rate, duration):
    with pytest.raises(ValueError, match="allowed: at least 0 and finite"):
        flips.number(8, rate, duration, rng())


@settings(max_examples=80)
@given(
    st.lists(st.tuples(st.sampled_from(DTYPES), st.integers(0, 40)), min_size=1, max_size=5),
    st.integers(0, 60),
    st.integers(0, 20),
    st.integers(0, 2**32),
)
def test_flipping_twice_restores_and_the_same_seed_gives_the_same_bytes(
    shapes, strikes, logic, seed
):
    random = rng(seed)
    arrays = [
        np.frombuffer(random.bytes(n * dtype().itemsize), dtype).copy() for dtype, n in shapes
    ]
    if not sum(a.size for a in arrays):
        strikes = logic = 0
    ecc = [bool(k % 2) for k in range(len(arrays))]
    before = image(arrays)
    found = flips.draw(arrays, ecc, strikes, logic, rng(seed))
    assert image(arrays) == before
    flips.flip(arrays, found)
    once = image(arrays)
    flips.flip(arrays, found)
    assert image(arrays) == before
    again = flips.draw(arrays, ecc, strikes, logic, rng(seed))
    flips.flip(arrays, again)
    assert image(arrays) == once
    changed = np.unpackbits(np.frombuffer(before, np.uint8) ^ np.frombuffer(once, np.uint8)).sum()
    at = flips.places(arrays, found)
    kept = found.outcome[at.strike] != CORRECTED
    keys = list(zip(at.array[kept], at.element[kept], at.bit[kept], strict=True))
    assert changed == sum(keys.count(key) % 2 for key in set(keys))
    assert all(0 <= e < arrays[a].size for a, e, _ in keys)


def test_places_are_the_bits_that_change():
    for array in memory()[:5]:
        flat = array.reshape(-1)
        unsigned = flat.view(f"u{flat.itemsize}")
        found = flips.draw([array], [False], 1, 0, rng(5), (1.0,))
        before = unsigned.copy()
        flips.flip([array], found)
        at = flips.places([array], found)
        assert int(unsigned[at.element[0]] ^ before[at.element[0]]) == 1 << int(at.bit[0])
        assert (unsigned != before).sum() == 1


def check_matrix() -> np.ndarray:
    """72 columns of 8 bits, each with an odd number of ones: a Hsiao code (1970)."""
    odd = [c for c in range(256) if bin(c).count("1") % 2]
    by_weight = sorted(odd, key=lambda c: (bin(c).count("1"), c))
    return np.array(by_weight[:72])


def secded(wrong: np.ndarray) -> str:
    """What a decoder of 72 bits does with wrong bits; shares no code with the model."""
    columns = check_matrix()
    syndrome = int(np.bitwise_xor.reduce(columns[wrong])) if wrong.size else 0
    if syndrome == 0:
        return "silent" if wrong.size else "masked"
    hit = np.flatnonzero(columns == syndrome)
    if not hit.size:
        return "detected"
    return "corrected" if wrong.size == 1 and hit[0] == wrong[0] else "silent"


def test_ecc_claims_against_a_decoder_of_a_real_code():
    """One: always corrected. Two: always reported. Three: the model says silent; the decoder
    takes most for one wrong bit (56 %) and reports the others: the model errs on the side of
    damage."""
    arrays = [np.zeros(64, np.float32)]
    for width, outcome in ((1, CORRECTED), (2, DETECTED), (3, SILENT), (4, SILENT)):
        shares = [0.0] * 4
        shares[width - 1] = 1.0
        found = flips.draw(arrays, [True], 1, 0, rng(width), shares)
        assert found.outcome[0] == outcome
    for one in range(72):
        assert secded(np.array([one])) == "corrected"
        for two in range(one):
            assert secded(np.array([one, two])) == "detected"
    random = rng(6)
    three = [secded(random.choice(72, 3, replace=False)) for _ in range(4000)]
    assert set(three) == {"silent", "detected"}
    assert three.count("silent") / 4000 == pytest.approx(0.56, abs=0.03)


def test_corrected_strikes_leave_the_bytes_and_others_do_not():
    arrays = [rng(7).normal(size=20_000).astype(np.float32)]
    before = arrays[0].copy()
    found = flips.draw(arrays, [True], 300, 0, rng(8))
    flips.flip(arrays, found)
    words = before.view(np.uint64) != arrays[0].view(np.uint64)
    hit = np.zeros(10_000, bool)
    hit[found.word[np.isin(found.outcome, (DETECTED, SILENT))]] = True
    assert (words == hit).all()
    share = np.bincount(found.outcome, minlength=4) / 300
    expected = flips.shares(True)
    assert expected == (0.75, 0.125, 0.125)
    for seen, mean in zip(share[1:], expected, strict=True):
        assert abs(seen - mean) < 4 * np.sqrt(mean * (1 - mean) / 300) + flips.meeting(300, 1e4)


def test_without_ecc_all_is_silent_and_ecc_is_by_array():
    arrays = memory()
    ecc = [True, False, True, False, True, False, True]
    found = flips.draw(arrays, ecc, 30, 0, rng(9), (1.0,))
    alone = [
        ((found.array == a) & (found.word == w)).sum() == 1
        for a, w in zip(found.array, found.word, strict=True)
    ]
    protected = np.array(ecc)[found.array]
    assert (found.outcome[alone & protected] == CORRECTED).all()
    assert (found.outcome[alone & ~protected] == SILENT).all()
    assert sum(alone) > 5
    assert flips.shares(False) == (0.0, 0.0, 1.0)


def test_strikes_that_meet_in_a_word():
    """One word, single flips: two make a reported error unless they undo each other (1/64)."""
    word = [np.zeros(8, np.uint8)]
    outcomes = [flips.draw(word, [True], 2, 0, rng(s), (1.0,)).outcome for s in range(4000)]
    assert all(o[0] == o[1] for o in outcomes)
    undone = np.mean([o[0] == MASKED for o in outcomes])
    assert abs(undone - 1 / 64) < 4 * np.sqrt(1 / 64 / 4000)
    assert {int(o[0]) for o in outcomes} == {MASKED, DETECTED}
    found = flips.draw([np.zeros(8_000, np.uint8)], [True], 100, 0, rng(10), (1.0,))
    again = [
        flips.draw([np.zeros(8_000, np.uint8)], [True], 100, 0, rng(s), (1.0,)) for s in range(200)
    ]
    met = np.mean([(o.outcome == DETECTED).mean() for o in [found, *again]])
    assert met == pytest.approx(flips.meeting(99, 1000), rel=0.1)


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.integers(0, 12), st.integers(0, 4))
def test_outcomes_follow_from_the_wrong_bits_of_each_word(seed, strikes, logic):
    """Counted word by word in a dictionary, on memory so small that strikes meet."""
    arrays = [np.zeros(4, np.float32), np.zeros(16, np.uint8), np.zeros(2)]
    ecc = [True, True, False]
    found = flips.draw(arrays, ecc, strikes, logic, rng(seed))
    wrong: dict[tuple[int, int], int] = {}
    for array, word, mask, by_logic in zip(
        found.array, found.word, found.mask, found.logic, strict=True
    ):
        if not by_logic:
            wrong[array, word] = wrong.get((array, word), 0) ^ int(mask)
    for k in range(len(found)):
        bits = 99
        if not found.logic[k]:
            bits = wrong[found.array[k], found.word[k]].bit_count()
        expected = SILENT
        if bits == 0:
            expected = MASKED
        elif ecc[found.array[k]] and bits <= 2:
            expected = (CORRECTED, DETECTED)[bits - 1]
        assert found.outcome[k] == expected


def test_logic_faults_pass_every_code_and_stay_in_one_element():
    arrays = memory()
    found = flips.draw(arrays, [True] * 7, 0, 5000, rng(11))
    assert found.logic.all()
    assert (found.outcome == SILENT).all()
    at = flips.places(arrays, found)
    for strike in range(200):
        assert len(set(at.element[at.strike == strike])) == 1
    floats = found.array == 0
    single = np.mean(np.bitwise_count(found.mask[floats]) == 1)
    spacious = flips.draw([np.zeros(100_000, np.float32)], [True], 0, 50, rng(11))
    assert (np.bitwise_count(spacious.mask) == 1).any()
    assert (spacious.outcome == SILENT).all()
    assert abs(single - flips.LOGIC_SINGLE) < 4 * np.sqrt(0.24 / floats.sum())


def test_decode_agrees_with_numpy_and_the_published_limits():
    words = rng(12).integers(0, 2**32, 20_000).astype(np.uint32)
    with np.errstate(invalid="ignore"):
        single = words.view(np.float32).astype(float)
    assert np.array_equal(flips.decode(words, FORMATS["float32"]), single, equal_nan=True)
    halves = np.arange(2**16, dtype=np.uint16)
    assert np.array_equal(
        flips.decode(halves, FORMATS["float16"]),
        halves.view(np.float16).astype(float),
        equal_nan=True,
    )
    with np.errstate(invalid="ignore"):
        brain = (halves.astype(np.uint32) << 16).view(np.float32).astype(float)
    assert np.array_equal(flips.decode(halves, FORMATS["bfloat16"]), brain, equal_nan=True)
    quarter = (np.arange(256, dtype=np.uint16) << 8).view(np.float16).astype(float)
    e5m2 = flips.decode(np.arange(256), FORMATS["float8_e5m2"])
    assert np.array_equal(e5m2, quarter, equal_nan=True)
    e4m3 = flips.decode(np.arange(256), FORMATS["float8_e4m3"])
    assert np.nanmax(e4m3) == 448.0
    assert e4m3[1] == 2.0**-9
    assert e4m3[8] == 2.0**-6
    assert np.isnan(e4m3[[0x7F, 0xFF]]).all()
    assert np.isnan(e4m3).sum() == 2
    signed = np.arange(256, dtype=np.uint8)
    assert np.array_equal(flips.decode(signed, FORMATS["int8"]), signed.view(np.int8) / 127.0)


def stored(values: np.ndarray, name: str) -> np.ndarray:
    """Values rounded to the nearest number of a format, as bit patterns."""
    if name in ("float32", "float16"):
        return values.astype(name).view(f"u{np.dtype(name).itemsize}")
    if name == "bfloat16":
        wide = values.astype(np.float32).view(np.uint32).astype(np.uint64)
        return ((wide + 0x7FFF + ((wide >> 16) & 1)) >> 16).astype(np.uint16)
    if name == "int8":
        return np.clip(np.round(values * 127), -127, 127).astype(np.int8).view(np.uint8)
    table = flips.decode(np.arange(128), FORMATS[name])
    finite = np.flatnonzero(np.isfinite(table))
    middles = 0.5 * (table[finite][1:] + table[finite][:-1])
    positive = finite[np.searchsorted(middles, np.abs(values))]
    return (positive | np.where(values < 0, 128, 0)).astype(np.uint8)


@pytest.mark.parametrize("name", list(FORMATS))
def test_damage_table_is_what_flipping_does(name):
    """Weights of spread 0.6: flip each bit of 400,000 of them and look."""
    form = FORMATS[name]
    values = rng(13).normal(size=400_000) * 0.6
    words = stored(values, name)
    was = flips.decode(words, form)
    subnormal = np.abs(was) < 2.0 ** (1 - form.bias) if form.exponent else np.zeros(was.size, bool)
    table = flips.damage(form, 0.6)
    assert len(table) == form.bits
    for bit, expected in enumerate(table):
        struck = words.copy()
        struck ^= struck.dtype.type(1 << bit)
        now = flips.decode(struck, form)
        bad = ~np.isfinite(now)
        share = bad.mean()
        assert (
            abs(share - expected.nonfinite)
            < 4.5 * np.sqrt(expected.nonfinite / values.size) + 1e-12
        )
        good = (
            ~bad & ~subnormal & (np.abs(now) >= 2.0 ** (1 - form.bias) if form.exponent else ~bad)
        )
        full = np.abs(was) if form.exponent else 1.0
        with np.errstate(all="ignore"):
            change = np.abs(now - was) / full
        on = (words >> bit) & 1 == 1
        for chosen, mean in ((good & ~on, expected.when_clear), (good & on, expected.when_set)):
            if chosen.sum() < 100:
                continue
            seen = change[chosen].mean()
            tolerance = 0.06 if expected.field == "fraction" else 1e-6
            assert seen == pytest.approx(mean, rel=tolerance)


def test_damage_of_uniform_fractions_is_exact():
    """Every float16 and float8 of one power of 2, flipped: the mean is the closed form."""
    for name in ("float16", "bfloat16", "float8_e4m3", "float8_e5m2"):
        form = FORMATS[name]
        words = (form.bias << form.fraction) + np.arange(2**form.fraction)
        was = flips.decode(words, form)
        for bit in range(form.fraction):
            change = np.abs(flips.decode(words ^ (1 << bit), form) - was) / was
            on = (words >> bit) & 1 == 1
            row = flips.damage(form, 0.02)[bit]
            assert change[~on].mean() == pytest.approx(row.when_clear, rel=1e-12)
            assert change[on].mean() == pytest.approx(row.when_set, rel=1e-12)


def test_the_top_exponent_bit_is_the_one_that_hurts():
    """Weights of spread 0.02: one flip in the top bit of the exponent multiplies by 2^128."""
    for name, bit in (("float32", 30), ("bfloat16", 14)):
        row = flips.damage(FORMATS[name], 0.02)[bit]
        assert row.when_clear == pytest.approx(2.0**128, rel=1e-6)
        assert row.nonfinite < 1e-100
        assert flips.damage(FORMATS[name], 1.0)[bit].nonfinite == pytest.approx(0.2718, abs=0.003)
    assert flips.damage(FORMATS["float16"], 0.02)[14].when_clear == 2.0**16 - 1
    assert flips.damage(FORMATS["int8"], 0.02)[7].when_clear == pytest.approx(128 / 127)


@pytest.mark.parametrize(
    ("arrays", "ecc", "strikes", "widths", "fault"),
    [
        ([np.zeros((4, 4), np.float32)[:, ::2]], [False], 1, (1.0,), "contiguous"),
        ([np.zeros(4, ">f4")], [False], 1, (1.0,), "little-endian"),
        ([np.zeros(4, complex)], [False], 1, (1.0,), "complex128"),
        ([np.zeros(4, np.float32)], [], 1, (1.0,), "1 arrays, 0 ECC settings"),
        ([np.zeros(4, np.float32)], [True], -1, (1.0,), "-1 and 0 strikes"),
        ([np.zeros(4, np.float32)], [True], 1, (0.5,), "add up to 1"),
        ([np.zeros(0, np.float32)], [True], 1, (1.0,), "no bits at all"),
    ],
)
def test_impossible_memory_is_refused(arrays, ecc, strikes, widths, fault):
    with pytest.raises(ValueError, match=fault):
        flips.draw(arrays, ecc, strikes, 0, rng(), widths)
