"""The fleet over years as a scenario declares it."""

from datetime import UTC, datetime

import pytest

from dawndusk.constants import JULIAN_YEAR
from dawndusk.scenario import load
from dawndusk.scenario.errors import ScenarioError


def test_ten_years_with_replacement_are_the_default() -> None:
    fleet = load("suncatcher").fleet
    assert fleet.enabled
    assert fleet.horizon == 10 * JULIAN_YEAR
    assert fleet.policy == "on_failure"
    assert (fleet.spares, fleet.accelerator_spares, fleet.milestones) == (0, 0, ())
    assert not fleet.servicing.enabled
    assert fleet.servicing.servicers is None


def test_milestones_and_prices_by_year() -> None:
    fleet = load(
        "suncatcher",
        [
            "fleet.milestones=[{date=2027-09-01,satellites=2},{date=2031-01-01,satellites=81}]",
            'fleet.launch_prices=[{year=2026,price="1600 USD/kg"},{year=2032,price="67 USD/kg"}]',
            "fleet.servicing.enabled=true",
            "fleet.servicing.servicers=3",
        ],
    ).fleet
    assert fleet.milestones[0].date == datetime(2027, 9, 1, tzinfo=UTC)
    assert [milestone.satellites for milestone in fleet.milestones] == [2, 81]
    assert [quote.price for quote in fleet.launch_prices] == [1600.0, 67.0]
    assert fleet.servicing.servicers == 3


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("fleet.horizon=180 day", r"fleet\.horizon = .*allowed: .*1 yr.*30 yr"),
        ("fleet.runs=0", r"fleet\.runs = 0: .*allowed: 1 to 2000"),
        ("fleet.runs=2001", r"fleet\.runs = 2001: .*allowed: 1 to 2000"),
        ("fleet.moments=13", r"fleet\.moments = 13: .*allowed: 0 to 12"),
        ("fleet.policy=always", r"fleet\.policy = .*never.*on_failure.*on_schedule"),
        ("fleet.worn_at_life=1.0", r"fleet\.worn_at_life = .*< 1"),
        ("fleet.worn_at_life=-0.1", r"fleet\.worn_at_life = .*>= 0|≥ 0"),
        ("economics.infant_mortality=1.2", r"economics\.infant_mortality = .*< 1"),
        ("fleet.refresh=-0.1", r"fleet\.refresh = .*allowed: "),
        ("fleet.spares=-1", r"fleet\.spares = -1.*allowed: "),
        ("fleet.lead_time=-1 day", r"fleet\.lead_time = .*allowed: "),
        ("fleet.least_per_launch=0", r"fleet\.least_per_launch = 0.*allowed: "),
        ("fleet.stowed_density=0 kg/m³", r"fleet\.stowed_density = .*allowed: "),
        ("fleet.wear_shape=0.5", r"fleet\.wear_shape = .*allowed: "),
        ("fleet.servicing.mendable=1.5", r"fleet\.servicing\.mendable = .*allowed: "),
        ("fleet.servicing.success=0", r"fleet\.servicing\.success = .*allowed: "),
        ("fleet.servicing.servicers=0", r"fleet\.servicing\.servicers = 0.*allowed: "),
        ("fleet.sparse=1", r"fleet\.sparse.*did you mean .*spares"),
        (
            "fleet.milestones=[{date=2031-01-01,satellites=2},{date=2030-01-01,satellites=81}]",
            r"fleet\.milestones.*dates must increase",
        ),
        (
            'fleet.launch_prices=[{year=2032,price="1 USD/kg"},{year=2026,price="2 USD/kg"}]',
            r"fleet\.launch_prices.*years must increase",
        ),
    ],
)
def test_what_cannot_be_is_told(override: str, told: str) -> None:
    with pytest.raises(ScenarioError, match=told) as caught:
        load("suncatcher", [override])
    assert len(caught.value.faults) == 1
