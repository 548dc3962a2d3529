"""The radiation section: dose on the globe, where upsets happened, what they stopped."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dawndusk.report import numbers
from dawndusk.report.facts import listed
from dawndusk.report.faults import fault_figure
from dawndusk.report.folder import UPSET_COLUMNS
from dawndusk.report.key_figures import dig
from dawndusk.report.maps import pack

if TYPE_CHECKING:
    from dawndusk.report.folder import Folder

LAYERS = (
    ("dose_rad_per_year", "dose", "rad/yr"),
    ("upsets_per_accelerator_year", "upsets", "a year and accelerator"),
)
"""Columns of dose_map.parquet, and what the map calls them."""
KINDS = {
    "silent": "silent corruptions",
    "uncorrectable": "uncorrectable errors",
    "interrupt": "interrupts",
    "host": "interrupts of hosts",
    "latch_up": "latch-ups",
}
POINTS = 2000
"""Most upsets that are drawn one by one."""
CELL = 5.0
"""Width of the cells in which more of them are counted [degree]."""
DECADES = 4
"""Most powers of ten that the colours span."""


def usable(table: pa.Table | None) -> bool:
    """True where there is a map to draw."""
    needed = {"latitude_deg", "longitude_deg", LAYERS[0][0]}
    return table is not None and table.num_rows > 3 and needed <= set(table.column_names)


def dose(
    table: pa.Table | None, upsets: pa.Table | None, inclination: object = None
) -> dict[str, Any] | None:
    """Payload of the dose map, None where the run has none.

    Values travel as uint8 on a logarithmic scale, rows from the south, columns from 180° W.

    Args:
        table: content of dose_map.parquet [object]
        upsets: content of upsets.parquet [object]
        inclination: of the orbits [degree]
    Returns:
        payload [object]
    """
    if table is None or not usable(table):
        return None
    latitude = table["latitude_deg"].to_numpy().astype(np.float64)
    longitude = (table["longitude_deg"].to_numpy().astype(np.float64) + 180.0) % 360.0 - 180.0
    south, row = np.unique(latitude.round(6), return_inverse=True)
    west, column = np.unique(longitude.round(6), return_inverse=True)
    layers = []
    for name, label, unit in LAYERS:
        if name not in table.column_names:
            continue
        grid = np.zeros((south.size, west.size))
        grid[row, column] = np.nan_to_num(table[name].to_numpy().astype(np.float64))
        low, high = scale(grid)
        layers.append(
            {
                "label": label,
                "unit": unit,
                "scale": [low, high],
                "values": pack(shade(grid, low, high), "u1"),
            }
        )
    reach = None
    if numbers.is_number(inclination):
        reach = round(min(inclination, 180.0 - inclination), 2)
    return {
        "rows": south.size,
        "columns": west.size,
        "south": float(south[0]),
        "west": float(west[0]),
        "pitch": [_pitch(south), _pitch(west)],
        "layers": layers,
        "reach": reach,
        "upsets": marks(upsets),
    }


def _pitch(values: np.ndarray) -> float:
    return float(np.median(np.diff(values))) if values.size > 1 else 1.0


def scale(grid: np.ndarray) -> tuple[float, float]:
    """From a round value above the largest down to what holds all, at most DECADES lower."""
    largest = float(grid.max(initial=0.0))
    if largest <= 0:
        return 0.1, 1.0
    size = 10.0 ** math.floor(math.log10(largest) + 1e-9)
    high = next(
        step * size for step in (1.0, 2.0, 5.0, 10.0) if step * size >= largest * (1 - 1e-9)
    )
    least = float(grid[grid > 0].min())
    decades = math.ceil(math.log10(high / least) - 1e-9)
    return high / 10.0 ** min(max(decades, 1), DECADES), high


def shade(grid: np.ndarray, low: float, high: float) -> np.ndarray:
    """0 for nothing, else 1 … 255 by the logarithm; what is below the scale is nothing."""
    with np.errstate(divide="ignore"):
        share = np.log10(grid / low) / math.log10(high / low)
    return np.where(share >= 0, 1 + 254 * np.clip(share, 0, 1), 0)


def countable(upsets: pa.Table | None) -> bool:
    """True where upsets were recorded with their places."""
    return (
        upsets is not None
        and upsets.num_rows > 0
        and set(UPSET_COLUMNS) <= set(upsets.column_names)
    )


def marks(upsets: pa.Table | None) -> dict[str, Any] | None:
    """Upsets by place, one by one or, where they are many, counted in cells of CELL degrees.

    Places travel as int16 hundredths of a degree, kinds as uint8 indices of `kinds`.
    """
    if upsets is None or not countable(upsets):
        return None
    names = upsets["kind"].cast(pa.string())
    kinds = sorted(pc.unique(names).to_pylist(), key=[*KINDS, *pc.unique(names).to_pylist()].index)
    kind = np.asarray(pc.index_in(names, pa.array(kinds)).to_numpy(), np.int64)
    latitude = upsets["latitude_deg"].to_numpy().astype(np.float64)
    longitude = (upsets["longitude_deg"].to_numpy().astype(np.float64) + 180.0) % 360.0 - 180.0
    number = np.ones(kind.size, np.int64)
    if kind.size > POINTS:
        wide = int(360 / CELL)
        row = np.clip(((latitude + 90.0) // CELL).astype(np.int64), 0, wide // 2 - 1)
        column = np.clip(((longitude + 180.0) // CELL).astype(np.int64), 0, wide - 1)
        cell, number = np.unique((kind * wide + row) * wide + column, return_counts=True)
        kind, row, column = cell // wide**2, cell // wide % wide, cell % wide
        latitude = (row + 0.5) * CELL - 90.0
        longitude = (column + 0.5) * CELL - 180.0
    return {
        "kinds": [KINDS.get(name, name.replace("_", " ")) for name in kinds],
        "kind": pack(kind, "u1"),
        "latitude": pack(latitude * 100, "<i2"),
        "longitude": pack(longitude * 100, "<i2"),
        "number": pack(number, "<u4"),
        "total": upsets.num_rows,
        "cell": CELL if upsets.num_rows > POINTS else 0,
    }


def radiation_section(folder: "Folder") -> str:
    """HTML of the section without its frame, empty where nothing of it was recorded.

    Args:
        folder: the run [object]
    Returns:
        HTML [object]
    """
    told = listed(facts(folder.summary, folder.upsets))
    picture = MAP if usable(folder.dose_map) else ""
    return "".join(
        [picture, f'<div class="apart">{told}</div>' if told else "", fault_figure(folder.summary)]
    )


def facts(summary: Mapping[str, Any], upsets: pa.Table | None = None) -> list[tuple[str, str]]:
    """Dose and upsets in words and numbers."""

    def get(key: str) -> Any:
        value = dig(summary, f"environment.{key}")
        return value if numbers.is_number(value) else None

    rows = [
        ("Dose", _dose(get("dose_rad_per_year"), get("dose_life_rad"))),
        ("Solar events", _solar(get("dose_solar_rad"), get("solar_events"))),
        (
            "Storm of this run",
            _storm(
                get("storm_protons_per_m2"), get("storm_dose_rad"), get("storm_share_simulated")
            ),
        ),
        ("Sun's activity", _activity(get("solar_activity"), get("solar_activity_life"))),
        (
            "Solar array",
            _array(
                get("array_equivalent_electrons_per_cm2"),
                get("array_power_left_by_radiation"),
                get("array_power_left_declared"),
            ),
        ),
        ("Each accelerator", _rates(get)),
        ("Each satellite", _daily(get("silent_corruptions_per_satellite_day"))),
        ("In this run", _anomaly(upsets, dig(summary, "faults.storm_upsets"))),
    ]
    return [(title, text) for title, text in rows if text]


def _dose(year: float | None, life: float | None) -> str:
    if year is None:
        return ""
    whole = f", {rad(life)} over the life" if life is not None else ""
    return f"{rad(year)} a year from trapped particles{whole}"


def rad(value: float) -> str:
    """Dose in rad, prefixed from a thousand up."""
    return numbers.si(value, "rad") if value >= 1e3 else f"{numbers.significant(value)} rad"


def _solar(taken: float | None, events: float | None) -> str:
    if taken is None:
        return ""
    number = ""
    if events is not None:
        number = f" in {numbers.count(events)} large event{'' if events == 1 else 's'}"
    return f"{rad(taken)}{number} over the life, on top"


def _storm(protons: float | None, taken: float | None, share: float | None) -> str:
    if protons is None or taken is None or share is None:
        return ""
    return (
        f"{numbers.powers(1e-4 * protons)} solar protons a cm² reach the chips, mean over the "
        f"orbits, with {rad(taken)}; {numbers.percent(share, 2)} of them in the time simulated"
    )


def _activity(day: float | None, life: float | None) -> str:
    if day is None:
        return ""
    mean = f", {numbers.percent(life, 2)} mean of the life" if life is not None else ""
    return f"{numbers.percent(day, 2)} on this day{mean}"


def _array(electrons: float | None, left: float | None, declared: float | None) -> str:
    if electrons is None or left is None:
        return ""
    said = f"; {numbers.percent(declared)} declared for all causes" if declared is not None else ""
    return (
        f"{numbers.percent(left)} of its power left after {numbers.powers(electrons)} equivalent "
        f"electrons of 1 MeV a cm² over the life{said}"
    )


def _rates(get: Any) -> str:
    parts = [
        f"{numbers.significant(value, 2)} {name}"
        for key, name in (
            ("silent_corruption", "silent corruptions"),
            ("uncorrectable_error", "uncorrectable errors"),
            ("interrupt", "interrupts"),
            ("latch_up", "latch-ups"),
            ("host_interrupt", "interrupts of its host"),
        )
        if (value := get(f"{key}_per_accelerator_year"))
    ]
    return ", ".join(parts) + " a year" if parts else ""


def _daily(value: float | None) -> str:
    return f"{numbers.significant(value, 2)} silent corruptions a day" if value else ""


def _anomaly(upsets: pa.Table | None, of_storm: Any = None) -> str:
    if upsets is None or not countable(upsets):
        return ""
    inside = pc.sum(pc.cast(upsets["in_anomaly"], pa.int64())).as_py() or 0
    total = upsets.num_rows
    what = "upset" if total == 1 else "upsets"
    storm = ""
    if numbers.is_number(of_storm):
        storm = f", {numbers.percent(of_storm / total)} by protons of the storm"
    return (
        f"{numbers.count(total)} {what}, {numbers.percent(inside / total, 2)} of them in the "
        f"South Atlantic Anomaly{storm}"
    )


MAP = """
<div class="tools maptools">
<label>Colour <select id="layer"></select></label>
<label>Upsets <select id="upset"></select></label>
<output id="doseat"></output>
</div>
<div class="maps">
<figure><figcaption>Dose on the globe<small>drag to turn; at the height of the fleet</small>
</figcaption><canvas id="doseglobe" role="img" aria-label="Radiation around the Earth"></canvas>
</figure>
<figure><figcaption>Dose on the map<small id="dosenote"></small></figcaption>
<canvas id="dosemap" role="img" aria-label="Radiation on a world map"></canvas>
<div class="keys" id="dosekeys"></div></figure>
</div>
"""
