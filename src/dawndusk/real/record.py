"""What real jobs came to, orbit beside ground: a group of the summary and a table of events."""

import math
from collections.abc import Mapping
from typing import Any

from dawndusk.constants import JULIAN_YEAR
from dawndusk.execution import faults
from dawndusk.real.jobs import RealJob
from dawndusk.real.links import FATES
from dawndusk.real.run import RealRun
from dawndusk.real.seats import COLUMNS
from dawndusk.real.work import Spent
from dawndusk.record import Record

SIDES = ("orbit", "ground")


def summary(orbit: Record, ground: Record, costs: Mapping[str, Any]) -> dict[str, Any]:
    """The group `real_work` of summary.json: by job what it is, and how it fared on each side.

    Args:
        orbit: the orbital side [object]
        ground: its twin; without real work where the run was interrupted [object]
        costs: the rest of summary.json, which has the price of a year of each side [object]
    Returns:
        groups by job, empty where nothing really ran [object]
    """
    found: dict[str, Any] = {}
    for side, record in zip(SIDES, (orbit, ground), strict=True):
        if record.real is None:
            continue
        price = _price(side, record.real.sites, costs)
        for run, spent in zip(record.real.runs, record.real.spent, strict=True):
            told = found.setdefault(run.job.name, _about(run.job))
            told[side] = _fared(run, spent, price)
    return found


def rows(orbit: Record, ground: Record) -> dict[str, list[Any]]:
    """Columns of training.parquet: everything that happened, side by side; none without jobs."""
    found: dict[str, list[Any]] = {"side": [], **{name: [] for name in COLUMNS}}
    for side, record in zip(SIDES, (orbit, ground), strict=True):
        for run in record.real.runs if record.real else ():
            for name, values in run.log.columns.items():
                found[name] += values
            found["side"] += [side] * len(run.log.columns["kind"])
    return found if found["side"] else {}


def warnings(orbit: Record, ground: Record) -> list[str]:
    """What a reader must know of jobs that did not come to their end, or not as nature has it."""
    said = []
    for side, record in zip(SIDES, (orbit, ground), strict=True):
        for run in record.real.runs if record.real else ():
            name = f"workload.jobs[{run.job.name}]"
            if not run.finished:
                done = max((run.training.done(r) for r in run.training.present), default=0)
                said.append(
                    f"{name}: {done} of {run.job.units} steps within time.duration ({side})"
                    + _held_up(run)
                )
            if any(map(math.isfinite, run.losses)) and not math.isfinite(run.losses[-1]):
                said.append(f"{name}: its numbers are ruined, the loss is no number ({side})")
            elif run.losses and not any(map(math.isfinite, run.losses)):
                said.append(f"{name}: no loss is known, its evaluation tells none ({side})")
            if side == "orbit" and run.job.flip_scale not in (0.0, 1.0):
                said.append(
                    f"{name}: its numbers were struck {run.job.flip_scale:g} times as often as "
                    "radiation would, by flip_scale"
                )
    return said


def _held_up(run: RealRun) -> str:
    """What a job that is not finished waits for, where no way leads for it."""
    for bulk in run.carrier.under_way.values():
        if any(leg.arrive == math.inf and not leg.rate > 0.0 for leg in bulk.legs):
            return f"; no way leads at the end for the {bulk.kind} begun at {bulk.begun:.0f} s"
    return ""


def _price(side: str, sites: int, costs: Mapping[str, Any]) -> float | None:
    """Of a site's second [USD/s]; in orbit of a satellite kept at work."""
    if side == "orbit":
        yearly = costs["cost"].get("usd_per_satellite_year")
        return None if yearly is None else float(yearly) / JULIAN_YEAR
    return float(costs["ground"]["cost"]["usd_per_year"]) / JULIAN_YEAR / max(sites, 1)


def _about(job: RealJob) -> dict[str, Any]:
    """What the job is, the same on both sides."""
    return {
        "execute": job.execute,
        "method": job.method.name,
        "interval": job.method.interval,
        "replicas": job.replicas,
        "units": job.units,
        "parameters": job.size.parameters,
        "unit_FLOP": job.size.unit_flop,
        "work_scale": job.work_scale,
        "data_scale": job.data_scale,
        "unit_s": job.unit_time,
        "ecc": job.ecc,
        "guards": list(job.guards),
        "guards_overhead": job.overhead,
        "flip_scale": job.flip_scale,
    }


def _fared(run: RealRun, spent: Spent, price: float | None) -> dict[str, Any]:
    """How the job fared on one side; virtual time, energy and money are the loop's."""
    training, carried = run.training, run.carrier.bytes
    executed, useful = sum(training.executed.values()), sum(training.useful.values())
    losses = [loss if math.isfinite(loss) else None for loss in run.losses]
    begun = not math.isnan(run.begun)
    return {
        "finished": run.finished,
        "start_s": run.begun if begun else None,
        "finish_s": run.finish if run.finished else None,
        "virtual_s": run.finish - run.begun if run.finished else None,
        "validation_loss_first": losses[0] if losses else None,
        "validation_loss_last": losses[-1] if losses else None,
        "executed": executed,
        "useful": useful,
        "lost": executed - useful,
        "lost_by_cause": dict(zip(faults.CAUSES, run.lost_by.tolist(), strict=True)),
        "waiting_s": math.fsum(seat.waited for seat in run.seats),
        "energy_J": spent.energy,
        "usd": None if price is None else spent.site_time * price,
        "bytes": {fate: sum(kind[fate] for kind in carried.values()) for fate in FATES},
        "bytes_by_kind": {kind: dict(told) for kind, told in carried.items()},
        "flips": dict(run.damage.outcomes)
        | {"waiting": sum(each.waiting for each in run.damage.suspects)},
        "caught": dict(run.damage.caught),
        "false_alarms": run.damage.false_alarms,
        "kills": run.kills,
        "rejoins": run.rejoins,
        "restores": run.restores,
        "moves": run.moves,
        "checkpoints": run.checkpoints,
    }
