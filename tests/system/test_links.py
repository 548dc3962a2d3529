"""Networks that cannot be are refused in one clear line each; a user's own links are used."""

from pathlib import Path

import pyarrow.parquet
import pytest
from typer.testing import CliRunner

from dawndusk import cli

SCENARIO = """\
name = "mine"
time.duration = "1 h"
constellation.kind = "walker_delta"
constellation.altitude = "650 km"
constellation.inclination = "53 deg"
constellation.satellites = 4
constellation.planes = 2
satellite.design = "starcloud-1"
workload.rate = "0.01 Hz"
"""

EDGES = {
    "good.csv": "# neighbours\nP01-S0001, P01-S0002\n\nP01-S0001,P02-S0001\n",
    "unknown.csv": "P01-S0001,P01-S0002\n\nP01-S0001,P02-S0009\n",
    "itself.csv": "P01-S0001,P01-S0001\n",
    "twice.csv": "P01-S0001,P01-S0002\nP01-S0002,P01-S0001\n",
    "three.csv": "P01-S0001,P01-S0002,P02-S0001\n",
    "star.csv": "P01-S0001,P01-S0002\nP01-S0001,P02-S0001\nP01-S0001,P02-S0002\n",
}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.toml").write_text(SCENARIO, encoding="utf-8")
    for name, text in EDGES.items():
        Path(name).write_text(text, encoding="utf-8")
    Path("latin.csv").write_bytes("Zürich,Genève\n".encode("latin-1"))


def refused(*words: str) -> list[str]:
    """The lines with which `dawndusk run` refuses; nothing may be left behind."""
    before = sorted(Path().rglob("*"))
    sets = [each for word in words for each in ("--set", word)]
    result = CliRunner().invoke(cli.app, ["run", "mine.toml", *sets])
    assert result.exit_code == cli.WRONG_INPUT, result.output
    assert result.stdout == ""
    assert sorted(Path().rglob("*")) == before
    first, *others = result.stderr.splitlines()
    assert first.startswith("error: ")
    return [first, *others]


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("network.terminals=0",), ("network.terminals", "0", "plus_grid", "at least 2")),
        (("network.terminals=1", "network.topology=mesh"), ("network.terminals", "mesh", "2")),
        (("network.terminals=0", "network.topology=nearest"), ("network.terminals", "nearest")),
        (("network.terminals=0", "network.edges=good.csv"), ("network.terminals", "edges")),
        (("network.edges=unknown.csv",), ("unknown.csv:3", "P02-S0009", "did you mean")),
        (("network.edges=itself.csv",), ("itself.csv:1", "P01-S0001", "itself")),
        (("network.edges=twice.csv",), ("twice.csv:2", "line 1")),
        (("network.edges=three.csv",), ("three.csv:1", "two names")),
        (
            ("network.edges=star.csv", "network.terminals=2"),
            ("star.csv:3", "P01-S0001", "2 terminals"),
        ),
        (("network.edges=latin.csv",), ("latin.csv", "UTF-8")),
        (("network.edges=nowhere.csv",), ("nowhere.csv",)),
        (("network.topology=edges",), ("network.edges", "missing")),
        (
            ("network.edges=good.csv", "network.topology=mesh"),
            ("network.topology", "mesh", "edges"),
        ),
        (("network.stations=none",), ("network.stations", "none", "ground_links")),
        (("network.stations=moon-base",), ("network.stations", "moon-base", "worldwide-48")),
        (("network.ground_links=0",), ("network.ground_links", "direct")),
        (("network.terminal=ka-gateway",), ("network.terminal", "ka-gateway", "another satellite")),
        (("network.ground_terminal=scot80",), ("network.ground_terminal", "ground", "tbird")),
        (
            ("network.ground_terminal=tbird", "constellation.altitude=1300 km"),
            ("network.ground_terminal", "tbird", "1200 km", "1300 km"),
        ),
        (
            ("network.users=direct", "constellation.altitude=2100 km"),
            ("network.user_terminal", "ku-user", "2000 km", "2100 km"),
        ),
        (("network.grazing_height=600 km",), ("network.grazing_height", "600 km", "500 km")),
        (
            (
                "network.topology=plus_grid",
                'constellation={kind="elements", satellites=['
                '{name="A", altitude="650 km", inclination="53 deg"},'
                '{name="B", altitude="650 km", inclination="53 deg", mean_anomaly="9 deg"}]}',
            ),
            ("network.topology", "plus_grid", "elements", "nearest"),
        ),
        (
            (
                "network.ground_links=0",
                "network.users=direct",
                'workload.jobs=[{name="big", kind="batch", work="1 EFLOP", output="1 GB"}]',
            ),
            ("workload.jobs.0.output", "1 GB", "network.ground_links"),
        ),
    ],
    ids=lambda words: " ".join(words)[:60],
)
def test_one_fault_one_line(words: tuple[str, ...], parts: tuple[str, ...]) -> None:
    (line,) = refused(*words)
    for part in parts:
        assert part in line, line


def test_all_faults_of_a_network_at_once() -> None:
    heading, *lines = refused("network.terminals=0", "network.stations=none")
    assert heading.endswith("2 faults")
    assert ["network.terminals" in line for line in lines] == [True, False]


def test_satellites_that_no_link_reaches_are_told() -> None:
    """Listed one by one, they may fly anywhere: the run says that nothing came down."""
    words = [
        "network.ground_terminal=tbird",
        'constellation={kind="elements", satellites=['
        '{name="A", altitude="1300 km", inclination="53 deg"}]}',
    ]
    sets = [each for word in words for each in ("--set", word)]
    result = CliRunner().invoke(cli.app, ["run", "mine.toml", "--out", "out", *sets])
    assert result.exit_code == 0, result.output
    assert "users never have a way to a satellite" in " ".join(result.stderr.split())


def test_without_a_network_nothing_of_it_is_asked() -> None:
    words = ["network.enabled=false", "network.terminals=0", "network.stations=none"]
    sets = [each for word in words for each in ("--set", word)]
    result = CliRunner().invoke(cli.app, ["run", "mine.toml", "--out", "out", *sets])
    assert result.exit_code == 0, result.output
    assert not Path("out/links.parquet").exists()


def test_links_of_a_file_are_the_ones_that_carry() -> None:
    """Exactly those of the file, whatever the pattern of the planes would be."""
    words = ["network.edges=good.csv", "network.terminals=2"]
    sets = [each for word in words for each in ("--set", word)]
    result = CliRunner().invoke(cli.app, ["run", "mine.toml", "--out", "out", *sets])
    assert result.exit_code == 0, result.output
    rows = pyarrow.parquet.read_table("out/links.parquet").to_pylist()
    joined = {(row["tail"], row["head"]) for row in rows if row["kind"] == "isl"}
    assert joined == {("P01-S0001", "P01-S0002"), ("P01-S0001", "P02-S0001")}
