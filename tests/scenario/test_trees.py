"""Trees of given values: notes, inheritance, overlay, paths."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawndusk.scenario import trees
from dawndusk.scenario.errors import Fault
from dawndusk.scenario.provenance import Given, Provenance

KEYS = st.sampled_from(["a", "b", "c"])
TABLES = st.recursive(
    st.integers(), lambda below: st.dictionaries(KEYS, below, max_size=3), max_leaves=8
)


def read(table: dict[str, object], **inherited: str) -> tuple[trees.Tree, list[Fault]]:
    faults: list[Fault] = []
    return trees.read(table, "user", faults, "", inherited or None), faults


def test_notes_stand_beside_the_value() -> None:
    table = {"area": {"value": "2 m²", "source": "sheet", "confidence": "public", "low": "1 m²"}}
    tree, faults = read(table)
    assert not faults
    assert tree["area"] == Given("2 m²", Provenance("user", "sheet", "", "public"), "1 m²", None)


def test_a_catalogue_table_lends_its_source() -> None:
    table = {
        "source": "all",
        "date": "2026",
        "x": 1,
        "y": {"value": 2, "source": "own"},
        "z": {"source": "inner", "w": 3},
    }
    tree, _ = read(table, confidence="public")
    assert tree["x"].provenance == Provenance("user", "all", "2026", "public")
    assert tree["y"].provenance == Provenance("user", "own", "2026", "public")
    assert tree["z"]["w"].provenance == Provenance("user", "inner", "2026", "public")


def test_a_scenario_table_keeps_its_source_key() -> None:
    tree, _ = read({"workload": {"source": "trace"}})
    assert tree["workload"]["source"].value == "trace"


@pytest.mark.parametrize(
    ("notes", "path"),
    [
        ({"sorce": "x"}, "a.sorce"),
        ({"confidence": "sure"}, "a.confidence"),
        ({"origin": 3}, "a.origin"),
    ],
)
def test_wrong_notes_are_faults(notes: dict[str, object], path: str) -> None:
    _, faults = read({"a": {"value": 1, **notes}})
    assert [fault.path for fault in faults] == [path]


@given(st.dictionaries(KEYS, TABLES), st.dictionaries(KEYS, TABLES))
def test_overlay_keeps_what_is_above(lower: trees.Tree, upper: trees.Tree) -> None:
    below, above = read(lower)[0], read(upper)[0]
    merged = trees.overlay(below, above)
    for path, leaf in trees.leaves(above):
        assert trees.find(merged, path) == leaf
    above_paths = [path for path, _ in trees.leaves(above)]
    for path, leaf in trees.leaves(below):
        covered = any(f"{path}.".startswith(f"{each}.") for each in above_paths)
        if not covered and trees.find(above, path) is None:
            assert trees.find(merged, path) == leaf


def test_put_reaches_into_lists_and_leaves_the_old_tree_alone() -> None:
    tree, _ = read({"jobs": [{"count": 1}, {"count": 2}]})
    changed = trees.put(tree, "jobs.1.count", Given(7, Provenance("override")))
    assert trees.plain(changed) == {"jobs": [{"count": 1}, {"count": 7}]}
    assert trees.plain(tree) == {"jobs": [{"count": 1}, {"count": 2}]}
    longer = trees.put(tree, "jobs.2.count", Given(3, Provenance("override")))
    assert len(trees.plain(longer)["jobs"]) == 3
    fresh = trees.put({}, "jobs.0.count", Given(3, Provenance("override")))
    assert trees.plain(fresh) == {"jobs": [{"count": 3}]}


@pytest.mark.parametrize("path", ["jobs.7.count", "jobs.x.count", "name.x"])
def test_put_refuses_paths_that_lead_nowhere(path: str) -> None:
    tree, _ = read({"name": "a", "jobs": [{"count": 1}]})
    with pytest.raises(KeyError):
        trees.put(tree, path, Given(1, Provenance("override")))
