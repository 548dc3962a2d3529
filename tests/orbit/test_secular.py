"""SGP4 without drag against the theory's own source, evaluated in extended precision."""

import gzip
import inspect
import math
import platform
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import numba
import numpy as np
import pytest
import sgp4.propagation
from hypothesis import given, settings
from hypothesis import strategies as st
from sgp4.api import WGS72, Satrec
from sgp4.earth_gravity import wgs72

from dawndusk.elements import Elements
from dawndusk.orbit import secular

STARLINK = Path(__file__).parents[2] / "../shared/data/celestrak/starlink_2026-05-30.tle.gz"
MONTH = 30 * 86400.0


def elements(satellites: Sequence[object]) -> Elements:
    def column(name: str) -> np.ndarray:
        return np.array([getattr(s, name) for s in satellites], dtype=np.float64)

    n = len(satellites)
    return Elements(
        tuple(f"S{i}" for i in range(n)),
        np.arange(n),
        np.zeros(n),
        column("no_kozai") / 60.0,
        column("ecco"),
        column("inclo"),
        column("nodeo"),
        column("argpo"),
        column("mo"),
    )


def without_drag(no_kozai: float, ecco: float, inclo: float, nodeo: float, argpo: float, mo: float):
    satellite = Satrec()
    satellite.sgp4init(
        WGS72, "i", 1, 28000.5, 0.0, 0.0, 0.0, ecco, argpo, inclo, mo, no_kozai, nodeo
    )
    return satellite


def starlink() -> list[Satrec]:
    if not STARLINK.exists():
        pytest.skip(f"the real satellites are not at {STARLINK}")
    with gzip.open(STARLINK, "rt") as file:
        lines = file.read().splitlines()
    read = (Satrec.twoline2rv(lines[i + 1], lines[i + 2]) for i in range(0, len(lines), 3))
    return [without_drag(s.no_kozai, s.ecco, s.inclo, s.nodeo, s.argpo, s.mo) for s in read]


def varied(count: int, largest_eccentricity: float) -> list[Satrec]:
    """Orbits of every inclination, the equatorial, polar and retrograde limits included."""
    random = np.random.default_rng(7)
    limits = [0.0, 1e-6, math.radians(63.4349), math.pi / 2, math.pi - 1e-6, math.pi]
    found: list[Satrec] = []
    while len(found) < count:
        small = random.random() < 0.3
        e = 10 ** random.uniform(-8, -2) if small else random.uniform(0, largest_eccentricity)
        a = (6378.135 + random.uniform(200, 1500)) / (1 - e)
        motion = math.sqrt(398600.8 / a**3) * 60
        if 2 * math.pi / motion > 224:
            continue
        i = random.choice([*limits, *random.uniform(0, math.pi, 6)])
        found.append(without_drag(motion, e, i, *random.uniform(0, 2 * math.pi, 3)))
    return found


def extended_precision(satellites: Sequence[Satrec], times: Sequence[float]) -> np.ndarray:
    """Positions [m] by the source of the `sgp4` package in 80-bit floats.

    Two things keep the package itself above 10 µm: it leaves Kepler's equation at 1e-12 rad
    (7 to 10 µm) and it rounds 2,800 rad to 4.5e-13 (a few µm after 30 days).
    """
    extended = np.longdouble
    if np.finfo(extended).eps > 2e-19:
        pytest.skip("this platform has no extended precision")
    source = inspect.getsource(sgp4.propagation)
    assert source.count("1.0e-12") == 1
    source = source.replace("1.0e-12", "1.0e-18")
    source = source.replace("from math import atan2, cos, fabs, pi, sin, sqrt", "")
    theory: dict[str, object] = {
        "__name__": "extended",
        "atan2": np.arctan2,
        "cos": np.cos,
        "sin": np.sin,
        "fabs": np.abs,
        "sqrt": np.sqrt,
        "pi": 4 * np.arctan(extended(1)),
    }
    exec(compile(source, "extended", "exec"), theory)
    zero = extended(0)
    positions = np.empty((len(satellites), len(times), 3), dtype=extended)
    for i, s in enumerate(satellites):
        values = [s.ecco, s.argpo, s.inclo, s.mo, s.no_kozai, s.nodeo]
        record = SimpleNamespace(whichconst=wgs72)
        initial = map(extended, values)
        theory["sgp4init"](wgs72, "i", 0, 0.0, zero, zero, zero, *initial, record)
        for k, time in enumerate(times):
            positions[i, k] = theory["sgp4"](record, extended(time) / 60)[0]
    return positions * 1000


def propagated(table: np.ndarray, time: float) -> np.ndarray:
    iterations = secular.kepler_iterations(table)
    work = np.empty((5, secular.BLOCK))
    block = np.empty((3, secular.BLOCK))
    found = np.empty((table.shape[1], 3))
    for lo in range(0, len(found), secular.BLOCK):
        hi = min(lo + secular.BLOCK, len(found))
        secular.propagate(table, lo, hi, time, iterations, work, *block)
        found[lo:hi] = block[:, : hi - lo].T
    return found


def worst(satellites: Sequence[Satrec], times: Sequence[float]) -> float:
    table = secular.initialise(elements(satellites))
    truth = extended_precision(satellites, times)
    found = np.stack([propagated(table, time) for time in times], axis=1)
    return float(np.max(np.linalg.norm(found - truth, axis=2)))


def test_all_starlink_satellites_stay_within_10_micrometres_over_30_days() -> None:
    assert worst(starlink(), [0.0, 86400.0, MONTH]) < 10e-6


@pytest.mark.parametrize("largest_eccentricity", [0.02, 0.3, 0.5])
def test_every_orbit_stays_within_10_micrometres_over_30_days(largest_eccentricity: float) -> None:
    satellites = varied(1500, largest_eccentricity)
    assert worst(satellites, [-MONTH, 0.0, 1234.5, MONTH]) < 10e-6


def test_compiled_sgp4_agrees_within_10_micrometres_over_a_day() -> None:
    satellites = starlink()
    table = secular.initialise(elements(satellites))
    for time in (0.0, 5400.0, 86400.0):
        truth = np.array([s.sgp4_tsince(time / 60)[1] for s in satellites]) * 1000
        assert np.max(np.linalg.norm(propagated(table, time) - truth, axis=1)) < 10e-6


def test_one_position_equals_the_block_to_the_bit() -> None:
    table = secular.initialise(elements(varied(300, 0.3)))
    iterations = secular.kepler_iterations(table)
    block = propagated(table, 4321.0)
    single = [secular.position(table, i, 4321.0, iterations) for i in range(300)]
    assert np.array_equal(block, np.array(single))


def test_node_drifts_at_the_first_order_rate() -> None:
    # Vallado 2013, Fundamentals of Astrodynamics, equation 9-37: -3/2 n J2 (R/p)² cos i
    satellite = without_drag(0.064, 0.001, math.radians(60.0), 1.0, 0.0, 0.0)
    table = secular.initialise(elements([satellite]))[:, 0]
    n = satellite.no_kozai / 60
    p = table[secular.SEMI_MAJOR_AXIS] * (1 - 0.001**2)
    rate = -1.5 * n * 1.082616e-3 * (6378135.0 / p) ** 2 * 0.5
    assert table[secular.NODE_RATE] == pytest.approx(rate, rel=2e-3)


def test_equatorial_orbit_stays_in_the_equator() -> None:
    table = secular.initialise(elements([without_drag(0.065, 0.01, 0.0, 1.0, 2.0, 3.0)]))
    assert all(abs(propagated(table, time)[0, 2]) < 1e-9 for time in (0.0, 1e3, 1e6))


def test_deep_space_is_refused_by_name() -> None:
    molniya = SimpleNamespace(
        no_kozai=2 * math.pi / 720, ecco=0.7, inclo=1.1, nodeo=0.0, argpo=0.0, mo=0.0
    )
    with pytest.raises(ValueError, match=r"deep space.*S1$"):
        secular.initialise(elements([without_drag(0.065, 0.0, 1.0, 0.0, 0.0, 0.0), molniya]))


@pytest.mark.parametrize(
    ("motion", "e", "message"),
    [(0.075, 0.3, "below the Earth's surface"), (0.06, 1.0, "eccentricity"), (0.0, 0.0, "motion")],
)
def test_impossible_orbits_are_refused(motion: float, e: float, message: str) -> None:
    orbit = SimpleNamespace(no_kozai=motion, ecco=e, inclo=1.0, nodeo=0.0, argpo=0.0, mo=0.0)
    with pytest.raises(ValueError, match=message):
        secular.initialise(elements([orbit]))


def test_sine_and_cosine_are_exact_to_rounding() -> None:
    angles = np.concatenate(
        [np.linspace(-10, 10, 20001), np.random.default_rng(1).uniform(-1e6, 1e6, 20000)]
    )
    found = np.array([secular.sine_cosine(x) for x in angles])
    extended = angles.astype(np.longdouble)
    truth = np.stack([np.sin(extended), np.cos(extended)], axis=1)
    assert np.max(np.abs(found - truth)) < 2.3e-16


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="reads x86 assembly")
def test_the_loops_are_vectorised() -> None:
    table = secular.initialise(elements([without_drag(0.065, 0.0, 1.0, 0.0, 0.0, 0.0)]))
    # cached machine code has no readable assembly
    fresh = numba.njit(error_model="numpy", nogil=True)(secular.propagate.py_func)
    block = np.empty((3, secular.BLOCK))
    fresh(table, 0, 1, 0.0, 1, np.empty((5, secular.BLOCK)), *block)
    assembly = "".join(fresh.inspect_asm().values())
    assert assembly.count("mulpd") > 100
    assert "sincos" not in assembly


@settings(max_examples=60)
@given(
    st.floats(0.0, 0.45),
    st.floats(0.0, math.pi),
    st.floats(200e3, 2000e3),
    st.tuples(*[st.floats(0.0, 2 * math.pi)] * 3),
    st.floats(-MONTH, MONTH),
)
def test_the_radius_stays_between_perigee_and_apogee(
    e: float, i: float, perigee: float, angles: tuple[float, float, float], time: float
) -> None:
    a = (6378135.0 + perigee) / (1 - e)
    motion = math.sqrt(398600.8e9 / a**3)
    if 2 * math.pi / motion > 224 * 60:
        return
    orbit = SimpleNamespace(
        no_kozai=motion * 60, ecco=e, inclo=i, nodeo=angles[0], argpo=angles[1], mo=angles[2]
    )
    table = secular.initialise(elements([orbit]))
    x, y, z = propagated(table, time)[0]
    r = math.sqrt(x * x + y * y + z * z)
    # J2's periodic terms and the Kozai-Brouwer difference stay below 30 km (1 - e)⁻²
    slack = 30e3 / (1 - e) ** 2
    assert a * (1 - e) - slack < r < a * (1 + e) + slack
    assert abs(z) <= r * (math.sin(i) + 2e-3)
