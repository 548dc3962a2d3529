"""Density against NRLMSIS and a printed table, drag and decay against closed forms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from dawndusk.constants import JULIAN_YEAR, SGP4_MU, SGP4_RADIUS
from dawndusk.environment import atmosphere

LETTER = 2.2 * 0.1333
"""Drag area of the SXODC satellites' letter [m²/kg]."""


@pytest.mark.parametrize(
    ("flux", "truth"),
    [
        (90.0, [2.9864e-10, 4.7573e-12, 6.8328e-14, 1.9523e-14, 1.0996e-15]),
        (140.0, [3.6174e-10, 9.9209e-12, 2.4747e-13, 7.3993e-14, 2.1236e-15]),
        (210.0, [4.4921e-10, 1.9313e-11, 7.7001e-13, 2.6199e-13, 4.8371e-15]),
    ],
)
def test_between_its_nodes_the_table_is_nrlmsis(flux: float, truth: list[float]) -> None:
    """Truth: `mean_density` of tools/build_atmosphere.py at places that the table has not."""
    altitudes = np.array([187e3, 337e3, 562e3, 650e3, 1111e3])
    assert atmosphere.density(altitudes, flux) == pytest.approx(truth, rel=3e-4)


@pytest.mark.parametrize(
    ("altitude", "printed"),
    [(300e3, 2.418e-11), (400e3, 3.725e-12), (500e3, 6.967e-13), (600e3, 1.454e-13)],
)
def test_another_model_stands_between_quiet_and_lively(altitude: float, printed: float) -> None:
    """Vallado 2013, table 8-4 (CIRA-72): another model, made from other satellites."""
    assert atmosphere.density(altitude, 70.0) < printed < atmosphere.density(altitude, 200.0)
    assert atmosphere.density(altitude, 140.0) == pytest.approx(printed, rel=0.35)


def test_650_km_has_the_published_density_and_swing() -> None:
    """1.6e-13 kg/m³ and about a hundredfold swing (FCC letter's reading of NRLMSIS 2.1)."""
    low, published, high = (float(atmosphere.density(650e3, f)) for f in (65.0, 178.0, 250.0))
    assert published == pytest.approx(1.6e-13, rel=0.02)
    # orbit means at Ap 10; the hundredfold holds between single places and storms
    assert 40.0 < high / low < 100.0


def test_drag_at_650_km_takes_42_m_s_a_year() -> None:
    found = atmosphere.drag_acceleration(650e3, 1.6e-13, LETTER) * JULIAN_YEAR
    assert found == pytest.approx(42.0, rel=0.01)
    speed2 = SGP4_MU / (SGP4_RADIUS + 650e3)
    assert np.sqrt(speed2) == pytest.approx(7531.0, rel=1e-3)


def test_drag_is_the_power_that_a_falling_orbit_loses() -> None:
    """King-Hele 1987: da/dt = −ρ·C_d·(A/m)·√(μa); Δv to raise it again = Δa·n/2."""
    axis = SGP4_RADIUS + 650e3
    fall = 1.6e-13 * LETTER * np.sqrt(SGP4_MU * axis)
    found = atmosphere.drag_acceleration(650e3, 1.6e-13, LETTER)
    assert found / (fall * np.sqrt(SGP4_MU / axis**3) / 2.0) == pytest.approx(1.0, rel=1e-12)


def test_a_solar_cycle_has_its_minimum_its_maximum_and_its_mean() -> None:
    year = JULIAN_YEAR
    assert atmosphere.solar_flux(0.0, 70.0, 150.0) == 70.0
    assert atmosphere.solar_flux(0.39 * 11.0 * year, 70.0, 150.0) == pytest.approx(150.0)
    times = np.linspace(0.0, 11.0 * year, 10_001)[:-1]
    flux = atmosphere.solar_flux(times, 70.0, 150.0)
    assert flux.mean() == pytest.approx(110.0, rel=1e-3)
    assert np.argmax(flux) / len(times) * 11.0 == pytest.approx(4.3, abs=0.02)
    assert atmosphere.solar_flux(times + 11.0 * year) == pytest.approx(flux, rel=1e-6)


def test_mean_density_is_the_mean() -> None:
    steady = atmosphere.mean_density([500e3, 650e3], 0.0, JULIAN_YEAR, 120.0, 120.0)
    assert steady == pytest.approx(atmosphere.density([500e3, 650e3], 120.0), rel=1e-12)
    whole = float(atmosphere.mean_density(650e3, 0.0, 11.0 * JULIAN_YEAR))
    halves = [
        float(atmosphere.mean_density(650e3, k * 5.5 * JULIAN_YEAR, 5.5 * JULIAN_YEAR))
        for k in (0, 1)
    ]
    assert whole == pytest.approx(sum(halves) / 2.0, rel=1e-4)


@pytest.mark.parametrize("altitude", [150e3, 330e3, 550e3, 650e3])
@pytest.mark.parametrize("start", [0.0, 4.0])
def test_decay_is_the_integral_of_drag(altitude: float, start: float) -> None:
    """Independent: semi-major axis by DOP853, energy lost as drag power."""

    def fall(t: float, a: np.ndarray) -> np.ndarray:
        flux = atmosphere.solar_flux(start * JULIAN_YEAR + t)
        air = atmosphere.density(np.clip(a - SGP4_RADIUS, 100e3, None), flux)
        power = 0.5 * air * LETTER * (SGP4_MU / a) ** 1.5
        return np.asarray(-2.0 * a * a / SGP4_MU * power)

    def ground(t: float, a: np.ndarray) -> float:
        return float(a[0] - SGP4_RADIUS - 120e3)

    ground.terminal = True  # type: ignore[attr-defined]
    path = solve_ivp(
        fall,
        (0.0, 30.0 * JULIAN_YEAR),
        [SGP4_RADIUS + altitude],
        "DOP853",
        events=ground,
        rtol=1e-9,
        atol=1e-3,
        max_step=0.1 * JULIAN_YEAR,
    )
    found = atmosphere.decay_time(altitude, LETTER, start * JULIAN_YEAR)
    assert found == pytest.approx(path.t_events[0][0], rel=1e-3)


def test_passive_decay_of_the_fcc_letter() -> None:
    """1.2 to 1.9 years from 550 to 585 km (SpaceX's letter); here the mean over the cycle."""
    starts = np.arange(0.0, 11.0, 0.5) * JULIAN_YEAR
    low, high = (
        atmosphere.decay_time(altitude, LETTER, starts).mean() / JULIAN_YEAR
        for altitude in (550e3, 585e3)
    )
    assert low == pytest.approx(1.2, rel=0.1)
    assert high == pytest.approx(1.9, rel=0.1)


def test_lifetimes_are_those_of_textbooks() -> None:
    """Weeks at most at 200 km, months at 300, many years at 600, decades at 800 and more."""
    days = atmosphere.decay_time([200e3, 300e3, 600e3, 800e3], 0.022) / 86_400.0
    assert days[0] < 30.0
    assert 20.0 < days[1] < 200.0
    assert 5.0 < days[2] / 365.25 < 40.0
    assert days[3] / 365.25 > 50.0


@given(
    st.floats(130e3, 700e3),
    st.floats(1.0, 200e3),
    st.floats(0.05, 1.0),
    st.floats(0.0, 11.0),
)
def test_higher_takes_longer_and_more_area_less(
    altitude: float, more: float, area: float, years: float
) -> None:
    low, high, broad = atmosphere.decay_time(
        [altitude, altitude + more, altitude], [area, area, 1.5 * area], years * JULIAN_YEAR
    )
    # Runge-Kutta steps differ: two orbits a metre apart may differ by a millionth
    assert low <= high * (1.0 + 1e-4)
    assert broad < low


@given(st.floats(100e3, 1480e3), st.floats(65.0, 245.0))
def test_density_falls_with_height_and_above_200_km_grows_with_the_sun(
    altitude: float, flux: float
) -> None:
    here = atmosphere.density(altitude, flux)
    assert 0.0 < atmosphere.density(altitude + 20e3, flux) < here
    if altitude > 200e3:
        assert atmosphere.density(altitude, flux + 5.0) > here


def test_deorbit_takes_the_published_velocity_change() -> None:
    """120 to 150 m/s in all (Jones' thesis); zero for an orbit that stays."""
    found = atmosphere.lowering_delta_v([500e3, 550e3], 50e3)
    assert np.all((found > 120.0) & (found < 150.0))
    assert atmosphere.lowering_delta_v(400e3, 400e3) == 0.0
    # energy and angular momentum of the ellipse, by another route
    outer, inner = SGP4_RADIUS + 550e3, SGP4_RADIUS + 50e3
    apogee_speed = np.sqrt(SGP4_MU * (2.0 / outer - 2.0 / (outer + inner)))
    assert found[1] == pytest.approx(np.sqrt(SGP4_MU / outer) - apogee_speed, rel=1e-9)


def test_disposal_against_the_five_year_rule() -> None:
    plan = atmosphere.disposal([500e3, 650e3, 900e3], LETTER)
    assert plan.within_rule.tolist() == [True, True, False]
    assert np.all(np.diff(plan.delta_v) > 0.0)
    top = atmosphere.highest_passive_orbit(LETTER)
    assert atmosphere.decay_time(top, LETTER) <= atmosphere.RULE
    assert atmosphere.decay_time(top + 500.0, LETTER) > atmosphere.RULE
    assert atmosphere.highest_passive_orbit(1e6) == atmosphere.HIGHEST


def test_a_stronger_sun_brings_down_from_higher() -> None:
    quiet, strong = (
        atmosphere.highest_passive_orbit(LETTER, 0.0, atmosphere.RULE, 70.0, peak)
        for peak in (70.0, 200.0)
    )
    assert strong > quiet + 50e3
    passive = [
        float(atmosphere.disposal(600e3, LETTER, 0.0, quiet=70.0, peak=peak).passive)
        for peak in (70.0, 200.0)
    ]
    steady = float(atmosphere.decay_time(600e3, LETTER, 0.0, 70.0, 70.0))
    assert passive[1] < passive[0] == steady


def test_propellant_is_tsiolkovsky() -> None:
    found = float(atmosphere.propellant(1000.0, 9.80665 * 220.0 * np.log(2.0), 220.0))
    assert found == pytest.approx(1000.0, rel=1e-12)
    assert atmosphere.propellant(1000.0, 0.0, 220.0) == 0.0


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="altitude is 1600 km; the density table covers 100 to"):
        atmosphere.density(1600e3, 100.0)
    with pytest.raises(ValueError, match="covers 65 to 250"):
        atmosphere.density(600e3, 300.0)
    with pytest.raises(ValueError, match="altitude is nan"):
        atmosphere.density([600e3, np.nan], 100.0)
    with pytest.raises(ValueError, match="need quiet ≤ peak"):
        atmosphere.solar_flux(0.0, 200.0, 100.0)
    with pytest.raises(ValueError, match="duration is -1 s"):
        atmosphere.mean_density(600e3, 0.0, -1.0)
    with pytest.raises(ValueError, match="at least 0"):
        atmosphere.drag_acceleration(600e3, -1.0, 0.1)
    with pytest.raises(ValueError, match="from 120 to 1,500 km"):
        atmosphere.decay_time(2000e3, 0.1)
    with pytest.raises(ValueError, match="drag area is 0"):
        atmosphere.decay_time(600e3, 0.0)
    with pytest.raises(ValueError, match="perigee is above"):
        atmosphere.lowering_delta_v(300e3, 400e3)
    with pytest.raises(ValueError, match="specific impulse above 0"):
        atmosphere.propellant(1.0, 1.0, 0.0)
