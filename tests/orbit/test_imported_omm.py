"""OMM files in the four forms against each other, the sgp4 package and planted faults."""

import csv
import gzip
import io
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sgp4 import omm
from sgp4.api import Satrec

from dawndusk.orbit import imported

from .test_imported import START, Fields, against_sgp4, objects, same, tle, written

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


@pytest.mark.parametrize("form", FORMS)
def test_omm_and_tle_of_the_same_objects_are_the_same_to_the_last_bit(
    tmp_path: Path, form: str
) -> None:
    fleet = objects(50, 23, 300_000)
    expected, _ = imported.read(written(tmp_path, "".join(map(tle, fleet))), START)
    same(imported.read(written(tmp_path, FORMS[form](fleet)), START)[0], expected)


def test_quoted_csv_and_text_after_a_json_list(tmp_path: Path) -> None:
    fleet = objects(3, 29)
    quoted = "\n".join(
        ",".join(f'"{cell}"' for cell in line.split(",")) for line in as_csv(fleet).splitlines()
    )
    expected, _ = imported.read(written(tmp_path, as_json(fleet)), START)
    same(imported.read(written(tmp_path, quoted), START)[0], expected)
    with pytest.raises(ValueError, match=r"line \d+: broken JSON: more text after the list"):
        imported.read(written(tmp_path, as_json(fleet) + as_json(fleet)), START)


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
        ({"NORAD_CAT_ID": "12a4"}, "NORAD_CAT_ID = 12a4"),
        ({"NORAD_CAT_ID": ""}, r"NORAD_CAT_ID = \(missing\)"),
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


def test_a_single_json_object_and_equal_names(tmp_path: Path) -> None:
    fleet = objects(3, 1)
    single = written(tmp_path, json.dumps({**fleet[0], "OBJECT_NAME": None}))
    assert imported.read(single, START)[0].names == ("100000000",)
    for fields in fleet[:2]:
        fields["OBJECT_NAME"] = "TBA"
    elements, _ = imported.read(written(tmp_path, as_csv(fleet)), START)
    assert elements.names == ("TBA [100000000]", "TBA [100000001]", "SAT 2")
