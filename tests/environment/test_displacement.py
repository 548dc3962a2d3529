"""Displacement damage of solar cells against closed forms and published equivalents."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from dawndusk.constants import MEV
from dawndusk.environment import displacement


def scattered(energy_mev: float, rest_mev: float, spin: bool) -> float:
    """Non-ionising loss by Coulomb scattering [MeV·cm²/g], from its definition by quadrature.

    Written in the formulas' usual units, from the partition in Lindhard's k·g(ε) instead of
    Robinson's constants, and over the recoil's energy itself instead of its logarithm.
    """
    total, weight = 0.0, 0.0
    for charge, mass in ((31, 69.723), (33, 74.922)):
        heavy = mass * 931.494
        momentum_square = energy_mev * (energy_mev + 2.0 * rest_mev)
        whole = (rest_mev + heavy) ** 2 + 2.0 * heavy * energy_mev
        most = 2.0 * heavy * momentum_square / whole
        beta_square = momentum_square / (energy_mev + rest_mev) ** 2
        # Bohr 0.529 Å and e² = 14.4 eV·Å: the screening length and the reduced energy
        length = 0.8853 * 0.529177 / math.sqrt(2.0 * charge ** (2.0 / 3.0))
        unit = 2.0 * charge**2 * 14.39964e-6 / length
        lindhard = 0.1337 * charge ** (2.0 / 3.0) / math.sqrt(mass)

        def damage(recoil: float, unit: float = unit, lindhard: float = lindhard) -> float:
            level = recoil / unit
            drag = 3.4008 * level ** (1.0 / 6.0) + 0.40244 * level**0.75 + level
            return recoil / (1.0 + lindhard * drag)

        def per_recoil(
            recoil: float,
            heavy: float = heavy,
            most: float = most,
            square: float = beta_square,
            charge: int = charge,
        ) -> float:
            # (charge · 1.44 MeV·fm)² in cm²
            head = 2.0 * math.pi * (charge * 1.439964e-13) ** 2 / (heavy * square * recoil**2)
            ratio = recoil / most
            shape = 1.0 - square * ratio
            if spin:
                slope = math.pi * charge / 137.036 * math.sqrt(square)
                shape += slope * (math.sqrt(ratio) - ratio)
            return head * shape * damage(recoil)

        low = 21e-6
        points = np.geomspace(low, most, 12)
        parts = [quad(per_recoil, a, b, epsrel=1e-9)[0] for a, b in itertools.pairwise(points)]
        total += 6.02214076e23 * sum(parts)
        weight += mass
    return total / weight


@pytest.mark.parametrize("energy", [0.6, 1.0, 3.0, 7.0])
def test_electrons_against_quadrature(energy: float) -> None:
    found = float(displacement.energy_loss(energy * MEV, "electron")) / MEV * 10.0
    assert found / scattered(energy, 0.510999, True) == pytest.approx(1.0, rel=3e-3)


@pytest.mark.parametrize("energy", [0.1, 1.0, 4.0])
def test_slow_protons_against_quadrature(energy: float) -> None:
    """Below 5 MeV nothing but Coulomb scattering."""
    found = float(displacement.energy_loss(energy * MEV, "proton")) / MEV * 10.0
    assert found / scattered(energy, 938.272, False) == pytest.approx(1.0, rel=3e-3)


def test_electrons_below_the_threshold_do_nothing() -> None:
    """2·E·(E + 2·mc²)/(M·c²) = 21 eV: from 0.461 MeV on gallium is knocked out."""
    least = math.sqrt(0.510999**2 + 21e-6 * 69.723 * 931.494 / 2.0) - 0.510999
    assert least == pytest.approx(0.461, abs=0.001)
    below, over = displacement.energy_loss([0.999 * least * MEV, 1.01 * least * MEV], "electron")
    assert below == 0.0
    assert over > 0.0
    assert displacement.edges("electron")[0] < least * MEV


def test_fast_protons_hit_nuclei_at_a_steady_rate() -> None:
    """Reactions keep the loss of gallium arsenide within a half above 60 MeV, where Coulomb
    scattering alone falls to a quarter by 300 MeV (Jun et al. 2003)."""
    loss = displacement.energy_loss(np.array([60.0, 100.0, 200.0, 300.0]) * MEV, "proton")
    assert loss.max() / loss.min() < 1.5
    assert scattered(300.0, 938.272, False) / scattered(60.0, 938.272, False) < 0.3


def test_ten_megaelectronvolt_protons_do_as_much_as_many_electrons() -> None:
    """About 1,000 electrons of 1 MeV each in gallium arsenide (JPL 96-9), within a factor 1.5."""
    proton = displacement.energy_loss(10.0 * MEV, "proton")
    ratio = float(displacement.equivalent_electrons(proton))
    assert 1000.0 / 1.5 < ratio < 1000.0 * 1.5


def test_one_electron_is_its_own_equivalent() -> None:
    dose = 3e18 * displacement.energy_loss(MEV, "electron")
    assert float(displacement.equivalent_electrons(dose)) / 3e18 == pytest.approx(1.0)


def test_the_power_left_of_the_measured_cell() -> None:
    """XTJ data sheet: 0.89 at 5e14 and 0.84 at 1e15 electrons of 1 MeV per cm²."""
    assert displacement.power_left([0.0, 5e18, 1e19]) == pytest.approx([1.0, 0.89, 0.84], abs=1e-9)
    assert displacement.power_left(1e40) == 0.0


def one_band(particle: displacement.Particle, band: int) -> np.ndarray:
    """A particle per square metre in one band."""
    return np.where(np.arange(displacement.edges(particle).size) <= band, 1.0, 0.0)


def test_glass_stops_what_does_not_get_through_it() -> None:
    """1 mm of aluminium stops protons of 13.09 MeV (67 MeV go through 18 mm, exponent 1.77) and
    leaves electrons of 1.008 MeV the 0.461 MeV below which they knock nothing out (Katz &
    Penfold)."""
    for particle, stopped in (("proton", 13.09), ("electron", 1.008)):
        edges = displacement.edges(particle)
        for band in range(edges.size - 1):
            dose = float(displacement.behind_glass(one_band(particle, band), 1e-3, particle))
            if edges[band + 1] / MEV < stopped:
                assert dose == 0.0
            elif edges[band] / MEV > 1.01 * stopped:
                assert dose > 0.0


def test_glass_hardly_slows_fast_protons() -> None:
    """From above come half of the particles of all sides."""
    edges = displacement.edges("proton")
    band = int(np.searchsorted(edges, 200.0 * MEV))
    middle = math.sqrt(edges[band] * edges[band + 1])
    dose = float(displacement.behind_glass(one_band("proton", band), 1e-4, "proton"))
    expected = 0.5 * float(displacement.energy_loss(middle, "proton"))
    assert dose / expected == pytest.approx(1.0, rel=0.01)


def test_slowing_down_against_a_count_of_particles() -> None:
    """Protons of one energy, each with its own direction and its own way through the glass."""
    edges = displacement.edges("proton")
    band = int(np.searchsorted(edges, 8.0 * MEV))
    draw = np.random.default_rng(3)
    count = 2_000_000
    energy = edges[band] * (edges[band + 1] / edges[band]) ** draw.uniform(0.0, 1.0, count)
    cosine = draw.uniform(-1.0, 1.0, count)
    down = cosine > 0.0
    left = 18e-3 * (energy[down] / MEV / 67.0) ** 1.77 - 1e-4 / cosine[down]
    slowed = 67.0 * (left[left > 0.0] / 18e-3) ** (1.0 / 1.77) * MEV
    level = np.geomspace(1e-4, 20.0, 4_000) * MEV
    loss = np.interp(slowed, level, displacement.energy_loss(level, "proton"))
    expected = loss.sum() / count
    dose = float(displacement.behind_glass(one_band("proton", band), 1e-4, "proton"))
    assert dose / expected == pytest.approx(1.0, rel=3e-3)


@given(st.floats(0.0, 1e20), st.floats(0.0, 1e3), st.floats(1.0, 10.0))
def test_damage_adds_up_and_only_grows(fluence: float, factor: float, more: float) -> None:
    spectrum = fluence * np.linspace(1.0, 0.0, displacement.edges("proton").size)
    one = displacement.behind_glass(spectrum, 1e-4, "proton")
    many = displacement.behind_glass(factor * spectrum, 1e-4, "proton")
    assert float(many) == pytest.approx(factor * float(one), rel=1e-9, abs=1e-300)
    left = displacement.power_left([fluence, more * fluence])
    assert 0.0 <= left[1] <= left[0] <= 1.0


def test_wrong_input() -> None:
    with pytest.raises(ValueError, match=r"cover_glass: 0.01 mm; allowed: 0.05 to 5 mm"):
        displacement.behind_glass(one_band("proton", 3), 1e-5, "proton")
    with pytest.raises(ValueError, match="allowed: 161 numbers of at least 0"):
        displacement.behind_glass(np.ones(7), 1e-4, "proton")
    with pytest.raises(ValueError, match="allowed: 161 numbers of at least 0"):
        displacement.behind_glass(-one_band("proton", 3), 1e-4, "proton")
    with pytest.raises(ValueError, match="allowed: above 0"):
        displacement.energy_loss(0.0, "proton")
    with pytest.raises(ValueError, match="allowed: at least 0"):
        displacement.power_left(-1.0)
