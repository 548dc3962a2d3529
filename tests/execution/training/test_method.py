"""Methods: the papers' values as defaults, other names' values put right, nonsense refused."""

import pytest

from dawndusk.execution.training.method import Method, method


def test_defaults_are_the_papers():
    assert method("diloco") == Method("diloco", 50, 0.7, 0.9, 1, 0, 0.0)
    assert method("streaming", interval=100) == Method("streaming", 100, 0.7, 0.9, 4, 5, 0.5)


def test_methods_without_rounds_have_an_interval_of_one():
    assert method("single", interval=7).interval == 1
    assert method("synchronous", fragments=9).fragments == 1


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"name": "async"}, "method: 'async'; allowed: single, synchronous, diloco, streaming"),
        ({"name": "diloco", "interval": 0}, "interval: 0; allowed: 1 or more"),
        ({"name": "diloco", "outer_rate": 0.0}, "outer_rate: 0.0; allowed: above 0"),
        ({"name": "diloco", "outer_momentum": 1.0}, "outer_momentum: 1.0; allowed: 0 to below 1"),
        (
            {"name": "streaming", "interval": 4, "fragments": 5},
            "fragments: 5; allowed: 1 to the interval, 4; overlap: 5; allowed: 0 to below the",
        ),
        ({"name": "streaming", "merge": 1.0}, "merge: 1.0; allowed"),
    ],
)
def test_values_that_are_not_allowed(values, line):
    with pytest.raises(ValueError, match=line):
        method(**values)
