"""The review queue: privacy officers mark a sample of raw records by hand, and their marks measure the scrubber.

Raw text is read from the source when a record is looked at, a record at a time, and kept nowhere: not in the home, not
in a job's result, not in a log. Who saves over marks that he has not seen is told to look again.
"""

from __future__ import annotations

import functools
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.home import Home
from appliance.keeping.erasures import erased_ids
from appliance.keeping.private_files import alone
from appliance.people.acting import Action, Actor, acting, may
from appliance.preparing import use_cases
from appliance.preparing.reading import reading_of
from appliance.preparing.review_book import (
    Book,
    Decision,
    Mark,
    ReviewError,
    folder_of,
    read_book,
    write_down,
)
from appliance.preparing.review_sample import found_in, required_sample, sample, source_digest, stale
from privacy.entities import ENTITY_TYPES
from privacy.records import Span

if TYPE_CHECKING:
    from privacy.measure import SpanScores

BATCH = 10
"""Records that are given out at a time, and written into the audit log as one look."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A record on the officer's screen. Its text lives as long as this object: one drawing of the page."""

    record_id: str
    number: int
    """Position in the sample, from 1."""
    texts: Mapping[str, str] = field(repr=False)
    found: tuple[Mark, ...]
    decided: Decision | None
    version: int
    """How many decisions there were when it was read: handed back with the next one."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the review stands. Counts only."""

    drawn: int
    dropped: int
    reviewed: int
    waiting: int
    population: int
    by_officer: Mapping[str, int]
    """Records whose last decision is this officer's."""
    confirmed: int
    rejected: int
    added: int
    """Marks of reviewed records, against what was found."""
    stale: str | None
    """Why the sample must be drawn anew, in one sentence."""
    handed_over: int | None
    """Records in the file that the run reads; None where there is none."""
    changed_since: bool
    """Whether marks came after that file was written."""


def take_batch(home: Home, actor: Actor, name: str, now: float) -> list[str]:
    """Ids of up to `BATCH` records that are this officer's to review now: those given out already, then new ones.

    Written into the audit log as one look. Raises NotAllowed, and ReviewError where nothing was drawn.
    """
    with acting(home, actor, Action.REVIEW, use_case=name, records=BATCH):
        drawn = required_sample(home, name)
        with alone(folder_of(home, name) / "lock"):
            book = read_book(home, name)
            mine, free = [], []
            for each in drawn.to_review:
                if each.record_id in book.decisions:
                    continue
                by, until = book.held.get(each.record_id, ("", 0.0))
                if until <= now:
                    free.append(each.record_id)
                elif by == actor.name:
                    mine.append(each.record_id)
            batch = [*mine, *free][:BATCH]
            write_down(home, name, {"event": "given", "by": actor.name, "at": now, "records": batch})
        return batch


def look(home: Home, actor: Actor, name: str, record_id: str, now: float) -> Looked:
    """The raw record, read from the source now. One that the officer was not given is given now, and audited.

    Raises NotAllowed, and ReviewError where the record is not in the sample, another officer has it, or the file changed.
    """
    book = read_book(home, name)
    by, until = book.held.get(record_id, ("", 0.0))
    if not (may(actor, Action.REVIEW) and by == actor.name and until > now):
        with acting(home, actor, Action.REVIEW, use_case=name, record=record_id):
            if until > now and record_id not in book.decisions:
                raise ReviewError(f"{by} is reviewing this record now: take another one")
            with alone(folder_of(home, name) / "lock"):
                write_down(
                    home, name, {"event": "given", "by": actor.name, "at": now, "records": [record_id]}
                )
    return _read(home, name, record_id, book)


def _read(home: Home, name: str, record_id: str, book: Book) -> Looked:
    from privacy.review import show

    drawn = required_sample(home, name)
    number = next((n for n, each in enumerate(drawn.drawn, 1) if each.record_id == record_id), None)
    if number is None:
        raise ReviewError("this record is not in the sample: go on with the next one")
    reading = reading_of(home, name)
    scanned = drawn.scanned[record_id]
    try:
        shown = show(
            reading.source,
            reading.base_dir,
            home.scrub_key(),
            drawn.drawn[number - 1],
            scanned.fields,
            erased_ids(home),
        )
    except ValueError as error:
        raise ReviewError(str(error)) from None
    decisions = book.decisions.get(record_id, ())
    return Looked(
        record_id,
        number,
        shown.fields,
        found_in(scanned),
        decisions[-1] if decisions else None,
        len(decisions),
    )


def decide(
    home: Home, actor: Actor, name: str, record_id: str, marks: Sequence[Mark], version: int, now: float
) -> None:
    """Keeps what the officer says is personal in the record: all of it, found or not.

    Raises NotAllowed; ReviewError where a mark cannot be, or where somebody else decided since `version` was read: nothing
    is written over unseen.
    """
    with acting(home, actor, Action.REVIEW, use_case=name, record=record_id, marks=len(marks)):
        drawn = required_sample(home, name)
        if record_id not in drawn.scanned:
            raise ReviewError("this record is not in the sample: go on with the next one")
        _check(marks, drawn.scanned[record_id].fields)
        with alone(folder_of(home, name) / "lock"):
            before = read_book(home, name).decisions.get(record_id, ())
            if len(before) != version:
                raise ReviewError(
                    f"this record was decided on by {before[-1].by} while you looked at it: look at it again, nothing was lost"
                )
            said = [asdict(mark) for mark in sorted(set(marks), key=_order)]
            event = {"event": "decided", "by": actor.name, "at": now, "record": record_id, "marks": said}
            write_down(home, name, event)


def _check(marks: Iterable[Mark], fields: Sequence[str]) -> None:
    for mark in marks:
        if mark.field not in fields:
            raise ReviewError("a mark names a field that is not shown")
        if not 0 <= mark.start < mark.end:
            raise ReviewError("a mark must hold at least one character")
        if mark.entity_type not in ENTITY_TYPES:
            raise ReviewError("a mark names a type of personal data that is not in the table")


def _order(mark: Mark) -> tuple[str, int, int, str]:
    return mark.field, mark.start, mark.end, mark.entity_type


def last_of(home: Home, actor_name: str, name: str) -> str | None:
    """The record on which this officer decided last: the one to go back to."""
    latest = [
        (decision.at, record_id)
        for record_id, decisions in read_book(home, name).decisions.items()
        for decision in decisions
        if decision.by == actor_name
    ]
    return max(latest)[1] if latest else None


def progress(home: Home, name: str) -> Progress | None:
    """Where the review stands; None where nothing was drawn."""
    drawn = sample(home, name)
    if drawn is None:
        return None
    book = read_book(home, name)
    confirmed = rejected = added = 0
    officers: Counter[str] = Counter()
    reviewed = [each for each in drawn.to_review if each.record_id in book.decisions]
    last = 0.0
    for each in reviewed:
        decision = book.decisions[each.record_id][-1]
        officers[decision.by] += 1
        last = max(last, decision.at)
        found, marks = set(found_in(drawn.scanned[each.record_id])), set(decision.marks)
        confirmed += len(found & marks)
        rejected += len(found - marks)
        added += len(marks - found)
    gold = folder_of(home, name) / "gold.jsonl"
    there = gold.exists()
    return Progress(
        len(drawn.drawn),
        len(drawn.drawn) - len(drawn.to_review),
        len(reviewed),
        len(drawn.to_review) - len(reviewed),
        drawn.population,
        officers,
        confirmed,
        rejected,
        added,
        stale(home, name, drawn),
        _num_handed_over(gold) if there else None,
        there and last > gold.stat().st_mtime,
    )


def _num_handed_over(gold: Path) -> int:
    return len({json.loads(line)["id"] for line in gold.read_bytes().splitlines()})


def measure(home: Home, name: str) -> SpanScores | None:
    """What the scrubber found against the marks so far; None before the first mark, or where the file has changed.

    Reads the reviewed records' text to tell letters from signs, keeps none of it, and gives counts.
    """
    drawn = sample(home, name)
    if drawn is None or stale(home, name, drawn) is not None:
        return None
    path = folder_of(home, name)
    try:
        states = [(path / file).stat() for file in ("sample.json", "marks.jsonl")]
    except FileNotFoundError:
        return None
    return _measure(home, name, *(state.st_mtime_ns for state in states), states[1].st_size)


@functools.lru_cache(maxsize=8)
def _measure(home: Home, name: str, _drawn: int, _marked: int, _size: int) -> SpanScores | None:
    from privacy.review import score

    drawn, book = required_sample(home, name), read_book(home, name)
    reviewed = [
        (each, drawn.scanned[each.record_id], _spans(book.decisions[each.record_id][-1].marks))
        for each in drawn.to_review
        if each.record_id in book.decisions
    ]
    if not reviewed:
        return None
    reading = reading_of(home, name)
    return score(reading.source, reading.base_dir, home.scrub_key(), reviewed, drawn.kept_types)


def _spans(marks: Iterable[Mark]) -> dict[str, tuple[Span, ...]]:
    found: dict[str, list[Span]] = {}
    for mark in marks:
        found.setdefault(mark.field, []).append(Span(mark.start, mark.end, mark.entity_type, 1.0, "officer"))
    return {name: tuple(spans) for name, spans in found.items()}


def hand_over(home: Home, actor: Actor, name: str) -> int:
    """Writes the marks where the run reads them, which arms its gate; gives the number of records.

    Raises NotAllowed; ReviewError where nothing is marked, or the sample is of other data than the use case's.
    """
    from privacy.review import write_marks

    with acting(home, actor, Action.REVIEW, use_case=name, handed_over="marks"):
        drawn, book = required_sample(home, name), read_book(home, name)
        reading = reading_of(home, name)
        if source_digest(reading) != drawn.source:
            raise ReviewError("the sample is of other data than the use case's: draw a new sample")
        marked = [
            (each, drawn.scanned[each.record_id].fields, _spans(book.decisions[each.record_id][-1].marks))
            for each in drawn.to_review
            if each.record_id in book.decisions
        ]
        if not marked:
            raise ReviewError("no record is reviewed yet: review some first")
        path = folder_of(home, name) / "gold.jsonl"
        try:
            count = write_marks(path, reading.source, reading.base_dir, home.scrub_key(), marked)
        except ValueError as error:
            raise ReviewError(str(error)) from None
        use_cases.measure_against_marks(home, actor, name)
        return count
