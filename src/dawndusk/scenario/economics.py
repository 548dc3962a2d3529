"""Prices and rates; values come from the catalogue's prices unless given."""

from typing import Annotated

from pydantic import Strict

from dawndusk.scenario import fields as f
from dawndusk.scenario.fields import CatalogueName, Table, declared, supplied
from dawndusk.scenario.quantities import Quantity

Discount = Annotated[float, Quantity("", above=-0.5, below=1.0)]


class Economics(Table):
    """Money is USD of `price_year`; discount rates are a year's."""

    prices: Annotated[str, CatalogueName("prices")] = declared(
        "default", "catalogue prices that supply what is not given here"
    )
    launcher: Annotated[str, CatalogueName("launcher")] = declared("starship", "catalogue name")
    price_year: Annotated[int, Strict()] = supplied("year of all money")
    discount_rate_space: Discount = supplied("cost of capital in orbit, a year")
    discount_rate_ground: Discount = supplied("cost of capital on the ground, a year")
    launch_price: f.PricePerMass = supplied("to the orbit; the launcher's unless given")
    accelerator_price: f.Money = supplied("each; the accelerator's unless given")
    host_price_factor: f.Number = supplied("host and network over accelerators")
    array_price: f.PricePerPower = supplied("per power at the array when new")
    battery_price: f.PriceOfEnergy = supplied("per capacity")
    radiator_price: f.PricePerArea = supplied("per panel area")
    bus_price: f.PricePerMass = supplied("of bus, structure and other")
    integration_fraction: f.ProperFraction = supplied("assembly and test over hardware")
    nre: f.Money = supplied("development, once for the fleet")
    insurance_fraction: f.ProperFraction = supplied("of hardware and launch")
    operations_fraction: f.Rate = supplied("of satellite hardware per time")
    accelerator_failure_rate: f.Rate = supplied("in orbit")
    infant_mortality: f.ProperFraction = supplied("satellites lost at the start")
    satellite_failure_rate: f.Rate = supplied("after the start")
    ground_construction: f.PricePerPower = supplied(
        "per power of computing; the site's unless given"
    )
    ground_life: f.Duration = supplied("of the building")
    server_life: f.Duration = supplied("of ground servers")
    ground_operations_fraction: f.Rate = supplied("of construction per time")
    ground_accelerator_failure_rate: f.Rate = supplied("on the ground")
    water_use: f.VolumePerEnergy = supplied("per energy of computing")
    water_price: f.PricePerVolume = supplied("on the ground")
    carbon_price: f.PricePerMass = supplied("of carbon dioxide")
    antenna_price: f.PricePerTime = supplied("of a ground antenna in use, as `where` counts it")
    launch_carbon: f.Number = supplied("carbon dioxide per mass launched")
