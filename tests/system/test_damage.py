"""What bit flips do to training, as docs/training.md says it: who is harmed and who sees it."""

from collections import Counter

import numpy as np
import pytest
from benchmarks import bench_training as bench

from dawndusk.execution import flips

pytest.importorskip("torch", reason="damage to real training needs the extra [train]")

TRIALS = 16


@pytest.fixture(scope="module")
def model():
    """A small character GPT that has learnt for 800 steps."""
    return bench.plateau(steps=800)


def seen(model, place, which, trials=TRIALS, votes=False):
    moment = bench.PASSING if place == "activations" else bench.STORED
    chosen = bench.bits("float32")[which]
    key = sum(map(ord, place + which))
    return [
        bench.trial(*model, bench.chosen(place, chosen, key, n), moment, votes)
        for n in range(trials)
    ]


def harmed(found):
    return [each for each in found if each.outcome != "masked"]


@pytest.fixture(scope="module")
def top_bits(model):
    """Top exponent bits of weights and of AdamW's first moment."""
    return {place: seen(model, place, "top exponent") for place in ("weights", "Adam m")}


@pytest.mark.parametrize("place", ["weights", "Adam m"])
def test_a_struck_top_exponent_bit_harms_in_most_cases(top_bits, place):
    assert len(harmed(top_bits[place])) > TRIALS // 2


@pytest.mark.parametrize("place", ["weights", "Adam m", "Adam v", "activations"])
def test_a_low_mantissa_bit_never_harms(model, place):
    assert not harmed(seen(model, place, "lower mantissa"))


def test_unstruck_training_is_harmed_by_nothing_and_flagged_by_nobody(model):
    worker, start = model
    found = bench.trial(worker, start, lambda worker: None, bench.STORED)
    assert found == ("masked", frozenset())


def exposed(memory, ecc, widths, random):
    """Strikes on memory, about thirty of them; what ECC made of them."""
    drawn = flips.draw(memory, [ecc] * len(memory), 30, 0, random, widths)
    flips.flip(memory, drawn)
    return Counter(flips.OUTCOMES[k] for k in drawn.outcome)


def outcomes(model, ecc, widths, trials=8):
    """What becomes of the loss after thirty strikes on the weights."""
    worker, start = model

    def strike(n):
        return lambda w: exposed(bench.arrays(w, "weights"), ecc, widths, bench.rng(70, n))

    return [
        bench.trial(worker, start, strike(n), bench.STORED, votes=False).outcome
        for n in range(trials)
    ]


def test_ecc_undoes_single_bits_and_neither_wide_strikes_nor_logic_faults(model):
    """Of strikes on three bits of a word it sees nothing; two of them it reports."""
    worker, start = model
    bare = outcomes(model, False, (1.0,))
    assert bare.count("masked") <= len(bare) // 2
    assert set(outcomes(model, True, (1.0,))) == {"masked"}
    wide = (0.0, 0.0, 1.0)
    assert outcomes(model, True, wide) == outcomes(model, False, wide) != ["masked"] * 8
    for widths, outcome in (((0.0, 1.0), "detected"), (wide, "silent")):
        worker.load(start.state)
        drawn = exposed(bench.arrays(worker, "weights"), True, widths, bench.rng(71))
        assert set(drawn) == {outcome}
    faults = []
    for ecc in (True, False):
        memory = [np.zeros(1000, np.float32)]
        drawn = flips.draw(memory, [ecc], 0, 20, bench.rng(72))
        flips.flip(memory, drawn)
        faults.append(memory[0].tobytes())
    assert faults[0] == faults[1] != bytes(4000)


def caught(found, guard):
    """Share of the harmful ones that a defence sees."""
    return np.mean([guard in each.caught for each in harmed(found)])


def test_a_root_of_less_than_nothing_is_seen_by_every_guard_on_numbers(model):
    """The sign of AdamW's second moment: the weight is no number after the next step."""
    found = seen(model, "Adam v", "sign", 6)
    assert {each.outcome for each in found} == {"non-finite"}
    assert all({"finite", "loss", "gradient norm"} <= each.caught for each in found)


@pytest.mark.parametrize("place", ["weights", "Adam m"])
def test_the_loss_guard_sees_most_wild_numbers_and_the_others_no_more(top_bits, place):
    """Numbers that are wild but finite pass the finite check, and steep gradients may not come."""
    found = top_bits[place]
    assert caught(found, "loss") > 0.5
    assert 0.0 < caught(found, "finite") <= caught(found, "loss")
    assert 0.0 < caught(found, "gradient norm") <= caught(found, "loss")
    finite = [each for each in found if each.outcome in ("spike", "lasting")]
    assert finite
    assert not any("finite" in each.caught for each in finite)


def test_checksums_see_every_flip_in_memory_at_rest_and_none_in_passing(model, top_bits):
    stored = [*top_bits["weights"], *top_bits["Adam m"], *seen(model, "Adam v", "sign", 2)]
    stored += seen(model, "weights", "lower mantissa", 2)
    assert all("checksums" in each.caught for each in stored)
    passing = seen(model, "activations", "upper mantissa", 3)
    assert not any("checksums" in each.caught for each in passing)


def test_a_vote_sees_one_wrong_execution_and_not_memory_that_all_three_read(model):
    worker, start = model
    assert all("vote" in each.caught for each in seen(model, "activations", "sign", 3, votes=True))
    written = [bench.trial(worker, start, bench.logic(n), bench.RESULT) for n in range(3)]
    assert all("vote" in each.caught and "checksums" not in each.caught for each in written)
    stored = seen(model, "weights", "top exponent", 3, votes=True)
    assert not any("vote" in each.caught for each in stored)


def test_strikes_come_as_a_poisson_number_in_proportion_to_rate_time_and_bits():
    """Mean and variance over 4,000 draws; the tables' own counts within five deviations."""
    random = bench.rng(73)
    for bits, rate, time in ((1000, 1e-3, 3.0), (1000, 2e-3, 3.0), (4000, 1e-3, 3.0)):
        drawn = np.array([flips.number(bits, rate, time, random) for _ in range(4000)])
        mean = bits * rate * time
        assert abs(drawn.mean() - mean) < 5.0 * np.sqrt(mean / 4000)
        assert abs(drawn.var() / mean - 1.0) < 5.0 * np.sqrt((2.0 + 1.0 / mean) / 4000)


def test_the_strikes_of_the_table_of_rates_are_as_many_as_its_rate_says(model):
    worker, start = model
    stored = bench.written(worker, start, "int8")
    found = bench.exposed(worker, stored, 1e-5, True, 12, 74)
    expected = 12 * found.expected
    assert abs(sum(found.counts.values()) - expected) < 5.0 * np.sqrt(expected)
    assert sum(found.outcomes.values()) == 12
    assert found.outcomes["reported"] <= found.counts["detected"]
