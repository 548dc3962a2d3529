"""What is foreseen of an interval: closed forms of waiting."""

import numpy as np
import pytest

from dawndusk.real.jobs import RealJob, real_jobs
from dawndusk.real.links import Carrier, Lines
from dawndusk.real.plan import SLACK, foreseen
from dawndusk.real.run import RealRun
from dawndusk.real.seats import Seat
from dawndusk.scenario import load
from tests.real.test_links import Road
from tests.real_case import STEP, real
from tests.traffic_case import Wires

SHAPE = 'constellation={kind="sun_synchronous", altitude="1500 km", satellites=8}'


def planned(
    job: str, rate: float = np.inf, speeds: tuple[float, ...] = (1.0, 1.0), **given: object
) -> tuple[list[float], RealJob]:
    (found,) = real_jobs(load("suncatcher", [SHAPE, job]))
    run = RealRun(found)
    seats = [Seat(site=rank, speed=speed) for rank, speed in enumerate(speeds)]
    road = Road(Wires(2, [(0, 1, rate, 0.0), (0, 2, 1e9, 0.0)])) if rate < np.inf else None
    placed = given.pop("placed", [True] * len(speeds))
    dt = float(given.pop("dt", 10_000.0))  # type: ignore[arg-type]
    shares = foreseen(
        found,
        run.training,
        seats,
        placed,  # type: ignore[arg-type]
        Carrier(found.data_scale),
        {},
        lambda rank: rank,
        Lines(road),  # type: ignore[arg-type]
        0.0,
        dt,
    )
    return shares, found


def test_who_waits_for_nobody_works_all_the_time() -> None:
    assert planned(real(1, units=10**6, method="single"), speeds=(1.0,))[0] == [1.0]
    assert planned(real(2, units=10**6))[0] == [1.0, 1.0]


@pytest.mark.parametrize("method", ["synchronous", "diloco"])
def test_an_exchange_takes_its_share(method: str) -> None:
    """T / (T + t) over whole rounds, within one round."""
    units = 1 if method == "synchronous" else 50
    job = real(2, units=10**6, method=method, data_scale=1e6)
    shares, _ = planned(job, rate=8 * 44e6 / (units * STEP), dt=4e4)
    assert shares == pytest.approx([0.5, 0.5], abs=units * STEP / 4e4)


def test_the_faster_waits_for_the_slower() -> None:
    shares, _ = planned(real(2, units=10**6), speeds=(1.0, 0.25), dt=16_000.0)
    assert shares[1] == 1.0
    assert shares[0] == pytest.approx(0.25, abs=0.02)


def test_streaming_works_while_bytes_are_on_their_way() -> None:
    """An exchange of 4 units is hidden by an overlap of 5; of 8 units, 3 are not."""
    for taken, share in ((4, 1.0), (8, 12.5 / 15.5)):
        job = real(
            2, units=10**6, method="streaming", interval=50, fragments=4, overlap=5, data_scale=1e6
        )
        size = 8 * 4 * (11 // 4) * 1e6
        shares, _ = planned(job, rate=size / (taken * STEP), dt=1e5)
        assert shares == pytest.approx([share, share], abs=0.04)


def test_without_its_fellow_a_replica_works_up_to_the_exchange() -> None:
    shares, _ = planned(real(2, units=10**6), placed=[True, False])
    assert shares[0] == pytest.approx((50 * STEP + SLACK) / 10_000.0)
    assert shares[1] == 0.0


def test_the_last_unit_is_the_last() -> None:
    shares, _ = planned(real(2, units=100))
    assert shares == pytest.approx([100 * STEP / 10_000.0] * 2, rel=1e-5)
