from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from appliance.energy import EnergyMeter, accelerator_counter

_RANGE_UJ = 262_143_328_850


def _zone(root: Path, zone: str, name: str, counted_uj: int | None) -> Path:
    folder = root / zone
    folder.mkdir(parents=True)
    (folder / "name").write_text(f"{name}\n")
    (folder / "max_energy_range_uj").write_text(f"{_RANGE_UJ}\n")
    if counted_uj is not None:
        (folder / "energy_uj").write_text(f"{counted_uj}\n")
    return folder / "energy_uj"


def test_packages_and_their_memory_are_added_up_and_nothing_twice(tmp_path: Path) -> None:
    """The core zone is part of its package, and psys of the whole board; memory stands beside its package's count."""
    counters = {
        zone: _zone(tmp_path, zone, name, 1_000_000)
        for zone, name in {
            "intel-rapl:0": "package-0",
            "intel-rapl:0:0": "core",
            "intel-rapl:0:1": "dram",
            "intel-rapl:1": "package-1",
            "intel-rapl:2": "psys",
        }.items()
    }
    _zone(tmp_path, "intel-rapl-mmio:0", "package-0", 5)
    meter = EnergyMeter(tmp_path)
    assert meter.sources == ("intel-rapl:0 (package-0)", "intel-rapl:0:1 (dram)", "intel-rapl:1 (package-1)")
    before = meter.read()
    for zone, more in {
        "intel-rapl:0": 3,
        "intel-rapl:0:0": 100,
        "intel-rapl:0:1": 4,
        "intel-rapl:1": 5,
    }.items():
        counters[zone].write_text(str(1_000_000 + more * 1_000_000))
    counters["intel-rapl:2"].write_text("999999999")
    assert meter.since(before).cpu_j == 12.0
    assert meter.since(before).gpu_j is None and meter.note is None


def test_a_counter_that_started_over_is_undone(tmp_path: Path) -> None:
    counter = _zone(tmp_path, "intel-rapl:0", "package-0", _RANGE_UJ - 1_000_000)
    meter = EnergyMeter(tmp_path)
    before = meter.read()
    counter.write_text("1999999")
    assert meter.since(before).cpu_j == pytest.approx(3.0)


def test_a_counter_that_goes_away_is_not_measured(tmp_path: Path) -> None:
    _zone(tmp_path, "intel-rapl:0", "package-0", 1)
    gone = _zone(tmp_path, "intel-rapl:1", "package-1", 1)
    meter = EnergyMeter(tmp_path)
    before = meter.read()
    gone.unlink()
    assert meter.since(before).cpu_j is None, "half of the processors is not the machine"


def test_a_machine_that_tells_nothing_says_so(tmp_path: Path) -> None:
    meter = EnergyMeter(tmp_path / "absent")
    assert meter.sources == () and meter.note is not None and "no RAPL counters" in meter.note
    assert (meter.since(meter.read()).cpu_j, meter.since(meter.read()).gpu_j) == (None, None)


def test_counters_that_may_not_be_read_are_told_from_none(tmp_path: Path) -> None:
    """Unreadable for us as for a user who is not root, who would be refused the file."""
    _zone(tmp_path, "intel-rapl:0", "package-0", None)
    meter = EnergyMeter(tmp_path)
    assert meter.note is not None and "only root may read it" in meter.note


def test_the_accelerators_counter_is_read_beside(tmp_path: Path) -> None:
    counts = iter([5_000, 12_500])
    meter = EnergyMeter(tmp_path, gpu=lambda: next(counts))
    assert meter.sources == ("NVML total energy",) and meter.note is None
    joules = meter.since(meter.read())
    assert (joules.cpu_j, joules.gpu_j) == (None, 7.5)


def test_an_accelerator_that_falls_silent_is_not_measured(tmp_path: Path) -> None:
    counts = iter([5_000, None])
    meter = EnergyMeter(tmp_path, gpu=lambda: next(counts))
    assert meter.since(meter.read()).gpu_j is None


def test_without_the_library_there_is_no_accelerator() -> None:
    assert accelerator_counter("libno-such-nvml.so") is None


_NVML = """
#include <string.h>
typedef struct { unsigned index; } Device;
static Device devices[4] = {{0}, {1}, {2}, {3}};
int nvmlInit_v2(void) { return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, Device **device) {
    if (index > 3) return 2;
    *device = &devices[index];
    return 0;
}
int nvmlDeviceGetHandleByUUID(const char *uuid, Device **device) {
    if (strcmp(uuid, "GPU-3")) return 6;
    *device = &devices[3];
    return 0;
}
int nvmlDeviceGetTotalEnergyConsumption(Device *device, unsigned long long *millijoules) {
    if (device->index == 2) return 3;
    *millijoules = 1000000000000ull + device->index;
    return 0;
}
"""


@pytest.mark.slow
def test_nvml_is_asked_for_the_device_the_engine_uses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against a library with NVML's signatures; device 2 is one that does not count."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler")
    (tmp_path / "nvml.c").write_text(_NVML)
    library = tmp_path / "libnvml.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, tmp_path / "nvml.c"], check=True)
    for visible, wanted in {"": 0, "1,0": 1, "GPU-3": 3, "2": None, "7": None, "GPU-9": None}.items():
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
        read = accelerator_counter(str(library))
        assert (None if read is None else read()) == (None if wanted is None else 10**12 + wanted)
