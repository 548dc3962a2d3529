"""Keeping the orbit, in words."""

from dawndusk.report.upkeep import upkeep_facts
from tests.report.life_fixture import upkeep


def _rows(**changes: object) -> dict[str, str]:
    return dict(upkeep_facts({"upkeep": upkeep() | changes}))


def test_numbers_with_their_units() -> None:
    rows = _rows()
    assert rows["Air, mean of the life"] == "4.3·10⁻¹⁴\u202fkg/m³"
    assert rows["Against drag"] == "9.70\u202fm/s a year"
    assert rows["Dodging"] == "31 manoeuvres and 0.420\u202fm/s a year"
    assert rows["Drag alone suffices below"] == "590\u202fkm"
    assert "Holding the formation" not in rows


def test_the_rule_is_kept_or_broken() -> None:
    assert _rows()["Disposal"] == "by its engine, 162\u202fm/s, within the rule"
    broken = _rows(disposal_delta_v_m_s=0.0, within_disposal_rule=False)
    assert broken["Disposal"] == "by drag alone, breaks the rule"


def test_never_and_not_known_are_told_apart() -> None:
    assert _rows()["Dead, comes down in"] == "6.02\u202fyr"
    assert _rows(passive_decay_s=None)["Dead, comes down in"] == "more than 200 years"
    outside = _rows(passive_decay_s=None, air_density_kg_m3=None)
    assert "Dead, comes down in" not in outside
    assert "Air, mean of the life" not in outside


def test_rare_and_common_hits() -> None:
    rows = _rows()
    assert rows["Disabled by debris"] == "0.16\u202f% a year (0.020\u202f% – 0.90\u202f%)"
    assert rows["Hits by debris over 1 cm"] == "1.6\u202f% a year (0.20\u202f% – 14\u202f%)"
    assert rows["Collisions not dodged"] == "4.0·10⁻⁷ a year"
    common = _rows(debris_hits_per_year={"low": 0.02, "middle": 0.3, "high": 4.0})
    assert common["Hits by debris over 1 cm"] == "0.30 a year (0.020 – 4.0)"
    outside = _rows(debris_hits_per_year=None, disabled_per_year=None)
    assert not {"Hits by debris over 1 cm", "Disabled by debris"} & set(outside)


def test_without_upkeep_there_is_nothing() -> None:
    assert upkeep_facts({}) == []
