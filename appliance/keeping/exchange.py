"""Several files of a folder get new contents together: all of them or none, whatever is killed when.

The new ones lie beside the old under names that end in `.erased`; a mark with their names says that they are all there. From
then on they take the old ones' places, in this call or in the next.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from appliance import manifest
from appliance.keeping import texts
from appliance.keeping.private_files import sync, write_private
from appliance.manifest import Manifest

MARK = "erasing.json"


def new_path(path: Path) -> Path:
    """Where the new content is to be written."""
    return path.with_name(path.name + texts.ERASED)


def exchange(folder: Path, names: Iterable[str]) -> None:
    """Every one of these has its new content beside it, on the disk."""
    write_private(folder / MARK, json.dumps(sorted(names)).encode())
    finish(folder)


def finish(folder: Path) -> None:
    """New files in the place of the old ones, then the manifest with their hashes, then the mark goes."""
    mark = folder / MARK
    if not mark.exists():
        for garbage in folder.rglob(f"*{texts.ERASED}"):
            garbage.unlink()  # of a call that was killed before it had all of them
        return
    names = json.loads(mark.read_text(encoding="utf-8"))
    for name in names:
        new = new_path(folder / name)
        if new.exists():  # else an earlier call had come so far
            new.replace(folder / name)
    for changed in {(folder / name).parent for name in names}:
        sync(changed)  # before the mark goes, the names must survive a power cut
    found = manifest.read(folder)
    if found is not None:
        outputs = {
            name: texts.sha256(folder / name) if name in names else held
            for name, held in found.outputs.items()
        }
        manifest.write(folder, Manifest(**{**asdict(found), "outputs": outputs}))
    mark.unlink()
