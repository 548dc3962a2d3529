"""Bytes of real jobs: closed forms over hand-made links, and none that is not accounted for."""

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawndusk.real.links import Carrier, Lines
from dawndusk.traffic import Flowing
from tests.traffic_case import Wires


class Road:
    """What `Lines` reads of `Traffic`."""

    def __init__(self, wires: Wires) -> None:
        self.network = wires
        self.snapshot = wires.look(0.0, None)
        self.capacity = np.repeat(self.snapshot.rate, 2)
        self.taken: list[Any] = []

    def occupy(self, start: Any, links: Any, rate: Any) -> None:
        self.taken.append((start, links, rate))


def chain(*rates: float, delay: float = 0.25) -> Road:
    """Satellites one after another, the last one with a station."""
    n = len(rates) + 1
    pairs = [(k, k + 1, rate, delay) for k, rate in enumerate(rates)]
    return Road(Wires(n, [*pairs, (n - 1, n, 1e9, delay)]))


def whole(road: Road | None, carrier: Carrier, until: float = 1e9) -> dict[int, float]:
    """When each movement arrives, its ranks being vertices."""
    lines, now, found = Lines(road), 0.0, {}  # type: ignore[arg-type]
    carrier.share(lines, lambda rank: rank, now)
    while carrier.under_way and now < until:
        later = min(carrier.next(now), until)
        carrier.advance(now, later, lines, lambda rank: rank)
        now = later
        for number in carrier.take(now):
            carrier.deliver(number)
            found[number] = now
        carrier.share(lines, lambda rank: rank, now)
    lines.close(1000.0)
    return found


def test_one_transfer_takes_its_size_over_the_slowest_link_and_the_way() -> None:
    carrier = Carrier(1e3)
    carrier.add(1, "rejoin", [(0, 2, 1000)], 0.0)
    assert whole(chain(1e6, 4e5), carrier)[1] == pytest.approx(8e6 / 4e5 + 0.5)
    assert carrier.bytes["rejoin"] == {"offered": 10**6, "delivered": 10**6, "cancelled": 0}


def test_a_ring_passes_twice_round() -> None:
    """2 (k − 1) latencies of the slowest leg; all legs at once."""
    carrier = Carrier(1.0)
    carrier.add(1, "exchange", [(0, 1, 1000), (1, 2, 1000), (2, 0, 1000)], 0.0)
    arrival = whole(chain(8e3, 8e3), carrier)[1]
    assert arrival == pytest.approx(1.0 + 4 * 0.5)


def test_two_transfers_share_a_link_until_one_ends() -> None:
    """Max-min: half each; then the longer one has all of it."""
    carrier = Carrier(1.0)
    carrier.add(1, "rejoin", [(0, 1, 1000)], 0.0)
    carrier.add(2, "rejoin", [(0, 1, 3000)], 0.0)
    found = whole(chain(8e3), carrier)
    assert found[1] == pytest.approx(2.0 + 0.25)
    assert found[2] == pytest.approx(4.0 + 0.25)


def test_both_directions_of_a_link_have_its_rate() -> None:
    carrier = Carrier(1.0)
    carrier.add(1, "rejoin", [(0, 1, 1000)], 0.0)
    carrier.add(2, "rejoin", [(1, 0, 1000)], 0.0)
    found = whole(chain(8e3), carrier)
    assert found[1] == found[2] == pytest.approx(1.25)


def test_at_one_place_and_without_a_network_bytes_are_there_at_once() -> None:
    for road, ends in ((None, (0, 1)), (chain(8e3), (1, 1))):
        carrier = Carrier(1.0)
        carrier.add(1, "exchange", [(*ends, 1000)], 0.0)
        assert whole(road, carrier) == {1: 0.0}
        assert carrier.sent == 1000.0


def test_a_movement_without_bytes_has_arrived_when_it_begins() -> None:
    carrier = Carrier(1.0)
    carrier.add(1, "restore", [], 7.0)
    assert carrier.take(6.9) == []
    assert carrier.take(7.0) == [1]


def test_without_a_way_nothing_moves() -> None:
    road = Road(Wires(2, [(0, 2, 1e9, 1e-3), (1, 2, 1e9, 1e-3)]))
    carrier = Carrier(1.0)
    carrier.add(1, "exchange", [(0, 1, 1000)], 0.0)
    assert whole(road, carrier, 5000.0) == {}
    assert carrier.sent == 0.0
    lines = Lines(road)  # type: ignore[arg-type]
    assert carrier.expected(1, 0.0) == math.inf
    assert lines.rates([(0, -1)]) == [(0.0, 0.0)]
    assert Lines(None).rates([(0, -1), (0, 1)]) == [(0.0, 0.0), (math.inf, 0.0)]


def test_what_is_given_up_counts_as_cancelled_and_as_sent() -> None:
    carrier, lines = Carrier(1.0), Lines(chain(8e3))  # type: ignore[arg-type]
    carrier.add(1, "exchange", [(0, 1, 1000)], 0.0)
    carrier.share(lines, lambda rank: rank, 0.0)
    assert carrier.expected(1, 0.0) == pytest.approx(1.25)
    carrier.advance(0.0, 0.4, lines, lambda rank: rank)
    carrier.drop(1)
    assert carrier.sent == pytest.approx(400.0)
    assert carrier.bytes["exchange"] == {"offered": 1000, "delivered": 0, "cancelled": 1000}
    flowing = Flowing(None)
    carrier.account(flowing)
    carrier.account(flowing)
    assert flowing.exchanged == 400
    assert flowing.recent[:2].tolist() == [400.0, 400.0]


def test_what_ran_is_taken_off_the_links() -> None:
    road, carrier = chain(8e3, 8e3), Carrier(1.0)
    carrier.add(1, "rejoin", [(0, 2, 1000)], 0.0)
    whole(road, carrier)
    ((start, links, rate),) = road.taken
    assert start.tolist() == [0, 2]
    assert links.size == 2
    assert rate.tolist() == [8.0]


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 10**6)),
        min_size=1,
        max_size=6,
    ),
    st.lists(st.floats(1e3, 1e6), min_size=3, max_size=3),
)
def test_all_bytes_arrive_and_links_carry_no_more_than_their_rate(
    legs: list[tuple[int, int, int]], rates: list[float]
) -> None:
    carrier = Carrier(1.0)
    for number, leg in enumerate(legs):
        carrier.add(number, "rejoin", [leg], 0.0)
    found = whole(chain(*rates), carrier)
    total = sum(size for *_, size in legs)
    assert carrier.bytes["rejoin"]["delivered"] == total
    assert carrier.sent == pytest.approx(total)
    last = max(found.values())
    for k, rate in enumerate(rates):
        for way in (1, -1):
            over = sum(
                size for a, b, size in legs if (b - a) * way > 0 and min(a, b) <= k < max(a, b)
            )
            assert 8.0 * over <= rate * last * (1.0 + 1e-9)


def test_a_road_is_what_traffic_offers() -> None:
    assert SimpleNamespace(**vars(chain(1.0))).capacity.size == 2 * len(chain(1.0).snapshot.rate)
