"""The package's door: cheap to open, complete."""

import subprocess
import sys

import pytest

import dawndusk.scenario


def test_public_names() -> None:
    for name in dawndusk.scenario.__all__:
        assert getattr(dawndusk.scenario, name)
    with pytest.raises(AttributeError, match="nothing"):
        dawndusk.scenario.nothing  # noqa: B018


def test_importing_it_loads_nothing_heavy() -> None:
    code = (
        "import sys, dawndusk.scenario, dawndusk.scenario.errors;"
        "print([name for name in ('pint', 'pydantic', 'numpy', 'numba') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_schema_loads_without_pint() -> None:
    code = "import sys, dawndusk.scenario.resolved; print('pint' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
