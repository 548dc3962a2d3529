"""Where a value comes from and how far to trust it."""

from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, get_args

Origin = Literal[
    "user", "scenario", "catalogue", "default", "derived", "sized", "replaced", "override"
]
"""user: a file given by path; scenario: shipped; derived: from other values of the scenario."""

Confidence = Literal["public", "claim", "derived", "memory", "assumed"]
"""As in the catalogue: read in a document; said by the maker; computed; recalled; chosen."""

ORIGINS: Final[tuple[str, ...]] = get_args(Origin)
CONFIDENCES: Final[tuple[str, ...]] = get_args(Confidence)


@dataclass(frozen=True, slots=True)
class Provenance:
    """Origin of one value; `low` and `high` bound it, in the value's SI unit."""

    origin: str
    source: str = ""
    date: str = ""
    confidence: str = ""
    low: float | None = None
    high: float | None = None

    def given(self) -> dict[str, Any]:
        """Only what is known, in a fixed order."""
        return {key: value for key, value in asdict(self).items() if value not in ("", None)}


@dataclass(frozen=True, slots=True)
class Given:
    """A value as written, before its unit is read, and where it was written."""

    value: Any
    provenance: Provenance
    low: Any = None
    high: Any = None


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a scenario or an entry: in SI, as text with its unit, meaning, provenance."""

    value: Any
    text: str
    unit: str
    meaning: str
    provenance: Provenance
