"""The protocol of a job: found or refused in one clear line; promises checked one by one."""

import re
import subprocess
import sys

import numpy as np
import pytest

from dawndusk.execution import protocol
from tests.training_case import WIDTH, LeastSquares

HERE = "tests.execution.test_protocol"


def least_squares(rank, replicas, seed, options):
    return LeastSquares(rank, replicas, seed, options)


def two_arguments(rank, seed):
    return LeastSquares(rank, 1, seed, {})


def failing(rank, replicas, seed, options):
    raise RuntimeError("no data today\nsecond line")


def needs_more(rank, replicas, seed, options):
    import torchft_that_is_not_there

    return torchft_that_is_not_there


class NoSave:
    unit_flop = unit_bytes = 1.0
    parameters = 0

    def __init__(self, rank, replicas, seed, options):
        self.load = self.tensors = self.shared = self.set_shared = self.evaluate = self.advance = (
            lambda *_: None
        )


def test_a_job_is_found_and_made():
    assert protocol.resolve(f"{HERE}:least_squares") is not None
    worker = protocol.make(f"{HERE}:least_squares", 0, 2, 1, {}, gradients=True)
    assert worker.parameters == WIDTH
    assert protocol.memory(worker) == 2 * 4 * WIDTH


def counted_by_numpy(rank, replicas, seed, options):
    worker = LeastSquares(rank, replicas, seed, options)
    worker.parameters, worker.unit_flop = np.prod([WIDTH, 1]), np.float32(3.0)
    return worker


def test_numbers_of_numpy_are_numbers():
    worker = protocol.make(f"{HERE}:counted_by_numpy", 0, 2, 1, {})
    assert worker.parameters == WIDTH


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("job", "'job' is no job; allowed: \"package.module:function\""),
        ("a.b:", "'a.b:' is no job"),
        ("a b:c", "'a b:c' is no job"),
        ("no.such:job", "no.such:job: there is no module no; install it"),
        ("dawndusk.nothing:job", "there is no module dawndusk.nothing"),
        (f"{HERE}:least_square", "has no function least_square; did you mean least_squares"),
        (f"{HERE}:HERE", "has no function HERE"),
        (f"{HERE}:two_arguments", r"two_arguments\(rank, seed\) does not fit; allowed: a function"),
    ],
)
def test_a_wrong_path_is_refused_in_one_line(path, line):
    with pytest.raises(ValueError, match=line) as caught:
        protocol.resolve(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("failing", "no worker for rank 0 of 2: RuntimeError: no data today$"),
        ("needs_more", "module torchft_that_is_not_there is missing; install it"),
        ("NoSave", r"its worker NoSave has no method save\(\); has parameters = 0; allowed"),
    ],
)
def test_a_worker_that_does_not_fit_is_refused_in_one_line(name, line):
    with pytest.raises(ValueError, match=line):
        protocol.make(f"{HERE}:{name}", 0, 2, 1, {})


def test_gradients_are_asked_for_only_where_they_are_needed(monkeypatch):
    monkeypatch.delattr(LeastSquares, "gradient")
    protocol.make(f"{HERE}:least_squares", 0, 2, 1, {})
    with pytest.raises(ValueError, match=r"has no method gradient\(\)"):
        protocol.make(f"{HERE}:least_squares", 0, 2, 1, {}, gradients=True)


def test_a_module_that_fails_when_imported_is_named(tmp_path, monkeypatch):
    (tmp_path / "broken_job.py").write_text("1 / 0\n")
    (tmp_path / "torch_job.py").write_text("import torch.nothing_there\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ValueError, match="fails when imported: ZeroDivisionError"):
        protocol.resolve("broken_job:make")
    with pytest.raises(ValueError, match=r"is missing; pip install 'dawndusk\[train\]'"):
        protocol.resolve("torch_job:make")


def test_the_product_is_imported_without_torch():
    modules = ("protocol", "text", "gpt", "training.coordinator", "training.hosts")
    imports = "; ".join(f"import dawndusk.execution.{each}" for each in modules)
    code = f"import sys; sys.modules['torch'] = None; {imports}"
    code += "; dawndusk.execution.protocol.make('dawndusk.execution.gpt:worker', 0, 1, 1, {})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("ValueError: dawndusk.execution.gpt:worker: module torch is missing")
    assert last.endswith("pip install 'dawndusk[train]'")


def test_a_job_that_keeps_all_promises():
    assert protocol.conformance(least_squares, {}) == []


@pytest.mark.parametrize(
    ("name", "broken", "fault"),
    [
        ("shared", lambda self: self.weights.astype(float), "shared.. is float64"),
        ("shared", lambda self: self.weights[:3], r"not float32 \(parameters,\)"),
        ("tensors", lambda self: {"disk": {}}, "kind 'disk'; allowed: weights, optimiser"),
        (
            "tensors",
            lambda self: {"weights": {"all": self.weights.copy()}},
            "is a copy, not the job's memory",
        ),
        (
            "tensors",
            lambda self: {"weights": {"all": self.weights[::2]}},
            "is float32, not contiguous; allowed",
        ),
        ("evaluate", lambda self: self.apply(self.weights), "evaluate.. changes the state"),
        ("set_shared", lambda self, values: None, "shared.. is not what set_shared.. set"),
        (
            "load",
            lambda self, data: None,
            "load.. of save.. does not continue as the saved worker did",
        ),
        (
            "gradient",
            lambda self: np.random.default_rng().normal(size=WIDTH).astype(np.float32),
            "two workers of one seed differ",
        ),
        ("shared", lambda self: self.weights, "shared.. is the job's memory, not a copy"),
    ],
)
def test_each_broken_promise_is_named(monkeypatch, name, broken, fault):
    def wrapped(self, *arguments):
        self.loss = 0.0
        return broken(self, *arguments)

    monkeypatch.setattr(LeastSquares, name, wrapped)
    faults = protocol.conformance(least_squares, {})
    assert any(re.search(fault, each) for each in faults), faults


def test_checked_by_name():
    protocol.check("tests.training_case:LeastSquares", {"rate": 0.1})
    with pytest.raises(ValueError, match="no function nothing"):
        protocol.check("tests.training_case:nothing", {})


def test_a_check_tells_every_promise_broken(monkeypatch):
    monkeypatch.setattr(LeastSquares, "tensors", lambda self: {"disk": {}})
    monkeypatch.setattr(LeastSquares, "shared", lambda self: self.weights[:3])
    with pytest.raises(ValueError, match=r"Squares: shared\(\) is .*; tensors\(\) has the kind"):
        protocol.check("tests.training_case:LeastSquares", {})


def test_a_job_that_fails_while_it_is_tried_is_told_in_one_line(monkeypatch):
    monkeypatch.setattr(LeastSquares, "advance", lambda self, units: 1 / 0)
    with pytest.raises(ValueError, match="while it is tried: ZeroDivisionError: division by zero"):
        protocol.check("tests.training_case:LeastSquares", {})
