"""The character GPT: learns, repeats to the last digit, keeps its promises, is hit where said."""

import math

import numpy as np
import pytest

from dawndusk.execution import gpt, protocol

torch = pytest.importorskip("torch", reason="the character GPT needs the extra [train]")

SMALL = {"width": 32, "layers": 2, "heads": 2, "context": 16, "batch": 4, "validation": 16}


def worker(rank=0, replicas=4, seed=1, **options):
    return gpt.worker(rank, replicas, seed, {**SMALL, **options})


def test_the_default_model_has_a_million_parameters_and_knows_nothing_yet():
    """Before training each of 65 characters is as likely: ln 65 = 4.174."""
    made = gpt.worker(0, 1, 1, {"validation": 64})
    assert made.parameters == 12 * 144**2 * 4 + 9 * 144 + (65 + 64 + 65) * 144
    assert made.evaluate()["loss"] == pytest.approx(math.log(65), abs=0.1)


def test_it_keeps_all_promises():
    assert protocol.conformance(gpt.worker, SMALL) == []


def test_the_same_seed_gives_the_same_losses_to_the_last_digit():
    def losses():
        made = worker()
        return [made.advance(3)["loss"] for _ in range(5)], made.save()

    assert losses() == losses()
    assert worker(seed=2).advance(3) != worker().advance(3)


def test_units_can_be_granted_in_any_grouping():
    one, other = worker(), worker()
    one.advance(9)
    for units in (1, 5, 3):
        other.advance(units)
    assert one.save() == other.save()


def test_threads_of_the_process_change_nothing_and_are_given_back():
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        made = worker()
        made.advance(4)
        assert torch.get_num_threads() == 2
        torch.set_num_threads(1)
        other = worker()
        other.advance(4)
    finally:
        torch.set_num_threads(threads)
    assert made.save() == other.save()
    assert not torch.are_deterministic_algorithms_enabled()


def test_ranks_begin_alike_and_see_different_text():
    first, second = worker(0), worker(1)
    assert np.array_equal(first.shared(), second.shared())
    assert not np.array_equal(first.gradient(), second.gradient())


def test_one_unit_is_a_gradient_and_its_application():
    whole, halves = worker(), worker()
    for _ in range(3):
        measured = whole.advance(1)
        assert halves.apply(halves.gradient()) == measured
    assert whole.save() == halves.save()


def test_a_mean_gradient_is_that_of_the_concatenated_batch():
    together = worker(0, 1, streams=4).gradient()
    mean = np.mean([worker(rank).gradient() for rank in range(4)], axis=0)
    np.testing.assert_allclose(mean, together, atol=1e-6 * np.abs(together).max())


def test_the_gradient_is_the_slope_of_the_loss():
    """Central differences in float32 along the gradient itself: within 1 %."""
    made = worker(batch=16)
    gradient, start = made.gradient(), made.shared()
    norm = float(np.linalg.norm(gradient))
    loss = {}
    for sign in (-1, 1):
        made.set_shared(start + sign * 1e-2 * gradient / norm)
        made.gradient()
        loss[sign] = made._loss
    assert (loss[1] - loss[-1]) / 2e-2 == pytest.approx(norm, rel=0.01)


def test_no_character_sees_what_follows_it():
    """Changing the last character of the context leaves every logit before it as it was."""
    made = worker()
    codes = torch.arange(16)[None] % 65
    changed = codes.clone()
    changed[0, -1] = 60
    with torch.no_grad():
        first, second = (made._logits(each, False)[0] for each in (codes, changed))
    assert torch.equal(first[:-1], second[:-1])
    assert not torch.equal(first[-1], second[-1])


def test_the_optimiser_is_adamw_as_published():
    """Loshchilov & Hutter 2019, algorithm 2, in float64 on the gradients that the worker takes."""
    made = worker(warmup=0, clip=1e9)
    weights = made.shared().astype(float)
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, 6):
        gradient = made.gradient()
        made.apply(gradient)
        g = gradient.astype(float)
        first = 0.9 * first + 0.1 * g
        second = 0.95 * second + 0.05 * g * g
        scaled = first / (1 - 0.9**step) / (np.sqrt(second / (1 - 0.95**step)) + 1e-8)
        weights = weights - 2e-3 * (scaled + 0.1 * weights)
    np.testing.assert_allclose(made.shared(), weights, atol=2e-6)


def test_flop_are_those_that_torch_counts():
    """Matrix products counted by PyTorch while one unit runs; it leaves attention itself out."""
    from torch.utils.flop_counter import FlopCounterMode

    made = gpt.worker(0, 1, 1, {"layers": 2, "validation": 16})
    with FlopCounterMode(display=False) as counter:
        made.advance(1)
    attention = 12 * 2 * 144 * 64 * (12 * 64)
    assert made.unit_flop == pytest.approx(counter.get_total_flops() + attention, rel=2e-3)


def test_bits_of_memory_are_the_job_itself():
    made, clean = worker(), worker()
    made.advance(2)
    clean.advance(2)
    weights = made.tensors()["weights"]["block0.up"]
    weights.view(np.int32)[0, 0] ^= 1 << 30
    assert not np.array_equal(made.shared(), clean.shared())
    weights.view(np.int32)[0, 0] ^= 1 << 30
    assert made.save() == clean.save()
    made.tensors()["optimiser"]["block0.up.exp_avg"][0, 0] = np.inf
    made.advance(1)
    assert np.isnan(made.shared()).any() or np.isinf(made.shared()).any()


def test_every_tensor_of_the_state_can_be_hit():
    made = worker()
    tensors = made.tensors()
    assert sum(each.size for each in tensors["weights"].values()) == made.parameters
    steps = len(tensors["weights"])
    assert sum(each.size for each in tensors["optimiser"].values()) == 2 * made.parameters + steps
    assert sum(each.size for each in tensors["activations"].values()) == 3 * 4 * 16 * 32
    for kind in ("weights", "optimiser"):
        for tensor in tensors[kind].values():
            before = made.save()
            tensor.reshape(-1).view(np.int32)[-1] ^= 1
            assert made.save() != before


def test_a_flip_in_an_activation_counts_for_one_unit():
    hit, clean = worker(), worker()
    hit.tensors()["activations"]["stream1"].view(np.int32)[2, 3, 5] ^= 1 << 23
    assert hit.advance(1) != clean.advance(1)
    assert not hit.tensors()["activations"]["stream1"].view(np.int32).any()
    hit.load(clean.save())
    assert hit.advance(2) == clean.advance(2)


def test_a_damaged_or_foreign_state_is_refused():
    made = worker()
    state = made.save()
    with pytest.raises(ValueError, match="state: damaged, its checksum differs"):
        made.load(state[:-1])
    flipped = bytearray(state)
    flipped[5000] ^= 4
    with pytest.raises(ValueError, match="state: damaged"):
        made.load(bytes(flipped))
    with pytest.raises(ValueError, match="state: of another job"):
        worker(layers=1).load(state)


def test_a_state_of_another_text_is_refused(tmp_path):
    (tmp_path / "own.txt").write_text("ab" * 2000)
    own = worker(text=str(tmp_path / "own.txt"))
    (tmp_path / "other.txt").write_text("ba" * 2000)
    with pytest.raises(ValueError, match="state: of another job"):
        worker(text=str(tmp_path / "other.txt")).load(own.save())


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"depth": 3}, "depth: unknown option; allowed: text, width"),
        ({"width": 0}, "width: 0; allowed: a whole number from 1"),
        ({"width": 4.5, "clip": "x"}, "width: 4.5; .*; clip: 'x'; allowed: a number from 0"),
        ({"heads": 5}, "heads: 5; allowed: divisors of the width 32"),
        ({"text": "no/such/file.txt"}, "text: no/such/file.txt: .*No such file"),
        ({"text": "dawndusk.execution.text:poem"}, "text: dawndusk.execution.text:poem: .*poem"),
        ({"learning_rate": math.nan}, "learning_rate: nan; allowed: a number from 0"),
    ],
)
def test_wrong_options_are_refused(options, line):
    with pytest.raises(ValueError, match=line):
        worker(**options)


def test_a_text_of_ones_own(tmp_path):
    path = tmp_path / "own.txt"
    path.write_text("ab" * 2000)
    made = worker(text=str(path))
    made.advance(60)
    assert made.evaluate()["loss"] < 0.1
    path.with_name("short.txt").write_text("too short")
    with pytest.raises(ValueError, match="has 9 characters; allowed: more than 170"):
        worker(text=str(path.with_name("short.txt")))


def test_a_rank_outside_the_job_is_refused():
    with pytest.raises(ValueError, match="rank: 4; allowed: 0 to 3"):
        gpt.worker(4, 4, 1, SMALL)


def test_a_small_model_learns_the_text():
    """Below the entropy of single characters, 2.9, so from context."""
    made = worker(learning_rate=5e-3)
    made.advance(150)
    assert made.evaluate()["loss"] < 2.75
