"""The service units: systemd reads them, and finds little to object to."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from installer.layout import Box
from installer.services import UNITS, write_commands, write_units
from small_bundle import DEPLOY

pytestmark = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")


@pytest.fixture
def units(tmp_path: Path) -> list[Path]:
    """As they are installed, with commands that exist."""
    box = Box(str(tmp_path / "state"), "daemon", False, "key")
    write_commands(tmp_path / "bin", tmp_path, box)
    write_units(tmp_path / "units", DEPLOY / "units", tmp_path, box)
    return [tmp_path / "units" / name for name in UNITS]


def test_systemd_reads_every_line(units: list[Path]) -> None:
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True)
    ours = [line for line in done.stderr.splitlines() if "stillhouse" in line]
    assert not ours and not any(re.search("@[A-Z]+@", path.read_text()) for path in units)


def test_exposure_is_rated_low(units: list[Path]) -> None:
    """systemd's own score, of 10; without any of the settings it is 9.6."""
    command = ["systemd-analyze", "security", "--offline=true", *map(str, units)]
    said = subprocess.run(command, capture_output=True, text=True).stdout
    scores = {unit: float(score) for unit, score in re.findall(r"level for (\S+): ([0-9.]+)", said)}
    assert set(scores) == set(UNITS) and max(scores.values()) < 2.5


def test_nothing_but_this_machine_can_be_reached_and_only_the_state_be_written(units: list[Path]) -> None:
    for path in units:
        lines = path.read_text().splitlines()
        assert {"IPAddressDeny=any", "IPAddressAllow=localhost", "ProtectSystem=strict", "UMask=0077"} <= set(
            lines
        )
        assert [line for line in lines if line.startswith("ReadWritePaths=")] == [
            f"ReadWritePaths={path.parents[1] / 'state'}"
        ]


def test_the_worker_may_make_the_calls_that_its_seal_needs() -> None:
    """The supervisor of a run reads its processes and takes their listener over."""
    told = (DEPLOY / "units" / "stillhouse-worker.service").read_text()
    allowed = re.findall(r"^SystemCallFilter=(.*)$", told, re.MULTILINE)[0].split()
    source = "".join(path.read_text() for path in (DEPLOY.parent / "appliance" / "airgap").glob("*.py"))
    for call in ("seccomp", "pidfd_getfd", "process_vm_readv"):
        assert call in allowed and call in source.lower()
