"""Quantities at the border: "650 km" becomes 650000.0 and back; the only place with units."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from pydantic_core import PydanticCustomError, core_schema

DEFINITIONS: Final = """
atto- = 1e-18 = a-
femto- = 1e-15 = f-
pico- = 1e-12 = p-
nano- = 1e-9 = n-
micro- = 1e-6 = µ- = u-
milli- = 1e-3 = m-
centi- = 1e-2 = c-
kilo- = 1e3 = k-
mega- = 1e6 = M-
giga- = 1e9 = G-
tera- = 1e12 = T-
peta- = 1e15 = P-
exa- = 1e18 = E-
zetta- = 1e21 = Z-
yotta- = 1e24 = Y-
kibi- = 1024 = Ki-
mebi- = 1048576 = Mi-
gibi- = 1073741824 = Gi-
tebi- = 1099511627776 = Ti-
meter = [length] = m = metre
second = [time] = s = sec
kilogram = [mass] = kg
kelvin = [temperature] = K
flop = [computation] = FLOP
byte = [information] = B
dollar = [money] = USD
degree_Celsius = kelvin; offset: 273.15 = degC
radian = [angle] = rad
degree = 0.017453292519943295 * radian = deg
percent = 0.01 = pct
token = 1
request = 1
accelerator = 1
satellite = 1
gram = 1e-3 * kilogram = g
tonne = 1000 * kilogram = t
minute = 60 * second = min
hour = 3600 * second = h = hr
day = 86400 * second = d
week = 604800 * second
year = 31557600 * second = yr
hertz = 1 / second = Hz
newton = kilogram * meter / second ** 2 = N
joule = newton * meter = J
electron_volt = 1.602176634e-19 * joule = eV
watt = joule / second = W
watt_hour = 3600 * joule = Wh
liter = 1e-3 * meter ** 3 = L
bit = 0.125 * byte
flops = flop / second = FLOPS
"""

SPELLINGS: Final = (
    ("°C", "degC"),
    ("°", "deg"),
    ("%", "pct"),
    ("$", "USD"),
    ("μ", "µ"),
    ("·", "*"),
    ("⁴", "**4"),
    ("³", "**3"),
    ("²", "**2"),
    ("⁻¹", "**-1"),
    ("^", "**"),
)

DECIBELS: Final = {"dB": ("", 1.0), "dBW": ("W", 1.0), "dBm": ("W", 1e-3), "dB/K": ("1/K", 1.0)}
"""Logarithmic units: the SI unit and what 0 dB stand for in it."""

NUMBER: Final = re.compile(
    r"\s*([-+]?(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][-+]?\d+)?)\s*(.*?)\s*", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Unit:
    """A kind of quantity: what it is called and the units it is written in, largest first."""

    meaning: str
    written: tuple[str, ...]


UNITS: Final[dict[str, Unit]] = {
    "m": Unit("length", ("km", "m", "cm", "mm", "µm")),
    "m²": Unit("area", ("m²",)),
    "m³": Unit("volume", ("m³",)),
    "kg": Unit("mass", ("t", "kg", "g")),
    "s": Unit("time", ("yr", "day", "h", "min", "s", "ms")),
    "K": Unit("temperature", ("K", "°C")),
    "rad": Unit("angle", ("deg", "rad", "µrad")),
    "W": Unit("power", ("MW", "kW", "W", "mW", "µW")),
    "J": Unit("energy", ("kWh", "Wh", "J")),
    "N·m": Unit("particle energy", ("GeV", "MeV", "keV")),
    "1/s": Unit("rate", ("1/s", "1/min", "1/h", "1/day", "1/yr")),
    "1/m²": Unit("fluence", ("1/cm²", "1/m²")),
    "1/m²/s": Unit("flux", ("1/m²/s", "1/m²/yr")),
    "1/K": Unit("relative change per temperature", ("1/K", "%/K")),
    "J/K": Unit("heat capacity", ("kJ/K", "J/K")),
    "W/K": Unit("thermal conductance", ("kW/K", "W/K")),
    "kg/m²": Unit("mass per area", ("kg/m²",)),
    "kg/m³": Unit("density", ("kg/m³",)),
    "kg/W": Unit("mass per power", ("kg/kW", "kg/W")),
    "J/kg": Unit("energy per mass", ("Wh/kg", "J/kg")),
    "FLOP": Unit("work", ("YFLOP", "ZFLOP", "EFLOP", "PFLOP", "TFLOP", "FLOP")),
    "FLOP/s": Unit("compute rate", ("PFLOP/s", "TFLOP/s", "GFLOP/s", "FLOP/s")),
    "B": Unit("data", ("TB", "GB", "MB", "kB", "B")),
    "B/s": Unit("data rate", ("TB/s", "GB/s", "MB/s", "B/s")),
    "bit/s": Unit("link rate", ("Tbit/s", "Gbit/s", "Mbit/s", "bit/s")),
    "FLOP/B": Unit("work per data", ("TFLOP/B", "GFLOP/B", "MFLOP/B", "FLOP/B")),
    "Hz": Unit("frequency", ("THz", "GHz", "MHz", "Hz")),
    "m/s": Unit("speed", ("m/s", "mm/h")),
    "USD": Unit("money", ("MUSD", "USD")),
    "USD/kg": Unit("price per mass", ("USD/kg",)),
    "USD/W": Unit("price per power", ("USD/W",)),
    "USD/s": Unit("price per time", ("USD/min", "USD/h", "USD/s")),
    "USD/J": Unit("price of energy", ("USD/kWh", "USD/Wh", "USD/J")),
    "USD/m²": Unit("price per area", ("USD/m²",)),
    "USD/m³": Unit("price per volume", ("USD/m³",)),
    "m³/J": Unit("volume per energy", ("L/kWh", "m³/J")),
    "kg/J": Unit("mass per energy", ("g/kWh", "kg/kWh", "kg/J")),
    "": Unit("plain number", ("", "%")),
}
"""By SI unit; the empty one is dimensionless, and N·m is the joule of a particle."""


class QuantityError(ValueError):
    """Text that is not a quantity of the wanted kind: what is allowed and the fix."""

    def __init__(self, allowed: str, fix: str = "") -> None:
        self.allowed = allowed
        self.fix = fix
        super().__init__(f"{allowed}; {fix}" if fix else allowed)


@cache
def _registry() -> Any:
    """The units of `DEFINITIONS`; pint is loaded at the first quantity read."""
    import pint

    registry: Any = pint.UnitRegistry(None)
    registry.load_definitions(DEFINITIONS.splitlines())
    return registry


@cache
def _converter(unit: str, si: str) -> Callable[[float], float]:
    """From a number in `unit` to SI, as factor or, for °C, with its offset."""
    import pint

    registry = _registry()

    wanted = registry.parse_units(_plain(si), as_delta=True)
    if unit in DECIBELS:
        linear, reference = DECIBELS[unit]
        if linear != si:
            raise QuantityError(f"this is {_articled(UNITS[linear].meaning)} in decibel")
        return lambda number: reference * 10.0 ** (number / 10.0)
    try:
        found = registry.parse_units(_plain(unit), as_delta=True)
    except pint.errors.UndefinedUnitError:
        raise QuantityError(f'unknown unit "{unit}"') from None
    except Exception:  # pint's parser fails in many ways on text that is no unit
        raise QuantityError(f'unreadable unit "{unit}"') from None
    if not found.is_compatible_with(wanted):
        raise QuantityError(f"this is {_meaning(found)}")
    if str(found) == "degree_Celsius":
        return lambda number: number + 273.15
    factor = float(registry.Quantity(1.0, found).to(wanted).magnitude)
    inverse = float(registry.Quantity(1.0, wanted).to(found).magnitude)
    if inverse > 1.0 and inverse == round(inverse):
        return lambda number: number / inverse
    return lambda number: number * factor


def _meaning(found: Any) -> str:
    """What a unit measures, with its article."""
    parsed = _registry().parse_units
    for si, unit in UNITS.items():
        if found.is_compatible_with(parsed(_plain(si))):
            return _articled(unit.meaning)
    return f"a quantity in {found:~}"


def _articled(meaning: str) -> str:
    return f"{'an' if meaning[0] in 'aeiou' else 'a'} {meaning}"


def _plain(text: str) -> str:
    """Pint's spelling of a unit."""
    if text.startswith("/"):
        text = f"1{text}"
    for spelling, plain in SPELLINGS:
        text = text.replace(spelling, plain)
    return text


def parse(text: str, si: str) -> float:
    """Read a quantity such as "650 km".

    Args:
        text: number and unit [object]
        si: SI unit of the wanted kind, a key of `UNITS` [object]
    Returns:
        value in that unit [object]
    Raises:
        QuantityError: when it is no number, has an unknown unit or another dimension
    """
    match = NUMBER.fullmatch(text)
    if match is None:
        raise QuantityError(
            f"not a quantity; allowed: {allowed(si)}", f'write it as "{sample(si)}"'
        )
    number, unit = float(match[1].replace("_", "")), match[2]
    if not unit and si:
        raise QuantityError(f"no unit; allowed: {allowed(si)}", f'write "{match[1]} {_usual(si)}"')
    try:
        return _converter(unit, si)(number)
    except QuantityError as error:
        raise QuantityError(
            f"{error.allowed}; allowed: {allowed(si)}", f'write it as "{sample(si)}"'
        ) from None


def allowed(si: str) -> str:
    """The kind of quantity and the units it may be written in."""
    unit = UNITS[si]
    if not si:
        return "a plain number or %"
    return f"{_articled(unit.meaning)} in {', '.join(unit.written)}"


def _usual(si: str) -> str:
    """The SI unit where it is one that people write, else the first that is."""
    written = UNITS[si].written
    return si if si in written else written[0]


def sample(si: str) -> str:
    """A quantity of this kind, as an example."""
    return f"1 {UNITS[si].written[0]}".strip()


def text(value: float, si: str) -> str:
    """Write a value so that `parse` gives back exactly the same float.

    Args:
        value: in the SI unit [object]
        si: SI unit, a key of `UNITS` [object]
    Returns:
        number and unit, the largest unit that shows the number shortly [object]
    """
    if not si:
        return repr(value)
    if value == 0.0:
        return f"0 {si}"
    candidates = [
        f"{_number(short)} {unit}"
        for unit in UNITS[si].written
        for short in [_shortest(value, _converter(unit, si))]
        if short is not None
    ]
    whole = [each for each in candidates if abs(float(each.split()[0])) >= 1.0]
    return min(whole or candidates or [f"{value!r} {si}"], key=lambda each: len(each.split()[0]))


def _shortest(value: float, si_of: Callable[[float], float]) -> float | None:
    """The shortest number that the unit turns into exactly this value."""
    number = (value - si_of(0.0)) / (si_of(1.0) - si_of(0.0))
    for digits in (6, 9, 12, 15, 17):
        short = float(f"{number:.{digits}g}")
        if si_of(short) == value:
            return short
    return None


def _number(value: float) -> str:
    whole = value == round(value) and abs(value) < 1e15
    return f"{value:.0f}" if whole else repr(value)


@dataclass(frozen=True, slots=True)
class Quantity:
    """Annotation of a float field: its SI unit and range; text is read as a quantity.

    Bare numbers are SI when a scenario is built in Python and faults in a file (validation
    context `border`), unless the quantity is dimensionless.
    """

    si: str
    least: float = -math.inf
    most: float = math.inf
    above: float = -math.inf
    below: float = math.inf

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.with_info_plain_validator_function(self._validate)

    def _validate(self, given: Any, info: core_schema.ValidationInfo) -> float:
        try:
            return self.read(given, bool(info.context and info.context.get("border")))
        except QuantityError as error:
            raise PydanticCustomError(
                "fault", "{allowed}", {"allowed": error.allowed, "fix": error.fix}
            ) from None

    def read(self, given: Any, border: bool = True) -> float:
        """The SI value of what was given; `border` refuses bare numbers where a unit is due."""
        if isinstance(given, bool) or not isinstance(given, str | int | float):
            raise QuantityError(f"allowed: {self.range()}", f'write it as "{sample(self.si)}"')
        if isinstance(given, str):
            value = parse(given, self.si)
        elif self.si and border:
            raise QuantityError(
                f"a bare number; allowed: {self.range()}", f'write "{given!r} {_usual(self.si)}"'
            )
        else:
            value = float(given)
        inside = self.least <= value <= self.most and self.above < value < self.below
        if not (inside and math.isfinite(value)):
            raise QuantityError(f"out of range; allowed: {self.range()}", self._nearest(value))
        return value

    def range(self) -> str:
        """What is allowed: dimension, units and bounds."""
        bounds = [
            f"{sign} {text(bound, self.si) if bound else 0}"
            for sign, bound in (
                ("≥", self.least),
                (">", self.above),
                ("≤", self.most),
                ("<", self.below),
            )
            if math.isfinite(bound)
        ]
        return ", ".join([allowed(self.si), " and ".join(bounds)] if bounds else [allowed(self.si)])

    def _nearest(self, value: float) -> str:
        """The bound that was crossed, when it is itself allowed."""
        for bound, crossed in ((self.least, value < self.least), (self.most, value > self.most)):
            if crossed and self.above < bound < self.below:
                return f'the nearest is "{text(bound, self.si)}"'
        return "give a value inside the range"
