"""Rates, waits and energies of classes of work, against published and simulated values."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawndusk.constants import EARTH_RADIUS
from dawndusk.workload import classes

SHARES = st.floats(0.001, 0.999)
POWERS = st.floats(1.0, 1e6)


def test_rate_is_peak_over_work():
    """PaLM, app. B: 46.2 % of 312 TFLOP/s on 6 · 540e9 FLOP a token is 44.5 tokens a second."""
    assert classes.compute_rate(6 * 540e9, 0.462, 312e12) == pytest.approx(44.49, rel=1e-3)


def test_links_without_data_carry_any_rate():
    assert classes.carried_rate(0.0, 0.0) == math.inf
    assert classes.carried_rate(1e3, 0.0) == 0.0
    assert classes.carried_rate(2e3, 1e6) == 500.0


@pytest.mark.parametrize(
    ("half", "ninety"), [(86.8, 184.2), (104.8, 222.3), (184.2, 390.7)], ids=("1B", "10B", "100B")
)
def test_exchange_against_published_data_parallel_training(half, ninety):
    """Streaming DiLoCo, arXiv 2501.18512: Gbit/s for 50 and 90 % in steps of 1.207; the share at
    the first is 50 % within one step."""
    assert 0.5 / 1.207 < classes.exchange_share(ninety, half) < 0.5 * 1.207


def test_enough_bandwidth_holds_nothing_up():
    assert classes.exchange_share(1e9, 1e9) == 1.0
    assert classes.exchange_share(0.0, 0.0) == 1.0
    assert classes.exchange_share(4e9, 1e9) == 0.25


@pytest.mark.parametrize(("mask", "published"), [(10.0, 8.0), (0.0, 12.0)])
def test_longest_passes_at_550_km_last_8_to_12_minutes(mask, published):
    """Published range 8–12 min; through the zenith a pass is 4/π times the mean one."""
    zenith = classes.pass_duration(5730.0, 550e3, math.radians(mask)) * 4.0 / math.pi
    assert zenith / 60.0 == pytest.approx(published, rel=0.03)


@pytest.mark.parametrize("mask", [5.0, 25.0])
@pytest.mark.parametrize("altitude", [325e3, 650e3, 1200e3])
def test_pass_duration_against_geometry_on_the_sphere(altitude, mask):
    """Independent: positions and elevations in vectors, passes spread over the offset angle."""
    period, angles = 6000.0, np.linspace(-np.pi, np.pi, 20_001)[:-1]
    radius = EARTH_RADIUS + altitude
    track = radius * np.column_stack([np.cos(angles), np.sin(angles), np.zeros_like(angles)])
    durations = []
    for offset in np.linspace(0.0, 0.6, 1501):
        up = np.array([np.cos(offset), 0.0, np.sin(offset)])
        line = track - EARTH_RADIUS * up
        sine = line @ up / np.linalg.norm(line, axis=1)
        durations.append(period * np.mean(sine >= np.sin(np.radians(mask))))
    seen = np.array(durations)
    assert seen[-1] == 0.0
    assert classes.pass_duration(period, altitude, math.radians(mask)) == pytest.approx(
        seen[seen > 0.0].mean(), rel=0.03
    )


def test_waiting_against_simulated_contacts():
    """Independent: random gaps and contacts on a line of time, random moments of asking."""
    draw = np.random.default_rng(3)
    contact, share, count = 500.0, 0.4, 200_000
    gaps = draw.exponential(contact * (1.0 - share) / share, count)
    starts = np.cumsum(gaps) + contact * np.arange(count)
    asked = draw.uniform(0.0, starts[-1], 400_000)
    following = np.searchsorted(starts, asked)
    inside = (following > 0) & (asked < starts[following - 1] + contact)
    waits = np.where(inside, 0.0, starts[following] - asked)
    assert np.mean(waits == 0.0) == pytest.approx(share, abs=0.005)
    for quantile in (0.5, 0.9, 0.99):
        expected = classes.waiting(share, contact, quantile)
        assert np.quantile(waits, quantile) == pytest.approx(expected, rel=0.02)


def test_waiting_at_its_limits():
    assert classes.waiting(1.0, 500.0, 1.0) == 0.0
    assert classes.waiting(0.95, 500.0, 0.9) == 0.0
    assert classes.waiting(0.0, 500.0, 0.5) == math.inf
    assert classes.waiting(0.5, 500.0, 1.0) == math.inf


@given(share=SHARES, quantile=SHARES, more=st.floats(1.0, 2.0))
def test_waiting_falls_with_contact_and_rises_with_the_quantile(share, quantile, more):
    wait = classes.waiting(share, 500.0, quantile)
    assert wait >= 0.0
    assert classes.waiting(min(1.0, share * more), 500.0, quantile) <= wait * (1.0 + 1e-12)
    assert classes.waiting(share, 500.0, min(0.9999, quantile * more)) >= wait


def test_constant_sun_carries_all_that_is_generated():
    assert classes.sunlit_load(1000.0, 1.0, 0.9) == 1000.0


@given(generated=POWERS, sunlit=SHARES, efficiency=st.floats(0.5, 1.0))
def test_sunlit_load_closes_the_energy_of_an_orbit(generated, sunlit, efficiency):
    load = classes.sunlit_load(generated, sunlit, efficiency)
    stored = (generated - load) * sunlit
    assert stored * efficiency == pytest.approx(load * (1.0 - sunlit), rel=1e-9, abs=1e-9)


@given(allowed=POWERS, idle=POWERS, more=POWERS)
def test_working_share_spends_no_more_than_allowed(allowed, idle, more):
    working = idle + more
    share = classes.working_share(allowed, working, idle)
    assert 0.0 <= share <= 1.0
    if share > 0.0:
        assert idle + share * more <= allowed * (1.0 + 1e-9)


def test_energy_of_a_prompt_by_the_published_formula():
    """E = PUE · P / (3.6 · TPS) · L in mWh with a node of 8 H100 at 0.7 · 11.3 kW [kJ here]."""
    power, rate, tokens = 0.7 * 11.3e3, 2500.0, 300.0
    published = 1.09 * power / (3.6 * rate) * tokens
    ours = tokens * classes.unit_energy(power, 1e3, rate, rate, 1.09)
    assert ours / 3.6 == pytest.approx(published, rel=1e-12)


@given(idle=POWERS, more=POWERS, full=POWERS, slow=st.floats(0.01, 1.0))
def test_energy_of_work_and_waiting_add_up(idle, more, full, slow):
    working, rate = idle + more, slow * full
    found = classes.unit_energy(working, idle, full, rate, 1.0)
    mean_power = slow * working + (1.0 - slow) * idle
    assert found == pytest.approx(mean_power / rate, rel=1e-9)
