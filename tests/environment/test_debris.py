"""Debris: published fluxes, walls, and shells against closed forms and another integrator."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from dawndusk.constants import JULIAN_YEAR
from dawndusk.environment import debris

YEAR = JULIAN_YEAR
BAND = np.linspace(600e3, 900e3, 301)


def shells(**changes: object) -> debris.Shells:
    """Two shells, 500–600 and 600–700 km."""
    values: dict[str, object] = {
        "volume": debris.shell_volume([500e3, 600e3], [600e3, 700e3]),
        "launched": np.array([100.0, 2000.0]) / YEAR,
        "life": np.full(2, 5.0 * YEAR),
        "disposed": np.full(2, 0.95),
        "decay": np.array([4.0, 30.0]) * YEAR,
        "fragment_decay": np.array([3.0, 20.0]) * YEAR,
        "avoidance": np.full(2, 0.999),
        "vulnerable": np.full(2, 0.1),
        "radius": np.full(2, 2.0),
        "mass": np.full(2, 2000.0),
        "speed": 10e3,
    }
    return debris.Shells(**{**values, **changes})  # type: ignore[arg-type]


START = ([500.0, 9000.0], [200.0, 800.0], [300.0, 1200.0], [4e3, 15e3])
NOTHING = ([0.0, 0.0],) * 4


@pytest.mark.parametrize(("spread", "centimetre"), [("low", 1e-5), ("high", 1e-4)])
def test_the_published_flux_of_sun_synchronous_orbits(spread: str, centimetre: float) -> None:
    found = debris.flux(BAND, 0.01, spread).mean() * YEAR
    assert found == pytest.approx(centimetre, rel=1e-9)
    assert debris.flux(BAND, 0.001, spread).mean() * YEAR == pytest.approx(100 * centimetre)
    # 800 m²: 0.008 to 0.08 impacts a year
    assert 800.0 * found == pytest.approx(0.008 if spread == "low" else 0.08, rel=1e-9)


def test_sizes_have_the_proportions_of_the_population() -> None:
    """ESA: 54,000 above 10 cm, 1.2 million of 1 to 10 cm, 130 to 140 million of 1 to 10 mm."""
    ten, one, tenth = (float(debris.flux(750e3, size)) for size in (0.1, 0.01, 0.001))
    assert ten / one == pytest.approx(54e3 / 1254e3, rel=1e-9)
    assert tenth / one == pytest.approx(131e6 / 1.254e6, rel=0.1)


def test_a_millimetre_at_ten_kilometres_a_second_needs_four_of_aluminium() -> None:
    """Cour-Palais worked by hand, centimetres: 1.8·5.24·0.1^(19/18)·95^(−1/4)·(10/5.1)^(2/3)."""
    wall = 0.018 * 5.24 * 0.1 ** (19 / 18) * 95**-0.25 * (10.0 / 5.1) ** (2 / 3)
    wall *= np.sqrt(2800.0 / 2713.0)
    assert wall == pytest.approx(4.2e-3, rel=0.02)
    assert debris.perforating_size(wall) == pytest.approx(1e-3, rel=1e-12)


def test_penetrations_are_the_flux_between_the_wall_and_what_is_tracked() -> None:
    wall = 0.01
    size = float(debris.perforating_size(wall))
    between = debris.flux(700e3, size) - debris.flux(700e3, 0.1)
    assert debris.penetrations(700e3, 20.0, wall) == pytest.approx(20.0 * between, rel=1e-12)
    assert debris.penetrations(700e3, 0.0, wall) == 0.0


@given(st.floats(300e3, 2000e3), st.floats(0.001, 0.1), st.floats(1.0, 2.0))
def test_flux_falls_with_size_and_rises_with_spread(
    altitude: float, size: float, factor: float
) -> None:
    low, middle, high = (float(debris.flux(altitude, size, each)) for each in debris.SPREAD)
    assert 0.0 < low < middle < high
    assert middle == pytest.approx(np.sqrt(low * high), rel=1e-9)
    assert debris.flux(altitude, min(0.1, size * factor)) <= middle


def test_volume_of_a_thin_shell_is_area_times_thickness() -> None:
    middle = 4.0 * np.pi * (6_378_135.0 + 600.5e3) ** 2 * 1e3
    assert debris.shell_volume(600e3, 601e3) == pytest.approx(middle, rel=1e-8)


def test_fragments_of_the_breakup_model() -> None:
    """Fengyun-1C and its killer, 880 kg: 0.1·880^0.75·0.1^−1.71 = 829 above 10 cm."""
    assert debris.fragments_of_collision(880.0, 0.1) == pytest.approx(829.0, rel=0.001)
    assert debris.fragments_of_collision(0.0, 0.1) == 0.0


def test_without_collisions_a_fleet_fills_up_to_launches_times_life() -> None:
    quiet = shells(radius=np.zeros(2), disposed=np.ones(2))
    found = debris.evolve(quiet, *NOTHING, 20.0 * YEAR)
    rate, life = np.array([100.0, 2000.0]) / YEAR, 5.0 * YEAR
    truth = rate * life * (1.0 - np.exp(-20.0 / 5.0))
    assert found.active[-1] == pytest.approx(truth, rel=0.003)
    assert np.all(found.derelict == 0.0)


def test_drag_alone_empties_a_shell_exponentially_into_the_next() -> None:
    still = shells(radius=np.zeros(2), launched=np.zeros(2))
    found = debris.evolve(still, [0.0, 0.0], [0.0, 100.0], [0.0, 1000.0], [0.0, 0.0], 10.0 * YEAR)
    assert found.derelict[-1, 1] == pytest.approx(100.0 * np.exp(-10.0 / 30.0), rel=1e-10)
    # Bateman's chain for the shell below, to the order of the step
    upper, lower = 1.0 / 30.0, 1.0 / 4.0
    chain = 100.0 * upper / (lower - upper) * (np.exp(-upper * 10.0) - np.exp(-lower * 10.0))
    assert found.derelict[-1, 0] == pytest.approx(chain, rel=0.005)
    assert found.reentered[-1] == pytest.approx(100.0 - found.derelict[-1].sum(), rel=1e-9)


def test_the_same_gas_by_another_integrator() -> None:
    """Rate equations written again, one population at a time, solved by LSODA."""
    given = shells(radius=np.full(2, 2.0), avoidance=np.full(2, 0.95))
    big = 0.1 * 4000.0**0.75 * 0.1**-1.71, 0.1 * 4000.0**0.75 * 0.01**-1.71
    small = 0.1 * 2000.0**0.75 * 0.1**-1.71, 0.1 * 2000.0**0.75 * 0.01**-1.71

    def rates(t: float, y: np.ndarray) -> np.ndarray:
        change = np.zeros((4, 2))
        s, d, f, n = y.reshape(4, 2)
        for i in (1, 0):
            cross = np.pi * 2.0**2 * 1e4 / given.volume[i]
            both = 2.0 * cross * s[i] ** 2 * 0.0025
            mixed = 4.0 * cross * s[i] * d[i] * 0.05
            dead = 2.0 * cross * d[i] ** 2
            live_hit, dead_hit = cross * s[i] * f[i] * 0.05, cross * d[i] * f[i]
            disabled = 0.1 * cross * s[i] * n[i]
            retired = s[i] / (5.0 * YEAR)
            change[0, i] = given.launched[i] - 2 * both - mixed - live_hit - disabled - retired
            change[1, i] = 0.05 * retired + disabled - mixed - 2 * dead - dead_hit
            pairs, singles = both + mixed + dead, live_hit + dead_hit
            change[2, i] = big[0] * pairs + (small[0] - 1.0) * singles
            change[3, i] = (big[1] - big[0]) * pairs + (small[1] - small[0]) * singles - disabled
        for row, decay in ((1, given.decay), (2, given.fragment_decay), (3, given.fragment_decay)):
            leaving = y.reshape(4, 2)[row] / decay
            change[row] -= leaving
            change[row, 0] += leaving[1]
        return change.ravel()

    start = np.array(START)
    truth = solve_ivp(rates, (0.0, 10.0 * YEAR), start.ravel(), "LSODA", rtol=1e-10, atol=1e-6)
    truth = truth.y[:, -1].reshape(4, 2)
    errors = []
    for step in (YEAR / 48.0, YEAR / 96.0):
        found = debris.evolve(given, *START, 10.0 * YEAR, step)
        end = np.stack((found.active, found.derelict, found.fragments, found.lethal))[:, -1]
        errors.append(np.max(np.abs(end / truth - 1.0)))
    assert errors[0] < 0.01
    assert errors[0] / errors[1] == pytest.approx(2.0, rel=0.1)  # of first order in the step


@settings(max_examples=30)
@given(
    st.floats(0.0, 1e5),
    st.floats(0.0, 200.0),
    st.floats(0.0, 1.0),
    st.floats(0.0, 1.0),
    st.floats(0.0, 1e7),
)
def test_no_satellite_appears_or_vanishes(
    launches: float, radius: float, disposed: float, avoidance: float, lethal: float
) -> None:
    given = shells(
        launched=np.array([0.1, 1.0]) * launches / YEAR,
        radius=np.full(2, radius),
        disposed=np.full(2, disposed),
        avoidance=np.full(2, avoidance),
    )
    start = (*START[:3], [lethal, lethal])
    found = debris.evolve(given, *start, 30.0 * YEAR, YEAR / 12.0)
    for each in found:
        assert np.all(each >= -1e-6)
        assert np.all(np.isfinite(each))
    kept = found.active.sum(axis=1) + found.derelict.sum(axis=1)
    gone = found.disposed + found.reentered + found.destroyed
    offered = sum(map(sum, START[:2])) + found.launched
    assert kept + gone == pytest.approx(offered, rel=1e-9)


def test_more_launches_and_worse_disposal_leave_more_debris() -> None:
    calm = debris.evolve(shells(), *START, 10.0 * YEAR)
    busy = debris.evolve(shells(launched=np.array([1e3, 2e4]) / YEAR), *START, 10.0 * YEAR)
    careless = debris.evolve(shells(disposed=np.full(2, 0.6)), *START, 10.0 * YEAR)
    assert busy.lethal[-1].sum() > calm.lethal[-1].sum()
    assert careless.derelict[-1].sum() > calm.derelict[-1].sum()
    assert careless.destroyed[-1] > calm.destroyed[-1]


def test_a_hundred_shells_for_a_century_are_quick_and_the_same_twice() -> None:
    edges = np.linspace(300e3, 1500e3, 101)
    many = debris.Shells(
        debris.shell_volume(edges[:-1], edges[1:]),
        *(np.full(100, each) for each in (1e4 / YEAR, 5 * YEAR, 0.95, 30 * YEAR, 20 * YEAR)),
        *(np.full(100, each) for each in (0.99, 0.1, 8.0, 2000.0)),
        10e3,
    )
    start = (np.full(100, 1e4), np.full(100, 50.0), np.full(100, 500.0), np.full(100, 1e4))
    first, second = (debris.evolve(many, *start, 100.0 * YEAR) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="known from 300 to 2,000 km"):
        debris.flux(250e3, 0.01)
    with pytest.raises(ValueError, match=r"known from 0\.001 to"):
        debris.flux(700e3, 1.0)
    with pytest.raises(ValueError, match="allowed: low, middle, high"):
        debris.flux(700e3, 0.01, "median")
    with pytest.raises(ValueError, match="must be above 0"):
        debris.perforating_size(-0.001)
    with pytest.raises(ValueError, match="known for walls of"):
        debris.penetrations(700e3, 1.0, 0.001)
    with pytest.raises(ValueError, match="area is -1 m²"):
        debris.penetrations(700e3, -1.0, 0.01)
    with pytest.raises(ValueError, match=r"disposed spans 0\.5 to 1\.5; allowed: 0 to 1"):
        debris.evolve(shells(disposed=np.array([0.5, 1.5])), *START, YEAR)
    with pytest.raises(ValueError, match="life must be above 0"):
        debris.evolve(shells(life=np.zeros(2)), *START, YEAR)
    with pytest.raises(ValueError, match="launched must be at least 0"):
        debris.evolve(shells(launched=np.full(2, -1.0)), *START, YEAR)
    with pytest.raises(ValueError, match="one number a shell"):
        debris.evolve(shells(), [1.0], *START[1:], YEAR)
    with pytest.raises(ValueError, match="duration must be at least 0"):
        debris.evolve(shells(), *START, -YEAR)
    with pytest.raises(ValueError, match="upper altitude"):
        debris.shell_volume(700e3, 600e3)
    with pytest.raises(ValueError, match="mass must be at least 0"):
        debris.fragments_of_collision(-1.0, 0.1)
