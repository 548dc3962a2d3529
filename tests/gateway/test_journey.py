"""Journeys in virtual time: against the loop's own engine, hand sums, and their properties."""

import asyncio
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dawndusk.execution import modelled
from dawndusk.gateway.journey import DroppedError, Journey, Presence
from dawndusk.live import DayOverError
from dawndusk.requests import Requests, prompt_estimate
from dawndusk.satellite import accelerator
from tests.gateway.sky_case import NODE, SERVED, SERVICE, Sky, journey, moment, outages


def run(way: Journey, tokens: int) -> float:
    """Follow a journey to the end; when it is home [s]."""

    async def go() -> float:
        await way.reach(tokens)
        return await way.home()

    return asyncio.run(go())


def engine(prompt: int, output: int) -> tuple[float, float]:
    """First token and finish of a request alone on one of the loop's engines [s]."""
    asked = Requests(
        np.zeros(1), np.array([prompt], np.int32), np.array([output], np.int32), np.zeros(1, "i2")
    )
    load, engines, slots = modelled.queue(asked, 1)
    load[0], engines["head"], engines["tail"] = 1, 0, 0
    slots["status"] = modelled.WAITING
    modelled.advance_engine(0, 0.0, 1e5, 1.0, load, engines, slots, SERVICE)
    return float(slots["first_token"][0]), float(slots["finish"][0])


# Against the loop's engine


@given(st.integers(1, 5000), st.integers(1, 2000))
@settings(max_examples=40)
def test_alone_at_a_site_it_lasts_as_in_the_loop(prompt: int, output: int) -> None:
    way = journey(Sky([moment(weights=(1.0, 0.0))]), prompt=prompt, planned=output)
    home = run(way, output)
    _, finish = engine(prompt, output)
    assert home == pytest.approx(0.01 + finish + 0.01, rel=1e-12)
    assert (way.site, way.generated, way.retries) == (0, output, 0)
    assert way.queue == 0.0


def test_the_first_token_comes_with_the_prompt() -> None:
    way = journey(Sky([moment(weights=(1.0, 0.0))]))
    assert run(way, 1) == pytest.approx(0.02 + engine(100, 50)[0], rel=1e-12)


@given(st.integers(1, 300), st.integers(1, 60))
@settings(max_examples=20)
def test_token_by_token_is_the_same_as_at_once(prompt: int, output: int) -> None:
    sky = Sky([moment()])
    whole, parts = (journey(sky, prompt=prompt, planned=output) for _ in range(2))

    async def stream() -> None:
        for token in range(1, output + 1):
            await parts.reach(token)

    run(whole, output)
    asyncio.run(stream())
    assert parts.time == pytest.approx(whole.time, rel=1e-12)
    assert parts.energy == pytest.approx(whole.energy, rel=1e-12)
    assert parts.price == pytest.approx(whole.price, rel=1e-12)


# Energy and price


def test_energy_is_that_of_the_accelerators_at_work_and_their_host() -> None:
    way = journey(Sky([moment(weights=(1.0, 0.0))]))
    run(way, 50)
    first, finish = engine(100, 50)
    reading = 2.0 * 700.0 + 300.0
    writing = 2.0 * (70.0 + 0.36 * 630.0) + 300.0
    assert way.energy == pytest.approx(first * reading + (finish - first) * writing, rel=1e-12)
    assert way.price == pytest.approx(2.0 * finish * SERVED.orbit_price, rel=1e-12)


def test_on_the_ground_energy_is_paid_besides() -> None:
    way = journey(Sky([moment(weights=(0.0, 1.0))], satellites=1))
    run(way, 50)
    _, finish = engine(100, 50)
    paid = 2.0 * finish * SERVED.ground_price + way.energy * SERVED.energy_price
    assert way.price == pytest.approx(paid, rel=1e-12)


def test_a_slower_clock_takes_longer_and_draws_less_power() -> None:
    sky = Sky([moment(weights=(1.0, 0.0), speed=(0.5, 1.0))])
    way = journey(sky)
    home = run(way, 1)
    first, _ = engine(100, 50)
    assert home == pytest.approx(0.02 + 2.0 * first, rel=1e-12)
    power = accelerator.power(1.0, 0.5, 70.0, 700.0, 2.1)
    assert way.energy == pytest.approx(2.0 * first * (2.0 * power + 300.0), rel=1e-12)


def test_in_a_batch_a_request_bears_its_share() -> None:
    alone = journey(Sky([moment(weights=(1.0, 0.0))]))
    among = journey(Sky([moment(weights=(1.0, 0.0), backlog=(3.0, 0.0))]))
    run(alone, 50)
    run(among, 50)
    assert among.batch == 4
    assert among.time > alone.time
    prefill = prompt_estimate(100.0, SERVICE) * (2.0 * 700.0 + 300.0)
    share = (among.energy - prefill) / (alone.energy - prefill)
    longer = (among.time - 0.01) - prompt_estimate(100.0, SERVICE)
    shorter = (alone.time - 0.01) - prompt_estimate(100.0, SERVICE)
    assert share == pytest.approx(longer / shorter / 4.0, rel=1e-9)


# Placement


def test_sites_are_drawn_by_their_weights() -> None:
    sky = Sky([moment(weights=(3.0, 1.0))])
    sites = []
    for number in range(400):
        way = journey(sky, number)
        run(way, 1)
        sites.append(way.site)
    assert abs(sites.count(1) - 100) < 4 * np.sqrt(400 * 0.25 * 0.75)


def test_the_same_number_goes_to_the_same_site() -> None:
    sky = Sky([moment()])
    for number in range(10):
        ways = [journey(sky, number) for _ in range(2)]
        for way in ways:
            run(way, 1)
        assert ways[0].site == ways[1].site


@pytest.mark.parametrize(
    "there",
    [
        {"latency": (np.inf, 0.02)},
        {"available": (False, True)},
        {"weights": (0.0, 1.0)},
    ],
)
def test_only_sites_that_can_be_reached_are_chosen(there: dict[str, object]) -> None:
    for number in range(20):
        way = journey(Sky([moment(**there)]), number)  # type: ignore[arg-type]
        run(way, 1)
        assert way.site == 1


def test_without_a_way_it_waits_for_one_and_that_is_queueing() -> None:
    first = moment(end=300.0, latency=(np.inf, np.inf))
    way = journey(Sky([first, moment(begin=300.0)]), arrival=100.0)
    run(way, 1)
    assert way.queue == 200.0
    assert way.time > 300.0


def test_patience_ends() -> None:
    nothing = [moment(k * 300.0, (k + 1) * 300.0, weights=(0.0, 0.0)) for k in range(10)]
    with pytest.raises(DroppedError, match="patience"):
        run(journey(Sky(nothing)), 1)


# Power, faults, queues


def test_in_an_eclipse_it_stands_still_and_draws_nothing() -> None:
    _, finish = engine(100, 50)
    dark = moment(end=300.0, weights=(1.0, 0.0), speed=(0.0, 1.0))
    way = journey(Sky([dark, moment(begin=300.0, weights=(1.0, 0.0))]), arrival=10.0)
    light = journey(Sky([moment(weights=(1.0, 0.0))]))
    run(way, 50)
    run(light, 50)
    assert way.time == pytest.approx(300.0 + finish, rel=1e-12)
    assert way.queue == pytest.approx(300.0 - 10.01, rel=1e-12)
    assert way.energy == pytest.approx(light.energy, rel=1e-9)


def test_a_site_that_stands_still_is_left_when_others_work() -> None:
    first = moment(end=300.0, weights=(1.0, 0.0), speed=(0.0, 1.0))
    way = journey(Sky([first, moment(300.0, weights=(0.0, 1.0), speed=(0.0, 1.0))]))
    run(way, 50)
    assert (way.site, way.retries) == (1, 1)


def test_a_site_killed_at_work_is_left_for_another() -> None:
    struck = 0.01 + 0.5 * engine(100, 50)[0]
    sky = Sky([moment(weights=(1.0, 1e-9))], down=outages((0, struck, 600.0)))
    way = journey(sky)
    home = run(way, 50)
    assert (way.site, way.retries) == (1, 1)
    assert home == pytest.approx(struck + 0.01 + 0.02 + engine(100, 50)[1] + 0.02, rel=1e-12)
    alone = journey(Sky([moment(weights=(0.0, 1.0))]))
    run(alone, 50)
    lost = (struck - 0.01) * (2.0 * 700.0 + 300.0)
    assert way.energy == pytest.approx(alone.energy + lost, rel=1e-9)


def test_tokens_written_before_a_fault_are_kept_and_read_again() -> None:
    first, finish = engine(100, 50)
    struck = 0.01 + 0.5 * (first + finish)
    sky = Sky([moment(weights=(1.0, 1e-9))], down=outages((0, struck, 600.0)))
    way = journey(sky)
    run(way, 50)
    assert way.generated == 50
    half = struck + 0.01 + 0.02
    for kept in range(51):
        rest = engine(100 + kept, 50 - kept)[1]
        if way.time == pytest.approx(half + rest, rel=1e-9):
            break
    else:
        pytest.fail("no number of kept tokens explains the time")
    assert 20 <= kept <= 30


def test_a_site_that_is_down_is_not_chosen_though_the_decision_did_not_know() -> None:
    sky = Sky([moment(weights=(1.0, 1e-9))], down=outages((0, 50.0, 600.0)))
    way = journey(sky, arrival=100.0)
    run(way, 1)
    assert (way.site, way.retries) == (1, 0)


def test_requests_beyond_the_batch_wait_for_those_before() -> None:
    way = journey(Sky([moment(weights=(1.0, 0.0), backlog=(9.0, 0.0))]))
    run(way, 1)
    assert way.queue == pytest.approx(6.0 * SERVED.mean_work, rel=1e-12)


def test_live_requests_are_in_the_batch_while_they_are_expected() -> None:
    sky, presence = Sky([moment(weights=(1.0, 0.0))]), Presence()
    batches = []
    for number in range(3):
        way = Journey(sky, SERVED, presence, number, 0, 0.0, 100, 50)
        run(way, 50)
        batches.append(way.batch)
    late = Journey(sky, SERVED, presence, 9, 0, 1000.0, 100, 50)
    run(late, 1)
    assert batches == [1, 2, 3]
    assert late.batch == 1
    presence.forget(500.0)
    assert presence.at(0, 0.5, -1) == 0


def test_the_end_of_the_day_ends_what_is_under_way() -> None:
    sky = Sky([moment(end=0.02)])
    sky.over = True
    with pytest.raises(DayOverError):
        run(journey(sky), 50)


def test_a_prompt_alone_is_read_and_nothing_is_written() -> None:
    way = journey(Sky([moment(weights=(1.0, 0.0))]), planned=0)
    home = run(way, 0)
    assert way.generated == 0
    assert home == pytest.approx(0.02 + engine(100, 1)[0], rel=1e-12)


def test_minimum_clock_with_pauses_draws_between_idle_and_its_power() -> None:
    slow = replace(SERVED, node=NODE)
    sky = Sky([moment(weights=(1.0, 0.0), speed=(0.1, 1.0))], served=slow)
    way = journey(sky)
    run(way, 1)
    first, _ = engine(100, 50)
    least = accelerator.power(1.0, 0.2, 70.0, 700.0, 2.1)
    power = 70.0 + 0.5 * (least - 70.0)
    assert way.energy == pytest.approx(10.0 * first * (2.0 * power + 300.0), rel=1e-12)
