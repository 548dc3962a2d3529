"""The network in the whole loop: no byte is lost, no future is known, no stop changes a byte."""

import json
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dawndusk.connections import Connections
from dawndusk.network.weather import Weather
from dawndusk.placement.conformance import Policy, resolve
from dawndusk.placement.outlook import Decision, Outlook, View
from dawndusk.record import Record
from dawndusk.requests import PENDING, SERVED
from dawndusk.run import run
from dawndusk.scenario import load
from dawndusk.state import State
from tests.system.other_futures import with_other_arrivals, with_other_faults
from tests.system.test_reproducibility import after, dumped, record_bytes
from tests.system.whole_run import Prepared, prepare

JOBS = (
    '{name="gang", kind="training", work="1 ZFLOP", nodes=3, checkpoint_interval="10 min", '
    'checkpoint_size="20 GB", checkpoint_to="ground", exchange="100 GB", '
    'exchange_interval="2 min"}, '
    '{name="batch", kind="batch", work="20 EFLOP", nodes=2, count=2, every="20 min", '
    'deadline="50 min", input="3 GB", output="40 GB"}'
)
SENSORS = ("network.sensor=1 MB/s", "network.sensor_work=1 MFLOP/B", "network.sensor_store=3 GB")

SHELL = (
    'constellation={kind="walker_star", altitude="780 km", inclination="86.4 deg", '
    "satellites=66, planes=6, phasing=1}",
    "network.terminal=starlink-laser",
    "network.topology=plus_grid",
)
BUSY = (
    *SHELL,
    *SENSORS,
    f"workload.jobs=[{JOBS}]",
    "time.duration=3 h",
    "workload.rate=4 Hz",
    "workload.patience=20 min",
    "faults.interruption_rate=0.05 1/day",
    "ground.hybrid=true",
    "ground.hybrid_nodes=2",
    "satellite.battery.capacity=0.1 kWh",
)
"""Everything that moves over a network does so here."""


def network(ready: Prepared, kind: type[Connections] = Connections, **given: Any) -> Connections:
    return kind(ready.scenario, ready.plan, ready.ahead, ready.ground_nodes, 1, **given)


def orbit(ready: Prepared, policy: Policy | None = None, **given: Any) -> Record:
    return ready.orbit(policy, network=given.pop("network", None) or network(ready), **given)


def whole(record: Record) -> bytes:
    """Everything that a record holds, its network too."""
    assert record.network is not None
    tables = {
        name: [np.asarray(column).tolist() for column in table.values()]
        for name, table in record.network.tables.items()
    }
    of_network = (record.network.summary, tables, record.network.warnings)
    return record_bytes(record) + repr(of_network).encode()


def known(record: Record) -> dict[str, Any]:
    assert record.network is not None
    return record.network.summary


# balances


@st.composite
def scenarios(draw: st.DrawFn) -> tuple[str, list[str]]:
    """One satellite, a small shell or a small cluster, with whatever may move over its links."""

    def chosen(*values: Any) -> Any:
        return draw(st.sampled_from(values))

    base = chosen("starcloud-1", "suncatcher", "suncatcher", "spacex-ai1")
    found = [
        "time.duration=2 h",
        f"time.seed={draw(st.integers(1, 99))}",
        f"placement.policy={chosen('greedy', 'follow_the_sun', 'latency_first')}",
        f"placement.interval={chosen('5 min', '10 min')}",
        f"network.users={chosen('fibre', 'direct')}",
        f"network.ground_terminal={chosen('ka-gateway', 'x-band-small')}",
        f"network.sensor={chosen('0 B/s', '1 MB/s', '50 MB/s')}",
        f"network.sensor_mode={chosen('aboard', 'downlink')}",
        f"network.sensor_work={chosen('0 FLOP/B', '1 MFLOP/B', '1 GFLOP/B')}",
        "network.sensor_store=30 GB",
        f"network.prompt_bytes={chosen('4 B', '100 kB')}",
        f"workload.rate={chosen('0.1 Hz', '3 Hz')}",
        f"workload.patience={chosen('1 min', '1 h')}",
        "workload.model=llama-3-8b" if base != "starcloud-1" else "faults.restart_time=5 min",
        f"faults.interruption_rate={chosen('0.05 1/day', '2 1/day')}",
    ]
    nodes = 1
    if base != "starcloud-1":
        nodes = 3
        shape = chosen(
            'constellation={kind="cluster", altitude="650 km", radius="300 m", spacing="200 m"}',
            SHELL[0].replace("satellites=66, planes=6", "satellites=12, planes=3"),
            'constellation={kind="walker_star", altitude="780 km", inclination="86.4 deg", '
            "satellites=8, planes=2, phasing=1}",
        )
        found.append(shape)
        found += chosen(["network.terminals=4"], ["network.topology=nearest"])
        if draw(st.booleans()):
            found += ["ground.hybrid=true", "ground.hybrid_nodes=2"]
    size = chosen("1 GB", "300 GB", "20 TB")
    jobs = JOBS.replace("nodes=3", f"nodes={nodes}").replace("nodes=2", "nodes=1")
    found.append(f"workload.jobs=[{jobs.replace('40 GB', size)}]")
    return base, found


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(drawn=scenarios())
def test_no_byte_disappears(drawn: tuple[str, list[str]]) -> None:
    """Messages, transfers and sensor data to the byte; energy, work and requests to 1e-9."""
    base, overrides = drawn
    ready = prepare(load(base, overrides))
    record = orbit(ready)
    found = known(record)
    assert found["residual_bytes"] == 0
    ledger = ready.settled(record)
    ledger.check(1e-9)
    for row in ledger.balances:
        if row.unit == "bytes":
            assert row.offered == sum(row.parts.values()), row.name
            assert all(part >= 0 for part in row.parts.values()), row.name
    check_requests(record, found)
    check_transfers(ready, record)
    sensor = found["sensor"]
    dt, satellites = ready.scenario.time.duration, ready.plan.satellites
    assert sensor["produced_bytes"] == pytest.approx(
        ready.scenario.network.sensor * dt * satellites, abs=satellites
    )
    assert 0.0 <= found["utilisation_max"] <= 1.0 + 1e-9


def check_requests(record: Record, found: dict[str, Any]) -> None:
    """Who was sent off has a finite delay; what they weigh is what was offered."""
    rows = record.requests
    routed = rows["site"] >= 0
    assert np.isfinite(rows["delay_s"]).all()
    assert (rows["delay_s"][routed] >= 0.0).all()
    served = rows["status"] == SERVED
    assert (
        rows["first_token_s"][served]
        > rows["arrival_s"][served] + 2.0 * rows["delay_s"][served].min(initial=1.0)
    ).all()
    assert (rows["site"][rows["status"] == PENDING] < 0).all()
    if not routed.any():
        assert found["request_bytes"] == 0


def check_transfers(ready: Prepared, record: Record) -> None:
    """Nothing arrives before light could bring it, no job works before its input is there."""
    assert record.network is not None
    table = {name: np.array(column) for name, column in record.network.tables["transfers"].items()}
    done = table["status"] == "done"
    assert (table["start_s"][done] >= table["submit_s"][done]).all()
    assert (table["finish_s"][done] >= table["start_s"][done]).all()
    assert np.isnan(table["finish_s"][~done].astype(float)).all()
    jobs = record.jobs
    for k, name in enumerate(jobs["name"]):
        mine = (table["job"] == name) & (table["kind"] == "input") & done
        inputs = table["finish_s"][mine]
        hybrid = bool(ready.ground_nodes)
        if np.isfinite(jobs["start"][k]) and jobs["input"][k] > 0.0 and not hybrid:
            assert jobs["start"][k] >= inputs.min(initial=np.inf), name
        outputs = (table["job"] == name) & (table["kind"] == "output")
        if np.isfinite(jobs["delivered"][k]) and outputs.any():
            assert done[outputs].all()
            assert jobs["delivered"][k] == table["finish_s"][outputs].max()
            assert jobs["delivered"][k] > jobs["finish"][k] or hybrid


def test_requests_alone_weigh_what_their_tokens_do() -> None:
    """All that were sent off, prompt and answer, and nothing else."""
    overrides = ["time.duration=6 h", "workload.jobs=[]", "workload.patience=10 min"]
    record = orbit(prepare(load("starcloud-1", overrides)))
    rows = record.requests
    routed = rows["site"] >= 0
    tokens = (rows["prompt"] + rows["output"])[routed].sum(dtype=np.int64)
    found = known(record)
    assert found["request_bytes"] == 4 * tokens + 2000 * routed.sum()
    assert 0 < routed.sum() < len(routed)
    assert (rows["status"][~routed] != SERVED).all()


# stops


@pytest.fixture(scope="module")
def ready() -> Prepared:
    return prepare(load("suncatcher", BUSY))


@pytest.fixture(scope="module")
def uninterrupted(ready: Prepared) -> bytes:
    record = orbit(ready)
    moved = known(record)
    assert moved["exchange_bytes"] > 0
    assert moved["transfers"]["delivered_bytes"] > 0
    assert moved["sensor"]["downlinked_bytes"] > 0
    assert {"input", "output", "checkpoint"} <= set(
        record.network.tables["transfers"]["kind"] if record.network else ()
    )
    return whole(record)


@pytest.mark.parametrize("decisions", [1, 13, 35])
def test_a_stopped_run_goes_on_to_the_same_bytes(
    ready: Prepared, uninterrupted: bytes, decisions: int
) -> None:
    kept: list[bytes] = []
    stopped = orbit(ready, stop=after(decisions), save=lambda state: kept.append(dumped(state)))
    assert not stopped.complete
    resumed = orbit(ready, resume=pickle.loads(kept[-1]))
    assert resumed.complete
    assert whole(resumed) == uninterrupted


def test_a_run_stopped_again_and_again_ends_the_same(ready: Prepared, uninterrupted: bytes) -> None:
    """Between two looks at the network too."""
    seldom = prepare(load("suncatcher", [*BUSY, "network.interval=15 min"]))
    expected = whole(orbit(seldom))
    assert expected != uninterrupted
    state: State | None = None
    kept: list[bytes] = []
    for _ in range(5):
        orbit(seldom, stop=after(7), resume=state, save=lambda state: kept.append(dumped(state)))
        state = pickle.loads(kept[-1])
    assert whole(orbit(seldom, resume=state)) == expected


def test_the_same_seed_gives_the_same_bytes(ready: Prepared, uninterrupted: bytes) -> None:
    assert whole(orbit(ready, threads=3)) == uninterrupted


# causality

MOMENT = 4_530.0
"""In the middle of a step and of an interval [s]."""

Log = list[tuple[Any, ...]]


def nosy(outlook: Outlook, view: View) -> Decision:
    """Lets everything that it is shown move its answer."""
    clue = 1.0
    for shown in (view, outlook):
        for name in shown.__slots__:
            value = getattr(shown, name)
            numbers = [value] if name != "plant" else [getattr(value, n) for n in value.__slots__]
            for number in numbers:
                seen = np.nan_to_num(np.asarray(number, float), posinf=12_345.0)
                clue += float(np.abs(np.sin(seen + 1.0)).sum())
    sites = np.arange(len(view.charge))
    placed = np.full(len(sites), -1, np.int32)
    active = np.flatnonzero(view.job_active)
    for job in active:
        free = np.flatnonzero(placed < 0)[: view.job_nodes[job]]
        placed[free] = job
    return Decision(1.0 + np.sin(sites * clue) ** 2, placed)


nosy.ahead = 3600.0  # type: ignore[attr-defined]

POLICIES: dict[str, Policy] = {
    "nosy": nosy,
    **{name: resolve(name) for name in ("greedy", "latency_first", "lookahead")},
}


def logged(ready: Prepared, policy: Policy, wires: Connections | None = None) -> tuple[Log, Record]:
    """A run and its decisions."""
    log: Log = []

    def watched(outlook: Outlook, view: View) -> Decision:
        answer = policy(outlook, view)
        by_origin = answer.weights_by_origin
        log.append(
            (
                view.time,
                answer.weights.copy(),
                answer.job_of_site.copy(),
                np.zeros(0) if by_origin is None else by_origin.copy(),
            )
        )
        return answer

    watched.ahead = getattr(policy, "ahead", 0.0)  # type: ignore[attr-defined]
    return log, orbit(ready, watched, network=wires)


def other_arrivals(ready: Prepared) -> Prepared:
    """Twice as many requests from the moment on, longer ones, all from one city."""
    return with_other_arrivals(ready, MOMENT, origin=0)


def other_faults(ready: Prepared) -> Prepared:
    """From the moment on, other sites fail, and more often."""
    return with_other_faults(ready, MOMENT, sites=68)


def other_jobs(ready: Prepared) -> Prepared:
    """Every job submitted after the moment is another one."""
    table = ready.asked.jobs.table.copy()
    late = table["submit"] > MOMENT
    assert late.any()
    for name, factor in (("work", 3.0), ("input", 4.0), ("output", 0.1)):
        table[name][late] *= factor
    table["nodes"][late] += 2
    table["submit"][late] += 200.0
    return ready.changed(jobs=replace(ready.asked.jobs, table=table))


class OtherSky(Connections):
    """From the moment on, clouds are where there are none, and it pours."""

    def weather_at(self, now: Weather | None, time: float) -> Weather | None:
        sky = super().weather_at(now, time)
        if sky is None or time < MOMENT:
            return sky
        return Weather(sky.step, ~sky.cloudy, np.full_like(sky.wetness, 5.0))


CHANGES: dict[str, Callable[[Prepared], Prepared]] = {
    "arrivals": other_arrivals,
    "faults": other_faults,
    "jobs": other_jobs,
    "weather": lambda ready: ready,
}


@pytest.fixture(scope="module")
def bright() -> Prepared:
    """Stations by laser, so that clouds matter; batteries that last."""
    overrides = [one for one in BUSY if "battery" not in one]
    return prepare(load("suncatcher", [*overrides, "network.ground_terminal=optical-ground"]))


@pytest.fixture(scope="module")
def histories(bright: Prepared) -> dict[str, tuple[Log, Record]]:
    return {name: logged(bright, policy) for name, policy in POLICIES.items()}


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_future_leaves_earlier_decisions_alone(
    bright: Prepared, histories: dict[str, tuple[Log, Record]], change: str, policy: str
) -> None:
    ours, record = histories[policy]
    wires = network(bright, OtherSky) if change == "weather" else None
    theirs, other = logged(CHANGES[change](bright), POLICIES[policy], wires)
    before = sum(time <= MOMENT for time, *_ in ours)
    assert before == 16
    for mine, then in zip(ours[:before], theirs[:before], strict=True):
        for one, another in zip(mine, then, strict=True):
            assert np.array_equal(one, another), mine[0]
    check_past(record, other)
    if policy == "nosy":
        assert any(
            not np.array_equal(mine[1], then[1])
            for mine, then in zip(ours[before:], theirs[before:], strict=True)
        )


def check_past(record: Record, other: Record) -> None:
    """Requests of before went the same way, and what had moved by then had moved so."""
    rows, then = record.requests, other.requests
    old = np.flatnonzero(rows["arrival_s"] < 4_500.0)
    assert len(old) > 5_000
    early = old[(rows["finish_s"][old] < 4_500.0) & (rows["delay_s"][old] > 0.0)]
    assert len(early) > 1_000
    for name in ("site", "status", "delay_s", "first_token_s", "finish_s"):
        assert np.array_equal(rows[name][early], then[name][early], equal_nan=True), name
    assert record.network is not None
    assert other.network is not None
    mine, theirs = record.network.tables["transfers"], other.network.tables["transfers"]
    for ours, others in zip(arrived(mine), arrived(theirs), strict=True):
        assert np.array_equal(ours, others)


def arrived(table: dict[str, Any]) -> list[NDArray[Any]]:
    """Transfers that had ended at the decision before the moment."""
    soon = np.array(table["finish_s"], float) < 4_500.0
    assert soon.any()
    return [np.array(table[name])[soon] for name in ("kind", "job", "from", "to", "finish_s")]


def test_what_no_path_can_carry_is_told_in_the_results(tmp_path: Path) -> None:
    """An output of 100 TB from one small satellite: the run ends well and says what binds."""
    work = 'workload.jobs=[{name="survey", kind="batch", work="1 PFLOP", output="100 TB"}]'
    run(load("starcloud-1", ["time.duration=2 h", work]), tmp_path / "out", report=False)
    told = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))["warnings"]
    (said,) = [one for one in told if "kind output have not arrived" in one]
    assert "held back by the link" in said or "links to the ground, of" in said
    summary = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
    assert summary["network"]["transfers"]["waiting_bytes"] > 9e13
    assert summary["network"]["residual_bytes"] == 0
