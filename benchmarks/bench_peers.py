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
    if not case.exists():
        return "not measured: it installs here, but there is no case for it"
    result = subprocess.run([python, case], capture_output=True, text=True)
    if result.returncode:
        return f"not measured, its case failed: {result.stderr.strip().splitlines()[-1]}"
    found = json.loads(result.stdout.strip().splitlines()[-1])
    steps, cpu, setup = found["satellite_steps"], found["cpu_s"], found.get("setup_cpu_s", 0.0)
    whole = f"; {steps / (cpu + setup):,.0f} with its set-up" if setup > 0.1 * cpu else ""
    return f"{steps / cpu:12,.0f}  ({steps:,} in {cpu:.2f} CPU-s{whole})"


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
