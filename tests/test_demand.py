"""What is asked of a design: the same for orbit and twin, struck independently, by the seed."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dawndusk.demand import Demand, demand, peak_rate
from dawndusk.scenario import Scenario, load

TRACE = Path(__file__).parents[1] / "../shared/data/azure_llm_2023/AzureLLMInferenceTrace_conv.csv"

SHORT = ("time.duration=2 h", "workload.jobs=[]")
OFTEN = "faults.interruption_rate=0.2 1/h"


def scenario(*overrides: str) -> Scenario:
    return load("suncatcher", [*SHORT, *overrides])


def asked(*overrides: str, sites: int = 81, stream: int = 0) -> Demand:
    return demand(scenario(*overrides), sites, stream=stream)


def same(first, second) -> bool:
    """Two tables of arrays are equal to the last bit."""
    names = type(first).__dataclass_fields__
    return all(np.array_equal(getattr(first, name), getattr(second, name)) for name in names)


# One seed, separate streams


def test_orbit_and_twin_are_asked_the_same():
    orbit, twin = asked(OFTEN), asked(OFTEN, sites=30, stream=1)
    assert len(orbit.requests) > 45_000
    assert same(orbit.requests, twin.requests)
    assert not np.intersect1d(orbit.interruptions.time, twin.interruptions.time).size


def test_orbit_and_twin_are_struck_independently():
    """With as many sites, the numbers of strikes in 60 intervals are uncorrelated."""
    counts = [
        np.histogram(asked(OFTEN, stream=stream).interruptions.time, 60, (0.0, 7200.0))[0]
        for stream in (0, 1)
    ]
    assert min(count.sum() for count in counts) > 300
    assert abs(np.corrcoef(*counts)[0, 1]) < 4.0 / math.sqrt(60)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_other_ones():
    first, again, other = asked(OFTEN), asked(OFTEN), asked(OFTEN, "time.seed=2")
    assert same(first.requests, again.requests)
    assert same(first.interruptions, again.interruptions)
    assert not same(first.requests, other.requests)
    assert not np.intersect1d(first.interruptions.time, other.interruptions.time).size
    assert not np.intersect1d(first.requests.arrival, other.requests.arrival).size


def test_faults_and_requests_do_not_share_randomness():
    base = asked(OFTEN)
    assert same(base.requests, asked("faults.enabled=false").requests)
    assert same(base.requests, asked("faults.interruption_rate=5 1/h", sites=7).requests)
    assert same(base.interruptions, asked(OFTEN, "workload.rate=1 request/s").interruptions)


@settings(max_examples=15)
@given(st.integers(0, 2**31), st.floats(0.01, 20.0), st.integers(1, 12))
def test_everything_lies_within_the_duration(seed, rate, hours):
    found = asked(
        f"time.seed={seed}", f"workload.rate={rate} 1/s", f"time.duration={hours} h", OFTEN
    )
    requests, strikes = found.requests, found.interruptions
    for times in (requests.arrival, strikes.time):
        assert (np.diff(times) >= 0.0).all()
        assert ((times >= 0.0) & (times < hours * 3600.0)).all()
    expected = rate * hours * 3600.0
    # The world's cities are asleep and awake together by at most this much.
    assert 0.4 * expected - 6.0 * math.sqrt(expected) - 6.0 < len(requests)
    assert len(requests) < 1.7 * expected + 6.0 * math.sqrt(expected) + 6.0
    assert strikes.until == pytest.approx(strikes.time + 600.0)
    assert (requests.prompt >= 1).all()
    assert (requests.output >= 1).all()


# Interruptions


def test_interruptions_count_accelerators_and_sites():
    """419 interruptions of 16,384 accelerators in 54 days (Llama 3, 2024, table 5)."""
    found = asked("time.duration=10 day", "workload.rate=1e-3 1/s", sites=2000).interruptions
    expected = 419.0 / (16_384.0 * 54.0) * 64 * 2000 * 10.0
    assert len(found) == pytest.approx(expected, abs=5.0 * math.sqrt(expected))
    assert len(np.unique(found.site)) > 300
    assert found.site.max() < 2000


def test_faults_can_be_switched_off():
    assert len(asked(OFTEN).interruptions) > 0
    assert len(asked(OFTEN, "faults.enabled=false").interruptions) == 0


# Requests


@pytest.mark.parametrize("hour", [0, 5, 12, 18])
def test_the_day_of_the_cities_begins_at_the_hour_of_the_start(hour):
    """Three hours of a day whose load is 1 + 0.535 cos of the local time since 15:00."""
    found = scenario(f"time.start=2027-06-21T{hour:02d}:00:00Z", "time.duration=3 h")
    arrivals = demand(found, 1, stream=0).requests.arrival
    time = 3600.0 * hour + np.arange(0.5, 180.0) * 60.0
    local = time[:, None] + np.array([city.utc_offset for city in found.cities])
    people = np.array([city.population for city in found.cities])
    swing = (3.3 - 1.0) / (3.3 + 1.0)
    load = 1.0 + swing * np.cos(2.0 * np.pi * (local / 86_400.0 - 15.0 / 24.0))
    expected = 8.0 * 3.0 * 3600.0 * (load @ people).mean() / people.sum()
    assert len(arrivals) == pytest.approx(expected, abs=5.0 * math.sqrt(expected))


ROWS = """TIMESTAMP,ContextTokens,GeneratedTokens
2023-11-16 18:00:00.0000000,100,10
2023-11-16 18:20:00.0000000,200,20
2023-11-16 19:00:00.0000000,300,30
2023-11-16 21:00:00.0000000,400,40
"""


def test_a_trace_is_replayed_cut_or_repeated(tmp_path):
    file = tmp_path / "trace.csv"
    file.write_text(ROWS)
    trace = f"workload.trace={file}"
    once = asked(trace, "workload.repeat=false").requests
    assert once.arrival.tolist() == [0.0, 1200.0, 3600.0]
    assert once.prompt.tolist() == [100, 200, 300]
    assert once.output.tolist() == [10, 20, 30]
    assert once.origin.tolist() == asked(trace, "workload.repeat=false").requests.origin.tolist()
    assert (once.origin >= 0).all(), "requests of unknown origin are drawn among the cities"
    off = "network.enabled=false"
    free = asked(trace, "workload.repeat=false", off).requests
    assert free.origin.tolist() == [-1, -1, -1]
    short = asked(trace, "workload.repeat=false", "time.duration=5 h").requests
    assert len(short) == 4
    # Four requests in three hours: the period is 3 h · 4/3.
    twice = asked(trace, "time.duration=6 h").requests
    assert twice.arrival.tolist() == [0.0, 1200.0, 3600.0, 10_800.0, 14_400.0, 15_600.0, 18_000.0]
    assert twice.prompt.tolist() == [100, 200, 300, 400, 100, 200, 300]
    assert same(free, asked(trace, "workload.repeat=false", "time.seed=9", off).requests)


@pytest.mark.skipif(not TRACE.exists(), reason="the shared data set is not beside the repository")
def test_the_conversation_trace_is_19366_requests():
    found = asked(f"workload.trace={TRACE}", "workload.repeat=false").requests
    assert len(found) == 19_366
    assert found.prompt.mean() == pytest.approx(1155.0, abs=1.0)
    assert found.output.mean() == pytest.approx(211.0, abs=1.0)


# Jobs


def job(memory: str, **more: str) -> str:
    fields = {"name": '"big"', "kind": '"batch"', "work": '"1 EFLOP"', "memory": f'"{memory}"'}
    return f"workload.jobs=[{{{', '.join(f'{k}={v}' for k, v in (fields | more).items())}}}]"


def test_a_job_is_exclusive_when_the_served_model_no_longer_fits_beside_it():
    """56 × 32 GB, 90 % of it usable; every engine holds 27.4e9 parameters of two bytes."""
    base = scenario()
    replicas = 56 // base.satellite.compute.tensor_parallel
    weights = replicas * base.model.parameters * base.model.weight_bytes
    room = 0.9 * 56 * base.accelerator.memory - weights
    assert room > 0.0
    found = [asked(job(f"{room + gigabytes * 1e9} B")) for gigabytes in (-1.0, 1.0)]
    assert [each.exclusive.tolist() for each in found] == [[False], [True]]
    assert found[0].replicas == replicas


def test_a_job_larger_than_a_node_is_refused():
    node = 56 * scenario().accelerator.memory
    assert asked(job(f"{node} B")).exclusive.all()
    with pytest.raises(ValueError, match=r"workload\.jobs.*memory.*nodes") as raised:
        asked(job(f"{1.001 * node} B"))
    assert "\n" not in str(raised.value)


def test_repeated_jobs_are_listed_one_by_one():
    found = asked(job("1 GB", every='"30 min"', count="3", deadline='"1 h"')).jobs
    assert len(found) == 12
    assert sorted(set(found.table["submit"])) == [0.0, 1800.0, 3600.0, 5400.0]
    assert (found.table["deadline"] - found.table["submit"] == 3600.0).all()


# The yardstick


@pytest.mark.parametrize(
    ("accelerator", "weight_bytes", "peak", "job_rate"),
    [
        ("h100", 2.0, 989e12, 1.0),
        ("h100", 1.0, 1979e12, 989.0 / 1979.0),
        ("h100", 0.5, 1979e12, 989.0 / 1979.0),
        ("tpu-v6e", 2.0, 918e12, 1.0),
    ],
)
def test_peak_is_that_of_the_served_precision(accelerator, weight_bytes, peak, job_rate):
    """Dense rates of the data sheets; jobs run in BF16 whatever is served."""
    chosen = (
        f"satellite.compute.accelerator={accelerator}",
        f"catalogue.model.gemma-3-27b.weight_bytes={weight_bytes} B",
    )
    assert peak_rate(scenario(*chosen)) == pytest.approx(peak)
    found = asked(*chosen)
    assert found.peak == pytest.approx(peak)
    assert found.job_rate == pytest.approx(job_rate)


def test_engines_are_as_the_scenario_says():
    found = asked("workload.max_batch=5", "workload.patience=7 s")
    parallel = scenario().satellite.compute.tensor_parallel
    assert found.replicas == 56 // parallel
    assert found.service.iteration.size == 6
    assert found.service.patience == 7.0
    assert found.service.capacity > 1000
    # A token of a dense model costs two operations a parameter.
    assert found.service.token_flop == pytest.approx(2.0 * scenario().model.active_parameters)


def test_more_requests_than_fit_in_memory_are_refused():
    """2,000 days at 4 requests a second would need 138 GB and end in a killed process."""
    scenario = load("suncatcher", ["time.duration=2000 day", "workload.rate=4 Hz"])
    with pytest.raises(ValueError, match=r"workload\.rate: 6\.91e\+08 requests .*at most 5e\+07"):
        demand(scenario, 1, stream=0)
