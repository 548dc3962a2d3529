"""Price of a ground data centre that does the same work, item by item."""


def servers(
    accelerators: float, accelerator_price: float, host_price_factor: float
) -> dict[str, float]:
    """Purchase price of the servers: the same chips as in orbit.

    Args:
        accelerators: number of accelerators [-]
        accelerator_price: price of one [USD]
        host_price_factor: processors, memory, boards and power shelves per accelerator price [-]
    Returns:
        price of accelerators and host [USD]
    Neglects:
        quantity discounts and spares on the shelf
    Source:
        Barroso, Hölzle & Ranganathan, The Datacenter as a Computer, 3rd ed. (2018),
        chapter on cost
    """
    chips = accelerators * accelerator_price
    return {"accelerators": chips, "host": chips * host_price_factor}


def construction(power: float, price: float) -> float:
    """Price of building, power distribution and cooling.

    Args:
        power: electrical power of the servers at full load [W]
        price: construction price per power of the servers [USD/W]
    Returns:
        price of the facility [USD]
    Neglects:
        land, financing during construction, the grid connection and the wait for it
    Source:
        Barroso, Hölzle & Ranganathan, The Datacenter as a Computer, 3rd ed. (2018),
        chapter on cost
    """
    return power * price


def energy(consumed: float, pue: float, price: float) -> float:
    """Price of the electricity that servers and cooling use.

    Args:
        consumed: energy used by the servers [J]
        pue: power usage effectiveness, facility over servers, at least 1 [-]
        price: price of electricity [USD/J]
    Returns:
        electricity bill [USD]
    Raises:
        ValueError: when the power usage effectiveness is below 1
    Neglects:
        demand charges, time of day and backup generation
    Source:
        Barroso, Hölzle & Ranganathan, The Datacenter as a Computer, 3rd ed. (2018),
        chapter on energy and power efficiency
    """
    if pue < 1.0:
        raise ValueError(f"pue = {pue}: must be at least 1; it is facility power over server power")
    return consumed * pue * price


def water(consumed: float, use: float, price: float) -> float:
    """Price of the water evaporated for cooling.

    Args:
        consumed: energy used by the servers [J]
        use: water used per energy of the servers [m³/J]
        price: price of water [USD/m³]
    Returns:
        water bill [USD]
    Neglects:
        water used where the electricity is made
    Source:
        The Green Grid, white paper 35: Water Usage Effectiveness (2011)
    """
    return consumed * use * price


def gas_electricity_price(heat_rate: float, gas_price: float) -> float:
    """Fuel price of electricity from the data centre's own gas turbines.

    Args:
        heat_rate: fuel heat per electrical energy [-]
        gas_price: price of gas by its heat [USD/J]
    Returns:
        fuel price of electricity [USD/J]
    Neglects:
        the turbine itself (it belongs to construction), its maintenance and part load
    Source:
        US Energy Information Administration, glossary: heat rate
    """
    return heat_rate * gas_price
