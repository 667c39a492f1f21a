"""The sample of a review: which records were drawn for marking by hand, and what the policy finds there, as offsets."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from appliance.home import Home
from appliance.keeping.erasures import erased_ids
from appliance.keeping.private_files import alone, write_private
from appliance.people.acting import Action, Actor, acting
from appliance.preparing.reading import Reading, reading_of
from appliance.preparing.review_book import Mark, ReviewError, folder_of
from privacy.records import Span

if TYPE_CHECKING:
    from appliance.jobs import Job
    from privacy.review import Drawn, Scanned
    from privacy.scan import Scrubber

SEED = 0
LARGEST = 5_000


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
        source_digest(reading),
        tuple(drawn),
        scanned,
    )
    folder = folder_of(home, name)
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
    path = folder_of(home, name) / "sample.json"
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


def required_sample(home: Home, name: str) -> Sample:
    drawn = sample(home, name)
    if drawn is None:
        raise ReviewError(f"no records are drawn for '{name}' yet: draw a sample first")
    return drawn


def found_in(scanned: Scanned) -> tuple[Mark, ...]:
    """What the scrubber found, in the order in which a reader meets it."""
    return tuple(
        Mark(name, span.start, span.end, span.entity_type)
        for name in scanned.fields
        for span in sorted((scanned.spans or {}).get(name, ()), key=lambda span: span.start)
    )


def stale(home: Home, name: str, drawn: Sample) -> str | None:
    try:
        reading = reading_of(home, name)
        state = _file_state(reading.path)
    except (ValueError, OSError) as error:
        return str(error)
    if source_digest(reading) != drawn.source:
        return "The use case reads other data or other fields than were drawn from: draw a new sample."
    if state != drawn.file:
        return "The file has changed since the sample was drawn: draw a new sample."
    from privacy.settings import policy_id

    if policy_id(reading.policy, home.scrub_key()) != drawn.policy_id:
        return "The policy has changed since: search the sample again. The marks stay."
    return None


def _file_state(path: Path) -> tuple[int, int]:
    state = path.stat()
    return state.st_size, state.st_mtime_ns


def source_digest(reading: Reading) -> str:
    from appliance.manifest import hash_json

    source = reading.source
    told = [source.path, source.format, source.table, source.id, source.fields, source.limit, source.columns]
    return str(hash_json(told))
