"""Wright's law: prices fall by a fixed share with every doubling of what was ever made."""

import math


def price(cumulative: float, known_price: float, known_cumulative: float, rate: float) -> float:
    """Price after a cumulative quantity, by Wright's law p = p₀ · (q / q₀)^log₂(1 − rate).

    >>> round(price(800.0, 1800.0, 400.0, 0.2), 9)
    1440.0

    Args:
        cumulative: quantity ever made or launched [kg]
        known_price: price at the known quantity [USD/kg]
        known_cumulative: quantity at which that price held [kg]
        rate: fall of the price with each doubling, from 0 to below 1 [-]
    Returns:
        price at the quantity asked for [USD/kg]
    Raises:
        ValueError: when a quantity or price is not positive or the rate not in [0, 1)
    Neglects:
        floors (propellant alone is about 8 USD/kg for Starship), forgetting, and the gap
        between the price asked and the cost
    Source:
        Wright, Factors affecting the cost of airplanes, J. Aeronaut. Sci. 3 (1936), 122
    """
    _check(known_price, known_cumulative, rate)
    if cumulative <= 0.0:
        raise ValueError(f"cumulative = {cumulative}: must be positive")
    return known_price * (cumulative / known_cumulative) ** math.log2(1.0 - rate)


def cumulative_for_price(
    wanted_price: float, known_price: float, known_cumulative: float, rate: float
) -> float:
    """Cumulative quantity at which Wright's law reaches a price.

    >>> round(cumulative_for_price(200.0, 1800.0, 400e3, 0.2) / 1e6, 2)
    368.31

    Args:
        wanted_price: price to be reached [USD/kg]
        known_price: price at the known quantity [USD/kg]
        known_cumulative: quantity at which that price held [kg]
        rate: fall of the price with each doubling, above 0 and below 1 [-]
    Returns:
        quantity ever made or launched by then [kg]
    Raises:
        ValueError: when a quantity or price is not positive or the rate not in (0, 1)
    Neglects:
        floors, forgetting, and the gap between price and cost
    Source:
        Wright 1936; Agüera y Arcas et al., arXiv 2511.19468, section on launch cost
    """
    _check(known_price, known_cumulative, rate)
    if rate == 0.0:
        raise ValueError("rate = 0: the price never changes; give the fall per doubling, e.g. 0.2")
    if wanted_price <= 0.0:
        raise ValueError(f"wanted_price = {wanted_price}: must be positive")
    return known_cumulative * (wanted_price / known_price) ** (1.0 / math.log2(1.0 - rate))


def _check(known_price: float, known_cumulative: float, rate: float) -> None:
    if known_price <= 0.0 or known_cumulative <= 0.0:
        raise ValueError(
            f"known_price = {known_price}, known_cumulative = {known_cumulative}: "
            "both must be positive"
        )
    if not 0.0 <= rate < 1.0:
        raise ValueError(f"rate = {rate}: must be from 0 to below 1; give 20 % as 0.2")
