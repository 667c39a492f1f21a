"""Hosts that lack something: each need is named with what to do, and nothing is changed."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
import time
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from installer import preflight
from installer.layout import Box, Layout, write_box
from installer.preflight import Need, examine

MANIFEST: dict[str, Any] = {
    "needs": {"python": "3.11", "machine": os.uname().machine, "glibc": "2.17"},
    "installed_bytes": 1000,
    "made": "2026-01-02T03:04:05+00:00",
}


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "prefix", tmp_path / "prefix" / "state")


def unmet(layout: Layout, manifest: dict[str, Any] = MANIFEST, user: str | None = None) -> dict[str, Need]:
    found = examine(layout, manifest, user, None)
    assert all(need.ok == (need.remedy is None) for need in found)
    assert all("\n" not in f"{need.found}{need.remedy}" for need in found)
    return {need.name: need for need in found if not need.ok}


def test_a_host_that_lacks_nothing_is_told_so(layout: Layout) -> None:
    """The ruler of this file."""
    assert unmet(layout) == {} and not layout.prefix.exists()


Breaks = Callable[[pytest.MonkeyPatch, Layout], None]


def no_program(name: str) -> Breaks:
    real = shutil.which
    return lambda patch, _: patch.setattr(shutil, "which", lambda n, *a, **k: None if n == name else real(n))


def statvfs(**changed: int) -> Breaks:
    room = {"f_bavail": 10**8, "f_bfree": 10**8, "f_blocks": 10**9, "f_frsize": 4096}
    found = {"f_flag": 0, "f_favail": 10**6, "f_files": 10**7} | room | changed
    return lambda patch, _: patch.setattr(os, "statvfs", lambda _path: SimpleNamespace(**found))


def free(num_bytes: int) -> Breaks:
    usage = namedtuple("usage", "total used free")
    return lambda patch, _: patch.setattr(shutil, "disk_usage", lambda _path: usage(10**12, 0, num_bytes))


def other_machine(patch: pytest.MonkeyPatch, _: Layout) -> None:
    patch.setattr(platform, "machine", lambda: "riscv64")


def libc(name: str, version: str) -> Breaks:
    return lambda patch, _: patch.setattr(platform, "libc_ver", lambda: (name, version))


def memory(patch: pytest.MonkeyPatch, _: Layout) -> None:
    patch.setattr(os, "sysconf", lambda name: 4096 if name == "SC_PAGE_SIZE" else 1 << 18)


def clock(patch: pytest.MonkeyPatch, _: Layout) -> None:
    patch.setattr(time, "time", lambda: 0.0)


def scratch(patch: pytest.MonkeyPatch, _: Layout) -> None:
    patch.setattr(tempfile, "gettempdir", lambda: "/nonexistent")


def not_writable(patch: pytest.MonkeyPatch, _: Layout) -> None:
    patch.setattr(
        os, "access", lambda path, _mode: "prefix" in str(path) or str(path) == tempfile.gettempdir()
    )


def others_files(_patch: pytest.MonkeyPatch, layout: Layout) -> None:
    layout.prefix.mkdir()
    (layout.prefix / "notes.txt").touch()


def a_file_in_the_way(_patch: pytest.MonkeyPatch, layout: Layout) -> None:
    layout.prefix.touch()


@pytest.mark.parametrize(
    ("breaks", "name", "remedy"),
    [
        (no_program("openssl"), "openssl", "apt install openssl"),
        (no_program("zstd"), "zstd", "installation medium"),
        (no_program("flock"), "flock", "util-linux"),
        (other_machine, "machine", "take the other one"),
        (libc("glibc", "2.9"), "C library", "glibc 2.17 or newer"),
        (libc("", ""), "C library", "glibc 2.17 or newer"),
        (free(10 << 20), "disk", "0.5 GiB are needed"),
        (free(10 << 20), "state disk", "0.5 GiB are needed"),
        (free(1 << 20), "temporary files", "set TMPDIR"),
        (scratch, "temporary files", "set TMPDIR"),
        (statvfs(f_favail=10), "inodes", "choose another disk"),
        (statvfs(f_flag=os.ST_NOEXEC), "programs may run", "noexec"),
        (statvfs(f_flag=os.ST_RDONLY), "prefix", "read-only"),
        (statvfs(f_flag=os.ST_RDONLY), "state", "read-only"),
        (not_writable, "prefix", "cannot be written"),
        (others_files, "prefix", "not ours"),
        (a_file_in_the_way, "prefix", "is not a folder"),
        (memory, "memory", "4 GiB are needed"),
        (clock, "clock", "set it"),
    ],
)
def test_what_is_lacking_is_named_with_its_remedy(
    breaks: Breaks, name: str, remedy: str, layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaks(monkeypatch, layout)
    before = sorted(layout.prefix.parent.rglob("*"))
    found = unmet(layout)
    assert remedy in str(found[name].remedy)
    assert sorted(layout.prefix.parent.rglob("*")) == before


@pytest.mark.parametrize("path", ["/srv/with space", "/srv/quote'd", "/srv/per%cent", "/srv/$HOME", "/srv/é"])
def test_a_path_that_units_and_scripts_cannot_name_is_refused(path: str) -> None:
    assert "letters, digits" in str(unmet(Layout(Path(path), Path(path) / "state"))["prefix"].remedy)


def test_a_python_or_a_prefix_that_the_services_user_cannot_reach_is_told(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = layout.prefix.parent / "closed"
    (closed / "bin").mkdir(parents=True)
    (closed / "bin" / "python3.11").touch()
    closed.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(closed / "bin" / "python3.11"))
    inside = Layout(closed / "prefix", closed / "prefix" / "state")
    found = unmet(inside, user="nobody")
    assert "closed to nobody" in str(found["Python"].remedy)
    assert "closed to nobody" in str(found["prefix"].remedy)
    assert "Python" not in unmet(inside, user="root") and "prefix" not in unmet(inside, user=None)


def test_a_user_that_must_be_made_needs_useradd(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "user" not in unmet(layout, user="root")
    monkeypatch.setattr(
        shutil, "which", lambda name, *a, **k: None if name == "useradd" else f"/usr/bin/{name}"
    )
    assert "by hand" in str(unmet(layout, user="no-such-user-here")["user"].remedy)


def test_an_upgrade_needs_room_for_a_copy_of_the_data(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout.prefix.mkdir()
    write_box(layout.prefix, Box(str(layout.state), None, False, "key"))
    monkeypatch.setattr(preflight, "home_bytes", lambda _layout: 10**18)
    assert set(unmet(layout)) == {"state disk"}
