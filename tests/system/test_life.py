"""The loop of years closes: wear and losses move launches, capacity and cost, and back."""

from functools import cache
from typing import Any

import pyarrow.parquet
import pytest

from dawndusk.operating_days import SEASONS
from dawndusk.run import run
from dawndusk.scenario import load

SHORT = (
    *("time.duration=2 h", "time.step=300 s", "placement.interval=10 min"),
    *("network.enabled=false", "fleet.moments=0", "fleet.runs=200"),
    *("workload.rate=0.1 1/s", "economics.infant_mortality=0.05"),
)


@pytest.fixture(scope="module")
def lives(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    """Summaries of suncatcher by what was changed, each run once."""

    @cache
    def life(*overrides: str) -> dict[str, Any]:
        folder = tmp_path_factory.mktemp("life") / "run"
        return run(load("suncatcher", [*SHORT, *overrides]), folder, report=False).summary

    return life


def test_infant_mortality_costs_launches_work_and_money(lives) -> None:  # type: ignore[no-untyped-def]
    few, many = lives(), lives("economics.infant_mortality=0.10")
    assert many["fleet"]["losses"]["defect"] == pytest.approx(
        2.0 * few["fleet"]["losses"]["defect"], rel=0.15
    )
    assert many["fleet"]["launches_life"] > few["fleet"]["launches_life"]
    assert many["fleet"]["delivered_FLOP_per_year"] < few["fleet"]["delivered_FLOP_per_year"]
    assert many["cost"]["usd_per_PFLOP_day"] > few["cost"]["usd_per_PFLOP_day"]


def test_a_shield_weighs_and_wards_off(lives) -> None:  # type: ignore[no-untyped-def]
    thin, thick = lives(), lives("radiation.shielding=30 mm", "radiation.shielded_area=0.2 m²")
    assert thick["fleet"]["mass_kg"] > 1.5 * thin["fleet"]["mass_kg"]
    assert thick["fleet"]["launches"] > thin["fleet"]["launches"]
    assert thick["fleet"]["mass_launched_kg"] > thin["fleet"]["mass_launched_kg"]
    for kind in ("silent_corruption", "uncorrectable_error", "interrupt"):
        name = f"{kind}_per_accelerator_year"
        assert thick["environment"][name] < 0.7 * thin["environment"][name]
    assert (
        thick["environment"]["dose_rad_per_year"] < 0.7 * thin["environment"]["dose_rad_per_year"]
    )


def test_without_replacement_the_fleet_decays(lives) -> None:  # type: ignore[no-untyped-def]
    kept, left = lives(), lives("fleet.policy=never")
    assert left["fleet"]["capacity_mean_fraction"] < 0.7 * kept["fleet"]["capacity_mean_fraction"]
    assert left["fleet"]["built"] < 0.6 * kept["fleet"]["built"]
    assert left["fleet"]["delivered_FLOP_per_year"] < 0.7 * kept["fleet"]["delivered_FLOP_per_year"]


def test_spares_weigh_cost_and_fill_in(lives) -> None:  # type: ignore[no-untyped-def]
    bare, spared = lives(), lives("fleet.spares=10")
    assert spared["fleet"]["mass_launched_kg"] > bare["fleet"]["mass_launched_kg"]
    assert spared["fleet"]["working_mean_fraction"] > bare["fleet"]["working_mean_fraction"]
    assert spared["cost"]["breakdown"]["spares_usd"] > 0.0
    assert spared["cost"]["usd_per_year"] > bare["cost"]["usd_per_year"]


def test_dose_ends_lives_behind_a_thin_shield(lives) -> None:  # type: ignore[no-untyped-def]
    thin = lives("radiation.shielding=1 mm", "radiation.tolerated_dose=5 J/kg")
    assert lives()["fleet"]["losses"]["dose"] < 1.0
    assert thin["fleet"]["losses"]["dose"] > 40.0
    assert thin["fleet"]["survival_end_of_life"] < lives()["fleet"]["survival_end_of_life"]


def test_satellites_and_money_add_up(lives) -> None:  # type: ignore[no-untyped-def]
    found = lives()
    rows = {row["name"]: row for row in found["balances"]}
    assert rows["satellites"]["residual_relative"] == 0.0
    assert found["fleet"]["residual_satellites"] == 0
    money = sum(found["cost"]["breakdown"].values())
    assert money == pytest.approx(found["cost"]["lifetime_usd"], rel=1e-12)
    faults = found["faults"]
    lost = sum(cause["lost_FLOP"] for cause in faults["by_cause"].values())
    assert lost + faults["checkpoint_FLOP"] == pytest.approx(faults["loss_FLOP"], rel=1e-9)


def test_the_folder_holds_the_years(tmp_path) -> None:  # type: ignore[no-untyped-def]
    done = run(load("suncatcher", [*SHORT, "fleet.moments=1"]), tmp_path / "run")
    fleet, days = (
        pyarrow.parquet.read_table(done.folder / f"{name}.parquet").to_pydict()
        for name in ("fleet", "days")
    )
    assert len(fleet["month"]) == 120
    assert len(days["season"]) == len(SEASONS)
    spent = [name for name in fleet if name.startswith("spent_")]
    assert sum(sum(fleet[name]) for name in spent) > 1e8
    for name in ("survival", "dose_map", "upsets"):
        assert (done.folder / f"{name}.parquet").is_file()
