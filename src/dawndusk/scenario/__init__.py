"""Scenarios: load one by name or path, read its values in SI and their provenance."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dawndusk.scenario.loading import description, load, names, shipped_text
    from dawndusk.scenario.resolved import Scenario
    from dawndusk.scenario.starter import starter_toml

HOMES = {
    "Scenario": "resolved",
    "description": "loading",
    "load": "loading",
    "names": "loading",
    "shipped_text": "loading",
    "starter_toml": "starter",
}
"""Public names and their modules, imported when first asked for."""


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{HOMES[name]}"), name)


__all__ = ["Scenario", "description", "load", "names", "shipped_text", "starter_toml"]
