"""What a job must offer to be executed: a function "package.module:function" that makes a worker.

No base class: anything with these methods fits. A worker is one replica of the job. All that it
keeps between two units is in what `save` returns, so a replica can die, be made anew and go on.
"""

import importlib
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from numbers import Real
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

STORAGE = ("weights", "optimiser", "activations", "cache")
"""Kinds of memory that a bit flip may hit."""

EXTRAS = {"torch": "train", "torchft": "train", "ray": "train"}
"""Extra of this package that brings a module."""

Tensors = dict[str, dict[str, NDArray[Any]]]
"""Writable memory by kind of storage and name."""


class Worker(Protocol):
    """One replica of a job; a unit is one optimiser step, or whatever the job counts."""

    @property
    def unit_flop(self) -> float:
        """Model work of one unit [FLOP]."""

    @property
    def unit_bytes(self) -> float:
        """Memory read and written by one unit on an accelerator [bytes]."""

    @property
    def parameters(self) -> int:
        """Length of the vector that replicas exchange [-]."""

    def advance(self, units: int) -> dict[str, float]:
        """Execute exactly so many units, the same for the same state.

        Args:
            units: to execute, 1 or more [-]
        Returns:
            measurements: means over the units, largest value under a name ending in _max [-]
        Neglects:
            the host's clock: time and energy are billed elsewhere
        Source:
            none: definition
        """

    def save(self) -> bytes:
        """All that the following units depend on, the same bytes for the same state [object]."""

    def load(self, data: bytes) -> None:
        """Continue from a saved state, of this rank or of another.

        Args:
            data: what `save` returned [object]
        Raises:
            ValueError: when the data are damaged or of another job
        Neglects:
            nothing: the following units are those that the saved worker would have done
        Source:
            none: definition
        """

    def tensors(self) -> Tensors:
        """Memory itself, no copies: a bit changed here is changed in the job [object].

        By kind of storage (`STORAGE`) and name. Kinds that the job does not have are left out.
        Activations live for one unit: theirs are arrays of zero bits whose set bits are flipped
        in the next unit's activations, once.
        """

    def shared(self) -> NDArray[np.float32]:
        """Copy of what replicas exchange, shape (parameters,) [-]."""

    def set_shared(self, values: NDArray[np.float32]) -> None:
        """Replace what replicas exchange.

        Args:
            values: shape (parameters,) [-]
        Neglects:
            the optimiser's state, which stays the replica's own
        Source:
            none: definition
        """

    def evaluate(self) -> dict[str, float]:
        """Measurements on work held back, without changing the state [-]."""


class GradientWorker(Worker, Protocol):
    """A worker that can also be stepped together with others: advance(1) = apply(gradient())."""

    def gradient(self) -> NDArray[np.float32]:
        """First half of a unit: gradient on this replica's share, shape (parameters,) [-]."""

    def apply(self, gradient: NDArray[np.float32]) -> dict[str, float]:
        """Second half of a unit: one step of the optimiser.

        Args:
            gradient: mean over the replicas, shape (parameters,) [-]
        Returns:
            measurements of the unit; those of the own share are left out by a copy that
            did not take the gradient itself [-]
        Neglects:
            nothing
        Source:
            none: definition
        """


Maker = Callable[[int, int, int, Mapping[str, Any]], Worker]
"""Makes a worker from rank, replicas, seed and options."""

METHODS = ("advance", "save", "load", "tensors", "shared", "set_shared", "evaluate")
QUANTITIES = ("unit_flop", "unit_bytes", "parameters")
GRADIENT_METHODS = ("gradient", "apply")


def resolve(path: str) -> Maker:
    """Find the function that makes a job's workers.

    Args:
        path: "package.module:function" [-]
    Returns:
        function of rank, replicas, seed and options [object]
    Raises:
        ValueError: when there is no such module or function, or it takes other arguments
    Neglects:
        whether its workers fit the protocol, see `make`
    Source:
        none: the notation of Python's entry points
    """
    module_name, _, name = path.partition(":")
    if not all(part.isidentifier() for part in [*module_name.split("."), name]):
        raise ValueError(f'{path!r} is no job; allowed: "package.module:function"')
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise ValueError(f"{path}: {_missing(module_name, error.name or '')}") from error
    except Exception as error:
        raise ValueError(
            f"{path}: module {module_name} fails when imported: {_said(error)}"
        ) from error
    function = getattr(module, name, None)
    if not callable(function):
        raise ValueError(
            f"{path}: module {module_name} has no function {name}{_near(name, module)}"
        )
    try:
        inspect.signature(function).bind(0, 1, 0, {})
    except TypeError as error:
        raise ValueError(
            f"{path}: {name}{inspect.signature(function)} does not fit; "
            "allowed: a function of (rank, replicas, seed, options)"
        ) from error
    return function  # type: ignore[no-any-return]


def make(
    path: str,
    rank: int,
    replicas: int,
    seed: int,
    options: Mapping[str, Any],
    gradients: bool = False,
) -> Worker:
    """Make one worker of a job and see that it fits the protocol.

    Args:
        path: "package.module:function" [-]
        rank: of this replica, from 0 [-]
        replicas: of the job [-]
        seed: of all its randomness [-]
        options: of the job, as it documents them [object]
        gradients: it must also offer `gradient` and `apply` [-]
    Returns:
        worker [object]
    Raises:
        ValueError: when the function is not found, fails, or its worker lacks something
    Neglects:
        what the methods do, see `conformance`
    Source:
        none: definition
    """
    maker = resolve(path)
    try:
        worker = maker(rank, replicas, seed, options)
    except ModuleNotFoundError as error:
        raise ValueError(f"{path}: {_missing('', error.name or str(error))}") from error
    except Exception as error:
        raise ValueError(
            f"{path}: no worker for rank {rank} of {replicas}: {_said(error)}"
        ) from error
    faults = _lacking(worker, gradients)
    if faults:
        raise ValueError(f"{path}: its worker {type(worker).__name__} {'; '.join(faults)}")
    return worker


def memory(worker: Worker) -> int:
    """Memory that a worker's state occupies.

    Args:
        worker: of any job [object]
    Returns:
        all tensors together [bytes]
    Neglects:
        gradients, buffers, code
    Source:
        none: sum
    """
    return sum(each.nbytes for kind in worker.tensors().values() for each in kind.values())


def unfit(worker: Worker) -> list[str]:
    """Tensors whose bits cannot be struck as they are.

    Args:
        worker: of any job [object]
    Returns:
        each with what it is and what is allowed [object]
    Neglects:
        memory that cannot be written, which is out of reach
    Source:
        none: what `execution.flips` takes
    """
    return [
        f"tensors()[{kind!r}][{name!r}] is {each.dtype}"
        f"{'' if each.flags.c_contiguous else ', not contiguous'}; allowed: contiguous arrays of "
        "floats or integers of at most 64 bits, the memory itself (flags as uint8)"
        for kind, held in worker.tensors().items()
        for name, each in held.items()
        if isinstance(each, np.ndarray)
        and each.flags.writeable
        and not (
            each.flags.c_contiguous
            and each.dtype.kind in "fiu"
            and each.dtype.itemsize <= 8
            and each.dtype.newbyteorder("<") == each.dtype
        )
    ]


def conformance(maker: Maker, options: Mapping[str, Any]) -> list[str]:
    """Tell whether a job keeps what the protocol promises.

    Args:
        maker: of its workers [object]
        options: that make it small [object]
    Returns:
        faults in words, none when it fits [object]
    Neglects:
        whether a unit is always the same work
    Source:
        none: the promises of `Worker`, one by one
    """
    worker, twin = maker(0, 2, 1, options), maker(0, 2, 1, options)
    faults = _lacking(worker, gradients=False)
    if faults:
        return [f"the worker {fault}" for fault in faults]
    shared = worker.shared()
    if shared.dtype != np.float32 or shared.shape != (worker.parameters,):
        faults.append(f"shared() is {shared.dtype} {shared.shape}, not float32 (parameters,)")
    for kind in worker.tensors():
        if kind not in STORAGE:
            faults.append(f"tensors() has the kind {kind!r}; allowed: {', '.join(STORAGE)}")
    faults += unfit(worker)
    if repr(worker.advance(2)) != repr(twin.advance(2)) or worker.save() != twin.save():
        faults.append("two workers of one seed differ after the same units")
    saved = worker.save()
    worker.evaluate()
    if worker.save() != saved:
        faults.append("evaluate() changes the state")
    first = worker.advance(2)
    twin.advance(1)
    twin.load(saved)
    if repr(twin.advance(2)) != repr(first) or twin.save() != worker.save():
        faults.append("load() of save() does not continue as the saved worker did")
    values = np.linspace(-1.0, 1.0, worker.parameters, dtype=np.float32)
    worker.set_shared(values)
    if not np.array_equal(worker.shared(), values):
        faults.append("shared() is not what set_shared() set")
    held = worker.shared()
    worker.set_shared(-values)
    if not np.array_equal(held, values):
        faults.append("shared() is the job's memory, not a copy")
    weights = worker.tensors().get("weights", {})
    for name, tensor in weights.items():
        if not tensor.size or not tensor.flags.c_contiguous:
            continue
        before = worker.save()
        tensor.reshape(-1).view(np.uint8)[0] ^= 1
        if worker.save() == before:
            faults.append(f"tensors()['weights'][{name!r}] is a copy, not the job's memory")
            break
    return faults


def check(path: str, options: Mapping[str, Any]) -> None:
    """See that a job keeps what the protocol promises.

    Args:
        path: "package.module:function" [-]
        options: that make it small [object]
    Raises:
        ValueError: with every promise that it breaks
    Neglects:
        whether a unit is always the same work
    Source:
        none: see `conformance`
    """
    make(path, 0, 2, 1, options)
    try:
        faults = conformance(resolve(path), options)
    except Exception as error:
        raise ValueError(f"{path}: fails while it is tried: {_said(error)}") from error
    if faults:
        raise ValueError(f"{path}: {'; '.join(faults)}")


def _lacking(worker: Any, gradients: bool) -> list[str]:
    wanted: Sequence[str] = (*METHODS, *(GRADIENT_METHODS if gradients else ()))
    faults = [f"has no method {name}()" for name in wanted if not _callable(worker, name)]
    for name in QUANTITIES:
        value = getattr(worker, name, None)
        if not isinstance(value, Real) or not math.isfinite(value) or value <= 0:
            faults.append(f"has {name} = {value!r}; allowed: a number above 0")
    return faults


def _callable(worker: Any, name: str) -> bool:
    return callable(getattr(worker, name, None))


def _missing(module: str, missing: str) -> str:
    if module == missing or module.startswith(f"{missing}."):
        return f"there is no module {missing}; install it or put its folder on PYTHONPATH"
    extra = EXTRAS.get(missing.partition(".")[0])
    install = f"pip install 'dawndusk[{extra}]'" if extra else "install it"
    return f"module {missing} is missing; {install}"


def _near(name: str, module: Any) -> str:
    close = get_close_matches(name, [each for each in dir(module) if each[0] != "_"], n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _said(error: BaseException) -> str:
    """The first line of an error, one line being what a person reads."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
