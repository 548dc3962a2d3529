"""The Sun's cycle, radiation along the orbit, and what stands between it and the chips."""

from typing import Annotated

from pydantic import model_validator

from dawndusk.scenario import fields as f
from dawndusk.scenario.errors import Fault
from dawndusk.scenario.fields import CatalogueName, Table, declared, faults, section
from dawndusk.scenario.quantities import Quantity

SolarFlux = Annotated[float, Quantity("", least=65.0, most=250.0)]


class Sun(Table):
    """The solar cycle, which sets the upper atmosphere and the radiation belts."""

    quiet_flux: SolarFlux = declared(
        70.0, "radio flux at 10.7 cm at minimum, 1e-22 W/m²/Hz", "usual minimum", "2026-11"
    )
    peak_flux: SolarFlux = declared(
        150.0, "radio flux at maximum, 1e-22 W/m²/Hz", "a middling cycle", "2026-11"
    )
    minimum: f.Instant = declared(
        "2019-12-15T00:00:00Z", "a solar minimum", "minimum before cycle 25", "2020-09", "public"
    )

    @model_validator(mode="after")
    def _the_maximum_is_the_larger(self) -> "Sun":
        if self.peak_flux < self.quiet_flux:
            allowed = f"allowed: quiet_flux, {self.quiet_flux:g}, or more"
            raise faults([Fault("peak_flux", f"{self.peak_flux:g}", allowed, "raise it")])
        return self


class SolarStorm(Table):
    """Protons of a great solar event in the time that is simulated."""

    start: f.Instant | None = declared(
        None, "UTC, when its first protons arrive; auto: no storm comes"
    )
    event: Annotated[str, CatalogueName("storm")] = declared("1972-08", "which one")


class Radiation(Table):
    """Trapped particles, solar events, shield and what the electronics stand."""

    enabled: f.Flag = declared(True, "false: no dose, no upsets")
    shielding: Annotated[float, Quantity("m", least=5e-5, most=3e-2)] = declared(
        "10 mm",
        "of aluminium around the chips",
        "Suncatcher, arXiv 2511.19468 v2: its dose is stated behind 10 mm",
        "2026-06-17",
        "public",
    )
    shielded_area: Annotated[float, Quantity("m²", least=0.0)] = declared(
        "0.02 m²",
        "shielded surface of each accelerator with its share of the host",
        "Starcloud: 1 kg of shield per kW, 0.019 m² of 10 mm aluminium for 500 W",
        "2024-09",
        "derived",
    )
    cover_glass: Annotated[float, Quantity("m", least=5e-5, most=5e-3)] = declared(
        "0.1 mm",
        "over the solar cells",
        "usual in low orbit: 0.075 to 0.15 mm",
        "2026-11",
        "memory",
    )
    activity: f.Fraction | None = declared(
        None, "of the Sun, 0 quiet and 1 active; auto: from [sun] by the date"
    )
    confidence: f.ProperFraction = declared(
        0.9, "that no more solar events come than are counted", "usual for designs", "2026-11"
    )
    accelerators_per_host: f.Count = declared(
        4, "that one host serves", "TPU v6e machines of four and eight chips", "2026-11", "memory"
    )
    reboot_time: f.Delay = declared(
        "30 min", "out of service after an interrupt of a chip or its host", "chosen", "2026-11"
    )
    tolerated_dose: Annotated[float, Quantity("J/kg", above=0.0)] = declared(
        "150 J/kg",
        "at which half of the nodes have failed for good; 1 J/kg is 100 rad",
        "Suncatcher: no hard failure of logic to 15 krad on one chip",
        "2026-06-17",
        "assumed",
    )
    dose_spread: Annotated[float, Quantity("", above=1.0, most=10.0)] = declared(
        1.5, "factor of dose within which two thirds of the nodes fail", "assumed", "2026-11"
    )
    storm: SolarStorm = section(SolarStorm, "a solar proton event on the simulated day")

    @model_validator(mode="after")
    def _a_storm_is_radiation(self) -> "Radiation":
        if self.storm.start is not None and not self.enabled:
            allowed = "allowed: no storm where radiation.enabled is false"
            given = self.storm.start.isoformat().replace("+00:00", "Z")
            raise faults([Fault("storm.start", given, allowed, "switch radiation on")])
        return self
