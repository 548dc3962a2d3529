"""What a run writes down: percentiles, events, means over intervals, and nothing twice."""

import math
from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dawndusk import record
from dawndusk.execution.faults import CAUSES, Interruptions, no_strikes
from dawndusk.record import (
    BINS,
    CONDITIONS,
    CORRUPTED,
    FLEET,
    OWN,
    QUANTILES,
    SERIES,
    SPREAD,
    Events,
    Observer,
    Series,
    quantiles,
)
from dawndusk.requests import Requests
from dawndusk.results import nomenclature
from dawndusk.step_tables import DIE_MAX, FLOWS
from dawndusk.workload.jobs import JOB

from .step_case import CRAFT, NODE, STEP, Case, cases, steady

INTERVAL = 300.0

physical = st.integers(-(10**6), 10**6).map(lambda number: number / 1000.0)


@settings(max_examples=200)
@given(arrays(float, st.integers(1, 300), elements=physical))
def test_percentiles_lie_within_one_bin_of_the_value_at_their_rank(values) -> None:
    before = values.copy()
    found = quantiles(values, QUANTILES)[None]
    ordered = sorted(values.tolist())
    ranked = [ordered[math.floor(share * (len(values) - 1))] for share in QUANTILES]
    bin_width = (ordered[-1] - ordered[0]) / BINS
    assert found[0] == pytest.approx(ranked, rel=1e-12, abs=bin_width * (1.0 + 1e-9))
    assert found[0, 0] == ordered[0]
    assert found[0, -1] == ordered[-1]
    assert (np.diff(found[0]) >= 0.0).all()
    assert values.tobytes() == before.tobytes()


def test_the_median_and_the_tails_of_a_known_fleet() -> None:
    fleet = np.random.default_rng(1).permutation(101) / 100
    found = quantiles(fleet, QUANTILES)
    assert found == pytest.approx([0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0], abs=1.0 / BINS)


def test_percentiles_of_many_values_agree_with_sorting_them() -> None:
    values = np.random.default_rng(2).normal(330.0, 5.0, 100_000)
    expected = np.quantile(values, QUANTILES)
    assert quantiles(values, QUANTILES) == pytest.approx(expected, abs=np.ptp(values) / BINS)


def test_series_have_time_first() -> None:
    series = Series()
    for k in range(3):
        series.fleet.append(10.0 * k + np.arange(len(FLEET)))
        series.spread.append(np.full((len(SPREAD), 7), 300.0 + k))
        series.satellites.append(np.full((len(OWN), 2), 0.1 * k))
    found = series.arrays()
    assert {name: values.shape for name, values in found.items()} == {
        **dict.fromkeys(FLEET, (3,)),
        **dict.fromkeys(SPREAD, (3, 7)),
        **dict.fromkeys(OWN, (3, 2)),
    }
    assert found["curtailed_W"].tolist() == [2.0, 12.0, 22.0]
    assert Series().arrays() == {}


def test_events_beyond_the_limit_are_counted_not_kept(monkeypatch) -> None:
    monkeypatch.setattr(record, "EVENTS", 3)
    events = Events()
    for k in range(4):
        events.add(float(k), "fault", f"sat-{k}", "train", "until 9 s")
    events.add(9.0, "restart")
    assert events.counts == {"fault": 4, "restart": 1}
    assert events.full
    events.count("fault", 5)
    assert events.counts == {"fault": 9, "restart": 1}
    columns = events.columns()
    assert columns["time_s"].tolist() == [0.0, 1.0, 2.0]
    assert columns["site"] == ["sat-0", "sat-1", "sat-2"]
    assert {len(column) for column in columns.values()} == {3}


def test_an_empty_event_table_has_its_columns() -> None:
    columns = Events().columns()
    assert list(columns) == ["time_s", "kind", "site", "job", "detail"]
    assert columns["time_s"].dtype == float


# The observer, on the compiled step's own tables


def scenario(**recorded):
    return SimpleNamespace(
        time=SimpleNamespace(step=STEP, start=datetime(2026, 3, 20, tzinfo=UTC), duration=3600.0),
        satellite=SimpleNamespace(
            thermal=SimpleNamespace(throttle_temperature=CRAFT.throttle_temperature)
        ),
        ground=SimpleNamespace(pue=1.25),
        record=SimpleNamespace(**{"interval": INTERVAL, "satellites": 2, "limit": 1e9} | recorded),
    )


def observed(case: Case):
    """An observer and the state of a case, before anything has happened."""
    names = [f"sat-{k}" for k in range(case.satellites)]
    demand = SimpleNamespace(
        requests=SimpleNamespace(
            arrival=case.slots["arrival"], origin=np.full(len(case.slots), -1, np.int16)
        ),
        jobs=SimpleNamespace(names=()),
        interruptions=Interruptions(np.zeros(0), np.zeros(0, np.int32), np.zeros(0)),
        strikes=no_strikes(),
    )
    observer = Observer(
        scenario(),
        SimpleNamespace(elements=SimpleNamespace(names=names)),
        None,
        demand,
        case.node,
        case.satellites,
        case.ground,
    )
    state = SimpleNamespace(
        step=0,
        first=0,
        fault=0,
        strike=0,
        fleet=case.fleet,
        sites=case.sites,
        slots=case.slots,
        jobs=np.zeros(0, JOB),
        satellites=np.zeros(len(FLOWS)),
        ground=np.zeros(len(FLOWS)),
        stored_start=(case.stored(), case.heat()),
        flowing=None,
        series=Series(),
        events=Events(),
        recorded=np.zeros(len(FLOWS) + 2),
        conditions=np.zeros((len(CONDITIONS), case.satellites), np.bool_),
        rolled_back=np.zeros(len(CAUSES)),
        corrupted=np.zeros(len(CORRUPTED), np.int64),
        real=None,
        cpu=1.5,
    )
    return observer, state


def execute(case: Case, state, steps: int, weights=None) -> None:
    """One interval of the case, as the loop carries it out."""
    case.route(state.step, steps, weights)
    orbit, earth = case.orbit(state.step, steps), case.earth(state.step, steps)[None]
    for sums, flows in ((state.satellites, orbit), (state.ground, earth)):
        sums[:DIE_MAX] += flows[:, :DIE_MAX].sum(axis=0)
        sums[DIE_MAX:] = np.maximum(sums[DIE_MAX:], flows[:, DIE_MAX:].max(axis=0, initial=0.0))
    state.step += steps
    state.first = case.first


def advance(case: Case, observer: Observer, state, steps: int) -> None:
    """One interval of the case, and its record."""
    execute(case, state, steps)
    window = case.around if case.satellites else None
    observer.observe(state, window, state.step - 1, state.step * STEP)


def test_series_are_means_over_their_interval() -> None:
    """Lit for the first interval, dark for the second, with a battery that lasts."""
    case = steady(3, steps=10, charge=0.8)
    case.around.illumination[5:] = 0.0
    observer, state = observed(case)
    for _ in range(2):
        advance(case, observer, state, 5)
    series = state.series.arrays()
    idle = 3 * (CRAFT.bus_load + NODE.host_power + NODE.accelerators * NODE.idle_power)
    assert state.series.time == [300.0, 600.0]
    assert series["illumination"].tolist() == [1.0, 0.0]
    assert series["consumed_W"] == pytest.approx([idle, idle], rel=1e-12)
    assert series["generated_W"][0] > idle
    assert series["generated_W"][1] == 0.0
    assert series["peak_FLOPS"] == pytest.approx([3 * NODE.peak] * 2, rel=1e-12)
    assert series["available_FLOPS"] == pytest.approx(series["peak_FLOPS"], rel=1e-9)
    assert series["utilisation"].tolist() == [0.0, 0.0]
    assert series["throttled_fraction"].tolist() == [0.0, 0.0]
    assert series["charge_fraction"][1] == pytest.approx(case.fleet.energy[0] / 20e6)
    assert series["sat_die_temperature_K"][1].tolist() == case.fleet.die[[0, 2]].tolist()


@settings(max_examples=20)
@given(cases(10))
def test_an_observer_only_reads_and_writes_only_names_of_the_table(case: Case) -> None:
    observer, state = observed(case)
    for _ in range(2):
        execute(case, state, 5)
        sums = (state.satellites.tobytes(), state.ground.tobytes())
        before = case.state()
        observer.observe(state, case.around, state.step - 1, state.step * STEP)
        assert case.state() == before
        assert (state.satellites.tobytes(), state.ground.tobytes()) == sums
    table = nomenclature()
    series = state.series.arrays()
    for group, dimensions in (
        (FLEET, ("time",)),
        (SPREAD, ("time", "quantile")),
        (OWN, ("time", "satellite")),
    ):
        for name in group:
            assert table[name].dimensions == dimensions
            assert len(series[name]) == len(state.series.time) == 2
            assert np.isfinite(series[name]).all()


def test_the_room_for_a_satellite_counts_all_its_series() -> None:
    series = [row for row in nomenclature().values() if row.dimensions == ("time", "satellite")]
    assert len(series) == SERIES


def test_ground_nodes_beside_satellites_do_not_count_as_satellites() -> None:
    """`consumed_W` is the satellites' power, as variables.csv says."""
    alone, hybrid = steady(2, steps=5), steady(2, ground=2, steps=5)
    powers = []
    for case in (alone, hybrid):
        observer, state = observed(case)
        advance(case, observer, state, 5)
        powers.append(state.series.arrays()["consumed_W"])
    assert "of the satellites" in nomenclature()["consumed_W"].description
    assert powers[0] == pytest.approx(powers[1], rel=1e-12)


def test_the_ground_twin_records_its_power_and_no_space() -> None:
    case = steady(0, ground=2, steps=5)
    observer, state = observed(case)
    advance(case, observer, state, 5)
    series = state.series.arrays()
    assert series["consumed_W"] == pytest.approx(2 * (600.0 + 8 * 80.0))
    assert not {"illumination", "charge_fraction", "throttled_fraction"} & set(series)
    totals = observer.finish(state, (0.0, 0.0), True).totals
    assert totals["facility_J"] == pytest.approx(1.25 * totals["consumed_J"])
    assert not {"generated_J", "radiated_J", "stored_end_J"} & set(totals)


def test_brownout_and_throttling_are_noted_when_they_begin_and_end() -> None:
    """Satellite 1 has an empty battery and sees the Sun only from the fourth minute on; its
    neighbour's heat path starts at 410 K and cools below 356 K in between."""
    case = steady(2, steps=5)
    case.around.illumination[:3, 1] = 0.0
    case.fleet.energy[1] = CRAFT.floor * 20e6
    case.fleet.die[0] = case.fleet.loop[0] = case.fleet.radiator[0] = 410.0
    observer, state = observed(case)
    for _ in range(5):
        advance(case, observer, state, 1)
    events = state.events
    noted = list(zip(events.time, events.kind, events.site, strict=True))
    assert noted == [
        (60.0, "brownout", "sat-1"),
        (60.0, "throttle", "sat-0"),
        (180.0, "throttle_end", "sat-0"),
        (240.0, "brownout_end", "sat-1"),
    ]


def test_requests_that_found_no_site_wait() -> None:
    case = steady(2, steps=10, requests=_asked([10.0, 20.0, 400.0]))
    observer, state = observed(case)
    execute(case, state, 5, weights=np.zeros(2))
    observer.observe(state, case.around, 4, 300.0)
    assert state.series.arrays()["waiting_requests"].tolist() == [2.0]
    totals = observer.finish(state, (0.0, 0.0), False).totals
    assert (totals["offered"], totals["waiting"], totals["served"]) == (2, 2, 0)


def _asked(arrival) -> Requests:
    n = len(arrival)
    lengths = np.full(n, 100, np.int32)
    return Requests(np.array(arrival), lengths, lengths, np.full(n, -1, np.int16))


@settings(max_examples=30)
@given(cases(10))
def test_totals_account_for_every_request_joule_and_flop(case: Case) -> None:
    observer, state = observed(case)
    for _ in range(2):
        advance(case, observer, state, 5)
    found = observer.finish(state, (case.stored(), case.heat()), True)
    totals = found.totals
    assert totals["offered"] == (case.slots["arrival"] < 600.0).sum()
    ends = ("served", "dropped", "failed", "waiting")
    assert totals["offered"] == sum(totals[name] for name in ends)
    assert len(found.requests["status"]) == totals["offered"]
    losses = sum(value for name, value in totals.items() if name.startswith("loss_"))
    assert losses + totals["delivered_FLOP"] + totals["job_FLOP"] == pytest.approx(
        totals["peak_FLOP"], rel=1e-9
    )
    used = totals["consumed_J"] + totals["curtailed_J"] + totals["battery_loss_J"]
    stored = totals["stored_end_J"] - totals["stored_start_J"]
    assert used + stored == pytest.approx(totals["generated_J"], rel=1e-9, abs=1e-3)
    ground = totals["hybrid_consumed_J"]
    assert totals["facility_J"] == pytest.approx(totals["consumed_J"] + 1.25 * ground)
    assert (found.requests["site"] < len(case.sites.speed)).all()
    assert found.satellites == tuple(f"sat-{k}" for k in observer.sampled)
    assert found.duration == 600.0


@pytest.mark.parametrize(
    ("satellites", "wanted", "limit", "expected"),
    [
        (5, 200, 1e9, [0, 1, 2, 3, 4]),
        (101, 5, 1e9, [0, 25, 50, 75, 100]),
        (101, 200, 3.9 * 8 * SERIES * 13, [0, 50, 100]),
        (101, 200, 10.0, []),
        (101, 0, 1e9, []),
        (1, 1, 1e9, [0]),
        (0, 200, 1e9, []),
    ],
)
def test_satellites_with_their_own_series_are_spread_over_the_fleet_and_fit_the_limit(
    satellites, wanted, limit, expected
) -> None:
    """An hour in intervals of five minutes: 13 times."""
    asked = scenario(satellites=wanted, limit=limit)
    assert record._sample(asked, satellites).tolist() == expected
