"""A training job small enough to check by hand: least squares with momentum, NumPy only."""

import json

import numpy as np

from dawndusk.execution.training.coordinator import Training
from dawndusk.execution.training.hosts import InProcess
from dawndusk.execution.training.method import method

WIDTH = 11


class LeastSquares:
    """Learns WIDTH weights from noisy samples; each unit sees `batch` new ones a stream."""

    unit_flop = 4.0 * WIDTH
    unit_bytes = 12.0 * WIDTH
    parameters = WIDTH

    def __init__(self, rank, replicas, seed, options):
        self.streams = options.get("streams", [rank])
        self.rate, self.momentum = options.get("rate", 0.05), options.get("momentum", 0.5)
        self.seed, self.unit = seed, 0
        self.truth = np.random.default_rng(99).normal(size=WIDTH).astype(np.float32)
        self.weights = np.zeros(WIDTH, np.float32)
        self.speed = np.zeros(WIDTH, np.float32)
        self.loss = None

    def gradient(self):
        parts = []
        for stream in self.streams:
            rng = np.random.default_rng([self.seed, stream, self.unit])
            x = rng.normal(size=(8, WIDTH)).astype(np.float32)
            y = x @ self.truth + 0.1 * rng.normal(size=8).astype(np.float32)
            error = x @ self.weights - y
            parts.append(x.T @ error / 8)
            self.loss = float((error**2).mean())
        return np.mean(parts, axis=0).astype(np.float32)

    def apply(self, gradient):
        self.speed[:] = self.momentum * self.speed + gradient
        self.weights -= self.rate * self.speed
        self.unit += 1
        loss = {} if self.loss is None else {"loss": self.loss}
        self.loss = None
        return {**loss, "speed_max": float(np.abs(self.speed).max())}

    def advance(self, units):
        steps = [self.apply(self.gradient()) for _ in range(units)]
        return {
            "loss": sum(step["loss"] for step in steps) / units,
            "speed_max": max(step["speed_max"] for step in steps),
        }

    def shared(self):
        return self.weights.copy()

    def set_shared(self, values):
        self.weights[:] = values

    def save(self):
        state = {"unit": self.unit, "weights": self.weights.tolist(), "speed": self.speed.tolist()}
        return json.dumps(state).encode()

    def load(self, data):
        state = json.loads(data)
        self.unit = state["unit"]
        self.weights[:], self.speed[:] = state["weights"], state["speed"]

    def tensors(self):
        return {"weights": {"all": self.weights}, "optimiser": {"speed": self.speed}}

    def evaluate(self):
        return {"loss": float(((self.weights - self.truth) ** 2).sum())}


def job(name, replicas=4, seed=1, options=None, **chosen):
    """A training of `LeastSquares`, and its host."""
    host = InProcess(lambda rank: LeastSquares(rank, replicas, seed, options or {}))
    return Training(host, method(name, **chosen), replicas), host


def drive(training, units):
    """Bring every present replica to so many units, bytes arriving at once; measurements."""
    log = []
    while training.due or any(training.done(rank) < units for rank in training.present):
        granted = {
            rank: min(training.room(rank), units - training.done(rank)) for rank in training.present
        }
        log.append(training.grant({rank: count for rank, count in granted.items() if count > 0}))
        if training.due:
            log.append(training.arrived(training.due[0].number))
    return log


def weights(host, ranks):
    """Weights by rank."""
    return host.call("shared", dict.fromkeys(ranks, ()))


def worker(rank, replicas, seed, options):
    """Makes one replica as `dawndusk.execution.protocol` asks."""
    return LeastSquares(rank, replicas, seed, options)
