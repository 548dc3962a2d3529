"""Wrong input: one clear line a fault, status 2, and nothing half-written."""

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dawndusk import cli
from tests.system.two_lines import tle

SCENARIO = """\
name = "mine"
time.duration = "1 h"
constellation.kind = "sun_synchronous"
constellation.altitude = "650 km"
constellation.satellites = 2
satellite.design = "starcloud-1"
workload.rate = "0.01 Hz"
"""

TRACE = """\
TIMESTAMP,ContextTokens,GeneratedTokens
2023-11-16 18:15:46.6805900,374,44
2023-11-16 18:15:50.9951690,396,109
2023-11-16 18:15:49.0000000,879,55
"""

POLICIES = '''\
"""Policies of a user, each with a fault."""

import numpy as np

from dawndusk.placement.outlook import Decision


def raises(outlook, view):
    return view.chargee


def raises_late(outlook, view):
    if view.time > 1200.0:
        raise RuntimeError("no plan for this")
    return Decision(np.ones(len(view.charge)), view.job_of_site)


def negative(outlook, view):
    return Decision(-np.ones(len(view.charge)), view.job_of_site)


def forgets(outlook, view):
    pass


constant = 3
'''


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which a user stands, with files of all sorts."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "mine.toml").write_text(SCENARIO, encoding="utf-8")
    (tmp_path / "reversed.csv").write_text(TRACE, encoding="utf-8")
    (tmp_path / "faulty_policies.py").write_text(POLICIES, encoding="utf-8")
    (tmp_path / "raises_on_import.py").write_text("raise RuntimeError('not today')\n")
    (tmp_path / "wrong_syntax.py").write_text("def policy(:\n")
    lines = tle(3).splitlines()
    (tmp_path / "truncated.tle").write_text("\n".join([*lines[:-1], lines[-1][:40]]))
    lines[4] = lines[4][:20] + "9" + lines[4][21:]
    (tmp_path / "checksum.tle").write_text("\n".join(lines))
    (tmp_path / "empty.tle").write_text("")
    return tmp_path


def refused(*words: str, scenario: str = "mine.toml") -> list[str]:
    """The lines with which `dawndusk run` refuses; nothing may be left behind."""
    before = sorted(Path().rglob("*"))
    sets = [each for word in words for each in ("--set", word)]
    result = CliRunner().invoke(cli.app, ["run", scenario, *sets])
    assert result.exit_code == cli.WRONG_INPUT, result.stderr
    assert result.stdout == ""
    after = [path for path in Path().rglob("*") if "__pycache__" not in path.parts]
    assert sorted(after) == before
    first, *others = result.stderr.splitlines()
    assert first.startswith("error: ")
    assert "internal error" not in result.stderr
    assert "Traceback" not in result.stderr
    return [first.removeprefix("error: "), *others]


def one(lines: list[str], *parts: str) -> None:
    """One line that names everything that it must."""
    (line,) = lines
    for part in parts:
        assert part in line, line


def imported(file: str) -> tuple[str, ...]:
    return (f'constellation={{kind="imported", file="{file}"}}',)


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("satellite.batery.capacity=1 kWh",), ("satellite.batery", "battery")),
        (("satellite.battery.capacitty=1 kWh",), ("satellite.battery.capacitty", "capacity")),
        (("satellite.dry_mass=-575 kg",), ("satellite.dry_mass", "-575 kg", "allowed")),
        (("satellite.array.area=12 kg",), ("satellite.array.area", "12 kg", "m²")),
        (("constellation.altitude=650",), ("constellation.altitude", "650", "km")),
        (("constellation.kind=walker",), ("constellation.kind", "walker", "walker_delta")),
        (("satellite.design=suncacher",), ("satellite.design", "suncacher", "suncatcher")),
        (("time.duration=-1 h",), ("time.duration", "-1 h", "allowed")),
        (("workload.rate=often",), ("workload.rate", "often")),
        (("placement.policy=greddy",), ("placement.policy", "greddy", "greedy")),
        (("placement.policy=nowhere:policy",), ("placement.policy", "nowhere")),
        (("placement.policy=faulty_policies:none",), ("placement.policy", "none")),
        (("placement.policy=faulty_policies:constant",), ("placement.policy", "not a function")),
        (("placement.policy=raises_on_import:policy",), ("placement.policy", "not today")),
        (("placement.policy=wrong_syntax:policy",), ("placement.policy", "wrong_syntax")),
        (("placement.policy=faulty_policies:raises",), ("polic", "chargee")),
        (("placement.policy=faulty_policies:raises_late",), ("polic", "no plan for this")),
        (("placement.policy=faulty_policies:negative",), ("policy weights", "not negative")),
        (("placement.policy=faulty_policies:forgets",), ("policy", "NoneType", "Decision")),
        (("workload.trace=nowhere.csv",), ("nowhere.csv",)),
        (("workload.trace=reversed.csv",), ("reversed.csv", "line 4", "backwards")),
        (imported("nowhere.tle"), ("nowhere.tle",)),
        (imported("truncated.tle"), ("truncated.tle", "line 9")),
        (imported("checksum.tle"), ("checksum.tle", "line 5", "checksum")),
        (imported("empty.tle"), ("empty.tle",)),
        (("satellite.array.area=0.01 m²",), ("array", "0.01", "bus")),
        (("satellite.thermal.radiator_area=0.01 m²",), ("radiator",)),
        (("economics.launcher=rocket",), ("economics.launcher", "rocket")),
        (("time.duration",), ("time.duration", "path=value")),
        (
            ('workload.jobs=[{name="big", kind="training", work="1 EFLOP", nodes=3}]',),
            ("workload.jobs.0.nodes", "3", "2 satellites"),
        ),
        (
            ('workload.jobs=[{name="fat", kind="batch", work="1 EFLOP", memory="1 TB"}]',),
            ("workload.jobs.0.memory", "1 TB", "80"),
        ),
    ],
    ids=lambda words: words[0][:60] if isinstance(words, tuple) else None,
)
def test_one_fault_one_line(words: tuple[str, ...], parts: tuple[str, ...]) -> None:
    one(refused(*words), *parts)


def test_all_faults_at_once() -> None:
    """A heading that counts them, then a line each."""
    heading, *lines = refused("satellite.dry_mass=-1 kg", "time.step=60 kg", "satellite.batery=1")
    assert heading == "mine.toml: 3 faults"
    assert len(lines) == 3
    for path in ("satellite.dry_mass", "time.step", "satellite.batery"):
        assert sum(path in line for line in lines) == 1


@pytest.mark.parametrize(
    ("scenario", "parts"),
    [
        ("nowhere.toml", ("nowhere.toml", "no such file", "suncatcher")),
        ("suncacher", ("suncacher", 'did you mean "suncatcher"')),
        (".", ("folder", "allowed")),
        ("truncated.tle", ("truncated.tle", "not readable")),
    ],
)
def test_a_scenario_that_cannot_be_read(scenario: str, parts: tuple[str, ...]) -> None:
    one(refused(scenario=scenario), *parts)


def test_a_file_that_may_not_be_read(here: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    (here / "mine.toml").chmod(0)
    one(refused(), "mine.toml", "ermission denied")


def test_an_earlier_result_survives_bad_input(here: Path) -> None:
    kept = here / "results" / "mine" / "summary.json"
    kept.parent.mkdir(parents=True)
    kept.write_text("{}")
    refused("placement.policy=faulty_policies:raises_late")
    assert kept.read_text() == "{}"
