"""Defences: each catches what it claims on injected flips, false alarms as computed."""

import binascii

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from dawndusk.execution import flips, guards
from dawndusk.execution.guards import GRADIENT_NORM, LOSS, Watch


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def flagged(values: np.ndarray, usual: Watch) -> np.ndarray:
    memory, flags = guards.fresh(), []
    for value in values:
        flag, memory = guards.watch(memory, float(value), usual)
        flags.append(flag)
    return np.array(flags)


def test_false_alarms_on_clean_norms_are_those_computed():
    """Log-normal norms, threshold 3 so that there are some: measured against the integral."""
    usual = Watch(threshold=3.0, floor=0.0, patience=1000)
    values = np.exp(rng(2).normal(size=30_000) * 0.3)
    share = flagged(values, usual)[64:].mean()
    expected = guards.false_alarms(3.0, 64, rng(3), 20_000)
    assert stats.norm.sf(3.0) < expected < 3 * stats.norm.sf(3.0)
    assert abs(share - expected) < 4 * np.sqrt(expected / 30_000) + 0.1 * expected
    assert guards.false_alarms(3.0, 4001, rng(3), 400) == pytest.approx(
        stats.norm.sf(3.0), rel=0.05
    )


def test_no_false_alarm_in_a_clean_run():
    """At the default of 6: 2 in a million computed, none in 20,000 falling losses."""
    assert 1e-6 < guards.false_alarms(6.0, 64, rng(4), 100_000) < 4e-6
    steps = np.arange(20_000)
    random = rng(5)
    loss = 2.0 + 2.2 * np.exp(-steps / 3000.0) + 0.03 * random.normal(size=steps.size)
    norm = (0.5 + np.exp(-steps / 2000.0)) * np.exp(0.2 * random.normal(size=steps.size))
    assert not flagged(loss, LOSS).any()
    assert not flagged(norm, GRADIENT_NORM).any()


@settings(max_examples=50)
@given(st.integers(0, 2**32), st.floats(0.02, 0.5), st.floats(1.0, 20.0))
def test_what_lies_beyond_the_threshold_is_flagged_and_nothing_below(seed, spread, excess):
    """Against median and MAD of SciPy."""
    past = np.exp(spread * rng(seed).normal(size=64))
    memory = guards.Memory(np.log(past), ())
    scale = max(stats.median_abs_deviation(np.log(past), scale="normal"), 0.01)
    edge = np.median(np.log(past)) + 6.0 * scale
    assert guards.watch(memory, float(np.exp(edge + 0.001 * excess)), GRADIENT_NORM)[0]
    assert not guards.watch(memory, float(np.exp(edge - 0.001 * excess)), GRADIENT_NORM)[0]


def test_a_spike_is_flagged_again_and_again_until_the_level_is_taken():
    values = np.concatenate([np.full(30, 1.0), np.full(7, 50.0), [1.0], np.full(20, 50.0)])
    flags = flagged(values, GRADIENT_NORM)
    assert flags[30:37].all()
    assert not flags[37]
    assert flags[38:46].all()
    assert not flags[46:].any()


def test_spikes_do_not_become_usual_by_coming_often():
    values = np.concatenate([np.full(30, 1.0), np.full(200, 50.0)])
    assert flagged(values, Watch(patience=1000))[30:].all()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -1.0])
def test_impossible_norms_are_flagged_at_once_and_forgotten(value):
    flag, memory = guards.watch(guards.fresh(), value, GRADIENT_NORM)
    assert flag
    assert memory.past.size == 0
    assert memory.refused == ()
    assert not guards.watch(guards.fresh(), 0.0, GRADIENT_NORM)[0]


class Regression:
    """Logistic regression by gradient descent: a loss, a gradient norm, weights to strike."""

    def __init__(self, seed: int) -> None:
        random = rng(seed)
        self.x = random.normal(size=(256, 32)).astype(np.float32)
        truth = random.normal(size=32)
        self.y = (self.x @ truth + random.normal(size=256) > 0).astype(np.float32)
        self.w = np.zeros(32, np.float32)
        self.random = random

    def step(self) -> tuple[float, float]:
        rows = self.random.integers(0, 256, 128)
        with np.errstate(all="ignore"):
            z = self.x[rows] @ self.w
            p = 1.0 / (1.0 + np.exp(-z))
            loss = np.mean(np.logaddexp(0.0, z) - self.y[rows] * z)
            gradient = self.x[rows].T @ (p - self.y[rows]) / 128
            self.w -= 0.2 * gradient
            return float(loss), float(np.linalg.norm(gradient))


def struck_run(bit: int, seed: int) -> tuple[bool, bool, bool, bool]:
    """Whether loss guard, norm guard and finite check see a flip, and whether it does harm."""
    run = Regression(seed)
    loss_memory = norm_memory = guards.fresh()
    for _ in range(80):
        loss, norm = run.step()
        _, loss_memory = guards.watch(loss_memory, loss, LOSS)
        _, norm_memory = guards.watch(norm_memory, norm, GRADIENT_NORM)
    before = loss
    struck = run.w.view(np.uint32)
    struck[seed % 32] ^= np.uint32(1 << bit)
    by_loss = by_norm = by_finite = False
    for _ in range(3):
        by_finite |= guards.nonfinite(run.w) > 0
        loss, norm = run.step()
        flag, loss_memory = guards.watch(loss_memory, loss, LOSS)
        by_loss |= flag
        flag, norm_memory = guards.watch(norm_memory, norm, GRADIENT_NORM)
        by_norm |= flag
    return by_loss, by_norm, by_finite, not loss < before + 1.0


def test_guards_catch_every_flip_that_harms_and_leave_harmless_ones():
    """Top exponent bit of a float32 weight: all flips that raise the loss by 1 are seen by the
    loss guard or the finite check; no flip in the lower 20 bits of the fraction is flagged."""
    top = np.array([struck_run(30, seed) for seed in range(60)])
    harmed = top[:, 3]
    assert harmed.mean() > 0.9
    assert (top[harmed, 0] | top[harmed, 2]).all()
    norm_share = top[harmed, 1].mean()
    assert norm_share < top[harmed, 0].mean()
    low = np.array([struck_run(seed % 20, seed) for seed in range(60)])
    assert not low[:, 3].any()
    assert not low.any()


def test_finite_check_sees_what_the_table_says_and_nothing_else():
    """Flips of bfloat16, e5m2, e4m3 and float32 patterns: the check against the decoded values."""
    masks = {"bfloat16": 0x7F80, "float8_e5m2": 0x7C, "float8_e4m3": 0x7F}
    for name, mask in masks.items():
        form = flips.FORMATS[name]
        kind = np.uint16 if form.bits == 16 else np.uint8
        stored = np.full(50_000, form.bias << form.fraction, kind)
        found = flips.draw([stored], [False], 3000, 0, rng(6))
        flips.flip([stored], found)
        wrong = int((~np.isfinite(flips.decode(stored, form))).sum())
        assert guards.nonfinite(stored, mask) == wrong
        assert name == "float8_e4m3" or wrong > 50
    values = rng(7).normal(size=1000).astype(np.float32)
    assert guards.nonfinite(values) == 0
    values[[3, 5, 9]] = np.nan, np.inf, -np.inf
    assert guards.nonfinite(values) == 3
    with pytest.raises(ValueError, match="unsigned patterns"):
        guards.nonfinite(stored.view(np.int8), 0x7F)


def test_crc_is_that_of_the_standard_and_bit_by_bit():
    assert guards.checksums(np.frombuffer(b"123456789", np.uint8))[0] == 0xCBF43926
    data = rng(8).integers(0, 256, 300).astype(np.uint8)
    for block, found in zip(
        (data[:128], data[128:256], data[256:]), guards.checksums(data, 128), strict=True
    ):
        register = 0xFFFFFFFF
        for byte in block.tolist():
            register ^= byte
            for _ in range(8):
                register = (register >> 1) ^ (0xEDB88320 if register & 1 else 0)
        assert found == register ^ 0xFFFFFFFF == binascii.crc32(block.tobytes())


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.integers(1, 40), st.integers(1, 4000))
def test_checksums_find_exactly_the_struck_blocks(seed, strikes, block):
    weights = rng(seed).normal(size=3001).astype(np.float32)
    before, clean = weights.copy(), guards.checksums(weights, block)
    assert guards.changed(clean, guards.checksums(weights, block)).size == 0
    flips.flip([weights], flips.draw([weights], [False], strikes, 0, rng(seed)))
    differ = np.flatnonzero(before.view(np.uint8) != weights.view(np.uint8)) // block
    found = guards.changed(clean, guards.checksums(weights, block))
    assert found.tolist() == sorted(set(differ.tolist()))


def test_every_flip_of_one_to_three_bits_and_every_short_burst_is_found():
    """One bit: all 65,536 places of a block; two, three, bursts of 32: sampled."""
    block = np.frombuffer(rng(9).bytes(guards.BLOCK), np.uint8).copy()
    clean = guards.checksums(block)
    for byte in range(0, guards.BLOCK, 8):
        for bit in range(8):
            block[byte] ^= np.uint8(1 << bit)
            assert guards.checksums(block)[0] != clean[0]
            block[byte] ^= np.uint8(1 << bit)
    random = rng(10)
    for _ in range(3000):
        places = random.integers(0, 8 * guards.BLOCK, random.integers(2, 4))
        if random.random() < 0.5:
            start = int(random.integers(0, 8 * guards.BLOCK - 32))
            places = start + np.flatnonzero(random.integers(0, 2, 32))
        struck = block.copy()
        for place in set(places.tolist()):
            struck[place // 8] ^= np.uint8(1 << place % 8)
        assert (guards.checksums(struck)[0] != clean[0]) == bool(set(places.tolist()))


@settings(max_examples=80)
@given(
    st.sampled_from([np.float32, np.uint16, np.int8, np.float64]),
    st.integers(0, 2),
    st.integers(0, 30),
    st.integers(0, 2**32),
)
def test_vote_restores_whatever_happens_to_one_copy(dtype, victim, strikes, seed):
    right = np.frombuffer(rng(seed).bytes(210 * dtype().itemsize), dtype).reshape(7, 30)
    copies = [right.copy() for _ in range(3)]
    found = flips.draw([copies[victim]], [False], strikes, strikes, rng(seed + 1))
    flips.flip([copies[victim]], found)
    unsigned = f"u{right.itemsize}"
    wrong = int((copies[victim].view(unsigned) != right.view(unsigned)).sum())
    verdict = guards.vote(*copies)
    assert verdict.result.tobytes() == right.tobytes()
    assert verdict.result.dtype == right.dtype
    assert verdict.outvoted == tuple(wrong if k == victim else 0 for k in range(3))
    assert verdict.undecided == 0


def test_vote_limits():
    """Two wrong in different ways: undecided. Two wrong alike: they win. NaN is a pattern."""
    one, two, three = np.array([1.0, 5.0]), np.array([2.0, 5.0]), np.array([3.0, 5.0])
    assert guards.vote(one, two, three).undecided == 1
    assert guards.vote(one, two, two).result[0] == 2.0
    assert guards.vote(one, two, two).outvoted == (1, 0, 0)
    nan = np.full(2, np.nan)
    assert guards.vote(nan, nan, one).outvoted == (0, 0, 2)
    empty = guards.vote(one[:0], one[:0], one[:0])
    assert empty.result.size == 0
    with pytest.raises(ValueError, match="three alike"):
        guards.vote(one, two, three[:1])


def test_prices():
    """A 7B model in bfloat16 on 989 TFLOP/s, 3.35 TB/s: reading it takes 4.2 ms."""
    n, bandwidth, speed = 7e9, 3.35e12, 989e12
    for price in (guards.price_of_norm(n, 2), guards.price_of_finite(n, 2)):
        assert guards.seconds(price, bandwidth, speed, 1.0) == pytest.approx(4.179e-3, rel=1e-3)
    sums = guards.price_of_checksums(2 * n)
    assert sums.kept == 4 * np.ceil(14e9 / 8192)
    assert guards.seconds(sums, bandwidth, 1e12, 1.0) == pytest.approx(56e-3)
    voted = guards.price_of_vote(1000, 4)
    assert guards.seconds(voted, bandwidth, speed, 5.0) == pytest.approx(10.0, rel=1e-6)
    assert voted.kept == 8000


@pytest.mark.parametrize(
    ("usual", "fault"),
    [
        (Watch(least=1), "least 1"),
        (Watch(window=8), "window 8"),
        (Watch(threshold=0.0), "threshold 0"),
        (Watch(patience=0), "patience 0"),
    ],
)
def test_contradicting_settings_are_refused(usual, fault):
    with pytest.raises(ValueError, match=fault):
        guards.watch(guards.fresh(), 1.0, usual)


def test_impossible_checksums_are_refused():
    with pytest.raises(ValueError, match="at least 1 byte"):
        guards.checksums(np.zeros(4), 0)
    with pytest.raises(ValueError, match="contiguous False"):
        guards.checksums(np.zeros((4, 4))[:, ::2])
    with pytest.raises(ValueError, match="3 and 2 checksums"):
        guards.changed(np.zeros(3, np.uint32), np.zeros(2, np.uint32))
