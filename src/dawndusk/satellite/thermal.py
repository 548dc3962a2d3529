"""Heat path die → coolant loop → radiator → space."""

from dawndusk.compiled import scalar


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
    below 1e-12 from the root of another `known` within 10 %, the case of a step of a minute.
    """
    for _ in range(2):
        cube = (quartic * root) * (root * root)
        excess = (cube + linear) * root - known
        rise = 4.0 * cube + linear
        root -= 2.0 * excess * rise * root / (2.0 * rise * rise * root - 12.0 * excess * cube)
    return root


@scalar
def _eliminate(
    rate: float,
    die_capacity: float,
    loop_capacity: float,
    radiator_capacity: float,
    die_conductance: float,
    loop_conductance: float,
) -> tuple[float, float, float]:
    """What one implicit Euler step of length 1 / rate leaves of die and loop.

    Returns 1 / diagonal of the die's and the loop's row [K/W] and the linear coefficient of the
    radiator's row [W/K].
    """
    die_inertia = die_capacity * rate
    die_share = 1.0 / (die_inertia + die_conductance)
    upstream = loop_capacity * rate + die_inertia * die_conductance * die_share
    loop_share = 1.0 / (upstream + loop_conductance)
    linear = radiator_capacity * rate + loop_conductance * loop_share * upstream
    return die_share, loop_share, linear


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

    Implicit Euler over the whole step and over its halves, extrapolated: second order, L-stable
    and, unlike SDIRK2 or TR-BDF2 (20 %), without overshoot (below 4 % of the change) of a die
    that settles in seconds under steps of a minute. Heat in·dt = radiated + Σ C ΔT to round-off.

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
        loop transport delay (seconds), pump control
    Source:
        Hairer & Wanner, Solving Ordinary Differential Equations II, §IV.9 (extrapolated
        implicit Euler, T₂₂)
    """
    sink_flux = emission * sink * sink * sink * sink
    radiator_heat = absorbed + sink_flux
    rate = 1.0 / dt

    die_share, loop_share, linear = _eliminate(
        rate, die_capacity, loop_capacity, radiator_capacity, die_conductance, loop_conductance
    )
    forward = loop_conductance * loop_share
    die_known = die_capacity * rate * die + die_heat
    loop_known = loop_capacity * rate * loop + loop_heat + die_conductance * die_share * die_known
    known = radiator_capacity * rate * radiator + radiator_heat + forward * loop_known
    start = ((known / emission) ** 0.5) ** 0.5
    straight = known / linear
    start = start if start < straight else straight
    radiator_whole = _radiator_root(linear, emission, known, start)
    loop_whole = (loop_known + loop_conductance * radiator_whole) * loop_share
    die_whole = (die_known + die_conductance * loop_whole) * die_share
    # What the radiator's row leaves for emission: ε σ A T⁴ up to the root's error, in balance.
    emitted_whole = known - linear * radiator_whole

    rate = 2.0 * rate
    die_share, loop_share, linear = _eliminate(
        rate, die_capacity, loop_capacity, radiator_capacity, die_conductance, loop_conductance
    )
    forward = loop_conductance * loop_share
    emitted = 0.0
    for _ in range(2):
        die_known = die_capacity * rate * die + die_heat
        loop_known = (
            loop_capacity * rate * loop + loop_heat + die_conductance * die_share * die_known
        )
        known = radiator_capacity * rate * radiator + radiator_heat + forward * loop_known
        radiator = _radiator_root(linear, emission, known, radiator_whole)
        loop = (loop_known + loop_conductance * radiator) * loop_share
        die = (die_known + die_conductance * loop) * die_share
        emitted += known - linear * radiator

    return (
        2.0 * die - die_whole,
        2.0 * loop - loop_whole,
        2.0 * radiator - radiator_whole,
        (emitted - emitted_whole - sink_flux) * dt,
    )


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
        the second-order terms of `step`: exact at rest; after a sudden change off by up to a
        fifth of it for one step
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
