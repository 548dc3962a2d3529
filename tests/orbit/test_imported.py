"""Catalogue files against the sgp4 package, and what is said about entries that are unusable."""

import csv
import gzip
import io
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sgp4 import omm
from sgp4.alpha5 import from_alpha5, to_alpha5
from sgp4.api import Satrec

from dawndusk.elements import Elements
from dawndusk.orbit import imported

START = datetime(2026, 5, 30, tzinfo=UTC)
CELESTRAK = Path(__file__).parents[2] / "../shared/data/celestrak"
ONEWEB = """\
ONEWEB-0012
1 44057U 19010A   26150.62188196  .00000034  00000+0  55930-4 0  9998
2 44057  87.9109 232.2723 0002248  90.2190 269.9198 13.16593746349256
ONEWEB-0010
1 44058U 19010B   26150.26722526 -.00000020  00000+0 -85747-4 0  9996
2 44058  87.9106 232.3386 0001658 101.4553 258.6765 13.16593280349250
"""
Fields = dict[str, str | int | float]


def real(name: str) -> Path:
    path = CELESTRAK / name
    if not path.exists():
        pytest.skip(f"{name} is not beside the repository, in ../shared/data/celestrak")
    return path


def checked(line: str) -> str:
    """An element line of 68 characters with its checksum behind it."""
    return line + str(sum(int(c) if c.isdigit() else c == "-" for c in line) % 10)


def tle(fields: Fields) -> str:
    """Three lines of an object given by OMM keywords, epoch in whole 1e-8 days."""
    epoch = np.datetime64(str(fields["EPOCH"]), "ns")
    year = epoch.astype("M8[Y]")
    ticks = int((epoch - year).astype("m8[ns]").astype(int)) // 864_000 + 10**8
    day = f"{ticks // 10**8:03d}.{ticks % 10**8:08d}"
    number = to_alpha5(int(fields["NORAD_CAT_ID"]))
    one = f"1 {number}U 26001A   {str(year)[2:]}{day}  .00000034  00000+0  55930-4 0  999"
    two = (
        f"2 {number} {fields['INCLINATION']:8.4f} {fields['RA_OF_ASC_NODE']:8.4f}"
        f" {round(float(fields['ECCENTRICITY']) * 1e7):07d} {fields['ARG_OF_PERICENTER']:8.4f}"
        f" {fields['MEAN_ANOMALY']:8.4f} {fields['MEAN_MOTION']:11.8f}12345"
    )
    return f"{fields['OBJECT_NAME']}\n{checked(one)}\n{checked(two)}\n"


METADATA = {
    "CENTER_NAME": "EARTH",
    "REF_FRAME": "TEME",
    "TIME_SYSTEM": "UTC",
    "MEAN_ELEMENT_THEORY": "SGP4",
}
REST: Fields = {
    "EPHEMERIS_TYPE": 0,
    "CLASSIFICATION_TYPE": "U",
    "ELEMENT_SET_NO": 999,
    "REV_AT_EPOCH": 1234,
    "BSTAR": 5.5e-05,
    "MEAN_MOTION_DOT": 3.4e-07,
    "MEAN_MOTION_DDOT": 0,
}
UNITS = {
    "MEAN_MOTION": "rev/day",
    "INCLINATION": "deg",
    "RA_OF_ASC_NODE": "deg",
    "ARG_OF_PERICENTER": "deg",
    "MEAN_ANOMALY": "deg",
}
MEAN = ("EPOCH", "MEAN_MOTION", "ECCENTRICITY", *tuple(UNITS)[1:])


def as_csv(objects: list[Fields]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, ["OBJECT_NAME", "OBJECT_ID", *MEAN, "NORAD_CAT_ID", *REST])
    writer.writeheader()
    writer.writerows({"OBJECT_ID": "2026-001A", **fields, **REST} for fields in objects)
    return text.getvalue()


def as_json(objects: list[Fields]) -> str:
    return json.dumps([{**fields, **REST} for fields in objects], indent=1)


def as_xml(objects: list[Fields]) -> str:
    def leaves(keys: tuple[str, ...], fields: Fields) -> str:
        return "\n".join(
            f'<{key} units="{UNITS[key]}">{fields[key]}</{key}>'
            if key in UNITS
            else f"<{key}>{fields[key]}</{key}>"
            for key in keys
        )

    body = "\n".join(
        '<omm id="CCSDS_OMM_VERS" version="3.0"><header/><body><segment><metadata>\n'
        f"<OBJECT_NAME>{fields['OBJECT_NAME']}</OBJECT_NAME><OBJECT_ID>2026-001A</OBJECT_ID>\n"
        f"{leaves(tuple(METADATA), METADATA)}</metadata>\n"
        f"<data><meanElements>{leaves(MEAN, fields)}</meanElements>\n<tleParameters>"
        f"{leaves(('NORAD_CAT_ID', *REST), {**fields, **REST})}"
        "</tleParameters></data></segment></body></omm>"
        for fields in objects
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<ndm>\n{body}\n</ndm>\n'


def as_kvn(objects: list[Fields]) -> str:
    return "\n".join(
        "CCSDS_OMM_VERS = 3.0\nCOMMENT made by a test\nORIGINATOR = TEST\n"
        + "".join(
            f"{key} = {value}" + (f" [{UNITS[key]}]" if key in UNITS else "") + "\n"
            for key, value in {**METADATA, **fields, **REST}.items()
        )
        for fields in objects
    )


FORMS: dict[str, Callable[[list[Fields]], str]] = {
    "omm-csv": as_csv,
    "omm-json": as_json,
    "omm-xml": as_xml,
    "omm-kvn": as_kvn,
}


def objects(n: int, seed: int, first: int = 100_000_000) -> list[Fields]:
    random = np.random.default_rng(seed)
    base = np.datetime64("2026-05-29T00:00:00", "ns")
    return [
        {
            "OBJECT_NAME": f"SAT {k}",
            "NORAD_CAT_ID": first + k,
            "EPOCH": str(base + int(random.integers(0, 2 * 10**8)) * 864_000),
            "MEAN_MOTION": round(random.uniform(12.0, 15.9), 8),
            "ECCENTRICITY": round(random.uniform(0.0, 0.01), 7),
            "INCLINATION": round(random.uniform(0.0, 180.0), 4),
            "RA_OF_ASC_NODE": round(random.uniform(0.0, 359.9999), 4),
            "ARG_OF_PERICENTER": round(random.uniform(0.0, 359.9999), 4),
            "MEAN_ANOMALY": round(random.uniform(0.0, 359.9999), 4),
        }
        for k in range(n)
    ]


def written(folder: Path, text: str, name: str = "file") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8", newline="")
    return path


def same(one: Elements, other: Elements) -> None:
    assert one.names == other.names
    for field in Elements.__dataclass_fields__:
        if field != "names":
            np.testing.assert_array_equal(getattr(one, field), getattr(other, field))


def against_sgp4(elements: Elements, k: int, sat: Satrec) -> None:
    day = (START - datetime(2000, 1, 1, 12, tzinfo=UTC)) / timedelta(days=1) + 2451545.0
    epoch = ((sat.jdsatepoch - day) + sat.jdsatepochF) * 86_400.0
    assert elements.epoch[k] == pytest.approx(epoch, abs=1e-4)
    assert elements.catalogue_numbers[k] == sat.satnum
    assert elements.mean_motion[k] == pytest.approx(sat.no_kozai / 60.0, rel=1e-14)
    assert elements.eccentricity[k] == pytest.approx(sat.ecco, rel=1e-14)
    assert elements.inclination[k] == pytest.approx(sat.inclo, rel=1e-14)
    assert elements.node[k] == pytest.approx(sat.nodeo, rel=1e-14)
    assert elements.argument_of_perigee[k] == pytest.approx(sat.argpo, rel=1e-14)
    assert elements.mean_anomaly[k] == pytest.approx(sat.mo, rel=1e-14)


@pytest.mark.parametrize(
    ("name", "count"), [("starlink_2026-05-30.tle.gz", 10_395), ("oneweb_2026-05-30.tle", 651)]
)
def test_real_catalogues_read_as_the_sgp4_package_reads_them(name: str, count: int) -> None:
    path = real(name)
    elements, bad = imported.read(path, START)
    assert (len(elements), len(set(elements.names)), bad) == (count, count, [])
    data = path.read_bytes()
    lines = (gzip.decompress(data) if name.endswith(".gz") else data).decode().splitlines()
    for k in range(count):
        against_sgp4(elements, k, Satrec.twoline2rv(lines[3 * k + 1], lines[3 * k + 2]))
        assert elements.names[k] == lines[3 * k].strip()


def test_two_and_three_lines_zero_names_and_gzip_are_one_fleet(tmp_path: Path) -> None:
    three, _ = imported.read(written(tmp_path, ONEWEB), START)
    zero = "".join(
        f"0 {line}\r\n" if line[0] == "O" else f"{line}   \r\n\r\n" for line in ONEWEB.splitlines()
    )
    same(three, imported.read(written(tmp_path, zero), START)[0])
    packed = tmp_path / "sets.gz"
    packed.write_bytes(gzip.compress(ONEWEB.encode()))
    same(three, imported.read(packed, START)[0])
    two = "".join(line for line in ONEWEB.splitlines(keepends=True) if line[0] != "O")
    nameless, _ = imported.read(written(tmp_path, two), START)
    assert nameless.names == ("44057", "44058")
    np.testing.assert_array_equal(nameless.epoch, three.epoch)


def test_epochs_count_from_the_start() -> None:
    """Day 150.62188196 of 2026 is 30 May, 14:55:30.601344."""
    expected = 14 * 3600 + 55 * 60 + 30.601344
    assert imported._tle_entry(1, "", *ONEWEB.splitlines()[1:3]).epoch_ns == (
        int(START.timestamp()) * 10**9 + round(expected * 1e9)
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.integers(0, 10**9), st.integers(0, 339_999))
def test_tle_round_trip(tmp_path: Path, seed: int, number: int) -> None:
    fields = objects(1, seed, number)[0]
    text = tle(fields)
    elements, bad = imported.read(written(tmp_path, text), START, on_bad_line="report")
    assert not bad
    _, line1, line2 = text.splitlines()
    assert elements.catalogue_numbers[0] == number == from_alpha5(line1[2:7])
    against_sgp4(elements, 0, Satrec.twoline2rv(line1, line2))
    same(elements, imported.read(written(tmp_path, as_json([fields])), START)[0])


@pytest.mark.parametrize("form", FORMS)
def test_all_forms_of_omm_give_the_same_elements(tmp_path: Path, form: str) -> None:
    fleet = objects(60, 7)
    expected, _ = imported.read(written(tmp_path, as_csv(fleet)), START, "omm-csv")
    assert list(expected.catalogue_numbers) == list(range(100_000_000, 100_000_060))
    path = written(tmp_path, FORMS[form](fleet))
    for name in ("auto", form):
        elements, bad = imported.read(path, START, name)
        assert bad == []
        same(elements, expected)
    path.write_bytes(gzip.compress(path.read_bytes()))
    same(imported.read(path, START)[0], expected)


@pytest.mark.parametrize(
    ("form", "parse"), [("omm-csv", omm.parse_csv), ("omm-xml", omm.parse_xml)]
)
def test_omm_reads_as_the_sgp4_package_reads_it(
    tmp_path: Path, form: str, parse: Callable[..., object]
) -> None:
    fleet = objects(40, 11, 270_000)
    for fields in fleet:
        fields["EPOCH"] = str(fields["EPOCH"])[:26]
    text = FORMS[form](fleet)
    elements, _ = imported.read(written(tmp_path, text), START)
    for k, fields in enumerate(parse(io.StringIO(text))):  # type: ignore[arg-type]
        sat = Satrec()
        omm.initialize(sat, fields)
        against_sgp4(elements, k, sat)


@pytest.mark.parametrize("form", ["tle", *FORMS])
def test_ten_thousand_objects_take_under_two_seconds(tmp_path: Path, form: str) -> None:
    fleet = objects(10_000, 3, 0)
    text = "".join(map(tle, fleet)) if form == "tle" else FORMS[form](fleet)
    path = written(tmp_path, text)
    began = time.process_time()
    elements, bad = imported.read(path, START, form)
    assert time.process_time() - began < 2.0
    assert (len(elements), bad) == (10_000, [])


@pytest.mark.parametrize(
    ("number", "printed"), [(99_999, "99999"), (100_000, "A0000"), (182_931, "J2931")]
)
def test_alpha_5_of_the_published_table(tmp_path: Path, number: int, printed: str) -> None:
    """space-track.org, Alpha-5: 100000 = A0000, 182931 = J2931; no I and no O."""
    text = tle(objects(1, 1, number)[0])
    assert text.splitlines()[1][2:7] == printed
    assert imported.read(written(tmp_path, text), START)[0].catalogue_numbers[0] == number


LINES = ONEWEB.splitlines()


def edited(line: int, begin: int, new: str, fix_checksum: bool = True) -> str:
    """The two OneWeb sets with characters of one line (from 1) replaced."""
    lines = list(LINES)
    old = lines[line - 1]
    changed = old[:begin] + new + old[begin + len(new) :]
    lines[line - 1] = checked(changed[:68]) if fix_checksum else changed
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        (edited(3, 12, "1", False), 3, "line 2 of the set: checksum '6', its digits give"),
        (edited(2, 68, "x", False), 2, "checksum 'x'"),
        (ONEWEB.replace("349256", "34925"), 3, "has 68 characters, must have 69: truncated"),
        (ONEWEB.replace("349256", "3492567"), 3, "has 70 characters, must have 69"),
        (edited(3, 2, "44059"), 3, "catalogue numbers 44057 and 44059 of its lines differ"),
        (edited(3, 8, " 8x.9109"), 3, "inclination ' 8x.9109' is no such value"),
        (edited(3, 26, "00-2248"), 3, "eccentricity '00-2248'"),
        (edited(3, 52, " 13,1659374"), 3, "mean motion ' 13,1659374'"),
        (edited(2, 2, "I4057"), 2, "catalogue number 'I4057'"),
        (edited(2, 20, "1 0.62188196"), 2, "epoch day '1 0.62188196'"),
        (edited(2, 20, "000.62188196"), 2, "epoch day '000.62188196'"),
        (edited(2, 62, "4"), 2, "ephemeris type 4 is not SGP4"),
        (edited(3, 8, "187.9109"), 2, "inclination 187.9109°, must be between 0° and 180°"),
        (edited(3, 17, "432.2723"), 2, "node 432.2723°"),
        (edited(3, 52, " 2.00561923"), 2, "period 717.9 min: deep space .* not supported"),
        (edited(3, 52, "17.50000000"), 2, "perigee -.* km, under the Earth's surface"),
        (edited(3, 52, " 0.00000000"), 2, "mean motion 0.0 rev/day"),
        ("\n".join(LINES[:2] + LINES[3:]), 2, "line 1 of an element set without its line 2"),
        ("\n".join(LINES[:1] + LINES[2:]), 3 - 1, "line 2 of an element set without its line 1"),
        ("\n".join(LINES[3:] + LINES[:1]), 4, "neither an element line nor a name"),
        ("<!doctype>\n" + ONEWEB, 1, "neither an element line nor a name"),
        (ONEWEB + "\n".join(LINES[:3]), 8, "catalogue number 44057 again, first in line 2"),
    ],
)
def test_bad_tle_lines_are_named(tmp_path: Path, text: str, line: int, reason: str) -> None:
    path = written(tmp_path, text, "sets.tle")
    with pytest.raises(ValueError, match=rf"sets\.tle, line {line}: .*{reason}.*report"):
        imported.read(path, START, "tle")
    elements, bad = imported.read(path, START, "tle", on_bad_line="report")
    assert [entry.line for entry in bad] == [line]
    assert len(elements) == (2 if "again" in reason or "neither" in reason else 1) - (
        1 if text.startswith("ONEWEB-0010") else 0
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.integers(1, len(ONEWEB) - 2))
def test_a_cut_tle_file_is_never_read_in_silence(tmp_path: Path, cut: int) -> None:
    """Whole sets before the cut are kept; the rest is one bad entry, or nothing remains."""
    path = written(tmp_path, ONEWEB[:cut], "sets.tle")
    sizes = np.cumsum([len(line) + 1 for line in LINES])
    whole = int(np.sum(cut >= sizes[[2, 5]] - 1))
    clean = cut - sizes[2] in (-1, 0)
    if whole == 0:
        with pytest.raises(ValueError, match=r"sets\.tle, line \d: .*no entry"):
            imported.read(path, START, "tle", on_bad_line="report")
        return
    elements, bad = imported.read(path, START, "tle", on_bad_line="report")
    assert len(elements) == whole
    assert len(bad) == (0 if clean else 1)
    if not clean:
        with pytest.raises(ValueError, match=rf"sets\.tle, line {bad[0].line}: "):
            imported.read(path, START, "tle")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.sampled_from([1, 2, 4, 5]), st.integers(2, 67), st.integers(1, 9))
def test_every_altered_digit_is_caught(tmp_path: Path, line: int, at: int, step: int) -> None:
    old = LINES[line][at]
    if not old.isdigit():
        return
    text = edited(line + 1, at, str((int(old) + step) % 10), fix_checksum=False)
    elements, bad = imported.read(written(tmp_path, text), START, on_bad_line="report")
    assert (len(elements), [entry.line for entry in bad]) == (1, [line + 1])


@settings(deadline=None)
@given(st.floats(6.39, 6.41), st.floats(0.0, 0.45), st.floats(0.0, 180.0))
def test_deep_space_begins_where_the_sgp4_package_lets_it_begin(
    mean_motion: float, eccentricity: float, inclination: float
) -> None:
    text = tle(
        objects(1, 5)[0]
        | {
            "NORAD_CAT_ID": 1,
            "MEAN_MOTION": mean_motion,
            "ECCENTRICITY": eccentricity,
            "INCLINATION": inclination,
        }
    )
    _, line1, line2 = text.splitlines()
    reason = imported._out_of_range(imported._tle_entry(1, "x", line1, line2))
    assert ("deep space" in reason) == (Satrec.twoline2rv(line1, line2).method == "d")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"MEAN_MOTION": "fast"}, "MEAN_MOTION = fast, must be a number"),
        ({"MEAN_MOTION": ""}, r"MEAN_MOTION = \(missing\)"),
        ({"ECCENTRICITY": 1.5}, "eccentricity 1.5, must be at least 0 and less than 1"),
        ({"ECCENTRICITY": "nan"}, "eccentricity nan"),
        ({"MEAN_MOTION": "inf"}, "mean motion inf rev/day, must be between 0.001 and 20"),
        ({"MEAN_MOTION": 1.00273}, "deep space"),
        ({"MEAN_ANOMALY": 400.0}, "mean anomaly 400.0°"),
        ({"EPOCH": "2026-02-30T00:00:00"}, "EPOCH = 2026-02-30T00:00:00, must be a UTC date"),
        ({"EPOCH": "30 May 2026"}, "EPOCH = 30 May 2026"),
        ({"NORAD_CAT_ID": "1234567890"}, "NORAD_CAT_ID = 1234567890, must be .* nine digits"),
        ({"NORAD_CAT_ID": 100_000_001}, "catalogue number 100000001 again, first in line"),
    ],
)
def test_bad_omm_entries_are_named(tmp_path: Path, form: str, change: Fields, reason: str) -> None:
    fleet = objects(4, 13)
    fleet[2] |= change
    text = FORMS[form](fleet)
    path = written(tmp_path, text, "sets")
    elements, bad = imported.read(path, START, on_bad_line="report")
    assert len(elements) == 3
    assert [entry.entry for entry in bad] == ["SAT 2"]
    entry_begins = {"omm-csv": "SAT 2", "omm-json": " {", "omm-xml": "<omm ", "omm-kvn": "CCSDS"}
    begins = [
        k for k, line in enumerate(text.splitlines(), 1) if line.startswith(entry_begins[form])
    ]
    assert bad[0].line == begins[0 if form == "omm-csv" else 2]
    with pytest.raises(ValueError, match=rf"sets, line {bad[0].line}: SAT 2: .*{reason}.*report"):
        imported.read(path, START)


@pytest.mark.parametrize("form", ["omm-xml", "omm-kvn"])
@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("SGP4", "DSST", "MEAN_ELEMENT_THEORY = DSST, must be SGP4"),
        ("TEME", "GCRF", "REF_FRAME = GCRF, must be TEME"),
        ("UTC", "TAI", "TIME_SYSTEM = TAI, must be UTC"),
        ("EARTH", "MARS", "CENTER_NAME = MARS, must be EARTH"),
        ("TEME", "", r"REF_FRAME = \(missing\), must be TEME"),
        ("rev/day", "rad/s", r"MEAN_MOTION is in \[rad/s\], must be in \[rev/day\]"),
    ],
)
def test_other_theories_frames_and_units_are_refused(
    tmp_path: Path, form: str, old: str, new: str, reason: str
) -> None:
    fleet = objects(2, 17)
    whole = FORMS[form](fleet)
    head, tail = whole[: whole.index("SAT 1")], whole[whole.index("SAT 1") :]
    path = written(tmp_path, (head + tail.replace(old, new)).replace("<ndm>", "<ndm>\n"))
    if form == "omm-kvn":
        head = FORMS[form](fleet[:1])
        path = written(tmp_path, head + FORMS[form](fleet[1:]).replace(old, new))
    elements, bad = imported.read(path, START, on_bad_line="report")
    assert elements.names == ("SAT 0",)
    assert len(bad) == 1
    with pytest.raises(ValueError, match=reason):
        imported.read(path, START)


def test_the_theory_as_ccsds_prints_it_and_day_of_year_epochs_are_read(tmp_path: Path) -> None:
    """CCSDS 502.0-B-3, figure 4-1: SGP/SGP4; section 7.5.10: YYYY-DDDThh:mm:ss[Z]."""
    fleet = objects(1, 19)
    fleet[0]["EPOCH"] = "2026-05-30T14:55:30.5"
    expected, _ = imported.read(written(tmp_path, as_kvn(fleet)), START)
    text = (
        as_kvn(fleet).replace("= SGP4", "= SGP/SGP4").replace("05-30T14:55:30.5", "150T14:55:30.5Z")
    )
    same(imported.read(written(tmp_path, text), START)[0], expected)
    assert expected.epoch[0] == 14 * 3600 + 55 * 60 + 30.5


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        (as_json(objects(3, 1))[:-200], 47, "broken JSON"),
        (as_xml(objects(3, 1))[:-200], 61, "broken XML"),
        (as_csv(objects(3, 1)).replace("MEAN_MOTION,", ""), 1, "lacks the columns MEAN_MOTION"),
    ],
)
def test_a_broken_file_names_the_place(tmp_path: Path, text: str, line: int, reason: str) -> None:
    form = {"broken JSON": "omm-json", "broken XML": "omm-xml"}.get(reason, "omm-csv")
    for choice in ("error", "report"):
        with pytest.raises(ValueError, match=rf"sets, line {line}: .*{reason}.*; download"):
            imported.read(written(tmp_path, text, "sets"), START, form, choice)


def test_cut_rows_and_lines_are_named(tmp_path: Path) -> None:
    path = written(tmp_path, as_csv(objects(3, 1)).rstrip()[:-30])
    elements, bad = imported.read(path, START, on_bad_line="report")
    assert (len(elements), bad[0].line, bad[0].entry) == (2, 4, "entry 3")
    assert "fields, the header has 17: truncated?" in bad[0].reason
    text = as_kvn(objects(2, 1))
    cut = text[: text.rindex("MEAN_ANOMALY") + 6]
    _, bad = imported.read(written(tmp_path, cut), START, on_bad_line="report")
    assert "'MEAN_A' is no KEYWORD = value: truncated?" in bad[0].reason
    joined = text.replace("CCSDS_OMM_VERS = 3.0\nCOMMENT made by a test\n", "")
    with pytest.raises(ValueError, match=r"ORIGINATOR again in line \d+: CCSDS_OMM_VERS missing"):
        imported.read(written(tmp_path, joined), START, "omm-kvn")
    with pytest.raises(ValueError, match="not an object with OMM keywords"):
        imported.read(written(tmp_path, "[1, 2]"), START)


@pytest.mark.parametrize("form", ["tle", *FORMS])
@pytest.mark.parametrize("text", ["", "\n\n"])
def test_an_empty_file_is_an_error(tmp_path: Path, form: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"sets[,:] "):
        imported.read(written(tmp_path, text, "sets"), START, form)


def test_unreadable_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"absent\.tle: cannot be read: No such file"):
        imported.read(tmp_path / "absent.tle", START)
    cut = tmp_path / "cut.gz"
    cut.write_bytes(gzip.compress(ONEWEB.encode())[:-20])
    with pytest.raises(ValueError, match=r"cut\.gz: cannot be read: damaged gzip"):
        imported.read(cut, START)


def test_a_single_json_object_and_equal_names(tmp_path: Path) -> None:
    fleet = objects(3, 1)
    single = written(tmp_path, json.dumps({**fleet[0], "OBJECT_NAME": None}))
    assert imported.read(single, START)[0].names == ("100000000",)
    for fields in fleet[:2]:
        fields["OBJECT_NAME"] = "TBA"
    elements, _ = imported.read(written(tmp_path, as_csv(fleet)), START)
    assert elements.names == ("TBA [100000000]", "TBA [100000001]", "SAT 2")


def test_limit_takes_the_first(tmp_path: Path) -> None:
    path = written(tmp_path, ONEWEB)
    assert imported.read(path, START, limit=1)[0].names == ("ONEWEB-0012",)
    assert len(imported.read(path, START, limit=5)[0]) == 2
    with pytest.raises(ValueError, match="limit = 0; must be at least 1"):
        imported.read(path, START, limit=0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"format": "tel"}, "format = 'tel'; must be one of auto, tle, omm-csv"),
        ({"on_bad_line": "skip"}, "on_bad_line = 'skip'; must be one of error, report"),
        ({"start": datetime(2026, 1, 1)}, "has no time zone"),
    ],
)
def test_wrong_arguments_are_named(
    tmp_path: Path, arguments: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        imported.read(written(tmp_path, ONEWEB), **{"start": START, **arguments})
