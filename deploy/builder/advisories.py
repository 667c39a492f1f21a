"""Whether a pinned package has a fault that is publicly known: asked of pip-audit on a connected machine, told in the bundle.

A bundle is made from a commit and stays the same; what is known changes every day. So the answer is a file of its own
(`bundle.py audit`), which a build is given and puts beside the bill of materials. What nobody could say counts as not checked:
pip-audit itself ends well, and says that nothing is known, where its source has never heard of a package.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from builder.lockfile import LockError, Pin

PIP_AUDIT = "pip-audit==2.10.1"
"""Fetched and run by uv for this one purpose: it is no part of the product or of its development."""


def ask(pins: Iterable[Pin]) -> dict[str, Any]:
    """pip-audit's own report on these versions. Needs a package index with advisories; raises LockError."""
    with tempfile.TemporaryDirectory(prefix="stillhouse-audit-") as scratch:
        wanted, answer = Path(scratch, "wanted.txt"), Path(scratch, "answer.json")
        # A build of a version (torch's +cpu) is none that advisories know by name.
        wanted.write_text("".join(f"{pin.name}=={_public(pin.version)}\n" for pin in pins), encoding="utf-8")
        command = [str(Path(sys.executable).with_name("uv")), "tool", "run", "--from", PIP_AUDIT, "pip-audit"]
        command += ["--requirement", str(wanted), "--no-deps", "--disable-pip", "--progress-spinner", "off"]
        done = subprocess.run(
            [*command, "--format", "json", "--output", str(answer)], capture_output=True, text=True
        )
        if not answer.exists():
            last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise LockError(f"pip-audit did not answer: {last}")
        told: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
    return told


def findings(report: dict[str, Any], when: datetime) -> dict[str, Any]:
    """What `sbom/advisories.json` holds, from pip-audit's report: which versions were checked, and what is known of them."""
    checked = [one for one in report["dependencies"] if "vulns" in one]
    found = [
        {
            "name": one["name"],
            "version": one["version"],
            "id": fault["id"],
            "also": sorted(fault["aliases"]),
            "mended_in": fault["fix_versions"],
        }
        for one in checked
        for fault in one["vulns"]
    ]
    return {
        "by": PIP_AUDIT,
        "when": when.astimezone(UTC).date().isoformat(),
        "checked": sorted(f"{one['name']}=={one['version']}" for one in checked),
        "found": sorted(found, key=lambda one: (one["name"], one["id"])),
    }


def told_in_bundle(pins: Iterable[Pin], audited: Path | None) -> tuple[str, str]:
    """(`sbom/advisories.json`, one line for the maker). Versions that the audit did not check are named as such."""
    told: dict[str, Any] = {"by": None, "when": None, "checked": [], "found": []}
    if audited is not None:
        told = json.loads(audited.read_text(encoding="utf-8"))
    wanted = {f"{pin.name}=={_public(pin.version)}" for pin in pins}
    told["checked"] = sorted(wanted & set(told["checked"]))
    told["found"] = [one for one in told["found"] if f"{one['name']}=={one['version']}" in wanted]
    told["not_checked"] = sorted(wanted - set(told["checked"]))
    return json.dumps(told, indent=1, sort_keys=True) + "\n", summary(told)


def summary(told: dict[str, Any]) -> str:
    """One line, which never says that all is well where something was not checked."""
    checked, missed = len(told["checked"]), len(told["not_checked"])
    if not checked:
        return f"known faults: not checked ({missed} packages)"
    names = ", ".join(f"{one['name']} {one['version']} ({one['id']})" for one in told["found"]) or "none"
    return f"known faults on {told['when']}: {names}; {checked} packages checked, {missed} not"


def _public(version: str) -> str:
    return version.partition("+")[0]
