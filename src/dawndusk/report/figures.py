"""Figures drawn as plain HTML: the compute waterfall and paired cost bars."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from dawndusk.report import numbers
from dawndusk.report.key_figures import LOSSES, dig, loss, peak_flop

STEPS = {
    "power": ("Power", "array and battery could not feed the chips"),
    "thermal": ("Heat", "throttled by die temperature"),
    "network": ("Network", "no link for the data"),
    "faults": ("Faults", "interrupted or restarting"),
    "idle": ("Idle", "powered and cool, but nothing to do"),
    "roofline": ("Roofline", "busy, but bound by memory bandwidth and batching"),
}


@dataclass(frozen=True)
class Step:
    """One bar of the waterfall, in shares of the peak."""

    name: str
    hint: str
    start: float
    share: float
    total: bool


def waterfall_steps(summary: Mapping[str, Any]) -> list[Step]:
    """Peak, each loss and what was delivered; empty where the summary has no balance."""
    delivered = dig(summary, "compute.delivered_fraction")
    if not numbers.is_number(delivered):
        return []
    steps = [Step("Peak", "every accelerator at its dense rate, all the time", 0.0, 1.0, True)]
    level = 1.0
    for name in LOSSES:
        lost = loss(summary, name)
        if lost is None:
            continue
        level -= lost
        steps.append(Step(*STEPS[name], level, lost, False))
    steps.append(Step("Delivered", "useful model operations", 0.0, float(delivered), True))
    return steps


def waterfall(summary: Mapping[str, Any], role: str, title: str) -> str:
    """One column of bars, each loss hanging where the one before it ended."""
    steps = waterfall_steps(summary)
    if not steps:
        return f'<figure><figcaption>{escape(title)}</figcaption><p class="none">No compute balance recorded.</p></figure>'  # noqa: E501
    peak = peak_flop(summary)
    rows = []
    for step in steps:
        left = 100 * min(max(step.start, 0.0), 1.0)
        width = 100 * min(max(step.share, 0.0), 1.0)
        kind = role if step.total else "loss"
        faint = " faint" if step.name == "Peak" else ""
        sign = "" if step.total else "−"
        amount = numbers.si(step.share * peak, "FLOP") if peak else ""
        share = f"{sign}{100 * step.share:.1f}{numbers.SPACE}%" if step.share else "0"
        rows.append(
            f'<tr><th scope="row" title="{escape(step.hint)}">{step.name}</th>'
            f'<td class="track"><div class="bar {kind}{faint}" '
            f'style="left:{left:.3f}%;width:{width:.3f}%"></div></td>'
            f'<td class="num">{share}</td>'
            f'<td class="num soft">{amount}</td></tr>'
        )
    return (
        f'<figure class="waterfall"><figcaption>{escape(title)}</figcaption>'
        '<table class="bars"><thead class="unseen"><tr><th>Step</th><th>Bar</th>'
        "<th>Share of peak</th><th>FLOP</th></tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></figure>"
    )


def paired_bars(items: Sequence[tuple[str, Mapping[str, float]]], roles: Sequence[str]) -> str:
    """Items of several columns below each other, all bars on one scale, largest item first.

    Args:
        items: column title and its amounts by item [USD]
        roles: CSS colour role of each column [object]
    Returns:
        an HTML table with a total line [object]
    """
    columns = list(zip(items, roles, strict=True))
    names = sorted(
        {name for _, amounts in items for name, value in amounts.items() if value},
        key=lambda name: -max(amounts.get(name) or 0.0 for _, amounts in items),
    )
    top = max((amounts.get(n) or 0.0 for _, amounts in items for n in names), default=0.0)
    if top <= 0:
        return '<p class="none">No costs recorded.</p>'
    body = []
    for name in names:
        bars = "".join(
            f'<div class="line"><div class="track"><div class="bar {role}" title="{escape(title)}" '
            f'style="width:{100 * max(amounts[name], 0.0) / top:.3f}%"></div></div>'
            f'<span class="num">{numbers.money(amounts[name])}</span></div>'
            for (title, amounts), role in columns
            if amounts.get(name)
        )
        body.append(
            f'<tr><th scope="row">{escape(readable(name))}</th><td class="pair">{bars}</td></tr>'
        )
    totals = "".join(
        f'<div class="line"><span class="key"><i class="dot {role}"></i>{escape(title)}</span>'
        f'<span class="num">{numbers.money(sum(amounts.values()))}</span></div>'
        for (title, amounts), role in columns
        if amounts
    )
    return (
        '<table class="bars costs"><tbody class="total"><tr><th scope="row">Total</th>'
        f'<td class="pair">{totals}</td></tr></tbody><tbody>{"".join(body)}</tbody></table>'
    )


def readable(key: str) -> str:
    """A key of summary.json as words: "solar_array_usd" is "solar array"."""
    for suffix in ("_usd", "_USD"):
        key = key.removesuffix(suffix)
    return key.replace("_", " ")
