"""A copy of a home to work on, so that the one in use stays as it is until the switch.

Runs as a program of its own, as the user that the home belongs to: what that user has laid into a home (a link to somewhere
else, say) must not make root write there. Arguments: the home to fill, the version's folder, and the home to copy, if any.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

_WRITTEN_ONCE = ("models", "releases")
"""Below the home: sealed when they were made."""


def copy_home(source: Path, target: Path) -> None:
    """Copies a home that nobody writes to into the empty folder `target`, with modes and times.

    What is never written again (models, releases, what finished stages of runs left) is linked and takes no room twice.
    The cache, which may be deleted at any time, stays behind.
    """
    for folder, folders, files in os.walk(source):
        here = Path(folder)
        there = target / here.relative_to(source)
        if here == source:
            folders[:] = [name for name in folders if name != "cache"]
        else:
            there.mkdir()
        linked = _is_written_once(here.relative_to(source).parts, source)
        for name in files:
            origin = here / name
            if origin.is_symlink():
                (there / name).symlink_to(os.readlink(origin))
            elif linked:
                os.link(origin, there / name)
            elif origin.is_file():
                shutil.copy2(origin, there / name)
        for name in [name for name in folders if (here / name).is_symlink()]:
            (there / name).symlink_to(os.readlink(here / name))
        shutil.copystat(here, there)


def _is_written_once(below: tuple[str, ...], home: Path) -> bool:
    """`below` is a folder's path in the home: runs/RUN/STAGE or deeper, where the stage has its manifest, among others."""
    if below[:1] == ("runs",):
        return len(below) >= 3 and home.joinpath(*below[:3], "manifest.json").exists()
    return bool(below) and below[0] in _WRITTEN_ONCE


def link_models(home: Path, version: Path) -> None:
    """The models that came with the version, by name; models of the site's own stay where they are."""
    folder = home / "models"
    folder.mkdir(mode=0o700, exist_ok=True)
    for link in folder.iterdir():
        if link.is_symlink() and Path(os.readlink(link)).is_relative_to(version.parent):
            link.unlink()  # of the version before
    for model in sorted((version / "models").iterdir()) if (version / "models").is_dir() else []:
        if not (folder / model.name).exists():
            (folder / model.name).symlink_to(model)


def main(home: str, version: str, source: str = "") -> None:
    """Fills `home` from `source`, if there is one."""
    os.umask(0o077)
    if source:
        copy_home(Path(source), Path(home))
    link_models(Path(home), Path(version))


if __name__ == "__main__":
    main(*sys.argv[1:])
