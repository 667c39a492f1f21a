"""Two arms' answers record by record: which records, and, for those who may see it, what was asked and said.

Texts are scrubbed ones, read from the run's files for the records of one page and no others.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from appliance.home import Home
from appliance.people.acting import Action, Actor, acting
from appliance.quality.evaluated import CASCADE, Evaluated, Outcomes, Scored, lines, outcomes
from appliance.report import words
from appliance.stages.context import read_examples
from distill.curate import judge_answer
from distill.evaluate import wanted
from distill.tasks import Task, TaskSettings, make_task
from distill.values import Completion, Example, RejectReason


class Which(StrEnum):
    """Records of a comparison of two arms, a and b."""

    ALL = "all"
    ONLY_A = "only-a"
    """a scores higher; of plain right and wrong: only a is right."""
    ONLY_B = "only-b"
    BOTH_RIGHT = "both-right"
    """Both have the full score."""
    BOTH_WRONG = "both-wrong"
    """Neither scores anything."""
    UNREADABLE = "unreadable"
    """One of them gave no answer that can be read."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A test record and how two arms fared on it."""

    record_id: str
    a: Scored
    b: Scored
    score_a: float
    score_b: float


@dataclass(frozen=True, slots=True)
class Pairs:
    """One page of them, and how many there are of each kind."""

    rows: tuple[Pair, ...]
    counts: Mapping[Which, int]


@dataclass(frozen=True, slots=True)
class Shown:
    """A test record's texts."""

    asked: str = field(repr=False)
    """The task's input with the record's fields."""
    right: str = field(repr=False)
    """What counts as right."""
    right_by: str
    """`human` or `teacher`."""
    said: Mapping[str, str | None] = field(repr=False)
    """By arm: the answer as the model gave it; None where there is none."""
    read: Mapping[str, str | None] = field(repr=False)
    """By arm: the answer in canonical form; None where it could not be read."""


def record_metrics(found: Evaluated) -> list[str]:
    """The measures that single records have, the primary one first."""
    by_arm = outcomes(found)
    first = next(iter(by_arm[found.chosen].values()), None)
    return [] if first is None else [found.metric, *(name for name in first.scores if name != found.metric)]


def pairs(found: Evaluated, a: str, b: str, metric: str, which: Which, offset: int, limit: int) -> Pairs:
    """The records of a kind in the order of the test records, `limit` from `offset` on; no text is read."""
    by_arm = outcomes(found)
    kinds: dict[Which, list[Pair]] = {kind: [] for kind in Which}
    for record_id, ours in by_arm[a].items():
        theirs = by_arm[b][record_id]
        pair = Pair(record_id, ours, theirs, ours.scores[metric], theirs.scores[metric])
        for kind in _kinds(pair):
            kinds[kind].append(pair)
    return Pairs(
        tuple(kinds[which][offset : offset + limit]), {kind: len(found) for kind, found in kinds.items()}
    )


def _kinds(pair: Pair) -> list[Which]:
    kinds = [Which.ALL]
    if pair.score_a != pair.score_b:
        kinds.append(Which.ONLY_A if pair.score_a > pair.score_b else Which.ONLY_B)
    elif pair.score_a in (0.0, 1.0):
        kinds.append(Which.BOTH_RIGHT if pair.score_a else Which.BOTH_WRONG)
    if pair.a.failed or pair.b.failed:
        kinds.append(Which.UNREADABLE)
    return kinds


def texts(
    home: Home, actor: Actor, found: Evaluated, record_ids: Sequence[str], arms: Sequence[str]
) -> dict[str, Shown]:
    """What was asked and said, by record; raises NotAllowed for whoever may not see it."""
    with acting(home, actor, Action.SEE_TEXT, run=found.run_id, records=len(record_ids)):
        return read_texts(found, record_ids, arms)


def read_texts(found: Evaluated, record_ids: Collection[str], arms: Sequence[str]) -> dict[str, Shown]:
    """The same, for callers that have asked whether it is allowed."""
    task = make_task(TypeAdapter(TaskSettings).validate_python(found.use_case["task"]))
    examples = {
        example.record_id: example
        for example in read_examples(found.folder / "curate", record_ids)
        if example.split == "test"
    }
    by_arm = outcomes(found)
    asked_of = {arm for arm in arms if arm != CASCADE} | (
        {found.chosen, words.TEACHER} if CASCADE in arms else set()
    )
    said = {arm: _completions(found.folder, arm, examples.keys()) for arm in asked_of}
    return {
        record_id: _shown(
            task, example, {arm: said[_speaker(found, by_arm, arm, record_id)].get(record_id) for arm in arms}
        )
        for record_id, example in examples.items()
    }


def _speaker(found: Evaluated, by_arm: Outcomes, arm: str, record_id: str) -> str:
    """Whose words an arm's answer is: the cascade has none of its own."""
    if arm != CASCADE:
        return arm
    return words.TEACHER if by_arm[CASCADE][record_id].passed_on else found.chosen


def _completions(folder: Path, arm: str, record_ids: Collection[str]) -> dict[str, Completion]:
    """The last answer to each of these records; the file is gone through, not held."""
    path = folder / "evaluate" / "answers" / f"{arm}-test.jsonl"
    if arm == words.TEACHER:
        path = folder / "teach" / "completions.jsonl"
    return {row["record_id"]: Completion(**row) for row in lines(path) if row["record_id"] in record_ids}


def _shown(task: Task, example: Example, said: Mapping[str, Completion | None]) -> Shown:
    return Shown(
        task.settings.input.format_map(example.fields),
        wanted(example),
        "teacher" if example.reference is None else "human",
        {arm: None if each is None else each.text for arm, each in said.items()},
        {arm: _canonical(task, each) for arm, each in said.items()},
    )


def _canonical(task: Task, completion: Completion | None) -> str | None:
    """As the evaluation read it, so that a digest of it is the evaluation's."""
    read = judge_answer(task, completion)
    return None if isinstance(read, RejectReason) or task.parse(read) is None else read


def readable(text: str | None, kind: str) -> str:
    """An answer for the eye: JSON with its lines broken; anything else as it is."""
    if text is None:
        return ""
    if kind == "extract":
        try:
            value: Any = json.loads(text)
        except (ValueError, RecursionError):
            return text
        return json.dumps(value, indent=2, ensure_ascii=False)
    return text
