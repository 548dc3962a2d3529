"""The key figures of a run: one list feeds the cards, the comparison and the terminal."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dawndusk.report import numbers


def dig(tree: Mapping[str, Any], dotted: str, default: Any = None) -> Any:
    """The value at `dotted` in nested mappings, `default` where it is missing or null."""
    node: Any = tree
    for key in dotted.split("."):
        if not isinstance(node, Mapping) or key not in node:
            return default
        node = node[key]
    return default if node is None else node


Format = Callable[[object], str]


@dataclass(frozen=True)
class KeyFigure:
    """One figure: where it stands in summary.json and how people read it."""

    group: str
    label: str
    value: Callable[[Mapping[str, Any]], Any]
    format: Format
    better: str = ""
    """"higher", "lower" or "" where neither is."""
    ground: bool = False
    """True where the ground twin has the same figure."""
    hint: str = ""
    grows: bool = False
    """True for totals, which only compare between runs of the same length."""

    def of(self, summary: Mapping[str, Any], where: str = "orbit") -> Any:
        """The number for "orbit" or "ground", None where the run has none."""
        if where == "orbit":
            return self.value(summary)
        return self.value(summary.get("ground") or {}) if self.ground else None


def at(path: str) -> Callable[[Mapping[str, Any]], Any]:
    """A getter for one dotted path."""
    return lambda summary: dig(summary, path)


LOSSES = ("power", "thermal", "network", "faults", "idle", "roofline")
"""Names in `compute.losses`, in the order in which they act."""


def loss(summary: Mapping[str, Any], name: str) -> float | None:
    """Share of the peak lost to `name`, None where not recorded."""
    value = dig(summary, f"compute.losses.{name}")
    return float(value) if numbers.is_number(value) else None


def peak_flop(summary: Mapping[str, Any]) -> float | None:
    """FLOP at peak rate over the whole run, None where nothing was delivered."""
    delivered = dig(summary, "compute.delivered_FLOP")
    share = dig(summary, "compute.delivered_fraction")
    if numbers.is_number(delivered) and numbers.is_number(share) and share > 0:
        return float(delivered) / float(share)
    return None


def availability(summary: Mapping[str, Any]) -> float | None:
    """Share of peak compute that was powered, cool, connected and not failed."""
    lost = [loss(summary, name) for name in ("power", "thermal", "network", "faults")]
    if any(value is None for value in lost):
        return None
    return 1.0 - sum(value for value in lost if value is not None)


def facility(summary: Mapping[str, Any]) -> Any:
    """Energy of the whole plant [J]."""
    return dig(summary, "energy.facility_J", dig(summary, "energy.consumed_J"))


def carbon(value: object) -> str:
    """Kilograms of carbon dioxide."""
    return f"{numbers.mass(value)} CO₂" if numbers.is_number(value) else numbers.MISSING


def per_kilogram(value: object) -> str:
    """US dollars a kilogram; below zero no price will do."""
    if not numbers.is_number(value):
        return numbers.MISSING
    return f"{numbers.money(value)}/kg" if value >= 0 else "none"


def amount(value: object) -> str:
    """A number that need not be whole: 0.426, 30.1, 4.50 k."""
    if numbers.is_number(value) and abs(value) < 1000.0:
        return numbers.significant(value)
    return numbers.si(value, "").strip()


KEY_FIGURES: tuple[KeyFigure, ...] = (
    KeyFigure("Fleet", "Satellites", at("fleet.satellites"), numbers.count),
    KeyFigure("Fleet", "Fleet mass", at("fleet.mass_kg"), numbers.mass),
    KeyFigure("Fleet", "Launches", at("fleet.launches"), numbers.count),
    KeyFigure("Fleet", "Fleet power", at("fleet.power_W"), lambda v: numbers.si(v, "W")),
    KeyFigure(
        "Years",
        "Capacity over the years",
        at("fleet.capacity_mean_fraction"),
        numbers.percent,
        "higher",
        hint="of what is wanted, mean over the horizon",
    ),
    KeyFigure(
        "Years",
        "Survival to the end of life",
        at("fleet.survival_end_of_life"),
        numbers.percent,
        "higher",
    ),
    KeyFigure("Years", "Launches a year", at("fleet.launches_per_year"), amount),
    KeyFigure("Years", "Satellites built", at("fleet.built"), numbers.count),
    KeyFigure("Years", "Satellites failed", at("fleet.failed"), numbers.count, "lower"),
    KeyFigure("Years", "Re-entries a year", at("fleet.reentries_per_year"), amount, "lower"),
    KeyFigure("Orbit", "Sunlit share", at("orbit.sunlit_fraction"), numbers.percent, "higher"),
    KeyFigure("Orbit", "Longest eclipse", at("orbit.eclipse_max_s"), numbers.duration, "lower"),
    KeyFigure(
        "Orbit",
        "Velocity change over the life",
        at("upkeep.delta_v_life_m_s"),
        lambda v: numbers.si(v, "m/s"),
        "lower",
    ),
    KeyFigure("Orbit", "Propellant a satellite", at("upkeep.propellant_kg"), numbers.mass, "lower"),
    KeyFigure(
        "Orbit", "Dodges a year", at("upkeep.avoidance_manoeuvres_per_year"), amount, "lower"
    ),
    KeyFigure(
        "Compute",
        "Delivered compute",
        at("compute.delivered_FLOP"),
        lambda v: numbers.si(v, "FLOP"),
        "higher",
        ground=True,
        hint="useful model FLOP over the run",
        grows=True,
    ),
    KeyFigure(
        "Compute",
        "Delivered share of peak",
        at("compute.delivered_fraction"),
        numbers.percent,
        "higher",
        ground=True,
    ),
    KeyFigure(
        "Compute",
        "Availability",
        availability,
        numbers.percent,
        "higher",
        ground=True,
        hint="share of peak that was powered, cool, connected and not failed",
    ),
    KeyFigure(
        "Cost",
        "Cost per accelerator-hour",
        at("cost.usd_per_accelerator_hour"),
        numbers.money,
        "lower",
        ground=True,
    ),
    KeyFigure(
        "Cost",
        "Cost per busy accelerator-hour",
        at("cost.usd_per_busy_accelerator_hour"),
        numbers.money,
        "lower",
        ground=True,
    ),
    KeyFigure(
        "Cost",
        "Cost per PFLOP-day",
        at("cost.usd_per_PFLOP_day"),
        numbers.money,
        "lower",
        ground=True,
    ),
    KeyFigure(
        "Cost",
        "PFLOP-day in the luckiest 5 %",
        at("cost.bands.p5.usd_per_PFLOP_day"),
        numbers.money,
        "lower",
        hint="of the runs of the fleet over the years",
    ),
    KeyFigure(
        "Cost",
        "PFLOP-day in the unluckiest 5 %",
        at("cost.bands.p95.usd_per_PFLOP_day"),
        numbers.money,
        "lower",
        hint="of the runs of the fleet over the years",
    ),
    KeyFigure(
        "Cost",
        "Cost per million tokens",
        at("cost.usd_per_million_tokens"),
        numbers.money,
        "lower",
        ground=True,
    ),
    KeyFigure(
        "Cost", "Lifetime cost", at("cost.lifetime_usd"), numbers.money, "lower", ground=True
    ),
    KeyFigure(
        "Cost",
        "Break-even launch price",
        at("cost.breakeven_launch_usd_per_kg"),
        per_kilogram,
        "higher",
        hint="launch price at which delivered work costs as much as on the ground",
    ),
    KeyFigure(
        "Cost", "Carbon per PFLOP-day", at("carbon.kg_per_PFLOP_day"), carbon, "lower", ground=True
    ),
    KeyFigure(
        "Faults",
        "Interruptions",
        at("faults.interruptions"),
        numbers.count,
        "lower",
        ground=True,
        grows=True,
    ),
    KeyFigure(
        "Faults",
        "Silent corruptions",
        at("faults.silent_corruptions.total"),
        numbers.count,
        "lower",
        hint="wrong results by particles that nobody notices",
        grows=True,
    ),
    KeyFigure("Energy", "Energy generated", at("energy.generated_J"), numbers.energy, grows=True),
    KeyFigure(
        "Energy",
        "Energy used",
        facility,
        numbers.energy,
        "",
        ground=True,
        hint="with PUE on the ground",
        grows=True,
    ),
    KeyFigure(
        "Energy",
        "Energy per token",
        at("energy.J_per_token"),
        lambda v: numbers.si(v, "J"),
        "lower",
        ground=True,
    ),
    KeyFigure("Energy", "Energy curtailed", at("energy.curtailed_J"), numbers.energy, grows=True),
    KeyFigure("Heat", "Hottest die", at("thermal.die_max_K"), numbers.temperature, "lower"),
    KeyFigure(
        "Heat", "Hottest radiator", at("thermal.radiator_max_K"), numbers.temperature, "lower"
    ),
    KeyFigure("Heat", "Time throttled", at("thermal.throttled_fraction"), numbers.percent, "lower"),
    KeyFigure(
        "Service",
        "Requests served",
        at("service.served"),
        numbers.count,
        "higher",
        ground=True,
        grows=True,
    ),
    KeyFigure(
        "Service",
        "Requests lost",
        lambda s: _sum(dig(s, "service.dropped"), dig(s, "service.failed")),
        numbers.count,
        "lower",
        ground=True,
        grows=True,
    ),
    KeyFigure(
        "Service",
        "Time to first token, median",
        at("service.ttft_p50_s"),
        numbers.duration,
        "lower",
        ground=True,
    ),
    KeyFigure(
        "Service",
        "Time to first token, 99 %",
        at("service.ttft_p99_s"),
        numbers.duration,
        "lower",
        ground=True,
    ),
    KeyFigure(
        "Network",
        "Network latency, median",
        at("network.latency_p50_s"),
        numbers.duration,
        "lower",
        ground=True,
        hint="one way, from users to the site that answers",
    ),
    KeyFigure(
        "Network",
        "Network latency, 99 %",
        at("network.latency_p99_s"),
        numbers.duration,
        "lower",
        ground=True,
    ),
    KeyFigure(
        "Network",
        "Hops",
        at("network.hops_mean"),
        amount,
        "lower",
    ),
    KeyFigure(
        "Network",
        "Users with a path",
        at("network.reachable_fraction"),
        numbers.percent,
        "higher",
        hint="share of time × population that sees a satellite",
    ),
    KeyFigure(
        "Network",
        "Satellites with a path down",
        at("network.contact_fraction"),
        numbers.percent,
        "higher",
        hint="share of satellite-time with a path to the ground",
    ),
    KeyFigure(
        "Network",
        "Busiest link",
        at("network.utilisation_max"),
        numbers.percent,
        "lower",
        hint="largest use of any link",
    ),
    KeyFigure(
        "Network",
        "Transfers delivered",
        at("network.transfers.delivered_bytes"),
        lambda v: numbers.si(v, "B"),
        "higher",
        grows=True,
    ),
    KeyFigure(
        "Jobs",
        "Jobs finished",
        at("jobs.finished"),
        numbers.count,
        "higher",
        ground=True,
        grows=True,
    ),
)


def by_label(label: str) -> KeyFigure:
    """The key figure with this label."""
    return next(figure for figure in KEY_FIGURES if figure.label == label)


def _sum(*values: Any) -> float | None:
    known = [value for value in values if numbers.is_number(value)]
    return sum(known) if known else None
