"""Numbers as people read them: SI prefixes, money, durations, temperatures."""

import math
from typing import TypeGuard

PREFIXES = {
    -12: "p",
    -9: "n",
    -6: "µ",
    -3: "m",
    0: "",
    3: "k",
    6: "M",
    9: "G",
    12: "T",
    15: "P",
    18: "E",
    21: "Z",
    24: "Y",
    27: "R",
    30: "Q",
}
SPACE = "\u202f"
MISSING = "–"
ZERO_CELSIUS = 273.15


def is_number(value: object) -> TypeGuard[float]:
    """True for a finite int or float; False for None, booleans, NaN and infinities."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def significant(value: float, digits: int = 3) -> str:
    """`value` with `digits` significant digits, thousands separated, no exponent up to 1e15."""
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    if size >= 15 or size < -6:
        return f"{value:.{digits - 1}e}".replace("-", "−")
    rounded = round(value, digits - 1 - size)
    size = math.floor(math.log10(abs(rounded)))
    text = f"{rounded:,.{max(0, digits - 1 - size)}f}"
    return text.replace(",", SPACE).replace("-", "−")


def powers(value: float, digits: int = 2) -> str:
    """A small or large number with its power of ten: "4.3·10⁻¹⁴"."""
    if value == 0:
        return "0"
    mantissa, power = f"{value:.{digits - 1}e}".replace("-", "−").split("e")
    raised = f"{int(power.replace('−', '-'))}".translate(
        str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
    )
    return f"{mantissa}·10{raised}"


def count(value: object) -> str:
    """A whole number with thin spaces between thousands."""
    if not is_number(value):
        return MISSING
    return f"{round(value):,}".replace(",", SPACE).replace("-", "−")


def exponent(value: float) -> int:
    """The power of 1000 (as 3·k) that shows `value` between 1 and 1000."""
    if value == 0 or not math.isfinite(value):
        return 0
    size = 3 * math.floor(math.log10(abs(value)) / 3)
    if abs(float(f"{value / 10.0**size:.3g}")) >= 1000:
        size += 3
    return min(max(size, min(PREFIXES)), max(PREFIXES))


def si(value: object, unit: str, digits: int = 3) -> str:
    """`value` with an SI prefix: `si(1.2e7, "W")` is "12.0 MW"."""
    if not is_number(value):
        return MISSING
    size = exponent(value)
    scaled = value / 10.0**size
    return f"{significant(scaled, digits)}{SPACE}{PREFIXES[size]}{unit}"


def energy(value: object) -> str:
    """Joules as watt-hours with a prefix."""
    return si(value / 3600, "Wh") if is_number(value) else MISSING


def mass(value: object) -> str:
    """Kilograms, and tonnes from a thousand kilograms up."""
    if not is_number(value):
        return MISSING
    if value >= 1e6:
        return f"{significant(value / 1e6)}{SPACE}kt"
    if value >= 1e3:
        return f"{significant(value / 1e3)}{SPACE}t"
    return f"{significant(value)}{SPACE}kg"


def money(value: object, digits: int = 3) -> str:
    """US dollars: "$1.25 M", "$3.20", "$0.0042"."""
    if not is_number(value):
        return MISSING
    sign = "−" if value < 0 else ""
    size = abs(value)
    for power, suffix in ((12, "T"), (9, "B"), (6, "M"), (3, "k")):
        if float(f"{size:.{digits}g}") >= 10.0**power:
            return f"{sign}${significant(size / 10.0**power, digits)}{SPACE}{suffix}"
    return f"{sign}${significant(size, digits)}"


def percent(value: object, digits: int = 3) -> str:
    """A fraction as per cent."""
    if not is_number(value):
        return MISSING
    return f"{significant(100 * value, digits)}{SPACE}%"


def ratio(value: object) -> str:
    """A ratio with its multiplication sign: "3.20×"."""
    if not is_number(value):
        return MISSING
    return f"{significant(value)}×"


def temperature(value: object) -> str:
    """Kelvin and, behind it, degrees Celsius."""
    if not is_number(value):
        return MISSING
    celsius = value - ZERO_CELSIUS
    return f"{value:.1f}{SPACE}K ({celsius:.0f}{SPACE}°C)".replace("-", "−")


def duration(value: object) -> str:
    """Seconds in the largest unit that keeps the number above one."""
    if not is_number(value):
        return MISSING
    for unit, size in (("yr", 31_557_600.0), ("d", 86_400.0), ("h", 3600.0), ("min", 60.0)):
        if abs(value) >= 2 * size or (unit == "min" and abs(value) >= size):
            return f"{significant(value / size)}{SPACE}{unit}"
    return si(value, "s")


def plain(value: object) -> str:
    """Any scenario value as text, floats to six significant digits."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value)
