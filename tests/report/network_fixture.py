"""Adds a plausible network to a results folder: links, paths, transfers, placement, policies."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import xarray as xr

LIGHT = 299_792_458.0
RADIUS = 6_371e3
STATIONS = (
    ("Svalbard", 78.2, 15.4),
    ("Inuvik", 68.3, -133.5),
    ("Punta Arenas", -53.0, -70.8),
    ("Ashburn gateway", 39.0, -77.5),
    ("Hawaii", 19.0, -155.7),
    ("Canary Islands", 28.3, -16.5),
    ("Hartebeesthoek", -25.9, 27.7),
    ("Dubai", 25.2, 55.3),
    ("Singapore", 1.3, 103.8),
    ("Tokyo gateway", 35.7, 139.6),
    ("Perth", -31.9, 115.9),
    ("Santiago", -33.4, -70.7),
)
CITIES = (
    ("Tokyo", 35.69, 139.69),
    ("Delhi", 28.65, 77.22),
    ("São Paulo", -23.55, -46.63),
    ("Cairo", 30.06, 31.25),
    ("Mexico City", 19.43, -99.13),
    ("New York", 40.71, -74.01),
    ("Lagos", 6.45, 3.39),
    ("London", 51.51, -0.13),
    ("Los Angeles", 34.05, -118.24),
    ("Sydney", -33.87, 151.21),
    ("Johannesburg", -26.2, 28.05),
    ("Reykjavík", 64.15, -21.94),
)
CENTRE = ("Ashburn", 39.04, -77.49)
WORKLOADS = (
    ("chat-inference", "token", 6e-6, 0.09, "A median user is 41 ms from a satellite."),
    ("batch-inference", "token", 2.2e-6, 30.0, "No limit on latency binds; energy decides."),
    ("pretraining", "token", 4e-4, 60.0, "The exchange of gradients needs 400 Gbit/s a node."),
    ("earth-observation", "image", 0.02, 4.0, "The raw images do not fit through the downlink."),
    ("fraud-scoring", "transaction", 3e-7, 0.03, "The way up and down alone takes 58 ms."),
    ("vehicle-health", "frame", 5e-7, 0.002, "The link to the vehicle drops during ascent."),
)


def add(folder: Path, seed: int = 3, city: str = "Tokyo") -> Path:
    """Write the files beside those of `folder_fixture.write`, or of a real run."""
    random = np.random.default_rng(seed)
    path = folder / "timeseries.nc"
    with xr.open_dataset(path, engine="h5netcdf", decode_times=False) as opened:
        series = opened.load()
    rows = _links(series, random, city)
    pq.write_table(pa.Table.from_pylist(rows), folder / "links.parquet")
    pq.write_table(pa.Table.from_pylist(_paths(rows)), folder / "paths.parquet")
    end = float(series["time"][-1])
    pq.write_table(pa.Table.from_pylist(_transfers(end, random)), folder / "transfers.parquet")
    (folder / "placement.json").write_text(json.dumps(_placement(), ensure_ascii=False), "utf8")
    (folder / "policies.json").write_text(json.dumps(_policies()), "utf8")
    _series(series, random, city).to_netcdf(path, engine="h5netcdf")
    summary = json.loads((folder / "summary.json").read_text("utf8"))
    summary["network"] = _summary(rows)
    (folder / "summary.json").write_text(json.dumps(summary, indent=1), "utf8")
    return folder


def _vertex(name: str, kind: str, latitude: float, longitude: float, height: float) -> dict:
    phi, lam = np.deg2rad(latitude), np.deg2rad(longitude)
    up = np.array([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)])
    return {
        "name": name,
        "kind": kind,
        "lat": float(latitude),
        "lon": float(longitude),
        "at": (RADIUS + height) * up,
    }


def _links(series: xr.Dataset, random: np.random.Generator, city: str) -> list[dict[str, Any]]:
    moment = _moment(series)
    now = series.isel(time=moment)
    flying = [
        _vertex(str(name), "satellite", lat, lon, height)
        for name, lat, lon, height in zip(
            series["satellite"].values,
            now["sat_latitude_deg"].values,
            now["sat_longitude_deg"].values,
            now["sat_altitude_m"].values,
            strict=True,
        )
    ]
    stations = [_vertex(n, "station", lat, lon, 0.0) for n, lat, lon in STATIONS]
    cities = [_vertex(city if n == "Tokyo" else n, "city", lat, lon, 0.0) for n, lat, lon in CITIES]
    centre = _vertex(CENTRE[0], "data_centre", CENTRE[1], CENTRE[2], 0.0)
    place = np.array([vertex["at"] for vertex in flying])
    gap = np.linalg.norm(place[:, None] - place[None], axis=2)
    np.fill_diagonal(gap, np.inf)
    pairs = {
        (min(i, j), max(i, int(j))) for i in range(len(flying)) for j in np.argsort(gap[i])[:4]
    }
    rows = []

    def link(kind: str, tail: dict, head: dict, rate: float, use: float) -> None:
        middle = np.linalg.norm((tail["at"] + head["at"]) / 2)
        blocked = bool(kind == "isl" and middle < RADIUS + 80e3)
        use = 0.0 if blocked else use
        rows.append(
            {
                "time_s": float(series["time"][moment]),
                "tail": tail["name"],
                "head": head["name"],
                "kind": kind,
                "tail_kind": tail["kind"],
                "head_kind": head["kind"],
                "tail_lat_deg": tail["lat"],
                "tail_lon_deg": tail["lon"],
                "head_lat_deg": head["lat"],
                "head_lon_deg": head["lon"],
                "length_m": float(np.linalg.norm(tail["at"] - head["at"])),
                "rate_bit_s": 0.0 if blocked else rate,
                "mean_utilisation": use,
                "max_utilisation": min(1.0, 6 * use),
                "occluded": blocked,
            }
        )

    for i, j in sorted(pairs):
        link("isl", flying[i], flying[j], 9.6e12 if gap[i, j] < 1e4 else 1e11, random.lognormal(-7))
    for station in stations:
        seen = [v for v in flying if _elevation(station["at"], v["at"]) > 0.0]
        seen.sort(key=lambda v: float(np.linalg.norm(v["at"] - station["at"])))
        for satellite in seen[:4]:
            link("up", station, satellite, 1e10, min(0.3, random.lognormal(-3)))
        link("fibre", station, centre, 1e13, random.lognormal(-9))
    for user in cities:
        near = min(stations, key=lambda s: float(np.linalg.norm(s["at"] - user["at"])))
        link("fibre", user, near, 1e13, random.lognormal(-8))
    return rows


def _moment(series: xr.Dataset) -> int:
    """After a third of the run, the first time at which the first satellite is near a station."""
    for k in range(series.sizes["time"] // 3, series.sizes["time"]):
        name, height = "", float(series["sat_altitude_m"][k, 0])
        place = (float(series[f"sat_{axis}_deg"][k, 0]) for axis in ("latitude", "longitude"))
        satellite = _vertex(name, "satellite", *place, height)["at"]
        if any(
            _elevation(_vertex(n, "", lat, lon, 0.0)["at"], satellite) > 0.3
            for n, lat, lon in STATIONS
        ):
            return k
    return 0


def _elevation(station: np.ndarray, satellite: np.ndarray) -> float:
    way = satellite - station
    return float(way @ station / np.linalg.norm(way) / np.linalg.norm(station))


def _paths(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """From three cities over their station and one satellite link on to a satellite."""
    up = {row["tail"]: row for row in rows if row["kind"] == "up"}
    onward = {}
    for row in rows:
        if row["kind"] == "isl" and not row["occluded"]:
            onward.setdefault(row["tail"], (row["head"], row["head_lat_deg"], row["head_lon_deg"]))
    found = []
    for row in rows:
        if row["kind"] != "fibre" or row["tail_kind"] != "city" or row["head"] not in up:
            continue
        rise = up[row["head"]]
        hops = [
            (row["tail"], row["tail_lat_deg"], row["tail_lon_deg"], 0.0),
            (row["head"], row["head_lat_deg"], row["head_lon_deg"], 1.5 * 1.468 * row["length_m"]),
            (rise["head"], rise["head_lat_deg"], rise["head_lon_deg"], rise["length_m"]),
        ]
        while hops[-1][0] in onward and len(hops) < 9:
            hops.append((*onward[hops[-1][0]], 2e6))
        time = 0.0
        for k, (name, latitude, longitude, length) in enumerate(hops):
            time += length / LIGHT
            found.append(
                {
                    "path": row["tail"],
                    "from": row["tail"],
                    "to": hops[-1][0],
                    "hop": k,
                    "name": name,
                    "lat_deg": latitude,
                    "lon_deg": longitude,
                    "latency_s": time,
                }
            )
    return found


def _transfers(end: float, random: np.random.Generator) -> list[dict[str, Any]]:
    rows = []
    for i in range(60):
        kind = ("checkpoint", "input", "output", "weights")[i % 4]
        submit = float(random.uniform(0, end))
        start = submit + float(random.exponential(600))
        finish = start + float(random.lognormal(5))
        state = "failed" if i == 17 else "done" if finish < end else "moving"
        if start > end:
            state = "waiting"
        rows.append(
            {
                "kind": kind,
                "job": f"fine-tune {i % 12}",
                "from": "C001" if kind in ("checkpoint", "output") else "Ashburn",
                "to": "Ashburn" if kind in ("checkpoint", "output") else "C001",
                "bytes": int(random.lognormal(25)),
                "submit_s": submit,
                "start_s": start if start <= end else np.nan,
                "finish_s": finish if state == "done" else np.nan,
                "status": state,
            }
        )
    return rows


def _placement() -> list[dict[str, Any]]:
    rows = []
    for number, (name, unit, price, limit, why) in enumerate(WORKLOADS):
        best = ("ground", "orbit", "ground", "aboard", "ground", "aboard")[number]
        for option, dearer, latency in (
            ("orbit", 0.7 if best == "orbit" else 3.1, 0.041),
            ("ground", 1.0, 0.016),
            ("aboard", 0.5 if best == "aboard" else 6.0, 0.0004),
        ):
            able = latency < limit and (option != "aboard" or number >= 3)
            binding = "latency" if latency >= limit else "memory aboard"
            rows.append(
                {
                    "workload": name,
                    "unit": unit,
                    "option": option,
                    "feasible": able,
                    "binding": "" if able else binding,
                    "price_usd": price * dearer,
                    "latency_p50_s": latency,
                    "latency_p99_s": 2.4 * latency,
                    "energy_J": price * 4e4 * (1.3 if option == "ground" else 1.0),
                    "carbon_kg": price * (3e-3 if option == "ground" else 4e-4),
                    "verdict": "best" if option == best else "possible" if able else "impossible",
                    "why": why,
                }
            )
    return rows


def _policies() -> list[dict[str, Any]]:
    return [
        {
            "scenario": scenario,
            "policy": policy,
            "delivered_FLOP": 1.3e23 * share,
            "deadline_missed": missed,
            "usd_per_PFLOP_day": 250 / share,
            "bound_fraction": share,
        }
        for scenario in ("suncatcher", "spacex-ai1")
        for policy, share, missed in (
            ("follow_the_sun", 0.81, 9),
            ("greedy", 0.88, 5),
            ("lookahead", 0.973, 0),
        )
    ]


def _series(series: xr.Dataset, random: np.random.Generator, city: str) -> xr.Dataset:
    time = np.asarray(series["time"])
    median = 0.040 + 0.012 * np.sin(2 * np.pi * time / 5800) ** 2
    base = np.linspace(0.018, 0.16, len(CITIES))
    regional = base[:, None] * np.array([0.6, 1.0, 1.7, 2.4]) + random.uniform(0, 0.004, (12, 4))
    regional[-1, 3] = np.inf
    use = np.sort(random.lognormal(-6, 1, (time.size, 7)), axis=1)
    offered = 4e9 * (1 + 0.5 * np.sin(2 * np.pi * time / 86400))
    return series.assign(
        latency_p50_s=("time", median),
        latency_p99_s=("time", 2.6 * median),
        region_latency_s=(("region", "latency_quantile"), np.sort(regional, axis=1)),
        link_utilisation=(("time", "quantile"), np.minimum(use, 1.0)),
        offered_bit_s=("time", offered),
        delivered_bit_s=("time", 0.98 * offered),
    ).assign_coords(
        region=[city if name == "Tokyo" else name for name, _, _ in CITIES],
        latency_quantile=[0.05, 0.5, 0.95, 0.99],
    )


def _summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    isl = [row for row in rows if row["kind"] == "isl" and not row["occluded"]]
    up = [row for row in rows if row["kind"] == "up"]
    busy = max(rows, key=lambda row: row["max_utilisation"])
    return {
        "modelled": True,
        "topology": "mesh",
        "links_isl": len(isl),
        "links_ground_mean": max(6.4, float(len(up))),
        "blocked_links": 0.0,
        "isl_rate_bit_s": 9.6e12,
        "ground_rate_bit_s": 1e10,
        "reachable_fraction": 0.981,
        "contact_fraction": 0.742,
        "latency_p50_s": 0.0462,
        "latency_p99_s": 0.1381,
        "hops_mean": 3.4,
        "request_bytes": 5_312_004_122,
        "transfers": {
            "offered_bytes": 8_000_000_000_000,
            "delivered_bytes": 7_400_000_000_000,
            "waiting_bytes": 590_000_000_000,
            "failed_bytes": 10_000_000_000,
        },
        "sensor": {
            "produced_bytes": 2_000_000_000_000,
            "processed_bytes": 1_800_000_000_000,
            "downlinked_bytes": 150_000_000_000,
            "stored_bytes": 50_000_000_000,
            "lost_bytes": 0,
        },
        "utilisation_max": busy["max_utilisation"],
        "binding_link": f"{busy['tail']} – {busy['head']}",
        "residual_bytes": 0,
    }
