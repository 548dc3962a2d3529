"""Generators against the sgp4 package, published constellations and ERFA's Sun."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import erfa
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sgp4.api import WGS72, Satrec

from dawndusk.constants import DAY, SGP4_MU, SGP4_RADIUS
from dawndusk.elements import Elements
from dawndusk.orbit import constellation

START = datetime(2026, 3, 20, 14, 46, tzinfo=UTC)
TURN = 2.0 * np.pi


def satrec(elements: Elements, k: int = 0) -> Satrec:
    """Satellite k in the sgp4 package, without drag."""
    sat = Satrec()
    sat.sgp4init(
        WGS72,
        "i",
        1,
        27837.0,
        0.0,
        0.0,
        0.0,
        elements.eccentricity[k],
        elements.argument_of_perigee[k],
        elements.inclination[k],
        elements.mean_anomaly[k],
        elements.mean_motion[k] * 60.0,
        elements.node[k],
    )
    return sat


def one(semi_major_axis: float, eccentricity: float = 0.0, inclination: float = 1.0) -> Elements:
    return constellation.explicit(["x"], semi_major_axis, eccentricity, inclination, 0.0, 0.0, 0.0)


def sun_direction(date: datetime) -> np.ndarray:
    """Unit vector to the true Sun in the true equator and equinox of date, by ERFA."""
    day = (date - constellation.J2000).total_seconds() / DAY
    earth, _ = erfa.epv00(2451545.0, day)
    sun = erfa.pnm06a(2451545.0, day) @ -earth["p"]
    return sun / np.linalg.norm(sun)


@given(
    st.floats(6.6e6, 1.2e7),
    st.floats(0.0, 1.0),
    st.floats(0.0, np.pi),
)
def test_sgp4_recovers_the_declared_semi_major_axis(
    semi_major_axis: float, share: float, inclination: float
) -> None:
    eccentricity = share * (1.0 - (SGP4_RADIUS + 101e3) / semi_major_axis)
    sat = satrec(one(semi_major_axis, eccentricity, inclination))
    assert sat.error == 0
    assert sat.a * SGP4_RADIUS == pytest.approx(semi_major_axis, rel=1e-12)


def test_kozai_correction_vanishes_where_j2_has_no_radial_share() -> None:
    inclination = np.arccos(np.sqrt(1.0 / 3.0))
    motion = constellation.kozai_mean_motion(7e6, 0.0, inclination)
    assert motion == pytest.approx(np.sqrt(398600.8e9 / 7e6**3), rel=1e-15)


@pytest.mark.parametrize(
    ("altitude", "expected"), [(500e3, 97.402), (650e3, 97.986), (1e6, 99.479), (2e6, 104.890)]
)
def test_sun_synchronous_inclination_is_the_published_one(altitude: float, expected: float) -> None:
    """Schedule S of SAT-LOA-20260108-00016 gives 97.4, 99.5 and 104.9° at 500/1000/2000 km."""
    inclination = np.degrees(constellation.sun_synchronous_inclination(altitude))
    assert inclination == pytest.approx(expected, abs=0.005)


@pytest.mark.parametrize(
    ("altitude", "drift"), [(500e3, -1.162), (650e3, -1.104), (1e6, -0.976), (2e6, -0.661)]
)
def test_the_node_in_sgp4_falls_behind_the_sun_as_documented(altitude: float, drift: float) -> None:
    elements = constellation.sun_synchronous(altitude, "18:00", START, 1)
    rate = satrec(elements).nodedot / 60.0
    per_year = np.degrees((rate - TURN / constellation.TROPICAL_YEAR) * 365.25 * DAY)
    assert per_year == pytest.approx(drift, abs=0.002)


@given(st.floats(200e3, 5.8e6))
def test_sun_synchronous_inclination_grows_with_altitude(altitude: float) -> None:
    low = constellation.sun_synchronous_inclination(altitude)
    high = constellation.sun_synchronous_inclination(altitude + 1e3)
    assert np.pi / 2.0 < low < high < np.pi


def test_no_sun_synchronous_orbit_very_high() -> None:
    assert constellation.sun_synchronous_inclination(5.96e6) < np.pi
    with pytest.raises(ValueError, match=r"altitude 6000 km: no orbit is sun-synchronous so high"):
        constellation.sun_synchronous_inclination(6e6)


def test_mean_sun_leads_and_trails_the_true_sun_by_the_equation_of_time() -> None:
    """Extremes −14 min 15 s on 11 February, +16 min 25 s on 3 November (Meeus, ch. 28)."""
    days = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=d) for d in range(365)]
    minutes = []
    for day in days:
        x, y, _ = sun_direction(day)
        lead = constellation.mean_sun_right_ascension(day) - np.arctan2(y, x)
        minutes.append(np.degrees((lead + np.pi) % TURN - np.pi) * 4.0)
    assert min(minutes) == pytest.approx(-14.25, abs=0.05)
    assert max(minutes) == pytest.approx(16.42, abs=0.05)
    assert (days[int(np.argmin(minutes))].month, days[int(np.argmax(minutes))].month) == (2, 11)
    assert np.mean(minutes) == pytest.approx(0.0, abs=0.05)


@pytest.mark.parametrize(("local_time", "sign"), [("18:00", 1.0), ("06:00:00", -1.0)])
def test_dawn_dusk_planes_face_the_sun_all_year(local_time: str, sign: float) -> None:
    """The plane's normal stays within declination + |i − 90°| + equation of time of the Sun."""
    for month in range(1, 13):
        date = datetime(2026, month, 21, 9, 30, tzinfo=UTC)
        elements = constellation.sun_synchronous(650e3, local_time, date, 1)
        i, node = elements.inclination[0], elements.node[0]
        normal = np.array([np.sin(i) * np.sin(node), -np.sin(i) * np.cos(node), np.cos(i)])
        beta = np.degrees(np.arcsin(normal @ sun_direction(date)))
        assert sign * beta > 90.0 - 23.45 - 7.99 - 0.2
    equinox = constellation.sun_synchronous(650e3, local_time, START, 1)
    assert satrec(equinox).error == 0


def test_noon_orbit_stands_edge_on_to_the_sun() -> None:
    """Equation of time −7.4 min on 20 March 2026: 1.85° from β = 0."""
    node = constellation.node_at_local_time("12:00", START)
    x, y, _ = sun_direction(START)
    offset = (node - np.arctan2(y, x) + np.pi) % TURN - np.pi
    assert np.degrees(offset) == pytest.approx(-1.85, abs=0.02)


@pytest.mark.parametrize(
    ("local_time", "degrees"),
    [("12:00", 0.0), ("6:30", -82.5), ("22:30", 157.5), ("18:00:40", 90.0 + 1.0 / 6.0)],
)
def test_an_hour_of_local_time_is_fifteen_degrees(local_time: str, degrees: float) -> None:
    noon = constellation.mean_sun_right_ascension(START)
    offset = constellation.node_at_local_time(local_time, START) - noon - np.radians(degrees)
    assert np.cos(offset) == pytest.approx(1.0, abs=1e-14)


@pytest.mark.parametrize("text", ["24:00", "18:60", "18", "6 pm", "-6:00", "18:00:60", ""])
def test_local_time_must_be_a_time_of_day(text: str) -> None:
    with pytest.raises(ValueError, match=r'is not a time of day; write "HH:MM"'):
        constellation.node_at_local_time(text, START)


def test_a_start_without_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        constellation.sun_synchronous(650e3, "18:00", datetime(2026, 1, 1), 1)


@given(st.data())
def test_walker_patterns_are_uniform(data: st.DataObject) -> None:
    planes = data.draw(st.integers(1, 40))
    per_plane = data.draw(st.integers(1, 30))
    phasing = data.draw(st.integers(0, planes - 1))
    first_node = data.draw(st.floats(0.0, 6.28))
    delta = data.draw(st.booleans())
    generator = constellation.walker_delta if delta else constellation.walker_star
    n = planes * per_plane
    elements = generator(550e3, 0.925, n, planes, phasing, first_node)
    assert len(elements) == n == len(set(elements.names))
    spread = TURN if delta else np.pi
    node = elements.node.reshape(planes, per_plane)
    anomaly = elements.mean_anomaly.reshape(planes, per_plane)

    def apart(angles: np.ndarray, expected: float) -> None:
        np.testing.assert_allclose((angles - expected + np.pi) % TURN - np.pi, 0.0, atol=1e-11)

    apart(node[0], first_node)
    apart(np.diff(node, axis=0), spread / planes)
    apart(np.diff(node, axis=1), 0.0)
    apart(np.diff(anomaly, axis=1), TURN / per_plane)
    apart(np.diff(anomaly, axis=0), TURN * phasing / n)
    assert np.all(elements.eccentricity == 0.0)
    assert np.all(elements.epoch == 0.0)


def test_galileo_is_walker_56_24_3_1() -> None:
    """Galileo reference constellation 24/3/1: planes 120° apart, in-plane 45°, phase 15°.

    European GNSS Service Centre, constellation information. Its own altitude is deep
    space, so the pattern is laid at 1,200 km here.
    """
    galileo = constellation.walker_delta(1.2e6, np.radians(56.0), 24, 3, 1)
    assert np.degrees(galileo.node[8]) == pytest.approx(120.0)
    assert np.degrees(galileo.mean_anomaly[1]) == pytest.approx(45.0)
    assert np.degrees(galileo.mean_anomaly[8]) == pytest.approx(15.0)


def test_walker_delta_closes_on_itself() -> None:
    """Stepping over all planes adds f whole slots, so the pattern has no seam."""
    elements = constellation.walker_delta(550e3, 0.9, 1584, 72, 17)
    seam = elements.mean_anomaly[0] + TURN * 17 * 72 / 1584
    slots = elements.mean_anomaly[:22]
    assert np.min(np.abs((slots - seam + np.pi) % TURN - np.pi)) < 1e-9


def test_sun_synchronous_planes_and_slots() -> None:
    elements = constellation.sun_synchronous(575e3, "18:00", START, 12, 2, np.pi, 0.1)
    assert elements.node[6] - elements.node[0] == pytest.approx(np.pi)
    np.testing.assert_allclose(elements.mean_anomaly[:6], 0.1 + TURN * np.arange(6) / 6)
    np.testing.assert_array_equal(elements.mean_anomaly[:6], elements.mean_anomaly[6:])


def test_planes_stacked_in_altitude_are_each_sun_synchronous() -> None:
    """Schedule S of SAT-LOA-20260108-00016: 97.4, 99.5 and 104.9° at 500, 1,000 and 2,000 km."""
    elements = constellation.sun_synchronous(500e3, "18:00", START, 8, 4, plane_rise=500e3)
    tilts = np.degrees(elements.inclination[::2])
    assert tilts[[0, 1, 3]] == pytest.approx([97.402, 99.479, 104.890], abs=0.005)
    np.testing.assert_array_equal(elements.inclination[::2], elements.inclination[1::2])
    for k, height in enumerate((500e3, 1e6, 1.5e6, 2e6)):
        alone = constellation.sun_synchronous(height, "18:00", START, 2)
        assert elements.mean_motion[2 * k] == alone.mean_motion[0]
        assert elements.node[2 * k] == alone.node[0]


def test_a_generated_orbit_is_frozen_with_the_documented_swing_of_radius() -> None:
    sat = satrec(constellation.sun_synchronous(650e3, "18:00", START, 1))
    period = TURN / sat.mdot

    def radius(day: float) -> np.ndarray:
        minutes = day * 1440.0 + np.linspace(0.0, period, 400)
        whole = np.full(400, sat.jdsatepoch)
        _, r, _ = sat.sgp4_array(whole, sat.jdsatepochF + minutes / 1440.0)
        return np.linalg.norm(r, axis=1) * 1e3

    first, later = radius(0.0), radius(100.0)
    swing = (np.ptp(first) / 2.0, np.ptp(later) / 2.0)
    assert swing[0] == pytest.approx(8e3, abs=1e3)
    assert swing[1] == pytest.approx(swing[0], abs=50.0)
    assert np.mean(first) == pytest.approx(SGP4_RADIUS + 650e3, abs=10e3)


@pytest.mark.parametrize(
    ("satellites", "planes", "suggested"), [(10, 3, 9), (2, 5, 5), (0, 1, 1), (4, 0, 4), (7, -1, 7)]
)
def test_satellites_must_divide_into_planes(satellites: int, planes: int, suggested: int) -> None:
    message = rf"satellites = {satellites} does not divide into planes = {planes};.* {suggested}$"
    with pytest.raises(ValueError, match=message):
        constellation.walker_delta(550e3, 0.9, satellites, planes, 0)
    with pytest.raises(ValueError, match=message):
        constellation.sun_synchronous(550e3, "18:00", START, satellites, planes)


@pytest.mark.parametrize("phasing", [-1, 6])
def test_phasing_must_lie_below_planes(phasing: int) -> None:
    with pytest.raises(ValueError, match=rf"phasing = {phasing}: .* from 0 to 5"):
        constellation.walker_star(780e3, 1.508, 66, 6, phasing)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"semi_major_axis": SGP4_RADIUS + 99e3}, r"b: perigee altitude \[km\] = 99, .* 100"),
        ({"semi_major_axis": 8e6, "eccentricity": 0.2}, r"b: perigee altitude"),
        ({"semi_major_axis": 1.3e7}, r"b: semi-major axis \[km\] = 13000, .* 225 min"),
        ({"eccentricity": 1.0}, r"b: eccentricity = 1, must be at least 0"),
        ({"eccentricity": float("nan")}, r"b: eccentricity = nan"),
        ({"inclination": 3.2}, r"b: inclination \[deg\] = 183"),
    ],
)
def test_impossible_orbits_are_named(change: dict[str, float], message: str) -> None:
    second = {"semi_major_axis": 7e6, "eccentricity": 0.0, "inclination": 1.0, **change}
    with pytest.raises(ValueError, match="satellite " + message):
        constellation.explicit(
            ["a", "b"],
            [7e6, second["semi_major_axis"]],
            [0.0, second["eccentricity"]],
            [1.0, second["inclination"]],
            0.0,
            0.0,
            0.0,
        )


@given(st.floats(0.0, np.pi), st.floats(0.01, 5e3))
def test_deep_space_begins_where_sgp4_lets_it_begin(inclination: float, margin: float) -> None:
    border = float(np.cbrt(SGP4_MU * (225.0 * 60.0 / TURN) ** 2))
    assert satrec(one(border - margin, 0.0, inclination)).method == "n"
    with pytest.raises(ValueError, match="225 min"):
        one(border + margin, 0.0, inclination)
    beyond = replace(
        one(7e6, 0.0, inclination),
        mean_motion=constellation.kozai_mean_motion([border + margin], 0.0, inclination),
    )
    assert satrec(beyond).method == "d"


def test_explicit_keeps_order_and_refuses_repeated_names() -> None:
    elements = constellation.explicit(["a", "b"], 7e6, 0.001, 1.0, [0.1, 7.0], 0.2, [-0.3, 0.4])
    np.testing.assert_allclose(elements.node, [0.1, 7.0 - TURN])
    np.testing.assert_allclose(elements.mean_anomaly, [TURN - 0.3, 0.4])
    with pytest.raises(ValueError, match='name "a" is given twice'):
        constellation.explicit(["a", "b", "a"], 7e6, 0.0, 1.0, 0.0, 0.0, 0.0)


def test_a_cluster_shares_plane_and_semi_major_axis() -> None:
    elements = constellation.cluster(
        650e3, "18:00", START, [1e-5, 7e-5, 3e-5], [0.0, 1.0, 4.0], [0.0, -1.0, 2.0]
    )
    alone = constellation.sun_synchronous(650e3, "18:00", START, 1)
    assert len(set(elements.node)) == len(set(elements.inclination)) == 1
    assert (elements.node[0], elements.inclination[0]) == (alone.node[0], alone.inclination[0])
    for k in range(3):
        assert satrec(elements, k).a * SGP4_RADIUS == pytest.approx(SGP4_RADIUS + 650e3, rel=1e-15)
