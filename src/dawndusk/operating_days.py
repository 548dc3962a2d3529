"""Assembler of operating days: the loop run on the fleet as it is over the years.

At some moments of the horizon a day at each solstice and at an equinox, or as much of it as
the scenario's own time, is run with the satellites that then work, as old as they then are.
What they deliver by satellite is carried to every month of the fleet's history, nearest in
age and number.
"""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dawndusk import fleet_inputs
from dawndusk.constants import DAY, JULIAN_YEAR
from dawndusk.deployment import MONTH, Deployment
from dawndusk.fleet_plan import FleetPlan, older
from dawndusk.life_costs import share_at_work
from dawndusk.loop import THREADED
from dawndusk.placement.conformance import SHIPPED, resolve
from dawndusk.record import Record
from dawndusk.scenario import Scenario
from dawndusk.scenario.constellation import Imported
from dawndusk.scenario.fields import LAST_YEAR
from dawndusk.setting import setting

Array = NDArray[np.float64]

SEASONS = (
    ("June solstice", 6, 21, 1.0),
    ("equinox", 9, 23, 2.0),
    ("December solstice", 12, 21, 1.0),
)
"""Name, month, day and weight: one equinox stands for both."""


@dataclass(frozen=True)
class OperatingDays:
    """What the days showed."""

    efficiency: Array
    """Delivered by the capacity of a new satellite in each month of the horizon [FLOP/s]."""
    columns: dict[str, Any]
    """A row for each day, as in days.parquet."""


def operating_days(
    scenario: Scenario,
    plan: FleetPlan,
    life: Deployment,
    *,
    threads: int | None = None,
    progress: Callable[[float], None] = lambda share: None,
    stop: Callable[[], bool] = lambda: False,
) -> OperatingDays | None:
    """Run the sampled days.

    Args:
        scenario: what is run, all sizes filled in [object]
        plan: its satellites as they are at the scenario's start [object]
        life: the fleet over the years [object]
        threads: that days of few satellites share day by day, those of many satellite by
            satellite, as under a policy that is not ours and may remember; None for all
            processors [-]
        progress: called with the share done [object]
        stop: asked between and within the days; True gives up [object]
    Returns:
        what each day delivered, None where none is wanted or none was finished [object]
    Raises:
        ValueError: when a day cannot be set up
    Neglects:
        a solar event, which strikes only the day simulated, not those that stand for years;
        which accelerators of a satellite have failed: those that work deliver alike, so that
        the month's capacity scales a day; satellites of different ages side by side (all have
        the mean age); an imported constellation turns only by its own drift
    Source:
        stratified sampling; Shepard 1968, ACM National Conference, 517: weights by the inverse
        square of the distance, here in age over life and in share of the fleet
    """
    working = np.median(life.history.working, axis=0)
    ages = MONTH * np.median(life.history.age, axis=0)
    manned = np.flatnonzero(working > 0)
    if not scenario.fleet.moments or not manned.size:
        return None
    ends = manned[[0, -1]] if scenario.fleet.moments > 1 else manned[[len(manned) // 2]]
    months = np.unique(np.linspace(ends[0], ends[-1], scenario.fleet.moments).round().astype(int))
    counts = np.minimum(working[months].astype(int), plan.satellites)
    days = [(k, season) for k in range(len(months)) for season in SEASONS]
    workers = threads or os.cpu_count() or 1
    shared = plan.satellites < THREADED and scenario.placement.policy in SHIPPED
    at_once = min(workers, len(days)) if shared else 1
    lock, share = threading.Lock(), iter(np.arange(1, len(days) + 1) / len(days))

    def one(day: tuple[int, tuple[str, int, int, float]]) -> tuple[datetime, Record] | None:
        k, (_, calendar, date, _) = day
        if stop():
            return None
        start = _next(scenario.time.start, int(months[k]), calendar, date)
        age = float(ages[months[k]])
        record = _run(scenario, plan, start, int(counts[k]), age, workers // at_once, stop)
        with lock:
            progress(float(next(share)))
        return (start, record) if record.complete else None

    with ThreadPoolExecutor(at_once) as pool:
        found = [each for each in pool.map(one, days) if each is not None]
    if len(found) < len(days):
        return None
    rows, sums = [], np.zeros(len(months))
    for (k, (name, _, _, weight)), (start, record) in zip(days, found, strict=True):
        count, age = int(counts[k]), float(ages[months[k]])
        rows.append(_row(int(months[k]), name, start, count, plan.satellites, age, record))
        sums[k] += weight * record.totals["delivered_FLOP"] / record.duration / count
    means = sums / sum(season[3] for season in SEASONS)
    carried = _everywhere(means, months, working, plan.satellites, ages, scenario)
    efficiency = share_at_work(scenario) * carried
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    return OperatingDays(efficiency, columns)


def _everywhere(
    means: Array,
    months: NDArray[np.int64],
    working: Array,
    fleet: int,
    ages: Array,
    scenario: Scenario,
) -> Array:
    """The sampled means carried to all months by nearness in age and number."""
    place = np.stack([ages / scenario.satellite.life, working / fleet], axis=1)
    apart = ((place[:, None] - place[None, months]) ** 2).sum(axis=2)
    weight = 1.0 / np.maximum(apart, 1e-9)
    carried: Array = (weight * means).sum(axis=1) / weight.sum(axis=1)
    return carried


def refuse(scenario: Scenario) -> None:
    """Refuse days after the last year in which a scenario may start.

    Args:
        scenario: what is run [object]
    Raises:
        ValueError: naming the scenario's values and the way out
    """
    last = fleet_inputs.horizon(scenario) - 1
    if not (scenario.fleet.enabled and scenario.fleet.moments):
        return
    year = max(_next(scenario.time.start, last, *season[1:3]).year for season in SEASONS)
    if year > LAST_YEAR:
        raise ValueError(
            f"fleet.moments: {scenario.fleet.moments}, whose days come until {year}; allowed: days "
            f"until {LAST_YEAR}; start earlier, shorten fleet.horizon or set fleet.moments = 0"
        )


def _next(start: datetime, month: int, calendar: int, day: int) -> datetime:
    """The first such day of a year after a month of the history."""
    moment = start + timedelta(seconds=month * MONTH)
    found = datetime(moment.year, calendar, day, tzinfo=UTC)
    return found if found >= moment else found.replace(year=moment.year + 1)


def _run(
    scenario: Scenario,
    plan: FleetPlan,
    start: datetime,
    count: int,
    age: float,
    threads: int,
    stop: Callable[[], bool],
) -> Record:
    """One day on `count` satellites of an age; the others' places are empty."""
    then = scenario.replaced(
        {
            "time.start": start.isoformat(),
            "satellite.age": age,
            "time.duration": min(scenario.time.duration, DAY),
            "radiation.storm.start": None,
        },
        origin="override",
    )
    random = np.random.default_rng([scenario.time.seed, 41])
    absent = np.sort(random.permutation(plan.satellites)[count:])
    fleet = older(plan, then)
    if isinstance(scenario.constellation, Imported):
        fleet = replace(fleet, elements=plan.elements)
    day = setting(then, fleet, threads, absent)
    return day.simulate(resolve(scenario.placement.policy), stop=stop)


def _row(
    month: int, season: str, start: datetime, count: int, fleet: int, age: float, record: Record
) -> dict[str, Any]:
    totals = record.totals
    return {
        "moment_yr": month / 12.0,
        "season": season,
        "date": start.date().isoformat(),
        "satellites": count,
        "age_yr": age / JULIAN_YEAR,
        "delivered_FLOPS": totals["delivered_FLOP"] / record.duration,
        "delivered_fraction": totals["delivered_FLOP"] * fleet / (totals["peak_FLOP"] * count),
        "requests_served": totals["served"],
        "requests_offered": totals["offered"],
        "jobs_finished": totals["jobs_finished"],
        "throttled_fraction": totals["throttled_fraction"],
        "unserved_J": totals["unserved_J"],
        "die_max_K": totals["die_max_K"],
    }
