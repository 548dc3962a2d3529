"""DiLoCo and streaming DiLoCo against torchft's own, whose manager is replaced by an exact mean."""

import threading

import numpy as np
import pytest

from tests.training_case import WIDTH, LeastSquares, drive, job, weights

torch = pytest.importorskip("torch", reason="needs the extra [train]")
local_sgd = pytest.importorskip("torchft.local_sgd", reason="needs the extra [truth]")

REPLICAS = 3
HALF = 5
"""Numbers of the first of two fragments, of which the second is exchanged first."""


class Exchange:
    """The mean over threads that all call at once, summed in their order."""

    def __init__(self) -> None:
        self.barrier = threading.Barrier(REPLICAS, timeout=60.0)
        self.given: list[object] = [None] * REPLICAS

    def mean(self, rank: int, tensor) -> None:  # type: ignore[no-untyped-def]
        self.given[rank] = tensor.clone()
        self.barrier.wait()
        found = torch.stack(self.given).mean(dim=0)  # type: ignore[arg-type]
        self.barrier.wait()
        tensor.copy_(found)


class Manager:
    """What torchft's DiLoCo asks of its manager when nobody fails."""

    _use_async_quorum = False

    def __init__(self, rank: int, exchange: Exchange) -> None:
        self.rank, self.exchange, self.step = rank, exchange, 0

    def allreduce(self, tensor, should_quantize: bool = False):  # type: ignore[no-untyped-def]
        self.exchange.mean(self.rank, tensor)
        done = threading.Event()
        done.set()
        return done

    def current_step(self) -> int:
        return self.step

    def should_commit(self) -> bool:
        self.step += 1
        return True

    def _nothing(self, *given: object) -> None:
        pass

    start_quorum = allow_state_dict_read = disallow_state_dict_read = _nothing
    register_state_dict_fn = _nothing


def theirs(interval: int, parts: list[slice], units: int) -> list[np.ndarray]:
    """Weights of each replica that torchft trains on the same samples."""
    exchange, found = Exchange(), [np.empty(0)] * REPLICAS

    def train(rank: int) -> None:
        source = LeastSquares(rank, REPLICAS, 1, {})
        fragments = [torch.nn.ParameterList([torch.zeros(p.stop - p.start)]) for p in parts]
        numbers = [p for fragment in fragments for p in fragment]
        inner = torch.optim.SGD(numbers, lr=source.rate, momentum=source.momentum)
        outer = [
            torch.optim.SGD(f.parameters(), lr=0.7, momentum=0.9, nesterov=True) for f in fragments
        ]
        manager = Manager(rank, exchange)
        with local_sgd.DiLoCo(manager, fragments, inner, outer, sync_every=interval):
            for _ in range(units):
                for number, part in zip(numbers, parts, strict=True):
                    source.weights[part] = number.detach().numpy()
                slope = source.gradient()
                source.unit += 1
                for number, part in zip(numbers, parts, strict=True):
                    number.grad = torch.from_numpy(slope[part].copy())
                inner.step()
        for number, part in zip(numbers, parts, strict=True):
            source.weights[part] = number.detach().numpy()
        found[rank] = source.weights

    threads = [
        threading.Thread(target=train, args=(rank,), daemon=True) for rank in range(REPLICAS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120.0)
    return found


@pytest.mark.full
@pytest.mark.parametrize(
    ("name", "parts", "chosen"),
    [
        ("diloco", [slice(0, WIDTH)], {}),
        ("streaming", [slice(HALF, WIDTH), slice(0, HALF)], {"overlap": 0, "merge": 0.0}),
    ],
)
def test_the_same_weights_as_torchft(name: str, parts: list[slice], chosen: dict) -> None:  # type: ignore[type-arg]
    interval, units = 8, 48
    more = {"fragments": len(parts), **chosen} if name == "streaming" else {}
    training, host = job(name, REPLICAS, interval=interval, **more)
    drive(training, units)
    ours = weights(host, range(REPLICAS))
    for rank, expected in enumerate(theirs(interval, parts, units)):
        assert expected.any()
        np.testing.assert_allclose(ours[rank], expected, rtol=2e-5, atol=2e-6)
