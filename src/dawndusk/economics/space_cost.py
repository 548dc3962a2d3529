"""Price of a fleet in orbit, item by item."""


def hardware(
    accelerators: float,
    accelerator_price: float,
    host_price_factor: float,
    array_power: float,
    array_price: float,
    battery_capacity: float,
    battery_price: float,
    radiator_area: float,
    radiator_price: float,
    bus_mass: float,
    bus_price: float,
    integration_fraction: float,
) -> dict[str, float]:
    """Purchase price of the satellites on the ground, before launch.

    Args:
        accelerators: number of accelerators in the fleet [-]
        accelerator_price: price of one [USD]
        host_price_factor: processors, memory, boards and power shelves per accelerator price [-]
        array_power: electrical power of all arrays at the beginning of life [W]
        array_price: price of the arrays [USD/W]
        battery_capacity: energy of all batteries at the beginning of life [J]
        battery_price: price of the batteries [USD/J]
        radiator_area: panel area of all radiators [m²]
        radiator_price: price of the radiators [USD/m²]
        bus_mass: mass of buses and structures [kg]
        bus_price: price of buses and structures [USD/kg]
        integration_fraction: assembly, integration and test per purchase price of the parts [-]
    Returns:
        price of accelerators, host, array, battery, radiator, bus and integration [USD]
    Neglects:
        quantity discounts inside one fleet and the ground stations
    Source:
        NASA Cost Estimating Handbook 4.0 (2015), work breakdown structure
    """
    parts = {
        "accelerators": accelerators * accelerator_price,
        "host": accelerators * accelerator_price * host_price_factor,
        "array": array_power * array_price,
        "battery": battery_capacity * battery_price,
        "radiator": radiator_area * radiator_price,
        "bus": bus_mass * bus_price,
    }
    return parts | {"integration": integration_fraction * sum(parts.values())}


def deployment(
    hardware_price: float,
    mass: float,
    launch_price: float,
    insurance_fraction: float,
    infant_mortality: float,
    nre: float,
) -> dict[str, float]:
    """What it takes to have the bought satellites working in orbit, beyond their price.

    Args:
        hardware_price: purchase price of the satellites [USD]
        mass: launch mass of the satellites [kg]
        launch_price: price of launch [USD/kg]
        insurance_fraction: premium per insured value (hardware and launch) [-]
        infant_mortality: share of satellites lost right after launch, below 1 [-]
        nre: design and qualification, once for the fleet [USD]
    Returns:
        price of launch, insurance, infant_mortality (satellites bought and launched beyond
        those that work) and nre [USD]
    Raises:
        ValueError: when the infant mortality is not in [0, 1)
    Neglects:
        part-filled launchers: mass is bought by the kilogram; launch failures beyond the premium
    Source:
        Wertz, Everett & Puschell, Space Mission Engineering: The New SMAD (2011), cost estimating
    """
    if not 0.0 <= infant_mortality < 1.0:
        raise ValueError(
            f"infant_mortality = {infant_mortality}: must be from 0 to below 1; give 1 % as 0.01"
        )
    launch = mass * launch_price
    insurance = insurance_fraction * (hardware_price + launch)
    placed = hardware_price + launch + insurance
    return {
        "launch": launch,
        "insurance": insurance,
        "infant_mortality": placed * infant_mortality / (1.0 - infant_mortality),
        "nre": nre,
    }


def recurring(value: float, fraction: float) -> float:
    """Yearly expense proportional to a value: operations, upkeep, replacement at purchase price.

    Args:
        value: value it is proportional to [USD]
        fraction: share of that value spent per time [1/s]
    Returns:
        expense per time [USD/s]
    Neglects:
        fixed costs that do not grow with the fleet
    Source:
        McCalip, Economics of Orbital vs Terrestrial Data Centers (2025): operations 1 %/yr of
        hardware, accelerator failures 9 %/yr
    """
    return value * fraction


def launched_power_price(mass: float, power: float, life: float, launch_price: float) -> float:
    """Launch cost of one watt of satellite power, spread evenly over its life.

    Args:
        mass: launch mass of the satellite [kg]
        power: its power [W]
        life: its life [s]
        launch_price: price of launch [USD/kg]
    Returns:
        launch cost per power and time [USD/W/s]
    Raises:
        ValueError: when power or life is not positive
    Neglects:
        the satellite's own price, discounting, eclipses and degradation
    Source:
        Agüera y Arcas et al., arXiv 2511.19468, table 1
    """
    if power <= 0.0 or life <= 0.0:
        raise ValueError(f"power = {power} W, life = {life} s: both must be positive")
    return mass * launch_price / (power * life)


def initial_power(
    mean_power: float, sunlit_fraction: float, degradation: float, years: int
) -> float:
    """Power at the beginning of life that delivers a mean power over the whole life.

    Args:
        mean_power: mean power over all years [W]
        sunlit_fraction: share of the time in sunlight [-]
        degradation: loss of power per year, relative [-]
        years: life in whole years [-]
    Returns:
        power at the beginning of life, in sunlight [W]
    Raises:
        ValueError: when the sunlit share or the years are not positive
    Neglects:
        the season and the angle of the Sun; the first year has no degradation yet
    Source:
        McCalip, Economics of Orbital vs Terrestrial Data Centers (2025), engine
    """
    if sunlit_fraction <= 0.0 or years <= 0:
        raise ValueError(f"sunlit_fraction = {sunlit_fraction}, years = {years}: must be positive")
    capacity = sum((1.0 - degradation) ** year for year in range(years)) / years
    return mean_power / (capacity * sunlit_fraction)
