"""Writes a small, physically plausible results folder without running the simulator."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import xarray as xr

QUANTILES = [0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0]
ACCELERATOR_FLOPS = 0.989e15
ACCELERATORS = 16
EARTH_RADIUS = 6_378_137.0
MU = 3.986004418e14

SCENARIO = """\
name = {{ value = "{name}", origin = "user" }}
description = "A Walker shell of 12 kW satellites"

[time]
start = 2027-03-20T00:00:00Z
duration = {{ value = "{hours:g} h", origin = "scenario" }}
step = {{ value = "60 s", origin = "default", source = "numerical choice", confidence = "assumed" }}
seed = 7

[constellation]
kind = "walker_delta"
altitude = {{ value = "550 km", source = "FCC filing SAT-MOD-20200417-00037", date = "2020-04-17", \
confidence = "public" }}
inclination = "53 deg"
satellites = {satellites}
planes = 4

[satellite]
design = "starlink-v2-mini"
array = {{ area = {{ value = "{area:g} m^2", origin = "sized" }}, efficiency = {{ value = 0.32, \
source = "Spectrolab XTJ Prime data sheet", date = "2023-01", confidence = "public", \
low = 0.30, high = 0.34 }} }}

[satellite.battery]
capacity = {{ value = "9 kWh", origin = "override" }}
cycle_fade = {{ value = 2e-5, confidence = "assumed", low = 1e-5, high = 5e-5 }}

[economics]
launch_price = {{ value = "1500 USD/kg", source = "Starship, near term", date = "2026", \
confidence = "claim", low = "200 USD/kg", high = "3000 USD/kg" }}
"""


def _orbit(satellites: int, planes: int, time: np.ndarray) -> tuple[np.ndarray, ...]:
    radius = EARTH_RADIUS + 550e3
    rate = np.sqrt(MU / radius**3)
    inclination = np.deg2rad(53.0)
    index = np.arange(satellites)
    node = 2 * np.pi * (index % planes) / planes
    phase = 2 * np.pi * (index // planes) / max(1, satellites // planes) + 0.1 * (index % planes)
    angle = phase + rate * time[:, None]
    position = np.stack(
        [
            np.cos(node) * np.cos(angle) - np.sin(node) * np.sin(angle) * np.cos(inclination),
            np.sin(node) * np.cos(angle) + np.cos(node) * np.sin(angle) * np.cos(inclination),
            np.sin(angle) * np.sin(inclination),
        ],
        axis=-1,
    )
    along = position[..., 0]
    across = np.sqrt(1 - along**2)
    lit = 1 / (1 + np.exp(-60 * (along + np.sqrt(1 - (EARTH_RADIUS / radius) ** 2))))
    lit = np.where(across > EARTH_RADIUS / radius, 1.0, lit)
    latitude = np.rad2deg(np.arcsin(position[..., 2]))
    longitude = np.rad2deg(np.arctan2(position[..., 1], position[..., 0]))
    longitude = (longitude - 360 * time[:, None] / 86164.0905 + 180) % 360 - 180
    return lit, latitude, longitude, np.full_like(lit, 550e3)


def _cluster(time: np.ndarray) -> tuple[np.ndarray, ...]:
    """A 9 × 9 lattice on an equatorial orbit; each satellite moves on a 1 : 2 ellipse."""
    radius = EARTH_RADIUS + 650e3
    rate = np.sqrt(MU / radius**3)
    row, column = np.divmod(np.arange(81), 9)
    out, along = 100.0 * (row - 4), 200.0 * (column - 4)
    angle = (rate * time)[:, None]
    upward = out * np.cos(angle) + along / 2 * np.sin(angle)
    forward = along * np.cos(angle) - 2 * out * np.sin(angle)
    longitude = np.rad2deg(angle + forward / radius) - 360 * time[:, None] / 86164.0905
    shape = (time.size, 81)
    return (
        np.ones(shape),
        np.zeros(shape),
        (longitude + 180) % 360 - 180,
        650e3 + upward,
    )


def _jobs(hours: float) -> pa.Table:
    """Twelve training jobs, each submitted half an hour after the one before."""
    submit = 1800.0 * np.arange(12)
    start = submit + 300.0 * np.arange(12)
    finish = np.where(start + 9e3 < 3600 * hours, start + 9e3, np.nan)
    ended = np.isfinite(finish)
    begun = start < 3600 * hours
    columns = {
        "name": [f"fine-tune {i}" for i in range(12)],
        "kind": ["training"] * 12,
        "status": np.where(ended, "finished", np.where(begun, "running", "waiting")),
        "nodes": np.full(12, 4),
        "submit": submit,
        "deadline": np.where(np.arange(12) % 3, np.inf, submit + 11e3),
        "start": np.where(begun, start, np.nan),
        "finish": finish,
        "work": np.full(12, 1e20),
        "done": np.where(ended, 1e20, 4e19 * begun),
        "rolled_back": np.where(np.arange(12) == 4, 3e18, 0.0),
    }
    return pa.table(columns)


def _balance(name: str, unit: str, offered: float, parts: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "unit": unit,
        "offered": offered,
        "parts": parts,
        "residual_relative": 3e-16,
    }


def _quantiles(values: np.ndarray) -> np.ndarray:
    return np.quantile(values, QUANTILES, axis=1).T


def write(
    folder: Path,
    *,
    name: str = "shell",
    satellites: int = 40,
    hours: float = 24.0,
    interval: float = 300.0,
    area: float = 60.0,
    requests: bool = True,
    jobs: bool = True,
    complete: bool = True,
    warnings: tuple[str, ...] = (),
    seed: int = 7,
    cluster: bool = False,
) -> Path:
    """Write the folder: power, charge and temperature integrated per satellite in numpy."""
    random = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    time = np.arange(interval, hours * 3600 + interval / 2, interval)
    steps = time.size
    lit, latitude, longitude, altitude = _cluster(time) if cluster else _orbit(satellites, 4, time)
    satellites = lit.shape[1]
    generated = 1361 * 0.30 * 0.9 * area * lit
    peak = ACCELERATORS * ACCELERATOR_FLOPS
    demand = 0.62 + 0.25 * np.sin(2 * np.pi * time / 86400 - 1.0) + 0.03 * random.normal(size=steps)
    demand = np.clip(demand, 0, 1)
    capacity = 9 * 3.6e6
    charge = np.empty((steps, satellites))
    die = np.empty_like(charge)
    radiator = np.empty_like(charge)
    busy = np.empty_like(charge)
    consumed = np.empty_like(charge)
    curtailed = np.empty_like(charge)
    energy = np.full(satellites, 0.9 * capacity)
    hot = np.full(satellites, 300.0)
    up = np.ones((steps, satellites))
    for site, step in zip(
        random.integers(0, satellites, 9), random.integers(0, steps, 9), strict=False
    ):
        up[step : step + 6, site] = 0.0
    for k in range(steps):
        wanted = 1500 + 11_000 * demand[k] * up[k]
        available = generated[k] + np.maximum(0, energy - 0.3 * capacity) / interval
        consumed[k] = np.minimum(wanted, available)
        busy[k] = np.maximum(0, consumed[k] - 1500) / 11_000
        surplus = generated[k] - consumed[k]
        stored = np.clip(energy + surplus * interval, 0.3 * capacity, capacity)
        curtailed[k] = np.maximum(0, surplus - (stored - energy) / interval)
        energy = stored
        charge[k] = energy / capacity
        radiative = 2 * 0.9 * 5.670374419e-8 * 9.5
        equilibrium = ((consumed[k] + 900) / radiative) ** 0.25
        hot = hot + (equilibrium - hot) * (1 - np.exp(-interval / 900))
        radiator[k] = hot
        die[k] = hot + 0.0032 * (consumed[k] - 1200)
    roofline = 0.55
    delivered = peak * busy * (1 - roofline)
    ground_use = demand
    offered = int(180 * hours) * 10 if requests else 0
    arrival = np.sort(random.uniform(0, hours * 3600, offered))
    ttft = random.lognormal(np.log(0.35), 0.7, offered)
    finish = arrival + ttft + random.lognormal(np.log(6), 0.5, offered)
    status = random.choice(["served", "dropped", "failed"], offered, p=[0.985, 0.012, 0.003])
    status = np.where((status == "served") & (finish > hours * 3600), "waiting", status)
    served = status == "served"
    queue = 40 * np.maximum(0, demand - 0.75) * satellites + random.poisson(3, steps)
    dataset = xr.Dataset(
        {
            "generated_W": ("time", generated.sum(1)),
            "consumed_W": ("time", consumed.sum(1)),
            "curtailed_W": ("time", curtailed.sum(1)),
            "illumination": ("time", lit.mean(1)),
            "delivered_FLOPS": ("time", delivered.sum(1)),
            "available_FLOPS": ("time", peak * (up * np.minimum(1, charge / 0.35)).sum(1)),
            "peak_FLOPS": ("time", np.full(steps, peak * satellites)),
            "utilisation": ("time", busy.mean(1)),
            "throttled_fraction": ("time", (die > 358).mean(1)),
            "waiting_requests": ("time", queue),
            "running_requests": ("time", 300 * demand),
            "served_rate_Hz": ("time", demand * 0.5),
            "ground_consumed_W": ("time", satellites * (1500 + 11_000 * ground_use)),
            "ground_delivered_FLOPS": ("time", satellites * peak * ground_use * (1 - roofline)),
            "ground_waiting_requests": ("time", random.poisson(2, steps).astype(float)),
            "charge_fraction": (("time", "quantile"), _quantiles(charge)),
            "die_temperature_K": (("time", "quantile"), _quantiles(die)),
            "radiator_temperature_K": (("time", "quantile"), _quantiles(radiator)),
            "sat_charge_fraction": (("time", "satellite"), charge),
            "sat_die_temperature_K": (("time", "satellite"), die),
            "sat_radiator_temperature_K": (("time", "satellite"), radiator),
            "sat_illumination": (("time", "satellite"), lit),
            "sat_utilisation": (("time", "satellite"), busy),
            "sat_latitude_deg": (("time", "satellite"), latitude),
            "sat_longitude_deg": (("time", "satellite"), longitude),
            "sat_altitude_m": (("time", "satellite"), altitude),
            "sun_latitude_deg": ("time", np.zeros(steps)),
            "sun_longitude_deg": ("time", 180 - (180 + time / 240) % 360),
        },
        coords={
            "time": ("time", time, {"units": "s"}),
            "quantile": QUANTILES,
            "satellite": [f"shell-{i:04d}" for i in range(satellites)],
        },
    )
    if not requests:
        dataset = dataset.drop_vars([v for v in dataset.data_vars if "requests" in str(v)])
    dataset.to_netcdf(folder / "timeseries.nc", engine="h5netcdf")
    events: list[dict[str, Any]] = [
        {"time_s": float(t), "kind": kind, "site": int(s), "job": "", "detail": ""}
        for t, s in zip(
            random.uniform(0, hours * 3600, 9), random.integers(0, satellites, 9), strict=False
        )
        for kind in ("fault", "restart")
    ]
    if jobs:
        events += [
            {"time_s": 600.0, "kind": "job_started", "site": 0, "job": "fine-tune", "detail": ""},
            {"time_s": 9e3, "kind": "job_finished", "site": 0, "job": "fine-tune", "detail": ""},
        ]
    events.sort(key=lambda event: event["time_s"])
    pq.write_table(pa.Table.from_pylist(events), folder / "events.parquet")
    if jobs:
        pq.write_table(_jobs(hours), folder / "jobs.parquet")
    if requests:
        table = {
            "arrival_s": arrival,
            "origin": random.integers(0, 20, offered),
            "prompt": random.integers(10, 4000, offered),
            "output": random.integers(10, 900, offered),
            "site": random.integers(0, satellites, offered),
            "first_token_s": np.where(served, arrival + ttft, np.nan),
            "finish_s": np.where(served, finish, np.nan),
            "status": status,
        }
        pq.write_table(pa.table(table), folder / "requests.parquet")
    energies = {
        "generated_J": float(generated.sum() * interval),
        "consumed_J": float(consumed.sum() * interval),
        "curtailed_J": float(curtailed.sum() * interval),
        "stored_change_J": float(energy.sum() - 0.9 * capacity * satellites),
    }
    total = peak * satellites * hours * 3600
    power = (1 - np.minimum(1, charge / 0.35)).mean()
    faults = (1 - up).mean()
    used = busy.mean()
    losses = {
        "power": power,
        "thermal": 0.004,
        "network": 0.0,
        "faults": faults,
        "idle": 1 - used - power - faults - 0.004,
        "roofline": used * roofline,
    }
    ground_losses = dict.fromkeys(losses, 0.0) | {
        "idle": 1 - ground_use.mean(),
        "roofline": ground_use.mean() * roofline,
    }
    accelerator_hours = satellites * ACCELERATORS * 5 * 8766

    def priced(breakdown: dict[str, float], fraction: float) -> dict[str, Any]:
        lifetime = sum(breakdown.values())
        return {
            "lifetime_usd": lifetime,
            "usd_per_accelerator_hour": lifetime / accelerator_hours,
            "usd_per_PFLOP_day": lifetime / (peak / 1e15 * satellites * fraction * 5 * 365.25),
            "usd_per_million_tokens": 0.9 * lifetime / 50e6 if requests else None,
            "breakdown": {f"{item}_usd": price for item, price in breakdown.items()},
            "capital": {
                f"{item}_usd": price
                for item, price in breakdown.items()
                if item not in ("operations", "replacement", "electricity")
            },
        }

    def service() -> dict[str, Any]:
        return {
            "offered": offered,
            "served": int(served.sum()),
            "dropped": int((status == "dropped").sum()),
            "failed": int((status == "failed").sum()),
            "waiting": int((status == "waiting").sum()),
            "ttft_p50_s": float(np.median(ttft[served])) if requests else None,
            "ttft_p99_s": float(np.quantile(ttft[served], 0.99)) if requests else None,
            "latency_p99_s": float(np.quantile((finish - arrival)[served], 0.99))
            if requests
            else None,
            "tokens": int(offered * 450),
        }

    hardware = satellites * ACCELERATORS * 30_000.0
    space = priced(
        {
            "accelerators": hardware,
            "bus": satellites * 250_000.0,
            "array": satellites * 80_000.0,
            "battery": satellites * 9_000.0,
            "radiator": satellites * 20_000.0,
            "launch": satellites * 800 * 1500.0,
            "insurance": satellites * 90_000.0,
            "operations": satellites * 140_000.0,
            "replacement": 0.09 * hardware,
        },
        used * (1 - roofline),
    )
    earth = priced(
        {
            "accelerators": hardware,
            "hosts": 0.25 * hardware,
            "construction": satellites * 12_500 * 10.0,
            "electricity": satellites * 12_500 * 5 * 8.766 * 0.07,
            "operations": satellites * 60_000.0,
            "replacement": 0.06 * hardware,
        },
        ground_use.mean() * (1 - roofline),
    )
    job_counts = {"submitted": 12, "finished": 10, "running": 1, "waiting": 1, "failed": 0}
    no_jobs = dict.fromkeys(job_counts, 0)
    delivered_share = 1 - sum(losses.values())
    ground_energy = float((1500 + 11_000 * ground_use).sum() * interval * satellites)
    summary: dict[str, Any] = {
        "name": name,
        "fleet": {
            "satellites": satellites,
            "mass_kg": satellites * 800.0,
            "launches": -(-satellites // 21),
            "power_W": satellites * 12_500.0,
        },
        "orbit": {
            "period_s": 5739.0,
            "inclination_deg": 53.0,
            "sunlit_fraction": float(lit.mean()),
            "eclipse_max_s": 2140.0,
        },
        "energy": energies | {"residual_relative": 3e-16, "battery_loss_J": 0.0, "unserved_J": 0.0},
        "thermal": {
            "die_max_K": float(die.max()),
            "radiator_max_K": float(radiator.max()),
            "throttled_fraction": float((die > 358).mean()),
        },
        "compute": {
            "peak_FLOPS": peak * satellites,
            "delivered_FLOP": total * delivered_share,
            "delivered_fraction": delivered_share,
            "losses": losses,
        },
        "service": service(),
        "jobs": job_counts if jobs else no_jobs,
        "faults": {"interruptions": 9},
        "cost": space,
        "ground": {
            "energy": {
                "generated_J": ground_energy,
                "consumed_J": ground_energy,
                "facility_J": 1.2 * ground_energy,
            },
            "compute": {
                "peak_FLOPS": peak * satellites,
                "delivered_FLOP": total * (1 - sum(ground_losses.values())),
                "delivered_fraction": 1 - sum(ground_losses.values()),
                "losses": ground_losses,
            },
            "service": service(),
            "jobs": job_counts if jobs else no_jobs,
            "cost": earth,
        },
        "performance": {
            "satellite_steps": satellites * 1440,
            "cpu_s": 0.31,
            "satellite_steps_per_cpu_s": satellites * 1440 / 0.31,
        },
    }
    summary["balances"] = [
        _balance("energy", "J", energies["generated_J"], {"consumed": energies["generated_J"]}),
        _balance("work", "FLOP", total, {"delivered": total * delivered_share, "thermal": 0.0}),
        _balance("requests", "requests", offered, {"served": int(served.sum())}),
        _balance("jobs", "jobs", job_counts["submitted"] if jobs else 0, job_counts),
        _balance("ground energy", "J", ground_energy, {"consumed": ground_energy}),
    ]
    summary["ratio_to_ground"] = {
        key: space[key] / earth[key]
        for key in space
        if key.startswith("usd") and earth[key] is not None
    }
    (folder / "summary.json").write_text(json.dumps(summary, indent=1), encoding="utf8")
    run = {
        "version": "0.1.0",
        "python": "3.12.4",
        "packages": {"numpy": "2.1.0", "numba": "0.61.0"},
        "seed": seed,
        "complete": complete,
        "started": "2026-11-21T05:00:00Z",
        "durations": {"total_s": 4.2, "loop_s": 3.1},
        "command": f"dawndusk run {name}",
        "warnings": list(warnings),
    }
    (folder / "run.json").write_text(json.dumps(run), encoding="utf8")
    text = SCENARIO.format(
        name=name.replace('"', '\\"'), hours=hours, satellites=satellites, area=area
    )
    (folder / "scenario.toml").write_text(text, encoding="utf8")
    return folder
