"""Assembles the one-file report; nothing in it asks the network for anything."""

import json
import os
from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from dawndusk.report import sections
from dawndusk.report.answers import answer_table
from dawndusk.report.charts import charts
from dawndusk.report.figures import paired_bars, waterfall
from dawndusk.report.fleet import fleet_charts, fleet_section
from dawndusk.report.folder import Folder, read
from dawndusk.report.formation import formation
from dawndusk.report.jobs import job_table
from dawndusk.report.key_figures import dig
from dawndusk.report.links import network
from dawndusk.report.maps import epoch, maps
from dawndusk.report.network import network_section
from dawndusk.report.radiation import dose, radiation_section
from dawndusk.report.service import latency_figure
from dawndusk.report.training import training_charts, training_section
from dawndusk.report.where import placement_matrix, policy_table


def html(results_folder: str | Path, out: str | Path | None = None) -> Path:
    """Write the report of one run; see `dawndusk.report.html`."""
    folder = read(results_folder)
    path = Path(out) if out is not None else folder.path / "report.html"
    return write(path, render(folder))


def write(path: Path, text: str) -> Path:
    """Write beside and rename into place, so that no reader meets half a file."""
    beside = path.with_name(path.name + ".partial")
    beside.write_text(text, encoding="utf8")
    os.replace(beside, path)
    return path


def render(folder: Folder) -> str:
    """The report as text."""
    start = dig(folder.scenario, "time.start")
    ground = dig(folder.summary, "ground", {})
    payload = {
        "start": epoch(start),
        "charts": charts(folder.series, folder.events),
        "period": dig(folder.summary, "orbit.period_s"),
        "maps": maps(folder.series, start),
        "formation": formation(folder.series),
        "network": network(folder.links, folder.paths, folder.series),
        "training": training_charts(folder.training),
        "fleet": fleet_charts(folder.fleet, folder.survival),
        "dose": dose(folder.dose_map, folder.upsets, dig(folder.summary, "orbit.inclination_deg")),
    }
    close = payload["formation"]
    extra = {
        "training": (
            "Training",
            "Training that really ran",
            training_section(folder, frames(payload["training"])),
        ),
        "radiation": ("Radiation", "Radiation and faults", radiation_section(folder)),
        "answers": (
            "Answers",
            "Answered by a real model",
            answer_table(folder.answers, folder.get("answers")),
        ),
        "network": ("Network", "How the data travelled", network_section(folder)),
        "where": (
            "Placement",
            "Where work should run",
            placement_matrix(folder.placement) + policy_table(folder.policies),
        ),
        "fleet": (
            "Fleet",
            "The fleet over the years" if folder.fleet else "Keeping the orbit",
            fleet_section(folder, frames(payload["fleet"])),
        ),
    }
    body = Template(asset("report.html")).substitute(
        name=escape(folder.name),
        links="".join(
            f'<a href="#{key}">{word}</a>' for key, (word, _, content) in extra.items() if content
        ),
        extra="\n".join(section(key, *told[1:]) for key, told in extra.items()),
        description=escape(str(folder.scenario.get("description", ""))),
        facts=sections.facts_line(folder),
        warnings=sections.warning_list(folder),
        headline=sections.headline(folder),
        cards=sections.cards(folder.summary),
        waterfalls=waterfall(folder.summary, "orbit", "In orbit")
        + (waterfall(ground, "ground", "On the ground") if ground else ""),
        charts=chart_places(payload["charts"]),
        maps=MAPS + (FORMATION if close else "")
        if payload["maps"]
        else '<p class="none">No positions recorded.</p>',
        lifetime=costs(folder.summary, "cost.breakdown"),
        capital=costs(folder.summary, "cost.capital"),
        latency=latency_figure(folder.requests),
        events=sections.event_table(folder.events),
        jobs=job_table(folder.jobs, folder.end),
        balances=sections.balance_table(folder.summary),
        assumptions=sections.assumption_table(folder),
        reproduce=sections.reproduce(folder),
    )
    return document(f"{folder.name} · dawndusk", body, payload)


def section(name: str, title: str, content: str) -> str:
    """A titled section, nothing where it has no content."""
    if not content:
        return ""
    return f'<section id="{name}"><h2>{title}</h2>{content}</section>'


def costs(summary: Mapping[str, Any], path: str) -> str:
    """Bars of one breakdown, orbit above ground."""
    sides = [
        ("orbit", dig(summary, path, {})),
        ("ground", dig(dig(summary, "ground", {}), path, {})),
    ]
    return paired_bars(sides, ("orbit", "ground"))


def chart_places(payloads: Sequence[Mapping[str, Any]]) -> str:
    """Empty frames that the browser fills with plots."""
    if not payloads:
        return '<p class="none">No time series recorded.</p>'
    return (
        '<div class="tools" id="ranges"><output id="hovered"></output></div>'
        f'<noscript><p class="none">The plots need JavaScript.</p></noscript>{frames(payloads)}'
    )


def frames(payloads: Sequence[Mapping[str, Any]]) -> str:
    """A frame for each chart, empty without any."""
    inside = "".join(
        f'<figure class="chart"><figcaption>{escape(chart["title"])}'
        f"<small>{escape(chart['about'])}</small></figcaption>"
        f'<div class="keys"></div><div class="plot" role="img" '
        f'aria-label="{escape(chart["title"])} over time"></div></figure>'
        for chart in payloads
    )
    return f'<div class="charts">{inside}</div>' if inside else ""


def document(title: str, body: str, payload: Mapping[str, Any]) -> str:
    """A whole HTML page with styles, data and code inside."""
    drawn = [name for name in ("maps", "network", "dose") if payload.get(name)]
    land = json.loads(asset("land.json")) if drawn else None
    data = json.dumps({**payload, "land": land}, separators=(",", ":"), allow_nan=False)
    names = ["uplot.js", "report.js", *(["atlas.js"] if drawn else [])]
    names += [f"{name}.js" for name in drawn]
    return Template(asset("document.html")).substitute(
        title=escape(title),
        styles=asset("uplot.css") + asset("report.css"),
        body=body,
        payload=data.replace("<", "\\u003c"),
        scripts="".join(f"<script>{asset(name)}</script>" for name in names),
    )


def asset(name: str) -> str:
    """A file shipped with the package."""
    return (files("dawndusk.report") / "static" / name).read_text(encoding="utf8")


MAPS = """
<div class="tools maptools">
<button type="button" id="play" aria-pressed="false">▶ Play</button>
<input type="range" id="moment" min="0" max="1000" value="0" step="1" aria-label="Time">
<output id="clock"></output>
<label>Colour <select id="state"></select></label>
<label>Track <select id="track"></select></label>
</div>
<div class="maps">
<figure><figcaption>Orbits<small>drag to turn; the shaded half of the Earth is night</small>
</figcaption><canvas id="globe" role="img" aria-label="Orbits around the Earth"></canvas></figure>
<figure><figcaption>Ground track<small id="trackname"></small></figcaption>
<canvas id="world" role="img" aria-label="Ground track on a world map"></canvas>
<div class="keys" id="mapkeys"></div></figure>
</div>
"""

FORMATION = """
<div class="maps formation">
<figure><figcaption>Formation<small id="scale"></small></figcaption>
<canvas id="cluster" role="img" aria-label="Satellites around their centre"></canvas>
</figure>
<figure class="chart"><figcaption>Distance to the nearest neighbour<small>smallest, median and
largest over the satellites</small></figcaption><div class="keys"></div>
<div class="plot" role="img" aria-label="Distance to the nearest neighbour over time"></div>
</figure>
</div>
"""
