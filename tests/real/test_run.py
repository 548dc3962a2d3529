"""One real job in virtual time, driven interval by interval without the loop."""

import pickle
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dawndusk.execution import faults
from dawndusk.real.jobs import real_jobs
from dawndusk.real.links import Lines
from dawndusk.real.run import RealRun
from dawndusk.real.seats import Hit, Outage, time_down
from dawndusk.scenario import load
from tests.real.test_links import Road
from tests.real_case import RATE, STEP, curve, real
from tests.traffic_case import Wires

SHAPE = 'constellation={kind="sun_synchronous", altitude="1500 km", satellites=8}'

INTERVAL = 300.0


def begun(nodes: int = 2, **job: Any) -> RealRun:
    (found,) = real_jobs(load("suncatcher", [SHAPE, real(nodes, **job)]))
    return RealRun(found)


def driven(
    run: RealRun,
    intervals: int,
    outages: Sequence[Outage] = (),
    hits: Sequence[Hit] = (),
    speed: Sequence[float] = (),
    targets: Any = None,
    road: Road | None = None,
    first: int = 0,
) -> RealRun:
    """Sites that work at a speed whenever they are asked and up."""
    nodes = run.job.replicas
    paces = list(speed) or [1.0] * nodes
    for k in range(first, first + intervals):
        now, later = k * INTERVAL, (k + 1) * INTERVAL
        there = [o for o in outages if o.begin < later and o.end > now]
        placed = list(targets(now)) if targets else list(range(nodes))
        shares = run.plan(now, later, placed, there, Lines(road), lambda site: site)  # type: ignore[arg-type]
        work = [
            share
            * paces[rank]
            * RATE
            * (INTERVAL - time_down(run._outages, placed[rank], now, later))
            if placed[rank] >= 0
            else 0.0
            for rank, share in enumerate(shares)
        ]
        mine = [hit for hit in hits if now <= hit.time < later]
        run.run(now, later, work, mine)
    return run


def kinds(run: RealRun, kind: str) -> list[tuple[float, int]]:
    table = run.log.columns
    rows = zip(table["kind"], table["time_s"], table["rank"], strict=True)
    return [(t, r) for k, t, r in rows if k == kind]  # type: ignore[misc]


def test_units_take_the_time_of_their_site() -> None:
    run = driven(begun(1, method="single", units=1000), 10, speed=[0.37])
    assert run.training.executed[0] == int(3000.0 * 0.37 / STEP)
    seat = run.seats[0]
    assert run.training.executed[0] + float(seat.carry) == pytest.approx(3000.0 * 0.37 / STEP)


def test_a_slow_site_makes_the_others_wait() -> None:
    run = driven(begun(2, units=100), 40, speed=[1.0, 0.25])
    assert run.finished
    assert run.finish == pytest.approx(100 * STEP / 0.25, rel=1e-6)
    assert run.seats[0].waited == pytest.approx(0.75 * run.finish, rel=0.02)
    assert run.seats[1].waited == pytest.approx(0.0, abs=5.0)


def test_checkpoints_stop_the_work_for_their_time() -> None:
    given = {"job_checkpoint_interval": "10 min", "job_checkpoint_time": "30 s"}
    run = driven(begun(1, method="single", units=100, **given), 10)
    plain = driven(begun(1, method="single", units=100), 10)
    assert run.checkpoints == 3
    assert run.finish - plain.finish == pytest.approx(90.0, abs=1e-6)
    assert run.seats[0].checkpointed == pytest.approx(90.0 * RATE, rel=1e-6)


def test_a_lost_replica_comes_back_within_an_interval() -> None:
    run = begun(3, units=100, job_restart_time="40 s")
    driven(run, 10, [Outage(1, 610.0, 650.0, faults.HOST)])
    assert kinds(run, "kill") == [(610.0, 1)]
    ((time, rank),) = kinds(run, "rejoin")
    assert (time, rank) == (pytest.approx(690.0), 1)
    assert run.lost == run.lost_by[faults.HOST] == 30
    assert run.training.executed[1] == 100 - 4
    assert run.finished


def test_struck_again_while_it_comes_back_it_starts_over() -> None:
    run = begun(3, units=150, job_restart_time="40 s", data_scale=1e9)
    road = Road(Wires(3, [(0, 1, 1e10, 0.0), (1, 2, 1e10, 0.0), (0, 3, 1e9, 0.0)]))
    outages = [Outage(1, 610.0, 650.0, 0), Outage(1, 700.0, 800.0, 0), Outage(1, 850.0, 860.0, 0)]
    driven(run, 20, outages, road=road)
    assert [round(time) for time, _ in kinds(run, "kill")] == [610, 700, 850]
    assert run.rejoins == 1
    assert kinds(run, "rejoin")[0][0] > 900.0
    told = run.carrier.bytes["rejoin"]
    assert told["offered"] == told["delivered"] + told["cancelled"]
    assert told["cancelled"] > 0
    assert run.finished


def test_the_donor_lost_meanwhile_another_gives() -> None:
    run = begun(3, units=150, data_scale=1e9)
    road = Road(
        Wires(3, [(0, 1, 1e10, 0.0), (1, 2, 2e10, 0.0), (0, 2, 1e10, 0.0), (0, 3, 1e9, 0.0)])
    )
    driven(run, 5, [Outage(1, 610.0, 620.0, 0), Outage(2, 640.0, 2000.0, 0)], road=road)
    assert "from 0" in run.log.columns["detail"]
    assert [rank for _, rank in kinds(run, "kill")] == [1, 2]


def test_the_peer_with_the_best_way_gives() -> None:
    for fast in (0, 2):
        rates = {0: 1e10, 2: 1e10, fast: 5e10}
        ways = [(0, 1, rates[0], 0.0), (1, 2, rates[2], 0.0), (0, 3, 1e9, 0.0)]
        run = begun(3, units=100, data_scale=1e8)
        driven(run, 5, [Outage(1, 610.0, 620.0, 0)], road=Road(Wires(3, ways)))
        assert f"from {fast}" in run.log.columns["detail"]


def test_a_checkpoint_aboard_is_read_where_it_is_or_sent_from_there() -> None:
    """Rank 0 comes back on satellite 2: rank 1's satellite, up and a holder, sends it."""
    road = Road(Wires(3, [(0, 1, 1e8, 0.0), (1, 2, 1e8, 0.0), (0, 3, 1e9, 0.0)]))
    outages = [Outage(0, 1510.0, 9000.0, 0), Outage(1, 1510.0, 1700.0, 0)]
    given = {"units": 100, "data_scale": 1e7, "job_checkpoint_interval": "10 min"}

    def moved(now: float) -> list[int]:
        return [0, 1] if now < 1500.0 else [-1, 1] if now < 1800.0 else [2, 1]

    run = driven(begun(2, **given), 20, outages, targets=moved, road=road)
    assert run.restores == 1
    assert run.rejoins == 1
    assert run.carrier.bytes["restore"]["offered"] == 0
    both = [Outage(0, 1510.0, 9000.0, 0), Outage(1, 1510.0, 1790.0, 0)]

    def elsewhere(now: float) -> list[int]:
        return [0, 1] if now < 1500.0 else [2, -1] if now < 2400.0 else [2, 1]

    run = driven(begun(2, **given), 30, both, targets=elsewhere, road=road)
    assert run.restores == 1
    sent = run.carrier.bytes["restore"]["delivered"]
    assert sent > 0
    (time,) = [t for t, _ in kinds(run, "restore")]
    assert time == pytest.approx(1790.0 + 8.0 * sent / 1e8, abs=0.1)


def test_all_lost_at_once_they_begin_again() -> None:
    """Without a checkpoint yet, from the first numbers, which every site can make itself."""
    plain = driven(begun(2, units=50), 10)
    run = driven(begun(2, units=50), 20, [Outage(0, 610.0, 900.0, 5), Outage(1, 610.0, 1200.0, 5)])
    assert (run.kills, run.restores, run.rejoins) == (2, 1, 1)
    assert run.lost_by[faults.SAFE_MODE] == run.lost == 60
    assert run.finished
    assert run.losses[0] == plain.losses[0]
    assert run.carrier.bytes["restore"]["offered"] == 0


def test_a_loss_without_length_still_loses_the_memory() -> None:
    run = driven(begun(2, units=50), 10, [Outage(0, 610.0, np.nextafter(610.0, 1e9), 0)])
    assert (run.kills, run.rejoins) == (1, 1)


def test_unplaced_a_replica_keeps_its_numbers() -> None:
    def there(now: float) -> list[int]:
        return [0, -1 if 600.0 <= now < 1200.0 else 1]

    run = driven(begun(2, units=100), 12, targets=there)
    assert (run.kills, run.moves, run.lost) == (0, 0, 0)
    assert run.finish == pytest.approx(100 * STEP + 600.0, rel=1e-6)


def test_a_strike_has_its_own_random_numbers() -> None:
    """Another strike before it changes nothing of where it falls."""
    one = driven(begun(2, units=50), 10, hits=[Hit(500.0, 1, True, 7)])
    two = driven(begun(2, units=50), 10, hits=[Hit(400.0, 0, True, 3), Hit(500.0, 1, True, 7)])
    for run in (one, two):
        assert sum(run.damage.outcomes.values()) == (1 if run is one else 2)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_the_share_of_memory_that_a_job_holds_is_struck() -> None:
    run = begun(1, method="single", units=50, job_memory="448 GB", ecc=False)
    assert run.job.exposed == pytest.approx(0.25)
    hits = [Hit(1.0 + 0.01 * k, 0, True, k) for k in range(2000)]
    driven(run, 1, hits=hits)
    assert run.damage.outcomes["masked"] == pytest.approx(1500, abs=80)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_strikes_on_memory_behind_ecc_are_counted_by_what_it_does() -> None:
    run = begun(1, method="single", units=50, job_memory="1792 GB", ecc=True)
    driven(run, 1, hits=[Hit(1.0 + 0.01 * k, 0, True, k) for k in range(400)])
    outcomes = run.damage.outcomes
    assert outcomes["corrected"] == pytest.approx(300, abs=40)
    assert outcomes["masked"] == 0


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.floats(0.0, 5000.0), st.floats(1.0, 900.0)), max_size=5
    ),
    st.sampled_from(["synchronous", "diloco", "streaming"]),
    st.lists(st.floats(0.2, 1.0), min_size=3, max_size=3),
)
def test_whatever_is_lost_the_job_ends_and_everything_is_accounted_for(
    losses: list[tuple[int, float, float]], method: str, speed: list[float]
) -> None:
    outages: list[Outage] = []
    for site, begin, length in losses:
        if all(o.site != site or begin >= o.end or begin + length < o.begin for o in outages):
            outages.append(Outage(site, begin, begin + length, 0))
    run = begun(3, units=100, method=method, data_scale=1e8, job_checkpoint_interval="15 min")
    road = Road(Wires(3, [(0, 1, 1e10, 0.01), (1, 2, 3e9, 0.01), (0, 3, 1e9, 0.0)]))
    driven(run, 120, outages, speed=speed, road=road)
    assert run.finished
    executed, useful = run.training.executed, run.training.useful
    assert all(0 <= useful[rank] <= executed[rank] for rank in executed)
    assert run.lost == run.lost_by.sum() == sum(executed.values()) - sum(useful.values())
    for told in run.carrier.bytes.values():
        assert told["offered"] == told["delivered"] + told["cancelled"]
    for rank, seat in enumerate(run.seats):
        assert seat.account.executed == executed[rank]
        paid = executed[rank] * run.job.unit_work + seat.restarted + seat.checkpointed
        assert paid <= seat.executed * (1.0 + 1e-9) + run.job.unit_work
    if not losses:
        assert run.lost == 0


@pytest.mark.parametrize("method", ["single", "synchronous", "diloco", "streaming"])
def test_pickled_between_any_two_intervals_it_goes_on(method: str) -> None:
    nodes = 1 if method == "single" else 2
    outages = [Outage(0, 700.0, 1000.0, 0)]
    road = Road(Wires(2, [(0, 1, 2e10, 0.01), (0, 2, 1e9, 0.0)]))
    given = {"nodes": nodes, "units": 100, "method": method, "data_scale": 1e9}
    whole = driven(begun(**given), 20, outages, road=road)  # type: ignore[arg-type]
    run = begun(**given)  # type: ignore[arg-type]
    for k in range(20):
        run = pickle.loads(pickle.dumps(run))
        driven(run, 1, outages, road=road, first=k)
    assert curve(run) == curve(whole)
    assert run.seats == whole.seats
