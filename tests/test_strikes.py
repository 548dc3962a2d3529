"""Strikes: the map against direct evaluation, thinning, the anomaly, and whom they take down."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from dawndusk import strikes
from dawndusk.constants import EARTH_MEAN_RADIUS, JULIAN_YEAR
from dawndusk.demand import demand
from dawndusk.environment import radiation, upsets
from dawndusk.execution import faults
from dawndusk.exposure import activity, exposure, stream
from dawndusk.fleet_plan import FleetPlan, plan_fleet
from dawndusk.forecast import Forecast, forecast
from dawndusk.orbit import frames
from dawndusk.scenario import Scenario, load

DAY = 86_400.0
CHIP = "catalogue.accelerator.tpu-v6e"
QUIET = ("workload.rate=0 Hz", "workload.jobs=[]")
WALKER = (
    'constellation={kind="walker_delta", altitude="650 km", inclination="98 deg", '
    "satellites=120, planes=12, phasing=1}"
)

Fleet = tuple[Scenario, FleetPlan, Forecast]


def fleet(*overrides: str, source: str = "suncatcher") -> Fleet:
    plan = plan_fleet(load(source, [*QUIET, *overrides]))
    time = plan.scenario.time
    return plan.scenario, plan, forecast(plan.elements, time.start, time.step, threads=1)


def same(first: faults.Strikes, second: faults.Strikes) -> bool:
    return all(
        np.array_equal(getattr(first, each.name), getattr(second, each.name))
        for each in fields(faults.Strikes)
    )


def track(ahead: Forecast, times: np.ndarray) -> np.ndarray:
    """Earth-fixed places of the first satellite, by the frames' own sidereal angle."""
    place, _ = ahead.track(times, np.array([0]))
    return frames.earth_fixed(place[:, 0], frames.sidereal_angle(ahead.start, times))


@pytest.fixture(scope="module")
def day() -> Fleet:
    """A cluster, all of it at one place, whose chips are 200 times as soft as a TPU v6e."""
    return fleet(f"{CHIP}.silent_corruption=1.49e-6 cm²")


@pytest.fixture(scope="module")
def month() -> tuple[Fleet, faults.Strikes]:
    found = fleet("time.duration=30 day")
    return found, strikes.strike(*found)


# the map


@pytest.fixture(scope="module")
def globe(day: Fleet) -> strikes.RateMap:
    low, high, _ = strikes._reach(day[2])
    return strikes.rate_map(day[0], low.min(), high.max())


@pytest.fixture
def ready(day: Fleet, globe: strikes.RateMap, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """The same, its map already drawn."""
    monkeypatch.setattr(strikes, "rate_map", lambda scenario, low, high: globe)
    return day


def places(number: int, low: float, high: float) -> np.ndarray:
    random = np.random.default_rng(1)
    towards = random.normal(size=(number, 3))
    towards /= np.linalg.norm(towards, axis=1)[:, None]
    return random.uniform(low, high, number)[:, None] * towards


def test_the_map_agrees_with_direct_evaluation(day: Fleet, globe: strikes.RateMap) -> None:
    """Means within 0.4 %; single places differ most at the belt's edge, 0.3 % of the peak."""
    scenario = day[0]
    low, high, _ = strikes._reach(day[2])
    for place in (places(20_000, low.min(), high.max()), track(day[2], np.arange(0.0, DAY, 5.0))):
        direct = stream(place, scenario.radiation.shielding, activity(scenario))
        found = globe.at(place)
        assert found.mean() == pytest.approx(direct.mean(), rel=4e-3)
        assert np.sqrt(np.mean((found - direct) ** 2)) < 3e-3 * direct.max()
        assert np.corrcoef(found, direct)[0, 1] > 0.9995


def test_the_map_is_exact_at_its_nodes_and_goes_round_the_earth(
    day: Fleet, globe: strikes.RateMap
) -> None:
    scenario = day[0]
    north, east = np.radians([-30.0, -30.0, 15.0, 90.0]), np.radians([-180.0, 178.5, -45.0, 0.0])
    place = (globe.lowest + globe.spacing) * np.stack(
        [np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)], axis=1
    )
    direct = stream(place, scenario.radiation.shielding, activity(scenario))
    assert globe.at(place) == pytest.approx(direct, rel=1e-9)
    across = np.radians([178.5, 179.25, 180.0])
    flat = np.cos(np.radians(-30.0))
    place = globe.lowest * np.stack(
        [flat * np.cos(across), flat * np.sin(across), np.full(3, -0.5)], axis=1
    )
    west, middle, east_ = np.sqrt(globe.at(place))
    assert abs(west - east_) > 1e-3 * west
    assert middle == pytest.approx(0.5 * (west + east_), rel=1e-9)


@settings(max_examples=100)
@given(
    st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.floats(-1.0, 1.0), st.floats(-np.pi, np.pi),
    st.floats(0.0, 0.3),
)  # fmt: skip
def test_nothing_on_the_map_exceeds_its_bounds(
    globe: strikes.RateMap, one: float, other: float, sine: float, east: float, error: float
) -> None:
    thickness = globe.spacing * (globe.root.shape[2] - 1)
    low, high = (
        globe.lowest + thickness * min(one, other),
        globe.lowest + thickness * max(one, other),
    )
    flat = np.sqrt(1.0 - sine**2)
    towards = np.array([[flat * np.cos(east), flat * np.sin(east), sine]])
    cap = globe.cap(error)
    for radius in (low, 0.5 * (low + high), high):
        (found,) = globe.at(radius * towards)
        assert found <= globe.most(np.array([low]), np.array([high]))[0] * (1.0 + 1e-12)
        for seen in (sine - error, sine + error):
            band = min(max(int(0.5 * (seen + 1.0) * len(cap)), 0), len(cap) - 1)
            assert found <= cap[band] * (1.0 + 1e-12)


# the process


def test_strikes_follow_the_rate_along_the_track(ready: Fleet, globe: strikes.RateMap) -> None:
    """81 satellites at one place: number and times against the integrated map.

    Number within four standard deviations, times by Kolmogorov–Smirnov and by chi-square over
    10-minute bins, the integral taken along positions and frames that share no code with the
    thinning.
    """
    scenario, plan, ahead = ready
    found = strikes.strike(*ready)
    section = strikes._cross_sections(scenario).sum()
    times = np.arange(0.0, DAY + 1.0, 5.0)
    rate = plan.satellites * section * globe.at(track(ahead, times))
    total = np.concatenate([[0.0], np.cumsum(0.5 * (rate[1:] + rate[:-1]) * 5.0)])
    assert len(found) > 10_000
    assert abs(len(found) - total[-1]) < 4.0 * np.sqrt(total[-1])
    share = np.interp(found.time, times, total) / total[-1]
    assert stats.kstest(share, "uniform").pvalue > 1e-3
    bins = np.interp(np.arange(0.0, DAY + 1.0, 600.0), times, total)
    expected = np.diff(bins)
    seen = np.histogram(found.time, 144, (0.0, DAY))[0]
    enough = expected > 10.0
    chi = ((seen - expected)[enough] ** 2 / expected[enough]).sum()
    assert stats.chi2.sf(chi, enough.sum()) > 1e-3
    by_site = np.bincount(found.site, minlength=81)
    chi = ((by_site - by_site.mean()) ** 2 / by_site.mean()).sum()
    assert stats.chi2.sf(chi, 80) > 1e-3


def test_places_are_where_the_satellites_were(ready: Fleet) -> None:
    found = strikes.strike(*ready)
    for k in range(0, len(found), 997):
        index = np.array([found.site[k]])
        times = found.time[k : k + 1]
        place, _ = ready[2].track(times, index)
        fixed = frames.earth_fixed(place[0], frames.sidereal_angle(ready[2].start, times))
        latitude, longitude, _ = frames.geodetic(fixed)
        assert found.latitude[k] == pytest.approx(latitude[0], abs=1e-8)
        assert found.longitude[k] == pytest.approx(longitude[0], abs=1e-8)
        assert found.in_anomaly[k] == radiation.in_anomaly(fixed, activity(ready[0]))[0]


def test_giving_up_tries_early_changes_nothing(
    ready: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On circles and on orbits whose height swings by 50 km either way."""
    scenario, plan, ahead = ready
    swinging = np.full(81, 0.007)
    elements = replace(plan.elements, eccentricity=swinging)
    fleets = (ready, (scenario, plan, Forecast(elements, ahead.start, 60.0, threads=1)))
    early = [strikes.strike(*each) for each in fleets]
    monkeypatch.setattr(strikes.RateMap, "cap", lambda self, error: np.full(7, np.inf))
    assert same(early[0], strikes.strike(*fleets[0]))
    assert same(early[1], strikes.strike(*fleets[1]))


def test_how_tries_are_grouped_does_not_matter(
    ready: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The draws differ; the process does not: every satellite has its share, in order of time."""
    monkeypatch.setattr(strikes, "CHUNK", 5_000)
    found, whole = strikes.strike(*ready), ready[2]
    assert len(list(strikes._chunks(np.full(81, 4_000.0)))) > 50
    assert (np.diff(found.time) >= 0.0).all()
    by_site = np.bincount(found.site, minlength=len(whole.elements))
    chi = ((by_site - by_site.mean()) ** 2 / by_site.mean()).sum()
    assert stats.chi2.sf(chi, 80) > 1e-3


@settings(max_examples=50)
@given(st.lists(st.floats(0.0, 9e6), min_size=1, max_size=50))
def test_chunks_cover_every_satellite_once(expected: list[float]) -> None:
    found = list(strikes._chunks(np.array(expected)))
    covered = [k for first, last in found for k in range(first, last)]
    assert covered == list(range(len(expected)))
    for first, last in found:
        assert last - first == 1 or sum(expected[first:last]) <= 2 * strikes.CHUNK + 9e6


def test_the_same_seed_gives_the_same_bytes(ready: Fleet) -> None:
    scenario, plan, ahead = ready
    assert same(strikes.strike(*ready), strikes.strike(*ready))
    other = scenario.replaced({"time.seed": 2}, origin="override")
    assert not same(strikes.strike(*ready), strikes.strike(other, plan, ahead))


# what the world says


def test_upsets_of_a_month_lie_in_the_anomaly(month: tuple[Fleet, faults.Strikes]) -> None:
    """80–97 % of the proton upsets of a sun-synchronous orbit at 650 km (flight counts)."""
    _, found = month
    assert len(found) > 4_000
    assert 0.80 <= found.in_anomaly.mean() <= 0.97


def test_the_map_of_a_month_is_that_of_the_flux(month: tuple[Fleet, faults.Strikes]) -> None:
    """Upsets in cells of 10° over the time spent there, against the flux at the cells' middles
    from the tables of trapped protons, without shield, dose or cosmic rays."""
    (scenario, _, ahead), found = month
    edges = np.radians(np.arange(-90.0, 91.0, 10.0)), np.radians(np.arange(-180.0, 181.0, 10.0))
    counts = np.histogram2d(found.latitude, found.longitude, edges)[0]
    times = np.arange(0.0, 30 * DAY, 20.0)
    latitude, longitude, _ = frames.geodetic(track(ahead, times))
    stay = np.histogram2d(latitude, longitude, edges)[0]
    north, east = np.meshgrid(*((e[1:] + e[:-1]) / 2.0 for e in edges), indexing="ij")
    radius = EARTH_MEAN_RADIUS + 655e3
    place = radius * np.stack(
        [np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)], axis=-1
    ).reshape(-1, 3)
    spectrum = radiation.spectrum(place, "proton", activity(scenario))
    flux = radiation.above(spectrum, upsets.arrival_energy(10e-3), "proton").reshape(north.shape)
    visited = stay > 0.2 * stay.mean()
    rate = counts[visited] / stay[visited]
    assert np.corrcoef(rate, flux[visited])[0, 1] > 0.95


def test_all_longitudes_together_see_the_orbit_mean() -> None:
    """120 satellites around the Earth for a day, against direct evaluation along their tracks.

    The summary's mean is that of circles: the Earth's bulge and its pear shape lift the real
    orbits by 9 km over the anomaly, where they meet 5 % more.
    """
    made = fleet(WALKER, f"{CHIP}.silent_corruption=1.49e-6 cm²")
    scenario, plan, ahead = made
    found = strikes.strike(*made)
    times = np.arange(60.0, DAY, 120.0)
    place, _ = ahead.track(times, np.arange(120))
    turned = frames.sidereal_angle(ahead.start, times)[:, None]
    fixed = frames.earth_fixed(place, turned).reshape(-1, 3)
    direct = stream(fixed, scenario.radiation.shielding, activity(scenario)).mean()
    expected = direct * strikes._cross_sections(scenario).sum() * 120 * DAY
    assert expected > 30_000
    assert len(found) == pytest.approx(expected, rel=0.02)
    stated = exposure(scenario, plan)["silent_corruption_per_accelerator_year"]
    assert stated is not None
    silent = np.count_nonzero(found.kind == faults.SILENT)
    assert 1.0 < silent / (stated * 120 * 56 * DAY / JULIAN_YEAR) < 1.08
    middle = np.linalg.norm(fixed[radiation.in_anomaly(fixed)], axis=1).mean()
    assert middle - strikes.secular.initialise(plan.elements)[10].mean() == pytest.approx(
        9e3, abs=1e3
    )


def test_150_rad_a_year_give_the_published_upsets() -> None:
    """Suncatcher 2025: 8.8 silent corruptions, 3.4 uncorrectable errors, 0.33 interrupts of the
    host's processor (one in 450 rad) and 0.38 of its memory (400 rad) a year at 150 rad."""
    scenario = load("suncatcher", ["satellite.compute.count=4"])
    section = strikes._cross_sections(scenario) / np.array([4.0, 4.0, 4.0, 1.0, 4.0])
    yearly = section * upsets.FLUENCE_PER_DOSE * 1.5
    assert yearly[:4] == pytest.approx([8.83, 3.41, 0.030, 0.333 + 0.375], rel=0.01)


def test_kinds_come_in_their_shares(month: tuple[Fleet, faults.Strikes]) -> None:
    (scenario, _, _), found = month
    section = strikes._cross_sections(scenario)
    counts = np.bincount(found.kind, minlength=5)
    expected = len(found) * section / section.sum()
    assert counts[section == 0.0].sum() == 0
    some = section > 0.0
    chi = ((counts - expected)[some] ** 2 / expected[some]).sum()
    assert stats.chi2.sf(chi, some.sum() - 1) > 1e-3


def test_a_thicker_shield_lets_fewer_through() -> None:
    soft = f"{CHIP}.silent_corruption=1.49e-6 cm²"
    counts = [
        len(strikes.strike(*fleet(soft, f"radiation.shielding={mm} mm"))) for mm in (2, 10, 25)
    ]
    assert counts[0] > 1.2 * counts[1] > 1.2**2 * counts[2] > 1000


def test_upsets_scale_with_the_chips_and_hosts() -> None:
    section = {
        count: strikes._cross_sections(load("suncatcher", [f"satellite.compute.count={count}"]))
        for count in (8, 9, 16)
    }
    assert section[16] == pytest.approx(2.0 * section[8])
    assert section[9][faults.HOST] / section[8][faults.HOST] == pytest.approx(1.5)
    assert section[9][:2] / section[8][:2] == pytest.approx([9 / 8, 9 / 8])


def test_a_latch_up_needs_a_cross_section() -> None:
    found = strikes.strike(*fleet(f"{CHIP}.latch_up=1e-6 cm²"))
    assert np.count_nonzero(found.kind == faults.LATCH_UP) > 1000


@pytest.mark.parametrize("switch", ["radiation.enabled=false", "faults.enabled=false"])
def test_nothing_strikes_what_is_switched_off(switch: str) -> None:
    made = fleet(f"{CHIP}.silent_corruption=1.49e-6 cm²", switch)
    assert len(strikes.strike(*made)) == 0


def test_beyond_the_tables_nothing_strikes_and_one_line_says_so(day: Fleet) -> None:
    scenario, plan, ahead = day
    motion = plan.elements.mean_motion.copy()
    motion[:2] *= 0.7
    motion[2] *= 1.1
    elements = replace(plan.elements, mean_motion=motion)
    mixed = Forecast(elements, ahead.start, ahead.step_s, threads=1)
    found = strikes.strike(scenario, plan, mixed)
    assert set(found.site) == set(range(3, 81))
    (line,) = strikes.strike_warnings(scenario, mixed)
    assert line.startswith("3 of 81 satellites leave 24")
    assert strikes.strike_warnings(scenario, ahead) == []
    beyond = Forecast(
        replace(elements, mean_motion=0.7 * plan.elements.mean_motion), ahead.start, 60.0, threads=1
    )
    assert len(strikes.strike(scenario, plan, beyond)) == 0
    assert strikes.strike_warnings(scenario, beyond) == [], "exposure says it"


# whom they take down


def test_strikes_interrupt_as_long_as_their_kind_says(month: tuple[Fleet, faults.Strikes]) -> None:
    (scenario, _, _), found = month
    given = scenario.replaced(
        {"faults.restart_time": 600.0, "radiation.reboot_time": 5_000.0}, origin="override"
    )
    asked = strikes.struck(demand(given, 83, stream=0), given, 81, found)
    down = asked.interruptions
    lasting = down.until - down.time
    for cause, seconds in (
        (faults.HARDWARE, 600.0),
        (faults.UNCORRECTABLE, 600.0),
        (faults.INTERRUPT, 5_000.0),
        (faults.HOST, 5_000.0),
    ):
        assert (down.cause == cause).any()
        assert lasting[down.cause == cause] == pytest.approx(seconds)
    assert asked.strikes is found
    hard = found.kind != faults.SILENT
    assert np.isin(down.time[(down.cause > 0) & (down.cause < 5)], found.time[hard]).all()
    assert np.count_nonzero((down.cause > 0) & (down.cause < 5)) > 0.9 * hard.sum()
    assert down.site[down.cause != faults.HARDWARE].max() <= 80
    assert (np.diff(down.time) >= 0.0).all()


def test_a_longer_reboot_takes_more_time(month: tuple[Fleet, faults.Strikes]) -> None:
    (scenario, _, _), found = month
    down = []
    for minutes in (10, 60):
        given = scenario.replaced({"radiation.reboot_time": 60.0 * minutes}, origin="override")
        hit = strikes.struck(demand(given, 81, stream=0), given, 81, found).interruptions
        down.append((hit.until - hit.time).sum())
    assert down[1] > 1.05 * down[0]


def test_the_ground_twin_and_hybrid_nodes_see_no_radiation(
    month: tuple[Fleet, faults.Strikes],
) -> None:
    (scenario, _, _), found = month
    twin = demand(scenario, 81, stream=1)
    assert len(twin.strikes) == 0
    assert set(twin.interruptions.cause) == {faults.HARDWARE}
    hybrid = strikes.struck(demand(scenario, 4_081, stream=0), scenario, 81, found).interruptions
    assert set(hybrid.cause[hybrid.site >= 81]) == {faults.HARDWARE}


def test_without_faults_a_demand_stays_as_it_is(day: Fleet) -> None:
    scenario = day[0].replaced({"faults.enabled": False}, origin="override")
    asked = demand(scenario, 81, stream=0)
    assert strikes.struck(asked, scenario, 81, faults.no_strikes()) is asked


def test_safe_modes_do_not_need_radiation(day: Fleet) -> None:
    """1 a year for each of 81 satellites over 400 days, 12 h each in the mean."""
    scenario = day[0].replaced(
        {"time.duration": 400 * DAY, "faults.interruption_rate": 0.0}, origin="override"
    )
    down = strikes.struck(demand(scenario, 81, stream=0), scenario, 81, faults.no_strikes())
    found = down.interruptions
    expected = 81 * 400.0 / 365.25
    assert set(found.cause) == {faults.SAFE_MODE}
    assert len(found) == pytest.approx(expected, abs=4.0 * np.sqrt(expected))
    mean = (found.until - found.time).mean()
    assert mean == pytest.approx(12 * 3600.0, rel=4.0 / np.sqrt(expected))
