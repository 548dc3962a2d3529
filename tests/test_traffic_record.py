"""What is written about the network, against wires whose every figure is known."""

import json
import math
from typing import Any

import numpy as np
import pytest

from dawndusk.record import NetworkRecord
from dawndusk.scenario import load
from dawndusk.traffic_record import LEVELS, PATHS, REGIONS, region_of
from tests.test_traffic import FAST, HOUR, UP_DELAY, WAY, always, finishing, linked
from tests.test_traffic import with_requests as serving
from tests.traffic_case import GLASS, Wires, asked, carried, job, sunny


def written(wires: Wires, ready: Any = None, **given: Any) -> NetworkRecord:
    found = carried(ready or sunny(), wires, **given).network
    assert found is not None
    return found


def rows(table: dict[str, Any]) -> list[dict[str, Any]]:
    return [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]


def test_the_summary_can_be_written_as_json() -> None:
    for wires in (linked(), linked(working=lambda time: False), Wires(2, [])):
        summary = written(wires).summary
        assert json.loads(json.dumps(summary, allow_nan=False)) == summary
        assert summary["residual_bytes"] == 0
        assert summary["modelled"] is True


def test_figures_are_means_over_the_looks() -> None:
    """Two links of four work for half of the looks; rates are a link's, not an instant's."""
    links = [(0, 1, 2e9, 1e-3), (1, 2, 4e9, 1e-3), (0, 3, 1e8, UP_DELAY), (1, 3, 3e8, UP_DELAY)]
    late = np.array([True, False, True, False])
    wires = Wires(3, links, working=lambda time: (time < HOUR) | late)
    found = written(wires, sunny(satellites=3)).summary
    assert found["links_isl"] == 1.5
    assert found["links_ground_mean"] == 1.5
    assert found["isl_rate_bit_s"] == pytest.approx((2 * 3e9 + 2e9) / 3)
    assert found["ground_rate_bit_s"] == pytest.approx((2 * 2e8 + 1e8) / 3)
    assert found["contact_fraction"] == pytest.approx((1.0 + 2.0 / 3.0) / 2.0)
    assert found["reachable_fraction"] == 1.0
    assert found["hops_mean"] == pytest.approx((2.0 + 2.0 + 3.0 + 2.0 + 3.0) / 5.0)


def test_delays_are_those_of_the_requests() -> None:
    """Two cities, the second twice as far; three quarters of the requests come from the first."""
    wires = linked(cities=2)
    wires.fibre[-1] = (*wires.fibre[-1][:3], 0.5)
    origin = np.tile([0, 0, 0, 1], 25)
    ready = serving(sunny(), asked(np.linspace(10.0, 7000.0, 100), 100, 10, origin))
    found = written(wires, ready)
    assert found.summary["latency_p50_s"] == pytest.approx(WAY)
    assert found.summary["latency_p99_s"] == pytest.approx(0.5 + UP_DELAY)
    region = region_of(*(math.degrees(where[2]) for where in _places(wires)))
    other = region_of(*(math.degrees(where[3]) for where in _places(wires)))
    assert found.regions == [REGIONS[k] for k in sorted({region, other})]
    assert found.region_latency.shape == (len(found.regions), len(LEVELS))
    assert found.region_latency[found.regions.index(REGIONS[other])] == pytest.approx(
        np.full(LEVELS.size, 0.5 + UP_DELAY)
    )


def _places(wires: Wires) -> tuple[Any, Any]:
    return wires.ground.latitude, wires.ground.longitude


def test_a_region_that_nobody_served_is_infinitely_far() -> None:
    found = written(linked(working=lambda time: False))
    assert np.isinf(found.region_latency).all()
    assert found.summary["latency_p50_s"] is None


def test_every_link_is_written_with_its_use() -> None:
    """A gang exchanges over one of two links between satellites."""
    links = [(0, 1, 1e8, 1e-3), (1, 2, 1e9, 1e-3), (0, 3, FAST, UP_DELAY)]
    ready = sunny(
        job("training", nodes=2, exchange="3.75 GB", exchange_interval="5 min"), satellites=3
    )
    used, free, up = rows(
        written(Wires(3, links), ready, policy=always({0: 0, 1: 0}, 3)).tables["links"]
    )
    assert (used["tail"], used["head"], used["kind"]) == ("sat-0", "sat-1", "isl")
    share = 300.0 / (600.0 + 2e-3)
    assert used["mean_utilisation"] == pytest.approx(share)
    assert used["max_utilisation"] == pytest.approx(share)
    assert free["mean_utilisation"] == up["mean_utilisation"] == 0.0
    assert (up["kind"], up["head_kind"], up["rate_bit_s"]) == ("up", "ground", FAST)
    assert up["head_lat_deg"] == pytest.approx(math.degrees(0.1))
    assert up["head_lon_deg"] == pytest.approx(math.degrees(-1.5))


def test_the_mean_use_counts_idle_intervals() -> None:
    """An output fills the link for 300 s of 7,200."""
    ready = sunny(job(work=finishing(sunny(), 900.0), output="3.75 GB"), satellites=2)
    wires = Wires(2, [(0, 1, 1e8, 1e-3), (0, 2, FAST, UP_DELAY)])
    link = rows(written(wires, ready, policy=always({1: 0})).tables["links"])[0]
    assert link["max_utilisation"] == pytest.approx(1.0)
    assert link["mean_utilisation"] == pytest.approx(300.0 / 7200.0)


def test_blocked_links_are_marked_and_unused() -> None:
    table = rows(written(linked(working=lambda time: False)).tables["links"])
    assert [row["occluded"] for row in table] == [True, True]
    assert [row["max_utilisation"] for row in table] == [0.0, 0.0]


def test_ways_lead_from_cities_to_their_nearest_satellite() -> None:
    wires = Wires(2, [(0, 1, FAST, 1e-3), (1, 2, FAST, UP_DELAY)], cities=3)
    ways = rows(written(wires).tables["paths"])
    assert {row["path"] for row in ways} == {0, 1, 2}
    first = [row for row in ways if row["path"] == 0]
    assert [row["name"] for row in first] == ["city-0", "station", "sat-1"]
    assert [row["hop"] for row in first] == [0, 1, 2]
    assert [row["latency_s"] for row in first] == pytest.approx([0.0, GLASS, WAY])
    many = rows(written(linked(cities=PATHS + 5)).tables["paths"])
    assert len({row["path"] for row in many}) == PATHS
    assert not rows(written(linked(working=lambda time: False)).tables["paths"])


# warnings


def warned(wires: Wires, ready: Any, policy: Any = None) -> str:
    return "\n".join(written(wires, ready, policy=policy or always({0: 0})).warnings)


def test_an_output_that_the_contact_is_too_short_for_names_its_link() -> None:
    """10 TB over 100 Mbit/s."""
    ready = sunny(job(work=finishing(sunny(), 1000.0), output="10 TB"))
    said = warned(linked(rate=1e8), ready)
    assert "1 transfers of kind output have not arrived" in said
    assert "9922 GB left" in said
    assert "from sat-0 to centre" in said
    assert "held back by the link sat-0 – station of 0.1 Gbit/s" in said


def test_an_output_out_of_contact_at_the_end_names_its_link_too() -> None:
    """The link is there for a quarter of the time, and not at the end."""
    ready = sunny(job(work=finishing(sunny(), 1000.0), output="10 TB"))
    said = warned(linked(rate=1e8, working=lambda time: 1200.0 <= time < 3000.0), ready)
    assert "from sat-0 to centre" in said
    assert "25.0% of the time" in said
    assert "0.1 Gbit/s" in said


def test_data_without_any_way_are_named() -> None:
    ready = sunny(job(input="1 GB"))
    said = warned(linked(working=lambda time: False), ready)
    assert "1 transfers of kind input have not arrived" in said
    assert "from centre to sat-0: no way between them so far" in said
    assert "users never have a way to a satellite: none comes within the 2000 km" in said


def test_requests_that_a_link_has_no_room_for_are_named() -> None:
    ready = serving(sunny(satellites=1), asked(np.linspace(1.0, 7000.0, 300), 10_000, 10))
    said = warned(Wires(1, [(0, 1, 2000.0, UP_DELAY)]), ready, always({}, 1))
    assert "prompts and answers" in said
    assert "sat-0 – station" in said


def test_a_gang_that_cannot_exchange_is_named() -> None:
    ready = sunny(job("training", nodes=2, exchange="3 GB", exchange_interval="5 min"))
    said = warned(linked(), ready, always({0: 0, 1: 0}))
    assert "work" in said
    assert "no way between its nodes" in said


def test_lost_sensor_data_are_named() -> None:
    ready = sunny(
        "network.sensor=8 MB/s",
        'network.sensor_mode="downlink"',
        "network.sensor_store=20 GB",
        satellites=1,
    )
    said = warned(linked(1, working=lambda time: False), ready, always({}, 1))
    assert f"sensor stores overflowed: {8e6 * 7200 / 1e9 - 20:.4g} GB were lost" in said


def test_where_all_arrives_there_is_nothing_to_warn_of() -> None:
    ready = sunny(job(work=finishing(sunny(), 1000.0), input="1 GB", output="1 GB"))
    ready = serving(ready, asked(np.linspace(1.0, 6000.0, 30)))
    assert written(linked(), ready, policy=always({0: 0})).warnings == []


# regions


@pytest.mark.parametrize(
    ("region", "names"),
    [
        ("North America", "Chicago Mexico-City New-York Los-Angeles Toronto"),
        ("South America", "Lima São-Paulo Buenos-Aires Bogotá"),
        ("Europe", "London Madrid Moscow Istanbul Paris"),
        ("Africa", "Lagos Cairo Nairobi Johannesburg Kinshasa Casablanca"),
        ("Middle East", "Riyadh Tehran Dubai Baghdad"),
        ("Asia", "Tokyo Mumbai Jakarta Singapore Shanghai Karachi"),
        ("Oceania", "Sydney Melbourne Auckland"),
    ],
)
def test_cities_lie_in_their_regions(region: str, names: str) -> None:
    """Well-known cities by the coordinates of the catalogue."""
    cities = {city.name.replace(" ", "-"): city for city in load("suncatcher").cities}
    known = [name for name in names.split() if name in cities]
    assert known, sorted(cities)
    for name in known:
        place = cities[name]
        found = region_of(math.degrees(place.latitude), math.degrees(place.longitude))
        assert REGIONS[found] == region, name
