"""What stopped the work, and what it cost: by cause of interruption."""

from collections.abc import Mapping
from html import escape
from typing import Any

from dawndusk.report import numbers
from dawndusk.report.key_figures import dig, peak_flop

CAUSES = {
    "hardware": "Failing hardware and software",
    "uncorrectable": "Uncorrectable memory error",
    "interrupt": "Interrupt of an accelerator",
    "host": "Interrupt of a host",
    "latch_up": "Latch-up",
    "safe_mode": "Safe mode",
    "scripted": "Declared loss of power",
    "guard": "Given up by a guard",
}
CHECKPOINTS = "Writing and loading checkpoints"
STRUCK = {"on_jobs": "in jobs", "serving": "while serving", "idle": "in idle accelerators"}


def fault_figure(summary: Mapping[str, Any]) -> str:
    """Interruptions, down time and lost work by cause, the dearest first.

    Args:
        summary: content of summary.json [object]
    Returns:
        an HTML figure; empty where causes were not recorded [object]
    """
    rows = lost_by_cause(summary)
    if not rows:
        return ""
    peak = peak_flop(summary)
    most = max(row["lost_FLOP"] for row in rows) or 1.0
    failed = any(row.get("requests_failed") for row in rows)
    requests = '<th class="num">Requests failed</th>' if failed else ""
    body = "".join(_row(row, most, peak, failed) for row in rows)
    return (
        '<figure class="apart"><figcaption>Work lost to faults, by cause<small>in orbit; work of '
        "jobs that went back to their checkpoints, and what stood still</small></figcaption>"
        '<div class="scroll"><table class="plain"><thead><tr><th>Cause</th>'
        '<th class="num">Interruptions</th><th class="num">Satellites down</th>'
        f'{requests}<th colspan="2">Work lost</th><th class="num">Of the peak</th></tr></thead>'
        f"<tbody>{body}</tbody></table></div>{corruption_line(summary)}</figure>"
    )


def lost_by_cause(summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows with `title`, the dearest first; what checkpoints cost where it was recorded."""
    found = dig(summary, "faults.by_cause", {})
    rows = [
        {"title": CAUSES.get(cause, cause.replace("_", " ").capitalize()), **told}
        for cause, told in found.items()
        if told.get("interruptions") or told.get("lost_FLOP")
    ]
    cost = dig(summary, "faults.checkpoint_FLOP")
    if found and numbers.is_number(cost) and cost > 0:
        rows.append(
            {"title": CHECKPOINTS, "interruptions": None, "down_s": None, "lost_FLOP": cost}
        )
    return sorted(rows, key=lambda row: -row["lost_FLOP"])


def corruption_line(summary: Mapping[str, Any]) -> str:
    """Errors that nothing noticed, in one sentence."""
    found = dig(summary, "faults.silent_corruptions", {})
    total = found.get("total")
    if not numbers.is_number(total):
        return ""
    if not total:
        return '<p class="lead below">No silent corruption.</p>'
    parts = ", ".join(
        f"{numbers.count(found[key])} {text}" for key, text in STRUCK.items() if found.get(key)
    )
    what = "silent corruption" if total == 1 else "silent corruptions"
    return (
        f'<p class="lead below">{numbers.count(total)} {what} of results that stopped nothing'
        f"{f': {parts}' if parts else ''}.</p>"
    )


def _row(row: Mapping[str, Any], most: float, peak: float | None, failed: bool) -> str:
    lost = row["lost_FLOP"]
    down = numbers.duration(row["down_s"]) if row["down_s"] else ""
    number = numbers.count(row["interruptions"]) if row["interruptions"] is not None else ""
    turned = numbers.count(row["requests_failed"]) if "requests_failed" in row else ""
    requests = f'<td class="num">{turned}</td>'
    share = numbers.percent(lost / peak) if peak else ""
    return (
        f'<tr><th scope="row">{escape(row["title"])}</th><td class="num">{number}</td>'
        f'<td class="num">{down}</td>{requests if failed else ""}'
        f'<td class="work"><div class="track"><div class="bar hot" '
        f'style="width:{100 * lost / most:.2f}%"></div></div></td>'
        f'<td class="num">{numbers.si(lost, "FLOP") if lost else "0"}</td>'
        f'<td class="num">{share}</td></tr>'
    )
