"""What a real job is before it runs: rows, sizes, prices of guards, and what is refused."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from dawndusk import demand
from dawndusk.execution import guards
from dawndusk.real import jobs as real_jobs
from dawndusk.scenario import Scenario, load
from tests import training_case
from tests.real_case import RATE, STEP, real
from tests.training_case import WIDTH


def scenario(job: str, *more: str) -> Scenario:
    shape = 'constellation={kind="sun_synchronous", altitude="1500 km", satellites=8}'
    return load("suncatcher", [shape, "workload.rate=0 Hz", job, *more])


def test_each_replica_is_a_row_of_one_node() -> None:
    given = real(3, units=80, interval=20, job_input="3 GB", job_output="5 GB", job_memory="10 GB")
    table = demand.job_table(scenario(given))
    assert table.names == ("toy/0", "toy/1", "toy/2")
    assert table.table["nodes"].tolist() == [1, 1, 1]
    assert table.table["work"] == pytest.approx(80 * STEP * RATE)
    assert table.table["input"] == pytest.approx(1e9)
    assert table.table["output"].tolist() == [5e9, 0.0, 0.0]
    assert table.table["memory"].tolist() == [1e10] * 3
    assert not table.table["real"].any()


@pytest.mark.parametrize(
    ("before", "rows"), [("count=3", 3), ('count=2, every="30 min"', 8), ('every="7 h"', 1)]
)
def test_rows_are_counted_past_other_jobs(before: str, rows: int) -> None:
    other = f'workload.jobs=[{{name="first", kind="batch", work="1 EFLOP", {before}}}, '
    given = other + real(2).removeprefix("workload.jobs=[")
    case = scenario(given, "time.duration=2 h")
    (job,) = real_jobs.real_jobs(case)
    assert job.first == rows
    assert demand.job_table(case).names[rows] == "toy/0"


def test_a_unit_on_the_accelerator() -> None:
    (job,) = real_jobs.real_jobs(scenario(real(2)))
    assert job.unit_work == pytest.approx(STEP * RATE)
    assert job.unit_time == pytest.approx(STEP)
    assert job.size.parameters == WIDTH
    assert job.size.memory == 2 * 4 * WIDTH
    assert job.exposed == pytest.approx(2 * 4 * WIDTH / (56 * 32e9), rel=0.1)


def test_guards_cost_their_price_at_every_step() -> None:
    given = real(2, guards=["finite", "checksums", "loss"], data_scale=1e9)
    (job,) = real_jobs.real_jobs(scenario(given))
    chip = scenario(given).accelerator
    bandwidth = 56 * chip.bandwidth
    finite = guards.seconds(guards.price_of_finite(WIDTH * 1e9, 4.0), bandwidth, RATE, 0.0)
    sums = guards.seconds(guards.price_of_checksums(2 * 88e9), bandwidth, RATE, 0.0)
    assert job.overhead == pytest.approx((finite + sums) / STEP)
    assert job.unit_time == pytest.approx(STEP + finite + sums)


def test_a_vote_does_every_step_three_times() -> None:
    (job,) = real_jobs.real_jobs(scenario(real(2, guards=["vote"])))
    assert job.unit_time == pytest.approx(3.0 * STEP, rel=1e-6)
    assert job.unit_work == pytest.approx(STEP * RATE)


def test_lists_in_lists_reach_the_worker() -> None:
    shape = [[1, 2], ["a", [3]]]
    (job,) = real_jobs.real_jobs(scenario(real(1, options={"shape": shape})))
    worker = real_jobs.make("tests.real.test_jobs:keeping", 1, 1, job.options, False, 0)
    assert worker.options["shape"] == shape  # type: ignore[attr-defined]


def keeping(rank: int, replicas: int, seed: int, options: dict[str, object]) -> object:
    worker = training_case.worker(rank, replicas, seed, {})
    worker.options = options
    return worker


def slanting(rank: int, replicas: int, seed: int, options: dict[str, object]) -> object:
    worker = training_case.worker(rank, replicas, seed, {})
    held = {"weights": {"all": np.ones((4, 6), np.float32).T, "on": np.ones(3, bool)}}
    worker.tensors = lambda: held
    return worker


def test_memory_that_no_strike_could_reach_is_refused_before_the_run() -> None:
    given = scenario(real(1, execute="tests.real.test_jobs:slanting"))
    with pytest.raises(ValueError, match=r"jobs.0.*\['all'\] is float32, not contiguous.*is bool"):
        real_jobs.real_jobs(given)


def test_options_reach_the_worker_and_it_can_be_pickled() -> None:
    (job,) = real_jobs.real_jobs(scenario(real(2, options={"rate": 0.01, "streams": [3, 4]})))
    host = job.host()
    host.start(1)
    host.call("advance", {1: (5,)})
    again = pickle.loads(pickle.dumps(host))
    assert again.call("save", {1: ()}) == host.call("save", {1: ()})
    worker = real_jobs.make(job.execute, 2, 1, job.options, False, 0)
    assert worker.rate == 0.01
    assert worker.streams == [3, 4]


def test_activations_and_half_done_steps_are_pickled_too() -> None:
    import numpy as np

    from tests.training_case import LeastSquares

    class Struck(LeastSquares):
        def __init__(self, *given: object) -> None:
            super().__init__(*given)
            self.mask = np.zeros(5, np.float32)

        def tensors(self):  # type: ignore[no-untyped-def]
            return {**super().tensors(), "activations": {"stream": self.mask}}

    from dawndusk.execution.training.hosts import InProcess

    host = InProcess(lambda rank: Struck(rank, 2, 1, {}))
    host.start(0)
    host.call("gradient", {0: ()})
    host.call("tensors", {0: ()})[0]["activations"]["stream"].view(np.int32)[2] = 8
    other = InProcess.__new__(InProcess)
    other.__setstate__(host.__getstate__())
    assert other.call("tensors", {0: ()})[0]["activations"]["stream"].view(np.int32)[2] == 8
    step = np.ones(11, np.float32)
    assert other.call("apply", {0: (step,)}) == host.call("apply", {0: (step,)})
    host.stop(0)
    assert host.__getstate__()["halfway"] == set()


def test_files_that_a_job_depends_on(tmp_path: Path) -> None:
    text = tmp_path / "a.txt"
    text.write_text("words", encoding="utf-8")
    given = scenario(real(2, options={"text": str(text), "more": "no file", "long": "x" * 300}))
    assert real_jobs.sources(given) == [Path(training_case.__file__), text]
    words = scenario(real(2, options={"command": ["python", str(text)]}))
    assert real_jobs.sources(words)[1:] == [text]
    assert real_jobs.sources(load("suncatcher")) == []


@pytest.mark.parametrize(
    ("execute", "said"),
    [
        ("nowhere.at_all:worker", "no module nowhere"),
        ("tests.training_case:wroker", "did you mean worker"),
        ("tests.real_case:huge", "the state of tests.real_case:huge is 1e"),
    ],
)
def test_what_cannot_run_is_refused_in_one_line(execute: str, said: str) -> None:
    with pytest.raises(ValueError, match=r"^workload\.jobs\.0\.real\.execute: ") as error:
        real_jobs.real_jobs(scenario(real(2, execute=execute)))
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_the_code_of_jobs_is_found_without_running_it() -> None:
    real_jobs.find(scenario(real(2, execute="tests.real_case:huge")))
    real_jobs.find(load("suncatcher"))
    with pytest.raises(ValueError, match=r"^workload\.jobs\.0\.real\.execute: .*no module nowhere"):
        real_jobs.find(scenario(real(2, execute="nowhere.at_all:worker")))
