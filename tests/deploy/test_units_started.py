"""The services as systemd starts them: its own settings are the sandbox, and the key comes as a credential."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sysconfig
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from installer.layout import Box
from installer.services import UNITS, write_commands, write_units
from small_bundle import DEPLOY

from appliance.keeping.at_rest import Master

_UNIFIED = next(
    (
        path
        for path in (Path("/sys/fs/cgroup/unified"), Path("/sys/fs/cgroup"))
        if (path / "cgroup.procs").exists()
    ),
    None,
)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.long,
    pytest.mark.skipif(
        os.geteuid() != 0
        or _UNIFIED is None
        or not Path("/usr/lib/systemd/systemd").exists()
        or not Path("/usr/bin/python3.11").exists()
        or not shutil.which("ip"),
        reason="needs root, systemd, a cgroup2 file system, Debian's Python 3.11 and iproute2",
    ),
]

KEY = "ab" * 32

STILLHOUSE = """#!/bin/sh
export PYTHONPATH=/code:/site-packages PYTHONDONTWRITEBYTECODE=1
exec /usr/bin/python3.11 -m appliance.cli "$@"
"""

TRIAL = """[Unit]
Wants=stillhouse-worker.service stillhouse-console.service
After=stillhouse-worker.service stillhouse-console.service
SuccessAction=exit-force
FailureAction=exit-force
[Service]
Type=oneshot
ExecStart=/bin/sh /shared/trial.sh
"""

TRIAL_STEPS = """
/usr/bin/python3.11 /shared/probe.py /shared/outside.json 8600
systemctl start stillhouse-probe
systemctl show -p ActiveState -p NRestarts stillhouse-worker stillhouse-console > /shared/services
"""

PROBE = """
import json, os, pathlib, socket, subprocess, sys, time, urllib.request
told = {"writable": [path for path in sys.argv[3:] if not os.statvfs(path).f_flag & os.ST_RDONLY], "user": os.getuid()}
for name, address in (("loopback", "127.0.0.1"), ("another address", "198.51.100.1")):
    try:
        socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", (address, 9))
        told[name] = "sent"
    except OSError as error:
        told[name] = error.strerror
if sys.argv[2] != "0":
    for _ in range(600):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[2]}/login") as answer:
                told["console"] = [answer.status, b"password" in answer.read()]
            break
        except OSError:
            time.sleep(0.2)
else:
    said = subprocess.run(["/opt/stillhouse/bin/stillhouse", "doctor", "--json"], capture_output=True, text=True)
    told["doctor"] = {check["name"]: check for check in json.loads(said.stdout)["checks"]}
pathlib.Path(sys.argv[1]).write_text(json.dumps(told))
"""


@pytest.fixture(scope="module")
def started() -> Iterator[Path]:
    """The folder in which the trial left what it saw, with both services at work beside it."""
    folder = Path(tempfile.mkdtemp(prefix="stillhouse-units-", dir="/tmp"))
    folder.chmod(0o755)
    for name in ("root", "shared", "prefix", "units", "targets"):
        (folder / name).mkdir()
    _lay_prefix(folder / "prefix")
    _lay_units(folder / "units", folder / "prefix" / "units")
    _lay_trial(folder / "shared")
    paths = [folder / "root", folder / "shared", DEPLOY.parent, sysconfig.get_paths()["purelib"]]
    paths += [folder / "prefix", folder / "units", folder / "targets"]
    assert _UNIFIED is not None
    group = _UNIFIED / f"stillhouse-{uuid.uuid4().hex[:8]}"
    group.mkdir()
    boot = Path(__file__).with_name("boot_systemd.sh")
    # Its cgroup is the root of all that it sees.
    script = 'echo $$ > "$0/cgroup.procs"; exec unshare -m -p -n -u -i -C -f --kill-child sh "$@"'
    try:
        subprocess.run(
            ["sh", "-c", script, str(group), str(boot), *map(str, paths)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=300,
        )
        yield folder / "shared"
    finally:
        for path in sorted(group.rglob("*"), reverse=True):
            if path.is_dir():
                path.rmdir()
        group.rmdir()
        shutil.rmtree(folder)


def _lay_prefix(prefix: Path) -> None:
    """An installation of which the code is this source."""
    box = Box("/opt/stillhouse/state", "daemon", False, "key")
    write_commands(prefix / "bin", Path("/opt/stillhouse"), box)
    write_units(prefix / "units", DEPLOY / "units", Path("/opt/stillhouse"), box)
    command = prefix / "current/version/venv/bin/stillhouse"
    command.parent.mkdir(parents=True)
    command.write_text(STILLHOUSE)
    command.chmod(0o755)
    (prefix / "in-use").touch(mode=0o644)
    home = prefix / "state/homes/1"
    home.mkdir(parents=True, mode=0o700)
    shutil.chown(home, "daemon")
    (prefix / "state/settings").write_text("")
    (prefix / "current/home").symlink_to("/opt/stillhouse/state/homes/1")


def _lay_units(units: Path, made: Path) -> None:
    """As they are installed, with the drop-in of docs/install.md; the probe has the worker's own sandbox."""
    for name in UNITS:
        shutil.copy(made / name, units)
    worker = (made / "stillhouse-worker.service").read_text()
    assert worker.count("ExecStart=/opt/stillhouse/bin/stillhouse worker\n") == 1
    closed = "/opt/stillhouse/bin /opt/stillhouse/current /etc /usr /shared/key /opt/stillhouse/state/homes/1"
    probe = worker.replace(
        "ExecStart=/opt/stillhouse/bin/stillhouse worker\nUser=daemon\nRestart=on-failure",
        f"Type=oneshot\nExecStart=/usr/bin/python3.11 /shared/probe.py /shared/probe/told.json 0 {closed}\nUser=daemon",
    ).replace("ReadWritePaths=", "ReadWritePaths=/shared/probe ")
    assert "Type=oneshot" in probe
    (units / "stillhouse-probe.service").write_text(probe)
    for name in (*UNITS, "stillhouse-probe.service"):
        (units / f"{name}.d").mkdir()
        (units / f"{name}.d" / "key.conf").write_text(
            "[Service]\nLoadCredential=stillhouse.key:/shared/key\n"
        )
    (units / "trial.target").write_text("[Unit]\nRequires=trial.service\n")
    (units / "trial.service").write_text(TRIAL)


def _lay_trial(shared: Path) -> None:
    (shared / "key").write_text(KEY)
    (shared / "key").chmod(0o600)
    (shared / "probe").mkdir()
    shutil.chown(shared / "probe", "daemon")
    (shared / "probe.py").write_text(PROBE)
    (shared / "trial.sh").write_text(TRIAL_STEPS)


def told(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text()))


def test_worker_and_console_run_and_the_console_answers(started: Path) -> None:
    assert (started / "services").read_text().split() == ["NRestarts=0", "ActiveState=active"] * 2
    assert told(started / "outside.json")["console"] == [200, True]


def test_a_service_reaches_loopback_and_no_other_address(started: Path) -> None:
    """The same program outside of the sandbox reaches both: it is the unit that refuses."""
    outside, inside = told(started / "outside.json"), told(started / "probe/told.json")
    assert (outside["loopback"], outside["another address"]) == ("sent", "sent")
    assert (inside["loopback"], inside["another address"]) == ("sent", "Operation not permitted")


def test_a_service_opens_its_encrypted_home_with_a_credential_that_only_root_can_read(started: Path) -> None:
    checks = told(started / "probe/told.json")["doctor"]
    assert f"with the key {Master(bytes.fromhex(KEY)).key_id}" in checks["encryption"]["found"]
    assert checks["store"]["ok"] and checks["home"]["ok"]


def test_the_seal_works_inside_the_sandbox(started: Path) -> None:
    """It makes calls that the unit's filter has to let through."""
    inside = told(started / "probe/told.json")
    assert inside["doctor"]["air gap"]["ok"], inside["doctor"]["air gap"]
    assert inside["user"] != 0 and inside["writable"] == ["/opt/stillhouse/state/homes/1"]
