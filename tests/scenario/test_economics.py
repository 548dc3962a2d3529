"""Prices come from the catalogue and may be overridden."""

from pathlib import Path

import pytest

from tests.scenario import SMALL, complaints, loaded

YEAR = 31_557_600.0


def test_rates_a_year_are_stored_per_second(tmp_path: Path) -> None:
    prices = loaded(tmp_path).economics
    assert prices.operations_fraction * YEAR == pytest.approx(0.01)
    assert prices.accelerator_failure_rate * YEAR == pytest.approx(
        (148 + 72) / 16_384 / 54 * 365.25, rel=2e-3
    )
    assert prices.discount_rate_space == 0.15
    assert prices.battery_price * 3600.0 == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("override", "complaint"),
    [
        ("economics.launch_price=-5 USD/kg", "out of range; allowed: a price per mass"),
        ("economics.launch_price=500 USD", "this is a money"),
        ("economics.insurance_fraction=1.0", "< 1.0"),
        ("economics.launcher=falcon9", 'did you mean "falcon-9"?'),
        ("economics.price_year=2026.5", "allowed: a whole number"),
    ],
)
def test_wrong_prices(tmp_path: Path, override: str, complaint: str) -> None:
    (line,) = complaints(tmp_path, SMALL, [override])
    assert complaint in line
