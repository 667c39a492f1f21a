"""The audit log: who did what, when and with what outcome, in `audit.jsonl` of the home. Only ever added to.

An entry holds names and ids, never text of a record, so that nobody's erasure has to break the chain.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from appliance.audit import chain as audit_chain
from appliance.audit import heads as audit_heads
from appliance.audit.chain import Line
from appliance.home import Home

if TYPE_CHECKING:
    from appliance.audit.check import Verified

LOG_KEEPER = "stillhouse"
"""Acts where the log writes about itself."""
MEND = "mend-log"
"""Notes that a kill left the line before it unfinished."""
MOST_WITHOUT_HEAD = 3
"""Lines that one kill can leave without their heads: two notes of the log about itself, and an entry."""
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log."""

    line: int
    at: float
    """Unix time."""
    actor: str
    origin: str
    """"console", "shell", "job" or "log"."""
    action: str
    outcome: str
    """"begun" (no end of it was written: it goes on, or was killed), "done", "failed", "refused" or "noticed"."""
    objects: Mapping[str, str | int]


def log_path(home: Home) -> Path:
    return home.root / "audit.jsonl"


def append(
    home: Home,
    actor_name: str,
    origin: str,
    action: str,
    outcome: str,
    objects: Mapping[str, str | int | None],
    begun: int | None = None,
) -> int:
    """Writes an entry, durably, and the log's new head; returns its line number. `begun` is the entry that this one ends."""
    with _locked(home) as log:
        return _add(home, log, _content(actor_name, origin, action, outcome, objects, begun))


def append_unless_recent(
    home: Home,
    actor_name: str,
    origin: str,
    action: str,
    outcome: str,
    objects: Mapping[str, str | int | None],
    *,
    within_s: float,
) -> None:
    """The same, unless an equal entry is not older than `within_s`."""
    content = _content(actor_name, origin, action, outcome, objects, None)
    with _locked(home) as log:
        for line in audit_chain.backwards(log):
            if line.get("at", 0.0) < content["at"] - within_s:
                break
            if all(line.get(name) == value for name, value in content.items() if name != "at"):
                return
        _add(home, log, content)


def _content(
    actor_name: str,
    origin: str,
    action: str,
    outcome: str,
    objects: Mapping[str, str | int | None],
    begun: int | None,
) -> dict[str, Any]:
    named = {
        name: value[:_LONGEST] if isinstance(value, str) else value
        for name, value in objects.items()
        if value is not None
    }
    return {
        "at": round(time.time(), 3),
        "actor": actor_name,
        "origin": origin,
        "action": str(action),
        "outcome": outcome,
        "objects": named,
        **({} if begun is None else {"begun": begun}),
    }


@contextmanager
def _locked(home: Home) -> Iterator[int]:
    log = audit_chain.open_file(log_path(home))
    try:
        fcntl.flock(log, fcntl.LOCK_EX)
        yield log
    finally:
        os.close(log)


def _add(home: Home, log: int, content: Mapping[str, Any]) -> int:
    at = audit_chain.end(log)
    head = audit_heads.last(home)
    signed = 0 if head is None else head["line"]
    notes = []
    if at.torn_bytes:
        notes.append(_of_itself(MEND, "done", {"torn_bytes": at.torn_bytes}))
    missing = list(islice(_backwards_to(log, signed), MOST_WITHOUT_HEAD + 1))
    other = signed == at.lines and head is not None and head["tip"] != at.tip
    if other or signed > at.lines or len(missing) > MOST_WITHOUT_HEAD:
        notes.append(_of_itself("notice-change", "noticed", {"lines": at.lines, "heads": signed}))
    else:
        audit_heads.add(home, reversed(missing))  # a kill came between an entry and its head
    added = audit_chain.add(home, log, at, [*notes, content])
    audit_heads.add(home, added)
    return added[-1].number


def _backwards_to(log: int, signed: int) -> Iterator[Line]:
    """The whole lines after the line `signed`, newest first."""
    for content in audit_chain.backwards(log):
        if content["line"] <= signed:
            return
        yield Line(content["line"], audit_chain.link(content["previous"], b"", content), content)


def _of_itself(action: str, outcome: str, objects: Mapping[str, int]) -> dict[str, Any]:
    return _content(LOG_KEEPER, "log", action, outcome, objects, None)


def entries(
    home: Home,
    offset: int = 0,
    limit: int = 50,
    *,
    actor: str | None = None,
    action: str | None = None,
    outcome: str | None = None,
) -> list[Entry]:
    """Newest first. An action that ended is one entry, its last; `offset` counts those that the filter lets through."""
    wanted = {"actor": actor, "action": action, "outcome": outcome}
    try:
        log = os.open(log_path(home), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return []
    try:
        shown = (
            line
            for line in _without_begins(audit_chain.backwards(log))
            if all(value is None or line.get(name) == value for name, value in wanted.items())
        )
        return [_entry(line) for line in islice(shown, offset, offset + limit)]
    finally:
        os.close(log)


def verify(home: Home, seen: tuple[int, str] | None = None) -> Verified:
    """Reads the whole log. `seen` is a number of lines and the tip that somebody noted down when the log had so many."""
    from appliance.audit import check

    return check.verify(home, seen)


def _without_begins(backwards: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Leaves out the begin of what ended."""
    ended: set[Any] = set()
    for line in backwards:
        ended.add(line.get("begun"))
        if line["line"] not in ended:
            yield line


def _entry(line: Mapping[str, Any]) -> Entry:
    """A line that somebody changed is shown as it is: `verify` says what is wrong."""
    objects = line.get("objects")
    return Entry(
        line["line"],
        float(line["at"]) if isinstance(line.get("at"), int | float) else 0.0,
        str(line.get("actor")),
        str(line.get("origin")),
        str(line.get("action")),
        str(line.get("outcome")),
        objects if isinstance(objects, dict) else {},
    )
