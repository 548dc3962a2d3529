"""The tables of the compiled step: the names and the places of the flows agree."""

import csv
from importlib.resources import files

import numpy as np

from dawndusk import step_tables
from dawndusk.compiled import kernel
from dawndusk.step_tables import DIE_MAX, FLOWS, RADIATOR_MAX, Fleet, Node


def test_every_flow_has_the_place_its_name_says():
    places = {
        name: place
        for name, place in vars(step_tables).items()
        if name.isupper() and isinstance(place, int)
    }
    assert sorted(places.values()) == list(range(len(FLOWS)))
    for name, place in places.items():
        bare, _, unit = FLOWS[place].rpartition("_")
        assert name == (bare.upper() or "SERVED")
        assert unit in ("J", "FLOP", "s", "K", "served")
    assert len(set(FLOWS)) == len(FLOWS)


def test_the_highest_seen_come_last():
    """The loop adds up everything before them and takes the maximum from there on."""
    assert (len(FLOWS) - 2, len(FLOWS) - 1) == (DIE_MAX, RADIATOR_MAX)
    assert [name for name in FLOWS if name.endswith("_K")] == list(FLOWS[DIE_MAX:])


def test_what_carries_a_public_name_carries_its_unit():
    """A flow that also stands in the nomenclature has the unit it has there."""
    with files("dawndusk").joinpath("variables.csv").open() as table:
        units = {row["name"]: row["unit"] for row in csv.DictReader(table)}
    for name in FLOWS:
        unit = name.rpartition("_")[2]
        assert units.get(name, unit) == unit


@kernel
def _drain(node, fleet, dt):
    for i in range(fleet.energy.size):
        fleet.energy[i] -= node.accelerators * node.idle_power * dt


def test_compiled_code_reads_and_writes_them_in_place():
    fleet = Fleet(*(np.full(3, 100.0) for _ in Fleet._fields))
    numbers = dict.fromkeys(Node._fields, 0.0) | {"replicas": 1}
    _drain(Node(**numbers | {"accelerators": 4.0, "idle_power": 2.0}), fleet, 0.5)
    assert fleet.energy.tolist() == [96.0] * 3
    assert fleet.capacity.tolist() == [100.0] * 3
