"""Money over time: what a purchase costs per period while it lasts."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def capital_recovery(rate: float, periods: float, hazard: float = 0.0) -> float:
    """Payment per period that buys one dollar of capital back while it lasts.

    With a hazard the capital may fail before the end and is then bought anew, so what
    still works pays for what has failed: c · Σₖ (1 + r)⁻ᵏ · S̄ₖ = 1, where S̄ₖ is the mean
    share alive during period k. Without one it is the textbook r / (1 − (1 + r)⁻ⁿ).

    >>> round(capital_recovery(0.07, 20), 6)
    0.094393
    >>> capital_recovery(0.0, 5)
    0.2
    >>> round(capital_recovery(0.1, 1), 12)
    1.1
    >>> round(capital_recovery(0.0, 5, hazard=0.09), 6)
    0.248364

    Args:
        rate: discount rate, effective over one period, above −1 [-]
        periods: life in periods, need not be whole [-]
        hazard: failures per period of what still works, exponential [-]
    Returns:
        share of the capital paid at the end of each period [-]
    Raises:
        ValueError: when the rate is not above −1, the life not positive or the hazard negative
    Neglects:
        wear-out before the end of life (hazard constant) and salvage value; a fleet that is
        bought for one mission only and thrown away at its end pays `hazard` more per period
        of every failed unit, about twice this loading
    Source:
        Short, Packey & Holt, Manual for the Economic Evaluation of Energy Efficiency and
        Renewable Energy Technologies, NREL/TP-462-5173 (1995), uniform capital recovery factor;
        hazard: Barlow & Proschan, Mathematical Theory of Reliability (1965), chapter 4, age
        replacement with exponential failures
    """
    if rate <= -1.0:
        raise ValueError(f"rate = {rate}: must be above -1; give 10 % as 0.1")
    if periods <= 0.0:
        raise ValueError(f"periods = {periods}: must be positive; give the life in periods")
    if hazard < 0.0:
        raise ValueError(f"hazard = {hazard}: must not be negative; give failures per period")
    growth = math.log1p(rate)
    alive = -math.expm1(-hazard) / hazard if hazard > 0.0 else 1.0
    decay = growth + hazard
    terms = periods if decay == 0.0 else math.expm1(-decay * periods) / math.expm1(-decay)
    return (1.0 + rate) / (alive * terms)


def annuity(capital: float, rate: float, periods: float) -> float:
    """Equal payment at the end of every period that is worth a capital paid today.

    >>> round(annuity(1000.0, 0.1, 2), 4)
    576.1905

    Args:
        capital: price paid at the start [USD]
        rate: discount rate, effective over one period [-]
        periods: life in periods [-]
    Returns:
        payment per period [USD]
    Neglects:
        taxes and salvage value
    Source:
        Short, Packey & Holt, Manual for the Economic Evaluation of Energy Efficiency and
        Renewable Energy Technologies, NREL/TP-462-5173 (1995), uniform capital recovery factor
    """
    return capital * capital_recovery(rate, periods)


def present_value(payment: float, rate: float, periods: float) -> float:
    """Worth today of an equal payment at the end of every period.

    >>> round(present_value(576.1904761904761, 0.1, 2), 9)
    1000.0

    Args:
        payment: payment per period [USD]
        rate: discount rate, effective over one period [-]
        periods: number of periods [-]
    Returns:
        worth at the start of the first period [USD]
    Neglects:
        inflation, unless the rate is a real one
    Source:
        Short, Packey & Holt, Manual for the Economic Evaluation of Energy Efficiency and
        Renewable Energy Technologies, NREL/TP-462-5173 (1995), present value of uniform payments
    """
    return payment / capital_recovery(rate, periods)


def worth(rate: float, periods: ArrayLike) -> Array:
    """Worth today of a stream that brings one a period from now until some later time.

    Between whole periods it grows so that the stream of a full period is worth one at its end.

    >>> worth(0.1, [0.0, 1.0, 2.0]).round(6).tolist()
    [0.0, 0.909091, 1.735537]

    Args:
        rate: discount rate, effective over one period, above −1 [-]
        periods: times until which the stream runs, need not be whole [-]
    Returns:
        worth at the start, of the shape of `periods` [-]
    Raises:
        ValueError: when the rate is not above −1
    Neglects:
        inflation, unless the rate is a real one
    Source:
        Short, Packey & Holt, Manual for the Economic Evaluation of Energy Efficiency and
        Renewable Energy Technologies, NREL/TP-462-5173 (1995), present value of uniform payments
    """
    if rate <= -1.0:
        raise ValueError(f"rate = {rate}: must be above -1; give 10 % as 0.1")
    until = np.asarray(periods, float)
    return until if rate == 0.0 else np.asarray(-np.expm1(-math.log1p(rate) * until) / rate)


def levelised_share(start: ArrayLike, rate: float, life: float, horizon: float) -> Array:
    """Yearly cost, levelled over a horizon, of one dollar of capital bought at some time in it.

    The purchase is an annuity over its own life, broken or not; what is due after the horizon
    is not counted, so nothing has to be assumed of what is left by then.

    >>> levelised_share([0.0, 5.0], 0.0, 5.0, 10.0).tolist()
    [0.1, 0.1]
    >>> float(levelised_share(0.0, 0.07, 20.0, 20.0).round(6))
    0.094393

    Args:
        start: periods from the start of the horizon until the purchase [-]
        rate: discount rate, effective over one period, above −1 [-]
        life: periods over which the purchase is paid [-]
        horizon: periods over which the cost is levelled [-]
    Returns:
        payment in every period of the horizon that is worth the same, of the shape of
        `start` [-]
    Raises:
        ValueError: when life or horizon is not positive or the rate not above −1
    Neglects:
        taxes and salvage value
    Source:
        Short, Packey & Holt, Manual for the Economic Evaluation of Energy Efficiency and
        Renewable Energy Technologies, NREL/TP-462-5173 (1995), levelised cost and uniform
        capital recovery factor
    """
    begins = np.asarray(start, float)
    ends = np.minimum(begins + life, horizon)
    due = worth(rate, ends) - worth(rate, np.minimum(begins, horizon))
    return np.asarray(due * capital_recovery(rate, life) * capital_recovery(rate, horizon))


def net_present_value(flows: Sequence[float], rate: float) -> float:
    """Worth today of a series of payments, the first one made today.

    >>> net_present_value([-100.0, 60.0, 60.0], 0.0)
    20.0
    >>> round(net_present_value([-99.0, 0.0, 121.0], 0.1), 12)
    1.0

    Args:
        flows: payment at the start of period 0, 1, 2 … [USD]
        rate: discount rate, effective over one period, above −1 [-]
    Returns:
        worth at the start of period 0 [USD]
    Raises:
        ValueError: when the rate is not above −1
    Neglects:
        payments inside a period
    Source:
        Short, Packey & Holt, Manual for the Economic Evaluation of Energy Efficiency and
        Renewable Energy Technologies, NREL/TP-462-5173 (1995), net present value
    """
    if rate <= -1.0:
        raise ValueError(f"rate = {rate}: must be above -1; give 10 % as 0.1")
    return math.fsum(flow * (1.0 + rate) ** -k for k, flow in enumerate(flows))


def levelised_cost(costs: Sequence[float], outputs: Sequence[float], rate: float) -> float:
    """Constant price per unit of output that pays for all costs over the life.

    >>> levelised_cost([100.0, 10.0, 10.0], [0.0, 30.0, 30.0], 0.0)
    2.0

    Args:
        costs: cost in period 0, 1, 2 … [USD]
        outputs: output in the same periods, in any unit [-]
        rate: discount rate, effective over one period [-]
    Returns:
        cost of one unit of output [USD]
    Raises:
        ValueError: when the lengths differ or nothing is put out
    Neglects:
        taxes, and a price that changes over the life
    Source:
        Short, Packey & Holt, Manual for the Economic Evaluation of Energy Efficiency and
        Renewable Energy Technologies, NREL/TP-462-5173 (1995), levelised cost of energy
    """
    if len(costs) != len(outputs):
        raise ValueError(
            f"{len(costs)} costs and {len(outputs)} outputs: give one of each a period"
        )
    discounted = net_present_value(outputs, rate)
    if discounted <= 0.0:
        raise ValueError(
            f"discounted output = {discounted}: must be positive; nothing is delivered"
        )
    return net_present_value(costs, rate) / discounted
