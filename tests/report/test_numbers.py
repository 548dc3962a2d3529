"""Numbers as people read them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawndusk.report import numbers


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1.2e7, "W", "12.0 MW"),
        (999.6, "W", "1.00 kW"),
        (0.0, "W", "0 W"),
        (-2.5e-3, "s", "−2.50 ms"),
        (1.989e24, "FLOP", "1.99 YFLOP"),
        (None, "W", "–"),
        (math.nan, "W", "–"),
        (math.inf, "W", "–"),
    ],
)
def test_si(value: float, unit: str, text: str) -> None:
    assert numbers.si(value, unit).replace(numbers.SPACE, " ") == text


@given(st.floats(1e-12, 1e29), st.sampled_from([1.0, -1.0]))
def test_si_reads_back_within_its_digits(size: float, sign: float) -> None:
    text = numbers.si(sign * size, "X").removesuffix("X").replace("−", "-")
    figure, prefix = text.rsplit(numbers.SPACE, 1)
    power = {name: power for power, name in numbers.PREFIXES.items()}[prefix]
    number = float(figure.replace(numbers.SPACE, "")) * 10.0**power
    assert number == pytest.approx(sign * size, rel=6e-3)
    assert 0.999 <= abs(float(figure.replace(numbers.SPACE, ""))) < 1000


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0042, "$0.00420"),
        (3.2, "$3.20"),
        (999.9, "$1.00 k"),
        (51.095e9, "$51.1 B"),
        (-1.5e6, "−$1.50 M"),
        (None, "–"),
    ],
)
def test_money(value: float, text: str) -> None:
    assert numbers.money(value).replace(numbers.SPACE, " ") == text


def test_other_forms() -> None:
    plain = {
        numbers.count(1234567.0): "1 234 567",
        numbers.energy(3.6e9): "1.00 MWh",
        numbers.mass(32_000.0): "32.0 t",
        numbers.mass(575.0): "575 kg",
        numbers.mass(368e6): "368 kt",
        numbers.percent(0.276): "27.6 %",
        numbers.ratio(2.7349): "2.73×",
        numbers.temperature(340.0): "340.0 K (67 °C)",
        numbers.temperature(250.0): "250.0 K (−23 °C)",
        numbers.duration(5739.0): "95.7 min",
        numbers.duration(0.352): "352 ms",
        numbers.duration(86_400.0): "24.0 h",
        numbers.duration(157_788_000.0): "5.00 yr",
    }
    assert [text.replace(numbers.SPACE, " ") for text in plain] == list(plain.values())


@given(st.none() | st.text() | st.booleans() | st.just(math.nan))
def test_what_is_no_number_shows_as_missing(value: object) -> None:
    for show in (numbers.count, numbers.energy, numbers.mass, numbers.money, numbers.percent):
        assert show(value) == numbers.MISSING
    for show in (numbers.ratio, numbers.temperature, numbers.duration):
        assert show(value) == numbers.MISSING


def test_powers_of_ten() -> None:
    assert numbers.powers(4.31e-14) == "4.3·10⁻¹⁴"
    assert numbers.powers(-7e12, 1) == "−7·10¹²"
    assert numbers.powers(0.0) == "0"
