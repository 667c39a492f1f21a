"""What the console shows of a run's report: its facts, its forms to take away, and what has changed since the last run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance import compare, manifest
from appliance.home import Home
from appliance.manifest import DamagedError
from appliance.people.acting import Action, Actor, acting
from appliance.privacy_report.sign import key_fingerprint
from appliance.privacy_report.write import JSON_NAME, KEY_NAME, PAGE_NAME, write_report
from appliance.quality.evaluated import run_folder
from appliance.store import Store

_FORMS = {
    "pdf": ("PDF", "application/pdf", "to read and to sign"),
    "xlsx": ("Excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "the arithmetic as live formulas"),
    "html": ("Web page", "text/html", "one file, opens anywhere"),
    "md": ("Markdown", "text/markdown", "for a wiki"),
    "json": ("JSON", "application/json", "for scripts; the schema is documented"),
}  # fmt: skip
_LONGEST_SETTING = 60


@dataclass(frozen=True, slots=True)
class Form:
    """One form in which a report can be taken away."""

    form: str
    """Its suffix."""
    name: str
    what: str
    """What it is good for, in a few words."""
    mime: str
    file_name: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Change:
    """One setting that differs between two runs of a use case; None where one of them has no such setting."""

    setting: str
    before: str | None
    now: str | None


@dataclass(frozen=True, slots=True)
class Since:
    """A run's report beside the one before it."""

    run_id: str
    """The earlier run of the same use case."""
    created_at: float
    verdict_before: str
    verdict_now: str
    changes: tuple[Change, ...]
    scores: tuple[compare.Compared, ...]
    """Of this run on the primary measure, each with its distance from the earlier one; () where they cannot be compared."""
    refused: str | None
    """Why they cannot."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed privacy report, as files by name."""

    files: Mapping[str, bytes]
    key_sha256: str
    """Of the public key: what two people compare."""


def facts(home: Home, run_id: str) -> dict[str, Any] | None:
    """What report.json holds; None where the run has no finished report."""
    folder = _folder(home, run_id)
    if folder is None:
        return None
    found: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return found


def _folder(home: Home, run_id: str) -> Path | None:
    folder = run_folder(home, run_id)
    if folder is None or manifest.read(folder / "report") is None:
        return None
    return folder / "report"


def forms(home: Home, run_id: str) -> list[Form]:
    """Those that are there."""
    folder = _folder(home, run_id)
    if folder is None:
        return []
    return [
        Form(form, name, what, mime, f"{run_id}.{form}", (folder / f"report.{form}").stat().st_size)
        for form, (name, mime, what) in _FORMS.items()
        if (folder / f"report.{form}").exists()
    ]


def export(home: Home, actor: Actor, run_id: str, form: str) -> bytes:
    """The report in one form, as it was written. Raises NotAllowed, and DamagedError where it was changed since."""
    with acting(home, actor, Action.VIEW, run=run_id, form=form):
        folder = _folder(home, run_id)
        written = None if folder is None else manifest.read(folder)
        if folder is None or written is None or form not in _FORMS:
            raise DamagedError("there is no such report: finish the run first")
        found = (folder / f"report.{form}").read_bytes()
        if hashlib.sha256(found).hexdigest() != written.outputs.get(f"report.{form}"):
            raise DamagedError(
                f"report.{form} of {run_id} is not what was written: delete the folder {folder} and run again"
            )
        return found


def signed_privacy_report(home: Home, actor: Actor, run_id: str) -> Signed:
    """Written into the run's folder and handed out: the same bytes each time, while the run and the key stay the same.

    Raises NotAllowed, and ReportError where the run has not come so far.
    """
    with acting(home, actor, Action.VIEW, run=run_id, what="privacy report"):
        folder = run_folder(home, run_id)
        if folder is None:
            raise DamagedError("there is no such run")
        paths = write_report(folder, home, folder / "privacy")
        files = {path.name: path.read_bytes() for path in paths}
        assert set(files) == {JSON_NAME, PAGE_NAME, KEY_NAME}
        return Signed(files, key_fingerprint(files[KEY_NAME].decode()))


# --- since the last run ---------------------------------------------------------------------------------------------


def comparable(home: Home, run_id: str) -> list[str]:
    """The other runs with a report, the newest first; those of the same use case before the rest."""
    rows = [row["run_id"] for row in Store(home.store).runs() if row["run_id"] != run_id]
    there = [other for other in rows if _folder(home, other) is not None]
    return sorted(there, key=lambda other: _name(other) != _name(run_id))


def _name(run_id: str) -> str:
    return run_id.rpartition("-")[0]


def since(home: Home, run_id: str) -> Since | None:
    """What has changed since the last finished run of the same use case; None where there is none before it."""
    created = {row["run_id"]: row["created_at"] for row in Store(home.store).runs()}
    now = facts(home, run_id)
    earlier = [
        other
        for other in comparable(home, run_id)
        if _name(other) == _name(run_id) and created[other] < created.get(run_id, 0)
    ]
    if now is None or not earlier:
        return None
    before = facts(home, earlier[0])
    assert before is not None
    scores: tuple[compare.Compared, ...] = ()
    refused = None
    try:
        found = compare.compare((earlier[0], run_id), home)
        scores = tuple(
            row for row in found.rows if row.run_id == run_id and row.metric == now["primary_metric"]
        )
    except compare.CompareError as error:
        refused = str(error)
    return Since(
        earlier[0],
        created[earlier[0]],
        before["verdict"]["kind"],
        now["verdict"]["kind"],
        tuple(_changes(_settings(home, earlier[0]), _settings(home, run_id))),
        scores,
        refused,
    )


def _settings(home: Home, run_id: str) -> dict[str, str]:
    document = json.loads((home.runs / run_id / "config.json").read_text(encoding="utf-8"))
    return dict(_flat(document["use_case"], ""))


def _flat(value: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}" if name else str(key))
    else:
        yield name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _changes(before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[Change]:
    for name in dict.fromkeys([*before, *now]):
        if before.get(name) != now.get(name):
            yield Change(name, _cut(before.get(name)), _cut(now.get(name)))


def _cut(text: str | None) -> str | None:
    if text is None or len(text) <= _LONGEST_SETTING:
        return text
    return f"{text[:_LONGEST_SETTING]}… ({len(text):,} letters)"
