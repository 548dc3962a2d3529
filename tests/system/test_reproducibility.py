"""Same scenario and seed, same bytes: with any threads, after any stop, after being killed."""

import json
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dawndusk import loop, results
from dawndusk.record import Record
from dawndusk.run import run
from dawndusk.scenario import Scenario, load
from dawndusk.state import State
from tests.system.whole_run import Prepared, prepare

BUSY = (
    'constellation={kind="walker_delta", altitude="550 km", inclination="53 deg", '
    "satellites=24, planes=6, phasing=1}",
    "time.duration=4 h",
    "workload.rate=12 Hz",
    "faults.interruption_rate=0.05 1/day",
    "satellite.battery.cycle_fade=0.01",
    "satellite.battery.capacity=0.1 kWh",
    "ground.hybrid=true",
    "ground.hybrid_nodes=2",
    'workload.jobs=[{name="training", kind="training", work="1 ZFLOP", nodes=8}, '
    '{name="batch", kind="batch", work="30 EFLOP", nodes=3, count=2, every="20 min"}]',
)
"""Everything that changes in the loop is at work here, brown-outs in every eclipse too."""

DRIVER = """\
import sys, time
from pathlib import Path
from dawndusk import loop
from dawndusk.run import run
from dawndusk.scenario import load

loop.CHECKPOINT = 0.0
folder, wait, *overrides = sys.argv[1:]
shares = []

def progress(share, stage):
    shares.append(share)
    if float(wait) and share > float(wait):
        print("half way", flush=True)
        time.sleep(600.0)

run(load("suncatcher", overrides), Path(folder), report=False, progress=progress)
print("first seen", next(share for share in shares if share > 0.0))
"""


def scenario(*overrides: str) -> Scenario:
    return load("suncatcher", [*BUSY, *overrides])


def summary_bytes(folder: Path) -> bytes:
    """summary.json as written, but for the only part that depends on the host's clock."""
    summary = json.loads((folder / "summary.json").read_bytes())
    del summary["performance"]
    return json.dumps(summary, indent=2).encode()


def record_bytes(record: Record) -> bytes:
    """Everything a record holds, but for the processor time."""
    totals = {name: value for name, value in record.totals.items() if name != "cpu_s"}
    series = {name: values.tobytes() for name, values in record.series.arrays().items()}
    requests = {name: values.tobytes() for name, values in record.requests.items()}
    jobs = {name: bytes(str(list(values)), "ascii") for name, values in record.jobs.items()}
    events = [list(column) for column in record.events.columns().values()]
    return repr((totals, series, requests, jobs, events, record.events.counts)).encode()


def after(decisions: int) -> Callable[[], bool]:
    """Answers no so many times, then yes."""
    asked = iter(range(decisions))
    return lambda: next(asked, None) is None


def dumped(state: State) -> bytes:
    return pickle.dumps(state, protocol=5)


@pytest.fixture(scope="module")
def ready() -> Prepared:
    return prepare(scenario())


@pytest.fixture(scope="module")
def uninterrupted(ready: Prepared) -> bytes:
    return record_bytes(ready.orbit())


def test_the_same_scenario_and_seed_give_the_same_bytes(tmp_path: Path) -> None:
    written = []
    for name in ("one", "two"):
        run(scenario(), tmp_path / name, report=False)
        written.append(summary_bytes(tmp_path / name))
        whole = (tmp_path / name / "summary.json").read_text(encoding="utf-8")
        assert whole.endswith("}\n")
    assert written[0] == written[1]
    for file in ("scenario.toml", "events.parquet", "jobs.parquet"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_another_seed_gives_another_run(ready: Prepared, uninterrupted: bytes) -> None:
    other = prepare(scenario("time.seed=2"))
    record = other.orbit()
    assert record_bytes(record) != uninterrupted
    ours, theirs = ready.asked, other.asked
    assert len(ours.requests) != len(theirs.requests)
    assert len(ours.interruptions) != len(theirs.interruptions)


def test_any_number_of_threads_gives_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four blocks of satellites, shared among 1, 2, 3 and 7 threads."""
    monkeypatch.setattr(loop, "THREADED", 1)
    shell = (
        'constellation={kind="walker_delta", altitude="550 km", inclination="53 deg", '
        "satellites=1000, planes=10, phasing=1}"
    )
    wide = prepare(scenario(shell, "time.duration=1 h", "workload.rate=200 Hz"))
    found = {record_bytes(wide.orbit(threads=threads)) for threads in (1, 2, 3, 7)}
    assert len(found) == 1


@pytest.mark.parametrize("decisions", [1, 7, 12, 29, 47])
def test_a_stopped_run_goes_on_as_if_nothing_had_happened(
    ready: Prepared, uninterrupted: bytes, decisions: int
) -> None:
    """Stopped after any decision, within a forecast window or at its end."""
    kept: list[bytes] = []
    stopped = ready.orbit(stop=after(decisions), save=lambda state: kept.append(dumped(state)))
    assert not stopped.complete
    assert stopped.duration == decisions * ready.scenario.placement.interval
    resumed = ready.orbit(resume=pickle.loads(kept[-1]))
    assert resumed.complete
    assert record_bytes(resumed) == uninterrupted


def test_a_run_stopped_again_and_again_ends_the_same(ready: Prepared, uninterrupted: bytes) -> None:
    state: State | None = None
    kept: list[bytes] = []
    for _ in range(9):
        ready.orbit(stop=after(5), resume=state, save=lambda state: kept.append(dumped(state)))
        state = pickle.loads(kept[-1])
    assert state is not None
    assert state.step == 225
    assert record_bytes(ready.orbit(resume=state)) == uninterrupted


def test_every_checkpoint_of_a_run_leads_to_the_same_end(
    ready: Prepared, uninterrupted: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "CHECKPOINT", 0.0)
    kept: list[bytes] = []
    whole = ready.orbit(save=lambda state: kept.append(dumped(state)))
    assert record_bytes(whole) == uninterrupted
    assert len(kept) >= 3
    for checkpoint in kept:
        resumed = ready.orbit(resume=pickle.loads(checkpoint))
        assert record_bytes(resumed) == uninterrupted


@pytest.mark.parametrize("wait", [0.2, 0.6])
def test_a_killed_run_resumes_and_ends_the_same(tmp_path: Path, wait: float) -> None:
    """SIGKILL leaves no time to tidy up, while the constellation runs or after it."""
    (tmp_path / "driver.py").write_text(DRIVER, encoding="utf-8")

    def command(folder: str, wait: float) -> list[str]:
        return [sys.executable, "driver.py", folder, str(wait), *BUSY]

    killed = subprocess.Popen(command("killed", wait), cwd=tmp_path, stdout=subprocess.PIPE)
    assert killed.stdout is not None
    assert killed.stdout.readline() == b"half way\n"
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    killed.stdout.close()
    assert not (tmp_path / "killed").exists()
    assert (tmp_path / "killed.partial" / results.CHECKPOINT).is_file()

    again = subprocess.run(
        command("killed", 0.0), cwd=tmp_path, check=True, capture_output=True, text=True
    )
    first = float(again.stdout.split()[-1])
    assert first > min(wait, 0.35)
    run(scenario(), tmp_path / "whole", report=False)
    assert summary_bytes(tmp_path / "killed") == summary_bytes(tmp_path / "whole")
    assert not (tmp_path / "killed.partial").exists()
    assert not (tmp_path / "killed" / results.CHECKPOINT).exists()
