"""Known faults of what is pinned: what pip-audit said, and what nobody said."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from builder.advisories import findings, summary, told_in_bundle
from builder.lockfile import Pin
from small_bundle import DEPLOY

PINS = [
    Pin(name, version, "", ("0" * 64,), frozenset())
    for name, version in (("jinja2", "3.1.0"), ("torch", "2.13.0+cpu"), ("unheard-of", "1.0"))
]
FAULT = {"id": "PYSEC-2026-1", "fix_versions": ["3.1.6"], "aliases": ["CVE-2026-2"], "description": "long"}
SAID: dict[str, Any] = {
    "dependencies": [
        {"name": "jinja2", "version": "3.1.0", "vulns": [FAULT]},
        {"name": "torch", "version": "2.13.0", "vulns": []},
        {"name": "unheard-of", "skip_reason": "Dependency not found on PyPI and could not be audited"},
    ],
    "fixes": [],
}
"""In the form of pip-audit 2.10.1, which ends such a report with "No known vulnerabilities found" if all were skipped."""


def audited(folder: Path, said: dict[str, Any]) -> Path:
    path = folder / "audited.json"
    path.write_text(json.dumps(findings(said, datetime(2026, 11, 23, tzinfo=UTC))))
    return path


def test_what_is_known_is_told_and_what_was_skipped_is_not_checked(tmp_path: Path) -> None:
    text, line = told_in_bundle(PINS, audited(tmp_path, SAID))
    told = json.loads(text)
    assert told["checked"] == ["jinja2==3.1.0", "torch==2.13.0"] and told["not_checked"] == [
        "unheard-of==1.0"
    ]
    assert [(one["name"], one["id"], one["mended_in"]) for one in told["found"]] == [
        ("jinja2", "PYSEC-2026-1", ["3.1.6"])
    ]
    assert line == "known faults on 2026-11-23: jinja2 3.1.0 (PYSEC-2026-1); 2 packages checked, 1 not"


@pytest.mark.parametrize("asked", [False, True], ids=["nobody asked", "all skipped"])
def test_nothing_learnt_is_never_nothing_found(tmp_path: Path, asked: bool) -> None:
    skipped = {"dependencies": [{"name": pin.name, "skip_reason": "not found"} for pin in PINS], "fixes": []}
    text, line = told_in_bundle(PINS, audited(tmp_path, skipped) if asked else None)
    assert len(json.loads(text)["not_checked"]) == 3 and line == "known faults: not checked (3 packages)"


def test_an_audit_of_other_versions_checks_nothing(tmp_path: Path) -> None:
    other = [Pin("jinja2", "3.1.6", "", ("0" * 64,), frozenset())]
    told = json.loads(told_in_bundle(other, audited(tmp_path, SAID))[0])
    assert (told["checked"], told["found"], told["not_checked"]) == ([], [], ["jinja2==3.1.6"])
    assert summary(told) == "known faults: not checked (1 packages)"


UV = """#!{python}
import json, pathlib, sys
asked = pathlib.Path(sys.argv[sys.argv.index("--requirement") + 1]).read_text().split()
vulns = [{fault!r}] if {known} else []
told = [dict(zip(("name", "version"), line.split("==")), vulns=vulns if "jinja2" in line else []) for line in asked]
pathlib.Path(sys.argv[sys.argv.index("--output") + 1]).write_text(json.dumps({{"dependencies": told, "fixes": []}}))
sys.exit(bool(vulns))
"""


@pytest.mark.parametrize("known", [False, True])
def test_the_command_fails_where_a_fault_is_known(tmp_path: Path, known: bool) -> None:
    """With a stand-in for the program that would ask the index."""
    (tmp_path / "bin").mkdir()
    for name, text in (
        ("uv", UV.format(python=sys.executable, fault=FAULT, known=known)),
        ("python", f'#!/bin/sh\nexec {sys.executable} "$@"\n'),
    ):
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    code = "import runpy, sys; sys.executable = sys.argv.pop(1); sys.argv.pop(0); runpy.run_path(sys.argv[0], run_name='__main__')"
    command = [sys.executable, "-c", code, str(tmp_path / "bin/python"), str(DEPLOY / "bundle.py"), "audit"]
    environment = {**os.environ, "PYTHONPATH": str(DEPLOY)}
    done = subprocess.run(
        [*command, "-o", str(tmp_path / "audited.json")], capture_output=True, text=True, env=environment
    )
    assert done.returncode == int(known), done.stderr
    assert ("PYSEC-2026-1" in done.stdout) == known and "packages checked, 0 not" in done.stdout
