"""A look at a use case's records before any run: counts of the whole file, and twenty records after scrubbing.

The work is a light job in a process of its own. Counts and scrubbed records lie in files apart, so that whoever may see no
text sees the counts.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from appliance.home import Home
from appliance.keeping import texts
from appliance.keeping.erasures import erased_ids
from appliance.keeping.private_files import write_private
from appliance.manifest import hash_json
from appliance.people.acting import Action, Actor, acting
from appliance.preparing import use_cases
from appliance.preparing.reading import Reading, reading_of
from distill.tasks.task import field_names

if TYPE_CHECKING:
    from appliance.jobs import Job
    from privacy.scan import Scrubber

RECORDS = 20
_COUNTS, _RECORDS = "preview.json", "preview-records.json"


@dataclass(frozen=True, slots=True)
class Counts:
    """What the last look counted. No text but likely labels, in which nothing personal was found."""

    at: float
    """Unix time."""
    rows: int
    readable: int
    unreadable: Mapping[str, int]
    duplicates: int
    lengths: Mapping[str, Mapping[str, float]]
    """By field: mean, low (of 20 one is shorter), median, high, longest; in characters."""
    labels: Mapping[str, int] | None
    """The answer column's values and in how many records each stands; None where they are no labels."""
    rare: int
    """Records whose value is too rare or too long to be told."""
    withheld: int
    """Values in which something personal was found."""
    answer: str | None
    """The field that `labels` is of."""
    shown: int
    dropped: Mapping[str, int]
    """Of the records that were to be shown, by reason."""
    found: Mapping[str, int]
    """In those shown, by entity type."""
    policy: str
    seconds: float
    state: str
    """Digest of what was looked at, and how."""


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """One record as the policy leaves it."""

    row: int
    fields: Mapping[str, str] = field(repr=False)
    replaced: Mapping[str, tuple[tuple[int, int, str], ...]]
    """By field: from where to where something else stands now, and what it was."""


def ask(home: Home, actor: Actor, name: str) -> Job:
    """Starts a look. Raises NotAllowed, and ConfigError in one line where the draft does not say yet what to read."""
    from appliance import jobs

    with acting(home, actor, Action.START_JOB, kind="preview", use_case=name[:60]):
        reading_of(home, name)
        return jobs.put(home, actor.name, "preview", {"use_case": name}, key=f"preview {name}")


def work(home: Home, job: Job) -> dict[str, Any]:
    """The work of a `preview` job. Runs in a process of its own."""
    from appliance.models import resolve_detector
    from appliance.progress import Reporter

    name, tell = job.arguments["use_case"], Reporter(home.jobs / job.job_id)
    tell(0, 3, unit="steps", note="loading the models")
    reading = reading_of(home, name)
    scrubber = reading.scrubber(resolve_detector(reading.detector, home, reading.base_dir), home.scrub_key())
    return look_over(home, name, scrubber, tell)


def look_over(home: Home, name: str, scrubber: Scrubber, tell: Callable[..., None]) -> dict[str, Any]:
    """Counts the whole file and scrubs some of it."""
    from appliance.jobs import JobError
    from privacy.preview import count, preview
    from privacy.review import draw

    started, reading = time.monotonic(), reading_of(home, name)
    inputs = sorted(reading.source.fields if reading.task is None else field_names(reading.task.input))
    answer, state = answer_field(reading), state_of(reading)
    try:
        tell(1, 3, unit="steps", note="counting")
        quality, values = count(reading.source, reading.base_dir, scrubber.key, inputs, answer)
        tell(2, 3, unit="steps", note="scrubbing")
        drawn, _ = draw(reading.source, reading.base_dir, scrubber.key, RECORDS, 0, erased_ids(home))
    except ValueError as error:  # says which file and column, never what is in them
        raise JobError(str(error)) from None
    seen = preview(reading.source, reading.base_dir, scrubber, drawn, values)
    counts = Counts(
        time.time(),
        quality.rows,
        quality.readable,
        dict(quality.unreadable),
        quality.duplicates,
        {field: asdict(lengths) for field, lengths in quality.lengths.items()},
        None if seen.labels is None else seen.labels.counts,
        0 if seen.labels is None else seen.labels.rare,
        0 if seen.labels is None else seen.labels.withheld,
        answer,
        len(seen.records),
        dict(seen.dropped),
        dict(seen.found),
        reading.policy.name,
        time.monotonic() - started,
        state,
    )
    folder = use_cases.path(home, name).parent
    texts.write(folder / _RECORDS, json.dumps([asdict(record) for record in seen.records]).encode())
    write_private(folder / _COUNTS, json.dumps(asdict(counts)).encode())
    tell(3, 3, unit="steps")
    return {
        "records": len(seen.records),
        "message": f"{quality.rows:,} rows counted, {len(seen.records)} records shown as the policy leaves them",
    }


def answer_field(reading: Reading) -> str | None:
    """The field that holds answers: the teacher's recorded ones, else the human reference."""
    return reading.answer_fields[0] if reading.answer_fields else None


def counts(home: Home, name: str) -> Counts | None:
    """What the last look counted; None before the first."""
    path = use_cases.path(home, name).parent / _COUNTS
    try:
        return Counts(**json.loads(path.read_bytes()))
    except FileNotFoundError:
        return None


def is_of_now(home: Home, name: str, seen: Counts) -> bool:
    """Whether data, fields and policy are still what they were when it was counted."""
    try:
        return seen.state == state_of(reading_of(home, name))
    except ValueError:
        return False


def records(home: Home, actor: Actor, name: str) -> list[Scrubbed]:
    """The records that were shown, scrubbed. Raises NotAllowed."""
    with acting(home, actor, Action.SEE_TEXT, use_case=name[:60], what="preview"):
        return records_for_a_job(home, name)


def records_for_a_job(home: Home, name: str) -> list[Scrubbed]:
    """The same, for work that nobody looks at."""
    path = use_cases.path(home, name).parent / _RECORDS
    try:
        told = json.loads(texts.read(path))
    except FileNotFoundError:
        return []
    return [
        Scrubbed(
            each["row"],
            each["fields"],
            {field: tuple(tuple(span) for span in spans) for field, spans in each["replaced"].items()},
        )
        for each in told
    ]


def state_of(reading: Reading) -> str:
    """Another value for another file, other fields or another policy."""
    file = reading.path.stat()
    return str(hash_json([asdict(reading.source), asdict(reading.policy), file.st_size, file.st_mtime_ns]))
