"""Units at the border, against factors written down here and by round trips."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawndusk.scenario.quantities import (
    UNITS,
    Quantity,
    QuantityError,
    allowed,
    parse,
    sample,
    text,
)

HOUR = 3600.0
YEAR = 31_557_600.0

FACTORS = [
    ("650 km", "m", 650e3),
    ("-12.5 cm", "m", -0.125),
    ("104.96 m²", "m²", 104.96),
    ("104.96 m^2", "m²", 104.96),
    ("2.14 t", "kg", 2140.0),
    ("5 min", "s", 300.0),
    ("1 day", "s", 86400.0),
    ("5 yr", "s", 5 * YEAR),
    ("85 °C", "K", 358.15),
    ("85 degC", "K", 358.15),
    ("330 K", "K", 330.0),
    ("-0.3 %/K", "1/K", -0.003),
    ("-0.3 %/°C", "1/K", -0.003),
    ("180 deg", "rad", math.pi),
    ("28 kW", "W", 28e3),
    ("4 kWh", "J", 4e3 * HOUR),
    ("30 MeV", "N·m", 30e6 * 1.602176634e-19),
    ("7.9e9 1/cm²", "1/m²", 7.9e13),
    ("150 Wh/kg", "J/kg", 150 * HOUR),
    ("0.5 1/h", "1/s", 0.5 / HOUR),
    ("1 %/yr", "1/s", 0.01 / YEAR),
    ("0.0908/yr", "1/s", 0.0908 / YEAR),
    ("8 request/s", "1/s", 8.0),
    ("989 TFLOP/s", "FLOP/s", 989e12),
    ("6 PFLOPS", "FLOP/s", 6e15),
    ("2 ZFLOP", "FLOP", 2e21),
    ("80 GB", "B", 80e9),
    ("192 GiB", "B", 192 * 2.0**30),
    ("800 Gbit/s", "B/s", 100e9),
    ("69.75 MUSD", "USD", 69.75e6),
    ("7000 USD/kg", "USD/kg", 7000.0),
    ("0.087 USD/kWh", "USD/J", 0.087 / (1e3 * HOUR)),
    ("0.6 $/Wh", "USD/J", 0.6 / HOUR),
    ("380 g/kWh", "kg/J", 0.38 / (1e3 * HOUR)),
    ("0.30 L/kWh", "m³/J", 0.3e-3 / (1e3 * HOUR)),
    ("55 kJ/K", "J/K", 55e3),
    ("3 %", "", 0.03),
    ("1e-5", "", 1e-5),
    ("10_000", "", 1e4),
]


@pytest.mark.parametrize(("written", "si", "expected"), FACTORS)
def test_factors_known_by_definition(written: str, si: str, expected: float) -> None:
    """CODATA and IAU definitions: hour 3600 s, Julian year 365.25 d, 0 °C = 273.15 K."""
    assert parse(written, si) == pytest.approx(expected, rel=4e-16, abs=0.0)


@pytest.mark.parametrize(
    ("written", "si", "complaint"),
    [
        ("4 kg", "J", "this is a mass; allowed: an energy in kWh, Wh, J"),
        ("4", "J", 'no unit; allowed: an energy in kWh, Wh, J; write "4 J"'),
        ("four kWh", "J", "not a quantity"),
        ("4 furlong", "m", 'unknown unit "furlong"'),
        ("4 kg//", "kg", 'unreadable unit "kg//"'),
        ("4 m**", "m", "unreadable unit"),
        ("3 m", "", "this is a length; allowed: a plain number or %"),
        ("3 kW", "kWh", "KeyError"),
        ("", "m", "not a quantity"),
        ("1 FLOP", "J", "this is a work"),
        ("20 °C/h", "K", "allowed: a temperature"),
    ],
)
def test_wrong_text_says_what_is_allowed(written: str, si: str, complaint: str) -> None:
    if complaint == "KeyError":
        with pytest.raises(KeyError):
            parse(written, si)
        return
    with pytest.raises(QuantityError) as caught:
        parse(written, si)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(sorted(UNITS)))
def test_text_gives_back_the_same_float(value: float, si: str) -> None:
    assert parse(text(value, si), si) == value


@given(st.floats(1e-6, 1e6), st.sampled_from(sorted(set(UNITS) - {""})), st.data())
def test_every_written_unit_reads(value: float, si: str, data: st.DataObject) -> None:
    unit = data.draw(st.sampled_from(UNITS[si].written))
    read = parse(f"{value!r} {unit}", si)
    assert read == pytest.approx(parse(f"{2 * value!r} {unit}", si) - (read - _at_zero(si, unit)))


def _at_zero(si: str, unit: str) -> float:
    return parse(f"0 {unit}", si)


@given(st.text(max_size=20), st.sampled_from(sorted(UNITS)))
def test_no_text_crashes(written: str, si: str) -> None:
    try:
        value = parse(written, si)
    except QuantityError as error:
        complaint = str(error)
    else:
        complaint = "allowed"
        assert isinstance(value, float)
    assert "allowed" in complaint


@pytest.mark.parametrize(
    ("value", "si", "shown"),
    [
        (86400.0, "s", "1 day"),
        (300.0, "s", "5 min"),
        (60.0, "s", "1 min"),
        (650e3, "m", "650 km"),
        (0.8, "m²", "0.8 m²"),
        (358.15, "K", "85 °C"),
        (14.4e6, "J", "4 kWh"),
        (0.22, "", "0.22"),
        (989e12, "FLOP/s", "989 TFLOP/s"),
    ],
)
def test_text_takes_the_unit_that_shows_it_shortest(value: float, si: str, shown: str) -> None:
    assert text(value, si) == shown


ALIKE = {"1/s": "Hz", "Hz": "1/s", "B/s": "bit/s", "bit/s": "B/s", "J": "N·m", "N·m": "J"}
"""Kinds that are one by definition: a hertz is 1/s, 8 bit are a byte, a joule is 1 N·m."""


@pytest.mark.parametrize("si", sorted(UNITS))
def test_no_two_kinds_of_quantity_are_confused(si: str) -> None:
    """An angle is no fraction, a price no energy, work no count."""
    for other in set(UNITS) - {si, ALIKE.get(si)}:
        with pytest.raises(QuantityError):
            parse(sample(other), si)


@pytest.mark.parametrize("si", sorted(UNITS))
def test_samples_and_alternatives_are_allowed(si: str) -> None:
    assert isinstance(parse(sample(si), si), float)
    for unit in UNITS[si].written:
        assert unit in allowed(si)


def test_bare_numbers_only_where_no_unit_is_due() -> None:
    assert Quantity("").read(0.3) == 0.3
    assert Quantity("m").read(3.0, border=False) == 3.0
    with pytest.raises(QuantityError, match=r'bare number; allowed: a length.*write "3 m"'):
        Quantity("m").read(3)


@pytest.mark.parametrize(
    ("quantity", "wrong", "complaint"),
    [
        (Quantity("kg", above=0.0), "-4 kg", "out of range; allowed: a mass in t, kg, g, > 0"),
        (Quantity("", least=0.0, most=1.0), 1.2, '≥ 0 and ≤ 1.0; the nearest is "1.0"'),
        (Quantity("s", most=600.0), "1 h", '≤ 10 min; the nearest is "10 min"'),
        (Quantity("m"), True, "allowed: a length"),
        (Quantity("m"), None, "allowed: a length"),
        (Quantity(""), math.inf, "out of range"),
        (Quantity(""), math.nan, "out of range"),
        (Quantity("m"), "1e999 m", "out of range"),
    ],
)
def test_ranges_are_named(quantity: Quantity, wrong: object, complaint: str) -> None:
    with pytest.raises(QuantityError) as caught:
        quantity.read(wrong)
    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    ("written", "si", "value"),
    [
        ("100 Gbit/s", "bit/s", 100e9),
        ("1 GB/s", "bit/s", 8e9),
        ("8 Gbit/s", "B/s", 1e9),
        ("36 mm/h", "m/s", 1e-5),
        ("18.8 GHz", "Hz", 18.8e9),
        ("2 GFLOP/B", "FLOP/B", 2e9),
        ("1 GFLOP/bit", "FLOP/B", 8e9),
    ],
)
def test_units_of_links(written: str, si: str, value: float) -> None:
    assert parse(written, si) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    ("written", "si", "value"),
    [
        ("0 dB", "", 1.0),
        ("10 dB", "", 10.0),
        ("-3 dB", "", 10.0**-0.3),
        ("43 dBW", "W", 10.0**4.3),
        ("-20 dBm", "W", 1e-5),
        ("30 dBm", "W", 1.0),
        ("24 dB/K", "1/K", 10.0**2.4),
    ],
)
def test_decibels_become_plain_numbers(written: str, si: str, value: float) -> None:
    """Ten times the decimal logarithm of a power ratio, ITU-R V.574-5 §2."""
    assert parse(written, si) == pytest.approx(value, rel=1e-15)


@given(a=st.floats(-150.0, 150.0), b=st.floats(-150.0, 150.0))
def test_decibels_add_where_ratios_multiply(a: float, b: float) -> None:
    product = parse(f"{a!r} dB", "") * parse(f"{b!r} dB", "")
    assert parse(f"{a + b!r} dB", "") == pytest.approx(product, rel=1e-13)


@pytest.mark.parametrize(
    ("written", "si", "complaint"),
    [
        ("3 dB", "W", "this is a plain number in decibel; allowed: a power in MW"),
        ("3 dBW", "", "this is a power in decibel; allowed: a plain number"),
        ("3 dBi", "", 'unknown unit "dBi"'),
    ],
)
def test_decibels_of_another_kind(written: str, si: str, complaint: str) -> None:
    with pytest.raises(QuantityError) as caught:
        parse(written, si)
    assert complaint in str(caught.value)
