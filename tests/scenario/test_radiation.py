"""The shield and the Sun as a scenario declares them."""

import math
from pathlib import Path

import pytest

from dawndusk import catalogue
from dawndusk.catalogue.entries import Storm
from dawndusk.constants import MEV
from dawndusk.environment import cosmic
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
        (
            "radiation.storm.start=soon",
            r"radiation\.storm\.start = \"soon\": allowed: a date and time",
        ),
        ("radiation.storm.event=1859-09", r"radiation\.storm\.event = .*no such storm in the cat"),
        ("radiation.storm.begin=2027-06-21T00:00:00Z", r"radiation\.storm\.begin.*allowed|unknown"),
        ("catalogue.storm.1972-08.fluence=-1 1/cm²", r"storm\.1972-08\.fluence = .*allowed: .*> 0"),
        ("catalogue.storm.1972-08.decay=0 h", r"storm\.1972-08\.decay = .*allowed: .*> 0"),
        ("catalogue.storm.1972-08.cutoff_shift=30 deg", r"cutoff_shift = .*≤ 20 deg"),
        ("catalogue.storm.1972-08.folding=26.5", r"folding = 26\.5: .*write \"26\.5 GeV\""),
        ("radiation.shield=1 mm", r"radiation\.shield.*did you mean .*shielding"),
    ],
)
def test_what_cannot_be_is_told(override: str, told: str) -> None:
    with pytest.raises(ScenarioError, match=told):
        load("suncatcher", [override])


def test_no_storm_unless_asked_for() -> None:
    quiet = load("suncatcher")
    assert quiet.storm is None
    assert not any(each.startswith("storm.") for each in quiet.entries())
    assert load("suncatcher", ["radiation.storm.event=1972-08"]).storm is None


def test_a_storm_and_where_it_comes_from() -> None:
    """King's event, unless a scenario describes one of its own."""
    scenario = load("suncatcher", ["radiation.storm.start=2027-06-21T06:00:00Z"])
    event = scenario.storm
    assert event is not None
    assert event.fluence == pytest.approx(cosmic.EVENT_FLUENCE)
    assert event.folding == pytest.approx(cosmic.EVENT_ENERGY)
    assert event.threshold == pytest.approx(30.0 * MEV)
    told = scenario.entries()["storm.1972-08"].values
    assert told["fluence"].provenance.confidence == "public"
    assert told["rise"].provenance.confidence == "assumed"
    own = load(
        "suncatcher",
        [
            "radiation.storm.start=2027-06-21T06:00:00Z",
            "radiation.storm.event=mine",
            'catalogue.storm.mine={fluence="1e9 1/cm²", threshold="30 MeV", folding="40 MeV", '
            'rise="0 s", decay="10 h", cutoff_shift="5 deg"}',
        ],
    )
    assert own.storm is not None
    assert own.storm.fluence == pytest.approx(1e13)


def test_a_peak_as_high_as_was_seen() -> None:
    """10 MeV: 70,000 /cm²/s/sr or more in August 1972 (Knipp et al. 2018)."""
    event = catalogue.entry("storm.1972-08").resolved
    assert isinstance(event, Storm)
    total = 7.9e9 * math.exp((30.0 - 10.0) / 26.5) / (4.0 * math.pi)
    assert total / (0.5 * event.rise + event.decay) == pytest.approx(70_000.0, rel=0.01)


def test_a_storm_needs_radiation() -> None:
    with pytest.raises(
        ScenarioError, match=r"storm\.start = 2027-06-21T06:00:00Z: allowed: no storm"
    ):
        load(
            "suncatcher",
            ["radiation.storm.start=2027-06-21T06:00:00Z", "radiation.enabled=false"],
        )


def test_a_storm_survives_being_written(tmp_path: Path) -> None:
    scenario = load("suncatcher", ["radiation.storm.start=2027-06-21T06:00:00Z"])
    path = tmp_path / "again.toml"
    path.write_text(scenario.to_toml(), encoding="utf-8")
    assert load(str(path)) == scenario
