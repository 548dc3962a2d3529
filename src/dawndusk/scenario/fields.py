"""The kinds of field that scenarios and catalogues are made of."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Any, Final, get_args

from annotated_types import Ge
from pydantic import BaseModel, ConfigDict, Field, Strict, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError, core_schema

from dawndusk.scenario.errors import Fault, listed, nearest
from dawndusk.scenario.quantities import Quantity

AUTO: Final = "auto"
"""Written for an optional value that is left open."""

FIRST_YEAR, LAST_YEAR = 1980, 2100
"""Of an instant [-]."""


def fault(allowed: str, fix: str = "") -> PydanticCustomError:
    """What a validator raises for one wrong value."""
    return PydanticCustomError("fault", "{allowed}", {"allowed": allowed, "fix": fix})


def faults(found: Iterable[Fault]) -> PydanticCustomError:
    """What a table's validator raises; paths are relative to the table."""
    return PydanticCustomError("faults", "several faults", {"faults": tuple(found)})


class Table(BaseModel):
    """A frozen table whose keys are all known; "auto" leaves an optional value open."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    @model_validator(mode="before")
    @classmethod
    def _open_values(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        fields = cls.model_fields
        return {
            key: None if value == AUTO and key in fields and fields[key].default is None else value
            for key, value in given.items()
        }


def declared(
    default: Any, meaning: str, source: str = "", date: str = "", confidence: str = "assumed"
) -> Any:
    """A field with a default, its meaning and where the default comes from."""
    extra = {"source": source, "date": date, "confidence": confidence} if source else {}
    return Field(default, description=meaning, json_schema_extra=dict(extra))


def section(kind: type[Table], meaning: str) -> Any:
    """A table that may be left out."""
    return Field(default_factory=kind, description=meaning)


def supplied(meaning: str) -> Any:
    """A field without default: the catalogue or the scenario supplies it."""
    return Field(description=meaning)


def quantity_of(field: FieldInfo) -> Quantity | None:
    """The unit and range of a field, also of an optional one."""
    return _annotation(field, Quantity)


def _annotation(field: FieldInfo, kind: type) -> Any:
    metadata = list(field.metadata)
    for argument in get_args(field.annotation):
        metadata.extend(getattr(argument, "__metadata__", ()))
    return next((each for each in metadata if isinstance(each, kind)), None)


@dataclass(frozen=True, slots=True)
class CatalogueName:
    """Annotation of a name in the catalogue; names are known in the context `names`."""

    kind: str

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.with_info_after_validator_function(
            self._validate, core_schema.str_schema(strict=True)
        )

    def _validate(self, given: str, info: core_schema.ValidationInfo) -> str:
        known = (info.context or {}).get("names", {}).get(self.kind)
        if known is None or given in known:
            return given
        close = nearest(given, known)
        raise fault(
            f"no such {self.kind} in the catalogue; allowed: {listed(known)}",
            f'did you mean "{close}"?'
            if close
            else f"or describe it under [catalogue.{self.kind}.{given}]",
        )


class _ExistingFile:
    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self._validate)

    def _validate(self, given: Any) -> Path:
        if not isinstance(given, str | Path) or not str(given):
            raise fault("allowed: the path of a file")
        path = Path(given)
        if path.is_dir():
            raise fault("this is a folder; allowed: the path of a file")
        if not path.exists():
            close = None
            if path.parent.is_dir():
                close = nearest(path.name, sorted(each.name for each in path.parent.iterdir()))
            raise fault(
                "no such file; allowed: the path of an existing file",
                f'did you mean "{path.parent / close}"?'
                if close
                else f"looked for {path.absolute()}",
            )
        return path


def _instant(given: Any) -> datetime:
    """A moment in UTC; a moment without offset is UTC already."""
    if isinstance(given, str):
        try:
            given = datetime.fromisoformat(given)
        except ValueError:
            given = None
    if isinstance(given, date) and not isinstance(given, datetime):
        given = datetime.combine(given, time())
    if not isinstance(given, datetime):
        raise fault("allowed: a date and time in UTC", 'write it as "2027-06-21T00:00:00Z"')
    if not FIRST_YEAR <= given.year <= LAST_YEAR:
        raise fault(f"allowed: years {FIRST_YEAR} to {LAST_YEAR}")
    return given.astimezone(UTC) if given.tzinfo else given.replace(tzinfo=UTC)


def _local_time(given: Any) -> str:
    """Hours and minutes of local solar time."""
    if isinstance(given, time):
        given = given.isoformat("minutes")
    if isinstance(given, str) and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", given):
        return given
    raise fault(
        'allowed: local solar time of the ascending node as "HH:MM", 00:00 to 23:59',
        'write "18:00" for dusk or "06:00" for dawn',
    )


def _name(given: Any) -> str:
    """A name that can also be a folder's."""
    if isinstance(given, str) and re.fullmatch(r"\w[\w .+-]{0,99}", given):
        return given
    raise fault(
        "allowed: text of letters, digits, spaces and . + - _, up to 100, as it names a folder"
    )


def some(given: tuple[Any, ...]) -> tuple[Any, ...]:
    """A list that is not empty; its entries are reported first."""
    if not given:
        raise fault("allowed: a list with at least one entry")
    return given


class Plain:
    """Annotation that replaces validation by one function."""

    def __init__(self, read: Any) -> None:
        self.read = read

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)


Text = Annotated[str, Strict()]
Flag = Annotated[bool, Strict()]
Count = Annotated[int, Strict(), Ge(1)]
Whole = Annotated[int, Strict(), Ge(0)]
File = Annotated[Path, _ExistingFile()]
Name = Annotated[str, Plain(_name)]
Instant = Annotated[datetime, Plain(_instant)]
LocalTime = Annotated[str, Plain(_local_time)]

Fraction = Annotated[float, Quantity("", least=0.0, most=1.0)]
PositiveFraction = Annotated[float, Quantity("", above=0.0, most=1.0)]
ProperFraction = Annotated[float, Quantity("", least=0.0, below=1.0)]
Number = Annotated[float, Quantity("", least=0.0)]
PositiveNumber = Annotated[float, Quantity("", above=0.0)]
Length = Annotated[float, Quantity("m", above=0.0)]
Area = Annotated[float, Quantity("m²", above=0.0)]
Mass = Annotated[float, Quantity("kg", above=0.0)]
OptionalMass = Annotated[float, Quantity("kg", least=0.0)]
Volume = Annotated[float, Quantity("m³", above=0.0)]
ArealMass = Annotated[float, Quantity("kg/m²", above=0.0)]
Duration = Annotated[float, Quantity("s", above=0.0)]
Delay = Annotated[float, Quantity("s", least=0.0)]
Temperature = Annotated[float, Quantity("K", above=0.0)]
TemperatureCoefficient = Annotated[float, Quantity("1/K", least=-0.05, most=0.05)]
Angle = Annotated[float, Quantity("rad")]
RightAngle = Annotated[float, Quantity("rad", least=0.0, most=1.5707963267948966)]
Power = Annotated[float, Quantity("W", above=0.0)]
Load = Annotated[float, Quantity("W", least=0.0)]
Energy = Annotated[float, Quantity("J", above=0.0)]
TemperatureRise = Annotated[float, Quantity("K", above=0.0, most=100.0)]
SpecificMass = Annotated[float, Quantity("kg/W", least=0.0)]
SpecificEnergy = Annotated[float, Quantity("J/kg", above=0.0)]
HeatCapacity = Annotated[float, Quantity("J/K", above=0.0)]
Conductance = Annotated[float, Quantity("W/K", above=0.0)]
Rate = Annotated[float, Quantity("1/s", least=0.0)]
PositiveRate = Annotated[float, Quantity("1/s", above=0.0)]
Work = Annotated[float, Quantity("FLOP", above=0.0)]
ComputeRate = Annotated[float, Quantity("FLOP/s", above=0.0)]
Memory = Annotated[float, Quantity("B", above=0.0)]
Data = Annotated[float, Quantity("B", least=0.0)]
DataRate = Annotated[float, Quantity("B/s", above=0.0)]
DataFlow = Annotated[float, Quantity("B/s", least=0.0)]
LinkRate = Annotated[float, Quantity("bit/s", above=0.0)]
WorkPerData = Annotated[float, Quantity("FLOP/B", least=0.0)]
Frequency = Annotated[float, Quantity("Hz", above=0.0)]
RainRate = Annotated[float, Quantity("m/s", least=0.0)]
Loss = Annotated[float, Quantity("", least=1.0)]
GainPerTemperature = Annotated[float, Quantity("1/K", above=0.0)]
Money = Annotated[float, Quantity("USD", least=0.0)]
PricePerMass = Annotated[float, Quantity("USD/kg", least=0.0)]
PricePerPower = Annotated[float, Quantity("USD/W", least=0.0)]
PricePerTime = Annotated[float, Quantity("USD/s", least=0.0)]
PriceOfEnergy = Annotated[float, Quantity("USD/J", least=0.0)]
PricePerArea = Annotated[float, Quantity("USD/m²", least=0.0)]
PricePerVolume = Annotated[float, Quantity("USD/m³", least=0.0)]
VolumePerEnergy = Annotated[float, Quantity("m³/J", least=0.0)]
CarbonIntensity = Annotated[float, Quantity("kg/J", least=0.0)]
