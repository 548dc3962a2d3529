"""A command line as a job: units counted, state in a file, nothing left when it is killed."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

from dawndusk.execution import command, protocol

SCRIPT = """
import json, os, subprocess, sys
total, here = 0.0, os.path.dirname(os.path.abspath(__file__))
if "--child" in sys.argv:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    open(os.path.join(here, "pids"), "w").write(f"{os.getpid()} {child.pid}")
for line in sys.stdin:
    asked = json.loads(line)
    if asked["do"] == "unit":
        if "--die" in sys.argv and asked["unit"] == 3:
            sys.exit(7)
        if "--hang" in sys.argv:
            import time; time.sleep(600)
        if "--babble" in sys.argv:
            print("hello", flush=True); continue
        if "--eat" in sys.argv:
            hoard = bytearray(2_000_000_000)
        total += asked["unit"] ** 0.5
        told = {"unit": asked["unit"], "loss": 1.0 / total, "norm_max": asked["unit"]}
        if "--wrong" in sys.argv:
            told["unit"] += 1
        if "--leave" in sys.argv:
            print(json.dumps(told), flush=True); sys.exit(7)
    elif asked["do"] == "save":
        json.dump(total, open(asked["file"], "w")); told = {"saved": True}
    elif asked["do"] == "load":
        total = json.load(open(asked["file"])); told = {"loaded": True}
    else:
        told = {"loss": 2.0 / (1.0 + total)}
    print(json.dumps(told), flush=True)
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "job.py"
    path.write_text(SCRIPT, encoding="utf-8")
    return path


def job(script: Path, *words: str, rank: int = 0, **options: Any) -> command.Command:
    given = {"command": [sys.executable, str(script), *words], **options}
    return command.worker(rank, 2, 1, given)


def gone(pid: int, patience: float = 10.0) -> bool:
    until = time.monotonic() + patience
    while time.monotonic() < until:
        try:
            if (
                Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").split(")")[-1].split()[0]
                == "Z"
            ):
                return True
        except OSError:
            return True
        time.sleep(0.02)
    return False


def test_units_are_counted_and_measured(script: Path) -> None:
    one = job(script)
    assert one.advance(1) == {"loss": 1.0, "norm_max": 1.0}
    measured = one.advance(2)
    assert measured["norm_max"] == 3.0
    second = 1.0 + 2.0**0.5
    assert measured["loss"] == pytest.approx((1.0 / second + 1.0 / (second + 3.0**0.5)) / 2.0)
    assert one.evaluate()["loss"] == pytest.approx(2.0 / (1.0 + second + 3.0**0.5))
    one.close()


def test_it_keeps_the_protocol_of_a_job(script: Path) -> None:
    given = {"command": [sys.executable, str(script)], "memory": 10**9}
    assert protocol.conformance(command.worker, given) == []
    made = protocol.make("dawndusk.execution.command:worker", 0, 1, 1, given)
    assert protocol.memory(made) == 10**9


def test_a_saved_state_goes_on_in_another_process(script: Path) -> None:
    whole, first = job(script), job(script)
    expected = [whole.advance(1) for _ in range(6)][4:]
    first.advance(4)
    saved = first.save()
    first.close()
    second = job(script)
    second.load(saved)
    assert [second.advance(1) for _ in range(2)] == expected
    with pytest.raises(ValueError, match="damaged"):
        second.load(saved[:-1])


def test_a_state_is_taken_after_the_command_has_ended(script: Path) -> None:
    one = job(script, "--die")
    one.advance(2)
    saved = one.save()
    with pytest.raises(ValueError, match="ended with status 7"):
        one.advance(1)
    one.load(saved)
    assert one.evaluate() == {"loss": 2.0 / (2.0 + 2.0**0.5)}
    one.close()


def test_the_state_goes_to_the_file_that_is_named(script: Path, tmp_path: Path) -> None:
    one = job(script, rank=3, state=str(tmp_path / "state-{rank}"))
    one.advance(1)
    one.save()
    assert json.loads((tmp_path / "state-3").read_text(encoding="utf-8")) == 1.0
    one.close()


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("--die", "ended with status 7"),
        ("--babble", "a line of JSON"),
        ("--wrong", "to unit 1"),
        ("--hang", "no answer within 1 s"),
    ],
)
def test_a_command_that_fails_is_told_in_one_line(script: Path, word: str, told: str) -> None:
    one = job(script, word, timeout=1.0 if word == "--hang" else 60.0)
    with pytest.raises(ValueError, match=told) as fault:
        one.advance(4)
    assert "\n" not in str(fault.value)


def test_a_memory_limit_is_kept(script: Path) -> None:
    job(script, memory=10**9, limit=True).advance(1)
    with pytest.raises(ValueError, match="ended with status"):
        job(script, "--eat", memory=10**9, limit=True).advance(1)


@pytest.mark.parametrize("how", ["close", "kill"])
def test_nothing_is_left_of_a_command_and_what_it_started(
    script: Path, how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the replica ends its command or is itself killed without a word."""
    folders = tmp_path / "folders"
    folders.mkdir()
    monkeypatch.setenv("TMPDIR", str(folders))
    monkeypatch.setattr(tempfile, "tempdir", None)
    if how == "close":
        one = job(script, "--child")
        one.advance(1)
        one.save()
        assert len(list(folders.glob("*/state"))) == 1
        pids = _pids(script)
        one.close()
    else:
        program = (
            "import sys; from dawndusk.execution import command\n"
            "one = command.worker(0, 1, 1, {'command': sys.argv[1:]})\n"
            "one.advance(1); one.save(); print('ready', flush=True)\n"
            "import time; time.sleep(600)"
        )
        words = [sys.executable, "-c", program, sys.executable, str(script), "--child"]
        replica = subprocess.Popen(words, stdout=subprocess.PIPE)
        assert replica.stdout is not None
        assert replica.stdout.readline() == b"ready\n"
        assert len(list(folders.glob("*/state"))) == 1
        pids = _pids(script)
        os.kill(replica.pid, signal.SIGKILL)
        replica.wait()
        replica.stdout.close()
    assert len(pids) == 2
    assert all(gone(pid) for pid in pids)
    until = time.monotonic() + 10.0
    while any(folders.iterdir()) and time.monotonic() < until:
        time.sleep(0.02)
    assert not list(folders.iterdir())


def _pids(script: Path) -> list[int]:
    return [int(each) for each in (script.parent / "pids").read_text(encoding="utf-8").split()]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, "command: missing"),
        ({"command": ["no-such-program"]}, "no program"),
        ({"command": [sys.executable], "colour": 1}, "colour"),
        ({"command": [sys.executable], "unit_flop": 0}, "unit_flop"),
        ({"command": [sys.executable], "memory": -1}, "memory"),
        ({"command": [sys.executable], "timeout": 0}, "timeout"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        command.worker(0, 1, 1, options)


def test_a_command_that_ended_between_two_units_is_told(script: Path) -> None:
    one = job(script, "--leave")
    one.advance(1)
    assert one._process is not None
    one._process.wait(10.0)
    with pytest.raises(ValueError, match="ended with status 7"):
        one.advance(1)


CTRL_C = """
import os, signal, sys
from dawndusk.execution import command
signal.signal(signal.SIGINT, lambda number, frame: None)
one = command.worker(0, 1, 1, {"command": [sys.executable, sys.argv[1]]})
one.advance(1)
os.killpg(0, signal.SIGINT)
one.advance(1)
print(len(one.save()))
one.close()
"""


def test_ctrl_c_in_a_terminal_is_the_runs_affair(script: Path) -> None:
    words = [sys.executable, "-c", CTRL_C, str(script)]
    ended = subprocess.run(
        words, capture_output=True, text=True, timeout=60, start_new_session=True
    )
    assert ended.returncode == 0, ended.stderr
    assert "KeyboardInterrupt" not in ended.stderr
