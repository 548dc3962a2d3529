"""What keeps one satellite in its orbit for its life, and takes it out afterwards."""

from collections.abc import Mapping
from typing import Any

from dawndusk.report import numbers
from dawndusk.report.key_figures import dig


def upkeep_facts(summary: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Drag, velocity change, propellant, debris and disposal in words and numbers.

    Args:
        summary: content of summary.json [object]
    Returns:
        rows of name and text; those outside the models' tables are left out [object]
    """
    if not dig(summary, "upkeep"):
        return []

    def get(key: str) -> Any:
        return dig(summary, f"upkeep.{key}")

    def yearly(key: str) -> str:
        value = get(key)
        return f"{speed(value)} a year" if numbers.is_number(value) and value else ""

    rows = [
        ("Air, mean of the life", _with(density, get("air_density_kg_m3"))),
        ("Against drag", yearly("drag_delta_v_m_s_per_year")),
        ("Holding the formation", yearly("formation_delta_v_m_s_per_year")),
        (
            "Dodging",
            _dodging(get("avoidance_manoeuvres_per_year"), get("avoidance_delta_v_m_s_per_year")),
        ),
        ("Disposal", _disposal(get("disposal_delta_v_m_s"), get("within_disposal_rule"))),
        ("Over the life", _with(speed, get("delta_v_life_m_s"))),
        ("Propellant", _with(numbers.mass, get("propellant_kg"))),
        ("Dead, comes down in", _decay(summary)),
        ("Drag alone suffices below", _with(height, get("highest_passive_orbit_m"))),
        ("Hits by debris over 1 cm", _spread(get("debris_hits_per_year"))),
        ("Disabled by debris", _disabled(get("disabled_per_year"), get("penetrations_per_year"))),
        ("Collisions not dodged", _chance(get("collisions_per_year"))),
    ]
    return [(title, text) for title, text in rows if text]


def _with(show: Any, value: Any) -> str:
    return show(value) if numbers.is_number(value) else ""


def density(value: float) -> str:
    """Kilograms a cubic metre."""
    return f"{numbers.powers(value)}{numbers.SPACE}kg/m³"


def speed(value: float) -> str:
    """Metres a second."""
    return f"{numbers.significant(value)}{numbers.SPACE}m/s"


def height(value: float) -> str:
    """Whole kilometres."""
    return f"{numbers.count(value / 1e3)}{numbers.SPACE}km"


def _dodging(number: Any, change: Any) -> str:
    if not numbers.is_number(number):
        return ""
    return f"{numbers.significant(number, 2)} manoeuvres and {speed(change or 0.0)} a year"


def _disposal(change: Any, kept: Any) -> str:
    if not numbers.is_number(change):
        return ""
    how = f"by its engine, {speed(change)}" if change else "by drag alone"
    rule = {True: ", within the rule", False: ", breaks the rule"}
    return how + rule.get(kept, "")


def _decay(summary: Mapping[str, Any]) -> str:
    found = summary["upkeep"]
    if "passive_decay_s" not in found or found.get("air_density_kg_m3") is None:
        return ""
    value = found["passive_decay_s"]
    return numbers.duration(value) if numbers.is_number(value) else "more than 200 years"


def _spread(found: Any) -> str:
    """Rates of the published models: "1.2 % a year (0.1 % – 9 %)"."""
    if not isinstance(found, Mapping) or not all(
        numbers.is_number(found.get(name)) for name in ("low", "middle", "high")
    ):
        return ""
    low, middle, high = (_rate(found[name], found["high"]) for name in ("low", "middle", "high"))
    return f"{middle} a year ({low} – {high})"


def _disabled(chosen: Any, found: Any) -> str:
    """The rate that the scenario chose among the models', and theirs."""
    if not numbers.is_number(chosen) or not isinstance(found, Mapping):
        return ""
    low, high = (_rate(found[name], found["high"]) for name in ("low", "high"))
    return f"{_rate(chosen, found['high'])} a year ({low} – {high})"


def _rate(value: float, largest: float) -> str:
    """A number where all are common, per cent or a power of ten where they are rare."""
    if largest > 1:
        return numbers.significant(value, 2)
    return numbers.percent(value, 2) if value >= 1e-5 else numbers.powers(value)


def _chance(value: Any) -> str:
    return f"{_rate(value, value)} a year" if numbers.is_number(value) else ""
