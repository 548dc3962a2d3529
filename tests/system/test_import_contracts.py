"""The import contracts hold, and each breaks on a planted import."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINT = Path(sys.executable).with_name("lint-imports")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("source")
    ignored = shutil.ignore_patterns("__pycache__", "*.toml", "*.csv", "static")
    shutil.copytree(ROOT / "src" / "dawndusk", folder / "dawndusk", ignore=ignored)
    return folder


def lint(source: Path) -> subprocess.CompletedProcess[str]:
    """The contracts of pyproject.toml on another copy of the package."""
    return subprocess.run(
        [LINT, "--no-cache", "--config", ROOT / "pyproject.toml"],
        cwd=source,
        env=os.environ | {"PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
    )


def test_the_contracts_hold(copy: Path) -> None:
    result = lint(copy)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("module", "imported", "contract"),
    [
        ("satellite/battery.py", "dawndusk.orbit.secular", "Layers"),
        ("satellite/battery.py", "dawndusk.satellite.ageing", "Models never import models"),
        ("satellite/battery.py", "dawndusk.scenario", "Models know neither"),
        ("workload/arrivals.py", "pydantic", "Models know neither"),
        ("scenario/errors.py", "dawndusk.loop", "Layers"),
        ("ledger.py", "dawndusk.cli", "Layers"),
        ("report/numbers.py", "dawndusk.ledger", "A report reads only"),
        ("placement/greedy.py", "dawndusk.placement.ground_only", "Policies do not know"),
    ],
)
def test_a_planted_import_breaks_its_contract(
    copy: Path, module: str, imported: str, contract: str
) -> None:
    path = copy / "dawndusk" / module
    text = path.read_text(encoding="utf-8")
    path.write_text(f"{text}\nimport {imported}\n", encoding="utf-8")
    try:
        result = lint(copy)
    finally:
        path.write_text(text, encoding="utf-8")
    assert result.returncode == 1
    broken = [line for line in result.stdout.splitlines() if line.endswith("BROKEN")]
    assert any(line.startswith(contract) for line in broken), result.stdout


def test_a_module_outside_every_layer_is_noticed(copy: Path) -> None:
    stray = copy / "dawndusk" / "stray.py"
    stray.write_text("", encoding="utf-8")
    try:
        result = lint(copy)
    finally:
        stray.unlink()
    assert result.returncode == 1
    assert "dawndusk.stray" in result.stdout
