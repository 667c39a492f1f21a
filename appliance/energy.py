"""The energy a device took, where it counts it itself: RAPL for processors, NVML for the accelerator. Never guessed.

Both are counters of the whole device: what else runs on it, and what it takes when idle, is in them. Not covered: the
rest of the machine (fans, disks, power supply), which a meter at the wall sees and these do not.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

_POWERCAP = Path("/sys/class/powercap")
_OUTERMOST = "package-"
_BESIDE = "dram"


@dataclass(frozen=True, slots=True)
class Joules:
    """What was taken between two readings; None where no counter tells."""

    cpu_j: float | None
    gpu_j: float | None


@dataclass(frozen=True, slots=True)
class Reading:
    """Counters at one moment: microjoules by RAPL zone, and the accelerator's millijoules."""

    zones_uj: Mapping[str, int]
    gpu_mj: int | None


class EnergyMeter:
    """The counters this machine lets us read, found once; `note` says why there are none."""

    def __init__(self, powercap: Path = _POWERCAP, gpu: Callable[[], int | None] | None = None) -> None:
        """`powercap` is the sysfs tree of RAPL, `gpu` gives the accelerator's millijoules since it was started."""
        self._wraps_uj, refused = _zones(powercap)
        self._gpu = gpu
        self._powercap = powercap
        self.sources = tuple(
            f"{zone} ({_text(powercap / zone / 'name')})" for zone in sorted(self._wraps_uj)
        ) + (("NVML total energy",) if gpu is not None else ())
        self.note: str | None = None
        if not self.sources:
            self.note = (
                "The processor counts its energy, but only root may read it."
                if refused
                else "This machine tells no energy: it has no RAPL counters and no accelerator that counts."
            )

    def read(self) -> Reading:
        """The counters now. One that fails from here on is left out, and what it would have told is None."""
        zones = {}
        for zone in self._wraps_uj:
            value = _number(self._powercap / zone / "energy_uj")
            if value is not None:
                zones[zone] = value
        return Reading(zones, None if self._gpu is None else self._gpu())

    def since(self, before: Reading) -> Joules:
        """What was taken since then. RAPL's counters start over at a range of their own: once is told and undone."""
        after = self.read()
        cpu_j: float | None = None
        if self._wraps_uj and before.zones_uj.keys() == after.zones_uj.keys() == self._wraps_uj.keys():
            taken = [
                (after.zones_uj[zone] - before.zones_uj[zone]) % wrap for zone, wrap in self._wraps_uj.items()
            ]
            cpu_j = sum(taken) / 1e6
        gpu_j = None
        if before.gpu_mj is not None and after.gpu_mj is not None:
            gpu_j = (after.gpu_mj - before.gpu_mj) / 1e3
        return Joules(cpu_j, gpu_j)


def _zones(powercap: Path) -> tuple[dict[str, int], bool]:
    """Zones to add up, with where their counters start over; and whether there are some that may not be read.

    A package holds its cores; memory (dram) is a zone below the package but not within its count; psys would count all
    of it twice.
    """
    found: dict[str, int] = {}
    refused = False
    for zone in sorted(powercap.glob("intel-rapl:*")):
        name = _text(zone / "name")
        if not (name.startswith(_OUTERMOST) or name == _BESIDE):
            continue
        wrap = _number(zone / "max_energy_range_uj")
        if _number(zone / "energy_uj") is None or wrap is None:
            refused = True
        else:
            found[zone.name] = wrap + 1
    return found, refused


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def accelerator_counter(library: str = "libnvidia-ml.so.1") -> Callable[[], int | None] | None:
    """Reads the accelerator's millijoules through NVML; None where there is none, or it does not count (before Volta).

    It is the one the engine uses: the first that CUDA_VISIBLE_DEVICES names, by number or UUID.
    """
    try:
        nvml = ctypes.CDLL(library)
    except OSError:
        return None
    if nvml.nvmlInit_v2() != 0:
        return None
    handle, millijoules = ctypes.c_void_p(), ctypes.c_ulonglong()
    first = os.environ.get("CUDA_VISIBLE_DEVICES", "").partition(",")[0] or "0"
    if first.isdigit():
        status = nvml.nvmlDeviceGetHandleByIndex_v2(ctypes.c_uint(int(first)), ctypes.byref(handle))
    else:
        status = nvml.nvmlDeviceGetHandleByUUID(first.encode(), ctypes.byref(handle))
    counter = nvml.nvmlDeviceGetTotalEnergyConsumption

    def read() -> int | None:
        return millijoules.value if counter(handle, ctypes.byref(millijoules)) == 0 else None

    return read if status == 0 and read() is not None else None
