"""Heat path against published radiators and SciPy's stiff integrators."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from dawndusk.compiled import kernel
from dawndusk.constants import STEFAN_BOLTZMANN
from dawndusk.satellite import thermal

# 120 kW of accelerators on 110 m² of two-faced radiator: dies settle in 3 s, the loop in 20 s,
# the radiator in 5 min.
DIE, LOOP, RADIATOR = 20e3, 400e3, 500e3
TO_LOOP, TO_RADIATOR = 6e3, 15e3
EMISSION = 2 * 0.90 * STEFAN_BOLTZMANN * 110.0
PATH = (DIE, LOOP, RADIATOR, TO_LOOP, TO_RADIATOR, EMISSION, 2.725)

Heat = tuple[float, float, float]


def _slope(_: float, state: np.ndarray, die_heat: float, loop_heat: float, absorbed: float) -> Heat:
    """The same three balances, written down again for SciPy."""
    die, loop, radiator = state
    across, onward = TO_LOOP * (die - loop), TO_RADIATOR * (loop - radiator)
    return (
        (die_heat - across) / DIE,
        (loop_heat + across - onward) / LOOP,
        (onward + absorbed - EMISSION * (radiator**4 - 2.725**4)) / RADIATOR,
    )


def _reference(start: Heat, heat: Heat, time: float, method: str = "Radau") -> np.ndarray:
    solution = solve_ivp(
        _slope, (0.0, time), start, args=heat, method=method, rtol=1e-11, atol=1e-9
    )
    return solution.y[:, -1]


def _run(start: Heat, heat: Heat, time: float, dt: float) -> np.ndarray:
    state = start
    for _ in range(round(time / dt)):
        *state, _ = thermal.step(*state, *heat, dt, *PATH)
    return np.array(state)


def test_starcloud_radiator_nets_633_watts_per_square_metre() -> None:
    """20 °C, ε 0.92, two faces, α 0.09, 1,366 W/m² on one face; view factor 0.25, albedo 0.3,
    Earth at −20 °C: 633.08 W/m² (white paper). The paper applies α to the Earth's
    infrared too; with ε, as Kirchhoff asks, it would net 48 W/m² less."""
    earth = STEFAN_BOLTZMANN * 253.15**4
    environment = (1366.0, 1.0, 1.0, 1.0, 0.09)
    absorbed = thermal.absorbed(*environment, 0.09, 1.0, 0.25, 0.30, earth)
    assert absorbed == pytest.approx(123.0 + 14.46, rel=1e-3)
    emission = 2 * 0.92 * STEFAN_BOLTZMANN
    _, _, radiator = thermal.steady(0.0, 633.08, absorbed, 1.0, 1e9, emission, 0.0)
    assert emission * 293.15**4 - absorbed == pytest.approx(633.08, rel=1e-3)
    assert radiator == pytest.approx(293.15, abs=0.05)
    honest = thermal.absorbed(*environment, 0.92, 1.0, 0.25, 0.30, earth)
    assert honest - absorbed == pytest.approx(0.83 * 0.25 * earth, rel=1e-12)


def test_ai1_radiator_settles_at_340_kelvin() -> None:
    """150 kW on 110 m², both faces, ε 0.9, stepped until it rests."""
    state: Heat = (300.0, 300.0, 300.0)
    radiated = 0.0
    for _ in range(200):
        *state, radiated = thermal.step(*state, 140e3, 10e3, 0.0, 60.0, *PATH)
    assert state[2] == pytest.approx(340.0, abs=1.0)
    assert radiated / 60.0 == pytest.approx(150e3, rel=1e-9)
    assert state == pytest.approx(
        thermal.steady(140e3, 10e3, 0.0, TO_LOOP, TO_RADIATOR, EMISSION, 2.725), abs=1e-6
    )


@pytest.mark.parametrize(
    ("temperature", "area_per_kw"), [(276, 1.69), (300, 1.21), (330, 0.83), (350, 0.65)]
)
def test_ideal_two_sided_area_per_kilowatt(temperature: float, area_per_kw: float) -> None:
    """ε 0.9."""
    emission = 2 * 0.9 * STEFAN_BOLTZMANN * area_per_kw
    _, _, radiator = thermal.steady(0.0, 1000.0, 0.0, 1.0, 1e9, emission, 0.0)
    assert (radiator / temperature) ** 4 == pytest.approx(1.0, rel=0.01)


def test_without_heat_it_cools_as_the_closed_form_says() -> None:
    """One node losing E T⁴: T = (T₀⁻³ + 3 E t / C)^(−1/3)."""
    capacity = DIE + LOOP + RADIATOR
    stiff = (DIE, LOOP, RADIATOR, 1e9, 1e9, EMISSION, 0.0)
    state: Heat = (340.0, 340.0, 340.0)
    for _ in range(60):
        *state, _ = thermal.step(*state, 0.0, 0.0, 0.0, 60.0, *stiff)
    expected = (340.0**-3 + 3 * EMISSION * 3600.0 / capacity) ** (-1 / 3)
    assert state[2] == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("method", ["Radau", "LSODA"])
@pytest.mark.parametrize("heat", [(120e3, 20e3, 5e3), (10e3, 20e3, 0.0)])
def test_a_transient_follows_stiff_integrators(heat: Heat, method: str) -> None:
    start: Heat = (330.0, 320.0, 310.0)
    found = _run(start, heat, 1800.0, 60.0)
    assert found == pytest.approx(_reference(start, heat, 1800.0, method), abs=0.02)


@given(st.floats(-8, 8), st.floats(-8, 8), st.floats(-0.1, 0.1))
def test_two_halley_steps_reach_the_root(linear: float, known: float, nearby: float) -> None:
    """Against bracketing: 2e-6 from the one-term root, 1e-12 from a root 10 % of load away."""
    a, c = 10.0**linear, 10.0**known

    def root(load: float) -> float:
        high = min(load / a, load**0.25)
        return brentq(
            lambda t: t**4 / load + a * t / load - 1.0, 0.5 * high, 1.001 * high, xtol=1e-300
        )

    start = min(c / a, c**0.25)
    assert thermal._radiator_root(a, 1.0, c, start) == pytest.approx(root(c), rel=2e-6)
    near = root(c * (1.0 + nearby))
    assert thermal._radiator_root(a, 1.0, c, near) == pytest.approx(root(c), rel=1e-12)


@pytest.mark.parametrize("shrink", [1.0, 0.25])
@pytest.mark.parametrize("dt", [30.0, 60.0, 120.0])
def test_a_jump_of_load_is_met_within_the_step(dt: float, shrink: float) -> None:
    """Die at Radau's temperature to 3 % of its jump (SDIRK2: 13 %), however small its mass."""
    path = (shrink * DIE, shrink * LOOP, *PATH[2:])
    start = thermal.steady(12e3, 8e3, 2e3, TO_LOOP, TO_RADIATOR, EMISSION, 2.725)
    heat = (120e3, 20e3, 9e3)
    solution = solve_ivp(
        lambda t, y: np.array(_slope(t, y, *heat)) / (shrink, shrink, 1.0),
        (0.0, dt), start, method="Radau", rtol=1e-10, atol=1e-8,
    )  # fmt: skip
    die, _, _, _ = thermal.step(*start, *heat, dt, *path)
    expected = solution.y[0, -1]
    assert abs(die - expected) < 0.03 * (expected - start[0])


def test_second_order() -> None:
    start, heat = (330.0, 320.0, 310.0), (120e3, 20e3, 5e3)
    truth = _reference(start, heat, 960.0)
    errors = [np.abs(_run(start, heat, 960.0, dt) - truth).max() for dt in (15.0, 7.5, 3.75)]
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.1)
    assert errors[1] / errors[2] == pytest.approx(4.0, rel=0.1)


def test_halving_the_step_of_an_eclipse_cycle_changes_nothing_that_matters() -> None:
    """60 min of sun at full power, 35 min of eclipse at a tenth: extremes and mean rise."""

    def cycle(dt: float) -> np.ndarray:
        state: Heat = (320.0, 315.0, 310.0)
        dies = []
        for _ in range(3):
            for duration, heat in ((3600.0, (120e3, 20e3, 9e3)), (2100.0, (12e3, 8e3, 2e3))):
                for _ in range(round(duration / dt)):
                    *state, _ = thermal.step(*state, *heat, dt, *PATH)
                    dies.append(state[0])
        return np.array([max(dies), min(dies), np.mean(dies)])

    coarse, fine = cycle(60.0), cycle(30.0)
    assert np.abs(coarse / fine - 1.0).max() < 0.005
    assert np.abs(coarse - fine).max() < 0.5


temperatures = st.floats(230.0, 400.0)
cases = st.fixed_dictionaries(
    {
        "die": temperatures,
        "loop": temperatures,
        "radiator": temperatures,
        "die_heat": st.floats(0.0, 2e5),
        "loop_heat": st.floats(0.0, 5e4),
        "absorbed": st.floats(0.0, 3e4),
        "dt": st.floats(1.0, 120.0),
        "die_capacity": st.floats(1e3, 1e5),
        "loop_capacity": st.floats(1e4, 1e6),
        "radiator_capacity": st.floats(1e5, 1e6),
        "die_conductance": st.floats(1e3, 3e4),
        "loop_conductance": st.floats(1e3, 5e4),
        "emission": st.floats(0.3 * EMISSION, 3 * EMISSION),
        "sink": st.floats(0.0, 200.0),
    }
)


@given(cases)
def test_every_joule_of_heat_is_radiated_or_stored(p: dict[str, float]) -> None:
    die, loop, radiator, radiated = thermal.step(**p)
    heat_in = (p["die_heat"] + p["loop_heat"] + p["absorbed"]) * p["dt"]
    stored = (
        p["die_capacity"] * (die - p["die"])
        + p["loop_capacity"] * (loop - p["loop"])
        + p["radiator_capacity"] * (radiator - p["radiator"])
    )
    scale = heat_in + abs(radiated) + 300.0 * p["radiator_capacity"] * 1e-4
    assert abs(heat_in - stored - radiated) < 1e-10 * scale


def test_radiated_heat_is_the_integral_of_the_emission() -> None:
    """Against Radau's dense output; the step itself takes it from the radiator's balance."""
    start, heat = (330.0, 320.0, 310.0), (120e3, 20e3, 5e3)
    path = solve_ivp(
        _slope, (0.0, 1800.0), start, args=heat, method="Radau", rtol=1e-10, dense_output=True
    )
    times = np.linspace(0.0, 1800.0, 18_001)
    expected = np.trapezoid(EMISSION * (path.sol(times)[2] ** 4 - 2.725**4), times)
    state, total = start, 0.0
    for _ in range(30):
        *state, radiated = thermal.step(*state, *heat, 60.0, *PATH)
        total += radiated
    assert total == pytest.approx(expected, rel=1e-4)


@given(cases, st.floats(1.0, 1e5), st.sampled_from(["die_heat", "loop_heat", "absorbed"]))
def test_more_heat_never_cools_anything(p: dict[str, float], more: float, where: str) -> None:
    cold = thermal.step(**p)
    warm = thermal.step(**{**p, where: p[where] + more})
    assert all(w >= c - 1e-9 for w, c in zip(warm[:3], cold[:3], strict=True))


@given(cases, st.floats(1e3, 1e7))
def test_no_step_is_too_long_to_find_rest(p: dict[str, float], dt: float) -> None:
    """From within reach of rest, any step length ends nearer to it (L-stability)."""
    rest = np.array(
        thermal.steady(
            p["die_heat"],
            p["loop_heat"],
            p["absorbed"] + 1e4,
            p["die_conductance"],
            p["loop_conductance"],
            p["emission"],
            p["sink"],
        )
    )
    q = {**p, "absorbed": p["absorbed"] + 1e4, "dt": dt}
    state = rest + 20.0
    for _ in range(12):
        *state, _ = thermal.step(**{**q, **dict(zip(("die", "loop", "radiator"), state))})  # noqa: B905
        assert np.abs(np.array(state) - rest).max() <= 20.0 * (1 + 1e-9)
    if dt > 1e5:
        assert np.abs(np.array(state) - rest).max() < 1.0


@given(cases, st.floats(0.0, 2e5))
def test_the_predicted_die_temperature_is_close(p: dict[str, float], heat: float) -> None:
    """Off by less than a quarter of what is out of balance, the most that implicit Euler errs."""
    names = [n for n in p if n != "die_heat"]
    offset, slope = thermal.die_response(**{n: p[n] for n in names})
    die, loop, radiator, _ = thermal.step(**{**p, "die_heat": heat})
    change = max(abs(die - p["die"]), abs(loop - p["loop"]), abs(radiator - p["radiator"]))
    spread = max(p["die"], p["loop"], p["radiator"]) - min(p["die"], p["loop"], p["radiator"])
    imbalance = change + spread + heat / p["die_conductance"]
    assert abs(offset + slope * heat - die) < 0.25 * imbalance + 1e-9


def test_at_rest_the_prediction_is_exact() -> None:
    rest = thermal.steady(120e3, 20e3, 5e3, TO_LOOP, TO_RADIATOR, EMISSION, 2.725)
    offset, slope = thermal.die_response(*rest, 20e3, 5e3, 60.0, *PATH)
    assert offset + slope * 120e3 == pytest.approx(rest[0], rel=1e-12)


@given(st.floats(-1.0, 1.0), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_absorbed_heat_is_never_negative_and_grows_with_light(
    sun_cosine: float, illumination: float, incidence: float
) -> None:
    rest = (sun_cosine, 110.0, 0.15, 0.92, incidence, 0.3, 0.3, 239.0)
    dark = thermal.absorbed(0.0, 0.0, *rest)
    assert 0.0 < dark <= thermal.absorbed(1361.0, illumination, *rest)
    assert dark == pytest.approx(110.0 * 0.92 * 239.0 * 0.3, rel=1e-12)


@kernel
def _loop(state: np.ndarray, heat: np.ndarray, radiated: np.ndarray) -> None:
    for i in range(heat.size):
        die, loop, radiator, out = thermal.step(
            state[0, i], state[1, i], state[2, i], heat[i], 2e4, 5e3, 60.0,
            DIE, LOOP, RADIATOR, TO_LOOP, TO_RADIATOR, EMISSION, 2.725,
        )  # fmt: skip
        state[0, i], state[1, i], state[2, i], radiated[i] = die, loop, radiator, out


def test_the_compiled_loop_gives_what_single_calls_give() -> None:
    rng = np.random.default_rng(3)
    state, heat = rng.uniform(280, 360, (3, 259)), rng.uniform(0, 1.5e5, 259)
    after, radiated = state.copy(), np.empty(259)
    _loop(after, heat, radiated)
    for i in range(259):
        single = thermal.step(*state[:, i], heat[i], 2e4, 5e3, 60.0, *PATH)
        assert (*after[:, i], radiated[i]) == pytest.approx(single, rel=1e-12)
