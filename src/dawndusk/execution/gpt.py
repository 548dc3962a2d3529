"""The built-in training job: a character GPT of a million parameters, on the CPU with PyTorch.

Deterministic: the same seed gives the same losses to the last digit on one machine and one
build of PyTorch. PyTorch is imported when a worker is made, not before.
"""

import hashlib
import math
import pkgutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

HELD_BACK = 0.1
"""Share of the text, its end, that is evaluated on and never trained on [-]."""


@dataclass(frozen=True)
class Options:
    """Of the job; every one can be set in a scenario."""

    text: str = "dawndusk.execution.text:prose"
    """A function "package.module:function" that makes the text, or a text file's path [-]."""
    width: int = 144
    """Of the residual stream [-]."""
    layers: int = 4
    """[-]"""
    heads: int = 4
    """Of the attention; they divide the width [-]."""
    context: int = 64
    """Characters that the model sees [-]."""
    batch: int = 12
    """Sequences of one unit and stream [-]."""
    streams: int = 1
    """Shares of the data that this replica takes in one unit; more than 1 only to compare [-]."""
    learning_rate: float = 2e-3
    """Of AdamW, after the warm-up [-]."""
    warmup: int = 40
    """Units until the full learning rate [-]."""
    weight_decay: float = 0.1
    """Of AdamW [-]."""
    clip: float = 1.0
    """Largest norm of the gradient [-]."""
    validation: int = 128
    """Sequences that are evaluated [-]."""


def worker(rank: int, replicas: int, seed: int, options: Mapping[str, Any]) -> "CharacterGPT":
    """Make one replica of the character GPT.

    Args:
        rank: of this replica, from 0 [-]
        replicas: of the job [-]
        seed: of the first weights, the same for all ranks, and of the data [-]
        options: any of `Options` by name [object]
    Returns:
        worker as `dawndusk.execution.protocol` describes it [object]
    Raises:
        ValueError: when an option is unknown or not allowed, or the text is missing or too short
    Neglects:
        dropout; other number formats than float32
    Source:
        Radford et al., Language Models are Unsupervised Multitask Learners, 2019 (GPT-2)
    """
    chosen = _checked(options)
    if not 0 <= rank < replicas:
        raise ValueError(f"rank: {rank}; allowed: 0 to {replicas - 1}")
    return CharacterGPT(rank, seed, chosen)


class CharacterGPT:
    """A causal transformer that learns to foretell the next character of a text."""

    def __init__(self, rank: int, seed: int, options: Options) -> None:
        self._torch = _torch()
        self._rank, self._seed, self._options = rank, seed, options
        self._codes, self._alphabet, self._digest = _encoded(options.text)
        self._training = int(len(self._codes) * (1.0 - HELD_BACK))
        if len(self._codes) - self._training <= options.context + 1:
            raise ValueError(
                f"text: {options.text} has {len(self._codes)} characters; allowed: more than "
                f"{math.ceil((options.context + 1) / HELD_BACK)} for context {options.context}"
            )
        self._unit = 0
        self._loss, self._seen = math.nan, False
        self._build()

    @property
    def parameters(self) -> int:
        """Trained numbers [-]."""
        return int(self._weights.numel())

    @property
    def unit_flop(self) -> float:
        """Forward and backward of one batch: 6 a weight and token, attention beside [FLOP]."""
        o = self._options
        tokens = o.batch * o.streams * o.context
        embedded = (len(self._alphabet) + o.context) * o.width
        return 6.0 * (self.parameters - embedded) * tokens + (
            12.0 * o.layers * o.width * o.context * tokens
        )

    @property
    def unit_bytes(self) -> float:
        """Weights twice, gradients thrice, AdamW six times; activations out and back [bytes]."""
        o = self._options
        tokens = o.batch * o.streams * o.context
        activations = tokens * (16.0 * o.width * o.layers + 2.0 * len(self._alphabet))
        return 4.0 * (11.0 * self.parameters + 2.0 * activations)

    def advance(self, units: int) -> dict[str, float]:
        """Execute optimiser steps.

        Args:
            units: to execute [-]
        Returns:
            mean loss, nats a character [-]; largest norm of the gradient before clipping [-]
        Raises:
            ValueError: when units are below 1
        Neglects:
            nothing
        Source:
            Loshchilov & Hutter, Decoupled Weight Decay Regularization, ICLR 2019 (AdamW)
        """
        if units < 1:
            raise ValueError(f"units: {units}; allowed: 1 or more")
        with self._alone():
            steps = []
            for _ in range(units):
                self._backward()
                steps.append(self._step())
        losses, norms = zip(*steps, strict=True)
        return {"loss": math.fsum(losses) / units, "gradient_norm_max": float(np.max(norms))}

    def gradient(self) -> NDArray[np.float32]:
        """Gradient of the mean loss over this unit's batch, shape (parameters,) [-]."""
        with self._alone():
            self._backward()
        return self._gradients.numpy().copy()  # type: ignore[no-any-return]

    def apply(self, gradient: NDArray[np.float32]) -> dict[str, float]:
        """One step of AdamW with a gradient from anywhere.

        Args:
            gradient: shape (parameters,) [-]
        Returns:
            loss of this replica's batch, nats a character, where it took a gradient itself [-];
            norm of the gradient given [-]
        Neglects:
            nothing
        Source:
            as `advance`
        """
        with self._alone():
            self._gradients.copy_(self._torch.from_numpy(np.asarray(gradient, np.float32)))
            loss, norm = self._step()
        own = {"loss": loss} if self._seen else {}
        self._seen = False
        return {**own, "gradient_norm_max": norm}

    def evaluate(self) -> dict[str, float]:
        """Mean loss on the text held back, nats a character [-]."""
        o = self._options
        last = len(self._codes) - o.context - 1
        starts = np.linspace(self._training, last, o.validation).astype(np.int64)
        with self._alone(), self._torch.no_grad():
            parts = np.array_split(starts, max(1, o.validation // 32))
            losses = [float(self._loss_at(part)) * len(part) for part in parts]
        return {"loss": math.fsum(losses) / len(starts)}

    def shared(self) -> NDArray[np.float32]:
        """Copy of all weights, shape (parameters,) [-]."""
        return self._weights.numpy().copy()  # type: ignore[no-any-return]

    def set_shared(self, values: NDArray[np.float32]) -> None:
        """Replace all weights.

        Args:
            values: shape (parameters,) [-]
        Neglects:
            AdamW's moments, which stay
        Source:
            none: copy
        """
        self._weights.copy_(self._torch.from_numpy(np.asarray(values, np.float32)))

    def tensors(self) -> dict[str, dict[str, NDArray[Any]]]:
        """Weights, AdamW's moments and step counts, and the residual stream's next flips [object].

        The residual stream before each block and after the last is a fifth of what the backward
        pass keeps; the rest of the activations cannot be hit.
        """
        weights = {name: each.detach().numpy() for name, each in self._named.items()}
        optimiser: dict[str, NDArray[Any]] = {}
        for name, each in self._named.items():
            state = self._optimiser.state[each]
            optimiser |= {f"{name}.{key}": value.numpy() for key, value in state.items()}
        activations = {f"stream{n}": each for n, each in enumerate(self._flips)}
        return {"weights": weights, "optimiser": optimiser, "activations": activations}

    def save(self) -> bytes:
        """Job, unit, weights, moments, step counts and a checksum over them [object]."""
        body = b"".join(
            each.numpy().tobytes() for each in (self._weights, self._moments, self._steps)
        )
        body = np.int64(self._unit).tobytes() + body
        return self._signature() + hashlib.sha256(body).digest() + body

    def load(self, data: bytes) -> None:
        """Continue from a saved state.

        Args:
            data: what `save` returned [object]
        Raises:
            ValueError: when it is of another job, cut or changed
        Neglects:
            nothing; flips waiting for activations are dropped
        Source:
            none: copy
        """
        signature, check, body = data[:32], data[32:64], data[64:]
        if signature != self._signature():
            raise ValueError("state: of another job or version; allowed: one saved by this job")
        if hashlib.sha256(body).digest() != check:
            raise ValueError("state: damaged, its checksum differs; take an earlier checkpoint")
        self._unit = int(np.frombuffer(body, np.int64, 1)[0])
        offset = 8
        for each in (self._weights, self._moments, self._steps):
            count = each.numel()
            values = np.frombuffer(body, np.float32, count, offset).reshape(tuple(each.shape))
            each.numpy()[...] = values
            offset += 4 * count
        self._seen = False
        for mask in self._flips:
            mask.view(np.int32)[...] = 0

    def _signature(self) -> bytes:
        """Of what must be equal for a state to fit: model and text, not the rank."""
        o = self._options
        shape = (o.width, o.layers, o.heads, o.context, self._digest)
        return hashlib.sha256(repr(shape).encode()).digest()

    def _build(self) -> None:
        """First weights, the same for every rank; one vector each for weights and gradients."""
        torch, o = self._torch, self._options
        shapes = _shapes(o, len(self._alphabet))
        sizes = [math.prod(shape) for shape in shapes.values()]
        generator = torch.Generator().manual_seed(self._seed)
        self._weights = torch.normal(0.0, 0.02, (sum(sizes),), generator=generator)
        self._gradients = torch.zeros_like(self._weights)
        self._moments = torch.zeros(2, sum(sizes))
        self._steps = torch.zeros(len(shapes))
        self._named = {}
        states = {}
        for n, ((name, shape), last) in enumerate(
            zip(shapes.items(), np.cumsum(sizes).tolist(), strict=True)
        ):
            part = slice(last - math.prod(shape), last)
            if name.endswith((".out", ".down")):
                self._weights[part] /= math.sqrt(2.0 * o.layers)
            weight = self._weights[part].view(shape).requires_grad_()
            weight.grad = self._gradients[part].view(shape)
            self._named[name] = weight
            states[weight] = {
                "step": self._steps[n],
                "exp_avg": self._moments[0, part].view(shape),
                "exp_avg_sq": self._moments[1, part].view(shape),
            }
        self._optimiser = torch.optim.AdamW(
            list(self._named.values()),
            lr=o.learning_rate,
            betas=(0.9, 0.95),
            weight_decay=o.weight_decay,
            fused=True,
        )
        self._optimiser.state.update(states)
        stream = (o.batch * o.streams, o.context, o.width)
        self._flips = [np.zeros(stream, np.float32) for _ in range(o.layers + 1)]

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One thread and deterministic algorithms, whatever the process uses elsewhere."""
        torch = self._torch
        threads, mode = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
        torch.set_num_threads(1)
        lenient = torch.is_deterministic_algorithms_warn_only_enabled()
        torch.use_deterministic_algorithms(True)
        try:
            yield
        finally:
            torch.use_deterministic_algorithms(mode, warn_only=lenient)
            torch.set_num_threads(threads)

    def _backward(self) -> None:
        self._gradients.zero_()
        loss = self._loss_at(self._starts(), struck=True)
        loss.backward()
        self._loss, self._seen = float(loss.detach()), True

    def _step(self) -> tuple[float, float]:
        o = self._options
        norm = float(self._gradients.norm())
        if norm > o.clip:
            self._gradients.mul_(o.clip / (norm + 1e-6))
        self._unit += 1
        for group in self._optimiser.param_groups:
            group["lr"] = o.learning_rate * min(1.0, self._unit / max(1, o.warmup))
        self._optimiser.step()
        return self._loss, norm

    def _starts(self) -> NDArray[np.int64]:
        """Where this unit's sequences begin; of seed, stream and unit alone, so a rejoin fits."""
        o = self._options
        first = self._rank * o.streams
        draws = [
            np.random.Philox(
                key=np.array([self._seed, stream], np.uint64), counter=[0, 0, self._unit, 0]
            ).random_raw(o.batch)
            for stream in range(first, first + o.streams)
        ]
        return (np.concatenate(draws) % np.uint64(self._training - o.context)).astype(np.int64)

    def _loss_at(self, starts: NDArray[np.int64], struck: bool = False) -> Any:
        """Mean cross entropy of the characters after each of the context's."""
        torch, o = self._torch, self._options
        codes = torch.from_numpy(self._codes[starts[:, None] + np.arange(o.context + 1)])
        logits = self._logits(codes[:, :-1], struck)
        return torch.nn.functional.cross_entropy(
            logits.reshape(-1, len(self._alphabet)), codes[:, 1:].reshape(-1)
        )

    def _logits(self, codes: Any, struck: bool) -> Any:
        torch, o, w = self._torch, self._options, self._named
        f = torch.nn.functional
        rows, width = codes.shape[0], (o.width,)
        stream = f.embedding(codes, w["embedding"]) + w["positions"]
        for n in range(o.layers):
            stream = self._strike(stream, n, struck)
            name = f"block{n}"
            x = f.layer_norm(stream, width, 1.0 + w[f"{name}.norm1"])
            x = f.linear(x, w[f"{name}.qkv"])
            q, k, v = x.view(rows, o.context, 3, o.heads, -1).permute(2, 0, 3, 1, 4)
            x = f.scaled_dot_product_attention(q, k, v, is_causal=True)
            stream = stream + f.linear(
                x.transpose(1, 2).reshape(rows, o.context, o.width), w[f"{name}.out"]
            )
            x = f.layer_norm(stream, width, 1.0 + w[f"{name}.norm2"])
            x = f.gelu(f.linear(x, w[f"{name}.up"]), approximate="tanh")
            stream = stream + f.linear(x, w[f"{name}.down"])
        stream = self._strike(stream, o.layers, struck)
        return f.linear(f.layer_norm(stream, width, 1.0 + w["norm"]), w["head"])

    def _strike(self, stream: Any, n: int, struck: bool) -> Any:
        """Flip the bits waiting for this place of the residual stream, once."""
        mask = self._flips[n].view(np.int32)
        if struck and mask.any():
            bits = stream.detach().view(self._torch.int32)
            bits.bitwise_xor_(self._torch.from_numpy(mask))
            mask[...] = 0
        return stream


def _shapes(o: Options, alphabet: int) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {
        "embedding": (alphabet, o.width),
        "positions": (o.context, o.width),
    }
    for n in range(o.layers):
        shapes |= {
            f"block{n}.norm1": (o.width,),
            f"block{n}.qkv": (3 * o.width, o.width),
            f"block{n}.out": (o.width, o.width),
            f"block{n}.norm2": (o.width,),
            f"block{n}.up": (4 * o.width, o.width),
            f"block{n}.down": (o.width, 4 * o.width),
        }
    return {**shapes, "norm": (o.width,), "head": (alphabet, o.width)}


def _checked(options: Mapping[str, Any]) -> Options:
    """Options of the right type and size; all faults in one line."""
    known = {each.name: each for each in fields(Options)}
    faults = [
        f"{name}: unknown option; allowed: {', '.join(known)}"
        for name in options
        if name not in known
    ]
    for name, field in known.items():
        value = options.get(name, field.default)
        if field.type is str:
            if not isinstance(value, str) or not value:
                faults.append(f"{name}: {value!r}; allowed: a path or package.module:function")
        elif field.type is int:
            least = 0 if name == "warmup" else 1
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                faults.append(f"{name}: {value!r}; allowed: a whole number from {least}")
        elif not isinstance(value, int | float) or not 0.0 <= value < math.inf:
            faults.append(f"{name}: {value!r}; allowed: a number from 0")
    if faults:
        raise ValueError("; ".join(faults))
    chosen = Options(**options)
    if chosen.width % chosen.heads:
        raise ValueError(f"heads: {chosen.heads}; allowed: divisors of the width {chosen.width}")
    return chosen


@lru_cache(maxsize=4)
def _encoded(source: str) -> tuple[NDArray[np.int64], tuple[str, ...], str]:
    """A text as numbers of its sorted characters, and a checksum."""
    try:
        if ":" in source and not Path(source).exists():
            text = pkgutil.resolve_name(source)()
        else:
            text = Path(source).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError, ImportError, AttributeError, ValueError) as error:
        raise ValueError(
            f"text: {source}: {error}; allowed: a UTF-8 file or package.module:function"
        ) from error
    alphabet, codes = np.unique(np.array(list(text)), return_inverse=True)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return codes.astype(np.int64), tuple(alphabet.tolist()), digest


def _torch() -> Any:
    try:
        import torch
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "the character GPT needs PyTorch; pip install 'dawndusk[train]'", name="torch"
        ) from error
    return torch
