"""Upkeep and debris as a scenario declares them."""

import pytest

from dawndusk.scenario import load
from dawndusk.scenario.errors import ScenarioError


def test_defaults_are_published_or_say_that_they_are_assumed() -> None:
    scenario = load("suncatcher")
    assert scenario.upkeep.disposal_rule == pytest.approx(5.0 * 31_557_600.0)
    assert scenario.debris.avoidance_threshold == 3e-7
    assert scenario.provenance["upkeep.disposal_rule"].confidence == "public"
    assert scenario.provenance["debris.tracked_flux"].confidence == "assumed"
    for path in ("upkeep.drag_area", "debris.exposed_area", "debris.body_radius"):
        assert scenario.values[path].value is None


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("upkeep.drag_coefficient=0", r"upkeep\.drag_coefficient = .*allowed: .*> 0"),
        ("upkeep.drag_area=-1 m²", r"upkeep\.drag_area = .*allowed: .*> 0"),
        ("upkeep.specific_impulse=20 s", r"upkeep\.specific_impulse = .*allowed: .*50 s"),
        ("upkeep.disposal=burn", r"upkeep\.disposal = .*allowed: .*passive.*direct"),
        ("upkeep.disposal_perigee=300 km", r"upkeep\.disposal_perigee = .*allowed: .*120 km"),
        ("upkeep.disposal_success=1.2", r"upkeep\.disposal_success = .*allowed: "),
        ("debris.spread=worst", r"debris\.spread = .*allowed: .*low.*middle.*high"),
        ("debris.wall=1 mm", r"debris\.wall = .*allowed: .*4\.3 mm.*53 cm"),
        ("debris.wall=-5 mm", r"debris\.wall = .*allowed: "),
        ("debris.avoidance_threshold=2", r"debris\.avoidance_threshold = .*allowed: "),
        ("debris.avoidance_threshold=0", r"debris\.avoidance_threshold = .*allowed: "),
        ("debris.tracked_flux=-1 1/m²/yr", r"debris\.tracked_flux = .*allowed: "),
        ("debris.avoidance_lead=0 s", r"debris\.avoidance_lead = .*allowed: "),
        ("debris.threshold=1e-6", r"debris\.threshold.*did you mean .*avoidance_threshold"),
    ],
)
def test_what_cannot_be_is_told(override: str, told: str) -> None:
    with pytest.raises(ScenarioError, match=told):
        load("suncatcher", [override])
