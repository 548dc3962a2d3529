"""The commented scenario that a newcomer starts from, written out of the schema itself."""

import json
from datetime import datetime
from typing import Final

from dawndusk.scenario import trees
from dawndusk.scenario.errors import Fault
from dawndusk.scenario.fields import AUTO
from dawndusk.scenario.provenance import Value
from dawndusk.scenario.resolved import Scenario, resolve

GIVEN: Final = {
    "description": "sixteen satellites of my own in a dawn–dusk orbit",
    "time": {"duration": "1 day"},
    "constellation": {
        "kind": "sun_synchronous",
        "altitude": "650 km",
        "local_time": "18:00",
        "satellites": 16,
    },
    "satellite": {
        "design": "generic",
        "compute": {"accelerator": "h100", "count": 8},
        "bus": {"load": "800 W"},
    },
    "ground": {"site": "virginia"},
    "workload": {"model": "llama-3-8b", "rate": "4 request/s"},
    "economics": {"launcher": "starship"},
}
"""What the starter gives."""

SHOWN: Final = (
    ("", "name", "description"),
    ("time", "start", "duration", "step", "seed"),
    ("constellation", "kind", "altitude", "local_time", "satellites", "planes"),
    ("satellite", "design", "life"),
    ("satellite.compute", "accelerator", "count", "host_power"),
    ("satellite.bus", "load"),
    ("satellite.array", "area", "efficiency", "degradation_per_year"),
    ("satellite.battery", "capacity", "depth_of_discharge"),
    ("satellite.thermal", "radiator_area", "throttle_temperature"),
    ("satellite.sizing", "compute_power", "margin", "eclipse_operation"),
    ("ground", "site", "nodes", "power_price", "pue"),
    ("radiation", "shielding", "activity"),
    ("network", "topology", "terminal", "terminals", "ground_terminal", "stations", "users"),
    ("workload", "model", "rate", "cities", "trace", "patience"),
    ("faults", "enabled", "interruption_rate"),
    ("fleet", "policy", "spares", "horizon", "moments"),
    ("placement", "policy"),
    ("economics", "launcher", "launch_price", "discount_rate_space"),
    ("record", "interval", "requests"),
)
"""Tables and keys on show; those that are not given stand as comments with what then holds."""

HEAD: Final = """\
# A scenario for dawndusk. Run it: dawndusk run my.toml
# Quantities are text with a unit: "650 km", "4 kWh", "5 min", "0.087 USD/kWh".
# A key after "#" shows what holds without it; remove the "#" to change it.
# Names come from the catalogue: dawndusk list, dawndusk show accelerator.h100.
# Any value may say where it is from:
#   area = { value = "105 m²", source = "data sheet", date = "2026", confidence = "public" }
"""

JOB: Final = """\
# Training and batch jobs fill what the requests leave; each begins with [[workload.jobs]].
[[workload.jobs]]
name = "fine-tuning"
kind = "training"          # or "batch"
model = "llama-3-8b"       # work is 6 · parameters · tokens; or give work = "50 EFLOP"
tokens = 1e8
nodes = 4                  # satellites at a time
deadline = "1 day"
output = "16 GB"           # to the ground when it is done; input would wait for its way up
"""


def starter_toml(name: str = "my-design") -> str:
    """A scenario to begin with.

    Args:
        name: of the scenario [object]
    Returns:
        TOML text that loads as it is [object]
    """
    faults: list[Fault] = []
    given = trees.read({**GIVEN, "name": name}, "user", faults)
    scenario = resolve(given, {}, faults, "starter")
    blocks = [_block(scenario, given, table, keys) for table, *keys in SHOWN]
    jobs = next(place for place, (table, *_) in enumerate(SHOWN) if table == "workload") + 1
    return "\n".join([HEAD, *blocks[:jobs], JOB, *blocks[jobs:]])


def _block(scenario: Scenario, given: trees.Tree, table: str, keys: list[str]) -> str:
    lines = [f"[{table}]"] if table else []
    for key in keys:
        path = f"{table}.{key}" if table else key
        value = scenario.values[path]
        assignment = f"{key} = {_assigned(value)}"
        if trees.find(given, path) is None:
            assignment = f"# {assignment}"
        lines.append(f"{assignment:<40} # {value.meaning}" if value.meaning else assignment)
    return "\n".join(lines) + "\n"


def _assigned(value: Value) -> str:
    bare = isinstance(value.value, int | float) and not value.unit
    if value.text != AUTO and (bare or isinstance(value.value, datetime)):
        return value.text
    return json.dumps(value.text, ensure_ascii=False)
