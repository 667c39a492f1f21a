"""The look before a run: nothing unscrubbed is shown, counts are of the whole file, labels are told only where they are labels."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from appliance.config import ConfigError
from appliance.home import Home
from appliance.jobs import JobError
from appliance.people.acting import NotAllowed
from appliance.preparing import preview, use_cases
from tests.appliance.drafted_case import OFFICER, OPERATOR, ROWS, VIEWER, draft, rules_only, silently, write


@pytest.fixture
def home() -> Home:
    return Home.open()


@pytest.fixture
def name(home: Home) -> str:
    made = draft(home)
    preview.look_over(home, made, rules_only(home, made), silently)
    return made


def test_records_are_shown_as_the_policy_leaves_them_and_say_where(home: Home, name: str) -> None:
    shown = preview.records(home, OPERATOR, name)
    assert len(shown) == preview.RECORDS
    for record in shown:
        original, text = ROWS[record.row - 1]["text"], record.fields["message"]
        ((start, end, entity_type),) = record.replaced["message"]
        assert entity_type == "EMAIL_ADDRESS"
        kept = original.index("case."), original.index(", or ask")
        assert text[:start] == original[: kept[0]]
        assert text[end:] == original[kept[1] :]
        assert text[start:end] != original[slice(*kept)]
    assert repr(shown[0]).count("mail") == 0


def test_whoever_may_see_no_text_sees_the_counts(home: Home, name: str) -> None:
    with pytest.raises(NotAllowed):
        preview.records(home, VIEWER, name)
    assert preview.records(home, OFFICER, name)
    counts = preview.counts(home, name)
    assert counts is not None
    assert (counts.rows, counts.readable, counts.duplicates) == (60, 60, 0)
    assert counts.found == {"EMAIL_ADDRESS": 20}
    assert counts.labels == {"billing": 30, "outage": 30}
    assert counts.lengths["message"]["longest"] == max(len(row["text"]) for row in ROWS)
    assert "example.com" not in (use_cases.path(home, name).parent / "preview.json").read_text()


def test_duplicates_bad_rows_and_rare_answers_are_counted(home: Home) -> None:
    rows = [*ROWS, *ROWS[:4]]
    rows[1] = {**rows[1], "queue": "once only"}
    rows[2] = {**rows[2], "text": ""}
    made = draft(home)
    write(preview.reading_of(home, made).path, [{**row, "no": f"N{n}"} for n, row in enumerate(rows)])
    preview.look_over(home, made, rules_only(home, made), silently)
    counts = preview.counts(home, made)
    assert counts is not None
    assert (counts.rows, counts.readable) == (64, 63)
    assert dict(counts.unreadable) == {"missing-field": 1}
    assert counts.duplicates == 3, "the fourth one's twin has no text"
    assert counts.rare == 1
    assert "once only" not in json.dumps(dict(counts.labels or {}))


def test_a_value_with_something_personal_in_it_is_no_label(home: Home) -> None:
    made = draft(home)
    rows = [{**row, "queue": "ask boss@example.com" if n % 3 else "billing"} for n, row in enumerate(ROWS)]
    write(preview.reading_of(home, made).path, rows)
    preview.look_over(home, made, rules_only(home, made), silently)
    counts = preview.counts(home, made)
    assert counts is not None
    assert (counts.labels, counts.withheld) == ({"billing": 20}, 1)


def test_a_column_of_free_text_gives_no_labels(home: Home) -> None:
    made = draft(home)
    rows = [
        {**row, "no": f"{part}{n}", "queue": f"said {part} {n}"}
        for part in range(9)
        for n, row in enumerate(ROWS)
    ]
    write(preview.reading_of(home, made).path, rows)
    preview.look_over(home, made, rules_only(home, made), silently)
    counts = preview.counts(home, made)
    assert counts is not None
    assert counts.labels is None


def test_a_preview_says_when_it_is_of_another_policy_or_file(home: Home, name: str) -> None:
    counts = preview.counts(home, name)
    assert counts is not None
    assert preview.is_of_now(home, name, counts)
    use_cases.save(home, OPERATOR, name, {"scrub": {"policy": "pci"}})
    assert not preview.is_of_now(home, name, counts)


def test_a_draft_without_data_or_policy_is_refused_in_a_sentence(home: Home) -> None:
    use_cases.create(home, OPERATOR, "bare", "Bare")
    with pytest.raises(ConfigError, match="has no records yet"):
        preview.ask(home, OPERATOR, "bare")
    made = draft(home, scrub=None)
    with pytest.raises(ConfigError, match="has no privacy policy yet"):
        preview.ask(home, OPERATOR, made)
    assert preview.counts(home, made) is None
    assert preview.records(home, OPERATOR, made) == []


def test_a_question_about_a_field_that_is_not_mapped_is_refused_in_a_sentence(home: Home) -> None:
    made = draft(home)
    data = use_cases.read(home, made)["data"]
    data["path"] = str((use_cases.path(home, made).parent / data["path"]).resolve())
    use_cases.save(home, OPERATOR, made, {"data": data | {"fields": {"body": "text", "queue": "queue"}}})
    with pytest.raises(ConfigError, match="'message', which is not among"):
        preview.ask(home, OPERATOR, made)


def test_a_column_that_is_gone_fails_the_job_with_its_name_and_no_text(home: Home) -> None:
    made = draft(home)
    path = preview.reading_of(home, made).path
    path.write_text("".join(json.dumps({"no": n, "body": "mail me@example.com"}) + "\n" for n in range(20)))
    with pytest.raises(JobError, match="missing-field") as told:
        preview.look_over(home, made, rules_only(home, made), silently)
    assert "example.com" not in str(told.value)


@pytest.mark.slow
def test_the_jobs_do_their_work_with_the_real_detector(home: Home, models: Path) -> None:
    """As the worker's process does: preview, and a sample for review."""
    from appliance import jobs
    from appliance.preparing import review, review_sample

    for model in ("spacy-en-md", "rampart"):
        (home.models / model).symlink_to(models / model)
    made = draft(home)
    from appliance.jobs.kinds import KINDS

    for job in (preview.ask(home, OPERATOR, made), review_sample.ask_for_sample(home, OFFICER, made, 12)):
        found = KINDS[job.kind].work(home, job)
        assert "example.com" not in json.dumps(found)
        assert jobs.progress(home, job)[1] is not None
    counts = preview.counts(home, made)
    assert counts is not None
    assert counts.found["EMAIL_ADDRESS"] == 20
    told = review.progress(home, made)
    assert told is not None
    assert (told.drawn, told.reviewed) == (12, 0)
