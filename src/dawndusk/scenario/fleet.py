"""The fleet over years: ramp-up, launches, losses, replacement, servicing and refresh."""

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Strict, model_validator

from dawndusk.scenario import fields as f
from dawndusk.scenario.errors import Fault
from dawndusk.scenario.fields import Table, declared, faults, section, supplied
from dawndusk.scenario.quantities import Quantity

NOW = "2026-11"


class Milestone(Table):
    """How many satellites are wanted by a date."""

    date: f.Instant = supplied("by which they are wanted")
    satellites: f.Whole = supplied("wanted at work by then")


class LaunchPrice(Table):
    """A quoted price of launch."""

    year: Annotated[float, Quantity("", least=2000.0, most=2200.0)] = supplied("of the quote")
    price: f.PricePerMass = supplied("per mass to the orbit")


class Servicing(Table):
    """Robotic exchange of compute modules in orbit."""

    enabled: f.Flag = declared(False, "servicers exchange failed modules")
    mendable: f.Fraction = declared(
        0.6, "share of failures that a new module mends", "assumed: of compute, not of the bus", NOW
    )
    success: f.PositiveFraction = declared(0.9, "share of exchanges that work", "assumed", NOW)
    module_mass_share: f.PositiveFraction = declared(
        0.3, "mass of a module over the satellite's", "assumed", NOW
    )
    module_price_share: f.PositiveFraction = declared(
        0.5, "price of a module over the satellite's hardware", "assumed", NOW
    )
    servicer_mass: f.Mass = declared("500 kg", "dry, without modules", "assumed", NOW)
    servicer_propellant: f.OptionalMass = declared("300 kg", "aboard a servicer", "assumed", NOW)
    servicer_price: f.Money = declared("20 MUSD", "each", "assumed", NOW)
    modules: f.Count = declared(10, "aboard a servicer", "assumed", NOW)
    specific_impulse: f.Duration = declared(
        "1600 s", "of the servicer, thrust over weight flow", "Hall thruster, as upkeep", NOW
    )
    servicers: f.Count | None = declared(
        None, "kept in orbit with modules; auto: for half a year of failures they can mend"
    )
    visit_time: f.Duration = declared("30 day", "of the drift to a satellite", "assumed", NOW)
    visit_price: f.Money = declared("0.2 MUSD", "operations of a visit", "assumed", NOW)


class Fleet(Table):
    """Months over years, many times over; see also economics for failure rates."""

    enabled: f.Flag = declared(True, "false: closed-form replacement in costs, no history")
    horizon: Annotated[float, Quantity("s", least=31557600.0, most=946728000.0)] = declared(
        "10 yr", "that the fleet is followed"
    )
    runs: Annotated[int, Strict()] = declared(100, "Monte Carlo runs, 1 to 2000")
    policy: Literal["never", "on_failure", "on_schedule"] = declared(
        "on_failure", "which satellites are replaced"
    )
    milestones: tuple[Milestone, ...] = declared((), "ramp-up; empty: all at the start")
    spares: f.Whole = declared(0, "satellites kept in orbit beyond those at work")
    accelerator_spares: f.Whole = declared(
        0, "accelerators aboard, of those counted, that stand by until others fail"
    )
    lead_time: f.Delay = declared("180 day", "from order to launch", "assumed", NOW)
    least_per_launch: f.Count = declared(1, "satellites worth a launch of their own")
    infant_time: f.Duration = declared(
        "45 day", "mean time until a defect shows itself", "assumed", NOW
    )
    wear_shape: Annotated[float, Quantity("", least=1.0, most=20.0)] = declared(
        3.0, "Weibull shape of wear-out", "assumed", NOW
    )
    worn_at_life: f.ProperFraction = declared(
        0.05, "share worn out at satellite.life; 0 is none", "assumed", NOW
    )
    refresh: f.Fraction = declared(
        0.0, "yearly gain of capacity of newly launched satellites", "no gain counted", NOW
    )
    stowed_density: Annotated[float, Quantity("kg/m³", above=0.0)] = declared(
        "150 kg/m³",
        "mass over volume of stowed satellites",
        "21 to 29 Starlink v2 mini of 575 to 740 kg under a Falcon 9 fairing of about 145 m³",
        NOW,
        "derived",
    )
    launch_prices: tuple[LaunchPrice, ...] = declared(
        (), "by year; empty: economics.launch_price throughout"
    )
    moments: Annotated[int, Strict()] = declared(
        3, "of the horizon whose days are run on the fleet as it then is, 0 to 12"
    )
    servicing: Servicing = section(Servicing, "robotic exchange of modules")

    @model_validator(mode="after")
    def _in_range(self) -> "Fleet":
        found = [
            Fault(name, str(getattr(self, name)), f"allowed: {low} to {high}")
            for name, low, high in (("runs", 1, 2_000), ("moments", 0, 12))
            if not low <= getattr(self, name) <= high
        ]
        dates = [milestone.date for milestone in self.milestones]
        if any(later <= earlier for earlier, later in pairwise(dates)):
            found.append(Fault("milestones", "", "dates must increase; sort them"))
        years = [quote.year for quote in self.launch_prices]
        if any(later <= earlier for earlier, later in pairwise(years)):
            found.append(Fault("launch_prices", "", "years must increase; sort them"))
        if found:
            raise faults(found)
        return self
