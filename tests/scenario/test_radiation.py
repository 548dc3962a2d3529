"""The shield and the Sun as a scenario declares them."""

import pytest

from dawndusk.scenario import load
from dawndusk.scenario.errors import ScenarioError


def test_the_published_shield_is_the_default() -> None:
    scenario = load("suncatcher")
    assert scenario.radiation.shielding == pytest.approx(0.010)
    assert scenario.provenance["radiation.shielding"].confidence == "public"
    assert scenario.radiation.activity is None


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("radiation.shielding=-1 mm", r"radiation\.shielding = .*allowed: .*30 mm|3 cm"),
        ("radiation.shielding=5 cm", r"radiation\.shielding = .*allowed: "),
        ("radiation.activity=1.5", r"radiation\.activity = .*allowed: "),
        ("radiation.cover_glass=1 cm", r"radiation\.cover_glass = .*allowed: .*50 µm and ≤ 5 mm"),
        ("sun.peak_flux=68", r"sun\.peak_flux = 68: allowed: quiet_flux, 70, or more; raise it"),
        ("radiation.shield=1 mm", r"radiation\.shield.*did you mean .*shielding"),
    ],
)
def test_what_cannot_be_is_told(override: str, told: str) -> None:
    with pytest.raises(ScenarioError, match=told):
        load("suncatcher", [override])
