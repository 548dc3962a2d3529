"""Provenance shows only what is known."""

from dawndusk.scenario.provenance import CONFIDENCES, ORIGINS, Provenance


def test_only_what_is_known_is_given() -> None:
    known = Provenance("catalogue", "sheet", confidence="public", low=0.0)
    assert known.given() == {
        "origin": "catalogue",
        "source": "sheet",
        "confidence": "public",
        "low": 0.0,
    }


def test_the_words_of_the_contract() -> None:
    assert set(CONFIDENCES) == {"public", "claim", "derived", "memory", "assumed"}
    assert {"user", "scenario", "catalogue", "default", "sized", "override"} < set(ORIGINS)
