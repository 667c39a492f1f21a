"""Takes the installation away again, and says what it leaves."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass

from .layout import Layout, alone, locked, read_box, remove, write_whole
from .operations import installed_box
from .services import settings_file, stopped, unlink_units

OURS = ("current", "bin", "units", "generations", "versions", "in-use", "box.json", "installer.lock")
"""All that is ever made directly below the prefix, in the order in which it goes. Nothing else is touched."""


@dataclass(frozen=True, slots=True)
class Left:
    """Something that stays, and why."""

    path: str
    why: str


def uninstall(layout: Layout, *, purge: bool) -> list[Left]:
    """Removes the product; with `purge` also the data, for good. Said again after a kill, it goes on."""
    if read_box(layout.prefix) is None and purge and layout.kept.exists():
        return _purge_what_was_left(layout)
    with locked(layout.prefix):
        box = installed_box(layout)
        with stopped(box), alone(layout.prefix):
            now = layout.current_generation()
            if now is not None and not purge:
                write_whole(layout.kept, now.number)
            unlink_units(box)
            for name in OURS[: OURS.index("box.json")]:
                remove(layout.prefix / name)
            if purge:
                _remove_data(layout)
                if box.user_made and box.user:
                    subprocess.run(["userdel", box.user], check=False, capture_output=True)
            left = _left(layout, box.user if box.user_made and not purge else None)
            remove(layout.prefix / "box.json")
    remove(layout.prefix / "installer.lock")
    _remove_empty(layout)
    return left


def _purge_what_was_left(layout: Layout) -> list[Left]:
    """After an uninstall without it."""
    _remove_data(layout)
    left = _left(layout, None)
    _remove_empty(layout)
    return left


def _remove_data(layout: Layout) -> None:
    for path in (layout.homes, layout.kept, settings_file(str(layout.state))):
        remove(path)


def _remove_empty(layout: Layout) -> None:
    for folder in (layout.state, layout.prefix):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _left(layout: Layout, user: str | None) -> list[Left]:
    found = []
    if layout.homes.is_dir():
        kept = layout.kept.read_text(encoding="ascii").strip() if layout.kept.exists() else None
        for home in sorted(layout.homes.iterdir()):
            why = (
                "the data in use until now; an installation with the same state takes them up"
                if home.name == kept
                else "data of before"
            )
            found.append(Left(str(home), why))
    if (settings := settings_file(str(layout.state))).exists():
        found.append(Left(str(settings), "the site's settings"))
    ours = {layout.prefix / name for name in OURS} | {layout.homes, layout.kept, layout.state, settings}
    for folder in {layout.prefix, layout.state}:
        if folder.is_dir():
            found += [Left(str(path), "not ours") for path in sorted(folder.iterdir()) if path not in ours]
    if user:
        found.append(Left(user, "the system user; remove it with `userdel`"))
    return found
