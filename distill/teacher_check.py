"""A teacher beside its student before any training is paid for: do they spell alike, end alike, and is it any good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from distill.completer import CHAT_PROBE, PROBES, Server
from distill.evaluate import score_arm
from distill.student import load_tokenizer, prompt_ids
from distill.tasks import Task
from distill.topk import TopKStore
from distill.values import Completion, Example, Score
from privacy.intervals import wilson
from privacy.records import ScrubbedRecord

MIN_SPELT = 0.9
"""Of the answers whose tokens are on file so many must read as the answer's text to the student."""
_ANSWER = "\u2407"
"""Stands for an answer while the chat template is filled in."""


@dataclass(frozen=True, slots=True)
class Chat:
    """How a model directory cuts text into tokens and ends a turn."""

    vocabulary: Mapping[str, int] = field(repr=False)
    end_token: str | None
    """The tokenizer's end-of-sequence token: what training puts after an answer, and what stops the student."""
    end_id: int | None
    turn_end: str | None
    """The special token that the chat template puts after an assistant's answer; None where it puts none."""
    probes: Mapping[str, list[int]] = field(repr=False)
    chat_probe: list[int] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Match:
    """What a student and a teacher have in common; None is not known."""

    same_vocabulary: bool | None
    same_end: bool | None
    same_template: bool | None
    """Whether a question reads the same to both up to the answer's first token; needs the same vocabulary."""


def describe(path: Path) -> Chat:
    """Of a directory that `check_model_dir` lets in. Loads its tokenizer and no weights."""
    tokenizer = load_tokenizer(path)
    return Chat(
        tokenizer.get_vocab(),
        tokenizer.eos_token,
        tokenizer.eos_token_id,
        _turn_end(tokenizer),
        {text: tokenizer(text, add_special_tokens=False)["input_ids"] for text in PROBES},
        prompt_ids(tokenizer, CHAT_PROBE),
    )


def _turn_end(tokenizer: Any) -> str | None:
    turns = [*CHAT_PROBE, {"role": "assistant", "content": _ANSWER}]
    tail = tokenizer.apply_chat_template(turns, tokenize=False).rpartition(_ANSWER)[2].lstrip()
    specials = {*tokenizer.all_special_tokens, *tokenizer.get_added_vocab()}
    return max((token for token in specials if tail.startswith(token)), key=len, default=None)


def compare(student: Chat, teacher: Chat) -> Match:
    """Of two model directories. A teacher may know more tokens than the student."""
    known = {number: token for token, number in teacher.vocabulary.items()}
    same = all(known.get(number) == token for token, number in student.vocabulary.items())
    return Match(
        same,
        student.end_token == teacher.end_token,
        student.chat_probe == teacher.chat_probe if same else None,
    )


def compare_served(student: Chat, server: Server) -> Match:
    """Of a directory and a server, by what it tells: `same_vocabulary` then means that all probes are cut alike."""
    if server.probes is None:
        return Match(None, None, None)
    same = all(student.probes[text] == list(ids) for text, ids in server.probes.items())
    template = None if server.chat_probe is None or not same else student.chat_probe == server.chat_probe
    return Match(same, None, template)


def refuse_tokenwise(match: Match, student: Chat, teacher: Chat | None, what: str) -> str | None:
    """Why a teacher cannot be learnt from token by token, with the remedy; None where nothing speaks against it."""
    if match.same_vocabulary is False:
        return (
            f"the teacher cuts text into other tokens than the student, so {what} cannot be learnt from: choose a student of "
            "the teacher's family, or learn from its answers alone"
        )
    if match.same_end is False and teacher is not None:
        return (
            f"the teacher ends an answer with {teacher.end_token} and the student with {student.end_token}, so {what} would "
            "teach it not to stop (a base model beside an instruction-tuned one, usually): choose the instruction-tuned "
            "student of the same family, or learn from the answers alone"
        )
    return None


def own_end_differs(student: Chat) -> bool:
    """Whether a model's chat template ends a turn otherwise than its tokenizer: a base model's sign."""
    return student.turn_end is not None and student.turn_end != student.end_token


@dataclass(frozen=True, slots=True)
class Spelling:
    """Of the answers whose tokens are on file: how many read as the answer's text to the student."""

    n: int
    same: int
    low: float | None
    high: float | None

    @property
    def is_wrong(self) -> bool:
        return self.high is not None and self.high < MIN_SPELT


def spelling(
    store: TopKStore, tokenizer: Any, completions: Mapping[str, Completion], num_finished: int
) -> Spelling:
    """Decodes each answer on file with the student's tokenizer. Those the store left out count as not the same."""
    same = sum(
        tokenizer.decode(store[key].token_ids[:-1].tolist()).strip() == (completions[key].text or "").strip()
        for key in store
        if key in completions
    )
    low, high = wilson(same, num_finished) if num_finished else (None, None)
    return Spelling(num_finished, same, low, high)


def teacher_score(
    task: Task, records: Sequence[ScrubbedRecord], completions: Mapping[str, Completion], reference_field: str
) -> Score:
    """The teacher's main metric against what people say, on every record that says it; Wilson's interval.

    Records without an answer count as wrong, as they do in the evaluation.
    """
    asked = []
    for record in records:
        value = task.parse(record.fields[reference_field])
        if value is not None:
            asked.append(Example(record.record_id, "test", record.fields, None, task.canonical(value)))
    _, scores = score_arm(task, "teacher", asked, completions)
    (score,) = (each for each in scores if each.metric == task.primary_metric)
    return replace(score, note=None if asked else "no record says what is right")
