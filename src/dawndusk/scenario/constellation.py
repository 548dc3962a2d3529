"""The orbits: one kind of constellation a scenario."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from dawndusk.scenario import fields as f
from dawndusk.scenario.errors import Fault, shown
from dawndusk.scenario.fields import Table, declared, faults, some, supplied
from dawndusk.scenario.quantities import Quantity, text

CHOSEN = "chosen"
NOW = "2026-11"

HIGHEST = 5_800e3
"""Altitude to which the theory holds, a period of 225 minutes [m]."""

Altitude = Annotated[float, Quantity("m", least=150e3, most=HIGHEST)]
"""Above the equatorial radius."""

Rise = Annotated[float, Quantity("m", least=0.0)]

Inclination = Annotated[float, Quantity("rad", least=0.0, most=3.141592653589793)]


class _Planes(Table):
    altitude: Altitude = supplied("mean semi-major axis less the equatorial radius, 6378.135 km")
    satellites: f.Count = supplied("in all planes together")
    planes: f.Count = declared(1, "orbital planes")

    @model_validator(mode="after")
    def _planes_are_full(self) -> "_Planes":
        if self.satellites % self.planes:
            rows = max(1, round(self.satellites / self.planes))
            raise faults(
                [
                    Fault(
                        "satellites",
                        str(self.satellites),
                        f"allowed: a multiple of planes, {self.planes}",
                        f"the nearest is {rows * self.planes}",
                    )
                ]
            )
        return self


class _Walker(_Planes):
    inclination: Inclination = supplied("of every plane")
    phasing: f.Whole = declared(1, "offset between planes in units of 360 deg / satellites")
    first_node: f.Angle = declared("0 deg", "right ascension of the first ascending node")

    @model_validator(mode="after")
    def _phasing_is_within(self) -> "_Walker":
        if self.phasing >= max(self.planes, 2):
            raise faults(
                [
                    Fault(
                        "phasing",
                        str(self.phasing),
                        f"allowed: 0 to {self.planes - 1}, below the number of planes",
                    )
                ]
            )
        return self


class WalkerDelta(_Walker):
    """Walker delta: nodes spread over 360 deg."""

    kind: Literal["walker_delta"] = supplied("nodes spread over 360 deg")


class WalkerStar(_Walker):
    """Walker star: nodes spread over 180 deg."""

    kind: Literal["walker_star"] = supplied("nodes spread over 180 deg")


class SunSynchronous(_Planes):
    """Sun-synchronous planes: the inclination follows from the altitude."""

    kind: Literal["sun_synchronous"] = supplied("inclination follows from the altitude")
    local_time: f.LocalTime = declared("18:00", "local solar time of the ascending node")
    plane_spacing: f.Angle = declared("0 deg", "between the nodes of neighbouring planes")
    plane_rise: Rise = declared("0 km", "altitude of each plane above the one before it")
    first_anomaly: f.Angle = declared("0 deg", "mean anomaly of the first satellite")

    @model_validator(mode="after")
    def _planes_stay_low(self) -> "SunSynchronous":
        top = self.altitude + self.plane_rise * (self.planes - 1)
        if top > HIGHEST:
            raise faults(
                [
                    Fault(
                        "plane_rise",
                        f'"{text(self.plane_rise, "m")}"',
                        f'the last plane lies at "{text(top, "m")}"; '
                        f'allowed: at most "{text(HIGHEST, "m")}"',
                        "lower it, or give fewer planes",
                    )
                ]
            )
        return self


class Cluster(Table):
    """A close formation about one sun-synchronous reference orbit."""

    kind: Literal["cluster"] = supplied("close formation in one sun-synchronous plane")
    altitude: Altitude = supplied("of the reference orbit")
    local_time: f.LocalTime = declared("18:00", "local solar time of the ascending node")
    radius: f.Length = declared(
        "1 km",
        "largest along-track distance from the reference",
        "Suncatcher, arXiv 2511.19468 v2",
        "2026-06-17",
        "public",
    )
    spacing: f.Length = declared(
        "200 m",
        "of the lattice in the scaled plane; 81 satellites with 1 km",
        "lattice that reproduces Suncatcher's 81 satellites and 100–200 m neighbours",
        "2026-11",
        "derived",
    )
    pattern: Literal["square", "hexagonal"] = declared("square", "of the lattice")
    keep_out: f.Length = declared("20 m", "nearer than this two satellites collide", CHOSEN, NOW)
    unlikeness: f.Fraction = declared(
        0.01, "largest difference of area over mass from the reference satellite", CHOSEN, NOW
    )

    @model_validator(mode="after")
    def _lattice_fits(self) -> "Cluster":
        if self.spacing > self.radius:
            raise faults(
                [
                    Fault(
                        "spacing",
                        f'"{text(self.spacing, "m")}"',
                        f'allowed: at most the radius, "{text(self.radius, "m")}"',
                    )
                ]
            )
        return self


class ElementSet(Table):
    """Mean elements of one satellite at the start."""

    name: f.Text = supplied("of the satellite")
    semi_major_axis: f.Length | None = declared(None, "mean; or give altitude")
    altitude: Altitude | None = declared(None, "semi-major axis less the equatorial radius")
    eccentricity: f.ProperFraction = declared(0.0, "mean")
    inclination: Inclination = supplied("mean")
    node: f.Angle = declared("0 deg", "right ascension of the ascending node")
    argument_of_perigee: f.Angle = declared("0 deg", "mean")
    mean_anomaly: f.Angle = declared("0 deg", "at the start")

    @model_validator(mode="after")
    def _one_size(self) -> "ElementSet":
        if (self.altitude is None) == (self.semi_major_axis is None):
            state = "missing" if self.altitude is None else "given twice"
            allowed = f"the size of the orbit is {state}; allowed: altitude or semi_major_axis"
            raise faults([Fault("altitude", "", allowed, 'give one, such as altitude = "650 km"')])
        return self


class ExplicitElements(Table):
    """Satellites listed one by one."""

    kind: Literal["elements"] = supplied("satellites listed one by one")
    satellites: Annotated[tuple[ElementSet, ...], AfterValidator(some)] = supplied("elements each")


class Imported(Table):
    """Satellites read from a file of two-line elements or orbit mean-element messages."""

    kind: Literal["imported"] = supplied("read from a TLE or OMM file")
    file: f.File | None = declared(None, "path of the file")
    format: Literal["auto", "tle", "omm-csv", "omm-json", "omm-xml", "omm-kvn"] = declared(
        "auto", "auto: by content"
    )
    limit: f.Count | None = declared(None, "read at most so many; auto: all")
    on_bad_line: Literal["error", "report"] = declared(
        "error", "report counts bad lines, names them and goes on"
    )

    @model_validator(mode="after")
    def _file_is_given(self) -> "Imported":
        if self.file is None:
            raise faults(
                [
                    Fault(
                        "file",
                        shown(""),
                        "missing; allowed: the path of a TLE or OMM file",
                        "give it in the scenario or by --set constellation.file=PATH",
                    )
                ]
            )
        return self


KINDS = {
    "walker_delta": WalkerDelta,
    "walker_star": WalkerStar,
    "sun_synchronous": SunSynchronous,
    "cluster": Cluster,
    "elements": ExplicitElements,
    "imported": Imported,
}

Constellation = Annotated[
    WalkerDelta | WalkerStar | SunSynchronous | Cluster | ExplicitElements | Imported,
    Field(discriminator="kind"),
]
