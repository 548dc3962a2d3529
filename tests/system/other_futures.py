"""Futures that differ from a moment on: nothing decided before it may change with them."""

from dataclasses import fields
from typing import Any

import numpy as np

from dawndusk.execution.faults import Interruptions
from dawndusk.requests import Requests

from .whole_run import Prepared


def with_other_arrivals(ready: Prepared, moment: float, **late_columns: Any) -> Prepared:
    """Twice as many requests from the moment on, longer ones, with some columns as given."""
    asked = ready.asked.requests
    old = asked.arrival < moment
    late = {part.name: getattr(asked, part.name)[~old] for part in fields(Requests)}
    late["prompt"] = late["prompt"] + 500
    for name, value in late_columns.items():
        late[name] = np.full_like(late[name], value)
    merged = {
        name: np.concatenate([getattr(asked, name)[old], np.repeat(column, 2)])
        for name, column in late.items()
    }
    return ready.changed(requests=Requests(**merged))


def with_other_faults(ready: Prepared, moment: float, sites: int) -> Prepared:
    """From the moment on, other sites fail, and more often; no particle strikes any more."""
    found, hits = ready.asked.interruptions, ready.asked.strikes
    old = found.time < moment
    time = np.arange(moment + 1.0, 10_000.0, 97.0)
    return ready.changed(
        strikes=hits.chosen(hits.time < moment),
        interruptions=Interruptions(
            np.concatenate([found.time[old], time]),
            np.concatenate([found.site[old], np.arange(len(time), dtype=np.int32) % sites]),
            np.concatenate([found.until[old], time + 600.0]),
        ),
    )
