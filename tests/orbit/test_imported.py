"""Catalogue files against the sgp4 package, and what is said about entries that are unusable."""

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sgp4.alpha5 import from_alpha5, to_alpha5
from sgp4.api import Satrec

from dawndusk.elements import Elements
from dawndusk.orbit import imported

from .test_constellation import satrec

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


@pytest.mark.parametrize(
    ("name", "median", "high"),
    [("starlink_2026-05-30.tle.gz", 3.3, 91.0), ("oneweb_2026-05-30.tle", 0.04, 0.28)],
)
def test_drag_left_out_displaces_by_what_the_docstring_says(
    name: str, median: float, high: float
) -> None:
    path = real(name)
    elements, _ = imported.read(path, START)
    data = path.read_bytes()
    lines = (gzip.decompress(data) if name.endswith(".gz") else data).decode().splitlines()
    kilometres = []
    for k in range(len(elements)):
        sat = Satrec.twoline2rv(lines[3 * k + 1], lines[3 * k + 2])
        _, with_drag, _ = sat.sgp4_tsince(1440.0)
        _, without, _ = satrec(elements, k).sgp4_tsince(1440.0)
        kilometres.append(np.linalg.norm(np.subtract(with_drag, without)))
    assert np.percentile(kilometres, 50) == pytest.approx(median, rel=0.06)
    assert np.percentile(kilometres, 95) == pytest.approx(high, rel=0.02)


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


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10**9), st.integers(0, 339_999))
def test_tle_round_trip(tmp_path: Path, seed: int, number: int) -> None:
    fields = objects(1, seed, number)[0]
    text = tle(fields)
    elements, bad = imported.read(written(tmp_path, text), START, on_bad_line="report")
    assert not bad
    _, line1, line2 = text.splitlines()
    assert elements.catalogue_numbers[0] == number == from_alpha5(line1[2:7])
    against_sgp4(elements, 0, Satrec.twoline2rv(line1, line2))


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


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
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


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([1, 2, 4, 5]), st.integers(2, 67), st.integers(1, 9))
def test_every_altered_digit_is_caught(tmp_path: Path, line: int, at: int, step: int) -> None:
    old = LINES[line][at]
    if not old.isdigit():
        return
    text = edited(line + 1, at, str((int(old) + step) % 10), fix_checksum=False)
    elements, bad = imported.read(written(tmp_path, text), START, on_bad_line="report")
    assert (len(elements), [entry.line for entry in bad]) == (1, [line + 1])


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


def test_unreadable_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"absent\.tle: cannot be read: No such file"):
        imported.read(tmp_path / "absent.tle", START)
    cut = tmp_path / "cut.gz"
    cut.write_bytes(gzip.compress(ONEWEB.encode())[:-20])
    with pytest.raises(ValueError, match=r"cut\.gz: cannot be read: damaged gzip"):
        imported.read(cut, START)


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
