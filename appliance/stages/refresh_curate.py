"""From new records to what a refresh learns: new ones, old ones again, and a test set that no student has seen."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from appliance.stages import ancestors
from appliance.stages.check import accuracy
from appliance.stages.context import (
    Context,
    Facts,
    GateError,
    read_answers,
    read_records,
    write_examples,
    write_rows,
)
from appliance.stages.refresh_decision import least_records
from distill.curate import TrainingSet, input_key, judge_answer, overlap
from distill.curate import curate as curate_records
from distill.near_duplicates import NearDuplicates
from distill.tasks import Task
from distill.values import Completion, Example, RejectReason
from privacy.records import ScrubbedRecord


def curate(context: Context) -> tuple[Facts, list[str]]:
    """Splits the new records, keeps the old test sets apart from them, and draws what is replayed."""
    refresh, split = ancestors.section(context), context.use_case.split
    records, _ = read_records(context.before("scrub")[0])
    completions = read_answers(context.before("teach")[0] / "completions.jsonl")
    teacher = accuracy(context, completions)
    past = Past.of(
        context.task,
        ancestors.learnt(context),
        ancestors.tested(context),
        records,
        split.near_duplicate_jaccard,
    )
    _refuse_few("old", len(past.tested), refresh.max_loss)
    reasons = {
        record.record_id: reason
        for record in records
        if (reason := past.rejects(record, completions.get(record.record_id))) is not None
    }
    fresh = [record for record in records if record.record_id not in reasons]
    chosen = _split(context, past, fresh, completions)
    reasons |= chosen.reasons
    rejected = {reason.value: count for reason, count in Counter(reasons.values()).items()}
    learnt, tests = chosen.split("train"), chosen.split("test")
    if not learnt:
        raise GateError(f"no new record is left to learn from ({rejected}): bring more records")
    replayed = past.replayed(records, tests, learnt, round(refresh.replay * len(learnt)), split.seed)
    examples = [*chosen.examples, *replayed]
    shared = overlap(context.task, [*examples, *past.tested])
    assert shared == 0, "nothing that is learnt is in a test set"
    assert len(chosen.examples) + len(reasons) == len(records), "every record is used or has a reason"
    write_examples(context.folder / "examples.parquet", examples)
    write_rows(
        context.folder / "rejected.parquet",
        [{"record_id": key, "reason": reason.value} for key, reason in sorted(reasons.items())],
        ("record_id", "reason"),
    )
    facts = {
        "train": len(learnt) + len(replayed),
        "val": 0,
        "test": len(tests),
        "new": len(learnt),
        "replayed": len(replayed),
        "old_test": len(past.tested),
        "overlap": shared,
        "accepted": len(chosen.examples),
        "rejected_by_reason": rejected,
        "near_duplicate_jaccard": split.near_duplicate_jaccard,
        "teacher_accuracy": teacher,
    }
    return facts, ["examples.parquet", "rejected.parquet"]


def _split(
    context: Context, past: Past, fresh: Sequence[ScrubbedRecord], completions: Mapping[str, Completion]
) -> TrainingSet:
    """New records to learn and to test with; stops the run where the tests cannot be enough."""
    refresh, split = ancestors.section(context), context.use_case.split
    wanted = math.ceil(refresh.test_share * len(fresh))
    unseen = past.unseen(fresh)
    unseen.sort(key=lambda record: _draw(split.seed, input_key(context.task, record.fields)))
    _refuse_few("new", min(wanted, len(unseen)), refresh.max_loss)
    chosen = curate_records(
        context.task,
        fresh,
        completions,
        replace(split, test=wanted, validation=0, train=None),
        context.use_case.evaluate.reference_field,
        {record.record_id for record in unseen[:wanted]},
    )
    _refuse_few("new", len(chosen.split("test")), refresh.max_loss)
    return chosen


def _refuse_few(which: str, found: int, max_loss: float) -> None:
    """Before training is paid for: where students that never differ would not suffice, no result can."""
    least = least_records(max_loss)
    if found < least:
        raise GateError(
            f"not enough evidence: {found:,} {which} test records, and at least {least:,} are needed to rule out a loss "
            f"of {max_loss:.0%}; bring more new records, or raise --test-share or --max-loss"
        )


def _draw(seed: int, key: str) -> str:
    return hashlib.sha256(f"refresh {seed}:{key}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Past:
    """What was learnt and tested in the runs before, and which texts nearly repeat it."""

    task: Task
    learnt: Sequence[Example]
    tested: Sequence[Example]
    answers: Mapping[str, str | None]
    """By the input's key: what was learnt to be said."""
    tested_keys: frozenset[str]
    near: NearDuplicates
    """Knows the new records by id; holds the groups `learnt` and `tested`."""

    @staticmethod
    def of(
        task: Task,
        learnt: Sequence[Example],
        tested: Sequence[Example],
        records: Iterable[ScrubbedRecord],
        jaccard: float,
    ) -> Past:
        groups = {"learnt": learnt, "tested": tested}
        texts = {
            f"{group} {number}": task.settings.input.format_map(example.fields)
            for group, examples in groups.items()
            for number, example in enumerate(examples)
        }
        new = {record.record_id: task.settings.input.format_map(record.fields) for record in records}
        near = NearDuplicates(texts | new, jaccard)
        for key in texts:
            near.keep(key, key.partition(" ")[0])
        return Past(
            task,
            learnt,
            tested,
            {input_key(task, example.fields): example.answer for example in learnt},
            frozenset(input_key(task, example.fields) for example in tested),
            near,
        )

    def rejects(self, record: ScrubbedRecord, completion: Completion | None) -> RejectReason | None:
        """Why a new record is of no use. One that was learnt with another answer is: what is right has changed."""
        key = input_key(self.task, record.fields)
        if key in self.tested_keys:
            return RejectReason.HELD_OUT
        if self.near.is_near(record.record_id, "tested"):
            return RejectReason.NEAR_HELD_OUT
        if key in self.answers and self.answers[key] == judge_answer(self.task, completion):
            return RejectReason.DUPLICATE
        return None

    def unseen(self, fresh: Iterable[ScrubbedRecord]) -> list[ScrubbedRecord]:
        """New records that may be test records.

        The last student may know by heart what repeats its training records: only the others compare the two fairly. And
        an id stands for one test record: a new version of an old one is learnt.
        """
        tested_ids = {example.record_id for example in self.tested}
        return [
            record
            for record in fresh
            if record.record_id not in tested_ids and not self.near.is_near(record.record_id, "learnt")
        ]

    def replayed(
        self,
        records: Iterable[ScrubbedRecord],
        tests: Sequence[Example],
        learnt: Sequence[Example],
        count: int,
        seed: int,
    ) -> list[Example]:
        """At most `count` old training records: none that a new record replaces, none that repeats a new test record."""
        ids = {record.record_id for record in records}
        keys = {input_key(self.task, example.fields) for example in (*tests, *learnt)}
        for example in tests:
            self.near.keep(example.record_id, "new test")
        newest = {example.record_id: number for number, example in enumerate(self.learnt)}
        drawn: list[Example] = []
        for number, example in sorted(
            enumerate(self.learnt), key=lambda pair: _draw(seed, input_key(self.task, pair[1].fields))
        ):
            if len(drawn) == count:
                break
            if (
                newest[example.record_id] == number
                and example.record_id not in ids
                and input_key(self.task, example.fields) not in keys
                and not self.near.is_near(f"learnt {number}", "new test")
            ):
                drawn.append(example)
        return drawn
