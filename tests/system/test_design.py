"""The verdicts in design/ still hold: each script measures the number in its first line."""

import ast
import importlib
import re
import sys
from decimal import Decimal
from pathlib import Path

import pytest

DESIGN = Path(__file__).parents[2] / "design"
SCRIPTS = sorted(DESIGN.glob("*.py"))
SLOW = {"decision_interval", "gang_waiting", "step_length"}
VERDICT = re.compile(
    r"Verdict: .+ (?:can be neglected[^:]*: (?P<small>[\d.]+) (?:s|K|%) \(.+\)\."
    r"|cannot be neglected[^:]*: (?P<large>[\d.]+) (?:s|K|%), and so .+\.)"
)


def stated(script: Path) -> Decimal:
    """The number in the first line of a script."""
    first = (ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))) or "").split("\n")[0]
    found = VERDICT.fullmatch(first)
    assert found, f"{script.name}: {first!r} is not a verdict"
    return Decimal(found["small"] or found["large"])


def holds(number: Decimal, measured: float) -> bool:
    """Whether a measurement rounds to the number."""
    return Decimal(measured).quantize(number) == number


@pytest.mark.parametrize(("number", "measured"), [("0.17", 0.174), ("44", 43.6), ("1.3", 1.26)])
def test_a_measurement_that_rounds_to_the_number_holds(number: str, measured: float) -> None:
    assert holds(Decimal(number), measured)


@pytest.mark.parametrize(("number", "measured"), [("0.17", 0.176), ("44", 44.7), ("1.3", -1.3)])
def test_any_other_does_not(number: str, measured: float) -> None:
    assert not holds(Decimal(number), measured)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_first_line_is_a_verdict_with_its_number(script: Path) -> None:
    assert stated(script) > 0
    assert len(script.read_text(encoding="utf-8").splitlines()) < 120


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(script, id=script.stem, marks=pytest.mark.full if script.stem in SLOW else ())
        for script in SCRIPTS
    ],
)
def test_measurement_rounds_to_the_number(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(DESIGN))
    try:
        module = importlib.import_module(script.stem)
        data = getattr(module, "FILE", script)
        if not data.exists():
            pytest.skip(f"needs {data.name}, which is not shipped")
        measured = module.measure()
    finally:
        for name in set(sys.modules) - before:
            if name in {other.stem for other in SCRIPTS}:
                del sys.modules[name]
    assert holds(stated(script), measured), f"measured {measured:.4g}"
