"""Upright bars a year, stacked, as plain HTML."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from dawndusk.report import numbers
from dawndusk.report.regions import axis

LABELS = 12
"""Most years that are named below the bars."""


@dataclass(frozen=True, eq=False)
class Stack:
    """One colour of the bars."""

    label: str
    role: str
    """CSS colour role."""
    values: np.ndarray
    """One value a year [-]."""


def by_year(values: np.ndarray) -> np.ndarray:
    """Sums of twelve months each, the last year perhaps shorter."""
    return np.add.reduceat(values, np.arange(0, values.size, 12)) if values.size else values


def columns(title: str, about: str, stacks: Sequence[Stack]) -> str:
    """A figure with one stacked bar a year.

    Args:
        title: of the figure [object]
        about: the line below it [object]
        stacks: from the bottom up; those that are nowhere above zero are left out [object]
    Returns:
        an HTML figure, empty where there is nothing to show [object]
    """
    shown = [stack for stack in stacks if stack.values.size and stack.values.max() > 0]
    if not shown:
        return ""
    total = np.sum([stack.values for stack in shown], axis=0)
    top, ticks = axis(float(total.max()))
    years = total.size
    stride = -(-years // LABELS)
    bars = "".join(_bar(year, shown, top, stride) for year in range(years))
    marks = "".join(
        f'<span style="bottom:{100 * tick / top:.2f}%">{label(tick)}</span>' for tick in ticks
    )
    keys = "".join(
        f'<span class="key"><i class="dot {stack.role}"></i>{escape(stack.label)}: '
        f"{amount(float(stack.values.sum()))}</span>"
        for stack in shown
    )
    return (
        f'<figure class="yearly"><figcaption>{escape(title)}<small>{escape(about)}</small>'
        f'</figcaption><div class="keys">{keys}</div><div class="columns" role="img" '
        f'aria-label="{escape(title)} by year"><div class="scale">{marks}</div>{bars}</div>'
        "</figure>"
    )


def amount(value: float) -> str:
    """A mean number of things: whole from ten up."""
    return numbers.count(value) if value >= 10 or value == 0 else numbers.significant(value, 2)


def label(tick: float) -> str:
    """A number on the scale, without needless zeros."""
    size = numbers.exponent(tick) if tick >= 1e4 else 0
    return f"{tick / 10.0**size:.10g}{numbers.SPACE if size else ''}{numbers.PREFIXES[size]}"


def _bar(year: int, stacks: Sequence[Stack], top: float, stride: int) -> str:
    parts = [(stack, float(stack.values[year])) for stack in stacks]
    said = ", ".join(f"{stack.label} {amount(value)}" for stack, value in parts if value)
    fills = "".join(
        f'<i class="{stack.role}" style="height:{100 * value / top:.3f}%"></i>'
        for stack, value in reversed(parts)
        if value
    )
    name = f"<b>{year + 1}</b>" if year % stride == 0 else "<b></b>"
    hint = escape(f"year {year + 1}: {said or 'none'}")
    return f'<div class="column" title="{hint}"><div>{fills}</div>{name}</div>'
