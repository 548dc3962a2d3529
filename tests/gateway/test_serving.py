"""The whole command on the loopback: ready, asked, stopped by Ctrl-C, accounted for."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as parquet
import pytest

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


def test_serve_until_ctrl_c_leaves_the_accounts(tiny: Path, tmp_path: Path) -> None:
    with served(Stub().app()) as upstream:
        words = [
            *("serve", str(tiny), "--port", "0", "--speed", "1000", "--embedding", "none"),
            *("--upstream", upstream, "--upstream-model", "stub", "--out", str(tmp_path / "out")),
        ]
        process = subprocess.Popen(
            [SCRIPT, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        assert process.stdout is not None
        try:
            address = None
            for line in process.stdout:
                if found := re.search(r"http://127\.0\.0\.1:\d+/v1", line):
                    address = found[0]
                    break
            assert address
            client = openai.OpenAI(base_url=address, api_key="any", max_retries=0, timeout=30.0)
            ask = {"model": "stub", "messages": [{"role": "user", "content": "Hello"}]}
            assert client.chat.completions.create(**ask).choices
            with pytest.raises(openai.NotFoundError):
                client.chat.completions.create(**(ask | {"model": "other"}))
            client.close()
            process.send_signal(signal.SIGINT)
            rest = process.stdout.read()
            assert process.wait(30.0) == 0
        finally:
            process.kill()
            process.wait()
    assert "2 offered = 1 answered + 1 refused + 0 failed + 0 waiting" in rest
    assert "Traceback" not in rest
    table = parquet.read_table(tmp_path / "out" / "requests_live.parquet")
    assert table["status"].to_pylist() == ["answered", "refused"]
    assert table["energy_J"].to_pylist()[0] > 0.0


def test_a_port_in_use_and_an_unknown_city_are_told_at_once(tiny: Path) -> None:
    scenario = load(str(tiny))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        began = time.monotonic()
        with pytest.raises(ValueError, match="choose another port"):
            serving(scenario, None, None, Options(port=taken.getsockname()[1]))
        assert time.monotonic() - began < 2.0
    with pytest.raises(ValueError, match="--city: the scenario has no city 'Nowhere'"):
        serving(scenario, None, None, Options(city="Nowhere"))
