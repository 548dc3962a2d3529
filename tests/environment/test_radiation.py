"""AP8 and AE8 from tables against IRBEM along a track, and what the anomaly is known for."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dawndusk.environment import cosmic, radiation, upsets
from dawndusk.environment.radiation import MEV

RADIUS = 7_028_137.0
INCLINATION = math.radians(97.99)
CM2 = 1e4


def of_irbem() -> np.ndarray:
    file = Path(__file__).parents[1] / "reference" / "trapped_650km.csv"
    return np.genfromtxt(file, delimiter=",", names=True)


def positions(track: np.ndarray) -> np.ndarray:
    return 1e3 * np.stack([track["x_km"], track["y_km"], track["z_km"]], axis=1)


CASES = [
    ("p_min", "proton", 0.0, 10.0, 72.6),
    ("p_max", "proton", 1.0, 10.0, 52.8),
    ("e_min", "electron", 0.0, 1.0, 2_203.0),
    ("e_max", "electron", 1.0, 1.0, 3_890.0),
]


@pytest.mark.parametrize(("column", "particle", "activity", "energy", "published"), CASES)
def test_day_along_a_track(column, particle, activity, energy, published) -> None:
    # published: day means at 650 km sun-synchronous; the track is one of those that give them
    track = of_irbem()
    flux = radiation.spectrum(positions(track), particle, activity)
    flux = radiation.above(flux, energy * MEV, particle) / CM2
    assert flux.mean() == pytest.approx(track[column].mean(), rel=1e-3)
    assert flux.mean() == pytest.approx(published, rel=0.01)
    assert np.abs(flux - track[column]).max() < 0.02 * track[column].max()
    assert np.corrcoef(flux, track[column])[0, 1] > 0.9999


def test_shells_along_a_track() -> None:
    track = of_irbem()
    length, ratio = radiation.shell(positions(track))
    near = (track["shell"] > 0.0) & (track["shell"] < 8.0)
    assert length[near] == pytest.approx(track["shell"][near], rel=1e-3)
    assert ratio[near] == pytest.approx(track["ratio"][near], rel=4e-3)


def test_mean_over_all_longitudes_is_the_mean_of_many_days() -> None:
    mean = radiation.orbit_mean(RADIUS, INCLINATION, "proton")
    rng = np.random.default_rng(4)
    argument, node = rng.uniform(0.0, 2.0 * math.pi, (2, 200_000))
    x, y = np.cos(argument), math.cos(INCLINATION) * np.sin(argument)
    place = RADIUS * np.stack(
        [
            x * np.cos(node) - y * np.sin(node),
            x * np.sin(node) + y * np.cos(node),
            math.sin(INCLINATION) * np.sin(argument),
        ],
        axis=1,
    )
    drawn = radiation.spectrum(place, "proton")
    error = 4.0 * drawn.std(axis=0) / math.sqrt(len(place))
    assert np.all(np.abs(drawn.mean(axis=0) - mean) < error)


def day(step: float = 20.0) -> tuple[np.ndarray, np.ndarray]:
    """One day at 650 km; second result: number of the orbit."""
    t = np.arange(0.0, 86_400.0, step)
    u = math.sqrt(3.986004418e14 / RADIUS**3) * t
    latitude = np.arcsin(math.sin(INCLINATION) * np.sin(u))
    longitude = np.arctan2(math.cos(INCLINATION) * np.sin(u), np.cos(u)) - 7.2722e-5 * t
    place = np.stack(
        [
            np.cos(latitude) * np.cos(longitude),
            np.cos(latitude) * np.sin(longitude),
            np.sin(latitude),
        ],
        axis=1,
    )
    return RADIUS * place, (u // (2.0 * math.pi)).astype(int)


def test_nine_of_fifteen_orbits_cross_the_anomaly() -> None:
    # published: 9 of 15 daily orbits cross it
    place, orbit = day()
    assert len(set(orbit[radiation.in_anomaly(place)].tolist())) == 9


@pytest.mark.parametrize("activity", [0.0, 1.0])
def test_most_upsets_fall_in_the_anomaly(activity: float) -> None:
    # published: 80 to 97 %; protons through 10 mm of aluminium, trapped and cosmic
    place, _ = day()
    energy = upsets.arrival_energy(0.010)
    trapped = radiation.above(radiation.spectrum(place, "proton", activity), energy, "proton")
    length, _ = radiation.shell(place)
    cutoff = np.maximum(cosmic.cutoff_energy(length), energy)
    rates = trapped + cosmic.cosmic_flux(cutoff, activity)
    inside = radiation.in_anomaly(place, activity)
    assert 0.80 < rates[inside].sum() / rates.sum() < 0.97
    assert inside.mean() < 0.15


def test_anomaly_lies_over_the_south_atlantic() -> None:
    latitude, longitude = np.meshgrid(
        np.radians(np.arange(-85.0, 86.0, 5.0)), np.radians(np.arange(-180.0, 180.0, 5.0))
    )
    place = RADIUS * np.stack(
        [
            np.cos(latitude) * np.cos(longitude),
            np.cos(latitude) * np.sin(longitude),
            np.sin(latitude),
        ],
        axis=-1,
    ).reshape(-1, 3)
    flux = radiation.above(radiation.spectrum(place, "proton"), 10.0 * MEV, "proton")
    peak = int(flux.argmax())
    assert -40.0 <= math.degrees(latitude.flat[peak]) <= -20.0
    assert -60.0 <= math.degrees(longitude.flat[peak]) <= -20.0


def test_over_the_poles_nothing_is_trapped() -> None:
    for pole in (-RADIUS, RADIUS):
        assert not radiation.spectrum([[0.0, 0.0, pole]], "electron", 0.5).any()


@settings(max_examples=50)
@given(
    st.floats(-1.0, 1.0),
    st.floats(-math.pi, math.pi),
    st.floats(6_700e3, 8_400e3),
    st.floats(0.0, 1.0),
    st.sampled_from(["proton", "electron"]),
)
def test_spectra_fall_with_energy(sine, longitude, radius, activity, particle) -> None:
    flat = math.sqrt(1.0 - sine * sine)
    place = [
        [flat * math.cos(longitude) * radius, flat * math.sin(longitude) * radius, sine * radius]
    ]
    flux = radiation.spectrum(place, particle, activity)
    assert np.all(flux >= 0.0)
    assert np.all(np.diff(flux) <= 2e-3 * flux[:, :-1] + 1e-6)
    quiet = radiation.spectrum(place, particle, 0.0)
    busy = radiation.spectrum(place, particle, 1.0)
    assert flux == pytest.approx((1.0 - activity) * quiet + activity * busy, rel=1e-12)


def test_between_energies_and_beyond_the_last() -> None:
    known = radiation.energies("proton")
    flux = np.exp(-known / (30.0 * MEV))
    wanted = np.array([known[0], 37.0 * MEV, known[-1], 2.0 * known[-1]])
    expected = np.exp(-wanted / (30.0 * MEV))
    assert radiation.above(flux, wanted, "proton") == pytest.approx(expected, rel=1e-12)


def test_wrong_input_names_the_valid_range() -> None:
    with pytest.raises(ValueError, match=r"100 km above the mean sphere; allowed: 250 to 2100 km"):
        radiation.spectrum([[6_471.2e3, 0.0, 0.0]], "proton")
    with pytest.raises(ValueError, match="allowed: 250 to 2100 km"):
        radiation.shell([[42_164e3, 0.0, 0.0]])
    with pytest.raises(ValueError, match="allowed: 0 to 1"):
        radiation.spectrum([[7e6, 0.0, 0.0]], "proton", 1.5)
    with pytest.raises(ValueError, match=r"shape \(3,\); allowed: \(n, 3\)"):
        radiation.shell([7e6, 0.0, 0.0])
    with pytest.raises(ValueError, match="at least 2 MeV for a proton"):
        radiation.above(np.ones(radiation.energies("proton").size), 0.1 * MEV, "proton")


def test_twenty_thousand_places_take_no_time() -> None:
    import time

    place = np.tile(positions(of_irbem()), (14, 1))
    radiation.spectrum(place[:10], "proton")
    start = time.perf_counter()
    radiation.spectrum(place, "proton")
    assert time.perf_counter() - start < 0.5
