"""Every rule of the docstring checker, each seen to fail on a planted fault."""

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CHECKER = runpy.run_path(str(ROOT / "tools" / "check_docstrings.py"))

CARD = '''
def power(area: float, efficiency: float) -> float:
    """Electrical power of an array.

    Args:
        area: panel area [m²]
        efficiency: share of the light that becomes power,
            at the reference temperature [-]
    Returns:
        power at the terminals [W]
    Raises:
        ValueError: when the area is negative
    Neglects:
        the rise of temperature, 0.2 %/K
    Source:
        Green, Solar Cells (1982), eq. 5.1
    """
    if area < 0.0:
        raise ValueError("area")
    return 1361.0 * area * efficiency
'''

FIELDS = '''
class State:
    """What a step changes."""

    charge: float
    """Energy in the battery [J]."""

    def floor(self) -> float:
        """Least energy kept [J]."""
        return 0.0
'''


def faults(source: str) -> list[str]:
    return [fault for _, fault in CHECKER["faults_of_source"](source)]


@pytest.mark.parametrize("source", [CARD, FIELDS, "def _private(x): ...\n", "CONSTANT = 1.0\n"])
def test_whole_cards_pass(source: str) -> None:
    assert faults(source) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[m²]", "", "argument area: no unit"),
        ("[m²]", "[km²]", r"argument area: [km²] is not a unit"),
        ("temperature [-]", "temperature [%]", "argument efficiency: [%] is not a unit"),
        ("terminals [W]", "terminals", "'Returns:': no unit"),
        ("        area: panel area [m²]\n", "", "'Args:' names ['efficiency']"),
        ("efficiency: share", "share: share", "'Args:' names ['area', 'share']"),
        ("area: float, efficiency", "efficiency: float, area", "the signature has"),
        ("    Raises:\n        ValueError: when the area is negative\n", "", "section 'Raises:'"),
        ("    Neglects:\n        the rise of temperature, 0.2 %/K\n", "", "section 'Neglects:'"),
        ("        Green, Solar Cells (1982), eq. 5.1\n", "", "section 'Source:'"),
        ("Electrical power of an array.", "electrical power", "one whole sentence"),
        ("    Neglects:\n", "    Source:\n        earlier\n    Neglects:\n", "not in the order"),
    ],
)
def test_a_planted_fault_in_a_function_is_found(old: str, new: str, message: str) -> None:
    assert old in CARD
    assert any(message in fault for fault in faults(CARD.replace(old, new, 1)))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('    """What a step changes."""\n', "", "State: no docstring"),
        ('    """Energy in the battery [J]."""\n', "", "State.charge: no string below"),
        ("battery [J]", "battery", "State.charge: no unit"),
        ("battery [J]", "battery [Wh]", "[Wh] is not a unit"),
        ("kept [J]", "kept", "State.floor: no unit"),
        ("floor(self)", "floor(self, age: float)", "State.floor: section 'Args:'"),
    ],
)
def test_a_planted_fault_in_a_class_is_found(old: str, new: str, message: str) -> None:
    assert old in FIELDS
    assert any(message in fault for fault in faults(FIELDS.replace(old, new, 1)))


@pytest.mark.parametrize("unit", ["-", "object", "1/K", "W/m²/K⁴", "USD/J", "rad/s", "FLOP/s"])
def test_si_units_are_known(unit: str) -> None:
    assert faults(CARD.replace("[m²]", f"[{unit}]")) == []


@pytest.mark.parametrize("unit", ["deg", "h", "kW", "°C", "km", "W/m2", "m/", "percent"])
def test_other_units_stay_at_the_border(unit: str) -> None:
    assert any("is not a unit" in fault for fault in faults(CARD.replace("[m²]", f"[{unit}]")))


def test_an_interval_is_not_taken_for_a_unit() -> None:
    assert faults(CARD.replace("panel area [m²]", "within [0, 1] [-]")) == []
    assert any("no unit" in each for each in faults(CARD.replace("area [m²]", "in [0, 1]")))


def test_exit_status_counts_the_faults_of_model_packages_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "orbit").mkdir()
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "page.py").write_text("def page(): ...\n")
    assert CHECKER["main"](tmp_path) == 0
    (tmp_path / "orbit" / "shape.py").write_text("\ndef shape(): ...\n")
    assert CHECKER["main"](tmp_path) == 1
    assert "shape.py:2: shape: no docstring" in capsys.readouterr().out
