"""A fleet of ten satellites, its prices, and a consistent day of totals, for the ledger's tests."""

import math
from types import SimpleNamespace

import numpy as np

from dawndusk import deployment, fleet_inputs
from dawndusk.constants import DAY, JULIAN_YEAR
from dawndusk.execution import modelled
from dawndusk.fleet import replacement
from dawndusk.record import Events, Record, Series

PER_YEAR = 1.0 / JULIAN_YEAR
KWH = 3.6e6

PRICES = {
    "discount_rate_space": 0.15,
    "discount_rate_ground": 0.10,
    "launch_price": 500.0,
    "accelerator_price": 30e3,
    "host_price_factor": 0.3,
    "array_price": 10.0,
    "battery_price": 0.6 / 3600.0,
    "radiator_price": 5e3,
    "bus_price": 1e3,
    "integration_fraction": 0.1,
    "nre": 1e6,
    "insurance_fraction": 0.05,
    "operations_fraction": 0.01 * PER_YEAR,
    "accelerator_failure_rate": 0.09 * PER_YEAR,
    "infant_mortality": 0.02,
    "satellite_failure_rate": 0.01 * PER_YEAR,
    "ground_construction": 11.7,
    "ground_life": 15.0 * JULIAN_YEAR,
    "server_life": 5.0 * JULIAN_YEAR,
    "ground_operations_fraction": 0.03 * PER_YEAR,
    "ground_accelerator_failure_rate": 0.09 * PER_YEAR,
    "water_use": 0.3e-3 / KWH,
    "water_price": 3.0,
    "antenna_price": 22.0 / 60.0,
    "carbon_price": 0.0,
    "launch_carbon": 26.0,
    "price_year": 2026,
}


class Origins(dict):
    def __missing__(self, path):
        return SimpleNamespace(
            origin="default", source=path, date="2026", confidence="public", low=0.5, high=None
        )


def scenario(**prices):
    return SimpleNamespace(
        name="test",
        storm=None,
        economics=SimpleNamespace(**PRICES | prices),
        satellite=SimpleNamespace(
            life=5.0 * JULIAN_YEAR, compute=SimpleNamespace(count=8, host_power=1000.0)
        ),
        ground=SimpleNamespace(
            nodes=None,
            power_price=0.08 / KWH,
            pue=1.2,
            carbon_intensity=0.4 / KWH,
            hybrid=False,
            hybrid_nodes=0,
        ),
        accelerator=SimpleNamespace(tdp=700.0),
        site=SimpleNamespace(name="Iowa"),
        network=SimpleNamespace(enabled=False),
        fleet=SimpleNamespace(
            enabled=True,
            horizon=5.0 * JULIAN_YEAR,
            spares=0,
            accelerator_spares=0,
            lead_time=90.0 * DAY,
            infant_time=45.0 * DAY,
            wear_shape=3.0,
            worn_at_life=0.0,
            refresh=0.0,
            servicing=SimpleNamespace(
                enabled=False,
                mendable=0.6,
                success=0.9,
                module_price_share=0.5,
                servicer_price=20e6,
                visit_price=0.2e6,
            ),
        ),
        provenance=Origins(),
    )


def fleet(satellites=10):
    return SimpleNamespace(
        satellites=satellites,
        masses={"bus": 100.0, "structure": 50.0, "total": 600.0},
        launches=1,
        array_peak_W=20e3,
        battery_capacity_J=5e6,
        radiator_area_m2=12.0,
        period_s=5863.7,
        inclination_rad=math.radians(97.986),
        sunlit_fraction=0.961,
        eclipse_max_s=1000.0,
        beta_start_rad=math.radians(80.0),
    )


def totals(**changes):
    """A consistent day of ten satellites of eight accelerators."""
    accelerators = 80.0
    peak = accelerators * 1e15 * DAY
    consumed = 60e3 * DAY
    return {
        "generated_J": 100e3 * DAY,
        "curtailed_J": 38e3 * DAY,
        "consumed_J": consumed,
        "unserved_J": 0.0,
        "battery_loss_J": 1e3 * DAY,
        "stored_start_J": 1e7,
        "stored_end_J": 1e7 + 1e3 * DAY,
        "heat_in_J": 7e9,
        "radiated_J": 6.9e9,
        "heat_stored_change_J": 0.1e9,
        "facility_J": consumed,
        "peak_FLOP": peak,
        "loss_power_FLOP": 0.1 * peak,
        "loss_thermal_FLOP": 0.05 * peak,
        "loss_network_FLOP": 0.0,
        "loss_faults_FLOP": 0.02 * peak,
        "loss_idle_FLOP": 0.4 * peak,
        "loss_roofline_FLOP": 0.23 * peak,
        "delivered_FLOP": 0.2 * peak,
        "accelerator_s": accelerators * DAY,
        "busy_accelerator_s": 0.5 * accelerators * DAY,
        "die_max_K": 350.0,
        "radiator_max_K": 330.0,
        "throttled_fraction": 0.01,
        "offered": 1000,
        "served": 900,
        "dropped": 50,
        "failed": 10,
        "waiting": 40,
        "tokens_in": 900_000,
        "tokens_out": 200_000,
        "jobs_submitted": 5,
        "jobs_finished": 2,
        "jobs_running": 1,
        "jobs_waiting": 1,
        "jobs_failed": 1,
        "jobs_deadline_missed": 1,
        "satellite_steps": 14_400,
        "cpu_s": 0.5,
    } | changes


def ground_totals(**changes):
    day = totals()
    consumed = 70e3 * DAY
    only = {"consumed_J": consumed, "facility_J": 1.2 * consumed, "generated_J": consumed}
    none = dict.fromkeys(
        ("curtailed_J", "battery_loss_J", "stored_start_J", "stored_end_J", "loss_power_FLOP"), 0.0
    )
    more = {"delivered_FLOP": day["delivered_FLOP"] + day["loss_power_FLOP"]}
    return day | none | only | more | changes


def record(sums, served=900):
    statuses = np.full(len(TTFT), modelled.DROPPED)
    statuses[:served] = modelled.SERVED
    requests = {
        "arrival_s": ARRIVAL,
        "first_token_s": ARRIVAL + TTFT,
        "finish_s": ARRIVAL + 3.0 * TTFT,
        "status": statuses,
    }
    return Record(sums, Series(), Events(), requests, {}, (), {}, DAY, True)


ARRIVAL = np.linspace(0.0, 1000.0, 1000)
TTFT = np.random.default_rng(1).exponential(0.5, 1000)


def years(
    satellites=10,
    months=60,
    runs=1,
    failure=0.0,
    success=1.0,
    price_factor=1.0,
    service=fleet_inputs.NO_SERVICE,
    seed=1,
    **plan,
):
    """The fleet of ten satellites of 600 kg over the years; `failure` is the chance a month."""
    made = replacement.plan(
        np.full(months, satellites),
        np.broadcast_to(failure, (1, months)),
        per_launch=5,
        launches=plan.pop("launches", 10_000),
        success=success,
        retire_age=60,
        **plan,
    )
    none = np.zeros(0)
    return deployment.Deployment(
        months=months,
        years=2027.0 + np.arange(1, months + 1) / 12.0,
        wanted=made.wanted,
        made=made,
        history=replacement.simulate(made, seed, runs),
        causes=("chance",),
        ages=none,
        survival=np.ones(61),
        lost=none,
        simulated=none,
        satellites=satellites,
        satellite_mass=600.0,
        per_launch=5,
        cadence=12000.0,
        service=service,
        price_factor=np.full(months, price_factor),
        debris_growth=np.ones(months),
    )
