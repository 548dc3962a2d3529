"""J2's drift and its trim against DOP853 in the full J2 field, Δv against published ones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from dawndusk.constants import JULIAN_YEAR, SGP4_J2, SGP4_J3, SGP4_MU, SGP4_RADIUS
from dawndusk.orbit import constellation, formation, formation_keeping

from .test_constellation import satrec
from .test_formation import A

INCLINATION = constellation.sun_synchronous_inclination(650e3)
MOTION = np.sqrt(SGP4_MU / A**3)
PERIOD = 2.0 * np.pi / MOTION
ORBITS, SAMPLES = 8, 100
RING = np.linspace(0.0, 2.0 * np.pi, 8, endpoint=False)
NODE, MIDWAY, TOP = 0.0, np.pi / 4.0, np.pi / 2.0
FROZEN = -0.5 * SGP4_J3 / SGP4_J2 * SGP4_RADIUS / A * np.sin(INCLINATION)
SURFACE = {"drag": 42.0, "sunlight": 3.5, "unlikeness": 0.01}


def chief(latitude: float, inclination: float = INCLINATION) -> np.ndarray:
    """Circular osculating state of the reference at an argument of latitude."""
    cosine, sine = np.cos(latitude), np.sin(latitude)
    tilt = np.array([[1.0, 0.0], [0.0, np.cos(inclination)], [0.0, np.sin(inclination)]])
    return np.concatenate(
        (A * tilt @ np.array([cosine, sine]), A * MOTION * tilt @ np.array([-sine, cosine]))
    )


def hill_states(reference: np.ndarray, reach: float) -> np.ndarray:
    """Drift-free Hill states round a ring, rectilinear frame, shape (8, 6)."""
    along, radial = reach * np.cos(RING), reach / 2.0 * np.sin(RING)
    place, speed = reference[:3], reference[3:]
    outward = place / np.linalg.norm(place)
    normal = np.cross(place, speed) / np.linalg.norm(np.cross(place, speed))
    forward = np.cross(normal, outward)
    rise, run = MOTION * along / 2.0 - MOTION * along, MOTION * radial - 2.0 * MOTION * radial
    return np.hstack(
        (
            place + np.outer(radial, outward) + np.outer(along, forward),
            speed + np.outer(rise, outward) + np.outer(run, forward),
        )
    )


def trimmed(states: np.ndarray, reference: np.ndarray) -> np.ndarray:
    added = formation_keeping.trim(states[:, :3], states[:, 3:], reference[:3], reference[3:])
    return faster(states, added)


def faster(states: np.ndarray, added: np.ndarray) -> np.ndarray:
    unit = states[:, 3:] / np.linalg.norm(states[:, 3:], axis=1, keepdims=True)
    return np.hstack((states[:, :3], states[:, 3:] + added[:, None] * unit))


def full_j2(_: float, packed: np.ndarray) -> np.ndarray:
    """Gradient of μ/r·(1 − J2·(R/r)²·(3 sin²φ − 1)/2)."""
    state = packed.reshape(-1, 6)
    x, y, z = state[:, :3].T
    r2 = x * x + y * y + z * z
    k = 1.5 * SGP4_J2 * SGP4_RADIUS**2 / r2
    central = -SGP4_MU / r2**1.5
    flat = central * (1.0 + k * (1.0 - 5.0 * z * z / r2))
    polar = central * (1.0 + k * (3.0 - 5.0 * z * z / r2))
    return np.column_stack((state[:, 3:], flat * x, flat * y, polar * z)).ravel()


def flown(states: np.ndarray, orbits: int = ORBITS) -> tuple[np.ndarray, np.ndarray]:
    """Seconds, and states of shape (satellites, moments, 6)."""
    seconds = np.arange(orbits * SAMPLES) * PERIOD / SAMPLES
    run = solve_ivp(
        full_j2,
        (0.0, seconds[-1]),
        states.ravel(),
        method="DOP853",
        rtol=1e-12,
        atol=1e-7,
        t_eval=seconds,
    )
    return seconds, run.y.reshape(-1, 6, len(seconds)).transpose(0, 2, 1)


def angle_ahead(track: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Angle along the reference's arc from it to each satellite, shape (satellites, moments)."""
    offset = formation.curvilinear(track[..., :3], reference[:, :3], reference[:, 3:])
    return np.asarray(offset[..., 1] / np.linalg.norm(reference[:, :3], axis=-1))


def slope(seconds: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Rate of values that also swing with an orbit's harmonics, their size changing slowly."""
    turns = seconds / seconds[-1]
    swing = [
        turns**power * wave(order * MOTION * seconds)
        for power in range(3)
        for order in range(1, 5)
        for wave in (np.cos, np.sin)
    ]
    columns = np.column_stack([np.ones_like(turns), turns, *swing])
    return np.asarray(np.linalg.lstsq(columns, values.T, rcond=None)[0][1] / seconds[-1])


def drift(states: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Lasting along-track speed of each state relative to the reference [m/s]."""
    seconds, tracks = flown(np.vstack((reference, states)))
    return A * slope(seconds, angle_ahead(tracks[1:], tracks[0]))


def mean_eccentricity_squared(tracks: np.ndarray) -> np.ndarray:
    """Of the eccentricity vector averaged over the first revolution."""
    r, v = tracks[:, :SAMPLES, :3], tracks[:, :SAMPLES, 3:]
    distance = np.linalg.norm(r, axis=-1, keepdims=True)
    vector = np.cross(v, np.cross(r, v)) / SGP4_MU - r / distance
    return np.asarray(np.sum(vector.mean(axis=1) ** 2, axis=-1))


def mean_inclination(tracks: np.ndarray) -> np.ndarray:
    """Of the osculating inclination averaged over the first revolution."""
    normal = np.cross(tracks[:, :SAMPLES, :3], tracks[:, :SAMPLES, 3:])
    cosine = normal[..., 2] / np.linalg.norm(normal, axis=-1)
    return np.asarray(np.arccos(cosine).mean(axis=1))


def mean_axis(states: np.ndarray, e2: np.ndarray, inclination: np.ndarray) -> np.ndarray:
    """From the energy −μ/2a + μ·J2·R²/(2a³)·(1.5 sin²i − 1)·(1 + 1.5 e²), Brouwer 1959."""
    r = np.linalg.norm(states[:, :3], axis=1)
    kinetic = 0.5 * np.sum(states[:, 3:] ** 2, axis=1)
    sine = states[:, 2] / r
    wide = SGP4_J2 * SGP4_RADIUS**2 / 2.0
    energy = kinetic - SGP4_MU / r * (1.0 - wide / r**2 * (3.0 * sine**2 - 1.0))
    held = SGP4_MU * wide / A**3 * (1.5 * np.sin(inclination) ** 2 - 1.0) * (1.0 + 1.5 * e2)
    return np.asarray(-SGP4_MU / (2.0 * (energy - held)))


@pytest.mark.parametrize("latitude", [NODE, MIDWAY, TOP, 3.9])
def test_mean_semi_major_axis_stays_while_the_osculating_one_swings(latitude: float) -> None:
    """By 3·J2·R²/a·sin²i = 18.4 km in the full J2 field; the mean one by half a metre."""
    track = flown(chief(latitude), 2)[1][0]
    found = formation_keeping.mean_semi_major_axis(track[:, :3], track[:, 3:])
    r, v2 = np.linalg.norm(track[:, :3], axis=1), np.sum(track[:, 3:] ** 2, axis=1)
    osculating = 1.0 / (2.0 / r - v2 / SGP4_MU)
    swing = 3.0 * SGP4_J2 * SGP4_RADIUS**2 / A * np.sin(INCLINATION) ** 2
    assert np.ptp(osculating) == pytest.approx(swing, rel=0.005)
    assert np.ptp(found) < 0.5


@pytest.mark.parametrize("latitude", [NODE, MIDWAY, TOP])
def test_mean_semi_major_axis_gives_the_rate_of_revolutions(latitude: float) -> None:
    """Brouwer's first-order rate of the argument of latitude, against a count of DOP853's."""
    seconds, tracks = flown(chief(latitude))
    track = tracks[0]
    normal = np.cross(track[:, :3], track[:, 3:])
    node = np.column_stack((-normal[:, 1], normal[:, 0], 0.0 * normal[:, 0]))
    across = np.cross(normal, node) / np.linalg.norm(normal, axis=1, keepdims=True)
    turn = np.arctan2(np.sum(track[:, :3] * across, axis=1), np.sum(track[:, :3] * node, axis=1))
    rate = slope(seconds, np.unwrap(turn)[None])[0]
    a = formation_keeping.mean_semi_major_axis(track[0, :3], track[0, 3:])
    j = 0.75 * SGP4_J2 * (SGP4_RADIUS / a) ** 2
    expected = np.sqrt(SGP4_MU / a**3) * (1.0 + j * (8.0 * np.cos(INCLINATION) ** 2 - 2.0))
    assert rate == pytest.approx(expected, rel=4e-6)


@pytest.mark.parametrize("latitude", [NODE, MIDWAY, TOP])
@pytest.mark.parametrize("inclination", [INCLINATION, 0.93])
def test_a_trim_cuts_the_drift_of_hill_states(latitude: float, inclination: float) -> None:
    """Suncatcher, arXiv 2511.19468: a change exists that cuts J2's drift at least sevenfold.

    And to under 3 m/s a year for each kilometre, the drift burnt away every revolution.
    """
    reference = chief(latitude, inclination)
    states = hill_states(reference, 1000.0)
    before = np.abs(drift(states, reference)).max()
    after = np.abs(drift(trimmed(states, reference), reference)).max()
    assert before > 7.0 * after
    assert after * PERIOD < 0.02
    assert after * JULIAN_YEAR / PERIOD < 3.0


def test_hill_states_drift_apart_as_stated() -> None:
    """13 m an orbit a kilometre out, at a node: hill states in full J2 without a trim."""
    reference = chief(NODE)
    found = drift(hill_states(reference, 1000.0), reference) * PERIOD
    assert np.abs(found).max() == pytest.approx(13.0, rel=0.02)


def test_a_trim_leaves_the_reference_itself() -> None:
    reference = chief(0.4)
    added = formation_keeping.trim(
        reference[None, :3], reference[None, 3:], reference[:3], reference[3:]
    )
    assert added == 0.0


@pytest.mark.parametrize("reach", [1e3, 30e3])
@pytest.mark.parametrize("latitude", [NODE, MIDWAY, TOP])
def test_j2_drift_is_that_of_the_full_j2_field(reach: float, latitude: float) -> None:
    """Beside it, what the trim leaves between mean axes and mean inclinations is counted."""
    reference = chief(latitude)
    states = np.vstack((reference, trimmed(hill_states(reference, reach), reference)))
    seconds, tracks = flown(states)
    found = A * slope(seconds, angle_ahead(tracks[1:], tracks[0]))
    e2, inclination = mean_eccentricity_squared(tracks), mean_inclination(tracks)
    a = mean_axis(states, e2, inclination)
    own = formation_keeping.j2_drift(A, INCLINATION, e2[1:] - e2[0])
    j = 0.75 * SGP4_J2 * (SGP4_RADIUS / A) ** 2 * MOTION
    tilt = (
        -14.0 * j * np.sin(INCLINATION) * np.cos(INCLINATION) * (inclination[1:] - inclination[0])
    )
    expected = own - 1.5 * MOTION * (a[1:] - a[0]) + A * tilt
    np.testing.assert_allclose(found, expected, rtol=0.0, atol=0.005 * np.abs(own).max())


@pytest.mark.parametrize("inclination", [0.3, 0.93, 1.2, INCLINATION])
@pytest.mark.parametrize("eccentricity", [1e-3, 4e-3])
def test_j2_drift_is_that_of_sgp4s_rates(inclination: float, eccentricity: float) -> None:
    """The sgp4 package's secular rates; their J2² and J4 add up to 1 % of the equatorial drift."""
    pair = constellation.explicit(["o", "x"], A, [0.0, eccentricity], inclination, 0.0, 0.0, 0.0)
    rates = [
        (sat.mdot + sat.argpdot + np.cos(inclination) * sat.nodedot) / 60.0
        for sat in (satrec(pair, 0), satrec(pair, 1))
    ]
    found = formation_keeping.j2_drift(A, inclination, eccentricity**2)
    largest = formation_keeping.j2_drift(A, 0.0, eccentricity**2)
    assert found == pytest.approx(A * (rates[1] - rates[0]), abs=0.01 * largest)


def test_a_burn_of_a_third_of_the_drift_stops_it() -> None:
    """What `station_keeping` counts, flown in the full J2 field."""
    reference = chief(NODE)
    states = hill_states(reference, 1000.0)
    moving = drift(states, reference)
    still = drift(faster(states, moving / 3.0), reference)
    assert np.abs(still).max() < 0.005 * np.abs(moving).max()


@pytest.mark.parametrize("direction", [0.0, 2.0])
def test_sunlight_turns_the_eccentricity_as_a_steady_push_does(direction: float) -> None:
    """1.5·f/v a second across the push, flown with DOP853; a tangential burn δv makes 2δv/v."""
    push = 1e-4 * np.array([np.cos(direction), np.sin(direction)])

    def pushed(_: float, state: np.ndarray) -> np.ndarray:
        r = state[:2]
        return np.concatenate((state[2:], push - SGP4_MU * r / np.linalg.norm(r) ** 3))

    seconds, speed = 3.0 * PERIOD, A * MOTION
    start = np.array([A, 0.0, 0.0, speed])
    x, y, u, v = solve_ivp(pushed, (0.0, seconds), start, method="DOP853", rtol=1e-12, atol=1e-9).y[
        :, -1
    ]
    momentum = x * v - y * u
    eccentricity = np.hypot(
        momentum * v / SGP4_MU - x / np.hypot(x, y), -momentum * u / SGP4_MU - y / np.hypot(x, y)
    )
    burnt = speed * eccentricity / 2.0
    area_to_mass = np.linalg.norm(push) / (1361.0 / 299_792_458.0)
    found = formation_keeping.sunlight_delta_v(area_to_mass, 1.0, 1.0) * seconds / JULIAN_YEAR
    assert found == pytest.approx(burnt, rel=0.002)


def test_sunlight_on_a_black_plate_at_1_au() -> None:
    """4.54e-6 N/m² (Vallado 2013, 8.6.4: 4.57e-6 at 1367 W/m²)."""
    found = formation_keeping.sunlight_delta_v(1.0, 1.0, 1.0) / 0.75 / JULIAN_YEAR
    assert found == pytest.approx(4.57e-6 * 1361.0 / 1367.0, rel=0.003)


def test_j2_costs_less_than_published_at_every_size() -> None:
    """Suncatcher, arXiv 2511.19468: under 3 m/s a year for each kilometre of distance."""
    reach = np.array([1e3, 5e3, 20e3])
    kept = formation_keeping.station_keeping(A, INCLINATION, reach, **SURFACE)
    assert np.all(kept.j2 < 3.0 * reach / 1e3)
    assert np.all(kept.j2 > 0.0)


def test_satellites_that_are_alike_at_one_place_burn_nothing() -> None:
    kept = formation_keeping.station_keeping(A, INCLINATION, 0.0, **{**SURFACE, "unlikeness": 0.0})
    assert kept == (0.0, 0.0, 0.0, 0.0)


def test_station_keeping_burns_sgp4s_drift_away() -> None:
    """50 km out, beside a frozen reference : SGP4's rates, a third."""
    reach = 50e3
    pair = constellation.explicit(
        ["o", "x"], A, [FROZEN, FROZEN + reach / 2.0 / A], INCLINATION, 0.0, 0.0, 0.0
    )
    first, second = (
        (sat.mdot + sat.argpdot + np.cos(INCLINATION) * sat.nodedot) / 60.0
        for sat in (satrec(pair, 0), satrec(pair, 1))
    )
    kept = formation_keeping.station_keeping(A, INCLINATION, reach, **SURFACE)
    expected = abs(second - first) * A / 3.0 * JULIAN_YEAR / PERIOD
    assert kept.j2 == pytest.approx(expected, rel=0.01)
    assert kept.differential_drag == pytest.approx(0.42, rel=1e-12)
    assert kept.differential_sunlight == pytest.approx(0.035, rel=1e-12)
    assert kept.total == pytest.approx(sum(kept[:3]), rel=1e-15)


def test_the_frozen_eccentricity_is_where_sgp4_rests_the_perigee() -> None:
    """Half the swing of the distance from Earth's centre that SGP4 gives a round orbit."""
    sat = satrec(constellation.explicit(["o"], A, 0.0, INCLINATION, 0.0, 0.0, 0.0))
    minutes = np.linspace(0.0, PERIOD / 60.0, 400)
    distance = np.array([np.linalg.norm(sat.sgp4_tsince(each)[1]) for each in minutes]) * 1e3
    swing = 2.0 * np.abs(np.fft.rfft(distance[:-1])[1]) / 399.0
    assert swing / A == pytest.approx(FROZEN, rel=0.01)


@given(st.floats(0.0, 1e5), st.floats(1.0, 3.0), st.floats(0.0, 0.3), st.floats(0.0, np.pi))
def test_station_keeping_grows_with_distance_and_difference(
    reach: float, times: float, difference: float, inclination: float
) -> None:
    def kept(reach: float, difference: float) -> formation_keeping.StationKeeping:
        surface = {**SURFACE, "unlikeness": difference}
        return formation_keeping.station_keeping(A, inclination, reach, **surface)

    small, large = kept(reach, difference), kept(times * reach, times * difference)
    assert large.j2 >= small.j2
    assert large.differential_drag == pytest.approx(times * small.differential_drag)
    assert large.differential_sunlight == pytest.approx(times * small.differential_sunlight)


@pytest.mark.parametrize("name", ["drag", "sunlight", "unlikeness"])
@pytest.mark.parametrize("value", [-1.0, np.nan])
def test_nothing_may_be_negative(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{name} = (-1|nan): must be 0 or more"):
        formation_keeping.station_keeping(A, INCLINATION, 1e3, **{**SURFACE, name: value})
