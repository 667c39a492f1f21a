"""The review queue: a sample of raw records that privacy officers mark by hand, and what their marks say of the scrubber.

Raw text is read from the source when a record is looked at, a record at a time, and kept nowhere: not in the home, not
in a job's result, not in a log. What is kept is offsets. Marks are only ever added (`marks.jsonl`), by one writer at a
time, so that two officers at once lose nothing; who saves over marks that he has not seen is told to look again.
"""

from __future__ import annotations

import functools
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from appliance.home import Home
from appliance.keeping.erasures import erased_ids
from appliance.keeping.private_files import alone, write_private
from appliance.people.acting import Action, Actor, acting, may
from appliance.preparing import use_cases
from appliance.preparing.reading import Reading, reading_of
from privacy.entities import ENTITY_TYPES
from privacy.records import Span

if TYPE_CHECKING:
    from appliance.jobs import Job
    from privacy.measure import SpanScores
    from privacy.review import Drawn, Scanned
    from privacy.scan import Scrubber

BATCH = 10
"""Records that are given out at a time, and written into the audit log as one look."""
HELD_S = 1800.0
"""So long nobody else is given them."""
SEED = 0
LARGEST = 5_000


class ReviewError(ValueError):
    """One line: what is wrong with the review and what to do."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One place of personal data, as offsets in characters of a raw field."""

    field: str
    start: int
    end: int
    entity_type: str


@dataclass(frozen=True, slots=True)
class Sample:
    """What was drawn for a use case, and what its policy finds there."""

    population: int
    """Records that were drawn from."""
    seed: int
    policy: str
    policy_id: str
    kept_types: tuple[str, ...]
    recall_floor: float
    at: float
    """Unix time of the search."""
    file: tuple[int, int]
    """The source's size in bytes and time of change in ns, when it was drawn from."""
    source: str
    """Digest of the settings that say what a record is: other fields, another sample."""
    drawn: tuple[Drawn, ...]
    scanned: Mapping[str, Scanned]

    @property
    def to_review(self) -> tuple[Drawn, ...]:
        """Without those that the scrubber dropped."""
        return tuple(each for each in self.drawn if self.scanned[each.record_id].spans is not None)


@dataclass(frozen=True, slots=True)
class Decision:
    """What one officer said of a record."""

    by: str
    at: float
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Book:
    """All that was said and given out, in order."""

    decisions: Mapping[str, tuple[Decision, ...]]
    """By record id, the last one counts."""
    held: Mapping[str, tuple[str, float]]
    """Record id -> who was given it, and until when."""


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


# ---- Drawing


def ask_for_sample(home: Home, actor: Actor, name: str, size: int) -> Job:
    """Starts the search for a sample of this size; a larger one begins with the records of the smaller.

    Raises NotAllowed; ConfigError or ReviewError, in one line, where it cannot be.
    """
    from appliance import jobs

    with acting(home, actor, Action.REVIEW, use_case=name, sample=size):
        if not 1 <= size <= LARGEST:
            raise ReviewError(f"a sample has from 1 to {LARGEST:,} records")
        if reading_of(home, name).source.id is None:
            raise ReviewError("marks name records by id: choose the id column on the page Data first")
        return jobs.put(home, actor.name, "find", {"use_case": name, "records": size}, key=f"find {name}")


def find(home: Home, job: Job) -> dict[str, Any]:
    """The work of a `find` job. Runs in a process of its own."""
    from appliance.models import resolve_detector
    from appliance.progress import Reporter

    name = job.arguments["use_case"]
    reading = reading_of(home, name)
    scrubber = reading.scrubber(resolve_detector(reading.detector, home, reading.base_dir), home.scrub_key())
    return search(home, name, int(job.arguments["records"]), scrubber, Reporter(home.jobs / job.job_id))


def search(home: Home, name: str, size: int, scrubber: Scrubber, tell: Callable[..., None]) -> dict[str, Any]:
    """Draws, searches, and leaves offsets. Marks that were made on the same data stay."""
    from appliance.jobs import JobError
    from privacy.review import draw, scan

    reading, scanned = reading_of(home, name), dict[str, Any]()
    file = _file_state(reading.path)
    try:
        gone = erased_ids(home)
        drawn, population = draw(reading.source, reading.base_dir, scrubber.key, size, SEED, gone)
        for batch in scan(reading.source, reading.base_dir, scrubber, drawn):
            scanned |= batch
            tell(len(scanned), len(drawn), unit="records")
    except ValueError as error:  # says which file and column, never what is in them
        raise JobError(str(error)) from None
    found = Sample(
        population,
        SEED,
        reading.policy.name,
        scrubber.policy_id,
        reading.policy.kept_types(),
        reading.policy.min_recall,
        time.time(),
        file,
        _source_digest(reading),
        tuple(drawn),
        scanned,
    )
    folder = _folder(home, name)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with alone(folder / "lock"):
        before = sample(home, name)
        if before is not None and before.source != found.source:
            _put_away(folder)
        write_private(folder / "sample.json", json.dumps(asdict(found)).encode())
    spans = sum(len(spans) for each in scanned.values() for spans in (each.spans or {}).values())
    return {
        "records": len(drawn),
        "spans": spans,
        "message": f"{len(drawn):,} of {population:,} records drawn, {spans:,} places found",
    }


def _put_away(folder: Path) -> None:
    """Marks belong to the records they were made on: other fields or another file begin a new book."""
    for path in (folder / "marks.jsonl", folder / "gold.jsonl"):
        if path.exists():
            path.rename(folder / f"{int(time.time())}-{path.name}")


def sample(home: Home, name: str) -> Sample | None:
    """What was drawn for the use case; None where nothing was."""
    path = _folder(home, name) / "sample.json"
    try:
        state = path.stat()
    except FileNotFoundError:
        return None
    return _read_sample(path, state.st_mtime_ns, state.st_size)


@functools.lru_cache(maxsize=8)
def _read_sample(path: Path, _changed: int, _size: int) -> Sample:
    """Offsets only: nothing of this is a record's text."""
    from privacy.review import Drawn, Scanned

    told = json.loads(path.read_bytes())
    drawn = tuple(
        Drawn(each["record_id"], each["row"], None if each["place"] is None else (*each["place"],))
        for each in told.pop("drawn")
    )
    scanned = {
        record_id: Scanned(
            tuple(each["fields"]),
            None
            if each["spans"] is None
            else {name: tuple(Span(**span) for span in spans) for name, spans in each["spans"].items()},
        )
        for record_id, each in told.pop("scanned").items()
    }
    told |= {"kept_types": tuple(told["kept_types"]), "file": tuple(told["file"])}
    return Sample(**told, drawn=drawn, scanned=scanned)


# ---- Looking and deciding


def take_batch(home: Home, actor: Actor, name: str, now: float) -> list[str]:
    """Ids of up to `BATCH` records that are this officer's to review now: those given out already, then new ones.

    Written into the audit log as one look. Raises NotAllowed, and ReviewError where nothing was drawn.
    """
    with acting(home, actor, Action.REVIEW, use_case=name, records=BATCH):
        drawn = _sample(home, name)
        with alone(_folder(home, name) / "lock"):
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
            _append(home, name, {"event": "given", "by": actor.name, "at": now, "records": batch})
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
            with alone(_folder(home, name) / "lock"):
                _append(home, name, {"event": "given", "by": actor.name, "at": now, "records": [record_id]})
    return _read(home, name, record_id, book)


def _read(home: Home, name: str, record_id: str, book: Book) -> Looked:
    from privacy.review import show

    drawn = _sample(home, name)
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
        drawn = _sample(home, name)
        if record_id not in drawn.scanned:
            raise ReviewError("this record is not in the sample: go on with the next one")
        _check(marks, drawn.scanned[record_id].fields)
        with alone(_folder(home, name) / "lock"):
            before = read_book(home, name).decisions.get(record_id, ())
            if len(before) != version:
                raise ReviewError(
                    f"{before[-1].by} decided on this record while you looked at it: look at it again, nothing was lost"
                )
            said = [asdict(mark) for mark in sorted(set(marks), key=_order)]
            event = {"event": "decided", "by": actor.name, "at": now, "record": record_id, "marks": said}
            _append(home, name, event)


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


def found_in(scanned: Scanned) -> tuple[Mark, ...]:
    """What the scrubber found, in the order in which a reader meets it."""
    return tuple(
        Mark(name, span.start, span.end, span.entity_type)
        for name in scanned.fields
        for span in sorted((scanned.spans or {}).get(name, ()), key=lambda span: span.start)
    )


def last_of(home: Home, actor_name: str, name: str) -> str | None:
    """The record on which this officer decided last: the one to go back to."""
    latest = [
        (decision.at, record_id)
        for record_id, decisions in read_book(home, name).decisions.items()
        for decision in decisions
        if decision.by == actor_name
    ]
    return max(latest)[1] if latest else None


# ---- The book


def read_book(home: Home, name: str) -> Book:
    """Everything that was given out and decided; a last line cut by a kill was never acknowledged and is not there."""
    path = _folder(home, name) / "marks.jsonl"
    try:
        with path.open("rb") as file:
            return _read_on(path, file)
    except FileNotFoundError:
        return Book({}, {})


_READ: dict[Path, tuple[int, bytes, Book]] = {}
"""How many bytes of a book were read, the last of them, and what they say. Lines are only added, so they are read once."""
_TAIL_BYTES = 96


def _read_on(path: Path, file: BinaryIO) -> Book:
    at, tail, book = _READ.get(path, (0, b"", Book({}, {})))
    file.seek(at - len(tail))
    if file.read(len(tail)) != tail:  # another book has begun
        at, tail, book = 0, b"", Book({}, {})
        file.seek(0)
    content = file.read()
    whole = content[: content.rfind(b"\n") + 1]
    if whole:
        book = _with(book, [json.loads(line) for line in whole.splitlines()])
        _READ[path] = (at + len(whole), (tail + whole)[-_TAIL_BYTES:], book)
    return book


def _with(book: Book, events: Iterable[Mapping[str, Any]]) -> Book:
    decisions, held = dict(book.decisions), dict(book.held)
    for event in events:
        if event["event"] == "given":
            held |= dict.fromkeys(event["records"], (event["by"], event["at"] + HELD_S))
        else:
            marks = tuple(Mark(**mark) for mark in event["marks"])
            decision = Decision(event["by"], event["at"], marks)
            decisions[event["record"]] = (*decisions.get(event["record"], ()), decision)
    return Book(decisions, held)


def _append(home: Home, name: str, event: Mapping[str, Any]) -> None:
    """Under the lock. A tail that a kill left behind is cut off first."""
    path = _folder(home, name) / "marks.jsonl"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        size = file.seek(0, os.SEEK_END)
        if size and not _ends_whole(file, size):
            file.seek(0)
            file.truncate(file.read().rfind(b"\n") + 1)
            file.seek(0, os.SEEK_END)
        file.write(json.dumps(event).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _ends_whole(file: BinaryIO, size: int) -> bool:
    file.seek(size - 1)
    return file.read(1) == b"\n"


# ---- What it says


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
    gold = _folder(home, name) / "gold.jsonl"
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
        _stale(home, name, drawn),
        _num_handed_over(gold) if there else None,
        there and last > gold.stat().st_mtime,
    )


def _num_handed_over(gold: Path) -> int:
    return len({json.loads(line)["id"] for line in gold.read_bytes().splitlines()})


def _stale(home: Home, name: str, drawn: Sample) -> str | None:
    try:
        reading = reading_of(home, name)
        state = _file_state(reading.path)
    except (ValueError, OSError) as error:
        return str(error)
    if _source_digest(reading) != drawn.source:
        return "The use case reads other data or other fields than were drawn from: draw a new sample."
    if state != drawn.file:
        return "The file has changed since the sample was drawn: draw a new sample."
    from privacy.settings import policy_id

    if policy_id(reading.policy, home.scrub_key()) != drawn.policy_id:
        return "The policy has changed since: search the sample again. The marks stay."
    return None


def measure(home: Home, name: str) -> SpanScores | None:
    """What the scrubber found against the marks so far; None before the first mark, or where the file has changed.

    Reads the reviewed records' text to tell letters from signs, keeps none of it, and gives counts.
    """
    drawn = sample(home, name)
    if drawn is None or _stale(home, name, drawn) is not None:
        return None
    path = _folder(home, name)
    try:
        states = [(path / file).stat() for file in ("sample.json", "marks.jsonl")]
    except FileNotFoundError:
        return None
    return _measure(home, name, *(state.st_mtime_ns for state in states), states[1].st_size)


@functools.lru_cache(maxsize=8)
def _measure(home: Home, name: str, _drawn: int, _marked: int, _size: int) -> SpanScores | None:
    from privacy.review import score

    drawn, book = _sample(home, name), read_book(home, name)
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
        drawn, book = _sample(home, name), read_book(home, name)
        reading = reading_of(home, name)
        if _source_digest(reading) != drawn.source:
            raise ReviewError("the sample is of other data than the use case's: draw a new sample")
        marked = [
            (each, drawn.scanned[each.record_id].fields, _spans(book.decisions[each.record_id][-1].marks))
            for each in drawn.to_review
            if each.record_id in book.decisions
        ]
        if not marked:
            raise ReviewError("no record is reviewed yet: review some first")
        path = _folder(home, name) / "gold.jsonl"
        try:
            count = write_marks(path, reading.source, reading.base_dir, home.scrub_key(), marked)
        except ValueError as error:
            raise ReviewError(str(error)) from None
        use_cases.measure_against_marks(home, actor, name)
        return count


# ---- Where things are


def _sample(home: Home, name: str) -> Sample:
    drawn = sample(home, name)
    if drawn is None:
        raise ReviewError(f"no records are drawn for '{name}' yet: draw a sample first")
    return drawn


def _folder(home: Home, name: str) -> Path:
    use_cases.path(home, name)  # refuses a name that is none
    return home.root / "reviews" / name


def _file_state(path: Path) -> tuple[int, int]:
    state = path.stat()
    return state.st_size, state.st_mtime_ns


def _source_digest(reading: Reading) -> str:
    from appliance.manifest import hash_json

    source = reading.source
    told = [source.path, source.format, source.table, source.id, source.fields, source.limit, source.columns]
    return str(hash_json(told))
