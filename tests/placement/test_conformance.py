"""The check lets good policies pass and names what is wrong with bad ones."""

import dataclasses
import re
import sys

import numpy as np
import pytest

from dawndusk.placement import conformance
from dawndusk.placement.conformance import SHIPPED, check, resolve, validate
from dawndusk.placement.greedy import greedy
from dawndusk.placement.outlook import Decision, Outlook, View

from .situations import BATCH, present


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_policies_conform(name: str) -> None:
    assert resolve(name).__name__ == name
    check(resolve(name))


def changed(**answers):
    """Greedy, but for the answers, which are functions of the view."""

    def policy(outlook: Outlook, view: View) -> Decision:
        decision = greedy(outlook, view)
        return dataclasses.replace(decision, **{k: f(view) for k, f in answers.items()})

    return policy


def filled(value, size=lambda view: len(view.charge)):
    return lambda view: np.full(size(view), value)


BAD_WEIGHTS = {
    "must be finite and not negative": [filled(-0.1), filled(np.nan), filled(np.inf)],
    "weights have shape": [
        filled(1.0, lambda view: view.satellites + 5),
        filled(1.0, lambda view: (len(view.charge), 1)),
    ],
}
BAD_JOBS = {
    "placed job -2; allowed: -1 to": [filled(np.int32(-2))],
    "placed job 99; allowed: -1 to": [filled(np.int32(99))],
    "jobs have shape": [filled(np.int32(-1), lambda view: 0)],
}


@pytest.mark.parametrize(
    ("message", "weights"), [(text, bad) for text, many in BAD_WEIGHTS.items() for bad in many]
)
def test_bad_weights_are_refused(message: str, weights) -> None:
    with pytest.raises(ValueError, match=message):
        check(changed(weights=weights))


@pytest.mark.parametrize(
    ("message", "jobs"), [(text, bad) for text, many in BAD_JOBS.items() for bad in many]
)
def test_bad_jobs_are_refused(message: str, jobs) -> None:
    with pytest.raises(ValueError, match=message):
        check(changed(job_of_site=jobs))


BY_ORIGIN = {
    r"weights by origin are .*; want an array": [
        lambda view: np.ones((len(view.request_origin_share) + 1, len(view.charge))),
        lambda view: [[1.0]],
    ],
    "must be finite and not negative": [
        lambda view: np.full((len(view.request_origin_share), len(view.charge)), -1.0),
        lambda view: np.full((len(view.request_origin_share), len(view.charge)), np.nan),
    ],
}


@pytest.mark.parametrize(
    ("message", "given"), [(text, bad) for text, many in BY_ORIGIN.items() for bad in many]
)
def test_bad_weights_by_origin_are_refused(message: str, given) -> None:
    with pytest.raises(ValueError, match=message):
        check(changed(weights_by_origin=given))


@pytest.mark.parametrize("kind", [np.float32, np.int64, bool])
def test_weights_of_other_kinds_of_number_are_accepted(kind) -> None:
    _, view = present(2, 0, [BATCH])
    validate(Decision(np.ones(2, kind), np.full(2, 0, np.int64)), view)


@pytest.mark.parametrize(
    ("weights", "jobs"),
    [(np.array(["a", "b"]), np.zeros(2, np.int32)), (np.ones(2), np.zeros(2, np.float64))],
)
def test_what_is_no_number_of_the_kind_is_refused(weights, jobs) -> None:
    _, view = present(2, 0, [BATCH])
    with pytest.raises(ValueError, match="of type"):
        validate(Decision(weights, jobs), view)


def test_one_negative_weight_among_many_is_found() -> None:
    def weights(view: View) -> np.ndarray:
        found = np.ones(len(view.charge))
        found[-1] = -1e-12
        return found

    with pytest.raises(ValueError, match="not negative"):
        check(changed(weights=weights))


@pytest.mark.parametrize("answer", [None, (np.ones(6), np.full(6, -1)), 1.0])
def test_what_is_no_decision_is_refused(answer) -> None:
    with pytest.raises(ValueError, match=r"policy returned .*; return a Decision"):
        check(lambda outlook, view: answer)


@pytest.mark.parametrize("field", ["weights", "job_of_site"])
def test_plain_lists_are_refused_by_name(field: str) -> None:
    policy = changed(**{field: lambda view: [-1] * len(view.charge)})
    with pytest.raises(ValueError, match="policy"):
        check(policy)


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in View.__slots__
        if name not in ("time", "satellites", "slots", "request_load")
    ],
)
def test_a_policy_that_writes_into_the_view_is_refused(name: str) -> None:
    def policy(outlook: Outlook, view: View) -> Decision:
        decision = greedy(outlook, view)
        getattr(view, name)[:1] = ~getattr(view, name)[:1] if name == "available" else 1
        return decision

    with pytest.raises(ValueError, match=rf"policy changed view\.{name}; it may only read"):
        check(policy)


@pytest.mark.parametrize("name", conformance.ARRAYS)
def test_a_policy_that_writes_into_the_outlook_is_refused(name: str) -> None:
    def policy(outlook: Outlook, view: View) -> Decision:
        decision = greedy(outlook, view)
        getattr(outlook, name)[..., :1] = 0.123
        return decision

    with pytest.raises(ValueError, match=rf"policy changed outlook\.{name}; it may only read"):
        check(policy)


def test_a_policy_with_dice_of_its_own_is_refused() -> None:
    dice = np.random.default_rng(1)
    with pytest.raises(ValueError, match="answers the same situation differently"):
        check(changed(weights=lambda view: dice.random(len(view.charge))))


def test_a_policy_that_seeds_its_dice_from_the_time_conforms() -> None:
    check(
        changed(weights=lambda view: np.random.default_rng(int(view.time)).random(len(view.charge)))
    )


def test_a_policy_that_remembers_is_refused() -> None:
    seen = []

    def weights(view: View) -> np.ndarray:
        seen.append(view.time)
        return np.full(len(view.charge), float(len(seen)))

    with pytest.raises(ValueError, match="differently"):
        check(changed(weights=weights))


def test_situations_cover_what_a_policy_may_meet() -> None:
    """Without satellites, without ground nodes, without jobs, with everything."""
    shown = [conformance._situation(seed) for seed in range(50)]
    kinds = {
        (view.satellites > 0, len(view.charge) > view.satellites, len(view.job_active) > 0)
        for _, view in shown
    }
    assert {(True, False, True), (False, True, True), (True, True, False)} <= kinds
    for outlook, view in shown:
        assert outlook.illumination.shape == (10, view.satellites)
        assert len(outlook.power_price) == len(view.charge) > 0


def test_validate_accepts_all_zero_weights_and_an_empty_fleet() -> None:
    """No site wants requests: they wait."""
    _, view = present(2, 0, [BATCH])
    validate(Decision(np.zeros(2), np.full(2, -1, np.int32)), view)
    _, none = present(0, 0)
    validate(Decision(np.zeros(0), np.zeros(0, np.int32)), none)


def test_an_unknown_short_name_is_refused_with_those_that_exist() -> None:
    message = "placement.policy: 'gredy' is not a shipped policy; allowed: " + ", ".join(SHIPPED)
    with pytest.raises(ValueError, match=re.escape(message)):
        resolve("gredy")


def test_a_policy_of_ones_own_is_found_on_the_path(tmp_path, monkeypatch) -> None:
    (tmp_path / "my_policies.py").write_text(
        "from dawndusk.placement.greedy import greedy\n\ndef mine(o, v):\n    return greedy(o, v)\n"
        "\nnumber = 3\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    check(resolve("my_policies:mine"), situations=3)
    with pytest.raises(ValueError, match=r"placement\.policy: 'my_policies:number' is not a func"):
        resolve("my_policies:number")
    with pytest.raises(ValueError, match=r"'my_policies:other' cannot be imported \(.*other"):
        resolve("my_policies:other")
    sys.modules.pop("my_policies")


@pytest.mark.parametrize("text", ["def mine(:", "import no_such_thing", "1 / 0"])
def test_a_module_that_fails_when_imported_is_refused(text, tmp_path, monkeypatch) -> None:
    (tmp_path / "my_broken_policies.py").write_text(text + "\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ValueError, match="'my_broken_policies:mine' cannot be imported"):
        resolve("my_broken_policies:mine")


@pytest.mark.parametrize(
    "name",
    ["no_such_package.policies:best", "dawndusk.placement.greedy:", ":greedy", ".greedy:greedy"],
)
def test_a_name_that_leads_nowhere_is_refused_with_the_path(name: str) -> None:
    with pytest.raises(ValueError, match=rf"placement\.policy: {re.escape(repr(name))}"):
        resolve(name)
