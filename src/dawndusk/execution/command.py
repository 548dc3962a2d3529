"""Any command line as a job: a subprocess that does one unit a line and says so.

The protocol, one line of JSON each way:

- `{"do": "unit", "unit": 7}` → `{"unit": 7, "loss": 2.3}`: unit 7 is done, with its measurements.
- `{"do": "save", "file": "/…/state"}` → `{"saved": true}`: all that following units depend on.
- `{"do": "load", "file": "/…/state"}` → `{"loaded": true}`: go on from there.
- `{"do": "evaluate"}` → `{"loss": 2.2}`: measurements on work held back, an empty object for none.

Units count from 1. What the command writes to its standard error is its own affair. Its standard
input ends with the job. A supervisor ends it, with all that it started, should the replica's
process be killed.
"""

import hashlib
import json
import os
import selectors
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

LINE = 1_000_000
"""Longest line that a command may answer [bytes]."""

SUPERVISOR = """
import os, shutil, signal, subprocess, sys, threading
limit, folder, command = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
def limited():
    if limit:
        import resource
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
inner = subprocess.Popen(command, stdin=subprocess.PIPE, process_group=0, preexec_fn=limited)
def feed():
    try:
        while chunk := os.read(0, 65536):
            os.write(inner.stdin.fileno(), chunk)
    except OSError:
        pass
    try:
        os.killpg(inner.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
threading.Thread(target=feed, daemon=True).start()
status = inner.wait()
try:
    os.killpg(inner.pid, signal.SIGKILL)
except ProcessLookupError:
    pass
shutil.rmtree(folder, ignore_errors=True)
os._exit(status if 0 <= status < 256 else 128 - status)
"""
"""Passes lines on; when its own input ends, it kills the command's process group and leaves no
file behind."""

DEFAULTS: dict[str, Any] = {
    "command": [],
    "memory": 0,
    "unit_flop": 1e12,
    "unit_bytes": 1e9,
    "state": "",
    "timeout": 600.0,
    "limit": False,
}


class Command:
    """One replica: a command that keeps its state itself, and tells it in a file.

    Replicas that exchange numbers are not for command lines: they share one number, which is 0.
    """

    parameters = 1
    """Length of what replicas exchange [-]."""

    def __init__(self, rank: int, options: Mapping[str, Any]) -> None:
        self.unit_flop = float(options["unit_flop"])
        self.unit_bytes = float(options["unit_bytes"])
        self.command = [str(each).replace("{rank}", str(rank)) for each in options["command"]]
        self._memory, self._timeout = int(options["memory"]), float(options["timeout"])
        self._limit = self._memory if options["limit"] else 0
        self._folder: Path | None = None
        self._state = str(options["state"]).replace("{rank}", str(rank))
        self._shared = np.zeros(1, np.float32)
        self._unit = 0
        self._buffer = b""
        self._process: subprocess.Popen[bytes] | None = None

    def advance(self, units: int) -> dict[str, float]:
        """Have the command do so many units.

        Args:
            units: 1 or more [-]
        Returns:
            means of its measurements, largest value under a name ending in _max [-]
        Raises:
            ValueError: when it ends, is late, or answers something else
        Neglects:
            nothing
        Source:
            none: definition
        """
        found: list[dict[str, float]] = []
        for _ in range(units):
            answer = self._ask({"do": "unit", "unit": self._unit + 1})
            if answer.get("unit") != self._unit + 1:
                raise self._fault(f"answered {answer} to unit {self._unit + 1}")
            self._unit += 1
            found.append({k: v for k, v in _numbers(answer).items() if k != "unit"})
        together: dict[str, float] = {}
        for name in found[0]:
            values = [each[name] for each in found if name in each]
            together[name] = max(values) if name.endswith("_max") else sum(values) / len(values)
        return together

    def save(self) -> bytes:
        """What the command keeps in its file, and how many units it has done [object]."""
        path = self._state_file()
        path.unlink(missing_ok=True)
        self._ask({"do": "save", "file": str(path)})
        try:
            content = path.read_bytes()
        except OSError as error:
            raise self._fault(f"said that it saved, but {path}: {error.strerror}") from error
        head = {"unit": self._unit, "shared": float(self._shared[0])}
        body = json.dumps(head).encode() + b"\n" + content
        return hashlib.sha256(body).digest() + body

    def load(self, data: bytes) -> None:
        """Have the command go on from a saved state.

        Args:
            data: what `save` returned [object]
        Raises:
            ValueError: when the data are damaged or the command does not take them
        Neglects:
            nothing
        Source:
            none: definition
        """
        digest, body = data[:32], data[32:]
        if hashlib.sha256(body).digest() != digest:
            raise ValueError("command: its saved state is damaged; take an earlier one")
        head, _, content = body.partition(b"\n")
        told = json.loads(head)
        self._state_file().write_bytes(content)
        self._ask({"do": "load", "file": str(self._state_file())})
        self._unit, self._shared[0] = int(told["unit"]), told["shared"]

    def tensors(self) -> dict[str, dict[str, NDArray[Any]]]:
        """Memory that it claims; no bit of it can be reached, so none is flipped [object]."""
        if not self._memory:
            return {}
        return {"cache": {"claimed": np.broadcast_to(np.zeros(1, np.uint8), (self._memory,))}}

    def shared(self) -> NDArray[np.float32]:
        """The one number that replicas exchange, of no meaning [-]."""
        return self._shared.copy()

    def set_shared(self, values: NDArray[np.float32]) -> None:
        """Replace that number.

        Args:
            values: shape (1,) [-]
        Neglects:
            nothing
        Source:
            none: definition
        """
        self._shared[:] = values

    def evaluate(self) -> dict[str, float]:
        """Measurements of the command on work held back [-]."""
        return _numbers(self._ask({"do": "evaluate"}))

    def close(self) -> None:
        """End the command and all that it started [-]."""
        process, self._process = self._process, None
        if process is not None:
            assert process.stdin is not None
            assert process.stdout is not None
            with suppress(OSError):  # what was not taken any more
                process.stdin.close()
            try:
                process.wait(5.0)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def __del__(self) -> None:
        if getattr(self, "_folder", None) is not None:
            self.close()

    def _place(self) -> Path:
        """A folder for as long as the command runs."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="dawndusk-command-"))
        return self._folder

    def _state_file(self) -> Path:
        return Path(self._state) if self._state else self._place() / "state"

    def _begin(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._buffer = b""
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-S", "-c", SUPERVISOR),
                    *(str(self._limit), str(self._place()), *self.command),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                process_group=0,  # Ctrl-C in a terminal is for the run, which then saves
            )
        return self._process

    def _ask(self, asked: dict[str, Any]) -> dict[str, Any]:
        """One line there, one back, in bounded time."""
        process = self._begin()
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(asked).encode() + b"\n")
            process.stdin.flush()
        except OSError as error:
            raise self._fault(self._ended(process)) from error
        line = self._line(process)
        try:
            answer = json.loads(line)
        except ValueError as error:
            raise self._fault(f"answered {line[:80]!r}; allowed: a line of JSON") from error
        if not isinstance(answer, dict):
            raise self._fault(f"answered {line[:80]!r}; allowed: a JSON object")
        return answer

    def _line(self, process: subprocess.Popen[bytes]) -> bytes:
        assert process.stdout is not None
        until = time.monotonic() + self._timeout
        with selectors.DefaultSelector() as ready:
            ready.register(process.stdout, selectors.EVENT_READ)
            while b"\n" not in self._buffer:
                left = until - time.monotonic()
                if left <= 0.0 or not ready.select(left):
                    raise self._fault(f"gave no answer within {self._timeout:g} s")
                chunk = os.read(process.stdout.fileno(), 65536)
                if not chunk:
                    raise self._fault(self._ended(process))
                self._buffer += chunk
                if len(self._buffer) > LINE:
                    raise self._fault(f"answered a line of more than {LINE} bytes")
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def _ended(self, process: subprocess.Popen[bytes]) -> str:
        try:
            return f"ended with status {process.wait(5.0)}"
        except subprocess.TimeoutExpired:
            return "closed its output"

    def _fault(self, what: str) -> ValueError:
        self.close()
        return ValueError(f"command {' '.join(self.command)}: {what}")


def worker(rank: int, replicas: int, seed: int, options: Mapping[str, Any]) -> Command:
    """Make a job of a command line.

    Args:
        rank: of the replica; "{rank}" in the command and the state's file becomes it [-]
        replicas: of the job [-]
        seed: of the job; "{seed}" in the command becomes it [-]
        options: `command` (list of its words), and if wanted `memory` that it claims [bytes],
            `limit` that makes the kernel hold it to that, `unit_flop` [FLOP], `unit_bytes`
            [bytes], `state` (file to save in), `timeout` of an answer [s] [object]
    Returns:
        replica, whose command starts when it is first needed [object]
    Raises:
        ValueError: when an option is unknown or of a wrong kind
    Neglects:
        bit flips: a command's memory is its own
    Source:
        none: definition
    """
    unknown = sorted(set(options) - set(DEFAULTS))
    if unknown:
        raise ValueError(f"options: {', '.join(unknown)}; allowed: {', '.join(DEFAULTS)}")
    given = {**DEFAULTS, **options}
    words = given["command"]
    if not words or not isinstance(words, list | tuple):
        raise ValueError('options.command: missing; allowed: a list such as ["python", "job.py"]')
    if shutil.which(str(words[0])) is None:
        raise ValueError(f"options.command: no program {words[0]!r}; install it or give its path")
    for name, least in (("memory", 0), ("unit_flop", 1e-300), ("unit_bytes", 1e-300)):
        if not float(given[name]) >= least:
            raise ValueError(f"options.{name}: {given[name]}; allowed: above 0")
    if not float(given["timeout"]) > 0.0:
        raise ValueError(f"options.timeout: {given['timeout']}; allowed: above 0")
    given["command"] = [str(each).replace("{seed}", str(seed)) for each in words]
    return Command(rank, given)


def _numbers(answer: Mapping[str, Any]) -> dict[str, float]:
    return {
        name: float(value)
        for name, value in answer.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
