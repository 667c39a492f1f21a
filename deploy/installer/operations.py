"""Install, upgrade, roll back, restore, uninstall: each does its work beside what runs, then switches by one rename."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from .bundle import BoxError, Head
from .install_version import install_version
from .layout import (
    Box,
    Generation,
    Layout,
    alone,
    locked,
    point,
    read_box,
    remove,
    write_box,
    write_whole,
)
from .services import (
    as_user,
    fill_home,
    link_units,
    make_folder,
    make_home,
    make_user,
    migrate,
    stopped,
    write_commands,
    write_settings,
    write_units,
)

Say = Callable[[str], None]


def bring_in(
    bundle: Path, head: Head, key: bytes, layout: Layout, user: str | None, home_key: str | None, say: Say
) -> Generation:
    """Installs a verified bundle, or upgrades to it; does nothing where its version runs already.

    `key` is the maker's public one; `home_key` that of an encrypted home, where it does not come from the site's settings.
    """
    layout.prefix.mkdir(parents=True, exist_ok=True, mode=0o755)
    with locked(layout.prefix):
        box = read_box(layout.prefix) or _new_box(layout, key, user)
        if head.release < box.highest_release:
            raise BoxError(
                f"this is release {head.release}, and release {box.highest_release} was installed here before: "
                "an old bundle may hold known faults. To go back to the version before, use rollback"
            )
        _sweep(layout)
        now = layout.current_generation()
        if now is not None and now.version == head.name:
            say(f"{head.name} runs here already")
            return now
        say(f"unpacking and installing {head.name}")
        version = install_version(bundle, head, layout)
        write_box(layout.prefix, replace(box, highest_release=head.release))
        with _quiet(layout, box):
            made = _new_generation(layout, box, version, now, home_key, say)
            _switch(layout, box, made)
        _sweep(layout)
    return made


def _new_box(layout: Layout, key: bytes, user: str | None) -> Box:
    """The first file below the prefix; it makes the folder ours."""
    homes = layout.homes
    if homes.is_dir() and any(homes.iterdir()) and not layout.kept.exists():
        raise BoxError(f"{homes} holds homes of another installation: choose another --state")
    made = make_user(user, layout.state) if user else False
    box = Box(str(layout.state), user, made, key.decode("ascii"))
    write_box(layout.prefix, box)
    return box


def _new_generation(
    layout: Layout, box: Box, version: Path, now: Generation | None, home_key: str | None, say: Say
) -> Generation:
    """The home that the next generation runs on, and the generation; nothing points to it yet."""
    number = layout.next_number()
    source = layout.source_home()
    say("copying the data" if source else "making a home")
    home = _incoming_home(layout, box)
    fill_home(box, version, home, source)
    say("bringing the data to this version's formats")
    migrate(box, version, home, home_key)
    made = Generation(number, version.name, now.number if now else None, "upgrade" if now else "install")
    _write_generation(layout, box, made)
    home.rename(layout.home(number))
    return made


def _incoming_home(layout: Layout, box: Box) -> Path:
    """An empty home, 0700; whatever a killed installer left in its place is gone."""
    for folder in (layout.state, layout.homes):
        make_folder(folder, box)
    write_settings(box)
    home = layout.homes / ".incoming"
    remove(home)
    make_home(home, box)
    return home


def _write_generation(layout: Layout, box: Box, made: Generation) -> None:
    target = layout.generations / str(made.number)
    incoming = layout.generations / ".incoming"
    remove(incoming)
    incoming.mkdir(parents=True)
    version = layout.versions / made.version
    (incoming / "version").symlink_to(version)
    (incoming / "home").symlink_to(layout.home(made.number))
    write_commands(incoming / "bin", layout.prefix, box)
    write_units(incoming / "units", version / "install" / "units", layout.prefix, box)
    told = asdict(made)
    del told["set_aside"]
    write_whole(incoming / "generation.json", told)
    incoming.rename(target)


def _switch(layout: Layout, box: Box, to: Generation) -> None:
    """All that was prepared is on the disk before the one rename that counts."""
    for name in ("bin", "units"):
        if not (layout.prefix / name).is_symlink():
            point(layout.prefix / name, f"current/{name}")
    os.sync()
    point(layout.current, f"generations/{to.number}")
    layout.kept.unlink(missing_ok=True)
    link_units(layout.prefix, box)


@contextmanager
def _quiet(layout: Layout, box: Box) -> Iterator[None]:
    with stopped(box), alone(layout.prefix):
        yield


def _sweep(layout: Layout) -> None:
    """Removes what nothing can go back to.

    Kept are the generation in use, the one before it, and those that a rollback set aside: their data are nowhere else.
    """
    for folder in (layout.versions, layout.generations, layout.homes):
        remove(folder / ".incoming")
    now = layout.current_generation()
    if now is None:
        return
    everything = layout.all_generations()
    kept = {now.number, now.previous, *(one.number for one in everything if one.set_aside)}
    for one in everything:
        if one.number not in kept:
            # The generation last: it is what tells the next sweep that the home is nobody's.
            remove(layout.home(one.number))
            remove(layout.generations / str(one.number))
    versions = {one.version for one in everything if one.number in kept}
    for path in layout.versions.iterdir():
        if path.name not in versions:
            remove(path)


def roll_back(layout: Layout) -> tuple[Generation, Generation]:
    """Back to the generation before, with the data as they were; returns (the one left, the one in use now).

    What was done since stays in the home of the one left.
    """
    with locked(layout.prefix):
        box = installed_box(layout)
        now = layout.current_generation()
        before = layout.generation(now.previous) if now and now.previous else None
        if now is None or before is None:
            raise BoxError("there is no version before this one to go back to")
        if not (layout.is_complete(before.version) and layout.home(before.number).is_dir()):
            raise BoxError(
                f"{before.version} or its data are not whole: install its bundle, or restore a backup"
            )
        with _quiet(layout, box):
            (layout.generations / str(now.number) / "set-aside").touch()
            _switch(layout, box, before)
            (layout.generations / str(before.number) / "set-aside").unlink(missing_ok=True)
    return now, before


def restore(layout: Layout, backup: Path, home_key: str | None, say: Say) -> Generation:
    """A backup becomes the data of a new generation of the version in use; the data before stay one rollback away."""
    with locked(layout.prefix):
        box = installed_box(layout)
        now = layout.current_generation()
        if now is None:
            raise BoxError(f"nothing is installed in {layout.prefix}")
        version = layout.versions / now.version
        number = layout.next_number()
        with _quiet(layout, box):
            say("unpacking the backup")
            home = _incoming_home(layout, box)
            program = str(version / "venv/bin/stillhouse")
            as_user(box, [program, "restore", str(backup)], home, home_key=home_key)
            fill_home(box, version, home, None)
            migrate(box, version, home, home_key)
            made = Generation(number, now.version, now.number, "restore")
            _write_generation(layout, box, made)
            home.rename(layout.home(number))
            _switch(layout, box, made)
        _sweep(layout)
    return made


def forget(layout: Layout) -> list[Path]:
    """Removes every home but the one in use, for good, and says which: copies too must go when a person asks for erasure."""
    with locked(layout.prefix):
        installed_box(layout)
        now = layout.current_generation()
        if now is None:
            raise BoxError(f"nothing is installed in {layout.prefix}")
        gone = [path for path in sorted(layout.homes.iterdir()) if path.name != str(now.number)]
        for path in gone:
            remove(path)
        for one in layout.all_generations():
            if one.number != now.number:
                remove(layout.generations / str(one.number))
        _sweep(layout)
    return gone


def installed_box(layout: Layout) -> Box:
    box = read_box(layout.prefix)
    if box is None:
        raise BoxError(f"nothing is installed in {layout.prefix}")
    return box
