"""One bundle, unpacked and installed into a folder of its own. Complete when its last file is there, not before."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

from .bundle import BoxError, Head, unpack
from .layout import INSTALLED, Layout, remove, sync_folder, write_whole

ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": "/nonexistent"}
"""All that a program we start gets to see: no proxy, no index, no library setting of the caller."""


def install_version(bundle: Path, head: Head, layout: Layout) -> Path:
    """The folder of the bundle's version, installed; one that is complete already is taken as it is."""
    target = layout.versions / head.name
    if layout.is_complete(head.name):
        told = json.loads((target / INSTALLED).read_text(encoding="utf-8"))
        if told["manifest_sha256"] != head.manifest_sha256:
            raise BoxError(
                f"release {head.release} of {head.version} is installed already, and differs from this bundle: "
                "its maker has given one number to two bundles"
            )
        return target
    remove(target)
    target.mkdir(parents=True)
    try:
        manifest = unpack(bundle, head, target)
        (target / "head").write_bytes(head.raw)
        _make_environment(target, manifest)
    except BaseException:
        remove(target)  # a full disk, say, has its room back
        raise
    os.sync()
    write_whole(target / INSTALLED, {"manifest_sha256": head.manifest_sha256, "release": head.release})
    sync_folder(layout.versions)
    return target


def _make_environment(target: Path, manifest: dict[str, Any]) -> None:
    """A virtual environment with exactly the bundle's wheels, each held against its hash once more."""
    venv = target / "venv"
    _run([sys.executable, "-I", "-m", "venv", "--without-pip", str(venv)], "make an environment")
    uv = _unpack_uv(target)
    command = [str(uv), "pip", "install", "--quiet", "--no-config", "--offline", "--no-index", "--no-deps"]
    command += ["--find-links", str(target / "wheels"), "--require-hashes", "--only-binary", ":all:"]
    command += ["--python", str(venv / "bin" / "python"), "--compile-bytecode"]
    command += ["--cache-dir", str(target / "cache"), "--link-mode", "hardlink"]
    for part in sorted((target / "requirements").iterdir()):
        command += ["-r", str(part)]
    _run(command, "install the wheels")
    for spare in ("cache", "tools", "wheels", "venv/.lock"):  # what they held is in the environment now
        remove(target / spare)
    if not (venv / "bin" / "stillhouse").exists():
        raise BoxError(
            f"the bundle of {manifest['version']} brought no `stillhouse` command: it was built wrongly"
        )


def _unpack_uv(target: Path) -> Path:
    """The installer of wheels is a single program, and comes as a wheel itself."""
    (wheel,) = (target / "wheels").glob("uv-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("/scripts/uv"))
        uv = target / "tools" / "uv"
        uv.parent.mkdir()
        uv.write_bytes(archive.read(name))
    uv.chmod(0o755)
    return uv


def _run(command: list[str], purpose: str) -> None:
    done = subprocess.run(command, env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise BoxError(f"could not {purpose}: {Path(command[0]).name} says: {last}")
