"""The compiled step of ground nodes: power and cooling are always there."""

import copy

import numpy as np
import pytest
from hypothesis import given, settings

from dawndusk.requests import FAILED, SERVED, Requests
from dawndusk.step_tables import FLOWS

from .step_case import NODE, STEP, Case, cases, steady

LINEAR, SQUARE = 2 * 8e9, 4 * 32 * 4096
"""Work of the model's linear layers and of attention over one token of context [FLOP]."""


def named(flows):
    return dict(zip(FLOWS, flows.tolist(), strict=True))


def serve_alone(prompt: int, output: int) -> tuple[float, float, float]:
    """Prefill and decode seconds and work of one request alone on an engine, token by token."""
    weights, reading, rate = 2 * 8e9, 0.9 * 3.35e12, 0.7 * 989e12
    overhead = 32 * 40e-6
    prefill = overhead + max(weights / reading, LINEAR * prompt / rate)
    prefill += 0.5 * SQUARE * prompt**2 / rate
    work = LINEAR * prompt + 0.5 * SQUARE * prompt**2
    decode = 0.0
    for made in range(1, output):
        cached = 2 * 32 * 8 * 128 * 2 * (prompt + made)
        decode += overhead + max(LINEAR / rate, weights / reading) + cached / reading
        work += LINEAR + SQUARE * (prompt + made)
    return prefill, decode, work


def test_two_nodes_against_an_account_in_plain_python() -> None:
    """Node 0 answers a request and works on a job in the time left; node 1 has a job and is
    down from 90 s to 200 s."""
    request = Requests(
        np.array([70.0]),
        np.array([3000], np.int32),
        np.array([900], np.int32),
        np.zeros(1, np.int16),
    )
    case = steady(1, ground=2, steps=5, requests=request)
    case.sites.utilisation[1:] = 0.4, 0.5
    case.sites.down_from[2], case.sites.down_until[2] = 90.0, 200.0
    case.route(0, 5, np.array([0.0, 1.0, 0.0]))
    flows = named(case.earth(0, 5))

    prefill, decode, work = serve_alone(3000, 900)
    assert case.slots["status"].tolist() == [SERVED]
    assert case.slots["first_token"][0] == pytest.approx(70.0 + prefill, rel=1e-12)
    assert case.slots["finish"][0] == pytest.approx(70.0 + prefill + decode, rel=1e-12)
    assert 70.0 + prefill + decode < 120.0

    def drawn(activity: float) -> float:
        return 600.0 + 8 * (80.0 + 620.0 * activity)

    share = (prefill + decode) / 2
    left = 300.0 - share
    consumed = drawn(1.0) * left + 0.5 * (prefill * drawn(1.0) + decode * drawn(0.45))
    consumed += drawn(1.0) * 190.0 + drawn(0.0) * 110.0
    assert flows["consumed_J"] == pytest.approx(consumed, rel=1e-12)
    assert flows["peak_FLOP"] == 2 * 300.0 * NODE.peak
    assert flows["loss_faults_FLOP"] == pytest.approx(110.0 * NODE.peak, rel=1e-12)
    assert flows["inference_FLOP"] == pytest.approx(work, rel=1e-9)
    job = NODE.peak * (0.4 * left + 0.5 * 190.0)
    assert flows["job_FLOP"] == pytest.approx(job, rel=1e-12)
    assert case.sites.job_flop[1:].sum() == pytest.approx(job, rel=1e-12)
    assert flows["loss_idle_FLOP"] == pytest.approx(0.0, abs=1e-12 * flows["peak_FLOP"])
    assert flows["busy_s"] == pytest.approx(490.0)
    assert flows["job_busy_s"] == pytest.approx(left + 190.0)
    assert flows["available_s"] == pytest.approx(490.0)
    assert flows["served"] == 1
    for name in ("generated_J", "curtailed_J", "heat_in_J", "loss_power_FLOP", "loss_thermal_FLOP"):
        assert flows[name] == 0.0


def test_an_idle_node_draws_its_idle_power() -> None:
    case = steady(0, ground=3, steps=4)
    flows = named(case.earth(0, 4))
    assert flows["consumed_J"] == pytest.approx(3 * 4 * STEP * (600.0 + 8 * 80.0), rel=1e-12)
    assert flows["loss_idle_FLOP"] == flows["peak_FLOP"] == 3 * 4 * STEP * NODE.peak


def test_a_fault_undoes_what_was_running() -> None:
    request = Requests(
        np.array([0.0]),
        np.array([3000], np.int32),
        np.array([9000], np.int32),
        np.zeros(1, np.int16),
    )
    case = steady(0, ground=1, steps=4, requests=request)
    case.sites.down_from[0], case.sites.down_until[0] = 60.0, 120.0
    case.route(0, 1)
    before = named(case.earth(0, 1))
    assert before["inference_FLOP"] > 0.0
    struck = named(case.earth(1, 1))
    assert case.slots["status"].tolist() == [FAILED]
    assert before["inference_FLOP"] + struck["inference_FLOP"] == pytest.approx(0.0, abs=1.0)
    lost = STEP * NODE.peak + before["inference_FLOP"]
    assert struck["loss_faults_FLOP"] == pytest.approx(lost, rel=1e-12)


@settings(max_examples=25)
@given(cases(10))
def test_ground_nodes_keep_full_clock_and_leave_satellites_alone(case: Case) -> None:
    case.route(0, 10)
    case.sites.speed[:] = 0.5
    fleet = [values.copy() for values in case.fleet]
    space = [values[: case.satellites].copy() for values in case.sites]
    case.earth(0, 10)
    assert (case.sites.speed[case.satellites :] == 1.0).all()
    for before, after in zip(fleet, case.fleet, strict=True):
        assert before.tobytes() == after.tobytes()
    for before, after in zip(space, case.sites, strict=True):
        assert before.tobytes() == after[: case.satellites].tobytes()


@settings(max_examples=25)
@given(cases(10))
def test_a_satellite_with_power_and_cold_serves_like_a_ground_node(case: Case) -> None:
    """The same requests, jobs and faults on a site that space does not hold back."""
    sites = len(case.sites.speed)
    space = steady(sites, steps=10, node=case.node)
    earth = steady(0, ground=sites, node=case.node)
    craft = space.craft
    space.craft = craft._replace(area=1e3, emission=30.0 * craft.emission, die_conductance=1e5)
    for twin in (space, earth):
        for name in ("load", "engines", "slots", "sites"):
            setattr(twin, name, copy.deepcopy(getattr(case, name)))
        twin.route(0, 10)
    orbit, ground = named(space.orbit(0, 10).sum(axis=0)), named(earth.earth(0, 10))
    assert space.slots["status"].tolist() == earth.slots["status"].tolist()
    assert space.slots["finish"] == pytest.approx(earth.slots["finish"], rel=1e-12, nan_ok=True)
    for name in ("job_FLOP", "inference_FLOP", "busy_s", "available_s", "loss_faults_FLOP"):
        assert orbit[name] == pytest.approx(ground[name], rel=1e-12, abs=1e-12 * sites * 1e18)
