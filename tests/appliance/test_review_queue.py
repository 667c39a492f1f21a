"""The review queue: who may look, two officers at once, kills, and figures that are the run's."""

from __future__ import annotations

import multiprocessing
import os
import stat
from pathlib import Path

import pytest

from appliance import audit
from appliance.config import ConfigError
from appliance.home import Home
from appliance.people.acting import Actor, NotAllowed
from appliance.preparing import review, review_book, review_sample, use_cases
from appliance.preparing.review_book import HELD_S, Mark, ReviewError
from privacy.gold import score_source
from privacy.records import Span
from tests.appliance.drafted_case import (
    OFFICER,
    OPERATOR,
    ROWS,
    SECOND,
    VIEWER,
    draft,
    rules_only,
    silently,
    write,
)

NOW = 1_000_000.0


@pytest.fixture
def home() -> Home:
    return Home.open()


@pytest.fixture
def name(home: Home) -> str:
    """A draft with a sample of 24 records."""
    made = draft(home)
    review_sample.search(home, made, 24, rules_only(home, made), silently)
    return made


def said(found: review.Looked) -> list[Mark]:
    """What a careful officer marks: what was found, and the name that the rules do not know."""
    start = found.texts["message"].index("Zyxw")
    end = found.texts["message"].index(" about")
    return [*found.found, Mark("message", start, end, "PERSON")]


def review_all(home: Home, name: str, actor: Actor = OFFICER) -> None:
    while batch := review.take_batch(home, actor, name, NOW):
        for record_id in batch:
            found = review.look(home, actor, name, record_id, NOW)
            review.decide(home, actor, name, record_id, said(found), found.version, NOW)


def test_an_officer_sees_the_record_as_it_stands_with_what_was_found(home: Home, name: str) -> None:
    record_id, *_ = review.take_batch(home, OFFICER, name, NOW)
    found = review.look(home, OFFICER, name, record_id, NOW)
    drawn = review_sample.sample(home, name)
    assert drawn is not None
    row = next(each.row for each in drawn.drawn if each.record_id == record_id)
    assert found.texts == {"message": ROWS[row - 1]["text"]}
    (mail,) = found.found
    assert mail.entity_type == "EMAIL_ADDRESS"
    assert found.texts["message"][mail.start : mail.end].endswith("@example.com")


@pytest.mark.parametrize("actor", [OPERATOR, VIEWER], ids=lambda actor: actor.name)
def test_nobody_but_an_officer_sees_marks_or_hands_over(home: Home, name: str, actor: Actor) -> None:
    record_id, *_ = review.take_batch(home, OFFICER, name, NOW)
    for call in (
        lambda: review_sample.ask_for_sample(home, actor, name, 10),
        lambda: review.take_batch(home, actor, name, NOW),
        lambda: review.look(home, actor, name, record_id, NOW),
        lambda: review.decide(home, actor, name, record_id, [], 0, NOW),
        lambda: review.hand_over(home, actor, name),
    ):
        with pytest.raises(NotAllowed):
            call()
    assert not review_book.read_book(home, name).decisions


def test_an_officer_who_is_none_any_more_sees_nothing_of_a_batch_that_was_given(
    home: Home, name: str
) -> None:
    record_id, *_ = review.take_batch(home, OFFICER, name, NOW)
    former = Actor(OFFICER.name, frozenset(), "console")
    with pytest.raises(NotAllowed):
        review.look(home, former, name, record_id, NOW)


def test_a_batch_is_one_look_in_the_audit_log_and_each_decision_one_more(home: Home, name: str) -> None:
    batch = review.take_batch(home, OFFICER, name, NOW)
    for record_id in batch:
        review.look(home, OFFICER, name, record_id, NOW)
    told = audit.entries(home, action="review")
    assert [(entry.actor, entry.outcome) for entry in told] == [(OFFICER.name, "done")]
    review.decide(home, OFFICER, name, batch[0], [], 0, NOW)
    assert len(audit.entries(home, action="review")) == 2


def test_nothing_of_a_record_is_kept_in_the_home_but_in_the_file_that_was_brought_in(
    home: Home, name: str
) -> None:
    """Sample, marks, jobs, log: everything that a review leaves, but the officer's file of marks, which holds ids."""
    review_all(home, name)
    review.measure(home, name)
    review.hand_over(home, OFFICER, name)
    for path in home.root.rglob("*"):
        if path.is_file() and path.parent.parent != home.data:
            content = path.read_bytes()
            assert b"example.com" not in content, path
            assert b"Zyxw" not in content, path
            assert b"T-1" not in content or path.name == "gold.jsonl", path
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 or path.name == ".lock", path


def test_two_officers_are_given_different_records(home: Home, name: str) -> None:
    mine, theirs = (review.take_batch(home, actor, name, NOW) for actor in (OFFICER, SECOND))
    assert not set(mine) & set(theirs)
    assert review.take_batch(home, OFFICER, name, NOW + 60) == mine, "asking again gives the same ones"
    with pytest.raises(ReviewError, match=f"{SECOND.name} is reviewing"):
        review.look(home, OFFICER, name, theirs[0], NOW)
    assert mine[0] in review.take_batch(home, SECOND, name, NOW + HELD_S + 61), "and are free after a while"


def test_nobody_writes_over_a_decision_he_has_not_seen(home: Home, name: str) -> None:
    record_id, *_ = review.take_batch(home, OFFICER, name, NOW)
    seen = review.look(home, OFFICER, name, record_id, NOW)
    late = review.look(home, SECOND, name, record_id, NOW + HELD_S + 1)
    review.decide(home, OFFICER, name, record_id, seen.found, seen.version, NOW + HELD_S + 2)
    with pytest.raises(ReviewError, match=f"decided on by {OFFICER.name} while you looked"):
        review.decide(home, SECOND, name, record_id, [], late.version, NOW + HELD_S + 3)
    again = review.look(home, SECOND, name, record_id, NOW + HELD_S + 4)
    review.decide(home, SECOND, name, record_id, [], again.version, NOW + HELD_S + 5)
    decisions = review_book.read_book(home, name).decisions[record_id]
    assert [(each.by, len(each.marks)) for each in decisions] == [(OFFICER.name, 1), (SECOND.name, 0)]


def mark_many(root: Path, name: str, actor: Actor) -> None:
    home = Home(root)
    review_all(home, name, actor)


@pytest.mark.slow
def test_two_officers_at_once_lose_no_decision(home: Home, name: str) -> None:
    context = multiprocessing.get_context("fork")
    people = [context.Process(target=mark_many, args=(home.root, name, actor)) for actor in (OFFICER, SECOND)]
    for person in people:
        person.start()
    for person in people:
        person.join(60)
        assert person.exitcode == 0
    book = review_book.read_book(home, name)
    assert len(book.decisions) == 24
    assert sum(len(each) for each in book.decisions.values()) == 24, "each once"


def test_a_line_that_a_kill_cut_is_forgotten_and_the_next_one_is_whole(home: Home, name: str) -> None:
    first, second, *_ = review.take_batch(home, OFFICER, name, NOW)
    review.decide(home, OFFICER, name, first, [], 0, NOW)
    marks = home.root / "reviews" / name / "marks.jsonl"
    whole = marks.read_bytes()
    for cut in range(1, 40):
        marks.write_bytes(whole + b'{"event": "decided", "by": "petra", "at": 1.0, "record"'[:cut])
        assert set(review_book.read_book(home, name).decisions) == {first}
    review.decide(home, OFFICER, name, second, [], 0, NOW)
    assert set(review_book.read_book(home, name).decisions) == {first, second}


def test_a_book_that_begins_anew_is_read_anew(home: Home, name: str) -> None:
    """Lines are read once, as long as they are the same book's."""
    first, second, *_ = review.take_batch(home, OFFICER, name, NOW)
    review.decide(home, OFFICER, name, first, [], 0, NOW)
    assert set(review_book.read_book(home, name).decisions) == {first}
    marks = home.root / "reviews" / name / "marks.jsonl"
    lines = marks.read_bytes().splitlines(keepends=True)
    marks.unlink()
    marks.write_bytes(b"".join(lines).replace(first.encode(), second.encode()) * 2)
    assert {key: len(each) for key, each in review_book.read_book(home, name).decisions.items()} == {
        second: 2
    }


@pytest.mark.parametrize(
    ("mark", "what"),
    [
        (Mark("queue", 0, 3, "PERSON"), "not shown"),
        (Mark("message", 3, 3, "PERSON"), "at least one character"),
        (Mark("message", -1, 3, "PERSON"), "at least one character"),
        (Mark("message", 0, 3, "NAME"), "not in the table"),
    ],
)
def test_a_mark_that_cannot_be_is_refused(home: Home, name: str, mark: Mark, what: str) -> None:
    record_id, *_ = review.take_batch(home, OFFICER, name, NOW)
    with pytest.raises(ReviewError, match=what):
        review.decide(home, OFFICER, name, record_id, [mark], 0, NOW)


def test_a_record_that_was_not_drawn_is_not_shown(home: Home, name: str) -> None:
    for record_id in ("0" * 16, "../secrets"):
        with pytest.raises(ReviewError, match="not in the sample"):
            review.look(home, OFFICER, name, record_id, NOW)


def test_the_figures_are_those_the_run_will_find_in_the_handed_over_marks(home: Home, name: str) -> None:
    assert review.measure(home, name) is None, "not measured before the first mark"
    review_all(home, name)
    told = review.measure(home, name)
    assert told is not None
    assert told.recall.n == 48
    assert told.by_type["EMAIL_ADDRESS"].cover.value == 1.0
    assert told.by_type["PERSON"].cover.value == 0.0
    assert review.hand_over(home, OFFICER, name) == 24
    document = use_cases.read(home, name)
    gold = (use_cases.path(home, name).parent / document["gold_spans"]).resolve()
    reading = review.reading_of(home, name)
    drawn = review_sample.sample(home, name)
    assert drawn is not None
    predicted: dict[tuple[str, str], tuple[Span, ...]] = {
        (record_id, field): (scanned.spans or {})[field]
        for record_id, scanned in drawn.scanned.items()
        for field in scanned.fields
    }
    assert told == score_source(reading.source, reading.base_dir, home.scrub_key(), gold, predicted, ())


def test_an_operator_does_not_disarm_the_gate(home: Home, name: str) -> None:
    review_all(home, name)
    review.hand_over(home, OFFICER, name)
    armed = use_cases.read(home, name)["gold_spans"]
    for instead in (None, "other.jsonl"):
        with pytest.raises(ConfigError, match="privacy officer's"):
            use_cases.save(home, OPERATOR, name, {"gold_spans": instead})
    use_cases.save(home, OPERATOR, name, {"title": "Another title"})
    assert use_cases.read(home, name)["gold_spans"] == armed


def test_progress_counts_what_was_confirmed_rejected_and_added(home: Home, name: str) -> None:
    one, two, *_ = review.take_batch(home, OFFICER, name, NOW)
    found = review.look(home, OFFICER, name, one, NOW)
    review.decide(home, OFFICER, name, one, said(found), 0, NOW)
    review.decide(home, OFFICER, name, two, [], 0, NOW + 1)
    told = review.progress(home, name)
    assert told is not None
    assert (told.confirmed, told.rejected, told.added) == (1, 1, 1)
    assert (told.drawn, told.reviewed, told.waiting, told.population) == (24, 2, 22, 60)
    assert told.by_officer == {OFFICER.name: 2}
    assert told.handed_over is None
    assert review.last_of(home, OFFICER.name, name) == two
    assert review.last_of(home, SECOND.name, name) is None


def test_a_larger_sample_keeps_the_marks_and_asks_for_the_rest(home: Home, name: str) -> None:
    review_all(home, name)
    review_sample.search(home, name, 30, rules_only(home, name), silently)
    told = review.progress(home, name)
    assert told is not None
    assert (told.reviewed, told.waiting) == (24, 6)


def test_marks_of_other_fields_begin_a_new_book_and_the_old_one_is_put_away(home: Home, name: str) -> None:
    review_all(home, name)
    data = use_cases.read(home, name)["data"]
    data["path"] = str((use_cases.path(home, name).parent / data["path"]).resolve())
    use_cases.save(home, OPERATOR, name, {"data": data | {"fields": {"message": "text"}}, "teacher": None})
    told = review.progress(home, name)
    assert told is not None
    assert told.stale is not None and "draw a new sample" in told.stale
    assert review.measure(home, name) is None, "old marks say nothing of other data"
    with pytest.raises(ReviewError, match="draw a new sample"):
        review.hand_over(home, OFFICER, name)
    review_sample.search(home, name, 10, rules_only(home, name), silently)
    told = review.progress(home, name)
    assert told is not None
    assert (told.reviewed, told.stale) == (0, None)
    assert [path for path in (home.root / "reviews" / name).iterdir() if path.name.endswith("-marks.jsonl")]


def test_a_file_that_changed_is_told_before_a_record_is_shown(home: Home, name: str) -> None:
    reading = review.reading_of(home, name)
    write(reading.path, [*ROWS[:5], *ROWS[6:]])
    told = review.progress(home, name)
    assert told is not None
    assert told.stale is not None and told.stale.startswith("The file has changed")
    shown = 0
    for record_id in review.take_batch(home, OFFICER, name, NOW):
        try:
            review.look(home, OFFICER, name, record_id, NOW)
            shown += 1
        except ReviewError as error:
            assert "the file has changed" in str(error)
            assert "example.com" not in str(error)
    assert shown < review.BATCH


def test_a_changed_policy_asks_for_another_search_and_keeps_the_marks(home: Home, name: str) -> None:
    review_all(home, name)
    use_cases.save(home, OPERATOR, name, {"scrub": {"policy": "hipaa-safe-harbor"}})
    told = review.progress(home, name)
    assert told is not None
    assert told.stale is not None and "The policy has changed" in told.stale
    review_sample.search(home, name, 24, rules_only(home, name), silently)
    told = review.progress(home, name)
    assert told is not None
    assert (told.reviewed, told.stale) == (24, None)


def test_a_search_without_ids_or_of_no_records_is_refused_in_a_sentence(home: Home) -> None:
    made = draft(home)
    with pytest.raises(ReviewError, match="from 1 to"):
        review_sample.ask_for_sample(home, OFFICER, made, 0)
    data = use_cases.read(home, made)["data"]
    del data["id"]
    data["path"] = str((use_cases.path(home, made).parent / data["path"]).resolve())
    use_cases.save(home, OPERATOR, made, {"data": data})
    with pytest.raises(ReviewError, match="choose the id column"):
        review_sample.ask_for_sample(home, OFFICER, made, 10)


def test_asking_twice_is_one_search(home: Home) -> None:
    made = draft(home)
    first, second = (review_sample.ask_for_sample(home, OFFICER, made, 10) for _ in range(2))
    assert first.job_id == second.job_id
    assert first.asked_by == OFFICER.name
    assert first.lane == "light"


def test_marks_are_the_owners_alone(home: Home, name: str) -> None:
    old = os.umask(0)
    try:
        review_all(home, name)
        review.hand_over(home, OFFICER, name)
    finally:
        os.umask(old)
    folder = home.root / "reviews" / name
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
