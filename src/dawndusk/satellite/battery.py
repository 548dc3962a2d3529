"""Battery: bookkeeping of stored energy with losses, rate limits and a floor."""

from dawndusk.compiled import scalar


@scalar
def step(
    energy: float,
    surplus: float,
    dt: float,
    floor: float,
    capacity: float,
    charge_efficiency: float,
    discharge_efficiency: float,
    charge_limit: float,
    discharge_limit: float,
) -> tuple[float, float, float]:
    """Charge from a surplus or cover a deficit of the bus over one step.

    Bus energy in = change of stored energy + losses + bus energy out, to round-off, with
    losses as given by `losses`. A battery that starts below its floor gives nothing; one that
    starts above its (aged) capacity takes nothing; neither is moved to the limit.

    Args:
        energy: stored energy at the start [J]
        surplus: mean bus power offered for charging (positive) or wanted (negative) [W]
        dt: length of the step [s]
        floor: stored energy below which nothing is given [J]
        capacity: stored energy when full, at the present age [J]
        charge_efficiency: stored energy per bus energy taken [-]
        discharge_efficiency: bus energy given per stored energy [-]
        charge_limit: most bus power taken [W]
        discharge_limit: most bus power given [W]
    Returns:
        stored energy at the end [J], bus power taken [W], bus power given [W]
    Neglects:
        current- and temperature-dependent losses (± 2 % of throughput at C/2); the taper of
        the last 10 % of charge; self-discharge (about 2 % a month)
    Source:
        Patel, Spacecraft Power Systems (2004), ch. 9 (energy balance)
    """
    room = (capacity - energy) / (charge_efficiency * dt)
    charging = surplus if surplus < charge_limit else charge_limit
    charging = charging if charging < room else room
    charging = charging if charging > 0.0 else 0.0

    store = (energy - floor) * discharge_efficiency / dt
    discharging = -surplus if -surplus < discharge_limit else discharge_limit
    discharging = discharging if discharging < store else store
    discharging = discharging if discharging > 0.0 else 0.0

    after = energy + (charge_efficiency * charging - discharging / discharge_efficiency) * dt
    ceiling = capacity if capacity > energy else energy
    bottom = floor if floor < energy else energy
    after = after if after < ceiling else ceiling
    after = after if after > bottom else bottom
    return after, charging, discharging


@scalar
def deliverable(
    energy: float,
    floor: float,
    dt: float,
    discharge_efficiency: float,
    discharge_limit: float,
) -> float:
    """Mean bus power that the battery can give throughout the coming step.

    Args:
        energy: stored energy [J]
        floor: stored energy below which nothing is given [J]
        dt: length of the step [s]
        discharge_efficiency: bus energy given per stored energy [-]
        discharge_limit: most bus power given [W]
    Returns:
        bus power, 0 at or below the floor [W]
    Neglects:
        what `step` neglects
    Source:
        the same balance as `step`
    """
    store = (energy - floor) * discharge_efficiency / dt
    store = store if store < discharge_limit else discharge_limit
    return store if store > 0.0 else 0.0


@scalar
def losses(
    charging: float,
    discharging: float,
    charge_efficiency: float,
    discharge_efficiency: float,
) -> float:
    """Heat made in the battery while it charges or discharges.

    Args:
        charging: bus power taken [W]
        discharging: bus power given [W]
        charge_efficiency: stored energy per bus energy taken [-]
        discharge_efficiency: bus energy given per stored energy [-]
    Returns:
        mean heat over the step [W]
    Neglects:
        what `step` neglects; reversible (entropic) heat, which averages out over a cycle
    Source:
        the same balance as `step`
    """
    return (1.0 - charge_efficiency) * charging + (1.0 / discharge_efficiency - 1.0) * discharging
