"""Nothing offered may disappear: balances of random scenarios, orbit and ground twin."""

import json
import math
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from dawndusk import fleet_plan
from dawndusk.execution import modelled
from dawndusk.ledger import LOSSES
from dawndusk.record import Record
from dawndusk.scenario import Scenario
from dawndusk.workload import jobs
from tests.system.whole_run import leaves, prepare, written

STEP_ROUNDING = 1e-9
"""A waterfall's loss may be this much of the peak below zero."""


def quantity(low: float, high: float, unit: str, digits: int = 3) -> st.SearchStrategy[str]:
    """Numbers spread over their decades, written with a unit."""
    exponents = st.floats(math.log(low), math.log(high))
    return exponents.map(lambda exponent: f"{math.exp(exponent):.{digits}g} {unit}".strip())


@st.composite
def constellations(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(["walker_delta", "walker_star", "sun_synchronous", "elements"]))
    altitude = draw(quantity(300, 2000, "km"))
    if kind == "elements":
        row = {"inclination": "51.6 deg", "altitude": altitude}
        places = range(draw(st.integers(1, 5)))
        found = [row | {"name": f"s{k}", "mean_anomaly": f"{k} deg"} for k in places]
        return {"kind": kind, "satellites": found}
    planes = draw(st.integers(1, 5))
    common = {
        "kind": kind,
        "altitude": altitude,
        "planes": planes,
        "satellites": planes * draw(st.integers(1, 40 // planes)),
    }
    if kind == "sun_synchronous":
        local_time = draw(st.sampled_from(["18:00", "12:00", "15:30", "06:00"]))
        return common | {"local_time": local_time, "plane_spacing": "3 deg"}
    inclination = draw(st.floats(0.0, 110.0))
    return common | {
        "inclination": f"{inclination:.4g} deg",
        "phasing": draw(st.integers(0, planes - 1)) if planes > 1 else 0,
    }


@st.composite
def declared_jobs(draw: st.DrawFn, satellites: int) -> list[dict[str, Any]]:
    found = []
    for place in range(draw(st.integers(0, 3))):
        job: dict[str, Any] = {
            "name": f"job{place}",
            "kind": draw(st.sampled_from(["training", "batch"])),
            "work": draw(quantity(1, 1e6, "PFLOP")),
            "nodes": draw(st.integers(1, min(8, satellites))),
            "count": draw(st.integers(1, 3)),
            "memory": draw(st.sampled_from(["0 B", "20 GB", "70 GB"])),
            "submit": draw(quantity(1, 7000, "s")),
            "preemptible": draw(st.booleans()),
            "checkpoint_interval": draw(quantity(20, 4000, "s")),
            "checkpoint_time": draw(st.sampled_from(["0 s", "7 s", "400 s"])),
            "restart_time": draw(st.sampled_from(["0 s", "30 s", "1000 s"])),
            "utilisation": draw(st.sampled_from([0.1, 0.4, 1.0])),
        }
        if draw(st.booleans()):
            job["every"] = draw(quantity(600, 5000, "s"))
        if draw(st.booleans()):
            job["deadline"] = draw(quantity(100, 9000, "s"))
        found.append(job)
    return found


@st.composite
def scenarios(draw: st.DrawFn) -> dict[str, Any]:
    """Designs good and hopeless: arrays, batteries and radiators from far too small up."""
    satellite: dict[str, Any] = {
        "design": draw(st.sampled_from(["generic", "starcloud-1", "suncatcher"])),
        "age": draw(st.sampled_from(["0 s", "3 yr"])),
        "compute": {"accelerator": "h100", "count": draw(st.integers(1, 4)), "host_power": "200 W"},
        "bus": {"load": draw(quantity(1, 300, "W"))},
        "battery": {
            "depth_of_discharge": draw(st.sampled_from([0.1, 0.4, 1.0])),
            "bus_reserve": draw(st.sampled_from([0.0, 0.05])),
            "initial_charge": draw(st.sampled_from([0.0, 0.3, 1.0])),
            "discharge_rate": draw(st.sampled_from(["0.1 1/h", "2 1/h"])),
            "cycle_fade": draw(st.sampled_from([0.0, 1e-2])),
        },
        "array": {"tracking": draw(st.sampled_from(["two_axis", "one_axis"]))},
        "thermal": {},
    }
    for table, key, smallest, largest, unit in (
        ("array", "area", 0.1, 40, "m²"),
        ("battery", "capacity", 1e-2, 20, "kWh"),
        ("thermal", "radiator_area", 0.3, 20, "m²"),
    ):
        if draw(st.booleans()):
            satellite[table][key] = draw(quantity(smallest, largest, unit))
    shape = draw(constellations())
    listed = shape["satellites"]
    satellites = listed if isinstance(listed, int) else len(listed)
    return {
        "name": "random",
        "time": {
            "start": "2027-03-20T00:00:00Z",
            "step": f"{draw(st.sampled_from([20, 30, 45, 60, 77, 100, 120]))} s",
            "duration": draw(quantity(1800, 9000, "s", 4)),
            "seed": draw(st.integers(0, 1000)),
        },
        "constellation": shape,
        "satellite": satellite,
        "ground": {
            "site": "virginia",
            "hybrid": draw(st.booleans()),
            "hybrid_nodes": draw(st.integers(0, 3)),
        },
        "workload": {
            "model": "llama-3-8b",
            "rate": draw(quantity(1e-3, 20, "Hz")),
            "patience": draw(quantity(1, 4000, "s")),
            "max_batch": draw(st.sampled_from([1, 4, 32])),
            "jobs": draw(declared_jobs(satellites)),
        },
        "faults": {
            "enabled": draw(st.booleans()),
            "interruption_rate": draw(quantity(1e-6, 1e-3, "Hz")),
            "restart_time": draw(st.sampled_from(["0 s", "100 s", "20 min"])),
        },
        "placement": {
            "policy": draw(st.sampled_from(["greedy", "follow_the_sun", "ground_only"])),
            "interval": draw(st.sampled_from(["2 min", "5 min", "17 min"])),
        },
        "record": {"interval": "10 min"},
        "economics": {"launcher": "starship"},
    }


def check_waterfall(totals: dict[str, float]) -> None:
    peak = totals["peak_FLOP"]
    for loss in LOSSES:
        assert totals[f"loss_{loss}_FLOP"] >= -STEP_ROUNDING * peak, loss
    assert 0.0 <= totals["delivered_FLOP"] <= peak * (1.0 + STEP_ROUNDING)


def check_requests(record: Record, offered: int) -> None:
    """Each request once, in its place and time, and the counts agree with the rows."""
    rows = record.requests
    assert len(rows["arrival_s"]) == record.totals["offered"] == offered
    status = rows["status"]
    served, dropped, failed = (
        status == code for code in (modelled.SERVED, modelled.DROPPED, modelled.FAILED)
    )
    for name, chosen in (("served", served), ("dropped", dropped), ("failed", failed)):
        assert np.count_nonzero(chosen) == record.totals[name]
    assert (rows["site"][served | failed] >= 0).all()
    assert (rows["first_token_s"][served] > rows["arrival_s"][served]).all()
    assert (rows["finish_s"][served] >= rows["first_token_s"][served]).all()
    assert (rows["finish_s"][served] <= record.duration * (1.0 + 1e-12)).all()
    assert (rows["finish_s"][failed] >= rows["arrival_s"][failed]).all()
    unfinished = ~(served | dropped | failed)
    assert np.isnan(rows["finish_s"][unfinished]).all()
    assert record.totals["tokens_out"] == rows["output"][served].sum()


def check_jobs(record: Record) -> None:
    """What was executed for a job is where its accounts say, and nothing is negative."""
    columns, totals = record.jobs, record.totals
    states = list(columns["status"])
    for state in ("finished", "running", "waiting", "failed"):
        assert totals[f"jobs_{state}"] == states.count(state), state
    assert totals["jobs_submitted"] == np.count_nonzero(columns["submit"] < record.duration)
    assert totals["jobs_submitted"] + states.count("pending") == len(states)
    accounts = ("done", "stalled", "checkpointed", "restarted", "rolled_back")
    spent = sum(columns[name] for name in accounts)
    assert spent == pytest.approx(columns["executed"], rel=1e-9, abs=1.0)
    for name in accounts:
        assert (columns[name] >= -1e-9 * columns["executed"]).all(), name
    assert (columns["done"] <= columns["work"] * (1.0 + 1e-12)).all()
    finished = np.array(columns["status"], object) == jobs.STATUS[jobs.FINISHED]
    assert (finished == ~np.isnan(columns["finish"])).all()
    assert (columns["done"][finished] == columns["work"][finished]).all()


def check_energy(totals: dict[str, float]) -> None:
    for name in ("generated_J", "consumed_J", "curtailed_J", "unserved_J", "battery_loss_J"):
        assert totals[name] >= 0.0, name
    assert totals["stored_end_J"] >= 0.0


@given(tables=scenarios())
@settings(
    max_examples=60,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_nothing_disappears(tables: dict[str, Any]) -> None:
    """Energy, heat, work, requests and jobs of any scenario that can be planned."""
    with tempfile.TemporaryDirectory() as folder:
        scenario = written(Path(folder), tables)
    check_run(scenario)


def check_run(scenario: Scenario) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fleet_plan, "DATES", 12)  # the eclipse survey only sizes; a shorter one
        try:
            ready = prepare(scenario)
        except ValueError:
            assume(False)
    orbit = ready.orbit()
    ledger = ready.settled(orbit)
    ledger.check(1e-9)
    assert orbit.complete
    arrived = np.count_nonzero(ready.asked.requests.arrival < orbit.duration)
    check_waterfall(orbit.totals)
    check_requests(orbit, arrived)
    check_jobs(orbit)
    check_energy(orbit.totals)
    assert ledger.summary["ground"]["service"]["offered"] == arrived
    twin = ledger.summary["ground"]["compute"]
    assert all(share is None or share >= -STEP_ROUNDING for share in twin["losses"].values())
    json.dumps(ledger.summary, allow_nan=False)
    for path, value in leaves(ledger.summary).items():
        assert not isinstance(value, float) or math.isfinite(value), path
