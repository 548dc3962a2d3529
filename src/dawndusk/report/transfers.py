"""Bytes on their way: what each kind of transfer offered, delivered and waited for."""

from html import escape
from typing import Any

import numpy as np
import pyarrow as pa

from dawndusk.report import numbers

COLUMNS = (
    "kind",
    "job",
    "from",
    "to",
    "bytes",
    "submit_s",
    "start_s",
    "finish_s",
    "status",
)
STATES = {"done": "orbit", "moving": "sun", "waiting": "quiet", "failed": "hot"}
"""Every state that a transfer may end the run in, with the colour of its bytes."""
SHOWN = 8
"""Rows of the table of slowest transfers."""


def transfer_tables(transfers: pa.Table | None) -> str:
    """One line a kind of transfer, and below it the transfers that took longest or failed.

    Args:
        transfers: content of transfers.parquet, times in seconds since the start [object]
    Returns:
        HTML; empty where the run moved nothing [object]
    """
    if (
        transfers is None
        or not transfers.num_rows
        or not set(COLUMNS) <= set(transfers.schema.names)
    ):
        return ""
    rows = [row | {"status": str(row["status"]).lower()} for row in transfers.to_pylist()]
    kinds = list(dict.fromkeys(row["kind"] for row in rows))
    kinds.sort(key=lambda kind: -sum(row["bytes"] for row in rows if row["kind"] == kind))
    body = "".join(_kind([row for row in rows if row["kind"] == kind]) for kind in kinds)
    keys = "".join(
        f'<span class="key"><i class="dot {colour}"></i>{state}</span>'
        for state, colour in STATES.items()
        if any(row["status"] == state for row in rows)
    )
    return (
        f'<h3>Transfers</h3><div class="keys">{keys}</div><div class="scroll"><table class="plain">'
        '<thead><tr><th>Kind</th><th class="num">Count</th><th class="num">Offered</th>'
        '<th class="share">Share of the bytes</th><th class="num">Delivered</th>'
        '<th class="num">Waited, median</th><th class="num">Moving, median</th>'
        f"</tr></thead><tbody>{body}</tbody></table></div>{_slowest(rows)}"
    )


def _kind(rows: list[dict[str, Any]]) -> str:
    offered = sum(row["bytes"] for row in rows)
    by_state = {s: sum(r["bytes"] for r in rows if r["status"] == s) for s in STATES}
    bars = "".join(
        f'<i class="{STATES[state]}" style="flex-grow:{amount / offered:.4f}" '
        f'title="{state}: {numbers.si(amount, "B")}"></i>'
        for state, amount in by_state.items()
        if amount
    )
    waits = [w for w in (_gap(row["submit_s"], row["start_s"]) for row in rows) if w is not None]
    moves = [w for w in (_gap(row["start_s"], row["finish_s"]) for row in rows) if w is not None]
    delivered = by_state["done"] / offered if offered else 1.0
    return (
        f'<tr><th scope="row">{escape(str(rows[0]["kind"]).replace("_", " "))}</th>'
        f'<td class="num">{numbers.count(len(rows))}</td>'
        f'<td class="num">{numbers.si(offered, "B")}</td>'
        f'<td class="share"><div class="stack">{bars}</div></td>'
        f'<td class="num">{numbers.percent(delivered)}</td>'
        f'<td class="num">{_median(waits)}</td><td class="num">{_median(moves)}</td></tr>'
    )


def _slowest(rows: list[dict[str, Any]]) -> str:
    """Failed transfers first, then by time from submission to the last byte."""

    def taken(row: dict[str, Any]) -> float:
        whole = _gap(row["submit_s"], row["finish_s"])
        return np.inf if whole is None else whole

    order = sorted(rows, key=lambda row: (row["status"] != "failed", -taken(row), row["submit_s"]))
    body = "".join(
        f'<tr><th scope="row">{escape(_title(row))}</th>'
        f"<td>{escape(str(row['from']))} → {escape(str(row['to']))}</td>"
        f'<td class="num">{numbers.si(row["bytes"], "B")}</td>'
        f'<td class="num">{numbers.duration(_gap(row["submit_s"], row["start_s"]))}</td>'
        f'<td class="num">{numbers.duration(_gap(row["start_s"], row["finish_s"]))}</td>'
        f'<td class="{"open" if row["status"] == "failed" else ""}">{escape(row["status"])}</td>'
        "</tr>"
        for row in order[:SHOWN]
    )
    return (
        '<div class="scroll below"><table class="plain"><thead><tr><th>Slowest and failed</th>'
        '<th>Way</th><th class="num">Size</th><th class="num">Waited</th>'
        '<th class="num">Moving</th><th>Status</th></tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _title(row: dict[str, Any]) -> str:
    kind = str(row["kind"]).replace("_", " ")
    return f"{kind} of {row['job']}" if row["job"] else kind


def _gap(begin: float | None, end: float | None) -> float | None:
    """Seconds from one time to the other, None where either has not come."""
    if begin is None or end is None or not (np.isfinite(begin) and np.isfinite(end)):
        return None
    return float(end) - float(begin)


def _median(values: list[float]) -> str:
    return numbers.duration(float(np.median(values))) if values else numbers.MISSING
