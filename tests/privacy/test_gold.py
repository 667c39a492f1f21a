"""Marks and findings meet inside the scrubber's room: what the policy keeps is no leak, what it drops is none either."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from privacy.gold import score_source
from privacy.ingest import record_id
from privacy.records import Span
from privacy.settings import SourceSettings
from tests.privacy.fakes import KEY

SOURCE = SourceSettings(path="in.jsonl", id="id", fields={"message": "text"})
MARKS = [("PERSON", 0, 3), ("ORGANIZATION", 12, 16)]


def prepare(folder: Path) -> Path:
    rows = [{"id": str(number), "text": "Ann works at Acme"} for number in range(2)]
    (folder / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    spans = [{"entity_type": name, "start": start, "end": end + 1} for name, start, end in MARKS]
    gold = [{"id": str(number), "field": "message", "spans": spans} for number in range(2)]
    (folder / "gold.jsonl").write_text("".join(json.dumps(row) + "\n" for row in gold))
    return folder / "gold.jsonl"


def test_marks_of_kept_types_do_not_count(tmp_path: Path) -> None:
    gold = prepare(tmp_path)
    found = {(record_id(KEY, "0"), "message"): (Span(0, 4, "PERSON", 1.0, "test"),)}
    assert score_source(SOURCE, tmp_path, KEY, gold, found).recall.value == 0.5
    kept = score_source(SOURCE, tmp_path, KEY, gold, found, ("ORGANIZATION",))
    assert kept.recall.value == 1 and set(kept.by_type) == {"PERSON"} and kept.leaking_documents == 0


def test_a_dropped_record_leaks_nothing_and_none_kept_is_refused(tmp_path: Path) -> None:
    gold = prepare(tmp_path)
    found = {(record_id(KEY, "0"), "message"): (Span(0, 17, "PERSON", 1.0, "test"),)}
    assert score_source(SOURCE, tmp_path, KEY, gold, found).documents == 1
    with pytest.raises(ValueError, match="no marked record is among those kept"):
        score_source(SOURCE, tmp_path, KEY, gold, {})
