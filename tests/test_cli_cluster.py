"""Commands that concern clusters: what they refuse, what they show."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from dawndusk import cli_cluster
from dawndusk.cli import app
from dawndusk.cluster import adapter, engine, table
from dawndusk.cluster.adapter import Seen
from dawndusk.cluster.table import Row, Table

runner = CliRunner()


def refused(*words: str) -> str:
    found = runner.invoke(app, list(words))
    assert found.exit_code == 2, found.output
    assert len(found.stderr.strip().splitlines()) == 1
    return found.stderr


def test_engines_are_process_and_ray() -> None:
    assert "allowed: process or ray" in refused("run", "suncatcher", "--engine", "slurm")
    told = refused("run", "suncatcher", "--address", "127.0.0.1:1")
    assert "--address goes with --engine ray" in told


@pytest.mark.parametrize(
    "words",
    [
        ("run", "suncatcher", "--engine", "ray"),
        ("agent", "--address", "127.0.0.1:1", "--name", "bench"),
    ],
)
def test_without_ray_one_line_tells_what_to_install(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "installed", lambda: False)
    assert "pip install 'dawndusk[cluster]'" in refused(*words)


def test_a_cluster_that_is_not_there_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "installed", lambda: True)
    for words in (("run", "suncatcher", "--engine", "ray"), ("nodes",)):
        assert "nobody answers" in refused(*words, "--address", "127.0.0.1:9")


def test_this_process_is_the_engine_unless_asked(tmp_path: Path) -> None:
    with cli_cluster.chosen("process", None, tmp_path) as found:
        assert found is None


def test_nodes_of_a_run_are_shown(tmp_path: Path) -> None:
    one = Table(tmp_path / "train.partial")
    one.rows[0] = Row("sat-0", "satellite", 0, table.UP, "0/0", 17)
    one.rows[1] = Row("sat-1", "satellite", 0, table.DRAINED, "0/1", 4, "no power")
    one.time, one.waiting = 5400.0, "'call' for 7 s"
    one.write()
    found = runner.invoke(app, ["nodes", str(tmp_path)])
    assert found.exit_code == 0, found.output
    for text in ("train, 1.50 h", "waits: 'call' for 7 s", "sat-1", "drained", "no power", "17"):
        assert text in found.stdout
    told = json.loads((tmp_path / "train.partial" / table.FILE).read_text(encoding="utf-8"))
    (tmp_path / "train.partial" / table.FILE).write_text(
        json.dumps(told | {"pid": 2**22 + 1}), encoding="utf-8"
    )
    found = runner.invoke(app, ["nodes", str(tmp_path / "train")])
    assert "the run has ended before its end" in found.stdout


def test_without_a_run_there_are_no_nodes(tmp_path: Path) -> None:
    assert "--engine ray" in refused("nodes", str(tmp_path))


def test_nodes_of_a_cluster_are_shown_with_their_power(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    from dawndusk.cluster import agent

    def node(name: str, **given: Any) -> Seen:
        labels = {"name": name, "role": "agent", "ray.io/node-id": "x", "power": "measured"}
        return Seen(f"id-{name}", "10.0.0.1", True, False, labels, {})._replace(**given)

    def told(watts: float | None, age: float = 0.0) -> bytes:
        return json.dumps({"power_W": watts, "time": time.time() - age}).encode()

    shown = [
        (node("hall"), told(123.4)),
        (node("attic"), told(None)),
        (node("barn", alive=False), told(55.5, age=3600.0)),
        (node("shed", draining=True), None),
    ]
    monkeypatch.setattr(agent, "reachable", lambda address: None)
    monkeypatch.setattr(engine, "look", lambda address: shown)
    found = runner.invoke(app, ["nodes", "--address", "10.0.0.1:6379"])
    assert found.exit_code == 0, found.output
    lines = {line.split()[0]: line for line in found.stdout.splitlines() if line.strip()}
    assert "123.4" in lines["hall"]
    assert "power=measured" in lines["hall"]
    assert "none" in lines["attic"]
    assert "lost" in lines["barn"]
    assert "55.5" not in lines["barn"]
    assert "drained" in lines["shed"]


def test_help_names_them() -> None:
    found = runner.invoke(app, ["--help"])
    assert "nodes" in found.stdout
    assert "agent" in found.stdout
