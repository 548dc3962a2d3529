"""Power that this machine really draws, by what it has to measure it; none where it has nothing."""

import ctypes
import time
from dataclasses import dataclass, field
from pathlib import Path

POWERCAP = Path("/sys/class/powercap")
"""Where Linux shows Intel's and AMD's running average power limit (RAPL)."""

NVML = "libnvidia-ml.so.1"
"""NVIDIA's management library."""


@dataclass
class Meter:
    """What measures, and what it measured last."""

    powercap: Path = POWERCAP
    library: str = NVML
    _packages: dict[Path, int] = field(default_factory=dict)
    """Energy counter of each processor package at the last look [µJ]."""
    _moment: float = 0.0
    _devices: list[ctypes.c_void_p] = field(default_factory=list)
    _nvml: ctypes.CDLL | None = None

    def __post_init__(self) -> None:
        for folder in sorted(self.powercap.glob("*-rapl:*")):
            if (
                folder.name.count(":") == 1
                and (energy := _number(folder / "energy_uj")) is not None
            ):
                self._packages[folder] = energy
        self._moment = time.monotonic()
        self._find_devices()

    @property
    def sources(self) -> list[str]:
        """What can be measured here."""
        rapl = f"RAPL of {len(self._packages)} processor packages"
        nvml = f"NVML of {len(self._devices)} GPUs"
        found = ((rapl, self._packages), (nvml, self._devices))
        return [name for name, there in found if there]

    def measure(self) -> float | None:
        """Power since the last look, of all that can be measured; None where nothing can [W]."""
        now = time.monotonic()
        passed, self._moment = now - self._moment, now
        parts = []
        for folder, before in list(self._packages.items()):
            energy = _number(folder / "energy_uj")
            if energy is None:
                del self._packages[folder]
                continue
            self._packages[folder] = energy
            if energy < before:
                energy += _number(folder / "max_energy_range_uj") or 0
            if passed > 0.0:
                parts.append((energy - before) * 1e-6 / passed)
        for device in self._devices:
            milliwatts = ctypes.c_uint()
            assert self._nvml is not None
            if self._nvml.nvmlDeviceGetPowerUsage(device, ctypes.byref(milliwatts)) == 0:
                parts.append(milliwatts.value * 1e-3)
        return sum(parts) if parts else None

    def _find_devices(self) -> None:
        try:
            library = ctypes.CDLL(self.library)
        except OSError:
            return
        if library.nvmlInit_v2() != 0:
            return
        count = ctypes.c_uint()
        library.nvmlDeviceGetCount_v2(ctypes.byref(count))
        for number in range(count.value):
            device, power = ctypes.c_void_p(), ctypes.c_uint()
            if library.nvmlDeviceGetHandleByIndex_v2(number, ctypes.byref(device)) != 0:
                continue
            if library.nvmlDeviceGetPowerUsage(device, ctypes.byref(power)) == 0:
                self._devices.append(device)
        self._nvml = library


def _number(path: Path) -> int | None:
    """A counter that may not be there or may not be read."""
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
