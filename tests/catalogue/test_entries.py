"""What entries refuse, with the same messages as scenarios."""

import pytest

from dawndusk import catalogue
from dawndusk.scenario import trees
from dawndusk.scenario.errors import Fault, ScenarioError


def own(kind: str, name: str, **values: object) -> catalogue.Own:
    faults: list[Fault] = []
    return {kind: {name: trees.read(values, "user", faults)}}


@pytest.mark.parametrize(
    ("kind", "name", "values", "complaint"),
    [
        ("accelerator", "h100", {"mass": "-3 kg"}, 'catalogue.accelerator.h100.mass = "-3 kg"'),
        ("accelerator", "h100", {"memory": "80 W"}, "this is a power; allowed: a data in TB, GB"),
        ("accelerator", "h100", {"memry": "80 GB"}, 'did you mean "catalogue.accelerator.h100.mem'),
        ("accelerator", "new", {"mass": "3 kg"}, "catalogue.accelerator.new.peak_flops: missing"),
        ("site", "tokyo", {"pue": 0.5}, "catalogue.site.tokyo.pue = 0.5: out of range"),
        ("site", "tokyo", {"latitude": "91 deg"}, 'the nearest is "90 deg"'),
        ("model", "llama-3-8b", {"layers": 1.5}, "layers = 1.5: allowed: a whole number"),
        ("launcher", "starship", {"success_rate": 1.2}, "success_rate = 1.2: out of range"),
        ("cities", "none", {"cities": []}, "allowed: a list with at least one entry"),
        ("design", "mine", {"aray": 3}, 'did you mean "catalogue.design.mine.array"?'),
        ("design", "mine", {"array": {"area": "3 kg"}}, "catalogue.design.mine.array.area = "),
        ("prices", "mine", {"nre": "-1 USD"}, "catalogue.prices.mine.nre = "),
    ],
)
def test_wrong_entries(kind: str, name: str, values: dict[str, object], complaint: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        catalogue.entry(f"{kind}.{name}", own(kind, name, **values))
    assert complaint in str(caught.value)


def test_an_own_entry_is_laid_over_the_shipped_one() -> None:
    changed = catalogue.entry("accelerator.h100", own("accelerator", "h100", tdp="650 W"))
    assert changed.values["tdp"].value == 650.0
    assert changed.values["memory"].value == 80e9
    assert catalogue.entry("accelerator.h100").values["tdp"].value == 700.0


def test_attributes_are_si() -> None:
    site = catalogue.entry("site.virginia").resolved
    assert isinstance(site, catalogue.Site)
    assert site.latitude == pytest.approx(0.6814, abs=1e-4)
    assert site.power_price == pytest.approx(0.087 / 3.6e6)
