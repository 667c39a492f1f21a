"""How this copy came here: from a bundle, whose version and files can be checked, or for development."""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import json
import sys
from dataclasses import dataclass
from pathlib import Path

_OURS = "stillhouse"


@dataclass(frozen=True, slots=True)
class Installed:
    """The bundle that this copy was installed from."""

    version: str
    release: int
    compute: str
    """none, cpu or cuda."""


def installed() -> Installed | None:
    """None where it was not installed from a bundle."""
    folder = Path(sys.prefix).parent
    try:
        told = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        whole = (folder / "installed.json").exists()
        return Installed(told["version"], told["release"], told["compute"]) if whole else None
    except (OSError, ValueError, KeyError):
        return None


def changed_files() -> list[str]:
    """The product's own files that are not what its wheel brought, by name."""
    changed = []
    for file in importlib.metadata.distribution(_OURS).files or ():
        if file.hash is None:
            continue
        path = Path(str(file.locate()))
        content = path.read_bytes() if path.exists() else b""
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        if digest != file.hash.value:
            changed.append(str(file))
    return sorted(changed)


def ways_out() -> list[str]:
    """Network interfaces over which something outside of this machine could be reached, by the kernel's routes."""
    found = set()
    for path, interface in ((Path("/proc/net/route"), 0), (Path("/proc/net/ipv6_route"), -1)):
        lines = path.read_text(encoding="ascii").splitlines() if path.exists() else []
        found |= {fields[interface] for line in lines if len(fields := line.split()) >= 8}
    return sorted(found - {"lo", "Iface"})


def older_homes(home: Path) -> list[Path]:
    """Copies of the home from before an upgrade, rollback or restore: what was erased since is still in them."""
    real = home.resolve()
    if installed() is None or real.parent.name != "homes":
        return []
    return sorted(
        path for path in real.parent.iterdir() if path.is_dir() and path.name.isdigit() and path != real
    )
