"""The mirror of sources and tests, broken on purpose in each way."""

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CHECKER = runpy.run_path(str(ROOT / "tools" / "check_mirror.py"))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    files = {
        "src/dawndusk/constants.py": "LIGHT = 299_792_458.0\n",
        "src/dawndusk/loop.py": "def simulate(): ...\n",
        "src/dawndusk/orbit/__init__.py": '"""Orbits."""\n',
        "src/dawndusk/orbit/frames.py": "def rotate(): ...\n",
        "src/dawndusk/catalogue/__init__.py": "def names(): ...\n",
        "tools/check_it.py": "def main(): ...\n",
        "tests/test_loop.py": "",
        "tests/test_loop_resume.py": "",
        "tests/orbit/test_frames.py": "",
        "tests/catalogue/test_catalogue.py": "",
        "tests/reference/test_published.py": "",
        "tests/test_tools_check_it.py": "",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def faults(root: Path) -> list[str]:
    return list(CHECKER["faults_of_repository"](root))


def test_a_mirrored_repository_passes(repository: Path) -> None:
    assert faults(repository) == []
    assert CHECKER["main"](repository) == 0


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("tests/orbit/test_frames.py", "src/dawndusk/orbit/frames.py: no tests/orbit/test_frames"),
        ("tests/catalogue/test_catalogue.py", "src/dawndusk/catalogue/__init__.py: no tests/"),
        ("tests/test_tools_check_it.py", "tools/check_it.py: no tests/test_tools_check_it.py"),
        ("src/dawndusk/orbit/frames.py", "tests/orbit/test_frames.py: tests no module"),
    ],
)
def test_a_missing_half_is_found(repository: Path, missing: str, message: str) -> None:
    (repository / missing).unlink()
    assert any(message in fault for fault in faults(repository))
    assert CHECKER["main"](repository) == 1


def test_a_module_is_tested_by_several_files_or_one(repository: Path) -> None:
    (repository / "tests/test_loop.py").unlink()
    assert faults(repository) == []
    (repository / "tests/test_loop_resume.py").unlink()
    assert faults(repository) == ["src/dawndusk/loop.py: no tests/test_loop.py"]


def test_a_longer_name_is_not_taken_for_a_shorter_one(repository: Path) -> None:
    (repository / "src/dawndusk/loop_resume.py").write_text("def resume(): ...\n")
    (repository / "tests/test_loop.py").unlink()
    assert faults(repository) == ["src/dawndusk/loop.py: no tests/test_loop.py"]
