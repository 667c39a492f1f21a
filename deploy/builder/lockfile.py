"""Which pinned packages a bundle carries: the lock's own account of who asked for what, followed from what we ask for."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

_PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(?P<version>[^\s;\\]+)(?P<marker>[^\\]*)")
_NAME = re.compile(r"[A-Za-z0-9._-]+")


class LockError(Exception):
    """One line: what the lock lacks."""


@dataclass(frozen=True, slots=True)
class Pin:
    """One package of the lock."""

    name: str
    """Normalised: lower case, single hyphens."""
    version: str
    marker: str
    """An environment marker, or nothing."""
    hashes: tuple[str, ...]
    """sha256 in hex, of every file that the index has for this version."""
    asked_by: frozenset[str]
    """Normalised names of the packages that need it; the project itself is not among them."""

    def requirement(self) -> str:
        """The line that an installer checks the file's hash against."""
        marker = f" {self.marker}" if self.marker else ""
        return " \\\n    ".join(
            [f"{self.name}=={self.version}{marker}", *(f"--hash=sha256:{h}" for h in self.hashes)]
        )


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def read_lock(text: str) -> list[Pin]:
    """The pins of a `requirements.lock` with hashes and `# via` comments, as `uv pip compile` writes it."""
    pins: list[Pin] = []
    for block in re.split(r"\n(?=[A-Za-z0-9])", text):
        found = _PIN.match(block)
        if found is None:
            continue
        asked = re.findall(r"^ +#(?: +via)? +([A-Za-z0-9._-]+)", block, re.MULTILINE)
        hashes = tuple(re.findall(r"--hash=sha256:([0-9a-f]{64})", block))
        if not hashes:
            raise LockError(f"{found['name']} has no hash in the lock")
        pins.append(
            Pin(
                normalised(found["name"]),
                found["version"],
                found["marker"].strip(),
                hashes,
                frozenset(normalised(name) for name in asked) - {"via"},
            )
        )
    return pins


def asked_for(pyproject: Path, extra: str | None) -> set[str]:
    """Normalised names of what the project asks for itself, with one of its extras."""
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    lines = project["dependencies"] + (project["optional-dependencies"][extra] if extra else [])
    return {normalised(_NAME.match(line)[0]) for line in lines if _NAME.match(line)}  # type: ignore[index]


def needed(pins: Collection[Pin], roots: Collection[str]) -> list[Pin]:
    """The pins of `roots` and of all they need, by name.

    Extras of a package count as the package, so a few more than strictly needed may come along, never fewer.
    """
    absent = set(roots) - {pin.name for pin in pins}
    if absent:
        raise LockError(f"the lock lacks {', '.join(sorted(absent))}: compile it anew")
    found = set(roots)
    while grown := {pin.name for pin in pins if pin.asked_by & found} - found:
        found |= grown
    return sorted((pin for pin in pins if pin.name in found), key=lambda pin: pin.name)
