"""The parts of the page that are plain HTML: warnings, cards, tables, how to reproduce."""

import shlex
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import pyarrow as pa

from dawndusk.report import network, numbers
from dawndusk.report.balances import balances
from dawndusk.report.folder import Folder
from dawndusk.report.key_figures import by_label, dig

SPACE = numbers.SPACE
EVENTS = 100_000
"""A run keeps no more events than this and only counts the rest."""


def warnings(folder: Folder) -> list[tuple[str, str]]:
    """What a reader must know before any number: (level, text), worst first."""
    found: list[tuple[str, str]] = []
    said = [str(text) for text in folder.run.get("warnings") or ()]
    if folder.run.get("complete") is False:
        found.append(
            (
                "fault",
                "The run is not complete: every figure covers only the part that was simulated.",
            )
        )
    found += [
        ("fault", f"{name} is missing from the results folder; its figures are left out.")
        for name in folder.missing
    ]
    summary = folder.summary
    for balance in balances(summary):
        if not balance.closed:
            found.append(
                (
                    "fault",
                    f"{balance.title} does not balance: relative residual {balance.residual:.2g}.",
                )
            )
    found += network.warnings(folder)
    found += [("warning", text[:1].upper() + text[1:]) for text in said]
    offered = folder.get("service.offered", 0)
    lost = by_label("Requests lost").of(summary)
    if numbers.is_number(lost) and offered and lost > 0.01 * offered:
        share = numbers.percent(lost / offered)
        found.append(("warning", f"{share} of the requests were dropped or failed."))
    weak = [row for row in folder.assumptions if row.weak]
    if weak:
        values = "value rests" if len(weak) == 1 else "values rest"
        found.append(
            (
                "note",
                f"{len(weak)} of {len(folder.assumptions)} scenario {values} on assumption or "
                "memory, not on a published source; see Assumptions.",
            )
        )
    order = ("fault", "warning", "note")
    return sorted(dict.fromkeys(found), key=lambda entry: order.index(entry[0]))


def warning_list(folder: Folder) -> str:
    """The warnings as a list, or one calm line."""
    names = {"fault": "Fault", "warning": "Warning", "note": "Note"}
    found = warnings(folder)
    if not found:
        return '<p class="calm">No warnings. Every balance closes to 1e-9.</p>'
    items = "".join(
        f'<li class="{level}"><b>{names[level]}</b><span>{escape(text)}</span></li>'
        for level, text in found
    )
    return f'<ul class="warnings" aria-label="Warnings">{items}</ul>'


def headline(folder: Folder) -> str:
    """The run in one sentence."""
    summary = folder.summary
    parts = []
    delivered = dig(summary, "compute.delivered_FLOP")
    if numbers.is_number(delivered):
        share = numbers.percent(dig(summary, "compute.delivered_fraction"))
        satellites = dig(summary, "fleet.satellites")
        who = "One satellite" if satellites == 1 else f"{numbers.count(satellites)} satellites"
        parts.append(
            f"{who} delivered <b>{numbers.si(delivered, 'FLOP')}</b>, {share} of the peak."
        )
    label = "Cost per PFLOP-day"
    price, ground = by_label(label).of(summary), by_label(label).of(summary, "ground")
    if numbers.is_number(price):
        text = f"A PFLOP-day costs <b>{numbers.money(price)}</b> in orbit"
        if numbers.is_number(ground) and ground > 0:
            text += (
                f" and {numbers.money(ground)} on the ground: "
                f"<b>{numbers.ratio(price / ground)}</b> the price"
            )
        parts.append(text + ".")
    return " ".join(parts)


CARDS: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    ("Delivered compute", "Delivered compute", (("of peak", "Delivered share of peak"),)),
    (
        "Availability",
        "Availability",
        (
            ("throttled", "Time throttled"),
            ("sunlit share", "Sunlit share"),
            ("longest eclipse", "Longest eclipse"),
        ),
    ),
    (
        "Per accelerator-hour",
        "Cost per accelerator-hour",
        (("per busy hour", "Cost per busy accelerator-hour"),),
    ),
    (
        "Per PFLOP-day",
        "Cost per PFLOP-day",
        (
            ("with luck, 5 %", "PFLOP-day in the luckiest 5 %"),
            ("without, 95 %", "PFLOP-day in the unluckiest 5 %"),
            ("carbon", "Carbon per PFLOP-day"),
        ),
    ),
    (
        "Per million tokens",
        "Cost per million tokens",
        (("energy per token", "Energy per token"),),
    ),
    ("Lifetime cost", "Lifetime cost", (("break-even launch", "Break-even launch price"),)),
    (
        "Energy used",
        "Energy used",
        (("generated", "Energy generated"), ("curtailed", "Energy curtailed")),
    ),
    ("Hottest die", "Hottest die", (("radiator", "Hottest radiator"),)),
    (
        "Requests served",
        "Requests served",
        (
            ("lost", "Requests lost"),
            ("first token, median", "Time to first token, median"),
            ("first token, 99 %", "Time to first token, 99 %"),
        ),
    ),
    (
        "Network latency",
        "Network latency, median",
        (
            ("99 %", "Network latency, 99 %"),
            ("users with a path", "Users with a path"),
            ("satellites with a path", "Satellites with a path down"),
        ),
    ),
    ("Jobs finished", "Jobs finished", ()),
    (
        "Fleet",
        "Satellites",
        (
            ("mass", "Fleet mass"),
            ("power", "Fleet power"),
            ("first launches", "Launches"),
            ("capacity over the years", "Capacity over the years"),
        ),
    ),
)


def cards(summary: Mapping[str, Any]) -> str:
    """Summary cards, the ground figure and its ratio below each orbital figure."""
    out = []
    for title, main, extras in CARDS:
        figure = by_label(main)
        orbit, ground = figure.of(summary), figure.of(summary, "ground")
        asked = {"Jobs finished": "jobs.submitted", "Requests served": "service.offered"}.get(main)
        if not numbers.is_number(orbit) or (asked and not dig(summary, asked)):
            continue
        below = ""
        if numbers.is_number(ground):
            times = f"<em>{numbers.ratio(orbit / ground)}</em>" if ground else ""
            below = (
                f'<p class="versus"><i class="dot ground"></i>ground '
                f"{figure.format(ground)}{times}</p>"
            )
        if asked:
            verb = asked.rsplit(".", 1)[1]
            below = f'<p class="versus">of {numbers.count(dig(summary, asked))} {verb}</p>{below}'
        rows = "".join(
            f"<div><dt>{escape(label)}</dt><dd>{by_label(name).format(by_label(name).of(summary))}"
            f"</dd></div>"
            for label, name in extras
            if numbers.is_number(by_label(name).of(summary))
        )
        details = f"<dl>{rows}</dl>" if rows else ""
        value, bracket, rest = figure.format(orbit).partition(" (")
        big = f"{value} <small>({rest}</small>" if bracket else value
        hint = f' title="{escape(figure.hint)}"' if figure.hint else ""
        out.append(
            f'<article class="card"{hint}><h3>{escape(title)}</h3>'
            f'<p class="big">{big}</p>{below}{details}</article>'
        )
    return f'<div class="cards">{"".join(out)}</div>'


def balance_table(summary: Mapping[str, Any]) -> str:
    """Each conserved quantity with its terms and what is left over."""
    rows = []
    for balance in balances(summary):
        label, value = balance.offered
        parts = "".join(
            f"<span>{escape(name)} <b>{balance.show(part)}</b></span>"
            for name, part in balance.parts
        )
        state = "closed" if balance.closed else "open"
        residual = f"{balance.residual:.1e}" if balance.residual else "0"
        mark = "✓ closes" if balance.closed else "✗ open"
        rows.append(
            f'<tr><th scope="row">{escape(balance.title)}</th>'
            f"<td><span>{escape(label)} <b>{balance.show(value)}</b></span></td>"
            f'<td class="parts">{parts}</td>'
            f'<td class="num">{residual}</td><td class="{state}">{mark}</td></tr>'
        )
    if not rows:
        return '<p class="none">No balances recorded.</p>'
    return (
        '<div class="scroll"><table class="plain balances"><thead><tr><th>Balance</th><th>In</th>'
        '<th>Out</th><th class="num">Residual, relative</th><th>To 1e-9</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def event_table(events: pa.Table | None) -> str:
    """How often each kind of event happened, when first and when last."""
    if events is None or events.num_rows == 0 or "kind" not in events.column_names:
        return '<p class="none">Nothing happened: no faults, brownouts or jobs.</p>'
    kinds = events["kind"].cast(pa.string()).to_numpy()
    times = events["time_s"].to_numpy()
    rows = []
    for kind in sorted(set(kinds), key=lambda k: -int((kinds == k).sum())):
        when = times[kinds == kind]
        rows.append(
            f'<tr><th scope="row">{escape(str(kind).replace("_", " "))}</th>'
            f'<td class="num">{numbers.count(int(when.size))}</td>'
            f'<td class="num">{clock(float(when.min()))}</td>'
            f'<td class="num">{clock(float(when.max()))}</td></tr>'
        )
    kept = f"Only the first {numbers.count(times.size)} events were kept."
    note = f'<p class="lead">{kept}</p>' if times.size >= EVENTS else ""
    return (
        '<div class="scroll"><table class="plain"><thead><tr><th>Event</th>'
        '<th class="num">Count</th><th class="num">First</th><th class="num">Last</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>{note}"
    )


def clock(seconds: float) -> str:
    """Seconds since the start as "T+1 d 05:30"."""
    minutes = int(seconds // 60)
    days, minutes = divmod(minutes, 1440)
    day = f"{days}{SPACE}d{SPACE}" if days else ""
    return f"T+{day}{minutes // 60:02d}:{minutes % 60:02d}"


def assumption_table(folder: Folder) -> str:
    """Every scenario value with its provenance, to sort and filter in the browser."""
    if not folder.assumptions:
        return '<p class="none">No scenario.toml in the results folder.</p>'
    rows = []
    for row in folder.assumptions:
        spread = f"{row.low} … {row.high}" if row.low or row.high else ""
        flag = f'<mark class="{escape(row.confidence)}">{escape(row.confidence)}</mark>'
        cells = (
            f'<th scope="row"><code>{_breakable(row.path)}</code></th>'
            f'<td class="value">{escape(row.value)}</td><td>{escape(spread)}</td>'
            f"<td>{escape(row.origin)}</td><td>{flag if row.confidence else ''}</td>"
            f'<td class="source">{escape(row.source)}</td>'
            f"<td>{escape(row.date)}</td>"
        )
        rows.append(f'<tr data-confidence="{escape(row.confidence)}">{cells}</tr>')
    seen = dict.fromkeys(row.confidence for row in folder.assumptions if row.confidence)
    choices = "".join(f"<option>{escape(name)}</option>" for name in seen)
    weak = sum(row.weak for row in folder.assumptions)
    titles = ("Path", "Value", "Range", "Origin", "Confidence", "Source", "Date")
    head = "".join(
        f'<th aria-sort="none"><button type="button">{title}</button></th>' for title in titles
    )
    return (
        '<div class="tools"><label>Filter <input type="search" id="filter" '
        'placeholder="path, value, source"></label>'
        f'<label>Confidence <select id="confidence"><option value="">all</option>{choices}'
        '</select></label><span id="shown" aria-live="polite">'
        f"{len(folder.assumptions)} values, {weak} assumed or from memory</span></div>"
        '<div class="scroll tall"><table class="plain" id="assumptions">'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _breakable(path: str) -> str:
    return escape(path).replace(".", ".<wbr>").replace("_", "_<wbr>")


def reproduce(folder: Folder) -> str:
    """The command, version and seed that give this folder again."""
    run = folder.run
    command = run.get("command") or "dawndusk run scenario.toml"
    if not isinstance(command, str):
        command = shlex.join(str(word) for word in command)
    facts: list[tuple[str, str]] = [
        ("dawndusk", str(run.get("version", numbers.MISSING))),
        ("seed", str(run.get("seed", numbers.MISSING))),
        ("Python", str(run.get("python", numbers.MISSING))),
        ("started", str(run.get("started", numbers.MISSING))),
    ]
    packages = run.get("packages") or {}
    if isinstance(packages, Mapping):
        facts.append(("packages", ", ".join(f"{k} {v}" for k, v in packages.items())))
    durations = run.get("durations") or {}
    if isinstance(durations, Mapping):
        known = {k: v for k, v in durations.items() if numbers.is_number(v)}
        facts.append(
            (
                "wall time",
                ", ".join(
                    f"{k.removesuffix('_s')} {numbers.duration(v)}" for k, v in known.items()
                ),
            )
        )
    rate = folder.get("performance.satellite_steps_per_cpu_s")
    if numbers.is_number(rate):
        steps = numbers.count(folder.get("performance.satellite_steps"))
        speed = f"{steps} satellite-steps at {numbers.si(rate, '')} per CPU-second"
        facts.append(("speed", speed.replace(SPACE + " per", " per")))
    rows = "".join(f"<div><dt>{k}</dt><dd>{escape(v)}</dd></div>" for k, v in facts if v)
    text = escape(folder.scenario_text)
    return (
        f'<pre class="command"><code>{escape(command)}</code></pre><dl class="facts">{rows}</dl>'
        "<p>Same scenario, version and seed give the same summary. "
        "<code>dawndusk run scenario.toml</code> with the resolved scenario below repeats the run "
        "with every default written out.</p>"
        '<details><summary>scenario.toml</summary><div class="tools">'
        '<button type="button" id="copy">Copy</button></div>'
        f'<pre class="file"><code id="scenario">{text}</code></pre></details>'
    )


def facts_line(folder: Folder) -> str:
    """Orbit, start, length and seed as short chips below the title."""
    scenario = folder.scenario
    kind = str(dig(scenario, "constellation.kind", "")).replace("_", " ")
    chips: Sequence[str] = [
        kind,
        str(dig(scenario, "constellation.altitude", "")),
        str(dig(scenario, "satellite.design", "")),
        f"from {_date(dig(scenario, 'time.start', ''))}",
        f"for {dig(scenario, 'time.duration', '')}",
        f"seed {folder.run.get('seed', numbers.MISSING)}",
        f"dawndusk {folder.run.get('version', '')}",
    ]
    return "".join(
        f"<li>{escape(chip)}</li>"
        for chip in chips
        if chip.strip() and chip not in ("from ", "for ")
    )


def _date(value: Any) -> str:
    return value.strftime("%Y-%m-%d %H:%M UTC") if hasattr(value, "strftime") else str(value)
