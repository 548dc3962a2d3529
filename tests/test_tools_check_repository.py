"""The repository check, each of its rules broken on purpose."""

import runpy
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CHECKER = runpy.run_path(str(ROOT / "tools" / "check_repository.py"))

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="asks git what it tracks")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text("ignored/\n")
    return tmp_path


def faults_with(repository: Path, text: str, name: str = "file.txt") -> list[str]:
    path = repository / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return list(CHECKER["faults_of_repository"](repository))


@pytest.mark.parametrize(
    "text",
    [
        "results/suncatcher/report.html",
        "see docs/home/page and a/tmp/b",
        "usd/home and W/m²",
        "https://doi.org/10.1029/2010GL045777",
        "pip-compile --no-emit-index-url",
        "#!/usr/bin/env bash",
    ],
)
def test_ordinary_text_passes(repository: Path, text: str) -> None:
    assert faults_with(repository, text) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path = '/home/someone/data.csv'", "an absolute path"),
        ("cd /work/main", "an absolute path"),
        ("read /root/.cache", "an absolute path"),
        ("C:\\Users\\someone", "Windows"),
        ("file:///opt/wheels", "a file address"),
        ("--index-url https://registry.invalid/simple", "a package registry"),
        ("https://files.pythonhosted.org/packages/x", "a package registry"),
        ("http://10.0.0.1:3128", "a network address"),
        ("-----BEGIN RSA PRIVATE KEY-----", "a credential"),
    ],
)
def test_a_private_text_is_found_by_line(repository: Path, text: str, message: str) -> None:
    found = faults_with(repository, f"first line\n{text}\n")
    assert any(fault.startswith("file.txt:2: ") and message in fault for fault in found)
    assert CHECKER["main"](repository) == 1


def test_a_large_file_is_found(repository: Path) -> None:
    assert "at most 2,000,000" in faults_with(repository, "x" * 2_000_001)[0]


def test_a_long_module_is_found(repository: Path) -> None:
    assert faults_with(repository, "x = 1\n" * 550, "module.py") == []
    assert "split" in faults_with(repository, "x = 1\n" * 551, "module.py")[0]


def test_ignored_files_are_not_looked_at(repository: Path) -> None:
    assert faults_with(repository, "/home/someone/x", "ignored/note.txt") == []


def test_binary_files_are_only_weighed(repository: Path) -> None:
    assert faults_with(repository, "\0 /home/someone/x") == []
