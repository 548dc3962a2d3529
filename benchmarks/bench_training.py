"""What real training does here: how it learns apart, what links it needs, what bit flips harm.

learning: validation loss of a small character GPT after 400 steps by one replica and by four
that exchange gradients in every step (synchronous) or how far they went every H steps (DiLoCo,
streaming), with the bytes that moved. bandwidth: links needed, beside the published table.
damage: a smaller one is trained until forty more steps change its loss by less than the choice
of data does; bits are flipped, and it goes on beside a twin that was not struck. CPU seconds.

Usage: python benchmarks/bench_training.py [--quick] [learning] [bandwidth] [damage]
"""

import math
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.execution.test_flips import stored
from tests.training_case import drive
from tests.workload import test_diloco as published

from dawndusk.execution import flips, gpt, guards, protocol
from dawndusk.execution.training.coordinator import Training
from dawndusk.execution.training.hosts import InProcess
from dawndusk.execution.training.method import method
from dawndusk.workload import diloco

SMALL = {"width": 64, "layers": 2, "learning_rate": 3e-3}
"""Learns: 111,040 parameters, 5,000 FLOP a character and step."""
TINY = {"width": 32, "layers": 2, "heads": 2, "context": 16, "batch": 8, "validation": 32}
"""Is struck: 29,408 parameters."""

WAYS = {
    "single": ("single", 1, 1),
    "synchronous": ("synchronous", 4, 1),
    "DiLoCo, H = 20": ("diloco", 4, 20),
    "DiLoCo, H = 50": ("diloco", 4, 50),
    "streaming, H = 50": ("streaming", 4, 50),
}
"""Method, replicas and steps between exchanges."""

PLATEAU, HORIZON = 2000, 40
"""Steps before a strike, and steps after it that are looked at."""
LOOKS = (1, 2, 4, 8, 16, 24, 32, 40)
"""Steps after a strike after which the validation loss is taken."""
ROUND, ROUNDS = 16, 3
"""Steps between exchanges, and exchanges after a strike, for the outer state."""

OUTCOMES = ("masked", "spike", "lasting", "non-finite")
"""Loss within the noise all the time; above it, but not at the end; at the end; no number."""
DEFENCES = ("finite", "loss", "gradient norm", "checksums", "vote")

STORED, PASSING, RESULT = "stored", "passing", "result"
"""What is struck: memory that all executions read, one execution, or what one execution writes."""

Strike = Callable[[gpt.CharacterGPT], None]


class Course(NamedTuple):
    """How training went on."""

    losses: list[float]
    """Of each step, on its batch."""
    looks: list[float]
    """Validation losses."""
    finite: bool
    """Weights, or what replicas agree on, were numbers all the time."""
    caught: frozenset[str]
    """Defences that said something."""


class Seen(NamedTuple):
    """What became of a strike."""

    outcome: str
    caught: frozenset[str]


@dataclass(frozen=True)
class Start:
    """A model at its plateau, what guards take as usual there, and how an unstruck one goes on."""

    state: bytes
    loss: guards.Memory
    norm: guards.Memory
    noise: float
    """Three standard deviations of the validation loss over other data [nats]."""
    clean: Course


def rng(*key: int) -> np.random.Generator:
    """A random stream of its own for everything that is counted."""
    return np.random.default_rng([2026, *key])


# Learning


def learned(way: str, seed: int, options: dict[str, Any], steps: int) -> tuple[float, int]:
    """Validation loss after the steps, and bytes delivered in exchanges."""
    name, replicas, interval = WAYS[way]

    def make(rank: int) -> protocol.Worker:
        gradients = name == "synchronous"
        path = "dawndusk.execution.gpt:worker"
        return protocol.make(path, rank, replicas, seed, options, gradients=gradients)

    training = Training(InProcess(make), method(name, interval=interval), replicas)
    drive(training, steps)
    return training.evaluate()["loss"], training.bytes["exchange"]["delivered"]


def learning(quick: bool) -> None:
    """Print losses, bytes and the share of synchronous training's gain."""
    seeds, steps, options = ((1,), 100, TINY) if quick else ((1, 2, 3), 400, SMALL)
    parameters = gpt.worker(0, 1, 1, options).parameters
    print(f"Validation loss after {steps} steps, {parameters:,} parameters [nats a character]:")
    for seed in seeds:
        begun = time.process_time()
        found = {way: learned(way, seed, options, steps) for way in WAYS}
        single, together = found["single"][0], found["synchronous"][0]
        for way, (loss, size) in found.items():
            gain = (single - loss) / (single - together)
            print(f"  seed {seed}  {way:<18} {loss:.4f}  {gain:5.0%} of the gain  {size:>13,} B")
        assert found["synchronous"][1] == 50 * found["DiLoCo, H = 50"][1]
        print(f"  seed {seed}: {time.process_time() - begun:.0f} s CPU", flush=True)


# Bandwidth


def bandwidth() -> None:
    """Print the published table of arXiv 2501.18512 beside the model's, cell by cell."""
    off = published.grid_steps(diloco.FORWARD, diloco.FITTED_BITS)
    print("Gbit/s for a compute utilisation, published and modelled (arXiv 2501.18512, table 4):")
    print("  " + " " * 18 + "".join(f"{target:>15.0%}" for target in published.TARGETS))
    for size, rows in published.PUBLISHED.items():
        for name, row in rows.items():
            cells = []
            for target, value in zip(published.TARGETS, row, strict=True):
                cell = int(np.argmin(np.abs(np.log(published.GRID / value))))
                ours = published.GRID[cell + off[size, name, target]]
                cells.append(f"{value:>7.1f} {ours:>7.1f}")
            print(f"  {size:<5}{name:<13}" + "".join(cells))
    steps = Counter(map(abs, off.values()))
    exact, one = steps[0], steps[1]
    assert exact + one == len(off)
    print(f"  {len(off)} cells: {exact} the same, {one} one grid step (×1.21) off", flush=True)


# Damage


def arrays(worker: gpt.CharacterGPT, place: str) -> list[np.ndarray]:
    """Memory of one kind."""
    tensors = worker.tensors()
    if place in ("weights", "activations"):
        return list(tensors[place].values())
    ending = {"Adam m": ".exp_avg", "Adam v": ".exp_avg_sq"}[place]
    return [each for name, each in tensors["optimiser"].items() if name.endswith(ending)]


def bits(name: str) -> dict[str, Sequence[int]]:
    """Bits of a number format by what they mean."""
    form = flips.FORMATS[name]
    if not form.exponent:
        return {"sign": (7,), "upper half": range(4, 7), "lower half": range(4)}
    half = form.fraction // 2
    return {
        "top exponent": (form.bits - 2,),
        "other exponent": range(form.fraction, form.bits - 2),
        "sign": (form.bits - 1,),
        "upper mantissa": range(half, form.fraction),
        "lower mantissa": range(half),
    }


def one_bit(memory: Sequence[np.ndarray], chosen: Sequence[int], random: Any) -> None:
    """Flip one of the chosen bits of one element, every element as likely."""
    edges = np.cumsum([each.size for each in memory])
    point = int(random.integers(edges[-1]))
    k = int(np.searchsorted(edges, point, side="right"))
    words = memory[k].reshape(-1).view(f"u{memory[k].itemsize}")
    words[point - int(edges[k])] ^= words.dtype.type(1 << int(random.choice(chosen)))


def checksums(memory: Sequence[np.ndarray]) -> bytes:
    """Of memory that does not change between steps."""
    return b"".join(guards.checksums(each).tobytes() for each in memory)


def kept(worker: gpt.CharacterGPT) -> list[np.ndarray]:
    """Memory that does not change between steps."""
    return [each for kind in ("weights", "optimiser") for each in worker.tensors()[kind].values()]


def outvoted(worker: gpt.CharacterGPT, state: bytes, strike: Strike, moment: str) -> bool:
    """Whether three executions of the next step differ; all read the same stored memory."""
    results = []
    for execution in range(3):
        worker.load(state)
        if moment == STORED or (moment == PASSING and execution == 0):
            strike(worker)
        worker.advance(1)
        if moment == RESULT and execution == 0:
            strike(worker)
        results.append(worker.shared())
    return sum(guards.vote(*results).outvoted) > 0


def go_on(
    worker: gpt.CharacterGPT,
    loss: guards.Memory,
    norm: guards.Memory,
    written: Strike | None = None,
) -> tuple[Course, guards.Memory, guards.Memory]:
    """Train on under the guards, until the horizon or until the loss is no number."""
    losses, looks, caught = [], [], set()
    for step in range(1, HORIZON + 1):
        measured = worker.advance(1)
        if written and step == 1:
            written(worker)
        losses.append(measured["loss"])
        high, loss = guards.watch(loss, measured["loss"], guards.LOSS)
        steep, norm = guards.watch(norm, measured["gradient_norm_max"], guards.GRADIENT_NORM)
        finite = not any(guards.nonfinite(each) for each in arrays(worker, "weights"))
        flags = {"loss": high, "gradient norm": steep, "finite": not finite}
        caught |= {name for name, said in flags.items() if said}
        if not math.isfinite(losses[-1]):
            break
        if step in LOOKS:
            looks.append(worker.evaluate()["loss"])
    return Course(losses, looks, "finite" not in caught, frozenset(caught)), loss, norm


def judged(struck: Course, start: Start, clean: Course) -> str:
    """What a strike did to the loss, beside the twin that was not struck."""
    if not (struck.finite and np.isfinite([*struck.losses, *struck.looks]).all()):
        return "non-finite"
    above = np.subtract(struck.looks, clean.looks)
    if above[-1] > start.noise:
        return "lasting"
    first = struck.losses[0] - clean.losses[0]
    return "spike" if max(first, *above) > start.noise else "masked"


def plateau(seed: int = 1, steps: int = PLATEAU) -> tuple[gpt.CharacterGPT, Start]:
    """A model that has learnt, and how much its loss hangs on what data come next."""
    worker = gpt.worker(0, 1, seed, TINY)
    worker.advance(steps - 2 * HORIZON)
    loss, norm = guards.fresh(), guards.fresh()
    for _ in range(2):
        _, loss, norm = go_on(worker, loss, norm)
    state = worker.save()
    ends = []
    for rank in range(1, 13):
        other = gpt.worker(rank, 13, seed, TINY)
        other.load(state)
        ends.append(go_on(other, loss, norm)[0].looks)
    noise = 3.0 * float(np.std(ends, axis=0, ddof=1).max())
    worker.load(state)
    return worker, Start(state, loss, norm, noise, go_on(worker, loss, norm)[0])


def trial(
    worker: gpt.CharacterGPT, start: Start, strike: Strike, moment: str, votes: bool = True
) -> Seen:
    """Strike, go on and look."""
    voted = {"vote"} if votes and outvoted(worker, start.state, strike, moment) else set()
    worker.load(start.state)
    before = checksums(kept(worker))
    if moment != RESULT:
        strike(worker)
    summed = {"checksums"} if checksums(kept(worker)) != before else set()
    course, _, _ = go_on(worker, start.loss, start.norm, strike if moment == RESULT else None)
    return Seen(judged(course, start, start.clean), course.caught | voted | summed)


def chosen(place: str, which: Sequence[int], *key: int) -> Strike:
    """One of some bits of one number, the same each time it is called."""
    return lambda worker: one_bit(arrays(worker, place), which, rng(*key))


def logic(*key: int) -> Strike:
    """A fault in one result: one bit or any pattern, as `execution.flips` has it."""

    def strike(worker: gpt.CharacterGPT) -> None:
        memory = arrays(worker, "weights")
        flips.flip(memory, flips.draw(memory, [True] * len(memory), 0, 1, rng(*key)))

    return strike


class Outer:
    """Two replicas by DiLoCo, brought on from the plateau; its outer state is struck."""

    def __init__(self, start: Start, seed: int = 1) -> None:
        def make(rank: int) -> gpt.CharacterGPT:
            made = gpt.worker(rank, 2, seed, TINY)
            made.load(start.state)
            return made

        self.training = Training(InProcess(make), method("diloco", interval=ROUND), 2)
        drive(self.training, 3 * ROUND)
        self.taken, movement = self.training.checkpoint()
        self.training.arrived(movement.number)
        self.memory = dict.fromkeys(range(2), (start.loss, start.norm))
        self.noise = start.noise
        _, self.memory = self._rounds(None)
        self.clean, _ = self._rounds(None)

    def trial(self, which: Sequence[int], random: Any) -> Seen:
        """Flip one bit of the outer parameters or momentum, exchange three times and look."""
        course, _ = self._rounds(lambda: one_bit([self.training.outer], which, random))
        start = Start(b"", guards.fresh(), guards.fresh(), self.noise, self.clean)
        return Seen(judged(course, start, self.clean), course.caught)

    def _rounds(self, strike: Callable[[], None] | None) -> tuple[Course, dict[int, Any]]:
        training, memory = self.training, dict(self.memory)
        training.arrived(training.restore(self.taken, (0, 1), aboard=(0, 1)).number)
        before = checksums([training.outer])
        if strike:
            strike()
        caught = {"checksums"} if checksums([training.outer]) != before else set()
        losses, looks = [], []
        for _ in range(ROUNDS * ROUND):
            found = training.grant({0: 1, 1: 1})
            losses.append(found[0]["loss"])
            for rank, (loss, norm) in memory.items():
                high, loss = guards.watch(loss, found[rank]["loss"], guards.LOSS)
                steep, norm = guards.watch(
                    norm, found[rank]["gradient_norm_max"], guards.GRADIENT_NORM
                )
                memory[rank] = loss, norm
                finite = not any(map(guards.nonfinite, training.tensors(rank)["weights"].values()))
                flags = {"loss": high, "gradient norm": steep, "finite": not finite}
                caught |= {name for name, said in flags.items() if said}
            if training.due:
                training.arrived(training.due[0].number)
                looks.append(training.evaluate()["loss"])
            if not math.isfinite(losses[-1]):
                break
        return Course(losses, looks, "finite" not in caught, frozenset(caught)), memory


def struck_bits(
    worker: gpt.CharacterGPT, start: Start, trials: int
) -> Iterator[tuple[str, str, list[Seen]]]:
    """Chosen bits of float32 by place."""
    for p, place in enumerate(("weights", "Adam m", "Adam v", "activations")):
        moment = PASSING if place == "activations" else STORED
        for b, (name, which) in enumerate(bits("float32").items()):
            yield (
                place,
                name,
                [
                    trial(worker, start, chosen(place, which, p, b, n), moment)
                    for n in range(trials)
                ],
            )
    outer = Outer(start)
    for b, (name, which) in enumerate(bits("float32").items()):
        yield "outer state", name, [outer.trial(which, rng(5, b, n)) for n in range(trials)]
    yield (
        "result",
        "logic fault",
        [trial(worker, start, logic(6, n), RESULT) for n in range(2 * trials)],
    )


@dataclass(frozen=True)
class Written:
    """Weights as they are stored in a number format."""

    name: str
    patterns: list[np.ndarray]
    scales: list[float]
    """By which 8-bit numbers of each tensor are multiplied, so that the largest fits."""
    start: Start

    def set(self, worker: gpt.CharacterGPT, patterns: list[np.ndarray]) -> None:
        """Read the patterns as weights."""
        places = zip(arrays(worker, "weights"), patterns, self.scales, strict=True)
        for weights, pattern, scale in places:
            with np.errstate(over="ignore", invalid="ignore"):
                weights[...] = flips.decode(pattern, flips.FORMATS[self.name]) * scale

    def trial(self, worker: gpt.CharacterGPT, strike: Callable[[list[np.ndarray]], None]) -> str:
        """Strike the patterns and go on in float32."""
        patterns = [each.copy() for each in self.patterns]
        strike(patterns)
        if checksums(patterns) == checksums(self.patterns):
            return "masked"

        def read(into: gpt.CharacterGPT) -> None:
            self.set(into, patterns)

        return trial(worker, self.start, read, STORED, votes=False).outcome


def written(worker: gpt.CharacterGPT, start: Start, name: str) -> Written:
    """Round the weights of the plateau to a format; the twin goes on from there too."""
    worker.load(start.state)
    form = flips.FORMATS[name]
    full = 1.0
    if form.bits == 8:
        full = float(
            np.nanmax(np.where(np.isfinite(v := flips.decode(np.arange(256), form)), v, 0))
        )
    patterns, scales = [], []
    for each in arrays(worker, "weights"):
        scale = float(np.abs(each).max()) / full if form.bits == 8 else 1.0
        scales.append(scale or 1.0)
        patterns.append(np.ascontiguousarray(stored(each / np.float32(scales[-1]), name)))
    made = Written(name, patterns, scales, start)
    made.set(worker, patterns)
    state = worker.save()
    course, _, _ = go_on(worker, start.loss, start.norm)
    return Written(
        name, patterns, scales, Start(state, start.loss, start.norm, start.noise, course)
    )


class Exposed(NamedTuple):
    """Weights that were exposed to strikes at a rate."""

    expected: float
    counts: Counter[str]
    """Strikes by what ECC made of them."""
    outcomes: Counter[str]
    """Trials by what became of the loss; "reported" where ECC stopped the work."""


def exposed(
    worker: gpt.CharacterGPT, kept_as: Written, rate: float, ecc: bool, trials: int, *key: int
) -> Exposed:
    """Strikes as `execution.flips` draws them, the same with and without ECC.

    Where ECC reports one, the work goes back to a checkpoint.
    """
    size = 8 * sum(each.nbytes for each in kept_as.patterns)
    counts, outcomes = Counter[str](), Counter[str]()
    for n in range(trials):
        random = rng(8, *key, n)
        memory = [each.copy() for each in kept_as.patterns]
        number = flips.number(size, rate, 1.0, random)
        drawn = flips.draw(memory, [ecc] * len(memory), number, 0, random)
        counts.update(flips.OUTCOMES[k] for k in drawn.outcome.tolist())
        if (drawn.outcome == flips.DETECTED).any():
            outcomes["reported"] += 1
            continue

        def strike(patterns: list[np.ndarray], drawn: flips.Flips = drawn) -> None:
            flips.flip(patterns, drawn)

        outcomes[kept_as.trial(worker, strike)] += 1
    return Exposed(size * rate, counts, outcomes)


def shares(found: Counter[str], names: Sequence[str]) -> str:
    """Outcomes in per cent of all."""
    total = sum(found.values())
    return "".join(f"{found[name] / total:>12.0%}" for name in names)


def damage(quick: bool) -> None:
    """Print what bit flips do to the loss, by place, format, rate and defence."""
    begun = time.process_time()
    trials = 2 if quick else 24
    worker, start = plateau(steps=500 if quick else PLATEAU)
    fall = start.clean.looks[0] - start.clean.looks[-1]
    print(
        f"Plateau: validation loss {start.clean.looks[0]:.3f}, {fall:+.3f} lower {HORIZON} steps "
        f"later; noise {start.noise:.3f}; unstruck, guards say "
        f"{sorted(start.clean.caught) or 'nothing'}"
    )
    print(f"One flip in float32, {trials} trials a line, shares by outcome:")
    print("  " + " " * 29 + "".join(f"{name:>12}" for name in OUTCOMES))
    caught: dict[str, list[Seen]] = {}
    for place, name, seen in struck_bits(worker, start, trials):
        found = Counter(each.outcome for each in seen)
        print(f"  {place:<13}{name:<16}" + shares(found, OUTCOMES), flush=True)
        caught.setdefault(place, []).extend(seen)
    print("Share of the harmful ones that each defence catches, and of all flips:")
    print("  " + " " * 22 + "".join(f"{name:>20}" for name in DEFENCES))
    for place, seen in caught.items():
        harmful = [each for each in seen if each.outcome != "masked"]
        cells = []
        for name in DEFENCES:
            of_harmful = sum(name in each.caught for each in harmful)
            of_all = sum(name in each.caught for each in seen) / len(seen)
            share = f"{of_harmful / len(harmful):.0%}" if harmful else "–"
            untried = place == "outer state" and name == "vote"
            cells.append(f"{'–' if untried else f'{share} ({of_all:.0%})':>20}")
        print(f"  {place:<13}{len(harmful):>4} harmful" + "".join(cells), flush=True)
    formats = {name: written(worker, start, name) for name in flips.FORMATS}
    print(f"One flip in weights stored as, {trials} trials a line:")
    for f, (name, kept_as) in enumerate(formats.items()):
        for b, (which, places) in enumerate(bits(name).items()):
            found = Counter(
                kept_as.trial(
                    worker,
                    lambda p, places=places, key=(7, f, b, n): one_bit(p, places, rng(*key)),
                )
                for n in range(trials)
            )
            print(f"  {name:<13}{which:<16}" + shares(found, OUTCOMES), flush=True)
    print(f"Strikes at a rate a bit, {trials} trials a line (expected, drawn; what ECC did):")
    columns = (*OUTCOMES, "reported")
    print("  " + " " * 63 + "".join(f"{name:>12}" for name in columns))
    for f, (name, kept_as) in enumerate(formats.items()):
        for r, rate in enumerate((1e-6, 1e-5, 1e-4)):
            for ecc in (False, True):
                found = exposed(worker, kept_as, rate, ecc, trials, f, r)
                drawn = "/".join(str(found.counts[k]) for k in ("corrected", "detected", "silent"))
                strikes = f"{trials * found.expected:7.1f} {sum(found.counts.values()):>5} {drawn}"
                print(
                    f"  {name:<13}{rate:<7.0e}{'ECC' if ecc else 'none':<5}{strikes:<38}"
                    + shares(found.outcomes, columns),
                    flush=True,
                )
    print(f"  {time.process_time() - begun:.0f} s CPU")


def main() -> None:
    """Print what is asked for, everything by default."""
    quick = "--quick" in sys.argv[1:]
    wanted = [each for each in sys.argv[1:] if each != "--quick"]
    wanted = wanted or ["learning", "bandwidth", "damage"]
    begun = time.process_time()
    if "bandwidth" in wanted:
        bandwidth()
    if "damage" in wanted:
        damage(quick)
    if "learning" in wanted:
        learning(quick)
    print(f"{time.process_time() - begun:.0f} s CPU in all")


if __name__ == "__main__":
    main()
