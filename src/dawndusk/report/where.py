"""Where each workload should run and how the policies compare: two tables for people."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from dawndusk.report import numbers

OPTIONS = {"orbit": "In orbit", "ground": "On the ground", "aboard": "Aboard"}

STATES = {
    "best": "best",
    "able": "possible",
    "open": "not modelled",
    "barred": "not possible, and what binds",
}

LEAD = (
    "The cheapest place that meets every limit of the workload is the best. Each cell gives price, "
    f"latency (median … 99{numbers.SPACE}%), energy and carbon of the amount named at the left."
)

PER = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"), (1e3, "thousand"))

POLICY_COLUMNS = (
    ("delivered_FLOP", "Delivered", lambda v: numbers.si(v, "FLOP"), "higher"),
    ("deadline_missed", "Deadlines missed", numbers.count, "lower"),
    ("usd_per_PFLOP_day", "USD per PFLOP-day", numbers.money, "lower"),
    ("bound_fraction", "Share of the bound", numbers.percent, "higher"),
)


def placement_matrix(rows: Sequence[Mapping[str, Any]]) -> str:
    """Workloads down, options across; the best option of each row stands out.

    Args:
        rows: content of placement.json, one mapping a workload and option [object]
    Returns:
        an HTML table; empty where nothing was compared [object]
    """
    workloads = list(dict.fromkeys(row["workload"] for row in rows))
    options = [name for name in OPTIONS if any(row["option"] == name for row in rows)]
    if not workloads or not options:
        return ""
    head = "".join(f"<th>{OPTIONS[name]}</th>" for name in options)
    body = []
    for workload in workloads:
        mine = {row["option"]: row for row in rows if row["workload"] == workload}
        factor, unit = per(list(mine.values()))
        cells = "".join(_cell(mine.get(name), factor, OPTIONS[name]) for name in options)
        title = next((row["title"] for row in mine.values() if row.get("title")), "")
        body.append(
            f'<tr><th scope="row">{escape(title or readable(workload))}'
            f"<small>price per {escape(unit)}</small></th>{cells}"
            f'<td class="why">{escape(reason(mine.values()))}</td></tr>'
        )
    keys = "".join(
        f'<span class="key"><i class="dot {state}"></i>{text}</span>'
        for state, text in STATES.items()
    )
    return (
        f'<p class="lead">{LEAD}</p><div class="keys">{keys}</div>'
        '<div class="scroll"><table class="plain matrix"><thead><tr><th>Workload</th>'
        f"{head}<th>Why</th></tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def reason(rows: Iterable[Mapping[str, Any]]) -> str:
    """The reason of the best option, or of the first that is possible or not modelled."""
    order = ("best", "possible", "not modelled", "impossible")
    found = min(rows, key=lambda row: order.index(row["verdict"]))
    return _sentence(str(found["why"]), found["verdict"])


def _sentence(why: str, verdict: str) -> str:
    """A reason without the verdict that the colour already shows."""
    text = why.removeprefix(verdict).lstrip(" ,:")
    return text[:1].upper() + text[1:]


def per(rows: Sequence[Mapping[str, Any]]) -> tuple[float, str]:
    """How many units prices are quoted for: the cheapest possible one is at least a cent."""
    unit = str(next((row["unit"] for row in rows if row.get("unit")), "unit"))
    able = [row for row in rows if row["feasible"] is not False] or rows
    prices = [row["price_usd"] for row in able if numbers.is_number(row.get("price_usd"))]
    least = min((price for price in prices if price > 0), default=1.0)
    for factor, name in reversed(PER):
        if least < 0.01 and least * factor >= 0.01:
            return factor, f"{name} {plural(unit)}"
    return 1.0, unit


def plural(unit: str) -> str:
    """More than one of `unit`: "images", "queries", "tokens of the answer"."""
    for small in (" of ", " trained ", " per "):
        noun, found, rest = unit.partition(small)
        if found:
            return plural(noun) + found + rest
    if unit.endswith("y") and unit[-2:-1] not in "aeiou":
        return unit[:-1] + "ies"
    return unit if unit.endswith("s") else unit + "s"


def _cell(row: Mapping[str, Any] | None, factor: float, title: str) -> str:
    if row is None or row["binding"] == "origin":
        return f'<td class="soft" data-option="{title}">{numbers.MISSING}</td>'
    price = row.get("price_usd")
    lead = numbers.money(price * factor) if numbers.is_number(price) else ""
    bound = escape(_bound(str(row["why"])))
    facts = [
        _latency(row),
        _amount(row.get("energy_J"), factor, numbers.energy),
        _amount(row.get("carbon_kg"), factor, _carbon),
    ]
    state = "best" if row["verdict"] == "best" else "able"
    if row["feasible"] is None:
        state, facts, lead = "open", [bound], lead or "not modelled"
    elif not row["feasible"]:
        state, facts, lead = "barred", [bound], escape(str(row["binding"]))
    small = "".join(f"<small>{fact}</small>" for fact in facts if fact)
    return f'<td class="{state}" data-option="{title}"><b>{lead}</b>{small}</td>'


def _bound(why: str) -> str:
    """What stands behind the first colon: the binding is printed above it."""
    return why.partition(": ")[2] or why


def _latency(row: Mapping[str, Any]) -> str:
    median, last = row.get("latency_p50_s"), row.get("latency_p99_s")
    if not numbers.is_number(median):
        return ""
    if numbers.duration(median) == numbers.duration(last):
        return numbers.duration(median)
    tail = f" … {numbers.duration(last)}" if numbers.is_number(last) else ""
    return f"{numbers.duration(median)}{tail}"


def _amount(value: Any, factor: float, show: Any) -> str:
    return show(value * factor) if numbers.is_number(value) else ""


def _carbon(kilograms: float) -> str:
    return f"{numbers.si(1e3 * kilograms, 'g') if kilograms < 1 else numbers.mass(kilograms)} CO₂"


def readable(name: str) -> str:
    """A catalogue name as words with a capital: "chat-inference" is "Chat inference"."""
    words = name.replace("-", " ").replace("_", " ")
    return words[:1].upper() + words[1:]


def policy_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Policies on the same scenario, seed and arrivals; the best of each column has a star.

    Args:
        rows: content of policies.json, one mapping a scenario and policy [object]
    Returns:
        an HTML table; empty where no policies were compared [object]
    """
    columns = [c for c in POLICY_COLUMNS if any(numbers.is_number(r.get(c[0])) for r in rows)]
    if not rows or not columns:
        return ""
    several = any(row.get("scenario") for row in rows)
    body = []
    for scenario in dict.fromkeys(row.get("scenario") for row in rows):
        mine = [row for row in rows if row.get("scenario") == scenario]
        if several:
            body.append(
                f'<tr class="group"><th colspan="{1 + len(columns)}">{escape(str(scenario))}'
                "</th></tr>"
            )
        for row in mine:
            cells = "".join(
                f'<td class="num{" best" if _wins(row, mine, key, better) else ""}">'
                f"{show(row.get(key))}</td>"
                for key, _, show, better in columns
            )
            body.append(
                f'<tr><th scope="row">{escape(readable(str(row["policy"])))}</th>{cells}</tr>'
            )
    head = "".join(f'<th class="num">{title}</th>' for _, title, _, _ in columns)
    return (
        "<h3>Policies compared</h3>"
        '<p class="lead">Same scenario, seed and arrivals. The bound is a linear program that '
        "knows the whole future; no policy can pass it.</p>"
        '<div class="scroll"><table class="plain policies"><thead><tr><th>Policy</th>'
        f"{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def _wins(row: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], key: str, better: str) -> bool:
    known = [r[key] for r in rows if numbers.is_number(r.get(key))]
    if len(known) < 2 or not numbers.is_number(row.get(key)) or min(known) == max(known):
        return False
    return bool(row[key] == (max(known) if better == "higher" else min(known)))
