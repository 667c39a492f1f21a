"""Takes records out of what people said of them: samples of reviews, marks by hand, ratings; and out of vaults of originals.

Each function leaves the new contents beside the old ones (`exchange`) and says how many rows are not in them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from appliance.home import Home
from appliance.keeping.exchange import new_path
from appliance.keeping.private_files import write_private
from privacy.ingest import record_id


def from_review(home: Home, folder: Path, ids: frozenset[str]) -> dict[str, int]:
    """The sample that was drawn, the book of marks, and the marks that were handed over; those put away too."""
    gone: dict[str, int] = {}
    sample = folder / "sample.json"
    if sample.exists():
        told = json.loads(sample.read_bytes())
        drawn = [each for each in told["drawn"] if each["record_id"] not in ids]
        if len(drawn) < len(told["drawn"]):
            gone[sample.name] = len(told["drawn"]) - len(drawn)
            scanned = {name: each for name, each in told["scanned"].items() if name not in ids}
            write_private(new_path(sample), json.dumps(told | {"drawn": drawn, "scanned": scanned}).encode())
    key = home.scrub_key()
    for path in sorted(folder.glob("*marks.jsonl")):
        gone |= _lines(path, lambda event: _without_marks(event, ids))
    for path in sorted(folder.glob("*gold.jsonl")):
        # Of all that is kept, the one file that names records as the source does.
        gone |= _lines(path, lambda row: None if record_id(key, str(row["id"])) in ids else row)
    return gone


def _without_marks(event: dict[str, Any], ids: frozenset[str]) -> dict[str, Any] | None:
    if event["event"] == "given":
        kept = [each for each in event["records"] if each not in ids]
        return event if kept == event["records"] else {**event, "records": kept} if kept else None
    return None if event["record"] in ids else event


def from_round(folder: Path, ids: frozenset[str]) -> dict[str, int]:
    """The pairs of a round, and what its raters said of them: names of records, and hashes of the answers."""
    gone: dict[str, int] = {}
    path = folder / "round.json"
    told = json.loads(path.read_bytes())
    kept = [each for each in told["records"] if each not in ids]
    if len(kept) < len(told["records"]):
        gone[path.name] = len(told["records"]) - len(kept)
        write_private(new_path(path), json.dumps(told | {"records": kept}, indent=1).encode())
    for path in sorted(folder.glob("*.jsonl")):
        gone |= _lines(path, lambda row: None if {row.get("record_id"), row.get("taken_back")} & ids else row)
    return gone


def from_golden(path: Path, ids: frozenset[str]) -> dict[str, int]:
    """A judge's golden set, which names records and hashes of the answers."""
    return _lines(path, lambda row: None if row.get("record_id") in ids else row)


def from_vault(path: Path, ids: frozenset[str]) -> dict[str, int]:
    """Boxes name their record."""
    return _lines(path, lambda row: None if isinstance(row, list) and row[0] in ids else row)


def _lines(path: Path, change: Callable[[Any], Any]) -> dict[str, int]:
    """JSON lines, each as `change` gives it, or gone where that is None. A line that is none, cut by a kill, goes too."""
    kept, gone = list[bytes](), 0
    for line in path.read_bytes().split(b"\n"):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            changed = change(row)
        except (ValueError, KeyError, TypeError, IndexError):
            gone += 1
            continue
        gone += changed != row
        if changed is not None:
            kept.append((line if changed == row else json.dumps(changed).encode()) + b"\n")
    if not gone:
        return {}
    write_private(new_path(path), b"".join(kept))
    return {path.name: gone}
