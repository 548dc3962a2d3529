"""Physical constants in SI units: value, unit, source."""

from typing import Final

STEFAN_BOLTZMANN: Final = 5.670374419e-8
"""Stefan–Boltzmann constant [W/m²/K⁴], CODATA 2018 (exact)."""

SOLAR_CONSTANT: Final = 1361.0
"""Total solar irradiance at 1 au [W/m²], Kopp & Lean 2011 (doi 10.1029/2010GL045777)."""

ASTRONOMICAL_UNIT: Final = 149_597_870_700.0
"""Astronomical unit [m], IAU 2012 Resolution B2 (exact)."""

SUN_RADIUS: Final = 695_700_000.0
"""Nominal solar radius [m], IAU 2015 Resolution B3."""

EARTH_RADIUS: Final = 6_378_137.0
"""Equatorial radius [m], WGS-84."""

EARTH_FLATTENING: Final = 1.0 / 298.257223563
"""Flattening [-], WGS-84."""

EARTH_MEAN_RADIUS: Final = 6_371_008.8
"""Mean radius [m], WGS-84 (2a + b)/3."""

EARTH_ALBEDO: Final = 0.30
"""Global mean Bond albedo [-], Stephens et al. 2015 (doi 10.1002/2014RG000449): 0.29–0.31."""

EARTH_INFRARED: Final = 239.0
"""Global mean long-wave flux leaving the atmosphere [W/m²], CERES EBAF 4: 237–240."""

SGP4_MU: Final = 398_600.8e9
"""Earth's gravitational parameter in SGP4 [m³/s²], WGS-72, Vallado et al. 2006."""

SGP4_RADIUS: Final = 6_378_135.0
"""Earth's equatorial radius in SGP4 [m], WGS-72, Vallado et al. 2006."""

SGP4_J2: Final = 0.001082616
"""Second zonal harmonic in SGP4 [-], WGS-72."""

SGP4_J3: Final = -0.00000253881
"""Third zonal harmonic in SGP4 [-], WGS-72."""

SGP4_J4: Final = -0.00000165597
"""Fourth zonal harmonic in SGP4 [-], WGS-72."""

COSMIC_BACKGROUND: Final = 2.725
"""Temperature of deep space [K], Fixsen 2009 (doi 10.1088/0004-637X/707/2/916)."""

JULIAN_YEAR: Final = 31_557_600.0
"""Julian year [s], IAU (exact)."""

DAY: Final = 86_400.0
"""Day [s] (exact)."""

SPEED_OF_LIGHT: Final = 299_792_458.0
"""Speed of light in vacuum [m/s], SI (exact)."""

MEV: Final = 1.602176634e-13
"""A million electronvolts [J], CODATA 2018 (exact)."""

BITS: Final = 8.0
"""Bits in a byte [-] (exact)."""
