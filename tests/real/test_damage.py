"""Wrong numbers in real jobs: every strike has one outcome, guards catch what they claim."""

from typing import Any

import numpy as np
import pytest

from dawndusk.real.damage import OUTCOMES, Damage
from tests.training_case import LeastSquares


def struck(
    guards: tuple[str, ...] = (), ecc: bool = False, number: int = 1
) -> tuple[Damage, LeastSquares]:
    damage, worker = Damage(ecc, guards, 3), LeastSquares(0, 3, 1, {})
    damage.strike(0, worker.tensors(), True, np.random.default_rng(number))
    return damage, worker


def test_a_strike_changes_memory_and_waits_for_its_verdict() -> None:
    damage, worker = struck()
    assert any(worker.weights) or any(worker.speed)
    assert sum(damage.outcomes.values()) == 0
    damage.taken_over(0, True)
    assert damage.outcomes == {**dict.fromkeys(OUTCOMES, 0), "silent": 1}


def test_ecc_corrects_and_reports_by_the_widths_of_strikes() -> None:
    """Shares 75, 12.5 and 12.5 %, assumed in `flips`; those that are silent change memory."""
    damage, worker = Damage(True, (), 1), LeastSquares(0, 1, 1, {})
    rng = np.random.default_rng(3)
    for _ in range(4000):
        damage.strike(0, worker.tensors(), True, rng)
    damage.taken_over(0, False)
    shares = {name: count / 4000 for name, count in damage.outcomes.items()}
    assert shares["corrected"] == pytest.approx(0.75, abs=0.03)
    assert shares["detected"] == pytest.approx(0.125, abs=0.025)
    assert shares["silent"] == pytest.approx(0.125, abs=0.025)


def test_a_loss_that_is_no_number_and_one_that_jumps() -> None:
    for loss, outcome in ((np.nan, "non_finite"), (50.0, "loss_spike")):
        damage, worker = struck()
        for k in range(30):
            assert damage.after(0, {"loss": 1.0 + 0.01 * (k % 3)}, worker.tensors()) == ""
        damage.strike(0, worker.tensors(), False, np.random.default_rng(5))
        assert damage.after(0, {"loss": loss}, worker.tensors()) == ""
        assert damage.outcomes[outcome] == 2


@pytest.mark.parametrize(
    ("guard", "measured"),
    [
        ("loss", {"loss": 50.0}),
        ("loss", {"loss": np.nan}),
        ("gradient_norm", {"loss": 1.0, "gradient_norm_max": 1e6}),
        ("finite", {"loss": 1.0}),
    ],
)
def test_guards_catch_what_they_claim(guard: str, measured: dict[str, float]) -> None:
    damage, worker = struck((guard,))
    worker.weights[:] = 0.0
    for k in range(30):
        usual = {"loss": 1.0 + 0.01 * (k % 3), "gradient_norm_max": 2.0 + 0.1 * (k % 5)}
        assert damage.after(0, usual, worker.tensors()) == ""
    if guard == "finite":
        worker.weights[3] = np.inf
    assert damage.after(0, measured, worker.tensors()) == guard
    assert damage.caught == {guard: 1}
    assert damage.false_alarms == 0
    assert sum(damage.outcomes.values()) == 1


def test_a_vote_mends_results_and_not_the_memory_that_all_three_read() -> None:
    for stored, outcome in ((False, "corrected"), (True, "silent")):
        damage, worker = Damage(False, ("vote",), 1), LeastSquares(0, 1, 1, {})
        before = worker.save()
        damage.strike(0, worker.tensors(), stored, np.random.default_rng(7))
        assert (worker.save() == before) == (not stored)
        damage.taken_over(0, False)
        assert damage.outcomes == {**dict.fromkeys(OUTCOMES, 0), outcome: 1}


def test_checksums_see_every_bit_of_kept_memory() -> None:
    for number in range(200):
        damage, _ = struck(("checksums",), number=number)
        assert damage.before(0) == "checksums"
        assert damage.before(1) == ""
        assert damage.outcomes["detected"] == 1


def test_checksums_do_not_see_activations() -> None:
    damage = Damage(False, ("checksums",), 1)
    memory = {"activations": {"stream": np.zeros(50, np.float32)}}
    damage.strike(0, memory, True, np.random.default_rng(1))
    assert memory["activations"]["stream"].view(np.uint8).any()
    assert damage.before(0) == ""


def test_a_contribution_unlike_the_others_is_kept_from_them() -> None:
    rng = np.random.default_rng(2)
    usual: dict[int, Any] = {rank: rng.normal(size=1000).astype(np.float32) for rank in range(6)}
    assert Damage(False, ("gradient_norm", "finite"), 6).contributions(usual) is None
    wild = {**usual, 4: usual[4] * 100.0}
    assert Damage(False, ("gradient_norm",), 6).contributions(wild) == (4, "gradient_norm")
    assert Damage(False, ("finite",), 6).contributions(wild) is None
    broken = {**usual, 2: np.full(1000, np.nan, np.float32)}
    assert Damage(False, ("finite",), 6).contributions(broken) == (2, "finite")
    assert Damage(False, ("gradient_norm",), 6).contributions(broken) == (2, "gradient_norm")
    two = {0: usual[0], 1: usual[1] * 100.0}
    assert Damage(False, ("gradient_norm",), 6).contributions(two) is None


def test_damage_travels_with_copies_and_dies_with_memory() -> None:
    damage, _ = struck(("checksums",))
    damage.copied(2, 0)
    assert damage.suspects[2].struck
    assert damage.suspects[2].waiting == 0
    assert damage.before(2) == "checksums"
    assert damage.false_alarms == 0
    damage.lost(0)
    assert damage.outcomes["masked"] == 1
    assert damage.before(0) == ""


def test_a_guard_that_catches_numbers_never_struck_raises_a_false_alarm() -> None:
    damage, worker = Damage(False, ("loss",), 2), LeastSquares(0, 2, 1, {})
    for k in range(30):
        damage.after(1, {"loss": 1.0 + 0.01 * (k % 3)}, worker.tensors())
    assert damage.after(1, {"loss": 9.0}, worker.tensors()) == "loss"
    assert damage.false_alarms == 1


def test_after_an_outer_step_the_usual_norm_is_learnt_anew() -> None:
    damage, worker = Damage(False, ("gradient_norm",), 1), LeastSquares(0, 1, 1, {})
    for k in range(30):
        damage.after(0, {"gradient_norm_max": 2.0 + 0.1 * (k % 5)}, worker.tensors())
    damage.taken_over(0, True)
    assert damage.after(0, {"gradient_norm_max": 40.0}, worker.tensors()) == ""


def test_caches_are_struck_by_their_share_of_the_bits() -> None:
    weights, cache = np.ones(100, np.float32), np.ones(300, np.float32)
    damage, rng = Damage(False, (), 1), np.random.default_rng(4)
    tensors = {"weights": {"all": weights}, "cache": {"keys": cache}}
    told = [damage.strike(0, tensors, True, rng) for _ in range(2000)]
    assert sum("cache.keys" in each for each in told) == pytest.approx(1500, abs=60)
    assert (cache != 1.0).any()


@pytest.mark.parametrize("stored", [True, False])
def test_memory_that_is_only_claimed_is_out_of_reach(stored: bool) -> None:
    claimed = np.broadcast_to(np.zeros(1, np.uint8), (10**10,))
    damage = Damage(False, (), 1)
    told = damage.strike(0, {"cache": {"claimed": claimed}}, stored, np.random.default_rng(1))
    assert told.startswith("masked")
    assert damage.outcomes["masked"] == 1


def test_whole_numbers_are_finite_and_empty_memory_is_not_struck() -> None:
    damage = Damage(False, ("finite",), 1)
    held = {"weights": {"all": np.ones(5, np.int8), "none": np.zeros(0, np.float32)}}
    told = damage.strike(0, held, True, np.random.default_rng(1))
    assert "of weights.all" in told
    assert damage.after(0, {}, held) == ""
    assert damage.strike(0, {"cache": {"none": np.zeros(0)}}, True, np.random.default_rng(1)) == (
        "masked: no memory within reach"
    )
