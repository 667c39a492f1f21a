"""Who is learnt from and who is asked in the exam: counted, disjoint, and the same every time."""

from __future__ import annotations

import random
import string
import time
from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distill.curate import SplitSettings, TrainingSet, curate, judge_answer, overlap
from distill.tasks import TaskSettings, make_task
from distill.values import Completion, Example, RejectReason
from privacy.records import ScrubbedRecord

TASK = make_task(TaskSettings("classify", "{m}", "{labels}", labels=("top_up", "top_up_failed")))
OBJECT = {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}
JSON_TASK = make_task(TaskSettings("extract", "{m}", "", json_schema=OBJECT))


def record(record_id: str, message: str, gold: str = "top_up") -> ScrubbedRecord:
    return ScrubbedRecord(record_id, {"m": message, "gold": gold}, {}, "policy")


def answered(record_id: str, text: str | None, finish: str | None = "stop") -> Completion:
    return Completion(record_id, text, finish, "teacher", error=None if text is not None else "HTTP 500")


def all_answer(records: list[ScrubbedRecord]) -> Mapping[str, Completion]:
    return {each.record_id: answered(each.record_id, "top_up") for each in records}


TEXT_TASK = make_task(TaskSettings("generate", "{m}", "Reply."))


@pytest.mark.parametrize(
    ("text", "finish", "verdict"),
    [
        (" Your meter comes on Tuesday. ", "stop", "Your meter comes on Tuesday."),
        (
            "I'm sorry to hear that your meter is broken.",
            "stop",
            "I'm sorry to hear that your meter is broken.",
        ),
        ("Sorry, your order is late.", None, "Sorry, your order is late."),
        ("Unfortunately, I cannot move it.", "stop", "Unfortunately, I cannot move it."),
        (
            "I cannot help with this meter; the grid can.",
            "stop",
            "I cannot help with this meter; the grid can.",
        ),
        ("I am unable to answer before Monday.", "stop", "I am unable to answer before Monday."),
        ("I'm sorry, but I can't help with that.", "stop", RejectReason.REFUSAL),
        ("I’m sorry, I can’t assist with that request. Ask another.", "stop", RejectReason.REFUSAL),
        ("I am very sorry, but I cannot comply with your request", "stop", RejectReason.REFUSAL),
        ("I'm unable to help you with this.", "stop", RejectReason.REFUSAL),
        ("I cannot answer that.", "stop", RejectReason.REFUSAL),
        ("As an AI language model, I have no meter.", "stop", RejectReason.REFUSAL),
        ("Your meter comes on", "length", RejectReason.TRUNCATED),
        ("half a pair \ud83d", "stop", RejectReason.MALFORMED),
        (" \n", "stop", RejectReason.NO_ANSWER),
        (None, None, RejectReason.NO_ANSWER),
    ],
)
def test_free_text_is_an_answer_unless_it_is_cut_off_or_declines(
    text: str | None, finish: str | None, verdict: str
) -> None:
    found = judge_answer(TEXT_TASK, answered("r", text, finish))
    assert found == verdict
    assert isinstance(found, RejectReason) == isinstance(verdict, RejectReason)


def distinct(count: int) -> list[ScrubbedRecord]:
    return [record(f"r{n}", f"message {n} {n}") for n in range(count)]


@pytest.mark.parametrize(
    ("text", "finish", "verdict"),
    [
        ("Top up.", "stop", "top_up"),
        ("Top up.", None, "top_up"),
        ("I'm sorry, I cannot help with that.", "stop", RejectReason.REFUSAL),
        ("I’m sorry", "stop", RejectReason.REFUSAL),
        ("I am unable to say", "stop", RejectReason.REFUSAL),
        ("I won't", "stop", RejectReason.REFUSAL),
        ("As an AI model", None, RejectReason.REFUSAL),
        ("I think it is top_up", "stop", RejectReason.MALFORMED),
        ("They said: I'm sorry", "stop", RejectReason.MALFORMED),
        ("topup", "stop", RejectReason.MALFORMED),
        ("It is most likely that", "length", RejectReason.TRUNCATED),
        ("I'm sorry, but as", "length", RejectReason.TRUNCATED),
        ("top_up", "length", RejectReason.TRUNCATED),  # may have been the start of top_up_failed
        ("top_up\nThe customer wants", "length", "top_up"),
        ("", "stop", RejectReason.NO_ANSWER),
        (" \n", "length", RejectReason.NO_ANSWER),
        (None, None, RejectReason.NO_ANSWER),
    ],
)
def test_an_answer_is_a_label_or_has_the_reason_why_not(
    text: str | None, finish: str | None, verdict: str
) -> None:
    assert judge_answer(TASK, answered("r", text, finish)) == verdict
    assert isinstance(judge_answer(TASK, answered("r", text, finish)), RejectReason) == isinstance(
        verdict, RejectReason
    )


@pytest.mark.parametrize(
    ("text", "finish", "verdict"),
    [
        ('{"a":1}', "stop", '{"a":1}'),
        ('{"a":1} and then', "length", '{"a":1}'),
        ('{"a":1', "length", RejectReason.TRUNCATED),
        ('{"a":1', "stop", RejectReason.MALFORMED),
        ('{"a":1.5}', "stop", RejectReason.MALFORMED),
        ("Unfortunately, I cannot read this", "stop", RejectReason.REFUSAL),
    ],
)
def test_an_object_is_read_or_has_the_reason_why_not(text: str, finish: str, verdict: str) -> None:
    assert judge_answer(JSON_TASK, answered("r", text, finish)) == verdict


def test_a_record_never_asked_has_no_answer() -> None:
    assert judge_answer(TASK, None) is RejectReason.NO_ANSWER


# --- splitting ------------------------------------------------------------------------------------------------------

_MESSAGES = st.sampled_from(["one", "ONE ", "two", "two  words", "Two words", "three", "four", "five", "six"])
_TEXTS = st.sampled_from(["top_up", "top_up_failed", "neither", "I'm sorry", "", None])
_ROWS = st.lists(st.tuples(_MESSAGES, _TEXTS, st.booleans(), st.sampled_from(["top_up", "?"])), max_size=25)
_SPLITS = st.builds(
    SplitSettings,
    test=st.integers(1, 6),
    validation=st.integers(0, 4),
    train=st.none() | st.integers(1, 8),
    seed=st.integers(0, 9),
)


@settings(max_examples=150, deadline=None)
@given(rows=_ROWS, split=_SPLITS, separate=st.booleans(), reference=st.booleans(), shuffle=st.randoms())
def test_every_record_is_accepted_or_counted_and_no_input_is_on_two_sides(
    rows: list[tuple[str, str | None, bool, str]],
    split: SplitSettings,
    separate: bool,
    reference: bool,
    shuffle: random.Random,
) -> None:
    records = [record(f"r{n}", message, gold) for n, (message, _, _, gold) in enumerate(rows)]
    answers = {f"r{n}": answered(f"r{n}", text) for n, (_, text, _, _) in enumerate(rows)}
    held_out = {f"r{n}" for n, (_, _, held, _) in enumerate(rows) if held} if separate else set()
    field = "gold" if reference else None

    found = curate(TASK, records, answers, split, field, held_out)

    accepted = [example.record_id for example in found.examples]
    assert len(accepted) + sum(found.rejected.values()) == len(records)
    assert len(set(accepted)) == len(accepted) and set(accepted) <= set(answers)
    inputs = [" ".join(example.fields["m"].casefold().split()) for example in found.examples]
    assert len(set(inputs)) == len(inputs)
    assert overlap(TASK, found.examples) == 0
    sizes = Counter(example.split for example in found.examples)
    assert set(sizes) <= {"train", "val", "test"}
    assert sizes["test"] <= split.test and sizes["val"] <= split.validation
    assert split.train is None or sizes["train"] <= split.train
    for example in found.examples:
        assert example.answer in TASK.settings.labels or (example.split == "test" and reference)
        assert (example.reference is not None) if example.split == "test" and reference else True
        assert not held_out or (example.split == "test") == (example.record_id in held_out)

    shuffle.shuffle(records)
    again = curate(TASK, records, answers, split, field, held_out)
    assert again == found


def splits_of(found: TrainingSet) -> dict[str, str]:
    return {example.record_id: example.split for example in found.examples}


def test_the_splits_have_the_sizes_asked_for_and_the_rest_is_not_needed() -> None:
    records = distinct(40)
    found = curate(TASK, records, all_answer(records), SplitSettings(10, 5, 20), None)
    assert Counter(splits_of(found).values()) == {"test": 10, "val": 5, "train": 20}
    assert found.rejected == {RejectReason.NOT_NEEDED: 5}
    assert len(found.split("train")) == 20 and {each.split for each in found.split("val")} == {"val"}


def test_by_default_all_that_remain_are_learnt_from() -> None:
    records = distinct(40)
    found = curate(TASK, records, all_answer(records), SplitSettings(10), None)
    assert Counter(splits_of(found).values()) == {"test": 10, "train": 30} and not found.rejected


def test_the_seed_decides_who_goes_where() -> None:
    records = distinct(40)
    draws = [
        splits_of(curate(TASK, records, all_answer(records), SplitSettings(10, seed=n), None))
        for n in (1, 1, 2)
    ]
    assert draws[0] == draws[1] != draws[2]


def test_a_record_added_does_not_redraw_the_others() -> None:
    records = distinct(40)
    before = splits_of(curate(TASK, records, all_answer(records), SplitSettings(10), None))
    more = distinct(41)
    after = splits_of(curate(TASK, more, all_answer(more), SplitSettings(10), None))
    assert sum(before[name] != after[name] for name in before) <= 1


def test_with_a_held_out_file_the_exam_comes_from_it_and_lessons_do_not() -> None:
    records = distinct(20)
    found = curate(TASK, records, all_answer(records), SplitSettings(3), None, {f"r{n}" for n in range(8)})
    tests = {name for name, split in splits_of(found).items() if split == "test"}
    assert len(tests) == 3 and tests <= {f"r{n}" for n in range(8)}
    assert found.rejected == {RejectReason.NOT_NEEDED: 5}
    assert len(found.split("train")) == 12


def test_a_learner_that_asks_what_the_exam_asks_is_not_learnt_from() -> None:
    records = [
        record("exam", "Where is my card?"),
        record("same", " where  is MY card? "),
        record("other", "Hello"),
    ]
    found = curate(TASK, records, all_answer(records), SplitSettings(1), None, {"exam"})
    assert splits_of(found) == {"exam": "test", "other": "train"}
    assert found.rejected == {RejectReason.HELD_OUT: 1}


def test_only_fields_that_the_model_sees_make_two_records_the_same() -> None:
    records = [record("a", "same", "top_up"), record("b", "same", "top_up_failed"), record("c", "other")]
    found = curate(TASK, records, all_answer(records), SplitSettings(1), None, {"c"})
    assert found.rejected == {RejectReason.DUPLICATE: 1}


def test_a_duplicate_is_kept_once_and_its_twin_with_an_answer_may_take_its_place() -> None:
    records = [record("a", "same"), record("b", "same"), record("c", "other")]
    for lost in "ab":
        answers = {**all_answer(records), lost: answered(lost, None)}
        found = curate(TASK, records, answers, SplitSettings(1), None, {"c"})
        (kept,) = found.split("train")
        assert kept.record_id == {"a": "b", "b": "a"}[lost]
        assert sum(found.rejected.values()) == 1


def test_rejected_answers_are_counted_by_reason() -> None:
    records = distinct(5)
    answers = {
        "r1": answered("r1", "I'm sorry"),
        "r2": answered("r2", "It is probab", "length"),
        "r3": answered("r3", "no label"),
        "r0": answered("r0", "top_up"),
    }
    found = curate(TASK, records, answers, SplitSettings(1), None, {"r0"})
    assert found.rejected == {
        RejectReason.REFUSAL: 1,
        RejectReason.TRUNCATED: 1,
        RejectReason.MALFORMED: 1,
        RejectReason.NO_ANSWER: 1,
    }


def test_an_exam_record_needs_a_reference_and_with_one_no_answer_of_the_teacher() -> None:
    records = [record("good", "1", "Top up"), record("bad", "2", "?"), record("learner", "3")]
    answers = {"learner": answered("learner", "top_up"), "bad": answered("bad", "top_up")}
    found = curate(TASK, records, answers, SplitSettings(2), "gold", {"good", "bad"})
    assert splits_of(found) == {"good": "test", "learner": "train"}
    (exam,) = found.split("test")
    assert exam.answer is None and exam.reference == "top_up"
    assert found.rejected == {RejectReason.NO_REFERENCE: 1}


def test_overlap_sees_a_shared_input_in_any_spelling() -> None:
    exam = Example("a", "test", {"m": "Where is it"}, "top_up", None)
    for split, message, shared in [
        ("train", "where  IS it", 1),
        ("val", "where is it", 1),
        ("train", "where is it?", 0),
        ("test", "where is it", 0),
    ]:
        assert overlap(TASK, [exam, Example("b", split, {"m": message}, "top_up", None)]) == shared


def test_no_text_shows_in_the_repr_of_what_flows() -> None:
    records = [record("a", "SECRET"), record("b", "SECRET too")]
    found = curate(TASK, records, all_answer(records), SplitSettings(1), None)
    assert "SECRET" not in repr(found) and "top_up" not in repr(found)


# --- near-duplicates ------------------------------------------------------------------------------------------------

ASKED = "I still have not received my new card, what should I do about it now"


def test_a_learner_that_nearly_asks_what_the_exam_asks_is_not_learnt_from() -> None:
    records = [
        record("exam", ASKED),
        record("nearly", f"Hi! {ASKED}?"),
        record("other", "What is the exchange rate"),
    ]
    found = curate(TASK, records, all_answer(records), SplitSettings(1), None, {"exam"})
    assert splits_of(found) == {"exam": "test", "other": "train"}
    assert found.reasons == {"nearly": RejectReason.NEAR_HELD_OUT}


def test_learners_that_nearly_repeat_each_other_are_kept_unless_the_use_case_says_otherwise() -> None:
    records = [record("exam", "the exam"), record("a", ASKED), record("b", f"Hi! {ASKED}?")]
    kept = curate(TASK, records, all_answer(records), SplitSettings(1), None, {"exam"})
    assert len(kept.split("train")) == 2
    strict = SplitSettings(1, near_duplicates="reject")
    found = curate(TASK, records, all_answer(records), strict, None, {"exam"})
    assert len(found.split("train")) == 1 and found.rejected == {RejectReason.NEAR_DUPLICATE: 1}
    lenient = SplitSettings(1, near_duplicates="reject", near_duplicate_jaccard=1.0)
    assert len(curate(TASK, records, all_answer(records), lenient, None, {"exam"}).split("train")) == 2


def test_every_rejected_record_has_its_reason() -> None:
    records = [*distinct(5), record("twin", "message 3 3")]
    answers = {**all_answer(records), "r1": answered("r1", "I'm sorry")}
    found = curate(TASK, records, answers, SplitSettings(1), None, {"r0"})
    assert found.reasons["r1"] is RejectReason.REFUSAL
    assert RejectReason.DUPLICATE in found.reasons.values()
    assert {*found.reasons, *splits_of(found)} == {each.record_id for each in records}


@pytest.mark.slow
def test_ten_thousand_records_are_curated_in_seconds() -> None:
    draw = random.Random(7)
    words = [first + last for first in string.ascii_lowercase for last in ("ard", "op", "ransfer", "ate")]
    records = [record(f"r{n}", " ".join(draw.choices(words, k=draw.randint(6, 20)))) for n in range(10_000)]
    started = time.monotonic()
    found = curate(TASK, records, all_answer(records), SplitSettings(1000, near_duplicates="reject"), None)
    assert len(found.split("test")) == 1000 and len(found.split("train")) > 5000
    assert time.monotonic() - started < 30
