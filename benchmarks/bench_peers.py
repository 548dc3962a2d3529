"""Measure other simulators on the nearest thing they can do: satellite-steps per CPU-second.

Each peer gets its own virtual environment under .venv-peers and runs in its own process (two
of them are copyleft; none is part of dawndusk). A case is a day at 60 s steps. What a peer
computes in that time differs: the last column says what it couples.

Usage: python benchmarks/bench_peers.py [peer ...]
"""

import json
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ENVIRONMENTS = HERE.parent / ".venv-peers"


@dataclass(frozen=True)
class Peer:
    """One simulator: what to install, how it is licensed, what its case couples."""

    name: str
    requirements: tuple[str, ...]
    licence: str
    couples: str
    whole: bool = True
    """Install its declared dependencies too (space-ml-sim wants all of PyTorch for an import)."""


PEERS = (
    Peer(
        "vessim",
        ("vessim==0.16.0",),
        "MIT",
        "array power from a trace, constant load, battery; no orbit, heat or jobs",
    ),
    Peer(
        "orbital-compute",
        ("orbital-compute==0.3.0",),
        "MIT",
        "SGP4 orbit, eclipse, charge, one-node heat, greedy jobs; contacts searched but not used",
    ),
    Peer(
        "space-ml-sim",
        ("space-ml-sim==1.0.0rc1", "numpy", "pandas", "pydantic", "sgp4", "click", "rich"),
        "AGPL-3.0-or-later",
        "Kepler orbit, eclipse, steady-state heat, radiation draws; no battery, no jobs",
        whole=False,
    ),
    Peer(
        "paseos",
        ("paseos==0.2.1",),
        "GPL-3.0",
        "one actor: orbit, charge, one-node heat, activities billed by the host's clock",
    ),
    Peer(
        "sgp4",
        ("sgp4==2.27", "numpy"),
        "MIT",
        "position and velocity only, in compiled C++",
    ),
)


def measure(peer: Peer) -> str:
    """One line of the table; says why where there is no figure."""
    case = HERE / "peers" / f"{peer.name.replace('-', '_')}_case.py"
    python = environment_of(peer)
    if not isinstance(python, str) and not case.exists():
        return "not measured: it installs here, but there is no case for it"
    found = figures_of(python, case)
    if isinstance(found, str):
        return found
    steps, cpu, setup = found["satellite_steps"], found["cpu_s"], found.get("setup_cpu_s", 0.0)
    whole = f"; {steps / (cpu + setup):,.0f} with its set-up" if setup > 0.1 * cpu else ""
    return f"{steps / cpu:12,.0f}  ({steps:,} in {cpu:.2f} CPU-s{whole})"


def environment_of(peer: Peer) -> Path | str:
    """Python of the peer's own environment, made when it is not there, or why there is none."""
    folder = ENVIRONMENTS / peer.name
    python = folder / "bin" / "python"
    if not (folder / ".installed").exists():
        venv.create(folder, with_pip=True, clear=True)
        try:
            install(python, peer)
        except subprocess.CalledProcessError as fault:
            wanted = [line for line in fault.stderr.splitlines() if "No matching" in line]
            return f"not measured, does not install here: {(wanted or ['pip failed'])[-1]}"
        (folder / ".installed").touch()
    return python


def figures_of(python: Path | str, case: Path, *words: str) -> dict[str, Any] | str:
    """What a peer's case prints as JSON, or why there is nothing."""
    if isinstance(python, str):
        return python
    done = subprocess.run([python, case, *words], capture_output=True, text=True)
    if done.returncode:
        return f"not measured, its case failed: {done.stderr.strip().splitlines()[-1]}"
    figures: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return figures


def install(python: Path, peer: Peer) -> None:
    """Install what the peer needs into its own environment."""
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    named, *others = peer.requirements
    alone = [] if peer.whole else ["--no-deps"]
    subprocess.run([*pip, *alone, named], check=True, capture_output=True, text=True)
    if others:
        subprocess.run([*pip, *others], check=True, capture_output=True, text=True)


def main(wanted: list[str]) -> None:
    """Print one block a peer."""
    print("Peers: satellite-steps per CPU-second, a day at 60 s, one process each")
    for peer in PEERS:
        if not wanted or peer.name in wanted:
            print(f"{peer.requirements[0]:<24}{measure(peer)}")
            print(f"{'':<24}{peer.licence}; {peer.couples}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
