"""What an entry of each kind holds, in SI."""

from typing import Annotated

from pydantic import AfterValidator

from dawndusk.scenario import fields as f
from dawndusk.scenario.fields import Table, declared, supplied
from dawndusk.scenario.quantities import Quantity

Latitude = Annotated[float, Quantity("rad", least=-1.5707963267948966, most=1.5707963267948966)]
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
    success_rate: f.PositiveFraction = supplied("share of launches that succeed")


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
