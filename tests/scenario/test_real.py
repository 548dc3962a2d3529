"""Real jobs as a scenario declares them: what is allowed, written and read again."""

import pytest

from dawndusk.scenario import load
from dawndusk.scenario.errors import ScenarioError

SHAPE = 'constellation={kind="sun_synchronous", altitude="650 km", satellites=8}'


def job(real: str, more: str = 'kind="training", nodes=2') -> str:
    return f'workload.jobs=[{{name="gpt", {more}, real={{{real}}}}}]'


def given(real: str, more: str = 'kind="training", nodes=2', *others: str):  # type: ignore[no-untyped-def]
    return load("suncatcher", [SHAPE, job(real, more), *others])


FULL = (
    'execute="my.module:worker", units=100, options={width=64, text="a.txt", deep=true, '
    'rates=[0.1, 0.2]}, guards=["loss", "finite"], work_scale=1e9, ecc=false'
)


def test_defaults_and_values() -> None:
    real = given('execute="my.module:worker", units=100').workload.jobs[0].real
    assert real is not None
    assert (real.method, real.interval, real.ecc, real.guards) == ("diloco", 50, True, ())
    assert (real.work_scale, real.data_scale, real.flip_scale) == (1.0, 1.0, 1.0)
    assert given(FULL).workload.jobs[0].real.options["rates"] == [0.1, 0.2]
    assert load("suncatcher").workload.jobs[0].real is None


def test_written_and_read_again(tmp_path) -> None:  # type: ignore[no-untyped-def]
    failures = 'faults.failures=[{satellite=3, at="1 h", until="2 h"}]'
    scenario = given(FULL, 'kind="training", nodes=2', failures)
    path = tmp_path / "again.toml"
    path.write_text(scenario.to_toml(), encoding="utf-8")
    again = load(path)
    assert again == scenario
    assert again.workload.jobs == scenario.workload.jobs
    assert again.faults.failures[0].until == 7200.0
    assert scenario.provenance["workload.jobs.0.real.options.width"].origin == "override"
    assert scenario.provenance["workload.jobs.0.real.interval"].confidence == "public"
    changed = load(path, ["workload.jobs.0.real.options.width=32"])
    assert changed.workload.jobs[0].real.options["width"] == 32  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("real", "more", "said"),
    [
        ('execute="nothing", units=100', "", "package.module:function"),
        ('execute="a.b:c"', "", "units: missing"),
        ('execute="a.b:c", units=0', "", "units = 0: out of range; allowed: at least 1"),
        ('execute="a.b:c", units=120', "", "a multiple of interval, 50; the nearest above is 150"),
        ('execute="a.b:c", units=100, method="diluco"', "", "'single', 'synchronous'"),
        ('execute="a.b:c", units=100, guards=["los"]', "", 'did you mean "loss"?'),
        ('execute="a.b:c", units=100, guards=["loss", "loss"]', "", "each once"),
        ('execute="a.b:c", units=100, method="streaming", overlap=50', "", "below interval, 50"),
        (
            'execute="a.b:c", units=100, method="streaming", fragments=60',
            "",
            "fragments = 60: allowed: at most 50",
        ),
        ('execute="a.b:c", units=100, options=3', "", "a table such as"),
        ('execute="a.b:c", units=100, options={deep={a=1}}', "", "not deep"),
        ('execute="a.b:c", units=100, options={deep=[[{a=1}]]}', "", "not deep"),
        ('execute="a.b:c", units=100, work_scale=0', "", "out of range"),
        ('execute="a.b:c", units=100, unit=3', "", 'did you mean "workload.jobs.0.real.units"?'),
        ('execute="a.b:c", units=100', 'kind="batch"', "training, for a real job"),
        ('execute="a.b:c", units=100', 'kind="training", count=2', "a real job runs once"),
        ('execute="a.b:c", units=100', 'kind="training", work="1 EFLOP"', "follows from units"),
        ('execute="a.b:c", units=100', 'kind="training", exchange="1 GB"', "says what it"),
        (
            'execute="a.b:c", units=100, method="single"',
            'kind="training", nodes=2',
            '1 where method is "single"',
        ),
    ],
)
def test_what_is_not_allowed(real: str, more: str, said: str) -> None:
    with pytest.raises(ScenarioError) as error:
        given(real, more or 'kind="training", nodes=2')
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_checkpoints_for_the_ground_need_no_size_when_they_are_real() -> None:
    more = 'kind="training", nodes=2, checkpoint_to="ground"'
    assert given('execute="a.b:c", units=100', more).workload.jobs[0].checkpoint_size == 0.0


def test_failures_name_satellites_that_are_there() -> None:
    with pytest.raises(ScenarioError, match="0 to 7, the constellation has 8"):
        load("suncatcher", [SHAPE, 'faults.failures=[{satellite=8, at="1 h", until="2 h"}]'])
    with pytest.raises(ScenarioError, match="later than at"):
        load("suncatcher", ['faults.failures=[{satellite=1, at="2 h", until="1 h"}]'])
