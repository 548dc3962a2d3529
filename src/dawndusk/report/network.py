"""The network section: facts, map, latency by region, paths, busiest links and transfers."""

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from dawndusk.report import links, numbers
from dawndusk.report.facts import listed, pair
from dawndusk.report.key_figures import dig
from dawndusk.report.regions import region_figure
from dawndusk.report.transfers import transfer_tables

if TYPE_CHECKING:
    from dawndusk.report.folder import Folder


def network_section(folder: "Folder") -> str:
    """HTML of the section without its frame, empty where the run modelled no network."""
    told = facts(folder.summary)
    parts = [
        MAP if links.usable(folder.links) else "",
        path_pictures(folder.paths),
        pair(region_figure(folder.series), listed(told)),
        links.busiest(folder.links),
        transfer_tables(folder.transfers),
    ]
    return "".join(parts)


def facts(summary: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the network was and did, in words and numbers."""
    if not dig(summary, "network.modelled"):
        return []

    def get(key: str) -> Any:
        return dig(summary, f"network.{key}")

    def rated(count: Any, rate: Any) -> str:
        text = numbers.significant(count) if numbers.is_number(count) else ""
        fast = f", {numbers.si(rate, 'bit/s')} each" if numbers.is_number(rate) and count else ""
        return text + fast

    latency = ""
    if numbers.is_number(get("latency_p50_s")):
        latency = (
            f"{numbers.duration(get('latency_p50_s'))} median, "
            f"{numbers.duration(get('latency_p99_s'))} at 99{numbers.SPACE}%"
        )
    rows = [
        ("Topology", str(get("topology") or "").replace("_", " ")),
        ("Between satellites", rated(get("links_isl"), get("isl_rate_bit_s"))),
        ("To the ground", rated(get("links_ground_mean"), get("ground_rate_bit_s"))),
        ("Blocked or too far", _mean(get("blocked_links"), "links")),
        ("One-way latency", latency),
        ("Hops", _mean(get("hops_mean"), "")),
        ("Users with a path", _share(get("reachable_fraction"))),
        ("Satellites with a path down", _share(get("contact_fraction"))),
        ("Prompts and answers", _bytes(get("request_bytes"))),
        ("Busiest link", _busiest(get("binding_link"), get("utilisation_max"))),
    ]
    for key, title, whole in (
        ("transfers", "Transfers", "offered_bytes"),
        ("sensor", "Sensor data", "produced_bytes"),
    ):
        if dig(summary, f"network.{key}.{whole}"):
            told = ", ".join(
                f"{_bytes(value)} {name.removesuffix('_bytes')}"
                for name, value in get(key).items()
                if numbers.is_number(value) and (value or name == whole)
            )
            rows.append((title, told))
    return [(title, text) for title, text in rows if text]


def _mean(value: Any, unit: str) -> str:
    if not numbers.is_number(value):
        return ""
    return f"{numbers.significant(value)} {unit} on average" if value else "none"


def _share(value: Any) -> str:
    return f"{numbers.percent(value)} of the time" if numbers.is_number(value) else ""


def _bytes(value: Any) -> str:
    return numbers.si(value, "B") if numbers.is_number(value) else ""


def _busiest(name: Any, use: Any) -> str:
    if not numbers.is_number(use):
        return ""
    return f"{links.utilisation(use)}{f', {name}' if name else ''}"


def warnings(folder: "Folder") -> list[tuple[str, str]]:
    """What a reader must know about the network before any number: (level, text)."""
    found = []

    def get(key: str) -> Any:
        value = dig(folder.summary, f"network.{key}")
        return value if numbers.is_number(value) else 0

    if get("residual_bytes"):
        found.append(("fault", f"The bytes do not balance: {get('residual_bytes')} are left over."))
    table = folder.links
    if table is not None and links.usable(table):
        through = sum(
            bool(blocked) and (use or 0) > 0 and kind == "isl"
            for blocked, use, kind in zip(
                table["occluded"].to_pylist(),
                table["mean_utilisation"].to_pylist(),
                table["kind"].to_pylist(),
                strict=True,
            )
        )
        if through:
            which = "1 link that passes" if through == 1 else f"{through} links that pass"
            found.append(("fault", f"{which} through the Earth carried data."))
    if get("utilisation_max") >= 1:
        name = dig(folder.summary, "network.binding_link")
        which = f"{name} is the tightest" if name else "some data had to wait"
        found.append(("warning", f"At least one link was full: {which}."))
    for path, text in (
        ("transfers.failed_bytes", "of transfers found no path and failed"),
        ("sensor.lost_bytes", "of sensor data overflowed the satellites' stores and were lost"),
    ):
        if get(path):
            found.append(("warning", f"{numbers.si(get(path), 'B')} {text}."))
    reach = dig(folder.summary, "network.reachable_fraction")
    if numbers.is_number(reach) and reach < 0.9995:
        found.append(
            ("note", f"{numbers.percent(1 - reach)} of user time had no path to a satellite.")
        )
    return found


def path_pictures(paths: pa.Table | None) -> str:
    """Each sample path as a line of its hops, drawn to scale in time."""
    found = links.routes(paths)
    if not found:
        return ""
    longest = max(path["latency"] for path in found) or 1.0
    rows = []
    for path in found:
        hops = path["hops"]
        dots = "".join(
            f'<i style="left:{100 * hop["latency_s"] / longest:.2f}%" '
            f'title="{escape(hop["name"])}, {numbers.duration(hop["latency_s"])}"></i>'
            for hop in hops
        )
        rows.append(
            f'<tr><th scope="row">{escape(path["from"])} → {escape(path["to"])}</th>'
            f'<td class="hops"><div class="track"><div class="bar orbit" '
            f'style="width:{100 * path["latency"] / longest:.2f}%"></div>{dots}</div>'
            f"<small>{escape(_way([hop['name'] for hop in hops]))}</small></td>"
            f'<td class="num">{len(hops) - 1}</td>'
            f'<td class="num">{numbers.duration(path["latency"])}</td></tr>'
        )
    return (
        '<h3>Sample paths</h3><div class="scroll"><table class="plain paths"><thead><tr>'
        '<th>From and to</th><th>Hops, to scale in time</th><th class="num">Links</th>'
        f'<th class="num">One way</th></tr></thead><tbody>{"".join(rows)}</tbody></table></div>'
    )


def _way(names: list[str]) -> str:
    """Hops by name, the middle of a long path left out."""
    if len(names) > 8:
        names = [*names[:4], f"… {len(names) - 7} more", *names[-3:]]
    return " › ".join(names)


MAP = """
<div class="tools maptools">
<label>Path <select id="path"></select></label>
<label>Colour <select id="use"><option>mean use</option><option>largest use</option></select>
</label>
<label>Links <select id="which"><option>all</option><option>between satellites</option>
<option>to the ground</option><option>fibre</option></select></label>
</div>
<div class="maps">
<figure><figcaption>Links<small>drag to turn; colour and width show use</small></figcaption>
<canvas id="netglobe" role="img" aria-label="Links around the Earth"></canvas></figure>
<figure><figcaption>Links on the map<small id="linknote"></small></figcaption>
<canvas id="netmap" role="img" aria-label="Links on a world map, coloured by use"></canvas>
<div class="keys" id="linkkeys"></div></figure>
</div>
"""
