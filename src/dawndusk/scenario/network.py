"""The links: between satellites, to the ground, and what travels over them."""

from typing import Annotated, Literal

from pydantic import model_validator

from dawndusk.scenario import fields as f
from dawndusk.scenario.errors import Fault
from dawndusk.scenario.fields import CatalogueName, Table, declared, faults
from dawndusk.scenario.quantities import Quantity, text

CHOSEN = "chosen"
NOW = "2026-11"

Topology = Literal["plus_grid", "nearest", "mesh", "edges", "none"]


class Network(Table):
    """Which links exist and what must pass over them."""

    enabled: f.Flag = declared(True, "false: every site reaches every city at once")
    topology: Topology | None = declared(None, "between satellites; auto: by the constellation")
    edges: f.File | None = declared(None, "path of a file with a pair of satellites a line")
    terminal: Annotated[str, CatalogueName("terminal")] = declared(
        "starlink-laser", "between satellites", CHOSEN, NOW
    )
    terminals: f.Whole = declared(
        4, "of that kind on each satellite", "Kepler's satellites carry at least 4", "2026-01"
    )
    ground_terminal: Annotated[str, CatalogueName("terminal")] = declared(
        "ka-gateway", "of a satellite towards stations", CHOSEN, NOW
    )
    ground_links: f.Whole = declared(1, "stations that a satellite serves at once", CHOSEN, NOW)
    station_links: f.Count = declared(
        8, "satellites that a station serves at once", "eight or nine dishes a gateway", NOW
    )
    stations: Annotated[str, CatalogueName("stations")] = declared(
        "worldwide-48", "where satellites meet the ground", CHOSEN, NOW
    )
    users: Literal["direct", "fibre"] = declared(
        "fibre", "how cities reach satellites: by fibre to stations, or direct"
    )
    user_terminal: Annotated[str, CatalogueName("terminal")] = declared(
        "ku-user", "of a satellite towards a city when users are direct", CHOSEN, NOW
    )
    elevation_mask: f.RightAngle | None = declared(
        None, "least elevation at stations; auto: the ground terminal's"
    )
    grazing_height: Annotated[float, Quantity("m", least=0.0, most=500e3)] = declared(
        "80 km", "least height of a link between satellites", "above the denser air", NOW
    )
    fibre_stretch: Annotated[float, Quantity("", least=1.0, most=10.0)] = declared(
        1.5, "length of a fibre over the great circle", "routes along roads and coasts", NOW
    )
    fibre_index: Annotated[float, Quantity("", least=1.0, most=2.0)] = declared(
        1.468, "group index of the glass", "standard single-mode fibre at 1,550 nm", NOW, "memory"
    )
    interval: f.Duration | None = declared(
        None, "between looks at the network; auto: placement.interval"
    )
    link_uptime: f.PositiveFraction = declared(
        0.99,
        "share of the hours in which a link between satellites works",
        "Starlink's lasers: above 99 %",
        "2026",
        "public",
    )
    weather: f.Flag = declared(True, "whether clouds and rain cut links to stations")
    prompt_bytes: f.Data = declared("4 B", "a token of a prompt", "text, about 4 B a token", NOW)
    answer_bytes: f.Data = declared("4 B", "a token of an answer", "text, about 4 B a token", NOW)
    envelope: f.Data = declared("1 kB", "a message beside its tokens", CHOSEN, NOW)
    sensor: f.DataFlow = declared("0 B/s", "data that each satellite's own sensor makes")
    sensor_work: f.WorkPerData = declared("0 FLOP/B", "to process them aboard")
    sensor_reduction: f.Fraction = declared(0.01, "bytes left over bytes processed", CHOSEN, NOW)
    sensor_mode: Literal["aboard", "downlink"] = declared(
        "aboard", "processed in orbit, or sent to the ground as they are"
    )
    sensor_store: f.Data = declared(
        "1 TB", "of each satellite; what overflows is lost", CHOSEN, NOW
    )

    @model_validator(mode="after")
    def _links_have_ends(self) -> "Network":
        found = []
        if self.topology == "edges" and self.edges is None:
            allowed = 'missing; allowed: the path of a file with pairs of satellites for "edges"'
            found.append(Fault("edges", "", allowed, "give it by --set network.edges=PATH"))
        if self.edges is not None and self.topology not in (None, "edges"):
            allowed = 'a file of edges is given; allowed: "edges", or no file'
            found.append(Fault("topology", f'"{self.topology}"', allowed))
        if self.enabled and self.users == "fibre" and self.ground_links == 0:
            found.append(
                Fault(
                    "ground_links",
                    "0",
                    'no prompt can reach a satellite; allowed: at least 1 when users are "fibre"',
                    'or users = "direct"',
                )
            )
        if self.sensor > 0.0 and self.sensor_store < self.sensor:
            allowed = f'allowed: at least a second of data, "{text(self.sensor, "B")}"'
            found.append(Fault("sensor_store", f'"{text(self.sensor_store, "B")}"', allowed))
        if found:
            raise faults(found)
        return self
