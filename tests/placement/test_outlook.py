"""What a policy sees: exactly these fields, none of which knows the future."""

import dataclasses

import numpy as np
import pytest

from dawndusk.placement.outlook import Decision, Outlook, View

from .situations import present


def test_a_policy_sees_these_fields_and_no_other() -> None:
    """Of the future only what time alone decides: light, prices. Whoever adds a field argues here
    that it holds no later arrival, failure or submission.

    `latency` and `request_load` are of now and of the past; `contact` follows from orbits and
    the clouds of now, of which it holds the expectation; `plant` is the satellite itself;
    what a view says of jobs, it says of those submitted.
    """
    assert [field.name for field in dataclasses.fields(Outlook)] == [
        "interval",
        "step",
        "illumination",
        "power_price",
        "carbon_intensity",
        "latency",
        "slot",
        "sunlight",
        "contact",
        "plant",
    ]
    assert [field.name for field in dataclasses.fields(View)] == [
        "time",
        "satellites",
        "available",
        "charge",
        "speed",
        "backlog",
        "slots",
        "job_of_site",
        "job_active",
        "job_nodes",
        "job_gang",
        "job_preemptible",
        "job_deadline",
        "job_remaining",
        "energy",
        "job_rate",
        "job_restart",
        "job_input",
        "job_input_left",
        "job_output",
        "job_exclusive",
        "request_load",
        "request_origin_share",
    ]
    assert [field.name for field in dataclasses.fields(Decision)] == [
        "weights",
        "job_of_site",
        "weights_by_origin",
    ]


@pytest.mark.parametrize("number", [0, 1])
def test_neither_field_nor_new_name_can_be_set(number: int) -> None:
    shown = present()[number]
    for field in dataclasses.fields(shown):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(shown, field.name, None)
    with pytest.raises((AttributeError, TypeError)):
        object.__setattr__(shown, "arrivals", np.zeros(3))


def test_next_interval_is_the_mean_of_its_rows() -> None:
    rows = np.random.default_rng(1).random((10, 7))
    outlook, _ = present(satellites=7, illumination=rows)
    kept = rows.copy()
    assert outlook.next_interval() == pytest.approx(rows[:5].mean(axis=0), rel=1e-15)
    assert (outlook.illumination == kept).all()


@pytest.mark.parametrize(("interval", "rows"), [(10.0, 1), (60.0, 1), (90.0, 2), (6000.0, 10)])
def test_next_interval_has_at_least_a_row_and_no_more_than_there_are(
    interval: float, rows: int
) -> None:
    light = np.random.default_rng(2).random((10, 3))
    outlook = dataclasses.replace(present(satellites=3, illumination=light)[0], interval=interval)
    assert outlook.next_interval() == pytest.approx(light[:rows].mean(axis=0), rel=1e-15)
