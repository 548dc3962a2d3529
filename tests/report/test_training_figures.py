"""Words and numbers of training that really ran, also where some are missing."""

from dawndusk.report.training_figures import FIGURES, OUTCOMES, back_text, flips_text, loss_text


def test_every_figure_bears_an_empty_side() -> None:
    for title, show in FIGURES:
        assert show({}), title


def test_words() -> None:
    assert loss_text({"validation_loss_first": 4.2234, "validation_loss_last": 2.0}) == (
        "4.223 → 2.000"
    )
    assert flips_text({"flips": dict.fromkeys(OUTCOMES, 1)}).startswith("6: 1 without effect")
    assert flips_text({"flips": {"waiting": 3}}) == "0"
    assert back_text({"kills": 2, "rejoins": 1, "restores": 1}) == "2 lost, 1 rejoined, 1 restored"
    assert back_text({}) == "0"


def test_a_loss_that_ran_away_is_told_in_powers_of_ten() -> None:
    told = {"validation_loss_first": 0.731, "validation_loss_last": 3.0478e49}
    assert loss_text(told) == "0.731 → 3.05·10⁴⁹"


def test_a_small_loss_is_told_in_powers_of_ten() -> None:
    told = {"validation_loss_first": 0.731, "validation_loss_last": 3.216e-7}
    assert loss_text(told) == "0.731 → 3.22·10⁻⁷"
    assert loss_text({**told, "validation_loss_last": 0.0}) == "0.731 → 0.000"
