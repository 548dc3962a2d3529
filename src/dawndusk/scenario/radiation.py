"""Radiation along the orbit, and what stands between it and the chips."""

from typing import Annotated

from dawndusk.scenario import fields as f
from dawndusk.scenario.fields import Table, declared
from dawndusk.scenario.quantities import Quantity


class Radiation(Table):
    """Trapped particles, shield and Sun."""

    enabled: f.Flag = declared(True, "false: no dose and no upsets are stated")
    shielding: Annotated[float, Quantity("m", least=5e-5, most=3e-2)] = declared(
        "10 mm",
        "of aluminium around the chips",
        "Suncatcher, arXiv 2511.19468 v2: its dose is stated behind 10 mm",
        "2026-06-17",
        "public",
    )
    activity: f.Fraction = declared(
        0.5, "of the Sun over its cycle, 0 quiet and 1 active", "middle of the cycle", "2026-11"
    )
