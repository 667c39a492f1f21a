from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import json
import sys
from pathlib import Path

import pytest

from appliance import installation
from appliance.doctor import Check, examine
from appliance.home import Home
from appliance.installation import Installed, changed_files, installed, older_homes, ways_out


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A version's folder as the installer leaves it, with one file of ours in it."""
    (tmp_path / "manifest.json").write_text(json.dumps({"version": "1.0", "release": 3, "compute": "none"}))
    (tmp_path / "installed.json").write_text("{}")
    site = tmp_path / "venv" / "site"
    info = site / "stillhouse-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "ours.py").write_text("WORDS = 1\n")
    digest = base64.urlsafe_b64encode(hashlib.sha256(b"WORDS = 1\n").digest()).rstrip(b"=").decode()
    (info / "METADATA").write_text("Name: stillhouse\nVersion: 1.0\n")
    (info / "RECORD").write_text(f"ours.py,sha256={digest},10\nstillhouse-1.0.dist-info/RECORD,,\n")
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "venv"))
    found = importlib.metadata.PathDistribution(info)
    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: found)
    return site


def told() -> Check:
    return next(check for check in examine(Home.open()) if check.name == "installation")


def test_a_copy_from_a_bundle_says_which(box: Path) -> None:
    assert installed() == Installed("1.0", 3, "none") and changed_files() == []
    assert told() == Check(
        "installation", True, "1.0, release 3, every file of ours as its bundle brought it"
    )


@pytest.mark.parametrize("content", ["WORDS = 2\n", None])
def test_a_file_that_was_changed_or_removed_is_named(box: Path, content: str | None) -> None:
    (box / "ours.py").unlink() if content is None else (box / "ours.py").write_text(content)
    assert changed_files() == ["ours.py"]
    assert not told().ok and "changed: ours.py (1 in all)" in told().found


def test_an_installation_that_was_not_finished_is_none(box: Path) -> None:
    (box.parents[1] / "installed.json").unlink()
    assert installed() is None and told().found == "for development, not from a bundle"


def test_copies_of_the_home_that_an_upgrade_kept_are_told(
    box: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in ("1", "2", ".incoming"):
        (tmp_path / "homes" / number).mkdir(parents=True, mode=0o700)
    (tmp_path / "current").symlink_to(tmp_path / "homes" / "2")
    assert older_homes(tmp_path / "current") == [tmp_path / "homes" / "1"]
    monkeypatch.setenv("STILLHOUSE_HOME", str(tmp_path / "current"))
    assert "stillhouse-admin forget" in next(c.found for c in examine(Home.open()) if c.name == "older data")
    (tmp_path / "installed.json").unlink()
    assert older_homes(tmp_path / "current") == []


def test_the_ways_out_are_those_of_the_kernels_routes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    routes = {
        "/proc/net/route": "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n"
        "eth0 00000000 0101A8C0 0003 0 0 0 00000000 0 0 0\n",
        "/proc/net/ipv6_route": "00 80 00 00 00 00000100 00000001 00000000 80200001 lo\n"
        "fe80 40 00 00 00 00000100 00000001 00000000 00000001 wlan0\n",
    }
    for name, text in routes.items():
        (tmp_path / Path(name).name).write_text(text)
    monkeypatch.setattr(installation, "Path", lambda name: tmp_path / Path(name).name)
    assert ways_out() == ["eth0", "wlan0"]
    (tmp_path / "route").write_text(routes["/proc/net/route"].splitlines()[0] + "\n")
    (tmp_path / "ipv6_route").write_text(routes["/proc/net/ipv6_route"].splitlines()[0] + "\n")
    assert ways_out() == []
