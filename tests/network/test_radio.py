"""Radio links against the ITU's validation examples and a filed link budget."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import constants

from dawndusk.network import radio
from dawndusk.network.radio import Radio

MM_PER_HOUR = 1e-3 / 3600.0

KA = Radio(
    max_rate=math.inf,
    max_range=3e6,
    frequency=20e9,
    bandwidth=400e6,
    power=1e3,
    sensitivity=10**1.59,
    noise=200.0,
    transmission=10**-0.08,
)

# ITU-R, Study Group 3, validation examples CG-3M3J-13-ValEx rev. 5.1, sheet P.618-13 A_Rain:
# latitude [deg], height [km], elevation [deg], tilt [deg], rain rate [mm/h], slant path [km]
SITES = {
    "London": (51.5, 0.031382984, 31.07699124, 0, 26.48052, 4.690817392),
    "Rome": (41.9, 0.046122988, 40.232036, 0, 33.936232, 4.646913874),
    "33.94 N": (33.94, 0.0, 46.35969261, 0, 27.13586832, 3.542006965),
    "Rio": (22.9, 0.0, 22.27833468, 0, 50.639304, 10.96995451),
    "Miami": (25.78, 0.00861728, 52.67898486, 0, 78.2994993, 5.735098894),
    "Delhi": (28.717, 0.209383699, 48.24117054, 90, 63.61888808, 6.768266217),
    "Kuala Lumpur": (3.133, 0.051251456, 85.80459566, 90, 99.15117186, 4.91990658),
    "Addis Ababa": (9.05, 2.539861878, 20.14335809, 90, 42.91007183, 6.516372436),
}
EXCEEDED = (1.0, 0.1, 0.01, 0.001)  # [% of the year]
ATTENUATION = {  # [dB]
    ("London", 14.25): (0.495317069, 2.185847422, 6.798072267, 14.89982248),
    ("Rome", 14.25): (0.623263001, 2.696765133, 8.223265009, 17.67155766),
    ("33.94 N", 14.25): (0.421017025, 1.913387572, 5.941806096, 12.98151687),
    ("Rio", 14.25): (1.706901281, 8.271647438, 18.94410356, 29.91171296),
    ("Miami", 14.25): (1.437312523, 6.297247244, 16.42980703, 29.9309477),
    ("Delhi", 14.25): (1.274463613, 5.486346969, 14.87213733, 28.23603149),
    ("Kuala Lumpur", 14.25): (2.001026654, 11.00145492, 21.61057916, 28.81950409),
    ("Addis Ababa", 14.25): (1.012353973, 5.881071312, 12.28976033, 17.44199306),
    ("London", 29.0): (2.207786043, 8.570058374, 23.44444523, 45.19865638),
    ("Rome", 29.0): (2.823465634, 10.73100773, 28.74272193, 54.25561152),
    ("33.94 N", 29.0): (1.960636113, 7.808322508, 21.24861968, 40.68133016),
    ("Rio", 29.0): (6.813368079, 29.31896844, 59.62576355, 83.5996391),
    ("Miami", 29.0): (6.654855651, 25.56295492, 58.47438336, 93.39562548),
    ("Delhi", 29.0): (5.887821871, 22.22622902, 52.83372062, 87.96233699),
    ("Kuala Lumpur", 29.0): (10.2131477, 48.81996807, 83.37856227, 96.67521082),
    ("Addis Ababa", 29.0): (3.70158394, 19.23910378, 35.97037673, 45.67419098),
}


def decibel(ratio: float) -> float:
    return 10.0 * math.log10(ratio)


def attenuation(
    elevation: float,
    rain_rate: float = 30.0,
    latitude: float = 45.0,
    depth: float = 3e3,
    exceeded: float = 1e-4,
    frequency: float = 20e9,
) -> float:
    found = radio.rain_attenuation(
        frequency,
        np.array(math.radians(elevation)),
        np.array(rain_rate * MM_PER_HOUR),
        np.array(math.radians(latitude)),
        np.array(0.0),
        np.array(depth),
        np.array(exceeded),
    )
    return float(found)


# rain


@pytest.mark.parametrize(("site", "gigahertz"), ATTENUATION)
def test_rain_on_the_validation_paths_of_the_itu(site: str, gigahertz: float) -> None:
    latitude, height, elevation, tilt, rain_rate, slant = SITES[site]
    found = radio.rain_attenuation(
        gigahertz * 1e9,
        np.array(math.radians(elevation)),
        np.array(rain_rate * MM_PER_HOUR),
        np.array(math.radians(latitude)),
        np.array(1e3 * height),
        np.array(1e3 * (height + slant * math.sin(math.radians(elevation)))),
        np.array(EXCEEDED) / 100.0,
        math.radians(tilt),
    )
    np.testing.assert_allclose(found, ATTENUATION[site, gigahertz], rtol=3e-9)


# same workbook, sheet P.838-3 Sp.Att: GHz, elevation [deg], tilt [deg], k, α
@pytest.mark.parametrize(
    ("gigahertz", "elevation", "tilt", "k", "power"),
    [
        (14.25, 31.07699124, 0, 0.03975488, 1.12418043),
        (14.25, 48.24117054, 90, 0.04226474, 1.07871664),
        (29.0, 22.27833468, 0, 0.22168203, 0.95543001),
        (29.0, 20.14335809, 90, 0.21298877, 0.92265917),
    ],
)
def test_specific_attenuation_on_the_validation_paths_of_the_itu(
    gigahertz: float, elevation: float, tilt: float, k: float, power: float
) -> None:
    k_h, power_h, k_v, power_v = radio.specific(gigahertz * 1e9)
    turn = math.cos(math.radians(elevation)) ** 2 * math.cos(math.radians(2 * tilt))
    mixed = 0.5 * (k_h + k_v + (k_h - k_v) * turn)
    assert mixed == pytest.approx(k, abs=6e-9)
    mixed_power = k_h * power_h + k_v * power_v + (k_h * power_h - k_v * power_v) * turn
    assert 0.5 * mixed_power / mixed == pytest.approx(power, abs=6e-9)


# same workbook, sheet P.839-4 Rain_Height: degrees and km
@pytest.mark.parametrize(
    ("latitude", "height"),
    [
        *((3.133, 4.958), (-22.9, 4.159), (23.0, 4.528), (25.78, 4.569)),
        *((28.717, 5.258), (41.9, 3.047), (51.5, 2.453)),
    ],
)
def test_zonal_rain_height_lies_near_the_map(latitude: float, height: float) -> None:
    found = float(radio.rain_height(np.array(math.radians(latitude))))
    assert found == pytest.approx(1e3 * height, abs=700.0)


def test_rain_height_at_its_corners() -> None:
    degrees = np.array([-90.0, -71.0, -46.0, -21.0, 0.0, 23.0, 63.0, 90.0])
    heights = radio.rain_height(np.radians(degrees))
    np.testing.assert_allclose(heights, [0, 0, 2500, 5000, 5000, 5000, 2000, 0], atol=1e-9)


def test_no_rain_no_attenuation() -> None:
    assert attenuation(30.0, rain_rate=0.0) == 0.0
    assert attenuation(30.0, depth=-100.0) == 0.0
    assert attenuation(30.0, exceeded=0.0501) == 0.0
    assert attenuation(30.0, exceeded=0.05) > 0.0
    assert attenuation(30.0, exceeded=0.0) == attenuation(30.0, exceeded=1e-5) > 0.0


# ITU-Rpy 0.4.0, rain_attenuation(lat, lon, 20 GHz, el, hs=0.1, p=p, R001=30, tau=45)
@pytest.mark.parametrize(
    ("latitude", "elevation", "top", "exceeded", "truth"),
    [
        (51.5, 3.0, 2452.733333333334, 1e-4, 48.90574159964037),
        (51.5, 3.0, 2452.733333333334, 3e-3, 10.941986291164396),
        (22.9, 4.0, 4158.7786666666675, 1e-3, 32.20548065719549),
    ],
)
def test_rain_on_paths_below_five_degrees(
    latitude: float, elevation: float, top: float, exceeded: float, truth: float
) -> None:
    found = attenuation(elevation, 30.0, latitude, top - 100.0, exceeded)
    assert found == pytest.approx(truth, rel=1e-9)


def test_the_path_at_five_degrees_is_that_of_a_round_earth() -> None:
    below, above = attenuation(4.9999999), attenuation(5.0)
    assert below == pytest.approx(above, rel=0.02)
    assert below != above
    assert math.isfinite(attenuation(0.0))
    assert math.isfinite(attenuation(90.0))


@given(
    st.floats(5.0, 90.0),
    st.floats(0.1, 150.0),
    st.floats(-70.0, 70.0),
    st.floats(100.0, 5e3),
    st.floats(4e9, 50e9),
)
def test_rarer_rain_attenuates_more(
    elevation: float, rain_rate: float, latitude: float, depth: float, frequency: float
) -> None:
    shares = (0.05, 0.03, 0.01, 1e-3, 1e-4)
    found = [
        attenuation(elevation, rain_rate, latitude, depth, share, frequency) for share in shares
    ]
    assert all(value > 0.0 for value in found)
    assert found[0] <= found[1] <= found[2] <= found[3] <= found[4]


@given(st.floats(0.1, 100.0), st.floats(0.1, 100.0))
def test_heavier_rain_attenuates_more(first: float, second: float) -> None:
    low, high = sorted((first, second))
    assert attenuation(40.0, low) <= attenuation(40.0, high) * (1 + 1e-12)


def test_rain_keeps_the_shape_of_its_arguments() -> None:
    one = np.full(3, 1e-5)
    found = radio.rain_attenuation(
        20e9, np.array([[0.5], [1.0]]), one, 0 * one, 0 * one, 3e3 + one, 100 * one
    )
    assert found.shape == (2, 3)
    assert np.ptp(found[0]) == 0.0
    assert found[0, 0] > found[1, 0]


# clouds


# same workbook, sheets P.840-8 Lred and A_Clouds, 0.3 % of the year:
# elevation [deg], water [kg/m²], attenuation at 14.25 and 29 GHz [dB]
@pytest.mark.parametrize(
    ("elevation", "water", "low", "high"),
    [
        (31.07699124, 1.641289077, 0.59136662, 2.3028307),
        (40.232036, 1.254176128, 0.36114732, 1.40633765),
        (46.35969261, 1.117630129, 0.2872291, 1.11849396),
        (22.27833468, 2.152560931, 1.05602769, 4.11225948),
        (52.67898486, 3.090031167, 0.72266893, 2.81413278),
    ],
)
def test_clouds_on_the_validation_paths_of_the_itu(
    elevation: float, water: float, low: float, high: float
) -> None:
    angle = np.radians([elevation])
    found = [radio.cloud_attenuation(f, angle, water)[0] for f in (14.25e9, 29e9)]
    np.testing.assert_allclose(found, [low, high], rtol=1e-7)


def test_no_cloud_no_attenuation() -> None:
    found = radio.cloud_attenuation(20e9, np.full(3, 0.5), np.array([0.0, 0.5, 1.0]))
    assert found[0] == 0.0
    assert found[2] == pytest.approx(2 * found[1], rel=1e-15)


# signal over noise


def test_free_space_loss_is_that_of_the_itu() -> None:
    # ITU-R P.525-4, equation 4: 32.4 + 20 log10(MHz) + 20 log10(km)
    found = decibel(float(radio.free_space_loss(1e3, 1e6)))
    assert found == pytest.approx(32.4, abs=0.05)
    found = decibel(float(radio.free_space_loss(38_000e3, 12e9)))
    assert found == pytest.approx(32.4478 + 20 * math.log10(12e3 * 38e3), abs=1e-4)


@pytest.mark.parametrize(
    ("gigahertz", "loss", "power", "air", "sensitivity", "ratio", "rounding"),
    [(14.38, 207.3, 68.6, 0.2, 2.4, 24.1, 0.1), (11.33, 205.2, 31.2, 0.1, 31.6, 18.0, 0.1)],
)
def test_a_filed_link_budget(
    gigahertz: float,
    loss: float,
    power: float,
    air: float,
    sensitivity: float,
    ratio: float,
    rounding: float,
) -> None:
    # FCC SAT-PPL-20120717-00117, Schedule S, 6M33G7W: thermal C/N up and down in 6.33 MHz
    distance = 10 ** (loss / 20) * constants.c / (4 * math.pi * gigahertz * 1e9)
    assert 35.7e6 < distance < 41.7e6
    filed = Radio(
        max_rate=math.inf,
        max_range=math.inf,
        frequency=gigahertz * 1e9,
        bandwidth=6.33e6,
        power=10 ** (power / 10),
        sensitivity=10 ** (sensitivity / 10),
    )
    found = decibel(float(radio.signal_over_noise(distance, filed, 10 ** (-air / 10))))
    assert found == pytest.approx(ratio, abs=rounding)


def test_rain_dims_and_warms() -> None:
    clear = radio.signal_over_noise(1e6, KA)
    rainy = radio.signal_over_noise(1e6, KA, 0.5)
    # a receiver of 200 K behind an absorber of 275 K that lets half through
    assert rainy / clear == pytest.approx(0.5 * 200.0 / (200.0 + 0.5 * 275.0), rel=1e-12)
    down = KA._replace(noise=math.inf)
    assert radio.signal_over_noise(1e6, down, 0.5) == pytest.approx(0.5 * clear, rel=1e-12)


# rate


def one(link: Radio, distance: float = 1e6, transmission: float = 1.0) -> float:
    return float(radio.rate(np.array([distance]), link, transmission)[0])


def test_rate_of_one_bit_per_symbol_at_equal_signal_and_noise() -> None:
    loss = float(radio.free_space_loss(1e6, KA.frequency))
    noise = constants.k * KA.bandwidth / KA.sensitivity
    even = KA._replace(power=noise * loss / KA.transmission)
    assert one(even) == pytest.approx(400e6, rel=1e-12)
    assert one(even._replace(streams=2)) == pytest.approx(800e6, rel=1e-12)
    assert one(even._replace(gap=2.0)) == pytest.approx(400e6 * math.log2(1.5), rel=1e-12)


def test_without_bandwidth_limit_a_bit_takes_noise_times_ln_2() -> None:
    wide = KA._replace(bandwidth=1e18)
    received = KA.power * KA.transmission * KA.sensitivity
    received /= float(radio.free_space_loss(1e6, KA.frequency))
    assert one(wide) == pytest.approx(received / (constants.k * math.log(2)), rel=1e-3)


def test_the_modem_bounds_the_rate() -> None:
    assert one(KA._replace(most=0.3)) == pytest.approx(0.3 * 400e6, rel=1e-12)
    assert one(KA._replace(max_rate=1e6)) == 1e6
    assert one(KA, distance=3e6 + 1.0) == 0.0
    efficiency = one(KA) / 400e6
    assert one(KA._replace(least=efficiency * (1 - 1e-9))) > 0.0
    assert one(KA._replace(least=efficiency * (1 + 1e-9))) == 0.0


def test_a_radio_without_physics_is_its_stated_rate() -> None:
    stated = Radio(max_rate=8e8, max_range=2e6)
    rates = radio.rate(np.array([0.0, 2e6, 2.1e6]), stated)
    np.testing.assert_array_equal(rates, [8e8, 8e8, 0.0])
    assert one(stated, transmission=0.0) == 0.0


@given(st.floats(0.0, 4e6), st.floats(0.0, 4e6), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_rate_falls_with_distance_and_attenuation(
    first: float, second: float, dim: float, dimmer: float
) -> None:
    near, far = sorted((first, second))
    low, high = sorted((dim, dimmer))
    link = KA._replace(least=0.4, most=5.0)
    assert one(link, near, high) >= one(link, far, high) >= one(link, far, low) >= 0.0
    assert one(link, near, high) <= 5.0 * 400e6


# errors


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"max_rate": 0.0}, "radio.max_rate: 0; allowed: above 0"),
        ({"sensitivity": math.nan}, "radio.sensitivity: nan; allowed: above 0"),
        ({"transmission": 1.1}, r"radio.transmission: 1.1; allowed: at most 1"),
        ({"gap": 0.9}, r"radio.gap: 0.9; allowed: at least 1"),
        ({"least": 6.0, "most": 5.0}, "radio.least: 6; allowed: 0 to radio.most = 5"),
        ({"streams": 0}, "radio.streams: 0; allowed: above 0"),
    ],
)
def test_a_wrong_radio_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        radio.rate(np.array([1e6]), KA._replace(**change))


def test_noise_of_a_radio_without_physics_is_refused() -> None:
    with pytest.raises(ValueError, match="give the radio its physics"):
        radio.signal_over_noise(1e6, Radio(max_rate=1e9, max_range=1e6))


def test_a_frequency_outside_the_model_is_refused() -> None:
    with pytest.raises(ValueError, match=r"radio.frequency: 9e\+10; allowed: 1e9 to 55e9"):
        attenuation(30.0, frequency=90e9)
    with pytest.raises(ValueError, match=r"radio.frequency: 3e\+11; allowed: 1e9 to 200e9"):
        radio.cloud_attenuation(300e9, np.array([0.5]), 0.5)
