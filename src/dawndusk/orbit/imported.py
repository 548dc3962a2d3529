"""Mean elements from catalogue files: TLE in two or three lines, OMM in CSV, JSON, XML or KVN.

A file may be gzip-compressed. Nothing is skipped silently: every entry that cannot be used
is named by its line number and reason, and the reader either stops at the first one or
hands all of them back beside the elements. Drag terms are read past: see `read`.
"""

import csv
import gzip
import io
import json
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from xml.parsers import expat

import numpy as np
from numpy.typing import NDArray

from dawndusk.constants import DAY, SGP4_J2, SGP4_MU, SGP4_RADIUS
from dawndusk.elements import Elements

Array = NDArray[np.float64]

DEEP_SPACE_PERIOD = 225.0 * 60.0
"""Period from which SGP4 needs its deep-space theory [s], Spacetrack Report No. 3."""


@dataclass(frozen=True)
class BadLine:
    """An entry of a catalogue file that was not used, and why."""

    line: int
    """Line of the file, from 1 [-]."""
    entry: str
    """Its name, or its catalogue number where it has none [-]."""
    reason: str
    """What is wrong with it [-]."""


class _Entry(NamedTuple):
    line: int
    name: str
    number: int
    epoch_ns: int
    mean_motion: float
    eccentricity: float
    inclination: float
    node: float
    argument_of_perigee: float
    mean_anomaly: float


class _UnusableError(Exception):
    """Reason why one entry cannot be used; `offset` counts lines from the entry's first."""

    def __init__(self, reason: str, offset: int = 0) -> None:
        super().__init__(reason)
        self.offset = offset


Parsed = tuple[list[_Entry], list[BadLine]]


def read(
    path: str | Path,
    start: datetime,
    format: str = "auto",
    on_bad_line: str = "error",
    limit: int | None = None,
) -> tuple[Elements, list[BadLine]]:
    """Elements of every usable entry of a TLE or OMM file, and the entries left out.

    Left out are entries that are truncated, fail their checksum, hold a field that is no
    number or out of range, repeat a catalogue number, use another theory or frame than
    SGP4 in TEME, have a period of 225 min or more (deep space) or a perigee under ground.

    Args:
        path: file, plain or gzip-compressed [object]
        start: the scenario's start, with time zone; epochs count from it [object]
        format: "auto", "tle", "omm-csv", "omm-json", "omm-xml" or "omm-kvn" [-]
        on_bad_line: "error" stops at the first entry that cannot be used, "report" leaves
            such entries out and returns them [-]
        limit: use only the first so many usable entries, None for all [-]
    Returns:
        mean elements, and the entries left out in the order of the file [object]
    Raises:
        ValueError: when the file cannot be read, is not in the format, holds no usable
            entry, or holds an unusable one and `on_bad_line` is "error"
    Neglects:
        drag and the manoeuvres that B* absorbs. Against SGP4 with B*, a day after its epoch
        the median of 10,395 Starlink satellites is displaced by 3.3 km along track and one in
        twenty by more than 91 km (decaying ones); of 651 OneWeb, by 0.04 and 0.3 km.
        Leap seconds: epochs and start are both counted in UTC days of 86,400 s
    Source:
        Hoots & Roehrich, Spacetrack Report No. 3 (1980); CCSDS 502.0-B-3, Orbit Data
        Messages (2023), section 4; Alpha-5: space-track.org documentation
    """
    _require("format", format, ("auto", *_PARSERS))
    _require("on_bad_line", on_bad_line, ("error", "report"))
    if limit is not None and limit < 1:
        raise ValueError(f"limit = {limit}; must be at least 1, or None for all")
    if start.tzinfo is None:
        raise ValueError(f"start {start.isoformat()} has no time zone; give UTC")
    text = _text(path)
    form = _recognise(text) if format == "auto" else format
    try:
        entries, bad = _PARSERS[form](text)
    except _UnusableError as fault:
        raise ValueError(
            f"{path}, line {fault.offset}: {fault}; download the file again, or check that"
            f" format = {form!r} is what it holds"
        ) from None
    entries, refused = _refuse(entries)
    bad = sorted(bad + refused, key=lambda entry: entry.line)
    if bad and (on_bad_line == "error" or not entries):
        first, more = bad[0], len(bad) - 1
        raise ValueError(
            f"{path}, line {first.line}: {first.entry}: {first.reason}"
            + (f" (and {more} more such entries)" if more else "")
            + '; correct the file, or set on_bad_line = "report" to leave such entries out'
            * bool(entries)
            + "; no entry of the file can be used" * (not entries)
        )
    if not entries:
        raise ValueError(f"{path}: holds no element set in format {form!r}; check the file")
    return _elements(entries[:limit], start), bad


def _require(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} = {value!r}; must be one of {', '.join(allowed)}")


def _text(path: str | Path) -> str:
    try:
        data = Path(path).read_bytes()
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as fault:
        why = getattr(fault, "strerror", None) or f"damaged gzip file, {fault}"
        raise ValueError(f"{path}: cannot be read: {why}; give a TLE or OMM file") from None
    return data.decode("utf-8-sig", errors="replace")


def _recognise(text: str) -> str:
    head = text[:4096].lstrip()
    first = head.splitlines()[0] if head else ""
    if head[:1] in ("[", "{"):
        return "omm-json"
    if head[:1] == "<":
        return "omm-xml"
    if re.match(r"(CCSDS_OMM_VERS|COMMENT|OBJECT_NAME)\b[^,]*$", first):
        return "omm-kvn"
    return "omm-csv" if re.search("MEAN_MOTION.*,", first, re.IGNORECASE) else "tle"


def _parse_tle(text: str) -> Parsed:
    entries: list[_Entry] = []
    bad: list[BadLine] = []
    lines = [(k, line.rstrip()) for k, line in enumerate(text.splitlines(), 1) if line.strip()]
    kinds = [line[0] if line[:2] in ("1", "2", "1 ", "2 ") else "name" for _, line in lines]
    at = 0
    while at < len(lines):
        first = at + 1 if kinds[at] == "name" else at
        label = lines[at][1].removeprefix("0 ") if first > at else ""
        pair = kinds[first : first + 2]
        at = first
        if pair == ["1", "2"]:
            (number, line1), (_, line2) = lines[first : first + 2]
            try:
                entries.append(_tle_entry(number, label, line1, line2))
            except _UnusableError as fault:
                bad.append(BadLine(lines[first + fault.offset][0], label or line1[2:7], str(fault)))
            at += 2
        elif pair and pair[0] != "name":
            other = "2" if pair[0] == "1" else "1"
            number, line = lines[first]
            reason = f"line {pair[0]} of an element set without its line {other}: truncated?"
            bad.append(BadLine(number, label or line[2:7], reason))
            at += 1
        else:
            reason = "neither an element line nor a name followed by element lines"
            bad.append(BadLine(lines[first - 1][0], label[:24], reason))
    return entries, bad


_CHECK_VALUES = bytes(c - 48 if 48 <= c < 58 else int(c == 45) for c in range(256))
_ANGLE = r" *\d{1,3}\.\d{4} *"
_DAY = r"[ 0]*(?:[1-9]\d?|[12]\d\d|3[0-5]\d|36[0-6])\.\d{1,8} *"
_FIELDS = (
    (
        ("catalogue number", 2, 7, re.compile(r" *\d+|[A-HJ-NP-Z]\d{4}")),
        ("epoch year", 18, 20, re.compile(r"\d\d")),
        ("epoch day", 20, 32, re.compile(_DAY)),
        ("ephemeris type", 62, 63, re.compile(r"[\d ]")),
    ),
    (
        ("catalogue number", 2, 7, re.compile(r" *\d+|[A-HJ-NP-Z]\d{4}")),
        ("inclination", 8, 16, re.compile(_ANGLE)),
        ("right ascension of the node", 17, 25, re.compile(_ANGLE)),
        ("eccentricity", 26, 33, re.compile(r"[ \d]{6}\d")),
        ("argument of perigee", 34, 42, re.compile(_ANGLE)),
        ("mean anomaly", 43, 51, re.compile(_ANGLE)),
        ("mean motion", 52, 63, re.compile(r" *\d+\.\d+ *")),
    ),
)
_ALPHA5 = {letter: 10 + k for k, letter in enumerate("ABCDEFGHJKLMNPQRSTUVWXYZ")}


def _tle_entry(number: int, name: str, line1: str, line2: str) -> _Entry:
    for offset, line in enumerate((line1, line2)):
        which = f"line {offset + 1} of the set"
        if len(line) != 69:
            cut = ": truncated" if len(line) < 69 else ""
            raise _UnusableError(f"{which} has {len(line)} characters, must have 69{cut}", offset)
        found = sum(line[:68].encode("ascii", "replace").translate(_CHECK_VALUES)) % 10
        if line[68] != str(found):
            raise _UnusableError(f"{which}: checksum {line[68]!r}, its digits give {found}", offset)
        for field, begin, end, pattern in _FIELDS[offset]:
            if not pattern.fullmatch(line, begin, end):
                raise _UnusableError(
                    f"{which}: {field} {line[begin:end]!r} is no such value", offset
                )
    if line1[2:7] != line2[2:7]:
        raise _UnusableError(
            f"catalogue numbers {line1[2:7]} and {line2[2:7]} of its lines differ", 1
        )
    _sgp4_only(line1[62])
    lead = line1[2]
    catalogue = _ALPHA5[lead] * 10_000 + int(line1[3:7]) if lead in _ALPHA5 else int(line1[2:7])
    year = int(line1[18:20])
    day, _, fraction = line1[20:32].strip().partition(".")
    year_start = np.datetime64(f"{year + (2000 if year < 57 else 1900)}-01-01", "ns").astype(int)
    since = (int(day) - 1) * 86_400 * 10**9 + int(fraction.ljust(8, "0")) * 864_000
    return _Entry(
        number,
        name or str(catalogue),
        catalogue,
        int(year_start) + since,
        float(line2[52:63]),
        float("0." + line2[26:33].replace(" ", "0")),
        float(line2[8:16]),
        float(line2[17:25]),
        float(line2[34:42]),
        float(line2[43:51]),
    )


def _sgp4_only(ephemeris_type: str) -> None:
    if ephemeris_type not in ("", " ", "0", "2"):
        raise _UnusableError(
            f"ephemeris type {ephemeris_type} is not SGP4 (4 is SGP4-XP): get the set of type 0"
        )


def _parse_csv(text: str) -> Parsed:
    rows = csv.reader(io.StringIO(text, newline=""))
    header = [column.strip().upper() for column in next(rows, [])]
    missing = [key for key in ("EPOCH", *_UNITS) if key not in header]
    if missing:
        raise _UnusableError(f"the header line lacks the columns {', '.join(missing)}", 1)

    def records() -> Iterator[tuple[int, dict[str, str] | str]]:
        for row in rows:
            if len(row) == len(header):
                yield rows.line_num, dict(zip(header, row, strict=True))
            elif row:
                yield rows.line_num, f"{len(row)} fields, the header has {len(header)}: truncated?"

    return _omm_entries(records(), metadata_required=False)


def _parse_json(text: str) -> Parsed:
    decoder, space = json.JSONDecoder(), re.compile(r"[\s,]*")

    def records() -> Iterator[tuple[int, dict[str, str] | str]]:
        many = text.lstrip().startswith("[")
        at = text.index("[") + 1 if many else 0
        line, counted = 1, 0
        while True:
            at = space.match(text, at).end()  # type: ignore[union-attr]
            line, counted = line + text.count("\n", counted, at), at
            if at == len(text) and not many:
                return
            if text[at : at + 1] == "]" and many:
                if text[at + 1 :].strip():
                    raise _UnusableError("broken JSON: more text after the list", line)
                return
            try:
                fields, at = decoder.raw_decode(text, at)
            except json.JSONDecodeError as fault:
                raise _UnusableError(f"broken JSON: {fault.msg}", fault.lineno) from None
            if isinstance(fields, dict):
                yield line, {k: "" if v is None else str(v).strip() for k, v in fields.items()}
            else:
                yield line, "not an object with OMM keywords"

    return _omm_entries(records(), metadata_required=False)


def _parse_xml(text: str) -> Parsed:
    records: list[tuple[int, dict[str, str] | str]] = []
    parser = expat.ParserCreate()
    parser.buffer_text = True
    line, fields, content, unit = 0, dict[str, str](), list[str](), ""

    def begin(tag: str, attributes: dict[str, str]) -> None:
        nonlocal line, unit
        if tag.rpartition(":")[2] == "omm":
            line = parser.CurrentLineNumber
            fields.clear()
        unit = attributes.get("units", "")
        content.clear()

    def end(tag: str) -> None:
        value = "".join(content).strip()
        if tag.rpartition(":")[2] == "omm":
            records.append((line, dict(fields)))
        elif value:
            fields[tag] = f"{value} [{unit}]" if unit else value
        content.clear()

    parser.StartElementHandler, parser.EndElementHandler = begin, end
    parser.CharacterDataHandler = content.append
    try:
        parser.Parse(text, True)
    except expat.ExpatError as fault:
        raise _UnusableError(f"broken XML: {expat.ErrorString(fault.code)}", fault.lineno) from None
    return _omm_entries(iter(records), metadata_required=True)


def _parse_kvn(text: str) -> Parsed:
    def records() -> Iterator[tuple[int, dict[str, str] | str]]:
        begin, fields, fault = 1, dict[str, str](), ""
        for number, raw in enumerate(text.splitlines(), start=1):
            line = raw.strip()
            if not line or line.startswith("COMMENT"):
                continue
            key, equals, value = (part.strip() for part in line.partition("="))
            if key == "CCSDS_OMM_VERS":
                if fields or fault:
                    yield begin, fault or fields
                begin, fields, fault = number, {}, ""
            if not equals:
                fault = fault or f"line {number} {line[:30]!r} is no KEYWORD = value: truncated?"
            elif key in fields:
                fault = fault or f"{key} again in line {number}: CCSDS_OMM_VERS missing before it?"
            fields[key] = value
        if fields or fault:
            yield begin, fault or fields

    return _omm_entries(records(), metadata_required=True)


_UNITS = {
    "MEAN_MOTION": "rev/day",
    "ECCENTRICITY": "",
    "INCLINATION": "deg",
    "RA_OF_ASC_NODE": "deg",
    "ARG_OF_PERICENTER": "deg",
    "MEAN_ANOMALY": "deg",
}
_METADATA = {
    "CENTER_NAME": ("EARTH",),
    "REF_FRAME": ("TEME",),
    "TIME_SYSTEM": ("UTC",),
    "MEAN_ELEMENT_THEORY": ("SGP4", "SGP/SGP4"),
}
_VALUE = re.compile(r"(.*?)\s*(?:\[(.*)\])?", re.DOTALL)
_EPOCH = re.compile(r"(\d{4})-(\d\d-\d\d|\d{3})T(\d\d:\d\d:\d\d)(\.\d*)?Z?")


def _omm_entries(
    records: Iterator[tuple[int, dict[str, str] | str]], metadata_required: bool
) -> Parsed:
    entries: list[_Entry] = []
    bad: list[BadLine] = []
    for line, fields in records:
        if isinstance(fields, str):
            bad.append(BadLine(line, f"entry {len(entries) + len(bad) + 1}", fields))
            continue
        try:
            entries.append(_omm_entry(line, fields, metadata_required))
        except _UnusableError as fault:
            label = fields.get("OBJECT_NAME") or fields.get("NORAD_CAT_ID")
            label = label or f"entry {len(entries) + len(bad) + 1}"
            bad.append(BadLine(line, label, str(fault)))
    return entries, bad


def _omm_entry(line: int, fields: dict[str, str], metadata_required: bool) -> _Entry:
    for key, allowed in _METADATA.items():
        value = fields.get(key, "")
        if value.upper() not in allowed and (value or metadata_required):
            raise _UnusableError(f"{key} = {value or '(missing)'}, must be {allowed[0]}")
    _sgp4_only(fields.get("EPHEMERIS_TYPE", ""))
    number = fields.get("NORAD_CAT_ID", "").strip()
    if not (number.isascii() and number.isdigit() and len(number) <= 9):
        raise _UnusableError(
            f"NORAD_CAT_ID = {number or '(missing)'}, must be a number of at most nine digits"
        )
    return _Entry(
        line,
        fields.get("OBJECT_NAME", "").strip() or number,
        int(number),
        _epoch_ns(fields.get("EPOCH", "").strip()),
        *(_number(fields, key, unit) for key, unit in _UNITS.items()),
    )


def _number(fields: dict[str, str], key: str, unit: str) -> float:
    value, given = _VALUE.fullmatch(fields.get(key, "")).groups()  # type: ignore[union-attr]
    if given is not None and given.strip().lower() != unit:
        raise _UnusableError(f"{key} is in [{given}], must be in [{unit or '-'}]")
    try:
        return float(value)
    except ValueError:
        raise _UnusableError(f"{key} = {value or '(missing)'}, must be a number") from None


def _epoch_ns(text: str) -> int:
    match = _EPOCH.fullmatch(text)
    try:
        year, day, clock, fraction = match.groups()  # type: ignore[union-attr]
        date = np.datetime64(f"{year}-{day}" if "-" in day else f"{year}-01-01", "D")
        if "-" not in day:
            date += int(day) - 1
        return int(np.datetime64(f"{date}T{clock}{(fraction or '.0')[:10]}", "ns").astype(int))
    except (AttributeError, ValueError):
        raise _UnusableError(
            f"EPOCH = {text or '(missing)'}, must be a UTC date like 2026-05-30T14:55:30.593664"
        ) from None


_PARSERS: dict[str, Callable[[str], Parsed]] = {
    "tle": _parse_tle,
    "omm-csv": _parse_csv,
    "omm-json": _parse_json,
    "omm-xml": _parse_xml,
    "omm-kvn": _parse_kvn,
}


def _refuse(entries: list[_Entry]) -> tuple[list[_Entry], list[BadLine]]:
    """Split off entries that repeat an object or that near-Earth SGP4 cannot hold."""
    good: list[_Entry] = []
    bad: list[BadLine] = []
    seen: dict[int, int] = {}
    for entry in entries:
        reason = _out_of_range(entry)
        if not reason and entry.number and entry.number in seen:
            reason = f"catalogue number {entry.number} again, first in line {seen[entry.number]}"
        if reason:
            bad.append(BadLine(entry.line, entry.name, reason))
        else:
            seen[entry.number] = entry.line
            good.append(entry)
    return good, bad


def _out_of_range(entry: _Entry) -> str:
    e, i = entry.eccentricity, entry.inclination
    if not 1e-3 <= entry.mean_motion <= 20.0:
        return f"mean motion {entry.mean_motion} rev/day, must be between 0.001 and 20"
    if not 0.0 <= e < 1.0:
        return f"eccentricity {e}, must be at least 0 and less than 1"
    if not 0.0 <= i <= 180.0:
        return f"inclination {i}°, must be between 0° and 180°"
    for name, angle in zip(("node", "argument of perigee", "mean anomaly"), entry[7:], strict=True):
        if not -360.0 <= angle <= 360.0:
            return f"{name} {angle}°, must be between -360° and 360°"
    semi_major_axis = _semi_major_axis(entry.mean_motion * 2.0 * np.pi / DAY, e, np.radians(i))
    period = 2.0 * np.pi * (semi_major_axis**3 / SGP4_MU) ** 0.5
    if period >= DEEP_SPACE_PERIOD:
        return f"period {period / 60.0:.1f} min: deep space (225 min or more) is not supported"
    perigee = semi_major_axis * (1.0 - e) - SGP4_RADIUS
    if perigee <= 0.0:
        return f"perigee {perigee / 1e3:.0f} km, under the Earth's surface: decayed or wrong"
    return ""


def _semi_major_axis(mean_motion: float, eccentricity: float, inclination: float) -> float:
    """Brouwer semi-major axis [m] of a Kozai mean motion: Spacetrack Report No. 3, section 6.

    Kepler's, where the perigee lies so deep that the expansion has no meaning.
    """
    a1 = (SGP4_MU / mean_motion**2) ** (1.0 / 3.0) / SGP4_RADIUS
    if a1 * (1.0 - eccentricity) < 0.9:
        return a1 * SGP4_RADIUS
    d1 = 0.75 * SGP4_J2 * (3.0 * np.cos(inclination) ** 2 - 1.0) / (1.0 - eccentricity**2) ** 1.5
    d = d1 / a1**2
    a0 = a1 * (1.0 - d * (1.0 / 3.0 + d * (1.0 + d * 134.0 / 81.0)))
    return float(a1 * SGP4_RADIUS * (1.0 + d1 / a0**2) ** (2.0 / 3.0))


def _elements(entries: list[_Entry], start: datetime) -> Elements:
    start_ns = (start - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000
    columns = np.array([entry[4:] for entry in entries]).T
    names = [entry.name for entry in entries]
    if len(set(names)) < len(names):
        counts = Counter(names)
        names = [
            f"{entry.name} [{entry.number or entry.line}]" if counts[entry.name] > 1 else entry.name
            for entry in entries
        ]
    epochs = np.array([entry.epoch_ns - start_ns for entry in entries], dtype=np.int64)
    angles = np.radians(columns[2:])
    return Elements(
        names=tuple(names),
        catalogue_numbers=np.array([entry.number for entry in entries], dtype=np.int64),
        epoch=epochs / 1e9,
        mean_motion=columns[0] * (2.0 * np.pi / DAY),
        eccentricity=columns[1].copy(),
        inclination=angles[0].copy(),
        node=angles[1].copy(),
        argument_of_perigee=angles[2].copy(),
        mean_anomaly=angles[3].copy(),
    )
