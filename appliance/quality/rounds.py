"""Blind ratings: people say which of two answers is better, and do not know whose they are until they are through.

A round is one file with its records and a secret that decides which answer is shown first; each rater appends to a file of
their own, so that nobody's ratings can be changed by another's. No text is in either.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import random
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import quote, unquote

from appliance.home import Home
from appliance.people.acting import Action, Actor, acting
from appliance.quality.answers import read_texts
from appliance.quality.evaluated import Evaluated, outcomes
from distill.checkpoints import write_atomically
from distill.evaluation.golden import answers_digest
from distill.evaluation.judge import Preference

Choice = Literal["first", "second", "tie"]
MOST_PAIRS = 500
"""Of one round: nobody rates more in earnest."""
_ROUND = "round.json"
_READ_AT_ONCE = 50


class RatingError(Exception):
    """One line: why this cannot be rated, and what to do."""


@dataclass(frozen=True, slots=True)
class Round:
    """Pairs of answers of two arms, to be rated by as many people as like to."""

    round_id: str
    run_id: str
    arm_a: str
    arm_b: str
    records: tuple[str, ...]
    """In the order in which they are rated."""
    same: int
    """Records looked at and left out, since both arms said the same."""
    secret: str = field(repr=False)
    """Decides, with the rater and the record, whose answer is shown first."""
    made_by: str
    made_at: float


@dataclass(frozen=True, slots=True)
class Ratings:
    """What one rater has said in a round so far."""

    rater: str
    preferences: dict[str, Preference]
    """By record, in the order of rating; of arm a against arm b."""
    digests: dict[str, str]
    """By record: `answers_digest` of what was rated."""
    is_through: bool
    """All pairs rated, or ended early: the arms are then told, and nothing more is taken."""


@dataclass(frozen=True, slots=True)
class Blind:
    """One pair as a rater sees it."""

    record_id: str
    number: int
    """Of `total`, from 1 on."""
    total: int
    asked: str = field(repr=False)
    first: str = field(repr=False)
    second: str = field(repr=False)


# --- rounds ---------------------------------------------------------------------------------------------------------


def start(home: Home, actor: Actor, found: Evaluated, arm_a: str, arm_b: str, size: int) -> Round:
    """A round of up to `size` test records on which the two arms said different things.

    Raises RatingError, and NotAllowed.
    """
    with acting(home, actor, Action.RATE, run=found.run_id, what="start a round", size=size):
        if arm_a == arm_b or not {arm_a, arm_b} <= outcomes(found).keys():
            raise RatingError("choose two different arms of this run")
        if not 1 <= size <= MOST_PAIRS:
            raise RatingError(f"a round has 1 to {MOST_PAIRS} pairs")
        records, same = _pick(found, arm_a, arm_b, size)
        if not records:
            raise RatingError(
                "the two arms gave the same answers to every test record: there is nothing to rate"
            )
        made = Round(
            secrets.token_hex(6), found.run_id, arm_a, arm_b, tuple(records), same,
            secrets.token_hex(16), actor.name, time.time(),
        )  # fmt: skip
        folder = _folder(home, found.run_id) / made.round_id
        folder.mkdir(parents=True, mode=0o700)
        write_atomically(folder / _ROUND, json.dumps(asdict(made), indent=1))
        return made


def _pick(found: Evaluated, arm_a: str, arm_b: str, size: int) -> tuple[list[str], int]:
    """Records drawn by chance, those with equal answers or none at all passed over; read in handfuls."""
    drawn = list(outcomes(found)[arm_a])
    random.SystemRandom().shuffle(drawn)
    records: list[str] = []
    same = 0
    for begin in range(0, len(drawn), _READ_AT_ONCE):
        handful = drawn[begin : begin + _READ_AT_ONCE]
        shown = read_texts(found, handful, (arm_a, arm_b))
        for record_id in handful:
            a, b = (shown[record_id].read[arm] for arm in (arm_a, arm_b))
            if a is None or b is None or a == b:
                same += 1
                continue
            records.append(record_id)
            if len(records) == size:
                return records, same
    return records, same


def rounds(home: Home, run_id: str) -> list[Round]:
    """Of a run, the newest first."""
    found = [_read(path) for path in _folder(home, run_id).glob(f"*/{_ROUND}")]
    return sorted(found, key=lambda each: each.made_at, reverse=True)


def _read(path: Path) -> Round:
    row: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return Round(**{**row, "records": tuple(row["records"])})


def _folder(home: Home, run_id: str) -> Path:
    # As one name: a run id comes out of an address that anybody can type.
    return home.ratings / quote(run_id, safe="").replace(".", "%2E")


# --- rating ---------------------------------------------------------------------------------------------------------


def ratings(home: Home, made: Round) -> list[Ratings]:
    """Of everybody who has rated in this round."""
    folder = _folder(home, made.run_id) / made.round_id
    return [_told(made, unquote(path.stem), path) for path in sorted(folder.glob("*.jsonl"))]


def ratings_of(home: Home, made: Round, rater: str) -> Ratings:
    return _told(made, rater, _file(home, made, rater))


def _file(home: Home, made: Round, rater: str) -> Path:
    return _folder(home, made.run_id) / made.round_id / f"{quote(rater, safe='')}.jsonl"


def _told(made: Round, rater: str, path: Path) -> Ratings:
    preferences: dict[str, Preference] = {}
    digests: dict[str, str] = {}
    ended = False
    for row in _lines(path):
        if "taken_back" in row:
            preferences.pop(row["taken_back"], None)
        elif "ended" in row:
            ended = True
        else:
            preferences[row["record_id"]] = row["preference"]
            digests[row["record_id"]] = row["answers"]
    kept = {record: digests[record] for record in preferences}
    return Ratings(rater, preferences, kept, ended or len(preferences) == len(made.records))


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """A line that a kill has cut is not there."""
    if not path.exists():
        return
    for line in path.read_bytes().split(b"\n"):
        try:
            row = json.loads(line) if line else None
        except ValueError:
            continue
        if isinstance(row, dict):
            yield row


def next_pair(home: Home, actor: Actor, found: Evaluated, made: Round) -> Blind | None:
    """The next pair that this rater has not rated; None where they are through. Raises NotAllowed, and RatingError."""
    mine = ratings_of(home, made, actor.name)
    if mine.is_through:
        return None
    record_id = next(record for record in made.records if record not in mine.preferences)
    with acting(home, actor, Action.SEE_TEXT, run=made.run_id, round=made.round_id):
        shown = read_texts(found, [record_id], (made.arm_a, made.arm_b)).get(record_id)
    if shown is None:
        raise RatingError("this record is not among the run's test records any more: start a new round")
    said = [shown.read[made.arm_a] or "", shown.read[made.arm_b] or ""]
    if _is_swapped(made, actor.name, record_id):
        said.reverse()
    return Blind(record_id, len(mine.preferences) + 1, len(made.records), shown.asked, *said)


def _is_swapped(made: Round, rater: str, record_id: str) -> bool:
    """The same each time the page is drawn, and nothing a rater could guess."""
    return hashlib.sha256(f"{made.secret}\n{rater}\n{record_id}".encode()).digest()[0] % 2 == 1


def rate(home: Home, actor: Actor, found: Evaluated, made: Round, record_id: str, choice: Choice) -> None:
    """Keeps the rating; the same record again, as after a double click, changes nothing. Raises NotAllowed and RatingError."""
    with acting(home, actor, Action.RATE, run=made.run_id, round=made.round_id, record=record_id):
        if choice not in get_args(Choice) or record_id not in made.records:
            raise RatingError("choose the first answer, the second, or that they are equally good")
        shown = read_texts(found, [record_id], (made.arm_a, made.arm_b)).get(record_id)
        if shown is None:
            raise RatingError("this record is not among the run's test records any more: start a new round")
        with _mine(home, made, actor.name) as (mine, append):
            if mine.is_through or record_id in mine.preferences:
                return
            swapped = _is_swapped(made, actor.name, record_id)
            by_place: dict[str, Preference] = {
                "first": "b" if swapped else "a",
                "second": "a" if swapped else "b",
            }
            append(
                record_id=record_id,
                preference=by_place.get(choice, "tie"),
                answers=answers_digest(shown.read[made.arm_a], shown.read[made.arm_b]),
                first="b" if swapped else "a",
            )


def take_back(home: Home, actor: Actor, made: Round) -> None:
    """The rater's last rating; it stays in the file, and so does that it was taken back."""
    with (
        acting(home, actor, Action.RATE, run=made.run_id, round=made.round_id, what="take back the last"),
        _mine(home, made, actor.name) as (mine, append),
    ):
        if mine.preferences and not mine.is_through:
            append(taken_back=list(mine.preferences)[-1])


def end(home: Home, actor: Actor, made: Round) -> None:
    """The rater stops here, or does not begin, and may see whose answers they were; nothing more is taken from them."""
    with (
        acting(home, actor, Action.RATE, run=made.run_id, round=made.round_id, what="end"),
        _mine(home, made, actor.name) as (mine, append),
    ):
        if not mine.preferences and not any(each.is_through for each in ratings(home, made)):
            raise RatingError("nobody has rated these pairs yet: rate at least one")
        if not mine.is_through:
            append(ended=True)


@contextmanager
def _mine(home: Home, made: Round, rater: str) -> Iterator[tuple[Ratings, Any]]:
    """One rater's ratings under a lock, with the way to add a line that is on the disk when it returns."""
    path = _file(home, made, rater)
    with path.open("ab+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        os.fchmod(file.fileno(), 0o600)

        def append(**row: Any) -> None:
            torn = b"\n" if file.tell() and not path.read_bytes().endswith(b"\n") else b""
            file.write(torn + json.dumps({"at": time.time(), **row}).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

        file.seek(0, os.SEEK_END)
        yield _told(made, rater, path), append
