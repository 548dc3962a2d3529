"""The network of a run, held to its own geometry by ERFA and to shortest ways by networkx."""

import math
from pathlib import Path

import networkx
import numpy as np
import pytest
from scipy.optimize import brentq

from dawndusk.connections import CITY, FIBRE, ISL, STATION, UP, Connections, Snapshot
from dawndusk.fleet_plan import plan_fleet
from dawndusk.network import routing, weather
from dawndusk.scenario import load
from tests.links_case import (
    CLEAR_SKY,
    DAY,
    EVERY_HOUR,
    LIGHT,
    NO_JOBS,
    WALKER,
    built,
    check_geometry,
    elevation,
    haversine,
    lowest,
    network,
    places,
    same,
    view,
)
from tests.system.two_lines import tle
from tests.system.whole_run import DATA

LOW = ("constellation.altitude=485 km", "network.terminal=condor-mk3")
"""The Earth hides the neighbours 4,700 km ahead, but for those that look over its flat north."""

MOMENTS = (0.0, 18_300.0, 40_500.0, 63_900.0)

CATALOGUE = DATA / "celestrak" / "starlink_2026-05-30.tle.gz"


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """The shipped scenario of imported satellites with 300 of them."""
    path = tmp_path_factory.mktemp("elements") / "small.tle"
    path.write_text(tle(300), encoding="utf-8")
    return "starlink-imported", NO_JOBS, f"constellation.file={path}"


@pytest.mark.parametrize(
    "scenario",
    [
        ("suncatcher",),
        ("starcloud-1",),
        ("spacex-ai1",),
        ("suncatcher", *WALKER),
        ("suncatcher", *WALKER, *LOW),
    ],
    ids=["suncatcher", "starcloud-1", "spacex-ai1", "walker", "low walker"],
)
def test_no_link_through_the_earth(scenario: tuple[str, ...]) -> None:
    net = network(*scenario)
    assert sum(check_geometry(net, view(net, time)) for time in MOMENTS) > 0


def test_no_link_through_the_earth_among_imported_satellites(imported: tuple[str, ...]) -> None:
    net = network(*imported)
    assert sum(check_geometry(net, view(net, time)) for time in (0.0, 3_300.0, 18_300.0)) > 1_000


@pytest.mark.full
@pytest.mark.skipif(not CATALOGUE.is_file(), reason="the real Starlink catalogue is absent")
def test_no_link_through_the_earth_among_all_starlinks() -> None:
    net = network("starlink-imported", NO_JOBS, f"constellation.file={CATALOGUE}")
    assert sum(check_geometry(net, view(net, time)) for time in (0.0, 40_500.0)) > 20_000


@pytest.mark.parametrize(("orbits", "reason"), [((), "length"), (LOW, "Earth")])
def test_links_are_blocked_by_the_earth_or_by_their_length(orbits, reason: str) -> None:
    """Both reasons occur in these patterns, and free links: the check above can fail."""
    net = network("suncatcher", *WALKER, *orbits)
    seen = view(net, 0.0)
    isl = seen.kinds == ISL
    place = places(net, 150.0)
    hidden = lowest(place[seen.edges[isl, 0]], place[seen.edges[isl, 1]]) < 80e3
    too_long = seen.length[isl] > net.isl.max_range
    alone = hidden & ~too_long if reason == "Earth" else too_long & ~hidden
    assert alone.any()
    np.testing.assert_array_equal(seen.blocked[isl], too_long | hidden)
    assert (~seen.blocked[isl]).any()


@pytest.mark.parametrize(
    "overrides",
    [(), ("network.station_links=1",), ("network.station_links=2", "network.ground_links=3")],
)
def test_no_end_has_more_links_than_it_has_terminals(overrides, imported) -> None:
    crowded = 0
    for scenario in (("spacex-ai1",), imported, ("suncatcher",)):
        net = network(*scenario, *overrides)
        seen = view(net, 18_300.0)
        between = np.bincount(seen.edges[seen.kinds == ISL].ravel(), minlength=net.vertices)
        to_station = (seen.kinds == UP) & (seen.edges[:, 1] < net.satellites + net.ground.stations)
        up = np.bincount(seen.edges[to_station].ravel(), minlength=net.vertices)
        assert between.max() <= net.given.terminals
        assert up[: net.satellites].max() <= net.given.ground_links
        assert up[net.satellites :].max() <= net.given.station_links
        crowded += np.count_nonzero(up[net.satellites :] == net.given.station_links)
    assert crowded > 0 or not overrides


def test_stations_take_the_nearest_satellites_first() -> None:
    """One by one, shortest first, over all that stand above the mask now and a second ago."""
    net = network("spacex-ai1", CLEAR_SKY, "network.station_links=3")
    seen = view(net, 3_000.0)
    now, before = places(net, 3_150.0), places(net, 3_149.0)
    pairs = np.stack(
        np.meshgrid(net.all, net.satellites + np.arange(net.ground.stations)), axis=-1
    ).reshape(-1, 2)
    mask = net.ground.mask[pairs[:, 1] - net.satellites]
    held = (elevation(net, now, pairs) >= mask) & (elevation(net, before, pairs) >= mask)
    pairs = pairs[held]
    distance = np.linalg.norm(now[pairs[:, 0]] - now[pairs[:, 1]], axis=1)
    free, taken = {}, set()
    for satellite, station in pairs[np.argsort(distance)].tolist():
        if free.setdefault(satellite, 1) and free.setdefault(station, 3):
            free[satellite] -= 1
            free[station] -= 1
            taken.add((satellite, station))
    assert {tuple(pair) for pair in seen.edges[seen.kinds == UP].tolist()} == taken
    assert 0 in [left for end, left in free.items() if end >= net.satellites]


def pair(tmp_path: Path, node: str = "55 deg") -> tuple[str, ...]:
    """Two satellites whose planes cross: they come into sight of each other twice an orbit."""
    (tmp_path / "edges.csv").write_text("A,B\n", encoding="utf-8")
    sets = ", ".join(
        f'{{name="{name}", altitude="650 km", inclination="{tilt}", node="{node}"}}'
        for name, tilt, node in (("A", "30 deg", "0 deg"), ("B", "80 deg", node))
    )
    return (
        "suncatcher",
        NO_JOBS,
        CLEAR_SKY,
        EVERY_HOUR,
        f'constellation={{kind="elements", satellites=[{sets}]}}',
        f"network.edges={tmp_path / 'edges.csv'}",
        "network.terminal=starlink-laser",
        "network.interval=60 s",
    )


def crossings(height, times: np.ndarray) -> list[float]:
    """Times at which a quantity rises through zero."""
    values = np.array([height(time) for time in times])
    rising = np.flatnonzero((values[:-1] < 0.0) & (values[1:] >= 0.0))
    return [brentq(height, times[k], times[k + 1], xtol=1e-4) for k in rising]


@pytest.mark.parametrize(
    ("terminal", "reach", "wait"),
    [("condor-mk3", 6_500e3, 30.0), ("starlink-mini-laser", 4_000e3, 20.0)],
    ids=["Earth", "range"],
)
def test_a_laser_link_works_once_it_is_acquired(
    tmp_path: Path, terminal: str, reach: float, wait: float
) -> None:
    """So long after the line of sight is free, or short enough, and not before."""
    net = built(*pair(tmp_path), f"network.terminal={terminal}")

    def clear(time: float) -> float:
        one, other = places(net, time)[:2]
        by_length = reach - float(np.linalg.norm(one - other))
        by_earth = float(lowest(one[None], other[None])[0]) - 80e3
        return min(by_length, by_earth)

    (rise, *_) = crossings(clear, np.arange(300.0, 12_000.0, 30.0))
    working = (-1.0, False), (1.0, False), (wait - 1.0, False), (wait + 1.0, True), (200.0, True)
    for later, works in working:
        seen = net.look(rise + later - 30.0, None)
        (rate,) = seen.rate[seen.kinds == ISL]
        assert (rate > 0.0) == works, later
        assert seen.blocked[seen.kinds == ISL] == (later < 0.0)


@pytest.mark.parametrize(("terminal", "wait"), [("optical-ground", 30.0), ("tbird", 30.0)])
def test_a_pass_is_usable_once_it_is_acquired(tmp_path: Path, terminal: str, wait: float) -> None:
    """The first terminal is held by the horizon, the second by its range of 1,200 km."""
    net = built(*pair(tmp_path), f"network.ground_terminal={terminal}", "network.stations=polar-4")
    station, reach, mask = 2, net.to_ground.max_range, net.to_ground.elevation_mask
    link = np.array([[1, station]])

    def above(time: float) -> float:
        place = places(net, time)
        by_length = reach - float(np.linalg.norm(place[1] - place[station]))
        return min(float(elevation(net, place, link)[0] - mask), by_length / 1e6)

    rises = crossings(above, np.arange(300.0, 40_000.0, 20.0))
    assert rises
    for later, works in ((1.0, False), (wait - 1.0, False), (wait + 1.0, True)):
        edges = net.look(rises[0] + later - 30.0, None).edges
        assert [1, station] in edges.tolist() if works else [1, station] not in edges.tolist()


def test_new_neighbours_point_before_they_talk(imported: tuple[str, ...]) -> None:
    """At the full hour partners change; links that stay are not cut."""
    net = network(*imported, EVERY_HOUR, "network.interval=10 s", "time.step=10 s")

    def working(time: float) -> dict[tuple[int, int], bool]:
        seen = net.look(time, None)
        isl = (seen.kinds == ISL) & ~seen.blocked
        pairs = map(tuple, seen.edges[isl].tolist())
        return dict(zip(pairs, seen.rate[isl] > 0.0, strict=True))

    before, at, after = working(3_580.0), working(3_600.0), working(3_620.0)
    kept = [at[link] for link in at if link in before]
    new = [at[link] for link in at if link not in before]
    assert min(len(kept), len(new)) > 20
    assert all(kept)
    assert not any(new)
    assert all(after.values())


def test_fibre_takes_its_stretched_length_at_the_speed_of_light_in_glass() -> None:
    net = network("suncatcher", *WALKER, "network.fibre_stretch=1.7", "network.fibre_index=1.5")
    seen = view(net, 0.0)
    glass = seen.kinds == FIBRE
    for (a, b), length, seconds in zip(
        seen.edges[glass], seen.length[glass], seen.seconds[glass], strict=True
    ):
        assert length == pytest.approx(1.7 * haversine(net, a, b), rel=1e-9, abs=1e-3)
        assert seconds == pytest.approx(length * 1.5 / LIGHT, rel=1e-12)
    for row, city in enumerate(net.satellites + net.ground.origins):
        wanted = 1.7 * 1.5 / LIGHT * haversine(net, city, net.centre)
        np.testing.assert_allclose(seen.delay[row, net.satellites :], wanted, rtol=1e-9)


def test_how_users_reach_satellites() -> None:
    """By fibre to every station at work and no link of their own, or direct without that fibre."""
    cities, links = {}, {}
    for users in ("fibre", "direct"):
        net = network("suncatcher", *WALKER, f"network.users={users}")
        seen = view(net, 0.0)
        kind = net.ground.kinds[seen.edges[:, 1] - net.satellites]
        other = seen.edges[:, 0] >= net.satellites
        links[users] = {
            "beam": np.count_nonzero((seen.kinds == UP) & (kind == CITY)),
            "station": np.count_nonzero((seen.kinds == UP) & (kind == STATION)),
            "fibre": np.count_nonzero((seen.kinds == FIBRE) & other),
        }
        cities[users] = len(net.ground.origins)
        at_work = seen.edges[(seen.kinds == UP) & (kind == STATION) & (seen.rate > 0.0), 1]
    stations = np.unique(at_work).size
    assert 0 < stations < net.ground.stations
    assert links["fibre"]["beam"] == 0
    assert links["direct"]["beam"] > 0
    assert links["fibre"]["fibre"] == stations * (cities["fibre"] + 1)
    assert links["direct"]["fibre"] == stations
    assert links["fibre"]["station"] == links["direct"]["station"] > 0


@pytest.mark.parametrize("users", ["fibre", "direct"])
def test_fibre_left_out_would_make_no_way_shorter(users: str) -> None:
    net = network("suncatcher", *WALKER, f"network.users={users}")
    seen = view(net, 0.0)
    other = seen.kinds != FIBRE
    fibre, _, seconds = net.fibre
    assert np.count_nonzero(~other) < len(fibre)
    edges = np.concatenate([seen.edges[other], fibre])
    whole = routing.pattern(net.satellites, net.vertices, edges)
    times = np.concatenate([seen.seconds[other], seconds])
    sources = net.satellites + np.append(net.ground.origins, net.ground.centre)
    found, _ = routing.shortest(whole, times, sources)
    n = net.satellites
    assert np.array_equal(found[:-1, :n], seen.delay[:, :n])
    assert np.array_equal(found[-1, :n], seen.from_centre[:n])


def shortest_ways(net: Connections, seen: Snapshot, source: int, without: set[int]) -> dict:
    """Dijkstra by networkx. Data climb once, from a start on the ground, and come down once."""
    graph = networkx.DiGraph()
    n = net.satellites
    place = places(net, seen.time + 0.5 * net.interval)
    for (a, b), rate in zip(seen.edges.tolist(), seen.rate.tolist(), strict=True):
        if rate == 0.0 or without & {a, b}:
            continue
        if a >= n:
            cost = haversine(net, a, b) * net.given.fibre_stretch * net.given.fibre_index / LIGHT
            ends = [(("start", a), ("start", b)), (("end", a), ("end", b))]
            ends += [(other, one) for one, other in ends]
        else:
            cost = float(np.linalg.norm(place[a] - place[b])) / LIGHT
            ends = [(a, b), (b, a)] if b < n else [(("start", b), a), (a, ("end", b))]
        graph.add_weighted_edges_from((one, other, cost) for one, other in ends)
    graph.add_node(("start", source))
    found = networkx.single_source_dijkstra_path_length(graph, ("start", source))
    return {end: cost for end, cost in found.items() if not isinstance(end, tuple)}


@pytest.mark.parametrize("users", ["fibre", "direct"])
@pytest.mark.parametrize("failed", [(), (0, 13, 27)])
def test_delays_are_those_of_networkx(users: str, failed: tuple[int, ...]) -> None:
    net = network("suncatcher", *WALKER, f"network.users={users}", "network.stations=global-12")
    seen = view(net, 18_300.0, failed=failed)
    if failed:
        assert (seen.rate[np.isin(seen.edges, failed).any(axis=1)] == 0.0).all()
    sources = [*(net.satellites + net.ground.origins).tolist(), net.centre]
    rows = [*seen.delay[:, : net.satellites], seen.from_centre[: net.satellites]]
    reached = 0
    for source, row in zip(sources, rows, strict=True):
        wanted = shortest_ways(net, seen, source, set(failed))
        found = np.flatnonzero(np.isfinite(row))
        assert set(found.tolist()) == set(wanted)
        np.testing.assert_allclose(row[found], [wanted[end] for end in found], rtol=1e-6)
        reached += found.size
    assert reached > 100
    np.testing.assert_array_equal(seen.contact, np.isfinite(rows[-1]))


def test_the_way_round_a_failed_satellite_is_longer() -> None:
    net = network("suncatcher", *WALKER, "network.stations=global-12", EVERY_HOUR)
    whole = view(net, 0.0)
    (used,) = np.flatnonzero(whole.linked)[:1]
    left = view(net, 0.0, failed=(int(used),))
    others = np.arange(net.satellites) != used
    assert np.isinf(left.delay[:, used]).all()
    assert not left.linked[used]
    assert not left.contact[used]
    assert (
        left.delay[:, : net.satellites][:, others] >= whole.delay[:, : net.satellites][:, others]
    ).all()
    assert (
        left.from_centre[: net.satellites][others] > whole.from_centre[: net.satellites][others]
    ).any()
    assert np.isfinite(left.from_centre[: net.satellites][others]).all()


@pytest.mark.parametrize("users", ["fibre", "direct"])
def test_linked_are_the_satellites_that_a_station_serves(users: str) -> None:
    net = network("suncatcher", *WALKER, f"network.users={users}", "network.stations=global-12")
    seen = view(net, 0.0)
    up = (seen.kinds == UP) & (seen.rate > 0.0)
    ends = seen.edges[up]
    served = {a for a, b in ends.tolist() if net.kind(b) == "station"}
    assert set(np.flatnonzero(seen.linked).tolist()) == served
    assert 0 < len(served) < len(set(ends[:, 0].tolist())) or users == "fibre"


def test_a_station_turns_from_a_failed_satellite_to_the_next() -> None:
    net = network("spacex-ai1", CLEAR_SKY, "network.station_links=1")
    whole = net.look(0.0, None)
    stations = whole.edges[whole.kinds == UP]
    used, station = stations[0]
    left = net.look(0.0, None, failed=(int(used),))
    now = left.edges[(left.kinds == UP) & (left.rate > 0.0)]
    assert used not in now[:, 0]
    assert station in now[:, 1]


def test_satellites_of_a_cluster_join_their_neighbours() -> None:
    """All 140 pairs of the lattice, 100 to 200 m apart for good; the rim uses what is left."""
    net = network("suncatcher")
    looks = [view(net, time) for time in np.arange(0.0, 5_900.0, 295.0)]
    lengths = np.stack([seen.length[seen.kinds == ISL] for seen in looks])
    lattice = lengths.max(axis=0) < 201.0
    assert np.count_nonzero(lattice) == 140
    assert lengths[:, lattice].min() > 99.0
    assert lengths.max() < 2_000.0


@pytest.mark.parametrize(
    ("kind", "links"),
    [
        ('walker_delta",inclination="53 deg', 36 + 36),
        ('walker_star",inclination="86 deg', 36 + 27),
        ("sun_synchronous", 36 + 27),
    ],
)
def test_a_grid_closes_where_its_planes_go_all_round(kind: str, links: int) -> None:
    orbits = f'constellation={{kind="{kind}",altitude="1200 km",satellites=36,planes=4}}'
    seen = view(network("suncatcher", *WALKER, orbits), 0.0)
    assert np.count_nonzero(seen.kinds == ISL) == links


def outages(net: Connections, times) -> list[np.ndarray]:
    found = []
    for time in times:
        seen = net.look(time, None)
        isl = seen.kinds == ISL
        assert not seen.blocked[isl].any()
        found.append(seen.rate[isl] == 0.0)
    return found


def test_outages_of_links_are_drawn_by_the_hour_from_the_seed() -> None:
    """However often one looks and in which order; about the share that was asked for."""
    wanted = ("suncatcher", NO_JOBS, "network.link_uptime=0.7")
    every = outages(built(*wanted), np.arange(0.0, 5 * 3_600.0, 300.0))
    for hour in range(5):
        for at in every[12 * hour : 12 * hour + 12]:
            np.testing.assert_array_equal(at, every[12 * hour])
    seldom = outages(built(*wanted), [4 * 3_600.0, 0.0])
    np.testing.assert_array_equal(seldom, [every[48], every[0]])
    assert (every[0] != every[12]).any()
    other = outages(built(*wanted, "time.seed=5"), [0.0])
    assert (other[0] != every[0]).any()
    hours = np.concatenate(outages(built(*wanted), np.arange(0.0, 24 * 3_600.0, 3_600.0)))
    spread = math.sqrt(0.3 * 0.7 / hours.size)
    assert hours.mean() == pytest.approx(0.3, abs=4.0 * spread)
    assert not np.concatenate(outages(built("suncatcher", NO_JOBS, EVERY_HOUR), [0.0])).any()


CLOUDS = ("network.station_links=36", "network.ground_links=12", "network.stations=global-12")


def test_the_sky_does_not_depend_on_the_steps_by_which_it_is_reached() -> None:
    net = network("suncatcher", *WALKER, *CLOUDS)
    straight = net.weather_at(net.begin(), 30_000.0)
    now = net.begin()
    for time in (300.0, 300.0, 1_500.0, 1_800.0, 12_000.0, 30_000.0):
        now = net.weather_at(now, time)
    assert now.step == straight.step == 100
    assert now.cloudy.tobytes() == straight.cloudy.tobytes()
    assert now.wetness.tobytes() == straight.wetness.tobytes()
    assert network("suncatcher", *WALKER, CLEAR_SKY).begin() is None


@pytest.mark.parametrize("terminal", ["optical-ground", "ka-gateway"])
def test_clouds_cut_light_and_dim_radio(terminal: str) -> None:
    net = network("suncatcher", *WALKER, *CLOUDS, f"network.ground_terminal={terminal}")
    cut, dimmed, kept = 0, 0, 0
    for time in np.arange(0.0, DAY, 3_600.0):
        sky = net.weather_at(net.begin(), time)
        clear, now = net.look(time, None), net.look(time, sky)
        free = {
            tuple(edge): rate
            for edge, rate in zip(clear.edges.tolist(), clear.rate, strict=True)
            if edge[0] < net.satellites <= edge[1]
        }
        left = {
            tuple(edge): rate
            for edge, rate in zip(now.edges.tolist(), now.rate, strict=True)
            if edge[0] < net.satellites <= edge[1]
        }
        for edge, rate in free.items():
            cloudy = sky.cloudy[edge[1] - net.satellites]
            if terminal == "optical-ground":
                assert left.get(edge, 0.0) == (0.0 if cloudy else rate)
            else:
                assert left.get(edge, 0.0) <= rate
                kept += cloudy and left.get(edge, 0.0) > 0.0
            cut += cloudy and edge not in left
            dimmed += 0.0 < left.get(edge, 0.0) < rate
    assert (cut > 0, kept > 0) == (
        (True, False) if terminal == "optical-ground" else (cut > 0, True)
    )
    assert dimmed > 0 or terminal == "optical-ground"


def test_a_look_does_not_depend_on_weather_to_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other draws from noon on: all looks before are the same, those after are not."""
    scenario = ("suncatcher", *WALKER, *CLOUDS, "network.ground_terminal=optical-ground")
    times = np.arange(0.0, DAY, 4_500.0)

    def looks() -> list[Snapshot]:
        net, found = built(*scenario), []
        sky = net.begin()
        for time in times:
            sky = net.weather_at(sky, time)
            found.append(net.look(time, sky))
        return found

    as_it_is, draws = looks(), weather._draws
    monkeypatch.setattr(
        weather, "_draws", lambda climate, step: draws(climate, step + 999 * (step > 144))
    )
    other = [same(a, b) for a, b in zip(as_it_is, looks(), strict=True)]
    assert all(alike for time, alike in zip(times, other, strict=True) if time <= 43_200.0)
    assert not all(other)


def test_a_look_depends_on_no_other_look(imported: tuple[str, ...]) -> None:
    """Neither on those before it, nor on threads: a run that goes on later sees the same."""
    often = network(*imported)
    for time in (0.0, 3_300.0, 3_600.0, 36_000.0):
        view(often, time)
    alone = built(*imported, threads=2)
    assert same(view(often, 3_600.0), view(alone, 3_600.0))
    assert same(view(often, 3_300.0), view(alone, 3_300.0))


def test_a_ground_twin_has_no_satellites() -> None:
    plan = plan_fleet(load("suncatcher"))
    net = Connections(plan.scenario, plan, None, 3)
    seen = net.look(0.0, net.begin())
    assert net.satellites == 0
    assert seen.contact.size == 0
    assert seen.delay.shape == (len(net.ground.origins), 3)
    for row, city in enumerate(net.ground.origins):
        wanted = 1.5 * 1.468 / LIGHT * haversine(net, city, net.centre)
        np.testing.assert_allclose(seen.delay[row], wanted, rtol=1e-9)


def test_every_vertex_has_its_own_name() -> None:
    for name in ("suncatcher", "starcloud-1", "spacex-ai1"):
        net = network(name)
        assert len({net.name(vertex) for vertex in range(net.vertices)}) == net.vertices
        kinds = [net.kind(vertex) for vertex in range(net.vertices)]
        assert kinds.index("station") == net.satellites
        assert kinds.index("data_centre") == net.centre == kinds.index("city") - 1
        np.testing.assert_array_equal(
            net.vertex_of_site([0, net.satellites, net.satellites + 1]), [0, net.centre, net.centre]
        )
