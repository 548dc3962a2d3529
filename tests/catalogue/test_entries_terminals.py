"""Link terminals: equal to what was published, whole in their physics, and within it."""

import math
import re
from typing import Any

import pytest

from dawndusk import catalogue
from dawndusk.catalogue.entries import OPTICAL_PARTS, RADIO_PARTS, Terminal
from dawndusk.scenario import trees
from dawndusk.scenario.errors import Fault, ScenarioError

LIGHT = 299_792_458.0
BOLTZMANN = 1.380649e-23


def terminal(name: str) -> Terminal:
    found = catalogue.entry(f"terminal.{name}").resolved
    assert isinstance(found, Terminal)
    return found


def changed(name: str, **values: Any) -> Terminal:
    faults: list[Fault] = []
    own = {"terminal": {name: trees.read(values, "user", faults)}}
    found = catalogue.entry(f"terminal.{name}", own).resolved
    assert isinstance(found, Terminal)
    return found


ALL = [terminal(name) for name in catalogue.names("terminal")]
PHYSICAL_RADIO = [each for each in ALL if each.frequency is not None]


@pytest.mark.parametrize(
    ("name", "rate", "reach", "mass", "power"),
    [
        ("starlink-laser", (100e9, 200e9), 5400e3, None, None),
        ("starlink-mini-laser", (25e9, 25e9), 4000e3, None, None),
        ("v3-laser", (800e9, 800e9), None, None, None),
        ("ai1-laser", (1e12, 1e12), None, None, None),
        ("condor-mk3", (2.5e9, 2.5e9), 6500e3, (10.0, 15.0), (60.0, 120.0)),
        ("scot80", (10e9, 100e9), None, (12.0, 15.0), (60.0, 80.0)),
        ("sda-oct", (2.5e9, 2.5e9), None, (3.0, 15.0), (40.0, 70.0)),
        ("cubelct", (100e6, 100e6), None, (0.36, 0.36), (8.0, 8.0)),
        ("kuiper-oisl", (100e9, 100e9), None, None, None),
        ("tbird", (200e9, 200e9), None, (3.0, 3.0), None),
        ("suncatcher-dwdm", (9.6e12, 9.6e12), 300e3, None, None),
    ],
)
def test_published_terminals(
    name: str,
    rate: tuple[float, float],
    reach: float | None,
    mass: tuple[float, float] | None,
    power: tuple[float, float] | None,
) -> None:
    """Makers' statements as collected in the project's facts, §5.6, §1.2 and §3.2."""
    found = terminal(name)
    assert rate[0] <= found.max_rate <= rate[1]
    assert reach is None or found.max_range == pytest.approx(reach)
    assert mass is None or mass[0] <= found.mass <= mass[1]
    assert power is None or power[0] <= found.power <= power[1]


def test_suncatchers_budget_closes_where_it_says() -> None:
    """Friis with equal apertures, G = η(πD/λ)²: 1.64 µW at 5,000 km and 414 km for 0.24 mW.

    arXiv 2511.19468 v2 prints ≤ 1.6 µW, 105.1 dB and −20 dBm a channel for 24 channels.
    """
    each = terminal("suncatcher-dwdm")
    assert each.aperture
    assert each.efficiency
    assert each.wavelength
    assert each.transmit_power
    assert each.transmission
    assert each.channels
    assert each.channel_rate
    assert each.sensitivity
    gain = each.efficiency * (math.pi * each.aperture / each.wavelength) ** 2
    assert 10.0 * math.log10(gain) == pytest.approx(105.167, abs=1e-3)
    sent = each.transmit_power * each.transmission * gain**2
    received = sent * (each.wavelength / (4.0 * math.pi * 5_000e3)) ** 2
    assert received == pytest.approx(1.643e-6, rel=3e-3)
    needed = each.channels * each.sensitivity
    assert needed == pytest.approx(0.24e-3)
    reach = each.wavelength / (4.0 * math.pi) * math.sqrt(sent / needed)
    assert reach == pytest.approx(414e3, rel=2e-3)
    assert each.max_range < reach
    assert each.channels * each.channel_rate == each.max_rate


@pytest.mark.parametrize("each", PHYSICAL_RADIO, ids=lambda each: each.name)
def test_radio_reaches_its_stated_rate(each: Terminal) -> None:
    """Under a clear sky overhead the budget gives the stated rate; at the mask some of it.

    Free-space loss (4πd/λ)², ITU-R P.525-4; Shannon less the implementation loss.
    """
    assert each.frequency
    assert each.bandwidth
    assert each.eirp
    assert each.g_over_t
    assert each.implementation_loss
    assert each.min_spectral_efficiency
    assert each.max_spectral_efficiency

    def rate(distance: float) -> float:
        loss = (4.0 * math.pi * distance * each.frequency / LIGHT) ** 2
        ratio = each.eirp * each.g_over_t / (loss * BOLTZMANN * each.bandwidth)
        efficiency = min(
            math.log2(1.0 + ratio / each.implementation_loss), each.max_spectral_efficiency
        )
        return each.bandwidth * efficiency if efficiency >= each.min_spectral_efficiency else 0.0

    assert rate(500e3) >= 0.99 * each.max_rate
    assert rate(each.max_range) >= 0.1 * each.max_rate
    assert each.min_spectral_efficiency < each.max_spectral_efficiency


@pytest.mark.parametrize("each", PHYSICAL_RADIO, ids=lambda each: each.name)
def test_dishes_are_of_a_buildable_size(each: Terminal) -> None:
    """Gain from G/T and noise temperature; a dish of 65 % with it is 0.2 to 8 m wide."""
    assert each.frequency
    assert each.g_over_t
    assert each.noise_temperature
    gain = each.g_over_t * each.noise_temperature
    diameter = LIGHT / each.frequency / math.pi * math.sqrt(gain / 0.65)
    assert 0.2 < diameter < 8.0


@pytest.mark.parametrize("each", PHYSICAL_RADIO, ids=lambda each: each.name)
def test_radios_add_up_to_what_their_sources_say(each: Terminal) -> None:
    """Such as "20 W into 30 dBi" and "47 dBi at 200 K", to a third of a decibel."""
    values = catalogue.entry(f"terminal.{each.name}").values
    radiated = re.search(r"(\d+) W into (\d+) dBi", values["eirp"].provenance.source)
    heard = re.search(r"(\d+) dBi at (\d+) K", values["g_over_t"].provenance.source)
    assert radiated
    assert heard
    eirp = 10.0 * math.log10(float(radiated[1])) + float(radiated[2])
    assert 10.0 * math.log10(each.eirp or 0.0) == pytest.approx(eirp, abs=0.33)
    ratio = float(heard[1]) - 10.0 * math.log10(float(heard[2]))
    assert 10.0 * math.log10(each.g_over_t or 0.0) == pytest.approx(ratio, abs=0.33)
    assert each.noise_temperature == float(heard[2])
    assert float(radiated[1]) < 0.5 * each.power


@pytest.mark.parametrize("each", ALL, ids=lambda each: each.name)
def test_each_terminal_is_of_one_kind(each: Terminal) -> None:
    assert (each.elevation_mask == 0.0) == (each.use == "isl")
    strange = RADIO_PARTS if each.medium == "optical" else OPTICAL_PARTS
    assert all(getattr(each, key) is None for key in strange)
    assert each.mass / each.power < 0.5


def test_what_is_left_open_is_not_listed() -> None:
    values = catalogue.entry("terminal.starlink-laser").values
    assert "aperture" not in values
    assert "max_rate" in values


@pytest.mark.parametrize(
    ("name", "values", "complaint"),
    [
        ("scot80", {"aperture": "8 cm"}, "catalogue.terminal.scot80.efficiency: missing; allowed:"),
        ("scot80", {"eirp": "10 dBW"}, "scot80.eirp: not of optical links; allowed: transmit_"),
        ("ku-user", {"channels": 3}, "ku-user.channels: not of radio links; allowed: frequency"),
        ("scot80", {"medium": "light"}, "allowed: 'optical', 'radio'"),
        ("scot80", {"max_rate": "100 Gbit"}, "this is a data; allowed: a link rate in Tbit/s"),
        ("scot80", {"max_rate": 1e11}, "a bare number; allowed: a link rate in Tbit/s, Gbit/s"),
        ("suncatcher-dwdm", {"transmission": "3 dB"}, "out of range; allowed: a plain number"),
        ("suncatcher-dwdm", {"sensitivity": "-20 dB"}, "this is a plain number in decibel"),
        ("ka-gateway", {"implementation_loss": "-2 dB"}, 'the nearest is "1.0"'),
        ("ka-gateway", {"g_over_t": "24 dB"}, "this is a plain number in decibel"),
        ("ka-gateway", {"min_spectral_efficiency": 6.0}, "allowed: at most max_spectral_"),
    ],
)
def test_wrong_terminals(name: str, values: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        changed(name, **values)
    assert complaint in str(caught.value)


def test_an_own_terminal_may_be_of_either_use() -> None:
    """One radio that links both satellites and the ground."""
    assert changed("x-band-small", use="both").use == "both"
    faster = changed("scot80", max_rate="200 Gbit/s")
    assert faster.max_rate == 2e11
    assert terminal("scot80").max_rate == 1e11
