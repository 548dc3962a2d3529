"""Questions an investor asks of two cost figures."""


def breakeven_price(target: float, other_costs: float, quantity: float) -> float:
    """Price of one input at which a total cost meets a target.

    A negative result means that the other costs alone exceed the target: no price, not even
    a gift, reaches it.

    Args:
        target: total cost to be met [USD]
        other_costs: all costs that do not depend on this price [USD]
        quantity: amount bought at this price [kg]
    Returns:
        break-even price [USD/kg]
    Raises:
        ValueError: when the quantity is not positive
    Neglects:
        the redesign that a different price would make worthwhile
    Source:
        Short, Packey & Holt, Manual for the Economic Evaluation of Energy Efficiency and
        Renewable Energy Technologies, NREL/TP-462-5173 (1995), break-even analysis
    """
    if quantity <= 0.0:
        raise ValueError(f"quantity = {quantity}: must be positive; nothing is bought at the price")
    return (target - other_costs) / quantity


def served_cost(cost: float, spare_fraction: float) -> float:
    """Cost of a unit that is really sold, when a share of what is paid for stands by as spare.

    Args:
        cost: cost of a unit that is paid for [USD]
        spare_fraction: share of the units that stand by or are broken, below 1 [-]
    Returns:
        cost of a unit sold [USD]
    Raises:
        ValueError: when the share is not in [0, 1)
    Neglects:
        units that stand idle for want of demand
    Source:
        SemiAnalysis, orbital data centre cost model (3 June 2026): TCO against cost of compute
    """
    if not 0.0 <= spare_fraction < 1.0:
        raise ValueError(f"spare_fraction = {spare_fraction}: must be from 0 to below 1")
    return cost / (1.0 - spare_fraction)
