"""Solar array: radiative-equilibrium temperature and electrical power at the bus."""

from dawndusk.compiled import scalar
from dawndusk.constants import COSMIC_BACKGROUND, STEFAN_BOLTZMANN

_BACKGROUND_FLUX = STEFAN_BOLTZMANN * COSMIC_BACKGROUND**4


@scalar
def temperature(
    irradiance: float,
    absorptivity: float,
    efficiency: float,
    emissivity_front: float,
    emissivity_back: float,
    earth_infrared: float,
    reference_temperature: float,
    coefficient: float,
) -> float:
    """Temperature of a deployed panel in radiative equilibrium while it delivers full power.

    Solves (ε_f + ε_b) σ T⁴ = (α − η (1 + c (T − T_ref))) S + ε_b Q by two Newton steps from
    the root at η(T_ref): within 0.01 K in full sun, 2 K in the last of a penumbra.

    Args:
        irradiance: sunlight on the panel: solar irradiance × visible share × cosine [W/m²]
        absorptivity: solar absorptance of the front [-]
        efficiency: share of the sunlight turned into electricity at the reference
            temperature: cell efficiency × packing [-]
        emissivity_front: infrared emissivity of the front [-]
        emissivity_back: infrared emissivity of the back [-]
        earth_infrared: Earth's long-wave flux reaching the back: flux × view factor [W/m²]
        reference_temperature: cell temperature at which the efficiency holds [K]
        coefficient: relative change of efficiency per kelvin, negative [1/K]
    Returns:
        panel temperature [K]
    Neglects:
        heat capacity: a panel leaves an eclipse cold and strong, which adds 2 to 3 % of an
        orbit's energy at 1.7 kg/m² and 3 to 5 % at 3 kg/m² (`design/array_heat_capacity.py`;
        nothing without eclipse): this model errs on the low side; albedo on the back (below
        2 K at dawn–dusk); curtailment, which heats an idle array by 20 K
    Source:
        Gilmore, Spacecraft Thermal Control Handbook, vol. 1 (2002), ch. 2 (flat plate)
    """
    emissivity = STEFAN_BOLTZMANN * (emissivity_front + emissivity_back)
    heat = (
        (absorptivity - efficiency) * irradiance
        + emissivity_back * earth_infrared
        + (emissivity_front + emissivity_back) * _BACKGROUND_FLUX
    )
    drift = efficiency * coefficient * irradiance
    root = ((heat / emissivity) ** 0.5) ** 0.5
    for _ in range(2):
        cube = emissivity * root * root * root
        excess = cube * root + drift * (root - reference_temperature) - heat
        root -= excess / (4.0 * cube + drift)
    return root


@scalar
def power(
    irradiance: float,
    area: float,
    packing: float,
    efficiency: float,
    temperature: float,
    reference_temperature: float,
    coefficient: float,
    losses: float,
) -> float:
    """Electrical power that the array can give to the bus.

    Args:
        irradiance: sunlight on the panel: solar irradiance × visible share × cosine [W/m²]
        area: panel area [m²]
        packing: share of the panel covered by cells [-]
        efficiency: cell efficiency at the reference temperature, begin of life [-]
        temperature: cell temperature [K]
        reference_temperature: temperature at which the efficiency holds [K]
        coefficient: relative change of efficiency per kelvin, negative [1/K]
        losses: product of pointing, conversion and ageing factors [-]
    Returns:
        power at the bus, never negative [W]
    Neglects:
        low-intensity and incidence-angle effects beyond the cosine (below 1 % within 30°);
        penumbra mismatch between strings (seconds an orbit)
    Source:
        Wertz & Larson, Space Mission Analysis and Design, 3rd ed., §11.4, eq. 11-6
    """
    relative = 1.0 + coefficient * (temperature - reference_temperature)
    output = irradiance * area * packing * efficiency * relative * losses
    return output if output > 0.0 else 0.0
