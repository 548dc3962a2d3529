"""Heat path die → coolant loop → radiator → space."""

from dawndusk.compiled import scalar

_GAMMA = 1.0 - 0.5**0.5
_CARRY = (1.0 - _GAMMA) / _GAMMA


@scalar
def absorbed(
    irradiance: float,
    illumination: float,
    sun_cosine: float,
    area: float,
    absorptivity: float,
    emissivity: float,
    sun_incidence: float,
    view_factor: float,
    albedo: float,
    earth_infrared: float,
) -> float:
    """Heat that the radiator takes from Sun and Earth.

    Args:
        irradiance: solar irradiance at the satellite, unshadowed [W/m²]
        illumination: visible share of the Sun's disc [-]
        sun_cosine: cosine of the Sun's zenith angle at the satellite, may be negative [-]
        area: panel area, one face [m²]
        absorptivity: solar absorptance of the coating [-]
        emissivity: infrared emissivity of the coating [-]
        sun_incidence: cosine between the Sun and the sunlit radiating face, 0 edge on [-]
        view_factor: view factor to the Earth, summed over the radiating faces [-]
        albedo: share of sunlight that the Earth reflects [-]
        earth_infrared: Earth's long-wave flux at the surface of the Earth [W/m²]
    Returns:
        absorbed heat [W]
    Neglects:
        the lit crescent seen past the terminator (about 1 % of full albedo); the array's and
        body's own infrared on the radiator (design matter; 10–30 W/m² at 5 % view)
    Source:
        Gilmore, Spacecraft Thermal Control Handbook, vol. 1 (2002), ch. 2
    """
    day = sun_cosine if sun_cosine > 0.0 else 0.0
    sunlight = irradiance * (illumination * sun_incidence + albedo * day * view_factor)
    return area * (absorptivity * sunlight + emissivity * earth_infrared * view_factor)


@scalar
def _radiator_root(linear: float, quartic: float, known: float, root: float) -> float:
    """Root T of quartic·T⁴ + linear·T = known, two Halley steps from a start.

    Relative error below 2e-6 from the smaller one-term root whatever the coefficients, and
    below 1e-13 from the root of another `known` within 10 %, the case of a step of a minute.
    """
    for _ in range(2):
        cube = (quartic * root) * (root * root)
        excess = (cube + linear) * root - known
        rise = 4.0 * cube + linear
        root -= 2.0 * excess * rise * root / (2.0 * rise * rise * root - 12.0 * excess * cube)
    return root


@scalar
def step(
    die: float,
    loop: float,
    radiator: float,
    die_heat: float,
    loop_heat: float,
    absorbed: float,
    dt: float,
    die_capacity: float,
    loop_capacity: float,
    radiator_capacity: float,
    die_conductance: float,
    loop_conductance: float,
    emission: float,
    sink: float,
) -> tuple[float, float, float, float]:
    """Advance the temperatures of die, loop and radiator over one step of constant heat.

    SDIRK2 (γ = 1 − 1/√2): second order, L-stable, stiffly accurate, so a die that settles in
    seconds is followed at steps of a minute. Heat in·dt = radiated + Σ C ΔT to round-off.

    Args:
        die: die temperature at the start [K]
        loop: coolant temperature at the start [K]
        radiator: radiator temperature at the start [K]
        die_heat: heat of all dies [W]
        loop_heat: heat put straight into the loop: host, converters, battery, bus [W]
        absorbed: heat that the radiator takes from Sun and Earth [W]
        dt: length of the step [s]
        die_capacity: heat capacity of dies and cold plates [J/K]
        loop_capacity: heat capacity of coolant and what it wets [J/K]
        radiator_capacity: heat capacity of the radiator [J/K]
        die_conductance: conductance die to loop [W/K]
        loop_conductance: conductance loop to radiator [W/K]
        emission: radiating faces × emissivity × Stefan–Boltzmann constant × panel area [W/K⁴]
        sink: temperature of the space that the radiator faces [K]
    Returns:
        die, loop and radiator temperature at the end [K], net heat radiated in the step [J]
    Neglects:
        gradients within dies, loop and radiator (fin efficiency belongs in the emissivity),
        loop transport delay (seconds), pump control. A step may not cool the radiator by more
        than two fifths of its absolute temperature (a minute cools the lightest by a tenth)
    Source:
        Alexander, SIAM J. Numer. Anal. 14 (1977) 1006, table 1 (SDIRK2)
    """
    rate = 1.0 / (_GAMMA * dt)
    die_inertia = die_capacity * rate
    loop_inertia = loop_capacity * rate
    radiator_inertia = radiator_capacity * rate
    sink_flux = emission * sink * sink * sink * sink

    # Elimination of die and loop: a tridiagonal system with the quartic in its last row.
    die_share = 1.0 / (die_inertia + die_conductance)
    upstream = loop_inertia + die_inertia * die_conductance * die_share
    loop_share = 1.0 / (upstream + loop_conductance)
    forward = loop_conductance * loop_share
    linear = radiator_inertia + forward * upstream

    die_known = die_inertia * die + die_heat
    loop_known = loop_inertia * loop + loop_heat + die_conductance * die_share * die_known
    known_1 = radiator_inertia * radiator + absorbed + sink_flux + forward * loop_known
    straight = known_1 / linear
    start = ((known_1 / emission) ** 0.5) ** 0.5
    start = start if start < straight else straight
    radiator_1 = _radiator_root(linear, emission, known_1, start)
    loop_1 = (loop_known + loop_conductance * radiator_1) * loop_share
    die_1 = (die_known + die_conductance * loop_1) * die_share

    die_known += die_inertia * _CARRY * (die_1 - die)
    loop_known = (
        loop_inertia * (loop + _CARRY * (loop_1 - loop))
        + loop_heat
        + die_conductance * die_share * die_known
    )
    known_2 = (
        radiator_inertia * (radiator + _CARRY * (radiator_1 - radiator))
        + absorbed
        + sink_flux
        + forward * loop_known
    )
    radiator_2 = _radiator_root(linear, emission, known_2, radiator_1)
    loop_2 = (loop_known + loop_conductance * radiator_2) * loop_share
    die_2 = (die_known + die_conductance * loop_2) * die_share

    # What the radiator's row leaves for emission: ε σ T⁴ up to the root's error, and in balance.
    emitted = (1.0 - _GAMMA) * (known_1 - linear * radiator_1)
    emitted += _GAMMA * (known_2 - linear * radiator_2)
    return die_2, loop_2, radiator_2, (emitted - sink_flux) * dt


@scalar
def die_response(
    die: float,
    loop: float,
    radiator: float,
    loop_heat: float,
    absorbed: float,
    dt: float,
    die_capacity: float,
    loop_capacity: float,
    radiator_capacity: float,
    die_conductance: float,
    loop_conductance: float,
    emission: float,
    sink: float,
) -> tuple[float, float]:
    """Die temperature at the end of the coming step as a line in the die heat.

    What a governor must know to choose a frequency that will fit, instead of reacting a step
    late and hunting: T_die(end) ≈ offset + slope × die_heat, by one implicit Euler step with
    the emission linearised at the present radiator temperature.

    Args:
        die: die temperature at the start [K]
        loop: coolant temperature at the start [K]
        radiator: radiator temperature at the start [K]
        loop_heat: heat put straight into the loop [W]
        absorbed: heat that the radiator takes from Sun and Earth [W]
        dt: length of the step [s]
        die_capacity: heat capacity of dies and cold plates [J/K]
        loop_capacity: heat capacity of coolant and what it wets [J/K]
        radiator_capacity: heat capacity of the radiator [J/K]
        die_conductance: conductance die to loop [W/K]
        loop_conductance: conductance loop to radiator [W/K]
        emission: radiating faces × emissivity × Stefan–Boltzmann constant × panel area [W/K⁴]
        sink: temperature of the space that the radiator faces [K]
    Returns:
        offset [K], slope [K/W]
    Neglects:
        the second-order terms of `step`: exact at rest, within 2 K while it changes by 30 K
    Source:
        implicit Euler on the equations of `step`, tridiagonal elimination from the radiator
    """
    rate = 1.0 / dt
    cube = emission * radiator * radiator * radiator
    sink_flux = emission * sink * sink * sink * sink
    radiator_rate = radiator_capacity * rate + 4.0 * cube
    radiator_known = (radiator_capacity * rate + 3.0 * cube) * radiator + absorbed + sink_flux
    back = loop_conductance / (radiator_rate + loop_conductance)
    downstream = loop_capacity * rate + back * radiator_rate
    loop_known = loop_capacity * rate * loop + loop_heat + back * radiator_known
    forth = die_conductance / (downstream + die_conductance)
    slope = 1.0 / (die_capacity * rate + forth * downstream)
    return slope * (die_capacity * rate * die + forth * loop_known), slope


@scalar
def steady(
    die_heat: float,
    loop_heat: float,
    absorbed: float,
    die_conductance: float,
    loop_conductance: float,
    emission: float,
    sink: float,
) -> tuple[float, float, float]:
    """Temperatures of die, loop and radiator at rest under constant heat.

    Args:
        die_heat: heat of all dies [W]
        loop_heat: heat put straight into the loop [W]
        absorbed: heat that the radiator takes from Sun and Earth [W]
        die_conductance: conductance die to loop [W/K]
        loop_conductance: conductance loop to radiator [W/K]
        emission: radiating faces × emissivity × Stefan–Boltzmann constant × panel area [W/K⁴]
        sink: temperature of the space that the radiator faces [K]
    Returns:
        die, loop and radiator temperature [K]
    Neglects:
        what `step` neglects
    Source:
        Stefan–Boltzmann law; Gilmore, Spacecraft Thermal Control Handbook, vol. 1, ch. 6
    """
    square = ((die_heat + loop_heat + absorbed) / emission + sink * sink * sink * sink) ** 0.5
    radiator = square**0.5
    loop = radiator + (die_heat + loop_heat) / loop_conductance
    return loop + die_heat / die_conductance, loop, radiator
