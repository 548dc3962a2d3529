"""Real jobs in the loop: units follow the sites' work, bytes the links, money and time the loop."""

import math
import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dawndusk.execution import faults
from dawndusk.execution.faults import Interruptions, Strikes
from dawndusk.placement.outlook import Decision, Outlook, View
from dawndusk.real import work as real_work
from dawndusk.scenario import load
from dawndusk.state import State
from dawndusk.strikes import flips
from tests.real_case import RATE, STEP, curve, linked, ready, real, shadowed, trained
from tests.system.whole_run import prepare
from tests.traffic_case import SUNNY, carried, job, sunny

HOUR = 3600.0


def struck(case: Any, *outages: tuple[int, float, float], cause: int = faults.SCRIPTED) -> Any:
    """The case with interruptions of sites."""
    rows = sorted((begin, site, end) for site, begin, end in outages)
    time, site, until = (np.array(column) for column in zip(*rows, strict=True))
    causes = np.full(len(rows), cause, np.int8)
    return case.changed(interruptions=Interruptions(time, site.astype(np.int32), until, causes))


def hits(*rows: tuple[float, int, int]) -> Strikes:
    """Particles by time, site and kind."""
    time, site, kind = (np.array(column) for column in zip(*sorted(rows), strict=True))
    none = np.zeros(len(rows))
    return Strikes(
        time.astype(float),
        site.astype(np.int32),
        kind.astype(np.int8),
        none,
        none,
        none.astype(bool),
    )


# what is executed


@pytest.mark.parametrize("method", ["single", "synchronous", "diloco", "streaming"])
def test_done_is_useful_units_times_a_unit_and_all_work_is_accounted_for(method: str) -> None:
    nodes = 1 if method == "single" else 2
    run, record = trained(ready(nodes=nodes, method=method, units=150, interval=50))
    assert run.finished
    assert sum(run.training.executed.values()) == 150 * nodes
    table = record.jobs
    unit = run.job.unit_work
    for rank in range(nodes):
        assert table["done"][rank] == pytest.approx(150 * unit, rel=1e-12)
        parts = sum(
            table[name][rank]
            for name in ("done", "rolled_back", "checkpointed", "restarted", "stalled")
        )
        assert parts == pytest.approx(table["executed"][rank], rel=1e-12)
        assert run.seats[rank].account.granted == run.seats[rank].account.executed == 150
        assert table["finish"][rank] == table["delivered"][rank] == run.finish
        assert table["saved"][rank] == table["faults"][rank] == 0
    totals = record.totals
    lost = sum(totals[name] for name in totals if name.startswith("loss_"))
    assert totals["delivered_FLOP"] + lost == pytest.approx(totals["peak_FLOP"], rel=1e-12)
    assert list(table["status"]) == ["finished"] * nodes
    assert run.log.columns["kind"].count("unit") == 150 * nodes


def test_units_are_the_whole_part_of_the_sites_work() -> None:
    """At full clock a unit takes `STEP`: two hours are 360 of them, less the last one begun."""
    run, record = trained(ready(nodes=1, method="single", units=10_000, interval=50))
    executed = run.training.executed[0]
    assert not run.finished
    assert executed == int(2 * HOUR / STEP)
    assert executed == math.floor(record.jobs["executed"][0] / run.job.unit_work + 1e-9)
    times = [t for t, kind in zip(*_columns(run, "time_s", "kind")) if kind == "unit"]  # noqa: B905
    assert times == pytest.approx(STEP * np.arange(1, executed + 1), rel=1e-9)


def _columns(run: Any, *names: str) -> list[list[Any]]:
    return [run.log.columns[name] for name in names]


def test_diloco_takes_its_units_and_its_exchanges() -> None:
    """H · unit + bytes · 8 / rate + 2 (k − 1) latency a round, in closed form."""
    run, _ = trained(ready(nodes=2, units=200, data_scale=1e9), linked(2, 1e10, 0.5))
    sent = 2 * 0.5 * 4 * 11 * 1e9 * 8 / 1e10
    assert run.finish == pytest.approx(4 * (50 * STEP + sent + 2 * 0.5), rel=1e-6)
    exchanges = [t for t, k in zip(*_columns(run, "time_s", "kind")) if k == "exchange"]  # noqa: B905
    assert np.diff(exchanges) == pytest.approx(50 * STEP + sent + 1.0, rel=1e-6)


def test_the_same_seed_gives_the_same_curve_to_the_digit() -> None:
    case = ready(nodes=3, units=100, data_scale=1e8)
    first, second = trained(case)[0], trained(case)[0]
    assert curve(first) == curve(second)
    other, _ = trained(ready("time.seed=2", nodes=3, units=100, data_scale=1e8))
    assert curve(other) != curve(first)


def test_a_busy_host_changes_no_digit() -> None:
    """A worker that sleeps now and then: the same units, losses, times, joules."""
    case = ready(nodes=2, units=100, data_scale=1e8)
    slow = ready(nodes=2, units=100, data_scale=1e8, execute="tests.real_case:sleepy")
    (one, first), (other, second) = trained(case), trained(slow)
    assert curve(one) == curve(other)
    assert first.real is not None
    assert second.real is not None
    assert first.real.spent == second.real.spent
    assert {**first.totals, "cpu_s": 0} == {**second.totals, "cpu_s": 0}


def test_learning_is_real() -> None:
    run, _ = trained(ready(nodes=2, units=200))
    assert run.losses[0] > 5.0
    assert run.losses[-1] < 0.1
    assert len(run.losses) == 5


# power and links


def test_in_the_dark_nothing_is_executed() -> None:
    case = shadowed()
    work = real_work.begin(case.scenario, 1)
    record = case.orbit(real=work)
    run = work.runs[0]
    assert run.seats[0].executed == pytest.approx(float(record.totals["job_FLOP"]))
    units, power = run.training.executed[0], record.totals["loss_power_FLOP"]
    assert power > 0.2 * record.totals["peak_FLOP"]
    assert units == math.floor(run.seats[0].executed / run.job.unit_work + 1e-9)
    full = 3 * HOUR / run.job.unit_time
    assert 0 < units < 0.8 * full
    times = np.array([t for t, k in zip(*_columns(run, "time_s", "kind")) if k == "unit"])  # noqa: B905
    assert np.diff(times).max() > 600.0


def test_an_exchange_waits_for_slow_links() -> None:
    fast, _ = trained(ready(nodes=2, units=100, data_scale=1e9), linked(2, 1e12))
    slow, record = trained(ready(nodes=2, units=100, data_scale=1e9), linked(2, 1e9))
    sent = 44e9 * 8 / 1e9
    assert slow.finish - fast.finish == pytest.approx(2 * sent, rel=0.01)
    assert sum(seat.waited for seat in slow.seats) == pytest.approx(2 * 2 * sent, rel=0.02)
    node = 2.0 * RATE
    assert record.totals["loss_network_FLOP"] >= 0.9 * node * 2 * 2 * sent


def test_an_exchange_waits_for_a_link_that_is_out() -> None:
    wires = linked(2, 1e12)
    wires.working = lambda time: not 900.0 <= time < 2700.0
    run, _ = trained(ready(nodes=2, units=100), wires)
    times, kinds = _columns(run, "time_s", "kind")
    exchanges = [t for t, k in zip(times, kinds, strict=True) if k == "exchange"]
    assert exchanges[0] == pytest.approx(2700.0, abs=1.0)
    assert exchanges[1] == pytest.approx(2700.0 + 50 * STEP, abs=1.0)


def test_diloco_sends_fifty_times_fewer_bytes_over_the_links() -> None:
    """Counted by the network's totals, of the same units."""
    sent = {}
    for method in ("synchronous", "diloco"):
        run, record = trained(ready(nodes=4, units=100, method=method, data_scale=1e7))
        assert run.finished
        assert record.network is not None
        sent[method] = record.network.summary["exchange_bytes"]
        assert sent[method] == run.carrier.bytes["exchange"]["delivered"]
        assert record.network.summary["residual_bytes"] == 0
    assert sent["synchronous"] == 50 * sent["diloco"] > 0


@pytest.mark.parametrize("rate", [1e12, 2e9])
def test_modelled_and_real_agree_in_work_energy_and_bytes(rate: float) -> None:
    """The same job as a gang that exchanges as much after as much work, within 5 %."""
    units = 300
    case = ready(nodes=2, units=units, interval=10, data_scale=1e9, job_checkpoint_interval="9 h")
    run, record = trained(case, linked(2, rate))
    modelled = sunny(
        job(
            "training",
            f"{2 * units * run.job.unit_work:.17g} FLOP",
            nodes=2,
            exchange="44 GB",
            exchange_interval=f"{10 * STEP} s",
            checkpoint_interval="9 h",
        ),
        satellites=2,
    )
    other = carried(modelled, linked(2, rate))
    for name in ("delivered_FLOP", "consumed_J", "loss_network_FLOP"):
        scale = other.totals[name]
        if name == "loss_network_FLOP" and rate > 1e11:
            continue
        assert record.totals[name] == pytest.approx(scale, rel=0.05), name
    assert record.network is not None
    assert other.network is not None
    bytes_modelled = other.network.summary["exchange_bytes"]
    assert record.network.summary["exchange_bytes"] == pytest.approx(bytes_modelled, rel=0.05)
    if run.finished:
        assert run.finish == pytest.approx(other.jobs["finish"][0], rel=0.05)


def test_energy_and_time_are_the_sites_own() -> None:
    """Two of two satellites: what the fleet used until the job ended, between two intervals."""
    case = ready(nodes=2, units=90, interval=30)
    run, record = trained(case)
    assert record.real is not None
    (spent,) = record.real.spent
    assert spent.site_time == pytest.approx(2 * (run.finish - run.begun))
    times = [0.0, *record.series.time]
    power = np.array([row[1] for row in record.series.fleet])
    used = sum(
        p * (min(b, run.finish) - a)
        for p, a, b in zip(power, times[:-1], times[1:], strict=True)
        if a < run.finish
    )
    assert spent.energy == pytest.approx(used, rel=1e-9)


# losses


def test_a_satellite_lost_is_replaced_by_a_copy_and_the_others_go_on() -> None:
    case = ready(nodes=3, units=200, data_scale=1e8, job_restart_time="1 min")
    plain, _ = trained(case)
    run, record = trained(struck(case, (1, 1250.0, 2000.0)))
    assert (run.kills, run.rejoins, run.restores) == (1, 1, 0)
    assert run.finished
    assert run.training.executed[0] == run.training.executed[2] == 200
    away = (2160.0 - 1250.0) / STEP  # up at 2000, placed at the decision of 2100, started
    assert run.training.executed[1] == pytest.approx(200 - away, abs=2)
    assert run.lost == run.lost_by[faults.SCRIPTED] == 12
    assert curve(run) != curve(plain)
    assert run.losses[-1] < 0.1
    rows = record.jobs
    assert rows["done"][1] == pytest.approx(run.training.useful[1] * run.job.unit_work)
    assert rows["rolled_back"][1] == pytest.approx(12 * run.job.unit_work)
    assert rows["restarted"][1] == pytest.approx(60.0 * RATE, rel=1e-3)
    cost = record.faults["by_cause"]
    assert cost["scripted"]["interruptions"] == 1
    lost = sum(each["lost_FLOP"] for each in cost.values()) + record.faults["checkpoint_FLOP"]
    assert lost == pytest.approx(record.totals["loss_faults_FLOP"], rel=1e-9)
    back = run.log.columns["kind"].index("rejoin")
    assert run.log.columns["time_s"][back] == pytest.approx(2160.0, abs=1.0)
    assert run.log.columns["bytes"][back] > 0


def test_when_nobody_is_left_the_last_checkpoint_is_read_again() -> None:
    case = ready(nodes=2, units=150, job_checkpoint_interval="20 min")
    run, _ = trained(struck(case, (0, 2000.0, 2400.0), (1, 2000.0, 2400.0)))
    assert (run.kills, run.restores) == (2, 1)
    assert run.finished
    kinds, units = _columns(run, "kind", "unit")
    saved = units[kinds.index("checkpoint")]
    assert saved == pytest.approx(1200.0 / STEP, abs=1)
    assert units[kinds.index("restore")] == saved
    assert run.lost == pytest.approx(2 * (2000.0 / STEP - saved), abs=2)
    assert run.lost_by[faults.SCRIPTED] == run.lost_by.sum() == run.lost
    assert run.training.useful == {0: 150, 1: 150}


def test_checkpoints_for_the_ground_travel_and_count() -> None:
    case = ready(
        nodes=2,
        units=150,
        data_scale=1e8,
        job_checkpoint_interval="20 min",
        job_checkpoint_to="ground",
    )
    run, record = trained(struck(case, (0, 2000.0, 2400.0), (1, 2000.0, 2400.0)))
    told = run.carrier.bytes
    assert told["checkpoint"]["delivered"] > 0
    assert told["restore"]["delivered"] > 0
    assert record.network is not None
    assert record.network.summary["exchange_bytes"] == int(run.carrier.sent)
    offered = sum(kind["offered"] for kind in told.values())
    rest = sum(kind["delivered"] + kind["cancelled"] for kind in told.values())
    assert offered == rest


def test_a_policy_that_moves_a_replica_moves_its_memory() -> None:
    """Rank 0 from satellite 0 to satellite 2 after half an hour."""

    def place(outlook: Outlook, view: View) -> Decision:
        active = bool(view.job_active[0])
        first = 0 if view.time < 1800.0 else 2
        placed = np.full(3, -1, np.int32)
        if active:
            placed[first], placed[1] = 0, 1
        return Decision(np.ones(3), placed)

    case = sunny(real(2, units=150, data_scale=1e8), satellites=3)
    run, _ = trained(case, policy=place)
    assert (run.moves, run.kills) == (1, 0)
    assert run.finished
    assert run.lost == 0
    assert run.carrier.bytes["move"]["delivered"] > 0
    assert run.seats[0].site == 2


# numbers


def test_flips_hit_the_replica_that_runs_there() -> None:
    case = ready(nodes=2, units=100)
    struck_case = case.changed(strikes=hits((1010.0, 1, faults.SILENT), (1500.0, 0, faults.SILENT)))
    run, _ = trained(struck_case)
    ranks = [r for r, k in zip(*_columns(run, "rank", "kind")) if k == "flip"]  # noqa: B905
    assert ranks == [1, 0]
    assert sum(run.damage.outcomes.values()) == 2
    plain, _ = trained(case)
    assert curve(run) != curve(plain)


def test_strikes_while_a_replica_waits_or_after_the_end_do_nothing() -> None:
    case = ready(nodes=2, units=50, data_scale=1e9)
    late = case.changed(strikes=hits((1010.0, 1, faults.SILENT), (5000.0, 0, faults.SILENT)))
    run, _ = trained(late, linked(2, 1e9))
    assert run.damage.outcomes["masked"] == 1
    assert sum(run.damage.outcomes.values()) == 1


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("scale", "expected"), [(0.0, 0), (0.25, 250), (1.0, 1000)])
def test_a_lower_flip_scale_chooses_among_the_strikes(scale: float, expected: int) -> None:
    case = ready(nodes=2, units=350, flip_scale=scale)
    rows = [(7.0 * k + 1.0, k % 2, faults.SILENT) for k in range(1000)]
    run, _ = trained(case.changed(strikes=hits(*rows)))
    found = sum(run.damage.outcomes.values())
    assert abs(found - expected) <= 4.0 * math.sqrt(expected * (1.0 - scale))


def test_flips_are_as_many_as_the_rate_says() -> None:
    """Poisson: those drawn beside the strikes, at scale − 1 times their rate."""
    scale = 400.0
    overrides = [
        *SUNNY[1:4],
        "time.duration=1 day",
        'constellation={kind="sun_synchronous", altitude="650 km", satellites=4}',
        "economics.launcher=starship",
        real(4, flip_scale=scale, ecc=False),
    ]
    case = prepare(load("suncatcher", [o for o in overrides if "faults" not in o]))
    own = case.asked.strikes
    extra = flips(case.scenario, case.plan, case.ahead)
    silent = int((extra.kind == faults.SILENT).sum())
    expected = (scale - 1.0) * _mean_silent(case)
    assert abs(silent - expected) < 4.0 * math.sqrt(expected)
    assert abs(len(own.silent[0]) - expected / (scale - 1.0)) < 4.0 * math.sqrt(
        expected / (scale - 1.0)
    )
    memory = int((extra.kind == faults.UNCORRECTABLE).sum())
    chip = case.scenario.accelerator
    ratio = chip.uncorrectable_error * scale / 0.125 / (chip.silent_corruption * (scale - 1.0))
    assert memory == pytest.approx(silent * ratio, rel=0.1)
    assert not (case.asked.interruptions.cause == faults.UNCORRECTABLE).any()


def test_at_the_rate_of_radiation_nothing_strikes_beside_the_strikes() -> None:
    shape = 'constellation={kind="sun_synchronous", altitude="650 km", satellites=2}'
    case = prepare(load("suncatcher", ["time.duration=1 day", shape, real(2)]))
    assert len(case.asked.strikes.silent[0]) > 0
    assert len(case.asked.flips) == 0
    none = load("suncatcher", ["time.duration=1 day", shape, "workload.jobs=[]"])
    assert len(prepare(none).asked.flips) == 0


def _mean_silent(case: Any) -> float:
    """Mean of many draws of the silent corruptions themselves, from other streams."""
    from dawndusk.strikes import _cross_sections, strike

    section = np.zeros(len(faults.KINDS))
    section[faults.SILENT] = 1000.0 * _cross_sections(case.scenario)[faults.SILENT]
    return len(strike(case.scenario, case.plan, case.ahead, section, 77)) / 1000.0


def test_a_guard_catches_and_its_work_is_billed() -> None:
    case = ready(nodes=2, units=100, guards=["checksums"], data_scale=1e8)
    run, record = trained(case.changed(strikes=hits((1011.0, 1, faults.SILENT))))
    assert run.damage.caught == {"checksums": 1}
    assert run.damage.outcomes["detected"] == 1
    assert (run.kills, run.rejoins) == (1, 1)
    assert run.damage.false_alarms == 0
    assert run.job.overhead > 0.0
    assert run.finished
    checked = run.training.executed[0] * run.job.unit_work * run.job.overhead
    assert record.jobs["checkpointed"][0] == pytest.approx(checked)
    assert record.faults["by_cause"]["guard"]["lost_FLOP"] == pytest.approx(
        run.lost * run.job.unit_work
    )


# going on


@pytest.mark.parametrize("method", ["synchronous", "diloco", "streaming"])
def test_a_run_stopped_and_pickled_goes_on_to_the_same_curve(method: str) -> None:
    case = struck(ready(nodes=3, units=150, method=method, data_scale=3e8), (1, 1250.0, 2000.0))
    whole, record = trained(case, linked(3, 1e9))
    kept: list[bytes] = []
    asked = iter([False] * 5 + [True] * 100)
    trained(
        case,
        linked(3, 1e9),
        stop=lambda: next(asked),
        save=lambda state: kept.append(pickle.dumps(state)),
    )
    state: State = pickle.loads(kept[-1])
    assert 0 < state.step < 2 * HOUR / 60.0
    resumed = carried(case, linked(3, 1e9), resume=state)
    assert resumed.real is not None
    assert record.real is not None
    assert curve(resumed.real.runs[0]) == curve(whole)
    assert resumed.real.spent == record.real.spent
    assert {**resumed.totals, "cpu_s": 0} == {**record.totals, "cpu_s": 0}


def test_without_real_work_the_rows_are_modelled() -> None:
    """As in days of later years: replicas advance by the rules for jobs of one node."""
    case = ready(nodes=2, units=100)
    record = carried(case, linked(2))
    assert record.real is None
    assert list(record.jobs["status"]) == ["finished"] * 2
    assert record.jobs["done"][0] == pytest.approx(100 * STEP * RATE)
    assert record.jobs["finish"][0] == pytest.approx(100 * STEP, rel=1e-6)


def test_no_real_jobs_no_real_work() -> None:
    case = sunny(job())
    assert real_work.begin(case.scenario, 2) is None


def test_two_jobs_share_the_fleet() -> None:
    one, other = real(2, units=50), real(1, units=80, method="single")
    both = one[:-1] + ", " + other.removeprefix("workload.jobs=[").replace('"toy"', '"second"')
    case = sunny(both, satellites=3)
    work = real_work.begin(case.scenario, 3)
    record = carried(case, linked(3), real=work)
    assert record.real is not None
    assert [run.finished for run in record.real.runs] == [True, True]
    assert [run.training.executed[0] for run in record.real.runs] == [50, 80]
    assert record.jobs["name"] == ["toy/0", "toy/1", "second/0"]
    assert record.jobs["done"][2] == pytest.approx(80 * STEP * RATE)


COUNTING = """
import json, sys
done = 0
for line in sys.stdin:
    asked = json.loads(line)
    if asked["do"] == "save":
        json.dump(done, open(asked["file"], "w"))
    elif asked["do"] == "load":
        done = json.load(open(asked["file"]))
    done += asked["do"] == "unit"
    print(json.dumps({"unit": asked.get("unit"), "loss": 1.0 / (1 + done)}), flush=True)
"""


def test_a_command_line_is_a_job_that_strikes_do_not_reach(tmp_path: Path) -> None:
    script = tmp_path / "count.py"
    script.write_text(COUNTING, encoding="utf-8")
    options = {"command": [sys.executable, str(script)], "memory": 1e9, "unit_flop": 1e12}
    case = ready(
        nodes=1,
        units=60,
        execute="dawndusk.execution.command:worker",
        method="single",
        work_scale=STEP * RATE / 1e12,
        options=options,
    )
    rows = [(7.0 * k + 1.0, 0, faults.SILENT) for k in range(20)]
    run, _ = trained(case.changed(strikes=hits(*rows)))
    assert run.finished
    assert run.training.executed[0] == 60
    assert run.damage.outcomes["masked"] == 20
    losses = run.log.columns["loss"]
    assert min(each for each in losses if each > 0.0) == pytest.approx(1.0 / 61.0)
