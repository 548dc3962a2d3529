"""The public surface: a page that runs in a browser, static files that can be rebuilt."""

import filecmp
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import dawndusk.report
from tests.report.folder_fixture import write
from tests.report.network_fixture import add

UI = Path(__file__).parents[2] / "ui"
STATIC = Path(dawndusk.report.__file__).parent / "static"


def test_importing_is_light() -> None:
    code = "import sys, dawndusk.report; print({'xarray', 'pyarrow', 'numba'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_written_into_the_folder_by_default(tmp_path: Path) -> None:
    folder = write(tmp_path / "run", satellites=4, hours=1)
    assert dawndusk.report.html(folder) == folder / "report.html"
    assert not list(folder.glob("*.partial"))


def test_runs_in_a_browser_without_errors(full: Path, bare: Path, tmp_path: Path) -> None:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no chromium to run the page's code in")
    cluster = add(write(tmp_path / "cluster", hours=3, cluster=True))
    pages = [
        dawndusk.report.html(full, tmp_path / "full.html"),
        dawndusk.report.html(cluster),
        dawndusk.report.html(bare, tmp_path / "bare.html"),
        dawndusk.report.compare.html([full, bare], tmp_path / "compare.html"),
    ]
    for path in pages:
        command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"]
        command += ["--no-first-run", "--disable-background-networking"]
        command += ["--disable-component-update", "--disable-sync"]
        command += [f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=2000"]
        done = subprocess.run(
            [*command, "--dump-dom", path.as_uri()],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        assert 'data-ready="true"' in done.stdout, path.name
        assert "data-error" not in done.stdout.split("<head>")[0], path.name
        charts = path.read_text(encoding="utf8").count('class="chart"')
        assert done.stdout.count('class="uplot ') == charts, path.name


def test_static_files_rebuild_byte_for_byte(tmp_path: Path) -> None:
    if not (shutil.which("npm") and shutil.which("node")):
        pytest.skip("npm is not installed")
    work = tmp_path / "ui"
    work.mkdir()
    for name in ("package.json", "package-lock.json", ".npmrc", "build.mjs"):
        shutil.copy(UI / name, work)
    install = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    try:
        done = subprocess.run(install, cwd=work, capture_output=True, text=True, timeout=120)
    except subprocess.TimeoutExpired:
        pytest.skip("npm ci did not answer in time")
    if done.returncode:
        pytest.skip(f"npm ci failed: {done.stderr.strip()[-300:]}")
    out = tmp_path / "static"
    subprocess.run(["node", "build.mjs", str(out)], cwd=work, check=True, timeout=60)
    built = sorted(path.name for path in out.iterdir())
    assert built == ["land.json", "uplot.css", "uplot.js"]
    assert filecmp.cmpfiles(out, STATIC, built, shallow=False) == (built, [], [])
    assert "Leon Sorokin" in (STATIC / "uplot.js").read_text(encoding="utf8")


def test_the_lock_names_no_registry() -> None:
    lock = (UI / "package-lock.json").read_text(encoding="utf8")
    assert '"resolved"' not in lock
    assert '"integrity"' in lock
