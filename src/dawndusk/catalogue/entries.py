"""What an entry of each kind holds, in SI."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, model_validator

from dawndusk.scenario import fields as f
from dawndusk.scenario.errors import Fault, shown
from dawndusk.scenario.fields import Table, declared, faults, supplied
from dawndusk.scenario.quantities import Quantity, text

Latitude = Annotated[float, Quantity("rad", least=-1.5707963267948966, most=1.5707963267948966)]
LIKE = ("like TPU v6e; another chip may lie ten times lower or higher", "2026-11")
"""Source and date of what was not measured on a chip."""

CrossSection = Annotated[float, Quantity("m²", least=0.0)]
Longitude = Annotated[float, Quantity("rad", least=-3.141592653589793, most=3.141592653589793)]


class Accelerator(Table):
    """One chip or package with its memory."""

    name: f.Text = supplied("catalogue name")
    title: f.Text = supplied("full name")
    peak_flops: f.ComputeRate = supplied("dense BF16")
    peak_flops_fp8: f.ComputeRate = supplied("dense FP8, or INT8 where that is what it has")
    memory: f.Memory = supplied("high-bandwidth memory")
    bandwidth: f.DataRate = supplied("of that memory")
    link_bandwidth: f.DataRate = supplied("into its neighbours, each way")
    tdp: f.Power = supplied("power at full clock and activity")
    idle_power: f.Load = supplied("powered without work")
    power_exponent: Annotated[float, Quantity("", least=1.0, most=4.0)] = supplied(
        "of the dynamic power in the clock frequency"
    )
    compute_activity: f.PositiveFraction = supplied("share of dynamic power when compute bound")
    memory_activity: f.PositiveFraction = supplied("share of dynamic power when memory bound")
    mass: f.Mass = supplied("with its board's share")
    price: f.Money = supplied("each")
    silent_corruption: CrossSection = declared(
        "7.45e-9 cm²", "for protons: wrong results that nothing reports", *LIKE
    )
    uncorrectable_error: CrossSection = declared(
        "2.88e-9 cm²", "for protons: memory errors that stop the work", *LIKE
    )
    interrupt: CrossSection = declared(
        "2.53e-11 cm²", "for protons: interrupts that need a restart of the chip", *LIKE
    )
    latch_up: CrossSection = declared(
        "0 cm²", "for protons: latch-ups cleared by switching off and on", *LIKE
    )


class Model(Table):
    """A transformer that is served or trained."""

    name: f.Text = supplied("catalogue name")
    title: f.Text = supplied("full name")
    parameters: f.PositiveNumber = supplied("all")
    active_parameters: f.PositiveNumber = supplied("used by one token")
    layers: f.Count = supplied("transformer blocks")
    hidden: f.Count = supplied("width of the residual stream")
    heads: f.Count = supplied("query heads of a layer")
    kv_heads: f.Count = supplied("key–value heads of a layer")
    head_dim: f.Count = supplied("width of a head")
    weight_bytes: f.Memory = declared("2 B", "per parameter", "BF16", "2026-11", "assumed")
    kv_bytes: f.Memory = declared("2 B", "per element of the cache", "BF16", "2026-11", "assumed")


class Site(Table):
    """Where a ground data centre stands."""

    name: f.Text = supplied("catalogue name")
    title: f.Text = supplied("full name")
    country: f.Text = supplied("where it stands")
    latitude: Latitude = supplied("north")
    longitude: Longitude = supplied("east")
    power_price: f.PriceOfEnergy = supplied("of electricity at the meter")
    pue: Annotated[float, Quantity("", least=1.0, most=5.0)] = supplied("facility over IT energy")
    carbon_intensity: f.CarbonIntensity = supplied("of the electricity")
    construction_price: f.PricePerPower = supplied("of building and plant, per power of computing")


class Launcher(Table):
    """A launch vehicle at one price assumption."""

    name: f.Text = supplied("catalogue name")
    title: f.Text = supplied("full name")
    payload: f.Mass = supplied("to the orbit as sold")
    price: f.Money = supplied("of a launch")
    price_per_kg: f.PricePerMass = supplied("paid per mass launched")
    success_rate: f.PositiveFraction = supplied("share of launches that succeed once mature")
    first_success: f.PositiveFraction = supplied("of the next launch")
    halving: f.PositiveNumber = supplied("launches that halve what is missing to maturity")
    bay: f.Volume = supplied("under the fairing")
    cadence: f.PositiveRate = supplied("launches that can be bought")


class City(Table):
    """Where requests arise."""

    name: f.Text = supplied("of the city")
    latitude: Latitude = supplied("north")
    longitude: Longitude = supplied("east")
    population: f.PositiveNumber = supplied("of the urban agglomeration")
    utc_offset: Annotated[float, Quantity("s", least=-43200.0, most=50400.0)] = supplied(
        "standard time less UTC"
    )


class Cities(Table):
    """A set of cities."""

    name: f.Text = supplied("catalogue name")
    title: f.Text = supplied("full name")
    cities: Annotated[tuple[City, ...], AfterValidator(f.some)] = supplied("weighted by population")


def _unpublished(meaning: str) -> Any:
    """A value of a link's physics that may be left open."""
    return declared(None, meaning, "not public", "2026-11")


class Terminal(Table):
    """A link terminal and, for a link to the ground, what stands at the other end.

    Where the physics is not given, the link carries `max_rate` up to `max_range`.
    """

    name: f.Text = supplied("catalogue name")
    title: f.Text = supplied("full name")
    medium: Literal["optical", "radio"] = supplied("what carries the bits")
    use: Literal["isl", "ground", "both"] = supplied("isl is between satellites")
    max_rate: f.LinkRate = supplied("of one link, each way")
    max_range: f.Length = supplied("of a link")
    elevation_mask: f.RightAngle = supplied(
        "least elevation at the ground end; 0 between satellites"
    )
    mass: f.OptionalMass = supplied("of one terminal")
    power: f.Load = supplied("of one terminal while it is on")
    acquisition_time: f.Delay = supplied("from pointing to the first bit of a new link")
    transmit_power: f.Power | None = _unpublished("optical power sent, all channels")
    aperture: f.Length | None = _unpublished("diameter of the telescope")
    efficiency: f.PositiveFraction | None = _unpublished("of each aperture")
    wavelength: f.Length | None = _unpublished("of the carrier")
    transmission: f.PositiveFraction | None = _unpublished("let through by all optics, as -3 dB")
    jitter: f.Angle | None = _unpublished("standard deviation of the pointing, an axis")
    channels: f.Count | None = _unpublished("wavelengths or carriers")
    channel_rate: f.LinkRate | None = _unpublished("of one channel")
    sensitivity: f.Power | None = _unpublished("received power that one channel needs")
    multiplex: f.Count | None = _unpublished(
        "most beams side by side along an edge of the aperture"
    )
    frequency: f.Frequency | None = _unpublished("of the carrier")
    bandwidth: f.Frequency | None = _unpublished("of one link")
    eirp: f.Power | None = _unpublished("radiated towards the ground, such as 40 dBW")
    g_over_t: f.GainPerTemperature | None = _unpublished("of the ground end, such as 20 dB/K")
    noise_temperature: f.Temperature | None = _unpublished("of that end under a clear sky")
    implementation_loss: f.Loss | None = _unpublished("against Shannon's limit, such as 2 dB")
    min_spectral_efficiency: f.Number | None = _unpublished("bit/s per Hz below which it is lost")
    max_spectral_efficiency: f.PositiveNumber | None = _unpublished("bit/s per Hz at most")

    @model_validator(mode="after")
    def _physics_is_whole(self) -> "Terminal":
        parts = OPTICAL_PARTS if self.medium == "optical" else RADIO_PARTS
        absent = [key for key in parts if getattr(self, key) is None]
        others = RADIO_PARTS if self.medium == "optical" else OPTICAL_PARTS
        strange = [key for key in others if getattr(self, key) is not None]
        found = []
        if absent and len(absent) < len(parts):
            allowed = f"missing; allowed: all or none of {', '.join(parts)}"
            found += [Fault(key, "", allowed) for key in absent]
        if strange:
            allowed = f"not of {self.medium} links; allowed: {', '.join(parts)}"
            found += [Fault(key, "", allowed) for key in strange]
        low, high = self.min_spectral_efficiency, self.max_spectral_efficiency
        if low is not None and high is not None and low > high:
            allowed = f"allowed: at most max_spectral_efficiency, {text(high, '')}"
            found.append(Fault("min_spectral_efficiency", text(low, ""), allowed))
        if found:
            raise faults(found)
        return self


OPTICAL_PARTS = (
    *("transmit_power", "aperture", "efficiency", "wavelength", "transmission"),
    *("jitter", "channels", "channel_rate", "sensitivity", "multiplex"),
)
"""What the rate of an optical link follows from."""

RADIO_PARTS = (
    *("frequency", "bandwidth", "eirp", "g_over_t", "noise_temperature"),
    *("implementation_loss", "min_spectral_efficiency", "max_spectral_efficiency"),
)
"""What the rate of a radio link follows from."""


class Station(Table):
    """Where satellites meet the ground."""

    name: f.Text = supplied("of the station")
    latitude: Latitude = supplied("north")
    longitude: Longitude = supplied("east")
    cloud_free: f.Fraction = supplied("share of time that an optical link is not cut by clouds")
    rain_rate: f.RainRate = supplied("exceeded in 0.01 % of a mean year")
    elevation_mask: f.RightAngle = declared(
        "0 deg", "skyline; the terminal's mask holds where it is higher", "open sky", "2026-11"
    )


class Stations(Table):
    """A set of ground stations."""

    name: f.Text = supplied("catalogue name")
    title: f.Text = supplied("full name")
    stations: tuple[Station, ...] = supplied("where satellites meet the ground")


Exchange = Annotated[float, Quantity("bit/s", least=0.0)]


class WorkloadClass(Table):
    """A class of work, by its unit: what it computes, moves and asks for."""

    name: f.Text = supplied("catalogue name")
    title: f.Text = supplied("full name")
    unit: f.Text = supplied("what is counted")
    work: f.Work = supplied("useful, of a unit")
    utilisation: f.PositiveFraction = supplied("useful over dense BF16 rate while it runs")
    bound: Literal["compute", "memory"] = supplied("what the accelerators wait for")
    memory: f.Memory = supplied("of accelerators, for one copy")
    input: f.Data = supplied("of a unit, from where its data arise")
    output: f.Data = supplied("of a unit, to where its answer is needed")
    origin: Literal["users", "data_centre", "satellite", "vehicle"] = supplied(
        "where the data arise; answers go back there, a satellite's to the data centre"
    )
    rate: f.PositiveRate | None = declared(
        None, "units from one source; auto: as many as a node takes", "not one source", "2026-11"
    )
    response: f.Delay = supplied("computing until the answer on a free node")
    latency: f.Duration | None = declared(
        None, "limit from data to answer; auto: none", "nobody waits for it", "2026-11"
    )
    availability: f.ProperFraction = supplied("share of the answers within that limit")
    interruptible: f.Flag = supplied("may be paused between data and answer")
    exchange: Exchange = supplied("between its nodes, each way, where one copy needs several")
    access_rate: f.LinkRate | None = declared(
        None, "of a vehicle's own link; auto: no vehicle", "no vehicle", "2026-11"
    )
    access_latency: f.Delay = supplied("round trip of the source's own link")
    access_availability: f.PositiveFraction = supplied("share of the time that link works")
    computer_rate: f.ComputeRate | None = declared(
        None, "dense rate of a vehicle's own computer; auto: no vehicle", "no vehicle", "2026-11"
    )
    computer_power: f.Power | None = declared(None, "of that computer", "no vehicle", "2026-11")
    computer_memory: f.Memory | None = declared(None, "of that computer", "no vehicle", "2026-11")
    computer_price: f.Money | None = declared(None, "of that computer", "no vehicle", "2026-11")
    computer_life: f.Duration | None = declared(
        None, "that it works before it is replaced", "no vehicle", "2026-11"
    )

    @model_validator(mode="after")
    def _a_vehicle_has_a_computer_and_a_link(self) -> "WorkloadClass":
        wanted = {
            "vehicle": (*VEHICLE, "rate"),
            "satellite": ("rate",),
        }.get(self.origin, ())
        found = [
            Fault(key, "", f'missing; allowed: a value where origin is "{self.origin}"')
            for key in wanted
            if getattr(self, key) is None
        ]
        found += [
            Fault(key, shown(getattr(self, key)), 'allowed: only where origin is "vehicle"')
            for key in VEHICLE
            if key not in wanted and getattr(self, key) is not None
        ]
        if found:
            raise faults(found)
        return self


ParticleEnergy = Annotated[float, Quantity("N·m", above=0.0)]


class Storm(Table):
    """A solar proton event: how many protons between the planets, how fast, and when."""

    name: f.Text = supplied("catalogue name")
    title: f.Text = supplied("full name")
    fluence: Annotated[float, Quantity("1/m²", above=0.0)] = supplied(
        "of the whole event from all sides, above the threshold"
    )
    threshold: ParticleEnergy = supplied("energy above which the fluence is given")
    folding: ParticleEnergy = supplied("energy by which the fluence above it falls to 1/e")
    rise: f.Delay = supplied("from the first protons to the peak, in a straight line")
    decay: f.Duration = supplied("in which the flux falls to 1/e after the peak")
    cutoff_shift: Annotated[float, Quantity("rad", least=0.0, most=0.3490658503988659)] = supplied(
        "of the geomagnetic cut-off towards the equator while the protons come"
    )


VEHICLE = (
    "access_rate",
    *(f"computer_{part}" for part in ("rate", "power", "memory", "price", "life")),
)
"""What a class says of the vehicle that its data arise on."""
