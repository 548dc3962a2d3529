"""Weather against matrix exponentials, a clock that jumps, and closed forms of diversity."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm
from scipy.stats import kstest

from dawndusk.constants import EARTH_MEAN_RADIUS
from dawndusk.network import radio, weather
from dawndusk.network.weather import Climate

HOUR = 3600.0


def spread(clear: list[float], seed: int = 1, interval: float = HOUR) -> Climate:
    """Sites along the equator, 20° (2,200 km) from each other."""
    share = np.array(clear)
    east = np.radians(20.0 * np.arange(share.size))
    return weather.climate(share, 0.0 * east, east, interval, seed, cloud_duration=6 * HOUR)


def skies(climate: Climate, steps: int) -> np.ndarray:
    """Whether each site is cloudy, steps × sites, from step 0 on."""
    now = weather.begin(climate)
    found = [now.cloudy]
    for _ in range(steps - 1):
        now = weather.advance(climate, now)
        found.append(now.cloudy)
    return np.array(found)


# clouds


def test_always_and_never_clear() -> None:
    found = skies(spread([0.0, 1.0, 0.5]), 300)
    assert np.all(found[:, 0])
    assert not np.any(found[:, 1])
    assert 0 < np.sum(found[:, 2]) < 300


def test_the_next_hour_is_a_matrix_exponential() -> None:
    clear = np.array([0.05, 0.6, 0.9])
    climate = spread(list(clear))
    now = weather.begin(climate)
    ahead = np.array([0.0, 600.0, 6 * HOUR, 1e7])
    found = weather.clear_ahead(climate, now, ahead)
    for site, share in enumerate(clear):
        out = 1.0 / (6 * HOUR)
        rates = np.array([[-out * (1 - share) / share, out * (1 - share) / share], [out, -out]])
        for k, time in enumerate(ahead):
            truth = expm(rates * time)[int(now.cloudy[site]), 0]
            assert found[k, site] == pytest.approx(truth, rel=1e-9, abs=1e-12)


def test_long_run_follows_the_matrix_exponential() -> None:
    # share of clear skies and of each change of sky, within four standard deviations
    clear = np.array([0.3, 0.6, 0.9])
    interval, steps = 5 * HOUR, 20_000
    found = skies(spread(list(clear), interval=interval), steps)
    for site, share in enumerate(clear):
        out = 1.0 / (6 * HOUR)
        rates = np.array([[-out * (1 - share) / share, out * (1 - share) / share], [out, -out]])
        change = expm(rates * interval)
        sky = found[:, site]
        memory = change[0, 0] - change[1, 0]
        sigma = math.sqrt(share * (1 - share) * (1 + memory) / (1 - memory) / steps)
        assert np.mean(~sky) == pytest.approx(share, abs=4 * sigma)
        for state in (0, 1):
            before = sky[:-1] == bool(state)
            p = change[state, 0]
            sigma = math.sqrt(p * (1 - p) / np.sum(before))
            assert np.mean(~sky[1:][before]) == pytest.approx(p, abs=4 * sigma)


def test_cloudy_spells_last_as_long_as_told() -> None:
    # a fine clock sees nearly every spell: their mean length, within four standard errors
    found = skies(spread([0.6] * 16, interval=240.0), 8_000)
    lengths = []
    for sky in found.T:
        edges = np.flatnonzero(np.diff(sky.astype(int)))
        lengths.extend(240.0 * np.diff(edges)[sky[edges[:-1] + 1]])
    assert len(lengths) > 400
    # spells that fall between two looks are missed: the seen ones are a little longer
    out = 1 / (6 * HOUR)
    stay = 0.4 + 0.6 * math.exp(-240.0 * (out + out * 0.4 / 0.6))
    expected = 240.0 / (1.0 - stay)
    assert expected == pytest.approx(6 * HOUR, rel=0.01)
    error = expected / math.sqrt(len(lengths))
    assert np.mean(lengths) == pytest.approx(expected, abs=4 * error)


# sites


def test_diversity_of_three_and_four_sites() -> None:
    assert weather.diversity(np.full(3, 0.6)) == pytest.approx(0.936, abs=1e-12)
    assert weather.diversity(np.full(4, 0.6)) == pytest.approx(0.9744, abs=1e-12)
    assert weather.diversity(np.array([0.6, 1.0])) == 1.0
    assert weather.diversity(np.array([])) == 0.0


def test_far_sites_are_as_diverse_as_independent_ones() -> None:
    found = skies(spread([0.6] * 3, interval=48 * HOUR), 20_000)
    served = np.mean(~np.all(found, axis=1))
    sigma = math.sqrt(0.936 * 0.064 / 20_000)
    assert served == pytest.approx(0.936, abs=4 * sigma)


def test_near_sites_share_their_sky() -> None:
    # on the equator 0, 0, 100, 500 and 2,000 km east of the first
    east = np.array([0.0, 0.0, 1e5, 5e5, 2e6]) / EARTH_MEAN_RADIUS
    climate = weather.climate(np.full(5, 0.6), 0 * east, east, HOUR, 3)
    found = skies(climate, 20_000)
    same = np.mean(found == found[:, :1], axis=0)
    assert same[1] == pytest.approx(1.0, abs=1e-3)
    assert same[0] == 1.0 > same[2] > same[3] > same[4]
    alone = 0.6**2 + 0.4**2
    assert same[4] == pytest.approx(alone, abs=0.02)


def test_correlation_is_the_spherical_one() -> None:
    # chords of 0.5, 0.9 and 1.5 correlation distances: 1 - 1.5 h + 0.5 h³, then none
    chords = np.array([0.0, 0.5, 0.9, 1.5]) * 1e6
    east = 2 * np.arcsin(0.5 * chords / EARTH_MEAN_RADIUS)
    climate = weather.climate(np.full(4, 0.6), 0 * east, east, HOUR, 1)
    alike = climate.mixing @ climate.mixing.T
    np.testing.assert_allclose(alike[0], [1.0, 0.3125, 0.0145, 0.0], atol=1e-9)


# rain


def test_rain_is_spread_evenly_and_forgets_exponentially() -> None:
    climate = spread([0.5] * 4, interval=1500.0)
    now = weather.begin(climate)
    shares, deviates = [], []
    for _ in range(10_000):
        now = weather.advance(climate, now)
        shares.append(weather.rain_exceeded(now))
        deviates.append(now.wetness)
    share, deviate = np.array(shares), np.array(deviates)
    # a sample every 50,000 s is independent
    assert kstest(share[::34].ravel(), "uniform").pvalue > 0.01
    for lag in (1, 3, 6):
        found = float(np.mean(deviate[lag:] * deviate[:-lag]))
        assert found == pytest.approx(math.exp(-2e-4 * 1500.0 * lag), abs=0.05)


def test_the_heaviest_rain_is_the_rarest() -> None:
    now = weather.Weather(0, np.zeros(3, bool), np.array([-1.6448536, 0.0, 3.0902323]))
    np.testing.assert_allclose(weather.rain_exceeded(now), [0.95, 0.5, 0.001], rtol=1e-6)


def test_rain_attenuates_as_often_as_the_itu_says() -> None:
    # attenuation exceeded for 1 % and 0.1 % of a year, counted over 16 sites for 15 years
    climate = spread([0.5] * 16, interval=12 * HOUR)
    now = weather.begin(climate)
    one = np.ones(16)

    def attenuation(exceeded: np.ndarray) -> np.ndarray:
        return radio.rain_attenuation(
            20e9, 0.6 * one, 8e-6 * one, 0.7 * one, 0.0 * one, 3e3 * one, exceeded
        )

    limits = [attenuation(share * one)[0] for share in (1e-2, 1e-3)]
    count = np.zeros(2)
    for _ in range(11_000):
        now = weather.advance(climate, now)
        found = attenuation(weather.rain_exceeded(now))
        count += [np.sum(found > limit) for limit in limits]
    for share, times in zip((1e-2, 1e-3), count, strict=True):
        draws = 16 * 11_000
        sigma = math.sqrt(share * (1 - share) / draws)
        assert times / draws == pytest.approx(share, abs=4 * sigma)


# air


def test_air_of_a_low_path() -> None:
    found = weather.air_transmission(0.5, np.radians([90.0, 30.0]))
    np.testing.assert_allclose(found, [0.5, 0.25], rtol=1e-12)


@pytest.mark.parametrize(("elevation", "excess"), [(20.0, 0.007), (10.0, 0.03), (5.0, 0.11)])
def test_air_against_the_air_mass_of_kasten_and_young(elevation: float, excess: float) -> None:
    # Kasten & Young 1989, Applied Optics 28, 4735
    mass = 1 / (math.sin(math.radians(elevation)) + 0.50572 * (elevation + 6.07995) ** -1.6364)
    dimmed = weather.air_transmission(0.9, np.radians([elevation]))[0]
    assert math.log(dimmed) / (mass * math.log(0.9)) == pytest.approx(1 + excess, abs=0.004)


# draws


@settings(max_examples=25)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=6), st.integers(0, 2**63))
def test_the_grouping_of_steps_changes_no_byte(groups: list[int], seed: int) -> None:
    climate = spread([0.5, 0.2, 0.9], seed)
    there = weather.begin(climate)
    for group in groups:
        there = weather.advance(climate, there, group)
    at_once = weather.advance(climate, weather.begin(climate), sum(groups))
    assert there.step == at_once.step == sum(groups)
    assert there.cloudy.tobytes() == at_once.cloudy.tobytes()
    assert there.wetness.tobytes() == at_once.wetness.tobytes()


def test_another_seed_is_another_weather() -> None:
    one, other = (skies(spread([0.5] * 5, seed), 50) for seed in (1, 2))
    assert not np.array_equal(one, other)


def test_a_site_added_at_the_end_leaves_the_others() -> None:
    fewer, more = spread([0.4, 0.5, 0.6]), spread([0.4, 0.5, 0.6, 0.7])
    np.testing.assert_array_equal(skies(fewer, 200), skies(more, 200)[:, :3])


@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.floats(-90, 90), st.floats(-180, 180)), min_size=1, max_size=30),
    st.floats(1e4, 2e7),
)
def test_any_sites_have_a_climate(places: list[tuple[float, float]], distance: float) -> None:
    latitude, longitude = np.radians(np.array(places)).T
    climate = weather.climate(
        np.full(len(places), 0.6), latitude, longitude, HOUR, 1, correlation_distance=distance
    )
    np.testing.assert_allclose(np.sum(climate.mixing**2, axis=1), 1.0, rtol=1e-9)
    assert weather.begin(climate).cloudy.shape == (len(places),)


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=8), st.floats(0.0, 1.0))
def test_another_site_never_hurts(clear: list[float], more: float) -> None:
    few, many = weather.diversity(np.array(clear)), weather.diversity(np.array([*clear, more]))
    assert max(clear) - 1e-12 <= few <= many + 1e-15 <= 1.0 + 1e-15


# errors


def test_wrong_climates_are_refused() -> None:
    with pytest.raises(ValueError, match=r"stations\[1\].clear: 1.2; allowed: 0 to 1"):
        spread([0.5, 1.2])
    with pytest.raises(ValueError, match=r"weather.interval: 0; allowed: above 0"):
        spread([0.5], interval=0.0)
