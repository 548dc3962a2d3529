"""What nodes exchange and what sensors make, over a hand-made network in the real loop."""

import pytest

from dawndusk import loop
from dawndusk.traffic import SENSOR_UTILISATION
from tests.system.whole_run import Prepared
from tests.test_traffic import (
    FAST,
    HOUR,
    UP_DELAY,
    WAY,
    always,
    finishing,
    known,
    linked,
    moves,
    peak,
    placing,
)
from tests.traffic_case import Wires, carried, job, sunny

# exchange


def exchanging(nodes: int, gigabytes: float = 3.0) -> Prepared:
    return sunny(
        job("training", nodes=nodes, exchange=f"{gigabytes} GB", exchange_interval="5 min"),
        satellites=nodes,
    )


def ring(nodes: int, rate: float, delay: float) -> Wires:
    """Neighbours linked in a ring."""
    ends = {tuple(sorted((k, (k + 1) % nodes))) for k in range(nodes)}
    return Wires(nodes, [(a, b, rate, delay) for a, b in sorted(ends)])


@pytest.mark.parametrize(("nodes", "delay"), [(2, 1e-3), (3, 1e-3), (5, 1e-3), (5, 2.0)], ids=str)
def test_an_exchange_slows_a_gang_by_its_closed_form(nodes: int, delay: float) -> None:
    """T / (T + t), t = bytes · 8 / rate + 2 (n − 1) latency."""
    ready = exchanging(nodes)
    everywhere = always(dict.fromkeys(range(nodes), 0), nodes)
    record = carried(ready, ring(nodes, 1e8, delay), policy=everywhere)
    spent = 3e9 * 8.0 / 1e8 + 2 * (nodes - 1) * delay
    share = 300.0 / (300.0 + spent)
    node = peak(ready)
    done = nodes * 0.5 * node * ready.asked.job_rate * 2 * HOUR * share
    assert record.totals["delivered_FLOP"] == pytest.approx(done, rel=1e-9)
    lost = nodes * node * 2 * HOUR * (1.0 - share)
    assert record.totals["loss_network_FLOP"] == pytest.approx(lost, rel=1e-9)
    assert record.totals["loss_idle_FLOP"] == pytest.approx(0.0, abs=1e-9 * lost)
    cycles = 2 * HOUR / (300.0 + spent)
    assert known(record)["exchange_bytes"] == pytest.approx(nodes * 3e9 * cycles, rel=1e-6)


def test_a_gang_without_a_way_between_its_nodes_stands_still() -> None:
    """Each sees the station, which does not relay between satellites."""
    ready = exchanging(2)
    record = carried(ready, linked(), policy=always({0: 0, 1: 0}))
    assert record.totals["delivered_FLOP"] == 0.0
    assert record.totals["loss_network_FLOP"] == pytest.approx(4 * HOUR * peak(ready))
    assert known(record)["exchange_bytes"] == 0


def test_one_node_has_nobody_to_exchange_with() -> None:
    ready = sunny(job("training", exchange="3 GB", exchange_interval="5 min"))
    record = carried(ready, linked(rate=1e3), policy=always({0: 0}))
    assert record.totals["loss_network_FLOP"] == 0.0


def test_two_gangs_share_a_link() -> None:
    """A chain 0 – 1 – 2 – 3; 0 with 3 and 1 with 2: the second has what the first leaves."""
    chain = [(0, 1, 1e10, 1e-3), (1, 2, 1e8, 1e-3), (2, 3, 1e10, 1e-3)]
    both = ", ".join(
        f'{{name="{name}", kind="training", work="1 YFLOP", nodes=2, utilisation=0.5, '
        'checkpoint_time="0 s", exchange="1.5 GB", exchange_interval="5 min"}'
        for name in ("far", "near")
    )
    ready = sunny(f"workload.jobs=[{both}]", satellites=4)
    record = carried(ready, Wires(4, chain), policy=always({0: 0, 3: 0, 1: 1, 2: 1}, 4))
    first = 120.0 + 2 * 3e-3
    mean = 1.5e9 * 8.0 / (300.0 + first)
    second = 1.5e9 * 8.0 / (1e8 - mean) + 2 * 1e-3
    node = 2 * 0.5 * peak(ready) * ready.asked.job_rate * 2 * HOUR
    assert record.jobs["done"][0] == pytest.approx(node * 300.0 / (300.0 + first), rel=1e-9)
    assert record.jobs["done"][1] == pytest.approx(node * 300.0 / (300.0 + second), rel=1e-9)
    load = mean + 1.5e9 * 8.0 / (300.0 + second)
    assert known(record)["utilisation_max"] == pytest.approx(load / 1e8, rel=1e-9)
    assert load < 1e8


def test_a_gang_and_bulk_data_share_a_link() -> None:
    """The output of satellite 2 passes the link over which 0 and 1 exchange."""
    chain = [(0, 1, 1e8, 1e-3), (1, 2, FAST, 1e-3), (0, 3, FAST, UP_DELAY)]
    work = finishing(sunny(), 1000.0)
    both = (
        'workload.jobs=[{name="gang", kind="training", work="1 YFLOP", nodes=2, utilisation=0.5, '
        'exchange="1.5 GB", exchange_interval="5 min"}, '
        f'{{name="batch", kind="batch", work="{work}", utilisation=0.5, checkpoint_time="0 s", '
        'output="1.25 GB"}]'
    )
    ready = sunny(both, satellites=3)
    record = carried(ready, Wires(3, chain), policy=always({0: 0, 1: 0, 2: 1}, 3))
    mean = 1.5e9 * 8.0 / (300.0 + 120.0 + 2e-3)
    (row,) = moves(record, "output")
    assert row["start_s"] == pytest.approx(1000.0)
    expected = 1000.0 + 1.25e9 * 8.0 / (1e8 - mean) + WAY + 2e-3
    assert row["finish_s"] == pytest.approx(expected, abs=1e-5)


# sensors


def sensing(*more: str, satellites: int = 1, work: str = "1 MFLOP/B") -> Prepared:
    return sunny(
        "network.sensor=8 MB/s",
        f"network.sensor_work={work}",
        "network.sensor_reduction=0.25",
        *more,
        satellites=satellites,
    )


def test_sensor_data_are_processed_with_work_that_was_done() -> None:
    """FLOP appear in what is delivered and joules in what is consumed."""
    ready, blind = sensing(), sunny(satellites=1)
    record, idle = carried(ready, linked(1)), carried(blind, linked(1))
    found = known(record)["sensor"]
    assert found["produced_bytes"] == 8e6 * 2 * HOUR
    assert found["processed_bytes"] == pytest.approx(8e6 * 2 * HOUR, rel=1e-6)
    assert found["removed_bytes"] == pytest.approx(0.75 * found["processed_bytes"], rel=1e-6)
    assert found["downlinked_bytes"] == pytest.approx(0.25 * found["processed_bytes"], rel=1e-6)
    flop = record.totals["delivered_FLOP"] - idle.totals["delivered_FLOP"]
    assert flop == pytest.approx(1e6 * found["processed_bytes"], rel=1e-6)
    node = loop.node_of(ready.scenario, ready.asked)
    busy = flop / (node.peak * SENSOR_UTILISATION * ready.asked.job_rate)
    power = node.accelerators * node.compute_activity * (node.full_power - node.idle_power)
    used = record.totals["consumed_J"] - idle.totals["consumed_J"]
    assert used == pytest.approx(busy * power, rel=1e-6)
    ready.settled(record).check()


def test_a_satellite_that_works_on_a_job_leaves_its_data() -> None:
    """Raw data pile up, and what finds no room is lost."""
    ready = sensing(job(), "network.sensor_store=20 GB")
    record = carried(ready, linked(1), policy=always({0: 0}, 1))
    found = known(record)["sensor"]
    made = 8e6 * 2 * HOUR
    assert (found["processed_bytes"], found["downlinked_bytes"]) == (0, 0)
    assert (found["stored_bytes"], found["lost_bytes"]) == (20e9, made - 20e9)
    later = placing(lambda time: {0: 0} if time < HOUR else {}, 1)
    record = carried(sensing(job()), linked(1), policy=later)
    assert known(record)["sensor"]["processed_bytes"] == pytest.approx(made, rel=1e-6)


def test_processing_is_bounded_by_what_the_node_can_do() -> None:
    """Twice as much work as the node does at full use."""
    plain = sensing()
    most = SENSOR_UTILISATION * peak(plain) * plain.asked.job_rate
    ready = sensing(work=f"{2.0 * most / 8e6 / 1e12} TFLOP/B")
    record = carried(ready, linked(1))
    found = known(record)["sensor"]
    assert found["processed_bytes"] == pytest.approx(0.5 * 8e6 * 2 * HOUR, rel=1e-6)
    assert found["stored_bytes"] == pytest.approx(0.5 * 8e6 * 2 * HOUR, rel=1e-6)
    assert record.totals["delivered_FLOP"] == pytest.approx(most * 2 * HOUR, rel=1e-9)


def test_raw_data_go_down_in_contact() -> None:
    """Contact in one hour of two, at half the rate at which data are made."""
    ready = sensing('network.sensor_mode="downlink"')
    wires = linked(1, rate=3.2e7, working=lambda time: time >= HOUR)
    found = known(carried(ready, wires))
    sent = found["sensor"]
    assert sent["processed_bytes"] == sent["removed_bytes"] == sent["lost_bytes"] == 0
    assert sent["downlinked_bytes"] == pytest.approx(4e6 * HOUR, abs=12.0)
    assert found["utilisation_max"] == pytest.approx(1.0)
    small = sensing('network.sensor_mode="downlink"', "network.sensor_store=10 GB")
    found = known(carried(small, wires))["sensor"]
    assert found["stored_bytes"] == 10e9
    assert found["lost_bytes"] == pytest.approx(8e6 * 2 * HOUR - 4e6 * HOUR - 10e9, abs=24.0)


def test_data_that_wait_to_be_processed_take_nothing_off_the_links() -> None:
    """All raw, for a job has the node: no byte goes down, so no link is used."""
    record = carried(sensing(job()), linked(1, rate=1e8), policy=always({0: 0}, 1))
    assert known(record)["utilisation_max"] == 0.0


def test_the_sensors_come_last() -> None:
    """An output takes what it can; sensor data what is left."""
    ready = sensing(
        'network.sensor_mode="downlink"', job(work=finishing(sunny(), 1000.0), output="1.25 GB")
    )
    record = carried(ready, linked(1, rate=1e8), policy=always({0: 0}, 1))
    assert record.jobs["delivered"][0] == pytest.approx(1100.0 + WAY, abs=1e-6)
    sent = known(record)["sensor"]
    assert sent["downlinked_bytes"] == pytest.approx(8e6 * 2 * HOUR, abs=1000.0)
