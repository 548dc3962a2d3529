"""The scenario: one frozen tree of tables, SI inside."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, model_validator

from dawndusk.scenario import fields as f
from dawndusk.scenario.constellation import Constellation
from dawndusk.scenario.economics import Economics
from dawndusk.scenario.errors import Fault, listed, nearest
from dawndusk.scenario.fields import (
    CatalogueName,
    Table,
    declared,
    fault,
    faults,
    section,
    supplied,
)
from dawndusk.scenario.fleet import Fleet
from dawndusk.scenario.network import Network
from dawndusk.scenario.quantities import Quantity, text
from dawndusk.scenario.radiation import Radiation, Sun
from dawndusk.scenario.satellite import Satellite
from dawndusk.scenario.upkeep import Debris, Upkeep
from dawndusk.scenario.workload import Faults, Workload

POLICIES: Final = ("greedy", "follow_the_sun", "ground_only", "latency_first", "lookahead")
"""Placement policies that have a short name."""


def _policy(name: str) -> str:
    if name in POLICIES or re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", name):
        return name
    close = nearest(name, POLICIES)
    raise fault(
        f'no such policy; allowed: {listed(POLICIES)}, or "package.module:name"',
        f'did you mean "{close}"?' if close else "",
    )


class Time(Table):
    """When and how finely."""

    start: f.Instant = declared("2027-06-21T00:00:00Z", "UTC")
    duration: f.Duration = declared("1 day", "simulated")
    step: Annotated[float, Quantity("s", above=0.0, most=600.0)] = declared("60 s", "of the loop")
    seed: f.Whole = declared(1, "of every random draw")

    @model_validator(mode="after")
    def _a_step_fits(self) -> "Time":
        if self.duration < self.step:
            given = f'"{text(self.duration, "s")}"'
            allowed = f'allowed: at least one step, "{text(self.step, "s")}"'
            raise faults([Fault("duration", given, allowed)])
        return self


class Ground(Table):
    """The ground data centre; price, PUE and carbon are the site's unless given."""

    site: Annotated[str, CatalogueName("site")] = declared("virginia", "catalogue name")
    nodes: f.Count | None = declared(None, "as large as a satellite's; auto: as many as satellites")
    power_price: f.PriceOfEnergy = supplied("of electricity at the meter")
    pue: Annotated[float, Quantity("", least=1.0, most=5.0)] = supplied("facility over IT energy")
    carbon_intensity: f.CarbonIntensity = supplied("of the electricity")
    hybrid: f.Flag = declared(False, "offer ground nodes to the placement of the orbital run too")
    hybrid_nodes: f.Whole = declared(0, "ground nodes offered then")


class Placement(Table):
    """Who decides where work runs."""

    policy: Annotated[str, AfterValidator(_policy)] = declared(
        "greedy", 'a short name or "package.module:name"'
    )
    interval: f.Duration = declared("5 min", "between decisions")


class Recording(Table):
    """What is kept of a run; totals and percentiles always are."""

    interval: f.Duration = declared("5 min", "between recorded moments")
    satellites: f.Whole = declared(200, "satellites with series of their own, at most")
    limit: f.Memory = declared("256 MB", "of the series file; beyond it fewer satellites are kept")
    requests: f.Flag = declared(False, "write one line a request")


class Tables(Table):
    """All tables of a scenario."""

    name: f.Name = supplied("short name, also of the results folder")
    description: f.Text = declared("", "one line")
    time: Time = section(Time, "when and how finely")
    constellation: Constellation = supplied("the orbits")
    satellite: Satellite
    ground: Ground
    workload: Workload = section(Workload, "what is asked of the data centre")
    faults: Faults = section(Faults, "interruptions")
    sun: Sun = section(Sun, "the solar cycle")
    radiation: Radiation = section(Radiation, "along the orbit")
    upkeep: Upkeep = section(Upkeep, "keeping and leaving the orbit")
    debris: Debris = section(Debris, "what hits satellites and what they dodge")
    fleet: Fleet = section(Fleet, "the fleet over years")
    network: Network = section(Network, "links and what travels over them")
    placement: Placement = section(Placement, "who decides where work runs")
    economics: Economics
    record: Recording = section(Recording, "what is kept")

    @model_validator(mode="after")
    def _intervals_hold_a_step(self) -> "Tables":
        step = self.time.step
        found = [
            Fault(
                path,
                f'"{text(interval, "s")}"',
                f'allowed: at least time.step, "{text(step, "s")}"',
            )
            for path, interval in (
                ("placement.interval", self.placement.interval),
                ("record.interval", self.record.interval),
                ("network.interval", self.network.interval),
            )
            if interval is not None and interval < step
        ]
        if found:
            raise faults(found)
        return self
