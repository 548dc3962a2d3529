"""Adds a plausible life to a results folder: the fleet over years, dose, upsets, sampled days."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

CAUSES = ("defect", "chance", "wear", "dose", "debris", "collision")
KINDS = ("silent", "uncorrectable", "interrupt", "host", "latch_up")


def add(folder: Path, *, months: int = 120, upsets: int = 400, seed: int = 5) -> Path:
    """Write the files beside those of `folder_fixture.write`, or of a real run."""
    random = np.random.default_rng(seed)
    path = folder / "summary.json"
    summary = json.loads(path.read_text(encoding="utf8"))
    number = summary["fleet"]["satellites"]
    fleet = _fleet(number, months, summary["fleet"]["mass_kg"] / number, random)
    pq.write_table(pa.table(fleet), folder / "fleet.parquet")
    pq.write_table(pa.table(_survival(months)), folder / "survival.parquet")
    grid = _dose_map()
    pq.write_table(pa.table(grid), folder / "dose_map.parquet")
    if upsets:
        pq.write_table(pa.table(_upsets(grid, upsets, random)), folder / "upsets.parquet")
    peak = summary["compute"]["peak_FLOPS"]
    pq.write_table(pa.table(_days(number, peak)), folder / "days.parquet")
    summary["fleet"] |= _totals(fleet, months)
    summary["environment"] = _environment()
    summary["upkeep"] = upkeep()
    summary["faults"] = faults(summary["compute"]["delivered_FLOP"])
    path.write_text(json.dumps(summary, indent=1), encoding="utf8")
    return folder


def _fleet(number: int, months: int, mass: float, random: np.random.Generator) -> dict[str, Any]:
    """Satellites of one mission life, half of them replaced when the first retire."""
    month = np.arange(1, months + 1)
    age = (month - 1) % 60
    wanted = np.full(months, number)
    dip = np.where(age < 6, 0.04 * (6 - age), 0.0) + np.where(month < 3, 0.6, 0.0)
    working = np.round(number * (1 - dip), 1)
    failures = {
        "defect": 0.012 * number * np.exp(-age / 2.0),
        "chance": np.full(months, 0.0017 * number),
        "wear": 0.004 * number * (age / 60.0) ** 2,
        "dose": np.full(months, 1e-5 * number),
        "debris": 4e-5 * number * 1.01**month,
        "collision": np.full(months, 2e-6 * number),
    }
    failed = np.sum(list(failures.values()), axis=0)
    placed = np.where(age < 2, number / 2.0, failed)
    launches = placed / max(1.0, number / 6.0)
    lost = 0.02 * placed
    retired = np.where((age == 0) & (month > 12), 0.9 * number, 0.0)
    return {
        "month": month,
        "year": 2027.2 + month / 12.0,
        "wanted": wanted,
        "working_p5": 0.93 * working,
        "working_p50": working,
        "working_p95": np.minimum(1.04 * working, number),
        "capacity_p5": 0.93 * working * 0.997**age,
        "capacity_p50": working * 0.997**age,
        "capacity_p95": np.minimum(1.04 * working, number) * 0.997**age,
        "alive": working,
        "built": placed + lost,
        "placed": placed,
        "lost": lost,
        "failed": failed,
        "retired": retired,
        "reentered": 0.97 * retired + 0.2 * failed,
        "derelicts": np.cumsum(0.8 * failed + 0.03 * retired),
        "launches": launches,
        "launch_failures": 0.02 * launches,
        "launches_p5": np.floor(0.6 * launches),
        "launches_p95": np.ceil(1.5 * launches),
        "kits_launched": np.zeros(months),
        "swaps": np.zeros(months),
        "mass_launched_kg": mass * (placed + lost),
        **{f"failures_{cause}": values for cause, values in failures.items()},
    }


def _survival(months: int) -> dict[str, Any]:
    age = np.arange(months + 1) / 12.0
    lost = {
        "defect": 0.03 * (1 - np.exp(-age / 0.12)),
        "chance": 0.02 * age,
        "wear": 0.05 * (age / 5.0) ** 3 * np.exp(-0.3 * np.maximum(age - 5, 0)),
        "dose": 1e-4 * age,
        "debris": 5e-4 * age,
        "collision": 2e-5 * age,
    }
    alive = np.maximum(0.0, 1 - np.sum(list(lost.values()), axis=0))
    wobble = 1 + 0.004 * np.sin(7 * age)
    return {
        "age_yr": age,
        "survival": alive,
        "simulated": np.minimum(1.0, alive * wobble),
        **{f"lost_{cause}": values for cause, values in lost.items()},
    }


def _dose_map() -> dict[str, Any]:
    """The anomaly as a hump over South America, two faint belts of electrons, nothing else."""
    latitude, longitude = np.meshgrid(
        np.arange(-88.5, 90, 3), np.arange(-178.5, 180, 3), indexing="ij"
    )
    hump = np.exp(-(((latitude + 28) / 16) ** 2) - ((longitude + 48) / 33) ** 2)
    belts = np.exp(-(((np.abs(latitude + 10 * np.cos(np.deg2rad(longitude))) - 60) / 5) ** 2))
    return {
        "latitude_deg": latitude.ravel(),
        "longitude_deg": longitude.ravel(),
        "dose_rad_per_year": (3300 * hump + 60 * belts + 0.4).ravel(),
        "upsets_per_accelerator_year": (220 * hump + 0.6).ravel(),
    }


def _upsets(grid: dict[str, Any], number: int, random: np.random.Generator) -> dict[str, Any]:
    weight = grid["upsets_per_accelerator_year"] * np.cos(np.deg2rad(grid["latitude_deg"]))
    cell = random.choice(weight.size, number, p=weight / weight.sum())
    latitude = grid["latitude_deg"][cell] + random.uniform(-1.5, 1.5, number)
    longitude = grid["longitude_deg"][cell] + random.uniform(-1.5, 1.5, number)
    kind = random.choice(KINDS[:4], number, p=[0.69, 0.27, 0.01, 0.03])
    return {
        "time_s": np.sort(random.uniform(0, 43_200, number)),
        "site": [f"shell-{k:04d}" for k in random.integers(0, 12, number)],
        "kind": kind,
        "latitude_deg": latitude,
        "longitude_deg": longitude,
        "in_anomaly": grid["upsets_per_accelerator_year"][cell] > 12,
    }


def _days(number: int, peak: float) -> dict[str, Any]:
    rows = [
        {
            "moment_yr": moment,
            "season": season,
            "date": date,
            "satellites": round(number * share),
            "age_yr": age,
            "delivered_FLOPS": peak * share * light,
            "delivered_fraction": light,
            "requests_served": int(9_000 * light / 0.34),
            "requests_offered": 9_200,
            "jobs_finished": 11,
            "throttled_fraction": 0.01 * age,
            "unserved_J": 0.0,
            "die_max_K": 341.0 + age,
        }
        for moment, age, share in ((0.0, 0.0, 1.0), (5.0, 2.6, 0.97), (10.0, 3.1, 0.94))
        for season, date, light in (
            ("June solstice", "2027-06-21", 0.31),
            ("equinox", "2027-09-23", 0.34),
            ("December solstice", "2027-12-21", 0.33),
        )
    ]
    return {name: [row[name] for row in rows] for name in rows[0]}


def _totals(fleet: dict[str, Any], months: int) -> dict[str, Any]:
    def total(name: str) -> float:
        return float(fleet[name].sum())

    years = months / 12.0
    wanted = fleet["wanted"].sum()
    found: dict[str, Any] = {
        "horizon_yr": years,
        "runs": 100,
        "launches_life": total("launches"),
        "launches_per_year": total("launches") / years,
        "launch_failures": total("launch_failures"),
        "built": total("built"),
        "lost_at_launch": total("lost"),
        "failed": total("failed"),
        "retired": total("retired"),
        "swaps": 0.0,
        "swaps_failed": 0.0,
        "mass_launched_kg": total("mass_launched_kg"),
        "reentries_per_year": total("reentered") / years,
        "derelicts_end": float(fleet["derelicts"][-1]),
        "debris_growth": 1.3,
        "survival_end_of_life": 0.81,
        "working_mean_fraction": total("working_p50") / wanted,
        "capacity_mean_fraction": total("capacity_p50") / wanted,
        "capacity_end_fraction": 0.83,
        "losses": {cause: total(f"failures_{cause}") for cause in CAUSES}
        | {"launch": total("lost")},
        "residual_satellites": 0,
    }
    shown = ("launches_life", "working_mean_fraction", "capacity_mean_fraction")
    found["bands"] = {
        name: {key: factor * found[key] for key in shown}
        for name, factor in (("p5", 0.94), ("p50", 1.0), ("p95", 1.03))
    }
    return found


def _environment() -> dict[str, Any]:
    return {
        "dose_rad_per_year": 171.0,
        "dose_life_rad": 856.0,
        "dose_proton_share": 0.97,
        "dose_solar_rad": 236.0,
        "solar_events": 1,
        "solar_activity": 0.53,
        "solar_activity_life": 0.165,
        "protons_per_m2_s": 7.2e5,
        "electrons_per_m2_s": 2.1e7,
        "proton_stream_per_m2_s": 4.3e5,
        "silent_corruption_per_accelerator_year": 9.2,
        "uncorrectable_error_per_accelerator_year": 3.6,
        "interrupt_per_accelerator_year": 0.031,
        "latch_up_per_accelerator_year": 0.0,
        "host_interrupt_per_accelerator_year": 0.33,
        "silent_corruptions_per_satellite_day": 1.41,
        "array_equivalent_electrons_per_cm2": 7e12,
        "array_power_left_by_radiation": 0.997,
        "array_power_left_declared": 0.882,
    }


def upkeep() -> dict[str, Any]:
    """The group of summary.json, of a satellite at 650 km."""
    return {
        "air_density_kg_m3": 4.3e-14,
        "drag_area_m2": 42.0,
        "drag_delta_v_m_s_per_year": 9.7,
        "formation_delta_v_m_s_per_year": 0.0,
        "avoidance_manoeuvres_per_year": 31.0,
        "avoidance_delta_v_m_s_per_year": 0.42,
        "disposal_delta_v_m_s": 162.0,
        "delta_v_life_m_s": 213.0,
        "propellant_kg": 11.3,
        "unkept_decay_s": 2.1e8,
        "passive_decay_s": 1.9e8,
        "within_disposal_rule": True,
        "highest_passive_orbit_m": 590e3,
        "body_radius_m": 6.1,
        "exposed_area_m2": 2.3,
        "debris_hits_per_year": {"low": 2e-3, "middle": 1.6e-2, "high": 0.14},
        "penetrations_per_year": {"low": 2e-4, "middle": 1.6e-3, "high": 9e-3},
        "disabled_per_year": 1.6e-3,
        "collisions_per_year": 4e-7,
    }


def faults(work: float) -> dict[str, Any]:
    """The group of summary.json, where a thousandth of the delivered work was lost."""
    shares = {
        "hardware": (9, 9_000.0, 0.55, 2),
        "uncorrectable": (6, 1_800.0, 0.25, 0),
        "interrupt": (0, 0.0, 0.0, 0),
        "host": (2, 3_600.0, 0.08, 1),
        "latch_up": (0, 0.0, 0.0, 0),
        "safe_mode": (1, 40_000.0, 0.12, 1),
    }
    return {
        "interruptions": sum(row[0] for row in shares.values()),
        "loss_FLOP": 1.1e-3 * work,
        "by_cause": {
            cause: {
                "interruptions": number,
                "down_s": down,
                "lost_FLOP": 1e-3 * work * share,
                "requests_failed": failed,
            }
            for cause, (number, down, share, failed) in shares.items()
        },
        "checkpoint_FLOP": 1e-4 * work,
        "silent_corruptions": {"total": 17, "on_jobs": 9, "serving": 6, "idle": 2},
    }
