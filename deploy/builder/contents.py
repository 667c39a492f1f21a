"""What goes into a bundle, and where: the wheels, the product's own, models, documents, licences, bills of materials."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from builder.advisories import told_in_bundle
from builder.bills import model_bill, software_bill
from builder.licences import licence_files, licences_of
from builder.lockfile import LockError, Pin, asked_for, needed, read_lock
from builder.pack import Facts

_MACHINE, _PYTHON = "x86_64", "3.11"
_GLIBC = {"none": "2.28", "cpu": "2.31", "cuda": "2.31"}
"""The highest that a wheel of the set asks for; `llguidance`, of the compute part, has the last word."""

_CACHE = Path("~/.cache/stillhouse/bundle")
"""Wheels as downloaded; may be deleted at any time."""
_MODELS = ("rampart", "smollm2-135m-instruct", "spacy-en-md")


def gather(
    root: Path, scratch: Path, *, compute: str, models: Path, audited: Path | None
) -> tuple[Facts, dict[str, Path], list[str]]:
    """The facts, the members (path in the bundle -> file), and lines for the maker to read.

    `audited` is what `bundle.py audit` wrote, if it was asked.
    """
    source = _checked_out(root, scratch / "source")
    core, extra, installer = pinned(source, compute)
    wheels = [_download(core + installer), *([_download(extra)] if extra else [])]
    own = _own_wheel(source, scratch)
    files: dict[str, Path] = {}
    for wheel in sorted({wheel for found in wheels for wheel in found} | {own}):
        files[f"wheels/{wheel.name}"] = wheel
    requirements = {
        "1-core.txt": [pin.requirement() for pin in core],
        "2-product.txt": [f"stillhouse=={_version(source)} --hash=sha256:{_sha256(own)}"],
        **({"3-compute.txt": [pin.requirement() for pin in extra]} if extra else {}),
    }
    made = scratch / "made"
    for name, lines in requirements.items():
        files[f"requirements/{name}"] = _write(made / name, "\n".join(lines) + "\n")
    files |= _tree(source / "docs", "share/docs") | _tree(source / "deploy" / "usecases", "share/usecases")
    files |= _tree(source / "deploy" / "prices", "share/prices")
    for name in ("README.md", "CHANGELOG.md", "LICENSE"):
        files[f"share/{name}"] = source / name
    files["install/install.sh"] = source / "deploy" / "install.sh"
    files |= _tree(source / "deploy" / "installer", "install/installer") | _tree(
        source / "deploy" / "units", "install/units"
    )
    files |= _models(models)
    facts = _facts(root, source, compute)
    found = licences_of(path for name, path in files.items() if name.startswith("wheels/"))
    files |= {f"licences/{name}": path for name, path in licence_files(found, made / "licences").items()}
    files["sbom/software.cdx.json"] = _write(made / "software.cdx.json", software_bill(facts, found))
    files["sbom/models.cdx.json"] = _write(made / "models.cdx.json", model_bill(facts, files))
    advisories, line = told_in_bundle([*core, *extra, *installer], audited)
    files["sbom/advisories.json"] = _write(made / "advisories.json", advisories)
    unknown = sorted(f"{one.name} {one.version}" for one in found if one.licence is None)
    notes = [f"licence not told by the wheel: {name}" for name in unknown]
    return facts, files, [*notes, line]


def pinned(source: Path, compute: str) -> tuple[list[Pin], list[Pin], list[Pin]]:
    """What a bundle carries beside the product: the core part, the compute part, and what the installer needs."""
    pins = read_lock((source / "requirements.lock").read_text(encoding="utf-8"))
    core = needed(pins, asked_for(source / "pyproject.toml", None))
    extra = [] if compute == "none" else _compute_pins(source, pins, core, compute)
    return core, extra, read_lock((source / "deploy" / "installer.lock").read_text(encoding="utf-8"))


def _checked_out(root: Path, target: Path) -> Path:
    """The last commit, so that a file forgotten in the working tree changes nothing."""
    target.mkdir()
    archive = target.with_suffix(".tar")
    _run(["git", "-C", str(root), "archive", "--format=tar", "-o", str(archive), "HEAD"])
    with tarfile.open(archive) as packed:
        packed.extractall(target, filter="data")
    return target


def _facts(root: Path, source: Path, compute: str) -> Facts:
    git = ["git", "-C", str(root), "show", "-s", "--format=%H %ct", "HEAD"]
    commit, seconds = subprocess.run(git, check=True, capture_output=True, text=True).stdout.split()
    release = int((source / "deploy" / "release-number").read_text(encoding="ascii"))
    made = datetime.fromtimestamp(int(seconds), UTC).isoformat()
    return Facts(_version(source), release, commit, made, compute, _PYTHON, _MACHINE, _GLIBC[compute])


def _version(source: Path) -> str:
    told = tomllib.loads((source / "pyproject.toml").read_text(encoding="utf-8"))
    return str(told["project"]["version"])


def _compute_pins(source: Path, pins: list[Pin], core: list[Pin], compute: str) -> list[Pin]:
    """Those of the compute part that the core has not: the CUDA variant has a lock of its own."""
    if compute == "cuda":
        pins = read_lock((source / "deploy" / "compute-cuda.lock").read_text(encoding="utf-8"))
    names = {pin.name for pin in core}
    wanted = needed(pins, asked_for(source / "pyproject.toml", f"compute-{compute}"))
    return [pin for pin in wanted if pin.name not in names]


def _download(pins: list[Pin]) -> list[Path]:
    """The wheels of the pins for this Python, each held against the lock's hashes."""
    folder = (
        _CACHE.expanduser()
        / hashlib.sha256("\n".join(pin.requirement() for pin in pins).encode()).hexdigest()[:16]
    )
    if not (folder / "complete").exists():
        folder.mkdir(parents=True, exist_ok=True)
        wanted = _write(folder / "wanted.txt", "\n".join(pin.requirement() for pin in pins) + "\n")
        command = [sys.executable, "-m", "pip", "download", "-qq", "--no-deps", "--require-hashes"]
        _run([*command, "--only-binary", ":all:", "--dest", str(folder), "-r", str(wanted)])
        (folder / "complete").touch()
    allowed = {digest for pin in pins for digest in pin.hashes}
    found = sorted(folder.glob("*.whl"))
    for wheel in found:
        if _sha256(wheel) not in allowed:
            raise LockError(f"{wheel.name} in {folder} is not the pinned file: remove that folder")
    return found


def _own_wheel(source: Path, scratch: Path) -> Path:
    """The product's wheel; hatchling writes the same bytes for the same source."""
    out = scratch / "own"
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1580601600"}
    _run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(out), str(source)],
        environment,
    )
    (wheel,) = out.glob("stillhouse-*.whl")
    return wheel


def _models(models: Path) -> dict[str, Path]:
    """The packaged models as fetched, each sealed with hashes that the product checks again."""
    absent = [name for name in _MODELS if not (models / name / "sealed.json").exists()]
    if absent:
        raise LockError(
            f"{models} lacks {', '.join(absent)}: run `stillhouse models fetch {' '.join(absent)}`"
        )
    files: dict[str, Path] = {}
    for name in _MODELS:
        files |= _tree(models / name, f"models/{name}")
    return files


def _tree(folder: Path, under: str) -> dict[str, Path]:
    paths: Iterable[Path] = folder.rglob("*") if folder.is_dir() else ()
    return {
        f"{under}/{path.relative_to(folder)}": path
        for path in paths
        if path.is_file() and "__pycache__" not in path.parts
    }


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _run(command: list[str], environment: dict[str, str] | None = None) -> None:
    subprocess.run(command, check=True, env=environment)
