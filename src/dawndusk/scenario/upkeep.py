"""Keeping the orbit: drag, propulsion, debris, avoidance and disposal."""

from typing import Annotated, Literal

from dawndusk.scenario import fields as f
from dawndusk.scenario.fields import Table, declared
from dawndusk.scenario.quantities import Quantity

NOW = "2026-11"


class Upkeep(Table):
    """Drag, propulsion and the end of life."""

    drag_coefficient: f.PositiveNumber = declared(2.2, "of the satellite", "usual", NOW)
    drag_area: f.Area | None = declared(
        None, "mean area in the flow; auto: half of array and radiator, as if tumbling"
    )
    specific_impulse: Annotated[float, Quantity("s", least=50.0, most=10_000.0)] = declared(
        "1600 s", "thrust over weight flow", "Hall thruster, 1,500 to 2,500 s", NOW
    )
    disposal: Literal["passive", "direct"] = declared(
        "direct", "how a satellite leaves at the end of its life: by drag alone or by its engine"
    )
    disposal_perigee: Annotated[float, Quantity("m", least=0.0, most=120e3)] = declared(
        "50 km", "that a direct re-entry aims at", "inside the atmosphere", NOW
    )
    disposal_success: f.Fraction = declared(
        0.99, "share of retired satellites that leave as planned", "Starlink", "2026", "public"
    )
    disposal_rule: f.Duration = declared(
        "5 yr", "allowed in orbit after the end of life", "FCC-22-74", "2024-09-29", "public"
    )


class Debris(Table):
    """What hits satellites and what they dodge."""

    spread: Literal["low", "middle", "high"] = declared(
        "middle", "of the published flux models, which differ by one to two orders"
    )
    wall: Annotated[float, Quantity("m", least=4.3e-3, most=0.53)] = declared(
        "5 mm", "of aluminium before what a hit disables", "assumed", NOW
    )
    exposed_area: f.Area | None = declared(
        None, "behind which a hit disables; auto: shielded surface and a tenth of the radiator"
    )
    tracked_flux: Annotated[float, Quantity("1/m²/s", least=0.0)] = declared(
        "1.6e-5 1/m²/yr", "of tracked objects through a plane", "assumed", NOW
    )
    body_radius: f.Length | None = declared(
        None, "of satellite and object together; auto: of the deployed area"
    )
    avoidance_threshold: f.PositiveFraction = declared(
        3e-7, "probability of collision above which it moves", "Starlink", "2026", "public"
    )
    avoidance_lead: f.Duration = declared(
        "1 day", "from a manoeuvre to the encounter", "assumed", NOW
    )
