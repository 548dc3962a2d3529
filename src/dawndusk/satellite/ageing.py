"""Ageing of array, battery and radiator coating with years and cycles."""

from dawndusk.compiled import scalar
from dawndusk.constants import JULIAN_YEAR


@scalar
def array_factor(age: float, degradation: float) -> float:
    """Share of its begin-of-life power that the array still gives.

    Args:
        age: time in orbit [s]
        degradation: share of the power lost in each year, compounding [-]
    Returns:
        power relative to begin of life [-]
    Neglects:
        the orbit and shielding behind the loss (a yearly rate stands for the dose) and sudden
        losses by solar particle events (1–3 % in an active year)
    Source:
        McCalip, orbital data-centre calculator: average Σ(1 − d)^k / N; rates in Wertz &
        Larson, SMAD, 3rd ed., eq. 11-7
    """
    return (1.0 - degradation) ** (age / JULIAN_YEAR)


@scalar
def battery_factor(age: float, cycles: float, calendar_fade: float, cycle_fade: float) -> float:
    """Share of its begin-of-life capacity that the battery still holds.

    Args:
        age: time since begin of life [s]
        cycles: full equivalent cycles: stored energy discharged / begin-of-life capacity [-]
        calendar_fade: relative capacity lost per time [1/s]
        cycle_fade: relative capacity lost per full equivalent cycle [-]
    Returns:
        capacity relative to begin of life, at least 0 [-]
    Neglects:
        the faster fade of the first months (√t) and of deep, hot or fast cycles: a shallow
        cycle wears less per joule than counted here; growth of the internal resistance
    Source:
        linear superposition of calendar and throughput loss, e.g. Schmalstieg et al.,
        J. Power Sources 257 (2014) 325, eqs. 8 and 12 with exponents set to 1
    """
    left = 1.0 - calendar_fade * age - cycle_fade * cycles
    return left if left > 0.0 else 0.0


@scalar
def radiator_absorptivity(age: float, initial: float, rate: float, final: float) -> float:
    """Solar absorptance of the radiator coating, darkened by ultraviolet, atoms and dust.

    Args:
        age: time in orbit [s]
        initial: absorptance at begin of life [-]
        rate: growth of the absorptance per time [1/s]
        final: absorptance at which darkening stops [-]
    Returns:
        solar absorptance [-]
    Neglects:
        the curve's bend (fast first, then saturating: within 0.05 of the line); the loss of
        emissivity, 0.92 to 0.90 over life, which costs 2 % of the heat
    Source:
        Z-93 white paint: α 0.15 begin of life, 0.36 end of life, ε 0.92 and 0.90 (NASA
        optical-property tables for the station's radiators)
    """
    grown = initial + rate * age
    return grown if grown < final else final
