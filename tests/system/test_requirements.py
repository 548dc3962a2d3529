"""The lock files agree with pyproject.toml and with each other."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRA = PROJECT["optional-dependencies"]
EXTRAS = {
    "run": (),
    "train": ("train",),
    "cluster": ("cluster", "train"),
    "inference": ("inference",),
    "test": ("test",),
    "truth": ("test", "truth"),
}


def locked(name: str) -> dict[str, str]:
    """Version by package; a line that is anything but an exact version is a fault."""
    lines = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    pins = [re.fullmatch(r"([a-z0-9-]+)==([\w.]+)", line) for line in lines]
    assert all(pins), [line for line, pin in zip(lines, pins, strict=True) if not pin]
    return {pin[1]: pin[2] for pin in pins if pin}


@pytest.mark.parametrize("name", EXTRAS)
def test_every_dependency_is_locked_within_its_range(name: str) -> None:
    wanted = [
        *PROJECT["dependencies"],
        *(each for extra in EXTRAS[name] for each in EXTRA[extra]),
    ]
    pins = locked(name)
    for requirement in map(Requirement, wanted):
        if requirement.name == PROJECT["name"]:
            wanted += [each for extra in requirement.extras for each in EXTRA[extra]]
            continue
        assert pins[canonicalize_name(requirement.name)] in requirement.specifier, requirement


def test_each_lock_extends_the_one_before() -> None:
    run, train, cluster, inference, test, truth = (locked(name) for name in EXTRAS)
    assert run.items() <= train.items() <= cluster.items() <= test.items() <= truth.items()
    assert run.items() <= inference.items()
