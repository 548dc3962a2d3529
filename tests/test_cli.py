"""The command line: start-up, exit statuses, one-line errors, and each command once."""

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from dawndusk import cli

SCRIPT = Path(sys.executable).with_name("dawndusk")

TINY = """\
name = "tiny"
time.start = 2027-03-20T00:00:00Z
time.duration = "1 h"
constellation.kind = "sun_synchronous"
constellation.altitude = "650 km"
constellation.local_time = "18:00"
constellation.satellites = 2
satellite.design = "starcloud-1"
workload.rate = "0.01 Hz"
"""


def dawndusk(*words: str) -> Result:
    """A command in this process."""
    return CliRunner().invoke(cli.app, list(words))


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small scenario file, in the folder where commands are given."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "tiny.toml"
    path.write_text(TINY, encoding="utf-8")
    return path


def raising(error: BaseException) -> Callable[..., None]:
    def fail(*given: object, **named: object) -> None:
        raise error

    return fail


def watching(shares: list[float]) -> Callable[[str], AbstractContextManager[Any]]:
    """A progress bar that only notes how far the constellation has come."""

    def advance(share: float, stage: str) -> None:
        if stage == "running the constellation":
            shares.append(share)

    return lambda title: nullcontext(advance)


# start-up


def test_help_starts_in_half_a_second() -> None:
    """By the clock on the wall, or by the processor's where others keep all processors busy."""
    for _ in range(10):
        busy = resource.getrusage(resource.RUSAGE_CHILDREN)
        started = time.perf_counter()
        subprocess.run([SCRIPT, "--help"], check=True, capture_output=True)
        wall = time.perf_counter() - started
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        processor = used.ru_utime + used.ru_stime - busy.ru_utime - busy.ru_stime
        crowded = os.getloadavg()[0] > (os.cpu_count() or 1)
        if (processor if crowded else wall) < 0.5:
            return
    pytest.fail(f"dawndusk --help took {wall:.2f} s, {processor:.2f} s of them computing")


def test_nothing_heavy_is_imported_before_a_command_needs_it() -> None:
    code = "import sys, dawndusk.cli; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    heavy = {"numpy", "numba", "scipy", "pydantic", "pint", "xarray", "pyarrow", "pandas", "sgp4"}
    assert heavy.isdisjoint(loaded.stdout.split())


def test_help_names_every_command() -> None:
    text = dawndusk("--help").stdout
    for command in ("run", "compare", "policies", "where", "fleet", "list", "show", "new", "check"):
        assert re.search(rf"^\W*{command}\s+[A-Z]", text, re.MULTILINE), command


def test_version() -> None:
    assert re.fullmatch(r"dawndusk \d+\.\d+\.\d+\n", dawndusk("--version").stdout)


def test_it_is_a_module_to_run_too() -> None:
    found = subprocess.run([sys.executable, "-m", "dawndusk", "--version"], capture_output=True)
    assert found.stdout == dawndusk("--version").stdout.encode()


# exit statuses


def _numpy_refuses() -> None:
    np.zeros(2) + np.zeros(3)


@pytest.mark.parametrize(
    ("fails", "status", "message"),
    [
        (Path("nowhere.tle").read_bytes, 2, "error: nowhere.tle: No such file or directory\n"),
        (_numpy_refuses, 1, "internal error: ValueError at test_cli.py:"),
        (raising(KeyError("battery")), 1, "internal error: KeyError at test_cli.py:"),
    ],
)
def test_one_line_and_an_honest_status(
    fails: Callable[[], None], status: int, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "_load", lambda *given: fails())
    result = dawndusk("check", "suncatcher")
    assert result.exit_code == status
    assert result.stderr.startswith(message)
    assert result.stderr.count("\n") == 1
    assert not result.stdout


def test_a_value_refused_by_our_own_code_is_wrong_input() -> None:
    result = dawndusk("check", "policy", "nowhere:nothing")
    assert result.exit_code == 2
    assert "'nowhere:nothing' cannot be imported" in result.stderr
    assert result.stderr.count("\n") == 1


def test_debug_shows_the_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "_load", raising(KeyError("battery")))
    assert isinstance(dawndusk("check", "suncatcher", "--debug").exception, KeyError)


def test_a_wrong_option_is_wrong_input() -> None:
    assert dawndusk("run", "suncatcher", "--thread", "2").exit_code == 2
    assert dawndusk("run", "suncatcher", "--threads", "0").exit_code == 2


# wrong scenarios, all of the way through


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("satellite.battery.capacty=4 kWh", r"satellite\.battery\.capacty.*capacity"),
        ("satellite.dry_mass=-5 kg", r"satellite\.dry_mass.*-5 kg"),
        ("satellite.battery.capacity=4 kg", r"satellite\.battery\.capacity.*4 kg"),
        ("satellite.design=starcloud-9", r"satellite\.design.*starcloud-1"),
        ("workload.trace=nowhere.csv", r"workload\.trace.*nowhere\.csv"),
        ("placement.policy=greedier", r"placement\.policy.*greedy"),
    ],
)
def test_wrong_values_name_the_path_and_leave_nothing(
    tiny: Path, override: str, message: str
) -> None:
    result = dawndusk("run", str(tiny), "--set", override)
    assert result.exit_code == 2, result.output
    assert re.search(message, result.stderr, re.DOTALL)
    assert sorted(Path().iterdir()) == [Path("tiny.toml")]


def test_a_missing_file_names_it(tiny: Path) -> None:
    result = dawndusk("run", "my.toml")
    assert result.exit_code == 2
    assert "my.toml" in result.stderr


def test_all_faults_come_at_once(tiny: Path) -> None:
    result = dawndusk("check", str(tiny), "--set", "time.step=0 s", "--set", "ground.pue=0.5")
    assert result.exit_code == 2
    assert "time.step" in result.stderr
    assert "ground.pue" in result.stderr


def test_a_truncated_tle_names_its_line(tiny: Path) -> None:
    first = "1 25544U 98067A   24001.50000000  .00016717  00000-0  10270-3 0  9009"
    second = "2 25544  51.6400 208.9163 0006317  69.9862  25.2906 15.4956"
    Path("cut.tle").write_text(f"{first}\n{second}\n")
    tiny.write_text(
        "\n".join(line for line in TINY.splitlines() if not line.startswith("constellation"))
        + '\nconstellation.kind = "imported"\nconstellation.file = "cut.tle"\n'
    )
    result = dawndusk("run", str(tiny))
    assert result.exit_code == 2, result.output
    assert "cut.tle" in result.stderr
    assert "line 2" in result.stderr
    assert not Path("results").exists()


def test_a_trace_with_reversed_times_is_refused(tiny: Path) -> None:
    Path("back.csv").write_text(
        "TIMESTAMP,ContextTokens,GeneratedTokens\n"
        "2023-11-16 18:17:03.9799600,374,44\n"
        "2023-11-16 18:17:02.9799600,396,109\n"
    )
    result = dawndusk("run", str(tiny), "--set", "workload.trace=back.csv")
    assert result.exit_code == 2, result.output
    assert "back.csv" in result.stderr
    assert "line 3" in result.stderr
    assert not Path("results").exists()


# commands


def test_new_writes_a_scenario_that_passes_and_never_overwrites(tiny: Path) -> None:
    assert dawndusk("new", "mine.toml").exit_code == 0
    assert tomllib.loads(Path("mine.toml").read_text(encoding="utf-8"))["name"] == "mine"
    assert dawndusk("check", "mine.toml").stdout == "mine.toml: valid\n"
    result = dawndusk("new", "tiny.toml")
    assert result.exit_code == 2
    assert "exists already" in result.stderr
    assert tiny.read_text(encoding="utf-8") == TINY


def test_list_names_scenarios_and_every_kind() -> None:
    everything = dawndusk("list").stdout
    assert re.search(r"^scenario: .*suncatcher", everything, re.MULTILINE)
    assert re.search(r"^accelerator: .*h100", everything, re.MULTILINE)
    accelerators = dawndusk("list", "accelerator").stdout
    assert re.search(r"^h100 +NVIDIA H100", accelerators, re.MULTILINE)
    assert re.search(r"^suncatcher +\S", dawndusk("list", "scenario").stdout, re.MULTILINE)
    result = dawndusk("list", "acelerator")
    assert result.exit_code == 2
    assert "allowed: scenario, accelerator" in result.stderr


def test_show_prints_value_confidence_date_and_source() -> None:
    entry = dawndusk("show", "accelerator.h100").stdout
    assert re.search(r"peak_flops +989 TFLOP/s +public, 2023, NVIDIA", entry)
    assert re.search(r"idle_power +70 W +50 W – 120 W", entry)
    assert dawndusk("show", "accelerator.h101").exit_code == 2


def test_show_prints_a_scenario_with_its_overrides(tiny: Path) -> None:
    text = dawndusk("show", str(tiny), "--set", "ground.pue=1.11").stdout
    assert re.search(r"ground\.pue +1\.11", text)
    assert re.search(r"constellation\.altitude +650 km", text)
    assert re.search(r"satellite\.array\.efficiency ", text)


def test_check_policy_takes_a_module_beside_you(tiny: Path) -> None:
    Path("my_policies.py").write_text(
        "import numpy as np\n"
        "from dawndusk.placement.outlook import Decision\n"
        "def even(outlook, view):\n"
        "    return Decision(np.ones(len(view.charge)), view.job_of_site * 0 - 1)\n"
        "def wrong(outlook, view):\n"
        "    return Decision(np.ones(3), view.job_of_site)\n"
    )
    for name, status in (("my_policies:even", 0), ("my_policies:wrong", 2)):
        done = subprocess.run([SCRIPT, "check", "policy", name], capture_output=True, text=True)
        assert done.returncode == status, done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--set", "placement.policy=my_policies:even"), "'my_policies:even' cannot be imported"),
        (("train-in-orbit", "--set", "workload.jobs.0.real.execute=my:job"), "no module my"),
        (("job", "my:job"), "my:job: there is no module my;"),
        (("job", "dawndusk.execution.command:worker", "--set", "steps"), "allowed: KEY=VALUE"),
        (("policies", "mine"), "only 'policy' and 'job' take a second word"),
    ],
)
def test_check_finds_code_that_is_not_there(tiny: Path, words: tuple[str, ...], said: str) -> None:
    result = dawndusk("check", *([str(tiny)] if words[0] == "--set" else []), *words)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


def test_check_job_tries_a_job_with_its_options() -> None:
    result = dawndusk("check", "job", "tests.training_case:LeastSquares", "--set", "rate=0.1")
    assert result.exit_code == 0, result.output
    assert "keeps the contract" in result.stdout


def test_run_leaves_a_folder_with_report_and_says_where(tiny: Path) -> None:
    result = dawndusk("run", str(tiny), "--seed", "7", "--out", "here")
    assert result.exit_code == 0, result.output
    assert "report: here/report.html\n" in result.stdout
    assert not result.stderr.replace("warning:", "").strip() or "warning:" in result.stderr
    described = json.loads(Path("here/run.json").read_text(encoding="utf-8"))
    assert described["complete"]
    assert described["seed"] == 7
    assert sorted(path.name for path in Path().iterdir()) == ["here", "tiny.toml"]


def test_run_without_a_report_names_the_folder(tiny: Path) -> None:
    result = dawndusk("run", str(tiny), "--no-report")
    assert "results: results/tiny\n" in result.stdout
    assert not Path("results/tiny/report.html").exists()


def test_compare_runs_scenarios_and_reads_folders(tiny: Path) -> None:
    dawndusk("run", str(tiny), "--out", "first")
    result = dawndusk("compare", "first", str(tiny), "--out", "both.html")
    assert result.exit_code == 0, result.output
    assert result.stdout.endswith("comparison: both.html\n")
    assert Path("both.html").stat().st_size > 1000
    assert dawndusk("compare", "first").exit_code == 2


def test_policies_prints_each_beside_the_bound_and_where_prints_the_matrix(tiny: Path) -> None:
    job = 'workload.jobs=[{name="batch", kind="batch", work="1 EFLOP"}]'
    names = ["--policy", "greedy", "--policy", "follow_the_sun"]
    result = dawndusk("policies", str(tiny), "--set", job, "--out", "contest", *names)
    assert result.exit_code == 0, result.output
    (greedy, sun) = [x for x in result.stdout.splitlines() if re.match(r"\s*(Greedy|Follow)", x)]
    assert "%" in greedy
    assert "$" in sun
    assert result.stdout.endswith("report: contest/report.html\n")
    rows = json.loads(Path("contest/policies.json").read_text(encoding="utf-8"))
    assert [row["policy"] for row in rows] == ["greedy", "follow_the_sun"]
    result = dawndusk("where", "contest")
    assert result.exit_code == 0, result.output
    assert "Chat inference" in result.stdout


def test_where_needs_a_results_folder(tiny: Path) -> None:
    result = dawndusk("where", "nowhere")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: nowhere: no placement.json there; give a results")


def test_fleet_prints_the_years_without_running_them(tiny: Path) -> None:
    words = ["fleet", str(tiny), "--set", "fleet.runs=5", "--set", "fleet.horizon=3 yr"]
    result = dawndusk(*words)
    assert result.exit_code == 0, result.output
    rows = re.findall(r"^ *(20\d\d\.\d\d) +2 +\d \(\d–\d\)", result.stdout, re.MULTILINE)
    assert rows == ["2028.21", "2029.21", "2030.21"]
    told = json.loads(dawndusk(*words, "--json").stdout)
    assert told["name"] == "tiny"
    assert [round(row["year"], 2) for row in told["years"]] == [2028.21, 2029.21, 2030.21]
    assert told["fleet"]["runs"] == 5
    assert told["fleet"]["built"] == pytest.approx(sum(row["built"] for row in told["years"]))
    assert told == json.loads(dawndusk(*words, "--json").stdout)
    assert told != json.loads(dawndusk(*words, "--json", "--seed", "9").stdout)
    assert not Path("results").exists()


def test_fleet_cuts_no_number_short(tiny: Path) -> None:
    words = ["fleet", str(tiny), "--set", "fleet.runs=2", "--set", "fleet.horizon=4 yr"]
    words += ["--set", "fleet.spares=30000000", "--set", "radiation.shielding=0.3 mm"]
    words += ["--set", "catalogue.launcher.starship.cadence=1e8 1/yr"]
    words += ["--set", "economics.launcher=starship", "--set", "satellite.dry_mass=3 t"]
    result = dawndusk(*words)
    assert result.exit_code == 0, result.output
    assert max(map(len, result.stdout.splitlines())) > 160
    assert "…" not in result.stdout


def test_fleet_tells_what_its_years_leave_out(tiny: Path) -> None:
    few = ["fleet", str(tiny), "--set", "fleet.runs=2", "--set", "fleet.horizon=1 yr"]
    high = dawndusk(*few, "--set", "constellation.altitude=2500 km")
    assert high.exit_code == 0, high.output
    assert "warning: radiation is known from 251 to 2100 km: none is stated" in high.stderr
    assert "debris (300 to 2000 km) of 100% of the orbits" in high.stderr
    told = json.loads(dawndusk(*few, "--json", "--set", "radiation.shielding=0.1 mm").stdout)
    assert any("thicken radiation.shielding" in each for each in told["warnings"])


def test_fleet_refuses_what_contradicts_itself_in_one_line(tiny: Path) -> None:
    result = dawndusk("fleet", str(tiny), "--set", "fleet.enabled=false")
    assert result.exit_code == 2
    assert result.stderr == (
        "error: fleet.enabled: false; allowed: true where the years are asked for\n"
    )
    result = dawndusk("fleet", str(tiny), "--set", "fleet.accelerator_spares=1")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: fleet.accelerator_spares: 1; allowed: 0 to 0")


def test_an_unknown_policy_is_refused_before_anything_runs(tiny: Path) -> None:
    result = dawndusk("policies", str(tiny), "--policy", "clairvoyant")
    assert result.exit_code == 2
    assert "'clairvoyant' is not a shipped policy" in result.stderr
    assert not Path("results").exists()


def test_an_interrupted_contest_says_so(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dawndusk.setting.simulate", raising(KeyboardInterrupt()))
    result = dawndusk("policies", str(tiny), "--policy", "greedy", "--policy", "ground_only")
    assert result.exit_code == 130
    assert result.stderr == "interrupted: the policies were not compared\n"


def test_interruption_before_anything_is_kept(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dawndusk.run.run", raising(KeyboardInterrupt()))
    result = dawndusk("run", str(tiny))
    assert result.exit_code == 130
    assert result.stderr.startswith("interrupted: nothing was kept yet")


def test_ctrl_c_keeps_what_is_done_and_the_same_command_goes_on(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["run", str(tiny), "--set", "time.duration=1 day", "--no-report"]
    command += ["--set", "fleet.moments=0"]
    assert dawndusk(*command, "--out", "whole").exit_code == 0

    def press_ctrl_c_halfway(share: float, stage: str) -> None:
        if 0.15 < share < 0.2:
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patched:
        patched.setattr(cli, "_progress", lambda title: nullcontext(press_ctrl_c_halfway))
        result = dawndusk(*command)
    assert result.exit_code == 130, result.output
    assert result.stderr.startswith("interrupted: what is done is kept in results/tiny.partial")
    partial = json.loads(Path("results/tiny.partial/run.json").read_text(encoding="utf-8"))
    assert not partial["complete"]
    assert not Path("results/tiny").exists()

    starts: list[float] = []
    with monkeypatch.context() as patched:
        patched.setattr(cli, "_progress", watching(starts))
        assert dawndusk(*command).exit_code == 0
    assert starts[0] > 0.12, "the second run started over"
    whole, resumed = (
        json.loads(Path(folder, "summary.json").read_text(encoding="utf-8"))
        for folder in ("whole", "results/tiny")
    )
    whole.pop("performance")
    resumed.pop("performance")
    assert resumed == whole
    assert not Path("results/tiny.partial").exists()


def test_ctrl_c_after_the_constellation_ran_keeps_it(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Days of later years that were not run are no result: the same command runs them."""

    def press_ctrl_c_late(share: float, stage: str) -> None:
        if 0.55 < share < 0.7:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("dawndusk.loop.WORTH", 0.0)
    with monkeypatch.context() as patched:
        patched.setattr(cli, "_progress", lambda title: nullcontext(press_ctrl_c_late))
        result = dawndusk("run", str(tiny), "--no-report")
    assert result.exit_code == 130, result.output
    assert result.stderr.startswith("interrupted: what is done is kept in results/tiny.partial")
    assert not Path("results/tiny").exists()
    steps: list[float] = []
    with monkeypatch.context() as patched:
        patched.setattr(cli, "_progress", watching(steps))
        assert dawndusk("run", str(tiny), "--no-report").exit_code == 0
    assert not [share for share in steps if 0.0 < share < 0.4], "the constellation ran again"
    assert Path("results/tiny/days.parquet").is_file()


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX terminal")
@pytest.mark.parametrize("watched", [True, False])
def test_a_bar_only_where_a_person_watches(tiny: Path, watched: bool) -> None:
    import pty

    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [SCRIPT, "run", str(tiny), "--no-report"],
        stdout=subprocess.PIPE,
        stderr=theirs if watched else subprocess.PIPE,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "100"},
    ) as running:
        os.close(theirs)
        seen = b""
        try:
            while watched and (piece := os.read(ours, 4096)):
                seen += piece
        except OSError:  # the other end closed
            pass
        _, quiet = running.communicate()
    os.close(ours)
    assert running.returncode == 0
    assert (b"tiny: " in (seen if watched else quiet)) == watched
